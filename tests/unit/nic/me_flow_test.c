/* SPDX-License-Identifier: BSD-2-Clause */
/* Branches and their shadows, contexts, local memory, commands, and everything that is a device
 * fault. NIC_SEED=N repeats a run. */
#include "nic/nic.h"
#include "tests/_cmocka.h"
#include "tests/unit/nic/me.h"
#include "tests/unit/nic/random.h"

#include <errno.h>
#include <string.h>

#define EMEM ((uint64_t)NIC_ISLAND_EMEM << NIC_ISLAND_SHIFT)

/* ---- branches ---- */

static void
deferred_instructions_run_before_the_branch(void **state)
{
	(void)state;
	add("br[.6], defer[2]");   /* 0 */
	add("immed[gprA_1, 0x1]"); /* 1 */
	add("immed[gprA_2, 0x2]"); /* 2 */
	add("immed[gprA_3, 0x3]"); /* 3: never */
	add("nop");
	add("nop");
	add("alu[--, gprA_1, -, 0x1]"); /* 6: equal */
	add("bne[.4000], defer[3]");	/* 7: not taken */
	add("immed[gprA_4, 0x4]");
	add("immed[gprA_5, 0x5]");
	add("beq[.12], defer[1]"); /* 10 */
	add("immed[gprA_6, 0x6]");
	add("immed[gprA_7, 0x7]"); /* 12 */
	run();
	assert_int_equal(*a(1), 1);
	assert_int_equal(*a(2), 2);
	assert_int_equal(*a(3), 0);
	for (uint32_t i = 4; i < 8; i++)
		assert_int_equal(*a(i), i);
}

/* firmware-facts.md 4: four cycles taken, less the filled slots; one when not. */
static void
branches_cost_what_they_leave_unfilled(void **state)
{
	static const struct {
		const char *text[4];
		uint64_t cycles;
	} cases[] = {
		{ { "br[.4000]" }, 4 },
		{ { "br[.4000], defer[1]", "nop" }, 4 },
		{ { "br[.4000], defer[2]", "nop", "nop" }, 4 },
		{ { "bpl[.4000], defer[3]", "nop", "nop", "nop" }, 4 },
		{ { "bmi[.7]", "br[.4000]" }, 5 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint64_t before = nic_me_cycles(me);
		struct nic_fault fault;

		size = 0;
		for (unsigned int j = 0; j < 4 && cases[i].text[j]; j++)
			add(cases[i].text[j]);
		assert_int_equal(nic_me_start(me, 0, 0), 0);
		assert_int_equal(nic_me_run(me, 100, &fault), NIC_ME_STOPPED);
		assert_int_equal(nic_me_cycles(me) - before, cases[i].cycles);
	}
}

static void
conditions_are_what_their_names_say(void **state)
{
	static const struct {
		const char *name;
		bool taken[5]; /* for 1 - 2, 2 - 2, 3 - 2, most negative - 1, -1 - 1 */
	} cases[] = {
		{ "beq", { 0, 1, 0, 0, 0 } },
		{ "bne", { 1, 0, 1, 1, 1 } },
		{ "bmi", { 1, 0, 0, 0, 1 } },
		{ "bpl", { 0, 1, 1, 1, 0 } },
		{ "bcs", { 0, 1, 1, 1, 1 } },
		{ "bcc", { 1, 0, 0, 0, 0 } },
		{ "bvs", { 0, 0, 0, 1, 0 } },
		{ "bvc", { 1, 1, 1, 0, 1 } },
		{ "bge", { 0, 1, 1, 0, 0 } },
		{ "blt", { 1, 0, 0, 1, 1 } },
		{ "ble", { 1, 1, 0, 1, 1 } },
		{ "bgt", { 0, 0, 1, 0, 0 } },
	};
	static const uint32_t pairs[5][2] = { { 1, 2 }, { 2, 2 }, { 3, 2 }, { 0x80000000, 1 },
		{ 0xffffffff, 1 } };
	char text[32];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		for (unsigned int p = 0; p < 5; p++) {
			*a(1) = pairs[p][0];
			*b(1) = pairs[p][1];
			*a(3) = 0;
			add("alu[--, gprA_1, -, gprB_1]");
			snprintf(text, sizeof(text), "%s[.4000]", cases[i].name);
			add(text);
			add("immed[gprA_3, 0x1]");
			run();
			if (*a(3) != !cases[i].taken[p])
				fail_msg("%s after %x - %x", cases[i].name, pairs[p][0],
					pairs[p][1]);
		}
}

static void
bits_bytes_and_registers_decide_branches(void **state)
{
	(void)state;
	*a(1) = 0x80000400;
	*b(2) = 0x0012ab00;
	*b(3) = 20;
	add("br_bset[gprA_1, 10, .2]");
	add("immed[gprA_9, 0x1]");
	add("br_bclr[gprA_1, 31, .4000]"); /* 2 */
	add("br_bset[gprA_1, 11, .4000]");
	add("br=byte[gprB_2, 1, 0xab, .6]"); /* 4 */
	add("immed[gprA_9, 0x2]");
	add("br!=byte[gprB_2, 2, 0x12, .4000]"); /* 6 */
	add("br!=ctx[0, .4000]");
	add("br=ctx[0, .10]"); /* 8 */
	add("immed[gprA_9, 0x3]");
	add("jump[gprB_3, .2]"); /* 10: to 22 */
	while (size < 22)
		add("immed[gprA_9, 0x4]");
	add("immed[gprA_8, 0x8]"); /* 22 */
	run();
	assert_int_equal(*a(9), 0);
	assert_int_equal(*a(8), 8);
}

/* ---- local memory and local CSRs ---- */

static void
a_written_pointer_takes_effect_after_three_cycles(void **state)
{
	(void)state;
	*nic_me_lm(me, 0) = 0x100;
	*nic_me_lm(me, 5) = 0x105;
	*a(1) = 5 * 4 + 3; /* the low bits are dropped */
	nic_me_set_lm_addr(me, 0, 0, 0);
	add("local_csr_wr[ActLMAddr0, gprA_1]");
	add("alu[gprA_2, --, B, *l$index0]");
	add("alu[gprA_3, --, B, *l$index0]");
	add("alu[gprA_4, --, B, *l$index0]");
	add("alu[gprA_5, --, B, *l$index0]");
	run();
	assert_int_equal(*a(2), 0x100);
	assert_int_equal(*a(3), 0x100);
	assert_int_equal(*a(4), 0x100);
	assert_int_equal(*a(5), 0x105);
}

/* The slots of a branch come before its lost cycle. */
static void
the_lost_cycles_of_a_branch_count_as_delay(void **state)
{
	(void)state;
	*nic_me_lm(me, 0) = 0x100;
	*nic_me_lm(me, 5) = 0x105;
	*a(1) = 5 * 4;
	nic_me_set_lm_addr(me, 0, 0, 0);
	add("local_csr_wr[ActLMAddr0, gprA_1]");
	add("br[.5], defer[2]");
	add("alu[gprA_2, --, B, *l$index0]");
	add("alu[gprA_3, --, B, *l$index0]");
	add("nop");
	add("alu[gprA_4, --, B, *l$index0]"); /* 5 */
	run();
	assert_int_equal(*a(2), 0x100);
	assert_int_equal(*a(3), 0x100);
	assert_int_equal(*a(4), 0x105);
}

static void
offsets_are_ored_and_pointers_step(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < 16; i++)
		*nic_me_lm(me, i) = 0x100 + i;
	nic_me_set_lm_addr(me, 0, 0, 5 * 4);
	nic_me_set_lm_addr(me, 0, 3, 2 * 4);
	add("alu[gprA_1, --, B, *l$index0[3]]"); /* 5 | 3 = 7 */
	add("alu[gprA_2, --, B, *l$index3++]");
	add("alu[*l$index3++, --, B, gprA_1]");
	add("alu[gprA_3, --, B, *l$index3--]");
	add("alu[gprA_4, --, B, *l$index3]");
	add("ld_field[*l$index3[4], 0001, 0xee]"); /* 3 | 4 = 7 */
	run();
	assert_int_equal(*a(1), 0x107);
	assert_int_equal(*a(2), 0x102);
	assert_int_equal(*a(3), 0x104);
	assert_int_equal(*a(4), 0x107);
	assert_int_equal(*nic_me_lm(me, 3), 0x107);
	assert_int_equal(*nic_me_lm(me, 7), 0x1ee);
}

static void
a_csr_is_read_by_the_immed_that_follows(void **state)
{
	(void)state;
	*a(1) = 0x1234;
	add("local_csr_wr[Mailbox2, gprA_1]");
	add("local_csr_rd[Mailbox2]");
	add("immed[gprA_2, 0x0], gpr_wrboth");
	add("immed[gprA_3, 0x5]");
	add("local_csr_rd[Mailbox2]");
	add("alu[gprA_4, --, B, gprA_1]");
	add("immed[gprA_5, 0x6]");
	add("local_csr_rd[PseudoRndNum]");
	add("immed[gprA_6, 0x0]");
	add("local_csr_rd[PseudoRndNum]");
	add("immed[gprA_7, 0x0]");
	run();
	assert_int_equal(*a(2), 0x1234);
	assert_int_equal(*b(2), 0x1234);
	assert_int_equal(*a(3), 5);
	assert_int_equal(*a(5), 6);
	assert_int_not_equal(*a(6), *a(7));
}

static void
registers_are_the_contexts_own_unless_absolute(void **state)
{
	struct nic_fault fault;

	(void)state;
	add("immed[gprB_3, 0x77]");
	add("alu[@gprA_127, --, B, @gprB_35]"); /* context 2 begins at 32 */
	add("br[.4000]");
	assert_int_equal(nic_me_start(me, 2, 0), 0);
	assert_int_equal(nic_me_run(me, 10, &fault), NIC_ME_STOPPED);
	assert_int_equal(*b(3), 0);
	assert_int_equal(*nic_me_gpr(me, 2, true, 3), 0x77);
	assert_int_equal(*nic_me_gpr(me, 6, false, 31), 0x77);
	assert_null(nic_me_gpr(me, 1, false, 0));
	assert_int_equal(nic_me_start(me, 1, 0), -EINVAL);
	assert_int_equal(nic_me_start(me, 0, NIC_CODE_WORDS), -EINVAL);
}

/* ---- commands and contexts ---- */

static void
a_packet_is_read_and_written_through_transfer_registers(void **state)
{
	uint8_t frame[128];

	(void)state;
	for (uint8_t i = 0; i < sizeof(frame); i++)
		frame[i] = i;
	assert_int_equal(nic_mem_set_packet(mem, 7, frame, sizeof(frame)), 0);
	*a(2) = NIC_PACKET_ADDRESS | 7 << 16;
	add("mem[read32_swap, $xfer_0, gprA_2, 0xe, 2], ctx_swap[sig1]");
	add("alu[gprA_3, --, B, $xfer_0]");
	add("alu[gprA_4, --, B, $xfer_1]");
	add("immed[--, 0x1f80]"); /* 32 words */
	add("mem[read32_swap, $xfer_0, gprA_2, 0x0, 8], indirect_ref, ctx_swap[sig1]");
	add("alu[gprA_5, --, B, $xfer_31]");
	/* what is sent may be written behind the command */
	add("mem[write8_swap, $xfer_0, gprA_2, 0x6, 6], ctx_swap[sig1], defer[2]");
	add("alu[$xfer_0, --, B, gprA_3]");
	add("alu[$xfer_1, --, B, gprA_4]");
	run();
	assert_int_equal(*a(3), 0x11100f0e);
	assert_int_equal(*a(4), 0x15141312);
	assert_int_equal(*a(5), 0x7f7e7d7c);
	assert_memory_equal(frame + 6, frame + 14, 6);
	assert_int_equal(frame[12], 12);
}

/* As the JIT adds to map values (nfp-isa.md 10.12). */
static void
a_map_value_is_added_to(void **state)
{
	uint8_t *value = nic_mem_at(mem, NIC_TARGET_MEM, EMEM + 8, 8);

	(void)state;
	memcpy(value, "\xff\xff\xff\xff\x00\x00\x00\x01", 8);
	*a(8) = 8;
	*b(9) = (uint32_t)(EMEM >> 8);
	*a(21) = 0x0c90;
	*b(4) = 0x10002;
	add("ld_field[gprA_21, 1100, gprB_4, <<16]");
	add("mem[add_imm, $xfer_0, gprB_9, <<8, gprA_8, 1], indirect_ref");
	run();
	assert_memory_equal(value, "\x00\x00\x00\x01\x00\x00\x00\x02", 8);
	add("mem[add64, $xfer_0, gprB_9, <<8, gprA_8, 5], ctx_swap[sig1], defer[2]");
	add("immed[$xfer_0, 0x5]");
	add("immed[$xfer_1, 0x6]");
	run();
	assert_memory_equal(value, "\x00\x00\x00\x06\x00\x00\x00\x08", 8);
	*a(21) = 0x0890;
	add("ld_field[gprA_21, 1100, gprB_4, <<16]");
	add("mem[add_imm, $xfer_0, gprB_9, <<8, gprA_8, 1], indirect_ref");
	run();
	assert_memory_equal(value, "\x00\x00\x00\x08\x00\x00\x00\x08", 8);
}

/* Each writes its number to the shared local memory when it runs. */
static void
contexts_take_turns(void **state)
{
	struct nic_fault fault;

	(void)state;
	add("alu[*l$index0++, --, B, gprA_1]");
	add("ctx_arb[voluntary], br[.0]");
	for (uint32_t ctx = 0; ctx < NIC_CONTEXTS; ctx += 2) {
		*nic_me_gpr(me, ctx, false, 1) = ctx + 1;
		nic_me_set_lm_addr(me, ctx, 0, 64 * ctx);
		assert_int_equal(nic_me_start(me, ctx, 0), 0);
	}
	assert_int_equal(nic_me_run(me, 7, &fault), NIC_ME_LIMIT);
	assert_int_equal(nic_me_active(me), 6);
	assert_int_equal(nic_me_run(me, 2, &fault), NIC_ME_LIMIT);
	assert_int_equal(nic_me_active(me), 0);
	assert_int_equal(*nic_me_lm(me, 0), 1);
	assert_int_equal(*nic_me_lm(me, 1), 1); /* its second turn */
	assert_int_equal(*nic_me_lm(me, 96), 7);
	assert_int_equal(*nic_me_lm(me, 97), 0);
}

static void
others_run_while_one_waits(void **state)
{
	struct nic_fault fault;
	uint64_t before;

	(void)state;
	add("mem[read32, $xfer_0, gprA_2, 0x0, 1], ctx_swap[sig2]"); /* 0 */
	add("br[.4000]");
	add("immed[gprA_1, 0x9]"); /* 2: context 4 */
	add("ctx_arb[kill]");
	assert_int_equal(nic_me_start(me, 0, 0), 0);
	assert_int_equal(nic_me_start(me, 4, 2), 0);
	before = nic_me_cycles(me);
	assert_int_equal(nic_me_run(me, 100, &fault), NIC_ME_STOPPED);
	assert_int_equal(nic_me_active(me), 0);
	assert_int_equal(*nic_me_gpr(me, 4, false, 1), 9);
	assert_true(nic_me_cycles(me) - before >= NIC_COMMAND_CYCLES);
	nic_me_kill(me, 0);
	assert_int_equal(nic_me_run(me, 100, &fault), NIC_ME_IDLE);
}

static void
signals_are_waited_for_together_or_any(void **state)
{
	(void)state;
	add("mem[read32, $xfer_0, gprA_2, 0x0, 1], sig_done[sig3]");
	add("nop");
	add("br_signal[3, .4000]"); /* not yet */
	add("mem[read32, $xfer_1, gprA_2, 0x4, 1], sig_done[sig4]");
	add("ctx_arb[sig3, sig4, sig5], any");
	add("br_!signal[4, .7]"); /* that one is later */
	add("br[.5]");
	add("immed[gprA_1, 0x1]"); /* 7 */
	add("ctx_arb[sig4]");
	run();
	assert_int_equal(*a(1), 1);
}

/* ---- faults ---- */

static void
what_cannot_go_on_is_a_fault_that_says_why(void **state)
{
	static const struct {
		const char *text[3];
		uint32_t pc;
		const char *reason;
	} cases[] = {
		{ { "alu[--, --, B, *l$index2]" }, 0, "the pointer is outside local memory" },
		{ { "br[.9000]" }, 0, "a branch out of the code store" },
		{ { "rtn[gprB_1]" }, 0, "a branch out of the code store" },
		{ { "br[.5], defer[1]", "br[.6]" }, 1,
			"a branch or swap among the deferred instructions of another" },
		{ { "ctx_arb[sig1]" }, 1, "waits for a signal that nobody will send" },
		/* waiting takes the signal */
		{ { "mem[read32, $xfer_0, gprA_3, 0x0, 1], ctx_swap[sig1]", "ctx_arb[sig1]" }, 2,
			"waits for a signal that nobody will send" },
		{ { "mem[read32, $xfer_0, gprB_1, <<8, gprA_1, 1], ctx_swap[--]" }, 0,
			"swaps out without a signal to come back by" },
		{ { "nop", "mem[read32, $xfer_0, gprB_1, <<8, gprA_1, 1]" }, 1,
			"there is no memory at the address" },
		{ { "mem[read32, $xfer_0, gprB_1, <<8, gprA_1, 1], ctx_swap[sig1], defer[1]",
			  "nop" },
			0, "there is no memory at the address" },
		{ { "immed[--, 0x1]", "mem[read32, $xfer_0, gprA_3, 0x0, 1], indirect_ref" }, 1,
			"this override of a command is not modelled" },
		{ { "mem[meter, $xfer_0, gprA_3, 0x0, 1]" }, 0, "the command is not modelled" },
		{ { "br_cls_state[cls_ring0_status, .7]" }, 0, "the instruction is not modelled" },
		{ { "nop", "cls[add_imm, 0x1, --, 1]" }, 1, "the instruction is not modelled" },
		{ { "br_inp_state[ctm_ring3_status, .7]" }, 0,
			"the states of CTM's rings are not modelled" },
		{ { "br_inp_state[nn_full, .7]" }, 0, "there is no next neighbour" },
		{ { "alu[n$reg_1, --, B, gprA_1]" }, 0, "there is no next neighbour" },
		{ { "local_csr_rd[UstorAddr]" }, 0, "reading this local CSR is not modelled" },
		{ { "local_csr_rd[SameMESignal]" }, 0, "reading this local CSR is not modelled" },
		{ { "local_csr_rd[0x7fc]" }, 0, "reading this local CSR is not modelled" },
		{ { "local_csr_wr[MiscControl, 0x1]" }, 0,
			"writing this local CSR is not modelled" },
		{ { "local_csr_wr[CtxEnables, 0x1]" }, 0,
			"this use of CtxEnables is not modelled" },
		{ { "local_csr_wr[SameMESignal, 0x9]" }, 0, "no such signal or context" },
		{ { "local_csr_wr[SameMESignal, 0x2]" }, 0, "no such signal or context" },
		{ { "local_csr_wr[PrvNghbrSgl, 0x8]" }, 0, "there is no such neighbour" },
		{ { "ffs[gprA_1, 0x0]" }, 0, "what ffs makes of 0 is not known" },
		{ { "pop_count1[gprA_1]", "pop_count3[gprA_1, gprA_1]" }, 1,
			"a step of pop_count that is not at that step" },
		{ { "nop", "ctx_arb[bpt], defer[1]", "nop" }, 1, "halted" },
		{ { "ctx_arb[--]" }, 1, "waits for a signal that nobody will send" },
		{ { "mul_step[gprA_1, gprB_1], 16x16_step2" }, 0,
			"a step of a multiplication that is not at that step" },
		{ { "mul_step[gprA_1, gprB_1], start", "mul_step[gprA_1, --], 32x32_last" }, 1,
			"the product of a multiplication that is not at its end" },
	};
	char text[NIC_TEXT_MAX];
	struct nic_fault fault;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		size = 0;
		for (unsigned int j = 0; j < 3 && cases[i].text[j]; j++)
			add(cases[i].text[j]);
		add("nop");
		*b(1) = UINT32_MAX;
		nic_me_set_lm_addr(me, 0, 2, 4096);
		assert_int_equal(nic_me_start(me, 0, 0), 0);
		if (nic_me_run(me, 100, &fault) != NIC_ME_FAULT)
			fail_msg("no fault: %s", cases[i].reason);
		assert_string_equal(fault.reason, cases[i].reason);
		assert_int_equal(fault.pc, cases[i].pc);
		assert_int_equal(fault.ctx, 0);
		nic_format(fault.word, text);
		assert_string_equal(fault.text, text);
		if (cases[i].pc < 2 && cases[i].text[cases[i].pc])
			assert_string_equal(fault.text, cases[i].text[cases[i].pc]);
		/* the context is gone, and the next packet's can come */
		assert_int_equal(nic_me_run(me, 100, &fault), NIC_ME_IDLE);
	}
}

static void
words_without_ecc_or_sense_are_faults(void **state)
{
	static const struct {
		uint64_t word;
		const char *reason;
	} cases[] = {
		{ 0x00f003f05bff, "the word's ECC is missing or wrong" },
		{ 0x000f20f003f05bfe, "the word's ECC is missing or wrong" },
		{ UINT64_C(0x010f20f003f05bff), "the word's ECC is missing or wrong" },
		{ 0, "the instruction is not modelled" },
	};
	struct nic_fault fault;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(nic_me_load(me, 8191, &cases[i].word, 1), 0);
		assert_int_equal(nic_me_start(me, 6, 8191), 0);
		assert_int_equal(nic_me_run(me, 100, &fault), NIC_ME_FAULT);
		if (cases[i].word)
			assert_string_equal(fault.reason, cases[i].reason);
		assert_int_equal(fault.pc, 8191);
		assert_int_equal(fault.ctx, 6);
	}
	size = 8191;
	add("nop");
	assert_int_equal(nic_me_start(me, 6, 8191), 0);
	assert_int_equal(nic_me_run(me, 100, &fault), NIC_ME_FAULT);
	assert_string_equal(fault.reason, "runs off the end of the code store");
	assert_int_equal(nic_me_load(me, 8191, &cases[0].word, 2), -EINVAL);
}

static void
an_endless_loop_ends_at_the_limit(void **state)
{
	struct nic_fault fault;

	(void)state;
	add("br[.0]");
	assert_int_equal(nic_me_start(me, 0, 0), 0);
	assert_int_equal(nic_me_run(me, 1000, &fault), NIC_ME_LIMIT);
	assert_int_equal(nic_me_insns(me), 1000);
}

/* Any code store: it ends, and says nothing but what nic.h lists. */
static void
random_code_always_ends(void **state)
{
	static uint64_t words[NIC_CODE_WORDS];
	unsigned int faults = 0, insns = 0;

	(void)state;
	for (unsigned int i = 0; i < NIC_CODE_WORDS; i++)
		do {
			const struct nic_op_info *info =
				nic_op_info((enum nic_op)random_below(NIC_OP_CNT));

			words[i] = (random_bits() & ~info->match.mask & NIC_INSN_MASK) |
				   info->match.value;
		} while (nic_decode(words[i], &(struct nic_insn){ .op = 0 }));
	for (unsigned int i = 0; i < NIC_CODE_WORDS; i++)
		words[i] = nic_ecc_add(words[i]);
	assert_int_equal(nic_me_load(me, 0, words, NIC_CODE_WORDS), 0);
	nic_me_set_next(me, me);
	for (unsigned int i = 0; i < 20000; i++) {
		struct nic_fault fault = { .reason = NULL };
		uint64_t before = nic_me_insns(me);

		if (i == 10000)
			assert_int_equal(nic_me_set_contexts(me, 8), 0);
		for (uint32_t ctx = 0; ctx < NIC_CONTEXTS; ctx += i < 10000 ? 2 : 1)
			nic_me_start(me, ctx, random_below(NIC_CODE_WORDS));
		if (nic_me_run(me, 1000, &fault) == NIC_ME_FAULT) {
			assert_non_null(fault.reason);
			faults++;
		}
		insns += (unsigned int)(nic_me_insns(me) - before);
	}
	assert_true(faults > 1000);
	assert_true(insns > 20000);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
	const struct CMUnitTest tests[] = {
		TEST(deferred_instructions_run_before_the_branch),
		TEST(branches_cost_what_they_leave_unfilled),
		TEST(conditions_are_what_their_names_say),
		TEST(bits_bytes_and_registers_decide_branches),
		TEST(a_written_pointer_takes_effect_after_three_cycles),
		TEST(the_lost_cycles_of_a_branch_count_as_delay),
		TEST(offsets_are_ored_and_pointers_step),
		TEST(a_csr_is_read_by_the_immed_that_follows),
		TEST(registers_are_the_contexts_own_unless_absolute),
		TEST(a_packet_is_read_and_written_through_transfer_registers),
		TEST(a_map_value_is_added_to),
		TEST(contexts_take_turns),
		TEST(others_run_while_one_waits),
		TEST(signals_are_waited_for_together_or_any),
		TEST(what_cannot_go_on_is_a_fault_that_says_why),
		TEST(words_without_ecc_or_sense_are_faults),
		TEST(an_endless_loop_ends_at_the_limit),
		TEST(random_code_always_ends),
	};

	random_begin();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
