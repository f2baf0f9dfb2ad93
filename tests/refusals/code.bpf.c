/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Instructions that the card does not have, and numbers that it cannot compute with. */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

SEC("xdp")
int
multiply_64_bits(struct xdp_md *ctx)
{
	__u64 a = bpf_get_prandom_u32(), b = bpf_get_prandom_u32();

	a <<= 8;
	/* first driver EINVAL: multiplicand is not within u32 value range */
	return a * b & 1024 ? XDP_PASS : XDP_DROP;
}

SEC("xdp")
int
divide_by_variable(struct xdp_md *ctx)
{
	__u32 a = bpf_get_prandom_u32(), b = bpf_get_prandom_u32();

	/* first driver EINVAL: divisor is not constant */
	return a / b & 1 ? XDP_PASS : XDP_DROP;
}

SEC("xdp")
int
divide_64_bits(struct xdp_md *ctx)
{
	__u64 a = bpf_get_prandom_u32();

	a <<= 8;
	/* first driver EINVAL: dividend is not within u32 value range */
	return a / 10 & 1 ? XDP_PASS : XDP_DROP;
}

/* clang 14 makes a division and a multiplication of %, its assembler has none: r2 %= 10. */
SEC("xdp")
int
modulo(struct xdp_md *ctx)
{
	/* first driver EINVAL: instruction 0x97 not supported */
	asm volatile("r2 = 7; .quad 0x0000000a00000297" ::: "r2");
	return XDP_PASS;
}

/* *(u64 *)(r10 - 8) = 7, which clang 14 does not make either. The driver lists the instruction, and
 * cannot translate it. */
SEC("xdp")
int
store_of_a_constant(struct xdp_md *ctx)
{
	/* first translate EINVAL: Translation failed with error -95 (translated: *) */
	asm volatile(".quad 0x00000007fff80a7a");
	return XDP_PASS;
}

char _license[] SEC("license") = "Dual BSD/GPL";
