/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The driver's translation of every kind of instruction, word for word: tests/golden/nfp-jit/
 * holds the programs and what the verifier knew of them, tests/golden/nfp/ the words. Where ours
 * differ the two listings are printed as a diff.
 */
#include "tests/unit/jit-nfp/golden.h"

#include "tests/_cmocka.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static const struct jit_card card = {
	.abi_version = 3,
	.insns_max = 2560,
	.start = 3072,
	.done = 1,
	.stack_bytes = 512,
	.packet_split_bytes = 1888,
	.helper = {
		[JIT_FW_LOOKUP] = 0x3e0,
		[JIT_FW_UPDATE] = 0x3f0,
		[JIT_FW_DELETE] = 0x400,
		[JIT_FW_PERF_EVENT] = 0x410,
	},
	.adjust_head = { .off_min = 44, .off_max = 248, .guaranteed_sub = 84, .guaranteed_add = 112 },
	.has_adjust_tail = true,
	.has_queue_select = true,
	.has_random = true,
};

static struct golden_section *sections;
static uint32_t section_cnt;
static struct golden_program *programs;
static uint32_t program_cnt;

static const struct golden_section *
section_of(const char *name)
{
	for (uint32_t i = 0; i < section_cnt; i++)
		if (!strcmp(sections[i].name, name))
			return &sections[i];
	fail_msg("sections.txt has no section %s", name);
	return NULL;
}

/* ---- what is expected where the listing leaves it out ---- */

#define EXIT_WORD UINT64_C(0x020001dea6008038)

/* A word of the outro that stands elsewhere: its branch to abort goes there. */
static uint64_t
moved(uint64_t word, uint32_t by)
{
	uint32_t target = nic_field_get(NIC_FORM_BRANCH, NIC_F_ADDR, word) + by;

	if (nic_reloc_get(word) == NIC_RELOC_BR_REL)
		assert_true(nic_field_put(NIC_FORM_BRANCH, NIC_F_ADDR, target, &word));
	return word;
}

/* The intro, exit and outro are those of the section that has them all. */
static void
fill(struct golden_section *section, bool is_tc)
{
	const struct golden_section *whole = section_of(is_tc ? "tc_unspec" : "xdp_pass");

	for (uint32_t i = 0; i < section->len; i++) {
		if (section->is_given[i])
			continue;
		if (i < 2)
			section->words[i] = whole->words[i];
		else if (i == section->abort - 1)
			section->words[i] = EXIT_WORD;
		else if (i >= section->abort && i - section->abort + whole->abort < whole->len)
			section->words[i] = moved(whole->words[i - section->abort + whole->abort],
				section->abort - whole->abort);
		else
			fail_msg("sections.txt: %s has no word %u", section->name, i);
	}
}

/* ---- the diff ---- */

static void
print_word(char sign, uint32_t index, uint64_t word)
{
	char text[NIC_TEXT_MAX];

	nic_format(word, text);
	print_message("%c %3u %016" PRIx64 " %s\n", sign, index, word, text);
}

static void
print_diff(const uint64_t *expected, uint32_t expected_cnt, const uint64_t *got, uint32_t got_cnt)
{
	for (uint32_t i = 0; i < expected_cnt || i < got_cnt; i++) {
		if (i < expected_cnt && i < got_cnt && expected[i] == got[i]) {
			print_word(' ', i, got[i]);
			continue;
		}
		if (i < expected_cnt)
			print_word('-', i, expected[i]);
		if (i < got_cnt)
			print_word('+', i, got[i]);
	}
}

static bool
is_same(const char *name, const uint64_t *expected, uint32_t expected_cnt, const uint64_t *got,
	uint32_t got_cnt)
{
	if (expected_cnt == got_cnt && !memcmp(expected, got, got_cnt * sizeof(*got)))
		return true;
	print_message("%s: the driver's words (-), ours (+):\n", name);
	print_diff(expected, expected_cnt, got, got_cnt);
	return false;
}

/* ---- a case ---- */

static bool
is_equal(const char *name, const char *what, uint32_t expected, uint32_t got)
{
	if (expected != got)
		print_message("%s: %s is %u, the driver's is %u\n", name, what, got, expected);
	return expected == got;
}

/* Each word knows its instruction, each instruction has its number of words. */
static bool
has_right_insns(const struct golden_program *program, const struct jit_image *image)
{
	uint32_t cnts[GOLDEN_INSNS_MAX] = { 0 };
	bool ok = true;

	for (uint32_t i = 0; i < image->cnt; i++)
		if (image->insns[i] < program->insn_cnt)
			cnts[image->insns[i]]++;
		else
			ok &= is_equal(program->name, "instruction of a word", JIT_NO_INSN,
				image->insns[i]);
	for (uint32_t i = 0; i < program->insn_cnt; i++)
		ok &= is_equal(program->name, "number of words of an instruction",
			program->word_cnts[i], cnts[i]);
	return ok;
}

static bool
has_right_words(const struct golden_program *program, const struct jit_image *image)
{
	struct golden_section section = *section_of(program->name);
	bool ok;

	fill(&section, program->is_tc);
	ok = is_same(section.name, section.words, section.len, image->words, image->cnt);
	ok &= is_equal(section.name, "out", section.out, image->out);
	ok &= is_equal(section.name, "abort", section.abort, image->abort);
	ok &= is_equal(section.name, "push", section.push, image->push);
	ok &= is_equal(section.name, "pop", section.pop, image->pop);
	return ok;
}

static bool
translate(const struct golden_program *program, struct jit_image *image)
{
	struct jit_prog *prog = golden_prog_new(program, &card);
	const struct jit_finding *findings;
	uint32_t cnt;
	int err = jit_translate(prog, image);

	findings = jit_prog_findings(prog, &cnt);
	for (uint32_t i = 0; err && i < cnt; i++)
		print_message("%s: %s\n", program->name, findings[i].message);
	jit_prog_free(prog);
	return err == 0;
}

static bool
is_reproduced(const struct golden_program *program)
{
	struct jit_image image;
	bool ok;

	if (!translate(program, &image))
		return false;
	ok = has_right_words(program, &image) && has_right_insns(program, &image);
	jit_image_free(&image);
	return ok;
}

static bool
is_loaded_right(const struct golden_program *program, const struct golden_section *section)
{
	struct jit_card at = card;
	uint64_t words[GOLDEN_WORDS_MAX];
	struct jit_image image;
	bool ok;

	at.start = section->start;
	at.done = section->done;
	if (!translate(program, &image))
		return false;
	ok = image.cnt <= GOLDEN_WORDS_MAX && jit_image_load(&image, &at, words) == 0 &&
	     is_same(section->name, section->loaded, section->loaded_cnt, words, image.cnt);
	jit_image_free(&image);
	return ok;
}

/* ---- the tests ---- */

static void
programs_read_as_their_text_says(void **state)
{
	char text[64];

	(void)state;
	for (uint32_t i = 0; i < program_cnt; i++) {
		const struct golden_program *p = &programs[i];

		for (uint32_t slot = 0; slot < p->insn_cnt; slot++) {
			unsigned int slots = xb_insn_format(
				&p->insns[slot], p->insn_cnt - slot, text, sizeof(text));

			assert_string_equal(p->texts[slot], text);
			slot += slots - 1;
		}
	}
}

static void
every_section_is_reproduced_from_its_program(void **state)
{
	uint32_t reproduced = 0;

	(void)state;
	for (uint32_t i = 0; i < program_cnt; i++)
		reproduced += is_reproduced(&programs[i]);
	print_message(
		"%u of %u programs are translated as by the driver\n", reproduced, program_cnt);
	assert_int_equal(program_cnt, section_cnt);
	assert_int_equal(reproduced, section_cnt);
	assert_int_equal(section_cnt, 252); /* and 5 more as loaded, below */
}

static void
loaded_sections_have_addresses_and_check_bits(void **state)
{
	uint32_t loaded = 0, ok = 0;

	(void)state;
	for (uint32_t i = 0; i < program_cnt; i++) {
		const struct golden_section *section = section_of(programs[i].name);

		loaded += section->loaded_cnt != 0;
		ok += section->loaded_cnt && is_loaded_right(&programs[i], section);
	}
	assert_int_equal(loaded, 5);
	assert_int_equal(ok, loaded);
}

static int
read_all(void **state)
{
	(void)state;
	sections = golden_sections(&section_cnt);
	programs = golden_programs(&program_cnt);
	return 0;
}

static int
free_all(void **state)
{
	(void)state;
	free(sections);
	free(programs);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(programs_read_as_their_text_says),
		cmocka_unit_test(every_section_is_reproduced_from_its_program),
		cmocka_unit_test(loaded_sections_have_addresses_and_check_bits),
	};

	return cmocka_run_group_tests(tests, read_all, free_all);
}
