/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Reading headers, for the sample programs.
 *
 * A cursor walks a packet from its first byte to its last. Each take_*() steps over one header
 * and returns where it was, or NULL when the packet ends before the header does or when the
 * header contradicts itself. The comparison with the end of the packet in take() is not
 * politeness: the kernel's verifier refuses a program that could read a byte it did not compare
 * before.
 *
 * Everything is inlined, so a program contains only what it uses.
 */
#ifndef PARSE_H
#define PARSE_H

#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#ifndef NULL
#define NULL ((void *)0)
#endif

#define VLAN_TAGS_MAX 2 /* customer inside provider: 802.1Q inside 802.1ad */
#define IPV6_EXTENSIONS_MAX 4
#define IP_FRAGMENT_OFFSET 0x1fff /* of iphdr.frag_off, host order */
#define IP_DONT_FRAGMENT 0x4000

struct cursor {
	void *pos; /* next byte to read */
	void *end; /* one past the last */
};

/* What follows the type field of an Ethernet header when it says 802.1Q or 802.1ad. */
struct vlan_tag {
	__be16 tci;
	__be16 proto;
};

/* The first two bytes of every IPv6 extension header; length in 8-byte units after the first 8. */
struct ipv6_extension {
	__u8 next;
	__u8 len;
	__be16 fragment; /* IPPROTO_FRAGMENT only: offset in the upper 13 bits */
};

/* TCP, UDP, SCTP begin alike. */
struct ports {
	__be16 source;
	__be16 dest;
};

static __always_inline struct cursor
packet_of(const struct xdp_md *ctx)
{
	return (struct cursor){ (void *)(long)ctx->data, (void *)(long)ctx->data_end };
}

static __always_inline void *
take(struct cursor *at, __u32 bytes)
{
	void *here = at->pos;

	__builtin_assume(
		here != NULL); /* or each caller's test of the result becomes an instruction */
	if (here + bytes > at->end)
		return NULL;
	at->pos = here + bytes;
	return here;
}

static __always_inline int
is_vlan(__be16 proto)
{
	return proto == bpf_htons(ETH_P_8021Q) || proto == bpf_htons(ETH_P_8021AD);
}

/* Ethernet header and VLAN tags. *proto: the type behind the tags, network order. */
static __always_inline struct ethhdr *
take_eth(struct cursor *at, __be16 *proto)
{
	struct ethhdr *eth = take(at, sizeof(*eth));

	if (!eth)
		return NULL;
	*proto = eth->h_proto;
#pragma unroll
	for (int i = 0; i < VLAN_TAGS_MAX && is_vlan(*proto); i++) {
		const struct vlan_tag *tag = take(at, sizeof(*tag));

		if (!tag)
			return NULL;
		*proto = tag->proto;
	}
	return eth;
}

/* IPv4 header with its options. */
static __always_inline struct iphdr *
take_ipv4(struct cursor *at)
{
	struct cursor start = *at;
	struct iphdr *ip = take(at, sizeof(*ip));

	if (!ip || ip->version != 4 || ip->ihl < 5)
		return NULL;
	*at = start;
	return take(at, ip->ihl * 4) ? ip : NULL;
}

/* Does the packet lack the ports, because it is a fragment other than the first? */
static __always_inline int
is_later_fragment(const struct iphdr *ip)
{
	return (ip->frag_off & bpf_htons(IP_FRAGMENT_OFFSET)) != 0;
}

static __always_inline int
is_ipv6_extension(__u8 proto)
{
	return proto == IPPROTO_HOPOPTS || proto == IPPROTO_ROUTING || proto == IPPROTO_DSTOPTS ||
	       proto == IPPROTO_FRAGMENT;
}

/*
 * IPv6 header and the extension headers behind it. *proto: what follows them. It stays
 * IPPROTO_FRAGMENT when this is a fragment other than the first, and is the next extension's
 * number when there are more of them than we follow.
 */
static __always_inline struct ipv6hdr *
take_ipv6(struct cursor *at, __u8 *proto)
{
	struct ipv6hdr *ip = take(at, sizeof(*ip));

	if (!ip || ip->version != 6)
		return NULL;
	*proto = ip->nexthdr;
#pragma unroll
	for (int i = 0; i < IPV6_EXTENSIONS_MAX && is_ipv6_extension(*proto); i++) {
		const struct ipv6_extension *ext = take(at, 8);

		if (!ext)
			return NULL;
		if (*proto == IPPROTO_FRAGMENT) {
			if (ext->fragment & bpf_htons(0xfff8))
				return ip;
		} else if (!take(at, ext->len * 8)) {
			return NULL;
		}
		*proto = ext->next;
	}
	return ip;
}

static __always_inline struct ports *
take_ports(struct cursor *at, __u8 proto)
{
	if (proto != IPPROTO_TCP && proto != IPPROTO_UDP)
		return NULL;
	return take(at, sizeof(struct ports));
}

#endif
