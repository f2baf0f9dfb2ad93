/* SPDX-License-Identifier: BSD-2-Clause */
/* A sample program loaded twice, by libbpf into the running kernel and by us into our engine. */
#ifndef TESTS_DIFF_PAIR_H
#define TESTS_DIFF_PAIR_H

#include "bpf/xb.h"
#include "tests/diff/samples.h"

struct bpf_object;

struct pair {
	/* the kernel's */
	struct bpf_object
		*kernel_object; /* NULL for the older form of objects, which libbpf refuses */
	int kernel_prog;
	int kernel_maps[XB_OBJECT_MAX_MAPS];
	/* ours; images[i] of object->progs[i] */
	struct xb_object *object;
	struct xb_map *maps[XB_OBJECT_MAX_MAPS];
	struct xb_image *images[XB_OBJECT_MAX_PROGS];
	struct xb_image *image; /* the one to run */
};

/* 0, or -1 with the reason printed. The sample's entries are in the maps of both. */
int pair_open(struct pair *p, const char *path, const struct sample *sample);
void pair_close(struct pair *p);
/* Do all maps hold the same? false: the difference is printed. */
bool pair_same_maps(const struct pair *p);

#endif
