/* SPDX-License-Identifier: BSD-2-Clause */
/* Edits of programs for the generator's mistakes and for the minimiser. */
#include "tests/diff/edit.h"

#include "bpf/xb.h"

#include <string.h>

bool
edit_is_second_half(const struct bpf_insn *insns, uint32_t at)
{
	return at > 0 && xb_insn_is_wide(&insns[at - 1]) && insns[at].code == 0;
}

enum where { NOWHERE, IN_OFF, IN_IMM };

/* Which field of an instruction is a distance. */
static enum where
distance_in(const struct bpf_insn *insn)
{
	uint8_t class = BPF_CLASS(insn->code), op = BPF_OP(insn->code);

	if (xb_insn_is_wide(insn))
		return insn->src_reg == BPF_PSEUDO_FUNC ? IN_IMM : NOWHERE;
	if (class != BPF_JMP && class != BPF_JMP32)
		return NOWHERE;
	if (op == BPF_CALL)
		return insn->src_reg == BPF_PSEUDO_CALL ? IN_IMM : NOWHERE;
	if (op == BPF_EXIT)
		return NOWHERE;
	return class == BPF_JMP32 && op == BPF_JA ? IN_IMM : IN_OFF;
}

/* Slots below `at` stay, those from `at + removed` on move by `shift`. */
static int64_t
moved(int64_t slot, uint32_t at, uint32_t removed, int64_t shift)
{
	if (slot < at || (removed && slot == at))
		return slot;
	return slot < (int64_t)at + removed ? at : slot + shift;
}

/* `is_found`: a jump to the place of an insertion finds what is inserted. */
static void
fix_jumps(struct bpf_insn *insns, uint32_t cnt, uint32_t at, uint32_t removed, int64_t shift,
	bool is_found)
{
	for (uint32_t i = 0; i < cnt; i++) {
		enum where where = distance_in(&insns[i]);
		int64_t from = i + 1, to, distance;

		if (where == NOWHERE || edit_is_second_half(insns, i))
			continue;
		to = from + (where == IN_OFF ? insns[i].off : insns[i].imm);
		if (is_found && to == at)
			distance = to - moved(i, at, removed, shift) - 1;
		else
			distance = moved(to, at, removed, shift) - moved(i, at, removed, shift) - 1;
		if (where == IN_OFF)
			insns[i].off = (int16_t)distance;
		else
			insns[i].imm = (int32_t)distance;
	}
}

void
edit_remove(struct bpf_insn *insns, uint32_t *cnt, uint32_t at, uint32_t len)
{
	fix_jumps(insns, *cnt, at, len, -(int64_t)len, false);
	memmove(insns + at, insns + at + len, (*cnt - at - len) * sizeof(*insns));
	*cnt -= len;
}

static void
insert(struct bpf_insn *insns, uint32_t *cnt, uint32_t at, struct bpf_insn insn, bool is_found)
{
	fix_jumps(insns, *cnt, at, 0, 1, is_found);
	memmove(insns + at + 1, insns + at, (*cnt - at) * sizeof(*insns));
	insns[at] = insn;
	(*cnt)++;
}

void
edit_insert(struct bpf_insn *insns, uint32_t *cnt, uint32_t at, struct bpf_insn insn)
{
	insert(insns, cnt, at, insn, true);
}

void
edit_append(struct bpf_insn *insns, uint32_t *cnt, uint32_t to, struct bpf_insn insn)
{
	insert(insns, cnt, to + 1, insn, false);
}
