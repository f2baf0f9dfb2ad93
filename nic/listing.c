/* SPDX-License-Identifier: BSD-2-Clause */
/* Files of text and of words: what the commands asm and disasm do. */
#include "nic/internal.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* One call: where it reads, what it has read. */
struct reading {
	FILE *in;
	const char *name;
	char *message;
	size_t size;
	uint64_t *words;
	size_t cnt, cap;
};

static int
add_word(struct reading *r, uint64_t word)
{
	if (r->cnt == r->cap) {
		size_t cap = r->cap ? 2 * r->cap : 256;
		uint64_t *more = realloc(r->words, cap * sizeof(*more));

		if (!more)
			return -ENOMEM;
		r->words = more;
		r->cap = cap;
	}
	r->words[r->cnt++] = word;
	return 0;
}

static int
refuse(struct reading *r, uint32_t line, uint32_t column, const char *text)
{
	snprintf(r->message, r->size, "%s:%u:%u: %s", r->name, line, column, text);
	return -EINVAL;
}

static bool
is_empty(const char *line)
{
	line += strspn(line, " \t\r\n");
	return *line == '\0' || *line == ';';
}

static int
read_insn(struct reading *r, const char *line, uint32_t number)
{
	struct nic_asm_error error;
	uint64_t word;

	if (nic_parse(line, &word, &error))
		return refuse(r, number, error.column, error.text);
	return add_word(r, nic_ecc_add(word));
}

static int
read_hex(struct reading *r, const char *line, uint32_t number)
{
	const char *p = line + strspn(line, " \t");
	uint64_t word;
	size_t len;

	if (p[0] == '0' && p[1] == 'x')
		p += 2;
	len = strspn(p, "0123456789abcdefABCDEF");
	if (!len || len > 16 || !is_empty(p + len))
		return refuse(r, number, (uint32_t)(p - line) + 1,
			"expected a word of up to 16 hexadecimal digits and nothing else");
	word = strtoull(p, NULL, 16);
	if (nic_reloc_get(word) == NIC_RELOC_CNT)
		return refuse(r, number, (uint32_t)(p - line) + 1,
			"bits 63:56 are no relocation type (0 to 8)");
	if (word >> (NIC_INSN_BITS + 7) & 0xf)
		return refuse(r, number, (uint32_t)(p - line) + 1, "bits 55:52 must be 0");
	return add_word(r, word);
}

static int
read_lines(struct reading *r, int (*read_line)(struct reading *, const char *, uint32_t))
{
	char *line = NULL;
	uint32_t number = 0;
	size_t cap = 0;
	ssize_t len;
	int err = 0;

	errno = 0;
	while (!err && (len = getline(&line, &cap, r->in)) >= 0) {
		number++;
		if (strlen(line) != (size_t)len)
			err = refuse(r, number, (uint32_t)strlen(line) + 1,
				"a NUL character: this is no text");
		else if (!is_empty(line))
			err = read_line(r, line, number);
		if (!err && r->cnt > NIC_CODE_WORDS)
			err = refuse(r, number, 1, "more words than the code store's 8192");
	}
	if (!err && !feof(r->in))
		err = errno ? -errno : -EIO;
	free(line);
	return err;
}

/* What the word has besides the instruction. */
static void
print_remark(FILE *out, uint64_t word)
{
	enum nic_reloc reloc = nic_reloc_get(word);

	if (reloc != NIC_RELOC_NONE)
		fprintf(out, " ; reloc %s", nic_reloc_name(reloc));
	if (word & NIC_ECC_MASK && !nic_ecc_is_right(word))
		fprintf(out, " ; ECC 0x%02x should be 0x%02x",
			(unsigned int)((word & NIC_ECC_MASK) >> NIC_INSN_BITS), nic_ecc(word));
	fputc('\n', out);
}

static int
finish(struct reading *r, FILE *out, int err)
{
	free(r->words);
	if (!err && (fflush(out) || ferror(out)))
		err = -EIO;
	if (err && err != -EINVAL)
		snprintf(r->message, r->size, "%s: %s", r->name, strerror(-err));
	return err;
}

int
nic_asm_file(FILE *in, const char *name, FILE *out, char *message, size_t size)
{
	struct reading r = { .in = in, .name = name, .message = message, .size = size };
	int err = read_lines(&r, read_insn);

	for (size_t i = 0; !err && i < r.cnt; i++)
		fprintf(out, "%016" PRIx64 "\n", r.words[i]);
	return finish(&r, out, err);
}

int
nic_disasm_file(FILE *in, const char *name, FILE *out, char *message, size_t size)
{
	struct reading r = { .in = in, .name = name, .message = message, .size = size };
	char text[NIC_TEXT_MAX + 32];
	int err = read_lines(&r, read_hex);

	for (size_t i = 0; !err && i < r.cnt; i++) {
		nic_format_line(r.words[i], (uint32_t)i, (uint32_t)r.cnt, text, sizeof(text));
		fputs(text, out);
		print_remark(out, r.words[i]);
	}
	return finish(&r, out, err);
}
