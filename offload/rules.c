/* SPDX-License-Identifier: BSD-2-Clause */
/* The table of rules, and refusing by one of them. */
#include "offload/internal.h"

#include <errno.h>
#include <stdarg.h>

static const struct off_rule_info rules[] = {
#define RULE(id_, err_, text_, what_)                                                              \
	[OFF_RULE_##id_] = { .id = #id_, .err = (err_), .text = (text_), .what = (what_) },
#include "offload/rules.def"
#undef RULE
};

const struct off_rule_info *
off_rule_info(enum off_rule rule)
{
	return &rules[rule];
}

int
off_refuse(struct off_extack *extack, enum off_rule rule, ...)
{
	va_list ap;

	if (extack) {
		va_start(ap, rule);
		vsnprintf(extack->text, sizeof(extack->text), rules[rule].text, ap);
		va_end(ap);
	}
	return -rules[rule].err;
}

void
off_extack_clear(struct off_extack *extack)
{
	if (extack)
		extack->text[0] = '\0';
}

int
off_refuse_log(struct xb_log *log, enum off_rule rule)
{
	if (*rules[rule].text)
		xb_log_add(log, "%s\n", rules[rule].text);
	return -rules[rule].err;
}
