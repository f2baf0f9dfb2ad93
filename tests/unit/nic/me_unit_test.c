/* SPDX-License-Identifier: BSD-2-Clause */
/* CAM, CRC unit, bit counter, byte aligner, next-neighbour registers, and which operations have
 * no semantics. NIC_SEED=N repeats a run. */
#include "nic/internal.h"
#include "tests/_cmocka.h"
#include "tests/unit/nic/me.h"
#include "tests/unit/nic/random.h"

#include <string.h>

static void addf(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

static void
addf(const char *fmt, ...)
{
	char text[128];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	add(text);
}

/* ---- CAM ---- */

static uint32_t
look_up(uint32_t tag)
{
	*a(1) = tag;
	add("cam_lookup[gprA_2, gprA_1]");
	run();
	return *a(2);
}

static void
fill_cam(void)
{
	add("cam_clear");
	for (uint32_t i = 0; i < 16; i++) {
		*b(i) = 0x1000 + i;
		addf("cam_write[0x%x, gprB_%u, %u]", i, i, 15 - i);
	}
	run();
}

static void
the_cam_finds_tags_and_says_which_entry_is_old(void **state)
{
	(void)state;
	fill_cam();
	for (uint32_t i = 0; i < 16; i++)
		assert_int_equal(look_up(0x1000 + i), (15 - i) << 8 | 1 << 7 | i << 3);
	/* a miss shows the oldest, and does not make it younger; a hit does */
	assert_int_equal(look_up(7), 0);
	assert_int_equal(look_up(7), 0);
	look_up(0x1000);
	assert_int_equal(look_up(7), 1 << 3);
	*b(1) = 0x55;
	add("cam_write[0x1, gprB_1, 3]");
	run();
	assert_int_equal(look_up(7), 2 << 3);
	assert_int_equal(look_up(0x55), 3 << 8 | 1 << 7 | 1 << 3);
	assert_int_equal(look_up(0x1001), 2 << 3);
}

static void
cam_entries_are_read_and_their_states_written(void **state)
{
	(void)state;
	fill_cam();
	*a(5) = 0xfffffff4; /* four bits count */
	add("cam_read_tag[gprA_3, gprA_5]");
	add("cam_read_state[gprA_4, 0x4]");
	add("cam_write_state[0x4, 6]");
	add("cam_read_state[gprB_4, gprA_5]");
	run();
	assert_int_equal(*a(3), 0x1004);
	assert_int_equal(*a(4), 11 << 8);
	assert_int_equal(*b(4), 6 << 8);
	/* none of it made the oldest younger */
	assert_int_equal(look_up(7), 0);
	add("cam_clear");
	run();
	assert_int_equal(look_up(0x1004), 0);
	assert_int_equal(look_up(0), 1 << 7);
}

static void
a_lookup_sets_a_pointer_to_the_entrys_block(void **state)
{
	(void)state;
	fill_cam();
	*a(1) = 0x1003;
	*nic_me_lm(me, (2 << 10 | 3 << 6) / 4) = 0x77;
	add("cam_lookup[--, gprA_1], lm_addr3[2]");
	add("nop");
	add("nop");
	add("alu[gprA_3, --, B, *l$index3]");
	add("alu[gprA_4, --, B, *l$index3]");
	run();
	assert_int_equal(*a(3), 0);
	assert_int_equal(*a(4), 0x77);
}

/* ---- CRC ---- */

static uint32_t
reflected(uint32_t value, unsigned int width)
{
	uint32_t out = 0;

	for (unsigned int i = 0; i < width; i++)
		out |= (value >> i & 1) << (width - 1 - i);
	return out;
}

/* "123456789" with each, which has a well-known result; words are of either order. */
static void
crcs_of_the_usual_text_are_what_they_should_be(void **state)
{
	static const struct {
		const char *name;
		uint32_t width, init;
		bool is_reflected;
		uint32_t xor, want;
	} cases[] = {
		{ "crc_32", 32, UINT32_MAX, true, UINT32_MAX, 0xcbf43926 },
		{ "crc_32", 32, UINT32_MAX, false, UINT32_MAX, 0xfc891918 },
		{ "crc_iscsi", 32, UINT32_MAX, true, UINT32_MAX, 0xe3069283 },
		{ "crc_ccitt", 16, 0xffff, false, 0, 0x29b1 },
		{ "crc_ccitt", 16, 0, true, 0, 0x2189 },
		{ "crc_10", 10, 0, false, 0, 0x199 },
		{ "crc_5", 5, 0x1f, true, 0x1f, 0x19 },
	};
	static const uint32_t words[2][3] = { { 0x31323334, 0x35363738, 0x39000000 },
		{ 0x34333231, 0x38373635, 0x00000039 } };

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		for (unsigned int little = 0; little < 2; little++) {
			const char *order = little ? "le" : "be";
			const char *swap = cases[i].is_reflected ? ", bit_swap" : "";
			uint32_t now;

			memcpy(nic_me_xfer_in(me, 0, 0), words[little], sizeof(words[0]));
			*a(1) = cases[i].init;
			add("local_csr_wr[CRCRemainder, gprA_1]");
			addf("crc_%s[%s, gprA_3, $xfer_0]%s", order, cases[i].name, swap);
			addf("crc_%s[%s, --, $xfer_1]%s", order, cases[i].name, swap);
			addf("crc_%s[%s, --, $xfer_2], byte_0%s", order, cases[i].name, swap);
			add("local_csr_rd[CRCRemainder]");
			add("immed[gprA_2, 0x0]");
			run();
			now = cases[i].is_reflected ? reflected(*a(2), cases[i].width) : *a(2);
			assert_int_equal(now ^ cases[i].xor, cases[i].want);
			assert_int_equal(*a(3), words[little][0]); /* the data passes through */
		}
}

/* Bytes by name are those of the whole word, and fed one at a time come to the same. */
static void
the_bytes_named_are_those_fed(void **state)
{
	static const struct {
		const char *name, *rest;
	} pairs[] = { { "byte_0", "bytes_1_3" }, { "bytes_0_1", "bytes_2_3" },
		{ "bytes_0_2", "byte_3" } };

	(void)state;
	for (unsigned int i = 0; i < 300; i++) {
		uint32_t data = (uint32_t)random_bits(), whole;
		const char *order = i & 1 ? "le" : "be";

		*b(1) = data;
		*a(1) = (uint32_t)random_bits();
		add("local_csr_wr[CRCRemainder, gprA_1]");
		addf("crc_%s[crc_32, --, gprB_1]", order);
		add("local_csr_rd[CRCRemainder]");
		add("immed[gprA_2, 0x0]");
		add("local_csr_wr[CRCRemainder, gprA_1]");
		addf("crc_%s[crc_32, --, gprB_1], %s", order, pairs[i % 3].name);
		addf("crc_%s[crc_32, --, gprB_1], %s", order, pairs[i % 3].rest);
		addf("crc_%s[--, gprA_5, gprB_1]", order); /* none: data only */
		add("local_csr_rd[CRCRemainder]");
		add("immed[gprA_3, 0x0]");
		run();
		whole = *a(2);
		assert_int_equal(*a(3), whole);
		assert_int_equal(*a(5), data);
	}
}

/* ---- bits ---- */

static void
bits_are_counted_and_the_lowest_is_found(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 500; i++) {
		uint32_t value = (uint32_t)random_bits() & (uint32_t)random_bits();
		uint32_t cnt = 0, first = 32;

		value |= 1u << random_below(32);
		for (uint32_t bit = 32; bit-- > 0;) {
			cnt += value >> bit & 1;
			if (value >> bit & 1)
				first = bit;
		}
		*b(1) = value;
		add("pop_count1[gprB_1]");
		add("pop_count2[gprB_1]");
		add("pop_count3[gprA_2, gprB_1]");
		add("ffs[gprA_3, gprB_1]");
		run();
		assert_int_equal(*a(2), cnt);
		assert_int_equal(*a(3), first);
		assert_int_equal(nic_me_cc(me, 0), first == 0 ? 4 : 0);
	}
}

/* ---- byte aligner ---- */

/* Bytes of a stream taken from any offset are the stream's from there on, with other instructions
 * in between. */
static void
words_are_aligned_to_any_byte(void **state)
{
	uint8_t stream[16];

	(void)state;
	for (uint8_t i = 0; i < sizeof(stream); i++)
		stream[i] = (uint8_t)(0x40 + i);
	for (unsigned int offset = 0; offset < 4; offset++) {
		for (uint32_t i = 0; i < 4; i++) {
			const uint8_t *at = stream + 4 * i;

			*nic_me_xfer_in(me, 0, i) = (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 |
						    (uint32_t)at[2] << 8 | at[3];
			*b(i) = (uint32_t)at[3] << 24 | (uint32_t)at[2] << 16 |
				(uint32_t)at[1] << 8 | at[0];
		}
		addf("local_csr_wr[XfrAndBytIdx, 0x%x]", offset);
		add("byte_align_be[--, *$index++]");
		for (unsigned int i = 0; i < 3; i++) {
			addf("byte_align_be[gprA_%u, *$index++]", 1 + i);
			add("alu[--, gprA_1, OR, gprB_0]");
			add("crc_be[crc_32, --, gprB_0]");
		}
		add("byte_align_le[--, gprB_0]");
		for (unsigned int i = 0; i < 3; i++)
			addf("byte_align_le[gprA_%u, gprB_%u]", 5 + i, 1 + i);
		run();
		for (unsigned int i = 0; i < 3; i++) {
			const uint8_t *at = stream + offset + 4 * i;
			uint32_t big = (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 |
				       (uint32_t)at[2] << 8 | at[3];

			assert_int_equal(*a(1 + i), big);
			assert_int_equal(*a(5 + i), __builtin_bswap32(big));
		}
	}
}

/* ---- next-neighbour registers ---- */

static void
the_ring_of_ones_own_keeps_its_order(void **state)
{
	(void)state;
	add("local_csr_rd[CtxEnables]");
	add("immed[gprA_1, 0x0]");
	add("immed[gprB_2, 0x10, <<16]"); /* bit 20: sends to itself */
	add("alu[gprA_1, gprA_1, OR, gprB_2]");
	add("alu[gprA_1, gprA_1, OR, 0x1]"); /* and receives from itself */
	add("local_csr_wr[CtxEnables, gprA_1]");
	add("local_csr_wr[NNPut, 126]");
	add("local_csr_wr[NNGet, 126]");
	add("br_inp_state[nn_empty, .10]");
	add("ctx_arb[kill]");
	add("alu[*n$index++, --, B, 0x11]"); /* 10 */
	add("alu[*n$index++, --, B, 0x12]");
	add("alu[*n$index++, --, B, 0x13]");
	add("br_inp_state[nn_empty, .0]");
	add("br_inp_state[nn_full, .0]");
	add("alu[gprA_3, --, B, *n$index]");
	add("alu[gprA_4, --, B, *n$index++]");
	add("alu[gprA_5, --, B, *n$index++]");
	add("alu[gprA_6, --, B, *n$index++]");
	add("br_!inp_state[nn_empty, .0]");
	add("alu[n$reg_31, --, B, 0x14]");
	add("alu[gprA_7, --, B, n$reg_31]");
	run();
	assert_int_equal(*a(3), 0x11);
	assert_int_equal(*a(4), 0x11);
	assert_int_equal(*a(5), 0x12);
	assert_int_equal(*a(6), 0x13);
	assert_int_equal(*a(7), 0x14);
	assert_int_equal(*nic_me_nn(me, 126), 0x11);
	assert_int_equal(*nic_me_nn(me, 0), 0x13);
	assert_int_equal(*nic_me_nn(me, 31), 0x14);
	assert_null(nic_me_nn(me, NIC_NNS));
}

/* What one writes the next one reads; its ring is full with 96 in it. */
static void
a_ring_goes_to_the_next_microengine(void **state)
{
	struct nic_me *next = nic_me_new(mem), *first = me;

	(void)state;
	assert_non_null(next);
	nic_me_set_stop(next, END, true);
	nic_me_set_next(first, next);
	for (unsigned int i = 0; i < 95; i++)
		addf("alu[*n$index++, --, B, 0x%x]", i);
	add("br_inp_state[nn_full, .98]");
	add("br_inp_state[nn_empty, .98]"); /* its own is */
	add("ctx_arb[kill]");
	add("alu[*n$index++, --, B, 0x5f]"); /* 98 */
	add("br_inp_state[nn_full, .4000]");
	add("ctx_arb[kill]");
	run();
	me = next;
	add("alu[gprA_1, --, B, *n$index++]");
	add("alu[gprA_2, --, B, *n$index++]");
	run();
	assert_int_equal(*a(1), 0);
	assert_int_equal(*a(2), 1);
	nic_me_free(first);
	assert_int_equal(*nic_me_nn(me, 0x5f), 0x5f);
}

/* ---- what is not modelled ---- */

static void
only_these_operations_are_not_modelled(void **state)
{
	static const enum nic_op not_modelled[] = { NIC_OP_BR_CLS_STATE, NIC_OP_BR_NOT_CLS_STATE,
		NIC_OP_CMD_THIRD_A, NIC_OP_CMD_THIRD_B, NIC_OP_CMD_BOTH, NIC_OP_CMD_DATA };
	size_t cnt = 0;

	(void)state;
	for (unsigned int op = 0; op < NIC_OP_CNT; op++) {
		if (me->ops[op])
			continue;
		assert_true(cnt < sizeof(not_modelled) / sizeof(not_modelled[0]));
		assert_string_equal(
			nic_op_info((enum nic_op)op)->name, nic_op_info(not_modelled[cnt])->name);
		cnt++;
	}
	assert_int_equal(cnt, sizeof(not_modelled) / sizeof(not_modelled[0]));
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
	const struct CMUnitTest tests[] = {
		TEST(the_cam_finds_tags_and_says_which_entry_is_old),
		TEST(cam_entries_are_read_and_their_states_written),
		TEST(a_lookup_sets_a_pointer_to_the_entrys_block),
		TEST(crcs_of_the_usual_text_are_what_they_should_be),
		TEST(the_bytes_named_are_those_fed),
		TEST(bits_are_counted_and_the_lowest_is_found),
		TEST(words_are_aligned_to_any_byte),
		TEST(the_ring_of_ones_own_keeps_its_order),
		TEST(a_ring_goes_to_the_next_microengine),
		TEST(only_these_operations_are_not_modelled),
	};

	random_begin();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
