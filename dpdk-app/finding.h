/* SPDX-License-Identifier: BSD-2-Clause */
/* What is wrong, or doubtful, with a program, and where: a refusal of `run`, a line of `check`. */
#ifndef APP_FINDING_H
#define APP_FINDING_H

#include <jansson.h>

#include "dpdk-app/cmd.h"

#define FINDING_MESSAGE_MAX 256

struct finding {
	const char *severity; /* "error", "warning", "note" */
	const char *stage;    /* "load", "map", "verifier", "driver", "translate", "attach" */
	const char *rule;     /* the row of a table, "" or NULL: it has none */
	int err;	      /* errno; 0 of what is no error */
	const struct xb_prog *prog;
	int32_t insn;	   /* -1: about no instruction */
	const char *map;   /* its name; NULL: about no map */
	const char *what;  /* the map's type, the helper, the program's type; NULL */
	const char *why;   /* why the card has the rule, NULL: not known */
	const char *fix;   /* what to change, NULL: not known */
	bool is_first;	   /* the kernel would have ended here */
	bool is_of_object; /* a loader ends at a map, before it comes to the program */
	char message[FINDING_MESSAGE_MAX]; /* the kernel's or the driver's sentence */
};

/* "EINVAL" */
const char *finding_errno(const struct finding *finding);
/* Errors first, what the kernel ends with before all; what has one reason together. */
void findings_print(const struct finding *findings, uint32_t cnt, FILE *out);
/* What to change, and where: a part of a line. */
void finding_print_fix(const struct finding *finding, FILE *out);
json_t *json_finding(const struct finding *finding);

#endif
