/* SPDX-License-Identifier: BSD-2-Clause */
/* Maps, several threads: what must hold whatever the order they run in. */
#include "bpf/xb.h"
#include "tests/_cmocka.h"

#include <pthread.h>
#include <string.h>

#define CPUS 4u
#define ROUNDS 60000u
#define BURST 32u

struct worker {
	struct xb_map *map;
	unsigned int cpu;
	uint64_t prng;
	uint64_t bad; /* things seen that must not be */
	uint64_t done;
	pthread_t thread;
};

static uint32_t
next(struct worker *w)
{
	w->prng = w->prng * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(w->prng >> 33);
}

/* A value that shows which key it belongs to and whether it is whole. */
struct value {
	uint64_t key, number, check;
};

static struct value
value_of(uint32_t key, uint64_t number)
{
	return (struct value){ key, number, (key + number) * 0x9e3779b97f4a7c15u };
}

static bool
is_whole(const struct value *v, uint32_t key)
{
	return v->key == key && v->check == (v->key + v->number) * 0x9e3779b97f4a7c15u;
}

/* Workers begin together; readers go on as long as a writer does. */
static pthread_barrier_t start;
static unsigned int writing;
static bool has_read; /* a scheduler may keep the reader from running until the writers end */

static bool
others_write(void)
{
	return __atomic_load_n(&writing, __ATOMIC_RELAXED) > 0;
}

static void
done_writing(void)
{
	__atomic_fetch_sub(&writing, 1, __ATOMIC_RELAXED);
}

static void
run(void *(*const fn[CPUS])(void *), struct worker w[CPUS], struct xb_map *map)
{
	writing = 2;
	has_read = false;
	pthread_barrier_init(&start, NULL, CPUS);
	for (unsigned int i = 0; i < CPUS; i++) {
		w[i] = (struct worker){ .map = map, .cpu = i, .prng = i + 1 };
		assert_int_equal(pthread_create(&w[i].thread, NULL, fn[i], &w[i]), 0);
	}
	for (unsigned int i = 0; i < CPUS; i++)
		pthread_join(w[i].thread, NULL);
	pthread_barrier_destroy(&start);
}

static struct xb_map *
make(enum bpf_map_type type, uint32_t value, uint32_t entries)
{
	const struct xb_map_def def = { .name = "m",
		.type = type,
		.key_size = 4,
		.value_size = value,
		.max_entries = entries };
	struct xb_map *map = xb_map_new(&def, CPUS, NULL);

	assert_non_null(map);
	return map;
}

#define KEYS 64u

/* Holds on to what it finds until the end of the burst: it must not change. */
static void *
reader(void *arg)
{
	struct worker *w = arg;

	pthread_barrier_wait(&start);
	xb_map_thread_online(w->cpu);
	while (others_write()) {
		const struct value *held[BURST];
		struct value first[BURST];
		uint32_t key[BURST];

		for (unsigned int k = 0; k < BURST; k++) {
			key[k] = next(w) % KEYS;
			held[k] = xb_map_lookup(w->map, w->cpu, &key[k]);
			if (held[k])
				first[k] = *held[k];
		}
		for (unsigned int k = 0; k < BURST; k++) {
			if (!held[k])
				continue;
			w->done++;
			w->bad += !is_whole(held[k], key[k]) ||
				  memcmp(held[k], &first[k], sizeof(first[k])) != 0;
		}
		xb_map_quiescent(w->cpu);
		if (w->done > 0)
			__atomic_store_n(&has_read, true, __ATOMIC_RELAXED);
	}
	xb_map_thread_offline(w->cpu);
	return NULL;
}

static void *
writer(void *arg)
{
	struct worker *w = arg;

	pthread_barrier_wait(&start);
	xb_map_thread_online(w->cpu);
	for (uint32_t i = 0; i < ROUNDS || !__atomic_load_n(&has_read, __ATOMIC_RELAXED); i++) {
		uint32_t key = next(w) % KEYS;
		struct value v = value_of(key, i);
		int err = xb_map_update(w->map, w->cpu, &key, &v, BPF_ANY);

		w->bad += err != 0;
		if (i % 3 == 0) {
			key = next(w) % KEYS;
			xb_map_delete(w->map, w->cpu, &key);
		}
		if (i % BURST == 0)
			xb_map_quiescent(w->cpu);
	}
	xb_map_thread_offline(w->cpu);
	done_writing();
	return NULL;
}

static void *
outsider(void *arg)
{
	struct worker *w = arg;

	pthread_barrier_wait(&start);
	for (uint32_t i = 0; others_write(); i++) {
		uint32_t key = next(w) % KEYS;
		struct value v;

		if (xb_map_user_lookup(w->map, &key, &v) == 0)
			w->bad += !is_whole(&v, key);
		v = value_of(key, i);
		if (i % 4 == 0)
			w->bad += xb_map_user_update(w->map, &key, &v, BPF_ANY) != 0;
		else if (i % 4 == 1)
			xb_map_user_delete(w->map, &key);
	}
	return NULL;
}

static void
values_do_not_change_under_a_reader_before_it_is_quiescent(void **state)
{
	void *(*const fn[CPUS])(void *) = { reader, writer, writer, outsider };
	const enum bpf_map_type types[] = { BPF_MAP_TYPE_HASH, BPF_MAP_TYPE_LRU_HASH };

	(void)state;
	for (unsigned int t = 0; t < 2; t++) {
		struct xb_map *map = make(types[t], sizeof(struct value), KEYS);
		struct worker w[CPUS];

		run(fn, w, map);
		for (unsigned int i = 0; i < CPUS; i++)
			assert_int_equal(w[i].bad, 0);
		assert_true(w[0].done > 0);
		xb_map_free(map);
	}
}

static void
an_lru_hash_under_pressure_stays_whole(void **state)
{
	void *(*const fn[CPUS])(void *) = { reader, writer, writer, outsider };
	struct xb_map *map = make(BPF_MAP_TYPE_LRU_HASH, sizeof(struct value), KEYS / 4);
	struct worker w[CPUS];

	(void)state;
	run(fn, w, map);
	for (unsigned int i = 0; i < CPUS; i++)
		assert_int_equal(w[i].bad, 0);
	xb_map_free(map);
}

/* ---- counters ---- */

static void *
counter(void *arg)
{
	struct worker *w = arg;

	pthread_barrier_wait(&start);
	xb_map_thread_online(w->cpu);
	for (uint32_t i = 0; i < ROUNDS; i++) {
		uint32_t key = next(w) % KEYS;
		const uint64_t zero = 0;
		uint64_t *at = xb_map_lookup(w->map, w->cpu, &key);

		if (!at) {
			xb_map_update(w->map, w->cpu, &key, &zero, BPF_NOEXIST);
			at = xb_map_lookup(w->map, w->cpu, &key);
		}
		if (at) {
			__atomic_fetch_add(at, 1, __ATOMIC_RELAXED);
			w->done++;
		}
		if (i % BURST == 0)
			xb_map_quiescent(w->cpu);
	}
	xb_map_thread_offline(w->cpu);
	return NULL;
}

static int
add_up(void *arg, const void *key, const void *value)
{
	(void)key;
	*(uint64_t *)arg += *(const uint64_t *)value;
	return 0;
}

static int
add_up_percpu(void *arg, const void *key, const void *value)
{
	for (unsigned int cpu = 0; cpu < CPUS; cpu++)
		add_up(arg, key, (const uint64_t *)value + cpu);
	return 0;
}

static void
no_count_is_lost(void **state)
{
	void *(*const fn[CPUS])(void *) = { counter, counter, counter, counter };
	const struct {
		enum bpf_map_type type;
		int (*add)(void *, const void *, const void *);
	} maps[] = {
		{ BPF_MAP_TYPE_HASH, add_up },
		{ BPF_MAP_TYPE_LRU_HASH, add_up },
		{ BPF_MAP_TYPE_ARRAY, add_up },
		{ BPF_MAP_TYPE_PERCPU_ARRAY, add_up_percpu },
	};

	(void)state;
	for (unsigned int t = 0; t < 4; t++) {
		struct xb_map *map = make(maps[t].type, 8, KEYS);
		struct worker w[CPUS];
		uint64_t sum = 0;

		run(fn, w, map);
		assert_int_equal(xb_map_for_each(map, maps[t].add, &sum), 0);
		assert_int_equal(sum, (uint64_t)CPUS * ROUNDS);
		xb_map_free(map);
	}
}

/* Every worker inserts keys of its own until the map is full. */
static void *
filler(void *arg)
{
	struct worker *w = arg;

	pthread_barrier_wait(&start);
	xb_map_thread_online(w->cpu);
	for (uint32_t i = 0; i < 2000; i++) {
		uint32_t key = w->cpu << 16 | i;

		if (xb_map_update(w->map, w->cpu, &key, &w->prng, BPF_NOEXIST) == 0)
			w->done++;
		xb_map_quiescent(w->cpu);
	}
	xb_map_thread_offline(w->cpu);
	return NULL;
}

static int
count(void *arg, const void *key, const void *value)
{
	(void)key, (void)value;
	++*(uint64_t *)arg;
	return 0;
}

static void
a_map_takes_exactly_max_entries(void **state)
{
	void *(*const fn[CPUS])(void *) = { filler, filler, filler, filler };
	struct xb_map *map = make(BPF_MAP_TYPE_HASH, 8, 3000);
	struct worker w[CPUS];
	uint64_t n = 0, done = 0;

	(void)state;
	run(fn, w, map);
	for (unsigned int i = 0; i < CPUS; i++)
		done += w[i].done;
	assert_int_equal(done, 3000);
	assert_int_equal(xb_map_for_each(map, count, &n), 0);
	assert_int_equal(n, 3000);
	xb_map_free(map);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_do_not_change_under_a_reader_before_it_is_quiescent),
		cmocka_unit_test(an_lru_hash_under_pressure_stays_whole),
		cmocka_unit_test(no_count_is_lost),
		cmocka_unit_test(a_map_takes_exactly_max_entries),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
