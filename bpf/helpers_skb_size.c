/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Helpers of tc programs that make the packet longer or shorter; after net/core/filter.c of Linux
 * 6.12. Where a header is matters for the shortest length a packet may be cut to.
 */
#include "bpf/helpers.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <string.h>

#define XLAT_BYTES 20u /* an IPv6 header is longer than an IPv4 header */
#define ENOTSUPP 524   /* the kernel's own */

uint64_t
helper_skb_vlan_push(
	struct xb_vm *vm, uint64_t r1, uint64_t r2, uint64_t r3, uint64_t r4, uint64_t r5)
{
	uint16_t proto = (uint16_t)r2;

	(void)r1, (void)r4, (void)r5;
	if (proto != htons(ETH_P_8021Q) && proto != htons(ETH_P_8021AD))
		proto = htons(ETH_P_8021Q);
	return xb_helper_ret(xb_skb_vlan_push(vm->skb, proto, (uint16_t)r3));
}

uint64_t
helper_skb_vlan_pop(
	struct xb_vm *vm, uint64_t r1, uint64_t r2, uint64_t r3, uint64_t r4, uint64_t r5)
{
	(void)r1, (void)r2, (void)r3, (void)r4, (void)r5;
	return xb_helper_ret(xb_skb_vlan_pop(vm->skb));
}

/* __bpf_skb_min_len() */
static uint32_t
min_len(const struct xb_skb *skb)
{
	int32_t len = skb->network > 0 ? skb->network : 0;

	if (skb->has_transport && skb->transport > 0)
		len = skb->transport;
	return (uint32_t)len;
}

uint64_t
helper_skb_change_tail(
	struct xb_vm *vm, uint64_t r1, uint64_t r2, uint64_t r3, uint64_t r4, uint64_t r5)
{
	struct xb_skb *skb = vm->skb;
	uint32_t len = xb_skb_len(skb), want = (uint32_t)r2;

	(void)r1, (void)r4, (void)r5;
	if (r3 || want > XB_SKB_BYTES_MAX || want < min_len(skb))
		return xb_helper_ret(-EINVAL);
	if (want > len) {
		int err = xb_skb_make_room(skb, 0, want - len);

		if (err)
			return xb_helper_ret(err);
		memset(skb->pkt.data_end, 0, want - len);
	}
	skb->pkt.data_end = skb->pkt.data + want;
	skb->md.len = want;
	return 0;
}

uint64_t
helper_skb_change_head(
	struct xb_vm *vm, uint64_t r1, uint64_t r2, uint64_t r3, uint64_t r4, uint64_t r5)
{
	struct xb_skb *skb = vm->skb;
	uint32_t len = xb_skb_len(skb), head = (uint32_t)r2;
	int err;

	(void)r1, (void)r4, (void)r5;
	if (r3 || head > XB_SKB_BYTES_MAX || len + head > XB_SKB_BYTES_MAX)
		return xb_helper_ret(-EINVAL);
	err = xb_skb_make_room(skb, head, 0);
	if (err)
		return xb_helper_ret(err);
	xb_skb_push(skb, head);
	memset(skb->pkt.data, 0, head);
	return 0;
}

/* ---- from one IP to the other: only the room for the header, and what the packet is called ----
 */

/* The network header follows the link header; a transport header that is elsewhere stays. */
static void
set_headers(struct xb_skb *skb, int32_t network, bool same)
{
	skb->network = network;
	if (same)
		skb->transport = network;
}

static int
to_ipv6(struct xb_skb *skb)
{
	bool same = skb->has_transport && skb->transport == skb->network;
	int32_t network = skb->network;
	int err = xb_skb_make_room(skb, XLAT_BYTES, xb_skb_missing(skb, (uint32_t)network));

	if (err)
		return err;
	xb_skb_push(skb, XLAT_BYTES);
	memmove(skb->pkt.data, skb->pkt.data + XLAT_BYTES, (uint32_t)network);
	memset(skb->pkt.data + network, 0, XLAT_BYTES);
	set_headers(skb, network, same);
	return 0;
}

static int
to_ipv4(struct xb_skb *skb)
{
	bool same = skb->has_transport && skb->transport == skb->network;
	int32_t network = skb->network;

	if ((uint32_t)network + XLAT_BYTES > xb_skb_len(skb))
		return -ENOMEM;
	memmove(skb->pkt.data + XLAT_BYTES, skb->pkt.data, (uint32_t)network);
	xb_skb_pull(skb, XLAT_BYTES);
	set_headers(skb, network, same);
	return 0;
}

uint64_t
helper_skb_change_proto(
	struct xb_vm *vm, uint64_t r1, uint64_t r2, uint64_t r3, uint64_t r4, uint64_t r5)
{
	struct xb_skb *skb = vm->skb;
	uint16_t from = (uint16_t)skb->md.protocol, to = (uint16_t)r2;
	int err = -ENOTSUPP;

	(void)r1, (void)r4, (void)r5;
	if (r3)
		return xb_helper_ret(-EINVAL);
	if (from == htons(ETH_P_IP) && to == htons(ETH_P_IPV6))
		err = to_ipv6(skb);
	else if (from == htons(ETH_P_IPV6) && to == htons(ETH_P_IP))
		err = to_ipv4(skb);
	if (err)
		return xb_helper_ret(err);
	skb->md.protocol = to;
	xb_skb_clear_hash(skb);
	return 0;
}
