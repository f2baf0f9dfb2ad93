/* SPDX-License-Identifier: BSD-2-Clause */
/* The packets of a capture in memory, for who runs them again and again. Used by cmd_bench.c and
 * cmd_dump_nfp.c. */
#ifndef APP_PACKETS_H
#define APP_PACKETS_H

#include "dpdk-app/cmd.h"
#include "dpdk-app/packet.h"

#define PACKETS_COUNT 100000u /* as many are read, unless --count says otherwise */

struct packets {
	uint8_t *bytes; /* of all */
	uint64_t total, room;
	struct packet_at {
		uint64_t at;
		uint32_t len;
	} * packets;
	uint32_t cnt, packet_room;
	bool is_more;	 /* the capture has more */
	uint64_t unseen; /* too short or too long for any program */
};

/* Those that --filter lets through, at most --count. STATUS_DONE or the status to exit with. */
int packets_read(struct packets *p, const struct options *opt);
void packets_free(struct packets *p);

/* Where a packet is run: a buffer as packet.h draws it. */
#define PACKETS_BUF_BYTES (PKT_HEADROOM + PKT_GIANT_BYTES_MAX)
/* Puts a packet there; its first byte. */
uint8_t *packets_put(const struct packets *p, uint32_t index, uint8_t *buf);

#endif
