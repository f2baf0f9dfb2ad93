/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A program goes to a card the way the kernel brings it there: load's own rules, maps, verifier
 * with the driver's hooks, translation, attachment (kernel-offload.md 1). It goes twice when it is
 * refused: first as in the kernel, which ends at the first refusal, then on to the end.
 *
 * Used by cmd_check.c and cmd_dump_nfp.c.
 */
#include "dpdk-app/check.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bpf/verifier/verifier.h"
#include "dpdk-app/json.h"

#define MTU_BYTES 1500u /* what a port has when nobody changes it */

static const char *const severities[] = {
	[JIT_ERROR] = "error",
	[JIT_WARNING] = "warning",
	[JIT_NOTE] = "note",
};

/* ---- findings ---- */

static struct finding *
add(struct check *c, int32_t insn)
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
	c->findings[c->finding_cnt] = (struct finding){ .prog = c->prog, .insn = insn };
	return &c->findings[c->finding_cnt++];
}

static void
add_rule(struct check *c, int32_t insn, enum jit_rule rule, const char *map, const char *message)
{
	const struct jit_rule_info *info = jit_rule_info(rule);
	struct finding *f = add(c, insn);

	if (f == NULL)
		return;
	f->severity = severities[info->severity];
	f->stage = info->stage;
	f->err = info->err;
	f->why = info->why;
	f->fix = info->fix;
	f->map = map;
	snprintf(f->message, sizeof(f->message), "%s", message);
}

static bool
is_error(const struct finding *f)
{
	return f->severity == severities[JIT_ERROR];
}

/* From that one on. */
static struct finding *
first_error(const struct check *c, uint32_t from)
{
	for (uint32_t i = from; i < c->finding_cnt; i++)
		if (is_error(&c->findings[i]))
			return &c->findings[i];
	return NULL;
}

const struct finding *
check_refusal(const struct check *c)
{
	for (uint32_t i = 0; i < c->finding_cnt; i++)
		if (c->findings[i].is_first)
			return &c->findings[i];
	return NULL;
}

/* ---- before the verifier ---- */

static bool
wants_frags(const struct xb_prog *prog)
{
	return strncmp(prog->section, "xdp.frags", strlen("xdp.frags")) == 0;
}

/* Is there any use in going on? */
static bool
check_load(struct check *c)
{
	if (c->card->err != 0) {
		struct finding *f = add(c, -1);

		if (f == NULL)
			return false;
		f->severity = severities[JIT_ERROR];
		f->stage = "load";
		f->err = c->card->err;
		f->why = "the driver found fault with the firmware and offers no offload";
		snprintf(f->message, sizeof(f->message), "%s", c->card->message);
		return false;
	}
	if (wants_frags(c->prog))
		add_rule(
			c, -1, JIT_RULE_LOAD_FRAGS, NULL, jit_rule_info(JIT_RULE_LOAD_FRAGS)->text);
	if (c->prog->type == BPF_PROG_TYPE_XDP || c->prog->type == BPF_PROG_TYPE_SCHED_CLS)
		return true;
	add_rule(c, -1, JIT_RULE_LOAD_TYPE, NULL, jit_rule_info(JIT_RULE_LOAD_TYPE)->text);
	return false;
}

/* The map an instruction names, or UINT32_MAX. */
static uint32_t
map_named(const struct check *c, uint32_t slot)
{
	const struct bpf_insn *insn = &c->prog->insns[slot];

	if (!xb_insn_names_map(insn))
		return UINT32_MAX;
	return (uint32_t)insn->imm < c->obj->map_cnt ? (uint32_t)insn->imm : UINT32_MAX;
}

/* The driver makes the map, and hears nothing of this: it is the firmware's (card.def). */
static void
check_filled(struct check *c, const struct xb_map_def *def, int32_t insn)
{
	if (def->type == BPF_MAP_TYPE_ARRAY && !c->card->nic.arrays_filled)
		add_rule(c, insn, JIT_RULE_MAP_NOT_FILLED, def->name,
			jit_rule_info(JIT_RULE_MAP_NOT_FILLED)->text);
}

/* Maps are made in the order of the object, those that the program does not name not at all. */
static void
check_maps(struct check *c)
{
	struct jit_maps_used used = { 0 };
	char message[JIT_MESSAGE_BYTES];

	for (uint32_t i = 0; i < c->obj->map_cnt; i++) {
		const struct xb_map_def *def = &c->obj->maps[i];
		int32_t insn = xb_prog_first_use(c->prog, i);
		enum jit_rule rule = JIT_RULE_CNT;

		if (insn >= 0)
			rule = jit_map_create_check(def, &c->card->jit, &used, message);
		if (rule != JIT_RULE_CNT)
			add_rule(c, insn, rule, def->name, message);
		else if (insn >= 0)
			check_filled(c, def, insn);
	}
}

/* The verifier looks at all of them before anything else. */
static void
check_direct_values(struct check *c)
{
	for (uint32_t i = 0; i < c->prog->insn_cnt; i++) {
		uint32_t map = map_named(c, i);

		if (map != UINT32_MAX && c->prog->insns[i].src_reg == BPF_PSEUDO_MAP_IDX_VALUE)
			add_rule(c, (int32_t)i, JIT_RULE_DIRECT_VALUE, c->obj->maps[map].name,
				jit_rule_info(JIT_RULE_DIRECT_VALUE)->text);
	}
}

/* ---- verifier, translation, attachment ---- */

/* One walk over the program. */
struct pass {
	struct check *check;
	struct jit_map **maps; /* as obj->maps */
	struct jit_prog *prog;
	bool go_on;
	bool is_refused;      /* before translation */
	int32_t refused_insn; /* by the verifier */
	struct xb_log log;
};

static int
make_maps(struct pass *p)
{
	const struct xb_object *obj = p->check->obj;

	p->maps = calloc(obj->map_cnt + 1, sizeof(struct jit_map *));
	if (p->maps == NULL)
		return -ENOMEM;
	for (uint32_t i = 0; i < obj->map_cnt; i++) {
		if (xb_prog_first_use(p->check->prog, i) < 0)
			continue;
		p->maps[i] = jit_map_new(&obj->maps[i], i + 1);
		if (p->maps[i] == NULL)
			return -errno;
	}
	return 0;
}

static int
start_pass(struct pass *p)
{
	const struct check *c = p->check;
	struct jit_input input = {
		.insns = c->prog->insns,
		.insn_cnt = c->prog->insn_cnt,
		.type = c->prog->type,
		.map_cnt = c->obj->map_cnt,
		.card = &c->card->jit,
		.go_on = p->go_on,
	};
	int ret = make_maps(p);

	if (ret < 0)
		return ret;
	input.maps = p->maps;
	p->prog = jit_prog_new(&input);
	return p->prog != NULL ? 0 : -errno;
}

static void
end_pass(struct pass *p)
{
	jit_prog_free(p->prog);
	for (uint32_t i = 0; p->maps != NULL && i < p->check->obj->map_cnt; i++)
		jit_map_free(p->maps[i]);
	free(p->maps);
	xb_log_free(&p->log);
}

static bool
is_told(const struct check *c, int32_t insn, const char *message)
{
	for (uint32_t i = 0; i < c->finding_cnt; i++)
		if (c->findings[i].insn == insn && strcmp(c->findings[i].message, message) == 0)
			return true;
	return false;
}

/* The verifier's own refusal. What the hooks refuse is a finding already, and its line in the log
 * begins with the driver's name. */
static void
add_verifiers(struct pass *p, int ret)
{
	struct finding *f;
	char sentence[FINDING_MESSAGE_MAX];

	finding_sentence(xb_log_text(&p->log), sentence, sizeof(sentence));
	if (strncmp(sentence, "[nfp] ", strlen("[nfp] ")) == 0 ||
		is_told(p->check, p->refused_insn, sentence))
		return;
	f = add(p->check, p->refused_insn);
	if (f == NULL)
		return;
	f->severity = severities[JIT_ERROR];
	f->stage = "verifier";
	f->err = -ret;
	memcpy(f->message, sentence, sizeof(f->message));
}

static int
verify(struct pass *p, bool verbose)
{
	const struct check *c = p->check;
	struct xb_verify_opts opts = xb_verify_opts_of(c->obj, c->prog);
	struct xb_facts facts;
	int ret;

	opts.offloaded = true;
	opts.log_level = verbose ? 2 : 0;
	opts.hooks = jit_prog_hooks(p->prog);
	ret = xb_verify(c->prog->insns, c->prog->insn_cnt, &opts, &facts, &p->log);
	if (ret == 0)
		xb_facts_free(&facts);
	else
		p->refused_insn = facts.refused_insn;
	return ret;
}

/* Findings of the driver's part from that one on; returns how many there are now. */
static uint32_t
collect(struct pass *p, uint32_t from)
{
	uint32_t cnt;
	const struct jit_finding *found = jit_prog_findings(p->prog, &cnt);

	for (uint32_t i = from; i < cnt; i++)
		add_rule(p->check, found[i].insn, found[i].rule, NULL, found[i].message);
	return cnt;
}

static void
attach(struct check *c)
{
	enum jit_rule rule = jit_image_attach_check(&c->image, &c->card->jit, MTU_BYTES);

	if (rule != JIT_RULE_CNT)
		add_rule(c, -1, rule, NULL, jit_rule_info(rule)->text);
}

/* The driver translates what it did not refuse. */
static void
translate(struct pass *p, uint32_t told)
{
	struct check *c = p->check;
	const struct jit_debug *debug = &c->card->debug;
	int ret;

	if (debug->letters != NULL)
		fprintf(debug->out, "%s:\n", c->prog->name);
	jit_prog_set_debug(p->prog, *debug);
	ret = jit_translate(p->prog, &c->image);
	collect(p, told);
	c->has_image = ret == 0;
	if (ret == -ENOMEM)
		c->err = ret;
	else if (ret == 0)
		attach(c);
}

static void
walk(struct pass *p, bool verbose)
{
	struct check *c = p->check;
	uint32_t before = c->finding_cnt, told;
	int ret;

	check_direct_values(c);
	p->is_refused = first_error(c, before) != NULL;
	if (p->is_refused && !p->go_on)
		return;
	ret = verify(p, verbose);
	told = collect(p, 0);
	if (ret == -ENOMEM)
		c->err = ret;
	else if (ret < 0)
		add_verifiers(p, ret);
	p->is_refused = first_error(c, before) != NULL;
	if (!p->is_refused)
		translate(p, told);
}

/* Was the program refused before its translation? */
static bool
run_pass(struct check *c, bool go_on, bool verbose)
{
	struct pass p = { .check = c, .go_on = go_on };
	int ret = start_pass(&p);

	if (ret < 0)
		c->err = ret;
	else
		walk(&p, verbose);
	if (verbose)
		xb_log_add(&c->log, "%s", xb_log_text(&p.log));
	end_pass(&p);
	return p.is_refused;
}

static bool
is_same(const struct finding *a, const struct finding *b)
{
	return a->insn == b->insn && a->err == b->err && strcmp(a->stage, b->stage) == 0 &&
	       strcmp(a->message, b->message) == 0;
}

/* Marks that one in what all there is, unless it is marked that the kernel ended before. */
static void
mark_first(struct check *c, const struct finding *kernels)
{
	struct finding *f;

	if (check_refusal(c) != NULL)
		return;
	for (uint32_t i = 0; i < c->finding_cnt; i++)
		if (is_same(&c->findings[i], kernels)) {
			c->findings[i].is_first = true;
			return;
		}
	/* Going on, the walk went another way. */
	f = add(c, kernels->insn);
	if (f != NULL) {
		*f = *kernels;
		f->is_first = true;
	}
}

static void
check_walk(struct check *c, bool verbose)
{
	uint32_t before = c->finding_cnt;
	bool is_refused = run_pass(c, false, verbose);
	const struct finding *first = first_error(c, before);
	struct finding kernels;

	if (first == NULL)
		return;
	kernels = *first;
	if (is_refused) {
		c->finding_cnt = before;
		run_pass(c, true, false);
	}
	mark_first(c, &kernels);
}

void
check_program(struct check *c, const struct xb_object *obj, const struct xb_prog *prog,
	const struct card *card, bool verbose)
{
	struct finding *first;
	bool goes_on;

	*c = (struct check){ .obj = obj, .prog = prog, .card = card };
	goes_on = check_load(c);
	if (goes_on)
		check_maps(c);
	first = first_error(c, 0);
	if (first != NULL)
		first->is_first = true;
	if (goes_on)
		check_walk(c, verbose);
}

void
check_free(struct check *c)
{
	if (c->has_image)
		jit_image_free(&c->image);
	free(c->findings);
	xb_log_free(&c->log);
}

/* ---- JSON: the names are a contract (DESIGN 5) ---- */

json_t *
json_check(const struct check *c)
{
	json_t *findings = json_array();
	json_t *offload = json_pack("{s:b, s:o, s:o, s:s}", "accepted", check_refusal(c) == NULL,
		"card", json_text(c->card->name), "firmware", json_text(c->card->firmware), "jit",
		"driver");

	for (uint32_t i = 0; i < c->finding_cnt; i++)
		json_array_append_new(findings, json_finding(&c->findings[i]));
	json_object_set_new(
		offload, "nfp_insns", c->has_image ? json_integer(c->image.cnt) : json_null());
	json_object_set_new(offload, "stack_bytes",
		c->has_image ? json_integer(c->image.stack_bytes) : json_null());
	json_object_set_new(offload, "findings", findings);
	return offload;
}
