/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Random programs for verifiers: most would be accepted, the rest have a small mistake. A program
 * is its seed: the same options give the same instructions.
 */
#ifndef TESTS_DIFF_GEN_H
#define TESTS_DIFF_GEN_H

#include "bpf/xb.h"

#define GEN_INSNS_MAX 16384u

struct gen_opts {
	uint64_t seed;
	enum bpf_prog_type type;
	uint32_t insns;	    /* about so many */
	uint32_t mistakes;  /* per cent of programs that get one */
	bool is_runnable;   /* only helpers and maps that the host engine implements */
	bool is_straight;   /* no loops and no calls of functions */
	bool is_for_card;   /* only what the nfp driver takes, and nothing of it is undefined */
	bool has_no_random; /* without bpf_get_prandom_u32() */
};

/* Maps of every generated program: BPF_PSEUDO_MAP_IDX counts in these. */
extern const struct xb_map_def gen_maps[];
extern const uint32_t gen_map_cnt;
/* Those of programs for the card, which takes all of them. */
#define GEN_CARD_MAPS 3u
extern const struct xb_map_def gen_card_maps[GEN_CARD_MAPS];

/* Returns the slots written; insns has room for GEN_INSNS_MAX. */
uint32_t gen_program(const struct gen_opts *opts, struct bpf_insn *insns);

#endif
