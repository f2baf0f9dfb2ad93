/* SPDX-License-Identifier: BSD-2-Clause */
/* Captures in memory. */
#include "dpdk-app/packets.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "dpdk-app/replay.h"

static int
open_capture(struct replay *r, const struct options *opt)
{
	struct xb_log log = { 0 };
	int status = replay_open(r, opt->in, &log) < 0 ? STATUS_INPUT : STATUS_DONE;

	if (status == STATUS_DONE && opt->filter != NULL && replay_filter(r, opt->filter, &log) < 0)
		status = STATUS_USAGE;
	complain_log(&log);
	return status;
}

/* Room for one more packet. */
static bool
reserve(struct packets *p, uint32_t len)
{
	if (p->cnt == p->packet_room) {
		uint32_t room = p->packet_room ? 2 * p->packet_room : 1024;
		struct packet_at *more = realloc(p->packets, room * sizeof(*more));

		if (more == NULL)
			return false;
		p->packets = more;
		p->packet_room = room;
	}
	if (p->room - p->total < len) {
		uint64_t room = 2 * p->room + PKT_GIANT_BYTES_MAX;
		uint8_t *more = realloc(p->bytes, room);

		if (more == NULL)
			return false;
		p->bytes = more;
		p->room = room;
	}
	return true;
}

static bool
add(struct packets *p, const struct pcap_pkthdr *header, const u_char *bytes)
{
	if (header->caplen < PKT_BYTES_MIN || header->caplen > PKT_GIANT_BYTES_MAX) {
		p->unseen++;
		return true;
	}
	if (!reserve(p, header->caplen))
		return false;
	memcpy(p->bytes + p->total, bytes, header->caplen);
	p->packets[p->cnt++] = (struct packet_at){ .at = p->total, .len = header->caplen };
	p->total += header->caplen;
	return true;
}

static int
read_all(struct packets *p, struct replay *r, uint64_t max)
{
	struct pcap_pkthdr *header;
	const u_char *bytes;
	int ret;

	while ((ret = pcap_next_ex(r->pcap, &header, &bytes)) == 1) {
		if (r->has_filter && pcap_offline_filter(&r->filter, header, bytes) == 0)
			continue;
		if (p->cnt == max) {
			p->is_more = true;
			return STATUS_DONE;
		}
		if (!add(p, header, bytes)) {
			complain("no memory for the packets of %s", r->path);
			return STATUS_RUNTIME;
		}
	}
	if (ret == PCAP_ERROR_BREAK)
		return STATUS_DONE;
	complain("%s: %s", r->path, pcap_geterr(r->pcap));
	return STATUS_INPUT;
}

int
packets_read(struct packets *p, const struct options *opt)
{
	uint64_t max = option_given(opt, OPT_count) ? opt->count : PACKETS_COUNT;
	struct replay r = { 0 };
	int status = open_capture(&r, opt);

	*p = (struct packets){ 0 };
	if (status == STATUS_DONE)
		status = read_all(p, &r, max < UINT32_MAX ? max : UINT32_MAX);
	replay_close(&r);
	return status;
}

void
packets_free(struct packets *p)
{
	free(p->bytes);
	free(p->packets);
	*p = (struct packets){ 0 };
}

uint8_t *
packets_put(const struct packets *p, uint32_t index, uint8_t *buf)
{
	const struct packet_at *packet = &p->packets[index];

	return memcpy(buf + PKT_HEADROOM, p->bytes + packet->at, packet->len);
}
