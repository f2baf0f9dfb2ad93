/* SPDX-License-Identifier: BSD-2-Clause */
/* Card files: those of the library are whole, and every mistake is told with its place. */
#include "nic/card.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/_cmocka.h"

static char message[512];

static int
read_text(struct nic_card *card, const char *text)
{
	message[0] = '\0';
	return nic_card_read(card, "my.ini", text, strlen(text), message, sizeof(message));
}

static void
read_library(struct nic_card *card, const char *name, const char *firmware)
{
	const struct nic_card_file *files[] = {
		nic_card_find(firmware, true),
		nic_card_find(name, false),
	};

	*card = (struct nic_card){ 0 };
	for (int i = 0; i < 2; i++) {
		assert_non_null(files[i]);
		if (read_text(card, files[i]->text) < 0)
			fail_msg("%s: %s", files[i]->name, message);
	}
}

static void
every_key_has_a_name_and_a_place_of_its_own(void **state)
{
	(void)state;
	for (int i = 0; i < NIC_KEY_CNT; i++) {
		const struct nic_card_key_info *a = nic_card_key_info((enum nic_card_key)i);

		assert_true(a->what[0] != '\0' && a->section[0] != '\0');
		assert_true(a->kind != NIC_CARD_NUMBER || a->step > 0);
		assert_true(a->min <= a->max);
		for (int j = 0; j < i; j++) {
			const struct nic_card_key_info *b = nic_card_key_info((enum nic_card_key)j);

			assert_string_not_equal(a->name, b->name);
			assert_int_not_equal(a->at, b->at);
		}
	}
}

static void
every_card_with_every_firmware_is_whole(void **state)
{
	int pairs = 0;

	(void)state;
	for (const struct nic_card_file *c = nic_card_files; c->name != NULL; c++)
		for (const struct nic_card_file *f = nic_card_files; f->name != NULL; f++) {
			const char *firmware = nic_card_file_firmware(f);
			struct nic_card card;

			if (nic_card_file_firmware(c) != NULL || firmware == NULL)
				continue;
			read_library(&card, c->name, firmware);
			if (nic_card_check(&card, message, sizeof(message)) < 0)
				fail_msg("%s with %s: %s", c->name, f->name, message);
			pairs++;
		}
	assert_int_equal(pairs, 6 * 3);
}

static void
every_value_of_the_library_says_where_it_is_from(void **state)
{
	(void)state;
	for (const struct nic_card_file *file = nic_card_files; file->name != NULL; file++) {
		struct nic_card card = { 0 };

		assert_int_equal(read_text(&card, file->text), 0);
		for (int i = 0; i < NIC_KEY_CNT; i++)
			if (card.notes[i].known != NIC_KNOWN_MISSING &&
				(card.notes[i].known == NIC_KNOWN_SAID ||
					card.notes[i].source[0] == '\0'))
				fail_msg("%s: %s has no source", file->name,
					nic_card_key_info((enum nic_card_key)i)->name);
	}
}

static void
the_defaults_are_the_2x40_with_the_vendors_firmware(void **state)
{
	struct nic_card card;

	(void)state;
	read_library(&card, NIC_CARD_DEFAULT, NIC_FIRMWARE_DEFAULT);
	assert_string_equal(card.name, "Agilio CX 2x40GbE");
	assert_string_equal(card.firmware, "agilio-ebpf");
	assert_int_equal(card.mhz, 800);
	assert_int_equal(card.mes * card.threads, 200);
	assert_int_equal(card.max_len, 2800);
	assert_int_equal(card.map_entries_max, 3072000);
	assert_int_equal(card.map_types, 1u << 1 | 1u << 2);
	assert_int_not_equal(card.map_update, 0);
	assert_int_equal(card.notes[NIC_KEY_mhz].known, NIC_KNOWN_READ);
	assert_int_equal(card.notes[NIC_KEY_map_update].known, NIC_KNOWN_INFERRED);
}

static void
clocks_are_those_of_the_boards(void **state)
{
	static const struct {
		const char *name;
		uint32_t mhz;
	} clocks[] = {
		{ "agilio-cx-2x10", 633 },
		{ "agilio-cx-1x40", 800 },
		{ "agilio-cx-2x25", 800 },
		{ "agilio-lx-2x40", 1200 },
		{ "agilio-lx-1x100", 1200 },
	};
	struct nic_card card;

	(void)state;
	for (size_t i = 0; i < sizeof(clocks) / sizeof(clocks[0]); i++) {
		read_library(&card, clocks[i].name, "corenic");
		assert_int_equal(card.mhz, clocks[i].mhz);
	}
}

static void
a_later_file_wins_key_by_key(void **state)
{
	struct nic_card card;

	(void)state;
	read_library(&card, "agilio-cx-2x40", "corenic");
	assert_int_equal(read_text(&card, "[card]\nmhz = 0x1f4\n[maps]\nmap_types = array\n"), 0);
	assert_int_equal(card.mhz, 500);
	assert_int_equal(card.notes[NIC_KEY_mhz].known, NIC_KNOWN_SAID);
	assert_string_equal(card.notes[NIC_KEY_mhz].source, "");
	assert_int_equal(card.map_types, 1u << 2);
	assert_int_equal(card.max_len, 2560);
	assert_string_equal(card.board, "AMDA0097");
}

static void
a_value_is_followed_by_how_it_is_known(void **state)
{
	struct nic_card card = { 0 };
	char text[NIC_CARD_TEXT_MAX];

	(void)state;
	assert_int_equal(
		read_text(&card, "[card]\nname = My card  (measured:  by me, twice)\n"
				 "mhz = 7(inferred)\n# a comment\n\nports = 1 ; another\n"),
		0);
	assert_string_equal(card.name, "My card");
	assert_string_equal(card.notes[NIC_KEY_name].source, "by me, twice");
	assert_int_equal(card.notes[NIC_KEY_name].known, NIC_KNOWN_MEASURED);
	assert_int_equal(card.mhz, 7);
	assert_int_equal(card.notes[NIC_KEY_mhz].known, NIC_KNOWN_INFERRED);
	assert_int_equal(card.ports, 1);
	nic_card_format(&card, NIC_KEY_board, text, sizeof(text));
	assert_string_equal(text, "-");
}

static void
what_is_printed_can_be_read(void **state)
{
	struct nic_card card, again = { 0 };
	char text[NIC_CARD_VALUE_MAX], assignment[2 * NIC_CARD_VALUE_MAX];

	(void)state;
	read_library(&card, NIC_CARD_DEFAULT, NIC_FIRMWARE_DEFAULT);
	for (int i = 0; i < NIC_KEY_CNT; i++) {
		nic_card_format(&card, (enum nic_card_key)i, text, sizeof(text));
		snprintf(assignment, sizeof(assignment), "%s=%s",
			nic_card_key_info((enum nic_card_key)i)->name, text);
		assert_int_equal(nic_card_set(&again, assignment, message, sizeof(message)), 0);
		nic_card_format(&again, (enum nic_card_key)i, assignment, sizeof(assignment));
		assert_string_equal(assignment, text);
	}
	memcpy(again.notes, card.notes, sizeof(card.notes));
	assert_memory_equal(&again, &card, sizeof(card));
}

/* ---- mistakes ---- */

static void
every_mistake_is_told_with_its_line(void **state)
{
	static const struct {
		const char *text, *sentence;
	} cases[] = {
		{ "mhz = 800\n", "my.ini:1: mhz belongs in section [card], this is []" },
		{ "[card]\n\nmhz = many\n", "my.ini:3: mhz: 'many' is not a number" },
		{ "[card]\nmhz = -1\n", "my.ini:2: mhz: '-1' is not a number" },
		{ "[card]\nmhz = 800MHz\n", "my.ini:2: mhz: '800MHz' is not a number" },
		{ "[card]\nmhz =\n", "my.ini:2: mhz: '' is not a number" },
		{ "[card]\nmhz = 0\n", "my.ini:2: mhz: 0 is out of range, it takes 1 to 10000" },
		{ "[maps]\nmap_cnt_max = 99999999999999999999\n",
			"my.ini:2: map_cnt_max: 99999999999999999999 is out of range, it takes 0 "
			"to 4294967295" },
		{ "[bar]\nstack_bytes = 100\n",
			"my.ini:2: stack_bytes: 100 is not a multiple of 64" },
		{ "[memory]\nswap_cycles = 1.2345\n",
			"my.ini:2: swap_cycles: '1.2345' is not a number with up to three "
			"decimals" },
		{ "[memory]\nswap_cycles = .5\n", "my.ini:2: swap_cycles: '.5' is not a number" },
		{ "[memory]\nswap_cycles = 100.001\n",
			"my.ini:2: swap_cycles: 100.001 is out of range, it takes 0 to 100" },
		{ "[timing]\nfw_drop = 3 ctm:4? 5\n",
			"my.ini:2: fw_drop: a blank is wanted between steps" },
		{ "[bar]\nhas_bpf = true\n", "my.ini:2: has_bpf: 'true' is neither yes nor no" },
		{ "[maps]\nmap_types = hash,array\n",
			"my.ini:2: map_types: 'hash,array' is none or a list of hash and array, "
			"blanks between" },
		{ "[card]\nname =\n", "my.ini:2: name: a text of 1 to 63 characters is wanted" },
		{ "[card]\nspeed = 9\n", "my.ini:2: there is no key 'speed'" },
		{ "[firmware]\nmhz = 800\n",
			"my.ini:2: mhz belongs in section [card], this is [firmware]" },
		{ "[card]\nmhz = 1\nports = 1\nmhz = 1\n", "my.ini:4: mhz is there twice" },
		{ "[card]\nmhz = 1 (guessed: by me)\n",
			"my.ini:2: mhz: behind a value may stand (said), (measured: WHERE), "
			"(read: WHERE), (stated: BY WHOM) or (inferred: FROM WHAT)" },
		{ "[card]\nmhz = 1 (read: there) too\n", "my.ini:2: mhz: behind a value may" },
		{ "[card]\nmhz = 1 (read: the\n", "my.ini:2: mhz: behind a value may" },
		{ "[card]\nmhz = 1 ()\n", "my.ini:2: mhz: behind a value may" },
		{ "[card\nmhz = 1\n", "my.ini:1: neither KEY = VALUE nor [SECTION]" },
		{ "[card]\nnonsense\nmhz = x\n", "my.ini:2: neither KEY = VALUE nor [SECTION]" },
		{ "[card]\nnonsense\n", "my.ini:2: neither KEY = VALUE nor [SECTION]" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct nic_card card = { 0 };

		assert_int_equal(read_text(&card, cases[i].text), -EINVAL);
		if (strncmp(message, cases[i].sentence, strlen(cases[i].sentence)) != 0)
			fail_msg("'%s' says '%s', not '%s'", cases[i].text, message,
				cases[i].sentence);
	}
}

static void
lines_and_bytes_that_are_no_text_are_told(void **state)
{
	static const char nul[] = "[card]\nmhz\0= 1\n";
	struct nic_card card = { 0 };
	char *big = calloc(1, 2u << 20);
	char line[600];

	(void)state;
	assert_int_equal(
		nic_card_read(&card, "f", nul, sizeof(nul), message, sizeof(message)), -EINVAL);
	assert_string_equal(message, "f:2: a NUL character: this is no text");
	memset(line, 'x', sizeof(line));
	assert_int_equal(
		nic_card_read(&card, "f", line, sizeof(line), message, sizeof(message)), -EINVAL);
	assert_non_null(strstr(message, "f:1: the line is longer than "));
	assert_non_null(big);
	assert_int_equal(
		nic_card_read(&card, "f", big, 2u << 20, message, sizeof(message)), -EINVAL);
	assert_non_null(strstr(message, "more than 1048576 bytes"));
	free(big);
}

static void
a_card_that_is_not_whole_says_what_is_missing(void **state)
{
	struct nic_card card = { 0 };

	(void)state;
	assert_int_equal(read_text(&card, nic_card_find("corenic", true)->text), 0);
	assert_int_equal(nic_card_check(&card, message, sizeof(message)), -EINVAL);
	assert_string_equal(
		message, "no file says the key name of section [card]: what people call it");
}

static void
steps_may_have_parentheses_before_their_source(void **state)
{
	struct nic_card card = { 0 };

	(void)state;
	assert_int_equal(
		read_text(&card, "[timing]\nfw_order = 1 ( ring:4! ) 2.50 (read: (there))\n"), 0);
	assert_string_equal(card.fw_order, "1 ( ring:4! ) 2.50");
	assert_string_equal(card.notes[NIC_KEY_fw_order].source, "(there)");
	assert_int_equal(read_text(&card, "[memory]\nswap_cycles = 1.050\n"), 0);
	assert_int_equal(card.swap_cycles, 1050);
}

static void
what_if_changes_one_key(void **state)
{
	struct nic_card card;

	(void)state;
	read_library(&card, "agilio-cx-2x40", "corenic");
	assert_int_equal(nic_card_set(&card, "mes=5", message, sizeof(message)), 0);
	assert_int_equal(card.mes, 5);
	assert_int_equal(card.notes[NIC_KEY_mes].known, NIC_KNOWN_WHAT_IF);
	assert_int_equal(nic_card_set(&card, "mes", message, sizeof(message)), -EINVAL);
	assert_string_equal(message, "'mes' is not KEY=VALUE");
	assert_int_equal(nic_card_set(&card, "mez=5", message, sizeof(message)), -EINVAL);
	assert_string_equal(message, "a card has no key 'mez'");
	assert_int_equal(nic_card_set(&card, "mes=0", message, sizeof(message)), -EINVAL);
	assert_string_equal(message, "mes: 0 is out of range, it takes 1 to 1024");
	assert_int_equal(card.mes, 5);
}

static void
cards_and_firmwares_are_found_by_name(void **state)
{
	(void)state;
	assert_null(nic_card_find("corenic", false));
	assert_null(nic_card_find("agilio-cx-2x40", true));
	assert_null(nic_card_find("", false));
	assert_string_equal(nic_card_file_firmware(nic_card_find("research", true)), "research");
	assert_null(nic_card_file_firmware(nic_card_find("agilio-cx-2x40", false)));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_key_has_a_name_and_a_place_of_its_own),
		cmocka_unit_test(every_card_with_every_firmware_is_whole),
		cmocka_unit_test(every_value_of_the_library_says_where_it_is_from),
		cmocka_unit_test(the_defaults_are_the_2x40_with_the_vendors_firmware),
		cmocka_unit_test(clocks_are_those_of_the_boards),
		cmocka_unit_test(a_later_file_wins_key_by_key),
		cmocka_unit_test(a_value_is_followed_by_how_it_is_known),
		cmocka_unit_test(what_is_printed_can_be_read),
		cmocka_unit_test(every_mistake_is_told_with_its_line),
		cmocka_unit_test(lines_and_bytes_that_are_no_text_are_told),
		cmocka_unit_test(a_card_that_is_not_whole_says_what_is_missing),
		cmocka_unit_test(steps_may_have_parentheses_before_their_source),
		cmocka_unit_test(what_if_changes_one_key),
		cmocka_unit_test(cards_and_firmwares_are_found_by_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
