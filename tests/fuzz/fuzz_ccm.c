/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A firmware of any bytes, seen from the host: the driver's map operations get replies from the
 * input, events come in between. Nothing is read or written out of bounds, every answer is one that
 * is documented, no tag and no reply is left behind.
 *
 * An input is operations, each two bytes: which one (low 3 bits), what time has gone by (high 5),
 * and how many messages come then. A message: a byte of flags, two of length, its bytes. With flag
 * 1 it is made a reply to the request that waits, with 2 an event, so that the fuzzer need not
 * guess.
 */
#include "nic/firmware/firmware.h"
#include "offload/nfp.h"
#include "tests/unit/bpf/asm.h"

#include <errno.h>
#include <linux/if_link.h>
#include <stdlib.h>
#include <string.h>

#define KEY_BYTES 5u /* what is behind them in a slot is none of a map's */
#define VALUE_BYTES 9u
#define RING_BYTES 65536u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct {
	struct nic_card card;
	struct nic_fw *fw;
	struct off_kernel *k;
	struct off_caller who;
	struct off_asic *asic;
	int events, event; /* descriptors: an array, its ring */
	uint64_t now_ns;
	/* the input */
	const uint8_t *data;
	size_t size;
	unsigned int messages; /* that may come */
	uint8_t request[NIC_CCM_HEADER_BYTES];
} all;

static void
must(bool cond)
{
	if (!cond)
		abort();
}

static uint8_t
take(void)
{
	if (all.size == 0)
		return 0;
	all.size--;
	return *all.data++;
}

/* ---- the channel ---- */

static void
send_message(void *arg, const uint8_t *message, size_t bytes)
{
	(void)arg;
	must(bytes >= NIC_CCM_HEADER_BYTES && bytes <= NIC_CCM_BYTES_MAX);
	memcpy(all.request, message, sizeof(all.request));
}

static size_t
receive_message(void *arg, uint8_t *message, size_t size)
{
	size_t bytes;
	uint8_t flags;

	(void)arg;
	if (all.messages == 0 || all.size == 0)
		return 0;
	all.messages--;
	flags = take();
	bytes = take();
	bytes = (bytes | (size_t)take() << 8) % size;
	if (bytes > all.size)
		bytes = all.size;
	memcpy(message, all.data, bytes);
	all.data += bytes;
	all.size -= bytes;
	if (flags & 3 && bytes >= sizeof(all.request))
		memcpy(message, all.request, sizeof(all.request));
	if (flags & 1 && bytes > 0)
		message[NIC_CCM_TYPE] |= NIC_CCM_REPLY;
	else if (flags & 2 && bytes > 0)
		message[NIC_CCM_TYPE] = NIC_CCM_BPF_EVENT;
	return bytes;
}

static uint64_t
now(void *arg)
{
	(void)arg;
	return all.now_ns;
}

/* ---- the world, once ---- */

static void
read_card(void)
{
	const struct nic_card_file *files[] = { nic_card_find(NIC_CARD_DEFAULT, false),
		nic_card_find(NIC_FIRMWARE_DEFAULT, true) };
	char message[256];

	for (size_t i = 0; i < 2; i++)
		nic_card_read(&all.card, files[i]->name, files[i]->text, strlen(files[i]->text),
			message, sizeof(message));
	nic_card_set(&all.card, "multi_entry=yes", message, sizeof(message));
}

/* So that the card knows the array: a program that outputs into it. */
static void
make_events(void)
{
	const struct off_map_create attr = { .map_type = BPF_MAP_TYPE_PERF_EVENT_ARRAY,
		.key_size = 4,
		.value_size = 4,
		.max_entries = 4 };
	const uint32_t cell = 0;

	all.events = off_map_create(&all.who, &attr, NULL);
	all.event = off_perf_open(&all.who, 0, RING_BYTES);
	must(all.events >= 0 && all.event >= 0);
	must(off_map_update(&all.who, all.events, &cell, &all.event, 0) == 0);
}

static void
load_reporter(void)
{
	const struct bpf_insn insns[] = { MOV64_IMM(2, 0), STX(BPF_DW, 10, 2, -8),
		INSN(BPF_LD | BPF_IMM | BPF_DW, 2, BPF_PSEUDO_MAP_FD, 0, all.events),
		INSN(0, 0, 0, 0, 0), INSN(BPF_LD | BPF_IMM | BPF_DW, 3, 0, 0, -1),
		INSN(0, 0, 0, 0, 0), MOV64_REG(4, 10), ADD64_IMM(4, -8), MOV64_IMM(5, 8),
		CALL(BPF_FUNC_perf_event_output), MOV64_IMM(0, 2), EXIT() };
	const struct off_prog_load attr = { .prog_type = BPF_PROG_TYPE_XDP,
		.insns = insns,
		.insn_cnt = ARRAY_SIZE(insns),
		.license = "GPL",
		.prog_ifindex = (uint32_t)off_port_ifindex(all.asic, 0) };

	must(off_prog_load(&all.who, &attr, NULL) >= 0);
}

static void
make_world(void)
{
	const struct off_kernel_opts opts = { .clock = { .now_ns = now } };

	read_card();
	all.fw = nic_fw_new(&all.card);
	all.k = off_kernel_new(&opts);
	must(all.fw && all.k);
	all.who = OFF_ROOT(all.k);
	all.asic = off_nfp_new(all.k, 4, all.fw, NULL);
	must(all.asic != NULL);
	make_events();
	load_reporter();
	off_nfp(all.asic)->ccm.channel.send = send_message;
	off_nfp(all.asic)->ccm.channel.receive = receive_message;
}

/* ---- what a user does ---- */

static int
create(void)
{
	const struct off_map_create attr = { .map_type = BPF_MAP_TYPE_HASH,
		.key_size = KEY_BYTES,
		.value_size = VALUE_BYTES,
		.max_entries = 10,
		.map_ifindex = (uint32_t)off_port_ifindex(all.asic, 0) };

	return off_map_create(&all.who, &attr, NULL);
}

/* A descriptor; -1: the map could not be made. Buffers end where a sanitizer sees it. */
static int
operate(int map, unsigned int op, uint8_t *key)
{
	uint8_t *next = malloc(KEY_BYTES), *value = calloc(1, VALUE_BYTES);
	int err = 0;

	must(next && value);
	switch (op) {
	case 0: err = off_map_lookup(&all.who, map, key, value, 0); break;
	case 1: err = off_map_update(&all.who, map, key, value, 0); break;
	case 2: err = off_map_delete(&all.who, map, key); break;
	case 3: err = off_map_next_key(&all.who, map, NULL, next); break;
	case 4: err = off_map_next_key(&all.who, map, key, next); break;
	case 5:
		off_close(all.k, map);
		map = create();
		break;
	default: key[0] = take(); break;
	}
	if ((op == 3 || op == 4) && err == 0)
		memcpy(key, next, KEY_BYTES);
	must(err == 0 || err == -EBADFD || err == -ENOENT || err == -EINVAL || err == -EIO ||
		err == -EEXIST || err == -ENOMEM || err == -E2BIG || err == -ETIMEDOUT);
	free(next);
	free(value);
	return map;
}

static void
read_events(void)
{
	static uint8_t data[NIC_CCM_BYTES_MAX + 16];
	struct off_perf_record record;

	while (off_perf_read(&all.who, all.event, &record, data, sizeof(data)) == 0)
		must(record.is_lost || record.bytes % 8 == 4);
}

static void
check_channel(const struct off_ccm *ccm)
{
	must(ccm->tag_last == ccm->tag_next);
	must(TAILQ_EMPTY(&ccm->replies));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *key = calloc(1, KEY_BYTES);
	struct off_ccm *ccm;
	int map = -1;

	must(key != NULL);
	if (!all.k)
		make_world();
	ccm = &off_nfp(all.asic)->ccm;
	ccm->tag_next = ccm->tag_last = 0;
	all.data = data;
	all.size = size;
	while (all.size > 0) {
		const uint8_t what = take();

		all.now_ns += (uint64_t)(what >> 3) * 20000;
		all.messages = take() % 8;
		if (map < 0)
			map = create();
		else
			map = operate(map, what & 7, key);
		read_events();
		check_channel(ccm);
	}
	off_close(all.k, map);
	check_channel(ccm);
	must(off_nfp(all.asic)->used.maps == 0);
	free(key);
	return 0;
}
