/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Bytes as instructions: listed, and if they pass the checks, run by the checked engine on plain
 * memory or on a packet with two maps at hand. Whatever they do ends in r0 or in a fault with a
 * sentence.
 *
 * Input: 8 bytes a slot; the number of bytes left over says what to run on (odd: a packet).
 */
#include "bpf/xb.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define BUDGET_INSNS 5000u
#define MEM_BYTES 96u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct xb_map_def map_defs[] = {
	{ .name = "hash",
		.type = BPF_MAP_TYPE_HASH,
		.key_size = 4,
		.value_size = 8,
		.max_entries = 3 },
	{ .name = "array",
		.type = BPF_MAP_TYPE_ARRAY,
		.key_size = 4,
		.value_size = 16,
		.max_entries = 2 },
};
#define MAP_CNT (sizeof(map_defs) / sizeof(map_defs[0]))

static void
list(const struct bpf_insn *insns, uint32_t cnt)
{
	char text[96];

	for (uint32_t i = 0; i < cnt;) {
		unsigned int slots = xb_insn_format(&insns[i], cnt - i, text, sizeof(text));

		if (slots == 0 || slots > cnt - i || text[0] == '\0')
			abort();
		i += slots;
	}
}

static int
run_on_packet(struct xb_vm *vm, const struct xb_image *image, uint64_t *r0)
{
	uint8_t *buf = calloc(1, 3 * MEM_BYTES);
	struct xb_xdp pkt = {
		.hard_start = buf,
		.data_meta = buf + MEM_BYTES,
		.data = buf + MEM_BYTES,
		.data_end = buf + 2 * MEM_BYTES,
		.hard_end = buf + 3 * MEM_BYTES,
	};
	int err;

	if (!buf)
		exit(1);
	err = xb_vm_run_xdp(vm, image, &pkt, r0);
	if (pkt.data_meta < pkt.hard_start || pkt.data < pkt.data_meta || pkt.data_end < pkt.data ||
		pkt.hard_end < pkt.data_end)
		abort();
	free(buf);
	return err;
}

static int
run_on_memory(struct xb_vm *vm, const struct xb_image *image, uint64_t *r0)
{
	uint8_t *mem = calloc(1, MEM_BYTES);
	int err;

	if (!mem)
		exit(1);
	err = xb_vm_run_mem(vm, image, mem, MEM_BYTES, r0);
	free(mem);
	return err;
}

static void
run(const struct xb_image *image, bool on_packet)
{
	struct xb_vm *vm = xb_vm_new(0);
	uint64_t r0;
	int err;

	if (!vm)
		exit(1);
	xb_vm_set_budget(vm, BUDGET_INSNS);
	err = on_packet ? run_on_packet(vm, image, &r0) : run_on_memory(vm, image, &r0);
	if (err && xb_vm_fault(vm)->text[0] == '\0')
		abort();
	xb_vm_free(vm);
}

static void
bind_and_run(const struct bpf_insn *insns, uint32_t cnt, bool on_packet)
{
	struct xb_map *maps[MAP_CNT];
	struct xb_image_opts opts = {
		.type = on_packet ? BPF_PROG_TYPE_XDP : BPF_PROG_TYPE_UNSPEC,
		.engine = XB_ENGINE_CHECKED,
		.gpl_compatible = true,
		.maps = maps,
		.map_cnt = MAP_CNT,
	};
	struct xb_log log = { 0 };
	struct xb_image *image;

	for (size_t i = 0; i < MAP_CNT; i++) {
		maps[i] = xb_map_new(&map_defs[i], 1, NULL);
		if (!maps[i])
			exit(1);
	}
	image = xb_image_new(insns, cnt, &opts, &log);
	if (image)
		run(image, on_packet);
	else if (log.len == 0)
		abort();
	xb_image_free(image);
	for (size_t i = 0; i < MAP_CNT; i++)
		xb_map_free(maps[i]);
	xb_log_free(&log);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint32_t cnt = (uint32_t)(size / sizeof(struct bpf_insn));
	struct bpf_insn *insns = malloc(cnt * sizeof(*insns));

	if (cnt == 0 || !insns) {
		free(insns);
		return 0;
	}
	memcpy(insns, data, cnt * sizeof(*insns));
	list(insns, cnt);
	bind_and_run(insns, cnt, size % sizeof(*insns) % 2 == 1);
	free(insns);
	return 0;
}
