/* SPDX-License-Identifier: BSD-2-Clause */
/* What the Linux driver's JIT and the vendor's assembler emit: decoded, printed, encoded and
 * assembled again. The expectations are tests/golden/nfp/. */
#include "nic/nic.h"
#include "tests/_cmocka.h"
#include "tests/unit/nic/golden_file.h"

#include <stdlib.h>
#include <string.h>

static void
check_word(uint64_t word, const char *text)
{
	char now[NIC_TEXT_MAX];
	struct nic_asm_error error;
	struct nic_insn insn;
	uint64_t again = 0;

	assert_null(nic_decode(word, &insn));
	nic_format(word, now);
	assert_string_equal(now, text);
	assert_null(nic_encode(&insn, &again));
	assert_int_equal(again, word & NIC_INSN_MASK);
	assert_int_equal(nic_parse(text, &again, &error), 0);
	assert_int_equal(again, word & NIC_INSN_MASK);
}

/* "WORD TEXT" */
static uint64_t
check_line(char *line)
{
	char *text;
	uint64_t word = strtoull(line, &text, 16);

	line[strcspn(line, "\n")] = '\0';
	assert_int_equal(text - line, 16);
	assert_int_equal(*text++, ' ');
	check_word(word, text);
	return word;
}

static void
the_vendors_words_read_as_they_should(void **state)
{
	FILE *f = golden_open(GOLDEN_DIR, "words.txt");
	unsigned int cnt = 0, odd = 0;
	char line[512];

	(void)state;
	while (fgets(line, sizeof(line), f)) {
		if (line[0] == '#')
			continue;
		assert_true(nic_ecc_is_right(check_line(line)));
		odd += strstr(line + 17, "enc[") != NULL;
		cnt++;
	}
	fclose(f);
	assert_int_equal(cnt, 196);
	assert_int_equal(odd, 25);
}

/* Before it is loaded a word has a relocation type and no ECC; then it is the other way round. */
static void
check_rest(uint64_t word, bool is_loaded)
{
	if (is_loaded) {
		assert_true(nic_ecc_is_right(word));
		assert_int_equal(nic_ecc_add(word), word);
	} else {
		assert_int_equal(word & NIC_ECC_MASK, 0);
		assert_int_not_equal(nic_reloc_get(word), NIC_RELOC_CNT);
		assert_int_equal(nic_reloc_set(word & NIC_INSN_MASK, nic_reloc_get(word)), word);
	}
}

static void
the_drivers_sections_read_as_they_should(void **state)
{
	FILE *f = golden_open(GOLDEN_DIR, "sections.txt");
	unsigned int sections = 0, words = 0, loaded = 0;
	bool is_loaded = false;
	struct nic_insn insn;
	char line[512];
	uint64_t word;
	char *rest;

	(void)state;
	while (fgets(line, sizeof(line), f)) {
		if (line[0] == '#')
			continue;
		if (line[0] == '=') {
			is_loaded = !strncmp(line, "= relo ", 7);
			sections++;
			continue;
		}
		strtoul(line, &rest, 10);
		word = check_line(rest + 1);
		check_rest(word, is_loaded);
		/* ours places operands as the driver does */
		assert_null(nic_decode(word, &insn));
		assert_int_equal(insn.odd, 0);
		loaded += is_loaded;
		words++;
	}
	fclose(f);
	assert_int_equal(sections, 257);
	assert_int_equal(words, 1445);
	assert_int_equal(loaded, 179);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_vendors_words_read_as_they_should),
		cmocka_unit_test(the_drivers_sections_read_as_they_should),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
