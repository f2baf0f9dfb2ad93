/* SPDX-License-Identifier: BSD-2-Clause */
/* The least sum of squares of residuals that are dear to compute and a little noisy, for
 * timing_fit. */
#ifndef TESTS_TIMING_LEAST_SQUARES_H
#define TESTS_TIMING_LEAST_SQUARES_H

#include <stdint.h>

#define LEAST_PARAMETERS_MAX 8u
#define LEAST_RESIDUALS_MAX 64u

struct least_parameter {
	const char *name;
	double value;
	double step; /* by so much slopes are taken: more than noise, less than a bend */
};

/* Residuals of the parameters as they are; how many. */
typedef uint32_t least_residuals(const struct least_parameter *parameters, void *arg, double *r);

/* Changes values, which stay at or above 0, until the sum hardly falls. The sum. */
double least_squares(
	struct least_parameter *parameters, uint32_t cnt, least_residuals *residuals, void *arg);

#endif
