/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The nfp driver: a card whose firmware is nic/firmware's, found through the bytes a driver would
 * read of it (nfp-offload-rules.md 1, 2). Programs are jit-nfp's (nfp_prog.c), maps live on the
 * card (nfp_map.c), attaching loads the code store (nfp_attach.c).
 */
#include "offload/nfp.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define MTU_MAX 9216u

/* ---- the channel: the firmware answers at once ---- */

static void
send_message(void *arg, const uint8_t *message, size_t bytes)
{
	struct off_nfp *nfp = arg;

	nfp->reply_bytes = nic_fw_control(nfp->fw, message, bytes, nfp->reply, sizeof(nfp->reply));
}

static size_t
receive_message(void *arg, uint8_t *message, size_t size)
{
	struct off_nfp *nfp = arg;
	const size_t bytes = nfp->reply_bytes < size ? nfp->reply_bytes : size;

	memcpy(message, nfp->reply, bytes);
	nfp->reply_bytes = 0;
	return bytes;
}

static void
take_event(void *arg, const uint8_t *message, size_t bytes)
{
	off_nfp_event(arg, message, bytes);
}

/* -EINVAL: not one entry fits into a message. The sentence is in the log of the caller, too. */
static int
open_channel(struct off_nfp *nfp, struct off_kernel *k, struct xb_log *log)
{
	const bool is_abi3 = nfp->card.abi_version >= 3;
	struct off_ccm *ccm = &nfp->ccm;
	const uint64_t lines = k->klog.next;
	int err;

	*ccm = (struct off_ccm){
		.channel = { .send = send_message,
			.receive = receive_message,
			.event = take_event,
			.arg = nfp },
		.log = &k->klog,
		.device = nfp->device,
		.key_bytes = is_abi3 ? nfp->card.maps.key_bytes_max : NIC_CCM_SLOT_BYTES,
		.value_bytes = is_abi3 ? nfp->card.maps.value_bytes_max : NIC_CCM_SLOT_BYTES,
	};
	off_ccm_init(ccm);
	err = off_ccm_start(
		ccm, off_ccm_mtu(ccm, is_abi3, NIC_CCM_BYTES_MAX), nfp->card.has_multi_entry);
	if (err)
		xb_log_add(log, "%s\n", k->klog.lines[lines % OFF_KLOG_LINES].text);
	return err;
}

/* ---- devices and ports ---- */

static int
probe(struct off_nfp *nfp, struct xb_log *log)
{
	const struct nic_card *card = nic_fw_card(nfp->fw);
	uint8_t bar[NIC_BAR_BYTES], capabilities[NIC_CAPABILITIES_MAX];
	struct jit_firmware firmware = { .app_id = card->app_id,
		.bar = bar,
		.bar_bytes = sizeof(bar),
		.capabilities = capabilities };

	nic_card_bar(card, bar);
	firmware.capability_bytes = nic_card_capabilities(card, capabilities);
	if (firmware.capability_bytes == 0)
		firmware.capabilities = NULL;
	return jit_card_probe(&nfp->card, &firmware, log);
}

static int
port_init(struct off_netdev *dev)
{
	dev->priv = calloc(1, sizeof(struct off_nfp_port));
	if (!dev->priv)
		return -ENOMEM;
	dev->mtu_max = MTU_MAX;
	dev->changeable |= OFF_FEATURE_HW_TC;
	dev->features |= OFF_FEATURE_HW_TC;
	snprintf(dev->name, sizeof(dev->name), "ens%unp%u", dev->asic->id, dev->port);
	return 0;
}

static void
port_fini(struct off_netdev *dev)
{
	struct off_nfp_port *port = off_nfp_port(dev);

	off_nfp_unload(dev);
	if (port->drv)
		off_object_put(&port->drv->o);
	if (port->hw)
		off_object_put(&port->hw->o);
	free(port);
}

static void
asic_fini(struct off_asic *asic)
{
	off_ccm_fini(&off_nfp(asic)->ccm);
	free(asic->priv);
}

/* What the driver's probe does. NULL and errno. */
static struct off_nfp *
nfp_new(struct off_kernel *k, uint32_t id, struct nic_fw *fw, struct xb_log *log)
{
	struct off_nfp *nfp = calloc(1, sizeof(*nfp));
	int err;

	if (!nfp)
		return NULL;
	nfp->fw = fw;
	LIST_INIT(&nfp->neutral);
	snprintf(nfp->device, sizeof(nfp->device), "nfp 0000:%02x:00.0", id & 0xff);
	err = probe(nfp, log);
	if (!err)
		err = open_channel(nfp, k, log);
	if (!err)
		return nfp;
	free(nfp);
	errno = -err;
	return NULL;
}

struct off_asic *
off_nfp_new(struct off_kernel *k, uint32_t id, struct nic_fw *fw, struct xb_log *log)
{
	struct off_asic *asic = NULL;
	struct off_nfp *nfp;

	off_lock(k);
	nfp = nfp_new(k, id, fw, log);
	if (nfp)
		asic = off_asic_new(k, &off_nfp_driver, id, nfp);
	off_unlock(k, 0);
	if (asic)
		return off_asic_with_ports(asic, nic_fw_card(fw)->ports);
	free(nfp);
	return NULL;
}

void
off_nfp_set_debug(struct off_asic *asic, const struct jit_debug *debug)
{
	off_nfp(asic)->debug = *debug;
}

/* ---- ndo_bpf ---- */

static int
nfp_bpf(struct off_netdev *dev, struct off_bpf *bpf)
{
	switch (bpf->command) {
	case OFF_BPF_SETUP_PROG: return off_nfp_setup_prog(dev, bpf);
	case OFF_BPF_SETUP_PROG_HW: return off_nfp_setup_prog_hw(dev, bpf);
	case OFF_BPF_MAP_ALLOC: return off_nfp_map_alloc(dev, bpf->map);
	case OFF_BPF_MAP_FREE: off_nfp_map_free(dev, bpf->map); return 0;
	}
	return -EINVAL;
}

/* ---- programs: what nfp_prog.c does, and what the kernel log says of it ---- */

static int
insn_hook(struct off_prog *prog, struct xb_verify_env *env, int insn, int prev)
{
	int err = off_nfp_insn_hook(prog, env, insn, prev);

	if (!err)
		off_nfp_note_events(prog, insn);
	return err;
}

static void
tell_failure(const struct off_prog *prog)
{
	const struct off_nfp_prog *p = prog->offload->priv;
	uint32_t cnt;
	const struct jit_finding *findings = jit_prog_findings(p->jit, &cnt);

	for (uint32_t i = 0; i < cnt; i++) {
		const struct jit_rule_info *rule = jit_rule_info(findings[i].rule);

		if (rule->severity == JIT_ERROR && !strcmp(rule->stage, "translate"))
			off_klog_add(&prog->o.k->klog, "NFP net bpf: %s", findings[i].message);
	}
}

static int
translate(struct off_prog *prog, const struct xb_facts *facts)
{
	int err = off_nfp_translate(prog, facts);

	if (err)
		tell_failure(prog);
	return err ? err : off_nfp_neutral_add(prog);
}

static void
destroy(struct off_prog *prog)
{
	off_nfp_neutral_del(prog);
	off_nfp_destroy(prog);
}

const struct off_driver off_nfp_driver = {
	.name = "nfp",
	.port_init = port_init,
	.port_fini = port_fini,
	.asic_fini = asic_fini,
	.bpf = nfp_bpf,
	.setup_tc = off_nfp_setup_tc,
	.change_mtu = off_nfp_change_mtu,
	.set_features = off_nfp_set_features,
	.prepare = off_nfp_prepare,
	.insn_hook = insn_hook,
	.finalize = off_nfp_finalize,
	.replace_insn = off_nfp_replace_insn,
	.remove_insns = off_nfp_remove_insns,
	.translate = translate,
	.find_unreached = off_nfp_find_unreached,
	.destroy = destroy,
	.map_lookup = off_nfp_map_lookup,
	.map_update = off_nfp_map_update,
	.map_delete = off_nfp_map_delete,
	.map_next_key = off_nfp_map_next_key,
};
