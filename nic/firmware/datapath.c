/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The datapath: a frame is laid before the program as the hardware would, the program runs to the
 * firmware's done address, its result says what becomes of the frame (firmware-facts.md 2 to 5,
 * nfp-isa.md 8). An engine is one thread's.
 *
 *	buffer: | NIC_FRAME_OFFSET | frame | tailroom |   number: the engine's packet in CTM
 *
 * A device fault costs the frame, not the engine: the next one begins anew.
 */
#include "nic/firmware/internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* nfp-isa.md 8.3: bits of the packet vector's words */
#define OFFSET_BITS 0x1fffu
#define CTM_ISLAND 32u
#define QUEUE_SELECTED (UINT32_C(1) << 4)
#define BPF_RAN (UINT32_C(1) << 24)
#define QUEUE_BITS 0xffu
#define PACKETS_EACH 4u /* numbers from that of an engine on are its own */
#define FROM_WIRE (UINT32_C(1) << 31)
#define PORT_SHIFT 23
#define NO_VLAN (UINT32_C(0xfff) << 8)

/* nfp-isa.md 8.5: bits of the result */
#define RESULT_PASS (UINT32_C(1) << 16)
#define RESULT_DROP (UINT32_C(1) << 17)
#define RESULT_STAT_SHIFT 20

struct nic_engine *
nic_engine_new(struct nic_fw *fw, uint32_t number, bool exact)
{
	const struct nic_card *card = fw->card;
	struct nic_engine *e;

	if (number >= NIC_ENGINES_MAX || card->start >= NIC_CODE_WORDS ||
		card->done >= NIC_CODE_WORDS) {
		errno = EINVAL;
		return NULL;
	}
	e = calloc(1, sizeof(*e));
	if (!e)
		return NULL;
	e->fw = fw;
	e->number = number;
	e->exact = exact;
	e->me = nic_me_new(fw->mem);
	if (!e->me) {
		free(e);
		return NULL;
	}
	e->a = nic_me_gpr(e->me, FW_CTX, false, 0);
	e->b = nic_me_gpr(e->me, FW_CTX, true, 0);
	e->xfer = nic_me_xfer_in(e->me, FW_CTX, 0);
	e->vector = nic_me_lm(e->me, FW_VECTOR_AT / 4);
	e->packet = &fw->mem->packets[PACKETS_EACH * number];
	e->packet_bits = PACKETS_EACH * number << 16;
	for (uint32_t port = 0; port < NIC_FW_PORTS; port++)
		e->start[port] = nic_fw_start(fw, port);
	e->ctx = &e->me->ctxs[FW_CTX];
	nic_me_set_stop(e->me, card->done, true);
	nic_me_set_stop(e->me, card->map_lookup, card->map_lookup != 0);
	nic_me_set_stop(e->me, card->map_update, card->map_update != 0);
	nic_me_set_stop(e->me, card->map_delete, card->map_delete != 0);
	nic_me_set_stop(e->me, card->perf_event_output, card->perf_event_output != 0);
	return e;
}

void
nic_engine_free(struct nic_engine *e)
{
	if (!e)
		return;
	for (uint32_t port = 0; port < NIC_FW_PORTS; port++)
		fw_program_put(e->fw, e->program[port]);
	fw_watch_free(e->watch);
	nic_me_free(e->me);
	free(e);
}

/* ---- the program ---- */

static void
take_programs(struct nic_engine *e)
{
	struct fw_program *before[NIC_FW_PORTS];

	memcpy(before, e->program, sizeof(before));
	fw_program_swap(e->fw, e->program, &e->program_version);
	for (uint32_t port = 0; port < NIC_FW_PORTS; port++)
		if (e->program[port] && e->program[port] != before[port])
			nic_me_load(e->me, e->start[port], e->program[port]->words,
				e->program[port]->cnt);
}

static bool
is_replaced(const struct nic_engine *e)
{
	return __atomic_load_n(&e->fw->program_version, __ATOMIC_ACQUIRE) != e->program_version;
}

/* ---- the frame ---- */

/* Of the buffer programs have as much as an offset can say. */
static void
place_frame(struct nic_engine *e, struct nic_frame *frame)
{
	e->frame = frame;
	e->buffer = frame->data - NIC_FRAME_OFFSET;
	e->buffer_bytes = NIC_FRAME_OFFSET + frame->bytes + frame->tailroom;
	*e->packet = (struct nic_packet){ e->buffer,
		e->buffer_bytes < NIC_PACKET_BYTES_MAX ? e->buffer_bytes : NIC_PACKET_BYTES_MAX };
}

/* Word by word, as the program reads it: of a copy of it all the host would wait for each. */
static void
write_vector(const struct nic_engine *e)
{
	uint32_t *vector = e->vector;

	vector[NIC_VECTOR_LENGTH] = CTM_ISLAND << 26 | e->packet_bits | e->frame->bytes;
	vector[NIC_VECTOR_LENGTH + 1] = 0;
	vector[NIC_VECTOR_POINTER] = NIC_PACKET_ADDRESS | e->packet_bits | NIC_FRAME_OFFSET;
	vector[NIC_VECTOR_POINTER + 1] = 0;
	vector[NIC_VECTOR_FLAGS] = 0;
	vector[NIC_VECTOR_FLAGS + 1] = 0;
	vector[NIC_VECTOR_QUEUE] = FROM_WIRE | (e->frame->port & 0x7f) << PORT_SHIFT | NO_VLAN;
	vector[NIC_VECTOR_QUEUE + 1] = 0;
}

/* The state at entry; what is not set is as the frame before left it, on the card too. */
static void
enter(struct nic_engine *e)
{
	e->a[22] = FW_STACK_AT;
	e->a[29] = FW_CTX << 7;
	nic_ctx_start(e->me, e->ctx, e->start[e->frame->port]);
	e->ctx->lm_addr[0] = FW_STACK_AT;
	e->ctx->lm_addr[1] = FW_VECTOR_AT;
	e->ctx->lm_addr[2] = FW_METADATA_AT;
}

/* ---- running ---- */

static void
count_fault(struct nic_engine *e, const char *reason)
{
	uint32_t i = 0;

	while (i < NIC_FAULT_KINDS_MAX - 1 && e->faults[i].reason && e->faults[i].reason != reason)
		i++;
	e->faults[i].reason = reason;
	e->faults[i].cnt++;
	e->stats.faults++;
	e->has_fault = true;
}

/* A fault the firmware found. */
static void
fail(struct nic_engine *e, const char *reason)
{
	const uint32_t pc = e->ctx->pc;

	e->fault = (struct nic_fault){
		.ctx = FW_CTX, .pc = pc, .cycle = nic_me_cycles(e->me), .reason = reason
	};
	count_fault(e, reason);
	nic_ctx_kill(e->me, e->ctx);
}

static enum nic_me_end
run_me(struct nic_engine *e, uint64_t insns)
{
	return (e->exact ? nic_me_run : nic_me_run_fast)(e->me, insns, &e->fault);
}

/* True: the program is at the done address. */
static bool
run_program(struct nic_engine *e)
{
	const uint64_t limit = e->me->insns + NIC_FRAME_INSNS_MAX;

	for (;;) {
		const uint64_t now = e->me->insns;
		const enum nic_me_end end = now < limit ? run_me(e, limit - now) : NIC_ME_LIMIT;
		const uint32_t pc = e->ctx->pc;
		const char *reason;

		switch (end) {
		case NIC_ME_STOPPED: break;
		case NIC_ME_FAULT: count_fault(e, e->fault.reason); return false;
		case NIC_ME_IDLE: fail(e, "the program sleeps for ever"); return false;
		case NIC_ME_LIMIT: fail(e, "the program does not come to an end"); return false;
		}
		if (pc == e->fw->card->done)
			return true;
		reason = fw_helper(e, pc);
		if (reason) {
			fail(e, reason);
			return false;
		}
	}
}

/* ---- what became of it ---- */

/* The frame as its vector has it; false: that is not in the buffer. */
static bool
take_frame_back(struct nic_engine *e)
{
	const uint32_t pointer = e->vector[NIC_VECTOR_POINTER];
	const uint32_t bytes = fw_frame_bytes(e);
	const uint32_t offset = pointer & OFFSET_BITS;
	struct nic_frame *f = e->frame;

	if ((pointer & ~OFFSET_BITS) != (NIC_PACKET_ADDRESS | e->packet_bits) ||
		offset > e->buffer_bytes || bytes > e->buffer_bytes - offset)
		return false;
	f->tailroom = (uint32_t)(f->data + f->bytes + f->tailroom - (e->buffer + offset + bytes));
	f->data = e->buffer + offset;
	f->bytes = bytes;
	return true;
}

static enum nic_verdict
verdict_of(uint32_t result)
{
	if (result & RESULT_DROP)
		return NIC_VERDICT_DROP;
	return result & RESULT_PASS ? NIC_VERDICT_PASS : NIC_VERDICT_TX;
}

static void
count(struct nic_engine *e, uint32_t result)
{
	const uint32_t stats = result >> RESULT_STAT_SHIFT & 0xf;

	e->frame->stat = stats ? __builtin_ctz(stats) : -1;
	if (!stats) {
		e->stats.uncounted++;
		return;
	}
	e->stats.frames[e->frame->stat]++;
	e->stats.bytes[e->frame->stat] += e->frame->bytes;
}

static void
finish(struct nic_engine *e)
{
	const uint32_t result = e->a[0];
	struct nic_frame *f = e->frame;

	if (!take_frame_back(e)) {
		fail(e, "the packet vector has a frame outside of its buffer");
		return;
	}
	f->verdict = verdict_of(result);
	f->has_queue = e->vector[NIC_VECTOR_FLAGS] & QUEUE_SELECTED;
	f->queue = e->vector[NIC_VECTOR_QUEUE] & QUEUE_BITS;
	f->bpf_ran = f->verdict != NIC_VERDICT_DROP;
	count(e, result);
}

int
nic_engine_run(struct nic_engine *e, struct nic_frame *frame)
{
	if (frame->bytes > NIC_FRAME_BYTES_MAX)
		return -EINVAL;
	if (is_replaced(e))
		take_programs(e);
	frame->verdict = NIC_VERDICT_PASS;
	frame->stat = -1;
	frame->has_queue = frame->bpf_ran = false;
	if (frame->port >= NIC_FW_PORTS || !e->program[frame->port])
		return 0;
	place_frame(e, frame);
	write_vector(e);
	enter(e);
	frame->verdict = NIC_VERDICT_FAULT;
	if (e->watch)
		fw_watch_begin(e);
	if (run_program(e))
		finish(e);
	if (e->watch)
		fw_watch_end(e);
	return 0;
}

/* ---- to look at ---- */

struct nic_engine_stats
nic_engine_stats(const struct nic_engine *engine)
{
	struct nic_engine_stats stats = engine->stats;

	stats.insns = engine->me->insns; /* it runs nothing else */
	return stats;
}

/* They are counters all. */
void
nic_engine_stats_add(struct nic_engine_stats *sum, const struct nic_engine_stats *more)
{
	_Static_assert(sizeof(*sum) % sizeof(uint64_t) == 0, "counters only");
	for (size_t i = 0; i < sizeof(*sum) / sizeof(uint64_t); i++)
		((uint64_t *)sum)[i] += ((const uint64_t *)more)[i];
}

const struct nic_fault *
nic_engine_fault(const struct nic_engine *engine)
{
	return engine->has_fault ? &engine->fault : NULL;
}

const struct nic_fault_count *
nic_engine_faults(const struct nic_engine *engine)
{
	return engine->faults;
}

struct nic_me *
nic_engine_me(struct nic_engine *engine)
{
	return engine->me;
}
