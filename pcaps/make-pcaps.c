/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Makes the captures beside it: make-pcaps DIRECTORY. What each shows is in README.md.
 *
 * The same bytes every time: a test makes them again and compares. Addresses are those set aside
 * for documentation and for benchmarks (RFC 5737, 2544, 3849), so that nobody's network is meant.
 */
#include "pcaps/packet.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/ethernet.h>
#include <netinet/icmp6.h>
#include <netinet/ip_icmp.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>

#define DONT_FRAGMENT 0x4000 /* of ip_off, host order */

static void
ipv4_and_ipv6(struct out *out)
{
	static const uint8_t protos[] = { IPPROTO_UDP, IPPROTO_TCP };
	struct packet p;

	for (uint16_t i = 0; i < 20; i++) {
		uint8_t proto = protos[i / 2 % 2];

		put_eth(&p, i % 2 ? ETHERTYPE_IPV6 : ETHERTYPE_IP);
		if (i % 2)
			put_ipv6(&p, 0x100u + i, 0x10, proto);
		else
			put_ipv4(&p, CLIENT4 + i, SERVER4, proto, 0);
		if (proto == IPPROTO_TCP)
			put_tcp(&p, (uint16_t)(40000 + i), 443, TH_ACK, i * 10u);
		else
			put_udp(&p, (uint16_t)(40000 + i), 53, 16 + i * 10u);
		write_frame(out, &p);
	}
}

static void
udp_flood(struct out *out)
{
	struct packet p;

	for (uint16_t i = 0; i < 1000; i++) {
		put_eth(&p, ETHERTYPE_IP);
		put_ipv4(&p, CLIENT4 + i, SERVER4, IPPROTO_UDP, 0);
		put_udp(&p, (uint16_t)(1024 + i * 37u), 53, FRAME_MIN - 42);
		write_frame(out, &p);
	}
}

/* 7 packets of 60 bytes to 4 of 590 to 1 of 1514; every other one must not be fragmented. */
static void
imix(struct out *out)
{
	static const uint16_t lengths[] = { 60, 590, 60, 590, 60, 60, 1514, 60, 590, 60, 590, 60 };
	struct packet p;

	for (uint16_t i = 0; i < 20 * ARRAY_SIZE(lengths); i++) {
		size_t len = lengths[i % ARRAY_SIZE(lengths)];

		put_eth(&p, ETHERTYPE_IP);
		put_ipv4(&p, CLIENT4 + i % 50, SERVER4, i % 3 ? IPPROTO_TCP : IPPROTO_UDP, 0);
		if (i / ARRAY_SIZE(lengths) % 2)
			ipv4_of(&p)->ip_off = htons(DONT_FRAGMENT);
		if (p.proto == IPPROTO_TCP)
			put_tcp(&p, (uint16_t)(50000 + i % 50), 443, TH_ACK, len - 54);
		else
			put_udp(&p, (uint16_t)(50000 + i % 50), 443, len - 42);
		write_frame(out, &p);
	}
}

/* No tag, one, a provider's and a customer's (802.1ad), twice 802.1Q, three; priority tags (0). */
static void
vlan(struct out *out)
{
	static const struct {
		int cnt;
		uint16_t type[3], tci[3];
	} tags[] = {
		{ 0, { 0 }, { 0 } },
		{ 1, { 0x8100 }, { 100 } },
		{ 1, { 0x8100 }, { 7 << 13 } },
		{ 2, { 0x88a8, 0x8100 }, { 200, 100 } },
		{ 2, { 0x8100, 0x8100 }, { 200, 3 << 13 | 100 } },
		{ 3, { 0x88a8, 0x8100, 0x8100 }, { 300, 200, 100 } },
	};
	struct packet p;

	for (uint16_t i = 0; i < 8 * ARRAY_SIZE(tags); i++) {
		size_t t = i / 2 % ARRAY_SIZE(tags);
		uint16_t type = i % 2 ? ETHERTYPE_IPV6 : ETHERTYPE_IP;

		put_eth(&p, tags[t].cnt ? tags[t].type[0] : type);
		for (int k = 0; k < tags[t].cnt; k++)
			put_tag(&p, tags[t].tci[k],
				k + 1 < tags[t].cnt ? tags[t].type[k + 1] : type);
		if (i % 2)
			put_ipv6(&p, 0x200u + i, 0x10, IPPROTO_UDP);
		else
			put_ipv4(&p, CLIENT4 + i, SERVER4, IPPROTO_UDP, 0);
		put_udp(&p, (uint16_t)(30000 + i), 53, 20 + i);
		write_frame(out, &p);
	}
}

static void
icmp(struct out *out)
{
	static const uint16_t payloads[] = { 0, 56, 56, 500, 1200, 1280, 1400, 1452 };
	static const uint8_t types4[] = { ICMP_ECHO, ICMP_ECHOREPLY, ICMP_UNREACH };
	static const uint8_t types6[] = { ICMP6_ECHO_REQUEST, ICMP6_ECHO_REPLY, ICMP6_DST_UNREACH };
	struct packet p;

	for (uint16_t i = 0; i < 2 * 3 * ARRAY_SIZE(payloads); i++) {
		size_t payload = payloads[i / 6];

		put_eth(&p, i % 2 ? ETHERTYPE_IPV6 : ETHERTYPE_IP);
		if (i % 2) {
			put_ipv6(&p, 0x300u + i, 0x10, IPPROTO_ICMPV6);
			put_icmp(&p, types6[i / 2 % 3], i, payload);
		} else {
			put_ipv4(&p, CLIENT4 + i, SERVER4, IPPROTO_ICMP, 0);
			ipv4_of(&p)->ip_off = htons(i % 4 ? DONT_FRAGMENT : 0);
			put_icmp(&p, types4[i / 2 % 3], i, payload);
		}
		write_frame(out, &p);
	}
}

/* One SYN each from 1,200 forged addresses. */
static void
tcp_syn_flood(struct out *out)
{
	uint32_t lcg = 1;
	struct packet p;

	for (int i = 0; i < 1200; i++) {
		lcg = lcg * 1664525 + 1013904223;
		put_eth(&p, ETHERTYPE_IP);
		put_ipv4(&p, 0xc6120000u | (lcg >> 15), SERVER4, IPPROTO_TCP, 0);
		put_tcp(&p, (uint16_t)(lcg >> 8), 80, TH_SYN, 0);
		write_frame(out, &p);
	}
}

static const struct {
	const char *name;
	void (*make)(struct out *out);
} captures[] = {
	{ "icmp.pcap", icmp },
	{ "imix.pcap", imix },
	{ "ipv4-and-ipv6.pcap", ipv4_and_ipv6 },
	{ "malformed.pcap", malformed },
	{ "tcp-syn-flood.pcap", tcp_syn_flood },
	{ "udp-flood.pcap", udp_flood },
	{ "vlan.pcap", vlan },
};

static int
make(const char *directory, const char *name, void (*fill)(struct out *out))
{
	pcap_t *ethernet = pcap_open_dead(DLT_EN10MB, 65535);
	struct out out = { 0 };
	char path[4096];
	int err = -1;

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	if (ethernet)
		out.file = pcap_dump_open(ethernet, path);
	if (out.file) {
		fill(&out);
		err = pcap_dump_flush(out.file);
		pcap_dump_close(out.file);
	}
	if (err)
		fprintf(stderr, "make-pcaps: %s: %s\n", path,
			out.file   ? strerror(errno)
			: ethernet ? pcap_geterr(ethernet)
				   : "no memory");
	if (ethernet)
		pcap_close(ethernet);
	return err;
}

int
main(int argc, char **argv)
{
	if (argc != 2) {
		fprintf(stderr, "usage: make-pcaps DIRECTORY\n");
		return 2;
	}
	for (size_t i = 0; i < ARRAY_SIZE(captures); i++)
		if (make(argv[1], captures[i].name, captures[i].make))
			return 1;
	return 0;
}
