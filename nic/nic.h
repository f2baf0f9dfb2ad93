/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * nic: the card. Its instruction set: words, their fields and operands, their text.
 *
 * A word (1) is what the code store holds. An instruction (2) is what it says: an operation of the
 * table, logical operands, the values of its fields. nic_encode() places the operands and makes the
 * word, nic_decode() takes it apart, nic_format() prints it in the notation that the GNU
 * disassembler and `bpftool prog dump jited` use, nic_parse() reads that (4). Nothing here knows
 * eBPF or DPDK.
 *
 * Errors: checks return NULL or a reason, one phrase that goes behind "what: where: "; calls that
 * do I/O return 0 or -errno. The library prints nothing.
 */
#ifndef NIC_H
#define NIC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* ---- 1. word.c: what the code store holds ---- */

#define NIC_CODE_WORDS 8192u  /* of one microengine: the size of its code store */
#define NIC_PREFETCH_WORDS 8u /* behind the last instruction, fetched, so they need an ECC */
#define NIC_NOP UINT64_C(0x0000f0000c0300)

/* Bits 44:0 the instruction, 51:45 its ECC, 63:56 the relocation type until the word is loaded. */
#define NIC_INSN_BITS 45
#define NIC_INSN_MASK ((UINT64_C(1) << NIC_INSN_BITS) - 1)
#define NIC_ECC_MASK (UINT64_C(0x7f) << NIC_INSN_BITS)

/* What loading does to the word (S: where the program starts): nfp-isa.md 13. */
#define NIC_RELOC_LIST(X)                                                                          \
	X(NONE, "none", "nothing")                                                                 \
	X(BR_REL, "rel", "branch target += S")                                                     \
	X(BR_GO_OUT, "out", "branch to the program's end + S")                                     \
	X(BR_GO_ABORT, "abort", "branch to the program's abort + S")                               \
	X(BR_GO_CALL_PUSH_REGS, "push", "branch to the routine that saves registers + S")          \
	X(BR_GO_CALL_POP_REGS, "pop", "branch to the routine that restores registers + S")         \
	X(BR_NEXT_PKT, "next_pkt", "branch to the firmware's next packet")                         \
	X(BR_HELPER, "helper", "branch to the firmware's helper (target - 15000)")                 \
	X(IMMED_REL, "immed", "16-bit immediate += S")
enum nic_reloc {
#define X(id, name, does) NIC_RELOC_##id,
	NIC_RELOC_LIST(X)
#undef X
		NIC_RELOC_CNT
};
#define NIC_RELOC_SHIFT 56
/* Target of the branches that get theirs when loaded; a helper's number is added. */
#define NIC_RELOC_TARGET 15000u

/* A word's relocation type, NIC_RELOC_CNT when it is none of them; a word with that type. */
enum nic_reloc nic_reloc_get(uint64_t word);
uint64_t nic_reloc_set(uint64_t word, enum nic_reloc type);
/* "out"; NULL for NIC_RELOC_CNT and above. */
const char *nic_reloc_name(enum nic_reloc type);

/* The seven check bits of bits 44:0. */
unsigned int nic_ecc(uint64_t word);
/* Bits 44:0 with their ECC, as the code store takes them. */
uint64_t nic_ecc_add(uint64_t word);
bool nic_ecc_is_right(uint64_t word);

/* ---- 2. instructions ---- */

/* Fields of an instruction (isa.def). What a text shows comes first: members of struct nic_insn.
 *	X(id, name, what it is)
 * SC and SHIFT are logical: which way, and by how much; 0 with a direction but a rotation's: by
 * PREV_ALU's source A. */
#define NIC_FIELD_LIST(X)                                                                          \
	X(SC, sc, "shift control: NIC_SC_*")                                                       \
	X(SHIFT, shift, "shift amount")                                                            \
	X(NO_CC, no_cc, "condition codes are left alone")                                          \
	X(PRED_CC, pred_cc, "runs only if the predicate condition codes allow")                    \
	X(LOAD_CC, load_cc, "condition codes are set")                                             \
	X(BMASK, bmask, "bytes written, bit 0 the least significant")                              \
	X(IMM_HI, imm, "immediate, with the low byte that sits in an operand")                     \
	X(INV, inv, "the immediate is inverted")                                                   \
	X(IMM_SHIFT, imm_shift, "bytes the immediate is shifted left by")                          \
	X(CSR, csr, "local CSR's address / 4")                                                     \
	X(CSS, css, "context, signal or state tested")                                             \
	X(DEFER, defer, "instructions that follow before it takes effect")                         \
	X(ADDR, addr, "code-store address")                                                        \
	X(BYTE, byte, "number of the byte tested")                                                 \
	X(STATE, state, "state of a CAM entry")                                                    \
	X(CRC_BYTES, crc_bytes, "which bytes")                                                     \
	X(CRC_BIT_SWAP, crc_bit_swap, "bits of each byte reversed")                                \
	X(CRC_POLY, crc_poly, "polynomial")                                                        \
	X(SIGNALS, signals, "signals waited for, bit 0 is signal 1")                               \
	X(ANY_SIGNAL, any_signal, "one of the signals is enough")                                  \
	X(RESUME, resume, "resumes at the address")                                                \
	X(CTX, ctx, "3: no swap; else swaps out after that many instructions")                     \
	X(TOKEN, token, "variant of the action")                                                   \
	X(XFER, xfer, "first transfer register")                                                   \
	X(THIRD, third, "whose transfer registers")                                                \
	X(CNT, cnt, "units - 1, or flags of an atomic")                                            \
	X(SIG, sig, "signal when done, 0: none")                                                   \
	X(TGT, tgt, "target and action")                                                           \
	X(INDIR, indir, "PREV_ALU overrides")                                                      \
	X(IMM_ADDR, imm_addr, "immediate address")                                                 \
	X(IMM_DATA, imm_data, "immediate data")                                                    \
	X(A, a, "operand code, bank A side")                                                       \
	X(B, b, "operand code, bank B side")                                                       \
	X(DST, dst, "destination's code")                                                          \
	X(SWAP, swap, "the left operand is in B")                                                  \
	X(DST_BANK, dst_bank, "the destination is in bank B")                                      \
	X(I8, i8, "bit 7 of the immediate operand")                                                \
	X(WR_BOTH, wr_both, "both banks are written")                                              \
	X(SRC_LMX, src_lmx, "the source's local-memory pointer is 2 or 3")                         \
	X(DST_LMX, dst_lmx, "the destination's local-memory pointer is 2 or 3")                    \
	X(OP, op, "operation")                                                                     \
	X(ZERO, zero, "other bytes are cleared")                                                   \
	X(WIDTH, width, "0 all, 1 byte, 2 half")                                                   \
	X(STEP, step, "step of the multiplication")                                                \
	X(TYPE, type, "width of the multiplication")                                               \
	X(WRITE, write, "CSR is written")                                                          \
	X(CC, cc, "condition")                                                                     \
	X(EV_PIP, ev_pip, "pipeline stage of the condition")                                       \
	X(EQ, eq, "branch if equal")                                                               \
	X(BV, bv, "branch if the bit is set")                                                      \
	X(CRC_LE, crc_le, "least significant byte first")                                          \
	X(VOLUNTARY, voluntary, "ready to run again at once")                                      \
	X(BPT, bpt, "breakpoint")                                                                  \
	X(NO_LOAD, no_load, "wakeup events are left alone")                                        \
	X(MODE, mode, "address mode")
enum nic_field {
#define X(id, name, what) NIC_F_##id,
	NIC_FIELD_LIST(X)
#undef X
		NIC_FIELD_CNT
};
#define NIC_FIELD_LOGICAL_CNT NIC_F_A /* fields before it are members of struct nic_insn */

enum nic_sc { NIC_SC_ROTATE, NIC_SC_RIGHT, NIC_SC_LEFT, NIC_SC_DOUBLE };

enum nic_op {
#define FORM(...)
#define FIELD(...)
#define SPLIT(...)
#define PARTS(...)
#define OP(id, ...) NIC_OP_##id,
#include "nic/isa.def"
#undef OP
	NIC_OP_CNT
};

/* An operand. The bank of a GPR as a source is where the instruction can read it from. */
enum nic_kind {
	NIC_NONE,
	NIC_GPR_A,
	NIC_GPR_B,
	NIC_GPR_BOTH, /* destination: written to both banks, named by its A register; source: either
		       */
	NIC_GPR_BOTH_B, /* the same named by its B register (ld_field reads that one) */
	NIC_ABS_A,	/* GPR by its number in the whole bank, 0-127 */
	NIC_ABS_B,
	NIC_XFER, /* transfer register 0-63: transfer-in as a source, transfer-out as destination */
	NIC_XFER_INDEX,
	NIC_LM, /* local memory through pointer 0-3 */
	NIC_NN, /* next-neighbour register */
	NIC_NN_INDEX,
	NIC_IMM,
	NIC_CODE, /* the operand field holds this value and is no operand */
	NIC_KIND_CNT,
};
enum nic_post { NIC_POST_NONE, NIC_POST_INC, NIC_POST_DEC };

struct nic_reg {
	enum nic_kind kind;
	uint32_t num;	    /* register, pointer, or value of an immediate */
	uint32_t off;	    /* NIC_LM: word offset, ORed into the address */
	enum nic_post post; /* NIC_LM, *_INDEX: what happens to the pointer afterwards */
};

/*
 * What a word says. Fields that the operation's text does not show stay 0. `odd` are the bits in
 * which the word differs from the one the encoder makes of the rest: 0 in what the Linux driver
 * emits (operands the other way round, hints the processor ignores).
 */
struct nic_insn {
	enum nic_op op;
	struct nic_reg dst, left, right;
	union {
		uint32_t field[NIC_FIELD_LOGICAL_CNT]; /* by enum nic_field */
		struct {
			uint32_t sc, shift, no_cc, pred_cc, load_cc, bmask, imm, inv, imm_shift,
				csr, css;
			uint32_t defer, addr, byte, state, crc_bytes, crc_bit_swap, crc_poly;
			uint32_t signals, any_signal, resume, ctx, token, xfer, third, cnt, sig;
			uint32_t tgt, indir, imm_addr, imm_data;
		};
	};
	uint32_t bit; /* br_bset, br_bclr: number of the bit tested */
	uint64_t odd;
};
#define NIC_CTX_NO_SWAP 3 /* of nic_insn.ctx */

static inline struct nic_reg
nic_gpr(enum nic_kind bank, uint32_t num)
{
	return (struct nic_reg){ .kind = bank, .num = num };
}
static inline struct nic_reg
nic_imm(uint32_t value)
{
	return (struct nic_reg){ .kind = NIC_IMM, .num = value };
}
static inline struct nic_reg
nic_xfer(uint32_t num)
{
	return (struct nic_reg){ .kind = NIC_XFER, .num = num };
}
static inline struct nic_reg
nic_lm(uint32_t pointer, uint32_t off)
{
	return (struct nic_reg){ .kind = NIC_LM, .num = pointer, .off = off };
}

/* NULL, or why there is no such word. Places the operands as the driver's assembler does. */
const char *nic_encode(const struct nic_insn *insn, uint64_t *word);
/* NULL, or why bits 44:0 are no instruction. The other bits are ignored. */
const char *nic_decode(uint64_t word, struct nic_insn *insn);

/* ---- 3. isa.c: the table ---- */

/* What an instruction reads and writes besides its operands. */
#define NIC_EFFECT_LIST(X)                                                                         \
	X(CC, 0, "condition codes")                                                                \
	X(PREV, 1, "PREV_ALU")                                                                     \
	X(CSR, 2, "local CSR")                                                                     \
	X(CAM, 3, "CAM")                                                                           \
	X(CRC, 4, "CRC unit")                                                                      \
	X(MUL, 5, "multiplier")                                                                    \
	X(XFER, 6, "transfer registers")                                                           \
	X(MEMORY, 7, "memory")                                                                     \
	X(SIG, 8, "signals")                                                                       \
	X(PC, 9, "program counter")                                                                \
	X(COUNT, 10, "bit counter")                                                                \
	X(ALIGN, 11, "byte aligner")
enum nic_effect {
#define X(id, bit, name) NIC_E_##id = 1u << (bit),
	NIC_EFFECT_LIST(X)
#undef X
};

#define NIC_PIECES 4
struct nic_piece {
	uint8_t lo, width; /* width 0: no more pieces */
};
struct nic_match {
	uint64_t mask, value;
};

enum nic_form {
#undef FORM
#undef OP
#define FORM(id, ...) NIC_FORM_##id,
#define OP(...)
#include "nic/isa.def"
#undef FORM
#undef OP
#undef FIELD
#undef SPLIT
#undef PARTS
	NIC_FORM_CNT
};

enum nic_operands { NIC_OPERANDS_NO, NIC_OPERANDS_UR, NIC_OPERANDS_RE };

/* Where the logical operands go; nfp-isa.md 3.3 is the first and most of the others. */
enum nic_place {
	NIC_PLACE_NOTHING,	    /* no operands */
	NIC_PLACE_DST_LEFT_RIGHT,   /* by banks, swapped where need be */
	NIC_PLACE_DST_LEFT_CODE,    /* the same, right is a code */
	NIC_PLACE_LEFT_RIGHT,	    /* the same, no destination */
	NIC_PLACE_DST_IS_LEFT,	    /* the same, the destination is the left source */
	NIC_PLACE_DST_IMMEDIATE,    /* the same, right is the low byte of the immediate */
	NIC_PLACE_LEFT_OFFSET,	    /* the same, no destination */
	NIC_PLACE_LEFT_BIT,	    /* the same, right is the bit's number + 1 */
	NIC_PLACE_SOURCE,	    /* left and 0; an immediate is in both */
	NIC_PLACE_DST_FIELDS_RIGHT, /* the same, left are fields of the form */
	NIC_PLACE_DST_IN_A,	    /* no sources */
	NIC_PLACE_FIXED,	    /* left in A, right in B, never swapped */
};

struct nic_form_info {
	const char *name;
	struct nic_match match;
	enum nic_operands operands;
	enum nic_place place;
	struct nic_piece fields[NIC_FIELD_CNT]
			       [NIC_PIECES]; /* no piece: the form has no such field */
};

struct nic_op_info {
	const char *name;
	enum nic_form form;
	struct nic_match match; /* that of the form included */
	struct nic_match unless;
	uint64_t preset;
	const char *text;	/* text.c */
	const char *semantics;	/* one line, for people */
	uint32_t reads, writes; /* enum nic_effect */
	uint8_t defer_max;
	uint8_t cycles;	      /* to issue */
	uint8_t cycles_taken; /* of a branch or swap that happens and defers nothing */
	enum nic_op special;  /* what it is another spelling of; NIC_OP_B (0): nothing */
};

const struct nic_op_info *nic_op_info(enum nic_op op);
const struct nic_form_info *nic_form_info(enum nic_form form);
const char *nic_field_name(enum nic_field field);
const char *nic_field_what(enum nic_field field);
/* Bits of the field, 0 when the form has none. */
unsigned int nic_field_width(enum nic_form form, enum nic_field field);
uint64_t nic_field_mask(enum nic_form form, enum nic_field field);
uint32_t nic_field_get(enum nic_form form, enum nic_field field, uint64_t word);
/* False, and nothing done, when the value does not fit. */
bool nic_field_put(enum nic_form form, enum nic_field field, uint32_t value, uint64_t *word);
/* The operation of bits 44:0 by match alone, NIC_OP_CNT when there is none. */
enum nic_op nic_op_find(uint64_t word);

enum nic_target {
#define TARGET(id, ...) NIC_TARGET_##id,
#define COMMAND(...)
#define CSR(...)
#include "nic/commands.def"
#undef TARGET
#undef COMMAND
#undef CSR
	NIC_TARGET_CNT
};

struct nic_target_info {
	const char *name;    /* "mem" */
	uint8_t first, last; /* values of the TGT field */
};

enum nic_data { NIC_DATA_NONE, NIC_DATA_IN, NIC_DATA_OUT, NIC_DATA_BOTH };
/* What a memory does; from NIC_DOES_ASSIGN on it is the atomic engine. */
enum nic_does {
	NIC_DOES_NOTHING, /* not modelled */
	NIC_DOES_READ,
	NIC_DOES_WRITE,
	NIC_DOES_ASSIGN,
	NIC_DOES_SET,
	NIC_DOES_CLR,
	NIC_DOES_XOR,
	NIC_DOES_ADD,
	NIC_DOES_ADDSAT,
	NIC_DOES_SUB,
	NIC_DOES_SUBSAT,
};
enum nic_how {
	NIC_HOW_SWAP = 1,  /* little endian words */
	NIC_HOW_PAIRS = 2, /* the two words of 8 bytes the other way round */
	NIC_HOW_WIDE = 4,  /* 64 bits */
	NIC_HOW_DATA = 8,  /* immediate data */
};

struct nic_command {
	enum nic_target target;
	uint8_t action, token;
	uint8_t length, length_mask; /* what the CNT field must hold */
	uint8_t unit;		     /* bytes CNT counts; 0: no semantics known */
	enum nic_data data;
	enum nic_does does;
	uint8_t how;	  /* enum nic_how */
	const char *name; /* "read32_swap" */
	const char *semantics;
};

const struct nic_target_info *nic_target_info(enum nic_target target);
/* NIC_TARGET_CNT when no target has that TGT field. */
enum nic_target nic_target_find(uint32_t tgt);
extern const struct nic_command nic_commands[];
extern const size_t nic_command_cnt;
/* NULL when there is none. */
const struct nic_command *nic_command_find(uint32_t tgt, uint32_t token, uint32_t cnt);
const struct nic_command *nic_command_by_name(enum nic_target target, const char *name);

enum nic_csr {
#define TARGET(...)
#define COMMAND(...)
#define CSR(id, address, name) NIC_CSR_##id = (address) / 4,
#include "nic/commands.def"
#undef TARGET
#undef COMMAND
#undef CSR
};
/* By address / 4; NULL when it has none. */
const char *nic_csr_name(uint32_t csr);
bool nic_csr_find(const char *name, size_t len, uint32_t *csr);

/* The table as a page for people: docs/isa.md. */
void nic_isa_print_markdown(FILE *out);

/* ---- 4. text ---- */

/* The longest text of an instruction, with its NUL. */
#define NIC_TEXT_MAX 256
/* Prints an instruction, or ".word 0x..." of bits 44:0 that are none. */
void nic_format(uint64_t word, char buf[NIC_TEXT_MAX]);
/* A line of a listing: byte offset, index, instruction. The listing has cnt words. */
void nic_format_line(uint64_t word, uint32_t index, uint32_t cnt, char *buf, size_t size);

/* What is wrong with a text and where. */
struct nic_asm_error {
	uint32_t line, column; /* from 1 */
	char text[512];	       /* "expected a register or `--`" */
};
/* One instruction, a line of a listing too. 0, or -EINVAL and error filled. Bits 44:0 are set. */
int nic_parse(const char *text, uint64_t *word, struct nic_asm_error *error);

/*
 * The commands asm and disasm. Text holds an instruction a line, `;` begins a comment; hex holds a
 * word of up to 16 digits a line. Assembled words have their ECC; disassembled ones may have none,
 * or a relocation type, which prints as a comment. `name` is what messages call the input. 0,
 * -EINVAL for a malformed input, or another -errno, with the sentence in message.
 */
int nic_asm_file(FILE *in, const char *name, FILE *out, char *message, size_t size);
int nic_disasm_file(FILE *in, const char *name, FILE *out, char *message, size_t size);

/* ---- 5. mem.c: memories ---- */

/*
 * Memory unit addresses have 40 bits: 37:32 name the island, 39:38 how it caches and are ignored.
 * Island 0 is the local one; there bit 31 means a packet: 25:16 its number, 12:0 the offset in its
 * buffer. CLS has addresses of its own.
 */
#define NIC_ADDRESS_BITS 40
#define NIC_ISLAND_SHIFT 32
#define NIC_ISLAND_LOCAL 0u
#define NIC_ISLAND_EMEM 24u /* firmware-facts.md 1.1: emem0 */
#define NIC_ISLAND_IMEM 28u
#define NIC_CTM_BYTES (256u << 10) /* nfp-isa.md 15 */
#define NIC_CLS_BYTES (64u << 10)
#define NIC_IMEM_BYTES (4u << 20)
#define NIC_PACKETS 1024u
#define NIC_PACKET_BYTES_MAX 8192u
#define NIC_PACKET_ADDRESS (UINT32_C(1) << 31)
#define NIC_UNITS_MAX 32u /* of one command */
#define NIC_XFERS 64u	  /* transfer registers of a context, in and out counted separately */

struct nic_mem;

/* All zero; the EMEM is one arena of emem_bytes. NULL and errno. */
struct nic_mem *nic_mem_new(uint64_t emem_bytes);
void nic_mem_free(struct nic_mem *mem);
/* The buffer of packet `number` is data[0, size), which stays the caller's; NULL takes it away.
 * -EINVAL for a number or size that no packet address can have. */
int nic_mem_set_packet(struct nic_mem *mem, uint32_t number, void *data, uint32_t size);
/* Where [address, address + size) of a target (NIC_TARGET_MEM, _CLS) is kept; NULL when any of it
 * is in no memory. */
uint8_t *nic_mem_at(struct nic_mem *mem, enum nic_target target, uint64_t address, uint64_t size);

/* One command. in and out are all transfer registers of the context. */
struct nic_access {
	const struct nic_command *command;
	uint64_t address;
	uint32_t units; /* how many, 1 to NIC_UNITS_MAX; of a wide or immediate atomic 1 */
	uint32_t xfer;	/* the first transfer register */
	uint32_t *in;	/* NIC_XFERS of them */
	const uint32_t *out;
	bool has_data; /* immediate data is given */
	uint16_t data;
};
/* NULL, or why it is a device fault; nothing is then read or written. Atomics of several threads
 * are atomic. */
const char *nic_mem_access(struct nic_mem *mem, const struct nic_access *access);

/* ---- 6. me*.c: one microengine, instruction by instruction ---- */

/*
 * The exact simulator: one issue slot at a time, with cycles, contexts and hazards. What it has no
 * semantics for is a device fault that names it. One thread runs a microengine and its neighbours;
 * any number may share a nic_mem.
 */
#define NIC_CONTEXTS 8u /* numbers of contexts; in 4-context mode the even ones exist */
#define NIC_LM_WORDS 1024u
#define NIC_NNS 128u	/* next-neighbour registers, of which a context has its share */
#define NIC_NN_FULL 96u /* in the ring: br_inp_state[nn_full] says it is full */
#define NIC_SIGNALS 16u /* 1 to 15 */
/* Instructions between a write of ACTIVE_LM_ADDR_x and the first that sees it (nfp-isa.md 7). */
#define NIC_LM_DELAY 3u
/* Not known; firmware-facts.md 2.4 has what the timing model will use. */
#define NIC_COMMAND_CYCLES 100u
/* Not known: which polynomial PSEUDO_RANDOM_NUMBER has. It is seeded with 42 (nfp-isa.md 5.6). */
#define NIC_PRNG_POLYNOMIAL UINT32_C(0x80200003)
#define NIC_PRNG_SEED 42u
#define NIC_TIMESTAMP_CYCLES 16u /* a tick: firmware-facts.md 6 */

struct nic_me;

struct nic_fault {
	uint32_t ctx, pc;
	uint64_t cycle;
	uint64_t word;
	char text[NIC_TEXT_MAX]; /* the instruction */
	const char *reason;
};

enum nic_me_end {
	NIC_ME_STOPPED, /* a context is at a stop address; its next instruction is that one */
	NIC_ME_IDLE,	/* no context will run again, unless a signal comes that is expected */
	NIC_ME_LIMIT,	/* the instructions allowed are used up */
	NIC_ME_FAULT,
};

/* Empty code store, no context started, 4 contexts. NULL and errno. mem must live as long. */
struct nic_me *nic_me_new(struct nic_mem *mem);
void nic_me_free(struct nic_me *me);
/* 4 contexts with 32 GPRs a bank and 64 transfer registers, or 8 with half of each. Contexts that
 * run are ended. -EINVAL for another number. */
int nic_me_set_contexts(struct nic_me *me, uint32_t cnt);
/* What me writes to next-neighbour registers goes to those of next (it may be me; NULL: nowhere),
 * and they can signal each other. */
void nic_me_set_next(struct nic_me *me, struct nic_me *next);
/* Words with their ECC into the code store. -EINVAL when they do not fit. */
int nic_me_load(struct nic_me *me, uint32_t at, const uint64_t *words, uint32_t cnt);
/* nic_me_run() returns before a context executes the word there. */
void nic_me_set_stop(struct nic_me *me, uint32_t address, bool on);
/* Context ctx runs from pc as soon as it is its turn. -EINVAL for what is no context or address. */
int nic_me_start(struct nic_me *me, uint32_t ctx, uint32_t pc);
/* A signal, 1 to 15, comes to the context. -EINVAL for what is none, or no context. */
int nic_me_signal(struct nic_me *me, uint32_t ctx, uint32_t signal);
/* Signals of the context (bit n is signal n) that nic_me_signal() or another microengine may still
 * send: where nothing else can run, waiting for one of them is NIC_ME_IDLE. For any other it is a
 * fault. */
void nic_me_expect(struct nic_me *me, uint32_t ctx, uint32_t signals);
/* Ends that context. */
void nic_me_kill(struct nic_me *me, uint32_t ctx);
/* Runs until something of enum nic_me_end happens, at most max_insns instructions. Which context
 * stopped or faulted is the active one. A context that faulted is killed; the others can go on. */
enum nic_me_end nic_me_run(struct nic_me *me, uint64_t max_insns, struct nic_fault *fault);
/* The same, fast: the code store is translated when it has changed. Everything is as nic_me_run()
 * leaves it, cycles too; one may go on where the other ended. */
enum nic_me_end nic_me_run_fast(struct nic_me *me, uint64_t max_insns, struct nic_fault *fault);

/* What the microengine does from now on is recorded, for nic/timing/timing.h 1; NULL: no more. It
 * then runs exactly, whatever is asked for; only one context may run. */
struct nic_recorder;
void nic_me_set_recorder(struct nic_me *me, struct nic_recorder *recorder);

/* What a watcher is shown of a microengine, as it happens. */
enum nic_seen {
	NIC_SEEN_INSN,	  /* the active context is about to execute the instruction at pc */
	NIC_SEEN_COMMAND, /* the instruction at pc has sent a command, and goes on */
	NIC_SEEN_SWAP,	  /* the instruction at pc, those it deferred done, swaps out */
	NIC_SEEN_STOP,	  /* pc is a stop address: the run ends */
};
struct nic_sight {
	enum nic_seen kind;
	uint32_t ctx, pc;
	uint64_t cycle;
	/* What was sent, and is done: memory and transfer registers are as it leaves them, though
	 * the context does not know yet. NULL: it swaps out for something else. */
	const struct nic_access *access;
	bool is_deferred; /* of an instruction: it runs before a branch or swap is taken */
};
typedef void nic_watch_fn(void *arg, const struct nic_sight *sight);
/* NULL: no more. A microengine that is watched runs exactly, whatever is asked for. */
void nic_me_set_watch(struct nic_me *me, nic_watch_fn *watch, void *arg);

struct nic_mem *nic_me_mem(struct nic_me *me);
uint32_t nic_me_active(const struct nic_me *me);
uint32_t nic_me_pc(const struct nic_me *me, uint32_t ctx);
uint64_t nic_me_cycles(const struct nic_me *me);
uint64_t nic_me_insns(const struct nic_me *me);
/* Registers and memory of a context, to look at and to set up; NULL for what is none. */
uint32_t *nic_me_gpr(struct nic_me *me, uint32_t ctx, bool is_bank_b, uint32_t num);
uint32_t *nic_me_xfer_in(struct nic_me *me, uint32_t ctx, uint32_t num);
uint32_t *nic_me_xfer_out(struct nic_me *me, uint32_t ctx, uint32_t num);
uint32_t *nic_me_lm(struct nic_me *me, uint32_t word);
uint32_t *nic_me_nn(struct nic_me *me, uint32_t num);
/* Byte address of a local-memory pointer. */
void nic_me_set_lm_addr(struct nic_me *me, uint32_t ctx, uint32_t pointer, uint32_t address);
/* As an instruction issued now would use it. */
uint32_t nic_me_lm_addr(struct nic_me *me, uint32_t ctx, uint32_t pointer);
/* N, Z, V, C in bits 3 to 0. */
uint32_t nic_me_cc(const struct nic_me *me, uint32_t ctx);
uint32_t nic_me_t_index(const struct nic_me *me);

#endif
