/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What BTF says: linkage and parameters of functions (kernel: btf_prepare_func_args), and fields of
 * map values that programs may not touch. BTF is input: everything read is checked.
 */
#include "bpf/verifier/env.h"

#include <bpf/btf.h>
#include <errno.h>
#include <string.h>

#define KIND_ENUM64 19 /* of newer headers */
#define KIND_TYPE_TAG 18
#define KIND_DECL_TAG 17

static bool
is_modifier(const struct btf_type *t)
{
	switch (btf_kind(t)) {
	case BTF_KIND_TYPEDEF:
	case BTF_KIND_CONST:
	case BTF_KIND_VOLATILE:
	case BTF_KIND_RESTRICT:
	case KIND_TYPE_TAG: return true;
	default: return false;
	}
}

/* The type behind typedefs and qualifiers; NULL when the id is none. *id follows. */
static const struct btf_type *
skip_modifiers(const struct btf *btf, uint32_t *id)
{
	const struct btf_type *t = btf__type_by_id(btf, *id);

	for (int depth = 0; t && is_modifier(t) && depth < 32; depth++) {
		*id = t->type;
		t = btf__type_by_id(btf, *id);
	}
	return t;
}

static const char *
name_of(const struct btf *btf, const struct btf_type *t)
{
	const char *name = btf__name_by_offset(btf, t->name_off);

	return name ? name : "";
}

static bool
is_number(const struct btf_type *t)
{
	return btf_kind(t) == BTF_KIND_INT || btf_kind(t) == BTF_KIND_ENUM ||
	       btf_kind(t) == KIND_ENUM64;
}

static const char *
kind_name(const struct btf_type *t)
{
	static const char *const names[] = { "UNKNOWN", "INT", "PTR", "ARRAY", "STRUCT", "UNION",
		"ENUM", "FWD", "TYPEDEF", "VOLATILE", "CONST", "RESTRICT", "FUNC", "FUNC_PROTO",
		"VAR", "DATASEC", "FLOAT", "DECL_TAG", "TYPE_TAG", "ENUM64" };

	return btf_kind(t) < ARRAY_SIZE(names) ? names[btf_kind(t)] : "UNKNOWN";
}

/* ---- functions ---- */

static int
check_abnormal_return(struct xb_verify_env *env)
{
	for (uint32_t i = 1; i < env->subprog_cnt; i++) {
		const char *what = env->subprog[i].has_ld_abs	   ? "LD_ABS"
				   : env->subprog[i].has_tail_call ? "tail_call"
								   : NULL;

		if (!what)
			continue;
		xv_say(env, "%s is not allowed in subprogs without BTF\n", what);
		return -EINVAL;
	}
	return 0;
}

/* The prototype of a function, NULL when the id is not one's. */
static const struct btf_type *
proto_of(const struct btf *btf, uint32_t func_id)
{
	const struct btf_type *t = btf__type_by_id(btf, func_id);

	if (!t || !btf_is_func(t))
		return NULL;
	t = btf__type_by_id(btf, t->type);
	return t && btf_is_func_proto(t) ? t : NULL;
}

static int
check_special_return(
	struct xb_verify_env *env, const struct xv_subprog *sub, const struct btf_type *proto)
{
	uint32_t id = proto->type;
	const struct btf_type *ret = skip_modifiers(env->opts->btf, &id);
	const char *what = sub->has_ld_abs ? "LD_ABS" : sub->has_tail_call ? "tail_call" : NULL;

	if (!what || (ret && is_number(ret)))
		return 0;
	xv_say(env, "%s is only allowed in functions that return 'int'.\n", what);
	return -EINVAL;
}

int
xv_check_btf_funcs(struct xb_verify_env *env)
{
	const struct btf *btf = env->opts->btf;

	env->has_btf_funcs = btf && env->subprog[0].btf_id;
	if (!env->has_btf_funcs)
		return check_abnormal_return(env);
	for (uint32_t i = 0; i < env->subprog_cnt; i++) {
		struct xv_subprog *sub = &env->subprog[i];
		const struct btf_type *proto = proto_of(btf, sub->btf_id);
		int err;

		if (!proto) {
			xv_say(env, "invalid type id %u in func info\n", sub->btf_id);
			return -EINVAL;
		}
		sub->is_global =
			i && btf_vlen(btf__type_by_id(btf, sub->btf_id)) == BTF_FUNC_GLOBAL;
		err = i ? check_special_return(env, sub, proto) : 0;
		if (err)
			return err;
	}
	return 0;
}

/* ---- parameters ---- */

enum tag { TAG_CTX = 1, TAG_NONNULL = 2, TAG_OTHER = 4 };

/* __arg_ctx and kin: declaration tags of a parameter. */
static unsigned int
tags_of(const struct btf *btf, uint32_t func_id, uint32_t param)
{
	unsigned int tags = 0;

	for (uint32_t id = 1; id < btf__type_cnt(btf); id++) {
		const struct btf_type *t = btf__type_by_id(btf, id);
		const char *name;

		if (!t || btf_kind(t) != KIND_DECL_TAG || t->type != func_id ||
			btf_decl_tag(t)->component_idx != (int32_t)param)
			continue;
		name = name_of(btf, t);
		if (strncmp(name, "arg:", 4) != 0)
			continue;
		tags |= strcmp(name, "arg:ctx") == 0	   ? TAG_CTX
			: strcmp(name, "arg:nonnull") == 0 ? TAG_NONNULL
							   : TAG_OTHER;
	}
	return tags;
}

static bool
is_ctx_struct(const struct xb_verify_env *env, const struct btf_type *t)
{
	const char *name = env->opts->type == BPF_PROG_TYPE_XDP ? "xdp_md" : "__sk_buff";

	return t && btf_is_struct(t) && strcmp(name_of(env->opts->btf, t), name) == 0;
}

static int
read_pointer(struct xb_verify_env *env, struct xv_subprog *sub, uint32_t i, uint32_t to,
	unsigned int tags)
{
	const struct btf *btf = env->opts->btf;
	const struct btf_type *t = skip_modifiers(btf, &to);
	int64_t size;

	if (tags & TAG_OTHER)
		return xv_unsupported(env, "tags of arg#%u of %s()", i, sub->name);
	if ((tags & TAG_CTX) || is_ctx_struct(env, t)) {
		if (tags & ~(unsigned int)TAG_CTX) {
			xv_say(env, "arg#%u has invalid combination of tags\n", i);
			return -EINVAL;
		}
		sub->param[i].kind = XV_PARAM_CTX;
		return 0;
	}
	if (t && btf_is_struct(t) && strcmp(name_of(btf, t), "bpf_dynptr") == 0)
		return xv_unsupported(env, "dynamic pointers");
	if (!sub->is_global)
		return -EINVAL;
	size = t && to ? btf__resolve_size(btf, to) : -EINVAL;
	if (size < 0 || size > INT32_MAX) {
		xv_say(env, "arg#%u reference type('%s %s') size cannot be determined: %lld\n", i,
			t ? kind_name(t) : "UNKNOWN", t ? name_of(btf, t) : "",
			(long long)(size < 0 ? size : -E2BIG));
		return -EINVAL;
	}
	sub->param[i].kind = XV_PARAM_MEM;
	sub->param[i].may_be_null = !(tags & TAG_NONNULL);
	sub->param[i].size = (uint32_t)size;
	return 0;
}

static int
read_param(struct xb_verify_env *env, struct xv_subprog *sub, uint32_t i, uint32_t type_id)
{
	const struct btf *btf = env->opts->btf;
	const struct btf_type *t = skip_modifiers(btf, &type_id);
	unsigned int tags = tags_of(btf, sub->btf_id, i);

	if (tags && !sub->is_global) {
		xv_say(env, "arg#%u type tag is not supported in static functions\n", i);
		return -EOPNOTSUPP;
	}
	if (t && btf_is_ptr(t))
		return read_pointer(env, sub, i, t->type, tags);
	if (tags) {
		xv_say(env, "arg#%u has pointer tag, but is not a pointer type\n", i);
		return -EINVAL;
	}
	sub->param[i].kind = XV_PARAM_SCALAR;
	if (t && is_number(t))
		return 0;
	if (sub->is_global)
		xv_say(env, "Arg#%u type %s in %s() is not supported yet.\n", i,
			t ? kind_name(t) : "UNKNOWN", sub->name);
	return -EINVAL;
}

int
xv_read_params(struct xb_verify_env *env, uint32_t n)
{
	const struct btf *btf = env->opts->btf;
	struct xv_subprog *sub = &env->subprog[n];
	const struct btf_type *proto, *ret;
	uint32_t id, cnt;
	int err = 0;

	if (sub->has_params)
		return 0;
	proto = proto_of(btf, sub->btf_id);
	if (!proto)
		return -EINVAL;
	cnt = btf_vlen(proto);
	if (cnt > 5) {
		if (sub->is_global)
			xv_say(env, "Global function %s() with %u > 5 args. Buggy compiler.\n",
				sub->name, cnt);
		return -EINVAL;
	}
	id = proto->type;
	ret = skip_modifiers(btf, &id);
	if (!ret || !is_number(ret)) {
		if (sub->is_global)
			xv_say(env,
				"Global function %s() doesn't return scalar. Only those are "
				"supported.\n",
				sub->name);
		return -EINVAL;
	}
	for (uint32_t i = 0; !err && i < cnt; i++)
		err = read_param(env, sub, i, btf_params(proto)[i].type);
	if (err)
		return err;
	sub->param_cnt = cnt;
	sub->has_params = true;
	return 0;
}

/* ---- map values ---- */

static const char *const special[] = { "bpf_spin_lock", "bpf_res_spin_lock", "bpf_timer", "bpf_wq",
	"bpf_task_work", "bpf_list_head", "bpf_list_node", "bpf_rb_root", "bpf_rb_node",
	"bpf_refcount", "bpf_dynptr" };

static const char *
special_name(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(special); i++)
		if (strcmp(name, special[i]) == 0)
			return special[i];
	return NULL;
}

/* A pointer tagged as one to a kernel object. */
static const char *
find_kptr(const struct btf *btf, uint32_t id)
{
	const struct btf_type *t = btf__type_by_id(btf, id);
	const char *name = t && btf_kind(t) == KIND_TYPE_TAG ? name_of(btf, t) : "";

	return strncmp(name, "kptr", 4) == 0 || strcmp(name, "percpu_kptr") == 0 ||
			       strcmp(name, "uptr") == 0
		       ? "kernel pointer"
		       : NULL;
}

/* Depth and work are bounded: BTF may be made to go round in circles. */
static const char *
find_special(const struct btf *btf, uint32_t id, unsigned int depth, unsigned int *budget)
{
	const struct btf_type *t = skip_modifiers(btf, &id);
	const char *found = NULL;

	if (!t || depth == 0 || *budget == 0)
		return NULL;
	--*budget;
	switch (btf_kind(t)) {
	case BTF_KIND_PTR: return find_kptr(btf, t->type);
	case BTF_KIND_ARRAY: return find_special(btf, btf_array(t)->type, depth - 1, budget);
	case BTF_KIND_VAR: return find_special(btf, t->type, depth - 1, budget);
	case BTF_KIND_DATASEC:
		for (uint32_t i = 0; !found && i < btf_vlen(t); i++)
			found = find_special(btf, btf_var_secinfos(t)[i].type, depth - 1, budget);
		return found;
	case BTF_KIND_STRUCT:
	case BTF_KIND_UNION:
		found = special_name(name_of(btf, t));
		for (uint32_t i = 0; !found && i < btf_vlen(t); i++)
			found = find_special(btf, btf_members(t)[i].type, depth - 1, budget);
		return found;
	default: return NULL;
	}
}

const char *
xv_map_special_field(const struct xb_verify_env *env, const struct xb_map_def *map)
{
	unsigned int budget = 100000;
	const char *found;

	if (!env->opts->btf || !map->btf_value_type_id)
		return NULL;
	found = find_special(env->opts->btf, map->btf_value_type_id, 32, &budget);
	return found ? found : budget == 0 ? "type too large to look through" : NULL;
}
