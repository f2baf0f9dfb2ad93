/* SPDX-License-Identifier: BSD-2-Clause */
/* `xoffload dump OBJECT nfp`: the microcode of the programs a card takes, in the notation of
 * bpftool prog dump jited. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "dpdk-app/check.h"
#include "dpdk-app/dump.h"
#include "dpdk-app/json.h"
#include "dpdk-app/profile.h"
#include "nic/nic.h"

#define LINE_BYTES (NIC_TEXT_MAX + 32)

/* The words of one program. */
struct listing {
	const struct options *opt;
	const struct check *check;
	uint64_t *words; /* as they are to be shown */
	json_t *programs;
	const struct packets *packets; /* NULL: without --cycles */
	struct costs costs;
};

/* ---- text ---- */

static void
print_text(const struct listing *l)
{
	const struct jit_image *image = &l->check->image;
	const struct xb_prog *prog = l->check->prog;
	char text[LINE_BYTES];

	printf("%s (%s, section \"%s\", %u instructions, %u of the card, at %u)\n", prog->name,
		xb_prog_type_name(prog->type), prog->section, prog->insn_cnt, image->cnt,
		l->opt->relocated ? l->check->card->jit.start : 0);
	if (l->packets != NULL)
		printf("%" PRIu64 " packets of %s; %u microengines, firmware %s\n",
			l->costs.packets, l->opt->in, l->check->card->nic.mes,
			l->check->card->firmware);
	if (l->opt->source) {
		dump_source(l->check, l->words, l->packets != NULL ? &l->costs : NULL);
		return;
	}
	for (uint32_t i = 0; i < image->cnt; i++) {
		nic_format_line(l->words[i], i, image->cnt, text, sizeof(text));
		puts(text);
	}
}

static void
print_raw(const struct listing *l)
{
	for (uint32_t i = 0; i < l->check->image.cnt; i++)
		printf("%016" PRIx64 "\n", l->words[i]);
}

/* ---- JSON ---- */

static json_t *
json_word(const struct listing *l, uint32_t index)
{
	uint32_t insn = l->check->image.insns[index];
	const struct xb_line *line =
		insn == JIT_NO_INSN ? NULL : xb_prog_line(l->check->prog, insn);
	char hex[17], text[NIC_TEXT_MAX];
	json_t *json;

	snprintf(hex, sizeof(hex), "%016" PRIx64, l->words[index]);
	nic_format(l->words[index], text);
	json = json_pack("{s:i, s:s, s:s, s:o, s:o, s:o}", "index", (int)index, "word", hex, "text",
		text, "insn", insn == JIT_NO_INSN ? json_null() : json_integer(insn), "source",
		json_text(line ? line->file : NULL), "line",
		line ? json_integer(line->line) : json_null());
	if (l->packets == NULL)
		return json;
	json_object_set_new(json, "runs", json_integer((json_int_t)l->costs.runs[index]));
	json_object_set_new(json, "cycles", json_integer((json_int_t)l->costs.cycles[index]));
	json_object_set_new(json, "waits", json_real(l->costs.waits[index]));
	return json;
}

static void
add_json(const struct listing *l)
{
	json_t *words = json_array();

	for (uint32_t i = 0; i < l->check->image.cnt; i++)
		json_array_append_new(words, json_word(l, i));
	json_array_append_new(l->programs,
		json_pack("{s:o, s:o}", "program", json_program(l->check->obj, l->check->prog),
			"listing", words));
}

/* ---- a program ---- */

static int
print_refusal(const struct check *c)
{
	const struct finding *f = check_refusal(c);

	if (c->err != 0 || f == NULL) {
		complain("%s: %s", c->obj->path, strerror(-c->err));
		return STATUS_RUNTIME;
	}
	complain("%s: the card refuses program '%s': %s (%s); xoffload check says more",
		c->obj->path, c->prog->name, f->message, finding_errno(f));
	return STATUS_REFUSED;
}

/* What the words take on the packets. STATUS_DONE, or the status to exit with. */
static int
measure(struct listing *l)
{
	struct xb_log log = { 0 };
	struct profile profile;
	int err = profile_make(&profile, l->check, l->packets, true, &log);

	if (err == 0)
		err = profile_costs(&profile, &l->costs);
	if (err < 0)
		complain("%s: program '%s' cannot be run on the card: %s", l->check->obj->path,
			l->check->prog->name, strerror(-err));
	if (err < 0)
		complain_log(&log);
	xb_log_free(&log);
	profile_free(&profile);
	return err < 0 ? STATUS_RUNTIME : STATUS_DONE;
}

/* A program that is refused when it is attached has an image all the same, but runs nowhere. */
static int
list_program(struct listing *l)
{
	const struct check *c = l->check;
	int ret = 0;

	if (!c->has_image || c->image.is_refused ||
		(l->packets != NULL && check_refusal(c) != NULL))
		return print_refusal(c);
	if (l->packets != NULL && measure(l) != STATUS_DONE)
		return STATUS_RUNTIME;
	l->words = malloc((size_t)c->image.cnt * sizeof(*l->words) + 1);
	if (l->words == NULL)
		ret = -ENOMEM;
	else if (l->opt->relocated)
		ret = jit_image_load(&c->image, &c->card->jit, l->words);
	else
		memcpy(l->words, c->image.words, c->image.cnt * sizeof(*l->words));
	if (ret < 0)
		complain("%s: program '%s' cannot be loaded at %u: %s", c->obj->path, c->prog->name,
			c->card->jit.start, strerror(-ret));
	else if (l->programs != NULL)
		add_json(l);
	else if (l->opt->raw)
		print_raw(l);
	else
		print_text(l);
	free(l->words);
	costs_free(&l->costs);
	return ret < 0 ? STATUS_RUNTIME : STATUS_DONE;
}

int
dump_nfp(const struct options *opt, const struct xb_object *obj, uint32_t cnt)
{
	json_t *programs = opt->json ? json_array() : NULL;
	struct packets packets = { 0 };
	struct card card;
	int status = card_of_options(&card, opt), worst;

	if (status == STATUS_DONE && opt->cycles)
		status = packets_read(&packets, opt);
	worst = status;
	for (uint32_t i = 0; status == STATUS_DONE && i < cnt; i++) {
		struct check check;
		struct listing listing = { .opt = opt,
			.check = &check,
			.programs = programs,
			.packets = opt->cycles ? &packets : NULL };
		int its;

		if (i > 0 && programs == NULL)
			putchar('\n');
		check_program(&check, obj, &obj->progs[i], &card, false);
		its = list_program(&listing);
		worst = its > worst ? its : worst;
		check_free(&check);
	}
	packets_free(&packets);
	if (programs != NULL && json_print(json_pack("{s:o}", "programs", programs), stdout) < 0)
		worst = STATUS_RUNTIME;
	return worst;
}
