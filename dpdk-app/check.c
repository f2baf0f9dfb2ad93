/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A program goes to a card as a loader brings it there: its maps are made, it is loaded, attached
 * (offload.c), on a machine that goes on behind refusals and keeps all of them
 * (offload/findings.c). Here they become findings of an object: which map, which helper.
 *
 * What other maps of the object do to it is in check_maps.c.
 *
 * Used by cmd_check.c, cmd_dump_nfp.c and cmd_run.c.
 */
#include "dpdk-app/check.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "dpdk-app/json.h"

/* ---- findings ---- */

struct finding *
check_add(struct check *c)
{
	if (c->finding_cnt == c->finding_room) {
		uint32_t room = c->finding_room * 2 + 8;
		struct finding *more = reallocarray(c->findings, room, sizeof(*more));

		if (more == NULL) {
			c->err = -ENOMEM;
			return NULL;
		}
		c->findings = more;
		c->finding_room = room;
	}
	c->findings[c->finding_cnt] = (struct finding){ .prog = c->prog, .insn = -1 };
	return &c->findings[c->finding_cnt++];
}

const struct finding *
check_refusal(const struct check *c)
{
	for (uint32_t i = 0; i < c->finding_cnt; i++)
		if (c->findings[i].is_first)
			return &c->findings[i];
	return NULL;
}

bool
check_has(const struct check *c, const char *rule)
{
	for (uint32_t i = 0; i < c->finding_cnt; i++)
		if (strcmp(c->findings[i].rule, rule) == 0)
			return true;
	return false;
}

/* The map or the helper that an instruction names. */
static void
name_subject(const struct check *c, struct finding *f)
{
	const struct bpf_insn *insn;
	const struct xb_helper *helper = NULL;

	if (f->insn < 0 || (uint32_t)f->insn >= c->prog->insn_cnt)
		return;
	insn = &c->prog->insns[f->insn];
	if (xb_insn_names_map(insn) && (uint32_t)insn->imm < c->obj->map_cnt) {
		f->map = c->obj->maps[insn->imm].name;
		f->what = xb_map_type_name(c->obj->maps[insn->imm].type);
	}
	if (insn->code == (BPF_JMP | BPF_CALL) && insn->src_reg == 0)
		helper = xb_helper_by_id(insn->imm);
	if (helper != NULL)
		f->what = helper->name;
}

/* What the machine found since that one, of a map (its index) or of the program (-1). */
static void
collect(struct check *c, uint32_t from, int map)
{
	const struct off_findings *found = &c->offload.findings;

	for (uint32_t i = from; i < found->cnt; i++) {
		const struct off_finding *o = &found->list[i];
		struct finding *f = check_add(c);

		if (f == NULL)
			return;
		f->severity = o->severity;
		f->stage = o->stage;
		f->rule = o->rule;
		f->err = o->err;
		f->insn = map >= 0 ? xb_prog_first_use(c->prog, (uint32_t)map) : o->insn;
		f->why = o->why;
		f->fix = o->fix;
		f->is_first = o->is_first;
		snprintf(f->message, sizeof(f->message), "%s", o->message);
		name_subject(c, f);
		if (strcmp(f->rule, off_rule_info(OFF_RULE_PL_6)->id) == 0)
			f->what = xb_prog_type_name(c->prog->type);
		if (strcmp(f->rule, off_rule_info(OFF_RULE_PL_8)->id) == 0)
			f->what = c->prog->section;
		if (map < 0)
			continue;
		f->map = c->obj->maps[map].name;
		f->what = xb_map_type_name(c->obj->maps[map].type);
	}
	if (found->is_short)
		c->err = -ENOMEM;
}

/* A refusal that is no rule of the machine's. */
static void
add_refusal(struct check *c, const char *stage, int err, const char *message, const char *why,
	const char *fix)
{
	bool is_first = check_refusal(c) == NULL;
	struct finding *f = check_add(c);

	if (f == NULL)
		return;
	f->severity = "error";
	f->stage = stage;
	f->rule = "";
	f->err = err;
	f->why = why;
	f->fix = fix;
	f->is_first = is_first;
	snprintf(f->message, sizeof(f->message), "%s", message);
}

/* The driver makes the map, and hears nothing of this: it is the firmware's (card.def). */
static void
check_filled(struct check *c, uint32_t map)
{
	const struct jit_rule_info *info = jit_rule_info(JIT_RULE_MAP_NOT_FILLED);
	const struct xb_map_def *def = &c->obj->maps[map];
	struct finding *f;

	if (def->type != BPF_MAP_TYPE_ARRAY || c->card->nic.arrays_filled)
		return;
	f = check_add(c);
	if (f == NULL)
		return;
	f->severity = "warning";
	f->stage = info->stage;
	f->rule = info->name;
	f->insn = xb_prog_first_use(c->prog, map);
	f->map = def->name;
	f->what = xb_map_type_name(def->type);
	f->why = info->why;
	f->fix = info->fix;
	snprintf(f->message, sizeof(f->message), "%s", info->text);
}

/* ---- a loader's calls, in order ---- */

/* The card has only what the program names; check_maps.c makes those of other programs. */
static int
make_maps(struct check *c, struct xb_log *log)
{
	for (uint32_t i = 0; i < c->obj->map_cnt; i++) {
		uint32_t before = c->offload.findings.cnt;
		int err;

		if (xb_prog_first_use(c->prog, i) < 0)
			continue;
		err = offload_make_map(&c->offload, i, log);
		collect(c, before, (int)i);
		if (err < 0)
			return err;
		if (c->offload.findings.cnt == before)
			check_filled(c, i);
	}
	return 0;
}

static int
load(struct check *c, bool verbose)
{
	uint32_t before = c->offload.findings.cnt;
	const struct jit_image *image;
	int err = offload_load(&c->offload, c->prog, verbose ? 2 : 0, &c->log);

	collect(c, before, -1);
	if (err < 0)
		return err;
	image = off_nfp_image(c->offload.kernel, c->offload.prog);
	c->has_image = image != NULL;
	if (c->has_image)
		c->image = *image;
	return 0;
}

/* What the passes leave is shown of what the driver would translate. */
static int
load_shown(struct check *c, bool verbose)
{
	const struct jit_debug *debug = &c->card->debug;
	char *text = NULL;
	size_t bytes;
	struct jit_debug shown = { debug->letters, open_memstream(&text, &bytes) };
	int err;

	if (shown.out == NULL)
		return -errno;
	off_nfp_set_debug(c->offload.asic, &shown);
	err = load(c, verbose);
	fclose(shown.out);
	off_nfp_set_debug(c->offload.asic, &(struct jit_debug){ 0 });
	if (check_refusal(c) == NULL)
		fprintf(debug->out, "%s:\n%s", c->prog->name, text);
	free(text);
	return err;
}

static int
attach(struct check *c)
{
	uint32_t before = c->offload.findings.cnt;
	struct off_extack extack = { 0 };
	int err = offload_attach(&c->offload, c->prog, &extack);

	collect(c, before, -1);
	if (err < 0 && err != -ENOMEM && check_refusal(c) == NULL)
		add_refusal(c, "attach", -err,
			extack.text[0] != '\0' ? extack.text : strerror(-err), NULL, NULL);
	return err;
}

static int
bring(struct check *c, bool verbose)
{
	int err = offload_open(&c->offload, c->obj, c->card);

	if (err == 0)
		err = make_maps(c, &c->log);
	xb_log_free(&c->log); /* of maps, whose refusals are findings */
	c->log = (struct xb_log){ 0 };
	if (err == 0)
		err = (c->card->debug.letters != NULL ? load_shown : load)(c, verbose);
	return err == 0 ? attach(c) : err;
}

/* The driver offers no offload at all. */
static void
refuse_card(struct check *c)
{
	add_refusal(c, "load", c->card->err, c->card->message,
		"the driver found fault with the firmware and offers no offload",
		"take another card or firmware: xoffload cards lists them");
}

void
check_program(struct check *c, const struct xb_object *obj, const struct xb_prog *prog,
	const struct card *card, bool verbose)
{
	int err;

	*c = (struct check){ .obj = obj, .prog = prog, .card = card };
	if (card->err != 0) {
		refuse_card(c);
		return;
	}
	err = bring(c, verbose);
	if (c->offload.kernel != NULL)
		offload_stop_finding(&c->offload);
	if (err == 0 || check_refusal(c) != NULL)
		check_other_maps(c);
	/* What is refused was found. */
	if (err < 0 && check_refusal(c) == NULL)
		c->err = err;
	if (!verbose)
		xb_log_free(&c->log);
	if (!verbose)
		c->log = (struct xb_log){ 0 };
}

/* ---- programs that never get as far ---- */

static void
add_rule(struct check *c, enum off_rule rule)
{
	off_findings_add(&c->offload.findings, rule, (int)c->prog->type);
	collect(c, 0, -1);
}

static bool
is_metadata_function(const char *name)
{
	const char *prefix = "bpf_xdp_metadata_";

	return strncmp(name, prefix, strlen(prefix)) == 0;
}

/* The driver takes the number of the function's type for that of a helper. */
static void
refuse_function(struct check *c, const struct xb_skipped *skipped)
{
	const struct jit_rule_info *info = jit_rule_info(JIT_RULE_HELPER_UNSUPPORTED);
	char message[FINDING_MESSAGE_MAX];

	if (is_metadata_function(skipped->needs)) {
		add_rule(c, OFF_RULE_VF_2B);
	} else {
		snprintf(message, sizeof(message), info->text, skipped->needs_id);
		add_refusal(c, info->stage, info->err, message,
			"functions of the host's kernel are not on the card",
			"do that part in a program on the host");
	}
	for (uint32_t i = 0; i < c->finding_cnt; i++)
		c->findings[i].what = skipped->needs;
}

bool
check_skipped(struct check *c, const struct xb_object *obj, const struct xb_skipped *skipped,
	const struct card *card)
{
	*c = (struct check){
		.obj = obj,
		.skipped = { .name = skipped->name,
			.section = skipped->section,
			.type = skipped->type },
		.card = card,
		.offload = { .prog = -1 },
	};
	c->prog = &c->skipped;
	switch (skipped->why) {
	case XB_SKIP_OTHER: return false;
	case XB_SKIP_TYPE: add_rule(c, OFF_RULE_PL_6); break;
	case XB_SKIP_MAP_ENTRY:
		add_rule(c, strstr(skipped->section, "cpumap") ? OFF_RULE_XA_14B : OFF_RULE_XA_14A);
		break;
	case XB_SKIP_KERNEL_FUNC: refuse_function(c, skipped); break;
	}
	return true;
}

void
check_free(struct check *c)
{
	offload_end(&c->offload);
	free(c->findings);
	xb_log_free(&c->log);
}

/* ---- JSON: the names are a contract (DESIGN 5) ---- */

/* What a refused program would take of the card, as far as that is known. */
static json_t *
json_needs(const struct check *c)
{
	if (!c->has_image || check_refusal(c) == NULL)
		return json_null();
	return json_pack("{s:i, s:i, s:b}", "nfp_insns", (int)c->image.cnt, "stack_bytes",
		(int)c->image.stack_bytes, "at_least", c->image.is_stubbed);
}

json_t *
json_check(const struct check *c)
{
	bool is_taken = check_refusal(c) == NULL;
	json_t *findings = json_array();
	json_t *offload = json_pack("{s:b, s:b, s:o, s:o, s:s}", "accepted", is_taken, "loads",
		check_loads(c), "card", json_text(c->card->name), "firmware",
		json_text(c->card->firmware), "jit", "driver");

	for (uint32_t i = 0; i < c->finding_cnt; i++)
		json_array_append_new(findings, json_finding(&c->findings[i]));
	is_taken &= c->has_image;
	json_object_set_new(
		offload, "nfp_insns", is_taken ? json_integer(c->image.cnt) : json_null());
	json_object_set_new(offload, "stack_bytes",
		is_taken ? json_integer(c->image.stack_bytes) : json_null());
	json_object_set_new(offload, "needs", json_needs(c));
	json_object_set_new(offload, "findings", findings);
	return offload;
}
