/* SPDX-License-Identifier: BSD-2-Clause */
/* The running kernel: maps and programs of its own, BPF_PROG_TEST_RUN. */
#include "tests/diff/equal/equal.h"
#include "tests/diff/skb_kernel.h"
#include "tests/verifier/verdict.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct kernel {
	struct equal_side side;
	int maps[XB_OBJECT_MAX_MAPS], progs[XB_OBJECT_MAX_PROGS];
	uint32_t map_cnt, prog_cnt; /* that are open */
	int prog;		    /* that runs */
	char log[65536];
};

static struct kernel *
kernel_of(struct equal_side *side)
{
	return (struct kernel *)side;
}

/* ---- loading ---- */

static int
load_one(struct kernel *k, const struct xb_prog *prog, struct xb_log *log)
{
	LIBBPF_OPTS(bpf_prog_load_opts, opts, .log_level = 1, .log_buf = k->log,
		.log_size = sizeof(k->log), .fd_array = k->maps);
	int fd = bpf_prog_load(
		prog->type, "equal", k->side.obj->license, prog->insns, prog->insn_cnt, &opts);
	char sentence[256];

	if (fd >= 0)
		return fd;
	fd = -errno;
	verdict_copy_sentence(k->log, sentence, sizeof(sentence));
	xb_log_add(log, "%s\n", sentence);
	return fd;
}

static int
put_programs(const struct kernel *k)
{
	const struct xb_object *obj = k->side.obj;

	for (uint32_t i = 0; i < obj->map_cnt; i++)
		for (uint32_t s = 0; s < obj->maps[i].slot_cnt; s++)
			if (obj->maps[i].type == BPF_MAP_TYPE_PROG_ARRAY &&
				bpf_map_update_elem(k->maps[i], &obj->maps[i].slots[s].key,
					&k->progs[obj->maps[i].slots[s].prog], BPF_ANY))
				return -errno;
	return 0;
}

static int
kernel_load(struct equal_side *side, const struct xb_object *obj, const struct xb_prog *prog,
	struct xb_log *log)
{
	struct kernel *k = kernel_of(side);
	int err = kernel_make_maps(obj->maps, obj->map_cnt, k->maps);

	side->obj = obj;
	side->prog = prog;
	if (err)
		return err;
	k->map_cnt = obj->map_cnt;
	for (uint32_t i = 0; i < obj->prog_cnt; i++) {
		int fd = load_one(k, &obj->progs[i], log);

		if (fd < 0)
			return fd;
		k->progs[k->prog_cnt++] = fd;
	}
	k->prog = k->progs[prog - obj->progs];
	return put_programs(k);
}

static void
kernel_unload(struct equal_side *side)
{
	struct kernel *k = kernel_of(side);

	kernel_close_maps(k->maps, k->map_cnt);
	kernel_close_maps(k->progs, k->prog_cnt);
	k->map_cnt = k->prog_cnt = 0;
	side->obj = NULL;
}

/* ---- running ---- */

static int
run_skb(struct kernel *k, struct run *run)
{
	static struct skb_run skb;
	int err;

	skb.len = run->len;
	memset(&skb.ctx, 0, sizeof(skb.ctx));
	memcpy(skb.data, run->data, run->len);
	err = skb_run_kernel(k->prog, &skb);
	if (err)
		return err;
	run->len = skb.len < PAGE_BYTES ? skb.len : PAGE_BYTES;
	run->ret = skb.ret;
	memcpy(run->data, skb.data, run->len);
	return 0;
}

/* Packets of less than 14 bytes it refuses, and for tc those that end in their IP header. */
static enum equal_ran
kernel_run(struct equal_side *side, struct run *run)
{
	struct kernel *k = kernel_of(side);
	int err = side->prog->type == BPF_PROG_TYPE_XDP ? kernel_run_xdp(k->prog, run)
							: run_skb(k, run);

	if (!err)
		return EQUAL_RAN;
	snprintf(side->text, sizeof(side->text), "%s", strerror(-err));
	return err == -EINVAL ? EQUAL_NOT_TAKEN : EQUAL_FAULT;
}

/* ---- maps ---- */

static bool
is_per_cpu(const struct xb_map_def *def)
{
	return def->type == BPF_MAP_TYPE_PERCPU_ARRAY || def->type == BPF_MAP_TYPE_PERCPU_HASH ||
	       def->type == BPF_MAP_TYPE_LRU_PERCPU_HASH;
}

static uint32_t
value_bytes(const struct xb_map_def *def)
{
	uint32_t cpus = (uint32_t)libbpf_num_possible_cpus();

	return is_per_cpu(def) ? (def->value_size + 7) / 8 * 8 * cpus : def->value_size;
}

static int
kernel_read(struct equal_side *side, uint32_t i, struct equal_map *map)
{
	const struct xb_map_def *def = &side->obj->maps[i];
	const int fd = kernel_of(side)->maps[i];
	uint8_t *key = malloc(def->key_size), *value = malloc(value_bytes(def));
	void *from = NULL;
	int err = key && value ? 0 : -ENOMEM;

	equal_map_begin(map, def->key_size, value_bytes(def));
	for (; !err && bpf_map_get_next_key(fd, from, key) == 0; from = key) {
		err = bpf_map_lookup_elem(fd, key, value) ? -errno : 0;
		if (!err)
			err = equal_map_add(map, key, value);
	}
	equal_map_sort(map);
	free(key);
	free(value);
	return err;
}

static int
kernel_update(struct equal_side *side, uint32_t i, const void *key, const void *value)
{
	return bpf_map_update_elem(kernel_of(side)->maps[i], key, value, BPF_ANY) ? -errno : 0;
}

static int
kernel_delete(struct equal_side *side, uint32_t i, const void *key)
{
	return bpf_map_delete_elem(kernel_of(side)->maps[i], key) ? -errno : 0;
}

/* ---- the side ---- */

static void
kernel_free(struct equal_side *side)
{
	free(side);
}

struct equal_side *
equal_kernel_new(void)
{
	static const struct equal_ops ops = {
		.name = "kernel",
		.load = kernel_load,
		.unload = kernel_unload,
		.run = kernel_run,
		.read = kernel_read,
		.update = kernel_update,
		.delete = kernel_delete,
		.free = kernel_free,
	};
	struct kernel *k = calloc(1, sizeof(*k));

	if (k)
		k->side.ops = &ops;
	return k ? &k->side : NULL;
}
