/* SPDX-License-Identifier: BSD-2-Clause */
/* What of the driver's translation ran: instructions by the function that translates them, accesses
 * by what they are to, calls. For tests of random programs, which must come to all of it. */
#ifndef TESTS_DIFF_JIT_COVER_H
#define TESTS_DIFF_JIT_COVER_H

#include "jit-nfp/jit.h"

/* Of a translated program; executed: by slot. */
void cover_add(const struct jit_prog *prog, const bool *executed);
/* Returns of how many kinds none ran. */
unsigned int cover_print(void);

#endif
