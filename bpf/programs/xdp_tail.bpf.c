/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * A program cut into several: the first looks at the network protocol and jumps to the program
 * for it through a program array. The array's contents are written here, in C; the loader puts
 * the programs in. A tail call does not come back: where it fails (an empty slot, or more than 33
 * of them in a row), the program goes on behind it.
 *
 * The card: refuses it. A map that the card's programs use must be a device map, and of those
 * there are only ARRAY and HASH: making this one with the card's interface index is -EINVAL. Made
 * as a host map it does not fit the program: "offload device mismatch between prog and map". The
 * other two would fit, but loaders make all maps of an object first. What to do instead:
 * functions, see xdp_subprog.
 */
#include "parse.h"

enum { PROTO_IPV4, PROTO_IPV6, PROTO_CNT };

int tail_ipv4(struct xdp_md *ctx);
int tail_ipv6(struct xdp_md *ctx);

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, PROTO_CNT);
	__uint(key_size, sizeof(__u32));
	__array(values, int(void *));
} protocols SEC(".maps") = {
	.values = {
		[PROTO_IPV4] = (void *)&tail_ipv4,
		[PROTO_IPV6] = (void *)&tail_ipv6,
	},
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 256);
	__type(key, __u32);
	__type(value, __u64);
} packets_of_proto SEC(".maps");

static __always_inline void
count(__u32 proto)
{
	__u64 *packets = bpf_map_lookup_elem(&packets_of_proto, &proto);

	if (packets)
		__sync_fetch_and_add(packets, 1);
}

/* A tail call hands over the context and nothing else: the packet is parsed from its beginning. */
SEC("xdp")
int
tail_ipv4(struct xdp_md *ctx)
{
	struct cursor at = packet_of(ctx);
	const struct iphdr *ip;
	__be16 proto;

	if (!take_eth(&at, &proto))
		return XDP_DROP;
	ip = take_ipv4(&at);
	if (!ip)
		return XDP_DROP;
	count(ip->protocol);
	return XDP_PASS;
}

SEC("xdp")
int
tail_ipv6(struct xdp_md *ctx)
{
	struct cursor at = packet_of(ctx);
	__be16 proto;
	__u8 l4;

	if (!take_eth(&at, &proto) || !take_ipv6(&at, &l4))
		return XDP_DROP;
	count(l4);
	return XDP_PASS;
}

SEC("xdp")
int
xdp_tail(struct xdp_md *ctx)
{
	struct cursor at = packet_of(ctx);
	__be16 proto;

	if (!take_eth(&at, &proto))
		return XDP_ABORTED;
	if (proto == bpf_htons(ETH_P_IP))
		bpf_tail_call(ctx, &protocols, PROTO_IPV4);
	else if (proto == bpf_htons(ETH_P_IPV6))
		bpf_tail_call(ctx, &protocols, PROTO_IPV6);
	return XDP_PASS;
}

char _license[] SEC("license") = "Dual BSD/GPL";
