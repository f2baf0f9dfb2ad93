/* SPDX-License-Identifier: BSD-2-Clause */
/* The command line, read by getopt_long() as options.def and commands.def say. Used by main.c. */
#include "dpdk-app/cmd.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "dpdk-app/parse.h"

#define IN(command) (1u << CMD_##command)
#define LONG_ONLY 256 /* getopt's value of an option without a short name: this plus its id */

const struct command_info command_infos[CMD_CNT] = {
#define COMMAND(id, args, min, max, does, example, text)                                           \
	[CMD_##id] = { #id, args, min, max, does, example, text, cmd_##id },
#include "dpdk-app/commands.def"
#undef COMMAND
};

const struct option_info option_infos[OPT_CNT] = {
#define OPTION(field, kind, short_name, long_name, arg, min, max, commands, help)                  \
	[OPT_##field] = { long_name, short_name, kind, offsetof(struct options, field), arg, help, \
		min, max, commands },
#include "dpdk-app/options.def"
#undef OPTION
};

/* What getopt_long() wants to know of one command's options. */
struct getopt_tables {
	char shorts[2 * OPT_CNT + 2];
	struct option longs[OPT_CNT + 1];
};

static int
option_value(enum option_id id)
{
	return option_infos[id].short_name ? option_infos[id].short_name : LONG_ONLY + (int)id;
}

static void
make_tables(enum command cmd, struct getopt_tables *t)
{
	char *s = t->shorts;
	struct option *l = t->longs;

	*s++ = ':'; /* tell a missing argument from an unknown option */
	for (int id = 0; id < OPT_CNT; id++) {
		const struct option_info *info = &option_infos[id];

		if (!(info->commands & 1u << cmd))
			continue;
		*l++ = (struct option){ info->long_name, info->arg != NULL, NULL,
			option_value((enum option_id)id) };
		if (info->short_name) {
			*s++ = (char)info->short_name;
			if (info->arg != NULL)
				*s++ = ':';
		}
	}
	*s = '\0';
	*l = (struct option){ 0 };
}

/* A short name may be another option's of another command. */
static const struct option_info *
find_value(enum command cmd, int value)
{
	for (int id = 0; id < OPT_CNT; id++)
		if (option_infos[id].commands & 1u << cmd &&
			option_value((enum option_id)id) == value)
			return &option_infos[id];
	return NULL;
}

bool
option_given(const struct options *opt, enum option_id id)
{
	return opt->given >> id & 1;
}

static int
set_number(const struct option_info *info, const char *arg, uint64_t *out, struct xb_log *log)
{
	switch (parse_u64(arg, info->min, info->max, out)) {
	case 0: return 0;
	case -ERANGE:
		xb_log_add(log, "--%s %s: out of range, it takes %" PRIu64 " to %" PRIu64 "\n",
			info->long_name, arg, info->min, info->max);
		return -EINVAL;
	default: xb_log_add(log, "--%s %s: not a number\n", info->long_name, arg); return -EINVAL;
	}
}

/* Is arg one of the words of "a|b|c"? */
static int
set_choice(const struct option_info *info, const char *arg, const char **out, struct xb_log *log)
{
	size_t len = strlen(arg);

	for (const char *word = info->arg; word != NULL; word = strchr(word, '|')) {
		word += *word == '|';
		if (len == strcspn(word, "|") && memcmp(word, arg, len) == 0) {
			*out = arg;
			return 0;
		}
	}
	xb_log_add(log, "--%s %s: it takes one of %s\n", info->long_name, arg, info->arg);
	return -EINVAL;
}

static int
set_word(const struct option_info *info, const char *arg, struct words *words, struct xb_log *log)
{
	if (words->cnt == info->max) {
		xb_log_add(log, "--%s may be given %" PRIu64 " times, not more\n", info->long_name,
			info->max);
		return -EINVAL;
	}
	words->word[words->cnt++] = arg;
	return 0;
}

static int
set_option(struct options *opt, const struct option_info *info, const char *arg, struct xb_log *log)
{
	void *field = (char *)opt + info->offset;

	opt->given |= UINT64_C(1) << (info - option_infos);
	switch (info->kind) {
	case FLAG: *(bool *)field = true; return 0;
	case STRING: *(const char **)field = arg; return 0;
	case CHOICE: return set_choice(info, arg, field, log);
	case NUMBER: return set_number(info, arg, field, log);
	case WORDS: return set_word(info, arg, field, log);
	}
	return -EINVAL;
}

/* A third of a word may be wrong. */
static bool
is_near(const char *typed, const char *name)
{
	return edit_distance(typed, name) <= (strlen(name) + 2) / 3;
}

static int
unknown_option(enum command cmd, const char *typed, struct xb_log *log)
{
	char name[64];

	snprintf(name, sizeof(name), "%.*s", (int)strcspn(typed, "="), typed);
	xb_log_add(log, "%s: no option %s", command_infos[cmd].name, name);
	for (int id = 0; id < OPT_CNT; id++)
		if (option_infos[id].commands & 1u << cmd && strncmp(name, "--", 2) == 0 &&
			is_near(name + 2, option_infos[id].long_name)) {
			xb_log_add(log, ", did you mean --%s?", option_infos[id].long_name);
			break;
		}
	xb_log_add(log, "\n");
	return -EINVAL;
}

static int
check_args(struct options *opt, int argc, char **argv, struct xb_log *log)
{
	const struct command_info *info = &command_infos[opt->command];

	opt->args = argv;
	for (int i = 0; i < argc; i++) {
		/* Runners of conformance suites hand over an empty string for "no options". */
		if (i > 0 && argv[i][0] == '\0' && opt->command == CMD_exec)
			continue;
		if (opt->arg_cnt == info->args_max) {
			xb_log_add(log, "%s: what is '%s'? usage: xoffload %s %s\n", info->name,
				argv[i], info->name, info->args);
			return -EINVAL;
		}
		opt->args[opt->arg_cnt++] = argv[i];
	}
	if (opt->arg_cnt < info->args_min && !opt->help) {
		xb_log_add(log, "usage: xoffload %s %s; see xoffload %s --help\n", info->name,
			info->args, info->name);
		return -EINVAL;
	}
	return 0;
}

int
options_parse(enum command cmd, int argc, char **argv, struct options *opt, struct xb_log *log)
{
	struct getopt_tables tables;
	const struct option_info *info;
	int value;

	*opt = (struct options){ .command = cmd };
	make_tables(cmd, &tables);
	opterr = 0;
	optind = 0; /* glibc: begin anew */
	while ((value = getopt_long(argc, argv, tables.shorts, tables.longs, NULL)) != -1) {
		info = find_value(cmd, value == ':' || value == '?' ? optopt : value);
		if (value == ':') {
			xb_log_add(log, "%s needs an argument, %s\n", argv[optind - 1],
				info != NULL ? info->arg : "");
			return -EINVAL;
		}
		if (value == '?' && info != NULL && strncmp(argv[optind - 1], "--", 2) == 0) {
			xb_log_add(log, "--%s takes no argument\n", info->long_name);
			return -EINVAL;
		}
		if (value == '?' && optopt != 0) {
			char typed[] = { '-', (char)optopt, '\0' };

			return unknown_option(cmd, typed, log);
		}
		if (value == '?')
			return unknown_option(cmd, argv[optind - 1], log);
		if (set_option(opt, info, optarg, log) < 0)
			return -EINVAL;
	}
	return check_args(opt, argc - optind, argv + optind, log);
}

enum command
command_find(const char *name, struct xb_log *log)
{
	for (int i = 0; i < CMD_CNT; i++)
		if (strcmp(name, command_infos[i].name) == 0)
			return (enum command)i;
	xb_log_add(log, "no command '%s'", name);
	for (int i = 0; i < CMD_CNT; i++)
		if (is_near(name, command_infos[i].name)) {
			xb_log_add(log, ", did you mean %s?", command_infos[i].name);
			break;
		}
	xb_log_add(log, "\n");
	return CMD_CNT;
}
