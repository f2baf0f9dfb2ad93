/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One function an operation of the units beside the ALU: CAM, CRC unit, bit counter, byte aligner,
 * local CSRs. None of them is in the JIT's code; the firmware uses most of them. What they do is in
 * the IXP2800 Hardware Reference Manual (2.3.7, 4.3, 4.4), their ancestor's, and in how Netronome's
 * open firmware uses them.
 */
#include "nic/internal.h"

static void
put_result(struct nic_me *me, const struct nic_insn *insn, uint32_t a, uint32_t result)
{
	nic_me_write(me, &insn->dst, result);
	me->prev_result = result;
	me->prev_a = a;
}

static void
put_result_cc(struct nic_me *me, const struct nic_insn *insn, uint32_t a, uint32_t result)
{
	if (!insn->no_cc)
		me->ctx->cc = nic_cc_of(result);
	put_result(me, insn, a, result);
}

/* ---- CAM ---- */

void
nic_cam_clear(struct nic_cam *cam)
{
	for (uint8_t i = 0; i < NIC_CAM_ENTRIES; i++) {
		cam->tag[i] = cam->state[i] = 0;
		cam->order[i] = i;
	}
}

/* It is the most recently used. */
static void
use(struct nic_cam *cam, uint8_t entry)
{
	uint32_t at = 0;

	while (cam->order[at] != entry)
		at++;
	for (; at < NIC_CAM_ENTRIES - 1; at++)
		cam->order[at] = cam->order[at + 1];
	cam->order[at] = entry;
}

static void
run_CAM_CLEAR(struct nic_me *me, const struct nic_insn *insn)
{
	(void)insn;
	nic_cam_clear(&me->cam);
}

#define CAM_STATE 8
#define CAM_HIT (1u << 7)
#define CAM_ENTRY 3

/* Of several entries with the tag the first; what the hardware does is not known. */
static uint32_t
look_up(struct nic_cam *cam, uint32_t tag)
{
	for (uint8_t i = 0; i < NIC_CAM_ENTRIES; i++) {
		if (cam->tag[i] != tag)
			continue;
		use(cam, i);
		return (uint32_t)cam->state[i] << CAM_STATE | CAM_HIT | (uint32_t)i << CAM_ENTRY;
	}
	return (uint32_t)cam->order[0] << CAM_ENTRY;
}

/* The code in the right operand: bits 1:0 say which pointer, if any, 3:2 where its blocks are; the
 * extension bit makes it pointer 2 or 3 (kept in bit 4, decode.c). */
static void
run_CAM_LOOKUP(struct nic_me *me, const struct nic_insn *insn)
{
	uint32_t tag = nic_me_read(me, &insn->left), result = look_up(&me->cam, tag);
	uint32_t code = insn->right.num, block = (code >> 2 & 3) << 10;
	uint32_t pointer = (code >> 4 & 1) * 2 + (code >> 1 & 1);

	if (code & 3)
		nic_write_pointer(me, me->ctx, pointer, block | (result >> CAM_ENTRY & 0xf) << 6);
	put_result(me, insn, tag, result);
}

static uint32_t
entry_of(struct nic_me *me, const struct nic_insn *insn)
{
	return nic_me_read(me, &insn->right) % NIC_CAM_ENTRIES;
}

static void
run_CAM_WRITE(struct nic_me *me, const struct nic_insn *insn)
{
	uint32_t tag = nic_me_read(me, &insn->left), entry = entry_of(me, insn);

	me->cam.tag[entry] = tag;
	me->cam.state[entry] = (uint8_t)insn->state;
	use(&me->cam, (uint8_t)entry);
}

static void
run_CAM_WRITE_STATE(struct nic_me *me, const struct nic_insn *insn)
{
	me->cam.state[entry_of(me, insn)] = (uint8_t)insn->state;
}

static void
run_CAM_READ_TAG(struct nic_me *me, const struct nic_insn *insn)
{
	put_result(me, insn, me->prev_a, me->cam.tag[entry_of(me, insn)]);
}

static void
run_CAM_READ_STATE(struct nic_me *me, const struct nic_insn *insn)
{
	uint32_t state = me->cam.state[entry_of(me, insn)];

	put_result(me, insn, me->prev_a, state << CAM_STATE);
}

/* ---- CRC ---- */

/* By the polynomial's number in the instruction. No width: the data only passes through. */
static const struct {
	uint32_t width, polynomial;
} crcs[8] = {
	[2] = { 16, 0x1021 },	  /* CCITT */
	[4] = { 32, 0x04c11db7 }, /* CRC-32 */
	[5] = { 32, 0x1edc6f41 }, /* iSCSI */
	[6] = { 10, 0x233 },	  /* ATM OAM */
	[7] = { 5, 0x05 },	  /* AAL2, USB */
};

/* Which bytes of the word count, in the order they are fed in: 0 is the first. */
static const struct {
	uint8_t first, last;
} crc_bytes[8] = {
	[0] = { 0, 3 },
	[1] = { 1, 3 },
	[2] = { 2, 3 },
	[3] = { 3, 3 },
	[4] = { 0, 2 },
	[5] = { 0, 1 },
	[6] = { 0, 0 },
};
#define CRC_BYTES_UNKNOWN 7u

/* The remainder of the narrower ones is at the right end of CRC_REMAINDER. */
static uint32_t
feed(uint32_t remainder, uint32_t type, uint32_t byte, bool is_bit_swapped)
{
	const uint32_t width = crcs[type].width;

	for (unsigned int i = 0; i < 8; i++) {
		uint32_t bit = byte >> (is_bit_swapped ? i : 7 - i) & 1;
		bool is_subtracted = (remainder >> (width - 1) & 1) != bit;

		remainder = remainder << 1 ^ (is_subtracted ? crcs[type].polynomial : 0);
	}
	return width < 32 ? remainder & ((1u << width) - 1) : remainder;
}

/* Big endian words have byte 0 in bits 31:24, little endian ones in 7:0. */
static void
run_crc(struct nic_me *me, const struct nic_insn *insn, bool is_little)
{
	uint32_t data = nic_me_read(me, &insn->right);

	if (insn->crc_bytes == CRC_BYTES_UNKNOWN) {
		nic_me_fault(me, "which bytes these are for the CRC is not known");
		return;
	}
	for (uint32_t i = crc_bytes[insn->crc_bytes].first; i <= crc_bytes[insn->crc_bytes].last;
		i++)
		if (crcs[insn->crc_poly].width)
			me->crc = feed(me->crc, insn->crc_poly,
				data >> 8 * (is_little ? i : 3 - i) & 0xff, insn->crc_bit_swap);
	put_result(me, insn, me->prev_a, data);
}

static void
run_CRC_BE(struct nic_me *me, const struct nic_insn *insn)
{
	run_crc(me, insn, false);
}

static void
run_CRC_LE(struct nic_me *me, const struct nic_insn *insn)
{
	run_crc(me, insn, true);
}

/* ---- counting and finding bits ---- */

static void
run_POP_COUNT1(struct nic_me *me, const struct nic_insn *insn)
{
	me->count_of = nic_me_read(me, &insn->right);
	me->count_steps = 1;
}

/* All steps have the same source; the first one's is counted. */
static bool
count_step(struct nic_me *me, const struct nic_insn *insn, uint32_t number)
{
	nic_me_read(me, &insn->right);
	if (me->count_steps != number - 1)
		nic_me_fault(me, "a step of pop_count that is not at that step");
	me->count_steps = number;
	return !me->fault;
}

static void
run_POP_COUNT2(struct nic_me *me, const struct nic_insn *insn)
{
	count_step(me, insn, 2);
}

static void
run_POP_COUNT3(struct nic_me *me, const struct nic_insn *insn)
{
	if (count_step(me, insn, 3))
		put_result_cc(me, insn, me->prev_a, (uint32_t)__builtin_popcount(me->count_of));
}

static void
run_FFS(struct nic_me *me, const struct nic_insn *insn)
{
	uint32_t r = nic_me_read(me, &insn->right);

	if (r)
		put_result_cc(me, insn, me->prev_a, (uint32_t)__builtin_ctz(r));
	else
		nic_me_fault(me, "what ffs makes of 0 is not known");
}

/* ---- byte aligner ---- */

/* The source of the byte_align before is kept whatever is between them: firmware has other
 * instructions there. */
static void
align(struct nic_me *me, const struct nic_insn *insn, uint32_t source, uint64_t both,
	uint32_t shift)
{
	me->align_with = source;
	put_result_cc(me, insn, source, (uint32_t)(both >> shift));
}

static void
run_BYTE_ALIGN_LE(struct nic_me *me, const struct nic_insn *insn)
{
	uint32_t l = nic_me_read(me, &insn->left);

	align(me, insn, l, (uint64_t)l << 32 | me->align_with, 8 * me->byte_index);
}

static void
run_BYTE_ALIGN_BE(struct nic_me *me, const struct nic_insn *insn)
{
	uint32_t r = nic_me_read(me, &insn->right);

	align(me, insn, r, (uint64_t)me->align_with << 32 | r, 32 - 8 * me->byte_index);
}

#define ROW(name) [NIC_OP_##name] = run_##name
nic_op_fn *const nic_unit_ops[NIC_OP_CNT] = {
	ROW(CAM_CLEAR),
	ROW(CAM_LOOKUP),
	ROW(CAM_WRITE),
	ROW(CAM_WRITE_STATE),
	ROW(CAM_READ_TAG),
	ROW(CAM_READ_STATE),
	ROW(CRC_BE),
	ROW(CRC_LE),
	ROW(POP_COUNT1),
	ROW(POP_COUNT2),
	ROW(POP_COUNT3),
	ROW(FFS),
	ROW(BYTE_ALIGN_LE),
	ROW(BYTE_ALIGN_BE),
	[NIC_OP_LOCAL_CSR_RD] = nic_csr_read,
	[NIC_OP_LOCAL_CSR_WR] = nic_csr_write,
};
