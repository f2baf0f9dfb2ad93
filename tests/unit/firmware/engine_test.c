/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The datapath, with microcode written for each test: what a program finds, what its result does,
 * helpers by their register convention (nfp-isa.md 8), faults, programs that are replaced.
 */
#include "tests/unit/firmware/messages.h"
#include "tests/unit/firmware/microcode.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#define TAILROOM 64u

static uint8_t buffer[NIC_FRAME_OFFSET + 20000];

#define LOAD(...) load_microcode(fw, (const char *const[]){ __VA_ARGS__, NULL })
#define DONE "br[.1]"
#define RESULT(byte) "immed[gprA_0, 0x0]", "ld_field[gprA_0, 1100, " byte ", <<16]"

static struct nic_frame
frame_of(uint32_t bytes)
{
	return (struct nic_frame){
		.data = buffer + NIC_FRAME_OFFSET, .bytes = bytes, .tailroom = TAILROOM
	};
}

/* On both ways to run, which must say the same; the fault of the last, NULL: none. */
static const char *
run(struct nic_frame *frame, struct nic_engine_stats *stats)
{
	static char reason[NIC_TEXT_MAX];
	const struct nic_frame before = *frame;
	struct nic_frame other = *frame;

	for (int exact = 1; exact >= 0; exact--) {
		struct nic_engine *engine = nic_engine_new(fw, 0, exact);

		assert_non_null(engine);
		*frame = before;
		assert_int_equal(nic_engine_run(engine, frame), 0);
		reason[0] = '\0';
		if (nic_engine_fault(engine))
			snprintf(reason, sizeof(reason), "%s", nic_engine_fault(engine)->reason);
		if (stats)
			*stats = nic_engine_stats(engine);
		if (exact)
			other = *frame;
		nic_engine_free(engine);
	}
	assert_int_equal(other.verdict, frame->verdict);
	assert_int_equal(other.bytes, frame->bytes);
	assert_ptr_equal(other.data, frame->data);
	return reason[0] ? reason : NULL;
}

/* ---- results ---- */

static void
the_result_says_what_becomes_of_the_frame(void **state)
{
	static const struct {
		const char *lines[4];
		enum nic_verdict verdict;
		int stat;
	} cases[] = {
		{ { RESULT("0x11"), DONE }, NIC_VERDICT_PASS, 0 },
		{ { RESULT("0x22"), DONE }, NIC_VERDICT_DROP, 1 },
		{ { RESULT("0x44"), DONE }, NIC_VERDICT_TX, 2 },
		{ { RESULT("0x82"), DONE }, NIC_VERDICT_DROP, 3 },
		{ { RESULT("0x02"), DONE }, NIC_VERDICT_DROP, -1 },
		{ { RESULT("0x33"), DONE }, NIC_VERDICT_DROP, 0 }, /* drop is looked at first */
		{ { RESULT("0x40"), DONE }, NIC_VERDICT_TX, 2 },   /* neither: redirect */
	};
	struct nic_engine_stats stats;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct nic_frame frame = frame_of(100);

		load_microcode(fw, cases[i].lines);
		assert_null(run(&frame, &stats));
		assert_int_equal(frame.verdict, cases[i].verdict);
		assert_int_equal(frame.stat, cases[i].stat);
		assert_int_equal(stats.insns, 3);
		for (int s = 0; s < NIC_STAT_CNT; s++) {
			assert_int_equal(stats.frames[s], s == cases[i].stat);
			assert_int_equal(stats.bytes[s], s == cases[i].stat ? 100 : 0);
		}
		assert_int_equal(stats.uncounted, cases[i].stat < 0);
	}
}

static void
without_a_program_frames_pass(void **state)
{
	struct nic_frame frame = frame_of(60);

	(void)state;
	assert_null(run(&frame, NULL));
	assert_int_equal(frame.verdict, NIC_VERDICT_PASS);
	assert_false(frame.bpf_ran);
	LOAD(RESULT("0x11"), DONE);
	assert_null(run(&frame, NULL));
	assert_true(frame.bpf_ran);
	frame.port = 1;
	assert_null(run(&frame, NULL));
	assert_false(frame.bpf_ran);
	frame.port = 77;
	assert_null(run(&frame, NULL));
	assert_false(frame.bpf_ran);
	frame.bytes = NIC_FRAME_BYTES_MAX + 1;
	struct nic_engine *engine = nic_engine_new(fw, 0, false);
	assert_int_equal(nic_engine_run(engine, &frame), -EINVAL);
	nic_engine_free(engine);
}

/* ---- what a program finds and changes ---- */

static void
a_program_finds_length_and_packet(void **state)
{
	struct nic_frame frame = frame_of(77);

	(void)state;
	/* the length into the second byte of the packet */
	LOAD("immed[gprB_22, 0x3fff]", "alu[gprB_22, gprB_22, AND, *l$index1]",
		"alu[$xfer_0, --, B, gprB_22]", "alu[gprA_2, --, B, *l$index1[2]]",
		"mem[write8_swap, $xfer_0, gprA_2, 0x1, 1], ctx_swap[sig1]", RESULT("0x11"), DONE);
	memset(buffer, 0, sizeof(buffer));
	assert_null(run(&frame, NULL));
	assert_int_equal(buffer[NIC_FRAME_OFFSET], 0);
	assert_int_equal(buffer[NIC_FRAME_OFFSET + 1], 77);
	assert_int_equal(buffer[NIC_FRAME_OFFSET + 2], 0);
}

static void
length_and_beginning_can_be_changed(void **state)
{
	struct nic_frame frame = frame_of(77);

	(void)state;
	/* ten bytes more in front */
	LOAD("alu[*l$index1[2], *l$index1[2], -, 0xa]", "alu[*l$index1, *l$index1, +, 0xa]",
		RESULT("0x44"), DONE);
	assert_null(run(&frame, NULL));
	assert_int_equal(frame.verdict, NIC_VERDICT_TX);
	assert_int_equal(frame.bytes, 87);
	assert_ptr_equal(frame.data, buffer + NIC_FRAME_OFFSET - 10);
	assert_int_equal(frame.tailroom, TAILROOM);

	frame = frame_of(77);
	LOAD("alu[*l$index1, *l$index1, -, 0xa]", RESULT("0x11"), DONE);
	assert_null(run(&frame, NULL));
	assert_int_equal(frame.bytes, 67);
	assert_int_equal(frame.tailroom, TAILROOM + 10);
}

static void
a_frame_outside_of_its_buffer_is_a_fault(void **state)
{
	struct nic_frame frame = frame_of(77);

	(void)state;
	LOAD("alu[*l$index1, *l$index1, +, 0x41]", RESULT("0x11"), DONE);
	assert_string_equal(
		run(&frame, NULL), "the packet vector has a frame outside of its buffer");
	assert_int_equal(frame.verdict, NIC_VERDICT_FAULT);
	frame = frame_of(77);
	LOAD("alu[*l$index1[2], --, B, 0x0]", RESULT("0x11"), DONE);
	assert_string_equal(
		run(&frame, NULL), "the packet vector has a frame outside of its buffer");
}

static void
a_queue_can_be_chosen(void **state)
{
	struct nic_frame frame = frame_of(77);

	(void)state;
	LOAD("ld_field[*l$index1[6], 0001, 0x7]", "alu[*l$index1[4], *l$index1[4], OR, 0x10]",
		RESULT("0x11"), DONE);
	assert_null(run(&frame, NULL));
	assert_true(frame.has_queue);
	assert_int_equal(frame.queue, 7);
}

static void
frames_of_all_lengths(void **state)
{
	(void)state;
	LOAD(RESULT("0x22"), DONE);
	for (uint32_t bytes = 0; bytes <= NIC_FRAME_BYTES_MAX; bytes += bytes < 2100 ? 1 : 97) {
		struct nic_frame frame = frame_of(bytes);

		assert_null(run(&frame, NULL));
		assert_int_equal(frame.bytes, bytes);
		assert_ptr_equal(frame.data, buffer + NIC_FRAME_OFFSET);
	}
}

/* ---- faults ---- */

static void
faults_cost_the_frame_and_are_counted(void **state)
{
	struct nic_engine *engine = nic_engine_new(fw, 0, false);
	struct nic_frame frame = frame_of(60);

	(void)state;
	LOAD(".word 0x1fffffffffff");
	assert_int_equal(nic_engine_run(engine, &frame), 0);
	assert_int_equal(frame.verdict, NIC_VERDICT_FAULT);
	LOAD("br[.2592]");
	for (int i = 0; i < 2; i++)
		assert_int_equal(nic_engine_run(engine, &frame), 0);
	assert_string_equal(
		nic_engine_fault(engine)->reason, "the program does not come to an end");
	assert_int_equal(nic_engine_stats(engine).faults, 3);
	assert_int_equal(nic_engine_faults(engine)[0].cnt, 1);
	assert_int_equal(nic_engine_faults(engine)[1].cnt, 2);
	assert_null(nic_engine_faults(engine)[2].reason);
	LOAD(RESULT("0x11"), DONE);
	assert_int_equal(nic_engine_run(engine, &frame), 0);
	assert_int_equal(frame.verdict, NIC_VERDICT_PASS);
	nic_engine_free(engine);
}

/* ---- helpers ---- */

#define LOOKUP "br[.992], defer[2]"
#define UPDATE "br[.1008], defer[2]"
#define DELETE "br[.1024], defer[2]"
/* Key: 4 bytes on the stack; B0 the address to come back to, A0 the map. */
#define CALL(helper, back, map, key)                                                               \
	"immed[*l$index0, " key "]", "immed[gprA_0, " map "]", helper, "immed[gprB_0, " back "]",  \
		"nop"

static uint64_t
value_of(uint32_t map, uint32_t key)
{
	uint64_t value = 0;

	operate_one(fw, NIC_CCM_MAP_LOOKUP, map, 0, key, &value);
	return value;
}

static void
lookup_gives_the_values_address(void **state)
{
	struct nic_engine_stats stats;
	struct nic_frame frame = frame_of(60);
	uint64_t value = 0x0807060504030201;
	uint32_t map;

	(void)state;
	assert_int_equal(alloc_map(fw, BPF_MAP_TYPE_HASH, 4, 8, 8, &map), NIC_CCM_OK);
	assert_int_equal(map, 1);
	assert_int_equal(operate_one(fw, NIC_CCM_MAP_UPDATE, map, 0, 5, &value), NIC_CCM_OK);
	/* the value's second word is read and becomes the length */
	LOAD(CALL(LOOKUP, "0xa25", "0x1", "0x5"), "alu[gprA_2, --, B, gprA_0]",
		"alu[gprB_3, --, B, gprB_1]",
		"mem[read32_swap, $xfer_0, gprB_3, <<8, gprA_2, 2], ctx_swap[sig1]",
		"ld_field[*l$index1, 0001, $xfer_1]", RESULT("0x11"), DONE);
	assert_null(run(&frame, &stats));
	assert_int_equal(frame.bytes, 5);
	assert_int_equal(stats.helper_calls, 1);
	assert_int_equal(stats.lookups[NIC_FOUND_PRIMARY], 1);
	assert_int_equal(stats.helper_insns, 114 + 6);
	assert_int_equal(stats.helper_cycles, 127 + 6);
	/* a key that is not there: 0, which becomes the length */
	frame = frame_of(60);
	LOAD(CALL(LOOKUP, "0xa25", "0x1", "0x6"), "alu[gprA_2, gprA_0, OR, gprB_1]",
		"ld_field[*l$index1, 0001, gprA_2]", RESULT("0x11"), DONE);
	assert_null(run(&frame, &stats));
	assert_int_equal(frame.bytes, 0);
	assert_int_equal(stats.lookups[NIC_FOUND_EMPTY], 1);
	/* nor is a map that is none */
	frame = frame_of(60);
	LOAD(CALL(LOOKUP, "0xa25", "0x9", "0x5"), "alu[gprA_2, gprA_0, OR, gprB_1]",
		"ld_field[*l$index1, 0001, gprA_2]", RESULT("0x11"), DONE);
	assert_null(run(&frame, &stats));
	assert_int_equal(frame.bytes, 0);
}

static void
programs_update_and_delete(void **state)
{
	struct nic_frame frame = frame_of(60);
	uint32_t map;

	(void)state;
	assert_int_equal(alloc_map(fw, BPF_MAP_TYPE_HASH, 4, 8, 8, &map), NIC_CCM_OK);
	/* the value is at LM2, which is somewhere until it is set: local memory 0x900 */
	LOAD("immed[gprA_4, 0x900]", "local_csr_wr[ActLMAddr2, gprA_4]", "nop", "nop", "nop",
		"immed[*l$index2, 0x1234]", "immed[*l$index2[1], 0x56]", "immed[gprA_8, 0x0]",
		"immed[gprA_9, 0x0]", CALL(UPDATE, "0xa2e", "0x1", "0x5"), RESULT("0x11"), DONE);
	assert_null(run(&frame, NULL));
	assert_true(value_of(map, 5) == 0x5600001234);
	LOAD(CALL(DELETE, "0xa25", "0x1", "0x5"), RESULT("0x11"), DONE);
	assert_null(run(&frame, NULL));
	assert_true(value_of(map, 5) == 0);
}

static void
a_helper_spoils_what_the_card_would(void **state)
{
	struct nic_engine *engine = nic_engine_new(fw, 0, true);
	struct nic_frame frame = frame_of(60);

	(void)state;
	LOAD("immed[gprA_12, 0x77]", "immed[gprA_4, 0x66]", CALL(LOOKUP, "0xa27", "0x1", "0x5"),
		RESULT("0x11"), DONE);
	assert_int_equal(nic_engine_run(engine, &frame), 0);
	assert_int_equal(*nic_me_gpr(nic_engine_me(engine), 0, false, 12), 0x77);
	assert_int_not_equal(*nic_me_gpr(nic_engine_me(engine), 0, false, 4), 0x66);
	nic_engine_free(engine);
}

/* r2 the map, r3 the cpu and how much of the packet, r4 data on the stack, r5 its length; A1 says
 * that it is the stack. */
static void
events_wait_for_the_host_until_there_are_too_many(void **state)
{
	struct nic_frame frame = frame_of(60);
	uint8_t message[256];

	(void)state;
	memset(frame.data, 0xab, 60);
	LOAD("immed[*l$index0, 0x4321]", "immed[gprA_4, 0x7]", "immed[gprA_5, 0x0]",
		"immed[gprA_6, 0x3]", "immed[gprA_7, 0x5]", "immed[gprA_8, 0x800]",
		"immed[gprA_9, 0x0]", "immed[gprA_10, 0x2]", "immed[gprA_1, 0x6]",
		"br[.1040], defer[2]", "immed[gprB_0, 0xa2c]", "nop", RESULT("0x11"), DONE);
	assert_int_equal(nic_fw_event(fw, message, sizeof(message)), 0);
	assert_null(run(&frame, NULL)); /* twice: exactly and fast */
	for (int i = 0; i < 2; i++) {
		assert_int_equal(
			nic_fw_event(fw, message, sizeof(message)), NIC_CCM_EVENT_BYTES + 8 + 2);
		assert_int_equal(message[NIC_CCM_TYPE], NIC_CCM_BPF_EVENT);
		assert_int_equal(get32(message, NIC_CCM_EVENT_CPU), 3);
		assert_int_equal(get32(message, NIC_CCM_EVENT_MAP + 4), 7);
		assert_int_equal(get32(message, NIC_CCM_EVENT_DATA_BYTES), 2);
		assert_int_equal(get32(message, NIC_CCM_EVENT_PACKET_BYTES), 5);
		assert_memory_equal(
			message + NIC_CCM_EVENT_BYTES, "\xab\xab\xab\xab\xab\0\0\0\x21\x43", 10);
	}
	assert_int_equal(nic_fw_event(fw, message, sizeof(message)), 0);
	assert_int_equal(nic_fw_events_lost(fw), 0);
	for (int i = 0; i < 600; i++)
		assert_null(run(&frame, NULL));
	assert_int_equal(nic_fw_events_lost(fw), 1200 - 1024);
}

/* ---- replacing ---- */

#define FRAMES 20000
#define FRAMES_MAX 20000000

static void *
replace(void *stop)
{
	while (!__atomic_load_n((bool *)stop, __ATOMIC_RELAXED)) {
		LOAD("immed[gprA_2, 0x0]", RESULT("0x22"), DONE);
		LOAD("immed[gprA_2, 0x1]", "nop", RESULT("0x11"), DONE);
	}
	return NULL;
}

/* The first word of one program and the end of the other would be a verdict with the wrong r1. */
static void
a_frame_sees_one_program_whole(void **state)
{
	struct nic_engine *engine = nic_engine_new(fw, 0, false);
	uint32_t seen[2] = { 0 };
	bool stop = false;
	pthread_t thread;

	(void)state;
	LOAD("immed[gprA_2, 0x0]", RESULT("0x22"), DONE);
	pthread_create(&thread, NULL, replace, &stop);
	for (int i = 0; i < FRAMES || (i < FRAMES_MAX && (!seen[0] || !seen[1])); i++) {
		struct nic_frame frame = frame_of(60);

		assert_int_equal(nic_engine_run(engine, &frame), 0);
		assert_int_equal(frame.verdict, *nic_me_gpr(nic_engine_me(engine), 0, false, 2)
							? NIC_VERDICT_PASS
							: NIC_VERDICT_DROP);
		seen[frame.verdict == NIC_VERDICT_PASS]++;
	}
	__atomic_store_n(&stop, true, __ATOMIC_RELAXED);
	pthread_join(thread, NULL);
	print_message("%u of the one, %u of the other\n", seen[0], seen[1]);
	assert_true(seen[0] && seen[1]);
	assert_int_equal(nic_engine_stats(engine).faults, 0);
	nic_engine_free(engine);
}

static void
what_does_not_fit_is_not_loaded(void **state)
{
	uint64_t *words = calloc(card.max_len + 1, sizeof(*words));

	(void)state;
	assert_int_equal(nic_fw_load(fw, 0, words, card.max_len + 1), -E2BIG);
	assert_int_equal(nic_fw_load(fw, NIC_FW_PORTS, words, 1), -ENODEV);
	assert_int_equal(nic_fw_load(fw, 1, words, card.max_len), 0);
	assert_int_equal(nic_fw_start(fw, 1), card.start + card.max_len);
	free(words);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(the_result_says_what_becomes_of_the_frame),
		CASE(without_a_program_frames_pass),
		CASE(a_program_finds_length_and_packet),
		CASE(length_and_beginning_can_be_changed),
		CASE(a_frame_outside_of_its_buffer_is_a_fault),
		CASE(a_queue_can_be_chosen),
		CASE(frames_of_all_lengths),
		CASE(faults_cost_the_frame_and_are_counted),
		CASE(lookup_gives_the_values_address),
		CASE(programs_update_and_delete),
		CASE(a_helper_spoils_what_the_card_would),
		CASE(events_wait_for_the_host_until_there_are_too_many),
		CASE(a_frame_sees_one_program_whole),
		CASE(what_does_not_fit_is_not_loaded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
