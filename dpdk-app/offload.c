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
open_card(struct offload *o, const struct card *card, struct xb_log *log)
{
	o->fw = nic_fw_new(&card->nic);
	o->kernel = off_kernel_new(NULL);
	if (o->fw == NULL || o->kernel == NULL)
		return -ENOMEM;
	o->who = OFF_ROOT(o->kernel);
	o->asic = off_nfp_new(o->kernel, ASIC_ID, o->fw, log);
	return o->asic != NULL ? 0 : -errno;
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
make_map(const struct offload *o, const struct xb_map_def *def, struct xb_log *log)
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
	};

	return off_map_create(&o->who, &attr, log);
}

static int
make_maps(struct offload *o, const struct xb_prog *prog, struct xb_log *log)
{
	o->maps = calloc(o->obj->map_cnt + 1, sizeof(*o->maps));
	if (o->maps == NULL)
		return -ENOMEM;
	for (uint32_t i = 0; i < o->obj->map_cnt; i++)
		o->maps[i] = -1;
	for (uint32_t i = 0; i < o->obj->map_cnt; i++) {
		if (xb_prog_first_use(prog, i) < 0)
			continue;
		o->maps[i] = make_map(o, &o->obj->maps[i], log);
		if (o->maps[i] < 0)
			return o->maps[i];
	}
	return 0;
}

/* A descriptor, or -errno. */
static int
load_program(struct offload *o, const struct xb_prog *prog, struct xb_log *log)
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
		.prog_ifindex = (uint32_t)off_port_ifindex(o->asic, 0),
		.btf = opts.btf,
		.funcs = opts.funcs,
		.func_cnt = opts.func_cnt,
		.lines = opts.lines,
		.line_cnt = opts.line_cnt,
	};

	return off_prog_load(&o->who, &attr, log);
}

static int
attach_xdp(const struct offload *o, int fd, uint32_t flags, struct off_extack *extack)
{
	const struct off_xdp xdp = {
		.ifindex = off_port_ifindex(o->asic, 0), .fd = fd, .flags = flags
	};

	return off_xdp_set(&o->who, &xdp, extack);
}

/* As "tc filter add dev D ingress bpf direct-action skip_sw" behind a qdisc clsact. */
static int
attach_tc(const struct offload *o, int fd, uint32_t flags, struct off_extack *extack)
{
	const struct off_qdisc qdisc = { .ifindex = off_port_ifindex(o->asic, 0),
		.kind = OFF_QDISC_CLSACT };
	const struct off_filter filter = {
		.ifindex = qdisc.ifindex,
		.parent = OFF_TC_INGRESS,
		.protocol = ETH_P_ALL,
		.nl_flags = NLM_F_CREATE | NLM_F_EXCL,
		.kind = "bpf",
		.fd = fd,
		.flags = TCA_BPF_FLAG_ACT_DIRECT,
		.gen_flags = flags,
	};
	int err = off_qdisc_add(&o->who, &qdisc, extack);

	return err < 0 ? err : off_filter_add(&o->who, &filter, extack);
}

static int
attach(struct offload *o, enum bpf_prog_type type, int fd, struct xb_log *log)
{
	struct off_extack extack = { 0 };
	int err = type == BPF_PROG_TYPE_XDP ? attach_xdp(o, fd, XDP_FLAGS_HW_MODE, &extack)
					    : attach_tc(o, fd, TCA_CLS_FLAGS_SKIP_SW, &extack);

	if (err < 0 && extack.text[0] != '\0')
		xb_log_add(log, "%s\n", extack.text);
	off_close(o->kernel, fd);
	return err;
}

int
offload_start(struct offload *o, const struct check *check, struct xb_log *log)
{
	int err, fd;

	*o = (struct offload){ .obj = check->obj };
	err = open_card(o, check->card, log);
	if (err == 0)
		err = make_maps(o, check->prog, log);
	if (err < 0)
		return err;
	fd = load_program(o, check->prog, log);
	return fd < 0 ? fd : attach(o, check->prog->type, fd, log);
}

void
offload_end(struct offload *o)
{
	off_kernel_free(o->kernel);
	nic_fw_free(o->fw);
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
