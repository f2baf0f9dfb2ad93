/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Helpers of tc programs that copy from and to the packet, and that change its fields; after
 * net/core/filter.c of Linux 6.12. The packet is linear: what the kernel pulls or unclones is
 * there already.
 */
#include "bpf/helpers.h"

#include <errno.h>
#include <linux/if_packet.h>
#include <string.h>

#define RELATIVE_MAX 0xffffu
#define ENOTSUPP 524 /* the kernel's own */

/* Is there a byte before end? (bpf_try_make_writable()) */
static bool
is_inside(const struct xb_skb *skb, uint64_t end)
{
	return end <= xb_skb_len(skb);
}

uint64_t
helper_skb_store_bytes(
	struct xb_vm *vm, uint64_t r1, uint64_t r2, uint64_t r3, uint64_t r4, uint64_t r5)
{
	struct xb_skb *skb = vm->skb;
	uint32_t offset = (uint32_t)r2, len = (uint32_t)r4;

	(void)r1;
	if (r5 & ~(uint64_t)(BPF_F_RECOMPUTE_CSUM | BPF_F_INVALIDATE_HASH))
		return xb_helper_ret(-EINVAL);
	if (offset > INT32_MAX || !is_inside(skb, (uint64_t)offset + len))
		return xb_helper_ret(-EFAULT);
	/* nothing to recompute: the device gave no sum over the packet (CHECKSUM_COMPLETE) */
	memmove(skb->pkt.data + offset, xb_helper_ptr(r3), len);
	if (r5 & BPF_F_INVALIDATE_HASH)
		xb_skb_clear_hash(skb);
	return 0;
}

/* len bytes from `from` on to `to`, which is cleared when there are not so many. */
static uint64_t
load_bytes(const struct xb_skb *skb, int64_t from, void *to, uint32_t len)
{
	if (from < 0 || !is_inside(skb, (uint64_t)from + len)) {
		memset(to, 0, len);
		return xb_helper_ret(-EFAULT);
	}
	memmove(to, skb->pkt.data + from, len);
	return 0;
}

uint64_t
helper_skb_load_bytes(
	struct xb_vm *vm, uint64_t r1, uint64_t r2, uint64_t r3, uint64_t r4, uint64_t r5)
{
	(void)r1, (void)r5;
	return load_bytes(vm->skb, (uint32_t)r2, xb_helper_ptr(r3), (uint32_t)r4);
}

uint64_t
helper_skb_load_bytes_relative(
	struct xb_vm *vm, uint64_t r1, uint64_t r2, uint64_t r3, uint64_t r4, uint64_t r5)
{
	int64_t from = (uint32_t)r2;

	(void)r1;
	if (from > RELATIVE_MAX || (uint32_t)r5 > BPF_HDR_START_NET)
		from = -1;
	else if ((uint32_t)r5 == BPF_HDR_START_NET)
		from += vm->skb->network;
	return load_bytes(vm->skb, from, xb_helper_ptr(r3), (uint32_t)r4);
}

uint64_t
helper_skb_pull_data(
	struct xb_vm *vm, uint64_t r1, uint64_t r2, uint64_t r3, uint64_t r4, uint64_t r5)
{
	(void)r1, (void)r3, (void)r4, (void)r5;
	return is_inside(vm->skb, (uint32_t)r2) ? 0 : xb_helper_ret(-ENOMEM);
}

uint64_t
helper_skb_change_type(
	struct xb_vm *vm, uint64_t r1, uint64_t r2, uint64_t r3, uint64_t r4, uint64_t r5)
{
	uint32_t *type = &vm->skb->md.pkt_type;

	(void)r1, (void)r3, (void)r4, (void)r5;
	if (*type > PACKET_OTHERHOST || (uint32_t)r2 > PACKET_OTHERHOST)
		return xb_helper_ret(-EINVAL);
	*type = (uint32_t)r2;
	return 0;
}

/* ---- the flow hash ---- */

uint64_t
helper_get_hash_recalc(
	struct xb_vm *vm, uint64_t r1, uint64_t r2, uint64_t r3, uint64_t r4, uint64_t r5)
{
	struct xb_skb *skb = vm->skb;

	(void)r1, (void)r2, (void)r3, (void)r4, (void)r5;
	if (!skb->has_hash)
		skb->md.hash = xb_skb_flow_hash(skb);
	skb->has_hash = true;
	return skb->md.hash;
}

uint64_t
helper_set_hash(struct xb_vm *vm, uint64_t r1, uint64_t r2, uint64_t r3, uint64_t r4, uint64_t r5)
{
	(void)r1, (void)r3, (void)r4, (void)r5;
	vm->skb->md.hash = (uint32_t)r2;
	vm->skb->has_hash = true;
	return 0;
}

uint64_t
helper_set_hash_invalid(
	struct xb_vm *vm, uint64_t r1, uint64_t r2, uint64_t r3, uint64_t r4, uint64_t r5)
{
	(void)r1, (void)r2, (void)r3, (void)r4, (void)r5;
	xb_skb_clear_hash(vm->skb);
	return 0;
}

/* ---- what is known of the packet's checksums: that none was checked, until it is said ---- */

uint64_t
helper_csum_update(
	struct xb_vm *vm, uint64_t r1, uint64_t r2, uint64_t r3, uint64_t r4, uint64_t r5)
{
	(void)vm, (void)r1, (void)r2, (void)r3, (void)r4, (void)r5;
	return xb_helper_ret(-ENOTSUPP); /* there is no sum over the packet to update */
}

#define CSUM_LEVEL_MAX 3 /* SKB_MAX_CSUM_LEVEL */

static void
raise_level(struct xb_skb *skb)
{
	if (skb->is_checked && skb->csum_level < CSUM_LEVEL_MAX)
		skb->csum_level++;
	skb->is_checked = true;
}

static void
lower_level(struct xb_skb *skb)
{
	if (skb->is_checked && skb->csum_level == 0)
		skb->is_checked = false;
	else if (skb->is_checked)
		skb->csum_level--;
}

uint64_t
helper_csum_level(struct xb_vm *vm, uint64_t r1, uint64_t r2, uint64_t r3, uint64_t r4, uint64_t r5)
{
	struct xb_skb *skb = vm->skb;

	(void)r1, (void)r3, (void)r4, (void)r5;
	switch (r2) {
	case BPF_CSUM_LEVEL_INC: raise_level(skb); return 0;
	case BPF_CSUM_LEVEL_DEC: lower_level(skb); return 0;
	case BPF_CSUM_LEVEL_RESET: skb->is_checked = false; return 0;
	case BPF_CSUM_LEVEL_QUERY:
		return skb->is_checked ? skb->csum_level : xb_helper_ret(-EACCES);
	default: return xb_helper_ret(-EINVAL);
	}
}
