/* SPDX-License-Identifier: BSD-2-Clause */
/* Building, sealing and writing one packet. */
#include "pcaps/packet.h"

#include <arpa/inet.h>
#include <net/ethernet.h>
#include <netinet/icmp6.h>
#include <netinet/tcp.h>
#include <netinet/udp.h>
#include <string.h>

void *
put(struct packet *p, size_t n)
{
	void *here = p->data + p->len;

	p->len += n;
	return here;
}

static void
put_u16(struct packet *p, uint16_t value)
{
	value = htons(value);
	memcpy(put(p, 2), &value, 2);
}

void
put_eth(struct packet *p, uint16_t type)
{
	static const uint8_t addresses[] = { 2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1 }; /* to, from */

	*p = (struct packet){ 0 };
	memcpy(put(p, sizeof(addresses)), addresses, sizeof(addresses));
	put_u16(p, type);
}

void
put_tag(struct packet *p, uint16_t tci, uint16_t type)
{
	put_u16(p, tci);
	put_u16(p, type);
}

void
put_ipv4(struct packet *p, uint32_t from, uint32_t to, uint8_t proto, size_t options)
{
	struct ip *ip;

	p->ip = p->len;
	ip = put(p, sizeof(*ip));
	ip->ip_v = 4;
	ip->ip_hl = (unsigned int)(5 + options / 4) & 15;
	ip->ip_ttl = 64;
	ip->ip_p = p->proto = proto;
	ip->ip_src.s_addr = htonl(from);
	ip->ip_dst.s_addr = htonl(to);
	memset(put(p, options), IPOPT_NOP, options);
	p->l4 = p->len;
}

struct ip *
ipv4_of(struct packet *p)
{
	return (struct ip *)(p->data + p->ip);
}

/* 2001:db8::host */
static struct in6_addr
address6(uint32_t host)
{
	struct in6_addr a = { { { 0x20, 0x01, 0x0d, 0xb8 } } };

	host = htonl(host);
	memcpy(a.s6_addr + 12, &host, 4);
	return a;
}

void
put_ipv6(struct packet *p, uint32_t from, uint32_t to, uint8_t next)
{
	struct ip6_hdr *ip;

	p->ip = p->len;
	ip = put(p, sizeof(*ip));
	ip->ip6_vfc = 6 << 4;
	ip->ip6_nxt = p->proto = next;
	ip->ip6_hlim = 64;
	ip->ip6_src = address6(from);
	ip->ip6_dst = address6(to);
	p->l4 = p->len;
}

static struct ip6_hdr *
ipv6_of(struct packet *p)
{
	return (struct ip6_hdr *)(p->data + p->ip);
}

void
put_extension(struct packet *p, uint8_t next, uint8_t len)
{
	uint8_t *ext = put(p, 8 + len * (size_t)8);

	ext[0] = p->proto = next;
	ext[1] = len;
	p->l4 = p->len;
}

void
put_udp(struct packet *p, uint16_t from, uint16_t to, size_t payload)
{
	struct udphdr *udp = put(p, sizeof(*udp));
	uint8_t *data = put(p, payload);

	udp->uh_sport = htons(from);
	udp->uh_dport = htons(to);
	udp->uh_ulen = htons((uint16_t)(sizeof(*udp) + payload));
	for (size_t i = 0; i < payload; i++)
		data[i] = (uint8_t)i;
}

void
put_tcp(struct packet *p, uint16_t from, uint16_t to, uint8_t flags, size_t payload)
{
	struct tcphdr *tcp = put(p, sizeof(*tcp));

	tcp->th_sport = htons(from);
	tcp->th_dport = htons(to);
	tcp->th_seq = htonl(from * 0x10001u);
	tcp->th_off = sizeof(*tcp) / 4;
	tcp->th_flags = flags;
	tcp->th_win = htons(64240);
	memset(put(p, payload), 'x', payload);
}

void
put_icmp(struct packet *p, uint8_t type, uint16_t sequence, size_t payload)
{
	struct icmp6_hdr *icmp = put(p, sizeof(*icmp));

	icmp->icmp6_type = type;
	icmp->icmp6_id = htons(0x1234);
	icmp->icmp6_seq = htons(sequence);
	memset(put(p, payload), 'p', payload);
}

static uint32_t
sum(const uint8_t *data, size_t len)
{
	uint32_t s = 0;

	for (size_t i = 0; i < len; i++)
		s += i % 2 ? data[i] : (uint32_t)data[i] << 8;
	return s;
}

static uint16_t
fold(uint32_t s)
{
	while (s >> 16)
		s = (s & 0xffff) + (s >> 16);
	return htons((uint16_t)~s);
}

/* Where the checksum is, from the beginning of the header; -1: there is none. */
static int
checksum_at(uint8_t proto)
{
	switch (proto) {
	case IPPROTO_TCP: return 16;
	case IPPROTO_UDP: return 6;
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6: return 2;
	default: return -1;
	}
}

static void
seal_l4(struct packet *p, const uint8_t *addresses, size_t bytes)
{
	int at = checksum_at(p->proto);
	size_t len = p->len - p->l4;
	uint16_t check;
	uint32_t s;

	if (at < 0 || (size_t)at + 2 > len)
		return;
	s = sum(p->data + p->l4, len);
	if (p->proto != IPPROTO_ICMP)
		s += sum(addresses, bytes) + (uint32_t)len + p->proto;
	check = fold(s);
	if (p->proto == IPPROTO_UDP && !check)
		check = 0xffff;
	memcpy(p->data + p->l4 + at, &check, 2);
}

void
seal(struct packet *p)
{
	uint8_t *ip = p->data + p->ip;

	if (ip[0] >> 4 == 4) {
		ipv4_of(p)->ip_len = htons((uint16_t)(p->len - p->ip));
		ipv4_of(p)->ip_sum = fold(sum(ip, p->l4 - p->ip));
		seal_l4(p, ip + 12, 8);
	} else {
		ipv6_of(p)->ip6_plen = htons((uint16_t)(p->len - p->ip - sizeof(struct ip6_hdr)));
		seal_l4(p, ip + 8, 32);
	}
}

void
write_snapped(struct out *out, const struct packet *p, size_t caplen)
{
	struct pcap_pkthdr h = {
		.ts = { .tv_sec = 1577836800, .tv_usec = out->n * 10 },
		.caplen = (uint32_t)caplen,
		.len = (uint32_t)p->len,
	};

	out->n++;
	pcap_dump((u_char *)out->file, &h, p->data);
}

void
write_raw(struct out *out, const struct packet *p)
{
	write_snapped(out, p, p->len);
}

void
write_frame(struct out *out, struct packet *p)
{
	seal(p);
	if (p->len < FRAME_MIN)
		put(p, FRAME_MIN - p->len);
	write_raw(out, p);
}
