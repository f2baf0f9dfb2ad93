/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the files of the object loader share. The order of work, and who does it:
 *
 *   object.c         reads the file, calls the rest, owns the result
 *   object_elf.c     checks the ELF file and lists sections and symbols
 *   object_code.c    ... and functions and relocations
 *   object_btf.c     checks .BTF;  object_btf_ext.c checks and walks .BTF.ext
 *   object_choose.c  which functions are programs, of which type, and why others are not
 *   object_closure.c ... and what each calls and needs
 *   object_hide.c    takes out of the file what libbpf shall not see
 *   object_libbpf.c  lets libbpf relocate, through the kernel that bpf_syscall.c plays
 *   object_legacy.c  the older iproute2 form, which libbpf 1.x refuses;  object_legacy_maps.c
 */
#ifndef XB_OBJECT_INTERNAL_H
#define XB_OBJECT_INTERNAL_H

#include "bpf/internal.h"

#include <bpf/btf.h>
#include <libelf.h>

#define OBJ_INSN_BYTES 8u
/* The kernel's limits of one program: BPF_COMPLEXITY_LIMIT_INSNS, BPF_MAX_SUBPROGS. */
#define OBJ_PROG_MAX_INSNS 1000000u
#define OBJ_PROG_MAX_FUNCS 256u

/* ---- object_elf.c, object_code.c ------------------------------------------------------------ */

struct obj_sec {
	const char *name;
	uint8_t *data; /* in the image; NULL when the file holds no bytes of it (.bss) */
	uint64_t size;
	uint64_t flags;
	uint64_t entsize;
	uint32_t type, link, info;
};

struct obj_sym {
	const char *name;
	uint64_t value, size;
	uint32_t sec; /* 0: undefined; OBJ_SEC_SPECIAL: absolute, common ... */
	uint8_t type, bind;
	uint8_t extern_kind; /* enum obj_extern, of what is undefined (object_closure.c) */
};
#define OBJ_SEC_SPECIAL UINT32_MAX

/* A relocation of instructions, or of .maps. */
struct obj_rel {
	uint32_t sec; /* the section it changes */
	uint32_t off; /* bytes in it */
	uint32_t sym;
	uint8_t *at; /* Elf64_Rel in the image, unaligned */
};

struct obj_func {
	const char *name;
	uint32_t sec;
	uint32_t insn, cnt; /* slots of its section */
	uint32_t sym;
	bool is_static;
	bool used; /* part of a program that is taken (object_choose.c) */
};

struct obj_elf {
	const char *path;
	struct xb_log *log;
	uint8_t *image; /* the file */
	size_t size;
	Elf *elf;
	struct obj_sec *secs;
	uint32_t sec_cnt;
	struct obj_sym *syms;
	uint32_t sym_cnt;
	uint8_t *sym_table;   /* Elf64_Sym in the image, unaligned */
	struct obj_rel *rels; /* ascending by section and offset */
	uint32_t rel_cnt;
	struct obj_func *funcs; /* ascending by section and instruction */
	uint32_t func_cnt;
	/* Sections with a meaning, 0 when not there. */
	uint32_t symtab, text, btf_maps, legacy_maps, btf, btf_ext, license;
};

/* Fill a zeroed struct from an image, which stays the caller's. 0 or -errno with a sentence;
 * obj_elf_free() in both cases. */
int obj_elf_read(struct obj_elf *elf);
void obj_elf_free(struct obj_elf *elf);
int obj_code_read(struct obj_elf *elf); /* functions and relocations, a step of obj_elf_read() */

/* Log "PATH: section 'SEC': TEXT" (sec may be NULL) and return -err. */
int obj_fail(const struct obj_elf *elf, int err, const char *sec, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

bool obj_sec_is_code(const struct obj_sec *sec);
/* .data, .rodata, .bss and kin, which libbpf turns into maps. */
bool obj_sec_is_data(const struct obj_sec *sec);
uint32_t obj_sec_by_name(const struct obj_elf *elf, const char *name); /* 0: none */
struct bpf_insn obj_insn_at(const struct obj_elf *elf, uint32_t sec, uint32_t insn);
/* The relocation at a byte of a section, NULL when there is none. */
const struct obj_rel *obj_rel_at(const struct obj_elf *elf, uint32_t sec, uint32_t off);
/* The function that holds an instruction, NULL when none does. */
struct obj_func *obj_func_at(const struct obj_elf *elf, uint32_t sec, uint32_t insn);
bool obj_insn_is_call(const struct bpf_insn *insn); /* BPF to BPF */

/* ---- object_btf.c, object_btf_ext.c --------------------------------------------------------- */

/* Is this BTF that libbpf can be given without harm? who: "FILE" or "FILE: section '.BTF'". */
int obj_btf_check(const char *who, struct xb_log *log, const uint8_t *data, size_t size);

enum obj_ext { OBJ_EXT_FUNC, OBJ_EXT_LINE, OBJ_EXT_CORE, OBJ_EXT_CNT };

/* The records of one kind for one section, as in the file: instruction offsets in bytes. */
struct obj_ext_sec {
	const char *section;
	const uint8_t *recs;
	uint32_t rec_size, cnt;
};

int obj_btf_ext_check(const struct obj_elf *elf, const struct btf *btf);
/* Visit all records of a kind; stops at and returns the first non-zero. The section was checked. */
int obj_btf_ext_walk(const struct obj_elf *elf, const struct btf *btf, enum obj_ext kind,
	int (*visit)(void *arg, const struct obj_ext_sec *sec), void *arg);
bool obj_btf_ext_has_core(const struct obj_elf *elf);
/* Make libbpf see no CO-RE relocations: instructions stay as compiled. */
void obj_btf_ext_drop_core(struct obj_elf *elf);

/* ---- object_choose.c, object_closure.c ------------------------------------------------------ */

/* A function, or in the older form a section, that may be a program. */
struct obj_cand {
	const char *name;
	const char *section; /* without libbpf's '?' */
	uint32_t sec, insn, cnt;
	enum bpf_prog_type type;
	enum xb_type_from from;
	bool named;   /* asked for by opts, or nothing was asked for */
	bool taken;   /* if not: the reason */
	bool is_tail; /* a section ID/KEY of the older form */
	int tail_id, tail_key;
	int err; /* what the reason is as errno */
	char reason[160];
	uint32_t prog; /* index in xb_object.progs when taken */
};

struct obj_build {
	struct obj_elf elf;
	const struct xb_object_opts *opts;
	struct xb_log *log;
	struct xb_object *out;
	struct btf *btf; /* the object's, NULL when it has none */
	bool by_section; /* object_legacy.c loads it, else libbpf */
	struct obj_cand *cands;
	uint32_t cand_cnt;
};

/* Fill cands. 0, or -ENODATA, -ESRCH, -EOPNOTSUPP, -EFBIG ... when nothing is left to load. */
int obj_choose(struct obj_build *b);
/* Follow the calls of what is taken; leave what cannot be, mark the functions of the rest. */
int obj_close_programs(struct obj_build *b);
/* Do not take it, because; the first reason stays. */
void obj_leave(struct obj_cand *c, int err, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* What an undefined symbol is. */
enum obj_extern {
	OBJ_EXTERN_NONE, /* not in the object, and BTF does not say where else */
	OBJ_EXTERN_KCONFIG,
	OBJ_EXTERN_KERNEL_FUNC,
	OBJ_EXTERN_KERNEL_VAR,
};

/* ---- object_hide.c, object_libbpf.c, object_legacy.c ---------------------------------------- */

void obj_hide(struct obj_build *b);
int obj_load_libbpf(struct obj_build *b);
int obj_load_by_section(struct obj_build *b);
/* struct bpf_elf_map of iproute2's include/bpf_elf.h. Shorter ones are its beginning. */
struct obj_elf_map {
	uint32_t type;
	uint32_t size_key;
	uint32_t size_value;
	uint32_t max_elem;
	uint32_t flags;
	uint32_t id;
	uint32_t pinning;
	uint32_t inner_id;
	uint32_t inner_idx;
};

/* struct bpf_map_def of the kernel's samples is the same up to flags; with 24 bytes it has
 * inner_map_idx where id is here, with 28 numa_node in the place of pinning. */

struct obj_legacy {
	struct obj_build *b;
	uint32_t entry_bytes; /* of one map */
	uint32_t map_cnt;
	struct obj_elf_map raw[XB_OBJECT_MAX_MAPS];
	struct xb_map_def *maps;
};
int obj_legacy_maps(struct obj_legacy *l);

/* Between the two libbpf's messages are kept, not printed, and no other thread opens an object. */
void obj_quiet_begin(void);
void obj_quiet_end(void);

/* ---- object.c ------------------------------------------------------------------------------- */

/* A whole file; the caller frees it. 0 or -errno with a sentence. */
int obj_read_file(const char *path, struct xb_log *log, uint8_t **data, size_t *size);
/* Memory that lives as long as the object; zeroed, NULL when there is none. */
void *obj_alloc(struct xb_object *obj, size_t cnt, size_t size);
char *obj_strdup(struct xb_object *obj, const char *s);

/* A program as a kernel would be given it. */
struct obj_raw_prog {
	const struct bpf_insn *insns; /* maps named by index */
	uint32_t insn_cnt;
	const uint8_t *funcs; /* struct bpf_func_info, and whatever follows in a record */
	uint32_t func_cnt, func_rec_size;
	const uint8_t *lines; /* struct bpf_line_info */
	uint32_t line_cnt, line_rec_size;
	const struct xb_func *names; /* functions known from symbols, when there is no BTF */
	uint32_t name_cnt;
};
/* Write xb_object.progs[cand->prog] (the array is there already). */
int obj_add_prog(struct obj_build *b, const struct obj_cand *cand, const struct obj_raw_prog *raw);

/* ---- bpf_syscall.c -------------------------------------------------------------------------- */

/* A kernel that says yes and remembers. */
struct bpf_rec;

struct bpf_rec_slot {
	uint32_t key;
	uint32_t map;  /* index of a recorded map, or BPF_REC_NONE */
	uint32_t prog; /* index of a recorded program, or BPF_REC_NONE */
};
#define BPF_REC_NONE UINT32_MAX

struct bpf_rec_map {
	int fd;
	uint32_t type, key_size, value_size, max_entries, flags;
	uint32_t btf_key_type_id, btf_value_type_id;
	uint32_t inner; /* index, or BPF_REC_NONE */
	char name[BPF_OBJ_NAME_LEN];
	bool frozen;
	void *contents; /* value_size bytes of an array's element 0, or NULL */
	struct bpf_rec_slot *slots;
	uint32_t slot_cnt;
};

struct bpf_rec_prog {
	int fd;
	struct obj_raw_prog raw; /* owned; a map's index is that of the recorded map */
	bool bad_map;		 /* an instruction names a map nobody made */
};

/* From begin to end every bpf(2) of this thread that goes through libbpf is answered here and
 * never reaches the kernel. NULL and errno. Not nested. */
struct bpf_rec *bpf_rec_begin(void);
/* Calls of this thread go to the kernel again; what was recorded can be read until free. */
void bpf_rec_end(struct bpf_rec *rec);
void bpf_rec_free(struct bpf_rec *rec);
/* -errno of the first answer that could not be given (ENOMEM, EMFILE), 0 when all were. */
int bpf_rec_error(const struct bpf_rec *rec);
/* By file descriptor, the newest that had it; BPF_REC_NONE. */
uint32_t bpf_rec_find_map(const struct bpf_rec *rec, int fd);
uint32_t bpf_rec_find_prog(const struct bpf_rec *rec, int fd);
const struct bpf_rec_map *bpf_rec_map(const struct bpf_rec *rec, uint32_t index);
const struct bpf_rec_prog *bpf_rec_prog(const struct bpf_rec *rec, uint32_t index);

#endif
