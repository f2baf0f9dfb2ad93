/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Global variables: an array with flags for each section, whose values have addresses. */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

const volatile __u32 constant = 7;
volatile __u32 initialized = 7;
volatile __u32 zero;

SEC("xdp")
int
rodata(struct xdp_md *ctx)
{
	/* first map EINVAL: map flags are not supported */
	/* then verifier EINVAL: no direct value access support for this map type */
	return constant & 1 ? XDP_PASS : XDP_DROP;
}

SEC("xdp")
int
data(struct xdp_md *ctx)
{
	/* first map EINVAL: map flags are not supported */
	/* then verifier EINVAL: no direct value access support for this map type */
	return initialized & 1 ? XDP_PASS : XDP_DROP;
}

SEC("xdp")
int
bss(struct xdp_md *ctx)
{
	/* first map EINVAL: map flags are not supported */
	/* then verifier EINVAL: no direct value access support for this map type */
	/* then driver EOPNOTSUPP: map writes not supported */
	zero = 1;
	return XDP_PASS;
}

char _license[] SEC("license") = "Dual BSD/GPL";
