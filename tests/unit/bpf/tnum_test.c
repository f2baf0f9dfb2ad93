/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tristate numbers by enumeration: every pair of six-bit ones, every pair of members. An operation
 * whose result leaves out a concrete result is unsound; one that should be exact and is not is
 * a loss the kernel does not have.
 */
#include "bpf/verifier/tnum.h"
#include "tests/_cmocka.h"

#include <inttypes.h>

#define BITS 6
#define CNT (1u << BITS)

typedef struct xb_tnum (*abstract_fn)(struct xb_tnum a, struct xb_tnum b);
typedef uint64_t (*concrete_fn)(uint64_t a, uint64_t b);

static uint64_t
add(uint64_t a, uint64_t b)
{
	return a + b;
}

static uint64_t
sub(uint64_t a, uint64_t b)
{
	return a - b;
}

static uint64_t
mul(uint64_t a, uint64_t b)
{
	return a * b;
}

static uint64_t and (uint64_t a, uint64_t b)
{
	return a & b;
}

static uint64_t or (uint64_t a, uint64_t b)
{
	return a | b;
}

static uint64_t xor (uint64_t a, uint64_t b) { return a ^ b; }

	/* Best tnum of all values given so far. */
	struct best {
	uint64_t ones, zeros;
};

static void
take(struct best *best, uint64_t v)
{
	best->ones &= v;
	best->zeros &= ~v;
}

static void
check_pair(struct xb_tnum a, struct xb_tnum b, abstract_fn abstract, concrete_fn concrete,
	bool is_exact)
{
	struct xb_tnum r = abstract(a, b);
	struct best best = { UINT64_MAX, UINT64_MAX };

	assert_int_equal(r.value & r.mask, 0);
	/* Members of a tnum: all subsets of the mask on top of the value. */
	for (uint64_t x = a.mask;; x = (x - 1) & a.mask) {
		for (uint64_t y = b.mask;; y = (y - 1) & b.mask) {
			uint64_t v = concrete(a.value | x, b.value | y);

			take(&best, v);
			if (!xb_tnum_has(r, v))
				fail_msg("%" PRIu64 " is not in the result", v);
			if (y == 0)
				break;
		}
		if (x == 0)
			break;
	}
	if (is_exact) {
		assert_int_equal(r.value, best.ones);
		assert_int_equal(r.mask, ~(best.ones | best.zeros));
	}
}

static void
check_all(unsigned int shift, abstract_fn abstract, concrete_fn concrete, bool is_exact)
{
	for (uint64_t av = 0; av < CNT; av++)
		for (uint64_t am = 0; am < CNT; am++)
			for (uint64_t bv = 0; !(av & am) && bv < CNT; bv++)
				for (uint64_t bm = 0; bm < CNT; bm++)
					if (!(bv & bm))
						check_pair((struct xb_tnum){ av << shift,
								   am << shift },
							(struct xb_tnum){
								bv << shift, bm << shift },
							abstract, concrete, is_exact);
}

static void
sums_and_differences_are_exact(void **state)
{
	(void)state;
	check_all(0, xb_tnum_add, add, true);
	check_all(0, xb_tnum_sub, sub, true);
	check_all(64 - BITS, xb_tnum_add, add, true);
	check_all(64 - BITS, xb_tnum_sub, sub, true);
}

static void
bitwise_results_are_exact(void **state)
{
	(void)state;
	check_all(0, xb_tnum_and, and, true);
	check_all(0, xb_tnum_or, or, true);
	check_all(0, xb_tnum_xor, xor, true);
}

static void
products_leave_nothing_out(void **state)
{
	(void)state;
	check_all(0, xb_tnum_mul, mul, false);
	check_all(30, xb_tnum_mul, mul, false);
}

static void
shifts_are_exact(void **state)
{
	(void)state;
	for (uint64_t v = 0; v < CNT; v++) {
		for (uint64_t m = 0; m < CNT; m++) {
			struct xb_tnum a = { v << 58, m << 58 }, low = { v << 26, m << 26 };

			if (v & m)
				continue;
			for (unsigned int n = 0; n < 64; n++) {
				for (uint64_t x = m;; x = (x - 1) & m) {
					uint64_t c = (v | x) << 58;

					assert_true(xb_tnum_has(xb_tnum_rsh(a, n), c >> n));
					assert_true(xb_tnum_has(
						xb_tnum_lsh(low, n), (v | x) << 26 << n));
					assert_true(xb_tnum_has(xb_tnum_arsh(a, n, 64),
						(uint64_t)((int64_t)c >> n)));
					if (n < 32)
						assert_true(xb_tnum_has(xb_tnum_arsh(low, n, 32),
							(uint32_t)((int32_t)((v | x) << 26) >> n)));
					if (x == 0)
						break;
				}
			}
		}
	}
}

static void
ranges_hold_their_members_and_no_bit_less(void **state)
{
	(void)state;
	for (uint64_t lo = 0; lo < 300; lo++) {
		for (uint64_t hi = lo; hi < 300; hi++) {
			struct xb_tnum r = xb_tnum_range(lo, hi);
			struct best best = { UINT64_MAX, UINT64_MAX };

			for (uint64_t v = lo; v <= hi; v++) {
				assert_true(xb_tnum_has(r, v));
				take(&best, v);
			}
			/* All bits below the first that differs are given up. */
			assert_int_equal(r.value & ~best.ones, 0);
		}
	}
	assert_int_equal(xb_tnum_range(0, UINT64_MAX).mask, UINT64_MAX);
	assert_int_equal(xb_tnum_range(UINT64_MAX, UINT64_MAX).mask, 0);
}

static void
relations_are_those_of_sets(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 16 * 16; i++) {
		for (unsigned int j = 0; j < 16 * 16; j++) {
			struct xb_tnum a = { i & 15, i >> 4 }, b = { j & 15, j >> 4 };
			bool is_any = false, is_all = true;

			if ((a.value & a.mask) || (b.value & b.mask))
				continue;
			for (uint64_t v = 0; v < 16; v++) {
				bool in_a = xb_tnum_has(a, v), in_b = xb_tnum_has(b, v);

				is_any |= in_a && in_b;
				is_all &= in_a || !in_b;
				if (in_a && in_b)
					assert_true(xb_tnum_has(xb_tnum_intersect(a, b), v));
			}
			assert_int_equal(xb_tnum_overlap(a, b), is_any);
			assert_int_equal(xb_tnum_in(a, b), is_all);
		}
	}
}

static void
halves_are_cut_and_joined(void **state)
{
	struct xb_tnum a = { 0x1122334400000000, 0x00000000f0f0f0f0 };
	char text[48];

	(void)state;
	assert_int_equal(xb_tnum_low32(a).mask, 0xf0f0f0f0);
	assert_int_equal(xb_tnum_cast(a, 1).mask, 0xf0);
	a = xb_tnum_with_low32(a, xb_tnum_const(5));
	assert_int_equal(a.value, 0x1122334400000005);
	assert_int_equal(a.mask, 0);
	assert_true(xb_tnum_is_aligned((struct xb_tnum){ 8, 0x30 }, 8));
	assert_false(xb_tnum_is_aligned((struct xb_tnum){ 8, 0x34 }, 8));
	xb_tnum_format(text, sizeof(text), xb_tnum_const(65535));
	assert_string_equal(text, "65535");
	xb_tnum_format(text, sizeof(text), xb_tnum_const(65536));
	assert_string_equal(text, "0x10000");
	xb_tnum_format(text, sizeof(text), (struct xb_tnum){ 0, 255 });
	assert_string_equal(text, "(0x0; 0xff)");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sums_and_differences_are_exact),
		cmocka_unit_test(bitwise_results_are_exact),
		cmocka_unit_test(products_leave_nothing_out),
		cmocka_unit_test(shifts_are_exact),
		cmocka_unit_test(ranges_hold_their_members_and_no_bit_less),
		cmocka_unit_test(relations_are_those_of_sets),
		cmocka_unit_test(halves_are_cut_and_joined),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
