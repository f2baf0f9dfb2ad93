/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What programs, maps and links have in common: references, ids, descriptors, pins (kernel:
 * kernel/bpf/syscall.c, kernel/bpf/inode.c).
 */
#include "offload/internal.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define FDS_MAX 65536u /* descriptors of a machine; RLIMIT_NOFILE */
#define FD_FIRST 3u    /* 0 is "none" in some attributes; 1 and 2 are a terminal's */

/* ---- references ---- */

void
off_object_init(struct off_object *o, struct off_kernel *k, enum off_kind kind)
{
	*o = (struct off_object){ .kind = kind, .refs = 1, .k = k };
}

void
off_object_get(struct off_object *o)
{
	o->refs++;
}

void
off_object_put(struct off_object *o)
{
	if (!o || --o->refs)
		return;
	off_object_drop_id(o);
	switch (o->kind) {
	case OFF_KIND_PROG: off_prog_free((struct off_prog *)o); break;
	case OFF_KIND_MAP: off_map_free((struct off_map *)o); break;
	case OFF_KIND_LINK: off_link_free((struct off_link *)o); break;
	case OFF_KIND_PERF: off_perf_free((struct off_perf *)o); break;
	}
}

void
off_prog_replace(struct off_prog **place, struct off_prog *prog)
{
	struct off_prog *before = *place;

	if (prog)
		off_object_get(&prog->o);
	*place = prog;
	if (before)
		off_object_put(&before->o);
}

void
off_object_user_put(struct off_object *o)
{
	if (!o)
		return;
	if (--o->user_refs == 0 && o->kind == OFF_KIND_MAP)
		off_map_clear_cells((struct off_map *)o);
	off_object_put(o);
}

/* ---- ids ---- */

void
off_object_add_id(struct off_object *o)
{
	struct off_kernel *k = o->k;

	o->id = ++k->last_id[o->kind];
	TAILQ_INSERT_TAIL(&k->objects[o->kind], o, by_id);
}

void
off_object_drop_id(struct off_object *o)
{
	if (!o->id)
		return;
	TAILQ_REMOVE(&o->k->objects[o->kind], o, by_id);
	o->id = 0;
}

static bool
is_kind(enum off_kind kind)
{
	return kind >= OFF_KIND_PROG && kind <= OFF_KIND_LINK;
}

/* The first with an id of at least `id`. */
static struct off_object *
object_from(struct off_kernel *k, enum off_kind kind, uint32_t id)
{
	struct off_object *o;

	TAILQ_FOREACH (o, &k->objects[kind], by_id)
		if (o->id >= id)
			break;
	return o;
}

int
off_get_next_id(const struct off_caller *who, enum off_kind kind, uint32_t id, uint32_t *next)
{
	struct off_object *o;

	if (!is_kind(kind) || id >= INT32_MAX)
		return -EINVAL;
	if (!off_has(who, OFF_CAP_SYS_ADMIN))
		return -EPERM;
	off_lock(who->k);
	o = object_from(who->k, kind, id + 1);
	if (o)
		*next = o->id;
	return off_unlock(who->k, o ? 0 : -ENOENT);
}

int
off_get_fd_by_id(const struct off_caller *who, enum off_kind kind, uint32_t id)
{
	struct off_object *o;
	int fd = -ENOENT;

	if (!is_kind(kind))
		return -EINVAL;
	if (!off_has(who, OFF_CAP_SYS_ADMIN))
		return -EPERM;
	off_lock(who->k);
	o = object_from(who->k, kind, id);
	if (o && o->id == id) {
		off_object_get(o);
		fd = off_fd_new(o);
	}
	return off_unlock(who->k, fd);
}

/* ---- descriptors ---- */

static int
grow(struct off_kernel *k)
{
	uint32_t cnt = k->fd_cnt ? k->fd_cnt * 2 : 16;
	struct off_object **more;

	if (cnt > FDS_MAX)
		return -EMFILE;
	more = reallocarray(k->fds, cnt, sizeof(*more));
	if (!more)
		return -ENOMEM;
	memset(more + k->fd_cnt, 0, (cnt - k->fd_cnt) * sizeof(struct off_object *));
	k->fds = more;
	k->fd_cnt = cnt;
	return 0;
}

int
off_fd_new(struct off_object *o)
{
	struct off_kernel *k = o->k;
	uint32_t fd = FD_FIRST;
	int err = 0;

	while (fd < k->fd_cnt && k->fds[fd])
		fd++;
	if (fd >= k->fd_cnt)
		err = grow(k);
	if (err) {
		off_object_put(o);
		return err;
	}
	o->user_refs++;
	k->fds[fd] = o;
	return (int)fd;
}

static struct off_object *
object_of(struct off_kernel *k, int fd)
{
	return fd >= 0 && (uint32_t)fd < k->fd_cnt ? k->fds[fd] : NULL;
}

struct off_object *
off_fd_object(struct off_kernel *k, int fd, enum off_kind kind)
{
	struct off_object *o = object_of(k, fd);

	return o && o->kind == kind ? o : NULL;
}

struct off_prog *
off_fd_prog(struct off_kernel *k, int fd)
{
	return (struct off_prog *)off_fd_object(k, fd, OFF_KIND_PROG);
}

struct off_map *
off_fd_map(struct off_kernel *k, int fd)
{
	return (struct off_map *)off_fd_object(k, fd, OFF_KIND_MAP);
}

int
off_fd_kind(struct off_kernel *k, int fd)
{
	struct off_object *o;

	off_lock(k);
	o = object_of(k, fd);
	return off_unlock(k, o ? (int)o->kind : -EBADF);
}

int
off_close(struct off_kernel *k, int fd)
{
	struct off_object *o;

	off_lock(k);
	o = object_of(k, fd);
	if (o)
		k->fds[fd] = NULL;
	if (o && o->kind == OFF_KIND_MAP)
		off_perf_forget((struct off_map *)o, fd);
	off_object_user_put(o);
	return off_unlock(k, o ? 0 : -EBADF);
}

/* ---- pins ---- */

static struct off_pin *
pin_find(struct off_kernel *k, const char *path)
{
	struct off_pin *pin;

	TAILQ_FOREACH (pin, &k->pins, in_kernel)
		if (!strcmp(pin->path, path))
			break;
	return pin;
}

static int
pin_new(struct off_object *o, const char *path)
{
	struct off_pin *pin = calloc(1, sizeof(*pin));

	if (!pin)
		return -ENOMEM;
	pin->path = strdup(path);
	if (!pin->path) {
		free(pin);
		return -ENOMEM;
	}
	off_object_get(o);
	o->user_refs++;
	pin->object = o;
	TAILQ_INSERT_TAIL(&o->k->pins, pin, in_kernel);
	return 0;
}

void
off_pin_free(struct off_kernel *k, struct off_pin *pin)
{
	TAILQ_REMOVE(&k->pins, pin, in_kernel);
	off_object_user_put(pin->object);
	free(pin->path);
	free(pin);
}

int
off_obj_pin(const struct off_caller *who, int fd, const char *path)
{
	struct off_object *o;
	int err;

	if (!*path)
		return -ENOENT;
	off_lock(who->k);
	o = object_of(who->k, fd);
	if (!o)
		err = -EBADF;
	else if (o->kind == OFF_KIND_PERF)
		err = off_refuse(NULL, OFF_RULE_PE_8);
	else
		err = pin_find(who->k, path) ? -EEXIST : pin_new(o, path);
	return off_unlock(who->k, err);
}

int
off_obj_get(const struct off_caller *who, const char *path)
{
	struct off_pin *pin;
	int fd = -ENOENT;

	off_lock(who->k);
	pin = pin_find(who->k, path);
	if (pin) {
		off_object_get(pin->object);
		fd = off_fd_new(pin->object);
	}
	return off_unlock(who->k, fd);
}

int
off_obj_unlink(const struct off_caller *who, const char *path)
{
	struct off_pin *pin;

	off_lock(who->k);
	pin = pin_find(who->k, path);
	if (pin)
		off_pin_free(who->k, pin);
	return off_unlock(who->k, pin ? 0 : -ENOENT);
}

/* ---- names ---- */

int
off_name_copy(char *to, const char *name)
{
	size_t len = name ? strlen(name) : 0;

	if (len >= OFF_NAME_BYTES)
		return -EINVAL;
	for (size_t i = 0; i < len; i++)
		if (!isalnum((unsigned char)name[i]) && name[i] != '_' && name[i] != '.')
			return -EINVAL;
	memset(to, 0, OFF_NAME_BYTES);
	if (len)
		memcpy(to, name, len);
	return 0;
}
