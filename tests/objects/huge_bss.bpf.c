/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Two gigabytes of zeroes that the file does not hold. */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

char table[2ul << 30];

SEC("xdp")
int
huge_bss(struct xdp_md *ctx)
{
	return table[ctx->rx_queue_index];
}

char _license[] SEC("license") = "GPL";
