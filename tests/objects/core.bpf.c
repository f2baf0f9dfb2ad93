/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * CO-RE. The structs are not as in any kernel: net_device's ifindex is where no kernel has it,
 * one field and one struct exist nowhere, and a flavour has another layout than its plain name.
 */
#include <linux/bpf.h>

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

struct net_device {
	char padding[4000];
	int ifindex;
	int no_such_field;
} __attribute__((preserve_access_index));

struct net_device___old {
	int ifindex;
} __attribute__((preserve_access_index));

SEC("xdp")
int
core(struct xdp_md *ctx)
{
	struct net_device *dev = (void *)(long)ctx->data;
	struct net_device___old *old = (void *)dev;

	if (bpf_core_field_exists(dev->no_such_field))
		return dev->no_such_field;
	return dev->ifindex + old->ifindex;
}

SEC("xdp")
int
poisoned(struct xdp_md *ctx)
{
	struct net_device *dev = (void *)(long)ctx->data;

	return dev->no_such_field;
}

SEC("xdp")
int
poisoned_often(struct xdp_md *ctx)
{
	struct net_device *dev = (void *)(long)ctx->data;
	volatile int sum = 0;

#pragma unroll
	for (int i = 0; i < 30; i++)
		sum += dev->no_such_field;
	return sum;
}

char _license[] SEC("license") = "GPL";
