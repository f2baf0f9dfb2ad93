/* SPDX-License-Identifier: BSD-2-Clause */
/* What the listings of `dump` share. */
#ifndef APP_DUMP_H
#define APP_DUMP_H

#include <jansson.h>

#include "dpdk-app/cmd.h"

struct check;
struct costs;

/* Does another C line than *last begin at this instruction? */
bool dump_is_new_line(const struct xb_prog *prog, uint32_t insn, const struct xb_line *last);
/* The C line of an instruction, where it changes; *last is the line printed last. */
void dump_line(const struct xb_prog *prog, uint32_t insn, const struct xb_line **last);
bool dump_is_subprogram(const struct xb_prog *prog, uint32_t insn);
/* The name of a subprogram that begins there. */
void dump_subprogram(const struct xb_prog *prog, uint32_t insn);
/* "   4: (b7) r0 = 2" and the note; returns the slots it takes. */
uint32_t dump_insn(const struct xb_prog *prog, uint32_t insn, const char *note);

/* dump_source.c: what the registers are, for who is new to the card. */
void dump_legend(void);
/* What begins at a word that comes from no instruction; NULL: nothing. */
const char *dump_label(const struct jit_image *image, uint32_t index);
#define DUMP_NOTE_BYTES 160
/* " ; to out, .64", or nothing: what the word, shown so, has to do with others. */
void dump_word_note(
	const struct jit_image *image, uint32_t index, uint64_t shown, char note[DUMP_NOTE_BYTES]);
/* A translated program; words: its microcode, as it is to be shown; costs of the words, or NULL. */
void dump_source(const struct check *check, const uint64_t *words, const struct costs *costs);

/* cmd_dump_nfp.c: STATUS_DONE or the status to exit with. */
int dump_nfp(const struct options *opt, const struct xb_object *obj, uint32_t cnt);

#endif
