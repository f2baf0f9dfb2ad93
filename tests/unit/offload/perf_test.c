/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Perf event arrays: what may be put in them, who hears an event, what is in a ring (rules PE;
 * kernel: kernel/bpf/arraymap.c, kernel/events/).
 */
#include "offload/internal.h"
#include "tests/unit/offload/world.h"

#include <string.h>

#define PAGE 4096u

static int
create_array(struct world *w, uint32_t entries, uint32_t flags)
{
	const struct off_map_create attr = { .map_type = BPF_MAP_TYPE_PERF_EVENT_ARRAY,
		.key_size = 4,
		.value_size = 4,
		.max_entries = entries,
		.map_flags = flags };

	return off_map_create(&w->root, &attr, NULL);
}

static int
put(struct world *w, int array, uint32_t cell, int event)
{
	return off_map_update(&w->root, array, &cell, &event, 0);
}

/* A program outputs so many bytes, and a packet. */
static void
output(struct world *w, int array, uint32_t cell, uint32_t data, uint32_t packet)
{
	static const uint8_t bytes[8192] = { 0xd1, 0xd2, 0xd3 }, frame[8192] = { 0xf1, 0xf2 };
	const struct off_perf_data d = { bytes, frame, data, packet };

	off_perf_output(off_fd_map(w->k, array), cell, &d);
}

static int
read_record(struct world *w, int event, struct off_perf_record *record)
{
	uint8_t data[8192];

	return off_perf_read(&w->root, event, record, data, sizeof(data));
}

/* How many samples are in the ring; they are taken. */
static uint32_t
samples(struct world *w, int event)
{
	struct off_perf_record record;
	uint32_t cnt = 0;

	while (read_record(w, event, &record) == 0)
		cnt += !record.is_lost;
	return cnt;
}

static void
an_event_reaches_the_ring_with_its_packet_and_padding(void **state)
{
	static const uint8_t expected[12] = { 0xd1, 0xd2, 0xd3, 0xf1, 0xf2, 0, 0, 0, 0, 0, 0, 0 };
	struct world *w = *state;
	const int array = create_array(w, 2, 0), event = off_perf_open(&w->root, 0, PAGE);
	struct off_perf_record record;
	uint8_t data[12];

	assert_true(array >= 0 && event >= 0);
	assert_int_equal(off_fd_kind(w->k, event), OFF_KIND_PERF);
	assert_int_equal(put(w, array, 1, event), 0);
	assert_int_equal(off_perf_read(&w->root, event, &record, data, 12), -EAGAIN);
	output(w, array, 1, 3, 2);
	assert_int_equal(off_perf_read(&w->root, event, &record, data, 11), -ENOSPC);
	assert_int_equal(off_perf_read(&w->root, event, &record, data, 12), 0);
	assert_false(record.is_lost);
	assert_int_equal(record.bytes, 12); /* 4 + 12 is 16 */
	assert_memory_equal(data, expected, 12);
	assert_int_equal(off_perf_read(&w->root, event, &record, data, 12), -EAGAIN);
	assert_int_equal(off_perf_read(&w->root, array, &record, data, 12), -EBADF);
}

static void
pe_1_an_event_of_a_cpu_is_for_administrators(void **state)
{
	struct world *w = *state;
	const struct off_caller who = without(w, OFF_CAP_SYS_ADMIN);

	assert_int_equal(off_perf_open(&who, 0, PAGE), -EACCES);
}

static void
pe_2_a_ring_is_a_power_of_two_of_pages(void **state)
{
	static const uint32_t bad[] = { 0, 1, 2048, 4097, 3 * PAGE, 1u << 28, UINT32_MAX };
	struct world *w = *state;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(off_perf_open(&w->root, 0, bad[i]), -EINVAL);
	assert_true(off_perf_open(&w->root, 0, 8 * PAGE) >= 0);
}

static void
pe_3_a_cell_is_set_without_flags(void **state)
{
	struct world *w = *state;
	const int array = create_array(w, 2, 0), event = off_perf_open(&w->root, 0, PAGE);
	uint32_t cell = 0, next;

	assert_int_equal(off_map_update(&w->root, array, &cell, &event, BPF_NOEXIST), -EINVAL);
	assert_int_equal(off_map_update(&w->root, array, &cell, &event, BPF_EXIST), -EINVAL);
	assert_int_equal(put(w, array, 0, event), 0);
	assert_int_equal(put(w, array, 0, event), 0); /* once more */
	assert_int_equal(off_map_next_key(&w->root, array, NULL, &next), 0);
	assert_int_equal(next, 0);
	assert_int_equal(off_map_next_key(&w->root, array, &next, &next), 0);
	assert_int_equal(off_map_next_key(&w->root, array, &next, &next), -ENOENT);
}

static void
pe_4_there_is_no_cell_behind_the_last(void **state)
{
	struct world *w = *state;
	const int array = create_array(w, 3, 0);
	const uint32_t cell = 3;

	assert_int_equal(put(w, array, cell, off_perf_open(&w->root, 0, PAGE)), -E2BIG);
	assert_int_equal(off_map_delete(&w->root, array, &cell), -E2BIG);
}

static void
pe_5_only_an_event_is_an_event(void **state)
{
	struct world *w = *state;
	const int array = create_array(w, 3, 0);

	assert_int_equal(put(w, array, 0, load(w, 0)), -EBADF);
	assert_int_equal(put(w, array, 0, array), -EBADF);
	assert_int_equal(put(w, array, 0, 999), -EBADF);
}

static void
pe_6_an_empty_cell_is_not_removed(void **state)
{
	struct world *w = *state;
	const int array = create_array(w, 3, 0);
	const uint32_t cell = 2;

	assert_int_equal(off_map_delete(&w->root, array, &cell), -ENOENT);
	assert_int_equal(put(w, array, cell, off_perf_open(&w->root, 0, PAGE)), 0);
	assert_int_equal(off_map_delete(&w->root, array, &cell), 0);
	assert_int_equal(off_map_delete(&w->root, array, &cell), -ENOENT);
}

static void
pe_7_what_is_in_a_cell_is_not_told(void **state)
{
	struct world *w = *state;
	const int array = create_array(w, 2, 0);
	const uint32_t cell = 0;
	uint32_t value;

	assert_int_equal(put(w, array, 0, off_perf_open(&w->root, 0, PAGE)), 0);
	assert_int_equal(off_map_lookup(&w->root, array, &cell, &value, 0), -OFF_ENOTSUPP);
}

static void
pe_8_an_event_has_no_pin_no_info_no_id(void **state)
{
	struct world *w = *state;
	const int event = off_perf_open(&w->root, 0, PAGE);
	uint8_t info[256];
	uint32_t size = sizeof(info), next;

	assert_int_equal(off_obj_pin(&w->root, event, "event"), -EINVAL);
	assert_int_equal(off_obj_info(&w->root, event, info, &size), -EINVAL);
	assert_int_equal(off_get_next_id(&w->root, OFF_KIND_PERF, 0, &next), -EINVAL);
	assert_int_equal(off_get_fd_by_id(&w->root, OFF_KIND_PERF, 0), -EINVAL);
}

static void
pe_9_events_leave_with_the_descriptor_that_put_them_in(void **state)
{
	struct world *w = *state;
	const int event = off_perf_open(&w->root, 0, PAGE);

	for (int keeps = 0; keeps < 2; keeps++) {
		const int array = create_array(w, 2, keeps ? BPF_F_PRESERVE_ELEMS : 0);
		int again;

		pin(w, array, "array");
		again = off_obj_get(&w->root, "array");
		assert_int_equal(put(w, again, 0, event), 0);
		assert_int_equal(off_close(w->k, again), 0);
		again = off_obj_get(&w->root, "array");
		output(w, again, 0, 8, 0);
		assert_int_equal(samples(w, event), keeps);
		assert_int_equal(put(w, again, 0, event), 0);
		assert_int_equal(off_close(w->k, off_obj_get(&w->root, "array")), 0);
		output(w, again, 0, 8, 0);
		assert_int_equal(samples(w, event), 1);
		assert_int_equal(off_obj_unlink(&w->root, "array"), 0);
		off_close(w->k, again);
	}
}

static void
pe_10_an_event_that_goes_nowhere_is_lost(void **state)
{
	struct world *w = *state;
	const int array = create_array(w, 2, 0), event = off_perf_open(&w->root, 0, PAGE),
		  other = off_perf_open(&w->root, 1, PAGE);

	assert_int_equal(put(w, array, 0, event), 0);
	output(w, array, 1, 8, 0);
	output(w, array, 2, 8, 0);
	assert_int_equal(samples(w, event), 0);
	/* of another cpu than the interrupt's, in whatever cell */
	assert_int_equal(put(w, array, 1, other), 0);
	output(w, array, 1, 8, 0);
	assert_int_equal(samples(w, other), 0);
	assert_int_equal(put(w, array, 1, event), 0);
	output(w, array, 1, 8, 0);
	output(w, array, UINT32_MAX, 8, 0); /* BPF_F_CURRENT_CPU */
	assert_int_equal(samples(w, event), 2);
}

/* 4,096 bytes, never quite full: 127 records of 32. */
static void
pe_11_a_full_ring_says_how_many_were_lost(void **state)
{
	struct world *w = *state;
	const int array = create_array(w, 1, 0), event = off_perf_open(&w->root, 0, PAGE);
	struct off_perf_record record;

	assert_int_equal(put(w, array, 0, event), 0);
	for (int i = 0; i < 130; i++)
		output(w, array, 0, 12, 0);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(read_record(w, event, &record), 0);
		assert_int_equal(record.bytes, 12);
	}
	for (int i = 0; i < 3; i++) /* 24 bytes for the lost ones, and room for two */
		output(w, array, 0, 12, 0);
	for (int i = 2; i < 127; i++) {
		assert_int_equal(read_record(w, event, &record), 0);
		assert_false(record.is_lost);
	}
	assert_int_equal(read_record(w, event, &record), 0);
	assert_true(record.is_lost);
	assert_int_equal(record.lost, 3);
	assert_int_equal(samples(w, event), 2);
	output(w, array, 0, 12, 0);
	assert_int_equal(read_record(w, event, &record), 0);
	assert_int_equal(record.lost, 1);
	assert_int_equal(samples(w, event), 1);
	output(w, array, 0, 5000, 0); /* longer than all of it */
	assert_int_equal(samples(w, event), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(an_event_reaches_the_ring_with_its_packet_and_padding),
		TEST(pe_1_an_event_of_a_cpu_is_for_administrators),
		TEST(pe_2_a_ring_is_a_power_of_two_of_pages),
		TEST(pe_3_a_cell_is_set_without_flags),
		TEST(pe_4_there_is_no_cell_behind_the_last),
		TEST(pe_5_only_an_event_is_an_event),
		TEST(pe_6_an_empty_cell_is_not_removed),
		TEST(pe_7_what_is_in_a_cell_is_not_told),
		TEST(pe_8_an_event_has_no_pin_no_info_no_id),
		TEST(pe_9_events_leave_with_the_descriptor_that_put_them_in),
		TEST(pe_10_an_event_that_goes_nowhere_is_lost),
		TEST(pe_11_a_full_ring_says_how_many_were_lost),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
