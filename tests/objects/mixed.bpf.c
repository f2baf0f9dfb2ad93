/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Programs of many kinds; those that are not ours need symbols of the kernel. */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

extern void bpf_no_such_function(void *p) __ksym;
extern const void no_such_variable __ksym;

SEC("xdp")
int
filter(struct xdp_md *ctx)
{
	return XDP_PASS;
}

SEC("xdp.frags")
int
frags(struct xdp_md *ctx)
{
	return XDP_PASS;
}

SEC("tc")
int
classify(struct __sk_buff *skb)
{
	return 0;
}

SEC("action")
int
act(struct __sk_buff *skb)
{
	return 1;
}

SEC("xdp/devmap")
int
on_egress(struct xdp_md *ctx)
{
	return XDP_PASS;
}

SEC("xdp/cpumap")
int
on_cpu(struct xdp_md *ctx)
{
	return XDP_PASS;
}

SEC("kprobe/do_exit")
int
probe(void *ctx)
{
	bpf_no_such_function(ctx);
	return (long)&no_such_variable;
}

SEC("fentry/no_such_function")
int
trace(void *ctx)
{
	return 0;
}

char _license[] SEC("license") = "Dual MPL/GPL";
