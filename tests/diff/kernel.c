/* SPDX-License-Identifier: BSD-2-Clause */
/* See kernel.h. */
#include "tests/diff/kernel.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Of the headroom the kernel keeps the first bytes for itself (struct xdp_frame), of the page the
 * last (struct skb_shared_info): what these are on x86-64 where the kernel has no BTF to ask. */
#define FRAME_BYTES_DEFAULT 40
#define TAILROOM_DEFAULT 320
#define CACHE_LINE 64

int
kernel_load_xdp(const struct bpf_insn *insns, uint32_t cnt, char *log, size_t log_size)
{
	LIBBPF_OPTS(bpf_prog_load_opts, opts, .log_buf = log, .log_size = (uint32_t)log_size,
		.log_level = log ? 1 : 0);
	int fd = bpf_prog_load(BPF_PROG_TYPE_XDP, "diff", "Dual BSD/GPL", insns, cnt, &opts);

	return fd < 0 ? -errno : fd;
}

int
kernel_run_xdp(int prog, struct run *run)
{
	uint8_t in[PAGE_BYTES];
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = in, .data_size_in = run->len,
		.data_out = run->data, .data_size_out = sizeof(run->data), .repeat = 1);

	memcpy(in, run->data, run->len);
	if (bpf_prog_test_run_opts(prog, &opts))
		return -errno;
	run->len = opts.data_size_out;
	run->ret = opts.retval;
	return 0;
}

const char *
kernel_refusal(void)
{
	static const struct bpf_insn pass[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .imm = XDP_PASS },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	static char reason[128];
	int fd = kernel_load_xdp(pass, 2, NULL, 0);
	struct run run = { .len = 64 };
	int err = fd < 0 ? fd : kernel_run_xdp(fd, &run);

	if (fd >= 0)
		close(fd);
	if (!err)
		return NULL;
	snprintf(reason, sizeof(reason), "bpf(2) cannot %s an XDP program here: %s",
		fd < 0 ? "load" : "test-run", strerror(-err));
	return reason;
}

bool
kernel_knows_v4(void)
{
	static const struct bpf_insn movsx[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .imm = 1 },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_X, .off = 8 },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	int fd = kernel_load_xdp(movsx, 3, NULL, 0);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

static uint32_t
size_of_struct(const struct btf *btf, const char *name, uint32_t otherwise)
{
	int id = btf ? btf__find_by_name_kind(btf, name, BTF_KIND_STRUCT) : -1;

	return id < 0 ? otherwise : btf__type_by_id(btf, (uint32_t)id)->size;
}

/* Asked once: reading the kernel's BTF takes a tenth of a second. */
static void
read_layout(uint32_t *frame_bytes, uint32_t *tailroom)
{
	static uint32_t frame, tail;

	if (!tail) {
		struct btf *btf = btf__load_vmlinux_btf();

		frame = size_of_struct(btf, "xdp_frame", FRAME_BYTES_DEFAULT);
		tail = size_of_struct(btf, "skb_shared_info", TAILROOM_DEFAULT);
		tail = (tail + CACHE_LINE - 1) / CACHE_LINE * CACHE_LINE;
		btf__free(btf);
	}
	*frame_bytes = frame;
	*tailroom = tail;
}

int
engine_run_xdp(struct xb_vm *vm, const struct xb_image *image, struct run *run)
{
	uint8_t page[PAGE_BYTES] = { 0 };
	uint32_t frame_bytes, tailroom;
	int err;

	read_layout(&frame_bytes, &tailroom);
	struct xb_xdp pkt = {
		.hard_start = page + frame_bytes,
		.data_meta = page + PAGE_HEADROOM,
		.data = page + PAGE_HEADROOM,
		.data_end = page + PAGE_HEADROOM + run->len,
		.hard_end = page + sizeof(page) - tailroom,
		.ingress_ifindex = 1, /* the kernel says lo, queue 0 */
	};
	memcpy(pkt.data, run->data, run->len);
	err = xb_vm_run_xdp(vm, image, &pkt, &run->ret);
	run->len = (uint32_t)(pkt.data_end - pkt.data_meta);
	memcpy(run->data, pkt.data_meta, run->len);
	return err;
}
