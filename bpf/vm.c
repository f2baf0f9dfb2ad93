/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A worker's machine: its stack, its packet, what it may touch, and why a run ended. interp.c does
 * the running.
 */
#include "bpf/internal.h"

#include <errno.h>
#include <inttypes.h>
#include <linux/bpf.h>
#include <stdlib.h>

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
		if (image->maps[i] && xb_map_owns(image->maps[i], p, (uint32_t)size, is_write))
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

bool
xb_vm_read_ctx(const struct xb_vm *vm, uint64_t addr, bool is_signed, uint64_t *value)
{
	const struct xb_xdp *pkt = vm->pkt;
	uint32_t number;

	if (!xb_vm_has_ctx(vm))
		return false;
	switch (addr - (uint64_t)(uintptr_t)pkt) {
	case offsetof(struct xdp_md, data): *value = (uintptr_t)pkt->data; return !is_signed;
	case offsetof(struct xdp_md, data_end):
		*value = (uintptr_t)pkt->data_end;
		return !is_signed;
	case offsetof(struct xdp_md, data_meta):
		*value = (uintptr_t)pkt->data_meta;
		return !is_signed;
	case offsetof(struct xdp_md, ingress_ifindex): number = pkt->ingress_ifindex; break;
	case offsetof(struct xdp_md, rx_queue_index): number = pkt->rx_queue_index; break;
	default: return false;
	}
	*value = is_signed ? (uint64_t)(int32_t)number : number;
	return true;
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
	const char *what = xb_vm_has_ctx(vm) ? "packet" : "memory";
	int64_t bytes = pkt->data_end - pkt->data;
	int64_t at = (int64_t)(addr - (uint64_t)(uintptr_t)pkt->data);
	int64_t fp = (int64_t)(addr - (uint64_t)(uintptr_t)vm->stack_end);

	if (addr == 0)
		snprintf(buf, size, "a null pointer");
	else if (xb_vm_has_ctx(vm) && is_inside(addr, 0, pkt, pkt + 1))
		snprintf(buf, size, "the context (offset %" PRIu64 "), which has no such field",
			addr - (uint64_t)(uintptr_t)pkt);
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
	return run(vm, image, (uint64_t)(uintptr_t)pkt, 0, ret);
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
	return run(vm, image, (uint64_t)(uintptr_t)mem, bytes, ret);
}
