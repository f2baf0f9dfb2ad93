/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * xb: the eBPF machine. Object files, instruction set, maps, helpers, interpreter.
 *
 * The life of a program goes down this file: an object file is opened (1), its maps are made (3),
 * its instructions are checked (2) and bound to the maps (5), and a vm of each worker runs
 * the result on packets (6). Nothing here knows DPDK, the card, or the running kernel: no call
 * is made into the kernel's bpf(2), no privilege is needed.
 *
 * Errors: 0 or -errno; constructors NULL and errno. The library prints nothing. What a user must
 * read is one sentence in a struct xb_log.
 */
#ifndef XB_H
#define XB_H

#include <linux/bpf.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* ---- log.c: text for people ---- */

/* A growing text, one sentence a line. Zero it to begin; xb_log_free() ends it. */
struct xb_log {
	char *text; /* NUL-terminated, or NULL while nothing was said */
	size_t len; /* bytes, without the NUL */
	size_t cap;
};

/* Append; a NULL log swallows the text. Out of memory loses the sentence, never the program. */
void xb_log_add(struct xb_log *log, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void xb_log_vadd(struct xb_log *log, const char *fmt, va_list ap)
	__attribute__((format(printf, 2, 0)));
/* The text, "" when nothing was said. */
const char *xb_log_text(const struct xb_log *log);
void xb_log_free(struct xb_log *log);

/* ---- 1. object.c, object_legacy.c: object files ---- */

/* Largest object file read, and most programs and maps taken from one. */
#define XB_OBJECT_MAX_BYTES (64u << 20)
#define XB_OBJECT_MAX_PROGS 512u
#define XB_OBJECT_MAX_MAPS 256u /* of a file; the kernel's 64 (MAX_USED_MAPS) are a program's */

/* Instruction -> source, from BTF line info. */
struct xb_line {
	uint32_t insn;	 /* first instruction of the line, counted in 8-byte slots of the program */
	uint32_t line;	 /* 1-based */
	uint32_t column; /* 1-based, of text; 0: unknown */
	const char *file;
	const char *text; /* the line itself, leading blanks removed; "" when unknown */
};

/* A function of a program: the entry (insn 0) first, subprograms in the order libbpf appended. */
struct xb_func {
	uint32_t insn;	      /* its first instruction */
	const char *name;     /* "" when unknown */
	uint32_t btf_type_id; /* BTF_KIND_FUNC; 0 when there is no BTF */
};

/* Where a program's type comes from; the last kind is told to the user. */
enum xb_type_from {
	XB_TYPE_SECTION, /* the section name is one libbpf or iproute2 knows */
	XB_TYPE_OPTION,	 /* the caller said (--type) */
	XB_TYPE_PREFIX,	 /* assumed from the beginning of the section's or the function's name */
};

struct xb_prog {
	const char *name; /* C function name; the section name when the object has no symbol */
	const char *section;
	enum bpf_prog_type type; /* XDP, SCHED_CLS or SCHED_ACT, never another */
	enum xb_type_from type_from;
	/* Relocated. A map is named by BPF_PSEUDO_MAP_IDX in src_reg and its index in
	 * xb_object.maps in imm; a value address by BPF_PSEUDO_MAP_IDX_VALUE, index in imm and
	 * offset in the second slot's imm. Subprograms follow the entry function. */
	const struct bpf_insn *insns;
	uint32_t insn_cnt;	     /* in 8-byte slots */
	const struct xb_line *lines; /* ascending by insn */
	uint32_t line_cnt;
	const struct xb_func *funcs; /* ascending by insn, at least one */
	uint32_t func_cnt;
};

/* Contents known when the object is built: of a PROG_ARRAY (.values of BTF maps, ID/KEY sections)
 * the program, of a map of maps the inner map. */
struct xb_prog_slot {
	uint32_t key;
	union {
		uint32_t prog; /* index in xb_object.progs */
		uint32_t map;  /* index in xb_object.maps */
	};
};

/* What the object says of a map; nothing is made yet. */
struct xb_map_def {
	const char *name;
	enum bpf_map_type type;
	uint32_t key_size;   /* bytes */
	uint32_t value_size; /* bytes */
	uint32_t max_entries;
	uint32_t flags;		  /* BPF_F_* of BPF_MAP_CREATE */
	uint32_t btf_key_type_id; /* 0: unknown */
	uint32_t btf_value_type_id;
	int inner;   /* index of the inner map's definition for map-in-map, else -1; one that
		      * exists as a template only comes after all other maps */
	bool pinned; /* the object asks for a pin; never done, only told */
	bool frozen; /* .rodata: programs may not write */
	const void *contents; /* value of key 0 for .data, .rodata, .bss and kin; else NULL */
	const struct xb_prog_slot *slots;
	uint32_t slot_cnt;
};

/* Why a program that is there is not taken. */
enum xb_skip {
	XB_SKIP_OTHER,	     /* the reason says */
	XB_SKIP_TYPE,	     /* it is of another type */
	XB_SKIP_MAP_ENTRY,   /* it is XDP, and runs on an entry of a devmap or cpumap */
	XB_SKIP_KERNEL_FUNC, /* it calls a function of the kernel */
};

/* A program that is there and is not taken, with the reason. */
struct xb_skipped {
	const char *name;
	const char *section;
	const char *reason; /* "kprobe program", ... */
	enum xb_skip why;
	enum bpf_prog_type type; /* UNSPEC: nobody knows */
	const char *needs;	 /* the kernel function, "" */
	int needs_id;		 /* its type in the running kernel's BTF; 0: not known */
	bool is_asked;		 /* it was asked for, or nothing was */
};

struct btf; /* libbpf's */

/* All pointers belong to the object and live until xb_object_close(). */
struct xb_object {
	const char *path;
	const char *license; /* "" when there is none */
	bool gpl_compatible; /* xb_license_is_gpl_compatible() */
	bool legacy;	     /* iproute2 form (section "maps") */
	const struct xb_prog *progs;
	uint32_t prog_cnt;
	const struct xb_map_def *maps;
	uint32_t map_cnt;
	const struct xb_skipped *skipped;
	uint32_t skipped_cnt;
	const struct btf *btf; /* NULL when the object has none */
};

struct xb_object_opts {
	/* Type of programs whose section does not say: BPF_PROG_TYPE_XDP, _SCHED_CLS, _SCHED_ACT,
	 * or BPF_PROG_TYPE_UNSPEC to go by prefix. */
	enum bpf_prog_type type;
	/* Kernel BTF for CO-RE: a file, "none" (offsets as compiled), or NULL for the running
	 * kernel's, which falls back to "none" where there is no /sys/kernel/btf/vmlinux. */
	const char *btf;
	/* Take only this section or function, as iproute2 does; NULL: all. What is named is taken
	 * with opts.type even when its section says another kind. Programs it may tail-call (as far
	 * as the object says) are taken too, after it. */
	const char *section;
	const char *program;
	/* What messages call the file; NULL: its path. */
	const char *called;
	/* An object whose programs are all skipped is opened all the same, with no program. */
	bool may_be_empty;
};

/*
 * Read an object file. opts may be NULL. On failure NULL, errno and a sentence naming file,
 * section and the defect in log: ENOENT, EACCES, EISDIR ... (cannot be read), EFBIG (over the
 * limits above), ENOEXEC (not a BPF object: wrong machine, endianness, truncated, bad relocation
 * ...), ENODATA (no program of a kind we run), ESRCH (none of the name or section that was asked
 * for), EOPNOTSUPP (needs an extern or a kernel function), ENOMEM. On success log may hold notes
 * ("note: program 'f': type xdp assumed from section ...").
 */
struct xb_object *xb_object_open(
	const char *path, const struct xb_object_opts *opts, struct xb_log *log);
void xb_object_close(struct xb_object *obj);

/* The line an instruction belongs to, NULL when unknown. */
const struct xb_line *xb_prog_line(const struct xb_prog *prog, uint32_t insn);
/* The first slot that names the map (an index of the object's); -1: none does. */
int32_t xb_prog_first_use(const struct xb_prog *prog, uint32_t map);
/* The function an instruction belongs to. */
const struct xb_func *xb_prog_func(const struct xb_prog *prog, uint32_t insn);
/* The kernel's license_is_gpl_compatible(). */
bool xb_license_is_gpl_compatible(const char *license);
/* "xdp", "tc", "tc action"; the word used in messages, options and JSON. Of other types that of
 * libbpf, "kprobe". */
const char *xb_prog_type_name(enum bpf_prog_type type);

/* ---- 2. insn.c, disasm.c: the instruction set, from opcodes.def ---- */

enum xb_op {
#define OP(id, ...) XB_OP_##id,
#include "bpf/opcodes.def"
#undef OP
	XB_OP_CNT
};

/* What a field of an instruction must hold (RFC 9669 section 3: unused fields are zero). */
enum xb_field {
	XB_ANY,	 /* an operand */
	XB_ZERO, /* reserved */
	XB_IS,	 /* the constant in the row tells instructions of one opcode byte apart */
	XB_REG,	 /* a register r0-r10 */
	XB_WREG, /* a register that may be written: r0-r9 */
};

struct xb_field_rule {
	enum xb_field kind;
	int32_t is; /* the constant of XB_IS */
};

/* A row of opcodes.def. */
struct xb_op_info {
	const char *name;
	uint8_t code; /* opcode byte */
	struct xb_field_rule dst, src, off, imm;
	bool wide;	       /* takes two slots */
	const char *text;      /* see disasm.c for the letters */
	const char *semantics; /* one line for people */
};

const struct xb_op_info *xb_op_info(enum xb_op op);

/* Which instruction insn[0] is (insn[1] is read for wide ones; left = slots left, at least 1).
 * NULL and *op, or the reason it is none: a static string. */
const char *xb_insn_decode(const struct bpf_insn *insn, uint32_t left, enum xb_op *op);

/* The load of 64 bits, which takes two slots. */
static inline bool
xb_insn_is_wide(const struct bpf_insn *insn)
{
	return insn->code == (BPF_LD | BPF_IMM | BPF_DW);
}

/* Its imm is the index of a map in xb_object.maps. */
static inline bool
xb_insn_names_map(const struct bpf_insn *insn)
{
	return xb_insn_is_wide(insn) &&
	       (insn->src_reg == BPF_PSEUDO_MAP_IDX || insn->src_reg == BPF_PSEUDO_MAP_IDX_VALUE);
}

/*
 * The checks that need no knowledge of values: every instruction is one, jumps and calls land on
 * the beginning of an instruction inside the program, the last one cannot fall off the end.
 * 0, or -EINVAL and a sentence.
 */
int xb_insns_check(const struct bpf_insn *insns, uint32_t cnt, struct xb_log *log);

/* One instruction in the kernel's wording (kernel/bpf/disasm.c), without its number or a newline.
 * Returns the slots it takes (1 or 2). An instruction that is none prints as its bytes. */
unsigned int xb_insn_format(const struct bpf_insn *insn, uint32_t left, char *buf, size_t size);

/* ---- 3. map*.c: maps ---- */

struct xb_map;
struct xb_image;

/* Workers are numbered 0 ... XB_CPUS_MAX - 1. */
#define XB_CPUS_MAX 128u

/*
 * Create a map for n_cpus workers. Semantics, flags and errno are the kernel's (map_alloc_check of
 * each type). NULL with errno and a sentence in log (may be NULL): EINVAL bad attributes, E2BIG too
 * large, ENOMEM, EOPNOTSUPP a type that has no implementation here (named).
 */
struct xb_map *xb_map_new(const struct xb_map_def *def, unsigned int n_cpus, struct xb_log *log);
void xb_map_free(struct xb_map *map);
/* What of that is the kernel's map_alloc_check: 0, -EINVAL, -E2BIG, -EOPNOTSUPP. */
int xb_map_check(const struct xb_map_def *def, struct xb_log *log);

const char *xb_map_type_name(enum bpf_map_type type); /* "hash", as bpftool prints; never NULL */
const char *xb_map_name(const struct xb_map *map);
enum bpf_map_type xb_map_type(const struct xb_map *map);
uint32_t xb_map_key_size(const struct xb_map *map);   /* bytes */
uint32_t xb_map_value_size(const struct xb_map *map); /* bytes of one cpu's value */
uint32_t xb_map_max_entries(const struct xb_map *map);

/*
 * The four operations as a program on worker `cpu` sees them (per-cpu types: that worker's value).
 * The pointer of a lookup stays good for reading and writing until the worker's next
 * xb_map_quiescent(): an element deleted meanwhile is not handed out again before.
 * Errors: ENOENT, EEXIST, E2BIG, EINVAL, EBUSY as in the kernel's map operations.
 */
void *xb_map_lookup(struct xb_map *map, unsigned int cpu, const void *key); /* NULL: not there */
int xb_map_update(
	struct xb_map *map, unsigned int cpu, const void *key, const void *value, uint64_t flags);
int xb_map_delete(struct xb_map *map, unsigned int cpu, const void *key);

/*
 * The same from outside (bpf(2) semantics): values of per-cpu types are n_cpus values, each padded
 * to 8 bytes, one after another. `value` must hold xb_map_user_value_size() bytes.
 */
uint32_t xb_map_user_value_size(const struct xb_map *map);
int xb_map_user_lookup(struct xb_map *map, const void *key, void *value);
int xb_map_user_update(struct xb_map *map, const void *key, const void *value, uint64_t flags);
int xb_map_user_delete(struct xb_map *map, const void *key);

/* Visit all elements in ascending order of their key bytes (arrays: by index), user values. Stops
 * at and returns the first non-zero the visitor returns. Elements changing meanwhile may be seen or
 * not. */
int xb_map_for_each(
	struct xb_map *map, int (*visit)(void *arg, const void *key, const void *value), void *arg);

/* PROG_ARRAY: put an image (or NULL) at index; the image must outlive the map. */
int xb_map_set_prog(struct xb_map *map, uint32_t index, const struct xb_image *image);
const struct xb_image *xb_map_get_prog(const struct xb_map *map, uint32_t index);
/* ARRAY_OF_MAPS, HASH_OF_MAPS: put a map in, which must outlive this one, before programs run. */
int xb_map_set_map(struct xb_map *map, const void *key, struct xb_map *inner);
/* Of these, for the checked interpreter: the inner map that lies at the address, and whether one
 * has a value there; NULL and false for maps of other types. */
struct xb_map *xb_map_inner_at(const struct xb_map *map, uint64_t addr);
bool xb_map_inner_owns(const struct xb_map *map, const void *addr, uint32_t size, bool writable);

/* Is [addr, addr + size) inside one element's value? For the checked interpreter; per-cpu values of
 * any cpu count. writable: and may programs write there (not a frozen map, not BPF_F_RDONLY_PROG)?
 */
bool xb_map_owns(const struct xb_map *map, const void *addr, uint32_t size, bool writable);
/* The address of value byte `off` of key 0 of an array map, for BPF_PSEUDO_MAP_VALUE; NULL when the
 * map has none or off is outside. */
void *xb_map_value_addr(const struct xb_map *map, uint32_t off);

/* A worker holds no value pointer at this moment (between two packets). Workers call it often;
 * cheap. A worker that never looks up need not. */
void xb_map_quiescent(unsigned int cpu);
/* Before its first lookup and after its last, from the worker's own thread. */
void xb_map_thread_online(unsigned int cpu);
void xb_map_thread_offline(unsigned int cpu);

/* ---- 4. helper*.c: helpers, from helpers.def ---- */

struct xb_vm;

typedef uint64_t (*xb_helper_fn)(
	struct xb_vm *vm, uint64_t r1, uint64_t r2, uint64_t r3, uint64_t r4, uint64_t r5);

struct xb_helper {
	int32_t id;	  /* enum bpf_func_id */
	const char *name; /* "bpf_map_lookup_elem" */
	xb_helper_fn fn;  /* NULL: known by name only */
	bool xdp, tc;	  /* which program types may call it */
	bool gpl_only;
	bool changes_packet; /* packet pointers are invalid after it */
};

/* NULL when the UAPI has no such helper. */
const struct xb_helper *xb_helper_by_id(int32_t id);

/* ---- 5. image.c: a program made ready to run ---- */

enum xb_engine {
	XB_ENGINE_CHECKED, /* every access is tested; any program may run */
	XB_ENGINE_FAST,	   /* nothing is tested; only for programs a verifier accepted */
	XB_ENGINE_TRACED,  /* tested, and xb_vm_set_step() shows every instruction */
	XB_ENGINE_CNT
};

struct xb_image_opts {
	/* XDP: r1 is struct xdp_md. SCHED_CLS, SCHED_ACT: struct __sk_buff. UNSPEC: plain memory,
	 * any helper. */
	enum bpf_prog_type type;
	enum xb_engine engine;
	bool gpl_compatible;
	/* maps[i] for index i, NULL for those the program does not name; they outlive the image. */
	struct xb_map *const *maps;
	uint32_t map_cnt;
	/* Fast engine, XDP and tc: one for each slot, "this is an access of the context": the
	 * verifier's knowledge, since 32-bit fields stand for pointers and such an access is
	 * rewritten as the kernel does (xdp_convert_ctx_access, tc_cls_act_convert_ctx_access). */
	const bool *is_ctx_access;
};

/*
 * Decode a program for the interpreter and bind it to its maps. The image keeps a copy of the
 * instructions. NULL, errno and a sentence: EINVAL (xb_insns_check, a map index out of range,
 * the fast engine without is_ctx_access), EOPNOTSUPP (a helper or an instruction without
 * implementation, named), EACCES (a helper this type or this license may not call), ENOMEM.
 */
struct xb_image *xb_image_new(const struct bpf_insn *insns, uint32_t cnt,
	const struct xb_image_opts *opts, struct xb_log *log);
void xb_image_free(struct xb_image *image);

/* ---- 6. vm.c, interp.c: running ---- */

#define XB_STACK_BYTES 512u /* of one frame */
#define XB_FRAMES_MAX 8u
#define XB_TAIL_CALLS_MAX 33u
#define XB_INSNS_MAX_DEFAULT 1000000u

/* The packet of an XDP program; all pointers into one buffer, in ascending order. */
struct xb_xdp {
	uint8_t *hard_start; /* first byte adjust_head may give */
	uint8_t *data_meta;  /* == data when there is no metadata */
	uint8_t *data;
	uint8_t *data_end;
	uint8_t *hard_end; /* one past the last byte adjust_tail may give */
	uint32_t ingress_ifindex;
	uint32_t rx_queue_index;
};

/*
 * The packet of a tc program: of struct sk_buff what such a program can see or change. skb.c makes
 * it as a packet arrives at a device; the caller may set more of md before a run. Always linear,
 * data is the Ethernet header, no checksum was offloaded, no socket is known.
 */
struct xb_skb {
	struct __sk_buff md;  /* what r1 points to; its data, data_end, data_meta are pkt's */
	struct xb_xdp pkt;    /* data_meta == data */
	int32_t network;      /* the header's offset from data */
	int32_t transport;    /* likewise; not what a parser found, see __bpf_skb_min_len() */
	bool has_transport;   /* skb_transport_header_was_set() */
	bool has_hash;	      /* md.hash was computed or set, 0 included */
	bool is_checked;      /* CHECKSUM_UNNECESSARY, ... */
	uint8_t csum_level;   /* ... and for how many checksums more than one */
	uint8_t *spare;	      /* the packet moves there when its buffer is too small; may be */
	uint32_t spare_bytes; /* NULL, 0: then a helper that wants room says -ENOMEM */
};

/* A spare buffer of this size holds the longest packet a helper makes (SKB_MAX_ALLOC of 4096-byte
 * pages), with room for headers in front of it. */
#define XB_SKB_BYTES_MAX (4u * 4096u - 320u)
#define XB_SKB_SPARE_BYTES (2u * XB_SKB_BYTES_MAX)

/* A packet of at least 14 bytes in a buffer, as eth_type_trans() leaves it: protocol, pkt_type
 * (PACKET_HOST for every unicast address), length; all else 0, no spare. */
void xb_skb_init(struct xb_skb *skb, uint8_t *hard_start, uint8_t *data, uint8_t *data_end,
	uint8_t *hard_end);
/* The outermost VLAN tag goes from the packet to the fields, as before tc's ingress hook
 * (skb_vlan_untag()). -EINVAL: cut short in its tag; the kernel frees such a packet. */
int xb_skb_untag(struct xb_skb *skb);
/* And back, as on the way out of a device, and into a capture. 0 or -ENOMEM. */
int xb_skb_retag(struct xb_skb *skb);

/* Why a run ended early. */
struct xb_fault {
	uint32_t insn;		      /* slot in the program that faulted */
	const struct xb_image *image; /* the program (a tail call may have changed it) */
	char text[160];		      /* "8 bytes at r1 +4 are outside of ...", no newline */
};

/* One vm a worker; not shared between threads. cpu < n_cpus of the maps used. NULL and errno. */
struct xb_vm *xb_vm_new(unsigned int cpu);
void xb_vm_free(struct xb_vm *vm);
/* End a program after this many instructions (checked engine); 0: XB_INSNS_MAX_DEFAULT. */
void xb_vm_set_budget(struct xb_vm *vm, uint64_t insns);
/* Seed of get_prandom_u32. */
void xb_vm_set_seed(struct xb_vm *vm, uint64_t seed);
/* Where trace_printk goes; NULL (default): nowhere. */
void xb_vm_set_trace(struct xb_vm *vm, FILE *out);

/* An instruction that is about to be executed. */
struct xb_step {
	const struct xb_image *image; /* a tail call may have changed it */
	uint32_t insn;		      /* slot */
	const uint64_t *r;	      /* r0 to r10, as they are before it */
	unsigned int depth;	      /* 0: not in a bpf-to-bpf call */
};
typedef void (*xb_step_fn)(void *arg, const struct xb_step *step);
/* Who is called before each instruction of an XB_ENGINE_TRACED image; NULL (default): nobody. */
void xb_vm_set_step(struct xb_vm *vm, xb_step_fn step, void *arg);

/*
 * Run on a packet; adjust_* change *pkt. *ret is r0. 0, or -EFAULT (a stray access or a bad
 * argument to a helper), -E2BIG (budget), -ELOOP (more than XB_FRAMES_MAX frames); the reason is
 * then in xb_vm_fault(), *ret is XDP_ABORTED and the packet counts as an error.
 */
int xb_vm_run_xdp(
	struct xb_vm *vm, const struct xb_image *image, struct xb_xdp *pkt, uint64_t *ret);
/* The same for a tc program; *ret is TC_ACT_SHOT after an error. */
int xb_vm_run_skb(
	struct xb_vm *vm, const struct xb_image *image, struct xb_skb *skb, uint64_t *ret);
/* Run on plain memory: r1 = mem, r2 = bytes. mem may be NULL when bytes is 0. */
int xb_vm_run_mem(
	struct xb_vm *vm, const struct xb_image *image, void *mem, size_t bytes, uint64_t *ret);
const struct xb_fault *xb_vm_fault(const struct xb_vm *vm);

/* The tables as text for people: instruction set (docs/bpf-isa.md). */
void xb_isa_print_markdown(FILE *out);

#endif
