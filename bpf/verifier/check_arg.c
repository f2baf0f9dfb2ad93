/* SPDX-License-Identifier: BSD-2-Clause */
/* Arguments of helpers: is the register what the prototype asks for, and the memory behind it? */
#include "bpf/verifier/helper_proto.h"

#include <errno.h>
#include <string.h>

/* ---- memory of a size ---- */

int
xv_check_helper_mem(struct xb_verify_env *env, unsigned int regno, int size, bool is_write,
	bool zero_ok, struct xv_raw *raw)
{
	const struct xb_reg_state *reg = xv_reg(env, regno);
	int err;

	switch (xb_reg_kind(reg)) {
	case XB_PTR_PACKET:
	case XB_PTR_PACKET_META: return xv_check_packet(env, regno, reg->off, size, zero_ok);
	case XB_PTR_MAP_VALUE:
		err = xv_check_map_rights(env, regno, reg->off, size, is_write);
		return err ? err : xv_check_map_value(env, regno, reg->off, size, zero_ok);
	case XB_PTR_MEM:
		if (is_write && (reg->type & XB_MEM_RDONLY)) {
			xv_say(env, "R%u cannot write into %s\n", regno, XV_TYPE(reg->type));
			return -EACCES;
		}
		return xv_check_region(env, regno, reg->off, size, reg->mem_size, zero_ok);
	case XB_PTR_STACK:
		return xv_check_stack_range(env, regno, reg->off, size, zero_ok, true, raw);
	default: break;
	}
	if (zero_ok && size == 0 && xv_is_null(reg))
		return 0;
	xv_say(env, "R%u type=%s expected=%s\n", regno, XV_TYPE(reg->type), XV_TYPE(XB_PTR_STACK));
	return -EACCES;
}

/* ---- kinds of pointers ---- */

#define TYPES_MAX 10
static const uint32_t mem_types[TYPES_MAX] = { XB_PTR_STACK, XB_PTR_PACKET, XB_PTR_PACKET_META,
	XB_PTR_MAP_KEY, XB_PTR_MAP_VALUE, XB_PTR_MEM, XB_PTR_MEM | XB_MEM_RINGBUF, XB_PTR_BUF,
	XB_PTR_BTF_ID | XB_TRUSTED };
static const uint32_t scalar_types[TYPES_MAX] = { XB_SCALAR };
static const uint32_t map_types[TYPES_MAX] = { XB_PTR_MAP };
static const uint32_t ctx_types[TYPES_MAX] = { XB_PTR_CTX };
static const uint32_t sock_types[TYPES_MAX] = { XB_PTR_SOCK_COMMON, XB_PTR_SOCKET, XB_PTR_TCP_SOCK,
	XB_PTR_XDP_SOCK };
static const uint32_t btf_sock_types[TYPES_MAX] = { XB_PTR_SOCK_COMMON, XB_PTR_SOCKET,
	XB_PTR_TCP_SOCK, XB_PTR_XDP_SOCK, XB_PTR_BTF_ID, XB_PTR_BTF_ID | XB_TRUSTED };
static const uint32_t ringbuf_types[TYPES_MAX] = { XB_PTR_MEM | XB_MEM_RINGBUF };
static const uint32_t str_types[TYPES_MAX] = { XB_PTR_MAP_VALUE };

static const uint32_t *const types_of[XV_ARG_CNT] = {
	[XV_ARG_CTX] = ctx_types,
	[XV_ARG_MAP] = map_types,
	[XV_ARG_KEY] = mem_types,
	[XV_ARG_VALUE] = mem_types,
	[XV_ARG_MEM] = mem_types,
	[XV_ARG_SIZE] = scalar_types,
	[XV_ARG_SIZE0] = scalar_types,
	[XV_ARG_ALLOC_SIZE0] = scalar_types,
	[XV_ARG_SOCK_COMMON] = sock_types,
	[XV_ARG_BTF_SOCK] = btf_sock_types,
	[XV_ARG_RINGBUF] = ringbuf_types,
	[XV_ARG_CONST_STR] = str_types,
};

static int
check_type(struct xb_verify_env *env, unsigned int regno, uint32_t arg)
{
	const uint32_t *types = types_of[arg & XV_ARG_KIND];
	uint32_t type = xv_reg(env, regno)->type;

	if (arg & XV_ARG_RDONLY)
		type &= ~XB_MEM_RDONLY;
	if (arg & XV_ARG_NULLABLE)
		type &= ~XB_MAYBE_NULL;
	for (unsigned int i = 0; i < TYPES_MAX && types[i] != XB_NOT_INIT; i++)
		if (types[i] == type)
			return 0;
	xv_say(env, "R%u type=%s expected=", regno, XV_TYPE(xv_reg(env, regno)->type));
	for (unsigned int i = 0; i < TYPES_MAX && types[i] != XB_NOT_INIT; i++)
		xv_say(env, "%s%s", i ? ", " : "", XV_TYPE(types[i]));
	xv_say(env, "\n");
	return -EACCES;
}

int
xv_check_arg_off(struct xb_verify_env *env, const struct xb_reg_state *reg, unsigned int regno,
	bool is_release)
{
	if (is_release) {
		if (reg->off) {
			xv_say(env,
				"R%u must have zero offset when passed to release func or trusted "
				"arg to kfunc\n",
				regno);
			return -EINVAL;
		}
		return xv_check_unmodified(env, reg, regno, false);
	}
	switch (reg->type) {
	case XB_SCALAR:
	case XB_PTR_STACK:
	case XB_PTR_PACKET:
	case XB_PTR_PACKET_META:
	case XB_PTR_MAP_VALUE:
	case XB_PTR_MEM:
	case XB_PTR_MEM | XB_MEM_RDONLY:
	case XB_PTR_MEM | XB_MEM_RINGBUF: return 0;
	default: return xv_check_unmodified(env, reg, regno, false);
	}
}

/* ---- one function for each kind ---- */

static int
arg_map(struct xb_verify_env *env, struct xv_call *call, unsigned int regno, uint32_t arg)
{
	(void)arg;
	call->map = xv_reg(env, regno)->map;
	return 0;
}

static int
arg_key(struct xb_verify_env *env, struct xv_call *call, unsigned int regno, uint32_t arg)
{
	(void)arg;
	return xv_check_helper_mem(env, regno, (int)call->map->key_size, false, false, NULL);
}

static int
arg_value(struct xb_verify_env *env, struct xv_call *call, unsigned int regno, uint32_t arg)
{
	call->raw.is_wanted = arg & XV_ARG_UNINIT;
	return xv_check_helper_mem(
		env, regno, (int)call->map->value_size, arg & XV_ARG_WRITE, false, &call->raw);
}

static int
arg_mem(struct xb_verify_env *env, struct xv_call *call, unsigned int regno, uint32_t arg)
{
	int size = (int)(arg >> XV_ARG_SIZE_SHIFT), err;

	call->raw.is_wanted = arg & XV_ARG_UNINIT;
	if (!(arg & XV_ARG_FIXED)) /* the size comes next */
		return 0;
	err = xv_check_helper_mem(env, regno, size, arg & XV_ARG_WRITE, false, &call->raw);
	if (!err && (arg & XV_ARG_ALIGNED))
		err = xv_check_alignment(env, xv_reg(env, regno), 0, size, true);
	return err;
}

static int
arg_size(struct xb_verify_env *env, struct xv_call *call, unsigned int regno, uint32_t arg)
{
	const struct xb_reg_state *reg = xv_reg(env, regno);
	bool zero_ok = (arg & XV_ARG_KIND) == XV_ARG_SIZE0;
	bool is_write = call->proto->arg[regno - 2] & XV_ARG_WRITE;
	struct xv_raw *raw = xb_tnum_is_const(reg->var_off) ? &call->raw : NULL;
	int err;

	call->max_size = reg->umax;
	if (reg->smin < 0) {
		xv_say(env, "R%u min value is negative, either use unsigned or 'var &= const'\n",
			regno);
		return -EACCES;
	}
	if (reg->umin == 0 && !zero_ok) {
		xv_say(env, "R%u invalid zero-sized read: u64=[%lld,%lld]\n", regno,
			(long long)reg->umin, (long long)reg->umax);
		return -EACCES;
	}
	if (reg->umax >= XV_MAX_VAR_OFF) {
		xv_say(env,
			"R%u unbounded memory access, use 'var &= const' or 'if (var < const)'\n",
			regno);
		return -EACCES;
	}
	err = xv_check_helper_mem(env, regno - 1, (int)reg->umax, is_write, zero_ok, raw);
	return err ? err : xv_need_precise(env, regno);
}

static int
arg_alloc_size(struct xb_verify_env *env, struct xv_call *call, unsigned int regno, uint32_t arg)
{
	const struct xb_reg_state *reg = xv_reg(env, regno);

	(void)arg;
	if (!xb_tnum_is_const(reg->var_off)) {
		xv_say(env, "R%u is not a known constant'\n", regno);
		return -EACCES;
	}
	call->mem_size = (uint32_t)reg->var_off.value;
	return xv_need_precise(env, regno);
}

static int
arg_const_str(struct xb_verify_env *env, struct xv_call *call, unsigned int regno, uint32_t arg)
{
	const struct xb_reg_state *reg = xv_reg(env, regno);
	const struct xb_map_def *map = reg->map;
	const char *text;
	int64_t at;
	int err;

	(void)arg;
	(void)call;
	if (!xv_map_is_constant(map)) {
		xv_say(env, "R%u does not point to a readonly map'\n", regno);
		return -EACCES;
	}
	if (!xb_tnum_is_const(reg->var_off)) {
		xv_say(env, "R%u is not a constant address'\n", regno);
		return -EACCES;
	}
	err = xv_check_map_value(env, regno, reg->off, (int)map->value_size - reg->off, false);
	if (err)
		return err;
	at = reg->off + (int64_t)reg->var_off.value;
	text = (const char *)map->contents + at;
	if (map->contents && !memchr(text, 0, map->value_size - (size_t)at)) {
		xv_say(env, "string is not zero-terminated\n");
		return -EINVAL;
	}
	return 0;
}

typedef int (*arg_fn)(
	struct xb_verify_env *env, struct xv_call *call, unsigned int regno, uint32_t arg);

static const arg_fn checks[XV_ARG_CNT] = {
	[XV_ARG_MAP] = arg_map,
	[XV_ARG_KEY] = arg_key,
	[XV_ARG_VALUE] = arg_value,
	[XV_ARG_MEM] = arg_mem,
	[XV_ARG_SIZE] = arg_size,
	[XV_ARG_SIZE0] = arg_size,
	[XV_ARG_ALLOC_SIZE0] = arg_alloc_size,
	[XV_ARG_CONST_STR] = arg_const_str,
};

/* Some maps have other values than bytes. */
static uint32_t
value_arg(const struct xv_call *call, uint32_t arg)
{
	switch (call->map->type) {
	case BPF_MAP_TYPE_SOCKMAP:
	case BPF_MAP_TYPE_SOCKHASH: return XV_ARG_BTF_SOCK;
	case BPF_MAP_TYPE_BLOOM_FILTER:
		return call->id == BPF_FUNC_map_peek_elem ? XV_ARG_VALUE : arg;
	default: return arg;
	}
}

static int
check_reference(struct xb_verify_env *env, struct xv_call *call, unsigned int regno, uint32_t arg)
{
	const struct xb_reg_state *reg = xv_reg(env, regno);

	if (arg & XV_ARG_RELEASE) {
		if (!reg->ref_obj_id && !xv_is_null(reg)) {
			xv_say(env, "R%u must be referenced when passed to release function\n",
				regno);
			return -EINVAL;
		}
		call->release_regno = regno;
	}
	if (reg->ref_obj_id && call->ref_obj_id) {
		xv_say(env,
			"verifier internal error: more than one arg with ref_obj_id R%u %u %u\n",
			regno, reg->ref_obj_id, call->ref_obj_id);
		return -EFAULT;
	}
	if (reg->ref_obj_id)
		call->ref_obj_id = reg->ref_obj_id;
	return 0;
}

int
xv_check_arg(struct xb_verify_env *env, struct xv_call *call, unsigned int i)
{
	uint32_t arg = call->proto->arg[i];
	unsigned int regno = i + 1;
	const struct xb_reg_state *reg = xv_reg(env, regno);
	int err;

	if (arg == XV_ARG_NONE)
		return 0;
	err = xv_use_reg(env, regno, XV_SRC);
	if (err || arg == XV_ARG_ANYTHING)
		return err;
	if (xv_is_packet(reg) && !(call->proto->flags & XV_HELPER_PKT)) {
		xv_say(env, "helper access to the packet is not allowed\n");
		return -EACCES;
	}
	if ((arg & XV_ARG_KIND) == XV_ARG_VALUE)
		arg = value_arg(call, arg);
	if (xv_is_null(reg) && (arg & XV_ARG_NULLABLE)) {
		err = xv_need_precise(env, regno);
	} else {
		err = check_type(env, regno, arg);
		if (!err)
			err = xv_check_arg_off(env, reg, regno, arg & XV_ARG_RELEASE);
	}
	if (!err)
		err = check_reference(env, call, regno, arg);
	if (err || !checks[arg & XV_ARG_KIND])
		return err;
	return checks[arg & XV_ARG_KIND](env, call, regno, arg);
}
