/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * bpf_xdp_adjust_head, _meta and _tail against the running kernel: random sequences of calls, their
 * results, the packet's bounds after them and its bytes. Usage: xdp_adjust_kernel_test [SEED]
 */
#include "bpf/internal.h"
#include "bpf/xb.h"
#include "tests/diff/oracle.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CALLS 4u
#define ROUNDS 1500
#define BUF 4096u
#define HEADROOM 256u /* XDP_PACKET_HEADROOM of BPF_PROG_TEST_RUN */

enum { HEAD = 44, META = 54, TAIL = 65 };

struct calls {
	uint32_t n, packet_bytes;
	struct {
		int32_t id, offset;
	} call[CALLS];
};

/* What either side did. */
struct outcome {
	int64_t ret[CALLS];
	int64_t bytes, meta_bytes;
	uint8_t packet[BUF]; /* metadata in front */
};

#define MOV(dst, src)                                                                              \
	{                                                                                          \
		BPF_ALU64 | BPF_MOV | BPF_X, dst, src, 0, 0                                        \
	}
#define SET(dst, value)                                                                            \
	{                                                                                          \
		BPF_ALU64 | BPF_MOV | BPF_K, dst, 0, 0, value                                      \
	}
#define LDW(dst, src, off)                                                                         \
	{                                                                                          \
		BPF_LDX | BPF_MEM | BPF_W, dst, src, off, 0                                        \
	}
#define STD(dst, src, off)                                                                         \
	{                                                                                          \
		BPF_STX | BPF_MEM | BPF_DW, dst, src, off, 0                                       \
	}
#define SUB(dst, src)                                                                              \
	{                                                                                          \
		BPF_ALU64 | BPF_SUB | BPF_X, dst, src, 0, 0                                        \
	}
#define CALL(id)                                                                                   \
	{                                                                                          \
		BPF_JMP | BPF_CALL, 0, 0, 0, id                                                    \
	}
#define EXIT                                                                                       \
	{                                                                                          \
		BPF_JMP | BPF_EXIT, 0, 0, 0, 0                                                     \
	}

/* r6: the context, r7: element 0 of the map, where results go. */
static int
load(const struct calls *c, int map)
{
	struct bpf_insn insns[64] = {
		MOV(6, 1),
		{ BPF_ST | BPF_MEM | BPF_W, 10, 0, -4, 0 },
		{ BPF_LD | BPF_DW | BPF_IMM, 1, BPF_PSEUDO_MAP_FD, 0, map },
		{ .code = 0 },
		MOV(2, 10),
		{ BPF_ALU64 | BPF_ADD | BPF_K, 2, 0, 0, -4 },
		CALL(1),
		{ BPF_JMP | BPF_JNE | BPF_K, 0, 0, 1, 0 },
		EXIT,
		MOV(7, 0),
	};
	const struct bpf_insn bounds[] = {
		LDW(2, 6, offsetof(struct xdp_md, data_end)),
		LDW(3, 6, offsetof(struct xdp_md, data)),
		LDW(4, 6, offsetof(struct xdp_md, data_meta)),
		SUB(2, 3),
		SUB(3, 4),
		STD(7, 2, offsetof(struct outcome, bytes)),
		STD(7, 3, offsetof(struct outcome, meta_bytes)),
		SET(0, XDP_PASS),
		EXIT,
	};
	uint32_t at = 10;

	for (uint32_t i = 0; i < c->n; i++) {
		const struct bpf_insn one[] = { MOV(1, 6), SET(2, c->call[i].offset),
			CALL(c->call[i].id),
			STD(7, 0, (int16_t)(offsetof(struct outcome, ret) + 8 * i)) };

		memcpy(&insns[at], one, sizeof(one));
		at += ARRAY_SIZE(one);
	}
	memcpy(&insns[at], bounds, sizeof(bounds));
	return bpf_prog_load(
		BPF_PROG_TYPE_XDP, "adjust", "GPL", insns, at + ARRAY_SIZE(bounds), NULL);
}

static void
fill(uint8_t *p, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		p[i] = (uint8_t)(i * 7 + 3);
}

static void
run_kernel(const struct calls *c, struct outcome *out)
{
	int map = bpf_map_create(
		BPF_MAP_TYPE_ARRAY, "out", 4, offsetof(struct outcome, packet), 1, NULL);
	int prog = load(c, map);
	uint8_t in[BUF];
	uint32_t key = 0;
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = in, .data_size_in = c->packet_bytes,
		.data_out = out->packet, .data_size_out = BUF);

	if (map < 0 || prog < 0)
		die("cannot load: %s", strerror(errno));
	fill(in, c->packet_bytes);
	if (bpf_prog_test_run_opts(prog, &opts) || opts.retval != XDP_PASS)
		die("cannot run: %s, %u", strerror(errno), opts.retval);
	bpf_map_lookup_elem(map, &key, out);
	if (opts.data_size_out != out->meta_bytes + out->bytes)
		die("%u bytes came back of %lld", opts.data_size_out, (long long)out->bytes);
	close(prog);
	close(map);
}

/* Our model of the kernel's buffer: what adjust_head and adjust_tail leave at the ends. */
struct room {
	uint32_t head, tail_end;
};

static void
run_ours(const struct calls *c, const struct room *room, struct outcome *out)
{
	static uint8_t buf[BUF];
	static struct xb_vm vm;
	struct xb_xdp pkt = { .hard_start = buf + HEADROOM - room->head,
		.data_meta = buf + HEADROOM,
		.data = buf + HEADROOM,
		.data_end = buf + HEADROOM + c->packet_bytes,
		.hard_end = buf + room->tail_end };

	memset(buf, 0, sizeof(buf)); /* as the kernel's */
	fill(pkt.data, c->packet_bytes);
	vm.pkt = &pkt;
	for (uint32_t i = 0; i < c->n; i++)
		out->ret[i] =
			(int64_t)xb_helper_by_id(c->call[i].id)
				->fn(&vm, (uintptr_t)vm.pkt, (uint64_t)c->call[i].offset, 0, 0, 0);
	out->bytes = pkt.data_end - pkt.data;
	out->meta_bytes = pkt.data - pkt.data_meta;
	memcpy(out->packet, pkt.data_meta, (size_t)(pkt.data_end - pkt.data_meta));
}

/* The farthest the kernel lets one call go, by halving. */
static int32_t
farthest(int32_t id, int32_t sign)
{
	int32_t good = 0, bad = (int32_t)BUF;

	while (bad - good > 1) {
		int32_t mid = (good + bad) / 2;
		struct calls c = { 1, 64, { { id, sign * mid } } };
		static struct outcome out;

		run_kernel(&c, &out);
		*(out.ret[0] ? &bad : &good) = mid;
	}
	return good;
}

static void
draw_calls(struct calls *c, uint64_t *seed)
{
	static const int32_t ids[] = { HEAD, META, TAIL };
	static const uint32_t reach[] = { 8, 64, 300, 4096 };

	*c = (struct calls){ .n = 1 + draw(seed, CALLS), .packet_bytes = 14 + draw(seed, 200) };
	for (uint32_t i = 0; i < c->n; i++) {
		uint32_t r = reach[draw(seed, 4)];

		c->call[i].id = ids[draw(seed, 3)];
		c->call[i].offset = (int32_t)draw(seed, 2 * r) - (int32_t)r;
		if (draw(seed, 2))
			c->call[i].offset &= ~3;
	}
}

static void
compare(const struct calls *c, const struct room *room)
{
	static struct outcome kernel, ours;

	memset(&kernel, 0, sizeof(kernel));
	memset(&ours, 0, sizeof(ours));
	run_kernel(c, &kernel);
	run_ours(c, room, &ours);
	for (uint32_t i = 0; i < c->n; i++)
		if (kernel.ret[i] != ours.ret[i])
			die("%u bytes, call %u: helper %d, %d: kernel %lld, ours %lld",
				c->packet_bytes, i, c->call[i].id, c->call[i].offset,
				(long long)kernel.ret[i], (long long)ours.ret[i]);
	if (kernel.bytes != ours.bytes || kernel.meta_bytes != ours.meta_bytes)
		die("bounds: kernel %lld and %lld, ours %lld and %lld", (long long)kernel.bytes,
			(long long)kernel.meta_bytes, (long long)ours.bytes,
			(long long)ours.meta_bytes);
	if (memcmp(kernel.packet, ours.packet, (size_t)(ours.meta_bytes + ours.bytes)) != 0)
		die("the packets differ");
}

int
main(int argc, char **argv)
{
	struct room room;
	uint64_t seed;

	need_bpf();
	need_linux(6, 12);
	room.head = (uint32_t)farthest(HEAD, -1);
	room.tail_end = HEADROOM + 64 + (uint32_t)farthest(TAIL, 1);
	printf("headroom %u, end of tailroom %u\n", room.head, room.tail_end);
	seed = seed_of(argc, argv);
	for (unsigned int i = 0; i < ROUNDS; i++) {
		struct calls c;

		draw_calls(&c, &seed);
		compare(&c, &room);
	}
	return 0;
}
