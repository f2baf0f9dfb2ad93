/* SPDX-License-Identifier: BSD-2-Clause */
/* Where a program is attached: --mode, and what the card says. Used by cmd_run.c and cmd_trace.c.
 */
#ifndef APP_PLACE_H
#define APP_PLACE_H

#include "dpdk-app/check.h"
#include "dpdk-app/program.h"

struct place {
	const char *mode; /* "xdpoffload": where it is attached */
	struct card card;
	struct check check; /* what the card says of the program; it is on check.offload then */
	bool is_asked;	    /* the card */
	bool is_offloaded;  /* the program is on the card; else it is for the host */
};

/*
 * What a card takes goes there, in the modes that allow it. STATUS_DONE, or the status to exit
 * with; STATUS_REFUSED: the card refuses, and nothing else was wanted, which is told unless the
 * report is JSON.
 */
int place_program(struct place *place, const struct options *opt, const struct program *program);
/* Tolerates what is half made. Engines must be gone. */
void place_end(struct place *place);

#endif
