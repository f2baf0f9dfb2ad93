/* SPDX-License-Identifier: BSD-2-Clause */
/* The commands asm and disasm: microcode text to words and back. nic/listing.c does the work. */
#include <errno.h>
#include <limits.h>
#include <string.h>

#include "dpdk-app/cmd.h"
#include "nic/nic.h"

typedef int (*convert_fn)(FILE *in, const char *name, FILE *out, char *message, size_t size);

static int
convert(const char *path, convert_fn convert_file)
{
	bool is_stdin = strcmp(path, "-") == 0;
	FILE *in = is_stdin ? stdin : fopen(path, "r");
	char message[PATH_MAX + 600] = "";
	int ret;

	if (in == NULL) {
		complain("%s: %s", path, strerror(errno));
		return STATUS_INPUT;
	}
	ret = convert_file(
		in, is_stdin ? "standard input" : path, stdout, message, sizeof(message));
	if (!is_stdin)
		fclose(in);
	if (ret == 0 && fflush(stdout) == 0)
		return STATUS_DONE;
	complain("%s", ret < 0 ? message : strerror(errno));
	return ret == -EINVAL || ret == -EISDIR ? STATUS_INPUT : STATUS_RUNTIME;
}

int
cmd_asm(const struct options *opt)
{
	return convert(opt->args[0], nic_asm_file);
}

int
cmd_disasm(const struct options *opt)
{
	return convert(opt->args[0], nic_disasm_file);
}
