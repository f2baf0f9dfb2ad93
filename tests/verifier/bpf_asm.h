/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An assembler for tests: programs in the kernel's own listing wording, so that a case, a log of
 * the kernel's and our disassembler's output are one notation.
 */
#ifndef TESTS_VERIFIER_BPF_ASM_H
#define TESTS_VERIFIER_BPF_ASM_H

#include <linux/bpf.h>
#include <stddef.h>
#include <stdint.h>

/*
 * One instruction a line, worded as its row in bpf/opcodes.def. Besides:
 *
 *	12: (b7) r0 = 0		number and opcode byte of a listing; the byte must fit the text
 *	(ff) dst 1 src 2 off 3 imm 4	any 8 bytes, also what is no instruction
 *	out:			a label; "pc@out" names it in jumps and calls
 *	r0 = 0 ; a comment	and the register states of a kernel's log
 *	# a comment
 *
 * Returns the slots written, or -1 and the reason ("line 3: ...") in err.
 */
int asm_parse(const char *text, struct bpf_insn *insns, uint32_t max, char *err, size_t err_size);

#endif
