/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Random programs through both builds of the interpreter: same r0, same memory. The programs are
 * safe by construction (accesses only at fixed offsets from r9 = memory and r10, jumps only
 * forward), so the fast engine may run them; they lean towards the runs that have fused handlers.
 *
 *	fuzz_engines [-n COUNT] [-t SECONDS] [-s SEED]    a time wins over a count
 */
#include "bpf/xb.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define BODY_INSNS 60
#define MEM_BYTES 64
#define HASH_INSNS (2 * 8 + 1)

static uint64_t rng;

static uint32_t
roll(uint32_t below)
{
	rng ^= rng << 13; /* xorshift64 */
	rng ^= rng >> 7;
	rng ^= rng << 17;
	return (uint32_t)(rng >> 32) % below;
}

static int32_t
roll_imm(void)
{
	static const int32_t edges[] = { 0, 1, -1, 8, 16, 31, 32, 63, 64, INT32_MAX, INT32_MIN };

	return roll(2) ? edges[roll(sizeof(edges) / sizeof(edges[0]))] : (int32_t)rng;
}

/* A row whose operands can be made safe here. */
static bool
is_usable(enum xb_op op)
{
	const struct xb_op_info *info = xb_op_info(op);
	uint8_t class = BPF_CLASS(info->code);

	if (op == XB_OP_CALL || op == XB_OP_CALL_LOCAL || op == XB_OP_CALL_BTF || op == XB_OP_EXIT)
		return false;
	return class != BPF_LD;
}

static enum xb_op
roll_op(void)
{
	/* what runs are made of */
	static const enum xb_op common[] = { XB_OP_MOV64_X, XB_OP_ADD64_K, XB_OP_JGT64_X,
		XB_OP_LDXB, XB_OP_LSH64_K, XB_OP_OR64_X, XB_OP_AND64_K, XB_OP_ADD64_X,
		XB_OP_RSH64_K, XB_OP_JNE64_K, XB_OP_LDXH };
	enum xb_op op;

	if (roll(2))
		return common[roll(sizeof(common) / sizeof(common[0]))];
	do
		op = (enum xb_op)roll(XB_OP_CNT);
	while (!is_usable(op));
	return op;
}

static struct bpf_insn
roll_insn(enum xb_op op, uint8_t dst, uint32_t left)
{
	const struct xb_op_info *info = xb_op_info(op);
	uint8_t class = BPF_CLASS(info->code);
	struct bpf_insn insn = { .code = info->code };
	bool is_stack = roll(2);
	uint8_t base = is_stack ? 10 : 9;
	/* 8-aligned, for atomics; the stack's lowest eight words were written first */
	int16_t offset = (int16_t)(is_stack ? -8 * (1 + (int)roll(8)) : 8 * (int)roll(8));

	insn.dst_reg = dst & 15u;
	insn.src_reg = info->src.kind == XB_ZERO ? 0 : roll(9) & 15u;
	insn.imm = info->imm.kind == XB_IS    ? info->imm.is
		   : info->imm.kind == XB_ANY ? roll_imm()
					      : 0;
	if (info->off.kind == XB_IS)
		insn.off = (int16_t)info->off.is;
	if (class == BPF_LDX)
		insn.src_reg = base & 15u, insn.off = offset;
	if (class == BPF_ST || class == BPF_STX)
		insn.dst_reg = base & 15u, insn.off = offset;
	if (class == BPF_JMP || class == BPF_JMP32) {
		insn.off = info->off.kind == XB_ANY ? (int16_t)roll(left < 7 ? left + 1 : 8) : 0;
		if (op == XB_OP_JA || op == XB_OP_JAL)
			insn.dst_reg = 0;
		if (op == XB_OP_JAL)
			insn.imm = (int32_t)roll(left < 7 ? left + 1 : 8);
	}
	return insn;
}

static uint32_t
roll_program(struct bpf_insn *insns)
{
	uint32_t n = 0;
	uint8_t dst = 0;

	insns[n++] = (struct bpf_insn){ .code = 0xbf, .dst_reg = 9, .src_reg = 1 };
	for (uint8_t reg = 0; reg < 9; reg++)
		insns[n++] =
			(struct bpf_insn){ .code = 0xb7, .dst_reg = reg & 15u, .imm = roll_imm() };
	for (int16_t slot = 1; slot <= 8; slot++)
		insns[n++] = (struct bpf_insn){ .code = 0x7b,
			.dst_reg = 10,
			.src_reg = slot & 7,
			.off = (int16_t)(-8 * slot) };
	for (uint32_t i = 0; i < BODY_INSNS; i++) {
		if (roll(3) == 0)
			dst = (uint8_t)roll(9);
		insns[n++] = roll_insn(roll_op(), dst, BODY_INSNS - 1 - i);
	}
	for (uint8_t reg = 1; reg < 9; reg++) { /* r0 = hash of all registers */
		insns[n++] = (struct bpf_insn){ .code = 0x27, .imm = 0x01000193 };
		insns[n++] = (struct bpf_insn){ .code = 0xaf, .src_reg = reg & 15u };
	}
	insns[n++] = (struct bpf_insn){ .code = 0x95 };
	return n;
}

static void
print_program(const struct bpf_insn *insns, uint32_t cnt)
{
	char text[96];

	for (uint32_t i = 0; i < cnt; i++) {
		xb_insn_format(&insns[i], cnt - i, text, sizeof(text));
		printf("%4u: (%02x) %s\n", i, insns[i].code, text);
	}
}

/* r0 and memory after a run; false: it did not load or run. */
static bool
run(const struct bpf_insn *insns, uint32_t cnt, enum xb_engine engine, uint64_t *mem, uint64_t *ret)
{
	const struct xb_image_opts opts = { .engine = engine };
	struct xb_log log = { 0 };
	struct xb_vm *vm = xb_vm_new(0);
	struct xb_image *image = xb_image_new(insns, cnt, &opts, &log);
	bool ok = image && xb_vm_run_mem(vm, image, mem, MEM_BYTES, ret) == 0;

	if (!ok)
		printf("%s%s\n", xb_log_text(&log), image ? xb_vm_fault(vm)->text : "");
	xb_log_free(&log);
	xb_image_free(image);
	xb_vm_free(vm);
	return ok;
}

static bool
agree(void)
{
	struct bpf_insn insns[1 + 9 + 8 + BODY_INSNS + HASH_INSNS];
	uint64_t mem[2][MEM_BYTES / 8], ret[2];
	uint32_t cnt = roll_program(insns);

	for (size_t i = 0; i < MEM_BYTES / 8; i++) {
		roll(2);
		mem[0][i] = mem[1][i] = rng;
	}
	if (!run(insns, cnt, XB_ENGINE_CHECKED, mem[0], &ret[0]) ||
		!run(insns, cnt, XB_ENGINE_FAST, mem[1], &ret[1]) || ret[0] != ret[1] ||
		memcmp(mem[0], mem[1], MEM_BYTES)) {
		print_program(insns, cnt);
		return false;
	}
	return true;
}

int
main(int argc, char **argv)
{
	unsigned long count = 20000, i;
	uint64_t seed = (uint64_t)time(NULL) * 2654435761u;
	time_t end = 0;
	int opt;

	while ((opt = getopt(argc, argv, "n:t:s:")) != -1) {
		switch (opt) {
		case 'n': count = strtoul(optarg, NULL, 0); break;
		case 't': end = time(NULL) + strtol(optarg, NULL, 0); break;
		case 's': seed = strtoull(optarg, NULL, 0); break;
		default: return 2;
		}
	}
	printf("fuzz_engines: seed %llu\n", (unsigned long long)seed);
	for (i = 0; end ? time(NULL) < end : i < count; i++) {
		rng = (seed + i) * UINT64_C(0x9e3779b97f4a7c15) | 1;
		if (!agree()) {
			printf("engines disagree: fuzz_engines -n 1 -s %llu\n",
				(unsigned long long)(seed + i));
			return 1;
		}
	}
	printf("%lu programs\n", i);
	return 0;
}
