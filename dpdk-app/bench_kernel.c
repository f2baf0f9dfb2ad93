/* SPDX-License-Identifier: BSD-2-Clause */
/* The running kernel, where it lets us: maps and program as they are loaded here, and
 * BPF_PROG_TEST_RUN. What is not allowed or not known there is a reason, no error. */
#include "dpdk-app/bench.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SAMPLES 64u  /* packets, spread over the capture */
#define REPEAT 1000u /* times each is run */
#define OUT_BYTES 65536u

struct kernel {
	const struct bench *b;
	struct bench_speed *speed;
	int *maps; /* as the object's: descriptors, -1 */
	int prog;
};

static int
give_up(struct kernel *k, const char *what, int err)
{
	snprintf(k->speed->skipped, sizeof(k->speed->skipped), "%s: %s", what, strerror(-err));
	return err;
}

static int
make_map(struct kernel *k, uint32_t index)
{
	const struct xb_map_def *def = &k->b->program.obj->maps[index];
	LIBBPF_OPTS(bpf_map_create_opts, opts, .map_flags = def->flags);
	uint32_t zero = 0;

	if (def->inner >= 0 || def->slot_cnt > 0)
		return give_up(
			k, "maps with maps or programs in them are not made there", -ENOTSUP);
	k->maps[index] = bpf_map_create(
		def->type, NULL, def->key_size, def->value_size, def->max_entries, &opts);
	if (k->maps[index] < 0)
		return give_up(k, "a map cannot be made", -errno);
	if (def->contents != NULL &&
		bpf_map_update_elem(k->maps[index], &zero, def->contents, BPF_ANY) < 0)
		return give_up(k, "a map cannot be filled", -errno);
	return 0;
}

/* The instructions with descriptors in the place of maps' numbers. */
static struct bpf_insn *
bound_insns(const struct kernel *k)
{
	const struct xb_prog *prog = k->b->program.prog;
	struct bpf_insn *insns = malloc(prog->insn_cnt * sizeof(*insns));

	if (insns == NULL)
		return NULL;
	memcpy(insns, prog->insns, prog->insn_cnt * sizeof(*insns));
	for (uint32_t i = 0; i < prog->insn_cnt; i++) {
		if (!xb_insn_names_map(&insns[i]))
			continue;
		insns[i].imm = k->maps[insns[i].imm];
		insns[i].src_reg = insns[i].src_reg == BPF_PSEUDO_MAP_IDX_VALUE
					   ? BPF_PSEUDO_MAP_VALUE
					   : BPF_PSEUDO_MAP_FD;
	}
	return insns;
}

static int
load(struct kernel *k)
{
	const struct xb_object *obj = k->b->program.obj;
	struct bpf_insn *insns;
	int err = 0;

	k->maps = malloc((obj->map_cnt + 1) * sizeof(*k->maps));
	if (k->maps == NULL)
		return give_up(k, "bpf(2)", -ENOMEM);
	for (uint32_t i = 0; i < obj->map_cnt; i++)
		k->maps[i] = -1;
	for (uint32_t i = 0; err == 0 && i < obj->map_cnt; i++)
		if (xb_prog_first_use(k->b->program.prog, i) >= 0)
			err = make_map(k, i);
	if (err < 0)
		return err;
	insns = bound_insns(k);
	if (insns == NULL)
		return give_up(k, "bpf(2)", -ENOMEM);
	k->prog = bpf_prog_load(k->b->program.prog->type, "bench", obj->license, insns,
		k->b->program.prog->insn_cnt, NULL);
	err = k->prog < 0 ? give_up(k, "the program cannot be loaded", -errno) : 0;
	free(insns);
	return err;
}

/* The kernel takes no time for copies into what it says. */
static int
run(struct kernel *k, uint32_t index, uint8_t *out)
{
	const struct packet_at *packet = &k->b->packets.packets[index];
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = k->b->packets.bytes + packet->at,
		.data_size_in = packet->len, .data_out = out, .data_size_out = OUT_BYTES,
		.repeat = (int)REPEAT);

	if (bpf_prog_test_run_opts(k->prog, &opts) < 0)
		return -errno;
	k->speed->packets += REPEAT;
	k->speed->seconds += (double)opts.duration * REPEAT / 1e9;
	return 0;
}

static void
measure(struct kernel *k)
{
	const uint32_t cnt = k->b->packets.cnt, samples = cnt < SAMPLES ? cnt : SAMPLES;
	uint8_t *out = malloc(OUT_BYTES);
	int err = out != NULL ? -ENODATA : -ENOMEM;

	for (uint32_t i = 0; out != NULL && i < samples; i++) {
		int its = run(k, (uint32_t)((uint64_t)i * cnt / samples), out);

		err = its < 0 && k->speed->packets == 0 ? its : err;
	}
	if (k->speed->packets == 0)
		give_up(k, "no packet can be run", err);
	free(out);
}

void
bench_kernel(struct bench *b, struct bench_speed *speed)
{
	struct kernel k = { .b = b, .speed = speed, .prog = -1 };

	if (load(&k) == 0)
		measure(&k);
	for (uint32_t i = 0; k.maps != NULL && i < b->program.obj->map_cnt; i++)
		if (k.maps[i] >= 0)
			close(k.maps[i]);
	if (k.prog >= 0)
		close(k.prog);
	free(k.maps);
}
