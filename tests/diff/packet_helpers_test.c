/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Helpers that change or read the packet, with every argument at which they change their mind, in
 * the running kernel and in our engine: the same result, the same packet.
 */
#include "tests/diff/emit.h"
#include "tests/diff/kernel.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

#define BUFFER_BYTES 64 /* on the stack, below r10 */

static void
emit_mov(struct program *p, unsigned int dst, int32_t imm)
{
	emit(p, BPF_ALU64 | BPF_MOV | BPF_K, dst, 0, 0, imm);
}

static void
emit_copy(struct program *p, unsigned int dst, unsigned int src)
{
	emit(p, BPF_ALU64 | BPF_MOV | BPF_X, dst, src, 0, 0);
}

static void
emit_call(struct program *p, int32_t helper)
{
	emit(p, BPF_JMP | BPF_CALL, 0, 0, 0, helper);
}

/* r6 = context, and something on the stack. */
static void
begin(struct program *p)
{
	p->cnt = 0;
	emit_copy(p, 6, 1);
	for (int i = 4; i <= BUFFER_BYTES; i += 4)
		emit(p, BPF_ST | BPF_MEM | BPF_W, 10, 0, -i, i * 0x01020408);
}

static void
end(struct program *p)
{
	emit(p, BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
}

/* ---- in both ---- */

static bool
is_same(const struct run *a, const struct run *b)
{
	return (uint32_t)a->ret == (uint32_t)b->ret && a->len == b->len &&
	       memcmp(a->data, b->data, a->len) == 0;
}

static void
print_run(const char *who, const struct run *run)
{
	printf("  %s: r0 = %d, %u bytes:", who, (int)run->ret, run->len);
	for (uint32_t i = 0; i < run->len && i < 80; i++)
		printf(" %02x", run->data[i]);
	printf("\n");
}

static bool
test(const struct program *p, struct xb_vm *vm, uint32_t len, const char *what)
{
	const struct xb_image_opts opts = { .type = BPF_PROG_TYPE_XDP, .gpl_compatible = true };
	static char verifier_log[4096];
	struct xb_log log = { 0 };
	struct xb_image *image = xb_image_new(p->insns, p->cnt, &opts, &log);
	int fd = kernel_load_xdp(p->insns, p->cnt, verifier_log, sizeof(verifier_log));
	struct run in = { .len = len }, kernel, ours;
	bool ok = image && fd >= 0;

	if (ok) {
		for (uint32_t i = 0; i < len; i++)
			in.data[i] = (uint8_t)(i * 7 + 1);
		kernel = ours = in;
		ok = !kernel_run_xdp(fd, &kernel) && !engine_run_xdp(vm, image, &ours);
		if (!ok || !is_same(&kernel, &ours)) {
			printf("FAILED %s, packet of %u bytes: %s\n", what, len,
				ok ? "" : xb_vm_fault(vm)->text);
			print_run("kernel", &kernel);
			print_run("ours", &ours);
			ok = false;
		}
	} else {
		printf("FAILED %s: %s%s", what, xb_log_text(&log), fd < 0 ? verifier_log : "\n");
	}
	if (fd >= 0)
		close(fd);
	xb_image_free(image);
	xb_log_free(&log);
	return ok;
}

/* ---- the helpers ---- */

static const uint32_t lengths[] = { 14, 15, 60, 1514, 3520 };

/* Around: nothing; the packet's own length; the headroom of 256 less what the kernel keeps; the
 * shortest frame of 14; the tailroom; metadata, up to 255 bytes in fours. */
static const int32_t deltas[] = { 0, 1, -1, 2, 4, -4, -8, -14, 14, -20, -32, -36, -45, -46, -47, 46,
	-128, -200, -212, -213, -215, -216, -217, -220, -224, -252, -255, -256, -257, -260, 200,
	1000, 1499, 1500, 1501, -1499, -1500, -1501, 2006, 2007, 2262, 2263, 3460, 3461, 3505, 3506,
	3507, 4096, -4096, 65536, 0x7fffffff, -0x7fffffff - 1 };

/* One after the other: the second begins with what the first left. */
static bool
test_adjusts(struct xb_vm *vm, int32_t first, int32_t second)
{
	struct program p;
	char what[96];
	bool ok = true;

	for (size_t i = 0; i < ARRAY_SIZE(deltas); i++) {
		begin(&p);
		if (first) {
			emit_copy(&p, 1, 6);
			emit_mov(&p, 2, -8);
			emit_call(&p, first);
		}
		emit_copy(&p, 1, 6);
		emit_mov(&p, 2, deltas[i]);
		emit_call(&p, second);
		end(&p);
		snprintf(what, sizeof(what), "helper %d by -8, helper %d by %d", first, second,
			deltas[i]);
		for (size_t l = 0; l < ARRAY_SIZE(lengths); l++)
			ok = test(&p, vm, lengths[l], what) && ok;
	}
	return ok;
}

static const int32_t offsets[] = { 0, 1, 13, 14, 50, 59, 60, 61, 1513, 1514, 65535, 65536, -1,
	0x7fffffff };
static const int32_t sizes[] = { 1, 2, 4, 14, 60, 64 };

/* Bytes that were loaded are stored at the beginning, to be seen. */
static bool
test_bytes(struct xb_vm *vm, int32_t helper)
{
	struct program p;
	char what[96];
	bool ok = true;

	for (size_t i = 0; i < ARRAY_SIZE(offsets) * ARRAY_SIZE(sizes); i++) {
		int32_t offset = offsets[i / ARRAY_SIZE(sizes)],
			size = sizes[i % ARRAY_SIZE(sizes)];

		begin(&p);
		for (int round = 0; round < (helper == BPF_FUNC_xdp_load_bytes ? 2 : 1); round++) {
			emit_copy(&p, 1, 6);
			emit_mov(&p, 2, round ? 0 : offset);
			emit_copy(&p, 3, 10);
			emit(&p, BPF_ALU64 | BPF_ADD | BPF_K, 3, 0, 0, -BUFFER_BYTES);
			emit_mov(&p, 4, size);
			emit_call(&p, round ? BPF_FUNC_xdp_store_bytes : helper);
			if (!round)
				emit_copy(&p, 7, 0);
		}
		emit_copy(&p, 0, 7);
		end(&p);
		snprintf(what, sizeof(what), "helper %d of %d bytes at %d", helper, size, offset);
		for (size_t l = 0; l < ARRAY_SIZE(lengths); l++)
			ok = test(&p, vm, lengths[l], what) && ok;
	}
	return ok;
}

static bool
test_all(struct xb_vm *vm)
{
	static const int32_t adjusts[] = { BPF_FUNC_xdp_adjust_head, BPF_FUNC_xdp_adjust_tail,
		BPF_FUNC_xdp_adjust_meta };
	bool ok = true;

	for (size_t i = 0; i < ARRAY_SIZE(adjusts); i++) {
		ok = test_adjusts(vm, 0, adjusts[i]) && ok;
		for (size_t k = 0; k < ARRAY_SIZE(adjusts); k++)
			ok = test_adjusts(vm, adjusts[k], adjusts[i]) && ok;
	}
	ok = test_bytes(vm, BPF_FUNC_xdp_load_bytes) && ok;
	return test_bytes(vm, BPF_FUNC_xdp_store_bytes) && ok;
}

int
main(void)
{
	const char *refusal = kernel_refusal();
	struct xb_vm *vm;
	bool ok;

	if (refusal) {
		printf("skipped: %s\n", refusal);
		return TEST_SKIPPED;
	}
	vm = xb_vm_new(0);
	ok = vm && test_all(vm);
	xb_vm_free(vm);
	return !ok;
}
