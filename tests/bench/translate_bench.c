/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How long the translation to microcode takes, beside the verification with the driver's hooks that
 * comes before it: of a generated program of 1,000 instructions, and of the sample objects named.
 * Medians of many rounds, and their ratio. Fails when 1,000 instructions take 1 ms or more.
 *
 *	translate_bench [OBJECT...]
 */
#include "jit-nfp/jit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define ROUNDS 101
#define INSNS 1000
#define AIM_US 1000.0

/* The open firmware's, with the whole code store for one program. */
static const struct jit_card card = {
	.abi_version = 2,
	.insns_max = 8192,
	.done = 1,
	.stack_bytes = 512,
	.packet_split_bytes = 1888,
	.helper = { 0x3e0, 0x3f0, 0x400, 0x410 },
	.adjust_head = { JIT_ADJUST_HEAD_NO_META, 44, 248, 84, 112 },
	.has_random = true,
	.has_queue_select = true,
	.has_adjust_tail = true,
};

struct times {
	double translate_us[ROUNDS], verify_us[ROUNDS];
	uint32_t words;
};

/* ---- one program, once ---- */

static double
now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static int
verify(const struct jit_input *input, struct xb_verify_opts *opts, struct jit_prog *prog,
	double *took_us)
{
	struct xb_log log = { 0 };
	struct xb_facts facts;
	double start = now_us();
	int err;

	opts->hooks = jit_prog_hooks(prog);
	err = xb_verify(input->insns, input->insn_cnt, opts, &facts, &log);
	*took_us = now_us() - start;
	if (!err)
		xb_facts_free(&facts);
	xb_log_free(&log);
	return err;
}

/* 0, or -errno: the card does not take the program. */
static int
run(const struct jit_input *input, struct xb_verify_opts *opts, struct times *times, int round)
{
	struct jit_prog *prog = jit_prog_new(input);
	struct jit_image image;
	double start;
	int err = prog ? verify(input, opts, prog, &times->verify_us[round]) : -errno;

	start = now_us();
	if (!err)
		err = jit_translate(prog, &image);
	times->translate_us[round] = now_us() - start;
	if (!err) {
		times->words = image.cnt;
		jit_image_free(&image);
	}
	jit_prog_free(prog);
	return err;
}

/* ---- medians ---- */

static int
by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double
median(double *us)
{
	qsort(us, ROUNDS, sizeof(*us), by_size);
	return us[ROUNDS / 2];
}

/* Translation's median, a thousand instructions; negative: not taken. Maps remember what programs
 * did with them, so all rounds have the same. */
static double
bench(const char *name, const struct jit_input *input, struct xb_verify_opts *opts)
{
	struct times times;
	double translate_us, verify_us;

	for (int round = 0; round < ROUNDS; round++)
		if (run(input, opts, &times, round) != 0)
			return -1;
	translate_us = median(times.translate_us);
	verify_us = median(times.verify_us);
	printf("%-20s %5u insns %5u words   translate %7.1f us   verify %7.1f us   ratio %.2f   "
	       "%6.1f us per 1000 insns\n",
		name, input->insn_cnt, times.words, translate_us, verify_us,
		translate_us / verify_us, translate_us * 1000 / input->insn_cnt);
	return translate_us * 1000 / input->insn_cnt;
}

/* ---- a generated program: what parsers do, again and again ---- */

#define I(code_, dst, src, off_, imm_)                                                             \
	{                                                                                          \
		.code = (code_), .dst_reg = (dst), .src_reg = (src), .off = (off_), .imm = (imm_)  \
	}

/* r2 = data, r3 = data_end, 64 bytes of the packet are there. */
static const struct bpf_insn head[] = {
	I(BPF_LDX | BPF_MEM | BPF_W, 2, 1, 0, 0),
	I(BPF_LDX | BPF_MEM | BPF_W, 3, 1, 4, 0),
	I(BPF_ALU64 | BPF_MOV | BPF_K, 0, 0, 0, 2),
	I(BPF_ALU64 | BPF_MOV | BPF_X, 4, 2, 0, 0),
	I(BPF_ALU64 | BPF_ADD | BPF_K, 4, 0, 0, 64),
	I(BPF_JMP | BPF_JLE | BPF_X, 4, 3, 1, 0),
	I(BPF_JMP | BPF_EXIT, 0, 0, 0, 0),
};
static const struct bpf_insn block[] = {
	I(BPF_LDX | BPF_MEM | BPF_H, 5, 2, 12, 0),
	I(BPF_ALU | BPF_AND | BPF_K, 5, 0, 0, 0xff0),
	I(BPF_ALU64 | BPF_LSH | BPF_K, 5, 0, 0, 4),
	I(BPF_LDX | BPF_MEM | BPF_B, 6, 2, 23, 0),
	I(BPF_ALU64 | BPF_OR | BPF_X, 5, 6, 0, 0),
	I(BPF_STX | BPF_MEM | BPF_DW, 10, 5, -8, 0),
	I(BPF_ALU | BPF_MOV | BPF_K, 7, 0, 0, 0x12345),
	I(BPF_ALU64 | BPF_ADD | BPF_X, 7, 5, 0, 0),
	I(BPF_JMP | BPF_JNE | BPF_K, 6, 0, 2, 17),
	I(BPF_LDX | BPF_MEM | BPF_W, 8, 2, 30, 0),
	I(BPF_STX | BPF_MEM | BPF_W, 2, 8, 26, 0),
	I(BPF_LDX | BPF_MEM | BPF_B, 9, 2, 6, 0),
	I(BPF_STX | BPF_MEM | BPF_B, 2, 9, 0, 0),
	I(BPF_LDX | BPF_MEM | BPF_B, 9, 2, 7, 0),
	I(BPF_STX | BPF_MEM | BPF_B, 2, 9, 1, 0),
	I(BPF_LDX | BPF_MEM | BPF_DW, 5, 10, -8, 0),
	I(BPF_ALU | BPF_XOR | BPF_X, 5, 7, 0, 0),
};
#define CNT(array) (sizeof(array) / sizeof((array)[0]))

static double
bench_generated(void)
{
	static struct bpf_insn insns[INSNS];
	const struct jit_input input = {
		.insns = insns, .insn_cnt = INSNS, .type = BPF_PROG_TYPE_XDP, .card = &card
	};
	struct xb_verify_opts opts = { .type = input.type, .offloaded = true };
	size_t at = CNT(head);

	memcpy(insns, head, sizeof(head));
	for (; at + CNT(block) < INSNS; at += CNT(block))
		memcpy(insns + at, block, sizeof(block));
	for (; at < INSNS - 1; at++)
		insns[at] = block[7];
	insns[at] = head[CNT(head) - 1];
	return bench("generated", &input, &opts);
}

/* ---- objects ---- */

static bool
make_maps(const struct xb_object *obj, struct jit_map **maps)
{
	for (uint32_t i = 0; i < obj->map_cnt; i++) {
		maps[i] = jit_map_new(&obj->maps[i], i + 1);
		if (maps[i] == NULL)
			return false;
	}
	return true;
}

static void
bench_object(const char *path)
{
	struct xb_object *obj = xb_object_open(path, NULL, NULL);
	struct jit_map *maps[XB_OBJECT_MAX_MAPS] = { 0 };

	for (uint32_t i = 0; obj && make_maps(obj, maps) && i < obj->prog_cnt; i++) {
		const struct xb_prog *prog = &obj->progs[i];
		const struct jit_input input = {
			.insns = prog->insns,
			.insn_cnt = prog->insn_cnt,
			.type = prog->type,
			.maps = maps,
			.map_cnt = obj->map_cnt,
			.card = &card,
		};
		struct xb_verify_opts opts = xb_verify_opts_of(obj, prog);

		opts.offloaded = true;
		if (bench(prog->name, &input, &opts) < 0)
			printf("%-20s %5u insns   the card refuses it\n", prog->name,
				prog->insn_cnt);
		for (uint32_t m = 0; m < obj->map_cnt; m++)
			jit_map_free(maps[m]);
	}
	xb_object_close(obj);
}

int
main(int argc, char **argv)
{
	double us = bench_generated();

	for (int i = 1; i < argc; i++)
		bench_object(argv[i]);
	if (us < 0)
		printf("the generated program is refused\n");
	else
		printf("1000 instructions: %.0f us, aim %.0f us\n", us, AIM_US);
	return us < 0 || us >= AIM_US;
}
