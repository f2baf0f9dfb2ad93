/* SPDX-License-Identifier: BSD-2-Clause */
/* Steps of a trace on the card, as text and JSON. Used by trace_card.c. */
#include "dpdk-app/trace_word.h"

#include <inttypes.h>

#include "dpdk-app/dump.h"
#include "dpdk-app/json.h"
#include "nic/nic.h"

#define CHANGES_COLUMN 64 /* where they begin, when the instruction is not longer */
#define CYCLE_WIDTH 6

/* ---- text ---- */

/* What begins with this word: a BPF instruction, or a part of the frame around the program. The
 * same instruction once more, in a loop, begins anew. */
static void
print_origin(struct step_printer *p, const struct step *step)
{
	const struct xb_prog *prog = step->row.prog;
	const uint32_t insn = step->row.insn;
	const char *label = dump_label(&p->check->image, step->index);

	if (insn == JIT_NO_INSN && label != NULL)
		printf("%s\n", label);
	if (insn == JIT_NO_INSN || (insn == p->last_insn && step->index > p->last_index))
		return;
	dump_subprogram(prog, insn);
	dump_line(prog, insn, &p->trace->last_line);
	dump_insn(prog, insn, "");
}

static void
print_word(struct step_printer *p, const struct step *step)
{
	const uint64_t word = p->check->image.words[step->index];
	char text[NIC_TEXT_MAX], note[DUMP_NOTE_BYTES];
	int len;

	print_origin(p, step);
	nic_format(word, text);
	dump_word_note(&p->check->image, step->index, word, note);
	len = printf("%*" PRIu64 "  %*s.%u  %s%s", CYCLE_WIDTH, step->cycle,
		step->index < 10     ? 3
		: step->index < 100  ? 2
		: step->index < 1000 ? 1
				     : 0,
		"", step->index, text, note);
	trace_print_changes(&step->row, len, CHANGES_COLUMN);
}

static void
print_step(struct step_printer *p, const struct step *step)
{
	int len;

	if (step->kind == STEP_WORD) {
		print_word(p, step);
		return;
	}
	if (step->kind == STEP_WAIT)
		len = printf("%*" PRIu64 "         waits %" PRIu64 " cycles: %s", CYCLE_WIDTH,
			step->cycle, step->cycles, step->what);
	else
		len = printf("%*" PRIu64 "         the firmware's %s, %" PRIu64 " cycles",
			CYCLE_WIDTH, step->cycle, step->what, step->cycles);
	trace_print_changes(&step->row, len, CHANGES_COLUMN);
}

/* ---- JSON ---- */

static const char *const kind_names[] = {
#define X(id, name) [STEP_##id] = (name),
	STEP_LIST(X)
#undef X
};

static json_t *
json_word(const struct step_printer *p, const struct step *step)
{
	const uint64_t word = p->check->image.words[step->index];
	const bool has_insn = step->row.insn != JIT_NO_INSN;
	const struct xb_line *line = has_insn ? xb_prog_line(step->row.prog, step->row.insn) : NULL;
	char hex[17], text[NIC_TEXT_MAX];

	snprintf(hex, sizeof(hex), "%016" PRIx64, word);
	nic_format(word, text);
	return json_pack("{s:s, s:I, s:i, s:s, s:s, s:b, s:o, s:o, s:o}", "kind",
		kind_names[step->kind], "cycle", (json_int_t)step->cycle, "index", (int)step->index,
		"word", hex, "text", text, "deferred", step->is_deferred, "insn",
		has_insn ? json_integer(step->row.insn) : json_null(), "source",
		json_text(line != NULL ? line->file : NULL), "line",
		line != NULL ? json_integer(line->line) : json_null());
}

static json_t *
json_step(const struct step_printer *p, const struct step *step)
{
	json_t *json;

	if (step->kind == STEP_WORD)
		json = json_word(p, step);
	else
		json = json_pack("{s:s, s:I, s:I, s:i, s:s}", "kind", kind_names[step->kind],
			"cycle", (json_int_t)step->cycle, "cycles", (json_int_t)step->cycles,
			"index", (int)step->index, "what", step->what);
	json_object_set_new(json, "changes", trace_json_changes(&step->row));
	return json;
}

void
step_add(struct step_printer *p, const struct step *step)
{
	p->trace->row_cnt++;
	if (p->trace->rows != NULL)
		json_array_append_new(p->trace->rows, json_step(p, step));
	else
		print_step(p, step);
	if (step->kind != STEP_WORD)
		return;
	p->last_index = step->index;
	p->last_insn = step->row.insn;
}
