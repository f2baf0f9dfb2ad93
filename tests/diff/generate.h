/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Random programs that the kernel's verifier accepts: XDP, a straight line with forward branches,
 * scalars everywhere but in r6 (the packet) and r10, memory only of the packet and of the stack.
 */
#ifndef TESTS_DIFF_GENERATE_H
#define TESTS_DIFF_GENERATE_H

#include <linux/bpf.h>
#include <stdbool.h>
#include <stdint.h>

#define GENERATED_MAX 256	   /* slots */
#define GENERATED_PACKET_BYTES 256 /* programs read and write this many, packets must have them */

struct program {
	struct bpf_insn insns[GENERATED_MAX];
	uint32_t cnt;
	uint32_t body;	   /* first slot of what is random */
	uint32_t body_end; /* one past its last */
};

/* splitmix64: every state is a good seed. */
uint64_t random_u64(uint64_t *state);
uint32_t random_below(uint64_t *state, uint32_t limit);

/* v4: also with the instructions of clang's cpu v4. */
void generate_program(struct program *prog, uint64_t *random, bool v4);
/* GENERATED_PACKET_BYTES bytes; 8-byte words of them are values at which arithmetic turns. */
void generate_packet(uint8_t *data, uint64_t *random);

/*
 * A 32-bit compare and exchange. It is followed by `r0 = r0`, which must stay there: r0 is zero
 * extended by it (RFC 9669 5.3), but on x86-64 the processor does not when the comparison succeeds,
 * and the verifier adds an instruction for it only where it sees all of r0 read later. Seen on
 * 6.18: it overlooks reads on paths that it prunes, and the upper half of r0 survives.
 */
bool is_cmpxchg32(const struct bpf_insn *insn);

/* How many forms of instructions there are, and how many of them no program has had so far. */
uint32_t generated_forms(bool v4);
uint32_t generated_never(bool v4);

#endif
