/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The registers of a microengine: as operands of instructions (nfp-isa.md 3), the ring of
 * next-neighbour registers, and as who sets a microengine up sees them. Which ones a context has
 * depends on the mode: its 32 (of 8 contexts: 16) GPRs of a bank and next-neighbour registers begin
 * at 16 times its number, its 64 (32) transfer registers at 32 times.
 */
#include "nic/internal.h"

/* Registers of a bank, and of the next-neighbour registers, for each number of a context. */
#define PER_NUMBER 16u
#define XFERS_PER_NUMBER 32u

static uint32_t
base_of(uint32_t ctx)
{
	return PER_NUMBER * ctx;
}

uint32_t
nic_me_first_xfer(const struct nic_me *me)
{
	return me->has_eight ? NIC_XFERS - XFERS_PER_NUMBER : 0;
}

struct nic_ctx *
nic_me_xfer_owner(struct nic_me *me, uint32_t number, uint32_t *place)
{
	uint32_t ctx = number / XFERS_PER_NUMBER % NIC_CONTEXTS;

	if (!me->has_eight)
		ctx &= ~1u;
	*place = nic_me_first_xfer(me) + number - XFERS_PER_NUMBER * ctx;
	return &me->ctxs[ctx];
}

/* ---- local memory, transfer registers by index ---- */

/* The offset is ORed into the word address (nfp-isa.md 3.1). */
static uint32_t *
lm_word(struct nic_me *me, const struct nic_reg *reg)
{
	uint32_t *address = &me->ctx->lm_addr[reg->num];
	uint32_t word = *address / 4 | reg->off;

	if (reg->post)
		*address += reg->post == NIC_POST_INC ? 4 : -4u;
	if (word < NIC_LM_WORDS)
		return &me->lm[word];
	nic_me_fault(me, "the pointer is outside local memory");
	me->nowhere = 0;
	return &me->nowhere;
}

/* T_INDEX counts through the transfer registers of all contexts. */
static struct nic_ctx *
indexed(struct nic_me *me, const struct nic_reg *reg, uint32_t *place)
{
	uint32_t index = me->t_index;

	if (reg->post)
		me->t_index += reg->post == NIC_POST_INC ? 1 : -1u;
	me->t_index %= XFERS_PER_NUMBER * NIC_CONTEXTS;
	return nic_me_xfer_owner(me, index, place);
}

static uint32_t
read_indexed(struct nic_me *me, const struct nic_reg *reg)
{
	uint32_t place;
	struct nic_ctx *owner = indexed(me, reg, &place);

	return owner->xfer_in[place];
}

static void
write_indexed(struct nic_me *me, const struct nic_reg *reg, uint32_t value)
{
	uint32_t place;
	struct nic_ctx *owner = indexed(me, reg, &place);

	owner->xfer_out[place] = value;
}

/* ---- next-neighbour registers ---- */

/* Who gets what this one writes. */
static struct nic_me *
receiver(struct nic_me *me)
{
	return me->nn_to_self ? me : me->next;
}

static uint32_t
ring_length(const struct nic_me *me)
{
	return (me->nn_put - me->nn_get) % NIC_NNS;
}

bool
nic_nn_is_empty(const struct nic_me *me)
{
	return ring_length(me) <= me->nn_empty;
}

bool
nic_nn_is_full(struct nic_me *me)
{
	struct nic_me *to = receiver(me);

	if (!to)
		nic_me_fault(me, "there is no next neighbour");
	return to && ring_length(to) >= NIC_NN_FULL;
}

static uint32_t
read_nn_ring(struct nic_me *me, const struct nic_reg *reg)
{
	uint32_t value = me->nn[me->nn_get];

	if (reg->post)
		me->nn_get = (me->nn_get + 1) % NIC_NNS;
	return value;
}

/* Into the ring, or where the number says. The receiver has the pointers. */
static void
write_nn(struct nic_me *me, const struct nic_reg *reg, uint32_t value)
{
	struct nic_me *to = receiver(me);

	if (!to) {
		nic_me_fault(me, "there is no next neighbour");
	} else if (reg->kind == NIC_NN) {
		to->nn[base_of(me->ctx->number) + reg->num] = value;
	} else {
		to->nn[to->nn_put] = value;
		if (reg->post)
			to->nn_put = (to->nn_put + 1) % NIC_NNS;
	}
}

/* ---- operands ---- */

uint32_t
nic_me_read(struct nic_me *me, const struct nic_reg *reg)
{
	const uint32_t base = base_of(me->ctx->number);

	switch (reg->kind) {
	case NIC_GPR_A:
	case NIC_GPR_BOTH: return me->gpr[0][base + reg->num];
	case NIC_GPR_B:
	case NIC_GPR_BOTH_B: return me->gpr[1][base + reg->num];
	case NIC_ABS_A: return me->gpr[0][reg->num];
	case NIC_ABS_B: return me->gpr[1][reg->num];
	case NIC_XFER: return me->ctx->xfer_in[reg->num];
	case NIC_XFER_INDEX: return read_indexed(me, reg);
	case NIC_LM: return *lm_word(me, reg);
	case NIC_NN: return me->nn[base + reg->num];
	case NIC_NN_INDEX: return read_nn_ring(me, reg);
	case NIC_IMM: return reg->num;
	default: nic_me_fault(me, "an operand that cannot be read"); return 0;
	}
}

void
nic_me_write(struct nic_me *me, const struct nic_reg *reg, uint32_t value)
{
	const uint32_t base = base_of(me->ctx->number);

	switch (reg->kind) {
	case NIC_NONE: break;
	case NIC_GPR_BOTH:
	case NIC_GPR_BOTH_B:
		me->gpr[0][base + reg->num] = me->gpr[1][base + reg->num] = value;
		break;
	case NIC_GPR_A: me->gpr[0][base + reg->num] = value; break;
	case NIC_GPR_B: me->gpr[1][base + reg->num] = value; break;
	case NIC_ABS_A: me->gpr[0][reg->num] = value; break;
	case NIC_ABS_B: me->gpr[1][reg->num] = value; break;
	case NIC_XFER: me->ctx->xfer_out[reg->num] = value; break;
	case NIC_XFER_INDEX: write_indexed(me, reg, value); break;
	case NIC_LM: *lm_word(me, reg) = value; break;
	case NIC_NN:
	case NIC_NN_INDEX: write_nn(me, reg, value); break;
	default: nic_me_fault(me, "an operand that cannot be written"); break;
	}
}

/* ---- seen from outside ---- */

uint32_t *
nic_me_gpr(struct nic_me *me, uint32_t ctx, bool is_bank_b, uint32_t num)
{
	uint32_t cnt = me->has_eight ? PER_NUMBER : 2 * PER_NUMBER;

	if (!nic_me_has_ctx(me, ctx) || num >= cnt)
		return NULL;
	return &me->gpr[is_bank_b][base_of(ctx) + num];
}

/* Where it is in the context's arrays; NIC_XFERS: nowhere. */
static uint32_t
place_of(const struct nic_me *me, uint32_t ctx, uint32_t num)
{
	uint32_t first = nic_me_first_xfer(me);

	return nic_me_has_ctx(me, ctx) && num < NIC_XFERS - first ? first + num : NIC_XFERS;
}

uint32_t *
nic_me_xfer_in(struct nic_me *me, uint32_t ctx, uint32_t num)
{
	uint32_t place = place_of(me, ctx, num);

	return place < NIC_XFERS ? &me->ctxs[ctx].xfer_in[place] : NULL;
}

uint32_t *
nic_me_xfer_out(struct nic_me *me, uint32_t ctx, uint32_t num)
{
	uint32_t place = place_of(me, ctx, num);

	return place < NIC_XFERS ? &me->ctxs[ctx].xfer_out[place] : NULL;
}

uint32_t *
nic_me_lm(struct nic_me *me, uint32_t word)
{
	return word < NIC_LM_WORDS ? &me->lm[word] : NULL;
}

uint32_t *
nic_me_nn(struct nic_me *me, uint32_t num)
{
	return num < NIC_NNS ? &me->nn[num] : NULL;
}

void
nic_me_set_lm_addr(struct nic_me *me, uint32_t ctx, uint32_t pointer, uint32_t address)
{
	if (nic_me_has_ctx(me, ctx) && pointer < 4)
		me->ctxs[ctx].lm_addr[pointer] = address & ~3u;
}

uint32_t
nic_me_lm_addr(struct nic_me *me, uint32_t ctx, uint32_t pointer)
{
	if (!nic_me_has_ctx(me, ctx) || pointer >= 4)
		return 0;
	nic_me_settle_lm(me, &me->ctxs[ctx]);
	return me->ctxs[ctx].lm_addr[pointer];
}

struct nic_mem *
nic_me_mem(struct nic_me *me)
{
	return me->mem;
}

uint32_t
nic_me_cc(const struct nic_me *me, uint32_t ctx)
{
	const struct nic_cc cc = me->ctxs[nic_me_has_ctx(me, ctx) ? ctx : 0].cc;

	return (uint32_t)nic_cc_n(cc) << 3 | (uint32_t)nic_cc_z(cc) << 2 |
	       (uint32_t)nic_cc_v(cc) << 1 | (uint32_t)nic_cc_c(cc);
}

/* For V both summands have the other sign than the sum, else only one has. */
struct nic_cc
nic_cc_from(uint32_t bits)
{
	const bool n = bits & 8, z = bits & 4, v = bits & 2, c = bits & 1;
	const uint32_t low = n ? UINT32_C(1) << 31 : !z;

	return (struct nic_cc){
		.sum = (uint64_t)c << 32 | low,
		.x = v ? ~low : low,
		.y = ~low,
	};
}

uint32_t
nic_me_t_index(const struct nic_me *me)
{
	return me->t_index;
}
