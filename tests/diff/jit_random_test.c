/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Random programs that the card takes: the driver's microcode on the exact microengine does what
 * the host's interpreter does, but where a quirk was found for an instruction that ran.
 *
 *	jit_random_test [COUNT [SEED]]
 *
 * COUNT programs that are translated, each on RUNS packets. Prints its seed first; the same seed
 * makes the same programs. A difference that no quirk explains is shrunk and printed, with the
 * microcode and the packet.
 */
#include "tests/diff/gen.h"
#include "tests/diff/jit_cover.h"
#include "tests/diff/jit_pair.h"
#include "tests/diff/minimise.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define RUNS 3u
#define COUNT_DEFAULT 5000u
#define COVERED_FROM 1000u /* programs, from which on everything must have run */
#define MIN_FRAME 60u

static uint64_t
next_random(uint64_t *state)
{
	uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

/* Any bytes, and numbers at which arithmetic turns; a length that a wire can carry. */
static void
random_packet(struct pair_packet *packet, uint64_t seed)
{
	static const uint64_t edges[] = { 0, 1, UINT64_MAX, INT64_MAX, (uint64_t)INT64_MIN,
		UINT32_MAX, INT32_MAX, UINT64_C(0x80000000), UINT64_C(0x100000000), 0xffff, 0x10000,
		31, 32, 33, 63, 64 };

	for (uint32_t i = 0; i < CARD_BUFFER_BYTES; i += 8) {
		uint64_t word = next_random(&seed);

		if (word % 3 == 0)
			word = edges[word / 3 % (sizeof(edges) / sizeof(edges[0]))];
		memcpy(packet->bytes + i, &word, 8);
	}
	packet->len =
		MIN_FRAME + (uint32_t)(next_random(&seed) %
				       (next_random(&seed) % 2 ? 20 : PAIR_PACKET_MAX - MIN_FRAME));
}

static struct {
	unsigned long programs, words, refused, no_code, quirks, differences;
	unsigned long rules[JIT_RULE_CNT];
} counts;

static unsigned int
print_counts(void)
{
	unsigned int never = cover_print();

	printf("%lu runs differ by a quirk:", counts.quirks);
	for (uint32_t i = 0; i < JIT_RULE_CNT; i++)
		if (counts.rules[i])
			printf(" %s %lu", jit_rule_info(i)->name, counts.rules[i]);
	printf("\n%lu programs, %.1f words each, %u packets each; besides %lu refused, %lu not "
	       "translated; %lu differences\n",
		counts.programs, (double)counts.words / (double)counts.programs, RUNS,
		counts.refused, counts.no_code, counts.differences);
	return never;
}

/* ---- a difference, made small and shown ---- */

struct failure {
	struct pair *pair, *other;
	uint64_t seed;
};

/* The first run that differs; RUNS: none does. */
static uint32_t
find_difference(struct failure *f, const struct bpf_insn *insns, uint32_t cnt)
{
	static struct pair_packet packet;

	if (pair_load(f->pair, insns, cnt, f->seed) != PAIR_LOADED ||
		pair_load(f->other, insns, cnt, f->seed) != PAIR_LOADED)
		return RUNS;
	for (uint32_t i = 0; i < RUNS; i++) {
		random_packet(&packet, f->seed + i);
		pair_run(f->other, &packet, f->seed + i);
		if (pair_run(f->pair, &packet, f->seed + i) == PAIR_DIFFERENT)
			return pair_hosts_agree(f->pair, f->other) ? i : RUNS;
	}
	return RUNS;
}

static bool
still_differs(void *arg, const struct bpf_insn *insns, uint32_t cnt)
{
	return find_difference(arg, insns, cnt) < RUNS;
}

static void
print_failure(struct failure *f, struct bpf_insn *insns, uint32_t cnt)
{
	struct minimise_goal goal = { .holds = still_differs, .arg = f, .tries = 20000 };
	static struct pair_packet packet;
	uint32_t run;

	if (still_differs(f, insns, cnt))
		cnt = minimise(insns, cnt, &goal);
	run = find_difference(f, insns, cnt);
	printf("\ndifferent: run %u, %s\n", run, pair_text(f->pair));
	pair_print(f->pair, stdout);
	random_packet(&packet, f->seed + run);
	printf("packet of %u bytes:", packet.len);
	for (uint32_t i = 0; i < packet.len && i < 128; i++)
		printf("%s%02x", i % 8 ? "" : " ", packet.bytes[CARD_PACKET_AT + i]);
	printf("\n");
}

/* ---- runs ---- */

static bool
run_once(struct pair *pair, const struct pair_packet *packet, uint64_t seed)
{
	enum pair_answer answer = pair_run(pair, packet, seed);
	const struct jit_finding *findings;
	uint32_t cnt;

	if (answer != PAIR_QUIRK)
		return answer == PAIR_SAME;
	counts.quirks++;
	findings = jit_prog_findings(pair_prog(pair), &cnt);
	for (uint32_t i = 0; i < cnt; i++)
		counts.rules[findings[i].rule] += pair_explains(pair, &findings[i]);
	return true;
}

/* Returns whether it ran. */
static bool
test_one(struct pair *pair, struct pair *other, uint64_t seed)
{
	static struct bpf_insn insns[GEN_INSNS_MAX];
	static struct pair_packet packet;
	const struct gen_opts opts = {
		.seed = seed,
		.type = BPF_PROG_TYPE_XDP,
		.insns = 40 + (uint32_t)(seed % 100),
		.is_runnable = true,
		.is_for_card = true,
	};
	uint32_t cnt = gen_program(&opts, insns);

	switch (pair_load(pair, insns, cnt, seed)) {
	case PAIR_LOADED: break;
	case PAIR_REFUSED: counts.refused++; return false;
	case PAIR_NO_CODE: counts.no_code++; return false;
	default:
		printf("program %" PRIu64 ": %s\n", seed, pair_text(pair));
		counts.differences++;
		return true;
	}
	counts.programs++;
	counts.words += pair_words(pair);
	for (uint32_t i = 0; i < RUNS; i++) {
		random_packet(&packet, seed + i);
		if (!run_once(pair, &packet, seed + i)) {
			struct failure f = { pair, other, seed };

			printf("program %" PRIu64 ", run %u: %s\n", seed, i, pair_text(pair));
			counts.differences++;
			print_failure(&f, insns, cnt);
			return true;
		}
	}
	cover_add(pair_prog(pair), pair_executed(pair));
	return true;
}

int
main(int argc, char **argv)
{
	unsigned long count = argc > 1 ? strtoul(argv[1], NULL, 0) : COUNT_DEFAULT;
	uint64_t seed = argc > 2 ? strtoull(argv[2], NULL, 0) : (uint64_t)time(NULL) * 1000000;
	struct pair *pair = pair_new(), *other = pair_new();
	unsigned int never;

	if (pair == NULL || other == NULL)
		return 1;
	printf("jit_random_test: seed %" PRIu64 "\n", seed);
	while (counts.programs < count && counts.differences < 5)
		test_one(pair, other, seed++);
	never = print_counts();
	pair_free(pair);
	pair_free(other);
	return counts.differences > 0 || (count >= COVERED_FROM && never > 0);
}
