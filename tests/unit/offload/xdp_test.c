/* SPDX-License-Identifier: BSD-2-Clause */
/* XDP: which program may be where, detaching, links (reference/kernel-offload.md 3.3, 3.4). */
#include "tests/unit/offload/world.h"

static int
link(struct world *w, int fd, uint32_t flags)
{
	return off_link_create(&w->root, fd, w->sim, flags, &w->extack);
}

static void
the_outcome_matrix(void **state)
{
	enum { H, O, X, B, KINDS };
	static const struct {
		uint32_t mode, occupied;
		int err[KINDS];
	} rows[] = {
		{ SKB, 0, { 0, -EINVAL, -EINVAL, -EINVAL } },
		{ SKB, DRV, { -EEXIST, -EINVAL, -EINVAL, -EEXIST } },
		{ DRV, 0, { 0, -EINVAL, -EINVAL, -EINVAL } },
		{ 0, 0, { 0, -EINVAL, -EINVAL, -EINVAL } },
		{ DRV, SKB, { -EEXIST, -EEXIST, -EEXIST, -EEXIST } },
		{ 0, SKB, { -EEXIST, -EEXIST, -EEXIST, -EEXIST } },
		{ HW, 0, { -EINVAL, 0, -EINVAL, -EINVAL } },
		{ HW, SKB, { -EINVAL, 0, -EINVAL, -EINVAL } },
		{ HW, DRV, { -EINVAL, 0, -EINVAL, -EINVAL } },
	};
	struct world *w = *state;
	const int prog[KINDS] = { load(w, 0), load(w, w->sim), load_orphan(w),
		load_bound_only(w, w->sim) };

	for (size_t r = 0; r < sizeof(rows) / sizeof(*rows); r++)
		for (int kind = 0; kind < KINDS; kind++) {
			uint32_t mode = rows[r].mode;

			if (rows[r].occupied)
				assert_int_equal(set_xdp(w, w->sim, rows[r].occupied), 0);
			assert_int_equal(
				attach(w, w->sim, prog[kind], mode | NOEXIST), rows[r].err[kind]);
			unset_xdp(w, w->sim, SKB);
			unset_xdp(w, w->sim, DRV);
			unset_xdp(w, w->sim, HW);
		}
}

static void
detaching_without_a_mode_addresses_the_native_slot(void **state)
{
	struct world *w = *state;

	assert_int_equal(set_xdp(w, w->sim, HW), 0);
	assert_int_equal(unset_xdp(w, w->sim, 0), 0);
	assert_int_not_equal(report(w, w->sim).hw_id, 0);
	assert_int_equal(unset_xdp(w, w->sim, HW), 0);
	assert_int_equal(set_xdp(w, w->sim, SKB), 0);
	assert_int_equal(unset_xdp(w, w->sim, 0), 0);
	assert_int_not_equal(report(w, w->sim).skb_id, 0);
}

static void
a_link_outlives_its_device(void **state)
{
	struct world *w = *state;
	struct bpf_link_info info = { 0 };
	uint32_t size = sizeof(info);
	int fd = load(w, 0), link_fd = link(w, fd, DRV);

	assert_int_equal(off_obj_info(&w->root, link_fd, &info, &size), 0);
	assert_int_equal(info.xdp.ifindex, w->sim);
	assert_int_equal(info.prog_id, prog_id(w, fd));
	off_asic_free(w->nsim);
	assert_int_equal(off_obj_info(&w->root, link_fd, &info, &size), 0);
	assert_int_equal(info.xdp.ifindex, 0);
	assert_int_equal(off_link_update(&w->root, link_fd, fd, 0, -1), -ENOLINK);
	assert_int_equal(off_link_detach(&w->root, link_fd), 0);
}

static void
a_link_is_updated(void **state)
{
	struct world *w = *state;
	int one = load(w, 0), two = load(w, 0), link_fd = link(w, one, DRV);

	assert_int_equal(off_link_update(&w->root, link_fd, two, BPF_F_REPLACE, two), -EPERM);
	assert_int_equal(off_link_update(&w->root, link_fd, two, BPF_F_REPLACE, 999), -EBADF);
	assert_int_equal(off_link_update(&w->root, link_fd, two, 1, 0), -EINVAL);
	assert_int_equal(off_link_update(&w->root, link_fd, two, BPF_F_REPLACE, one), 0);
	assert_int_equal(report(w, w->sim).drv_id, prog_id(w, two));
	assert_int_equal(off_link_update(&w->root, link_fd, load(w, w->sim), 0, -1), -EINVAL);
	assert_int_equal(report(w, w->sim).drv_id, prog_id(w, two));
	assert_int_equal(off_link_detach(&w->root, link_fd), 0);
	assert_int_equal(report(w, w->sim).attached, XDP_ATTACHED_NONE);
}

static void
who_may_not_administer_the_network_changes_nothing(void **state)
{
	struct world *w = *state;
	struct off_caller who = w->root;
	struct off_xdp xdp = { .ifindex = w->sim, .fd = load(w, 0) };

	who.caps &= ~(uint32_t)OFF_CAP_NET_ADMIN;
	assert_int_equal(off_xdp_set(&who, &xdp, NULL), -EPERM);
	assert_int_equal(off_netdev_set_mtu(&who, w->sim, 2000, NULL), -EPERM);
	who = w->root;
	xdp.ifindex = 12345;
	assert_int_equal(off_xdp_set(&who, &xdp, NULL), -ENODEV);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_outcome_matrix),
		TEST(detaching_without_a_mode_addresses_the_native_slot),
		TEST(a_link_outlives_its_device),
		TEST(a_link_is_updated),
		TEST(who_may_not_administer_the_network_changes_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
