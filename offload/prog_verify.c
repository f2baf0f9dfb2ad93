/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A program meets the verifier, and the device's driver in it (reference/kernel-offload.md 1.2).
 * The machine's lock is free between the driver's callbacks, as the kernel's rwsem is: the device
 * may be gone at the next one, and the load fails with -ENODEV.
 */
#include "bpf/verifier/state.h"
#include "offload/internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* The driver, for one callback; NULL: the device is gone. */
static const struct off_driver *
enter(struct off_prog *prog)
{
	off_lock(prog->o.k);
	return prog->offload ? prog->offload->asic->driver : NULL;
}

static int
leave(struct off_prog *prog, int err)
{
	return off_unlock(prog->o.k, err);
}

/* Where all is to be found. Of a map that was refused itself that says it all. */
static bool
pass_over(void *arg, uint32_t map, int32_t insn, const char *reason)
{
	struct off_prog *prog = arg;
	enum off_rule rule =
		strcmp(reason, off_rule_info(OFF_RULE_VF_9)->text) ? OFF_RULE_VF_3 : OFF_RULE_VF_9;

	if (!prog->o.k->opts.findings)
		return false;
	if (rule == OFF_RULE_VF_9 || !prog->maps[map]->is_refused)
		off_find_rule(prog->o.k, rule, insn, 0);
	return true;
}

static int
on_map(void *arg, struct xb_verify_env *env, uint32_t index)
{
	struct off_prog *prog = arg;
	bool is_match;

	off_lock(prog->o.k);
	is_match = off_map_match(prog, prog->maps[index]);
	off_unlock(prog->o.k, 0);
	if (is_match)
		return 0;
	xb_verify_say(env, "%s\n", off_rule_info(OFF_RULE_VF_3)->text);
	return pass_over(prog, index, -1, off_rule_info(OFF_RULE_VF_3)->text)
		       ? 0
		       : -off_rule_info(OFF_RULE_VF_3)->err;
}

static int
on_prepare(void *dev, const struct xb_verify_env *env)
{
	struct off_prog *prog = dev;
	const struct off_driver *driver = enter(prog);
	int err = driver ? driver->prepare(prog, env) : -ENODEV;

	if (!err)
		prog->offload->is_prepared = true;
	return leave(prog, err);
}

static int
on_insn(void *dev, struct xb_verify_env *env, int insn, int prev)
{
	struct off_prog *prog = dev;
	const struct off_driver *driver = enter(prog);

	return leave(prog, driver ? driver->insn_hook(prog, env, insn, prev) : -ENODEV);
}

static int
on_finalize(void *dev, struct xb_verify_env *env)
{
	struct off_prog *prog = dev;
	const struct off_driver *driver = enter(prog);
	int err = driver ? 0 : -ENODEV;

	if (driver && driver->finalize)
		err = driver->finalize(prog, env);
	return leave(prog, err);
}

static int
on_replace(void *dev, struct xb_verify_env *env, uint32_t off, const struct bpf_insn *insn)
{
	struct off_prog *prog = dev;
	const struct off_driver *driver = enter(prog);
	int err = driver && driver->replace_insn ? driver->replace_insn(prog, env, off, insn)
						 : -EOPNOTSUPP;

	if (driver && !prog->offload->opt_failed)
		prog->offload->opt_failed = err;
	return leave(prog, err);
}

static int
on_remove(void *dev, struct xb_verify_env *env, uint32_t off, uint32_t cnt)
{
	struct off_prog *prog = dev;
	const struct off_driver *driver = enter(prog);
	int err = driver && driver->remove_insns ? driver->remove_insns(prog, env, off, cnt)
						 : -EOPNOTSUPP;

	if (driver && !prog->offload->opt_failed)
		prog->offload->opt_failed = err;
	return leave(prog, err);
}

/* ---- metadata kfuncs (VF-2) ---- */

static const char *const metadata_kfuncs[] = {
	"bpf_xdp_metadata_rx_timestamp",
	"bpf_xdp_metadata_rx_hash",
	"bpf_xdp_metadata_rx_vlan_tag",
};

static bool
is_metadata_kfunc(const struct off_prog_load *attr, int32_t btf_id)
{
	for (uint32_t i = 0; i < attr->kfunc_cnt; i++)
		for (uint32_t n = 0; n < ARRAY_SIZE(metadata_kfuncs); n++)
			if (attr->kfuncs[i].btf_id == btf_id &&
				!strcmp(attr->kfuncs[i].name, metadata_kfuncs[n]))
				return true;
	return false;
}

static int
check_kfuncs(const struct off_prog *prog, const struct off_prog_load *attr, struct xb_log *log)
{
	for (uint32_t i = 0; i < prog->insn_cnt; i++) {
		const struct bpf_insn *insn = &prog->insns[i];

		if (insn->code != (BPF_JMP | BPF_CALL) || insn->src_reg != BPF_PSEUDO_KFUNC_CALL ||
			!is_metadata_kfunc(attr, insn->imm))
			continue;
		if (!prog->dev_bound)
			return off_refuse_log(log, OFF_RULE_VF_2A);
		if (off_prog_is_offloaded(prog) &&
			off_find_rule(prog->o.k, OFF_RULE_VF_2B, (int32_t)i, 0))
			return off_refuse_log(log, OFF_RULE_VF_2B);
	}
	return 0;
}

/* ---- the walk ---- */

static int
walk(struct off_prog *prog, const struct off_prog_load *attr, const struct xb_map_def *maps,
	uint32_t map_cnt, struct xb_facts *facts, struct xb_log *log)
{
	const struct xb_verify_hooks device = {
		.prepare = on_prepare,
		.insn = on_insn,
		.finalize = on_finalize,
		.replace_insn = on_replace,
		.remove_insns = on_remove,
		.dev = prog,
	};
	const struct xb_verify_opts opts = {
		.type = prog->type,
		.gpl_compatible = prog->gpl_compatible,
		.offloaded = off_prog_is_offloaded(prog),
		.maps = maps,
		.map_cnt = map_cnt,
		.btf = attr->btf,
		.funcs = attr->funcs,
		.func_cnt = attr->func_cnt,
		.lines = attr->lines,
		.line_cnt = attr->line_cnt,
		.log_level = attr->log_level,
		.hooks = off_prog_is_offloaded(prog) ? &device : NULL,
		.check_map = on_map,
		.check_map_arg = prog,
		.pass_over = prog->o.k->opts.findings ? pass_over : NULL,
		.pass_over_arg = prog,
	};
	int err;

	off_unlock(prog->o.k, 0);
	err = xb_verify(prog->insns, prog->insn_cnt, &opts, facts, log);
	off_lock(prog->o.k);
	prog->refused_insn = facts->refused_insn;
	return err;
}

static int
translate(struct off_prog *prog, const struct xb_facts *facts)
{
	if (!off_prog_is_offloaded(prog))
		return 0;
	if (!prog->offload)
		return -ENODEV;
	return prog->offload->asic->driver->translate(prog, facts);
}

/* The definitions of its maps, behind them those of maps in them. */
static struct xb_map_def *
map_defs(const struct off_prog *prog, uint32_t *cnt)
{
	struct xb_map_def *maps = calloc(2 * (size_t)prog->map_cnt + 1, sizeof(*maps));

	*cnt = prog->map_cnt;
	for (uint32_t i = 0; maps && i < prog->map_cnt; i++) {
		const struct off_map *inner = prog->maps[i]->inner;

		maps[i] = prog->maps[i]->def;
		if (!inner)
			continue;
		maps[i].inner = (int)*cnt;
		maps[*cnt] = inner->def;
		maps[(*cnt)++].inner = -1;
	}
	return maps;
}

int
off_prog_verify(struct off_prog *prog, const struct off_prog_load *attr, struct xb_log *log)
{
	uint32_t map_cnt;
	struct xb_map_def *maps = map_defs(prog, &map_cnt);
	struct xb_facts facts;
	int err;

	if (!maps)
		return -ENOMEM;
	err = check_kfuncs(prog, attr, log);
	if (!err)
		err = walk(prog, attr, maps, map_cnt, &facts, log);
	free(maps);
	if (err)
		return err;
	prog->verified_insns = facts.visited;
	prog->max_packet_offset = facts.max_packet_offset;
	err = translate(prog, &facts);
	if (!err)
		err = off_prog_set_xlated(prog, &facts);
	xb_facts_free(&facts);
	return err;
}
