/* SPDX-License-Identifier: BSD-2-Clause */
/* Packets for `xoffload gen` (cmd_gen.c). Needs nothing but arithmetic. */
#include "dpdk-app/gen.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>

#include "dpdk-app/parse.h"

static const struct proto {
	const char *name;
	uint16_t ethertype;
	uint8_t ip_proto;
	bool vlan;
	uint32_t headers; /* bytes */
} protos[GEN_PROTO_CNT] = {
#define PROTO(name, ...) [GEN_##name] = { #name, __VA_ARGS__ },
#include "dpdk-app/gen_protos.def"
#undef PROTO
};

/* Simple IMIX: 7 of 64, 4 of 594, 1 of 1518 bytes, here without the FCS. */
const struct gen_imix gen_imix[GEN_IMIX_SIZES] = { { 60, 7 }, { 590, 4 }, { 1514, 1 } };
static const uint16_t known_ports[8] = { 53, 80, 123, 443, 4789, 5060, 8080, 11211 };

/* A packet being written. */
struct writer {
	uint8_t *at;
	uint64_t random; /* state of splitmix64 */
};

/* splitmix64: every state gives an independent looking number. */
static uint64_t
mix(uint64_t x)
{
	x += UINT64_C(0x9e3779b97f4a7c15);
	x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
	return x ^ x >> 31;
}

static void
put8(struct writer *w, uint32_t value)
{
	*w->at++ = (uint8_t)value;
}

static void
put16(struct writer *w, uint32_t value)
{
	put8(w, value >> 8);
	put8(w, value);
}

static void
put32(struct writer *w, uint32_t value)
{
	put16(w, value >> 16);
	put16(w, value);
}

static void
put_bytes(struct writer *w, const void *bytes, size_t len)
{
	memcpy(w->at, bytes, len);
	w->at += len;
}

static void
put_random(struct writer *w, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (i % 8 == 0)
			w->random = mix(w->random);
		put8(w, (uint32_t)(w->random >> i % 8 * 8));
	}
}

/* RFC 1071: the sum of big-endian 16-bit words, not yet folded. */
static uint32_t
sum16(const uint8_t *bytes, size_t len, uint32_t sum)
{
	for (size_t i = 0; i + 1 < len; i += 2)
		sum += (uint32_t)(bytes[i] << 8 | bytes[i + 1]);
	if (len % 2)
		sum += (uint32_t)bytes[len - 1] << 8;
	return sum;
}

static uint16_t
fold(uint32_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

static void
set16(uint8_t *at, uint16_t value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

/* Sources are 10.0.0.0/8, one for each flow; destinations RFC 2544's 198.18.0.0/15. */
static void
put_ipv4(struct writer *w, const struct proto *p, uint32_t flow, uint64_t seed, uint32_t payload)
{
	uint8_t *header = w->at;

	put16(w, 0x4500);
	put16(w, 20 + payload);
	put16(w, flow);
	put16(w, 0x4000); /* don't fragment */
	put8(w, 64);
	put8(w, p->ip_proto);
	put16(w, 0);
	put32(w, UINT32_C(10) << 24 | ((flow + (uint32_t)mix(seed)) & 0xffffff));
	put32(w, UINT32_C(198) << 24 | UINT32_C(18) << 16 | ((uint32_t)mix(seed ^ flow) & 0xffff));
	set16(header + 10, fold(sum16(header, 20, 0)));
}

/* Both in RFC 5180's 2001:2::/48. */
static void
put_ipv6(struct writer *w, const struct proto *p, uint32_t flow, uint64_t seed, uint32_t payload)
{
	static const uint8_t net[12] = { 0x20, 0x01, 0x00, 0x02 };

	put32(w, UINT32_C(0x60000000));
	put16(w, payload);
	put8(w, p->ip_proto);
	put8(w, 64);
	put_bytes(w, net, sizeof(net));
	put32(w, flow + (uint32_t)mix(seed));
	put_bytes(w, net, sizeof(net) - 1);
	put8(w, 1); /* another subnet than the source's */
	put32(w, (uint32_t)mix(seed ^ flow));
}

/* Headers of the transport; how far into them the checksum is. */
static size_t
put_transport(struct writer *w, const struct proto *p, uint32_t payload, uint64_t flow_random)
{
	uint32_t source = 1024 + (uint32_t)(flow_random >> 32) % (65536 - 1024);
	uint32_t port = known_ports[flow_random % 8];

	switch (p->ip_proto) {
	case IPPROTO_UDP:
		put16(w, source);
		put16(w, port);
		put16(w, payload);
		put16(w, 0);
		return 6;
	case IPPROTO_TCP:
		put16(w, source);
		put16(w, port);
		put_random(w, 8);
		put16(w, 0x5018); /* no options; PSH, ACK */
		put16(w, 65535);
		put32(w, 0);
		return 16;
	default: /* echo request */
		put16(w, p->ip_proto == IPPROTO_ICMP ? 8 << 8 : 128 << 8);
		put16(w, 0);
		put16(w, source);
		put_random(w, 2);
		return 2;
	}
}

/* The sum of the pseudo header: addresses, length, protocol; ICMP over IPv4 has none. */
static uint32_t
pseudo_sum(const struct proto *p, const uint8_t *transport, uint32_t payload)
{
	uint32_t addresses = p->ethertype == 0x0800 ? 8 : 32;

	if (p->ip_proto == IPPROTO_ICMP)
		return 0;
	return sum16(transport - addresses, addresses, payload + p->ip_proto);
}

static void
put_arp(struct writer *w, const uint8_t *mac, uint32_t flow, uint64_t seed)
{
	put16(w, 1);
	put16(w, 0x0800);
	put16(w, 0x0604);
	put16(w, 1); /* who has */
	put_bytes(w, mac, 6);
	put32(w, UINT32_C(10) << 24 | ((flow + (uint32_t)mix(seed)) & 0xffffff));
	memset(w->at, 0, 6);
	w->at += 6;
	put32(w, UINT32_C(198) << 24 | UINT32_C(18) << 16 | 1);
}

/* IMIX is exact in every twelve packets, in an order of the seed. */
static uint32_t
imix_bytes(uint64_t seed, uint64_t i)
{
	uint64_t random = mix(seed ^ mix(i / GEN_IMIX_FRAMES));
	uint16_t order[GEN_IMIX_FRAMES];
	uint32_t cnt = 0;

	for (uint32_t k = 0; k < GEN_IMIX_SIZES; k++)
		for (uint32_t left = gen_imix[k].frames; left > 0; left--)
			order[cnt++] = gen_imix[k].bytes;
	for (uint32_t n = GEN_IMIX_FRAMES; n > 1; n--) {
		uint32_t k = (uint32_t)(random % n);
		uint16_t last = order[n - 1];

		order[n - 1] = order[k];
		order[k] = last;
		random = mix(random);
	}
	return order[i % GEN_IMIX_FRAMES];
}

uint32_t
gen_packet(const struct gen *gen, uint64_t i, uint8_t *buf)
{
	uint32_t flow = (uint32_t)(i % gen->flows);
	const struct proto *p = &protos[gen->protos[flow % gen->proto_cnt]];
	uint32_t bytes = gen->bytes ? gen->bytes : imix_bytes(gen->seed, i);
	uint8_t macs[12] = { 2, 0, 0, 0, 0, 2, 2, 1 };
	struct writer w = { buf, mix(gen->seed ^ mix(i)) };
	uint32_t payload;
	uint8_t *transport;
	size_t checksum;

	if (bytes < p->headers)
		bytes = p->headers;
	set16(macs + 8, (uint16_t)(flow >> 16));
	set16(macs + 10, (uint16_t)flow);
	put_bytes(&w, macs, sizeof(macs));
	if (p->vlan) {
		put16(&w, 0x8100);
		put16(&w, 1 + flow % 4094);
	}
	put16(&w, p->ethertype);
	if (p->ethertype == 0x0806) {
		put_arp(&w, macs + 6, flow, gen->seed);
		memset(w.at, 0, bytes - p->headers);
		return bytes;
	}
	payload = bytes - (uint32_t)(w.at - buf) - (p->ethertype == 0x0800 ? 20 : 40);
	if (p->ethertype == 0x0800)
		put_ipv4(&w, p, flow, gen->seed, payload);
	else
		put_ipv6(&w, p, flow, gen->seed, payload);
	transport = w.at;
	checksum = put_transport(&w, p, payload, mix(gen->seed + mix(flow)));
	put_random(&w, bytes - (uint32_t)(w.at - buf));
	set16(transport + checksum,
		fold(sum16(transport, payload, pseudo_sum(p, transport, payload))));
	/* RFC 768: a computed zero is sent as all ones. */
	if (p->ip_proto == IPPROTO_UDP && transport[6] == 0 && transport[7] == 0)
		set16(transport + 6, 0xffff);
	return bytes;
}

static int
find_proto(const char *name, size_t len)
{
	for (int i = 0; i < GEN_PROTO_CNT; i++)
		if (strlen(protos[i].name) == len && memcmp(protos[i].name, name, len) == 0)
			return i;
	return -1;
}

int
gen_parse_protos(struct gen *gen, const char *list, struct xb_log *log)
{
	gen->proto_cnt = 0;
	for (;;) {
		size_t len = strcspn(list, ",");
		int proto = find_proto(list, len);

		if (proto < 0 || gen->proto_cnt == GEN_PROTOS_MAX) {
			xb_log_add(log, "--proto: %s '%.*s'; known are",
				proto < 0 ? "no protocol" : "too many protocols, at", (int)len,
				list);
			for (int i = 0; i < GEN_PROTO_CNT; i++)
				xb_log_add(log, " %s", protos[i].name);
			xb_log_add(log, "\n");
			return -EINVAL;
		}
		gen->protos[gen->proto_cnt++] = (enum gen_proto)proto;
		if (list[len] == '\0')
			return 0;
		list += len + 1;
	}
}

int
gen_parse_size(struct gen *gen, const char *size, struct xb_log *log)
{
	uint64_t bytes;

	gen->bytes = 0;
	if (strcmp(size, "imix") == 0)
		return 0;
	if (parse_u64(size, 1, GEN_BYTES_MAX, &bytes) < 0) {
		xb_log_add(
			log, "--size %s: it takes 1 to %d bytes, or imix\n", size, GEN_BYTES_MAX);
		return -EINVAL;
	}
	gen->bytes = (uint32_t)bytes;
	return 0;
}
