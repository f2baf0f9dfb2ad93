/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The parts of an instruction's text, one letter each (nfp-asm-notation.md), and what printing and
 * reading them share. The letters themselves are in text_*.c: which fields a part shows, how it is
 * printed, how it is read.
 *
 *	%D %F	destination, or `--`; destination that is also read
 *	%L %R	left, right operand
 *	%s %S	", <<8" of a shift, nothing for none; the same of ld_field, which has >>dbl too
 *	%r	">>8" of a shift that only goes right
 *	%i %j %k	immediate: 16 bits, inverted or not; 8 bits; 16 bits
 *	%h	", <<8" of an immediate
 *	%m	byte mask, byte 3 first
 *	%t %o	".152" branch target, jump offset
 *	%x %I %J	context or signal number; state; CLS ring's state
 *	%b %B %e	number of a byte, of a bit; state of a CAM entry
 *	%q %y %z	polynomial; ", bytes_1_3"; ", bit_swap"
 *	%a	", lm_addr0[1]" that a CAM lookup sets
 *	%C	local CSR
 *	%E %A %u	signals; ", any"; ", br[.7]" where it resumes
 *	%T %K	target and name of a command
 *	%X %H %N %G %Q	transfer register, third party, count, immediate address, immediate data
 *	%v %g	", indirect_ref"; ", ctx_swap[sig1], defer[1]" or ", sig_done[sig1]"
 *	%d	", defer[1]"
 *	%n %w %p %c	", no_cc", ", gpr_wrboth", ", predicate_cc", ", load_cc"
 */
#include "nic/internal.h"

#include <ctype.h>
#include <stdarg.h>
#include <string.h>

const struct nic_letter *
nic_letter(char letter)
{
	static const struct nic_letter *const tables[] = { nic_operand_letters, nic_field_letters,
		nic_command_letters };
	unsigned char i = (unsigned char)letter;

	for (size_t t = 0; i < NIC_LETTER_CNT && t < sizeof(tables) / sizeof(tables[0]); t++)
		if (tables[t][i].print)
			return &tables[t][i];
	return NULL;
}

/* ---- printing ---- */

void
nic_put(struct nic_line *line, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(line->buf + line->len, line->size - line->len, fmt, ap);
	va_end(ap);
	if (n > 0)
		line->len =
			line->len + (size_t)n < line->size ? line->len + (size_t)n : line->size - 1;
}

/* ---- reading ---- */

void
nic_expect(struct nic_input *in, const char *at, const char *what)
{
	if (!in->furthest || at > in->furthest) {
		in->furthest = at;
		in->expected_cnt = 0;
	}
	if (at < in->furthest || in->expected_cnt == NIC_EXPECTED_MAX)
		return;
	for (unsigned int i = 0; i < in->expected_cnt; i++)
		if (!strcmp(in->expected[i], what))
			return;
	in->expected[in->expected_cnt++] = what;
}

void
nic_skip_blanks(struct nic_input *in)
{
	while (*in->p == ' ' || *in->p == '\t')
		in->p++;
}

bool
nic_read_word(struct nic_input *in, const char *word)
{
	size_t len = strlen(word);

	if (strncmp(in->p, word, len) != 0)
		return false;
	in->p += len;
	return true;
}

bool
nic_read_option(struct nic_input *in, const char *word)
{
	const char *start = in->p;

	nic_skip_blanks(in);
	if (nic_read_word(in, ",")) {
		nic_skip_blanks(in);
		if (nic_read_word(in, word))
			return true;
		nic_expect(in, in->p, word);
	}
	in->p = start;
	return false;
}

bool
nic_read_number(struct nic_input *in, uint32_t max, const char *what, uint32_t *value)
{
	const char *p = in->p;
	uint64_t v = 0;
	unsigned int base = p[0] == '0' && p[1] == 'x' ? 16 : 10;

	p += base == 16 ? 2 : 0;
	if (base == 16 ? !isxdigit((unsigned char)*p) : !isdigit((unsigned char)*p)) {
		nic_expect(in, in->p, what);
		return false;
	}
	for (; base == 16 ? isxdigit((unsigned char)*p) : isdigit((unsigned char)*p); p++) {
		unsigned int digit =
			isdigit((unsigned char)*p)
				? (unsigned int)(*p - '0')
				: (unsigned int)(tolower((unsigned char)*p) - 'a' + 10);

		v = v * base + digit;
		if (v > max) {
			nic_expect(in, in->p, what);
			return false;
		}
	}
	in->p = p;
	*value = (uint32_t)v;
	return true;
}

bool
nic_read_bracket(struct nic_input *in)
{
	if (nic_read_word(in, "]"))
		return true;
	nic_expect(in, in->p, "`]`");
	return false;
}
