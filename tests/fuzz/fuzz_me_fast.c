/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Fuzz target: eight bytes at a time as a code store that four contexts run, exactly and fast, in
 * pieces whose length the first byte says. It ends, and nothing differs. Linked with libFuzzer or
 * with a driver that has main().
 */
#include "tests/unit/nic/twins.h"

#include <stdlib.h>
#include <string.h>

#define PIECES 40u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The same for all inputs. */
static uint64_t
next_bits(void *arg)
{
	uint64_t *state = arg;

	return *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
}

static void
run(struct twins *t, uint64_t length)
{
	enum nic_me_end end = NIC_ME_LIMIT;

	for (unsigned int i = 0; i < PIECES && (end == NIC_ME_LIMIT || end == NIC_ME_FAULT); i++) {
		end = twins_run(t, length);
		if (t->difference[0])
			abort();
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct twins *t = size ? twins_new() : NULL;
	uint64_t state = 1, word;

	if (!t)
		return 0;
	for (uint32_t i = 0; i < NIC_CODE_WORDS && 1 + (i + 1) * sizeof(word) <= size; i++) {
		memcpy(&word, data + 1 + i * sizeof(word), sizeof(word));
		word = nic_ecc_add(word);
		twins_load(t, i, &word, 1);
	}
	for (uint32_t ctx = 0; ctx < NIC_CONTEXTS; ctx += 2) {
		twins_fill(t, ctx, next_bits, &state);
		for (unsigned int i = 0; i < 2; i++)
			nic_me_start(t->me[i], ctx, 0);
	}
	run(t, 1 + (uint64_t)data[0] * 2);
	twins_free(t);
	return 0;
}
