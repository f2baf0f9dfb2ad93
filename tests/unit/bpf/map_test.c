/* SPDX-License-Identifier: BSD-2-Clause */
/* Maps, one thread: creation, the operations of each type, errno, memory. */
#include "bpf/map_internal.h"
#include "bpf/xb.h"
#include "tests/_cmocka.h"
#include "tests/unit/bpf/map_make.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int
put(struct xb_map *map, uint32_t key, uint64_t value, uint64_t flags)
{
	return xb_map_update(map, 0, &key, &value, flags);
}

static uint64_t *
get(struct xb_map *map, unsigned int cpu, uint32_t key)
{
	return xb_map_lookup(map, cpu, &key);
}

/* ---- creation ---- */

static const struct {
	enum bpf_map_type type;
	uint32_t key_size, value_size, max_entries, flags;
	int err;
	const char *says;
} refused[] = {
	{ BPF_MAP_TYPE_UNSPEC, 4, 4, 1, 0, EINVAL, "no map type 0" },
	{ BPF_MAP_TYPE_HASH, 0, 4, 1, 0, EINVAL, "key_size is 0" },
	{ BPF_MAP_TYPE_HASH, 4, 0, 1, 0, EINVAL, "value_size is 0" },
	{ BPF_MAP_TYPE_HASH, 4, 4, 0, 0, EINVAL, "max_entries is 0" },
	{ BPF_MAP_TYPE_HASH, 4, 4, 1, BPF_F_MMAPABLE, EINVAL, "flags 0x400" },
	{ BPF_MAP_TYPE_HASH, 4, 4, 1, 1u << 31, EINVAL, "flags 0x80000000" },
	{ BPF_MAP_TYPE_HASH, 4, 4, 1, BPF_F_NO_COMMON_LRU, EINVAL, "LRU maps only" },
	{ BPF_MAP_TYPE_HASH, 4, 4, 1, BPF_F_RDONLY | BPF_F_WRONLY, EINVAL, "exclude each other" },
	{ BPF_MAP_TYPE_HASH, 4, 4, 1, BPF_F_RDONLY_PROG | BPF_F_WRONLY_PROG, EINVAL,
		"exclude each other" },
	{ BPF_MAP_TYPE_HASH, 4, 4u << 20, 1, 0, E2BIG, "too large" },
	{ BPF_MAP_TYPE_HASH, 4, 4, (1u << 27) + 1, 0, E2BIG, "max_entries 134217729" },
	{ BPF_MAP_TYPE_HASH, 4, 3u << 20, 1u << 20, 0, ENOMEM, "lower max_entries" },
	{ BPF_MAP_TYPE_PERCPU_HASH, 4, (32u << 10) + 1, 1, 0, E2BIG, "at most 32768" },
	{ BPF_MAP_TYPE_PERCPU_HASH, 4, 4, 1, BPF_F_NUMA_NODE, EINVAL, "per cpu" },
	{ BPF_MAP_TYPE_LRU_HASH, 4, 4, 1, BPF_F_NO_PREALLOC, XB_ENOTSUPP, "always preallocated" },
	{ BPF_MAP_TYPE_LRU_HASH, 4, 4, 1, BPF_F_NO_COMMON_LRU | BPF_F_NUMA_NODE, EINVAL,
		"per cpu" },
	{ BPF_MAP_TYPE_ARRAY, 8, 4, 1, 0, EINVAL, "key_size 8" },
	{ BPF_MAP_TYPE_ARRAY, 4, 0, 1, 0, EINVAL, "value_size is 0" },
	{ BPF_MAP_TYPE_ARRAY, 4, 4, 0, 0, EINVAL, "max_entries is 0" },
	{ BPF_MAP_TYPE_ARRAY, 4, 4, 1, BPF_F_NO_PREALLOC, EINVAL, "flags 0x1" },
	{ BPF_MAP_TYPE_ARRAY, 4, 4, 1, BPF_F_ZERO_SEED, EINVAL, "flags 0x40" },
	{ BPF_MAP_TYPE_ARRAY, 4, 1u << 31, 1, 0, E2BIG, "2147483648" },
	{ BPF_MAP_TYPE_ARRAY, 4, 4, UINT32_MAX, 0, ENOMEM, "lower max_entries" },
	{ BPF_MAP_TYPE_ARRAY, 4, 1u << 30, UINT32_MAX, 0, ENOMEM, "lower max_entries" },
	{ BPF_MAP_TYPE_PERCPU_ARRAY, 4, 4, 1, BPF_F_MMAPABLE, EINVAL, "flags 0x400" },
	{ BPF_MAP_TYPE_PERCPU_ARRAY, 4, 4, 1, BPF_F_NUMA_NODE, EINVAL, "flags 0x4" },
	{ BPF_MAP_TYPE_PERCPU_ARRAY, 4, (32u << 10) + 1, 1, 0, E2BIG, "at most 32768" },
	{ BPF_MAP_TYPE_PROG_ARRAY, 4, 8, 1, 0, EINVAL, "value_size 8" },
	{ BPF_MAP_TYPE_PROG_ARRAY, 4, 4, 1, BPF_F_RDONLY_PROG, EINVAL, "not for this type" },
	{ BPF_MAP_TYPE_LPM_TRIE, 8, 4, 0, BPF_F_NO_PREALLOC, EINVAL, "max_entries is 0" },
	{ BPF_MAP_TYPE_LPM_TRIE, 8, 4, 1, 0, EINVAL, "must have BPF_F_NO_PREALLOC" },
	{ BPF_MAP_TYPE_LPM_TRIE, 8, 4, 1, BPF_F_NO_PREALLOC | BPF_F_ZERO_SEED, EINVAL,
		"flags 0x40" },
	{ BPF_MAP_TYPE_LPM_TRIE, 4, 4, 1, BPF_F_NO_PREALLOC, EINVAL, "must be 5 to 260" },
	{ BPF_MAP_TYPE_LPM_TRIE, 261, 4, 1, BPF_F_NO_PREALLOC, EINVAL, "must be 5 to 260" },
	{ BPF_MAP_TYPE_LPM_TRIE, 8, 0, 1, BPF_F_NO_PREALLOC, EINVAL, "value_size 0" },
	{ BPF_MAP_TYPE_DEVMAP, 4, 4, 0, 0, EINVAL, "max_entries is 0" },
	{ BPF_MAP_TYPE_DEVMAP, 8, 4, 1, 0, EINVAL, "key_size 8" },
	{ BPF_MAP_TYPE_DEVMAP, 4, 16, 1, 0, EINVAL, "must be 4 or 8" },
	{ BPF_MAP_TYPE_DEVMAP, 4, 4, 1, BPF_F_RDONLY_PROG, EINVAL, "flags 0x80" },
	{ BPF_MAP_TYPE_DEVMAP_HASH, 4, 4, (1u << 31) + 1, 0, EINVAL, "at most 2147483648" },
	{ BPF_MAP_TYPE_CPUMAP, 4, 4, 8193, 0, E2BIG, "at most 8192" },
	{ BPF_MAP_TYPE_XSKMAP, 4, 8, 1, 0, EINVAL, "must be 4" },
	{ BPF_MAP_TYPE_PERF_EVENT_ARRAY, 4, 8, 1, 0, EINVAL, "value_size 8" },
	{ BPF_MAP_TYPE_HASH_OF_MAPS, 4, 8, 1, 0, EINVAL, "a map's is 4" },
	{ BPF_MAP_TYPE_ARRAY_OF_MAPS, 4, 4, 0, 0, EINVAL, "max_entries is 0" },
	{ BPF_MAP_TYPE_QUEUE, 0, 4, 1, 0, EOPNOTSUPP, "(queue): this map type is not implemented" },
	{ (enum bpf_map_type)34, 4, 4, 1, 0, EINVAL, "no map type 34" },
	{ (enum bpf_map_type)33, 0, 0, 1, 0, EOPNOTSUPP, "(arena)" },
};

static void
what_the_kernel_refuses_is_refused_with_its_errno_and_a_sentence(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		const struct xb_map_def def = { .name = "m",
			.type = refused[i].type,
			.key_size = refused[i].key_size,
			.value_size = refused[i].value_size,
			.max_entries = refused[i].max_entries,
			.flags = refused[i].flags };
		struct xb_log log = { 0 };

		errno = 0;
		assert_null(xb_map_new(&def, CPUS, &log));
		if (errno != refused[i].err || !strstr(xb_log_text(&log), refused[i].says))
			fail_msg("row %zu: errno %d, '%s'", i, errno, xb_log_text(&log));
		assert_memory_equal(xb_log_text(&log), "map 'm' (", 9);
		xb_log_free(&log);
		errno = 0;
		assert_null(xb_map_new(&def, CPUS, NULL));
		assert_int_equal(errno, refused[i].err);
	}
}

static void
a_map_needs_a_sane_number_of_workers(void **state)
{
	const struct xb_map_def def = { .name = "m",
		.type = BPF_MAP_TYPE_ARRAY,
		.key_size = 4,
		.value_size = 4,
		.max_entries = 1 };

	(void)state;
	assert_null(xb_map_new(&def, 0, NULL));
	assert_int_equal(errno, EINVAL);
	assert_null(xb_map_new(&def, XB_CPUS_MAX + 1, NULL));
	xb_map_free(xb_map_new(&def, XB_CPUS_MAX, NULL));
	xb_map_free(NULL);
}

static void
every_type_has_a_name(void **state)
{
	(void)state;
	for (int i = 0; i < 40; i++)
		assert_true(strlen(xb_map_type_name((enum bpf_map_type)i)) > 0);
	assert_string_equal(xb_map_type_name(BPF_MAP_TYPE_LRU_HASH), "lru_hash");
	assert_string_equal(xb_map_type_name((enum bpf_map_type)32), "cgrp_storage");
	assert_string_equal(xb_map_type_name((enum bpf_map_type)UINT32_MAX), "unknown");
}

static void
a_huge_map_costs_nothing_until_used(void **state)
{
	struct xb_map *map = make(BPF_MAP_TYPE_HASH, 16, 64, 20000000, 0);

	(void)state;
	for (uint64_t i = 0; i < 100; i++) {
		uint64_t key[2] = { i, ~i }, value[8] = { i * 3 };

		assert_int_equal(xb_map_update(map, 0, key, value, BPF_ANY), 0);
	}
	for (uint64_t i = 0; i < 100; i++) {
		uint64_t key[2] = { i, ~i }, *value = xb_map_lookup(map, 0, key);

		assert_non_null(value);
		assert_int_equal(*value, i * 3);
	}
	xb_map_free(map);
}

/* ---- hash ---- */

static void
hash_flags_say_whether_the_key_may_be_there(void **state)
{
	struct xb_map *map = make(BPF_MAP_TYPE_HASH, 4, 8, 4, 0);
	uint32_t key = 7;

	(void)state;
	assert_int_equal(put(map, 7, 1, BPF_EXIST), -ENOENT);
	assert_int_equal(put(map, 7, 1, 3), -EINVAL);
	assert_int_equal(put(map, 7, 1, BPF_F_LOCK), -EINVAL);
	assert_int_equal(put(map, 7, 1, UINT64_C(1) << 32), -EINVAL);
	assert_null(get(map, 0, 7));
	assert_int_equal(put(map, 7, 1, BPF_NOEXIST), 0);
	assert_int_equal(put(map, 7, 2, BPF_NOEXIST), -EEXIST);
	assert_int_equal(*get(map, 0, 7), 1);
	assert_int_equal(put(map, 7, 3, BPF_EXIST), 0);
	assert_int_equal(*get(map, 0, 7), 3);
	assert_int_equal(xb_map_delete(map, 0, &key), 0);
	assert_int_equal(xb_map_delete(map, 0, &key), -ENOENT);
	assert_null(get(map, 0, 7));
	xb_map_free(map);
}

static void
a_full_hash_refuses_new_keys_and_takes_old_ones(void **state)
{
	struct xb_map *map = make(BPF_MAP_TYPE_HASH, 4, 8, 3, BPF_F_NO_PREALLOC);
	uint32_t key = 1;

	(void)state;
	for (uint32_t i = 0; i < 3; i++)
		assert_int_equal(put(map, i, i, BPF_ANY), 0);
	assert_int_equal(put(map, 3, 3, BPF_ANY), -E2BIG);
	assert_int_equal(put(map, 3, 3, BPF_EXIST), -ENOENT);
	assert_int_equal(put(map, 2, 22, BPF_ANY), 0);
	assert_int_equal(xb_map_delete(map, 0, &key), 0);
	assert_int_equal(put(map, 3, 3, BPF_ANY), 0);
	assert_int_equal(put(map, 1, 1, BPF_ANY), -E2BIG);
	assert_int_equal(*get(map, 0, 2), 22);
	xb_map_free(map);
}

static void
an_update_of_a_hash_leaves_the_old_value_to_who_holds_it(void **state)
{
	struct xb_map *map = make(BPF_MAP_TYPE_HASH, 4, 8, 2, 0);
	uint64_t *old, *again;
	uint32_t key = 1;

	(void)state;
	xb_map_thread_online(0);
	put(map, 1, 11, BPF_ANY);
	old = get(map, 0, 1);
	put(map, 1, 12, BPF_ANY);
	again = get(map, 0, 1);
	assert_ptr_not_equal(old, again);
	assert_int_equal(*old, 11);
	assert_int_equal(*again, 12);
	xb_map_delete(map, 0, &key);
	for (uint32_t i = 0; i < 1000; i++)
		put(map, i % 2, 100 + i, BPF_ANY);
	assert_int_equal(*old, 11);
	assert_int_equal(*again, 12);
	xb_map_thread_offline(0);
	xb_map_free(map);
}

static void
elements_are_used_again_after_the_worker_was_quiescent(void **state)
{
	struct xb_map *map = make(BPF_MAP_TYPE_HASH, 4, 8, 1, 0);
	uintptr_t low = UINTPTR_MAX, high = 0;

	(void)state;
	xb_map_thread_online(1);
	for (uint32_t i = 0; i < 100000; i++) {
		uint64_t value = i;
		uint32_t key = 5;
		uintptr_t at;

		assert_int_equal(xb_map_update(map, 1, &key, &value, BPF_ANY), 0);
		at = (uintptr_t)xb_map_lookup(map, 1, &key);
		low = at < low ? at : low;
		high = at > high ? at : high;
		xb_map_quiescent(1);
	}
	xb_map_thread_offline(1);
	assert_true(high - low < 4096);
	xb_map_free(map);
}

static void
a_worker_that_is_never_quiescent_runs_out_of_elements(void **state)
{
	struct xb_map *map = make(BPF_MAP_TYPE_HASH, 4, 1u << 20, 1, 0);
	uint8_t *value = calloc(1, 1u << 20);
	uint32_t key = 5, n = 0;
	int err;

	(void)state;
	xb_map_thread_online(0);
	while ((err = xb_map_update(map, 0, &key, value, BPF_ANY)) == 0 && n < 10000)
		n++;
	assert_int_equal(err, -ENOMEM);
	assert_true(n >= 64);
	assert_non_null(xb_map_lookup(map, 0, &key));
	xb_map_quiescent(0);
	assert_int_equal(xb_map_update(map, 0, &key, value, BPF_ANY), 0);
	xb_map_thread_offline(0);
	free(value);
	xb_map_free(map);
}

/* Worker 0 lost its processor in the middle of a packet while worker 1 went on. */
static void
a_worker_that_stalled_still_finds_elements(void **state)
{
	struct xb_map *map = make(BPF_MAP_TYPE_HASH, 4, 1u << 20, 1, 0);
	uint8_t *value = calloc(1, 1u << 20);
	uint32_t key = 5, n = 0;

	(void)state;
	xb_map_thread_online(0);
	xb_map_thread_online(1);
	assert_int_equal(xb_map_update(map, 0, &key, value, BPF_ANY), 0);
	while (xb_map_update(map, 1, &key, value, BPF_ANY) == 0 && n < 10000) {
		xb_map_quiescent(1);
		n++;
	}
	assert_in_range(n, 64, 200);
	for (unsigned int i = 0; i < 32; i++)
		assert_int_equal(xb_map_update(map, 0, &key, value, BPF_ANY), 0);
	xb_map_quiescent(0);
	xb_map_quiescent(1);
	assert_int_equal(xb_map_update(map, 1, &key, value, BPF_ANY), 0);
	xb_map_thread_offline(0);
	xb_map_thread_offline(1);
	free(value);
	xb_map_free(map);
}

static void
keys_of_any_length_are_told_apart(void **state)
{
	(void)state;
	for (uint32_t n = 1; n < 40; n++) {
		struct xb_map *map = make(BPF_MAP_TYPE_HASH, n, 4, 8 * n + 1, 0);
		uint8_t *key = calloc(1, n); /* exactly, so that a sanitizer sees more being read */
		uint32_t v = UINT32_MAX;

		assert_int_equal(xb_map_update(map, 0, key, &v, BPF_NOEXIST), 0);
		for (uint32_t bit = 0; bit < 8 * n; bit++) {
			key[bit / 8] ^= (uint8_t)(1 << bit % 8);
			assert_int_equal(xb_map_update(map, 0, key, &bit, BPF_NOEXIST), 0);
			key[bit / 8] ^= (uint8_t)(1 << bit % 8);
		}
		for (uint32_t bit = 0; bit < 8 * n; bit++) {
			key[bit / 8] ^= (uint8_t)(1 << bit % 8);
			assert_int_equal(*(uint32_t *)xb_map_lookup(map, 0, key), bit);
			key[bit / 8] ^= (uint8_t)(1 << bit % 8);
		}
		assert_int_equal(*(uint32_t *)xb_map_lookup(map, 0, key), UINT32_MAX);
		free(key);
		xb_map_free(map);
	}
}

/* A slow, obvious map beside it. */
static void
a_hash_remembers_like_a_table(void **state)
{
	enum { KEYS = 512, MAX = 300 };
	struct xb_map *map = make(BPF_MAP_TYPE_HASH, 4, 8, MAX, BPF_F_ZERO_SEED);
	bool there[KEYS] = { false };
	uint64_t values[KEYS], seed = 1;
	unsigned int count = 0;

	(void)state;
	for (unsigned int i = 0; i < 200000; i++) {
		uint32_t key;
		int err;

		seed = seed * 6364136223846793005u + 1442695040888963407u;
		key = (uint32_t)(seed >> 33) % KEYS;
		if ((seed >> 60) < 9) {
			err = put(map, key, i, BPF_ANY);
			assert_int_equal(err, !there[key] && count == MAX ? -E2BIG : 0);
			if (!err) {
				count += !there[key];
				there[key] = true;
				values[key] = i;
			}
		} else {
			err = xb_map_delete(map, 0, &key);
			assert_int_equal(err, there[key] ? 0 : -ENOENT);
			count -= there[key];
			there[key] = false;
		}
		key = (uint32_t)(seed >> 20) % KEYS;
		assert_int_equal(get(map, 0, key) != NULL, there[key]);
		if (there[key])
			assert_int_equal(*get(map, 0, key), values[key]);
	}
	xb_map_free(map);
}

/* ---- arrays ---- */

static void
an_array_has_all_its_elements_and_keeps_them(void **state)
{
	struct xb_map *map = make(BPF_MAP_TYPE_ARRAY, 4, 8, 4, BPF_F_MMAPABLE);
	uint32_t key = 1;
	uint64_t *at = get(map, 0, 1);

	(void)state;
	assert_int_equal(*at, 0);
	assert_null(get(map, 0, 4));
	assert_int_equal(put(map, 1, 5, BPF_ANY), 0);
	assert_ptr_equal(get(map, 2, 1), at);
	assert_int_equal(*at, 5);
	assert_int_equal(put(map, 1, 6, BPF_EXIST), 0);
	assert_int_equal(put(map, 1, 7, BPF_NOEXIST), -EEXIST);
	assert_int_equal(put(map, 4, 7, BPF_ANY), -E2BIG);
	assert_int_equal(put(map, 4, 7, BPF_NOEXIST), -E2BIG);
	assert_int_equal(put(map, 4, 7, 3), -EINVAL);
	assert_int_equal(put(map, 1, 7, BPF_F_LOCK), -EINVAL);
	assert_int_equal(put(map, 4, 7, BPF_F_LOCK), -E2BIG);
	assert_int_equal(xb_map_delete(map, 0, &key), -EINVAL);
	assert_int_equal(*at, 6);
	xb_map_free(map);
}

static void
initial_contents_are_the_value_of_key_0(void **state)
{
	const struct xb_map_def def = { .name = ".rodata",
		.type = BPF_MAP_TYPE_ARRAY,
		.key_size = 4,
		.value_size = 6,
		.max_entries = 1,
		.flags = BPF_F_RDONLY_PROG,
		.frozen = true,
		.contents = "hello" };
	struct xb_map *map = xb_map_new(&def, 1, NULL);
	uint32_t key = 0;
	char value[6];

	(void)state;
	assert_non_null(map);
	assert_string_equal(xb_map_value_addr(map, 0), "hello");
	assert_string_equal(xb_map_value_addr(map, 3), "lo");
	assert_null(xb_map_value_addr(map, 6));
	assert_int_equal(xb_map_update(map, 0, &key, "olleh", BPF_ANY), -EPERM);
	assert_int_equal(xb_map_user_update(map, &key, "olleh", BPF_ANY), -EPERM);
	assert_int_equal(xb_map_user_delete(map, &key), -EPERM);
	assert_int_equal(xb_map_user_lookup(map, &key, value), 0);
	assert_string_equal(value, "hello");
	assert_true(xb_map_owns(map, xb_map_value_addr(map, 0), 6, false));
	assert_false(xb_map_owns(map, xb_map_value_addr(map, 0), 6, true));
	xb_map_free(map);
}

/* ---- per cpu ---- */

static void
percpu_values_are_each_workers_own(void **state)
{
	const enum bpf_map_type types[] = { BPF_MAP_TYPE_PERCPU_ARRAY, BPF_MAP_TYPE_PERCPU_HASH,
		BPF_MAP_TYPE_LRU_PERCPU_HASH };

	(void)state;
	for (unsigned int t = 0; t < 3; t++) {
		struct xb_map *map = make(types[t], 4, 4, 2, 0);
		uint32_t key = 1, user[CPUS * 2] = { 0 };
		uint32_t *at;

		for (uint32_t cpu = 0; cpu < CPUS; cpu++) {
			uint32_t v = 10 + cpu;

			assert_int_equal(xb_map_update(map, cpu, &key, &v, BPF_ANY), 0);
		}
		at = xb_map_lookup(map, 1, &key);
		assert_int_equal(*at, 11);
		assert_ptr_not_equal(at, xb_map_lookup(map, 2, &key));
		assert_int_equal(xb_map_user_value_size(map), 8 * CPUS);
		assert_int_equal(xb_map_user_lookup(map, &key, user), 0);
		assert_int_equal(user[0], 10);
		assert_int_equal(user[2], 11);
		assert_int_equal(user[4], 12);
		user[2] = 77;
		assert_int_equal(xb_map_user_update(map, &key, user, BPF_ANY), 0);
		assert_int_equal(*at, 77); /* in place */
		xb_map_free(map);
	}
}

static void
a_new_percpu_element_is_zero_for_the_other_workers(void **state)
{
	struct xb_map *map = make(BPF_MAP_TYPE_PERCPU_HASH, 4, 8, 1, 0);
	uint32_t key = 1;

	(void)state;
	/* Often enough that elements are used again. */
	for (unsigned int round = 0; round < 100; round++) {
		for (unsigned int cpu = 0; cpu < CPUS; cpu++) {
			uint64_t v = 100;

			assert_int_equal(xb_map_update(map, cpu, &key, &v, BPF_ANY), 0);
			assert_int_equal(*get(map, cpu, 1), 100);
			assert_int_equal(*get(map, (cpu + 1) % CPUS, 1), cpu == 2 ? 100 : 0);
		}
		assert_int_equal(xb_map_delete(map, 0, &key), 0);
	}
	xb_map_free(map);
}

/* ---- LRU ---- */

static void
evicts_what_nobody_looked_at(enum bpf_map_type type)
{
	struct xb_map *map = make(type, 4, 8, 100, 0);

	for (uint32_t i = 0; i < 5000; i++) {
		unsigned int n = 0;

		assert_int_equal(put(map, 1000 + i, i, BPF_NOEXIST), 0);
		/* The first one is used all the time. */
		assert_non_null(get(map, 0, 1000));
		if (i % 500 != 499)
			continue;
		for (uint32_t k = 0; k <= i; k++) {
			uint32_t key = 1000 + k;
			uint64_t v[CPUS];

			n += xb_map_user_lookup(map, &key, v) == 0;
		}
		assert_int_equal(n, 100);
	}
	xb_map_free(map);
}

static void
a_full_lru_hash_evicts_what_nobody_looked_at(void **state)
{
	(void)state;
	evicts_what_nobody_looked_at(BPF_MAP_TYPE_LRU_HASH);
	evicts_what_nobody_looked_at(BPF_MAP_TYPE_LRU_PERCPU_HASH);
}

/* An update of a value that is there changes it in place, and is a second chance. */
static void
an_update_of_a_percpu_lru_hash_counts_as_looking(void **state)
{
	struct xb_map *map = make(BPF_MAP_TYPE_LRU_PERCPU_HASH, 4, 8, 4, 0);
	uint64_t *at;

	(void)state;
	for (uint32_t i = 0; i < 4; i++)
		assert_int_equal(put(map, i, i, BPF_ANY), 0);
	assert_int_equal(put(map, 0, 10, BPF_ANY), 0);
	assert_int_equal(put(map, 4, 4, BPF_ANY), 0);
	assert_null(get(map, 0, 1)); /* the oldest that was not touched again */
	at = get(map, 0, 0);
	assert_non_null(at);
	assert_int_equal(put(map, 0, 11, BPF_ANY), 0);
	assert_int_equal(*at, 11);
	assert_int_equal(*get(map, 1, 0), 0);
	xb_map_free(map);
}

static void
lru_evicts_nothing_before_it_is_full_nor_when_refused(void **state)
{
	struct xb_map *map = make(BPF_MAP_TYPE_LRU_HASH, 4, 8, 100, 0);

	(void)state;
	for (uint32_t i = 0; i < 100; i++)
		assert_int_equal(put(map, i, i, BPF_ANY), 0);
	assert_int_equal(put(map, 5, 5, BPF_NOEXIST), -EEXIST);
	assert_int_equal(put(map, 500, 5, BPF_EXIST), -ENOENT);
	assert_int_equal(put(map, 500, 5, 3), -EINVAL);
	assert_int_equal(put(map, 6, 66, BPF_EXIST), 0);
	for (uint32_t i = 0; i < 100; i++)
		assert_non_null(get(map, 0, i));
	xb_map_free(map);
}

/* ---- program arrays ---- */

static void
a_program_array_holds_images(void **state)
{
	struct xb_map *map = make(BPF_MAP_TYPE_PROG_ARRAY, 4, 4, 2, 0);
	const struct xb_image *image = (const struct xb_image *)(const void *)&map;
	uint32_t key = 1, value = 3, far = 2;

	(void)state;
	assert_int_equal(xb_map_set_prog(map, 2, image), -E2BIG);
	assert_int_equal(xb_map_set_prog(map, 1, image), 0);
	assert_ptr_equal(xb_map_get_prog(map, 1), image);
	assert_null(xb_map_get_prog(map, 0));
	assert_null(xb_map_get_prog(map, 2));
	assert_null(xb_map_lookup(map, 0, &key));
	assert_int_equal(xb_map_user_update(map, &key, &value, BPF_EXIST), -EINVAL);
	assert_int_equal(xb_map_user_update(map, &far, &value, BPF_ANY), -E2BIG);
	assert_int_equal(xb_map_user_update(map, &key, &value, BPF_ANY), -EBADF);
	assert_int_equal(xb_map_user_lookup(map, &far, &value), -ENOENT);
	assert_int_equal(xb_map_user_delete(map, &far), -E2BIG);
	assert_int_equal(xb_map_user_delete(map, &key), 0);
	assert_int_equal(xb_map_user_delete(map, &key), -ENOENT);
	assert_null(xb_map_get_prog(map, 1));
	xb_map_free(map);

	map = make(BPF_MAP_TYPE_ARRAY, 4, 4, 2, 0);
	assert_int_equal(xb_map_set_prog(map, 1, image), -EINVAL);
	assert_null(xb_map_get_prog(map, 1));
	xb_map_free(map);
}

/* ---- who may ---- */

static void
access_flags_bind_programs_or_the_outside(void **state)
{
	struct xb_map *map = make(BPF_MAP_TYPE_HASH, 4, 8, 2, BPF_F_RDONLY);
	uint32_t key = 1;
	uint64_t v = 1;

	(void)state;
	assert_int_equal(put(map, 1, 1, BPF_ANY), 0);
	assert_int_equal(xb_map_user_update(map, &key, &v, BPF_ANY), -EPERM);
	assert_int_equal(xb_map_user_delete(map, &key), -EPERM);
	assert_int_equal(xb_map_user_lookup(map, &key, &v), 0);
	xb_map_free(map);

	map = make(BPF_MAP_TYPE_HASH, 4, 8, 2, BPF_F_WRONLY);
	assert_int_equal(xb_map_user_update(map, &key, &v, BPF_ANY), 0);
	assert_int_equal(xb_map_user_lookup(map, &key, &v), -EPERM);
	xb_map_free(map);

	map = make(BPF_MAP_TYPE_HASH, 4, 8, 2, BPF_F_RDONLY_PROG);
	assert_int_equal(xb_map_user_update(map, &key, &v, BPF_ANY), 0);
	assert_int_equal(put(map, 1, 2, BPF_ANY), -EPERM);
	assert_int_equal(xb_map_delete(map, 0, &key), -EPERM);
	assert_true(xb_map_owns(map, get(map, 0, 1), 8, false));
	assert_false(xb_map_owns(map, get(map, 0, 1), 8, true));
	xb_map_free(map);

	map = make(BPF_MAP_TYPE_ARRAY, 4, 8, 2, BPF_F_WRONLY_PROG);
	assert_false(xb_map_owns(map, get(map, 0, 1), 8, false));
	assert_true(xb_map_owns(map, get(map, 0, 1), 8, true));
	xb_map_free(map);
}

/* For every type and many sizes: a value and no byte more. */
static void
a_map_owns_its_values_and_nothing_around_them(void **state)
{
	const enum bpf_map_type types[] = { BPF_MAP_TYPE_ARRAY, BPF_MAP_TYPE_PERCPU_ARRAY,
		BPF_MAP_TYPE_HASH, BPF_MAP_TYPE_PERCPU_HASH, BPF_MAP_TYPE_LRU_HASH,
		BPF_MAP_TYPE_LRU_PERCPU_HASH };
	static const uint8_t zeros[5000];

	(void)state;
	for (unsigned int i = 0; i < 6 * 60; i++) {
		uint32_t size = i / 6 < 50 ? i / 6 + 1 : (i / 6) * 83;
		struct xb_map *map = make(types[i % 6], 4, size, 7, 0);

		for (uint32_t key = 0; key < 7; key++) {
			const uint8_t *at;

			xb_map_update(map, 2, &key, zeros, BPF_ANY);
			at = xb_map_lookup(map, key % CPUS, &key);
			assert_true(xb_map_owns(map, at, size, true));
			assert_true(xb_map_owns(map, at + size - 1, 1, false));
			assert_false(xb_map_owns(map, at - 1, 2, false));
			assert_false(xb_map_owns(map, at + size - 1, 2, false));
			assert_false(xb_map_owns(map, at + 1, size, false));
			assert_false(xb_map_owns(map, at, UINT32_MAX, false));
		}
		assert_false(xb_map_owns(map, NULL, 1, false));
		assert_false(xb_map_owns(map, &size, 1, false));
		assert_false(xb_map_owns(map, (void *)UINTPTR_MAX, 1, false));
		xb_map_free(map);
	}
}

static void
owning_is_exact_at_the_end_of_large_maps(void **state)
{
	const uint32_t sizes[] = { 8, 24, 1000, 4096, 65528, (1u << 20) + 8 };

	(void)state;
	for (unsigned int i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		uint32_t n = (uint32_t)((XB_MAP_BYTES_MAX - 4096) / sizes[i]);
		struct xb_map *map = make(BPF_MAP_TYPE_ARRAY, 4, sizes[i], n, 0);

		for (uint32_t key = n - 1; key > n - 1000 && key < n; key--) {
			const uint8_t *at = xb_map_lookup(map, 0, &key);

			assert_true(xb_map_owns(map, at, sizes[i], true));
			assert_true(xb_map_owns(map, at + sizes[i] - 1, 1, true));
			assert_false(xb_map_owns(map, at + sizes[i] - 1, 2, true));
		}
		xb_map_free(map);
	}
}

/* ---- all elements ---- */

struct seen {
	unsigned int n;
	uint8_t last[8];
	uint64_t sum;
	int stop_at;
	struct xb_map *map;
};

static int
visit(void *arg, const void *key, const void *value)
{
	struct seen *s = arg;
	uint32_t k;

	memcpy(&k, key, sizeof(k));
	if (s->n)
		assert_true(memcmp(s->last, key, 4) < 0);
	memcpy(s->last, key, 4);
	s->sum += *(const uint64_t *)value;
	if (s->map)
		assert_int_equal(xb_map_user_delete(s->map, key), 0);
	return ++s->n == (unsigned int)s->stop_at ? 42 : 0;
}

static void
elements_come_in_the_order_of_their_key_bytes(void **state)
{
	struct xb_map *map = make(BPF_MAP_TYPE_HASH, 4, 8, 1000, 0);
	struct seen s = { 0 };

	(void)state;
	assert_int_equal(xb_map_for_each(map, visit, &s), 0);
	assert_int_equal(s.n, 0);
	for (uint32_t i = 0; i < 1000; i++)
		put(map, i * 2654435761u, i, BPF_ANY);
	assert_int_equal(xb_map_for_each(map, visit, &s), 0);
	assert_int_equal(s.n, 1000);
	assert_int_equal(s.sum, 499500);
	s = (struct seen){ .stop_at = 10 };
	assert_int_equal(xb_map_for_each(map, visit, &s), 42);
	assert_int_equal(s.n, 10);
	s = (struct seen){ .map = map };
	assert_int_equal(xb_map_for_each(map, visit, &s), 0);
	assert_int_equal(s.n, 1000);
	s = (struct seen){ 0 };
	assert_int_equal(xb_map_for_each(map, visit, &s), 0);
	assert_int_equal(s.n, 0);
	xb_map_free(map);
}

static int
visit_array(void *arg, const void *key, const void *value)
{
	unsigned int *n = arg;

	assert_int_equal(*(const uint32_t *)key, *n);
	assert_int_equal(*(const uint64_t *)value, *n * 7);
	++*n;
	return 0;
}

static void
elements_of_an_array_come_by_index(void **state)
{
	struct xb_map *map = make(BPF_MAP_TYPE_ARRAY, 4, 8, 300, BPF_F_WRONLY);
	unsigned int n = 0;

	(void)state;
	for (uint32_t i = 0; i < 300; i++)
		put(map, i, i * 7, BPF_ANY);
	assert_int_equal(xb_map_for_each(map, visit_array, &n), 0);
	assert_int_equal(n, 300);
	xb_map_free(map);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_the_kernel_refuses_is_refused_with_its_errno_and_a_sentence),
		cmocka_unit_test(a_map_needs_a_sane_number_of_workers),
		cmocka_unit_test(every_type_has_a_name),
		cmocka_unit_test(a_huge_map_costs_nothing_until_used),
		cmocka_unit_test(hash_flags_say_whether_the_key_may_be_there),
		cmocka_unit_test(a_full_hash_refuses_new_keys_and_takes_old_ones),
		cmocka_unit_test(an_update_of_a_hash_leaves_the_old_value_to_who_holds_it),
		cmocka_unit_test(elements_are_used_again_after_the_worker_was_quiescent),
		cmocka_unit_test(a_worker_that_is_never_quiescent_runs_out_of_elements),
		cmocka_unit_test(a_worker_that_stalled_still_finds_elements),
		cmocka_unit_test(keys_of_any_length_are_told_apart),
		cmocka_unit_test(a_hash_remembers_like_a_table),
		cmocka_unit_test(an_array_has_all_its_elements_and_keeps_them),
		cmocka_unit_test(initial_contents_are_the_value_of_key_0),
		cmocka_unit_test(percpu_values_are_each_workers_own),
		cmocka_unit_test(a_new_percpu_element_is_zero_for_the_other_workers),
		cmocka_unit_test(a_full_lru_hash_evicts_what_nobody_looked_at),
		cmocka_unit_test(an_update_of_a_percpu_lru_hash_counts_as_looking),
		cmocka_unit_test(lru_evicts_nothing_before_it_is_full_nor_when_refused),
		cmocka_unit_test(a_program_array_holds_images),
		cmocka_unit_test(access_flags_bind_programs_or_the_outside),
		cmocka_unit_test(a_map_owns_its_values_and_nothing_around_them),
		cmocka_unit_test(owning_is_exact_at_the_end_of_large_maps),
		cmocka_unit_test(elements_come_in_the_order_of_their_key_bytes),
		cmocka_unit_test(elements_of_an_array_come_by_index),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
