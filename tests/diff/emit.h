/* SPDX-License-Identifier: BSD-2-Clause */
/* Programs of tests against the kernel, made an instruction at a time. (generate.h has another
 * struct program.) */
#ifndef TESTS_DIFF_EMIT_H
#define TESTS_DIFF_EMIT_H

#include <linux/bpf.h>
#include <stdint.h>

#define PROGRAM_INSNS_MAX 512

struct program {
	struct bpf_insn insns[PROGRAM_INSNS_MAX];
	uint32_t cnt;
};

static inline void
emit(struct program *p, uint8_t code, unsigned int dst, unsigned int src, int off, int32_t imm)
{
	p->insns[p->cnt++] = (struct bpf_insn){ .code = code,
		.dst_reg = dst & 15u,
		.src_reg = src & 15u,
		.off = (int16_t)off,
		.imm = imm };
}

/* r7 is a sum of all that was seen. */
static inline void
emit_see(struct program *p, unsigned int reg)
{
	emit(p, BPF_ALU64 | BPF_MUL | BPF_K, 7, 0, 0, 31);
	emit(p, BPF_ALU64 | BPF_ADD | BPF_X, 7, reg, 0, 0);
}

#endif
