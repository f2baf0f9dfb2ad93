/* SPDX-License-Identifier: BSD-2-Clause */
/* Verdicts of programs: what the card did, and what tc's return values are. */
#include "dpdk-app/code.h"

#include "tests/_cmocka.h"

static enum code
of_card(enum bpf_prog_type type, enum nic_verdict verdict, int stat)
{
	const struct nic_frame frame = { .verdict = verdict, .stat = stat };

	return code_of_card(type, &frame);
}

/* nfp-isa.md 8.5: the table of the driver's outro. */
static void
what_the_card_did_is_a_verdict_of_xdp(void **state)
{
	const enum bpf_prog_type xdp = BPF_PROG_TYPE_XDP;

	(void)state;
	assert_int_equal(of_card(xdp, NIC_VERDICT_PASS, NIC_STAT_bpf_pass), CODE_XDP_PASS);
	assert_int_equal(of_card(xdp, NIC_VERDICT_DROP, NIC_STAT_bpf_app1), CODE_XDP_DROP);
	assert_int_equal(of_card(xdp, NIC_VERDICT_TX, NIC_STAT_bpf_app2), CODE_XDP_TX);
	assert_int_equal(of_card(xdp, NIC_VERDICT_DROP, NIC_STAT_bpf_app3), CODE_XDP_ABORTED);
	assert_int_equal(of_card(xdp, NIC_VERDICT_FAULT, -1), CODE_fault_device);
}

static void
what_the_card_did_is_a_verdict_of_tc(void **state)
{
	const enum bpf_prog_type tc = BPF_PROG_TYPE_SCHED_CLS;

	(void)state;
	assert_int_equal(of_card(tc, NIC_VERDICT_PASS, NIC_STAT_bpf_pass), CODE_TC_ACT_UNSPEC);
	assert_int_equal(of_card(tc, NIC_VERDICT_DROP, NIC_STAT_bpf_app1), CODE_TC_ACT_SHOT);
	assert_int_equal(of_card(tc, NIC_VERDICT_DROP, -1), CODE_TC_ACT_STOLEN);
	assert_int_equal(of_card(tc, NIC_VERDICT_TX, NIC_STAT_bpf_app2), CODE_TC_ACT_REDIRECT);
	assert_int_equal(of_card(tc, NIC_VERDICT_FAULT, -1), CODE_fault_device);
}

static void
a_value_that_is_no_verdict_is_unspec(void **state)
{
	enum code code;

	(void)state;
	assert_true(code_of_tc(BPF_PROG_TYPE_SCHED_CLS, -1, &code));
	assert_int_equal(code, CODE_TC_ACT_UNSPEC);
	assert_true(code_of_tc(BPF_PROG_TYPE_SCHED_CLS, 2, &code));
	assert_int_equal(code, CODE_TC_ACT_SHOT);
	for (int32_t r0 = 3; r0 < 12; r0++) {
		const bool is_verdict = r0 == 4 || r0 == 7 || r0 == 8;

		assert_int_equal(code_of_tc(BPF_PROG_TYPE_SCHED_CLS, r0, &code), is_verdict);
		assert_int_equal(code == CODE_TC_ACT_UNSPEC, !is_verdict);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_the_card_did_is_a_verdict_of_xdp),
		cmocka_unit_test(what_the_card_did_is_a_verdict_of_tc),
		cmocka_unit_test(a_value_that_is_no_verdict_is_unspec),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
