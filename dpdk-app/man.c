/* SPDX-License-Identifier: BSD-2-Clause */
/* Prints xoffload(1) as roff, from commands.def and options.def. A program of the build only. */
#include "dpdk-app/cmd.h"

#define IN(command) (1u << CMD_##command)

static const struct {
	const char *name, *args, *does, *example, *text;
} commands[CMD_CNT] = {
#define COMMAND(id, args, min, max, does, example, text)                                           \
	[CMD_##id] = { #id, args, does, example, text },
#include "dpdk-app/commands.def"
#undef COMMAND
};

static const struct {
	char short_name;
	const char *long_name, *arg, *help;
	unsigned int commands;
} options[OPT_CNT] = {
#define OPTION(field, kind, short_name, long_name, arg, min, max, cmds, help)                      \
	[OPT_##field] = { short_name, long_name, arg, help, cmds },
#include "dpdk-app/options.def"
#undef OPTION
};

static const struct {
	int status;
	const char *means;
} statuses[] = {
	{ STATUS_DONE, "done" },
	{ STATUS_REFUSED, "the program was refused" },
	{ STATUS_USAGE, "wrong usage" },
	{ STATUS_INPUT, "an input file is missing, unreadable or malformed" },
	{ STATUS_RUNTIME, "something failed at run time" },
};

/* Text with what roff would take as its own escaped. */
static void
put_text(const char *text)
{
	if (*text == '.' || *text == '\'')
		fputs("\\&", stdout);
	for (; *text != '\0'; text++) {
		if (*text == '\\')
			fputs("\\e", stdout);
		else if (*text == '-')
			fputs("\\-", stdout);
		else
			putchar(*text);
	}
}

static void
put_option(int id)
{
	printf(".TP\n\\fB");
	if (options[id].short_name)
		printf("\\-%c\\fR, \\fB", options[id].short_name);
	put_text("--");
	put_text(options[id].long_name);
	printf("\\fR");
	if (options[id].arg != NULL) {
		printf(" \\fI");
		put_text(options[id].arg);
		printf("\\fR");
	}
	putchar('\n');
	put_text(options[id].help);
	putchar('\n');
}

static void
put_command(int cmd)
{
	printf(".SS xoffload %s ", commands[cmd].name);
	put_text(commands[cmd].args);
	putchar('\n');
	put_text(commands[cmd].text);
	putchar('\n');
	for (int id = 0; id < OPT_CNT; id++)
		if (options[id].commands & 1u << cmd)
			put_option(id);
	printf(".PP\nExample:\n.PP\n.nf\n.RS\nxoffload %s ", commands[cmd].name);
	put_text(commands[cmd].example);
	printf("\n.RE\n.fi\n");
}

int
main(void)
{
	printf(".TH XOFFLOAD 1 \"\" \"xoffload %s\" \"User Commands\"\n", VERSION);
	printf(".SH NAME\nxoffload \\- a SmartNIC in software\n.SH SYNOPSIS\n");
	for (int i = 0; i < CMD_CNT; i++) {
		printf(".B xoffload %s\n[\\fIOPTION\\fR]... ", commands[i].name);
		put_text(commands[i].args);
		printf("\n.br\n");
	}
	printf(".SH COMMANDS\n");
	for (int i = 0; i < CMD_CNT; i++)
		put_command(i);
	printf(".SH EXIT STATUS\n");
	for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++)
		printf(".TP\n%d\n%s\n", statuses[i].status, statuses[i].means);
	return fflush(stdout) != 0;
}
