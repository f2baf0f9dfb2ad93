/* SPDX-License-Identifier: BSD-2-Clause */
/* A packet as a tc program on the host gets it. Used by worker.c and cmd_trace.c. */
#include "dpdk-app/arrival.h"

#include "dpdk-app/packet.h"

int
arrival_skb(const struct arrival *a, struct xb_skb *skb)
{
	int err;

	xb_skb_init(skb, a->buf, a->data, a->data + a->bytes, a->buf + a->buf_bytes);
	skb->spare = a->spare;
	skb->spare_bytes = XB_SKB_SPARE_BYTES;
	skb->md.ifindex = skb->md.ingress_ifindex = PKT_IFINDEX;
	skb->md.queue_mapping = a->rx_queue + 1; /* skb_record_rx_queue() */
	skb->md.tstamp = a->tstamp_ns;
	err = xb_skb_untag(skb);
	skb->md.wire_len = skb->md.len - PKT_BYTES_MIN; /* sch_handle_ingress() */
	return err;
}
