/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* A function that is nowhere, as clang makes of a builtin with a variable size. */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

SEC("xdp")
int
compare(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data;

	return __builtin_memcmp(data, (void *)ctx, ctx->rx_queue_index) ? XDP_PASS : XDP_DROP;
}

SEC("xdp")
int
without(struct xdp_md *ctx)
{
	return XDP_PASS;
}

char _license[] SEC("license") = "GPL";
