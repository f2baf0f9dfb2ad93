/* SPDX-License-Identifier: BSD-2-Clause */
/* Is the verifier right? What it accepts is run. */
#ifndef TESTS_FUZZ_SOUND_H
#define TESTS_FUZZ_SOUND_H

#include <linux/bpf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum sound {
	SOUND_REFUSED, /* by the verifier: nothing to run */
	SOUND_RAN,
	SOUND_CANNOT_RUN, /* accepted, and needs what the host engine does not have */
	SOUND_BROKEN,	  /* a fault, or the engines differ: `why` says which */
};

/*
 * Verify an XDP program (maps: the first of gen_maps), run it in the checked engine on random
 * packets and map contents, then in the fast one: no fault, and the same r0, packet and maps.
 */
enum sound sound_check(
	const struct bpf_insn *insns, uint32_t cnt, uint64_t seed, char *why, size_t why_size);

#endif
