/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Atomic addition to a map's value (nfp-isa.md 10.12). The memory takes an addend of 16 bits with
 * the command, which nobody waits for, or one from the transfer registers. Which of the two can
 * happen the hook has noted; where both can, the code chooses.
 */
#include "jit-nfp/internal.h"

#include <errno.h>

/* PREV_ALU (nfp-isa.md 6.4): 16 bits of immediate data, in bits 31:16; the length says so too. */
#define OVERRIDE_DATA16 (2u << 3)
#define OVERRIDE_LENGTH 0x80u
#define LENGTH_IMMEDIATE (8u << 8)
#define LENGTH_64 (4u << 8)
#define CNT_64 4u /* of the command that takes transfer registers */

struct addition {
	const struct jit_insn *insn;
	uint32_t src; /* low half of the addend */
	bool is_64, has_choice;
	struct jit_addr40 address;
};

/* Words of each part, for the branches between them. */
static uint32_t
offset_words(const struct addition *add)
{
	return add->insn->bpf.off != 0 ? 2 : 0;
}
#define CHOICE_WORDS 4u
#define IMMEDIATE_WORDS 3u
#define JUMP_OUT_WORDS 1u

static uint32_t
full_words(const struct addition *add)
{
	return add->is_64 ? 3 : 2;
}

/* More than 16 bits: to the full addition. The sum of the address fits into the branch's slots. */
static void
choose(struct jit_out *out, const struct addition *add, uint32_t full)
{
	struct nic_reg max = jit_a(JIT_GPR_IMM);

	wrp_immed(out, max, UINT16_MAX);
	emit_alu(out, jit_none(), max, NIC_OP_SUB, jit_b(add->src));
	emit_alu(out, jit_none(), nic_imm(0), NIC_OP_SUB_CARRY, jit_b(add->src + 1));
	emit_br(out, NIC_OP_BCC, full, offset_words(add), NIC_RELOC_BR_REL);
}

/* Unlike those of loads, this sum has registers of its own. */
static void
put_address(struct jit_out *out, struct addition *add, struct nic_reg off)
{
	uint32_t reg = add->insn->bpf.dst_reg * 2u;

	add->address = (struct jit_addr40){ jit_a(reg), jit_b(reg + 1) };
	if (add->insn->bpf.off == 0)
		return;
	add->address = (struct jit_addr40){ jit_a(JIT_GPR_IMM40), jit_b(JIT_GPR_IMM40) };
	emit_alu(out, add->address.low, jit_a(reg), NIC_OP_ADD, off);
	emit_alu(out, add->address.high, jit_a(reg + 1), NIC_OP_ADD_CARRY, nic_imm(0));
}

static void
add_immediate(struct jit_out *out, const struct addition *add)
{
	uint32_t override = OVERRIDE_DATA16 | OVERRIDE_LENGTH | LENGTH_IMMEDIATE;

	wrp_immed(out, jit_a(JIT_GPR_IMM), override | (add->is_64 ? LENGTH_64 : 0));
	wrp_reg_orpart(out, jit_a(JIT_GPR_IMM), jit_b(add->src), 2, 2);
	emit_cmd(out, &(struct jit_cmd){
			      .name = "add_imm",
			      .mode = NIC_OP_CMD_B40,
			      .left = add->address.low,
			      .right = add->address.high,
			      .indirect = true,
		      });
}

/* The addend is put into the transfer registers behind the command. */
static void
add_full(struct jit_out *out, const struct addition *add)
{
	uint32_t words = add->is_64 ? 2 : 1;

	emit_cmd(out, &(struct jit_cmd){
			      .name = add->is_64 ? "add64" : "add",
			      .mode = NIC_OP_CMD_B40,
			      .left = add->address.low,
			      .right = add->address.high,
			      .cnt = add->is_64 ? CNT_64 : 0,
			      .swap = true,
			      .defer = words,
		      });
	for (uint32_t i = 0; i < words; i++)
		wrp_mov(out, nic_xfer(i), jit_a(add->src + i));
}

void
jit_atomic(struct jit_out *out, struct jit_insn *insn)
{
	struct addition add = {
		.insn = insn,
		.src = insn->bpf.src_reg * 2u,
		.is_64 = BPF_SIZE(insn->bpf.code) == BPF_DW,
		.has_choice = insn->over16 && insn->maybe16,
	};
	struct nic_reg off;
	uint32_t full;

	if (insn->bpf.imm != BPF_ADD) {
		jit_cannot(out, -EOPNOTSUPP);
		return;
	}
	jit_check_map_offset(out, insn);
	off = wrp_unrestricted(out, (uint32_t)insn->bpf.off, jit_b(JIT_GPR_IMM));
	full = out->image->cnt + CHOICE_WORDS + offset_words(&add) + IMMEDIATE_WORDS +
	       JUMP_OUT_WORDS;
	if (add.has_choice)
		choose(out, &add, full);
	put_address(out, &add, off);
	if (insn->maybe16)
		add_immediate(out, &add);
	if (add.has_choice)
		emit_br(out, NIC_OP_BR, full + full_words(&add), 0, NIC_RELOC_BR_REL);
	if (insn->over16)
		add_full(out, &add);
}
