/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A packet: an mbuf whose buffer looks to a program as the kernel's page does (net/core/xdp.c,
 * bpf_prog_test_run_xdp()), and a note on where it came from.
 *
 *   buf_addr                                                       buf_addr + buf_len
 *   | xdp_frame | headroom ...      | packet ...      | tailroom ... | (skb_shared_info)
 *   0           40 = hard_start     256 = data        data_end       3776 = hard_end      4096
 */
#ifndef APP_PACKET_H
#define APP_PACKET_H

#include <rte_mbuf.h>
#include <stdint.h>

#include "dpdk-app/code.h"

#define PKT_HEADROOM 256u /* XDP_PACKET_HEADROOM */
/* sizeof(struct xdp_frame): bpf_xdp_adjust_head() keeps this much for it. */
#define PKT_FRAME_BYTES 40u
/* A 4096-byte page without SKB_DATA_ALIGN(sizeof(struct skb_shared_info)). */
#define PKT_BUF_BYTES (4096u - 320u)
#define PKT_BYTES_MAX (PKT_BUF_BYTES - PKT_HEADROOM)
#define PKT_GIANT_BYTES_MAX (UINT16_MAX - PKT_HEADROOM) /* mbuf lengths have 16 bits */
#define PKT_IFINDEX 1u	  /* what BPF_PROG_TEST_RUN gives: the loopback device's */
#define PKT_BYTES_MIN 14u /* an Ethernet header */

#define BURST 32u

/* In the private area of every mbuf. */
struct pkt_info {
	uint64_t seq;	/* place among the packets received: slot in the output (output.h) */
	uint64_t index; /* place in the capture, the first is 0 */
	int64_t sec;	/* timestamp */
	uint32_t nsec;
	uint32_t missing;  /* bytes of the packet that the capture does not have */
	uint32_t oversize; /* its length when it fits no mbuf, which is then empty; else 0 */
};

static inline struct pkt_info *
pkt_info(struct rte_mbuf *m)
{
	return rte_mbuf_to_priv(m);
}

#endif
