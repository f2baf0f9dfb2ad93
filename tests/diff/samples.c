/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The table of samples.h. Keys and values are laid out as the programs in bpf/programs/ have them;
 * that the sizes are theirs is tested. Addresses and ports are those of pcaps/make-pcaps.c.
 */
#include "tests/diff/samples.h"

#include <linux/bpf.h>
#include <linux/pkt_cls.h>
#include <netinet/in.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/* Network order, in a constant. */
#define BE16(x) __builtin_bswap16(x)
#define BE32(x) __builtin_bswap32(x)
#define IP4(a, b, c, d) BE32((uint32_t)(a) << 24 | (b) << 16 | (c) << 8 | (d))
#define SERVER IP4(203, 0, 113, 10)

/* `key` and `value` are compound literals, whose commas want parentheses. */
#define ENTRY(name, k, v)                                                                          \
	{                                                                                          \
		.map = name, .key = &k, .value = &v, .key_size = sizeof(k),                        \
		.value_size = sizeof(v)                                                            \
	}

/* ---- xdp_acl ---- */

struct rule_key {
	uint32_t saddr[4], daddr[4];
	uint16_t sport, dport;
	uint8_t proto, zero[3];
};

struct rule {
	uint32_t verdict, unused;
	uint64_t hits;
};

#define MAPPED(ip)                                                                                 \
	{                                                                                          \
		0, 0, BE32(0xffff), ip                                                             \
	}
#define RULE(verdict) ((struct rule){ verdict, 0, 0 })

static const struct entry acl[] = {
	/* A flow of ipv4-and-ipv6.pcap, whose service is dropped otherwise. */
	ENTRY("rules",
		((struct rule_key){ MAPPED(IP4(198, 18, 0, 1)), MAPPED(SERVER), BE16(40000),
			BE16(53), IPPROTO_UDP, { 0 } }),
		RULE(XDP_PASS)),
	ENTRY("rules",
		((struct rule_key){ { 0 }, MAPPED(SERVER), 0, BE16(53), IPPROTO_UDP, { 0 } }),
		RULE(XDP_DROP)),
	ENTRY("rules",
		((struct rule_key){ { 0 }, { BE32(0x20010db8), 0, 0, BE32(0x10) }, 0, BE16(53),
			IPPROTO_UDP, { 0 } }),
		RULE(XDP_TX)),
	ENTRY("rules", ((struct rule_key){ { 0 }, { 0 }, 0, 0, IPPROTO_ICMP, { 0 } }),
		RULE(XDP_ABORTED)),
	ENTRY("rules", ((struct rule_key){ { 0 }, { 0 }, 0, 0, IPPROTO_ICMPV6, { 0 } }),
		RULE(XDP_DROP)),
};

/* ---- xdp_blacklist ---- */

#define BLACK(ip) ENTRY("blacklist", ((uint32_t){ ip }), ((uint64_t){ 0 }))

static const struct entry blacklist[] = {
	BLACK(IP4(198, 18, 0, 1)),
	BLACK(IP4(198, 18, 0, 7)),
	BLACK(IP4(198, 18, 1, 200)),
	BLACK(IP4(198, 18, 3, 100)),
};

/* ---- xdp_ipip ---- */

struct tunnel {
	uint32_t saddr, daddr;
	uint8_t mac[6], unused[2];
};

static const struct entry ipip[] = {
	ENTRY("tunnels", ((uint32_t){ SERVER }),
		((struct tunnel){
			IP4(192, 0, 2, 1), IP4(192, 0, 2, 2), { 2, 0, 0, 0, 0, 9 }, { 0 } })),
};

/* ---- xdp_lb ---- */

struct service_key {
	uint32_t addr;
	uint16_t port;
	uint8_t proto, zero;
};

struct service {
	uint32_t first, count;
};

struct backend {
	uint32_t addr;
	uint8_t mac[6], unused[6];
	uint64_t packets;
};

#define SERVICE(port, proto, first, count)                                                         \
	ENTRY("services", ((struct service_key){ SERVER, BE16(port), proto, 0 }),                  \
		((struct service){ first, count }))
#define BACKEND(index)                                                                             \
	ENTRY("backends", ((uint32_t){ index }),                                                   \
		((struct backend){ IP4(10, 0, 255, index), { 2, 0, 0, 0, 1, index }, { 0 }, 0 }))

static const struct entry lb[] = {
	SERVICE(443, IPPROTO_TCP, 0, 3),
	SERVICE(53, IPPROTO_UDP, 3, 2),
	SERVICE(80, IPPROTO_TCP, 1023, 4), /* three of four are outside of the array */
	BACKEND(0),
	BACKEND(1),
	BACKEND(2),
	BACKEND(3),
	BACKEND(4),
};

/* ---- tc_nat ---- */

struct server {
	uint32_t addr;
	uint16_t port, zero;
	uint32_t mark, packets;
};

#define NAT(port, proto, addr, to)                                                                 \
	ENTRY("services", ((struct service_key){ SERVER, BE16(port), proto, 0 }),                  \
		((struct server){ addr, BE16(to), 0, port, 0 }))

static const struct entry nat[] = {
	NAT(53, IPPROTO_UDP, IP4(10, 0, 0, 53), 5353),
	NAT(443, IPPROTO_TCP, IP4(10, 255, 255, 1), 8443),
	NAT(80, IPPROTO_TCP, 0, 0),
};

/* ---- all of them ---- */

#define ONE(verdict) (1u << (verdict))
#define NOTHING NULL, 0

const struct sample samples[] = {
	{ "legacy_counter", ONE(XDP_PASS), NOTHING },
	{ "tc_amplifiers", ONE(TC_ACT_SHOT) | ONE(SAMPLE_UNSPEC), NOTHING },
	{ "tc_nat", ONE(TC_ACT_OK) | ONE(TC_ACT_SHOT), nat, ARRAY_SIZE(nat) },
	{ "xdp_acl", ONE(XDP_ABORTED) | ONE(XDP_DROP) | ONE(XDP_PASS) | ONE(XDP_TX), acl,
		ARRAY_SIZE(acl) },
	{ "xdp_blacklist", ONE(XDP_DROP) | ONE(XDP_PASS), blacklist, ARRAY_SIZE(blacklist) },
	{ "xdp_counter", ONE(XDP_PASS), NOTHING },
	{ "xdp_drop", ONE(XDP_DROP), NOTHING },
	{ "xdp_flows", ONE(XDP_PASS), NOTHING },
	{ "xdp_globals", ONE(XDP_DROP) | ONE(XDP_PASS), NOTHING },
	{ "xdp_icmp_toobig", ONE(XDP_PASS) | ONE(XDP_TX), NOTHING },
	{ "xdp_ipip", ONE(XDP_PASS) | ONE(XDP_TX), ipip, ARRAY_SIZE(ipip) },
	{ "xdp_ipv6_filter", ONE(XDP_DROP) | ONE(XDP_PASS), NOTHING },
	{ "xdp_lb", ONE(XDP_PASS) | ONE(XDP_TX), lb, ARRAY_SIZE(lb) },
	{ "xdp_pass", ONE(XDP_PASS), NOTHING },
	{ "xdp_subprog", ONE(XDP_PASS), NOTHING },
	{ "xdp_tail", ONE(XDP_ABORTED) | ONE(XDP_DROP) | ONE(XDP_PASS), NOTHING },
};

const size_t sample_cnt = ARRAY_SIZE(samples);
