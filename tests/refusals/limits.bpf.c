/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Too long, too much stack, too far into the packet, in pieces; on a small card.
 * options: --what-if max_len=80 --what-if stack_bytes=64 --what-if split_bytes=192
 */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

#define FAR 200

SEC("xdp")
int
far(struct xdp_md *ctx)
{
	/* first whole attach EOPNOTSUPP: BPF offload not supported with potential packet access
	 * beyond HW packet split boundary */
	const unsigned char *data = (void *)(long)ctx->data;

	if (data + FAR + 1 > (const unsigned char *)(long)ctx->data_end)
		return XDP_PASS;
	return data[FAR] == 0 ? XDP_DROP : XDP_PASS;
}

SEC("xdp")
int
stack(struct xdp_md *ctx)
{
	/* first whole driver EOPNOTSUPP: stack too large: program 128B > FW stack 64B */
	volatile __u64 words[10];

	for (int i = 0; i < 10; i++)
		words[i] = 1;
	return words[0] == 1 ? XDP_PASS : XDP_DROP;
}

SEC("xdp")
int
length(struct xdp_md *ctx)
{
	__u32 a = bpf_get_prandom_u32();

	/* first translate EINVAL: instruction limit reached (80 NFP instructions) */
	/* then translate EINVAL: Translation failed with error -28 (translated: *) */
	asm volatile(".rept 80; %[a] += 0x12345678; .endr" : [a] "+r"(a));
	return a == 0 ? XDP_PASS : XDP_DROP;
}

SEC("xdp.frags")
int
in_pieces(struct xdp_md *ctx)
{
	/* first whole load EINVAL: Invalid argument */
	return XDP_PASS;
}

/* All stages at once. */
SEC("xdp.frags")
int
in_far_pieces(struct xdp_md *ctx)
{
	/* first whole load EINVAL: Invalid argument */
	/* then whole attach EOPNOTSUPP: BPF offload not supported with potential packet access
	 * beyond HW packet split boundary */
	const unsigned char *data = (void *)(long)ctx->data;

	if (data + FAR + 1 > (const unsigned char *)(long)ctx->data_end)
		return XDP_PASS;
	/* then translate EINVAL: Translation failed with error -95 (translated: *) */
	if (ctx->rx_queue_index == 1)
		return XDP_PASS;
	/* then driver EOPNOTSUPP: unsupported function id: 5 */
	return data[FAR] == 0 && bpf_ktime_get_ns() & 1 ? XDP_DROP : XDP_PASS;
}

char _license[] SEC("license") = "Dual BSD/GPL";
