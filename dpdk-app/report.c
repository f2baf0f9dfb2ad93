/* SPDX-License-Identifier: BSD-2-Clause */
/* The report of a run, as text. Used by cmd_run.c. */
#include "dpdk-app/report.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "dpdk-app/report_parts.h"

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

		if (!report_view(r, i, &view))
			continue;
		fprintf(out, "\nmap %s (%s)\n", view.def->name, xb_map_type_name(view.def->type));
		report_visit(&view, print_entry, &p);
		if (report_events_of(r, i) != NULL)
			print_samples(report_events_of(r, i), out);
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

/* The capture is of the sender, and the note of the program matters. */
static void
print_runts(const struct result *r, FILE *out)
{
	const char *rule = jit_rule_info(JIT_RULE_HEAD_SHORT)->name;

	if (r->offload == NULL || r->runts == 0 || !check_has(r->check, rule))
		return;
	fprintf(out,
		"note: %" PRIu64
		" packets have less than the 60 bytes of a wire's shortest frame, and "
		"the program moves the head without a test of the length; xoffload check says "
		"more\n",
		r->runts);
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
	print_runts(r, out);
	if (r->stats.unsent > 0)
		fprintf(out, "note: the ports did not take %" PRIu64 " packets\n", r->stats.unsent);
	if (r->interrupted)
		fprintf(out, "note: ended before everything was read\n");
}

/* It ran on the card, where a loader does not bring it. */
static void
print_object_refusal(const struct result *r, FILE *out)
{
	const struct finding *refusal = r->check != NULL ? check_object_refusal(r->check) : NULL;

	if (refusal != NULL)
		fprintf(out, "           but %s (%s), map '%s'; xoffload check says more\n",
			refusal->message, finding_errno(refusal), refusal->map);
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
	if (refusal == NULL) {
		print_object_refusal(r, out);
		return;
	}
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
		const struct event_counts *c = report_events_of(r, i);

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
	char *fault = r->stats.has_fault ? report_fault(r) : NULL;

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
		r->stats.packets, r->stats.bytes, r->seconds, report_mpps(r), r->lcores,
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
