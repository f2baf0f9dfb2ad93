/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* What `check` says of it before a program is verified, and after it is translated: types that no
 * card takes, and a program that reads far into the packet. */
#include <linux/bpf.h>
#include <linux/pkt_cls.h>

#include <bpf/bpf_helpers.h>

SEC("xdp.frags")
int
in_pieces(struct xdp_md *ctx)
{
	return XDP_PASS;
}

SEC("action")
int
an_action(struct __sk_buff *skb)
{
	return TC_ACT_SHOT;
}

#define FAR 200

SEC("xdp")
int
far(struct xdp_md *ctx)
{
	const unsigned char *data = (void *)(long)ctx->data;

	if (data + FAR + 1 > (const unsigned char *)(long)ctx->data_end)
		return XDP_PASS;
	return data[FAR] == 0 ? XDP_DROP : XDP_PASS;
}

char _license[] SEC("license") = "Dual BSD/GPL";
