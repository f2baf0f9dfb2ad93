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
#define END 4000u /* where the driver's sequences go when they are through */

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
	} while ((how == NIC_ME_LIMIT || how == NIC_ME_FAULT) &&
		 nic_me_insns(twins->me[0]) - before < INSNS_MAX);
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

static uint32_t step_of_contexts = 2; /* 1: all eight exist */

static void
run_random(uint32_t contexts, uint32_t cnt_max, struct totals *totals)
{
	uint64_t words[WORDS_MAX];
	const uint32_t cnt = 2 + random_below(cnt_max - 1);
	const uint32_t at = one_in(10) ? NIC_CODE_WORDS - cnt : random_below(2) * 300;
	const bool has_stops = one_in(3);

	microcode_make(random_bits(), NIC_CONTEXTS / step_of_contexts, words, at, cnt);
	twins_load(twins, at, words, cnt);
	set_stops(at, cnt, has_stops);
	for (uint32_t ctx = 0; ctx < step_of_contexts * contexts; ctx += step_of_contexts) {
		const uint32_t pc = at + random_below(cnt < 8 ? cnt : 8);

		twins_fill(twins, ctx, random_word, NULL);
		set_addresses(ctx);
		for (unsigned int i = 0; i < 2; i++)
			nic_me_start(twins->me[i], ctx, pc);
	}
	run_program(words, at, cnt, totals);
	set_stops(at, cnt, false);
	for (uint32_t ctx = 0; ctx < step_of_contexts * contexts; ctx += step_of_contexts)
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
		assert_true(totals->ends[i] > cnt / 50);
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

static void
random_programs_of_eight_contexts_end_equal(void **state)
{
	const unsigned int cnt = programs() / 4;
	struct totals totals = { .insns = 0 };

	(void)state;
	for (unsigned int i = 0; i < 2; i++)
		assert_int_equal(nic_me_set_contexts(twins->me[i], 8), 0);
	step_of_contexts = 1;
	for (unsigned int i = 0; i < cnt; i++)
		run_random(8, WORDS_MAX, &totals);
	step_of_contexts = 2;
	assert_true(totals.insns > 20 * (uint64_t)cnt);
}

/* ---- the driver's sequences ---- */

/* What the loader would make of the word; the exit goes to END. */
static uint64_t
relocated(uint64_t word)
{
	struct nic_insn insn;

	word = nic_reloc_set(word, NIC_RELOC_NONE) & NIC_INSN_MASK;
	assert_null(nic_decode(word, &insn));
	if (insn.addr >= NIC_RELOC_TARGET) {
		insn.addr = END;
		assert_null(nic_encode(&insn, &word));
	}
	return nic_ecc_add(word);
}

/* A section's words at 0, run from each of its first instructions. */
static void
run_section(const uint64_t *words, uint32_t cnt, const char *name)
{
	twins_load(twins, 0, words, cnt);
	for (unsigned int n = 0; n < 20; n++) {
		twins_fill(twins, 0, random_word, NULL);
		for (unsigned int i = 0; i < 2; i++)
			nic_me_start(twins->me[i], 0, n % 4 < cnt ? n % 4 : 0);
		twins_run(twins, one_in(3) ? random_below(10) : 200);
		if (twins->difference[0])
			fail_msg("%s: %s", name, twins->difference);
		twins_run(twins, 200);
		if (twins->difference[0])
			fail_msg("%s, going on: %s", name, twins->difference);
	}
}

static void
sequences_of_the_driver_end_equal(void **state)
{
	FILE *f = fopen(GOLDEN_DIR "/sections.txt", "r");
	uint64_t words[WORDS_MAX] = { 0 };
	char line[512], name[128] = "", *rest;
	uint32_t cnt = 0, sections = 0;

	(void)state;
	assert_non_null(f);
	for (unsigned int i = 0; i < 2; i++)
		nic_me_set_stop(twins->me[i], END, true);
	while (fgets(line, sizeof(line), f)) {
		if (line[0] == '#')
			continue;
		if (line[0] == '=') {
			if (cnt)
				run_section(words, cnt, name);
			snprintf(name, sizeof(name), "%.100s", line + 2);
			cnt = 0;
			sections++;
			continue;
		}
		/* what the expectations leave out is the same everywhere */
		while (cnt < strtoul(line, &rest, 10))
			words[cnt++] = nic_ecc_add(NIC_NOP);
		words[cnt++] = relocated(strtoull(rest, NULL, 16));
		assert_true(cnt < WORDS_MAX);
	}
	run_section(words, cnt, name);
	fclose(f);
	assert_true(sections >= 257);
}

/* ---- named ---- */

static void
load_text(uint32_t at, const char *text)
{
	struct nic_asm_error error;
	uint64_t word;

	if (nic_parse(text, &word, &error))
		fail_msg("%s: %s", text, error.text);
	word = nic_ecc_add(word);
	twins_load(twins, at, &word, 1);
}

static void
start(uint32_t ctx, uint32_t pc)
{
	for (unsigned int i = 0; i < 2; i++)
		assert_int_equal(nic_me_start(twins->me[i], ctx, pc), 0);
}

static void
check_run(uint64_t max_insns, enum nic_me_end want)
{
	assert_int_equal(twins_run(twins, max_insns), want);
	assert_string_equal(twins->difference, "");
}

/* It was translated as if it had more words than there are. */
static void
an_empty_code_store_is_a_fault(void **state)
{
	(void)state;
	start(0, 0);
	check_run(30, NIC_ME_FAULT);
}

static void
a_changed_code_store_and_a_new_stop_are_seen(void **state)
{
	(void)state;
	load_text(0, "immed[gprA_1, 0x1]");
	load_text(1, "immed[gprA_2, 0x2]");
	load_text(2, "br[.0]");
	start(0, 0);
	check_run(30, NIC_ME_LIMIT);
	load_text(1, "immed[gprA_2, 0x3]");
	check_run(30, NIC_ME_LIMIT);
	assert_int_equal(*nic_me_gpr(twins->me[1], 0, false, 2), 3);
	for (unsigned int i = 0; i < 2; i++)
		nic_me_set_stop(twins->me[i], 2, true);
	check_run(30, NIC_ME_STOPPED);
	for (unsigned int i = 0; i < 2; i++)
		nic_me_set_stop(twins->me[i], 2, false);
	check_run(30, NIC_ME_LIMIT);
}

static void
registers_are_other_ones_when_there_are_eight_contexts(void **state)
{
	(void)state;
	load_text(0, "immed[gprA_1, 0x1], gpr_wrboth");
	load_text(1, "alu[$xfer_1, --, B, gprB_1]");
	load_text(2, "br[.0]");
	start(2, 0);
	check_run(30, NIC_ME_LIMIT);
	for (unsigned int i = 0; i < 2; i++)
		nic_me_set_contexts(twins->me[i], 8);
	start(3, 0);
	check_run(30, NIC_ME_LIMIT);
	assert_int_equal(twins->me[1]->gpr[1][16 * 3 + 1], 1);
}

/* Both end where the other could go on: in a shadow, in a delay, before a read CSR is taken. */
static void
one_mode_goes_on_where_the_other_ended(void **state)
{
	static const char *const program[] = { "immed[gprA_1, 0x64], gpr_wrboth",
		"local_csr_wr[ActLMAddr0, gprA_1]", "alu[gprA_2, gprA_2, +, *l$index0]",
		"br[.6], defer[2]", "alu[*l$index0[1], gprA_2, +, 0x7]",
		"alu[gprB_2, gprA_2, +carry, 0x0]", "local_csr_rd[PseudoRndNum]",
		"immed[gprA_3, 0x0]", "br[.0]" };
	struct nic_fault fault;

	(void)state;
	for (uint32_t i = 0; i < 9; i++)
		load_text(i, program[i]);
	start(0, 0);
	for (unsigned int n = 0; n < 200; n++) {
		const uint64_t cnt = 1 + random_below(30);

		nic_me_run(twins->me[0], cnt, &fault);
		if (n & 1)
			nic_me_run(twins->me[1], cnt, &fault);
		else
			nic_me_run_fast(twins->me[1], cnt, &fault);
		assert_int_equal(twins_run(twins, 0), NIC_ME_LIMIT);
		assert_string_equal(twins->difference, "");
	}
}

/* The driver's way to begin a function; what is not written to a pointer in time is lost to all. */
static void
a_pointer_may_be_used_behind_a_branch(void **state)
{
	(void)state;
	load_text(0, "immed[gprA_22, 0x40]");
	load_text(1, "local_csr_wr[ActLMAddr0, gprA_22]");
	load_text(2, "br[.8], defer[1]");
	load_text(3, "immed[gprA_21, 0x123]");
	load_text(8, "alu[*l$index0, --, B, gprA_21]");
	load_text(9, "br[.9]");
	start(0, 0);
	check_run(100, NIC_ME_LIMIT);
	assert_int_equal(*nic_me_lm(twins->me[1], 16), 0x123);
}

/* Deferred instructions come before the delay is over, wherever the branch goes. */
static void
a_shadow_uses_the_pointer_that_was(void **state)
{
	(void)state;
	load_text(0, "immed[gprA_22, 0x40]");
	load_text(1, "local_csr_wr[ActLMAddr0, gprA_22]");
	load_text(2, "br[.8], defer[1]");
	load_text(3, "immed[*l$index0, 0x123]");
	load_text(8, "alu[*l$index0[2], --, B, 0x7]");
	load_text(9, "br[.9]");
	start(0, 0);
	check_run(100, NIC_ME_LIMIT);
	assert_int_equal(*nic_me_lm(twins->me[1], 0), 0x123);
	assert_int_equal(*nic_me_lm(twins->me[1], 18), 7);
}

/* A swap at the very end of what is allowed leaves its context asleep. */
static void
the_limit_may_come_with_a_swap(void **state)
{
	(void)state;
	load_text(0, "immed[gprA_0, 0x0]");
	load_text(1, "mem[read32, $xfer_0, gprA_0, 0x0, 1], ctx_swap[sig2], defer[1]");
	load_text(2, "immed[gprA_1, 0x1]");
	load_text(3, "ctx_arb[voluntary], br[.0]");
	for (uint64_t cnt = 1; cnt < 12; cnt++) {
		start(0, 0);
		check_run(cnt, NIC_ME_LIMIT);
		check_run(3, NIC_ME_LIMIT);
	}
}

/* Two operands through one pointer that moves, a pointer that leaves local memory, its way back. */
static void
pointers_that_move_are_followed(void **state)
{
	(void)state;
	load_text(0, "alu[gprA_1, gprB_1, +, *l$index3++]");
	load_text(1, "alu[*l$index3--, --, B, *l$index3++]");
	load_text(2, "alu[*l$index2++, --, B, *l$index3]");
	load_text(3, "immed[*l$index1--, 0x55]");
	load_text(4, "br[.0], defer[1]");
	load_text(5, "alu[--, --, B, *l$index3++]");
	twins_fill(twins, 0, random_word, NULL);
	for (unsigned int i = 0; i < 2; i++) {
		nic_me_set_lm_addr(twins->me[i], 0, 1, 400);
		nic_me_set_lm_addr(twins->me[i], 0, 2, 0);
		nic_me_set_lm_addr(twins->me[i], 0, 3, 3900);
	}
	start(0, 0);
	check_run(10000, NIC_ME_FAULT);
	assert_string_equal(twins->fault.reason, "the pointer is outside local memory");
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
	const struct CMUnitTest tests[] = {
		TEST(random_programs_of_a_few_instructions_end_equal),
		TEST(random_programs_of_one_context_end_equal),
		TEST(random_programs_of_four_contexts_end_equal),
		TEST(random_programs_of_eight_contexts_end_equal),
		TEST(sequences_of_the_driver_end_equal),
		TEST(an_empty_code_store_is_a_fault),
		TEST(a_changed_code_store_and_a_new_stop_are_seen),
		TEST(registers_are_other_ones_when_there_are_eight_contexts),
		TEST(one_mode_goes_on_where_the_other_ended),
		TEST(a_pointer_may_be_used_behind_a_branch),
		TEST(a_shadow_uses_the_pointer_that_was),
		TEST(the_limit_may_come_with_a_swap),
		TEST(pointers_that_move_are_followed),
	};

	random_begin();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
