/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the verifier gives beside its verdict: facts, hooks in their order, the log's levels, and
 * what it refuses by name. The rules themselves are cases in tests/verifier/.
 */
#include "bpf/verifier/state.h"
#include "tests/_cmocka.h"
#include "tests/unit/bpf/asm.h"

#include <bpf/btf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CNT(a) ((uint32_t)(sizeof(a) / sizeof((a)[0])))

static const struct xb_map_def maps[] = {
	{ .name = "counters",
		.type = BPF_MAP_TYPE_ARRAY,
		.key_size = 4,
		.value_size = 64,
		.max_entries = 1,
		.inner = -1 },
	{ .name = "hash",
		.type = BPF_MAP_TYPE_HASH,
		.key_size = 4,
		.value_size = 8,
		.max_entries = 16,
		.inner = -1 },
	{ .name = "ring", .type = BPF_MAP_TYPE_RINGBUF, .max_entries = 4096, .inner = -1 },
};

static struct xb_log text;
static struct xb_facts facts;

static struct xb_verify_opts
options(void)
{
	return (struct xb_verify_opts){ .type = BPF_PROG_TYPE_XDP,
		.gpl_compatible = true,
		.maps = maps,
		.map_cnt = CNT(maps) };
}

static int
verify_with(const struct bpf_insn *insns, uint32_t cnt, const struct xb_verify_opts *opts)
{
	xb_log_free(&text);
	xb_facts_free(&facts);
	return xb_verify(insns, cnt, opts, &facts, &text);
}

static int
verify(const struct bpf_insn *insns, uint32_t cnt)
{
	const struct xb_verify_opts opts = options();

	return verify_with(insns, cnt, &opts);
}

/* The refusal is this sentence, alone before the statistics. */
static void
assert_says(const char *sentence)
{
	char want[256];

	snprintf(want, sizeof(want), "%s\nprocessed ", sentence);
	if (strncmp(xb_log_text(&text), want, strlen(want)) != 0)
		fail_msg("wanted '%s', the log is '%s'", sentence, xb_log_text(&text));
}

static int
free_all(void **state)
{
	(void)state;
	xb_log_free(&text);
	xb_facts_free(&facts);
	return 0;
}

/* ---- facts ---- */

static void
facts_of_a_packet_program(void **state)
{
	static const struct bpf_insn insns[] = {
		LDX(BPF_W, 2, 1, 0),
		LDX(BPF_W, 3, 1, 4),
		MOV64_IMM(0, 2),
		MOV64_REG(4, 2),
		ADD64_IMM(4, 34),
		JMP_REG(BPF_JGT, 4, 3, 2),
		LDX(BPF_B, 5, 2, 33),
		STX(BPF_DW, 10, 5, -24),
		EXIT(),
	};

	(void)state;
	assert_int_equal(verify(insns, CNT(insns)), 0);
	assert_int_equal(facts.insn_cnt, CNT(insns));
	assert_int_equal(facts.visited, CNT(insns) + 1); /* the end twice */
	assert_int_equal(facts.max_packet_offset, 33);
	assert_int_equal(facts.refused_insn, -1);
	assert_int_equal(facts.subprog_cnt, 1);
	assert_int_equal(facts.subprogs[0].stack_bytes, 24);
	for (uint32_t i = 0; i < CNT(insns); i++) {
		assert_true(facts.insns[i].seen);
		assert_int_equal(facts.insns[i].is_ctx_access, i < 2);
	}
}

static void
operands_are_gathered_over_all_paths(void **state)
{
	static const struct bpf_insn insns[] = {
		LDX(BPF_W, 2, 1, 16),
		MOV64_REG(3, 10),
		ADD64_IMM(3, -16),
		MOV64_IMM(4, 5),
		JMP_IMM(BPF_JEQ, 2, 0, 2),
		ADD64_IMM(3, 8),
		MOV64_IMM(4, 300),
		STX(BPF_DW, 3, 4, 0), /* r10-16 or r10-8; 5 or 300 */
		MOV64_IMM(0, 2),
		EXIT(),
	};
	const struct xb_insn_facts *f;

	(void)state;
	assert_int_equal(verify(insns, CNT(insns)), 0);
	f = &facts.insns[7];
	assert_int_equal(f->dst.kinds, 1u << XB_PTR_STACK);
	assert_int_equal(f->dst.off_min, -16);
	assert_int_equal(f->dst.off_max, -8);
	assert_int_equal(f->src.kinds, 1u << XB_SCALAR);
	assert_int_equal(f->src.umin, 5);
	assert_int_equal(f->src.umax, 300);
	assert_int_equal(facts.insns[0].src.kinds, 1u << XB_PTR_CTX);
	assert_int_equal(facts.insns[0].dst.kinds, 0);
	assert_int_equal(facts.insns[4].dst.umax, UINT32_MAX);
}

static void
code_behind_a_known_jump_is_dead(void **state)
{
	static const struct bpf_insn insns[] = {
		MOV64_IMM(0, 1),
		JMP_IMM(BPF_JEQ, 0, 1, 1),
		LDX(BPF_DW, 0, 0, 0), /* nobody gets here */
		EXIT(),
	};

	(void)state;
	assert_int_equal(verify(insns, CNT(insns)), 0);
	assert_true(facts.insns[1].seen);
	assert_false(facts.insns[2].seen);
	assert_true(facts.insns[3].seen);
}

static void
zero_extension_is_wanted_where_the_whole_register_is_read(void **state)
{
	static const struct bpf_insn insns[] = {
		LDX(BPF_W, 2, 1, 16),			       /* read as a whole by 2 */
		LDX(BPF_W, 3, 1, 16),			       /* only its low half is read */
		MOV64_REG(0, 2),			       /* 2 */
		INSN(BPF_ALU | BPF_ADD | BPF_K, 3, 0, 0, 1),   /* 3 */
		INSN(BPF_JMP32 | BPF_JEQ | BPF_K, 3, 0, 1, 0), /* 4 */
		INSN(BPF_ALU | BPF_MOV | BPF_K, 0, 0, 0, 2),   /* 5: the result is */
		EXIT(),
	};

	(void)state;
	assert_int_equal(verify(insns, CNT(insns)), 0);
	assert_true(facts.insns[0].zext);
	assert_false(facts.insns[1].zext);
	assert_false(facts.insns[2].zext);
	assert_false(facts.insns[3].zext);
	assert_true(facts.insns[5].zext);
}

static void
the_refused_instruction_is_named(void **state)
{
	static const struct bpf_insn insns[] = {
		MOV64_IMM(0, 0),
		LDX(BPF_W, 0, 1, 60),
		EXIT(),
	};

	(void)state;
	assert_int_equal(verify(insns, CNT(insns)), -EACCES);
	assert_says("invalid bpf_context access off=60 size=4");
	assert_int_equal(facts.refused_insn, 1);
}

/* ---- the log ---- */

static void
level_0_is_the_sentence_and_level_2_every_state(void **state)
{
	static const struct bpf_insn insns[] = {
		MOV64_IMM(0, 300),
		JMP_IMM(BPF_JNE, 1, 0, 1),
		MOV64_REG(0, 10),
		MOV64_REG(6, 10),
		STX(BPF_DW, 6, 0, -8),
		EXIT(),
	};
	static const struct xb_line lines[] = {
		{ .insn = 0, .line = 7, .file = "a/b.c", .text = "x = 300;" }
	};
	struct xb_verify_opts opts = options();

	(void)state;
	assert_int_equal(verify_with(insns, CNT(insns), &opts), 0);
	assert_int_equal(strncmp(xb_log_text(&text), "processed ", 10), 0);
	opts.log_level = 2;
	opts.lines = lines;
	opts.line_cnt = CNT(lines);
	assert_int_equal(verify_with(insns, CNT(insns), &opts), 0);
	assert_non_null(strstr(xb_log_text(&text), "0: R1=ctx() R10=fp0\n"));
	assert_non_null(strstr(xb_log_text(&text), "; x = 300; @ b.c:7\n"));
	assert_non_null(
		strstr(xb_log_text(&text), "0: (b7) r0 = 300                      ; R0_w=300\n"));
	assert_non_null(strstr(xb_log_text(&text), "fp-8_w=300"));
	assert_non_null(strstr(xb_log_text(&text), "\nfrom 1 to 3: R0"));
	opts.log_level = 1; /* all is well: the path is not told, what others said is kept */
	xb_log_free(&text);
	xb_log_add(&text, "before\n");
	xb_facts_free(&facts);
	assert_int_equal(xb_verify(insns, CNT(insns), &opts, &facts, &text), 0);
	assert_int_equal(strncmp(xb_log_text(&text), "before\nprocessed ", 17), 0);
}

/* ---- refusals by name ---- */

static void
what_is_not_supported_is_refused_by_name(void **state)
{
	static const struct {
		struct bpf_insn insn;
		const char *says;
	} cases[] = {
		{ CALL(BPF_FUNC_timer_init),
			"not supported by this verifier: helper bpf_timer_init#169: timers" },
		{ CALL(BPF_FUNC_spin_lock),
			"not supported by this verifier: helper bpf_spin_lock#93: spin locks" },
		{ CALL(BPF_FUNC_loop), "not supported by this verifier: helper bpf_loop#181: "
				       "callback functions" },
		{ INSN(BPF_JMP | BPF_CALL, 0, 2, 0, 1234),
			"not supported by this verifier: calls of kernel functions" },
		{ INSN(BPF_JMP | 0xe0, 0, 0, 0, 0), "not supported by this verifier: may_goto" },
	};

	(void)state;
	for (size_t i = 0; i < CNT(cases); i++) {
		const struct bpf_insn insns[] = { cases[i].insn, MOV64_IMM(0, 0), EXIT() };

		assert_int_equal(verify(insns, CNT(insns)), -EOPNOTSUPP);
		assert_says(cases[i].says);
		assert_int_equal(facts.refused_insn, 0);
	}
}

static void
a_map_with_a_lock_in_its_value_is_refused_by_name(void **state)
{
	static const struct bpf_insn insns[] = { LD_MAP(1, 0), MOV64_IMM(0, 0), EXIT() };
	struct xb_map_def map = maps[0];
	struct xb_verify_opts opts = options();
	struct btf *btf = btf__new_empty();
	int u32_id, lock, value;

	(void)state;
	u32_id = btf__add_int(btf, "unsigned int", 4, 0);
	lock = btf__add_struct(btf, "bpf_spin_lock", 4);
	btf__add_field(btf, "val", u32_id, 0, 0);
	value = btf__add_struct(btf, "value", 64);
	btf__add_field(btf, "count", u32_id, 0, 0);
	btf__add_field(btf, "lock", lock, 32, 0);
	map.btf_value_type_id = (uint32_t)value;
	opts.maps = &map;
	opts.map_cnt = 1;
	opts.btf = btf;
	assert_int_equal(verify_with(insns, CNT(insns), &opts), -EOPNOTSUPP);
	assert_says(
		"not supported by this verifier: map 'counters' has a bpf_spin_lock in its value");
	map.btf_value_type_id = (uint32_t)u32_id;
	assert_int_equal(verify_with(insns, CNT(insns), &opts), 0);
	btf__free(btf);
}

static void
a_program_that_does_not_end_stops_at_the_limit(void **state)
{
	static const struct bpf_insn insns[] = {
		MOV64_IMM(1, 0),
		ADD64_IMM(1, 1),
		JMP_IMM(BPF_JLT, 1, 2000000, -2),
		MOV64_IMM(0, 0),
		EXIT(),
	};

	(void)state;
	assert_int_equal(verify(insns, CNT(insns)), -E2BIG);
	assert_says("BPF program is too large. Processed 1000001 insn");
}

static void
a_loop_that_does_not_move_is_found(void **state)
{
	static const struct bpf_insn insns[] = { MOV64_IMM(0, 0), JA(-1), EXIT() };
	static const struct bpf_insn forever[] = { MOV64_IMM(0, 0), JMP_IMM(BPF_JEQ, 0, 0, -1),
		EXIT() };

	(void)state;
	assert_int_equal(verify(insns, CNT(insns)), -EINVAL);
	assert_says("unreachable insn 2");
	assert_int_equal(verify(forever, CNT(forever)), -EINVAL);
	assert_says("infinite loop detected at insn 1");
}

/* ---- functions ---- */

/* f(arg): a global function that takes a number or a pointer to 16 bytes. */
struct signature {
	struct btf *btf;
	struct xb_func funcs[2];
};

static void
make_signature(struct signature *s, bool is_pointer)
{
	int u64_id, ctx, block, arg, proto;

	s->btf = btf__new_empty();
	u64_id = btf__add_int(s->btf, "long", 8, BTF_INT_SIGNED);
	ctx = btf__add_ptr(s->btf, btf__add_struct(s->btf, "xdp_md", 24));
	block = btf__add_array(s->btf, u64_id, u64_id, 2);
	arg = is_pointer ? btf__add_ptr(s->btf, block) : u64_id;
	proto = btf__add_func_proto(s->btf, u64_id);
	btf__add_func_param(s->btf, "ctx", ctx);
	s->funcs[0] = (struct xb_func){ 0, "entry",
		(uint32_t)btf__add_func(s->btf, "entry", BTF_FUNC_GLOBAL, proto) };
	proto = btf__add_func_proto(s->btf, u64_id);
	btf__add_func_param(s->btf, "arg", arg);
	s->funcs[1] = (struct xb_func){ 4, "f",
		(uint32_t)btf__add_func(s->btf, "f", BTF_FUNC_GLOBAL, proto) };
}

static int
verify_call(struct signature *s, const struct bpf_insn *insns, uint32_t cnt)
{
	struct xb_verify_opts opts = options();

	opts.btf = s->btf;
	opts.funcs = s->funcs;
	opts.func_cnt = 2;
	return verify_with(insns, cnt, &opts);
}

static void
a_global_function_is_verified_for_any_argument(void **state)
{
	/* The caller passes 1; by itself f must hold for every number. */
	static const struct bpf_insn insns[] = {
		MOV64_IMM(1, 1),
		CALL_LOCAL(2),
		MOV64_IMM(0, 2),
		EXIT(),
		JMP_IMM(BPF_JEQ, 1, 1, 1),
		LDX(BPF_DW, 0, 2, 0), /* r2 is none of its arguments */
		MOV64_IMM(0, 0),
		EXIT(),
	};
	struct signature s;

	(void)state;
	make_signature(&s, false);
	assert_int_equal(verify_call(&s, insns, CNT(insns)), -EACCES);
	assert_says("R2 !read_ok");
	assert_int_equal(facts.refused_insn, 5);
	btf__free(s.btf);
}

static void
a_pointer_argument_may_be_null_and_has_the_size_of_its_type(void **state)
{
	static const struct bpf_insn good[] = {
		MOV64_REG(1, 10),
		ADD64_IMM(1, -16),
		CALL_LOCAL(1),
		EXIT(),
		JMP_IMM(BPF_JEQ, 1, 0, 1),
		LDX(BPF_DW, 0, 1, 8),
		MOV64_IMM(0, 0),
		EXIT(),
	};
	struct bpf_insn insns[CNT(good)];
	struct signature s;

	(void)state;
	make_signature(&s, true);
	assert_int_equal(verify_call(&s, good, CNT(good)), 0);
	assert_true(facts.subprogs[1].is_global);
	memcpy(insns, good, sizeof(good));
	insns[5].off = 9;
	assert_int_equal(verify_call(&s, insns, CNT(insns)), -EACCES);
	assert_int_equal(facts.refused_insn, 5);
	memcpy(insns, good, sizeof(good));
	insns[4].off = 2; /* read when it is NULL */
	insns[4].code = BPF_JMP | BPF_JNE | BPF_K;
	assert_int_equal(verify_call(&s, insns, CNT(insns)), -EACCES);
	assert_says("R1 invalid mem access 'scalar'");
	memcpy(insns, good, sizeof(good));
	insns[1].imm = -8; /* only 8 bytes of stack */
	assert_int_equal(verify_call(&s, insns, CNT(insns)), -EINVAL);
	btf__free(s.btf);
}

/* ---- hooks ---- */

struct device {
	char did[256];
	int refuse_insn, refuse_prepare;
	uint32_t subprogs;
};

static void
note(struct device *dev, const char *fmt, ...)
{
	size_t len = strlen(dev->did);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(dev->did + len, sizeof(dev->did) - len, fmt, ap);
	va_end(ap);
}

static int
prepare(void *arg, const struct xb_verify_env *env)
{
	struct device *dev = arg;
	uint32_t cnt;

	assert_non_null(xb_verify_insns(env, &cnt));
	note(dev, "prepare %u;", cnt);
	return dev->refuse_prepare;
}

static int
visit(void *arg, struct xb_verify_env *env, int insn, int prev)
{
	struct device *dev = arg;
	const struct xb_reg_state *r0 = xb_verify_reg(env, 0);

	note(dev, " %d<%d", insn, prev);
	if (r0->type == XB_SCALAR && xb_tnum_is_const(r0->var_off))
		note(dev, "=%d", (int)r0->var_off.value);
	if (insn != dev->refuse_insn)
		return 0;
	xb_verify_say(env, "the device does not want it\n");
	return -EOPNOTSUPP;
}

static int
finalize(void *arg, struct xb_verify_env *env)
{
	struct device *dev = arg;

	dev->subprogs = xb_verify_facts(env)->subprog_cnt;
	note(dev, "; finalize");
	return 0;
}

static int
replace(void *arg, struct xb_verify_env *env, uint32_t off, const struct bpf_insn *insn)
{
	(void)env;
	assert_int_equal(insn->code, BPF_JMP | BPF_JA);
	note(arg, "; replace %u %+d", off, insn->off);
	return 0;
}

static int
remove_some(void *arg, struct xb_verify_env *env, uint32_t off, uint32_t cnt)
{
	(void)env;
	note(arg, "; remove %u %u", off, cnt);
	return 0;
}

static const struct bpf_insn two_ways[] = {
	MOV64_IMM(0, 1),
	JMP_IMM(BPF_JEQ, 0, 1, 2), /* always */
	MOV64_IMM(0, 5),
	JA(0),
	JMP_IMM(BPF_JNE, 0, 1, 2), /* never */
	JMP_IMM(BPF_JEQ, 1, 0, 0), /* r1 is the context: who knows */
	EXIT(),
	MOV64_IMM(0, 3),
	EXIT(),
};

static void
hooks_are_called_in_the_kernels_order(void **state)
{
	struct device dev = { .refuse_insn = -1 };
	const struct xb_verify_hooks hooks = { prepare, visit, finalize, replace, remove_some,
		&dev };
	struct xb_verify_opts opts = options();

	(void)state;
	opts.hooks = &hooks;
	assert_int_equal(verify_with(two_ways, CNT(two_ways), &opts), 0);
	/* Both sides of the last jump are the same place: visited twice, from the same jump. */
	assert_string_equal(dev.did, "prepare 9; 0<-1 1<0=1 4<1=1 5<4=1 6<5=1 6<5=1; finalize"
				     "; replace 1 +2; replace 4 +0; remove 2 2; remove 5 2"
				     "; remove 1 1; remove 1 1");
	assert_int_equal(dev.subprogs, 1);
}

static void
a_hook_refuses_before_the_core_does(void **state)
{
	struct device dev = { .refuse_insn = 1 };
	const struct xb_verify_hooks hooks = { prepare, visit, finalize, replace, remove_some,
		&dev };
	const struct bpf_insn insns[] = { MOV64_IMM(0, 1), LDX(BPF_W, 0, 1, 500), EXIT() };
	struct xb_verify_opts opts = options();

	(void)state;
	opts.hooks = &hooks;
	assert_int_equal(verify_with(insns, CNT(insns), &opts), -EOPNOTSUPP);
	assert_says("the device does not want it");
	assert_string_equal(dev.did, "prepare 3; 0<-1 1<0=1");
	dev = (struct device){ .refuse_insn = -1, .refuse_prepare = -ENODEV };
	assert_int_equal(verify_with(insns, CNT(insns), &opts), -ENODEV);
	assert_string_equal(dev.did, "prepare 3;");
}

static int
look_at_stack(void *arg, struct xb_verify_env *env, int insn, int prev)
{
	const struct xb_reg_state *spilled;

	(void)prev;
	if (insn != 3)
		return 0;
	assert_int_equal(xb_verify_stack_byte(env, 0, -8, &spilled), XB_SLOT_SPILL);
	assert_int_equal(spilled->var_off.value, 7);
	assert_int_equal(xb_verify_stack_byte(env, 0, -16, &spilled), XB_SLOT_INVALID);
	assert_int_equal(xb_verify_stack_byte(env, 0, -12, NULL), XB_SLOT_MISC);
	assert_int_equal(xb_verify_reg(env, 10)->type, XB_PTR_STACK);
	assert_int_equal(xb_verify_frame(env), 0);
	++*(int *)arg;
	return 0;
}

static void
a_hook_sees_registers_and_stack(void **state)
{
	static const struct bpf_insn insns[] = {
		ST(BPF_DW, 10, -8, 7),
		ST(BPF_W, 10, -12, 9), /* not at the slot's beginning: bytes */
		MOV64_IMM(0, 0),
		EXIT(),
	};
	int seen = 0;
	const struct xb_verify_hooks hooks = { .insn = look_at_stack, .dev = &seen };
	struct xb_verify_opts opts = options();

	(void)state;
	opts.hooks = &hooks;
	assert_int_equal(verify_with(insns, CNT(insns), &opts), 0);
	assert_int_equal(seen, 1);
}

static void
only_a_devices_program_may_write_the_queue(void **state)
{
	static const struct bpf_insn insns[] = { MOV64_IMM(0, 2), STX(BPF_W, 1, 0, 16), EXIT() };
	struct xb_verify_opts opts = options();

	(void)state;
	assert_int_equal(verify_with(insns, CNT(insns), &opts), -EACCES);
	assert_says("invalid bpf_context access off=16 size=4");
	opts.offloaded = true;
	assert_int_equal(verify_with(insns, CNT(insns), &opts), 0);
	assert_true(facts.insns[1].is_ctx_access);
}

/* ---- references ---- */

static void
memory_of_a_ring_buffer_is_given_back_on_every_path(void **state)
{
	static const struct bpf_insn good[] = {
		LD_MAP(1, 2),
		MOV64_IMM(2, 16),
		MOV64_IMM(3, 0),
		CALL(BPF_FUNC_ringbuf_reserve),
		JMP_IMM(BPF_JEQ, 0, 0, 4),
		ST(BPF_DW, 0, 8, 1),
		MOV64_REG(1, 0),
		MOV64_IMM(2, 0),
		CALL(BPF_FUNC_ringbuf_submit),
		MOV64_IMM(0, 2),
		EXIT(),
	};
	struct bpf_insn insns[CNT(good)];

	(void)state;
	assert_int_equal(verify(good, CNT(good)), 0);
	memcpy(insns, good, sizeof(good));
	insns[9] = (struct bpf_insn)MOV64_IMM(0, 0); /* never submitted */
	assert_int_equal(verify(insns, CNT(insns)), -EINVAL);
	assert_says("Unreleased reference id=2 alloc_insn=4");
	memcpy(insns, good, sizeof(good));
	insns[6].off = 9; /* past its 16 bytes */
	assert_int_equal(verify(insns, CNT(insns)), -EACCES);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(facts_of_a_packet_program),
		cmocka_unit_test(operands_are_gathered_over_all_paths),
		cmocka_unit_test(code_behind_a_known_jump_is_dead),
		cmocka_unit_test(zero_extension_is_wanted_where_the_whole_register_is_read),
		cmocka_unit_test(the_refused_instruction_is_named),
		cmocka_unit_test(level_0_is_the_sentence_and_level_2_every_state),
		cmocka_unit_test(what_is_not_supported_is_refused_by_name),
		cmocka_unit_test(a_map_with_a_lock_in_its_value_is_refused_by_name),
		cmocka_unit_test(a_program_that_does_not_end_stops_at_the_limit),
		cmocka_unit_test(a_loop_that_does_not_move_is_found),
		cmocka_unit_test(a_global_function_is_verified_for_any_argument),
		cmocka_unit_test(a_pointer_argument_may_be_null_and_has_the_size_of_its_type),
		cmocka_unit_test(hooks_are_called_in_the_kernels_order),
		cmocka_unit_test(a_hook_refuses_before_the_core_does),
		cmocka_unit_test(a_hook_sees_registers_and_stack),
		cmocka_unit_test(only_a_devices_program_may_write_the_queue),
		cmocka_unit_test(memory_of_a_ring_buffer_is_given_back_on_every_path),
	};

	return cmocka_run_group_tests(tests, NULL, free_all);
}
