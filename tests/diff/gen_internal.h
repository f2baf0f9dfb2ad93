/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the generator knows of the program it is writing. Only as good as needed to be right most
 * of the time: a wrong guess makes a refused program, which is a test too.
 */
#ifndef TESTS_DIFF_GEN_INTERNAL_H
#define TESTS_DIFF_GEN_INTERNAL_H

#include "tests/diff/gen.h"

#define ANY_SCALAR UINT32_MAX /* greg.max of a scalar without a useful bound */
#define PKT_IDS 32	      /* packet pointers by the variable part of their offset; 0: none */
#define SUBS_MAX 4
#define EXITS_MAX 2048

enum kind {
	UNKNOWN, /* not initialised, or not on every path */
	SCALAR,
	CTX,
	PKT,
	PKT_END,
	PKT_META,
	MEM, /* a map value or a caller's stack: `size` bytes from offset 0 */
	FRAME,
};
#define KIND(k) (1u << (k))

struct greg {
	enum kind kind;
	int32_t off;	  /* of a pointer, from what it points into */
	uint32_t max;	  /* SCALAR: its upper bound */
	uint32_t size;	  /* MEM */
	uint8_t id;	  /* PKT */
	uint32_t range;	  /* PKT: bytes checked against data_end, from offset 0 */
	bool is_const;	  /* SCALAR: the verifier knows its value */
	bool is_readonly; /* MEM */
	bool is_stack;	  /* MEM: a caller's */
};

/* What holds at one place of the program. */
struct gstate {
	struct greg r[11];
	struct greg slots[64]; /* 8-byte stack slots; slot n is at r10 - 8 * (n + 1) */
	uint32_t meta_range;   /* bytes checked against data */
};

struct sub {
	struct greg args[6]; /* r1 .. r5 */
	uint32_t call;	     /* the instruction that calls it first */
};

struct gen {
	struct bpf_insn *insns;
	uint32_t cnt, budget; /* slots; where this function should end */
	uint64_t rng;
	const struct gen_opts *opts;
	const struct xb_map_def *maps;
	struct gstate s;
	uint8_t pkt_ids;		     /* used so far */
	uint16_t reserved;		     /* registers no block may write: loop counters */
	uint32_t stack_bytes;		     /* the frame a function uses */
	uint32_t depth, loops;		     /* blocks, loops around here */
	uint32_t weight;		     /* product of the loops' counts */
	uint32_t exits[EXITS_MAX], exit_cnt; /* jumps to the function's end */
	struct sub subs[SUBS_MAX];
	uint32_t sub_cnt, sub_done;
	bool is_sub;
	uint8_t scratch;      /* for the card: register for constants that are stored */
	uint32_t map_updates; /* for the card: bit n, programs put values into map n */
};

/* ---- gen.c ---- */
uint32_t gen_roll(struct gen *g, uint32_t below);
bool gen_chance(struct gen *g, uint32_t percent);
/* The same, and never in programs that shall have no mistakes. */
bool gen_errs(struct gen *g, uint32_t percent);
void gen_emit(struct gen *g, uint8_t code, uint8_t dst, uint8_t src, int32_t off, int32_t imm);
/* A register of one of these kinds, or -1. */
int gen_pick(struct gen *g, uint32_t kinds);
/* A register to write: seldom one that holds what others need. */
uint8_t gen_pick_dst(struct gen *g);
void gen_set(struct gen *g, uint8_t reg, struct greg value);
void gen_set_scalar(struct gen *g, uint8_t reg, uint32_t max);
/* A register that holds a scalar; made when there is none. */
uint8_t gen_scalar(struct gen *g);
void gen_new_scalar(struct gen *g);
/* One whose value the verifier cannot know, nearly always. */
uint8_t gen_unknown(struct gen *g);
/* A scalar in 0 .. max, made or bounded here. */
uint8_t gen_bounded(struct gen *g, uint32_t max);
int32_t gen_imm(struct gen *g);
/* An offset that is off by a little, now and then. */
int32_t gen_slip(struct gen *g, int32_t off);
/* Jump to the function's end when the condition holds, or return past it. */
void gen_leave_if(struct gen *g, uint8_t code, uint8_t dst, uint8_t src, int32_t imm);
void gen_exit(struct gen *g);
/* What is true on both paths. */
void gen_merge(struct gstate *into, const struct gstate *other);
void gen_block(struct gen *g, uint32_t gadgets);
/* A call was made: r0 - r5 are gone. */
void gen_clobber(struct gen *g);
void gen_invalidate_packet(struct gen *g);
void gen_pointer_to(struct gen *g, uint8_t dst, uint8_t src, int32_t add);

/* ---- gen_{alu,flow,mem,packet,call,ref,card}.c: a gadget each; X(name, weight, for the card) ----
 */
#define GADGET_LIST(G)                                                                             \
	G(new_scalar, 10, 8)                                                                       \
	G(alu, 22, 22)                                                                             \
	G(convert, 4, 0)                                                                           \
	G(if, 12, 12)                                                                              \
	G(compare_pointers, 2, 1)                                                                  \
	G(loop, 4, 3)                                                                              \
	G(goto, 1, 1)                                                                              \
	G(stack_store, 8, 8)                                                                       \
	G(stack_load, 8, 8)                                                                        \
	G(ctx_load, 6, 4)                                                                          \
	G(ctx_store, 1, 0)                                                                         \
	G(mem_access, 8, 8)                                                                        \
	G(mem_var_access, 4, 0)                                                                    \
	G(atomic, 4, 6)                                                                            \
	G(pointer_alu, 4, 4)                                                                       \
	G(packet_check, 9, 7)                                                                      \
	G(packet_access, 12, 14)                                                                   \
	G(packet_var, 5, 4)                                                                        \
	G(packet_meta, 2, 0)                                                                       \
	G(legacy_load, 1, 4)                                                                       \
	G(lookup, 8, 8)                                                                            \
	G(map_value, 2, 0)                                                                         \
	G(helper, 10, 8)                                                                           \
	G(tail_call, 1, 0)                                                                         \
	G(ringbuf, 1, 0)                                                                           \
	G(socket, 1, 0)                                                                            \
	G(map_in_map, 1, 0)                                                                        \
	G(stack_var, 2, 0)                                                                         \
	G(sub, 3, 3)                                                                               \
	G(card_product, 0, 5)                                                                      \
	G(card_shift, 0, 5)                                                                        \
	G(card_swap, 0, 3)                                                                         \
	G(card_copy, 0, 4)                                                                         \
	G(card_paths, 0, 3)                                                                        \
	G(card_choice, 0, 4)                                                                       \
	G(card_held, 0, 2)
#define G(name, weight, card_weight) void gadget_##name(struct gen *g);
GADGET_LIST(G)
#undef G

/* ---- gen_call.c ---- */
/* Indices in gen_maps. */
enum { HASH, ARRAY, LRU, PERCPU, PROGS, RODATA, DATA, DEVICES, EVENTS, RING, OUTER };

void gen_load_map(struct gen *g, uint8_t dst, int32_t map);
/* Write `bytes` of the stack, and give their offset. */
int32_t gen_fill_stack(struct gen *g, uint32_t bytes);
/* r0 is a value of `size` bytes or NULL: leave, or do something with it under a condition. */
void gen_check_null(struct gen *g, uint32_t size);

/* ---- gen_card.c ---- */
/* The half of a map's value that is read; counters are in the other. */
uint32_t gen_card_read_bytes(const struct greg *value);
/* A frame without garbage. */
void gen_card_begin(struct gen *g);
/* All that main has goes where it can be seen. */
void gen_card_end(struct gen *g);

/* ---- gen_mistake.c ---- */
void gen_mistake(struct gen *g);

/* ---- shorthands of the gadgets ---- */
#define MOV64_K (BPF_ALU64 | BPF_MOV | BPF_K)
#define MOV64_X (BPF_ALU64 | BPF_MOV | BPF_X)
#define MOV32_X (BPF_ALU | BPF_MOV | BPF_X)
#define ADD64_K (BPF_ALU64 | BPF_ADD | BPF_K)
#define ADD64_X (BPF_ALU64 | BPF_ADD | BPF_X)
#define AND64_K (BPF_ALU64 | BPF_AND | BPF_K)
#define JMP_K(op) (BPF_JMP | (op) | BPF_K)
#define JMP_X(op) (BPF_JMP | (op) | BPF_X)
#define LOAD(size) (BPF_LDX | BPF_MEM | (size))
#define LOAD_SIGNED(size) (BPF_LDX | 0x80 | (size)) /* BPF_MEMSX, newer than the headers */
#define STORE(size) (BPF_STX | BPF_MEM | (size))
#define STORE_K(size) (BPF_ST | BPF_MEM | (size))

static inline uint8_t
gen_size_code(uint32_t bytes)
{
	return bytes == 1 ? BPF_B : bytes == 2 ? BPF_H : bytes == 4 ? BPF_W : BPF_DW;
}

/* The field of the context where packet pointers are. */
enum ctx_field { CTX_DATA, CTX_DATA_END, CTX_DATA_META };
int16_t gen_ctx_offset(const struct gen *g, enum ctx_field field);

#endif
