/* SPDX-License-Identifier: BSD-2-Clause */
/* xb_verify(): the checks, in the kernel's order (bpf_check). */
#include "bpf/verifier/env.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int
check_all(struct xb_verify_env *env)
{
	const struct xb_verify_hooks *hooks = env->opts->hooks;
	int err = xv_find_subprogs(env);

	if (!err)
		err = xv_check_subprogs(env);
	if (!err)
		err = xv_check_btf_funcs(env);
	if (!err)
		err = xv_prepare(env);
	if (!err && hooks && hooks->prepare)
		err = hooks->prepare(hooks->dev, env);
	if (!err)
		err = xv_check_cfg(env);
	if (!err)
		err = xv_walk_all(env);
	if (!err)
		err = xv_fill_facts(env);
	if (!err && hooks && hooks->finalize)
		err = hooks->finalize(hooks->dev, env);
	if (!err)
		err = xv_check_stack_depth(env);
	if (!err && hooks)
		err = xv_tell_dead_code(env);
	return err;
}

static int
check_input(struct xb_verify_env *env)
{
	enum bpf_prog_type type = env->opts->type;

	if (type != BPF_PROG_TYPE_XDP && type != BPF_PROG_TYPE_SCHED_CLS &&
		type != BPF_PROG_TYPE_SCHED_ACT && type != BPF_PROG_TYPE_UNSPEC)
		return xv_unsupported(env, "programs that are neither XDP nor tc");
	if (env->cnt == 0 || env->cnt > XB_VERIFY_INSNS_MAX) {
		xv_say(env, "a program has 1 to %u instructions, not %u\n", XB_VERIFY_INSNS_MAX,
			env->cnt);
		return -E2BIG;
	}
	return 0;
}

static int
allocate(struct xb_verify_env *env)
{
	env->facts.insns = calloc(env->cnt, sizeof(*env->facts.insns));
	env->aux = calloc(env->cnt, sizeof(*env->aux));
	env->explored = calloc(env->cnt, sizeof(struct xv_state *));
	env->idmap = xv_idmap_new();
	env->is_map_checked = calloc(env->opts->map_cnt + 1, sizeof(bool));
	env->facts.insn_cnt = env->cnt;
	return env->facts.insns && env->aux && env->explored && env->idmap && env->is_map_checked
		       ? 0
		       : -ENOMEM;
}

static void
release(struct xb_verify_env *env)
{
	free(env->aux);
	free(env->explored);
	free(env->idmap);
	free(env->is_map_checked);
	free(env->hist);
	free(env->subprog);
}

static void
say_end(struct xb_verify_env *env, int err)
{
	if (err == -ENOMEM)
		xv_say(env,
			env->out_of_memory
				? "not enough memory: states of the walk take more than %llu MiB\n"
				: "not enough memory (limit %llu MiB)\n",
			(unsigned long long)(XV_MAX_STATE_BYTES >> 20));
	xb_log_add(env->log,
		"processed %u insns (limit %u) max_states_per_insn %u total_states %u peak_states "
		"%u mark_read %u\n",
		env->insn_processed, XB_VERIFY_INSNS_MAX, env->max_states_per_insn,
		env->total_states, env->peak_states, env->longest_read_walk);
}

struct xb_verify_opts
xb_verify_opts_of(const struct xb_object *obj, const struct xb_prog *prog)
{
	return (struct xb_verify_opts){
		.type = prog->type,
		.gpl_compatible = obj->gpl_compatible,
		.maps = obj->maps,
		.map_cnt = obj->map_cnt,
		.btf = obj->btf,
		.funcs = prog->funcs,
		.func_cnt = prog->func_cnt,
		.lines = prog->lines,
		.line_cnt = prog->line_cnt,
	};
}

int
xb_verify(const struct bpf_insn *insns, uint32_t cnt, const struct xb_verify_opts *opts,
	struct xb_facts *facts, struct xb_log *log)
{
	struct xb_verify_env *env = calloc(1, sizeof(*env));
	int err;

	*facts = (struct xb_facts){ .refused_insn = -1 };
	if (!env)
		return -ENOMEM;
	env->insns = insns;
	env->cnt = cnt;
	env->opts = opts;
	env->log = log;
	env->level = log ? opts->log_level : 0;
	env->log_start = log ? log->len : 0;
	env->insn = -1;
	env->facts.refused_insn = -1;
	err = check_input(env);
	if (!err)
		err = allocate(env);
	if (!err)
		err = check_all(env);
	say_end(env, err);
	env->facts.visited = env->insn_processed;
	if (err)
		*facts = (struct xb_facts){ .refused_insn = env->facts.refused_insn,
			.visited = env->facts.visited };
	else
		*facts = env->facts;
	if (err)
		xb_facts_free(&env->facts);
	else
		facts->refused_insn = -1;
	release(env);
	free(env);
	return err;
}

void
xb_verify_sentence(const char *log, char *sentence, size_t size)
{
	const char *end = strstr(log, "processed "), *begin;

	if (!end || (end != log && end[-1] != '\n'))
		end = log + strlen(log);
	while (end > log && end[-1] == '\n')
		end--;
	for (begin = end; begin > log && begin[-1] != '\n';)
		begin--;
	snprintf(sentence, size, "%.*s", (int)(end - begin), begin);
}
