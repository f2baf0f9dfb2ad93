/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * xoffload. The life of a packet under `xoffload run`, and where to read on:
 *
 *   capture --replay.c--> mbuf --flow.c: which worker?--> rx ring of the wire port   (ports.c)
 *                                                              | rte_eth_rx_burst
 *                                  worker.c: the program runs, r0 is a verdict       (verdicts.def)
 *            XDP_DROP: freed   XDP_TX: wire port's tx queue   XDP_PASS: host port's tx queue
 *                                          |                            |
 *            output.c: --tx-out <----------+                            +----> --pass-out
 *            in the order of the capture, with --verdicts; report.c sums up.
 *
 * cmd_run.c puts these together; program.c loads what runs; eal.c starts DPDK. The other commands
 * are a file each and need no DPDK at run time.
 */
#include "dpdk-app/cmd.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int
run_command(enum command cmd, int argc, char **argv)
{
	struct xb_log log = { 0 };
	struct options opt;

	if (options_parse(cmd, argc, argv, &opt, &log) < 0) {
		complain_log(&log);
		return STATUS_USAGE;
	}
	xb_log_free(&log);
	if (opt.help) {
		print_command_help(stdout, cmd);
		return STATUS_DONE;
	}
	return command_infos[cmd].run(&opt);
}

static int
help(int argc, char **argv)
{
	struct xb_log log = { 0 };
	enum command cmd;

	if (argc > 1) {
		complain("help takes one command, there is also '%s'", argv[1]);
		return STATUS_USAGE;
	}
	if (argc == 0) {
		print_usage(stdout);
		return STATUS_DONE;
	}
	cmd = command_find(argv[0], &log);
	if (cmd == CMD_CNT) {
		complain_log(&log);
		return STATUS_USAGE;
	}
	print_command_help(stdout, cmd);
	return STATUS_DONE;
}

static int
version(void)
{
	puts("xoffload " VERSION);
	return STATUS_DONE;
}

/* A standard stream that is closed would give its number to the next file that is opened, and what
 * is said into the stream would be written there. What takes its place fails as it did. */
static void
occupy_standard_streams(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0)
			open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY);
}

/* argv[0] is the first word behind the name of the program. */
static int
run_words(int argc, char **argv)
{
	struct xb_log log = { 0 };
	enum command cmd;

	if (strcmp(argv[0], "help") == 0 || strcmp(argv[0], "--help") == 0 ||
		strcmp(argv[0], "-h") == 0)
		return help(argc - 1, argv + 1);
	if (strcmp(argv[0], "--version") == 0)
		return version();
	cmd = command_find(argv[0], &log);
	if (cmd == CMD_CNT) {
		complain_log(&log);
		complain("xoffload help lists the commands");
		return STATUS_USAGE;
	}
	return run_command(cmd, argc, argv);
}

int
main(int argc, char **argv)
{
	int status;

	occupy_standard_streams();
	if (argc < 2) {
		print_usage(stderr);
		return STATUS_USAGE;
	}
	status = run_words(argc - 1, argv + 1);
	if (fflush(stdout) != 0 || ferror(stdout)) {
		complain("standard output cannot be written");
		return status == STATUS_DONE ? STATUS_RUNTIME : status;
	}
	return status;
}
