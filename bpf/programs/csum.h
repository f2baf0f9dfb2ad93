/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * The Internet checksum, for the sample programs: RFC 1071 for sums, RFC 1624 for changes.
 *
 * By hand and not through bpf_csum_diff(), because the card has no such helper. One's complement
 * addition does not care about byte order, so all of it works on 16-bit words as they lie.
 */
#ifndef CSUM_H
#define CSUM_H

#include <linux/types.h>

#include <bpf/bpf_helpers.h>

/* A 16-bit word of anything: the compiler may not assume that it is no part of a longer field. */
typedef __u16 any_u16 __attribute__((may_alias));

/* A sum of at most 65,536 words becomes the value of a checksum field. */
static __always_inline __u16
csum_fold(__u32 sum)
{
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return (__u16)~sum;
}

/* Add words to a sum. The count is a constant everywhere, so the loop becomes a row of additions:
 * the card needs every packet offset to be in the instruction to read many bytes at once. */
static __always_inline __u32
csum_add(__u32 sum, const void *data, int words)
{
	const any_u16 *word = data;

#pragma clang loop unroll(full)
	for (int i = 0; i < words; i++)
		sum += word[i];
	return sum;
}

/* The field after four bytes it covers changed. RFC 1624, equation 3: HC' = ~(~HC + ~m + m'). */
static __always_inline __u16
csum_replace4(__u16 check, __be32 from, __be32 to)
{
	__u32 sum = (__u16)~check;

	sum += (__u16)~from;
	sum += (__u16)(~from >> 16);
	sum += (__u16)to;
	sum += to >> 16;
	return csum_fold(sum);
}

#endif
