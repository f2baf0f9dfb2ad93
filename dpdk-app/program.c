/* SPDX-License-Identifier: BSD-2-Clause */
/* From the command line to a program that can run. Used by cmd_run.c, cmd_dump.c and cmd_exec.c. */
#include "dpdk-app/program.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Which failures are the file's fault, which are answers. */
static int
status_of_open(int err)
{
	switch (err) {
	case ENOMEM: return STATUS_RUNTIME;
	case EOPNOTSUPP: return STATUS_REFUSED; /* needs what is not there */
	default: return STATUS_INPUT;
	}
}

static enum bpf_prog_type
type_of_option(const char *type)
{
	if (type == NULL)
		return BPF_PROG_TYPE_UNSPEC;
	return strcmp(type, "xdp") == 0 ? BPF_PROG_TYPE_XDP : BPF_PROG_TYPE_SCHED_CLS;
}

static void
tell_skipped(const struct xb_object *obj)
{
	for (uint32_t i = 0; i < obj->skipped_cnt; i++)
		complain("note: %s: program '%s' in section '%s' is left out: %s", obj->path,
			obj->skipped[i].name, obj->skipped[i].section, obj->skipped[i].reason);
}

int
program_open_object(const struct options *opt, struct xb_object **obj)
{
	struct xb_object_opts opts = {
		.type = type_of_option(opt->type),
		.btf = opt->btf,
		.section = opt->section,
		.program = opt->program,
	};
	struct xb_log log = { 0 };
	int err;

	*obj = xb_object_open(opt->args[0], &opts, &log);
	err = errno;
	complain_log(&log);
	if (*obj == NULL)
		return status_of_open(err);
	tell_skipped(*obj);
	return STATUS_DONE;
}

uint32_t
program_asked(const struct options *opt, const struct xb_object *obj)
{
	uint32_t cnt = 0;

	if (opt->program != NULL)
		return 1;
	if (opt->section == NULL)
		return obj->prog_cnt;
	while (cnt < obj->prog_cnt && strcmp(obj->progs[cnt].section, opt->section) == 0)
		cnt++;
	return cnt > 0 ? cnt : 1; /* "?xdp" is told without its mark */
}

static int
choose(struct program *p, const struct options *opt)
{
	const struct xb_object *obj = p->obj;
	uint32_t cnt = program_asked(opt, obj);
	struct xb_log log = { 0 };

	if (cnt == 1) {
		p->prog = &obj->progs[0];
		return STATUS_DONE;
	}
	xb_log_add(&log, "%s: which program? name one with -p:", obj->path);
	for (uint32_t i = 0; i < cnt; i++)
		xb_log_add(&log, "%s %s (%s, section \"%s\")", i > 0 ? "," : "", obj->progs[i].name,
			xb_prog_type_name(obj->progs[i].type), obj->progs[i].section);
	complain_log(&log);
	return STATUS_USAGE;
}

int
program_open(struct program *p, const struct options *opt)
{
	int status;

	*p = (struct program){ 0 };
	status = program_open_object(opt, &p->obj);
	if (status == STATUS_DONE)
		status = choose(p, opt);
	return status;
}

static int
make_image(struct program *p, uint32_t i, enum bpf_prog_type type, struct xb_log *log)
{
	const struct xb_prog *prog = &p->obj->progs[i];
	struct xb_image_opts opts = {
		.type = type,
		.engine = XB_ENGINE_CHECKED,
		.gpl_compatible = p->obj->gpl_compatible,
		.maps = p->maps,
		.map_cnt = p->obj->map_cnt,
	};

	if (p->images[i] != NULL)
		return 0;
	p->images[i] = xb_image_new(prog->insns, prog->insn_cnt, &opts, log);
	return p->images[i] != NULL ? 0 : -errno;
}

/* The programs an object puts into its program arrays itself. */
static int
fill_slots(struct program *p, enum bpf_prog_type type, struct xb_log *log)
{
	for (uint32_t i = 0; i < p->obj->map_cnt; i++) {
		const struct xb_map_def *def = &p->obj->maps[i];

		for (uint32_t j = 0; j < def->slot_cnt; j++) {
			const struct xb_prog_slot *slot = &def->slots[j];
			int ret = make_image(p, slot->prog, type, log);

			if (ret == 0)
				ret = xb_map_set_prog(p->maps[i], slot->key, p->images[slot->prog]);
			if (ret < 0) {
				xb_log_add(log, "map '%s': no program at %u: %s\n", def->name,
					slot->key, strerror(-ret));
				return ret;
			}
		}
	}
	return 0;
}

static int
load(struct program *p, unsigned int n_cpus, enum bpf_prog_type type, struct xb_log *log)
{
	uint32_t chosen = (uint32_t)(p->prog - p->obj->progs);
	int ret;

	p->maps = calloc(p->obj->map_cnt + 1, sizeof(struct xb_map *));
	p->images = calloc(p->obj->prog_cnt, sizeof(struct xb_image *));
	if (p->maps == NULL || p->images == NULL)
		return -ENOMEM;
	for (uint32_t i = 0; i < p->obj->map_cnt; i++) {
		p->maps[i] = xb_map_new(&p->obj->maps[i], n_cpus, log);
		if (p->maps[i] == NULL)
			return -errno;
	}
	ret = make_image(p, chosen, type, log);
	p->image = p->images[chosen];
	if (ret == 0)
		ret = fill_slots(p, type, log);
	return ret;
}

int
program_load(struct program *p, unsigned int n_cpus, enum bpf_prog_type type)
{
	struct xb_log log = { 0 };
	int ret = load(p, n_cpus, type, &log);

	if (ret < 0)
		complain("%s: program '%s' cannot run: %s", p->obj->path, p->prog->name,
			strerror(-ret));
	complain_log(&log);
	if (ret == 0)
		return STATUS_DONE;
	return ret == -ENOMEM ? STATUS_RUNTIME : STATUS_REFUSED;
}

void
program_close(struct program *p)
{
	for (uint32_t i = 0; p->images != NULL && i < p->obj->prog_cnt; i++)
		xb_image_free(p->images[i]);
	for (uint32_t i = 0; p->maps != NULL && i < p->obj->map_cnt; i++)
		xb_map_free(p->maps[i]);
	free(p->images);
	free(p->maps);
	xb_object_close(p->obj);
	*p = (struct program){ 0 };
}
