/* SPDX-License-Identifier: BSD-2-Clause */
/* See quirk_cases.h. */
#include "tests/diff/quirk_cases.h"

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
#define PACKET_2                                                                                   \
	"r2 = *(u32 *)(r1 +0)\nr3 = *(u32 *)(r1 +4)\nr4 = r2\nr4 += 32\nif r4 <= r3 goto pc+1\n"   \
	"exit\n"
/* A copy by half words, 216 bytes further on. */
#define HALF(from, to) "r5 = *(u16 *)(r2 +" #from ")\n*(u16 *)(r2 +" #to ") = r5\n"
/* clang-format off */
#define HALVES                                                                                     \
	HALF(0, 216) HALF(2, 218) HALF(4, 220) HALF(6, 222) HALF(8, 224) HALF(10, 226)             \
	HALF(12, 228) HALF(14, 230) HALF(16, 232) HALF(18, 234) HALF(20, 236) HALF(22, 238)        \
	HALF(24, 240) HALF(26, 242) HALF(28, 244) HALF(30, 246) HALF(32, 248) HALF(34, 250)        \
	HALF(36, 252) HALF(38, 254) HALF(40, 256)
/* clang-format on */
#define FAR "r4 = r2\nr4 += 300\nif r4 > r3 goto pc@end\n"
/* A key of 6 bytes in 8, of map 2. */
#define ODD_KEY(key)                                                                               \
	"r8 = r2\nr5 = " key "\n*(u64 *)(r10 -8) = r5\nr2 = r10\nr2 += -8\nr1 = map[idx:2]\n"      \
	"call bpf_map_lookup_elem#1\nr2 = r8\nr0 = *(u64 *)(r10 -8)\n"
/* A key and a value of map 0, and the packet's place. */
#define HOLD                                                                                       \
	"r8 = r2\nr5 = 0\n*(u32 *)(r10 -4) = r5\nr5 = 77\n*(u64 *)(r10 -16) = r5\n"                \
	"*(u64 *)(r10 -24) = r5\n"
#define LOOK_UP_0                                                                                  \
	"r2 = r10\nr2 += -4\nr1 = map[idx:0]\ncall bpf_map_lookup_elem#1\n"                        \
	"if r0 == 0x0 goto pc@end\n"
#define UPDATE_0                                                                                   \
	"r2 = r10\nr2 += -4\nr3 = r10\nr3 += -24\nr4 = 0\nr1 = map[idx:0]\n"                       \
	"call bpf_map_update_elem#2\n"

const struct quirk_case quirk_cases[] = {
	{ "arithmetic_shift_by_an_amount_whose_bit_31_is_set", JIT_RULE_QUIRK_SHIFT_SIGN,
		PACKET "r0 = 64\nr5 = *(u32 *)(r2 +8)\nr0 s>>= r5\n" SHOW END,
		PACKET "r0 = 64\nr5 = *(u32 *)(r2 +8)\nr5 &= 63\nr0 s>>= r5\n" SHOW END },
	{ "arithmetic_shift_of_32_bits_by_an_amount_whose_bit_31_is_set", JIT_RULE_QUIRK_SHIFT_SIGN,
		PACKET "r0 = 64\nr5 = *(u32 *)(r2 +8)\nw0 s>>= w5\n" SHOW END,
		PACKET "r0 = 64\nr5 = *(u32 *)(r2 +8)\nr5 &= 31\nw0 s>>= w5\n" SHOW END },
	{ "shift_by_itself", JIT_RULE_QUIRK_SHIFT_ITSELF,
		PACKET "r0 = *(u64 *)(r2 +16)\nr0 >>= r0\n" SHOW END,
		PACKET "r0 = *(u64 *)(r2 +16)\nr5 = r0\nr0 >>= r5\n" SHOW END },
	/* r5 is 3 when the walk comes first, and then 40: no check needs to know */
	{ "shift_by_a_number_of_another_path", JIT_RULE_QUIRK_UNSEEN_PATH,
		PACKET FORK("r5 = 40", "r5 = 3") "r0 = 1000\nr0 <<= r5\n" SHOW END,
		PACKET FORK("r0 = 1000\nr0 <<= 40", "r0 = 1000\nr0 <<= 3") SHOW END },
	{ "division_by_a_number_of_another_path", JIT_RULE_QUIRK_UNSEEN_PATH,
		PACKET FORK("r5 = 7", "r5 = 9") "r0 = 1000\nr0 /= r5\n" SHOW END, NULL },
	{ "product_of_a_number_of_another_path", JIT_RULE_QUIRK_UNSEEN_PATH,
		PACKET FORK("r5 = 70000", "r5 = 9") "r0 = 100000\nr5 *= r5\nr0 = r5\n" SHOW END,
		PACKET FORK("r5 = 7000", "r5 = 9") "r0 = 100000\nr5 *= r5\nr0 = r5\n" SHOW END },
	{ "addition_of_a_number_of_another_path", JIT_RULE_QUIRK_UNSEEN_PATH,
		PACKET LOOK_UP FORK(
			"r5 = 70000", "r5 = 9\n" LONG) "lock *(u32 *)(r0 +40) += r5\n" END,
		NULL },
	{ "pointer_that_is_elsewhere_on_another_path", JIT_RULE_QUIRK_POINTER_MOVES,
		PACKET
		"r5 = r2\n" FORK("r5 = r2", "r5 += 1") "r0 = *(u8 *)(r5 +8)\nr1 = *(u8 *)(r2 "
						       "+8)\nr0 <<= 8\nr0 |= r1\n" SHOW END,
		PACKET "r5 = r2\n" FORK("r5 = r2",
			"r5 += 1") "r0 = *(u8 *)(r5 +8)\ngoto pc@next\nnext:\nr1 = *(u8 *)(r2 +8)\n"
				   "r0 <<= 8\nr0 |= r1\n" SHOW END },
	{ "head_that_moves_too_far", JIT_RULE_QUIRK_HEAD_RANGE,
		"r2 = 120\ncall bpf_xdp_adjust_head#44\nr0 += 1\nexit\n",
		"r2 = 40\ncall bpf_xdp_adjust_head#44\nr0 += 1\nexit\n" },
	{ "head_that_moves_after_a_cut", JIT_RULE_QUIRK_HEAD_UNTESTED,
		"r7 = r1\nr2 = -40\ncall bpf_xdp_adjust_tail#65\nr1 = r7\nr2 = 40\n"
		"call bpf_xdp_adjust_head#44\nr0 += 1\nexit\n",
		"r7 = r1\nr2 = -40\ncall bpf_xdp_adjust_tail#65\nr1 = r7\nr2 = -4\n"
		"call bpf_xdp_adjust_head#44\nr0 += 1\nexit\n" },
	{ "head_that_moves_in_a_loop", JIT_RULE_QUIRK_HEAD_UNTESTED,
		"r7 = r1\nr6 = 0\nagain:\nr1 = r7\nr2 = 40\ncall bpf_xdp_adjust_head#44\n"
		"r6 += 1\nif r6 < 5 goto pc@again\nr0 += 1\nexit\n",
		NULL },
	{ "head_that_moves_in_a_function_called_twice", JIT_RULE_QUIRK_HEAD_UNTESTED,
		"r7 = r1\ncall pc@f\nr1 = r7\ncall pc@f\nr0 += 1\nexit\n"
		"f:\nr2 = 44\ncall bpf_xdp_adjust_head#44\nexit\n",
		NULL },
	{ "key_in_an_outer_frame", JIT_RULE_QUIRK_KEY_OUTER,
		"r7 = 0\n*(u32 *)(r10 -20) = r7\nr2 = r10\nr2 += -20\ncall pc@f\nexit\n"
		"f:\nr5 = 77\n*(u64 *)(r10 -16) = r5\n" FIND,
		NULL },
	{ "frame_pointer_is_stored", JIT_RULE_QUIRK_FRAME_POINTER,
		KEY "*(u64 *)(r10 -8) = r10\nr2 = *(u64 *)(r10 -8)\nr2 += -16\n" FIND,
		KEY "r6 = r10\n*(u64 *)(r10 -8) = r6\nr2 = *(u64 *)(r10 -8)\nr2 += -16\n" FIND },
	{ "frame_pointer_is_added", JIT_RULE_QUIRK_FRAME_POINTER, KEY "r2 = -16\nr2 += r10\n" FIND,
		KEY "r2 = r10\nr2 += -16\n" FIND },
	{ "function_that_begins_with_a_loop", JIT_RULE_QUIRK_LOOP_AT_START,
		"r1 = 0x1\ncall pc@f\nexit\n"
		"f:\nr0 = 300\nr1 += 1\nif r1 == 0x2 goto pc@f\nexit\n",
		"r1 = 0x1\ncall pc@f\nexit\n"
		"f:\nr0 = 300\nagain:\nr1 += 1\nif r1 == 0x2 goto pc@again\nexit\n" },
	{ "smallest_constant_is_added", JIT_RULE_QUIRK_NEGATED_MIN,
		PACKET "r0 = *(u64 *)(r2 +16)\nr0 += -2147483648\n" SHOW END,
		PACKET "r0 = *(u64 *)(r2 +16)\nr5 = -2147483648\nr0 += r5\n" SHOW END },
	{ "copy_that_overlaps", JIT_RULE_QUIRK_COPY_OVERLAP,
		PACKET "r5 = *(u64 *)(r2 +0)\n*(u64 *)(r2 +12) = r5\nr5 = *(u64 *)(r2 +8)\n"
		       "*(u64 *)(r2 +20) = r5\n" END,
		PACKET "r5 = *(u64 *)(r2 +0)\n*(u64 *)(r2 +12) = r5\nr0 = *(u64 *)(r2 +8)\n"
		       "*(u64 *)(r2 +20) = r0\n" END },
	{ "register_of_a_copy_is_read", JIT_RULE_QUIRK_COPY_REGISTER,
		PACKET "r5 = *(u32 *)(r2 +8)\n*(u32 *)(r2 +20) = r5\nr5 = *(u32 *)(r2 +12)\n"
		       "*(u32 *)(r2 +24) = r5\nr0 = r5\n" SHOW END,
		PACKET "r5 = *(u32 *)(r2 +8)\n*(u32 *)(r2 +20) = r5\nr5 = *(u32 *)(r2 +12)\n"
		       "*(u32 *)(r2 +24) = r5\nr0 = *(u32 *)(r2 +12)\n" SHOW END },
	{ "rest_of_a_copy_far_away", JIT_RULE_QUIRK_COPY_REST, PACKET FAR HALVES END,
		PACKET FAR "r3 = r2\nr2 += 216\nr2 += -216\n" END },
	{ "value_before_its_pointer", JIT_RULE_QUIRK_MAP_OFFSET,
		PACKET LOOK_UP "r0 += 8\nr0 = *(u32 *)(r0 -4)\n" SHOW END,
		PACKET LOOK_UP "r0 += 8\nr0 += -4\nr0 = *(u32 *)(r0 +0)\n" SHOW END },
	{ "byte_of_an_outer_frame", JIT_RULE_QUIRK_STACK_OUTER,
		PACKET "r8 = r2\nr5 = *(u64 *)(r2 +16)\n*(u64 *)(r10 -8) = r5\nr1 = r10\n"
		       "r1 += -8\ncall pc@f\nr2 = r8\n" SHOW END "f:\nr0 = *(u8 *)(r1 +3)\nexit\n",
		PACKET "r8 = r2\nr5 = *(u64 *)(r2 +16)\n*(u64 *)(r10 -8) = r5\nr1 = r10\n"
		       "r1 += -8\ncall pc@f\nr2 = r8\n" SHOW END
		       "f:\nr0 = *(u32 *)(r1 +0)\nr0 &= 255\nexit\n" },
	{ "shift_to_the_left_by_zero", JIT_RULE_QUIRK_LSH_BY_ZERO,
		PACKET "r5 = *(u8 *)(r2 +0)\nr5 &= 31\nr0 = *(u64 *)(r2 +16)\nr0 <<= r5\n" SHOW END,
		PACKET "r5 = *(u8 *)(r2 +0)\nr5 &= 31\nr0 = *(u64 *)(r2 +16)\n"
		       "if r5 == 0x0 goto pc@show\nr0 <<= r5\nshow:\n" SHOW END },
	{ "division_by_1", JIT_RULE_QUIRK_DIV_SHIFT,
		PACKET "r0 = *(u32 *)(r2 +8)\nw0 += 3\nr0 /= 1\n" SHOW END,
		PACKET "r0 = *(u32 *)(r2 +8)\nw0 += 3\nr0 /= 3\n" SHOW END },
	{ "shift_by_more_than_63", JIT_RULE_QUIRK_SHIFT_FAR,
		PACKET "r5 = *(u8 *)(r2 +8)\nr5 &= 31\nr5 += 64\nr0 = 5\nr0 <<= r5\n" SHOW END,
		PACKET "r5 = *(u8 *)(r2 +8)\nr5 &= 31\nr5 += 64\nr5 &= 63\nr0 = 5\nif r5 == 0x0 "
		       "goto pc@show\nr0 <<= r5\nshow:\n" SHOW END },
	{ "product_of_16_bits_leaves_the_high_half", JIT_RULE_QUIRK_HIGH_HALF,
		PACKET LOOK_UP
		"r1 = *(u64 *)(r2 +16)\nr1 = *(u16 *)(r0 +0)\nw1 *= 3\nr0 = r1\n" SHOW END,
		NULL },
	{ "key_with_something_behind_it", JIT_RULE_QUIRK_KEY_PADDING,
		PACKET ODD_KEY("0x1000000000001") SHOW END, PACKET ODD_KEY("1") SHOW END },
	{ "tail_that_grows", JIT_RULE_QUIRK_TAIL_GROWS,
		"r2 = 8\ncall bpf_xdp_adjust_tail#65\nr0 += 1\nexit\n",
		"r2 = -8\ncall bpf_xdp_adjust_tail#65\nr0 += 1\nexit\n" },
};

const struct quirk_case quirk_firmware_cases[] = {
	{ "random_number", JIT_RULE_QUIRK_RANDOM,
		PACKET "r8 = r2\ncall bpf_get_prandom_u32#7\nr2 = r8\n" SHOW END, NULL },
	{ "value_that_is_held_over_an_update", JIT_RULE_QUIRK_VALUE_HELD,
		PACKET HOLD UPDATE_0 LOOK_UP_0 "r9 = r0\nr5 = 78\n*(u64 *)(r10 -24) = r5\n" UPDATE_0
					       "r0 = *(u32 *)(r9 +0)\nr2 = r8\n" SHOW END,
		PACKET HOLD UPDATE_0 LOOK_UP_0
		"r5 = 78\n*(u64 *)(r10 -24) = r5\n" UPDATE_0 LOOK_UP_0
		"r0 = *(u32 *)(r0 +0)\nr2 = r8\n" SHOW END },
	{ "result_of_redirect", JIT_RULE_QUIRK_REDIRECT, "r0 = 4\nexit\n", "r0 = 3\nexit\n" },
};

const struct quirk_case quirk_tc_cases[] = {
	{ "shifts_in_the_wrong_order", JIT_RULE_QUIRK_SHIFTS_REVERSED,
		"r6 = r1\nr0 = *(u32 *)skb[16]\nr0 >>= 32\nr0 <<= 32\n"
		"if r0 == 0x0 goto pc@pass\nr0 = 2\nexit\npass:\nr0 = -1\nexit\n",
		"r6 = r1\nr0 = *(u32 *)skb[16]\nr0 <<= 32\nr0 >>= 32\n"
		"if r0 == 0x0 goto pc@pass\nr0 = 2\nexit\npass:\nr0 = -1\nexit\n" },
	{ "classic_load_behind_16_bits", JIT_RULE_QUIRK_CLASSIC_OFFSET,
		"r6 = r1\nr0 = *(u8 *)skb[65536]\nr0 = 2\nexit\n",
		"r6 = r1\nr0 = *(u8 *)skb[1024]\nr0 = 2\nexit\n" },
	{ "classic_load_by_an_index_that_wraps", JIT_RULE_QUIRK_INDEX_WRAPS,
		"r6 = r1\nw7 = -16\nr0 = *(u32 *)skb[r7 + 12]\nr0 = 2\nexit\n",
		"r6 = r1\nw7 = 16\nr0 = *(u32 *)skb[r7 + 12]\nr0 = 2\nexit\n" },
};
const struct quirk_case quirk_crash_cases[] = {
	{ "division_by_a_register_that_is_zero", JIT_RULE_QUIRK_DIV_ZERO,
		PACKET "r5 = 0\nr0 = 1000\nr0 /= r5\nr0 += 7\n" SHOW END, NULL },
	{ "division_of_32_bits_by_a_register_that_is_zero", JIT_RULE_QUIRK_DIV_ZERO,
		PACKET "r5 = 0\nr0 = 1000\nw0 /= w5\nr0 += 7\n" SHOW END, NULL },
	{ "copy_right_before_the_last_exit", JIT_RULE_QUIRK_COPY_CRASH,
		"r0 = 2\n" PACKET_2 "r5 = *(u32 *)(r2 +0)\n*(u32 *)(r2 +12) = r5\nexit\n", NULL },
};

#define X(table, what) const size_t table##_cnt = sizeof(table) / sizeof((table)[0]);
QUIRK_TABLE_LIST(X)
#undef X

/* The first byte is `first`; an amount of 33 whose bit 31 is set at 8, and at 16 a number that is a
 * small amount in its low half. */
uint32_t
quirk_packet(uint32_t n, uint8_t *data)
{
	static const struct {
		uint8_t first;
		uint32_t len;
	} packets[] = { { 0, 64 }, { 0x21, 64 }, { 0, 300 }, { 0x21, 600 } };
	const uint32_t amount = 0x80000021, itself[] = { 0x00000104, 0x00000077 };

	if (n >= sizeof(packets) / sizeof(packets[0]))
		return 0;
	for (uint32_t i = 0; i < QUIRK_PACKET_BYTES; i++)
		data[i] = (uint8_t)(i * 7);
	data[0] = packets[n].first;
	memcpy(data + 8, &amount, 4);
	memcpy(data + 16, itself, 8);
	return packets[n].len;
}
