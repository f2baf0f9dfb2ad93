/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * netdevsim: what may be attached to a port, by XDP and by tc, which share its hardware (kernel:
 * drivers/net/netdevsim/bpf.c; reference/kernel-offload.md 3.6, 4.4).
 */
#include "offload/nsim.h"

#include <errno.h>
#include <linux/if_ether.h>
#include <string.h>

#define XDP_MTU_MAX 4000u /* NSIM_XDP_MAX_MTU */

static void
mark_loaded(struct off_prog *prog, bool loaded)
{
	if (prog && off_prog_is_offloaded(prog) && prog->offload)
		((struct off_nsim_prog *)prog->offload->priv)->loaded = loaded;
}

/* The hardware's program is another from now on. */
static void
load(struct off_nsim_port *port, struct off_prog *prog)
{
	mark_loaded(port->offloaded, false);
	mark_loaded(prog, true);
	off_prog_replace(&port->offloaded, prog);
}

/* ---- XDP ---- */

int
off_nsim_setup_prog(struct off_netdev *dev, struct off_bpf *bpf)
{
	struct off_nsim_port *port = off_nsim_port(dev);

	if (bpf->prog && bpf->prog->offload)
		return off_refuse(bpf->extack, OFF_RULE_NS_6, dev->driver->name);
	if (dev->mtu > XDP_MTU_MAX)
		return off_refuse(bpf->extack, OFF_RULE_NS_7, dev->driver->name);
	if (!port->knob[OFF_NSIM_XDPDRV_ACCEPT])
		return off_refuse(bpf->extack, OFF_RULE_NS_8, dev->driver->name);
	off_prog_replace(&port->drv, bpf->prog);
	return 0;
}

static enum off_rule
check_hw(const struct off_nsim_port *port, const struct off_prog *prog)
{
	const struct off_nsim_prog *bound;

	if (prog && !off_prog_is_offloaded(prog))
		return OFF_RULE_NS_9;
	bound = prog ? prog->offload->priv : NULL;
	if (bound && strcmp(bound->state, "xlated") != 0)
		return OFF_RULE_NS_10;
	if (!port->knob[OFF_NSIM_XDPOFFLOAD_ACCEPT])
		return OFF_RULE_NS_11;
	if (!port->hw && port->offloaded)
		return OFF_RULE_NS_12;
	return OFF_RULE_CNT;
}

int
off_nsim_setup_prog_hw(struct off_netdev *dev, struct off_bpf *bpf)
{
	struct off_nsim_port *port = off_nsim_port(dev);
	enum off_rule rule = check_hw(port, bpf->prog);

	if (rule != OFF_RULE_CNT)
		return off_refuse(bpf->extack, rule, dev->driver->name);
	load(port, bpf->prog);
	off_prog_replace(&port->hw, bpf->prog);
	return 0;
}

/* ---- tc ---- */

static enum off_rule
check_tc(const struct off_netdev *dev, const struct off_tc *tc)
{
	const struct off_nsim_port *port = off_nsim_port(dev);

	if (!tc->is_bpf)
		return OFF_RULE_TD_1;
	if (!(dev->features & OFF_FEATURE_HW_TC))
		return OFF_RULE_TD_2;
	if (tc->chain != 0)
		return OFF_RULE_TD_3;
	if (tc->protocol != ETH_P_ALL)
		return OFF_RULE_TD_5;
	if (!port->knob[OFF_NSIM_TC_ACCEPT])
		return OFF_RULE_TD_6;
	if (tc->prog && !tc->prog->offload && !port->knob[OFF_NSIM_TC_NON_BOUND_ACCEPT])
		return OFF_RULE_TD_7;
	if (tc->prog && tc->prog->offload && !off_dev_match(tc->prog, dev))
		return OFF_RULE_TD_8;
	return tc->command == OFF_TC_OFFLOAD ? OFF_RULE_CNT : OFF_RULE_TD_10;
}

int
off_nsim_setup_tc(struct off_netdev *dev, struct off_tc *tc)
{
	struct off_nsim_port *port = off_nsim_port(dev);
	enum off_rule rule = check_tc(dev, tc);

	if (rule != OFF_RULE_CNT)
		return off_refuse(tc->extack, rule, dev->driver->name);
	if (port->offloaded != tc->old_prog && !tc->prog)
		return off_refuse(NULL, OFF_RULE_TD_11);
	if (port->offloaded != tc->old_prog && port->offloaded)
		return off_refuse(tc->extack, OFF_RULE_TD_12, dev->driver->name);
	load(port, tc->prog);
	return 0;
}

/* ---- features, MTU ---- */

int
off_nsim_set_features(struct off_netdev *dev, uint32_t features)
{
	const struct off_nsim_port *port = off_nsim_port(dev);
	bool is_off = dev->features & ~features & OFF_FEATURE_HW_TC;

	return is_off && port->offloaded && !port->hw ? off_refuse(NULL, OFF_RULE_NS_13) : 0;
}

int
off_nsim_change_mtu(struct off_netdev *dev, uint32_t mtu)
{
	return off_nsim_port(dev)->drv && mtu > XDP_MTU_MAX ? off_refuse(NULL, OFF_RULE_MT_3) : 0;
}
