/* SPDX-License-Identifier: BSD-2-Clause */
/* A growing text: what the library has to say to people, said by whoever called it. */
#include "bpf/xb.h"

#include <stdlib.h>
#include <string.h>

static bool
reserve(struct xb_log *log, size_t more)
{
	size_t cap = log->cap ? log->cap : 128;
	char *text;

	while (cap - log->len <= more)
		cap *= 2;
	if (cap == log->cap)
		return true;
	text = realloc(log->text, cap);
	if (!text)
		return false;
	log->text = text;
	log->cap = cap;
	return true;
}

void
xb_log_vadd(struct xb_log *log, const char *fmt, va_list ap)
{
	va_list again;
	int n;

	if (!log)
		return;
	va_copy(again, ap);
	n = vsnprintf(NULL, 0, fmt, again);
	va_end(again);
	if (n < 0 || !reserve(log, (size_t)n))
		return;
	vsnprintf(log->text + log->len, log->cap - log->len, fmt, ap);
	log->len += (size_t)n;
}

void
xb_log_add(struct xb_log *log, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	xb_log_vadd(log, fmt, ap);
	va_end(ap);
}

const char *
xb_log_text(const struct xb_log *log)
{
	return log && log->text ? log->text : "";
}

void
xb_log_free(struct xb_log *log)
{
	free(log->text);
	*log = (struct xb_log){ 0 };
}
