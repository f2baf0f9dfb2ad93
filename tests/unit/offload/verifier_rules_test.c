/* SPDX-License-Identifier: BSD-2-Clause */
/* What the verifier looks at because a program is a device's: VF-1 ... VF-8. */
#include "tests/unit/offload/world.h"

#include <string.h>

#define CNT(a) (sizeof(a) / sizeof(*(a)))

static void
vf_1_only_the_device_may_be_told_a_queue(void **state)
{
	struct world *w = *state;
	const struct bpf_insn reg[] = { MOV64_IMM(2, 3), STX(BPF_W, 1, 2, 16), MOV64_IMM(0, 0),
		EXIT() };
	const struct bpf_insn other[] = { MOV64_IMM(2, 3), STX(BPF_W, 1, 2, 12), MOV64_IMM(0, 0),
		EXIT() };

	assert_true(load_insns(w, reg, CNT(reg), w->sim) >= 0);
	assert_int_equal(load_insns(w, reg, CNT(reg), 0), -EACCES);
	assert_in_log(w, "invalid bpf_context access off=16 size=4");
	assert_int_equal(load_insns(w, other, CNT(other), w->sim), -EACCES);
	assert_in_log(w, "invalid bpf_context access off=12 size=4");
}

static const struct bpf_insn metadata[] = { INSN(BPF_JMP | BPF_CALL, 0, 2, 0, 4711),
	MOV64_IMM(0, 0), EXIT() };

static int
load_metadata(struct world *w, uint32_t ifindex, uint32_t flags)
{
	const struct off_kfunc kfunc = { 4711, "bpf_xdp_metadata_rx_hash" };
	struct off_prog_load attr = good_load(w);

	attr.insns = metadata;
	attr.insn_cnt = CNT(metadata);
	attr.kfuncs = &kfunc;
	attr.kfunc_cnt = 1;
	attr.prog_ifindex = ifindex;
	attr.prog_flags = flags;
	return load_attr(w, &attr);
}

static void
vf_2a_metadata_needs_a_device(void **state)
{
	struct world *w = *state;

	assert_int_equal(load_metadata(w, 0, 0), -EINVAL);
	assert_in_log(w, "metadata kfuncs require device-bound program");
	assert_true(load_metadata(w, (uint32_t)w->sim, BOUND_ONLY) < 0);
	assert_null(strstr(xb_log_text(&w->log), "metadata kfuncs"));
}

static void
vf_2b_metadata_cannot_be_offloaded(void **state)
{
	struct world *w = *state;

	assert_int_equal(load_metadata(w, (uint32_t)w->sim, 0), -EINVAL);
	assert_in_log(w, "metadata kfuncs can't be offloaded");
}

static void
vf_3_programs_and_maps_are_of_one_device(void **state)
{
	struct world *w = *state;
	int host = create(w, BPF_MAP_TYPE_HASH, 0), mine = create(w, BPF_MAP_TYPE_HASH, w->sim);

	assert_true(load_maps(w, 0, host, host) >= 0);
	assert_true(load_maps(w, w->sim, mine, mine) >= 0);
	assert_int_equal(load_maps(w, w->sim, host, mine), -EINVAL);
	assert_in_log(w, "offload device mismatch between prog and map\n");
	assert_int_equal(load_maps(w, 0, mine, host), -EINVAL);
	assert_in_log(w, "offload device mismatch between prog and map\n");
	assert_int_equal(count_bound(w->nsim), 1); /* the driver did not see the others */
	off_asic_free(w->nsim);
	assert_int_equal(load_maps(w, 0, mine, mine), -EINVAL);
	assert_in_log(w, "offload device mismatch between prog and map\n");
}

/* The kernel takes it (2.4); the host has no way to the device's elements. */
static void
vf_3_a_bound_only_program_has_no_device_map(void **state)
{
	struct world *w = *state;
	int map = create(w, BPF_MAP_TYPE_HASH, w->sim);
	const struct bpf_insn insns[] = { LD_MAP_FD(1, map), MOV64_IMM(0, 0), EXIT() };
	struct off_prog_load attr = good_load(w);

	attr.insns = insns;
	attr.insn_cnt = CNT(insns);
	assert_true(load_attr(w, &attr) >= 0);
	attr.prog_flags = BOUND_ONLY;
	assert_int_equal(load_attr(w, &attr), -EINVAL);
	assert_in_log(w, "offload device mismatch between prog and map\n");
}

static void
vf_3_perf_event_arrays_are_neutral(void **state)
{
	struct world *w = *state;
	struct off_map_create attr = { .map_type = BPF_MAP_TYPE_PERF_EVENT_ARRAY,
		.key_size = 4,
		.value_size = 4,
		.max_entries = 2 };
	int map = off_map_create(&w->root, &attr, NULL);
	const struct bpf_insn insns[] = { LD_MAP_FD(2, map), MOV64_IMM(0, 0), EXIT() };

	assert_true(map >= 0);
	assert_true(load_insns(w, insns, CNT(insns), w->sim) >= 0);
}

/* On the host an array of one element has an address. */
static void
vf_9_no_addresses_of_values_on_a_device(void **state)
{
	struct world *w = *state;
	struct off_map_create attr = {
		.map_type = BPF_MAP_TYPE_ARRAY, .key_size = 4, .value_size = 8, .max_entries = 1
	};
	struct bpf_insn insns[] = { LD_MAP_FD(1, off_map_create(&w->root, &attr, NULL)),
		MOV64_IMM(0, 0), EXIT() };

	insns[0].src_reg = BPF_PSEUDO_MAP_VALUE;
	assert_true(load_insns(w, insns, CNT(insns), 0) >= 0);
	attr.map_ifindex = (uint32_t)w->sim;
	insns[0].imm = off_map_create(&w->root, &attr, NULL);
	assert_int_equal(load_insns(w, insns, CNT(insns), w->sim), -EINVAL);
	assert_in_log(w, "no direct value access support for this map type\n");
	assert_int_equal(count_bound(w->nsim), 0);
}

static int
load_ext(struct world *w, int target)
{
	struct off_prog_load attr = good_load(w);

	attr.prog_type = BPF_PROG_TYPE_EXT;
	attr.prog_ifindex = 0;
	attr.attach_prog_fd = target;
	return load_attr(w, &attr);
}

static void
vf_4a_no_extension_of_an_offloaded_program(void **state)
{
	struct world *w = *state;

	assert_int_equal(load_ext(w, load(w, w->sim)), -EINVAL);
	assert_string_equal(xb_log_text(&w->log), "");
	assert_int_equal(load_ext(w, 12345), -EINVAL);
}

static void
vf_4b_an_extension_is_bound_as_its_target(void **state)
{
	struct world *w = *state;
	int fd = load_as(w, &w->root, BPF_PROG_TYPE_XDP, (uint32_t)w->sim, BOUND_ONLY, 0);

	assert_int_equal(load_ext(w, fd), -EOPNOTSUPP); /* the verifier knows no extensions */
	off_asic_free(w->nsim);
	assert_int_equal(load_ext(w, fd), -EINVAL);
	assert_in_log(w, "Target program bound device mismatch");
}

static int
prog_array(struct world *w)
{
	struct off_map_create attr = { .map_type = BPF_MAP_TYPE_PROG_ARRAY,
		.key_size = 4,
		.value_size = 4,
		.max_entries = 2 };

	return off_map_create(&w->root, &attr, NULL);
}

static void
vf_5_no_device_bound_program_in_a_map(void **state)
{
	struct world *w = *state;
	int host = load(w, 0), offloaded = load(w, w->sim), array = prog_array(w), fds[3];
	uint32_t key = 1, id = 0;

	fds[0] = load_as(w, &w->root, BPF_PROG_TYPE_XDP, (uint32_t)w->sim, BOUND_ONLY, 0);
	assert_int_equal(off_map_update(&w->root, array, &key, &offloaded, BPF_ANY), -EINVAL);
	assert_int_equal(off_map_update(&w->root, array, &key, &fds[0], BPF_ANY), -EINVAL);
	assert_int_equal(off_map_update(&w->root, array, &key, &host, BPF_ANY), 0);
	assert_int_equal(off_map_lookup(&w->root, array, &key, &id, 0), 0);
	assert_int_equal(id, prog_id(w, host));
	off_close(w->k, host); /* the array keeps it */
	assert_int_equal(count_loaded(w), 3);
	assert_int_equal(off_map_delete(&w->root, array, &key), 0);
	assert_int_equal(count_loaded(w), 2);
	assert_int_equal(off_map_delete(&w->root, array, &key), -ENOENT);
}

/* The first decides, whether it is put into the array or uses it. */
static void
vf_5_an_array_holds_programs_of_one_kind(void **state)
{
	struct world *w = *state;
	int array = prog_array(w), xdp = load(w, 0);
	int cls = load_as(w, &w->root, BPF_PROG_TYPE_SCHED_CLS, 0, 0, 0);
	int frags = load_as(w, &w->root, BPF_PROG_TYPE_XDP, 0, BPF_F_XDP_HAS_FRAGS, 0);
	const struct bpf_insn insns[] = { LD_MAP_FD(2, array), MOV64_IMM(0, 0), EXIT() };
	struct off_prog_load attr = good_load(w);
	uint32_t key = 0;

	attr.insns = insns;
	attr.insn_cnt = CNT(insns);
	attr.prog_flags = BOUND_ONLY;
	assert_int_equal(load_attr(w, &attr), -EINVAL);
	attr.prog_flags = 0;
	attr.prog_ifindex = 0;
	assert_true(load_attr(w, &attr) >= 0);
	assert_int_equal(off_map_update(&w->root, array, &key, &cls, BPF_ANY), -EINVAL);
	assert_int_equal(off_map_update(&w->root, array, &key, &frags, BPF_ANY), -EINVAL);
	assert_int_equal(off_map_update(&w->root, array, &key, &xdp, BPF_ANY), 0);
	attr.prog_type = BPF_PROG_TYPE_SCHED_CLS;
	assert_int_equal(load_attr(w, &attr), -EINVAL);
}

static void
vf_6_tail_calls_have_no_map(void **state)
{
	struct world *w = *state;
	const struct bpf_insn insns[] = { LD_MAP_FD(2, prog_array(w)), MOV64_IMM(3, 0),
		CALL(BPF_FUNC_tail_call), MOV64_IMM(0, 0), EXIT() };

	assert_true(load_insns(w, insns, CNT(insns), 0) >= 0);
	assert_int_equal(load_insns(w, insns, CNT(insns), w->sim), -EINVAL);
	assert_in_log(w, "offload device mismatch between prog and map");
}

static void
vf_7_own_functions_may_be_called(void **state)
{
	struct world *w = *state;
	const struct bpf_insn insns[] = { CALL_LOCAL(1), EXIT(), MOV64_IMM(0, 0), EXIT() };

	assert_true(load_insns(w, insns, CNT(insns), w->sim) >= 0);
}

static void
vf_8_the_general_limits_hold(void **state)
{
	struct world *w = *state;
	const struct bpf_insn stack[] = { ST(BPF_DW, 10, -520, 0), MOV64_IMM(0, 0), EXIT() };
	const struct bpf_insn loop[] = { MOV64_IMM(0, 0), JA(-1), EXIT() };

	assert_int_equal(load_insns(w, stack, CNT(stack), w->sim), -EACCES);
	assert_true(load_insns(w, loop, CNT(loop), w->sim) < 0);
	assert_int_equal(count_bound(w->nsim), 0); /* what was prepared is destroyed */
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(vf_1_only_the_device_may_be_told_a_queue),
		TEST(vf_2a_metadata_needs_a_device),
		TEST(vf_2b_metadata_cannot_be_offloaded),
		TEST(vf_3_programs_and_maps_are_of_one_device),
		TEST(vf_3_a_bound_only_program_has_no_device_map),
		TEST(vf_3_perf_event_arrays_are_neutral),
		TEST(vf_9_no_addresses_of_values_on_a_device),
		TEST(vf_4a_no_extension_of_an_offloaded_program),
		TEST(vf_4b_an_extension_is_bound_as_its_target),
		TEST(vf_5_no_device_bound_program_in_a_map),
		TEST(vf_5_an_array_holds_programs_of_one_kind),
		TEST(vf_6_tail_calls_have_no_map),
		TEST(vf_7_own_functions_may_be_called),
		TEST(vf_8_the_general_limits_hold),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
