/* SPDX-License-Identifier: BSD-2-Clause */
/* BPF_PROG_LOAD: PL-1 ... PL-13, and who speaks first when two are broken. */
#include "tests/unit/offload/world.h"

static void
pl_1_unknown_flags(void **state)
{
	struct world *w = *state;
	struct off_prog_load attr = good_load(w);

	attr.prog_flags = 1u << 8;
	attr.insn_cnt = 0; /* PL-2, E2BIG, would be next */
	assert_int_equal(load_attr(w, &attr), -EINVAL);
	attr.prog_ifindex = 0;
	attr.insn_cnt = 2;
	for (uint32_t bit = 0; bit < 32; bit++) {
		bool known = bit <= 7 || bit == 16;
		int fd;

		attr.prog_flags = 1u << bit;
		fd = load_attr(w, &attr);
		assert_int_equal(fd >= 0, known);
	}
}

static void
pl_2_the_number_of_instructions(void **state)
{
	struct world *w = *state;
	struct off_caller nobody = without(w, OFF_CAP_BPF | OFF_CAP_SYS_ADMIN);
	struct off_prog_load attr = good_load(w);

	attr.insn_cnt = 0;
	assert_int_equal(load_attr(w, &attr), -E2BIG);
	attr.insn_cnt = 1000001;
	assert_int_equal(load_attr(w, &attr), -E2BIG);
	attr.insn_cnt = 4097; /* PL-3, EPERM, would be next */
	assert_int_equal(load_attr_as(w, &nobody, &attr), -E2BIG);
	attr.insn_cnt = 4096;
	assert_int_equal(load_attr_as(w, &nobody, &attr), -EPERM);
}

static void
pl_3_capabilities(void **state)
{
	struct world *w = *state;
	struct off_caller no_bpf = without(w, OFF_CAP_BPF | OFF_CAP_SYS_ADMIN);
	struct off_caller no_net = without(w, OFF_CAP_NET_ADMIN);
	struct off_caller no_sys = without(w, OFF_CAP_SYS_ADMIN);
	struct off_caller sys = without(w, OFF_CAP_BPF);
	struct off_prog_load attr = good_load(w);

	assert_int_equal(load_attr_as(w, &no_bpf, &attr), -EPERM);
	assert_int_equal(load_attr_as(w, &no_net, &attr), -EPERM);
	assert_true(load_attr_as(w, &no_sys, &attr) >= 0);
	assert_true(load_attr_as(w, &sys, &attr) >= 0); /* CAP_SYS_ADMIN stands for CAP_BPF */
	attr.attach_btf_id = 1;				/* PL-4, EINVAL, would be next */
	assert_int_equal(load_attr_as(w, &no_net, &attr), -EPERM);
	attr = good_load(w);
	attr.prog_type = BPF_PROG_TYPE_SOCKET_FILTER; /* needs none: PL-6 speaks */
	assert_int_equal(load_attr_as(w, &no_bpf, &attr), -EINVAL);
}

static void
pl_4_what_programs_attach_to(void **state)
{
	struct world *w = *state;
	struct off_prog_load attr = good_load(w);
	int fd = load(w, 0);

	attr.attach_btf_id = 1;
	attr.insns = NULL; /* PL-5, EFAULT, would be next */
	assert_int_equal(load_attr(w, &attr), -EINVAL);
	attr = good_load(w);
	attr.attach_prog_fd = fd;
	assert_int_equal(load_attr(w, &attr), -EINVAL);
	attr.prog_type = BPF_PROG_TYPE_EXT;
	attr.prog_ifindex = 0;
	attr.expected_attach_type = BPF_XDP;
	assert_int_equal(load_attr(w, &attr), -EINVAL);
}

static void
pl_5_unreadable(void **state)
{
	struct world *w = *state;
	struct off_prog_load attr = good_load(w);

	attr.insns = NULL;
	attr.prog_type = BPF_PROG_TYPE_SOCKET_FILTER; /* PL-6, EINVAL, would be next */
	assert_int_equal(load_attr(w, &attr), -EFAULT);
	attr = good_load(w);
	attr.license = NULL;
	assert_int_equal(load_attr(w, &attr), -EFAULT);
}

static void
pl_6_types_a_device_may_run(void **state)
{
	struct world *w = *state;
	struct off_prog_load attr = good_load(w);

	/* One port has no ndo_bpf: whoever answers EOPNOTSUPP came too late. */
	attr.prog_ifindex = (uint32_t)off_netdev_add(&w->root, OFF_NETDEV_PLAIN, "dummy0");
	for (int type = 1; type < 32; type++) {
		bool known = type == BPF_PROG_TYPE_XDP || type == BPF_PROG_TYPE_SCHED_CLS;

		attr.prog_type = (enum bpf_prog_type)type;
		assert_int_equal(load_attr(w, &attr), known ? -EOPNOTSUPP : -EINVAL);
	}
	attr = good_load(w);
	attr.prog_type = BPF_PROG_TYPE_SCHED_CLS;
	assert_true(load_attr(w, &attr) >= 0);
}

static void
pl_7_flags_for_a_device(void **state)
{
	struct world *w = *state;
	struct off_prog_load attr = good_load(w);

	attr.prog_ifindex = (uint32_t)off_netdev_add(&w->root, OFF_NETDEV_PLAIN, "dummy0");
	for (uint32_t bit = 0; bit <= 16; bit++) {
		if (bit > 7 && bit < 16)
			continue;
		attr.prog_flags = 1u << bit; /* PL-8 refuses frags with the same errno */
		assert_int_equal(
			load_attr(w, &attr), attr.prog_flags == BOUND_ONLY ? -EOPNOTSUPP : -EINVAL);
	}
}

static void
pl_8_multi_buffer_programs_are_not_offloaded(void **state)
{
	struct world *w = *state;
	struct off_prog_load attr = good_load(w);

	attr.prog_flags = BPF_F_XDP_HAS_FRAGS;
	assert_int_equal(load_attr(w, &attr), -EINVAL);
	attr.prog_flags |= BOUND_ONLY;
	assert_true(load_attr(w, &attr) >= 0);
	attr.prog_flags = BPF_F_XDP_HAS_FRAGS;
	attr.prog_ifindex = (uint32_t)off_netdev_add(&w->root, OFF_NETDEV_PLAIN, "dummy0");
	assert_int_equal(load_attr(w, &attr), -EINVAL); /* before PL-11 */
}

static void
pl_9_tc_is_never_only_bound(void **state)
{
	struct world *w = *state;
	struct off_prog_load attr = good_load(w);

	attr.prog_type = BPF_PROG_TYPE_SCHED_CLS;
	attr.prog_flags = BOUND_ONLY;
	assert_int_equal(load_attr(w, &attr), -EINVAL);
	attr.prog_ifindex = (uint32_t)off_netdev_add(&w->root, OFF_NETDEV_PLAIN, "dummy0");
	assert_int_equal(load_attr(w, &attr), -EINVAL); /* before PL-11 */
}

static void
pl_10_the_device_is_the_namespaces(void **state)
{
	struct world *w = *state;
	struct off_caller there = w->root;
	struct off_prog_load attr = good_load(w);

	there.netns = (uint32_t)off_netns_add(w->k);
	assert_int_equal(load_attr_as(w, &there, &attr), -EINVAL);
	off_netdev_move(&w->root, w->sim, there.netns);
	assert_true(load_attr_as(w, &there, &attr) >= 0);
	assert_int_equal(load_attr(w, &attr), -EINVAL);
	attr.prog_ifindex = UINT32_MAX;
	assert_int_equal(load_attr(w, &attr), -EINVAL);
}

static void
pl_11_a_driver_without_ndo_bpf(void **state)
{
	struct world *w = *state;
	struct off_prog_load attr = good_load(w);

	attr.prog_ifindex = (uint32_t)off_netdev_add(&w->root, OFF_NETDEV_PLAIN, "dummy0");
	assert_int_equal(load_attr(w, &attr), -EOPNOTSUPP);
	attr.prog_flags = BOUND_ONLY;
	assert_int_equal(load_attr(w, &attr), -EOPNOTSUPP);
}

static void
pl_12_a_driver_that_does_not_offload(void **state)
{
	struct world *w = *state;
	struct off_prog_load attr = good_load(w);
	int veth = off_netdev_add(&w->root, OFF_NETDEV_NATIVE, "veth0");

	attr.prog_ifindex = (uint32_t)veth;
	assert_int_equal(load_attr(w, &attr), -EINVAL);
	attr.prog_flags = BOUND_ONLY;
	assert_true(load_attr(w, &attr) >= 0);
	attr.prog_flags = 0; /* the record that is there now is not the driver's */
	assert_int_equal(load_attr(w, &attr), -EINVAL);
}

static void
pl_13_a_bound_program_makes_a_record(void **state)
{
	struct world *w = *state;
	int veth = off_netdev_add(&w->root, OFF_NETDEV_NATIVE, "veth0"), fd, other;

	fd = load_as(w, &w->root, BPF_PROG_TYPE_XDP, (uint32_t)veth, BOUND_ONLY, 0);
	other = load_as(w, &w->root, BPF_PROG_TYPE_XDP, (uint32_t)veth, BOUND_ONLY, 0);
	assert_true(fd >= 0 && other >= 0);
	assert_int_equal(attach(w, veth, fd, DRV), 0);
	check_invariants(w->k);
	off_close(w->k, other);
	check_invariants(w->k);
	assert_int_equal(unset_xdp(w, veth, DRV), 0);
	off_close(w->k, fd);
	check_invariants(w->k); /* no record without a program */
	fd = load_as(w, &w->root, BPF_PROG_TYPE_XDP, (uint32_t)veth, BOUND_ONLY, 0);
	assert_int_equal(off_netdev_del(&w->root, veth), 0);
	assert_int_equal(attach(w, w->sim, fd, DRV), -EINVAL);
	assert_extack(w, "Program bound to different device");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(pl_1_unknown_flags),
		TEST(pl_2_the_number_of_instructions),
		TEST(pl_3_capabilities),
		TEST(pl_4_what_programs_attach_to),
		TEST(pl_5_unreadable),
		TEST(pl_6_types_a_device_may_run),
		TEST(pl_7_flags_for_a_device),
		TEST(pl_8_multi_buffer_programs_are_not_offloaded),
		TEST(pl_9_tc_is_never_only_bound),
		TEST(pl_10_the_device_is_the_namespaces),
		TEST(pl_11_a_driver_without_ndo_bpf),
		TEST(pl_12_a_driver_that_does_not_offload),
		TEST(pl_13_a_bound_program_makes_a_record),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
