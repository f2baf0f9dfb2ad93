/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tc's BPF classifier: TC-0 ... TC-3, and the driver's rules behind them, in order
 * (reference/kernel-offload.md 4.1, 4.2). Where a test can, it breaks the next rule, too: the first
 * one speaks.
 */
#include "tests/unit/offload/world.h"

#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/netlink.h>
#include <string.h>

static const struct sock_filter bytecode[] = { { .code = BPF_RET | BPF_K, .k = 0xffffffff } };

/* hw-tc-offload on, with clsact. */
static struct world *
with_clsact(void **state)
{
	struct world *w = *state;

	assert_int_equal(set_hw_tc(w, w->sim, true), 0);
	assert_int_equal(add_qdisc(w, w->sim, OFF_QDISC_CLSACT), 0);
	return w;
}

/* ---- TC-0: what the request says ---- */

static void
tc_0a_a_long_name(void **state)
{
	struct world *w = with_clsact(state);
	struct off_filter f = good_filter(w->sim);
	char name[258];

	memset(name, 'n', sizeof(name));
	name[257] = '\0';
	f.name = name;
	assert_refused(w, add_filter, &f, -ERANGE, ""); /* with no program, TC-0B, too */
	name[256] = '\0';
	assert_int_equal(add_loaded(w, &f), 0);
	assert_string_equal(filter_nth(w, w->sim, 0).name, name);
}

static void
tc_0b_one_program(void **state)
{
	struct world *w = with_clsact(state);
	struct off_filter f = good_filter(w->sim);

	assert_refused(w, add_filter, &f, -EINVAL, "");
	f.fd = 99; /* TC-1A, EBADF, would be later */
	f.ops = bytecode;
	f.ops_cnt = 1;
	assert_refused(w, add_filter, &f, -EINVAL, "");
}

static void
tc_0c_direct_action_only(void **state)
{
	struct world *w = with_clsact(state);
	struct off_filter f = good_filter(w->sim);

	f.fd = 99; /* TC-1A, EBADF, would be later */
	f.flags = 2;
	assert_refused(w, add_filter, &f, -EINVAL, "");
	f.fd = load_tc(w, 0);
	f.flags = DA;
	assert_int_equal(add_filter(w, &f), 0);
	assert_int_equal(filter_nth(w, w->sim, 0).flags, DA);
}

static void
tc_0d_one_side_may_be_skipped(void **state)
{
	static const uint32_t bad[] = { SKIP_HW | SKIP_SW, IN_HW, NOT_IN_HW,
		TCA_CLS_FLAGS_VERBOSE | SKIP_SW };
	struct world *w = with_clsact(state);
	struct off_filter f = good_filter(w->sim);

	f.fd = 99; /* TC-1A, EBADF, would be next */
	for (int i = 0; i < 4; i++) {
		f.gen_flags = bad[i];
		assert_refused(w, add_filter, &f, -EINVAL, "");
	}
}

static void
tc_0e_bytecode_ends_with_a_return(void **state)
{
	static struct sock_filter many[BPF_MAXINSNS + 1];
	struct world *w = with_clsact(state);
	struct off_filter f = good_filter(w->sim);

	for (int i = 0; i <= BPF_MAXINSNS; i++)
		many[i] = bytecode[0];
	f.gen_flags = SKIP_SW; /* TD-7, EOPNOTSUPP, would be next */
	f.ops = many;
	assert_refused(w, add_filter, &f, -EINVAL, "");
	f.ops_cnt = BPF_MAXINSNS + 1;
	assert_refused(w, add_filter, &f, -EINVAL, "");
	f.ops_cnt = 2;
	many[1].code = BPF_LD | BPF_IMM;
	assert_refused(w, add_filter, &f, -EINVAL, "");
	f.ops_cnt = 1;
	f.gen_flags = 0;
	assert_int_equal(add_filter(w, &f), 0);
	assert_int_equal(filter_nth(w, w->sim, 0).gen_flags, NOT_IN_HW);
	assert_int_equal(filter_nth(w, w->sim, 0).prog_id, 0);
}

/* ---- TC-1: the program. A filter of the same place with other flags, TC-2, is there, too. ---- */

static struct off_filter
beside_another(struct world *w, uint32_t gen_flags)
{
	struct off_filter f = good_filter(w->sim);

	f.handle = f.prio = 1;
	f.gen_flags = SKIP_HW;
	assert_int_equal(add_loaded(w, &f), 0);
	f.nl_flags = NLM_F_CREATE;
	f.gen_flags = gen_flags;
	return f;
}

static void
tc_1a_no_program(void **state)
{
	struct world *w = with_clsact(state);
	struct off_filter f = beside_another(w, 0);

	f.fd = 99;
	assert_refused(w, add_filter, &f, -EBADF, "");
}

/* The bound one of another device, TC-1C, has a sentence. */
static void
tc_1b_the_gate_of_programs(void **state)
{
	struct world *w = with_clsact(state);
	struct off_filter f = good_filter(w->sim);
	struct off_asic *other = off_nsim_new(w->k, 1, 1);

	f.fd = load_tc(w, off_port_ifindex(other, 0));
	assert_refused(w, add_filter, &f, -EINVAL, "");
	f.gen_flags = SKIP_HW;
	assert_refused(w, add_filter, &f, -EINVAL, "");
	f.fd = load(w, 0);
	assert_refused(w, add_filter, &f, -EINVAL, "");
	f.fd = create(w, BPF_MAP_TYPE_HASH, 0);
	assert_refused(w, add_filter, &f, -EINVAL, "");
	f.gen_flags = SKIP_SW;
	f.fd = load(w, w->sim);
	assert_refused(w, add_filter, &f, -EINVAL, "");
}

static void
tc_1c_another_devices_program(void **state)
{
	struct world *w = with_clsact(state);
	struct off_filter f = beside_another(w, SKIP_SW);
	struct off_asic *other = off_nsim_new(w->k, 1, 1);

	f.fd = load_tc(w, off_port_ifindex(other, 0));
	assert_refused(w, add_filter, &f, -EINVAL, "Program is bound to a different device");
	off_asic_free(other);
	assert_refused(w, add_filter, &f, -EINVAL, "Program is bound to a different device");
}

static void
tc_1d_a_program_for_all_of_a_shared_block(void **state)
{
	struct world *w = with_clsact(state);
	struct ports s = two_ports(w);
	struct off_filter f = block_filter(1, SKIP_SW);

	f.fd = load_tc(w, s.port[0]);
	assert_int_equal(share_block(w, s.port[0], 7, 0), 0);
	assert_int_equal(share_block(w, s.port[1], 7, 0), 0);
	assert_int_equal(del_qdisc(w, w->sim), 0);
	assert_int_equal(share_block(w, w->sim, 7, 0), 0);
	assert_refused(
		w, add_filter, &f, -EINVAL, "Program is not bound to every device in the block");
	assert_int_equal(del_qdisc(w, w->sim), 0);
	assert_int_equal(add_filter(w, &f), 0);
}

/* ---- TC-2, TC-3 ---- */

static void
tc_2_skip_flags_stay(void **state)
{
	struct world *w = with_clsact(state);
	struct off_filter f = beside_another(w, SKIP_SW);
	char *before;

	set_hw_tc(w, w->sim, false); /* TD-2, EOPNOTSUPP, would be later */
	before = snapshot(w->k);
	assert_int_equal(add_loaded(w, &f), -EINVAL);
	assert_extack(w, "");
	f.gen_flags = 0;
	assert_int_equal(add_loaded(w, &f), -EINVAL);
	check_unchanged(w->k, before);
	f.gen_flags = SKIP_HW;
	f.flags = DA; /* these may change */
	assert_int_equal(add_loaded(w, &f), 0);
	assert_int_equal(filter_nth(w, w->sim, 0).flags, DA);
}

static void
tc_3_with_skip_hw_nobody_is_asked(void **state)
{
	struct world *w = with_clsact(state);

	set_knob(w, OFF_NSIM_TC_NON_BOUND_ACCEPT, 1);
	assert_int_equal(set_tc(w, w->sim, SKIP_HW), 0);
	assert_int_equal(filter_nth(w, w->sim, 0).gen_flags, SKIP_HW | NOT_IN_HW);
	assert_int_equal(in_hardware(w), 0);
	assert_int_equal(set_tc(w, w->sim, 0), 0); /* the next one gets there */
	assert_int_equal(filter_nth(w, w->sim, 0).gen_flags, IN_HW);
	assert_int_equal(in_hardware(w), filter_nth(w, w->sim, 0).prog_id);
}

/* ---- the driver's rules (4.4) by way of a filter, two of them broken at once ---- */

static void
td_2_td_3_td_5_the_first_of_several_speaks(void **state)
{
	static const char *const sentences[] = {
		"TC offload is disabled on net device",
		"Driver supports only offload of chain 0",
		"netdevsim: only ETH_P_ALL supported as filter protocol",
		"netdevsim: netdevsim configured to reject BPF TC offload",
		"netdevsim: netdevsim configured to reject unbound programs",
	};
	struct world *w = with_clsact(state);
	struct off_filter f = good_filter(w->sim);

	f.gen_flags = SKIP_SW;
	f.chain = 1;
	f.protocol = ETH_P_IP;
	f.fd = load_tc(w, 0);
	set_hw_tc(w, w->sim, false);
	set_knob(w, OFF_NSIM_TC_ACCEPT, 0);
	for (int i = 0; i < 5; i++) {
		assert_refused(w, add_filter, &f, -EOPNOTSUPP, sentences[i]);
		if (i == 0)
			set_hw_tc(w, w->sim, true);
		else if (i == 1)
			f.chain = 0;
		else if (i == 2)
			f.protocol = ETH_P_ALL;
		else if (i == 3)
			set_knob(w, OFF_NSIM_TC_ACCEPT, 1);
	}
	f.fd = load_tc(w, w->sim);
	assert_int_equal(add_filter(w, &f), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(tc_0a_a_long_name),
		TEST(tc_0b_one_program),
		TEST(tc_0c_direct_action_only),
		TEST(tc_0d_one_side_may_be_skipped),
		TEST(tc_0e_bytecode_ends_with_a_return),
		TEST(tc_1a_no_program),
		TEST(tc_1b_the_gate_of_programs),
		TEST(tc_1c_another_devices_program),
		TEST(tc_1d_a_program_for_all_of_a_shared_block),
		TEST(tc_2_skip_flags_stay),
		TEST(tc_3_with_skip_hw_nobody_is_asked),
		TEST(td_2_td_3_td_5_the_first_of_several_speaks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
