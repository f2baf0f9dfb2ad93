/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Random programs in the running kernel and in both builds of our interpreter: the same r0, the
 * same packet.
 *
 *	random_test [COUNT [SEED]]
 *
 * Prints its seed first; the same seed makes the same programs. A program on which they differ is
 * shrunk (instructions become `goto +0` while they still differ) and printed with its packet.
 */
#include "tests/diff/generate.h"
#include "tests/diff/kernel.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define COUNT_DEFAULT 2000
#define PACKETS_PER_PROGRAM 4
#define LOG_BYTES 65536

static char verifier_log[LOG_BYTES];

/* A program, everywhere. */
struct loaded {
	int kernel;
	struct xb_image *checked, *fast;
};

static struct xb_image *
load_engine(const struct program *prog, enum xb_engine engine)
{
	static const bool is_ctx_access[GENERATED_MAX] = { true, true }; /* see emit_beginning() */
	const struct xb_image_opts opts = {
		.type = BPF_PROG_TYPE_XDP,
		.engine = engine,
		.gpl_compatible = true,
		.is_ctx_access = engine == XB_ENGINE_FAST ? is_ctx_access : NULL,
	};
	struct xb_log log = { 0 };
	struct xb_image *image = xb_image_new(prog->insns, prog->cnt, &opts, &log);

	if (!image)
		printf("the kernel accepts it, we refuse: %s", xb_log_text(&log));
	xb_log_free(&log);
	return image;
}

static void
unload(struct loaded *l)
{
	if (l->kernel >= 0)
		close(l->kernel);
	xb_image_free(l->checked);
	xb_image_free(l->fast);
}

/* 0; 1 the kernel refuses; -1 we do. */
static int
load(const struct program *prog, struct loaded *l)
{
	*l = (struct loaded){ .kernel = kernel_load_xdp(prog->insns, prog->cnt, NULL, 0) };
	if (l->kernel < 0)
		return 1;
	l->checked = load_engine(prog, XB_ENGINE_CHECKED);
	l->fast = load_engine(prog, XB_ENGINE_FAST);
	if (l->checked && l->fast)
		return 0;
	unload(l);
	return -1;
}

static bool
is_same(const struct run *a, const struct run *b)
{
	return (uint32_t)a->ret == (uint32_t)b->ret && a->len == b->len &&
	       memcmp(a->data, b->data, a->len) == 0;
}

/* NULL, or who differs from the kernel. */
static const char *
differs(const struct loaded *l, struct xb_vm *vm, const struct run *in)
{
	struct run kernel = *in, checked = *in, fast = *in;

	if (kernel_run_xdp(l->kernel, &kernel))
		return "kernel: cannot run it";
	if (engine_run_xdp(vm, l->checked, &checked))
		return xb_vm_fault(vm)->text;
	if (!is_same(&kernel, &checked))
		return "checked engine";
	if (engine_run_xdp(vm, l->fast, &fast))
		return "fast engine: error";
	return is_same(&kernel, &fast) ? NULL : "fast engine";
}

/* ---- a difference, made small and shown ---- */

static bool
still_differs(const struct program *prog, struct xb_vm *vm, const struct run *in)
{
	struct loaded l;
	bool differ;

	if (load(prog, &l))
		return false;
	differ = differs(&l, vm, in) != NULL;
	unload(&l);
	return differ;
}

/* One round; true: something became shorter, another may be worth it. */
static bool
shrink(struct program *prog, struct xb_vm *vm, const struct run *in)
{
	static const struct bpf_insn nop = { .code = BPF_JMP | BPF_JA };
	bool is_shorter = false;

	for (uint32_t i = prog->body; i < prog->body_end; i++) {
		struct program smaller = *prog;
		bool is_wide = xb_insn_is_wide(&prog->insns[i]);

		if (memcmp(&prog->insns[i], &nop, sizeof(nop)) == 0 ||
			is_cmpxchg32(&prog->insns[i - 1]))
			continue;
		smaller.insns[i] = nop;
		if (is_wide)
			smaller.insns[i + 1] = nop;
		if (still_differs(&smaller, vm, in)) {
			*prog = smaller;
			is_shorter = true;
		}
		i += is_wide;
	}
	return is_shorter;
}

/* The first 8-byte word of the packet that differs: what emit_end() of generate.c put there. */
static void
show_difference(const struct program *prog, struct xb_vm *vm, const struct run *in)
{
	struct run kernel = *in, ours = *in;
	struct loaded l;
	uint64_t a, b;

	if (load(prog, &l))
		return;
	kernel_run_xdp(l.kernel, &kernel);
	engine_run_xdp(vm, l.checked, &ours);
	unload(&l);
	printf("r0: kernel %08" PRIx32 ", checked engine %08" PRIx32 "\n", (uint32_t)kernel.ret,
		(uint32_t)ours.ret);
	for (uint32_t i = 0; i < GENERATED_PACKET_BYTES; i += 8) {
		memcpy(&a, kernel.data + i, 8);
		memcpy(&b, ours.data + i, 8);
		if (a != b)
			printf("packet +%" PRIu32 ": kernel %016" PRIx64
			       ", checked engine %016" PRIx64 "\n",
				i, a, b);
	}
}

static void
show(const struct program *prog, const struct run *in)
{
	char text[96];

	for (uint32_t i = 0; i < prog->cnt;) {
		const uint8_t *raw = (const uint8_t *)&prog->insns[i];
		uint32_t slots = xb_insn_format(&prog->insns[i], prog->cnt - i, text, sizeof(text));

		for (uint32_t b = 0; b < slots * 8; b++)
			printf("%02x ", raw[b]);
		printf(" # %u: %s\n", i, text);
		i += slots;
	}
	printf("-- mem\n");
	for (uint32_t i = 0; i < in->len; i++)
		printf("%02x%c", in->data[i], i % 16 == 15 ? '\n' : ' ');
}

/* ---- the test ---- */

enum outcome { SAME, DIFFERENT, REFUSED };

static void
say_refused(const struct program *prog)
{
	kernel_load_xdp(prog->insns, prog->cnt, verifier_log, sizeof(verifier_log));
	printf("the kernel refuses a program:\n%s\n", verifier_log);
}

static enum outcome
test_one(struct program *prog, struct xb_vm *vm, uint64_t *random)
{
	struct run in = { .len = GENERATED_PACKET_BYTES };
	const char *who = NULL;
	struct loaded l;
	int err = load(prog, &l);

	if (err) {
		if (err > 0)
			say_refused(prog);
		return err > 0 ? REFUSED : DIFFERENT;
	}
	for (int i = 0; i < PACKETS_PER_PROGRAM && !who; i++) {
		generate_packet(in.data, random);
		who = differs(&l, vm, &in);
	}
	unload(&l);
	if (!who)
		return SAME;
	printf("different: %s\n", who);
	while (shrink(prog, vm, &in))
		;
	show_difference(prog, vm, &in);
	show(prog, &in);
	return DIFFERENT;
}

static int
test_all(struct xb_vm *vm, unsigned long count, uint64_t seed, bool v4)
{
	uint64_t random = seed;
	struct program prog;

	for (unsigned long i = 0; i < count; i++) {
		generate_program(&prog, &random, v4);
		if (test_one(&prog, vm, &random) != SAME) {
			printf("program %lu of seed %" PRIu64 "\n", i, seed);
			return 1;
		}
	}
	printf("%lu programs, %d packets each, %u forms of instructions, %u of them never used\n",
		count, PACKETS_PER_PROGRAM, generated_forms(v4), generated_never(v4));
	return count >= COUNT_DEFAULT && generated_never(v4);
}

int
main(int argc, char **argv)
{
	unsigned long count = argc > 1 ? strtoul(argv[1], NULL, 10) : COUNT_DEFAULT;
	uint64_t seed = argc > 2 ? strtoull(argv[2], NULL, 10) : (uint64_t)time(NULL);
	const char *refusal = kernel_refusal();
	struct xb_vm *vm;
	int status;
	bool v4;

	if (refusal) {
		printf("skipped: %s\n", refusal);
		return TEST_SKIPPED;
	}
	v4 = kernel_knows_v4();
	printf("seed %" PRIu64 "%s\n", seed,
		v4 ? "" : ", without the instructions of cpu v4, which this kernel lacks");
	vm = xb_vm_new(0);
	if (!vm)
		return 1;
	status = test_all(vm, count, seed, v4);
	xb_vm_free(vm);
	return status;
}
