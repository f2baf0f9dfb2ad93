/* SPDX-License-Identifier: BSD-2-Clause */
/* See generate.h. The list of instructions is written here anew, not taken from bpf/opcodes.def:
 * this is a test of that table too. */
#include "tests/diff/generate.h"

#include <string.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/* Of Linux 6.6, newer than the headers we build with. */
#define MEMSX 0x80
#define JMP32_JA (BPF_JMP32 | BPF_JA)
#define BSWAP (BPF_ALU64 | BPF_END | BPF_TO_LE)

enum kind {
	ALU_K,	 /* dst, imm */
	SHIFT_K, /* imm below the width: the verifier wants it */
	DIV_K,	 /* imm not 0, likewise */
	ALU_X,	 /* dst, src */
	UNARY,	 /* dst */
	JUMP_K,	 /* dst, imm, off */
	JUMP_X,	 /* dst, src, off */
	ALWAYS,	 /* off or imm */
	LOAD,	 /* dst */
	STORE_K, /* imm */
	STORE_X, /* src */
	ATOMIC,	 /* src */
	WIDE,	 /* dst, both imm */
};

struct form {
	uint8_t code, kind;
	bool v4;
	int16_t off; /* constants */
	int32_t imm;
};

/* clang-format off */
#define ALU(op, k) \
	{ BPF_ALU64 | BPF_K | (op), k, 0, 0, 0 }, { BPF_ALU64 | BPF_X | (op), ALU_X, 0, 0, 0 }, \
	{ BPF_ALU | BPF_K | (op), k, 0, 0, 0 }, { BPF_ALU | BPF_X | (op), ALU_X, 0, 0, 0 }
#define SIGNED(op) \
	{ BPF_ALU64 | BPF_K | (op), DIV_K, 1, 1, 0 }, { BPF_ALU64 | BPF_X | (op), ALU_X, 1, 1, 0 }, \
	{ BPF_ALU | BPF_K | (op), DIV_K, 1, 1, 0 }, { BPF_ALU | BPF_X | (op), ALU_X, 1, 1, 0 }
#define MOVSX(class, bits) { (class) | BPF_MOV | BPF_X, ALU_X, 1, bits, 0 }
#define SWAP(bits) \
	{ BPF_ALU | BPF_END | BPF_TO_LE, UNARY, 0, 0, bits }, \
	{ BPF_ALU | BPF_END | BPF_TO_BE, UNARY, 0, 0, bits }, { BSWAP, UNARY, 1, 0, bits }
#define JUMP(op) \
	{ BPF_JMP | BPF_K | (op), JUMP_K, 0, 0, 0 }, { BPF_JMP | BPF_X | (op), JUMP_X, 0, 0, 0 }, \
	{ BPF_JMP32 | BPF_K | (op), JUMP_K, 0, 0, 0 }, { BPF_JMP32 | BPF_X | (op), JUMP_X, 0, 0, 0 }
#define MEMORY(size) \
	{ BPF_LDX | BPF_MEM | (size), LOAD, 0, 0, 0 }, { BPF_ST | BPF_MEM | (size), STORE_K, 0, 0, 0 }, \
	{ BPF_STX | BPF_MEM | (size), STORE_X, 0, 0, 0 }
#define ATOMICS(op) \
	{ BPF_STX | BPF_ATOMIC | BPF_DW, ATOMIC, 0, 0, op }, { BPF_STX | BPF_ATOMIC | BPF_W, ATOMIC, 0, 0, op }

static const struct form forms[] = {
	ALU(BPF_ADD, ALU_K), ALU(BPF_SUB, ALU_K), ALU(BPF_MUL, ALU_K), ALU(BPF_OR, ALU_K),
	ALU(BPF_AND, ALU_K), ALU(BPF_XOR, ALU_K), ALU(BPF_MOV, ALU_K),
	ALU(BPF_LSH, SHIFT_K), ALU(BPF_RSH, SHIFT_K), ALU(BPF_ARSH, SHIFT_K),
	ALU(BPF_DIV, DIV_K), ALU(BPF_MOD, DIV_K), SIGNED(BPF_DIV), SIGNED(BPF_MOD),
	{ BPF_ALU64 | BPF_NEG, UNARY, 0, 0, 0 }, { BPF_ALU | BPF_NEG, UNARY, 0, 0, 0 },
	MOVSX(BPF_ALU64, 8), MOVSX(BPF_ALU64, 16), MOVSX(BPF_ALU64, 32), MOVSX(BPF_ALU, 8),
	MOVSX(BPF_ALU, 16),
	SWAP(16), SWAP(32), SWAP(64),
	JUMP(BPF_JEQ), JUMP(BPF_JNE), JUMP(BPF_JGT), JUMP(BPF_JGE), JUMP(BPF_JLT), JUMP(BPF_JLE),
	JUMP(BPF_JSGT), JUMP(BPF_JSGE), JUMP(BPF_JSLT), JUMP(BPF_JSLE), JUMP(BPF_JSET),
	{ BPF_JMP | BPF_JA, ALWAYS, 0, 0, 0 }, { JMP32_JA, ALWAYS, 1, 0, 0 },
	MEMORY(BPF_B), MEMORY(BPF_H), MEMORY(BPF_W), MEMORY(BPF_DW),
	{ BPF_LDX | MEMSX | BPF_B, LOAD, 1, 0, 0 }, { BPF_LDX | MEMSX | BPF_H, LOAD, 1, 0, 0 },
	{ BPF_LDX | MEMSX | BPF_W, LOAD, 1, 0, 0 },
	ATOMICS(BPF_ADD), ATOMICS(BPF_OR), ATOMICS(BPF_AND), ATOMICS(BPF_XOR),
	ATOMICS(BPF_ADD | BPF_FETCH), ATOMICS(BPF_OR | BPF_FETCH), ATOMICS(BPF_AND | BPF_FETCH),
	ATOMICS(BPF_XOR | BPF_FETCH), ATOMICS(BPF_XCHG), ATOMICS(BPF_CMPXCHG),
	{ BPF_LD | BPF_IMM | BPF_DW, WIDE, 0, 0, 0 },
};
/* clang-format on */

static uint64_t times[ARRAY_SIZE(forms)];

/* Registers that hold scalars: all but the packet and the stack. */
static const uint8_t scalars[] = { 0, 1, 2, 3, 4, 5, 7, 8, 9 };
#define PACKET BPF_REG_6
#define STACK BPF_REG_10
/*
 * Words of 8 bytes below r10, all initialised. Only atomics write to the last ones, and no such
 * word is ever known to the verifier. Kernels before "bpf: Fix incorrect pruning due to atomic
 * fetch precision tracking" (179ee84a8911, 2026), seen on 6.18, do not remember that a value an
 * atomic fetched came from the stack: where a branch depends on it they take another path for the
 * same, and remove code that runs.
 */
#define STACK_WORDS 8
#define ATOMIC_WORDS 4

/* The end of a program writes here what it has computed; its random part may write there too. */
#define RESULT_BYTES (8 * (ARRAY_SIZE(scalars) + STACK_WORDS))
_Static_assert(RESULT_BYTES < GENERATED_PACKET_BYTES, "results fit the packet");

#define BODY_MAX 48  /* items */
#define JUMPS_MAX 10 /* verifying takes time exponential in them when states do not converge */

/* Values at which an operation changes its ways. */
static const int64_t edges[] = { 0, 1, -1, 2, 7, 8, 31, 32, 33, 63, 64, 65, 127, 128, -128, 255,
	256, 32767, 32768, -32768, 65535, INT32_MAX, INT32_MIN, 0x80000000, 0xffffffff, 0x100000000,
	-0x80000001LL, INT64_MAX, INT64_MIN, INT64_MIN + 1 };

uint64_t
random_u64(uint64_t *state)
{
	uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

uint32_t
random_below(uint64_t *state, uint32_t limit)
{
	return (uint32_t)((random_u64(state) >> 32) * limit >> 32);
}

static int64_t
random_value(uint64_t *random)
{
	uint64_t any = random_u64(random);

	switch (random_below(random, 4)) {
	case 0: return (int64_t)any;
	case 1: return (int32_t)any;
	case 2: return (int64_t)(any % 16);
	default: return edges[any % ARRAY_SIZE(edges)];
	}
}

static uint8_t
random_scalar(uint64_t *random)
{
	return scalars[random_below(random, ARRAY_SIZE(scalars))];
}

/* ---- the random part ---- */

/* One or two slots that nothing jumps between, and the item it jumps to (0: none; the first item is
 * never jumped to). */
struct item {
	struct bpf_insn insn[2];
	uint32_t slots;
	uint32_t target;
};

struct body {
	struct item items[BODY_MAX];
	uint32_t cnt;
	uint32_t jumps;
};

static uint32_t
bytes_of(uint8_t code)
{
	switch (BPF_SIZE(code)) {
	case BPF_B: return 1;
	case BPF_H: return 2;
	case BPF_W: return 4;
	default: return 8;
	}
}

/* Somewhere in the packet, at any alignment, or on the stack, aligned. */
static void
set_address(struct bpf_insn *insn, uint64_t *random, enum kind kind)
{
	bool on_stack = kind == ATOMIC || random_below(random, 2); /* no atomics on packets */
	uint32_t first = kind == ATOMIC ? STACK_WORDS - ATOMIC_WORDS : 0;
	uint32_t last = kind == ATOMIC || kind == LOAD ? STACK_WORDS : STACK_WORDS - ATOMIC_WORDS;
	uint32_t bytes = bytes_of(insn->code);
	uint8_t base = on_stack ? STACK : PACKET;

	if (on_stack)
		insn->off = (int16_t)(bytes * random_below(random, (last - first) * 8 / bytes)) -
			    (int16_t)(last * 8);
	else
		insn->off = (int16_t)random_below(random, GENERATED_PACKET_BYTES - bytes + 1);
	if (kind == LOAD)
		insn->src_reg = base & 15u;
	else
		insn->dst_reg = base & 15u;
}

static int32_t
random_imm(const struct form *form, uint64_t *random)
{
	int32_t imm = (int32_t)random_value(random);

	if (form->kind == SHIFT_K)
		return imm & (BPF_CLASS(form->code) == BPF_ALU64 ? 63 : 31);
	if (form->kind == DIV_K && imm == 0)
		return 1;
	return imm;
}

static struct bpf_insn
instruction(const struct form *form, uint64_t *random)
{
	struct bpf_insn insn = { .code = form->code, .off = form->off, .imm = form->imm };

	switch (form->kind) {
	case ALU_K:
	case SHIFT_K:
	case DIV_K:
	case JUMP_K:
	case WIDE:
		insn.dst_reg = random_scalar(random) & 15u;
		insn.imm = random_imm(form, random);
		break;
	case ALU_X:
	case JUMP_X:
		insn.dst_reg = random_scalar(random) & 15u;
		insn.src_reg = random_scalar(random) & 15u;
		break;
	case UNARY: insn.dst_reg = random_scalar(random) & 15u; break;
	case LOAD:
		insn.dst_reg = random_scalar(random) & 15u;
		set_address(&insn, random, LOAD);
		break;
	case STORE_K:
		insn.imm = random_imm(form, random);
		set_address(&insn, random, STORE_K);
		break;
	case STORE_X:
	case ATOMIC:
		insn.src_reg = random_scalar(random) & 15u;
		set_address(&insn, random, form->kind);
		break;
	}
	return insn;
}

static uint32_t
random_target(const struct body *body, uint32_t from, uint64_t *random)
{
	uint32_t left = body->cnt - from;

	return from + random_below(random, left < 8 ? left + 1 : 8);
}

bool
is_cmpxchg32(const struct bpf_insn *insn)
{
	return insn->code == (BPF_STX | BPF_ATOMIC | BPF_W) && insn->imm == BPF_CMPXCHG;
}

/* Fill the item at `at`, or two: code behind an unconditional jump must be reached by another, so a
 * conditional one over it goes before it. The number of items filled. */
static uint32_t
add_item(struct body *body, uint32_t at, const struct form *form, uint64_t *random)
{
	struct item *item = &body->items[at];

	*item = (struct item){ .insn = { instruction(form, random) }, .slots = 1 };
	if (form->kind == WIDE) {
		item->slots = 2;
		item->insn[1].imm = (int32_t)random_value(random);
	} else if (is_cmpxchg32(&item->insn[0])) {
		item->slots = 2;
		item->insn[1] = (struct bpf_insn){ .code = BPF_ALU64 | BPF_MOV | BPF_X };
	} else if (form->kind == JUMP_K || form->kind == JUMP_X) {
		item->target = random_target(body, at + 1, random);
		body->jumps++;
	} else if (form->kind == ALWAYS) {
		item[1] = item[0];
		item[1].target = random_target(body, at + 2, random);
		item[0].insn[0] = (struct bpf_insn){ .code = BPF_JMP | BPF_JSET | BPF_K,
			.imm = 1,
			.dst_reg = random_scalar(random) & 15u };
		item[0].target = at + 2;
		body->jumps++;
		return 2;
	}
	return 1;
}

static bool
is_wanted(const struct body *body, uint32_t at, const struct form *form, bool v4)
{
	bool is_jump = form->kind == JUMP_K || form->kind == JUMP_X || form->kind == ALWAYS;

	if (form->v4 && !v4)
		return false;
	if (is_jump && body->jumps == JUMPS_MAX)
		return false;
	return form->kind != ALWAYS || at + 2 <= body->cnt;
}

static void
generate_body(struct body *body, uint64_t *random, bool v4)
{
	body->cnt = 1 + random_below(random, BODY_MAX - 1);
	body->jumps = 0;
	for (uint32_t at = 0; at < body->cnt;) {
		uint32_t f = random_below(random, ARRAY_SIZE(forms));

		if (!is_wanted(body, at, &forms[f], v4))
			continue;
		at += add_item(body, at, &forms[f], random);
		times[f]++;
	}
}

/* ---- the program around it ---- */

static void
emit(struct program *prog, uint8_t code, uint8_t dst, uint8_t src, int32_t off, int32_t imm)
{
	prog->insns[prog->cnt++] = (struct bpf_insn){ .code = code,
		.dst_reg = dst & 15u,
		.src_reg = src & 15u,
		.off = (int16_t)off,
		.imm = imm };
}

/* r6 = packet, tested to be long enough; all other registers and the stack from its first bytes.
 * The test's jump, in the slot returned, is for the caller to aim. */
static uint32_t
emit_beginning(struct program *prog)
{
	uint32_t jump;

	emit(prog, BPF_LDX | BPF_MEM | BPF_W, PACKET, 1, 0, 0); /* xdp_md.data */
	emit(prog, BPF_LDX | BPF_MEM | BPF_W, 7, 1, 4, 0);	/* xdp_md.data_end */
	emit(prog, BPF_ALU64 | BPF_MOV | BPF_X, 2, PACKET, 0, 0);
	emit(prog, BPF_ALU64 | BPF_ADD | BPF_K, 2, 0, 0, GENERATED_PACKET_BYTES);
	jump = prog->cnt;
	emit(prog, BPF_JMP | BPF_JGT | BPF_X, 2, 7, 0, 0);
	for (int i = 1; i <= STACK_WORDS; i++) /* by halves, the verifier then tracks no value */
		for (int half = 0; half < 8; half += 4) {
			emit(prog, BPF_LDX | BPF_MEM | BPF_W, 0, PACKET, 120 + 8 * i + half, 0);
			emit(prog, BPF_STX | BPF_MEM | BPF_W, STACK, 0, -8 * i + half, 0);
		}
	for (uint32_t i = 0; i < ARRAY_SIZE(scalars); i++)
		emit(prog, BPF_LDX | BPF_MEM | BPF_DW, scalars[i], PACKET, (int32_t)(8 * i), 0);
	return jump;
}

static void
emit_body(struct program *prog, const struct body *body)
{
	uint32_t slot[BODY_MAX + 1];
	uint32_t at = prog->cnt;

	for (uint32_t i = 0; i < body->cnt; i++) {
		slot[i] = at;
		at += body->items[i].slots;
	}
	slot[body->cnt] = at;
	prog->body = prog->cnt;
	prog->body_end = at;
	for (uint32_t i = 0; i < body->cnt; i++) {
		struct item item = body->items[i];
		int32_t delta = (int32_t)(slot[item.target] - slot[i]) - 1;

		if (item.target && item.insn[0].code == JMP32_JA)
			item.insn[0].imm = delta;
		else if (item.target)
			item.insn[0].off = (int16_t)delta;
		memcpy(&prog->insns[slot[i]], item.insn, item.slots * sizeof(item.insn[0]));
	}
	prog->cnt = at;
}

/* Everything that was computed goes into the packet; of r0 the kernel would tell only half. */
static void
emit_end(struct program *prog)
{
	for (uint32_t i = 0; i < ARRAY_SIZE(scalars); i++)
		emit(prog, BPF_STX | BPF_MEM | BPF_DW, PACKET, scalars[i], (int32_t)(8 * i), 0);
	for (int i = 1; i <= STACK_WORDS; i++) {
		emit(prog, BPF_LDX | BPF_MEM | BPF_DW, 1, STACK, -8 * i, 0);
		emit(prog, BPF_STX | BPF_MEM | BPF_DW, PACKET, 1,
			(int32_t)(8 * ARRAY_SIZE(scalars)) + 8 * i - 8, 0);
	}
	emit(prog, BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
}

void
generate_program(struct program *prog, uint64_t *random, bool v4)
{
	struct body body;
	uint32_t jump;

	prog->cnt = 0;
	jump = emit_beginning(prog);
	generate_body(&body, random, v4);
	emit_body(prog, &body);
	emit_end(prog);
	prog->insns[jump].off = (int16_t)(prog->cnt - jump - 1);
	emit(prog, BPF_ALU64 | BPF_MOV | BPF_K, 0, 0, 0, XDP_ABORTED);
	emit(prog, BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
}

void
generate_packet(uint8_t *data, uint64_t *random)
{
	for (uint32_t i = 0; i < GENERATED_PACKET_BYTES; i += 8) {
		int64_t value = random_value(random);

		memcpy(data + i, &value, 8);
	}
}

uint32_t
generated_forms(bool v4)
{
	uint32_t n = 0;

	for (uint32_t f = 0; f < ARRAY_SIZE(forms); f++)
		n += v4 || !forms[f].v4;
	return n;
}

uint32_t
generated_never(bool v4)
{
	uint32_t n = 0;

	for (uint32_t f = 0; f < ARRAY_SIZE(forms); f++)
		n += (v4 || !forms[f].v4) && !times[f];
	return n;
}
