/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From a verified program to an image: constants for maps, the passes (opt.c), each instruction by
 * its emitter (translate.def), what comes before and after (outro.c), targets of branches
 * (fixup.c). Order: nfp-isa.md 11.
 */
#include "jit-nfp/internal.h"

#include <errno.h>
#include <stdlib.h>

jit_emitter *
jit_emitter_of(uint8_t code)
{
	static jit_emitter *const emitters[UINT8_MAX + 1] = {
#define ROW(code, name) [code] = jit_##name,
#include "jit-nfp/translate.def"
#undef ROW
	};

	return emitters[code];
}

/* The program holds numbers of maps where it had indexes (nfp-isa.md 10.5). False: no such map. */
static bool
put_map_numbers(struct jit_prog *prog)
{
	for (uint32_t i = 0; i < prog->insn_cnt; i = jit_next(prog, i)) {
		struct bpf_insn *insn = &prog->insns[i].bpf;

		if (!xb_insn_is_wide(insn) || insn->src_reg != BPF_PSEUDO_MAP_IDX)
			continue;
		if ((uint32_t)insn->imm >= prog->input.map_cnt || i + 1 == prog->insn_cnt)
			return false;
		insn->imm = (int32_t)prog->input.maps[insn->imm]->number;
		prog->insns[i + 1].bpf.imm = 0;
	}
	return true;
}

/* Where a function begins it keeps its return address (nfp-isa.md 12.3). */
static void
emit_prologue(struct jit_out *out)
{
	wrp_mov(out, nic_lm(0, 0), jit_a(JIT_GPR_IMM));
}

static void
emit_insn(struct jit_out *out, uint32_t slot)
{
	struct jit_insn *insn = &out->prog->insns[slot];
	jit_emitter *emitter = jit_emitter_of(insn->bpf.code);

	out->slot = slot;
	insn->first = out->image->cnt;
	if (insn->flags & JIT_F_SUBPROG_START)
		emit_prologue(out);
	if (out->err || insn->flags & JIT_F_SKIP)
		return;
	if (insn->flags & JIT_F_STUB)
		emit_nop(out);
	else if (emitter)
		emitter(out, insn);
	else
		jit_cannot(out, -ENOENT);
}

/* ---- failures ---- */

/* The driver's last words, once. slot: where it gave up, or -1. */
static void
tell_failure(struct jit_out *out, int32_t slot, uint32_t translated)
{
	if (!out->is_told)
		jit_find(out->prog, slot, JIT_RULE_TRANSLATION_FAILED,
			out->err ? out->err : -ENOSPC, translated);
	out->is_told = true;
}

/* Who goes on puts a word for the instruction that has no words. */
static void
put_stub(struct jit_out *out, uint32_t slot)
{
	struct jit_insn *insn = &out->prog->insns[slot];

	if (!out->prog->input.go_on || out->err == -ENOSPC)
		return;
	out->err = 0;
	out->image->cnt = insn->first;
	insn->flags |= JIT_F_STUB;
	emit_nop(out);
}

/* What the hook refused has no facts to translate by. */
static void
stub_refused(struct jit_prog *prog)
{
	for (uint32_t i = 0; i < prog->finding_cnt; i++) {
		const struct jit_finding *f = &prog->findings[i];

		if (f->insn >= 0 && jit_rule_info(f->rule)->severity == JIT_ERROR)
			prog->insns[f->insn].flags |= JIT_F_STUB;
	}
}

static bool
has_stubs(const struct jit_prog *prog)
{
	for (uint32_t i = 0; i < prog->insn_cnt; i++)
		if ((prog->insns[i].flags & (JIT_F_STUB | JIT_F_SKIP)) == JIT_F_STUB)
			return true;
	return false;
}

static bool
is_refused(const struct jit_prog *prog)
{
	for (uint32_t i = 0; i < prog->finding_cnt; i++)
		if (jit_rule_info(prog->findings[i].rule)->severity == JIT_ERROR)
			return true;
	return false;
}

/* ---- the program ---- */

/* The driver counts slots that were translated before its first error; the words of ld_imm64 are
 * those of its second slot. */
static void
emit_insns(struct jit_out *out)
{
	const struct jit_prog *prog = out->prog;

	for (uint32_t slot = 0, next; slot < prog->insn_cnt && !out->err; slot = next) {
		next = jit_next(prog, slot);
		emit_insn(out, slot);
		if (!out->err && !out->is_over)
			continue;
		tell_failure(out, (int32_t)slot, next - 1);
		if (out->err)
			put_stub(out, slot);
	}
	out->slot = JIT_NO_INSN;
	out->end = out->image->cnt;
}

static void
emit_program(struct jit_out *out)
{
	jit_emit_intro(out);
	if (out->err)
		tell_failure(out, -1, 0);
	emit_insns(out);
	jit_emit_outro(out);
	if (!out->err)
		jit_fixup_branches(out);
	if (out->err || out->is_over)
		tell_failure(out, -1, out->prog->insn_cnt);
}

static enum jit_skip
skip_of(const struct jit_insn *insn)
{
	if (insn->flags & JIT_F_SKIP_DEAD)
		return JIT_SKIP_DEAD;
	if (insn->flags & JIT_F_SKIP_PREC)
		return JIT_SKIP_PRECEDING;
	return insn->flags & JIT_F_SKIP_NOOP ? JIT_SKIP_NOOP : JIT_HAS_WORDS;
}

static int
alloc_image(struct jit_prog *prog, struct jit_image *image)
{
	uint32_t max = prog->input.card->insns_max;

	*image = (struct jit_image){
		.words = calloc(max + 1, sizeof(*image->words)),
		.insns = calloc(max + 1, sizeof(*image->insns)),
		.skips = calloc(prog->insn_cnt, sizeof(*image->skips)),
		.stack_bytes = prog->stack_bytes,
		.max_packet_offset = prog->max_packet_offset,
	};
	if (image->words && image->insns && image->skips)
		return 0;
	jit_image_free(image);
	return -ENOMEM;
}

/* Makes the image no larger than it is. Where there is no memory for that it stays. */
static void
trim_image(struct jit_image *image)
{
	uint64_t *words = reallocarray(image->words, image->cnt + 1, sizeof(*words));
	uint32_t *insns = reallocarray(image->insns, image->cnt + 1, sizeof(*insns));

	image->words = words ? words : image->words;
	image->insns = insns ? insns : image->insns;
}

int
jit_translate(struct jit_prog *prog, struct jit_image *image)
{
	struct jit_out out = { prog, image, .max = prog->input.card->insns_max,
		.slot = JIT_NO_INSN };

	if (!prog->verified || prog->hook_failed || !put_map_numbers(prog))
		return -EINVAL;
	if (alloc_image(prog, image) != 0)
		return -ENOMEM;
	stub_refused(prog);
	jit_optimize(prog);
	jit_find_quirks(prog);
	for (uint32_t i = 0; i < prog->insn_cnt; i++)
		image->skips[i] = (uint8_t)skip_of(&prog->insns[i]);
	emit_program(&out);
	if (out.err && !prog->input.go_on) {
		jit_image_free(image);
		return -jit_rule_info(JIT_RULE_TRANSLATION_FAILED)->err;
	}
	image->is_refused = is_refused(prog);
	image->is_stubbed = out.err || has_stubs(prog);
	trim_image(image);
	return 0;
}

void
jit_image_free(struct jit_image *image)
{
	free(image->words);
	free(image->insns);
	free(image->skips);
	*image = (struct jit_image){ 0 };
}
