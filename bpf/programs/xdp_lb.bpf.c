/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * A load balancer: a packet to a service (address, port, protocol) goes to one of its backends,
 * the same one for all packets of a flow. Destination addresses of Ethernet and IPv4 are
 * rewritten, the IPv4, TCP and UDP checksums are adjusted rather than computed again, and the
 * packet leaves by the port it came from (XDP_TX).
 *
 * The card: accepts it, with the open firmware too. HASH and ARRAY are the map types it has. The
 * backend is chosen by a multiplication, (hash * count) >> 32, and not by hash % count, for the
 * card divides by constants only ("[nfp] divisor is not constant") and has no remainder ("[nfp]
 * instruction 0x9f not supported"; which of the two one is told depends on the compiler). Both
 * factors must be known to fit 32 bits ("[nfp] multiplier is not within u32 value range"), which
 * they do. Compile it with -mcpu=v3: v1 and v2 multiply 64 bits only, where the constant of the
 * hash is a negative one ("[nfp] sign extended multiplicand won't be within u32 value range").
 *
 * One doubt: the open firmware does not seem to fill arrays when they are made, so a backend that
 * the host never wrote may not be there on the card, where the host's kernel gives one of zeros.
 */
#include "csum.h"
#include "parse.h"

#include <linux/tcp.h>
#include <linux/udp.h>

struct service_key {
	__be32 addr;
	__be16 port;
	__u8 proto;
	__u8 zero;
};

/* Its backends are backends[first] ... backends[first + count - 1]. */
struct service {
	__u32 first;
	__u32 count;
};

struct backend {
	__be32 addr;
	__u8 mac[ETH_ALEN];
	__u8 unused[6];
	__u64 packets;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 256);
	__type(key, struct service_key);
	__type(value, struct service);
} services SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1024);
	__type(key, __u32);
	__type(value, struct backend);
} backends SEC(".maps");

/* Multiplicative hashing (Knuth, TAOCP 3, 6.4): the upper bits are the good ones. */
static __always_inline __u32
hash_of(const struct iphdr *ip, const struct ports *ports)
{
	__u32 both = (__u32)ports->source << 16 | ports->dest;

	return (ip->saddr ^ both) * 0x9e3779b1u;
}

static __always_inline struct backend *
backend_of(const struct iphdr *ip, const struct ports *ports)
{
	struct service_key key = { .addr = ip->daddr, .port = ports->dest, .proto = ip->protocol };
	const struct service *service = bpf_map_lookup_elem(&services, &key);
	__u32 index;

	if (!service)
		return NULL;
	index = service->first + (__u32)((__u64)hash_of(ip, ports) * service->count >> 32);
	return bpf_map_lookup_elem(&backends, &index);
}

/* The checksum of TCP or UDP covers the addresses too (their pseudo header). 0, or -1: too short.
 */
static __always_inline int
readdress_l4(struct cursor at, __u8 proto, __be32 from, __be32 to)
{
	if (proto == IPPROTO_TCP) {
		struct tcphdr *tcp = take(&at, sizeof(*tcp));

		if (!tcp)
			return -1;
		tcp->check = csum_replace4(tcp->check, from, to);
	} else {
		struct udphdr *udp = take(&at, sizeof(*udp));

		if (!udp)
			return -1;
		if (udp->check) { /* zero: the sender computed none (RFC 768) */
			udp->check = csum_replace4(udp->check, from, to);
			if (!udp->check)
				udp->check = 0xffff;
		}
	}
	return 0;
}

SEC("xdp")
int
xdp_lb(struct xdp_md *ctx)
{
	struct cursor at = packet_of(ctx), l4;
	const struct ports *ports;
	struct backend *backend;
	struct ethhdr *eth;
	struct iphdr *ip;
	__be16 proto;

	eth = take_eth(&at, &proto);
	if (!eth || proto != bpf_htons(ETH_P_IP))
		return XDP_PASS;
	ip = take_ipv4(&at);
	if (!ip || is_later_fragment(ip))
		return XDP_PASS;
	l4 = at;
	ports = take_ports(&at, ip->protocol);
	if (!ports)
		return XDP_PASS;
	backend = backend_of(ip, ports);
	if (!backend || readdress_l4(l4, ip->protocol, ip->daddr, backend->addr) < 0)
		return XDP_PASS;
	ip->check = csum_replace4(ip->check, ip->daddr, backend->addr);
	ip->daddr = backend->addr;
	__builtin_memcpy(eth->h_source, eth->h_dest, ETH_ALEN);
	__builtin_memcpy(eth->h_dest, backend->mac, ETH_ALEN);
	__sync_fetch_and_add(&backend->packets, 1);
	return XDP_TX;
}

char _license[] SEC("license") = "Dual BSD/GPL";
