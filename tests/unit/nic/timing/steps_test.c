/* SPDX-License-Identifier: BSD-2-Clause */
/* Steps as card files write them. */
#include "nic/timing/steps.h"

#include <stdio.h>
#include <string.h>

#include "tests/_cmocka.h"

static struct nic_steps steps;

static int
clear(void **state)
{
	(void)state;
	nic_steps_clear(&steps);
	return 0;
}

static void
read_text(const char *text, uint32_t n, uint32_t k)
{
	const char *reason = nic_steps_read(&steps, text, n, k);

	if (reason != NULL)
		fail_msg("'%s': %s", text, reason);
	assert_int_equal(steps.err, 0);
}

static void
cycles_go_with_the_command_behind_them(void **state)
{
	(void)state;
	read_text("6 nbi:32! 19.5 cls:64 4", 0, 0);
	assert_int_equal(steps.cnt, 3);
	assert_int_equal(steps.step[0].millicycles, 6000);
	assert_int_equal(steps.step[0].timed, NIC_TIMED_NBI);
	assert_int_equal(steps.step[0].wait, NIC_WAIT_SWAP);
	assert_int_equal(steps.step[0].bytes, 32);
	assert_int_equal(steps.step[1].millicycles, 19500);
	assert_int_equal(steps.step[1].wait, NIC_WAIT_NO);
	assert_int_equal(steps.step[2].timed, NIC_TIMED_NONE);
	assert_int_equal((int)(nic_steps_cycles(&steps) * 10), 295);
}

static void
commands_need_no_cycles_and_may_wait_for_others(void **state)
{
	(void)state;
	read_text("ctm:8+ none!", 0, 0);
	assert_int_equal(steps.cnt, 2);
	assert_int_equal(steps.step[0].wait, NIC_WAIT_NEXT);
	assert_int_equal(steps.step[1].timed, NIC_TIMED_NONE);
	assert_int_equal(steps.step[1].wait, NIC_WAIT_SWAP);
}

static void
words_of_keys_make_steps_longer(void **state)
{
	(void)state;
	read_text("53+4n+2k atomic:8! 1+0.5n", 3, 5);
	assert_int_equal(steps.step[0].millicycles, (53 + 12 + 10) * 1000);
	assert_int_equal(steps.step[1].millicycles, 2500);
}

static void
what_is_on_release_is_in_parentheses(void **state)
{
	(void)state;
	read_text("8 remote:4! ( 19 ring:4! 3 ) 16", 0, 0);
	assert_int_equal(steps.cnt, 4);
	assert_false(steps.step[0].is_on_release);
	assert_true(steps.step[1].is_on_release);
	assert_true(steps.step[2].is_on_release);
	assert_false(steps.step[3].is_on_release);
	assert_int_equal((int)nic_steps_cycles(&steps), 24);
}

static void
every_unit_has_a_name_that_is_read(void **state)
{
	char text[64];

	(void)state;
	for (int i = NIC_TIMED_NONE + 1; i < NIC_TIMED_CNT; i++) {
		snprintf(text, sizeof(text), "%s:4", nic_timed_name((enum nic_timed)i));
		read_text(text, 0, 0);
		assert_int_equal(steps.step[i - 1].timed, i);
	}
	assert_string_equal(nic_timed_name(NIC_TIMED_NONE), "none");
}

static void
texts_that_are_no_steps_are_told_why(void **state)
{
	static const struct {
		const char *text, *reason;
	} cases[] = {
		{ "100001", "a number of cycles up to 100000" },
		{ "1.2345", "a number of cycles up to 100000" },
		{ "1.", "a number of cycles up to 100000" },
		{ "1+n", "behind '+' stands a number and n or k" },
		{ "1+2m", "behind '+' stands a number and n or k" },
		{ "dram:4!", "neither a number, a parenthesis nor the name of a unit" },
		{ "-3", "neither a number, a parenthesis nor the name of a unit" },
		{ "ctm", "behind a unit stands ':' and 1 to 128 bytes" },
		{ "ctm:0", "behind a unit stands ':' and 1 to 128 bytes" },
		{ "ctm:129", "behind a unit stands ':' and 1 to 128 bytes" },
		{ "ctm:4?", "a blank is wanted between steps" },
		{ "1ctm:4", "a blank is wanted between steps" },
		{ "( 1 ( 2 ) )", "a parenthesis in another, or without its other half" },
		{ "1 )", "a parenthesis in another, or without its other half" },
		{ "( 1", "a parenthesis is not closed" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *reason = nic_steps_read(NULL, cases[i].text, 1, 1);

		if (reason == NULL ||
			strncmp(reason, cases[i].reason, strlen(cases[i].reason)) != 0)
			fail_msg("'%s' says '%s'", cases[i].text, reason ? reason : "nothing");
	}
	assert_string_equal(nic_steps_read(NULL, "1+99999n", UINT32_MAX, 0), "too many cycles");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(cycles_go_with_the_command_behind_them, clear),
		cmocka_unit_test_teardown(commands_need_no_cycles_and_may_wait_for_others, clear),
		cmocka_unit_test_teardown(words_of_keys_make_steps_longer, clear),
		cmocka_unit_test_teardown(what_is_on_release_is_in_parentheses, clear),
		cmocka_unit_test_teardown(every_unit_has_a_name_that_is_read, clear),
		cmocka_unit_test(texts_that_are_no_steps_are_told_why),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
