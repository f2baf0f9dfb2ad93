/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Objects of today's form: libbpf opens and relocates them, and bpf_syscall.c plays the kernel it
 * loads them into. Called by object.c after the checks and the choice of programs.
 */
#include "bpf/object_internal.h"

#include <bpf/libbpf.h>
#include <elf.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* libbpf looks through all symbols for each of them. */
#define MAX_VARIABLES 8192u

#define KERNEL_BTF "/sys/kernel/btf/vmlinux"

/* ---- libbpf's messages ---------------------------------------------------------------------- */

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static libbpf_print_fn_t print_before;
static _Thread_local bool quiet;
static _Thread_local char first_warning[512];

/* The first warning is the one that says what is wrong; those after it say what that led to. */
static int
keep_warning(enum libbpf_print_level level, const char *fmt, va_list ap)
{
	if (!quiet)
		return print_before ? print_before(level, fmt, ap) : 0;
	if (level == LIBBPF_WARN && !first_warning[0]) {
		vsnprintf(first_warning, sizeof(first_warning), fmt, ap);
		first_warning[strcspn(first_warning, "\n")] = '\0';
	}
	return 0;
}

void
obj_quiet_begin(void)
{
	pthread_mutex_lock(&lock);
	first_warning[0] = '\0';
	quiet = true;
	print_before = libbpf_set_print(keep_warning);
}

void
obj_quiet_end(void)
{
	libbpf_set_print(print_before);
	quiet = false;
	pthread_mutex_unlock(&lock);
}

/* libbpf failed: which errno is that, and what did it say? */
static int
libbpf_failed(const struct obj_elf *elf, int err)
{
	const char *said = first_warning, *prefix = "libbpf: ";

	if (strncmp(said, prefix, strlen(prefix)) == 0)
		said += strlen(prefix);
	switch (err) {
	case ENOMEM:
	case EMFILE:
	case ENFILE: break;
	case ENOTSUP:
	case ESRCH: err = EOPNOTSUPP; break;
	default:
		/* Externs of the kernel's configuration that cannot be known. */
		err = strncmp(said, "extern", 6) == 0 || strstr(said, "Kconfig") ? EOPNOTSUPP
										 : ENOEXEC;
	}
	return obj_fail(elf, err, NULL, "libbpf: %s", said[0] ? said : strerror(err));
}

/* ---- before the object is opened --- */

/* Maps of today's form are described by BTF and nothing else. */
static int
check_maps_have_btf(const struct obj_build *b)
{
	if (b->btf || !obj_sec_by_name(&b->elf, ".maps"))
		return 0;
	return obj_fail(&b->elf, ENOEXEC, ".maps",
		"maps are described by BTF, which is not in the object; compile it with clang -g"
		" and do not strip .BTF");
}

/* libbpf takes a map for every variable of .maps, every section of data, and .kconfig. */
static int
check_map_count(const struct obj_build *b)
{
	uint32_t cnt = 0, entries = 0;

	for (uint32_t i = 1; i < b->elf.sec_cnt; i++)
		cnt += obj_sec_is_data(&b->elf.secs[i]);
	for (uint32_t id = 1; b->btf && id < btf__type_cnt(b->btf); id++) {
		const struct btf_type *t = btf__type_by_id(b->btf, id);

		if (!btf_is_datasec(t))
			continue;
		entries += btf_vlen(t);
		if (strcmp(btf__str_by_offset(b->btf, t->name_off), ".maps") == 0)
			cnt += btf_vlen(t);
	}
	if (entries > MAX_VARIABLES)
		return obj_fail(&b->elf, EFBIG, ".BTF", "%u variables, more than %u", entries,
			MAX_VARIABLES);
	if (cnt > XB_OBJECT_MAX_MAPS)
		return obj_fail(
			&b->elf, EFBIG, ".maps", "%u maps, more than %u", cnt, XB_OBJECT_MAX_MAPS);
	return 0;
}

/* ---- the kernel's BTF ----------------------------------------------------------------------- */

/* A checked copy of a BTF file, for libbpf to open: it cannot change after the check. */
static int
open_btf(const struct obj_build *b, const char *path)
{
	uint8_t *data;
	size_t size, done = 0;
	int fd, err = obj_read_file(path, b->log, &data, &size);

	if (err)
		return err;
	if (size > SELFMAG && memcmp(data, ELFMAG, SELFMAG) == 0) {
		xb_log_add(b->log,
			"%s: an ELF file, not BTF; take its section out with"
			" objcopy -O binary --only-section=.BTF --set-section-flags .BTF=alloc\n",
			path);
		err = -ENOEXEC;
	}
	err = err ? err : obj_btf_check(path, b->log, data, size);
	fd = err ? -1 : memfd_create("btf", MFD_CLOEXEC);
	if (!err && fd < 0)
		err = obj_fail(&b->elf, errno, NULL, "no memory file: %s", strerror(errno));
	while (!err && done < size) {
		ssize_t n = write(fd, data + done, size - done);

		if (n <= 0)
			err = obj_fail(&b->elf, ENOMEM, NULL, "no memory for a copy of %s", path);
		else
			done += (size_t)n;
	}
	free(data);
	if (err && fd >= 0)
		close(fd);
	return err ? err : fd;
}

/* Decide what CO-RE goes by. A file descriptor, -1 (the running kernel, or nothing), or -errno
 * below that. */
static int
choose_btf(struct obj_build *b, int *fd)
{
	const char *path = b->opts->btf;
	bool none = path && strcmp(path, "none") == 0;

	*fd = -1;
	if (path && !none) {
		*fd = open_btf(b, path);
		return *fd < 0 ? *fd : 0;
	}
	if (!obj_btf_ext_has_core(&b->elf))
		return 0;
	if (!none && access(KERNEL_BTF, R_OK) != 0) {
		xb_log_add(b->log,
			"note: %s: CO-RE offsets stay as compiled: there is no " KERNEL_BTF "\n",
			b->elf.path);
		none = true;
	}
	if (none)
		obj_btf_ext_drop_core(&b->elf);
	return 0;
}

/* ---- results -------------------------------------------------------------------------------- */

struct load {
	struct obj_build *b;
	struct bpf_object *obj;
	struct bpf_rec *rec;
	bool pinned[XB_OBJECT_MAX_MAPS];
	struct bpf_program *progs[XB_OBJECT_MAX_PROGS]; /* of each candidate */
	struct xb_map_def *maps;
	uint32_t *index; /* of each map, in the recorder */
	uint32_t map_cnt;
};

static uint32_t
map_by_record(const struct load *l, uint32_t rec)
{
	for (uint32_t i = 0; i < l->map_cnt; i++)
		if (l->index[i] == rec)
			return i;
	return BPF_REC_NONE;
}

static const struct obj_cand *
cand_by_record(const struct load *l, uint32_t rec)
{
	for (uint32_t i = 0; i < l->b->cand_cnt; i++)
		if (l->progs[i] && bpf_rec_find_prog(l->rec, bpf_program__fd(l->progs[i])) == rec)
			return &l->b->cands[i];
	return NULL;
}

static int
out_of_memory(const struct load *l)
{
	return obj_fail(&l->b->elf, ENOMEM, NULL, "out of memory");
}

static int
take_slots(struct load *l, struct xb_map_def *def, const struct bpf_rec_map *rec)
{
	struct xb_prog_slot *slots = obj_alloc(l->b->out, rec->slot_cnt + 1, sizeof(*slots));

	if (!slots)
		return out_of_memory(l);
	def->slots = slots;
	for (uint32_t i = 0; i < rec->slot_cnt; i++) {
		const struct bpf_rec_slot *from = &rec->slots[i];
		const struct obj_cand *c = NULL;
		struct xb_prog_slot *slot = &slots[def->slot_cnt];

		slot->key = from->key;
		if (from->prog != BPF_REC_NONE)
			c = cand_by_record(l, from->prog);
		if (c)
			slot->prog = c->prog;
		else if (from->map != BPF_REC_NONE)
			slot->map = map_by_record(l, from->map);
		else
			xb_log_add(l->b->log,
				"note: map '%s': slot %u stays empty: its program is not taken\n",
				def->name, from->key);
		def->slot_cnt += c || from->map != BPF_REC_NONE;
	}
	return 0;
}

static int
take_map(struct load *l, uint32_t i, const char *name, const struct bpf_rec_map *rec)
{
	struct xb_map_def *def = &l->maps[i];

	*def = (struct xb_map_def){
		.name = obj_strdup(l->b->out, name),
		.type = rec->type,
		.key_size = rec->key_size,
		.value_size = rec->value_size,
		.max_entries = rec->max_entries,
		.flags = rec->flags,
		.btf_key_type_id = rec->btf_key_type_id,
		.btf_value_type_id = rec->btf_value_type_id,
		.inner = -1,
		.frozen = rec->frozen,
	};
	if (!def->name)
		return out_of_memory(l);
	if (rec->contents) {
		void *contents = obj_alloc(l->b->out, 1, rec->value_size);

		if (!contents)
			return out_of_memory(l);
		memcpy(contents, rec->contents, rec->value_size);
		def->contents = contents;
	}
	return take_slots(l, def, rec);
}

/* The map that says how inner maps of map i look; libbpf forgot it, the recorder did not. */
static int
take_inner(struct load *l, uint32_t i)
{
	const struct bpf_rec_map *rec = bpf_rec_map(l->rec, l->index[i]);
	char name[128];

	if (rec->inner == BPF_REC_NONE)
		return 0;
	l->maps[i].inner = (int)l->map_cnt;
	l->index[l->map_cnt] = rec->inner;
	snprintf(name, sizeof(name), "%s.inner", l->maps[i].name);
	return take_map(l, l->map_cnt++, name, bpf_rec_map(l->rec, rec->inner));
}

static int
take_maps(struct load *l)
{
	struct bpf_map *map;
	uint32_t cnt = 0;
	int err = 0;

	l->maps = obj_alloc(l->b->out, 2 * XB_OBJECT_MAX_MAPS, sizeof(*l->maps));
	l->index = calloc(2 * XB_OBJECT_MAX_MAPS, sizeof(*l->index));
	if (!l->maps || !l->index)
		return out_of_memory(l);
	/* First all indices, because slots of one map name others. */
	bpf_object__for_each_map (map, l->obj) {
		l->index[l->map_cnt] = bpf_rec_find_map(l->rec, bpf_map__fd(map));
		if (l->index[l->map_cnt++] == BPF_REC_NONE)
			return obj_fail(&l->b->elf, ENOEXEC, NULL, "map '%s' was not made",
				bpf_map__name(map));
	}
	cnt = l->map_cnt;
	map = NULL;
	for (uint32_t i = 0; i < cnt && !err; i++) {
		map = bpf_object__next_map(l->obj, map);
		err = take_map(l, i, bpf_map__name(map), bpf_rec_map(l->rec, l->index[i]));
		l->maps[i].pinned = l->pinned[i];
	}
	for (uint32_t i = 0; i < cnt && !err; i++)
		err = take_inner(l, i);
	if (!err && l->map_cnt > XB_OBJECT_MAX_MAPS)
		err = obj_fail(&l->b->elf, EFBIG, ".maps", "%u maps, more than %u", l->map_cnt,
			XB_OBJECT_MAX_MAPS);
	l->b->out->maps = l->maps;
	l->b->out->map_cnt = l->map_cnt;
	return err;
}

/* From the recorder's numbers of maps to the object's. */
static int
renumber_maps(const struct load *l, const struct obj_raw_prog *raw, struct bpf_insn *insns)
{
	memcpy(insns, raw->insns, raw->insn_cnt * sizeof(*insns));
	for (uint32_t i = 0; i < raw->insn_cnt; i++) {
		struct bpf_insn *insn = &insns[i];
		uint32_t map;

		if (!xb_insn_is_wide(insn))
			continue;
		i++;
		if (insn->src_reg != BPF_PSEUDO_MAP_IDX &&
			insn->src_reg != BPF_PSEUDO_MAP_IDX_VALUE)
			continue;
		map = map_by_record(l, (uint32_t)insn->imm);
		if (map == BPF_REC_NONE)
			return -ENOEXEC;
		insn->imm = (int32_t)map;
	}
	return 0;
}

static int
take_prog(struct load *l, uint32_t i)
{
	const struct obj_cand *c = &l->b->cands[i];
	uint32_t index = bpf_rec_find_prog(l->rec, bpf_program__fd(l->progs[i]));
	const struct bpf_rec_prog *rec;
	struct obj_raw_prog raw;
	struct bpf_insn *insns;

	if (index == BPF_REC_NONE)
		return obj_fail(
			&l->b->elf, ENOEXEC, c->section, "program '%s' was not loaded", c->name);
	rec = bpf_rec_prog(l->rec, index);
	raw = rec->raw;
	insns = obj_alloc(l->b->out, raw.insn_cnt, sizeof(*insns));
	if (!insns)
		return out_of_memory(l);
	raw.insns = insns;
	if (rec->bad_map || renumber_maps(l, &rec->raw, insns))
		return obj_fail(&l->b->elf, ENOEXEC, c->section,
			"program '%s' names a map that is not in the object", c->name);
	return obj_add_prog(l->b, c, &raw);
}

static int
take_progs(struct load *l)
{
	int err = 0;

	for (uint32_t i = 0; i < l->b->cand_cnt && !err; i++)
		if (l->b->cands[i].taken)
			err = l->progs[i] ? take_prog(l, i)
					  : obj_fail(&l->b->elf, ENOEXEC, l->b->cands[i].section,
						    "libbpf finds no program '%s'",
						    l->b->cands[i].name);
	return err;
}

/* The BTF as libbpf completed it: sizes and offsets of sections filled in. */
static int
take_btf(struct load *l)
{
	const struct btf *btf = bpf_object__btf(l->obj);
	const void *data;
	struct btf *own;
	uint32_t size;

	if (!btf)
		return 0;
	data = btf__raw_data(btf, &size);
	own = data ? btf__new(data, size) : NULL;
	if (!own)
		return out_of_memory(l);
	btf__free(l->b->btf);
	l->b->btf = own;
	return 0;
}

/* ---- open and load -------------------------------------------------------------------------- */

static int
open_object(struct load *l, int btf_fd)
{
	const struct obj_elf *elf = &l->b->elf;
	const char *base = strrchr(elf->path, '/');
	char name[64], btf_path[64];
	LIBBPF_OPTS(bpf_object_open_opts, opts, .object_name = name);

	/* As libbpf names objects it reads from a file; map names begin with it. */
	snprintf(name, sizeof(name), "%s", base ? base + 1 : elf->path);
	name[strcspn(name, ".")] = '\0';
	if (btf_fd >= 0) {
		snprintf(btf_path, sizeof(btf_path), "/proc/self/fd/%d", btf_fd);
		opts.btf_custom_path = btf_path;
	}
	l->obj = bpf_object__open_mem(elf->image, elf->size, &opts);
	return l->obj ? 0 : libbpf_failed(elf, errno);
}

/* Pins are of the host; no map of ours is. And how large the variables of .kconfig are together
 * is known only now. */
static int
prepare_maps(struct load *l)
{
	uint64_t data_bytes = 0;
	struct bpf_map *map;
	uint32_t i = 0;

	bpf_object__for_each_map (map, l->obj) {
		if (i == XB_OBJECT_MAX_MAPS)
			return obj_fail(&l->b->elf, EFBIG, ".maps", "more than %u maps",
				XB_OBJECT_MAX_MAPS);
		if (bpf_map__is_internal(map))
			data_bytes += bpf_map__value_size(map);
		if (data_bytes > XB_OBJECT_MAX_BYTES)
			return obj_fail(&l->b->elf, EFBIG, NULL, "data of more than %u bytes",
				XB_OBJECT_MAX_BYTES);
		l->pinned[i] = bpf_map__pin_path(map) != NULL;
		if (l->pinned[i] && bpf_map__set_pin_path(map, NULL))
			return out_of_memory(l);
		i++;
	}
	return 0;
}

static void
set_programs(struct load *l)
{
	struct bpf_program *prog;

	bpf_object__for_each_program (prog, l->obj) {
		bool mine = false;

		for (uint32_t i = 0; i < l->b->cand_cnt && !mine; i++) {
			const struct obj_cand *c = &l->b->cands[i];

			if (!c->taken || l->progs[i] ||
				strcmp(c->name, bpf_program__name(prog)) != 0 ||
				strcmp(c->section, bpf_program__section_name(prog)) != 0)
				continue;
			bpf_program__set_type(prog, c->type);
			l->progs[i] = prog;
			mine = true;
		}
		bpf_program__set_autoload(prog, mine);
	}
}

static int
load_object(struct load *l)
{
	int err;

	l->rec = bpf_rec_begin();
	if (!l->rec)
		return obj_fail(
			&l->b->elf, errno, NULL, "no event descriptor: %s", strerror(errno));
	err = bpf_object__load(l->obj);
	bpf_rec_end(l->rec);
	if (bpf_rec_error(l->rec))
		return obj_fail(&l->b->elf, -bpf_rec_error(l->rec), NULL, "%s",
			strerror(-bpf_rec_error(l->rec)));
	return err ? libbpf_failed(&l->b->elf, -err) : 0;
}

int
obj_load_libbpf(struct obj_build *b)
{
	struct load *l = calloc(1, sizeof(*l));
	int btf_fd = -1, err;

	if (!l)
		return obj_fail(&b->elf, ENOMEM, NULL, "out of memory");
	l->b = b;
	obj_hide(b);
	err = check_maps_have_btf(b);
	err = err ? err : check_map_count(b);
	err = err ? err : choose_btf(b, &btf_fd);
	err = err ? err : open_object(l, btf_fd);
	err = err ? err : prepare_maps(l);
	if (!err) {
		set_programs(l);
		err = load_object(l);
	}
	err = err ? err : take_btf(l);
	err = err ? err : take_maps(l);
	err = err ? err : take_progs(l);
	bpf_object__close(l->obj);
	bpf_rec_free(l->rec);
	if (btf_fd >= 0)
		close(btf_fd);
	free(l->index);
	free(l);
	return err;
}
