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

/* ifindex: the map's device; 0: the host */
static int
make_map(const struct offload *o, const struct xb_map_def *def, int ifindex, struct xb_log *log)
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
		.map_ifindex = is_neutral ? 0 : (uint32_t)ifindex,
	};
	const uint32_t first = 0;
	int fd = off_map_create(&o->who, &attr, log), err = 0;

	if (fd >= 0 && def->contents != NULL)
		err = off_map_update(&o->who, fd, &first, def->contents, BPF_ANY);
	if (fd >= 0 && err == 0 && def->frozen)
		err = off_map_freeze(&o->who, fd);
	return err < 0 ? err : fd;
}

/* As obj->maps, descriptors of those the program names; -1: it does not. NULL and errno. */
static int *
make_maps(const struct offload *o, const struct xb_object *obj, const struct xb_prog *prog,
	int ifindex, struct xb_log *log)
{
	int *maps = calloc(obj->map_cnt + 1, sizeof(*maps));

	for (uint32_t i = 0; maps != NULL && i < obj->map_cnt; i++) {
		maps[i] = -1;
		if (xb_prog_first_use(prog, i) < 0)
			continue;
		maps[i] = make_map(o, &obj->maps[i], ifindex, log);
		if (maps[i] < 0) {
			errno = -maps[i];
			free(maps);
			return NULL;
		}
	}
	return maps;
}

/* A descriptor, or -errno. */
static int
load_program(const struct offload *o, const struct xb_object *obj, const struct xb_prog *prog,
	const int *maps, int ifindex, struct xb_log *log)
{
	const struct xb_verify_opts opts = xb_verify_opts_of(obj, prog);
	char name[OFF_NAME_BYTES];
	const struct off_prog_load attr = {
		.prog_type = prog->type,
		.insns = prog->insns,
		.insn_cnt = prog->insn_cnt,
		.fd_array = maps,
		.fd_cnt = obj->map_cnt,
		.license = obj->license,
		.prog_name = short_name(prog->name, name),
		.prog_ifindex = (uint32_t)ifindex,
		.btf = opts.btf,
		.funcs = opts.funcs,
		.func_cnt = opts.func_cnt,
		.lines = opts.lines,
		.line_cnt = opts.line_cnt,
	};

	return off_prog_load(&o->who, &attr, log);
}

/* ---- attachment ---- */

static int
attach_xdp(const struct offload *o, int fd, uint32_t flags, struct off_extack *extack)
{
	const struct off_xdp xdp = {
		.ifindex = off_port_ifindex(o->asic, 0), .fd = fd, .flags = flags
	};

	return off_xdp_set(&o->who, &xdp, extack);
}

/* As "tc filter add dev D ingress bpf direct-action" behind a qdisc clsact, which is made if it is
 * not there. */
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
	struct off_qdisc there;
	int err = 0;

	if (off_qdisc_show(&o->who, qdisc.ifindex, &there) == -ENOENT)
		err = off_qdisc_add(&o->who, &qdisc, extack);
	return err < 0 ? err : off_filter_add(&o->who, &filter, extack);
}

/* Closes the descriptor: an attached program stays. */
static int
attach(struct offload *o, enum bpf_prog_type type, int fd, bool is_hw, struct xb_log *log)
{
	struct off_extack extack = { 0 };
	int err;

	if (type == BPF_PROG_TYPE_XDP)
		err = attach_xdp(o, fd, is_hw ? XDP_FLAGS_HW_MODE : XDP_FLAGS_DRV_MODE, &extack);
	else
		err = attach_tc(
			o, fd, is_hw ? TCA_CLS_FLAGS_SKIP_SW : TCA_CLS_FLAGS_SKIP_HW, &extack);
	if (err < 0 && extack.text[0] != '\0')
		xb_log_add(log, "%s\n", extack.text);
	off_close(o->kernel, fd);
	return err;
}

int
offload_start(struct offload *o, const struct check *check, struct xb_log *log)
{
	int err, fd, ifindex;

	*o = (struct offload){ .obj = check->obj };
	err = open_card(o, check->card, log);
	if (err < 0)
		return err;
	ifindex = off_port_ifindex(o->asic, 0);
	o->maps = make_maps(o, check->obj, check->prog, ifindex, log);
	if (o->maps == NULL)
		return -errno;
	fd = load_program(o, check->obj, check->prog, o->maps, ifindex, log);
	return fd < 0 ? fd : attach(o, check->prog->type, fd, true, log);
}

int
offload_attach_host(struct offload *o, const struct xb_object *obj, const struct xb_prog *prog,
	struct xb_log *log)
{
	int *maps = make_maps(o, obj, prog, 0, log);
	int fd;

	if (maps == NULL)
		return -errno;
	fd = load_program(o, obj, prog, maps, 0, log);
	free(maps); /* with the descriptors, which nobody needs: the program has them */
	return fd < 0 ? fd : attach(o, prog->type, fd, false, log);
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
