/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Checks of the kernel's own selftest (tools/testing/selftests/net/bpf_offload.py) as
 * reference/kernel-offload.md 5 numbers them, those without tc: A, C25, D to G.
 */
#include "tests/unit/offload/world.h"

#include <string.h>

static void
a1_deleting_the_device_frees_a_generic_program(void **state)
{
	struct world *w = *state;

	assert_int_equal(set_xdp(w, w->sim, SKB), 0);
	assert_int_equal(count(w, OFF_KIND_PROG), 1);
	off_asic_free(w->nsim);
	assert_int_equal(count(w, OFF_KIND_PROG), 0);
}

static void
c25_deleting_the_device_frees_an_offloaded_program(void **state)
{
	struct world *w = *state;

	assert_int_equal(off_netdev_set_feature(&w->root, w->sim, OFF_FEATURE_HW_TC, true), 0);
	assert_int_equal(set_xdp(w, w->sim, HW | NOEXIST), 0);
	off_asic_free(w->nsim);
	assert_int_equal(count_loaded(w), 0);
}

/* ---- D ---- */

static void
d26_a_native_program_is_reported(void **state)
{
	struct world *w = *state;

	assert_int_equal(set_xdp(w, w->sim, DRV | NOEXIST), 0);
	assert_int_equal(count_loaded(w), 1);
	assert_int_equal(report(w, w->sim).prog_id, nth_id(w, OFF_KIND_PROG, 0));
}

static void
d27_without_force_an_attached_program_stays(void **state)
{
	struct world *w = *state;

	assert_int_equal(set_xdp(w, w->sim, DRV | NOEXIST), 0);
	assert_int_equal(set_xdp(w, w->sim, DRV | NOEXIST), -EBUSY);
	assert_int_equal(count_bound(w->nsim), 0);
	assert_int_equal(count_loaded(w), 1);
}

static void
d28_with_force_it_is_replaced(void **state)
{
	struct world *w = *state;
	uint32_t first;
	int fd;

	assert_int_equal(set_xdp(w, w->sim, DRV | NOEXIST), 0);
	first = report(w, w->sim).prog_id;
	assert_int_equal(set_xdp(w, w->sim, DRV), 0);
	assert_int_equal(count_loaded(w), 1);
	assert_int_equal(report(w, w->sim).prog_id, nth_id(w, OFF_KIND_PROG, 0));
	assert_int_not_equal(report(w, w->sim).prog_id, first);
	fd = off_get_fd_by_id(&w->root, OFF_KIND_PROG, report(w, w->sim).prog_id);
	assert_int_equal(prog_info(w, fd).ifindex, 0);
}

static void
d29_generic_and_native_exclude_each_other(void **state)
{
	struct world *w = *state;

	assert_int_equal(set_xdp(w, w->sim, DRV), 0);
	assert_int_equal(set_xdp(w, w->sim, SKB), -EEXIST);
	assert_extack(w, "Native and generic XDP can't be active at the same time");
}

static void
d30_mtu_and_native_xdp(void **state)
{
	struct world *w = *state;

	assert_int_equal(set_xdp(w, w->sim, DRV), 0);
	assert_int_equal(off_netdev_set_mtu(&w->root, w->sim, 9000, &w->extack), -EBUSY);
	assert_int_equal(unset_xdp(w, w->sim, DRV), 0);
	assert_int_equal(count_loaded(w), 0);
	assert_int_equal(off_netdev_set_mtu(&w->root, w->sim, 9000, &w->extack), 0);
	assert_int_equal(set_xdp(w, w->sim, DRV), -EINVAL);
	assert_extack(w, "netdevsim: MTU too large w/ XDP enabled");
	assert_int_equal(off_netdev_set_mtu(&w->root, w->sim, 1500, &w->extack), 0);
	assert_int_equal(count_bound(w->nsim), 0);
	assert_int_equal(count_loaded(w), 0);
}

/* ---- E ---- */

static void
e31_an_unbound_program_is_not_offloaded(void **state)
{
	struct world *w = *state;
	int fd;

	pin(w, load(w, 0), "pinned");
	fd = off_obj_get(&w->root, "pinned");
	assert_int_equal(attach(w, w->sim, fd, HW | NOEXIST), -EINVAL);
	assert_extack(w, "netdevsim: xdpoffload of non-bound program");
	off_close(w->k, fd);
	assert_int_equal(off_obj_unlink(&w->root, "pinned"), 0);
	assert_int_equal(count_loaded(w), 0);
}

static void
e32_an_offloaded_program_does_not_run_on_the_host(void **state)
{
	struct world *w = *state;
	int fd;

	pin(w, load(w, w->sim), "pinned");
	fd = off_obj_get(&w->root, "pinned");
	assert_int_equal(attach(w, w->sim, fd, DRV | NOEXIST), -EINVAL);
	assert_extack(w, "Using offloaded program without HW_MODE flag is not supported");
	off_close(w->k, fd);
	assert_int_equal(off_obj_unlink(&w->root, "pinned"), 0);
	assert_int_equal(count_bound(w->nsim), 0);
	assert_int_equal(count_loaded(w), 0);
}

static void
e33_a_bound_program_does_not_run_in_generic_mode(void **state)
{
	struct world *w = *state;
	int fd = load_as(w, &w->root, BPF_PROG_TYPE_XDP, (uint32_t)w->sim, BOUND_ONLY, 0);

	assert_true(fd >= 0);
	assert_int_equal(attach(w, w->sim, fd, SKB | NOEXIST), -EINVAL);
	assert_extack(w, "Can't attach device-bound programs in generic mode");
	off_close(w->k, fd);
	assert_int_equal(count_bound(w->nsim), 0);
	assert_int_equal(count_loaded(w), 0);
}

static void
e34_the_driver_refuses_in_the_verifier(void **state)
{
	struct world *w = *state;

	assert_int_equal(off_nsim_set(w->nsim, 0, OFF_NSIM_BIND_VERIFIER_ACCEPT, 0), 0);
	assert_int_equal(load(w, w->sim), -EOPNOTSUPP);
	assert_in_log(w, "[netdevsim] Hello from netdevsim!\n");
	assert_int_equal(off_nsim_set(w->nsim, 0, OFF_NSIM_BIND_VERIFIER_ACCEPT, 1), 0);
	assert_int_equal(count_bound(w->nsim), 0);
	assert_int_equal(count_loaded(w), 0);
}

/* ---- F ---- */

static void
f35_an_offloaded_program_is_reported(void **state)
{
	struct world *w = *state;

	assert_int_equal(set_xdp(w, w->sim, HW | NOEXIST), 0);
	assert_int_equal(count_loaded(w), 1);
	assert_int_equal(report(w, w->sim).prog_id, nth_id(w, OFF_KIND_PROG, 0));
	assert_int_equal(report(w, w->sim).attached, XDP_ATTACHED_HW);
}

static void
f36_the_device_has_it(void **state)
{
	struct world *w = *state;
	struct off_nsim_bound bound;
	uint32_t id;

	assert_int_equal(set_xdp(w, w->sim, HW | NOEXIST), 0);
	assert_int_equal(count_bound(w->nsim), 1);
	assert_int_equal(off_nsim_bound(w->nsim, 0, &bound), 0);
	assert_int_equal(bound.id, report(w, w->sim).prog_id);
	assert_string_equal(bound.state, "xlated");
	assert_true(bound.loaded);
	assert_int_equal(off_nsim_offloaded_id(w->nsim, 0, &id), 0);
	assert_int_equal(id, bound.id);
}

static void
f37_detaching_twice_is_no_error(void **state)
{
	static const uint32_t modes[] = { HW, HW, DRV, DRV, 0, 0 };
	struct world *w = *state;

	assert_int_equal(set_xdp(w, w->sim, HW | NOEXIST), 0);
	for (int i = 0; i < 6; i++)
		assert_int_equal(unset_xdp(w, w->sim, modes[i]), 0);
	assert_int_equal(count_loaded(w), 0);
}

static void
f38_f39_a_program_of_another_device_alive_or_gone(void **state)
{
	struct world *w = *state;
	struct off_asic *nsim2 = off_nsim_new(w->k, 1, 1);
	int sim2 = off_port_ifindex(nsim2, 0), fd = load(w, sim2);

	assert_int_equal(attach(w, sim2, fd, HW | NOEXIST), 0);
	assert_int_equal(attach(w, w->sim, fd, HW | NOEXIST), -EINVAL);
	assert_extack(w, "Program bound to different device");
	off_asic_free(nsim2);
	assert_int_equal(attach(w, w->sim, fd, HW | NOEXIST), -EINVAL);
	assert_extack(w, "Program bound to different device");
	assert_int_equal(count(w, OFF_KIND_PROG), 1);
	assert_int_equal(count_loaded(w), 0);
	off_close(w->k, fd);
	assert_int_equal(count(w, OFF_KIND_PROG), 0);
}

/* ---- G ---- */

static void
multi(struct world *w, uint32_t mode, uint8_t attached)
{
	struct off_xdp_report r;
	uint32_t hw, other, id;

	assert_int_equal(set_xdp(w, w->sim, HW | NOEXIST), 0); /* 40 */
	r = report(w, w->sim);
	assert_int_not_equal(r.prog_id, 0);
	hw = r.hw_id;
	assert_int_equal(r.attached, XDP_ATTACHED_HW);
	assert_int_equal(set_xdp(w, w->sim, mode | NOEXIST), 0); /* 41 */
	r = report(w, w->sim);
	other = r.drv_id | r.skb_id;
	assert_int_equal(r.attached, XDP_ATTACHED_MULTI);
	assert_int_equal(r.hw_id, hw);
	assert_int_equal(r.prog_id, 0);
	assert_true(other && other != hw);
	assert_int_equal(off_nsim_offloaded_id(w->nsim, 0, &id), 0);
	assert_int_equal(id, hw);
	assert_int_equal(set_xdp(w, w->sim, HW | NOEXIST), -EBUSY); /* 42 */
	assert_extack(w, "XDP program already attached");
	assert_int_equal(unset_xdp(w, w->sim, 0), -EINVAL); /* 43 */
	assert_extack(w, "More than one program loaded, unset mode is ambiguous");
	assert_int_equal(unset_xdp(w, w->sim, HW), 0); /* 44 */
	r = report(w, w->sim);
	assert_int_equal(r.attached, attached);
	assert_int_equal(r.prog_id, other);
	assert_int_equal(off_nsim_offloaded_id(w->nsim, 0, &id), 0);
	assert_int_equal(id, 0);
	assert_int_equal(set_xdp(w, w->sim, HW | NOEXIST), 0); /* 45 */
	r = report(w, w->sim);
	assert_int_equal(r.attached, XDP_ATTACHED_MULTI);
	assert_int_equal(r.drv_id | r.skb_id, other);
	off_asic_free(w->nsim); /* 46 */
	assert_int_equal(count(w, OFF_KIND_PROG), 0);
}

static void
g40_g41_g42_g43_g44_g45_g46_offload_beside_no_mode(void **state)
{
	multi(*state, 0, XDP_ATTACHED_DRV);
}

static void
g40_g41_g42_g43_g44_g45_g46_offload_beside_native(void **state)
{
	multi(*state, DRV, XDP_ATTACHED_DRV);
}

static void
g40_g41_g42_g43_g44_g45_g46_offload_beside_generic(void **state)
{
	multi(*state, SKB, XDP_ATTACHED_SKB);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a1_deleting_the_device_frees_a_generic_program),
		TEST(c25_deleting_the_device_frees_an_offloaded_program),
		TEST(d26_a_native_program_is_reported),
		TEST(d27_without_force_an_attached_program_stays),
		TEST(d28_with_force_it_is_replaced),
		TEST(d29_generic_and_native_exclude_each_other),
		TEST(d30_mtu_and_native_xdp),
		TEST(e31_an_unbound_program_is_not_offloaded),
		TEST(e32_an_offloaded_program_does_not_run_on_the_host),
		TEST(e33_a_bound_program_does_not_run_in_generic_mode),
		TEST(e34_the_driver_refuses_in_the_verifier),
		TEST(f35_an_offloaded_program_is_reported),
		TEST(f36_the_device_has_it),
		TEST(f37_detaching_twice_is_no_error),
		TEST(f38_f39_a_program_of_another_device_alive_or_gone),
		TEST(g40_g41_g42_g43_g44_g45_g46_offload_beside_no_mode),
		TEST(g40_g41_g42_g43_g44_g45_g46_offload_beside_native),
		TEST(g40_g41_g42_g43_g44_g45_g46_offload_beside_generic),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
