/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A trace on the card. The microengine shows what it is about to do (nic_me_set_watch()); what
 * registers and local memory were before the last instruction is kept, and the difference is what
 * that one did. Used by cmd_trace.c.
 *
 *	INSN ...  INSN  SWAP (the last one done, the command sent)  INSN (it waited until then)
 *	INSN ...  STOP at a helper (the last one done)              INSN (the helper ran)
 *	INSN ...  STOP at the done address
 */
#include <errno.h>
#include <inttypes.h>
#include <linux/bpf.h>
#include <stdlib.h>
#include <string.h>

#include "dpdk-app/trace_context.h"
#include "dpdk-app/trace_word.h"
#include "nic/timing/timing.h"

#define MILLI 1000u

struct tracer {
	struct step_printer printer;
	const struct check *check;
	const uint32_t *map_numbers; /* as obj->maps: the firmware's */
	struct context context;	     /* before what is being done */
	struct nic_engine *engine;
	struct trace_sum *sum;
	uint64_t first;	  /* cycle of the first instruction */
	int64_t beside;	  /* cycles of helpers so far, and what waits are longer on the card: of
			   * this the microengine knows nothing */
	uint64_t helpers; /* of these, helpers */
	uint64_t ends;	  /* cycle of what was seen last */
	bool runs;	  /* an instruction */
	bool waits, helps;
	uint64_t slept;		      /* since when it waits */
	uint64_t latency;	      /* on the card, 0: not known */
	int32_t helper;		      /* its id in eBPF */
	struct step step;	      /* that */
	char posted[TRACE_NOW_BYTES]; /* a command the instruction has sent, nobody waiting */
	struct trace_row wrote;	      /* what it did to memory */
};

/* ---- commands ---- */

static uint32_t
bytes_of(const struct nic_access *access)
{
	const uint32_t unit = access->command->how & NIC_HOW_WIDE ? 8 : access->command->unit;

	return access->units * unit;
}

/* "read32_swap, 4 bytes at pkt+12"; and what it left in memory. */
static void
describe_command(struct tracer *t, const struct nic_access *access, char *text, size_t size)
{
	const struct nic_command *command = access->command;
	const uint32_t bytes = bytes_of(access);
	const uint8_t *at =
		nic_mem_at(nic_me_mem(t->context.me), command->target, access->address, bytes);
	char name[TRACE_WHAT_BYTES];

	context_name(&t->context, access->address, name, sizeof(name));
	snprintf(text, size, "%s, %u byte%s at %s", command->name, bytes, bytes == 1 ? "" : "s",
		name);
	t->wrote = (struct trace_row){ 0 };
	if (at != NULL && command->does != NIC_DOES_READ)
		trace_change_bytes(&t->wrote, name, at, bytes);
}

static void
append(struct trace_row *row, const struct trace_row *more)
{
	for (unsigned int i = 0; i < more->change_cnt; i++)
		trace_change(row, more->changes[i].what, "%s", more->changes[i].now);
}

/* How long the card takes to answer it with nobody else there. */
static uint64_t
latency_of(const struct tracer *t, const struct nic_access *access)
{
	const uint32_t bytes = bytes_of(access);
	const struct nic_step step = {
		.timed = (uint8_t)nic_timed_of(access->command, access->address),
		.bytes = (uint8_t)(bytes < NIC_STEP_BYTES_MAX ? bytes : NIC_STEP_BYTES_MAX),
	};

	return (nic_step_latency(&t->check->card->nic, &step) + MILLI / 2) / MILLI;
}

/* ---- steps ---- */

static uint64_t
time_of(const struct tracer *t, uint64_t cycle)
{
	return (uint64_t)((int64_t)(cycle - t->first) + t->beside);
}

static void
begin(struct tracer *t, enum step_kind kind, uint64_t cycle)
{
	const struct trace_row row = { .prog = t->check->prog, .insn = JIT_NO_INSN };

	t->step.kind = kind;
	t->step.row = row;
	t->step.cycle = time_of(t, cycle);
	t->step.cycles = 0;
	t->step.what[0] = '\0';
}

static void
begin_word(struct tracer *t, const struct nic_sight *sight)
{
	const struct jit_image *image = &t->check->image;
	const uint32_t index = sight->pc - t->check->card->jit.start;

	begin(t, STEP_WORD, sight->cycle);
	t->step.index = index;
	t->step.is_deferred = sight->is_deferred;
	if (index < image->cnt)
		t->step.row.insn = image->insns[index];
	t->runs = index < image->cnt; /* else it is none of the program's: a fault follows */
	t->sum->words++;
	context_keep(&t->context);
}

/* Of a conditional branch. */
static void
add_way(struct tracer *t, const struct nic_insn *insn, const struct nic_sight *next)
{
	const enum nic_form form = nic_op_info(insn->op)->form;
	const uint32_t pc = t->step.index + t->check->card->jit.start;
	const bool is_conditional = (form == NIC_FORM_BRANCH && insn->op != NIC_OP_BR) ||
				    form == NIC_FORM_BR_BYTE || form == NIC_FORM_BR_BIT;

	if (!is_conditional || next == NULL)
		return;
	trace_change(&t->step.row, next->is_deferred || next->pc != pc + 1 ? "taken" : "not taken",
		"%s", "");
}

/* What the instruction did is there to be seen; next is what comes, NULL: nothing. */
static void
finish_word(struct tracer *t, const struct nic_sight *next, const char *fault)
{
	struct trace_row *row = &t->step.row;
	struct nic_insn insn;

	if (!t->runs)
		return;
	t->runs = false;
	if (nic_decode(t->check->image.words[t->step.index], &insn) != NULL)
		return;
	add_way(t, &insn, next);
	context_add_all(&t->context, row, &insn, next != NULL && next->kind == NIC_SEEN_SWAP);
	if (t->posted[0] != '\0')
		trace_change(row, "sent", "%s", t->posted);
	if (t->posted[0] != '\0')
		append(row, &t->wrote);
	t->posted[0] = '\0';
	if (fault != NULL)
		trace_change(row, "fault", "%s", fault);
	step_add(&t->printer, &t->step);
}

static void
begin_wait(struct tracer *t, const struct nic_sight *sight)
{
	begin(t, STEP_WAIT, sight->cycle);
	t->step.index = sight->pc - t->check->card->jit.start;
	t->waits = true;
	t->slept = sight->cycle;
	t->latency = sight->access != NULL ? latency_of(t, sight->access) : 0;
	if (sight->access == NULL) {
		snprintf(t->step.what, sizeof(t->step.what), "swapped out");
		return;
	}
	describe_command(t, sight->access, t->step.what, sizeof(t->step.what));
	if (sight->access->command->data == NIC_DATA_IN ||
		sight->access->command->data == NIC_DATA_BOTH)
		context_add_xfers(&t->context, &t->step.row, false, sight->access->xfer,
			(bytes_of(sight->access) + 3) / 4);
	append(&t->step.row, &t->wrote);
}

static void
finish_wait(struct tracer *t, uint64_t cycle)
{
	if (!t->waits)
		return;
	t->waits = false;
	if (t->latency > 0)
		t->beside += (int64_t)t->latency - (int64_t)(cycle - t->slept);
	t->step.cycles = time_of(t, cycle) - t->step.cycle;
	t->sum->waits += t->step.cycles;
	step_add(&t->printer, &t->step);
}

/* ---- helpers ---- */

static int32_t
helper_at(const struct tracer *t, uint32_t pc)
{
	static const int32_t ids[] = {
#define X(id, number, name) [JIT_FW_##id] = (number),
		JIT_FW_HELPER_LIST(X)
#undef X
	};

	for (int i = 0; i < JIT_FW_HELPER_CNT; i++)
		if (pc != 0 && t->check->card->jit.helper[i] == pc)
			return ids[i];
	return -1;
}

/* The object's map with that number; map_cnt: none. */
static uint32_t
map_numbered(const struct tracer *t, uint32_t number)
{
	uint32_t i = 0;

	while (i < t->check->obj->map_cnt && t->map_numbers[i] != number)
		i++;
	return i;
}

/* Bytes of local memory as they were. */
static void
add_lm_bytes(struct tracer *t, const char *what, uint32_t address, uint32_t size)
{
	uint8_t bytes[64];

	for (uint32_t i = 0; i < size && i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(t->context.was.lm[(address + i) / 4 % NIC_LM_WORDS] >>
				     8 * ((address + i) % 4));
	trace_change_bytes(&t->step.row, what, bytes, size < sizeof(bytes) ? size : sizeof(bytes));
}

static void
begin_helper(struct tracer *t, const struct nic_sight *sight, int32_t id)
{
	const struct xb_helper *helper = xb_helper_by_id(id);

	context_keep(&t->context);
	begin(t, STEP_HELPER, sight->cycle);
	snprintf(
		t->step.what, sizeof(t->step.what), "%s", helper != NULL ? helper->name : "helper");
	t->helps = true;
	t->helper = id;
}

/* What the firmware was called with, as the registers were. */
static void
add_call(struct tracer *t, const struct xb_map_def *def)
{
	trace_change(&t->step.row, "map", "%s", def->name);
	add_lm_bytes(t, "key", t->context.was.pointer[0], def->key_size);
	if (t->helper == BPF_FUNC_map_update_elem)
		add_lm_bytes(t, "value", t->context.was.pointer[2], def->value_size);
}

static void
add_result(struct tracer *t, uint32_t map)
{
	const uint32_t low = *nic_me_gpr(t->context.me, t->context.ctx, false, 0);
	const uint32_t high = *nic_me_gpr(t->context.me, t->context.ctx, false, 1);
	const uint64_t address = ((uint64_t)high << 8) + low;
	char name[TRACE_WHAT_BYTES];

	if (t->helper != BPF_FUNC_map_lookup_elem) {
		trace_change(&t->step.row, "r0", "%" PRId64, (int64_t)((uint64_t)high << 32 | low));
		return;
	}
	if (map < t->check->obj->map_cnt && address != 0)
		t->context.values[map] = address;
	if (address == 0) {
		trace_change(&t->step.row, "nothing there", "%s", "");
		trace_change(&t->step.row, "r0", "0");
		return;
	}
	context_name(&t->context, address, name, sizeof(name));
	trace_change(&t->step.row, "r0", "%s", name);
}

static void
finish_helper(struct tracer *t)
{
	const struct xb_object *obj = t->check->obj;
	const uint32_t map = t->helper == BPF_FUNC_perf_event_output
				     ? obj->map_cnt
				     : map_numbered(t, t->context.was.gpr[0][0]);

	if (!t->helps)
		return;
	t->helps = false;
	t->step.cycles = nic_engine_stats(t->engine).helper_cycles - t->sum->helpers;
	t->sum->helpers += t->step.cycles;
	t->sum->helper_calls++;
	t->helpers += t->step.cycles;
	t->beside += (int64_t)t->step.cycles;
	if (map < obj->map_cnt)
		add_call(t, &obj->maps[map]);
	add_result(t, map);
	context_add_lm(&t->context, &t->step.row, NULL);
	step_add(&t->printer, &t->step);
}

/* ---- what the microengine shows ---- */

static void
on_sight(void *arg, const struct nic_sight *sight)
{
	struct tracer *t = arg;
	int32_t helper;

	if (t->sum->words == 0) {
		t->first = sight->cycle;
		t->context.ctx = sight->ctx;
	}
	t->ends = sight->cycle;
	switch (sight->kind) {
	case NIC_SEEN_INSN:
		finish_word(t, sight, NULL);
		finish_wait(t, sight->cycle);
		finish_helper(t);
		begin_word(t, sight);
		break;
	case NIC_SEEN_COMMAND:
		describe_command(t, sight->access, t->posted, sizeof(t->posted));
		break;
	case NIC_SEEN_SWAP:
		finish_word(t, sight, NULL);
		begin_wait(t, sight);
		break;
	case NIC_SEEN_STOP:
		finish_word(t, sight, NULL);
		finish_wait(t, sight->cycle);
		helper = helper_at(t, sight->pc);
		if (helper >= 0)
			begin_helper(t, sight, helper);
		break;
	}
}

static void
finish(struct tracer *t, const struct nic_frame *frame)
{
	const bool is_fault = frame->verdict == NIC_VERDICT_FAULT;

	finish_wait(t, t->ends);
	finish_helper(t);
	finish_word(t, NULL, is_fault ? nic_engine_fault(t->engine)->reason : NULL);
	t->sum->cycles = time_of(t, t->ends);
}

int
trace_card(struct trace *trace, const struct check *check, const uint32_t *map_numbers,
	struct nic_engine *engine, struct nic_frame *frame, struct trace_sum *sum)
{
	struct tracer *t = calloc(1, sizeof(*t));
	uint64_t *values = calloc(check->obj->map_cnt + 1, sizeof(*values));
	int err = -ENOMEM;

	*sum = (struct trace_sum){ 0 };
	if (t != NULL && values != NULL) {
		t->printer = (struct step_printer){ trace, check, UINT32_MAX, UINT32_MAX };
		t->check = check;
		t->map_numbers = map_numbers;
		t->context.values = values;
		t->context.obj = check->obj;
		t->engine = engine;
		t->context.me = nic_engine_me(engine);
		t->sum = sum;
		sum->helpers = nic_engine_stats(engine).helper_cycles;
		nic_me_set_watch(t->context.me, on_sight, t);
		err = nic_engine_run(engine, frame);
		nic_me_set_watch(t->context.me, NULL, NULL);
		if (err == 0)
			finish(t, frame);
		sum->helpers = t->helpers;
	}
	free(values);
	free(t);
	return err;
}
