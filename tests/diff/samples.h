/* SPDX-License-Identifier: BSD-2-Clause */
/* What samples_test.c gives the sample programs to work with, and what must come of it. */
#ifndef TESTS_DIFF_SAMPLES_H
#define TESTS_DIFF_SAMPLES_H

#include <stddef.h>
#include <stdint.h>

/* An element put into a map, the kernel's and ours, before the first packet. */
struct entry {
	const char *map;
	const void *key, *value;
	uint32_t key_size, value_size;
};

#define SAMPLE_UNSPEC 31 /* bit of TC_ACT_UNSPEC, which is -1 */

struct sample {
	const char *name; /* of the object and of the program; tc_... ones are tc programs */
	/* 1 << verdict: over all captures each of these must have been seen, and no other. */
	uint32_t verdicts;
	const struct entry *entries;
	size_t entry_cnt;
};

extern const struct sample samples[];
extern const size_t sample_cnt;

#endif
