/* SPDX-License-Identifier: BSD-2-Clause */
/* See lockstep.h. */
#include "tests/diff/equal/lockstep.h"

#include "jit-nfp/internal.h"
#include "tests/diff/equal/predict.h"

#include <errno.h>
#include <linux/if_ether.h>
#include <stdlib.h>
#include <string.h>

#define MAPS_MAX 16u

/* The first is what the others are compared with; the traced one tells what ran. */
enum { CHECKED, FAST, TRACED, CARD_FAST, CARD_EXACT, KERNEL, SIDES };

struct lockstep {
	struct equal_side *sides[SIDES]; /* KERNEL may be NULL */
	bool is_loaded[SIDES];
	const struct xb_object *obj;
	const struct xb_prog *prog;
	bool is_used[MAPS_MAX];	   /* map of the object, by any program of it */
	bool is_on_card[MAPS_MAX]; /* by the one that runs */
	struct run out[SIDES];
	enum equal_ran ran[SIDES];
	struct equal_map maps[SIDES];
	char text[LOCKSTEP_TEXT_BYTES];
	bool is_short; /* the frame is none of a wire, and the note of the program says that it
			  shows */
	struct {
		unsigned long programs, kernel_programs, runs, kernel_runs, card_runs;
		unsigned long excused, foretold, redirects, too_short, random, shrunk;
	} sums;
};

/* ---- life ---- */

void
lockstep_free(struct lockstep *l)
{
	if (!l)
		return;
	lockstep_unload(l);
	for (uint32_t i = 0; i < SIDES; i++) {
		if (l->sides[i])
			l->sides[i]->ops->free(l->sides[i]);
		equal_map_free(&l->maps[i]);
	}
	free(l);
}

struct lockstep *
lockstep_new(const char *why_no_kernel)
{
	struct lockstep *l = calloc(1, sizeof(*l));

	if (!l)
		return NULL;
	l->sides[CHECKED] = equal_host_new(XB_ENGINE_CHECKED);
	l->sides[FAST] = equal_host_new(XB_ENGINE_FAST);
	l->sides[TRACED] = equal_host_new(XB_ENGINE_TRACED);
	l->sides[CARD_FAST] = equal_card_new(false);
	l->sides[CARD_EXACT] = equal_card_new(true);
	if (!why_no_kernel)
		l->sides[KERNEL] = equal_kernel_new();
	for (uint32_t i = 0; i < (why_no_kernel ? KERNEL : SIDES); i++)
		if (!l->sides[i]) {
			lockstep_free(l);
			return NULL;
		}
	return l;
}

const char *
lockstep_text(const struct lockstep *l)
{
	return l->text;
}

const bool *
lockstep_executed(const struct lockstep *l)
{
	uint32_t cnt;

	return equal_host_executed(l->sides[TRACED], &cnt);
}

uint64_t
lockstep_ret(const struct lockstep *l)
{
	return l->out[CHECKED].ret;
}

const struct jit_prog *
lockstep_jit(const struct lockstep *l)
{
	return l->is_loaded[CARD_FAST] ? equal_card_prog(l->sides[CARD_FAST]) : NULL;
}

static void __attribute__((format(printf, 2, 3))) say(struct lockstep *l, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(l->text, sizeof(l->text), fmt, ap);
	va_end(ap);
}

/* ---- loading ---- */

void
lockstep_unload(struct lockstep *l)
{
	if (l->is_loaded[CARD_FAST])
		predict_end();
	for (uint32_t i = 0; i < SIDES; i++) {
		if (l->is_loaded[i])
			l->sides[i]->ops->unload(l->sides[i]);
		l->is_loaded[i] = false;
	}
}

/* True when it is. A side keeps no half of a program. */
static bool
load_side(struct lockstep *l, uint32_t i)
{
	struct equal_side *side = l->sides[i];
	struct xb_log log = { 0 };
	const char *why;
	int err;

	if (!side)
		return false;
	err = side->ops->load(side, l->obj, l->prog, &log);
	l->is_loaded[i] = err == 0;
	if (err) {
		why = strstr(xb_log_text(&log), "[nfp] ");
		why = why ? why : xb_log_text(&log);
		say(l, "%s: %s: %.*s", side->ops->name, strerror(-err), (int)strcspn(why, "\n"),
			why);
		side->ops->unload(side);
	}
	xb_log_free(&log);
	return l->is_loaded[i];
}

static void
find_uses(struct lockstep *l)
{
	for (uint32_t i = 0; i < l->obj->map_cnt && i < MAPS_MAX; i++) {
		l->is_on_card[i] = xb_prog_first_use(l->prog, i) >= 0;
		l->is_used[i] = false;
		for (uint32_t p = 0; p < l->obj->prog_cnt; p++)
			l->is_used[i] |= xb_prog_first_use(&l->obj->progs[p], i) >= 0;
	}
}

enum lockstep_loaded
lockstep_load(struct lockstep *l, const struct xb_object *obj, const struct xb_prog *prog)
{
	lockstep_unload(l);
	l->text[0] = '\0';
	l->obj = obj;
	l->prog = prog;
	find_uses(l);
	if (!load_side(l, CHECKED))
		return LOCKSTEP_NO_HOST;
	if (!load_side(l, FAST) || !load_side(l, TRACED) || obj->map_cnt > MAPS_MAX)
		return LOCKSTEP_FAILED;
	l->sums.programs++;
	l->sums.kernel_programs += load_side(l, KERNEL);
	if (load_side(l, CARD_FAST) != load_side(l, CARD_EXACT))
		return LOCKSTEP_FAILED;
	if (!l->is_loaded[CARD_FAST])
		return LOCKSTEP_NO_CARD;
	predict_begin(lockstep_jit(l));
	return LOCKSTEP_LOADED;
}

static bool
has_map(const struct lockstep *l, uint32_t s, uint32_t i)
{
	return l->is_loaded[s] && (l->sides[s]->ops->is_card ? l->is_on_card[i] : l->is_used[i]);
}

bool
lockstep_put(struct lockstep *l, uint32_t i, const void *key, const void *value)
{
	int first = 0;

	for (uint32_t s = 0; s < SIDES; s++) {
		int err;

		if (!has_map(l, s, i))
			continue;
		err = l->sides[s]->ops->update(l->sides[s], i, key, value);
		if (s == CHECKED)
			first = err;
		if (err != first) {
			say(l, "an entry of map %u: %s says %d, %s %d", i,
				l->sides[CHECKED]->ops->name, first, l->sides[s]->ops->name, err);
			return false;
		}
	}
	return true;
}

/* ---- comparing ---- */

/* A result of the host's as that side has it. */
static uint64_t
expected(const struct lockstep *l, uint32_t s)
{
	uint64_t ret = l->out[CHECKED].ret;

	return l->sides[s]->ops->is_card ? equal_card_verdict(l->prog->type, ret) : (uint32_t)ret;
}

static bool
is_same_packet(struct lockstep *l, uint32_t s)
{
	const struct run *a = &l->out[CHECKED], *b = &l->out[s];
	const char *name = l->sides[s]->ops->name;

	if (l->ran[s] == EQUAL_FAULT) {
		say(l, "%s: %s", name, l->sides[s]->text);
		return false;
	}
	if (expected(l, s) != (uint32_t)b->ret) {
		say(l, "result: %s %lld, should be %lld", name, (long long)(int32_t)b->ret,
			(long long)(int32_t)expected(l, s));
		return false;
	}
	if (a->len != b->len) {
		say(l, "length: %s %u, host %u", name, b->len, a->len);
		return false;
	}
	for (uint32_t i = 0; i < a->len; i++)
		if (a->data[i] != b->data[i]) {
			say(l, "byte %u of the packet: %s %02x, host %02x", i, name, b->data[i],
				a->data[i]);
			return false;
		}
	return true;
}

/* Programs in a program array are not the same on two sides. */
static bool
is_compared(const struct lockstep *l, uint32_t s, uint32_t i)
{
	return l->obj->maps[i].type != BPF_MAP_TYPE_PROG_ARRAY && has_map(l, s, i);
}

static bool
are_same_maps(struct lockstep *l, uint32_t first, uint32_t s)
{
	char why[LOCKSTEP_TEXT_BYTES - 100];

	for (uint32_t i = 0; i < l->obj->map_cnt; i++) {
		int err;

		if (!is_compared(l, s, i))
			continue;
		err = l->sides[first]->ops->read(l->sides[first], i, &l->maps[first]);
		if (!err)
			err = l->sides[s]->ops->read(l->sides[s], i, &l->maps[s]);
		if (err) {
			say(l, "map %u of %s cannot be read: %d", i, l->sides[s]->ops->name, err);
			return false;
		}
		if (!equal_map_is_same(&l->maps[first], &l->maps[s], why, sizeof(why))) {
			say(l, "map %u, %s against %s:%s", i, l->sides[first]->ops->name,
				l->sides[s]->ops->name, why);
			return false;
		}
	}
	return true;
}

/* What is different there from now on is as it should be. */
static void
repair(struct lockstep *l, uint32_t s)
{
	for (uint32_t i = 0; i < l->obj->map_cnt; i++) {
		if (!is_compared(l, s, i))
			continue;
		l->sides[CHECKED]->ops->read(l->sides[CHECKED], i, &l->maps[CHECKED]);
		equal_map_put(l->sides[s], i, &l->maps[CHECKED]);
	}
}

/* ---- running ---- */

static void
run_all(struct lockstep *l, const struct run *in, uint64_t seed)
{
	for (uint32_t s = CHECKED; s <= TRACED; s++)
		equal_host_set_seed(l->sides[s], seed);
	for (uint32_t s = 0; s < SIDES; s++) {
		if (!l->is_loaded[s])
			continue;
		l->out[s].len = in->len;
		memcpy(l->out[s].data, in->data, in->len);
		l->ran[s] = l->sides[s]->ops->run(l->sides[s], &l->out[s]);
	}
}

/* A head was moved that leaves no Ethernet header, and the note of it says so. */
static bool
is_too_short(const struct lockstep *l, const struct run *in, const bool *executed)
{
	const struct jit_prog *jit = lockstep_jit(l);
	uint32_t cnt;
	const struct jit_finding *findings = jit_prog_findings(jit, &cnt);

	for (uint32_t i = 0; i < cnt; i++)
		if (findings[i].rule == JIT_RULE_HEAD_SHORT && executed[findings[i].insn])
			return in->len < ETH_HLEN + jit->insns[findings[i].insn].all_src.max;
	return false;
}

static bool
has_called(const struct lockstep *l, const bool *executed, int32_t helper)
{
	for (uint32_t i = 0; i < l->prog->insn_cnt; i++)
		if (executed[i] && l->prog->insns[i].code == (BPF_JMP | BPF_CALL) &&
			l->prog->insns[i].src_reg == 0 && l->prog->insns[i].imm == helper)
			return true;
	return false;
}

/* expected() is what the card makes of it. */
static bool
is_redirect_foretold(struct lockstep *l, const bool *executed)
{
	if (l->prog->type != BPF_PROG_TYPE_XDP || (uint32_t)l->out[CHECKED].ret != XDP_REDIRECT)
		return true;
	l->sums.redirects++;
	if (predict_redirect(lockstep_jit(l), executed))
		return true;
	say(l, "XDP_REDIRECT is XDP_ABORTED on the card, and no finding says so");
	return false;
}

/* Both modes of the microengine are one machine: they have no excuse before each other. */
static bool
are_same_cards(struct lockstep *l, const bool is_same[SIDES])
{
	const struct run *a = &l->out[CARD_FAST], *b = &l->out[CARD_EXACT];

	if (l->ran[CARD_FAST] != l->ran[CARD_EXACT] || is_same[CARD_FAST] != is_same[CARD_EXACT])
		return false;
	if (is_same[CARD_FAST])
		return true;
	if (l->ran[CARD_FAST] == EQUAL_RAN &&
		(a->ret != b->ret || a->len != b->len || memcmp(a->data, b->data, a->len) != 0))
		return false;
	return are_same_maps(l, CARD_FAST, CARD_EXACT);
}

static enum lockstep_answer
compare_cards(struct lockstep *l, const bool *executed, bool is_same[SIDES])
{
	bool is_different = !is_same[CARD_FAST] || !is_same[CARD_EXACT];
	bool is_foretold = predict_run(lockstep_jit(l), executed, is_different);
	char text[LOCKSTEP_TEXT_BYTES];

	l->sums.card_runs++;
	memcpy(text, l->text, sizeof(text));
	if (!are_same_cards(l, is_same)) {
		say(l, "the microengine's two modes differ; %.300s", text);
		return LOCKSTEP_DIFFERENT;
	}
	l->sums.excused += is_foretold;
	if (!is_different)
		return is_redirect_foretold(l, executed) ? LOCKSTEP_SAME : LOCKSTEP_DIFFERENT;
	if (!is_foretold && !l->is_short)
		return LOCKSTEP_DIFFERENT;
	l->sums.foretold += is_foretold;
	l->sums.too_short += !is_foretold;
	repair(l, CARD_FAST);
	repair(l, CARD_EXACT);
	return LOCKSTEP_FORETOLD;
}

static enum lockstep_answer
compare_kernel(struct lockstep *l, const bool *executed, bool is_same)
{
	if (l->ran[KERNEL] == EQUAL_NOT_TAKEN) {
		l->sums.shrunk++;
		repair(l, KERNEL);
		return LOCKSTEP_SAME;
	}
	l->sums.kernel_runs++;
	if (is_same)
		return LOCKSTEP_SAME;
	if (!has_called(l, executed, BPF_FUNC_get_prandom_u32))
		return LOCKSTEP_DIFFERENT;
	l->sums.random++;
	repair(l, KERNEL);
	return LOCKSTEP_SAME;
}

static bool
is_same_side(struct lockstep *l, uint32_t s, bool with_maps)
{
	return !l->is_loaded[s] || l->ran[s] == EQUAL_NOT_TAKEN ||
	       (is_same_packet(l, s) && (!with_maps || are_same_maps(l, CHECKED, s)));
}

enum lockstep_answer
lockstep_run(struct lockstep *l, const struct run *in, uint64_t seed, bool with_maps)
{
	bool is_same[SIDES];
	const bool *executed;
	enum lockstep_answer answer = LOCKSTEP_SAME;

	run_all(l, in, seed);
	l->sums.runs++;
	executed = lockstep_executed(l);
	for (uint32_t s = CHECKED; s <= TRACED; s++)
		if (!is_same_side(l, s, with_maps))
			return LOCKSTEP_DIFFERENT;
	is_same[KERNEL] = is_same_side(l, KERNEL, with_maps);
	if (l->is_loaded[KERNEL] &&
		compare_kernel(l, executed, is_same[KERNEL]) == LOCKSTEP_DIFFERENT)
		return LOCKSTEP_DIFFERENT;
	is_same[CARD_FAST] = is_same_side(l, CARD_FAST, with_maps);
	is_same[CARD_EXACT] = is_same_side(l, CARD_EXACT, with_maps);
	if (l->is_loaded[CARD_FAST]) {
		l->is_short = is_too_short(l, in, executed);
		answer = compare_cards(l, executed, is_same);
	}
	return answer;
}

enum lockstep_answer
lockstep_compare_maps(struct lockstep *l)
{
	for (uint32_t s = FAST; s < SIDES; s++)
		if (!are_same_maps(l, CHECKED, s))
			return LOCKSTEP_DIFFERENT;
	return LOCKSTEP_SAME;
}

bool
lockstep_print(const struct lockstep *l)
{
	printf("%lu programs, %lu of them in the kernel; %lu runs, %lu on the cards, %lu in the "
	       "kernel\n",
		l->sums.programs, l->sums.kernel_programs, l->sums.runs, l->sums.card_runs,
		l->sums.kernel_runs);
	printf("in %lu runs on the cards no finding excused a difference; in %lu of the others "
	       "there "
	       "was one, and in %lu the host's result was XDP_REDIRECT\n",
		l->sums.card_runs - l->sums.excused, l->sums.foretold, l->sums.redirects);
	printf("%lu frames, shorter than those of a wire, differ as a note says\n",
		l->sums.too_short);
	printf("%lu packets are too short for the kernel, which differs in %lu runs "
	       "with random numbers of its own\n\n",
		l->sums.shrunk, l->sums.random);
	return !l->sides[KERNEL] || l->sums.kernel_programs * 10 >= l->sums.programs * 9;
}
