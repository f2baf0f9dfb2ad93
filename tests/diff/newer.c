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

/*
 * A division's result is unknown in every kernel up to now: divide by one what this operation gives
 * (a number, even when it was given a pointer), or what it was given.
 */
static void
forget_results(struct question *q, struct bpf_insn *insns, uint8_t op, bool is_kept)
{
	for (uint32_t i = 0; i < q->cnt; i++) {
		uint8_t class = BPF_CLASS(insns[i].code);
		struct bpf_insn divide = { .code = (uint8_t)(class | BPF_DIV | BPF_K),
			.dst_reg = insns[i].dst_reg,
			.imm = 1 };

		if ((class != BPF_ALU && class != BPF_ALU64) || BPF_OP(insns[i].code) != op)
			continue;
		if (op == BPF_END) /* the class is its direction */
			divide.code = BPF_ALU64 | BPF_DIV | BPF_K;
		if (!is_kept)
			insns[i] = divide;
		else if (q->cnt < GEN_INSNS_MAX)
			edit_append(insns, &q->cnt, i, divide);
	}
}

static void
forget_negations(struct question *q, struct bpf_insn *insns)
{
	forget_results(q, insns, BPF_NEG, true);
}

static void
forget_byte_swaps(struct question *q, struct bpf_insn *insns)
{
	forget_results(q, insns, BPF_END, true);
}

static void
forget_products(struct question *q, struct bpf_insn *insns)
{
	forget_results(q, insns, BPF_MUL, false);
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

/* Ours knows that it is less than XB_CPUS_MAX. */
static void
forget_cpu_count(struct question *q, struct bpf_insn *insns)
{
	for (uint32_t i = 0; i < q->cnt && q->cnt < GEN_INSNS_MAX; i++) {
		if (insns[i].code != (BPF_JMP | BPF_CALL) || insns[i].src_reg != 0 ||
			insns[i].imm != BPF_FUNC_get_smp_processor_id)
			continue;
		insns[i].imm = BPF_FUNC_get_prandom_u32;
		edit_append(insns, &q->cnt, i,
			(struct bpf_insn){
				.code = BPF_ALU64 | BPF_AND | BPF_K, .imm = XB_CPUS_MAX - 1 });
	}
}

static bool
is_stack_load(const struct bpf_insn *insn)
{
	return BPF_CLASS(insn->code) == BPF_LDX && insn->src_reg == 10;
}

/* The last store before it, as the text goes, put a whole register there. */
static bool
is_fill(const struct bpf_insn *insns, uint32_t load)
{
	for (uint32_t i = load; i-- > 0;) {
		uint8_t class = BPF_CLASS(insns[i].code);

		if ((class == BPF_ST || class == BPF_STX) && insns[i].dst_reg == 10 &&
			insns[i].off == insns[load].off)
			return insns[i].code == (BPF_STX | BPF_MEM | BPF_DW);
	}
	return false;
}

/* Whatever is loaded from the stack is a number of that width and no more is known. */
static void
forget_loads(struct question *q, struct bpf_insn *insns, bool has_fills, bool is_load_kept)
{
	for (uint32_t i = 0; i + 1 < q->cnt; i++) {
		const struct bpf_insn load = insns[i];
		uint8_t size = BPF_SIZE(load.code), dst = load.dst_reg & 15u;
		int32_t bits = size == BPF_B ? 8 : size == BPF_H ? 16 : 32;
		struct bpf_insn forget = { .dst_reg = dst & 15u, .imm = 1 }, cut = forget;

		if (!is_stack_load(&load) || q->cnt + 2 > GEN_INSNS_MAX ||
			(!has_fills && is_fill(insns, i)) || (!is_load_kept && size == BPF_DW))
			continue;
		if (!is_load_kept)
			insns[i] = (struct bpf_insn){ .code = BPF_ALU64 | BPF_MOV | BPF_K,
				.dst_reg = dst & 15u };
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

static void
forget_stack(struct question *q, struct bpf_insn *insns)
{
	forget_loads(q, insns, true, true);
}

/* But for pointers that are kept there. */
static void
forget_numbers_on_stack(struct question *q, struct bpf_insn *insns)
{
	forget_loads(q, insns, false, true);
}

/* A part of a pointer that is still there could not be loaded. */
static void
forget_parts_of_stack(struct question *q, struct bpf_insn *insns)
{
	forget_loads(q, insns, true, false);
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
unlink_sums(struct question *q, struct bpf_insn *insns)
{
	for (uint32_t i = 0; i < q->cnt; i++) {
		bool is_linked_in_6_12 = BPF_CLASS(insns[i].code) == BPF_ALU64 &&
					 is_sum(&insns[i], BPF_ADD) && insns[i].imm >= 0;
		bool is_any = is_sum(&insns[i], BPF_ADD) || is_sum(&insns[i], BPF_SUB);
		struct bpf_insn zero = { .code = BPF_ALU64 | BPF_ADD | BPF_K,
			.dst_reg = insns[i].dst_reg };

		if (q->cnt < GEN_INSNS_MAX && is_any && !is_linked_in_6_12)
			edit_append(insns, &q->cnt, i, zero);
	}
}

/*
 * For ours: r += -5 has ends that both wrap, r -= 5 is the same and has not. What follows a copy
 * is taken for a pointer, which may not be subtracted from.
 */
static void
turn_what_wraps(struct question *q, struct bpf_insn *insns)
{
	for (uint32_t i = 1; i < q->cnt; i++) {
		struct bpf_insn *insn = &insns[i], *before = insn - 1;
		bool is_copy = before->code == (BPF_ALU64 | BPF_MOV | BPF_X) &&
			       before->dst_reg == insn->dst_reg;
		bool is_any = is_sum(insn, BPF_ADD) || is_sum(insn, BPF_SUB);

		if (!is_any || insn->imm >= 0 || insn->imm == INT32_MIN || is_copy)
			continue;
		insn->code ^= BPF_ADD ^ BPF_SUB;
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
	{ "6.14 bounds more products", forget_products, false },
	{ "6.14 needs no test of an array's element that must be there", test_array_elements,
		false },
	{ "6.12.y: a tail call moves the packet; 6.18.y looks closer", move_packet_in_tail_calls,
		false },
	{ "a kernel knows how many cpus its machine has", forget_cpu_count, false },
	{ "6.13: what a helper only reads of the stack stays known", forget_stack, false },
	{ "6.13: what a helper only reads of the stack stays known", forget_numbers_on_stack,
		false },
	{ "6.13: what a helper only reads of the stack stays known", forget_parts_of_stack, false },
	{ "6.18.y decides comparisons of a register with itself", decide_comparisons_with_oneself,
		true },
	{ "6.18.y links r - K and 32-bit sums to r", unlink_sums, false },
	{ "6.17: sums whose ends both wrap stay bounded", turn_what_wraps, true },
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

/* What later kernels say instead. */
static const struct {
	const char *later, *old;
} renamed[] = {
	{ "invalid read from stack", "invalid indirect access to stack" },
	{ "invalid write to stack", "invalid indirect access to stack" },
	{ "expected prog array map for tail call", "kernel subsystem misconfigured verifier" },
};

/* The same sentence but for its numbers and how it begins. */
static bool
is_alike(const char *later, const char *ours)
{
	for (size_t i = 0; i < sizeof(renamed) / sizeof(renamed[0]); i++) {
		size_t a = strlen(renamed[i].later), b = strlen(renamed[i].old);

		if (!strncmp(later, renamed[i].later, a) && !strncmp(ours, renamed[i].old, b)) {
			later += a;
			ours += b;
			break;
		}
	}
	for (;; later++, ours++) {
		later += strspn(later, "0123456789");
		ours += strspn(ours, "0123456789");
		if (*later != *ours)
			return false;
		if (*later == '\0')
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

/*
 * 6.12 forgets a number whose bounds contradict each other and goes on; 6.18.y sees that nobody
 * comes there. Only explains what ours refuses.
 */
static bool
walks_where_nobody_comes(const struct question *q)
{
	struct question again = *q;
	struct verdict ours;

	again.log_level = 2;
	our_verify(&again, &ours);
	return strstr(ours.log, "REG INVARIANTS VIOLATION") != NULL;
}

static const char *
explain_by_rules(const struct question *q)
{
	for (uint32_t i = 0; i < RULES; i++)
		if (agrees(q, 1u << i))
			return rules[i].why;
	for (uint32_t i = 0; i < RULES; i++)
		for (uint32_t j = 0; j < i; j++)
			if (agrees(q, 1u << i | 1u << j))
				return "two of the above";
	return agrees(q, (1u << RULES) - 1) ? "several of the above" : NULL;
}

const char *
newer_kernel_explains(
	const struct question *q, const struct verdict *kernel, const struct verdict *ours)
{
	const char *why;

	for (size_t i = 0; i < sizeof(sayings) / sizeof(sayings[0]); i++)
		if (strstr(ours->sentence, sayings[i].sentence))
			return sayings[i].why;
	if (is_common_helper(ours->sentence))
		return "6.16 gives the helper to all programs";
	why = explain_by_rules(q);
	if (!why && ours->err && !kernel->err && walks_where_nobody_comes(q))
		why = "6.18.y does not go where bounds contradict each other";
	return why;
}
