/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Much work and little memory: both addresses of an IPv4 packet go through rounds of addition,
 * rotation and exclusive or. Of the measured program only its rate is known (card-timing.md), so
 * the rounds are as many as take its time; README.md says what that makes of its row.
 */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/ip.h>

#include <bpf/bpf_helpers.h>

#define ROUNDS 26

static __always_inline __u64
rotate(__u64 value, int by)
{
	return value << by | value >> (64 - by);
}

SEC("xdp")
int
slow(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	struct iphdr *ip = data + sizeof(struct ethhdr);
	__u64 left, right;

	if ((void *)(ip + 1) > end)
		return XDP_DROP;
	left = ip->saddr;
	right = ip->daddr;
#pragma clang loop unroll(disable)
	for (int i = 0; i < ROUNDS; i++) {
		left += right;
		right = rotate(right, 13) ^ left;
	}
	return left == right ? XDP_ABORTED : XDP_DROP;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
