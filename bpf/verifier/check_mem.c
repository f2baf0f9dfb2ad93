/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Loads and stores: may the program access this memory, and what does a load yield? One row of a
 * table for each kind of pointer; the stack is in check_stack.c, context fields in ctx.c.
 */
#include "bpf/verifier/env.h"

#include <errno.h>
#include <string.h>

/* ---- alignment: strict on the stack, where spills are tracked, and for atomics ---- */

static const char *
aligned_what(const struct xb_reg_state *reg)
{
	switch (reg->type) {
	case XB_PTR_MAP_VALUE: return "value ";
	case XB_PTR_CTX: return "context ";
	case XB_PTR_STACK: return "stack ";
	case XB_PTR_SOCKET: return "sock ";
	case XB_PTR_SOCK_COMMON: return "sock_common ";
	case XB_PTR_TCP_SOCK: return "tcp_sock ";
	case XB_PTR_XDP_SOCK: return "xdp_sock ";
	default: return "";
	}
}

int
xv_check_alignment(struct xb_verify_env *env, const struct xb_reg_state *reg, int off, int size,
	bool is_strict)
{
	const int ip_align = 2; /* NET_IP_ALIGN of the strictest machine */
	int shift = xv_is_packet(reg) ? ip_align : 0;
	struct xb_tnum at;

	if ((!is_strict && reg->type != XB_PTR_STACK) || size == 1)
		return 0;
	at = xb_tnum_add(reg->var_off, xb_tnum_const((uint64_t)((int64_t)shift + reg->off + off)));
	if (xb_tnum_is_aligned(at, (uint64_t)size))
		return 0;
	if (shift)
		xv_say(env, "misaligned packet access off %d+%s+%d+%d size %d\n", ip_align,
			XV_TNUM(reg->var_off), reg->off, off, size);
	else
		xv_say(env, "misaligned %saccess off %s+%d+%d size %d\n", aligned_what(reg),
			XV_TNUM(reg->var_off), reg->off, off, size);
	return -EACCES;
}

int
xv_check_unmodified(struct xb_verify_env *env, const struct xb_reg_state *reg, unsigned int regno,
	bool fixed_off_ok)
{
	if (reg->off < 0)
		xv_say(env, "negative offset %s ptr R%u off=%d disallowed\n", XV_TYPE(reg->type),
			regno, reg->off);
	else if (!fixed_off_ok && reg->off)
		xv_say(env, "dereference of modified %s ptr R%u off=%d disallowed\n",
			XV_TYPE(reg->type), regno, reg->off);
	else if (!xb_tnum_is_const(reg->var_off) || reg->var_off.value)
		xv_say(env, "variable %s access var_off=%s disallowed\n", XV_TYPE(reg->type),
			XV_TNUM(reg->var_off));
	else
		return 0;
	return -EACCES;
}

/* ---- regions of a known size ---- */

static int
check_fixed(struct xb_verify_env *env, unsigned int regno, int off, int size, uint32_t mem_size,
	bool zero_ok)
{
	const struct xb_reg_state *reg = xv_reg(env, regno);

	if (off >= 0 && (size > 0 || (size == 0 && zero_ok)) &&
		(uint64_t)off + (uint64_t)size <= mem_size)
		return 0;
	if (reg->type == XB_PTR_MAP_VALUE)
		xv_say(env, "invalid access to map value, value_size=%u off=%d size=%d\n", mem_size,
			off, size);
	else if (xv_is_packet_or_end(reg))
		xv_say(env, "invalid access to packet, off=%d size=%d, R%u(id=%u,off=%d,r=%u)\n",
			off, size, regno, reg->id, off, mem_size);
	else
		xv_say(env, "invalid access to memory, mem_size=%u off=%d size=%d\n", mem_size, off,
			size);
	return -EACCES;
}

static int
negative_min(struct xb_verify_env *env, unsigned int regno)
{
	xv_say(env,
		"R%u min value is negative, either use unsigned index or do a if (index >=0) "
		"check.\n",
		regno);
	return -EACCES;
}

int
xv_check_region(struct xb_verify_env *env, unsigned int regno, int off, int size, uint32_t mem_size,
	bool zero_ok)
{
	const struct xb_reg_state *reg = xv_reg(env, regno);
	int64_t least = (int64_t)((uint64_t)reg->smin + (uint64_t)(int64_t)off);
	int err;

	if (reg->smin < 0 && (reg->smin == INT64_MIN || least != (int32_t)least || least < 0))
		return negative_min(env, regno);
	err = check_fixed(env, regno, (int)least, size, mem_size, zero_ok);
	if (err) {
		xv_say(env, "R%u min value is outside of the allowed memory range\n", regno);
		return err;
	}
	if (reg->umax >= XV_MAX_VAR_OFF) {
		xv_say(env,
			"R%u unbounded memory access, make sure to bounds check any such access\n",
			regno);
		return -EACCES;
	}
	err = check_fixed(env, regno, (int)reg->umax + off, size, mem_size, zero_ok);
	if (err)
		xv_say(env, "R%u max value is outside of the allowed memory range\n", regno);
	return err;
}

/* devmap.c: a lookup gives the interface's own number, the kernel keeps programs from writing. */
bool
xv_is_map_readonly(const struct xb_map_def *map)
{
	return (map->flags & BPF_F_RDONLY_PROG) || map->frozen ||
	       map->type == BPF_MAP_TYPE_DEVMAP || map->type == BPF_MAP_TYPE_DEVMAP_HASH;
}

int
xv_check_map_rights(struct xb_verify_env *env, unsigned int regno, int off, int size, bool is_write)
{
	const struct xb_map_def *map = xv_reg(env, regno)->map;

	if (is_write && xv_is_map_readonly(map))
		xv_say(env, "write into map forbidden, value_size=%u off=%d size=%d\n",
			map->value_size, off, size);
	else if (!is_write && (map->flags & BPF_F_WRONLY_PROG))
		xv_say(env, "read from map forbidden, value_size=%u off=%d size=%d\n",
			map->value_size, off, size);
	else
		return 0;
	return -EACCES;
}

int
xv_check_map_value(struct xb_verify_env *env, unsigned int regno, int off, int size, bool zero_ok)
{
	/* Values with fields that may not be touched were refused by xv_prepare(). */
	return xv_check_region(env, regno, off, size, xv_reg(env, regno)->map->value_size, zero_ok);
}

int
xv_check_packet(struct xb_verify_env *env, unsigned int regno, int off, int size, bool zero_ok)
{
	const struct xb_reg_state *reg = xv_reg(env, regno);
	uint64_t last;
	int err = -EINVAL;

	if (reg->smin < 0)
		return negative_min(env, regno);
	if (reg->range >= 0)
		err = check_fixed(env, regno, off, size, (uint32_t)reg->range, zero_ok);
	if (err) {
		xv_say(env, "R%u offset is outside of the packet\n", regno);
		return err;
	}
	last = (uint64_t)off + reg->umax + (uint64_t)size - 1;
	if (env->facts.max_packet_offset < (uint32_t)last)
		env->facts.max_packet_offset = (uint32_t)last;
	return 0;
}

/* ---- one function for each kind of pointer ---- */

/* Nobody changes it: neither programs, nor, since it is frozen, anyone else. */
bool
xv_map_is_constant(const struct xb_map_def *map)
{
	return map->frozen && map->type == BPF_MAP_TYPE_ARRAY && map->max_entries == 1;
}

static void
load_unknown(struct xb_verify_env *env, const struct xv_access *a)
{
	if (!a->is_write && a->value >= 0)
		xv_set_reg_unknown(env, (unsigned int)a->value);
}

static int
access_map_value(struct xb_verify_env *env, const struct xv_access *a, int off)
{
	const struct xb_reg_state *reg = xv_reg(env, a->regno);
	const struct xb_map_def *map = reg->map;
	int err = xv_check_map_rights(env, a->regno, off, a->size, a->is_write);

	if (!err)
		err = xv_check_map_value(env, a->regno, off, a->size, false);
	if (err)
		return err;
	if (!a->is_write && a->value >= 0 && xb_tnum_is_const(reg->var_off) &&
		xv_map_is_constant(map)) {
		uint64_t v = 0;
		int shift = 64 - a->size * 8;

		if (map->contents)
			memcpy(&v, (const uint8_t *)map->contents + off + reg->var_off.value,
				(size_t)a->size);
		if (a->is_signed)
			v = (uint64_t)((int64_t)(v << shift) >> shift);
		xv_set_reg_known(env, (unsigned int)a->value, v);
		return 0;
	}
	load_unknown(env, a);
	return 0;
}

static int
cannot_write(struct xb_verify_env *env, const struct xv_access *a)
{
	xv_say(env, "R%u cannot write into %s\n", a->regno, XV_TYPE(xv_reg(env, a->regno)->type));
	return -EACCES;
}

static int
access_memory(struct xb_verify_env *env, const struct xv_access *a, int off)
{
	const struct xb_reg_state *reg = xv_reg(env, a->regno);
	int err;

	if (a->is_write && (reg->type & XB_MEM_RDONLY))
		return cannot_write(env, a);
	err = xv_check_region(env, a->regno, off, a->size, reg->mem_size, false);
	if (!err)
		load_unknown(env, a);
	return err;
}

static int
access_ctx(struct xb_verify_env *env, const struct xv_access *a, int off)
{
	uint32_t type = XB_SCALAR;
	struct xb_reg_state *dst;
	int err = xv_check_unmodified(env, xv_reg(env, a->regno), a->regno, false);

	if (err)
		return err;
	if (!xv_ctx_allows(env, off, a->size, a->is_write, a->is_signed, &type)) {
		xv_say(env, "invalid bpf_context access off=%d size=%d\n", off, a->size);
		return -EACCES;
	}
	env->facts.insns[env->insn].is_ctx_access = true;
	if (a->is_write || a->value < 0)
		return 0;
	if (type == XB_SCALAR) {
		load_unknown(env, a);
		return 0;
	}
	xv_set_reg_known(env, (unsigned int)a->value, 0);
	dst = xv_reg(env, (unsigned int)a->value);
	dst->type = type;
	dst->subreg_def = 0; /* 32 bits in the context stand for a pointer */
	if (type & XB_MAYBE_NULL)
		dst->id = ++env->id_gen;
	return 0;
}

static int
access_packet(struct xb_verify_env *env, const struct xv_access *a, int off)
{
	int err = xv_check_packet(env, a->regno, off, a->size, false);

	if (!err)
		load_unknown(env, a);
	return err;
}

static int
access_sock(struct xb_verify_env *env, const struct xv_access *a, int off)
{
	const struct xb_reg_state *reg = xv_reg(env, a->regno);

	if (a->is_write)
		return cannot_write(env, a);
	if (reg->smin < 0)
		return negative_min(env, a->regno);
	if (!xv_sock_allows(xb_reg_kind(reg), off, a->size)) {
		xv_say(env, "R%u invalid %s access off=%d size=%d\n", a->regno, XV_TYPE(reg->type),
			off, a->size);
		return -EACCES;
	}
	load_unknown(env, a);
	return 0;
}

/* The kernel's structure behind a map, as it names it. */
static const char *
map_struct_name(const struct xb_map_def *map)
{
	switch (map->type) {
	case BPF_MAP_TYPE_HASH:
	case BPF_MAP_TYPE_PERCPU_HASH:
	case BPF_MAP_TYPE_LRU_HASH:
	case BPF_MAP_TYPE_LRU_PERCPU_HASH:
	case BPF_MAP_TYPE_HASH_OF_MAPS: return "bpf_htab";
	case BPF_MAP_TYPE_LPM_TRIE: return "lpm_trie";
	case BPF_MAP_TYPE_DEVMAP:
	case BPF_MAP_TYPE_DEVMAP_HASH: return "bpf_dtab";
	case BPF_MAP_TYPE_CPUMAP: return "bpf_cpu_map";
	case BPF_MAP_TYPE_XSKMAP: return "xsk_map";
	case BPF_MAP_TYPE_QUEUE:
	case BPF_MAP_TYPE_STACK: return "bpf_queue_stack";
	case BPF_MAP_TYPE_RINGBUF: return "bpf_ringbuf_map";
	case BPF_MAP_TYPE_BLOOM_FILTER: return "bpf_bloom_filter";
	case BPF_MAP_TYPE_SOCKMAP: return "bpf_stab";
	case BPF_MAP_TYPE_SOCKHASH: return "bpf_shtab";
	default: return "bpf_array";
	}
}

static int
access_map(struct xb_verify_env *env, const struct xv_access *a, int off)
{
	const char *name = map_struct_name(xv_reg(env, a->regno)->map);

	if (off < 0)
		xv_say(env, "R%u is %s invalid negative access: off=%d\n", a->regno, name, off);
	else if (a->is_write)
		xv_say(env, "only read from %s is supported\n", name);
	else
		return xv_unsupported(env, "loads from a map's kernel structure");
	return -EACCES;
}

typedef int (*access_fn)(struct xb_verify_env *env, const struct xv_access *a, int off);

static access_fn
access_for(uint32_t type)
{
	switch (type) {
	case XB_PTR_CTX: return access_ctx;
	case XB_PTR_MAP: return access_map;
	case XB_PTR_MAP_VALUE: return access_map_value;
	case XB_PTR_STACK: return xv_check_stack;
	case XB_PTR_PACKET:
	case XB_PTR_PACKET_META: return access_packet;
	case XB_PTR_SOCKET:
	case XB_PTR_SOCK_COMMON:
	case XB_PTR_TCP_SOCK:
	case XB_PTR_XDP_SOCK: return access_sock;
	case XB_PTR_MEM:
	case XB_PTR_MEM | XB_MEM_RDONLY:
	case XB_PTR_MEM | XB_MEM_RINGBUF: return access_memory;
	default: return NULL;
	}
}

int
xv_check_access(struct xb_verify_env *env, const struct xv_access *a)
{
	const struct xb_reg_state *reg = xv_reg(env, a->regno);
	access_fn access = access_for(reg->type);
	int err = xv_check_alignment(env, reg, a->off, a->size, a->is_strict);

	if (err)
		return err;
	if (!access) {
		xv_say(env, "R%u invalid mem access '%s'\n", a->regno, XV_TYPE(reg->type));
		return -EACCES;
	}
	err = access(env, a, a->off + reg->off);
	if (err || a->is_write || a->value < 0 || a->size == 8)
		return err;
	reg = xv_reg(env, (unsigned int)a->value);
	if (reg->type == XB_SCALAR)
		(a->is_signed ? xv_sign_extend : xv_truncate)(
			xv_reg(env, (unsigned int)a->value), (unsigned int)a->size);
	return 0;
}

/* ---- instructions ---- */

int
xv_size_of(const struct bpf_insn *insn)
{
	switch (BPF_SIZE(insn->code)) {
	case BPF_B: return 1;
	case BPF_H: return 2;
	case BPF_W: return 4;
	default: return 8;
	}
}

bool
xv_may_be_mixed(uint32_t type)
{
	switch (type & XB_KIND_MASK) {
	case XB_PTR_CTX:
	case XB_PTR_SOCKET:
	case XB_PTR_SOCK_COMMON:
	case XB_PTR_TCP_SOCK:
	case XB_PTR_XDP_SOCK: return false;
	default: return true;
	}
}

/* Accesses of these are rewritten: an instruction cannot be one of them on one path only. */
int
xv_remember_type(struct xb_verify_env *env, uint32_t type)
{
	uint32_t *before = &env->aux[env->insn].ptr_type;

	if (*before == XB_NOT_INIT) {
		*before = type;
	} else if (*before != type && (!xv_may_be_mixed(type) || !xv_may_be_mixed(*before))) {
		xv_say(env, "same insn cannot be used with different pointers\n");
		return -EINVAL;
	}
	return 0;
}

int
xv_check_load(struct xb_verify_env *env, const struct bpf_insn *insn)
{
	struct xv_access a = { .regno = insn->src_reg,
		.off = insn->off,
		.size = xv_size_of(insn),
		.value = insn->dst_reg,
		.is_signed = BPF_MODE(insn->code) == BPF_MEMSX };
	uint32_t type;
	int err = xv_use_reg(env, insn->src_reg, XV_SRC);

	if (!err)
		err = xv_use_reg(env, insn->dst_reg, XV_DST_KEEP);
	if (err)
		return err;
	type = xv_reg(env, insn->src_reg)->type;
	err = xv_check_access(env, &a);
	if (!err)
		err = xv_remember_type(env, type);
	return err ? err : xv_check_bounds(env, xv_reg(env, insn->dst_reg), "ldx");
}

static int
check_store(struct xb_verify_env *env, const struct bpf_insn *insn, int value)
{
	struct xv_access a = { .regno = insn->dst_reg,
		.off = insn->off,
		.size = xv_size_of(insn),
		.is_write = true,
		.value = value };
	uint32_t type = xv_reg(env, insn->dst_reg)->type;
	int err = xv_check_access(env, &a);

	return err ? err : xv_remember_type(env, type);
}

int
xv_check_store(struct xb_verify_env *env, const struct bpf_insn *insn)
{
	int err;

	if (BPF_MODE(insn->code) != BPF_MEM || insn->imm) {
		xv_say(env, "BPF_STX uses reserved fields\n");
		return -EINVAL;
	}
	err = xv_use_reg(env, insn->src_reg, XV_SRC);
	if (!err)
		err = xv_use_reg(env, insn->dst_reg, XV_SRC);
	return err ? err : check_store(env, insn, insn->src_reg);
}

int
xv_check_store_imm(struct xb_verify_env *env, const struct bpf_insn *insn)
{
	int err;

	if (BPF_MODE(insn->code) != BPF_MEM || insn->src_reg) {
		xv_say(env, "BPF_ST uses reserved fields\n");
		return -EINVAL;
	}
	err = xv_use_reg(env, insn->dst_reg, XV_SRC);
	return err ? err : check_store(env, insn, -1);
}
