/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Events that a program on the card outputs (bpf_perf_event_output): what a tool beside the replay
 * would read. Used by cmd_run.c, report.c; with what offload.h has started.
 */
#ifndef APP_EVENTS_H
#define APP_EVENTS_H

#include "dpdk-app/offload.h"

/* Samples of an array that are kept to be shown; the others are counted. */
#define EVENTS_KEPT 1024u

struct event_sample {
	struct event_sample *next;
	uint32_t bytes;
	uint8_t data[];
};

/* What one perf event array got. */
struct event_counts {
	int fd; /* of the event in its cell of cpu 0; -1: the program does not name the array */
	uint64_t samples, lost;
	struct event_sample *first, **last;
};

struct events {
	struct offload *offload;
	struct event_counts *of; /* as obj->maps; NULL: the program has no such array */
	bool keep;
};

/* Opens an event in each perf event array of the program. keep: samples too, not only their
 * number. 0 or -errno. */
int events_start(struct events *e, struct offload *offload, bool keep);
/* What has come is taken; any time, one thread. */
void events_poll(struct events *e);
/* Those that found the card's own queue full, of whatever array. */
uint64_t events_lost_on_card(const struct events *e);
/* Tolerates what was not started. */
void events_end(struct events *e);

#endif
