/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Programs that the driver's code does not do (quirk_cases.h): with the quirk that is found for
 * each, on a packet that shows it, and as the finding says to write them, when both sides do the
 * same and nothing is found.
 */
#include "tests/diff/jit_group.h"
#include "tests/diff/quirk_cases.h"
#include "tests/verifier/bpf_asm.h"

#include <string.h>

static void
load(const char *text)
{
	struct bpf_insn insns[128];
	char why[160];
	int cnt = asm_parse(text, insns, 128, why, sizeof(why));

	if (cnt < 0)
		fail_msg("%s:\n%s", why, text);
	if (pair_load(pair, insns, (uint32_t)cnt, 1) != PAIR_LOADED)
		fail_msg("%s:\n%s", pair_text(pair), text);
}

static uint32_t
count_findings(enum jit_rule rule)
{
	uint32_t cnt, n = 0;
	const struct jit_finding *findings = jit_prog_findings(pair_prog(pair), &cnt);

	for (uint32_t i = 0; i < cnt; i++)
		n += findings[i].rule == rule;
	return n;
}

/* How many of the runs answer so; one that differs and is not explained fails. */
static uint32_t
run_all(const char *text, enum pair_answer answer)
{
	static struct pair_packet packet;
	uint32_t cnt = 0;

	for (uint32_t i = 0; i < CARD_BUFFER_BYTES; i++)
		packet.bytes[i] = (uint8_t)(i * 7);
	for (uint32_t n = 0; (packet.len = quirk_packet(n, packet.bytes + CARD_PACKET_AT)) > 0;
		n++) {
		enum pair_answer got = pair_run(pair, &packet, 1);

		if (got == PAIR_DIFFERENT)
			fail_msg("%s:\n%s", pair_text(pair), text);
		cnt += got == answer;
	}
	return cnt;
}

static void
each_quirk_is_found_and_shows(void **state)
{
	(void)state;
	for (size_t i = 0; i < quirk_cases_cnt; i++) {
		const char *name = jit_rule_info(quirk_cases[i].rule)->name;

		load(quirk_cases[i].wrong);
		if (count_findings(quirk_cases[i].rule) == 0)
			fail_msg("%s is not found:\n%s", name, quirk_cases[i].wrong);
		if (run_all(quirk_cases[i].wrong, PAIR_QUIRK) == 0)
			fail_msg("%s does not show:\n%s", name, quirk_cases[i].wrong);
	}
}

static void
written_otherwise_nothing_is_found_and_all_is_well(void **state)
{
	(void)state;
	for (size_t i = 0; i < quirk_cases_cnt; i++) {
		if (quirk_cases[i].right == NULL)
			continue;
		load(quirk_cases[i].right);
		if (count_findings(quirk_cases[i].rule) != 0)
			fail_msg("%s is found:\n%s", jit_rule_info(quirk_cases[i].rule)->name,
				quirk_cases[i].right);
		if (run_all(quirk_cases[i].right, PAIR_QUIRK) != 0)
			fail_msg("%s:\n%s", pair_text(pair), quirk_cases[i].right);
	}
}

/* In the host's kernel: reciprocal_value_adv() divides by a divisor of 0. */
static void
what_the_driver_crashes_of_is_a_finding_and_all_is_well(void **state)
{
	(void)state;
	for (size_t i = 0; i < quirk_crash_cases_cnt; i++) {
		load(quirk_crash_cases[i].wrong);
		assert_int_equal(count_findings(quirk_crash_cases[i].rule), 1);
		assert_int_equal(run_all(quirk_crash_cases[i].wrong, PAIR_QUIRK), 0);
	}
}

/* The driver leaves out `r6 = r1` behind registers that are cleared (nfp-isa.md 11.1). Were r1
 * cleared, r6 would be wrong; but there r1 is the context, and no verifier takes its XOR. */
static void
cleared_context_never_comes_to_the_driver(void **state)
{
	static const char *const texts[] = {
		"r1 ^= r1\nr6 = r1\nr0 = r6\nexit\n",
		"r0 ^= r0\nr6 = r1\nexit\n",
	};
	struct bpf_insn insns[8];
	char why[160];

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		int cnt = asm_parse(texts[i], insns, 8, why, sizeof(why));

		assert_true(cnt > 0);
		assert_int_equal(pair_load(pair, insns, (uint32_t)cnt, 1), PAIR_REFUSED);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_quirk_is_found_and_shows),
		cmocka_unit_test(written_otherwise_nothing_is_found_and_all_is_well),
		cmocka_unit_test(what_the_driver_crashes_of_is_a_finding_and_all_is_well),
		cmocka_unit_test(cleared_context_never_comes_to_the_driver),
	};

	return cmocka_run_group_tests(tests, begin, end);
}
