/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Fuzz target: eight bytes at a time as a code store that four contexts (eight, when a byte is
 * left over) run, exactly and fast, in pieces whose length the words say. It ends, and nothing
 * differs. Linked with libFuzzer or with a driver that has main().
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

static uint64_t
load(struct twins *t, const uint8_t *data, size_t size)
{
	uint64_t word, sum = 0;

	for (uint32_t i = 0; i < NIC_CODE_WORDS && (i + 1) * sizeof(word) <= size; i++) {
		memcpy(&word, data + i * sizeof(word), sizeof(word));
		sum += word;
		word = nic_ecc_add(word);
		twins_load(t, i, &word, 1);
	}
	return sum;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct twins *t;
	const uint32_t step = size % sizeof(uint64_t) ? 1 : 2;
	uint64_t state = 1, sum;

	if (!t)
		t = twins_new();
	if (!t || !twins_reset(t))
		return 0;
	sum = load(t, data, size);
	for (unsigned int i = 0; i < 2; i++)
		nic_me_set_contexts(t->me[i], NIC_CONTEXTS / step);
	for (uint32_t ctx = 0; ctx < NIC_CONTEXTS; ctx += step) {
		twins_fill(t, ctx, next_bits, &state);
		for (unsigned int i = 0; i < 2; i++)
			nic_me_start(t->me[i], ctx, 0);
	}
	run(t, 1 + sum % 600);
	return 0;
}
