/* SPDX-License-Identifier: BSD-2-Clause */
/* See random.h. A program is its seed, and so are its packets and what is in its maps. */
#include "tests/diff/equal/random.h"

#include "tests/diff/defined.h"
#include "tests/diff/equal/packets.h"
#include "tests/diff/gen.h"
#include "tests/diff/jit_cover.h"
#include "tests/diff/minimise.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#define PACKETS 6u /* of a program: half of them random bytes, two of captures, one malformed */
#define KEYS 8u	   /* that are put into a map: 0, 1, ... */
#define VALUE_MAX 64u
#define FAILURES_MAX 5u
#define TRIES 20000u

#define RESULTS 5u	   /* verdicts of XDP */
#define COVERED_FROM 1000u /* programs, from which on everything must have run */

static struct {
	unsigned long refused, undefined, results[RESULTS + 1], tc, tc_passed;
} counts;

/* ---- objects ---- */

struct xb_prog
equal_program_of(enum bpf_prog_type type, const struct bpf_insn *insns, uint32_t cnt)
{
	static const struct xb_func entry = { .name = "random" };

	return (struct xb_prog){ .name = "random",
		.section = "xdp",
		.type = type,
		.insns = insns,
		.insn_cnt = cnt,
		.funcs = &entry,
		.func_cnt = 0 };
}

struct xb_object
equal_object_of(const struct xb_prog *prog)
{
	return (struct xb_object){ .path = "random",
		.license = "Dual BSD/GPL",
		.gpl_compatible = true,
		.progs = prog,
		.prog_cnt = 1,
		.maps = gen_card_maps,
		.map_cnt = GEN_CARD_MAPS };
}

/* Numbers near their ends too, so that counters carry. */
static void
random_value(uint8_t value[VALUE_MAX], uint64_t *random)
{
	for (uint32_t i = 0; i < VALUE_MAX; i += 4) {
		uint64_t bits = equal_random(random);
		uint32_t number = bits % 4 == 0	  ? UINT32_MAX - (uint32_t)(bits >> 56)
				  : bits % 4 == 1 ? (uint32_t)(bits >> 56)
						  : (uint32_t)(bits >> 32);

		memcpy(value + i, &number, 4);
	}
}

bool
equal_fill_maps(struct lockstep *l, uint64_t seed)
{
	for (uint32_t i = 0; i < GEN_CARD_MAPS; i++)
		for (uint32_t n = 0; n < KEYS; n++) {
			uint8_t key[8] = { (uint8_t)n }, value[VALUE_MAX];

			random_value(value, &seed);
			if (gen_card_maps[i].type == BPF_MAP_TYPE_HASH &&
				equal_random(&seed) % 3 == 0)
				continue;
			if (!lockstep_put(l, i, key, value))
				return false;
		}
	return true;
}

/* ---- one program ---- */

static int
ask_defined(void *dev, struct xb_verify_env *env, int insn, int prev)
{
	uint32_t cnt;

	(void)dev;
	(void)prev;
	return undefined_at(env, &xb_verify_insns(env, &cnt)[insn]) ? -EACCES : 0;
}

/* No result that may differ between two machines. */
static bool
is_defined(const struct xb_object *obj)
{
	static const struct xb_verify_hooks hooks = { .insn = ask_defined };
	struct xb_verify_opts opts = xb_verify_opts_of(obj, obj->progs);
	struct xb_facts facts;

	opts.hooks = &hooks;
	if (xb_verify(obj->progs->insns, obj->progs->insn_cnt, &opts, &facts, NULL) != 0)
		return false;
	xb_facts_free(&facts);
	return true;
}

static void
make_packet(struct run *packet, uint32_t n, uint64_t seed)
{
	uint64_t random = seed * PACKETS + n;

	if (n % 2 == 0)
		packets_make(packet, &random);
	else
		packets_pick(packet, n % 4 == 3, &random);
}

static void
note(const struct lockstep *l, bool is_xdp)
{
	uint32_t ret = (uint32_t)lockstep_ret(l);

	if (is_xdp)
		counts.results[ret < RESULTS ? ret : RESULTS]++;
	else
		counts.tc_passed += equal_card_verdict(BPF_PROG_TYPE_SCHED_CLS, ret) == XDP_PASS;
	counts.tc += !is_xdp;
	cover_add(lockstep_jit(l), lockstep_executed(l));
}

/* Some are of tc. */
static enum bpf_prog_type
type_of(uint64_t seed)
{
	return seed % 5 == 4 ? BPF_PROG_TYPE_SCHED_CLS : BPF_PROG_TYPE_XDP;
}

enum outcome { IS_SAME, IS_REFUSED, IS_UNDEFINED, IS_DIFFERENT };

/* The program on its packets; *at: the one that differs. */
static enum outcome
run_program(
	struct lockstep *l, const struct bpf_insn *insns, uint32_t cnt, uint64_t seed, uint32_t *at)
{
	static struct run packet;
	const struct xb_prog prog = equal_program_of(type_of(seed), insns, cnt);
	const struct xb_object obj = equal_object_of(&prog);
	enum outcome outcome = IS_SAME;

	if (!is_defined(&obj))
		return IS_UNDEFINED;
	switch (lockstep_load(l, &obj, &prog)) {
	case LOCKSTEP_LOADED: break;
	case LOCKSTEP_FAILED: outcome = IS_DIFFERENT; break;
	default: outcome = IS_REFUSED; break;
	}
	if (outcome == IS_SAME && !equal_fill_maps(l, seed))
		outcome = IS_DIFFERENT;
	for (*at = 0; outcome == IS_SAME && *at < PACKETS; ++*at) {
		make_packet(&packet, *at, seed);
		if (lockstep_run(l, &packet, seed + *at, true) == LOCKSTEP_DIFFERENT) {
			outcome = IS_DIFFERENT;
			break;
		}
		note(l, prog.type == BPF_PROG_TYPE_XDP);
	}
	lockstep_unload(l);
	return outcome;
}

/* ---- a difference, made small and shown ---- */

struct failure {
	struct lockstep *l;
	uint64_t seed;
};

static bool
still_differs(void *arg, const struct bpf_insn *insns, uint32_t cnt)
{
	struct failure *f = arg;
	uint32_t at;

	return run_program(f->l, insns, cnt, f->seed, &at) == IS_DIFFERENT;
}

static void
print_program(const struct bpf_insn *insns, uint32_t cnt)
{
	char text[96];

	for (uint32_t i = 0; i < cnt;) {
		uint32_t slots = xb_insn_format(&insns[i], cnt - i, text, sizeof(text));

		printf("%3u: %s\n", i, text);
		i += slots;
	}
}

static void
print_failure(struct failure *f, struct bpf_insn *insns, uint32_t cnt)
{
	struct minimise_goal goal = { .holds = still_differs, .arg = f, .tries = TRIES };
	static struct run packet;
	uint32_t at = 0;

	printf("program %" PRIu64 ": %s\n", f->seed, lockstep_text(f->l));
	cnt = minimise(insns, cnt, &goal);
	run_program(f->l, insns, cnt, f->seed, &at);
	printf("made small, packet %u: %s\n", at, lockstep_text(f->l));
	print_program(insns, cnt);
	make_packet(&packet, at < PACKETS ? at : 0, f->seed);
	printf("packet of %u bytes:", packet.len);
	for (uint32_t i = 0; i < packet.len && i < 128; i++)
		printf("%s%02x", i % 8 ? "" : " ", packet.data[i]);
	printf("\n\n");
	fflush(stdout);
}

/* ---- all ---- */

/* Returns of how many kinds of things none ran. */
static unsigned int
print_counts(void)
{
	static const char *const names[] = { "ABORTED", "DROP", "PASS", "TX", "REDIRECT", "other" };
	unsigned int never = cover_print();

	printf("results:");
	for (uint32_t i = 0; i <= RESULTS; i++) {
		printf(" %s %lu,", names[i], counts.results[i]);
		never += counts.results[i] == 0;
	}
	printf(" of tc passed %lu, dropped %lu\n", counts.tc_passed, counts.tc - counts.tc_passed);
	never += counts.tc_passed == 0 || counts.tc_passed == counts.tc;
	printf("besides %lu that the card refuses, %lu whose result is not defined or that the "
	       "verifier refuses\n",
		counts.refused, counts.undefined);
	return never;
}

unsigned int
random_programs(struct lockstep *l, unsigned long count, uint64_t seed)
{
	static struct bpf_insn insns[GEN_INSNS_MAX];
	unsigned int failures = 0;

	for (unsigned long done = 0; done < count && failures < FAILURES_MAX; seed++) {
		const struct gen_opts opts = {
			.seed = seed,
			.type = type_of(seed),
			.insns = 40 + (uint32_t)(seed % 100),
			.is_runnable = true,
			.is_for_card = true,
			.has_no_random = seed % 8 != 0,
		};
		uint32_t at, cnt = gen_program(&opts, insns);

		switch (run_program(l, insns, cnt, seed, &at)) {
		case IS_SAME: done++; break;
		case IS_REFUSED: counts.refused++; break;
		case IS_UNDEFINED: counts.undefined++; break;
		case IS_DIFFERENT:
			failures++;
			print_failure(&(struct failure){ l, seed }, insns, cnt);
			break;
		}
	}
	return failures + (print_counts() > 0 && count >= COVERED_FROM);
}
