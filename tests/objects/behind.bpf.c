/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* A program for the card, and programs of the host that look at what it leaves: where the packet
 * begins, in which queue it comes, how much room is before it. */
#include <linux/bpf.h>
#include <linux/pkt_cls.h>

#include <bpf/bpf_helpers.h>

#define QUEUE 3
#define TOO_MUCH 220 /* of 256 bytes of headroom the kernel keeps 40 */

/* Eight bytes off those that are longer than 100 bytes, which go to that queue. */
SEC("xdp")
int
shorten(struct xdp_md *ctx)
{
	if ((void *)(long)ctx->data + 100 >= (void *)(long)ctx->data_end)
		return XDP_PASS;
	ctx->rx_queue_index = QUEUE;
	return bpf_xdp_adjust_head(ctx, 8) ? XDP_ABORTED : XDP_PASS;
}

SEC("xdp")
int
tell_queue(struct xdp_md *ctx)
{
	if (bpf_xdp_adjust_head(ctx, -TOO_MUCH) == 0)
		return XDP_ABORTED;
	return ctx->rx_queue_index == QUEUE ? XDP_TX : XDP_DROP;
}

SEC("tc")
int
tell_queue_tc(struct __sk_buff *skb)
{
	return skb->queue_mapping == QUEUE + 1 ? TC_ACT_SHOT : TC_ACT_OK;
}

char _license[] SEC("license") = "Dual BSD/GPL";
