/* SPDX-License-Identifier: BSD-2-Clause */
/* Arithmetic on tristate numbers; see tnum.h. Checked by enumeration in tnum_test.c. */
#include "bpf/verifier/tnum.h"

#include <stdio.h>

/* From the bits that must be one, and the bits that may differ. */
static struct xb_tnum
make(uint64_t ones, uint64_t unknown)
{
	return (struct xb_tnum){ ones & ~unknown, unknown };
}

/* Largest member, when all unknown bits are one. */
static uint64_t
max_of(struct xb_tnum a)
{
	return a.value | a.mask;
}

struct xb_tnum
xb_tnum_range(uint64_t min, uint64_t max)
{
	uint64_t differ = min ^ max;
	unsigned int bits = differ ? 64 - (unsigned int)__builtin_clzll(differ) : 0;

	if (bits == 64)
		return XB_TNUM_UNKNOWN;
	return make(min, (UINT64_C(1) << bits) - 1);
}

/* A carry chain through unknown bits: the bits in which smallest and largest sum differ. */
struct xb_tnum
xb_tnum_add(struct xb_tnum a, struct xb_tnum b)
{
	uint64_t least = a.value + b.value;
	uint64_t most = least + (a.mask + b.mask);

	return make(least, (least ^ most) | a.mask | b.mask);
}

struct xb_tnum
xb_tnum_sub(struct xb_tnum a, struct xb_tnum b)
{
	uint64_t base = a.value - b.value;
	uint64_t most = base + a.mask;
	uint64_t least = base - b.mask;

	return make(base, (least ^ most) | a.mask | b.mask);
}

struct xb_tnum
xb_tnum_and(struct xb_tnum a, struct xb_tnum b)
{
	uint64_t ones = a.value & b.value;

	return (struct xb_tnum){ ones, max_of(a) & max_of(b) & ~ones };
}

struct xb_tnum
xb_tnum_or(struct xb_tnum a, struct xb_tnum b)
{
	uint64_t ones = a.value | b.value;

	return (struct xb_tnum){ ones, (a.mask | b.mask) & ~ones };
}

struct xb_tnum
xb_tnum_xor(struct xb_tnum a, struct xb_tnum b)
{
	return make(a.value ^ b.value, a.mask | b.mask);
}

/*
 * Long multiplication, bit by bit of a. What is certain adds up in one product; the doubt of each
 * partial product (all of it when the bit of a is itself in doubt) adds up beside it.
 */
struct xb_tnum
xb_tnum_mul(struct xb_tnum a, struct xb_tnum b)
{
	uint64_t certain = a.value * b.value;
	struct xb_tnum doubt = { 0, 0 };

	for (; a.value | a.mask; a = xb_tnum_rsh(a, 1), b = xb_tnum_lsh(b, 1)) {
		if (a.value & 1)
			doubt = xb_tnum_add(doubt, (struct xb_tnum){ 0, b.mask });
		else if (a.mask & 1)
			doubt = xb_tnum_add(doubt, (struct xb_tnum){ 0, max_of(b) });
	}
	return xb_tnum_add(xb_tnum_const(certain), doubt);
}

struct xb_tnum
xb_tnum_lsh(struct xb_tnum a, unsigned int shift)
{
	return (struct xb_tnum){ a.value << shift, a.mask << shift };
}

struct xb_tnum
xb_tnum_rsh(struct xb_tnum a, unsigned int shift)
{
	return (struct xb_tnum){ a.value >> shift, a.mask >> shift };
}

struct xb_tnum
xb_tnum_arsh(struct xb_tnum a, unsigned int shift, unsigned int bits)
{
	if (bits == 32)
		return (struct xb_tnum){ (uint32_t)((int32_t)a.value >> shift),
			(uint32_t)((int32_t)a.mask >> shift) };
	return (struct xb_tnum){ (uint64_t)((int64_t)a.value >> shift),
		(uint64_t)((int64_t)a.mask >> shift) };
}

struct xb_tnum
xb_tnum_intersect(struct xb_tnum a, struct xb_tnum b)
{
	return make(a.value | b.value, a.mask & b.mask);
}

bool
xb_tnum_overlap(struct xb_tnum a, struct xb_tnum b)
{
	return ((a.value ^ b.value) & ~a.mask & ~b.mask) == 0;
}

bool
xb_tnum_in(struct xb_tnum a, struct xb_tnum b)
{
	return (b.mask & ~a.mask) == 0 && xb_tnum_has(a, b.value);
}

bool
xb_tnum_is_aligned(struct xb_tnum a, uint64_t size)
{
	return size == 0 || (max_of(a) & (size - 1)) == 0;
}

struct xb_tnum
xb_tnum_cast(struct xb_tnum a, unsigned int bytes)
{
	uint64_t keep = bytes >= 8 ? UINT64_MAX : (UINT64_C(1) << (bytes * 8)) - 1;

	return (struct xb_tnum){ a.value & keep, a.mask & keep };
}

struct xb_tnum
xb_tnum_low32(struct xb_tnum a)
{
	return xb_tnum_cast(a, 4);
}

struct xb_tnum
xb_tnum_with_low32(struct xb_tnum a, struct xb_tnum low)
{
	const uint64_t high = UINT64_MAX << 32;

	return (struct xb_tnum){ (a.value & high) | (uint32_t)low.value,
		(a.mask & high) | (uint32_t)low.mask };
}

int
xb_tnum_format(char *buf, size_t size, struct xb_tnum a)
{
	if (a.mask)
		return snprintf(buf, size, "(0x%llx; 0x%llx)", (unsigned long long)a.value,
			(unsigned long long)a.mask);
	if (a.value <= UINT16_MAX)
		return snprintf(buf, size, "%llu", (unsigned long long)a.value);
	return snprintf(buf, size, "0x%llx", (unsigned long long)a.value);
}
