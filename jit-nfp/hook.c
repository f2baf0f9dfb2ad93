/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The driver's verifier hook: what it asks of every instruction, at every visit of the walk and
 * before the core does, in its order (nfp-offload-rules.md 4). What it learns on the way is what
 * the translation goes by.
 *
 * Called by xb_verify() through jit_prog_hooks(). The program may still be anything at all: the
 * core has not checked this instruction yet. Where the core ended the walk, and all that is wrong
 * is to be found, what needs no walk is asked of the rest.
 */
#include "jit-nfp/internal.h"

#include <string.h>

bool
jit_is_translated(uint8_t code)
{
	static const bool is_row[256] = {
#define ROW(code_, name) [(code_)] = true,
#include "jit-nfp/translate.def"
#undef ROW
	};

	return is_row[code];
}

void
jit_note_src(struct jit_insn *insn, uint64_t umin, uint64_t umax)
{
	insn->umin_src = umin < insn->umin_src ? umin : insn->umin_src;
	insn->umax_src = umax > insn->umax_src ? umax : insn->umax_src;
}

/* The driver asks nothing of ld_ind; what its index was decides whether it is in doubt (quirks.c).
 */
static void
note_index(const struct jit_visit *v)
{
	const struct xb_reg_state *index = jit_reg(v, v->insn->bpf.src_reg);

	jit_note_src(v->insn, index->umin, index->umax);
}

/* The rule that the instruction breaks, whatever it is given; else JIT_RULE_CNT. */
static enum jit_rule
broken_by(const struct bpf_insn *insn)
{
	if (!jit_is_translated(insn->code))
		return JIT_RULE_INSN_UNSUPPORTED;
	if (insn->src_reg > BPF_REG_10 || insn->dst_reg > BPF_REG_10)
		return JIT_RULE_EXTENDED_REGISTERS;
	return JIT_RULE_CNT;
}

static int
check(const struct jit_visit *v)
{
	const struct bpf_insn *insn = &v->insn->bpf;
	enum jit_rule rule = broken_by(insn);

	if (rule != JIT_RULE_CNT)
		return jit_tell(v, rule, insn->code);
	if (jit_is_helper_call(v->insn))
		return jit_check_helper(v);
	if (insn->code == (BPF_JMP | BPF_EXIT))
		return jit_check_exit(v);
	if (jit_is_load(v->insn))
		return jit_check_load(v);
	if (jit_is_store(v->insn))
		return jit_check_store(v);
	if (jit_is_atomic(v->insn))
		return jit_check_atomic(v);
	if (jit_is_alu(v->insn))
		return jit_check_alu(v);
	if (jit_is_classic_load(v->insn) && BPF_MODE(insn->code) == BPF_IND)
		note_index(v);
	return 0;
}

static int
visit(void *dev, struct xb_verify_env *env, int insn, int prev)
{
	struct jit_prog *prog = dev;
	const struct jit_visit v = {
		.prog = prog,
		.env = env,
		.at = insn,
		.insn = &prog->insns[insn],
	};

	(void)prev;
	if (v.insn->flags & JIT_F_JUMP_DEST || insn == 0)
		prog->access_before = JIT_NONE;
	return check(&v);
}

/* ---- where the walk did not come ---- */

static int
check_unreached(const struct jit_visit *v)
{
	const struct bpf_insn *insn = &v->insn->bpf;
	enum jit_rule rule = broken_by(insn);

	if (rule != JIT_RULE_CNT)
		return jit_tell(v, rule, insn->code);
	if (jit_is_helper_call(v->insn))
		return jit_check_has_helper(v);
	return jit_is_atomic(v->insn) ? jit_check_atomic_op(v) : 0;
}

/* The last finding becomes that one. */
static void
move_last(struct jit_prog *prog, uint32_t to)
{
	struct jit_finding *at = &prog->findings[to];
	const struct jit_finding last = prog->findings[prog->finding_cnt - 1];

	memmove(at + 1, at, (prog->finding_cnt - 1 - to) * sizeof(*at));
	*at = last;
}

/* What was told on the walk is not told again: the same rule, of the same instruction. */
int
jit_prog_find_unreached(struct jit_prog *prog)
{
	uint32_t before = prog->finding_cnt;
	int err = 0;

	for (uint32_t i = 0; err == 0 && i < prog->input.insn_cnt; i++) {
		const struct jit_visit v = {
			.prog = prog,
			.at = (int32_t)i,
			.insn = &prog->insns[i],
		};

		err = check_unreached(&v);
		i += xb_insn_is_wide(&v.insn->bpf);
	}
	for (uint32_t i = before; i < prog->finding_cnt; i++)
		prog->findings[i].is_unreached = true;
	if (err < 0 || prog->finding_cnt == before)
		return err;
	err = jit_find(prog, -1, JIT_RULE_UNREACHED);
	if (err == 0)
		move_last(prog, before);
	return err;
}

void
jit_hooks_init(struct jit_prog *prog)
{
	prog->hooks = (struct xb_verify_hooks){
		.insn = visit,
		.finalize = jit_finalize,
		.replace_insn = jit_replace_insn,
		.remove_insns = jit_remove_insns,
		.dev = prog,
	};
}

const struct xb_verify_hooks *
jit_prog_hooks(struct jit_prog *prog)
{
	return &prog->hooks;
}
