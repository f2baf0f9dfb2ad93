/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * .BTF.ext: function, line and CO-RE records of each section. Checked before libbpf sees them;
 * object_legacy.c reads them itself, because nothing else does there.
 *
 *   header | record size, (section name, count, records...)... | the same for lines | and CO-RE
 */
#include "bpf/object_internal.h"

#include <errno.h>
#include <linux/btf.h>
#include <stdlib.h>
#include <string.h>

/* The header, as far as it is used. libbpf keeps its own to itself. */
struct ext_header {
	uint16_t magic;
	uint8_t version;
	uint8_t flags;
	uint32_t hdr_len;
	struct {
		uint32_t off, len;
	} info[OBJ_EXT_CNT]; /* func, line; CO-RE only when hdr_len says so */
};

static const struct {
	const char *name;
	uint32_t min_rec_size;
} kinds[OBJ_EXT_CNT] = {
	[OBJ_EXT_FUNC] = { "function", sizeof(struct bpf_func_info) },
	[OBJ_EXT_LINE] = { "line", sizeof(struct bpf_line_info) },
	[OBJ_EXT_CORE] = { "CO-RE", sizeof(struct bpf_core_relo) },
};

/* A section has one list of each kind; see MAX_SECTIONS. And libbpf searches all of the kernel's
 * types for a CO-RE record. */
#define MAX_LISTS 1024u
#define MAX_CORE_RECORDS 16384u

#define HDR_WITHOUT_CORE offsetof(struct ext_header, info[OBJ_EXT_CORE])

static uint32_t
get32(const uint8_t *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

static int
bad(const struct obj_elf *elf, enum obj_ext kind, const char *what)
{
	return obj_fail(elf, ENOEXEC, ".BTF.ext", "%s records: %s", kinds[kind].name, what);
}

/* Read the header; info of what is not there is zero. */
static int
read_header(const struct obj_elf *elf, struct ext_header *h)
{
	const struct obj_sec *sec = &elf->secs[elf->btf_ext];

	*h = (struct ext_header){ 0 };
	if (sec->size < HDR_WITHOUT_CORE)
		return obj_fail(elf, ENOEXEC, sec->name, "%llu bytes, too short",
			(unsigned long long)sec->size);
	memcpy(h, sec->data, HDR_WITHOUT_CORE);
	if (h->magic != BTF_MAGIC || h->version != BTF_VERSION || h->hdr_len < HDR_WITHOUT_CORE ||
		h->hdr_len % 4 || h->hdr_len > sec->size)
		return obj_fail(elf, ENOEXEC, sec->name,
			"not .BTF.ext: magic 0x%04x, version %u, header of %u bytes", h->magic,
			h->version, h->hdr_len);
	if (h->hdr_len >= sizeof(*h))
		memcpy(h, sec->data, sizeof(*h));
	return 0;
}

int
obj_btf_ext_walk(const struct obj_elf *elf, const struct btf *btf, enum obj_ext kind,
	int (*visit)(void *arg, const struct obj_ext_sec *sec), void *arg)
{
	const uint8_t *p, *end;
	struct obj_ext_sec out;
	struct ext_header h;

	if (!elf->btf_ext || !btf || read_header(elf, &h) || h.info[kind].len == 0)
		return 0;
	p = elf->secs[elf->btf_ext].data + h.hdr_len + h.info[kind].off;
	end = p + h.info[kind].len;
	out.rec_size = get32(p);
	p += 4;
	while (p < end) {
		int err;

		out.section = btf__str_by_offset(btf, get32(p));
		out.cnt = get32(p + 4);
		out.recs = p + 8;
		err = visit(arg, &out);
		if (err)
			return err;
		p = out.recs + (size_t)out.cnt * out.rec_size;
	}
	return 0;
}

static int
check_layout(const struct obj_elf *elf, const struct btf *btf, const struct ext_header *h,
	enum obj_ext kind)
{
	const struct obj_sec *sec = &elf->secs[elf->btf_ext];
	uint64_t body = sec->size - h->hdr_len, off = h->info[kind].off, len = h->info[kind].len;
	const uint8_t *p = sec->data + h->hdr_len + off;
	uint32_t rec_size, lists = 0;
	uint64_t records = 0;

	if (len == 0)
		return 0;
	if (off % 4 || off > body || len > body - off || len < 4 + 8)
		return bad(elf, kind, "outside of the section");
	rec_size = get32(p);
	if (rec_size % 4 || rec_size < kinds[kind].min_rec_size || rec_size > 4096)
		return bad(elf, kind, "of an impossible size");
	for (p += 4, len -= 4; len > 0;) {
		uint64_t bytes;

		if (len < 8)
			return bad(elf, kind, "cut off");
		bytes = 8 + (uint64_t)get32(p + 4) * rec_size;
		if (bytes > len || bytes == 8)
			return bad(elf, kind, "cut off");
		if (!btf__str_by_offset(btf, get32(p)) || !*btf__str_by_offset(btf, get32(p)))
			return bad(elf, kind, "of a section without a name");
		records += get32(p + 4);
		p += bytes;
		len -= bytes;
		if (++lists > MAX_LISTS || (kind == OBJ_EXT_CORE && records > MAX_CORE_RECORDS))
			return obj_fail(
				elf, EFBIG, ".BTF.ext", "too many %s records", kinds[kind].name);
	}
	return 0;
}

static int
check_line(const struct obj_elf *elf, const struct btf *btf, const struct obj_ext_sec *s,
	const uint8_t *rec)
{
	struct bpf_line_info line;

	memcpy(&line, rec, sizeof(line));
	if (!btf__str_by_offset(btf, line.file_name_off) || !btf__str_by_offset(btf, line.line_off))
		return obj_fail(elf, ENOEXEC, ".BTF.ext",
			"the line at byte %u of section '%s' has no file name or no text",
			line.insn_off, s->section);
	return 0;
}

static int
check_func(const struct obj_elf *elf, const struct btf *btf, const struct obj_ext_sec *s,
	const uint8_t *rec)
{
	const struct btf_type *t;
	struct bpf_func_info func;

	memcpy(&func, rec, sizeof(func));
	t = btf__type_by_id(btf, func.type_id);
	if (!t || !btf_is_func(t))
		return obj_fail(elf, ENOEXEC, ".BTF.ext",
			"the function at byte %u of section '%s' is type %u, no function",
			func.insn_off, s->section, func.type_id);
	return 0;
}

/* libbpf patches both halves of a 64-bit load without asking whether there are two. */
static int
check_core(const struct obj_elf *elf, const struct btf *btf, const struct obj_ext_sec *s,
	const uint8_t *rec)
{
	uint32_t off = get32(rec), type_id = get32(rec + 4), sec = obj_sec_by_name(elf, s->section);
	const struct obj_func *f;
	struct bpf_insn insn;

	if (!btf__type_by_id(btf, type_id) || !btf__str_by_offset(btf, get32(rec + 8)))
		return obj_fail(elf, ENOEXEC, ".BTF.ext",
			"the CO-RE record at byte %u of section '%s' is about type %u of %u", off,
			s->section, type_id, btf__type_cnt(btf));
	if (off % OBJ_INSN_BYTES)
		return obj_fail(elf, ENOEXEC, ".BTF.ext",
			"the CO-RE record at byte %u of section '%s' is inside of an instruction",
			off, s->section);
	if (!sec || !obj_sec_is_code(&elf->secs[sec]) || off >= elf->secs[sec].size)
		return 0; /* of no program */
	insn = obj_insn_at(elf, sec, off / OBJ_INSN_BYTES);
	f = obj_func_at(elf, sec, off / OBJ_INSN_BYTES);
	if (f && BPF_CLASS(insn.code) == BPF_LD && off / OBJ_INSN_BYTES + 1 >= f->insn + f->cnt)
		return obj_fail(elf, ENOEXEC, ".BTF.ext",
			"the CO-RE record at byte %u of section '%s' is about half of a 64-bit "
			"load",
			off, s->section);
	return 0;
}

struct check_arg {
	const struct obj_elf *elf;
	const struct btf *btf;
	enum obj_ext kind;
};

static int
check_section(void *arg, const struct obj_ext_sec *s)
{
	static int (*const checks[])(const struct obj_elf *, const struct btf *,
		const struct obj_ext_sec *, const uint8_t *) = {
		[OBJ_EXT_FUNC] = check_func,
		[OBJ_EXT_LINE] = check_line,
		[OBJ_EXT_CORE] = check_core,
	};
	const struct check_arg *a = arg;
	int err = 0;

	for (uint32_t i = 0; i < s->cnt && !err; i++)
		err = checks[a->kind](a->elf, a->btf, s, s->recs + (size_t)i * s->rec_size);
	return err;
}

int
obj_btf_ext_check(const struct obj_elf *elf, const struct btf *btf)
{
	struct ext_header h;
	int err = read_header(elf, &h);

	for (int kind = 0; kind < OBJ_EXT_CNT && !err; kind++) {
		struct check_arg arg = { elf, btf, (enum obj_ext)kind };

		err = check_layout(elf, btf, &h, arg.kind);
		err = err ? err : obj_btf_ext_walk(elf, btf, arg.kind, check_section, &arg);
	}
	return err;
}

bool
obj_btf_ext_has_core(const struct obj_elf *elf)
{
	struct ext_header h;

	return elf->btf_ext && !read_header(elf, &h) && h.info[OBJ_EXT_CORE].len;
}

void
obj_btf_ext_drop_core(struct obj_elf *elf)
{
	static const uint32_t none;

	memcpy(elf->secs[elf->btf_ext].data + offsetof(struct ext_header, info[OBJ_EXT_CORE].len),
		&none, sizeof(none));
}
