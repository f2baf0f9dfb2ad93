/* SPDX-License-Identifier: BSD-2-Clause */
/* Maps of the card, as far as programs are concerned: how each 4-byte word of the value is used.
 * The card keeps counters in the other byte order, so a word is a counter for its whole life or
 * never (nfp-offload-rules.md 7). */
#include "jit-nfp/internal.h"

#include <stdlib.h>

struct jit_map *
jit_map_new(const struct xb_map_def *def, uint32_t number)
{
	struct jit_map *map = calloc(1, sizeof(*map));

	if (map == NULL)
		return NULL;
	map->def = def;
	map->number = number;
	map->word_cnt = def->value_size / 4 + (def->value_size % 4 != 0);
	/* One more, so that a map without a value is no failure. */
	map->words = calloc((size_t)map->word_cnt + 1, sizeof(*map->words));
	if (map->words == NULL) {
		free(map);
		return NULL;
	}
	return map;
}

void
jit_map_free(struct jit_map *map)
{
	if (map == NULL)
		return;
	free(map->words);
	free(map);
}

enum jit_map_use
jit_map_word_use(const struct jit_map *map, uint32_t word)
{
	return word < map->word_cnt ? (enum jit_map_use)map->words[word].use : JIT_USE_UNUSED;
}

void
jit_map_word_set_nonzero(struct jit_map *map, uint32_t word)
{
	if (word < map->word_cnt)
		map->words[word].nonzero = true;
}

struct jit_map *
jit_map_of(
	const struct jit_prog *prog, const struct xb_verify_env *env, const struct xb_map_def *def)
{
	const struct xb_verify_opts *opts = xb_verify_opts(env);

	for (uint32_t i = 0; i < opts->map_cnt && i < prog->input.map_cnt; i++)
		if (&opts->maps[i] == def)
			return prog->input.maps[i];
	return NULL;
}
