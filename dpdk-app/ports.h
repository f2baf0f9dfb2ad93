/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The two sides of the card as DPDK ports, with a queue a worker on each.
 *
 * Replaying, the wire port is a net_ring: the reader puts packets into its rx rings, what the
 * program sends back comes out of its tx rings. A host port that the user does not name is a
 * net_ring too. (net_null would do when nobody looks, but it frees packets one by one, at four
 * times the cost.)
 */
#ifndef APP_PORTS_H
#define APP_PORTS_H

#include <rte_ring.h>

#include "bpf/xb.h"
#include "dpdk-app/cmd.h"
#include "dpdk-app/eal.h"
#include "dpdk-app/packet.h"

/* Packets between reading and writing at most, when they are written in order. */
#define WINDOW 4096u
#define RX_RING 512u /* packets waiting for a worker */

struct ports_opts {
	unsigned int lcores;
	const struct words *vdevs; /* none: replay */
	bool keep_tx, keep_pass;   /* somebody reads wire_tx, host_tx */
	bool in_order;		   /* up to WINDOW packets are on the way */
};

struct ports {
	uint16_t wire, host; /* port numbers */
	bool live;
	struct rte_mempool *pool, *giants;
	/* One a queue; NULL when that side is no net_ring. The tx rings must be emptied. */
	struct rte_ring *wire_rx[LCORES_MAX], *wire_tx[LCORES_MAX], *host_tx[LCORES_MAX];
};

/* Make pools and ports and start them. 0, or -errno and a sentence. */
int ports_open(struct ports *p, const struct ports_opts *opts, struct xb_log *log);
void ports_close(struct ports *p);

#endif
