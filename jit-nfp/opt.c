/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The passes over a verified program before it is translated, in the driver's order (nfp-isa.md
 * 11). They take nothing out: an instruction that is to emit no words gets a flag, another the
 * facts of what it does instead. Called once, by jit_translate(), when the hooks have noted what
 * they know; each pass says what it needs and leaves.
 */
#include "jit-nfp/internal.h"

#include <string.h>

static const struct pass {
	const char *letter; /* in jit_debug.letters */
	const char *name;
	void (*run)(struct jit_prog *prog);
} passes[] = {
#define X(letter, name) { letter, #name, jit_opt_##name },
	JIT_PASS_LIST(X)
#undef X
};

/* ---- the program, printed ---- */

static const struct {
	uint32_t flag;
	const char *text;
} flag_texts[] = {
	{ JIT_F_SKIP_NOOP, "skip noop" },
	{ JIT_F_SKIP_PREC, "skip" },
	{ JIT_F_SKIP_DEAD, "skip dead" },
	{ JIT_F_SUBPROG_START, "subprog" },
	{ JIT_F_JUMP_DEST, "dest" },
};

/* What the passes left: "; skip, dest, gather -16 to 7, cache [0, 24) owner". */
static void
print_notes(FILE *out, const struct jit_insn *insn)
{
	const char *sep = "  ; ";

	for (uint32_t i = 0; i < sizeof(flag_texts) / sizeof(*flag_texts); i++)
		if ((insn->flags & flag_texts[i].flag) != 0) {
			fprintf(out, "%s%s", sep, flag_texts[i].text);
			sep = ", ";
		}
	if (insn->jump_neg) {
		fprintf(out, "%sneg", sep);
		sep = ", ";
	}
	if (insn->gather_bytes != 0) {
		fprintf(out, "%sgather %d by %u", sep, insn->gather_bytes, insn->gather_store);
		sep = ", ";
	}
	if (insn->cache_end != 0)
		fprintf(out, "%scache [%d, %d)%s", sep, insn->cache_start, insn->cache_end,
			insn->cache_owner ? " owner" : "");
}

static void
print_insn(FILE *out, const struct jit_prog *prog, uint32_t slot)
{
	struct bpf_insn pair[2] = { prog->insns[slot].bpf };
	uint32_t left = prog->insn_cnt - slot > 1 ? 2 : 1;
	char text[128];

	if (left == 2)
		pair[1] = prog->insns[slot + 1].bpf;
	xb_insn_format(pair, left, text, sizeof(text));
	fprintf(out, "%4u: %s", slot, text);
	print_notes(out, &prog->insns[slot]);
	fputc('\n', out);
}

static void
print_after(const struct jit_prog *prog, const struct pass *pass)
{
	FILE *out = prog->debug.out;

	fprintf(out, "after %s:\n", pass->name);
	for (uint32_t slot = 0; slot < prog->insn_cnt; slot = jit_next(prog, slot))
		print_insn(out, prog, slot);
}

static bool
is_wanted(const struct jit_debug *debug, const struct pass *pass)
{
	return debug->letters != NULL && debug->out != NULL &&
	       strchr(debug->letters, pass->letter[0]) != NULL;
}

/* ---- in order ---- */

void
jit_optimize(struct jit_prog *prog)
{
	for (uint32_t i = 0; i < sizeof(passes) / sizeof(*passes); i++) {
		passes[i].run(prog);
		if (is_wanted(&prog->debug, &passes[i]))
			print_after(prog, &passes[i]);
	}
}
