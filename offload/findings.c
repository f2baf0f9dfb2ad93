/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * All that is wrong with programs and maps, at once: what would have ended a call is noted, and the
 * call goes on. Rules of this directory get why and what instead from advice.def; the driver's come
 * with theirs (nfp_find.c).
 */
#include "offload/internal.h"

#include <stdlib.h>
#include <string.h>

struct advice {
	const char *why, *fix;
};

static struct advice
advice_of_rule(enum off_rule rule)
{
	static const struct advice rules[OFF_RULE_CNT] = {
#define RULE(id, why, fix) [OFF_RULE_##id] = { why, fix },
#define PROG_TYPE(...)
#define MAP_TYPE(...)
#include "offload/advice.def"
#undef RULE
#undef PROG_TYPE
#undef MAP_TYPE
	};

	return rules[rule];
}

static struct advice
advice_of_prog(int type)
{
	switch (type) {
#define RULE(...)
#define PROG_TYPE(name, why, fix)                                                                  \
	case BPF_PROG_TYPE_##name:                                                                 \
		return (struct advice){ why, fix };
#define MAP_TYPE(...)
#include "offload/advice.def"
#undef RULE
#undef PROG_TYPE
#undef MAP_TYPE
	default: return advice_of_rule(OFF_RULE_PL_6);
	}
}

static struct advice
advice_of_map(int type)
{
	switch (type) {
#define RULE(...)
#define PROG_TYPE(...)
#define MAP_TYPE(name, why, fix)                                                                   \
	case BPF_MAP_TYPE_##name:                                                                  \
		return (struct advice){ why, fix };
#include "offload/advice.def"
#undef RULE
#undef PROG_TYPE
#undef MAP_TYPE
	default: return advice_of_rule(OFF_RULE_MO_6);
	}
}

static struct advice
advice_of(enum off_rule rule, int type)
{
	if (rule == OFF_RULE_PL_6)
		return advice_of_prog(type);
	return rule == OFF_RULE_MO_6 ? advice_of_map(type) : advice_of_rule(rule);
}

/* The id's letters say where. */
static const char *
stage_of(enum off_rule rule)
{
	static const struct {
		char family[3];
		const char *stage;
	} stages[] = { { "PL", "load" }, { "VF", "verifier" }, { "MO", "map" } };

	for (size_t i = 0; i < ARRAY_SIZE(stages); i++)
		if (strncmp(off_rule_info(rule)->id, stages[i].family, 2) == 0)
			return stages[i].stage;
	return "attach";
}

/* ---- the list ---- */

static struct off_finding *
add(struct off_findings *findings)
{
	if (findings->cnt == findings->room) {
		uint32_t room = findings->room * 2 + 8;
		struct off_finding *more = reallocarray(findings->list, room, sizeof(*more));

		if (!more) {
			findings->is_short = true;
			return NULL;
		}
		findings->list = more;
		findings->room = room;
	}
	return &findings->list[findings->cnt++];
}

static void
note(struct off_findings *findings, const struct off_finding *finding, const char *message)
{
	bool is_first = finding->err != 0 && !off_findings_refusal(findings);
	struct off_finding *f = add(findings);

	if (!f)
		return;
	*f = *finding;
	f->is_first = is_first;
	snprintf(f->message, sizeof(f->message), "%s", message);
}

static void
note_rule(struct off_findings *findings, enum off_rule rule, int err, int32_t insn, int type)
{
	const struct off_rule_info *info = off_rule_info(rule);
	const struct advice advice = advice_of(rule, type);
	const struct off_finding finding = {
		.severity = "error",
		.stage = stage_of(rule),
		.rule = info->id,
		.err = err,
		.insn = insn,
		.why = advice.why,
		.fix = advice.fix,
	};

	note(findings, &finding, *info->text ? info->text : strerror(err));
}

void
off_findings_add(struct off_findings *findings, enum off_rule rule, int type)
{
	note_rule(findings, rule, off_rule_info(rule)->err, -1, type);
}

void
off_findings_free(struct off_findings *findings)
{
	free(findings->list);
	*findings = (struct off_findings){ 0 };
}

const struct off_finding *
off_findings_refusal(const struct off_findings *findings)
{
	for (uint32_t i = 0; findings && i < findings->cnt; i++)
		if (findings->list[i].is_first)
			return &findings->list[i];
	return NULL;
}

void
off_findings_stop(struct off_kernel *k)
{
	off_lock(k);
	k->opts.findings = NULL;
	off_unlock(k, 0);
}

/* ---- where a call would end ---- */

void
off_find(struct off_kernel *k, const struct off_finding *finding, const char *message)
{
	if (k->opts.findings)
		note(k->opts.findings, finding, message);
}

int
off_find_rule(struct off_kernel *k, enum off_rule rule, int32_t insn, int type)
{
	const int err = off_rule_info(rule)->err;

	if (!k->opts.findings)
		return -err;
	note_rule(k->opts.findings, rule, err, insn, type);
	return 0;
}

int
off_find_errno(struct off_kernel *k, enum off_rule rule, int err)
{
	if (k->opts.findings)
		note_rule(k->opts.findings, rule, -err, -1, 0);
	return k->opts.findings ? 0 : err;
}

int
off_find_refusal(
	struct off_kernel *k, const char *stage, int err, int32_t insn, const char *message)
{
	const struct off_finding finding = {
		.severity = "error", .stage = stage, .rule = "", .err = -err, .insn = insn
	};

	if (!k->opts.findings)
		return err;
	note(k->opts.findings, &finding, *message ? message : strerror(-err));
	return 0;
}
