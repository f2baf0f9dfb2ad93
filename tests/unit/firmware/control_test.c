/* SPDX-License-Identifier: BSD-2-Clause */
/* Maps as the host sees them: control messages to a firmware, and every result there is. */
#include "tests/unit/firmware/messages.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

static uint32_t
new_map(uint32_t type, uint32_t key, uint32_t value, uint32_t entries)
{
	uint32_t id;

	assert_int_equal(alloc_map(fw, type, key, value, entries, &id), NIC_CCM_OK);
	assert_true(id > 0);
	return id;
}

/* ---- maps ---- */

static void
a_map_the_firmware_cannot_have_is_a_bad_argument(void **state)
{
	static const uint32_t bad[][4] = {
		{ BPF_MAP_TYPE_LRU_HASH, 4, 4, 1 },
		{ 0, 4, 4, 1 },
		{ 99, 4, 4, 1 },
		{ BPF_MAP_TYPE_HASH, 0, 4, 1 },
		{ BPF_MAP_TYPE_HASH, 4, 0, 1 },
		{ BPF_MAP_TYPE_HASH, 4, 4, 0 },
		{ BPF_MAP_TYPE_HASH, 57, 4, 1 },
		{ BPF_MAP_TYPE_HASH, 4, 57, 1 },
		{ BPF_MAP_TYPE_HASH, 32, 33, 1 },
		{ BPF_MAP_TYPE_HASH, UINT32_MAX, 8, 1 },
		{ BPF_MAP_TYPE_HASH, 8, UINT32_MAX, 1 },
		{ BPF_MAP_TYPE_ARRAY, 8, 8, 1 },
	};
	uint32_t id;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(alloc_map(fw, bad[i][0], bad[i][1], bad[i][2], bad[i][3], &id),
			NIC_CCM_BAD_ARGUMENT);
		assert_int_equal(id, 0);
	}
	new_map(BPF_MAP_TYPE_HASH, 56, 8, 1);
	new_map(BPF_MAP_TYPE_HASH, 8, 56, 1);
}

static void
maps_and_entries_are_counted(void **state)
{
	uint32_t id, cnt, big;

	(void)state;
	big = new_map(BPF_MAP_TYPE_HASH, 4, 4, card.map_entries_max - 127);
	for (uint32_t i = 1; i < card.map_cnt_max; i++)
		assert_int_equal(new_map(BPF_MAP_TYPE_HASH, 4, 4, 1), i + 1);
	assert_int_equal(alloc_map(fw, BPF_MAP_TYPE_HASH, 4, 4, 1, &id), NIC_CCM_NO_MEMORY);
	assert_int_equal(free_map(fw, 77, &cnt), NIC_CCM_OK);
	assert_int_equal(alloc_map(fw, BPF_MAP_TYPE_HASH, 4, 4, 2, &id), NIC_CCM_NO_MEMORY);
	assert_int_equal(alloc_map(fw, BPF_MAP_TYPE_HASH, 4, 4, 1, &id), NIC_CCM_OK);
	assert_int_equal(id, 77);
	assert_int_equal(free_map(fw, big, &cnt), NIC_CCM_OK);
	assert_int_equal(free_map(fw, big, &cnt), NIC_CCM_BAD_MAP);
	assert_int_equal(free_map(fw, 0, &cnt), NIC_CCM_BAD_MAP);
	assert_int_equal(free_map(fw, UINT32_MAX, &cnt), NIC_CCM_BAD_MAP);
}

/* ---- entries ---- */

static void
a_hash_has_what_was_put_in(void **state)
{
	uint32_t id = new_map(BPF_MAP_TYPE_HASH, 8, 8, 2), cnt;
	uint64_t value = 0x1122334455667788;

	(void)state;
	assert_int_equal(operate_one(fw, NIC_CCM_MAP_LOOKUP, id, 0, 5, &value), NIC_CCM_NO_ENTRY);
	value = 0x1122334455667788;
	assert_int_equal(
		operate_one(fw, NIC_CCM_MAP_UPDATE, id, BPF_EXIST, 5, &value), NIC_CCM_NO_ENTRY);
	value = 0x1122334455667788;
	assert_int_equal(
		operate_one(fw, NIC_CCM_MAP_UPDATE, id, BPF_NOEXIST, 5, &value), NIC_CCM_OK);
	value = 9;
	assert_int_equal(
		operate_one(fw, NIC_CCM_MAP_UPDATE, id, BPF_NOEXIST, 5, &value), NIC_CCM_EXISTS);
	assert_int_equal(operate_one(fw, NIC_CCM_MAP_LOOKUP, id, 0, 5, &value), NIC_CCM_OK);
	assert_true(value == 0x1122334455667788);
	value = 10;
	assert_int_equal(operate_one(fw, NIC_CCM_MAP_UPDATE, id, BPF_EXIST, 5, &value), NIC_CCM_OK);
	assert_int_equal(operate_one(fw, NIC_CCM_MAP_UPDATE, id, 0, 6, &value), NIC_CCM_OK);
	assert_int_equal(operate_one(fw, NIC_CCM_MAP_UPDATE, id, 0, 7, &value), NIC_CCM_TOO_BIG);
	assert_int_equal(
		operate_one(fw, NIC_CCM_MAP_UPDATE, id, 3, 6, &value), NIC_CCM_BAD_ARGUMENT);
	assert_int_equal(operate_one(fw, NIC_CCM_MAP_DELETE, id, 0, 6, &value), NIC_CCM_OK);
	assert_int_equal(operate_one(fw, NIC_CCM_MAP_DELETE, id, 0, 6, &value), NIC_CCM_NO_ENTRY);
	assert_int_equal(operate_one(fw, NIC_CCM_MAP_UPDATE, id, 0, 7, &value), NIC_CCM_OK);
	assert_int_equal(free_map(fw, id, &cnt), NIC_CCM_OK);
	assert_int_equal(cnt, 2);
	assert_int_equal(operate_one(fw, NIC_CCM_MAP_LOOKUP, id, 0, 7, &value), NIC_CCM_BAD_MAP);
}

static void
maps_do_not_see_each_others_entries(void **state)
{
	uint32_t a = new_map(BPF_MAP_TYPE_HASH, 8, 8, 9), b = new_map(BPF_MAP_TYPE_HASH, 8, 8, 9);
	uint32_t cnt;
	uint64_t value = 1;

	(void)state;
	assert_int_equal(operate_one(fw, NIC_CCM_MAP_UPDATE, a, 0, 5, &value), NIC_CCM_OK);
	assert_int_equal(operate_one(fw, NIC_CCM_MAP_LOOKUP, b, 0, 5, &value), NIC_CCM_NO_ENTRY);
	assert_int_equal(free_map(fw, a, &cnt), NIC_CCM_OK);
	assert_int_equal(new_map(BPF_MAP_TYPE_HASH, 8, 8, 9), a);
	assert_int_equal(operate_one(fw, NIC_CCM_MAP_LOOKUP, a, 0, 5, &value), NIC_CCM_NO_ENTRY);
}

static void
an_array_has_all_its_elements(void **state)
{
	uint32_t id = new_map(BPF_MAP_TYPE_ARRAY, 4, 8, 3), cnt;
	uint64_t value = 1;

	(void)state;
	assert_int_equal(operate_one(fw, NIC_CCM_MAP_LOOKUP, id, 0, 2, &value), NIC_CCM_OK);
	assert_true(value == 0);
	assert_int_equal(operate_one(fw, NIC_CCM_MAP_LOOKUP, id, 0, 3, &value), NIC_CCM_NO_ENTRY);
	value = 8;
	assert_int_equal(operate_one(fw, NIC_CCM_MAP_UPDATE, id, 0, 3, &value), NIC_CCM_TOO_BIG);
	assert_int_equal(
		operate_one(fw, NIC_CCM_MAP_UPDATE, id, BPF_NOEXIST, 2, &value), NIC_CCM_EXISTS);
	value = 8;
	assert_int_equal(operate_one(fw, NIC_CCM_MAP_UPDATE, id, 0, 2, &value), NIC_CCM_OK);
	assert_int_equal(
		operate_one(fw, NIC_CCM_MAP_DELETE, id, 0, 2, &value), NIC_CCM_BAD_ARGUMENT);
	assert_int_equal(operate_one(fw, NIC_CCM_MAP_LOOKUP, id, 0, 2, &value), NIC_CCM_OK);
	assert_true(value == 8);
	assert_int_equal(free_map(fw, id, &cnt), NIC_CCM_OK);
	assert_int_equal(cnt, 3);
	assert_int_equal(new_map(BPF_MAP_TYPE_ARRAY, 4, 8, 3), id);
	assert_int_equal(operate_one(fw, NIC_CCM_MAP_LOOKUP, id, 0, 2, &value), NIC_CCM_OK);
	assert_true(value == 0);
}

/* firmware-facts.md 1.1: what nobody wrote is not there. */
static void
an_array_of_the_open_firmware_has_what_was_written(void **state)
{
	struct nic_card open_card;
	struct nic_fw *open_fw = firmware(&open_card, "corenic", NULL);
	uint64_t value = 4;
	uint32_t id;

	(void)state;
	assert_int_equal(alloc_map(open_fw, BPF_MAP_TYPE_ARRAY, 4, 8, 3, &id), NIC_CCM_OK);
	assert_int_equal(
		operate_one(open_fw, NIC_CCM_MAP_LOOKUP, id, 0, 1, &value), NIC_CCM_NO_ENTRY);
	value = 4;
	assert_int_equal(operate_one(open_fw, NIC_CCM_MAP_UPDATE, id, 0, 1, &value), NIC_CCM_OK);
	assert_int_equal(
		operate_one(open_fw, NIC_CCM_MAP_UPDATE, id, 0, 3, &value), NIC_CCM_TOO_BIG);
	assert_int_equal(operate_one(open_fw, NIC_CCM_MAP_LOOKUP, id, 0, 1, &value), NIC_CCM_OK);
	nic_fw_free(open_fw);
}

static void
several_entries_come_in_one_reply(void **state)
{
	uint32_t id = new_map(BPF_MAP_TYPE_ARRAY, 4, 8, 6), cnt = 4, key;
	struct entry entries[5] = { 0 };

	(void)state;
	assert_int_equal(operate(fw, NIC_CCM_MAP_GETFIRST, id, 0, &cnt, entries), NIC_CCM_OK);
	assert_int_equal(cnt, 4);
	memcpy(&key, entries[3].key, 4);
	assert_int_equal(key, 3);
	entries[0] = entries[3];
	assert_int_equal(operate(fw, NIC_CCM_MAP_GETNEXT, id, 0, &cnt, entries), NIC_CCM_NO_ENTRY);
	assert_int_equal(cnt, 2);
	memcpy(&key, entries[1].key, 4);
	assert_int_equal(key, 5);
	memset(entries, 0xff, sizeof(entries));
	cnt = 1;
	assert_int_equal(operate(fw, NIC_CCM_MAP_GETNEXT, id, 0, &cnt, entries), NIC_CCM_OK);
	memcpy(&key, entries[0].key, 4);
	assert_int_equal(key, 0);
}

/* ---- messages ---- */

static void
what_is_no_message_has_no_reply(void **state)
{
	uint8_t message[OP_BYTES] = { 0 }, reply[1024];

	(void)state;
	put_header(message, NIC_CCM_MAP_FREE, 1);
	assert_int_equal(nic_fw_control(fw, message, 3, reply, sizeof(reply)), 0);
	assert_int_equal(nic_fw_control(fw, message, 8, reply, 11), 0);
	message[NIC_CCM_VER] = 2;
	assert_int_equal(nic_fw_control(fw, message, 8, reply, sizeof(reply)), 0);
	for (uint32_t type = 0; type < 256; type++) {
		put_header(message, (enum nic_ccm_type)type, 1);
		if (type == 0 || type > NIC_CCM_MAP_GETFIRST)
			assert_int_equal(nic_fw_control(fw, message, 8, reply, sizeof(reply)), 0);
	}
}

static void
a_message_of_a_wrong_length_is_a_bad_message(void **state)
{
	uint8_t message[OP_BYTES + 1] = { 0 }, reply[1024];

	(void)state;
	for (uint32_t type = NIC_CCM_MAP_ALLOC; type <= NIC_CCM_MAP_GETFIRST; type++)
		for (size_t bytes = NIC_CCM_HEADER_BYTES; bytes <= sizeof(message); bytes++) {
			bool is_right =
				bytes == (type == NIC_CCM_MAP_ALLOC	    ? NIC_CCM_ALLOC_BYTES
						 : type == NIC_CCM_MAP_FREE ? NIC_CCM_FREE_BYTES
									    : OP_BYTES);

			put_header(message, (enum nic_ccm_type)type, 1);
			assert_true(nic_fw_control(fw, message, bytes, reply, sizeof(reply)) > 0);
			assert_int_equal(
				get32(reply, NIC_CCM_RC) == NIC_CCM_BAD_MESSAGE, !is_right);
		}
}

static void
abi_3_has_slots_of_the_firmwares_own_size(void **state)
{
	struct nic_card abi3_card;
	struct nic_fw *abi3 = firmware(&abi3_card, "ebpf", "abi=3");
	const size_t entry = abi3_card.map_key_bytes_max + abi3_card.map_value_bytes_max;
	uint8_t message[OP_BYTES] = { 0 }, reply[1024];
	uint32_t id;

	(void)state;
	assert_int_equal(alloc_map(abi3, BPF_MAP_TYPE_ARRAY, 4, 4, 1, &id), NIC_CCM_OK);
	put_header(message, NIC_CCM_MAP_UPDATE, 1);
	put32(message, NIC_CCM_OP_MAP, id);
	message[NIC_CCM_OP_BYTES + abi3_card.map_key_bytes_max] = 77;
	assert_int_equal(
		nic_fw_control(abi3, message, NIC_CCM_OP_BYTES + entry, reply, sizeof(reply)),
		NIC_CCM_OP_BYTES + entry);
	assert_int_equal(get32(reply, NIC_CCM_RC), NIC_CCM_OK);
	put_header(message, NIC_CCM_MAP_LOOKUP, 1);
	nic_fw_control(abi3, message, NIC_CCM_OP_BYTES + entry, reply, sizeof(reply));
	assert_int_equal(reply[NIC_CCM_OP_BYTES + abi3_card.map_key_bytes_max], 77);
	nic_fw_free(abi3);
}

/* ---- at random ---- */

#define KEYS 3000u
#define STEPS 60000u

static uint64_t seed;

static uint32_t
draw(uint32_t below)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (uint32_t)(seed % below);
}

/* A key's bytes: many, few of them different. */
static uint64_t
key_of(uint32_t number)
{
	return number * UINT64_C(0x100000001);
}

/* A plain array of what must be in the map. */
struct model {
	bool is_there[KEYS];
	uint64_t value[KEYS];
	uint32_t cnt, max;
};

static void
check_walk(const struct model *m, uint32_t id)
{
	static bool seen[KEYS];
	struct entry entries[5] = { 0 };
	enum nic_ccm_type type = NIC_CCM_MAP_GETFIRST;
	uint32_t total = 0, cnt, rc;

	memset(seen, 0, sizeof(seen));
	do {
		cnt = 4;
		rc = operate(fw, type, id, 0, &cnt, entries);
		for (uint32_t i = 0; i < cnt; i++) {
			uint32_t number;

			memcpy(&number, entries[i].key, 4);
			assert_true(number < KEYS && m->is_there[number] && !seen[number]);
			assert_memory_equal(entries[i].value, &m->value[number], 8);
			seen[number] = true;
			total++;
		}
		if (cnt > 0)
			entries[0] = entries[cnt - 1];
		type = NIC_CCM_MAP_GETNEXT;
	} while (!rc);
	assert_int_equal(total, m->cnt);
}

static void
step(struct model *m, uint32_t id)
{
	const uint32_t number = draw(KEYS), flags = draw(3);
	uint64_t value = draw(UINT32_MAX), given = value;
	uint32_t rc;

	switch (draw(3)) {
	case 0:
		rc = operate_one(fw, NIC_CCM_MAP_LOOKUP, id, 0, key_of(number), &value);
		assert_int_equal(rc, m->is_there[number] ? NIC_CCM_OK : NIC_CCM_NO_ENTRY);
		if (!rc)
			assert_true(value == m->value[number]);
		return;
	case 1:
		rc = operate_one(fw, NIC_CCM_MAP_UPDATE, id, flags, key_of(number), &value);
		if (m->is_there[number])
			assert_int_equal(rc, flags == BPF_NOEXIST ? NIC_CCM_EXISTS : NIC_CCM_OK);
		else
			assert_int_equal(rc, flags == BPF_EXIST ? NIC_CCM_NO_ENTRY
					     : m->cnt == m->max ? NIC_CCM_TOO_BIG
								: NIC_CCM_OK);
		if (rc)
			return;
		m->cnt += !m->is_there[number];
		m->is_there[number] = true;
		m->value[number] = given;
		return;
	default:
		rc = operate_one(fw, NIC_CCM_MAP_DELETE, id, 0, key_of(number), &value);
		assert_int_equal(rc, m->is_there[number] ? NIC_CCM_OK : NIC_CCM_NO_ENTRY);
		m->cnt -= m->is_there[number];
		m->is_there[number] = false;
	}
}

static void
two_hashes_are_what_plain_arrays_say(void **state)
{
	static struct model models[2];
	uint32_t ids[2], cnt;

	(void)state;
	print_message("seed %llu\n", (unsigned long long)seed);
	for (int i = 0; i < 2; i++) {
		memset(&models[i], 0, sizeof(models[i]));
		models[i].max = i ? 500 : KEYS;
		ids[i] = new_map(BPF_MAP_TYPE_HASH, 8, 8, models[i].max);
	}
	for (uint32_t i = 0; i < STEPS; i++)
		step(&models[i % 2], ids[i % 2]);
	for (int i = 0; i < 2; i++)
		check_walk(&models[i], ids[i]);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(free_map(fw, ids[i], &cnt), NIC_CCM_OK);
		assert_int_equal(cnt, models[i].cnt);
	}
}

/* So many that some two hundred share a bucket with another. */
#define MANY 40000u

/* Entries by walking over the map. */
static uint32_t
count_entries(uint32_t id)
{
	struct entry entries[5] = { 0 };
	enum nic_ccm_type type = NIC_CCM_MAP_GETFIRST;
	uint32_t total = 0, cnt, rc;

	do {
		cnt = 4;
		rc = operate(fw, type, id, 0, &cnt, entries);
		if (cnt > 0)
			entries[0] = entries[cnt - 1];
		total += cnt;
		type = NIC_CCM_MAP_GETNEXT;
	} while (!rc);
	return total;
}

/* A place that was left can be taken again, more often than a bucket has places. */
static void
places_in_buckets_come_back(void **state)
{
	uint32_t id = new_map(BPF_MAP_TYPE_HASH, 8, 8, MANY);
	uint64_t value = 1;

	(void)state;
	for (int round = 0; round < 10; round++) {
		for (uint64_t key = 0; key < MANY; key++)
			assert_int_equal(operate_one(fw, NIC_CCM_MAP_UPDATE, id, 0, key, &value),
				NIC_CCM_OK);
		for (uint64_t key = 0; key < MANY; key++)
			assert_int_equal(operate_one(fw, NIC_CCM_MAP_DELETE, id, 0, key, &value),
				NIC_CCM_OK);
	}
}

static void
keys_that_share_a_bucket_are_all_there(void **state)
{
	uint32_t id = new_map(BPF_MAP_TYPE_HASH, 8, 8, MANY), cnt;
	uint64_t value;

	(void)state;
	for (uint64_t key = 0; key < MANY; key++) {
		value = ~key;
		assert_int_equal(operate_one(fw, NIC_CCM_MAP_UPDATE, id, BPF_NOEXIST, key, &value),
			NIC_CCM_OK);
	}
	for (uint64_t key = 0; key < MANY; key++) {
		assert_int_equal(
			operate_one(fw, NIC_CCM_MAP_LOOKUP, id, 0, key, &value), NIC_CCM_OK);
		assert_true(value == ~key);
	}
	assert_int_equal(count_entries(id), MANY);
	for (uint64_t key = 0; key < MANY; key += 2)
		assert_int_equal(
			operate_one(fw, NIC_CCM_MAP_DELETE, id, 0, key, &value), NIC_CCM_OK);
	for (uint64_t key = 0; key < MANY; key++)
		assert_int_equal(operate_one(fw, NIC_CCM_MAP_LOOKUP, id, 0, key, &value),
			key % 2 ? NIC_CCM_OK : NIC_CCM_NO_ENTRY);
	assert_int_equal(free_map(fw, id, &cnt), NIC_CCM_OK);
	assert_int_equal(cnt, MANY / 2);
}

/* ---- several threads ---- */

#define THREADS 4
#define ROUNDS 3000u

struct writer {
	uint32_t id, first;
};

/* Keys of its own, values that name them. */
static void *
write_and_read(void *arg)
{
	const struct writer *w = arg;
	uint64_t value, mistakes = 0;

	for (uint32_t i = 0; i < ROUNDS; i++) {
		uint64_t key = w->first + i % 64;

		value = key << 32 | i;
		mistakes += operate_one(fw, NIC_CCM_MAP_UPDATE, w->id, 0, key, &value) != 0;
		mistakes += operate_one(fw, NIC_CCM_MAP_LOOKUP, w->id, 0, key, &value) != 0;
		mistakes += value != (key << 32 | i);
		if (i % 3 == 0)
			mistakes += operate_one(fw, NIC_CCM_MAP_DELETE, w->id, 0, key, &value) != 0;
	}
	return (void *)(uintptr_t)mistakes;
}

static void
threads_find_their_own(void **state)
{
	uint32_t id = new_map(BPF_MAP_TYPE_HASH, 8, 8, 1000);
	struct writer writers[THREADS];
	pthread_t threads[THREADS];
	void *mistakes;

	(void)state;
	for (uint32_t i = 0; i < THREADS; i++) {
		writers[i] = (struct writer){ .id = id, .first = 1000 * i };
		pthread_create(&threads[i], NULL, write_and_read, &writers[i]);
	}
	for (uint32_t i = 0; i < THREADS; i++) {
		pthread_join(threads[i], &mistakes);
		assert_null(mistakes);
	}
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

/* control_test [SEED] */
int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		CASE(a_map_the_firmware_cannot_have_is_a_bad_argument),
		CASE(maps_and_entries_are_counted),
		CASE(a_hash_has_what_was_put_in),
		CASE(maps_do_not_see_each_others_entries),
		CASE(an_array_has_all_its_elements),
		CASE(an_array_of_the_open_firmware_has_what_was_written),
		CASE(several_entries_come_in_one_reply),
		CASE(what_is_no_message_has_no_reply),
		CASE(a_message_of_a_wrong_length_is_a_bad_message),
		CASE(abi_3_has_slots_of_the_firmwares_own_size),
		CASE(two_hashes_are_what_plain_arrays_say),
		CASE(keys_that_share_a_bucket_are_all_there),
		CASE(places_in_buckets_come_back),
		CASE(threads_find_their_own),
	};

	seed = argc > 1 ? strtoull(argv[1], NULL, 0) : (uint64_t)time(NULL) | 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
