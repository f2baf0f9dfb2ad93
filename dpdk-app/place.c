/* SPDX-License-Identifier: BSD-2-Clause */
/* From --mode to the card or the host. */
#include "dpdk-app/place.h"

#include <string.h>

/* The modes of a type of program. */
struct modes {
	const char *card, *host; /* where auto tries first, and then */
	const char *other;	 /* NULL: there is none */
};

static const struct modes xdp_modes = { "xdpoffload", "xdpdrv", "xdpgeneric" };
static const struct modes tc_modes = { "skip_sw", "skip_hw", NULL };

static const struct modes *
modes_of(enum bpf_prog_type type)
{
	return type == BPF_PROG_TYPE_XDP ? &xdp_modes : &tc_modes;
}

static bool
is_one_of(const struct modes *modes, const char *mode)
{
	return strcmp(mode, modes->card) == 0 || strcmp(mode, modes->host) == 0 ||
	       (modes->other != NULL && strcmp(mode, modes->other) == 0);
}

/* The card refuses, and nothing else was wanted. */
static int
tell_refusal(const struct place *p, const struct program *program, bool is_json)
{
	if (is_json)
		return STATUS_REFUSED;
	complain("%s: the card refuses program '%s':", program->obj->path, program->prog->name);
	findings_print(p->check.findings, p->check.finding_cnt, stderr);
	return STATUS_REFUSED;
}

/* It is there, if nothing went wrong. */
static int
tell_placed(struct place *p, const struct program *program)
{
	p->is_offloaded = p->check.err == 0;
	if (!p->is_offloaded)
		complain("%s: program '%s' cannot be put on the card: %s", program->obj->path,
			program->prog->name, strerror(-p->check.err));
	return p->is_offloaded ? STATUS_DONE : STATUS_RUNTIME;
}

static int
offer_to_card(
	struct place *p, const struct options *opt, const struct program *program, bool is_auto)
{
	int status = card_of_options(&p->card, opt);
	bool is_refused;

	if (status != STATUS_DONE)
		return status;
	p->is_asked = true;
	check_program(&p->check, program->obj, program->prog, &p->card, opt->verbose);
	is_refused = check_refusal(&p->check) != NULL;
	if (!is_refused || !is_auto)
		complain_log(&p->check.log); /* else the host's verifier has its own */
	if (!is_refused)
		return tell_placed(p, program);
	return is_auto ? STATUS_DONE : tell_refusal(p, program, opt->json);
}

int
place_program(struct place *p, const struct options *opt, const struct program *program)
{
	const struct modes *modes = modes_of(program->prog->type);
	const bool is_auto = opt->mode == NULL || strcmp(opt->mode, "auto") == 0;
	int status = STATUS_DONE;

	if (!is_auto && !is_one_of(modes, opt->mode)) {
		complain("%s: --mode %s is not for %s programs", command_infos[opt->command].name,
			opt->mode, xb_prog_type_name(program->prog->type));
		return STATUS_USAGE;
	}
	if (is_auto || strcmp(opt->mode, modes->card) == 0)
		status = offer_to_card(p, opt, program, is_auto);
	p->mode = p->is_offloaded ? modes->card : is_auto ? modes->host : opt->mode;
	return status;
}

void
place_end(struct place *p)
{
	if (p->is_asked)
		check_free(&p->check);
}
