/* SPDX-License-Identifier: BSD-2-Clause */
/* Random numbers of a seed that is printed, so that a failure can be repeated: NIC_SEED=N. */
#ifndef TESTS_UNIT_NIC_RANDOM_H
#define TESTS_UNIT_NIC_RANDOM_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static uint64_t random_state;

static inline void
random_begin(void)
{
	const char *seed = getenv("NIC_SEED");

	random_state = seed ? strtoull(seed, NULL, 0) : (uint64_t)time(NULL);
	printf("NIC_SEED=%llu\n", (unsigned long long)random_state);
}

/* splitmix64 */
static inline uint64_t
random_bits(void)
{
	uint64_t z = random_state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

static inline uint32_t
random_below(uint32_t limit)
{
	return (uint32_t)(random_bits() >> 32) % limit;
}

#endif
