/* SPDX-License-Identifier: BSD-2-Clause */
/* What instructions do on the exact simulator, against plain C. NIC_SEED=N repeats a run. */
#include "nic/nic.h"
#include "tests/_cmocka.h"
#include "tests/unit/nic/golden_file.h"
#include "tests/unit/nic/me.h"
#include "tests/unit/nic/random.h"

#include <stdlib.h>
#include <string.h>

/* ---- arithmetic ---- */

static const uint32_t edges[] = { 0, 1, 2, 0xff, 0x100, 0xffff, 0x10000, 0x7fffffff, 0x80000000,
	0x80000001, 0xfffffffe, 0xffffffff, 0x12345678, 0xdeadbeef };
#define EDGES (sizeof(edges) / sizeof(edges[0]))

struct expected {
	uint32_t result;
	bool v, c;
};

static struct expected
sum(uint32_t l, uint32_t r)
{
	int64_t exact = (int64_t)(int32_t)l + (int32_t)r;

	return (struct expected){ l + r, exact != (int32_t)exact, (uint64_t)l + r > UINT32_MAX };
}

static struct expected
difference(uint32_t l, uint32_t r, uint32_t borrow)
{
	int64_t exact = (int64_t)(int32_t)l - (int32_t)r - borrow;

	return (struct expected){ l - r - borrow, exact != (int32_t)exact,
		l >= (uint64_t)r + borrow };
}

static struct expected
sum_carry(uint32_t l, uint32_t r, uint32_t c)
{
	int64_t exact = (int64_t)(int32_t)l + (int32_t)r + c;

	return (struct expected){ l + r + c, exact != (int32_t)exact,
		(uint64_t)l + r + c > UINT32_MAX };
}

static struct expected
expected_of(const char *op, uint32_t l, uint32_t r, bool c)
{
	if (!strcmp(op, "+"))
		return sum(l, r);
	if (!strcmp(op, "+8"))
		return sum(l, r & 0xff);
	if (!strcmp(op, "+16"))
		return sum(l, r & 0xffff);
	if (!strcmp(op, "+carry"))
		return sum_carry(l, r, c);
	if (!strcmp(op, "-"))
		return difference(l, r, 0);
	if (!strcmp(op, "-carry"))
		return difference(l, r, !c);
	if (!strcmp(op, "B-A"))
		return difference(r, l, 0);
	if (!strcmp(op, "AND"))
		return (struct expected){ l & r, 0, 0 };
	if (!strcmp(op, "~AND"))
		return (struct expected){ ~l & r, 0, 0 };
	if (!strcmp(op, "AND~"))
		return (struct expected){ l & ~r, 0, 0 };
	if (!strcmp(op, "OR"))
		return (struct expected){ l | r, 0, 0 };
	if (!strcmp(op, "XOR"))
		return (struct expected){ l ^ r, 0, 0 };
	if (!strcmp(op, "B"))
		return (struct expected){ r, 0, 0 };
	return (struct expected){ ~r, 0, 0 }; /* ~B */
}

static bool
is_unary(const char *op)
{
	return !strcmp(op, "B") || !strcmp(op, "~B");
}

static void
check_alu(const char *op, uint32_t l, uint32_t r, bool c)
{
	struct expected want = expected_of(op, l, r, c);
	char text[64];
	uint32_t cc;

	/* in both placements, with C set before */
	for (int swapped = 0; swapped < 2; swapped++) {
		*a(1) = *b(1) = l;
		*a(2) = *b(2) = r;
		*a(4) = c ? UINT32_MAX : 0;
		*b(4) = 1;
		add("alu[--, gprA_4, +, gprB_4]");
		if (is_unary(op))
			snprintf(text, sizeof(text), "alu[gprA_3, --, %s, gpr%c_2]", op,
				swapped ? 'A' : 'B');
		else
			snprintf(text, sizeof(text), "alu[gprA_3, gpr%c_1, %s, gpr%c_2]",
				swapped ? 'B' : 'A', op, swapped ? 'A' : 'B');
		add(text);
		run();
		cc = nic_me_cc(me, 0);
		if (*a(3) != want.result ||
			cc != ((want.result >> 31) << 3 | (uint32_t)(want.result == 0) << 2 |
				      (uint32_t)want.v << 1 | want.c))
			fail_msg("%s of %x and %x, C %d: %x and NZVC %x, not %x, V %d, C %d", text,
				l, r, c, *a(3), cc, want.result, want.v, want.c);
	}
}

static void
alu_operations_compute_what_they_say(void **state)
{
	static const char *const ops[] = { "+", "+8", "+16", "+carry", "-", "-carry", "B-A", "AND",
		"~AND", "AND~", "OR", "XOR", "B", "~B" };

	(void)state;
	for (size_t op = 0; op < sizeof(ops) / sizeof(ops[0]); op++)
		for (size_t l = 0; l < EDGES; l++)
			for (size_t r = 0; r < EDGES; r++)
				check_alu(ops[op], edges[l], edges[r], (l + r) & 1);
}

static void
carry_chains_are_64_bit_arithmetic(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 2000; i++) {
		uint64_t x = random_bits(), y = random_bits() >> random_below(64), z;

		*a(0) = (uint32_t)x;
		*a(1) = (uint32_t)(x >> 32);
		*b(2) = (uint32_t)y;
		*b(3) = (uint32_t)(y >> 32);
		add("alu[gprA_4, gprA_0, +, gprB_2]");
		add("immed[gprA_9, 0x0]"); /* leaves C alone */
		add("alu[gprA_5, gprA_1, +carry, gprB_3]");
		add("alu[gprA_6, gprA_0, -, gprB_2]");
		add("ld_field[gprA_9, 1111, 0x0]");
		add("alu[gprA_7, gprA_1, -carry, gprB_3]");
		run();
		z = (uint64_t)*a(5) << 32 | *a(4);
		assert_true(z == x + y);
		z = (uint64_t)*a(7) << 32 | *a(6);
		assert_true(z == x - y);
	}
}

static void
immediates_fields_and_no_cc_leave_the_condition_codes(void **state)
{
	(void)state;
	*a(1) = 0;
	add("alu[--, gprA_1, -, 0x1]");
	add("alu[gprA_2, gprA_1, AND, 0x0], no_cc");
	add("immed[gprA_3, 0x0]");
	add("ld_field[gprA_3, 1111, 0x0]");
	add("alu_shf[gprA_3, --, B, 0x0], no_cc");
	run();
	assert_int_equal(nic_me_cc(me, 0), 8);
	add("ld_field[gprA_3, 1111, 0x0], load_cc");
	run();
	assert_int_equal(nic_me_cc(me, 0), 4);
	assert_int_equal(*a(2), 0);
}

static void
products_are_64_bits_wide(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 1000; i++) {
		uint32_t x = i < EDGES ? edges[i] : (uint32_t)random_bits();
		uint32_t y = i < EDGES ? edges[EDGES - 1 - i] : (uint32_t)random_bits();

		*a(1) = x;
		*b(2) = y;
		add("mul_step[gprA_1, gprB_2], start");
		add("mul_step[gprA_1, gprB_2], 32x32_step1");
		add("mul_step[gprA_1, gprB_2], 32x32_step2");
		add("mul_step[gprA_1, gprB_2], 32x32_step3");
		add("mul_step[gprA_1, gprB_2], 32x32_step4");
		add("mul_step[gprA_3, --], 32x32_last");
		add("mul_step[gprB_4, --], 32x32_last2");
		add("mul_step[gprA_1, gprB_2], start");
		add("mul_step[gprA_1, gprB_2], 16x16_step1");
		add("mul_step[gprA_1, gprB_2], 16x16_step2");
		add("mul_step[gprA_5, --], 16x16_last");
		add("mul_step[gprB_5, --], 16x16_last2");
		add("mul_step[gprA_1, gprB_2], start");
		add("mul_step[gprA_1, gprB_2], 24x8_step1");
		add("mul_step[gprA_6, --], 24x8_last");
		add("mul_step[gprB_6, --], 24x8_last2");
		run();
		assert_true(((uint64_t)*b(4) << 32 | *a(3)) == (uint64_t)x * y);
		assert_int_equal(*a(5), (x & 0xffff) * (y & 0xffff));
		assert_int_equal(*a(6), (x & 0xffffff) * (y & 0xff));
		assert_int_equal(*b(5), 0);
		assert_int_equal(*b(6), 0);
	}
}

/* ---- shifts ---- */

/* Way 0: none, 1: rotate, 2: right, 3: left, 4 and 5 the indirect ones. */
static uint32_t
shift_of(unsigned int way, uint32_t r, uint32_t n)
{
	switch (way) {
	case 1: return n ? r >> n | r << (32 - n) : r;
	case 2:
	case 4: return r >> n;
	case 3:
	case 5: return r << n;
	default: return r;
	}
}

static void
check_shift(unsigned int op, unsigned int way, uint32_t l, uint32_t r, uint32_t n)
{
	static const char *const names[] = { "B", "~B", "AND", "~AND", "AND~", "OR" };
	static const char *const ways[] = { "", ", >>rot%u", ", >>%u", ", <<%u", ", >>indirect",
		", <<indirect" };
	uint32_t s = shift_of(way, r, n);
	const uint32_t want[] = { s, ~s, l & s, ~l & s, l & ~s, l | s };
	char text[96];
	int len;

	*a(1) = l;
	*b(2) = r;
	*a(7) = n | 0xffffffe0; /* only five bits count */
	len = snprintf(text, sizeof(text), "alu_shf[gprB_3, %s, %s, gprB_2",
		op < 2 ? "--" : "gprA_1", names[op]);
	if (way == 1 || way == 2 || way == 3)
		len += snprintf(text + len, sizeof(text) - (size_t)len,
			way == 1   ? ", >>rot%u"
			: way == 2 ? ", >>%u"
				   : ", <<%u",
			n);
	else
		len += snprintf(text + len, sizeof(text) - (size_t)len, "%s", ways[way]);
	snprintf(text + len, sizeof(text) - (size_t)len, "]");
	add("alu[--, gprA_7, OR, 0x0]");
	add(text);
	run();
	if (*b(3) != want[op] ||
		nic_me_cc(me, 0) != ((want[op] >> 31) << 3 | (uint32_t)(want[op] == 0) << 2))
		fail_msg("%s of %x, %x by %u: %x and NZVC %x, not %x", text, l, r, n, *b(3),
			nic_me_cc(me, 0), want[op]);
}

static void
shifts_come_before_the_operation(void **state)
{
	(void)state;
	for (unsigned int op = 0; op < 6; op++)
		for (unsigned int way = 0; way < 6; way++)
			/* only an amount that is not in the instruction can be 0 */
			for (uint32_t n = way < 4; n < 32; n += op == 0 ? 1 : 5)
				for (size_t e = 0; e < EDGES; e++)
					check_shift(op, way, edges[(e + n) % EDGES], edges[e], n);
}

static void
double_and_arithmetic_shifts_bring_in_what_is_above(void **state)
{
	char text[64];

	(void)state;
	for (uint32_t n = 1; n < 32; n++)
		for (size_t e = 0; e < EDGES; e++) {
			uint32_t high = edges[e], low = edges[EDGES - 1 - e];
			int64_t value = (int64_t)((uint64_t)high << 32 | low);

			*a(1) = high;
			*b(2) = low;
			*b(1) = high;
			*a(7) = n;
			snprintf(text, sizeof(text), "dbl_shf[gprA_3, gprA_1, gprB_2, >>%u]", n);
			add(text);
			add("alu[--, gprA_7, OR, 0x0]");
			add("dbl_shf[gprA_4, gprA_1, gprB_2, >>indirect]");
			add("alu[--, gprA_1, OR, 0x0]");
			snprintf(text, sizeof(text), "asr[gprA_5, gprB_1, >>%u]", n);
			add(text);
			/* the amount is source A, the sign is the result's */
			add("alu[--, gprA_7, OR, gprB_1]");
			add("asr[gprA_6, gprB_1, >>indirect]");
			/* a sign of another value: that of the result before, not of the operand */
			add("alu[--, --, ~B, gprB_1]");
			add("asr[gprA_8, gprB_1, >>1]");
			run();
			assert_int_equal(*a(3), (uint32_t)(value >> n));
			assert_int_equal(*a(4), *a(3));
			assert_int_equal(*a(5), (uint32_t)((int32_t)high >> n));
			assert_int_equal(*a(6), *a(5));
			assert_int_equal(*a(8), high >> 1 | (~high & 0x80000000));
		}
}

/* ---- parts of registers ---- */

static void
fields_and_immediates_replace_what_they_name(void **state)
{
	(void)state;
	*a(1) = *a(2) = *a(3) = *a(4) = *a(5) = *a(6) = 0x11223344;
	*b(1) = 0xaabbccdd;
	*b(9) = 0x55;
	add("ld_field[gprA_1, 0101, gprB_1]");
	add("ld_field_w_clr[gprA_2, 1000, gprB_1, <<8]");
	add("ld_field[gprA_3, 0110, gprB_1, >>rot8]");
	add("immed_b2[gprA_4, 0xee]");
	add("immed_w0[gprA_5, 0xbeef]");
	add("immed_w1[gprA_6, 0xbeef]");
	add("immed[gprA_7, 0x1234, <<8]");
	add("immed[gprA_8, 0xffff00ff, <<8]");
	add("immed[gprA_9, 0x7], gpr_wrboth");
	run();
	assert_int_equal(*a(1), 0x11bb33dd);
	assert_int_equal(*a(2), 0xbb000000);
	assert_int_equal(*a(3), 0x11aabb44);
	assert_int_equal(*a(4), 0x11ee3344);
	assert_int_equal(*a(5), 0x1122beef);
	assert_int_equal(*a(6), 0xbeef3344);
	assert_int_equal(*a(7), 0x123400);
	assert_int_equal(*a(8), ~0xff0000u);
	assert_int_equal(*a(9), 7);
	assert_int_equal(*b(9), 7);
}

/* Every mask with every way to shift, in both banks, against bytes put together one by one. */
static void
check_field(bool clears, uint32_t mask, unsigned int way, uint32_t old, uint32_t r, uint32_t n)
{
	static const char *const ways[] = { "", ", >>rot%u", ", >>%u", ", <<%u", ", >>indirect",
		", <<indirect" };
	uint32_t shifted = shift_of(way, r, n), want = 0;
	char text[96], shift[24];

	snprintf(shift, sizeof(shift), ", %s%u", way == 1 ? ">>rot" : way == 2 ? ">>" : "<<", n);
	for (unsigned int byte = 0; byte < 4; byte++) {
		uint32_t from = mask >> byte & 1 ? shifted : clears ? 0 : old;

		want |= from & UINT32_C(0xff) << 8 * byte;
	}
	for (unsigned int bank = 0; bank < 2; bank++) {
		*a(1) = *b(1) = old;
		*a(2) = *b(2) = r;
		*a(7) = n | 0xabcde0;
		add("alu[--, gprA_7, OR, 0x0]");
		snprintf(text, sizeof(text), "%s[gpr%c_1, %u%u%u%u, gpr%c_2%s]",
			clears ? "ld_field_w_clr" : "ld_field", "AB"[bank], mask >> 3 & 1,
			mask >> 2 & 1, mask >> 1 & 1, mask & 1, "BA"[bank],
			way >= 1 && way <= 3 ? shift : ways[way]);
		add(text);
		run();
		if (*(bank ? b(1) : a(1)) != want || *(bank ? a(1) : b(1)) != old)
			fail_msg("%s of %x into %x by %u: %x, not %x", text, r, old, n,
				*(bank ? b(1) : a(1)), want);
	}
}

static void
fields_take_the_bytes_their_mask_names(void **state)
{
	(void)state;
	for (unsigned int clears = 0; clears < 2; clears++)
		for (uint32_t mask = 0; mask < 16; mask++)
			for (unsigned int way = 0; way < 6; way++)
				for (uint32_t n = way < 4; n < 32; n += 3)
					check_field(clears, mask, way, edges[(n + mask) % EDGES],
						edges[(n + way + 7) % EDGES], n);
}

/* What an immed makes of a register that holds old, by the name of the instruction. */
static uint32_t
immediate_of(const char *name, uint32_t value, uint32_t old)
{
	uint32_t number = (uint32_t)(name[7] - '0');

	if (name[6] == 'w')
		return number ? (old & 0xffff) | value << 16 : (old & 0xffff0000) | value;
	return (old & ~(UINT32_C(0xff) << 8 * number)) | value << 8 * number;
}

static void
check_immediate(uint32_t value, uint32_t old)
{
	static const char *const names[] = { "immed_b0", "immed_b1", "immed_b2", "immed_b3",
		"immed_w0", "immed_w1" };
	char text[64];

	for (uint32_t shift = 0; shift <= 16; shift += 8) {
		/* inverted: the text has the value before the shift */
		for (unsigned int inv = 0; inv < 2; inv++) {
			snprintf(text, sizeof(text),
				shift ? "immed[gpr%c_1, 0x%x, <<%u]" : "immed[gpr%c_1, 0x%x]",
				"AB"[inv], inv ? ~value : value, shift);
			add(text);
		}
		run();
		assert_int_equal(*a(1), value << shift);
		assert_int_equal(*b(1), ~(value << shift));
	}
	for (size_t n = 0; n < sizeof(names) / sizeof(names[0]); n++) {
		uint32_t part = names[n][6] == 'b' ? value & 0xff : value;

		*a(1) = old;
		snprintf(text, sizeof(text), "%s[gprA_1, 0x%x]", names[n], part);
		add(text);
		run();
		assert_int_equal(*a(1), immediate_of(names[n], part, old));
	}
}

static void
immediates_are_shifted_inverted_and_put_in_their_place(void **state)
{
	(void)state;
	for (size_t e = 0; e < EDGES; e++)
		check_immediate(edges[e] & 0xffff, edges[EDGES - 1 - e]);
}

/* ---- whole programs ---- */

/* The words of a section of tests/golden/nfp/sections.txt as they are loaded. */
static uint32_t
load_relocated(const char *section, uint32_t at)
{
	char line[512], want[128];
	bool is_it = false, is_relo = false;
	FILE *f = golden_open(GOLDEN_DIR, "sections.txt");
	uint32_t cnt = 0;

	snprintf(want, sizeof(want), "= %s ", section);
	while (fgets(line, sizeof(line), f)) {
		if (line[0] == '=') {
			is_relo = is_it && !strncmp(line, "= relo ", 7);
			is_it = !strncmp(line, want, strlen(want));
		} else if (is_relo && line[0] != '#') {
			uint64_t word = strtoull(strchr(line, ' '), NULL, 16);

			assert_int_equal(nic_me_load(me, at + cnt++, &word, 1), 0);
		}
	}
	fclose(f);
	assert_int_not_equal(cnt, 0);
	return cnt;
}

/* The byte of A0 that tells the verdict, for r0 = value instead of what the program returns. */
static uint32_t
verdict(uint32_t start, uint32_t value)
{
	struct nic_insn insn = { .op = NIC_OP_IMMED,
		.dst = { .kind = NIC_GPR_BOTH },
		.imm = value > 0xffff ? ~value & 0xffff : value,
		.inv = value > 0xffff };
	struct nic_fault fault;
	uint64_t word;

	assert_null(nic_encode(&insn, &word));
	word = nic_ecc_add(word);
	assert_int_equal(nic_me_load(me, start + 2, &word, 1), 0);
	nic_me_set_lm_addr(me, 0, 1, 0x20);
	*nic_me_lm(me, 8) = 0xffff0000 | 60;
	nic_me_set_stop(me, 1, true);
	assert_int_equal(nic_me_start(me, 0, start), 0);
	assert_int_equal(nic_me_run(me, 100, &fault), NIC_ME_STOPPED);
	assert_int_equal(nic_me_pc(me, 0), 1);
	assert_int_equal(*b(22), 60); /* the intro: the packet's length */
	assert_int_equal(*a(0) & 0xff00ffff, 0);
	return *a(0) >> 16;
}

/* nfp-isa.md 8.5 */
static void
check_verdicts(const uint32_t *want, uint32_t cnt, uint32_t otherwise)
{
	for (uint32_t value = 0; value <= 0xffff; value++)
		assert_int_equal(verdict(3072, value), value < cnt ? want[value] : otherwise);
	for (uint32_t value = 0xffff0000; value; value++)
		assert_int_equal(verdict(3072, value), otherwise);
}

static void
verdicts_of_xdp_are_what_the_firmware_expects(void **state)
{
	static const uint32_t want[] = { 0x82, 0x22, 0x11, 0x44 };

	(void)state;
	assert_int_equal(load_relocated("xdp_pass", 3072), 26);
	check_verdicts(want, 4, 0x82);
}

static void
verdicts_of_tc_are_what_the_firmware_expects(void **state)
{
	static const uint32_t want[] = { 0x11, 0x11, 0x22, 0x11, 0x02, 0x02, 0x11, 0x44 };

	(void)state;
	assert_int_equal(load_relocated("tc_unspec", 3072), 31);
	check_verdicts(want, 8, 0x11);
}

/* `r0 = 2; exit` as the card gets it (nfp-isa.md 16), to the firmware's done address. */
static void
the_worked_image_passes_the_packet(void **state)
{
	struct nic_fault fault;

	(void)state;
	load_relocated("xdp_pass", 3072);
	nic_me_set_lm_addr(me, 0, 1, 0x20);
	*nic_me_lm(me, 8) = 60;
	nic_me_set_stop(me, 1, true);
	assert_int_equal(nic_me_start(me, 0, 3072), 0);
	assert_int_equal(nic_me_run(me, 100, &fault), NIC_ME_STOPPED);
	assert_int_equal(nic_me_pc(me, 0), 1);
	assert_int_equal(*a(0), 0x11 << 16);
	assert_int_equal(nic_me_insns(me), 15);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
	const struct CMUnitTest tests[] = {
		TEST(alu_operations_compute_what_they_say),
		TEST(carry_chains_are_64_bit_arithmetic),
		TEST(immediates_fields_and_no_cc_leave_the_condition_codes),
		TEST(products_are_64_bits_wide),
		TEST(shifts_come_before_the_operation),
		TEST(double_and_arithmetic_shifts_bring_in_what_is_above),
		TEST(fields_and_immediates_replace_what_they_name),
		TEST(fields_take_the_bytes_their_mask_names),
		TEST(immediates_are_shifted_inverted_and_put_in_their_place),
		TEST(the_worked_image_passes_the_packet),
		TEST(verdicts_of_xdp_are_what_the_firmware_expects),
		TEST(verdicts_of_tc_are_what_the_firmware_expects),
	};

	random_begin();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
