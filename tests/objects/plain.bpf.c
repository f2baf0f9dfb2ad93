/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* The least there is: a program in a section libbpf knows, no map, no subprogram. */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

SEC("xdp")
int
plain(struct xdp_md *ctx)
{
	return ctx->data_end - ctx->data < 64 ? XDP_DROP : XDP_PASS;
}

char _license[] SEC("license") = "Dual BSD/GPL";
