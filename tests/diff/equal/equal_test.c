/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Equality, the test of all tests: a program does the same on the card (loaded by the driver's way,
 * on the microengine in its fast and its exact mode), in the host's interpreter (fast and checked)
 * and in the running kernel. The same verdict, the same packet, the same maps; but where a finding
 * of the driver's part said that the card would do otherwise.
 *
 *	equal_test [COUNT [SEED]]
 *
 * The named cases, the samples over the captures, and COUNT random programs. Prints its seed first;
 *the same seed makes the same programs.
 */
#include "tests/diff/equal/cases.h"
#include "tests/diff/equal/packets.h"
#include "tests/diff/equal/predict.h"
#include "tests/diff/equal/random.h"
#include "tests/diff/equal/sample.h"

#include <inttypes.h>
#include <sched.h>
#include <stdlib.h>
#include <time.h>

#define COUNT_DEFAULT 5000u

/* Values of per-cpu maps are the first worker's here, the running CPU's in the kernel. */
static void
stay_on_first_cpu(void)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(0, &set);
	sched_setaffinity(0, sizeof(set), &set);
}

int
main(int argc, char **argv)
{
	unsigned long count = argc > 1 ? strtoul(argv[1], NULL, 0) : COUNT_DEFAULT;
	uint64_t seed = argc > 2 ? strtoull(argv[2], NULL, 0) : (uint64_t)time(NULL) * 1000000;
	const char *why_no_kernel = kernel_refusal();
	struct lockstep *l = lockstep_new(why_no_kernel);
	unsigned int failures;

	printf("equal_test: seed %" PRIu64 "\n", seed);
	fflush(stdout);
	if (why_no_kernel)
		printf("without the running kernel: %s\n", why_no_kernel);
	stay_on_first_cpu();
	if (!l || packets_open() != 0)
		return 1;
	failures = cases_run(l);
	failures += sample_programs(l);
	failures += random_programs(l, count, seed);
	failures += !lockstep_print(l);
	failures += predict_print();
	packets_close();
	lockstep_free(l);
	return failures > 0;
}
