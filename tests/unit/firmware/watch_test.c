/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Paths of frames, as an engine keeps them for the timing model: every frame is run once, counted
 * once, and what runs fast is known by what ran exactly. Microcode written for each test.
 */
#include "tests/unit/firmware/messages.h"
#include "tests/unit/firmware/microcode.h"

#include <math.h>
#include <stdlib.h>

#define FRAMES 40000u
#define FIRST 1024u /* that are recorded in any case */

static uint8_t buffer[NIC_FRAME_OFFSET + 2000];

#define LOAD(...) load_microcode(fw, (const char *const[]){ __VA_ARGS__, NULL })
#define LENGTH_TO(reg) "immed[gprB_22, 0x3fff]", "alu[" reg ", gprB_22, AND, *l$index1]"
#define DROP "immed[gprA_0, 0x0]", "ld_field[gprA_0, 1100, 0x22, <<16]", "br[.1]"
/* The element of map 1 whose key is B12; its address in A2 and B3. At .2594 to .2601. */
#define LOOKUP                                                                                     \
	"alu[*l$index0, --, B, gprB_12]", "immed[gprA_0, 0x1]", "br[.992], defer[2]",              \
		"immed[gprB_0, 0xa28]", "nop", "nop", "alu[gprA_2, --, B, gprB_0]",                \
		"alu[gprB_3, --, B, gprB_1]"

/* As many rounds of 2 instructions and 5 cycles as the frame has bytes. */
static void
load_rounds(void)
{
	LOAD(LENGTH_TO("gprA_2"), "alu[gprA_2, gprA_2, -, 0x1]", "bne[.2594]", DROP);
}

static void
make_array(void)
{
	uint32_t map;

	assert_int_equal(alloc_map(fw, BPF_MAP_TYPE_ARRAY, 4, 8, 2048, &map), NIC_CCM_OK);
	assert_int_equal(map, 1);
}

/* The number-th frame's length. */
typedef uint32_t bytes_fn(uint32_t number);

/* What is kept of so many frames. */
static struct nic_mix *
watch(uint32_t frames, bytes_fn *bytes)
{
	struct nic_engine *engine = nic_engine_new(fw, 0, false);
	struct nic_mix *mix = nic_mix_new();

	assert_int_equal(nic_engine_watch(engine, false, NULL), 0);
	for (uint32_t i = 0; i < frames; i++) {
		struct nic_frame frame = {
			.data = buffer + NIC_FRAME_OFFSET, .bytes = bytes(i), .tailroom = 64
		};

		assert_int_equal(nic_engine_run(engine, &frame), 0);
		assert_int_equal(frame.verdict, NIC_VERDICT_DROP);
	}
	assert_int_equal(nic_engine_paths(engine, mix), 0);
	nic_engine_free(engine);
	return mix;
}

static uint64_t
packets_of(const struct nic_mix *mix, uint64_t *bytes)
{
	uint64_t packets = 0;

	*bytes = 0;
	for (uint32_t i = 0; i < nic_mix_class_cnt(mix); i++) {
		packets += nic_mix_class(mix, i)->packets;
		*bytes += nic_mix_class(mix, i)->bytes;
	}
	return packets;
}

/* The class whose program issues so many cycles; NULL: none. */
static const struct nic_class *
class_of_cycles(const struct nic_mix *mix, uint32_t cycles)
{
	for (uint32_t i = 0; i < nic_mix_class_cnt(mix); i++)
		if (nic_steps_cycles(&nic_mix_class(mix, i)->path.steps) == cycles)
			return nic_mix_class(mix, i);
	return NULL;
}

/* 70 to 79, each as often, in no order. */
static uint32_t
ten_lengths(uint32_t i)
{
	return 70 + (i * 7 + i / 10) % 10;
}

static uint32_t
ten_lengths_in_order(uint32_t i)
{
	return 70 + i / (FRAMES / 10);
}

static void
every_frame_is_of_the_path_it_took(void **state)
{
	struct nic_mix *mix;
	uint64_t bytes;

	(void)state;
	load_rounds();
	mix = watch(FRAMES, ten_lengths);
	assert_int_equal(nic_mix_class_cnt(mix), 10);
	assert_int_equal(packets_of(mix, &bytes), FRAMES);
	assert_int_equal(bytes, FRAMES * 74.5);
	for (uint32_t length = 70; length < 80; length++) {
		/* the last round's branch is not taken */
		const struct nic_class *class = class_of_cycles(mix, 2 + 5 * length - 3 + 3 + 3);

		assert_non_null(class);
		assert_int_equal(class->packets, FRAMES / 10);
		assert_int_equal(class->bytes, FRAMES / 10 * length);
	}
	nic_mix_free(mix);
}

static double
predict(const struct nic_mix *mix)
{
	struct nic_predict_options options = { 0 };
	struct nic_prediction p;

	assert_int_equal(nic_predict(&card, mix, &options, &p), 0);
	return p.cycles_per_packet;
}

static void
the_order_of_packets_hardly_matters(void **state)
{
	struct nic_mix *mixed, *again, *in_order;

	(void)state;
	load_rounds();
	mixed = watch(FRAMES, ten_lengths);
	again = watch(FRAMES, ten_lengths);
	in_order = watch(FRAMES, ten_lengths_in_order);
	assert_true(predict(mixed) == predict(again));
	assert_true(fabs(predict(in_order) / predict(mixed) - 1) < 0.01);
	nic_mix_free(mixed);
	nic_mix_free(again);
	nic_mix_free(in_order);
}

/* Once, when nothing is recorded any more. */
static uint32_t
one_is_long(uint32_t i)
{
	return i == 3 * FIRST + 100 ? 99 : 70;
}

static void
a_path_that_never_was_recorded_has_its_cycles(void **state)
{
	struct nic_mix *mix;
	uint64_t bytes;

	(void)state;
	load_rounds();
	mix = watch(FRAMES, one_is_long);
	assert_int_equal(packets_of(mix, &bytes), FRAMES);
	assert_int_equal(bytes, (FRAMES - 1) * 70 + 99);
	assert_int_equal(nic_mix_class_cnt(mix), 2);
	assert_non_null(class_of_cycles(mix, 2 + 5 * 99 - 3 + 3 + 3));
	nic_mix_free(mix);
}

static uint32_t
thousands_of_lengths(uint32_t i)
{
	return 1 + i * 7919 % 1900;
}

/* More keys than there is room for come from lengths and verdicts, were a program to make them. */
static void
many_paths_are_kept_apart(void **state)
{
	struct nic_mix *mix;
	uint64_t bytes;

	(void)state;
	load_rounds();
	mix = watch(FRAMES, thousands_of_lengths);
	assert_int_equal(packets_of(mix, &bytes), FRAMES);
	assert_int_equal(nic_mix_class_cnt(mix), 1900);
	nic_mix_free(mix);
}

/* ---- side effects ---- */

static uint64_t
value_of(uint32_t key)
{
	uint64_t value = 0;

	operate_one(fw, NIC_CCM_MAP_LOOKUP, 1, 0, key, &value);
	return be32toh((uint32_t)value); /* as the card adds */
}

static void
nothing_happens_twice(void **state)
{
	struct nic_mix *mix;

	(void)state;
	make_array();
	LOAD(LENGTH_TO("gprB_12"), LOOKUP, "immed[gprB_4, 0x1]", "alu[$xfer_0, --, B, gprB_4]",
		"mem[add, $xfer_0, gprB_3, <<8, gprA_2, 1], ctx_swap[sig1]", DROP);
	mix = watch(FRAMES, ten_lengths);
	for (uint32_t length = 70; length < 80; length++)
		assert_int_equal(value_of(length), FRAMES / 10);
	nic_mix_free(mix);
}

/* ---- helpers ---- */

static uint32_t
always_70(uint32_t i)
{
	(void)i;
	return 70;
}

static uint32_t
distinct_places(const struct nic_step *step)
{
	uint32_t cnt = 0;

	for (uint32_t i = 0; i < step->place_cnt; i++) {
		uint32_t k = 0;

		while (k < i && step->places[k] != step->places[i])
			k++;
		cnt += k == i;
	}
	return cnt;
}

static void
a_lookup_costs_what_the_card_says_where_it_went(void **state)
{
	static const struct {
		enum nic_timed timed;
		uint32_t bytes;
	} wanted[] = { { NIC_TIMED_IMEM, 24 }, { NIC_TIMED_EMEM_ATOMIC, 8 },
		{ NIC_TIMED_EMEM_READ, 64 }, { NIC_TIMED_EMEM_ATOMIC, 8 } };
	const struct nic_class *hot, *spread;
	struct nic_mix *mix;

	(void)state;
	make_array();
	LOAD(LENGTH_TO("gprB_12"), LOOKUP, DROP);
	mix = watch(FIRST, always_70);
	hot = nic_mix_class(mix, 0);
	assert_true(hot->path.is_guess);
	/* 7 instructions and a lost cycle; 133 of the helper for a key of a word; 5 and 3 lost */
	assert_int_equal(nic_steps_cycles(&hot->path.steps), 7 + 1 + 133 + 5 + 3);
	for (uint32_t i = 0, n = 0; i < hot->path.steps.cnt; i++) {
		const struct nic_step *step = &hot->path.steps.step[i];

		if (step->timed == NIC_TIMED_NONE)
			continue;
		assert_int_equal(step->timed, wanted[n].timed);
		assert_int_equal(step->bytes, wanted[n].bytes);
		assert_int_equal(distinct_places(step), step->timed != NIC_TIMED_IMEM);
		n++;
	}
	nic_mix_free(mix);
	mix = watch(FRAMES, ten_lengths);
	assert_int_equal(nic_mix_class_cnt(mix), 1);
	spread = nic_mix_class(mix, 0);
	for (uint32_t i = 0; i < spread->path.steps.cnt; i++)
		if (spread->path.steps.step[i].timed == NIC_TIMED_EMEM_READ)
			assert_true(distinct_places(&spread->path.steps.step[i]) > 5);
	nic_mix_free(mix);
}

/* 68 or 71: a quarter is the latter. */
static uint32_t
a_quarter_is_longer(uint32_t i)
{
	return i * UINT32_C(2654435761) >> 30 == 0 ? 71 : 68;
}

/* A read of the packet, or of the EMEM, after as many instructions and cycles. */
static void
paths_with_one_key_are_told_apart_by_samples(void **state)
{
	uint64_t packets[NIC_TIMED_CNT] = { 0 };
	struct nic_mix *mix;

	(void)state;
	make_array();
	LOAD(LENGTH_TO("gprB_12"), LOOKUP, "alu[gprA_4, --, B, *l$index1[2]]",
		"alu[gprA_5, --, B, gprB_12]", "alu[--, gprA_5, -, 0x46]", "bcc[.2608]",
		"mem[read32_swap, $xfer_0, gprA_4, 0x0, 1], ctx_swap[sig1]", "br[.2610]",
		"mem[read32_swap, $xfer_0, gprB_3, <<8, gprA_2, 1], ctx_swap[sig1]", "nop", DROP);
	mix = watch(FRAMES, a_quarter_is_longer);
	assert_int_equal(nic_mix_class_cnt(mix), 2);
	for (uint32_t i = 0; i < 2; i++) {
		const struct nic_class *class = nic_mix_class(mix, i);

		for (uint32_t s = 0; s < class->path.steps.cnt; s++)
			if (class->path.steps.step[s].bytes == 4)
				packets[class->path.steps.step[s].timed] += class->packets;
	}
	assert_int_equal(packets[NIC_TIMED_CTM] + packets[NIC_TIMED_EMEM_READ], FRAMES);
	assert_in_range(packets[NIC_TIMED_CTM], FRAMES * 22 / 100, FRAMES * 28 / 100);
	nic_mix_free(mix);
}

/* As many instructions and cycles of the microengine, but what the helper found is another thing.
 */
static void
what_a_lookup_found_tells_paths_apart(void **state)
{
	uint64_t value = 1, longer = 0;
	struct nic_mix *mix;
	uint32_t map;

	(void)state;
	assert_int_equal(alloc_map(fw, BPF_MAP_TYPE_HASH, 4, 8, 8, &map), NIC_CCM_OK);
	assert_int_equal(map, 1);
	assert_int_equal(operate_one(fw, NIC_CCM_MAP_UPDATE, map, 0, 68, &value), NIC_CCM_OK);
	LOAD(LENGTH_TO("gprB_12"), LOOKUP, DROP);
	mix = watch(FRAMES, a_quarter_is_longer);
	for (uint32_t i = 0; i < FRAMES; i++)
		longer += a_quarter_is_longer(i) == 71;
	assert_int_equal(nic_mix_class_cnt(mix), 2);
	assert_int_equal(class_of_cycles(mix, 7 + 1 + 133 + 5 + 3)->packets, FRAMES - longer);
	assert_int_equal(class_of_cycles(mix, 7 + 1 + 103 + 5 + 3)->packets, longer);
	nic_mix_free(mix);
}

/* ---- events ---- */

/* So many bytes of the packet, or what there is, and of the stack. To .2603. */
#define EVENT(packet, data)                                                                        \
	"immed[gprA_4, 0x7]", "immed[gprA_5, 0x0]", "immed[gprA_6, 0x3]",                          \
		"immed[gprA_7, " packet "]", "immed[gprA_8, 0x800]", "immed[gprA_9, 0x0]",         \
		"immed[gprA_10, " data "]", "immed[gprA_1, 0x6]", "br[.1040], defer[2]",           \
		"immed[gprB_0, 0xa2b]", "nop"

static uint32_t
always_200(uint32_t i)
{
	(void)i;
	return 200;
}

/* 100 bytes of the packet are two pieces, 10 of the stack one. */
static void
an_event_costs_its_pieces_and_a_place_on_the_way_to_the_host(void **state)
{
	static const struct {
		enum nic_timed timed;
		uint32_t bytes;
	} wanted[] = { { NIC_TIMED_EMEM_RING, 4 }, { NIC_TIMED_EMEM_WRITE, 24 },
		{ NIC_TIMED_CTM, 64 }, { NIC_TIMED_EMEM_WRITE, 64 }, { NIC_TIMED_CTM, 64 },
		{ NIC_TIMED_EMEM_WRITE, 64 }, { NIC_TIMED_EMEM_WRITE, 64 }, { NIC_TIMED_REMOTE, 4 },
		{ NIC_TIMED_EMEM_RING, 16 } };
	struct nic_predict_options options = { 0 };
	const struct nic_class *class;
	struct nic_prediction p;
	struct nic_mix *mix;
	uint32_t n = 0;

	(void)state;
	LOAD(EVENT("0x64", "0xa"), DROP);
	mix = watch(FIRST, always_200);
	assert_int_equal(nic_mix_class_cnt(mix), 1);
	class = nic_mix_class(mix, 0);
	for (uint32_t i = 0; i < class->path.steps.cnt; i++) {
		const struct nic_step *step = &class->path.steps.step[i];

		if (step->timed == NIC_TIMED_NONE)
			continue;
		assert_in_range(n, 0, sizeof(wanted) / sizeof(wanted[0]) - 1);
		assert_int_equal(step->timed, wanted[n].timed);
		assert_int_equal(step->bytes, wanted[n++].bytes);
	}
	assert_int_equal(n, sizeof(wanted) / sizeof(wanted[0]));
	/* 11 and a lost cycle; buffer and header, 16 and 9 words of the packet, 3 of the stack, the
	 * queue; 3 and 3 lost */
	assert_int_equal(nic_steps_cycles(&class->path.steps),
		12 + 36 + (14 + 16) + (14 + 9) + (8 + 3) + 68 + 6);
	assert_true(class->path.is_guess);
	assert_int_equal(nic_predict(&card, mix, &options, &p), 0);
	assert_true(p.limit_mpps[NIC_BOUND_HOST] < 100); /* of packets that are dropped */
	nic_mix_free(mix);
}

static uint32_t
a_piece_or_two(uint32_t i)
{
	return 64 + i % 2;
}

static void
pieces_of_an_event_tell_paths_apart(void **state)
{
	struct nic_mix *mix;

	(void)state;
	LOAD(EVENT("0xfff", "0x0"), DROP);
	mix = watch(FRAMES, a_piece_or_two);
	assert_int_equal(nic_mix_class_cnt(mix), 2);
	assert_int_equal(nic_mix_class(mix, 0)->packets, FRAMES / 2);
	assert_int_equal(nic_mix_class(mix, 0)->bytes, FRAMES / 2 * 64);
	assert_int_equal(nic_mix_class(mix, 1)->packets, FRAMES / 2);
	nic_mix_free(mix);
}

/* ---- several engines, faults ---- */

static void
what_two_engines_saw_is_added(void **state)
{
	struct nic_mix *one, *other;
	uint64_t bytes;

	(void)state;
	load_rounds();
	one = watch(FRAMES, ten_lengths);
	other = watch(FRAMES / 2, always_70);
	assert_int_equal(nic_mix_merge(one, other), 0);
	assert_int_equal(nic_mix_class_cnt(one), 10);
	assert_int_equal(packets_of(one, &bytes), FRAMES + FRAMES / 2);
	assert_int_equal(
		class_of_cycles(one, 2 + 5 * 70 - 3 + 3 + 3)->packets, FRAMES / 10 + FRAMES / 2);
	nic_mix_free(one);
	nic_mix_free(other);
}

static void
a_frame_with_a_fault_has_no_path(void **state)
{
	struct nic_engine *engine = nic_engine_new(fw, 0, false);
	struct nic_mix *mix = nic_mix_new();

	(void)state;
	LOAD(".word 0x1fffffffffff");
	assert_int_equal(nic_engine_watch(engine, false, NULL), 0);
	for (uint32_t i = 0; i < 2 * FIRST; i++) {
		struct nic_frame frame = {
			.data = buffer + NIC_FRAME_OFFSET, .bytes = 60, .tailroom = 64
		};

		assert_int_equal(nic_engine_run(engine, &frame), 0);
		assert_int_equal(frame.verdict, NIC_VERDICT_FAULT);
	}
	assert_int_equal(nic_engine_paths(engine, mix), 0);
	assert_int_equal(nic_mix_class_cnt(mix), 0);
	nic_mix_free(mix);
	nic_engine_free(engine);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		TEST(every_frame_is_of_the_path_it_took),
		TEST(the_order_of_packets_hardly_matters),
		TEST(a_path_that_never_was_recorded_has_its_cycles),
		TEST(many_paths_are_kept_apart),
		TEST(nothing_happens_twice),
		TEST(a_lookup_costs_what_the_card_says_where_it_went),
		TEST(paths_with_one_key_are_told_apart_by_samples),
		TEST(what_a_lookup_found_tells_paths_apart),
		TEST(an_event_costs_its_pieces_and_a_place_on_the_way_to_the_host),
		TEST(pieces_of_an_event_tell_paths_apart),
		TEST(what_two_engines_saw_is_added),
		TEST(a_frame_with_a_fault_has_no_path),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
