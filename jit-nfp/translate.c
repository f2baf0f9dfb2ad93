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
	if (emitter)
		emitter(out, insn);
	else
		jit_cannot(out, -ENOENT);
}

/* Slots translated before the first error, as the driver counts them: the words of ld_imm64 are
 * those of its second slot. */
static uint32_t
emit_insns(struct jit_out *out)
{
	const struct jit_prog *prog = out->prog;
	uint32_t slot = 0, next;

	for (; slot < prog->insn_cnt && !out->err; slot = next) {
		next = jit_next(prog, slot);
		emit_insn(out, slot);
	}
	out->slot = JIT_NO_INSN;
	out->end = out->image->cnt;
	return out->err && slot ? slot - 1 : slot;
}

static uint32_t
emit_program(struct jit_out *out)
{
	uint32_t translated;

	jit_emit_intro(out);
	translated = emit_insns(out);
	jit_emit_outro(out);
	if (!out->err)
		jit_fixup_branches(out);
	return translated;
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
		.words = calloc(max, sizeof(*image->words)),
		.insns = calloc(max, sizeof(*image->insns)),
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
	uint64_t *words = reallocarray(image->words, image->cnt, sizeof(*words));
	uint32_t *insns = reallocarray(image->insns, image->cnt, sizeof(*insns));

	image->words = words ? words : image->words;
	image->insns = insns ? insns : image->insns;
}

int
jit_translate(struct jit_prog *prog, struct jit_image *image)
{
	struct jit_out out = { prog, image, .max = prog->input.card->insns_max,
		.slot = JIT_NO_INSN };
	uint32_t translated;

	if (!prog->verified || prog->hook_failed || !put_map_numbers(prog))
		return -EINVAL;
	if (alloc_image(prog, image) != 0)
		return -ENOMEM;
	jit_optimize(prog);
	jit_find_quirks(prog);
	for (uint32_t i = 0; i < prog->insn_cnt; i++)
		image->skips[i] = (uint8_t)skip_of(&prog->insns[i]);
	translated = emit_program(&out);
	if (!out.err) {
		trim_image(image);
		return 0;
	}
	jit_image_free(image);
	return jit_find(prog, -1, JIT_RULE_TRANSLATION_FAILED, out.err, translated);
}

void
jit_image_free(struct jit_image *image)
{
	free(image->words);
	free(image->insns);
	free(image->skips);
	*image = (struct jit_image){ 0 };
}
