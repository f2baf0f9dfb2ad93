/* SPDX-License-Identifier: BSD-2-Clause */
/* What the tests of the object loader share: opening a fixture, and asking for what is in it. */
#ifndef OBJECT_UTIL_H
#define OBJECT_UTIL_H

#include "bpf/xb.h"
#include "tests/_cmocka.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct fixture {
	struct xb_object *obj;
	struct xb_log log;
	int err; /* errno of the open, 0 when it went well */
};

static inline struct fixture
try_path(const char *path, const struct xb_object_opts *opts)
{
	struct fixture f = { 0 };

	f.obj = xb_object_open(path, opts, &f.log);
	f.err = f.obj ? 0 : errno;
	return f;
}

/* name.o of tests/objects */
static inline struct fixture
try_fixture(const char *name, const struct xb_object_opts *opts)
{
	char path[4096];

	snprintf(path, sizeof(path), OBJECTS "/%s.o", name);
	return try_path(path, opts);
}

static inline struct fixture
open_fixture(const char *name, const struct xb_object_opts *opts)
{
	struct fixture f = try_fixture(name, opts);

	if (!f.obj)
		fail_msg("%s", xb_log_text(&f.log));
	return f;
}

static inline void
close_fixture(struct fixture *f)
{
	xb_object_close(f->obj);
	xb_log_free(&f->log);
}

static inline bool
says(const struct fixture *f, const char *text)
{
	return strstr(xb_log_text(&f->log), text) != NULL;
}

#define assert_says(f, text)                                                                       \
	do {                                                                                       \
		if (!says(f, text))                                                                \
			fail_msg("not said: \"%s\", but:\n%s", text, xb_log_text(&(f)->log));      \
	} while (0)

/* Refused, with this errno and these words. */
static inline void
assert_refused(struct fixture f, int err, const char *text)
{
	if (f.obj)
		fail_msg("not refused: %s", text);
	if (f.err != err)
		fail_msg("%s, not %s: %s", strerror(f.err), strerror(err), xb_log_text(&f.log));
	assert_says(&f, text);
	close_fixture(&f);
}

static inline const struct xb_prog *
prog_of(const struct fixture *f, const char *name)
{
	for (uint32_t i = 0; i < f->obj->prog_cnt; i++)
		if (strcmp(f->obj->progs[i].name, name) == 0)
			return &f->obj->progs[i];
	fail_msg("no program %s", name);
	return NULL;
}

static inline const struct xb_map_def *
map_of(const struct fixture *f, const char *name)
{
	for (uint32_t i = 0; i < f->obj->map_cnt; i++)
		if (strcmp(f->obj->maps[i].name, name) == 0)
			return &f->obj->maps[i];
	fail_msg("no map %s", name);
	return NULL;
}

/* Why a program was left out; NULL when it was not. */
static inline const char *
reason_of(const struct fixture *f, const char *name)
{
	for (uint32_t i = 0; i < f->obj->skipped_cnt; i++)
		if (strcmp(f->obj->skipped[i].name, name) == 0)
			return f->obj->skipped[i].reason;
	return NULL;
}

#endif
