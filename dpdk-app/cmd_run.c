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

#include "dpdk-app/eal.h"
#include "dpdk-app/events.h"
#include "dpdk-app/flow.h"
#include "dpdk-app/place.h"
#include "dpdk-app/replay.h"
#include "dpdk-app/report.h"

static volatile sig_atomic_t interrupted;

/* All of a run. */
struct run {
	const struct options *opt;
	struct program program;
	struct place place;	     /* of the program */
	struct events events;	     /* of a program on the card */
	struct program host_program; /* --host-program, behind the one on the card */
	struct replay replay;
	struct job job;
	struct worker *workers;
	uint64_t started, ended; /* TSC */
	uint64_t next_progress;	 /* TSC; UINT64_MAX: nobody looks */
	bool eal_runs;
};

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
	if (worker_poll(&run->workers[0]) == 0)
		rte_pause();
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
		if (output_room(&run->job.out) >= BURST)
			distribute(run, pkts, replay_burst(&run->replay, pkts));
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

static int
load_on_host(struct run *run, struct program *program)
{
	const struct program_how how = {
		.type = program->prog->type,
		.n_cpus = run->job.lcores,
		.is_verified = true,
		.verbose = run->opt->verbose,
	};
	int status = program_load(program, &how);

	run->job.host_type = program->prog->type;
	run->job.image = program->image;
	return status;
}

/* OBJECT[:NAME]; a file whose own name has a colon is that file. */
static int
open_host_program(struct run *run, const char *spec)
{
	char *path = strdup(spec), *colon = path != NULL ? strrchr(path, ':') : NULL;
	struct options opt = *run->opt;
	int status;

	if (path == NULL) {
		complain("no memory");
		return STATUS_RUNTIME;
	}
	opt.args = &path;
	opt.program = opt.section = NULL;
	if (colon != NULL && access(path, F_OK) != 0) {
		*colon = '\0';
		opt.program = colon + 1;
	}
	status = program_open(&run->host_program, &opt);
	free(path);
	return status;
}

/* The kernel lets it be attached to the same port, and our engine runs it. */
static int
add_host_program(struct run *run)
{
	struct program *program = &run->host_program;
	struct xb_log log = { 0 };
	int err, status = open_host_program(run, run->opt->host_program);

	if (status == STATUS_DONE)
		status = load_on_host(run, program);
	if (status != STATUS_DONE)
		return status;
	run->job.has_host_program = true;
	err = offload_attach_host(&run->place.check.offload, program->obj, program->prog, &log);
	if (err < 0)
		complain("%s: program '%s' cannot be attached beside the card's: %s",
			program->obj->path, program->prog->name, strerror(-err));
	if (err < 0)
		complain_log(&log);
	xb_log_free(&log);
	return err < 0 ? STATUS_REFUSED : STATUS_DONE;
}

/* Of what is not on the card there is nothing to be behind. */
static int
tell_no_card(const struct run *run)
{
	complain("--host-program is for packets that a card passes, and program '%s' is not on "
		 "one%s",
		run->program.prog->name, run->place.is_asked ? ":" : "");
	if (run->place.is_asked)
		findings_print(check_refusal(&run->place.check), 1, stderr);
	return run->place.is_asked ? STATUS_REFUSED : STATUS_USAGE;
}

/* Somebody listens to what the program on the card outputs. */
static int
listen_to_events(struct run *run)
{
	int err = events_start(&run->events, &run->place.check.offload, run->opt->maps);

	if (err < 0)
		complain("events of program '%s' cannot be read: %s", run->program.prog->name,
			strerror(-err));
	return err < 0 ? STATUS_RUNTIME : STATUS_DONE;
}

static int
open_program(struct run *run)
{
	int status = program_open(&run->program, run->opt);

	if (status != STATUS_DONE)
		return status;
	run->job.type = run->program.prog->type;
	status = place_program(&run->place, run->opt, &run->program);
	if (status == STATUS_DONE && run->place.is_offloaded)
		status = listen_to_events(run);
	if (status == STATUS_DONE && run->opt->host_program != NULL)
		status = run->place.is_offloaded ? add_host_program(run) : tell_no_card(run);
	else if (status == STATUS_DONE && !run->place.is_offloaded)
		status = load_on_host(run, &run->program);
	if (status == STATUS_REFUSED && run->opt->json)
		report_refusal_json(
			&run->program, run->place.is_asked ? &run->place.check : NULL, stdout);
	return status;
}

static int
open_input(struct run *run, struct xb_log *log)
{
	const struct options *opt = run->opt;

	if (opt->in == NULL)
		return STATUS_DONE;
	if (replay_open(&run->replay, opt->in, log) < 0)
		return STATUS_INPUT;
	if (opt->repeat > 1 && !run->replay.can_rewind) {
		xb_log_add(
			log, "run: %s can be read once, --repeat needs a file\n", run->replay.path);
		return STATUS_USAGE;
	}
	if (opt->filter != NULL && replay_filter(&run->replay, opt->filter, log) < 0)
		return STATUS_USAGE;
	if (opt->repeat)
		run->replay.passes = opt->repeat;
	if (option_given(opt, OPT_count))
		run->replay.left = opt->count;
	return STATUS_DONE;
}

static int
open_output(struct run *run, struct xb_log *log)
{
	struct output_opts opts = {
		.in = run->replay.file,
		.is_nano = run->opt->in == NULL || run->replay.is_nano,
		.tells_place = run->job.has_host_program,
		.snaplen = run->opt->in == NULL ? UINT16_MAX : run->replay.snaplen,
	};

	switch (output_open(&run->job.out, run->opt, &opts, log)) {
	case 0: return STATUS_DONE;
	case -EINVAL: return STATUS_USAGE;
	default: return STATUS_RUNTIME;
	}
}

static int
open_ports(struct run *run, struct xb_log *log)
{
	const struct options *opt = run->opt;
	struct ports_opts opts = {
		.lcores = run->job.lcores,
		.vdevs = &opt->vdev,
		.keep_tx = opt->tx_out != NULL,
		.keep_pass = opt->pass_out != NULL,
		.in_order = run->job.out.slots != NULL,
	};

	if (eal_start(run->job.lcores, opt->verbose, opt->eal, log) < 0)
		return opt->eal != NULL ? STATUS_USAGE : STATUS_RUNTIME;
	run->eal_runs = true;
	if (ports_open(&run->job.ports, &opts, log) < 0)
		return opt->vdev.cnt > 0 ? STATUS_USAGE : STATUS_RUNTIME;
	run->replay.pool = run->job.ports.pool;
	run->replay.giants = run->job.ports.giants;
	flow_init();
	return STATUS_DONE;
}

static int
make_workers(struct run *run, struct xb_log *log)
{
	size_t bytes = run->job.lcores * sizeof(struct worker);

	run->workers = aligned_alloc(RTE_CACHE_LINE_SIZE, bytes);
	if (run->workers == NULL)
		goto no_memory;
	memset(run->workers, 0, bytes);
	for (unsigned int i = 0; i < run->job.lcores; i++) {
		struct worker *w = &run->workers[i];

		w->job = &run->job;
		w->id = w->rx_queue = i;
		w->host = run->job.has_host_program ? &w->behind : &w->stats;
		w->vm = xb_vm_new(i);
		if (w->vm == NULL)
			goto no_memory;
		xb_vm_set_seed(w->vm, i + 1);
		if (run->job.image != NULL && run->job.host_type != BPF_PROG_TYPE_XDP) {
			w->spare = malloc(XB_SKB_SPARE_BYTES);
			if (w->spare == NULL)
				goto no_memory;
		}
		if (run->opt->verbose)
			xb_vm_set_trace(w->vm, stderr);
		if (!run->place.is_offloaded)
			continue;
		w->engine = nic_engine_new(run->place.check.offload.fw, i, false);
		if (w->engine == NULL || nic_engine_watch(w->engine) < 0)
			goto no_memory;
	}
	return STATUS_DONE;
no_memory:
	xb_log_add(log, "no memory for %u workers\n", run->job.lcores);
	return STATUS_RUNTIME;
}

static int
setup(struct run *run)
{
	struct xb_log log = { 0 };
	int status = open_program(run);

	if (status == STATUS_DONE)
		status = open_input(run, &log);
	if (status == STATUS_DONE)
		status = open_output(run, &log);
	if (status == STATUS_DONE)
		status = open_ports(run, &log);
	if (status == STATUS_DONE)
		status = make_workers(run, &log);
	complain_log(&log);
	return status;
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

static void
teardown(struct run *run)
{
	output_abandon(&run->job.out);
	replay_close(&run->replay);
	for (unsigned int i = 0; run->workers != NULL && i < run->job.lcores; i++) {
		xb_vm_free(run->workers[i].vm);
		nic_engine_free(run->workers[i].engine);
		free(run->workers[i].spare);
	}
	free(run->workers);
	events_end(&run->events);
	place_end(&run->place);
	program_close(&run->host_program);
	program_close(&run->program);
	if (run->eal_runs) {
		ports_close(&run->job.ports);
		eal_stop();
	}
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
	status = setup(&run);
	if (status == STATUS_DONE) {
		sigaction(SIGINT, &action, NULL);
		sigaction(SIGTERM, &action, NULL);
		run_packets(&run);
		status = conclude(&run);
	}
	teardown(&run);
	return status;
}
