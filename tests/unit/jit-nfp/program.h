/* SPDX-License-Identifier: BSD-2-Clause */
/* Programs written as their listing reads, with what the verifier knew of each instruction. */
#ifndef TESTS_JIT_PROGRAM_H
#define TESTS_JIT_PROGRAM_H

#include "jit-nfp/internal.h"

/*
 * An instruction a line, in the kernel's wording, and behind "; " facts, with a blank between:
 *	pkt, map, stack, ctx	kind of the pointer
 *	id=N off=N var=N	of the pointer
 *	outer notconst		it points to an outer frame; its offset differs on paths
 *	dest dead zext		flags
 *	maybe16 over16		of an atomic's addend
 *	max=N			of the source
 * A mistake fails the test. The program is for XDP, its frame has frame_bytes; jit_prog_free().
 */
struct jit_prog *program_new(const char *text, uint32_t frame_bytes);

/* Room for words of tests. */
#define PROGRAM_WORDS 1024u
struct program_words {
	uint64_t words[PROGRAM_WORDS];
	uint32_t insns[PROGRAM_WORDS];
	struct jit_image image;
	struct jit_out out;
};

/* Translates instruction `slot` behind what there is. The words, with ECC: program_load(). */
void program_begin(struct program_words *words, struct jit_prog *prog);
void program_emit(struct program_words *words, uint32_t slot);

/* Has the program that finding, at that slot? */
bool program_has_finding(const struct jit_prog *prog, enum jit_rule rule, int32_t slot);

#endif
