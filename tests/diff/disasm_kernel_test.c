/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Our listing against the running kernel's own: every instruction of the table goes into a small
 * program whose verifier log (log_level 2) prints it, refused or not. Skipped where bpf(2) is
 * refused.
 */
#include "bpf/xb.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SKIPPED 77 /* meson's exit status for a test that was */

#define PRELUDE 10
static char kernel_log[1 << 16];

/* All registers initialised, r6 the context, so that the verifier walks on to the instruction. */
static uint32_t
build(const struct xb_op_info *info, struct bpf_insn *insns)
{
	struct bpf_insn insn = { .code = info->code };
	uint32_t n = 0;
	uint8_t class = BPF_CLASS(info->code);
	bool is_memory = class == BPF_LDX || class == BPF_ST || class == BPF_STX;

	insns[n++] = (struct bpf_insn){ .code = 0xbf, .dst_reg = 6, .src_reg = 1 };
	for (uint8_t reg = 0; reg < 9; reg++)
		if (reg != 6)
			insns[n++] = (struct bpf_insn){
				.code = 0xb7, .dst_reg = reg & 15u, .imm = reg + 1
			};
	insns[n++] = (struct bpf_insn){ .code = 0x7a, .dst_reg = 10, .off = -8 };
	insn.dst_reg = info->dst.kind == XB_ZERO ? 0 : is_memory && class != BPF_LDX ? 10 : 3;
	insn.src_reg = info->src.kind == XB_IS	   ? (uint8_t)info->src.is & 15u
		       : info->src.kind == XB_ZERO ? 0
		       : class == BPF_LDX	   ? 10
						   : 4;
	insn.off = (int16_t)(info->off.kind == XB_IS	? info->off.is
			     : is_memory		? -8
			     : info->off.kind == XB_ANY ? 1
							: 0);
	if (info->code == (BPF_JMP | BPF_JA)) /* what follows may not be unreachable */
		insn.off = 0;
	insn.imm = info->imm.kind == XB_IS ? info->imm.is : info->imm.kind == XB_ANY ? 1 : 0;
	if (info->code == (BPF_JMP32 | BPF_JA))
		insn.imm = 0;
	insns[n++] = insn;
	if (info->wide)
		insns[n++] = (struct bpf_insn){ .imm = 2 };
	insns[n++] = (struct bpf_insn){ .code = 0xb7, .imm = 1 };
	insns[n++] = (struct bpf_insn){ .code = 0xb7, .imm = 2 };
	insns[n++] = (struct bpf_insn){ .code = 0x95 };
	return n;
}

/* What the kernel printed for instruction `at`: the text of "AT: (xx) TEXT", NULL when it did not.
 */
static char *
kernel_line(uint32_t at)
{
	char start[16], *line, *end;

	snprintf(start, sizeof(start), "\n%u: (", at);
	line = strstr(kernel_log, start);
	if (!line)
		return NULL;
	line = strchr(line, ')') + 2;
	end = line + strcspn(line, "\n");
	for (char *state = strstr(line, " ; "); state && state < end; state = strstr(state, " ; "))
		end = state; /* register states follow on the same line */
	while (end > line && end[-1] == ' ')
		end--;
	*end = '\0';
	return line;
}

static int
load(const struct bpf_insn *insns, uint32_t cnt)
{
	LIBBPF_OPTS(bpf_prog_load_opts, opts, .log_level = 2, .log_buf = kernel_log,
		.log_size = sizeof(kernel_log));
	int fd = bpf_prog_load(BPF_PROG_TYPE_SOCKET_FILTER, "listing", "GPL", insns, cnt, &opts);

	if (fd >= 0)
		close(fd);
	return fd;
}

int
main(void)
{
	const struct bpf_insn trivial[] = { { .code = 0xb7 }, { .code = 0x95 } };
	int compared = 0, differ = 0;

	if (load(trivial, 2) < 0) {
		printf("skipped: this kernel refuses bpf(2): %s\n", strerror(errno));
		return SKIPPED;
	}
	for (int i = 0; i < XB_OP_CNT; i++) {
		const struct xb_op_info *info = xb_op_info((enum xb_op)i);
		struct bpf_insn insns[PRELUDE + 6];
		uint32_t cnt = build(info, insns);
		const char *theirs;
		char ours[96];

		kernel_log[0] = '\0';
		load(insns, cnt);
		theirs = kernel_line(PRELUDE);
		if (!theirs) {
			printf("not listed by the kernel: %s\n", info->name);
			continue;
		}
		xb_insn_format(&insns[PRELUDE], 2, ours, sizeof(ours));
		compared++;
		if (strcmp(ours, theirs)) {
			printf("%s: ours '%s', the kernel's '%s'\n", info->name, ours, theirs);
			differ++;
		}
	}
	printf("%d instructions compared, %d differ\n", compared, differ);
	return compared < 161 || differ;
}
