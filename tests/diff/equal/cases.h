/* SPDX-License-Identifier: BSD-2-Clause */
/* Named programs in lockstep: what is foretold of each shows, and what was mended stays so. */
#ifndef TESTS_DIFF_EQUAL_CASES_H
#define TESTS_DIFF_EQUAL_CASES_H

#include "tests/diff/equal/lockstep.h"

/* Returns how many are not as they should be, which is printed. */
unsigned int cases_run(struct lockstep *l);

#endif
