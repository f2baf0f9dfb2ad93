/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Is a piece of BTF what it should be? Called for the object's .BTF and for the file of --btf,
 * before libbpf sees them.
 *
 * libbpf 1.1 checks that types and strings lie inside of the data and no more (it looks at every
 * type only since 1.3): a reference to a type that is not there, a typedef of itself, or a section
 * entry that is no variable makes it follow NULL, run forever, or write past the end. The layout
 * is Documentation/bpf/btf.rst of the kernel.
 */
#include "bpf/object_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* The kernel's: BTF_MAX_SIZE, BTF_MAX_TYPE. A kernel's own BTF is within them. */
#define MAX_BYTES (16u << 20)
#define MAX_TYPES 0xfffffu
/* By-value nesting (struct in struct, array of typedef of ...) that libbpf follows recursively. */
#define MAX_NESTING 256u
/* Members CO-RE may have to look at for one field, anonymous members counted as often as met. */
#define MAX_MEMBERS (1u << 20)
/* libbpf puts the extern variables of .kconfig into one map. */
#define MAX_KCONFIG_BYTES 4096u

/* What follows the 12 bytes of struct btf_type, in words of 4 bytes. */
static const struct {
	const char *name;
	uint8_t words, words_each; /* once; for each of vlen items */
	bool refers;		   /* its `type` field is a type */
	bool by_value;		   /* ... of which it is made */
} kinds[NR_BTF_KINDS] = {
	[BTF_KIND_INT] = { "int", 1, 0, false, false },
	[BTF_KIND_PTR] = { "ptr", 0, 0, true, false },
	[BTF_KIND_ARRAY] = { "array", 3, 0, false, false },
	[BTF_KIND_STRUCT] = { "struct", 0, 3, false, false },
	[BTF_KIND_UNION] = { "union", 0, 3, false, false },
	[BTF_KIND_ENUM] = { "enum", 0, 2, false, false },
	[BTF_KIND_FWD] = { "fwd", 0, 0, false, false },
	[BTF_KIND_TYPEDEF] = { "typedef", 0, 0, true, true },
	[BTF_KIND_VOLATILE] = { "volatile", 0, 0, true, true },
	[BTF_KIND_CONST] = { "const", 0, 0, true, true },
	[BTF_KIND_RESTRICT] = { "restrict", 0, 0, true, true },
	[BTF_KIND_FUNC] = { "func", 0, 0, true, false },
	[BTF_KIND_FUNC_PROTO] = { "func_proto", 0, 2, true, false },
	[BTF_KIND_VAR] = { "var", 1, 0, true, true },
	[BTF_KIND_DATASEC] = { "datasec", 0, 3, false, false },
	[BTF_KIND_FLOAT] = { "float", 0, 0, false, false },
	[BTF_KIND_DECL_TAG] = { "decl_tag", 1, 0, true, false },
	[BTF_KIND_TYPE_TAG] = { "type_tag", 0, 0, true, true },
	[BTF_KIND_ENUM64] = { "enum64", 0, 3, false, false },
};

/* What is known of a type's value: how deep it nests, how large it is, how many members. */
struct facts {
	uint64_t size;
	uint32_t members;
	uint16_t nesting; /* 0: not looked at yet */
	bool under_way;
};

struct check {
	const char *who;
	struct xb_log *log;
	uint8_t *data; /* aligned copy */
	const uint8_t *types;
	uint32_t type_len;
	const char *strs;
	uint32_t str_len;
	uint32_t *off; /* of each type; [0] is void */
	struct facts *facts;
	uint32_t cnt;
};

static int bad(const struct check *c, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static int
bad(const struct check *c, const char *fmt, ...)
{
	va_list ap;

	xb_log_add(c->log, "%s: ", c->who);
	va_start(ap, fmt);
	xb_log_vadd(c->log, fmt, ap);
	va_end(ap);
	xb_log_add(c->log, "\n");
	return -ENOEXEC;
}

static const struct btf_type *
type_of(const struct check *c, uint32_t id)
{
	static const struct btf_type nothing;

	return id ? (const struct btf_type *)(c->types + c->off[id]) : &nothing;
}

static const char *
kind_of(const struct check *c, uint32_t id)
{
	return id ? kinds[btf_kind(type_of(c, id))].name : "void";
}

/* ---- layout --------------------------------------------------------------------------------- */

static int
check_header(struct check *c, size_t size)
{
	struct btf_header h;
	size_t body;

	if (size < sizeof(h))
		return bad(c, "%zu bytes, too short for BTF", size);
	if (size > MAX_BYTES)
		return bad(c, "%zu bytes of BTF, more than %u", size, MAX_BYTES);
	memcpy(&h, c->data, sizeof(h));
	if (h.magic == 0x9feb)
		return bad(c, "big-endian BTF");
	if (h.magic != BTF_MAGIC || h.version != BTF_VERSION || h.hdr_len != sizeof(h))
		return bad(c, "not BTF: magic 0x%04x, version %u, header of %u bytes", h.magic,
			h.version, h.hdr_len);
	body = size - sizeof(h);
	if (h.type_off % 4 || h.type_off > body || h.type_len > body - h.type_off ||
		h.str_off > body || h.str_len > body - h.str_off ||
		h.type_off + h.type_len > h.str_off)
		return bad(c,
			"cut off or damaged: %u bytes of types at byte %u, %u bytes of strings at"
			" byte %u, in %zu",
			h.type_len, h.type_off, h.str_len, h.str_off, body);
	c->types = c->data + sizeof(h) + h.type_off;
	c->type_len = h.type_len;
	c->strs = (const char *)c->data + sizeof(h) + h.str_off;
	c->str_len = h.str_len;
	if (h.str_len == 0 || c->strs[0] != '\0' || c->strs[h.str_len - 1] != '\0')
		return bad(c, "the strings do not begin and end with an empty one");
	return 0;
}

static int
list_types(struct check *c)
{
	uint32_t off = 0;

	c->off = calloc(c->type_len / sizeof(struct btf_type) + 1, sizeof(*c->off));
	c->facts = calloc(c->type_len / sizeof(struct btf_type) + 1, sizeof(*c->facts));
	if (!c->off || !c->facts)
		return -ENOMEM;
	for (c->cnt = 1; off < c->type_len; c->cnt++) {
		const struct btf_type *t = (const void *)(c->types + off);
		uint64_t size = sizeof(*t);

		if (c->type_len - off < sizeof(*t))
			return bad(c, "type %u: cut off", c->cnt);
		if (btf_kind(t) >= NR_BTF_KINDS || !kinds[btf_kind(t)].name)
			return bad(c, "type %u: unknown kind %u", c->cnt, btf_kind(t));
		size += 4u * kinds[btf_kind(t)].words;
		size += 4u * kinds[btf_kind(t)].words_each * btf_vlen(t);
		if (size > c->type_len - off)
			return bad(c, "type %u (%s): cut off", c->cnt, kinds[btf_kind(t)].name);
		if (c->cnt > MAX_TYPES)
			return bad(c, "more than %u types", MAX_TYPES);
		c->off[c->cnt] = off;
		off += (uint32_t)size;
	}
	return 0;
}

/* ---- references ----------------------------------------------------------------------------- */

static int
check_name(const struct check *c, uint32_t id, uint32_t off)
{
	if (off < c->str_len)
		return 0;
	return bad(c, "type %u (%s): name at byte %u of %u", id, kind_of(c, id), off, c->str_len);
}

static int
check_ref(const struct check *c, uint32_t id, uint32_t ref)
{
	if (ref < c->cnt)
		return 0;
	return bad(c, "type %u (%s): refers to type %u of %u", id, kind_of(c, id), ref, c->cnt);
}

static int
check_named_refs(const struct check *c, uint32_t id, const struct btf_type *t, size_t words)
{
	const uint32_t *item = (const uint32_t *)(t + 1);
	int err = 0;

	/* struct btf_member and struct btf_param: name, type first. */
	for (uint32_t i = 0; i < btf_vlen(t) && !err; i++, item += words) {
		err = check_name(c, id, item[0]);
		err = err ? err : check_ref(c, id, item[1]);
	}
	return err;
}

static int
check_names(const struct check *c, uint32_t id, const struct btf_type *t, size_t words)
{
	const uint32_t *item = (const uint32_t *)(t + 1);
	int err = 0;

	for (uint32_t i = 0; i < btf_vlen(t) && !err; i++, item += words)
		err = check_name(c, id, item[0]);
	return err;
}

/* Entries of a data section are variables; those of .ksyms can be functions. */
static int
check_datasec(const struct check *c, uint32_t id, const struct btf_type *t)
{
	const struct btf_var_secinfo *v = btf_var_secinfos(t);
	bool ksyms = strcmp(c->strs + t->name_off, ".ksyms") == 0;

	for (uint32_t i = 0; i < btf_vlen(t); i++, v++) {
		int err = check_ref(c, id, v->type);

		if (err)
			return err;
		if (!btf_is_var(type_of(c, v->type)) &&
			!(ksyms && btf_is_func(type_of(c, v->type))))
			return bad(c, "type %u (datasec '%s'): entry %u is type %u, a %s", id,
				c->strs + t->name_off, i, v->type, kind_of(c, v->type));
	}
	return 0;
}

static int
check_type(const struct check *c, uint32_t id)
{
	const struct btf_type *t = type_of(c, id);
	int err = check_name(c, id, t->name_off);

	if (!err && kinds[btf_kind(t)].refers)
		err = check_ref(c, id, t->type);
	if (err)
		return err;
	switch (btf_kind(t)) {
	case BTF_KIND_ARRAY:
		err = check_ref(c, id, btf_array(t)->type);
		return err ? err : check_ref(c, id, btf_array(t)->index_type);
	case BTF_KIND_STRUCT:
	case BTF_KIND_UNION: return check_named_refs(c, id, t, 3);
	case BTF_KIND_FUNC_PROTO: return check_named_refs(c, id, t, 2);
	case BTF_KIND_ENUM: return check_names(c, id, t, 2);
	case BTF_KIND_ENUM64: return check_names(c, id, t, 3);
	case BTF_KIND_DATASEC: return check_datasec(c, id, t);
	case BTF_KIND_FUNC:
		if (btf_kind(type_of(c, t->type)) != BTF_KIND_FUNC_PROTO)
			return bad(c, "type %u (func): its type %u is a %s", id, t->type,
				kind_of(c, t->type));
		return 0;
	default: return 0;
	}
}

/* ---- values --------------------------------------------------------------------------------- */

static int look_at(const struct check *c, uint32_t id, uint32_t depth);

/* id is made of part, cnt times. */
static int
add_part(const struct check *c, uint32_t id, uint32_t part, uint32_t depth)
{
	struct facts *f = &c->facts[id], *p = &c->facts[part];
	int err = look_at(c, part, depth + 1);

	if (err)
		return err;
	if (p->nesting >= f->nesting)
		f->nesting = (uint16_t)(p->nesting + 1);
	if (f->nesting > MAX_NESTING)
		return bad(c, "type %u (%s): nested more than %u deep", id, kind_of(c, id),
			MAX_NESTING);
	return 0;
}

static int
add_members(const struct check *c, uint32_t id, const struct btf_type *t, uint32_t depth)
{
	const struct btf_member *m = btf_members(t);
	struct facts *f = &c->facts[id];

	for (uint32_t i = 0; i < btf_vlen(t); i++, m++) {
		int err = add_part(c, id, m->type, depth);

		if (err)
			return err;
		f->members += 1 + (c->strs[m->name_off] ? 0 : c->facts[m->type].members);
		if (f->members > MAX_MEMBERS)
			return bad(c, "type %u (%s): more than %u members", id, kind_of(c, id),
				MAX_MEMBERS);
	}
	f->size = t->size;
	return 0;
}

static int
add_array(const struct check *c, uint32_t id, const struct btf_array *a, uint32_t depth)
{
	int err = add_part(c, id, a->type, depth);

	if (!err && __builtin_mul_overflow(
			    c->facts[a->type].size, (uint64_t)a->nelems, &c->facts[id].size))
		c->facts[id].size = UINT64_MAX;
	return err;
}

static int
look_inside(const struct check *c, uint32_t id, uint32_t depth)
{
	const struct btf_type *t = type_of(c, id);
	struct facts *f = &c->facts[id];
	int err;

	if (kinds[btf_kind(t)].by_value) {
		err = add_part(c, id, t->type, depth);
		f->size = c->facts[t->type].size;
		f->members = c->facts[t->type].members;
		return err;
	}
	switch (btf_kind(t)) {
	case BTF_KIND_ARRAY: return add_array(c, id, btf_array(t), depth);
	case BTF_KIND_STRUCT:
	case BTF_KIND_UNION: return add_members(c, id, t, depth);
	case BTF_KIND_PTR: f->size = 8; return 0;
	case BTF_KIND_INT:
	case BTF_KIND_FLOAT:
	case BTF_KIND_ENUM:
	case BTF_KIND_ENUM64: f->size = t->size; return 0;
	default: return 0;
	}
}

/* Learn the facts of a type, from those it is made of; nothing may be made of itself. */
static int
look_at(const struct check *c, uint32_t id, uint32_t depth)
{
	struct facts *f = &c->facts[id];
	int err = 0;

	if (f->under_way)
		return bad(c, "type %u (%s): is made of itself", id, kind_of(c, id));
	if (f->nesting)
		return 0;
	if (depth > MAX_NESTING)
		return bad(c, "type %u (%s): nested more than %u deep", id, kind_of(c, id),
			MAX_NESTING);
	f->nesting = 1;
	if (id) {
		f->under_way = true;
		err = look_inside(c, id, depth);
		f->under_way = false;
	}
	return err;
}

static int
check_kconfig(const struct check *c, uint32_t id)
{
	const struct btf_type *t = type_of(c, id);
	const struct btf_var_secinfo *v = btf_var_secinfos(t);

	if (!btf_is_datasec(t) || strcmp(c->strs + t->name_off, ".kconfig") != 0)
		return 0;
	for (uint32_t i = 0; i < btf_vlen(t); i++, v++)
		if (c->facts[v->type].size > MAX_KCONFIG_BYTES)
			return bad(c,
				"type %u (datasec '.kconfig'): variable '%s' is larger than %u"
				" bytes",
				id, c->strs + type_of(c, v->type)->name_off, MAX_KCONFIG_BYTES);
	return 0;
}

static int
check_all(struct check *c, size_t size)
{
	int err = check_header(c, size);

	err = err ? err : list_types(c);
	for (uint32_t id = 1; id < c->cnt && !err; id++)
		err = check_type(c, id);
	for (uint32_t id = 1; id < c->cnt && !err; id++)
		err = look_at(c, id, 0);
	for (uint32_t id = 1; id < c->cnt && !err; id++)
		err = check_kconfig(c, id);
	return err;
}

int
obj_btf_check(const char *who, struct xb_log *log, const uint8_t *data, size_t size)
{
	struct check c = { .who = who, .log = log };
	int err = -ENOMEM;

	c.data = malloc(size + 1);
	if (c.data) {
		if (size)
			memcpy(c.data, data, size);
		err = check_all(&c, size);
	}
	if (err == -ENOMEM)
		xb_log_add(log, "%s: out of memory\n", who);
	free(c.data);
	free(c.off);
	free(c.facts);
	return err;
}
