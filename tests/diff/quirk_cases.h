/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Programs that the card does not do as they are written, one or more for each kind of finding that
 * says so (QUIRK_* of jit-nfp/rules.def), and how the finding says to write them instead. Found by
 * random programs and made small. Used by jit_cases_test.c and equal/cases.c.
 *
 * Maps are gen_card_maps, with some entries.
 */
#ifndef TESTS_DIFF_QUIRK_CASES_H
#define TESTS_DIFF_QUIRK_CASES_H

#include "jit-nfp/jit.h"

struct quirk_case {
	const char *name;
	enum jit_rule rule;
	const char *wrong, *right; /* bpf_asm.h; right may be NULL */
};

/* X(table, what is in it) */
#define QUIRK_TABLE_LIST(X)                                                                        \
	X(quirk_cases, "XDP programs that the driver's words do not do")                           \
	X(quirk_firmware_cases, "and that the firmware does not")                                  \
	X(quirk_tc_cases, "tc programs")                                                           \
	X(quirk_crash_cases, "XDP programs that the driver crashes of; ours does them")
#define X(table, what)                                                                             \
	extern const struct quirk_case table[];                                                    \
	extern const size_t table##_cnt;
QUIRK_TABLE_LIST(X)
#undef X

/* Packets that each case shows on one of. data has room for QUIRK_PACKET_BYTES; returns the length,
 * 0: there are fewer. */
#define QUIRK_PACKET_BYTES 640u
uint32_t quirk_packet(uint32_t n, uint8_t *data);

#endif
