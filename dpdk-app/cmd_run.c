/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * `xoffload run`. The main lcore reads the capture, spreads packets over the workers, is worker 0
 * itself, and writes what is written in order. Nothing is dropped for want of room: a full ring or
 * window makes it work on its own queue first.
 */
#include "dpdk-app/cmd.h"

#include <errno.h>
#include <inttypes.h>
#include <rte_cycles.h>
#include <rte_launch.h>
#include <rte_lcore.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "dpdk-app/flow.h"
#include "dpdk-app/report.h"
#include "dpdk-app/run.h"

static volatile sig_atomic_t interrupted;

static void
on_signal(int sig)
{
	(void)sig;
	interrupted = 1;
}

/* ---- the distributor ---- */

static void
show_progress(struct run *run)
{
	uint64_t now = rte_rdtsc();
	double seconds = (double)(now - run->started) / (double)rte_get_tsc_hz();

	if (now < run->next_progress)
		return;
	run->next_progress = now + rte_get_tsc_hz();
	fprintf(stderr, "\r%" PRIu64 " packets, %.2f Mpps ", run->job.out.next,
		(double)run->job.out.next / seconds / 1e6);
}

/* What the main lcore does while it waits for others. */
static void
work(struct run *run)
{
	output_write(&run->job.out, &run->job.ports, run->job.lcores);
	events_poll(&run->events);
	if (worker_poll(&run->workers[0]) > 0)
		run->idle = 0;
	else
		worker_idle(&run->idle);
}

static void
enqueue(struct run *run, unsigned int queue, struct rte_mbuf **pkts, unsigned int cnt)
{
	struct rte_ring *ring = run->job.ports.wire_rx[queue];
	unsigned int done = 0;

	for (;;) {
		done += rte_ring_sp_enqueue_burst(ring, (void **)(pkts + done), cnt - done, NULL);
		if (done == cnt)
			return;
		work(run);
	}
}

static unsigned int
queue_of(const struct run *run, const struct rte_mbuf *m)
{
	uint8_t key[FLOW_KEY_MAX];
	size_t len = flow_key(rte_pktmbuf_mtod(m, const uint8_t *), m->data_len, key);

	return flow_hash(key, len) % run->job.lcores;
}

/* The queue for the next packets of a card, which gives them to whatever microengine is free: the
 * shortest of the other lcores', and where these are full the own, whose lcore reads as well. */
static unsigned int
shortest_queue(const struct run *run)
{
	unsigned int shortest = 0, len = RX_RING - BURST;

	for (unsigned int queue = 1; queue < run->job.lcores; queue++)
		if (rte_ring_count(run->job.ports.wire_rx[queue]) < len) {
			shortest = queue;
			len = rte_ring_count(run->job.ports.wire_rx[queue]);
		}
	return shortest;
}

/* To the queues of a host's NIC, by flow. */
static void
spread(struct run *run, struct rte_mbuf **pkts, uint32_t cnt)
{
	struct rte_mbuf *stage[LCORES_MAX][BURST];
	unsigned int staged[LCORES_MAX] = { 0 };

	for (uint32_t i = 0; i < cnt; i++) {
		unsigned int queue = queue_of(run, pkts[i]);

		stage[queue][staged[queue]++] = pkts[i];
	}
	for (unsigned int queue = 0; queue < run->job.lcores; queue++)
		if (staged[queue] > 0)
			enqueue(run, queue, stage[queue], staged[queue]);
}

static void
distribute(struct run *run, struct rte_mbuf **pkts, uint32_t cnt)
{
	for (uint32_t i = 0; i < cnt; i++)
		pkt_info(pkts[i])->seq = run->job.out.next++;
	if (run->place.is_offloaded || run->job.lcores == 1)
		enqueue(run, shortest_queue(run), pkts, cnt);
	else
		spread(run, pkts, cnt);
}

static void
feed(struct run *run)
{
	struct rte_mbuf *pkts[BURST];

	while (!interrupted && !replay_done(&run->replay)) {
		if (output_room(&run->job.out) >= BURST) {
			distribute(run, pkts, replay_burst(&run->replay, pkts));
			run->idle = 0;
		}
		work(run);
		show_progress(run);
	}
	__atomic_store_n(&run->job.fed, true, __ATOMIC_RELEASE);
}

/* The main lcore of a live run. */
static void
attend(struct run *run)
{
	uint64_t enough = run->job.left;

	while (!interrupted && __atomic_load_n(&run->job.out.next, __ATOMIC_RELAXED) < enough) {
		work(run);
		show_progress(run);
	}
	__atomic_store_n(&run->job.stop, true, __ATOMIC_RELEASE);
}

/* Workers 1, 2 ... on the lcores that are not this one. */
static void
launch_others(struct run *run)
{
	unsigned int id = 1;

	for (unsigned int lcore = 0; id < run->job.lcores && lcore < RTE_MAX_LCORE; lcore++)
		if (rte_lcore_is_enabled(lcore) && lcore != rte_get_main_lcore())
			rte_eal_remote_launch(worker_main, &run->workers[id++], lcore);
}

static bool
others_run(void)
{
	for (unsigned int lcore = 0; lcore < RTE_MAX_LCORE; lcore++)
		if (lcore != rte_get_main_lcore() && rte_eal_get_lcore_state(lcore) == RUNNING)
			return true;
	return false;
}

/* After the last packet: until every worker is done and everything is written. */
static void
finish(struct run *run)
{
	bool others;
	unsigned int own;

	do {
		others = others_run();
		own = run->job.ports.live ? 0 : worker_poll(&run->workers[0]);
		events_poll(&run->events);
		output_write(&run->job.out, &run->job.ports, run->job.lcores);
	} while (others || own > 0);
	rte_eal_mp_wait_lcore();
	events_poll(&run->events);
	output_write(&run->job.out, &run->job.ports, run->job.lcores);
}

static void
run_packets(struct run *run)
{
	xb_map_thread_online(0);
	launch_others(run);
	run->next_progress = isatty(STDERR_FILENO) ? rte_rdtsc() + rte_get_tsc_hz() : UINT64_MAX;
	run->started = rte_rdtsc();
	if (run->job.ports.live)
		attend(run);
	else
		feed(run);
	finish(run);
	run->ended = rte_rdtsc();
	xb_map_thread_offline(0);
	if (run->next_progress != UINT64_MAX)
		fputs("\r\033[K", stderr);
}

/* ---- before and after ---- */

static const char *
usage_problem(const struct options *opt)
{
	if (opt->vdev.cnt == 0 && opt->in == NULL)
		return "run: give the packets with -i FILE, or a port with --vdev";
	if (opt->vdev.cnt > 0 && opt->in != NULL)
		return "run: either -i or --vdev, not both";
	if (opt->vdev.cnt > 0 && (opt->tx_out || opt->filter || opt->repeat))
		return "run: --tx-out, --filter and --repeat go with -i, not with --vdev";
	if (opt->vdev.cnt > 1 && opt->pass_out)
		return "run: --pass-out is the host port, so there cannot be a second --vdev";
	return NULL;
}

/* How fast the card would be, from the paths that all workers saw. */
static void
predict(const struct run *run, struct forecast *forecast)
{
	struct nic_mix *mix = run->place.is_offloaded ? nic_mix_new() : NULL;
	int err = mix == NULL && run->place.is_offloaded ? -ENOMEM : 0;

	for (unsigned int i = 0; mix != NULL && err == 0 && i < run->job.lcores; i++)
		err = nic_engine_paths(run->workers[i].engine, mix);
	if (mix != NULL && err == 0)
		err = forecast_make(forecast, &run->place.card, mix, run->opt->anomaly);
	if (err < 0)
		complain("no memory for a prediction of the card's speed");
	nic_mix_free(mix);
}

static int
report(struct run *run)
{
	const struct options *opt = run->opt;
	struct result behind = {
		.program = &run->host_program,
		.mode = run->job.host_type == BPF_PROG_TYPE_XDP ? "xdpdrv" : "skip_hw",
		.show_maps = opt->maps,
	};
	struct result r = {
		.program = &run->program,
		.seconds = (double)(run->ended - run->started) / (double)rte_get_tsc_hz(),
		.lcores = run->job.lcores,
		.from = opt->in != NULL ? run->replay.path : opt->vdev.word[0],
		.check = run->place.is_asked ? &run->place.check : NULL,
		.offload = run->place.is_offloaded ? &run->place.check.offload : NULL,
		.events = &run->events,
		.mode = run->place.mode,
		.behind = run->job.has_host_program ? &behind : NULL,
		.show_maps = opt->maps,
		.interrupted = interrupted,
		.snapped = run->replay.snapped,
		.filtered = run->replay.filtered,
		.runts = run->replay.runts,
	};
	uint64_t sum = 0;

	for (unsigned int i = 0; i < run->job.lcores; i++) {
		stats_add(&r.stats, &run->workers[i].stats);
		stats_add(&behind.stats, &run->workers[i].behind);
		if (run->place.is_offloaded) {
			const struct nic_engine_stats more =
				nic_engine_stats(run->workers[i].engine);

			nic_engine_stats_add(&r.nic, &more);
		}
	}
	predict(run, &r.forecast);
	for (int i = 0; i < CODE_CNT; i++)
		sum += r.stats.codes[i];
	if (!opt->json)
		report_text(&r, stdout);
	else if (report_json(&r, stdout) < 0)
		complain("no memory for the report");
	/* A live port may be full; the rings of a replay never are. */
	if (sum == r.stats.packets && sum == run->job.out.next &&
		(run->job.ports.live || r.stats.unsent == 0))
		return STATUS_DONE;
	complain("packets were lost: %" PRIu64 " received, %" PRIu64
		 " in the sum of verdicts and errors, %" PRIu64
		 " not sent; this is a defect of xoffload",
		run->job.out.next, sum, r.stats.unsent);
	return STATUS_RUNTIME;
}

/* The files, the report, and whether the capture was whole. Files first: who reads the report may
 * go away in the middle of it, and that ends the process. A signal also ends the wait for a pipe.
 */
static int
conclude(struct run *run)
{
	struct xb_log log = { 0 };
	int written = output_commit(&run->job.out, &log);
	int status = report(run);

	if (written < 0)
		status = STATUS_RUNTIME;
	if (status == STATUS_DONE && run->replay.failed && !interrupted) {
		replay_explain(&run->replay, &log);
		status = STATUS_INPUT;
	}
	complain_log(&log);
	return status;
}

int
cmd_run(const struct options *opt)
{
	struct run run = {
		.opt = opt,
		.job = {
			.lcores = opt->lcores ? (unsigned int)opt->lcores : 1,
			.left = option_given(opt, OPT_count) ? opt->count : UINT64_MAX,
		},
	};
	struct sigaction action = { .sa_handler = on_signal };
	const char *problem = usage_problem(opt);
	int status;

	if (problem != NULL) {
		complain("%s", problem);
		return STATUS_USAGE;
	}
	status = run_setup(&run);
	if (status == STATUS_DONE) {
		sigaction(SIGINT, &action, NULL);
		sigaction(SIGTERM, &action, NULL);
		run_packets(&run);
		status = conclude(&run);
	}
	run_teardown(&run);
	return status;
}
