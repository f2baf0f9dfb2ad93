/* SPDX-License-Identifier: BSD-2-Clause */
/* Commands as instructions: their lengths, overrides, address modes, and the bounds of each memory
 * seen from an instruction. What a command does is in mem_command_test.c. */
#include "nic/nic.h"
#include "tests/_cmocka.h"
#include "tests/unit/nic/me.h"

#include <string.h>

#define EMEM ((uint64_t)NIC_ISLAND_EMEM << NIC_ISLAND_SHIFT)
#define IMEM ((uint64_t)NIC_ISLAND_IMEM << NIC_ISLAND_SHIFT)
#define FRAME 200u

static uint8_t frame[FRAME];

/* A packet at A2, an EMEM address as the pair A0 (low), B1 (high, >> 8). */
static void
set_up(void)
{
	for (uint32_t i = 0; i < FRAME; i++)
		frame[i] = (uint8_t)(i + 1);
	assert_int_equal(nic_mem_set_packet(mem, 3, frame, FRAME), 0);
	*a(2) = NIC_PACKET_ADDRESS | 3 << 16;
	*a(0) = 0;
	*b(1) = (uint32_t)(EMEM >> 8);
}

/* Transfer-in registers become what no command brings. */
static void
clear_in(void)
{
	for (uint32_t i = 0; i < NIC_XFERS; i++)
		*nic_me_xfer_in(me, 0, i) = 0xeeeeeeee;
}

static void
expect_words(uint32_t words)
{
	for (uint32_t i = 0; i < words; i++) {
		uint32_t want = 4 * i + 1;

		assert_int_equal(*nic_me_xfer_in(me, 0, i),
			want | (want + 1) << 8 | (want + 2) << 16 | (want + 3) << 24);
	}
	assert_int_equal(*nic_me_xfer_in(me, 0, words), 0xeeeeeeee);
}

static void
a_length_is_in_the_instruction_or_before_it(void **state)
{
	char text[96];

	(void)state;
	set_up();
	for (uint32_t n = 1; n <= 8; n++) {
		clear_in();
		snprintf(text, sizeof(text),
			"mem[read32_swap, $xfer_0, gprA_2, 0x0, %u], ctx_swap[sig1]", n);
		add(text);
		run();
		expect_words(n);
	}
	for (uint32_t n = 1; n <= 32; n++) {
		clear_in();
		/* as the JIT has it: the length is in both, in the word with all its bits */
		snprintf(text, sizeof(text), "immed[--, 0x%x]", 0x80 | (n - 1) << 8);
		add(text);
		snprintf(text, sizeof(text),
			"mem[read32_swap, $xfer_0, gprA_2, 0x0, %u], indirect_ref, ctx_swap[sig1]",
			(n - 1) % 8 + 1);
		add(text);
		run();
		expect_words(n);
	}
	/* without its bit the length in the word does not count */
	clear_in();
	add("immed[--, 0x1f00]");
	add("mem[read32_swap, $xfer_0, gprA_2, 0x0, 2], indirect_ref, ctx_swap[sig1]");
	run();
	expect_words(2);
}

static void
bytes_are_written_in_every_length(void **state)
{
	char text[96];

	(void)state;
	for (uint32_t n = 1; n <= 32; n++) {
		set_up();
		for (uint32_t i = 0; i < 9; i++)
			*nic_me_xfer_out(me, 0, i) = 0xa1a2a3a4;
		snprintf(text, sizeof(text), "immed[--, 0x%x]", 0x80 | (n - 1) << 8);
		add(text);
		add("mem[write8_swap, $xfer_0, gprA_2, 0x7, 1], indirect_ref, ctx_swap[sig1]");
		run();
		for (uint32_t i = 0; i < FRAME; i++) {
			uint32_t in = i - 7;
			uint32_t want = i >= 7 && in < n ? 0xa4 - in % 4 : i + 1;

			assert_int_equal(frame[i], want);
		}
	}
}

static void
address_modes_come_to_the_same_word(void **state)
{
	static const char *const commands[] = {
		"mem[read32, $xfer_0, gprA_4, <<8, gprB_3, 1]", /* A << 8, + B */
		"mem[read32, $xfer_0, gprB_4, <<8, gprA_3, 1]", /* B << 8, + A */
	};

	(void)state;
	memcpy(nic_mem_at(mem, NIC_TARGET_MEM, EMEM + 0x120, 4), "\x12\x34\x56\x78", 4);
	*a(4) = *b(4) = (uint32_t)(EMEM >> 8) + 1;
	*a(3) = *b(3) = 0x20;
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		clear_in();
		add(commands[i]);
		run();
		assert_int_equal(*nic_me_xfer_in(me, 0, 0), 0x12345678);
	}
	/* 32 bits: local memory, and CLS; both parts count, and so does an immediate address */
	memcpy(nic_mem_at(mem, NIC_TARGET_MEM, 0x28, 4), "\x01\x02\x03\x04", 4);
	memcpy(nic_mem_at(mem, NIC_TARGET_CLS, 0x28, 4), "\x05\x06\x07\x08", 4);
	add("mem[read32, $xfer_1, gprA_3, 0x8, 1]");
	add("cls[read_le, $xfer_2, gprA_3, 0x8, 1]");
	add("mem[read32, $xfer_3, 0x28, 1]");
	run();
	assert_int_equal(*nic_me_xfer_in(me, 0, 1), 0x01020304);
	assert_int_equal(*nic_me_xfer_in(me, 0, 2), 0x08070605);
	assert_int_equal(*nic_me_xfer_in(me, 0, 3), 0x01020304);
}

/* Data in transfer registers or in the word before; 32 bits, or 64 by bit 2 of the length. */
static void
atomics_take_their_width_and_data_from_where_they_are(void **state)
{
	uint8_t *at = nic_mem_at(mem, NIC_TARGET_MEM, EMEM, 16);

	(void)state;
	set_up();
	memcpy(at, "\xff\xff\xff\xfe\x00\x00\x00\x01", 8);
	*nic_me_xfer_out(me, 0, 4) = 3;
	*nic_me_xfer_out(me, 0, 5) = 1;
	add("mem[test_add, $xfer_4, gprB_1, <<8, gprA_0, 1], ctx_swap[sig2]");
	run();
	assert_memory_equal(at, "\x00\x00\x00\x01\x00\x00\x00\x01", 8);
	assert_int_equal(*nic_me_xfer_in(me, 0, 4), 0xfffffffe);
	add("mem[add64, $xfer_4, gprB_1, <<8, gprA_0, 5], ctx_swap[sig2]");
	run();
	assert_memory_equal(at, "\x00\x00\x00\x04\x00\x00\x00\x02", 8);
	/* immediate data of 16 bits, in 31:16; bit 3 of the length says immediate, bit 2 64 bits */
	*a(5) = 0xffffu << 16 | 0x0890;
	add("alu[--, --, B, gprA_5]");
	add("mem[sub_imm, $xfer_0, gprB_1, <<8, gprA_0, 1], indirect_ref");
	run();
	assert_memory_equal(at, "\xff\xff\x00\x05\x00\x00\x00\x02", 8);
	*a(5) = 0xfffbu << 16 | 0x0c90;
	add("alu[--, --, B, gprA_5]");
	add("mem[add_imm, $xfer_0, gprB_1, <<8, gprA_0, 1], indirect_ref");
	run();
	assert_memory_equal(at, "\x00\x00\x00\x00\x00\x00\x00\x03", 8);
	add("alu[--, --, B, gprA_5]");
	add("mem[test_set_imm, $xfer_6, gprB_1, <<8, gprA_0, 1], indirect_ref, ctx_swap[sig3]");
	run();
	assert_memory_equal(at, "\x00\x00\xff\xfb\x00\x00\x00\x03", 8);
	assert_int_equal(*nic_me_xfer_in(me, 0, 6), 0);
	add("mem[swap, $xfer_4, gprB_1, <<8, gprA_0, 2], ctx_swap[sig3]");
	run();
	assert_memory_equal(at, "\x00\x00\x00\x03\x00\x00\x00\x01", 8);
	assert_int_equal(*nic_me_xfer_in(me, 0, 4), 0xfffb);
	assert_int_equal(*nic_me_xfer_in(me, 0, 5), 3);
	add("mem[add, $xfer_4, gprB_1, <<8, gprA_0, 2], ctx_swap[sig3]");
	run();
	assert_memory_equal(at, "\x00\x00\x00\x06\x00\x00\x00\x02", 8);
}

/* As the vendor's code waits for a command that takes data and brings some. */
static void
a_command_both_ways_signals_twice(void **state)
{
	(void)state;
	set_up();
	add("mem[test_add, $xfer_0, gprB_1, <<8, gprA_0, 1], sig_done[sig4]");
	add("ctx_arb[sig4, sig5]");
	add("mem[test_add, $xfer_0, gprB_1, <<8, gprA_0, 1], ctx_swap[sig4]");
	add("br_signal[5, .10]"); /* both were waited for */
	add("mem[add, $xfer_0, gprB_1, <<8, gprA_0, 1], sig_done[sig4]");
	add("ctx_arb[sig4]");
	add("br_signal[5, .10]"); /* one way only */
	add("br[.4000]");
	size = 10;
	add("ctx_arb[kill]");
	size = 8;
	run();
}

/* The last word of each memory is there, the one behind it is not. */
static void
every_memory_has_its_end(void **state)
{
	static const struct {
		uint64_t end;
		const char *command;
	} cases[] = {
		{ EMEM + EMEM_BYTES, "mem[read32, $xfer_0, gprB_1, <<8, gprA_0, 1]" },
		{ IMEM + NIC_IMEM_BYTES, "mem[read32, $xfer_0, gprB_1, <<8, gprA_0, 1]" },
		{ NIC_CTM_BYTES, "mem[read32, $xfer_0, gprA_0, 0x0, 1]" },
		{ NIC_CLS_BYTES, "cls[read, $xfer_0, gprA_0, 0x0, 1]" },
		{ (NIC_PACKET_ADDRESS | 3 << 16) + FRAME, "mem[read32, $xfer_0, gprA_0, 0x0, 1]" },
	};
	struct nic_fault fault;

	(void)state;
	set_up();
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		for (uint32_t over = 0; over < 5; over++) {
			uint64_t address = cases[i].end - 4 + over;

			*b(1) = (uint32_t)(address >> 32) << 24;
			*a(0) = (uint32_t)address;
			size = 0;
			add(cases[i].command);
			add("br[.4000]");
			assert_int_equal(nic_me_start(me, 0, 0), 0);
			if (over == 0) {
				assert_int_equal(nic_me_run(me, 10, &fault), NIC_ME_STOPPED);
				continue;
			}
			assert_int_equal(nic_me_run(me, 10, &fault), NIC_ME_FAULT);
			assert_string_equal(fault.reason, "there is no memory at the address");
			assert_int_equal(fault.pc, 0);
		}
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
	const struct CMUnitTest tests[] = {
		TEST(a_length_is_in_the_instruction_or_before_it),
		TEST(bytes_are_written_in_every_length),
		TEST(address_modes_come_to_the_same_word),
		TEST(atomics_take_their_width_and_data_from_where_they_are),
		TEST(a_command_both_ways_signals_twice),
		TEST(every_memory_has_its_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
