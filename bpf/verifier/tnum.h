/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tristate numbers: what is known of each bit of a value (kernel: kernel/bpf/tnum.c; the theory is
 * arXiv:2105.05398). A set bit of mask is unknown, and then clear in value.
 */
#ifndef XB_TNUM_H
#define XB_TNUM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct xb_tnum {
	uint64_t value, mask;
};

#define XB_TNUM_UNKNOWN ((struct xb_tnum){ 0, UINT64_MAX })

static inline struct xb_tnum
xb_tnum_const(uint64_t v)
{
	return (struct xb_tnum){ v, 0 };
}

static inline bool
xb_tnum_is_const(struct xb_tnum a)
{
	return a.mask == 0;
}

static inline bool
xb_tnum_is_unknown(struct xb_tnum a)
{
	return a.mask == UINT64_MAX;
}

/* Does the set hold this value? */
static inline bool
xb_tnum_has(struct xb_tnum a, uint64_t v)
{
	return ((a.value ^ v) & ~a.mask) == 0;
}

/* The smallest one that holds all of [min, max]. */
struct xb_tnum xb_tnum_range(uint64_t min, uint64_t max);

struct xb_tnum xb_tnum_add(struct xb_tnum a, struct xb_tnum b);
struct xb_tnum xb_tnum_sub(struct xb_tnum a, struct xb_tnum b);
struct xb_tnum xb_tnum_mul(struct xb_tnum a, struct xb_tnum b);
struct xb_tnum xb_tnum_and(struct xb_tnum a, struct xb_tnum b);
struct xb_tnum xb_tnum_or(struct xb_tnum a, struct xb_tnum b);
struct xb_tnum xb_tnum_xor(struct xb_tnum a, struct xb_tnum b);
struct xb_tnum xb_tnum_lsh(struct xb_tnum a, unsigned int shift);
struct xb_tnum xb_tnum_rsh(struct xb_tnum a, unsigned int shift);
/* The sign bit is bit `bits` - 1; bits is 32 (result zero-extended) or 64. */
struct xb_tnum xb_tnum_arsh(struct xb_tnum a, unsigned int shift, unsigned int bits);

/* Values in both. When they have none in common the result is some value, as the kernel's. */
struct xb_tnum xb_tnum_intersect(struct xb_tnum a, struct xb_tnum b);
bool xb_tnum_overlap(struct xb_tnum a, struct xb_tnum b);
/* Is every value of b in a? */
bool xb_tnum_in(struct xb_tnum a, struct xb_tnum b);
/* Are all values multiples of size (a power of two)? */
bool xb_tnum_is_aligned(struct xb_tnum a, uint64_t size);

/* The low `bytes` bytes, zero-extended. */
struct xb_tnum xb_tnum_cast(struct xb_tnum a, unsigned int bytes);
struct xb_tnum xb_tnum_low32(struct xb_tnum a);
/* a with its low half replaced by that of low. */
struct xb_tnum xb_tnum_with_low32(struct xb_tnum a, struct xb_tnum low);

/* The kernel's wording: "5", "0x12345", "(0x0; 0xff)". Returns what snprintf() does. */
int xb_tnum_format(char *buf, size_t size, struct xb_tnum a);

#endif
