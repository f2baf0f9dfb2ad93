/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Who may load what for which device: the checks before the verifier, in the kernel's order
 * (bpf_prog_load(), bpf_prog_dev_bound_init(); reference/kernel-offload.md 1.1, 1.4).
 */
#include "offload/internal.h"

#include <errno.h>
#include <stdlib.h>

#define INSNS_MAX 1000000u	     /* BPF_COMPLEXITY_LIMIT_INSNS */
#define INSNS_MAX_UNPRIVILEGED 4096u /* BPF_MAXINSNS */

/* Of kernels newer than the headers. */
#define F_XDP_DEV_BOUND_ONLY (1u << 6)
#define F_TEST_REG_INVARIANTS (1u << 7)
#define F_TOKEN_FD (1u << 16)

#define FLAGS_KNOWN                                                                                \
	(BPF_F_STRICT_ALIGNMENT | BPF_F_ANY_ALIGNMENT | BPF_F_TEST_RND_HI32 |                      \
		BPF_F_TEST_STATE_FREQ | BPF_F_SLEEPABLE | BPF_F_XDP_HAS_FRAGS |                    \
		F_XDP_DEV_BOUND_ONLY | F_TEST_REG_INVARIANTS | F_TOKEN_FD)

static bool
is_net_type(enum bpf_prog_type type)
{
	return type == BPF_PROG_TYPE_XDP || type == BPF_PROG_TYPE_SCHED_CLS ||
	       type == BPF_PROG_TYPE_SCHED_ACT;
}

static bool
is_allowed(const struct off_caller *who, enum bpf_prog_type type)
{
	if (type == BPF_PROG_TYPE_SOCKET_FILTER || type == BPF_PROG_TYPE_CGROUP_SKB)
		return true;
	if (!off_has(who, OFF_CAP_BPF))
		return false;
	return !is_net_type(type) || off_has(who, OFF_CAP_NET_ADMIN);
}

/* bpf_prog_load_check_attach(), of what this model has. */
static bool
is_attach_sane(const struct off_prog_load *attr)
{
	bool is_ext = attr->prog_type == BPF_PROG_TYPE_EXT;
	bool is_tracing =
		attr->prog_type == BPF_PROG_TYPE_TRACING || attr->prog_type == BPF_PROG_TYPE_LSM;

	if (attr->attach_btf_id && !is_ext && !is_tracing)
		return false;
	if (attr->attach_prog_fd && !is_ext && attr->prog_type != BPF_PROG_TYPE_TRACING)
		return false;
	return !is_ext || !attr->expected_attach_type;
}

enum off_rule
off_prog_check_attr(const struct off_caller *who, const struct off_prog_load *attr)
{
	uint32_t most = off_has(who, OFF_CAP_BPF) ? INSNS_MAX : INSNS_MAX_UNPRIVILEGED;

	if (attr->prog_flags & ~FLAGS_KNOWN)
		return OFF_RULE_PL_1;
	if (attr->insn_cnt == 0 || attr->insn_cnt > most)
		return OFF_RULE_PL_2;
	if (!is_allowed(who, attr->prog_type))
		return OFF_RULE_PL_3;
	if (!is_attach_sane(attr))
		return OFF_RULE_PL_4;
	if (!attr->insns || !attr->license)
		return OFF_RULE_PL_5;
	return OFF_RULE_CNT;
}

/* ---- PL-6 ... PL-13 ---- */

/* PL-6 ... PL-9; the rules behind from. */
static enum off_rule
check_bound(const struct off_prog_load *attr, enum off_rule from)
{
	bool only_bound = attr->prog_flags & F_XDP_DEV_BOUND_ONLY;

	if (from < OFF_RULE_PL_6 && attr->prog_type != BPF_PROG_TYPE_SCHED_CLS &&
		attr->prog_type != BPF_PROG_TYPE_XDP)
		return OFF_RULE_PL_6;
	if (from < OFF_RULE_PL_7 &&
		attr->prog_flags & ~(F_XDP_DEV_BOUND_ONLY | BPF_F_XDP_HAS_FRAGS))
		return OFF_RULE_PL_7;
	if (from < OFF_RULE_PL_8 && attr->prog_flags & BPF_F_XDP_HAS_FRAGS && !only_bound)
		return OFF_RULE_PL_8;
	if (from < OFF_RULE_PL_9 && attr->prog_type == BPF_PROG_TYPE_SCHED_CLS && only_bound)
		return OFF_RULE_PL_9;
	return OFF_RULE_CNT;
}

static enum off_rule
check_device(const struct off_netdev *dev, bool only_bound)
{
	if (!dev)
		return OFF_RULE_PL_10;
	if (!dev->driver)
		return OFF_RULE_PL_11;
	if (!only_bound && (!dev->record || !dev->record->asic))
		return OFF_RULE_PL_12;
	return OFF_RULE_CNT;
}

static int
bind_to(struct off_prog *prog, struct off_netdev *dev)
{
	struct off_prog_offload *offload = calloc(1, sizeof(*offload));
	int err = 0;

	if (!offload)
		return -ENOMEM;
	if (!dev->record)
		err = off_record_new(dev, NULL); /* PL-13 */
	if (err) {
		free(offload);
		return err;
	}
	offload->prog = prog;
	offload->dev = dev;
	offload->asic = dev->record->asic;
	LIST_INSERT_HEAD(&dev->record->progs, offload, of_record);
	prog->offload = offload;
	return 0;
}

int
off_prog_bind(struct off_prog *prog, const struct off_caller *who, const struct off_prog_load *attr)
{
	bool only_bound = attr->prog_flags & F_XDP_DEV_BOUND_ONLY;
	enum off_rule rule = check_bound(attr, OFF_RULE_PL_1);
	struct off_netdev *dev;

	for (; rule != OFF_RULE_CNT; rule = check_bound(attr, rule)) {
		int err = off_find_rule(who->k, rule, -1, (int)attr->prog_type);

		if (err)
			return err;
	}
	dev = attr->prog_ifindex <= INT32_MAX
		      ? off_netdev_find(who->k, who->netns, (int)attr->prog_ifindex)
		      : NULL;
	rule = check_device(dev, only_bound);
	if (rule != OFF_RULE_CNT)
		return off_refuse(NULL, rule);
	prog->dev_bound = true;
	prog->offload_requested = !only_bound;
	return bind_to(prog, dev);
}

/* An extension is bound as its target is; VF-4. */
int
off_prog_inherit(struct off_prog *prog, const struct off_prog *target, struct xb_log *log)
{
	if (!target->dev_bound)
		return 0;
	if (off_prog_is_offloaded(target))
		return off_refuse_log(log, OFF_RULE_VF_4A);
	prog->dev_bound = true;
	if (!target->offload)
		return off_refuse_log(log, OFF_RULE_VF_4B);
	return bind_to(prog, target->offload->dev);
}

bool
off_prog_fits_array(const struct off_prog *prog, struct off_map *map)
{
	if (prog->dev_bound)
		return false;
	if (map->owner.type == BPF_PROG_TYPE_UNSPEC) {
		map->owner.type = prog->type;
		map->owner.has_frags = prog->has_frags;
	}
	return map->owner.type == prog->type && map->owner.has_frags == prog->has_frags;
}

struct off_prog *
off_prog_for_attach(struct off_kernel *k, int fd, enum bpf_prog_type type, bool attach_drv)
{
	struct off_prog *prog = off_fd_prog(k, fd);

	if (!prog)
		return NULL;
	if (prog->type == type && (!off_prog_is_offloaded(prog) || attach_drv))
		return prog;
	errno = off_rule_info(OFF_RULE_XA_0B)->err;
	return NULL;
}
