/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The end of a program, and of each of its functions: the hook cannot tell one exit from another,
 * so a tc program's functions must return what a tc program may (nfp-offload-rules.md 4.1).
 */
#include "jit-nfp/internal.h"

#include <linux/pkt_cls.h>

/* The card can only pass without a verdict (any code past the last it knows, -1 too), drop, and
 * take away. */
static bool
is_verdict(uint64_t code)
{
	return code > TC_ACT_REDIRECT || code == TC_ACT_SHOT || code == TC_ACT_STOLEN ||
	       code == TC_ACT_QUEUED;
}

int
jit_check_exit(const struct jit_visit *v)
{
	const struct xb_reg_state *r0 = jit_reg(v, BPF_REG_0);
	char bits[64];

	if (v->prog->input.type == BPF_PROG_TYPE_XDP) {
		if (xb_verify_frame(v->env) == 0) /* for quirks_call.c */
			jit_note_src(v->insn, r0->u32_min, r0->u32_max);
		return 0;
	}
	if (r0->type != XB_SCALAR || !xb_tnum_is_const(r0->var_off)) {
		xb_tnum_format(bits, sizeof(bits), r0->var_off);
		return jit_tell(v, JIT_RULE_EXIT_UNKNOWN, r0->type, bits);
	}
	if (jit_is_tc(v->prog) && !is_verdict(r0->var_off.value))
		return jit_tell(
			v, JIT_RULE_EXIT_VERDICT, r0->type, (unsigned long long)r0->var_off.value);
	return 0;
}
