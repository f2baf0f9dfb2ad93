/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The reader of captures. Used by cmd_run.c on the main lcore; wants pool and giants set before the
 * first replay_burst().
 */
#include "dpdk-app/replay.h"

#include <errno.h>
#include <inttypes.h>
#include <linux/if_ether.h>
#include <rte_memcpy.h>
#include <stdio_ext.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* More than this does not stay in the second level cache and is slower (measured). */
#define BUFFER_BYTES (64u << 10)
#define SNAPLEN_MIN 65535

/* Of the one capture that is open: glibc does not take a size without a buffer. */
static char buffer[BUFFER_BYTES];

static const uint32_t nano_magics[] = { 0xa1b23c4d, 0x4d3cb2a1, 0x0a0d0d0a /* pcapng */ };

/* Whether the file may have nanoseconds, from its first four bytes, which are put back. */
static bool
peek_nano(FILE *file)
{
	uint32_t magic = 0;
	size_t n = fread(&magic, 1, sizeof(magic), file);
	const uint8_t *bytes = (const uint8_t *)&magic;

	while (n > 0)
		ungetc(bytes[--n], file);
	for (size_t i = 0; i < sizeof(nano_magics) / sizeof(nano_magics[0]); i++)
		if (magic == nano_magics[i])
			return true;
	return false;
}

/* A new handle on the file's beginning. */
static int
open_pass(struct replay *r, struct xb_log *log)
{
	char err[PCAP_ERRBUF_SIZE] = "";

	r->file = r->is_stdin ? stdin : fopen(r->path, "r");
	if (r->file == NULL) {
		int ret = -errno;

		xb_log_add(log, "%s: %s\n", r->path, strerror(errno));
		return ret;
	}
	setvbuf(r->file, buffer, _IOFBF, sizeof(buffer));
	__fsetlocking(r->file, FSETLOCKING_BYCALLER);
	r->is_nano = peek_nano(r->file);
	r->pcap =
		pcap_fopen_offline_with_tstamp_precision(r->file, PCAP_TSTAMP_PRECISION_NANO, err);
	if (r->pcap == NULL) {
		xb_log_add(log, "%s: not a capture: %s\n", r->path, err);
		fclose(r->file);
		return -EINVAL;
	}
	return 0;
}

/* A pipe that has a name can be opened again, and that waits for a writer who never comes. */
static bool
can_rewind(const struct replay *r)
{
	struct stat st;

	return !r->is_stdin && fstat(fileno(r->file), &st) == 0 && S_ISREG(st.st_mode);
}

int
replay_open(struct replay *r, const char *path, struct xb_log *log)
{
	int link;

	*r = (struct replay){
		.path = path,
		.passes = 1,
		.left = UINT64_MAX,
	};
	if (strcmp(path, "-") == 0) {
		r->is_stdin = true;
		r->path = "standard input";
	}
	if (open_pass(r, log) < 0)
		return -EINVAL;
	r->can_rewind = can_rewind(r);
	link = pcap_datalink(r->pcap);
	if (link != DLT_EN10MB) {
		const char *name = pcap_datalink_val_to_description_or_dlt(link);

		xb_log_add(log, "%s: its link type is %s, only Ethernet can be replayed\n", r->path,
			name);
		replay_close(r);
		return -EINVAL;
	}
	r->snaplen = pcap_snapshot(r->pcap) > SNAPLEN_MIN ? pcap_snapshot(r->pcap) : SNAPLEN_MIN;
	return 0;
}

int
replay_filter(struct replay *r, const char *expr, struct xb_log *log)
{
	if (pcap_compile(r->pcap, &r->filter, expr, 1, PCAP_NETMASK_UNKNOWN) < 0) {
		xb_log_add(log, "--filter '%s': %s\n", expr, pcap_geterr(r->pcap));
		return -EINVAL;
	}
	r->has_filter = true;
	return 0;
}

/* The mbuf for a packet of so many bytes; NULL: none is free at the moment. */
static struct rte_mbuf *
mbuf_for(struct replay *r, uint32_t bytes)
{
	struct rte_mbuf *m;

	if (likely(bytes <= PKT_BYTES_MAX) || bytes > PKT_GIANT_BYTES_MAX)
		return r->spare[--r->spare_cnt];
	return rte_mempool_get(r->giants, (void **)&m) == 0 ? m : NULL;
}

static void
fill(struct replay *r, struct rte_mbuf *m, const struct pcap_pkthdr *header, const u_char *bytes)
{
	struct pkt_info *info = pkt_info(m);
	uint32_t len = header->caplen;

	*info = (struct pkt_info){
		.index = r->index,
		.sec = header->ts.tv_sec,
		.nsec = (uint32_t)header->ts.tv_usec, /* nanoseconds were asked for */
	};
	if (unlikely(header->len > len)) {
		info->missing = header->len - len;
		r->snapped++;
	}
	r->runts += header->len < ETH_ZLEN;
	if (unlikely(len > PKT_GIANT_BYTES_MAX)) {
		info->oversize = len;
		len = 0;
	}
	m->data_off = PKT_HEADROOM;
	m->data_len = (uint16_t)len;
	m->pkt_len = len;
	m->ol_flags = 0;
	rte_memcpy((char *)m->buf_addr + PKT_HEADROOM, bytes, len);
}

/* libpcap's callback. */
static void
take(u_char *user, const struct pcap_pkthdr *header, const u_char *bytes)
{
	struct replay *r = (struct replay *)user;
	struct rte_mbuf *m;

	if (r->has_filter && pcap_offline_filter(&r->filter, header, bytes) == 0) {
		r->filtered++;
		r->index++;
		return;
	}
	m = mbuf_for(r, header->caplen);
	if (unlikely(m == NULL)) {
		r->is_held = true;
		r->held = *header;
		r->held_bytes = bytes;
		pcap_breakloop(r->pcap);
		return;
	}
	fill(r, m, header, bytes);
	r->index++;
	r->out[r->out_cnt++] = m;
}

/* The packet that waited for a giant mbuf. */
static bool
take_held(struct replay *r)
{
	struct pcap_pkthdr header = r->held;

	if (!r->is_held)
		return true;
	r->is_held = false;
	take((u_char *)r, &header, r->held_bytes);
	return !r->is_held;
}

static bool
fill_spare(struct replay *r)
{
	uint32_t n = BURST - r->spare_cnt;

	if (n > 0 && rte_mempool_get_bulk(r->pool, (void **)(r->spare + r->spare_cnt), n) < 0)
		return false;
	r->spare_cnt = BURST;
	return true;
}

/* The end of the file: once more from the beginning? */
static void
next_pass(struct replay *r)
{
	if (--r->passes == 0)
		return;
	pcap_close(r->pcap);
	r->pcap = NULL;
	r->pass_at = r->index;
	if (open_pass(r, NULL) < 0) {
		r->failed = true;
		r->passes = 0;
	}
}

uint32_t
replay_burst(struct replay *r, struct rte_mbuf **pkts)
{
	uint64_t want = r->left < BURST ? r->left : BURST;
	int n;

	r->out = pkts;
	r->out_cnt = 0;
	if (replay_done(r) || !fill_spare(r) || !take_held(r) || r->out_cnt == want)
		goto out;
	n = pcap_dispatch(r->pcap, (int)(want - r->out_cnt), take, (u_char *)r);
	if (n == 0) {
		next_pass(r);
	} else if (n == PCAP_ERROR) {
		r->failed = true;
		r->passes = 0;
	}
out:
	r->left -= r->out_cnt;
	return r->out_cnt;
}

bool
replay_done(const struct replay *r)
{
	return (r->passes == 0 || r->left == 0) && !r->is_held;
}

/* Where in the file its packet number n begins: read it again, this time asking at every packet. */
static int64_t
find_offset(const char *path, uint64_t n)
{
	char err[PCAP_ERRBUF_SIZE];
	FILE *file = fopen(path, "r");
	pcap_t *pcap = file != NULL ? pcap_fopen_offline(file, err) : NULL;
	struct pcap_pkthdr *header;
	const u_char *bytes;
	int64_t offset = -1;

	if (pcap == NULL) {
		if (file != NULL)
			fclose(file);
		return -1;
	}
	while (n > 0 && pcap_next_ex(pcap, &header, &bytes) == 1)
		n--;
	if (n == 0)
		offset = ftello(file);
	pcap_close(pcap);
	return offset;
}

void
replay_explain(const struct replay *r, struct xb_log *log)
{
	uint64_t n = r->index - r->pass_at;
	int64_t offset = r->can_rewind ? find_offset(r->path, n) : -1;

	xb_log_add(log, "%s: packet %" PRIu64 " (the first is 0)", r->path, n);
	if (offset >= 0)
		xb_log_add(log, " at byte offset %" PRId64, offset);
	xb_log_add(log, ": %s; everything before it was processed\n",
		r->pcap != NULL ? pcap_geterr(r->pcap) : "the file cannot be opened again");
}

void
replay_close(struct replay *r)
{
	if (r->spare_cnt > 0)
		rte_pktmbuf_free_bulk(r->spare, r->spare_cnt);
	r->spare_cnt = 0;
	if (r->has_filter)
		pcap_freecode(&r->filter);
	r->has_filter = false;
	if (r->pcap != NULL)
		pcap_close(r->pcap);
	r->pcap = NULL;
}
