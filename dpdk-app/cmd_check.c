/* SPDX-License-Identifier: BSD-2-Clause */
/* `xoffload check OBJECT...`: would the card take the programs? check.c finds out; this says it.
 * No DPDK. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "dpdk-app/check.h"
#include "dpdk-app/json.h"
#include "dpdk-app/program.h"

#define CELL_BYTES 32

/* All of a command. */
struct checking {
	const struct options *opt;
	struct card card;
	json_t *programs; /* NULL: text */
	int status;	  /* the worst so far */
	bool is_first;	  /* no object was printed yet */
};

static void
worsen(struct checking *k, int status)
{
	if (status > k->status)
		k->status = status;
}

/* ---- text ---- */

static void
print_row(const struct check *c)
{
	char insns[CELL_BYTES] = "-", stack[CELL_BYTES] = "-";

	if (c->has_image) {
		snprintf(insns, sizeof(insns), "%u of %u", c->image.cnt, c->card->jit.insns_max);
		snprintf(stack, sizeof(stack), "%u of %u", c->image.stack_bytes,
			c->card->jit.stack_bytes);
	}
	printf("%-24s %-16s %-9s %-14s %s\n", c->prog->name, c->prog->section,
		check_refusal(c) == NULL ? "yes" : "no", insns, stack);
}

static void
print_findings(const struct check *c)
{
	for (uint32_t i = 0; i < c->finding_cnt; i++) {
		if (i == 0)
			printf("\n%s:\n", c->prog->name);
		finding_print(&c->findings[i], stdout);
	}
}

static void
print_object(
	struct checking *k, const struct xb_object *obj, const struct check *checks, uint32_t cnt)
{
	printf("%s%s\ncard %s (%s), firmware %s (%s)\n\n", k->is_first ? "" : "\n", obj->path,
		k->card.name, k->card.nic.name, k->card.firmware, k->card.nic.firmware);
	k->is_first = false;
	printf("%-24s %-16s %-9s %-14s %s\n", "program", "section", "accepted", "instructions",
		"stack bytes");
	for (uint32_t i = 0; i < cnt; i++)
		print_row(&checks[i]);
	for (uint32_t i = 0; i < cnt; i++)
		print_findings(&checks[i]);
}

/* ---- JSON: the names are a contract (DESIGN 5) ---- */

static void
add_json(json_t *programs, const struct check *c)
{
	json_array_append_new(
		programs, json_pack("{s:o, s:o}", "program", json_program(c->obj, c->prog),
				  "offload", json_check(c)));
}

/* ---- the walk over objects and programs ---- */

static void
tell(struct checking *k, const struct xb_object *obj, const struct check *checks, uint32_t cnt)
{
	for (uint32_t i = 0; i < cnt; i++) {
		fputs(xb_log_text(&checks[i].log), stderr);
		if (checks[i].err != 0) {
			complain("%s: %s", obj->path, strerror(-checks[i].err));
			worsen(k, STATUS_RUNTIME);
		}
		if (check_refusal(&checks[i]) != NULL)
			worsen(k, STATUS_REFUSED);
		if (k->programs != NULL)
			add_json(k->programs, &checks[i]);
	}
	if (k->programs == NULL)
		print_object(k, obj, checks, cnt);
}

static void
check_object(struct checking *k, const char *path)
{
	struct xb_object *obj;
	struct check *checks;
	uint32_t cnt;
	int status = program_open_object(k->opt, path, &obj);

	worsen(k, status);
	if (status != STATUS_DONE)
		return;
	cnt = program_asked(k->opt, obj);
	checks = calloc(cnt, sizeof(*checks));
	for (uint32_t i = 0; checks != NULL && i < cnt; i++)
		check_program(&checks[i], obj, &obj->progs[i], &k->card, k->opt->verbose);
	if (checks != NULL) {
		tell(k, obj, checks, cnt);
	} else {
		complain("%s: %s", path, strerror(ENOMEM));
		worsen(k, STATUS_RUNTIME);
	}
	for (uint32_t i = 0; checks != NULL && i < cnt; i++)
		check_free(&checks[i]);
	free(checks);
	xb_object_close(obj);
}

int
cmd_check(const struct options *opt)
{
	struct checking k = { .opt = opt, .is_first = true };
	int status = card_of_options(&k.card, opt);

	if (status != STATUS_DONE)
		return status;
	if (opt->json)
		k.programs = json_array();
	for (unsigned int i = 0; i < opt->arg_cnt; i++)
		check_object(&k, opt->args[i]);
	if (opt->json && json_print(json_pack("{s:o}", "programs", k.programs), stdout) < 0)
		worsen(&k, STATUS_RUNTIME);
	return k.status;
}
