/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A trace: what was executed for one packet, instruction by instruction, and what each changed. The
 * engines make rows (trace_bpf.c), trace.c prints them, cmd_trace.c has the packet.
 */
#ifndef APP_TRACE_H
#define APP_TRACE_H

#include <jansson.h>

#include "dpdk-app/check.h"
#include "dpdk-app/program.h"
#include "nic/firmware/firmware.h"

#define TRACE_CHANGES_MAX 24
#define TRACE_WHAT_BYTES 64
#define TRACE_NOW_BYTES 160
#define TRACE_TEXT_BYTES 256

/* "r2", "0x8"; "fp-8", "00 00 00 00"; a jump: "taken", "" */
struct trace_change {
	char what[TRACE_WHAT_BYTES];
	char now[TRACE_NOW_BYTES]; /* "": what says all */
};

/* An executed instruction. */
struct trace_row {
	const struct xb_prog *prog;
	uint32_t insn;
	unsigned int change_cnt;
	struct trace_change changes[TRACE_CHANGES_MAX];
};

struct trace {
	json_t *rows; /* NULL: they are printed as text */
	uint64_t row_cnt;
	const struct xb_prog *last_prog;
	const struct xb_line *last_line;
};

/* The packet of a trace, in a buffer as packet.h draws it. */
struct trace_packet {
	bool is_tc;	   /* skb is it, else xdp */
	struct xb_xdp xdp; /* on the host */
	struct xb_skb skb;
	uint64_t index;	  /* in the capture, the first is 0 */
	uint32_t missing; /* bytes that the capture does not have */
};

/* Where it is now. */
static inline const struct xb_xdp *
trace_packet_place(const struct trace_packet *packet)
{
	return packet->is_tc ? &packet->skb.pkt : &packet->xdp;
}

/* "pkt", "pkt+4", "pkt-4". */
void trace_name_at(char *name, size_t size, const char *base, int64_t at);
/* One more change; those beyond TRACE_CHANGES_MAX are left out. */
void trace_change(struct trace_row *row, const char *what, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* Bytes as hex, the first ones. */
void trace_change_bytes(
	struct trace_row *row, const char *what, const uint8_t *bytes, uint64_t size);
/* The stretches in which `is` differs from `was`, each by the name of its first byte. */
typedef bool trace_name_fn(const void *arg, const uint8_t *byte, char *name, size_t size);
void trace_change_where(struct trace_row *row, const uint8_t *was, const uint8_t *is, size_t size,
	trace_name_fn *name_of, const void *arg);
/* The changes, from that column on, and the end of the line; len: what is printed of it. */
void trace_print_changes(const struct trace_row *row, int len, int column);
json_t *trace_json_changes(const struct trace_row *row);
void trace_add(struct trace *t, const struct trace_row *row);

/* trace_bpf.c: the host engine. Runs the packet, which is what the program made of it then. 0 and
 * *r0, or -errno of the run; the last row says why. -ENOMEM also when there was no room. */
int trace_bpf(struct trace *t, struct program *p, struct xb_vm *vm, struct trace_packet *packet,
	uint64_t *r0);

/* trace_card.c: the card. */
struct trace_sum {
	uint64_t words;			/* executed */
	uint64_t cycles;		/* from the first to the last, waits and helpers included */
	uint64_t waits;			/* of these */
	uint64_t helper_calls, helpers; /* how many, and what they took of them */
};
/* Runs the frame on the engine, which is the only one, and shows it; map_numbers are the
 * firmware's, as the object's maps. 0; -EINVAL: the card gives no program such a frame; -ENOMEM. */
int trace_card(struct trace *t, const struct check *check, const uint32_t *map_numbers,
	struct nic_engine *engine, struct nic_frame *frame, struct trace_sum *sum);

#endif
