/* SPDX-License-Identifier: BSD-2-Clause */
/* What the program says of itself, from commands.def and options.def, and how it complains. */
#include "dpdk-app/cmd.h"

#include <string.h>

#define HELP_COLUMN 26
#define HELP_WIDTH 92

void
complain(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fputs("xoffload: ", stderr);
	vfprintf(stderr, fmt, ap);
	fputc('\n', stderr);
	va_end(ap);
}

void
complain_log(struct xb_log *log)
{
	const char *line = xb_log_text(log);

	while (*line != '\0') {
		size_t len = strcspn(line, "\n");

		complain("%.*s", (int)len, line);
		line += len + (line[len] == '\n');
	}
	xb_log_free(log);
	*log = (struct xb_log){ 0 };
}

/* Words of text, wrapped and indented; the cursor stands at column `at`. */
static void
print_wrapped(FILE *out, const char *text, int at, int indent)
{
	while (*text != '\0') {
		int len = (int)strcspn(text, " ");

		if (at + len + 1 > HELP_WIDTH) {
			fprintf(out, "\n%*s", indent, "");
			at = indent;
		}
		fprintf(out, "%s%.*s", at > indent ? " " : "", len, text);
		at += len + (at > indent);
		text += len;
		text += strspn(text, " ");
	}
	fputc('\n', out);
}

void
print_usage(FILE *out)
{
	fprintf(out, "usage: xoffload COMMAND [OPTION]...\n\n");
	for (int i = 0; i < CMD_CNT; i++)
		fprintf(out, "  %-5s %-18s %s\n", command_infos[i].name, command_infos[i].args,
			command_infos[i].does);
	fprintf(out, "\n  xoffload help COMMAND   its options and an example\n"
		     "  xoffload --version\n");
}

static void
print_option(FILE *out, const struct option_info *info)
{
	char name[128];
	int len = snprintf(name, sizeof(name), "  %c%c%c --%s%s%s", info->short_name ? '-' : ' ',
		info->short_name ? info->short_name : ' ', info->short_name ? ',' : ' ',
		info->long_name, info->arg ? " " : "", info->arg ? info->arg : "");

	if (len >= HELP_COLUMN - 1) {
		fprintf(out, "%s\n", name);
		len = 0;
		name[0] = '\0';
	}
	fprintf(out, "%-*s", HELP_COLUMN, name);
	print_wrapped(out, info->help, HELP_COLUMN, HELP_COLUMN);
}

void
print_command_help(FILE *out, enum command cmd)
{
	const struct command_info *info = &command_infos[cmd];

	fprintf(out, "usage: xoffload %s %s [OPTION]...\n\n", info->name, info->args);
	print_wrapped(out, info->text, 0, 0);
	fprintf(out, "\noptions:\n");
	for (int id = 0; id < OPT_CNT; id++)
		if (option_infos[id].commands & 1u << cmd)
			print_option(out, &option_infos[id]);
	fprintf(out, "\nexample:\n  xoffload %s %s\n", info->name, info->example);
}
