/* SPDX-License-Identifier: BSD-2-Clause */
/* See predict.h. */
#include "tests/diff/equal/predict.h"

#include <string.h>

/* Kinds that no run can show, and why. */
static const struct {
	enum jit_rule rule;
	const char *why;
} never[] = {
	{ JIT_RULE_QUIRK_COPY_CRASH,
		"the driver crashes; ours makes the words it would have made" },
	{ JIT_RULE_QUIRK_DIV_ZERO,
		"the driver crashes; ours makes the words that give eBPF's quotient" },
};

/* In programs: made, executed, the card differed, and no other kind had run then. */
struct counts {
	unsigned long made, ran, shown, alone;
};
static struct counts sums[JIT_RULE_CNT];

/* Of the program now. */
static struct {
	bool made, ran, shown, alone;
} now[JIT_RULE_CNT];

bool
predict_is_quirk(enum jit_rule rule)
{
	return strncmp(jit_rule_info(rule)->name, "QUIRK_", strlen("QUIRK_")) == 0;
}

void
predict_begin(const struct jit_prog *prog)
{
	uint32_t cnt;
	const struct jit_finding *findings = jit_prog_findings(prog, &cnt);

	memset(now, 0, sizeof(now));
	for (uint32_t i = 0; i < cnt; i++)
		now[findings[i].rule].made = predict_is_quirk(findings[i].rule);
}

/* Which kinds of findings are of instructions that were executed; how many kinds. */
static uint32_t
find_ran(const struct jit_prog *prog, const bool *executed, bool ran[JIT_RULE_CNT])
{
	uint32_t cnt, kinds = 0;
	const struct jit_finding *findings = jit_prog_findings(prog, &cnt);

	memset(ran, 0, JIT_RULE_CNT * sizeof(*ran));
	for (uint32_t i = 0; i < cnt; i++)
		if (predict_is_quirk(findings[i].rule) && findings[i].insn >= 0 &&
			executed[findings[i].insn]) {
			kinds += !ran[findings[i].rule];
			ran[findings[i].rule] = true;
		}
	return kinds;
}

bool
predict_redirect(const struct jit_prog *prog, const bool *executed)
{
	bool ran[JIT_RULE_CNT];

	find_ran(prog, executed, ran);
	now[JIT_RULE_QUIRK_REDIRECT].ran |= ran[JIT_RULE_QUIRK_REDIRECT];
	now[JIT_RULE_QUIRK_REDIRECT].shown |= ran[JIT_RULE_QUIRK_REDIRECT];
	now[JIT_RULE_QUIRK_REDIRECT].alone |= ran[JIT_RULE_QUIRK_REDIRECT];
	return ran[JIT_RULE_QUIRK_REDIRECT];
}

bool
predict_run(const struct jit_prog *prog, const bool *executed, bool is_different)
{
	bool ran[JIT_RULE_CNT];
	uint32_t kinds = find_ran(prog, executed, ran);

	kinds -= ran[JIT_RULE_QUIRK_REDIRECT];
	now[JIT_RULE_QUIRK_REDIRECT].ran |= ran[JIT_RULE_QUIRK_REDIRECT];
	ran[JIT_RULE_QUIRK_REDIRECT] = false;
	for (uint32_t i = 0; i < JIT_RULE_CNT; i++) {
		now[i].ran |= ran[i];
		now[i].shown |= ran[i] && is_different;
		now[i].alone |= ran[i] && is_different && kinds == 1;
	}
	return kinds > 0;
}

void
predict_end(void)
{
	for (uint32_t i = 0; i < JIT_RULE_CNT; i++) {
		sums[i].made += now[i].made;
		sums[i].ran += now[i].ran;
		sums[i].shown += now[i].shown;
		sums[i].alone += now[i].alone;
	}
}

bool
predict_has_shown(enum jit_rule rule)
{
	return now[rule].alone;
}

static const char *
why_never(enum jit_rule rule)
{
	for (size_t i = 0; i < sizeof(never) / sizeof(never[0]); i++)
		if (never[i].rule == rule)
			return never[i].why;
	return NULL;
}

unsigned int
predict_print(void)
{
	unsigned int unseen = 0;

	printf("%-24s %8s %8s %8s %8s  (programs)\n", "foretold", "found", "ran", "showed",
		"alone");
	for (uint32_t i = 0; i < JIT_RULE_CNT; i++) {
		const char *why = why_never(i);
		const bool has_shown = sums[i].alone > 0;

		if (!predict_is_quirk(i))
			continue;
		printf("%-24s %8lu %8lu %8lu %8lu%s%s\n", jit_rule_info(i)->name, sums[i].made,
			sums[i].ran, sums[i].shown, sums[i].alone,
			has_shown ? "" : "  never shows: ",
			has_shown ? ""
			: why	  ? why
				  : "WHY?");
		unseen += !has_shown && !why;
		unseen += has_shown && why; /* the reason is no reason */
	}
	return unseen;
}
