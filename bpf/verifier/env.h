/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the files of bpf/verifier/ share. The life of a program goes down this file: its functions
 * and jumps are found (1), each path is walked (2) with a state (3) that instructions change (4);
 * what was walked is compared with what comes (5).
 *
 * Errors: 0 or -errno with a sentence said; functions that return bool say nothing unless noted.
 */
#ifndef XB_VERIFIER_ENV_H
#define XB_VERIFIER_ENV_H

#include "bpf/internal.h"
#include "bpf/verifier/state.h"

/* Limits of the kernel (include/linux/bpf_verifier.h, kernel/bpf/verifier.c). */
#define XV_MAX_SUBPROGS 256u
#define XV_MAX_BRANCHES 8192u	  /* paths waiting to be walked */
#define XV_MAX_VAR_OFF (1 << 29)  /* variable offsets, fixed offsets, sizes */
#define XV_MAX_PACKET_OFF 0xffffu /* bytes of a packet that can be reasoned about */
#define XV_STACK_MAX 512	  /* bytes of one frame */
#define XV_SLOTS (XV_STACK_MAX / 8)
#define XV_REGS 11
#define XV_FP 10
/* Ours: states may hold this much memory; a program that needs more is refused. */
#define XV_MAX_STATE_BYTES (UINT64_C(900) << 20)

/* Of newer headers. */
#ifndef BPF_MEMSX
#define BPF_MEMSX 0x80
#endif
#define XV_JCOND (BPF_JMP | 0xe0)

/* ---- 3. states ---- */

/* Registers of a frame and its stack are shared between states until one changes them. */
struct xv_regs {
	uint32_t refs;
	struct xb_reg_state r[XV_REGS];
};

struct xv_spill {
	uint32_t refs;
	struct xb_reg_state r;
};

/* Eight bytes. type[7] is the byte at the lowest address; spill is there exactly when that byte is
 * XB_SLOT_SPILL. */
struct xv_slot {
	uint8_t type[8];
	struct xv_spill *spill;
};

/* slot[0] is r10-8 .. r10-1. */
struct xv_stack {
	uint32_t refs;
	uint32_t cnt;
	struct xv_slot slot[XV_SLOTS];
};

#define XV_NO_PARENT 0xff

/*
 * Liveness, as in the kernel, but as bits beside the values, so that values can be shared. A read
 * is told to the state from which the value came: the parent, in the frame parent[] (arguments and
 * results of calls change frames), until a write is in between.
 */
struct xv_frame {
	struct xv_regs *regs;
	struct xv_stack *stack; /* NULL: nothing touched yet */
	int32_t callsite;	/* instruction of the call; -1: an entry */
	uint32_t subprog;
	uint16_t read32, read64, written; /* bit n: register n */
	uint16_t precise;		  /* the value matters, not only the type */
	uint8_t parent[XV_REGS];
	uint8_t linked; /* slots that the parent has too */
	uint64_t slot_read, slot_written, slot_precise;
};

struct xv_ref {
	uint32_t id, insn;
};

struct xv_state {
	struct xv_state *parent, *next; /* next: in its list of explored states */
	uint32_t insn;			/* explored states: where */
	uint32_t branches;		/* paths from here not yet walked to their end */
	int32_t first_insn, last_insn;
	uint32_t hist_start, hist_end; /* in env->hist */
	uint32_t hits, misses;
	bool is_done; /* liveness is final */
	uint32_t curframe;
	uint32_t ref_cnt;
	struct xv_ref *refs;
	uint32_t
		room; /* of frame[]: curframe + 1 in an explored one, XB_FRAMES_MAX in the others */
	struct xv_frame frame[];
};

/* A path waiting to be walked. */
struct xv_branch {
	struct xv_branch *next;
	struct xv_state *st;
	int32_t insn, prev;
	size_t log_len;
};

/* One step back in time, where it is not the instruction before. */
struct xv_hist {
	uint32_t insn, prev;
	uint16_t flags; /* XV_HIST_* */
	uint16_t linked_cnt;
	struct xv_linked {
		uint8_t frame, n;
		bool is_reg;
	} linked[6];
};

#define XV_LINKED_MAX 6u
#define XV_HIST_FRAME_MASK 0x7u
#define XV_HIST_SLOT_SHIFT 3
#define XV_HIST_SLOT_MASK 0x3fu
#define XV_HIST_STACK 0x200u /* a spill or fill of that slot */
#define XV_HIST_DST_FP 0x400u
#define XV_HIST_SRC_FP 0x800u

struct xv_linked_set {
	uint32_t cnt;
	struct xv_linked e[XV_LINKED_MAX];
};

/* Registers and slots that must be precise, by frame, on the way back. */
struct xv_backtrack {
	uint32_t frame;
	uint16_t regs[XB_FRAMES_MAX];
	uint64_t slots[XB_FRAMES_MAX];
};

/* A parameter of a function, from BTF. */
enum xv_param { XV_PARAM_SCALAR, XV_PARAM_CTX, XV_PARAM_MEM };

struct xv_subprog {
	uint32_t start;
	uint32_t stack_depth; /* bytes */
	uint32_t btf_id;      /* of the BTF_KIND_FUNC; 0: none */
	const char *name;
	bool is_global, is_called, is_verified;
	bool has_tail_call, has_ld_abs, changes_packet;
	bool is_unreliable; /* BTF and registers disagreed */
	bool has_params;
	uint32_t param_cnt;
	struct {
		enum xv_param kind;
		bool may_be_null;
		uint32_t size;
	} param[5];
};

/* What is known of an instruction beside what goes into struct xb_insn_facts. */
struct xv_aux {
	bool is_prune_point : 1, is_jump_point : 1;
	bool is_wide : 1;
	uint32_t ptr_type; /* kind of pointer it was used with */
	uint32_t map;	   /* index of LD_MAP_IDX* */
};

struct xb_verify_env {
	const struct bpf_insn *insns;
	uint32_t cnt;
	const struct xb_verify_opts *opts;
	struct xb_log *log;
	unsigned int level;
	struct xb_facts facts;
	struct xv_aux *aux;
	struct xv_subprog *subprog; /* one more than subprog_cnt: the end */
	uint32_t subprog_cnt;
	bool has_btf_funcs;
	bool *is_map_checked; /* by map: its value may be used */

	struct xv_state *cur;
	struct xv_branch *branches;
	uint32_t branch_cnt;
	int32_t insn, prev; /* now, and before it on this path (-1: the entry) */
	uint32_t id_gen;

	struct xv_hist *hist;
	uint32_t hist_cap;
	struct xv_hist *cur_hist; /* entry of the instruction now */
	struct xv_backtrack bt;

	struct xv_state **explored; /* lists, by instruction and callsite */
	struct xv_state *retired;   /* in no list, but still somebody's parent */
	struct xv_idmap *idmap;

	uint32_t insn_processed, jumps_processed;
	uint32_t prev_insn_processed, prev_jumps_processed;
	uint32_t max_states_per_insn, total_states, peak_states, longest_read_walk;
	uint64_t state_bytes;
	bool out_of_memory;

	/* log.c */
	size_t log_start; /* what was in the log before us stays */
	const struct xb_line *said_line;
	int32_t said_insn; /* its listing is the log's last line */
	size_t insn_end, insn_width;
	uint16_t touched_regs;
	uint64_t touched_slots;
};

static inline struct xv_frame *
xv_cur(struct xb_verify_env *env)
{
	return &env->cur->frame[env->cur->curframe];
}

/* Registers of the frame that runs; may be written (walk.c makes them its own). */
static inline struct xb_reg_state *
xv_reg(struct xb_verify_env *env, unsigned int n)
{
	return &env->cur->frame[env->cur->curframe].regs->r[n];
}

/* frame.c: values shared until written */
struct xv_state *xv_state_new(struct xb_verify_env *env, uint32_t frames);
/* Room for `frames` (at least from's). NULL: no memory. */
struct xv_state *xv_state_copy(
	struct xb_verify_env *env, const struct xv_state *from, uint32_t frames);
void xv_state_free(struct xb_verify_env *env, struct xv_state *st);
int xv_frame_init(struct xb_verify_env *env, struct xv_frame *fr, uint32_t frameno,
	int32_t callsite, uint32_t subprog);
void xv_frame_release(struct xb_verify_env *env, struct xv_frame *fr);
/* Registers, or stack, that no other state sees. false: no memory. */
bool xv_own_regs(struct xb_verify_env *env, struct xv_frame *fr);
bool xv_own_stack(struct xb_verify_env *env, struct xv_frame *fr);
/* At least `bytes` of stack. */
int xv_stack_grow(struct xb_verify_env *env, struct xv_frame *fr, int64_t bytes);
/* The spilled register of an owned stack, to be written. NULL: no memory. */
struct xb_reg_state *xv_own_spill(struct xb_verify_env *env, struct xv_slot *slot);
void xv_drop_spill(struct xb_verify_env *env, struct xv_slot *slot);
/* References that the program must release. */
int xv_acquire_ref(struct xb_verify_env *env, uint32_t id, uint32_t insn);
bool xv_release_ref(struct xb_verify_env *env, struct xv_state *st, uint32_t id);
/* A change to all registers and spilled registers of a state that want it. */
struct xv_change {
	bool (*wants)(const struct xv_change *c, const struct xb_reg_state *reg);
	void (*change)(const struct xv_change *c, struct xb_reg_state *reg);
	const struct xb_verify_env *env;
	uint32_t type, id;
	int32_t range;
	bool is_null;
};
int xv_each_reg(struct xb_verify_env *env, struct xv_state *st, const struct xv_change *c);

static inline bool
xv_is_spill(const struct xv_slot *slot)
{
	return slot->type[7] == XB_SLOT_SPILL;
}

static inline bool
xv_is_scalar_spill(const struct xv_slot *slot)
{
	return xv_is_spill(slot) && slot->spill->r.type == XB_SCALAR;
}

/* bounds.c: the value of a register */
void xv_set_known(struct xb_reg_state *reg, uint64_t value); /* keeps type, forgets ids */
void xv_set_low_known(struct xb_reg_state *reg, uint32_t value);
void xv_set_unknown(struct xb_reg_state *reg);	/* a scalar; keeps subreg_def */
void xv_set_not_init(struct xb_reg_state *reg); /* keeps subreg_def */
void xv_set_unbounded(struct xb_reg_state *reg);
void xv_set_unbounded64(struct xb_reg_state *reg);
void xv_set_unbounded32(struct xb_reg_state *reg);
void xv_bounds_from_bits(struct xb_reg_state *reg);
void xv_bounds_from_bits32(struct xb_reg_state *reg);
void xv_bounds_sync(struct xb_reg_state *reg);
/* NULL, or how the bounds contradict each other. */
const char *xv_bounds_check(const struct xb_reg_state *reg);
void xv_zero_extend(struct xb_reg_state *reg);
void xv_truncate(struct xb_reg_state *reg, unsigned int bytes);
void xv_sign_extend(struct xb_reg_state *reg, unsigned int bytes);
void xv_sign_extend32(struct xb_reg_state *reg, unsigned int bytes);

static inline bool
xv_is_const(const struct xb_reg_state *reg)
{
	return reg->type == XB_SCALAR && xb_tnum_is_const(reg->var_off);
}

static inline bool
xv_is_null(const struct xb_reg_state *reg)
{
	return xv_is_const(reg) && reg->var_off.value == 0;
}

static inline bool
xv_is_packet(const struct xb_reg_state *reg)
{
	return reg->type == XB_PTR_PACKET || reg->type == XB_PTR_PACKET_META;
}

static inline bool
xv_is_packet_or_end(const struct xb_reg_state *reg)
{
	return xv_is_packet(reg) || reg->type == XB_PTR_PACKET_END;
}

static inline void
xv_forget_id(struct xb_reg_state *reg)
{
	reg->id = 0;
	reg->off = 0;
}

/* Bits needed for the largest value. */
static inline unsigned int
xv_width(const struct xb_reg_state *reg)
{
	return reg->umax ? 64 - (unsigned int)__builtin_clzll(reg->umax) : 0;
}

/* scalar.c: dst = dst op src. False: nothing is known of the result, dst is left alone. */
bool xv_scalar_op(uint8_t op, bool is_32, struct xb_reg_state *dst, const struct xb_reg_state *src);
/* dst += src of linked registers: bounds and bits, without the final synchronisation. */
void xv_scalar_add(struct xb_reg_state *dst, const struct xb_reg_state *src);

/* branch.c: comparisons */
int xv_branch_taken(
	const struct xb_reg_state *a, const struct xb_reg_state *b, uint8_t op, bool is_32);
uint8_t xv_op_flip(uint8_t op);	   /* of "a op b" as "b op' a" */
uint8_t xv_op_reverse(uint8_t op); /* when it is false */
void xv_refine(struct xb_reg_state *a, struct xb_reg_state *b, uint8_t op, bool is_32);
bool xv_is_not_null(const struct xb_reg_state *reg);

/* ---- 1. subprog.c, btf.c, prepare.c, cfg.c ---- */

int xv_find_subprogs(struct xb_verify_env *env);
int xv_check_subprogs(struct xb_verify_env *env);
int xv_check_stack_depth(struct xb_verify_env *env);
struct xv_subprog *xv_subprog_of(struct xb_verify_env *env, uint32_t insn);
int xv_find_subprog(struct xb_verify_env *env, int64_t start); /* index, or -ENOENT */
int xv_check_btf_funcs(struct xb_verify_env *env);
/* Parameters of a function into env->subprog[n]. */
int xv_read_params(struct xb_verify_env *env, uint32_t n);
/* NULL, or the name of a structure in the map's value that we cannot check accesses to. */
const char *xv_map_special_field(const struct xb_verify_env *env, const struct xb_map_def *map);
int xv_prepare(struct xb_verify_env *env);
int xv_check_cfg(struct xb_verify_env *env);

static inline bool
xv_is_local_call(const struct bpf_insn *insn)
{
	return insn->code == (BPF_JMP | BPF_CALL) && insn->src_reg == BPF_PSEUDO_CALL;
}

static inline bool
xv_is_helper_call(const struct bpf_insn *insn)
{
	return insn->code == (BPF_JMP | BPF_CALL) && insn->src_reg == 0;
}

static inline bool
xv_is_fetch(const struct bpf_insn *insn)
{
	return BPF_CLASS(insn->code) == BPF_STX && BPF_MODE(insn->code) == BPF_ATOMIC &&
	       (insn->imm & BPF_FETCH);
}

/* ---- 2. walk.c ---- */

int xv_walk_all(struct xb_verify_env *env);
/* Another path, a copy of the state now. NULL: no memory or too many, *err set. */
struct xv_state *xv_push_branch(struct xb_verify_env *env, int32_t insn, int32_t prev, int *err);

/* ---- 4. instructions ---- */

/* live.c */
enum xv_use { XV_SRC, XV_DST, XV_DST_KEEP };
/* A register is read or written by the instruction now. XV_DST also makes it unknown. */
int xv_use_reg(struct xb_verify_env *env, unsigned int n, enum xv_use use);
void xv_read_reg(
	struct xb_verify_env *env, struct xv_state *st, uint32_t frame, unsigned int n, bool is_64);
void xv_read_slot(struct xb_verify_env *env, struct xv_state *st, uint32_t frame, uint32_t slot);
void xv_mark_zext(struct xb_verify_env *env, struct xb_reg_state *reg);
/* What an explored state reads, its equivalent reads. */
void xv_propagate_reads(struct xb_verify_env *env, const struct xv_state *old);
/* The state was saved as `saved`: reads are told to it from now on. */
void xv_link(struct xv_state *st, struct xv_state *saved);

/* check_alu.c, check_ptr.c */
int xv_check_alu(struct xb_verify_env *env, const struct bpf_insn *insn);
int xv_pointer_op(struct xb_verify_env *env, const struct bpf_insn *insn,
	const struct xb_reg_state *ptr, const struct xb_reg_state *off);
const char *xv_alu_sign(uint8_t op);
void xv_set_reg_unknown(struct xb_verify_env *env, unsigned int n);
void xv_set_reg_known(struct xb_verify_env *env, unsigned int n, uint64_t value);
int xv_check_bounds(struct xb_verify_env *env, struct xb_reg_state *reg, const char *where);
void xv_link_scalar(struct xb_verify_env *env, struct xb_reg_state *src);
/* reg of a register (n >= 0) is copied into another of the same frame. */
void xv_copy_reg(struct xb_verify_env *env, unsigned int dst, unsigned int src);

/* check_mem.c */
struct xv_access {
	unsigned int regno;
	int off;
	int size;
	bool is_write;
	int value; /* register stored or loaded; -1: none */
	bool is_strict, is_signed;
};
int xv_check_access(struct xb_verify_env *env, const struct xv_access *a);
int xv_check_load(struct xb_verify_env *env, const struct bpf_insn *insn);
int xv_check_store(struct xb_verify_env *env, const struct bpf_insn *insn);
int xv_check_store_imm(struct xb_verify_env *env, const struct bpf_insn *insn);
int xv_size_of(const struct bpf_insn *insn); /* bytes it loads or stores */
/* May one instruction access this kind of pointer and another? */
bool xv_may_be_mixed(uint32_t type);
int xv_remember_type(struct xb_verify_env *env, uint32_t type);
/* check_atomic.c */
int xv_check_atomic(struct xb_verify_env *env, const struct bpf_insn *insn);
int xv_check_alignment(struct xb_verify_env *env, const struct xb_reg_state *reg, int off, int size,
	bool is_strict);
int xv_check_unmodified(struct xb_verify_env *env, const struct xb_reg_state *reg,
	unsigned int regno, bool fixed_off_ok);
int xv_check_packet(struct xb_verify_env *env, unsigned int regno, int off, int size, bool zero_ok);
int xv_check_map_value(
	struct xb_verify_env *env, unsigned int regno, int off, int size, bool zero_ok);
bool xv_is_map_readonly(const struct xb_map_def *map);
int xv_check_map_rights(
	struct xb_verify_env *env, unsigned int regno, int off, int size, bool is_write);
int xv_check_region(struct xb_verify_env *env, unsigned int regno, int off, int size,
	uint32_t mem_size, bool zero_ok);
bool xv_map_is_constant(const struct xb_map_def *map);

/* check_stack.c */
int xv_check_stack(struct xb_verify_env *env, const struct xv_access *a, int off);
/* A helper reads (or, with raw, fills) size bytes of stack. raw is set when bytes need not be
 * initialised: the caller writes them afterwards. */
struct xv_raw {
	bool is_wanted;
	unsigned int regno;
	int size; /* out: bytes to be written */
};
int xv_check_stack_range(struct xb_verify_env *env, unsigned int regno, int off, int size,
	bool zero_ok, bool is_helper, struct xv_raw *raw);

/* ctx.c */
/* May the context be accessed so? *type is what a load yields. */
bool xv_ctx_allows(const struct xb_verify_env *env, int off, int size, bool is_write,
	bool is_signed, uint32_t *type);
bool xv_sock_allows(enum xb_reg_kind kind, int off, int size);

/* linked.c: into the set, all copies of the scalar with this id */
int xv_collect_linked(struct xb_verify_env *env, uint32_t id, struct xv_linked_set *set);
/* What is known of register n is known of the set's others. */
int xv_sync_linked(struct xb_verify_env *env, struct xv_state *st, unsigned int n,
	const struct xv_linked_set *set);

/* check_jmp.c, check_call.c, check_helper.c */
int xv_check_cond(struct xb_verify_env *env, const struct bpf_insn *insn);
int xv_check_ld_imm(struct xb_verify_env *env, const struct bpf_insn *insn);
int xv_check_ld_abs(struct xb_verify_env *env, const struct bpf_insn *insn);
int xv_check_call(struct xb_verify_env *env, const struct bpf_insn *insn);
int xv_return(struct xb_verify_env *env);
int xv_check_exit(struct xb_verify_env *env);
void xv_clobber_caller_saved(struct xb_verify_env *env, uint32_t frame);
void xv_change_to_unknown(const struct xv_change *c, struct xb_reg_state *reg);
int xv_clear_packets(struct xb_verify_env *env, struct xv_state *st);
int xv_mark_null_or_not(
	struct xb_verify_env *env, struct xv_state *st, unsigned int regno, bool is_null);
void xv_mark_not_null(const struct xb_verify_env *env, struct xb_reg_state *reg);
int xv_check_refs_released(struct xb_verify_env *env);
int xv_check_helper(struct xb_verify_env *env, const struct bpf_insn *insn);
bool xv_helper_changes_packet(const struct xb_verify_env *env, int32_t id);
int xv_check_helper_mem(struct xb_verify_env *env, unsigned int regno, int size, bool is_write,
	bool zero_ok, struct xv_raw *raw);
int xv_check_arg_off(struct xb_verify_env *env, const struct xb_reg_state *reg, unsigned int regno,
	bool is_release);

/* ---- 5. precision.c, prune.c ---- */

/* The value of a scalar register matters: everything it was made from, back to where it is known,
 * matters too. */
int xv_need_precise(struct xb_verify_env *env, unsigned int n);
/* The same for all in env->bt. */
int xv_need_precise_all(struct xb_verify_env *env);
int xv_push_hist(struct xb_verify_env *env, uint16_t flags, const struct xv_linked_set *linked);
/* 1: an equivalent state was walked, stop here. */
int xv_is_visited(struct xb_verify_env *env);
void xv_free_explored(struct xb_verify_env *env);
struct xv_idmap *xv_idmap_new(void);

/* ---- log.c ---- */

/* A sentence of a refusal. The instruction it is about is said before it, at any level. */
void xv_say(struct xb_verify_env *env, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Something of the walk, from log level 1. */
void xv_note(struct xb_verify_env *env, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* -EOPNOTSUPP, and "not supported by this verifier: ..." */
int xv_unsupported(struct xb_verify_env *env, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
void xv_say_insn(struct xb_verify_env *env);
void xv_say_state(struct xb_verify_env *env, const struct xv_state *st, uint32_t frame, bool all);
void xv_say_insn_state(struct xb_verify_env *env);
void xv_say_line(struct xb_verify_env *env, uint32_t insn, const char *prefix);
void xv_touch_all(struct xb_verify_env *env);
void xv_log_cut(struct xb_verify_env *env, size_t len);
/* "regs=r1,r2 stack=-8 " */
void xv_note_set(struct xb_verify_env *env, uint16_t regs, uint64_t slots);

/* Text of a register type for one message. */
struct xv_type_text {
	char s[64];
};
static inline struct xv_type_text
xv_type_text(uint32_t type)
{
	struct xv_type_text t;

	xb_reg_type_format(t.s, sizeof(t.s), type);
	return t;
}
#define XV_TYPE(type) (xv_type_text(type).s)

struct xv_tnum_text {
	char s[48];
};
static inline struct xv_tnum_text
xv_tnum_text(struct xb_tnum a)
{
	struct xv_tnum_text t;

	xb_tnum_format(t.s, sizeof(t.s), a);
	return t;
}
#define XV_TNUM(a) (xv_tnum_text(a).s)

/* ---- facts.c, hooks.c ---- */

int xv_fill_facts(struct xb_verify_env *env);
/* The instruction about to be visited, into its facts. */
void xv_gather_facts(struct xb_verify_env *env);
/* After the walk. 0, or -ENOMEM; what the device says of it refuses nothing. */
int xv_tell_dead_code(struct xb_verify_env *env);

#endif
