/* SPDX-License-Identifier: BSD-2-Clause */
#include "dpdk-app/cmd.h"

#include <errno.h>
#include <string.h>

#include "tests/_cmocka.h"

#define ARGV_MAX 16

/* The words of a command line, as a shell without quotes splits them; "''" is an empty word. */
static int
parse(enum command cmd, const char *line, struct options *opt, struct xb_log *log)
{
	static char words[256];
	static char *argv[ARGV_MAX + 1]; /* opt.args are in it */
	int argc = 0;

	*log = (struct xb_log){ 0 };
	snprintf(words, sizeof(words), "%s", line);
	for (char *word = strtok(words, " "); word != NULL; word = strtok(NULL, " ")) {
		assert_true(argc < ARGV_MAX);
		argv[argc++] = strcmp(word, "''") == 0 ? word + 2 : word;
	}
	argv[argc] = NULL;
	return options_parse(cmd, argc, argv, opt, log);
}

static void
assert_refused(enum command cmd, const char *line, const char *sentence)
{
	struct options opt;
	struct xb_log log;

	assert_int_equal(parse(cmd, line, &opt, &log), -EINVAL);
	if (strstr(xb_log_text(&log), sentence) == NULL)
		fail_msg("'%s' says '%s', not '%s'", line, xb_log_text(&log), sentence);
	xb_log_free(&log);
}

static void
options_and_arguments_may_be_mixed(void **state)
{
	struct options opt;
	struct xb_log log;

	(void)state;
	assert_int_equal(parse(CMD_run,
				 "run -i in.pcap prog.o --lcores=3 -p f --json --vdev a --vdev b "
				 "--mode xdpgeneric",
				 &opt, &log),
		0);
	assert_string_equal(opt.in, "in.pcap");
	assert_string_equal(opt.args[0], "prog.o");
	assert_int_equal(opt.arg_cnt, 1);
	assert_int_equal(opt.lcores, 3);
	assert_string_equal(opt.program, "f");
	assert_true(opt.json);
	assert_false(opt.maps);
	assert_int_equal(opt.vdev.cnt, 2);
	assert_string_equal(opt.vdev.word[1], "b");
	assert_string_equal(opt.mode, "xdpgeneric");
	assert_true(option_given(&opt, OPT_lcores));
	assert_false(option_given(&opt, OPT_count));
	xb_log_free(&log);
}

static void
a_second_parse_remembers_nothing(void **state)
{
	struct options opt;
	struct xb_log log;

	(void)state;
	assert_int_equal(parse(CMD_gen, "gen a --count 5 --seed 0", &opt, &log), 0);
	assert_true(option_given(&opt, OPT_seed));
	assert_int_equal(parse(CMD_gen, "gen b", &opt, &log), 0);
	assert_string_equal(opt.args[0], "b");
	assert_int_equal(opt.given, 0);
}

static void
wrong_usage_is_named(void **state)
{
	(void)state;
	assert_refused(
		CMD_run, "run x --verdcts f", "no option --verdcts, did you mean --verdicts?");
	assert_refused(CMD_run, "run x --source", "no option --source"); /* dump's */
	assert_refused(CMD_run, "run x -z", "no option -z");
	assert_refused(CMD_run, "run x --filter", "--filter needs an argument, EXPR");
	assert_refused(CMD_run, "run x -i", "-i needs an argument, FILE");
	assert_refused(CMD_run, "run x --json=1", "--json takes no argument");
	assert_refused(CMD_run, "run x --lcores 0", "--lcores 0: out of range, it takes 1 to 16");
	assert_refused(CMD_run, "run x --lcores two", "--lcores two: not a number");
	assert_refused(CMD_run, "run x -m hw", "it takes one of auto|xdpoffload|xdpdrv|xdpgeneric");
	assert_refused(CMD_run, "run x -m xdp", "it takes one of");
	assert_refused(CMD_run, "run x --vdev a --vdev b --vdev c", "2 times, not more");
	assert_refused(CMD_run, "run", "usage: xoffload run OBJECT -i IN.pcap");
	assert_refused(CMD_run, "run a b", "what is 'b'?");
	assert_refused(CMD_exec, "exec 00 --elf x", "what is 'x'?");
}

static void
a_runner_may_pass_empty_words_to_exec(void **state)
{
	struct options opt;
	struct xb_log log;

	(void)state;
	assert_int_equal(parse(CMD_exec, "exec 0102 ''", &opt, &log), 0);
	assert_int_equal(opt.arg_cnt, 1);
	assert_string_equal(opt.args[0], "0102");
	assert_int_equal(parse(CMD_exec, "exec '' --elf", &opt, &log), 0);
	assert_true(opt.elf);
	assert_string_equal(opt.args[0], "");
}

static void
commands_are_found_and_suggested(void **state)
{
	struct xb_log log = { 0 };

	(void)state;
	assert_int_equal(command_find("exec", &log), CMD_exec);
	assert_string_equal(xb_log_text(&log), "");
	assert_int_equal(command_find("dmup", &log), CMD_CNT);
	assert_string_equal(xb_log_text(&log), "no command 'dmup', did you mean dump?\n");
	xb_log_free(&log);
	log = (struct xb_log){ 0 };
	assert_int_equal(command_find("frobnicate", &log), CMD_CNT);
	assert_string_equal(xb_log_text(&log), "no command 'frobnicate'\n");
	xb_log_free(&log);
}

/* The table itself: getopt would take the first of two, silently. */
static void
no_two_options_of_a_command_share_a_name(void **state)
{
	(void)state;
	for (int a = 0; a < OPT_CNT; a++) {
		assert_true(option_infos[a].commands != 0);
		assert_true(option_infos[a].help[0] != '\0');
		for (int b = 0; b < a; b++) {
			assert_string_not_equal(
				option_infos[a].long_name, option_infos[b].long_name);
			if (option_infos[a].short_name &&
				option_infos[a].commands & option_infos[b].commands)
				assert_int_not_equal(
					option_infos[a].short_name, option_infos[b].short_name);
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(options_and_arguments_may_be_mixed),
		cmocka_unit_test(a_second_parse_remembers_nothing),
		cmocka_unit_test(wrong_usage_is_named),
		cmocka_unit_test(a_runner_may_pass_empty_words_to_exec),
		cmocka_unit_test(commands_are_found_and_suggested),
		cmocka_unit_test(no_two_options_of_a_command_share_a_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
