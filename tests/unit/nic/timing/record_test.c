/* SPDX-License-Identifier: BSD-2-Clause */
/* Paths as the exact microengine tells them, and as classes of a mix. */
#include "nic/timing/timing.h"

#include <string.h>

#include "tests/_cmocka.h"

#define WORDS_MAX 32u
#define EMEM_BYTES 4096u
#define STOP 100u

static struct nic_mem *mem;
static struct nic_me *me;
static struct nic_recorder rec;
static struct nic_mix *mix;

static int
begin(void **state)
{
	static uint8_t packet[256];

	(void)state;
	mem = nic_mem_new(EMEM_BYTES);
	me = mem != NULL ? nic_me_new(mem) : NULL;
	mix = nic_mix_new();
	if (me == NULL || mix == NULL)
		return -1;
	nic_me_set_stop(me, STOP, true);
	return nic_mem_set_packet(mem, 0, packet, sizeof(packet));
}

static int
end(void **state)
{
	(void)state;
	nic_me_free(me);
	nic_mem_free(mem);
	nic_mix_free(mix);
	nic_recorder_clear(&rec);
	return 0;
}

/* Runs the lines to STOP, recorded; the last has to go there. */
static void
run(const char *const *lines, bool is_fast)
{
	struct nic_asm_error error;
	struct nic_fault fault;
	uint64_t words[WORDS_MAX];
	enum nic_me_end how;
	uint32_t cnt = 0;

	for (; lines[cnt] != NULL; cnt++) {
		if (nic_parse(lines[cnt], &words[cnt], &error) < 0)
			fail_msg("%s: %s", lines[cnt], error.text);
		words[cnt] = nic_ecc_add(words[cnt]);
	}
	assert_int_equal(nic_me_load(me, 0, words, cnt), 0);
	*nic_me_gpr(me, 0, false, 1) = NIC_PACKET_ADDRESS;
	*nic_me_gpr(me, 0, true, 2) = NIC_ISLAND_EMEM << (NIC_ISLAND_SHIFT - 8) | 1;
	nic_me_set_recorder(me, &rec);
	nic_record_begin(&rec, nic_me_cycles(me));
	assert_int_equal(nic_me_start(me, 0, 0), 0);
	how = (is_fast ? nic_me_run_fast : nic_me_run)(me, 1000, &fault);
	if (how != NIC_ME_STOPPED)
		fail_msg("%u: %s: %s", fault.pc, fault.text, fault.reason);
	assert_int_equal(nic_record_end(&rec, nic_me_cycles(me), 60, NIC_FATE_TX), 0);
	nic_me_kill(me, 0);
}

static void
assert_step(uint32_t at, enum nic_timed timed, enum nic_wait wait, uint32_t cycles, uint32_t bytes)
{
	assert_true(at < rec.path.steps.cnt);
	assert_int_equal(rec.path.steps.step[at].timed, timed);
	assert_int_equal(rec.path.steps.step[at].wait, wait);
	assert_int_equal(rec.path.steps.step[at].millicycles, cycles * 1000);
	assert_int_equal(rec.path.steps.step[at].bytes, bytes);
}

static const char *const program[] = {
	"immed[gprA_4, 0x1]",
	"mem[read32_swap, $xfer_0, gprA_1, 0x8, 4], ctx_swap[sig1]", /* 1 and 2 lost */
	"alu[gprA_5, --, B, $xfer_0]",
	"mem[write8_swap, $xfer_0, gprA_1, 0x8, 3]",
	"br[.6]", /* 4 */
	"nop",
	"mem[read32_swap, $xfer_0, gprB_2, <<8, gprA_4, 2], ctx_swap[sig1], defer[2]",
	"nop",
	"nop", /* nothing lost */
	"br[.100], defer[2]",
	"nop",
	"nop", /* 1 lost */
	NULL,
};

static void
assert_program(void)
{
	assert_int_equal(rec.path.steps.cnt, 4);
	assert_step(0, NIC_TIMED_CTM, NIC_WAIT_SWAP, 1 + 3, 16);
	assert_step(1, NIC_TIMED_CTM, NIC_WAIT_NO, 2, 3);
	assert_step(2, NIC_TIMED_EMEM_READ, NIC_WAIT_SWAP, 4 + 3, 8);
	assert_step(3, NIC_TIMED_NONE, NIC_WAIT_NO, 4, 0);
	assert_int_equal(rec.path.steps.step[2].place_cnt, 1);
	assert_int_equal(rec.path.steps.step[2].places[0],
		(uint32_t)((((uint64_t)NIC_ISLAND_EMEM << NIC_ISLAND_SHIFT) + 0x101) / 4));
	assert_int_equal(rec.path.frame_bytes, 60);
	assert_int_equal(rec.path.fate, NIC_FATE_TX);
	assert_false(rec.path.is_guess);
}

static void
waiting_is_no_work(void **state)
{
	(void)state;
	run(program, false);
	assert_program();
}

static void
the_fast_mode_is_recorded_as_well(void **state)
{
	(void)state;
	run(program, true);
	assert_program();
}

static void
a_swap_without_a_command_is_a_step(void **state)
{
	static const char *const lines[] = {
		"mem[read32_swap, $xfer_0, gprA_1, 0x8, 1], sig_done[sig1]", "nop", "ctx_arb[sig1]",
		"br[.100]", NULL
	};

	(void)state;
	run(lines, false);
	assert_int_equal(rec.path.steps.cnt, 3);
	assert_step(0, NIC_TIMED_CTM, NIC_WAIT_NEXT, 1, 4);
	assert_step(1, NIC_TIMED_NONE, NIC_WAIT_SWAP, 1 + 3, 0);
	assert_step(2, NIC_TIMED_NONE, NIC_WAIT_NO, 4, 0);
}

static void
helpers_are_charged_with_the_places_they_went_to(void **state)
{
	const uint64_t at[] = { (uint64_t)NIC_ISLAND_EMEM << 32 | 64, 128 };

	(void)state;
	nic_record_begin(&rec, 1000);
	assert_null(nic_record_helper(
		&rec, 1010, "14 imem:24! 53+4n atomic:8! 24 read:64! 36", 2, 0, at, 2));
	assert_int_equal(nic_record_end(&rec, 1015, 60, NIC_FATE_DROP), 0);
	assert_int_equal(rec.path.steps.cnt, 6);
	assert_step(0, NIC_TIMED_NONE, NIC_WAIT_NO, 10, 0);
	assert_step(2, NIC_TIMED_EMEM_ATOMIC, NIC_WAIT_SWAP, 53 + 8, 8);
	assert_step(5, NIC_TIMED_NONE, NIC_WAIT_NO, 5, 0);
	assert_int_equal(rec.path.steps.step[1].place_cnt, 0);
	assert_int_equal(rec.path.steps.step[2].places[0], (uint32_t)(at[0] / 4));
	assert_int_equal(rec.path.steps.step[3].places[0], 32);
	assert_true(rec.path.is_guess);
	assert_non_null(nic_record_helper(&rec, 1016, "what", 0, 0, NULL, 0));
	nic_record_begin(&rec, 0);
	assert_false(rec.path.is_guess);
	assert_null(nic_record_helper(&rec, 0, "0", 0, 0, at, 2));
	assert_false(rec.path.is_guess);
}

static void
commands_are_known_by_where_they_go(void **state)
{
	static const struct {
		enum nic_target target;
		const char *name;
		uint64_t island;
		enum nic_timed timed;
	} cases[] = {
		{ NIC_TARGET_MEM, "read32_swap", NIC_ISLAND_LOCAL, NIC_TIMED_CTM },
		{ NIC_TARGET_MEM, "add", NIC_ISLAND_LOCAL, NIC_TIMED_CTM },
		{ NIC_TARGET_MEM, "read32", NIC_ISLAND_EMEM, NIC_TIMED_EMEM_READ },
		{ NIC_TARGET_MEM, "write32", NIC_ISLAND_EMEM, NIC_TIMED_EMEM_WRITE },
		{ NIC_TARGET_MEM, "add", NIC_ISLAND_EMEM, NIC_TIMED_EMEM_ATOMIC },
		{ NIC_TARGET_MEM, "read32", NIC_ISLAND_IMEM, NIC_TIMED_IMEM },
		{ NIC_TARGET_MEM, "read32", 48, NIC_TIMED_REMOTE },
		{ NIC_TARGET_CLS, "read", 0, NIC_TIMED_CLS },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(nic_timed_of(nic_command_by_name(cases[i].target, cases[i].name),
					 cases[i].island << NIC_ISLAND_SHIFT),
			cases[i].timed);
}

/* ---- classes ---- */

static int
add(const char *text, enum nic_fate fate, uint32_t bytes)
{
	struct nic_path path = { .frame_bytes = bytes, .fate = fate };
	int class;

	assert_null(nic_steps_read(&path.steps, text, 0, 0));
	class = nic_mix_add(mix, &path, 1);
	nic_steps_clear(&path.steps);
	return class;
}

static void
a_class_is_its_steps_fate_and_size(void **state)
{
	(void)state;
	assert_int_equal(add("1 ctm:4! 2", NIC_FATE_DROP, 60), 0);
	assert_int_equal(add("1 ctm:4! 2", NIC_FATE_PASS, 60), 1);
	assert_int_equal(add("1 ctm:8! 2", NIC_FATE_DROP, 60), 2);
	assert_int_equal(add("1 ctm:4 2", NIC_FATE_DROP, 60), 3);
	assert_int_equal(add("2 ctm:4! 2", NIC_FATE_DROP, 60), 4);
	assert_int_equal(add("1 cls:4! 2", NIC_FATE_DROP, 60), 5);
	assert_int_equal(add("1 ctm:4! 2", NIC_FATE_DROP, 40), 0);
	assert_int_equal(add("1 ctm:4! 2", NIC_FATE_DROP, 61), 6);
	assert_int_equal(add("1 ctm:4! 2", NIC_FATE_DROP, 188), 6);
	assert_int_equal(add("1 ctm:4! 2", NIC_FATE_DROP, 189), 7);
	nic_mix_count(mix, 0, 8, 800);
	nic_mix_count(mix, 99, 8, 800);
	assert_int_equal(nic_mix_class(mix, 0)->packets, 10);
	assert_int_equal(nic_mix_class(mix, 0)->bytes, 900);
	assert_int_equal(nic_mix_class_cnt(mix), 8);
	assert_null(nic_mix_class(mix, 8));
}

static void
many_classes_are_found_again(void **state)
{
	char text[32];

	(void)state;
	for (int round = 0; round < 2; round++)
		for (int i = 0; i < 1000; i++) {
			snprintf(text, sizeof(text), "%d ctm:4! %d", i, i % 7);
			assert_int_equal(add(text, NIC_FATE_DROP, 60), i);
		}
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, begin, end)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(waiting_is_no_work),
		TEST(the_fast_mode_is_recorded_as_well),
		TEST(a_swap_without_a_command_is_a_step),
		TEST(helpers_are_charged_with_the_places_they_went_to),
		TEST(commands_are_known_by_where_they_go),
		TEST(a_class_is_its_steps_fate_and_size),
		TEST(many_classes_are_found_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
