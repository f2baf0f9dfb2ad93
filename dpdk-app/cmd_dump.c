/* SPDX-License-Identifier: BSD-2-Clause */
/* `xoffload dump OBJECT bpf`: the relocated instructions in the kernel's wording. No DPDK. */
#include "dpdk-app/cmd.h"

#include <string.h>

#include "dpdk-app/json.h"
#include "dpdk-app/program.h"

#define TEXT_BYTES 256

/* Where the line changes. Two entries in a row may name the same line. */
static void
print_line(const struct xb_prog *prog, uint32_t insn, const struct xb_line **last)
{
	const struct xb_line *line = xb_prog_line(prog, insn);

	if (line == NULL || line == *last)
		return;
	if (*last == NULL || line->line != (*last)->line || strcmp(line->file, (*last)->file) != 0)
		printf("; %s @ %s:%u\n", line->text, line->file, line->line);
	*last = line;
}

static void
print_subprogram(const struct xb_prog *prog, uint32_t insn)
{
	const struct xb_func *func = xb_prog_func(prog, insn);

	if (insn > 0 && func != NULL && func->insn == insn)
		printf("%s:\n", func->name);
}

static void
print_program(const struct options *opt, const struct xb_prog *prog)
{
	const struct xb_line *last = NULL;
	char text[TEXT_BYTES];

	printf("%s (%s, section \"%s\", %u instructions)\n", prog->name,
		xb_prog_type_name(prog->type), prog->section, prog->insn_cnt);
	for (uint32_t i = 0; i < prog->insn_cnt;) {
		uint32_t slots =
			xb_insn_format(&prog->insns[i], prog->insn_cnt - i, text, sizeof(text));

		print_subprogram(prog, i);
		if (opt->source)
			print_line(prog, i, &last);
		printf("%4u: (%02x) %s\n", i, prog->insns[i].code, text);
		i += slots;
	}
}

static json_t *
json_insn(const struct xb_prog *prog, uint32_t i, uint32_t *slots)
{
	const struct xb_line *line = xb_prog_line(prog, i);
	char text[TEXT_BYTES];

	*slots = xb_insn_format(&prog->insns[i], prog->insn_cnt - i, text, sizeof(text));
	if (line == NULL)
		return json_pack(
			"{s:i, s:s, s:n, s:n}", "insn", (int)i, "text", text, "source", "line");
	return json_pack("{s:i, s:s, s:o, s:i}", "insn", (int)i, "text", text, "source",
		json_text(line->file), "line", (int)line->line);
}

static json_t *
json_program(const struct xb_object *obj, const struct xb_prog *prog)
{
	json_t *insns = json_array();
	uint32_t slots;

	for (uint32_t i = 0; i < prog->insn_cnt; i += slots)
		json_array_append_new(insns, json_insn(prog, i, &slots));
	return json_pack("{s:{s:o, s:o, s:o, s:s, s:i}, s:o}", "program", "object",
		json_text(obj->path), "name", json_text(prog->name), "section",
		json_text(prog->section), "type", xb_prog_type_name(prog->type), "insns",
		(int)prog->insn_cnt, "listing", insns);
}

static int
print_json(const struct xb_object *obj, uint32_t cnt)
{
	json_t *programs = json_array();
	json_t *root = json_pack("{s:o}", "programs", programs);

	for (uint32_t i = 0; i < cnt; i++)
		json_array_append_new(programs, json_program(obj, &obj->progs[i]));
	return json_print(root, stdout);
}

int
cmd_dump(const struct options *opt)
{
	struct xb_object *obj;
	uint32_t cnt;
	int status;

	if (strcmp(opt->args[1], "bpf") != 0) {
		complain("dump: no listing '%s', there is bpf", opt->args[1]);
		return STATUS_USAGE;
	}
	status = program_open_object(opt, &obj);
	if (status != STATUS_DONE)
		return status;
	cnt = program_asked(opt, obj);
	if (opt->json && print_json(obj, cnt) < 0)
		status = STATUS_RUNTIME;
	for (uint32_t i = 0; !opt->json && i < cnt; i++) {
		if (i > 0)
			putchar('\n');
		print_program(opt, &obj->progs[i]);
	}
	xb_object_close(obj);
	return status;
}
