/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The reader of captures: pcap and pcapng through libpcap, into mbufs. net_pcap is not used for
 * this: it loses nanoseconds, how much of a snapped packet is missing, and where a file is cut.
 */
#ifndef APP_REPLAY_H
#define APP_REPLAY_H

#include "bpf/xb.h"
#include "dpdk-app/packet.h"
#include "dpdk-app/pcap.h"

struct replay {
	const char *path; /* "standard input" for - */
	FILE *file;
	pcap_t *pcap;
	bool is_stdin;
	bool can_rewind; /* it is a file that can be opened again and is then the same */
	bool is_nano;	 /* timestamps of the file have nanoseconds */
	int snaplen;	 /* the longest record there is or may be */
	struct bpf_program filter;
	bool has_filter;
	uint64_t passes; /* how often the file is still to be read from its beginning */
	uint64_t left;	 /* packets still to be delivered */

	uint64_t index;	   /* of the next packet */
	uint64_t pass_at;  /* index of the first packet of this pass */
	uint64_t snapped;  /* packets of which the file has only the beginning */
	uint64_t filtered; /* packets the filter left out */
	uint64_t runts;	   /* packets shorter than any frame of a wire */
	bool failed;	   /* the file ends in the middle of something; see replay_explain() */

	struct rte_mempool *pool, *giants;
	struct rte_mbuf *spare[BURST]; /* taken from pool in advance */
	uint32_t spare_cnt;
	struct rte_mbuf **out; /* where the burst being read goes */
	uint32_t out_cnt;
	/* A packet read while no giant mbuf was free; good until the next read. */
	bool is_held;
	struct pcap_pkthdr held;
	const u_char *held_bytes;
};

/* Open "-" or a file. 0, or -errno and a sentence. */
int replay_open(struct replay *r, const char *path, struct xb_log *log);
/* Deliver only what the expression matches. 0, or -EINVAL and libpcap's sentence. */
int replay_filter(struct replay *r, const char *expr, struct xb_log *log);
/* Read the next packets into mbufs of the pools, at most BURST. 0: see replay_done(). */
uint32_t replay_burst(struct replay *r, struct rte_mbuf **pkts);
/* Nothing will come any more. */
bool replay_done(const struct replay *r);
/* Where and why reading failed, a sentence. */
void replay_explain(const struct replay *r, struct xb_log *log);
/* Also gives back the spare mbufs. */
void replay_close(struct replay *r);

#endif
