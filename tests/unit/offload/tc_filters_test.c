/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which filter of tc is meant (TF), and its place. Where a test can, it breaks the next rule, too:
 * the first one speaks.
 */
#include "tests/unit/offload/world.h"

#include <linux/if_ether.h>
#include <linux/netlink.h>
#include <linux/pkt_sched.h>
#include <string.h>

#define HANDLE TC_H_MAJ(TC_H_CLSACT) /* ffff: */

/* ---- TF: RTM_NEWTFILTER ---- */

static struct world *
with_clsact(void **state)
{
	struct world *w = *state;

	assert_int_equal(add_qdisc(w, w->sim, OFF_QDISC_CLSACT), 0);
	return w;
}

static void
tf_1_no_priority(void **state)
{
	struct world *w = *state;
	struct off_filter f = good_filter(w->sim);

	f.nl_flags = 0; /* without a qdisc, TF-2, too */
	assert_refused(w, add_filter, &f, -ENOENT, "Invalid filter command with priority of zero");
}

static void
tf_2_no_qdisc(void **state)
{
	struct world *w = *state;
	struct off_filter f = good_filter(w->sim);

	f.chain = 0x10000000; /* TF-8 would be later */
	assert_refused(w, add_filter, &f, -EINVAL, "Parent Qdisc doesn't exists");
	assert_int_equal(add_qdisc(w, w->sim, OFF_QDISC_CLSACT), 0);
	f.parent = TC_H_MAKE(1u << 16, 5); /* TF-4 would be later */
	assert_refused(w, add_filter, &f, -EINVAL, "Parent Qdisc doesn't exists");
}

static void
tf_3_no_parent(void **state)
{
	struct world *w = *state;
	struct off_filter f = good_filter(w->sim);

	f.parent = 0;
	assert_refused(w, add_filter, &f, -EINVAL, "Qdisc not classful");
}

static void
tf_4_no_such_class(void **state)
{
	struct world *w = with_clsact(state);
	struct off_filter f = good_filter(w->sim);

	f.parent = TC_H_MAKE(TC_H_CLSACT, 5);
	f.chain = 0x10000000; /* TF-8 would be later */
	assert_refused(w, add_filter, &f, -ENOENT, "Specified class doesn't exist");
}

static void
tf_5_neither_ingress_nor_egress(void **state)
{
	struct world *w = with_clsact(state);
	struct off_filter f = good_filter(w->sim);

	f.parent = HANDLE;
	f.chain = 0x10000000; /* TF-8 would be later */
	assert_refused(w, add_filter, &f, -EINVAL, "");
	assert_int_equal(del_qdisc(w, w->sim), 0);
	assert_int_equal(add_qdisc(w, w->sim, OFF_QDISC_INGRESS), 0);
	f.chain = 0;
	assert_int_equal(add_loaded(w, &f), 0); /* the qdisc ingress has one block for all */
	f.parent = OFF_TC_EGRESS;
	assert_int_equal(add_loaded(w, &f), 0);
	assert_int_equal(count_filters(w, w->sim), 2);
}

static void
tf_6_no_such_block(void **state)
{
	struct world *w = *state;
	struct off_filter f = block_filter(1, 0);

	f.chain = 0x10000000; /* TF-8 would be later */
	assert_refused(w, add_filter, &f, -EINVAL, "Block of given index was not found");
	assert_int_equal(share_block(w, w->sim, 7, 0), 0);
	f.block = 0;
	assert_refused(w, add_filter, &f, -EINVAL, "Block of given index was not found");
}

static void
tf_7_a_shared_block_by_its_number(void **state)
{
	struct world *w = *state;
	struct off_filter f = good_filter(w->sim);

	assert_int_equal(share_block(w, w->sim, 7, 0), 0);
	f.chain = 0x10000000; /* TF-8 would be next */
	assert_refused(w, add_filter, &f, -EOPNOTSUPP,
		"This filter block is shared. Please use the block index to manipulate the "
		"filters");
	assert_int_equal(
		del_filter(w, &(struct off_filter){ .ifindex = w->sim, .parent = OFF_TC_INGRESS }),
		-EOPNOTSUPP);
}

/* "prio 1 handle 1" is there. */
static struct off_filter
another(struct world *w)
{
	struct off_filter f = good_filter(w->sim);

	f.handle = f.prio = 1;
	assert_int_equal(add_loaded(w, &f), 0);
	return f;
}

static void
tf_8_chains_have_28_bits(void **state)
{
	struct world *w = with_clsact(state);
	struct off_filter f = another(w);

	f.chain = 0x10000000;
	f.kind = NULL; /* TF-10 would be later */
	assert_refused(w, add_filter, &f, -EINVAL, "Specified chain index exceeds upper limit");
	f.chain--;
	f.kind = "bpf";
	assert_int_equal(add_loaded(w, &f), 0);
}

static void
tf_9a_a_priority_is_one_protocols(void **state)
{
	struct world *w = with_clsact(state);
	struct off_filter f = another(w);

	f.protocol = ETH_P_IP;
	f.kind = "u32"; /* TF-13 would be later */
	assert_refused(
		w, add_filter, &f, -EINVAL, "Filter with specified priority/protocol not found");
	f.chain = 1;
	f.kind = "bpf";
	assert_int_equal(add_loaded(w, &f), 0);
}

static void
tf_9a_no_priority_is_left(void **state)
{
	struct world *w = with_clsact(state);
	struct off_filter f = good_filter(w->sim);

	f.prio = 0x8001;
	assert_int_equal(add_loaded(w, &f), 0);
	f.prio = 0;
	assert_int_equal(add_loaded(w, &f), 0);
	assert_int_equal(filter_nth(w, w->sim, 0).prio, 0x8000);
	assert_refused(
		w, add_filter, &f, -EINVAL, "Filter with specified priority/protocol not found");
}

static void
tf_10_kind_and_protocol(void **state)
{
	struct world *w = with_clsact(state);
	struct off_filter f = good_filter(w->sim);

	f.prio = 1;
	f.kind = NULL;
	f.nl_flags = 0; /* TF-11 would be next */
	assert_refused(w, add_filter, &f, -EINVAL, "Filter kind and protocol must be specified");
	f.kind = "bpf";
	f.protocol = 0;
	assert_refused(w, add_filter, &f, -EINVAL, "Filter kind and protocol must be specified");
}

static void
tf_11_nothing_to_change(void **state)
{
	static const char text[] =
		"Need both RTM_NEWTFILTER and NLM_F_CREATE to create a new filter";
	struct world *w = with_clsact(state);
	struct off_filter f = another(w);

	f.nl_flags = 0;
	f.handle = 2;
	f.flags = 2; /* TC-0C would be later */
	assert_refused(w, add_filter, &f, -ENOENT, text);
	f.prio = 2;
	f.kind = "u32"; /* TF-12 would be next */
	assert_refused(w, add_filter, &f, -ENOENT, text);
}

static void
tf_12_another_classifier(void **state)
{
	struct world *w = with_clsact(state);
	struct off_filter f = good_filter(w->sim);

	f.kind = "u32";
	f.flags = 2; /* TC-0C would be later */
	assert_refused(w, add_filter, &f, -ENOENT, "TC classifier not found");
}

static void
tf_13_a_priority_is_one_classifiers(void **state)
{
	struct world *w = with_clsact(state);
	struct off_filter f = another(w);

	f.kind = "u32"; /* and TF-14 */
	assert_refused(
		w, add_filter, &f, -EINVAL, "Specified filter kind does not match existing one");
}

static void
tf_14_it_is_there(void **state)
{
	struct world *w = with_clsact(state);
	struct off_filter f = another(w);

	f.flags = 2; /* TC-0C would be next */
	assert_refused(w, add_filter, &f, -EEXIST, "Filter already exists");
	f.flags = 0;
	f.nl_flags = 0; /* "tc filter change" */
	assert_int_equal(add_loaded(w, &f), 0);
	f.kind = NULL;
	f.protocol = 0;
	assert_int_equal(add_loaded(w, &f), 0);
	assert_int_equal(filter_nth(w, w->sim, 0).protocol, ETH_P_ALL);
	assert_int_equal(count_filters(w, w->sim), 1);
}

/* ---- TF: RTM_DELTFILTER ---- */

static void
tf_15_all_or_some(void **state)
{
	static const char text[] = "Cannot flush filters with protocol, handle or kind set";
	struct world *w = *state; /* without a qdisc, TF-2, too */
	struct off_filter f = { .ifindex = w->sim, .parent = OFF_TC_INGRESS };

	f.handle = 1;
	assert_refused(w, del_filter, &f, -ENOENT, text);
	f.handle = 0;
	f.protocol = ETH_P_ALL;
	assert_refused(w, del_filter, &f, -ENOENT, text);
	f.protocol = 0;
	f.kind = "bpf";
	assert_refused(w, del_filter, &f, -ENOENT, text);
	f.kind = NULL;
	assert_refused(w, del_filter, &f, -EINVAL, "Parent Qdisc doesn't exists");
}

static void
tf_16_an_empty_chain(void **state)
{
	struct world *w = with_clsact(state);
	struct off_filter f = another(w);

	f.chain = 1;
	f.kind = "u32"; /* TF-9B would be next */
	assert_refused(w, del_filter, &f, -ENOENT, "Cannot find specified filter chain");
	f.handle = f.prio = f.protocol = 0;
	f.kind = NULL;
	assert_int_equal(del_filter(w, &f), 0); /* all of it is nothing */
}

static void
tf_9b_an_empty_priority(void **state)
{
	struct world *w = with_clsact(state);
	struct off_filter f = another(w);

	f.prio = 2;
	f.kind = "u32"; /* TF-13 would be later */
	assert_refused(
		w, del_filter, &f, -ENOENT, "Filter with specified priority/protocol not found");
	f.prio = 1;
	f.protocol = ETH_P_IP;
	assert_refused(
		w, del_filter, &f, -EINVAL, "Filter with specified priority/protocol not found");
	f.protocol = 0;
	f.handle = 2; /* TF-17 would be next */
	assert_refused(
		w, del_filter, &f, -EINVAL, "Specified filter kind does not match existing one");
}

static void
tf_17_no_such_handle(void **state)
{
	struct world *w = with_clsact(state);
	struct off_filter f = another(w);

	f.handle = 2;
	assert_refused(w, del_filter, &f, -ENOENT, "Specified filter handle not found");
	f.handle = 1;
	assert_int_equal(del_filter(w, &f), 0);
	assert_int_equal(count_filters(w, w->sim), 0);
}

/* ---- places ---- */

static void
add_at(struct world *w, uint32_t chain, uint16_t prio, uint32_t handle)
{
	struct off_filter f = good_filter(w->sim);

	f.chain = chain;
	f.prio = prio;
	f.handle = handle;
	assert_int_equal(add_loaded(w, &f), 0);
}

static void
assert_places(struct world *w, const char *expected)
{
	char text[256] = "";

	for (uint32_t n = 0; n < count_filters(w, w->sim); n++) {
		struct off_filter_report r = filter_nth(w, w->sim, n);
		size_t len = strlen(text);

		snprintf(text + len, sizeof(text) - len, "%u/%u/%u ", r.chain, r.prio, r.handle);
	}
	assert_string_equal(text, expected);
}

/* Chains as they came, priorities rising, the newest of a priority first; auto as tc has it. */
static void
filters_have_an_order(void **state)
{
	struct world *w = with_clsact(state);
	struct off_filter f = good_filter(w->sim);

	add_at(w, 1, 5, 0);
	add_at(w, 0, 0, 0);
	add_at(w, 0, 0, 0);
	add_at(w, 1, 2, 7);
	add_at(w, 0, 3, 2);
	add_at(w, 0, 3, 0);
	add_at(w, 0, 3, 0);
	assert_places(w, "1/2/7 1/5/1 0/3/3 0/3/1 0/3/2 0/49151/1 0/49152/1 ");
	f.prio = 3;
	f.handle = 1;
	f.nl_flags = NLM_F_CREATE;
	assert_int_equal(add_loaded(w, &f), 0); /* keeps its place */
	assert_places(w, "1/2/7 1/5/1 0/3/3 0/3/1 0/3/2 0/49151/1 0/49152/1 ");
	assert_int_equal(del_filter(w, &f), 0);
	add_at(w, 0, 3, 0); /* the lowest handle that is free */
	assert_places(w, "1/2/7 1/5/1 0/3/1 0/3/3 0/3/2 0/49151/1 0/49152/1 ");
	f.handle = 0;
	assert_int_equal(del_filter(w, &f), 0);
	assert_places(w, "1/2/7 1/5/1 0/49151/1 0/49152/1 ");
	f = (struct off_filter){ .ifindex = w->sim, .parent = OFF_TC_INGRESS, .chain = 1 };
	assert_int_equal(del_filter(w, &f), 0);
	assert_places(w, "0/49151/1 0/49152/1 ");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(tf_1_no_priority),
		TEST(tf_2_no_qdisc),
		TEST(tf_3_no_parent),
		TEST(tf_4_no_such_class),
		TEST(tf_5_neither_ingress_nor_egress),
		TEST(tf_6_no_such_block),
		TEST(tf_7_a_shared_block_by_its_number),
		TEST(tf_8_chains_have_28_bits),
		TEST(tf_9a_a_priority_is_one_protocols),
		TEST(tf_9a_no_priority_is_left),
		TEST(tf_10_kind_and_protocol),
		TEST(tf_11_nothing_to_change),
		TEST(tf_12_another_classifier),
		TEST(tf_13_a_priority_is_one_classifiers),
		TEST(tf_14_it_is_there),
		TEST(tf_15_all_or_some),
		TEST(tf_16_an_empty_chain),
		TEST(tf_9b_an_empty_priority),
		TEST(tf_17_no_such_handle),
		TEST(filters_have_an_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
