/* SPDX-License-Identifier: BSD-2-Clause */
/* Findings: the table of rules, and the list of what a program was found to break. */
#include "jit-nfp/internal.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

static const struct jit_rule_info rules[] = {
#define RULE(id, severity_, stage_, err_, text_, why_, fix_)                                       \
	[JIT_RULE_##id] = {                                                                        \
		.name = #id,                                                                       \
		.severity = JIT_##severity_,                                                       \
		.stage = (stage_),                                                                 \
		.err = (err_),                                                                     \
		.text = (text_),                                                                   \
		.why = (why_),                                                                     \
		.fix = (fix_),                                                                     \
	},
#include "jit-nfp/rules.def"
#undef RULE
};

const struct jit_rule_info *
jit_rule_info(enum jit_rule rule)
{
	return &rules[rule];
}

static bool
is_told(const struct jit_prog *prog, int32_t insn, enum jit_rule rule)
{
	for (uint32_t i = 0; i < prog->finding_cnt; i++)
		if (prog->findings[i].insn == insn && prog->findings[i].rule == rule)
			return true;
	return false;
}

static struct jit_finding *
add(struct jit_prog *prog)
{
	if (prog->finding_cnt == prog->finding_room) {
		uint32_t room = prog->finding_room * 2 + 8;
		struct jit_finding *more =
			reallocarray(prog->findings, room, sizeof(*prog->findings));

		if (more == NULL)
			return NULL;
		prog->findings = more;
		prog->finding_room = room;
	}
	return &prog->findings[prog->finding_cnt++];
}

/* 0, or -ENOMEM: the finding is lost. */
static int
note(struct jit_prog *prog, int32_t insn, enum jit_rule rule, const char *message)
{
	struct jit_finding *finding;

	if (is_told(prog, insn, rule))
		return 0;
	finding = add(prog);
	if (finding == NULL)
		return -ENOMEM;
	*finding = (struct jit_finding){
		.rule = rule, .insn = insn, .why = rules[rule].why, .fix = rules[rule].fix
	};
	jit_advise(prog, finding);
	memcpy(finding->message, message, sizeof(finding->message));
	return 0;
}

int
jit_find(struct jit_prog *prog, int32_t insn, enum jit_rule rule, ...)
{
	char message[JIT_MESSAGE_BYTES] = "";
	va_list ap;
	int err;

	va_start(ap, rule);
	vsnprintf(message, sizeof(message), rules[rule].text, ap);
	va_end(ap);
	err = note(prog, insn, rule, message);
	return err ? err : -rules[rule].err;
}

int
jit_tell(const struct jit_visit *v, enum jit_rule rule, ...)
{
	char message[JIT_MESSAGE_BYTES] = "";
	bool is_error = rules[rule].severity == JIT_ERROR;
	va_list ap;
	int err;

	/* The driver ends at an error and says a warning at every visit; who goes on after errors
	 * need not hear each again. */
	if (is_error && is_told(v->prog, v->at, rule))
		return v->prog->input.go_on ? 0 : -rules[rule].err;
	va_start(ap, rule);
	vsnprintf(message, sizeof(message), rules[rule].text, ap);
	va_end(ap);
	if (v->env)
		xb_verify_say(v->env, "[nfp] %s\n", message);
	err = note(v->prog, v->at, rule, message);
	if (err || v->prog->input.go_on)
		return err;
	return -rules[rule].err;
}

const struct jit_finding *
jit_prog_findings(const struct jit_prog *prog, uint32_t *cnt)
{
	*cnt = prog->finding_cnt;
	return prog->findings;
}
