/* SPDX-License-Identifier: BSD-2-Clause */
/* A program offered to a card: what kernel and driver would say, and its microcode. */
#ifndef APP_CHECK_H
#define APP_CHECK_H

#include "dpdk-app/card.h"
#include "dpdk-app/finding.h"

struct check {
	const struct xb_object *obj;
	const struct xb_prog *prog;
	const struct card *card;
	struct finding *findings;
	uint32_t finding_cnt, finding_room;
	bool has_image; /* it was translated */
	struct jit_image image;
	struct xb_log log; /* the verifier's, when asked for */
	int err;	   /* -ENOMEM: the rest says nothing */
};

/* obj, prog and card must live as long. The verifier's walk is logged when verbose. */
void check_program(struct check *check, const struct xb_object *obj, const struct xb_prog *prog,
	const struct card *card, bool verbose);
void check_free(struct check *check);
/* The finding the kernel ends with; NULL: the card takes the program. */
const struct finding *check_refusal(const struct check *check);
/* The key "offload" of reports. */
json_t *json_check(const struct check *check);

#endif
