/* SPDX-License-Identifier: BSD-2-Clause */
/* Cutting instructions out of a program, and in; jumps and calls keep their targets. */
#ifndef TESTS_DIFF_EDIT_H
#define TESTS_DIFF_EDIT_H

#include <linux/bpf.h>
#include <stdbool.h>
#include <stdint.h>

/* Is this slot the second half of a 64-bit immediate? */
bool edit_is_second_half(const struct bpf_insn *insns, uint32_t at);
/* Remove `len` slots. A jump to what goes lands on what follows it. */
void edit_remove(struct bpf_insn *insns, uint32_t *cnt, uint32_t at, uint32_t len);
/* Insert one instruction; the caller has the room. A jump to `at` now finds the new one. */
void edit_insert(struct bpf_insn *insns, uint32_t *cnt, uint32_t at, struct bpf_insn insn);
/* The same after slot `to`; a jump past `to` does not find it. */
void edit_append(struct bpf_insn *insns, uint32_t *cnt, uint32_t to, struct bpf_insn insn);

#endif
