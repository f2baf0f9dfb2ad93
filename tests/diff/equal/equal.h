/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The test of all tests: a program on every machine there is, by the way it goes there in use. A
 * machine is a side: it is given a program of an object with its maps, packets, and what came of
 * them can be read. side_*.c are the sides, lockstep.c compares them, predict.c says which
 * differences were foretold.
 */
#ifndef TESTS_DIFF_EQUAL_H
#define TESTS_DIFF_EQUAL_H

#include "bpf/xb.h"
#include "tests/diff/kernel.h"

struct jit_prog;

/* A map, as the host sees it: entries in order of their keys, each the key and the value. */
struct equal_map {
	uint8_t *entries;
	uint32_t cnt, room;
	uint32_t key_bytes, value_bytes;
};

enum equal_ran {
	EQUAL_RAN,
	EQUAL_NOT_TAKEN, /* such a packet this machine does not run */
	EQUAL_FAULT,	 /* it did not come to its end; text says why */
};

struct equal_side;

struct equal_ops {
	const char *name;
	bool is_card;
	/* 0 or -errno and why; unload() also then. A new program replaces none: unload() before. */
	int (*load)(struct equal_side *side, const struct xb_object *obj,
		const struct xb_prog *prog, struct xb_log *log);
	void (*unload)(struct equal_side *side);
	/* run->ret is the program's result; of a card, what its verdict is in those of XDP. */
	enum equal_ran (*run)(struct equal_side *side, struct run *run);
	/* Entries of map i of the object, by the ways of the host. 0 or -errno. */
	int (*read)(struct equal_side *side, uint32_t i, struct equal_map *map);
	int (*update)(struct equal_side *side, uint32_t i, const void *key, const void *value);
	int (*delete)(struct equal_side *side, uint32_t i, const void *key);
	void (*free)(struct equal_side *side);
};

/* What all sides begin with. */
struct equal_side {
	const struct equal_ops *ops;
	const struct xb_object *obj; /* that is loaded */
	const struct xb_prog *prog;
	char text[256]; /* of the last fault */
};

/* NULL and errno. */
struct equal_side *equal_card_new(bool is_exact);
struct equal_side *equal_host_new(enum xb_engine engine);
struct equal_side *equal_kernel_new(void);

/* ---- side_card.c ---- */

/* What is loaded, with the driver's findings. */
const struct jit_prog *equal_card_prog(const struct equal_side *side);
/* What a card does with a result: it counts what is no verdict as XDP_ABORTED, and has no
 * XDP_REDIRECT (nfp-isa.md 8.5); of tc it passes and drops. */
uint64_t equal_card_verdict(enum bpf_prog_type type, uint64_t ret);

/* ---- side_host.c ---- */

/* Of the traced engine: which slots ran in the last run, and how many slots there are. */
const bool *equal_host_executed(const struct equal_side *side, uint32_t *cnt);
/* Of the next run. */
void equal_host_set_seed(struct equal_side *side, uint64_t seed);

/* ---- map.c ---- */

void equal_map_free(struct equal_map *map);
void equal_map_begin(struct equal_map *map, uint32_t key_bytes, uint32_t value_bytes);
/* 0 or -ENOMEM. */
int equal_map_add(struct equal_map *map, const void *key, const void *value);
void equal_map_sort(struct equal_map *map);
static inline const uint8_t *
equal_map_key(const struct equal_map *map, uint32_t n)
{
	return map->entries + (size_t)n * (map->key_bytes + map->value_bytes);
}
static inline const uint8_t *
equal_map_value(const struct equal_map *map, uint32_t n)
{
	return equal_map_key(map, n) + map->key_bytes;
}
/* Else text says which entry is not. */
bool equal_map_is_same(
	const struct equal_map *a, const struct equal_map *b, char *text, size_t size);
/* The side's map i gets these entries and no others. 0 or -errno. */
int equal_map_put(struct equal_side *side, uint32_t i, const struct equal_map *from);

#endif
