/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Checks of the kernel's own selftest as reference/kernel-offload.md 5 numbers them: J (info and
 * namespaces), K (maps), L (ports of one device).
 */
#include "tests/unit/offload/world.h"

#include <string.h>

/* ---- J ---- */

static int
first_fd(struct world *w, enum off_kind kind, uint32_t n)
{
	int fd = off_get_fd_by_id(&w->root, kind, nth_id(w, kind, n));

	assert_true(fd >= 0);
	return fd;
}

static struct bpf_map_info
map_info(struct world *w, int fd)
{
	struct bpf_map_info info = { 0 };
	uint32_t size = sizeof(info);

	assert_int_equal(off_obj_info(&w->root, fd, &info, &size), 0);
	return info;
}

/* The program's device is that port in that namespace, and so is its maps'. */
static void
assert_dev(struct world *w, int ifindex, uint32_t netns)
{
	int fd = first_fd(w, OFF_KIND_PROG, 0);
	struct bpf_prog_info info = prog_info(w, fd);
	uint64_t dev, ino;

	assert_int_equal(off_netns_id(w->k, netns, &dev, &ino), 0);
	assert_int_equal(info.ifindex, ifindex);
	assert_int_equal(info.netns_dev, dev);
	assert_int_equal(info.netns_ino, ino);
	assert_int_equal(count(w, OFF_KIND_MAP), 2);
	for (uint32_t n = 0; n < 2; n++) {
		int map = first_fd(w, OFF_KIND_MAP, n);
		struct bpf_map_info m = map_info(w, map);

		assert_int_equal(m.ifindex, ifindex);
		assert_int_equal(m.netns_dev, dev);
		assert_int_equal(m.netns_ino, ino);
		off_close(w->k, map);
	}
	off_close(w->k, fd);
}

static void
j54_j55_info_names_the_device(void **state)
{
	struct world *w = *state;
	char name[OFF_NAME_BYTES];

	assert_int_equal(set_xdp_maps(w, w->sim), 0);
	assert_int_equal(count(w, OFF_KIND_PROG), 1);
	assert_dev(w, w->sim, 0);
	assert_int_equal(off_netdev_name(&w->root, w->sim, name), 0);
	assert_string_equal(name, "eni0np1");
}

static void
j56_j57_j58_the_device_moves_to_another_namespace_and_back(void **state)
{
	struct world *w = *state;
	struct off_caller there = w->root;
	char name[OFF_NAME_BYTES];
	int netns = off_netns_add(w->k), ifindex;

	assert_int_equal(netns, 1);
	there.netns = (uint32_t)netns;
	assert_int_equal(set_xdp_maps(w, w->sim), 0);
	ifindex = off_netdev_move(&w->root, w->sim, (uint32_t)netns);
	assert_int_equal(ifindex, w->sim);
	assert_dev(w, ifindex, 1);
	assert_int_equal(off_netdev_name(&w->root, ifindex, name), -ENODEV);
	assert_int_equal(off_netdev_name(&there, ifindex, name), 0);
	assert_int_equal(off_netdev_move(&there, ifindex, 0), w->sim);
	assert_dev(w, w->sim, 0);
	assert_int_not_equal(report(w, w->sim).hw_id, 0);
}

static void
j59_what_is_pinned_outlives_the_device(void **state)
{
	struct world *w = *state;
	struct bpf_map_info info = { 0 };
	uint32_t size = sizeof(info);
	int prog, map;

	assert_int_equal(set_xdp_maps(w, w->sim), 0);
	pin(w, first_fd(w, OFF_KIND_PROG, 0), "prog");
	pin(w, first_fd(w, OFF_KIND_MAP, 1), "map");
	off_asic_free(w->nsim);
	assert_int_equal(count_loaded(w), 0);
	assert_int_equal(count(w, OFF_KIND_PROG), 1);
	assert_int_equal(count(w, OFF_KIND_MAP), 0);
	prog = off_obj_get(&w->root, "prog");
	assert_int_equal(off_fd_kind(w->k, prog), OFF_KIND_PROG);
	map = off_obj_get(&w->root, "map");
	assert_int_equal(off_obj_info(&w->root, map, &info, &size), -ENODEV);
	assert_int_equal(info.type, 0);
}

/* ---- K ---- */

struct maps {
	int fd[2]; /* htab, array */
};

static struct maps
with_maps(struct world *w)
{
	struct maps m;

	assert_int_equal(set_xdp_maps(w, w->sim), 0);
	m.fd[0] = first_fd(w, OFF_KIND_MAP, 0);
	m.fd[1] = first_fd(w, OFF_KIND_MAP, 1);
	assert_int_equal(map_info(w, m.fd[0]).type, BPF_MAP_TYPE_HASH);
	assert_int_equal(map_info(w, m.fd[1]).type, BPF_MAP_TYPE_ARRAY);
	return m;
}

static int
update(struct world *w, int fd, uint32_t key, uint64_t value, uint64_t flags)
{
	return off_map_update(&w->root, fd, &key, &value, flags);
}

static void
fill(struct world *w, int fd)
{
	assert_int_equal(update(w, fd, 0, 0, BPF_ANY), 0);
	assert_int_equal(update(w, fd, 1, 3, BPF_ANY), 0);
}

static void
k60_two_elements_fit(void **state)
{
	struct world *w = *state;
	struct maps m = with_maps(w);

	for (int i = 0; i < 2; i++) {
		fill(w, m.fd[i]);
		assert_int_equal(update(w, m.fd[i], 3, 9, BPF_ANY), -E2BIG);
	}
}

static void
k61_exist_wants_the_key_there(void **state)
{
	struct world *w = *state;
	struct maps m = with_maps(w);

	for (int i = 0; i < 2; i++) {
		fill(w, m.fd[i]);
		assert_int_equal(update(w, m.fd[i], 0, 0, BPF_EXIST), 0);
		assert_int_equal(update(w, m.fd[i], 1, 3, BPF_EXIST), 0);
		assert_int_equal(update(w, m.fd[i], 3, 9, BPF_EXIST), -ENOENT);
	}
}

static void
k62_noexist_wants_it_away(void **state)
{
	struct world *w = *state;
	struct maps m = with_maps(w);

	for (int i = 0; i < 2; i++) {
		fill(w, m.fd[i]);
		assert_int_equal(update(w, m.fd[i], 1, 3, BPF_NOEXIST), -EEXIST);
		assert_int_equal(update(w, m.fd[i], 0, 0, BPF_NOEXIST), -EEXIST);
	}
}

static void
k63_a_dump_has_them_in_order(void **state)
{
	struct world *w = *state;
	struct maps m = with_maps(w);

	for (int i = 0; i < 2; i++) {
		uint32_t key, n = 0;
		uint64_t value;
		int err;

		fill(w, m.fd[i]);
		err = off_map_next_key(&w->root, m.fd[i], NULL, &key);
		for (; !err; n++) {
			assert_int_equal(key, n);
			assert_int_equal(off_map_lookup(&w->root, m.fd[i], &key, &value, 0), 0);
			assert_int_equal(value, 3 * n);
			err = off_map_next_key(&w->root, m.fd[i], &key, &key);
		}
		assert_int_equal(n, 2);
	}
}

static void
k64_getnext(void **state)
{
	struct world *w = *state;
	struct maps m = with_maps(w);

	for (int i = 0; i < 2; i++) {
		uint32_t key = 7;

		fill(w, m.fd[i]);
		assert_int_equal(off_map_next_key(&w->root, m.fd[i], NULL, &key), 0);
		assert_int_equal(key, 0);
		assert_int_equal(off_map_next_key(&w->root, m.fd[i], &key, &key), 0);
		assert_int_equal(key, 1);
		assert_int_equal(off_map_next_key(&w->root, m.fd[i], &key, &key), -ENOENT);
	}
}

static void
k65_delete(void **state)
{
	struct world *w = *state;
	struct maps m = with_maps(w);

	fill(w, m.fd[0]);
	for (uint32_t key = 0; key < 2; key++)
		assert_int_equal(off_map_delete(&w->root, m.fd[0], &key), 0);
	for (uint32_t key = 0; key < 2; key++) {
		assert_int_equal(off_map_delete(&w->root, m.fd[0], &key), -ENOENT);
		assert_int_equal(off_map_delete(&w->root, m.fd[1], &key), -EINVAL);
	}
}

static void
k66_k67_maps_go_with_the_last_program_or_the_device(void **state)
{
	struct world *w = *state;

	assert_int_equal(set_xdp_maps(w, w->sim), 0);
	assert_int_equal(count(w, OFF_KIND_MAP), 2);
	assert_int_equal(unset_xdp(w, w->sim, HW), 0);
	assert_int_equal(count(w, OFF_KIND_MAP), 0);
	assert_int_equal(set_xdp_maps(w, w->sim), 0);
	off_asic_free(w->nsim);
	assert_int_equal(count(w, OFF_KIND_MAP), 0);
}

static void
k68_the_device_may_refuse_maps(void **state)
{
	struct world *w = *state;

	assert_int_equal(off_nsim_set(w->nsim, 0, OFF_NSIM_MAP_ACCEPT, 0), 0);
	assert_int_equal(create(w, BPF_MAP_TYPE_HASH, w->sim), -EOPNOTSUPP);
	assert_true(set_xdp_maps(w, w->sim) < 0);
	assert_int_equal(count(w, OFF_KIND_MAP), 0);
}

/* ---- L ---- */

struct multi {
	struct off_asic *b;
	int a1, b1, b2, b3; /* ports */
	int prog_a, prog_b, map_a, map_b;
};

static int
load_two_maps(struct world *w, int ifindex, int *map)
{
	int other = create(w, BPF_MAP_TYPE_ARRAY, ifindex), fd;

	*map = create(w, BPF_MAP_TYPE_HASH, ifindex);
	fd = load_maps(w, ifindex, *map, other);
	assert_true(fd >= 0);
	off_close(w->k, other);
	return fd;
}

static struct multi
two_devices(struct world *w)
{
	struct multi m = { .a1 = w->sim, .b = off_nsim_new(w->k, 1, 3) };

	assert_non_null(m.b);
	m.b1 = off_port_ifindex(m.b, 0);
	m.b2 = off_port_ifindex(m.b, 1);
	m.b3 = off_port_ifindex(m.b, 2);
	m.prog_a = load_two_maps(w, m.a1, &m.map_a);
	m.prog_b = load_two_maps(w, m.b1, &m.map_b);
	return m;
}

static void
attach_everywhere(struct world *w, const struct multi *m)
{
	assert_int_equal(attach(w, m->a1, m->prog_a, HW | NOEXIST), 0);
	assert_int_equal(attach(w, m->b1, m->prog_b, HW | NOEXIST), 0);
	assert_int_equal(attach(w, m->b2, m->prog_b, HW | NOEXIST), 0);
	assert_int_equal(attach(w, m->b3, m->prog_b, HW | NOEXIST), 0);
}

static void
l69_l70_l71_a_program_goes_to_all_ports_of_its_device_only(void **state)
{
	struct world *w = *state;
	struct multi m = two_devices(w);
	const int b[] = { m.b1, m.b2, m.b3 };

	attach_everywhere(w, &m);
	for (int empty = 0; empty < 2; empty++) {
		assert_int_equal(attach(w, m.a1, m.prog_b, HW), -EINVAL);
		assert_extack(w, "Program bound to different device");
		for (int i = 0; i < 3; i++) {
			assert_int_equal(attach(w, b[i], m.prog_a, HW), -EINVAL);
			assert_extack(w, "Program bound to different device");
		}
		assert_int_equal(unset_xdp(w, m.a1, HW), 0);
		for (int i = 0; i < 3; i++)
			assert_int_equal(unset_xdp(w, b[i], HW), 0);
	}
}

static void
l72_l73_l74_maps_are_shared_inside_a_device_only(void **state)
{
	struct world *w = *state;
	struct multi m = two_devices(w);
	int own = create(w, BPF_MAP_TYPE_ARRAY, m.a1), fd;

	fd = load_maps(w, m.b3, m.map_b, m.map_b);
	assert_true(fd >= 0);
	off_close(w->k, fd);
	assert_int_equal(load_maps(w, m.a1, own, m.map_b), -EINVAL);
	assert_in_log(w, "offload device mismatch between prog and map");
	assert_int_equal(load_maps(w, m.b1, m.map_a, m.map_b), -EINVAL);
	assert_in_log(w, "offload device mismatch between prog and map");
}

static void
l75_l76_l77_l78_l79_ports_go_one_by_one(void **state)
{
	struct world *w = *state;
	struct multi m = two_devices(w);
	struct bpf_prog_info info = { 0 };
	uint32_t size = sizeof(info);

	assert_int_equal(count_loaded(w), 2); /* 75 */
	off_asic_free(w->nsim);
	assert_int_equal(count_loaded(w), 1);
	assert_int_equal(prog_info(w, m.prog_b).ifindex, m.b1);
	assert_int_equal(off_port_del(m.b, 0), 0); /* 76 */
	assert_int_equal(count_loaded(w), 1);
	assert_int_equal(prog_info(w, m.prog_b).ifindex, m.b3);
	assert_int_equal(map_info(w, m.map_b).ifindex, m.b3);
	assert_int_equal(off_port_del(m.b, 1), 0); /* 77 */
	assert_int_equal(prog_info(w, m.prog_b).ifindex, m.b3);
	assert_int_equal(off_port_del(m.b, 2), 0); /* 78 */
	off_asic_free(m.b);
	assert_int_equal(count_loaded(w), 0);
	pin(w, m.prog_b, "progB"); /* 79 */
	m.prog_b = off_obj_get(&w->root, "progB");
	assert_true(m.prog_b >= 0);
	assert_int_equal(off_obj_info(&w->root, m.prog_b, &info, &size), -ENODEV);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(j54_j55_info_names_the_device),
		TEST(j56_j57_j58_the_device_moves_to_another_namespace_and_back),
		TEST(j59_what_is_pinned_outlives_the_device),
		TEST(k60_two_elements_fit),
		TEST(k61_exist_wants_the_key_there),
		TEST(k62_noexist_wants_it_away),
		TEST(k63_a_dump_has_them_in_order),
		TEST(k64_getnext),
		TEST(k65_delete),
		TEST(k66_k67_maps_go_with_the_last_program_or_the_device),
		TEST(k68_the_device_may_refuse_maps),
		TEST(l69_l70_l71_a_program_goes_to_all_ports_of_its_device_only),
		TEST(l72_l73_l74_maps_are_shared_inside_a_device_only),
		TEST(l75_l76_l77_l78_l79_ports_go_one_by_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
