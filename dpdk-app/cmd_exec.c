/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * `xoffload exec`: bytecode on standard input, r0 on standard output. The protocol of the plugins
 * of the public BPF conformance suites, which call this once a case: nothing here starts DPDK.
 */
#include "dpdk-app/cmd.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "dpdk-app/parse.h"
#include "dpdk-app/program.h"

/* Hex of the largest object, with a blank after every byte. */
#define INPUT_MAX_BYTES (3ul * XB_OBJECT_MAX_BYTES)

struct bytes {
	uint8_t *at;
	size_t len;
};

/* A whole stream; NULL and errno. */
static char *
read_all(FILE *in, size_t *len)
{
	size_t cap = 4096;
	char *text = malloc(cap);

	*len = 0;
	while (text != NULL) {
		size_t n = fread(text + *len, 1, cap - *len, in);
		char *more;

		*len += n;
		if (n == 0)
			break;
		if (*len < cap)
			continue;
		cap *= 2;
		more = cap <= INPUT_MAX_BYTES ? realloc(text, cap) : NULL;
		if (more == NULL) {
			free(text);
			errno = EFBIG;
		}
		text = more;
	}
	return text;
}

/* "what" names the text in a complaint. */
static int
read_hex(const char *what, const char *text, size_t len, struct bytes *out)
{
	size_t bad = 0;

	switch (parse_hex(text, len, &out->at, &out->len, &bad)) {
	case 0: return STATUS_DONE;
	case -EINVAL: complain("%s: no hex byte at character %zu", what, bad); return STATUS_INPUT;
	default: complain("%s: no memory for %zu bytes", what, len / 2); return STATUS_RUNTIME;
	}
}

static int
read_program(struct bytes *out)
{
	size_t len;
	char *text = read_all(stdin, &len);
	int status;

	if (text == NULL || ferror(stdin)) {
		complain("standard input: %s", strerror(errno));
		free(text);
		return STATUS_INPUT;
	}
	status = read_hex("standard input", text, len, out);
	free(text);
	if (status == STATUS_DONE && out->len == 0) {
		complain("standard input: no program");
		return STATUS_INPUT;
	}
	return status;
}

static int
run(const struct options *opt, const struct xb_image *image, struct bytes *mem)
{
	struct xb_vm *vm = xb_vm_new(0);
	uint64_t r0 = 0;
	int ret;

	if (vm == NULL) {
		complain("no memory for a vm");
		return STATUS_RUNTIME;
	}
	if (opt->budget)
		xb_vm_set_budget(vm, opt->budget);
	xb_map_thread_online(0);
	ret = xb_vm_run_mem(vm, image, mem->at, mem->len, &r0);
	xb_map_thread_offline(0);
	if (ret < 0)
		complain("insn %u: %s", xb_vm_fault(vm)->insn, xb_vm_fault(vm)->text);
	else if (opt->json)
		printf("{\"r0\": \"%" PRIx64 "\"}\n", r0);
	else
		printf("%" PRIx64 "\n", r0);
	xb_vm_free(vm);
	return ret < 0 ? STATUS_REFUSED : STATUS_DONE;
}

static struct program_how
how_of(const struct options *opt, const struct bytes *mem)
{
	return (struct program_how){
		.type = BPF_PROG_TYPE_UNSPEC,
		.mem_bytes = (uint32_t)mem->len,
		.n_cpus = 1,
		.is_verified = opt->verify,
		.is_checked = opt->checked,
	};
}

static int
run_bytecode(const struct options *opt, const struct bytes *code, struct bytes *mem)
{
	const struct program_how how = how_of(opt, mem);
	size_t cnt = code->len / sizeof(struct bpf_insn);
	struct xb_image *image;
	int status;

	if (code->len % sizeof(struct bpf_insn) != 0) {
		complain(
			"standard input: %zu bytes are no whole number of instructions", code->len);
		return STATUS_INPUT;
	}
	/* malloc'ed, so aligned */
	image = program_from_insns((void *)code->at, (uint32_t)cnt, &how, &status);
	if (image == NULL)
		return status;
	status = run(opt, image, mem);
	xb_image_free(image);
	return status;
}

/* libbpf wants a file: one in memory, by its name under /proc. */
static int
run_object(const struct options *opt, const struct bytes *elf, struct bytes *mem)
{
	struct options named = { .command = CMD_exec, .type = "xdp", .elf = true };
	const struct program_how how = how_of(opt, mem);
	struct program program = { 0 };
	int fd = memfd_create("object", MFD_CLOEXEC);
	char path[32];
	int status;

	if (fd < 0 || write(fd, elf->at, elf->len) != (ssize_t)elf->len) {
		complain("no file in memory: %s", strerror(errno));
		if (fd >= 0)
			close(fd);
		return STATUS_RUNTIME;
	}
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	status = program_open_object(&named, path, &program.obj);
	if (status == STATUS_DONE) {
		program.prog = &program.obj->progs[0];
		status = program_load(&program, &how);
	}
	if (status == STATUS_DONE)
		status = run(opt, program.image, mem);
	if (program.obj != NULL)
		program_close(&program);
	close(fd);
	return status;
}

int
cmd_exec(const struct options *opt)
{
	const char *hex = opt->arg_cnt > 0 ? opt->args[0] : "";
	struct bytes mem = { 0 };
	struct bytes code = { 0 };
	int status = read_hex("MEM_HEX", hex, strlen(hex), &mem);

	if (status == STATUS_DONE)
		status = read_program(&code);
	if (status == STATUS_DONE)
		status = opt->elf ? run_object(opt, &code, &mem) : run_bytecode(opt, &code, &mem);
	free(code.at);
	free(mem.at);
	return status;
}
