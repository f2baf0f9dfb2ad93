/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What was measured on a real card (card-timing.md; doi 10.1145/3485983.3494842), and the programs
 * it was measured with, as paths recorded from their microcode. Used by the fit and by the test.
 */
#ifndef TESTS_TIMING_MEASURED_H
#define TESTS_TIMING_MEASURED_H

#include "nic/timing/timing.h"

/* Rows of the table: X(id, program, firmware, title) */
#define MEASURED_ROWS(X)                                                                           \
	X(DROP, "drop", "corenic", "XDP_DROP")                                                     \
	X(SLOW, "slow", "corenic", "slow program")                                                 \
	X(READS_4, "reads4", "research", "4 reads")                                                \
	X(READS_8, "reads8", "research", "8 reads")                                                \
	X(READS_12, "reads12", "research", "12 reads")
enum measured_row {
#define X(id, ...) ROW_##id,
	MEASURED_ROWS(X)
#undef X
		ROW_CNT
};
#define MEASURED_COLUMNS 7

extern const char *const measured_titles[ROW_CNT], *const measured_firmwares[ROW_CNT];
extern const uint32_t measured_mes[MEASURED_COLUMNS];
extern const double measured_mpps[ROW_CNT][MEASURED_COLUMNS];

/*
 * Constants of the same source. It counts 224 cycles of the research firmware around a program
 * without its last MEASURED_OUTRO_CYCLES, those behind the jump to the outro, which its estimator
 * takes for the end: 402 and 617 cycles, which it has for two programs of its artifact, are theirs
 * only so. Around a whole program are as many fewer. The other is what one packet access more
 * takes, where contexts overlap.
 */
#define MEASURED_OUTRO_CYCLES 11.0
#define MEASURED_FIRMWARE_CYCLES (224.0 - MEASURED_OUTRO_CYCLES)
#define MEASURED_LEAST_CYCLES 19.0 /* of issue, of the least program */
#define MEASURED_CTM_CYCLES 16.0
#define MEASURED_MAC_MPPS 53.2

/* Measured with the research firmware; the search does not see them, the choice of jitter did: real
 * programs of the source's artifact, the slowest path of each that a packet can take, as steps
 * (nic/timing/steps.h) counted in its listings. */
struct measured_other {
	const char *title, *steps;
	uint32_t mes;
	double mpps;
};
#define MEASURED_OTHERS 4
extern const struct measured_other measured_others[MEASURED_OTHERS];

/* The rows' programs run on the exact microengine and recorded, each a mix of one class. Fails by
 * exit() with a sentence: these are programs of the tree. */
struct nic_mix *measured_mix(enum measured_row row);
/* A mix of one class from the text of steps; EMEM accesses all go to one place. */
struct nic_mix *measured_steps(const char *text);
/* The library's 2x40 with that firmware, as it was measured: with two flows. */
struct nic_card measured_card(const char *firmware);

#endif
