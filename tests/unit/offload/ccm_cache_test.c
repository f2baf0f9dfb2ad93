/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the driver keeps of a walk over a map (rules CM-18, CM-19): how long, for whom, and what
 * ends it. The firmware is a script, the clock is moved by hand.
 */
#include "tests/unit/offload/ccm_script.h"

static uint16_t tag; /* of the next request */
static uint32_t found;

static int
cache_setup(void **state)
{
	script_setup(state);
	ccm.walk_entries = 4;
	tag = FIRST_TAG;
	found = 0;
	return 0;
}

/* The firmware's answer to the next request: entries with keys first, first + 1 ..., values 10
 * times as much. */
static void
entries(uint8_t type, uint32_t rc, uint32_t first, uint32_t cnt)
{
	uint8_t *m = reply(REPLY(type), tag++, rc, cnt, 16 + (cnt + (rc != 0)) * ENTRY);

	for (uint32_t i = 0; i < cnt; i++) {
		const uint32_t key = first + i;
		const uint64_t value = 10 * (uint64_t)key;

		memcpy(m + 16 + i * ENTRY, &key, 4);
		memcpy(m + 16 + i * ENTRY + KEY, &value, 8);
	}
}

static uint32_t
asked(void)
{
	return nic_ccm_get(script.sent + NIC_CCM_OP_COUNT);
}

static int
walk_from(const uint32_t *key)
{
	const struct off_ccm_operation op = { .type = key ? NIC_CCM_MAP_GETNEXT
							  : NIC_CCM_MAP_GETFIRST,
		.key = key,
		.key_out = &found };

	return off_ccm_map_operate(&ccm, &map, &op);
}

static int
next_of(uint32_t key)
{
	return walk_from(&key);
}

static int
value_of(uint32_t key, uint64_t *value)
{
	const struct off_ccm_operation op = {
		.type = NIC_CCM_MAP_LOOKUP, .key = &key, .value_out = value
	};

	return off_ccm_map_operate(&ccm, &map, &op);
}

static int
change(enum nic_ccm_type type, uint32_t key)
{
	const uint64_t value = 1;
	const struct off_ccm_operation op = {
		.type = type, .key = &key, .value = type == NIC_CCM_MAP_UPDATE ? &value : NULL
	};

	return off_ccm_map_operate(&ccm, &map, &op);
}

/* GETFIRST brings 1, 2, 3, 4. */
static void
fill(void)
{
	entries(7, 0, 1, 4);
	assert_int_equal(walk_from(NULL), 0);
	assert_int_equal(found, 1);
	assert_int_equal(asked(), 4);
}

static void
cm_18_a_walk_of_four_entries_is_one_message(void **state)
{
	uint64_t value;

	(void)state;
	fill();
	for (uint32_t key = 1; key <= 4; key++) {
		assert_int_equal(value_of(key, &value), 0);
		assert_int_equal(value, 10 * key);
		if (key < 4)
			assert_int_equal(next_of(key), 0);
		if (key < 4)
			assert_int_equal(found, key + 1);
	}
	assert_int_equal(script.sent_cnt, 1);
	entries(6, 0, 5, 3); /* what is behind the last is asked for */
	assert_int_equal(next_of(4), 0);
	assert_int_equal(found, 5);
	assert_int_equal(script.sent_cnt, 2);
	assert_int_equal(asked(), 4);
	assert_int_equal(next_of(6), 0);
	assert_int_equal(found, 7);
	assert_int_equal(script.sent_cnt, 2);
}

static void
cm_18_without_the_capability_one_entry_is_asked_for(void **state)
{
	(void)state;
	ccm.walk_entries = 1;
	entries(7, 0, 1, 1);
	assert_int_equal(walk_from(NULL), 0);
	assert_int_equal(asked(), 1);
	entries(6, 0, 2, 1);
	assert_int_equal(next_of(1), 0);
	assert_int_equal(found, 2);
	assert_int_equal(script.sent_cnt, 2);
}

/* So it is with the capability missing, too: the one entry is kept. */
static void
cm_18_a_lookup_behind_a_step_of_one_entry_is_answered_from_it(void **state)
{
	uint64_t value = 0;

	(void)state;
	ccm.walk_entries = 1;
	entries(7, 0, 1, 1);
	assert_int_equal(walk_from(NULL), 0);
	assert_int_equal(value_of(1, &value), 0);
	assert_int_equal(value, 10);
	assert_int_equal(script.sent_cnt, 1);
}

/* To the nanosecond: at 250 us it is still there. */
static void
cm_18_entries_are_kept_for_250_us(void **state)
{
	uint64_t value;

	(void)state;
	fill();
	script.now_ns += 250000;
	assert_int_equal(value_of(2, &value), 0);
	assert_int_equal(script.sent_cnt, 1);
	script.now_ns++;
	entries(3, 0, 2, 1);
	assert_int_equal(value_of(2, &value), 0);
	assert_int_equal(script.sent_cnt, 2);
	assert_null(map.cache);
}

/* What a user sees: the card has another value, and no more the key, for up to 250 us. */
static void
cm_18_what_is_kept_is_stale(void **state)
{
	uint64_t value;

	(void)state;
	fill();
	script.now_ns += 200000;
	assert_int_equal(value_of(3, &value), 0);
	assert_int_equal(value, 30);
	script.now_ns += 50001;
	entries(3, NIC_CCM_NO_ENTRY, 0, 0);
	assert_int_equal(value_of(3, &value), -ENOENT);
}

static void
cm_18_a_lookup_is_neither_kept_nor_ends_what_is(void **state)
{
	uint64_t value;

	(void)state;
	fill();
	entries(3, 0, 9, 1);
	assert_int_equal(value_of(9, &value), 0);
	assert_int_equal(asked(), 1);
	entries(3, 0, 9, 1);
	assert_int_equal(value_of(9, &value), 0);
	assert_int_equal(script.sent_cnt, 3);
	assert_int_equal(value_of(1, &value), 0);
	assert_int_equal(script.sent_cnt, 3);
}

static void
cm_18_the_first_key_is_always_asked_for(void **state)
{
	(void)state;
	fill();
	fill();
	assert_int_equal(script.sent_cnt, 2);
}

/* Less than was asked for and an error: the end of the map is near. */
static void
cm_18_an_error_behind_entries_is_no_error(void **state)
{
	(void)state;
	entries(7, NIC_CCM_NO_ENTRY, 1, 2);
	assert_int_equal(walk_from(NULL), 0);
	assert_int_equal(next_of(1), 0);
	assert_int_equal(found, 2);
	assert_int_equal(script.sent_cnt, 1);
	entries(6, NIC_CCM_NO_ENTRY, 0, 0);
	assert_int_equal(next_of(2), -ENOENT);
	begin_again();
	ccm.walk_entries = 1; /* of one it is */
	tag = FIRST_TAG;
	entries(7, NIC_CCM_NO_ENTRY, 1, 1);
	assert_int_equal(walk_from(NULL), -ENOENT);
}

static void
cm_19_a_walk_that_fails_leaves_nothing(void **state)
{
	uint64_t value;

	(void)state;
	fill();
	entries(6, NIC_CCM_NO_ENTRY, 0, 0);
	assert_int_equal(next_of(4), -ENOENT);
	entries(3, 0, 1, 1);
	assert_int_equal(value_of(1, &value), 0);
	assert_int_equal(script.sent_cnt, 3);
}

static void
cm_19_a_change_ends_it(void **state)
{
	static const enum nic_ccm_type types[] = { NIC_CCM_MAP_UPDATE, NIC_CCM_MAP_DELETE };
	uint64_t value;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		script.cnt = script.next = script.sent_cnt = 0;
		fill();
		entries((uint8_t)types[i], i ? NIC_CCM_NO_ENTRY : 0, 99,
			1); /* one that fails, too */
		assert_int_equal(change(types[i], 99), i ? -ENOENT : 0);
		entries(3, 0, 1, 1);
		assert_int_equal(value_of(1, &value), 0);
		assert_int_equal(script.sent_cnt, 3);
		assert_int_equal(map.blockers, 0);
	}
}

/* In another thread's walk. */
static void
walk_meanwhile(void)
{
	uint64_t value;

	entries(7, 0, 1, 1);
	assert_int_equal(walk_from(NULL), 0);
	assert_int_equal(asked(), 1); /* no use to ask for more */
	assert_null(map.cache);
	entries(3, 0, 1, 1);
	assert_int_equal(value_of(1, &value), 0);
}

static void
cm_19_while_a_change_is_on_its_way_nothing_is_kept(void **state)
{
	const uint16_t first = tag++;

	(void)state;
	script.meanwhile = walk_meanwhile;
	reply(REPLY(4), first, 0, 1, 16 + ENTRY);
	assert_int_equal(change(NIC_CCM_MAP_UPDATE, 1), 0);
	assert_int_equal(script.sent_cnt, 3);
	assert_null(map.cache);
}

static void
change_meanwhile(void)
{
	entries(4, 0, 1, 1);
	assert_int_equal(change(NIC_CCM_MAP_UPDATE, 1), 0);
}

static void
cm_19_what_a_walk_found_before_a_change_is_not_kept(void **state)
{
	(void)state;
	script.meanwhile = change_meanwhile;
	entries(7, 0, 1, 4);
	assert_int_equal(walk_from(NULL), 0);
	assert_int_equal(found, 1);
	assert_null(map.cache);
	assert_int_equal(map.generation, 1);
	fill();
	assert_non_null(map.cache);
}

static void
cm_19_a_change_without_a_reply_does_not_block_for_ever(void **state)
{
	(void)state;
	assert_int_equal(change(NIC_CCM_MAP_UPDATE, 1), -ETIMEDOUT);
	tag++;
	fill();
	assert_non_null(map.cache);
}

/* More entries than were asked for. */
static void
a_firmware_that_brings_more_is_believed_and_no_more_read_than_there_is(void **state)
{
	uint64_t value;

	(void)state;
	entries(7, 0, 1, 7);
	assert_int_equal(walk_from(NULL), 0);
	assert_int_equal(value_of(7, &value), 0);
	assert_int_equal(value, 70);
	assert_int_equal(script.sent_cnt, 1);
}

#undef TEST
#define TEST(f) cmocka_unit_test_setup_teardown(f, cache_setup, script_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(cm_18_a_walk_of_four_entries_is_one_message),
		TEST(cm_18_without_the_capability_one_entry_is_asked_for),
		TEST(cm_18_a_lookup_behind_a_step_of_one_entry_is_answered_from_it),
		TEST(cm_18_entries_are_kept_for_250_us),
		TEST(cm_18_what_is_kept_is_stale),
		TEST(cm_18_a_lookup_is_neither_kept_nor_ends_what_is),
		TEST(cm_18_the_first_key_is_always_asked_for),
		TEST(cm_18_an_error_behind_entries_is_no_error),
		TEST(cm_19_a_walk_that_fails_leaves_nothing),
		TEST(cm_19_a_change_ends_it),
		TEST(cm_19_while_a_change_is_on_its_way_nothing_is_kept),
		TEST(cm_19_what_a_walk_found_before_a_change_is_not_kept),
		TEST(cm_19_a_change_without_a_reply_does_not_block_for_ever),
		TEST(a_firmware_that_brings_more_is_believed_and_no_more_read_than_there_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
