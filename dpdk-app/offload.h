/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A program on the card: a card with its firmware, a kernel and its driver (offload/), the program
 * loaded and attached in hardware mode as a loader does it. Used by place.c and run_setup.c.
 */
#ifndef APP_OFFLOAD_H
#define APP_OFFLOAD_H

#include "dpdk-app/check.h"
#include "nic/firmware/firmware.h"
#include "offload/offload.h"

struct offload {
	const struct xb_object *obj;
	struct nic_fw *fw;
	struct off_kernel *kernel;
	struct off_caller who;
	struct off_asic *asic;
	int *maps; /* as obj->maps: descriptors; -1: the program does not name it */
};

/* A program that check accepted (check.h). 0, or -errno and a sentence. */
int offload_start(struct offload *o, const struct check *check, struct xb_log *log);
/* A program of the host on the same port: XDP in driver mode, tc with skip_hw. 0, or -errno and a
 * sentence. */
int offload_attach_host(struct offload *o, const struct xb_object *obj, const struct xb_prog *prog,
	struct xb_log *log);
/* Tolerates what is half made. Engines must be gone. */
void offload_end(struct offload *o);

/* All entries of map `index`, as the host sees them; stops at the first non-zero of visit. */
int offload_for_each(const struct offload *o, uint32_t index,
	int (*visit)(void *arg, const void *key, const void *value), void *arg);

#endif
