/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Fuzz target: eight bytes at a time as a code store that four contexts (eight, where bytes are
 * left over) run from its beginning, with a packet that a byte more or less would be outside of and
 * with itself as its neighbour. It ends, and a fault has a reason. Linked with libFuzzer or with a
 * driver that has main().
 */
#include "nic/nic.h"

#include <stdlib.h>
#include <string.h>

#define EMEM_BYTES 4096u
#define PACKET_BYTES 100u
#define INSNS_MAX 5000u
#define FAULTS_MAX 100u /* a context that faulted may be enabled by another */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Registers such that addresses often are some. */
static void
set_up(struct nic_me *me, uint32_t ctx)
{
	*nic_me_gpr(me, ctx, false, 2) = NIC_PACKET_ADDRESS | 1 << 16;
	*nic_me_gpr(me, ctx, false, 4) = 16;
	*nic_me_gpr(me, ctx, true, 5) = NIC_ISLAND_EMEM << (NIC_ISLAND_SHIFT - 8);
	if (nic_me_gpr(me, ctx, false, 21))
		*nic_me_gpr(me, ctx, false, 21) = 0x0890;
	for (uint32_t pointer = 0; pointer < 4; pointer++)
		nic_me_set_lm_addr(me, ctx, pointer, 512 * ctx + 64 * pointer);
	nic_me_start(me, ctx, 0);
}

static void
run(struct nic_me *me)
{
	struct nic_fault fault;

	for (unsigned int faults = 0; faults < FAULTS_MAX; faults++) {
		switch (nic_me_run(me, INSNS_MAX, &fault)) {
		case NIC_ME_FAULT: break;
		case NIC_ME_STOPPED: abort(); /* nothing was asked to stop */
		default: return;
		}
		if (!fault.reason || !fault.text[0] || fault.ctx >= NIC_CONTEXTS)
			abort();
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct nic_mem *mem = nic_mem_new(EMEM_BYTES);
	struct nic_me *me = mem ? nic_me_new(mem) : NULL;
	uint8_t *packet = calloc(1, PACKET_BYTES);
	const bool is_eight = size % sizeof(uint64_t);
	uint64_t word;

	if (me && packet) {
		nic_mem_set_packet(mem, 1, packet, PACKET_BYTES);
		for (uint32_t i = 0; i < NIC_CODE_WORDS && (i + 1) * sizeof(word) <= size; i++) {
			memcpy(&word, data + i * sizeof(word), sizeof(word));
			word = nic_ecc_add(word);
			nic_me_load(me, i, &word, 1);
		}
		nic_me_set_contexts(me, is_eight ? 8 : 4);
		nic_me_set_next(me, me);
		for (uint32_t ctx = 0; ctx < NIC_CONTEXTS; ctx += is_eight ? 1 : 2)
			set_up(me, ctx);
		run(me);
	}
	free(packet);
	nic_me_free(me);
	nic_mem_free(mem);
	return 0;
}
