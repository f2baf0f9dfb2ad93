/* SPDX-License-Identifier: BSD-2-Clause */
/* malformed.pcap: what a parser must survive. Every packet is a good one with one thing wrong. */
#include "pcaps/packet.h"

#include <net/ethernet.h>
#include <netinet/tcp.h>

/* A good UDP packet of either family, to be spoilt. */
static void
good4(struct packet *p, uint8_t proto, size_t options)
{
	put_eth(p, ETHERTYPE_IP);
	put_ipv4(p, CLIENT4, SERVER4, proto, options);
	if (proto == IPPROTO_TCP)
		put_tcp(p, 1025, 80, TH_ACK, 40);
	else
		put_udp(p, 1025, 53, 40);
	seal(p);
}

static void
good6(struct packet *p)
{
	put_eth(p, ETHERTYPE_IPV6);
	put_ipv6(p, 1, 0x10, IPPROTO_UDP);
	put_udp(p, 1025, 53, 40);
	seal(p);
}

/* Frames that end where something should begin. */
static void
malformed_ends(struct out *out)
{
	/* Behind Ethernet; inside and behind IPv4 (14-34), its options (-46), UDP (-54). */
	static const uint8_t ends4[] = { 14, 15, 20, 33, 34, 38, 46, 48, 50, 54 };
	static const uint8_t ends6[] = { 14, 15, 30, 53, 54, 58, 62 };
	static const uint8_t tag_ends[] = { 14, 15, 16, 18, 19, 20, 22, 38 };
	struct packet p;

	for (size_t i = 0; i < ARRAY_SIZE(ends4); i++) {
		good4(&p, i % 2 ? IPPROTO_TCP : IPPROTO_UDP, i < 5 ? 0 : 12);
		p.len = ends4[i];
		write_raw(out, &p);
	}
	for (size_t i = 0; i < ARRAY_SIZE(ends6); i++) {
		good6(&p);
		p.len = ends6[i];
		write_raw(out, &p);
	}
	for (size_t i = 0; i < ARRAY_SIZE(tag_ends); i++) {
		put_eth(&p, 0x88a8);
		put_tag(&p, 200, 0x8100);
		put_tag(&p, 100, ETHERTYPE_IP);
		put_ipv4(&p, CLIENT4, SERVER4, IPPROTO_UDP, 0);
		p.len = tag_ends[i];
		write_raw(out, &p);
	}
}

/* Fields of the first 60 bytes that say what cannot be, or is rare. */
static void
malformed_fields(struct out *out)
{
	static const struct {
		uint8_t at, value; /* this byte of a good packet becomes this */
	} spoilt4[] = {
		{ 12, 0x12 },		   /* another network protocol */
		{ 12, 0x00 },		   /* an 802.3 length, not a type */
		{ 14, 0x44 }, { 14, 0x40 },	   /* header shorter than the shortest */
		{ 14, 0x4f },		   /* options over the ports */
		{ 14, 0x55 }, { 14, 0x65 },	   /* not version 4 */
		{ 16, 0xff },		   /* longer than the packet */
		{ 17, 0x13 }, { 17, 0x00 },	   /* shorter than its header */
		{ 20, 0x20 },		   /* first fragment */
		{ 21, 0x01 },		   /* later fragment */
		{ 22, 0x00 },		   /* time to live is over */
		{ 23, 0x01 }, { 23, 0x06 },	   /* says ICMP, TCP: is UDP */
		{ 23, 0x84 }, { 23, 0x04 },	   /* SCTP, IP in IP */
		{ 24, 0xff },		   /* wrong checksum */
		{ 30, 0xff },		   /* to nowhere */
		{ 38, 0xff }, { 39, 0x00 }, { 39, 0x07 }, /* UDP length */
		{ 40, 0xff },		   /* wrong UDP checksum */
	}, spoilt6[] = {
		{ 14, 0x40 },		   /* not version 6 */
		{ 18, 0xff }, { 19, 0x00 },	   /* payload length */
		{ 20, 0x00 }, { 20, 0x2b }, { 20, 0x2c }, { 20, 0x3c }, /* extensions there are not */
		{ 20, 0x3b },		   /* nothing follows */
		{ 21, 0x00 },		   /* hop limit is over */
	};
	struct packet p;

	for (size_t i = 0; i < ARRAY_SIZE(spoilt4); i++) {
		good4(&p, IPPROTO_UDP, 0);
		p.data[spoilt4[i].at] = spoilt4[i].value;
		write_raw(out, &p);
	}
	for (size_t i = 0; i < ARRAY_SIZE(spoilt6); i++) {
		good6(&p);
		p.data[spoilt6[i].at] = spoilt6[i].value;
		write_raw(out, &p);
	}
}

/* `cnt` hop-by-hop headers of 8 bytes, one of destination options, UDP; `end` bytes, 0 for all. */
static void
extended(struct out *out, int cnt, uint8_t len, size_t end)
{
	struct packet p;

	put_eth(&p, ETHERTYPE_IPV6);
	put_ipv6(&p, 1, 0x10, cnt ? IPPROTO_HOPOPTS : IPPROTO_DSTOPTS);
	for (int i = 1; i <= cnt; i++)
		put_extension(&p, i < cnt ? IPPROTO_HOPOPTS : IPPROTO_DSTOPTS, 0);
	put_extension(&p, IPPROTO_UDP, len);
	put_udp(&p, 1025, 53, 8);
	seal(&p);
	if (end)
		p.len = end;
	write_raw(out, &p);
}

static void
fragment6(struct out *out, uint16_t offset)
{
	struct packet p;

	put_eth(&p, ETHERTYPE_IPV6);
	put_ipv6(&p, 1, 0x10, IPPROTO_FRAGMENT);
	put_extension(&p, IPPROTO_UDP, 0);
	p.data[56] = (uint8_t)(offset >> 8);
	p.data[57] = (uint8_t)offset;
	put_udp(&p, 1025, 53, 8);
	seal(&p);
	write_raw(out, &p);
}

void
malformed(struct out *out)
{
	static const uint16_t snaps[] = { 14, 34, 42, 60, 64, 96, 128 };
	struct packet p;

	malformed_ends(out);
	malformed_fields(out);
	good4(&p, IPPROTO_UDP, 0);
	p.data[40] = p.data[41] = 0; /* allowed: the sender computed no checksum */
	write_raw(out, &p);
	for (int cnt = 0; cnt < 6; cnt++)
		extended(out, cnt, 0, 0);
	extended(out, 0, 3, 0);
	extended(out, 1, 255, 0);
	extended(out, 1, 255, 80);
	extended(out, 1, 0, 55);
	extended(out, 1, 0, 63);
	fragment6(out, 0);
	fragment6(out, 1); /* the first of several */
	fragment6(out, 8); /* a later one */
	for (size_t i = 0; i < ARRAY_SIZE(snaps); i++) {
		put_eth(&p, ETHERTYPE_IP);
		put_ipv4(&p, CLIENT4, SERVER4, IPPROTO_UDP, 0);
		put_udp(&p, 1025, 53, FRAME_MAX - 42);
		seal(&p);
		write_snapped(out, &p, snaps[i]);
	}
}
