/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The kernel that libbpf talks to while an object is opened: a bpf(2) that says yes to
 * everything and remembers what it was given. object_libbpf.c is its only caller.
 *
 * libbpf is linked statically and the program is linked with -Wl,--wrap=syscall (bpf/meson.build),
 * so libbpf's syscall(__NR_bpf, ...) arrives in __wrap_syscall() below. All other system calls, and
 * bpf(2) of threads that are not opening an object, go on to the kernel.
 *
 * Why not bpf_object__gen_loader(), which makes no system calls either: libbpf 1.1 then records
 * CO-RE relocations for the kernel to do instead of applying them, and keeps to itself the function
 * and line information of the subprograms it appends. An ordinary bpf_object__load() does
 * everything and hands all of it to BPF_PROG_LOAD.
 *
 * What is handed out as file descriptors are real ones (duplicates of an eventfd), because
 * libbpf duplicates and closes them; they can do nothing.
 */
#include "bpf/object_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <unistd.h>

struct bpf_rec {
	int eventfd;
	int err;
	struct bpf_rec_map *maps;
	uint32_t map_cnt;
	struct bpf_rec_prog *progs;
	uint32_t prog_cnt;
};

static _Thread_local struct bpf_rec *current;

/* ---- memory --------------------------------------------------------------------------------- */

/* Remember the first thing that went wrong, and say it to libbpf. */
static long
refuse(struct bpf_rec *rec, int err)
{
	if (!rec->err)
		rec->err = -err;
	errno = err;
	return -1;
}

/* One more zeroed element at the end of an array; NULL when there is no memory. */
static void *
grow(void **array, uint32_t *cnt, size_t size)
{
	void *more = reallocarray(*array, (size_t)*cnt + 1, size);

	if (!more)
		return NULL;
	*array = more;
	return memset((uint8_t *)more + size * (*cnt)++, 0, size);
}

static int
copy(const void **to, uint64_t user_ptr, size_t size)
{
	void *mem;

	if (!user_ptr || !size)
		return 0;
	mem = malloc(size);
	if (!mem)
		return -ENOMEM;
	memcpy(mem, (const void *)(uintptr_t)user_ptr, size);
	*to = mem;
	return 0;
}

/* ---- answers -------------------------------------------------------------------------------- */

static long
new_fd(struct bpf_rec *rec)
{
	/* From 3 up: libbpf moves lower ones, and the number would no longer be ours. */
	int fd = fcntl(rec->eventfd, F_DUPFD_CLOEXEC, 3);

	return fd < 0 ? refuse(rec, errno) : fd;
}

static long
answer_fd(struct bpf_rec *rec, const union bpf_attr *attr)
{
	(void)attr;
	return new_fd(rec);
}

static long
answer_yes(struct bpf_rec *rec, const union bpf_attr *attr)
{
	(void)rec;
	(void)attr;
	return 0;
}

/* There is no (further) BTF of a kernel module. */
static long
answer_none(struct bpf_rec *rec, const union bpf_attr *attr)
{
	(void)rec;
	(void)attr;
	errno = ENOENT;
	return -1;
}

static long
answer_map_create(struct bpf_rec *rec, const union bpf_attr *attr)
{
	struct bpf_rec_map *map;
	uint32_t inner = BPF_REC_NONE;
	long fd;

	if (attr->inner_map_fd)
		inner = bpf_rec_find_map(rec, (int)attr->inner_map_fd);
	map = grow((void **)&rec->maps, &rec->map_cnt, sizeof(*map));
	if (!map)
		return refuse(rec, ENOMEM);
	map->fd = -1;
	fd = new_fd(rec);
	if (fd < 0)
		return fd;
	map->fd = (int)fd;
	map->type = attr->map_type;
	map->key_size = attr->key_size;
	map->value_size = attr->value_size;
	map->max_entries = attr->max_entries;
	map->flags = attr->map_flags;
	map->btf_key_type_id = attr->btf_key_type_id;
	map->btf_value_type_id = attr->btf_value_type_id;
	map->inner = inner;
	memcpy(map->name, attr->map_name, sizeof(map->name));
	map->name[sizeof(map->name) - 1] = '\0';
	return fd;
}

/* A slot of a program array or of a map of maps: the value is a file descriptor. */
static int
record_slot(struct bpf_rec *rec, struct bpf_rec_map *map, const union bpf_attr *attr)
{
	struct bpf_rec_slot *slot;
	int32_t fd;

	slot = grow((void **)&map->slots, &map->slot_cnt, sizeof(*slot));
	if (!slot)
		return -ENOMEM;
	memcpy(&slot->key, (const void *)(uintptr_t)attr->key, sizeof(slot->key));
	memcpy(&fd, (const void *)(uintptr_t)attr->value, sizeof(fd));
	slot->prog = slot->map = BPF_REC_NONE;
	if (map->type == BPF_MAP_TYPE_PROG_ARRAY)
		slot->prog = bpf_rec_find_prog(rec, fd);
	else
		slot->map = bpf_rec_find_map(rec, fd);
	return 0;
}

static long
answer_map_update(struct bpf_rec *rec, const union bpf_attr *attr)
{
	uint32_t index = bpf_rec_find_map(rec, (int)attr->map_fd);
	struct bpf_rec_map *map;
	int err;

	if (index == BPF_REC_NONE)
		return refuse(rec, EBADF);
	map = &rec->maps[index];
	switch (map->type) {
	case BPF_MAP_TYPE_PROG_ARRAY:
	case BPF_MAP_TYPE_ARRAY_OF_MAPS:
	case BPF_MAP_TYPE_HASH_OF_MAPS: err = record_slot(rec, map, attr); break;
	default: /* the one element of .data and kin */
		free(map->contents);
		map->contents = NULL;
		err = copy((const void **)&map->contents, attr->value, map->value_size);
	}
	return err ? refuse(rec, -err) : 0;
}

static long
answer_map_freeze(struct bpf_rec *rec, const union bpf_attr *attr)
{
	uint32_t index = bpf_rec_find_map(rec, (int)attr->map_fd);

	if (index == BPF_REC_NONE)
		return refuse(rec, EBADF);
	rec->maps[index].frozen = true;
	return 0;
}

/* Name maps by their index instead of by file descriptor. */
static void
index_maps(const struct bpf_rec *rec, struct bpf_rec_prog *prog, struct bpf_insn *insns)
{
	for (uint32_t i = 0; i < prog->raw.insn_cnt; i++) {
		struct bpf_insn *insn = &insns[i];
		uint32_t map;

		if (!xb_insn_is_wide(insn))
			continue;
		i++;
		if (insn->src_reg != BPF_PSEUDO_MAP_FD && insn->src_reg != BPF_PSEUDO_MAP_VALUE)
			continue;
		map = bpf_rec_find_map(rec, insn->imm);
		if (map == BPF_REC_NONE) {
			prog->bad_map = true;
			continue;
		}
		insn->src_reg = insn->src_reg == BPF_PSEUDO_MAP_FD ? BPF_PSEUDO_MAP_IDX
								   : BPF_PSEUDO_MAP_IDX_VALUE;
		insn->imm = (int32_t)map;
	}
}

static int
record_prog(const struct bpf_rec *rec, struct bpf_rec_prog *prog, const union bpf_attr *attr)
{
	struct obj_raw_prog *raw = &prog->raw;
	int err;

	raw->insn_cnt = attr->insn_cnt;
	err = copy((const void **)&raw->insns, attr->insns,
		(size_t)attr->insn_cnt * sizeof(struct bpf_insn));
	if (err)
		return err;
	index_maps(rec, prog, (struct bpf_insn *)(uintptr_t)raw->insns);
	raw->func_rec_size = attr->func_info_rec_size;
	raw->line_rec_size = attr->line_info_rec_size;
	err = copy((const void **)&raw->funcs, attr->func_info,
		(size_t)attr->func_info_cnt * attr->func_info_rec_size);
	if (err)
		return err;
	raw->func_cnt = raw->funcs ? attr->func_info_cnt : 0;
	err = copy((const void **)&raw->lines, attr->line_info,
		(size_t)attr->line_info_cnt * attr->line_info_rec_size);
	raw->line_cnt = raw->lines ? attr->line_info_cnt : 0;
	return err;
}

static long
answer_prog_load(struct bpf_rec *rec, const union bpf_attr *attr)
{
	struct bpf_rec_prog *prog;
	long fd;
	int err;

	prog = grow((void **)&rec->progs, &rec->prog_cnt, sizeof(*prog));
	if (!prog)
		return refuse(rec, ENOMEM);
	prog->fd = -1;
	err = record_prog(rec, prog, attr);
	if (err)
		return refuse(rec, -err);
	fd = new_fd(rec);
	if (fd >= 0)
		prog->fd = (int)fd;
	return fd;
}

/* What libbpf 1.1 asks between open and close. Its probes for features of the kernel are such
 * loads and creations too; a yes to all of them makes it assume a recent kernel. */
static long (*const answers[])(struct bpf_rec *, const union bpf_attr *) = {
	[BPF_MAP_CREATE] = answer_map_create,
	[BPF_MAP_UPDATE_ELEM] = answer_map_update,
	[BPF_MAP_FREEZE] = answer_map_freeze,
	[BPF_PROG_LOAD] = answer_prog_load,
	[BPF_PROG_BIND_MAP] = answer_yes,
	[BPF_BTF_LOAD] = answer_fd,
	[BPF_BTF_GET_NEXT_ID] = answer_none,
	[BPF_OBJ_GET_INFO_BY_FD] = answer_yes,
};

static long
answer(struct bpf_rec *rec, unsigned long cmd, const void *user_attr, size_t size)
{
	union bpf_attr attr;

	if (cmd >= ARRAY_SIZE(answers) || !answers[cmd]) {
		errno = EINVAL; /* what a kernel says to a command it does not know */
		return -1;
	}
	memset(&attr, 0, sizeof(attr));
	memcpy(&attr, user_attr, size < sizeof(attr) ? size : sizeof(attr));
	return answers[cmd](rec, &attr);
}

/* As libc's syscall(): six arguments always, those not given are whatever is in their place. */
long __wrap_syscall(long number, unsigned long a, unsigned long b, unsigned long c, unsigned long d,
	unsigned long e, unsigned long f);
long __real_syscall(long number, unsigned long a, unsigned long b, unsigned long c, unsigned long d,
	unsigned long e, unsigned long f);

long
__wrap_syscall(long number, unsigned long a, unsigned long b, unsigned long c, unsigned long d,
	unsigned long e, unsigned long f)
{
	if (number == __NR_bpf && current)
		return answer(current, (unsigned int)a, (const void *)b, (unsigned int)c);
	return __real_syscall(number, a, b, c, d, e, f);
}

/* ---- the recorder --------------------------------------------------------------------------- */

struct bpf_rec *
bpf_rec_begin(void)
{
	struct bpf_rec *rec = calloc(1, sizeof(*rec));

	if (!rec)
		return NULL;
	rec->eventfd = eventfd(0, EFD_CLOEXEC);
	if (rec->eventfd < 0) {
		free(rec);
		return NULL;
	}
	current = rec;
	return rec;
}

void
bpf_rec_end(struct bpf_rec *rec)
{
	current = NULL;
	close(rec->eventfd);
	rec->eventfd = -1;
}

void
bpf_rec_free(struct bpf_rec *rec)
{
	if (!rec)
		return;
	for (uint32_t i = 0; i < rec->map_cnt; i++) {
		free(rec->maps[i].contents);
		free(rec->maps[i].slots);
	}
	for (uint32_t i = 0; i < rec->prog_cnt; i++) {
		free((void *)(uintptr_t)rec->progs[i].raw.insns);
		free((void *)(uintptr_t)rec->progs[i].raw.funcs);
		free((void *)(uintptr_t)rec->progs[i].raw.lines);
	}
	free(rec->maps);
	free(rec->progs);
	free(rec);
}

int
bpf_rec_error(const struct bpf_rec *rec)
{
	return rec->err;
}

/* File descriptors are used again after libbpf's probes closed theirs, so the newest counts. */
uint32_t
bpf_rec_find_map(const struct bpf_rec *rec, int fd)
{
	for (uint32_t i = rec->map_cnt; i-- > 0;)
		if (rec->maps[i].fd == fd)
			return i;
	return BPF_REC_NONE;
}

uint32_t
bpf_rec_find_prog(const struct bpf_rec *rec, int fd)
{
	for (uint32_t i = rec->prog_cnt; i-- > 0;)
		if (rec->progs[i].fd == fd)
			return i;
	return BPF_REC_NONE;
}

const struct bpf_rec_map *
bpf_rec_map(const struct bpf_rec *rec, uint32_t index)
{
	return &rec->maps[index];
}

const struct bpf_rec_prog *
bpf_rec_prog(const struct bpf_rec *rec, uint32_t index)
{
	return &rec->progs[index];
}
