/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Object files: from a path to programs and map definitions (bpf/xb.h section 1). The parts and
 * their order are in object_internal.h.
 */
#include "bpf/object_internal.h"

#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What libbpf puts for an instruction whose CO-RE relocation found nothing in the kernel's BTF. */
#define BAD_CORE_HELPER 195896080

/* ---- memory of an object -------------------------------------------------------------------- */

struct chunk {
	struct chunk *next;
	_Alignas(16) uint8_t mem[];
};

/* What the caller holds is its first member. */
struct owner {
	struct xb_object pub;
	struct chunk *chunks;
};

void *
obj_alloc(struct xb_object *obj, size_t cnt, size_t size)
{
	struct owner *owner = (struct owner *)obj;
	struct chunk *c;
	size_t bytes;

	if (__builtin_mul_overflow(cnt, size, &bytes))
		return NULL;
	c = calloc(1, sizeof(*c) + bytes + 1);
	if (!c)
		return NULL;
	c->next = owner->chunks;
	owner->chunks = c;
	return c->mem;
}

char *
obj_strdup(struct xb_object *obj, const char *s)
{
	size_t len = strlen(s);
	char *mem = obj_alloc(obj, len + 1, 1);

	return mem ? memcpy(mem, s, len) : NULL;
}

void
xb_object_close(struct xb_object *obj)
{
	struct owner *owner = (struct owner *)obj;

	if (!obj)
		return;
	btf__free((struct btf *)(uintptr_t)obj->btf);
	while (owner->chunks) {
		struct chunk *c = owner->chunks;

		owner->chunks = c->next;
		free(c);
	}
	free(owner);
}

/* ---- the file ------------------------------------------------------------------------------- */

static int
read_all(int fd, uint8_t **data, size_t *size)
{
	size_t cap = 1 << 16;
	ssize_t n;

	*size = 0;
	*data = malloc(cap);
	while (*data) {
		n = read(fd, *data + *size, cap - *size);
		if (n < 0)
			return -errno;
		*size += (size_t)n;
		if (n == 0)
			return 0;
		if (*size > XB_OBJECT_MAX_BYTES)
			return -EFBIG;
		if (*size == cap) {
			uint8_t *more = realloc(*data, cap *= 2);

			if (!more)
				break;
			*data = more;
		}
	}
	return -ENOMEM;
}

int
obj_read_file(const char *path, struct xb_log *log, uint8_t **data, size_t *size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), err;

	*data = NULL;
	err = fd < 0 ? -errno : read_all(fd, data, size);
	if (fd >= 0)
		close(fd);
	if (!err)
		return 0;
	free(*data);
	*data = NULL;
	if (err == -EFBIG)
		xb_log_add(log, "%s: more than %u bytes\n", path, XB_OBJECT_MAX_BYTES);
	else
		xb_log_add(log, "%s: cannot be read: %s\n", path, strerror(-err));
	return err;
}

/* ---- license -------------------------------------------------------------------------------- */

/* include/linux/license.h of the kernel. */
bool
xb_license_is_gpl_compatible(const char *license)
{
	static const char *const list[] = { "GPL", "GPL v2", "GPL and additional rights",
		"Dual BSD/GPL", "Dual MIT/GPL", "Dual MPL/GPL" };

	for (size_t i = 0; i < ARRAY_SIZE(list); i++)
		if (strcmp(license, list[i]) == 0)
			return true;
	return false;
}

static int
take_license(struct obj_build *b)
{
	const struct obj_sec *sec = &b->elf.secs[b->elf.license];
	char license[128] = ""; /* as much as BPF_PROG_LOAD reads */

	if (b->elf.license && sec->data) {
		size_t len = sec->size < sizeof(license) - 1 ? sec->size : sizeof(license) - 1;

		memcpy(license, sec->data, len);
	}
	b->out->license = obj_strdup(b->out, license);
	b->out->gpl_compatible = xb_license_is_gpl_compatible(license);
	return b->out->license ? 0 : obj_fail(&b->elf, ENOMEM, NULL, "out of memory");
}

/* ---- programs ------------------------------------------------------------------------------- */

static int
compare_lines(const void *a, const void *b)
{
	const struct xb_line *x = a, *y = b;

	return x->insn < y->insn ? -1 : x->insn > y->insn;
}

static int
add_lines(struct obj_build *b, struct xb_prog *prog, const struct obj_raw_prog *raw)
{
	struct xb_line *lines = obj_alloc(b->out, raw->line_cnt + 1, sizeof(*lines));

	if (!lines)
		return -ENOMEM;
	for (uint32_t i = 0; b->btf && i < raw->line_cnt; i++) {
		struct bpf_line_info info;
		const char *file, *text;
		uint32_t column, blanks;

		memcpy(&info, raw->lines + (size_t)i * raw->line_rec_size, sizeof(info));
		file = btf__str_by_offset(b->btf, info.file_name_off);
		text = btf__str_by_offset(b->btf, info.line_off);
		/* Line 0 is the compiler's own doing, of no line: what came before goes on. */
		if (info.insn_off >= raw->insn_cnt || !BPF_LINE_INFO_LINE_NUM(info.line_col))
			continue;
		text = text ? text : "";
		blanks = (uint32_t)strspn(text, " \t");
		column = BPF_LINE_INFO_LINE_COL(info.line_col);
		lines[prog->line_cnt++] = (struct xb_line){
			.insn = info.insn_off,
			.line = BPF_LINE_INFO_LINE_NUM(info.line_col),
			.column = column > blanks ? column - blanks : 0,
			.file = file ? file : "",
			.text = text + blanks,
		};
	}
	qsort(lines, prog->line_cnt, sizeof(*lines), compare_lines);
	prog->lines = lines;
	return 0;
}

/* Where functions begin: what BTF says, what symbols say, and whatever is called. */
static void
mark_functions(const struct obj_raw_prog *raw, struct xb_func *at, const struct btf *btf)
{
	for (uint32_t i = 0; i < raw->insn_cnt; i++) {
		const struct bpf_insn *insn = &raw->insns[i];
		bool wide = xb_insn_is_wide(insn);
		int64_t target = (int64_t)i + insn->imm + 1;

		if ((obj_insn_is_call(insn) || (wide && insn->src_reg == BPF_PSEUDO_FUNC)) &&
			target >= 0 && target < raw->insn_cnt && !at[target].name)
			at[target].name = "";
		i += wide;
	}
	for (uint32_t i = 0; i < raw->name_cnt; i++)
		if (raw->names[i].insn < raw->insn_cnt)
			at[raw->names[i].insn].name = raw->names[i].name;
	for (uint32_t i = 0; btf && i < raw->func_cnt; i++) {
		const struct btf_type *t;
		struct bpf_func_info info;

		memcpy(&info, raw->funcs + (size_t)i * raw->func_rec_size, sizeof(info));
		t = btf__type_by_id(btf, info.type_id);
		if (info.insn_off >= raw->insn_cnt || !t)
			continue;
		at[info.insn_off].name = btf__str_by_offset(btf, t->name_off);
		at[info.insn_off].btf_type_id = info.type_id;
	}
}

static int
add_funcs(struct obj_build *b, struct xb_prog *prog, const struct obj_raw_prog *raw)
{
	struct xb_func *at = calloc(raw->insn_cnt, sizeof(*at)), *funcs = NULL;
	uint32_t cnt = 0;

	if (!at)
		return -ENOMEM;
	at[0].name = prog->name;
	mark_functions(raw, at, b->btf);
	for (uint32_t i = 0; i < raw->insn_cnt; i++)
		cnt += at[i].name != NULL;
	funcs = obj_alloc(b->out, cnt, sizeof(*funcs));
	for (uint32_t i = 0; funcs && i < raw->insn_cnt; i++) {
		if (!at[i].name)
			continue;
		at[i].insn = i;
		at[i].name = obj_strdup(b->out, at[i].name);
		if (!at[i].name)
			funcs = NULL;
		else
			funcs[prog->func_cnt++] = at[i];
	}
	free(at);
	prog->funcs = funcs;
	return funcs ? 0 : -ENOMEM;
}

static bool
is_bad_core(const struct bpf_insn *insn)
{
	return insn->code == (BPF_JMP | BPF_CALL) && !insn->src_reg && insn->imm == BAD_CORE_HELPER;
}

/* One note a program: loops that are unrolled hold the same line many times. */
static void
note_bad_core(const struct obj_build *b, const struct xb_prog *prog)
{
	const struct xb_line *line;
	uint32_t first = 0, cnt = 0;

	for (uint32_t i = 0; i < prog->insn_cnt; i++)
		if (is_bad_core(&prog->insns[i]) && cnt++ == 0)
			first = i;
	if (cnt == 0)
		return;
	xb_log_add(b->log,
		"note: %s: program '%s': insn %u: what it reads is not in the kernel's BTF; it"
		" became a call that is refused when it can be reached",
		b->elf.path, prog->name, first);
	line = xb_prog_line(prog, first);
	if (line)
		xb_log_add(b->log, " (%s:%u: %s)", line->file, line->line, line->text);
	if (cnt > 1)
		xb_log_add(b->log, "; and so %u more", cnt - 1);
	xb_log_add(b->log, "\n");
}

int
obj_add_prog(struct obj_build *b, const struct obj_cand *cand, const struct obj_raw_prog *raw)
{
	struct xb_prog *prog = (struct xb_prog *)(uintptr_t)&b->out->progs[cand->prog];

	*prog = (struct xb_prog){
		.name = obj_strdup(b->out, cand->name),
		.section = obj_strdup(b->out, cand->section),
		.type = cand->type,
		.type_from = cand->from,
		.insns = raw->insns,
		.insn_cnt = raw->insn_cnt,
	};
	if (!prog->name || !prog->section || add_lines(b, prog, raw) || add_funcs(b, prog, raw))
		return obj_fail(&b->elf, ENOMEM, NULL, "out of memory");
	note_bad_core(b, prog);
	return 0;
}

const struct xb_line *
xb_prog_line(const struct xb_prog *prog, uint32_t insn)
{
	uint32_t lo = 0, hi = prog->line_cnt;

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (prog->lines[mid].insn <= insn)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo && insn < prog->insn_cnt ? &prog->lines[lo - 1] : NULL;
}

int32_t
xb_prog_first_use(const struct xb_prog *prog, uint32_t map)
{
	for (uint32_t i = 0; i < prog->insn_cnt; i++)
		if (xb_insn_names_map(&prog->insns[i]) && (uint32_t)prog->insns[i].imm == map)
			return (int32_t)i;
	return -1;
}

const struct xb_func *
xb_prog_func(const struct xb_prog *prog, uint32_t insn)
{
	uint32_t lo = 0, hi = prog->func_cnt;

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (prog->funcs[mid].insn <= insn)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo ? &prog->funcs[lo - 1] : NULL;
}

const char *
xb_prog_type_name(enum bpf_prog_type type)
{
	const char *name;

	switch (type) {
	case BPF_PROG_TYPE_XDP: return "xdp";
	case BPF_PROG_TYPE_SCHED_CLS: return "tc";
	case BPF_PROG_TYPE_SCHED_ACT: return "tc action";
	default: break;
	}
	name = libbpf_bpf_prog_type_str(type);
	return name ? name : "unknown";
}

/* ---- open ----------------------------------------------------------------------------------- */

static int
check_btf(struct obj_build *b)
{
	const struct obj_elf *elf = &b->elf;
	const struct obj_sec *sec = &elf->secs[elf->btf];
	char who[512];
	int err;

	if (!elf->btf)
		return 0;
	snprintf(who, sizeof(who), "%s: section '.BTF'", elf->path);
	err = obj_btf_check(who, b->log, sec->data, sec->size);
	if (err)
		return err;
	b->btf = btf__new(sec->data, (uint32_t)sec->size);
	if (!b->btf)
		return obj_fail(elf, errno == ENOMEM ? ENOMEM : ENOEXEC, ".BTF",
			"libbpf cannot read it: %s", strerror(errno));
	return elf->btf_ext ? obj_btf_ext_check(elf, b->btf) : 0;
}

/* 0: the running kernel has no such function, or no BTF. libbpf is quiet while an object is opened.
 */
static int
kernel_func_id(const char *name)
{
	int id = libbpf_find_vmlinux_btf_id(name, BPF_TRACE_FENTRY);

	return id > 0 ? id : 0;
}

static int
add_skipped(struct obj_build *b)
{
	struct xb_skipped *skipped = obj_alloc(b->out, b->cand_cnt + 1, sizeof(*skipped));

	if (!skipped)
		return -ENOMEM;
	for (uint32_t i = 0; i < b->cand_cnt; i++) {
		const struct obj_cand *c = &b->cands[i];
		struct xb_skipped *s = &skipped[b->out->skipped_cnt];

		if (c->taken)
			continue;
		s->name = obj_strdup(b->out, c->name);
		s->section = obj_strdup(b->out, c->section);
		s->reason = obj_strdup(b->out, c->reason);
		s->needs = obj_strdup(b->out, c->needs);
		s->why = c->why;
		s->needs_id = c->why == XB_SKIP_KERNEL_FUNC ? kernel_func_id(c->needs) : 0;
		s->type = c->type;
		s->is_asked = c->named;
		if (!s->name || !s->section || !s->reason || !s->needs)
			return -ENOMEM;
		b->out->skipped_cnt++;
	}
	b->out->skipped = skipped;
	return 0;
}

static void
note_pins(const struct obj_build *b)
{
	const char *before = "";

	for (uint32_t i = 0; i < b->out->map_cnt; i++) {
		const struct xb_map_def *m = &b->out->maps[i];

		if (!m->pinned)
			continue;
		if (!*before)
			xb_log_add(b->log,
				"note: %s: maps that ask for a pin get none, nobody else sees "
				"them:",
				b->out->path);
		xb_log_add(b->log, "%s '%s'", before, m->name);
		before = ",";
	}
	if (*before)
		xb_log_add(b->log, "\n");
}

static int
build(struct obj_build *b)
{
	int err = obj_elf_read(&b->elf);

	err = err ? err : check_btf(b);
	err = err ? err : obj_choose(b);
	if (err)
		return err;
	b->out->legacy = b->elf.legacy_maps != 0;
	b->out->path = obj_strdup(b->out, b->elf.path);
	b->out->progs = obj_alloc(b->out, b->out->prog_cnt + 1, sizeof(*b->out->progs));
	if (!b->out->path || !b->out->progs || add_skipped(b))
		return obj_fail(&b->elf, ENOMEM, NULL, "out of memory");
	err = take_license(b);
	if (b->out->prog_cnt == 0)
		return err;
	err = err ? err : b->by_section ? obj_load_by_section(b) : obj_load_libbpf(b);
	if (err)
		return err;
	b->out->btf = b->btf;
	b->btf = NULL;
	note_pins(b);
	return 0;
}

struct xb_object *
xb_object_open(const char *path, const struct xb_object_opts *opts, struct xb_log *log)
{
	static const struct xb_object_opts none;
	struct obj_build b = {
		.opts = opts ? opts : &none, .log = log, .elf = { .path = path, .log = log }
	};
	struct owner *owner = calloc(1, sizeof(*owner));
	int err;

	if (!owner)
		return NULL;
	if (b.opts->called)
		b.elf.path = b.opts->called;
	b.out = &owner->pub;
	err = obj_read_file(path, log, &b.elf.image, &b.elf.size);
	if (!err) {
		obj_quiet_begin();
		err = build(&b);
		obj_quiet_end();
		obj_elf_free(&b.elf);
	}
	free(b.cands);
	free(b.elf.image);
	btf__free(b.btf);
	if (!err)
		return b.out;
	xb_object_close(b.out);
	errno = -err;
	return NULL;
}
