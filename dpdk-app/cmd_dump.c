/* SPDX-License-Identifier: BSD-2-Clause */
/* `xoffload dump OBJECT bpf`: the relocated instructions in the kernel's wording, and what its
 * listings share with those of cmd_dump_nfp.c. No DPDK. */
#include "dpdk-app/cmd.h"

#include <string.h>

#include "dpdk-app/dump.h"
#include "dpdk-app/json.h"
#include "dpdk-app/program.h"

#define TEXT_BYTES 256

/* Two entries in a row may name the same line. */
bool
dump_is_new_line(const struct xb_prog *prog, uint32_t insn, const struct xb_line *last)
{
	const struct xb_line *line = xb_prog_line(prog, insn);

	return line != NULL && line != last &&
	       (last == NULL || line->line != last->line || strcmp(line->file, last->file) != 0);
}

void
dump_line(const struct xb_prog *prog, uint32_t insn, const struct xb_line **last)
{
	const struct xb_line *line = xb_prog_line(prog, insn);

	if (dump_is_new_line(prog, insn, *last))
		printf("; %s @ %s:%u\n", line->text, line->file, line->line);
	if (line != NULL)
		*last = line;
}

bool
dump_is_subprogram(const struct xb_prog *prog, uint32_t insn)
{
	const struct xb_func *func = xb_prog_func(prog, insn);

	return insn > 0 && func != NULL && func->insn == insn;
}

void
dump_subprogram(const struct xb_prog *prog, uint32_t insn)
{
	if (dump_is_subprogram(prog, insn))
		printf("%s:\n", xb_prog_func(prog, insn)->name);
}

uint32_t
dump_insn(const struct xb_prog *prog, uint32_t insn, const char *note)
{
	char text[TEXT_BYTES];
	uint32_t slots =
		xb_insn_format(&prog->insns[insn], prog->insn_cnt - insn, text, sizeof(text));

	printf("%4u: (%02x) %s%s\n", insn, prog->insns[insn].code, text, note);
	return slots;
}

static void
print_program(const struct options *opt, const struct xb_prog *prog)
{
	const struct xb_line *last = NULL;

	printf("%s (%s, section \"%s\", %u instructions)\n", prog->name,
		xb_prog_type_name(prog->type), prog->section, prog->insn_cnt);
	for (uint32_t i = 0; i < prog->insn_cnt;) {
		dump_subprogram(prog, i);
		if (opt->source)
			dump_line(prog, i, &last);
		i += dump_insn(prog, i, "");
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
json_listing(const struct xb_object *obj, const struct xb_prog *prog)
{
	json_t *insns = json_array();
	uint32_t slots;

	for (uint32_t i = 0; i < prog->insn_cnt; i += slots)
		json_array_append_new(insns, json_insn(prog, i, &slots));
	return json_pack("{s:o, s:o}", "program", json_program(obj, prog), "listing", insns);
}

static int
print_json(const struct xb_object *obj, uint32_t cnt)
{
	json_t *programs = json_array();
	json_t *root = json_pack("{s:o}", "programs", programs);

	for (uint32_t i = 0; i < cnt; i++)
		json_array_append_new(programs, json_listing(obj, &obj->progs[i]));
	return json_print(root, stdout);
}

static int
dump_bpf(const struct options *opt, const struct xb_object *obj, uint32_t cnt)
{
	if (opt->json)
		return print_json(obj, cnt) < 0 ? STATUS_RUNTIME : STATUS_DONE;
	for (uint32_t i = 0; i < cnt; i++) {
		if (i > 0)
			putchar('\n');
		print_program(opt, &obj->progs[i]);
	}
	return STATUS_DONE;
}

/* NULL, or why not. */
static const char *
usage_problem(const struct options *opt, bool is_nfp)
{
	if (!is_nfp && (opt->raw || opt->relocated || opt->card != NULL || opt->firmware != NULL ||
			       opt->cycles || opt->jit != NULL || opt->debug_jit != NULL ||
			       opt->what_if.cnt > 0))
		return "dump: --raw, --relocated, --cycles, --jit, --debug-jit and the card's "
		       "options go "
		       "with nfp";
	if (opt->raw && (opt->source || opt->json))
		return "dump: --raw goes without --source and --json";
	if (opt->cycles && (opt->in == NULL || (!opt->source && !opt->json)))
		return "dump: --cycles goes with --source or --json, and with -i FILE";
	if (!opt->cycles &&
		(opt->in != NULL || opt->filter != NULL || option_given(opt, OPT_count)))
		return "dump: packets are for --cycles";
	return NULL;
}

int
cmd_dump(const struct options *opt)
{
	bool is_nfp = strcmp(opt->args[1], "nfp") == 0;
	const char *problem = usage_problem(opt, is_nfp);
	struct xb_object *obj;
	int status;

	if (!is_nfp && strcmp(opt->args[1], "bpf") != 0) {
		complain("dump: no listing '%s', there are bpf and nfp", opt->args[1]);
		return STATUS_USAGE;
	}
	if (problem != NULL) {
		complain("%s", problem);
		return STATUS_USAGE;
	}
	status = program_open_object(opt, opt->args[0], &obj);
	if (status != STATUS_DONE)
		return status;
	status = (is_nfp ? dump_nfp : dump_bpf)(opt, obj, program_asked(opt, obj));
	xb_object_close(obj);
	return status;
}
