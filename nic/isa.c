/* SPDX-License-Identifier: BSD-2-Clause */
/* The instruction table (isa.def, commands.def) as arrays, and what is looked up in it. Used by
 * everything that knows instructions. */
#include "nic/internal.h"

#include <string.h>

/* ---- forms ---- */

static const struct nic_form_info forms[NIC_FORM_CNT] = {
#define FORM(id, m, v, opnd, pl)                                                                   \
	[NIC_FORM_##id].name = #id, [NIC_FORM_##id].match = { UINT64_C(m), UINT64_C(v) },          \
	[NIC_FORM_##id].operands = NIC_OPERANDS_##opnd, [NIC_FORM_##id].place = NIC_PLACE_##pl,
#define FIELD(form, id, lo, width) [NIC_FORM_##form].fields[NIC_F_##id] = { { lo, width } },
#define SPLIT(form, id, lo, width, lo2, width2)                                                    \
	[NIC_FORM_##form].fields[NIC_F_##id] = { { lo, width }, { lo2, width2 } },
#define PARTS(form, id, ...) [NIC_FORM_##form].fields[NIC_F_##id] = PIECES(__VA_ARGS__, 0, 0, 0, 0),
#define PIECES(a, b, c, d, e, f, g, h, ...)                                                        \
	{                                                                                          \
		{ a, b }, { c, d }, { e, f },                                                      \
		{                                                                                  \
			g, h                                                                       \
		}                                                                                  \
	}
#define OP(...)
#include "nic/isa.def"
#undef OP
};

/* Positions of the fields that tell operations apart; such a field is in one piece. */
enum {
#undef FORM
#undef FIELD
#undef SPLIT
#undef PARTS
#define FORM(...)
#define FIELD(form, id, lo, width) LO_##form##_##id = (lo), WIDTH_##form##_##id = (width),
#define SPLIT(...)
#define PARTS(...)
#define OP(...)
#include "nic/isa.def"
#undef FIELD
#undef OP
};

/* ---- operations ---- */

#define M(form, id) (((UINT64_C(1) << WIDTH_##form##_##id) - 1) << LO_##form##_##id)
#define V(form, id, value) (UINT64_C(value) << LO_##form##_##id)
#define ANY                                                                                        \
	{                                                                                          \
		0, 0                                                                               \
	}
#define IS(f, a, x)                                                                                \
	{                                                                                          \
		M(f, a), V(f, a, x)                                                                \
	}
#define IS2(f, a, x, b, y)                                                                         \
	{                                                                                          \
		M(f, a) | M(f, b), V(f, a, x) | V(f, b, y)                                         \
	}
#define IS4(f, a, x, b, y, c, z, d, u)                                                             \
	{                                                                                          \
		M(f, a) | M(f, b) | M(f, c) | M(f, d),                                             \
			V(f, a, x) | V(f, b, y) | V(f, c, z) | V(f, d, u)                          \
	}

/* As written in the table: match is of the operation alone. */
static struct nic_op_info ops[NIC_OP_CNT] = {
#define FIELD(...)
#define OP(id, f, m, txt, sem, ...)                                                                \
	[NIC_OP_##id] = { .name = #id,                                                             \
		.form = NIC_FORM_##f,                                                              \
		.match = m,                                                                        \
		.text = (txt),                                                                     \
		.semantics = (sem),                                                                \
		.cycles = 1,                                                                       \
		__VA_ARGS__ },
#include "nic/isa.def"
#undef OP
};

/* What is asked for often, worked out once. */
static uint64_t shows[NIC_OP_CNT];			  /* nic_op_shows() */
static uint64_t has_letters[NIC_OP_CNT][2];		  /* nic_op_has_letter() */
static uint64_t form_bits[NIC_FORM_CNT];		  /* nic_form_bits() */
static uint64_t field_masks[NIC_FORM_CNT][NIC_FIELD_CNT]; /* nic_field_mask() */
static uint8_t field_widths[NIC_FORM_CNT][NIC_FIELD_CNT]; /* nic_field_width() */

/* Operations by the bits that tell most of them apart: those of class c are
 * by_class[c][0 .. class_cnt[c]). */
#define CLASS_LO 35
#define CLASS_BITS 5
static uint8_t by_class[1 << CLASS_BITS][NIC_OP_CNT];
static uint8_t class_cnt[1 << CLASS_BITS];
_Static_assert(NIC_OP_CNT <= UINT8_MAX, "operations are counted in bytes");

static void
complete_form(enum nic_form form)
{
	form_bits[form] = forms[form].match.mask;
	for (unsigned int f = 0; f < NIC_FIELD_CNT; f++) {
		for (unsigned int i = 0; i < NIC_PIECES; i++) {
			const struct nic_piece *p = &forms[form].fields[f][i];

			field_masks[form][f] |= ((UINT64_C(1) << p->width) - 1) << p->lo;
			field_widths[form][f] = (uint8_t)(field_widths[form][f] + p->width);
		}
		form_bits[form] |= field_masks[form][f];
	}
}

static void
complete_op(enum nic_op op)
{
	struct nic_match *match = &ops[op].match;
	const uint64_t class_mask = ((UINT64_C(1) << CLASS_BITS) - 1) << CLASS_LO;

	match->mask |= forms[ops[op].form].match.mask;
	match->value |= forms[ops[op].form].match.value;
	for (const char *t = ops[op].text; *t; t++) {
		if (*t != '%' || !nic_letter(t[1]))
			continue;
		shows[op] |= nic_letter(t[1])->shows;
		has_letters[op][t[1] / 64] |= UINT64_C(1) << t[1] % 64;
	}
	for (unsigned int c = 0; !ops[op].special && c < 1 << CLASS_BITS; c++)
		if (!(((uint64_t)c << CLASS_LO ^ match->value) & match->mask & class_mask))
			by_class[c][class_cnt[c]++] = (uint8_t)op;
}

static void __attribute__((constructor)) complete_tables(void)
{
	for (unsigned int form = 0; form < NIC_FORM_CNT; form++)
		complete_form((enum nic_form)form);
	for (unsigned int op = 0; op < NIC_OP_CNT; op++)
		complete_op((enum nic_op)op);
}

const struct nic_op_info *
nic_op_info(enum nic_op op)
{
	return &ops[op];
}

const struct nic_form_info *
nic_form_info(enum nic_form form)
{
	return &forms[form];
}

uint64_t
nic_op_shows(enum nic_op op)
{
	return shows[op];
}

bool
nic_op_has_letter(enum nic_op op, char letter)
{
	return has_letters[op][letter / 64] >> letter % 64 & 1;
}

uint64_t
nic_form_bits(enum nic_form form)
{
	return form_bits[form];
}

static bool
is_matched(const struct nic_match *match, uint64_t word)
{
	return match->mask && (word & match->mask) == match->value;
}

uint64_t
nic_exchange(uint64_t word)
{
	return (word & ~UINT64_C(0xfffff)) | (word & 0x3ff) << 10 | (word >> 10 & 0x3ff);
}

uint64_t
nic_unswap_fields(uint64_t word)
{
	const uint64_t swap = nic_field_mask(NIC_FORM_CRC, NIC_F_SWAP);

	if (!is_matched(&forms[NIC_FORM_CRC].match, word) || !(word & swap))
		return word;
	return nic_exchange(word & ~swap);
}

enum nic_op
nic_op_find(uint64_t swapped)
{
	const uint64_t word = nic_unswap_fields(swapped);
	const unsigned int class = word >> CLASS_LO & ((1 << CLASS_BITS) - 1);

	for (unsigned int i = 0; i < class_cnt[class]; i++) {
		const struct nic_op_info *op = &ops[by_class[class][i]];

		if (is_matched(&op->match, word) && !is_matched(&op->unless, word))
			return (enum nic_op)by_class[class][i];
	}
	return NIC_OP_CNT;
}

/* ---- fields ---- */

const char *
nic_field_name(enum nic_field field)
{
	static const char *const names[NIC_FIELD_CNT] = {
#define X(id, name, what) [NIC_F_##id] = #name,
		NIC_FIELD_LIST(X)
#undef X
	};

	return names[field];
}

const char *
nic_field_what(enum nic_field field)
{
	static const char *const texts[NIC_FIELD_CNT] = {
#define X(id, name, what) [NIC_F_##id] = what,
		NIC_FIELD_LIST(X)
#undef X
	};

	return texts[field];
}

unsigned int
nic_field_width(enum nic_form form, enum nic_field field)
{
	return field_widths[form][field];
}

uint64_t
nic_field_mask(enum nic_form form, enum nic_field field)
{
	return field_masks[form][field];
}

uint32_t
nic_field_get(enum nic_form form, enum nic_field field, uint64_t word)
{
	unsigned int done = 0;
	uint64_t value = 0;

	for (unsigned int i = 0; i < NIC_PIECES && forms[form].fields[field][i].width; i++) {
		const struct nic_piece *p = &forms[form].fields[field][i];

		value |= (word >> p->lo & ((UINT64_C(1) << p->width) - 1)) << done;
		done += p->width;
	}
	return (uint32_t)value;
}

bool
nic_field_put(enum nic_form form, enum nic_field field, uint32_t value, uint64_t *word)
{
	uint64_t left = value;

	if (left >> nic_field_width(form, field))
		return false;
	for (unsigned int i = 0; i < NIC_PIECES && forms[form].fields[field][i].width; i++) {
		const struct nic_piece *p = &forms[form].fields[field][i];
		uint64_t mask = (UINT64_C(1) << p->width) - 1;

		*word = (*word & ~(mask << p->lo)) | (left & mask) << p->lo;
		left >>= p->width;
	}
	return true;
}

/* ---- commands and local CSRs ---- */

static const struct nic_target_info targets[NIC_TARGET_CNT] = {
#define TARGET(id, f, l, n) [NIC_TARGET_##id] = { .name = (n), .first = (f), .last = (l) },
#define COMMAND(...)
#define CSR(...)
#include "nic/commands.def"
#undef TARGET
#undef COMMAND
};

const struct nic_command nic_commands[] = {
#define TARGET(...)
#define SWAP NIC_HOW_SWAP
#define PAIRS NIC_HOW_PAIRS
#define WIDE NIC_HOW_WIDE
#define DATA NIC_HOW_DATA
#define COMMAND(tgt, act, tok, len, len_mask, n, u, d, dos, hw, sem)                               \
	{ .target = NIC_TARGET_##tgt,                                                              \
		.action = (act),                                                                   \
		.token = (tok),                                                                    \
		.length = (len),                                                                   \
		.length_mask = (len_mask),                                                         \
		.unit = (u),                                                                       \
		.data = NIC_DATA_##d,                                                              \
		.does = NIC_DOES_##dos,                                                            \
		.how = hw,                                                                         \
		.name = n,                                                                         \
		.semantics = sem },
#include "nic/commands.def"
#undef COMMAND
#undef CSR
#undef SWAP
#undef PAIRS
#undef WIDE
#undef DATA
};
const size_t nic_command_cnt = sizeof(nic_commands) / sizeof(nic_commands[0]);

static const char *const csr_names[] = {
#define COMMAND(...)
#define CSR(id, address, n) [NIC_CSR_##id] = n,
#include "nic/commands.def"
#undef TARGET
#undef COMMAND
#undef CSR
};

const struct nic_target_info *
nic_target_info(enum nic_target target)
{
	return &targets[target];
}

enum nic_target
nic_target_find(uint32_t tgt)
{
	for (unsigned int i = 0; i < NIC_TARGET_CNT; i++)
		if (tgt >= targets[i].first && tgt <= targets[i].last)
			return (enum nic_target)i;
	return NIC_TARGET_CNT;
}

const struct nic_command *
nic_command_find(uint32_t tgt, uint32_t token, uint32_t cnt)
{
	enum nic_target target = nic_target_find(tgt);

	if (target == NIC_TARGET_CNT)
		return NULL;
	for (size_t i = 0; i < nic_command_cnt; i++) {
		const struct nic_command *c = &nic_commands[i];

		if (c->target == target && c->action == tgt - targets[target].first &&
			c->token == token && (cnt & c->length_mask) == c->length)
			return c;
	}
	return NULL;
}

const struct nic_command *
nic_command_by_name(enum nic_target target, const char *name)
{
	for (size_t i = 0; i < nic_command_cnt; i++)
		if (nic_commands[i].target == target && !strcmp(nic_commands[i].name, name))
			return &nic_commands[i];
	return NULL;
}

const char *
nic_csr_name(uint32_t csr)
{
	return csr < sizeof(csr_names) / sizeof(csr_names[0]) ? csr_names[csr] : NULL;
}

bool
nic_csr_find(const char *name, size_t len, uint32_t *csr)
{
	for (uint32_t i = 0; i < sizeof(csr_names) / sizeof(csr_names[0]); i++)
		if (csr_names[i] && strlen(csr_names[i]) == len &&
			!memcmp(csr_names[i], name, len)) {
			*csr = i;
			return true;
		}
	return false;
}
