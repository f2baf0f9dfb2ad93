/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Helpers that change an XDP packet's bounds or copy from and to it; after net/core/filter.c. The
 * packet is linear, so the kernel's multi-buffer paths do not exist. Positions are compared as
 * distances from hard_start: a pointer outside of the buffer must not even be computed.
 */
#include "bpf/helpers.h"

#include <errno.h>
#include <string.h>

#define XB_ETH_HLEN 14
#define META_MAX 255u	    /* type_max(skb_shared_info.meta_len), Linux 6.8 and later */
#define POINTER_MAX 0xffffu /* bpf_xdp_pointer */

uint64_t
helper_xdp_adjust_head(
	struct xb_vm *vm, uint64_t r1, uint64_t r2, uint64_t r3, uint64_t r4, uint64_t r5)
{
	struct xb_xdp *p = vm->pkt;
	ptrdiff_t meta = p->data - p->data_meta, offset = (int32_t)r2;
	ptrdiff_t data = p->data - p->hard_start + offset;

	(void)r1, (void)r3, (void)r4, (void)r5;
	if (data < meta || data > p->data_end - p->hard_start - XB_ETH_HLEN)
		return xb_helper_ret(-EINVAL);
	memmove(p->data_meta + offset, p->data_meta, (size_t)meta);
	p->data_meta += offset;
	p->data += offset;
	return 0;
}

uint64_t
helper_xdp_adjust_tail(
	struct xb_vm *vm, uint64_t r1, uint64_t r2, uint64_t r3, uint64_t r4, uint64_t r5)
{
	struct xb_xdp *p = vm->pkt;
	ptrdiff_t offset = (int32_t)r2;

	(void)r1, (void)r3, (void)r4, (void)r5;
	if (offset > p->hard_end - p->data_end || p->data_end - p->data + offset < XB_ETH_HLEN)
		return xb_helper_ret(-EINVAL);
	if (offset > 0)
		memset(p->data_end, 0, (size_t)offset);
	p->data_end += offset;
	return 0;
}

uint64_t
helper_xdp_adjust_meta(
	struct xb_vm *vm, uint64_t r1, uint64_t r2, uint64_t r3, uint64_t r4, uint64_t r5)
{
	struct xb_xdp *p = vm->pkt;
	ptrdiff_t offset = (int32_t)r2;
	ptrdiff_t meta = p->data_meta - p->hard_start + offset;
	ptrdiff_t bytes = p->data - p->hard_start - meta;

	(void)r1, (void)r3, (void)r4, (void)r5;
	if (meta < 0 || bytes < 0)
		return xb_helper_ret(-EINVAL);
	if (bytes % 4 || bytes > (ptrdiff_t)META_MAX)
		return xb_helper_ret(-EACCES);
	p->data_meta += offset;
	return 0;
}

/* Where len bytes at offset are: 0 and *at, or -errno. */
static int
xdp_pointer(const struct xb_xdp *p, uint32_t offset, uint32_t len, uint8_t **at)
{
	if (offset > POINTER_MAX || len > POINTER_MAX)
		return -EFAULT;
	if (offset + len > (size_t)(p->data_end - p->data))
		return -EINVAL;
	*at = p->data + offset;
	return 0;
}

uint64_t
helper_xdp_load_bytes(
	struct xb_vm *vm, uint64_t r1, uint64_t r2, uint64_t r3, uint64_t r4, uint64_t r5)
{
	uint8_t *at;
	int err = xdp_pointer(vm->pkt, (uint32_t)r2, (uint32_t)r4, &at);

	(void)r1, (void)r5;
	if (!err)
		memmove(xb_helper_ptr(r3), at, (uint32_t)r4);
	return xb_helper_ret(err);
}

uint64_t
helper_xdp_store_bytes(
	struct xb_vm *vm, uint64_t r1, uint64_t r2, uint64_t r3, uint64_t r4, uint64_t r5)
{
	uint8_t *at;
	int err = xdp_pointer(vm->pkt, (uint32_t)r2, (uint32_t)r4, &at);

	(void)r1, (void)r5;
	if (!err)
		memmove(at, xb_helper_ptr(r3), (uint32_t)r4);
	return xb_helper_ret(err);
}

/* All of the packet; none has fragments here. */
uint64_t
helper_xdp_get_buff_len(
	struct xb_vm *vm, uint64_t r1, uint64_t r2, uint64_t r3, uint64_t r4, uint64_t r5)
{
	(void)r1, (void)r2, (void)r3, (void)r4, (void)r5;
	return xb_helper_packet_bytes(vm);
}
