/* SPDX-License-Identifier: BSD-2-Clause */
/* Rates: what can be worked out by hand, laws that hold for any numbers, what bounds a rate. */
#include <errno.h>
#include <math.h>
#include <string.h>
#include <time.h>

#include "tests/_cmocka.h"
#include "tests/timing/measured.h"

static struct nic_card card;
static struct nic_mix *mix;

static void
what_if(const char *assignment)
{
	char message[256];

	if (nic_card_set(&card, assignment, message, sizeof(message)) < 0)
		fail_msg("%s", message);
}

/* Nothing but the program: no firmware, no chance, no price of a swap. */
static int
begin_bare(void **state)
{
	static const char *const none[] = { "fw_receive=0", "fw_parse=0", "fw_match=0",
		"fw_checksum=0", "fw_enter=0", "fw_done=0", "fw_drop=0", "fw_order=0", "jitter=0",
		"swap_cycles=0", "emem_word=0", "ctm_word=0" };

	(void)state;
	card = measured_card("research");
	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++)
		what_if(none[i]);
	what_if("mac_kpps=10000000");
	what_if("port_gbps=400");
	mix = NULL;
	return 0;
}

static int
begin(void **state)
{
	(void)state;
	card = measured_card("research");
	mix = NULL;
	return 0;
}

static int
end(void **state)
{
	(void)state;
	nic_mix_free(mix);
	return 0;
}

static struct nic_prediction
predict_with(uint64_t seed)
{
	struct nic_predict_options options = { .seed = seed };
	struct nic_prediction p;

	assert_int_equal(nic_predict(&card, mix, &options, &p), 0);
	return p;
}

static struct nic_prediction
predict(void)
{
	return predict_with(0);
}

static void
use(const char *text)
{
	nic_mix_free(mix);
	mix = measured_steps(text);
}

static void
add_class(const char *text, uint64_t packets, uint32_t bytes, enum nic_fate fate)
{
	struct nic_path path = { .frame_bytes = bytes, .fate = fate };

	if (mix == NULL)
		mix = nic_mix_new();
	assert_null(nic_steps_read(&path.steps, text, 0, 0));
	assert_true(nic_mix_add(mix, &path, packets) >= 0);
	nic_steps_clear(&path.steps);
}

static void
assert_near(double value, double expected, double percent)
{
	if (!(fabs(value - expected) <= expected * percent / 100))
		fail_msg("%f is not %f to %f %%", value, expected, percent);
}

/* ---- by hand ---- */

static void
one_context_waits_for_everything_itself(void **state)
{
	(void)state;
	what_if("mes=1");
	what_if("threads=1");
	what_if("ctm_latency=50");
	use("10 ctm:4! 20 ctm:4 7 ctm:4! 3");
	assert_near(predict().cycles_per_packet, 10 + 50 + 20 + 7 + 50 + 3, 0.1);
	assert_near(predict().busy_cycles, 40, 0.1);
}

static void
four_contexts_hide_what_they_can(void **state)
{
	(void)state;
	what_if("mes=1");
	what_if("ctm_latency=90");
	use("10 ctm:4!"); /* 4 of 10 cycles in 100 */
	assert_near(predict().cycles_per_packet, 25, 0.1);
	use("40 ctm:4!"); /* 160 cycles of work in what were 130 */
	assert_near(predict().cycles_per_packet, 40, 0.1);
	assert_near(predict().me_use, 1, 0.1);
}

static void
a_swap_waits_for_signals_before_it(void **state)
{
	(void)state;
	what_if("mes=1");
	what_if("threads=1");
	what_if("ctm_latency=30");
	what_if("emem_latency=200");
	use("10 read:4+ 5 ctm:4! 1");
	assert_near(predict().cycles_per_packet, 10 + 200 + 1, 0.1);
	use("10 read:4 5 ctm:4! 1");
	assert_near(predict().cycles_per_packet, 10 + 5 + 30 + 1, 0.1);
}

static void
latency_grows_with_the_words_read(void **state)
{
	(void)state;
	what_if("mes=1");
	what_if("threads=1");
	what_if("ctm_latency=30");
	what_if("ctm_word=0.5");
	use("10 ctm:128!");
	assert_near(predict().cycles_per_packet, 10 + 30 + 31 * 0.5, 0.1);
}

static void
coming_back_costs_what_the_card_says(void **state)
{
	(void)state;
	what_if("mes=1");
	what_if("swap_cycles=1.5");
	use("40 ctm:4! 8");
	assert_near(predict().busy_cycles, 49.5, 0.1);
}

/* ---- the EMEM ---- */

static void
one_place_is_read_no_faster_than_measured(void **state)
{
	(void)state;
	use("10 read:4!");
	assert_near(predict().mpps, 200, 0.2);
	assert_int_equal(predict().bound, NIC_BOUND_EMEM);
	assert_near(predict().emem_use, 1, 0.2);
	assert_near(predict().limit_mpps[NIC_BOUND_EMEM], 200, 0.2);
	use("10 atomic:4!");
	assert_near(predict().mpps, 250, 0.2);
	use("10 atomic:8 10 none!"); /* posted: the memory is no faster */
	assert_near(predict().mpps, 250, 0.2);
}

static void
many_places_are_read_four_times_as_fast(void **state)
{
	(void)state;
	what_if("island_packets=65535");
	what_if("mes=400");
	add_class("5 read:4!", 1, 60, NIC_FATE_DROP);
	assert_true(predict().mpps > 3.6 * 200);
	assert_true(predict().mpps < 4.01 * 200);
}

static void
a_place_in_eight_samples_is_hot_to_an_eighth(void **state)
{
	struct nic_path path = { .frame_bytes = 60 };

	(void)state;
	assert_null(nic_steps_read(&path.steps, "5 read:4!", 0, 0));
	mix = nic_mix_new();
	path.steps.step[0].place_cnt = 1;
	for (uint32_t i = 0; i < 1000; i++) {
		path.steps.step[0].places[0] = i * 16;
		assert_int_equal(nic_mix_add(mix, &path, 1), 0);
	}
	nic_steps_clear(&path.steps);
	assert_int_equal(nic_mix_class(mix, 0)->path.steps.step[0].place_cnt, NIC_PLACES);
	assert_true(predict().mpps > 1.4 * 200);
}

/* ---- laws ---- */

static void
the_same_seed_gives_the_same_number(void **state)
{
	struct nic_prediction a, b, other;

	(void)state;
	card.mes = 8;
	use("31 read:4! 9 read:4! 21");
	a = predict_with(7);
	b = predict_with(7);
	other = predict_with(8);
	assert_memory_equal(&a.mpps, &b.mpps, sizeof(a.mpps));
	assert_memory_equal(&a.latency_us, &b.latency_us, sizeof(a.latency_us));
	assert_memory_not_equal(&a.mpps, &other.mpps, sizeof(a.mpps));
	assert_near(other.mpps, a.mpps, 0.3);
}

static void
more_microengines_and_a_faster_clock_are_never_slower(void **state)
{
	static const char *const programs[] = { "19", "31 read:4! 9 read:4! 9 read:4! 21",
		"500 ctm:4! 40 atomic:8! 9" };
	char text[32];

	(void)state;
	for (size_t i = 0; i < sizeof(programs) / sizeof(programs[0]); i++) {
		double last = 0;

		use(programs[i]);
		for (uint32_t mes = 1; mes <= 60; mes += mes < 8 ? 1 : 9) {
			card.mes = mes;
			assert_true(predict().mpps >= last * 0.997);
			last = predict().mpps;
		}
		card.mes = 10;
		last = 0;
		for (uint32_t mhz = 500; mhz <= 1500; mhz += 250) {
			snprintf(text, sizeof(text), "mhz=%u", mhz);
			what_if(text);
			assert_true(predict().mpps >= last * 0.997);
			last = predict().mpps;
		}
		what_if("mhz=800");
	}
}

static void
a_rate_is_never_above_any_limit(void **state)
{
	static const uint32_t frames[] = { 60, 200, 594, 1514 };

	(void)state;
	for (size_t i = 0; i < sizeof(frames) / sizeof(frames[0]); i++)
		for (int fate = 0; fate < NIC_FATE_CNT; fate++) {
			struct nic_prediction p;

			add_class("100 ctm:16! 40 read:8! 9", 3, frames[i], (enum nic_fate)fate);
			p = predict();
			for (int b = 0; b < NIC_BOUND_CNT; b++)
				assert_true(p.mpps <= p.limit_mpps[b] * 1.002);
			assert_true(p.me_use <= 1.0001 && p.emem_use <= 1.0001 && p.gain > -0.001);
		}
}

static void
a_mix_does_not_depend_on_the_order_of_its_packets(void **state)
{
	static const char *const paths[] = { "19", "100 ctm:4! 30", "400 read:4! 20",
		"50 atomic:8 33" };
	double rate;

	(void)state;
	for (uint32_t i = 0; i < 40; i++)
		add_class(paths[i % 4], 1, 60, NIC_FATE_DROP);
	rate = predict().mpps;
	nic_mix_free(mix);
	mix = NULL;
	for (uint32_t i = 0; i < 4; i++)
		add_class(paths[3 - i], 10, 60, NIC_FATE_DROP);
	assert_near(predict().mpps, rate, 1);
}

static void
a_mix_is_between_its_classes(void **state)
{
	struct nic_predict_options options = { 0 };
	struct nic_prediction fast, slow, both;

	(void)state;
	card.mes = 10;
	add_class("19", 3, 60, NIC_FATE_DROP);
	add_class("1000", 1, 60, NIC_FATE_DROP);
	assert_int_equal(nic_predict_class(&card, mix, 0, &options, &fast), 0);
	assert_int_equal(nic_predict_class(&card, mix, 1, &options, &slow), 0);
	both = predict();
	assert_near(both.cycles_per_packet,
		0.75 * fast.cycles_per_packet + 0.25 * slow.cycles_per_packet, 1.5);
}

/* ---- ends ---- */

static void
each_bound_is_told_with_what_there_is_without_it(void **state)
{
	struct nic_prediction p;

	(void)state;
	add_class("19", 1, 60, NIC_FATE_DROP);
	p = predict();
	assert_int_equal(p.bound, NIC_BOUND_MAC);
	assert_near(p.mpps, 53.2, 0.01);
	assert_near(1 + p.gain, p.limit_mpps[NIC_BOUND_WIRE] / 53.2, 0.1);
	card.mes = 5;
	assert_int_equal(predict().bound, NIC_BOUND_ME);
	assert_near(1 + predict().gain, 53.2 / predict().mpps, 0.1);
	card.mes = 50;
	add_class("19", 1000000, 1514, NIC_FATE_DROP);
	p = predict();
	assert_int_equal(p.bound, NIC_BOUND_WIRE);
	assert_near(p.mpps, 2 * 40e3 / ((1514 + 24) * 8), 0.1);
	assert_near(p.gbps, p.mpps * 1514 * 8 / 1e3, 0.1);
	add_class("19", 1000000000, 1514, NIC_FATE_PASS);
	p = predict();
	assert_int_equal(p.bound, NIC_BOUND_HOST);
	assert_near(p.mpps, 63015 / ((1514 + 8 + 7 * 26) * 8.0), 0.5);
}

static void
long_packets_fill_the_islands_when_they_stay(void **state)
{
	(void)state;
	what_if("port_gbps=400");
	what_if("mac_kpps=10000000");
	what_if("island_blocks=5");
	add_class("2000 read:64! 5", 1, 1514, NIC_FATE_DROP);
	assert_int_equal(predict().bound, NIC_BOUND_CTM);
	assert_near(predict().limit_mpps[NIC_BOUND_CTM], 25 / predict().latency_us, 0.1);
}

static void
the_anomaly_is_shown_where_it_was_seen_and_only_when_asked(void **state)
{
	struct nic_predict_options options = { .has_anomaly = true };
	struct nic_prediction p;

	(void)state;
	card.mes = 20;
	use("150");
	assert_true(predict().mpps > 36 && predict().mpps < 53);
	assert_int_equal(nic_predict(&card, mix, &options, &p), 0);
	assert_near(p.mpps, 32.5, 0.01);
	card.mes = 5;
	assert_int_equal(nic_predict(&card, mix, &options, &p), 0);
	assert_near(p.mpps, predict().mpps, 0.01);
}

/* ---- what is validated ---- */

static void
validated_is_only_what_was_measured(void **state)
{
	(void)state;
	use("31 ctm:4! 9 read:4! 21");
	assert_true(predict().is_validated);
	assert_null(predict().not_validated);
	card.mes = 5;
	card.notes[NIC_KEY_mes].known = NIC_KNOWN_WHAT_IF;
	assert_true(predict().is_validated);
	use("31 cls:4! 9");
	assert_string_equal(
		predict().not_validated, "it goes to a memory that has not been measured");
	use("31");
	what_if("emem_latency=10");
	assert_string_equal(predict().not_validated, "a number of the card was changed");
	card = measured_card("ebpf");
	assert_non_null(strstr(predict().not_validated, "the vendor's firmware"));
	card = measured_card("corenic");
	assert_true(predict().is_validated);
	add_class("31", 1, 61, NIC_FATE_PASS);
	assert_non_null(strstr(predict().not_validated, "only packets that are dropped"));
	nic_mix_free(mix);
	mix = NULL;
	add_class("31", 1, 200, NIC_FATE_DROP);
	assert_non_null(strstr(predict().not_validated, "only frames of 60 bytes"));
	what_if("chip=NFP-6000");
	assert_non_null(strstr(predict().not_validated, "only an NFP-4000"));
}

/* ---- hostile numbers ---- */

static void
nonsense_ends_and_says_so(void **state)
{
	struct nic_predict_options options = { 0 };
	struct nic_prediction p;

	(void)state;
	mix = nic_mix_new();
	assert_int_equal(nic_predict(&card, mix, &options, &p), -EINVAL);
	add_class("0", 0, 60, NIC_FATE_DROP);
	assert_int_equal(nic_predict(&card, mix, &options, &p), -EINVAL);
	assert_int_equal(nic_predict_class(&card, mix, 0, &options, &p), -EINVAL);
}

static void
steps_that_make_no_sense_still_end(void **state)
{
	static const char *const changes[] = { "fw_order=( remote:4! )", "fw_receive=5",
		"fw_receive=5 nbi:4! nbi:4!", "order_window=1", "island_packets=1", "islands=64",
		"fw_order=0" };

	(void)state;
	use("0");
	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		card = measured_card("research");
		what_if(changes[i]);
		assert_true(predict().mpps > 0);
	}
	for (const char *const *key = (const char *const[]){ "fw_receive= ", "fw_parse= ",
		     "fw_match= ", "fw_checksum= ", "fw_enter= ", "fw_done= ", "fw_drop= ",
		     "fw_order=( 5 )", NULL };
		*key; key++)
		what_if(*key);
	assert_true(predict().mpps > 0);
}

/* A packet that takes as long as 600 others holds back no more than the window. */
static void
one_slow_packet_in_many_holds_back_its_sequencer(void **state)
{
	double open;

	(void)state;
	add_class("19", 2000, 60, NIC_FATE_DROP);
	add_class("90000 ctm:4! 90000", 1, 60, NIC_FATE_DROP);
	open = predict().cycles_per_packet;
	what_if("order_window=64");
	assert_true(predict().cycles_per_packet > 1.2 * open);
}

/* ---- scale ---- */

static void
hundreds_of_classes_take_no_longer_than_one(void **state)
{
	struct timespec from, to;
	char text[64];

	(void)state;
	for (uint32_t i = 0; i < 400; i++) {
		snprintf(text, sizeof(text), "%u ctm:4! %u read:4! 9", 30 + i, 9 + i % 7);
		add_class(text, 1 + i % 13, 60, NIC_FATE_DROP);
	}
	assert_int_equal(nic_mix_class_cnt(mix), 400);
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &from);
	predict();
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &to);
	/* 0.1 s; ten times that with sanitizers */
	assert_true(
		(double)(to.tv_sec - from.tv_sec) + (double)(to.tv_nsec - from.tv_nsec) / 1e9 < 1);
}

#define BARE(test) cmocka_unit_test_setup_teardown(test, begin_bare, end)
#define WHOLE(test) cmocka_unit_test_setup_teardown(test, begin, end)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		BARE(one_context_waits_for_everything_itself),
		BARE(four_contexts_hide_what_they_can),
		BARE(a_swap_waits_for_signals_before_it),
		BARE(latency_grows_with_the_words_read),
		BARE(coming_back_costs_what_the_card_says),
		BARE(one_place_is_read_no_faster_than_measured),
		BARE(many_places_are_read_four_times_as_fast),
		BARE(a_place_in_eight_samples_is_hot_to_an_eighth),
		WHOLE(the_same_seed_gives_the_same_number),
		WHOLE(more_microengines_and_a_faster_clock_are_never_slower),
		WHOLE(a_rate_is_never_above_any_limit),
		WHOLE(a_mix_does_not_depend_on_the_order_of_its_packets),
		WHOLE(a_mix_is_between_its_classes),
		WHOLE(each_bound_is_told_with_what_there_is_without_it),
		WHOLE(long_packets_fill_the_islands_when_they_stay),
		WHOLE(the_anomaly_is_shown_where_it_was_seen_and_only_when_asked),
		WHOLE(validated_is_only_what_was_measured),
		WHOLE(nonsense_ends_and_says_so),
		WHOLE(steps_that_make_no_sense_still_end),
		WHOLE(one_slow_packet_in_many_holds_back_its_sequencer),
		WHOLE(hundreds_of_classes_take_no_longer_than_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
