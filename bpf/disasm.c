/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One instruction as text, in the wording of kernel/bpf/disasm.c, which bpftool and the verifier's
 * log share. The wording of each instruction is its row in opcodes.def; the letters there are
 *
 *	%d %s  destination, source register as r0-r10      %w %v  the same as w0-w10
 *	%i     immediate, signed decimal                   %x     immediate, hex
 *	%n     second slot's immediate, unsigned           %I     64-bit immediate, hex
 *	%o %j  offset, immediate with a sign always        %h     helper name
 *	%%     a per cent sign
 */
#include "bpf/xb.h"

#include <inttypes.h>

struct line {
	char *buf;
	size_t size;
	size_t len;
};

static void __attribute__((format(printf, 2, 3))) put(struct line *l, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(l->buf + l->len, l->size - l->len, fmt, ap);
	va_end(ap);
	if (n > 0)
		l->len = l->len + (size_t)n < l->size ? l->len + (size_t)n : l->size - 1;
}

static const char *
helper_name(int32_t id)
{
	const struct xb_helper *helper = xb_helper_by_id(id);

	return helper ? helper->name : "unknown";
}

static void
put_letter(struct line *l, char letter, const struct bpf_insn *insn)
{
	switch (letter) {
	case 'd': put(l, "r%d", insn->dst_reg); break;
	case 's': put(l, "r%d", insn->src_reg); break;
	case 'w': put(l, "w%d", insn->dst_reg); break;
	case 'v': put(l, "w%d", insn->src_reg); break;
	case 'i': put(l, "%d", insn->imm); break;
	case 'x': put(l, "0x%x", (uint32_t)insn->imm); break;
	case 'n': put(l, "%u", (uint32_t)insn[1].imm); break;
	case 'I':
		put(l, "0x%" PRIx64, (uint64_t)(uint32_t)insn[1].imm << 32 | (uint32_t)insn->imm);
		break;
	case 'o': put(l, "%+d", insn->off); break;
	case 'j': put(l, "%+d", insn->imm); break;
	case 'h': put(l, "%s", helper_name(insn->imm)); break;
	default: put(l, "%c", letter); break;
	}
}

unsigned int
xb_insn_format(const struct bpf_insn *insn, uint32_t left, char *buf, size_t size)
{
	struct line l = { .buf = buf, .size = size };
	const struct xb_op_info *info;
	enum xb_op op;

	if (xb_insn_decode(insn, left, &op)) {
		put(&l, "(%02x) dst %d src %d off %d imm %d", insn->code, insn->dst_reg,
			insn->src_reg, insn->off, insn->imm);
		return 1;
	}
	info = xb_op_info(op);
	for (const char *t = info->text; *t; t++) {
		if (*t == '%' && t[1])
			put_letter(&l, *++t, insn);
		else
			put(&l, "%c", *t);
	}
	return info->wide ? 2 : 1;
}
