/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Programs that the driver's code does not do, found by jit_random_test: with the quirk that is
 * found for each, on a packet that shows it, and as the finding says to write them, when both sides
 * do the same and nothing is found.
 */
#include "tests/_cmocka.h"
#include "tests/diff/jit_pair.h"
#include "tests/verifier/bpf_asm.h"

#include <string.h>

/* r1: the context, r2, r3: packet and its end; 32 bytes are there. */
#define PACKET                                                                                     \
	"r7 = r1\nr2 = *(u32 *)(r1 +0)\nr3 = *(u32 *)(r1 +4)\nr4 = r2\nr4 += 32\n"                 \
	"if r4 > r3 goto pc@end\n"
#define SHOW "*(u64 *)(r2 +0) = r0\n"
#define END "end:\nr0 = 2\nexit\n"
/* Two ways to the next instruction, the first byte of the packet is 0x21: the second. */
#define FORK(one, two) "r4 = *(u8 *)(r2 +0)\n" one "\nif r4 == 0 goto pc@joined\n" two "\njoined:\n"
#define LOOK_UP                                                                                    \
	"r8 = r2\nr5 = 0\n*(u32 *)(r10 -4) = r5\nr2 = r10\nr2 += -4\nr1 = map[idx:1]\n"            \
	"call bpf_map_lookup_elem#1\nif r0 == 0x0 goto pc@end\nr2 = r8\n"

/* A key that is there, and is not where the frame begins; r2 must point to it. */
#define KEY "r7 = 0\n*(u64 *)(r10 -16) = r7\n*(u64 *)(r10 -24) = r7\n"
#define FIND                                                                                       \
	"r1 = map[idx:1]\ncall bpf_map_lookup_elem#1\nif r0 == 0x0 goto pc@none\nr0 = 1\nexit\n"   \
	"none:\nr0 = 2\nexit\n"
/* The walk keeps a state every 8 instructions with 2 jumps. */
#define LONG                                                                                       \
	"r1 = *(u8 *)(r2 +1)\nif r1 == 0x1 goto pc@joined\n"                                       \
	"r1 = 1\nr1 = 2\nr1 = 3\nr1 = 4\nr1 = 5\nr1 = 6\nr1 = 7\n"

static const struct {
	enum jit_rule rule;
	const char *wrong, *right;
} cases[] = {
	{ JIT_RULE_QUIRK_SHIFT_SIGN, PACKET "r0 = 64\nr5 = *(u32 *)(r2 +8)\nr0 s>>= r5\n" SHOW END,
		PACKET "r0 = 64\nr5 = *(u32 *)(r2 +8)\nr5 &= 63\nr0 s>>= r5\n" SHOW END },
	{ JIT_RULE_QUIRK_SHIFT_SIGN, PACKET "r0 = 64\nr5 = *(u32 *)(r2 +8)\nw0 s>>= w5\n" SHOW END,
		PACKET "r0 = 64\nr5 = *(u32 *)(r2 +8)\nr5 &= 31\nw0 s>>= w5\n" SHOW END },
	{ JIT_RULE_QUIRK_SHIFT_ITSELF, PACKET "r0 = *(u64 *)(r2 +16)\nr0 >>= r0\n" SHOW END,
		PACKET "r0 = *(u64 *)(r2 +16)\nr5 = r0\nr0 >>= r5\n" SHOW END },
	/* r5 is 3 when the walk comes first, and then 40: no check needs to know */
	{ JIT_RULE_QUIRK_UNSEEN_PATH,
		PACKET FORK("r5 = 40", "r5 = 3") "r0 = 1000\nr0 <<= r5\n" SHOW END,
		PACKET FORK("r0 = 1000\nr0 <<= 40", "r0 = 1000\nr0 <<= 3") SHOW END },
	{ JIT_RULE_QUIRK_UNSEEN_PATH,
		PACKET FORK("r5 = 7", "r5 = 9") "r0 = 1000\nr0 /= r5\n" SHOW END, NULL },
	{ JIT_RULE_QUIRK_UNSEEN_PATH,
		PACKET FORK("r5 = 70000", "r5 = 9") "r0 = 100000\nr5 *= r5\nr0 = r5\n" SHOW END,
		PACKET FORK("r5 = 7000", "r5 = 9") "r0 = 100000\nr5 *= r5\nr0 = r5\n" SHOW END },
	{ JIT_RULE_QUIRK_UNSEEN_PATH,
		PACKET LOOK_UP FORK(
			"r5 = 70000", "r5 = 9\n" LONG) "lock *(u32 *)(r0 +40) += r5\n" END,
		NULL },
	{ JIT_RULE_QUIRK_POINTER_MOVES,
		PACKET
		"r5 = r2\n" FORK("r5 = r2", "r5 += 1") "r0 = *(u8 *)(r5 +8)\nr1 = *(u8 *)(r2 "
						       "+8)\nr0 <<= 8\nr0 |= r1\n" SHOW END,
		PACKET "r5 = r2\n" FORK("r5 = r2",
			"r5 += 1") "r0 = *(u8 *)(r5 +8)\ngoto pc@next\nnext:\nr1 = *(u8 *)(r2 +8)\n"
				   "r0 <<= 8\nr0 |= r1\n" SHOW END },
	{ JIT_RULE_QUIRK_HEAD_RANGE, "r2 = 120\ncall bpf_xdp_adjust_head#44\nr0 += 1\nexit\n",
		"r2 = 40\ncall bpf_xdp_adjust_head#44\nr0 += 1\nexit\n" },
	{ JIT_RULE_QUIRK_HEAD_UNTESTED,
		"r7 = r1\nr2 = -40\ncall bpf_xdp_adjust_tail#65\nr1 = r7\nr2 = 40\n"
		"call bpf_xdp_adjust_head#44\nr0 += 1\nexit\n",
		"r7 = r1\nr2 = -40\ncall bpf_xdp_adjust_tail#65\nr1 = r7\nr2 = -4\n"
		"call bpf_xdp_adjust_head#44\nr0 += 1\nexit\n" },
	{ JIT_RULE_QUIRK_HEAD_UNTESTED,
		"r7 = r1\nr6 = 0\nagain:\nr1 = r7\nr2 = 40\ncall bpf_xdp_adjust_head#44\n"
		"r6 += 1\nif r6 < 5 goto pc@again\nr0 += 1\nexit\n",
		NULL },
	{ JIT_RULE_QUIRK_HEAD_UNTESTED,
		"r7 = r1\ncall pc@f\nr1 = r7\ncall pc@f\nr0 += 1\nexit\n"
		"f:\nr2 = 44\ncall bpf_xdp_adjust_head#44\nexit\n",
		NULL },
	{ JIT_RULE_QUIRK_KEY_OUTER,
		"r7 = 0\n*(u32 *)(r10 -20) = r7\nr2 = r10\nr2 += -20\ncall pc@f\nexit\n"
		"f:\nr5 = 77\n*(u64 *)(r10 -16) = r5\n" FIND,
		NULL },
	{ JIT_RULE_QUIRK_FRAME_POINTER,
		KEY "*(u64 *)(r10 -8) = r10\nr2 = *(u64 *)(r10 -8)\nr2 += -16\n" FIND,
		KEY "r6 = r10\n*(u64 *)(r10 -8) = r6\nr2 = *(u64 *)(r10 -8)\nr2 += -16\n" FIND },
	{ JIT_RULE_QUIRK_FRAME_POINTER, KEY "r2 = -16\nr2 += r10\n" FIND,
		KEY "r2 = r10\nr2 += -16\n" FIND },
	{ JIT_RULE_QUIRK_LOOP_AT_START,
		"r1 = 0x1\ncall pc@f\nexit\n"
		"f:\nr0 = 300\nr1 += 1\nif r1 == 0x2 goto pc@f\nexit\n",
		"r1 = 0x1\ncall pc@f\nexit\n"
		"f:\nr0 = 300\nagain:\nr1 += 1\nif r1 == 0x2 goto pc@again\nexit\n" },
};

static struct pair *pair;

static int
begin(void **state)
{
	(void)state;
	pair = pair_new();
	return pair ? 0 : -1;
}

static int
end(void **state)
{
	(void)state;
	pair_free(pair);
	return 0;
}

static void
load(const char *text)
{
	struct bpf_insn insns[128];
	char why[160];
	int cnt = asm_parse(text, insns, 128, why, sizeof(why));

	if (cnt < 0)
		fail_msg("%s:\n%s", why, text);
	if (pair_load(pair, insns, (uint32_t)cnt, 1) != PAIR_LOADED)
		fail_msg("%s:\n%s", pair_text(pair), text);
}

static uint32_t
count_findings(enum jit_rule rule)
{
	uint32_t cnt, n = 0;
	const struct jit_finding *findings = jit_prog_findings(pair_prog(pair), &cnt);

	for (uint32_t i = 0; i < cnt; i++)
		n += findings[i].rule == rule;
	return n;
}

/* A frame whose first byte is `first`, with an amount of 33 whose bit 31 is set at 8, and a number
 * that is a small amount in its low half at 16. */
static enum pair_answer
run(uint8_t first, uint32_t len)
{
	static struct pair_packet packet;
	const uint32_t amount = 0x80000021, itself[] = { 0x00000104, 0x00000077 };

	for (uint32_t i = 0; i < CARD_BUFFER_BYTES; i++)
		packet.bytes[i] = (uint8_t)(i * 7);
	packet.len = len;
	packet.bytes[CARD_PACKET_AT] = first;
	memcpy(packet.bytes + CARD_PACKET_AT + 8, &amount, 4);
	memcpy(packet.bytes + CARD_PACKET_AT + 16, itself, 8);
	return pair_run(pair, &packet, 1);
}

/* How many of the runs answer so; one that differs and is not explained fails. */
static uint32_t
run_all(const char *text, enum pair_answer answer)
{
	static const struct {
		uint8_t first;
		uint32_t len;
	} packets[] = { { 0, 64 }, { 0x21, 64 }, { 0, 300 }, { 0x21, 300 } };
	uint32_t cnt = 0;

	for (size_t i = 0; i < sizeof(packets) / sizeof(*packets); i++) {
		enum pair_answer got = run(packets[i].first, packets[i].len);

		if (got == PAIR_DIFFERENT)
			fail_msg("%s:\n%s", pair_text(pair), text);
		cnt += got == answer;
	}
	return cnt;
}

static void
each_quirk_is_found_and_shows(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const char *name = jit_rule_info(cases[i].rule)->name;

		load(cases[i].wrong);
		if (count_findings(cases[i].rule) == 0)
			fail_msg("%s is not found:\n%s", name, cases[i].wrong);
		if (run_all(cases[i].wrong, PAIR_QUIRK) == 0)
			fail_msg("%s does not show:\n%s", name, cases[i].wrong);
	}
}

static void
written_otherwise_nothing_is_found_and_all_is_well(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		if (cases[i].right == NULL)
			continue;
		load(cases[i].right);
		if (count_findings(cases[i].rule) != 0)
			fail_msg("%s is found:\n%s", jit_rule_info(cases[i].rule)->name,
				cases[i].right);
		if (run_all(cases[i].right, PAIR_QUIRK) != 0)
			fail_msg("%s:\n%s", pair_text(pair), cases[i].right);
	}
}

/* reciprocal_value_adv() in the host's kernel divides by it. Here the quotient is eBPF's. */
static void
division_by_a_register_that_is_zero_is_a_finding_and_no_crash(void **state)
{
	static const char *const texts[] = {
		PACKET "r5 = 0\nr0 = 1000\nr0 /= r5\nr0 += 7\n" SHOW END,
		PACKET "r5 = 0\nr0 = 1000\nw0 /= w5\nr0 += 7\n" SHOW END,
	};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		load(texts[i]);
		assert_int_equal(count_findings(JIT_RULE_QUIRK_DIV_ZERO), 1);
		assert_int_equal(run_all(texts[i], PAIR_QUIRK), 0);
	}
}

/* The driver leaves out `r6 = r1` behind registers that are cleared (nfp-isa.md 11.1). Were r1
 * cleared, r6 would be wrong; but there r1 is the context, and no verifier takes its XOR. */
static void
cleared_context_never_comes_to_the_driver(void **state)
{
	static const char *const texts[] = {
		"r1 ^= r1\nr6 = r1\nr0 = r6\nexit\n",
		"r0 ^= r0\nr6 = r1\nexit\n",
	};
	struct bpf_insn insns[8];
	char why[160];

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		int cnt = asm_parse(texts[i], insns, 8, why, sizeof(why));

		assert_true(cnt > 0);
		assert_int_equal(pair_load(pair, insns, (uint32_t)cnt, 1), PAIR_REFUSED);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_quirk_is_found_and_shows),
		cmocka_unit_test(written_otherwise_nothing_is_found_and_all_is_well),
		cmocka_unit_test(division_by_a_register_that_is_zero_is_a_finding_and_no_crash),
		cmocka_unit_test(cleared_context_never_comes_to_the_driver),
	};

	return cmocka_run_group_tests(tests, begin, end);
}
