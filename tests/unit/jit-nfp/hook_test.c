/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the hook learns on the walk and leaves for the translation, dead code, maps, and the checks
 * at attach. What it refuses are cases in tests/verifier/nfp/.
 */
#include "jit-nfp/internal.h"
#include "tests/_cmocka.h"
#include "tests/verifier/bpf_asm.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct jit_card card = {
	.abi_version = 2,
	.insns_max = 2560,
	.stack_bytes = 512,
	.packet_split_bytes = 1888,
	.helper = { 0x3e0, 0x3f0, 0x400, 0x410 },
	.adjust_head = { JIT_ADJUST_HEAD_NO_META, 44, 248, 84, 112 },
	.has_random = true,
	.has_queue_select = true,
	.has_adjust_tail = true,
};

static const struct xb_map_def defs[] = {
	{ .name = "counters",
		.type = BPF_MAP_TYPE_ARRAY,
		.key_size = 4,
		.value_size = 14,
		.max_entries = 1,
		.inner = -1 },
	{ .name = "events",
		.type = BPF_MAP_TYPE_PERF_EVENT_ARRAY,
		.key_size = 4,
		.value_size = 4,
		.max_entries = 8,
		.inner = -1 },
};

static struct jit_map *maps[2];
static struct jit_prog *prog;
static struct xb_log text;

static void
make(const char *code)
{
	static struct bpf_insn insns[256];
	char why[160];
	int cnt = asm_parse(code, insns, 256, why, sizeof(why));
	struct jit_input input = {
		.insns = insns,
		.type = BPF_PROG_TYPE_XDP,
		.maps = maps,
		.map_cnt = 2,
		.card = &card,
	};

	if (cnt < 0)
		fail_msg("%s", why);
	input.insn_cnt = (uint32_t)cnt;
	jit_prog_free(prog);
	prog = jit_prog_new(&input);
	assert_non_null(prog);
}

static int
verify(const char *code)
{
	struct xb_verify_opts opts = {
		.type = BPF_PROG_TYPE_XDP,
		.gpl_compatible = true,
		.offloaded = true,
		.maps = defs,
		.map_cnt = 2,
	};
	struct xb_facts facts;
	int err;

	make(code);
	opts.hooks = jit_prog_hooks(prog);
	xb_log_free(&text);
	text = (struct xb_log){ 0 };
	err = xb_verify(prog->input.insns, prog->insn_cnt, &opts, &facts, &text);
	if (err == 0)
		xb_facts_free(&facts);
	return err;
}

static void
accept(const char *code)
{
	if (verify(code) != 0)
		fail_msg("refused: %s", xb_log_text(&text));
	assert_true(prog->verified);
}

static int
set_up(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < 2; i++)
		maps[i] = jit_map_new(&defs[i], i);
	return maps[0] && maps[1] ? 0 : -1;
}

static int
tear_down(void **state)
{
	(void)state;
	jit_prog_free(prog);
	prog = NULL;
	xb_log_free(&text);
	text = (struct xb_log){ 0 };
	for (uint32_t i = 0; i < 2; i++)
		jit_map_free(maps[i]);
	return 0;
}

/* ---- the guaranteed adjust_head ---- */

static uint32_t
head_moved_by(const char *delta)
{
	char code[160];

	snprintf(code, sizeof(code), "%s\ncall bpf_xdp_adjust_head#44\nr0 = 2\nexit\n", delta);
	accept(code);
	return prog->adjust_head_at;
}

static void
head_is_guaranteed_within_its_bounds(void **state)
{
	(void)state;
	assert_int_equal(head_moved_by("r2 = 46"), 1);
	assert_int_equal(head_moved_by("r2 = 47"), JIT_NONE);
	assert_int_equal(head_moved_by("r2 = -84"), 1);
	assert_int_equal(head_moved_by("r2 = -85"), JIT_NONE);
	assert_int_equal(head_moved_by("w2 = -4"), 1);
	assert_int_equal(head_moved_by("r2 = *(u32 *)(r1 +16)"), JIT_NONE);
}

static void
head_is_guaranteed_in_one_place_only(void **state)
{
	(void)state;
	accept("r6 = r1\nr2 = -4\ncall bpf_xdp_adjust_head#44\n"
	       "r1 = r6\nr2 = -4\ncall bpf_xdp_adjust_head#44\nr0 = 2\nexit\n");
	assert_int_equal(prog->adjust_head_at, JIT_NONE);
}

/* The call is visited once from each path. */
static const char two_paths[] = "r6 = r1\n"
				"call bpf_get_prandom_u32#7\n"
				"r1 = r6\n"
				"%s\n"
				"if r0 > 0x7 goto pc@a\n"
				"%s\n"
				"a:\n"
				"call bpf_xdp_adjust_head#44\n"
				"r0 = r6\n"
				"r0 = 2\n"
				"exit\n";

static uint32_t
head_moved_by_either(const char *one, const char *other)
{
	char code[400];

	snprintf(code, sizeof(code), two_paths, one, other);
	accept(code);
	return prog->adjust_head_at;
}

static void
head_is_guaranteed_by_one_constant_only(void **state)
{
	(void)state;
	assert_int_equal(head_moved_by_either("r2 = -4", "r7 = 1"), 6);
	assert_int_equal(head_moved_by_either("r2 = -4", "r2 = -8"), JIT_NONE);
	/* The driver compares 64 bits with 32: once more the same number is another. */
	assert_int_equal(head_moved_by_either("w2 = -4", "r7 = r10"), JIT_NONE);
}

/* ---- facts of memory ---- */

static void
key_that_differs_between_paths_is_not_constant(void **state)
{
	static const char code[] =
		"r6 = r1\nr7 = 0\n*(u64 *)(r10 -8) = r7\n*(u64 *)(r10 -16) = r7\n"
		"call bpf_get_prandom_u32#7\n"
		"r2 = r10\nr2 += -16\nr1 = map[idx:0]\n"
		"if r0 > 0x7 goto pc@a\n"
		"r2 += %d\n"
		"a:\ncall bpf_map_lookup_elem#1\nr0 = 2\nexit\n";
	char text_of[600];

	(void)state;
	snprintf(text_of, sizeof(text_of), code, 8);
	accept(text_of);
	assert_true(prog->insns[11].ptr_not_const);
	assert_int_equal(prog->insns[11].ptr.type, XB_PTR_STACK);
	assert_int_equal(prog->insns[11].arg1.type, XB_PTR_MAP);
	snprintf(text_of, sizeof(text_of), code, 0);
	accept(text_of);
	assert_false(prog->insns[11].ptr_not_const);
}

static void
stack_of_a_caller_is_marked(void **state)
{
	(void)state;
	accept("r7 = 0\n*(u64 *)(r10 -8) = r7\nr1 = r10\nr1 += -8\ncall pc@f\nr0 = 2\nexit\n"
	       "f:\nr0 = *(u64 *)(r1 +0)\nr0 = 0\nexit\n");
	assert_false(prog->insns[1].flags & JIT_F_CALLER_STACK);
	assert_true(prog->insns[7].flags & JIT_F_CALLER_STACK);
}

#define LOOK_UP                                                                                    \
	"r6 = r1\nr7 = 0\n*(u32 *)(r10 -4) = r7\nr2 = r10\nr2 += -4\nr1 = map[idx:0]\n"            \
	"call bpf_map_lookup_elem#1\nif r0 == 0x0 goto pc@out\n"
#define OUT "out:\nr0 = 2\nexit\n"

static void
words_of_a_value_are_what_they_were_used_for(void **state)
{
	(void)state;
	/* 14 bytes: the last word is half one */
	accept(LOOK_UP "r1 = *(u16 *)(r0 +12)\nr1 = 1\nlock *(u32 *)(r0 +4) += r1\n" OUT);
	assert_int_equal(jit_map_word_use(maps[0], 0), JIT_USE_UNUSED);
	assert_int_equal(jit_map_word_use(maps[0], 1), JIT_USE_ATOMIC);
	assert_int_equal(jit_map_word_use(maps[0], 2), JIT_USE_UNUSED);
	assert_int_equal(jit_map_word_use(maps[0], 3), JIT_USE_READ);
	assert_int_equal(jit_map_word_use(maps[0], 4), JIT_USE_UNUSED);
}

static void
counter_where_user_space_put_something_is_refused(void **state)
{
	(void)state;
	jit_map_word_set_nonzero(maps[0], 1);
	jit_map_word_set_nonzero(maps[0], 99); /* is nowhere */
	accept(LOOK_UP "r1 = 1\nlock *(u32 *)(r0 +0) += r1\n" OUT);
	assert_int_equal(verify(LOOK_UP "r1 = 1\nlock *(u32 *)(r0 +4) += r1\n" OUT), -EOPNOTSUPP);
	assert_non_null(strstr(xb_log_text(&text), "may already be initialized"));
}

static void
addend_is_short_or_long_or_both(void **state)
{
	static const struct {
		const char *addend;
		bool over16, maybe16;
	} cases[] = {
		{ "r1 = 65535", false, true },
		{ "r1 = 65536", true, false },
		{ "r1 = *(u32 *)(r6 +16)", true, true },
		{ "r1 = *(u32 *)(r6 +16)\nr1 &= 65535", false, true },
		{ "r1 = *(u32 *)(r6 +16)\nr1 &= 65536", true, true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char code[500];
		uint32_t at;

		snprintf(code, sizeof(code), LOOK_UP "%s\nlock *(u32 *)(r0 +4) += r1\n" OUT,
			cases[i].addend);
		accept(code);
		at = prog->insn_cnt - 3;
		assert_int_equal(prog->insns[at].over16, cases[i].over16);
		assert_int_equal(prog->insns[at].maybe16, cases[i].maybe16);
	}
}

/* ---- facts of numbers ---- */

static void
ranges_are_of_all_visits(void **state)
{
	(void)state;
	/* r1 is used as an offset, or the second visit would not be made */
	accept("r6 = r1\ncall bpf_get_prandom_u32#7\nr1 = 4\nr2 = 5\nif r0 > 0x7 goto pc@a\n"
	       "r1 = 32\nr2 = 50\na:\nr2 *= r1\n"
	       "r3 = r10\nr3 += -64\nr3 += r1\n*(u8 *)(r3 +0) = r0\nr0 = 2\nexit\n");
	assert_int_equal(prog->insns[7].umin_src, 4);
	assert_int_equal(prog->insns[7].umax_src, 32);
	assert_int_equal(prog->insns[7].umin_dst, 5);
	assert_int_equal(prog->insns[7].umax_dst, 50);
}

static void
zero_extension_and_reach_are_the_verifiers(void **state)
{
	(void)state;
	accept("r2 = *(u32 *)(r1 +0)\nr3 = *(u32 *)(r1 +4)\nr4 = r2\nr4 += 20\nr0 = 2\n"
	       "if r4 > r3 goto pc@out\nr5 = *(u8 *)(r2 +17)\nr6 = *(u8 *)(r2 +3)\n"
	       "if r5 == 0x7 goto pc@out\nif w6 == 0x7 goto pc@out\nr0 = 1\nout:\nexit\n");
	assert_true(prog->insns[6].flags & JIT_F_ZEXT);
	assert_false(prog->insns[7].flags & JIT_F_ZEXT);
	assert_int_equal(prog->max_packet_offset, 17); /* of the last byte */
}

/* ---- functions ---- */

static void
frames_hold_what_the_driver_puts_there(void **state)
{
	(void)state;
	accept("r6 = 0\n*(u64 *)(r10 -16) = r6\ncall pc@f\ncall pc@g\nr0 = 2\nexit\n"
	       "f:\nr1 = 0\n*(u64 *)(r10 -8) = r1\nr0 = 0\nexit\n"
	       "g:\nr9 = 0\n*(u64 *)(r10 -24) = r9\nr0 = 0\nexit\n");
	assert_int_equal(prog->subprog_cnt, 3);
	assert_int_equal(prog->subprogs[0].stack_bytes, 16);
	assert_int_equal(prog->subprogs[1].start, 6);
	assert_int_equal(prog->subprogs[1].stack_bytes, 8 + 4);
	assert_false(prog->subprogs[1].needs_push);
	assert_int_equal(prog->subprogs[2].start, 10);
	assert_int_equal(prog->subprogs[2].stack_bytes, 24 + 4 + 32);
	assert_true(prog->subprogs[2].needs_push);
	assert_int_equal(prog->insns[9].subprog, 1);
	assert_int_equal(jit_prog_stack_bytes(prog), 128);
}

static void
check_routines(const char *code, bool are_there)
{
	struct jit_image image;

	accept(code);
	assert_int_equal(jit_translate(prog, &image), 0);
	assert_int_equal(image.push != 0, are_there);
	assert_int_equal(image.pop != 0, are_there);
	jit_image_free(&image);
}

/* Nobody calls the program itself: it may change r6 to r9 and has no use for the routines. */
static void
registers_are_saved_for_functions_only(void **state)
{
	(void)state;
	check_routines("r6 = 0\nr0 = 2\nexit\n", false);
	check_routines("r6 = 0\ncall pc@f\nr0 = 2\nexit\nf:\nr0 = 0\nexit\n", false);
	check_routines("call pc@f\nr0 = 2\nexit\nf:\nr6 = 0\nr0 = 0\nexit\n", true);
}

/* Functions that call each other where nobody comes: the core refuses, after the driver. */
static void
functions_that_call_each_other_end(void **state)
{
	(void)state;
	assert_int_equal(verify("call pc@f\nr0 = 2\nexit\n"
				"f:\nr0 = 0\nif r0 == 0x0 goto pc@o\ncall pc@g\no:\nexit\n"
				"g:\nr0 = 0\ncall pc@f\nexit\n"),
		-E2BIG);
	assert_non_null(strstr(xb_log_text(&text), "too deep"));
	assert_int_equal(jit_prog_stack_bytes(prog), 7 * 64); /* the entry has no stack */
}

/* ---- dead code ---- */

static void
dead_code_is_skipped(void **state)
{
	(void)state;
	accept("r0 = 2\nif r0 == 0x2 goto pc@a\nr0 = 3\nr0 = 4\na:\n"
	       "if r0 == 0x3 goto pc@b\nr1 = 7\nexit\nb:\nr0 = 5\nexit\n");
	assert_false(prog->hook_failed);
	assert_true(prog->insns[2].flags & JIT_F_SKIP_DEAD);
	assert_true(prog->insns[3].flags & JIT_F_SKIP_DEAD);
	assert_int_equal(prog->insns[1].jump_dest, 4);
	/* goes on: a jump to the next, which then goes too */
	assert_int_equal(prog->insns[4].jump_dest, 5);
	assert_true(prog->insns[4].flags & JIT_F_SKIP_DEAD);
	assert_false(prog->insns[5].flags & JIT_F_SKIP_DEAD);
	assert_true(prog->insns[7].flags & JIT_F_SKIP_DEAD);
	assert_true(prog->insns[8].flags & JIT_F_SKIP_DEAD);
}

/* The kernel's part asks for none of these; a hook of the device is asked directly, in finalize,
 * where the log is open. */
static const struct {
	uint32_t remove_at, remove_cnt, off;
	struct bpf_insn to;
	int err;
	const char *says;
} demands[] = {
	{ .off = 1, .to = { .code = BPF_JMP | BPF_JA, .off = 1 } },
	{ .off = 1, .to = { .code = BPF_JMP | BPF_JA } },
	{ .off = 1,
		.to = { .code = BPF_JMP | BPF_JA, .off = 2 },
		.err = -EINVAL,
		.says = "[nfp] branch hard wire at 1 changes target 3 -> 4\n" },
	{ .off = 1,
		.to = { .code = BPF_ALU64 | BPF_MOV | BPF_K },
		.err = -EINVAL,
		.says = "[nfp] unsupported instruction replacement 15 -> b7\n" },
	{ .off = 0,
		.to = { .code = BPF_JMP | BPF_JA },
		.err = -EINVAL,
		.says = "[nfp] unsupported instruction replacement b7 -> 5\n" },
	{ .off = 99, .to = { .code = BPF_JMP | BPF_JA }, .err = -EINVAL },
	/* Offsets count what is left. */
	{ .remove_cnt = 1, .off = 0, .to = { .code = BPF_JMP | BPF_JA, .off = 1 } },
	{ .remove_at = 2, .remove_cnt = 1, .off = 1, .to = { .code = BPF_JMP | BPF_JA } },
	{ .remove_at = 2,
		.remove_cnt = 1,
		.off = 1,
		.to = { .code = BPF_JMP | BPF_JA, .off = 1 },
		.err = -EINVAL,
		.says = "[nfp] branch hard wire at 1 changes target 3 -> 4\n" },
};

static size_t demand;

static int
demand_in_finalize(void *dev, struct xb_verify_env *env)
{
	const struct xb_verify_hooks *hooks = jit_prog_hooks(dev);
	int err = 0;

	if (demands[demand].remove_cnt)
		err = hooks->remove_insns(
			dev, env, demands[demand].remove_at, demands[demand].remove_cnt);
	assert_int_equal(err, 0);
	err = hooks->replace_insn(dev, env, demands[demand].off, &demands[demand].to);
	assert_int_equal(err, demands[demand].err);
	return 0;
}

/* In the log, and found at that instruction. */
static void
check_said(const char *line, int32_t insn)
{
	uint32_t cnt;
	const struct jit_finding *findings = jit_prog_findings(prog, &cnt);

	assert_non_null(strstr(xb_log_text(&text), line));
	assert_int_equal(cnt, 1);
	assert_int_equal(findings[0].insn, insn);
	assert_int_equal(jit_rule_info(findings[0].rule)->err, EINVAL);
}

static void
replacement_must_be_a_jump_to_where_it_went(void **state)
{
	struct xb_verify_opts opts = {
		.type = BPF_PROG_TYPE_XDP, .gpl_compatible = true, .offloaded = true
	};
	struct xb_verify_hooks hooks = { .finalize = demand_in_finalize };
	struct xb_facts facts;

	(void)state;
	for (demand = 0; demand < sizeof(demands) / sizeof(demands[0]); demand++) {
		make("r1 = 1\nif r1 == 0x1 goto pc+1\nr0 = 2\nr0 = 1\nexit\n");
		hooks.dev = prog;
		opts.hooks = &hooks;
		xb_log_free(&text);
		text = (struct xb_log){ 0 };
		assert_int_equal(
			xb_verify(prog->input.insns, prog->insn_cnt, &opts, &facts, &text), 0);
		xb_facts_free(&facts);
		assert_int_equal(prog->hook_failed, demands[demand].err != 0);
		if (demands[demand].says)
			check_said(demands[demand].says, (int32_t)demands[demand].off);
		else
			assert_null(strstr(xb_log_text(&text), "[nfp]"));
	}
}

static void
removal_beyond_the_end_fails_and_is_remembered(void **state)
{
	(void)state;
	make("r0 = 1\nr0 = 2\nr0 = 3\nexit\n");
	assert_int_equal(jit_remove_insns(prog, NULL, 1, 1), 0);
	/* the second of what is left is the third */
	assert_int_equal(jit_remove_insns(prog, NULL, 1, 1), 0);
	assert_true(prog->insns[2].flags & JIT_F_SKIP_DEAD);
	assert_false(prog->insns[3].flags & JIT_F_SKIP_DEAD);
	assert_false(prog->hook_failed);
	assert_int_equal(jit_remove_insns(prog, NULL, 1, 2), -EINVAL);
	assert_true(prog->hook_failed);
}

/* ---- what is said ---- */

static void
warning_is_said_at_every_visit_and_found_once(void **state)
{
	static const char warning[] =
		"[nfp] warning: return codes and behavior of event_output helper differ for "
		"offload!\n";
	const struct jit_finding *findings;
	uint32_t cnt;
	const char *first;

	(void)state;
	accept("r6 = r1\nr7 = 0\n*(u64 *)(r10 -8) = r7\ncall bpf_get_prandom_u32#7\nr8 = 1\n"
	       "if r0 > 0x7 goto pc@a\nr8 = r10\na:\nr1 = r6\nr2 = map[idx:1]\nw3 = -1\nr4 = r10\n"
	       "r4 += -8\nr5 = 8\ncall bpf_perf_event_output#25\nr0 = r8\nr0 = 2\nexit\n");
	first = strstr(xb_log_text(&text), warning);
	assert_non_null(first);
	assert_non_null(strstr(first + 1, warning));
	findings = jit_prog_findings(prog, &cnt);
	assert_int_equal(cnt, 1);
	assert_int_equal(findings[0].rule, JIT_RULE_EVENT_DIFFERS);
	assert_int_equal(jit_rule_info(findings[0].rule)->severity, JIT_WARNING);
	assert_int_equal(prog->insns[14].arg4_kind, XB_PTR_STACK);
}

/* Those of `check --json`. */
static bool
is_stage(const char *name)
{
	static const char *const stages[] = { "load", "map", "verifier", "driver", "translate",
		"attach" };

	for (size_t i = 0; i < sizeof(stages) / sizeof(stages[0]); i++)
		if (strcmp(name, stages[i]) == 0)
			return true;
	return false;
}

static void
every_rule_says_what_why_and_what_instead(void **state)
{
	(void)state;
	for (enum jit_rule rule = 0; rule < JIT_RULE_CNT; rule++) {
		const struct jit_rule_info *info = jit_rule_info(rule);

		assert_true(info->text[0] && info->why[0] && info->fix[0]);
		assert_true((info->severity == JIT_ERROR) == (info->err > 0));
		assert_true(is_stage(info->stage));
	}
}

/* ---- attach ---- */

static void
image_fits_a_port_or_not(void **state)
{
	struct jit_image image = { .cnt = 2560, .stack_bytes = 512, .max_packet_offset = 1888 };

	(void)state;
	assert_int_equal(jit_image_attach_check(&image, &card, 9000), JIT_RULE_CNT);
	image.max_packet_offset = 1889;
	assert_int_equal(jit_image_attach_check(&image, &card, 9000), JIT_RULE_ATTACH_SPLIT);
	assert_int_equal(jit_image_attach_check(&image, &card, 1888), JIT_RULE_CNT);
	assert_int_equal(jit_image_mtu_check(&image, &card, 1888), JIT_RULE_CNT);
	assert_int_equal(jit_image_mtu_check(&image, &card, 1889), JIT_RULE_MTU_SPLIT);
	image.stack_bytes = 513;
	image.cnt = 2561;
	assert_int_equal(jit_image_attach_check(&image, &card, 1889), JIT_RULE_ATTACH_SPLIT);
	assert_int_equal(jit_image_attach_check(&image, &card, 1500), JIT_RULE_ATTACH_STACK);
	image.stack_bytes = 512;
	assert_int_equal(jit_image_attach_check(&image, &card, 1500), JIT_RULE_ATTACH_LENGTH);
}

static void
sentences_of_attach_are_the_drivers(void **state)
{
	static const struct {
		enum jit_rule rule;
		int err;
		const char *text;
	} rules[] = {
		{ JIT_RULE_ATTACH_SPLIT, EOPNOTSUPP,
			"BPF offload not supported with potential packet access beyond HW packet "
			"split boundary" },
		{ JIT_RULE_ATTACH_STACK, EOPNOTSUPP, "stack too large" },
		{ JIT_RULE_ATTACH_LENGTH, EOPNOTSUPP, "program too long" },
		{ JIT_RULE_MTU_SPLIT, EBUSY,
			"BPF offload active, potential packet access beyond hardware packet "
			"boundary" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
		assert_string_equal(jit_rule_info(rules[i].rule)->text, rules[i].text);
		assert_int_equal(jit_rule_info(rules[i].rule)->err, rules[i].err);
		assert_string_equal(jit_rule_info(rules[i].rule)->stage, "attach");
	}
}

/* ---- divisions whose last shift is by 0: nfp-isa.md 14.4 ---- */

static void
divisors_in_doubt_are_these(void **state)
{
	static const uint32_t in_doubt[] = { 1, 28, 56, 112, 216, 224, 304, 432, 448, 608, 641, 672,
		720, 848, 864, 896, 992 };
	uint32_t next = 0;

	(void)state;
	for (uint32_t divisor = 1; divisor <= 1000; divisor++) {
		char code[80];
		uint32_t cnt;

		snprintf(code, sizeof(code), "r1 = 100\nr1 /= %u\nr0 = 2\nexit\n", divisor);
		accept(code);
		jit_find_quirks(prog);
		jit_prog_findings(prog, &cnt);
		if (cnt)
			assert_int_equal(divisor, in_doubt[next++]);
	}
	assert_int_equal(next, sizeof(in_doubt) / sizeof(in_doubt[0]));
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(head_is_guaranteed_within_its_bounds),
		TEST(head_is_guaranteed_in_one_place_only),
		TEST(head_is_guaranteed_by_one_constant_only),
		TEST(key_that_differs_between_paths_is_not_constant),
		TEST(stack_of_a_caller_is_marked),
		TEST(words_of_a_value_are_what_they_were_used_for),
		TEST(counter_where_user_space_put_something_is_refused),
		TEST(addend_is_short_or_long_or_both),
		TEST(ranges_are_of_all_visits),
		TEST(zero_extension_and_reach_are_the_verifiers),
		TEST(frames_hold_what_the_driver_puts_there),
		TEST(registers_are_saved_for_functions_only),
		TEST(functions_that_call_each_other_end),
		TEST(dead_code_is_skipped),
		TEST(replacement_must_be_a_jump_to_where_it_went),
		TEST(removal_beyond_the_end_fails_and_is_remembered),
		TEST(warning_is_said_at_every_visit_and_found_once),
		TEST(every_rule_says_what_why_and_what_instead),
		TEST(image_fits_a_port_or_not),
		TEST(sentences_of_attach_are_the_drivers),
		TEST(divisors_in_doubt_are_these),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
