/* SPDX-License-Identifier: BSD-2-Clause */
/* How fast the engines are here: one thread, the same packets from memory, each copied into its
 * buffer before it is run. */
#include "dpdk-app/bench.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#define SECONDS 0.25 /* at least, after a first pass that is not counted */
#define BATCH 256u   /* packets between two looks at the clock */

const char *const bench_speed_names[BENCH_SPEED_CNT] = {
#define X(id, name, title) [BENCH_##id] = (name),
	BENCH_SPEED_LIST(X)
#undef X
};
const char *const bench_speed_titles[BENCH_SPEED_CNT] = {
#define X(id, name, title) [BENCH_##id] = (title),
	BENCH_SPEED_LIST(X)
#undef X
};

double
bench_speed_mpps(const struct bench_speed *speed)
{
	return speed->seconds > 0 ? (double)speed->packets / speed->seconds / 1e6 : 0;
}

static double
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Runs packet `index`, which is at data. */
typedef void run_fn(struct bench *b, void *arg, uint32_t index, uint8_t *buf);

/* All packets once, then again and again until the time is over. */
static void
measure(struct bench *b, struct bench_speed *speed, run_fn *run, void *arg)
{
	uint8_t *buf = calloc(1, PACKETS_BUF_BYTES);
	uint32_t index = 0;
	double started;

	if (buf == NULL || b->packets.cnt == 0) {
		snprintf(speed->skipped, sizeof(speed->skipped), "%s",
			buf == NULL ? "no memory" : "no packet");
		free(buf);
		return;
	}
	for (uint32_t i = 0; i < b->packets.cnt; i++)
		run(b, arg, i, buf);
	started = now();
	do {
		for (uint32_t i = 0; i < BATCH; i++) {
			run(b, arg, index, buf);
			index = index + 1 < b->packets.cnt ? index + 1 : 0;
		}
		speed->packets += BATCH;
		speed->seconds = now() - started;
	} while (speed->seconds < SECONDS);
	free(buf);
}

/* ---- the host engine ---- */

static void
run_host(struct bench *b, void *arg, uint32_t index, uint8_t *buf)
{
	const uint32_t len = b->packets.packets[index].len;
	uint8_t *data = packets_put(&b->packets, index, buf);
	struct xb_xdp xdp = {
		.hard_start = buf + PKT_FRAME_BYTES,
		.data_meta = data,
		.data = data,
		.data_end = data + len,
		.hard_end = buf + PACKETS_BUF_BYTES,
		.ingress_ifindex = PKT_IFINDEX,
	};
	uint64_t r0;

	xb_vm_run_xdp(arg, b->program.image, &xdp, &r0);
	xb_map_quiescent(0);
}

static void
run_host_tc(struct bench *b, void *arg, uint32_t index, uint8_t *buf)
{
	const uint32_t len = b->packets.packets[index].len;
	uint8_t *data = packets_put(&b->packets, index, buf);
	struct xb_skb skb;
	uint64_t r0;

	xb_skb_init(&skb, buf, data, data + len, buf + PACKETS_BUF_BYTES);
	skb.md.ifindex = skb.md.ingress_ifindex = PKT_IFINDEX;
	if (xb_skb_untag(&skb) == 0)
		xb_vm_run_skb(arg, b->program.image, &skb, &r0);
	xb_map_quiescent(0);
}

static void
measure_host(struct bench *b, struct bench_speed *speed)
{
	const enum bpf_prog_type type = b->program.prog->type;
	const struct program_how how = { .type = type, .n_cpus = 1, .is_verified = true };
	struct xb_vm *vm = xb_vm_new(0);
	int status = vm != NULL ? program_load(&b->program, &how) : STATUS_RUNTIME;

	if (status == STATUS_DONE) {
		xb_map_thread_online(0);
		measure(b, speed, type == BPF_PROG_TYPE_XDP ? run_host : run_host_tc, vm);
		xb_map_thread_offline(0);
	} else {
		snprintf(speed->skipped, sizeof(speed->skipped), "%s",
			status == STATUS_REFUSED ? "the verifier refuses the program"
						 : "it cannot be loaded");
	}
	xb_vm_free(vm);
}

/* ---- the simulator ---- */

static void
run_card(struct bench *b, void *arg, uint32_t index, uint8_t *buf)
{
	const uint32_t len = b->packets.packets[index].len;
	struct nic_frame frame = {
		.data = packets_put(&b->packets, index, buf),
		.bytes = len,
		.tailroom = PACKETS_BUF_BYTES - PKT_HEADROOM - len,
	};

	nic_engine_run(arg, &frame);
}

/* An engine of its own, which nobody watches. */
static void
measure_simulator(struct bench *b, struct bench_speed *speed)
{
	struct nic_engine *engine =
		b->is_accepted ? nic_engine_new(b->check.offload.fw, 1, false) : NULL;

	if (engine == NULL) {
		snprintf(speed->skipped, sizeof(speed->skipped), "%s",
			b->is_accepted ? "no memory" : "the card refuses the program");
		return;
	}
	measure(b, speed, run_card, engine);
	if (speed->packets > 0) /* of all passes, as many a packet */
		speed->insns = nic_engine_stats(engine).insns * speed->packets /
			       (speed->packets + b->packets.cnt);
	nic_engine_free(engine);
}

void
bench_speeds(struct bench *b)
{
	measure_host(b, &b->speeds[BENCH_HOST]);
	bench_kernel(b, &b->speeds[BENCH_KERNEL]);
	measure_simulator(b, &b->speeds[BENCH_SIMULATOR]);
}
