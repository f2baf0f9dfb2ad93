/* SPDX-License-Identifier: BSD-2-Clause */
/* Damped least squares (Levenberg and Marquardt). All is counted in units of the steps. */
#include "tests/timing/least_squares.h"

#include <math.h>
#include <string.h>

#define ROUNDS 10
#define TRIES 3	      /* with ten times the damping each, before a round is the last */
#define DAMPING 0.01  /* to begin with */
#define LITTLE 0.003  /* of the sum: a round that gains less is the last */
#define NO_SLOPE 1e-9 /* of a parameter that nothing depends on */

struct least {
	struct least_parameter *parameters;
	uint32_t cnt, residual_cnt;
	least_residuals *residuals;
	void *arg;
	double slope[LEAST_PARAMETERS_MAX][LEAST_RESIDUALS_MAX];
};

static double
sum_of(struct least *least, double *r)
{
	double sum = 0;

	least->residual_cnt = least->residuals(least->parameters, least->arg, r);
	for (uint32_t i = 0; i < least->residual_cnt; i++)
		sum += r[i] * r[i];
	return sum;
}

static void
take_slopes(struct least *least, const double *r)
{
	double up[LEAST_RESIDUALS_MAX];

	for (uint32_t p = 0; p < least->cnt; p++) {
		double value = least->parameters[p].value;

		least->parameters[p].value = value + least->parameters[p].step;
		sum_of(least, up);
		least->parameters[p].value = value;
		for (uint32_t i = 0; i < least->residual_cnt; i++)
			least->slope[p][i] = up[i] - r[i];
	}
}

/* a x = b; a is positive definite, so no pivots are needed. */
static void
solve(double a[LEAST_PARAMETERS_MAX][LEAST_PARAMETERS_MAX], double *b, uint32_t cnt, double *x)
{
	for (uint32_t i = 0; i < cnt; i++)
		for (uint32_t k = i + 1; k < cnt; k++) {
			double f = a[k][i] / a[i][i];

			for (uint32_t c = i; c < cnt; c++)
				a[k][c] -= f * a[i][c];
			b[k] -= f * b[i];
		}
	for (uint32_t i = cnt; i-- > 0;) {
		x[i] = b[i];
		for (uint32_t c = i + 1; c < cnt; c++)
			x[i] -= a[i][c] * x[c];
		x[i] /= a[i][i];
	}
}

static void
find_step(struct least *least, const double *r, double damping, double *x)
{
	double a[LEAST_PARAMETERS_MAX][LEAST_PARAMETERS_MAX] = { { 0 } };
	double b[LEAST_PARAMETERS_MAX] = { 0 };

	for (uint32_t p = 0; p < least->cnt; p++) {
		for (uint32_t i = 0; i < least->residual_cnt; i++) {
			for (uint32_t q = 0; q < least->cnt; q++)
				a[p][q] += least->slope[p][i] * least->slope[q][i];
			b[p] -= least->slope[p][i] * r[i];
		}
		a[p][p] += damping * a[p][p] + NO_SLOPE;
	}
	solve(a, b, least->cnt, x);
}

/* Is there less that way? Then it has gone there. */
static int
try_step(struct least *least, const double *x, double *sum, double *r)
{
	double was[LEAST_PARAMETERS_MAX], next[LEAST_RESIDUALS_MAX], now;

	for (uint32_t p = 0; p < least->cnt; p++) {
		was[p] = least->parameters[p].value;
		least->parameters[p].value = fmax(0, was[p] + x[p] * least->parameters[p].step);
	}
	now = sum_of(least, next);
	if (now < *sum) {
		*sum = now;
		memcpy(r, next, sizeof(next));
		return 1;
	}
	for (uint32_t p = 0; p < least->cnt; p++)
		least->parameters[p].value = was[p];
	return 0;
}

double
least_squares(
	struct least_parameter *parameters, uint32_t cnt, least_residuals *residuals, void *arg)
{
	struct least least = {
		.parameters = parameters, .cnt = cnt, .residuals = residuals, .arg = arg
	};
	double r[LEAST_RESIDUALS_MAX], x[LEAST_PARAMETERS_MAX], damping = DAMPING;
	double sum = sum_of(&least, r);

	for (int round = 0; round < ROUNDS; round++) {
		double before = sum;
		int tries = 0;

		take_slopes(&least, r);
		do {
			find_step(&least, r, damping, x);
			damping *= 10;
		} while (!try_step(&least, x, &sum, r) && ++tries < TRIES);
		damping /= 50;
		if (before - sum < LITTLE * before)
			break;
	}
	return sum;
}
