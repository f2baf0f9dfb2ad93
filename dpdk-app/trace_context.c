/* SPDX-License-Identifier: BSD-2-Clause */
/* What an instruction of the card did to its context: registers and local memory before and after,
 * and what they are called. Used by trace_card.c. */
#include "dpdk-app/trace_context.h"

#include <inttypes.h>
#include <string.h>

#define VECTOR_BYTES (4u * NIC_VECTOR_WORDS)
#define STACK_BYTES 512u
#define STACK_GPR 22u	/* of bank A: where the frame begins on the stack (nfp-isa.md 8.1) */
#define SMALL_NUMBER 10 /* the same in decimal and in hex */

/* ---- names ---- */

static uint32_t
vector(const struct context *c, uint32_t word)
{
	return c->was.lm[c->was.pointer[1] / 4 % (NIC_LM_WORDS - VECTOR_BYTES / 4) + word];
}

/* Of a byte in a buffer of packets: where from the packet's beginning, as it is now. */
static bool
name_packet(const struct context *c, uint64_t address, char *name, size_t size)
{
	const uint32_t begins = vector(c, NIC_VECTOR_POINTER);
	const int64_t at = (int64_t)address - begins;

	if (address >> 13 != begins >> 13)
		return false;
	trace_name_at(name, size, "pkt", at);
	return true;
}

static bool
name_value(const struct context *c, uint64_t address, char *name, size_t size)
{
	const struct xb_object *obj = c->obj;

	for (uint32_t i = 0; i < obj->map_cnt; i++) {
		const uint64_t at = address - c->values[i];

		if (c->values[i] == 0 || at >= obj->maps[i].value_size)
			continue;
		snprintf(name, size, at > 0 ? "%s value+%" PRIu64 : "%s value", obj->maps[i].name,
			at);
		return true;
	}
	return false;
}

void
context_name(const struct context *c, uint64_t address, char *name, size_t size)
{
	if (!name_packet(c, address, name, size) && !name_value(c, address, name, size))
		snprintf(name, size, "0x%010" PRIx64, address);
}

/* A word of local memory. */
static void
name_lm(const struct context *c, uint32_t word, char *name, size_t size)
{
	const uint32_t of_stack = 4 * word - c->was.gpr[0][STACK_GPR];
	const uint32_t of_vector = 4 * word - c->was.pointer[1];

	if (of_vector < VECTOR_BYTES)
		snprintf(name, size, "*l$index1[%u]", of_vector / 4);
	else if (of_stack < STACK_BYTES)
		snprintf(name, size, "stack+%u", of_stack);
	else
		snprintf(name, size, "lm 0x%x", 4 * word);
}

static void
describe(const struct context *c, uint32_t value, char *text, size_t size)
{
	char name[TRACE_WHAT_BYTES];

	if (value < SMALL_NUMBER)
		snprintf(text, size, "%u", value);
	else if (name_packet(c, value, name, sizeof(name)))
		snprintf(text, size, "0x%x (%s)", value, name);
	else if (value <= INT32_MAX)
		snprintf(text, size, "0x%x (%u)", value, value);
	else
		snprintf(text, size, "0x%x", value);
}

/* ---- what changed ---- */

void
context_keep(struct context *c)
{
	struct context_state *s = &c->was;

	for (int bank = 0; bank < 2; bank++)
		memcpy(s->gpr[bank], nic_me_gpr(c->me, c->ctx, bank, 0), sizeof(s->gpr[bank]));
	memcpy(s->in, nic_me_xfer_in(c->me, c->ctx, 0), sizeof(s->in));
	memcpy(s->out, nic_me_xfer_out(c->me, c->ctx, 0), sizeof(s->out));
	memcpy(s->lm, nic_me_lm(c->me, 0), sizeof(s->lm));
	for (uint32_t i = 0; i < CONTEXT_POINTERS; i++)
		s->pointer[i] = nic_me_lm_addr(c->me, c->ctx, i);
	s->cc = nic_me_cc(c->me, c->ctx);
	s->t_index = nic_me_t_index(c->me);
}

static void
add_value(const struct context *c, struct trace_row *row, const char *name, uint32_t value)
{
	char text[TRACE_NOW_BYTES];

	describe(c, value, text, sizeof(text));
	trace_change(row, name, "%s", text);
}

static bool
is_written(const struct nic_reg *dst, uint32_t bank, uint32_t num)
{
	if (dst->num != num)
		return false;
	return dst->kind == NIC_GPR_BOTH || dst->kind == NIC_GPR_BOTH_B ||
	       dst->kind == (bank == 0 ? NIC_GPR_A : NIC_GPR_B);
}

/* A register of both banks is one, where both hold the same. What is written is told although it is
 * what it was. */
static void
add_gprs(const struct context *c, struct trace_row *row, const struct nic_reg *dst)
{
	for (uint32_t num = 0; num < CONTEXT_GPRS; num++) {
		const uint32_t a = *nic_me_gpr(c->me, c->ctx, false, num);
		const uint32_t b = *nic_me_gpr(c->me, c->ctx, true, num);
		const bool is_a = a != c->was.gpr[0][num] || is_written(dst, 0, num);
		const bool is_b = b != c->was.gpr[1][num] || is_written(dst, 1, num);
		char name[16];

		if (is_a && is_b && a == b) {
			snprintf(name, sizeof(name), "gpr_%u", num);
			add_value(c, row, name, a);
			continue;
		}
		snprintf(name, sizeof(name), "gprA_%u", num);
		if (is_a)
			add_value(c, row, name, a);
		name[3] = 'B';
		if (is_b)
			add_value(c, row, name, b);
	}
}

/* Those that differ, and cnt from `from` on. */
void
context_add_xfers(
	const struct context *c, struct trace_row *row, bool is_out, uint32_t from, uint32_t cnt)
{
	const uint32_t *was = is_out ? c->was.out : c->was.in;
	const uint32_t *is =
		is_out ? nic_me_xfer_out(c->me, c->ctx, 0) : nic_me_xfer_in(c->me, c->ctx, 0);
	char name[24];

	for (uint32_t num = 0; num < NIC_XFERS; num++) {
		if (was[num] == is[num] && num - from >= cnt)
			continue;
		snprintf(name, sizeof(name), is_out ? "$xfer_out_%u" : "$xfer_%u", num);
		add_value(c, row, name, is[num]);
	}
}

/* Words that differ, and the one written. */
void
context_add_lm(const struct context *c, struct trace_row *row, const struct nic_reg *dst)
{
	const uint32_t written = dst != NULL && dst->kind == NIC_LM
					 ? c->was.pointer[dst->num] / 4 | dst->off
					 : UINT32_MAX;

	for (uint32_t word = 0; word < NIC_LM_WORDS; word++) {
		const uint32_t now = *nic_me_lm(c->me, word);
		char name[TRACE_WHAT_BYTES];

		if (now == c->was.lm[word] && word != written)
			continue;
		name_lm(c, word, name, sizeof(name));
		add_value(c, row, name, now);
	}
}

static void
add_flags(const struct context *c, struct trace_row *row)
{
	const uint32_t cc = nic_me_cc(c->me, c->ctx);

	if (cc != c->was.cc)
		trace_change(row, "flags", "%s%s%s%s%s", cc & 8 ? "N" : "", cc & 4 ? "Z" : "",
			cc & 2 ? "V" : "", cc & 1 ? "C" : "", cc == 0 ? "none" : "");
}

static void
add_pointers(const struct context *c, struct trace_row *row)
{
	char name[16];

	for (uint32_t i = 0; i < CONTEXT_POINTERS; i++) {
		const uint32_t now = nic_me_lm_addr(c->me, c->ctx, i);

		snprintf(name, sizeof(name), "l$index%u", i);
		if (now != c->was.pointer[i])
			trace_change(row, name, "0x%x", now);
	}
	if (nic_me_t_index(c->me) != c->was.t_index)
		trace_change(row, "T_INDEX", "%u", nic_me_t_index(c->me));
}

void
context_add_all(
	const struct context *c, struct trace_row *row, const struct nic_insn *insn, bool has_sent)
{
	add_gprs(c, row, &insn->dst);
	context_add_xfers(c, row, true, insn->dst.num, insn->dst.kind == NIC_XFER);
	if (!has_sent)
		context_add_xfers(c, row, false, 0, 0);
	context_add_lm(c, row, &insn->dst);
	add_pointers(c, row);
	add_flags(c, row);
}
