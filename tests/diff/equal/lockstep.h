/* SPDX-License-Identifier: BSD-2-Clause */
/* A program on all sides, packet by packet: all must have done the same to the same state. */
#ifndef TESTS_DIFF_EQUAL_LOCKSTEP_H
#define TESTS_DIFF_EQUAL_LOCKSTEP_H

#include "tests/diff/equal/equal.h"

#define LOCKSTEP_TEXT_BYTES 512

enum lockstep_loaded {
	LOCKSTEP_LOADED,
	LOCKSTEP_NO_HOST, /* a host does not take it: verifier, helper, map */
	LOCKSTEP_NO_CARD, /* no card takes it; hosts and kernel have it, and can run */
	LOCKSTEP_FAILED,  /* sides differ in whether they take it */
};

enum lockstep_answer {
	LOCKSTEP_SAME,
	LOCKSTEP_FORETOLD, /* a card did otherwise, and a finding says so */
	LOCKSTEP_DIFFERENT,
};

struct lockstep;

/* why_no_kernel: NULL, or the kernel is left out. NULL and errno. */
struct lockstep *lockstep_new(const char *why_no_kernel);
void lockstep_free(struct lockstep *l);

/* obj and prog must live as long as they are loaded. Unloads what was there. */
enum lockstep_loaded lockstep_load(
	struct lockstep *l, const struct xb_object *obj, const struct xb_prog *prog);
void lockstep_unload(struct lockstep *l);
/* An entry into map i of all, as user space does it. False: they do not agree whether it may. */
bool lockstep_put(struct lockstep *l, uint32_t i, const void *key, const void *value);
/* One packet. with_maps: compare maps after it. seed: of random numbers. */
enum lockstep_answer lockstep_run(
	struct lockstep *l, const struct run *in, uint64_t seed, bool with_maps);
enum lockstep_answer lockstep_compare_maps(struct lockstep *l);

/* What was said at load, or what differs. */
const char *lockstep_text(const struct lockstep *l);
/* Of the card, when it is loaded there. */
const struct jit_prog *lockstep_jit(const struct lockstep *l);
/* Slots that ran in the last run, on the host. */
const bool *lockstep_executed(const struct lockstep *l);
/* The host's result of the last run. */
uint64_t lockstep_ret(const struct lockstep *l);
/* Sums of what was compared and what was not, and why. False: the kernel is there, and took fewer
 * than nine programs in ten. */
bool lockstep_print(const struct lockstep *l);

#endif
