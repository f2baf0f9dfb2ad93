/* SPDX-License-Identifier: BSD-2-Clause */
/* Letters of commands (text.c). */
#include "nic/internal.h"

#include <string.h>

#define F(field) (UINT64_C(1) << NIC_F_##field)

/* ---- commands ---- */

static void
print_target(struct nic_line *line, char letter, const struct nic_insn *insn)
{
	(void)letter;
	nic_put(line, "%s", nic_target_info(nic_target_find(insn->tgt))->name);
}

static bool
read_target(struct nic_input *in, char letter, struct nic_insn *insn)
{
	(void)letter;
	for (unsigned int i = 0; i < NIC_TARGET_CNT; i++) {
		const struct nic_target_info *t = nic_target_info((enum nic_target)i);

		if (!strncmp(in->p, t->name, strlen(t->name)) && in->p[strlen(t->name)] == '[') {
			in->p += strlen(t->name);
			insn->tgt = t->first;
			return true;
		}
	}
	nic_expect(in, in->p, "an instruction");
	return false;
}

static uint32_t
length_of(const struct nic_insn *insn)
{
	return nic_op_info(insn->op)->form == NIC_FORM_CMD_BOTH ? insn->imm_data >> 7 & 7
								: insn->cnt;
}

static void
print_command(struct nic_line *line, char letter, const struct nic_insn *insn)
{
	const struct nic_command *c = nic_command_find(insn->tgt, insn->token, length_of(insn));

	(void)letter;
	nic_put(line, "%s", c ? c->name : "?");
}

static bool
read_command(struct nic_input *in, char letter, struct nic_insn *insn)
{
	size_t len = strcspn(in->p, ", \t]\n");

	(void)letter;
	for (size_t i = 0; i < nic_command_cnt; i++) {
		const struct nic_command *c = &nic_commands[i];

		if (c->target != nic_target_find(insn->tgt) || strlen(c->name) != len ||
			strncmp(c->name, in->p, len) != 0)
			continue;
		insn->tgt += c->action;
		insn->token = c->token;
		in->command = c;
		in->command_at = in->p;
		in->p += len;
		return true;
	}
	nic_expect(in, in->p, "a command of this target (docs/isa.md)");
	return false;
}

static void
print_swap(struct nic_line *line, char letter, const struct nic_insn *insn)
{
	(void)letter;
	if (insn->ctx == NIC_CTX_NO_SWAP) {
		if (insn->sig)
			nic_put(line, ", sig_done[sig%u]", insn->sig);
		return;
	}
	if (insn->sig)
		nic_put(line, ", ctx_swap[sig%u]", insn->sig);
	else
		nic_put(line, ", ctx_swap[--]");
	if (insn->ctx)
		nic_put(line, ", defer[%u]", insn->ctx);
}

static bool
read_signal_number(struct nic_input *in, struct nic_insn *insn)
{
	const char *start = in->p;

	if (!nic_read_word(in, "sig")) {
		nic_expect(in, in->p, "a signal (sig1)");
		return false;
	}
	if (!nic_read_number(in, 15, "a signal 1 to 15", &insn->sig))
		return false;
	if (!insn->sig)
		nic_expect(in, start, "a signal 1 to 15");
	return insn->sig != 0;
}

static bool
read_swap(struct nic_input *in, char letter, struct nic_insn *insn)
{
	(void)letter;
	insn->ctx = NIC_CTX_NO_SWAP;
	if (nic_read_option(in, "sig_done["))
		return read_signal_number(in, insn) && nic_read_bracket(in);
	if (!nic_read_option(in, "ctx_swap["))
		return true;
	insn->ctx = 0;
	if (!nic_read_word(in, "--")) {
		nic_expect(in, in->p, "`--`");
		if (!read_signal_number(in, insn))
			return false;
	}
	if (!nic_read_bracket(in))
		return false;
	if (!nic_read_option(in, "defer["))
		return true;
	return nic_read_number(in, 2, "at most 2 deferred instructions", &insn->ctx) &&
	       nic_read_bracket(in);
}

static void
print_count(struct nic_line *line, char letter, const struct nic_insn *insn)
{
	(void)letter;
	nic_put(line, "%u", insn->cnt + 1);
}

static bool
read_count(struct nic_input *in, char letter, struct nic_insn *insn)
{
	const char *start = in->p;

	(void)letter;
	if (!nic_read_number(in, 8, "a count of 1 to 8", &insn->cnt))
		return false;
	if (!insn->cnt)
		nic_expect(in, start, "a count of 1 to 8");
	return insn->cnt-- != 0;
}

/* ---- the letters ---- */

const struct nic_letter nic_command_letters[NIC_LETTER_CNT] = {
	['T'] = { F(TGT), print_target, read_target },
	['K'] = { F(TOKEN), print_command, read_command },
	['N'] = { F(CNT), print_count, read_count },
	['g'] = { F(CTX) | F(SIG), print_swap, read_swap },
};
