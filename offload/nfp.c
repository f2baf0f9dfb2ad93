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

/* -EINVAL: the slots of ABI 3 are longer than any message. */
static int
open_channel(struct off_nfp *nfp, struct xb_log *log)
{
	const bool is_abi3 = nfp->card.abi_version >= 3;
	uint64_t needed;

	nfp->ccm = (struct off_ccm){
		.channel = { .send = send_message, .receive = receive_message, .arg = nfp },
		.key_bytes = is_abi3 ? nfp->card.maps.key_bytes_max : NIC_CCM_SLOT_BYTES,
		.value_bytes = is_abi3 ? nfp->card.maps.value_bytes_max : NIC_CCM_SLOT_BYTES,
	};
	needed = NIC_CCM_OP_BYTES + (uint64_t)nfp->ccm.key_bytes + nfp->ccm.value_bytes;
	if (needed <= NIC_CCM_BYTES_MAX)
		return 0;
	xb_log_add(log, "ctrl channel MTU below min required %u < %llu\n", NIC_CCM_BYTES_MAX,
		(unsigned long long)needed);
	return -EINVAL;
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
	free(asic->priv);
}

/* What the driver's probe does. NULL and errno. */
static struct off_nfp *
nfp_new(struct nic_fw *fw, struct xb_log *log)
{
	struct off_nfp *nfp = calloc(1, sizeof(*nfp));
	int err;

	if (!nfp)
		return NULL;
	nfp->fw = fw;
	err = probe(nfp, log);
	if (!err)
		err = open_channel(nfp, log);
	if (!err)
		return nfp;
	free(nfp);
	errno = -err;
	return NULL;
}

struct off_asic *
off_nfp_new(struct off_kernel *k, uint32_t id, struct nic_fw *fw, struct xb_log *log)
{
	struct off_nfp *nfp = nfp_new(fw, log);
	struct off_asic *asic;

	if (!nfp)
		return NULL;
	off_lock(k);
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
	.insn_hook = off_nfp_insn_hook,
	.finalize = off_nfp_finalize,
	.replace_insn = off_nfp_replace_insn,
	.remove_insns = off_nfp_remove_insns,
	.translate = off_nfp_translate,
	.destroy = off_nfp_destroy,
	.map_lookup = off_nfp_map_lookup,
	.map_update = off_nfp_map_update,
	.map_delete = off_nfp_map_delete,
	.map_next_key = off_nfp_map_next_key,
};
