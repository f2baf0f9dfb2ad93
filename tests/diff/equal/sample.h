/* SPDX-License-Identifier: BSD-2-Clause */
/* The sample programs (bpf/programs/) over the sample captures, in lockstep. */
#ifndef TESTS_DIFF_EQUAL_SAMPLE_H
#define TESTS_DIFF_EQUAL_SAMPLE_H

#include "tests/diff/equal/lockstep.h"

/* Returns how many differ, or do not do what they should: printed. */
unsigned int sample_programs(struct lockstep *l);

#endif
