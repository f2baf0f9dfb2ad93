/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Text to instructions. The grammar is the text column of bpf/opcodes.def, read backwards: a line
 * is tried against every row until one fits; the letters of a row (bpf/disasm.c explains them)
 * say which field takes what stands there.
 */
#include "tests/verifier/bpf_asm.h"

#include "bpf/xb.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define LABELS_MAX 256
#define NAME_MAX_BYTES 32

struct label {
	char name[NAME_MAX_BYTES];
	uint32_t at; /* a label: its slot; a use: the slot of the jump */
	bool is_imm; /* a use: the distance goes to imm, not to off */
	int line;
};

struct assembler {
	struct bpf_insn *insns;
	uint32_t cnt, max;
	struct label labels[LABELS_MAX], uses[LABELS_MAX];
	uint32_t label_cnt, use_cnt;
	int line;
	char *err;
	size_t err_size;
};

/* The fields a line has named; a register named twice must be the same one. */
struct fields {
	int dst, src; /* -1: not named yet */
	int64_t off, imm, imm2;
	char label[NAME_MAX_BYTES];
	bool label_is_imm;
};

static int __attribute__((format(printf, 2, 3)))
fail(const struct assembler *as, const char *fmt, ...)
{
	va_list ap;
	int n = snprintf(as->err, as->err_size, "line %d: ", as->line);

	va_start(ap, fmt);
	if (n > 0 && (size_t)n < as->err_size)
		vsnprintf(as->err + n, as->err_size - (size_t)n, fmt, ap);
	va_end(ap);
	return -1;
}

/* ---- letters ---- */

static bool
take_reg(const char **s, char bank, int *reg)
{
	char *end;
	long n;

	if (**s != bank || !isdigit((unsigned char)(*s)[1]))
		return false;
	n = strtol(*s + 1, &end, 10);
	if (n > 15 || (*reg >= 0 && *reg != n))
		return false;
	*reg = (int)n;
	*s = end;
	return true;
}

static bool
is_hex(const char *s)
{
	return s[0] == '0' && s[1] == 'x' && isxdigit((unsigned char)s[2]);
}

static bool
take_decimal(const char **s, int64_t min, int64_t max, int64_t *value)
{
	char *end;

	if (is_hex(*s) || !isdigit((unsigned char)(*s)[**s == '-']))
		return false;
	*value = strtoll(*s, &end, 10);
	*s = end;
	return *value >= min && *value <= max;
}

static bool
take_hex(const char **s, uint64_t max, int64_t *value)
{
	uint64_t n;
	char *end;

	if (!is_hex(*s))
		return false;
	n = strtoull(*s, &end, 16);
	*s = end;
	*value = (int64_t)n;
	return n <= max;
}

static size_t
name_length(const char *s)
{
	size_t len = 0;

	while (isalnum((unsigned char)s[len]) || s[len] == '_')
		len++;
	return len;
}

/* A distance: +3, -3 or @label. */
static bool
take_distance(const char **s, bool is_imm, struct fields *f)
{
	size_t len;

	if (**s == '@') {
		len = name_length(*s + 1);
		if (len == 0 || len >= sizeof(f->label))
			return false;
		memcpy(f->label, *s + 1, len);
		f->label_is_imm = is_imm;
		*s += 1 + len;
		return true;
	}
	if (**s != '+' && **s != '-')
		return false;
	if (**s == '+')
		(*s)++;
	return is_imm ? take_decimal(s, INT32_MIN, INT32_MAX, &f->imm)
		      : take_decimal(s, INT16_MIN, INT16_MAX, &f->off);
}

static bool
take_name(const char **s)
{
	size_t len = name_length(*s);

	*s += len;
	return len > 0;
}

static bool
take_letter(char letter, const char **s, struct fields *f)
{
	switch (letter) {
	case 'd': return take_reg(s, 'r', &f->dst);
	case 's': return take_reg(s, 'r', &f->src);
	case 'w': return take_reg(s, 'w', &f->dst);
	case 'v': return take_reg(s, 'w', &f->src);
	case 'i': return take_decimal(s, INT32_MIN, INT32_MAX, &f->imm);
	case 'x':
		return take_hex(s, UINT32_MAX, &f->imm) ||
		       take_decimal(s, INT32_MIN, INT32_MAX, &f->imm);
	case 'n': return take_decimal(s, 0, UINT32_MAX, &f->imm2);
	case 'I':
		if (!take_hex(s, UINT64_MAX, &f->imm))
			return false;
		f->imm2 = (int64_t)((uint64_t)f->imm >> 32);
		return true;
	case 'o': return take_distance(s, false, f);
	case 'j': return take_distance(s, true, f);
	case 'h': return take_name(s);
	default: return *(*s)++ == letter;
	}
}

static bool
fits(const char *row, const char *s, struct fields *f)
{
	*f = (struct fields){ .dst = -1, .src = -1 };
	for (; *row; row++) {
		if (*row == '%') {
			if (!take_letter(*++row, &s, f))
				return false;
		} else if (*s++ != *row) {
			return false;
		}
	}
	return *s == '\0';
}

/* ---- lines ---- */

static int
emit(struct assembler *as, struct bpf_insn insn)
{
	if (as->cnt == as->max)
		return fail(as, "more than %u instructions", as->max);
	as->insns[as->cnt++] = insn;
	return 0;
}

static uint8_t
field_of(const struct xb_field_rule *rule, int named)
{
	int value = rule->kind == XB_IS ? rule->is : named < 0 ? 0 : named;

	return (uint8_t)(value & 15);
}

static int
emit_row(struct assembler *as, const struct xb_op_info *info, const struct fields *f)
{
	struct bpf_insn insn = {
		.code = info->code,
		.dst_reg = field_of(&info->dst, f->dst) & 15u,
		.src_reg = field_of(&info->src, f->src) & 15u,
		.off = (int16_t)(info->off.kind == XB_IS ? info->off.is : f->off),
		.imm = (int32_t)(info->imm.kind == XB_IS ? info->imm.is : f->imm),
	};

	if (f->label[0]) {
		if (as->use_cnt == LABELS_MAX)
			return fail(as, "too many labels");
		as->uses[as->use_cnt] = (struct label){
			.at = as->cnt, .is_imm = f->label_is_imm, .line = as->line
		};
		memcpy(as->uses[as->use_cnt++].name, f->label, sizeof(f->label));
	}
	if (emit(as, insn))
		return -1;
	return info->wide ? emit(as, (struct bpf_insn){ .imm = (int32_t)f->imm2 }) : 0;
}

/* "(ff) dst 0 src 0 off 0 imm 0": how our disassembler prints what is no instruction. */
static bool
emit_bytes(struct assembler *as, const char *s, int *ret)
{
	unsigned int code, dst, src;
	int off, imm, end = 0;

	if (sscanf(s, "(%2x) dst %u src %u off %d imm %d%n", &code, &dst, &src, &off, &imm, &end) !=
			5 ||
		s[end])
		return false;
	*ret = emit(as, (struct bpf_insn){
				.code = (uint8_t)code,
				.dst_reg = dst & 15u,
				.src_reg = src & 15u,
				.off = (int16_t)off,
				.imm = imm,
			});
	return true;
}

/* Cut comments and blanks off both ends. */
static char *
trim(char *s)
{
	char *end = strchr(s, ';');

	if (!end)
		end = s + strlen(s);
	while (isspace((unsigned char)*s))
		s++;
	while (end > s && isspace((unsigned char)end[-1]))
		end--;
	*end = '\0';
	return s;
}

static bool
take_label(struct assembler *as, const char *s, int *ret)
{
	size_t len = name_length(s);

	if (len == 0 || isdigit((unsigned char)*s) || s[len] != ':' || s[len + 1])
		return false;
	*ret = 0;
	if (as->label_cnt == LABELS_MAX || len >= NAME_MAX_BYTES) {
		*ret = fail(as, "too many labels, or too long a one");
		return true;
	}
	as->labels[as->label_cnt] = (struct label){ .at = as->cnt };
	memcpy(as->labels[as->label_cnt++].name, s, len);
	return true;
}

/* Skip "12: "; the opcode byte of "(b7) ", or -1. */
static int
skip_prefix(char **s)
{
	size_t digits = strspn(*s, "0123456789");
	unsigned int code;
	int end = 0;

	if (digits && (*s)[digits] == ':')
		*s += digits + 1 + strspn(*s + digits + 1, " ");
	if (sscanf(*s, "(%2x) %n", &code, &end) != 1 || end != 5 || !strncmp(*s + 5, "dst ", 4))
		return -1;
	*s += end;
	return (int)code;
}

static int
parse_line(struct assembler *as, char *s)
{
	struct fields f;
	int code, ret = 0;

	s = trim(s);
	if (*s == '\0' || *s == '#' || take_label(as, s, &ret))
		return *s == '\0' || *s == '#' ? 0 : ret;
	code = skip_prefix(&s);
	if (emit_bytes(as, s, &ret))
		return ret;
	for (int op = 0; op < XB_OP_CNT; op++) {
		const struct xb_op_info *info = xb_op_info((enum xb_op)op);

		if ((code < 0 || code == info->code) && fits(info->text, s, &f))
			return emit_row(as, info, &f);
	}
	return fail(as, "no instruction is written '%s'", s);
}

static const struct label *
find_label(const struct assembler *as, const char *name)
{
	for (uint32_t i = 0; i < as->label_cnt; i++)
		if (!strcmp(as->labels[i].name, name))
			return &as->labels[i];
	return NULL;
}

static int
resolve_labels(struct assembler *as)
{
	for (uint32_t i = 0; i < as->use_cnt; i++) {
		const struct label *use = &as->uses[i], *label = find_label(as, use->name);
		int64_t distance;

		as->line = use->line;
		if (!label)
			return fail(as, "there is no label '%s'", use->name);
		distance = (int64_t)label->at - use->at - 1;
		if (use->is_imm)
			as->insns[use->at].imm = (int32_t)distance;
		else
			as->insns[use->at].off = (int16_t)distance;
	}
	return 0;
}

int
asm_parse(const char *text, struct bpf_insn *insns, uint32_t max, char *err, size_t err_size)
{
	struct assembler as = { .insns = insns, .max = max, .err = err, .err_size = err_size };
	char line[256];

	while (*text) {
		size_t len = strcspn(text, "\n");

		as.line++;
		if (len >= sizeof(line))
			return fail(&as, "longer than %zu characters", sizeof(line) - 1);
		memcpy(line, text, len);
		line[len] = '\0';
		if (parse_line(&as, line))
			return -1;
		text += len + (text[len] == '\n');
	}
	return resolve_labels(&as) ? -1 : (int)as.cnt;
}
