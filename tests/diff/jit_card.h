/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A card for tests of the driver's code: an image, relocated and with ECC, in nic/'s exact
 * microengine. The firmware around it is native code at stop addresses. What a program may not rely
 * on (nfp-isa.md 8, firmware-facts.md 4) is different garbage at every run.
 */
#ifndef TESTS_DIFF_JIT_CARD_H
#define TESTS_DIFF_JIT_CARD_H

#include "bpf/xb.h"
#include "jit-nfp/internal.h"
#include "tests/diff/gen.h"

#define CARD_BUFFER_BYTES 2048u /* of a packet */
#define CARD_PACKET_AT 136u	/* where it begins: nfp-isa.md 15 */
#define CARD_MAPS GEN_CARD_MAPS

extern const struct jit_card card_facts;

struct card;

/* NULL and errno. */
struct card *card_new(void);
void card_free(struct card *card);

/* What the program is that runs next. insns of image are its slots. The maps have the card's byte
 * order; number i + 1 is maps[i]. 0, or -errno of jit_image_load(). */
int card_load(struct card *card, const struct jit_prog *prog, const struct jit_image *image,
	struct xb_map *const *maps);

/* A run: what goes in and what comes out. */
struct card_run {
	uint8_t buffer[CARD_BUFFER_BYTES];
	uint32_t at, len;     /* of the packet */
	uint64_t garbage;     /* state of random numbers */
	struct xb_vm *random; /* whose bpf_get_prandom_u32() the program gets */
	uint32_t r0;	      /* at the last exit: low half */
	uint32_t result;      /* A0 at the end: nfp-isa.md 8.5 */
	bool *executed;	      /* by slot of the program; only set, never cleared */
	char fault[256];      /* why it did not come to its end */
};

/* 0, or -1 and fault. */
int card_run(struct card *card, struct card_run *run);

#endif
