/* SPDX-License-Identifier: BSD-2-Clause */
/* The instruction table as a page: docs/isa.md, which docs/nic_isa_doc.c prints. */
#include "nic/nic.h"

#include <inttypes.h>
#include <string.h>

/* Text in a table's cell. */
static void
print_cell(FILE *out, const char *s)
{
	for (; *s; s++)
		fprintf(out, *s == '|' ? "\\|" : "%c", *s);
}

/* Letters as the words a reader of the page knows. */
static const char *const parts[128] = {
	['D'] = "dst",
	['F'] = "dst",
	['L'] = "left",
	['R'] = "right",
	['s'] = "{, shift}",
	['S'] = "{, shift}",
	['r'] = ">>shift",
	['i'] = "value",
	['j'] = "value",
	['k'] = "value",
	['h'] = "{, <<8 | <<16}",
	['m'] = "mask",
	['t'] = ".addr",
	['o'] = ".offset",
	['x'] = "number",
	['I'] = "state",
	['J'] = "cls_ringN_status",
	['b'] = "byte",
	['B'] = "bit",
	['e'] = "state",
	['q'] = "polynomial",
	['y'] = "{, bytes}",
	['z'] = "{, bit_swap}",
	['a'] = "{, lm_addrN[value]}",
	['C'] = "csr",
	['E'] = "sigN, ...",
	['A'] = "{, any}",
	['u'] = "{, br[.addr]}",
	['T'] = "target",
	['K'] = "command",
	['X'] = "$xfer_N",
	['H'] = "third",
	['N'] = "count",
	['G'] = "address",
	['Q'] = "data",
	['v'] = "{, indirect_ref}",
	['g'] = "{, ctx_swap[sigN]{, defer[N]} | , sig_done[sigN]}",
	['d'] = "{, defer[N]}",
	['n'] = "{, no_cc}",
	['w'] = "{, gpr_wrboth}",
	['p'] = "{, predicate_cc}",
	['c'] = "{, load_cc}",
};

static void
print_text(FILE *out, const char *text)
{
	char one[2] = "";

	for (; *text; text++) {
		if (*text == '%') {
			text++;
			print_cell(out, parts[(unsigned char)*text]);
		} else {
			one[0] = *text;
			print_cell(out, one);
		}
	}
}

static void
print_effects(FILE *out, uint32_t effects)
{
	const char *sep = "";

	if (!effects)
		fprintf(out, "-");
#define X(id, bit, name)                                                                           \
	if (effects & NIC_E_##id) {                                                                \
		fprintf(out, "%s" name, sep);                                                      \
		sep = ", ";                                                                        \
	}
	NIC_EFFECT_LIST(X)
#undef X
}

static void
print_form(FILE *out, enum nic_form form)
{
	static const char *const operands[] = { "none", "10-bit", "8-bit" };
	const struct nic_form_info *info = nic_form_info(form);

	fprintf(out,
		"\n### %s\n\nWord AND `%012" PRIx64 "` = `%012" PRIx64 "`. Operands: %s.\n\n"
		"| field | bits, low part first | holds |\n|---|---|---|\n",
		info->name, info->match.mask, info->match.value, operands[info->operands]);
	for (unsigned int f = 0; f < NIC_FIELD_CNT; f++) {
		const struct nic_piece *p = info->fields[f];

		if (!p->width)
			continue;
		fprintf(out, "| %s |", nic_field_name((enum nic_field)f));
		for (unsigned int i = 0; i < NIC_PIECES && p[i].width; i++)
			fprintf(out, p[i].width > 1 ? " %u:%u" : " %u", p[i].lo + p[i].width - 1u,
				p[i].lo);
		fprintf(out, " | ");
		print_cell(out, nic_field_what((enum nic_field)f));
		fprintf(out, " |\n");
	}
}

static void
print_op(FILE *out, enum nic_op op)
{
	const struct nic_op_info *info = nic_op_info(op);

	fprintf(out, "| `");
	print_text(out, info->text);
	fprintf(out, "` | %s | ", info->name);
	print_cell(out, info->semantics);
	fprintf(out, " | ");
	print_effects(out, info->reads);
	fprintf(out, " | ");
	print_effects(out, info->writes);
	if (info->cycles_taken)
		fprintf(out, " | %u | %u, %u taken | ", info->defer_max, info->cycles,
			info->cycles_taken);
	else
		fprintf(out, " | - | %u | ", info->cycles);
	if (info->special)
		fprintf(out, "see %s |\n", nic_op_info(info->special)->name);
	else
		fprintf(out, "`%012" PRIx64 "` `%012" PRIx64 "` |\n", info->match.mask,
			info->match.value);
}

static void
print_commands(FILE *out, enum nic_target target)
{
	static const char *const data[] = { "none", "in", "out", "in and out" };
	const struct nic_target_info *t = nic_target_info(target);

	fprintf(out,
		"\n### %s (command field 0x%02x to 0x%02x)\n\n"
		"| command | action | token | count | unit, bytes | data | does |\n"
		"|---|---|---|---|---|---|---|\n",
		t->name, t->first, t->last);
	for (size_t i = 0; i < nic_command_cnt; i++) {
		const struct nic_command *c = &nic_commands[i];

		if (c->target != target)
			continue;
		fprintf(out, "| %s | %u | %u | ", c->name, c->action, c->token);
		if (c->length_mask)
			fprintf(out, "& %u = %u | ", c->length_mask, c->length);
		else
			fprintf(out, "any | ");
		if (c->unit)
			fprintf(out, "%u | %s | ", c->unit, data[c->data]);
		else
			fprintf(out, "? | ? | ");
		print_cell(out, c->semantics);
		fprintf(out, " |\n");
	}
}

void
nic_isa_print_markdown(FILE *out)
{
	fprintf(out,
		"# The microengine's instruction set\n\n"
		"Generated from `nic/isa.def` and `nic/commands.def`. Words have 45 bits; bits of "
		"no "
		"field and under no mask are 0.\nA form's operand fields, and which logical "
		"operand "
		"is "
		"in which, are explained in `nic/README.md`.\n\n## Instructions\n\n"
		"`{}` may be missing. Two cycle numbers: not taken, and taken with nothing "
		"deferred.\n\n"
		"| text | name | does | reads | writes | defer | cycles | mask and value |\n"
		"|---|---|---|---|---|---|---|---|\n");
	for (unsigned int op = 0; op < NIC_OP_CNT; op++)
		print_op(out, (enum nic_op)op);
	fprintf(out, "\n## Forms\n");
	for (unsigned int form = 0; form < NIC_FORM_CNT; form++)
		print_form(out, (enum nic_form)form);
	fprintf(out,
		"\n## Commands\n\nCount: what the count field must hold. `?`: not known here.\n");
	for (unsigned int t = 0; t < NIC_TARGET_CNT; t++)
		print_commands(out, (enum nic_target)t);
	fprintf(out, "\n## Local CSRs\n\n| address | name |\n|---|---|\n");
	for (uint32_t csr = 0; csr < 1u << nic_field_width(NIC_FORM_LOCAL_CSR, NIC_F_CSR); csr++)
		if (nic_csr_name(csr))
			fprintf(out, "| 0x%03x | %s |\n", csr * 4, nic_csr_name(csr));
}
