/* SPDX-License-Identifier: BSD-2-Clause */
/* Paths recorded while a microengine, or native code for it, runs. nic/me_run.c calls this where a
 * recorder is set (nic_me_set_recorder()); the firmware's part calls it for helpers. */
#include "nic/timing/timing.h"

#include <limits.h>

#define MILLI 1000u

/* By the island the address names (nic.h 5). */
enum nic_timed
nic_timed_of(const struct nic_command *command, uint64_t address)
{
	uint32_t island = address >> NIC_ISLAND_SHIFT & 0x3f;

	if (command->target == NIC_TARGET_CLS)
		return NIC_TIMED_CLS;
	if (command->target != NIC_TARGET_MEM)
		return NIC_TIMED_REMOTE;
	if (island == NIC_ISLAND_LOCAL)
		return NIC_TIMED_CTM;
	if (island == NIC_ISLAND_IMEM)
		return NIC_TIMED_IMEM;
	if (island != NIC_ISLAND_EMEM)
		return NIC_TIMED_REMOTE;
	if (command->does == NIC_DOES_READ)
		return NIC_TIMED_EMEM_READ;
	return command->does == NIC_DOES_WRITE ? NIC_TIMED_EMEM_WRITE : NIC_TIMED_EMEM_ATOMIC;
}

void
nic_recorder_clear(struct nic_recorder *rec)
{
	nic_steps_clear(&rec->path.steps);
	*rec = (struct nic_recorder){ 0 };
}

void
nic_record_begin(struct nic_recorder *rec, uint64_t cycles)
{
	rec->path.steps.cnt = 0;
	rec->path.steps.err = 0;
	rec->path.is_guess = false;
	rec->path.events = rec->path.event_bytes = 0;
	rec->since = cycles;
}

void
nic_record_insn(struct nic_recorder *rec, uint32_t pc)
{
	rec->pc = pc;
}

void
nic_record_insn_end(struct nic_recorder *rec, uint64_t cycles)
{
	if (rec->profile == NULL)
		return;
	rec->profile->runs[rec->pc]++;
	rec->profile->cycles[rec->pc] += cycles;
}

/* Cycles since the last mark, as much as a step holds. */
static uint32_t
take_cycles(struct nic_recorder *rec, uint64_t cycles)
{
	uint64_t issued = cycles > rec->since ? cycles - rec->since : 0;

	rec->since = cycles;
	return issued > UINT32_MAX / MILLI ? UINT32_MAX : (uint32_t)issued * MILLI;
}

static void
set_place(struct nic_step *step, uint64_t address)
{
	bool is_emem = step->timed >= NIC_TIMED_EMEM_READ && step->timed <= NIC_TIMED_EMEM_CAM;

	step->place_cnt = is_emem;
	if (is_emem)
		step->places[0] = (uint32_t)(address / 4);
}

void
nic_record_command(struct nic_recorder *rec, uint64_t cycles, const struct nic_command *command,
	uint64_t address, uint32_t bytes, enum nic_wait wait)
{
	struct nic_step step = {
		.millicycles = take_cycles(rec, cycles),
		.timed = (uint8_t)nic_timed_of(command, address),
		.wait = (uint8_t)wait,
		.bytes = (uint8_t)(bytes > NIC_STEP_BYTES_MAX ? NIC_STEP_BYTES_MAX : bytes),
		.pc = rec->pc,
	};

	set_place(&step, address);
	nic_steps_add(&rec->path.steps, &step);
}

void
nic_record_swap(struct nic_recorder *rec, uint64_t cycles)
{
	struct nic_step step = {
		.millicycles = take_cycles(rec, cycles),
		.wait = NIC_WAIT_SWAP,
		.pc = rec->pc,
	};

	nic_steps_add(&rec->path.steps, &step);
}

void
nic_record_resume(struct nic_recorder *rec, uint64_t cycles)
{
	rec->since = cycles;
}

const char *
nic_record_helper(struct nic_recorder *rec, uint64_t cycles, const char *steps, uint32_t n,
	uint32_t k, const uint64_t *address, uint32_t address_cnt)
{
	struct nic_step before = { .millicycles = take_cycles(rec, cycles) };
	uint32_t from = rec->path.steps.cnt, used = 0;
	const char *reason;

	if (before.millicycles > 0) {
		nic_steps_add(&rec->path.steps, &before);
		from++;
	}
	reason = nic_steps_read(&rec->path.steps, steps, n, k);
	for (uint32_t i = from; i < rec->path.steps.cnt && used < address_cnt; i++) {
		set_place(&rec->path.steps.step[i], address[used]);
		used += rec->path.steps.step[i].place_cnt;
	}
	for (uint32_t i = from; i < rec->path.steps.cnt; i++) {
		struct nic_step *step = &rec->path.steps.step[i];

		step->pc = rec->pc;
		if (step->timed != NIC_TIMED_NONE)
			rec->path.is_guess = true;
		if (rec->profile != NULL)
			rec->profile->cycles[rec->pc] += step->millicycles / MILLI;
	}
	return reason;
}

int
nic_record_end(struct nic_recorder *rec, uint64_t cycles, uint32_t frame_bytes, enum nic_fate fate)
{
	struct nic_step last = { .millicycles = take_cycles(rec, cycles) };

	if (last.millicycles > 0)
		nic_steps_add(&rec->path.steps, &last);
	rec->path.frame_bytes = frame_bytes;
	rec->path.fate = fate;
	return rec->path.steps.err;
}
