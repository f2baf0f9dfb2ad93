/* SPDX-License-Identifier: BSD-2-Clause */
/* A program offered to a card: what kernel and driver would say, and its microcode. */
#ifndef APP_CHECK_H
#define APP_CHECK_H

#include "dpdk-app/finding.h"
#include "dpdk-app/offload.h"

struct check {
	const struct xb_object *obj;
	const struct xb_prog *prog;
	struct xb_prog skipped; /* prog of check_skipped(): name, section and type */
	const struct card *card;
	/* The machine; the program is attached there when the card takes it. */
	struct offload offload;
	struct finding *findings;
	uint32_t finding_cnt, finding_room;
	bool has_image;		/* it was translated, as far as that goes: see image.is_refused */
	struct jit_image image; /* the machine's */
	struct xb_log log;	/* the verifier's, when asked for */
	int err;		/* -errno, no refusal: the rest says nothing */
};

/* Loaded and attached once, going on behind refusals to find all. obj, prog and card must live as
 * long, *check must stay where it is. The verifier's walk is logged when verbose. */
void check_program(struct check *check, const struct xb_object *obj, const struct xb_prog *prog,
	const struct card *card, bool verbose);
/* A program that the object's reader left out, and that is refused for what it is. False: it is
 * left out for other reasons, and there is nothing to check. */
bool check_skipped(struct check *check, const struct xb_object *obj,
	const struct xb_skipped *skipped, const struct card *card);
void check_free(struct check *check);
/* The finding the kernel ends with; NULL: the card takes the program. */
const struct finding *check_refusal(const struct check *check);
/* The finding that keeps a loader from the program though the card would take it: a map that the
 * program does not name is refused. NULL: there is none. */
const struct finding *check_object_refusal(const struct check *check);
/* Is there a finding of that rule? */
bool check_has(const struct check *check, const char *rule);
/* The card takes the program, and a loader brings it there. */
bool check_loads(const struct check *check);
/* The key "offload" of reports. */
json_t *json_check(const struct check *check);

/* ---- check.c and check_maps.c ---- */

/* About no instruction; NULL: no memory, which check->err keeps. */
struct finding *check_add(struct check *check);
/* Notes of the maps of the object that are refused, and are no finding of the program's. */
void check_other_maps(struct check *check);

#endif
