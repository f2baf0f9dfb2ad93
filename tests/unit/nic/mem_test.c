/* SPDX-License-Identifier: BSD-2-Clause */
/* Memories: addresses and their bounds, byte orders, the atomic engine. */
#include "nic/nic.h"
#include "tests/_cmocka.h"
#include "tests/unit/nic/random.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>

#define EMEM_BYTES 4096u
#define EMEM ((uint64_t)NIC_ISLAND_EMEM << NIC_ISLAND_SHIFT)
#define IMEM ((uint64_t)NIC_ISLAND_IMEM << NIC_ISLAND_SHIFT)

static struct nic_mem *mem;
static uint32_t in[NIC_XFERS], out[NIC_XFERS];

static int
new_mem(void **state)
{
	(void)state;
	mem = nic_mem_new(EMEM_BYTES);
	memset(in, 0, sizeof(in));
	memset(out, 0, sizeof(out));
	return mem ? 0 : -1;
}

static int
free_mem(void **state)
{
	(void)state;
	nic_mem_free(mem);
	return 0;
}

static const struct nic_command *
named(enum nic_target target, const char *name)
{
	for (size_t i = 0; i < nic_command_cnt; i++)
		if (nic_commands[i].target == target && !strcmp(nic_commands[i].name, name))
			return &nic_commands[i];
	fail_msg("no command %s", name);
	return NULL;
}

static const char *
try(const char *name, uint64_t address, uint32_t units, const uint16_t *data)
{
	struct nic_access access = { .command = named(NIC_TARGET_MEM, name),
		.address = address,
		.units = units,
		.xfer = 2,
		.in = in,
		.out = out,
		.has_data = data != NULL,
		.data = data ? *data : 0 };

	return nic_mem_access(mem, &access);
}

static void
run(const char *name, uint64_t address, uint32_t units)
{
	const char *reason = try(name, address, units, NULL);

	if (reason)
		fail_msg("%s: %s", name, reason);
}

static void
run_imm(const char *name, uint64_t address, uint16_t data)
{
	const char *reason = try(name, address, 1, &data);

	if (reason)
		fail_msg("%s: %s", name, reason);
}

static void
every_memory_ends_where_it_ends(void **state)
{
	static const struct {
		enum nic_target target;
		uint64_t start, bytes;
	} memories[] = {
		{ NIC_TARGET_MEM, EMEM, EMEM_BYTES },
		{ NIC_TARGET_MEM, IMEM, NIC_IMEM_BYTES },
		{ NIC_TARGET_MEM, 0, NIC_CTM_BYTES },
		{ NIC_TARGET_CLS, 0, NIC_CLS_BYTES },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(memories) / sizeof(memories[0]); i++) {
		const enum nic_target target = memories[i].target;
		const uint64_t start = memories[i].start, bytes = memories[i].bytes;

		assert_non_null(nic_mem_at(mem, target, start, bytes));
		assert_non_null(nic_mem_at(mem, target, start + bytes - 1, 1));
		assert_non_null(nic_mem_at(mem, target, start + bytes, 0));
		assert_null(nic_mem_at(mem, target, start + bytes - 1, 2));
		assert_null(nic_mem_at(mem, target, start, bytes + 1));
		assert_null(nic_mem_at(mem, target, start, UINT64_MAX));
	}
	/* which cache it goes through does not matter; what is above 40 bits does */
	assert_ptr_equal(nic_mem_at(mem, NIC_TARGET_MEM, EMEM | UINT64_C(2) << 38, 1),
		nic_mem_at(mem, NIC_TARGET_MEM, EMEM, 1));
	assert_null(nic_mem_at(mem, NIC_TARGET_MEM, EMEM | UINT64_C(1) << 40, 1));
	assert_null(nic_mem_at(mem, NIC_TARGET_MEM, UINT64_C(33) << NIC_ISLAND_SHIFT, 1));
	assert_null(nic_mem_at(mem, NIC_TARGET_PCIE, 0, 1));
}

static void
a_packet_is_the_callers_buffer(void **state)
{
	const uint64_t at = NIC_PACKET_ADDRESS | 1023u << 16;
	uint8_t frame[64] = { [10] = 0xab };

	(void)state;
	assert_null(nic_mem_at(mem, NIC_TARGET_MEM, at, 1));
	assert_int_equal(nic_mem_set_packet(mem, 1023, frame, sizeof(frame)), 0);
	assert_ptr_equal(nic_mem_at(mem, NIC_TARGET_MEM, at + 10, 1), frame + 10);
	assert_null(nic_mem_at(mem, NIC_TARGET_MEM, at + 60, 5));
	assert_null(nic_mem_at(mem, NIC_TARGET_MEM, at | 1 << 13, 1));
	assert_null(nic_mem_at(mem, NIC_TARGET_MEM, at | 1 << 26, 1));
	run("read8", at + 10, 1);
	assert_int_equal(in[2], 0xab000000);
	assert_int_equal(nic_mem_set_packet(mem, 1023, NULL, 0), 0);
	assert_null(nic_mem_at(mem, NIC_TARGET_MEM, at, 1));
	assert_int_equal(nic_mem_set_packet(mem, 1024, frame, 1), -EINVAL);
	assert_int_equal(nic_mem_set_packet(mem, 0, frame, NIC_PACKET_BYTES_MAX + 1), -EINVAL);
}

static void
reads_have_the_order_of_their_name(void **state)
{
	static const struct {
		const char *name;
		uint32_t units, words[4];
	} cases[] = {
		{ "read32", 3, { 0x01020304, 0x05060708, 0x090a0b0c } },
		{ "read32_swap", 3, { 0x04030201, 0x08070605, 0x0c0b0a09 } },
		{ "read32_le", 2, { 0x05060708, 0x01020304 } },
		{ "read32_swap_le", 2, { 0x08070605, 0x04030201 } },
		{ "read", 1, { 0x01020304, 0x05060708 } },
		{ "read_swap", 1, { 0x04030201, 0x08070605 } },
		{ "read_le", 1, { 0x05060708, 0x01020304 } },
		{ "atomic_read", 1, { 0x01020304 } },
		{ "read8", 6, { 0x01020304, 0x05060000 } },
	};
	uint8_t *at = nic_mem_at(mem, NIC_TARGET_MEM, EMEM + 1, 16);

	(void)state;
	for (uint8_t i = 0; i < 16; i++)
		at[i] = (uint8_t)(i + 1);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		memset(in, 0xff, sizeof(in));
		run(cases[i].name, EMEM + 1, cases[i].units); /* no alignment is asked for */
		for (unsigned int w = 0; w < 4; w++)
			assert_int_equal(in[2 + w], cases[i].words[w] ? cases[i].words[w] : ~0u);
		assert_int_equal(in[1], ~0u);
	}
}

static void
writes_have_the_order_of_their_name(void **state)
{
	static const struct {
		const char *name;
		uint32_t units;
		uint8_t bytes[9];
	} cases[] = {
		{ "write32", 2, { 1, 2, 3, 4, 5, 6, 7, 8, 0xee } },
		{ "write32_swap", 2, { 4, 3, 2, 1, 8, 7, 6, 5, 0xee } },
		{ "write32_le", 2, { 5, 6, 7, 8, 1, 2, 3, 4, 0xee } },
		{ "write", 1, { 1, 2, 3, 4, 5, 6, 7, 8, 0xee } },
		{ "write8", 5, { 1, 2, 3, 4, 5, 0xee, 0xee, 0xee, 0xee } },
		{ "write8_swap", 6, { 4, 3, 2, 1, 8, 7, 0xee, 0xee, 0xee } },
		{ "write8_swap", 1, { 4, 0xee, 0xee, 0xee, 0xee, 0xee, 0xee, 0xee, 0xee } },
	};
	uint8_t *at = nic_mem_at(mem, NIC_TARGET_MEM, IMEM + 3, 9);

	(void)state;
	out[2] = 0x01020304;
	out[3] = 0x05060708;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		memset(at, 0xee, 9);
		run(cases[i].name, IMEM + 3, cases[i].units);
		assert_memory_equal(at, cases[i].bytes, 9);
	}
}

static void
all_lengths_up_to_32_units_are_moved(void **state)
{
	static const char *const names[][2] = { { "write32_swap", "read32_swap" },
		{ "write8", "read8" }, { "write8_swap", "read32_swap" }, { "write", "read" },
		{ "write32_le", "read32_le" } };

	(void)state;
	for (size_t n = 0; n < sizeof(names) / sizeof(names[0]); n++)
		for (uint32_t units = 4; units <= NIC_UNITS_MAX; units += 4) {
			uint32_t unit = named(NIC_TARGET_MEM, names[n][0])->unit;
			uint32_t words = unit * units / 4;

			if (words > NIC_XFERS - 2)
				continue;
			for (uint32_t i = 0; i < words; i++)
				out[2 + i] = (uint32_t)random_bits();
			memset(in, 0, sizeof(in));
			run(names[n][0], EMEM + 100, units);
			run(names[n][1], EMEM + 100,
				unit * units / named(NIC_TARGET_MEM, names[n][1])->unit);
			assert_memory_equal(in + 2, out + 2, 4 * words);
			assert_int_equal(in[2 + words], 0);
		}
}

static uint32_t
emem_word(uint32_t offset)
{
	const uint8_t *at = nic_mem_at(mem, NIC_TARGET_MEM, EMEM + offset, 4);

	return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static void
set_emem(uint32_t offset, uint32_t low, uint32_t high)
{
	out[2] = low;
	out[3] = high;
	run("write32", EMEM + offset, 2);
}

static void
atomics_work_on_big_endian_words(void **state)
{
	static const struct {
		const char *name;
		uint32_t old, data, result;
	} cases[] = {
		{ "atomic_write", 5, 7, 7 },
		{ "set", 0xf0, 0x3c, 0xfc },
		{ "clr", 0xf0, 0x3c, 0xc0 },
		{ "xor", 0xf0, 0x3c, 0xcc },
		{ "add", 0xffffffff, 2, 1 },
		{ "addsat", 0xfffffffe, 5, 0xffffffff },
		{ "addsat", 0xfffffff0, 5, 0xfffffff5 },
		{ "sub", 1, 2, 0xffffffff },
		{ "subsat", 1, 2, 0 },
		{ "subsat", 3, 2, 1 },
	};
	char test[32];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		bool is_assign = !strcmp(cases[i].name, "atomic_write");

		set_emem(8, cases[i].old, 0x1234);
		out[2] = cases[i].data;
		run(cases[i].name, EMEM + 8, 1);
		assert_int_equal(emem_word(8), cases[i].result);
		assert_int_equal(emem_word(12), 0x1234);

		set_emem(8, cases[i].old, 0x1234);
		snprintf(test, sizeof(test), "test_%s", cases[i].name);
		in[2] = 0;
		run_imm(is_assign ? "swap_imm" : strcat(test, "_imm"), EMEM + 8,
			(uint16_t)cases[i].data);
		assert_int_equal(in[2], cases[i].old);
		assert_int_equal(emem_word(8), cases[i].result);
	}
	assert_int_equal(in[3], 0);
}

/* nfp-isa.md 6.4: the low word first. */
static void
wide_atomics_carry_from_the_first_word_to_the_second(void **state)
{
	(void)state;
	set_emem(16, 0xffffffff, 7);
	out[2] = 1;
	out[3] = 2;
	run("add64", EMEM + 16, 1);
	assert_int_equal(emem_word(16), 0);
	assert_int_equal(emem_word(20), 10);
	run_imm("sub64_imm", EMEM + 16, 1);
	assert_int_equal(emem_word(16), 0xffffffff);
	assert_int_equal(emem_word(20), 9);
	in[2] = in[3] = 0;
	run("test_subsat64", EMEM + 16, 1);
	assert_int_equal(in[2], 0xffffffff);
	assert_int_equal(in[3], 9);
	assert_int_equal(emem_word(16), 0xfffffffe);
	assert_int_equal(emem_word(20), 7);
}

static void
what_cannot_be_done_says_why_and_does_nothing(void **state)
{
	const uint16_t data = 1;
	uint8_t *at = nic_mem_at(mem, NIC_TARGET_MEM, EMEM, EMEM_BYTES);
	uint8_t before[EMEM_BYTES];

	(void)state;
	memset(at, 0x5a, EMEM_BYTES);
	memcpy(before, at, EMEM_BYTES);
	memset(out, 0xff, sizeof(out));
	assert_string_equal(try("write32", EMEM + EMEM_BYTES - 4, 2, NULL),
		"there is no memory at the address");
	assert_string_equal(
		try("read32", UINT64_C(5) << 32, 1, NULL), "there is no memory at the address");
	assert_string_equal(try("write32", EMEM, 33, NULL), "a command has 1 to 32 units");
	assert_string_equal(try("write32", EMEM, 0, NULL), "a command has 1 to 32 units");
	assert_string_equal(try("write", EMEM, 32, NULL),
		"the command needs transfer registers beyond the last");
	assert_string_equal(try("meter", EMEM, 1, NULL), "the command is not modelled");
	assert_string_equal(try("add_imm", EMEM, 1, NULL),
		"the command takes immediate data and there is none");
	assert_string_equal(try("add_imm", EMEM, 2, &data),
		"an atomic of 64 bits or with immediate data is about one word");
	assert_string_equal(try("add", EMEM + 2, 1, NULL),
		"the address of an atomic must be a multiple of its size");
	assert_string_equal(try("add64", EMEM + 4, 1, NULL),
		"the address of an atomic must be a multiple of its size");
	assert_memory_equal(at, before, EMEM_BYTES);
	for (unsigned int i = 0; i < NIC_XFERS; i++)
		assert_int_equal(in[i], 0);
}

#define THREADS 4
#define ADDS 100000u

static pthread_barrier_t together;

static void *
add_often(void *arg)
{
	const uint32_t data[NIC_XFERS] = { 1, 0 };
	struct nic_access wide = { .command = named(NIC_TARGET_MEM, "add64"),
		.address = EMEM + 8,
		.units = 1,
		.out = data };
	struct nic_access narrow = wide;

	narrow.command = named(NIC_TARGET_MEM, "add");
	narrow.address = EMEM + 16;
	pthread_barrier_wait(&together);
	for (uint32_t i = 0; i < ADDS; i++) {
		nic_mem_access(mem, &wide);
		nic_mem_access(mem, &narrow);
	}
	return arg;
}

static void
atomics_of_several_threads_lose_nothing(void **state)
{
	pthread_t threads[THREADS];

	(void)state;
	set_emem(8, UINT32_MAX - 10, 0);
	assert_int_equal(pthread_barrier_init(&together, NULL, THREADS), 0);
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, add_often, NULL), 0);
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	pthread_barrier_destroy(&together);
	assert_int_equal(emem_word(8), THREADS * ADDS - 11);
	assert_int_equal(emem_word(12), 1);
	assert_int_equal(emem_word(16), THREADS * ADDS);
}

static void
cls_commands_reach_cls(void **state)
{
	struct nic_access access = { .command = named(NIC_TARGET_CLS, "write_le"),
		.address = NIC_CLS_BYTES - 4,
		.units = 1,
		.in = in,
		.out = out };

	(void)state;
	out[0] = 0x01020304;
	assert_null(nic_mem_access(mem, &access));
	access.command = named(NIC_TARGET_CLS, "read");
	assert_null(nic_mem_access(mem, &access));
	assert_int_equal(in[0], 0x04030201);
	access.command = named(NIC_TARGET_CLS, "test_addsat");
	out[0] = 0xfffffff0;
	assert_null(nic_mem_access(mem, &access));
	assert_int_equal(in[0], 0x04030201);
	assert_int_equal(*nic_mem_at(mem, NIC_TARGET_CLS, NIC_CLS_BYTES - 4, 4), 0xff);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, new_mem, free_mem)
	const struct CMUnitTest tests[] = {
		TEST(every_memory_ends_where_it_ends),
		TEST(a_packet_is_the_callers_buffer),
		TEST(reads_have_the_order_of_their_name),
		TEST(writes_have_the_order_of_their_name),
		TEST(all_lengths_up_to_32_units_are_moved),
		TEST(atomics_work_on_big_endian_words),
		TEST(wide_atomics_carry_from_the_first_word_to_the_second),
		TEST(what_cannot_be_done_says_why_and_does_nothing),
		TEST(atomics_of_several_threads_lose_nothing),
		TEST(cls_commands_reach_cls),
	};

	random_begin();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
