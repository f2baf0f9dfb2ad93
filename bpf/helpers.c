/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Helpers: the table, the check of their arguments for the checked engine, and those that need
 * neither packet nor format string. Semantics are kernel/bpf/helpers.c's and net/core/filter.c's
 * as of Linux 6.12, unless said otherwise.
 */
#include "bpf/helpers.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "bpf/verifier/helper_proto.h"

enum {
	OTHER = 0,
	XDP = 1,
	TC = 2,
	XDP_TC = XDP | TC,
};

enum {
	GPL = 1,
	PKT = 2,
};

#define ROW(num, sym, programs, flags)                                                             \
	.id = (num), .name = "bpf_" #sym, .xdp = ((programs)&XDP) != 0,                            \
	.tc = ((programs)&TC) != 0, .gpl_only = ((flags)&GPL) != 0,                                \
	.changes_packet = ((flags)&PKT) != 0
#define KNOWN(num, sym, programs, flags) [num] = { ROW(num, sym, programs, flags) },
#define HELPER(num, sym, programs, flags)                                                          \
	[num] = { ROW(num, sym, programs, flags), .fn = helper_##sym },

static const struct xb_helper helpers[] = {
#include "bpf/helpers.def"
};

#undef HELPER
#undef KNOWN
#undef ROW

const struct xb_helper *
xb_helper_by_id(int32_t id)
{
	if (id <= 0 || (uint32_t)id >= ARRAY_SIZE(helpers))
		return NULL;
	return &helpers[id];
}

/* ---- arguments ---- */

/* The map a register holds: only one of the program's own counts, or one that is in it. */
static const struct xb_map *
map_of(const struct xb_vm *vm, uint64_t r)
{
	for (uint32_t i = 0; i < vm->image->map_cnt; i++) {
		const struct xb_map *map = vm->image->maps[i];
		const struct xb_map *inner = map ? xb_map_inner_at(map, r) : NULL;

		if (map && (uintptr_t)map == r)
			return map;
		if (inner)
			return inner;
	}
	return NULL;
}

/* Some helpers take maps of a type that no other does: NULL, or what is wrong. */
static const char *
check_type(int32_t helper, enum bpf_map_type type)
{
	switch (helper) {
	case BPF_FUNC_tail_call:
		return type == BPF_MAP_TYPE_PROG_ARRAY ? NULL : "is a map, but not a program array";
	case BPF_FUNC_perf_event_output:
		return type == BPF_MAP_TYPE_PERF_EVENT_ARRAY ? NULL
							     : "is a map, but not one of events";
	case BPF_FUNC_redirect_map:
		return type == BPF_MAP_TYPE_DEVMAP || type == BPF_MAP_TYPE_DEVMAP_HASH ||
				       type == BPF_MAP_TYPE_CPUMAP || type == BPF_MAP_TYPE_XSKMAP
			       ? NULL
			       : "is a map, but not one of targets";
	case BPF_FUNC_ringbuf_output:
	case BPF_FUNC_ringbuf_reserve:
	case BPF_FUNC_ringbuf_query:
		return type == BPF_MAP_TYPE_RINGBUF ? NULL : "is a map, but not a ring buffer";
	default: return NULL;
	}
}

/* What is wrong with memory of this size, NULL when it is all right. */
static const char *
check_mem(const struct xb_vm *vm, uint64_t addr, uint64_t size, bool write)
{
	if (xb_vm_may_access(vm, addr, size, write))
		return NULL;
	return write ? "is not memory the program may write" : "is not memory the program may read";
}

static const char *
check_ctx(const struct xb_vm *vm, const struct xb_helper *helper, uint64_t r)
{
	if (!xb_vm_has_ctx(vm))
		return "should be the context, and this program runs on plain memory";
	if (vm->skb ? !helper->tc : !helper->xdp)
		return "should be another kind of context";
	return r == (uintptr_t)xb_vm_ctx(vm) ? NULL : "is not the context";
}

static const char *
check_map(const struct xb_vm *vm, const struct xb_helper *helper, uint64_t r)
{
	const struct xb_map *map = map_of(vm, r);

	return map ? check_type(helper->id, xb_map_type(map)) : "is not a map";
}

/* Argument i of that kind; map: the map argument before it, if there was one. */
static const char *
check_arg(const struct xb_vm *vm, const struct xb_helper *helper, uint32_t kind, unsigned int i,
	const uint64_t *r, const struct xb_map *map)
{
	switch (kind & XV_ARG_KIND) {
	case XV_ARG_CTX: return check_ctx(vm, helper, r[i]);
	case XV_ARG_MAP: return check_map(vm, helper, r[i]);
	case XV_ARG_KEY: return check_mem(vm, r[i], xb_map_key_size(map), false);
	case XV_ARG_VALUE: return check_mem(vm, r[i], xb_map_value_size(map), false);
	case XV_ARG_MEM:
		if (kind & XV_ARG_NULLABLE && r[i + 1] == 0)
			return NULL;
		return check_mem(vm, r[i], r[i + 1], kind & XV_ARG_WRITE);
	case XV_ARG_SIZE: return r[i] ? NULL : "is a size and may not be 0";
	default: return NULL;
	}
}

bool
xb_vm_check_args(struct xb_vm *vm, const struct xb_helper *helper, const uint64_t *r)
{
	const struct xv_proto *proto = xv_proto_of(helper->id);
	const struct xb_map *map = NULL;

	for (unsigned int i = 0; i < ARRAY_SIZE(proto->arg); i++) {
		const char *wrong = check_arg(vm, helper, proto->arg[i], i, r, map);

		if (wrong) {
			xb_vm_faultf(vm, -EFAULT, vm->fault.insn, "%s: r%u = %#" PRIx64 " %s",
				helper->name, i + 1, r[i], wrong);
			return false;
		}
		if (proto->arg[i] == XV_ARG_MAP)
			map = map_of(vm, r[i]);
	}
	return true;
}

/* ---- maps ---- */

uint64_t
helper_map_lookup_elem(
	struct xb_vm *vm, uint64_t r1, uint64_t r2, uint64_t r3, uint64_t r4, uint64_t r5)
{
	(void)r3, (void)r4, (void)r5;
	return (uintptr_t)xb_map_lookup(xb_helper_ptr(r1), vm->cpu, xb_helper_ptr(r2));
}

uint64_t
helper_map_update_elem(
	struct xb_vm *vm, uint64_t r1, uint64_t r2, uint64_t r3, uint64_t r4, uint64_t r5)
{
	(void)r5;
	return xb_helper_ret(xb_map_update(
		xb_helper_ptr(r1), vm->cpu, xb_helper_ptr(r2), xb_helper_ptr(r3), r4));
}

uint64_t
helper_map_delete_elem(
	struct xb_vm *vm, uint64_t r1, uint64_t r2, uint64_t r3, uint64_t r4, uint64_t r5)
{
	(void)r3, (void)r4, (void)r5;
	return xb_helper_ret(xb_map_delete(xb_helper_ptr(r1), vm->cpu, xb_helper_ptr(r2)));
}

/* Not called: the interpreter knows this one by its id, since it does not return. */
uint64_t
helper_tail_call(struct xb_vm *vm, uint64_t r1, uint64_t r2, uint64_t r3, uint64_t r4, uint64_t r5)
{
	(void)vm, (void)r1, (void)r2, (void)r3, (void)r4, (void)r5;
	return xb_helper_ret(-EINVAL);
}

/* ---- surroundings ---- */

static uint64_t
now_ns(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

#define CLOCK_HELPER(name, clock)                                                                  \
	uint64_t helper_ktime_get_##name(                                                          \
		struct xb_vm *vm, uint64_t r1, uint64_t r2, uint64_t r3, uint64_t r4, uint64_t r5) \
	{                                                                                          \
		(void)vm, (void)r1, (void)r2, (void)r3, (void)r4, (void)r5;                        \
		return now_ns(clock);                                                              \
	}

CLOCK_HELPER(ns, CLOCK_MONOTONIC)
CLOCK_HELPER(boot_ns, CLOCK_BOOTTIME)
CLOCK_HELPER(coarse_ns, CLOCK_MONOTONIC_COARSE)
CLOCK_HELPER(tai_ns, CLOCK_TAI)

/* The same seed gives the same numbers; any seed will do (a counter, mixed: "splitmix64"). */
uint64_t
helper_get_prandom_u32(
	struct xb_vm *vm, uint64_t r1, uint64_t r2, uint64_t r3, uint64_t r4, uint64_t r5)
{
	uint64_t z = vm->prng += UINT64_C(0x9e3779b97f4a7c15);

	(void)r1, (void)r2, (void)r3, (void)r4, (void)r5;
	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return (uint32_t)(z >> 32);
}

uint64_t
helper_get_smp_processor_id(
	struct xb_vm *vm, uint64_t r1, uint64_t r2, uint64_t r3, uint64_t r4, uint64_t r5)
{
	(void)r1, (void)r2, (void)r3, (void)r4, (void)r5;
	return vm->cpu;
}

/* One node, as its number of CPUs is one machine's. */
uint64_t
helper_get_numa_node_id(
	struct xb_vm *vm, uint64_t r1, uint64_t r2, uint64_t r3, uint64_t r4, uint64_t r5)
{
	(void)vm, (void)r1, (void)r2, (void)r3, (void)r4, (void)r5;
	return 0;
}

/* ---- checksums: one's complement arithmetic ---- */

/* MAX_BPF_STACK: the scratch pad of Linux before 6.13 */
#define CSUM_DIFF_MAX 512u

/* Carries go round: the sum of the two halves, until there is one. */
static uint32_t
fold64(uint64_t sum)
{
	sum = (sum & UINT32_MAX) + (sum >> 32);
	return (uint32_t)((sum & UINT32_MAX) + (sum >> 32));
}

/* csum_partial of a multiple of 4 bytes, at most CSUM_DIFF_MAX of them. */
static uint32_t
csum_partial(uint64_t addr, uint64_t size, uint32_t seed)
{
	const uint8_t *p = xb_helper_ptr(addr);
	uint64_t sum = seed;
	uint32_t word;

	for (; size; size -= sizeof(word), p += sizeof(word)) {
		memcpy(&word, p, sizeof(word));
		sum += word;
	}
	return fold64(sum);
}

/*
 * The result is folded to 16 bits as Linux does since 6.13 on every architecture; before, it was
 * whatever the architecture's csum_partial left (on x86 32 bits), the same number modulo 0xffff.
 * Sizes are refused as Linux 6.12 does; later kernels take any.
 */
uint64_t
helper_csum_diff(struct xb_vm *vm, uint64_t r1, uint64_t r2, uint64_t r3, uint64_t r4, uint64_t r5)
{
	uint32_t from = (uint32_t)r2, to = (uint32_t)r4, sum = (uint32_t)r5;

	(void)vm;
	if ((from | to) % 4 || from > CSUM_DIFF_MAX || to > CSUM_DIFF_MAX - from)
		return xb_helper_ret(-EINVAL);
	if (from && to)
		sum = fold64(
			(uint64_t)csum_partial(r3, to, sum) + (uint32_t)~csum_partial(r1, from, 0));
	else if (to)
		sum = csum_partial(r3, to, sum);
	else if (from)
		sum = ~csum_partial(r1, from, ~sum);
	sum = (sum & 0xffff) + (sum >> 16);
	return (sum & 0xffff) + (sum >> 16);
}
