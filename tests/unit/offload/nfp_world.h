/* SPDX-License-Identifier: BSD-2-Clause */
/* A machine with a card of the nfp driver's, its firmware, frames through its microengine. Used by
 * nfp_test.c, nfp_control_test.c. */
#ifndef TESTS_UNIT_OFFLOAD_NFP_WORLD_H
#define TESTS_UNIT_OFFLOAD_NFP_WORLD_H

#include "nic/firmware/firmware.h"
#include "offload/nfp.h"
#include "tests/unit/offload/world.h"

#include <stdlib.h>
#include <string.h>

#define FRAME_BYTES 60u

static struct nic_card card;
static struct nic_fw *fw;
static struct off_asic *nfp;
static int port0, port1;

static inline struct world *
begin(const char *firmware, const char *change)
{
	struct world *w = world_new(0);
	const struct nic_card_file *files[] = { nic_card_find(NIC_CARD_DEFAULT, false),
		nic_card_find(firmware, true) };
	char message[256] = "";

	memset(&card, 0, sizeof(card));
	for (size_t i = 0; i < 2; i++)
		nic_card_read(&card, files[i]->name, files[i]->text, strlen(files[i]->text),
			message, sizeof(message));
	if (change)
		nic_card_set(&card, change, message, sizeof(message));
	assert_string_equal(message, "");
	fw = nic_fw_new(&card);
	assert_non_null(fw);
	nfp = off_nfp_new(w->k, 4, fw, &w->log);
	assert_non_null(nfp);
	port0 = off_port_ifindex(nfp, 0);
	port1 = off_port_ifindex(nfp, 1);
	return w;
}

static inline void
end(struct world *w)
{
	world_end(w);
	nic_fw_free(fw);
}

/* A frame of a port through a new engine. */
static inline struct nic_frame
run_frame(uint32_t port, bool exact)
{
	static uint8_t buffer[NIC_FRAME_OFFSET + FRAME_BYTES + 64];
	struct nic_frame frame = { .data = buffer + NIC_FRAME_OFFSET,
		.bytes = FRAME_BYTES,
		.tailroom = 64,
		.port = port };
	struct nic_engine *engine = nic_engine_new(fw, 3, exact);

	assert_non_null(engine);
	assert_int_equal(nic_engine_run(engine, &frame), 0);
	if (nic_engine_fault(engine))
		print_message("fault: %s\n", nic_engine_fault(engine)->reason);
	nic_engine_free(engine);
	return frame;
}

#undef TEST /* a world of its own */
#define TEST(f) cmocka_unit_test(f)

#endif
