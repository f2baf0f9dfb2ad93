/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The passes one by one: a program, and its listing behind the pass. The last ones do not fit into
 * a line and are made by loops.
 */
#include "tests/unit/jit-nfp/program.h"

#include "tests/_cmocka.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NO_FINDING JIT_RULE_CNT

struct opt_case {
	const char *name;
	const char *pass; /* its letter */
	const char *before;
	const char *after;  /* without the instructions' numbers */
	enum jit_rule rule; /* NO_FINDING, or found at slot */
	int32_t slot;
};

/* One pass a list, so that JIT_RULE_CNT need not be written in each. */
#define CASE(name, pass, before, after)                                                            \
	{                                                                                          \
		name, pass, before, after, NO_FINDING, 0                                           \
	}
#define FOUND(rule, slot, name, pass, before, after)                                               \
	{                                                                                          \
		name, pass, before, after, JIT_RULE_##rule, slot                                   \
	}

static const struct opt_case reg_init_cases[] = {
	CASE("the copy of the context at the beginning", "r",
		"r0 ^= r0\n"
		"r7 ^= r7\n"
		"r6 = r1\n"
		"r6 = r1\n"
		"r7 = r1\n"
		"r6 = r1\n",
		"r0 ^= r0\n"
		"r7 ^= r7\n"
		"r6 = r1  ; skip\n"
		"r6 = r1  ; skip\n"
		"r7 = r1\n"
		"r6 = r1\n"),
	CASE("anything else ends it", "r",
		"r0 ^= r1\n"
		"r6 = r1\n",
		"r0 ^= r1\n"
		"r6 = r1\n"),
	CASE("32-bit instructions end it", "r",
		"w0 ^= w0\n"
		"r6 = r1\n",
		"w0 ^= w0\n"
		"r6 = r1\n"),
	CASE("a dead instruction does not", "r",
		"r0 = 7 ; dead\n"
		"r6 = r1\n",
		"r0 = 7  ; skip dead\n"
		"r6 = r1  ; skip\n"),
};

static const struct opt_case neg_imm_cases[] = {
	CASE("additions and subtractions change places", "n",
		"r1 += -4\n"
		"r1 -= -4\n"
		"w1 += -4\n"
		"w1 -= -2147483647\n"
		"r1 += 4\n",
		"r1 -= 4\n"
		"r1 += 4\n"
		"w1 -= 4\n"
		"w1 += 2147483647\n"
		"r1 += 4\n"),
	CASE("other arithmetic stays", "n",
		"r1 &= -4\n"
		"r1 = -4\n"
		"r1 *= -4\n"
		"r1 += r2\n",
		"r1 &= -4\n"
		"r1 = -4\n"
		"r1 *= -4\n"
		"r1 += r2\n"),
	CASE("comparisons that can be an addition", "n",
		"if r1 >= 0xfffffff0 goto pc+3\n"
		"if r1 s>= 0xfffffff0 goto pc+2\n"
		"if r1 < 0xfffffff0 goto pc+1\n"
		"if w1 s< 0xfffffff0 goto pc+0\n"
		"r0 = 0\n",
		"if r1 >= 0x10 goto pc+3  ; neg\n"
		"if r1 s>= 0x10 goto pc+2  ; neg\n"
		"if r1 < 0x10 goto pc+1  ; neg\n"
		"if w1 s< 0x10 goto pc+0  ; neg\n"
		"r0 = 0  ; dest\n"),
	CASE("comparisons that cannot", "n",
		"if r1 > 0xfffffff0 goto pc+5\n"
		"if r1 s> 0xfffffff0 goto pc+4\n"
		"if r1 <= 0xfffffff0 goto pc+3\n"
		"if r1 s<= 0xfffffff0 goto pc+2\n"
		"if r1 == 0xfffffff0 goto pc+1\n"
		"if r1 & 0xfffffff0 goto pc+0\n"
		"r0 = 0\n",
		"if r1 > 0xfffffff0 goto pc+5\n"
		"if r1 s> 0xfffffff0 goto pc+4\n"
		"if r1 <= 0xfffffff0 goto pc+3\n"
		"if r1 s<= 0xfffffff0 goto pc+2\n"
		"if r1 == 0xfffffff0 goto pc+1\n"
		"if r1 & 0xfffffff0 goto pc+0\n"
		"r0 = 0  ; dest\n"),
	CASE("what is skipped stays", "n", "r1 += -4 ; dead\n", "r1 += -4  ; skip dead\n"),
	FOUND(QUIRK_NEGATED_MIN, 0, "the smallest number stays negative", "n",
		"r1 += -2147483648\n", "r1 -= -2147483648\n"),
	FOUND(QUIRK_NEGATED_MIN, 0, "in comparisons too", "n",
		"if r1 >= 0x80000000 goto pc+0\n"
		"r0 = 0\n",
		"if r1 >= 0x80000000 goto pc+0  ; neg\n"
		"r0 = 0  ; dest\n"),
	CASE("in 32 bits it is its own negative", "n", "w1 += -2147483648\n",
		"w1 -= -2147483648\n"),
};

static const struct opt_case ld_mask_cases[] = {
	CASE("the mask of a load's size", "m",
		"r0 = *(u8 *)skb[12]\n"
		"r0 &= 255\n"
		"r0 = *(u16 *)skb[12]\n"
		"r0 &= 65535\n"
		"r0 = *(u32 *)skb[r2 + 12]\n"
		"r0 &= -1\n",
		"r0 = *(u8 *)skb[12]\n"
		"r0 &= 255  ; skip\n"
		"r0 = *(u16 *)skb[12]\n"
		"r0 &= 65535  ; skip\n"
		"r0 = *(u32 *)skb[r2 + 12]\n"
		"r0 &= -1  ; skip\n"),
	CASE("another mask, register, class or load", "m",
		"r0 = *(u16 *)skb[12]\n"
		"r0 &= 255\n"
		"r0 = *(u8 *)skb[12]\n"
		"r1 &= 255\n"
		"r0 = *(u8 *)skb[12]\n"
		"w0 &= 255\n"
		"r0 = *(u8 *)(r1 +0)\n"
		"r0 &= 255\n",
		"r0 = *(u16 *)skb[12]\n"
		"r0 &= 255\n"
		"r0 = *(u8 *)skb[12]\n"
		"r1 &= 255\n"
		"r0 = *(u8 *)skb[12]\n"
		"w0 &= 255\n"
		"r0 = *(u8 *)(r1 +0)\n"
		"r0 &= 255\n"),
	CASE("a jump to the mask", "m",
		"r0 = *(u8 *)skb[12]\n"
		"r0 &= 255 ; dest\n",
		"r0 = *(u8 *)skb[12]\n"
		"r0 &= 255  ; dest\n"),
};

static const struct opt_case ld_shift_cases[] = {
	CASE("the pair that clears the upper half", "s",
		"r0 = *(u32 *)skb[12]\n"
		"r0 <<= 32\n"
		"r0 >>= 32\n",
		"r0 = *(u32 *)skb[12]\n"
		"r0 <<= 32  ; skip\n"
		"r0 >>= 32  ; skip\n"),
	FOUND(QUIRK_SHIFTS_REVERSED, 1, "the other way round", "s",
		"r0 = *(u32 *)skb[r3 + 12]\n"
		"r0 >>= 32\n"
		"r0 <<= 32\n",
		"r0 = *(u32 *)skb[r3 + 12]\n"
		"r0 >>= 32  ; skip\n"
		"r0 <<= 32  ; skip\n"),
	CASE("two of a kind, another amount, a smaller load", "s",
		"r0 = *(u32 *)skb[12]\n"
		"r0 <<= 32\n"
		"r0 <<= 32\n"
		"r0 = *(u32 *)skb[12]\n"
		"r0 <<= 32\n"
		"r0 >>= 31\n"
		"r0 = *(u16 *)skb[12]\n"
		"r0 <<= 32\n"
		"r0 >>= 32\n",
		"r0 = *(u32 *)skb[12]\n"
		"r0 <<= 32\n"
		"r0 <<= 32\n"
		"r0 = *(u32 *)skb[12]\n"
		"r0 <<= 32\n"
		"r0 >>= 31\n"
		"r0 = *(u16 *)skb[12]\n"
		"r0 <<= 32\n"
		"r0 >>= 32\n"),
	CASE("another register", "s",
		"r0 = *(u32 *)skb[12]\n"
		"r1 <<= 32\n"
		"r1 >>= 32\n",
		"r0 = *(u32 *)skb[12]\n"
		"r1 <<= 32\n"
		"r1 >>= 32\n"),
	CASE("a jump to the first", "s",
		"r0 = *(u32 *)skb[12]\n"
		"r0 <<= 32 ; dest\n"
		"r0 >>= 32\n",
		"r0 = *(u32 *)skb[12]\n"
		"r0 <<= 32  ; dest\n"
		"r0 >>= 32\n"),
	CASE("a jump to the second", "s",
		"r0 = *(u32 *)skb[12]\n"
		"r0 <<= 32\n"
		"r0 >>= 32 ; dest\n",
		"r0 = *(u32 *)skb[12]\n"
		"r0 <<= 32\n"
		"r0 >>= 32  ; dest\n"),
};

/* Two pairs that could be one copy but for what the case says. */
#define LOAD(size, off, facts) "r3 = *(u" size " *)(r4 " off ") ; " facts "\n"
#define STORE(size, off, facts) "*(u" size " *)(r5 " off ") = r3 ; " facts "\n"
#define LOADED(size, off, notes) "r3 = *(u" size " *)(r4 " off ")" notes "\n"
#define STORED(size, off, notes) "*(u" size " *)(r5 " off ") = r3" notes "\n"
#define SKIP "  ; skip"
#define EXIT "exit\n"

/* Two pairs of words that are left alone; the facts of each of the four. */
#define APART(name, load1, store1, load2, store2, note3, note4)                                    \
	CASE(name, "g",                                                                            \
		LOAD("32", "+0", load1) STORE("32", "+100", store1) LOAD("32", "+4", load2)        \
			STORE("32", "+104", store2) EXIT,                                          \
		LOADED("32", "+0", "") STORED("32", "+100", "") LOADED("32", "+4", note3)          \
			STORED("32", "+104", note4) EXIT)

static const struct opt_case gather_cases[] = {
	CASE("upwards", "g",
		LOAD("32", "+0", "pkt") STORE("32", "+100", "pkt") LOAD("32", "+4", "pkt")
			STORE("32", "+104", "pkt") LOAD("32", "+8", "pkt")
				STORE("32", "+108", "pkt") EXIT,
		LOADED("32", "+0", "  ; gather 12 by 1") STORED("32", "+100", SKIP)
			LOADED("32", "+4", SKIP) STORED("32", "+104", SKIP) LOADED("32", "+8", SKIP)
				STORED("32", "+108", SKIP) EXIT),
	CASE("downwards: offsets of the last", "g",
		LOAD("16", "+4", "pkt") STORE("16", "+104", "pkt") LOAD("16", "+2", "pkt")
			STORE("16", "+102", "pkt") EXIT,
		LOADED("16", "+2", "  ; gather -4 by 1") STORED("16", "+102", SKIP)
			LOADED("16", "+2", SKIP) STORED("16", "+102", SKIP) EXIT),
	CASE("from a map, at negative offsets", "g",
		LOAD("64", "-8", "map") STORE("64", "-16", "pkt") LOAD("64", "+0", "map")
			STORE("64", "-8", "pkt") EXIT,
		LOADED("64", "-8", "  ; gather 16 by 1") STORED("64", "-16", SKIP)
			LOADED("64", "+0", SKIP) STORED("64", "-8", SKIP) EXIT),
	CASE("a pair alone", "g", LOAD("32", "+0", "pkt") STORE("32", "+100", "pkt") EXIT,
		LOADED("32", "+0", "") STORED("32", "+100", "") EXIT),
	CASE("14.6: the last instruction closes the chain", "g",
		LOAD("32", "+0", "pkt") STORE("32", "+100", "pkt") LOAD("32", "+4", "pkt")
			STORE("32", "+104", "pkt"),
		LOADED("32", "+0", "  ; gather 8 by 1") STORED("32", "+100", SKIP)
			LOADED("32", "+4", SKIP) STORED("32", "+104", SKIP)),
	APART("a jump to the second load", "pkt", "pkt", "pkt dest", "pkt", "  ; dest", ""),
	APART("a jump to the second store", "pkt", "pkt", "pkt", "pkt dest", "", "  ; dest"),
	APART("a load from the stack", "stack", "pkt", "stack", "pkt", "", ""),
	APART("a store to the stack", "pkt", "stack", "pkt", "stack", "", ""),
	APART("packets of different ids", "pkt id=1", "pkt id=2", "pkt id=1", "pkt id=2", "", ""),
	APART("a load that reaches the first store", "pkt off=96", "pkt", "pkt off=96", "pkt", "",
		""),
	FOUND(QUIRK_COPY_OVERLAP, 0, "one byte before it: the driver does not see the overlap", "g",
		LOAD("32", "+0", "pkt off=95") STORE("32", "+100", "pkt")
			LOAD("32", "+4", "pkt off=95") STORE("32", "+104", "pkt") EXIT,
		LOADED("32", "+0", "  ; gather 8 by 1") STORED("32", "+100", SKIP)
			LOADED("32", "+4", SKIP) STORED("32", "+104", SKIP) EXIT),
	CASE("a load that ends where the first store begins", "g",
		LOAD("32", "+0", "pkt off=92") STORE("32", "+100", "pkt")
			LOAD("32", "+4", "pkt off=92") STORE("32", "+104", "pkt") EXIT,
		LOADED("32", "+0", "  ; gather 8 by 1") STORED("32", "+100", SKIP)
			LOADED("32", "+4", SKIP) STORED("32", "+104", SKIP) EXIT),
	CASE("towards lower addresses nothing crosses", "g",
		LOAD("32", "+4", "pkt") STORE("32", "+0", "pkt") LOAD("32", "+8", "pkt")
			STORE("32", "+4", "pkt") EXIT,
		LOADED("32", "+4", "  ; gather 8 by 1") STORED("32", "+0", SKIP)
			LOADED("32", "+8", SKIP) STORED("32", "+4", SKIP) EXIT),
	CASE("crossing downwards", "g",
		LOAD("32", "+8", "pkt") STORE("32", "+4", "pkt") LOAD("32", "+4", "pkt")
			STORE("32", "+0", "pkt") EXIT,
		LOADED("32", "+8", "") STORED("32", "+4", "") LOADED("32", "+4", "")
			STORED("32", "+0", "") EXIT),
	CASE("a gap", "g",
		LOAD("32", "+0", "pkt") STORE("32", "+100", "pkt") LOAD("32", "+5", "pkt")
			STORE("32", "+104", "pkt") EXIT,
		LOADED("32", "+0", "") STORED("32", "+100", "") LOADED("32", "+5", "")
			STORED("32", "+104", "") EXIT),
	CASE("loads upwards, stores downwards", "g",
		LOAD("32", "+0", "pkt") STORE("32", "+104", "pkt") LOAD("32", "+4", "pkt")
			STORE("32", "+100", "pkt") EXIT,
		LOADED("32", "+0", "") STORED("32", "+104", "") LOADED("32", "+4", "")
			STORED("32", "+100", "") EXIT),
	CASE("another size", "g",
		LOAD("32", "+0", "pkt") STORE("32", "+100", "pkt") LOAD("16", "+4", "pkt")
			STORE("16", "+104", "pkt") EXIT,
		LOADED("32", "+0", "") STORED("32", "+100", "") LOADED("16", "+4", "")
			STORED("16", "+104", "") EXIT),
	CASE("load and store of different sizes", "g",
		LOAD("32", "+0", "pkt") STORE("16", "+100", "pkt") LOAD("32", "+4", "pkt")
			STORE("16", "+102", "pkt") EXIT,
		LOADED("32", "+0", "") STORED("16", "+100", "") LOADED("32", "+4", "")
			STORED("16", "+102", "") EXIT),
	CASE("another register, another source, another destination", "g",
		LOAD("32", "+0", "pkt")
			STORE("32", "+100", "pkt") "r2 = *(u32 *)(r4 +4) ; pkt\n"
						   "*(u32 *)(r5 +104) = r2 ; pkt\n"
						   "r2 = *(u32 *)(r6 +8) ; pkt\n"
						   "*(u32 *)(r5 +108) = r2 ; pkt\n"
						   "r2 = *(u32 *)(r6 +12) ; pkt\n"
						   "*(u32 *)(r7 +112) = r2 ; pkt\n" EXIT,
		LOADED("32", "+0", "") STORED("32", "+100", "") "r2 = *(u32 *)(r4 +4)\n"
								"*(u32 *)(r5 +104) = r2\n"
								"r2 = *(u32 *)(r6 +8)\n"
								"*(u32 *)(r5 +108) = r2\n"
								"r2 = *(u32 *)(r6 +12)\n"
								"*(u32 *)(r7 +112) = r2\n" EXIT),
	CASE("something between", "g",
		LOAD("32", "+0", "pkt") STORE("32", "+100", "pkt") "r0 = 0\n" LOAD(
			"32", "+4", "pkt") STORE("32", "+104", "pkt") EXIT,
		LOADED("32", "+0", "") STORED("32", "+100", "") "r0 = 0\n" LOADED("32", "+4", "")
			STORED("32", "+104", "") EXIT),
	CASE("the pair that ends a chain begins the next", "g",
		LOAD("32", "+0", "pkt") STORE("32", "+100", "pkt") LOAD("32", "+8", "pkt")
			STORE("32", "+108", "pkt") LOAD("32", "+12", "pkt")
				STORE("32", "+112", "pkt") EXIT,
		LOADED("32", "+0", "") STORED("32", "+100", "")
			LOADED("32", "+8", "  ; gather 8 by 3") STORED("32", "+108", SKIP)
				LOADED("32", "+12", SKIP) STORED("32", "+112", SKIP) EXIT),
	CASE("a copy may begin at a jump's destination", "g",
		LOAD("32", "+0", "pkt dest") STORE("32", "+100", "pkt") LOAD("32", "+4", "pkt")
			STORE("32", "+104", "pkt") EXIT,
		LOADED("32", "+0", "  ; dest, gather 8 by 1") STORED("32", "+100", SKIP)
			LOADED("32", "+4", SKIP) STORED("32", "+104", SKIP) EXIT),
	FOUND(QUIRK_COPY_OVERLAP, 0, "a load that begins before a store and ends in it", "g",
		LOAD("32", "+0", "pkt") STORE("32", "+6", "pkt") LOAD("32", "+4", "pkt")
			STORE("32", "+10", "pkt") EXIT,
		LOADED("32", "+0", "  ; gather 8 by 1") STORED("32", "+6", SKIP)
			LOADED("32", "+4", SKIP) STORED("32", "+10", SKIP) EXIT),
	FOUND(QUIRK_COPY_OVERLAP, 0, "the same downwards", "g",
		LOAD("32", "+10", "pkt") STORE("32", "+4", "pkt") LOAD("32", "+6", "pkt")
			STORE("32", "+0", "pkt") EXIT,
		LOADED("32", "+6", "  ; gather -8 by 1") STORED("32", "+0", SKIP)
			LOADED("32", "+6", SKIP) STORED("32", "+0", SKIP) EXIT),
};

/* A load of the packet, and what the pass makes of it. */
#define AT(size, off, facts) "r3 = *(u" size " *)(r4 " off ") ; pkt " facts "\n"
#define IN(size, off, notes) "r3 = *(u" size " *)(r4 " off ")  ; " notes "\n"
/* Two words with something between that makes the second a range of its own, or not. */
#define SPLIT(name, between, after)                                                                \
	CASE(name, "c", AT("32", "+0", "") between AT("32", "+4", ""),                             \
		IN("32", "+0", "cache [0, 4) owner") after IN("32", "+4", "cache [4, 8) owner"))
#define JOINED(name, between, after)                                                               \
	CASE(name, "c", AT("32", "+0", "") between AT("32", "+4", ""),                             \
		IN("32", "+0", "cache [0, 8) owner") after IN("32", "+4", "cache [0, 8)"))

static const struct opt_case cache_cases[] = {
	CASE("one load", "c", AT("16", "+12", ""), IN("16", "+12", "cache [12, 14) owner")),
	CASE("all in one range, upwards, downwards, inside", "c",
		AT("16", "+12", "") AT("64", "+20", "") AT("8", "+4", "") AT("32", "+14", ""),
		IN("16", "+12", "cache [4, 28) owner") IN("64", "+20", "cache [4, 28)")
			IN("8", "+4", "cache [4, 28)") IN("32", "+14", "cache [4, 28)")),
	CASE("64 bytes", "c", AT("32", "+0", "") AT("64", "+56", ""),
		IN("32", "+0", "cache [0, 64) owner") IN("64", "+56", "cache [0, 64)")),
	CASE("65 bytes", "c", AT("32", "+0", "") AT("64", "+57", ""),
		IN("32", "+0", "cache [0, 4) owner") IN("64", "+57", "cache [57, 65) owner")),
	CASE("65 bytes downwards", "c", AT("64", "+57", "") AT("8", "+0", ""),
		IN("64", "+57", "cache [57, 65) owner") IN("8", "+0", "cache [0, 1) owner")),
	CASE("negative offsets", "c", AT("32", "-8", "") AT("32", "+4", ""),
		IN("32", "-8", "cache [-8, 8) owner") IN("32", "+4", "cache [-8, 8)")),
	CASE("a range that ends at 0 is none", "c", AT("32", "-4", ""), "r3 = *(u32 *)(r4 -4)\n"),
	CASE("a jump's destination", "c", AT("32", "+0", "") AT("32", "+4", "dest"),
		IN("32", "+0", "cache [0, 4) owner") IN("32", "+4", "dest, cache [4, 8) owner")),
	CASE("another id", "c", AT("32", "+0", "id=1") AT("32", "+4", "id=2"),
		IN("32", "+0", "cache [0, 4) owner") IN("32", "+4", "cache [4, 8) owner")),
	CASE("another constant offset of the pointer", "c",
		AT("32", "+0", "off=4") AT("32", "+4", "off=8"),
		IN("32", "+0", "cache [0, 4) owner") IN("32", "+4", "cache [4, 8) owner")),
	SPLIT("a destination that is skipped", "r0 = 0 ; dest dead\n",
		"r0 = 0  ; skip dead, dest\n"),
	SPLIT("a store to the packet", "*(u8 *)(r4 +9) = r0 ; pkt\n", "*(u8 *)(r4 +9) = r0\n"),
	SPLIT("a constant stored to the packet", "*(u8 *)(r4 +9) = 1 ; pkt\n",
		"*(u8 *)(r4 +9) = 1\n"),
	SPLIT("a helper", "call 7#7\n", "call bpf_get_prandom_u32#7\n"),
	SPLIT("LD_ABS", "r0 = *(u8 *)skb[3]\n", "r0 = *(u8 *)skb[3]\n"),
	SPLIT("LD_IND", "r0 = *(u8 *)skb[r2 + 3]\n", "r0 = *(u8 *)skb[r2 + 3]\n"),
	SPLIT("a load from a map's value", "r0 = *(u8 *)(r7 +0) ; map\n", "r0 = *(u8 *)(r7 +0)\n"),
	SPLIT("a load from the stack", "r0 = *(u8 *)(r10 -1) ; stack\n", "r0 = *(u8 *)(r10 -1)\n"),
	SPLIT("a load from the context", "r0 = *(u32 *)(r1 +0) ; ctx\n", "r0 = *(u32 *)(r1 +0)\n"),
	JOINED("a store to the stack", "*(u8 *)(r10 -1) = r0 ; stack\n", "*(u8 *)(r10 -1) = r0\n"),
	JOINED("an atomic addition", "lock *(u32 *)(r7 +0) += r0 ; map\n",
		"lock *(u32 *)(r7 +0) += r0\n"),
	JOINED("a jump that is not taken", "if r0 == 0x0 goto pc+1\n", "if r0 == 0x0 goto pc+1\n"),
	JOINED("what is skipped", "*(u8 *)(r4 +9) = r0 ; pkt dead\n",
		"*(u8 *)(r4 +9) = r0  ; skip dead\n"),
	CASE("a copy uses the registers, and its loads are no part", "gc",
		AT("32", "+0", "") "r2 = *(u32 *)(r4 +4) ; pkt\n"
				   "*(u32 *)(r4 +104) = r2 ; pkt\n"
				   "r2 = *(u32 *)(r4 +8) ; pkt\n"
				   "*(u32 *)(r4 +108) = r2 ; pkt\n" AT("32", "+12", ""),
		IN("32", "+0", "cache [0, 4) owner") "r2 = *(u32 *)(r4 +4)  ; gather 8 by 2\n"
						     "*(u32 *)(r4 +104) = r2  ; skip\n"
						     "r2 = *(u32 *)(r4 +8)  ; skip\n"
						     "*(u32 *)(r4 +108) = r2  ; skip\n" IN(
							     "32", "+12", "cache [12, 16) owner")),
};

/* ---- running them ---- */

/* The listing behind the pass, without numbers. */
static char *
listing(const struct jit_prog *prog, const char *text)
{
	char *out = calloc(1, strlen(text) + 1), *end = out;

	assert_non_null(out);
	for (const char *line = text; *line != '\0'; line = strchr(line, '\n') + 1) {
		size_t len = strcspn(line, "\n") + 1;

		if (strncmp(line, "after ", 6) == 0) {
			end = out; /* of two passes the last */
			continue;
		}
		assert_true(len > 6 && prog->insn_cnt < 1000);
		memcpy(end, line + 6, len - 6);
		end += len - 6;
	}
	*end = '\0';
	return out;
}

static void
run_passes(struct jit_prog *prog, const char *letters)
{
	static void (*const passes[])(struct jit_prog *) = {
		['c'] = jit_opt_cache,
		['g'] = jit_opt_gather,
		['m'] = jit_opt_ld_mask,
		['n'] = jit_opt_neg_imm,
		['r'] = jit_opt_reg_init,
		['s'] = jit_opt_ld_shift,
	};

	for (; *letters != '\0'; letters++)
		passes[(unsigned char)*letters](prog);
}

/* All passes, to see that one of them left what it left; printed behind the one. */
static char *
print_after(struct jit_prog *prog, char letter)
{
	const char letters[] = { letter, '\0' };
	char *text = NULL, *lines;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	jit_prog_set_debug(prog, (struct jit_debug){ letters, out });
	jit_optimize(prog);
	fclose(out);
	lines = listing(prog, text);
	free(text);
	return lines;
}

static void
check_findings(const struct jit_prog *prog, const struct opt_case *test)
{
	uint32_t cnt;
	const struct jit_finding *findings = jit_prog_findings(prog, &cnt);

	if (test->rule == NO_FINDING && cnt != 0)
		fail_msg("%s: found at %d: %s", test->name, findings[0].insn, findings[0].message);
	if (test->rule != NO_FINDING && !program_has_finding(prog, test->rule, test->slot))
		fail_msg("%s: %s is not found at %d", test->name, jit_rule_info(test->rule)->name,
			test->slot);
	assert_true(cnt <= 1);
}

static void
check_case(const struct opt_case *test)
{
	struct jit_prog *prog = program_new(test->before, 0);
	const char *last = test->pass + strlen(test->pass) - 1;
	char *after = print_after(prog, *last);

	if (strcmp(after, test->after) != 0)
		fail_msg("%s:\n%s\nexpected:\n%s", test->name, after, test->after);
	free(after);
	jit_prog_free(prog);

	prog = program_new(test->before, 0);
	run_passes(prog, test->pass);
	check_findings(prog, test);
	jit_prog_free(prog);
}

#define TEST_OF(pass)                                                                              \
	static void pass##_leaves_what_the_driver_does(void **state)                               \
	{                                                                                          \
		(void)state;                                                                       \
		for (size_t i = 0; i < sizeof(pass##_cases) / sizeof(*pass##_cases); i++)          \
			check_case(&pass##_cases[i]);                                              \
	}
TEST_OF(reg_init)
TEST_OF(neg_imm)
TEST_OF(ld_mask)
TEST_OF(ld_shift)
TEST_OF(gather)
TEST_OF(cache)

/* ---- long ones ---- */

/* cnt pairs of that many bytes at offsets that go on. */
static struct jit_prog *
new_copy(uint32_t cnt, uint32_t bytes)
{
	char text[16384];
	size_t len = 0;

	for (uint32_t i = 0; i < cnt; i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len,
			"r3 = *(u%u *)(r4 +%u) ; pkt\n*(u%u *)(r5 +%u) = r3 ; pkt id=0 off=900\n",
			bytes * 8, i * bytes, bytes * 8, i * bytes);
	snprintf(text + len, sizeof(text) - len, "exit\n");
	return program_new(text, 0);
}

static void
a_copy_has_128_bytes_at_most(void **state)
{
	(void)state;
	for (uint32_t bytes = 1; bytes <= 8; bytes *= 2) {
		uint32_t full = 128 / bytes;
		struct jit_prog *prog = new_copy(full + 3, bytes);

		jit_opt_gather(prog);
		assert_int_equal(prog->insns[0].gather_bytes, 128);
		assert_int_equal(prog->insns[0].gather_store, 1);
		for (uint32_t i = 1; i < 2 * full; i++)
			assert_true(prog->insns[i].flags & JIT_F_SKIP_PREC);
		assert_int_equal(prog->insns[2 * full].gather_bytes, 3 * bytes);
		assert_int_equal(prog->insns[2 * full].flags & JIT_F_SKIP, 0);
		jit_prog_free(prog);
	}
}

/* A function that begins behind another's exit shares no read with it. */
static void
a_called_function_begins_a_range(void **state)
{
	struct jit_prog *prog = program_new("call pc+2\n"
					    "r0 = *(u32 *)(r4 +0) ; pkt\n"
					    "exit\n"
					    "r0 = *(u32 *)(r4 +4) ; pkt\n"
					    "exit\n",
		0);

	(void)state;
	assert_int_equal(prog->insns[3].flags, JIT_F_JUMP_DEST | JIT_F_SUBPROG_START);
	jit_opt_cache(prog);
	assert_true(prog->insns[3].cache_owner);
	assert_int_equal(prog->insns[1].cache_end, 4);
	jit_prog_free(prog);
}

static void
passes_print_in_order_and_only_when_asked(void **state)
{
	struct jit_prog *prog = program_new("exit\n", 0);
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	(void)state;
	assert_non_null(out);
	jit_prog_set_debug(prog, (struct jit_debug){ "cgxr", out });
	jit_optimize(prog);
	fclose(out);
	assert_string_equal(text, "after reg_init:\n   0: exit\n"
				  "after gather:\n   0: exit\n"
				  "after cache:\n   0: exit\n");
	free(text);
	jit_prog_free(prog);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reg_init_leaves_what_the_driver_does),
		cmocka_unit_test(neg_imm_leaves_what_the_driver_does),
		cmocka_unit_test(ld_mask_leaves_what_the_driver_does),
		cmocka_unit_test(ld_shift_leaves_what_the_driver_does),
		cmocka_unit_test(gather_leaves_what_the_driver_does),
		cmocka_unit_test(cache_leaves_what_the_driver_does),
		cmocka_unit_test(a_copy_has_128_bytes_at_most),
		cmocka_unit_test(a_called_function_begins_a_range),
		cmocka_unit_test(passes_print_in_order_and_only_when_asked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
