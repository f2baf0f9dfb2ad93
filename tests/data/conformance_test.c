/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Runs the cases of this directory (README.md has their format): conformance_test DIRECTORY
 *
 * A case with a result runs in both builds of the interpreter, one with an error in the checked
 * build, which is the one that must notice. Prints TAP: a line for each case.
 */
#include "bpf/xb.h"

#include <ctype.h>
#include <errno.h>
#include <glob.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define INSNS_MAX 4096
#define MEM_MAX 4096

enum section { NONE, RAW, MEM, RESULT, ERROR, SECTIONS };
static const char *const section_names[SECTIONS] = { "", "raw", "mem", "result", "error" };

struct test_case {
	union {
		struct bpf_insn insns[INSNS_MAX];
		uint8_t raw[INSNS_MAX * 8];
	};
	uint8_t mem[MEM_MAX];
	size_t raw_bytes, mem_bytes;
	bool has_result;
	uint64_t result;
	char error[256]; /* "": there must be none */
};

/* ---- reading a case ---- */

/* Append "aa bb cc"; NULL or what is wrong. */
static const char *
read_hex(const char *line, uint8_t *bytes, size_t *cnt, size_t max)
{
	for (;;) {
		char *end;
		unsigned long byte;

		while (isspace((unsigned char)*line))
			line++;
		if (!*line)
			return NULL;
		byte = strtoul(line, &end, 16);
		if (end != line + 2)
			return "not a byte of two hexadecimal digits";
		if (*cnt == max)
			return "too long";
		bytes[(*cnt)++] = (uint8_t)byte;
		line = end;
	}
}

static const char *
read_result(const char *line, struct test_case *c)
{
	char *end;

	errno = 0;
	c->result = strtoull(line, &end, 16);
	if (end == line || *end || errno || c->has_result)
		return "not one hexadecimal number";
	c->has_result = true;
	return NULL;
}

static const char *
read_section(const char *name, enum section *section)
{
	for (unsigned int s = RAW; s < SECTIONS; s++)
		if (strcmp(name, section_names[s]) == 0) {
			*section = (enum section)s;
			return NULL;
		}
	return "unknown section";
}

static const char *
read_line(struct test_case *c, enum section *section, char *line)
{
	if (strncmp(line, "-- ", 3) == 0)
		return read_section(line + 3, section);
	switch (*section) {
	case RAW: return read_hex(line, c->raw, &c->raw_bytes, sizeof(c->raw));
	case MEM: return read_hex(line, c->mem, &c->mem_bytes, sizeof(c->mem));
	case RESULT: return read_result(line, c);
	case ERROR: snprintf(c->error, sizeof(c->error), "%s", line); return NULL;
	default: return "text before the first section";
	}
}

/* Without comment and blanks at the end; false: nothing is left. */
static bool
trim(char *line)
{
	size_t len;

	line[strcspn(line, "#\n")] = '\0';
	for (len = strlen(line); len > 0 && isspace((unsigned char)line[len - 1]); len--)
		line[len - 1] = '\0';
	return len > 0;
}

static const char *
read_case(const char *path, struct test_case *c, unsigned int *at)
{
	enum section section = NONE;
	const char *reason = NULL;
	char line[256];
	FILE *f = fopen(path, "r");

	*at = 0;
	if (!f)
		return strerror(errno);
	while (!reason && fgets(line, sizeof(line), f)) {
		(*at)++;
		if (trim(line))
			reason = read_line(c, &section, line);
	}
	fclose(f);
	if (!reason && c->raw_bytes % sizeof(struct bpf_insn))
		reason = "an instruction is 8 bytes";
	if (!reason && c->has_result == (c->error[0] != '\0'))
		reason = "want either a result or an error";
	return reason;
}

/* ---- is the table covered? ---- */

static bool is_covered[XB_OP_CNT];

static void
cover(const struct test_case *c)
{
	uint32_t cnt = (uint32_t)(c->raw_bytes / sizeof(struct bpf_insn));
	enum xb_op op;

	for (uint32_t i = 0; i < cnt; i++)
		if (!xb_insn_decode(&c->insns[i], cnt - i, &op)) {
			is_covered[op] = true;
			i += xb_op_info(op)->wide;
		}
}

static bool
test_coverage(size_t number)
{
	bool ok = true;

	for (unsigned int op = 0; op < XB_OP_CNT; op++)
		if (!is_covered[op]) {
			printf("# no case has %s\n", xb_op_info((enum xb_op)op)->name);
			ok = false;
		}
	printf("%sok %zu - every_row_of_opcodes_def_is_in_a_case\n", ok ? "" : "not ", number);
	return ok;
}

/* ---- running it ---- */

static void
run_image(struct test_case *c, struct xb_vm *vm, struct xb_image *image, char *why, size_t size)
{
	uint8_t *mem = c->mem_bytes ? malloc(c->mem_bytes) : NULL;
	uint64_t ret = 0;
	int err;

	if (mem)
		memcpy(mem, c->mem, c->mem_bytes);
	err = xb_vm_run_mem(vm, image, mem, c->mem_bytes, &ret);
	free(mem);
	if (err && !c->error[0])
		snprintf(why, size, "%s", xb_vm_fault(vm)->text);
	else if (err && !strstr(xb_vm_fault(vm)->text, c->error))
		snprintf(why, size, "'%s', not '%s'", xb_vm_fault(vm)->text, c->error);
	else if (!err && c->error[0])
		snprintf(why, size, "no error, r0 = %" PRIx64, ret);
	else if (!err && ret != c->result)
		snprintf(why, size, "r0 = %" PRIx64 ", not %" PRIx64, ret, c->result);
}

/* why stays empty when all is as the case says. */
static void
run_case(struct test_case *c, enum xb_engine engine, char *why, size_t size)
{
	const struct xb_image_opts opts = { .engine = engine, .gpl_compatible = true };
	uint32_t cnt = (uint32_t)(c->raw_bytes / sizeof(struct bpf_insn));
	struct xb_log log = { 0 };
	struct xb_image *image = xb_image_new(c->insns, cnt, &opts, &log);
	struct xb_vm *vm = xb_vm_new(0);

	if (!vm)
		snprintf(why, size, "no memory");
	else if (image)
		run_image(c, vm, image, why, size);
	else if (!c->error[0] || !strstr(xb_log_text(&log), c->error))
		snprintf(why, size, "refused: %.*s", (int)strcspn(xb_log_text(&log), "\n"),
			xb_log_text(&log));
	xb_vm_free(vm);
	xb_image_free(image);
	xb_log_free(&log);
}

static bool
test_file(const char *path, int number)
{
	static struct test_case c;
	const char *name = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
	const char *reason;
	char why[512] = "";
	unsigned int at;

	memset(&c, 0, sizeof(c));
	reason = read_case(path, &c, &at);
	if (reason)
		snprintf(why, sizeof(why), "line %u: %s", at, reason);
	else
		run_case(&c, XB_ENGINE_CHECKED, why, sizeof(why));
	cover(&c);
	if (!why[0] && c.has_result)
		run_case(&c, XB_ENGINE_FAST, why, sizeof(why));
	printf("%sok %d - %.*s%s%s\n", why[0] ? "not " : "", number, (int)strcspn(name, "."), name,
		why[0] ? "\n# " : "", why);
	return !why[0];
}

int
main(int argc, char **argv)
{
	char pattern[4096];
	bool ok = true;
	glob_t files;

	if (argc != 2) {
		fprintf(stderr, "usage: conformance_test DIRECTORY\n");
		return 2;
	}
	snprintf(pattern, sizeof(pattern), "%s/*.data", argv[1]);
	if (glob(pattern, 0, NULL, &files)) {
		printf("Bail out! no %s\n", pattern);
		return 1;
	}
	printf("1..%zu\n", files.gl_pathc + 1);
	for (size_t i = 0; i < files.gl_pathc; i++)
		ok = test_file(files.gl_pathv[i], (int)i + 1) && ok;
	ok = test_coverage(files.gl_pathc + 1) && ok;
	globfree(&files);
	return !ok;
}
