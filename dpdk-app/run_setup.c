/* SPDX-License-Identifier: BSD-2-Clause */
/* From the command line to a run that can begin. Used by cmd_run.c. */
#include "dpdk-app/run.h"

#include <errno.h>
#include <rte_lcore.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "dpdk-app/eal.h"
#include "dpdk-app/flow.h"
#include "dpdk-app/report.h"

/* ---- programs ---- */

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

/* ---- packets in and out ---- */

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
		if (w->engine == NULL || nic_engine_watch(w->engine, false, NULL) < 0)
			goto no_memory;
	}
	return STATUS_DONE;
no_memory:
	xb_log_add(log, "no memory for %u workers\n", run->job.lcores);
	return STATUS_RUNTIME;
}

int
run_setup(struct run *run)
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

void
run_teardown(struct run *run)
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
