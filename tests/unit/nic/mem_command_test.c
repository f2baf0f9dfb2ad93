/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Every command of the table that a memory carries out, in every length, against what its name
 * says: nothing here looks at the table's columns but to find the rows. NIC_SEED=N repeats a run.
 */
#include "nic/nic.h"
#include "tests/_cmocka.h"
#include "tests/unit/nic/random.h"

#include <string.h>

#define AT 64u /* where in the memory */
#define BYTES 384u
#define IMEM ((uint64_t)NIC_ISLAND_IMEM << NIC_ISLAND_SHIFT)

static struct nic_mem *mem;
static uint8_t model[BYTES];
static uint32_t in[NIC_XFERS], want_in[NIC_XFERS], out[NIC_XFERS];
static uint16_t imm;

static int
new_mem(void **state)
{
	(void)state;
	mem = nic_mem_new(0);
	return mem ? 0 : -1;
}

static int
free_mem(void **state)
{
	(void)state;
	nic_mem_free(mem);
	return 0;
}

/* ---- what a name says ---- */

static bool
has(const char *name, const char *part)
{
	return strstr(name, part) != NULL;
}

static uint32_t
unit_of(enum nic_target target, const char *name)
{
	if (has(name, "8"))
		return 1;
	return has(name, "32") || has(name, "atomic") || target == NIC_TARGET_CLS ? 4 : 8;
}

/* The byte of memory that goes to bits 31:24 of word 0 comes from here, and so on. */
static uint32_t
byte_of(enum nic_target target, const char *name, uint32_t byte, uint32_t bytes)
{
	bool is_cls = target == NIC_TARGET_CLS;
	bool swaps_bytes = is_cls ? has(name, "_le") : has(name, "_swap");
	bool swaps_words = !is_cls && has(name, "_le");

	if (swaps_words && (byte | 7) < bytes)
		byte ^= 4;
	return swaps_bytes ? byte ^ 3 : byte;
}

static void
model_move(enum nic_target target, const char *name, uint32_t units)
{
	uint32_t bytes = units * unit_of(target, name), words = (bytes + 3) / 4;

	if (has(name, "read"))
		memset(want_in, 0, words * sizeof(want_in[0]));
	/* byte i of the registers, the first in bits 31:24; of a last word not all may be moved */
	for (uint32_t i = 0; i < 4 * words; i++) {
		uint32_t at = byte_of(target, name, i, 4 * words), lo = 24 - i % 4 * 8;

		if (at >= bytes)
			continue;
		if (has(name, "read"))
			want_in[i / 4] |= (uint32_t)model[AT + at] << lo;
		else
			model[AT + at] = (uint8_t)(out[i / 4] >> lo);
	}
}

static uint64_t
model_result(const char *name, uint64_t old, uint64_t data, uint64_t max)
{
	if (has(name, "addsat"))
		return old > max - data ? max : old + data;
	if (has(name, "subsat"))
		return old < data ? 0 : old - data;
	if (has(name, "add"))
		return (old + data) & max;
	if (has(name, "sub"))
		return (old - data) & max;
	if (has(name, "set"))
		return old | data;
	if (has(name, "clr"))
		return old & (data ^ max);
	if (has(name, "xor"))
		return old ^ data;
	return data; /* atomic_write, swap */
}

static uint32_t
get_word(uint32_t at)
{
	return (uint32_t)model[at] << 24 | (uint32_t)model[at + 1] << 16 |
	       (uint32_t)model[at + 2] << 8 | model[at + 3];
}

static void
put_word(uint32_t at, uint32_t value)
{
	for (uint32_t i = 0; i < 4; i++)
		model[at + i] = (uint8_t)(value >> (24 - 8 * i));
}

static void
model_atomic(const char *name, uint32_t units)
{
	bool returns = has(name, "test_") || has(name, "swap"), is_wide = has(name, "64");

	for (uint32_t i = 0; i < units; i++) {
		uint32_t at = AT + 4 * i;
		uint64_t old = get_word(at), data = has(name, "_imm") ? imm : out[i], new;

		if (is_wide) { /* the low word first */
			old |= (uint64_t)get_word(at + 4) << 32;
			data |= has(name, "_imm") ? 0 : (uint64_t)out[1] << 32;
		}
		new = model_result(name, old, data, is_wide ? UINT64_MAX : UINT32_MAX);
		put_word(at, (uint32_t) new);
		if (is_wide)
			put_word(at + 4, (uint32_t)(new >> 32));
		if (returns)
			want_in[i] = (uint32_t)old;
		if (returns && is_wide)
			want_in[1] = (uint32_t)(old >> 32);
	}
}

static bool
is_atomic(enum nic_target target, const char *name)
{
	bool is_move = !strncmp(name, "read", 4) || !strncmp(name, "write", 5);

	return !is_move && !(target == NIC_TARGET_MEM && !strcmp(name, "atomic_read"));
}

/* ---- the rows ---- */

static void
fill(uint8_t *memory)
{
	for (uint32_t i = 0; i < BYTES; i++)
		memory[i] = model[i] = (uint8_t)(random_below(4) ? random_bits() : 0xff);
	for (uint32_t i = 0; i < NIC_XFERS; i++) {
		in[i] = want_in[i] = (uint32_t)random_bits();
		out[i] = (uint32_t)(random_below(4) ? random_bits() : UINT32_MAX);
	}
	imm = (uint16_t)random_bits();
}

static void
check(const struct nic_command *c, uint32_t units)
{
	const uint64_t base = c->target == NIC_TARGET_MEM ? IMEM : 0;
	uint8_t *memory = nic_mem_at(mem, c->target, base, BYTES);
	struct nic_access access = { .command = c,
		.address = base + AT,
		.units = units,
		.in = in,
		.out = out,
		.has_data = has(c->name, "_imm"),
		.data = 0 };
	const char *reason;

	fill(memory);
	access.data = imm;
	reason = nic_mem_access(mem, &access);
	if (is_atomic(c->target, c->name) && units > 1 && (has(c->name, "64") || access.has_data)) {
		assert_string_equal(
			reason, "an atomic of 64 bits or with immediate data is about one word");
		return;
	}
	if (reason)
		fail_msg("%s of %u: %s", c->name, units, reason);
	if (is_atomic(c->target, c->name))
		model_atomic(c->name, units);
	else
		model_move(c->target, c->name, units);
	if (memcmp(memory, model, BYTES))
		fail_msg("%s of %u units: the memory is not what it should be", c->name, units);
	if (memcmp(in, want_in, sizeof(in)))
		fail_msg("%s of %u units: what came is not what it should be", c->name, units);
}

static void
every_command_does_what_its_name_says(void **state)
{
	unsigned int cnt = 0;

	(void)state;
	for (size_t i = 0; i < nic_command_cnt; i++) {
		if (nic_commands[i].does == NIC_DOES_NOTHING)
			continue;
		cnt++;
		for (uint32_t units = 1; units <= NIC_UNITS_MAX; units++)
			for (unsigned int again = 0; again < 5; again++)
				check(&nic_commands[i], units);
	}
	assert_int_equal(cnt, 109);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			every_command_does_what_its_name_says, new_mem, free_mem),
	};

	random_begin();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
