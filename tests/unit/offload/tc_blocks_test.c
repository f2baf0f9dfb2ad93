/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tc's qdiscs (TQ), and how devices and blocks come together (TB). Where a test can, it breaks the
 * next rule, too: the first one speaks.
 */
#include "tests/unit/offload/world.h"

#include <linux/pkt_sched.h>

#define HANDLE TC_H_MAJ(TC_H_CLSACT) /* ffff: */

/* ---- TQ ---- */

static int
del_sch(struct world *w, uint32_t parent, uint32_t handle, const char *kind)
{
	return off_qdisc_del(&w->root, w->sim, parent, handle, kind, &w->extack);
}

static void
tq_1_no_such_handle(void **state)
{
	struct world *w = *state;

	assert_int_equal(del_sch(w, 0, 0, "no such kind"), -ENOENT); /* TQ-5 would be later */
	assert_extack(w, "Failed to find qdisc with specified handle");
	assert_int_equal(del_sch(w, 0, HANDLE, NULL), -ENOENT);
	assert_extack(w, "Failed to find qdisc with specified handle");
}

static void
tq_2_no_such_parent(void **state)
{
	struct world *w = *state;

	assert_int_equal(del_sch(w, TC_H_MAKE(1u << 16, 1), HANDLE, NULL), -ENOENT);
	assert_extack(w, "Failed to find qdisc with specified classid");
}

static void
tq_3_never_had_one(void **state)
{
	struct world *w = *state;

	assert_int_equal(del_sch(w, TC_H_CLSACT, HANDLE, "clsact"), -ENOENT);
	assert_extack(w, "Cannot find specified qdisc on specified device");
}

static void
tq_4_has_none_any_more(void **state)
{
	struct world *w = *state;

	assert_int_equal(add_qdisc(w, w->sim, OFF_QDISC_CLSACT), 0);
	assert_int_equal(del_sch(w, TC_H_CLSACT, 1u << 16, "ingress"), -EINVAL); /* and TQ-5 */
	assert_extack(w, "Invalid handle");
	assert_int_equal(del_sch(w, TC_H_CLSACT, HANDLE, "clsact"), 0);
	assert_int_equal(del_sch(w, TC_H_CLSACT, HANDLE, "clsact"), -EINVAL);
	assert_extack(w, "Invalid handle");
}

static void
tq_5_another_kind(void **state)
{
	struct world *w = *state;

	assert_int_equal(add_qdisc(w, w->sim, OFF_QDISC_CLSACT), 0);
	assert_int_equal(del_sch(w, TC_H_INGRESS, HANDLE, "ingress"), -EINVAL);
	assert_extack(w, "Invalid qdisc name");
	assert_int_equal(del_sch(w, 0, HANDLE, "ingress"), -EINVAL); /* TQ-6 would be next */
	assert_extack(w, "Invalid qdisc name");
	assert_int_equal(del_sch(w, TC_H_ROOT, 0, "ingress"), -EINVAL); /* TQ-7 would be next */
	assert_extack(w, "Invalid qdisc name");
}

static void
tq_6_a_handle_is_not_enough(void **state)
{
	struct world *w = *state;

	assert_int_equal(add_qdisc(w, w->sim, OFF_QDISC_INGRESS), 0);
	assert_int_equal(del_sch(w, 0, HANDLE, "ingress"), -EINVAL);
	assert_extack(w, "Classid cannot be zero");
}

static void
tq_7_what_every_device_has(void **state)
{
	struct world *w = *state;

	assert_int_equal(del_sch(w, TC_H_ROOT, 0, "noqueue"), -ENOENT);
	assert_extack(w, "Cannot delete qdisc with handle of zero");
	assert_int_equal(add_qdisc(w, w->sim, OFF_QDISC_INGRESS), 0);
	assert_int_equal(del_sch(w, TC_H_INGRESS, 0, NULL), 0);
	assert_int_equal(del_sch(w, TC_H_INGRESS, 0, NULL), -ENOENT);
	assert_extack(w, "Cannot delete qdisc with handle of zero");
}

static void
tq_8_one_of_both(void **state)
{
	struct world *w = *state;
	struct off_qdisc q;

	assert_int_equal(off_qdisc_show(&w->root, w->sim, &q), -ENOENT);
	assert_int_equal(add_qdisc(w, w->sim, OFF_QDISC_INGRESS), 0);
	assert_int_equal(add_qdisc(w, w->sim, OFF_QDISC_INGRESS), -EEXIST);
	assert_extack(w, "Exclusivity flag on, cannot modify");
	assert_int_equal(share_block(w, w->sim, 1, 1), -EEXIST); /* TB-4, EBUSY, would be later */
	assert_extack(w, "Exclusivity flag on, cannot modify");
	assert_int_equal(off_qdisc_show(&w->root, w->sim, &q), 0);
	assert_int_equal(q.kind, OFF_QDISC_INGRESS);
}

/* ---- TB ---- */

/* Port 0 holds block 7 with a filter of priority 1. */
static struct ports
with_block(struct world *w, uint32_t gen_flags)
{
	struct ports s = two_ports(w);
	struct off_filter f = block_filter(1, gen_flags);

	assert_int_equal(share_block(w, s.port[0], 7, 0), 0);
	f.fd = load_tc(w, gen_flags & SKIP_SW ? s.port[0] : 0);
	assert_int_equal(add_filter(w, &f), 0);
	off_close(w->k, f.fd);
	return s;
}

static void
tb_1_hw_tc_offload_is_off(void **state)
{
	struct world *w = *state;
	struct ports s = with_block(w, SKIP_SW);
	char *before;

	assert_int_equal(set_hw_tc(w, s.port[1], false), 0);
	before = snapshot(w->k);
	assert_int_equal(share_block(w, s.port[1], 0, 7), -EOPNOTSUPP); /* egress: and TB-2 */
	assert_extack(w, "Bind to offloaded block failed as dev has offload disabled");
	assert_int_equal(share_block(w, s.port[1], 7, 0), -EOPNOTSUPP); /* and TB-3, TD-2 */
	assert_extack(w, "Bind to offloaded block failed as dev has offload disabled");
	check_unchanged(w->k, before);
	assert_int_equal(set_hw_tc(w, s.port[1], true), 0);
	assert_int_equal(share_block(w, s.port[1], 7, 0), 0);
}

static void
tb_2_what_cannot_offload_joins_no_offloaded_block(void **state)
{
	struct world *w = *state;
	struct ports s = with_block(w, SKIP_SW);
	int plain = off_netdev_add(&w->root, OFF_NETDEV_PLAIN, "dummy0");
	struct off_filter f = block_filter(0, 0);
	char *before = snapshot(w->k);

	f.prio = f.protocol = 0;
	f.kind = NULL;
	assert_int_equal(share_block(w, plain, 7, 0), -EOPNOTSUPP);
	assert_extack(w, "");
	assert_int_equal(share_block(w, s.port[1], 0, 7), -EOPNOTSUPP);
	assert_int_equal(share_block(w, s.port[1], 7, 7), -EOPNOTSUPP); /* TB-4, EBUSY, is next */
	check_unchanged(w->k, before);
	assert_int_equal(del_filter(w, &f), 0);
	assert_int_equal(share_block(w, plain, 7, 0), 0);
}

static void
tb_3_the_newcomer_gets_what_is_there(void **state)
{
	struct world *w = *state;
	struct ports s = with_block(w, SKIP_SW);
	struct off_filter f = block_filter(2, 0), g = block_filter(3, SKIP_HW);
	char *before;
	uint32_t id;

	assert_int_equal(add_loaded(w, &f), 0);
	assert_int_equal(add_loaded(w, &g), 0);
	assert_int_equal(set_xdp(w, s.port[1], HW), 0);
	before = snapshot(w->k);
	assert_int_equal(share_block(w, s.port[1], 7, 0), -EBUSY);
	assert_extack(w, "netdevsim: driver and netdev offload states mismatch");
	check_unchanged(w->k, before);
	assert_int_equal(unset_xdp(w, s.port[1], HW), 0);
	assert_int_equal(share_block(w, s.port[1], 7, 0), 0);
	assert_int_equal(in_block(w, 0).in_hw_count, 2);
	assert_int_equal(in_block(w, 1).in_hw_count, 0); /* it can run on the host */
	assert_int_equal(in_block(w, 2).in_hw_count, 0);
	assert_int_equal(off_nsim_offloaded_id(s.nsim, 1, &id), 0);
	assert_int_equal(id, in_block(w, 0).prog_id);
	assert_int_equal(del_qdisc(w, s.port[1]), 0);
	assert_int_equal(in_block(w, 0).in_hw_count, 1);
	assert_int_equal(off_nsim_offloaded_id(s.nsim, 1, &id), 0);
	assert_int_equal(id, 0);
}

/* The second filter is refused after the first was taken: the first is let go. */
static void
tb_3_what_it_took_before_it_refused_it_lets_go(void **state)
{
	struct world *w = *state;
	struct ports s = with_block(w, 0);
	struct off_filter f = block_filter(2, SKIP_SW);
	char *before;

	f.fd = load_tc(w, s.port[0]);
	assert_int_equal(add_filter(w, &f), 0);
	assert_int_equal(in_block(w, 0).in_hw_count, 0);
	assert_int_equal(off_nsim_set(s.nsim, 1, OFF_NSIM_TC_NON_BOUND_ACCEPT, 1), 0);
	before = snapshot(w->k);
	assert_int_equal(share_block(w, s.port[1], 7, 0), -EBUSY);
	check_unchanged(w->k, before);
}

/* The block counts by what drivers answer, as the kernel does: one that refuses to let go stays
 * counted, one that lets go what it never had is counted down. */
static void
tb_3_ports_that_leave_are_counted_by_their_answer(void **state)
{
	struct world *w = *state;
	struct ports s = with_block(w, SKIP_SW);

	assert_int_equal(share_block(w, s.port[1], 7, 0), 0);
	assert_int_equal(off_nsim_set(s.nsim, 1, OFF_NSIM_TC_ACCEPT, 0), 0);
	assert_int_equal(del_qdisc(w, s.port[1]), 0);
	assert_int_equal(in_block(w, 0).in_hw_count, 2);
	assert_int_equal(in_port(&s, 1), in_block(w, 0).prog_id);
}

static void
tb_3_ports_that_leave_without_are_counted_too(void **state)
{
	struct world *w = *state;
	struct ports s = two_ports(w);
	struct off_filter f = block_filter(1, 0);

	assert_int_equal(share_block(w, s.port[0], 7, 0), 0);
	assert_int_equal(off_nsim_set(s.nsim, 0, OFF_NSIM_TC_NON_BOUND_ACCEPT, 1), 0);
	assert_int_equal(add_loaded(w, &f), 0);
	assert_int_equal(share_block(w, s.port[1], 7, 0), 0);
	assert_int_equal(in_block(w, 0).in_hw_count, 1);
	assert_int_equal(del_qdisc(w, s.port[1]), 0);
	assert_int_equal(in_block(w, 0).gen_flags, NOT_IN_HW);
	assert_int_equal(in_port(&s, 0), in_block(w, 0).prog_id);
}

static void
tb_4_a_device_is_in_a_block_once(void **state)
{
	struct world *w = *state;
	char *before = snapshot(w->k);

	assert_int_equal(share_block(w, w->sim, 7, 7), -EBUSY);
	assert_extack(w, "block dev insert failed");
	check_unchanged(w->k, before);
	assert_int_equal(share_block(w, w->sim, 7, 8), 0);
}

static void
a_shared_block_lives_as_long_as_it_has_a_device(void **state)
{
	struct world *w = *state;
	struct ports s = with_block(w, SKIP_HW);
	struct off_filter f = block_filter(1, 0);
	struct off_filter_report r;
	struct off_qdisc q;

	assert_int_equal(share_block(w, s.port[1], 7, 9), 0);
	assert_int_equal(off_qdisc_show(&w->root, s.port[1], &q), 0);
	assert_int_equal(q.kind, OFF_QDISC_CLSACT);
	assert_int_equal(q.ingress_block, 7);
	assert_int_equal(q.egress_block, 9);
	assert_int_equal(del_qdisc(w, s.port[0]), 0);
	assert_int_equal(off_filter_show(&w->root, &f, 0, &r), 0);
	assert_int_equal(del_qdisc(w, s.port[1]), 0);
	assert_int_equal(off_filter_show(&w->root, &f, 0, &r), -EINVAL);
	assert_int_equal(count(w, OFF_KIND_PROG), 0);
	assert_int_equal(share_block(w, s.port[1], 7, 0), 0); /* another one */
	assert_int_equal(off_filter_show(&w->root, &f, 0, &r), -ENOENT);
}

static void
namespaces_have_blocks_of_their_own(void **state)
{
	struct world *w = *state;
	struct off_caller there = w->root;
	struct ports s = with_block(w, SKIP_SW);
	struct off_filter f = block_filter(1, 0);
	struct off_qdisc q = { .kind = OFF_QDISC_CLSACT, .ingress_block = 7 };
	struct off_filter_report r;

	there.netns = (uint32_t)off_netns_add(w->k);
	assert_int_equal(off_filter_show(&there, &f, 0, &r), -EINVAL);
	q.ifindex = off_netdev_move(&w->root, s.port[1], there.netns);
	assert_int_equal(off_qdisc_add(&there, &q, NULL), 0);
	assert_int_equal(off_filter_show(&there, &f, 0, &r), -ENOENT);
	f.fd = load_tc(w, 0);
	assert_int_equal(off_filter_add(&there, &f, NULL), 0);
	assert_int_equal(off_filter_show(&there, &f, 0, &r), 0);
	assert_int_equal(r.prog_id, prog_id(w, f.fd));
	assert_int_equal(in_block(w, 0).in_hw_count, 1);
	assert_int_not_equal(in_block(w, 0).prog_id, r.prog_id);
}

static void
a_device_that_moves_leaves_its_filters_behind(void **state)
{
	struct world *w = *state;
	struct off_caller there = w->root;
	struct off_qdisc q;

	there.netns = (uint32_t)off_netns_add(w->k);
	assert_int_equal(set_hw_tc(w, w->sim, true), 0);
	assert_int_equal(share_block(w, w->sim, 0, 7), 0);
	assert_int_equal(set_tc(w, w->sim, SKIP_SW), 0);
	assert_int_equal(off_netdev_move(&w->root, w->sim, 0), w->sim);
	assert_int_equal(count_filters(w, w->sim), 1);
	assert_int_equal(off_netdev_move(&w->root, w->sim, there.netns), w->sim);
	assert_int_equal(off_qdisc_show(&there, w->sim, &q), -ENOENT);
	assert_int_equal(in_hardware(w), 0);
	assert_int_equal(count(w, OFF_KIND_PROG), 0);
}

static void
requests_want_cap_net_admin(void **state)
{
	struct world *w = *state;
	struct off_caller who = without(w, OFF_CAP_NET_ADMIN);
	struct off_filter f = good_filter(99);
	struct off_qdisc q = { .ifindex = 99 };

	assert_int_equal(off_filter_add(&who, &f, NULL), -EPERM);
	assert_int_equal(off_filter_del(&who, &f, NULL), -EPERM);
	assert_int_equal(off_qdisc_add(&who, &q, NULL), -EPERM);
	assert_int_equal(off_qdisc_del(&who, 99, TC_H_INGRESS, 0, NULL, NULL), -EPERM);
	assert_int_equal(add_filter(w, &f), -ENODEV);
	assert_int_equal(del_filter(w, &(struct off_filter){ .ifindex = 99 }), -ENODEV);
	assert_int_equal(off_qdisc_add(&w->root, &q, NULL), -ENODEV);
	assert_int_equal(del_qdisc(w, 99), -ENODEV);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(tq_1_no_such_handle),
		TEST(tq_2_no_such_parent),
		TEST(tq_3_never_had_one),
		TEST(tq_4_has_none_any_more),
		TEST(tq_5_another_kind),
		TEST(tq_6_a_handle_is_not_enough),
		TEST(tq_7_what_every_device_has),
		TEST(tq_8_one_of_both),
		TEST(tb_1_hw_tc_offload_is_off),
		TEST(tb_2_what_cannot_offload_joins_no_offloaded_block),
		TEST(tb_3_the_newcomer_gets_what_is_there),
		TEST(tb_3_what_it_took_before_it_refused_it_lets_go),
		TEST(tb_3_ports_that_leave_are_counted_by_their_answer),
		TEST(tb_3_ports_that_leave_without_are_counted_too),
		TEST(tb_4_a_device_is_in_a_block_once),
		TEST(a_shared_block_lives_as_long_as_it_has_a_device),
		TEST(namespaces_have_blocks_of_their_own),
		TEST(a_device_that_moves_leaves_its_filters_behind),
		TEST(requests_want_cap_net_admin),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
