/* SPDX-License-Identifier: BSD-2-Clause */
/* Private to nic/: what its files need of each other. */
#ifndef NIC_INTERNAL_H
#define NIC_INTERNAL_H

#include "nic/nic.h"

#include <string.h>

/* ---- isa.c ---- */

/* Bits of nic_insn.field that the operation's text shows. */
uint64_t nic_op_shows(enum nic_op op);
/* The text has this letter. */
bool nic_op_has_letter(enum nic_op op, char letter);
/* A swapped word with the fields of its left operand where the form has them, and not swapped; any
 * other word as it is. */
uint64_t nic_unswap_fields(uint64_t word);
/* The A and the B field of an unrestricted form exchanged. */
uint64_t nic_exchange(uint64_t word);
/* Every bit a word of the form may have set. */
uint64_t nic_form_bits(enum nic_form form);

/* ---- operand.c ---- */

/* A GPR that can only be read through that side of the instruction. */
bool nic_is_bank_a(enum nic_kind kind);
bool nic_is_bank_b(enum nic_kind kind);
/* Two operands of one family cannot be sources of one instruction. */
bool nic_is_same_family(enum nic_kind a, enum nic_kind b);
bool nic_code_is_imm(enum nic_operands format, uint32_t code);

/* One operand's code. imm_max: the largest immediate the form takes. NULL or a reason. */
const char *nic_code_put(enum nic_operands format, const struct nic_reg *reg, bool is_dst,
	uint32_t imm_max, uint32_t *code);
/* The operand of a code; extension bits of the word go in: lmx (the pointer is 2 or 3), i8 (bit 7
 * of an immediate). */
const char *nic_code_get(enum nic_operands format, uint32_t code, bool is_bank_b, bool lmx, bool i8,
	struct nic_reg *reg);

/* ---- text.c: the parts of a text ---- */

/* A text being printed. */
struct nic_line {
	char *buf;
	size_t size, len;
};
void nic_put(struct nic_line *line, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* A text being read. What could have stood at the furthest place reached is kept, for the error. */
#define NIC_EXPECTED_MAX 16
struct nic_input {
	const char *p;
	const char *furthest;
	const char *expected[NIC_EXPECTED_MAX];
	unsigned int expected_cnt;
	const struct nic_command *command; /* the one named */
	const char *command_at;
};
/* Something else could stand at `at`. */
void nic_expect(struct nic_input *in, const char *at, const char *what);
void nic_skip_blanks(struct nic_input *in);
/* False, with nothing read, when the word is not there. */
bool nic_read_word(struct nic_input *in, const char *word);
/* ", WORD": a part that may be missing. */
bool nic_read_option(struct nic_input *in, const char *word);
/* A number in base 10 or 0x; `what` is expected where it is none or too large. */
bool nic_read_number(struct nic_input *in, uint32_t max, const char *what, uint32_t *value);
bool nic_read_bracket(struct nic_input *in);

struct nic_letter {
	uint64_t shows; /* bits of nic_insn.field */
	void (*print)(struct nic_line *line, char letter, const struct nic_insn *insn);
	/* False when the input is not that; it was said what was expected. */
	bool (*read)(struct nic_input *in, char letter, struct nic_insn *insn);
};
#define NIC_LETTER_CNT 128
extern const struct nic_letter nic_operand_letters[NIC_LETTER_CNT];
extern const struct nic_letter nic_field_letters[NIC_LETTER_CNT];
extern const struct nic_letter nic_command_letters[NIC_LETTER_CNT];
/* NULL when there is none. */
const struct nic_letter *nic_letter(char letter);

/* ---- me*.c: the exact simulator ---- */

#define NIC_NO_CYCLE UINT64_MAX

struct nic_lm_write {
	uint64_t due; /* NIC_NO_CYCLE: none */
	uint32_t address;
};

/* Condition codes, as the sum they are of and its summands: what sets them has these at hand, and
 * few are looked at. */
struct nic_cc {
	uint64_t sum; /* bit 32 is C; N and Z are of the word below */
	uint32_t x, y;
};
static inline bool
nic_cc_n(struct nic_cc cc)
{
	return (uint32_t)cc.sum >> 31;
}
static inline bool
nic_cc_z(struct nic_cc cc)
{
	return !(uint32_t)cc.sum;
}
static inline bool
nic_cc_v(struct nic_cc cc)
{
	return (~(cc.x ^ cc.y) & (cc.x ^ (uint32_t)cc.sum)) >> 31;
}
static inline bool
nic_cc_c(struct nic_cc cc)
{
	return cc.sum >> 32;
}
/* Of a result, which leaves V and C clear. */
static inline struct nic_cc
nic_cc_of(uint32_t result)
{
	return (struct nic_cc){ .sum = result, .x = result };
}
/* N, Z, V, C in bits 3 to 0; of N and Z only N is kept. */
struct nic_cc nic_cc_from(uint32_t bits);

enum nic_ctx_state { NIC_CTX_DEAD, NIC_CTX_READY, NIC_CTX_ASLEEP };

struct nic_ctx {
	enum nic_ctx_state state;
	uint32_t number;
	uint32_t pc;
	struct nic_cc cc;
	uint32_t xfer_in[NIC_XFERS], xfer_out[NIC_XFERS];
	uint32_t lm_addr[4];
	struct nic_lm_write lm_write[4];
	uint64_t lm_due;		  /* the first of them */
	uint64_t signal_due[NIC_SIGNALS]; /* when it comes; NIC_NO_CYCLE: nobody sent it */
	uint32_t waits_for;		  /* its wakeup events: bit n is signal n, 0 voluntary */
	bool waits_for_any;
	uint32_t from_outside; /* signals nic_me_expect() told of */
	uint32_t future_count, future_sig;
	uint32_t predicate; /* the condition that predicated instructions ask for */
};

/* What happens when the deferred instructions are through. */
enum nic_then { NIC_THEN_NOTHING, NIC_THEN_JUMP, NIC_THEN_SLEEP, NIC_THEN_KILL, NIC_THEN_HALT };

typedef void nic_op_fn(struct nic_me *me, const struct nic_insn *insn);

#define NIC_CAM_ENTRIES 16u
struct nic_cam {
	uint32_t tag[NIC_CAM_ENTRIES];
	uint8_t state[NIC_CAM_ENTRIES];
	uint8_t order[NIC_CAM_ENTRIES]; /* entries, the least recently used first */
};

/* Commands found, by their fields: the table is long. */
#define NIC_FOUND_COMMANDS 64u
struct nic_found_command {
	uint32_t key; /* 0: none */
	const struct nic_command *command;
};

struct nic_me {
	struct nic_mem *mem;
	struct nic_ctx ctxs[NIC_CONTEXTS];
	struct nic_ctx *ctx; /* the active one */
	uint32_t living;     /* bit n: context n is not dead */
	uint32_t gpr[2][128];
	uint32_t lm[NIC_LM_WORDS];
	uint32_t nn[NIC_NNS];
	uint32_t nn_put, nn_get, nn_empty; /* empty: with that many in the ring or fewer */
	bool nn_to_self;		   /* what it sends it gets itself */
	struct nic_me *next, *prev;	   /* neighbours */
	bool has_eight;			   /* contexts */
	uint32_t t_index, byte_index, ctx_pointer, prng;
	uint32_t mailbox[4], indirect_ref[2];
	uint32_t crc;
	struct nic_cam cam;
	uint64_t cycles, insns;
	/* hidden state of the pipeline; no context swap happens between its setting and its use */
	uint32_t prev_result, prev_a;
	uint32_t mul_a, mul_b, mul_steps; /* steps done of the product, 0: none begun */
	uint32_t count_of, count_steps;	  /* the same of pop_count */
	uint32_t align_with;		  /* source of the byte_align before */
	bool csr_is_read;		  /* the immed that follows takes csr_value */
	uint32_t csr_value;
	enum nic_then then;
	uint32_t then_after;  /* instructions still to run before it */
	uint32_t then_pc;     /* NIC_CODE_WORDS: where it is */
	uint32_t then_cycles; /* lost with it */
	struct nic_recorder *recorder;
	struct nic_access command; /* of NIC_THEN_SLEEP: what it sends; command NULL: nothing */
	uint32_t command_sigs, command_pc;
	nic_watch_fn *watch; /* NULL: nobody does */
	void *watch_arg;
	struct nic_found_command found[NIC_FOUND_COMMANDS];
	const char *fault;
	uint32_t nowhere; /* a register for an instruction that is a fault */
	/* operands of the fast mode, fast.h */
	uint32_t immediates[256];
	uint32_t fetched[2];
	struct nic_fast *fast;
	struct nic_stream *ready[NIC_CONTEXTS]; /* of the code store as it is; NULL: not made */
	bool is_fast_stale;
	uint32_t loaded_from, loaded_to; /* words ever loaded */

	nic_op_fn *ops[NIC_OP_CNT]; /* NULL: not modelled */
	uint64_t words[NIC_CODE_WORDS];
	struct nic_insn *insns_at; /* NIC_CODE_WORDS; decoded when is_decoded */
	bool is_decoded[NIC_CODE_WORDS];
	bool is_stop[NIC_CODE_WORDS];
};

extern nic_op_fn *const nic_alu_ops[NIC_OP_CNT];
extern nic_op_fn *const nic_flow_ops[NIC_OP_CNT];
extern nic_op_fn *const nic_unit_ops[NIC_OP_CNT];

/* The watcher, if there is one, is shown that of the active context. */
void nic_me_show(
	struct nic_me *me, enum nic_seen kind, uint32_t pc, const struct nic_access *access);
/* The recorder, if there is one, is told of a command that goes out. */
void nic_me_record(
	struct nic_me *me, const struct nic_access *access, uint32_t signals, bool is_swap);
static inline void
nic_ctx_become(struct nic_me *me, struct nic_ctx *ctx, enum nic_ctx_state state)
{
	const uint32_t bit = 1u << ctx->number;

	ctx->state = state;
	me->living = state == NIC_CTX_DEAD ? me->living & ~bit : me->living | bit;
}
/* The first reason of an instruction sticks. */
void nic_me_fault(struct nic_me *me, const char *reason);
/* Nothing is on its way to the context. */
static inline void
nic_ctx_forget_events(struct nic_ctx *ctx)
{
	if (ctx->lm_due != NIC_NO_CYCLE)
		for (unsigned int i = 0; i < 4; i++)
			ctx->lm_write[i].due = NIC_NO_CYCLE;
	ctx->lm_due = NIC_NO_CYCLE;
	for (unsigned int i = 0; i < NIC_SIGNALS; i++)
		ctx->signal_due[i] = NIC_NO_CYCLE;
	ctx->signal_due[0] = 0; /* voluntary: always there */
}
/* What the active context had begun is forgotten. */
static inline void
nic_me_drop_pending(struct nic_me *me)
{
	me->then = NIC_THEN_NOTHING;
	me->command.command = NULL;
	me->csr_is_read = false;
}
uint32_t nic_me_read(struct nic_me *me, const struct nic_reg *reg);
void nic_me_write(struct nic_me *me, const struct nic_reg *reg, uint32_t value);
/* Pointers whose time has come are used from now on. */
void nic_me_settle_lm(const struct nic_me *me, struct nic_ctx *ctx);
/* nic_me_start() and nic_me_kill() of a context there is. */
static inline void
nic_ctx_start(struct nic_me *me, struct nic_ctx *ctx, uint32_t pc)
{
	if (ctx == me->ctx)
		nic_me_drop_pending(me);
	nic_ctx_become(me, ctx, NIC_CTX_READY);
	ctx->pc = pc;
	if (ctx->lm_due != NIC_NO_CYCLE)
		nic_me_settle_lm(me, ctx);
	nic_ctx_forget_events(ctx);
}
static inline void
nic_ctx_kill(struct nic_me *me, struct nic_ctx *ctx)
{
	nic_ctx_become(me, ctx, NIC_CTX_DEAD);
	if (me->ctx == ctx)
		nic_me_drop_pending(me);
}
/* That context exists in the microengine's mode. */
static inline bool
nic_me_has_ctx(const struct nic_me *me, uint32_t ctx)
{
	return ctx < NIC_CONTEXTS && (me->has_eight || ctx % 2 == 0);
}
/* Makes a context that can run the active one. NIC_ME_LIMIT: there is one; else how the run ends.
 */
enum nic_me_end nic_me_choose(struct nic_me *me, struct nic_fault *fault);
/* The active context is where a run stops. */
static inline bool
nic_me_is_at_stop(const struct nic_me *me)
{
	return me->then == NIC_THEN_NOTHING && me->ctx->pc < NIC_CODE_WORDS &&
	       me->is_stop[me->ctx->pc];
}
static inline uint32_t
nic_me_ctx_number(const struct nic_me *me)
{
	return me->ctx->number;
}
/* Where the context's transfer registers begin in xfer_in and xfer_out. */
uint32_t nic_me_first_xfer(const struct nic_me *me);
/* A register of all transfer registers there are, 0 to 255: its context, and its place there. */
struct nic_ctx *nic_me_xfer_owner(struct nic_me *me, uint32_t number, uint32_t *place);
/* The condition codes fulfil the condition of beq (0) to bgt (11). */
bool nic_cc_is(const struct nic_ctx *ctx, uint32_t condition);

/* me_flow.c: the signals of a command, bit n is signal n; they come when it is done, from now on.
 */
uint32_t nic_command_signals(const struct nic_command *command, uint32_t sig);
void nic_signal_done(struct nic_me *me, uint32_t signals);

/* me_csr.c: local CSRs */
void nic_csr_read(struct nic_me *me, const struct nic_insn *insn);
void nic_csr_write(struct nic_me *me, const struct nic_insn *insn);
/* What is written to a pointer is used from some cycles later on. */
void nic_write_pointer(struct nic_me *me, struct nic_ctx *ctx, uint32_t pointer, uint32_t address);

/* me_unit.c: CAM, CRC unit, and the like */
void nic_cam_clear(struct nic_cam *cam);

/* me_reg.c: the next-neighbour ring */
bool nic_nn_is_empty(const struct nic_me *me);
bool nic_nn_is_full(struct nic_me *me);
/* insns_at[pc] is filled: NULL, or why there is no instruction. */
const char *nic_me_decode_at(struct nic_me *me, uint32_t pc);
/* Fills me->command and says where its bytes are; NULL, and no fault, when the exact mode would not
 * run the command. */
uint8_t *nic_me_place_command(struct nic_me *me, const struct nic_insn *insn, uint64_t address);

/* ---- mem.c ---- */

struct nic_packet {
	uint8_t *data;
	uint32_t size;
};

struct nic_mem {
	uint8_t *emem;
	uint64_t emem_bytes;
	uint8_t imem[NIC_IMEM_BYTES] __attribute__((aligned(8)));
	uint8_t ctm[NIC_CTM_BYTES] __attribute__((aligned(8)));
	uint8_t cls[NIC_CLS_BYTES] __attribute__((aligned(8)));
	struct nic_packet packets[NIC_PACKETS];
};

/* Of an address that has NIC_PACKET_ADDRESS; NULL outside the packet. */
static inline uint8_t *
nic_mem_packet_at(struct nic_mem *mem, uint32_t address, uint64_t size)
{
	const uint32_t offset = address & (NIC_PACKET_BYTES_MAX - 1);
	const struct nic_packet *packet = &mem->packets[address >> 16 & (NIC_PACKETS - 1)];

	/* 30:26 and 15:13 belong to neither the number nor the offset */
	if (address & 0x7c00e000 || offset >= packet->size || size > packet->size - offset)
		return NULL;
	return packet->data + offset;
}

/* nic_mem_access() in two: where the command's bytes are, or why there is no such command; and what
 * it does with them. */
const char *nic_mem_place(struct nic_mem *mem, const struct nic_access *access, uint8_t **at);
void nic_mem_do(const struct nic_access *access, uint8_t *at);

/* ---- fast.c ---- */

void nic_fast_free(struct nic_fast *fast);
/* The code store, or what is done with it, has changed. */
static inline void
nic_fast_forget(struct nic_me *me)
{
	memset(me->ready, 0, sizeof(me->ready));
	me->is_fast_stale = true;
}

#endif
