/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a replay writes a packet at a time, in the order packets were received whatever the number
 * of workers: --verdicts, --pass-out, --tx-out.
 *
 * Packets get numbers (seq) as they are received. At most WINDOW are on the way at once, so slot
 * seq % WINDOW is one packet's alone: its worker writes the verdict into it, the main lcore adds
 * the packet when it comes out of a port's ring, and writes finished slots to the files from the
 * head on.
 */
#ifndef APP_OUTPUT_H
#define APP_OUTPUT_H

#include "dpdk-app/cmd.h"
#include "dpdk-app/outfile.h"
#include "dpdk-app/packet.h"
#include "dpdk-app/ports.h"

struct slot {
	uint64_t index;		 /* in the capture */
	uint32_t len;		 /* after the program */
	uint8_t code;		 /* enum code */
	bool is_behind;		 /* the host's program behind the card gave it */
	bool has_packet;	 /* one comes out of a ring */
	bool decided;		 /* the fields above are there: acquire, release */
	struct rte_mbuf *packet; /* the main lcore's */
};

struct output {
	struct slot *slots; /* NULL: nothing is written a packet at a time */
	uint64_t head;	    /* the first packet not yet written; the main lcore writes it */
	uint64_t next;	    /* the next packet's seq */
	struct outfile verdicts, pass, tx;
	pcap_dumper_t *pass_dumper, *tx_dumper;
	bool is_nano;
	bool tells_place; /* verdicts say who gave them: "card", "host" */
};

/* What the files should be like: the input's. */
struct output_opts {
	FILE *in; /* never overwritten; may be NULL */
	bool is_nano;
	bool tells_place; /* see above */
	int snaplen;
};

/* Open what the options ask for. 0, or -errno and a sentence; then nothing is left behind. */
int output_open(struct output *out, const struct options *opt, const struct output_opts *opts,
	struct xb_log *log);
/* How many more packets may be received now. */
static inline uint64_t
output_room(const struct output *out)
{
	return out->slots ? WINDOW - (out->next - out->head) : UINT64_MAX;
}
/* Any worker: the verdict of a packet, before the packet is sent or freed. */
void output_decide(struct output *out, const struct pkt_info *info, enum code code, uint32_t len,
	bool is_behind);
/* Main lcore: empty the rings that are kept, write what is finished. */
void output_write(struct output *out, struct ports *p, unsigned int lcores);
/* Give the files their names; 0, or -errno and a sentence. */
int output_commit(struct output *out, struct xb_log *log);
void output_abandon(struct output *out);

#endif
