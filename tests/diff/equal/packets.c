/* SPDX-License-Identifier: BSD-2-Clause */
/* See packets.h. */
#include "tests/diff/equal/packets.h"

#define PCAP_DONT_INCLUDE_PCAP_BPF_H /* its struct bpf_insn is classic BPF's, ours the kernel's */
#include <pcap/pcap.h>
#include <stdlib.h>
#include <string.h>

#define MIN_FRAME 60u
#define MAX_FRAME 1500u
#define MALFORMED 0u /* index in packets_captures */

const char *const packets_captures[] = { "malformed", "icmp", "imix", "ipv4-and-ipv6", "vlan",
	"tcp-syn-flood", "udp-flood", NULL };
#define CAPTURES (sizeof(packets_captures) / sizeof(packets_captures[0]) - 1)

struct packet {
	uint32_t len;
	uint8_t data[];
};

static struct {
	struct packet **packets;
	uint32_t cnt, room;
} captures[CAPTURES];

uint64_t
equal_random(uint64_t *state)
{
	uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

static void
add(uint32_t capture, const uint8_t *data, uint32_t len)
{
	struct packet *p = calloc(1, sizeof(*p) + len);

	if (captures[capture].cnt == captures[capture].room) {
		captures[capture].room = captures[capture].room * 2 + 64;
		captures[capture].packets = reallocarray(captures[capture].packets,
			captures[capture].room, sizeof(*captures[capture].packets));
	}
	if (!p || !captures[capture].packets)
		abort();
	p->len = len;
	memcpy(p->data, data, len);
	captures[capture].packets[captures[capture].cnt++] = p;
}

static int
read_capture(uint32_t capture)
{
	char path[512], error[PCAP_ERRBUF_SIZE];
	struct pcap_pkthdr *h;
	const u_char *data;
	pcap_t *pcap;

	snprintf(path, sizeof(path), "%s/%s.pcap", CAPTURE_DIR, packets_captures[capture]);
	pcap = pcap_open_offline(path, error);
	if (!pcap) {
		printf("%s: %s\n", path, error);
		return -1;
	}
	while (pcap_next_ex(pcap, &h, &data) == 1)
		add(capture, data, h->caplen < PAGE_BYTES ? h->caplen : PAGE_BYTES);
	pcap_close(pcap);
	return captures[capture].cnt ? 0 : -1;
}

int
packets_open(void)
{
	for (uint32_t i = 0; i < CAPTURES; i++)
		if (read_capture(i) != 0)
			return -1;
	return 0;
}

void
packets_close(void)
{
	for (uint32_t i = 0; i < CAPTURES; i++) {
		for (uint32_t n = 0; n < captures[i].cnt; n++)
			free(captures[i].packets[n]);
		free(captures[i].packets);
	}
}

bool
packets_get(uint32_t capture, uint32_t n, struct run *packet)
{
	const struct packet *from;

	if (n >= captures[capture].cnt)
		return false;
	from = captures[capture].packets[n];
	packet->len = from->len;
	memcpy(packet->data, from->data, from->len);
	return true;
}

void
packets_make(struct run *packet, uint64_t *random)
{
	static const uint64_t edges[] = { 0, 1, UINT64_MAX, INT64_MAX, (uint64_t)INT64_MIN,
		UINT32_MAX, INT32_MAX, UINT64_C(0x80000000), UINT64_C(0x100000000), 0xffff, 0x10000,
		31, 32, 33, 63, 64 };
	bool is_short = equal_random(random) % 2;

	packet->len = MIN_FRAME +
		      (uint32_t)(equal_random(random) % (is_short ? 20 : MAX_FRAME - MIN_FRAME));
	for (uint32_t i = 0; i < packet->len; i += 8) {
		uint64_t word = equal_random(random);

		if (word % 3 == 0)
			word = edges[word / 3 % (sizeof(edges) / sizeof(edges[0]))];
		memcpy(packet->data + i, &word, 8);
	}
}

void
packets_pick(struct run *packet, bool malformed, uint64_t *random)
{
	uint32_t capture =
		malformed ? MALFORMED : 1 + (uint32_t)(equal_random(random) % (CAPTURES - 1));

	packets_get(capture, (uint32_t)(equal_random(random) % captures[capture].cnt), packet);
}
