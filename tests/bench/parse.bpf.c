/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * The two programs of interp_bench: straight-line packet parsing on a plain buffer of 64 bytes, for
 * engines that have neither contexts nor maps (r1 = buffer). No helper, no loop, -mcpu=v1.
 */
#include <linux/types.h>

#define SEC(name) __attribute__((section(name), used))

static inline __u16
be16(const __u8 *p)
{
	return (__u16)(p[0] << 8 | p[1]);
}

static inline __u32
be32(const __u8 *p)
{
	return (__u32)be16(p) << 16 | be16(p + 2);
}

/* 14 instructions: Ethernet and IPv4, is it UDP to port 53? */
SEC("short")
__u64
parse_short(const __u8 *p)
{
	const __u16 *w = (const __u16 *)p;

	if (w[6] != 0x0008)
		return 1;
	if (p[23] != 17)
		return 2;
	if (w[18] != 0x3500)
		return 3;
	return 4 + (__u64)w[17] + p[22];
}

/* About 150: Ethernet, IPv4 and UDP field by field from bytes, folded into a flow hash. */
SEC("long")
__u64
parse_long(const __u8 *p)
{
	__u32 src, dst, ports, hash, csum;

	if (be16(p + 12) != 0x0800 || p[14] != 0x45)
		return 1;
	src = be32(p + 26);
	dst = be32(p + 30);
	ports = be32(p + 34);
	csum = be16(p + 14) + be16(p + 16) + be16(p + 18) + be16(p + 20) + be16(p + 22) +
	       (src >> 16) + (src & 0xffff) + (dst >> 16) + (dst & 0xffff);
	csum = (csum & 0xffff) + (csum >> 16);
	hash = src * 0x9e3779b1u;
	hash ^= hash >> 15;
	hash += dst * 0x85ebca77u;
	hash ^= hash >> 13;
	hash += ports * 0xc2b2ae3du;
	hash ^= hash >> 16;
	hash ^= be32(p + 6) + be16(p + 10);
	if (p[23] == 17)
		hash ^= be16(p + 38);
	return (__u64)hash << 16 | (csum & 0xffff);
}
