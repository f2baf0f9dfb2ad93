/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * `xoffload trace`: one packet of a capture, instruction by instruction, on the card or on the
 * host's engine. The packets before it run first, untraced, so that the maps are as they are when
 * it comes. No DPDK port takes part; the buffer is laid out as an mbuf is.
 */
#include "dpdk-app/cmd.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "dpdk-app/arrival.h"
#include "dpdk-app/dump.h"
#include "dpdk-app/json.h"
#include "dpdk-app/output.h"
#include "dpdk-app/packet.h"
#include "dpdk-app/place.h"
#include "dpdk-app/replay.h"
#include "dpdk-app/report.h"
#include "dpdk-app/trace.h"

struct tracing {
	const struct options *opt;
	struct program program;
	struct place place;
	struct replay replay;
	struct trace trace;
	struct trace_packet packet;
	uint8_t *buf, *original; /* of the packet; and as it was captured */
	uint32_t received;	 /* bytes */
	enum code code;		 /* what became of it */
	const uint8_t *data;	 /* and what it is then */
	size_t bytes;
	/* on the host */
	struct xb_vm *vm;
	uint8_t *spare; /* of a tc program, see struct arrival */
	/* on the card */
	struct nic_engine *engine;
	uint32_t *map_numbers; /* as obj->maps */
	struct nic_frame frame;
	struct trace_sum sum;
};

/* ---- the packet ---- */

static bool
is_tc_on_host(const struct tracing *t)
{
	return t->vm != NULL && t->program.prog->type != BPF_PROG_TYPE_XDP;
}

/* NULL, or why the program does not see it. */
static const char *
put_skb(struct tracing *t, const struct pcap_pkthdr *header, uint32_t buf_bytes)
{
	const struct arrival arrival = {
		.buf = t->buf,
		.data = t->buf + PKT_HEADROOM,
		.buf_bytes = buf_bytes,
		.bytes = header->caplen,
		.tstamp_ns = (uint64_t)header->ts.tv_sec * 1000000000u +
			     (uint64_t)header->ts.tv_usec, /* nanoseconds were asked for */
		.spare = t->spare,
	};

	t->packet.is_tc = true;
	if (arrival_skb(&arrival, &t->packet.skb) == 0)
		return NULL;
	return "cut short in its VLAN tag, for which the kernel frees it";
}

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
	t->frame = (struct nic_frame){
		.data = t->buf + PKT_HEADROOM,
		.bytes = header->caplen,
		.tailroom = size - PKT_HEADROOM - header->caplen,
	};
	if (t->engine != NULL && header->caplen > NIC_FRAME_BYTES_MAX)
		return "longer than a card's buffer";
	return is_tc_on_host(t) ? put_skb(t, header, size) : NULL;
}

/* One before the one that is asked for. */
static void
run_untraced(struct tracing *t)
{
	uint64_t r0;

	if (t->engine != NULL)
		nic_engine_run(t->engine, &t->frame);
	else if (t->packet.is_tc)
		xb_vm_run_skb(t->vm, t->program.image, &t->packet.skb, &r0);
	else
		xb_vm_run_xdp(t->vm, t->program.image, &t->packet.xdp, &r0);
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
			run_untraced(t);
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

/* Of the column of changes. */
static const char trace_legend[] =
	"gpr_N      both banks hold it; gprA_N, gprB_N: that one\n"
	"$xfer_N    read from memory; $xfer_out_N: will be written there\n"
	"pkt+N      of the packet, from where it begins now\n"
	"stack+N    of the stack, from gprA_22 on\n"
	"cycle      from the first instruction on, no other context running; a wait is as long as "
	"the\n"
	"           card's memory takes (xoffload cards NAME says how that is known)\n"
	"helper     its cycles are its work without waits; gpr 2 to 11 and $xfer_0 to 15 are "
	"lost\n";

static void
print_head(const struct tracing *t)
{
	const struct xb_prog *prog = t->program.prog;
	const struct check *check = &t->place.check;

	printf("packet %" PRIu64 " of %s, %u bytes", t->packet.index, t->replay.path, t->received);
	if (t->packet.missing > 0)
		printf(" (%u more were not captured)", t->packet.missing);
	printf(", through %s (%s, section \"%s\") on the ", prog->name,
		xb_prog_type_name(prog->type), prog->section);
	if (t->engine == NULL) {
		printf("host\n");
		return;
	}
	printf("card %s (firmware %s)\n", check->card->name, check->card->firmware);
	dump_legend();
	printf("\n%s\n", trace_legend);
	printf(" cycle   word  what is executed, and what it changed\n");
}

static bool
is_same(const struct tracing *t)
{
	return t->bytes == t->received && memcmp(t->data, t->original, t->bytes) == 0;
}

static const char *
statistic(const struct tracing *t)
{
	static const char *const names[NIC_STAT_CNT] = {
#define X(name) [NIC_STAT_##name] = #name,
		NIC_STAT_LIST(X)
#undef X
	};

	return t->engine != NULL && t->frame.stat >= 0 ? names[t->frame.stat] : NULL;
}

static void
print_end(const struct tracing *t)
{
	const char *name = code_infos[t->code].name, *counter = statistic(t);
	const struct trace_sum *sum = &t->sum;

	if (t->engine == NULL) {
		printf("%s after %" PRIu64 " instructions; %zu bytes, %s\n", name, t->trace.row_cnt,
			t->bytes, is_same(t) ? "unchanged" : "changed");
		return;
	}
	printf("%s, counted by %s, after %" PRIu64 " instructions in %" PRIu64 " cycles", name,
		counter != NULL ? counter : "nothing", sum->words, sum->cycles);
	if (sum->waits > 0)
		printf(", %" PRIu64 " of them waiting", sum->waits);
	if (sum->helper_calls > 0)
		printf(", %" PRIu64 " in %" PRIu64 " helper%s", sum->helpers, sum->helper_calls,
			sum->helper_calls > 1 ? "s" : "");
	printf("; %zu bytes, %s\n", t->bytes, is_same(t) ? "unchanged" : "changed");
}

static json_t *
json_sum(const struct tracing *t)
{
	const struct trace_sum *sum = &t->sum;

	return json_pack("{s:s, s:s, s:I, s:I, s:I, s:I, s:I, s:o}", "card",
		t->place.check.card->name, "firmware", t->place.check.card->firmware,
		"instructions", (json_int_t)sum->words, "cycles", (json_int_t)sum->cycles, "waits",
		(json_int_t)sum->waits, "helper_calls", (json_int_t)sum->helper_calls,
		"helper_cycles", (json_int_t)sum->helpers, "counter", json_text(statistic(t)));
}

static int
print_json(struct tracing *t)
{
	return json_print(
		json_pack("{s:o, s:{s:I, s:i, s:i}, s:s, s:o, s:o, s:s, s:i}", "program",
			json_program(t->program.obj, t->program.prog), "packet", "index",
			(json_int_t)t->packet.index, "bytes", (int)t->received, "missing",
			(int)t->packet.missing, "engine", t->engine != NULL ? "nfp" : "interp",
			"steps", json_incref(t->trace.rows), "nfp",
			t->engine != NULL ? json_sum(t) : json_null(), "verdict",
			code_infos[t->code].name, "bytes", (int)t->bytes),
		stdout);
}

/* What counts as a fault counts as what the kernel would do then. */
static enum code
code_on_host(const struct tracing *t, int err, uint64_t r0)
{
	enum code code;

	if (!t->packet.is_tc)
		return err != 0 ? CODE_XDP_ABORTED : code_of_xdp(r0);
	if (err != 0)
		return CODE_TC_ACT_SHOT;
	code_of_tc(t->program.prog->type, (int32_t)r0, &code);
	return code;
}

/* A VLAN tag that is in the context is in the packet again, as when it leaves a device. */
static int
run_on_host(struct tracing *t)
{
	const struct xb_xdp *pkt = trace_packet_place(&t->packet);
	uint64_t r0 = 0;
	int err = trace_bpf(&t->trace, &t->program, t->vm, &t->packet, &r0);

	if (err == -ENOMEM)
		return err;
	t->code = code_on_host(t, err, r0);
	if (t->packet.is_tc && xb_skb_retag(&t->packet.skb) < 0)
		t->code = CODE_no_buffer;
	t->data = pkt->data;
	t->bytes = (size_t)(pkt->data_end - pkt->data);
	return err;
}

static int
run_on_card(struct tracing *t)
{
	int err = trace_card(
		&t->trace, &t->place.check, t->map_numbers, t->engine, &t->frame, &t->sum);

	t->code = code_of_card(t->program.prog->type, &t->frame);
	t->data = t->frame.data;
	t->bytes = t->frame.bytes;
	return err;
}

static int
run(struct tracing *t)
{
	int err;

	if (!t->opt->json)
		print_head(t);
	err = t->engine != NULL ? run_on_card(t) : run_on_host(t);
	if (err == -ENOMEM) {
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
load_on_host(struct tracing *t)
{
	const struct program_how how = {
		.type = t->program.prog->type,
		.n_cpus = 1,
		.is_verified = true,
		.is_traced = true,
	};

	t->vm = xb_vm_new(0);
	t->spare = malloc(XB_SKB_SPARE_BYTES);
	if (t->vm == NULL || t->spare == NULL) {
		complain("no memory");
		return STATUS_RUNTIME;
	}
	xb_vm_set_budget(t->vm, UINT64_MAX);
	return program_load(&t->program, &how);
}

/* What the microcode calls the maps; that of the host is none of its. */
static int
number_maps(struct tracing *t)
{
	const struct offload *o = &t->place.check.offload;

	t->map_numbers = calloc(o->obj->map_cnt + 1, sizeof(*t->map_numbers));
	for (uint32_t i = 0; t->map_numbers != NULL && i < o->obj->map_cnt; i++)
		if (off_nfp_map_number(o->kernel, o->maps[i], &t->map_numbers[i]) < 0)
			t->map_numbers[i] = UINT32_MAX;
	return t->map_numbers != NULL ? 0 : -ENOMEM;
}

static int
load_on_card(struct tracing *t)
{
	if (number_maps(t) == 0)
		t->engine = nic_engine_new(t->place.check.offload.fw, 0, false);
	if (t->engine != NULL)
		return STATUS_DONE;
	complain("no memory");
	return STATUS_RUNTIME;
}

/* The card refuses, and the host was not asked for. */
static void
tell_fallback(const struct tracing *t)
{
	const struct finding *refusal = check_refusal(&t->place.check);

	complain("note: the card refuses program '%s': %s (%s); so it is for the host, as with "
		 "--bpf; xoffload check says more",
		t->program.prog->name, refusal->message, finding_errno(refusal));
}

static int
load(struct tracing *t)
{
	int status = STATUS_DONE;

	t->buf = malloc(PKT_GIANT_BYTES_MAX + PKT_HEADROOM);
	t->original = malloc(PKT_GIANT_BYTES_MAX);
	t->trace.rows = t->opt->json ? json_array() : NULL;
	if (t->buf == NULL || t->original == NULL) {
		complain("no memory");
		return STATUS_RUNTIME;
	}
	if (!t->opt->bpf)
		status = place_program(&t->place, t->opt, &t->program);
	if (status != STATUS_DONE)
		return status;
	if (t->place.is_offloaded)
		return load_on_card(t);
	if (t->place.is_asked)
		tell_fallback(t);
	return load_on_host(t);
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
	if (status == STATUS_REFUSED && opt->json)
		report_refusal_json(&t.program, t.place.is_asked ? &t.place.check : NULL, stdout);
	if (status == STATUS_DONE)
		status = open_capture(&t);
	if (status == STATUS_DONE)
		status = find_packet(&t);
	if (status == STATUS_DONE)
		status = run(&t);
	replay_close(&t.replay);
	json_decref(t.trace.rows);
	xb_vm_free(t.vm);
	nic_engine_free(t.engine);
	free(t.spare);
	free(t.map_numbers);
	place_end(&t.place);
	program_close(&t.program);
	free(t.buf);
	free(t.original);
	return status;
}
