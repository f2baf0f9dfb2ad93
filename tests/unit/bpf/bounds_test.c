/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Arithmetic on bounds against enumeration: small sets of values around every place where a sign or
 * a width turns over, described as tightly or as loosely as a description may be. A result that
 * leaves out what a member of the set gives is unsound.
 */
#include "bpf/verifier/env.h"
#include "tests/_cmocka.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define SET_MAX 6

/* Values, and what is known of them. */
struct set {
	uint32_t cnt;
	uint64_t v[SET_MAX];
	struct xb_reg_state reg;
};

static const uint64_t corners[] = { 0, 3, 8, 255, 0x7ffe, 0x7ffffffe, 0x80000000, 0xfffffffd,
	0x100000000, 0x17ffffffe, 0x7ffffffffffffffe, 0x8000000000000000, 0xfffffffeffffffff,
	0xffffffff7fffffff, 0xfffffffffffffffd };

static bool
holds(const struct xb_reg_state *r, uint64_t v)
{
	return xb_tnum_has(r->var_off, v) && v >= r->umin && v <= r->umax &&
	       (int64_t)v >= r->smin && (int64_t)v <= r->smax && (uint32_t)v >= r->u32_min &&
	       (uint32_t)v <= r->u32_max && (int32_t)v >= r->s32_min && (int32_t)v <= r->s32_max;
}

static void
must_hold(const struct xb_reg_state *r, uint64_t v, const char *what, uint64_t a, uint64_t b)
{
	if (holds(r, v))
		return;
	fail_msg("%s of %#" PRIx64 " and %#" PRIx64 " is %#" PRIx64 ", but u64=[%#" PRIx64
		 ",%#" PRIx64 "] s64=[%#" PRIx64 ",%#" PRIx64 "] u32=[%#x,%#x] s32=[%#x,%#x] "
		 "bits=(%#" PRIx64 ";%#" PRIx64 ")",
		what, a, b, v, r->umin, r->umax, (uint64_t)r->smin, (uint64_t)r->smax, r->u32_min,
		r->u32_max, (unsigned int)r->s32_min, (unsigned int)r->s32_max, r->var_off.value,
		r->var_off.mask);
}

/* The tightest description of each kind, and then only the kinds whose bit is set in `kinds`. */
static void
describe(struct set *s, unsigned int kinds)
{
	struct xb_reg_state *r = &s->reg;
	uint64_t ones = UINT64_MAX, zeros = UINT64_MAX;

	memset(r, 0, sizeof(*r));
	xv_set_unknown(r);
	for (uint32_t i = 0; i < s->cnt; i++) {
		ones &= s->v[i];
		zeros &= ~s->v[i];
	}
	if (kinds & 1)
		r->var_off = (struct xb_tnum){ ones, ~(ones | zeros) };
#define TIGHTEN(bit, type, min, max)                                                               \
	if (kinds & (bit)) {                                                                       \
		r->min = r->max = (type)s->v[0];                                                   \
		for (uint32_t i = 0; i < s->cnt; i++) {                                            \
			r->min = (type)s->v[i] < r->min ? (type)s->v[i] : r->min;                  \
			r->max = (type)s->v[i] > r->max ? (type)s->v[i] : r->max;                  \
		}                                                                                  \
	}
	TIGHTEN(2, uint64_t, umin, umax)
	TIGHTEN(4, int64_t, smin, smax)
	TIGHTEN(8, uint32_t, u32_min, u32_max)
	TIGHTEN(16, int32_t, s32_min, s32_max)
#undef TIGHTEN
}

static uint64_t random_state = 88172645463325252u;

static uint64_t
draw(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return random_state;
}

static uint64_t
draw_near_corner(void)
{
	return corners[draw() % ARRAY_SIZE(corners)] + draw() % 7 - 2;
}

static void
draw_set(struct set *s)
{
	uint64_t near = draw_near_corner();
	bool is_spread = draw() % 4 == 0;

	s->cnt = 1 + (uint32_t)(draw() % SET_MAX);
	for (uint32_t i = 0; i < s->cnt; i++)
		s->v[i] = is_spread ? draw_near_corner() : near + draw() % 9;
	describe(s, (unsigned int)(draw() % 32));
}

static void
check_describes(const struct set *s, const char *what)
{
	for (uint32_t i = 0; i < s->cnt; i++)
		must_hold(&s->reg, s->v[i], what, s->v[i], 0);
}

static void
what_kinds_teach_each_other_is_true(void **state)
{
	(void)state;
	for (int round = 0; round < 300000; round++) {
		struct set s;

		draw_set(&s);
		xv_bounds_sync(&s.reg);
		check_describes(&s, "synchronisation");
		if (xv_bounds_check(&s.reg))
			fail_msg("%s", xv_bounds_check(&s.reg));
	}
}

static void
a_constant_is_known_in_every_kind(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(corners); i++) {
		for (unsigned int kind = 1; kind <= 4; kind *= 2) {
			struct set s = { .cnt = 1, .v = { corners[i] } };

			describe(&s, kind);
			xv_bounds_sync(&s.reg);
			assert_int_equal(s.reg.umin, corners[i]);
			assert_int_equal(s.reg.umax, corners[i]);
			assert_int_equal(s.reg.smin, corners[i]);
			assert_int_equal(s.reg.s32_max, (int32_t)corners[i]);
			assert_int_equal(s.reg.u32_min, (uint32_t)corners[i]);
			assert_true(xb_tnum_is_const(s.reg.var_off));
		}
	}
}

/* ---- operations ---- */

static uint64_t
compute(uint8_t op, bool is_32, uint64_t a, uint64_t b)
{
	unsigned int n = (unsigned int)(b & (is_32 ? 31 : 63));
	uint64_t r = 0;

	if (is_32) {
		a = (uint32_t)a;
		b = (uint32_t)b;
	}
	switch (op) {
	case BPF_ADD: r = a + b; break;
	case BPF_SUB: r = a - b; break;
	case BPF_MUL: r = a * b; break;
	case BPF_AND: r = a & b; break;
	case BPF_OR: r = a | b; break;
	case BPF_XOR: r = a ^ b; break;
	case BPF_LSH: r = a << n; break;
	case BPF_RSH: r = a >> n; break;
	case BPF_ARSH: r = is_32 ? (uint32_t)((int32_t)a >> n) : (uint64_t)((int64_t)a >> n); break;
	default: fail();
	}
	return is_32 ? (uint32_t)r : r;
}

static void
check_op(uint8_t op, bool is_32, const struct set *a, const struct set *b)
{
	struct xb_reg_state r = a->reg;
	char name[16];

	if (!xv_scalar_op(op, is_32, &r, &b->reg))
		return;
	snprintf(name, sizeof(name), "op %02x %s", op, is_32 ? "32" : "64");
	for (uint32_t i = 0; i < a->cnt; i++)
		for (uint32_t j = 0; j < b->cnt; j++)
			must_hold(&r, compute(op, is_32, a->v[i], b->v[j]), name, a->v[i], b->v[j]);
	if (xv_bounds_check(&r))
		fail_msg("%s: %s", name, xv_bounds_check(&r));
}

static void
results_of_operations_leave_nothing_out(void **state)
{
	static const uint8_t ops[] = { BPF_ADD, BPF_SUB, BPF_MUL, BPF_AND, BPF_OR, BPF_XOR };

	(void)state;
	for (int round = 0; round < 200000; round++) {
		struct set a, b;

		draw_set(&a);
		draw_set(&b);
		xv_bounds_sync(&a.reg);
		xv_bounds_sync(&b.reg);
		check_op(ops[round % 6], round / 6 % 2, &a, &b);
	}
}

static void
shifts_leave_nothing_out(void **state)
{
	static const uint8_t ops[] = { BPF_LSH, BPF_RSH, BPF_ARSH };

	(void)state;
	for (int round = 0; round < 200000; round++) {
		bool is_32 = round / 3 % 2;
		struct set a, b = { .cnt = 1, .v = { draw() % (is_32 ? 32 : 64) } };

		draw_set(&a);
		xv_bounds_sync(&a.reg);
		describe(&b, 31);
		check_op(ops[round % 3], is_32, &a, &b);
	}
}

static void
small_operations_are_enumerated(void **state)
{
	static const uint8_t ops[] = { BPF_ADD, BPF_SUB, BPF_MUL, BPF_AND, BPF_OR, BPF_XOR };

	(void)state;
	/* Every range of four values around zero, at both widths' signs. */
	for (size_t at = 0; at < ARRAY_SIZE(corners); at++)
		for (uint64_t lo = 0; lo < 6; lo++)
			for (uint32_t n = 1; n <= 4; n++)
				for (uint64_t lo2 = 0; lo2 < 6; lo2++)
					for (size_t k = 0; k < ARRAY_SIZE(ops); k++) {
						struct set a = { .cnt = n }, b = { .cnt = 5 - n };

						for (uint32_t i = 0; i < 4; i++) {
							a.v[i] = corners[at] + lo + i;
							b.v[i] = lo2 + i - 3;
						}
						describe(&a, 31);
						describe(&b, 31);
						check_op(ops[k], false, &a, &b);
						check_op(ops[k], true, &a, &b);
						check_op(ops[k], false, &b, &a);
					}
}

/* ---- enumeration ---- */

#define WINDOW 4 /* values from a corner on; every subset of them is a set */
#define SUBSETS (1u << WINDOW)

/* What a description may be made of: all kinds, one width, one sign, bits alone. */
static const unsigned int kind_sets[] = { 31, 2 | 4, 8 | 16, 2 | 8, 4 | 16, 1 };

static void
make_subset(struct set *s, uint64_t from, unsigned int which, unsigned int kinds)
{
	s->cnt = 0;
	for (unsigned int i = 0; i < WINDOW; i++)
		if (which & 1u << i)
			s->v[s->cnt++] = from + i;
	describe(s, kinds);
	xv_bounds_sync(&s->reg);
}

/* Every pair of subsets near a corner and near another, to `check`, described in every way. */
static void
enumerate_pairs(
	uint64_t left, uint64_t right, void (*check)(const struct set *a, const struct set *b))
{
	for (size_t k = 0; k < ARRAY_SIZE(kind_sets); k++) {
		for (unsigned int i = 1; i < SUBSETS; i++) {
			struct set a, b;

			make_subset(&a, left, i, kind_sets[k]);
			for (unsigned int j = 1; j < SUBSETS; j++) {
				make_subset(&b, right, j, kind_sets[k]);
				check(&a, &b);
			}
		}
	}
}

/* Around 0 and 1, around the same corner, and half a turn away. */
static void
enumerate(void (*check)(const struct set *a, const struct set *b))
{
	for (size_t at = 0; at < ARRAY_SIZE(corners); at++) {
		enumerate_pairs(corners[at], UINT64_MAX - 1, check);
		enumerate_pairs(corners[at], corners[at] + 1, check);
		enumerate_pairs(corners[at], corners[at] ^ (uint64_t)1 << 63, check);
		enumerate_pairs(corners[at], corners[at] ^ (uint64_t)1 << 31, check);
	}
}

static void
check_arithmetic(const struct set *a, const struct set *b)
{
	static const uint8_t ops[] = { BPF_ADD, BPF_SUB, BPF_MUL, BPF_AND, BPF_OR, BPF_XOR };

	for (size_t k = 0; k < ARRAY_SIZE(ops); k++) {
		check_op(ops[k], false, a, b);
		check_op(ops[k], true, a, b);
	}
}

static void
arithmetic_of_every_small_set_leaves_nothing_out(void **state)
{
	(void)state;
	enumerate(check_arithmetic);
}

static void
every_shift_of_every_small_set_leaves_nothing_out(void **state)
{
	static const uint8_t ops[] = { BPF_LSH, BPF_RSH, BPF_ARSH };

	(void)state;
	for (size_t at = 0; at < ARRAY_SIZE(corners); at++)
		for (unsigned int i = 1; i < SUBSETS; i++)
			for (size_t k = 0; k < ARRAY_SIZE(kind_sets); k++)
				for (uint64_t n = 0; n < 64; n++) {
					struct set a, b = { .cnt = 1, .v = { n } };

					make_subset(&a, corners[at], i, kind_sets[k]);
					describe(&b, 31);
					for (size_t op = 0; op < ARRAY_SIZE(ops); op++) {
						check_op(ops[op], false, &a, &b);
						check_op(ops[op], true, &a, &b);
					}
				}
}

static void
a_shift_that_is_not_known_is_not_followed(void **state)
{
	struct set a = { .cnt = 2, .v = { 1, 2 } }, by = { .cnt = 2, .v = { 1, 2 } };
	struct set wide = { .cnt = 1, .v = { 40 } };

	(void)state;
	describe(&a, 31);
	describe(&by, 31);
	describe(&wide, 31);
	assert_false(xv_scalar_op(BPF_LSH, false, &a.reg, &by.reg));
	assert_false(xv_scalar_op(BPF_LSH, true, &a.reg, &wide.reg));
	assert_true(xv_scalar_op(BPF_LSH, false, &a.reg, &wide.reg));
	assert_false(xv_scalar_op(BPF_DIV, false, &a.reg, &by.reg));
}

/* ---- widths ---- */

static void
changes_of_width_leave_nothing_out(void **state)
{
	(void)state;
	for (int round = 0; round < 100000; round++) {
		unsigned int bytes = 1u << (round % 3), shift = 64 - bytes * 8;
		struct set s;
		struct xb_reg_state zext, cut, sx, sx32;

		draw_set(&s);
		xv_bounds_sync(&s.reg);
		zext = cut = sx = sx32 = s.reg;
		xv_zero_extend(&zext);
		xv_bounds_sync(&zext);
		xv_truncate(&cut, bytes);
		xv_sign_extend(&sx, bytes);
		xv_bounds_sync(&sx);
		if (bytes < 4) {
			xv_sign_extend32(&sx32, bytes);
			xv_zero_extend(&sx32);
			xv_bounds_sync(&sx32);
		}
		for (uint32_t i = 0; i < s.cnt; i++) {
			uint64_t v = s.v[i], ext = (uint64_t)((int64_t)(v << shift) >> shift);

			must_hold(&zext, (uint32_t)v, "zero extension", v, 0);
			must_hold(&cut, v << shift >> shift, "truncation", v, bytes);
			must_hold(&sx, ext, "sign extension", v, bytes);
			if (bytes < 4)
				must_hold(&sx32, (uint32_t)ext, "32-bit sign extension", v, bytes);
		}
	}
}

/* ---- comparisons ---- */

static bool
compare(uint8_t op, bool is_32, uint64_t a, uint64_t b)
{
	int64_t sa = is_32 ? (int32_t)a : (int64_t)a, sb = is_32 ? (int32_t)b : (int64_t)b;

	if (is_32) {
		a = (uint32_t)a;
		b = (uint32_t)b;
	}
	switch (op) {
	case BPF_JEQ: return a == b;
	case BPF_JNE: return a != b;
	case BPF_JSET: return (a & b) != 0;
	case BPF_JGT: return a > b;
	case BPF_JGE: return a >= b;
	case BPF_JLT: return a < b;
	case BPF_JLE: return a <= b;
	case BPF_JSGT: return sa > sb;
	case BPF_JSGE: return sa >= sb;
	case BPF_JSLT: return sa < sb;
	case BPF_JSLE: return sa <= sb;
	default: fail(); return false;
	}
}

static const uint8_t comparisons[] = { BPF_JEQ, BPF_JNE, BPF_JSET, BPF_JGT, BPF_JGE, BPF_JLT,
	BPF_JLE, BPF_JSGT, BPF_JSGE, BPF_JSLT, BPF_JSLE };

/* Both sides of one comparison, for all pairs that go there. */
static void
check_sides(uint8_t op, bool is_32, const struct set *a, const struct set *b)
{
	struct xb_reg_state ta = a->reg, tb = b->reg, fa = a->reg, fb = b->reg;
	int known = xv_branch_taken(&a->reg, &b->reg, op, is_32);

	xv_refine(&ta, &tb, op, is_32);
	xv_refine(&fa, &fb, xv_op_reverse(op), is_32);
	xv_bounds_sync(&ta);
	xv_bounds_sync(&tb);
	xv_bounds_sync(&fa);
	xv_bounds_sync(&fb);
	for (uint32_t i = 0; i < a->cnt; i++) {
		for (uint32_t j = 0; j < b->cnt; j++) {
			bool is_taken = compare(op, is_32, a->v[i], b->v[j]);

			if (known >= 0)
				assert_int_equal(known, is_taken);
			else {
				must_hold(is_taken ? &ta : &fa, a->v[i], "left of jump", a->v[i],
					b->v[j]);
				must_hold(is_taken ? &tb : &fb, b->v[j], "right of jump", a->v[i],
					b->v[j]);
			}
		}
	}
}

static void
both_sides_of_a_jump_keep_their_values(void **state)
{
	(void)state;
	for (int round = 0; round < 300000; round++) {
		struct set a, b;

		draw_set(&a);
		draw_set(&b);
		xv_bounds_sync(&a.reg);
		xv_bounds_sync(&b.reg);
		check_sides(comparisons[round % 11], round / 11 % 2, &a, &b);
	}
}

static void
comparisons_with_constants_keep_their_values(void **state)
{
	(void)state;
	for (int round = 0; round < 200000; round++) {
		struct set a, b = { .cnt = 1 };

		draw_set(&a);
		xv_bounds_sync(&a.reg);
		b.v[0] = a.v[0] + draw() % 5 - 2;
		describe(&b, 31);
		check_sides(comparisons[round % 11], round / 11 % 2, &a, &b);
		check_sides(comparisons[round % 11], round / 11 % 2, &b, &a);
	}
}

static void
check_comparisons(const struct set *a, const struct set *b)
{
	for (size_t k = 0; k < ARRAY_SIZE(comparisons); k++) {
		check_sides(comparisons[k], false, a, b);
		check_sides(comparisons[k], true, a, b);
	}
}

static void
both_sides_of_every_small_comparison_keep_their_values(void **state)
{
	(void)state;
	enumerate(check_comparisons);
}

static void
flipped_and_reversed_comparisons_are_the_same_ones(void **state)
{
	(void)state;
	for (size_t k = 0; k < ARRAY_SIZE(comparisons); k++) {
		uint8_t op = comparisons[k], back = xv_op_reverse(xv_op_reverse(op));

		assert_int_equal(back, op);
		for (int i = 0; i < 1000; i++) {
			uint64_t a = draw_near_corner(), b = draw_near_corner();

			assert_int_equal(
				compare(op, i % 2, a, b), compare(xv_op_flip(op), i % 2, b, a));
			if (op != BPF_JSET)
				assert_int_equal(compare(op, i % 2, a, b),
					!compare(xv_op_reverse(op), i % 2, a, b));
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_kinds_teach_each_other_is_true),
		cmocka_unit_test(a_constant_is_known_in_every_kind),
		cmocka_unit_test(results_of_operations_leave_nothing_out),
		cmocka_unit_test(shifts_leave_nothing_out),
		cmocka_unit_test(small_operations_are_enumerated),
		cmocka_unit_test(arithmetic_of_every_small_set_leaves_nothing_out),
		cmocka_unit_test(every_shift_of_every_small_set_leaves_nothing_out),
		cmocka_unit_test(a_shift_that_is_not_known_is_not_followed),
		cmocka_unit_test(changes_of_width_leave_nothing_out),
		cmocka_unit_test(both_sides_of_a_jump_keep_their_values),
		cmocka_unit_test(comparisons_with_constants_keep_their_values),
		cmocka_unit_test(both_sides_of_every_small_comparison_keep_their_values),
		cmocka_unit_test(flipped_and_reversed_comparisons_are_the_same_ones),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
