/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Drops IPv4 packets whose source address is in a hash that the host fills; the value counts what
 * was dropped. This is the filter people put in front of a machine under attack.
 *
 * The card: accepts it, with the open firmware too. Only the lookup helper is called, with the
 * key at a constant, 4-byte aligned place on the stack as nfp_bpf_stack_arg_ok() wants it, and
 * the value is only added to. max_entries counts against the card's total (2,048,000 elements in
 * the open firmware) when the map is made, not when it fills.
 */
#include "parse.h"

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16384);
	__type(key, __be32);
	__type(value, __u64);
} blacklist SEC(".maps");

SEC("xdp")
int
xdp_blacklist(struct xdp_md *ctx)
{
	struct cursor at = packet_of(ctx);
	const struct iphdr *ip;
	__be16 proto;
	__u64 *drops;
	__be32 source;

	if (!take_eth(&at, &proto) || proto != bpf_htons(ETH_P_IP))
		return XDP_PASS;
	ip = take_ipv4(&at);
	if (!ip)
		return XDP_PASS;
	source = ip->saddr;
	drops = bpf_map_lookup_elem(&blacklist, &source);
	if (!drops)
		return XDP_PASS;
	__sync_fetch_and_add(drops, 1);
	return XDP_DROP;
}

char _license[] SEC("license") = "Dual BSD/GPL";
