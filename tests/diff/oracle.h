/* SPDX-License-Identifier: BSD-2-Clause */
/* What tests against the running kernel share. */
#ifndef TESTS_DIFF_ORACLE_H
#define TESTS_DIFF_ORACLE_H

#include <stdint.h>

#define EXIT_SKIP 77 /* meson's, automake's */

/* Print why and exit with EXIT_SKIP unless this process may make maps and load programs. */
void need_bpf(void);
/* The same unless the kernel is this version or later. */
void need_linux(unsigned int major, unsigned int minor);

/* The seed named on the command line, else one of the clock; printed, for the next time. */
uint64_t seed_of(int argc, char **argv);
uint32_t draw(uint64_t *seed, uint32_t below);

/* "line 12: expected ..." on stderr, and exit 1. */
void die(const char *fmt, ...) __attribute__((format(printf, 1, 2), noreturn));

#endif
