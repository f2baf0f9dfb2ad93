/* SPDX-License-Identifier: BSD-2-Clause */
/* The report of a run. Used by cmd_run.c. */
#include "dpdk-app/report.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "dpdk-app/json.h"

static double
mpps(const struct result *r)
{
	return r->seconds > 0 ? (double)r->stats.packets / r->seconds / 1e6 : 0;
}

/* "01 02 0a", as bpftool prints. */
static void
format_hex(char *text, const uint8_t *bytes, size_t len)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < len; i++) {
		*text++ = digits[bytes[i] >> 4];
		*text++ = digits[bytes[i] & 15];
		*text++ = i + 1 < len ? ' ' : '\0';
	}
}

/* The same of a card's: which microcode instruction, and what it is of. */
static char *
device_fault_text(const struct result *r)
{
	const struct nic_fault *fault = &r->stats.nic_fault;
	const struct jit_image *image = &r->check->image;
	const uint32_t start = r->check->card->jit.start, at = fault->pc - start;
	const uint32_t insn =
		fault->pc >= start && at < image->cnt ? image->insns[at] : JIT_NO_INSN;
	const struct xb_line *line =
		insn != JIT_NO_INSN ? xb_prog_line(r->program->prog, insn) : NULL;
	char *text;
	int len;

	if (line != NULL)
		len = asprintf(&text, "packet %" PRIu64 ": .%u %s (%s:%u): %s",
			r->stats.fault_index, at, fault->text, line->file, line->line,
			fault->reason);
	else
		len = asprintf(&text, "packet %" PRIu64 ": code store %u %s: %s",
			r->stats.fault_index, fault->pc, fault->text, fault->reason);
	return len < 0 ? NULL : text;
}

/* The fault as a sentence: packet, instruction, source line. */
static char *
fault_text(const struct result *r)
{
	const struct xb_fault *fault = &r->stats.fault;
	const struct xb_prog *prog = r->program->prog;
	const struct xb_line *line = NULL;
	char *text;
	int len;

	if (r->offload != NULL)
		return device_fault_text(r);
	for (uint32_t i = 0; i < r->program->obj->prog_cnt; i++)
		if (r->program->images[i] == fault->image && fault->image != NULL)
			prog = &r->program->obj->progs[i];
	line = xb_prog_line(prog, fault->insn);
	if (line != NULL)
		len = asprintf(&text, "packet %" PRIu64 ": %s insn %u (%s:%u): %s",
			r->stats.fault_index, prog->name, fault->insn, line->file, line->line,
			fault->text);
	else
		len = asprintf(&text, "packet %" PRIu64 ": %s insn %u: %s", r->stats.fault_index,
			prog->name, fault->insn, fault->text);
	return len < 0 ? NULL : text;
}

/* ---- text ---- */

/* A map of the program, wherever it is. */
struct map_view {
	const struct result *r;
	uint32_t index; /* of the object's maps */
	const struct xb_map_def *def;
	bool is_per_cpu; /* a value of each worker, stride bytes apart */
	uint32_t values, stride;
};

typedef int visit_fn(void *arg, const void *key, const void *value);

/* False: no program that ran names it. */
static bool
view_map(const struct result *r, uint32_t index, struct map_view *v)
{
	const struct xb_map_def *def = &r->program->obj->maps[index];
	const struct xb_map *host = r->offload == NULL ? r->program->maps[index] : NULL;

	*v = (struct map_view){ .r = r, .index = index, .def = def, .values = 1 };
	if (r->offload != NULL)
		return r->offload->maps[index] >= 0;
	if (host == NULL)
		return false;
	v->stride = (def->value_size + 7) & ~7u;
	v->is_per_cpu = xb_map_user_value_size(host) != def->value_size;
	if (v->is_per_cpu)
		v->values = xb_map_user_value_size(host) / v->stride;
	return true;
}

/* What an array of events got; NULL: it is none, or not the card's. */
static const struct event_counts *
events_of(const struct result *r, uint32_t index)
{
	return r->events != NULL && r->events->of != NULL && r->events->of[index].fd >= 0
		       ? &r->events->of[index]
		       : NULL;
}

/* Its entries; an array of events has samples instead. */
static void
visit_map(const struct map_view *v, visit_fn *visit, void *arg)
{
	if (v->r->offload == NULL)
		xb_map_for_each(v->r->program->maps[v->index], visit, arg);
	else if (v->def->type != BPF_MAP_TYPE_PERF_EVENT_ARRAY)
		offload_for_each(v->r->offload, v->index, visit, arg);
}

struct printer {
	FILE *out;
	const struct map_view *view;
};

static void
print_hex(FILE *out, const uint8_t *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++)
		fprintf(out, " %02x", bytes[i]);
}

static int
print_entry(void *arg, const void *key, const void *value)
{
	const struct printer *p = arg;

	fprintf(p->out, "  key:");
	print_hex(p->out, key, p->view->def->key_size);
	for (uint32_t i = 0; i < p->view->values; i++) {
		fprintf(p->out, "  value:");
		print_hex(p->out, (const uint8_t *)value + i * p->view->stride,
			p->view->def->value_size);
	}
	fputc('\n', p->out);
	return 0;
}

static void
print_samples(const struct event_counts *c, FILE *out)
{
	uint64_t shown = 0;

	for (const struct event_sample *s = c->first; s != NULL; s = s->next, shown++) {
		fprintf(out, "  sample:");
		print_hex(out, s->data, s->bytes);
		fputc('\n', out);
	}
	if (shown < c->samples)
		fprintf(out, "  and %" PRIu64 " samples more\n", c->samples - shown);
}

static void
print_maps(const struct result *r, FILE *out)
{
	for (uint32_t i = 0; i < r->program->obj->map_cnt; i++) {
		struct map_view view;
		struct printer p = { out, &view };

		if (!view_map(r, i, &view))
			continue;
		fprintf(out, "\nmap %s (%s)\n", view.def->name, xb_map_type_name(view.def->type));
		visit_map(&view, print_entry, &p);
		if (events_of(r, i) != NULL)
			print_samples(events_of(r, i), out);
	}
}

static bool
is_xdp(const struct result *r)
{
	return r->program->prog->type == BPF_PROG_TYPE_XDP;
}

static void
print_unknown(const struct result *r, FILE *out)
{
	if (r->stats.unknown > 0)
		fprintf(out,
			"note: %" PRIu64 " of %s are return values that are no verdict, "
			"the first %" PRIu32 "\n",
			r->stats.unknown, is_xdp(r) ? "XDP_ABORTED" : "TC_ACT_UNSPEC",
			r->stats.unknown_r0);
}

static void
print_notes(const struct result *r, FILE *out)
{
	if (r->snapped > 0)
		fprintf(out,
			"note: %" PRIu64 " packets are cut short in the capture; the program saw "
			"what is there\n",
			r->snapped);
	if (r->filtered > 0)
		fprintf(out, "note: the filter left out %" PRIu64 " packets\n", r->filtered);
	print_unknown(r, out);
	if (r->stats.unsent > 0)
		fprintf(out, "note: the ports did not take %" PRIu64 " packets\n", r->stats.unsent);
	if (r->interrupted)
		fprintf(out, "note: ended before everything was read\n");
}

/* Where it ran, and why not on the card. */
static void
print_placement(const struct result *r, FILE *out)
{
	const struct finding *refusal = r->check != NULL ? check_refusal(r->check) : NULL;

	if (r->offload != NULL)
		fprintf(out,
			"placement  card %s (firmware %s), engine nfp, mode %s, %u "
			"instructions\n",
			r->check->card->name, r->check->card->firmware, r->mode,
			r->check->image.cnt);
	else
		fprintf(out, "placement  host, engine interp, mode %s\n", r->mode);
	if (refusal == NULL)
		return;
	fprintf(out, "           card %s refuses it: %s (%s)", r->check->card->name,
		refusal->message, finding_errno(refusal));
	if (refusal->insn >= 0)
		fprintf(out, " at instruction %d", refusal->insn);
	fprintf(out, "; xoffload check says more\n");
}

/* The driver's counters, as ethtool -S shows them. */
static void
print_card(const struct result *r, FILE *out)
{
	static const char *const names[NIC_STAT_CNT] = {
#define X(name) #name,
		NIC_STAT_LIST(X)
#undef X
	};

	fputc('\n', out);
	for (int i = 0; i < NIC_STAT_CNT; i++)
		fprintf(out, "%s_pkts %*" PRIu64 "  %s_bytes %" PRIu64 "\n", names[i],
			21 - (int)strlen(names[i]), r->nic.frames[i], names[i], r->nic.bytes[i]);
	fprintf(out, "%" PRIu64 " microcode instructions", r->nic.insns);
	if (r->stats.packets > 0)
		fprintf(out, ", %.1f a packet", (double)r->nic.insns / (double)r->stats.packets);
	fputc('\n', out);
}

static void
print_events(const struct result *r, FILE *out)
{
	for (uint32_t i = 0; i < r->program->obj->map_cnt; i++) {
		const struct event_counts *c = events_of(r, i);

		if (c != NULL)
			fprintf(out, "events %s: %" PRIu64 " samples, %" PRIu64 " lost\n",
				r->program->obj->maps[i].name, c->samples, c->lost);
	}
	if (events_lost_on_card(r->events) > 0)
		fprintf(out, "note: %" PRIu64 " events found the card's queue full\n",
			events_lost_on_card(r->events));
}

/* Every verdict the program could have given, and the errors there were. */
static void
print_codes(const struct result *r, FILE *out)
{
	int width = is_xdp(r) ? 14 : 17; /* of the longest name */

	for (int i = 0; i < CODE_CNT; i++) {
		const struct code_info *info = &code_infos[i];

		if (code_is_of((enum code)i, r->program->prog->type))
			fprintf(out, "%-*s %12" PRIu64 "\n", width, info->name, r->stats.codes[i]);
		else if (i >= VERDICT_CNT && r->stats.codes[i] > 0)
			fprintf(out, "%-*s %12" PRIu64 "  error: %s\n", width, info->name,
				r->stats.codes[i], info->meaning);
	}
}

static void
print_program(const struct result *r, FILE *out)
{
	const struct xb_prog *prog = r->program->prog;

	fprintf(out, "object     %s\n", r->program->obj->path);
	fprintf(out, "program    %s (%s, section \"%s\", %u instructions)\n", prog->name,
		xb_prog_type_name(prog->type), prog->section, prog->insn_cnt);
}

static void
print_fault(const struct result *r, FILE *out)
{
	char *fault = r->stats.has_fault ? fault_text(r) : NULL;

	if (fault != NULL)
		fprintf(out, "first fault: %s\n", fault);
	free(fault);
}

/* The host's program behind the one on the card. */
static void
print_behind(const struct result *r, FILE *out)
{
	fprintf(out, "\nwhat the card passed goes to a program of the host:\n");
	print_program(r, out);
	print_placement(r, out);
	fprintf(out, "%" PRIu64 " packets, %" PRIu64 " bytes\n", r->stats.packets, r->stats.bytes);
	print_unknown(r, out);
	if (r->show_maps)
		print_maps(r, out);
	fputc('\n', out);
	print_codes(r, out);
	print_fault(r, out);
}

void
report_text(const struct result *r, FILE *out)
{
	print_program(r, out);
	print_placement(r, out);
	fprintf(out, "input      %s\n", r->from);
	fprintf(out, "%" PRIu64 " packets, %" PRIu64 " bytes in %.6f s: %.2f Mpps on %u lcore%s\n",
		r->stats.packets, r->stats.bytes, r->seconds, mpps(r), r->lcores,
		r->lcores == 1 ? "" : "s");
	print_notes(r, out);
	if (r->show_maps)
		print_maps(r, out);
	fputc('\n', out);
	print_codes(r, out);
	if (r->offload != NULL)
		print_card(r, out);
	print_events(r, out);
	if (r->forecast.card != NULL)
		fputc('\n', out);
	forecast_print(&r->forecast, out);
	print_fault(r, out);
	if (r->behind != NULL)
		print_behind(r->behind, out);
}

/* ---- JSON ---- */

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
	format_hex(text, bytes, len);
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
		const struct event_counts *c = events_of(r, i);

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

		if (!view_map(r, i, &view))
			continue;
		c.entries = json_array();
		visit_map(&view, collect_entry, &c);
		map = json_pack("{s:o, s:s, s:o}", "name", json_text(view.def->name), "type",
			xb_map_type_name(view.def->type), "entries", c.entries);
		if (events_of(r, i) != NULL)
			json_object_set_new(map, "samples", json_samples(events_of(r, i)));
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
	char *fault = r->stats.has_fault ? fault_text(r) : NULL;

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
		"{s:o, s:o, s:s, s:s, s:s, s:o, s:b, s:I, s:I, s:I, s:I, s:I, s:I}", "program",
		json_program(r->program->obj, r->program->prog), "offload",
		json_offload(r->check, json_array()), "placement",
		r->offload != NULL ? "card" : "host", "engine",
		r->offload != NULL ? "nfp" : "interp", "mode", r->mode, "input", json_text(r->from),
		"interrupted", r->interrupted, "packets", (json_int_t)r->stats.packets, "bytes",
		(json_int_t)r->stats.bytes, "snapped", (json_int_t)r->snapped, "filtered",
		(json_int_t)r->filtered, "unsent", (json_int_t)r->stats.unsent, "unknown_verdicts",
		(json_int_t)r->stats.unknown);

	add_json_counts(root, r);
	json_object_set_new(root, "simulator",
		json_pack("{s:f, s:f, s:i, s:I}", "seconds", r->seconds, "mpps", mpps(r), "lcores",
			(int)r->lcores, "nfp_insns_executed", (json_int_t)r->nic.insns));
	json_object_set_new(root, "card", forecast_json(&r->forecast));
	json_object_set_new(root, "statistics", json_statistics(r));
	json_object_set_new(root, "maps", json_maps(r));
	json_object_set_new(root, "events", json_events(r));
	json_object_set_new(root, "events_lost_on_card",
		json_integer((json_int_t)events_lost_on_card(r->events)));
	json_object_set_new(root, "host_program", json_behind(r->behind));
	return json_print(root, out);
}
