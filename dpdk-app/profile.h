/* SPDX-License-Identifier: BSD-2-Clause */
/* A program run on the card's packets, one after the other: which paths there were, and what each
 * word of the microcode took on them. Used by cmd_bench.c and cmd_dump_nfp.c. */
#ifndef APP_PROFILE_H
#define APP_PROFILE_H

#include "dpdk-app/check.h"
#include "dpdk-app/code.h"
#include "dpdk-app/packets.h"
#include "nic/timing/timing.h"

/* What the words of the microcode took, sums over the packets that were recorded. */
struct costs {
	uint64_t packets;
	uint64_t *runs, *cycles; /* of each word of the image */
	double *waits;		 /* cycles a packet that its context waits; others run meanwhile */
};

/* A class of paths (timing.h). */
struct profile_path {
	struct costs costs;
	enum code code; /* the verdict */
};

struct profile {
	const struct check *check; /* the program is on its card */
	struct nic_engine *engine;
	struct nic_mix *mix;
	struct profile_path *paths; /* by number of class; those past path_cnt were not recorded */
	uint32_t path_cnt, path_room;
	struct nic_profile *last; /* of the packet that was recorded */
	uint64_t faults;
};

/* A program the check accepted on all packets; every: each packet is recorded, else some of each
 * path. 0 or -ENOMEM. profile_free() also then, and before check_free(). */
int profile_make(
	struct profile *p, const struct check *check, const struct packets *packets, bool every);
void profile_free(struct profile *p);

/* All paths, and the waits of the whole mix. 0 or -ENOMEM; costs_free(). */
int profile_costs(const struct profile *p, struct costs *costs);
/* Waits of a path that the card had to do with only. */
int profile_path_waits(struct profile *p, uint32_t path, const struct nic_predict_options *options,
	struct nic_prediction *prediction);
void costs_free(struct costs *costs);

#endif
