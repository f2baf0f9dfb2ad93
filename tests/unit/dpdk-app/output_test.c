/* SPDX-License-Identifier: BSD-2-Clause */
#include "dpdk-app/output.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/_cmocka.h"

static char path[] = "/tmp/output_test.XXXXXX";
static struct output out;
static struct ports no_ports;

static void
open_it(void)
{
	struct options opt = { .verdicts = path };
	struct output_opts opts = { 0 };

	assert_int_equal(output_open(&out, &opt, &opts, NULL), 0);
}

static void
decide(uint64_t seq)
{
	struct pkt_info info = { .seq = seq, .index = seq + 1000 };

	output_decide(&out, &info, (enum code)(seq % CODE_CNT), (uint32_t)seq * 7, seq % 2 == 0);
}

/* The file is in the order of seq and says of each what was decided. */
static void
assert_written(uint64_t cnt)
{
	FILE *file = fopen(path, "r");
	unsigned long index;
	unsigned int len;
	char name[32];

	assert_non_null(file);
	for (uint64_t seq = 0; seq < cnt; seq++) {
		assert_int_equal(fscanf(file, "%lu\t%31s\t%u\n", &index, name, &len), 3);
		assert_int_equal(index, seq + 1000);
		assert_string_equal(name, code_infos[seq % CODE_CNT].name);
		assert_int_equal(len, (uint32_t)seq * 7);
	}
	assert_int_equal(fgetc(file), EOF);
	fclose(file);
}

static void
packets_are_written_in_the_order_they_came(void **state)
{
	enum { ROUNDS = 5 };

	(void)state;
	open_it();
	for (uint64_t round = 0; round < ROUNDS; round++) {
		uint64_t first = round * WINDOW;

		assert_int_equal(output_room(&out), WINDOW);
		out.next += WINDOW;
		assert_int_equal(output_room(&out), 0);
		/* All but the first, from the last on: nothing can be written. */
		for (uint64_t i = WINDOW - 1; i > 0; i--)
			decide(first + i);
		output_write(&out, &no_ports, 1);
		assert_int_equal(output_room(&out), 0);
		decide(first);
		output_write(&out, &no_ports, 1);
	}
	assert_int_equal(output_commit(&out, NULL), 0);
	assert_written(ROUNDS * WINDOW);
}

static void
what_is_undecided_holds_back_what_follows(void **state)
{
	(void)state;
	open_it();
	out.next = 3;
	decide(0);
	decide(2);
	output_write(&out, &no_ports, 1);
	assert_int_equal(out.head, 1);
	assert_int_equal(output_room(&out), WINDOW - 2);
	assert_int_equal(output_commit(&out, NULL), 0);
	assert_written(1);
}

static void
nothing_wanted_is_no_window(void **state)
{
	struct options opt = { 0 };
	struct output_opts opts = { 0 };

	(void)state;
	assert_int_equal(output_open(&out, &opt, &opts, NULL), 0);
	assert_null(out.slots);
	out.next = 10 * WINDOW;
	assert_true(output_room(&out) >= BURST);
	output_abandon(&out);
}

static int
setup(void **state)
{
	int fd = mkstemp(path);

	(void)state;
	return fd < 0 ? -1 : close(fd);
}

static int
teardown(void **state)
{
	(void)state;
	return unlink(path);
}

static void
with_a_program_behind_the_card_a_verdict_says_whose_it_is(void **state)
{
	struct options opt = { .verdicts = path };
	struct output_opts opts = { .tells_place = true };
	char line[64];
	FILE *file;

	(void)state;
	assert_int_equal(output_open(&out, &opt, &opts, NULL), 0);
	decide(0);
	decide(1);
	output_write(&out, &no_ports, 1);
	assert_int_equal(output_commit(&out, NULL), 0);
	file = fopen(path, "r");
	assert_non_null(file);
	assert_non_null(fgets(line, sizeof(line), file));
	assert_string_equal(line, "1000\tXDP_ABORTED\t0\thost\n");
	assert_non_null(fgets(line, sizeof(line), file));
	assert_string_equal(line, "1001\tXDP_DROP\t7\tcard\n");
	fclose(file);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(packets_are_written_in_the_order_they_came),
		cmocka_unit_test(what_is_undecided_holds_back_what_follows),
		cmocka_unit_test(nothing_wanted_is_no_window),
		cmocka_unit_test(with_a_program_behind_the_card_a_verdict_says_whose_it_is),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
