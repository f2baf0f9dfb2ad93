/* SPDX-License-Identifier: BSD-2-Clause */
/* The instruction table proves itself sound. */
#include "nic/internal.h"
#include "tests/_cmocka.h"

#include <string.h>

#define EACH_FORM(form) (enum nic_form form = 0; form < NIC_FORM_CNT; form++)
#define EACH_FIELD(field) (enum nic_field field = 0; field < NIC_FIELD_CNT; field++)
#define EACH_OP(op) (enum nic_op op = 0; op < NIC_OP_CNT; op++)

static void
fields_of_a_form_do_not_overlap(void **state)
{
	(void)state;
	for
		EACH_FORM(form)
		{
			uint64_t seen = 0;

		for
			EACH_FIELD(field)
			{
				uint64_t mask = nic_field_mask(form, field);

				if (mask & seen)
					fail_msg("%s.%s overlaps", nic_form_info(form)->name,
						nic_field_name(field));
				/* nor do the pieces of one field */
				assert_int_equal(
					__builtin_popcountll(mask), nic_field_width(form, field));
				assert_int_equal(mask & ~NIC_INSN_MASK, 0);
				seen |= mask;
			}
		}
}

static void
fields_do_not_touch_the_opcode(void **state)
{
	(void)state;
	for
		EACH_FORM(form)
		{
			const struct nic_form_info *info = nic_form_info(form);

			assert_int_equal(info->match.value & ~info->match.mask, 0);
		for
			EACH_FIELD(field)
		if (nic_field_mask(form, field) & info->match.mask)
			fail_msg("%s.%s touches the opcode", info->name, nic_field_name(field));
		}
}

/* Bits that are neither: what the facts leave out, and no more. */
static void
the_bits_of_a_form_are_all_accounted_for(void **state)
{
	static const struct {
		enum nic_form form;
		uint64_t unknown;
	} forms[] = {
		{ NIC_FORM_IMMED, UINT64_C(1) << 28 },
		{ NIC_FORM_LOCAL_CSR, UINT64_C(0x12) << 40 },
		{ NIC_FORM_BRANCH, UINT64_C(0x1e) << 40 },
		{ NIC_FORM_BR_BYTE, UINT64_C(0x1a) << 40 },
		{ NIC_FORM_BR_BIT, UINT64_C(0x1a) << 40 },
		{ NIC_FORM_BR_ALU, UINT64_C(0x13) << 40 },
		{ NIC_FORM_CTX_ARB, UINT64_C(0x1e) << 40 },
	};

	(void)state;
	for
		EACH_FORM(form)
		{
			uint64_t unknown = 0;

			for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++)
				if (forms[i].form == form)
					unknown = forms[i].unknown;
			if ((nic_form_bits(form) ^ NIC_INSN_MASK) != unknown)
				fail_msg("%s: %012llx is no field and no opcode",
					nic_form_info(form)->name,
					(unsigned long long)(nic_form_bits(form) ^ NIC_INSN_MASK));
		}
}

/* Every word of a is none of b, because a bit that both look at differs, or because all of b's
 * that could be are taken out by b's `unless`. */
static bool
are_apart(const struct nic_op_info *a, const struct nic_op_info *b)
{
	uint64_t both = a->match.mask & b->match.mask;

	if ((a->match.value ^ b->match.value) & both)
		return true;
	return b->unless.mask && (a->match.mask & b->unless.mask) == b->unless.mask &&
	       (a->match.value & b->unless.mask) == b->unless.value;
}

static void
no_word_is_two_instructions(void **state)
{
	(void)state;
	for
		EACH_OP(a)
		for
			EACH_OP(b)
			{
				const struct nic_op_info *x = nic_op_info(a), *y = nic_op_info(b);

				if (a != b && !x->special && !y->special && !are_apart(x, y) &&
					!are_apart(y, x))
					fail_msg("%s and %s share words", x->name, y->name);
			}
}

static void
every_field_round_trips_and_refuses_one_too_many(void **state)
{
	(void)state;
	for
		EACH_FORM(form)
		for
			EACH_FIELD(field)
			{
				unsigned int width = nic_field_width(form, field);
				uint64_t word = NIC_INSN_MASK, before;

				for (uint32_t v = 0;
					width && v<UINT32_C(1) << width; v += width> 16 ? 77 : 1) {
					assert_true(nic_field_put(form, field, v, &word));
					assert_int_equal(nic_field_get(form, field, word), v);
					assert_int_equal(
						word | nic_field_mask(form, field), NIC_INSN_MASK);
				}
				before = word;
				assert_false(
					nic_field_put(form, field, UINT32_C(1) << width, &word));
				assert_int_equal(word, before);
			}
}

/* The second piece of a branch target is its high bit, and it is bit 40 of the word. */
static void
split_fields_have_their_low_piece_first(void **state)
{
	static const enum nic_form forms[] = { NIC_FORM_BRANCH, NIC_FORM_BR_BIT, NIC_FORM_BR_BYTE,
		NIC_FORM_CTX_ARB };
	uint64_t word = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		word = 0;
		assert_true(nic_field_put(forms[i], NIC_F_ADDR, 0x2001, &word));
		assert_int_equal(word, UINT64_C(1) << 40 | 1 << 22);
	}
	word = 0;
	assert_true(nic_field_put(NIC_FORM_CMD, NIC_F_XFER, 0x21, &word));
	assert_int_equal(word, UINT64_C(1) << 40 | 1 << 20);
	word = 0;
	assert_true(nic_field_put(NIC_FORM_CMD_DATA, NIC_F_IMM_DATA, 0x210101, &word));
	assert_int_equal(word, UINT64_C(1) << 40 | 1 << 20 | 1 << 10 | 1);
}

static void
what_tells_operations_apart_are_fields_of_their_form(void **state)
{
	(void)state;
	for
		EACH_OP(op)
		{
			const struct nic_op_info *info = nic_op_info(op);
			uint64_t bits = nic_form_bits(info->form);

			assert_int_equal(info->match.mask & ~bits, 0);
			assert_int_equal(info->match.value & ~info->match.mask, 0);
			assert_int_equal(info->unless.mask & ~bits, 0);
			assert_int_equal(info->unless.value & ~info->unless.mask, 0);
			assert_int_equal(info->unless.mask & info->match.mask, 0);
			assert_int_equal(info->preset & ~bits, 0);
			assert_int_equal(info->preset & info->match.mask, 0);
		}
}

/* A field that a text shows is in the form and is not what selects the operation. */
static void
texts_show_fields_that_are_there(void **state)
{
	(void)state;
	for
		EACH_OP(op)
		{
			const struct nic_op_info *info = nic_op_info(op);

			for (const char *t = info->text; *t; t++)
				if (*t == '%' && !nic_letter(t[1]))
					fail_msg("%s: no letter %c", info->name, t[1]);
			for (unsigned int f = 0; f < NIC_FIELD_LOGICAL_CNT; f++) {
				uint64_t mask = nic_field_mask(info->form, (enum nic_field)f);

				if (!(nic_op_shows(op) >> f & 1) || info->form == NIC_FORM_CMD_BOTH)
					continue;
				if (!mask || (mask & (info->match.mask | info->preset)))
					fail_msg("%s shows %s", info->name,
						nic_field_name((enum nic_field)f));
			}
		}
}

static void
no_two_operations_read_alike(void **state)
{
	(void)state;
	for
		EACH_OP(a)
		{
			assert_true(nic_op_info(a)->semantics[0]);
		for
			EACH_OP(b)
		if (a != b)
			assert_string_not_equal(nic_op_info(a)->text, nic_op_info(b)->text);
		}
}

static void
only_what_can_defer_has_slots(void **state)
{
	(void)state;
	for
		EACH_OP(op)
		{
			const struct nic_op_info *info = nic_op_info(op);
			bool defers = nic_field_width(info->form, NIC_F_DEFER) ||
				      nic_field_width(info->form, NIC_F_CTX);

			assert_int_equal(info->defer_max != 0, defers);
			assert_int_equal(info->cycles_taken != 0, defers);
			assert_int_equal((info->writes & NIC_E_PC) != 0, defers);
			assert_true(info->defer_max <= 3);
		}
}

static void
targets_do_not_overlap_and_hold_their_actions(void **state)
{
	(void)state;
	for (unsigned int a = 0; a < NIC_TARGET_CNT; a++) {
		const struct nic_target_info *t = nic_target_info((enum nic_target)a);

		assert_true(t->first <= t->last);
		assert_true(t->last < 1u << nic_field_width(NIC_FORM_CMD, NIC_F_TGT));
		for (unsigned int tgt = t->first; tgt <= t->last; tgt++)
			assert_int_equal(nic_target_find(tgt), a);
	}
	for (size_t i = 0; i < nic_command_cnt; i++) {
		const struct nic_target_info *t = nic_target_info(nic_commands[i].target);

		assert_true(nic_commands[i].action <= t->last - t->first);
	}
}

/* By its fields and by its name. */
static void
every_command_is_found_and_no_two_are_one(void **state)
{
	(void)state;
	for (size_t i = 0; i < nic_command_cnt; i++) {
		const struct nic_command *c = &nic_commands[i];
		uint32_t tgt = nic_target_info(c->target)->first + c->action;

		assert_int_equal(c->length & ~c->length_mask, 0);
		assert_true(c->token < 4 && c->length_mask < 8);
		assert_ptr_equal(nic_command_find(tgt, c->token, c->length), c);
		assert_ptr_equal(
			nic_command_find(tgt, c->token, 7u & (c->length | ~c->length_mask)), c);
		for (size_t j = 0; j < i; j++) {
			const struct nic_command *d = &nic_commands[j];

			if (d->target != c->target)
				continue;
			assert_string_not_equal(c->name, d->name);
			assert_false(c->action == d->action && c->token == d->token &&
				     !((c->length ^ d->length) & c->length_mask & d->length_mask));
		}
	}
	assert_null(nic_command_find(0x20, 0, 0));
	assert_null(nic_command_find(0x5e, 0, 0)); /* meter has token 2 */
}

static void
every_csr_is_found_by_its_name(void **state)
{
	unsigned int cnt = 0;

	(void)state;
	for (uint32_t csr = 0; csr < 0x800; csr++) {
		const char *name = nic_csr_name(csr);
		uint32_t found;

		if (!name)
			continue;
		assert_true(nic_csr_find(name, strlen(name), &found));
		assert_int_equal(found, csr);
		cnt++;
	}
	assert_int_equal(cnt, 63);
	assert_int_equal(NIC_CSR_ACT_LM_ADDR_3, 0x9c / 4);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fields_of_a_form_do_not_overlap),
		cmocka_unit_test(fields_do_not_touch_the_opcode),
		cmocka_unit_test(the_bits_of_a_form_are_all_accounted_for),
		cmocka_unit_test(no_word_is_two_instructions),
		cmocka_unit_test(every_field_round_trips_and_refuses_one_too_many),
		cmocka_unit_test(split_fields_have_their_low_piece_first),
		cmocka_unit_test(what_tells_operations_apart_are_fields_of_their_form),
		cmocka_unit_test(texts_show_fields_that_are_there),
		cmocka_unit_test(no_two_operations_read_alike),
		cmocka_unit_test(only_what_can_defer_has_slots),
		cmocka_unit_test(targets_do_not_overlap_and_hold_their_actions),
		cmocka_unit_test(every_command_is_found_and_no_two_are_one),
		cmocka_unit_test(every_csr_is_found_by_its_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
