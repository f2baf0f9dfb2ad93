/* SPDX-License-Identifier: BSD-2-Clause */
/* Private to jit-nfp/. Sections are titled by file. */
#ifndef JIT_INTERNAL_H
#define JIT_INTERNAL_H

#include "bpf/verifier/state.h"
#include "jit-nfp/jit.h"
#include "nic/nic.h"

/* ---- prog.c: the program and what is known of each instruction ---- */

/* Flags of an instruction. Three kinds of "emits nothing" (nfp-isa.md 11). */
#define JIT_F_JUMP_DEST (1u << 0)
#define JIT_F_SUBPROG_START (1u << 1)
#define JIT_F_CALLER_STACK (1u << 2) /* its pointer is to the stack of an outer frame */
#define JIT_F_SKIP_NOOP (1u << 3)    /* does nothing by itself */
#define JIT_F_SKIP_PREC                                                                            \
	(1u << 4)		  /* a preceding instruction does its work: no jump may land here  \
				   */
#define JIT_F_SKIP_DEAD (1u << 5) /* the core verifier removed it */
#define JIT_F_SKIP (JIT_F_SKIP_NOOP | JIT_F_SKIP_PREC | JIT_F_SKIP_DEAD)
#define JIT_F_MOVES (1u << 7) /* from the packet access before: not the same way on all paths */
#define JIT_F_ZEXT (1u << 6)  /* the upper half of its 32-bit result is read */
#define JIT_F_STUB (1u << 8)  /* refused: a word stands for it */

#define JIT_NONE UINT32_MAX /* no instruction */

struct jit_range {
	uint64_t min, max;
};

/* One slot of the program. Facts are of the last visit of the walk unless they say "all". */
struct jit_insn {
	struct bpf_insn bpf; /* as the passes have left it */
	uint32_t flags;
	uint16_t subprog;
	/* loads, stores, atomics, and of a helper call its pointer argument r2 (map key) */
	struct xb_reg_state ptr; /* type is XB_NOT_INIT when the walk recorded none */
	/* of an access to the packet: from the one before, when that is of the same packet */
	bool is_same_packet;
	int32_t step;
	bool ptr_not_const; /* all: different offsets on different paths */
	/* helper calls */
	struct xb_reg_state arg1; /* r1 */
	uint32_t arg4_kind;	  /* perf_event_output: enum xb_reg_kind of r4 */
	/* atomics, all: the addend may be above, may be at most 16 bits */
	bool over16, maybe16;
	/* ALU, all; ld_ind: src; of a call of xdp_adjust_tail, src is the low half of r2 */
	uint64_t umin_src, umax_src, umin_dst, umax_dst;
	/* what the walk passed over included (sound.c): src, or of adjust_head and _tail the low
	 * half of r2; dst */
	struct jit_range all_src, all_dst;
	bool is_seen_call;   /* a helper call that passed its checks before */
	uint16_t held_regs;  /* all: of this frame that hold values of the map it changes */
	bool is_held;	     /* all: such a value is on a stack, or an outer frame's */
	uint8_t key_padding; /* all: bytes behind its map key that may hold something */
	/* jumps and calls of subprograms */
	uint32_t jump_dest;	 /* slot, JIT_NONE: no jump */
	bool jump_neg;		 /* compare by adding: the immediate was negated (opt_neg_imm.c) */
	uint32_t words_after_br; /* of a call: words between its branch and the end of its block */
	/* loads that gather a copy (opt_gather.c) */
	int32_t gather_bytes;  /* negative: descending; 0: none */
	uint32_t gather_store; /* slot of the store whose offset is the copy's */
	/* packet loads that share a read (opt_cache.c) */
	int32_t cache_start, cache_end; /* cache_end 0: not cached */
	bool cache_owner;
	/* translation */
	uint32_t first; /* index of its first word */
};

struct jit_subprog {
	uint32_t start;	      /* slot */
	uint32_t stack_bytes; /* depth of the frame, as the driver counts */
	bool needs_push;      /* it writes r6 to r9 */
};

struct jit_map {
	const struct xb_map_def *def;
	uint32_t number;
	struct jit_map_word {
		uint8_t use; /* enum jit_map_use */
		bool nonzero;
	} * words;
	uint32_t word_cnt;
};

struct jit_prog {
	struct jit_input input;
	struct jit_insn *insns;
	uint32_t insn_cnt;
	struct jit_subprog *subprogs;
	uint32_t subprog_cnt;
	uint32_t stack_bytes;
	uint32_t max_packet_offset;
	/* the one "guaranteed" adjust_head (nfp-offload-rules.md 5): slot of the only call; 0: no
	 * call seen yet; JIT_NONE: the general form */
	uint32_t adjust_head_at;
	/* in the walk: the access to the packet before, in a line without a jump's target; JIT_NONE
	 */
	uint32_t access_before;
	bool verified;	  /* finalize was reached */
	bool hook_failed; /* a replace or remove hook failed: translation will */
	struct xb_verify_hooks hooks;
	struct jit_finding *findings;
	uint32_t finding_cnt, finding_room;
	struct jit_debug debug;
};

static inline bool
jit_is_tc(const struct jit_prog *prog)
{
	return prog->input.type == BPF_PROG_TYPE_SCHED_CLS;
}
/* Frame depth F of the subprogram, a multiple of 4 (nfp-isa.md 12.1). */
static inline uint32_t
jit_frame_bytes(const struct jit_prog *prog, const struct jit_insn *insn)
{
	return (prog->subprogs[insn->subprog].stack_bytes + 3) & ~3u;
}
/* The next slot that is an instruction (not the second half of ld_imm64); insn_cnt at the end. */
uint32_t jit_next(const struct jit_prog *prog, uint32_t slot);
/* Has translate.def a row for this opcode? */
bool jit_is_translated(uint8_t code);

#define JIT_SIZE_FIELD 0x18u /* of an opcode that accesses memory */
static inline uint32_t
jit_access_bytes(const struct jit_insn *insn)
{
	switch (BPF_SIZE(insn->bpf.code)) {
	case BPF_B: return 1;
	case BPF_H: return 2;
	case BPF_W: return 4;
	default: return 8;
	}
}
static inline bool
jit_is_load(const struct jit_insn *insn)
{
	return (insn->bpf.code & ~JIT_SIZE_FIELD) == (BPF_LDX | BPF_MEM);
}
static inline bool
jit_is_store(const struct jit_insn *insn)
{
	return (insn->bpf.code & ~JIT_SIZE_FIELD) == (BPF_STX | BPF_MEM);
}
/* LD_ABS and LD_IND, of a packet. */
static inline bool
jit_is_classic_load(const struct jit_insn *insn)
{
	uint8_t code = insn->bpf.code & (uint8_t)~JIT_SIZE_FIELD;

	return code == (BPF_LD | BPF_ABS) || code == (BPF_LD | BPF_IND);
}

/* ---- rules.c: findings ---- */

/* Adds the finding, its message made of the rule's text and what follows; returns -errno of the
 * rule, or 0 of what is no error. insn: slot as given, or -1. */
int jit_find(struct jit_prog *prog, int32_t insn, enum jit_rule rule, ...);

/* ---- hook.c, hook_{exit,mem,atomic,call,alu}.c, finalize.c: the walk is watched ---- */

void jit_hooks_init(struct jit_prog *prog);

/* One visit of the walk. Checks return 0 or -errno; what they refuse they tell by jit_tell(). */
struct jit_visit {
	struct jit_prog *prog;
	struct xb_verify_env *env; /* NULL: the walk does not come here */
	int32_t at;		   /* slot; -1: the whole program */
	struct jit_insn *insn;
};
/* To the log, with the driver's prefix, and to the findings. Returns what the check must: -errno
 * of the rule, or 0 of what is no error or when the program is to be looked through to its end. */
int jit_tell(const struct jit_visit *v, enum jit_rule rule, ...);

int jit_check_exit(const struct jit_visit *v);
int jit_check_load(const struct jit_visit *v);
int jit_check_store(const struct jit_visit *v);
int jit_check_atomic(const struct jit_visit *v);
int jit_check_alu(const struct jit_visit *v);
int jit_check_helper(const struct jit_visit *v);
/* Of these the part that needs no walk. */
int jit_check_has_helper(const struct jit_visit *v);
int jit_check_atomic_op(const struct jit_visit *v);
/* hook_held.c: of a call that changes a map. */
void jit_note_held(const struct jit_visit *v);
/* Of a register that is dereferenced, in the order of nfp-offload-rules.md 4.2; records it. */
int jit_check_ptr(const struct jit_visit *v, unsigned int regno);
/* Widen what is known of the instruction's source. */
void jit_note_src(struct jit_insn *insn, uint64_t umin, uint64_t umax);

int jit_finalize(void *dev, struct xb_verify_env *env);
int jit_replace_insn(void *dev, struct xb_verify_env *env, uint32_t off, const struct bpf_insn *to);
int jit_remove_insns(void *dev, struct xb_verify_env *env, uint32_t off, uint32_t cnt);

static inline const struct xb_reg_state *
jit_reg(const struct jit_visit *v, unsigned int regno)
{
	return xb_verify_reg(v->env, regno);
}
/* A pointer's fixed offset; its variable part must be constant. */
static inline int64_t
jit_ptr_off(const struct xb_reg_state *reg)
{
	return (int64_t)(reg->var_off.value + (uint64_t)(int64_t)reg->off);
}

static inline bool
jit_is_atomic(const struct jit_insn *insn)
{
	return (insn->bpf.code & ~JIT_SIZE_FIELD) == (BPF_STX | BPF_ATOMIC);
}
static inline bool
jit_is_alu(const struct jit_insn *insn)
{
	return BPF_CLASS(insn->bpf.code) == BPF_ALU || BPF_CLASS(insn->bpf.code) == BPF_ALU64;
}
static inline bool
jit_is_jump(const struct jit_insn *insn)
{
	return BPF_CLASS(insn->bpf.code) == BPF_JMP || BPF_CLASS(insn->bpf.code) == BPF_JMP32;
}
static inline bool
jit_is_cond_jump(const struct jit_insn *insn)
{
	uint8_t op = BPF_OP(insn->bpf.code);

	return jit_is_jump(insn) && op != BPF_JA && op != BPF_CALL && op != BPF_EXIT;
}
static inline bool
jit_is_local_call(const struct jit_insn *insn)
{
	return insn->bpf.code == (BPF_JMP | BPF_CALL) && insn->bpf.src_reg == BPF_PSEUDO_CALL;
}
static inline bool
jit_is_helper_call(const struct jit_insn *insn)
{
	return insn->bpf.code == (BPF_JMP | BPF_CALL) && insn->bpf.src_reg != BPF_PSEUDO_CALL;
}

/* ---- advice.c ---- */

/* Why and what instead, of just this helper or instruction; else they stay. slot may be -1. */
void jit_advise(const struct jit_prog *prog, struct jit_finding *finding);

/* ---- sound.c: what the walk does not visit ---- */

void jit_find_ranges(struct jit_prog *prog, struct xb_verify_env *env);

/* ---- map.c ---- */

/* The card's map that the walk names; NULL when the program was given none for it. */
struct jit_map *jit_map_of(
	const struct jit_prog *prog, const struct xb_verify_env *env, const struct xb_map_def *def);

/* ---- quirks.c: where the driver's code does not do what the program says ---- */

/* After the passes, before any word is emitted. */
void jit_find_quirks(struct jit_prog *prog);
/* quirks_call.c: of calls and frames. */
void jit_find_call_quirks(struct jit_prog *prog, uint32_t slot);
/* Could what reg holds behind this slot be read? In doubt, which begins at the next jump, yes. */
bool jit_is_read_after(const struct jit_prog *prog, uint32_t slot, uint32_t reg);

/* ---- opt.c, opt_*.c: passes, in the driver's order ---- */

void jit_optimize(struct jit_prog *prog);

void jit_opt_reg_init(struct jit_prog *prog); /* nfp-isa.md 11.1 */
void jit_opt_neg_imm(struct jit_prog *prog);  /* 11.2 */
void jit_opt_ld_mask(struct jit_prog *prog);  /* 11.3 */
void jit_opt_ld_shift(struct jit_prog *prog); /* 11.4 */
void jit_opt_gather(struct jit_prog *prog);   /* 11.5 */
void jit_opt_cache(struct jit_prog *prog);    /* 11.6 */

/* ---- emit.c: one word ---- */

/* The words so far. err is sticky: nothing is emitted after the first. */
struct jit_out {
	struct jit_prog *prog;
	struct jit_image *image;
	uint32_t max;  /* words that fit */
	uint32_t end;  /* index of the word behind the last instruction's (translate.c) */
	uint32_t slot; /* the instruction being translated, or JIT_NO_INSN */
	int err;       /* -errno */
	/* Of who goes on: */
	bool is_over; /* the card's limit was passed */
	bool is_told; /* that the translation failed */
};

/* Registers by their use (nfp-isa.md 8.1). */
#define JIT_GPR_IMM 21u	   /* imm_a, imm_b */
#define JIT_GPR_IMM40 20u  /* 40-bit address of an atomic */
#define JIT_GPR_FRAME 22u  /* A: stack base */
#define JIT_GPR_PKTLEN 22u /* B: packet length */
static inline struct nic_reg
jit_a(uint32_t num)
{
	return nic_gpr(NIC_GPR_A, num);
}
static inline struct nic_reg
jit_b(uint32_t num)
{
	return nic_gpr(NIC_GPR_B, num);
}
static inline struct nic_reg
jit_both(uint32_t num)
{
	return nic_gpr(NIC_GPR_BOTH, num);
}
static inline struct nic_reg
jit_none(void)
{
	return (struct nic_reg){ .kind = NIC_NONE };
}

/* A shift: direction and amount; all zero: none. */
struct jit_shift {
	enum nic_sc sc;
	uint32_t amount;
};

/* The layers below have one word each; a word that cannot be encoded, or does not fit into the
 * card's limit, sets out->err and is a finding. */
void emit_word(struct jit_out *out, const struct nic_insn *insn, enum nic_reloc reloc);
/* op: an operation of form ALU (NIC_OP_ADD ...). */
void emit_alu(struct jit_out *out, struct nic_reg dst, struct nic_reg left, enum nic_op op,
	struct nic_reg right);
/* op: NIC_OP_SHF_*, _DBL_SHF, _ASR. amount 0 with a direction: indirect, unless it is a constant
 * that the driver puts there all the same (quirk 14.4). */
void emit_shf(struct jit_out *out, struct nic_reg dst, struct nic_reg left, enum nic_op op,
	struct nic_reg right, struct jit_shift shift);
/* mask: bytes, bit 0 the least significant. */
void emit_ld_field(struct jit_out *out, struct nic_reg dst, uint32_t mask, struct nic_reg src,
	struct jit_shift shift);
void emit_ld_field_clr(struct jit_out *out, struct nic_reg dst, uint32_t mask, struct nic_reg src,
	struct jit_shift shift);
/* op: NIC_OP_IMMED, _IMMED_W1 ...; shift in bytes. */
void emit_immed(struct jit_out *out, struct nic_reg dst, enum nic_op op, uint32_t imm, bool inv,
	uint32_t shift_bytes);
/* An index of a word of this program, which loading makes an address: emit_immed() cannot. */
void emit_immed_reloc(struct jit_out *out, struct nic_reg dst, uint32_t index);
/* op: NIC_OP_BR, _BEQ ...; target: index of a word, or NIC_RELOC_TARGET (+ helper). */
void emit_br(
	struct jit_out *out, enum nic_op op, uint32_t target, uint32_t defer, enum nic_reloc reloc);
void emit_br_bit(struct jit_out *out, bool set, struct nic_reg reg, uint32_t bit, uint32_t target,
	uint32_t defer);
void emit_rtn(struct jit_out *out, struct nic_reg reg, uint32_t defer);
void emit_csr_wr(struct jit_out *out, struct nic_reg src, enum nic_csr csr);
void emit_csr_rd(struct jit_out *out, enum nic_csr csr);
/* op: NIC_OP_MUL_*; operands as the operation's. */
void emit_mul(struct jit_out *out, enum nic_op op, struct nic_reg dst, struct nic_reg left,
	struct nic_reg right);
void emit_nop(struct jit_out *out);

/* A command to a memory (nfp-isa.md 6). */
struct jit_cmd {
	const char *name;	    /* of commands.def: "read32_swap" */
	enum nic_op mode;	    /* NIC_OP_CMD_32 (packets), NIC_OP_CMD_B40 (maps) */
	uint32_t xfer;		    /* first transfer register */
	struct nic_reg left, right; /* the address's parts */
	uint32_t cnt;		    /* field CNT, raw: units - 1 */
	bool swap;		    /* contexts swap until it is done, else it is posted */
	uint32_t defer;
	bool indirect; /* PREV_ALU has the length */
};
void emit_cmd(struct jit_out *out, const struct jit_cmd *cmd);

/* ---- idiom.c: the driver's idioms (nfp-isa.md 9) ---- */

void wrp_immed(struct jit_out *out, struct nic_reg dst, uint32_t value); /* LOADIMM */
/* UIMM, RIMM: an operand with that value, tmp loaded when it does not fit. */
struct nic_reg wrp_unrestricted(struct jit_out *out, uint32_t value, struct nic_reg tmp);
struct nic_reg wrp_restricted(struct jit_out *out, uint32_t value, struct nic_reg tmp);
void wrp_mov(struct jit_out *out, struct nic_reg dst, struct nic_reg src);
void wrp_reg_mov(struct jit_out *out, uint32_t dst, uint32_t src);		   /* RMOV */
void wrp_zext(struct jit_out *out, const struct jit_insn *insn, uint32_t dst_reg); /* eBPF reg */
void wrp_nops(struct jit_out *out, uint32_t cnt);
/* SUBPART, ORPART: len bytes of src from byte off; to byte off of dst. */
void wrp_reg_subpart(
	struct jit_out *out, struct nic_reg dst, struct nic_reg src, uint32_t len, uint32_t off);
void wrp_reg_orpart(
	struct jit_out *out, struct nic_reg dst, struct nic_reg src, uint32_t len, uint32_t off);
/* ADDR40: base register pair of eBPF reg plus offset, as an address's two parts. */
struct jit_addr40 {
	struct nic_reg low, high;
};
struct jit_addr40 wrp_addr40(struct jit_out *out, uint32_t reg, struct nic_reg off);

/* ---- translate.c: instructions to words; translate_*.c hold the functions of translate.def ----
 */

/* Emits the words of one instruction; errors are out->err. */
typedef void jit_emitter(struct jit_out *out, struct jit_insn *insn);
#define ROW(code, name) jit_emitter jit_##name;
#include "jit-nfp/translate.def"
#undef ROW
/* NULL: "instruction not supported". */
jit_emitter *jit_emitter_of(uint8_t code);

/* An emitter found that it cannot: the driver's -errno for the translation. */
void jit_cannot(struct jit_out *out, int err);

/* translate_call.c: does the driver point LM0 to this map call's key? It takes one for being at the
 * beginning of the frame by its offset alone. */
bool jit_is_key_elsewhere(const struct jit_prog *prog, const struct jit_insn *insn);

/* ---- translate_{stack,copy,ctx}.c: accesses by what the pointer points to ---- */

jit_emitter jit_copy; /* a load that gathers a copy */
jit_emitter jit_stack_load, jit_stack_store;
jit_emitter jit_ctx_load, jit_ctx_store;
/* Has the card the field that this load of the context loads? */
bool jit_has_ctx_field(const struct jit_prog *prog, const struct jit_insn *insn);

/* A command of so many units, waited for; more than JIT_UNITS_DIRECT are said by a word before. */
#define JIT_UNITS_DIRECT 8u
void jit_emit_transfer(struct jit_out *out, struct jit_cmd cmd, uint32_t units);
/* A finding where the driver's sum of address and offset is wrong. */
void jit_check_map_offset(struct jit_out *out, const struct jit_insn *insn);

/* ---- translate_muldiv.c ---- */

/* n / divisor == ((n * multiplier) >> 32) >> shift for every n of so many bits (<= 32); when it is
 * wide the multiplier has 33 bits, the highest not kept. 0 < divisor <= 2^31. */
struct jit_reciprocal {
	uint32_t multiplier, shift;
	uint32_t log; /* of the divisor, rounded up */
	bool is_wide;
};
struct jit_reciprocal jit_reciprocal_of(uint32_t divisor, uint32_t bits);

/* How the driver divides 32 bits by a constant, 0 < divisor <= 2^31: shift right by `before`,
 * multiply, shift right by `last`; of a power of two only the last. */
struct jit_division {
	struct jit_reciprocal reciprocal;
	uint32_t before, last;
	bool is_power;
};
struct jit_division jit_division_by(uint32_t divisor);

/* Are both factors known to have 16 bits at most, so that the short steps do? */
bool jit_is_mul16(const struct jit_insn *insn);

/* ---- outro.c ---- */

void jit_emit_intro(struct jit_out *out);
void jit_emit_outro(struct jit_out *out); /* sets out, abort, push, pop of the image; 8 nops */

/* ---- fixup.c: branches get their targets ---- */

/* Needs out->end, and of each instruction where its words begin. */
void jit_fixup_branches(struct jit_out *out);

#endif
