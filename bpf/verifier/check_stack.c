/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The stack: eight-byte slots that remember what was spilled into them, or byte by byte whether
 * they hold zero, something, or nothing yet. Rules of kernel/bpf/verifier.c
 * (check_stack_write_fixed_off and its neighbours) for a privileged loader.
 */
#include "bpf/verifier/env.h"

#include <errno.h>
#include <string.h>

/* Where in the stack: off is negative, -1 the topmost byte. */
static uint32_t
slot_of(int64_t off)
{
	return (uint32_t)(-off - 1) / 8;
}

static unsigned int
byte_of(int64_t off)
{
	return (unsigned int)(-off - 1) % 8;
}

static struct xv_frame *
frame_of(struct xb_verify_env *env, unsigned int regno)
{
	return &env->cur->frame[xv_reg(env, regno)->frameno];
}

static uint32_t
frameno_of(const struct xb_verify_env *env, const struct xv_frame *fr)
{
	return (uint32_t)(fr - env->cur->frame);
}

static void
touch(struct xb_verify_env *env, uint32_t slot)
{
	env->touched_slots |= UINT64_C(1) << slot;
}

static int
remember_access(struct xb_verify_env *env, const struct xv_frame *fr, uint32_t slot)
{
	return xv_push_hist(env,
		(uint16_t)(XV_HIST_STACK | slot << XV_HIST_SLOT_SHIFT | frameno_of(env, fr)), NULL);
}

/* ---- bounds ---- */

static int
check_bounds(struct xb_verify_env *env, unsigned int regno, int off, int size, const char *what)
{
	const struct xb_reg_state *reg = xv_reg(env, regno);
	bool is_fixed = xb_tnum_is_const(reg->var_off);
	int64_t min = reg->smin + off, max = reg->smax + off + size;
	int err = 0;

	if (is_fixed) {
		min = (int64_t)reg->var_off.value + off;
		max = min + size;
	} else if (reg->smax >= XV_MAX_VAR_OFF || reg->smin <= -XV_MAX_VAR_OFF) {
		xv_say(env, "invalid unbounded variable-offset%s stack R%u\n", what, regno);
		return -EACCES;
	}
	if (min < -XV_STACK_MAX || min > -1)
		err = -EACCES;
	else if (max > 0)
		err = -EINVAL;
	else if (size < 0)
		err = -EFAULT;
	if (!err)
		return xv_stack_grow(env, frame_of(env, regno), -min);
	if (is_fixed)
		xv_say(env, "invalid%s stack R%u off=%d size=%d\n", what, regno, off, size);
	else
		xv_say(env, "invalid variable-offset%s stack R%u var_off=%s off=%d size=%d\n", what,
			regno, XV_TNUM(reg->var_off), off, size);
	return err;
}

/* ---- stores ---- */

/* A register, or a constant, into the low `size` bytes of a slot. */
static int
spill(struct xb_verify_env *env, struct xv_frame *fr, uint32_t slot, const struct xb_reg_state *reg,
	bool is_precise, int size)
{
	struct xv_slot *s = &fr->stack->slot[slot];
	uint64_t bit = UINT64_C(1) << slot;
	struct xb_reg_state *to = xv_own_spill(env, s);

	if (!to)
		return -ENOMEM;
	*to = *reg;
	fr->slot_precise = is_precise ? fr->slot_precise | bit : fr->slot_precise & ~bit;
	if (size == 8)
		fr->slot_written |= bit;
	for (int i = 7; i >= 0; i--) {
		if (i > 7 - size)
			s->type[i] = XB_SLOT_SPILL;
		else if (s->type[i] == XB_SLOT_SPILL)
			s->type[i] = XB_SLOT_MISC;
	}
	return 0;
}

/* What was spilled here is overwritten in part. */
static void
scrub(struct xb_verify_env *env, struct xv_slot *s)
{
	if (!xv_is_spill(s))
		return;
	for (unsigned int i = 0; i < 8; i++)
		if (s->type[i] != XB_SLOT_INVALID)
			s->type[i] = XB_SLOT_MISC;
	xv_drop_spill(env, s);
}

static int
write_bytes(struct xb_verify_env *env, struct xv_frame *fr, int off, const struct xv_access *a,
	bool is_zero)
{
	struct xv_slot *s = &fr->stack->slot[slot_of(off)];
	uint8_t type = XB_SLOT_MISC;

	scrub(env, s);
	if (a->size == 8)
		fr->slot_written |= UINT64_C(1) << slot_of(off);
	if (is_zero) {
		/* Zero bytes are not tracked back to where they came from. */
		int err = a->value >= 0 ? xv_need_precise(env, (unsigned int)a->value) : 0;

		if (err)
			return err;
		type = XB_SLOT_ZERO;
	}
	for (int i = 0; i < a->size; i++)
		s->type[byte_of(off + i)] = type;
	return 0;
}

static bool
is_spillable(const struct xb_reg_state *reg)
{
	return reg->type != XB_SCALAR && reg->type != XB_NOT_INIT;
}

static int
spill_scalar(struct xb_verify_env *env, struct xv_frame *fr, int off, const struct xv_access *a)
{
	struct xb_reg_state *reg = xv_reg(env, (unsigned int)a->value);
	bool is_whole = xv_width(reg) <= 8 * (unsigned int)a->size;
	int err;

	if (is_whole)
		xv_link_scalar(env, reg);
	err = spill(env, fr, slot_of(off), reg, xv_cur(env)->precise >> a->value & 1, a->size);
	if (!err && !is_whole)
		fr->stack->slot[slot_of(off)].spill->r.id = 0;
	return err ? err : remember_access(env, fr, slot_of(off));
}

static int
spill_imm(struct xb_verify_env *env, struct xv_frame *fr, int off, const struct xv_access *a)
{
	struct xb_reg_state imm = { .type = XB_SCALAR };
	int err;

	xv_set_known(&imm, (uint64_t)(int64_t)env->insns[env->insn].imm);
	err = spill(env, fr, slot_of(off), &imm, false, a->size);
	return err ? err : remember_access(env, fr, slot_of(off));
}

static int
spill_pointer(struct xb_verify_env *env, struct xv_frame *fr, int off, const struct xv_access *a)
{
	const struct xb_reg_state *reg = xv_reg(env, (unsigned int)a->value);
	int err;

	if (a->size != 8) {
		xv_say(env, "invalid size of register spill\n");
		return -EACCES;
	}
	if (fr != xv_cur(env) && reg->type == XB_PTR_STACK) {
		xv_say(env, "cannot spill pointers to stack into stack frame of the caller\n");
		return -EINVAL;
	}
	err = spill(env, fr, slot_of(off), reg, false, 8);
	return err ? err : remember_access(env, fr, slot_of(off));
}

static bool
is_store_imm(const struct xb_verify_env *env)
{
	const struct bpf_insn *insn = &env->insns[env->insn];

	return BPF_CLASS(insn->code) == BPF_ST && BPF_MODE(insn->code) == BPF_MEM;
}

static bool
is_zero_stored(struct xb_verify_env *env, const struct xv_access *a)
{
	if (a->value >= 0)
		return xv_is_null(xv_reg(env, (unsigned int)a->value));
	return is_store_imm(env) && env->insns[env->insn].imm == 0;
}

static int
write_fixed(struct xb_verify_env *env, const struct xv_access *a, int off)
{
	struct xv_frame *fr = frame_of(env, a->regno);
	const struct xb_reg_state *reg = a->value >= 0 ? xv_reg(env, (unsigned int)a->value) : NULL;
	bool is_at_slot = off % 8 == 0;

	if (!xv_own_stack(env, fr))
		return -ENOMEM;
	touch(env, slot_of(off));
	if (reg && is_at_slot && reg->type == XB_SCALAR)
		return spill_scalar(env, fr, off, a);
	if (!reg && is_at_slot && is_store_imm(env))
		return spill_imm(env, fr, off, a);
	if (reg && is_spillable(reg))
		return spill_pointer(env, fr, off, a);
	return write_bytes(env, fr, off, a, is_zero_stored(env, a));
}

/* Somewhere in a range: each byte may have been written, none is known to be. */
static int
write_variable(struct xb_verify_env *env, const struct xv_access *a, int off)
{
	const struct xb_reg_state *ptr = xv_reg(env, a->regno);
	struct xv_frame *fr = frame_of(env, a->regno);
	int64_t min = ptr->smin + off, max = ptr->smax + off + a->size;
	bool is_zero = is_zero_stored(env, a), is_zero_used = false;

	if (!xv_own_stack(env, fr))
		return -ENOMEM;
	for (int64_t i = min; i < max; i++) {
		struct xv_slot *s = &fr->stack->slot[slot_of(i)];
		uint8_t *type = &s->type[byte_of(i)];

		touch(env, slot_of(i));
		if (is_zero && *type == XB_SLOT_SPILL && xv_is_scalar_spill(s) &&
			xv_is_null(&s->spill->r)) {
			is_zero_used = true;
			continue;
		}
		scrub(env, s);
		if (is_zero && *type == XB_SLOT_ZERO)
			is_zero_used = true;
		else
			*type = XB_SLOT_MISC;
	}
	if (is_zero_used && a->value >= 0)
		return xv_need_precise(env, (unsigned int)a->value);
	return 0;
}

/* ---- loads ---- */

static bool
are_zero(const struct xv_frame *fr, int64_t min, int64_t max)
{
	for (int64_t i = min; i < max; i++)
		if (fr->stack->slot[slot_of(i)].type[byte_of(i)] != XB_SLOT_ZERO)
			return false;
	return true;
}

static void
load_bytes(struct xb_verify_env *env, const struct xv_frame *fr, int64_t min, int64_t max, int dst)
{
	unsigned int n = (unsigned int)dst;

	for (int64_t i = min; i < max; i++)
		touch(env, slot_of(i));
	if (are_zero(fr, min, max))
		xv_set_reg_known(env, n, 0);
	else
		xv_set_reg_unknown(env, n);
	xv_cur(env)->written |= (uint16_t)(1u << n);
}

/* The register as it was spilled. */
static void
fill(struct xb_verify_env *env, const struct xv_frame *fr, uint32_t slot, unsigned int dst)
{
	struct xv_frame *cur = xv_cur(env);
	uint16_t bit = (uint16_t)(1u << dst);

	*xv_reg(env, dst) = fr->stack->slot[slot].spill->r;
	cur->precise =
		(uint16_t)(fr->slot_precise >> slot & 1 ? cur->precise | bit : cur->precise & ~bit);
	cur->written |= bit;
}

/* Some of the bytes of a spilled scalar. *is_fill: the register comes from the slot. */
static void
fill_narrow(struct xb_verify_env *env, const struct xv_frame *fr, const struct xv_access *a,
	int off, int spilled, bool *is_fill)
{
	const struct xv_slot *s = &fr->stack->slot[slot_of(off)];
	unsigned int dst = (unsigned int)a->value;
	int from_spill = 0, zero = 0;

	*is_fill = true;
	/* The low bytes of what was spilled, of a little-endian machine. */
	if (a->size <= spilled && off % 8 == 0) {
		int32_t subreg_def = xv_reg(env, dst)->subreg_def;

		fill(env, fr, slot_of(off), dst);
		xv_reg(env, dst)->subreg_def = subreg_def;
		if (xv_width(&s->spill->r) > 8 * (unsigned int)a->size)
			xv_forget_id(xv_reg(env, dst));
		return;
	}
	for (int i = 0; i < a->size; i++) {
		from_spill += s->type[byte_of(off + i)] == XB_SLOT_SPILL;
		zero += s->type[byte_of(off + i)] == XB_SLOT_ZERO;
	}
	if (from_spill == a->size && xv_is_null(&s->spill->r)) {
		xv_set_reg_known(env, dst, 0);
	} else {
		*is_fill = false;
		if (zero == a->size)
			xv_set_reg_known(env, dst, 0);
		else
			xv_set_reg_unknown(env, dst);
	}
	xv_cur(env)->written |= (uint16_t)(1u << dst);
}

static int
read_spill(struct xb_verify_env *env, struct xv_frame *fr, const struct xv_access *a, int off)
{
	uint32_t slot = slot_of(off);
	const struct xv_slot *s = &fr->stack->slot[slot];
	int spilled = 8;
	bool is_fill = true;

	while (spilled > 1 && s->type[8 - spilled] != XB_SLOT_SPILL)
		spilled--;
	if ((a->size != 8 || spilled != 8) && s->spill->r.type != XB_SCALAR) {
		xv_say(env, "invalid size of register fill\n");
		return -EACCES;
	}
	xv_read_slot(env, env->cur, frameno_of(env, fr), slot);
	if (a->size != 8 || spilled != 8) {
		if (a->value < 0)
			return 0;
		fill_narrow(env, fr, a, off, spilled, &is_fill);
	} else if (a->value >= 0) {
		fill(env, fr, slot, (unsigned int)a->value);
	}
	return is_fill ? remember_access(env, fr, slot) : 0;
}

static int
read_fixed(struct xb_verify_env *env, const struct xv_access *a, int off)
{
	struct xv_frame *fr = frame_of(env, a->regno);
	uint32_t slot = slot_of(off);

	touch(env, slot);
	if (xv_is_spill(&fr->stack->slot[slot]))
		return read_spill(env, fr, a, off);
	xv_read_slot(env, env->cur, frameno_of(env, fr), slot);
	if (a->value >= 0)
		load_bytes(env, fr, off, (int64_t)off + a->size, a->value);
	return 0;
}

static int
read_variable(struct xb_verify_env *env, const struct xv_access *a, int off)
{
	const struct xb_reg_state ptr = *xv_reg(env, a->regno);
	struct xv_frame *fr = frame_of(env, a->regno);
	int err = xv_check_stack_range(env, a->regno, off, a->size, false, false, NULL);

	if (!err)
		load_bytes(env, fr, ptr.smin + off, ptr.smax + off + a->size, a->value);
	return err;
}

int
xv_check_stack(struct xb_verify_env *env, const struct xv_access *a, int off)
{
	const struct xb_reg_state *reg = xv_reg(env, a->regno);
	bool is_fixed = xb_tnum_is_const(reg->var_off);
	int err =
		check_bounds(env, a->regno, off, a->size, a->is_write ? " write to" : " read from");

	if (err)
		return err;
	if (is_fixed)
		off += (int)reg->var_off.value;
	if (a->is_write)
		return is_fixed ? write_fixed(env, a, off) : write_variable(env, a, off);
	if (is_fixed)
		return read_fixed(env, a, off);
	if (a->value < 0) {
		xv_say(env,
			"variable offset stack pointer cannot be passed into helper function; "
			"var_off=%s off=%d size=%d\n",
			XV_TNUM(reg->var_off), off, a->size);
		return -EACCES;
	}
	return read_variable(env, a, off);
}

/* ---- ranges, for helpers and variable loads ---- */

/* A helper may write anything where it reads. */
static int
clobber(struct xb_verify_env *env, struct xv_frame *fr, int64_t off)
{
	struct xv_slot *s;

	if (!xv_own_stack(env, fr))
		return -ENOMEM;
	s = &fr->stack->slot[slot_of(off)];
	if (xv_is_spill(s) && s->type[byte_of(off)] == XB_SLOT_SPILL) {
		scrub(env, s);
		fr->slot_precise &= ~(UINT64_C(1) << slot_of(off));
	} else {
		s->type[byte_of(off)] = XB_SLOT_MISC;
	}
	return 0;
}

int
xv_check_stack_range(struct xb_verify_env *env, unsigned int regno, int off, int size, bool zero_ok,
	bool is_helper, struct xv_raw *raw)
{
	const struct xb_reg_state reg = *xv_reg(env, regno);
	struct xv_frame *fr = frame_of(env, regno);
	bool is_fixed = xb_tnum_is_const(reg.var_off);
	int64_t min = (is_fixed ? (int64_t)reg.var_off.value : reg.smin) + off;
	int64_t max = (is_fixed ? (int64_t)reg.var_off.value : reg.smax) + off + size;
	int err;

	if (size == 0 && !zero_ok) {
		xv_say(env, "invalid zero-sized read\n");
		return -EACCES;
	}
	err = check_bounds(env, regno, off, size, is_helper ? " indirect access to" : " read from");
	if (err)
		return err;
	if (raw && raw->is_wanted && is_fixed) {
		raw->regno = regno;
		raw->size = size;
		return 0;
	}
	for (int64_t i = min; i < max; i++) {
		if (is_helper)
			err = clobber(env, fr, i);
		if (err)
			return err;
		xv_read_slot(env, env->cur, frameno_of(env, fr), slot_of(i));
	}
	return 0;
}
