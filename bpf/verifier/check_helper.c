/* SPDX-License-Identifier: BSD-2-Clause */
/* Calls of helpers: may this program make them, are the arguments right, what do they leave? */
#include "bpf/verifier/helper_proto.h"

#include <errno.h>
#include <string.h>

/* Worker numbers are below it (RTE_MAX_LCORE); the kernel takes the machine's number of CPUs. */
#define MAX_CPUS 128

/* ---- the table ---- */

#define PKT XV_HELPER_PKT
#define SIZE_BITS(n) ((uint32_t)(n) << XV_ARG_SIZE_SHIFT)
/* Words of protos.def that are not this file's own constants. */
enum {
	NONE = XV_ARG_NONE,
	ANYTHING = XV_ARG_ANYTHING,
	CTX = XV_ARG_CTX,
	MAP = XV_ARG_MAP,
	KEY = XV_ARG_KEY,
	VALUE = XV_ARG_VALUE,
	MEM = XV_ARG_MEM,
	SIZE = XV_ARG_SIZE,
	SIZE0 = XV_ARG_SIZE0,
	ALLOC_SIZE0 = XV_ARG_ALLOC_SIZE0,
	SOCK_COMMON = XV_ARG_SOCK_COMMON,
	BTF_SOCK = XV_ARG_BTF_SOCK,
	RINGBUF = XV_ARG_RINGBUF,
	CONST_STR = XV_ARG_CONST_STR,
	NULLABLE = XV_ARG_NULLABLE,
	RDONLY = XV_ARG_RDONLY,
	WRITE = XV_ARG_WRITE,
	UNINIT = XV_ARG_UNINIT,
	FIXED = XV_ARG_FIXED,
	ALIGNED = XV_ARG_ALIGNED,
	RELEASE = XV_ARG_RELEASE,
};

/* Numbers by name: headers of this machine may be older than 6.12. */
enum {
#define KNOWN(id, name, ...) ID_##name = (id),
#define HELPER(id, name, ...) ID_##name = (id),
#include "bpf/helpers.def"
#undef KNOWN
#undef HELPER
	ID_CNT = ID_cgrp_storage_delete + 1, /* __BPF_FUNC_MAX_ID of 6.12 */
};

#define MAP_ONLY(map, helper)
#define HELPER_ONLY(helper, map)
static const struct xv_proto protos[ID_CNT] = {
#define PROTO(name, flag, result, a1, a2, a3, a4, a5)                                              \
	[ID_##name] = {                                                                            \
		.is_row = true,                                                                    \
		.flags = (flag),                                                                   \
		.ret = XV_RET_##result,                                                            \
		.arg = { a1, a2, a3, a4, a5 },                                                     \
	},
#define REFUSED(name, what) [ID_##name] = { .is_row = true, .refused = (what) },
#include "bpf/verifier/protos.def"
#undef PROTO
#undef REFUSED
};
#undef MAP_ONLY
#undef HELPER_ONLY

#define PROTO(...)
#define REFUSED(...)
static const struct {
	uint32_t map;
	int32_t helper;
} map_only[] = {
#define HELPER_ONLY(func, type)
#define MAP_ONLY(type, func) { BPF_MAP_TYPE_##type, ID_##func },
#include "bpf/verifier/protos.def"
#undef HELPER_ONLY
#undef MAP_ONLY
}, helper_only[] = {
#define MAP_ONLY(type, func)
#define HELPER_ONLY(func, type) { BPF_MAP_TYPE_##type, ID_##func },
#include "bpf/verifier/protos.def"
#undef HELPER_ONLY
#undef MAP_ONLY
};
#undef PROTO
#undef REFUSED

const struct xv_proto *
xv_proto_of(int32_t id)
{
	return id >= 0 && id < ID_CNT && protos[id].is_row ? &protos[id] : NULL;
}

static bool
may_call(const struct xb_verify_env *env, const struct xb_helper *helper)
{
	return env->opts->type == BPF_PROG_TYPE_XDP ? helper->xdp : helper->tc;
}

const char *
xv_helper_name(int32_t id)
{
	const struct xb_helper *helper = xb_helper_by_id(id);

	return helper ? helper->name : id == 0 ? "bpf_unspec" : "unknown";
}

bool
xv_helper_changes_packet(const struct xb_verify_env *env, int32_t id)
{
	const struct xb_helper *helper = xb_helper_by_id(id);

	(void)env;
	return helper && helper->changes_packet;
}

/* ---- maps and helpers that do not go together ---- */

static bool
is_compatible(const struct xb_map_def *map, int32_t id)
{
	bool is_map_ok = true, is_helper_ok = true;

	for (size_t i = 0; i < ARRAY_SIZE(map_only); i++) {
		if (map_only[i].map != map->type)
			continue;
		is_map_ok = map_only[i].helper == id;
		if (is_map_ok)
			break;
	}
	for (size_t i = 0; i < ARRAY_SIZE(helper_only); i++) {
		if (helper_only[i].helper != id)
			continue;
		is_helper_ok = helper_only[i].map == map->type;
		if (is_helper_ok)
			break;
	}
	return is_map_ok && is_helper_ok;
}

static int
check_compatible(struct xb_verify_env *env, const struct xv_call *call)
{
	if (!call->map || is_compatible(call->map, call->id))
		return 0;
	xv_say(env, "cannot pass map_type %d into func %s#%d\n", (int)call->map->type,
		xv_helper_name(call->id), call->id);
	return -EINVAL;
}

static int
check_map_write(struct xb_verify_env *env, const struct xv_call *call)
{
	switch (call->id) {
	case BPF_FUNC_map_delete_elem:
	case BPF_FUNC_map_update_elem:
	case BPF_FUNC_map_push_elem:
	case BPF_FUNC_map_pop_elem: break;
	default: return 0;
	}
	if (!xv_is_map_readonly(call->map))
		return 0;
	xv_say(env, "write into map forbidden\n");
	return -EACCES;
}

/* ---- before and after ---- */

static int
check_allowed(struct xb_verify_env *env, int32_t id, const struct xv_proto **proto)
{
	const struct xb_helper *helper = xb_helper_by_id(id);

	if (id < 0 || id >= ID_CNT) {
		xv_say(env, "invalid func %s#%d\n", xv_helper_name(id), id);
		return -EINVAL;
	}
	*proto = xv_proto_of(id);
	if (!*proto || !helper || !may_call(env, helper)) {
		xv_say(env, "program of this type cannot use helper %s#%d\n", xv_helper_name(id),
			id);
		return -EINVAL;
	}
	if ((*proto)->refused)
		return xv_unsupported(
			env, "helper %s#%d: %s", xv_helper_name(id), id, (*proto)->refused);
	if (!env->opts->gpl_compatible && helper->gpl_only) {
		xv_say(env,
			"cannot call GPL-restricted function from non-GPL compatible program\n");
		return -EINVAL;
	}
	return 0;
}

static int
check_tail_call(struct xb_verify_env *env, const struct xv_call *call)
{
	const struct xb_reg_state *key = xv_reg(env, 3);
	int err = 0;

	if (call->map->type != BPF_MAP_TYPE_PROG_ARRAY) {
		xv_say(env, "kernel subsystem misconfigured verifier\n");
		return -EINVAL;
	}
	if (xv_is_const(key) && key->var_off.value < call->map->max_entries)
		err = xv_need_precise(env, 3);
	if (!err && !env->cur->curframe)
		err = xv_check_refs_released(env);
	else
		return err;
	if (err)
		xv_say(env, "tail_call would lead to reference leak\n");
	return err;
}

/* Bytes that the helper fills, on a stack that need not be initialised. */
static int
write_raw(struct xb_verify_env *env, const struct xv_raw *raw)
{
	struct xv_access a = { .regno = raw->regno, .size = 1, .is_write = true, .value = -1 };
	int err = 0;

	for (; !err && a.off < raw->size; a.off++)
		err = xv_check_access(env, &a);
	return err;
}

static bool
is_of_ref(const struct xv_change *c, const struct xb_reg_state *reg)
{
	return reg->ref_obj_id == c->id;
}

static int
release(struct xb_verify_env *env, const struct xv_call *call)
{
	uint32_t id = call->ref_obj_id;
	const struct xv_change forget = { is_of_ref, xv_change_to_unknown, .id = id };

	if (!id && xv_is_null(xv_reg(env, call->release_regno)))
		return 0;
	if (!id || !xv_release_ref(env, env->cur, id)) {
		xv_say(env, "func %s#%d reference has not been acquired before\n",
			xv_helper_name(call->id), call->id);
		return -EINVAL;
	}
	return xv_each_reg(env, env->cur, &forget);
}

static bool
is_acquire(const struct xv_call *call)
{
	switch (call->id) {
	case BPF_FUNC_sk_lookup_tcp:
	case BPF_FUNC_sk_lookup_udp:
	case BPF_FUNC_skc_lookup_tcp:
	case BPF_FUNC_ringbuf_reserve: return true;
	case BPF_FUNC_map_lookup_elem:
		return call->map->type == BPF_MAP_TYPE_SOCKMAP ||
		       call->map->type == BPF_MAP_TYPE_SOCKHASH;
	default: return false;
	}
}

/* ---- the result ---- */

static void
bound_result(struct xb_reg_state *r0, const struct xv_call *call)
{
	switch (call->id) {
	case BPF_FUNC_get_smp_processor_id:
		r0->umax = r0->u32_max = MAX_CPUS - 1;
		r0->smax = r0->s32_max = MAX_CPUS - 1;
		r0->smin = r0->s32_min = 0;
		xv_bounds_sync(r0);
		break;
	case BPF_FUNC_probe_read_kernel_str:
	case BPF_FUNC_probe_read_user_str:
		r0->smax = (int64_t)call->max_size;
		r0->s32_max = (int32_t)call->max_size;
		r0->smin = r0->s32_min = -4095;
		xv_bounds_sync(r0);
		break;
	default: break;
	}
}

static int
set_result(struct xb_verify_env *env, const struct xv_call *call)
{
	static const uint32_t types[] = {
		[XV_RET_VALUE_OR_NULL] = XB_PTR_MAP_VALUE | XB_MAYBE_NULL,
		[XV_RET_SOCKET_OR_NULL] = XB_PTR_SOCKET | XB_MAYBE_NULL,
		[XV_RET_SOCK_COMMON_OR_NULL] = XB_PTR_SOCK_COMMON | XB_MAYBE_NULL,
		[XV_RET_TCP_SOCK_OR_NULL] = XB_PTR_TCP_SOCK | XB_MAYBE_NULL,
		[XV_RET_RINGBUF_OR_NULL] = XB_PTR_MEM | XB_MEM_RINGBUF | XB_MAYBE_NULL,
	};
	struct xb_reg_state *r0 = xv_reg(env, 0);
	uint8_t ret = call->proto->ret;

	r0->subreg_def = 0;
	if (ret == XV_RET_VOID)
		return 0;
	xv_set_reg_unknown(env, 0);
	if (ret == XV_RET_INTEGER) {
		bound_result(r0, call);
		return xv_check_bounds(env, r0, "retval");
	}
	xv_set_known(r0, 0);
	r0->type = types[ret];
	if (ret == XV_RET_VALUE_OR_NULL)
		r0->map = call->map;
	if (ret == XV_RET_RINGBUF_OR_NULL)
		r0->mem_size = call->mem_size;
	r0->id = ++env->id_gen;
	if (call->id == BPF_FUNC_tcp_sock || call->id == BPF_FUNC_sk_fullsock) {
		r0->ref_obj_id = call->ref_obj_id; /* the same socket */
	} else if (is_acquire(call)) {
		r0->id = r0->ref_obj_id = ++env->id_gen;
		return xv_acquire_ref(env, r0->id, (uint32_t)env->insn);
	}
	return 0;
}

int
xv_check_helper(struct xb_verify_env *env, const struct bpf_insn *insn)
{
	struct xv_call call = { .id = insn->imm };
	int err = check_allowed(env, insn->imm, &call.proto);

	for (unsigned int i = 0; !err && i < 5; i++)
		err = xv_check_arg(env, &call, i);
	if (!err)
		err = check_map_write(env, &call);
	if (!err && call.raw.size)
		err = write_raw(env, &call.raw);
	if (!err && call.release_regno)
		err = release(env, &call);
	if (!err && call.id == BPF_FUNC_tail_call)
		err = check_tail_call(env, &call);
	if (err)
		return err;
	xv_clobber_caller_saved(env, env->cur->curframe);
	err = set_result(env, &call);
	if (!err)
		err = check_compatible(env, &call);
	if (!err && xv_helper_changes_packet(env, call.id))
		err = xv_clear_packets(env, env->cur);
	return err;
}
