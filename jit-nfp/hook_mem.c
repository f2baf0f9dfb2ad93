/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Loads and stores: what kind of memory a pointer may be to, that it is the same on every path, and
 * how each word of a map's value is used (nfp-offload-rules.md 4.2, 4.3).
 */
#include "jit-nfp/internal.h"

/* ---- the stack: local memory, reached by constant offsets ---- */

static int
check_stack(const struct jit_visit *v, const struct xb_reg_state *reg)
{
	struct jit_insn *insn = v->insn;
	int32_t was, is;

	if (reg->frameno != xb_verify_frame(v->env))
		insn->flags |= JIT_F_CALLER_STACK;
	if (!xb_tnum_is_const(reg->var_off))
		return jit_tell(v, JIT_RULE_STACK_VARIABLE);
	if (insn->ptr.type == XB_NOT_INIT)
		return 0;
	was = (int32_t)jit_ptr_off(&insn->ptr);
	is = (int32_t)jit_ptr_off(reg);
	insn->ptr_not_const |= was != is;
	/* The remainder of C: -3 and 1 are not alike to the driver. */
	if (!insn->ptr_not_const || was % 4 == is % 4)
		return 0;
	return jit_tell(v, JIT_RULE_STACK_MOVED, was, is);
}

/* ---- a map's value ---- */

static int
use_word(const struct jit_visit *v, struct jit_map *map, uint32_t off, enum jit_map_use use)
{
	static const char *const names[] = { "unused", "read", "write", "atomic" };
	struct jit_map_word *word = &map->words[off / 4];
	int err = 0;

	if (word->use != JIT_USE_UNUSED && word->use != use)
		return jit_tell(v, JIT_RULE_MAP_USE_CONFLICT, names[word->use], names[use], off);
	if (use == JIT_USE_ATOMIC && word->nonzero)
		err = jit_tell(v, JIT_RULE_MAP_MAY_BE_NONZERO, off);
	if (err == 0)
		word->use = (uint8_t)use;
	return err;
}

static int
use_value(const struct jit_visit *v, const struct xb_reg_state *reg, enum jit_map_use use)
{
	struct jit_map *map = jit_map_of(v->prog, v->env, reg->map);
	uint32_t bytes = jit_access_bytes(v->insn);
	int64_t off = jit_ptr_off(reg) + v->insn->bpf.off;
	int err = 0;

	if (!xb_tnum_is_const(reg->var_off))
		return jit_tell(v, JIT_RULE_MAP_VARIABLE);
	/* Before the beginning, too, where the driver's sum of 32 bits may wrap: it would write
	 * past its table. */
	if (off < 0 || off + bytes > reg->map->value_size)
		return jit_tell(v, JIT_RULE_MAP_BOUNDS);
	for (uint32_t i = 0; !err && map && i < bytes; i += 4 - ((uint32_t)off + i) % 4)
		err = use_word(v, map, (uint32_t)off + i, use);
	return err;
}

static int
check_value(const struct jit_visit *v, const struct xb_reg_state *reg)
{
	if (jit_is_store(v->insn))
		return jit_tell(v, JIT_RULE_MAP_WRITE);
	return use_value(v, reg, jit_is_load(v->insn) ? JIT_USE_READ : JIT_USE_ATOMIC);
}

/* ---- the packet ---- */

/*
 * The driver takes two pointers for one when the last visit of each had the same id and offset
 * (opt_gather.c, opt_cache.c). That holds on all paths only when all visits agree on how they lie
 * to each other, which is noted here for quirks.
 */
static void
note_step(const struct jit_visit *v, const struct xb_reg_state *reg)
{
	struct jit_prog *prog = v->prog;
	struct jit_insn *insn = v->insn;
	const struct jit_insn *before = &prog->insns[prog->access_before];
	bool is_first = insn->ptr.type == XB_NOT_INIT, is_same = false;
	int32_t step = 0;

	if (prog->access_before != JIT_NONE && before->ptr.id == reg->id) {
		is_same = true;
		step = reg->off - before->ptr.off;
	}
	if (!is_first && (is_same != insn->is_same_packet || step != insn->step))
		insn->flags |= JIT_F_MOVES;
	insn->is_same_packet = is_same;
	insn->step = step;
	prog->access_before = (uint32_t)v->at;
}

/* ---- any pointer ---- */

static bool
is_memory(const struct xb_reg_state *reg)
{
	return reg->type == XB_PTR_CTX || reg->type == XB_PTR_STACK ||
	       reg->type == XB_PTR_MAP_VALUE || reg->type == XB_PTR_PACKET;
}

int
jit_check_ptr(const struct jit_visit *v, unsigned int regno)
{
	const struct xb_reg_state *reg = jit_reg(v, regno);
	struct xb_reg_state *was = &v->insn->ptr;
	int err = 0;

	if (!is_memory(reg))
		return jit_tell(v, JIT_RULE_PTR_KIND, reg->type);
	if (reg->type == XB_PTR_STACK)
		err = check_stack(v, reg);
	if (reg->type == XB_PTR_MAP_VALUE)
		err = check_value(v, reg);
	if (err == 0 && was->type != XB_NOT_INIT && was->type != reg->type)
		err = jit_tell(v, JIT_RULE_PTR_CHANGED, was->type, reg->type);
	if (err == 0 && reg->type == XB_PTR_PACKET)
		note_step(v, reg);
	if (err == 0)
		*was = *reg;
	return err;
}

int
jit_check_load(const struct jit_visit *v)
{
	return jit_check_ptr(v, v->insn->bpf.src_reg);
}

/* The one context field that can be written is where XDP puts the packet's queue. */
static int
check_context_store(const struct jit_visit *v)
{
	bool is_queue = v->prog->input.type == BPF_PROG_TYPE_XDP &&
			v->insn->bpf.off == offsetof(struct xdp_md, rx_queue_index);

	if (!is_queue)
		return jit_tell(v, JIT_RULE_CTX_STORE);
	if (!v->prog->input.card->has_queue_select)
		return jit_tell(v, JIT_RULE_QUEUE_SELECT);
	return jit_check_ptr(v, v->insn->bpf.dst_reg);
}

int
jit_check_store(const struct jit_visit *v)
{
	if (jit_reg(v, v->insn->bpf.dst_reg)->type == XB_PTR_CTX)
		return check_context_store(v);
	return jit_check_ptr(v, v->insn->bpf.dst_reg);
}
