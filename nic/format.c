/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A word as text. The wording of each instruction is its row in isa.def, with the letters of
 * text.c. What the text does not show and the encoder would have made otherwise follows as
 * `enc[field=value]`, so that every text stands for one word.
 */
#include "nic/internal.h"

#include <inttypes.h>
#include <string.h>

static void
print_odd(struct nic_line *line, uint64_t word, const struct nic_insn *insn)
{
	enum nic_form form = nic_op_info(insn->op)->form;
	const char *sep = ", enc[";

	for (unsigned int f = 0; f < NIC_FIELD_CNT; f++) {
		enum nic_field field = (enum nic_field)f;

		if (!(nic_field_mask(form, field) & insn->odd))
			continue;
		nic_put(line, "%s%s=0x%x", sep, nic_field_name(field),
			nic_field_get(form, field, word));
		sep = ", ";
	}
	nic_put(line, "]");
}

static void
print(struct nic_line *line, uint64_t word)
{
	struct nic_insn insn;

	if (nic_decode(word, &insn)) {
		nic_put(line, ".word 0x%012" PRIx64, word & NIC_INSN_MASK);
		return;
	}
	for (const char *t = nic_op_info(insn.op)->text; *t;) {
		size_t plain = strcspn(t, "%");

		if (plain)
			nic_put(line, "%.*s", (int)plain, t);
		t += plain;
		if (*t) {
			nic_letter(t[1])->print(line, t[1], &insn);
			t += 2;
		}
	}
	if (insn.odd)
		print_odd(line, word, &insn);
}

void
nic_format(uint64_t word, char buf[NIC_TEXT_MAX])
{
	struct nic_line line = { .buf = buf, .size = NIC_TEXT_MAX };

	buf[0] = '\0';
	print(&line, word);
}

static int
digits(uint32_t n)
{
	int count = 1;

	for (; n > 9; n /= 10)
		count++;
	return count;
}

/* The dot and the index are right-aligned in the width of the number of words, as binutils does. */
void
nic_format_line(uint64_t word, uint32_t index, uint32_t cnt, char *buf, size_t size)
{
	struct nic_line line = { .buf = buf, .size = size };

	nic_put(&line, "%4" PRIx64 ":\t%*s%" PRIu32 "  ", (uint64_t)index * 8,
		digits(cnt) - digits(index) + 1, ".", index);
	print(&line, word);
}
