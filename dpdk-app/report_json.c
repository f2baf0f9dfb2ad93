/* SPDX-License-Identifier: BSD-2-Clause */
/* The report of a run, as JSON; its keys are a contract. Used by cmd_run.c. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "dpdk-app/json.h"
#include "dpdk-app/report_parts.h"

struct collector {
	const struct map_view *view;
	json_t *entries;
};

static json_t *
json_hex(const uint8_t *bytes, size_t len)
{
	char *text = malloc(3 * len + 1);
	json_t *json;

	if (text == NULL)
		return NULL;
	text[0] = '\0';
	report_hex(text, bytes, len);
	json = json_string(text);
	free(text);
	return json;
}

/* A value, or the list of every worker's for the per-cpu types. */
static json_t *
json_value(const struct map_view *view, const uint8_t *value)
{
	json_t *list;

	if (!view->is_per_cpu)
		return json_hex(value, view->def->value_size);
	list = json_array();
	for (uint32_t i = 0; i < view->values; i++)
		json_array_append_new(
			list, json_hex(value + i * view->stride, view->def->value_size));
	return list;
}

static int
collect_entry(void *arg, const void *key, const void *value)
{
	struct collector *c = arg;
	json_t *entry = json_pack("{s:o, s:o}", "key", json_hex(key, c->view->def->key_size),
		"value", json_value(c->view, value));

	return entry != NULL ? json_array_append_new(c->entries, entry) : -ENOMEM;
}

static json_t *
json_samples(const struct event_counts *c)
{
	json_t *samples = json_array();

	for (const struct event_sample *s = c->first; s != NULL; s = s->next)
		json_array_append_new(samples, json_hex(s->data, s->bytes));
	return samples;
}

static json_t *
json_events(const struct result *r)
{
	json_t *events = json_array();

	for (uint32_t i = 0; i < r->program->obj->map_cnt; i++) {
		const struct event_counts *c = report_events_of(r, i);

		if (c != NULL)
			json_array_append_new(events,
				json_pack("{s:o, s:I, s:I}", "map",
					json_text(r->program->obj->maps[i].name), "samples",
					(json_int_t)c->samples, "lost", (json_int_t)c->lost));
	}
	return events;
}

static json_t *
json_maps(const struct result *r)
{
	json_t *maps = json_array();

	for (uint32_t i = 0; r->show_maps && i < r->program->obj->map_cnt; i++) {
		struct map_view view;
		struct collector c = { &view, NULL };
		json_t *map;

		if (!report_view(r, i, &view))
			continue;
		c.entries = json_array();
		report_visit(&view, collect_entry, &c);
		map = json_pack("{s:o, s:s, s:o}", "name", json_text(view.def->name), "type",
			xb_map_type_name(view.def->type), "entries", c.entries);
		if (report_events_of(r, i) != NULL)
			json_object_set_new(map, "samples", json_samples(report_events_of(r, i)));
		json_array_append_new(maps, map);
	}
	return maps;
}

/* Those the program could have given, and the errors. */
static json_t *
json_codes(const struct result *r, int from, int to)
{
	json_t *codes = json_object();

	for (int i = from; i < to; i++)
		if (i >= VERDICT_CNT || code_is_of((enum code)i, r->program->prog->type))
			json_object_set_new(codes, code_infos[i].name,
				json_integer((json_int_t)r->stats.codes[i]));
	return codes;
}

/* What the verifier of the host refused is a finding too. */
static json_t *
json_offload(const struct check *check, json_t *findings)
{
	if (check != NULL) {
		json_decref(findings);
		return json_check(check);
	}
	return json_pack("{s:b, s:n, s:n, s:n, s:n, s:n, s:o}", "accepted", 0, "card", "firmware",
		"jit", "nfp_insns", "stack_bytes", "findings", findings);
}

int
report_refusal_json(const struct program *p, const struct check *check, FILE *out)
{
	json_t *findings = json_array();
	json_t *root;

	if (p->refusal.err != 0)
		json_array_append_new(findings, json_finding(&p->refusal));
	root = json_pack("{s:o, s:o, s:n, s:n, s:n}", "program", json_program(p->obj, p->prog),
		"offload", json_offload(check, findings), "placement", "engine", "card");
	return json_print(root, out);
}

/* The driver's counters; of a run on the host, null. */
static json_t *
json_statistics(const struct result *r)
{
	json_t *statistics;

	if (r->offload == NULL)
		return json_null();
	statistics = json_object();
#define X(name)                                                                                    \
	json_object_set_new(statistics, #name "_pkts",                                             \
		json_integer((json_int_t)r->nic.frames[NIC_STAT_##name]));                         \
	json_object_set_new(statistics, #name "_bytes",                                            \
		json_integer((json_int_t)r->nic.bytes[NIC_STAT_##name]));
	NIC_STAT_LIST(X)
#undef X
	return statistics;
}

/* What became of the packets. */
static void
add_json_counts(json_t *root, const struct result *r)
{
	char *fault = r->stats.has_fault ? report_fault(r) : NULL;

	json_object_set_new(root, "verdicts", json_codes(r, 0, VERDICT_CNT));
	json_object_set_new(root, "errors", json_codes(r, VERDICT_CNT, CODE_CNT));
	json_object_set_new(root, "first_fault", json_text(fault));
	free(fault);
}

static json_t *
json_behind(const struct result *r)
{
	json_t *root;

	if (r == NULL)
		return json_null();
	root = json_pack("{s:o, s:s, s:s, s:I, s:I, s:I}", "program",
		json_program(r->program->obj, r->program->prog), "engine", "interp", "mode",
		r->mode, "packets", (json_int_t)r->stats.packets, "bytes",
		(json_int_t)r->stats.bytes, "unknown_verdicts", (json_int_t)r->stats.unknown);
	add_json_counts(root, r);
	json_object_set_new(root, "maps", json_maps(r));
	return root;
}

int
report_json(const struct result *r, FILE *out)
{
	json_t *root = json_pack(
		"{s:o, s:o, s:s, s:s, s:s, s:o, s:b, s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "program",
		json_program(r->program->obj, r->program->prog), "offload",
		json_offload(r->check, json_array()), "placement",
		r->offload != NULL ? "card" : "host", "engine",
		r->offload != NULL ? "nfp" : "interp", "mode", r->mode, "input", json_text(r->from),
		"interrupted", r->interrupted, "packets", (json_int_t)r->stats.packets, "bytes",
		(json_int_t)r->stats.bytes, "snapped", (json_int_t)r->snapped, "filtered",
		(json_int_t)r->filtered, "runts", (json_int_t)r->runts, "unsent",
		(json_int_t)r->stats.unsent, "unknown_verdicts", (json_int_t)r->stats.unknown);

	add_json_counts(root, r);
	json_object_set_new(root, "simulator",
		json_pack("{s:f, s:f, s:i, s:I}", "seconds", r->seconds, "mpps", report_mpps(r),
			"lcores", (int)r->lcores, "nfp_insns_executed", (json_int_t)r->nic.insns));
	json_object_set_new(root, "card", forecast_json(&r->forecast));
	json_object_set_new(root, "statistics", json_statistics(r));
	json_object_set_new(root, "maps", json_maps(r));
	json_object_set_new(root, "events", json_events(r));
	json_object_set_new(root, "events_lost_on_card",
		json_integer((json_int_t)events_lost_on_card(r->events)));
	json_object_set_new(root, "host_program", json_behind(r->behind));
	return json_print(root, out);
}
