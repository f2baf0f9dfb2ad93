/* SPDX-License-Identifier: BSD-2-Clause */
/* See jit_maps.h. */
#include "tests/diff/jit_maps.h"

#include "tests/diff/gen.h"

#include <endian.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#define KEYS 8u /* of each map that are filled and compared: 0, 1, ... */
#define VALUE_MAX 64u

void
pair_maps_free(struct pair_maps *maps)
{
	for (uint32_t i = 0; i < CARD_MAPS; i++) {
		jit_map_free(maps->facts[i]);
		xb_map_free(maps->host[i]);
		xb_map_free(maps->card[i]);
	}
	*maps = (struct pair_maps){ 0 };
}

static uint64_t
next_random(uint64_t *state)
{
	uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

int
pair_maps_make(struct pair_maps *maps)
{
	for (uint32_t i = 0; i < CARD_MAPS; i++) {
		maps->host[i] = xb_map_new(&gen_card_maps[i], 1, NULL);
		maps->card[i] = xb_map_new(&gen_card_maps[i], 1, NULL);
		if (!maps->host[i] || !maps->card[i])
			return -ENOMEM;
	}
	for (uint32_t i = 0; i < CARD_MAPS; i++) {
		maps->facts[i] = jit_map_new(&gen_card_maps[i], i + 1);
		if (!maps->facts[i])
			return -ENOMEM;
	}
	return 0;
}

/* Words that are counters are big endian on the card: nfp-offload-rules.md 7. */
static void
swap_counters(const struct jit_map *map, uint8_t value[VALUE_MAX])
{
	for (uint32_t word = 0; word < map->word_cnt; word++) {
		uint32_t number;

		if (jit_map_word_use(map, word) != JIT_USE_ATOMIC)
			continue;
		memcpy(&number, value + (size_t)word * 4, 4);
		number = htobe32(number);
		memcpy(value + (size_t)word * 4, &number, 4);
	}
}

static void
put_key(uint8_t key[8], uint32_t number)
{
	memset(key, 0, 8);
	memcpy(key, &number, 4);
}

/* Numbers near their ends too, so that counters carry. */
static void
random_value(uint8_t value[VALUE_MAX], uint64_t *random)
{
	for (uint32_t i = 0; i < VALUE_MAX; i += 4) {
		uint64_t bits = next_random(random);
		uint32_t number = bits % 4 == 0	  ? UINT32_MAX - (uint32_t)(bits >> 56)
				  : bits % 4 == 1 ? (uint32_t)(bits >> 56)
						  : (uint32_t)(bits >> 32);

		memcpy(value + i, &number, 4);
	}
}

void
pair_maps_fill(struct pair_maps *maps, uint64_t seed)
{
	for (uint32_t i = 0; i < CARD_MAPS; i++)
		for (uint32_t n = 0; n < KEYS; n++) {
			uint8_t key[8], value[VALUE_MAX];

			put_key(key, n);
			random_value(value, &seed);
			if (gen_card_maps[i].type == BPF_MAP_TYPE_HASH &&
				next_random(&seed) % 3 == 0)
				continue;
			xb_map_user_update(maps->host[i], key, value, BPF_ANY);
			swap_counters(maps->facts[i], value);
			xb_map_user_update(maps->card[i], key, value, BPF_ANY);
		}
}

static bool
is_same_entry(const struct pair_maps *maps, uint32_t map, uint32_t number)
{
	uint8_t key[8], host[VALUE_MAX] = { 0 }, card[VALUE_MAX] = { 0 };
	int a, b;

	put_key(key, number);
	a = xb_map_user_lookup(maps->host[map], key, host);
	b = xb_map_user_lookup(maps->card[map], key, card);
	if (a == 0 && b == 0)
		swap_counters(maps->facts[map], card);
	return a == b && memcmp(host, card, VALUE_MAX) == 0;
}

bool
pair_maps_are_same(const struct pair_maps *maps, char *text, size_t size)
{
	for (uint32_t i = 0; i < CARD_MAPS; i++)
		for (uint32_t n = 0; n < KEYS; n++)
			if (!is_same_entry(maps, i, n)) {
				snprintf(text, size, "map %u, key %u", i, n);
				return false;
			}
	return true;
}

void
pair_maps_repair(struct pair_maps *maps)
{
	for (uint32_t i = 0; i < CARD_MAPS; i++)
		for (uint32_t n = 0; n < KEYS; n++) {
			uint8_t key[8], value[VALUE_MAX];

			put_key(key, n);
			if (xb_map_user_lookup(maps->host[i], key, value) != 0) {
				xb_map_user_delete(maps->card[i], key);
				continue;
			}
			swap_counters(maps->facts[i], value);
			xb_map_user_update(maps->card[i], key, value, BPF_ANY);
		}
}
