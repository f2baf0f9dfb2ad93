/* SPDX-License-Identifier: BSD-2-Clause */
/* BPF_MAP_CREATE: MO-1 ... MO-10 with who speaks first; operations; netdevsim's maps. */
#include "tests/unit/offload/world.h"

#include <string.h>

/* What netdevsim takes; a test breaks it. */
static struct off_map_create
good(const struct world *w)
{
	return (struct off_map_create){
		.map_type = BPF_MAP_TYPE_HASH,
		.key_size = 4,
		.value_size = 8,
		.max_entries = 2,
		.map_ifindex = (uint32_t)w->sim,
	};
}

static int
try(struct world *w, const struct off_map_create *attr)
{
	return off_map_create(&w->root, attr, NULL);
}

static void
mo_1_attributes(void **state)
{
	struct world *w = *state;
	struct off_map_create attr = good(w);

	attr.btf_key_type_id = 1;
	assert_int_equal(try(w, &attr), -EINVAL);
	attr = good(w);
	attr.map_extra = 1;
	assert_int_equal(try(w, &attr), -EINVAL);
	attr = good(w);
	attr.map_flags = BPF_F_RDONLY | BPF_F_WRONLY;
	attr.value_size = INT32_MAX; /* MO-2, E2BIG, would be next */
	assert_int_equal(try(w, &attr), -EINVAL);
	attr = good(w);
	attr.map_ifindex = 0;
	attr.map_flags = BPF_F_NUMA_NODE;
	assert_true(try(w, &attr) >= 0);
	attr.numa_node = 1;
	assert_int_equal(try(w, &attr), -EINVAL);
}

static void
mo_2_the_types_own_check(void **state)
{
	struct world *w = *state;
	struct off_caller nobody = without(w, OFF_CAP_BPF | OFF_CAP_SYS_ADMIN);
	struct off_map_create attr = good(w);

	attr.max_entries = 0;
	assert_int_equal(try(w, &attr), -EINVAL);
	attr = good(w);
	attr.value_size = INT32_MAX;
	assert_int_equal(try(w, &attr), -E2BIG);
	assert_int_equal(off_map_create(&nobody, &attr, NULL), -E2BIG); /* before MO-4 */
	attr = good(w);
	attr.map_type = BPF_MAP_TYPE_ARRAY;
	attr.key_size = 8;
	assert_int_equal(off_map_create(&nobody, &attr, NULL), -EINVAL);
	attr.map_type = (enum bpf_map_type)1000;
	assert_int_equal(off_map_create(&nobody, &attr, NULL), -EINVAL);
}

static void
mo_3_no_batches_no_mmap(void **state)
{
	struct world *w = *state;
	int map = create(w, BPF_MAP_TYPE_HASH, w->sim), host = create(w, BPF_MAP_TYPE_HASH, 0);
	uint32_t key = 0;
	uint64_t value = 5;

	assert_int_equal(off_map_batch(&w->root, map), -OFF_ENOTSUPP);
	assert_int_equal(off_map_batch(&w->root, host), 0);
	assert_int_equal(off_map_update(&w->root, map, &key, &value, BPF_ANY), 0);
	assert_int_equal(off_map_update(&w->root, host, &key, &value, BPF_ANY), 0);
	assert_int_equal(off_map_lookup_and_delete(&w->root, map, &key, &value), -OFF_ENOTSUPP);
	value = 0;
	assert_int_equal(off_map_lookup_and_delete(&w->root, host, &key, &value), 0);
	assert_int_equal(value, 5);
	assert_int_equal(off_map_lookup(&w->root, host, &key, &value, 0), -ENOENT);
	assert_int_equal(off_map_lookup(&w->root, map, &key, &value, 0), 0);
}

static void
mo_4_unprivileged(void **state)
{
	const struct off_kernel_opts opts = { .unprivileged_disabled = true };
	struct world *w = *state;
	struct off_caller nobody = without(w, OFF_CAP_BPF | OFF_CAP_SYS_ADMIN), elsewhere = nobody;
	struct off_map_create attr = good(w);

	attr.map_ifindex = 999; /* MO-7, EINVAL, would be later */
	assert_int_equal(off_map_create(&nobody, &attr, NULL), -EPERM);
	attr.map_ifindex = 0;
	assert_int_equal(off_map_create(&nobody, &attr, NULL), -EPERM);
	attr.map_type = BPF_MAP_TYPE_ARRAY;
	assert_true(off_map_create(&nobody, &attr, NULL) >= 0);
	elsewhere.k = off_kernel_new(&opts);
	assert_int_equal(off_map_create(&elsewhere, &attr, NULL), -EPERM);
	off_kernel_free(elsewhere.k);
}

static void
mo_5_maps_of_devices_need_all_of_root(void **state)
{
	struct world *w = *state;
	struct off_caller bpf = without(w, OFF_CAP_SYS_ADMIN);
	struct off_map_create attr = good(w);

	assert_int_equal(off_map_create(&bpf, &attr, NULL), -EPERM);
	attr.map_type = BPF_MAP_TYPE_LRU_HASH; /* MO-6, EINVAL, would be next */
	assert_int_equal(off_map_create(&bpf, &attr, NULL), -EPERM);
	attr.map_ifindex = 0;
	assert_true(off_map_create(&bpf, &attr, NULL) >= 0);
}

static void
mo_6_array_and_hash_only(void **state)
{
	struct world *w = *state;
	struct off_map_create attr = good(w);

	/* MO-7B, EOPNOTSUPP, would be next. */
	attr.map_ifindex = (uint32_t)off_netdev_add(&w->root, OFF_NETDEV_PLAIN, "dummy0");
	for (int type = 1; type <= BPF_MAP_TYPE_USER_RINGBUF; type++) {
		bool known = type == BPF_MAP_TYPE_HASH || type == BPF_MAP_TYPE_ARRAY;

		attr.map_type = (enum bpf_map_type)type;
		assert_int_equal(try(w, &attr), known ? -EOPNOTSUPP : -EINVAL);
	}
}

static void
mo_7a_no_such_device(void **state)
{
	struct world *w = *state;
	struct off_caller there = w->root;
	struct off_map_create attr = good(w);

	there.netns = (uint32_t)off_netns_add(w->k);
	assert_int_equal(off_map_create(&there, &attr, NULL), -EINVAL);
	attr.map_ifindex = UINT32_MAX;
	assert_int_equal(try(w, &attr), -EINVAL);
}

static void
mo_7b_no_ndo_bpf(void **state)
{
	struct world *w = *state;
	struct off_map_create attr = good(w);

	attr.map_ifindex = (uint32_t)off_netdev_add(&w->root, OFF_NETDEV_PLAIN, "dummy0");
	assert_int_equal(try(w, &attr), -EOPNOTSUPP);
}

static void
mo_7c_no_offload(void **state)
{
	struct world *w = *state;
	struct off_map_create attr = good(w);

	attr.map_ifindex = (uint32_t)off_netdev_add(&w->root, OFF_NETDEV_NATIVE, "veth0");
	assert_int_equal(try(w, &attr), -EINVAL);
}

static void
mo_8_the_driver_decides(void **state)
{
	struct world *w = *state;
	struct off_map_create attr = good(w);

	assert_int_equal(off_nsim_set(w->nsim, 0, OFF_NSIM_MAP_ACCEPT, 0), 0);
	attr.map_name = "no good"; /* MO-9A, EINVAL, would be next */
	assert_int_equal(try(w, &attr), -EOPNOTSUPP);
}

static void
mo_9a_names(void **state)
{
	struct world *w = *state;
	struct off_map_create attr = good(w);

	attr.map_name = "no good";
	attr.btf_value_type_id = 1; /* MO-9B, ENOTSUPP, would be next */
	assert_int_equal(try(w, &attr), -EINVAL);
	attr.btf_value_type_id = 0;
	attr.map_name = "sixteen_is_over_";
	assert_int_equal(try(w, &attr), -EINVAL);
	attr.map_name = "15_is_the_most.";
	assert_true(try(w, &attr) >= 0);
}

static void
mo_9b_no_btf(void **state)
{
	struct world *w = *state;
	struct off_map_create attr = good(w);

	attr.btf_key_type_id = 1;
	attr.btf_value_type_id = 2;
	assert_int_equal(try(w, &attr), -OFF_ENOTSUPP);
	check_invariants(w->k); /* the driver's part is freed again */
	attr.map_ifindex = 0;
	assert_true(try(w, &attr) >= 0);
}

static void
mo_10_ids_go_up(void **state)
{
	struct world *w = *state;
	int first = create(w, BPF_MAP_TYPE_HASH, w->sim), second;
	struct off_map_create bad = good(w);

	bad.btf_value_type_id = 1;
	assert_int_equal(nth_id(w, OFF_KIND_MAP, 0), 1);
	off_close(w->k, first);
	assert_true(try(w, &bad) < 0); /* takes no id */
	second = create(w, BPF_MAP_TYPE_HASH, w->sim);
	assert_int_equal(nth_id(w, OFF_KIND_MAP, 0), 2);
	assert_int_equal(off_get_fd_by_id(&w->root, OFF_KIND_MAP, 1), -ENOENT);
	off_close(w->k, second);
}

/* ---- operations ---- */

static void
flags_of_operations_are_checked(void **state)
{
	struct world *w = *state;
	int map = create(w, BPF_MAP_TYPE_HASH, w->sim);
	uint32_t key = 0;
	uint64_t value = 1;

	assert_int_equal(off_map_lookup(&w->root, map, &key, &value, BPF_F_LOCK), -EINVAL);
	assert_int_equal(off_map_lookup(&w->root, map, &key, &value, 1), -EINVAL);
	assert_int_equal(off_map_lookup(&w->root, map, &key, &value, 0), -ENOENT);
	assert_int_equal(off_map_update(&w->root, map, &key, &value, 3), -EINVAL);
	assert_int_equal(off_map_update(&w->root, 999, &key, &value, 0), -EBADF);
	assert_int_equal(off_map_delete(&w->root, map, &key), -ENOENT);
}

static void
a_frozen_map_is_not_written(void **state)
{
	struct world *w = *state;
	int maps[] = { create(w, BPF_MAP_TYPE_HASH, w->sim), create(w, BPF_MAP_TYPE_HASH, 0) };

	for (int i = 0; i < 2; i++) {
		uint32_t key = 0;
		uint64_t value = 1;

		assert_int_equal(off_map_update(&w->root, maps[i], &key, &value, 0), 0);
		assert_int_equal(off_map_freeze(&w->root, maps[i]), 0);
		assert_int_equal(off_map_freeze(&w->root, maps[i]), -EBUSY);
		assert_int_equal(off_map_update(&w->root, maps[i], &key, &value, 0), -EPERM);
		assert_int_equal(off_map_delete(&w->root, maps[i], &key), -EPERM);
		assert_int_equal(off_map_lookup(&w->root, maps[i], &key, &value, 0), 0);
	}
}

static void
keys_follow_each_other_on_the_host_too(void **state)
{
	struct world *w = *state;
	int maps[] = { create(w, BPF_MAP_TYPE_HASH, w->sim), create(w, BPF_MAP_TYPE_HASH, 0) };

	for (int i = 0; i < 2; i++) {
		uint32_t key = 4, next = 99, unknown = 1000;
		uint64_t value = 1;

		assert_int_equal(off_map_next_key(&w->root, maps[i], NULL, &next), -ENOENT);
		assert_int_equal(off_map_next_key(&w->root, maps[i], &unknown, &next), -ENOENT);
		assert_int_equal(off_map_update(&w->root, maps[i], &key, &value, 0), 0);
		key = 5;
		assert_int_equal(off_map_update(&w->root, maps[i], &key, &value, 0), 0);
		assert_int_equal(off_map_next_key(&w->root, maps[i], &unknown, &next), 0);
		assert_int_equal(next, 4);
		assert_int_equal(off_map_next_key(&w->root, maps[i], &next, &next), 0);
		assert_int_equal(next, 5);
		assert_int_equal(off_map_next_key(&w->root, maps[i], &next, &next), -ENOENT);
	}
}

static void
a_program_array_has_an_end(void **state)
{
	struct world *w = *state;
	struct off_map_create attr = { .map_type = BPF_MAP_TYPE_PROG_ARRAY,
		.key_size = 4,
		.value_size = 4,
		.max_entries = 3 };
	int array = off_map_create(&w->root, &attr, NULL), fd = load(w, 0);
	uint32_t key = 3, next = 9;

	assert_int_equal(off_map_update(&w->root, array, &key, &fd, BPF_ANY), -E2BIG);
	assert_int_equal(off_map_delete(&w->root, array, &key), -E2BIG);
	assert_int_equal(off_map_lookup(&w->root, array, &key, &next, 0), -ENOENT);
	assert_int_equal(off_map_next_key(&w->root, array, &key, &next), 0);
	assert_int_equal(next, 0);
	key = 2;
	assert_int_equal(off_map_next_key(&w->root, array, &key, &next), -ENOENT);
	assert_int_equal(off_map_update(&w->root, array, &key, &fd, BPF_NOEXIST), -EINVAL);
	attr.max_entries = UINT32_MAX;
	assert_int_equal(off_map_create(&w->root, &attr, NULL), -ENOMEM);
}

static void
a_device_map_without_its_device_does_nothing(void **state)
{
	struct world *w = *state;
	int map = create(w, BPF_MAP_TYPE_HASH, w->sim);
	uint32_t key = 0;
	uint64_t value = 1;

	off_asic_free(w->nsim);
	assert_int_equal(off_map_lookup(&w->root, map, &key, &value, 0), -ENODEV);
	assert_int_equal(off_map_update(&w->root, map, &key, &value, 0), -ENODEV);
	assert_int_equal(off_map_delete(&w->root, map, &key), -ENODEV);
	assert_int_equal(off_map_next_key(&w->root, map, NULL, &key), -ENODEV);
	assert_int_equal(off_map_lookup_and_delete(&w->root, map, &key, &value), -OFF_ENOTSUPP);
	assert_int_equal(count(w, OFF_KIND_MAP), 0);
	pin(w, map, "map");
	assert_true(off_obj_get(&w->root, "map") >= 0);
}

/* ---- netdevsim ---- */

static void
ns_3_maps_are_not_wanted(void **state)
{
	struct world *w = *state;
	struct off_map_create attr = good(w);

	assert_int_equal(off_nsim_set(w->nsim, 0, OFF_NSIM_MAP_ACCEPT, 0), 0);
	attr.max_entries = 3; /* NS-4, ENOMEM, would be next */
	assert_int_equal(try(w, &attr), -EOPNOTSUPP);
}

static void
ns_4_two_elements_are_the_most(void **state)
{
	struct world *w = *state;
	struct off_map_create attr = good(w);

	attr.max_entries = 3;
	attr.map_flags = BPF_F_NO_PREALLOC; /* NS-5, EINVAL, would be next */
	assert_int_equal(try(w, &attr), -ENOMEM);
}

static void
ns_5_no_flags(void **state)
{
	struct world *w = *state;
	struct off_map_create attr = good(w);

	attr.map_flags = BPF_F_NO_PREALLOC;
	assert_int_equal(try(w, &attr), -EINVAL);
}

static void
netdevsim_has_two_slots_whatever_was_asked_for(void **state)
{
	struct world *w = *state;
	struct off_map_create attr = good(w);
	uint32_t key;
	uint64_t value = 7;
	int hash, array;

	attr.max_entries = 1;
	hash = try(w, &attr);
	attr.map_type = BPF_MAP_TYPE_ARRAY;
	array = try(w, &attr);
	for (key = 10; key < 12; key++)
		assert_int_equal(off_map_update(&w->root, hash, &key, &value, BPF_ANY), 0);
	assert_int_equal(off_map_update(&w->root, hash, &key, &value, BPF_ANY), -E2BIG);
	key = 10; /* a slot that is free is used first */
	assert_int_equal(off_map_delete(&w->root, hash, &key), 0);
	key = 12;
	assert_int_equal(off_map_update(&w->root, hash, &key, &value, BPF_ANY), 0);
	assert_int_equal(off_map_next_key(&w->root, hash, NULL, &key), 0);
	assert_int_equal(key, 12);
	key = 1;
	assert_int_equal(off_map_lookup(&w->root, array, &key, &value, 0), 0);
	assert_int_equal(value, 0);
	key = 2;
	assert_int_equal(off_map_update(&w->root, array, &key, &value, BPF_ANY), -E2BIG);
	assert_int_equal(off_map_update(&w->root, array, &key, &value, BPF_EXIST), -ENOENT);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(mo_1_attributes),
		TEST(mo_2_the_types_own_check),
		TEST(mo_3_no_batches_no_mmap),
		TEST(mo_4_unprivileged),
		TEST(mo_5_maps_of_devices_need_all_of_root),
		TEST(mo_6_array_and_hash_only),
		TEST(mo_7a_no_such_device),
		TEST(mo_7b_no_ndo_bpf),
		TEST(mo_7c_no_offload),
		TEST(mo_8_the_driver_decides),
		TEST(mo_9a_names),
		TEST(mo_9b_no_btf),
		TEST(mo_10_ids_go_up),
		TEST(flags_of_operations_are_checked),
		TEST(a_frozen_map_is_not_written),
		TEST(keys_follow_each_other_on_the_host_too),
		TEST(a_program_array_has_an_end),
		TEST(a_device_map_without_its_device_does_nothing),
		TEST(ns_3_maps_are_not_wanted),
		TEST(ns_4_two_elements_are_the_most),
		TEST(ns_5_no_flags),
		TEST(netdevsim_has_two_slots_whatever_was_asked_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
