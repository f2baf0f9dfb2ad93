/* SPDX-License-Identifier: BSD-2-Clause */
/* Maps of prefixes, of targets and of maps, one thread. The others are in map_test.c. */
#include "bpf/xb.h"
#include "tests/_cmocka.h"
#include "tests/unit/bpf/map_make.h"

#include <errno.h>

/* ---- prefixes ---- */

struct prefix {
	uint32_t bits;
	uint8_t addr[4];
};

static int
put_prefix(struct xb_map *map, struct prefix p, uint64_t value, uint64_t flags)
{
	return xb_map_update(map, 0, &p, &value, flags);
}

static uint64_t
longest(struct xb_map *map, struct prefix p)
{
	const uint64_t *value = xb_map_lookup(map, 0, &p);

	return value ? *value : 0;
}

static void
a_lookup_finds_the_longest_prefix(void **state)
{
	struct xb_map *map = make(BPF_MAP_TYPE_LPM_TRIE, 8, 8, 4, BPF_F_NO_PREALLOC);
	const struct prefix ten = { 8, { 10, 1, 2, 3 } }, half = { 9, { 10, 0xff } },
			    host = { 32, { 10, 1, 2, 3 } };

	(void)state;
	assert_int_equal(longest(map, host), 0);
	assert_int_equal(put_prefix(map, ten, 1, BPF_ANY), 0);
	assert_int_equal(put_prefix(map, half, 2, BPF_ANY), 0);
	assert_int_equal(put_prefix(map, host, 3, BPF_ANY), 0);
	assert_int_equal(longest(map, host), 3);
	assert_int_equal(longest(map, (struct prefix){ 31, { 10, 1, 2, 3 } }), 1);
	assert_int_equal(longest(map, (struct prefix){ 32, { 10, 0x7f, 0xff, 0xff } }), 1);
	assert_int_equal(longest(map, (struct prefix){ 32, { 10, 0x80 } }), 2);
	assert_int_equal(longest(map, (struct prefix){ 8, { 10, 0x80 } }), 1);
	assert_int_equal(longest(map, (struct prefix){ 7, { 10, 0x80 } }), 0);
	assert_int_equal(longest(map, (struct prefix){ 32, { 11 } }), 0);
	assert_int_equal(put_prefix(map, (struct prefix){ 0 }, 4, BPF_ANY), 0);
	assert_int_equal(longest(map, (struct prefix){ 32, { 11 } }), 4);
	assert_int_equal(longest(map, (struct prefix){ 33, { 10 } }), 0);
	assert_int_equal(xb_map_delete(map, 0, &half), 0);
	assert_int_equal(longest(map, (struct prefix){ 32, { 10, 0x80 } }), 1);
	xb_map_free(map);
}

static void
prefixes_are_refused_as_the_kernel_refuses_them(void **state)
{
	struct xb_map *map = make(BPF_MAP_TYPE_LPM_TRIE, 8, 8, 1, BPF_F_NO_PREALLOC);
	const struct prefix eight = { 8, { 10, 1, 2, 3 } }, same = { 8, { 10 } },
			    long_one = { 33, { 10 } }, other = { 16, { 10 } };

	(void)state;
	assert_int_equal(put_prefix(map, eight, 1, BPF_EXIST), -ENOENT);
	assert_int_equal(put_prefix(map, eight, 1, BPF_EXIST + 1), -EINVAL);
	assert_int_equal(put_prefix(map, long_one, 1, BPF_ANY), -EINVAL);
	assert_int_equal(put_prefix(map, eight, 1, BPF_NOEXIST), 0);
	assert_int_equal(put_prefix(map, same, 2, BPF_NOEXIST), -EEXIST);
	assert_int_equal(put_prefix(map, other, 2, BPF_ANY), -ENOSPC);
	assert_int_equal(xb_map_delete(map, 0, &long_one), -EINVAL);
	assert_int_equal(xb_map_delete(map, 0, &other), -ENOENT);
	assert_int_equal(xb_map_delete(map, 0, &same), 0);
	xb_map_free(map);
}

/* ---- targets ---- */

static void
a_map_of_targets_is_empty_and_stays_so(void **state)
{
	static const enum bpf_map_type types[] = { BPF_MAP_TYPE_DEVMAP, BPF_MAP_TYPE_DEVMAP_HASH,
		BPF_MAP_TYPE_CPUMAP, BPF_MAP_TYPE_XSKMAP, BPF_MAP_TYPE_PERF_EVENT_ARRAY };
	const uint32_t key = 1;
	uint64_t value = 1;

	(void)state;
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		struct xb_map *map = make(types[i], 4, 4, 4, 0);

		assert_null(xb_map_lookup(map, 0, &key));
		assert_int_equal(xb_map_update(map, 0, &key, &value, BPF_ANY), -EPERM);
		assert_int_equal(xb_map_user_update(map, &key, &value, BPF_ANY), -EOPNOTSUPP);
		assert_int_equal(xb_map_user_lookup(map, &key, &value), -ENOENT);
		assert_int_equal(xb_map_user_delete(map, &key), -ENOENT);
		assert_false(xb_map_owns(map, &value, 1, false));
		xb_map_free(map);
	}
}

/* ---- maps of maps ---- */

static void
a_map_of_maps_gives_the_maps_put_into_it(void **state)
{
	static const enum bpf_map_type types[] = { BPF_MAP_TYPE_ARRAY_OF_MAPS,
		BPF_MAP_TYPE_HASH_OF_MAPS };
	struct xb_map *one = make(BPF_MAP_TYPE_HASH, 4, 8, 2, 0),
		      *two = make(BPF_MAP_TYPE_ARRAY, 4, 8, 2, 0);
	const uint32_t zero = 0, key = 1, far = 2;

	(void)state;
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		const struct xb_map_def def = { .name = "outer",
			.type = types[i],
			.key_size = 4,
			.value_size = 4,
			.max_entries = 2 };
		struct xb_map *map = xb_map_new(&def, CPUS, NULL);
		const uint64_t *value = xb_map_lookup(two, 0, &key);

		assert_non_null(map);
		assert_null(xb_map_lookup(map, 0, &key));
		assert_int_equal(xb_map_set_map(map, &key, one), 0);
		assert_ptr_equal(xb_map_lookup(map, 0, &key), one);
		assert_null(xb_map_lookup(map, 0, &zero));
		assert_false(xb_map_inner_owns(map, value, 8, false));
		assert_int_equal(xb_map_set_map(map, &key, two), 0);
		assert_ptr_equal(xb_map_lookup(map, 0, &key), two);
		assert_ptr_equal(xb_map_inner_at(map, (uintptr_t)two), two);
		assert_null(xb_map_inner_at(map, (uintptr_t)one));
		assert_true(xb_map_inner_owns(map, value, 8, true));
		assert_false(xb_map_owns(map, value, 8, false));
		assert_int_equal(xb_map_set_map(map, &zero, one), 0);
		assert_int_equal(xb_map_set_map(map, &far, one), -E2BIG);
		xb_map_free(map);
	}
	assert_int_equal(xb_map_set_map(one, &key, two), -EINVAL);
	assert_null(xb_map_inner_at(one, (uintptr_t)two));
	xb_map_free(one);
	xb_map_free(two);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_lookup_finds_the_longest_prefix),
		cmocka_unit_test(prefixes_are_refused_as_the_kernel_refuses_them),
		cmocka_unit_test(a_map_of_targets_is_empty_and_stays_so),
		cmocka_unit_test(a_map_of_maps_gives_the_maps_put_into_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
