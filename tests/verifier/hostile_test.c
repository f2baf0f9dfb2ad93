/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Programs made to cost the verifier as much as they can: each ends in under 5 s of a processor and
 * 1 GiB. Each runs in a process of its own, which the system would end soon
 * after.
 *
 *   hostile_test [NAME]     one of them, or all; prints what each took
 */
#include "bpf/verifier/verifier.h"
#include "tests/unit/bpf/asm.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define SECONDS_MAX 5.0
#define KIB_MAX (1 << 20)
#define INSNS_MAX 1000000u /* of a program, as the kernel has it for root */

static struct bpf_insn *insns;
static uint32_t cnt;

static void
put(struct bpf_insn insn)
{
	if (cnt < INSNS_MAX)
		insns[cnt++] = insn;
}

#define PUT(...) put((struct bpf_insn)__VA_ARGS__)
#define JMP32_IMM(op, d, i, o) INSN(BPF_JMP32 | (op) | BPF_K, d, 0, o, i)
#define AND64_IMM(d, i) INSN(BPF_ALU64 | BPF_AND | BPF_K, d, 0, 0, i)
#define LSH64_IMM(d, i) INSN(BPF_ALU64 | BPF_LSH | BPF_K, d, 0, 0, i)

static void
finish(void)
{
	PUT(MOV64_IMM(0, 2));
	PUT(EXIT());
}

/* A number nobody knows: ctx->rx_queue_index. */
#define PUT_UNKNOWN(reg) PUT(LDX(BPF_W, reg, 1, 16))

/* ---- the programs ---- */

static void
a_million_instructions(void)
{
	while (cnt < INSNS_MAX - 2)
		PUT(MOV64_IMM(0, 0));
	finish();
}

static void
a_million_jumps(void)
{
	PUT_UNKNOWN(6);
	while (cnt < INSNS_MAX - 2)
		PUT(JMP_IMM(BPF_JEQ, 6, (int32_t)cnt, 0));
	finish();
}

/* Jumps over one instruction: all of it is reached twice. */
static void
a_ladder_of_jumps(void)
{
	PUT_UNKNOWN(6);
	while (cnt < INSNS_MAX - 4) {
		PUT(JMP_IMM(BPF_JSET, 6, (int32_t)(cnt | 1), 1));
		PUT(ADD64_IMM(6, 1));
	}
	finish();
}

static void
a_loop_that_counts(void)
{
	PUT(MOV64_IMM(6, 0));
	PUT(ADD64_IMM(6, 1));
	PUT(JMP_IMM(BPF_JLT, 6, 2000000, -2));
	finish();
}

static void
a_loop_without_a_bound(void)
{
	PUT_UNKNOWN(6);
	PUT(MOV64_IMM(0, 0));
	PUT(ADD64_IMM(0, 1));
	PUT(JMP_REG(BPF_JLT, 0, 6, -2));
	finish();
}

/* 2^20 sums of powers of 2, each of which matters in the end: no state is as good as another. */
static void
a_million_paths(void)
{
	PUT_UNKNOWN(6);
	PUT(MOV64_IMM(7, 0));
	for (int bit = 0; bit < 20; bit++) {
		PUT(JMP_IMM(BPF_JSET, 6, 1 << bit, 1));
		PUT(ADD64_IMM(7, 1 << bit));
	}
	PUT(JMP_IMM(BPF_JLT, 7, 1 << 20, 1));
	PUT(LDX(BPF_DW, 0, 7, 0)); /* never reached, which must be proved each time */
	finish();
}

/* The same with every slot of the stack holding a number that differs. */
static void
a_full_stack(int slots)
{
	PUT_UNKNOWN(6);
	for (int i = 1; i <= slots; i++) {
		PUT(MOV64_IMM(7, i));
		PUT(STX(BPF_DW, 10, 7, (int16_t)(-8 * i)));
	}
}

static void
a_loop_with_a_full_stack(void)
{
	a_full_stack(64);
	PUT(MOV64_IMM(8, 0));
	PUT(ADD64_IMM(8, 1));
	for (int i = 1; i <= 64; i++) {
		PUT(LDX(BPF_DW, 7, 10, (int16_t)(-8 * i)));
		PUT(ADD64_IMM(7, i));
		PUT(STX(BPF_DW, 10, 7, (int16_t)(-8 * i)));
	}
	PUT(JMP_IMM(BPF_JLT, 8, 2000000, (int16_t)(-2 - 3 * 64)));
	finish();
}

/* Numbers nobody knows in every slot, of which one is counted: states are the same up to the last
 * thing that is looked at. */
static void
a_loop_that_differs_at_the_end(void)
{
	uint32_t again;

	for (int i = 1; i <= 63; i++) {
		PUT_UNKNOWN(7);
		PUT(STX(BPF_DW, 10, 7, (int16_t)(-8 * i)));
	}
	PUT_UNKNOWN(6);
	PUT(ST(BPF_DW, 10, -512, 0));
	again = cnt;
	for (int i = 0; i < 8; i++) { /* states are kept where jumps go */
		PUT(LDX(BPF_DW, 7, 10, -512));
		PUT(ADD64_IMM(7, 1));
		PUT(STX(BPF_DW, 10, 7, -512));
		PUT(JMP_IMM(BPF_JSET, 6, 1 << i, 0));
	}
	PUT(JMP_IMM(BPF_JLT, 7, 2000000, (int16_t)((int)again - (int)cnt - 1)));
	for (int i = 1; i <= 64; i++) /* all are wanted */
		PUT(LDX(BPF_DW, 7, 10, (int16_t)(-8 * i)));
	finish();
}

static void
a_million_paths_with_a_full_stack(void)
{
	a_full_stack(64);
	for (int bit = 0; bit < 20; bit++) {
		PUT(JMP_IMM(BPF_JSET, 6, 1 << bit, 3));
		PUT(LDX(BPF_DW, 7, 10, (int16_t)(-8 * (bit + 1))));
		PUT(ADD64_IMM(7, 1 << bit));
		PUT(STX(BPF_DW, 10, 7, (int16_t)(-8 * (bit + 1))));
	}
	for (int bit = 0; bit < 20; bit++) { /* all are wanted */
		PUT(LDX(BPF_DW, 7, 10, (int16_t)(-8 * (bit + 1))));
		PUT(JMP_IMM(BPF_JLT, 7, 1 << 21, 1));
		PUT(LDX(BPF_DW, 0, 7, 0));
	}
	finish();
}

/* Paths that differ in a number of one slot, looked for among all states seen there. */
static void
many_states_at_one_instruction(void)
{
	PUT_UNKNOWN(6);
	PUT(MOV64_IMM(7, 0));
	for (int i = 0; i < 4000; i++) {
		PUT(JMP_IMM(BPF_JNE, 6, i, 2));
		PUT(MOV64_IMM(7, i));
		PUT(JA((int16_t)(3 * (4000 - i) - 3)));
	}
	PUT(STX(BPF_DW, 10, 7, -8));
	PUT(MOV64_IMM(8, 0));
	for (int i = 0; i < 200; i++) {
		PUT(ADD64_IMM(8, 1));
		PUT(JMP_IMM(BPF_JSET, 6, 1 << (i % 31), 0));
	}
	PUT(JMP_IMM(BPF_JLT, 7, 4096, 1));
	PUT(LDX(BPF_DW, 0, 7, 0));
	finish();
}

/* All registers are one number, with an offset each: what is learnt of one is learnt of all. */
static void
linked_numbers(void)
{
	PUT_UNKNOWN(6);
	for (int slot = 1; slot <= 64; slot++)
		PUT(STX(BPF_DW, 10, 6, (int16_t)(-8 * slot)));
	PUT(MOV64_REG(7, 6));
	PUT(MOV64_REG(8, 6));
	PUT(MOV64_REG(9, 6));
	for (int i = 0; i < 60000; i++) {
		PUT(JMP_IMM(i & 1 ? BPF_JLT : BPF_JGT, 7, 0x7fffffff - i, 0));
		PUT(JMP_IMM(BPF_JNE, 8, i, 0));
	}
	finish();
}

/* A number that must be exact in the end, through a chain that is walked back each time. */
static void
a_long_way_back(void)
{
	PUT_UNKNOWN(6);
	PUT(MOV64_IMM(7, 0));
	for (int i = 0; i < 4000; i++) {
		for (int k = 0; k < 20; k++) {
			PUT(ADD64_IMM(7, 1));
			PUT(MOV64_REG(8, 7));
			PUT(MOV64_REG(7, 8));
		}
		PUT(JMP_IMM(BPF_JSET, 6, 1 << (i % 31), 0));
		PUT(MOV64_REG(9, 10));
		PUT(MOV64_REG(0, 7));
		PUT(AND64_IMM(0, 0xf8));
		PUT(ADD64_IMM(0, -256));
		PUT(ADD64_REG(9, 0));
		PUT(ST(BPF_DW, 9, 0, 0)); /* of the stack, where r7 says */
	}
	finish();
}

/* Eight frames with 64 bytes each in a loop that does not end. */
static void
deep_frames_in_a_loop(void)
{
	PUT_UNKNOWN(6);
	PUT(MOV64_IMM(7, 0));
	PUT(MOV64_REG(1, 7)); /* again: */
	PUT(CALL_LOCAL(4));
	PUT(ADD64_IMM(7, 1));
	PUT(JMP_IMM(BPF_JLT, 7, 2000000, -4));
	PUT(MOV64_IMM(0, 2));
	PUT(EXIT());
	for (int depth = 1; depth < 8; depth++) {
		for (int slot = 1; slot <= 8; slot++) {
			PUT(STX(BPF_DW, 10, 1, (int16_t)(-8 * slot)));
			PUT(ADD64_IMM(1, slot));
		}
		if (depth < 7)
			PUT(CALL_LOCAL(1));
		else
			PUT(MOV64_REG(0, 1));
		PUT(EXIT());
	}
}

/* Paths meet at every level of the frames. */
static void
paths_through_deep_frames(void)
{
	PUT_UNKNOWN(1);
	PUT(MOV64_IMM(2, 0));
	PUT(CALL_LOCAL(2));
	PUT(MOV64_IMM(0, 2));
	PUT(EXIT());
	for (int depth = 1; depth < 8; depth++) {
		for (int slot = 1; slot <= 8; slot++) {
			PUT(JMP_IMM(BPF_JSET, 1, 1 << (slot + depth * 3), 1));
			PUT(ADD64_IMM(2, 1 << slot));
			PUT(STX(BPF_DW, 10, 2, (int16_t)(-8 * slot)));
		}
		if (depth < 7)
			PUT(CALL_LOCAL(2));
		else
			PUT(JMP_IMM(BPF_JLT, 2, 1 << 20, 1));
		PUT(MOV64_IMM(0, 0));
		PUT(EXIT());
	}
}

/* Pieces of the packet with an end each: ids, ranges. */
static void
many_packet_pointers(void)
{
	PUT_UNKNOWN(6);
	PUT(LDX(BPF_W, 2, 1, 0));
	PUT(LDX(BPF_W, 3, 1, 4));
	PUT(AND64_IMM(6, 0xff));
	for (int i = 0; i < 4000; i++) {
		PUT(MOV64_REG(4, 2));
		PUT(ADD64_REG(4, 6));
		PUT(MOV64_REG(5, 4));
		PUT(ADD64_IMM(5, 8));
		PUT(JMP_REG(BPF_JGT, 5, 3, 1));
		PUT(LDX(BPF_DW, 0, 4, 0));
		PUT(STX(BPF_DW, 10, 4, (int16_t)(-8 * (1 + i % 64))));
	}
	finish();
}

/* More functions than there may be. */
static void
many_functions(void)
{
	for (int i = 0; i < 300; i++)
		PUT(CALL_LOCAL((300 - i - 1) + 2 + 2 * i));
	finish();
	for (int i = 0; i < 300; i++)
		finish();
}

/* ---- running ---- */

#define LIMIT "BPF program is too large. Processed 1000001 insn"
#define JUMPS "The sequence of 8193 jumps is too complex."

static const struct program {
	const char *name;
	void (*make)(void);
	const char *says; /* in the last line; NULL: accepted */
} programs[] = {
#define PROGRAM(f, says)                                                                           \
	{                                                                                          \
#f, f, says                                                                        \
	}
	PROGRAM(a_million_instructions, NULL),
	PROGRAM(a_million_jumps, JUMPS),
	PROGRAM(a_ladder_of_jumps, NULL),
	PROGRAM(a_loop_that_counts, LIMIT),
	PROGRAM(a_loop_without_a_bound, LIMIT),
	PROGRAM(a_million_paths, LIMIT),
	PROGRAM(a_loop_with_a_full_stack, LIMIT),
	PROGRAM(a_loop_that_differs_at_the_end, LIMIT),
	PROGRAM(a_million_paths_with_a_full_stack, LIMIT),
	PROGRAM(many_states_at_one_instruction, LIMIT),
	PROGRAM(linked_numbers, LIMIT),
	PROGRAM(a_long_way_back, LIMIT),
	PROGRAM(deep_frames_in_a_loop, LIMIT),
	PROGRAM(paths_through_deep_frames, LIMIT),
	PROGRAM(many_packet_pointers, NULL),
	PROGRAM(many_functions, "too many subprograms"),
};

/* The last line before the sum. */
static void
last_line(struct xb_log *log, char *to, size_t size)
{
	const char *text = xb_log_text(log), *sum = strstr(text, "processed ");
	const char *end = sum ? sum : text + strlen(text), *line;

	while (end > text && end[-1] == '\n')
		end--;
	for (line = end; line > text && line[-1] != '\n';)
		line--;
	snprintf(to, size, "%.*s", (int)(end - line), line);
}

/* In a process of its own, which does not go on for ever. */
static int
verify_here(const struct program *p)
{
	const struct rlimit cpu = { 60, 60 };
	const struct xb_verify_opts opts = { .type = BPF_PROG_TYPE_XDP, .gpl_compatible = true };
	struct xb_facts facts;
	struct xb_log log = { 0 };
	char line[256];
	int ret;

	setrlimit(RLIMIT_CPU, &cpu);
	insns = calloc(INSNS_MAX, sizeof(*insns));
	if (!insns)
		return 1;
	p->make();
	ret = xb_verify(insns, cnt, &opts, &facts, &log);
	last_line(&log, line, sizeof(line));
	printf("  %s: %s\n", ret ? strerror(-ret) : "accepted", line);
	fflush(stdout);
	if (ret == 0)
		xb_facts_free(&facts);
	xb_log_free(&log);
	free(insns);
	return p->says ? ret == 0 || strcmp(line, p->says) != 0 : ret != 0;
}

static bool
run(const struct program *p, bool is_bound)
{
	struct rusage usage;
	double seconds;
	int status;
	pid_t child;

	printf("%s\n", p->name);
	fflush(stdout);
	child = fork();
	if (child == 0)
		_exit(verify_here(p));
	if (child < 0 || wait4(child, &status, 0, &usage) != child)
		return false;
	seconds = (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
		  (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
	printf("  %.2f s, %ld MiB\n", seconds, usage.ru_maxrss >> 10);
	if (status != 0)
		printf("  FAILED: status %#x\n", (unsigned int)status);
	else if (is_bound && (seconds >= SECONDS_MAX || usage.ru_maxrss >= KIB_MAX))
		printf("  FAILED: over the bound\n");
	else
		return true;
	return false;
}

/* Sanitizers cost more than the verifier. */
#if defined(__SANITIZE_ADDRESS__)
#define IS_BOUND false
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define IS_BOUND false
#endif
#endif
#ifndef IS_BOUND
#define IS_BOUND true
#endif

int
main(int argc, char **argv)
{
	bool ok = true;

	for (size_t i = 0; i < sizeof(programs) / sizeof(programs[0]); i++)
		if (argc < 2 || !strcmp(argv[1], programs[i].name))
			ok &= run(&programs[i], IS_BOUND);
	return ok ? 0 : 1;
}
