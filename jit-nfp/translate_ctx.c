/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Fields of the context, which is no memory on the card: pointer and length of the packet are
 * where the firmware keeps them (nfp-isa.md 8.3, 10.7). Called by translate_mem.c.
 */
#include "jit-nfp/internal.h"

#include <errno.h>

/* FIELD(context, field, value): which fields there are; all have 4 bytes */
#define FIELD_LIST(FIELD)                                                                          \
	FIELD(xdp_md, data, DATA)                                                                  \
	FIELD(xdp_md, data_end, DATA_END)                                                          \
	FIELD(__sk_buff, len, LEN)                                                                 \
	FIELD(__sk_buff, data, DATA)                                                               \
	FIELD(__sk_buff, data_end, DATA_END)

enum value { VALUE_LEN, VALUE_DATA, VALUE_DATA_END };

static const struct ctx_field {
	enum { CTX_xdp_md, CTX___sk_buff } ctx;
	int32_t off;
	enum value value;
} fields[] = {
#define FIELD(ctx_, field, value_)                                                                 \
	{ CTX_##ctx_, (int32_t)offsetof(struct ctx_, field), VALUE_##value_ },
	FIELD_LIST(FIELD)
#undef FIELD
};

static const struct ctx_field *
find_field(const struct jit_prog *prog, const struct jit_insn *insn)
{
	for (uint32_t i = 0; i < sizeof(fields) / sizeof(*fields); i++)
		if ((fields[i].ctx == CTX___sk_buff) == jit_is_tc(prog) &&
			fields[i].off == insn->bpf.off && jit_access_bytes(insn) == 4)
			return &fields[i];
	return NULL;
}

bool
jit_has_ctx_field(const struct jit_prog *prog, const struct jit_insn *insn)
{
	return find_field(prog, insn) != NULL;
}

#define PACKET_POINTER nic_lm(1, 2)

void
jit_ctx_load(struct jit_out *out, struct jit_insn *insn)
{
	const struct ctx_field *field = find_field(out->prog, insn);
	uint32_t dst = insn->bpf.dst_reg * 2u;

	if (field == NULL) {
		jit_cannot(out, -EOPNOTSUPP);
		return;
	}
	switch (field->value) {
	case VALUE_LEN: wrp_mov(out, jit_both(dst), jit_b(JIT_GPR_PKTLEN)); break;
	case VALUE_DATA: wrp_mov(out, jit_both(dst), PACKET_POINTER); break;
	case VALUE_DATA_END:
		emit_alu(out, jit_both(dst), jit_b(JIT_GPR_PKTLEN), NIC_OP_ADD, PACKET_POINTER);
		break;
	}
	wrp_immed(out, jit_both(dst + 1), 0);
}

/* One of the driver's receive rings, where none can be: the firmware then chooses by itself. */
#define NO_QUEUE 64u
#define QUEUE_SELECTED_BIT 4u

/* The queue, when it fits into the field's 8 bits; the branch's slots are used in both cases. */
static void
select_queue(struct jit_out *out, const struct jit_insn *insn)
{
	struct nic_reg flags = nic_lm(1, 4), queue = nic_lm(1, 6);
	struct jit_shift no_shift = { 0 };
	uint32_t end = out->image->cnt + 5;

	emit_alu(out, jit_none(), jit_a(insn->bpf.src_reg * 2u), NIC_OP_AND_NOT, nic_imm(0xff));
	emit_br(out, NIC_OP_BEQ, end, 2, NIC_RELOC_BR_REL);
	emit_shf(out, flags, flags, NIC_OP_SHF_OR, nic_imm(1),
		(struct jit_shift){ NIC_SC_LEFT, QUEUE_SELECTED_BIT });
	emit_ld_field(out, queue, 1, jit_b(insn->bpf.src_reg * 2u), no_shift);
	emit_ld_field(out, queue, 1, nic_imm(NO_QUEUE), no_shift);
}

void
jit_ctx_store(struct jit_out *out, struct jit_insn *insn)
{
	if (!jit_is_tc(out->prog) && jit_access_bytes(insn) == 4 &&
		insn->bpf.off == offsetof(struct xdp_md, rx_queue_index))
		select_queue(out, insn);
	else
		jit_cannot(out, -EOPNOTSUPP);
}
