/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Every instruction that the driver translates, alone, on the card and on the host: with constants
 * and operands at which arithmetic turns, with both kinds of sources, and with the facts about
 * operands that the driver chooses its code by. Loads and stores by all sizes and alignments.
 *
 * What only tc programs may have (classic loads) is in tests/unit/jit-nfp/mem_test.c.
 */
#include "tests/diff/gen.h"
#include "tests/diff/jit_group.h"

#include <string.h>

static const uint64_t edges[] = { 0, 1, 2, 0x1f, 0x20, 0x21, 0x3f, 0x40, 0x7fff, 0xffff, 0x10000,
	INT32_MAX, UINT64_C(0x80000000), UINT32_MAX, UINT64_C(0x100000000),
	UINT64_C(0x123456789abcdef0), INT64_MAX, (uint64_t)INT64_MIN, UINT64_C(0xffffffff80000000),
	UINT64_MAX };
#define EDGES (sizeof(edges) / sizeof(*edges))
static const int32_t imms[] = { 0, 1, 2, 3, 7, 10, 31, 32, 63, 64, 127, 128, 255, 256, 641, 1000,
	0xffff, 0x10000, 0xff0000, 0x12345678, INT32_MAX, -1, -2, -128, -256, -65536, INT32_MIN + 1,
	INT32_MIN };
#define IMMS (sizeof(imms) / sizeof(*imms))

static struct bpf_insn code[128];
static uint32_t cnt;
static bool is_tested[UINT8_MAX + 1];
static unsigned long programs, refused, runs, quirks, rules[JIT_RULE_CNT];

static void
put(uint8_t opcode, uint8_t dst, uint8_t src, int16_t off, int32_t imm)
{
	code[cnt++] = (struct bpf_insn){
		.code = opcode, .dst_reg = dst & 15u, .src_reg = src & 15u, .off = off, .imm = imm
	};
}

#define LOAD(size) (BPF_LDX | BPF_MEM | (size))
#define STORE(size) (BPF_STX | BPF_MEM | (size))
#define MOV64_K (BPF_ALU64 | BPF_MOV | BPF_K)
#define MOV64_X (BPF_ALU64 | BPF_MOV | BPF_X)
#define FRAME_BYTES 64

/* r8 points to a packet that has so many bytes, r9 is the context; r1 and r2 are its first words of
 * 64 bits. */
static void
begin_program(void)
{
	cnt = 0;
	put(MOV64_X, 9, 1, 0, 0);
	put(LOAD(BPF_W), 8, 1, offsetof(struct xdp_md, data), 0);
	put(LOAD(BPF_W), 3, 1, offsetof(struct xdp_md, data_end), 0);
	put(MOV64_X, 4, 8, 0, 0);
	put(BPF_ALU64 | BPF_ADD | BPF_K, 4, 0, 0, FRAME_BYTES);
	put(BPF_JMP | BPF_JLE | BPF_X, 4, 3, 2, 0);
	put(MOV64_K, 0, 0, 0, 1);
	put(BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
	put(LOAD(BPF_DW), 1, 8, 0, 0);
	put(LOAD(BPF_DW), 2, 8, 8, 0);
}

/* Both are shown. */
static void
end_program(void)
{
	put(STORE(BPF_DW), 8, 1, 16, 0);
	put(STORE(BPF_DW), 8, 2, 24, 0);
	put(MOV64_K, 0, 0, 0, 2);
	put(BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
}

static void
count_quirks(void)
{
	uint32_t n;
	const struct jit_finding *findings = jit_prog_findings(pair_prog(pair), &n);

	quirks++;
	for (uint32_t i = 0; i < n; i++)
		rules[findings[i].rule] += pair_explains(pair, &findings[i]);
}

static void
run_on(uint64_t left, uint64_t right, uint32_t seed)
{
	static struct pair_packet packet = { .len = FRAME_BYTES };
	enum pair_answer answer;

	for (uint32_t i = 0; i < CARD_BUFFER_BYTES; i++)
		packet.bytes[i] = (uint8_t)(i * 31 + seed);
	memcpy(packet.bytes + CARD_PACKET_AT, &left, 8);
	memcpy(packet.bytes + CARD_PACKET_AT + 8, &right, 8);
	answer = pair_run(pair, &packet, seed);
	runs++;
	if (answer == PAIR_QUIRK)
		count_quirks();
	if (answer != PAIR_DIFFERENT)
		return;
	pair_print(pair, stdout);
	fail_msg("%s, with %#llx and %#llx", pair_text(pair), (unsigned long long)left,
		(unsigned long long)right);
}

/* right_cnt: how many second operands matter. */
static void
test(uint8_t opcode, size_t right_cnt)
{
	end_program();
	if (pair_load(pair, code, cnt, 1) != PAIR_LOADED) {
		refused++;
		return;
	}
	is_tested[opcode] = true;
	programs++;
	for (size_t i = 0; i < EDGES; i++)
		for (size_t j = 0; j < right_cnt; j++)
			run_on(edges[i], edges[j], (uint32_t)(i * EDGES + j));
}

/* ---- arithmetic ---- */

/* What the verifier knows of both operands. */
enum known { ANY, LOW_32, LOW_16, LOW_5, HIGH_5, KNOWN_CNT };

static void
bound(uint8_t reg, enum known known)
{
	static const int32_t masks[] = { [LOW_16] = 0xffff, [LOW_5] = 31, [HIGH_5] = 31 };

	if (known == LOW_32)
		put(BPF_ALU | BPF_MOV | BPF_X, reg, reg, 0, 0);
	else if (known != ANY)
		put(BPF_ALU64 | BPF_AND | BPF_K, reg, 0, 0, masks[known]);
	if (known == HIGH_5)
		put(BPF_ALU64 | BPF_OR | BPF_K, reg, 0, 0, 32);
}

static bool
needs_known(uint8_t op)
{
	return op == BPF_MUL || op == BPF_DIV || op == BPF_LSH || op == BPF_RSH || op == BPF_ARSH;
}

static void
test_alu_imm(uint8_t opcode)
{
	bool is_short = BPF_OP(opcode) == BPF_MUL;

	for (size_t i = 0; i < IMMS; i++)
		for (enum known known = ANY; known <= (is_short ? LOW_16 : LOW_32); known++) {
			begin_program();
			bound(1, known);
			put(opcode, 1, 0, 0, imms[i]);
			test(opcode, 1);
		}
}

static void
test_alu_reg(uint8_t opcode)
{
	enum known last = needs_known(BPF_OP(opcode)) ? HIGH_5 : ANY;

	for (enum known known = ANY; known <= last; known++)
		for (uint8_t src = 1; src <= 2; src++) {
			begin_program();
			bound(2, known);
			if (known == LOW_32 || known == LOW_16)
				bound(1, known);
			put(opcode, 1, src, 0, 0);
			test(opcode, EDGES);
		}
	/* a register whose value is known */
	for (size_t i = 0; i < IMMS; i++) {
		begin_program();
		bound(1, LOW_32);
		put(MOV64_K, 2, 0, 0, imms[i]);
		put(opcode, 1, 2, 0, 0);
		test(opcode, 1);
	}
}

static void
test_end(uint8_t opcode)
{
	for (int32_t bits = 16; bits <= 64; bits *= 2) {
		begin_program();
		put(opcode, 1, 0, 0, bits);
		test(opcode, 1);
	}
}

/* ---- jumps ---- */

static void
end_jump(uint8_t opcode, size_t right_cnt)
{
	put(MOV64_K, 1, 0, 0, 5);
	test(opcode, right_cnt);
}

static void
test_jump(uint8_t opcode)
{
	bool is_imm = BPF_SRC(opcode) == BPF_K;

	for (size_t i = 0; i < (is_imm ? IMMS : 2); i++) {
		begin_program();
		put(MOV64_X, 5, 1, 0, 0);
		put(MOV64_X, 6, 2, 0, 0);
		put(opcode, 5, is_imm ? 0 : i == 0 ? 6 : 5, 1, is_imm ? imms[i] : 0);
		end_jump(opcode, is_imm ? 1 : EDGES);
	}
}

/* ---- memory ---- */

/* Of the packet, and of the stack near and far, where words of both begin and end. */
static void
test_load(uint8_t opcode)
{
	for (int16_t off = 0; off < 20; off++) {
		begin_program();
		put(opcode, 1, 8, off, 0);
		test(opcode, 1);
	}
	for (int16_t at = -16; at >= -200; at = (int16_t)(at - 8)) {
		int16_t off = (int16_t)(at & -(1 << (BPF_SIZE(opcode) == BPF_B	   ? 0
						       : BPF_SIZE(opcode) == BPF_H ? 1
						       : BPF_SIZE(opcode) == BPF_W ? 2
										   : 3)));

		begin_program();
		put(STORE(BPF_DW), 10, 1, at, 0);
		put(STORE(BPF_DW), 10, 2, (int16_t)(at + 8), 0);
		put(opcode, 1, 10, off, 0);
		put(opcode, 2, 10, (int16_t)(at + 8), 0);
		test(opcode, 2);
	}
}

static void
test_store(uint8_t opcode)
{
	static const int16_t bytes[] = { 4, 2, 1, 8 };
	int16_t size = bytes[BPF_SIZE(opcode) >> 3];

	for (int16_t off = 32; off < 52; off++) {
		begin_program();
		put(opcode, 8, 1, off, 0);
		test(opcode, 1);
	}
	for (int16_t at = -8; at >= -200; at = (int16_t)(at - size)) {
		begin_program();
		put(STORE(BPF_DW), 10, 2, (int16_t)(at & -8), 0);
		put(opcode, 10, 1, at, 0);
		put(LOAD(BPF_DW), 1, 10, (int16_t)(at & -8), 0);
		test(opcode, 2);
	}
}

/* r0 = the value of key 0 of the array, map 1 */
static void
look_up(void)
{
	put(MOV64_X, 7, 1, 0, 0);
	put(MOV64_X, 6, 2, 0, 0);
	put(MOV64_K, 1, 0, 0, 0);
	put(STORE(BPF_W), 10, 1, -4, 0);
	put(BPF_LD | BPF_IMM | BPF_DW, 1, BPF_PSEUDO_MAP_IDX, 0, 1);
	put(0, 0, 0, 0, 0);
	put(MOV64_X, 2, 10, 0, 0);
	put(BPF_ALU64 | BPF_ADD | BPF_K, 2, 0, 0, -4);
	put(BPF_JMP | BPF_CALL, 0, 0, 0, BPF_FUNC_map_lookup_elem);
	put(BPF_JMP | BPF_JNE | BPF_K, 0, 0, 1, 0);
	put(BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
	put(MOV64_X, 1, 7, 0, 0);
	put(MOV64_X, 2, 6, 0, 0);
}

static void
test_atomic(uint8_t opcode)
{
	int16_t size = BPF_SIZE(opcode) == BPF_DW ? 8 : 4;

	for (enum known known = ANY; known <= LOW_16; known++)
		for (int16_t off = 0; off < 48; off = (int16_t)(off + size)) {
			begin_program();
			look_up();
			bound(1, known);
			put(opcode, 0, 1, off, BPF_ADD);
			test(opcode, 1);
		}
}

static void
test_value_load(uint8_t opcode)
{
	for (int16_t off = 0; off < 48; off++) {
		begin_program();
		look_up();
		put(opcode, 1, 0, off, 0);
		test(opcode, 1);
	}
}

static void
test_wide(uint8_t opcode)
{
	for (size_t i = 0; i < EDGES; i++) {
		begin_program();
		put(opcode, 1, 0, 0, (int32_t)edges[i]);
		put(0, 0, 0, 0, (int32_t)(edges[i] >> 32));
		test(opcode, 1);
	}
}

static void
test_call(uint8_t opcode)
{
	begin_program();
	put(MOV64_X, 7, 1, 0, 0);
	put(MOV64_X, 6, 2, 0, 0);
	put(opcode, 0, 0, 0, BPF_FUNC_get_prandom_u32);
	put(MOV64_X, 1, 0, 0, 0);
	put(MOV64_X, 2, 6, 0, 0);
	test(opcode, 2);
	is_tested[BPF_JMP | BPF_EXIT] = is_tested[opcode];
}

/* ---- all ---- */

static void
test_opcode(uint8_t opcode)
{
	uint8_t class = BPF_CLASS(opcode), op = BPF_OP(opcode);

	if (class == BPF_ALU || class == BPF_ALU64) {
		if (op == BPF_END)
			test_end(opcode);
		else if (BPF_SRC(opcode) == BPF_X)
			test_alu_reg(opcode);
		else
			test_alu_imm(opcode);
	} else if (class == BPF_LDX) {
		test_load(opcode);
		test_value_load(opcode);
	} else if (class == BPF_STX) {
		if (BPF_MODE(opcode) == BPF_ATOMIC)
			test_atomic(opcode);
		else
			test_store(opcode);
	} else if (class == BPF_LD) {
		test_wide(opcode);
	} else if (op == BPF_CALL) {
		test_call(opcode);
	} else if (op == BPF_JA) {
		begin_program();
		put(BPF_JMP | BPF_JEQ | BPF_K, 1, 0, 1,
			0); /* or nobody reaches what is jumped over */
		put(opcode, 0, 0, 1, 0);
		end_jump(opcode, 1);
	} else if (op != BPF_EXIT) {
		test_jump(opcode);
	}
}

/* Classic loads are for tc, and stores of constants have no code (nfp-isa.md 14.5). */
static bool
is_never(uint8_t opcode)
{
	return BPF_CLASS(opcode) == BPF_ST ||
	       (BPF_CLASS(opcode) == BPF_LD && BPF_MODE(opcode) != BPF_IMM);
}

static void
every_instruction_does_the_same_on_card_and_host(void **state)
{
	static const uint8_t opcodes[] = {
#define ROW(opcode, name) opcode,
#include "jit-nfp/translate.def"
#undef ROW
	};

	(void)state;
	for (size_t i = 0; i < sizeof(opcodes); i++) {
		if (is_never(opcodes[i]))
			continue;
		test_opcode(opcodes[i]);
		if (!is_tested[opcodes[i]])
			fail_msg("%#x: no program with it is taken", opcodes[i]);
	}
	print_message("%lu programs, %lu runs; %lu programs refused; %lu runs differ by a quirk:",
		programs, runs, refused, quirks);
	for (uint32_t i = 0; i < JIT_RULE_CNT; i++)
		if (rules[i])
			print_message(" %s %lu", jit_rule_info(i)->name, rules[i]);
	print_message("\n");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_instruction_does_the_same_on_card_and_host),
	};

	return cmocka_run_group_tests(tests, begin, end);
}
