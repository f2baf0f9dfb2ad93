/* SPDX-License-Identifier: BSD-2-Clause */
#include "dpdk-app/parse.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tests/_cmocka.h"

static void
numbers_are_decimal_or_hex(void **state)
{
	uint64_t n;

	(void)state;
	assert_int_equal(parse_u64("0", 0, UINT64_MAX, &n), 0);
	assert_int_equal(n, 0);
	assert_int_equal(parse_u64("18446744073709551615", 0, UINT64_MAX, &n), 0);
	assert_true(n == UINT64_MAX);
	assert_int_equal(parse_u64("0xFf", 0, UINT64_MAX, &n), 0);
	assert_int_equal(n, 255);
	assert_int_equal(parse_u64("010", 0, UINT64_MAX, &n), 0);
	assert_int_equal(n, 10); /* not octal */
}

static void
what_is_no_number_is_refused(void **state)
{
	static const char *const texts[] = { "", " 1", "1 ", "+1", "-1", "1k", "0x", "0xg", "x1",
		"1.5", "0x-1", "0x 1" };
	uint64_t n = 77;

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		assert_int_equal(parse_u64(texts[i], 0, UINT64_MAX, &n), -EINVAL);
	assert_int_equal(n, 77);
}

static void
numbers_outside_of_the_range_are_refused(void **state)
{
	uint64_t n = 77;

	(void)state;
	assert_int_equal(parse_u64("0", 1, 5, &n), -ERANGE);
	assert_int_equal(parse_u64("6", 1, 5, &n), -ERANGE);
	assert_int_equal(parse_u64("18446744073709551616", 0, UINT64_MAX, &n), -ERANGE);
	assert_int_equal(n, 77);
	assert_int_equal(parse_u64("5", 1, 5, &n), 0);
}

static void
hex_takes_blanks_between_bytes_only(void **state)
{
	static const char good[] = " 00 fF\n\tab12 ";
	uint8_t *bytes;
	size_t len;
	size_t bad = 99;

	(void)state;
	assert_int_equal(parse_hex(good, strlen(good), &bytes, &len, &bad), 0);
	assert_int_equal(len, 4);
	assert_memory_equal(bytes, "\x00\xff\xab\x12", 4);
	free(bytes);
	assert_int_equal(parse_hex("0 0", 3, &bytes, &len, &bad), -EINVAL);
	assert_int_equal(bad, 1);
	assert_int_equal(parse_hex("00 1", 4, &bytes, &len, &bad), -EINVAL);
	assert_int_equal(bad, 4);
	assert_int_equal(parse_hex("00,01", 5, &bytes, &len, &bad), -EINVAL);
	assert_int_equal(bad, 2);
	assert_null(bytes);
}

static void
no_hex_is_no_bytes(void **state)
{
	uint8_t *bytes = (uint8_t *)1;
	size_t len = 1;
	size_t bad;

	(void)state;
	assert_int_equal(parse_hex(" \n", 2, &bytes, &len, &bad), 0);
	assert_null(bytes);
	assert_int_equal(len, 0);
}

static void
edit_distance_counts_edits(void **state)
{
	char far[80];

	(void)state;
	assert_int_equal(edit_distance("verdicts", "verdicts"), 0);
	assert_int_equal(edit_distance("verdict", "verdicts"), 1);
	assert_int_equal(edit_distance("kitten", "sitting"), 3);
	assert_int_equal(edit_distance("", "abc"), 3);
	assert_int_equal(edit_distance("abc", ""), 3);
	memset(far, 'x', sizeof(far) - 1);
	far[sizeof(far) - 1] = '\0';
	assert_true(edit_distance("abc", far) > 50);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_are_decimal_or_hex),
		cmocka_unit_test(what_is_no_number_is_refused),
		cmocka_unit_test(numbers_outside_of_the_range_are_refused),
		cmocka_unit_test(hex_takes_blanks_between_bytes_only),
		cmocka_unit_test(no_hex_is_no_bytes),
		cmocka_unit_test(edit_distance_counts_edits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
