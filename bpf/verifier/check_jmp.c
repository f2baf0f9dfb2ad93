/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Conditional jumps: which way can it go, and what does each way teach? Bounds of scalars and of
 * all their copies, the range of packet pointers, and whether a pointer is NULL.
 */
#include "bpf/verifier/env.h"

#include <errno.h>

/* ---- the range of packet pointers ---- */

struct good_range {
	uint32_t type, id;
	int32_t range;
};

static bool
widen_range(void *arg, struct xb_reg_state *reg)
{
	const struct good_range *good = arg;

	if (reg->type != good->type || reg->id != good->id || reg->range >= good->range)
		return false;
	reg->range = good->range;
	return true;
}

/* "ptr <= end" holds (or "<", is_open): bytes up to ptr may be accessed through all pointers of the
 * same base. */
static int
learn_range(struct xb_verify_env *env, struct xv_state *st, const struct xb_reg_state *ptr,
	bool is_open)
{
	struct good_range good = { ptr->type, ptr->id, ptr->off + is_open };

	if (ptr->off < 0 || (ptr->off == 0 && is_open))
		return 0;
	/* Offsets that could wrap around say nothing. */
	if (ptr->umax > XV_MAX_PACKET_OFF || ptr->umax + (uint64_t)ptr->off > XV_MAX_PACKET_OFF)
		return 0;
	return xv_each_reg(env, st, widen_range, &good);
}

/* The other side: at the end, or (is_open) past it. */
static void
mark_end(struct xv_state *st, unsigned int n, bool is_open)
{
	struct xb_reg_state *reg = &st->frame[st->curframe].regs->r[n];

	if (reg->type == XB_PTR_PACKET)
		reg->range = is_open ? XB_BEYOND_PACKET_END : XB_AT_PACKET_END;
}

static bool
is_start(const struct xb_reg_state *reg)
{
	return reg->type == XB_PTR_PACKET && reg->id == 0 && reg->off == 0 &&
	       xb_tnum_is_const(reg->var_off) && reg->var_off.value == 0;
}

/* Is this "data compared with data_end" or "data_meta with data", in this order? */
static bool
is_packet_and_end(const struct xb_reg_state *ptr, const struct xb_reg_state *end)
{
	return (ptr->type == XB_PTR_PACKET && end->type == XB_PTR_PACKET_END) ||
	       (ptr->type == XB_PTR_PACKET_META && is_start(end));
}

/* 1: it was such a comparison, and is dealt with. */
static int
match_packet(struct xb_verify_env *env, const struct bpf_insn *insn, struct xv_state *fall,
	struct xv_state *taken)
{
	struct xb_reg_state dst = *xv_reg(env, insn->dst_reg), src = *xv_reg(env, insn->src_reg);
	const struct xb_reg_state *ptr = &dst;
	unsigned int n = insn->dst_reg;
	uint8_t op = BPF_OP(insn->code);
	bool is_taken_good, is_open;
	int err;

	if (BPF_SRC(insn->code) != BPF_X || BPF_CLASS(insn->code) == BPF_JMP32 ||
		(op != BPF_JGT && op != BPF_JLT && op != BPF_JGE && op != BPF_JLE))
		return 0;
	if (!is_packet_and_end(&dst, &src)) {
		if (!is_packet_and_end(&src, &dst))
			return 0;
		ptr = &src;
		n = insn->src_reg;
		op = xv_op_flip(op);
	}
	/* Now "ptr op end". */
	is_taken_good = op == BPF_JLT || op == BPF_JLE;
	is_open = op == BPF_JLT || op == BPF_JGE; /* the good side is ptr < end */
	err = learn_range(env, is_taken_good ? taken : fall, ptr, is_open);
	if (err)
		return err;
	mark_end(is_taken_good ? fall : taken, n, !is_open);
	return 1;
}

/* ---- NULL ---- */

struct null_id {
	const struct xb_verify_env *env;
	uint32_t id;
	bool is_null;
};

/* Not NULL: what it is then depends on the map. */
void
xv_mark_not_null(const struct xb_verify_env *env, struct xb_reg_state *reg)
{
	reg->type &= ~XB_MAYBE_NULL;
	if (reg->type != XB_PTR_MAP_VALUE)
		return;
	if (reg->map->inner >= 0) {
		reg->type = XB_PTR_MAP;
		reg->map = &env->opts->maps[reg->map->inner];
	} else if (reg->map->type == BPF_MAP_TYPE_XSKMAP) {
		reg->type = XB_PTR_XDP_SOCK;
	} else if (reg->map->type == BPF_MAP_TYPE_SOCKMAP ||
		   reg->map->type == BPF_MAP_TYPE_SOCKHASH) {
		reg->type = XB_PTR_SOCKET;
	}
}

static bool
decide_null(void *arg, struct xb_reg_state *reg)
{
	const struct null_id *n = arg;

	if (!(reg->type & XB_MAYBE_NULL) || reg->id != n->id)
		return false;
	if (n->is_null) {
		reg->type = XB_SCALAR;
		reg->ref_obj_id = 0;
	} else {
		xv_mark_not_null(n->env, reg);
	}
	reg->id = 0;
	return true;
}

int
xv_mark_null_or_not(
	struct xb_verify_env *env, struct xv_state *st, unsigned int regno, bool is_null)
{
	const struct xb_reg_state *reg = &st->frame[st->curframe].regs->r[regno];
	struct null_id n = { env, reg->id, is_null };

	if (reg->ref_obj_id && reg->ref_obj_id == reg->id && is_null)
		xv_release_ref(env, st, reg->id); /* NULL needs no release */
	return xv_each_reg(env, st, decide_null, &n);
}

/* Equal to a pointer that is not NULL is not NULL. */
static void
learn_not_null(struct xb_verify_env *env, const struct bpf_insn *insn, struct xb_reg_state *equal)
{
	const struct xb_reg_state *dst = xv_reg(env, insn->dst_reg);
	const struct xb_reg_state *src = xv_reg(env, insn->src_reg);
	bool is_dst_good = xv_is_not_null(dst), is_src_good = xv_is_not_null(src);

	if (is_dst_good && (src->type & XB_MAYBE_NULL))
		xv_mark_not_null(env, &equal[insn->src_reg]);
	if (is_src_good && (dst->type & XB_MAYBE_NULL))
		xv_mark_not_null(env, &equal[insn->dst_reg]);
}

/* ---- the instruction ---- */

static int
check_operands(struct xb_verify_env *env, const struct bpf_insn *insn)
{
	bool is_reg = BPF_SRC(insn->code) == BPF_X;
	uint16_t flags = 0;
	int err = xv_use_reg(env, insn->dst_reg, XV_SRC);

	if (err)
		return err;
	if (is_reg ? insn->imm != 0 : insn->src_reg != 0) {
		xv_say(env, "BPF_JMP/JMP32 uses reserved fields\n");
		return -EINVAL;
	}
	err = is_reg ? xv_use_reg(env, insn->src_reg, XV_SRC) : 0;
	if (err)
		return err;
	if (is_reg && xv_reg(env, insn->src_reg)->type == XB_PTR_STACK)
		flags |= XV_HIST_SRC_FP;
	if (xv_reg(env, insn->dst_reg)->type == XB_PTR_STACK)
		flags |= XV_HIST_DST_FP;
	return flags ? xv_push_hist(env, flags, NULL) : 0;
}

static int
need_operands(struct xb_verify_env *env, const struct bpf_insn *insn)
{
	int err = 0;

	if (xv_reg(env, insn->dst_reg)->type == XB_SCALAR)
		err = xv_need_precise(env, insn->dst_reg);
	if (!err && BPF_SRC(insn->code) == BPF_X && xv_reg(env, insn->src_reg)->type == XB_SCALAR)
		err = xv_need_precise(env, insn->src_reg);
	return err;
}

static int
remember_linked(struct xb_verify_env *env, const struct bpf_insn *insn, struct xv_linked_set *set)
{
	const struct xb_reg_state *dst = xv_reg(env, insn->dst_reg);
	const struct xb_reg_state *src = xv_reg(env, insn->src_reg);
	int err = 0;

	if (BPF_SRC(insn->code) == BPF_X && src->type == XB_SCALAR && src->id)
		err = xv_collect_linked(env, src->id, set);
	dst = xv_reg(env, insn->dst_reg);
	if (!err && dst->type == XB_SCALAR && dst->id)
		err = xv_collect_linked(env, dst->id, set);
	return !err && set->cnt > 1 ? xv_push_hist(env, 0, set) : err;
}

static int
refine_side(struct xb_verify_env *env, struct xb_reg_state *a, struct xb_reg_state *b, uint8_t op,
	bool is_32, const char *const *names)
{
	int err;

	xv_refine(a, b, op, is_32);
	xv_bounds_sync(a);
	xv_bounds_sync(b);
	err = xv_check_bounds(env, a, names[0]);
	return err ? err : xv_check_bounds(env, b, names[1]);
}

static int
refine(struct xb_verify_env *env, const struct bpf_insn *insn, struct xb_reg_state *taken)
{
	static const char *const names[2][2] = { { "false_reg1", "false_reg2" },
		{ "true_reg1", "true_reg2" } };
	struct xb_reg_state imm[2] = { { .type = XB_SCALAR }, { .type = XB_SCALAR } };
	struct xb_reg_state *dst = xv_reg(env, insn->dst_reg), *src = xv_reg(env, insn->src_reg);
	bool is_32 = BPF_CLASS(insn->code) == BPF_JMP32, is_reg = BPF_SRC(insn->code) == BPF_X;
	uint8_t op = BPF_OP(insn->code);
	int err;

	if (dst->type != XB_SCALAR || (is_reg && src->type != XB_SCALAR))
		return 0;
	xv_set_known(&imm[0], (uint64_t)(int64_t)insn->imm);
	imm[1] = imm[0];
	err = refine_side(env, dst, is_reg ? src : &imm[0], xv_op_reverse(op), is_32, names[0]);
	if (err)
		return err;
	return refine_side(env, &taken[insn->dst_reg], is_reg ? &taken[insn->src_reg] : &imm[1], op,
		is_32, names[1]);
}

static int
sync_copies(struct xb_verify_env *env, const struct bpf_insn *insn, struct xv_state *taken,
	const struct xv_linked_set *set)
{
	int err = 0;

	if (BPF_SRC(insn->code) == BPF_X) {
		err = xv_sync_linked(env, env->cur, insn->src_reg, set);
		if (!err)
			err = xv_sync_linked(env, taken, insn->src_reg, set);
	}
	if (!err)
		err = xv_sync_linked(env, env->cur, insn->dst_reg, set);
	return err ? err : xv_sync_linked(env, taken, insn->dst_reg, set);
}

static int
learn_pointers(struct xb_verify_env *env, const struct bpf_insn *insn, struct xv_state *taken)
{
	struct xb_reg_state *dst = xv_reg(env, insn->dst_reg);
	struct xb_reg_state *taken_regs = taken->frame[taken->curframe].regs->r;
	uint8_t op = BPF_OP(insn->code);
	bool is_32 = BPF_CLASS(insn->code) == BPF_JMP32, is_reg = BPF_SRC(insn->code) == BPF_X;
	bool is_eq = op == BPF_JEQ || op == BPF_JNE;
	int err;

	if (!is_32 && is_reg && is_eq && dst->type != XB_SCALAR &&
		xv_reg(env, insn->src_reg)->type != XB_SCALAR)
		learn_not_null(env, insn, op == BPF_JEQ ? taken_regs : xv_reg(env, 0));
	if (!is_32 && !is_reg && insn->imm == 0 && is_eq && (dst->type & XB_MAYBE_NULL)) {
		err = xv_mark_null_or_not(env, taken, insn->dst_reg, op == BPF_JEQ);
		return err ? err : xv_mark_null_or_not(env, env->cur, insn->dst_reg, op == BPF_JNE);
	}
	err = match_packet(env, insn, env->cur, taken);
	return err < 0 ? err : 0;
}

int
xv_check_cond(struct xb_verify_env *env, const struct bpf_insn *insn)
{
	struct xb_reg_state imm = { .type = XB_SCALAR };
	struct xv_linked_set set = { 0 };
	bool is_32 = BPF_CLASS(insn->code) == BPF_JMP32;
	struct xv_state *taken;
	int err, outcome;

	if (BPF_OP(insn->code) > BPF_JSLE) {
		xv_say(env, "invalid BPF_JMP/JMP32 opcode %x\n", BPF_OP(insn->code));
		return -EINVAL;
	}
	err = check_operands(env, insn);
	if (err)
		return err;
	xv_set_known(&imm, (uint64_t)(int64_t)insn->imm);
	outcome = xv_branch_taken(xv_reg(env, insn->dst_reg),
		BPF_SRC(insn->code) == BPF_X ? xv_reg(env, insn->src_reg) : &imm,
		BPF_OP(insn->code), is_32);
	if (outcome >= 0) {
		err = need_operands(env, insn);
		if (!err && env->level)
			xv_say_insn_state(env);
		env->insn += outcome == 1 ? insn->off : 0;
		return err;
	}
	err = remember_linked(env, insn, &set);
	if (err)
		return err;
	taken = xv_push_branch(env, env->insn + insn->off + 1, env->insn, &err);
	if (!taken)
		return err;
	err = refine(env, insn, taken->frame[taken->curframe].regs->r);
	if (!err)
		err = sync_copies(env, insn, taken, &set);
	if (!err)
		err = learn_pointers(env, insn, taken);
	if (!err && env->level)
		xv_say_insn_state(env);
	return err;
}
