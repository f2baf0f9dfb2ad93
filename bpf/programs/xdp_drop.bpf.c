/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Drops every packet: the smallest program there is, and what a card's highest rate is quoted
 * with.
 *
 * The card: accepts it. It reads no packet byte, has no map, calls no helper; for XDP the driver
 * does not restrict what the program returns (nfp_bpf_check_exit() looks at tc programs only).
 */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

SEC("xdp")
int
xdp_drop(struct xdp_md *ctx)
{
	(void)ctx;
	return XDP_DROP;
}

char _license[] SEC("license") = "Dual BSD/GPL";
