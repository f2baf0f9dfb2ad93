/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A worker: takes packets from its queue of the wire port, runs the program on each, sends it where
 * the verdict says. One an lcore; the main lcore is worker 0.
 */
#ifndef APP_WORKER_H
#define APP_WORKER_H

#include "dpdk-app/output.h"
#include "dpdk-app/packet.h"
#include "dpdk-app/ports.h"
#include "nic/firmware/firmware.h"

/* What every worker knows. */
struct job {
	enum bpf_prog_type type;      /* the program's */
	const struct xb_image *image; /* of a program on the host; NULL: there is none */
	enum bpf_prog_type host_type; /* its type */
	bool has_host_program;	      /* beside the one on the card, whose packets it gets */
	struct ports ports;
	struct output out;
	unsigned int lcores;
	bool fed;      /* replay: everything is in the rings */
	bool stop;     /* end soon: ^C, or enough packets */
	uint64_t left; /* live: packets that may still be received */
};

/* What a worker counted. packets = the sum of codes. */
struct stats {
	uint64_t packets;
	uint64_t bytes; /* as received */
	uint64_t codes[CODE_CNT];
	uint64_t unknown;    /* of XDP_ABORTED, TC_ACT_UNSPEC: r0 was no verdict at all */
	uint32_t unknown_r0; /* the first of them */
	uint64_t unsent;     /* a live port did not take them */
	bool has_fault;
	uint64_t fault_index;	    /* the packet of the first fault */
	struct xb_fault fault;	    /* on the host */
	struct nic_fault nic_fault; /* on the card */
};

struct worker {
	struct job *job;
	struct xb_vm *vm;
	struct nic_engine *engine; /* NULL: the program runs on the host */
	unsigned int id;	   /* its queue; its cpu in maps */
	uint32_t rx_queue;	   /* of the host, in which the packet arrives */
	uint8_t *spare;		   /* tc: XB_SKB_SPARE_BYTES for a packet that outgrows its mbuf */
	struct stats stats;
	struct stats behind; /* of the host's program behind the card */
	struct stats *host;  /* of the host's program: one of the two */
	/* The burst being sorted. */
	uint16_t host_cnt, wire_cnt, free_cnt;
	struct rte_mbuf *to_host[BURST], *to_wire[BURST], *to_free[BURST];
} __rte_cache_aligned;

/* Receive one burst, run it, send it. How many packets there were. */
unsigned int worker_poll(struct worker *w);
/* What an lcore does that found nothing to do; *idle: how often in a row. */
void worker_idle(unsigned int *idle);
/* Until there is nothing more to do; rte_lcore's function. */
int worker_main(void *worker);

/* The sum of two workers' counts into *sum. */
void stats_add(struct stats *sum, const struct stats *more);

#endif
