/* SPDX-License-Identifier: BSD-2-Clause */
/* cmocka's setup and teardown of a group whose tests share one pair. */
#ifndef TESTS_DIFF_JIT_GROUP_H
#define TESTS_DIFF_JIT_GROUP_H

#include "tests/_cmocka.h"
#include "tests/diff/jit_pair.h"

static struct pair *pair;

static inline int
begin(void **state)
{
	(void)state;
	pair = pair_new();
	return pair ? 0 : -1;
}

static inline int
end(void **state)
{
	(void)state;
	pair_free(pair);
	return 0;
}

#endif
