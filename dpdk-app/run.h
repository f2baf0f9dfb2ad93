/* SPDX-License-Identifier: BSD-2-Clause */
/* What a run needs before its first packet, and gives back after its last: cmd_run.c has what is
 * between. */
#ifndef APP_RUN_H
#define APP_RUN_H

#include "dpdk-app/events.h"
#include "dpdk-app/place.h"
#include "dpdk-app/replay.h"
#include "dpdk-app/worker.h"

/* All of a run. */
struct run {
	const struct options *opt;
	struct program program;
	struct place place;	     /* of the program */
	struct events events;	     /* of a program on the card */
	struct program host_program; /* --host-program, behind the one on the card */
	struct replay replay;
	struct job job;
	struct worker *workers;
	uint64_t started, ended; /* TSC */
	uint64_t next_progress;	 /* TSC; UINT64_MAX: nobody looks */
	unsigned int idle;	 /* polls of the main lcore's that found nothing, in a row */
	bool eal_runs;
};

/* Programs, card, capture, files, ports, workers, as the options say. STATUS_DONE, or the status to
 * exit with, complaint made. */
int run_setup(struct run *run);
/* Tolerates what is half made. */
void run_teardown(struct run *run);

#endif
