/* SPDX-License-Identifier: BSD-2-Clause */
/* What a loader does for a program that goes to a card, in system calls' order. */
#include "dpdk-app/offload.h"

#include <ctype.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_link.h>
#include <linux/netlink.h>
#include <linux/pkt_cls.h>
#include <stdlib.h>
#include <string.h>

#define ASIC_ID 4u	      /* a PCI slot, in names of ports */
#define ELEMENT_BYTES_MAX 64u /* a key, a value of the card */

static int
open_machine(struct offload *o, const struct card *card)
{
	const struct off_kernel_opts opts = { .findings = &o->findings };
	struct xb_log log = { 0 }; /* what the driver says to the card is told by card.c */
	int err;

	o->fw = nic_fw_new(&card->nic);
	o->kernel = off_kernel_new(&opts);
	o->maps = calloc(o->obj->map_cnt + 1, sizeof(*o->maps));
	if (o->fw == NULL || o->kernel == NULL || o->maps == NULL)
		return -ENOMEM;
	o->who = OFF_ROOT(o->kernel);
	o->asic = off_nfp_new(o->kernel, ASIC_ID, o->fw, &log);
	err = o->asic != NULL ? 0 : -errno;
	xb_log_free(&log);
	return err;
}

int
offload_open(struct offload *o, const struct xb_object *obj, const struct card *card)
{
	int err;

	*o = (struct offload){ .obj = obj, .prog = -1 };
	err = open_machine(o, card);
	for (uint32_t i = 0; err == 0 && i < obj->map_cnt; i++)
		o->maps[i] = -1;
	return err;
}

/* As libbpf gives names to the kernel: what fits. */
static const char *
short_name(const char *name, char buf[OFF_NAME_BYTES])
{
	snprintf(buf, OFF_NAME_BYTES, "%.*s", (int)OFF_NAME_BYTES - 1, name);
	for (char *c = buf; *c != '\0'; c++)
		if (!isalnum((unsigned char)*c) && *c != '_' && *c != '.')
			*c = '_';
	return buf;
}

static int
create(const struct offload *o, const struct xb_map_def *def, struct xb_log *log)
{
	/* an array of events stays on the host */
	const bool is_neutral = def->type == BPF_MAP_TYPE_PERF_EVENT_ARRAY;
	char name[OFF_NAME_BYTES];
	const struct off_map_create attr = {
		.map_type = def->type,
		.key_size = def->key_size,
		.value_size = def->value_size,
		.max_entries = def->max_entries,
		.map_flags = def->flags,
		.map_name = short_name(def->name, name),
		.map_ifindex = is_neutral ? 0 : (uint32_t)off_port_ifindex(o->asic, 0),
		.inner_map_fd = def->inner >= 0 ? o->maps[def->inner] : 0,
	};

	return off_map_create(&o->who, &attr, log);
}

int
offload_make_map(struct offload *o, uint32_t index, struct xb_log *log)
{
	const struct xb_map_def *def = &o->obj->maps[index];
	int err = 0;

	if (o->maps[index] >= 0)
		return 0;
	/* A map in a map holds no more maps. */
	if (def->inner >= 0 && o->obj->maps[def->inner].inner < 0)
		err = offload_make_map(o, (uint32_t)def->inner, log);
	if (err < 0)
		return err;
	o->maps[index] = create(o, def, log);
	return o->maps[index] < 0 ? o->maps[index] : 0;
}

static uint32_t
flags_of(const struct xb_prog *prog)
{
	const char *frags = "xdp.frags";

	return strncmp(prog->section, frags, strlen(frags)) == 0 ? BPF_F_XDP_HAS_FRAGS : 0;
}

int
offload_load(
	struct offload *o, const struct xb_prog *prog, unsigned int log_level, struct xb_log *log)
{
	const struct xb_verify_opts opts = xb_verify_opts_of(o->obj, prog);
	char name[OFF_NAME_BYTES];
	const struct off_prog_load attr = {
		.prog_type = prog->type,
		.insns = prog->insns,
		.insn_cnt = prog->insn_cnt,
		.fd_array = o->maps,
		.fd_cnt = o->obj->map_cnt,
		.license = o->obj->license,
		.prog_name = short_name(prog->name, name),
		.prog_flags = flags_of(prog),
		.prog_ifindex = (uint32_t)off_port_ifindex(o->asic, 0),
		.log_level = log_level,
		.btf = opts.btf,
		.funcs = opts.funcs,
		.func_cnt = opts.func_cnt,
		.lines = opts.lines,
		.line_cnt = opts.line_cnt,
	};

	o->prog = off_prog_load(&o->who, &attr, log);
	return o->prog < 0 ? o->prog : 0;
}

static int
attach_xdp(const struct offload *o, struct off_extack *extack)
{
	const struct off_xdp xdp = {
		.ifindex = off_port_ifindex(o->asic, 0), .fd = o->prog, .flags = XDP_FLAGS_HW_MODE
	};

	return off_xdp_set(&o->who, &xdp, extack);
}

static int
attach_tc(const struct offload *o, const char *name, struct off_extack *extack)
{
	const int ifindex = off_port_ifindex(o->asic, 0);
	const struct off_qdisc qdisc = { .ifindex = ifindex, .kind = OFF_QDISC_CLSACT };
	const struct off_filter filter = {
		.ifindex = ifindex,
		.parent = OFF_TC_INGRESS,
		.protocol = ETH_P_ALL,
		.nl_flags = NLM_F_CREATE | NLM_F_EXCL,
		.kind = "bpf",
		.fd = o->prog,
		.name = name,
		.flags = TCA_BPF_FLAG_ACT_DIRECT,
		.gen_flags = TCA_CLS_FLAGS_SKIP_SW,
	};
	int err = off_qdisc_add(&o->who, &qdisc, extack);

	return err < 0 ? err : off_filter_add(&o->who, &filter, extack);
}

int
offload_attach(struct offload *o, const struct xb_prog *prog, struct off_extack *extack)
{
	char name[OFF_NAME_BYTES];

	if (prog->type == BPF_PROG_TYPE_XDP)
		return attach_xdp(o, extack);
	/* An action is refused at load, and no filter takes one. */
	if (prog->type != BPF_PROG_TYPE_SCHED_CLS)
		return -ECANCELED;
	return attach_tc(o, short_name(prog->name, name), extack);
}

void
offload_end(struct offload *o)
{
	off_kernel_free(o->kernel);
	nic_fw_free(o->fw);
	off_findings_free(&o->findings);
	free(o->maps);
	*o = (struct offload){ 0 };
}

int
offload_for_each(const struct offload *o, uint32_t index,
	int (*visit)(void *arg, const void *key, const void *value), void *arg)
{
	uint8_t key[ELEMENT_BYTES_MAX], value[ELEMENT_BYTES_MAX];
	int err, fd = o->maps[index];

	for (err = off_map_next_key(&o->who, fd, NULL, key); err == 0;
		err = off_map_next_key(&o->who, fd, key, key)) {
		int ret;

		if (off_map_lookup(&o->who, fd, key, value, 0) < 0)
			continue;
		ret = visit(arg, key, value);
		if (ret != 0)
			return ret;
	}
	return err == -ENOENT ? 0 : err;
}
