/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Bytes as instructions for the verifier; what it accepts is run, and may not fault
 * (tests/fuzz/sound.h).
 */
#include "bpf/xb.h"
#include "tests/diff/gen.h"
#include "tests/fuzz/sound.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SLOTS_MAX 512u /* so that loops end soon */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint32_t cnt = (uint32_t)(size / sizeof(struct bpf_insn));
	struct bpf_insn insns[SLOTS_MAX];
	char why[256] = "";

	if (cnt == 0 || cnt > SLOTS_MAX)
		return 0;
	memcpy(insns, data, cnt * sizeof(*insns));
	if (sound_check(insns, cnt, size, why, sizeof(why)) == SOUND_BROKEN) {
		fprintf(stderr, "%s\n", why);
		abort();
	}
	return 0;
}
