/* SPDX-License-Identifier: BSD-2-Clause */
/* Maps of sides, as lists of entries that can be compared. */
#include "tests/diff/equal/equal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void
equal_map_free(struct equal_map *map)
{
	free(map->entries);
	*map = (struct equal_map){ 0 };
}

void
equal_map_begin(struct equal_map *map, uint32_t key_bytes, uint32_t value_bytes)
{
	if (map->key_bytes + map->value_bytes != key_bytes + value_bytes)
		equal_map_free(map);
	map->key_bytes = key_bytes;
	map->value_bytes = value_bytes;
	map->cnt = 0;
}

int
equal_map_add(struct equal_map *map, const void *key, const void *value)
{
	const size_t bytes = map->key_bytes + map->value_bytes;
	uint8_t *entry;

	if (map->cnt == map->room) {
		uint32_t room = map->room * 2 + 8;
		uint8_t *more = reallocarray(map->entries, room, bytes);

		if (!more)
			return -ENOMEM;
		map->entries = more;
		map->room = room;
	}
	entry = map->entries + map->cnt++ * bytes;
	memcpy(entry, key, map->key_bytes);
	memcpy(entry + map->key_bytes, value, map->value_bytes);
	return 0;
}

static int
compare_keys(const void *a, const void *b, void *key_bytes)
{
	return memcmp(a, b, *(const uint32_t *)key_bytes);
}

void
equal_map_sort(struct equal_map *map)
{
	if (map->cnt)
		qsort_r(map->entries, map->cnt, map->key_bytes + map->value_bytes, compare_keys,
			&map->key_bytes);
}

static void
print_bytes(char *text, size_t size, const char *what, const uint8_t *bytes, uint32_t cnt)
{
	size_t len = strlen(text);

	snprintf(text + len, size - len, " %s", what);
	for (uint32_t i = 0; i < cnt && len + 4 < size; i++) {
		len = strlen(text);
		snprintf(text + len, size - len, "%s%02x", i % 4 ? "" : " ", bytes[i]);
	}
}

bool
equal_map_is_same(const struct equal_map *a, const struct equal_map *b, char *text, size_t size)
{
	const size_t bytes = a->key_bytes + a->value_bytes;

	for (uint32_t i = 0; i < a->cnt && i < b->cnt; i++) {
		if (memcmp(a->entries + i * bytes, b->entries + i * bytes, bytes) == 0)
			continue;
		text[0] = '\0';
		print_bytes(text, size, "key", equal_map_key(a, i), a->key_bytes);
		print_bytes(text, size, "is", equal_map_value(a, i), a->value_bytes);
		print_bytes(text, size, "against key", equal_map_key(b, i), b->key_bytes);
		print_bytes(text, size, "is", equal_map_value(b, i), b->value_bytes);
		return false;
	}
	if (a->cnt != b->cnt)
		snprintf(text, size, " %u entries against %u", a->cnt, b->cnt);
	return a->cnt == b->cnt;
}

static const uint8_t *
find(const struct equal_map *map, const uint8_t *key)
{
	const size_t bytes = map->key_bytes + map->value_bytes;

	if (map->cnt == 0)
		return NULL;
	for (uint32_t low = 0, high = map->cnt; low < high;) {
		uint32_t middle = (low + high) / 2;
		const uint8_t *entry = map->entries + middle * bytes;
		int order = memcmp(key, entry, map->key_bytes);

		if (order == 0)
			return entry;
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return NULL;
}

int
equal_map_put(struct equal_side *side, uint32_t i, const struct equal_map *from)
{
	struct equal_map now = { 0 };
	int err = side->ops->read(side, i, &now);

	for (uint32_t n = 0; !err && n < now.cnt; n++)
		if (!find(from, equal_map_key(&now, n)))
			err = side->ops->delete (side, i, equal_map_key(&now, n));
	for (uint32_t n = 0; !err && n < from->cnt; n++)
		err = side->ops->update(side, i, equal_map_key(from, n), equal_map_value(from, n));
	equal_map_free(&now);
	return err;
}
