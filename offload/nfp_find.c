/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The nfp driver: what jit-nfp finds is told to the machine (findings.c). Called by the other files
 * of the driver.
 */
#include "offload/nfp.h"

static const char *const severities[] = {
	[JIT_ERROR] = "error",
	[JIT_WARNING] = "warning",
	[JIT_NOTE] = "note",
};

/* f has what is said of just this case. */
static void
find(struct off_kernel *k, const struct jit_finding *f)
{
	const struct jit_rule_info *info = jit_rule_info(f->rule);
	const struct off_finding finding = {
		.severity = severities[f->is_unreached ? JIT_NOTE : info->severity],
		.stage = info->stage,
		.rule = info->name,
		.err = info->err,
		.insn = f->insn,
		.why = f->why,
		.fix = f->fix,
	};

	off_find(k, &finding, f->message);
}

static void
find_rule(struct off_kernel *k, enum jit_rule rule, const char *message)
{
	struct jit_finding f = {
		.rule = rule,
		.insn = -1,
		.why = jit_rule_info(rule)->why,
		.fix = jit_rule_info(rule)->fix,
	};

	snprintf(f.message, sizeof(f.message), "%s", message);
	find(k, &f);
}

int
off_nfp_refuse_map(struct off_map *map, enum jit_rule rule, const char *message)
{
	struct off_nfp *nfp = off_nfp(map->dev->asic);
	int err = -jit_rule_info(rule)->err;
	char text[JIT_MESSAGE_BYTES];

	while (map->o.k->opts.findings && rule != JIT_RULE_CNT) {
		find_rule(map->o.k, rule, message);
		rule = jit_map_create_check(&map->def, &nfp->card, &nfp->used, rule + 1, text);
		message = text;
	}
	return err;
}

/* Of a program that was refused before, it is no news that it does not fit. */
static bool
is_news(const struct off_prog *prog, enum jit_rule rule)
{
	const struct off_nfp_prog *p = prog->offload->priv;

	return rule == JIT_RULE_ATTACH_SPLIT || !p->image.is_refused;
}

int
off_nfp_refuse_image(struct off_netdev *dev, const struct off_prog *prog, enum jit_rule rule,
	struct off_extack *extack)
{
	const struct jit_rule_info *info = jit_rule_info(rule);

	if (is_news(prog, rule))
		find_rule(dev->k, rule, info->text);
	if (extack)
		snprintf(extack->text, sizeof(extack->text), "nfp: %s", info->text);
	return -info->err;
}

void
off_nfp_tell(struct off_prog *prog)
{
	struct off_nfp_prog *p = prog->offload->priv;
	const struct jit_finding *found;
	uint32_t cnt;

	if (!prog->o.k->opts.findings)
		return;
	found = jit_prog_findings(p->jit, &cnt);
	while (p->told < cnt)
		find(prog->o.k, &found[p->told++]);
}

void
off_nfp_find_unreached(struct off_prog *prog)
{
	struct off_nfp_prog *p = prog->offload->priv;

	if (jit_prog_find_unreached(p->jit))
		prog->o.k->opts.findings->is_short = true;
	off_nfp_tell(prog);
}
