/* SPDX-License-Identifier: BSD-2-Clause */
#include "dpdk-app/gen.h"

#include <errno.h>
#include <string.h>

#include "tests/_cmocka.h"

static uint8_t packet[GEN_BYTES_MAX];

static struct gen
recipe(const char *protos, const char *size, uint32_t flows)
{
	struct gen gen = { .seed = 7, .flows = flows };

	assert_int_equal(gen_parse_protos(&gen, protos, NULL), 0);
	assert_int_equal(gen_parse_size(&gen, size, NULL), 0);
	return gen;
}

static uint32_t
read16(const uint8_t *at)
{
	return (uint32_t)(at[0] << 8 | at[1]);
}

/* RFC 1071, byte by byte: not the way gen.c does it. A right checksum makes the sum 0xffff. */
static uint32_t
checksum(const uint8_t *bytes, size_t len, uint32_t sum)
{
	for (size_t i = 0; i < len; i++) {
		sum += i % 2 ? bytes[i] : (uint32_t)bytes[i] << 8;
		sum = (sum & 0xffff) + (sum >> 16);
	}
	return sum;
}

static void
assert_ipv4_right(const uint8_t *ip, uint32_t len)
{
	uint32_t payload = len - 20;
	uint32_t pseudo = ip[9] == 1 ? 0 : checksum(ip + 12, 8, ip[9] + payload);

	assert_int_equal(ip[0], 0x45);
	assert_int_equal(read16(ip + 2), len);
	assert_int_equal(checksum(ip, 20, 0), 0xffff);
	assert_int_equal(checksum(ip + 20, payload, pseudo), 0xffff);
}

static void
assert_ipv6_right(const uint8_t *ip, uint32_t len)
{
	uint32_t payload = len - 40;

	assert_int_equal(ip[0], 0x60);
	assert_int_equal(read16(ip + 4), payload);
	assert_int_equal(checksum(ip + 40, payload, checksum(ip + 8, 32, ip[6] + payload)), 0xffff);
}

static void
all_checksums_and_lengths_are_right(void **state)
{
	static const char *const sizes[] = { "1", "60", "61", "imix", "9000", "16384" };
	unsigned int seen4 = 0;
	unsigned int seen6 = 0;

	(void)state;
	for (size_t s = 0; s < sizeof(sizes) / sizeof(sizes[0]); s++) {
		struct gen gen = recipe("udp,tcp,icmp,udp6,tcp6,icmp6,vlan,arp", sizes[s], 333);

		for (uint64_t i = 0; i < 700; i++) {
			uint32_t len = gen_packet(&gen, i, packet);
			uint32_t at = read16(packet + 12) == 0x8100 ? 18 : 14;
			uint32_t type = read16(packet + at - 2);

			if (type == 0x0800 && ++seen4)
				assert_ipv4_right(packet + at, len - at);
			else if (type == 0x86dd && ++seen6)
				assert_ipv6_right(packet + at, len - at);
			else
				assert_int_equal(type, 0x0806);
		}
	}
	assert_true(seen4 > 1000 && seen6 > 1000);
}

/* RFC 768: a sum of zero is sent as 0xffff, for zero says that there is none. */
static void
no_udp_checksum_is_zero(void **state)
{
	struct gen gen = recipe("udp", "42", 1u << 20);

	(void)state;
	for (uint64_t i = 0; i < 300000; i++) {
		gen_packet(&gen, i, packet);
		assert_true(read16(packet + 14 + 20 + 6) != 0);
	}
}

#define DIGEST UINT64_C(0x84c7444112ebee4a)

/* FNV-1a over everything: the bytes are a promise, to every machine and later version. */
static uint64_t
digest(const struct gen *gen, uint64_t count)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325);

	for (uint64_t i = 0; i < count; i++) {
		uint32_t len = gen_packet(gen, i, packet);

		for (uint32_t k = 0; k < len; k++)
			hash = (hash ^ packet[k]) * UINT64_C(0x100000001b3);
	}
	return hash;
}

static void
the_same_seed_gives_the_same_bytes(void **state)
{
	struct gen gen = recipe("udp,tcp,icmp,udp6,tcp6,icmp6,vlan,arp", "imix", 100);
	struct gen other = gen;

	(void)state;
	other.seed++;
	assert_true(digest(&gen, 1000) == DIGEST);
	assert_true(digest(&other, 1000) != DIGEST);
}

static void
packets_do_not_depend_on_those_before(void **state)
{
	struct gen gen = recipe("udp,tcp6", "imix", 50);
	uint8_t again[GEN_BYTES_MAX];
	uint32_t len = gen_packet(&gen, 123, again);

	(void)state;
	for (uint64_t i = 0; i < 123; i++)
		gen_packet(&gen, i, packet);
	memset(packet, 0xee, sizeof(packet));
	assert_int_equal(gen_packet(&gen, 123, packet), len);
	assert_memory_equal(packet, again, len);
}

static void
imix_is_exact_in_every_twelve(void **state)
{
	struct gen gen = recipe("udp", "imix", 1);

	(void)state;
	for (uint64_t twelve = 0; twelve < 100; twelve++) {
		unsigned int small = 0;
		unsigned int middle = 0;
		unsigned int large = 0;

		for (uint64_t i = 0; i < 12; i++) {
			uint32_t len = gen_packet(&gen, twelve * 12 + i, packet);

			small += len == 60;
			middle += len == 590;
			large += len == 1514;
		}
		assert_int_equal(small, 7);
		assert_int_equal(middle, 4);
		assert_int_equal(large, 1);
	}
}

static void
sizes_are_raised_to_what_headers_need(void **state)
{
	struct gen gen = recipe("udp,tcp,icmp,udp6,tcp6,icmp6,vlan,arp", "1", 8);
	static const uint32_t least[] = { 42, 54, 42, 62, 74, 62, 46, 42 };

	(void)state;
	for (uint64_t i = 0; i < 8; i++)
		assert_int_equal(gen_packet(&gen, i, packet), least[i]);
	assert_int_equal(gen_parse_size(&gen, "100", NULL), 0);
	for (uint64_t i = 0; i < 8; i++)
		assert_int_equal(gen_packet(&gen, i, packet), 100);
}

static void
every_flow_has_its_own_addresses(void **state)
{
	enum { FLOWS = 500 };
	struct gen gen = recipe("udp", "60", FLOWS);
	static uint32_t sources[FLOWS];

	(void)state;
	for (uint64_t i = 0; i < 3 * FLOWS; i++) {
		uint32_t source;

		gen_packet(&gen, i, packet);
		memcpy(&source, packet + 26, 4);
		if (i < FLOWS)
			sources[i] = source;
		assert_int_equal(source, sources[i % FLOWS]);
		for (uint64_t k = 0; i < FLOWS && k < i; k++)
			assert_int_not_equal(source, sources[k]);
	}
}

static void
what_is_no_recipe_is_refused(void **state)
{
	struct xb_log log = { 0 };
	struct gen gen;

	(void)state;
	assert_int_equal(gen_parse_protos(&gen, "udp,foo", &log), -EINVAL);
	assert_non_null(strstr(xb_log_text(&log), "no protocol 'foo'"));
	assert_int_equal(gen_parse_protos(&gen, "", NULL), -EINVAL);
	assert_int_equal(gen_parse_protos(&gen, "udp,", NULL), -EINVAL);
	assert_int_equal(gen_parse_size(&gen, "0", NULL), -EINVAL);
	assert_int_equal(gen_parse_size(&gen, "16385", NULL), -EINVAL);
	assert_int_equal(gen_parse_size(&gen, "60 ", NULL), -EINVAL);
	xb_log_free(&log);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_checksums_and_lengths_are_right),
		cmocka_unit_test(no_udp_checksum_is_zero),
		cmocka_unit_test(the_same_seed_gives_the_same_bytes),
		cmocka_unit_test(packets_do_not_depend_on_those_before),
		cmocka_unit_test(imix_is_exact_in_every_twelve),
		cmocka_unit_test(sizes_are_raised_to_what_headers_need),
		cmocka_unit_test(every_flow_has_its_own_addresses),
		cmocka_unit_test(what_is_no_recipe_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
