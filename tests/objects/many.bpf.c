/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* A thousand programs. */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

#define PROG(n)                                                                                    \
	SEC("xdp")                                                                                 \
	int p##n(struct xdp_md *ctx)                                                               \
	{                                                                                          \
		return XDP_PASS;                                                                   \
	}
#define TEN(n)                                                                                     \
	PROG(n##0)                                                                                 \
	PROG(n##1)                                                                                 \
	PROG(n##2)                                                                                 \
	PROG(n##3)                                                                                 \
	PROG(n##4)                                                                                 \
	PROG(n##5)                                                                                 \
	PROG(n##6)                                                                                 \
	PROG(n##7)                                                                                 \
	PROG(n##8)                                                                                 \
	PROG(n##9)
#define HUNDRED(n)                                                                                 \
	TEN(n##0)                                                                                  \
	TEN(n##1)                                                                                  \
	TEN(n##2)                                                                                  \
	TEN(n##3)                                                                                  \
	TEN(n##4)                                                                                  \
	TEN(n##5)                                                                                  \
	TEN(n##6)                                                                                  \
	TEN(n##7)                                                                                  \
	TEN(n##8)                                                                                  \
	TEN(n##9)

HUNDRED(1)
HUNDRED(2)
HUNDRED(3)
HUNDRED(4)
HUNDRED(5)
HUNDRED(6)
HUNDRED(7)
HUNDRED(8)
HUNDRED(9)
HUNDRED(10)
