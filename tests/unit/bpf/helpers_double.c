/* SPDX-License-Identifier: BSD-2-Clause */
/* The two functions of vm.c that helpers call, over one piece of plain memory. */
#include "bpf/internal.h"

bool
xb_vm_may_access(const struct xb_vm *vm, uint64_t addr, uint64_t size, bool write)
{
	uint64_t from = (uintptr_t)vm->mem;

	(void)write;
	return addr >= from && addr - from <= vm->mem_bytes &&
	       size <= vm->mem_bytes - (addr - from);
}

int
xb_vm_faultf(struct xb_vm *vm, int err, uint32_t insn, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(vm->fault.text, sizeof(vm->fault.text), fmt, ap);
	va_end(ap);
	vm->fault.insn = insn;
	return err;
}
