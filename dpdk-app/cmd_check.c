/* SPDX-License-Identifier: BSD-2-Clause */
/* `xoffload check OBJECT...`: would the card take the programs? check.c finds out; this says it,
 * one program after the other, so that memory does not grow with their number. No DPDK. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "dpdk-app/check.h"
#include "dpdk-app/json.h"
#include "dpdk-app/program.h"

/* All of a command. */
struct checking {
	const struct options *opt;
	struct card card;
	int status;    /* the worst so far */
	uint32_t told; /* programs */
	bool is_short; /* JSON ran out of memory */
};

static void
worsen(struct checking *k, int status)
{
	if (status > k->status)
		k->status = status;
}

/* ---- text ---- */

static void
print_count(uint32_t cnt, const char *what, const char *before)
{
	if (cnt > 0)
		printf("%s%u %s%s", before, cnt, what, cnt > 1 ? "s" : "");
}

static uint32_t
count(const struct check *c, const char *severity)
{
	uint32_t cnt = 0;

	for (uint32_t i = 0; i < c->finding_cnt; i++)
		cnt += strcmp(c->findings[i].severity, severity) == 0;
	return cnt;
}

static void
print_size(const struct check *c)
{
	printf("%s%u of %u instructions, %u of %u stack bytes",
		c->image.is_stubbed ? "at least " : "", c->image.cnt, c->card->jit.insns_max,
		c->image.stack_bytes, c->card->jit.stack_bytes);
}

static void
print_verdict(const struct check *c)
{
	uint32_t errors = count(c, "error"), warnings = count(c, "warning");

	printf("verdict  %s", check_loads(c)		 ? "accepted"
			      : check_refusal(c) == NULL ? "accepted, but its object is not loaded"
							 : "refused");
	print_count(errors, "error", ": ");
	print_count(warnings, "warning", errors > 0 ? ", " : ": ");
	putchar('\n');
	if (!c->has_image)
		return;
	printf("%s", check_refusal(c) == NULL ? "takes    " : "needs    ");
	print_size(c);
	putchar('\n');
}

/* The last line: what to do first. */
static void
print_advice(const struct check *c)
{
	const struct finding *refusal = check_refusal(c);

	if (refusal == NULL)
		refusal = check_object_refusal(c);
	if (refusal == NULL && count(c, "warning") == 0)
		return;
	printf("\nfirst    ");
	if (refusal != NULL)
		finding_print_fix(refusal, stdout);
	else
		printf("see whether the warnings matter: there the card does something else than "
		       "the "
		       "program says");
	putchar('\n');
}

static void
print_block(const struct checking *k, const struct check *c)
{
	if (k->told > 0)
		putchar('\n');
	printf("program  %s (%s, section \"%s\"", c->prog->name, xb_prog_type_name(c->prog->type),
		c->prog->section);
	if (c->prog->insn_cnt > 0)
		printf(", %u instructions", c->prog->insn_cnt);
	printf(") of %s\n", c->obj->path);
	printf("card     %s (%s), firmware %s (%s)\n", k->card.name, k->card.nic.name,
		k->card.firmware, k->card.nic.firmware);
	print_verdict(c);
	if (c->finding_cnt > 0)
		putchar('\n');
	findings_print(c->findings, c->finding_cnt, stdout);
	print_advice(c);
}

/* With --brief, too: a CI job must hear of it. */
static void
print_brief_accepted(const struct check *c)
{
	const struct finding *refusal = check_object_refusal(c);

	printf("accepted, ");
	print_size(c);
	print_count(count(c, "warning"), "warning", ", ");
	if (refusal != NULL)
		printf("; but %s (%s), map '%s'", refusal->message, finding_errno(refusal),
			refusal->map);
	putchar('\n');
}

/* --brief: a line a program. */
static void
print_brief(const struct check *c)
{
	const struct finding *refusal = check_refusal(c);
	const struct xb_line *line;

	printf("%s: %s: ", c->obj->path, c->prog->name);
	if (refusal == NULL) {
		print_brief_accepted(c);
		return;
	}
	printf("refused, %s: %s (%s)", refusal->stage, refusal->message, finding_errno(refusal));
	line = refusal->insn < 0 ? NULL : xb_prog_line(c->prog, (uint32_t)refusal->insn);
	if (refusal->map != NULL)
		printf(", map '%s'", refusal->map);
	else if (refusal->what != NULL)
		printf(", %s", refusal->what);
	if (line != NULL)
		printf(", %s:%u", line->file, line->line);
	putchar('\n');
}

/* ---- JSON: the names are a contract (DESIGN 5) ---- */

static void
print_json(struct checking *k, const struct check *c)
{
	json_t *json = json_pack(
		"{s:o, s:o}", "program", json_program(c->obj, c->prog), "offload", json_check(c));

	fputs(k->told > 0 ? ",\n" : "\n", stdout);
	if (json == NULL || json_dumpf(json, stdout, JSON_INDENT(2)) != 0)
		k->is_short = true;
	json_decref(json);
}

/* ---- the walk over objects and programs ---- */

static void
tell(struct checking *k, const struct check *c)
{
	fputs(xb_log_text(&c->log), stderr);
	if (c->err != 0) {
		complain("%s: %s: %s", c->obj->path, c->prog->name, strerror(-c->err));
		worsen(k, STATUS_RUNTIME);
		return;
	}
	if (!check_loads(c))
		worsen(k, STATUS_REFUSED);
	if (k->opt->json)
		print_json(k, c);
	else if (k->opt->brief)
		print_brief(c);
	else
		print_block(k, c);
	k->told++;
}

static void
check_object(struct checking *k, const char *path)
{
	struct xb_object *obj;
	struct check check;
	int status = program_open_object(k->opt, path, &obj);

	worsen(k, status);
	if (status != STATUS_DONE)
		return;
	for (uint32_t i = 0; i < program_asked(k->opt, obj); i++) {
		check_program(&check, obj, &obj->progs[i], &k->card, k->opt->verbose);
		tell(k, &check);
		check_free(&check);
	}
	for (uint32_t i = 0; i < obj->skipped_cnt; i++) {
		if (!obj->skipped[i].is_asked)
			continue;
		if (!check_skipped(&check, obj, &obj->skipped[i], &k->card)) {
			worsen(k, STATUS_REFUSED); /* no loader takes it; why is told above */
			continue;
		}
		tell(k, &check);
		check_free(&check);
	}
	xb_object_close(obj);
}

int
cmd_check(const struct options *opt)
{
	struct checking k = { .opt = opt };
	int status = card_of_options(&k.card, opt);

	if (status != STATUS_DONE)
		return status;
	if (opt->json && opt->brief) {
		complain("check: --brief goes without --json");
		return STATUS_USAGE;
	}
	if (opt->json)
		printf("{\"programs\": [");
	for (unsigned int i = 0; i < opt->arg_cnt; i++)
		check_object(&k, opt->args[i]);
	if (opt->json)
		printf("%s]}\n", k.told > 0 ? "\n" : "");
	if (k.is_short) {
		complain("no memory for the report");
		worsen(&k, STATUS_RUNTIME);
	}
	return k.status;
}
