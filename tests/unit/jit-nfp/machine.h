/* SPDX-License-Identifier: BSD-2-Clause */
/* The exact microengine with an eBPF program's registers: context 0, between begin() and end(). */
#ifndef TESTS_JIT_MACHINE_H
#define TESTS_JIT_MACHINE_H

#include "tests/unit/jit-nfp/program.h"

#include "tests/_cmocka.h"

#define STOP 4000u	/* where programs go when they are through */
#define FRAME_AT 1536u	/* in local memory; firmware-facts.md: the last context's */
#define VECTOR_AT 2048u /* the packet vector's place in local memory */
#define EMEM_BYTES 4096u

static struct nic_mem *mem;
static struct nic_me *me;

static inline int
begin(void **state)
{
	(void)state;
	mem = nic_mem_new(EMEM_BYTES);
	me = mem ? nic_me_new(mem) : NULL;
	if (me == NULL)
		return -1;
	nic_me_set_stop(me, STOP, true);
	return 0;
}

static inline int
end(void **state)
{
	(void)state;
	nic_me_free(me);
	nic_mem_free(mem);
	return 0;
}

static inline void
set_register(uint32_t reg, uint64_t value)
{
	for (uint32_t bank = 0; bank < 2; bank++) {
		*nic_me_gpr(me, 0, bank != 0, reg * 2) = (uint32_t)value;
		*nic_me_gpr(me, 0, bank != 0, reg * 2 + 1) = (uint32_t)(value >> 32);
	}
}

/* Both banks must have it. */
static inline uint64_t
register_value(uint32_t reg)
{
	uint32_t low = *nic_me_gpr(me, 0, false, reg * 2);
	uint32_t high = *nic_me_gpr(me, 0, false, reg * 2 + 1);

	assert_int_equal(low, *nic_me_gpr(me, 0, true, reg * 2));
	assert_int_equal(high, *nic_me_gpr(me, 0, true, reg * 2 + 1));
	return (uint64_t)high << 32 | low;
}

/* The words so far, to their end. */
static inline void
run(struct program_words *words)
{
	struct nic_fault fault;

	emit_br(&words->out, NIC_OP_BR, STOP, 0, NIC_RELOC_NONE);
	assert_int_equal(words->out.err, 0);
	for (uint32_t i = 0; i < words->image.cnt; i++)
		words->words[i] = nic_ecc_add(words->words[i]);
	assert_int_equal(nic_me_load(me, 0, words->words, words->image.cnt), 0);
	assert_int_equal(nic_me_start(me, 0, 0), 0);
	if (nic_me_run(me, 10000, &fault) != NIC_ME_STOPPED)
		fail_msg("%u: %s: %s", fault.pc, fault.text, fault.reason);
	nic_me_kill(me, 0);
}

#endif
