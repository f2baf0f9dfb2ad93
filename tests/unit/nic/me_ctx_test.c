/* SPDX-License-Identifier: BSD-2-Clause */
/* Contexts: the registers each has in both modes, signals from everywhere, local CSRs of others. */
#include "nic/nic.h"
#include "tests/_cmocka.h"
#include "tests/unit/nic/me.h"

#include <errno.h>

static struct nic_fault fault;

/* Context ctx runs from pc until it or another is at END. */
static enum nic_me_end
run_ctx(uint32_t ctx, uint32_t pc)
{
	assert_int_equal(nic_me_start(me, ctx, pc), 0);
	return nic_me_run(me, 1000, &fault);
}

/* ---- eight contexts ---- */

static void
the_mode_says_which_contexts_there_are(void **state)
{
	(void)state;
	assert_int_equal(nic_me_start(me, 1, 0), -EINVAL);
	assert_non_null(nic_me_gpr(me, 2, false, 31));
	assert_non_null(nic_me_xfer_in(me, 2, 63));
	assert_int_equal(nic_me_set_contexts(me, 6), -EINVAL);
	assert_int_equal(nic_me_set_contexts(me, 8), 0);
	assert_int_equal(nic_me_start(me, 1, 0), 0);
	assert_non_null(nic_me_gpr(me, 2, false, 15));
	assert_null(nic_me_gpr(me, 2, false, 16));
	assert_non_null(nic_me_xfer_out(me, 2, 31));
	assert_null(nic_me_xfer_out(me, 2, 32));
	assert_int_equal(nic_me_set_contexts(me, 4), 0);
	assert_int_equal(nic_me_run(me, 10, &fault), NIC_ME_IDLE); /* it was ended */
	assert_null(nic_me_gpr(me, 1, false, 0));
}

/* Each writes its number where its pointer says, and is then behind the seven others. */
static void
eight_contexts_take_turns(void **state)
{
	(void)state;
	assert_int_equal(nic_me_set_contexts(me, 8), 0);
	add("alu[*l$index0++, --, B, gprA_1]");
	add("ctx_arb[voluntary], br[.0]");
	for (uint32_t ctx = 0; ctx < NIC_CONTEXTS; ctx++) {
		*nic_me_gpr(me, ctx, false, 1) = ctx + 1;
		nic_me_set_lm_addr(me, ctx, 0, 64 * ctx);
		assert_int_equal(nic_me_start(me, ctx, 0), 0);
	}
	for (uint32_t turn = 0; turn < 20; turn++) {
		assert_int_equal(nic_me_run(me, 2, &fault), NIC_ME_LIMIT);
		assert_int_equal(nic_me_active(me), turn % 8);
		assert_int_equal(*nic_me_lm(me, turn % 8 * 16 + turn / 8), turn % 8 + 1);
	}
}

static void
of_eight_contexts_each_has_half_the_registers(void **state)
{
	(void)state;
	assert_int_equal(nic_me_set_contexts(me, 8), 0);
	*nic_me_xfer_in(me, 3, 5) = 0x35;
	*nic_me_xfer_in(me, 3, 20) = 0x320;
	*nic_me_lm(me, 8) = 0x88;
	*nic_me_nn(me, 3 * 16 + 2) = 0x32;
	nic_me_set_lm_addr(me, 3, 1, 32);
	add("immed[gprB_15, 0x77]");
	add("alu[@gprA_0, --, B, @gprB_63]"); /* 3 * 16 + 15 */
	add("alu[gprA_1, --, B, $xfer_5]");
	/* bit 6 of the code adds 16 here and 32 with 4 contexts (nfp-isa.md 3.1) */
	add("alu[gprA_2, --, B, $xfer_36]");
	add("alu[gprA_3, --, B, *l$index1]");
	add("alu[gprA_4, --, B, n$reg_2]");
	add("alu[$xfer_37, --, B, gprA_1]");
	add("local_csr_rd[ActCtxStatus]");
	add("immed[gprA_5, 0x0]");
	add("local_csr_rd[CtxEnables]");
	add("immed[gprA_6, 0x0]");
	add("br=ctx[3, .4000]");
	assert_int_equal(run_ctx(3, 0), NIC_ME_STOPPED);
	assert_int_equal(*nic_me_gpr(me, 3, true, 15), 0x77);
	assert_int_equal(*nic_me_gpr(me, 0, false, 0), 0x77);
	assert_int_equal(*nic_me_gpr(me, 3, false, 1), 0x35);
	assert_int_equal(*nic_me_gpr(me, 3, false, 2), 0x320);
	assert_int_equal(*nic_me_gpr(me, 3, false, 3), 0x88);
	assert_int_equal(*nic_me_gpr(me, 3, false, 4), 0x32);
	assert_int_equal(*nic_me_xfer_out(me, 3, 21), 0x35);
	assert_int_equal(*nic_me_gpr(me, 3, false, 5), 1u << 31 | 7 << 8 | 3);
	assert_int_equal(*nic_me_gpr(me, 3, false, 6), 1 << 11);
}

static void
registers_of_the_other_mode_are_faults(void **state)
{
	static const char *const cases[][2] = {
		{ "immed[gprA_16, 0x0]", "of 8 contexts each has 16 of these registers" },
		{ "alu[--, gprA_0, +, gprB_31]", "of 8 contexts each has 16 of these registers" },
		{ "alu[--, --, B, $xfer_16]", "of 8 contexts each has 16 of these registers" },
		{ "mem[read32, $xfer_32, gprA_1, 0x0, 1]",
			"of 8 contexts each has 32 transfer registers" },
		{ "mem[read32, $xfer_31, gprA_1, 0x0, 2]",
			"the command needs transfer registers beyond the last" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		size = 0;
		add(cases[i][0]);
		assert_int_equal(nic_me_set_contexts(me, 4), 0);
		assert_int_equal(nic_me_start(me, 0, 0), 0);
		assert_int_equal(nic_me_run(me, 1, &fault), NIC_ME_LIMIT);
		assert_int_equal(nic_me_set_contexts(me, 8), 0);
		assert_int_equal(run_ctx(5, 0), NIC_ME_FAULT);
		assert_string_equal(fault.reason, cases[i][1]);
		assert_int_equal(fault.ctx, 5);
	}
}

/* ---- transfer registers of all contexts ---- */

/* The firmware puts its context number << 7 into T_INDEX (firmware-facts.md 4). */
static void
t_index_counts_through_the_registers_of_all_contexts(void **state)
{
	(void)state;
	for (unsigned int mode = 4; mode <= 8; mode += 4) {
		assert_int_equal(nic_me_set_contexts(me, mode), 0);
		*nic_me_xfer_in(me, 2, 1) = 0x21;
		*nic_me_xfer_in(me, 2, mode == 4 ? 63 : 31) = 0x2f;
		*nic_me_xfer_in(me, mode == 4 ? 4 : 3, 0) = 0x40;
		size = 0;
		*nic_me_gpr(me, 6, false, 1) = 2 << 7 | 1 << 2;
		add("local_csr_wr[XferIndex, gprA_1]");
		add("alu[gprA_2, --, B, *$index]");
		*nic_me_gpr(me, 6, false, 3) = mode == 4 ? (4 << 7) - 4 : (3 << 7) - 4;
		add("local_csr_wr[XferIndex, gprA_3]");
		add("alu[gprA_4, --, B, *$index++]");
		add("alu[*$index--, --, B, *$index]");
		add("local_csr_rd[XferIndex]");
		add("immed[gprA_5, 0x0]");
		add("br[.4000]");
		assert_int_equal(run_ctx(6, 0), NIC_ME_STOPPED);
		assert_int_equal(*nic_me_gpr(me, 6, false, 2), 0x21);
		assert_int_equal(*nic_me_gpr(me, 6, false, 4), 0x2f);
		assert_int_equal(*nic_me_xfer_out(me, mode == 4 ? 4 : 3, 0), 0x40);
		assert_int_equal(*nic_me_gpr(me, 6, false, 5), *nic_me_gpr(me, 6, false, 3));
	}
}

/* OVE_DATA 1: DATA16 is the transfer register, in bytes (nfp-isa.md 6.4). */
static void
a_command_may_be_told_its_transfer_register(void **state)
{
	(void)state;
	nic_mem_at(mem, NIC_TARGET_MEM, (uint64_t)NIC_ISLAND_EMEM << 32, 1)[0] = 0xab;
	*a(1) = (4u << 7 | 2 << 2) << 16 | 1 << 3;
	*b(1) = NIC_ISLAND_EMEM << 24;
	add("alu[--, --, B, gprA_1]");
	add("mem[read32, $xfer_9, gprB_1, <<8, gprA_0, 1], indirect_ref, ctx_swap[sig1]");
	run();
	assert_int_equal(*nic_me_xfer_in(me, 4, 2), 0xab000000);
	assert_int_equal(*nic_me_xfer_in(me, 0, 9), 0);
}

/* ---- signals ---- */

static void
contexts_and_microengines_signal_each_other(void **state)
{
	struct nic_me *next = nic_me_new(mem), *first = me;

	(void)state;
	assert_non_null(next);
	nic_me_set_next(first, next);
	add("ctx_arb[sig3]");
	add("br[.4000]");
	add("local_csr_wr[SameMESignal, 0x98]"); /* 2: signal 3, of the next context */
	add("local_csr_wr[NxtNghbrSgl, 0x2e]");	 /* signal 5, of context 6 */
	add("ctx_arb[kill]");
	nic_me_set_stop(me, END, true);
	assert_int_equal(nic_me_start(first, 4, 0), 0);
	assert_int_equal(nic_me_start(next, 6, 0), 0);
	assert_int_equal(run_ctx(2, 2), NIC_ME_STOPPED);
	assert_int_equal(nic_me_active(me), 4);
	nic_me_kill(first, 4);

	me = next;
	size = 0;
	add("ctx_arb[sig5]");
	add("local_csr_wr[PrvNghbrSgl, 0xa0]"); /* signal 4, of the context of that number */
	add("ctx_arb[kill]");
	assert_int_equal(nic_me_run(next, 10, &fault), NIC_ME_IDLE);

	me = first;
	size = 100;
	*nic_me_gpr(me, 0, false, 3) = 6;
	add("local_csr_wr[CSRCtxPtr, gprA_3]");
	add("local_csr_rd[IndCtxSglEvt]");
	add("immed[gprA_1, 0x0]");
	add("br[.4000]");
	assert_int_equal(run_ctx(0, 100), NIC_ME_STOPPED);
	assert_int_equal(*nic_me_gpr(me, 0, false, 1), 1 << 4 | 1);
	nic_me_free(next);
}

static void
a_signal_from_outside_wakes_who_expects_it(void **state)
{
	(void)state;
	add("ctx_arb[sig2, sig7]");
	add("br[.4000]");
	assert_int_equal(nic_me_start(me, 2, 0), 0);
	nic_me_expect(me, 2, 1 << 7 | 1 << 2);
	assert_int_equal(nic_me_run(me, 100, &fault), NIC_ME_IDLE);
	assert_int_equal(nic_me_signal(me, 2, 7), 0);
	assert_int_equal(nic_me_run(me, 100, &fault), NIC_ME_IDLE);
	assert_int_equal(nic_me_signal(me, 2, 2), 0);
	assert_int_equal(nic_me_run(me, 100, &fault), NIC_ME_STOPPED);
	/* both were taken; the next wait is for one nobody was said to send */
	nic_me_expect(me, 2, 1 << 2);
	size = 0;
	add("ctx_arb[sig2], any");
	assert_int_equal(run_ctx(2, 0), NIC_ME_IDLE);
	nic_me_expect(me, 2, 0);
	assert_int_equal(nic_me_run(me, 100, &fault), NIC_ME_FAULT);
	assert_string_equal(fault.reason, "waits for a signal that nobody will send");
	assert_int_equal(nic_me_signal(me, 2, 0), -EINVAL);
	assert_int_equal(nic_me_signal(me, 2, 16), -EINVAL);
	assert_int_equal(nic_me_signal(me, 3, 1), -EINVAL);
}

/* As the open firmware waits for a mask of signals: the mask is written behind ctx_arb[--]. */
static void
wakeup_events_may_be_written_behind_the_swap(void **state)
{
	(void)state;
	nic_me_expect(me, 0, 0xfffe);
	*b(1) = 1 << 16 | 1 << 3 | 1 << 5;
	add("ctx_arb[--], defer[1]");
	add("local_csr_wr[ActCtxWkpEvt, gprB_1]");
	add("local_csr_rd[ActCtxWkpEvt]");
	add("immed[gprA_2, 0x0]");
	add("local_csr_rd[ActCtxSglEvt]");
	add("immed[gprA_3, 0x0]");
	add("br[.4000]");
	assert_int_equal(run_ctx(0, 0), NIC_ME_IDLE);
	assert_int_equal(nic_me_signal(me, 0, 4), 0);
	assert_int_equal(nic_me_run(me, 100, &fault), NIC_ME_IDLE);
	assert_int_equal(nic_me_signal(me, 0, 5), 0);
	assert_int_equal(nic_me_run(me, 100, &fault), NIC_ME_STOPPED);
	assert_int_equal(*a(2), 1 << 16 | 1 << 3 | 1 << 5);
	assert_int_equal(*a(3), 1 << 4 | 1);
	/* bit 0, voluntary, is always there */
	size = 0;
	add("ctx_arb[--], defer[1]");
	add("local_csr_wr[ActCtxWkpEvt, 0x1]");
	add("br[.4000]");
	assert_int_equal(run_ctx(0, 0), NIC_ME_STOPPED);
}

static void
events_are_set_and_cleared(void **state)
{
	(void)state;
	add("local_csr_wr[ActCtxSglEvt, 0x14]");
	add("br_!signal[2, .20]");
	add("br_signal[2, .20]"); /* it was taken */
	add("local_csr_rd[ActCtxSglEvt]");
	add("immed[gprA_1, 0x0]");
	add("local_csr_wr[ActCtxSglEvt, 0x0]");
	add("br_signal[4, .20]");
	run();
	assert_int_equal(*a(1), 0x11);
}

/* As the open firmware sleeps: an alarm some ticks of 16 cycles ahead. */
static void
an_alarm_comes_at_its_tick(void **state)
{
	uint64_t before;

	(void)state;
	add("local_csr_rd[TimestampLow]");
	add("immed[gprA_1, 0x0]");
	add("alu[gprA_1, gprA_1, +, 0x32]");
	add("local_csr_wr[ActCtxFtrCnt, gprA_1]");
	add("local_csr_wr[ActFtrCntSgl, 0x6]");
	add("ctx_arb[sig6]");
	before = nic_me_cycles(me);
	run();
	assert_in_range(nic_me_cycles(me) - before, 0x31 * 16, 0x33 * 16 + 8);
	/* one that is ended does not come */
	*a(1) = 0;
	add("alu[gprA_1, gprA_1, +, 0x10]");
	add("local_csr_wr[ActCtxFtrCnt, gprA_1]");
	add("local_csr_wr[ActFtrCntSgl, 0x6]");
	add("local_csr_wr[ActFtrCntSgl, 0x0]");
	add("ctx_arb[sig6]");
	add("br[.4000]");
	assert_int_equal(run_ctx(0, 0), NIC_ME_FAULT);
	assert_string_equal(fault.reason, "waits for a signal that nobody will send");
}

/* ---- CSRs of other contexts, enabling them, the end of all ---- */

static void
a_context_sets_up_and_enables_another(void **state)
{
	(void)state;
	*nic_me_lm(me, 12) = 0x99;
	*a(1) = 100;
	*a(2) = 12 * 4;
	*b(3) = 1 << (8 + 4);
	add("local_csr_wr[CSRCtxPtr, 0x4]");
	add("local_csr_wr[IndCtxStatus, gprA_1]");
	add("local_csr_rd[CtxEnables]");
	add("immed[gprA_4, 0x0]");
	add("alu[gprA_4, gprA_4, OR, gprB_3]");
	add("local_csr_wr[CtxEnables, gprA_4]");
	add("local_csr_wr[IndLMAddr2, gprA_2]");
	add("nop");
	add("nop");
	add("nop");
	add("ctx_arb[voluntary]");
	add("local_csr_rd[CtxEnables]");
	add("immed[gprA_5, 0x0]");
	add("alu[gprA_5, gprA_5, AND~, gprB_3]");
	add("local_csr_wr[CtxEnables, gprA_5]");
	add("ctx_arb[voluntary]");
	add("br[.4000]");
	size = 100;
	add("alu[gprA_1, --, B, *l$index2]");
	add("ctx_arb[voluntary]");
	add("immed[gprA_1, 0x0]"); /* not any more */
	add("ctx_arb[kill]");
	assert_int_equal(run_ctx(0, 0), NIC_ME_STOPPED);
	assert_int_equal(nic_me_active(me), 0);
	assert_int_equal(*nic_me_gpr(me, 4, false, 1), 0x99);
	assert_int_equal(*a(4), 1u << 31 | 1 << 8 | 1 << 12);
}

static void
a_halt_ends_all_contexts(void **state)
{
	(void)state;
	add("ctx_arb[voluntary], br[.0]");
	add("nop");
	add("ctx_arb[bpt]"); /* 2 */
	assert_int_equal(nic_me_start(me, 0, 0), 0);
	assert_int_equal(run_ctx(6, 1), NIC_ME_FAULT);
	assert_string_equal(fault.reason, "halted");
	assert_string_equal(fault.text, "ctx_arb[bpt]");
	assert_int_equal(fault.ctx, 6);
	assert_int_equal(fault.pc, 2);
	assert_int_equal(nic_me_run(me, 100, &fault), NIC_ME_IDLE);
}

/* Ended among the instructions its command was still waiting for: the command is never sent. */
static void
a_command_goes_with_its_context(void **state)
{
	uint8_t *memory = nic_mem_at(mem, NIC_TARGET_CLS, 0, 4);

	(void)state;
	*nic_me_xfer_out(me, 0, 0) = UINT32_MAX;
	add("cls[write, $xfer_0, gprA_0, 0x0, 1], ctx_swap[sig1], defer[2]");
	add("nop");
	add("nop");
	add("ctx_arb[voluntary]"); /* 3 */
	add("br[.4000]");
	for (unsigned int again = 0; again < 2; again++) {
		assert_int_equal(nic_me_start(me, 0, 0), 0);
		assert_int_equal(nic_me_run(me, 2, &fault), NIC_ME_LIMIT);
		if (again)
			nic_me_kill(me, 0);
		assert_int_equal(run_ctx(again ? 2 : 0, 3), NIC_ME_STOPPED);
		assert_memory_equal(memory, "\0\0\0\0", 4);
	}
}

/* ---- predicated instructions ---- */

static void
a_predicate_decides_what_runs(void **state)
{
	/* after 1 - 2: N, not Z, not V, not C */
	static const bool wanted[] = { 0, 1, 1, 0, 0, 1, 0, 1, 0, 1, 1, 0 };
	char text[64];

	(void)state;
	for (unsigned int condition = 0; condition < 12; condition++) {
		*a(1) = 1;
		*a(3) = 0;
		snprintf(text, sizeof(text), "local_csr_wr[IndPredCC, 0x%x]", condition);
		add(text);
		add("alu[--, gprA_1, -, 0x2]");
		add("immed[gprA_3, 0x1], predicate_cc");
		run();
		assert_int_equal(*a(3), wanted[condition]);
	}
}

/* ---- a watcher ---- */

static struct nic_sight sights[16];
static unsigned int sight_cnt;

static void
note(void *arg, const struct nic_sight *sight)
{
	assert_ptr_equal(arg, &sight_cnt);
	assert_true(sight_cnt < 16);
	sights[sight_cnt++] = *sight;
}

static void
assert_sight(unsigned int n, enum nic_seen kind, uint32_t pc, uint64_t cycle)
{
	assert_int_equal(sights[n].kind, kind);
	assert_int_equal(sights[n].pc, pc);
	assert_int_equal(sights[n].cycle, cycle);
}

/* Two commands, the second deferred behind one instruction; the wait is between swap and return. */
static void
a_watcher_sees_instructions_commands_and_swaps(void **state)
{
	const uint64_t back = 4 + NIC_COMMAND_CYCLES;

	(void)state;
	*a(2) = NIC_ISLAND_EMEM << 24;
	sight_cnt = 0;
	nic_me_set_watch(me, note, &sight_cnt);
	add("mem[read32_swap, $xfer_0, gprA_2, <<8, 0x0, 1]");
	add("mem[read32_swap, $xfer_0, gprA_2, <<8, 0x0, 1], ctx_swap[sig1], defer[1]");
	add("immed[gprA_1, 0x1]");
	add("br[.5], defer[1]");
	add("immed[gprA_1, 0x2]");
	run();
	assert_sight(0, NIC_SEEN_INSN, 0, 0);
	assert_sight(1, NIC_SEEN_COMMAND, 0, 0);
	assert_non_null(sights[1].access);
	assert_sight(2, NIC_SEEN_INSN, 1, 1);
	assert_false(sights[2].is_deferred);
	assert_sight(3, NIC_SEEN_INSN, 2, 2);
	assert_true(sights[3].is_deferred);
	assert_sight(4, NIC_SEEN_SWAP, 1, 4);
	assert_sight(5, NIC_SEEN_INSN, 3, back);
	assert_sight(6, NIC_SEEN_INSN, 4, back + 1);
	assert_true(sights[6].is_deferred);
	assert_int_equal(sights[7].kind, NIC_SEEN_INSN);
	assert_false(sights[7].is_deferred);
	assert_int_equal(sights[8].kind, NIC_SEEN_STOP);
	assert_int_equal(sights[8].pc, END);
	assert_int_equal(sight_cnt, 9);
}

/* Fast or not, a microengine that is watched shows every instruction. */
static void
a_watched_microengine_does_not_run_fast(void **state)
{
	(void)state;
	for (int i = 0; i < 5; i++)
		add("immed[gprA_1, 0x1]");
	add("br[.4000]");
	sight_cnt = 0;
	nic_me_set_watch(me, note, &sight_cnt);
	assert_int_equal(nic_me_start(me, 0, 0), 0);
	assert_int_equal(nic_me_run_fast(me, 100, &fault), NIC_ME_STOPPED);
	assert_int_equal(sight_cnt, 7);
	nic_me_set_watch(me, NULL, NULL);
	assert_int_equal(nic_me_start(me, 0, 0), 0);
	assert_int_equal(nic_me_run_fast(me, 100, &fault), NIC_ME_STOPPED);
	assert_int_equal(sight_cnt, 7);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
	const struct CMUnitTest tests[] = {
		TEST(the_mode_says_which_contexts_there_are),
		TEST(eight_contexts_take_turns),
		TEST(of_eight_contexts_each_has_half_the_registers),
		TEST(registers_of_the_other_mode_are_faults),
		TEST(t_index_counts_through_the_registers_of_all_contexts),
		TEST(a_command_may_be_told_its_transfer_register),
		TEST(contexts_and_microengines_signal_each_other),
		TEST(a_signal_from_outside_wakes_who_expects_it),
		TEST(wakeup_events_may_be_written_behind_the_swap),
		TEST(events_are_set_and_cleared),
		TEST(an_alarm_comes_at_its_tick),
		TEST(a_context_sets_up_and_enables_another),
		TEST(a_halt_ends_all_contexts),
		TEST(a_command_goes_with_its_context),
		TEST(a_predicate_decides_what_runs),
		TEST(a_watcher_sees_instructions_commands_and_swaps),
		TEST(a_watched_microengine_does_not_run_fast),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
