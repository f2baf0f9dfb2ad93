/* SPDX-License-Identifier: BSD-2-Clause */
/* The life of a program: made, verified, given an id; freed (kernel: bpf_prog_load()). */
#include "offload/internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define MAPS_MAX 64u /* MAX_USED_MAPS */

/* ---- instructions, and the maps they name ---- */

/* The index of a map in prog->maps, put there if it is not; a reference is taken. */
static int
use_map(struct off_prog *prog, struct off_map *map, struct xb_log *log)
{
	for (uint32_t i = 0; i < prog->map_cnt; i++)
		if (prog->maps[i] == map)
			return (int)i;
	if (prog->map_cnt == MAPS_MAX) {
		xb_log_add(log,
			"The total number of maps per program has reached the limit of %u\n",
			MAPS_MAX);
		return -E2BIG;
	}
	off_object_get(&map->o);
	prog->maps[prog->map_cnt] = map;
	return (int)prog->map_cnt++;
}

/* One reference to a map becomes an index. A descriptor that is no map's stays one: the verifier
 * says so when its turn comes. */
static int
bind_insn(struct off_prog *prog, struct bpf_insn *insn, const struct off_prog_load *attr,
	struct xb_log *log)
{
	bool by_index =
		insn->src_reg == BPF_PSEUDO_MAP_IDX || insn->src_reg == BPF_PSEUDO_MAP_IDX_VALUE;
	bool is_value =
		insn->src_reg == BPF_PSEUDO_MAP_VALUE || insn->src_reg == BPF_PSEUDO_MAP_IDX_VALUE;
	int fd = insn->imm, index;
	struct off_map *map;

	if (by_index && !attr->fd_array) {
		xb_log_add(log, "fd_idx without fd_array is invalid\n");
		return -EPROTO;
	}
	if (by_index)
		fd = (uint32_t)insn->imm < attr->fd_cnt ? attr->fd_array[insn->imm] : -1;
	map = off_fd_map(prog->o.k, fd);
	if (!map) {
		insn->src_reg = BPF_PSEUDO_MAP_FD;
		insn->imm = fd;
		insn[1].imm = 0;
		return 0;
	}
	index = use_map(prog, map, log);
	if (index < 0)
		return index;
	insn->src_reg = is_value ? BPF_PSEUDO_MAP_IDX_VALUE : BPF_PSEUDO_MAP_IDX;
	insn->imm = index;
	return 0;
}

static int
bind_maps(struct off_prog *prog, const struct off_prog_load *attr, struct xb_log *log)
{
	int err = 0;

	prog->maps = calloc(MAPS_MAX, sizeof(struct off_map *));
	if (!prog->maps)
		return -ENOMEM;
	for (uint32_t i = 0; !err && i + 1 < prog->insn_cnt; i++) {
		struct bpf_insn *insn = &prog->insns[i];

		if (!xb_insn_is_wide(insn))
			continue;
		i++;
		if (insn->src_reg == BPF_PSEUDO_MAP_FD || insn->src_reg == BPF_PSEUDO_MAP_VALUE ||
			insn->src_reg == BPF_PSEUDO_MAP_IDX ||
			insn->src_reg == BPF_PSEUDO_MAP_IDX_VALUE)
			err = bind_insn(prog, insn, attr, log);
	}
	return err;
}

/* ---- the program ---- */

static uint64_t
now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_BOOTTIME, &t);
	return (uint64_t)t.tv_sec * UINT64_C(1000000000) + (uint64_t)t.tv_nsec;
}

static struct off_prog *
prog_new(const struct off_caller *who, const struct off_prog_load *attr)
{
	struct off_prog *prog = calloc(1, sizeof(*prog));

	if (!prog)
		return NULL;
	off_object_init(&prog->o, who->k, OFF_KIND_PROG);
	prog->type = attr->prog_type;
	prog->expected_attach_type = attr->expected_attach_type;
	prog->gpl_compatible = xb_license_is_gpl_compatible(attr->license);
	prog->has_frags = attr->prog_flags & BPF_F_XDP_HAS_FRAGS;
	prog->uid = who->uid;
	prog->load_time_ns = now_ns();
	prog->refused_insn = -1;
	prog->insn_cnt = attr->insn_cnt;
	prog->insns = calloc(attr->insn_cnt, sizeof(*prog->insns));
	if (!prog->insns) {
		free(prog);
		return NULL;
	}
	memcpy(prog->insns, attr->insns, attr->insn_cnt * sizeof(*prog->insns));
	return prog;
}

/* Maps go before the device's part of the program: a driver that needs one has a reference. */
void
off_prog_free(struct off_prog *prog)
{
	struct off_netdev *dev = prog->offload ? prog->offload->dev : NULL;

	for (uint32_t i = 0; i < prog->map_cnt; i++)
		off_object_put(&prog->maps[i]->o);
	if (prog->offload)
		off_prog_offload_end(prog);
	if (dev)
		off_record_try_free(dev);
	free(prog->maps);
	free(prog->insns);
	free(prog->xlated);
	free(prog);
}

/* What the program is bound to; the target of an extension is looked at, too. */
static int
bind_device(struct off_prog *prog, const struct off_caller *who, const struct off_prog_load *attr,
	struct xb_log *log)
{
	const struct off_prog *target;

	if (attr->prog_ifindex)
		return off_prog_bind(prog, who, attr);
	if (!attr->attach_prog_fd)
		return 0;
	target = off_fd_prog(who->k, attr->attach_prog_fd);
	/* what is no program may be a module's BTF, which is not modelled */
	return target ? off_prog_inherit(prog, target, log) : -EINVAL;
}

/* The last check: tail calls go to programs of a kind (bpf_check_tail_call). */
static int
check_tail_calls(const struct off_prog *prog)
{
	for (uint32_t i = 0; i < prog->map_cnt; i++)
		if (prog->maps[i]->cells && !off_prog_fits_array(prog, prog->maps[i]))
			return off_refuse(NULL, OFF_RULE_VF_5);
	return 0;
}

static int
load_try(struct off_prog *prog, const struct off_caller *who, const struct off_prog_load *attr,
	struct xb_log *log)
{
	int err = bind_device(prog, who, attr, log);

	if (!err)
		err = off_name_copy(prog->name, attr->prog_name);
	if (!err)
		err = bind_maps(prog, attr, log);
	if (err)
		return err;
	off_prog_set_tag(prog, attr->insns);
	err = off_prog_verify(prog, attr, log);
	return err ? err : check_tail_calls(prog);
}

/* The driver, of what the verifier did not come to. */
static void
find_unreached(struct off_prog *prog)
{
	const struct off_driver *driver =
		prog->offload && prog->offload->is_prepared ? prog->offload->asic->driver : NULL;

	if (prog->o.k->opts.findings && driver && driver->find_unreached)
		driver->find_unreached(prog);
}

/* What ends a load whatever one wants to know: the verifier's own refusals, and what is like them.
 * Those of before it are noted; what is not a refusal has no sentence. */
static void
find_end(struct off_prog *prog, int err, const char *log)
{
	char sentence[sizeof(((struct off_finding *)0)->message)];

	if (err == -ENOMEM || err == -ENODEV)
		return;
	/* Behind the walk is the translation, whose findings are the driver's. */
	if (prog->verified_insns && off_findings_refusal(prog->o.k->opts.findings))
		return;
	xb_verify_sentence(log, sentence, sizeof(sentence));
	/* The driver's lines are findings of their own. */
	if (strncmp(sentence, "[nfp] ", strlen("[nfp] ")) == 0)
		*sentence = '\0';
	off_find_refusal(prog->o.k, "verifier", err, prog->refused_insn, sentence);
	if (!prog->verified_insns)
		find_unreached(prog);
}

int
off_prog_load(const struct off_caller *who, const struct off_prog_load *attr, struct xb_log *log)
{
	enum off_rule rule = off_prog_check_attr(who, attr);
	struct off_prog *prog;
	size_t before;
	int err;

	if (rule != OFF_RULE_CNT) {
		off_find_rule(who->k, rule, -1, 0);
		return off_refuse(NULL, rule);
	}
	off_lock(who->k);
	prog = prog_new(who, attr);
	if (!prog)
		return off_unlock(who->k, -ENOMEM);
	before = log ? log->len : 0;
	err = load_try(prog, who, attr, log);
	if (err) {
		find_end(prog, err, log ? xb_log_text(log) + before : "");
		off_object_put(&prog->o);
		return off_unlock(who->k, err);
	}
	off_object_add_id(&prog->o);
	return off_unlock(who->k, off_fd_new(&prog->o));
}

int
off_prog_test_run(const struct off_caller *who, int fd)
{
	struct off_prog *prog;
	int err = 0;

	off_lock(who->k);
	prog = off_fd_prog(who->k, fd);
	if (!prog)
		err = -errno;
	else if (off_prog_is_offloaded(prog))
		err = -OFF_ENOTSUPP;
	else if (prog->dev_bound)
		err = -EINVAL;
	return off_unlock(who->k, err);
}
