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
	char device[24]; /* its name in the kernel log: "nfp 0000:04:00.0" */
	struct jit_maps_used used;
	struct jit_debug debug; /* of translations */
	LIST_HEAD(, off_nfp_neutral) neutral;
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
	struct off_ccm_map ccm;
	struct jit_map *jit;
};

/* A program of the card uses a map of the host, which the firmware names by its id. */
struct off_nfp_neutral {
	const struct off_prog *prog;
	struct off_map *map; /* a reference */
	LIST_ENTRY(off_nfp_neutral) of_card;
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
/* The verifier ended the walk: what can be said all the same. */
void off_nfp_find_unreached(struct off_prog *prog);

/* ---- nfp_map.c ---- */
int off_nfp_map_alloc(struct off_netdev *dev, struct off_map *map);
void off_nfp_map_free(struct off_netdev *dev, struct off_map *map);
int off_nfp_map_lookup(struct off_map *map, const void *key, void *value);
int off_nfp_map_update(struct off_map *map, const void *key, const void *value, uint64_t flags);
int off_nfp_map_delete(struct off_map *map, const void *key);
int off_nfp_map_next_key(struct off_map *map, const void *key, void *next);

/* ---- nfp_event.c ---- */
/* The maps of the host that the program uses: known to the card from translation to the end. */
int off_nfp_neutral_add(struct off_prog *prog);
void off_nfp_neutral_del(struct off_prog *prog);
/* The instruction has passed: a call that outputs events is noted in the log, the first ever. */
void off_nfp_note_events(const struct off_prog *prog, int insn);
/* A BPF_EVENT of the firmware's: 0, or -errno and it is lost. */
int off_nfp_event(struct off_nfp *nfp, const uint8_t *message, size_t bytes);

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
