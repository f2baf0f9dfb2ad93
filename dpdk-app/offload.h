/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A card with its firmware, a kernel and its driver (offload/), and a loader's calls to bring a
 * program there. Used by check.c, which makes them in order; what was loaded is what place.c,
 * run_setup.c, cmd_trace.c and profile.c run.
 */
#ifndef APP_OFFLOAD_H
#define APP_OFFLOAD_H

#include "dpdk-app/card.h"
#include "nic/firmware/firmware.h"
#include "offload/offload.h"

struct offload {
	const struct xb_object *obj;
	struct off_findings findings; /* what the calls had to say */
	struct nic_fw *fw;
	struct off_kernel *kernel;
	struct off_caller who;
	struct off_asic *asic;
	int *maps; /* as obj->maps: descriptors; -1: not made */
	int prog;  /* descriptor; -1: not loaded */
};

/* The machine, for one program of obj. 0 or -errno. It must stay where it is until offload_end().
 */
int offload_open(struct offload *o, const struct xb_object *obj, const struct card *card);
/* A map of the object's, if it is not there yet, with what is in it. 0 or -errno; refusals are
 * findings. */
int offload_make_map(struct offload *o, uint32_t index, struct xb_log *log);
/* The same; log_level is the verifier's. */
int offload_load(
	struct offload *o, const struct xb_prog *prog, unsigned int log_level, struct xb_log *log);
/* In hardware mode at the first port: XDP, or a tc filter with skip_sw. What was refused before is
 * not attached, -ECANCELED. */
int offload_attach(struct offload *o, const struct xb_prog *prog, struct off_extack *extack);
/* From now on calls end at their first refusal. */
void offload_stop_finding(struct offload *o);
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
