/* SPDX-License-Identifier: BSD-2-Clause */
/* DPDK's environment. Used by run_setup.c and by tests that need mbufs. */
#include "dpdk-app/eal.h"

#include <errno.h>
#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_lcore.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ARGS_CAP 64
#define MEMORY_MB "512" /* an upper bound: pages are taken when they are touched */

/* The words of EAL's command line, which keeps pointers to them. */
static struct {
	int cnt;
	char *word[ARGS_CAP];
} args;

static int
add(const char *word)
{
	if (args.cnt == ARGS_CAP)
		return -E2BIG;
	args.word[args.cnt] = strdup(word);
	return args.word[args.cnt++] != NULL ? 0 : -ENOMEM;
}

static int
add_words(const char *text)
{
	int ret = 0;

	while (ret == 0 && *(text += strspn(text, " \t\n")) != '\0') {
		size_t len = strcspn(text, " \t\n");
		char *word = strndup(text, len);

		ret = word != NULL ? add(word) : -ENOMEM;
		free(word);
		text += len;
	}
	return ret;
}

/* lcores 0 to n-1, each free to run on any CPU this process may use: there may be fewer CPUs. */
static int
add_lcores(unsigned int lcores)
{
	char text[32 + 5 * CPU_SETSIZE];
	int len = snprintf(text, sizeof(text), "--lcores=(0-%u)@(", lcores - 1);
	cpu_set_t cpus;

	if (sched_getaffinity(0, sizeof(cpus), &cpus) < 0)
		return -errno;
	for (size_t cpu = 0; cpu < CPU_SETSIZE; cpu++)
		if (CPU_ISSET(cpu, &cpus))
			len += snprintf(text + len, sizeof(text) - (size_t)len, "%zu,", cpu);
	text[len - 1] = ')';
	return add(text);
}

static int
make_args(unsigned int lcores, bool verbose, const char *extra)
{
	static const char *const defaults[] = { "xoffload", "--no-huge", "--no-shconf", "--no-pci",
		"--no-telemetry", "-m", MEMORY_MB };
	int ret = 0;

	for (size_t i = 0; ret == 0 && i < sizeof(defaults) / sizeof(defaults[0]); i++)
		ret = add(defaults[i]);
	if (ret == 0)
		ret = add_lcores(lcores);
	if (ret == 0 && !verbose)
		ret = add("--log-level=*:error");
	if (ret == 0 && extra != NULL)
		ret = add_words(extra);
	return ret;
}

/* rte_eal_init() prints its usage on standard output, which is for results. */
static int
init_quietly(void)
{
	char *argv[ARGS_CAP + 1] = { 0 }; /* rte_eal_init() moves them about */
	int out = dup(STDOUT_FILENO);
	int ret;

	memcpy(argv, args.word, sizeof(args.word));
	fflush(stdout);
	if (out >= 0)
		dup2(STDERR_FILENO, STDOUT_FILENO);
	ret = rte_eal_init(args.cnt, argv);
	fflush(stdout);
	if (out >= 0) {
		dup2(out, STDOUT_FILENO);
		close(out);
	}
	return ret;
}

int
eal_start(unsigned int lcores, bool verbose, const char *extra, struct xb_log *log)
{
	int ret = make_args(lcores, verbose, extra);

	if (ret < 0) {
		xb_log_add(log, "DPDK's command line could not be made: %s\n", strerror(-ret));
		return ret;
	}
	if (init_quietly() < 0) {
		xb_log_add(log, "DPDK could not start: %s%s%s\n", rte_strerror(rte_errno),
			extra != NULL ? "; is --eal right? " : "", extra != NULL ? extra : "");
		return -(rte_errno ? rte_errno : EINVAL);
	}
	if (rte_lcore_count() < lcores) {
		xb_log_add(log, "DPDK gives %u lcores, --lcores wants %u; is --eal right?\n",
			rte_lcore_count(), lcores);
		return -EINVAL;
	}
	return 0;
}

void
eal_stop(void)
{
	rte_eal_cleanup();
	while (args.cnt > 0)
		free(args.word[--args.cnt]);
}
