/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The fast mode does what the exact one does: random programs from random states, in pieces of
 * random length, with one context and with four; and the driver's sequences. NIC_SEED=N repeats a
 * run, NIC_PROGRAMS=N makes it longer.
 */
#include "tests/_cmocka.h"
#include "tests/unit/nic/microcode.h"
#include "tests/unit/nic/random.h"
#include "tests/unit/nic/twins.h"

#include <stdlib.h>
#include <string.h>

#define WORDS_MAX 200u
#define PROGRAMS 1500u
#define INSNS_MAX 1500u

static struct twins *twins;

static bool
one_in(uint32_t n)
{
	return random_below(n) == 0;
}

static uint64_t
random_word(void *arg)
{
	(void)arg;
	return random_bits();
}

static int
begin(void **state)
{
	(void)state;
	twins = twins_new();
	return twins ? 0 : -1;
}

static int
end(void **state)
{
	(void)state;
	twins_free(twins);
	return 0;
}

static void
print_program(const uint64_t *words, uint32_t at, uint32_t cnt)
{
	char text[NIC_TEXT_MAX];

	for (uint32_t i = 0; i < cnt; i++) {
		nic_format(words[i], text);
		print_error(".%u %s\n", at + i, text);
	}
}

struct totals {
	unsigned int ends[NIC_ME_FAULT + 1];
	uint64_t insns;
};

/* From the beginning of the program until all is over, or the limit. */
static void
run_program(const uint64_t *words, uint32_t at, uint32_t cnt, struct totals *totals)
{
	const uint64_t before = nic_me_insns(twins->me[0]), seed = random_state;
	enum nic_me_end how;

	do {
		how = twins_run(twins, one_in(4) ? random_below(20) : random_below(INSNS_MAX));
		totals->ends[how]++;
		if (twins->difference[0]) {
			print_program(words, at, cnt);
			fail_msg("seed %llu: %s (fault %s)", (unsigned long long)seed,
				twins->difference, twins->fault.reason);
		}
	} while (how == NIC_ME_LIMIT && nic_me_insns(twins->me[0]) - before < INSNS_MAX);
	totals->insns += nic_me_insns(twins->me[0]) - before;
}

static void
set_stops(uint32_t at, uint32_t cnt, bool on)
{
	for (unsigned int i = 0; i < 2; i++)
		for (uint32_t pc = at + 7; pc < at + cnt; pc += 41)
			nic_me_set_stop(twins->me[i], pc, on);
}

/* Addresses where the commands of microcode.c look for them. */
static void
set_addresses(uint32_t ctx)
{
	for (unsigned int i = 0; i < 2; i++) {
		*nic_me_gpr(twins->me[i], ctx, false, 0) = 64 * ctx;
		*nic_me_gpr(twins->me[i], ctx, false, 1) =
			NIC_PACKET_ADDRESS | TWINS_PACKET << 16 | ctx;
		*nic_me_gpr(twins->me[i], ctx, true, 2) = NIC_ISLAND_EMEM << (NIC_ISLAND_SHIFT - 8);
	}
}

static void
run_random(uint32_t contexts, uint32_t cnt_max, struct totals *totals)
{
	uint64_t words[WORDS_MAX];
	const uint32_t cnt = 2 + random_below(cnt_max - 1);
	const uint32_t at = one_in(10) ? NIC_CODE_WORDS - cnt : random_below(2) * 300;
	const bool has_stops = one_in(3);

	microcode_make(random_bits(), words, at, cnt);
	twins_load(twins, at, words, cnt);
	set_stops(at, cnt, has_stops);
	for (uint32_t ctx = 0; ctx < 2 * contexts; ctx += 2) {
		const uint32_t pc = at + random_below(cnt < 8 ? cnt : 8);

		twins_fill(twins, ctx, random_word, NULL);
		set_addresses(ctx);
		for (unsigned int i = 0; i < 2; i++)
			nic_me_start(twins->me[i], ctx, pc);
	}
	run_program(words, at, cnt, totals);
	set_stops(at, cnt, false);
	for (uint32_t ctx = 0; ctx < 2 * contexts; ctx += 2)
		for (unsigned int i = 0; i < 2; i++)
			nic_me_kill(twins->me[i], ctx);
}

static unsigned int
programs(void)
{
	const char *text = getenv("NIC_PROGRAMS");

	return text ? (unsigned int)strtoul(text, NULL, 0) : PROGRAMS;
}

static void
check_totals(const struct totals *totals, unsigned int cnt)
{
	print_message("%u programs, %llu instructions; stopped %u, idle %u, limit %u, fault %u\n",
		cnt, (unsigned long long)totals->insns, totals->ends[NIC_ME_STOPPED],
		totals->ends[NIC_ME_IDLE], totals->ends[NIC_ME_LIMIT], totals->ends[NIC_ME_FAULT]);
	assert_true(totals->insns > 50 * (uint64_t)cnt);
	for (unsigned int i = 0; i <= NIC_ME_FAULT; i++)
		assert_true(i == NIC_ME_IDLE || totals->ends[i] > cnt / 50);
}

/* Where something is wrong, these say it in the fewest instructions. */
static void
random_programs_of_a_few_instructions_end_equal(void **state)
{
	struct totals totals = { .insns = 0 };

	(void)state;
	for (unsigned int i = 0; i < programs(); i++)
		run_random(1, 6, &totals);
	assert_true(totals.insns > programs());
}

static void
random_programs_of_one_context_end_equal(void **state)
{
	const unsigned int cnt = programs();
	struct totals totals = { .insns = 0 };

	(void)state;
	for (unsigned int i = 0; i < cnt; i++)
		run_random(1, WORDS_MAX, &totals);
	check_totals(&totals, cnt);
}

static void
random_programs_of_four_contexts_end_equal(void **state)
{
	const unsigned int cnt = programs() / 2;
	struct totals totals = { .insns = 0 };

	(void)state;
	for (unsigned int i = 0; i < cnt; i++)
		run_random(4, WORDS_MAX, &totals);
	check_totals(&totals, cnt);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
	const struct CMUnitTest tests[] = {
		TEST(random_programs_of_a_few_instructions_end_equal),
		TEST(random_programs_of_one_context_end_equal),
		TEST(random_programs_of_four_contexts_end_equal),
	};

	random_begin();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
