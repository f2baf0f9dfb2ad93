/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A tc filter's way into the hardware of each port of its block, and out of it: TC-4 ... TC-9
 * (reference/kernel-offload.md 4.2).
 */
#include "offload/internal.h"
#include "tests/unit/offload/world.h"

#include <linux/netlink.h>

/* hw-tc-offload on, with clsact. */
static struct world *
with_clsact(void **state)
{
	struct world *w = *state;

	assert_int_equal(set_hw_tc(w, w->sim, true), 0);
	assert_int_equal(add_qdisc(w, w->sim, OFF_QDISC_CLSACT), 0);
	return w;
}

/* Both ports hold block 7. */
static struct ports
with_block(struct world *w)
{
	struct ports s = two_ports(w);

	assert_int_equal(share_block(w, s.port[0], 7, 0), 0);
	assert_int_equal(share_block(w, s.port[1], 7, 0), 0);
	return s;
}

static struct off_filter
first_filter(struct world *w, int ifindex, uint32_t gen_flags)
{
	struct off_filter f = block_filter(1, gen_flags);

	f.handle = 1;
	f.fd = load_tc(w, ifindex);
	return f;
}

static void
tc_4_egress_is_not_offloaded(void **state)
{
	struct world *w = with_clsact(state);
	struct off_filter f = good_filter(w->sim);
	struct off_filter_report r;

	set_hw_tc(w, w->sim, false); /* TD-2, with a sentence, would be next */
	f.parent = OFF_TC_EGRESS;
	f.gen_flags = SKIP_SW;
	f.fd = load_tc(w, w->sim);
	assert_refused(w, add_filter, &f, -EOPNOTSUPP, "");
	f.gen_flags = 0;
	assert_int_equal(add_loaded(w, &f), 0);
	assert_int_equal(off_filter_show(&w->root, &f, 0, &r), 0);
	assert_int_equal(r.gen_flags, NOT_IN_HW);
	assert_int_equal(count_filters(w, w->sim), 0);
}

static void
tc_4_a_device_without_offload_in_the_block(void **state)
{
	struct world *w = *state;
	int plain = off_netdev_add(&w->root, OFF_NETDEV_PLAIN, "dummy0");
	int bound = share_block(w, plain, 7, 0); /* first, so that it would be asked last */
	struct ports s = with_block(w);
	struct off_filter f = first_filter(w, 0, SKIP_SW);

	assert_int_equal(bound, 0);
	assert_refused(
		w, add_filter, &f, -EOPNOTSUPP, ""); /* TD-7, with a sentence, would be next */
	assert_int_equal(off_nsim_set(s.nsim, 0, OFF_NSIM_TC_NON_BOUND_ACCEPT, 1), 0);
	f.gen_flags = 0;
	assert_int_equal(add_filter(w, &f), 0);
	assert_int_equal(in_block(w, 0).in_hw_count, 1);
}

/* Port 1 is asked first, the newest. */
static void
tc_5_a_port_that_took_it_lets_it_go(void **state)
{
	struct world *w = *state;
	struct ports s = with_block(w);
	struct off_filter f = first_filter(w, s.port[0], SKIP_SW);

	assert_int_equal(set_xdp(w, s.port[0], HW), 0);
	assert_refused(
		w, add_filter, &f, -EBUSY, "netdevsim: driver and netdev offload states mismatch");
	assert_int_equal(in_port(&s, 1), 0);
	assert_int_equal(unset_xdp(w, s.port[0], HW), 0);
	assert_int_equal(add_filter(w, &f), 0);
	assert_int_equal(in_block(w, 0).in_hw_count, 2);
}

static void
tc_5_a_port_gets_back_what_it_had(void **state)
{
	struct world *w = *state;
	struct ports s = with_block(w);
	struct off_filter f = first_filter(w, s.port[0], SKIP_SW);
	uint32_t id = prog_id(w, f.fd);

	assert_int_equal(add_filter(w, &f), 0);
	f.fd = load_tc(w, s.port[1]);
	f.nl_flags = NLM_F_CREATE;
	assert_int_equal(off_nsim_set(s.nsim, 0, OFF_NSIM_TC_ACCEPT, 0), 0);
	assert_refused(w, add_filter, &f, -EOPNOTSUPP,
		"netdevsim: netdevsim configured to reject BPF TC offload");
	assert_int_equal(in_port(&s, 0), id);
	assert_int_equal(in_port(&s, 1), id);
	assert_int_equal(in_block(w, 0).prog_id, id);
	assert_int_equal(in_block(w, 0).gen_flags, SKIP_SW | IN_HW);
	assert_int_equal(off_nsim_set(s.nsim, 0, OFF_NSIM_TC_ACCEPT, 1), 0);
	assert_int_equal(add_filter(w, &f), 0);
	assert_int_equal(in_port(&s, 0), prog_id(w, f.fd));
	assert_int_equal(in_port(&s, 1), prog_id(w, f.fd));
}

/* Neither new nor old: port 1 took the old one, a host's, when it still took such. */
static void
tc_5_a_port_that_does_not_take_it_back_has_none(void **state)
{
	struct world *w = *state;
	struct ports s = with_block(w);
	struct off_filter f = first_filter(w, 0, SKIP_SW);

	for (uint32_t i = 0; i < 2; i++)
		off_nsim_set(s.nsim, i, OFF_NSIM_TC_NON_BOUND_ACCEPT, 1);
	assert_int_equal(add_filter(w, &f), 0);
	for (uint32_t i = 0; i < 2; i++)
		off_nsim_set(s.nsim, i, OFF_NSIM_TC_NON_BOUND_ACCEPT, 0);
	off_nsim_set(s.nsim, 0, OFF_NSIM_TC_ACCEPT, 0);
	f.fd = load_tc(w, s.port[1]);
	f.nl_flags = NLM_F_CREATE;
	assert_int_equal(add_filter(w, &f), -EOPNOTSUPP);
	assert_int_equal(in_port(&s, 1), 0);
	assert_int_equal(in_port(&s, 0), in_block(w, 0).prog_id);
	assert_int_equal(in_block(w, 0).in_hw_count, 1);
}

/* No command leads here: a block without a device is no more. */
static void
tc_6_nobody_was_asked(void **state)
{
	struct world *w = with_clsact(state);
	struct off_block *block = off_netdev_find(w->k, 0, w->sim)->sch->ingress.block;
	struct off_bind *bind = TAILQ_FIRST(&block->binds);
	struct off_filter f = good_filter(w->sim);

	f.gen_flags = SKIP_SW;
	f.fd = load_tc(w, w->sim);
	TAILQ_REMOVE(&block->binds, bind, of_block);
	assert_int_equal(add_filter(w, &f), -EINVAL);
	assert_extack(w, "");
	assert_int_equal(count_filters(w, w->sim), 0);
	TAILQ_INSERT_HEAD(&block->binds, bind, of_block);
	assert_int_equal(add_filter(w, &f), 0);
}

static void
tc_7_in_hw_or_not(void **state)
{
	struct world *w = with_clsact(state);

	assert_int_equal(set_tc(w, w->sim, 0), 0); /* a host's program: TD-7, and nobody hears it */
	assert_extack(w, "");
	assert_int_equal(filter_nth(w, w->sim, 0).gen_flags, NOT_IN_HW);
	assert_int_equal(set_tc(w, w->sim, SKIP_SW), 0);
	assert_int_equal(filter_nth(w, w->sim, 0).gen_flags, SKIP_SW | IN_HW);
	assert_int_equal(filter_nth(w, w->sim, 0).in_hw_count, 1);
	assert_int_equal(set_tc(w, w->sim, 0), 0); /* the hardware is taken */
	assert_int_equal(filter_nth(w, w->sim, 0).gen_flags, NOT_IN_HW);
}

static void
tc_7_hw_tc_offload_that_comes_later_changes_no_filter(void **state)
{
	struct world *w = with_clsact(state);

	set_knob(w, OFF_NSIM_TC_NON_BOUND_ACCEPT, 1);
	set_hw_tc(w, w->sim, false);
	assert_int_equal(set_tc(w, w->sim, 0), 0);
	assert_int_equal(set_hw_tc(w, w->sim, true), 0);
	assert_int_equal(filter_nth(w, w->sim, 0).gen_flags, NOT_IN_HW);
	assert_int_equal(in_hardware(w), 0);
}

/* A removal and then an addition would have left nothing in hardware where the addition fails. */
static void
tc_8_one_request_for_old_and_new(void **state)
{
	struct world *w = with_clsact(state);
	struct off_filter f = good_filter(w->sim);
	uint32_t id;

	f.handle = f.prio = 1;
	f.gen_flags = SKIP_SW;
	assert_int_equal(add_loaded(w, &f), 0);
	id = in_hardware(w);
	f.nl_flags = NLM_F_CREATE;
	assert_int_equal(add_loaded(w, &f), 0); /* TD-12 if it were an addition */
	assert_int_not_equal(in_hardware(w), id);
	id = in_hardware(w);
	set_knob(w, OFF_NSIM_TC_ACCEPT, 0);
	assert_int_equal(add_loaded(w, &f), -EOPNOTSUPP);
	assert_int_equal(in_hardware(w), id);
	assert_int_equal(filter_nth(w, w->sim, 0).gen_flags, SKIP_SW | IN_HW);
	set_knob(w, OFF_NSIM_TC_ACCEPT, 1);
	assert_int_equal(add_loaded(w, &f), 0);
}

/* Without skip_sw a refusal does not count: the filter is the host's, and the port, as in the
 * kernel, still has what it had. */
static void
tc_8_a_port_that_refuses_the_new_one_keeps_the_old(void **state)
{
	struct world *w = with_clsact(state);
	struct off_filter f = good_filter(w->sim);
	uint32_t id;

	f.handle = f.prio = 1;
	set_knob(w, OFF_NSIM_TC_NON_BOUND_ACCEPT, 1);
	assert_int_equal(add_loaded(w, &f), 0);
	id = in_hardware(w);
	set_knob(w, OFF_NSIM_TC_NON_BOUND_ACCEPT, 0);
	f.nl_flags = NLM_F_CREATE;
	assert_int_equal(add_loaded(w, &f), 0);
	assert_int_equal(filter_nth(w, w->sim, 0).gen_flags, NOT_IN_HW);
	assert_int_equal(in_hardware(w), id);
	assert_int_equal(del_qdisc(w, w->sim), 0);
	assert_int_equal(in_hardware(w), id);
	off_asic_free(w->nsim);
	assert_int_equal(count(w, OFF_KIND_PROG), 0);
}

static void
tc_9_it_is_removed_whatever_the_driver_says(void **state)
{
	struct world *w = with_clsact(state);
	struct off_filter f = good_filter(w->sim);
	uint32_t id;

	f.handle = f.prio = 1;
	f.gen_flags = SKIP_SW;
	assert_int_equal(add_loaded(w, &f), 0);
	id = in_hardware(w);
	set_knob(w, OFF_NSIM_TC_ACCEPT, 0);
	assert_int_equal(del_filter(w, &f), 0);
	assert_extack(w, "");
	assert_int_equal(count_filters(w, w->sim), 0);
	assert_int_equal(in_hardware(w), id);
	off_asic_free(w->nsim);
	assert_int_equal(count(w, OFF_KIND_PROG), 0);
}

/* Filters go first, so that their programs do not lose their device before (1.6). */
static void
tc_9_the_device_goes_and_takes_its_filters(void **state)
{
	struct world *w = *state;
	struct ports s = with_block(w);
	struct off_filter f = first_filter(w, s.port[0], SKIP_SW);

	assert_int_equal(add_filter(w, &f), 0);
	assert_int_equal(off_port_del(s.nsim, 1), 0);
	assert_int_equal(in_block(w, 0).in_hw_count, 1);
	assert_int_equal(in_port(&s, 0), prog_id(w, f.fd));
	off_close(w->k, f.fd);
	assert_int_equal(count_loaded(w), 1);
	assert_int_equal(off_port_del(s.nsim, 0), 0);
	assert_int_equal(
		off_filter_show(&w->root, &f, 0, &(struct off_filter_report){ 0 }), -EINVAL);
	assert_int_equal(count(w, OFF_KIND_PROG), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(tc_4_egress_is_not_offloaded),
		TEST(tc_4_a_device_without_offload_in_the_block),
		TEST(tc_5_a_port_that_took_it_lets_it_go),
		TEST(tc_5_a_port_gets_back_what_it_had),
		TEST(tc_5_a_port_that_does_not_take_it_back_has_none),
		TEST(tc_6_nobody_was_asked),
		TEST(tc_7_in_hw_or_not),
		TEST(tc_7_hw_tc_offload_that_comes_later_changes_no_filter),
		TEST(tc_8_one_request_for_old_and_new),
		TEST(tc_8_a_port_that_refuses_the_new_one_keeps_the_old),
		TEST(tc_9_it_is_removed_whatever_the_driver_says),
		TEST(tc_9_the_device_goes_and_takes_its_filters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
