/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the commands share: exit statuses, the parsed command line, and how to speak to the user.
 * commands.def and options.def hold the facts; options.c reads them.
 */
#ifndef APP_CMD_H
#define APP_CMD_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "bpf/xb.h"
#include "jit-nfp/jit.h"
#include "nic/card.h"

/* Exit statuses: a contract with scripts. */
enum {
	STATUS_DONE = 0,
	STATUS_REFUSED = 1, /* the program was refused */
	STATUS_USAGE = 2,   /* wrong usage */
	STATUS_INPUT = 3,   /* an input file is missing, unreadable or malformed */
	STATUS_RUNTIME = 4, /* something failed at run time */
};

enum command {
#define COMMAND(id, ...) CMD_##id,
#include "dpdk-app/commands.def"
#undef COMMAND
	CMD_CNT
};

enum option_id {
#define OPTION(field, ...) OPT_##field,
#include "dpdk-app/options.def"
#undef OPTION
	OPT_CNT
};

#define WORDS_MAX 32

/* A repeatable option's arguments. */
struct words {
	unsigned int cnt;
	const char *word[WORDS_MAX];
};

/* The kinds of options.def, and the type of the field in struct options. */
enum option_kind { FLAG, STRING, CHOICE, NUMBER, WORDS };
#define KIND_FLAG bool
#define KIND_STRING const char *
#define KIND_CHOICE const char *
#define KIND_NUMBER uint64_t
#define KIND_WORDS struct words

/* The command line. A field nobody gave is zero; see option_given(). */
struct options {
	enum command command;
	uint64_t given; /* bit OPT_x */
	unsigned int arg_cnt;
	char **args; /* what is no option; in argv */
#define OPTION(field, kind, ...) KIND_##kind field;
#include "dpdk-app/options.def"
#undef OPTION
};

/* A row of options.def. */
struct option_info {
	const char *long_name;
	int short_name; /* 0: none */
	enum option_kind kind;
	size_t offset;	 /* of the field */
	const char *arg; /* name of the argument, NULL for a flag; of a choice, the words */
	const char *help;
	uint64_t min, max;     /* of a number; words at most max times */
	unsigned int commands; /* bit CMD_x */
};

/* A row of commands.def. */
struct command_info {
	const char *name;
	const char *args; /* "OBJECT -i IN.pcap" */
	unsigned int args_min, args_max;
	const char *does;    /* one line */
	const char *example; /* arguments of a command line that works */
	const char *text;    /* a paragraph */
	int (*run)(const struct options *opt);
};

extern const struct option_info option_infos[OPT_CNT];
extern const struct command_info command_infos[CMD_CNT];

/* Parse argv[0] = the command's name, its options and arguments. 0, or -EINVAL and a sentence. */
int options_parse(enum command cmd, int argc, char **argv, struct options *opt, struct xb_log *log);
bool option_given(const struct options *opt, enum option_id id);
/* CMD_CNT when there is none of that name; a near one is then suggested in log (may be NULL). */
enum command command_find(const char *name, struct xb_log *log);
void print_usage(FILE *out);
void print_command_help(FILE *out, enum command cmd);

/* "xoffload: " and the sentence on stderr. */
void complain(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* Every line of a log, likewise; empties it. */
void complain_log(struct xb_log *log);

#define COMMAND(id, ...) int cmd_##id(const struct options *opt);
#include "dpdk-app/commands.def"
#undef COMMAND

#endif
