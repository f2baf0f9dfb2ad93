/* SPDX-License-Identifier: BSD-2-Clause */
#include "dpdk-app/outfile.h"

#include <errno.h>
#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/_cmocka.h"

static char dir[] = "/tmp/outfile_test.XXXXXX";
static char path[64];

static void
assert_content(const char *want)
{
	char text[64] = "";
	FILE *file = fopen(path, "r");

	assert_non_null(file);
	assert_int_equal(fread(text, 1, sizeof(text) - 1, file), strlen(want));
	assert_string_equal(text, want);
	fclose(file);
}

static size_t
files_in_dir(void)
{
	char pattern[64];
	glob_t found;
	size_t n;

	snprintf(pattern, sizeof(pattern), "%s/*", dir);
	n = glob(pattern, 0, NULL, &found) == 0 ? found.gl_pathc : 0;
	globfree(&found);
	return n;
}

static void
a_file_appears_when_it_is_whole(void **state)
{
	struct outfile out;

	(void)state;
	assert_int_equal(outfile_open(&out, path, NULL, NULL), 0);
	fputs("new", out.file);
	assert_int_equal(access(path, F_OK), -1);
	assert_int_equal(outfile_commit(&out, NULL), 0);
	assert_content("new");
	assert_int_equal(files_in_dir(), 1);
}

static void
what_is_abandoned_leaves_the_old_file(void **state)
{
	struct outfile out;

	(void)state;
	assert_int_equal(outfile_open(&out, path, NULL, NULL), 0);
	fputs("newer", out.file);
	outfile_abandon(&out);
	outfile_abandon(&out);
	assert_int_equal(outfile_commit(&out, NULL), 0);
	assert_content("new");
	assert_int_equal(files_in_dir(), 1);
}

static void
a_full_disk_is_told_and_leaves_nothing(void **state)
{
	struct xb_log log = { 0 };
	struct outfile out;

	(void)state;
	assert_int_equal(outfile_open(&out, "/dev/full", NULL, NULL), 0);
	fputs("x", out.file);
	assert_int_equal(outfile_commit(&out, &log), -ENOSPC);
	assert_string_equal(
		xb_log_text(&log), "/dev/full: cannot be written: No space left on device\n");
	xb_log_free(&log);
	assert_int_equal(access("/dev/full", F_OK), 0);
}

/* The failure comes while writing, not at the end. */
static void
a_disk_that_was_full_before_the_end_is_told_as_such(void **state)
{
	struct outfile out;

	(void)state;
	assert_int_equal(outfile_open(&out, "/dev/full", NULL, NULL), 0);
	for (int i = 0; i < 1000000; i++)
		fputc('x', out.file);
	fflush(out.file);
	assert_true(ferror(out.file));
	assert_int_equal(outfile_commit(&out, NULL), -ENOSPC);
}

/* So that a signal leaves nothing behind; where the file system can. */
static void
a_file_that_is_not_whole_has_no_name(void **state)
{
	struct outfile out;
	size_t before = files_in_dir();

	(void)state;
	assert_int_equal(outfile_open(&out, path, NULL, NULL), 0);
	if (out.is_nameless)
		assert_int_equal(files_in_dir(), before);
	else
		print_message("no O_TMPFILE in %s\n", dir);
	outfile_abandon(&out);
}

static void
a_strangers_file_is_not_taken_for_the_name_in_between(void **state)
{
	struct outfile out;
	char other[96];
	FILE *file;

	(void)state;
	snprintf(other, sizeof(other), "%s.%d-0", path, getpid());
	file = fopen(other, "w");
	assert_non_null(file);
	fclose(file);
	assert_int_equal(outfile_open(&out, path, NULL, NULL), 0);
	fputs("new", out.file);
	assert_int_equal(outfile_commit(&out, NULL), 0);
	assert_content("new");
	assert_int_equal(unlink(other), 0);
	assert_int_equal(files_in_dir(), 1);
}

static void
one_file_under_two_names_is_the_same(void **state)
{
	static const char *const names[] = { "%s/new", "%s/../%s/new", "%s//new", "%s/./new" };
	struct outfile one, two;
	char name[96];

	(void)state;
	snprintf(name, sizeof(name), names[0], dir);
	assert_int_equal(outfile_open(&one, name, NULL, NULL), 0);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(name, sizeof(name), names[i], dir, dir + strlen("/tmp/"));
		assert_int_equal(outfile_open(&two, name, NULL, NULL), 0);
		assert_true(outfile_is_same(&one, &two));
		outfile_abandon(&two);
	}
	assert_int_equal(outfile_open(&two, path, NULL, NULL), 0);
	assert_false(outfile_is_same(&one, &two));
	outfile_abandon(&one);
	assert_false(outfile_is_same(&one, &two));
	outfile_abandon(&two);
	assert_int_equal(outfile_open(&one, "/dev/null", NULL, NULL), 0);
	assert_int_equal(outfile_open(&two, "/dev/null", NULL, NULL), 0);
	assert_false(outfile_is_same(&one, &two)); /* both may be thrown away */
	outfile_abandon(&one);
	outfile_abandon(&two);
}

static void
a_name_that_is_none_is_told_at_once(void **state)
{
	struct outfile out;

	(void)state;
	assert_int_equal(outfile_open(&out, "", NULL, NULL), -ENOENT);
	assert_int_equal(outfile_open(&out, "/nonexistent/", NULL, NULL), -EISDIR);
}

static void
the_input_is_not_overwritten(void **state)
{
	struct xb_log log = { 0 };
	struct outfile out;
	char other[64];
	FILE *in = fopen(path, "r");

	(void)state;
	assert_non_null(in);
	snprintf(other, sizeof(other), "%s/link", dir);
	assert_int_equal(symlink(path, other), 0);
	assert_int_equal(outfile_open(&out, path, in, &log), -EINVAL);
	assert_non_null(strstr(xb_log_text(&log), "is the input"));
	assert_int_equal(outfile_open(&out, other, in, NULL), -EINVAL);
	fclose(in);
	unlink(other);
	assert_content("new");
	xb_log_free(&log);
}

static void
a_directory_that_is_not_there_is_told(void **state)
{
	struct xb_log log = { 0 };
	struct outfile out;

	(void)state;
	assert_int_equal(outfile_open(&out, "/nonexistent/x", NULL, &log), -ENOENT);
	assert_string_equal(xb_log_text(&log),
		"/nonexistent/x: cannot be written: No such file or directory\n");
	xb_log_free(&log);
}

static int
setup(void **state)
{
	(void)state;
	if (mkdtemp(dir) == NULL)
		return -1;
	snprintf(path, sizeof(path), "%s/out", dir);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	unlink(path);
	return rmdir(dir);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_file_appears_when_it_is_whole),
		cmocka_unit_test(what_is_abandoned_leaves_the_old_file),
		cmocka_unit_test(a_full_disk_is_told_and_leaves_nothing),
		cmocka_unit_test(a_disk_that_was_full_before_the_end_is_told_as_such),
		cmocka_unit_test(a_file_that_is_not_whole_has_no_name),
		cmocka_unit_test(a_strangers_file_is_not_taken_for_the_name_in_between),
		cmocka_unit_test(one_file_under_two_names_is_the_same),
		cmocka_unit_test(a_name_that_is_none_is_told_at_once),
		cmocka_unit_test(the_input_is_not_overwritten),
		cmocka_unit_test(a_directory_that_is_not_there_is_told),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
