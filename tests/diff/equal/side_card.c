/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A card, the whole way: a kernel with the nfp driver (offload/) on a card with its firmware
 * (nic/firmware/); maps made and read by control messages, the program loaded, attached and put
 * into the code store, frames given to a microengine as dpdk-app/worker.c does it.
 */
#include "nic/firmware/firmware.h"
#include "offload/nfp.h"
#include "tests/diff/equal/equal.h"

#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_link.h>
#include <linux/netlink.h>
#include <linux/pkt_cls.h>
#include <stdlib.h>
#include <string.h>

#define ASIC_ID 4u
#define TAILROOM 320u
#define ELEMENT_BYTES_MAX 64u /* a key, a value of the card */

struct card_side {
	struct equal_side side;
	struct nic_card card;
	struct nic_fw *fw;
	struct off_kernel *kernel;
	struct off_caller who;
	struct off_asic *asic;
	struct nic_engine *engine;
	int port;    /* its ifindex */
	int prog;    /* descriptor, -1: none */
	bool has_hw; /* attached */
	int maps[XB_OBJECT_MAX_MAPS];
	uint8_t buffer[NIC_FRAME_OFFSET + PAGE_BYTES + TAILROOM];
};

static struct card_side *
card_of(struct equal_side *side)
{
	return (struct card_side *)side;
}

/* ---- loading, in the order of a loader's system calls ---- */

static int
make_maps(struct card_side *c, const struct xb_object *obj, const struct xb_prog *prog,
	struct xb_log *log)
{
	for (uint32_t i = 0; i < obj->map_cnt; i++)
		c->maps[i] = -1;
	for (uint32_t i = 0; i < obj->map_cnt; i++) {
		const struct xb_map_def *def = &obj->maps[i];
		const struct off_map_create attr = {
			.map_type = def->type,
			.key_size = def->key_size,
			.value_size = def->value_size,
			.max_entries = def->max_entries,
			.map_flags = def->flags,
			.map_name = "map",
			.map_ifindex = (uint32_t)c->port,
		};

		if (xb_prog_first_use(prog, i) < 0)
			continue;
		c->maps[i] = off_map_create(&c->who, &attr, log);
		if (c->maps[i] < 0)
			return c->maps[i];
	}
	return 0;
}

static int
load_program(struct card_side *c, const struct xb_object *obj, const struct xb_prog *prog,
	struct xb_log *log)
{
	const struct xb_verify_opts opts = xb_verify_opts_of(obj, prog);
	const struct off_prog_load attr = {
		.prog_type = prog->type,
		.insns = prog->insns,
		.insn_cnt = prog->insn_cnt,
		.fd_array = c->maps,
		.fd_cnt = obj->map_cnt,
		.license = obj->license,
		.prog_name = "prog",
		.prog_ifindex = (uint32_t)c->port,
		.btf = opts.btf,
		.funcs = opts.funcs,
		.func_cnt = opts.func_cnt,
	};

	c->prog = off_prog_load(&c->who, &attr, log);
	return c->prog < 0 ? c->prog : 0;
}

/* "tc filter add dev D ingress bpf da skip_sw"; what of it names the filter is enough to remove it.
 */
static struct off_filter
filter_of(const struct card_side *c)
{
	return (struct off_filter){
		.ifindex = c->port,
		.parent = OFF_TC_INGRESS,
		.protocol = ETH_P_ALL,
		.prio = 1,
		.nl_flags = NLM_F_CREATE | NLM_F_EXCL,
		.kind = "bpf",
		.name = "prog",
		.fd = c->prog,
		.flags = TCA_BPF_FLAG_ACT_DIRECT,
		.gen_flags = TCA_CLS_FLAGS_SKIP_SW,
	};
}

static int
attach(struct card_side *c, enum bpf_prog_type type, struct xb_log *log)
{
	const struct off_xdp xdp = {
		.ifindex = c->port, .fd = c->prog, .flags = XDP_FLAGS_HW_MODE
	};
	const struct off_filter filter = filter_of(c);
	struct off_extack extack = { 0 };
	int err = type == BPF_PROG_TYPE_XDP ? off_xdp_set(&c->who, &xdp, &extack)
					    : off_filter_add(&c->who, &filter, &extack);

	if (err < 0)
		xb_log_add(log, "attach: %s\n", extack.text);
	c->has_hw = err == 0;
	return err;
}

static int
card_load(struct equal_side *side, const struct xb_object *obj, const struct xb_prog *prog,
	struct xb_log *log)
{
	struct card_side *c = card_of(side);
	int err;

	side->obj = obj;
	side->prog = prog;
	err = make_maps(c, obj, prog, log);
	if (!err)
		err = load_program(c, obj, prog, log);
	return err ? err : attach(c, prog->type, log);
}

static void
detach(struct card_side *c)
{
	const struct off_xdp xdp = { .ifindex = c->port, .fd = -1, .flags = XDP_FLAGS_HW_MODE };
	const struct off_filter filter = filter_of(c);

	if (c->has_hw && c->side.prog->type == BPF_PROG_TYPE_XDP)
		off_xdp_set(&c->who, &xdp, NULL);
	else if (c->has_hw)
		off_filter_del(&c->who, &filter, NULL);
	c->has_hw = false;
}

static void
card_unload(struct equal_side *side)
{
	struct card_side *c = card_of(side);

	if (!side->obj)
		return;
	detach(c);
	if (c->prog >= 0)
		off_close(c->kernel, c->prog);
	c->prog = -1;
	for (uint32_t i = 0; i < side->obj->map_cnt; i++)
		if (c->maps[i] >= 0)
			off_close(c->kernel, c->maps[i]);
	side->obj = NULL;
}

const struct jit_prog *
equal_card_prog(const struct equal_side *side)
{
	const struct card_side *c = (const struct card_side *)side;
	const struct off_prog *prog = off_fd_prog(c->kernel, c->prog);

	return ((const struct off_nfp_prog *)prog->offload->priv)->jit;
}

/* ---- running ---- */

uint64_t
equal_card_verdict(enum bpf_prog_type type, uint64_t ret)
{
	if (type == BPF_PROG_TYPE_XDP)
		return (uint32_t)ret <= XDP_TX ? (uint32_t)ret : XDP_ABORTED;
	switch ((uint32_t)ret) {
	case TC_ACT_SHOT:
	case TC_ACT_STOLEN:
	case TC_ACT_QUEUED: return XDP_DROP;
	default: return XDP_PASS;
	}
}

static enum equal_ran
card_run(struct equal_side *side, struct run *run)
{
	struct card_side *c = card_of(side);
	struct nic_frame frame = { .data = c->buffer + NIC_FRAME_OFFSET,
		.bytes = run->len,
		.tailroom = PAGE_BYTES + TAILROOM - run->len };

	/* What is in front of a packet nobody knows; the same as in the others, whose page is new.
	 */
	memset(c->buffer, 0, sizeof(c->buffer));
	memcpy(frame.data, run->data, run->len);
	if (nic_engine_run(c->engine, &frame) != 0)
		return EQUAL_NOT_TAKEN;
	run->len = frame.bytes < PAGE_BYTES ? frame.bytes : PAGE_BYTES;
	memcpy(run->data, frame.data, run->len);
	switch (frame.verdict) {
	case NIC_VERDICT_PASS: run->ret = XDP_PASS; return EQUAL_RAN;
	case NIC_VERDICT_TX: run->ret = XDP_TX; return EQUAL_RAN;
	case NIC_VERDICT_DROP:
		run->ret = frame.stat == NIC_STAT_bpf_app3 ? XDP_ABORTED : XDP_DROP;
		return EQUAL_RAN;
	default:
		snprintf(side->text, sizeof(side->text), "device fault: %s",
			nic_engine_fault(c->engine)->reason);
		return EQUAL_FAULT;
	}
}

/* ---- maps, by control messages ---- */

static int
card_read(struct equal_side *side, uint32_t i, struct equal_map *map)
{
	struct card_side *c = card_of(side);
	const struct xb_map_def *def = &side->obj->maps[i];
	uint8_t key[ELEMENT_BYTES_MAX], value[ELEMENT_BYTES_MAX];
	int err;

	equal_map_begin(map, def->key_size, def->value_size);
	for (err = off_map_next_key(&c->who, c->maps[i], NULL, key); err == 0;
		err = off_map_next_key(&c->who, c->maps[i], key, key)) {
		err = off_map_lookup(&c->who, c->maps[i], key, value, 0);
		if (!err)
			err = equal_map_add(map, key, value);
		if (err)
			return err;
	}
	equal_map_sort(map);
	return err == -ENOENT ? 0 : err;
}

static int
card_update(struct equal_side *side, uint32_t i, const void *key, const void *value)
{
	struct card_side *c = card_of(side);

	return off_map_update(&c->who, c->maps[i], key, value, BPF_ANY);
}

static int
card_delete(struct equal_side *side, uint32_t i, const void *key)
{
	struct card_side *c = card_of(side);

	return off_map_delete(&c->who, c->maps[i], key);
}

/* ---- the side ---- */

static void
card_free(struct equal_side *side)
{
	struct card_side *c = card_of(side);

	nic_engine_free(c->engine);
	off_kernel_free(c->kernel);
	nic_fw_free(c->fw);
	free(c);
}

static int
read_card(struct nic_card *card)
{
	const struct nic_card_file *files[] = { nic_card_find(NIC_CARD_DEFAULT, false),
		nic_card_find("ebpf", true) };
	char message[256];

	for (size_t i = 0; i < 2; i++)
		if (!files[i] || nic_card_read(card, files[i]->name, files[i]->text,
					 strlen(files[i]->text), message, sizeof(message)) != 0)
			return -EINVAL;
	return 0;
}

/* A port that takes XDP programs and tc filters. */
static int
start(struct card_side *c, bool is_exact)
{
	struct off_qdisc qdisc = { .kind = OFF_QDISC_INGRESS };

	if (read_card(&c->card) != 0)
		return -EINVAL;
	c->fw = nic_fw_new(&c->card);
	c->kernel = off_kernel_new(NULL);
	c->engine = c->fw ? nic_engine_new(c->fw, 0, is_exact) : NULL;
	if (!c->fw || !c->kernel || !c->engine)
		return -ENOMEM;
	c->who = OFF_ROOT(c->kernel);
	c->asic = off_nfp_new(c->kernel, ASIC_ID, c->fw, NULL);
	if (!c->asic)
		return -errno;
	c->port = off_port_ifindex(c->asic, 0);
	qdisc.ifindex = c->port;
	if (off_netdev_set_feature(&c->who, c->port, OFF_FEATURE_HW_TC, true) != 0)
		return -EOPNOTSUPP;
	return off_qdisc_add(&c->who, &qdisc, NULL);
}

#define OPS(name_)                                                                                 \
	{                                                                                          \
		.name = name_, .is_card = true, .load = card_load, .unload = card_unload,          \
		.run = card_run, .read = card_read, .update = card_update, .delete = card_delete,  \
		.free = card_free,                                                                 \
	}

struct equal_side *
equal_card_new(bool is_exact)
{
	static const struct equal_ops ops[] = { OPS("card, fast"), OPS("card, exact") };
	struct card_side *c = calloc(1, sizeof(*c));
	int err;

	if (!c)
		return NULL;
	c->side.ops = &ops[is_exact];
	c->prog = -1;
	err = start(c, is_exact);
	if (!err)
		return &c->side;
	card_free(&c->side);
	errno = -err;
	return NULL;
}
