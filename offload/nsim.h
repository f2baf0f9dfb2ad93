/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of netdevsim share. */
#ifndef OFF_NSIM_H
#define OFF_NSIM_H

#include "offload/internal.h"

/* A directory of bpf_bound_progs/: a program's offload->priv. */
struct off_nsim_prog {
	struct off_prog *prog;
	uint32_t dir;
	const char *state;
	bool loaded; /* it is the one in a port's hardware */
	TAILQ_ENTRY(off_nsim_prog) of_asic;
};

/* asic->priv */
struct off_nsim_asic {
	uint32_t knob[OFF_NSIM_KNOB_CNT];
	uint32_t next_dir;
	TAILQ_HEAD(, off_nsim_prog) progs;
};

/* dev->priv. Each program here is a reference, as the driver has in the kernel. */
struct off_nsim_port {
	uint32_t knob[OFF_NSIM_KNOB_CNT];
	struct off_prog *drv, *hw;  /* of XDP */
	struct off_prog *offloaded; /* in the hardware, by XDP or tc */
};

extern const struct off_driver off_nsim_driver;

static inline struct off_nsim_asic *
off_nsim_asic(const struct off_asic *asic)
{
	return asic->priv;
}

static inline struct off_nsim_port *
off_nsim_port(const struct off_netdev *dev)
{
	return dev->priv;
}

/* ---- nsim_attach.c ---- */
int off_nsim_setup_prog(struct off_netdev *dev, struct off_bpf *bpf);
int off_nsim_setup_prog_hw(struct off_netdev *dev, struct off_bpf *bpf);
int off_nsim_setup_tc(struct off_netdev *dev, struct off_tc *tc);
int off_nsim_set_features(struct off_netdev *dev, uint32_t features);
int off_nsim_change_mtu(struct off_netdev *dev, uint32_t mtu);

/* ---- nsim_map.c ---- */
int off_nsim_map_alloc(struct off_netdev *dev, struct off_map *map);
void off_nsim_map_free(struct off_map *map);
int off_nsim_map_lookup(struct off_map *map, const void *key, void *value);
int off_nsim_map_update(struct off_map *map, const void *key, const void *value, uint64_t flags);
int off_nsim_map_delete(struct off_map *map, const void *key);
int off_nsim_map_next_key(struct off_map *map, const void *key, void *next);

#endif
