/* SPDX-License-Identifier: BSD-2-Clause */
/* Instructions for tests, named as the kernel's own selftests name them. */
#ifndef TESTS_UNIT_BPF_ASM_H
#define TESTS_UNIT_BPF_ASM_H

#include <linux/bpf.h>

/* clang-format off */
#define INSN(c, d, s, o, i) { .code = (c), .dst_reg = (d), .src_reg = (s), .off = (o), .imm = (i) }
#define MOV64_IMM(d, i) INSN(BPF_ALU64 | BPF_MOV | BPF_K, d, 0, 0, i)
#define MOV64_REG(d, s) INSN(BPF_ALU64 | BPF_MOV | BPF_X, d, s, 0, 0)
#define ADD64_IMM(d, i) INSN(BPF_ALU64 | BPF_ADD | BPF_K, d, 0, 0, i)
#define ADD64_REG(d, s) INSN(BPF_ALU64 | BPF_ADD | BPF_X, d, s, 0, 0)
#define LDX(size, d, s, o) INSN(BPF_LDX | BPF_MEM | (size), d, s, o, 0)
#define STX(size, d, s, o) INSN(BPF_STX | BPF_MEM | (size), d, s, o, 0)
#define ST(size, d, o, i) INSN(BPF_ST | BPF_MEM | (size), d, 0, o, i)
#define ATOMIC(size, d, s, o, op) INSN(BPF_STX | BPF_ATOMIC | (size), d, s, o, op)
#define JA(o) INSN(BPF_JMP | BPF_JA, 0, 0, o, 0)
#define JMP_IMM(op, d, i, o) INSN(BPF_JMP | (op) | BPF_K, d, 0, o, i)
#define JMP_REG(op, d, s, o) INSN(BPF_JMP | (op) | BPF_X, d, s, o, 0)
#define LD_MAP(d, index) INSN(BPF_LD | BPF_IMM | BPF_DW, d, 5, 0, index), INSN(0, 0, 0, 0, 0)
#define LD_MAP_VALUE(d, index, off) INSN(BPF_LD | BPF_IMM | BPF_DW, d, 6, 0, index), INSN(0, 0, 0, 0, off)
#define CALL(id) INSN(BPF_JMP | BPF_CALL, 0, 0, 0, id)
#define CALL_LOCAL(i) INSN(BPF_JMP | BPF_CALL, 0, 1, 0, i)
#define EXIT() INSN(BPF_JMP | BPF_EXIT, 0, 0, 0, 0)
/* clang-format on */

#endif
