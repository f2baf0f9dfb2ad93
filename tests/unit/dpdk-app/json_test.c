/* SPDX-License-Identifier: BSD-2-Clause */
#include "dpdk-app/json.h"

#include <string.h>

#include "tests/_cmocka.h"

static void
assert_text(const char *text, const char *want)
{
	json_t *json = json_text(text);

	assert_non_null(json);
	assert_string_equal(json_string_value(json), want);
	json_decref(json);
}

static void
utf8_stays_as_it_is(void **state)
{
	(void)state;
	assert_text("", "");
	assert_text("a.o", "a.o");
	assert_text("caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x90\x9d",
		"caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x90\x9d");
	assert_true(json_is_null(json_text(NULL)));
}

#define FFFD "\xef\xbf\xbd"

static void
what_is_not_utf8_becomes_a_sign_of_it(void **state)
{
	(void)state;
	assert_text("x\xff.o", "x" FFFD ".o");
	assert_text("\xff\xfe", FFFD FFFD);
	assert_text("caf\xe9", "caf" FFFD);
	assert_text("\xc3\xa9\xc3", "\xc3\xa9" FFFD);
	assert_text("\xed\xa0\x80", FFFD FFFD FFFD); /* half a surrogate pair */
	assert_text("\xc0\x80", FFFD FFFD);	     /* overlong */
	assert_text("\xf0\x9f\x90", FFFD FFFD FFFD);
}

static void
nothing_to_print_is_an_error(void **state)
{
	FILE *null = fopen("/dev/null", "w");

	(void)state;
	assert_int_equal(json_print(json_object(), null), 0);
	assert_int_not_equal(json_print(NULL, null), 0);
	fclose(null);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(utf8_stays_as_it_is),
		cmocka_unit_test(what_is_not_utf8_becomes_a_sign_of_it),
		cmocka_unit_test(nothing_to_print_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
