/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Attaching XDP programs (kernel: net/core/dev.c, dev_xdp_attach() and around; reference/
 * kernel-offload.md 3). The checks are a list of conditions in the kernel's order.
 */
#include "offload/internal.h"

#include <errno.h>
#include <linux/if_link.h>

/* An attach request under way. */
struct request {
	struct off_netdev *dev;
	struct off_link *link;
	struct off_prog *prog, *old;
	uint32_t flags;
	enum off_slot_mode mode;
};

struct off_prog *
off_slot_prog(const struct off_netdev *dev, enum off_slot_mode mode)
{
	return dev->slot[mode].prog;
}

uint32_t
off_xdp_prog_cnt(const struct off_netdev *dev)
{
	uint32_t cnt = 0;

	for (int mode = 0; mode < OFF_SLOT_CNT; mode++)
		cnt += dev->slot[mode].prog != NULL;
	return cnt;
}

enum off_slot_mode
off_xdp_mode(const struct off_netdev *dev, uint32_t flags)
{
	if (flags & XDP_FLAGS_HW_MODE)
		return OFF_SLOT_HW;
	if (flags & XDP_FLAGS_DRV_MODE)
		return OFF_SLOT_DRV;
	if (flags & XDP_FLAGS_SKB_MODE)
		return OFF_SLOT_SKB;
	return dev->driver ? OFF_SLOT_DRV : OFF_SLOT_SKB;
}

static int
mode_cnt(uint32_t flags)
{
	return __builtin_popcount(flags & XDP_FLAGS_MODES);
}

/* ---- XA-1 ... XA-14 ---- */

/* What can be said without knowing the slot. */
static enum off_rule
check_flags(const struct request *r)
{
	if (r->link && r->flags & ~XDP_FLAGS_MODES)
		return OFF_RULE_XA_1;
	if (mode_cnt(r->flags) > 1)
		return OFF_RULE_XA_2;
	if (!mode_cnt(r->flags) && off_xdp_prog_cnt(r->dev) > 1)
		return OFF_RULE_XA_3;
	if (r->old && !(r->flags & XDP_FLAGS_REPLACE))
		return OFF_RULE_XA_4;
	return OFF_RULE_CNT;
}

static enum off_rule
check_slot(const struct request *r)
{
	struct off_prog *current = off_slot_prog(r->dev, r->mode);

	if (r->dev->slot[r->mode].link)
		return OFF_RULE_XA_5;
	if (r->dev->upper && off_xdp_prog_cnt(r->dev->upper) > 0)
		return OFF_RULE_XA_6;
	if (r->link && current)
		return OFF_RULE_XA_7;
	if (r->flags & XDP_FLAGS_REPLACE && current != r->old)
		return OFF_RULE_XA_8;
	return OFF_RULE_CNT;
}

static enum off_rule
check_prog(const struct request *r)
{
	const struct off_prog *prog = r->prog;
	enum off_slot_mode other = r->mode == OFF_SLOT_SKB ? OFF_SLOT_DRV : OFF_SLOT_SKB;
	bool on_host = r->mode != OFF_SLOT_HW;

	if (r->flags & XDP_FLAGS_UPDATE_IF_NOEXIST && off_slot_prog(r->dev, r->mode))
		return OFF_RULE_XA_9;
	if (on_host && off_slot_prog(r->dev, other))
		return OFF_RULE_XA_10;
	if (on_host && off_prog_is_offloaded(prog))
		return OFF_RULE_XA_11;
	if (prog->dev_bound && !off_dev_match(prog, r->dev))
		return OFF_RULE_XA_12;
	if (prog->dev_bound && r->mode == OFF_SLOT_SKB)
		return OFF_RULE_XA_13;
	if (prog->expected_attach_type == BPF_XDP_DEVMAP)
		return OFF_RULE_XA_14A;
	if (prog->expected_attach_type == BPF_XDP_CPUMAP)
		return OFF_RULE_XA_14B;
	return OFF_RULE_CNT;
}

static enum off_rule
check(const struct request *r)
{
	enum off_rule rule = check_flags(r);

	if (rule == OFF_RULE_CNT)
		rule = check_slot(r);
	if (rule == OFF_RULE_CNT && r->prog)
		rule = check_prog(r);
	return rule;
}

/* ---- XA-16 ... XA-19 ---- */

/* The kernel asks for tcp-data-split first where it has both (dev_xdp_install, 6.14). */
static enum off_rule
check_queues(const struct off_netdev *dev, const struct off_prog *prog)
{
	if (dev->k->opts.linux_version >= OFF_LINUX(6, 14) &&
		dev->features & OFF_FEATURE_TCP_DATA_SPLIT && prog && !prog->has_frags)
		return OFF_RULE_XA_18;
	if (dev->k->opts.linux_version >= OFF_LINUX(6, 12) &&
		dev->features & OFF_FEATURE_MEMORY_PROVIDER)
		return OFF_RULE_XA_17;
	return OFF_RULE_CNT;
}

static int
ask_driver(struct off_netdev *dev, enum off_slot_mode mode, struct off_prog *prog, uint32_t flags,
	struct off_extack *extack)
{
	struct off_bpf bpf = {
		.command = mode == OFF_SLOT_HW ? OFF_BPF_SETUP_PROG_HW : OFF_BPF_SETUP_PROG,
		.prog = prog,
		.flags = flags,
		.extack = extack,
	};

	return mode == OFF_SLOT_SKB ? 0 : dev->driver->bpf(dev, &bpf);
}

int
off_xdp_install(struct off_netdev *dev, enum off_slot_mode mode, struct off_prog *prog,
	uint32_t flags, struct off_extack *extack)
{
	enum off_rule rule;

	if (mode != OFF_SLOT_SKB && !dev->driver)
		return off_refuse(extack, OFF_RULE_XA_16);
	rule = check_queues(dev, prog);
	if (rule != OFF_RULE_CNT)
		return off_refuse(extack, rule);
	return ask_driver(dev, mode, prog, flags, extack);
}

void
off_xdp_tell_none(struct off_netdev *dev, enum off_slot_mode mode)
{
	ask_driver(dev, mode, NULL, 0, NULL);
}

static void
slot_set(struct off_slot *slot, struct off_prog *prog, struct off_link *link)
{
	struct off_prog *before = slot->link ? NULL : slot->prog;

	if (prog && !link)
		off_object_get(&prog->o);
	slot->prog = prog;
	slot->link = link;
	if (before)
		off_object_put(&before->o);
}

int
off_xdp_attach(struct off_netdev *dev, struct off_link *link, struct off_prog *prog,
	struct off_prog *old, uint32_t flags, struct off_extack *extack)
{
	struct request r = { dev, link, prog, old, flags, off_xdp_mode(dev, flags) };
	enum off_rule rule = check(&r);
	int err = 0;

	if (rule != OFF_RULE_CNT)
		return off_refuse(extack, rule);
	if (prog != off_slot_prog(dev, r.mode)) /* XA-15 */
		err = off_xdp_install(dev, r.mode, prog, flags, extack);
	if (err)
		return err;
	slot_set(&dev->slot[r.mode], prog, link);
	if (link) {
		link->dev = dev;
		link->mode = r.mode;
	}
	return 0;
}

void
off_xdp_uninstall(struct off_netdev *dev)
{
	for (int mode = 0; mode < OFF_SLOT_CNT; mode++) {
		struct off_slot *slot = &dev->slot[mode];

		if (!slot->prog)
			continue;
		off_xdp_tell_none(dev, (enum off_slot_mode)mode);
		if (slot->link)
			slot->link->dev = NULL;
		slot_set(slot, NULL, NULL);
	}
}

/* ---- the request ---- */

/* XA-0: a descriptor's program; less than 0 is none. */
static int
prog_of(const struct off_xdp *xdp, struct off_netdev *dev, int fd, struct off_prog **prog)
{
	bool attach_drv = off_xdp_mode(dev, xdp->flags) != OFF_SLOT_SKB;

	*prog = NULL;
	if (fd < 0)
		return 0;
	*prog = off_prog_for_attach(dev->k, fd, BPF_PROG_TYPE_XDP, attach_drv);
	return *prog ? 0 : -errno;
}

static int
check_message(const struct off_xdp *xdp)
{
	bool is_bad = xdp->flags & ~XDP_FLAGS_MASK || mode_cnt(xdp->flags) > 1 ||
		      (xdp->flags & XDP_FLAGS_REPLACE && !xdp->has_expected);

	return is_bad ? off_refuse(NULL, OFF_RULE_XA_0C) : 0;
}

static int
set(const struct off_caller *who, const struct off_xdp *xdp, struct off_extack *extack)
{
	struct off_netdev *dev = off_netdev_find(who->k, who->netns, xdp->ifindex);
	struct off_prog *prog, *old = NULL;
	int err;

	if (!off_has(who, OFF_CAP_NET_ADMIN))
		return -EPERM;
	if (!dev)
		return -ENODEV;
	err = check_message(xdp);
	if (!err)
		err = prog_of(xdp, dev, xdp->fd, &prog);
	/* Netlink reads the expected program only with REPLACE; XA-4 speaks to links' updates. */
	if (!err && xdp->flags & XDP_FLAGS_REPLACE)
		err = prog_of(xdp, dev, xdp->expected_fd, &old);
	return err ? err : off_xdp_attach(dev, NULL, prog, old, xdp->flags, extack);
}

int
off_xdp_set(const struct off_caller *who, const struct off_xdp *xdp, struct off_extack *extack)
{
	off_lock(who->k);
	off_extack_clear(extack);
	return off_unlock(who->k, set(who, xdp, extack));
}

/* ---- reporting (3.5) ---- */

static const uint8_t attached[OFF_SLOT_CNT] = {
	[OFF_SLOT_SKB] = XDP_ATTACHED_SKB,
	[OFF_SLOT_DRV] = XDP_ATTACHED_DRV,
	[OFF_SLOT_HW] = XDP_ATTACHED_HW,
};

static uint32_t
slot_id(const struct off_netdev *dev, enum off_slot_mode mode)
{
	return dev->slot[mode].prog ? dev->slot[mode].prog->o.id : 0;
}

int
off_xdp_query(const struct off_caller *who, int ifindex, struct off_xdp_report *report)
{
	struct off_netdev *dev;

	off_lock(who->k);
	dev = off_netdev_find(who->k, who->netns, ifindex);
	if (!dev)
		return off_unlock(who->k, -ENODEV);
	*report = (struct off_xdp_report){
		.skb_id = slot_id(dev, OFF_SLOT_SKB),
		.drv_id = slot_id(dev, OFF_SLOT_DRV),
		.hw_id = slot_id(dev, OFF_SLOT_HW),
	};
	for (int mode = 0; mode < OFF_SLOT_CNT; mode++)
		if (dev->slot[mode].prog)
			report->attached = report->attached ? XDP_ATTACHED_MULTI : attached[mode];
	if (report->attached && report->attached != XDP_ATTACHED_MULTI)
		report->prog_id = report->skb_id | report->drv_id | report->hw_id;
	return off_unlock(who->k, 0);
}
