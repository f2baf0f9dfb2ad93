/* SPDX-License-Identifier: BSD-2-Clause */
/* Findings as text and JSON. Used by cmd_check.c and report.c. */
#include "dpdk-app/finding.h"

#include <string.h>

#include "dpdk-app/json.h"

#define TEXT_BYTES 256

const char *
finding_errno(const struct finding *finding)
{
	const char *name = strerrorname_np(finding->err);

	return name != NULL ? name : "?";
}

static const struct xb_line *
line_of(const struct finding *finding)
{
	return finding->insn < 0 ? NULL : xb_prog_line(finding->prog, (uint32_t)finding->insn);
}

/* ---- text ---- */

#define PLACES_MAX 8 /* told of one rule; --json has all */

static bool
is_silent(const struct finding *finding)
{
	return finding->err != 0 && strcmp(finding->message, strerror(finding->err)) == 0;
}

static void
print_head(const struct finding *finding, FILE *out)
{
	fprintf(out, "%s, %s", finding->severity, finding->stage);
	if (finding->err != 0)
		fprintf(out, ", %s", finding_errno(finding));
	if (finding->map != NULL)
		fprintf(out, ", map '%s'%s%s%s", finding->map, finding->what ? " (" : "",
			finding->what ? finding->what : "", finding->what ? ")" : "");
	else if (finding->what != NULL)
		fprintf(out, ", %s", finding->what);
	/* So the driver's lines stand in the verifier's log. */
	fprintf(out, ": %s%s\n", strcmp(finding->stage, "driver") == 0 ? "[nfp] " : "",
		finding->message);
	if (finding->is_first)
		fprintf(out, "    (the kernel ends here%s)\n",
			is_silent(finding) ? ", and says no more than the errno" : "");
}

/* The line as it is in the object, a tab for a tab, so that the caret is under its column. */
static void
print_line(const struct xb_line *line, FILE *out)
{
	fprintf(out, "    ; %s @ %s:%u\n", line->text, line->file, line->line);
	if (line->column == 0 || line->column > strlen(line->text))
		return;
	fputs("      ", out);
	for (uint32_t i = 0; i + 1 < line->column; i++)
		fputc(line->text[i] == '\t' ? '\t' : ' ', out);
	fputs("^\n", out);
}

static void
print_place(const struct finding *finding, FILE *out)
{
	const struct xb_prog *prog = finding->prog;
	const struct xb_line *line = line_of(finding);
	uint32_t insn = (uint32_t)finding->insn;
	char text[TEXT_BYTES];

	if (finding->insn < 0 || insn >= prog->insn_cnt)
		return;
	xb_insn_format(&prog->insns[insn], prog->insn_cnt - insn, text, sizeof(text));
	if (line != NULL)
		print_line(line, out);
	fprintf(out, "  > %u: (%02x) %s\n", insn, prog->insns[insn].code, text);
}

static void
print_advice(const struct finding *finding, FILE *out)
{
	if (finding->why != NULL)
		fprintf(out, "    why: %s\n", finding->why);
	if (finding->fix != NULL)
		fprintf(out, "    fix: %s\n", finding->fix);
}

/* Told with one reason and one mend. */
static bool
is_alike(const struct finding *a, const struct finding *b)
{
	return a->severity == b->severity && a->why != NULL && a->why == b->why && a->fix == b->fix;
}

static bool
has_same_head(const struct finding *a, const struct finding *b)
{
	return a->map == b->map && a->what == b->what && !b->is_first &&
	       strcmp(a->message, b->message) == 0;
}

/* Finding i and those after it that are like it. */
static void
print_alike(const struct finding *findings, uint32_t cnt, uint32_t i, FILE *out)
{
	const struct finding *head = &findings[i];
	uint32_t places = 1;

	print_head(head, out);
	print_place(head, out);
	for (uint32_t j = i + 1; j < cnt; j++) {
		const struct finding *f = &findings[j];

		if (!is_alike(&findings[i], f) || ++places > PLACES_MAX)
			continue;
		if (!has_same_head(head, f))
			print_head(f, out);
		head = f;
		print_place(f, out);
	}
	if (places > PLACES_MAX)
		fprintf(out, "    ... and %u more; --json has all\n", places - PLACES_MAX);
	print_advice(&findings[i], out);
}

static bool
is_told_before(const struct finding *findings, uint32_t i)
{
	for (uint32_t j = 0; j < i; j++)
		if (is_alike(&findings[j], &findings[i]))
			return true;
	return false;
}

void
findings_print(const struct finding *findings, uint32_t cnt, FILE *out)
{
	static const char *const severities[] = { "error", "warning", "note" };
	const char *before = "";

	for (size_t s = 0; s < sizeof(severities) / sizeof(severities[0]); s++)
		for (uint32_t i = 0; i < cnt; i++) {
			if (strcmp(findings[i].severity, severities[s]) != 0 ||
				is_told_before(findings, i))
				continue;
			fputs(before, out);
			print_alike(findings, cnt, i, out);
			before = "\n";
		}
}

void
finding_print_fix(const struct finding *finding, FILE *out)
{
	const struct xb_line *line = line_of(finding);

	if (finding->fix != NULL)
		fprintf(out, "%s", finding->fix);
	else
		fprintf(out, "mend what the verifier says, which is not about the card alone");
	if (line != NULL)
		fprintf(out, " (%s:%u)", line->file, line->line);
	else if (finding->map != NULL)
		fprintf(out, " (map '%s')", finding->map);
}

/* ---- JSON ---- */

json_t *
json_finding(const struct finding *finding)
{
	const struct xb_line *line = line_of(finding);
	json_t *json = json_pack("{s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:b}", "severity",
		finding->severity, "stage", finding->stage, "message", json_text(finding->message),
		"rule", json_text(finding->rule != NULL && *finding->rule ? finding->rule : NULL),
		"map", json_text(finding->map), "what", json_text(finding->what), "source",
		json_text(line ? line->file : NULL), "why", json_text(finding->why), "fix",
		json_text(finding->fix), "first", finding->is_first);

	json_object_set_new(
		json, "errno", finding->err != 0 ? json_integer(finding->err) : json_null());
	json_object_set_new(
		json, "insn", finding->insn < 0 ? json_null() : json_integer(finding->insn));
	json_object_set_new(json, "line", line ? json_integer(line->line) : json_null());
	return json;
}
