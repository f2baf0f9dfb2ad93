/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Passes every packet on to the host: what a program costs that does nothing.
 *
 * The card: accepts it, for the same reasons as xdp_drop. On the card a packet that is passed
 * still crosses PCI Express to the host, so its rate is the host interface's, not the card's.
 */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

SEC("xdp")
int
xdp_pass(struct xdp_md *ctx)
{
	(void)ctx;
	return XDP_PASS;
}

char _license[] SEC("license") = "Dual BSD/GPL";
