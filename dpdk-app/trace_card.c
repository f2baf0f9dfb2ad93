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
#include "dpdk-app/trace_word.h"

#include <errno.h>
#include <inttypes.h>
#include <linux/bpf.h>
#include <stdlib.h>
#include <string.h>

#include "nic/timing/timing.h"

#define GPRS 32u
#define POINTERS 4u
#define VECTOR_BYTES 32u /* nfp-isa.md 8.3 */
#define VECTOR_LENGTH 0u
#define VECTOR_POINTER 2u
#define STACK_BYTES 512u
#define STACK_GPR 22u /* of bank A: where the frame begins on the stack (nfp-isa.md 8.1) */
#define MILLI 1000u
#define SMALL_NUMBER 10 /* the same in decimal and in hex */

/* Of a context, what its instructions can change. */
struct state {
	uint32_t gpr[2][GPRS], in[NIC_XFERS], out[NIC_XFERS];
	uint32_t lm[NIC_LM_WORDS], pointer[POINTERS];
	uint32_t cc, t_index;
};

struct tracer {
	struct step_printer printer;
	const struct check *check;
	const uint32_t *map_numbers; /* as obj->maps: the firmware's */
	uint64_t *values;	     /* as obj->maps: address of the value looked up last, 0 */
	struct nic_engine *engine;
	struct nic_me *me;
	struct trace_sum *sum;
	uint32_t ctx;
	uint64_t first;	    /* cycle of the first instruction */
	int64_t beside;	    /* cycles of helpers so far, and what waits are longer on the card: of
			     * this the microengine knows nothing */
	uint64_t helpers;   /* of these, helpers */
	uint64_t ends;	    /* cycle of what was seen last */
	struct state state; /* before what is being done */
	bool runs;	    /* an instruction */
	bool waits, helps;
	uint64_t slept,
		latency;  /* since when it waits; and for how long on the card, 0: not known */
	int32_t helper;	  /* its id in eBPF */
	struct step step; /* that */
	char posted[TRACE_NOW_BYTES]; /* a command the instruction has sent, nobody waiting */
	struct trace_row wrote;	      /* what it did to memory */
};

/* ---- names ---- */

static uint32_t
vector(const struct tracer *t, uint32_t word)
{
	return t->state.lm[t->state.pointer[1] / 4 % (NIC_LM_WORDS - VECTOR_BYTES / 4) + word];
}

/* Of a byte in a buffer of packets: where from the packet's beginning, as it is now. */
static bool
name_packet(const struct tracer *t, uint64_t address, char *name, size_t size)
{
	const uint32_t begins = vector(t, VECTOR_POINTER);
	const int64_t at = (int64_t)address - begins;

	if (address >> 13 != begins >> 13)
		return false;
	if (at == 0)
		snprintf(name, size, "pkt");
	else
		snprintf(name, size, "pkt%+" PRId64, at);
	return true;
}

static bool
name_value(const struct tracer *t, uint64_t address, char *name, size_t size)
{
	const struct xb_object *obj = t->check->obj;

	for (uint32_t i = 0; i < obj->map_cnt; i++) {
		const uint64_t at = address - t->values[i];

		if (t->values[i] == 0 || at >= obj->maps[i].value_size)
			continue;
		snprintf(name, size, at > 0 ? "%s value+%" PRIu64 : "%s value", obj->maps[i].name,
			at);
		return true;
	}
	return false;
}

static void
name_address(const struct tracer *t, uint64_t address, char *name, size_t size)
{
	if (!name_packet(t, address, name, size) && !name_value(t, address, name, size))
		snprintf(name, size, "0x%010" PRIx64, address);
}

/* A word of local memory. */
static void
name_lm(const struct tracer *t, uint32_t word, char *name, size_t size)
{
	const uint32_t of_stack = 4 * word - t->state.gpr[0][STACK_GPR];
	const uint32_t of_vector = 4 * word - t->state.pointer[1];

	if (of_vector < VECTOR_BYTES)
		snprintf(name, size, "*l$index1[%u]", of_vector / 4);
	else if (of_stack < STACK_BYTES)
		snprintf(name, size, "stack+%u", of_stack);
	else
		snprintf(name, size, "lm 0x%x", 4 * word);
}

static void
describe(const struct tracer *t, uint32_t value, char *text, size_t size)
{
	char name[TRACE_WHAT_BYTES];

	if (value < SMALL_NUMBER)
		snprintf(text, size, "%u", value);
	else if (name_packet(t, value, name, sizeof(name)))
		snprintf(text, size, "0x%x (%s)", value, name);
	else if (value <= INT32_MAX)
		snprintf(text, size, "0x%x (%u)", value, value);
	else
		snprintf(text, size, "0x%x", value);
}

/* ---- what changed ---- */

static void
keep(struct tracer *t)
{
	struct state *s = &t->state;

	for (int bank = 0; bank < 2; bank++)
		memcpy(s->gpr[bank], nic_me_gpr(t->me, t->ctx, bank, 0), sizeof(s->gpr[bank]));
	memcpy(s->in, nic_me_xfer_in(t->me, t->ctx, 0), sizeof(s->in));
	memcpy(s->out, nic_me_xfer_out(t->me, t->ctx, 0), sizeof(s->out));
	memcpy(s->lm, nic_me_lm(t->me, 0), sizeof(s->lm));
	for (uint32_t i = 0; i < POINTERS; i++)
		s->pointer[i] = nic_me_lm_addr(t->me, t->ctx, i);
	s->cc = nic_me_cc(t->me, t->ctx);
	s->t_index = nic_me_t_index(t->me);
}

static void
add_value(const struct tracer *t, struct trace_row *row, const char *name, uint32_t value)
{
	char text[TRACE_NOW_BYTES];

	describe(t, value, text, sizeof(text));
	trace_change(row, name, "%s", text);
}

static bool
is_written(const struct nic_reg *dst, uint32_t bank, uint32_t num)
{
	if (dst->num != num)
		return false;
	return dst->kind == NIC_GPR_BOTH || dst->kind == NIC_GPR_BOTH_B ||
	       dst->kind == (bank == 0 ? NIC_GPR_A : NIC_GPR_B);
}

/* A register of both banks is one, where both hold the same. What is written is told although it is
 * what it was. */
static void
add_gprs(const struct tracer *t, struct trace_row *row, const struct nic_reg *dst)
{
	for (uint32_t num = 0; num < GPRS; num++) {
		const uint32_t a = *nic_me_gpr(t->me, t->ctx, false, num);
		const uint32_t b = *nic_me_gpr(t->me, t->ctx, true, num);
		const bool is_a = a != t->state.gpr[0][num] || is_written(dst, 0, num);
		const bool is_b = b != t->state.gpr[1][num] || is_written(dst, 1, num);
		char name[16];

		if (is_a && is_b && a == b) {
			snprintf(name, sizeof(name), "gpr_%u", num);
			add_value(t, row, name, a);
			continue;
		}
		snprintf(name, sizeof(name), "gprA_%u", num);
		if (is_a)
			add_value(t, row, name, a);
		name[3] = 'B';
		if (is_b)
			add_value(t, row, name, b);
	}
}

/* Those that differ, and cnt from `from` on. */
static void
add_xfers(const struct tracer *t, struct trace_row *row, bool is_out, uint32_t from, uint32_t cnt)
{
	const uint32_t *was = is_out ? t->state.out : t->state.in;
	const uint32_t *is =
		is_out ? nic_me_xfer_out(t->me, t->ctx, 0) : nic_me_xfer_in(t->me, t->ctx, 0);
	char name[24];

	for (uint32_t num = 0; num < NIC_XFERS; num++) {
		if (was[num] == is[num] && num - from >= cnt)
			continue;
		snprintf(name, sizeof(name), is_out ? "$xfer_out_%u" : "$xfer_%u", num);
		add_value(t, row, name, is[num]);
	}
}

/* Words that differ, and the one written. */
static void
add_lm(const struct tracer *t, struct trace_row *row, const struct nic_reg *dst)
{
	const uint32_t written = dst != NULL && dst->kind == NIC_LM
					 ? t->state.pointer[dst->num] / 4 | dst->off
					 : UINT32_MAX;

	for (uint32_t word = 0; word < NIC_LM_WORDS; word++) {
		const uint32_t now = *nic_me_lm(t->me, word);
		char name[TRACE_WHAT_BYTES];

		if (now == t->state.lm[word] && word != written)
			continue;
		name_lm(t, word, name, sizeof(name));
		add_value(t, row, name, now);
	}
}

static void
add_flags(const struct tracer *t, struct trace_row *row)
{
	const uint32_t cc = nic_me_cc(t->me, t->ctx);

	if (cc != t->state.cc)
		trace_change(row, "flags", "%s%s%s%s%s", cc & 8 ? "N" : "", cc & 4 ? "Z" : "",
			cc & 2 ? "V" : "", cc & 1 ? "C" : "", cc == 0 ? "none" : "");
}

static void
add_pointers(const struct tracer *t, struct trace_row *row)
{
	char name[16];

	for (uint32_t i = 0; i < POINTERS; i++) {
		const uint32_t now = nic_me_lm_addr(t->me, t->ctx, i);

		snprintf(name, sizeof(name), "l$index%u", i);
		if (now != t->state.pointer[i])
			trace_change(row, name, "0x%x", now);
	}
	if (nic_me_t_index(t->me) != t->state.t_index)
		trace_change(row, "T_INDEX", "%u", nic_me_t_index(t->me));
}

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
	const uint8_t *at = nic_mem_at(nic_me_mem(t->me), command->target, access->address, bytes);
	char name[TRACE_WHAT_BYTES];

	name_address(t, access->address, name, sizeof(name));
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
	keep(t);
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
	add_gprs(t, row, &insn.dst);
	add_xfers(t, row, true, insn.dst.num, insn.dst.kind == NIC_XFER);
	if (next == NULL || next->kind != NIC_SEEN_SWAP)
		add_xfers(t, row, false, 0, 0);
	add_lm(t, row, &insn.dst);
	add_pointers(t, row);
	add_flags(t, row);
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
		add_xfers(t, &t->step.row, false, sight->access->xfer,
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
		bytes[i] = (uint8_t)(t->state.lm[(address + i) / 4 % NIC_LM_WORDS] >>
				     8 * ((address + i) % 4));
	trace_change_bytes(&t->step.row, what, bytes, size < sizeof(bytes) ? size : sizeof(bytes));
}

static void
begin_helper(struct tracer *t, const struct nic_sight *sight, int32_t id)
{
	const struct xb_helper *helper = xb_helper_by_id(id);

	keep(t);
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
	add_lm_bytes(t, "key", t->state.pointer[0], def->key_size);
	if (t->helper == BPF_FUNC_map_update_elem)
		add_lm_bytes(t, "value", t->state.pointer[2], def->value_size);
}

static void
add_result(struct tracer *t, uint32_t map)
{
	const uint32_t low = *nic_me_gpr(t->me, t->ctx, false, 0);
	const uint32_t high = *nic_me_gpr(t->me, t->ctx, false, 1);
	const uint64_t address = ((uint64_t)high << 8) + low;
	char name[TRACE_WHAT_BYTES];

	if (t->helper != BPF_FUNC_map_lookup_elem) {
		trace_change(&t->step.row, "r0", "%" PRId64, (int64_t)((uint64_t)high << 32 | low));
		return;
	}
	if (map < t->check->obj->map_cnt && address != 0)
		t->values[map] = address;
	if (address == 0) {
		trace_change(&t->step.row, "nothing there", "%s", "");
		trace_change(&t->step.row, "r0", "0");
		return;
	}
	name_address(t, address, name, sizeof(name));
	trace_change(&t->step.row, "r0", "%s", name);
}

static void
finish_helper(struct tracer *t)
{
	const struct xb_object *obj = t->check->obj;
	const uint32_t map = t->helper == BPF_FUNC_perf_event_output
				     ? obj->map_cnt
				     : map_numbered(t, t->state.gpr[0][0]);

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
	add_lm(t, &t->step.row, NULL);
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
		t->ctx = sight->ctx;
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
		t->values = values;
		t->engine = engine;
		t->me = nic_engine_me(engine);
		t->sum = sum;
		sum->helpers = nic_engine_stats(engine).helper_cycles;
		nic_me_set_watch(t->me, on_sight, t);
		err = nic_engine_run(engine, frame);
		nic_me_set_watch(t->me, NULL, NULL);
		if (err == 0)
			finish(t, frame);
		sum->helpers = t->helpers;
	}
	free(values);
	free(t);
	return err;
}
