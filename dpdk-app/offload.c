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

void
offload_stop_finding(struct offload *o)
{
	off_findings_stop(o->kernel);
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

/* ---- maps and programs, ifindex: their device; 0: the host ---- */

static int
create(const struct offload *o, const struct xb_map_def *def, int ifindex, int inner,
	struct xb_log *log)
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
		.inner_map_fd = inner,
	};

	return off_map_create(&o->who, &attr, log);
}

/* The card takes no map that has contents. */
static int
fill(const struct offload *o, const struct xb_map_def *def, int fd)
{
	const uint32_t first = 0;
	int err = 0;

	if (def->contents != NULL)
		err = off_map_update(&o->who, fd, &first, def->contents, BPF_ANY);
	if (err == 0 && def->frozen)
		err = off_map_freeze(&o->who, fd);
	return err;
}

/* maps: as obj->maps; -1: not made. 0 or -errno. */
static int
make_map(const struct offload *o, const struct xb_object *obj, int *maps, uint32_t index,
	int ifindex, struct xb_log *log)
{
	const struct xb_map_def *def = &obj->maps[index];
	int err = 0;

	if (maps[index] >= 0)
		return 0;
	/* A map in a map holds no more maps. */
	if (def->inner >= 0 && obj->maps[def->inner].inner < 0)
		err = make_map(o, obj, maps, (uint32_t)def->inner, ifindex, log);
	if (err < 0)
		return err;
	maps[index] = create(o, def, ifindex, def->inner >= 0 ? maps[def->inner] : 0, log);
	if (maps[index] < 0)
		return maps[index];
	return ifindex == 0 ? fill(o, def, maps[index]) : 0;
}

int
offload_make_map(struct offload *o, uint32_t index, struct xb_log *log)
{
	return make_map(o, o->obj, o->maps, index, off_port_ifindex(o->asic, 0), log);
}

static uint32_t
flags_of(const struct xb_prog *prog)
{
	const char *frags = "xdp.frags";

	return strncmp(prog->section, frags, strlen(frags)) == 0 ? BPF_F_XDP_HAS_FRAGS : 0;
}

/* What a program is loaded with. */
struct load {
	const struct xb_object *obj;
	const struct xb_prog *prog;
	const int *maps;
	int ifindex;
	unsigned int log_level;
};

/* A descriptor, or -errno. */
static int
load_program(const struct offload *o, const struct load *l, struct xb_log *log)
{
	const struct xb_verify_opts opts = xb_verify_opts_of(l->obj, l->prog);
	char name[OFF_NAME_BYTES];
	const struct off_prog_load attr = {
		.prog_type = l->prog->type,
		.insns = l->prog->insns,
		.insn_cnt = l->prog->insn_cnt,
		.fd_array = l->maps,
		.fd_cnt = l->obj->map_cnt,
		.license = l->obj->license,
		.prog_name = short_name(l->prog->name, name),
		.prog_flags = flags_of(l->prog),
		.prog_ifindex = (uint32_t)l->ifindex,
		.log_level = l->log_level,
		.btf = opts.btf,
		.funcs = opts.funcs,
		.func_cnt = opts.func_cnt,
		.lines = opts.lines,
		.line_cnt = opts.line_cnt,
	};

	return off_prog_load(&o->who, &attr, log);
}

int
offload_load(
	struct offload *o, const struct xb_prog *prog, unsigned int log_level, struct xb_log *log)
{
	const struct load l = { o->obj, prog, o->maps, off_port_ifindex(o->asic, 0), log_level };

	o->prog = load_program(o, &l, log);
	return o->prog < 0 ? o->prog : 0;
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

static int
attach(const struct offload *o, enum bpf_prog_type type, int fd, bool is_hw,
	struct off_extack *extack)
{
	if (type == BPF_PROG_TYPE_XDP)
		return attach_xdp(o, fd, is_hw ? XDP_FLAGS_HW_MODE : XDP_FLAGS_DRV_MODE, extack);
	return attach_tc(o, fd, is_hw ? TCA_CLS_FLAGS_SKIP_SW : TCA_CLS_FLAGS_SKIP_HW, extack);
}

int
offload_attach(struct offload *o, const struct xb_prog *prog, struct off_extack *extack)
{
	/* An action is refused at load, and no filter takes one. */
	if (prog->type == BPF_PROG_TYPE_SCHED_ACT)
		return -ECANCELED;
	return attach(o, prog->type, o->prog, true, extack);
}

/* Loads the program with maps of the host. A descriptor, or -errno. */
static int
load_host(const struct offload *o, const struct xb_object *obj, const struct xb_prog *prog,
	int *maps, struct xb_log *log)
{
	const struct load l = { .obj = obj, .prog = prog, .maps = maps };
	int err = 0;

	for (uint32_t i = 0; i < obj->map_cnt; i++)
		maps[i] = -1;
	for (uint32_t i = 0; err == 0 && i < obj->map_cnt; i++)
		if (xb_prog_first_use(prog, i) >= 0)
			err = make_map(o, obj, maps, i, 0, log);
	return err < 0 ? err : load_program(o, &l, log);
}

int
offload_attach_host(struct offload *o, const struct xb_object *obj, const struct xb_prog *prog,
	struct xb_log *log)
{
	int *maps = calloc(obj->map_cnt + 1, sizeof(*maps));
	struct off_extack extack = { 0 };
	int err, fd;

	if (maps == NULL)
		return -ENOMEM;
	fd = load_host(o, obj, prog, maps, log);
	free(maps); /* with the descriptors, which nobody needs: the program has them */
	if (fd < 0)
		return fd;
	err = attach(o, prog->type, fd, false, &extack);
	if (err < 0 && extack.text[0] != '\0')
		xb_log_add(log, "%s\n", extack.text);
	off_close(o->kernel, fd); /* an attached program stays */
	return err;
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
