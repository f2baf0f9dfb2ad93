/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Counts the packets of each UDP and TCP flow over IPv4 in a hash that it fills itself, and passes
 * everything. Flows that come after the table is full are not counted.
 *
 * The card: accepts it, with firmware that lets programs update maps. xdp_counter, which does the
 * same with 64-bit counters, is refused: a counter must begin with zero bytes, and since Linux 6.8
 * the verifier keeps an aligned 8-byte zero on the stack as a spilled register, which the driver
 * does not take for zeros ("may be non-zero"). A 4-byte zero at an address that is no multiple of 8
 * is no spill, so a 32-bit counter which lies so gets through. The flow is a multiple of 8 bytes
 * long and lies below it, the counter is put at the end.
 */
#include "parse.h"

struct flow {
	__be32 source, dest;
	struct ports ports;
	__u32 proto;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 65536);
	__type(key, struct flow);
	__type(value, __u32);
} flows SEC(".maps");

static __always_inline int
take_flow(struct cursor *at, struct flow *flow)
{
	const struct iphdr *ip;
	const struct ports *ports;
	__be16 proto;

	if (!take_eth(at, &proto) || proto != bpf_htons(ETH_P_IP))
		return 0;
	ip = take_ipv4(at);
	if (!ip || is_later_fragment(ip))
		return 0;
	if (ip->protocol != IPPROTO_UDP && ip->protocol != IPPROTO_TCP)
		return 0;
	ports = take(at, sizeof(*ports));
	if (!ports)
		return 0;
	flow->source = ip->saddr;
	flow->dest = ip->daddr;
	flow->ports = *ports;
	flow->proto = ip->protocol;
	return 1;
}

static __always_inline __u32 *
counter_of(const struct flow *flow)
{
	struct {
		__u32 unused, zero; /* the second is at no multiple of 8 */
	} value;
	__u32 *counter = bpf_map_lookup_elem(&flows, flow);

	if (counter)
		return counter;
	value.zero = 0;
	/* Another core may do the same at this moment: whoever comes second finds the first's. */
	bpf_map_update_elem(&flows, flow, &value.zero, BPF_NOEXIST);
	return bpf_map_lookup_elem(&flows, flow);
}

SEC("xdp")
int
xdp_flows(struct xdp_md *ctx)
{
	struct cursor at = packet_of(ctx);
	struct flow flow;
	__u32 *counter;

	if (!take_flow(&at, &flow))
		return XDP_PASS;
	counter = counter_of(&flow);
	if (counter)
		__sync_fetch_and_add(counter, 1);
	return XDP_PASS;
}

char _license[] SEC("license") = "Dual BSD/GPL";
