/* SPDX-License-Identifier: BSD-2-Clause */
/* Random verified programs that the card takes, in lockstep on all sides. */
#ifndef TESTS_DIFF_EQUAL_RANDOM_H
#define TESTS_DIFF_EQUAL_RANDOM_H

#include "tests/diff/equal/lockstep.h"

/* count programs from that seed on. Returns how many differ; each was made small and printed. */
unsigned int random_programs(struct lockstep *l, unsigned long count, uint64_t seed);

/* Of a program with maps gen_card_maps: an object that has nothing else. */
struct xb_object equal_object_of(const struct xb_prog *prog);
struct xb_prog equal_program_of(
	enum bpf_prog_type type, const struct bpf_insn *insns, uint32_t cnt);
/* Entries into its maps, the seed says which. False: sides do not agree. */
bool equal_fill_maps(struct lockstep *l, uint64_t seed);

#endif
