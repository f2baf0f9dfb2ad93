/* SPDX-License-Identifier: BSD-2-Clause */
/* Findings as text and JSON. Used by cmd_check.c and report.c. */
#include "dpdk-app/finding.h"

#include <string.h>

#include "dpdk-app/json.h"

#define TEXT_BYTES 256

void
finding_sentence(const char *log, char *sentence, size_t size)
{
	const char *end = strstr(log, "processed "), *begin;

	if (end == NULL || (end != log && end[-1] != '\n'))
		end = log + strlen(log);
	while (end > log && end[-1] == '\n')
		end--;
	for (begin = end; begin > log && begin[-1] != '\n';)
		begin--;
	snprintf(sentence, size, "%.*s", (int)(end - begin), begin);
}

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

static void
print_head(const struct finding *finding, FILE *out)
{
	fprintf(out, "%s, %s", finding->severity, finding->stage);
	if (finding->err != 0)
		fprintf(out, ", %s", finding_errno(finding));
	if (finding->map != NULL)
		fprintf(out, ", map '%s'", finding->map);
	/* So the driver's lines stand in the verifier's log. */
	fprintf(out, ": %s%s\n", strcmp(finding->stage, "driver") == 0 ? "[nfp] " : "",
		finding->message);
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
		fprintf(out, "    ; %s @ %s:%u\n", line->text, line->file, line->line);
	fprintf(out, "  > %u: (%02x) %s\n", insn, prog->insns[insn].code, text);
}

void
finding_print(const struct finding *finding, FILE *out)
{
	print_head(finding, out);
	if (finding->is_first)
		fprintf(out, "    (the kernel ends here)\n");
	print_place(finding, out);
	if (finding->why != NULL)
		fprintf(out, "    why: %s\n", finding->why);
	if (finding->fix != NULL)
		fprintf(out, "    fix: %s\n", finding->fix);
}

/* ---- JSON ---- */

json_t *
json_finding(const struct finding *finding)
{
	const struct xb_line *line = line_of(finding);
	json_t *json = json_pack("{s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:b}", "severity",
		finding->severity, "stage", finding->stage, "message", json_text(finding->message),
		"map", json_text(finding->map), "source", json_text(line ? line->file : NULL),
		"why", json_text(finding->why), "fix", json_text(finding->fix), "first",
		finding->is_first);

	json_object_set_new(
		json, "errno", finding->err != 0 ? json_integer(finding->err) : json_null());
	json_object_set_new(
		json, "insn", finding->insn < 0 ? json_null() : json_integer(finding->insn));
	json_object_set_new(json, "line", line ? json_integer(line->line) : json_null());
	return json;
}
