/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Functions that are called, not inlined: each gets a stack frame of its own (8 frames of 512
 * bytes at most) and keeps r6-r9 of its caller. `static` functions are checked by the verifier at
 * every call with what is known there; a global one, as `mix`, once and for any arguments.
 *
 * The program gives every flow one of four queues by a hash of its addresses, counts what each
 * queue would get, and passes everything. Non-IP goes to queue 0.
 *
 * The card: accepts it, with the open firmware too. Calls between BPF functions are translated
 * (since Linux 4.20); a pointer into the caller's frame, as `flow` here, is allowed. The card has
 * 512 bytes of stack for all frames together, each rounded up to 64, plus 4 for the return
 * address and 32 when the function changes r6-r9: "stack too large: program %dB > FW stack %dB"
 * is the refusal to avoid (nfp_bpf_finalize()).
 */
#include "parse.h"

#define QUEUES 4

struct flow {
	__u32 source;
	__u32 dest;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, QUEUES);
	__type(key, __u32);
	__type(value, __u64);
} packets_of_queue SEC(".maps");

/* The finaliser of MurmurHash3 without its multiplications: rotations and additions spread the
 * bits well enough for four queues. */
__attribute__((noinline)) __u32
mix(__u32 a, __u32 b)
{
	a ^= b << 13 | b >> 19;
	b += a << 7 | a >> 25;
	a ^= b << 17 | b >> 15;
	return a + b;
}

static __attribute__((noinline)) int
read_flow(struct xdp_md *ctx, struct flow *flow)
{
	struct cursor at = packet_of(ctx);
	__be16 proto;
	__u8 l4;

	if (!take_eth(&at, &proto))
		return -1;
	if (proto == bpf_htons(ETH_P_IP)) {
		const struct iphdr *ip = take_ipv4(&at);

		if (!ip)
			return -1;
		flow->source = ip->saddr;
		flow->dest = ip->daddr;
		return 0;
	}
	if (proto == bpf_htons(ETH_P_IPV6)) {
		const struct ipv6hdr *ip = take_ipv6(&at, &l4);

		if (!ip)
			return -1;
		flow->source = ip->saddr.in6_u.u6_addr32[3];
		flow->dest = ip->daddr.in6_u.u6_addr32[3];
		return 0;
	}
	return -1;
}

static __attribute__((noinline)) void
count(__u32 queue)
{
	__u64 *packets = bpf_map_lookup_elem(&packets_of_queue, &queue);

	if (packets)
		__sync_fetch_and_add(packets, 1);
}

SEC("xdp")
int
xdp_subprog(struct xdp_md *ctx)
{
	struct flow flow = { 0 };

	if (read_flow(ctx, &flow) < 0)
		count(0);
	else
		count(mix(flow.source, flow.dest) % QUEUES);
	return XDP_PASS;
}

char _license[] SEC("license") = "Dual BSD/GPL";
