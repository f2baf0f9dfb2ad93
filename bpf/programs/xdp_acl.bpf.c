/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * An access list: rules in a hash, from the narrowest to the widest. Each packet is looked up
 * three times at most, as a flow (all five fields), as a service (destination, port, protocol),
 * as a protocol; fields that a kind of rule does not look at are zero in its key. The first rule
 * found decides; with none, the packet passes. IPv4 addresses are written as IPv6 ones
 * (::ffff:a.b.c.d, RFC 4291 2.5.5.2), so that one table serves both.
 *
 * The card: accepts it, with the open firmware too. The key takes 40 bytes and the value 16: of
 * the open firmware's limits (key 56, value 56, both together 64 when rounded up to 8 each) the
 * sum is the one to watch. The verdict is read and the hits are added to: different 4-byte words
 * of the value, as they must be, for a word that is both is refused ("map value use type conflict
 * read vs atomic", nfp_bpf_map_mark_used_one()).
 */
#include "parse.h"

struct rule_key {
	__be32 saddr[4];
	__be32 daddr[4];
	__be16 sport;
	__be16 dport;
	__u8 proto;
	__u8 zero[3]; /* keys are compared byte by byte: padding must be a field of its own */
};

struct rule {
	__u32 verdict; /* enum xdp_action */
	__u32 unused;
	__u64 hits;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4096);
	__type(key, struct rule_key);
	__type(value, struct rule);
} rules SEC(".maps");

/* 0 and the packet's key, or -1: not IP, or malformed. */
static __always_inline int
key_of(struct cursor *at, struct rule_key *key)
{
	const struct ports *ports = NULL;
	__be16 proto;

	if (!take_eth(at, &proto))
		return -1;
	if (proto == bpf_htons(ETH_P_IP)) {
		const struct iphdr *ip = take_ipv4(at);

		if (!ip)
			return -1;
		key->saddr[2] = key->daddr[2] = bpf_htonl(0xffff);
		key->saddr[3] = ip->saddr;
		key->daddr[3] = ip->daddr;
		key->proto = ip->protocol;
		if (!is_later_fragment(ip))
			ports = take_ports(at, key->proto);
	} else if (proto == bpf_htons(ETH_P_IPV6)) {
		const struct ipv6hdr *ip = take_ipv6(at, &key->proto);

		if (!ip)
			return -1;
		__builtin_memcpy(key->saddr, &ip->saddr, sizeof(key->saddr));
		__builtin_memcpy(key->daddr, &ip->daddr, sizeof(key->daddr));
		ports = take_ports(at, key->proto);
	} else {
		return -1;
	}
	if (ports) {
		key->sport = ports->source;
		key->dport = ports->dest;
	}
	return 0;
}

static __always_inline struct rule *
rule_of(struct rule_key *key)
{
	struct rule *rule = bpf_map_lookup_elem(&rules, key); /* the flow */

	if (rule)
		return rule;
	__builtin_memset(key->saddr, 0, sizeof(key->saddr));
	key->sport = 0;
	rule = bpf_map_lookup_elem(&rules, key); /* the service */
	if (rule)
		return rule;
	__builtin_memset(key->daddr, 0, sizeof(key->daddr));
	key->dport = 0;
	return bpf_map_lookup_elem(&rules, key); /* the protocol */
}

SEC("xdp")
int
xdp_acl(struct xdp_md *ctx)
{
	struct cursor at = packet_of(ctx);
	struct rule_key key = { 0 };
	struct rule *rule;

	if (key_of(&at, &key) < 0)
		return XDP_PASS;
	rule = rule_of(&key);
	if (!rule)
		return XDP_PASS;
	__sync_fetch_and_add(&rule->hits, 1);
	return rule->verdict;
}

char _license[] SEC("license") = "Dual BSD/GPL";
