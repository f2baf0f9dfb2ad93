/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How fast is the interpreter? The same instructions on the same buffer through our two builds and
 * through DPDK's librte_bpf, interpreted and translated, in turns; the medians and their ratios.
 *
 *	interp_bench PROGRAM.bin...     raw instructions, 8 bytes each
 */
#include "bpf/xb.h"

#include <rte_bpf.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define BUFFER_BYTES 64
#define CALLS 200000
#define ROUNDS 15
#define INSNS_MAX 4096

static uint8_t buffer[BUFFER_BYTES] __attribute__((aligned(64)));

struct subject {
	const char *name;
	uint64_t (*call)(void *self);
	void *self;
	double ns[ROUNDS];
};

struct ours {
	struct xb_vm *vm;
	struct xb_image *image;
};

static uint64_t
call_ours(void *self)
{
	struct ours *o = self;
	uint64_t ret = 0;

	xb_vm_run_mem(o->vm, o->image, buffer, sizeof(buffer), &ret);
	return ret;
}

static uint64_t
call_rte(void *self)
{
	return rte_bpf_exec(self, buffer);
}

static uint64_t
call_rte_jit(void *self)
{
	struct rte_bpf_jit *jit = self;

	return jit->func(buffer);
}

static void
die(const char *what)
{
	fprintf(stderr, "interp_bench: %s\n", what);
	exit(1);
}

/* Ethernet, IPv4, UDP to port 53: every program takes its longest way. */
static void
fill_buffer(void)
{
	for (size_t i = 0; i < sizeof(buffer); i++)
		buffer[i] = (uint8_t)(i * 7 + 1);
	memcpy(buffer + 12, "\x08\x00\x45", 3);
	buffer[23] = 17;
	memcpy(buffer + 36, "\x00\x35", 2);
}

static uint32_t
read_insns(const char *path, struct bpf_insn *insns)
{
	FILE *f = fopen(path, "rb");
	size_t n;

	if (!f)
		die(path);
	n = fread(insns, sizeof(*insns), INSNS_MAX, f);
	fclose(f);
	return (uint32_t)n;
}

static struct ours
load_ours(const struct bpf_insn *insns, uint32_t cnt, enum xb_engine engine)
{
	struct xb_image_opts opts = { .engine = engine };
	struct xb_log log = { 0 };
	struct ours o = { xb_vm_new(0), xb_image_new(insns, cnt, &opts, &log) };

	if (!o.vm || !o.image)
		die(xb_log_text(&log));
	return o;
}

static struct rte_bpf *
load_rte(const struct bpf_insn *insns, uint32_t cnt)
{
	struct rte_bpf_prm prm = {
		.ins = (const struct ebpf_insn *)insns,
		.nb_ins = cnt,
		.prog_arg = { .type = RTE_BPF_ARG_PTR, .size = sizeof(buffer) },
	};
	struct rte_bpf *bpf = rte_bpf_load(&prm);

	if (!bpf)
		die("librte_bpf does not load the program");
	return bpf;
}

static double
time_calls(const struct subject *s)
{
	struct timespec from, to;
	uint64_t sum = 0;

	clock_gettime(CLOCK_MONOTONIC, &from);
	for (int i = 0; i < CALLS; i++)
		sum += s->call(s->self);
	clock_gettime(CLOCK_MONOTONIC, &to);
	__asm__ volatile("" : : "r"(sum)); /* wanted, so the calls are made */
	return ((double)(to.tv_sec - from.tv_sec) * 1e9 + (double)(to.tv_nsec - from.tv_nsec)) /
	       CALLS;
}

static int
compare_doubles(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double
median(double *ns)
{
	qsort(ns, ROUNDS, sizeof(*ns), compare_doubles);
	return ns[ROUNDS / 2];
}

static void
bench(const char *path)
{
	static struct bpf_insn insns[INSNS_MAX];
	uint32_t cnt = read_insns(path, insns);
	struct ours fast = load_ours(insns, cnt, XB_ENGINE_FAST);
	struct ours checked = load_ours(insns, cnt, XB_ENGINE_CHECKED);
	struct rte_bpf *rte = load_rte(insns, cnt);
	struct rte_bpf_jit jit;
	struct subject subjects[] = {
		{ .name = "xoffload fast", .call = call_ours, .self = &fast },
		{ .name = "xoffload checked", .call = call_ours, .self = &checked },
		{ .name = "librte_bpf interpreter", .call = call_rte, .self = rte },
		{ .name = "librte_bpf JIT", .call = call_rte_jit, .self = &jit },
	};
	const size_t n = sizeof(subjects) / sizeof(subjects[0]);
	double reference;

	rte_bpf_get_jit(rte, &jit);
	for (size_t i = 1; i < n; i++)
		if (subjects[i].call(subjects[i].self) != subjects[0].call(subjects[0].self))
			die("engines disagree");
	for (int round = 0; round < ROUNDS; round++)
		for (size_t i = 0; i < n; i++)
			subjects[i].ns[round] = time_calls(&subjects[i]);
	reference = median(subjects[2].ns);
	printf("%s: %u instructions, median of %d rounds of %d calls\n", path, cnt, ROUNDS, CALLS);
	for (size_t i = 0; i < n; i++) {
		double ns = median(subjects[i].ns);

		printf("  %-24s %8.2f ns a call  %6.3f ns an instruction  %6.2f x librte_bpf "
		       "interpreter\n",
			subjects[i].name, ns, ns / cnt, reference / ns);
	}
	rte_bpf_destroy(rte);
	xb_image_free(fast.image);
	xb_image_free(checked.image);
	xb_vm_free(fast.vm);
	xb_vm_free(checked.vm);
}

int
main(int argc, char **argv)
{
	fill_buffer();
	for (int i = 1; i < argc; i++)
		bench(argv[i]);
	return 0;
}
