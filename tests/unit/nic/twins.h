/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Two microengines with equal memories, one run exactly and one fast: after every call everything
 * that microcode or a caller can see must be equal. Used by tests and the fuzz target of the fast
 * mode.
 */
#ifndef TESTS_UNIT_NIC_TWINS_H
#define TESTS_UNIT_NIC_TWINS_H

#include "nic/internal.h"

#define TWINS_PACKET 1u
#define TWINS_PACKET_BYTES 200u
#define TWINS_EMEM_BYTES 4096u

struct twins {
	struct nic_me *me[2]; /* exact, fast */
	struct nic_mem *mem[2];
	uint8_t packet[2][TWINS_PACKET_BYTES];
	struct nic_fault fault; /* of the last run, if it ended with one */
	char difference[256];	/* the first one found; empty: none */
};

/* NULL without memory. */
struct twins *twins_new(void);
void twins_free(struct twins *t);
/* As new ones, but for the IMEM, which takes too long to clear; false without memory. */
bool twins_reset(struct twins *t);
void twins_load(struct twins *t, uint32_t at, const uint64_t *words, uint32_t cnt);
/* All a context's registers, condition codes and pointers, local memory and PREV_ALU from bits. */
void twins_fill(struct twins *t, uint32_t ctx, uint64_t (*bits)(void *), void *arg);
/* Both run; the end of the exact one. t->difference says what is not equal afterwards. */
enum nic_me_end twins_run(struct twins *t, uint64_t max_insns);

#endif
