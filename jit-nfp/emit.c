/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One word of microcode: from what an emitter says to the image. idiom.c and the translations call
 * it. The first error sticks, so that callers need not ask after each word.
 */
#include "jit-nfp/internal.h"

#include <errno.h>
#include <stdlib.h>

#define WORDS_MAX 16384u /* of who goes on: more a branch cannot span */

/* The card's limit is passed; who goes on wants to know by how much. */
static bool
grow(struct jit_out *out)
{
	struct jit_image *image = out->image;
	uint32_t max = 2 * out->max + 64;
	uint64_t *words;
	uint32_t *insns;

	max = max < WORDS_MAX ? max : WORDS_MAX;
	if (!out->prog->input.go_on || max <= out->max)
		return false;
	words = reallocarray(image->words, max, sizeof(*words));
	image->words = words ? words : image->words;
	insns = reallocarray(image->insns, max, sizeof(*insns));
	image->insns = insns ? insns : image->insns;
	out->max = words && insns ? max : out->max;
	return words && insns;
}

void
emit_word(struct jit_out *out, const struct nic_insn *insn, enum nic_reloc reloc)
{
	struct jit_image *image = out->image;
	const char *reason;
	uint64_t word;

	if (out->err)
		return;
	if (image->cnt == out->max) {
		if (!out->is_over)
			jit_find(out->prog, (int32_t)out->slot, JIT_RULE_INSN_LIMIT, image->cnt);
		out->is_over = true;
		if (!grow(out)) {
			out->err = -ENOSPC;
			return;
		}
	}
	reason = nic_encode(insn, &word);
	if (reason) {
		jit_find(out->prog, (int32_t)out->slot, JIT_RULE_NO_WORD, reason);
		out->err = -EFAULT;
		return;
	}
	image->insns[image->cnt] = out->slot;
	image->words[image->cnt++] = nic_reloc_set(word, reloc);
}

void
jit_cannot(struct jit_out *out, int err)
{
	if (!out->err)
		out->err = err;
}

void
emit_alu(struct jit_out *out, struct nic_reg dst, struct nic_reg left, enum nic_op op,
	struct nic_reg right)
{
	const struct nic_insn insn = { .op = op, .dst = dst, .left = left, .right = right };

	emit_word(out, &insn, NIC_RELOC_NONE);
}

/* Those of one direction say it by their name. */
static uint32_t
sc_of(enum nic_op op, struct jit_shift shift)
{
	return op == NIC_OP_DBL_SHF || op == NIC_OP_ASR ? 0 : shift.sc;
}

void
emit_shf(struct jit_out *out, struct nic_reg dst, struct nic_reg left, enum nic_op op,
	struct nic_reg right, struct jit_shift shift)
{
	const struct nic_insn insn = {
		.op = op,
		.dst = dst,
		.left = left,
		.right = right,
		.sc = sc_of(op, shift),
		.shift = shift.amount,
	};

	emit_word(out, &insn, NIC_RELOC_NONE);
}

static void
emit_bytes(struct jit_out *out, enum nic_op op, struct nic_reg dst, uint32_t mask,
	struct nic_reg src, struct jit_shift shift)
{
	const struct nic_insn insn = {
		.op = op,
		.dst = dst,
		.right = src,
		.bmask = mask,
		.sc = shift.sc,
		.shift = shift.amount,
	};

	emit_word(out, &insn, NIC_RELOC_NONE);
}

void
emit_ld_field(struct jit_out *out, struct nic_reg dst, uint32_t mask, struct nic_reg src,
	struct jit_shift shift)
{
	emit_bytes(out, NIC_OP_LD_FIELD, dst, mask, src, shift);
}

void
emit_ld_field_clr(struct jit_out *out, struct nic_reg dst, uint32_t mask, struct nic_reg src,
	struct jit_shift shift)
{
	emit_bytes(out, NIC_OP_LD_FIELD_W_CLR, dst, mask, src, shift);
}

void
emit_immed(struct jit_out *out, struct nic_reg dst, enum nic_op op, uint32_t imm, bool inv,
	uint32_t shift_bytes)
{
	const struct nic_insn insn = {
		.op = op, .dst = dst, .imm = imm, .inv = inv, .imm_shift = shift_bytes
	};

	emit_word(out, &insn, NIC_RELOC_NONE);
}

void
emit_immed_reloc(struct jit_out *out, struct nic_reg dst, uint32_t index)
{
	const struct nic_insn insn = { .op = NIC_OP_IMMED, .dst = dst, .imm = index };

	emit_word(out, &insn, NIC_RELOC_IMMED_REL);
}

void
emit_br(struct jit_out *out, enum nic_op op, uint32_t target, uint32_t defer, enum nic_reloc reloc)
{
	const struct nic_insn insn = { .op = op, .addr = target, .defer = defer };

	emit_word(out, &insn, reloc);
}

void
emit_br_bit(struct jit_out *out, bool set, struct nic_reg reg, uint32_t bit, uint32_t target,
	uint32_t defer)
{
	const struct nic_insn insn = {
		.op = set ? NIC_OP_BR_BSET : NIC_OP_BR_BCLR,
		.left = reg,
		.bit = bit,
		.addr = target,
		.defer = defer,
	};

	emit_word(out, &insn, NIC_RELOC_BR_REL);
}

void
emit_rtn(struct jit_out *out, struct nic_reg reg, uint32_t defer)
{
	const struct nic_insn insn = { .op = NIC_OP_RTN, .left = reg, .defer = defer };

	emit_word(out, &insn, NIC_RELOC_NONE);
}

void
emit_csr_wr(struct jit_out *out, struct nic_reg src, enum nic_csr csr)
{
	const struct nic_insn insn = { .op = NIC_OP_LOCAL_CSR_WR, .left = src, .csr = csr };

	emit_word(out, &insn, NIC_RELOC_NONE);
}

void
emit_csr_rd(struct jit_out *out, enum nic_csr csr)
{
	const struct nic_insn insn = { .op = NIC_OP_LOCAL_CSR_RD, .csr = csr };

	emit_word(out, &insn, NIC_RELOC_NONE);
}

void
emit_mul(struct jit_out *out, enum nic_op op, struct nic_reg dst, struct nic_reg left,
	struct nic_reg right)
{
	emit_alu(out, dst, left, op, right);
}

void
emit_nop(struct jit_out *out)
{
	const struct nic_insn insn = { .op = NIC_OP_NOP };

	emit_word(out, &insn, NIC_RELOC_NONE);
}

/* The driver signals what it waits for with signal 1 (nfp-isa.md 4.2). */
#define SIG_OF_DRIVER 1u

void
emit_cmd(struct jit_out *out, const struct jit_cmd *cmd)
{
	const struct nic_command *command = nic_command_by_name(NIC_TARGET_MEM, cmd->name);
	struct nic_insn insn = {
		.op = cmd->mode,
		.left = cmd->left,
		.right = cmd->right,
		.xfer = cmd->xfer,
		.cnt = cmd->cnt,
		.ctx = cmd->swap ? cmd->defer : NIC_CTX_NO_SWAP,
		.sig = cmd->swap ? SIG_OF_DRIVER : 0,
		.indir = cmd->indirect,
	};

	if (command == NULL) {
		jit_cannot(out, -EFAULT);
		return;
	}
	insn.tgt = nic_target_info(NIC_TARGET_MEM)->first + command->action;
	insn.token = command->token;
	emit_word(out, &insn, NIC_RELOC_NONE);
}
