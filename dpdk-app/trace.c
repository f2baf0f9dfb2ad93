/* SPDX-License-Identifier: BSD-2-Clause */
/* Rows of a trace, as text and JSON. Used by trace_bpf.c and trace_card.c. */
#include "dpdk-app/trace.h"

#include <inttypes.h>
#include <string.h>

#include "dpdk-app/dump.h"
#include "dpdk-app/json.h"

#define CHANGES_COLUMN 52 /* where they begin, when the instruction is not longer */
#define BYTES_SHOWN 16
#define GAP 4 /* fewer unchanged bytes than this do not part two changes */

void
trace_change(struct trace_row *row, const char *what, const char *fmt, ...)
{
	struct trace_change *change = &row->changes[row->change_cnt];
	va_list ap;

	if (row->change_cnt == TRACE_CHANGES_MAX)
		return;
	row->change_cnt++;
	snprintf(change->what, sizeof(change->what), "%s", what);
	va_start(ap, fmt);
	vsnprintf(change->now, sizeof(change->now), fmt, ap);
	va_end(ap);
}

void
trace_name_at(char *name, size_t size, const char *base, int64_t at)
{
	if (at == 0)
		snprintf(name, size, "%s", base);
	else
		snprintf(name, size, "%s%+" PRId64, base, at);
}

void
trace_change_bytes(struct trace_row *row, const char *what, const uint8_t *bytes, uint64_t size)
{
	char text[3 * BYTES_SHOWN + 1] = "";
	int len = 0;

	for (uint64_t i = 0; i < size && i < BYTES_SHOWN; i++)
		len += sprintf(text + len, "%s%02x", i > 0 ? " " : "", bytes[i]);
	if (size > BYTES_SHOWN)
		trace_change(row, what, "%s ... (%llu bytes)", text, (unsigned long long)size);
	else
		trace_change(row, what, "%s", text);
}

void
trace_change_where(struct trace_row *row, const uint8_t *was, const uint8_t *is, size_t size,
	trace_name_fn *name_of, const void *arg)
{
	for (size_t from = 0, to; from < size; from = to) {
		char name[TRACE_WHAT_BYTES] = "";
		size_t same = 0;

		to = from + 1;
		if (was[from] == is[from])
			continue;
		for (size_t i = to; i < size && same < GAP; i++) {
			same = was[i] == is[i] ? same + 1 : 0;
			to = same == 0 ? i + 1 : to;
		}
		name_of(arg, is + from, name, sizeof(name));
		trace_change_bytes(row, name, is + from, to - from);
	}
}

/* ---- text ---- */

void
trace_print_changes(const struct trace_row *row, int len, int column)
{
	if (row->change_cnt > 0)
		printf("%*s", len < column ? column - len : 2, "");
	for (unsigned int i = 0; i < row->change_cnt; i++)
		printf("%s%s%s%s", i > 0 ? ", " : "", row->changes[i].what,
			row->changes[i].now[0] != '\0' ? " = " : "", row->changes[i].now);
	putchar('\n');
}

static void
print_row(struct trace *t, const struct trace_row *row)
{
	char text[TRACE_TEXT_BYTES];
	int len;

	if (row->prog != t->last_prog && t->last_prog != NULL)
		printf("%s:\n", row->prog->name);
	else
		dump_subprogram(row->prog, row->insn);
	dump_line(row->prog, row->insn, &t->last_line);
	xb_insn_format(
		&row->prog->insns[row->insn], row->prog->insn_cnt - row->insn, text, sizeof(text));
	len = printf("%4u: (%02x) %s", row->insn, row->prog->insns[row->insn].code, text);
	trace_print_changes(row, len, CHANGES_COLUMN);
}

/* ---- JSON ---- */

json_t *
trace_json_changes(const struct trace_row *row)
{
	json_t *changes = json_array();

	for (unsigned int i = 0; i < row->change_cnt; i++)
		json_array_append_new(
			changes, json_pack("{s:o, s:o}", "what", json_text(row->changes[i].what),
					 "now", json_text(row->changes[i].now)));
	return changes;
}

static json_t *
json_row(const struct trace_row *row)
{
	const struct xb_line *line = xb_prog_line(row->prog, row->insn);
	char text[TRACE_TEXT_BYTES];

	xb_insn_format(
		&row->prog->insns[row->insn], row->prog->insn_cnt - row->insn, text, sizeof(text));
	return json_pack("{s:o, s:i, s:s, s:o, s:o, s:o}", "program", json_text(row->prog->name),
		"insn", (int)row->insn, "text", text, "source",
		json_text(line != NULL ? line->file : NULL), "line",
		line != NULL ? json_integer(line->line) : json_null(), "changes",
		trace_json_changes(row));
}

void
trace_add(struct trace *t, const struct trace_row *row)
{
	t->row_cnt++;
	if (t->rows != NULL)
		json_array_append_new(t->rows, json_row(row));
	else
		print_row(t, row);
	t->last_prog = row->prog;
}
