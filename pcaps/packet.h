/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A packet being built, for make-pcaps: from front to back, put_*() by put_*(), each appending a
 * header; seal() then fills in lengths and checksums; write_*() appends it to a capture.
 */
#ifndef PCAPS_PACKET_H
#define PCAPS_PACKET_H

#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <pcap/pcap.h>
#include <stddef.h>
#include <stdint.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/* Frame lengths, without the 4 bytes of check sequence that captures do not have. */
#define FRAME_MIN 60
#define FRAME_MAX 1514

#define CLIENT4 0xc6120001u /* 198.18.0.1 */
#define SERVER4 0xcb00710au /* 203.0.113.10 */

struct packet {
	_Alignas(4) uint8_t pad[2]; /* so that what follows an Ethernet header is aligned */
	uint8_t data[4096];
	size_t len;
	size_t ip;     /* where the innermost IP header is; 0: none */
	size_t l4;     /* where what it carries is; 0: nothing */
	uint8_t proto; /* which of TCP, UDP, ICMP that is */
};

/* n zeroed bytes at the end. */
void *put(struct packet *p, size_t n);

/* Begins a packet. */
void put_eth(struct packet *p, uint16_t type);
/* The type before it must have said 802.1Q (0x8100) or 802.1ad (0x88a8). */
void put_tag(struct packet *p, uint16_t tci, uint16_t type);
/* `options` bytes of options, all no-operation: everybody must step over them. */
void put_ipv4(struct packet *p, uint32_t from, uint32_t to, uint8_t proto, size_t options);
/* Addresses are 2001:db8::from and 2001:db8::to. */
void put_ipv6(struct packet *p, uint32_t from, uint32_t to, uint8_t next);
/* An IPv6 extension header of 8 + 8 * len bytes; `next` is what comes behind it. */
void put_extension(struct packet *p, uint8_t next, uint8_t len);
void put_udp(struct packet *p, uint16_t from, uint16_t to, size_t payload);
void put_tcp(struct packet *p, uint16_t from, uint16_t to, uint8_t flags, size_t payload);
/* ICMP or ICMPv6: the first eight bytes are alike. */
void put_icmp(struct packet *p, uint8_t type, uint16_t sequence, size_t payload);

/* The IPv4 header, to change it. */
struct ip *ipv4_of(struct packet *p);

void seal(struct packet *p);

/* A capture being written. */
struct out {
	pcap_dumper_t *file;
	uint32_t n; /* packets so far */
};

/* Exactly this; ten microseconds after the one before. */
void write_raw(struct out *out, const struct packet *p);
/* Only `caplen` bytes of it were captured. */
void write_snapped(struct out *out, const struct packet *p, size_t caplen);
/* Sealed, and padded to what Ethernet has at least. */
void write_frame(struct out *out, struct packet *p);

/* malformed.c */
void malformed(struct out *out);

#endif
