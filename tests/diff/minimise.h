/* SPDX-License-Identifier: BSD-2-Clause */
/* Making a program that shows something small, while it still shows it. */
#ifndef TESTS_DIFF_MINIMISE_H
#define TESTS_DIFF_MINIMISE_H

#include <linux/bpf.h>
#include <stdbool.h>
#include <stdint.h>

struct minimise_goal {
	bool (*holds)(void *arg, const struct bpf_insn *insns, uint32_t cnt);
	void *arg;
	uint32_t tries; /* how often holds() may be asked */
};

/* Shrinks insns in place and returns the slots left; the goal holds for what it returns if it held
 * for what it was given. */
uint32_t minimise(struct bpf_insn *insns, uint32_t cnt, struct minimise_goal *goal);

#endif
