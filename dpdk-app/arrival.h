/* SPDX-License-Identifier: BSD-2-Clause */
/* A packet as a tc program on the host gets it. */
#ifndef APP_ARRIVAL_H
#define APP_ARRIVAL_H

#include "bpf/xb.h"

/* What the device has, buf_bytes from buf on. */
struct arrival {
	uint8_t *buf, *data;
	uint32_t buf_bytes, bytes;
	uint32_t rx_queue;
	uint64_t tstamp_ns; /* the capture's */
	uint8_t *spare;	    /* XB_SKB_SPARE_BYTES for one that outgrows its buffer */
};

/* What a device and __netif_receive_skb_core() leave in a packet before tc's ingress hook. 0, or
 * -EINVAL: it is cut short in its VLAN tag, and the kernel frees it. */
int arrival_skb(const struct arrival *arrival, struct xb_skb *skb);

#endif
