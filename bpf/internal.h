/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the files of bpf/ share with each other and with their own tests; nobody else includes it.
 */
#ifndef XB_INTERNAL_H
#define XB_INTERNAL_H

#include "bpf/xb.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/* ---- vm.c ---- */

struct xb_vm {
	unsigned int cpu; /* worker number, selects per-cpu values */
	/* What r1 points to: the packet, or plain memory dressed as one (data .. data_end). */
	struct xb_xdp *pkt;
	struct xb_xdp plain;
	const struct xb_image *image; /* the program running now */
	uint64_t budget;	      /* instructions a run may execute */
	uint64_t prng;		      /* state of get_prandom_u32, never 0 */
	FILE *trace;
	xb_step_fn step; /* NULL: nobody looks */
	void *step_arg;
	struct xb_fault fault;
	/* Frame n is stack + n * XB_STACK_BYTES; r10 points to its end. */
	uint8_t *stack_end; /* of the frame running now; what is below it may be touched */
	uint8_t stack[XB_FRAMES_MAX * XB_STACK_BYTES] __attribute__((aligned(16)));
};

/* Is r1 a context (and not plain memory)? */
static inline bool
xb_vm_has_ctx(const struct xb_vm *vm)
{
	return vm->pkt != &vm->plain;
}

/* Is this memory the program may read (or write)? Checked engine, and arguments of helpers. */
bool xb_vm_may_access(const struct xb_vm *vm, uint64_t addr, uint64_t size, bool is_write);
/* Are the arguments (r[0] is r1 ... r[4] is r5) what the helper's row says? false: the fault's text
 * is set, its insn is the caller's to set. */
bool xb_vm_check_args(struct xb_vm *vm, const struct xb_helper *helper, const uint64_t *r);
/* The field of struct xdp_md at this address, when addr is the context's. Only numbers have a sign.
 */
bool xb_vm_read_ctx(const struct xb_vm *vm, uint64_t addr, bool is_signed, uint64_t *value);
/* Record why a run ends; returns err. */
int xb_vm_faultf(struct xb_vm *vm, int err, uint32_t insn, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
int xb_vm_fault_access(
	struct xb_vm *vm, uint32_t insn, uint64_t addr, uint64_t size, bool is_write);

/* ---- image.c, interp.c ---- */

/*
 * Runs of instructions that one handler does in the fast engine, longest first. All write the
 * first one's dst. Each instruction keeps its own slot and handler, so that a jump into the
 * middle finds what it looks for. Chosen by counting pairs in programs compiled for -mcpu=v1 and
 *v3. FUSED(id, first, second, third or CNT)
 */
#define XB_FUSED_LIST(FUSED)                                                                       \
	FUSED(MOV_ADD_JGT, MOV64_X, ADD64_K, JGT64_X) /* is the header inside the packet? */       \
	FUSED(LDXB_LSH_OR, LDXB, LSH64_K, OR64_X)     /* a byte of an unaligned field */           \
	FUSED(MOV_ADD, MOV64_X, ADD64_K, CNT)	      /* the address of a local variable */        \
	FUSED(MOV_AND, MOV64_X, AND64_K, CNT)                                                      \
	FUSED(ADD_JGT, ADD64_X, JGT64_X, CNT)                                                      \
	FUSED(LDXB_LSH, LDXB, LSH64_K, CNT)                                                        \
	FUSED(LSH_OR, LSH64_K, OR64_X, CNT)                                                        \
	FUSED(LSH_RSH, LSH64_K, RSH64_K, CNT) /* to 32 bits, before -mcpu=v3 */                    \
	FUSED(LDXB_JNE, LDXB, JNE64_K, CNT)   /* is it this protocol? */                           \
	FUSED(LDXH_JNE, LDXH, JNE64_K, CNT)                                                        \
	FUSED(AND_JNE, AND64_K, JNE64_K, CNT)

/* What the interpreter has a handler for: the instruction set, and what image.c makes of it. */
enum xb_xop {
#define OP(id, ...) XB_X_##id,
#include "bpf/opcodes.def"
#undef OP
	XB_X_TAIL_CALL, /* call bpf_tail_call */
#define FUSED(id, ...) XB_X_##id,
	XB_FUSED_LIST(FUSED)
#undef FUSED
		XB_X_CNT
};

/* An instruction as the interpreter wants it; one for each 8-byte slot of the program. */
struct xb_dinsn {
	const void *go; /* label of its handler */
	union {
		struct {
			uint8_t dst, src;
			int16_t off;
			int32_t imm;
		};
		uint64_t imm64; /* second slot of a 64-bit immediate; helper of a call */
	};
};

struct xb_image {
	enum xb_engine engine;
	enum bpf_prog_type type;
	struct bpf_insn *insns; /* as given, for messages */
	uint32_t insn_cnt;
	struct xb_map **maps;
	uint32_t map_cnt;
	struct xb_dinsn *code;
};

/* interp.c, built once for each enum xb_engine. Run, or (image NULL) put the table of handlers at
 * (*ret). */
typedef int xb_interp_fn(
	struct xb_vm *vm, const struct xb_image *image, uint64_t r1, uint64_t r2, uint64_t *ret);
xb_interp_fn xb_interp_fast, xb_interp_checked, xb_interp_traced;
/* vm.c */
extern xb_interp_fn *const xb_interps[XB_ENGINE_CNT];

#endif
