/* SPDX-License-Identifier: BSD-2-Clause */
/* Attaching XDP: XA-0 ... XA-19, and who speaks first when two are broken. */
#include "offload/internal.h"
#include "tests/unit/offload/world.h"

/* The request of which everything can be said. */
static int
request(struct world *w, int fd, uint32_t flags, int expected)
{
	struct off_xdp xdp = { .ifindex = w->sim,
		.fd = fd,
		.flags = flags,
		.has_expected = true,
		.expected_fd = expected };

	return off_xdp_set(&w->root, &xdp, &w->extack);
}

static int
load_attach_type(struct world *w, uint32_t attach_type)
{
	const struct bpf_insn ret0[] = { MOV64_IMM(0, 0), EXIT() };
	struct off_prog_load attr = { .prog_type = BPF_PROG_TYPE_XDP,
		.insns = ret0,
		.insn_cnt = 2,
		.license = "GPL",
		.expected_attach_type = attach_type };

	return off_prog_load(&w->root, &attr, NULL);
}

static void
xa_0a_no_such_program(void **state)
{
	struct world *w = *state;
	int fd = load(w, 0);

	assert_int_equal(attach(w, w->sim, 9999, DRV), -EBADF);
	assert_int_equal(request(w, fd, DRV | XDP_FLAGS_REPLACE, 9999), -EBADF);
	assert_int_equal(off_link_create(&w->root, 9999, w->sim, DRV, &w->extack), -EBADF);
	assert_extack(w, "");
}

static void
xa_0b_the_gate_of_programs(void **state)
{
	struct world *w = *state;
	int tc = load_as(w, &w->root, BPF_PROG_TYPE_SCHED_CLS, 0, 0, 0);
	int offloaded = load(w, w->sim), host = load(w, 0), map = create(w, BPF_MAP_TYPE_HASH, 0);

	assert_int_equal(attach(w, w->sim, tc, DRV), -EINVAL);
	assert_int_equal(attach(w, w->sim, map, DRV), -EINVAL);
	assert_int_equal(request(w, host, DRV | XDP_FLAGS_REPLACE, map), -EINVAL);
	assert_int_equal(off_link_create(&w->root, map, w->sim, DRV, &w->extack), -EINVAL);
	assert_int_equal(off_prog_test_run(&w->root, map), -EINVAL);
	assert_int_equal(set_xdp(w, w->sim, DRV), 0); /* XA-10, EEXIST, would be later */
	assert_int_equal(attach(w, w->sim, offloaded, SKB), -EINVAL);
	assert_extack(w, "");
	assert_int_equal(request(w, host, SKB | XDP_FLAGS_REPLACE, offloaded), -EINVAL);
	assert_extack(w, "");
}

static void
xa_0c_netlink_looks_at_flags_first(void **state)
{
	struct world *w = *state;

	/* EBADF would be next. */
	assert_int_equal(attach(w, w->sim, 9999, 1u << 5), -EINVAL);
	assert_int_equal(attach(w, w->sim, 9999, DRV | HW), -EINVAL);
	assert_int_equal(attach(w, w->sim, 9999, DRV | XDP_FLAGS_REPLACE), -EINVAL);
	assert_extack(w, "");
}

static int
link(struct world *w, int fd, uint32_t flags)
{
	return off_link_create(&w->root, fd, w->sim, flags, &w->extack);
}

static void
xa_1_links_take_modes_only(void **state)
{
	struct world *w = *state;

	assert_int_equal(link(w, load(w, 0), DRV | SKB | NOEXIST), -EINVAL); /* before XA-2 */
	assert_extack(w, "Invalid XDP flags for BPF link attachment");
}

static void
xa_2_one_mode(void **state)
{
	struct world *w = *state;
	int fd = load(w, 0);

	assert_true(link(w, fd, DRV) >= 0);
	assert_int_equal(link(w, fd, DRV | SKB), -EINVAL); /* before XA-5 */
	assert_extack(w, "Only one XDP mode flag can be set");
}

static void
xa_3_no_mode_is_ambiguous(void **state)
{
	struct world *w = *state;
	int fd = load(w, 0), link_fd = link(w, fd, DRV);

	assert_true(link_fd >= 0);
	assert_int_equal(set_xdp(w, w->sim, HW), 0);
	assert_int_equal(unset_xdp(w, w->sim, 0), -EINVAL); /* before XA-5 */
	assert_extack(w, "More than one program loaded, unset mode is ambiguous");
	assert_int_equal(attach(w, w->sim, fd, NOEXIST), -EINVAL); /* before XA-9 */
	assert_extack(w, "More than one program loaded, unset mode is ambiguous");
}

static void
xa_5_a_links_slot_is_the_links(void **state)
{
	struct world *w = *state;
	int fd = load(w, 0), link_fd = link(w, fd, DRV);
	struct off_xdp_report r;

	assert_true(link_fd >= 0);
	assert_int_equal(attach(w, w->sim, fd, DRV | NOEXIST), -EBUSY); /* before XA-9 */
	assert_extack(w, "Can't replace active BPF XDP link");
	assert_int_equal(unset_xdp(w, w->sim, DRV), -EBUSY);
	assert_extack(w, "Can't replace active BPF XDP link");
	assert_int_equal(link(w, fd, DRV), -EBUSY); /* before XA-7 */
	assert_extack(w, "Can't replace active BPF XDP link");
	r = report(w, w->sim);
	assert_int_equal(r.drv_id, prog_id(w, fd));
	off_close(w->k, link_fd);
	assert_int_equal(report(w, w->sim).attached, XDP_ATTACHED_NONE);
}

static void
xa_6_the_bond_above_has_a_program(void **state)
{
	struct world *w = *state;
	int bond = off_netdev_add(&w->root, OFF_NETDEV_NATIVE, "bond0"), fd = load(w, 0);

	assert_int_equal(off_netdev_set_upper(&w->root, w->sim, bond), 0);
	assert_int_equal(attach(w, w->sim, fd, DRV), 0);
	assert_int_equal(set_xdp(w, bond, DRV), 0);
	assert_int_equal(attach(w, w->sim, fd, DRV), -EEXIST);
	assert_extack(w, "Cannot attach when an upper device already has a program");
	assert_int_equal(link(w, fd, DRV), -EEXIST); /* before XA-7 */
	assert_extack(w, "Cannot attach when an upper device already has a program");
	assert_int_equal(unset_xdp(w, w->sim, DRV), -EEXIST); /* detaching, too */
	assert_int_equal(off_netdev_del(&w->root, bond), 0);
	assert_int_equal(unset_xdp(w, w->sim, DRV), 0);
}

static void
xa_7_a_link_does_not_replace(void **state)
{
	struct world *w = *state;
	int fd = load(w, 0);

	assert_int_equal(set_xdp(w, w->sim, DRV), 0);
	assert_int_equal(link(w, fd, DRV), -EBUSY);
	assert_extack(w, "Can't replace active XDP program with BPF link");
	assert_int_equal(link(w, load(w, w->sim), DRV), -EBUSY); /* before XA-11 */
	assert_extack(w, "Can't replace active XDP program with BPF link");
}

static void
xa_8_the_expected_program(void **state)
{
	struct world *w = *state;
	int one = load(w, 0), two = load(w, 0);
	const uint32_t replace = DRV | XDP_FLAGS_REPLACE;

	assert_int_equal(request(w, one, replace, two), -EEXIST);
	assert_extack(w, "Active program does not match expected");
	assert_int_equal(request(w, one, replace, -1), 0);		   /* expects none */
	assert_int_equal(request(w, two, replace | NOEXIST, -1), -EEXIST); /* before XA-9 */
	assert_extack(w, "Active program does not match expected");
	assert_int_equal(request(w, two, replace, one), 0);
	assert_int_equal(report(w, w->sim).drv_id, prog_id(w, two));
	assert_int_equal(request(w, -1, replace, one), -EEXIST);
	assert_int_equal(request(w, -1, replace, two), 0);
	assert_int_equal(report(w, w->sim).attached, XDP_ATTACHED_NONE);
}

static void
xa_9_without_force(void **state)
{
	struct world *w = *state;
	int offloaded = load(w, w->sim), orphan = load_orphan(w);

	assert_int_equal(set_xdp(w, w->sim, DRV | NOEXIST), 0);
	assert_int_equal(attach(w, w->sim, offloaded, DRV | NOEXIST), -EBUSY); /* before XA-11 */
	assert_extack(w, "XDP program already attached");
	assert_int_equal(attach(w, w->sim, offloaded, HW | NOEXIST), 0); /* a slot, not a device */
	assert_int_equal(attach(w, w->sim, offloaded, HW | NOEXIST), -EBUSY); /* before XA-15 */
	assert_int_equal(attach(w, w->sim, orphan, HW | NOEXIST), -EBUSY);    /* before XA-12 */
	assert_extack(w, "XDP program already attached");
	assert_int_equal(unset_xdp(w, w->sim, HW | NOEXIST), 0); /* not looked at */
	assert_int_equal(report(w, w->sim).hw_id, 0);
}

static void
xa_10_native_and_generic(void **state)
{
	static const char text[] = "Native and generic XDP can't be active at the same time";
	struct world *w = *state;
	int offloaded = load(w, w->sim), bound = load_bound_only(w, w->sim);

	assert_int_equal(set_xdp(w, w->sim, SKB), 0);
	assert_int_equal(set_xdp(w, w->sim, DRV), -EEXIST);
	assert_extack(w, text);
	assert_int_equal(attach(w, w->sim, offloaded, DRV), -EEXIST); /* before XA-11 */
	assert_extack(w, text);
	assert_int_equal(attach(w, w->sim, load_orphan(w), 0), -EEXIST); /* before XA-12 */
	assert_extack(w, text);
	assert_int_equal(attach(w, w->sim, offloaded, HW), 0);
	assert_int_equal(unset_xdp(w, w->sim, SKB), 0);
	assert_int_equal(set_xdp(w, w->sim, DRV), 0);
	assert_int_equal(attach(w, w->sim, bound, SKB), -EEXIST); /* before XA-13 */
	assert_extack(w, text);
}

static void
xa_11_an_offloaded_program_on_the_host(void **state)
{
	static const char text[] = "Using offloaded program without HW_MODE flag is not supported";
	struct world *w = *state;

	assert_int_equal(attach(w, w->sim, load(w, w->sim), 0), -EINVAL);
	assert_extack(w, text);
	assert_int_equal(attach(w, w->sim, load_orphan(w), DRV), -EINVAL); /* before XA-12 */
	assert_extack(w, text);
	/* A link does not go through the gate of descriptors. */
	assert_int_equal(link(w, load(w, w->sim), SKB), -EINVAL);
	assert_extack(w, text);
}

static void
xa_12_another_devices_program(void **state)
{
	static const char text[] = "Program bound to different device";
	struct world *w = *state;
	struct off_asic *other = off_nsim_new(w->k, 1, 1);
	int bound = load_bound_only(w, off_port_ifindex(other, 0));

	assert_int_equal(attach(w, w->sim, load(w, off_port_ifindex(other, 0)), HW), -EINVAL);
	assert_extack(w, text);
	assert_int_equal(attach(w, w->sim, load_orphan(w), HW), -EINVAL);
	assert_extack(w, text);
	assert_int_equal(attach(w, w->sim, bound, SKB), -EINVAL); /* before XA-13 */
	assert_extack(w, text);
}

/* Bound only is to one port, offloaded is to the card. */
static void
xa_12_a_bound_only_program_keeps_to_its_port(void **state)
{
	struct world *w = *state;
	int second = off_port_add(w->nsim, 1, 0), bound = load_bound_only(w, w->sim);

	assert_int_equal(attach(w, second, bound, DRV), -EINVAL);
	assert_extack(w, "Program bound to different device");
	assert_int_equal(attach(w, second, load(w, w->sim), HW), 0);
}

static void
xa_13_bound_only_and_generic(void **state)
{
	struct world *w = *state;
	int veth = off_netdev_add(&w->root, OFF_NETDEV_NATIVE, "veth0");
	int bound = load_bound_only(w, veth);

	assert_int_equal(attach(w, veth, bound, SKB), -EINVAL);
	assert_extack(w, "Can't attach device-bound programs in generic mode");
	assert_int_equal(attach(w, veth, bound, DRV), 0);
}

static void
xa_14a_devmap_programs(void **state)
{
	struct world *w = *state;
	int plain = off_netdev_add(&w->root, OFF_NETDEV_PLAIN, "dummy0");

	assert_int_equal(attach(w, plain, load_attach_type(w, BPF_XDP_DEVMAP), DRV), -EINVAL);
	assert_extack(w, "BPF_XDP_DEVMAP programs can not be attached to a device");
}

static void
xa_14b_cpumap_programs(void **state)
{
	struct world *w = *state;
	int plain = off_netdev_add(&w->root, OFF_NETDEV_PLAIN, "dummy0");

	assert_int_equal(attach(w, plain, load_attach_type(w, BPF_XDP_CPUMAP), DRV), -EINVAL);
	assert_extack(w, "BPF_XDP_CPUMAP programs can not be attached to a device");
}

static void
xa_15_the_same_program_again(void **state)
{
	struct world *w = *state;
	int fd = load(w, 0);

	assert_int_equal(attach(w, w->sim, fd, DRV), 0);
	assert_int_equal(off_nsim_set(w->nsim, 0, OFF_NSIM_XDPDRV_ACCEPT, 0), 0);
	assert_int_equal(attach(w, w->sim, fd, DRV), 0); /* nobody asked the driver */
	assert_int_equal(set_xdp(w, w->sim, DRV), -EOPNOTSUPP);
	assert_int_equal(report(w, w->sim).drv_id, prog_id(w, fd));
}

static void
xa_16_no_ndo_bpf(void **state)
{
	static const char text[] = "Underlying driver does not support XDP in native mode";
	struct world *w = *state;
	int plain = off_netdev_add(&w->root, OFF_NETDEV_PLAIN, "dummy0"), fd = load(w, 0);

	off_netdev_set_feature(&w->root, plain, OFF_FEATURE_MEMORY_PROVIDER, true);
	assert_int_equal(attach(w, plain, fd, DRV), -EOPNOTSUPP); /* before XA-17 */
	assert_extack(w, text);
	assert_int_equal(attach(w, plain, fd, HW), -EOPNOTSUPP);
	assert_extack(w, text);
	off_netdev_set_feature(&w->root, plain, OFF_FEATURE_MEMORY_PROVIDER, false);
	assert_int_equal(attach(w, plain, fd, 0), 0); /* generic, where there is no other */
	assert_int_equal(report(w, plain).attached, XDP_ATTACHED_SKB);
}

static void
xa_17_queues_with_a_memory_provider(void **state)
{
	struct world *w = *state;
	int fd = load(w, 0);

	off_netdev_set_feature(&w->root, w->sim, OFF_FEATURE_MEMORY_PROVIDER, true);
	off_nsim_set(w->nsim, 0, OFF_NSIM_XDPDRV_ACCEPT, 0); /* the driver would be next */
	assert_int_equal(attach(w, w->sim, fd, DRV), -EBUSY);
	assert_extack(w, "unable to install XDP to device using memory provider");
	assert_int_equal(attach(w, w->sim, fd, SKB), -EBUSY);
	off_netdev_set_feature(&w->root, w->sim, OFF_FEATURE_MEMORY_PROVIDER, false);
	assert_int_equal(attach(w, w->sim, fd, SKB), 0);
}

static void
xa_18_headers_are_split(void **state)
{
	static const char text[] = "unable to install XDP to device using tcp-data-split";
	struct world *old = *state, *w = world_new(OFF_LINUX(6, 14));
	int fd;

	off_netdev_set_feature(&w->root, w->sim, OFF_FEATURE_TCP_DATA_SPLIT, true);
	assert_int_equal(attach(w, w->sim, load(w, w->sim), HW), -EBUSY);
	assert_extack(w, text);
	off_netdev_set_feature(&w->root, w->sim, OFF_FEATURE_MEMORY_PROVIDER, true);
	assert_int_equal(set_xdp(w, w->sim, DRV), -EBUSY); /* before XA-17, as the kernel has it */
	assert_extack(w, text);
	off_netdev_set_feature(&w->root, w->sim, OFF_FEATURE_MEMORY_PROVIDER, false);
	fd = load_as(w, &w->root, BPF_PROG_TYPE_XDP, 0, BPF_F_XDP_HAS_FRAGS, 0);
	assert_int_equal(attach(w, w->sim, fd, DRV), 0);
	assert_int_equal(unset_xdp(w, w->sim, DRV), 0);
	world_end(w);

	off_netdev_set_feature(&old->root, old->sim, OFF_FEATURE_TCP_DATA_SPLIT, true);
	assert_int_equal(set_xdp(old, old->sim, DRV), 0); /* 6.12 does not look */
}

static void
xa_19_a_driver_that_refuses_changes_nothing(void **state)
{
	struct world *w = *state;
	uint32_t id, loaded;

	assert_int_equal(set_xdp(w, w->sim, HW), 0);
	id = report(w, w->sim).hw_id;
	assert_int_equal(off_nsim_set(w->nsim, 0, OFF_NSIM_XDPOFFLOAD_ACCEPT, 0), 0);
	assert_int_equal(set_xdp(w, w->sim, HW), -EOPNOTSUPP);
	assert_extack(w, "netdevsim: XDP offload disabled in DebugFS");
	assert_int_equal(report(w, w->sim).hw_id, id);
	assert_int_equal(off_nsim_offloaded_id(w->nsim, 0, &loaded), 0);
	assert_int_equal(loaded, id);
	assert_int_equal(count_loaded(w), 1);
}

/* XA-4 is for callers inside the kernel: netlink reads an expected program with REPLACE only. */
static void
xa_4_an_expected_program_without_replace_is_not_looked_at(void **state)
{
	struct world *w = *state;
	int one = load(w, 0), two = load(w, 0);

	assert_int_equal(request(w, one, DRV, two), 0);
	assert_int_equal(report(w, w->sim).drv_id, prog_id(w, one));
}

static void
xa_4_replace_is_said(void **state)
{
	struct world *w = *state;
	struct off_prog *prog = off_fd_prog(w->k, load(w, 0));
	struct off_netdev *dev = off_netdev_find(w->k, 0, w->sim);
	int err;

	assert_true(link(w, load(w, 0), DRV) >= 0); /* XA-5, EBUSY, would be next */
	err = off_xdp_attach(dev, NULL, prog, prog, DRV, &w->extack);
	assert_int_equal(err, -EINVAL);
	assert_extack(w, "XDP_FLAGS_REPLACE is not specified");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(xa_0a_no_such_program),
		TEST(xa_0b_the_gate_of_programs),
		TEST(xa_0c_netlink_looks_at_flags_first),
		TEST(xa_1_links_take_modes_only),
		TEST(xa_2_one_mode),
		TEST(xa_3_no_mode_is_ambiguous),
		TEST(xa_4_an_expected_program_without_replace_is_not_looked_at),
		TEST(xa_4_replace_is_said),
		TEST(xa_5_a_links_slot_is_the_links),
		TEST(xa_6_the_bond_above_has_a_program),
		TEST(xa_7_a_link_does_not_replace),
		TEST(xa_8_the_expected_program),
		TEST(xa_9_without_force),
		TEST(xa_10_native_and_generic),
		TEST(xa_11_an_offloaded_program_on_the_host),
		TEST(xa_12_another_devices_program),
		TEST(xa_12_a_bound_only_program_keeps_to_its_port),
		TEST(xa_13_bound_only_and_generic),
		TEST(xa_14a_devmap_programs),
		TEST(xa_14b_cpumap_programs),
		TEST(xa_15_the_same_program_again),
		TEST(xa_16_no_ndo_bpf),
		TEST(xa_17_queues_with_a_memory_provider),
		TEST(xa_18_headers_are_split),
		TEST(xa_19_a_driver_that_refuses_changes_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
