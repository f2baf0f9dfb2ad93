/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A worker's machine: its stack, its packet, what it may touch, and why a run ended. interp.c does
 * the running.
 */
#include "bpf/internal.h"

#include <errno.h>
#include <inttypes.h>
#include <linux/bpf.h>
#include <linux/filter.h>
#include <linux/pkt_cls.h>
#include <stdlib.h>
#include <string.h>

#include "bpf/verifier/state.h"

#define DEFAULT_SEED UINT64_C(0x9e3779b97f4a7c15)

struct xb_vm *
xb_vm_new(unsigned int cpu)
{
	struct xb_vm *vm = calloc(1, sizeof(*vm));

	if (!vm)
		return NULL;
	vm->cpu = cpu;
	vm->budget = XB_INSNS_MAX_DEFAULT;
	xb_vm_set_seed(vm, cpu + 1);
	return vm;
}

void
xb_vm_free(struct xb_vm *vm)
{
	free(vm);
}

void
xb_vm_set_budget(struct xb_vm *vm, uint64_t insns)
{
	vm->budget = insns ? insns : XB_INSNS_MAX_DEFAULT;
	if (vm->budget > INT64_MAX) /* it is counted down below zero */
		vm->budget = INT64_MAX;
}

void
xb_vm_set_seed(struct xb_vm *vm, uint64_t seed)
{
	vm->prng = seed * DEFAULT_SEED;
	if (vm->prng == 0)
		vm->prng = DEFAULT_SEED;
}

void
xb_vm_set_trace(struct xb_vm *vm, FILE *out)
{
	vm->trace = out;
}

void
xb_vm_set_step(struct xb_vm *vm, xb_step_fn step, void *arg)
{
	vm->step = step;
	vm->step_arg = arg;
}

const struct xb_fault *
xb_vm_fault(const struct xb_vm *vm)
{
	return &vm->fault;
}

/* ---- what a program may touch ---- */

static bool
is_inside(uint64_t addr, uint64_t size, const void *from, const void *to)
{
	uint64_t lo = (uint64_t)(uintptr_t)from, hi = (uint64_t)(uintptr_t)to;

	return addr >= lo && addr <= hi && size <= hi - addr;
}

static bool
is_in_a_map(const struct xb_image *image, uint64_t addr, uint64_t size, bool is_write)
{
	const void *p = (const void *)(uintptr_t)addr;

	if (size > UINT32_MAX)
		return false;
	for (uint32_t i = 0; i < image->map_cnt; i++)
		if (image->maps[i] &&
			(xb_map_owns(image->maps[i], p, (uint32_t)size, is_write) ||
				xb_map_inner_owns(image->maps[i], p, (uint32_t)size, is_write)))
			return true;
	return false;
}

bool
xb_vm_may_access(const struct xb_vm *vm, uint64_t addr, uint64_t size, bool is_write)
{
	return is_inside(addr, size, vm->pkt->data_meta, vm->pkt->data_end) ||
	       is_inside(addr, size, vm->stack, vm->stack_end) ||
	       is_in_a_map(vm->image, addr, size, is_write);
}

/* ---- the context, for the checked engine ---- */

/* The offset in the context of an address that is not far from it. */
static bool
is_ctx(const struct xb_vm *vm, uint64_t addr, int *off)
{
	size_t bytes = vm->skb ? sizeof(struct __sk_buff) : sizeof(struct xdp_md);
	uint64_t at = addr - (uint64_t)(uintptr_t)xb_vm_ctx(vm);

	*off = (int)at;
	return xb_vm_has_ctx(vm) && at < bytes;
}

static enum bpf_prog_type
type_of_ctx(const struct xb_vm *vm)
{
	return vm->skb ? BPF_PROG_TYPE_SCHED_CLS : BPF_PROG_TYPE_XDP;
}

static uint64_t
extend(uint64_t value, uint32_t size)
{
	unsigned int bits = 64 - 8 * size;

	return (uint64_t)((int64_t)(value << bits) >> bits);
}

/* A number of the context. */
static uint64_t
read_number(const struct xb_vm *vm, int off, uint32_t size)
{
	uint64_t value = 0;

	if (vm->skb)
		memcpy(&value, (const uint8_t *)&vm->skb->md + xb_skb_load_off(off, size), size);
	else if (off == offsetof(struct xdp_md, ingress_ifindex))
		value = vm->pkt->ingress_ifindex;
	else
		value = vm->pkt->rx_queue_index;
	return value;
}

bool
xb_vm_read_ctx(
	const struct xb_vm *vm, uint64_t addr, uint32_t size, bool is_signed, uint64_t *value)
{
	uint32_t type;
	int off;

	if (!is_ctx(vm, addr, &off) ||
		!xb_ctx_allows(type_of_ctx(vm), false, off, (int)size, false, is_signed, &type))
		return false;
	switch (type) {
	case XB_PTR_PACKET: *value = (uintptr_t)vm->pkt->data; break;
	case XB_PTR_PACKET_END: *value = (uintptr_t)vm->pkt->data_end; break;
	case XB_PTR_PACKET_META: *value = (uintptr_t)vm->pkt->data_meta; break;
	default:
		*value = read_number(vm, off, size);
		if (is_signed)
			*value = extend(*value, size);
	}
	return true;
}

bool
xb_vm_write_ctx(const struct xb_vm *vm, uint64_t addr, uint32_t size, uint64_t value, bool is_imm)
{
	uint32_t type;
	int off;

	if (!vm->skb || !is_ctx(vm, addr, &off) ||
		!xb_ctx_allows(type_of_ctx(vm), false, off, (int)size, true, false, &type))
		return false;
	if (off == offsetof(struct __sk_buff, queue_mapping) && value >= XB_NO_QUEUE_MAPPING &&
		!(is_imm && (int64_t)value < 0))
		return true;
	memcpy((uint8_t *)&vm->skb->md + off, &value, xb_skb_field_bytes(off) == 2 ? 2 : size);
	return true;
}

int64_t
xb_vm_legacy_offset(const struct xb_vm *vm, int64_t offset)
{
	if (vm->skb && offset >= SKF_NET_OFF)
		return offset - SKF_NET_OFF + vm->skb->network;
	if (vm->skb && offset >= SKF_LL_OFF)
		return offset - SKF_LL_OFF;
	return -1;
}

/* ---- faults ---- */

int
xb_vm_faultf(struct xb_vm *vm, int err, uint32_t insn, const char *fmt, ...)
{
	va_list ap;

	vm->fault.insn = insn;
	vm->fault.image = vm->image;
	va_start(ap, fmt);
	vsnprintf(vm->fault.text, sizeof(vm->fault.text), fmt, ap);
	va_end(ap);
	return err;
}

/* Say where a stray address is, seen from the nearest thing a program knows. */
static void
describe(const struct xb_vm *vm, uint64_t addr, char *buf, size_t size)
{
	const struct xb_xdp *pkt = vm->pkt;
	const uint8_t *ctx = xb_vm_ctx(vm);
	size_t ctx_bytes = vm->skb ? sizeof(vm->skb->md) : sizeof(*pkt);
	const char *what = xb_vm_has_ctx(vm) ? "packet" : "memory";
	int64_t bytes = pkt->data_end - pkt->data;
	int64_t at = (int64_t)(addr - (uint64_t)(uintptr_t)pkt->data);
	int64_t fp = (int64_t)(addr - (uint64_t)(uintptr_t)vm->stack_end);

	if (addr == 0)
		snprintf(buf, size, "a null pointer");
	else if (xb_vm_has_ctx(vm) && is_inside(addr, 0, ctx, ctx + ctx_bytes))
		snprintf(buf, size, "the context (offset %" PRIu64 "), which has no such field",
			addr - (uint64_t)(uintptr_t)ctx);
	else if (pkt->data && at >= -65536 && at <= 65536)
		snprintf(buf, size, "%s offset %" PRId64 ", outside of its %" PRId64 " bytes", what,
			at, bytes);
	else if (fp >= -65536 && fp <= 65536)
		snprintf(buf, size, "r10%+" PRId64 ", outside of the stack", fp);
	else
		snprintf(buf, size, "0x%" PRIx64 ", no memory of this program", addr);
}

int
xb_vm_fault_access(struct xb_vm *vm, uint32_t insn, uint64_t addr, uint64_t size, bool is_write)
{
	char where[96];

	describe(vm, addr, where, sizeof(where));
	return xb_vm_faultf(vm, -EFAULT, insn, "%s of %" PRIu64 " byte%s at %s",
		is_write ? "write" : "read", size, size == 1 ? "" : "s", where);
}

/* ---- runs ---- */

xb_interp_fn *const xb_interps[XB_ENGINE_CNT] = {
	[XB_ENGINE_CHECKED] = xb_interp_checked,
	[XB_ENGINE_FAST] = xb_interp_fast,
	[XB_ENGINE_TRACED] = xb_interp_traced,
};

static int
run(struct xb_vm *vm, const struct xb_image *image, uint64_t r1, uint64_t r2, uint64_t *ret)
{
	int err = xb_interps[image->engine](vm, image, r1, r2, ret);

	if (err)
		*ret = XDP_ABORTED;
	return err;
}

int
xb_vm_run_xdp(struct xb_vm *vm, const struct xb_image *image, struct xb_xdp *pkt, uint64_t *ret)
{
	vm->pkt = pkt;
	vm->skb = NULL;
	return run(vm, image, (uint64_t)(uintptr_t)pkt, 0, ret);
}

int
xb_vm_run_skb(struct xb_vm *vm, const struct xb_image *image, struct xb_skb *skb, uint64_t *ret)
{
	int err;

	vm->pkt = &skb->pkt;
	vm->skb = skb;
	err = run(vm, image, (uint64_t)(uintptr_t)&skb->md, 0, ret);
	if (err)
		*ret = TC_ACT_SHOT;
	return err;
}

int
xb_vm_run_mem(
	struct xb_vm *vm, const struct xb_image *image, void *mem, size_t bytes, uint64_t *ret)
{
	uint8_t *from = mem;

	vm->plain = (struct xb_xdp){
		.hard_start = from,
		.data_meta = from,
		.data = from,
		.data_end = bytes ? from + bytes : from,
		.hard_end = bytes ? from + bytes : from,
	};
	vm->pkt = &vm->plain;
	vm->skb = NULL;
	return run(vm, image, (uint64_t)(uintptr_t)mem, bytes, ret);
}
