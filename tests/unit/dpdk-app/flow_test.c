/* SPDX-License-Identifier: BSD-2-Clause */
#include "dpdk-app/flow.h"

#include <stdbool.h>
#include <string.h>

#include "dpdk-app/gen.h"
#include "tests/_cmocka.h"

/* Microsoft, "Verifying the RSS Hash Calculation": source address and port, destination, result
 * over addresses alone, and over addresses and ports. */
static const struct {
	uint8_t key[12]; /* source, destination address; source, destination port */
	uint32_t addresses, ports;
} vectors[] = {
	{ { 66, 9, 149, 187, 161, 142, 100, 80, 2794 >> 8, 2794 & 255, 1766 >> 8, 1766 & 255 },
		0x323e8fc2, 0x51ccc178 },
	{ { 199, 92, 111, 2, 65, 69, 140, 83, 14230 >> 8, 14230 & 255, 4739 >> 8, 4739 & 255 },
		0xd718262a, 0xc626b0ea },
};

static void
the_hash_is_that_of_the_rss_specification(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
		assert_int_equal(flow_hash(vectors[i].key, 8), vectors[i].addresses);
		assert_int_equal(flow_hash(vectors[i].key, 12), vectors[i].ports);
	}
}

/* A frame of one protocol and the key it should have. */
static size_t
key_of(const char *proto, uint32_t flow, uint8_t *frame, uint8_t key[FLOW_KEY_MAX])
{
	struct gen gen = { .seed = 1, .flows = 1000 };
	uint32_t len;

	assert_int_equal(gen_parse_protos(&gen, proto, NULL), 0);
	assert_int_equal(gen_parse_size(&gen, "100", NULL), 0);
	len = gen_packet(&gen, flow, frame);
	return flow_key(frame, len, key);
}

static void
keys_are_addresses_and_ports(void **state)
{
	uint8_t frame[GEN_BYTES_MAX];
	uint8_t key[FLOW_KEY_MAX];

	(void)state;
	assert_int_equal(key_of("udp", 1, frame, key), 12);
	assert_memory_equal(key, frame + 26, 12);
	assert_int_equal(key_of("tcp6", 1, frame, key), 36);
	assert_memory_equal(key, frame + 22, 36);
	assert_int_equal(key_of("icmp", 1, frame, key), 8); /* has no ports */
	assert_memory_equal(key, frame + 26, 8);
	assert_int_equal(key_of("vlan", 1, frame, key), 12); /* behind the tag */
	assert_memory_equal(key, frame + 30, 12);
	assert_int_equal(key_of("arp", 1, frame, key), 12); /* Ethernet addresses */
	assert_memory_equal(key, frame, 12);
}

/* Fragments after the first have no ports: all of a datagram must go the same way. */
static void
fragments_go_by_addresses(void **state)
{
	uint8_t frame[GEN_BYTES_MAX];
	uint8_t key[FLOW_KEY_MAX];

	(void)state;
	key_of("udp", 1, frame, key);
	frame[20] = 0x20; /* more fragments */
	assert_int_equal(flow_key(frame, 100, key), 8);
	frame[20] = 0x00;
	frame[21] = 0x05; /* offset 40 */
	assert_int_equal(flow_key(frame, 100, key), 8);
}

/* Every length of every kind of frame, and lengths that lie. The sanitizer watches. */
static void
cut_frames_have_a_key_too(void **state)
{
	static const char *const protos[] = { "udp", "tcp6", "vlan", "arp" };
	uint8_t frame[GEN_BYTES_MAX];
	uint8_t key[FLOW_KEY_MAX];

	(void)state;
	for (size_t p = 0; p < sizeof(protos) / sizeof(protos[0]); p++)
		for (size_t len = 0; len <= 80; len++) {
			uint8_t exact[80];

			key_of(protos[p], 1, frame, key);
			memcpy(exact + sizeof(exact) - len, frame, len);
			assert_true(
				flow_key(exact + sizeof(exact) - len, len, key) <= FLOW_KEY_MAX);
		}
	key_of("udp", 1, frame, key);
	frame[14] = 0x4f; /* 60 bytes of header, of which 46 are there */
	assert_int_equal(flow_key(frame, 60, key), 8);
	frame[14] = 0x40;
	assert_int_equal(flow_key(frame, 60, key), 8);
}

static void
flows_spread_over_queues(void **state)
{
	enum { QUEUES = 4, FLOWS = 1000 };
	unsigned int counts[QUEUES] = { 0 };
	uint8_t frame[GEN_BYTES_MAX];
	uint8_t key[FLOW_KEY_MAX];

	(void)state;
	for (uint32_t flow = 0; flow < FLOWS; flow++) {
		size_t len = key_of("udp,tcp6,vlan,icmp", flow, frame, key);

		counts[flow_hash(key, len) % QUEUES]++;
	}
	for (int q = 0; q < QUEUES; q++)
		assert_in_range(counts[q], FLOWS / QUEUES * 8 / 10, FLOWS / QUEUES * 12 / 10);
}

static int
setup(void **state)
{
	(void)state;
	flow_init();
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_hash_is_that_of_the_rss_specification),
		cmocka_unit_test(keys_are_addresses_and_ports),
		cmocka_unit_test(fragments_go_by_addresses),
		cmocka_unit_test(cut_frames_have_a_key_too),
		cmocka_unit_test(flows_spread_over_queues),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
