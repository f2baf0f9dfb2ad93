/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Stores and loads of the stack, run on the exact microengine: what is stored is what is loaded,
 * and no other byte of local memory changes. For all sizes, places of a frame and depths of frames,
 * by a pointer that is known and one that is not.
 */
#include "tests/unit/jit-nfp/machine.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define LM_BYTES (NIC_LM_WORDS * 4)
#define STACK_MAX 512u

static uint8_t before[LM_BYTES];

static int
begin_with_memory(void **state)
{
	for (uint32_t i = 0; i < LM_BYTES; i++)
		before[i] = (uint8_t)(i * 37 + i / 256);
	return begin(state);
}

static uint32_t
word_at(const uint8_t *bytes)
{
	return bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 |
	       (uint32_t)bytes[3] << 24;
}

/* ---- an access ---- */

struct access {
	uint32_t size, depth; /* bytes; of the frame, or of the callee's */
	int32_t off;	      /* from r10, or from the pointer */
	const char *facts;    /* of the pointer: " outer off=-8" */
	uint32_t pointer;     /* r5: an address in local memory, 0: r10 */
	uint32_t place;	      /* in local memory, of what is accessed */
};

#define STORED UINT64_C(0x8796a5b4c3d2e1f0)
#define OLD UINT64_C(0x1122334455667788)

static uint64_t
masked(uint64_t value, uint32_t size)
{
	return size == 8 ? value : value & ((UINT64_C(1) << size * 8) - 1);
}

static struct jit_prog *
program_of(const struct access *access, bool has_zext)
{
	char text[256];
	uint32_t reg = access->pointer != 0 ? 5 : 10;

	snprintf(text, sizeof(text),
		"*(u%u *)(r%u %+d) = r3 ; stack%s\n"
		"r4 = *(u%u *)(r%u %+d) ; stack%s%s\n",
		access->size * 8, reg, access->off, access->facts, access->size * 8, reg,
		access->off, access->facts, has_zext ? " zext" : "");
	return program_new(text, access->depth);
}

static void
reset(const struct access *access)
{
	for (uint32_t i = 0; i < NIC_LM_WORDS; i++)
		*nic_me_lm(me, i) = word_at(before + i * 4);
	set_register(3, STORED);
	set_register(4, OLD);
	set_register(5, access->pointer);
	*nic_me_gpr(me, 0, false, JIT_GPR_FRAME) = FRAME_AT;
	nic_me_set_lm_addr(me, 0, 0, FRAME_AT);
	nic_me_set_lm_addr(me, 0, 3, 64);
}

/* Local memory is as it was but for the bytes stored, if any. */
static void
check_memory(const struct access *access, bool is_stored)
{
	uint8_t after[LM_BYTES];

	memcpy(after, before, sizeof(after));
	for (uint32_t i = 0; is_stored && i < access->size; i++)
		after[access->place + i] = (uint8_t)(STORED >> i * 8);
	for (uint32_t i = 0; i < NIC_LM_WORDS; i++)
		if (*nic_me_lm(me, i) != word_at(after + i * 4))
			fail_msg("%u bytes, frame of %u, place %u: word %u is %#x, not %#x",
				access->size, access->depth, access->place - FRAME_AT, i,
				*nic_me_lm(me, i), word_at(after + i * 4));
}

static void
check_loaded(const struct access *access, bool has_zext)
{
	uint64_t expected = masked(STORED, access->size);

	if (access->size < 8 && !has_zext)
		expected |= OLD & ~UINT64_C(0xffffffff);
	if (register_value(4) != expected)
		fail_msg("%u bytes, frame of %u, place %u: loaded %#llx, not %#llx", access->size,
			access->depth, access->place - FRAME_AT,
			(unsigned long long)register_value(4), (unsigned long long)expected);
}

static void
check_access(const struct access *access, bool has_zext)
{
	struct jit_prog *prog = program_of(access, has_zext);
	struct program_words words;
	uint32_t findings;

	reset(access);
	program_begin(&words, prog);
	program_emit(&words, 0);
	program_emit(&words, 1);
	run(&words);
	check_memory(access, true);
	check_loaded(access, has_zext);
	assert_int_equal(register_value(3), STORED);
	assert_int_equal(*nic_me_gpr(me, 0, false, JIT_GPR_FRAME), FRAME_AT);
	jit_prog_findings(prog, &findings);
	assert_int_equal(findings, 0);
	jit_prog_free(prog);
}

/* ---- known pointers ---- */

static void
what_is_stored_in_a_frame_is_loaded_and_nothing_else_changes(void **state)
{
	uint32_t cnt = 0;

	(void)state;
	for (uint32_t depth = 4; depth <= STACK_MAX; depth += depth < 128 ? 4 : 12)
		for (uint32_t size = 1; size <= 8; size *= 2)
			for (uint32_t at = 0; at + size <= depth; at++, cnt++) {
				struct access access = { size, depth, (int32_t)at - (int32_t)depth,
					"", 0, FRAME_AT + at };

				check_access(&access, cnt % 2 != 0);
			}
	print_message("%u accesses\n", cnt);
	assert_true(cnt > 10000);
}

/* The verifier's depth is rounded up to words. */
static void
a_frame_has_whole_words(void **state)
{
	(void)state;
	for (uint32_t depth = 1; depth <= 65; depth++) {
		uint32_t place = FRAME_AT + (depth + 3) / 4 * 4 - 1;
		struct access access = { 1, depth, -1, "", 0, place };

		check_access(&access, true);
	}
}

/* ---- a pointer in a register ---- */

/* Its place in the word is known from the last visit; the pointer itself is elsewhere. */
static void
a_pointer_that_differs_on_paths_is_followed(void **state)
{
	(void)state;
	for (uint32_t size = 1; size <= 8; size *= 2)
		for (uint32_t at = 0; at + size <= 128; at++)
			for (int32_t off = 0; off <= 300; off += 150) {
				char facts[64];
				struct access access = { .size = size,
					.depth = 128,
					.off = off,
					.facts = facts,
					.pointer = FRAME_AT + at - (uint32_t)off,
					.place = FRAME_AT + at };

				/* 64 bytes away from where it was then */
				snprintf(facts, sizeof(facts), " notconst off=%d",
					(int32_t)at - 128 - off + (at < 64 ? 64 : -64));
				check_access(&access, at % 2 != 0);
			}
}

/* The offset of an outer frame's pointer is counted from that frame's end. */
static struct access
outer_access(uint32_t size, uint32_t at, uint32_t depth, char facts[64])
{
	snprintf(facts, 64, " outer off=%d", (int32_t)at - 64);
	return (struct access){ size, depth, 0, facts, FRAME_AT - 64 + at, FRAME_AT - 64 + at };
}

static void
an_outer_frame_no_deeper_than_the_own_is_accessed(void **state)
{
	char facts[64];

	(void)state;
	for (uint32_t size = 1; size <= 8; size *= 2)
		for (uint32_t at = 0; at < 64; at += size) {
			struct access access = outer_access(size, at, 64, facts);

			check_access(&access, at % 2 != 0);
		}
}

/* Whole words of one below it, too. */
static void
words_of_an_outer_frame_below_are_accessed(void **state)
{
	char facts[64];

	(void)state;
	for (uint32_t size = 4; size <= 8; size += 4)
		for (uint32_t at = 0; at < 64; at += size) {
			struct access access = outer_access(size, at, 4, facts);

			check_access(&access, at % 8 != 0);
		}
}

/* One of the two instructions; -errno of its translation, and what it found. */
static int
translate_one(const struct access *access, uint32_t slot, bool *is_found)
{
	struct jit_prog *prog = program_of(access, false);
	struct program_words words;

	reset(access);
	program_begin(&words, prog);
	program_emit(&words, slot);
	*is_found = program_has_finding(prog, JIT_RULE_QUIRK_STACK_OUTER, (int32_t)slot);
	if (words.out.err == 0)
		run(&words);
	jit_prog_free(prog);
	return words.out.err;
}

/* C's remainder of a negative offset is negative: the driver refuses, or goes on with it. */
static void
an_outer_frame_below_is_the_drivers_quirk(void **state)
{
	char facts[64];
	bool is_found;

	(void)state;
	for (uint32_t size = 1; size <= 2; size++)
		for (uint32_t at = 0; at < 60; at += size) {
			struct access access = outer_access(size, at, 4, facts);
			bool is_refused = size == 1 && (at % 4 == 1 || at % 4 == 2);
			int err = is_refused ? -EOPNOTSUPP : 0;
			uint64_t loaded = before[access.place - (at % 4 == 3 ? 2 : 0)];

			/* byte 3 is taken 8 bits up, so byte 1 is what comes */
			if (size == 2)
				loaded |= (uint64_t)before[access.place + 1] << 8;
			assert_int_equal(translate_one(&access, 1, &is_found), err);
			assert_int_equal(is_found, size == 1 && at % 4 == 3);
			if (err == 0)
				assert_int_equal((uint32_t)register_value(4), loaded);

			assert_int_equal(translate_one(&access, 0, &is_found), err);
			assert_int_equal(is_found, !is_refused && at % 4 != 0);
			if (err == 0) /* of a quirk, nothing is stored */
				check_memory(&access, !is_found);
		}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_stored_in_a_frame_is_loaded_and_nothing_else_changes),
		cmocka_unit_test(a_frame_has_whole_words),
		cmocka_unit_test(a_pointer_that_differs_on_paths_is_followed),
		cmocka_unit_test(an_outer_frame_no_deeper_than_the_own_is_accessed),
		cmocka_unit_test(words_of_an_outer_frame_below_are_accessed),
		cmocka_unit_test(an_outer_frame_below_is_the_drivers_quirk),
	};

	return cmocka_run_group_tests(tests, begin_with_memory, end);
}
