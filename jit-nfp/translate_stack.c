/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Loads and stores of the stack, which is local memory (nfp-isa.md 12.1). Local memory has words
 * of 4 bytes, reached through a pointer register plus a word number; an access is cut into slices
 * that stay inside one word and one half of the eBPF register. Called by translate_mem.c.
 */
#include "jit-nfp/internal.h"

#include <errno.h>
#include <stdlib.h>

#define LM_BASE 0u    /* the pointer that stays at the frame's base */
#define LM_SCRATCH 3u /* the one to point elsewhere */
#define LM_BASE_BYTES 64u
#define LM_WINDOW_BYTES 32 /* word numbers are ORed in: 8 words of an aligned window */
#define LM_FIELD_WORDS 8u  /* ld_field can name so many */

/* How the access reaches its words. */
struct reach {
	uint32_t pointer;
	bool steps; /* word by word, the pointer is incremented */
	int32_t off;
};

/* One slice. The register's byte is `byte`, the memory's off % 4. */
struct slice {
	struct reach reach;
	uint32_t gpr, byte, size;
	int32_t off;
	bool first, new_gpr, last;
};

/* ---- the address ---- */

static void
point_scratch(struct jit_out *out, struct nic_reg base, int32_t off)
{
	struct nic_reg by = wrp_unrestricted(out, (uint32_t)off, jit_b(JIT_GPR_IMM));

	emit_alu(out, jit_b(JIT_GPR_IMM), base, NIC_OP_ADD, by);
}

static bool
is_in_window(int32_t off, uint32_t size)
{
	int32_t last = off + (int32_t)size - 1;

	return (off & -LM_WINDOW_BYTES) == (last & -LM_WINDOW_BYTES);
}

/* reg: the eBPF register that points to the stack. The constant part of its offset is the one of
 * the last visit, which has the alignment of all. */
static struct reach
reach_stack(struct jit_out *out, const struct jit_insn *insn, uint32_t reg)
{
	uint32_t size = jit_access_bytes(insn);
	int32_t off = (int32_t)jit_frame_bytes(out->prog, insn) + insn->bpf.off + insn->ptr.off +
		      (int32_t)insn->ptr.var_off.value;
	struct reach reach = { .pointer = LM_SCRATCH, .steps = true, .off = off };

	if (insn->ptr_not_const || (insn->flags & JIT_F_CALLER_STACK) != 0) {
		point_scratch(out, jit_a(reg * 2), insn->bpf.off);
	} else if ((uint32_t)off + size <= LM_BASE_BYTES) {
		reach.pointer = LM_BASE;
		reach.steps = false;
	} else if (is_in_window(off, size)) {
		point_scratch(out, jit_a(JIT_GPR_FRAME), off & -LM_WINDOW_BYTES);
		reach.off = off % LM_WINDOW_BYTES;
		reach.steps = false;
	} else {
		point_scratch(out, jit_a(JIT_GPR_FRAME), off & -4);
	}
	return reach;
}

/* A new pointer works from the fourth instruction on (nfp-isa.md 7); the one that clears the upper
 * half of the register is one of the three between. */
static void
set_pointer(struct jit_out *out, const struct reach *reach, bool has_zext)
{
	if (reach->pointer == LM_BASE)
		return;
	emit_csr_wr(out, jit_b(JIT_GPR_IMM), NIC_CSR_ACT_LM_ADDR_3);
	wrp_nops(out, has_zext ? NIC_LM_DELAY - 1 : NIC_LM_DELAY);
}

/* ---- slices ---- */

static bool
is_stepped(const struct slice *slice)
{
	return slice->reach.steps && slice->new_gpr && !slice->last;
}

static struct nic_reg
next_word(void)
{
	struct nic_reg word = nic_lm(LM_SCRATCH, 0);

	word.post = NIC_POST_INC;
	return word;
}

static struct nic_reg
word_of(const struct slice *slice)
{
	return nic_lm(slice->reach.pointer, (uint32_t)(slice->off / 4));
}

/* As an operand of a whole word. */
static struct nic_reg
whole_word(const struct slice *slice)
{
	return is_stepped(slice) ? next_word() : word_of(slice);
}

static void
step(struct jit_out *out, const struct slice *slice)
{
	if (is_stepped(slice))
		wrp_mov(out, jit_none(), next_word());
}

/* ld_field cannot name the words above; they go through a register. */
static bool
is_far(const struct slice *slice)
{
	return slice->off / 4 >= (int32_t)LM_FIELD_WORDS;
}

/* From byte `from` to byte `to`. */
static struct jit_shift
shift_bytes(uint32_t from, uint32_t to)
{
	uint32_t bits = (uint32_t)abs((int32_t)(from - to)) * 8;

	if (from == to)
		return (struct jit_shift){ 0 };
	return (struct jit_shift){ from < to ? NIC_SC_LEFT : NIC_SC_RIGHT, bits };
}

/* Bytes `size` from byte `byte`, in 4 bits. Counts above 31 as the driver's host has them. */
static uint32_t
byte_mask(uint32_t byte, uint32_t size)
{
	return (((1u << size) - 1) << (byte % 32)) & 0xff;
}

static void
load_slice(struct jit_out *out, const struct slice *slice)
{
	struct nic_reg dst = jit_both(slice->gpr), src = word_of(slice);
	uint32_t mask = byte_mask(slice->byte, slice->size);
	struct jit_shift shift = shift_bytes((uint32_t)(slice->off % 4), slice->byte);

	if (slice->size == 4) {
		wrp_mov(out, dst, whole_word(slice));
		return;
	}
	if (is_far(slice)) {
		src = jit_a(JIT_GPR_IMM);
		if (slice->first || !slice->new_gpr) /* else it is there already */
			wrp_mov(out, src, word_of(slice));
	}
	if (slice->new_gpr)
		emit_ld_field_clr(out, dst, mask, src, shift);
	else
		emit_ld_field(out, dst, mask, src, shift);
	step(out, slice);
}

static void
store_slice(struct jit_out *out, const struct slice *slice)
{
	struct nic_reg src = jit_b(slice->gpr), dst = word_of(slice);
	uint32_t to = (uint32_t)(slice->off % 4);
	bool is_done = slice->new_gpr || slice->last;

	if (slice->size == 4) {
		wrp_mov(out, whole_word(slice), src);
		return;
	}
	if (is_far(slice)) {
		dst = jit_a(JIT_GPR_IMM);
		if (slice->first || slice->last) /* words between are written whole */
			wrp_mov(out, dst, word_of(slice));
	}
	emit_ld_field(out, dst, byte_mask(to, slice->size), src, shift_bytes(slice->byte, to));
	if (is_done && is_far(slice))
		wrp_mov(out, word_of(slice), dst);
	step(out, slice);
}

typedef void slice_emitter(struct jit_out *out, const struct slice *slice);

/*
 * An offset below the own frame (a pointer to an outer one) has a negative remainder in the
 * driver's C. Some of those it refuses; others it shifts by the wrong amount, and of stores it
 * shifts the mask out of its 8 bits.
 */
static bool
check_slice(struct jit_out *out, const struct slice *slice, slice_emitter *emit)
{
	uint32_t byte = (uint32_t)(slice->off % 4);
	bool is_load = emit == load_slice;

	if (slice->byte + slice->size > 4 || byte + slice->size > 4) {
		jit_cannot(out, -EOPNOTSUPP);
		return false;
	}
	if (slice->off % 4 < 0 && !(is_load && slice->off % 4 == -2))
		jit_find(out->prog, (int32_t)out->slot, JIT_RULE_QUIRK_STACK_OUTER, slice->off & 3);
	return true;
}

static uint32_t
slice_bytes(int32_t off, uint32_t byte, uint32_t left)
{
	uint32_t in_word = 4 - (uint32_t)(off & 3), in_gpr = 4 - byte;
	uint32_t size = in_word < in_gpr ? in_word : in_gpr;

	return size < left ? size : left;
}

static void
emit_slices(struct jit_out *out, const struct jit_insn *insn, struct reach reach, uint32_t reg,
	slice_emitter *emit)
{
	uint32_t size = jit_access_bytes(insn);
	struct slice slice = {
		.reach = reach, .gpr = reg * 2, .off = reach.off, .first = true, .new_gpr = true
	};

	for (uint32_t done = 0; done < size; done += slice.size) {
		slice.byte = done % 4;
		slice.gpr = reg * 2 + done / 4;
		slice.new_gpr = slice.byte == 0;
		slice.size = slice_bytes(slice.off, slice.byte, size - done);
		slice.last = done + slice.size == size;
		if (reach.steps)
			slice.off %= 4;
		if (!check_slice(out, &slice, emit))
			return;
		emit(out, &slice);
		slice.off += (int32_t)slice.size;
		slice.first = false;
	}
}

/* ---- the two ---- */

void
jit_stack_load(struct jit_out *out, struct jit_insn *insn)
{
	struct reach reach = reach_stack(out, insn, insn->bpf.src_reg);
	bool is_narrow = jit_access_bytes(insn) < 8;
	bool has_zext = is_narrow && (insn->flags & JIT_F_ZEXT) != 0;

	set_pointer(out, &reach, has_zext);
	if (is_narrow)
		wrp_zext(out, insn, insn->bpf.dst_reg);
	emit_slices(out, insn, reach, insn->bpf.dst_reg, load_slice);
}

void
jit_stack_store(struct jit_out *out, struct jit_insn *insn)
{
	struct reach reach = reach_stack(out, insn, insn->bpf.dst_reg);

	set_pointer(out, &reach, false);
	emit_slices(out, insn, reach, insn->bpf.src_reg, store_slice);
}
