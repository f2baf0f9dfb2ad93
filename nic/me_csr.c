/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Local CSRs: one row each that is modelled, with what reading and writing does (nfp-isa.md 1, 5.6;
 * fields as in Netronome's open nfp_me.h). Reading or writing one without a row, or without that
 * side of it, is a device fault.
 */
#include "nic/internal.h"

struct csr {
	/* What the CSR of that context has; number tells apart those that share the function. */
	uint32_t (*read)(struct nic_me *me, struct nic_ctx *ctx, uint32_t number);
	void (*write)(struct nic_me *me, struct nic_ctx *ctx, uint32_t number, uint32_t value);
	uint8_t number;
	bool is_indirect; /* of the context that CSR_CTX_POINTER names, not of the active one */
};

/* ---- pointers and indices ---- */

void
nic_write_pointer(struct nic_me *me, struct nic_ctx *ctx, uint32_t pointer, uint32_t address)
{
	uint64_t due = me->cycles + NIC_LM_DELAY + 1;

	ctx->lm_write[pointer] = (struct nic_lm_write){ .due = due, .address = address & ~3u };
	if (due < ctx->lm_due)
		ctx->lm_due = due;
}

static uint32_t
read_pointer(struct nic_me *me, struct nic_ctx *ctx, uint32_t pointer)
{
	(void)me;
	return ctx->lm_addr[pointer];
}

static void
write_pointer(struct nic_me *me, struct nic_ctx *ctx, uint32_t pointer, uint32_t value)
{
	nic_write_pointer(me, ctx, pointer, value);
}

static uint32_t
read_pointer_byte(struct nic_me *me, struct nic_ctx *ctx, uint32_t pointer)
{
	return ctx->lm_addr[pointer] | me->byte_index;
}

static void
write_pointer_byte(struct nic_me *me, struct nic_ctx *ctx, uint32_t pointer, uint32_t value)
{
	nic_write_pointer(me, ctx, pointer, value);
	me->byte_index = value & 3;
}

static uint32_t
read_t_index(struct nic_me *me, struct nic_ctx *ctx, uint32_t number)
{
	(void)ctx, (void)number;
	return 4 * me->t_index;
}

static void
write_t_index(struct nic_me *me, struct nic_ctx *ctx, uint32_t number, uint32_t value)
{
	(void)ctx, (void)number;
	me->t_index = value >> 2 & 0xff;
}

static uint32_t
read_t_index_byte(struct nic_me *me, struct nic_ctx *ctx, uint32_t number)
{
	(void)ctx, (void)number;
	return 4 * me->t_index | me->byte_index;
}

static void
write_t_index_byte(struct nic_me *me, struct nic_ctx *ctx, uint32_t number, uint32_t value)
{
	write_t_index(me, ctx, number, value);
	me->byte_index = value & 3;
}

/* ---- CSRs that only hold a value: where, and which bits ---- */

#define PLAIN(name, where, mask)                                                                   \
	static uint32_t read_##name(struct nic_me *me, struct nic_ctx *ctx, uint32_t number)       \
	{                                                                                          \
		(void)me, (void)ctx, (void)number;                                                 \
		return where;                                                                      \
	}                                                                                          \
	static void write_##name(                                                                  \
		struct nic_me *me, struct nic_ctx *ctx, uint32_t number, uint32_t value)           \
	{                                                                                          \
		(void)me, (void)ctx, (void)number;                                                 \
		where = value & (mask);                                                            \
	}
PLAIN(ctx_pointer, me->ctx_pointer, NIC_CONTEXTS - 1)
PLAIN(byte_index, me->byte_index, 3)
PLAIN(nn_put, me->nn_put, NIC_NNS - 1)
PLAIN(nn_get, me->nn_get, NIC_NNS - 1)
PLAIN(crc, me->crc, UINT32_MAX)
PLAIN(mailbox, me->mailbox[number], UINT32_MAX)
PLAIN(indirect_ref, me->indirect_ref[number], UINT32_MAX)
PLAIN(predicate, ctx->predicate, 0xf)
PLAIN(future_count, ctx->future_count, 0xffff)

/* ---- time and chance ---- */

static uint32_t
read_timestamp(struct nic_me *me, struct nic_ctx *ctx, uint32_t number)
{
	(void)ctx;
	return (uint32_t)(me->cycles / NIC_TIMESTAMP_CYCLES >> 32 * number);
}

/* A counter of cycles with 16 bits. */
static uint32_t
read_profile(struct nic_me *me, struct nic_ctx *ctx, uint32_t number)
{
	(void)ctx, (void)number;
	return (uint16_t)me->cycles;
}

/* A pseudo random number; a shift register with feedback, as the hardware's is (5.6). */
static uint32_t
read_random(struct nic_me *me, struct nic_ctx *ctx, uint32_t number)
{
	(void)ctx, (void)number;
	me->prng = me->prng >> 1 ^ (me->prng & 1 ? NIC_PRNG_POLYNOMIAL : 0);
	return me->prng;
}

static void
write_random(struct nic_me *me, struct nic_ctx *ctx, uint32_t number, uint32_t value)
{
	(void)ctx, (void)number;
	me->prng = value;
}

static uint32_t
read_future_sig(struct nic_me *me, struct nic_ctx *ctx, uint32_t number)
{
	(void)me, (void)number;
	return ctx->future_sig;
}

/* An alarm: the signal comes when the timestamp's low 16 bits are the future count; 0 ends it. */
static void
write_future_sig(struct nic_me *me, struct nic_ctx *ctx, uint32_t number, uint32_t value)
{
	uint64_t ticks = me->cycles / NIC_TIMESTAMP_CYCLES;
	uint64_t due = (ticks + (uint16_t)(ctx->future_count - ticks)) * NIC_TIMESTAMP_CYCLES;

	(void)number;
	if (ctx->future_sig && ctx->signal_due[ctx->future_sig] > me->cycles)
		ctx->signal_due[ctx->future_sig] = NIC_NO_CYCLE;
	ctx->future_sig = value & 0xf;
	if (ctx->future_sig)
		ctx->signal_due[ctx->future_sig] = due > me->cycles ? due : me->cycles;
}

/* ---- signals ---- */

static uint32_t
read_events(struct nic_me *me, struct nic_ctx *ctx, uint32_t number)
{
	uint32_t events = 0;

	(void)number;
	for (uint32_t i = 0; i < NIC_SIGNALS; i++)
		if (ctx->signal_due[i] <= me->cycles)
			events |= 1u << i;
	return events;
}

/* The voluntary event is always there. */
static void
write_events(struct nic_me *me, struct nic_ctx *ctx, uint32_t number, uint32_t value)
{
	(void)number;
	for (uint32_t i = 1; i < NIC_SIGNALS; i++) {
		if (value >> i & 1)
			ctx->signal_due[i] = me->cycles;
		else if (ctx->signal_due[i] <= me->cycles)
			ctx->signal_due[i] = NIC_NO_CYCLE;
	}
}

#define WAKEUP_ANY (1u << 16)

static uint32_t
read_wakeup(struct nic_me *me, struct nic_ctx *ctx, uint32_t number)
{
	(void)me, (void)number;
	return ctx->waits_for | (ctx->waits_for_any ? WAKEUP_ANY : 0);
}

static void
write_wakeup(struct nic_me *me, struct nic_ctx *ctx, uint32_t number, uint32_t value)
{
	(void)me, (void)number;
	ctx->waits_for = value & 0xffff;
	ctx->waits_for_any = value & WAKEUP_ANY;
}

/* A signal for a context of `to`: bits 6:3 its number, 2:0 the context. */
static void
post(struct nic_me *me, struct nic_me *to, uint32_t ctx, uint32_t value)
{
	if (!to)
		nic_me_fault(me, "there is no such neighbour");
	else if (nic_me_signal(to, ctx, value >> 3 & 0xf))
		nic_me_fault(me, "no such signal or context");
}

/* Bit 7: the next context, whichever is named. */
static void
write_same_me(struct nic_me *me, struct nic_ctx *ctx, uint32_t number, uint32_t value)
{
	uint32_t next = nic_me_ctx_number(me) + (me->has_eight ? 1 : 2);

	(void)ctx, (void)number;
	post(me, me, value & 0x80 ? next % NIC_CONTEXTS : value & 7, value);
}

/* Bit 7: the context with the number of this one, whichever is named. */
static void
write_neighbour(struct nic_me *me, struct nic_ctx *ctx, uint32_t number, uint32_t value)
{
	(void)ctx;
	post(me, number ? me->prev : me->next, value & 0x80 ? nic_me_ctx_number(me) : value & 7,
		value);
}

/* ---- contexts ---- */

#define ENABLES_FOUR (1u << 31)
#define ENABLES_NN_SELF (1u << 20)
#define ENABLES_NN_EMPTY(value) ((value) >> 18 & 3)
#define ENABLES_CTXS(value) ((value) >> 8 & 0xff)
#define ENABLES_NN_FROM_SELF 1u
/* What a write may change. */
#define ENABLES_WRITABLE (ENABLES_NN_SELF | 3u << 18 | 0xffu << 8 | ENABLES_NN_FROM_SELF)

static uint32_t
read_enables(struct nic_me *me, struct nic_ctx *ctx, uint32_t number)
{
	uint32_t value = me->has_eight ? 0 : ENABLES_FOUR;

	(void)ctx, (void)number;
	value |= me->living << 8;
	if (me->nn_to_self)
		value |= ENABLES_NN_SELF | ENABLES_NN_FROM_SELF;
	return value | me->nn_empty << 18;
}

/* A context that is enabled runs from where its PC is, one that no longer is does not. */
static void
enable(struct nic_me *me, uint32_t ctxs)
{
	for (uint32_t i = 0; i < NIC_CONTEXTS; i++) {
		if (!(ctxs >> i & 1))
			nic_me_kill(me, i);
		else if (!nic_me_has_ctx(me, i))
			nic_me_fault(me, "no such context");
		else if (me->ctxs[i].state == NIC_CTX_DEAD)
			nic_ctx_become(me, &me->ctxs[i], NIC_CTX_READY);
	}
}

/* Sending to itself and receiving from itself are two bits, here one fact: they go together. */
static void
write_enables(struct nic_me *me, struct nic_ctx *ctx, uint32_t number, uint32_t value)
{
	bool to_self = value & ENABLES_NN_SELF;

	if ((value ^ read_enables(me, ctx, number)) & ~ENABLES_WRITABLE ||
		to_self != (value & ENABLES_NN_FROM_SELF)) {
		nic_me_fault(me, "this use of CtxEnables is not modelled");
		return;
	}
	me->nn_to_self = to_self;
	me->nn_empty = ENABLES_NN_EMPTY(value);
	enable(me, ENABLES_CTXS(value));
}

/* Which island and microengine it is is not known here, and 0. */
static uint32_t
read_active_status(struct nic_me *me, struct nic_ctx *ctx, uint32_t number)
{
	(void)number;
	return 1u << 31 | ctx->pc << 8 | nic_me_ctx_number(me);
}

static uint32_t
read_indirect_status(struct nic_me *me, struct nic_ctx *ctx, uint32_t number)
{
	(void)me, (void)number;
	return (ctx->state == NIC_CTX_READY ? 1u << 31 : 0) | ctx->pc;
}

static void
write_indirect_status(struct nic_me *me, struct nic_ctx *ctx, uint32_t number, uint32_t value)
{
	(void)number;
	if (ctx->state == NIC_CTX_DEAD && (value & 0x3fff) < NIC_CODE_WORDS)
		ctx->pc = value & 0x3fff;
	else
		nic_me_fault(me, "the PC of a context that runs, or out of the code store");
}

/* ---- the table ---- */

/* GNU's disassembler, whose names the table has, knows no name for it. */
#define CSR_CMD_INDIRECT_REF_1 (0x194 / 4)

#define RW(name) .read = read_##name, .write = write_##name
#define BOTH(id, ...)                                                                              \
	[NIC_CSR_ACT_##id] = { __VA_ARGS__ },                                                      \
	[NIC_CSR_IND_##id] = { __VA_ARGS__, .is_indirect = true }
static const struct csr csrs[] = {
	[NIC_CSR_CTX_ENABLES] = { RW(enables) },
	[NIC_CSR_CTX_POINTER] = { RW(ctx_pointer) },
	[NIC_CSR_IND_CTX_STATUS] = { RW(indirect_status), .is_indirect = true },
	[NIC_CSR_ACT_CTX_STATUS] = { .read = read_active_status },
	BOTH(CTX_SIG_EVENTS, RW(events)),
	BOTH(CTX_WAKEUP_EVENTS, RW(wakeup)),
	BOTH(CTX_FUTURE_COUNT, RW(future_count)),
	BOTH(FUTURE_COUNT_SIG, RW(future_sig)),
	BOTH(LM_ADDR_0, RW(pointer), .number = 0),
	BOTH(LM_ADDR_1, RW(pointer), .number = 1),
	BOTH(LM_ADDR_2, RW(pointer), .number = 2),
	BOTH(LM_ADDR_3, RW(pointer), .number = 3),
	BOTH(LM_ADDR_0_BYTE, RW(pointer_byte), .number = 0),
	BOTH(LM_ADDR_1_BYTE, RW(pointer_byte), .number = 1),
	BOTH(LM_ADDR_2_BYTE, RW(pointer_byte), .number = 2),
	BOTH(LM_ADDR_3_BYTE, RW(pointer_byte), .number = 3),
	[NIC_CSR_BYTE_INDEX] = { RW(byte_index) },
	[NIC_CSR_T_INDEX] = { RW(t_index) },
	[NIC_CSR_T_INDEX_BYTE] = { RW(t_index_byte) },
	[NIC_CSR_NN_PUT] = { RW(nn_put) },
	[NIC_CSR_NN_GET] = { RW(nn_get) },
	[NIC_CSR_IND_PRED_CC] = { RW(predicate), .is_indirect = true },
	[NIC_CSR_TIMESTAMP_LOW] = { .read = read_timestamp, .number = 0 },
	[NIC_CSR_TIMESTAMP_HIGH] = { .read = read_timestamp, .number = 1 },
	[NIC_CSR_NEXT_NEIGHBOR_SIG] = { .write = write_neighbour, .number = 0 },
	[NIC_CSR_PREV_NEIGHBOR_SIG] = { .write = write_neighbour, .number = 1 },
	[NIC_CSR_SAME_ME_SIG] = { .write = write_same_me },
	[NIC_CSR_CRC_REMAINDER] = { RW(crc) },
	[NIC_CSR_PROFILE_COUNT] = { .read = read_profile },
	[NIC_CSR_PSEUDO_RANDOM] = { RW(random) },
	[NIC_CSR_MAILBOX_0] = { RW(mailbox), .number = 0 },
	[NIC_CSR_MAILBOX_1] = { RW(mailbox), .number = 1 },
	[NIC_CSR_MAILBOX_2] = { RW(mailbox), .number = 2 },
	[NIC_CSR_MAILBOX_3] = { RW(mailbox), .number = 3 },
	[NIC_CSR_CMD_INDIRECT_REF_0] = { RW(indirect_ref), .number = 0 },
	[CSR_CMD_INDIRECT_REF_1] = { RW(indirect_ref), .number = 1 },
};

static struct csr
csr_of(const struct nic_insn *insn)
{
	if (insn->csr < sizeof(csrs) / sizeof(csrs[0]))
		return csrs[insn->csr];
	return (struct csr){ .read = NULL };
}

static struct nic_ctx *
ctx_of(struct nic_me *me, const struct csr *csr)
{
	return csr->is_indirect ? &me->ctxs[me->ctx_pointer] : me->ctx;
}

void
nic_csr_read(struct nic_me *me, const struct nic_insn *insn)
{
	struct csr csr = csr_of(insn);

	if (!csr.read) {
		nic_me_fault(me, "reading this local CSR is not modelled");
		return;
	}
	me->csr_value = csr.read(me, ctx_of(me, &csr), csr.number);
	me->csr_is_read = true;
}

void
nic_csr_write(struct nic_me *me, const struct nic_insn *insn)
{
	struct csr csr = csr_of(insn);
	uint32_t value = nic_me_read(me, &insn->left);

	if (csr.write)
		csr.write(me, ctx_of(me, &csr), csr.number, value);
	else
		nic_me_fault(me, "writing this local CSR is not modelled");
}
