/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * BPF_MAP_TYPE_LPM_TRIE, after kernel/bpf/lpm_trie.c: a key is a length in bits and so many bits,
 * a lookup finds the longest prefix. Not a trie here but the hash of map_hash.c with the bits
 * behind the prefix cleared, asked for one length after the other, longest first, without those
 * that no element ever had: rule sets have few.
 *
 * The kernel keeps a key's bits behind its prefix and shows them to bpf(2); here they are zero.
 */
#include "bpf/map_hash.h"

#include <errno.h>

#define LEN_BYTES 4u   /* offsetof(struct bpf_lpm_trie_key_u8, data) */
#define DATA_MAX 256u  /* LPM_DATA_SIZE_MAX */
#define NODE_BYTES 40u /* sizeof(struct lpm_trie_node) */
#define VALUE_MAX (XB_KMALLOC_MAX - DATA_MAX - NODE_BYTES)
#define LPM_FLAGS                                                                                  \
	(BPF_F_NO_PREALLOC | BPF_F_NUMA_NODE | BPF_F_RDONLY | BPF_F_RDONLY_PROG | BPF_F_WRONLY |   \
		BPF_F_WRONLY_PROG)

struct lpm {
	struct xb_hash hash;
	uint32_t seen[DATA_MAX * 8 / 32 + 1]; /* lengths that elements have or had, a bit each */
};

struct lpm_key {
	uint8_t bytes[LEN_BYTES + DATA_MAX];
};

/* trie_alloc */
static int
lpm_check(const struct xb_map_def *def, struct xb_log *log)
{
	if (def->max_entries == 0)
		return xb_map_refuse(log, def, -EINVAL, "max_entries is 0");
	if (!(def->flags & BPF_F_NO_PREALLOC))
		return xb_map_refuse(log, def, -EINVAL, "must have BPF_F_NO_PREALLOC");
	if (def->flags & ~(uint32_t)LPM_FLAGS)
		return xb_map_refuse(log, def, -EINVAL, "flags %#x are not for this type",
			def->flags & ~(uint32_t)LPM_FLAGS);
	if ((def->flags & BPF_F_RDONLY_PROG) && (def->flags & BPF_F_WRONLY_PROG))
		return xb_map_refuse(log, def, -EINVAL,
			"BPF_F_RDONLY_PROG and BPF_F_WRONLY_PROG exclude each other");
	if (def->key_size <= LEN_BYTES || def->key_size > LEN_BYTES + DATA_MAX)
		return xb_map_refuse(log, def, -EINVAL, "key_size %u, must be %u to %u",
			def->key_size, LEN_BYTES + 1, LEN_BYTES + DATA_MAX);
	if (def->value_size == 0 || def->value_size > VALUE_MAX)
		return xb_map_refuse(log, def, -EINVAL, "value_size %u, must be 1 to %u",
			def->value_size, VALUE_MAX);
	return 0;
}

static uint32_t
length_of(const void *key)
{
	uint32_t bits;

	memcpy(&bits, key, sizeof(bits));
	return bits;
}

static uint32_t
length_max(const struct xb_map *map)
{
	return (map->key_size - LEN_BYTES) * 8;
}

/* The key's first `bits` bits as a key of that length. */
static void
cut(const struct xb_map *map, struct lpm_key *to, const void *key, uint32_t bits)
{
	uint32_t whole = bits / 8, data = map->key_size - LEN_BYTES;
	const uint8_t *from = (const uint8_t *)key + LEN_BYTES;
	uint8_t *d = to->bytes + LEN_BYTES;

	memcpy(to->bytes, &bits, sizeof(bits));
	memcpy(d, from, whole);
	memset(d + whole, 0, data - whole);
	if (bits % 8)
		d[whole] = (uint8_t)(from[whole] & (0xff00u >> bits % 8));
}

static bool
was_seen(const struct lpm *l, uint32_t bits)
{
	return __atomic_load_n(&l->seen[bits / 32], __ATOMIC_RELAXED) & 1u << bits % 32;
}

/* The element with the longest prefix of the key, 0 when there is none. */
static uint32_t
find(const struct lpm *l, const void *key)
{
	const struct xb_map *map = &l->hash.map;
	struct lpm_key k;

	if (length_of(key) > length_max(map))
		return 0;
	for (uint32_t bits = length_of(key) + 1; bits-- > 0;) {
		uint32_t i;

		if (!was_seen(l, bits))
			continue;
		cut(map, &k, key, bits);
		i = xb_hash_find(&l->hash, k.bytes, xb_hash_of(&l->hash, k.bytes));
		if (i)
			return i;
	}
	return 0;
}

static void *
lpm_lookup(struct xb_map *map, unsigned int cpu, const void *key)
{
	const struct lpm *l = (const struct lpm *)map;
	uint32_t i = find(l, key);

	(void)cpu;
	return i ? xb_hash_value(&l->hash, 0, i) : NULL;
}

static int
lpm_user_lookup(struct xb_map *map, const void *key, void *value)
{
	uint32_t i = find((const struct lpm *)map, key);

	if (!i)
		return -ENOENT;
	xb_value_to_user(map, i - 1, value);
	return 0;
}

static int
lpm_update(struct xb_map *map, unsigned int cpu, const void *key, const void *value, uint64_t flags)
{
	struct lpm *l = (struct lpm *)map;
	uint32_t bits = length_of(key);
	struct lpm_key k;
	int err;

	if (flags > BPF_EXIST || bits > length_max(map))
		return -EINVAL;
	cut(map, &k, key, bits);
	__atomic_fetch_or(&l->seen[bits / 32], 1u << bits % 32, __ATOMIC_RELAXED);
	err = xb_hash_ops.update(map, cpu, k.bytes, value, flags);
	return err == -E2BIG ? -ENOSPC : err;
}

static int
lpm_remove(struct xb_map *map, unsigned int cpu, const void *key)
{
	struct lpm_key k;

	if (length_of(key) > length_max(map))
		return -EINVAL;
	cut(map, &k, key, length_of(key));
	return xb_hash_ops.remove(map, cpu, k.bytes);
}

const struct xb_map_ops xb_lpm_trie_ops = {
	.struct_bytes = sizeof(struct lpm),
	.check = lpm_check,
	.bytes = xb_hash_bytes,
	.init = xb_hash_init,
	.fini = xb_hash_fini,
	.lookup = lpm_lookup,
	.update = lpm_update,
	.remove = lpm_remove,
	.user_lookup = lpm_user_lookup,
	.user_update = lpm_update,
	.user_remove = lpm_remove,
	.keys = xb_hash_keys,
};
