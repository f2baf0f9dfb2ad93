/* SPDX-License-Identifier: BSD-2-Clause */
/* Captures are written byte by byte here, so that libpcap does not test itself. */
#include "dpdk-app/replay.h"

#include <byteswap.h>
#include <errno.h>
#include <rte_mempool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "dpdk-app/eal.h"
#include "tests/_cmocka.h"

#define GIANTS 4

static char path[] = "/tmp/replay_test.XXXXXX";
static struct rte_mempool *pool, *giants;

/* ---- writing ---- */

struct capture {
	FILE *file;
	bool swapped; /* the other byte order */
};

static void
put32(struct capture *c, uint32_t value)
{
	if (c->swapped)
		value = bswap_32(value);
	fwrite(&value, sizeof(value), 1, c->file);
}

static void
put16(struct capture *c, uint16_t value)
{
	if (c->swapped)
		value = bswap_16(value);
	fwrite(&value, sizeof(value), 1, c->file);
}

static struct capture
begin(uint32_t magic, uint32_t link, bool swapped)
{
	struct capture c = { fopen(path, "w"), swapped };

	put32(&c, magic);
	put16(&c, 2);
	put16(&c, 4);
	put32(&c, 0);
	put32(&c, 0);
	put32(&c, 262144);
	put32(&c, link);
	return c;
}

/* A record whose bytes are all `fill`. */
static void
put_record(
	struct capture *c, uint32_t sec, uint32_t fraction, uint32_t caplen, uint32_t len, int fill)
{
	put32(c, sec);
	put32(c, fraction);
	put32(c, caplen);
	put32(c, len);
	for (uint32_t i = 0; i < caplen; i++)
		fputc(fill, c->file);
}

static void
put_block(struct capture *c, uint32_t type, const void *body, uint32_t bytes)
{
	put32(c, type);
	put32(c, bytes + 12);
	fwrite(body, 1, bytes, c->file);
	put32(c, bytes + 12);
}

/* pcapng: section, Ethernet interface with nanoseconds, one packet of 16 bytes. */
static void
write_pcapng(void)
{
	struct capture c = { fopen(path, "w"), false };
	static const uint32_t section[] = { 0x1a2b3c4d, 0x00000001, 0xffffffff, 0xffffffff };
	/* link type 1, no snap length; if_tsresol = 9; end of options */
	static const uint32_t interface[] = { 1, 0, 0x00010009, 9, 0 };
	uint64_t ns = UINT64_C(1600000000123456789);
	uint32_t packet[9] = { 0, (uint32_t)(ns >> 32), (uint32_t)ns, 16, 20 };

	memset(packet + 5, 0xab, 16);
	put_block(&c, 0x0a0d0d0a, section, sizeof(section));
	put_block(&c, 1, interface, sizeof(interface));
	put_block(&c, 6, packet, sizeof(packet));
	fclose(c.file);
}

/* ---- reading ---- */

static struct replay r;

static void
open_it(void)
{
	struct xb_log log = { 0 };

	if (replay_open(&r, path, &log) < 0)
		fail_msg("%s", xb_log_text(&log));
	r.pool = pool;
	r.giants = giants;
}

/* Everything there is, checking only that bursts keep their promise; how many packets. */
static unsigned int
read_all(void)
{
	struct rte_mbuf *pkts[BURST];
	unsigned int n = 0;

	while (!replay_done(&r)) {
		uint32_t cnt = replay_burst(&r, pkts);

		assert_true(cnt <= BURST);
		n += cnt;
		rte_pktmbuf_free_bulk(pkts, cnt);
	}
	return n;
}

static struct rte_mbuf *
read_one(void)
{
	struct rte_mbuf *pkts[BURST];

	assert_int_equal(replay_burst(&r, pkts), 1);
	return pkts[0];
}

static void
close_it(void)
{
	replay_close(&r);
	assert_int_equal(rte_mempool_in_use_count(pool), 0);
	assert_int_equal(rte_mempool_in_use_count(giants), 0);
}

static void
timestamps_and_lengths_are_kept(void **state)
{
	static const struct {
		uint32_t magic;
		bool swapped, nano;
		uint32_t fraction, nsec;
	} kinds[] = {
		{ 0xa1b2c3d4, false, false, 999999, 999999000 },
		{ 0xa1b2c3d4, true, false, 123456, 123456000 },
		{ 0xa1b23c4d, false, true, 123456789, 123456789 },
		{ 0xa1b23c4d, true, true, 1, 1 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		struct capture c = begin(kinds[i].magic, 1, kinds[i].swapped);
		struct rte_mbuf *m;

		put_record(&c, 1600000000, kinds[i].fraction, 60, 60, 0x5a);
		fclose(c.file);
		open_it();
		assert_int_equal(r.is_nano, kinds[i].nano);
		m = read_one();
		assert_int_equal(pkt_info(m)->sec, 1600000000);
		assert_int_equal(pkt_info(m)->nsec, kinds[i].nsec);
		assert_int_equal(pkt_info(m)->index, 0);
		assert_int_equal(pkt_info(m)->missing, 0);
		assert_int_equal(m->pkt_len, 60);
		assert_int_equal(m->data_len, 60);
		assert_int_equal(m->data_off, PKT_HEADROOM);
		assert_int_equal(m->buf_len, PKT_BUF_BYTES);
		assert_int_equal(rte_pktmbuf_mtod(m, uint8_t *)[59], 0x5a);
		rte_pktmbuf_free(m);
		assert_int_equal(read_all(), 0);
		assert_false(r.failed);
		close_it();
	}
}

static void
pcapng_is_read(void **state)
{
	struct rte_mbuf *m;

	(void)state;
	write_pcapng();
	open_it();
	assert_true(r.is_nano);
	m = read_one();
	assert_int_equal(pkt_info(m)->sec, 1600000000);
	assert_int_equal(pkt_info(m)->nsec, 123456789);
	assert_int_equal(m->pkt_len, 16);
	assert_int_equal(pkt_info(m)->missing, 4);
	rte_pktmbuf_free(m);
	assert_int_equal(read_all(), 0);
	assert_int_equal(r.snapped, 1);
	close_it();
}

static void
every_length_has_its_place(void **state)
{
	static const uint32_t lens[] = { 0, 1, 13, 14, PKT_BYTES_MAX, PKT_BYTES_MAX + 1, 9000,
		PKT_GIANT_BYTES_MAX, PKT_GIANT_BYTES_MAX + 1, 262144 };
	enum { CNT = sizeof(lens) / sizeof(lens[0]) };
	struct capture c = begin(0xa1b2c3d4, 1, false);
	struct rte_mbuf *pkts[BURST];

	(void)state;
	for (uint32_t i = 0; i < CNT; i++)
		put_record(&c, i, 0, lens[i], lens[i], (int)i);
	fclose(c.file);
	open_it();
	assert_int_equal(replay_burst(&r, pkts), CNT);
	for (uint32_t i = 0; i < CNT; i++) {
		bool oversize = lens[i] > PKT_GIANT_BYTES_MAX;
		const uint8_t *data = rte_pktmbuf_mtod(pkts[i], const uint8_t *);

		assert_int_equal(pkt_info(pkts[i])->index, i);
		assert_int_equal(pkt_info(pkts[i])->oversize, oversize ? lens[i] : 0);
		assert_int_equal(pkts[i]->pkt_len, oversize ? 0 : lens[i]);
		for (uint32_t k = 0; k < pkts[i]->pkt_len; k++)
			assert_int_equal(data[k], i);
	}
	rte_pktmbuf_free_bulk(pkts, CNT);
	assert_int_equal(read_all(), 0);
	close_it();
}

/* More giants than there are mbufs for: they wait, in order, and none is lost. */
static void
giants_wait_for_room(void **state)
{
	struct capture c = begin(0xa1b2c3d4, 1, false);
	struct rte_mbuf *pkts[BURST];
	uint64_t next = 0;

	(void)state;
	for (int i = 0; i < 3 * GIANTS + 1; i++) {
		put_record(&c, 0, 0, 9000, 9000, i);
		put_record(&c, 0, 0, 60, 60, i);
	}
	fclose(c.file);
	open_it();
	while (!replay_done(&r)) {
		uint32_t cnt = replay_burst(&r, pkts);

		assert_true(cnt <= 2 * GIANTS + 1);
		for (uint32_t i = 0; i < cnt; i++, next++) {
			assert_int_equal(pkt_info(pkts[i])->index, next);
			assert_int_equal(pkts[i]->pkt_len, next % 2 ? 60 : 9000);
			assert_int_equal(*rte_pktmbuf_mtod(pkts[i], uint8_t *), next / 2);
		}
		rte_pktmbuf_free_bulk(pkts, cnt);
	}
	assert_int_equal(next, 6 * GIANTS + 2);
	close_it();
}

static void
no_packets_is_no_error(void **state)
{
	struct capture c = begin(0xa1b2c3d4, 1, false);

	(void)state;
	fclose(c.file);
	open_it();
	assert_int_equal(read_all(), 0);
	assert_false(r.failed);
	close_it();
}

/* Wherever a file is cut, what was whole is delivered and the place is told. */
static void
a_cut_file_says_where(void **state)
{
	enum { PACKETS = 5, BYTES = 60, RECORD = 16 + BYTES };

	(void)state;
	for (long size = 24; size < 24 + PACKETS * RECORD; size++) {
		struct capture c = begin(0xa1b2c3d4, 1, false);
		long whole = (size - 24) / RECORD;
		struct xb_log log = { 0 };
		char want[128];

		for (int i = 0; i < PACKETS; i++)
			put_record(&c, 0, 0, BYTES, BYTES, 0);
		fclose(c.file);
		assert_int_equal(truncate(path, size), 0);
		open_it();
		assert_int_equal(read_all(), whole);
		assert_int_equal(r.failed, (size - 24) % RECORD != 0);
		if (r.failed) {
			replay_explain(&r, &log);
			snprintf(want, sizeof(want),
				"%s: packet %ld (the first is 0) at byte offset %ld: ", path, whole,
				24 + whole * RECORD);
			assert_memory_equal(xb_log_text(&log), want, strlen(want));
		}
		xb_log_free(&log);
		close_it();
	}
}

static void
an_absurd_record_is_an_error(void **state)
{
	struct capture c = begin(0xa1b2c3d4, 1, false);

	(void)state;
	put_record(&c, 0, 0, 60, 60, 0);
	put32(&c, 0);
	put32(&c, 0);
	put32(&c, 0xfffffff0);
	put32(&c, 0xfffffff0);
	fclose(c.file);
	open_it();
	assert_int_equal(read_all(), 1);
	assert_true(r.failed);
	close_it();
}

static void
assert_not_opened(const char *sentence)
{
	struct xb_log log = { 0 };

	assert_true(replay_open(&r, path, &log) < 0);
	if (strstr(xb_log_text(&log), sentence) == NULL)
		fail_msg("'%s', not '%s'", xb_log_text(&log), sentence);
	xb_log_free(&log);
}

static void
what_is_no_ethernet_capture_is_refused(void **state)
{
	struct capture c = begin(0xa1b2c3d4, 113, false);

	(void)state;
	fclose(c.file);
	assert_not_opened("its link type is Linux cooked v1, only Ethernet can be replayed");
	c = begin(0x12345678, 1, false);
	fclose(c.file);
	assert_not_opened("not a capture: unknown file format");
	assert_int_equal(truncate(path, 3), 0);
	assert_not_opened("not a capture: ");
	assert_int_equal(truncate(path, 0), 0);
	assert_not_opened("not a capture: ");
	unlink(path);
	assert_not_opened("No such file or directory");
}

static void
filters_leave_out_but_do_not_renumber(void **state)
{
	struct capture c = begin(0xa1b2c3d4, 1, false);
	struct rte_mbuf *m;
	struct xb_log log = { 0 };

	(void)state;
	for (uint32_t i = 0; i < 100; i++)
		put_record(&c, 0, 0, 60 + i, 60 + i, 0);
	fclose(c.file);
	open_it();
	assert_int_equal(replay_filter(&r, "len = 137", NULL), 0);
	do {
		struct rte_mbuf *pkts[BURST];

		m = replay_burst(&r, pkts) > 0 ? pkts[0] : NULL;
	} while (m == NULL && !replay_done(&r));
	assert_non_null(m);
	assert_int_equal(pkt_info(m)->index, 77);
	rte_pktmbuf_free(m);
	assert_int_equal(read_all(), 0);
	assert_int_equal(r.filtered, 99);
	close_it();
	open_it();
	assert_int_equal(replay_filter(&r, "foo(", &log), -EINVAL);
	assert_non_null(strstr(xb_log_text(&log), "--filter 'foo(': "));
	xb_log_free(&log);
	close_it();
}

static void
passes_and_counts_are_kept(void **state)
{
	struct capture c = begin(0xa1b2c3d4, 1, false);

	(void)state;
	for (int i = 0; i < 50; i++)
		put_record(&c, 0, 0, 60, 60, 0);
	fclose(c.file);
	open_it();
	r.passes = 7;
	assert_int_equal(read_all(), 350);
	assert_int_equal(r.index, 350);
	close_it();
	open_it();
	r.passes = 7;
	r.left = 73;
	assert_int_equal(read_all(), 73);
	close_it();
	open_it();
	r.left = 0;
	assert_int_equal(read_all(), 0);
	close_it();
}

static int
setup(void **state)
{
	struct xb_log log = { 0 };
	int fd = mkstemp(path);

	(void)state;
	if (fd < 0 || eal_start(1, false, NULL, &log) < 0) {
		fputs(xb_log_text(&log), stderr);
		return -1;
	}
	close(fd);
	pool = rte_pktmbuf_pool_create(
		"packets", 2 * BURST, 0, sizeof(struct pkt_info), PKT_BUF_BYTES, SOCKET_ID_ANY);
	giants = rte_pktmbuf_pool_create(
		"giants", GIANTS, 0, sizeof(struct pkt_info), UINT16_MAX, SOCKET_ID_ANY);
	return pool != NULL && giants != NULL ? 0 : -1;
}

static int
teardown(void **state)
{
	(void)state;
	unlink(path);
	rte_mempool_free(pool);
	rte_mempool_free(giants);
	eal_stop();
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(timestamps_and_lengths_are_kept),
		cmocka_unit_test(pcapng_is_read),
		cmocka_unit_test(every_length_has_its_place),
		cmocka_unit_test(giants_wait_for_room),
		cmocka_unit_test(no_packets_is_no_error),
		cmocka_unit_test(a_cut_file_says_where),
		cmocka_unit_test(an_absurd_record_is_an_error),
		cmocka_unit_test(filters_leave_out_but_do_not_renumber),
		cmocka_unit_test(passes_and_counts_are_kept),
		cmocka_unit_test(what_is_no_ethernet_capture_is_refused),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
