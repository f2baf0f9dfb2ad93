/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which instruction is this, and is it one? Everything here is a walk over opcodes.def.
 * Used by the disassembler, by xb_image_new() and by whoever reads raw bytecode.
 */
#include "bpf/xb.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* The field columns of a row, as initialisers of struct xb_field_rule. */
#define FIELD_ANY XB_ANY, 0
#define FIELD_ZERO XB_ZERO, 0
#define FIELD_REG XB_REG, 0
#define FIELD_WREG XB_WREG, 0
#define FIELD_IS(n) XB_IS, n

static const struct xb_op_info ops[XB_OP_CNT] = {
#define OP(id, opcode, d, s, o, i, txt, sem)                                                       \
	[XB_OP_##id] = {                                                                           \
		.name = #id,                                                                       \
		.code = (opcode),                                                                  \
		.dst = { FIELD_##d },                                                              \
		.src = { FIELD_##s },                                                              \
		.off = { FIELD_##o },                                                              \
		.imm = { FIELD_##i },                                                              \
		.text = (txt),                                                                     \
		.semantics = (sem),                                                                \
		.wide = (opcode) == (BPF_LD | BPF_IMM | BPF_DW),                                   \
	},
#include "bpf/opcodes.def"
#undef OP
};

const struct xb_op_info *
xb_op_info(enum xb_op op)
{
	return &ops[op];
}

/* Rows of each opcode byte, so that decoding does not search: rows of code c are
 * sorted[first[c]] .. sorted[first[c + 1] - 1]. */
static uint8_t first[256 + 1];
static uint8_t sorted[XB_OP_CNT];
_Static_assert(XB_OP_CNT <= UINT8_MAX, "rows are counted in bytes");

static void __attribute__((constructor)) sort_by_code(void)
{
	uint8_t n = 0;

	for (unsigned int code = 0; code < 256; code++) {
		first[code] = n;
		for (uint8_t i = 0; i < XB_OP_CNT; i++)
			if (ops[i].code == code)
				sorted[n++] = i;
	}
	first[256] = n;
}

static bool
is_told_apart(const struct xb_op_info *info, const struct bpf_insn *insn)
{
	return (info->src.kind != XB_IS || insn->src_reg == info->src.is) &&
	       (info->off.kind != XB_IS || insn->off == info->off.is) &&
	       (info->imm.kind != XB_IS || insn->imm == info->imm.is);
}

/*
 * The row of an instruction, NULL when no row has its constants. A row that fits wins over one
 * whose offset should be zero and is not; that one is still found, to say so.
 */
static const struct xb_op_info *
find(const struct bpf_insn *insn)
{
	const struct xb_op_info *second_best = NULL;

	for (unsigned int i = first[insn->code]; i < first[insn->code + 1]; i++) {
		const struct xb_op_info *info = &ops[sorted[i]];

		if (!is_told_apart(info, insn))
			continue;
		if (info->off.kind != XB_ZERO || insn->off == 0)
			return info;
		second_best = info;
	}
	return second_best;
}

/* NULL, or what is wrong with a register field. */
static const char *
check_register(enum xb_field kind, uint8_t reg)
{
	if (kind == XB_ZERO && reg != 0)
		return "reserved register field is not zero";
	if ((kind == XB_REG || kind == XB_WREG) && reg > 10)
		return "there are only registers r0 to r10";
	if (kind == XB_WREG && reg == 10)
		return "frame pointer r10 is read only";
	return NULL;
}

const char *
xb_insn_decode(const struct bpf_insn *insn, uint32_t left, enum xb_op *op)
{
	const struct xb_op_info *info = find(insn);
	const char *reason;

	if (first[insn->code] == first[insn->code + 1])
		return "unknown opcode";
	if (!info)
		return "unknown operation in the source register, offset or immediate field";
	reason = check_register(info->dst.kind, insn->dst_reg);
	if (!reason)
		reason = check_register(info->src.kind, insn->src_reg);
	if (reason)
		return reason;
	if (info->off.kind == XB_ZERO && insn->off != 0)
		return "reserved offset field is not zero";
	if (info->imm.kind == XB_ZERO && insn->imm != 0)
		return "reserved immediate field is not zero";
	if (info->wide) {
		if (left < 2)
			return "64-bit immediate without its second half";
		if (insn[1].code || insn[1].dst_reg || insn[1].src_reg || insn[1].off)
			return "second half of a 64-bit immediate has fields that are not zero";
	}
	*op = (enum xb_op)(info - ops);
	return NULL;
}

/* ---- xb_insns_check ---- */

struct checker {
	const struct bpf_insn *insns;
	uint32_t cnt;
	struct xb_log *log;
	bool *is_start; /* an instruction begins in this slot */
};

static int
refuse(const struct checker *c, uint32_t i, const char *reason)
{
	char text[96];

	xb_insn_format(&c->insns[i], c->cnt - i, text, sizeof(text));
	xb_log_add(c->log, "insn %u: %s: %s\n", i, text, reason);
	return -EINVAL;
}

static int
mark_starts(struct checker *c)
{
	for (uint32_t i = 0; i < c->cnt;) {
		enum xb_op op;
		const char *reason = xb_insn_decode(&c->insns[i], c->cnt - i, &op);

		if (reason)
			return refuse(c, i, reason);
		c->is_start[i] = true;
		i += ops[op].wide ? 2 : 1;
	}
	return 0;
}

/* Where control may go other than to the next instruction. */
static bool
target_of(const struct bpf_insn *insn, enum xb_op op, int64_t *delta)
{
	uint8_t class = BPF_CLASS(insn->code);

	switch (op) {
	case XB_OP_CALL:
	case XB_OP_CALL_BTF:
	case XB_OP_EXIT: return false;
	case XB_OP_JAL:
	case XB_OP_CALL_LOCAL:
	case XB_OP_LD_CODE_ADDR: *delta = insn->imm; return true;
	default: *delta = insn->off; return class == BPF_JMP || class == BPF_JMP32;
	}
}

static bool
may_fall_through(enum xb_op op)
{
	return op != XB_OP_EXIT && op != XB_OP_JA && op != XB_OP_JAL;
}

static int
check_targets(const struct checker *c)
{
	for (uint32_t i = 0; i < c->cnt; i++) {
		enum xb_op op;
		int64_t delta, to;

		if (!c->is_start[i])
			continue;
		xb_insn_decode(&c->insns[i], c->cnt - i, &op);
		if (may_fall_through(op) && i + (ops[op].wide ? 2 : 1) >= c->cnt)
			return refuse(c, i, "control falls off the end of the program");
		if (!target_of(&c->insns[i], op, &delta))
			continue;
		to = (int64_t)i + 1 + delta;
		if (to < 0 || to >= c->cnt)
			return refuse(c, i, "jump out of the program");
		if (!c->is_start[to])
			return refuse(c, i, "jump into the middle of an instruction");
	}
	return 0;
}

int
xb_insns_check(const struct bpf_insn *insns, uint32_t cnt, struct xb_log *log)
{
	struct checker c = { .insns = insns, .cnt = cnt, .log = log };
	int err;

	if (cnt == 0) {
		xb_log_add(log, "the program is empty\n");
		return -EINVAL;
	}
	c.is_start = calloc(cnt, sizeof(*c.is_start));
	if (!c.is_start)
		return -ENOMEM;
	err = mark_starts(&c);
	if (!err)
		err = check_targets(&c);
	free(c.is_start);
	return err;
}

/* ---- the table as a page ---- */

static void
print_field(FILE *out, struct xb_field_rule rule)
{
	static const char *const words[] = {
		[XB_ANY] = "operand",
		[XB_ZERO] = "0",
		[XB_REG] = "r0-r10",
		[XB_WREG] = "r0-r9",
	};

	if (rule.kind == XB_IS)
		fprintf(out, " | %d", rule.is);
	else
		fprintf(out, " | %s", words[rule.kind]);
}

static void
print_escaped(FILE *out, const char *s)
{
	for (; *s; s++)
		fprintf(out, *s == '|' ? "\\|" : "%c", *s);
}

void
xb_isa_print_markdown(FILE *out)
{
	fprintf(out, "# The eBPF instruction set\n\n"
		     "Generated from `bpf/opcodes.def`. RFC 9669, and the legacy packet loads.\n\n"
		     "| name | opcode | dst | src | off | imm | does |\n"
		     "|---|---|---|---|---|---|---|\n");
	for (size_t i = 0; i < XB_OP_CNT; i++) {
		const struct xb_op_info *info = &ops[i];

		fprintf(out, "| %s | 0x%02x", info->name, info->code);
		print_field(out, info->dst);
		print_field(out, info->src);
		print_field(out, info->off);
		print_field(out, info->imm);
		fprintf(out, " | ");
		print_escaped(out, info->semantics);
		fprintf(out, " |\n");
	}
}
