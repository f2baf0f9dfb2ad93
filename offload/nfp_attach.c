/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The nfp driver: what may be attached to a vNIC, by XDP and by tc, which share its hardware, and
 * how it gets into the code store (kernel: drivers/net/ethernet/netronome/nfp/bpf/{main,offload}.c;
 * nfp-offload-rules.md 6).
 */
#include "offload/nfp.h"

#include <errno.h>
#include <linux/if_ether.h>
#include <stdlib.h>

/* A rule of jit-nfp/rules.def, whose sentence gets the module's name. */
static int
refuse_image(struct off_extack *extack, enum jit_rule rule)
{
	const struct jit_rule_info *info = jit_rule_info(rule);

	if (extack)
		snprintf(extack->text, sizeof(extack->text), "nfp: %s", info->text);
	return -info->err;
}

/* ---- the hardware ---- */

/* The image at the port's place in the code store. */
static int
load_image(struct off_netdev *dev, const struct off_nfp_prog *p)
{
	struct off_nfp *nfp = off_nfp(dev->asic);
	struct jit_card card = nfp->card;
	uint64_t *words = malloc(p->image.cnt * sizeof(*words));
	int err = -ENOMEM;

	card.start = nic_fw_start(nfp->fw, dev->port);
	if (words)
		err = jit_image_load(&p->image, &card, words);
	if (!err)
		err = nic_fw_load(nfp->fw, dev->port, words, p->image.cnt);
	free(words);
	return err;
}

static int
load(struct off_netdev *dev, struct off_prog *prog, struct off_extack *extack)
{
	const struct off_nfp_prog *p = prog->offload->priv;
	enum jit_rule rule = jit_image_attach_check(&p->image, &off_nfp(dev->asic)->card, dev->mtu);
	int err;

	if (rule != JIT_RULE_CNT)
		return refuse_image(extack, rule);
	err = load_image(dev, p);
	if (err == -ENOMEM)
		return err;
	return err ? off_refuse(extack, OFF_RULE_NF_4, dev->driver->name) : 0;
}

void
off_nfp_unload(struct off_netdev *dev)
{
	nic_fw_load(off_nfp(dev->asic)->fw, dev->port, NULL, 0);
}

/* old: what is there of the same kind. */
static int
set_hardware(struct off_netdev *dev, struct off_prog *prog, const struct off_prog *old, bool is_tc,
	struct off_extack *extack)
{
	struct off_nfp_port *port = off_nfp_port(dev);
	int err = 0;

	if (prog && old && !off_nfp(dev->asic)->card.has_live_reload)
		return off_refuse(extack, OFF_RULE_NF_3, dev->driver->name);
	if (!old && port->hw)
		return off_refuse(NULL, OFF_RULE_NF_2);
	if (prog)
		err = load(dev, prog, extack);
	else
		off_nfp_unload(dev);
	if (err)
		return err;
	off_prog_replace(&port->hw, prog);
	port->is_tc = prog && is_tc;
	return 0;
}

static bool
is_ours(const struct off_netdev *dev, const struct off_prog *prog)
{
	return off_prog_is_offloaded(prog) && off_dev_match(prog, dev);
}

/* ---- XDP ---- */

int
off_nfp_setup_prog(struct off_netdev *dev, struct off_bpf *bpf)
{
	off_prog_replace(&off_nfp_port(dev)->drv, bpf->prog);
	return 0;
}

int
off_nfp_setup_prog_hw(struct off_netdev *dev, struct off_bpf *bpf)
{
	const struct off_nfp_port *port = off_nfp_port(dev);
	const struct off_prog *old = port->is_tc ? NULL : port->hw;

	if (!bpf->prog && !old)
		return 0;
	if (bpf->prog && !is_ours(dev, bpf->prog))
		return off_refuse(NULL, OFF_RULE_NF_1);
	return set_hardware(dev, bpf->prog, old, false, bpf->extack);
}

/* ---- tc ---- */

static enum off_rule
check_tc(const struct off_netdev *dev, const struct off_tc *tc)
{
	if (!tc->is_bpf)
		return OFF_RULE_TD_1;
	if (!(dev->features & OFF_FEATURE_HW_TC))
		return OFF_RULE_TD_2;
	if (tc->chain != 0)
		return OFF_RULE_TD_3;
	if (tc->protocol != ETH_P_ALL)
		return OFF_RULE_TD_5;
	if (!tc->is_direct_action || tc->has_actions)
		return OFF_RULE_TD_4;
	return tc->command == OFF_TC_OFFLOAD ? OFF_RULE_CNT : OFF_RULE_TD_10;
}

int
off_nfp_setup_tc(struct off_netdev *dev, struct off_tc *tc)
{
	const struct off_nfp_port *port = off_nfp_port(dev);
	const struct off_prog *running = port->is_tc ? port->hw : NULL;
	const enum off_rule rule = check_tc(dev, tc);

	if (rule != OFF_RULE_CNT)
		return off_refuse(tc->extack, rule, dev->driver->name);
	if (running != tc->old_prog && !tc->prog)
		return off_refuse(NULL, OFF_RULE_TD_11);
	if (tc->prog && !is_ours(dev, tc->prog))
		return off_refuse(NULL, OFF_RULE_TD_9);
	return set_hardware(
		dev, tc->prog, running == tc->old_prog ? running : NULL, true, tc->extack);
}

/* ---- features, MTU ---- */

int
off_nfp_set_features(struct off_netdev *dev, uint32_t features)
{
	const bool is_off = dev->features & ~features & OFF_FEATURE_HW_TC;

	return is_off && off_nfp_port(dev)->is_tc ? off_refuse(NULL, OFF_RULE_NF_5) : 0;
}

int
off_nfp_change_mtu(struct off_netdev *dev, uint32_t mtu)
{
	const struct off_prog *hw = off_nfp_port(dev)->hw;
	const struct off_nfp *nfp = off_nfp(dev->asic);
	enum jit_rule rule = JIT_RULE_CNT;

	if (hw && hw->offload)
		rule = jit_image_mtu_check(
			&((struct off_nfp_prog *)hw->offload->priv)->image, &nfp->card, mtu);
	if (rule == JIT_RULE_CNT)
		return 0;
	off_klog_add(nfp->ccm.log, "%s %s: %s", nfp->device, dev->name, jit_rule_info(rule)->text);
	return -jit_rule_info(rule)->err;
}
