/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * netdevsim: the kernel's dummy card, with its knobs (kernel: drivers/net/netdevsim/bpf.c, dev.c;
 * reference/kernel-offload.md 1.8). Programs are accepted and never run.
 */
#include "offload/nsim.h"

#include "bpf/verifier/state.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>

static const char state_verify[] = "verify", state_xlated[] = "xlated";

static const struct {
	const char *file;
	bool is_port;
	uint32_t initial;
} knobs[] = {
#define KNOB(id_, file_, is_port_, initial_)                                                       \
	[OFF_NSIM_##id_] = { .file = (file_), .is_port = (is_port_), .initial = (initial_) },
	OFF_NSIM_KNOB_LIST(KNOB)
#undef KNOB
};

static void
reset_knobs(uint32_t *knob)
{
	for (int i = 0; i < OFF_NSIM_KNOB_CNT; i++)
		knob[i] = knobs[i].initial;
}

/* ---- devices and ports ---- */

static int
port_init(struct off_netdev *dev)
{
	struct off_nsim_port *port = calloc(1, sizeof(*port));

	if (!port)
		return -ENOMEM;
	reset_knobs(port->knob);
	dev->priv = port;
	dev->changeable |= OFF_FEATURE_HW_TC;
	snprintf(dev->name, sizeof(dev->name), "eni%unp%u", dev->asic->id, dev->port + 1);
	return 0;
}

static void
put(struct off_prog *prog)
{
	if (prog)
		off_object_put(&prog->o);
}

static void
port_fini(struct off_netdev *dev)
{
	struct off_nsim_port *port = off_nsim_port(dev);

	put(port->drv);
	put(port->hw);
	put(port->offloaded);
	free(port);
}

static void
asic_fini(struct off_asic *asic)
{
	free(asic->priv);
}

static bool
is_taken(const struct off_kernel *k, uint32_t id)
{
	const struct off_asic *asic;

	TAILQ_FOREACH (asic, &k->asics, in_kernel)
		if (asic->driver == &off_nsim_driver && asic->id == id)
			return true;
	return false;
}

static struct off_asic *
nsim_new(struct off_kernel *k, uint32_t id)
{
	struct off_nsim_asic *nsim = calloc(1, sizeof(*nsim));
	struct off_asic *asic = NULL;

	if (!nsim)
		return NULL;
	reset_knobs(nsim->knob);
	TAILQ_INIT(&nsim->progs);
	off_lock(k);
	errno = EEXIST;
	if (!is_taken(k, id))
		asic = off_asic_new(k, &off_nsim_driver, id, nsim);
	off_unlock(k, 0);
	if (!asic)
		free(nsim);
	return asic;
}

struct off_asic *
off_nsim_new(struct off_kernel *k, uint32_t id, uint32_t ports)
{
	struct off_asic *asic = nsim_new(k, id);

	return asic ? off_asic_with_ports(asic, ports) : NULL;
}

/* ---- programs ---- */

static int
prepare(struct off_prog *prog, const struct xb_verify_env *env)
{
	struct off_nsim_asic *nsim = off_nsim_asic(prog->offload->asic);
	struct off_nsim_prog *bound;

	(void)env;
	if (!nsim->knob[OFF_NSIM_BIND_ACCEPT])
		return off_refuse(NULL, OFF_RULE_NS_1);
	bound = calloc(1, sizeof(*bound));
	if (!bound)
		return -ENOMEM;
	bound->prog = prog;
	bound->dir = nsim->next_dir++;
	bound->state = state_verify;
	TAILQ_INSERT_TAIL(&nsim->progs, bound, of_asic);
	prog->offload->priv = bound;
	return 0;
}

static void
sleep_ms(uint32_t ms)
{
	struct timespec t = { .tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000 };

	nanosleep(&t, NULL);
}

/* The delay is slept with the lock held, as the kernel's is in its rwsem: who removes the device
 * waits for it. */
static int
insn_hook(struct off_prog *prog, struct xb_verify_env *env, int insn, int prev)
{
	struct off_nsim_asic *nsim = off_nsim_asic(prog->offload->asic);
	uint32_t cnt;

	(void)prev;
	xb_verify_insns(env, &cnt);
	if (insn == 0 && nsim->knob[OFF_NSIM_BIND_VERIFIER_DELAY])
		sleep_ms(nsim->knob[OFF_NSIM_BIND_VERIFIER_DELAY]);
	if ((uint32_t)insn + 1 != cnt)
		return 0;
	xb_verify_say(env, "%s\n", off_rule_info(OFF_RULE_NS_2)->text);
	return nsim->knob[OFF_NSIM_BIND_VERIFIER_ACCEPT] ? 0 : off_refuse(NULL, OFF_RULE_NS_2);
}

static int
translate(struct off_prog *prog, const struct xb_facts *facts)
{
	struct off_nsim_prog *bound = prog->offload->priv;

	(void)facts;
	bound->state = state_xlated;
	return 0;
}

static void
destroy(struct off_prog *prog)
{
	struct off_nsim_asic *nsim = off_nsim_asic(prog->offload->asic);
	struct off_nsim_prog *bound = prog->offload->priv;

	TAILQ_REMOVE(&nsim->progs, bound, of_asic);
	free(bound);
}

/* ---- ndo_bpf ---- */

static int
nsim_bpf(struct off_netdev *dev, struct off_bpf *bpf)
{
	switch (bpf->command) {
	case OFF_BPF_SETUP_PROG: return off_nsim_setup_prog(dev, bpf);
	case OFF_BPF_SETUP_PROG_HW: return off_nsim_setup_prog_hw(dev, bpf);
	case OFF_BPF_MAP_ALLOC: return off_nsim_map_alloc(dev, bpf->map);
	case OFF_BPF_MAP_FREE: off_nsim_map_free(bpf->map); return 0;
	}
	return -EINVAL;
}

const struct off_driver off_nsim_driver = {
	.name = "netdevsim",
	.port_init = port_init,
	.port_fini = port_fini,
	.asic_fini = asic_fini,
	.bpf = nsim_bpf,
	.setup_tc = off_nsim_setup_tc,
	.change_mtu = off_nsim_change_mtu,
	.set_features = off_nsim_set_features,
	.prepare = prepare,
	.insn_hook = insn_hook,
	.translate = translate,
	.destroy = destroy,
	.map_lookup = off_nsim_map_lookup,
	.map_update = off_nsim_map_update,
	.map_delete = off_nsim_map_delete,
	.map_next_key = off_nsim_map_next_key,
};

/* ---- debugfs ---- */

int
off_nsim_set(struct off_asic *nsim, uint32_t port, enum off_nsim_knob knob, uint32_t value)
{
	struct off_netdev *dev;
	int err = 0;

	off_lock(nsim->k);
	if (!knobs[knob].is_port) {
		off_nsim_asic(nsim)->knob[knob] = value;
	} else {
		dev = off_port_find(nsim, port);
		if (dev)
			off_nsim_port(dev)->knob[knob] = value;
		else
			err = -ENODEV;
	}
	return off_unlock(nsim->k, err);
}

const char *
off_nsim_knob_file(enum off_nsim_knob knob)
{
	return knobs[knob].file;
}

int
off_nsim_offloaded_id(struct off_asic *nsim, uint32_t port, uint32_t *id)
{
	struct off_netdev *dev;

	off_lock(nsim->k);
	dev = off_port_find(nsim, port);
	if (dev)
		*id = off_nsim_port(dev)->offloaded ? off_nsim_port(dev)->offloaded->o.id : 0;
	return off_unlock(nsim->k, dev ? 0 : -ENODEV);
}

int
off_nsim_bound(struct off_asic *nsim, uint32_t n, struct off_nsim_bound *bound)
{
	struct off_nsim_prog *p;

	off_lock(nsim->k);
	TAILQ_FOREACH (p, &off_nsim_asic(nsim)->progs, of_asic)
		if (n-- == 0)
			break;
	if (p)
		*bound = (struct off_nsim_bound){
			.dir = p->dir, .id = p->prog->o.id, .state = p->state, .loaded = p->loaded
		};
	return off_unlock(nsim->k, p ? 0 : -ENOENT);
}
