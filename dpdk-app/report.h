/* SPDX-License-Identifier: BSD-2-Clause */
/* What a run says at its end: text, or JSON whose keys are a contract. */
#ifndef APP_REPORT_H
#define APP_REPORT_H

#include "dpdk-app/check.h"
#include "dpdk-app/events.h"
#include "dpdk-app/forecast.h"
#include "dpdk-app/program.h"
#include "dpdk-app/worker.h"

/* Everything that is told. */
struct result {
	const struct program *program;
	const struct check *check;     /* what the card says of it; NULL: it was not asked */
	const struct offload *offload; /* NULL: it ran on the host */
	const struct events *events;   /* of a program on the card; may be NULL */
	/* The host's program behind the one on the card; NULL: there is none. Of this only program,
	 * stats, mode and show_maps count. */
	const struct result *behind;
	struct nic_engine_stats nic; /* of a card, all workers' */
	struct forecast forecast;
	struct stats stats;
	double seconds; /* first read to last packet */
	unsigned int lcores;
	const char *from; /* the capture or the port */
	const char *mode; /* "xdpdrv" */
	bool show_maps;
	bool interrupted;
	uint64_t snapped, filtered, runts; /* as in struct replay */
};

void report_text(const struct result *r, FILE *out);
/* 0 or -ENOMEM. */
int report_json(const struct result *r, FILE *out);
/* The same keys for a program that was refused before anything ran. check may be NULL. */
int report_refusal_json(const struct program *p, const struct check *check, FILE *out);

#endif
