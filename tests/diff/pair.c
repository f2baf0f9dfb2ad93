/* SPDX-License-Identifier: BSD-2-Clause */
/* See pair.h. The two sides share nothing but the object file and the table of entries. */
#include "tests/diff/pair.h"
#include "tests/diff/kernel.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- the kernel's side ---- */

static int
open_kernel(struct pair *p, const char *path, const char *name)
{
	struct bpf_program *prog;

	p->kernel_object = bpf_object__open_file(path, NULL);
	if (!p->kernel_object || bpf_object__load(p->kernel_object)) {
		printf("libbpf does not load %s: %s\n", path, strerror(errno));
		return -1;
	}
	prog = bpf_object__find_program_by_name(p->kernel_object, name);
	p->kernel_prog = prog ? bpf_program__fd(prog) : -1;
	for (uint32_t i = 0; i < p->object->map_cnt; i++) {
		const char *map = p->object->maps[i].name;

		p->kernel_maps[i] = bpf_object__find_map_fd_by_name(p->kernel_object, map);
		if (p->kernel_maps[i] < 0) {
			printf("%s: libbpf has no map '%s'\n", path, map);
			return -1;
		}
	}
	return p->kernel_prog < 0 ? -1 : 0;
}

/* Objects of the older form: our loader reads them, the kernel runs what it has read. */
static int
open_kernel_legacy(struct pair *p, const struct xb_prog *prog)
{
	struct bpf_insn *insns = malloc(prog->insn_cnt * sizeof(*insns));

	if (!insns)
		return -1;
	memcpy(insns, prog->insns, prog->insn_cnt * sizeof(*insns));
	for (uint32_t i = 0; i < p->object->map_cnt; i++) {
		const struct xb_map_def *def = &p->object->maps[i];

		p->kernel_maps[i] = bpf_map_create(
			def->type, NULL, def->key_size, def->value_size, def->max_entries, NULL);
	}
	for (uint32_t i = 0; i < prog->insn_cnt; i++) {
		struct bpf_insn *insn = &insns[i];

		if (!xb_insn_is_wide(insn))
			continue;
		if (insn->src_reg == BPF_PSEUDO_MAP_IDX) {
			insn->src_reg = BPF_PSEUDO_MAP_FD;
			insn->imm = p->kernel_maps[insn->imm];
		}
		i++;
	}
	p->kernel_prog = kernel_load_xdp(insns, prog->insn_cnt, NULL, 0);
	free(insns);
	if (p->kernel_prog < 0)
		printf("the kernel refuses %s: %s\n", prog->name, strerror(-p->kernel_prog));
	return p->kernel_prog < 0 ? -1 : 0;
}

/* ---- our side ---- */

static int
open_maps(struct pair *p)
{
	struct xb_log log = { 0 };

	for (uint32_t i = 0; i < p->object->map_cnt; i++) {
		p->maps[i] = xb_map_new(
			&p->object->maps[i], (unsigned int)libbpf_num_possible_cpus(), &log);
		if (!p->maps[i]) {
			printf("%s", xb_log_text(&log));
			xb_log_free(&log);
			return -1;
		}
	}
	xb_log_free(&log);
	return 0;
}

static int
open_images(struct pair *p)
{
	const struct xb_image_opts opts = {
		.type = p->object->progs[0].type,
		.engine = XB_ENGINE_CHECKED,
		.gpl_compatible = p->object->gpl_compatible,
		.maps = p->maps,
		.map_cnt = p->object->map_cnt,
	};
	struct xb_log log = { 0 };

	for (uint32_t i = 0; i < p->object->prog_cnt; i++) {
		const struct xb_prog *prog = &p->object->progs[i];

		p->images[i] = xb_image_new(prog->insns, prog->insn_cnt, &opts, &log);
		if (!p->images[i]) {
			printf("%s: %s", prog->name, xb_log_text(&log));
			xb_log_free(&log);
			return -1;
		}
	}
	return 0;
}

static int
fill_prog_arrays(struct pair *p)
{
	for (uint32_t i = 0; i < p->object->map_cnt; i++) {
		const struct xb_map_def *def = &p->object->maps[i];

		for (uint32_t s = 0; s < def->slot_cnt; s++)
			if (xb_map_set_prog(
				    p->maps[i], def->slots[s].key, p->images[def->slots[s].prog]))
				return -1;
	}
	return 0;
}

static const struct xb_prog *
open_object(struct pair *p, const char *path, const char *name)
{
	const struct xb_object_opts opts = { .type = BPF_PROG_TYPE_XDP, .btf = "none" };
	struct xb_log log = { 0 };

	p->object = xb_object_open(path, &opts, &log);
	if (!p->object)
		printf("%s", xb_log_text(&log));
	xb_log_free(&log);
	for (uint32_t i = 0; p->object && i < p->object->prog_cnt; i++)
		if (strcmp(p->object->progs[i].name, name) == 0)
			return &p->object->progs[i];
	return NULL;
}

/* ---- both ---- */

static int
fill(struct pair *p, const struct entry *e)
{
	for (uint32_t i = 0; i < p->object->map_cnt; i++) {
		const struct xb_map_def *def = &p->object->maps[i];

		if (strcmp(def->name, e->map) != 0)
			continue;
		if (def->key_size != e->key_size || def->value_size != e->value_size) {
			printf("map '%s' has other sizes than the test\n", e->map);
			return -1;
		}
		if (bpf_map_update_elem(p->kernel_maps[i], e->key, e->value, BPF_ANY) ||
			xb_map_user_update(p->maps[i], e->key, e->value, BPF_ANY)) {
			printf("map '%s' takes no entry\n", e->map);
			return -1;
		}
		return 0;
	}
	printf("there is no map '%s'\n", e->map);
	return -1;
}

int
pair_open(struct pair *p, const char *path, const struct sample *sample)
{
	const struct xb_prog *prog;

	*p = (struct pair){ .kernel_prog = -1 };
	prog = open_object(p, path, sample->name);
	if (!prog) {
		printf("%s: no program '%s'\n", path, sample->name);
		return -1;
	}
	if (p->object->legacy ? open_kernel_legacy(p, prog) : open_kernel(p, path, sample->name))
		return -1;
	if (open_maps(p) || open_images(p) || fill_prog_arrays(p))
		return -1;
	p->image = p->images[prog - p->object->progs];
	for (size_t i = 0; i < sample->entry_cnt; i++)
		if (fill(p, &sample->entries[i]))
			return -1;
	return 0;
}

void
pair_close(struct pair *p)
{
	for (uint32_t i = 0; p->object && i < p->object->prog_cnt; i++)
		xb_image_free(p->images[i]);
	for (uint32_t i = 0; p->object && i < p->object->map_cnt; i++) {
		xb_map_free(p->maps[i]);
		if (!p->kernel_object && p->kernel_maps[i] > 0)
			close(p->kernel_maps[i]);
	}
	if (!p->kernel_object && p->kernel_prog >= 0)
		close(p->kernel_prog);
	bpf_object__close(p->kernel_object);
	xb_object_close(p->object);
}

/* ---- comparing maps ---- */

struct comparison {
	const struct xb_map_def *def;
	int kernel;
	uint32_t value_size; /* as user space sees it */
	uint32_t cnt;	     /* our elements */
};

static void
print_bytes(const char *what, const void *data, uint32_t size)
{
	const uint8_t *bytes = data;

	printf(" %s", what);
	for (uint32_t i = 0; i < size; i++)
		printf(" %02x", bytes[i]);
}

static int
compare_element(void *arg, const void *key, const void *value)
{
	struct comparison *c = arg;
	uint8_t *other = calloc(1, c->value_size);
	bool is_there = other && bpf_map_lookup_elem(c->kernel, key, other) == 0;
	bool is_same = is_there && memcmp(value, other, c->value_size) == 0;

	c->cnt++;
	if (!is_same) {
		printf("map '%s':", c->def->name);
		print_bytes("key", key, c->def->key_size);
		print_bytes("ours", value, c->value_size);
		print_bytes("kernel's", other, is_there ? c->value_size : 0);
		printf("%s\n", is_there ? "" : " missing");
	}
	free(other);
	return !is_same;
}

static uint32_t
count_kernel(int map, uint32_t key_size)
{
	uint8_t *key = malloc(key_size);
	uint32_t n = 0;

	for (void *from = NULL; key && bpf_map_get_next_key(map, from, key) == 0; from = key)
		n++;
	free(key);
	return n;
}

bool
pair_same_maps(const struct pair *p)
{
	for (uint32_t i = 0; i < p->object->map_cnt; i++) {
		struct comparison c = {
			.def = &p->object->maps[i],
			.kernel = p->kernel_maps[i],
			.value_size = xb_map_user_value_size(p->maps[i]),
		};
		uint32_t kernel_cnt;

		if (c.def->type == BPF_MAP_TYPE_PROG_ARRAY)
			continue; /* holds programs, not the same on both sides */
		if (xb_map_for_each(p->maps[i], compare_element, &c))
			return false;
		kernel_cnt = count_kernel(c.kernel, c.def->key_size);
		if (kernel_cnt != c.cnt) {
			printf("map '%s': the kernel has %u elements, we have %u\n", c.def->name,
				kernel_cnt, c.cnt);
			return false;
		}
	}
	return true;
}
