/* SPDX-License-Identifier: BSD-2-Clause */
/* What the checked engine lets a program do, and the sentences it stops one with. */
#include "bpf/xb.h"
#include "tests/_cmocka.h"
#include "tests/unit/bpf/asm.h"

#include <errno.h>
#include <string.h>

struct bench {
	struct xb_vm *vm;
	struct xb_map *maps[2];
	uint8_t page[512];
	struct xb_xdp pkt;
};

static struct bench bench;

static int
setup(void **state)
{
	const struct xb_map_def array = { .name = "values",
		.type = BPF_MAP_TYPE_ARRAY,
		.key_size = 4,
		.value_size = 16,
		.max_entries = 1,
		.inner = -1 };
	const struct xb_map_def progs = { .name = "progs",
		.type = BPF_MAP_TYPE_PROG_ARRAY,
		.key_size = 4,
		.value_size = 4,
		.max_entries = 2,
		.inner = -1 };

	(void)state;
	memset(&bench, 0, sizeof(bench));
	bench.vm = xb_vm_new(0);
	bench.maps[0] = xb_map_new(&array, 1, NULL);
	bench.maps[1] = xb_map_new(&progs, 1, NULL);
	bench.pkt = (struct xb_xdp){ .hard_start = bench.page,
		.data_meta = bench.page + 256,
		.data = bench.page + 256,
		.data_end = bench.page + 320,
		.hard_end = bench.page + 512,
		.ingress_ifindex = 7,
		.rx_queue_index = 3 };
	return bench.vm && bench.maps[0] && bench.maps[1] ? 0 : -1;
}

static int
teardown(void **state)
{
	(void)state;
	xb_vm_free(bench.vm);
	xb_map_free(bench.maps[0]);
	xb_map_free(bench.maps[1]);
	return 0;
}

static struct xb_image *
image_for(enum xb_engine engine, const struct bpf_insn *insns, uint32_t cnt)
{
	const struct xb_image_opts opts = { .type = BPF_PROG_TYPE_XDP,
		.engine = engine,
		.gpl_compatible = true,
		.maps = bench.maps,
		.map_cnt = 2 };
	struct xb_log log = { 0 };
	struct xb_image *image = xb_image_new(insns, cnt, &opts, &log);

	assert_string_equal(xb_log_text(&log), "");
	assert_non_null(image);
	xb_log_free(&log);
	return image;
}

static struct xb_image *
image_of(const struct bpf_insn *insns, uint32_t cnt)
{
	return image_for(XB_ENGINE_CHECKED, insns, cnt);
}

/* Run on the packet; the fault's sentence ("" when it ended well), and r0. */
static const char *
run(const struct bpf_insn *insns, uint32_t cnt, int err, uint64_t *ret)
{
	struct xb_image *image = image_of(insns, cnt);

	assert_int_equal(xb_vm_run_xdp(bench.vm, image, &bench.pkt, ret), err);
	xb_image_free(image);
	return err ? xb_vm_fault(bench.vm)->text : "";
}

#define EXPECT_RETURN(value, ...)                                                                  \
	do {                                                                                       \
		static const struct bpf_insn insns[] = { __VA_ARGS__ };                            \
		uint64_t ret;                                                                      \
                                                                                                   \
		run(insns, sizeof(insns) / sizeof(insns[0]), 0, &ret);                             \
		assert_int_equal(ret, value);                                                      \
	} while (0)
#define EXPECT_FAULT(err, sentence, ...)                                                           \
	do {                                                                                       \
		static const struct bpf_insn insns[] = { __VA_ARGS__ };                            \
		uint64_t ret;                                                                      \
                                                                                                   \
		assert_string_equal(                                                               \
			run(insns, sizeof(insns) / sizeof(insns[0]), err, &ret), sentence);        \
		assert_int_equal(ret, XDP_ABORTED);                                                \
	} while (0)

static void
context_fields_are_answered_one_by_one(void **state)
{
	(void)state;
	EXPECT_RETURN(64, LDX(BPF_W, 2, 1, 0), LDX(BPF_W, 0, 1, 4),
		INSN(BPF_ALU64 | BPF_SUB | BPF_X, 0, 2, 0, 0), EXIT());
	EXPECT_RETURN((uintptr_t)bench.pkt.data_meta, LDX(BPF_W, 0, 1, 8), EXIT());
	EXPECT_RETURN(7, LDX(BPF_W, 0, 1, 12), EXIT());
	EXPECT_RETURN(3, LDX(BPF_W, 0, 1, 16), EXIT());
	EXPECT_RETURN(3, LDX(0x80 - BPF_MEM + BPF_W, 0, 1, 16), EXIT());
	EXPECT_FAULT(-EFAULT, "read of 4 bytes at the context (offset 2), which has no such field",
		LDX(BPF_W, 0, 1, 2), EXIT());
	EXPECT_FAULT(-EFAULT, "read of 8 bytes at the context (offset 0), which has no such field",
		LDX(BPF_DW, 0, 1, 0), EXIT());
	EXPECT_FAULT(-EFAULT,
		"write of 4 bytes at the context (offset 16), which has no such field",
		ST(BPF_W, 1, 16, 1), EXIT());
}

static void
the_packet_ends_where_it_ends(void **state)
{
	(void)state;
	bench.page[256 + 63] = 0xab;
	EXPECT_RETURN(0xab, LDX(BPF_W, 2, 1, 0), LDX(BPF_B, 0, 2, 63), EXIT());
	EXPECT_FAULT(-EFAULT, "read of 1 byte at packet offset 64, outside of its 64 bytes",
		LDX(BPF_W, 2, 1, 0), LDX(BPF_B, 0, 2, 64), EXIT());
	EXPECT_FAULT(-EFAULT, "read of 2 bytes at packet offset 63, outside of its 64 bytes",
		LDX(BPF_W, 2, 1, 0), LDX(BPF_H, 0, 2, 63), EXIT());
	EXPECT_FAULT(-EFAULT, "write of 8 bytes at packet offset -1, outside of its 64 bytes",
		LDX(BPF_W, 2, 1, 0), STX(BPF_DW, 2, 2, -1), EXIT());
	EXPECT_FAULT(-EFAULT, "read of 1 byte at a null pointer", MOV64_IMM(2, 0),
		LDX(BPF_B, 0, 2, 0), EXIT());
}

static void
the_stack_is_512_bytes_a_frame(void **state)
{
	(void)state;
	EXPECT_RETURN(5, ST(BPF_DW, 10, -512, 5), LDX(BPF_DW, 0, 10, -512), EXIT());
	EXPECT_FAULT(-EFAULT, "read of 8 bytes at r10-520, outside of the stack",
		LDX(BPF_DW, 0, 10, -520), EXIT());
	EXPECT_FAULT(-EFAULT, "write of 1 byte at r10+0, outside of the stack", ST(BPF_B, 10, 0, 1),
		EXIT());
	EXPECT_FAULT(-EFAULT, "read of 8 bytes at r10-4, outside of the stack",
		LDX(BPF_DW, 0, 10, -4), EXIT());
}

static void
a_call_brings_back_r6_to_r9_and_r10(void **state)
{
	(void)state;
	EXPECT_RETURN(42 + 1000, MOV64_IMM(6, 42), ST(BPF_DW, 10, -8, 1000), CALL_LOCAL(4),
		LDX(BPF_DW, 0, 10, -8), ADD64_REG(0, 6), EXIT(), EXIT(), MOV64_IMM(6, 1),
		ST(BPF_DW, 10, -8, 1), EXIT());
}

static void
a_callee_may_write_its_callers_frame(void **state)
{
	(void)state;
	EXPECT_RETURN(9, ST(BPF_DW, 10, -8, 1), MOV64_REG(1, 10), CALL_LOCAL(2),
		LDX(BPF_DW, 0, 10, -8), EXIT(), ST(BPF_DW, 1, -8, 9), EXIT());
}

static void
eight_frames_and_no_more(void **state)
{
	(void)state;
	/* r1 = depth wanted; the function calls itself until it is 0 */
	EXPECT_RETURN(0, MOV64_IMM(1, 7), CALL_LOCAL(1), EXIT(), ADD64_IMM(1, -1), MOV64_IMM(0, 0),
		JMP_IMM(BPF_JEQ, 1, 0, 1), CALL_LOCAL(-4), EXIT());
	EXPECT_FAULT(-ELOOP, "more than 8 frames", MOV64_IMM(1, 8), CALL_LOCAL(1), EXIT(),
		ADD64_IMM(1, -1), MOV64_IMM(0, 0), JMP_IMM(BPF_JEQ, 1, 0, 1), CALL_LOCAL(-4),
		EXIT());
}

static void
a_runaway_program_is_stopped(void **state)
{
	(void)state;
	EXPECT_FAULT(-E2BIG, "stopped after 1000000 instructions", JA(-1), EXIT());
	/* 3 rounds of 2 instructions, and 2 more */
	xb_vm_set_budget(bench.vm, 8);
	EXPECT_RETURN(3, MOV64_IMM(0, 0), ADD64_IMM(0, 1), JMP_IMM(BPF_JNE, 0, 3, -2), EXIT());
	xb_vm_set_budget(bench.vm, UINT64_MAX);
	EXPECT_RETURN(3, MOV64_IMM(0, 0), ADD64_IMM(0, 1), JMP_IMM(BPF_JNE, 0, 3, -2), EXIT());
	xb_vm_set_budget(bench.vm, 4);
	EXPECT_FAULT(-E2BIG, "stopped after 4 instructions", MOV64_IMM(0, 0), ADD64_IMM(0, 1),
		JMP_IMM(BPF_JNE, 0, 3, -2), EXIT());
}

static void
the_budget_counts_what_no_jump_ends(void **state)
{
	(void)state;
	xb_vm_set_budget(bench.vm, 4);
	EXPECT_RETURN(2, MOV64_IMM(0, 0), ADD64_IMM(0, 1), ADD64_IMM(0, 1), EXIT());
	xb_vm_set_budget(bench.vm, 3);
	EXPECT_FAULT(-E2BIG, "stopped after 3 instructions", MOV64_IMM(0, 0), ADD64_IMM(0, 1),
		ADD64_IMM(0, 1), EXIT());
}

static void
atomics_are_aligned(void **state)
{
	(void)state;
	EXPECT_RETURN(5, MOV64_IMM(2, 3), ST(BPF_DW, 10, -8, 2), ATOMIC(BPF_DW, 10, 2, -8, BPF_ADD),
		LDX(BPF_DW, 0, 10, -8), EXIT());
	EXPECT_FAULT(-EFAULT, "atomic on a misaligned address", MOV64_IMM(2, 3),
		ATOMIC(BPF_DW, 10, 2, -12, BPF_ADD), EXIT());
}

static void
map_values_are_reached_directly(void **state)
{
	(void)state;
	EXPECT_RETURN(
		77, LD_MAP_VALUE(1, 0, 8), ST(BPF_DW, 1, 0, 77), LDX(BPF_DW, 0, 1, 0), EXIT());
	EXPECT_FAULT(-EFAULT, "atomic on a misaligned address", LD_MAP_VALUE(1, 0, 8),
		ATOMIC(BPF_DW, 1, 1, 1, BPF_ADD), EXIT());
}

static void
a_helper_gets_only_what_its_row_says(void **state)
{
	(void)state;
	/* lookup(&map, &key) with a key on the stack, then with a key that is nowhere */
	EXPECT_RETURN(1, ST(BPF_W, 10, -4, 0), MOV64_REG(2, 10), ADD64_IMM(2, -4), LD_MAP(1, 0),
		CALL(BPF_FUNC_map_lookup_elem), JMP_IMM(BPF_JEQ, 0, 0, 1), MOV64_IMM(0, 1), EXIT());
	{
		static const struct bpf_insn insns[] = { MOV64_IMM(2, 64), LD_MAP(1, 0),
			CALL(BPF_FUNC_map_lookup_elem), EXIT() };
		uint64_t ret;

		assert_non_null(strstr(run(insns, 5, -EFAULT, &ret), "r2"));
	}
	{
		static const struct bpf_insn insns[] = { MOV64_REG(2, 10), MOV64_IMM(1, 64),
			CALL(BPF_FUNC_map_lookup_elem), EXIT() };
		uint64_t ret;

		assert_non_null(strstr(run(insns, 4, -EFAULT, &ret), "r1"));
	}
}

static void
a_tail_call_goes_there_and_not_back(void **state)
{
	static const struct bpf_insn there[] = { MOV64_IMM(0, 2), EXIT() };
	struct xb_image *target = image_of(there, 2);

	(void)state;
	assert_int_equal(xb_map_set_prog(bench.maps[1], 1, target), 0);
	EXPECT_RETURN(2, LD_MAP(2, 1), MOV64_IMM(3, 1), CALL(BPF_FUNC_tail_call), MOV64_IMM(0, 1),
		EXIT());
	/* an empty slot and a slot that is none: the next instruction */
	EXPECT_RETURN(1, LD_MAP(2, 1), MOV64_IMM(3, 0), CALL(BPF_FUNC_tail_call), MOV64_IMM(0, 1),
		EXIT());
	EXPECT_RETURN(1, LD_MAP(2, 1), MOV64_IMM(3, 99), CALL(BPF_FUNC_tail_call), MOV64_IMM(0, 1),
		EXIT());
	xb_map_set_prog(bench.maps[1], 1, NULL);
	xb_image_free(target);
}

static void
thirty_three_tail_calls_and_no_more(void **state)
{
	/* counts in a map value, then calls itself */
	static const struct bpf_insn insns[] = { LD_MAP_VALUE(4, 0, 0), LDX(BPF_DW, 0, 4, 0),
		ADD64_IMM(0, 1), STX(BPF_DW, 4, 0, 0), LD_MAP(2, 1), MOV64_IMM(3, 0),
		CALL(BPF_FUNC_tail_call), EXIT() };
	struct xb_image *image = image_of(insns, sizeof(insns) / sizeof(insns[0]));
	uint64_t ret;

	(void)state;
	xb_map_set_prog(bench.maps[1], 0, image);
	assert_int_equal(xb_vm_run_xdp(bench.vm, image, &bench.pkt, &ret), 0);
	assert_int_equal(*(uint64_t *)xb_map_value_addr(bench.maps[0], 0), 34);
	xb_map_set_prog(bench.maps[1], 0, NULL);
	xb_image_free(image);
}

static void
a_program_is_refused_before_it_runs(void **state)
{
	static const struct {
		struct bpf_insn insns[3];
		int err;
		const char *sentence;
	} cases[] = {
		{ { INSN(BPF_JMP | BPF_CALL, 0, 2, 0, 5), EXIT(), EXIT() }, EOPNOTSUPP,
			"insn 0: call kernel-function#5: there are no kernel functions here\n" },
		{ { CALL(BPF_FUNC_trace_printk), EXIT(), EXIT() }, EACCES,
			"insn 0: call bpf_trace_printk#6: the helper is for GPL-compatible "
			"programs "
			"only\n" },
		{ { CALL(9999), EXIT(), EXIT() }, EOPNOTSUPP,
			"insn 0: call unknown#9999: there is no such helper\n" },
		{ { CALL(BPF_FUNC_skb_store_bytes), EXIT(), EXIT() }, EACCES,
			"insn 0: call bpf_skb_store_bytes#9: programs of this type may not call "
			"this "
			"helper\n" },
		{ { CALL(BPF_FUNC_map_push_elem), EXIT(), EXIT() }, EOPNOTSUPP,
			"insn 0: call bpf_map_push_elem#87: this helper is not implemented "
			"here\n" },
		{ { LD_MAP(1, 5), EXIT() }, EINVAL,
			"insn 0: r1 = map[idx:5]: the program has no such map\n" },
		{ { LD_MAP_VALUE(1, 0, 4096), EXIT() }, EINVAL,
			"insn 0: r1 = map[idx:0][0]+4096: the map has no value at this offset\n" },
		{ { INSN(BPF_LD | BPF_IMM | BPF_DW, 1, 4, 0, 1), INSN(0, 0, 0, 0, 0), EXIT() },
			EOPNOTSUPP,
			"insn 0: r1 = subprog[+1]: callbacks are not implemented here\n" },
	};
	const struct xb_image_opts opts = {
		.type = BPF_PROG_TYPE_XDP, .maps = bench.maps, .map_cnt = 2
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct xb_log log = { 0 };

		assert_null(xb_image_new(cases[i].insns, 3, &opts, &log));
		assert_int_equal(errno, cases[i].err);
		assert_string_equal(xb_log_text(&log), cases[i].sentence);
		xb_log_free(&log);
	}
}

static void
the_fast_engine_rewrites_context_loads(void **state)
{
	static const struct bpf_insn insns[] = { LDX(BPF_W, 2, 1, 0), LDX(BPF_W, 3, 1, 4),
		MOV64_REG(4, 2), ADD64_IMM(4, 64), MOV64_IMM(0, 1), JMP_REG(BPF_JGT, 4, 3, 2),
		LDX(BPF_W, 0, 1, 12), LDX(BPF_W, 5, 2, 0), EXIT() };
	const bool is_ctx[9] = { [0] = true, [1] = true, [6] = true };
	struct xb_image_opts opts = { .type = BPF_PROG_TYPE_XDP, .engine = XB_ENGINE_FAST };
	struct xb_image *image;
	uint64_t ret;

	(void)state;
	assert_null(xb_image_new(insns, 9, &opts, NULL));
	assert_int_equal(errno, EINVAL);
	opts.is_ctx_access = is_ctx;
	image = xb_image_new(insns, 9, &opts, NULL);
	assert_non_null(image);
	assert_int_equal(xb_vm_run_xdp(bench.vm, image, &bench.pkt, &ret), 0);
	assert_int_equal(ret, 7);
	xb_image_free(image);
}

static void
a_number_of_the_context_may_have_a_sign(void **state)
{
	static const struct bpf_insn number[] = { INSN(BPF_LDX | 0x80 | BPF_W, 0, 1, 12, 0),
		EXIT() };
	static const struct bpf_insn pointer[] = { INSN(BPF_LDX | 0x80 | BPF_W, 0, 1, 0, 0),
		EXIT() };
	const bool is_ctx[2] = { true, false };
	const struct xb_image_opts opts = {
		.type = BPF_PROG_TYPE_XDP, .engine = XB_ENGINE_FAST, .is_ctx_access = is_ctx
	};
	struct xb_image *image = xb_image_new(number, 2, &opts, NULL);
	uint64_t ret;

	(void)state;
	bench.pkt.ingress_ifindex = 0x80000000;
	assert_int_equal(xb_vm_run_xdp(bench.vm, image, &bench.pkt, &ret), 0);
	assert_int_equal(ret, UINT64_C(0xffffffff80000000));
	xb_image_free(image);
	assert_null(xb_image_new(pointer, 2, &opts, NULL));
	assert_int_equal(errno, EINVAL);
}

static void
plain_memory_has_an_address_and_a_length(void **state)
{
	static const struct bpf_insn insns[] = { MOV64_REG(0, 2), LDX(BPF_B, 3, 1, 3),
		ADD64_REG(0, 3), EXIT() };
	struct xb_image_opts opts = { .engine = XB_ENGINE_CHECKED };
	struct xb_image *image = xb_image_new(insns, 4, &opts, NULL);
	uint8_t mem[4] = { 1, 2, 3, 4 };
	uint64_t ret;

	(void)state;
	assert_int_equal(xb_vm_run_mem(bench.vm, image, mem, 4, &ret), 0);
	assert_int_equal(ret, 8);
	assert_int_equal(xb_vm_run_mem(bench.vm, image, mem, 3, &ret), -EFAULT);
	assert_string_equal(xb_vm_fault(bench.vm)->text,
		"read of 1 byte at memory offset 3, outside of its 3 bytes");
	assert_int_equal(xb_vm_run_mem(bench.vm, image, NULL, 0, &ret), -EFAULT);
	xb_image_free(image);
}

/* What was shown: slot, depth and r6 of each instruction. */
struct shown {
	char text[256];
	size_t len;
};

static void
show(void *arg, const struct xb_step *step)
{
	struct shown *shown = arg;

	shown->len += (size_t)snprintf(shown->text + shown->len, sizeof(shown->text) - shown->len,
		"%u/%u:%llu ", step->insn, step->depth, (unsigned long long)step->r[6]);
}

static void
a_traced_program_shows_each_instruction_before_it_is_executed(void **state)
{
	static const struct bpf_insn insns[] = { MOV64_IMM(6, 1), CALL_LOCAL(3),
		JMP_IMM(BPF_JNE, 6, 1, 1), ADD64_IMM(6, 4), EXIT(),
		/* called */ ADD64_IMM(6, 1), MOV64_IMM(0, 2), EXIT() };
	struct xb_image *image = image_for(XB_ENGINE_TRACED, insns, 8);
	struct shown shown = { 0 };
	uint64_t ret;

	(void)state;
	xb_vm_set_step(bench.vm, show, &shown);
	assert_int_equal(xb_vm_run_xdp(bench.vm, image, &bench.pkt, &ret), 0);
	assert_int_equal(ret, 2);
	assert_string_equal(shown.text, "0/0:0 1/0:1 5/1:1 6/1:2 7/1:2 2/0:1 3/0:1 4/0:5 ");
	xb_vm_set_step(bench.vm, NULL, NULL);
	shown.len = 0;
	assert_int_equal(xb_vm_run_xdp(bench.vm, image, &bench.pkt, &ret), 0);
	assert_int_equal(shown.len, 0);
	xb_image_free(image);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(context_fields_are_answered_one_by_one),
		CASE(the_packet_ends_where_it_ends),
		CASE(the_stack_is_512_bytes_a_frame),
		CASE(a_call_brings_back_r6_to_r9_and_r10),
		CASE(a_callee_may_write_its_callers_frame),
		CASE(eight_frames_and_no_more),
		CASE(a_runaway_program_is_stopped),
		CASE(the_budget_counts_what_no_jump_ends),
		CASE(atomics_are_aligned),
		CASE(map_values_are_reached_directly),
		CASE(a_helper_gets_only_what_its_row_says),
		CASE(a_tail_call_goes_there_and_not_back),
		CASE(thirty_three_tail_calls_and_no_more),
		CASE(a_program_is_refused_before_it_runs),
		CASE(the_fast_engine_rewrites_context_loads),
		CASE(a_number_of_the_context_may_have_a_sign),
		CASE(plain_memory_has_an_address_and_a_length),
		CASE(a_traced_program_shows_each_instruction_before_it_is_executed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
