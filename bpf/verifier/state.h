/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is known of a register, and how a device's hook asks for it. The walk's own bookkeeping is
 * in env.h.
 */
#ifndef XB_VERIFIER_STATE_H
#define XB_VERIFIER_STATE_H

#include "bpf/verifier/tnum.h"
#include "bpf/verifier/verifier.h"

/* Numbers are the kernel's (enum bpf_reg_type): they are in device drivers' messages and in
 * firmware interfaces. KIND(id, number, word of the log) */
#define XB_REG_KIND_LIST(KIND)                                                                     \
	KIND(NOT_INIT, 0, "?")                                                                     \
	KIND(SCALAR, 1, "scalar")                                                                  \
	KIND(PTR_CTX, 2, "ctx")                                                                    \
	KIND(PTR_MAP, 3, "map_ptr")                                                                \
	KIND(PTR_MAP_VALUE, 4, "map_value")                                                        \
	KIND(PTR_MAP_KEY, 5, "map_key")                                                            \
	KIND(PTR_STACK, 6, "fp")                                                                   \
	KIND(PTR_PACKET_META, 7, "pkt_meta")                                                       \
	KIND(PTR_PACKET, 8, "pkt")                                                                 \
	KIND(PTR_PACKET_END, 9, "pkt_end")                                                         \
	KIND(PTR_SOCKET, 11, "sock")                                                               \
	KIND(PTR_SOCK_COMMON, 12, "sock_common")                                                   \
	KIND(PTR_TCP_SOCK, 13, "tcp_sock")                                                         \
	KIND(PTR_XDP_SOCK, 15, "xdp_sock")                                                         \
	KIND(PTR_BTF_ID, 16, "ptr_")                                                               \
	KIND(PTR_MEM, 17, "mem")                                                                   \
	KIND(PTR_BUF, 19, "buf")

enum xb_reg_kind {
#define KIND(id, number, word) XB_##id = (number),
	XB_REG_KIND_LIST(KIND)
#undef KIND
};

/* Flags beside the kind in xb_reg_state.type. */
#define XB_KIND_MASK 0xffu
#define XB_MAYBE_NULL 0x100u
#define XB_MEM_RDONLY 0x200u
#define XB_MEM_RINGBUF 0x400u
#define XB_TRUSTED 0x800u /* only in lists of what a helper would take */

/* In xb_reg_state.id: this scalar is another of the same id plus the constant in off. */
#define XB_ID_ADD_CONST (1u << 31)

/* Range of a packet pointer that is known to be at, or past, the end. */
#define XB_AT_PACKET_END (-1)
#define XB_BEYOND_PACKET_END (-2)

/*
 * Up to id, fields are in the order in which states are compared with memcmp(): all before var_off
 * says which object a pointer points into and where; the bounds are of the value (scalars) or of
 * the variable part of the offset (pointers).
 */
struct xb_reg_state {
	uint32_t type; /* enum xb_reg_kind and flags */
	int32_t off;   /* fixed part of a pointer's offset; of a linked scalar, its distance */
	union {
		int64_t raw;
		int32_t range; /* packet: bytes from the base that may be accessed */
		const struct xb_map_def *map;
		uint32_t mem_size;
	};
	struct xb_tnum var_off;
	int64_t smin, smax;
	uint64_t umin, umax;
	int32_t s32_min, s32_max;
	uint32_t u32_min, u32_max;
	/* Registers of one id have the same value, the same base (packet) or come from one lookup
	 * (maybe null). 0: none. */
	uint32_t id;
	uint32_t ref_obj_id; /* of the reference that must be released; 0: none */
	uint32_t frameno;    /* stack pointers: whose stack */
	int32_t subreg_def;  /* 1 + the instruction that wrote only its low half; 0: none */
};

static inline enum xb_reg_kind
xb_reg_kind(const struct xb_reg_state *reg)
{
	return (enum xb_reg_kind)(reg->type & XB_KIND_MASK);
}

/* What a byte of the stack holds; the numbers are the kernel's. */
enum xb_slot_type {
	XB_SLOT_INVALID, /* never written */
	XB_SLOT_SPILL,	 /* a register */
	XB_SLOT_MISC,	 /* something */
	XB_SLOT_ZERO,	 /* zero */
};

/* ---- for hooks: the state in which the instruction is about to be visited (env.c) ---- */

const struct xb_reg_state *xb_verify_reg(const struct xb_verify_env *env, unsigned int regno);
/* Of a frame that called, or the one that runs. */
const struct xb_reg_state *xb_verify_frame_reg(
	const struct xb_verify_env *env, uint32_t frame, unsigned int regno);
/* The frame that runs (0: the entry). */
uint32_t xb_verify_frame(const struct xb_verify_env *env);
/* Byte at r10 + off (off < 0) of a frame's stack; a spilled register is put at *spilled (may be
 * NULL) when the byte belongs to one. */
enum xb_slot_type xb_verify_stack_byte(const struct xb_verify_env *env, uint32_t frame, int off,
	const struct xb_reg_state **spilled);
/* The value of a register matters, not only that it is a number: the walk will leave no path that
 * comes here with another. 0 or -errno. */
int xb_verify_need_precise(struct xb_verify_env *env, unsigned int regno);
/* In finalize: what xb_facts will say. */
const struct xb_facts *xb_verify_facts(const struct xb_verify_env *env);
const struct bpf_insn *xb_verify_insns(const struct xb_verify_env *env, uint32_t *cnt);
const struct xb_verify_opts *xb_verify_opts(const struct xb_verify_env *env);
/* A sentence of the hook's, for the log. */
void xb_verify_say(struct xb_verify_env *env, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* "map_value_or_null"; buf of at least 64 bytes, returned. */
const char *xb_reg_type_format(char *buf, size_t size, uint32_t type);

#endif
