/* SPDX-License-Identifier: BSD-2-Clause */
/* Private to nic/timing/: between what is simulated, the simulation, and what is made of it. */
#ifndef NIC_TIMING_INTERNAL_H
#define NIC_TIMING_INTERNAL_H

#include "nic/timing/timing.h"

#define NIC_MILLI 1000u

#define NIC_QUEUE_MAX 16u

/* ---- plan.c: steps of whole packets, with the card's numbers ---- */

/* What a command does besides taking its time. */
enum nic_event {
	NIC_EVENT_NONE,
	NIC_EVENT_ARRIVE, /* the packet is handed over: it has its number */
	NIC_EVENT_ORDER,  /* the reorder engine is told of it */
};

struct nic_planned {
	uint32_t issue, latency; /* thousandths of a cycle; without anybody else there */
	uint32_t line;		 /* time a part of the EMEM is busy with it, 0: not at all */
	uint32_t all;		 /* the same of every part */
	uint8_t event, wait;	 /* enum nic_event, enum nic_wait */
	bool is_command, is_on_release;
	uint8_t place_cnt; /* of line: 0 anywhere */
	const uint32_t *places;
	uint32_t pc; /* of the program's word whose command it is; 0: not the program's */
};

struct nic_planned_class {
	uint32_t from, cnt; /* in plan->step */
	double share;	    /* of packets, of this class and those before */
};

struct nic_plan {
	struct nic_planned *step;
	uint32_t cnt, room;
	struct nic_planned_class *class;
	uint32_t class_cnt;
	uint32_t mes, contexts, banks, line_words, swap, jitter;
	uint32_t queue;			    /* commands, at most NIC_QUEUE_MAX */
	uint32_t sequencers, window, sleep; /* sleep: thousandths of a cycle */
	uint32_t islands, buffers;	    /* packets an island holds */
	int err;
};

/* All classes, or with class < the mix's count only that. 0, -EINVAL, -ENOMEM; nic_plan_clear(). */
int nic_plan_make(struct nic_plan *plan, const struct nic_card *card, const struct nic_mix *mix,
	uint32_t class);
void nic_plan_clear(struct nic_plan *plan);

/* ---- sim.c: the steady state ---- */

struct nic_steady {
	double cycles;	/* of one microengine, for a packet */
	double busy;	/* of these it issues */
	double latency; /* cycles from ARRIVE to the last step */
	double bank;	/* cycles the busiest part of the EMEM works for a packet */
};

/* is_emem_free: the EMEM's parts take no time, only latency. waits: see nic_predict_options, may be
 * NULL. -ENOMEM. */
int nic_simulate(const struct nic_plan *plan, uint64_t seed, uint32_t events, bool is_emem_free,
	struct nic_steady *steady, double *waits);

#endif
