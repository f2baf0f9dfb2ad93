/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* A kernel function, called in a subprogram; and a program beside it that needs none. */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

extern int bpf_xdp_metadata_rx_hash(const struct xdp_md *ctx, __u32 *hash) __ksym;

static __noinline int
hash_of(struct xdp_md *ctx)
{
	__u32 hash = 0;

	return bpf_xdp_metadata_rx_hash(ctx, &hash) ? 0 : hash;
}

SEC("xdp")
int
with_hash(struct xdp_md *ctx)
{
	return hash_of(ctx) ? XDP_PASS : XDP_DROP;
}

SEC("xdp")
int
without_hash(struct xdp_md *ctx)
{
	return XDP_PASS;
}

char _license[] SEC("license") = "GPL";
