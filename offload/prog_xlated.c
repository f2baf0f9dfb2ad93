/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The host's copy of a program as info shows it: dead code removed, context accesses as written
 * (kernel: opt_hard_wire_dead_code_branches(), opt_remove_dead_code(), opt_remove_nops()).
 */
#include "offload/internal.h"

#include <errno.h>
#include <stdlib.h>

struct shrink {
	const struct xb_insn_facts *facts;
	struct bpf_insn *insns;
	uint32_t cnt;
	uint32_t *now; /* where a slot is afterwards; of those that go, the next one that stays */
	bool *goes;
};

static bool
is_jump(const struct bpf_insn *insn)
{
	uint8_t class = BPF_CLASS(insn->code), op = BPF_OP(insn->code);

	return (class == BPF_JMP || class == BPF_JMP32) && op != BPF_CALL && op != BPF_EXIT;
}

static bool
is_local_call(const struct bpf_insn *insn)
{
	return insn->code == (BPF_JMP | BPF_CALL) && insn->src_reg == BPF_PSEUDO_CALL;
}

/* A jump whose distance is in imm (BPF_JMP32 | BPF_JA), as a call's is. */
static bool
is_far(const struct bpf_insn *insn)
{
	return insn->code == (BPF_JMP32 | BPF_JA) || is_local_call(insn);
}

static int64_t
distance(const struct bpf_insn *insn)
{
	return is_far(insn) ? insn->imm : insn->off;
}

/* A condition that has one outcome is none. */
static void
wire(struct shrink *s, uint32_t i)
{
	struct bpf_insn *insn = &s->insns[i], ja = { .code = BPF_JMP | BPF_JA };

	if (!s->facts[i].seen || !is_jump(insn) || BPF_OP(insn->code) == BPF_JA)
		return;
	if (!s->facts[i + 1].seen)
		ja.off = insn->off;
	else if (s->facts[(int64_t)i + 1 + insn->off].seen)
		return;
	*insn = ja;
}

/* Nothing but dead code between a jump and where it goes. */
static bool
is_nop(const struct shrink *s, uint32_t i)
{
	const struct bpf_insn *insn = &s->insns[i];

	if (insn->code != (BPF_JMP | BPF_JA) || insn->off < 0)
		return false;
	for (uint32_t k = i + 1; k <= i + (uint16_t)insn->off; k++)
		if (s->facts[k].seen)
			return false;
	return true;
}

static void
find_places(struct shrink *s)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < s->cnt; i++) {
		s->goes[i] = !s->facts[i].seen || is_nop(s, i);
		s->now[i] = n;
		n += !s->goes[i];
	}
	s->now[s->cnt] = n;
}

static void
aim(const struct shrink *s, uint32_t i, struct bpf_insn *insn)
{
	int64_t target = (int64_t)i + 1 + distance(insn);
	int64_t moved = (int64_t)s->now[target] - s->now[i] - 1;

	if (is_far(insn))
		insn->imm = (int32_t)moved;
	else
		insn->off = (int16_t)moved;
}

static void
squeeze(const struct shrink *s)
{
	for (uint32_t i = 0; i < s->cnt; i++) {
		struct bpf_insn insn = s->insns[i];

		if (s->goes[i])
			continue;
		if (is_jump(&insn) || is_local_call(&insn))
			aim(s, i, &insn);
		s->insns[s->now[i]] = insn;
	}
}

int
off_prog_set_xlated(struct off_prog *prog, const struct xb_facts *facts)
{
	struct shrink s = { .facts = facts->insns, .cnt = prog->insn_cnt };
	int err = -ENOMEM;

	s.insns = calloc(s.cnt, sizeof(*s.insns));
	s.now = calloc(s.cnt + 1, sizeof(*s.now));
	s.goes = calloc(s.cnt, sizeof(*s.goes));
	if (s.insns && s.now && s.goes) {
		for (uint32_t i = 0; i < s.cnt; i++)
			s.insns[i] = prog->insns[i];
		for (uint32_t i = 0; i < s.cnt; i++)
			wire(&s, i);
		find_places(&s);
		squeeze(&s);
		prog->xlated_cnt = s.now[s.cnt];
		prog->xlated = s.insns;
		s.insns = NULL;
		err = 0;
	}
	free(s.insns);
	free(s.now);
	free(s.goes);
	return err;
}
