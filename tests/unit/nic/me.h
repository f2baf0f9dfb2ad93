/* SPDX-License-Identifier: BSD-2-Clause */
/* A microengine, its memories, and a program written line by line: what tests of it share. */
#ifndef TESTS_UNIT_NIC_ME_H
#define TESTS_UNIT_NIC_ME_H

#include "nic/nic.h"
#include "tests/_cmocka.h"

#define EMEM_BYTES 4096u
#define END 4000u /* where programs of these tests go when they are through */

static struct nic_mem *mem;
static struct nic_me *me;
static uint32_t size; /* words of the program so far */

static inline int
begin(void **state)
{
	(void)state;
	mem = nic_mem_new(EMEM_BYTES);
	me = mem ? nic_me_new(mem) : NULL;
	size = 0;
	if (me)
		nic_me_set_stop(me, END, true);
	return me ? 0 : -1;
}

static inline int
end(void **state)
{
	(void)state;
	nic_me_free(me);
	nic_mem_free(mem);
	return 0;
}

/* An instruction at the end of the program. */
static inline void
add(const char *text)
{
	struct nic_asm_error error;
	uint64_t word;

	if (nic_parse(text, &word, &error))
		fail_msg("%s: %u: %s", text, error.column, error.text);
	word = nic_ecc_add(word);
	assert_int_equal(nic_me_load(me, size++, &word, 1), 0);
}

static inline uint32_t *
a(uint32_t num)
{
	return nic_me_gpr(me, 0, false, num);
}

static inline uint32_t *
b(uint32_t num)
{
	return nic_me_gpr(me, 0, true, num);
}

/* Context 0 runs the program to its end. */
static inline void
run(void)
{
	struct nic_fault fault;

	add("br[.4000]");
	assert_int_equal(nic_me_start(me, 0, 0), 0);
	switch (nic_me_run(me, 10000, &fault)) {
	case NIC_ME_STOPPED: break;
	case NIC_ME_FAULT: fail_msg("%u: %s: %s", fault.pc, fault.text, fault.reason); break;
	default: fail_msg("did not get to its end");
	}
	size = 0;
}

#endif
