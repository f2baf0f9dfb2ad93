/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Destination NAT for IPv4, as a tc classifier with direct-action: packets to a service get the
 * address and port of its server, with both checksums mended by what changed (RFC 1624), and the
 * service's mark. A service without a server is closed. All else passes as it is.
 *
 * The host: packets are written with bpf_skb_store_bytes() and bpf_l*_csum_replace(), the way that
 * is right whatever the device did with the checksum.
 *
 * The card: refuses it, with "unsupported function id: 11" first: its driver knows none of these
 * helpers (nfp_bpf_check_helper_call()), nor a store to a field of the context, nor TC_ACT_OK, and
 * would say so next. xdp_lb writes through packet pointers for that reason. The host is where this
 * one runs.
 */
#include "parse.h"

#include <linux/pkt_cls.h>
#include <stddef.h>

struct service {
	__be32 addr;
	__be16 port;
	__u8 proto;
	__u8 zero;
};

struct server {
	__be32 addr; /* 0: the service is closed */
	__be16 port;
	__be16 zero;
	__u32 mark;
	__u32 packets;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__type(key, struct service);
	__type(value, struct server);
} services SEC(".maps");

/* Offsets from the packet's first byte: pointers do not survive a helper that writes to it. */
struct place {
	__u32 ip;
	__u32 l4;
};

static __always_inline __u32
offset_of_sum(const struct place *at, __u8 proto)
{
	return at->l4 + (proto == IPPROTO_TCP ? 16 : 6);
}

/* 0, or negative: the packet is not what it said it was. */
static __always_inline long
set_address(struct __sk_buff *skb, const struct place *at, const struct service *from,
	const struct server *to, __u64 flags)
{
	/* the pseudo header has the address too */
	if (bpf_l4_csum_replace(skb, offset_of_sum(at, from->proto), from->addr, to->addr,
		    flags | BPF_F_PSEUDO_HDR | sizeof(to->addr)) < 0)
		return -1;
	if (bpf_l3_csum_replace(skb, at->ip + offsetof(struct iphdr, check), from->addr, to->addr,
		    sizeof(to->addr)) < 0)
		return -1;
	return bpf_skb_store_bytes(
		skb, at->ip + offsetof(struct iphdr, daddr), &to->addr, sizeof(to->addr), 0);
}

static __always_inline long
set_port(struct __sk_buff *skb, const struct place *at, const struct service *from,
	const struct server *to, __u64 flags)
{
	if (bpf_l4_csum_replace(skb, offset_of_sum(at, from->proto), from->port, to->port,
		    flags | sizeof(to->port)) < 0)
		return -1;
	return bpf_skb_store_bytes(skb, at->l4 + offsetof(struct ports, dest), &to->port,
		sizeof(to->port), BPF_F_INVALIDATE_HASH);
}

/* 0, *key and *place, or -1: nothing to translate. */
static __always_inline int
service_of(const struct __sk_buff *skb, struct service *key, struct place *place)
{
	void *data = (void *)(long)skb->data;
	struct cursor at = { data, (void *)(long)skb->data_end };
	const struct iphdr *ip;
	const struct ports *ports;
	__be16 proto;

	if (!take_eth(&at, &proto) || proto != bpf_htons(ETH_P_IP))
		return -1;
	place->ip = at.pos - data;
	ip = take_ipv4(&at);
	if (!ip || is_later_fragment(ip))
		return -1;
	place->l4 = at.pos - data;
	ports = take_ports(&at, ip->protocol);
	if (!ports)
		return -1;
	key->addr = ip->daddr;
	key->port = ports->dest;
	key->proto = ip->protocol;
	return 0;
}

SEC("tc")
int
tc_nat(struct __sk_buff *skb)
{
	struct service key = { 0 };
	struct place place;
	struct server *server;
	struct server to = { 0 };
	__u64 flags;

	if (service_of(skb, &key, &place) < 0)
		return TC_ACT_OK;
	server = bpf_map_lookup_elem(&services, &key);
	if (!server)
		return TC_ACT_OK;
	__sync_fetch_and_add(&server->packets, 1);
	to.addr = server->addr;
	to.port = server->port;
	to.mark = server->mark;
	if (!to.addr)
		return TC_ACT_SHOT;
	/* UDP's checksum 0 means none, and stays so */
	flags = key.proto == IPPROTO_UDP ? BPF_F_MARK_MANGLED_0 : 0;
	if (set_address(skb, &place, &key, &to, flags) < 0 ||
		set_port(skb, &place, &key, &to, flags) < 0)
		return TC_ACT_SHOT;
	skb->mark = to.mark;
	return TC_ACT_OK;
}

char _license[] SEC("license") = "Dual BSD/GPL";
