/* SPDX-License-Identifier: BSD-2-Clause */
/* From the command line to a program that can run. Used by cmd_run.c, cmd_dump.c and cmd_exec.c. */
#include "dpdk-app/program.h"

#include "bpf/verifier/verifier.h"

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
	case ESRCH: return STATUS_USAGE;	/* the file is right, -p or -s is not */
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
tell_skipped(const struct xb_object *obj, bool is_check)
{
	for (uint32_t i = 0; i < obj->skipped_cnt; i++)
		if (!is_check || obj->skipped[i].why == XB_SKIP_OTHER)
			complain("note: %s: program '%s' in section '%s' is left out: %s",
				obj->path, obj->skipped[i].name, obj->skipped[i].section,
				obj->skipped[i].reason);
}

int
program_open_object(const struct options *opt, const char *path, struct xb_object **obj)
{
	struct xb_object_opts opts = {
		.type = type_of_option(opt->type),
		.btf = opt->btf,
		.section = opt->section,
		.program = opt->program,
		.may_be_empty = opt->command == CMD_check,
		.called = opt->elf ? "standard input" : NULL, /* the path is cmd_exec.c's own */
	};
	struct xb_log log = { 0 };
	int err;

	*obj = xb_object_open(path, &opts, &log);
	err = errno;
	complain_log(&log);
	if (*obj == NULL)
		return status_of_open(err);
	tell_skipped(*obj, opt->command == CMD_check);
	return STATUS_DONE;
}

uint32_t
program_asked(const struct options *opt, const struct xb_object *obj)
{
	uint32_t cnt = 0;

	if (obj->prog_cnt == 0)
		return 0;
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
	status = program_open_object(opt, opt->args[0], &p->obj);
	if (status == STATUS_DONE)
		status = choose(p, opt);
	return status;
}

/* ---- loading: maps, verifier, images, program arrays ---- */

struct loader {
	struct program *p;
	const struct program_how *how;
	struct xb_log *log;
};

static int load_program(const struct loader *l, uint32_t i);

/* Keep the first refusal. */
static int
refuse(const struct loader *l, const struct xb_prog *prog, int err, const char *stage, int32_t insn,
	const struct xb_log *log)
{
	struct finding *r = &l->p->refusal;

	if (r->err != 0)
		return err;
	*r = (struct finding){
		.severity = "error",
		.stage = stage,
		.err = -err,
		.prog = prog,
		.insn = insn,
		.is_first = true,
	};
	xb_verify_sentence(xb_log_text(log), r->message, sizeof(r->message));
	return err;
}

static int
make_map(const struct loader *l, uint32_t i)
{
	const struct xb_map_def *def = &l->p->obj->maps[i];
	struct xb_map **map = &l->p->maps[i];

	if (*map == NULL)
		*map = xb_map_new(def, l->how->n_cpus, l->log);
	return *map != NULL ? 0 : -errno;
}

/* The maps an object puts into a map of maps itself. */
static int
fill_maps(const struct loader *l, uint32_t i)
{
	const struct xb_map_def *def = &l->p->obj->maps[i];
	int ret = 0;

	if (def->inner < 0)
		return 0;
	for (uint32_t k = 0; ret == 0 && k < def->slot_cnt; k++) {
		const struct xb_prog_slot *slot = &def->slots[k];
		uint8_t *key = calloc(1, def->key_size + sizeof(slot->key));

		if (key == NULL)
			return -ENOMEM;
		memcpy(key, &slot->key, sizeof(slot->key));
		ret = make_map(l, slot->map);
		if (ret == 0)
			ret = xb_map_set_map(l->p->maps[i], key, l->p->maps[slot->map]);
		free(key);
	}
	return ret;
}

/* Objects of the field hold maps for programs that are not run, of types that need not be known
 * here: only what this program names is made. */
static int
make_maps(const struct loader *l, const struct xb_prog *prog, const struct bpf_insn *insns)
{
	for (uint32_t i = 0; i < prog->insn_cnt; i++) {
		const struct bpf_insn *insn = &insns[i];
		int ret;

		/* xb_image_new() refuses a map that is none. */
		if (!xb_insn_names_map(insn) || (uint32_t)insn->imm >= l->p->obj->map_cnt)
			continue;
		ret = make_map(l, (uint32_t)insn->imm);
		if (ret == 0)
			ret = fill_maps(l, (uint32_t)insn->imm);
		if (ret < 0)
			return refuse(l, prog, ret, "map", (int32_t)i, l->log);
		i++; /* the second half */
	}
	return 0;
}

/* The instruction a refusal is about, and the source line it came from. */
static void
tell_place(const struct xb_prog *prog, int32_t insn, struct xb_log *log)
{
	const struct xb_line *line;
	char text[96];

	if (insn < 0 || (uint32_t)insn >= prog->insn_cnt)
		return;
	line = xb_prog_line(prog, (uint32_t)insn);
	if (line != NULL)
		xb_log_add(log, "; %s @ %s:%u\n", line->text, line->file, line->line);
	xb_insn_format(&prog->insns[insn], prog->insn_cnt - (uint32_t)insn, text, sizeof(text));
	xb_log_add(log, "%d: (%02x) %s\n", insn, prog->insns[insn].code, text);
}

/* is_ctx: one for each slot, for the fast engine; insns: the program's, whose dead ones are buried.
 * A refusal is told in the kernel's words. */
static int
verify(const struct loader *l, const struct xb_prog *prog, bool *is_ctx, struct bpf_insn *insns)
{
	struct xb_verify_opts opts = xb_verify_opts_of(l->p->obj, prog);
	struct xb_log log = { 0 };
	struct xb_facts facts;
	int ret;

	opts.type = l->how->type; /* exec runs a program of any type on plain memory */
	opts.mem_bytes = l->how->mem_bytes;
	opts.log_level = l->how->verbose ? 2 : 0;
	ret = xb_verify(prog->insns, prog->insn_cnt, &opts, &facts, &log);
	if (ret < 0) {
		refuse(l, prog, ret, "verifier", facts.refused_insn, &log);
		xb_log_add(l->log, "the verifier refuses program '%s':\n", prog->name);
		tell_place(prog, facts.refused_insn, l->log);
	}
	if (ret < 0 || l->how->verbose)
		xb_log_add(l->log, "%s", xb_log_text(&log));
	for (uint32_t i = 0; ret == 0 && i < prog->insn_cnt; i++)
		is_ctx[i] = facts.insns[i].is_ctx_access;
	if (ret == 0)
		xb_facts_bury_dead(&facts, insns);
	xb_facts_free(&facts);
	xb_log_free(&log);
	return ret;
}

/* Only what the verifier accepted runs on the fast engine. */
static enum xb_engine
engine_of(const struct program_how *how)
{
	if (how->is_traced)
		return XB_ENGINE_TRACED;
	return how->is_verified && !how->is_checked ? XB_ENGINE_FAST : XB_ENGINE_CHECKED;
}

static int
make_image_of(const struct loader *l, const struct xb_prog *prog, struct bpf_insn *insns,
	bool *is_ctx, struct xb_image **image)
{
	const struct xb_image_opts opts = {
		.type = l->how->type,
		.engine = engine_of(l->how),
		.gpl_compatible = l->p->obj->gpl_compatible,
		.maps = l->p->maps,
		.map_cnt = l->p->obj->map_cnt,
		.is_ctx_access = is_ctx,
	};
	int ret = l->how->is_verified ? verify(l, prog, is_ctx, insns) : 0;

	if (ret == 0)
		ret = make_maps(l, prog, insns);
	if (ret < 0)
		return ret;
	*image = xb_image_new(insns, prog->insn_cnt, &opts, l->log);
	return *image != NULL ? 0 : refuse(l, prog, -errno, "load", -1, l->log);
}

static int
make_image(const struct loader *l, const struct xb_prog *prog, struct xb_image **image)
{
	struct bpf_insn *insns = calloc(prog->insn_cnt + 1, sizeof(*insns));
	bool *is_ctx = calloc(prog->insn_cnt + 1, sizeof(*is_ctx));
	int ret = -ENOMEM;

	if (insns != NULL && is_ctx != NULL) {
		memcpy(insns, prog->insns, prog->insn_cnt * sizeof(*insns));
		ret = make_image_of(l, prog, insns, is_ctx, image);
	}
	free(insns);
	free(is_ctx);
	return ret;
}

/* The programs an object puts into a program array itself. */
static int
fill_slots(const struct loader *l, uint32_t map)
{
	const struct xb_map_def *def = &l->p->obj->maps[map];

	for (uint32_t j = 0; j < def->slot_cnt; j++) {
		const struct xb_prog_slot *slot = &def->slots[j];
		int ret = load_program(l, slot->prog);

		if (ret == 0)
			ret = xb_map_set_prog(l->p->maps[map], slot->key, l->p->images[slot->prog]);
		if (ret < 0) {
			xb_log_add(l->log, "map '%s': no program at %u: %s\n", def->name, slot->key,
				strerror(-ret));
			return ret;
		}
	}
	return 0;
}

/* The program and all it may tail-call. One that is being loaded has its image already. */
static int
load_program(const struct loader *l, uint32_t i)
{
	const struct xb_object *obj = l->p->obj;
	int ret;

	if (l->p->images[i] != NULL)
		return 0;
	ret = make_image(l, &obj->progs[i], &l->p->images[i]);
	for (uint32_t m = 0; ret == 0 && m < obj->map_cnt; m++) {
		if (l->p->maps[m] == NULL || l->p->is_filled[m] ||
			obj->maps[m].type != BPF_MAP_TYPE_PROG_ARRAY)
			continue;
		l->p->is_filled[m] = true;
		ret = fill_slots(l, m);
	}
	return ret;
}

static int
load(const struct loader *l)
{
	struct program *p = l->p;
	uint32_t chosen = (uint32_t)(p->prog - p->obj->progs);
	int ret;

	p->maps = calloc(p->obj->map_cnt + 1, sizeof(struct xb_map *));
	p->is_filled = calloc(p->obj->map_cnt + 1, sizeof(*p->is_filled));
	p->images = calloc(p->obj->prog_cnt, sizeof(struct xb_image *));
	if (p->maps == NULL || p->is_filled == NULL || p->images == NULL)
		return -ENOMEM;
	ret = load_program(l, chosen);
	p->image = p->images[chosen];
	return ret;
}

static int
status_of_load(int ret)
{
	if (ret == 0)
		return STATUS_DONE;
	return ret == -ENOMEM ? STATUS_RUNTIME : STATUS_REFUSED;
}

int
program_load(struct program *p, const struct program_how *how)
{
	struct xb_log log = { 0 };
	const struct loader l = { .p = p, .how = how, .log = &log };
	int ret = load(&l);

	if (ret < 0)
		complain("%s: program '%s' cannot run: %s", p->obj->path, p->prog->name,
			strerror(-ret));
	complain_log(&log);
	return status_of_load(ret);
}

struct xb_image *
program_from_insns(
	const struct bpf_insn *insns, uint32_t cnt, const struct program_how *how, int *status)
{
	const struct xb_prog prog = { .name = "standard input", .insns = insns, .insn_cnt = cnt };
	struct xb_object obj = { .gpl_compatible = true };
	struct program program = { .obj = &obj };
	struct xb_log log = { 0 };
	const struct loader l = { .p = &program, .how = how, .log = &log };
	struct xb_image *image = NULL;
	int ret = make_image(&l, &prog, &image);

	if (ret < 0)
		complain("the program is refused: %s", strerror(-ret));
	complain_log(&log);
	*status = status_of_load(ret);
	return image;
}

void
program_close(struct program *p)
{
	for (uint32_t i = 0; p->images != NULL && i < p->obj->prog_cnt; i++)
		xb_image_free(p->images[i]);
	for (uint32_t i = 0; p->maps != NULL && i < p->obj->map_cnt; i++)
		xb_map_free(p->maps[i]);
	free(p->images);
	free(p->is_filled);
	free(p->maps);
	xb_object_close(p->obj);
	*p = (struct program){ 0 };
}
