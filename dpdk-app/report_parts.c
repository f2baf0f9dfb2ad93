/* SPDX-License-Identifier: BSD-2-Clause */
/* What both forms of the report are made of. Used by report.c and report_json.c. */
#include "dpdk-app/report_parts.h"

#include <inttypes.h>
#include <stdlib.h>

double
report_mpps(const struct result *r)
{
	return r->seconds > 0 ? (double)r->stats.packets / r->seconds / 1e6 : 0;
}

void
report_hex(char *text, const uint8_t *bytes, size_t len)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < len; i++) {
		*text++ = digits[bytes[i] >> 4];
		*text++ = digits[bytes[i] & 15];
		*text++ = i + 1 < len ? ' ' : '\0';
	}
}

/* A card's: which microcode instruction, and what it is of. */
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

char *
report_fault(const struct result *r)
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

bool
report_view(const struct result *r, uint32_t index, struct map_view *v)
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

const struct event_counts *
report_events_of(const struct result *r, uint32_t index)
{
	return r->events != NULL && r->events->of != NULL && r->events->of[index].fd >= 0
		       ? &r->events->of[index]
		       : NULL;
}

void
report_visit(const struct map_view *v, report_visit_fn *visit, void *arg)
{
	if (v->r->offload == NULL)
		xb_map_for_each(v->r->program->maps[v->index], visit, arg);
	else if (v->def->type != BPF_MAP_TYPE_PERF_EVENT_ARRAY)
		offload_for_each(v->r->offload, v->index, visit, arg);
}
