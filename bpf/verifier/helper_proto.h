/* SPDX-License-Identifier: BSD-2-Clause */
/* The shape of a row of protos.def, for check_helper.c, check_arg.c and helpers.c. */
#ifndef XB_VERIFIER_HELPER_PROTO_H
#define XB_VERIFIER_HELPER_PROTO_H

#include "bpf/verifier/env.h"

/* Kinds of arguments, after the kernel's enum bpf_arg_type. */
enum xv_arg {
	XV_ARG_NONE,
	XV_ARG_ANYTHING,    /* any initialised value */
	XV_ARG_CTX,	    /* the context */
	XV_ARG_MAP,	    /* a map */
	XV_ARG_KEY,	    /* memory of the map's key size */
	XV_ARG_VALUE,	    /* memory of the map's value size */
	XV_ARG_MEM,	    /* memory, its size next */
	XV_ARG_SIZE,	    /* more than 0 */
	XV_ARG_SIZE0,	    /* or 0 */
	XV_ARG_ALLOC_SIZE0, /* a constant: the size of what is returned */
	XV_ARG_SOCK_COMMON, /* a socket of any kind */
	XV_ARG_BTF_SOCK,    /* the same, or a kernel structure */
	XV_ARG_RINGBUF,	    /* what ringbuf_reserve returned */
	XV_ARG_CONST_STR,   /* a string in a constant map */
	XV_ARG_CNT,
};

#define XV_ARG_KIND 0xffu
#define XV_ARG_NULLABLE 0x100u /* or NULL */
#define XV_ARG_RDONLY 0x200u   /* the helper only reads it */
#define XV_ARG_WRITE 0x400u    /* the helper writes it */
#define XV_ARG_UNINIT 0x800u   /* and does not read it first */
#define XV_ARG_FIXED 0x1000u   /* the size is in the upper bits */
#define XV_ARG_ALIGNED 0x2000u
#define XV_ARG_RELEASE 0x4000u /* the reference ends here */
#define XV_ARG_SIZE_SHIFT 16

enum xv_ret {
	XV_RET_INTEGER,
	XV_RET_VOID,
	XV_RET_VALUE_OR_NULL,
	XV_RET_SOCKET_OR_NULL,
	XV_RET_SOCK_COMMON_OR_NULL,
	XV_RET_TCP_SOCK_OR_NULL,
	XV_RET_RINGBUF_OR_NULL,
};

#define XV_HELPER_PKT 1u

struct xv_proto {
	bool is_row; /* there is one */
	uint8_t flags, ret;
	uint32_t arg[5];
	const char *refused; /* what this verifier does not know; NULL: all is known */
};

/* What one argument tells of the others. */
struct xv_call {
	const struct xv_proto *proto;
	int32_t id;
	const struct xb_map_def *map;
	uint32_t ref_obj_id;
	unsigned int release_regno; /* 0: none */
	uint32_t mem_size;
	uint64_t max_size;
	struct xv_raw raw;
};

const char *xv_helper_name(int32_t id);
/* NULL: no row of protos.def is about it. */
const struct xv_proto *xv_proto_of(int32_t id);
/* check_arg.c: argument i (0-4) of the call. */
int xv_check_arg(struct xb_verify_env *env, struct xv_call *call, unsigned int i);

#endif
