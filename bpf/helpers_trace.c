/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * bpf_trace_printk, by the rules of bpf_bprintf_prepare (kernel/bpf/helpers.c): which formats are
 * refused with -EINVAL, what the others print. Of the kernel's pointer extensions only those that
 * print a plain number (%p, %px, %pK) are here; %p shows the number itself, not a hash of it.
 */
#include "bpf/helpers.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#define TEXT_MAX 1024u	/* MAX_BPRINTF_BUF */
#define STRING_MAX 512u /* of one %s; the kernel stops where its buffer for all is full */
#define ARGS 3u
#define WIDTH_MAX 1024 /* a wider field would only be cut at TEXT_MAX */

/* The text grows here; len may go beyond what fits, as snprintf's result does. */
struct text {
	char buf[TEXT_MAX];
	size_t len;
};

static void
put(struct text *t, const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++, t->len++)
		if (t->len < sizeof(t->buf) - 1)
			t->buf[t->len] = s[i];
}

/* One conversion: %, flags, width, l or ll, and the letter. */
struct spec {
	bool zero, plus, minus, space;
	int width;
	unsigned int longs;
	char letter;
};

/* A number or a string in its field, without a sign or with one. */
static void
put_field(struct text *t, const struct spec *s, const char *sign, const char *body)
{
	size_t n = strlen(sign) + strlen(body);
	size_t fill = (size_t)s->width > n ? (size_t)s->width - n : 0;
	bool zeros = s->zero && !s->minus && s->letter != 's' && s->letter != 'c';

	for (size_t i = 0; i < fill && !s->minus && !zeros; i++)
		put(t, " ", 1);
	put(t, sign, strlen(sign));
	for (size_t i = 0; i < fill && zeros; i++)
		put(t, "0", 1);
	put(t, body, strlen(body));
	for (size_t i = 0; i < fill && s->minus; i++)
		put(t, " ", 1);
}

static void
put_number(struct text *t, const struct spec *s, uint64_t v)
{
	bool is_signed = s->letter == 'd' || s->letter == 'i';
	const char *sign = "";
	char digits[24];

	if (!s->longs)
		v = is_signed ? (uint64_t)(int64_t)(int32_t)v : (uint32_t)v;
	if (is_signed)
		sign = (int64_t)v < 0 ? "-" : s->plus ? "+" : s->space ? " " : "";
	if (is_signed && (int64_t)v < 0)
		v = -v;
	snprintf(digits, sizeof(digits), s->letter == 'x' ? "%" PRIx64 : "%" PRIu64, v);
	put_field(t, s, sign, digits);
}

/* A string of the program's; one that may not be read is empty, as after a fault in the kernel. */
static void
put_string(struct text *t, const struct spec *s, const struct xb_vm *vm, uint64_t addr)
{
	char buf[STRING_MAX];
	size_t n = 0;

	while (n < sizeof(buf) - 1 && xb_vm_may_access(vm, addr + n, 1, false)) {
		buf[n] = *(const char *)xb_helper_ptr(addr + n);
		if (!buf[n])
			break;
		n++;
	}
	if (n < sizeof(buf) - 1 && !xb_vm_may_access(vm, addr + n, 1, false))
		n = 0;
	buf[n] = '\0';
	put_field(t, s, "", buf);
}

static void
put_arg(struct text *t, const struct spec *s, const struct xb_vm *vm, uint64_t v)
{
	char buf[24];

	switch (s->letter) {
	case 's': put_string(t, s, vm, v); return;
	case 'c':
		/* A NUL is a character to the kernel; here it is none. */
		buf[0] = (char)v;
		buf[1] = '\0';
		put_field(t, s, "", buf);
		return;
	case 'p':
		snprintf(buf, sizeof(buf), "%016" PRIx64, v);
		put_field(t, s, "", buf);
		return;
	default: put_number(t, s, v); return;
	}
}

/* What may follow %p and %s. */
static bool
ends_word(char c)
{
	return c == '\0' || isspace((unsigned char)c) || ispunct((unsigned char)c);
}

/* After the %: *at goes behind the conversion. false: refused. */
static bool
parse_spec(const char **at, struct spec *s)
{
	const char *p = *at;

	*s = (struct spec){ 0 };
	for (; *p && strchr("0+- ", *p); p++) {
		s->zero |= *p == '0';
		s->plus |= *p == '+';
		s->minus |= *p == '-';
		s->space |= *p == ' ';
	}
	for (; *p >= '0' && *p <= '9'; p++)
		s->width = s->width < WIDTH_MAX ? s->width * 10 + (*p - '0') : WIDTH_MAX;
	for (; *p == 'l' && s->longs < 2; p++)
		s->longs++;
	s->letter = *p;
	if (!*p || !strchr(s->longs ? "diux" : "diuxcsp", *p))
		return false;
	p++;
	if (s->letter == 'p' && (*p == 'x' || *p == 'K'))
		p++;
	else if ((s->letter == 'p' || s->letter == 's') && !ends_word(*p))
		return false;
	*at = p;
	return true;
}

static bool
is_plain(char c)
{
	return isascii((unsigned char)c) &&
	       (isprint((unsigned char)c) || isspace((unsigned char)c));
}

static int
format(struct text *t, const struct xb_vm *vm, const char *fmt, const uint64_t *args)
{
	unsigned int used = 0;
	struct spec s;

	while (*fmt) {
		if (!is_plain(*fmt))
			return -EINVAL;
		if (*fmt != '%' || fmt[1] == '%') {
			put(t, fmt, 1);
			fmt += *fmt == '%' ? 2 : 1;
			continue;
		}
		fmt++;
		if (used == ARGS || !parse_spec(&fmt, &s))
			return -EINVAL;
		put_arg(t, &s, vm, args[used++]);
	}
	return 0;
}

/* A line of its own in the trace, whether the program wrote the newline or not. */
static void
write_out(FILE *out, struct text *t)
{
	size_t n = t->len < sizeof(t->buf) ? t->len : sizeof(t->buf) - 1;

	fwrite(t->buf, 1, n, out);
	if (n == 0 || t->buf[n - 1] != '\n')
		fputc('\n', out);
}

uint64_t
helper_trace_printk(
	struct xb_vm *vm, uint64_t r1, uint64_t r2, uint64_t r3, uint64_t r4, uint64_t r5)
{
	const uint64_t args[ARGS] = { r3, r4, r5 };
	const char *fmt = xb_helper_ptr(r1);
	struct text t = { .len = 0 };
	int err;

	if (!memchr(fmt, 0, (uint32_t)r2))
		return xb_helper_ret(-EINVAL);
	err = format(&t, vm, fmt, args);
	if (err)
		return xb_helper_ret(err);
	if (vm->trace)
		write_out(vm->trace, &t);
	return t.len;
}
