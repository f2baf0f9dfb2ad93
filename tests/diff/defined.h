/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Is what a program does the same wherever it runs? The verifier lets a privileged program make
 * numbers of addresses and read bytes of its stack that it never wrote; both differ between two
 * machines, and between two runs on one.
 */
#ifndef TESTS_DIFF_DEFINED_H
#define TESTS_DIFF_DEFINED_H

#include "bpf/verifier/state.h"

/* For a hook: NULL, or why the instruction about to be visited does such a thing. */
const char *undefined_at(const struct xb_verify_env *env, const struct bpf_insn *insn);

#endif
