/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How long our verifier takes beside the running kernel's ("verification time N usec" in its log),
 * over the sample objects named and over generated programs of 100, 1,000 and 10,000
 * instructions that both accept. Prints both times and their ratio; the best of several rounds.
 *
 *	verify_bench [OBJECT...]
 */
#include "bpf/verifier/verifier.h"
#include "tests/diff/gen.h"
#include "tests/verifier/verdict.h"

#include <stdlib.h>
#include <string.h>

#define ROUNDS 7
#define PROGRAMS 12 /* of each generated size */
#define SEEDS_MAX 400

struct sum {
	double ours_us, kernel_us;
	uint64_t walked; /* instructions, by the kernel */
	uint32_t programs;
};

/* Least of several rounds: the machine has other things to do. */
static bool
measure(const struct question *q, struct sum *sum)
{
	double best_ours = 1e18, best_kernel = 1e18;
	struct verdict v;

	for (int i = 0; i < ROUNDS; i++) {
		kernel_verify(q, &v);
		if (v.err)
			return false;
		if ((double)v.nsec / 1e3 < best_kernel)
			best_kernel = (double)v.nsec / 1e3;
		sum->walked += i == 0 ? v.processed : 0;
		our_verify(q, &v);
		if (v.err)
			return false;
		if ((double)v.nsec / 1e3 < best_ours)
			best_ours = (double)v.nsec / 1e3;
	}
	sum->ours_us += best_ours;
	sum->kernel_us += best_kernel;
	sum->programs++;
	return true;
}

static void
print(const char *name, const struct sum *sum)
{
	if (sum->programs == 0) {
		printf("%-28s nothing that both accept\n", name);
		return;
	}
	printf("%-28s %3u programs %9.0f us ours %9.0f us kernel   ratio %.2f   %5.0f ns an "
	       "instruction walked\n",
		name, sum->programs, sum->ours_us, sum->kernel_us, sum->ours_us / sum->kernel_us,
		sum->ours_us * 1e3 / (double)sum->walked);
}

/* ---- generated programs ---- */

static bool
is_long_enough(const struct question *q, uint32_t insns)
{
	struct verdict v;

	kernel_verify(q, &v);
	return v.err == 0 && v.processed >= insns * 7 / 10 && v.processed <= insns * 20;
}

static void
bench_generated(uint32_t insns, const int *fds, struct sum *total)
{
	static struct bpf_insn text[GEN_INSNS_MAX];
	struct sum sum = { 0 };
	char name[64];

	for (uint64_t seed = 0; seed < SEEDS_MAX && sum.programs < PROGRAMS; seed++) {
		const struct gen_opts opts = {
			.seed = seed, .type = BPF_PROG_TYPE_XDP, .insns = insns, .is_straight = true
		};
		struct question q = { .type = opts.type,
			.insns = text,
			.cnt = gen_program(&opts, text),
			.maps = gen_maps,
			.map_cnt = gen_map_cnt,
			.map_fds = fds };

		if (is_long_enough(&q, insns))
			measure(&q, &sum);
	}
	snprintf(name, sizeof(name), "generated, %u insns", insns);
	print(name, &sum);
	total->ours_us += sum.ours_us;
	total->kernel_us += sum.kernel_us;
}

/* Nothing but arithmetic: the walk itself. */
static void
bench_straight_line(void)
{
	static struct bpf_insn text[1002];
	struct question q = { .type = BPF_PROG_TYPE_XDP, .insns = text, .cnt = 1002 };
	struct sum sum = { 0 };

	for (uint32_t i = 0; i < 1001; i++)
		text[i] =
			i == 0 ? (struct bpf_insn){ .code = BPF_ALU64 | BPF_MOV | BPF_K }
			       : (struct bpf_insn){ .code = BPF_ALU64 | BPF_ADD | BPF_K, .imm = 1 };
	text[1001] = (struct bpf_insn){ .code = BPF_JMP | BPF_EXIT };
	measure(&q, &sum);
	print("straight line, 1000 insns", &sum);
}

/* ---- objects ---- */

static void
bench_program(const struct xb_object *obj, const struct xb_prog *prog, struct sum *sum)
{
	int fds[XB_OBJECT_MAX_MAPS];
	const struct question q = {
		.type = prog->type,
		.insns = prog->insns,
		.cnt = prog->insn_cnt,
		.maps = obj->maps,
		.map_cnt = obj->map_cnt,
		.map_fds = fds,
		.license = obj->license,
	};

	if (kernel_make_maps(obj->maps, obj->map_cnt, fds))
		return;
	measure(&q, sum);
	kernel_close_maps(fds, obj->map_cnt);
}

static void
bench_objects(char **paths, int cnt, struct sum *total)
{
	struct sum sum = { 0 };
	uint32_t left_out = 0;

	for (int i = 0; i < cnt; i++) {
		struct xb_object *obj = xb_object_open(paths[i], NULL, NULL);

		for (uint32_t n = 0; obj && n < obj->prog_cnt; n++) {
			uint32_t before = sum.programs;

			bench_program(obj, &obj->progs[n], &sum);
			left_out += sum.programs == before;
		}
		xb_object_close(obj);
	}
	print("sample objects", &sum);
	if (left_out)
		printf("%-28s %3u programs one of the two refuses without their BTF\n", "",
			left_out);
	total->ours_us += sum.ours_us;
	total->kernel_us += sum.kernel_us;
}

int
main(int argc, char **argv)
{
	static const uint32_t sizes[] = { 100, 1000, 10000 };
	struct sum total = { 0 };
	int fds[64];

	if (kernel_refuses_bpf() || kernel_make_maps(gen_maps, gen_map_cnt, fds)) {
		printf("skipped: this kernel refuses bpf(2)\n");
		return SKIPPED;
	}
	bench_straight_line();
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
		bench_generated(sizes[i], fds, &total);
	bench_objects(argv + 1, argc - 1, &total);
	printf("total: %.0f us ours, %.0f us kernel, ratio %.2f\n", total.ours_us, total.kernel_us,
		total.ours_us / total.kernel_us);
	return 0;
}
