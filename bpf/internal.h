/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the files of bpf/ share with each other and with their own tests; nobody else includes it.
 */
#ifndef XB_INTERNAL_H
#define XB_INTERNAL_H

#include "bpf/xb.h"

/* Newer than the headers of the oldest system this builds on. */
#ifndef BPF_MEMSX
#define BPF_MEMSX 0x80
#endif

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/* ---- vm.c ---- */

struct xb_vm {
	unsigned int cpu; /* worker number, selects per-cpu values */
	/* What r1 points to: the packet, or plain memory dressed as one (data .. data_end). */
	struct xb_xdp *pkt;
	struct xb_xdp plain;
	struct xb_skb *skb;	      /* tc: pkt is its; else NULL */
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

/* What r1 points to, when that is a context. */
static inline const void *
xb_vm_ctx(const struct xb_vm *vm)
{
	return vm->skb ? (const void *)&vm->skb->md : (const void *)vm->pkt;
}

/* Is this memory the program may read (or write)? Checked engine, and arguments of helpers. */
bool xb_vm_may_access(const struct xb_vm *vm, uint64_t addr, uint64_t size, bool is_write);
/* Are the arguments (r[0] is r1 ... r[4] is r5) what the helper's row says? false: the fault's text
 * is set, its insn is the caller's to set. */
bool xb_vm_check_args(struct xb_vm *vm, const struct xb_helper *helper, const uint64_t *r);
/* The field of the context at this address, when addr is the context's and it has one there that
 * may be read so. Only numbers have a sign. */
bool xb_vm_read_ctx(
	const struct xb_vm *vm, uint64_t addr, uint32_t size, bool is_signed, uint64_t *value);
/* The same for a store; is_imm: of an immediate, which is sign-extended. */
bool xb_vm_write_ctx(
	const struct xb_vm *vm, uint64_t addr, uint32_t size, uint64_t value, bool is_imm);
/* What a negative offset of a legacy packet load means (SKF_NET_OFF, SKF_LL_OFF), from data;
 * negative: nothing. */
int64_t xb_vm_legacy_offset(const struct xb_vm *vm, int64_t offset);
/* Record why a run ends; returns err. */
int xb_vm_faultf(struct xb_vm *vm, int err, uint32_t insn, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
int xb_vm_fault_access(
	struct xb_vm *vm, uint32_t insn, uint64_t addr, uint64_t size, bool is_write);

/* ---- skb.c ---- */

/* How wide the kernel's own field is that struct __sk_buff shows at off as 32 bits. Of a store the
 * rest is lost. */
uint32_t xb_skb_field_bytes(int off);
/* Where a load finds its bytes. A narrow load of the upper half of such a field should be 0; in the
 * kernel, convert_ctx_accesses() shifts only what is wider than the load, so one that is no
 * narrower than the field itself gets the lower bytes. */
int xb_skb_load_off(int off, uint32_t size);
/* skb_record_rx_queue() could not say these. */
#define XB_NO_QUEUE_MAPPING UINT16_MAX
/* A hash that was computed or set is not of this packet any more. */
static inline void
xb_skb_clear_hash(struct xb_skb *skb)
{
	skb->md.hash = 0;
	skb->has_hash = false;
}
/* Room in front of the packet and behind it. 0 or -ENOMEM. */
int xb_skb_make_room(struct xb_skb *skb, uint32_t head, uint32_t tail);
/* data moves by -bytes (push) or bytes (pull), the headers stay where they are. */
void xb_skb_push(struct xb_skb *skb, uint32_t bytes);
void xb_skb_pull(struct xb_skb *skb, uint32_t bytes);
uint32_t xb_skb_len(const struct xb_skb *skb);
/* How many bytes of a header are behind the packet's end, which may be cut that short. */
static inline uint32_t
xb_skb_missing(const struct xb_skb *skb, uint32_t bytes)
{
	return xb_skb_len(skb) < bytes ? bytes - xb_skb_len(skb) : 0;
}
int xb_skb_vlan_push(struct xb_skb *skb, uint16_t proto, uint16_t tci);
int xb_skb_vlan_pop(struct xb_skb *skb);
/* A number that is the same for all packets of a flow, in both directions; never 0. */
uint32_t xb_skb_flow_hash(const struct xb_skb *skb);

/* ---- verifier/ctx.c ---- */

/* May a program of this type access the context so? *type: what a load yields, state.h's. */
bool xb_ctx_allows(enum bpf_prog_type type, bool offloaded, int off, int size, bool is_write,
	bool is_signed, uint32_t *type_of_value);

/* ---- image.c, image_ctx.c, interp.c ---- */

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
	XB_X_STX_QUEUE, /* __sk_buff.queue_mapping = src */
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

/* Make an access of the context one of what is there instead: struct xb_xdp, struct xb_skb. False:
 * the context has no such field. */
bool xb_image_rewrite_ctx(enum bpf_prog_type type, const struct bpf_insn *insn,
	const void *const *handlers, struct xb_dinsn *d);

/* interp.c, built once for each enum xb_engine. Run, or (image NULL) put the table of handlers at
 * (*ret). */
typedef int xb_interp_fn(
	struct xb_vm *vm, const struct xb_image *image, uint64_t r1, uint64_t r2, uint64_t *ret);
xb_interp_fn xb_interp_fast, xb_interp_checked, xb_interp_traced;
/* vm.c */
extern xb_interp_fn *const xb_interps[XB_ENGINE_CNT];

#endif
