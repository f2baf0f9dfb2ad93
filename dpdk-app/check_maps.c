/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A program is refused for the maps it names. A loader makes all maps of an object, those that no
 * program names too, before it loads the first program, and ends at the first map that is refused:
 * libbpf's bpf_object__create_maps(), so bpftool, and iproute2 with libbpf or without
 * (bpf_maps_attach_all()). Tried with bpftool 7.1, iproute2 6.1, libbpf 1.1.2: "map 'X': failed to
 * create". So they are all made here, in their order, on a machine of their own.
 *
 * Called by check_program().
 */
#include "dpdk-app/check.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Some map's own; a loader makes it for that. */
static bool
is_inner(const struct xb_object *obj, uint32_t map)
{
	for (uint32_t i = 0; i < obj->map_cnt; i++)
		if (obj->maps[i].inner == (int)map)
			return true;
	return false;
}

static bool
names_all(const struct check *c)
{
	for (uint32_t i = 0; i < c->obj->map_cnt; i++)
		if (xb_prog_first_use(c->prog, i) < 0 && !is_inner(c->obj, i))
			return false;
	return true;
}

/* The program's own check refused the map. */
static bool
is_told(const struct check *c, const char *map)
{
	for (uint32_t i = 0; i < c->finding_cnt; i++)
		if (c->findings[i].map == map && strcmp(c->findings[i].stage, "map") == 0 &&
			c->findings[i].err != 0)
			return true;
	return false;
}

static struct finding *
add_note(struct check *c, const struct xb_map_def *map, const struct off_finding *o)
{
	struct finding *f = check_add(c);

	if (f == NULL)
		return NULL;
	f->severity = "note";
	f->rule = o->rule;
	f->err = o->err;
	f->map = map->name;
	f->what = xb_map_type_name(map->type);
	return f;
}

/* The first: what it means for the program. */
static void
add_object(struct check *c, const struct xb_map_def *map, const struct off_finding *o)
{
	struct finding *f = add_note(c, map, o);

	if (f == NULL)
		return;
	f->is_of_object = true;
	f->stage = "load";
	f->why = "loaders (libbpf, bpftool, iproute2) make all maps of an object before they load "
		 "a program of it, also those it does not name, and end at the first that is "
		 "refused";
	f->fix = "move the refused maps, and the programs that name them, to an object of their "
		 "own; a loader of your own may leave them out with bpf_map__set_autocreate()";
	snprintf(f->message, sizeof(f->message), "no program of this object is loaded: %.*s",
		(int)sizeof(f->message) / 2, o->message);
}

static void
add_map(struct check *c, const struct xb_map_def *map, const struct off_finding *o)
{
	struct finding *f = add_note(c, map, o);

	if (f == NULL)
		return;
	f->stage = o->stage;
	f->why = o->why;
	f->fix = o->fix;
	snprintf(f->message, sizeof(f->message), "%s", o->message);
}

/* Findings of the map, from that one on. */
static void
collect(struct check *c, const struct off_findings *found, uint32_t from, uint32_t map)
{
	const struct xb_map_def *def = &c->obj->maps[map];

	if (is_told(c, def->name))
		return;
	for (uint32_t i = from; i < found->cnt; i++) {
		if (found->list[i].err == 0)
			continue;
		if (check_object_refusal(c) == NULL)
			add_object(c, def, &found->list[i]);
		add_map(c, def, &found->list[i]);
	}
}

static int
make_all(struct check *c, struct offload *o)
{
	struct xb_log log = { 0 }; /* its refusals are findings */
	int err = offload_open(o, c->obj, c->card);

	for (uint32_t i = 0; err == 0 && i < c->obj->map_cnt; i++) {
		uint32_t before = o->findings.cnt;

		if (is_inner(c->obj, i))
			continue;
		err = offload_make_map(o, i, &log);
		collect(c, &o->findings, before, i);
	}
	if (o->findings.is_short)
		err = -ENOMEM;
	xb_log_free(&log);
	return err;
}

void
check_other_maps(struct check *c)
{
	struct offload *o;
	int err;

	if (names_all(c))
		return;
	o = calloc(1, sizeof(*o));
	err = o != NULL ? make_all(c, o) : -ENOMEM;
	if (err < 0 && c->err == 0)
		c->err = err;
	if (o != NULL)
		offload_end(o);
	free(o);
}

const struct finding *
check_object_refusal(const struct check *c)
{
	for (uint32_t i = 0; i < c->finding_cnt; i++)
		if (c->findings[i].is_of_object)
			return &c->findings[i];
	return NULL;
}

bool
check_loads(const struct check *c)
{
	return check_refusal(c) == NULL && check_object_refusal(c) == NULL;
}
