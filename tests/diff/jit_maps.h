/* SPDX-License-Identifier: BSD-2-Clause */
/* The maps of a program that runs on the card and on the host: gen_card_maps. */
#ifndef TESTS_DIFF_JIT_MAPS_H
#define TESTS_DIFF_JIT_MAPS_H

#include "tests/diff/jit_card.h"

struct pair_maps {
	struct jit_map *facts[CARD_MAPS];
	/* card has the card's byte order */
	struct xb_map *host[CARD_MAPS], *card[CARD_MAPS];
};

/* 0 or -ENOMEM; pair_maps_free() also then. */
int pair_maps_make(struct pair_maps *maps);
void pair_maps_free(struct pair_maps *maps);
/* The same entries into both, as user space does when the program has been translated. */
void pair_maps_fill(struct pair_maps *maps, uint64_t seed);
/* Else text says which entry is not. */
bool pair_maps_are_same(const struct pair_maps *maps, char *text, size_t size);
/* What a quirk did to the card's is not seen once more in the next run. */
void pair_maps_repair(struct pair_maps *maps);

#endif
