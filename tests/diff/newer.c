/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Differences between Linux 6.12 and later kernels, each as a rewriting of the program (or of
 * the question) that takes the later knowledge away. docs/CAVEATS.md lists the same.
 */
#include "tests/diff/newer.h"

#include "tests/diff/edit.h"
#include "tests/diff/gen.h"

#include <string.h>

static int hash_fds[2][64]; /* the generator's maps, with hash maps where arrays were */

void
newer_make_maps(void)
{
	struct xb_map_def maps[64];

	memcpy(maps, gen_maps, gen_map_cnt * sizeof(*maps));
	for (uint32_t i = 0; i < gen_map_cnt; i++)
		if ((maps[i].type == BPF_MAP_TYPE_ARRAY && maps[i].max_entries > 1) ||
			maps[i].type == BPF_MAP_TYPE_PERCPU_ARRAY)
			maps[i].type = BPF_MAP_TYPE_HASH;
	kernel_make_maps(maps, gen_map_cnt, hash_fds[0]);
	kernel_make_maps(maps, gen_map_cnt, hash_fds[1]);
}

/* A division's result is unknown in every kernel up to now. */
static void
forget_result(struct bpf_insn *insn, uint8_t class)
{
	*insn = (struct bpf_insn){
		.code = class | BPF_DIV | BPF_K, .dst_reg = insn->dst_reg, .imm = 1
	};
}

static void
forget_negations(struct question *q, struct bpf_insn *insns)
{
	for (uint32_t i = 0; i < q->cnt; i++)
		if (BPF_OP(insns[i].code) == BPF_NEG &&
			(BPF_CLASS(insns[i].code) == BPF_ALU ||
				BPF_CLASS(insns[i].code) == BPF_ALU64))
			forget_result(&insns[i], BPF_CLASS(insns[i].code));
}

static void
forget_byte_swaps(struct question *q, struct bpf_insn *insns)
{
	for (uint32_t i = 0; i < q->cnt; i++)
		if (BPF_OP(insns[i].code) == BPF_END &&
			(BPF_CLASS(insns[i].code) == BPF_ALU ||
				BPF_CLASS(insns[i].code) == BPF_ALU64))
			forget_result(&insns[i], BPF_ALU64);
}

static void
test_array_elements(struct question *q, struct bpf_insn *insns)
{
	(void)insns;
	q->map_fds = hash_fds[q->type == BPF_PROG_TYPE_XDP];
}

/* A helper that moves the packet, and takes what a tail call takes. */
static void
move_packet_in_tail_calls(struct question *q, struct bpf_insn *insns)
{
	for (uint32_t i = 0; i < q->cnt; i++)
		if (insns[i].code == (BPF_JMP | BPF_CALL) && insns[i].src_reg == 0 &&
			insns[i].imm == BPF_FUNC_tail_call)
			insns[i].imm = q->type == BPF_PROG_TYPE_XDP ? BPF_FUNC_xdp_adjust_head
								    : BPF_FUNC_skb_pull_data;
}

static void
forget_cpu_count(struct question *q, struct bpf_insn *insns)
{
	for (uint32_t i = 0; i < q->cnt; i++)
		if (insns[i].code == (BPF_JMP | BPF_CALL) && insns[i].src_reg == 0 &&
			insns[i].imm == BPF_FUNC_get_smp_processor_id)
			insns[i].imm = BPF_FUNC_get_prandom_u32;
}

static bool
is_stack_load(const struct bpf_insn *insn)
{
	return BPF_CLASS(insn->code) == BPF_LDX && insn->src_reg == 10;
}

/* Whatever is loaded from the stack is a number of that width and no more is known. */
static void
forget_stack(struct question *q, struct bpf_insn *insns)
{
	for (uint32_t i = 0; i + 1 < q->cnt; i++) {
		const struct bpf_insn load = insns[i];
		uint8_t size = BPF_SIZE(load.code), dst = load.dst_reg & 15u;
		int32_t bits = size == BPF_B ? 8 : size == BPF_H ? 16 : 32;
		struct bpf_insn forget = { .dst_reg = dst & 15u, .imm = 1 }, cut = forget;

		if (!is_stack_load(&load) || q->cnt + 2 > GEN_INSNS_MAX)
			continue;
		forget.code = (uint8_t)((size == BPF_DW ? BPF_ALU64 : BPF_ALU) | BPF_DIV | BPF_K);
		edit_append(insns, &q->cnt, i, forget);
		if (BPF_MODE(load.code) == 0x80) /* BPF_MEMSX, newer than the headers */
			cut = (struct bpf_insn){ .code = BPF_ALU64 | BPF_MOV | BPF_X,
				.dst_reg = dst & 15u,
				.src_reg = dst & 15u,
				.off = (int16_t)bits };
		else if (bits < 32)
			cut = (struct bpf_insn){ .code = BPF_ALU64 | BPF_AND | BPF_K,
				.dst_reg = dst & 15u,
				.imm = (1 << bits) - 1 };
		if (cut.code)
			edit_append(insns, &q->cnt, i + 1, cut);
	}
}

static bool
is_sum(const struct bpf_insn *insn, uint8_t op)
{
	uint8_t class = BPF_CLASS(insn->code);

	return (class == BPF_ALU64 || class == BPF_ALU) && BPF_OP(insn->code) == op &&
	       BPF_SRC(insn->code) == BPF_K;
}

/* A second sum ends a register's link to the one it was copied from. */
static void
unlink_differences(struct question *q, struct bpf_insn *insns)
{
	for (uint32_t i = 0; i < q->cnt; i++) {
		bool is_less = is_sum(&insns[i], BPF_ADD) && insns[i].imm < 0;
		struct bpf_insn zero = { .code = BPF_ALU64 | BPF_ADD | BPF_K,
			.dst_reg = insns[i].dst_reg };

		if (q->cnt < GEN_INSNS_MAX && (is_less || is_sum(&insns[i], BPF_SUB)))
			edit_append(insns, &q->cnt, i, zero);
	}
}

/*
 * For ours: r += -5 has ends that both wrap, r -= 5 is the same and has not. What follows a copy
 * is taken for a pointer, which may not be subtracted from.
 */
static void
subtract_what_wraps(struct question *q, struct bpf_insn *insns)
{
	for (uint32_t i = 1; i < q->cnt; i++) {
		struct bpf_insn *insn = &insns[i], *before = insn - 1;
		bool is_copy = before->code == (BPF_ALU64 | BPF_MOV | BPF_X) &&
			       before->dst_reg == insn->dst_reg;

		if (!is_sum(insn, BPF_ADD) || insn->imm >= 0 || insn->imm == INT32_MIN || is_copy)
			continue;
		insn->code = (uint8_t)(BPF_CLASS(insn->code) | BPF_SUB | BPF_K);
		insn->imm = -insn->imm;
	}
}

/* For ours: a comparison of a register with itself, decided. */
static void
decide_comparisons_with_oneself(struct question *q, struct bpf_insn *insns)
{
	for (uint32_t i = 0; i < q->cnt; i++) {
		struct bpf_insn *insn = &insns[i];
		uint8_t class = BPF_CLASS(insn->code), op = BPF_OP(insn->code);
		bool is_true = op == BPF_JEQ || op == BPF_JGE || op == BPF_JLE || op == BPF_JSGE ||
			       op == BPF_JSLE;

		if ((class != BPF_JMP && class != BPF_JMP32) || BPF_SRC(insn->code) != BPF_X ||
			op == BPF_CALL || op == BPF_EXIT || op == BPF_JA || op == BPF_JSET ||
			insn->dst_reg != insn->src_reg)
			continue;
		insn->code = is_true ? BPF_JMP32 | BPF_JSGE | BPF_K : class | BPF_JSET | BPF_K;
		insn->src_reg = 0;
		insn->imm = is_true ? INT32_MIN : 0;
	}
}

static const struct {
	const char *why;
	void (*rewrite)(struct question *q, struct bpf_insn *insns);
	bool is_for_ours; /* give ours the knowledge instead */
} rules[] = {
	{ "6.18 follows negations", forget_negations, false },
	{ "later kernels follow byte swaps", forget_byte_swaps, false },
	{ "6.14 needs no test of an array's element that must be there", test_array_elements,
		false },
	{ "6.12.y: a tail call moves the packet; 6.18.y looks closer", move_packet_in_tail_calls,
		false },
	{ "a kernel knows how many cpus its machine has", forget_cpu_count, false },
	{ "6.13: what a helper only reads of the stack stays known", forget_stack, false },
	{ "6.18.y decides comparisons of a register with itself", decide_comparisons_with_oneself,
		true },
	{ "6.18 links r - K to r", unlink_differences, false },
	{ "6.17: sums whose ends both wrap stay bounded", subtract_what_wraps, true },
};
#define RULES (sizeof(rules) / sizeof(rules[0]))

static struct question
rewritten(const struct question *q, struct bpf_insn *insns, uint32_t which, bool is_for_ours)
{
	struct question again = *q;

	memcpy(insns, q->insns, q->cnt * sizeof(*insns));
	again.insns = insns;
	for (uint32_t i = 0; i < RULES; i++)
		if (which & 1u << i && rules[i].is_for_ours == is_for_ours)
			rules[i].rewrite(&again, insns);
	return again;
}

/* The same sentence but for its numbers. */
static bool
is_alike(const char *a, const char *b)
{
	for (;; a++, b++) {
		a += strspn(a, "0123456789");
		b += strspn(b, "0123456789");
		if (*a != *b)
			return false;
		if (*a == '\0')
			return true;
	}
}

static bool
agrees(const struct question *q, uint32_t which)
{
	static struct bpf_insn insns[2][GEN_INSNS_MAX];
	const struct question kernels = rewritten(q, insns[0], which, false);
	const struct question our = rewritten(q, insns[1], which, true);
	struct verdict kernel, ours;

	kernel_verify(&kernels, &kernel);
	our_verify(&our, &ours);
	return kernel.err == ours.err && is_alike(kernel.sentence, ours.sentence);
}

/* Our sentence says enough. */
static const struct {
	const char *sentence, *why;
} sayings[] = {
	{ "is not pointing to valid bpf_map", "a file descriptor of this process" },
	{ "map index ", "what is behind the array of file descriptors" },
	{ "unknown opcode cb", "6.15: load-acquire, store-release" },
	{ "unknown opcode d3", "6.15: load-acquire, store-release" },
};

#define REFUSED_HELPER "program of this type cannot use helper "
/* bpf_base_func_proto() has them for all programs since 6.16. */
static const char *const common_helpers[] = {
	"bpf_copy_from_user",
	"bpf_copy_from_user_task",
	"bpf_current_task_under_cgroup",
	"bpf_find_vma",
	"bpf_get_branch_snapshot",
	"bpf_get_cgroup_classid",
	"bpf_get_current_comm",
	"bpf_get_current_uid_gid",
	"bpf_get_netns_cookie",
	"bpf_get_task_stack",
	"bpf_perf_event_read",
	"bpf_perf_event_read_value",
	"bpf_send_signal",
	"bpf_send_signal_thread",
	"bpf_task_storage_delete",
	"bpf_task_storage_get",
};

static bool
is_common_helper(const char *sentence)
{
	const char *name = sentence + strlen(REFUSED_HELPER);

	if (strncmp(sentence, REFUSED_HELPER, strlen(REFUSED_HELPER)) != 0)
		return false;
	for (size_t i = 0; i < sizeof(common_helpers) / sizeof(common_helpers[0]); i++)
		if (strcspn(name, "#") == strlen(common_helpers[i]) &&
			!strncmp(name, common_helpers[i], strlen(common_helpers[i])))
			return true;
	return false;
}

const char *
newer_kernel_explains(const struct question *q, const struct verdict *ours)
{
	for (size_t i = 0; i < sizeof(sayings) / sizeof(sayings[0]); i++)
		if (strstr(ours->sentence, sayings[i].sentence))
			return sayings[i].why;
	if (is_common_helper(ours->sentence))
		return "6.16 gives the helper to all programs";
	for (uint32_t i = 0; i < RULES; i++)
		if (agrees(q, 1u << i))
			return rules[i].why;
	for (uint32_t i = 0; i < RULES; i++)
		for (uint32_t j = 0; j < i; j++)
			if (agrees(q, 1u << i | 1u << j))
				return "two of the above";
	return agrees(q, (1u << RULES) - 1) ? "several of the above" : NULL;
}
