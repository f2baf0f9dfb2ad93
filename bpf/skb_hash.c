/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The flow hash of bpf_get_hash_recalc(). The kernel's is a keyed hash whose key is drawn at boot,
 * so the number itself means nothing: what counts is which packets share it. Those of one flow, in
 * both directions (__flow_hash_consistentify()): addresses, protocol, and ports unless it is a
 * fragment. Tunnels, IPv6 extension headers and flow labels are not looked into.
 */
#include "bpf/internal.h"

#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <string.h>

struct key {
	uint8_t addrs[2][16];
	uint8_t ports[2][2];
	uint8_t proto;
	uint8_t zero;
	uint16_t type;
};

/* The packet from off on: NULL when it has not so many bytes. */
static const uint8_t *
bytes_at(const struct xb_skb *skb, int64_t off, uint32_t bytes)
{
	return off >= 0 && off + bytes <= xb_skb_len(skb) ? skb->pkt.data + off : NULL;
}

static bool
has_ports(uint8_t proto)
{
	switch (proto) {
	case IPPROTO_TCP:
	case IPPROTO_UDP:
	case IPPROTO_UDPLITE:
	case IPPROTO_DCCP:
	case IPPROTO_SCTP: return true;
	default: return false;
	}
}

static void
read_ports(const struct xb_skb *skb, int64_t off, struct key *k)
{
	const uint8_t *p = has_ports(k->proto) ? bytes_at(skb, off, sizeof(k->ports)) : NULL;

	if (p)
		memcpy(k->ports, p, sizeof(k->ports));
}

static void
read_ipv4(const struct xb_skb *skb, int64_t off, struct key *k)
{
	const uint8_t *p = bytes_at(skb, off, 20);

	if (!p || (p[0] & 15) < 5)
		return;
	memcpy(k->addrs[0], p + 12, 4);
	memcpy(k->addrs[1], p + 16, 4);
	k->proto = p[9];
	if (((p[6] & 0x3f) | p[7]) == 0) /* no fragment: MF and offset are 0 */
		read_ports(skb, off + 4 * (p[0] & 15), k);
}

static void
read_ipv6(const struct xb_skb *skb, int64_t off, struct key *k)
{
	const uint8_t *p = bytes_at(skb, off, 40);

	if (!p)
		return;
	memcpy(k->addrs, p + 8, sizeof(k->addrs));
	k->proto = p[6];
	read_ports(skb, off + 40, k);
}

/* Both directions read the same: the smaller end comes first. */
static void
order_ends(struct key *k)
{
	int order = memcmp(k->addrs[0], k->addrs[1], sizeof(k->addrs[0]));
	struct key was = *k;

	if (order == 0)
		order = memcmp(k->ports[0], k->ports[1], sizeof(k->ports[0]));
	for (int i = 0; order > 0 && i < 2; i++) {
		memcpy(k->addrs[i], was.addrs[!i], sizeof(k->addrs[i]));
		memcpy(k->ports[i], was.ports[!i], sizeof(k->ports[i]));
	}
}

/* FNV-1a, with the last step of murmur3 for the low bits. */
static uint32_t
hash_bytes(const void *data, size_t size)
{
	const uint8_t *p = data;
	uint32_t hash = 2166136261u;

	while (size--)
		hash = (hash ^ *p++) * 16777619u;
	hash = (hash ^ hash >> 16) * 0x85ebca6bu;
	hash = (hash ^ hash >> 13) * 0xc2b2ae35u;
	return hash ^ hash >> 16;
}

uint32_t
xb_skb_flow_hash(const struct xb_skb *skb)
{
	uint16_t type = (uint16_t)skb->md.protocol;
	struct key k = { .zero = 0 };
	int64_t off = skb->network;
	const uint8_t *tag;
	uint32_t hash;

	/* tags are left out: both directions of a flow may have their own */
	while ((type == htons(ETH_P_8021Q) || type == htons(ETH_P_8021AD)) &&
		(tag = bytes_at(skb, off, 4)) != NULL) {
		memcpy(&type, tag + 2, sizeof(type));
		off += 4;
	}
	k.type = type;
	if (type == htons(ETH_P_IP))
		read_ipv4(skb, off, &k);
	else if (type == htons(ETH_P_IPV6))
		read_ipv6(skb, off, &k);
	order_ends(&k);
	hash = hash_bytes(&k, sizeof(k));
	return hash ? hash : 1;
}
