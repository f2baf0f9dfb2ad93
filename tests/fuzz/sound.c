/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The verifier and the two engines check each other. A program's result may depend on addresses
 * or on time (privileged programs may return a pointer): the checked engine runs it twice, in two
 * machines, and only what does the same in both is compared with the fast engine. Two machines may
 * agree by chance where the third one's addresses say otherwise, so a difference counts when it is
 * there with the fast engine in another place, too.
 */
#include "tests/fuzz/sound.h"

#include "bpf/verifier/verifier.h"
#include "bpf/xb.h"
#include "tests/diff/gen.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define MAPS 7 /* of gen_maps: what the host engine implements */
#define KEYS 6 /* keys of every map that are filled and compared */
#define PACKETS 8
#define HEADROOM_BYTES 256
#define PACKET_MAX_BYTES 160
#define BUF_BYTES (HEADROOM_BYTES + PACKET_MAX_BYTES + 64)

/* One engine with everything a program can touch. */
struct machine {
	struct xb_vm *vm;
	struct xb_map *maps[MAPS];
	struct xb_image *image;
	uint8_t buf[BUF_BYTES];
	struct xb_xdp pkt;
	uint64_t ret;
};

struct run {
	struct bpf_insn *insns;
	uint32_t cnt;
	uint64_t rng;
	bool *is_ctx_access;
	struct machine machines[3]; /* one is fast, two are checked */
	char *why;
	size_t why_size;
};

static uint32_t
roll(struct run *r, uint32_t below)
{
	r->rng ^= r->rng << 13;
	r->rng ^= r->rng >> 7;
	r->rng ^= r->rng << 17;
	return (uint32_t)(r->rng >> 32) % below;
}

static enum sound __attribute__((format(printf, 2, 3))) broken(struct run *r, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(r->why, r->why_size, fmt, ap);
	va_end(ap);
	return SOUND_BROKEN;
}

/* ---- machines ---- */

static void
close_machine(struct machine *m)
{
	xb_image_free(m->image);
	for (size_t i = 0; i < MAPS; i++)
		xb_map_free(m->maps[i]);
	xb_vm_free(m->vm);
}

/* 0, or -errno. The kernel overlooks some reserved fields, RFC 9669 and xb_image_new() do not. */
static int
open_machine(struct run *r, struct machine *m, enum xb_engine engine)
{
	const struct xb_image_opts opts = {
		.type = BPF_PROG_TYPE_XDP,
		.engine = engine,
		.gpl_compatible = true,
		.maps = m->maps,
		.map_cnt = MAPS,
		.is_ctx_access = r->is_ctx_access,
	};
	struct xb_log log = { 0 };

	m->vm = xb_vm_new(0);
	for (size_t i = 0; i < MAPS; i++)
		m->maps[i] = xb_map_new(&gen_maps[i], 1, NULL);
	m->image = xb_image_new(r->insns, r->cnt, &opts, &log);
	if (!m->image) {
		int err = -errno;

		broken(r, "%s", xb_log_text(&log));
		xb_log_free(&log);
		return err;
	}
	xb_log_free(&log);
	return 0;
}

/* Some keys of some maps get some values, the same in all machines. */
static void
fill_maps(struct run *r)
{
	for (size_t map = 0; map < MAPS; map++) {
		for (uint64_t key = 0; key < KEYS; key++) {
			uint8_t value[64];

			if (gen_maps[map].frozen || gen_maps[map].type == BPF_MAP_TYPE_PROG_ARRAY ||
				roll(r, 4) == 0)
				continue;
			for (size_t i = 0; i < sizeof(value); i++)
				value[i] = (uint8_t)(roll(r, 2) ? roll(r, 256) : 0);
			for (size_t i = 0; i < 3; i++)
				xb_map_user_update(r->machines[i].maps[map], &key, value, 0);
		}
	}
}

/* Lengths around what this program checks for, or around what programs do. */
static uint32_t
roll_length(struct run *r)
{
	static const uint32_t usual[] = { 0, 1, 4, 8, 14, 18, 20, 34, 42, 54, 64, 100 };

	for (int tries = 0; tries < 16; tries++) {
		const struct bpf_insn *insn = &r->insns[roll(r, r->cnt)];

		if (insn->code == (BPF_ALU64 | BPF_ADD | BPF_K) && insn->imm > 0 &&
			insn->imm < (int32_t)PACKET_MAX_BYTES)
			return (uint32_t)insn->imm - (roll(r, 4) == 0);
	}
	return roll(r, 2) ? usual[roll(r, sizeof(usual) / sizeof(usual[0]))]
			  : roll(r, PACKET_MAX_BYTES);
}

static void
fill_packet(struct run *r)
{
	uint32_t len = roll_length(r), meta = 4 * roll(r, 3);
	uint8_t bytes[BUF_BYTES];

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(roll(r, 3) ? roll(r, 256) : 0);
	for (size_t i = 0; i < 3; i++) {
		struct machine *m = &r->machines[i];

		memcpy(m->buf, bytes, sizeof(bytes));
		m->pkt = (struct xb_xdp){
			.hard_start = m->buf,
			.data_meta = m->buf + HEADROOM_BYTES - meta,
			.data = m->buf + HEADROOM_BYTES,
			.data_end = m->buf + HEADROOM_BYTES + len,
			.hard_end = m->buf + BUF_BYTES,
			.ingress_ifindex = 1,
			.rx_queue_index = roll(r, 2),
		};
		m->pkt.rx_queue_index = r->machines[0].pkt.rx_queue_index;
	}
}

/* ---- runs ---- */

static bool
are_maps_same(const struct machine *a, const struct machine *b)
{
	for (size_t map = 0; map < MAPS; map++) {
		for (uint64_t key = 0; key < KEYS; key++) {
			uint8_t va[64] = { 0 }, vb[64] = { 0 };
			int ea, eb;

			if (gen_maps[map].type == BPF_MAP_TYPE_PROG_ARRAY)
				continue;
			ea = xb_map_user_lookup(a->maps[map], &key, va);
			eb = xb_map_user_lookup(b->maps[map], &key, vb);
			if (ea != eb || memcmp(va, vb, sizeof(va)))
				return false;
		}
	}
	return true;
}

static bool
are_same(const struct machine *a, const struct machine *b)
{
	return a->ret == b->ret && a->pkt.data - a->buf == b->pkt.data - b->buf &&
	       a->pkt.data_end - a->buf == b->pkt.data_end - b->buf &&
	       a->pkt.data_meta - a->buf == b->pkt.data_meta - b->buf &&
	       !memcmp(a->buf, b->buf, BUF_BYTES) && are_maps_same(a, b);
}

static bool
reads_a_clock(const struct run *r)
{
	for (uint32_t i = 0; i < r->cnt; i++)
		if (r->insns[i].code == (BPF_JMP | BPF_CALL) && r->insns[i].src_reg == 0 &&
			(r->insns[i].imm == BPF_FUNC_ktime_get_ns ||
				r->insns[i].imm == BPF_FUNC_ktime_get_boot_ns))
			return true;
	return false;
}

static enum sound
run_packets(struct run *r, int fast)
{
	struct machine *checked[2] = { &r->machines[fast == 0], &r->machines[fast == 2 ? 1 : 2] };
	struct machine *m = &r->machines[fast];
	bool is_comparable = !reads_a_clock(r);

	for (int n = 0; n < PACKETS; n++) {
		fill_packet(r);
		for (int i = 0; i < 2; i++)
			if (xb_vm_run_xdp(checked[i]->vm, checked[i]->image, &checked[i]->pkt,
				    &checked[i]->ret))
				return broken(r, "packet %d: insn %u: %s", n,
					xb_vm_fault(checked[i]->vm)->insn,
					xb_vm_fault(checked[i]->vm)->text);
		xb_vm_run_xdp(m->vm, m->image, &m->pkt, &m->ret);
		if (!are_same(checked[0], checked[1]))
			is_comparable = false; /* depends on addresses, now or later */
		if (is_comparable && !are_same(checked[0], m))
			return broken(r, "packet %d: the engines differ: r0 0x%llx and 0x%llx", n,
				(unsigned long long)checked[0]->ret, (unsigned long long)m->ret);
		xb_map_quiescent(0);
	}
	return SOUND_RAN;
}

static enum sound
run_machines(struct run *r, int fast)
{
	enum sound sound = SOUND_RAN;
	int err = 0;

	for (int i = 0; i < 3 && !err; i++)
		err = open_machine(
			r, &r->machines[i], i == fast ? XB_ENGINE_FAST : XB_ENGINE_CHECKED);
	if (err) {
		sound = SOUND_CANNOT_RUN;
	} else {
		fill_maps(r);
		sound = run_packets(r, fast);
	}
	for (int i = 0; i < 3; i++)
		close_machine(&r->machines[i]);
	memset(r->machines, 0, sizeof(r->machines));
	return sound;
}

/* Whatever is wrong must be wrong both ways. */
static enum sound
run_accepted(struct run *r)
{
	const uint64_t rng = r->rng;
	enum sound sound = run_machines(r, 2);

	for (int fast = 0; fast < 2 && sound == SOUND_BROKEN; fast++) {
		r->rng = rng;
		sound = run_machines(r, fast);
	}
	return sound;
}

/* Nobody looked at dead code: it becomes jumps to themselves (kernel: sanitize_dead_code). */
static void
note_context_loads(struct run *r, const struct xb_facts *facts)
{
	for (uint32_t i = 0; i < r->cnt; i++)
		r->is_ctx_access[i] = facts->insns[i].is_ctx_access;
}

enum sound
sound_check(const struct bpf_insn *insns, uint32_t cnt, uint64_t seed, char *why, size_t why_size)
{
	const struct xb_verify_opts opts = {
		.type = BPF_PROG_TYPE_XDP,
		.gpl_compatible = true,
		.maps = gen_maps,
		.map_cnt = MAPS,
	};
	struct xb_facts facts = { 0 };
	struct run *r = calloc(1, sizeof(*r));
	enum sound sound = SOUND_REFUSED;

	if (!r)
		abort();
	*r = (struct run){ .cnt = cnt, .why = why, .why_size = why_size };
	r->rng = seed * UINT64_C(0x9e3779b97f4a7c15) | 1;
	if (xb_verify(insns, cnt, &opts, &facts, NULL) == 0) {
		r->is_ctx_access = calloc(cnt, sizeof(bool));
		r->insns = calloc(cnt, sizeof(*insns));
		if (!r->is_ctx_access || !r->insns)
			abort();
		memcpy(r->insns, insns, cnt * sizeof(*insns));
		note_context_loads(r, &facts);
		xb_facts_bury_dead(&facts, r->insns);
		xb_facts_free(&facts);
		sound = run_accepted(r);
		free(r->is_ctx_access);
		free(r->insns);
	}
	free(r);
	return sound;
}
