/* SPDX-License-Identifier: BSD-2-Clause */
/* `xoffload bench`: how fast a program would be on the card, and is here. No DPDK port takes part.
 */
#include "dpdk-app/bench.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int
open_program(struct bench *b)
{
	int status = program_open(&b->program, b->opt);

	return status == STATUS_DONE ? card_of_options(&b->card, b->opt) : status;
}

/* A program the card refuses is measured here all the same. */
static int
predict(struct bench *b)
{
	struct xb_log log = { 0 };
	int err;

	check_program(&b->check, b->program.obj, b->program.prog, &b->card, false);
	b->is_accepted = b->check.err == 0 && check_refusal(&b->check) == NULL;
	err = b->is_accepted ? bench_card(b, &log) : b->check.err;
	if (err < 0)
		complain("%s: program '%s' cannot be run on the card: %s", b->program.obj->path,
			b->program.prog->name, strerror(-err));
	if (err < 0)
		complain_log(&log);
	xb_log_free(&log);
	return err < 0 ? STATUS_RUNTIME : STATUS_DONE;
}

static int
draw(const struct bench *b)
{
	FILE *out = fopen(b->opt->svg, "w");
	int err = out != NULL ? bench_svg(b, out) : -errno;

	if (out != NULL && fclose(out) != 0 && err == 0)
		err = -errno;
	if (err < 0)
		complain("%s: %s", b->opt->svg, strerror(-err));
	return err < 0 ? STATUS_RUNTIME : STATUS_DONE;
}

static int
tell(const struct bench *b)
{
	if (b->opt->json && bench_json(b, stdout) < 0) {
		complain("no memory for the report");
		return STATUS_RUNTIME;
	}
	if (!b->opt->json)
		bench_text(b, stdout);
	if (b->opt->svg == NULL)
		return STATUS_DONE;
	if (b->forecast.card != NULL)
		return draw(b);
	complain("%s: there is nothing to draw, as nothing is predicted", b->opt->svg);
	return STATUS_REFUSED;
}

int
cmd_bench(const struct options *opt)
{
	struct bench *b = calloc(1, sizeof(*b));
	int status;

	if (opt->in == NULL || b == NULL) {
		complain("%s", b == NULL ? "no memory" : "bench: give the packets with -i FILE");
		free(b);
		return opt->in == NULL ? STATUS_USAGE : STATUS_RUNTIME;
	}
	b->opt = opt;
	status = open_program(b);
	if (status == STATUS_DONE)
		status = packets_read(&b->packets, opt);
	if (status == STATUS_DONE)
		status = predict(b);
	if (status == STATUS_DONE) {
		bench_speeds(b);
		status = tell(b);
	}
	profile_free(&b->profile);
	if (b->check.obj != NULL)
		check_free(&b->check);
	packets_free(&b->packets);
	program_close(&b->program);
	free(b);
	return status;
}
