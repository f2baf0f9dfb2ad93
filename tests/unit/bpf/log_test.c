/* SPDX-License-Identifier: BSD-2-Clause */
#include "bpf/xb.h"
#include "tests/_cmocka.h"

#include <string.h>

static void
grows_and_keeps_everything(void **state)
{
	struct xb_log log = { 0 };

	(void)state;
	for (int i = 0; i < 1000; i++)
		xb_log_add(&log, "%d\n", i % 10);
	assert_int_equal(log.len, 2000);
	assert_int_equal(strlen(xb_log_text(&log)), 2000);
	assert_memory_equal(xb_log_text(&log) + 1990, "5\n6\n7\n8\n9\n", 10);
	xb_log_free(&log);
}

static void
nothing_said_is_an_empty_text(void **state)
{
	struct xb_log log = { 0 };

	(void)state;
	assert_string_equal(xb_log_text(&log), "");
	assert_string_equal(xb_log_text(NULL), "");
	xb_log_add(NULL, "into the void");
	xb_log_free(&log);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(grows_and_keeps_everything),
		cmocka_unit_test(nothing_said_is_an_empty_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
