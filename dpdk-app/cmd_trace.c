/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * `xoffload trace`: one packet of a capture, instruction by instruction. The packets before it run
 * first, untraced, so that the maps are as they are when it comes. No DPDK port takes part; the
 * buffer is laid out as an mbuf is.
 */
#include "dpdk-app/cmd.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "dpdk-app/json.h"
#include "dpdk-app/output.h"
#include "dpdk-app/packet.h"
#include "dpdk-app/replay.h"
#include "dpdk-app/trace.h"

struct tracing {
	const struct options *opt;
	struct program program;
	struct replay replay;
	struct xb_vm *vm;
	struct trace trace;
	struct trace_packet packet;
	uint8_t *buf, *original; /* of the packet; and as it was captured */
	uint32_t received;	 /* bytes */
	uint64_t r0;
	int err; /* of the run */
};

/* ---- the packet ---- */

/* NULL, or why the program does not see it. */
static const char *
put_packet(struct tracing *t, const struct pcap_pkthdr *header, const u_char *bytes)
{
	const uint32_t room = PKT_BUF_BYTES - PKT_HEADROOM;
	const uint32_t size =
		header->caplen > room ? PKT_GIANT_BYTES_MAX + PKT_HEADROOM : PKT_BUF_BYTES;

	if (header->caplen > PKT_GIANT_BYTES_MAX)
		return "longer than the largest packet buffer";
	if (header->caplen < PKT_BYTES_MIN)
		return "shorter than an Ethernet header";
	memset(t->buf, 0, size);
	memcpy(t->buf + PKT_HEADROOM, bytes, header->caplen);
	memcpy(t->original, bytes, header->caplen);
	t->received = header->caplen;
	t->packet = (struct trace_packet){
		.xdp = {
			.hard_start = t->buf + PKT_FRAME_BYTES,
			.data_meta = t->buf + PKT_HEADROOM,
			.data = t->buf + PKT_HEADROOM,
			.data_end = t->buf + PKT_HEADROOM + header->caplen,
			.hard_end = t->buf + size,
			.ingress_ifindex = PKT_IFINDEX,
		},
		.missing = header->len > header->caplen ? header->len - header->caplen : 0,
	};
	return NULL;
}

/* The next packet that the filter lets through. 1, 0 at the end, or -errno and a complaint. */
static int
next_packet(struct tracing *t, struct pcap_pkthdr **header, const u_char **bytes)
{
	for (;;) {
		int ret = pcap_next_ex(t->replay.pcap, header, bytes);

		if (ret == PCAP_ERROR_BREAK)
			return 0;
		if (ret < 0) {
			complain("%s: %s", t->replay.path, pcap_geterr(t->replay.pcap));
			return -EINVAL;
		}
		if (!t->replay.has_filter ||
			pcap_offline_filter(&t->replay.filter, *header, *bytes) != 0)
			return 1;
	}
}

/* The packets before the one that is asked for have run, and that one is in the buffer. */
static int
find_packet(struct tracing *t)
{
	const uint64_t wanted = t->opt->packet;
	struct pcap_pkthdr *header;
	const u_char *bytes;
	const char *unseen;

	for (uint64_t i = 0;; i++) {
		int ret = next_packet(t, &header, &bytes);

		if (ret < 0)
			return STATUS_INPUT;
		if (ret == 0) {
			complain("%s: no packet %" PRIu64 ", there are %" PRIu64 ", the first is 0",
				t->replay.path, wanted, i);
			return STATUS_INPUT;
		}
		unseen = put_packet(t, header, bytes);
		if (i == wanted)
			break;
		if (unseen == NULL)
			xb_vm_run_xdp(t->vm, t->program.image, &t->packet.xdp, &t->r0);
	}
	if (unseen != NULL) {
		complain("%s: packet %" PRIu64 " is %s: no program sees it", t->replay.path, wanted,
			unseen);
		return STATUS_INPUT;
	}
	t->packet.index = wanted;
	return STATUS_DONE;
}

/* ---- what became of it ---- */

static const char *
verdict(const struct tracing *t)
{
	return t->err != 0 ? "XDP_ABORTED" : code_infos[code_of_xdp(t->r0)].name;
}

static void
print_head(const struct tracing *t)
{
	const struct xb_prog *prog = t->program.prog;

	printf("packet %" PRIu64 " of %s, %u bytes", t->packet.index, t->replay.path, t->received);
	if (t->packet.missing > 0)
		printf(" (%u more were not captured)", t->packet.missing);
	printf(", through %s (%s, section \"%s\") on the host\n", prog->name,
		xb_prog_type_name(prog->type), prog->section);
}

static void
print_end(const struct tracing *t)
{
	const struct xb_xdp *xdp = &t->packet.xdp;
	const size_t len = (size_t)(xdp->data_end - xdp->data);
	const bool is_same = len == t->received && memcmp(xdp->data, t->original, len) == 0;

	printf("%s after %" PRIu64 " instructions; %zu bytes, %s\n", verdict(t), t->trace.row_cnt,
		len, is_same ? "unchanged" : "changed");
}

static int
print_json(struct tracing *t)
{
	const struct xb_xdp *xdp = &t->packet.xdp;

	return json_print(json_pack("{s:o, s:{s:I, s:i, s:i}, s:s, s:o, s:s, s:i}", "program",
				  json_program(t->program.obj, t->program.prog), "packet", "index",
				  (json_int_t)t->packet.index, "bytes", (int)t->received, "missing",
				  (int)t->packet.missing, "engine", "interp", "steps",
				  json_incref(t->trace.rows), "verdict", verdict(t), "bytes",
				  (int)(xdp->data_end - xdp->data)),
		stdout);
}

static int
run(struct tracing *t)
{
	if (!t->opt->json)
		print_head(t);
	t->err = trace_bpf(&t->trace, &t->program, t->vm, &t->packet, &t->r0);
	if (t->err == -ENOMEM) {
		complain("no memory");
		return STATUS_RUNTIME;
	}
	if (t->opt->json)
		return print_json(t) < 0 ? STATUS_RUNTIME : STATUS_DONE;
	print_end(t);
	return STATUS_DONE;
}

/* ---- making ready ---- */

static int
open_capture(struct tracing *t)
{
	struct xb_log log = { 0 };
	int ret = replay_open(&t->replay, t->opt->in, &log);

	if (ret == 0 && t->opt->filter != NULL) {
		ret = replay_filter(&t->replay, t->opt->filter, &log);
		complain_log(&log);
		return ret < 0 ? STATUS_USAGE : STATUS_DONE;
	}
	complain_log(&log);
	return ret < 0 ? STATUS_INPUT : STATUS_DONE;
}

static int
load(struct tracing *t)
{
	const struct program_how how = {
		.type = BPF_PROG_TYPE_XDP,
		.n_cpus = 1,
		.is_verified = true,
		.is_traced = true,
	};

	if (t->program.prog->type != BPF_PROG_TYPE_XDP) {
		complain("program '%s' is a %s program; only XDP programs can be traced yet",
			t->program.prog->name, xb_prog_type_name(t->program.prog->type));
		return STATUS_REFUSED;
	}
	t->vm = xb_vm_new(0);
	t->buf = malloc(PKT_GIANT_BYTES_MAX + PKT_HEADROOM);
	t->original = malloc(PKT_GIANT_BYTES_MAX);
	t->trace.rows = t->opt->json ? json_array() : NULL;
	if (t->vm == NULL || t->buf == NULL || t->original == NULL) {
		complain("no memory");
		return STATUS_RUNTIME;
	}
	xb_vm_set_budget(t->vm, UINT64_MAX);
	return program_load(&t->program, &how);
}

int
cmd_trace(const struct options *opt)
{
	struct tracing t = { .opt = opt };
	int status;

	if (opt->in == NULL) {
		complain("trace: give the packets with -i FILE");
		return STATUS_USAGE;
	}
	status = program_open(&t.program, opt);
	if (status == STATUS_DONE)
		status = load(&t);
	if (status == STATUS_DONE)
		status = open_capture(&t);
	if (status == STATUS_DONE)
		status = find_packet(&t);
	if (status == STATUS_DONE)
		status = run(&t);
	replay_close(&t.replay);
	json_decref(t.trace.rows);
	xb_vm_free(t.vm);
	program_close(&t.program);
	free(t.buf);
	free(t.original);
	return status;
}
