/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Puts IPv4 packets to certain addresses into a tunnel: an outer IPv4 header (IP in IP, RFC 2003)
 * is made in front of the packet, for which bpf_xdp_adjust_head() moves the beginning of the
 * packet 20 bytes back into the headroom. Only frames without a VLAN tag.
 *
 *	before:                  | Ethernet | IPv4 to host | data |
 *	after: | Ethernet | IPv4 to tunnel | IPv4 to host | data |
 *
 * The card: accepts it, with the open firmware too, which advertises adjust_head (without: "[nfp]
 * adjust_head not supported by FW"). There is one call, always with the same constant, which the
 * firmware guarantees to fit (20 of at most 84 bytes), so the translator leaves the tests out: 5
 * card instructions instead of 16. All pointers into the packet die with the call; the one into
 * the map value lives on.
 */
#include "csum.h"
#include "parse.h"

struct tunnel {
	__be32 saddr; /* of the outer header */
	__be32 daddr;
	__u8 mac[ETH_ALEN]; /* next hop */
	__u8 unused[2];
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 256);
	__type(key, __be32); /* inner destination */
	__type(value, struct tunnel);
} tunnels SEC(".maps");

/* The new beginning of the packet. */
struct outer {
	struct ethhdr eth;
	struct iphdr ip;
} __attribute__((packed, aligned(2)));

static __always_inline void
write_ip(struct outer *outer, const struct tunnel *tunnel, __u16 inner_bytes)
{
	outer->ip.version = 4;
	outer->ip.ihl = sizeof(outer->ip) / 4;
	outer->ip.tos = 0;
	outer->ip.tot_len = bpf_htons(inner_bytes + sizeof(outer->ip));
	outer->ip.id = 0; /* never fragmented, so no identification is needed (RFC 6864) */
	outer->ip.frag_off = bpf_htons(IP_DONT_FRAGMENT);
	outer->ip.ttl = 64;
	outer->ip.protocol = IPPROTO_IPIP;
	outer->ip.check = 0;
	outer->ip.saddr = tunnel->saddr;
	outer->ip.daddr = tunnel->daddr;
	outer->ip.check = csum_fold(csum_add(0, &outer->ip, sizeof(outer->ip) / 2));
}

/* The packet's tunnel and its length as its header has it; NULL: not for us. */
static __always_inline const struct tunnel *
tunnel_of(struct cursor at, __u16 *bytes)
{
	const struct ethhdr *eth = take(&at, sizeof(*eth));
	const struct iphdr *ip;
	__be32 daddr;

	if (!eth || eth->h_proto != bpf_htons(ETH_P_IP))
		return NULL;
	ip = take_ipv4(&at);
	if (!ip)
		return NULL;
	*bytes = bpf_ntohs(ip->tot_len);
	daddr = ip->daddr;
	return bpf_map_lookup_elem(&tunnels, &daddr);
}

/* The old Ethernet header lies under the end of the new IPv4 header: read it before that is
 * written. */
static __always_inline void
write_eth(struct outer *outer, const struct tunnel *tunnel)
{
	const struct ethhdr *old = (void *)outer + sizeof(outer->ip);

	__builtin_memcpy(outer->eth.h_source, old->h_dest, ETH_ALEN);
	__builtin_memcpy(outer->eth.h_dest, tunnel->mac, ETH_ALEN);
	outer->eth.h_proto = bpf_htons(ETH_P_IP);
}

SEC("xdp")
int
xdp_ipip(struct xdp_md *ctx)
{
	const struct tunnel *tunnel;
	struct outer *outer;
	struct cursor at;
	__u16 bytes = 0;

	tunnel = tunnel_of(packet_of(ctx), &bytes);
	if (!tunnel)
		return XDP_PASS;
	if (bpf_xdp_adjust_head(ctx, -(int)sizeof(struct iphdr)))
		return XDP_DROP;
	at = packet_of(ctx);
	outer = take(&at, sizeof(*outer));
	if (!outer)
		return XDP_DROP;
	write_eth(outer, tunnel);
	write_ip(outer, tunnel, bytes);
	return XDP_TX;
}

char _license[] SEC("license") = "Dual BSD/GPL";
