/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Drops requests to services that are abused to amplify attacks, and that this host does not offer:
 * UDP to their ports, IPv4 and IPv6. Counts them by service. A tc classifier with direct-action.
 *
 * The card: accepts it. TC_ACT_OK is refused ("unsupported exit state"), and is not needed: the
 * card passes with TC_ACT_UNSPEC, behind which the host's own filters still have their say. The
 * verdict of every path is a constant, as the driver wants it; the key of the lookup lies at a
 * constant place of the stack, and the value is only added to. It needs firmware whose arrays have
 * all their elements from the beginning, else nothing is counted (and all is dropped the same).
 *
 * The kernel takes a VLAN tag out of the packet before tc sees it and the card does not, so both
 * look for the protocol behind tags.
 */
#include "parse.h"

#include <linux/pkt_cls.h>
#include <linux/udp.h>

enum service { CHARGEN, DNS, NTP, SSDP, MEMCACHED, SERVICES, NONE = SERVICES };

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, SERVICES);
	__type(key, __u32);
	__type(value, __u64);
} dropped SEC(".maps");

static __always_inline enum service
service_of(__be16 port)
{
	switch (port) {
	case bpf_htons(19): return CHARGEN;
	case bpf_htons(53): return DNS;
	case bpf_htons(123): return NTP;
	case bpf_htons(1900): return SSDP;
	case bpf_htons(11211): return MEMCACHED;
	default: return NONE;
	}
}

static __always_inline const struct udphdr *
take_udp(struct cursor *at)
{
	const struct iphdr *ip;
	__be16 proto;
	__u8 next;

	if (!take_eth(at, &proto))
		return NULL;
	if (proto == bpf_htons(ETH_P_IP)) {
		ip = take_ipv4(at);
		if (!ip || ip->protocol != IPPROTO_UDP || is_later_fragment(ip))
			return NULL;
	} else if (proto != bpf_htons(ETH_P_IPV6) || !take_ipv6(at, &next) || next != IPPROTO_UDP) {
		return NULL;
	}
	return take(at, sizeof(struct udphdr));
}

SEC("tc")
int
tc_amplifiers(struct __sk_buff *skb)
{
	struct cursor at = { (void *)(long)skb->data, (void *)(long)skb->data_end };
	const struct udphdr *udp = take_udp(&at);
	__u32 service;
	__u64 *packets;

	if (!udp)
		return TC_ACT_UNSPEC;
	service = service_of(udp->dest);
	if (service == NONE)
		return TC_ACT_UNSPEC;
	packets = bpf_map_lookup_elem(&dropped, &service);
	if (packets)
		__sync_fetch_and_add(packets, 1);
	return TC_ACT_SHOT;
}

char _license[] SEC("license") = "Dual BSD/GPL";
