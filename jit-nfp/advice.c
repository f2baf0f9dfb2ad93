/* SPDX-License-Identifier: BSD-2-Clause */
/* Why, and what instead, of just one helper or instruction (advice.def), and of a translation that
 * failed for what was told before. Called by rules.c. */
#include "jit-nfp/internal.h"

static const struct {
	int32_t helper;
	const char *why, *fix;
} helpers[] = {
#define HELPER(name, why, fix) { BPF_FUNC_##name, why, fix },
#define CODE(...)
#include "jit-nfp/advice.def"
#undef HELPER
#undef CODE
};

static const struct {
	uint8_t code, mask;
	const char *why, *fix;
} codes[] = {
#define HELPER(...)
#define CODE(code, mask, why, fix) { code, mask, why, fix },
#include "jit-nfp/advice.def"
#undef HELPER
#undef CODE
};

static void
advise_helper(int32_t helper, struct jit_finding *finding)
{
	for (size_t i = 0; i < sizeof(helpers) / sizeof(helpers[0]); i++)
		if (helpers[i].helper == helper) {
			finding->why = helpers[i].why;
			finding->fix = helpers[i].fix;
			return;
		}
}

/* All rows are of the ALU; a mask may leave out whether of 32 or of 64 bits. */
static void
advise_code(uint8_t code, struct jit_finding *finding)
{
	if (BPF_CLASS(code) != BPF_ALU && BPF_CLASS(code) != BPF_ALU64)
		return;
	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
		if ((code & codes[i].mask) == codes[i].code) {
			finding->why = codes[i].why;
			finding->fix = codes[i].fix;
			return;
		}
}

/* What the driver gave up for was told of the same instruction before. */
static void
advise_failure(const struct jit_prog *prog, struct jit_finding *finding)
{
	for (uint32_t i = 0; i < prog->finding_cnt; i++) {
		const struct jit_finding *before = &prog->findings[i];

		if (before == finding || before->insn != finding->insn)
			continue;
		finding->why = before->why;
		finding->fix = before->fix;
		return;
	}
}

void
jit_advise(const struct jit_prog *prog, struct jit_finding *finding)
{
	const struct bpf_insn *insn;

	if (finding->rule == JIT_RULE_TRANSLATION_FAILED)
		advise_failure(prog, finding);
	if (finding->insn < 0)
		return;
	insn = &prog->insns[finding->insn].bpf;
	/* A kernel function's call has the number of a type. */
	if (finding->rule == JIT_RULE_HELPER_UNSUPPORTED && insn->src_reg == 0)
		advise_helper(insn->imm, finding);
	if (finding->rule == JIT_RULE_INSN_UNSUPPORTED)
		advise_code(insn->code, finding);
}
