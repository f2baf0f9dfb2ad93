/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * bpf_l3_csum_replace() and bpf_l4_csum_replace(): a checksum in the packet follows a change of
 * what it covers (RFC 1624). Of the kernel's paths the one for a packet whose checksums nobody
 * offloaded (net/core/filter.c, net/core/utils.c, include/net/checksum.h).
 */
#include "bpf/helpers.h"

#include <errno.h>
#include <string.h>

#define OFFSET_MAX 0xffffu
#define MANGLED_0 0xffffu	/* CSUM_MANGLED_0: a UDP sum of 0 would mean "none" */
#define F_IPV6 UINT64_C(1 << 7) /* BPF_F_IPV6, Linux 6.16 and stable 6.12 */

/* One's complement: a carry out of the top comes in at the bottom. */
static uint32_t
add32(uint32_t a, uint32_t b)
{
	uint32_t sum = a + b;

	return sum + (sum < b);
}

static uint16_t
add16(uint16_t a, uint16_t b)
{
	uint16_t sum = (uint16_t)(a + b);

	return (uint16_t)(sum + (sum < b));
}

/* csum_fold() */
static uint16_t
fold(uint32_t sum)
{
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

static uint16_t
replace_by_diff(uint16_t sum, uint32_t diff)
{
	return fold(add32(diff, ~(uint32_t)sum));
}

static uint16_t
replace4(uint16_t sum, uint32_t from, uint32_t to)
{
	return fold(add32(add32(~(uint32_t)sum, ~from), to));
}

static uint16_t
replace2(uint16_t sum, uint16_t from, uint16_t to)
{
	return (uint16_t)~add16(add16((uint16_t)~sum, (uint16_t)~from), to);
}

/* Where the checksum is: 0 and *at, or -EFAULT. */
static int
find_sum(const struct xb_skb *skb, uint32_t offset, uint8_t **at)
{
	if (offset > OFFSET_MAX || offset % 2 || offset + sizeof(uint16_t) > xb_skb_len(skb))
		return -EFAULT;
	*at = skb->pkt.data + offset;
	return 0;
}

/* How many bytes change is in the flags' low bits; 0: `to` is a difference of sums. */
static int
replace(uint16_t *sum, uint64_t from, uint64_t to, uint64_t size, bool is_l4)
{
	switch (size) {
	case 0:
		if (from != 0)
			return -EINVAL;
		*sum = replace_by_diff(*sum, (uint32_t)to);
		return 0;
	case 2:
		*sum = is_l4 ? replace4(*sum, (uint16_t)from, (uint16_t)to)
			     : replace2(*sum, (uint16_t)from, (uint16_t)to);
		return 0;
	case 4: *sum = replace4(*sum, (uint32_t)from, (uint32_t)to); return 0;
	default: return -EINVAL;
	}
}

uint64_t
helper_l3_csum_replace(
	struct xb_vm *vm, uint64_t r1, uint64_t r2, uint64_t r3, uint64_t r4, uint64_t r5)
{
	uint16_t sum;
	uint8_t *at;
	int err;

	(void)r1;
	if (r5 & ~(uint64_t)BPF_F_HDR_FIELD_MASK)
		return xb_helper_ret(-EINVAL);
	err = find_sum(vm->skb, (uint32_t)r2, &at);
	if (err)
		return xb_helper_ret(err);
	memcpy(&sum, at, sizeof(sum));
	err = replace(&sum, r3, r4, r5, false);
	memcpy(at, &sum, sizeof(sum));
	return xb_helper_ret(err);
}

uint64_t
helper_l4_csum_replace(
	struct xb_vm *vm, uint64_t r1, uint64_t r2, uint64_t r3, uint64_t r4, uint64_t r5)
{
	const uint64_t known = BPF_F_MARK_MANGLED_0 | BPF_F_MARK_ENFORCE | BPF_F_PSEUDO_HDR |
			       BPF_F_HDR_FIELD_MASK | F_IPV6;
	bool may_be_none = r5 & BPF_F_MARK_MANGLED_0;
	uint16_t sum;
	uint8_t *at;
	int err;

	(void)r1;
	if (r5 & ~known)
		return xb_helper_ret(-EINVAL);
	err = find_sum(vm->skb, (uint32_t)r2, &at);
	if (err)
		return xb_helper_ret(err);
	memcpy(&sum, at, sizeof(sum));
	if (may_be_none && !(r5 & BPF_F_MARK_ENFORCE) && sum == 0)
		return 0;
	err = replace(&sum, r3, r4, r5 & BPF_F_HDR_FIELD_MASK, true);
	if (!err && may_be_none && sum == 0)
		sum = MANGLED_0;
	memcpy(at, &sum, sizeof(sum));
	return xb_helper_ret(err);
}
