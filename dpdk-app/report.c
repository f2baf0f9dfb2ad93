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

/* The fault as a sentence: packet, instruction, source line. */
static char *
fault_text(const struct result *r)
{
	const struct xb_fault *fault = &r->stats.fault;
	const struct xb_prog *prog = r->program->prog;
	const struct xb_line *line = NULL;
	char *text;
	int len;

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

struct printer {
	FILE *out;
	const struct xb_map *map;
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
	uint32_t size = xb_map_value_size(p->map);
	uint32_t total = xb_map_user_value_size(p->map);
	uint32_t step = total > size ? (size + 7) & ~7u : size; /* a value a cpu */

	fprintf(p->out, "  key:");
	print_hex(p->out, key, xb_map_key_size(p->map));
	for (uint32_t at = 0; at < total; at += step) {
		fprintf(p->out, "  value:");
		print_hex(p->out, (const uint8_t *)value + at, size);
	}
	fputc('\n', p->out);
	return 0;
}

static void
print_maps(const struct result *r, FILE *out)
{
	for (uint32_t i = 0; i < r->program->obj->map_cnt; i++) {
		struct printer p = { out, r->program->maps[i] };

		if (p.map == NULL) /* no program that ran names it */
			continue;
		fprintf(out, "\nmap %s (%s)\n", xb_map_name(p.map),
			xb_map_type_name(xb_map_type(p.map)));
		xb_map_for_each(r->program->maps[i], print_entry, &p);
	}
}

static bool
is_xdp(const struct result *r)
{
	return r->program->prog->type == BPF_PROG_TYPE_XDP;
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
	if (r->stats.unknown > 0)
		fprintf(out,
			"note: %" PRIu64 " of %s are return values that are no verdict, "
			"the first %" PRIu32 "\n",
			r->stats.unknown, is_xdp(r) ? "XDP_ABORTED" : "TC_ACT_UNSPEC",
			r->stats.unknown_r0);
	if (r->stats.unsent > 0)
		fprintf(out, "note: the ports did not take %" PRIu64 " packets\n", r->stats.unsent);
	if (r->interrupted)
		fprintf(out, "note: ended before everything was read\n");
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

void
report_text(const struct result *r, FILE *out)
{
	const struct xb_prog *prog = r->program->prog;
	char *fault = r->stats.has_fault ? fault_text(r) : NULL;

	fprintf(out, "object     %s\n", r->program->obj->path);
	fprintf(out, "program    %s (%s, section \"%s\", %u instructions)\n", prog->name,
		xb_prog_type_name(prog->type), prog->section, prog->insn_cnt);
	fprintf(out, "placement  host, engine interp, mode %s\n", r->mode);
	fprintf(out, "input      %s\n", r->from);
	fprintf(out, "%" PRIu64 " packets, %" PRIu64 " bytes in %.6f s: %.2f Mpps on %u lcore%s\n",
		r->stats.packets, r->stats.bytes, r->seconds, mpps(r), r->lcores,
		r->lcores == 1 ? "" : "s");
	print_notes(r, out);
	if (r->show_maps)
		print_maps(r, out);
	fputc('\n', out);
	print_codes(r, out);
	if (fault != NULL)
		fprintf(out, "first fault: %s\n", fault);
	free(fault);
}

/* ---- JSON ---- */

struct collector {
	const struct xb_map *map;
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
json_value(const struct xb_map *map, const uint8_t *value)
{
	uint32_t size = xb_map_value_size(map);
	uint32_t total = xb_map_user_value_size(map);
	uint32_t stride = (size + 7) & ~7u;
	json_t *list;

	if (total == size)
		return json_hex(value, size);
	list = json_array();
	for (uint32_t at = 0; at < total; at += stride)
		json_array_append_new(list, json_hex(value + at, size));
	return list;
}

static int
collect_entry(void *arg, const void *key, const void *value)
{
	struct collector *c = arg;
	json_t *entry = json_pack("{s:o, s:o}", "key", json_hex(key, xb_map_key_size(c->map)),
		"value", json_value(c->map, value));

	return entry != NULL ? json_array_append_new(c->entries, entry) : -ENOMEM;
}

static json_t *
json_maps(const struct result *r)
{
	json_t *maps = json_array();

	for (uint32_t i = 0; r->show_maps && i < r->program->obj->map_cnt; i++) {
		struct collector c = { r->program->maps[i], NULL };

		if (c.map == NULL)
			continue;
		c.entries = json_array();
		xb_map_for_each(r->program->maps[i], collect_entry, &c);
		json_array_append_new(maps,
			json_pack("{s:o, s:s, s:o}", "name", json_text(xb_map_name(c.map)), "type",
				xb_map_type_name(xb_map_type(c.map)), "entries", c.entries));
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

/* There is no card in this version: nothing was offered to one. */
static json_t *
json_offload(json_t *findings)
{
	return json_pack("{s:b, s:n, s:n, s:n, s:n, s:n, s:o}", "accepted", 0, "card", "firmware",
		"jit", "nfp_insns", "stack_bytes", "findings", findings);
}

int
report_refusal_json(const struct program *p, FILE *out)
{
	json_t *findings = json_array();
	json_t *root;

	if (p->refusal.err != 0)
		json_array_append_new(findings, json_finding(&p->refusal));
	root = json_pack("{s:o, s:o, s:n, s:n, s:n}", "program", json_program(p->obj, p->prog),
		"offload", json_offload(findings), "placement", "engine", "card");
	return json_print(root, out);
}

int
report_json(const struct result *r, FILE *out)
{
	char *fault = r->stats.has_fault ? fault_text(r) : NULL;
	json_t *root = json_pack(
		"{s:o, s:o, s:s, s:s, s:s, s:o, s:b, s:I, s:I, s:I, s:I, s:I, s:I}", "program",
		json_program(r->program->obj, r->program->prog), "offload",
		json_offload(json_array()), "placement", "host", "engine", "interp", "mode",
		r->mode, "input", json_text(r->from), "interrupted", r->interrupted, "packets",
		(json_int_t)r->stats.packets, "bytes", (json_int_t)r->stats.bytes, "snapped",
		(json_int_t)r->snapped, "filtered", (json_int_t)r->filtered, "unsent",
		(json_int_t)r->stats.unsent, "unknown_verdicts", (json_int_t)r->stats.unknown);

	json_object_set_new(root, "verdicts", json_codes(r, 0, VERDICT_CNT));
	json_object_set_new(root, "errors", json_codes(r, VERDICT_CNT, CODE_CNT));
	json_object_set_new(root, "first_fault", json_text(fault));
	json_object_set_new(root, "simulator",
		json_pack("{s:f, s:f, s:i, s:i}", "seconds", r->seconds, "mpps", mpps(r), "lcores",
			(int)r->lcores, "nfp_insns_executed", 0));
	json_object_set_new(root, "card", json_null());
	json_object_set_new(root, "maps", json_maps(r));
	free(fault);
	return json_print(root, out);
}
