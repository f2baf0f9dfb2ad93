/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A program on the card and on the host: verified, translated, loaded into both, and run on the
 * same packet with the same maps. A difference is allowed where a quirk was found for an
 * instruction that ran.
 */
#ifndef TESTS_DIFF_JIT_PAIR_H
#define TESTS_DIFF_JIT_PAIR_H

#include "tests/diff/jit_card.h"

#define PAIR_PACKET_MAX 1500u

struct pair_packet {
	uint8_t bytes[CARD_BUFFER_BYTES]; /* the whole buffer; the packet is at CARD_PACKET_AT */
	uint32_t len;
};

enum pair_answer {
	PAIR_SAME,
	PAIR_QUIRK, /* they differ, and why is found */
	PAIR_DIFFERENT,
};

struct pair;

/* NULL and errno. */
struct pair *pair_new(void);
void pair_free(struct pair *pair);

enum pair_loaded {
	PAIR_LOADED,
	PAIR_REFUSED, /* by the verifier or the driver's hook */
	PAIR_NO_CODE, /* by the translation */
	PAIR_FAILED,  /* a mistake of ours: it was accepted and the host cannot run it */
};
/* Of an XDP program with maps gen_card_maps, which hold entries that seed gives. */
enum pair_loaded pair_load(
	struct pair *pair, const struct bpf_insn *insns, uint32_t cnt, uint64_t seed);
/* Runs both; seed: random numbers and what is undefined. */
enum pair_answer pair_run(struct pair *pair, const struct pair_packet *packet, uint64_t seed);

/* What was said at load, or what differs. */
const char *pair_text(const struct pair *pair);
const struct jit_prog *pair_prog(const struct pair *pair);
/* Of the image, and what comes before and behind it. */
uint32_t pair_words(const struct pair *pair);
/* Slots that ran on the card, in all runs since it was loaded. */
const bool *pair_executed(const struct pair *pair);
/* Did the host do the same in both? A program that shows addresses, or bytes of the stack that it
 * never wrote, does not. */
bool pair_hosts_agree(const struct pair *a, const struct pair *b);
/* Does this finding explain the last difference? */
bool pair_explains(const struct pair *pair, const struct jit_finding *finding);
/* Program, microcode, findings. */
void pair_print(const struct pair *pair, FILE *out);

#endif
