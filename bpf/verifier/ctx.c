/* SPDX-License-Identifier: BSD-2-Clause */
/* May this field of the context, or of a socket, be accessed so? A walk over ctx.def. */
#include "bpf/verifier/env.h"

enum object { XDP, SKB, COMMON, SOCK, TCP, XSK };
enum sizes { WORD, PTR, NARROW, FIRST, WIDE, BYTE, ANY, HALF };
enum writable { NO, YES, OFFLOAD };

struct field {
	enum object object;
	int start, end; /* bytes */
	enum sizes sizes;
	enum writable writable;
	uint32_t type;
};

static const struct field fields[] = {
#define CTX(obj, str, first, last, widths, writes, kind)                                           \
	{                                                                                          \
		.object = (obj),                                                                   \
		.start = offsetof(struct str, first),                                              \
		.end = offsetof(struct str, last) + sizeof(((struct str *)0)->last),               \
		.sizes = (widths),                                                                 \
		.writable = (writes),                                                              \
		.type = (kind),                                                                    \
	},
#include "bpf/verifier/ctx.def"
#undef CTX
};

static bool
is_size_ok(const struct field *f, int off, int size, bool is_write, bool is_signed)
{
	switch (f->sizes) {
	case WORD: return size == 4;
	case PTR: return size == 4 && !is_signed;
	case NARROW: return is_write ? size == 4 : size <= 4;
	case FIRST: return size <= 4 && off == f->start;
	case WIDE: return size == 8;
	case BYTE: return size == 1;
	case ANY: return off + size <= f->end;
	/* Programs used to load the 16-bit port with 4 bytes. */
	case HALF: return size <= 2 || (size == 4 && off == f->start);
	}
	return false;
}

static const struct field *
find(unsigned int objects, int off)
{
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++)
		if ((objects >> fields[i].object & 1) && off >= fields[i].start &&
			off < fields[i].end)
			return &fields[i];
	return NULL;
}

bool
xb_ctx_allows(enum bpf_prog_type prog_type, bool offloaded, int off, int size, bool is_write,
	bool is_signed, uint32_t *type)
{
	const struct field *f = find(prog_type == BPF_PROG_TYPE_XDP ? 1u << XDP : 1u << SKB, off);

	if (!f || off % size || !is_size_ok(f, off, size, is_write, is_signed))
		return false;
	if (is_write && f->writable != YES && !(f->writable == OFFLOAD && offloaded))
		return false;
	*type = f->type;
	return true;
}

bool
xv_ctx_allows(const struct xb_verify_env *env, int off, int size, bool is_write, bool is_signed,
	uint32_t *type)
{
	return xb_ctx_allows(
		env->opts->type, env->opts->offloaded, off, size, is_write, is_signed, type);
}

bool
xv_sock_allows(enum xb_reg_kind kind, int off, int size)
{
	const struct field *f = NULL;

	switch (kind) {
	case XB_PTR_SOCK_COMMON: f = find(1u << COMMON, off); break;
	case XB_PTR_SOCKET: f = find(1u << COMMON | 1u << SOCK, off); break;
	case XB_PTR_TCP_SOCK: f = find(1u << TCP, off); break;
	case XB_PTR_XDP_SOCK: f = find(1u << XSK, off); break;
	default: break;
	}
	return f && off % size == 0 && is_size_ok(f, off, size, false, false);
}
