/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Answers packets that are too long for the next link: cuts the packet off behind its first bytes
 * (bpf_xdp_adjust_tail()), makes room in front (bpf_xdp_adjust_head()) and sends the rest back as
 * the quotation inside an ICMP error, "fragmentation needed" for IPv4 (RFC 792, 1191) and "packet
 * too big" for IPv6 (RFC 4443 3.2).
 *
 *	before:            | Ethernet | IP | 8 bytes | the rest |
 *	after: | Ethernet | IP | ICMP | IP | 8 bytes |
 *
 * Simplified: untagged frames, no IPv4 options, no IPv6 extension headers; the answer comes from
 * the address that was asked; and RFC 4443 would have more of the packet quoted.
 *
 * The card: accepts it, with the open firmware too. adjust_tail can only shrink there, which is
 * all we do. There are two adjust_head calls with different constants, so both are translated in
 * the long form of 16 instructions that tests the bounds. Checksums are added up by hand, since
 * bpf_csum_diff() is refused ("[nfp] unsupported function id: 28").
 */
#include "csum.h"
#include "parse.h"

#define LINK_MTU 1280 /* bytes from the IP header on; the smallest an IPv6 link may have */
#define QUOTED 8      /* bytes behind the quoted IP header: the ports, what tells the flow */

/* RFC 792 and RFC 4443 agree on the place of all fields, once IPv4's mtu is taken with the 16
 * unused bits before it. <linux/icmp.h> would pull in the C library. */
struct icmp {
	__u8 type;
	__u8 code;
	__sum16 check;
	__be32 mtu;
} __attribute__((packed, aligned(2)));

enum { ICMP4_ECHO_REPLY = 0, ICMP4_UNREACHABLE = 3, ICMP4_ECHO = 8, ICMP4_FRAG_NEEDED = 4 };
enum { ICMP6_TOO_BIG = 2, ICMP6_ECHO = 128, ICMP6_ECHO_REPLY = 129 };

/* What is sent back, whole. Two bytes is what a packet is aligned to behind an Ethernet header. */
struct answer4 {
	struct ethhdr eth;
	struct iphdr ip;
	struct icmp icmp;
	struct iphdr quoted_ip;
	__u8 quoted[QUOTED];
} __attribute__((packed, aligned(2)));

struct answer6 {
	struct ethhdr eth;
	struct ipv6hdr ip;
	struct icmp icmp;
	struct ipv6hdr quoted_ip;
	__u8 quoted[QUOTED];
} __attribute__((packed, aligned(2)));

#define ROOM4 (sizeof(struct iphdr) + sizeof(struct icmp))
#define ROOM6 (sizeof(struct ipv6hdr) + sizeof(struct icmp))

/* Cut the packet to what is quoted and make room for the answer's headers. 0, or not. */
static __always_inline long
reshape(struct xdp_md *ctx, int keep, int room)
{
	int bytes = (int)(ctx->data_end - ctx->data);

	return bpf_xdp_adjust_tail(ctx, keep - bytes) || bpf_xdp_adjust_head(ctx, -room);
}

/* Back to the sender. The old Ethernet header lies `room` bytes behind the new one. */
static __always_inline void
write_eth(struct ethhdr *eth, int room)
{
	const struct ethhdr *old = (void *)eth + room;

	__builtin_memcpy(eth->h_dest, old->h_source, ETH_ALEN);
	__builtin_memcpy(eth->h_source, old->h_dest, ETH_ALEN);
	eth->h_proto = old->h_proto;
}

/* No error may answer an error (RFC 1122 3.2.2, RFC 4443 2.4): of ICMP only echoes qualify. */
static __always_inline int
deserves_answer4(struct cursor at, const struct iphdr *ip)
{
	const __u8 *type = take(&at, QUOTED);

	if (!type || ip->ihl != 5 || is_later_fragment(ip))
		return 0;
	if (!(ip->frag_off & bpf_htons(IP_DONT_FRAGMENT)))
		return 0; /* the sender lets it be fragmented */
	return ip->protocol != IPPROTO_ICMP || *type == ICMP4_ECHO || *type == ICMP4_ECHO_REPLY;
}

static __always_inline int
deserves_answer6(struct cursor at, const struct ipv6hdr *ip)
{
	const __u8 *type = take(&at, QUOTED);

	if (!type || is_ipv6_extension(ip->nexthdr))
		return 0;
	return ip->nexthdr != IPPROTO_ICMPV6 || *type == ICMP6_ECHO || *type == ICMP6_ECHO_REPLY;
}

static __always_inline void
write_icmp(struct icmp *icmp, __u8 type, __u8 code)
{
	icmp->type = type;
	icmp->code = code;
	icmp->check = 0;
	icmp->mtu = bpf_htonl(LINK_MTU);
}

static __always_inline int
answer4(struct xdp_md *ctx)
{
	struct cursor at;
	struct answer4 *a;

	if (reshape(ctx, sizeof(*a) - ROOM4, ROOM4))
		return XDP_DROP;
	at = packet_of(ctx);
	a = take(&at, sizeof(*a));
	if (!a)
		return XDP_DROP;
	write_eth(&a->eth, ROOM4);
	a->ip.version = 4;
	a->ip.ihl = sizeof(a->ip) / 4;
	a->ip.tos = 0;
	a->ip.tot_len = bpf_htons(sizeof(*a) - sizeof(a->eth));
	a->ip.id = 0;
	a->ip.frag_off = 0;
	a->ip.ttl = 64;
	a->ip.protocol = IPPROTO_ICMP;
	a->ip.check = 0;
	a->ip.saddr = a->quoted_ip.daddr;
	a->ip.daddr = a->quoted_ip.saddr;
	a->ip.check = csum_fold(csum_add(0, &a->ip, sizeof(a->ip) / 2));
	write_icmp(&a->icmp, ICMP4_UNREACHABLE, ICMP4_FRAG_NEEDED);
	a->icmp.check = csum_fold(csum_add(0, &a->icmp, (ROOM4 + QUOTED) / 2));
	return XDP_TX;
}

static __always_inline int
answer6(struct xdp_md *ctx)
{
	const __u16 bytes = sizeof(struct icmp) + sizeof(struct ipv6hdr) + QUOTED;
	struct cursor at;
	struct answer6 *a;
	__u32 sum;

	if (reshape(ctx, sizeof(*a) - ROOM6, ROOM6))
		return XDP_DROP;
	at = packet_of(ctx);
	a = take(&at, sizeof(*a));
	if (!a)
		return XDP_DROP;
	write_eth(&a->eth, ROOM6);
	a->ip.version = 6;
	a->ip.priority = 0;
	a->ip.flow_lbl[0] = a->ip.flow_lbl[1] = a->ip.flow_lbl[2] = 0;
	a->ip.payload_len = bpf_htons(bytes);
	a->ip.nexthdr = IPPROTO_ICMPV6;
	a->ip.hop_limit = 64;
	a->ip.saddr = a->quoted_ip.daddr;
	a->ip.daddr = a->quoted_ip.saddr;
	write_icmp(&a->icmp, ICMP6_TOO_BIG, 0);
	/* The pseudo header (RFC 8200 8.1): both addresses, length, next header. */
	sum = csum_add(bpf_htons(bytes) + bpf_htons(IPPROTO_ICMPV6), &a->ip.saddr, 16);
	a->icmp.check = csum_fold(csum_add(sum, &a->icmp, bytes / 2));
	return XDP_TX;
}

SEC("xdp")
int
xdp_icmp_toobig(struct xdp_md *ctx)
{
	struct cursor at = packet_of(ctx);
	const struct ethhdr *eth = take(&at, sizeof(*eth));

	if (!eth || at.end - at.pos <= LINK_MTU)
		return XDP_PASS;
	if (eth->h_proto == bpf_htons(ETH_P_IP)) {
		const struct iphdr *ip = take_ipv4(&at);

		return ip && deserves_answer4(at, ip) ? answer4(ctx) : XDP_PASS;
	}
	if (eth->h_proto == bpf_htons(ETH_P_IPV6)) {
		const struct ipv6hdr *ip = take(&at, sizeof(*ip));

		return ip && deserves_answer6(at, ip) ? answer6(ctx) : XDP_PASS;
	}
	return XDP_PASS;
}

char _license[] SEC("license") = "Dual BSD/GPL";
