/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The sequences that the driver's JIT emits for arithmetic do on the simulator what the BPF
 * instruction says: destination r3 in GPRs 6 and 7, source r4 in 8 and 9. NIC_SEED=N repeats a run.
 */
#include "nic/nic.h"
#include "tests/_cmocka.h"
#include "tests/unit/nic/golden_file.h"
#include "tests/unit/nic/me.h"
#include "tests/unit/nic/random.h"

#include <stdlib.h>
#include <string.h>

#define RUNS 300

/* The words of a section; the exit that the expectations leave out goes to END. */
static void
load_section(const char *section)
{
	FILE *f = golden_open(GOLDEN_DIR, "sections.txt");
	char line[512], want[128], *rest;
	bool is_it = false;

	size = 0;
	snprintf(want, sizeof(want), "= %s ", section);
	while (fgets(line, sizeof(line), f)) {
		uint32_t at = (uint32_t)strtoul(line, &rest, 10);
		uint64_t word = strtoull(rest, NULL, 16);

		if (line[0] == '=')
			is_it = !strncmp(line, want, strlen(want));
		if (line[0] == '=' || line[0] == '#' || !is_it)
			continue;
		word = nic_ecc_add(word);
		assert_int_equal(nic_me_load(me, at, &word, 1), 0);
		size = at + 1;
	}
	fclose(f);
	if (!size)
		fail_msg("no section %s", section);
	add("br[.4000]");
}

static void
set_pair(uint32_t num, uint64_t value)
{
	*a(num) = *b(num) = (uint32_t)value;
	*a(num + 1) = *b(num + 1) = (uint32_t)(value >> 32);
}

static uint64_t
run_section(uint64_t d, uint64_t s)
{
	struct nic_fault fault = { .reason = "did not end" };

	set_pair(6, d);
	set_pair(8, s);
	assert_int_equal(nic_me_start(me, 0, 2), 0); /* behind the intro */
	if (nic_me_run(me, 1000, &fault) != NIC_ME_STOPPED)
		fail_msg("%u: %s: %s", fault.pc, fault.text, fault.reason);
	assert_int_equal(*a(6), *b(6));
	assert_int_equal(*a(7), *b(7));
	return (uint64_t)*a(7) << 32 | *a(6);
}

struct sequence {
	const char *section;
	uint64_t (*want)(uint64_t d, uint64_t s);
	uint64_t d_max, s_min, s_max; /* what the verifier told the JIT of them */
};

#define U64 UINT64_MAX
#define U32 UINT32_MAX
#define WANT(name, expr)                                                                           \
	static uint64_t name(uint64_t d, uint64_t s)                                               \
	{                                                                                          \
		(void)d;                                                                           \
		(void)s;                                                                           \
		return expr;                                                                       \
	}
WANT(want_mov, s)
WANT(want_mov32, (uint32_t)s)
WANT(want_mov_k, 0x12345678)
WANT(want_mov_neg, (uint64_t)-2)
WANT(want_add, d + s)
WANT(want_add_256, d + 256)
WANT(want_sub_4, d - 4)
WANT(want_sub, d - s)
WANT(want_and, d &s)
WANT(want_and_8, d &(uint64_t)-8)
WANT(want_or, d | s)
WANT(want_or_8, d | (uint64_t)-8)
WANT(want_xor, d ^ s)
WANT(want_xor_all, ~d)
WANT(want_neg, -d)
WANT(want_neg32, (uint32_t)-d)
WANT(want_add32, (uint32_t)(d + s))
WANT(want_sub32, (uint32_t)(d - s))
WANT(want_mul, d *s)
WANT(want_mul32, (uint32_t)(d *s))
WANT(want_mul_1000, d * 1000)
WANT(want_div_3, d / 3)
WANT(want_div_7, d / 7)
WANT(want_div_10, d / 10)
WANT(want_div_14, d / 14)
WANT(want_div_256, d / 256)
WANT(want_div_1000, d / 1000)
WANT(want_div_large, d / 0x80000001)
WANT(want_lsh, d << s)
WANT(want_rsh, d >> s)
WANT(want_arsh, (uint64_t)((int64_t)d >> s))
WANT(want_lsh_8, d << 8)
WANT(want_lsh_33, d << 33)
WANT(want_rsh_31, d >> 31)
WANT(want_rsh_63, d >> 63)
WANT(want_arsh_1, (uint64_t)((int64_t)d >> 1))
WANT(want_arsh_32, (uint64_t)((int64_t)d >> 32))
WANT(want_arsh_33, (uint64_t)((int64_t)d >> 33))
WANT(want_lsh32, (uint32_t)((uint32_t)d << s))
WANT(want_rsh32, (uint32_t)d >> s)
WANT(want_arsh32, (uint32_t)((int32_t)d >> s))
WANT(want_arsh32_8, (uint32_t)((int32_t)d >> 8))
WANT(want_be_16, __builtin_bswap16((uint16_t)d))
WANT(want_be_32, __builtin_bswap32((uint32_t)d))
WANT(want_be_64, __builtin_bswap64(d))

/* A shift to the left by a register that holds 0 is one of the driver's errors (nfp-isa.md 14.3).
 */
static const struct sequence sequences[] = {
	{ "mov64_x", want_mov, U64, 0, U64 },
	{ "mov32_x", want_mov32, U64, 0, U64 },
	{ "mov64_k_0x12345678", want_mov_k, U64, 0, U64 },
	{ "mov64_k_-2", want_mov_neg, U64, 0, U64 },
	{ "add64_x", want_add, U64, 0, U64 },
	{ "add64_k_256", want_add_256, U64, 0, U64 },
	{ "add64_k_-4", want_sub_4, U64, 0, U64 },
	{ "sub64_x", want_sub, U64, 0, U64 },
	{ "and64_x", want_and, U64, 0, U64 },
	{ "and64_k_-8", want_and_8, U64, 0, U64 },
	{ "or64_x", want_or, U64, 0, U64 },
	{ "or64_k_-8", want_or_8, U64, 0, U64 },
	{ "xor64_x", want_xor, U64, 0, U64 },
	{ "xor64_k_-1", want_xor_all, U64, 0, U64 },
	{ "neg64", want_neg, U64, 0, U64 },
	{ "neg32_z", want_neg32, U64, 0, U64 },
	{ "add32_x_z", want_add32, U64, 0, U64 },
	{ "sub32_x_z", want_sub32, U64, 0, U64 },
	{ "mul64_x_u16", want_mul, 0xffff, 0, 0xffff },
	{ "mul64_x_u32", want_mul, U32, 0, U32 },
	{ "mul32_x_u32", want_mul32, U64, 0, U64 },
	{ "mul64_k_1000_u16", want_mul_1000, 0xffff, 0, U64 },
	{ "div64_k_3", want_div_3, U32, 0, U64 },
	{ "div64_k_7", want_div_7, U32, 0, U64 },
	{ "div64_k_10", want_div_10, U32, 0, U64 },
	{ "div64_k_14", want_div_14, U32, 0, U64 },
	{ "div64_k_256", want_div_256, U32, 0, U64 },
	{ "div32_k_1000", want_div_1000, U32, 0, U64 },
	{ "div64_x_0x80000001", want_div_large, U32, 0, U64 },
	{ "lsh64_k_8", want_lsh_8, U64, 0, U64 },
	{ "lsh64_k_33", want_lsh_33, U64, 0, U64 },
	{ "rsh64_k_31", want_rsh_31, U64, 0, U64 },
	{ "rsh64_k_63", want_rsh_63, U64, 0, U64 },
	{ "arsh64_k_1", want_arsh_1, U64, 0, U64 },
	{ "arsh64_k_32", want_arsh_32, U64, 0, U64 },
	{ "arsh64_k_33", want_arsh_33, U64, 0, U64 },
	{ "arsh32_k_8_z", want_arsh32_8, U64, 0, U64 },
	{ "lsh64_x_lt32", want_lsh, U64, 1, 31 },
	{ "lsh64_x_ge32", want_lsh, U64, 32, 63 },
	{ "lsh64_x_any", want_lsh, U64, 1, 63 },
	{ "rsh64_x_lt32", want_rsh, U64, 0, 31 },
	{ "rsh64_x_ge32", want_rsh, U64, 32, 63 },
	{ "rsh64_x_any", want_rsh, U64, 0, 63 },
	{ "arsh64_x_lt32", want_arsh, U64, 0, 31 },
	{ "arsh64_x_ge32", want_arsh, U64, 32, 63 },
	{ "arsh64_x_any", want_arsh, U64, 0, 63 },
	{ "lsh32_x_z", want_lsh32, U64, 0, 31 },
	{ "rsh32_x_z", want_rsh32, U64, 0, 31 },
	{ "arsh32_x_z", want_arsh32, U64, 0, 31 },
	{ "be16", want_be_16, U64, 0, U64 },
	{ "be32", want_be_32, U64, 0, U64 },
	{ "be64", want_be_64, U64, 0, U64 },
};

/* Between the two, and often near the ends. */
static uint64_t
random_between(uint64_t min, uint64_t max)
{
	uint64_t value = random_bits() >> random_below(64);

	if (random_below(8) == 0)
		value = max - random_below(3);
	if (max - min != U64)
		value = min + value % (max - min + 1);
	return value;
}

static void
sequences_of_the_driver_compute_what_bpf_says(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(sequences) / sizeof(sequences[0]); i++) {
		const struct sequence *q = &sequences[i];

		load_section(q->section);
		for (unsigned int n = 0; n < RUNS; n++) {
			uint64_t d = random_between(0, q->d_max);
			uint64_t s = random_between(q->s_min, q->s_max);
			uint64_t now = run_section(d, s), want = q->want(d, s);

			if (now != want)
				fail_msg("%s of %llx and %llx: %llx, not %llx", q->section,
					(unsigned long long)d, (unsigned long long)s,
					(unsigned long long)now, (unsigned long long)want);
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			sequences_of_the_driver_compute_what_bpf_says, begin, end),
	};

	random_begin();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
