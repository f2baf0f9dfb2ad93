/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of the nfp driver share. */
#ifndef OFF_NFP_H
#define OFF_NFP_H

#include "jit-nfp/jit.h"
#include "nic/firmware/firmware.h"
#include "offload/ccm.h"
#include "offload/internal.h"

/* asic->priv: a card. */
struct off_nfp {
	struct nic_fw *fw;
	struct jit_card card;
	struct off_ccm ccm;
	struct jit_maps_used used;
	struct jit_debug debug; /* of translations */
	/* replies on their way from the firmware */
	uint8_t reply[NIC_CCM_BYTES_MAX];
	size_t reply_bytes;
};

/* dev->priv: a vNIC. The program is a reference. */
struct off_nfp_port {
	struct off_prog *drv; /* native XDP */
	struct off_prog *hw;  /* in the hardware, by XDP or tc */
	bool is_tc;	      /* of hw */
};

/* prog->offload->priv */
struct off_nfp_prog {
	struct jit_map **maps; /* as prog->maps; the device's own belong to their map */
	bool *is_own;	       /* as maps: made for this program */
	struct jit_prog *jit;
	struct jit_image image;
	bool has_image;
	uint32_t told; /* of jit's findings, so many are the machine's */
};

/* map->priv */
struct off_nfp_map {
	uint32_t id; /* the firmware's */
	struct jit_map *jit;
};

static inline struct off_nfp *
off_nfp(const struct off_asic *asic)
{
	return asic->priv;
}

static inline struct off_nfp_port *
off_nfp_port(const struct off_netdev *dev)
{
	return dev->priv;
}

extern const struct off_driver off_nfp_driver;

/* ---- nfp_find.c: what jit-nfp finds is what the machine finds ---- */
/* The map is refused by that rule, and by which others? -errno of the first. */
int off_nfp_refuse_map(struct off_map *map, enum jit_rule rule, const char *message);
/* The sentence, behind the module's name, is in the extack. -errno. */
int off_nfp_refuse_image(struct off_netdev *dev, const struct off_prog *prog, enum jit_rule rule,
	struct off_extack *extack);
/* After each of the driver's callbacks. */
void off_nfp_tell(struct off_prog *prog);

/* ---- nfp_map.c ---- */
int off_nfp_map_alloc(struct off_netdev *dev, struct off_map *map);
void off_nfp_map_free(struct off_netdev *dev, struct off_map *map);
int off_nfp_map_lookup(struct off_map *map, const void *key, void *value);
int off_nfp_map_update(struct off_map *map, const void *key, const void *value, uint64_t flags);
int off_nfp_map_delete(struct off_map *map, const void *key);
int off_nfp_map_next_key(struct off_map *map, const void *key, void *next);

/* ---- nfp_attach.c ---- */
int off_nfp_setup_prog(struct off_netdev *dev, struct off_bpf *bpf);
int off_nfp_setup_prog_hw(struct off_netdev *dev, struct off_bpf *bpf);
int off_nfp_setup_tc(struct off_netdev *dev, struct off_tc *tc);
int off_nfp_set_features(struct off_netdev *dev, uint32_t features);
int off_nfp_change_mtu(struct off_netdev *dev, uint32_t mtu);
/* The port goes. */
void off_nfp_unload(struct off_netdev *dev);

/* ---- nfp_prog.c ---- */
int off_nfp_prepare(struct off_prog *prog, const struct xb_verify_env *env);
int off_nfp_insn_hook(struct off_prog *prog, struct xb_verify_env *env, int insn, int prev);
int off_nfp_finalize(struct off_prog *prog, struct xb_verify_env *env);
int off_nfp_replace_insn(struct off_prog *prog, struct xb_verify_env *env, uint32_t off,
	const struct bpf_insn *insn);
int off_nfp_remove_insns(
	struct off_prog *prog, struct xb_verify_env *env, uint32_t off, uint32_t cnt);
int off_nfp_translate(struct off_prog *prog, const struct xb_facts *facts);
void off_nfp_destroy(struct off_prog *prog);

#endif
