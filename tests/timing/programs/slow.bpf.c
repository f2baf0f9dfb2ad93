/* SPDX-License-Identifier: BSD-2-Clause */
/* Sums of 16 bytes of an IP header, again and again: much work, no memory but the packet. */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/ip.h>

#include <bpf/bpf_helpers.h>

#define BYTES (sizeof(struct iphdr) - 4)
#define ROUNDS 8

SEC("xdp")
int
slow(struct xdp_md *ctx)
{
	unsigned char *data = (unsigned char *)(long)ctx->data, bytes[BYTES], sum = 0;
	unsigned char *end = (unsigned char *)(long)ctx->data_end;
	unsigned char *header = data + sizeof(struct ethhdr);

	if (header + sizeof(struct iphdr) > end)
		return XDP_DROP;
#pragma clang loop unroll(full)
	for (unsigned int i = 0; i < BYTES; i++)
		bytes[i] = header[i];
#pragma clang loop unroll(disable)
	for (unsigned int round = 0; round < ROUNDS; round++) {
		sum ^= bytes[BYTES - 1];
#pragma clang loop unroll(full)
		for (unsigned int i = 0; i < BYTES; i++)
			sum ^= bytes[i];
	}
	return sum == 0 ? XDP_ABORTED : XDP_DROP;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
