/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the files of bpf/ share with each other and with their own tests; nobody else includes it.
 */
#ifndef XB_INTERNAL_H
#define XB_INTERNAL_H

#include "bpf/xb.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/* ---- vm.c ---------------------------------------------------------------------------------------
 */

struct xb_vm {
	unsigned int cpu;	      /* worker number, selects per-cpu values */
	struct xb_xdp *pkt;	      /* the packet, NULL when running on plain memory */
	const struct xb_image *image; /* the program running now */
	uint8_t *mem;		      /* plain memory, NULL when running on a packet */
	size_t mem_bytes;
	uint64_t budget; /* instructions a run may execute */
	uint64_t prng;	 /* state of get_prandom_u32 */
	FILE *trace;
	struct xb_fault fault;
	/* Frame n is stack + n * XB_STACK_BYTES; r10 points to its end. */
	uint8_t stack[XB_FRAMES_MAX * XB_STACK_BYTES] __attribute__((aligned(16)));
};

/* Is this memory the program may read (or write)? Checked engine, and arguments of helpers. */
bool xb_vm_may_access(const struct xb_vm *vm, uint64_t addr, uint64_t size, bool write);
/* Are the arguments what the helper's row says? false: the fault's text is set. */
bool xb_vm_check_args(struct xb_vm *vm, const struct xb_helper *helper, const uint64_t *r);
int xb_vm_faultf(struct xb_vm *vm, int err, uint32_t insn, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

/* The address a program's r1 holds for its context: not memory anyone may dereference, a
 * load from it is answered field by field (struct xdp_md has 32-bit fields that yield pointers). */
#define XB_CTX_ADDR UINT64_C(0x00000c7c00000000)

/* ---- image.c
 * ------------------------------------------------------------------------------------- */

/* An instruction as the interpreter wants it. */
struct xb_dinsn {
	const void *go; /* label of its handler */
	union {
		struct {
			uint8_t dst, src;
			int16_t off;
			int32_t imm;
		};
		uint64_t imm64;
	};
};

struct xb_image {
	enum xb_engine engine;
	enum bpf_prog_type type;
	bool uses_ctx;		/* r1 is a context, not memory */
	struct bpf_insn *insns; /* as given, for messages */
	uint32_t insn_cnt;
	struct xb_map **maps;
	uint32_t map_cnt;
	struct xb_dinsn *code;
};

#endif
