/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Takes 40 bytes from the head of a packet, by a constant: the driver makes no test of the length,
 * which the shortest frame of a wire has; of a capture's shorter ones it takes them, too. */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

SEC("xdp")
int
head(struct xdp_md *ctx)
{
	return bpf_xdp_adjust_head(ctx, 40) ? XDP_DROP : XDP_TX;
}

char _license[] SEC("license") = "Dual BSD/GPL";
