/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Helpers that send a packet elsewhere or ask for the way, and events to user space:
 * net/core/filter.c and kernel/trace/bpf_trace.c as of Linux 6.12. What they check and answer is
 * here; there is no other device, this one forwards nothing, as a host does that nobody told to
 * route, and the maps of targets are empty (map_target.c).
 */
#include "bpf/helpers.h"

#include <errno.h>
#include <linux/pkt_cls.h>
#include <string.h>
#include <sys/socket.h>

#define REDIR_NEIGH_BYTES 20u	 /* sizeof(struct bpf_redir_neigh) */
#define FIB_FLAGS UINT32_C(0x3f) /* BPF_FIB_LOOKUP_MASK of Linux 6.12 */
/* What redirect_map() may return when there is no target, in the low bits of its flags. */
#define FALLBACK_MASK UINT64_C(3)

/* bpf_xdp_redirect, bpf_redirect */
uint64_t
helper_redirect(struct xb_vm *vm, uint64_t r1, uint64_t r2, uint64_t r3, uint64_t r4, uint64_t r5)
{
	(void)r1, (void)r3, (void)r4, (void)r5;
	if (vm->skb)
		return r2 & ~(uint64_t)BPF_F_INGRESS ? TC_ACT_SHOT : TC_ACT_REDIRECT;
	return r2 ? XDP_ABORTED : XDP_REDIRECT;
}

uint64_t
helper_redirect_neigh(
	struct xb_vm *vm, uint64_t r1, uint64_t r2, uint64_t r3, uint64_t r4, uint64_t r5)
{
	uint32_t bytes = (uint32_t)r3;

	(void)vm, (void)r1, (void)r2, (void)r5;
	return (bytes && bytes < REDIR_NEIGH_BYTES) || r4 ? TC_ACT_SHOT : TC_ACT_REDIRECT;
}

uint64_t
helper_redirect_peer(
	struct xb_vm *vm, uint64_t r1, uint64_t r2, uint64_t r3, uint64_t r4, uint64_t r5)
{
	(void)vm, (void)r1, (void)r3, (void)r4, (void)r5;
	return r2 ? TC_ACT_SHOT : TC_ACT_REDIRECT;
}

/* __bpf_xdp_redirect_map; a broadcast asks for no element. */
uint64_t
helper_redirect_map(
	struct xb_vm *vm, uint64_t r1, uint64_t r2, uint64_t r3, uint64_t r4, uint64_t r5)
{
	enum bpf_map_type type = xb_map_type(xb_helper_ptr(r1));
	uint64_t known = FALLBACK_MASK;

	(void)vm, (void)r2, (void)r4, (void)r5;
	if (type == BPF_MAP_TYPE_DEVMAP || type == BPF_MAP_TYPE_DEVMAP_HASH)
		known |= BPF_F_BROADCAST | BPF_F_EXCLUDE_INGRESS;
	if (r3 & ~known)
		return XDP_ABORTED;
	return r3 & BPF_F_BROADCAST ? XDP_REDIRECT : r3 & FALLBACK_MASK;
}

/* bpf_xdp_fib_lookup, bpf_skb_fib_lookup, bpf_ipv4_fib_lookup, bpf_ipv6_fib_lookup */
uint64_t
helper_fib_lookup(struct xb_vm *vm, uint64_t r1, uint64_t r2, uint64_t r3, uint64_t r4, uint64_t r5)
{
	uint32_t here = vm->skb ? vm->skb->md.ifindex : vm->pkt->ingress_ifindex;
	struct bpf_fib_lookup params;

	(void)r1, (void)r5;
	if ((uint32_t)r3 < sizeof(params) || (uint32_t)r4 & ~FIB_FLAGS)
		return xb_helper_ret(-EINVAL);
	memcpy(&params, xb_helper_ptr(r2), sizeof(params));
	if (params.family != AF_INET && params.family != AF_INET6)
		return xb_helper_ret(-EAFNOSUPPORT);
	return params.ifindex == here ? BPF_FIB_LKUP_RET_FWD_DISABLED : xb_helper_ret(-ENODEV);
}

/* bpf_xdp_event_output, bpf_skb_event_output, __bpf_perf_event_output: nobody reads events. */
uint64_t
helper_perf_event_output(
	struct xb_vm *vm, uint64_t r1, uint64_t r2, uint64_t r3, uint64_t r4, uint64_t r5)
{
	uint64_t index = r3 & BPF_F_INDEX_MASK;

	(void)r1, (void)r4, (void)r5;
	if (r3 & ~(BPF_F_CTXLEN_MASK | BPF_F_INDEX_MASK))
		return xb_helper_ret(-EINVAL);
	if ((r3 & BPF_F_CTXLEN_MASK) >> 32 > xb_helper_packet_bytes(vm))
		return xb_helper_ret(-EFAULT);
	if (index == BPF_F_CURRENT_CPU)
		index = vm->cpu;
	return xb_helper_ret(index >= xb_map_max_entries(xb_helper_ptr(r2)) ? -E2BIG : -ENOENT);
}
