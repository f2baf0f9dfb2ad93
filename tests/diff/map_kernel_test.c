/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The same definition and the same calls to the kernel's bpf(2) and to ours: the same errno, the
 * same values, the same elements in the end. Usage: map_kernel_test [SEED]
 */
#include "bpf/xb.h"
#include "tests/diff/oracle.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ROUNDS 300
#define CALLS 400
#define KEYS 24u /* different keys drawn */
#define KEY_MAX 64u
#define VALUE_MAX 256u

struct pair {
	struct xb_map_def def;
	struct xb_map *ours;
	int fd;
	unsigned int cpus;
	uint64_t seed;
};

/* ---- creation: odd definitions, the same answer ---- */

static const enum bpf_map_type types[] = { BPF_MAP_TYPE_HASH, BPF_MAP_TYPE_ARRAY,
	BPF_MAP_TYPE_PERCPU_HASH, BPF_MAP_TYPE_PERCPU_ARRAY, BPF_MAP_TYPE_LRU_HASH,
	BPF_MAP_TYPE_PROG_ARRAY, BPF_MAP_TYPE_LPM_TRIE, BPF_MAP_TYPE_LRU_PERCPU_HASH,
	/* What user space puts into these is not here (bpf/map_target.c): creation only. */
	BPF_MAP_TYPE_DEVMAP, BPF_MAP_TYPE_DEVMAP_HASH, BPF_MAP_TYPE_CPUMAP, BPF_MAP_TYPE_XSKMAP,
	BPF_MAP_TYPE_PERF_EVENT_ARRAY, BPF_MAP_TYPE_RINGBUF };
#define TYPES (sizeof(types) / sizeof(types[0]))
#define TYPES_FILLED 8u /* the first ones, whose elements are compared */

static int
kernel_map(const struct xb_map_def *def)
{
	LIBBPF_OPTS(bpf_map_create_opts, opts, .map_flags = def->flags);

	return bpf_map_create(
		def->type, def->name, def->key_size, def->value_size, def->max_entries, &opts);
}

static void
create_both(const struct xb_map_def *def)
{
	struct xb_log log = { 0 };
	int fd = kernel_map(def), kernel = fd < 0 ? errno : 0, ours;
	struct xb_map *map = xb_map_new(def, 1, &log);

	ours = map ? 0 : errno;
	if (kernel != ours)
		die("type %u key %u value %u entries %u flags %#x: kernel %d, ours %d (%s)",
			def->type, def->key_size, def->value_size, def->max_entries, def->flags,
			kernel, ours, xb_log_text(&log));
	if (fd >= 0)
		close(fd);
	xb_map_free(map);
	xb_log_free(&log);
}

static void
compare_creation(uint64_t *seed)
{
	static const uint32_t sizes[] = { 0, 1, 3, 4, 4, 4, 8, 16, 512, 513, 32767, 32768, 32769,
		(4u << 20) - 53, (4u << 20) - 52, (4u << 20) - 48, 4u << 20, 1u << 31, UINT32_MAX };
	static const uint32_t flags[] = { 0, 0, 0, BPF_F_NO_PREALLOC, BPF_F_NO_COMMON_LRU,
		BPF_F_RDONLY, BPF_F_WRONLY, BPF_F_RDONLY_PROG, BPF_F_WRONLY_PROG, BPF_F_ZERO_SEED,
		BPF_F_MMAPABLE, BPF_F_PRESERVE_ELEMS, BPF_F_INNER_MAP, BPF_F_CLONE,
		BPF_F_STACK_BUILD_ID, BPF_F_NUMA_NODE, 1u << 31 };
	/* What both can have, and what is refused by number alone; not what needs gigabytes. */
	static const uint32_t entries[] = { 0, 1, 2, 7 };
	uint32_t n_sizes = sizeof(sizes) / sizeof(sizes[0]),
		 n_flags = sizeof(flags) / sizeof(flags[0]);

	for (unsigned int i = 0; i < 6000; i++) {
		struct xb_map_def def = { .name = "diff",
			.type = types[draw(seed, TYPES)],
			.key_size = sizes[draw(seed, n_sizes)],
			.value_size = sizes[draw(seed, n_sizes)],
			.max_entries = entries[draw(seed, 4)],
			.flags = flags[draw(seed, n_flags)] | flags[draw(seed, n_flags)] };

		if (def.type == BPF_MAP_TYPE_RINGBUF) {
			def.key_size = draw(seed, 4) == 0 ? 4 : 0;
			def.value_size = draw(seed, 4) == 0 ? 4 : 0;
			def.max_entries = 2048 * draw(seed, 5);
		}
		/* A valid value of gigabytes: a question of memory, not of rules. */
		if (def.value_size == 1u << 31 || def.value_size == UINT32_MAX)
			def.max_entries = 0;
		create_both(&def);
	}
	for (uint32_t n = (1u << 27) - 1; n < (1u << 27) + 2; n++) {
		struct xb_map_def def = { .name = "diff",
			.type = BPF_MAP_TYPE_HASH,
			.key_size = 4,
			.value_size = 4,
			.max_entries = n,
			.flags = BPF_F_NO_PREALLOC };

		if (n > 1u << 27)
			create_both(&def);
	}
}

/* ---- calls ---- */

static void
draw_def(struct pair *p)
{
	struct xb_map_def *d = &p->def;
	bool array;

	*d = (struct xb_map_def){ .name = "diff", .type = types[draw(&p->seed, TYPES_FILLED)] };
	array = d->type == BPF_MAP_TYPE_ARRAY || d->type == BPF_MAP_TYPE_PERCPU_ARRAY ||
		d->type == BPF_MAP_TYPE_PROG_ARRAY;
	d->key_size = array ? 4 : 1 + draw(&p->seed, 20);
	d->value_size = d->type == BPF_MAP_TYPE_PROG_ARRAY ? 4 : 1 + draw(&p->seed, 40);
	d->max_entries = 1 + draw(&p->seed, KEYS + 4);
	if (d->type == BPF_MAP_TYPE_LPM_TRIE) {
		d->key_size = 5 + draw(&p->seed, 20);
		d->flags = BPF_F_NO_PREALLOC;
	}
	/* Where the kernel's LRU evicts, it evicts by the number of cpus: not comparable. */
	if (d->type == BPF_MAP_TYPE_LRU_HASH || d->type == BPF_MAP_TYPE_LRU_PERCPU_HASH)
		d->max_entries = 1024;
	if ((d->type == BPF_MAP_TYPE_HASH || d->type == BPF_MAP_TYPE_PERCPU_HASH) &&
		draw(&p->seed, 2))
		d->flags |= BPF_F_NO_PREALLOC;
	if (draw(&p->seed, 8) == 0)
		d->flags |= draw(&p->seed, 2) ? BPF_F_RDONLY : BPF_F_WRONLY;
}

static void
draw_key(struct pair *p, uint8_t *key)
{
	uint32_t n = draw(&p->seed, KEYS);

	memset(key, 0xa5, KEY_MAX);
	memcpy(key, &n, p->def.key_size < 4 ? p->def.key_size : 4);
	if (p->def.key_size > 4)
		key[p->def.key_size - 1] = (uint8_t)(n * 7);
	/* The length of a prefix is n: let some of the same length differ. */
	if (p->def.type == BPF_MAP_TYPE_LPM_TRIE)
		key[4] = (uint8_t)(draw(&p->seed, 4) << 6);
}

/* Values of all cpus, the padding zero: what the kernel does with that is nobody's business. */
static void
draw_value(struct pair *p, uint8_t *value)
{
	uint32_t step = (p->def.value_size + 7) / 8 * 8;

	memset(value, 0, (size_t)step * p->cpus);
	for (unsigned int cpu = 0; cpu < p->cpus; cpu++)
		for (uint32_t i = 0; i < p->def.value_size; i++)
			value[cpu * step + i] = (uint8_t)draw(&p->seed, 256);
	/* No open file has this number. */
	if (p->def.type == BPF_MAP_TYPE_PROG_ARRAY)
		memcpy(value, (uint32_t[]){ 0x7fffffff }, 4);
}

static void
same(const struct pair *p, const char *what, int kernel, int ours)
{
	if (kernel != ours)
		die("%s on %s (key %u, value %u, entries %u, flags %#x): kernel %d, ours %d", what,
			xb_map_type_name(p->def.type), p->def.key_size, p->def.value_size,
			p->def.max_entries, p->def.flags, kernel, ours);
}

static void
compare_lookup(struct pair *p, const uint8_t *key)
{
	uint32_t n = xb_map_user_value_size(p->ours);
	uint8_t *a = calloc(1, n), *b = calloc(1, n);
	int kernel = bpf_map_lookup_elem(p->fd, key, a) ? -errno : 0;

	same(p, "lookup", kernel, xb_map_user_lookup(p->ours, key, b));
	if (!kernel && memcmp(a, b, n) != 0)
		die("lookup on %s: values differ", xb_map_type_name(p->def.type));
	free(a);
	free(b);
}

static void
compare_call(struct pair *p)
{
	static const uint64_t flags[] = { BPF_ANY, BPF_ANY, BPF_ANY, BPF_NOEXIST, BPF_EXIST, 3,
		BPF_F_LOCK, BPF_F_LOCK | BPF_EXIST, 8, UINT64_C(1) << 40 };
	uint8_t key[KEY_MAX], *value = malloc((size_t)VALUE_MAX * p->cpus);
	uint64_t f = flags[draw(&p->seed, sizeof(flags) / sizeof(flags[0]))];
	int kernel;

	draw_key(p, key);
	draw_value(p, value);
	switch (draw(&p->seed, 4)) {
	case 0:
		kernel = bpf_map_delete_elem(p->fd, key) ? -errno : 0;
		same(p, "delete", kernel, xb_map_user_delete(p->ours, key));
		break;
	case 1: compare_lookup(p, key); break;
	default:
		kernel = bpf_map_update_elem(p->fd, key, value, f) ? -errno : 0;
		same(p, "update", kernel, xb_map_user_update(p->ours, key, value, f));
	}
	free(value);
}

/* Every element of ours is the kernel's ... */
static int
is_in_kernel(void *arg, const void *key, const void *value)
{
	struct pair *p = arg;
	uint32_t n = xb_map_user_value_size(p->ours);
	uint8_t *a = malloc(n);

	p->seed++;
	if (bpf_map_lookup_elem(p->fd, key, a) || memcmp(a, value, n) != 0)
		die("%s: an element of ours is not the kernel's", xb_map_type_name(p->def.type));
	free(a);
	return 0;
}

/* ... and there are as many. */
static void
compare_contents(struct pair *p)
{
	uint8_t key[KEY_MAX], *last = NULL;
	uint64_t before = p->seed, n = 0;

	if (p->def.flags & (BPF_F_RDONLY | BPF_F_WRONLY) || p->def.type == BPF_MAP_TYPE_PROG_ARRAY)
		return;
	xb_map_for_each(p->ours, is_in_kernel, p);
	while (bpf_map_get_next_key(p->fd, last, key) == 0) {
		last = key;
		n++;
	}
	same(p, "number of elements", (int)n, (int)(p->seed - before));
}

static void
compare_calls(uint64_t *seed, unsigned int cpus)
{
	struct pair p = { .cpus = cpus, .seed = *seed };

	draw_def(&p);
	p.fd = kernel_map(&p.def);
	p.ours = xb_map_new(&p.def, cpus, NULL);
	if (p.fd < 0 || !p.ours)
		die("%s: cannot be made: %s", xb_map_type_name(p.def.type), strerror(errno));
	for (unsigned int i = 0; i < CALLS; i++)
		compare_call(&p);
	compare_contents(&p);
	close(p.fd);
	xb_map_free(p.ours);
	*seed = p.seed;
}

int
main(int argc, char **argv)
{
	int cpus = libbpf_num_possible_cpus();
	uint64_t seed;
	cpu_set_t one;

	need_bpf();
	need_linux(6, 12);
	if (cpus < 1 || cpus > (int)XB_CPUS_MAX) {
		printf("skipped: %d possible cpus\n", cpus);
		return EXIT_SKIP;
	}
	seed = seed_of(argc, argv);
	/* The kernel keeps free elements of a map by cpu. */
	CPU_ZERO(&one);
	CPU_SET(0, &one);
	sched_setaffinity(0, sizeof(one), &one);
	compare_creation(&seed);
	for (unsigned int i = 0; i < ROUNDS; i++)
		compare_calls(&seed, (unsigned int)cpus);
	return 0;
}
