/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where the driver's code does not do, or may not do, what the program says (nfp-isa.md 14). The
 * code stays the driver's; the user is told. Here is what shows in the program and the facts of the
 * walk; what shows when words are made is found there (opt_*.c, translate_*.c).
 *
 * Called by jit_translate() after the passes and before the first word. Each check looks at one
 * instruction that will be translated.
 */
#include "jit-nfp/internal.h"

static bool
is_64(const struct jit_insn *insn)
{
	return BPF_CLASS(insn->bpf.code) == BPF_ALU64 || BPF_CLASS(insn->bpf.code) == BPF_JMP;
}

static bool
is_by_reg(const struct jit_insn *insn)
{
	return BPF_SRC(insn->bpf.code) == BPF_X;
}

/* ---- what other instructions do with a register ---- */

static bool
writes(const struct jit_insn *insn, uint32_t reg)
{
	switch (BPF_CLASS(insn->bpf.code)) {
	case BPF_ALU:
	case BPF_ALU64:
	case BPF_LDX: return insn->bpf.dst_reg == reg;
	case BPF_LD: return (jit_is_classic_load(insn) ? BPF_REG_0 : insn->bpf.dst_reg) == reg;
	case BPF_JMP: return BPF_OP(insn->bpf.code) == BPF_CALL && reg <= BPF_REG_5;
	default: return false;
	}
}

/* Both halves are written, also where the verifier did not ask for it (nfp-isa.md 9, ZEXT). */
static bool
writes_high(const struct jit_insn *insn)
{
	uint8_t code = insn->bpf.code;

	if (insn->flags & JIT_F_ZEXT || BPF_CLASS(code) != BPF_ALU)
		return insn->flags & JIT_F_ZEXT || BPF_CLASS(code) != BPF_LDX ||
		       BPF_SIZE(code) == BPF_DW || insn->gather_bytes ||
		       insn->ptr.type == XB_PTR_CTX;
	return BPF_OP(code) == BPF_MOV || BPF_OP(code) == BPF_END;
}

/* Is the high half of reg surely 0 before this instruction, whose operand's value fits 32 bits? Not
 * when its last write left it alone, or when that is not in this block. */
static bool
is_high_clear(const struct jit_prog *prog, uint32_t slot, uint32_t reg)
{
	while (slot > 0 && !(prog->insns[slot].flags & JIT_F_JUMP_DEST)) {
		const struct jit_insn *insn = &prog->insns[--slot];

		/* The second half of ld_imm64 looks like nothing known, and writes nothing. */
		if (insn->bpf.code == 0 || insn->flags & JIT_F_SKIP)
			continue;
		if (writes(insn, reg))
			return writes_high(insn);
	}
	return false;
}

static bool
reads(const struct jit_insn *insn, uint32_t reg)
{
	uint8_t class = BPF_CLASS(insn->bpf.code), op = BPF_OP(insn->bpf.code);
	bool is_dst = insn->bpf.dst_reg == reg, is_src = insn->bpf.src_reg == reg;

	switch (class) {
	case BPF_ALU:
	case BPF_ALU64: return (is_dst && op != BPF_MOV) || (is_src && is_by_reg(insn));
	case BPF_LDX: return is_src;
	case BPF_ST: return is_dst;
	case BPF_STX: return is_dst || is_src;
	case BPF_LD:
		return jit_is_classic_load(insn) &&
		       (reg == BPF_REG_6 || (is_src && BPF_MODE(insn->bpf.code) == BPF_IND));
	default: /* jumps, and calls: any may take five arguments */
		if (op == BPF_CALL)
			return reg >= BPF_REG_1 && reg <= BPF_REG_5;
		return op == BPF_EXIT ? reg == BPF_REG_0 : is_dst || (is_src && is_by_reg(insn));
	}
}

bool
jit_is_read_after(const struct jit_prog *prog, uint32_t slot, uint32_t reg)
{
	for (slot = jit_next(prog, slot); slot < prog->insn_cnt; slot = jit_next(prog, slot)) {
		const struct jit_insn *insn = &prog->insns[slot];

		if (insn->flags & JIT_F_SKIP)
			continue;
		if (reads(insn, reg))
			return true;
		if (writes(insn, reg) || insn->bpf.code == (BPF_JMP | BPF_EXIT))
			return false;
		if (jit_is_jump(insn) && BPF_OP(insn->bpf.code) != BPF_CALL)
			return true;
	}
	return false;
}

/* ---- copies: 14.6 ---- */

/* Load and store, and then the program's last instruction. */
static void
find_copy_crash(struct jit_prog *prog, uint32_t slot)
{
	const struct jit_insn *load = &prog->insns[slot], *store = load + 1;

	if (slot + 3 != prog->insn_cnt || !jit_is_load(load) || !jit_is_store(store))
		return;
	if (load->ptr.type != XB_PTR_PACKET && load->ptr.type != XB_PTR_MAP_VALUE)
		return;
	if (store->ptr.type == XB_PTR_PACKET && load->bpf.dst_reg == store->bpf.src_reg &&
		BPF_SIZE(load->bpf.code) == BPF_SIZE(store->bpf.code) &&
		!(store->flags & JIT_F_JUMP_DEST))
		jit_find(prog, (int32_t)slot, JIT_RULE_QUIRK_COPY_CRASH);
}

/* ---- shifts: 14.3, 14.15, 10.2 ---- */

static bool
is_shift_by_reg(const struct jit_insn *insn)
{
	uint8_t op = BPF_OP(insn->bpf.code);

	return jit_is_alu(insn) && is_by_reg(insn) &&
	       (op == BPF_LSH || op == BPF_RSH || op == BPF_ARSH);
}

/* Does [min, max] hold a multiple of 64, which is a shift by 0? */
static bool
holds_zero(uint64_t min, uint64_t max)
{
	return min % 64 == 0 || max / 64 > min / 64;
}

static void
find_lsh_by_zero(struct jit_prog *prog, uint32_t slot)
{
	const struct jit_insn *insn = &prog->insns[slot];

	if (!is_shift_by_reg(insn) || !is_64(insn) || BPF_OP(insn->bpf.code) != BPF_LSH)
		return;
	/* A constant and what is above 31 for sure have other code. */
	if (insn->umin_src == insn->umax_src || insn->umin_src >= 32)
		return;
	if (holds_zero(insn->all_src.min, insn->all_src.max))
		jit_find(prog, (int32_t)slot, JIT_RULE_QUIRK_LSH_BY_ZERO);
}

static void
find_shift_far(struct jit_prog *prog, uint32_t slot)
{
	const struct jit_insn *insn = &prog->insns[slot];
	uint64_t bits = is_64(insn) ? 64 : 32;
	bool is_const = insn->umin_src == insn->umax_src;

	if (!is_shift_by_reg(insn) || insn->all_src.max < bits)
		return;
	/* Code for any amount looks at the bits that eBPF does. */
	if (is_const || (is_64(insn) && insn->umin_src >= 32))
		jit_find(prog, (int32_t)slot, JIT_RULE_QUIRK_SHIFT_FAR,
			(unsigned long long)insn->all_src.max);
}

/* Amount and sign come from one word: nfp-isa.md 5.2. */
static void
find_shift_sign(struct jit_prog *prog, uint32_t slot)
{
	const struct jit_insn *insn = &prog->insns[slot];

	if (is_shift_by_reg(insn) && BPF_OP(insn->bpf.code) == BPF_ARSH &&
		insn->umin_src != insn->umax_src && insn->all_src.max > INT32_MAX)
		jit_find(prog, (int32_t)slot, JIT_RULE_QUIRK_SHIFT_SIGN);
}

static void
find_shift_itself(struct jit_prog *prog, uint32_t slot)
{
	const struct jit_insn *insn = &prog->insns[slot];

	if (!is_shift_by_reg(insn) || !is_64(insn) || BPF_OP(insn->bpf.code) == BPF_LSH ||
		insn->bpf.src_reg != insn->bpf.dst_reg)
		return;
	/* A high half of 0 stays 0; what is above 31 for sure has other code. */
	if (insn->all_src.max > UINT32_MAX && insn->umin_src < 32)
		jit_find(prog, (int32_t)slot, JIT_RULE_QUIRK_SHIFT_ITSELF, insn->bpf.dst_reg);
}

/* ---- multiplication and division: 14.4, 10.2, 10.4 ---- */

static uint64_t
divisor_of(const struct jit_insn *insn)
{
	return is_by_reg(insn) ? insn->umin_src : (uint32_t)insn->bpf.imm;
}

static void
find_div_shift(struct jit_prog *prog, uint32_t slot)
{
	const struct jit_insn *insn = &prog->insns[slot];
	uint64_t divisor = divisor_of(insn);

	if (!jit_is_alu(insn) || BPF_OP(insn->bpf.code) != BPF_DIV)
		return;
	/* Above that there is no reciprocal, and no shift. */
	if (divisor > 0 && divisor <= UINT32_C(1) << 31 &&
		jit_division_by((uint32_t)divisor).last == 0)
		jit_find(
			prog, (int32_t)slot, JIT_RULE_QUIRK_DIV_SHIFT, (unsigned long long)divisor);
}

static void
find_div_zero(struct jit_prog *prog, uint32_t slot)
{
	const struct jit_insn *insn = &prog->insns[slot];

	if (jit_is_alu(insn) && BPF_OP(insn->bpf.code) == BPF_DIV && divisor_of(insn) == 0)
		jit_find(prog, (int32_t)slot, JIT_RULE_QUIRK_DIV_ZERO);
}

/* The product of 16 bits by 16 has no code for the high half, a quotient neither. */
static bool
leaves_high(const struct jit_insn *insn)
{
	if (BPF_CLASS(insn->bpf.code) != BPF_ALU)
		return false;
	if (BPF_OP(insn->bpf.code) == BPF_MUL)
		return jit_is_mul16(insn);
	return BPF_OP(insn->bpf.code) == BPF_DIV;
}

static void
find_high_half(struct jit_prog *prog, uint32_t slot)
{
	const struct jit_insn *insn = &prog->insns[slot];
	const char *what = BPF_OP(insn->bpf.code) == BPF_MUL ? "multiplication" : "division";

	if (leaves_high(insn) && insn->flags & JIT_F_ZEXT &&
		!is_high_clear(prog, slot, insn->bpf.dst_reg))
		jit_find(prog, (int32_t)slot, JIT_RULE_QUIRK_HIGH_HALF, what, insn->bpf.dst_reg);
}

/* ---- code for fewer values than there are: sound.c ---- */

static bool
is_missed_shift(const struct jit_insn *insn)
{
	const struct jit_range *all = &insn->all_src;

	if (!is_shift_by_reg(insn))
		return false;
	if (insn->umin_src == insn->umax_src)
		return all->min != all->max;
	if (!is_64(insn))
		return false;
	return (insn->umax_src < 32 && all->max >= 32) || (insn->umin_src >= 32 && all->min < 32);
}

/* Of 32 bits the high halves do not matter. */
static bool
is_missed_product(const struct jit_insn *insn)
{
	uint64_t src = is_by_reg(insn) ? insn->all_src.max : 0, dst = insn->all_dst.max;

	if (!jit_is_alu(insn) || BPF_OP(insn->bpf.code) != BPF_MUL)
		return false;
	if (jit_is_mul16(insn))
		return src > UINT16_MAX || dst > UINT16_MAX;
	return is_64(insn) && (src > UINT32_MAX || dst > UINT32_MAX);
}

static bool
is_missed_quotient(const struct jit_insn *insn)
{
	if (!jit_is_alu(insn) || BPF_OP(insn->bpf.code) != BPF_DIV)
		return false;
	return (is_by_reg(insn) && insn->all_src.min != insn->all_src.max) ||
	       (is_64(insn) && insn->all_dst.max > UINT32_MAX);
}

static bool
is_missed_addend(const struct jit_insn *insn)
{
	return jit_is_atomic(insn) && !insn->over16 && insn->all_src.max > UINT16_MAX;
}

static void
find_missed(struct jit_prog *prog, uint32_t slot)
{
	const struct jit_insn *insn = &prog->insns[slot];
	bool is_missed_head = prog->adjust_head_at == slot && jit_is_helper_call(insn) &&
			      insn->all_src.min < insn->all_src.max;

	if (is_missed_shift(insn) || is_missed_product(insn) || is_missed_quotient(insn) ||
		is_missed_addend(insn) || is_missed_head)
		jit_find(prog, (int32_t)slot, JIT_RULE_QUIRK_UNSEEN_PATH);
}

void
jit_find_quirks(struct jit_prog *prog)
{
	static void (*const finders[])(struct jit_prog * prog, uint32_t slot) = {
		find_copy_crash,
		find_lsh_by_zero,
		find_shift_far,
		find_shift_sign,
		find_shift_itself,
		find_div_shift,
		find_div_zero,
		find_high_half,
		jit_find_call_quirks,
		find_missed,
	};

	for (uint32_t slot = 0; slot < prog->insn_cnt; slot = jit_next(prog, slot))
		for (size_t i = 0; i < sizeof(finders) / sizeof(finders[0]); i++)
			if (!(prog->insns[slot].flags & (JIT_F_SKIP | JIT_F_STUB)))
				finders[i](prog, slot);
}
