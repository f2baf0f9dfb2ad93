/* SPDX-License-Identifier: BSD-2-Clause */
/* The host's interpreter, one of its engines: verified, bound to maps of its own, as
 * dpdk-app/program.c does it. */
#include "bpf/verifier/verifier.h"
#include "tests/diff/equal/equal.h"
#include "tests/diff/skb_kernel.h"

#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct host {
	struct equal_side side;
	enum xb_engine engine;
	struct xb_vm *vm;
	struct xb_map *maps[XB_OBJECT_MAX_MAPS];
	struct xb_image *images[XB_OBJECT_MAX_PROGS];
	struct xb_image *image; /* that runs */
	bool *executed;		/* by slot of it */
	uint32_t slot_cnt;
	uint64_t seed;
};

static struct host *
host_of(struct equal_side *side)
{
	return (struct host *)side;
}

/* ---- loading ---- */

static bool
is_used(const struct xb_object *obj, uint32_t map)
{
	for (uint32_t i = 0; i < obj->prog_cnt; i++)
		if (xb_prog_first_use(&obj->progs[i], map) >= 0)
			return true;
	return false;
}

static int
make_maps(struct host *h, struct xb_log *log)
{
	const struct xb_object *obj = h->side.obj;

	for (uint32_t i = 0; i < obj->map_cnt; i++) {
		if (!is_used(obj, i))
			continue;
		h->maps[i] =
			xb_map_new(&obj->maps[i], (unsigned int)libbpf_num_possible_cpus(), log);
		if (!h->maps[i])
			return -errno;
	}
	return 0;
}

static struct xb_image *
make_image(struct host *h, const struct xb_prog *prog, struct bpf_insn *insns, bool *is_ctx,
	struct xb_log *log)
{
	const struct xb_verify_opts verify = xb_verify_opts_of(h->side.obj, prog);
	const struct xb_image_opts opts = {
		.type = prog->type,
		.engine = h->engine,
		.gpl_compatible = h->side.obj->gpl_compatible,
		.maps = h->maps,
		.map_cnt = h->side.obj->map_cnt,
		.is_ctx_access = is_ctx,
	};
	struct xb_facts facts;

	memcpy(insns, prog->insns, prog->insn_cnt * sizeof(*insns));
	if (xb_verify(prog->insns, prog->insn_cnt, &verify, &facts, log) != 0)
		return NULL;
	for (uint32_t i = 0; i < prog->insn_cnt; i++)
		is_ctx[i] = facts.insns[i].is_ctx_access;
	xb_facts_bury_dead(&facts, insns);
	xb_facts_free(&facts);
	return xb_image_new(insns, prog->insn_cnt, &opts, log);
}

static int
make_images(struct host *h, struct xb_log *log)
{
	const struct xb_object *obj = h->side.obj;

	for (uint32_t i = 0; i < obj->prog_cnt; i++) {
		uint32_t cnt = obj->progs[i].insn_cnt;
		struct bpf_insn *insns = calloc(cnt + 1, sizeof(*insns));
		bool *is_ctx = calloc(cnt + 1, sizeof(*is_ctx));

		if (insns && is_ctx)
			h->images[i] = make_image(h, &obj->progs[i], insns, is_ctx, log);
		free(insns);
		free(is_ctx);
		if (!h->images[i])
			return -EACCES;
	}
	for (uint32_t i = 0; i < obj->map_cnt; i++)
		for (uint32_t s = 0; h->maps[i] && s < obj->maps[i].slot_cnt; s++)
			if (obj->maps[i].type == BPF_MAP_TYPE_PROG_ARRAY)
				xb_map_set_prog(h->maps[i], obj->maps[i].slots[s].key,
					h->images[obj->maps[i].slots[s].prog]);
	return 0;
}

static int
host_load(struct equal_side *side, const struct xb_object *obj, const struct xb_prog *prog,
	struct xb_log *log)
{
	struct host *h = host_of(side);
	int err;

	side->obj = obj;
	side->prog = prog;
	err = make_maps(h, log);
	if (!err)
		err = make_images(h, log);
	if (err)
		return err;
	h->image = h->images[prog - obj->progs];
	h->slot_cnt = prog->insn_cnt;
	h->executed = calloc(prog->insn_cnt + 1, sizeof(bool));
	return h->executed ? 0 : -ENOMEM;
}

static void
host_unload(struct equal_side *side)
{
	struct host *h = host_of(side);
	const struct xb_object *obj = side->obj;

	for (uint32_t i = 0; obj && i < obj->prog_cnt; i++) {
		xb_image_free(h->images[i]);
		h->images[i] = NULL;
	}
	for (uint32_t i = 0; obj && i < obj->map_cnt; i++) {
		xb_map_free(h->maps[i]);
		h->maps[i] = NULL;
	}
	free(h->executed);
	h->executed = NULL;
	side->obj = NULL;
}

/* ---- running ---- */

static void
note_step(void *arg, const struct xb_step *step)
{
	struct host *h = arg;

	if (step->image == h->image)
		h->executed[step->insn] = true;
}

static enum equal_ran
host_run(struct equal_side *side, struct run *run)
{
	static struct skb_run skb;
	struct host *h = host_of(side);
	int err;

	memset(h->executed, 0, h->slot_cnt);
	xb_vm_set_seed(h->vm, h->seed);
	if (side->prog->type == BPF_PROG_TYPE_XDP) {
		err = engine_run_xdp(h->vm, h->image, run);
	} else {
		skb.len = run->len;
		memset(&skb.ctx, 0, sizeof(skb.ctx));
		memcpy(skb.data, run->data, run->len);
		err = skb_run_engine(h->vm, h->image, &skb);
		run->len = skb.len < PAGE_BYTES ? skb.len : PAGE_BYTES;
		run->ret = skb.ret;
		memcpy(run->data, skb.data, run->len);
	}
	xb_map_quiescent(0);
	if (!err)
		return EQUAL_RAN;
	snprintf(side->text, sizeof(side->text), "instruction %u: %s", xb_vm_fault(h->vm)->insn,
		xb_vm_fault(h->vm)->text);
	return EQUAL_FAULT;
}

const bool *
equal_host_executed(const struct equal_side *side, uint32_t *cnt)
{
	const struct host *h = (const struct host *)side;

	*cnt = h->slot_cnt;
	return h->executed;
}

void
equal_host_set_seed(struct equal_side *side, uint64_t seed)
{
	host_of(side)->seed = seed;
}

/* ---- maps ---- */

static int
add(void *map, const void *key, const void *value)
{
	return equal_map_add(map, key, value);
}

static int
host_read(struct equal_side *side, uint32_t i, struct equal_map *map)
{
	struct xb_map *m = host_of(side)->maps[i];
	int err;

	equal_map_begin(map, xb_map_key_size(m), xb_map_user_value_size(m));
	err = xb_map_for_each(m, add, map);
	equal_map_sort(map);
	return err;
}

static int
host_update(struct equal_side *side, uint32_t i, const void *key, const void *value)
{
	return xb_map_user_update(host_of(side)->maps[i], key, value, BPF_ANY);
}

static int
host_delete(struct equal_side *side, uint32_t i, const void *key)
{
	return xb_map_user_delete(host_of(side)->maps[i], key);
}

/* ---- the side ---- */

static void
host_free(struct equal_side *side)
{
	xb_vm_free(host_of(side)->vm);
	free(side);
}

#define OPS(name_)                                                                                 \
	{                                                                                          \
		.name = name_, .load = host_load, .unload = host_unload, .run = host_run,          \
		.read = host_read, .update = host_update, .delete = host_delete,                   \
		.free = host_free,                                                                 \
	}

struct equal_side *
equal_host_new(enum xb_engine engine)
{
	static const struct equal_ops ops[XB_ENGINE_CNT] = {
		[XB_ENGINE_CHECKED] = OPS("host, checked"),
		[XB_ENGINE_FAST] = OPS("host, fast"),
		[XB_ENGINE_TRACED] = OPS("host, traced"),
	};
	struct host *h = calloc(1, sizeof(*h));

	if (!h)
		return NULL;
	h->side.ops = &ops[engine];
	h->engine = engine;
	h->vm = xb_vm_new(0);
	if (!h->vm) {
		free(h);
		return NULL;
	}
	xb_vm_set_step(h->vm, note_step, h);
	return &h->side;
}
