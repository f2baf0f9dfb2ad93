/* SPDX-License-Identifier: BSD-2-Clause */
/* What the helper files share. Arguments were checked by xb_vm_check_args(), or by a verifier. */
#ifndef XB_HELPERS_H
#define XB_HELPERS_H

#include "bpf/internal.h"

#define KNOWN(...)
#define HELPER(id, name, ...)                                                                      \
	uint64_t helper_##name(struct xb_vm *vm, uint64_t r1, uint64_t r2, uint64_t r3,            \
		uint64_t r4, uint64_t r5);
#include "bpf/helpers.def"
#undef HELPER
#undef KNOWN

/* A helper's int as the program's r0. */
static inline uint64_t
xb_helper_ret(int64_t value)
{
	return (uint64_t)value;
}

/* A pointer from a register. */
static inline void *
xb_helper_ptr(uint64_t r)
{
	return (void *)(uintptr_t)r;
}

/* Of the packet, without the room around it. */
static inline uint64_t
xb_helper_packet_bytes(const struct xb_vm *vm)
{
	return (uint64_t)(vm->pkt->data_end - vm->pkt->data);
}

#endif
