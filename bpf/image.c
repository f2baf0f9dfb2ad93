/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From instructions to what the interpreter runs: one struct xb_dinsn a slot, with the address of
 * its handler, maps and helpers as addresses, context loads rewritten, and runs of
 * instructions that measurement says are common given to one fused handler.
 */
#include "bpf/internal.h"

#include <errno.h>
#include <linux/bpf.h>
#include <stdlib.h>
#include <string.h>

struct builder {
	struct xb_image *image;
	const struct xb_image_opts *opts;
	const void *const *handlers;
	struct xb_log *log;
	int err;
};

static int
refuse(struct builder *b, int err, uint32_t i, const char *reason)
{
	char text[96];
	const struct xb_image *image = b->image;

	xb_insn_format(&image->insns[i], image->insn_cnt - i, text, sizeof(text));
	xb_log_add(b->log, "insn %u: %s: %s\n", i, text, reason);
	return b->err = err;
}

static const char *
check_helper(const struct builder *b, const struct xb_helper *helper, int *err)
{
	enum bpf_prog_type type = b->opts->type;

	*err = -EACCES;
	if ((type == BPF_PROG_TYPE_XDP && !helper->xdp) ||
		((type == BPF_PROG_TYPE_SCHED_CLS || type == BPF_PROG_TYPE_SCHED_ACT) &&
			!helper->tc))
		return "programs of this type may not call this helper";
	if (helper->gpl_only && !b->opts->gpl_compatible)
		return "the helper is for GPL-compatible programs only";
	*err = -EOPNOTSUPP;
	if (!helper->fn && helper->id != BPF_FUNC_tail_call)
		return "this helper is not implemented here";
	return NULL;
}

static int
bind_helper(struct builder *b, uint32_t i, struct xb_dinsn *d)
{
	const struct xb_helper *helper = xb_helper_by_id(b->image->insns[i].imm);
	const char *reason;
	int err;

	if (!helper)
		return refuse(b, -EOPNOTSUPP, i, "there is no such helper");
	reason = check_helper(b, helper, &err);
	if (reason)
		return refuse(b, err, i, reason);
	d->imm64 = (uint64_t)(uintptr_t)helper;
	if (helper->id == BPF_FUNC_tail_call)
		d->go = b->handlers[XB_X_TAIL_CALL];
	return 0;
}

static int
bind_map(struct builder *b, uint32_t i, enum xb_op op, struct xb_dinsn *d)
{
	const struct bpf_insn *insn = &b->image->insns[i];
	struct xb_map *map;
	void *value;

	if (insn->imm < 0 || (uint32_t)insn->imm >= b->image->map_cnt || !b->image->maps[insn->imm])
		return refuse(b, -EINVAL, i, "the program has no such map");
	map = b->image->maps[insn->imm];
	d[1].imm64 = (uint64_t)(uintptr_t)map;
	if (op == XB_OP_LD_MAP_IDX)
		return 0;
	value = xb_map_value_addr(map, (uint32_t)insn[1].imm);
	if (!value)
		return refuse(b, -EINVAL, i, "the map has no value at this offset");
	d[1].imm64 = (uint64_t)(uintptr_t)value;
	return 0;
}

static int
rewrite_ctx(struct builder *b, uint32_t i, struct xb_dinsn *d)
{
	bool is_xdp = b->opts->type == BPF_PROG_TYPE_XDP;

	if (xb_image_rewrite_ctx(b->opts->type, &b->image->insns[i], b->handlers, d))
		return 0;
	return refuse(b, -EINVAL, i,
		is_xdp ? "not a load of a field of struct xdp_md"
		       : "not an access of a field of struct __sk_buff");
}

/* What needs more than its fields. */
static int
bind(struct builder *b, uint32_t i, enum xb_op op, struct xb_dinsn *d)
{
	const struct bpf_insn *insn = &b->image->insns[i];

	switch (op) {
	case XB_OP_CALL: return bind_helper(b, i, d);
	case XB_OP_LD_MAP_IDX:
	case XB_OP_LD_MAP_IDX_VALUE: return bind_map(b, i, op, d);
	case XB_OP_LD_IMM64:
		d[1].imm64 = (uint64_t)(uint32_t)insn[1].imm << 32 | (uint32_t)insn->imm;
		return 0;
	case XB_OP_CALL_BTF: return refuse(b, -EOPNOTSUPP, i, "there are no kernel functions here");
	case XB_OP_LD_MAP_FD:
	case XB_OP_LD_MAP_VALUE:
	case XB_OP_LD_VAR_ADDR:
		return refuse(b, -EOPNOTSUPP, i,
			"file descriptors and platform variables mean "
			"nothing here");
	case XB_OP_LD_CODE_ADDR:
		return refuse(b, -EOPNOTSUPP, i, "callbacks are not implemented here");
	default:
		if (b->opts->engine == XB_ENGINE_FAST && b->opts->is_ctx_access &&
			b->opts->is_ctx_access[i])
			return rewrite_ctx(b, i, d);
		return 0;
	}
}

static void
decode(struct builder *b)
{
	struct xb_image *image = b->image;

	for (uint32_t i = 0; i < image->insn_cnt && !b->err;) {
		const struct bpf_insn *insn = &image->insns[i];
		struct xb_dinsn *d = &image->code[i];
		enum xb_op op;

		xb_insn_decode(insn, image->insn_cnt - i, &op); /* xb_insns_check() was here */
		d->go = b->handlers[op];
		d->dst = insn->dst_reg;
		d->src = insn->src_reg;
		d->off = insn->off;
		d->imm = insn->imm;
		bind(b, i, op, d);
		i += xb_op_info(op)->wide ? 2 : 1;
	}
}

/* The runs of XB_FUSED_LIST; XB_X_CNT ends a run of two. */
static const struct {
	enum xb_xop fused, ops[3];
} runs[] = {
#define FUSED(id, one, two, three) { XB_X_##id, { XB_X_##one, XB_X_##two, XB_X_##three } },
	XB_FUSED_LIST(FUSED)
#undef FUSED
};

static bool
is_run(const struct builder *b, const struct xb_dinsn *d, uint32_t left, size_t run)
{
	const enum xb_xop *op = runs[run].ops;

	for (uint32_t i = 0; i < 3 && op[i] != XB_X_CNT; i++)
		if (i >= left || d[i].go != b->handlers[op[i]] || d[i].dst != d[0].dst)
			return false;
	return true;
}

/* Give the first slot of each run its handler. The checked engine does not: it counts instructions.
 */
static void
fuse(struct builder *b)
{
	struct xb_image *image = b->image;

	for (uint32_t i = 0; i < image->insn_cnt; i++)
		for (size_t run = 0; run < ARRAY_SIZE(runs); run++)
			if (is_run(b, &image->code[i], image->insn_cnt - i, run)) {
				image->code[i].go = b->handlers[runs[run].fused];
				break;
			}
}

static int
build(struct builder *b, const struct bpf_insn *insns)
{
	const struct xb_image_opts *opts = b->opts;
	struct xb_image *image = b->image;
	uint64_t handlers;

	image->insns = calloc(image->insn_cnt, sizeof(*insns));
	image->code = calloc(image->insn_cnt, sizeof(*image->code));
	image->maps = calloc(image->map_cnt + 1, sizeof(struct xb_map *));
	if (!image->insns || !image->code || !image->maps)
		return -ENOMEM;
	memcpy(image->insns, insns, image->insn_cnt * sizeof(*insns));
	if (image->map_cnt)
		memcpy(image->maps, opts->maps, image->map_cnt * sizeof(struct xb_map *));
	xb_interps[opts->engine](NULL, NULL, 0, 0, &handlers);
	b->handlers = (const void *const *)(uintptr_t)handlers;
	decode(b);
	if (!b->err && opts->engine == XB_ENGINE_FAST)
		fuse(b);
	return b->err;
}

static int
check_opts(const struct xb_image_opts *opts, struct xb_log *log)
{
	switch (opts->type) {
	case BPF_PROG_TYPE_UNSPEC: return 0;
	case BPF_PROG_TYPE_XDP:
	case BPF_PROG_TYPE_SCHED_CLS:
	case BPF_PROG_TYPE_SCHED_ACT: break;
	default: xb_log_add(log, "not a kind of program that runs here\n"); return -EOPNOTSUPP;
	}
	if (opts->engine == XB_ENGINE_FAST && !opts->is_ctx_access) {
		xb_log_add(
			log, "the fast engine needs to know which accesses are of the context\n");
		return -EINVAL;
	}
	return 0;
}

struct xb_image *
xb_image_new(const struct bpf_insn *insns, uint32_t cnt, const struct xb_image_opts *opts,
	struct xb_log *log)
{
	struct xb_image *image = NULL;
	struct builder b = { .opts = opts, .log = log };
	int err = check_opts(opts, log);

	if (!err)
		err = xb_insns_check(insns, cnt, log);
	if (!err) {
		image = calloc(1, sizeof(*image));
		err = image ? 0 : -ENOMEM;
	}
	if (!err) {
		image->engine = opts->engine;
		image->type = opts->type;
		image->insn_cnt = cnt;
		image->map_cnt = opts->map_cnt;
		b.image = image;
		err = build(&b, insns);
	}
	if (!err)
		return image;
	xb_image_free(image);
	errno = -err;
	return NULL;
}

void
xb_image_free(struct xb_image *image)
{
	if (!image)
		return;
	free(image->insns);
	free(image->code);
	free(image->maps);
	free(image);
}
