/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Differences that the driver's part foretells: findings QUIRK_* of jit-nfp/rules.def. A card may
 * do otherwise than the host only in a run in which the instruction of such a finding was executed;
 * and a kind of finding that is made and never shows is told, too.
 */
#ifndef TESTS_DIFF_EQUAL_PREDICT_H
#define TESTS_DIFF_EQUAL_PREDICT_H

#include "jit-nfp/jit.h"

/* A program is loaded: its findings count as made. */
void predict_begin(const struct jit_prog *prog);
/* It ran, executed by slot; is_different: card and host. Returns whether a finding says so. */
bool predict_run(const struct jit_prog *prog, const bool *executed, bool is_different);
/* The host's result was XDP_REDIRECT, which is another one on the card. Returns whether a finding
 * says so; QUIRK_REDIRECT is no word for any other difference. */
bool predict_redirect(const struct jit_prog *prog, const bool *executed);
/* No more runs of it. */
void predict_end(void);

/* Did a difference show when of all kinds only this one had run? In the program since
 * predict_begin(). */
bool predict_has_shown(enum jit_rule rule);
/* A kind that is there for differences in results. */
bool predict_is_quirk(enum jit_rule rule);

/* Of each kind in how many programs it was found, ran, showed. Returns how many kinds never showed
 * alone and have no reason for that. */
unsigned int predict_print(void);

#endif
