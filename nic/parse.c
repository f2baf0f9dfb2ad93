/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Text to a word: the texts of isa.def are tried one after another, and where none fits, what could
 * have stood at the furthest place that any of them reached is the error.
 */
#include "nic/internal.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* What separates one word of a text from the next. */
static bool
is_end(char c)
{
	return c == '\0' || c == '\n' || c == '\r' || c == ';';
}

/* A run of plain characters of the text; what is missing is named without its punctuation. */
static bool
read_run(struct nic_input *in, const char *run, size_t len, char *missing, size_t size)
{
	if (!strncmp(in->p, run, len)) {
		in->p += len;
		return true;
	}
	if (len > 1 && run[len - 1] == ',')
		len--;
	snprintf(missing, size, "`%.*s`", (int)len, run);
	return false;
}

/* Names of what is missing live as long as the error is being made. */
struct missing {
	char text[NIC_OP_CNT][32];
	unsigned int cnt;
};

static bool
read_text(struct nic_input *in, struct nic_insn *insn, struct missing *missing)
{
	const char *t = nic_op_info(insn->op)->text;

	while (*t) {
		size_t len = strcspn(t, "% ");

		if (*t == ' ') {
			nic_skip_blanks(in);
			t++;
		} else if (*t == '%') {
			nic_skip_blanks(in);
			if (!nic_letter(t[1])->read(in, t[1], insn))
				return false;
			t += 2;
		} else {
			char *name = missing->text[missing->cnt];

			if (ispunct((unsigned char)*t))
				nic_skip_blanks(in);
			if (!read_run(in, t, len, name, sizeof(missing->text[0]))) {
				nic_expect(in, in->p, name);
				missing->cnt++;
				return false;
			}
			t += len;
		}
	}
	return true;
}

/* ", enc[field=value, ...]": fields that are not what the encoder makes. */
static bool
read_odd(struct nic_input *in, enum nic_form form, uint64_t *word)
{
	do {
		enum nic_field field;
		unsigned long value;
		size_t len;
		char *end;

		nic_skip_blanks(in);
		len = strcspn(in->p, "=],\n");
		for (field = 0; field < NIC_FIELD_CNT; field++)
			if (strlen(nic_field_name(field)) == len &&
				!strncmp(nic_field_name(field), in->p, len))
				break;
		if (field == NIC_FIELD_CNT || !nic_field_width(form, field) || in->p[len] != '=') {
			nic_expect(in, in->p, "a field of this form (docs/isa.md) and its value");
			return false;
		}
		in->p += len + 1;
		value = strtoul(in->p, &end, 0);
		if (end == in->p || !isdigit((unsigned char)*in->p) || value > UINT32_MAX ||
			!nic_field_put(form, field, (uint32_t)value, word)) {
			nic_expect(in, in->p, "a number that fits the field");
			return false;
		}
		in->p = end;
	} while (*in->p == ',' && in->p++);
	if (*in->p == ']')
		return in->p++;
	nic_expect(in, in->p, "`]`");
	return false;
}

/* One reading of the text: 0, or -EINVAL with *reason set where it is no matter of wording. */
static int
read_as(struct nic_input *in, enum nic_op op, struct missing *missing, uint64_t *word,
	const char **reason)
{
	struct nic_insn insn = { .op = op };

	in->command = NULL;
	if (!read_text(in, &insn, missing))
		return -EINVAL;
	nic_skip_blanks(in);
	if (!is_end(*in->p) && strncmp(in->p, ", enc[", 6) != 0) {
		nic_expect(in, in->p, "the end of the instruction");
		return -EINVAL;
	}
	*reason = nic_encode(&insn, word);
	if (*reason)
		return -EINVAL;
	if (in->command && nic_command_find(insn.tgt, insn.token, insn.cnt) != in->command &&
		nic_op_info(op)->form != NIC_FORM_CMD_BOTH) {
		*reason = "with this count it is another command";
		return -EINVAL;
	}
	if (is_end(*in->p))
		return 0;
	in->p += 6;
	if (!read_odd(in, nic_op_info(op)->form, word))
		return -EINVAL;
	nic_skip_blanks(in);
	if (!is_end(*in->p))
		nic_expect(in, in->p, "the end of the line");
	return is_end(*in->p) ? 0 : -EINVAL;
}

static void
say_expected(const struct nic_input *in, struct nic_asm_error *error)
{
	struct nic_line line = { .buf = error->text, .size = sizeof(error->text) };

	nic_put(&line, "expected ");
	for (unsigned int i = 0; i < in->expected_cnt; i++)
		nic_put(&line, "%s%s",
			i == 0			    ? ""
			: i + 1 == in->expected_cnt ? " or "
						    : ", ",
			in->expected[i]);
	if (in->expected_cnt == NIC_EXPECTED_MAX)
		nic_put(&line, " ...");
}

/* A word as it is: ".word 0x..." */
static int
read_raw(struct nic_input *in, uint64_t *word)
{
	char *end;

	in->p += strlen(".word");
	nic_skip_blanks(in);
	errno = 0;
	*word = strtoull(in->p, &end, 16);
	if (end == in->p || errno || *word & ~NIC_INSN_MASK || *in->p == '-') {
		nic_expect(in, in->p, "a word of 45 bits in hex");
		return -EINVAL;
	}
	in->p = end;
	nic_skip_blanks(in);
	if (!is_end(*in->p))
		nic_expect(in, in->p, "the end of the line");
	return is_end(*in->p) ? 0 : -EINVAL;
}

/* The offset and index that a listing has before the instruction. */
static const char *
skip_listing(const char *p)
{
	const char *q = p + strspn(p, " \t");
	size_t len = strspn(q, "0123456789abcdef");

	if (!len || q[len] != ':')
		return p;
	q += len + 1;
	q += strspn(q, " \t");
	if (*q == '.' && isdigit((unsigned char)q[1])) {
		q += 1 + strspn(q + 1, "0123456789");
		q += strspn(q, " \t");
	}
	return q;
}

/* The part of the text before its first letter or bracket. */
static bool
is_mnemonic(enum nic_op op, const char *at, size_t len)
{
	const char *text = nic_op_info(op)->text;
	size_t mine = strcspn(text, "[%");

	if (mine == 0)
		for (unsigned int i = 0; i < NIC_TARGET_CNT; i++) {
			const char *name = nic_target_info((enum nic_target)i)->name;

			if (strlen(name) == len && !strncmp(name, at, len))
				return true;
		}
	return mine && mine == len && !strncmp(text, at, len);
}

static int
read_any(struct nic_input *in, const char *start, struct missing *missing, uint64_t *word,
	const char **reason)
{
	size_t len = strcspn(start, "[ \t,;\r\n");

	for (unsigned int op = 0; op < NIC_OP_CNT; op++) {
		const char *why = NULL;

		if (!is_mnemonic((enum nic_op)op, start, len))
			continue;
		in->p = start;
		if (!read_as(in, (enum nic_op)op, missing, word, &why))
			return 0;
		if (why)
			*reason = why;
	}
	if (!in->furthest)
		*reason = "no such instruction";
	return -EINVAL;
}

int
nic_parse(const char *text, uint64_t *word, struct nic_asm_error *error)
{
	const char *start = skip_listing(text);
	struct nic_input in = { .p = start };
	struct missing missing = { .cnt = 0 };
	const char *reason = NULL;
	int err;

	start += strspn(start, " \t");
	in.p = start;
	if (!strncmp(start, ".word", 5))
		err = read_raw(&in, word);
	else
		err = read_any(&in, start, &missing, word, &reason);
	if (!err)
		return 0;
	error->line = 1;
	error->column = (uint32_t)((reason ? start : in.furthest) - text) + 1;
	if (reason)
		snprintf(error->text, sizeof(error->text), "%s", reason);
	else
		say_expected(&in, error);
	return err;
}
