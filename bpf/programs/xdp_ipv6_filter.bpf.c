/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Drops IPv6, passes the rest: the first program that looks into the packet. It finds the network
 * protocol behind up to two VLAN tags; a packet too short to say what it is passes.
 *
 * The card: accepts it. Of the context it loads data and data_end, the two fields an XDP program
 * may load there; the loads from the packet lie at constant offsets, so the driver's translator
 * merges neighbouring ones into one memory read where no branch separates them.
 */
#include "parse.h"

SEC("xdp")
int
xdp_ipv6_filter(struct xdp_md *ctx)
{
	struct cursor at = packet_of(ctx);
	__be16 proto;

	if (!take_eth(&at, &proto))
		return XDP_PASS;
	return proto == bpf_htons(ETH_P_IPV6) ? XDP_DROP : XDP_PASS;
}

char _license[] SEC("license") = "Dual BSD/GPL";
