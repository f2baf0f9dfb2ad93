/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Functions in .text: global, static, one that calls another, one that nobody calls. */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

static __noinline int
inner(int x)
{
	volatile int y = x * 3;

	return y;
}

__noinline int
outer(int x)
{
	volatile int y = inner(x) + 1;

	return y;
}

__noinline int
unused(int x)
{
	volatile int y = x - 7;

	return y;
}

SEC("xdp")
int
first(struct xdp_md *ctx)
{
	return outer(ctx->ingress_ifindex) ? XDP_PASS : XDP_DROP;
}

SEC("tc")
int
second(struct __sk_buff *skb)
{
	return inner(skb->len) + outer(skb->mark);
}

char _license[] SEC("license") = "GPL";
