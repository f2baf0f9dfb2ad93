/* SPDX-License-Identifier: BSD-2-Clause */
/* Programs as text: see program.h. What an instruction's text may be is in bpf/opcodes.def. */
#include "tests/unit/jit-nfp/program.h"

#include "tests/_cmocka.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define INSNS_MAX 400u
#define LINE_MAX_BYTES 160u

static const struct jit_card card = {
	.abi_version = 3,
	.insns_max = PROGRAM_WORDS,
	.adjust_head = { .off_min = 44,
		.off_max = 248,
		.guaranteed_sub = 84,
		.guaranteed_add = 112 },
};

/* ---- an instruction ---- */

/* What a letter of a row's text stands for: a number behind a prefix. */
static bool
take_number(const char **text, const char *prefix, int64_t *number)
{
	size_t len = strlen(prefix);
	char *end;

	if (strncmp(*text, prefix, len) != 0)
		return false;
	*number = strtoll(*text + len, &end, 0);
	if (end == *text + len)
		return false;
	*text = end;
	return true;
}

static bool
take_letter(const char **text, char letter, struct bpf_insn *insn)
{
	int64_t number = 0;
	bool is_reg = strchr("dswv", letter) != NULL;
	const char *prefix = !is_reg ? "" : letter == 'd' || letter == 's' ? "r" : "w";

	if (letter == 'h') { /* the helper's number instead of its name */
		insn->imm = (int32_t)strtol(*text, (char **)(uintptr_t)text, 0);
		return true;
	}
	if (!take_number(text, prefix, &number))
		return false;
	switch (letter) {
	case 'd':
	case 'w': insn->dst_reg = (unsigned int)number & 0xf; return true;
	case 's':
	case 'v': insn->src_reg = (unsigned int)number & 0xf; return true;
	case 'o': insn->off = (int16_t)number; return true;
	case 'i':
	case 'x':
	case 'j': insn->imm = (int32_t)number; return true;
	default: return false;
	}
}

static bool
take_row(const char *text, const struct xb_op_info *info, struct bpf_insn *insn)
{
	const char *row = info->text;

	*insn = (struct bpf_insn){ .code = info->code };
	if (info->src.kind == XB_IS)
		insn->src_reg = (unsigned int)info->src.is & 0xf;
	if (info->off.kind == XB_IS)
		insn->off = (int16_t)info->off.is;
	if (info->imm.kind == XB_IS)
		insn->imm = info->imm.is;
	for (; *row != '\0'; row++)
		if (*row != '%' || row[1] == '\0') {
			if (*text++ != *row)
				return false;
		} else if (!take_letter(&text, *++row, insn)) {
			return false;
		}
	return *text == '\0';
}

static void
take_insn(const char *text, struct bpf_insn *insn)
{
	for (enum xb_op op = 0; op < XB_OP_CNT; op++) {
		enum xb_op is;

		if (take_row(text, xb_op_info(op), insn) && xb_insn_decode(insn, 1, &is) == NULL &&
			is == op)
			return;
	}
	fail_msg("`%s` is no instruction", text);
}

/* ---- its facts ---- */

static void
take_value(struct jit_insn *insn, const char *fact)
{
	if (sscanf(fact, "id=%u", &insn->ptr.id) == 1 ||
		sscanf(fact, "off=%d", &insn->ptr.off) == 1 ||
		sscanf(fact, "max=%" SCNu64, &insn->umax_src) == 1)
		return;
	if (strncmp(fact, "var=", 4) != 0)
		fail_msg("`%s` is no fact", fact);
	insn->ptr.var_off.value = (uint64_t)strtoll(fact + 4, NULL, 0);
}

static void
take_fact(struct jit_insn *insn, const char *fact)
{
	static const struct {
		const char *name;
		uint32_t kind, flag;
	} facts[] = {
		{ "pkt", XB_PTR_PACKET, 0 },
		{ "map", XB_PTR_MAP_VALUE, 0 },
		{ "stack", XB_PTR_STACK, 0 },
		{ "ctx", XB_PTR_CTX, 0 },
		{ "outer", 0, JIT_F_CALLER_STACK },
		{ "dest", 0, JIT_F_JUMP_DEST },
		{ "dead", 0, JIT_F_SKIP_DEAD },
		{ "zext", 0, JIT_F_ZEXT },
	};

	for (size_t i = 0; i < sizeof(facts) / sizeof(*facts); i++)
		if (strcmp(fact, facts[i].name) == 0) {
			insn->ptr.type |= facts[i].kind;
			insn->flags |= facts[i].flag;
			return;
		}
	if (strcmp(fact, "notconst") == 0)
		insn->ptr_not_const = true;
	else if (strcmp(fact, "maybe16") == 0)
		insn->maybe16 = true;
	else if (strcmp(fact, "over16") == 0)
		insn->over16 = true;
	else
		take_value(insn, fact);
}

static void
take_facts(struct jit_insn *insn, char *facts)
{
	char *rest;

	for (char *fact = strtok_r(facts, " ", &rest); fact; fact = strtok_r(NULL, " ", &rest))
		take_fact(insn, fact);
}

/* ---- the program ---- */

/* The next line, NUL-terminated, its facts cut off; NULL at the end. */
static char *
next_line(const char **text, char line[LINE_MAX_BYTES], char **facts)
{
	size_t len = strcspn(*text, "\n");

	if (**text == '\0')
		return NULL;
	assert_true(len < LINE_MAX_BYTES);
	memcpy(line, *text, len);
	line[len] = '\0';
	*text += len + ((*text)[len] == '\n');
	*facts = strstr(line, " ; ");
	if (*facts != NULL) {
		**facts = '\0';
		*facts += 3;
	}
	return line;
}

struct jit_prog *
program_new(const char *text, uint32_t frame_bytes)
{
	struct bpf_insn insns[INSNS_MAX];
	struct jit_input input = { .insns = insns, .type = BPF_PROG_TYPE_XDP, .card = &card };
	char line[LINE_MAX_BYTES], *facts;
	struct jit_prog *prog;

	for (const char *at = text; next_line(&at, line, &facts) != NULL; input.insn_cnt++) {
		assert_true(input.insn_cnt < INSNS_MAX);
		take_insn(line, &insns[input.insn_cnt]);
	}
	prog = jit_prog_new(&input);
	assert_non_null(prog);
	prog->subprogs[0].stack_bytes = frame_bytes;
	prog->verified = true;
	for (uint32_t i = 0; next_line(&text, line, &facts) != NULL; i++)
		if (facts != NULL)
			take_facts(&prog->insns[i], facts);
	return prog;
}

void
program_begin(struct program_words *words, struct jit_prog *prog)
{
	words->image = (struct jit_image){ .words = words->words, .insns = words->insns };
	words->out = (struct jit_out){ .prog = prog, .image = &words->image, .max = PROGRAM_WORDS };
}

void
program_emit(struct program_words *words, uint32_t slot)
{
	struct jit_insn *insn = &words->out.prog->insns[slot];
	jit_emitter *emitter = jit_emitter_of(insn->bpf.code);

	assert_non_null(emitter);
	words->out.slot = slot;
	if ((insn->flags & JIT_F_SKIP) == 0)
		emitter(&words->out, insn);
}

bool
program_has_finding(const struct jit_prog *prog, enum jit_rule rule, int32_t slot)
{
	uint32_t cnt;
	const struct jit_finding *findings = jit_prog_findings(prog, &cnt);

	for (uint32_t i = 0; i < cnt; i++)
		if (findings[i].rule == rule && findings[i].insn == slot)
			return true;
	return false;
}
