/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Receive side scaling in software: Toeplitz over addresses and ports. Used by cmd_run.c's
 * distributor when there is more than one lcore.
 *
 * rte_softrss() costs about 2 ns for every set bit of the key. The hash is linear over exclusive
 * or, so a table of what each value of each key byte contributes, made by rte_softrss() itself,
 * gives the same in one look-up a byte.
 */
#include "dpdk-app/flow.h"

#include <netinet/in.h>
#include <rte_byteorder.h>
#include <rte_thash.h>
#include <string.h>

/* The key of Microsoft's RSS specification, which most drivers use. */
static const uint8_t rss_key[52] = { 0x6d, 0x5a, 0x56, 0xda, 0x25, 0x5b, 0x0e, 0xc2, 0x41, 0x67,
	0x25, 0x3d, 0x43, 0xa3, 0x8f, 0xb0, 0xd0, 0xca, 0x2b, 0xcb, 0xae, 0x7b, 0x30, 0xb4, 0x77,
	0xcb, 0x2d, 0xa3, 0x80, 0x30, 0xf2, 0x0c, 0x6a, 0x42, 0xb7, 0x3b, 0xbe, 0xac, 0x01, 0xfa };

static uint32_t contribution[FLOW_KEY_MAX][256];

void
flow_init(void)
{
	for (uint32_t at = 0; at < FLOW_KEY_MAX; at++)
		for (uint32_t value = 0; value < 256; value++) {
			uint32_t words[FLOW_KEY_MAX / 4] = { 0 };

			words[at / 4] = value << (24 - at % 4 * 8);
			contribution[at][value] = rte_softrss(words, FLOW_KEY_MAX / 4, rss_key);
		}
}

uint32_t
flow_hash(const uint8_t *key, size_t len)
{
	uint32_t hash = 0;

	for (size_t i = 0; i < len; i++)
		hash ^= contribution[i][key[i]];
	return hash;
}

static uint16_t
read16(const uint8_t *at)
{
	return (uint16_t)(at[0] << 8 | at[1]);
}

static bool
has_ports(uint8_t proto)
{
	return proto == IPPROTO_TCP || proto == IPPROTO_UDP || proto == IPPROTO_SCTP;
}

/* Addresses, and ports when this is no fragment: fragments after the first have none. */
static size_t
ipv4_key(const uint8_t *ip, size_t len, uint8_t *key)
{
	size_t header = (ip[0] & 15u) * 4u;
	bool fragment = read16(ip + 6) & 0x3fff;

	memcpy(key, ip + 12, 8);
	if (fragment || !has_ports(ip[9]) || header < 20 || len < header + 4)
		return 8;
	memcpy(key + 8, ip + header, 4);
	return 12;
}

static size_t
ipv6_key(const uint8_t *ip, size_t len, uint8_t *key)
{
	memcpy(key, ip + 8, 32);
	if (!has_ports(ip[6]) || len < 44)
		return 32;
	memcpy(key + 32, ip + 40, 4);
	return 36;
}

size_t
flow_key(const uint8_t *frame, size_t len, uint8_t key[FLOW_KEY_MAX])
{
	size_t at = 12;
	uint16_t type;

	if (len < 14) {
		memcpy(key, frame, len);
		return len;
	}
	type = read16(frame + at);
	for (int tags = 0; tags < 2 && (type == 0x8100 || type == 0x88a8) && len >= at + 6;
		tags++) {
		at += 4;
		type = read16(frame + at);
	}
	at += 2;
	if (type == 0x0800 && len >= at + 20)
		return ipv4_key(frame + at, len - at, key);
	if (type == 0x86dd && len >= at + 40)
		return ipv6_key(frame + at, len - at, key);
	memcpy(key, frame, 12);
	return 12;
}
