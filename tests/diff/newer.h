/* SPDX-License-Identifier: BSD-2-Clause */
/* What kernels newer than 6.12 know that ours, which is after 6.12, does not. */
#ifndef TESTS_DIFF_NEWER_H
#define TESTS_DIFF_NEWER_H

#include "tests/verifier/verdict.h"

/*
 * Why the kernel's answer may be another than that of 6.12: ask it again about the program
 * without what it knows better, and see whether it now says what ours does. NULL when that
 * explains nothing.
 */
const char *newer_kernel_explains(
	const struct question *q, const struct verdict *kernel, const struct verdict *ours);
void newer_make_maps(void);

#endif
