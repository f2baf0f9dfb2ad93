/* SPDX-License-Identifier: BSD-2-Clause */
/* What the driver emits and of what programs: tests/golden/nfp/sections.txt and
 * tests/golden/nfp-jit/programs.txt, read. */
#ifndef TESTS_JIT_GOLDEN_H
#define TESTS_JIT_GOLDEN_H

#include "jit-nfp/internal.h"

#define GOLDEN_WORDS_MAX 64u
#define GOLDEN_INSNS_MAX 128u

/* A section: the words of a program, of which the listing may leave out what all programs have. */
struct golden_section {
	char name[64];
	uint32_t len, out, abort, push, pop;
	uint64_t words[GOLDEN_WORDS_MAX];
	bool is_given[GOLDEN_WORDS_MAX];
	/* the same as loaded, when loaded_cnt is not 0 */
	uint64_t loaded[GOLDEN_WORDS_MAX];
	uint32_t loaded_cnt, start, done;
};

struct golden_program {
	char name[64];
	bool is_tc;
	struct jit_subprog subprogs[2];
	uint32_t subprog_cnt;
	uint32_t adjust_head; /* slot */
	struct bpf_insn insns[GOLDEN_INSNS_MAX];
	uint32_t word_cnts[GOLDEN_INSNS_MAX]; /* words that come from it */
	char facts[GOLDEN_INSNS_MAX][80];     /* what the verifier knew, as written */
	char texts[GOLDEN_INSNS_MAX][64];     /* how it reads, as written */
	uint32_t insn_cnt;
};

/* *cnt sections or programs, to be given to free(). A mistake in the file fails the test. */
struct golden_section *golden_sections(uint32_t *cnt);
struct golden_program *golden_programs(uint32_t *cnt);

/* The program, its facts filled in, ready for jit_translate(); card must live as long. */
struct jit_prog *golden_prog_new(const struct golden_program *program, const struct jit_card *card);

#endif
