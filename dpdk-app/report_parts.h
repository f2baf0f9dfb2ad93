/* SPDX-License-Identifier: BSD-2-Clause */
/* What both forms of the report are made of: numbers, faults, views of maps wherever they are. */
#ifndef APP_REPORT_PARTS_H
#define APP_REPORT_PARTS_H

#include "dpdk-app/report.h"

double report_mpps(const struct result *r);
/* "01 02 0a", as bpftool prints: 3 bytes of text for each. */
void report_hex(char *text, const uint8_t *bytes, size_t len);
/* The first fault as a sentence: packet, instruction, source line. free() it; NULL: no memory. */
char *report_fault(const struct result *r);

/* A map of the program, wherever it is. */
struct map_view {
	const struct result *r;
	uint32_t index; /* of the object's maps */
	const struct xb_map_def *def;
	bool is_per_cpu; /* a value of each worker, stride bytes apart */
	uint32_t values, stride;
};

/* False: no program that ran names it. */
bool report_view(const struct result *r, uint32_t index, struct map_view *v);
/* What an array of events got; NULL: it is none, or not the card's. */
const struct event_counts *report_events_of(const struct result *r, uint32_t index);
typedef int report_visit_fn(void *arg, const void *key, const void *value);
/* Its entries; an array of events has samples instead. */
void report_visit(const struct map_view *v, report_visit_fn *visit, void *arg);

#endif
