/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Random programs to our verifier and to the running kernel's: both accept or both refuse, with
 * the same errno. What they disagree about is made small and printed, ready to be kept as a case
 * under tests/verifier/. How often the refusals' sentences differ is told, and fails nothing.
 *
 *	verifier_kernel_test [COUNT [SEED]]	programs SEED, SEED + 1, ...
 *	verifier_kernel_test show SEED		one program with both logs
 *	verifier_kernel_test kernel [COUNT [SEED]]	what the kernel says alone
 *
 * Skipped where bpf(2) is refused.
 */
#include "tests/diff/gen.h"
#include "tests/diff/minimise.h"
#include "tests/diff/newer.h"
#include "tests/verifier/verdict.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define GROUPS_MAX 2000
#define MINIMISED_MAX 12 /* disagreements made small; the others are counted */
#define MINIMISE_TRIES 4000

/* How two answers compare; worst first. */
enum outcome {
	OURS_ACCEPTS, /* and the kernel refuses: the dangerous kind */
	OURS_REFUSES,
	ERRNO_DIFFERS,
	NEWER_KERNEL, /* explained by what kernels after 6.12 know (newer.c) */
	UNSUPPORTED,  /* ours says by name what it does not verify */
	SENTENCE_DIFFERS,
	BOTH_REFUSE,
	BOTH_ACCEPT,
	OUTCOMES,
};

static const char *const outcome_names[OUTCOMES] = {
	[OURS_ACCEPTS] = "ours accepts, the kernel refuses",
	[OURS_REFUSES] = "ours refuses, the kernel accepts",
	[ERRNO_DIFFERS] = "both refuse, another errno",
	[NEWER_KERNEL] = "explained by the kernel being newer than 6.12",
	[UNSUPPORTED] = "not supported by ours",
	[SENTENCE_DIFFERS] = "both refuse, another sentence",
	[BOTH_REFUSE] = "both refuse",
	[BOTH_ACCEPT] = "both accept",
};

/* Answers of one shape: sentences with the numbers taken out. */
struct group {
	enum outcome outcome;
	char kernel[128], ours[128];
	uint32_t cnt;
	uint64_t seed; /* of the first */
};

static struct group groups[GROUPS_MAX];
static uint32_t group_cnt;
static uint32_t outcome_cnt[OUTCOMES];
/* A program array belongs to programs of the type that used it first: maps for each type. */
static int map_fds[2][64];

/* ---- asking ---- */

static struct question
ask(const struct gen_opts *opts, const struct bpf_insn *insns, uint32_t cnt)
{
	return (struct question){
		.type = opts->type,
		.insns = insns,
		.cnt = cnt,
		.maps = gen_maps,
		.map_cnt = gen_map_cnt,
		.map_fds = map_fds[opts->type == BPF_PROG_TYPE_XDP],
	};
}

/* The kind of program is the seed's, so that a seed is all it takes to see one again. */
static struct gen_opts
opts_of(uint64_t seed)
{
	uint64_t mixed = (seed + 1) * UINT64_C(0xbf58476d1ce4e5b9) >> 32;

	return (struct gen_opts){
		.seed = seed,
		.type = mixed % 3 ? BPF_PROG_TYPE_XDP : BPF_PROG_TYPE_SCHED_CLS,
		.insns = 8 + (uint32_t)(mixed / 3 % 90),
		.mistakes = 40,
	};
}

static enum outcome
compare(const struct verdict *kernel, const struct verdict *ours)
{
	if (ours->err == -EOPNOTSUPP && strstr(ours->sentence, "not supported by this verifier"))
		return UNSUPPORTED;
	if (!ours->err && kernel->err)
		return OURS_ACCEPTS;
	if (ours->err && !kernel->err)
		return OURS_REFUSES;
	if (ours->err != kernel->err)
		return ERRNO_DIFFERS;
	if (!ours->err)
		return BOTH_ACCEPT;
	return strcmp(ours->sentence, kernel->sentence) ? SENTENCE_DIFFERS : BOTH_REFUSE;
}

static enum outcome
ask_both(const struct question *q, struct verdict *kernel, struct verdict *ours, const char **why)
{
	enum outcome outcome;

	kernel_verify(q, kernel);
	our_verify(q, ours);
	outcome = compare(kernel, ours);
	*why = outcome < NEWER_KERNEL ? newer_kernel_explains(q, kernel, ours) : NULL;
	return *why ? NEWER_KERNEL : outcome;
}

/* ---- groups ---- */

static void
shape(const struct verdict *v, char *out, size_t size)
{
	size_t n = (size_t)snprintf(out, size, "%s ", v->err ? err_name(v->err) : "accepted");

	for (const char *s = v->sentence; *s && n + 1 < size; s++) {
		if (!isdigit((unsigned char)*s))
			out[n++] = *s;
		else if (out[n - 1] != 'N')
			out[n++] = 'N';
	}
	out[n] = '\0';
}

static struct group *
find_group(enum outcome outcome, const struct verdict *kernel, const struct verdict *ours)
{
	struct group key = { .outcome = outcome };

	shape(kernel, key.kernel, sizeof(key.kernel));
	shape(ours, key.ours, sizeof(key.ours));
	for (uint32_t i = 0; i < group_cnt; i++)
		if (groups[i].outcome == outcome && !strcmp(groups[i].kernel, key.kernel) &&
			!strcmp(groups[i].ours, key.ours))
			return &groups[i];
	if (group_cnt == GROUPS_MAX)
		return &groups[GROUPS_MAX - 1];
	groups[group_cnt] = key;
	return &groups[group_cnt++];
}

static void
count(enum outcome outcome, uint64_t seed, const struct verdict *kernel, const struct verdict *ours)
{
	struct group *group = find_group(outcome, kernel, ours);

	outcome_cnt[outcome]++;
	if (group->cnt++ == 0)
		group->seed = seed;
}

static int
compare_groups(const void *a, const void *b)
{
	const struct group *one = a, *two = b;

	if (one->outcome != two->outcome)
		return one->outcome < two->outcome ? -1 : 1;
	return one->cnt < two->cnt ? 1 : one->cnt > two->cnt ? -1 : 0;
}

/* ---- printing ---- */

static void
print_listing(const struct bpf_insn *insns, uint32_t cnt)
{
	char text[96];

	for (uint32_t i = 0; i < cnt;) {
		uint32_t slots = xb_insn_format(&insns[i], cnt - i, text, sizeof(text));

		printf("%u: (%02x) %s\n", i, insns[i].code, text);
		i += slots;
	}
}

/* A program as a case file (tests/verifier/README.md) that asserts the kernel's answer. */
static void
print_case(const struct question *q, const struct verdict *kernel, uint64_t seed)
{
	printf("== random_program_%llu\n", (unsigned long long)seed);
	printf("type: %s\nmaps: generator\n-- code\n", xb_prog_type_name(q->type));
	print_listing(q->insns, q->cnt);
	if (kernel->err)
		printf("-- refused %s\n%s\n", err_name(kernel->err), kernel->sentence);
	else
		printf("-- accepted\n");
	printf("# bytes:");
	for (uint32_t i = 0; i < q->cnt * sizeof(*q->insns); i++)
		printf("%s%02x", i % 8 ? "" : " ", ((const uint8_t *)q->insns)[i]);
	printf("\n");
}

/* ---- making small ---- */

struct goal {
	const struct gen_opts *opts;
	enum outcome outcome;
	const struct group *group;
};

static bool
still_disagrees(void *arg, const struct bpf_insn *insns, uint32_t cnt)
{
	const struct goal *goal = arg;
	struct question q = ask(goal->opts, insns, cnt);
	struct verdict kernel, ours;
	const char *why;
	char text[128];

	if (ask_both(&q, &kernel, &ours, &why) != goal->outcome)
		return false;
	shape(&kernel, text, sizeof(text));
	if (strcmp(text, goal->group->kernel))
		return false;
	shape(&ours, text, sizeof(text));
	return !strcmp(text, goal->group->ours);
}

static void
print_small(const struct group *group)
{
	static struct bpf_insn insns[GEN_INSNS_MAX];
	const struct gen_opts opts = opts_of(group->seed);
	struct goal what = { .opts = &opts, .outcome = group->outcome, .group = group };
	struct minimise_goal goal = {
		.holds = still_disagrees, .arg = &what, .tries = MINIMISE_TRIES
	};
	struct verdict kernel, ours;
	const char *why;
	struct question q;
	uint32_t cnt;

	cnt = minimise(insns, gen_program(&opts, insns), &goal);
	q = ask(&opts, insns, cnt);
	ask_both(&q, &kernel, &ours, &why);
	printf("\n# %s\n# kernel: %s %s\n# ours:   %s %s\n", outcome_names[group->outcome],
		err_name(kernel.err), kernel.sentence, err_name(ours.err), ours.sentence);
	print_case(&q, &kernel, group->seed);
}

/* ---- runs ---- */

static void
show(uint64_t seed)
{
	static struct bpf_insn insns[GEN_INSNS_MAX];
	const struct gen_opts opts = opts_of(seed);
	struct question q = ask(&opts, insns, gen_program(&opts, insns));
	struct verdict v;

	q.log_level = 2;
	kernel_verify(&q, &v);
	print_case(&q, &v, seed);
	printf("-- the kernel's log\n%s\n", v.log);
	our_verify(&q, &v);
	printf("-- our log, %s\n%s\n", err_name(v.err), v.log);
}

static void
run(uint32_t programs, uint64_t seed, bool is_kernel_alone)
{
	static struct bpf_insn insns[GEN_INSNS_MAX];
	uint64_t slots = 0, processed = 0;

	for (uint32_t i = 0; i < programs; i++) {
		const struct gen_opts opts = opts_of(seed + i);
		struct question q = ask(&opts, insns, gen_program(&opts, insns));
		struct verdict kernel, ours;
		enum outcome outcome = BOTH_ACCEPT;
		const char *why = NULL;

		if (is_kernel_alone) {
			kernel_verify(&q, &kernel);
			outcome = kernel.err ? BOTH_REFUSE : BOTH_ACCEPT;
			ours = kernel;
		} else {
			outcome = ask_both(&q, &kernel, &ours, &why);
		}
		if (why)
			snprintf(ours.sentence, sizeof(ours.sentence), "%s", why);
		count(outcome, seed + i, &kernel, &ours);
		slots += q.cnt;
		processed += kernel.processed;
	}
	printf("%.1f slots a program, %.1f instructions walked by the kernel\n",
		(double)slots / programs, (double)processed / programs);
}

static void
report(void)
{
	uint32_t minimised = 0;

	qsort(groups, group_cnt, sizeof(groups[0]), compare_groups);
	for (uint32_t i = 0; i < OUTCOMES; i++)
		printf("%7u %s\n", outcome_cnt[i], outcome_names[i]);
	for (uint32_t i = 0; i < group_cnt; i++) {
		const struct group *group = &groups[i];

		if (group->outcome == BOTH_ACCEPT)
			continue;
		printf("%7u %s%s%s   (seed %llu)\n", group->cnt, group->kernel,
			group->outcome == BOTH_REFUSE ? "" : " | ours: ",
			group->outcome == BOTH_REFUSE ? "" : group->ours,
			(unsigned long long)group->seed);
	}
	for (uint32_t i = 0; i < group_cnt && groups[i].outcome <= ERRNO_DIFFERS; i++)
		if (minimised++ < MINIMISED_MAX)
			print_small(&groups[i]);
}

int
main(int argc, char **argv)
{
	const char *word = argc > 1 ? argv[1] : "", *why = kernel_refuses_bpf();
	bool is_show = !strcmp(word, "show"), is_kernel = !strcmp(word, "kernel");
	int first = is_show || is_kernel ? 2 : 1;
	uint32_t programs = argc > first ? (uint32_t)strtoul(argv[first], NULL, 0) : 20000;
	uint64_t seed = argc > first + 1 ? strtoull(argv[first + 1], NULL, 0)
					 : (uint64_t)time(NULL) * 1000000;

	if (why || kernel_make_maps(gen_maps, gen_map_cnt, map_fds[0]) ||
		kernel_make_maps(gen_maps, gen_map_cnt, map_fds[1])) {
		printf("skipped: this kernel refuses bpf(2): %s\n", why ? why : "no maps");
		return SKIPPED;
	}
	newer_make_maps();
	if (is_show) {
		show(argc > 2 ? strtoull(argv[2], NULL, 0) : 0);
		return 0;
	}
	printf("verifier_kernel_test: %u programs, seed %llu\n", programs,
		(unsigned long long)seed);
	run(programs ? programs : 1, seed, is_kernel);
	report();
	return outcome_cnt[OURS_ACCEPTS] || outcome_cnt[OURS_REFUSES] || outcome_cnt[ERRNO_DIFFERS];
}
