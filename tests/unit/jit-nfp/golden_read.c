/* SPDX-License-Identifier: BSD-2-Clause */
/* Reads the two files of golden.h, and makes a program with the facts it names. */
#include "tests/unit/jit-nfp/golden.h"

#include "tests/_cmocka.h"
#include "tests/unit/nic/golden_file.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ITEMS_MAX 512u

static void *
items_new(size_t size)
{
	void *items = calloc(ITEMS_MAX, size);

	assert_non_null(items);
	return items;
}

/* ---- sections.txt ---- */

static void
read_head(const char *line, struct golden_section *section)
{
	if (sscanf(line, "= %63s len=%u out=%u abort=%u push=%u pop=%u", section->name,
		    &section->len, &section->out, &section->abort, &section->push,
		    &section->pop) != 6 ||
		section->len > GOLDEN_WORDS_MAX)
		fail_msg("sections.txt: not the head of a section: %s", line);
}

static void
read_word(const char *line, struct golden_section *section, bool is_loaded)
{
	uint64_t word;
	uint32_t index;

	if (sscanf(line, "%u %" SCNx64, &index, &word) != 2 || index >= section->len)
		fail_msg("sections.txt: no word of %s: %s", section->name, line);
	if (is_loaded) {
		section->loaded[index] = word;
		section->loaded_cnt++;
	} else {
		section->words[index] = word;
		section->is_given[index] = true;
	}
}

struct golden_section *
golden_sections(uint32_t *cnt)
{
	struct golden_section *sections = items_new(sizeof(*sections)), *now = sections - 1;
	FILE *f = golden_open(GOLDEN_DIR, "nfp/sections.txt");
	bool is_loaded = false;
	char line[512];

	while (fgets(line, sizeof(line), f)) {
		if (line[0] == '#')
			continue;
		if (line[0] == '=') {
			is_loaded = !strncmp(line, "= relo ", 7);
			if (is_loaded)
				assert_int_equal(sscanf(line, "= relo start=%u done=%u",
							 &now->start, &now->done),
					2);
			else
				read_head(line, ++now);
		} else {
			read_word(line, now, is_loaded);
		}
	}
	fclose(f);
	*cnt = (uint32_t)(now + 1 - sections);
	return sections;
}

/* ---- programs.txt ---- */

static void
read_program_word(char *word, struct golden_program *program)
{
	struct jit_subprog *sub = &program->subprogs[1];

	if (!strcmp(word, "tc")) {
		program->is_tc = true;
	} else if (sscanf(word, "frame=%u", &program->subprogs[0].stack_bytes) == 1 ||
		   sscanf(word, "adjust_head=%u", &program->adjust_head) == 1) {
		return;
	} else if (sscanf(word, "sub=%u,%u", &sub->start, &sub->stack_bytes) == 2) {
		program->subprog_cnt = 2;
		sub->needs_push = strstr(word, ",push") != NULL;
	} else {
		fail_msg("programs.txt: %s: `%s` is not known", program->name, word);
	}
}

static void
read_program_head(char *line, struct golden_program *program)
{
	char *rest, *word = strtok_r(line, " \n", &rest); /* "=" */

	word = strtok_r(NULL, " \n", &rest);
	assert_non_null(word);
	snprintf(program->name, sizeof(program->name), "%s", word);
	program->subprog_cnt = 1;
	while ((word = strtok_r(NULL, " \n", &rest)))
		read_program_word(word, program);
}

/* "CODE rDST rSRC OFF IMM : WORDS FACT... ; TEXT" */
static void
read_insn(char *line, struct golden_program *program)
{
	struct bpf_insn *insn = &program->insns[program->insn_cnt];
	uint32_t code = 0, dst = 0, src = 0;
	int off = 0, imm = 0, end = 0;
	char *text = strstr(line, " ; ");

	if (!text || program->insn_cnt == GOLDEN_INSNS_MAX ||
		sscanf(line, "%x r%u r%u %d %d : %u%n", &code, &dst, &src, &off, &imm,
			&program->word_cnts[program->insn_cnt], &end) != 6)
		fail_msg("programs.txt: %s: no instruction: %s", program->name, line);
	*text = '\0';
	text[strcspn(text + 1, "\n") + 1] = '\0';
	snprintf(program->texts[program->insn_cnt], sizeof(program->texts[0]), "%s", text + 3);
	*insn = (struct bpf_insn){ .code = (uint8_t)code, .off = (int16_t)off, .imm = imm };
	insn->dst_reg = dst & 15;
	insn->src_reg = src & 15;
	assert_true(strlen(line + end) < sizeof(program->facts[0]));
	strcpy(program->facts[program->insn_cnt++], line + end);
}

struct golden_program *
golden_programs(uint32_t *cnt)
{
	struct golden_program *programs = items_new(sizeof(*programs)), *now = programs - 1;
	FILE *f = golden_open(GOLDEN_DIR, "nfp-jit/programs.txt");
	char line[512];

	while (fgets(line, sizeof(line), f)) {
		if (line[0] == '=')
			read_program_head(line, ++now);
		else if (line[0] != '#')
			read_insn(line, now);
	}
	fclose(f);
	*cnt = (uint32_t)(now + 1 - programs);
	return programs;
}

/* ---- facts ---- */

static bool
set_pointer(struct jit_insn *insn, const char *value)
{
	static const struct {
		const char *name;
		enum xb_reg_kind kind;
	} kinds[] = {
		{ "ctx", XB_PTR_CTX },
		{ "map_value", XB_PTR_MAP_VALUE },
		{ "pkt", XB_PTR_PACKET },
		{ "stack", XB_PTR_STACK },
	};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (!strcmp(kinds[i].name, value)) {
			insn->ptr.type = kinds[i].kind;
			return true;
		}
	return false;
}

static bool
set_number(uint32_t *number, const char *value)
{
	return sscanf(value, "%" SCNi32, (int32_t *)number) == 1;
}

static bool
set_range(uint64_t *min, uint64_t *max, const char *value)
{
	char *end;

	*min = strtoull(value, &end, 0);
	*max = strtoull(end + 2, NULL, 0);
	return !strncmp(end, "..", 2);
}

/* "KEY" or "KEY=VALUE" */
static bool
set_fact(struct jit_insn *insn, const char *fact)
{
	const char *value = strchr(fact, '=');
	size_t len = value ? (size_t)(value++ - fact) : strlen(fact);

#define IS(key) (len == strlen(key) && !strncmp(fact, key, len))
	if (!value) {
		insn->flags |= IS("zext") ? JIT_F_ZEXT : IS("dead") ? JIT_F_SKIP_DEAD : 0;
		insn->over16 |= IS("over16");
		insn->maybe16 |= IS("maybe16");
		insn->ptr_not_const |= IS("notconst");
		return IS("zext") || IS("dead") || IS("over16") || IS("maybe16") || IS("notconst");
	}
	if (IS("ptr"))
		return set_pointer(insn, value);
	if (IS("off"))
		return set_number((uint32_t *)&insn->ptr.off, value);
	if (IS("id"))
		return set_number(&insn->ptr.id, value);
	if (IS("arg4"))
		return set_number(&insn->arg4_kind, value);
	if (IS("src"))
		return set_range(&insn->umin_src, &insn->umax_src, value);
	if (IS("dst"))
		return set_range(&insn->umin_dst, &insn->umax_dst, value);
	return false;
#undef IS
}

static void
set_facts(struct jit_insn *insn, const struct golden_program *program, uint32_t slot)
{
	char facts[sizeof(program->facts[0])], *rest, *fact;

	strcpy(facts, program->facts[slot]);
	for (fact = strtok_r(facts, " ", &rest); fact; fact = strtok_r(NULL, " ", &rest))
		if (!set_fact(insn, fact))
			fail_msg("programs.txt: %s: `%s` is not known", program->name, fact);
}

static void
set_subprogs(struct jit_prog *prog, const struct golden_program *program)
{
	prog->subprogs =
		reallocarray(prog->subprogs, program->subprog_cnt, sizeof(*prog->subprogs));
	assert_non_null(prog->subprogs);
	prog->subprog_cnt = program->subprog_cnt;
	for (uint32_t i = 0; i < program->subprog_cnt; i++)
		prog->subprogs[i] = program->subprogs[i];
	if (program->subprog_cnt == 1)
		return;
	prog->insns[program->subprogs[1].start].flags |= JIT_F_SUBPROG_START;
	for (uint32_t i = program->subprogs[1].start; i < prog->insn_cnt; i++)
		prog->insns[i].subprog = 1;
}

struct jit_prog *
golden_prog_new(const struct golden_program *program, const struct jit_card *card)
{
	const struct jit_input input = {
		.insns = program->insns,
		.insn_cnt = program->insn_cnt,
		.type = program->is_tc ? BPF_PROG_TYPE_SCHED_CLS : BPF_PROG_TYPE_XDP,
		.card = card,
	};
	struct jit_prog *prog = jit_prog_new(&input);

	assert_non_null(prog);
	set_subprogs(prog, program);
	prog->adjust_head_at = program->adjust_head;
	for (uint32_t i = 0; i < prog->insn_cnt; i++)
		set_facts(&prog->insns[i], program, i);
	prog->verified = true;
	return prog;
}
