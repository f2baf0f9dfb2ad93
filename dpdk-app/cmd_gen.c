/* SPDX-License-Identifier: BSD-2-Clause */
/* `xoffload gen`: a capture made from a recipe (gen.c), written by libpcap. */
#include "dpdk-app/cmd.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "dpdk-app/gen.h"
#include "dpdk-app/json.h"
#include "dpdk-app/outfile.h"

#define COUNT_DEFAULT 1000
#define SEED_DEFAULT 1
#define FIRST_SECOND 1600000000 /* timestamps: one packet a microsecond from here */
#define SNAPLEN 65535

static int
read_recipe(const struct options *opt, struct gen *gen, struct xb_log *log)
{
	gen->seed = option_given(opt, OPT_seed) ? opt->seed : SEED_DEFAULT;
	if (gen_parse_protos(gen, opt->proto != NULL ? opt->proto : "udp", log) < 0)
		return -EINVAL;
	if (gen_parse_size(gen, opt->size != NULL ? opt->size : "60", log) < 0)
		return -EINVAL;
	gen->flows = opt->flows ? (uint32_t)opt->flows : gen->proto_cnt;
	if (gen->flows < gen->proto_cnt) {
		xb_log_add(log, "--flows %u: fewer than the %u protocols of --proto\n", gen->flows,
			gen->proto_cnt);
		return -EINVAL;
	}
	return 0;
}

static bool
is_standard_output(const struct options *opt)
{
	return strcmp(opt->args[0], "-") == 0;
}

/* Bytes written. */
static uint64_t
write_packets(const struct gen *gen, uint64_t count, pcap_dumper_t *dumper)
{
	uint8_t buf[GEN_BYTES_MAX];
	uint64_t bytes = 0;

	for (uint64_t i = 0; i < count && !ferror(pcap_dump_file(dumper)); i++) {
		struct pcap_pkthdr header = {
			.ts = { FIRST_SECOND + (time_t)(i / 1000000), (suseconds_t)(i % 1000000) },
		};

		header.caplen = header.len = gen_packet(gen, i, buf);
		pcap_dump((u_char *)dumper, &header, buf);
		bytes += header.caplen;
	}
	return bytes;
}

/* Where the packets go to standard output, this does not. */
static void
report(const struct options *opt, uint64_t count, uint64_t bytes)
{
	FILE *to = is_standard_output(opt) ? stderr : stdout;

	if (!opt->json) {
		fprintf(to, "%s: %" PRIu64 " packets, %" PRIu64 " bytes\n", opt->args[0], count,
			bytes);
		return;
	}
	json_print(json_pack("{s:o, s:I, s:I}", "file", json_text(opt->args[0]), "packets",
			   (json_int_t)count, "bytes", (json_int_t)bytes),
		to);
}

int
cmd_gen(const struct options *opt)
{
	uint64_t count = option_given(opt, OPT_count) ? opt->count : COUNT_DEFAULT;
	struct xb_log log = { 0 };
	struct gen gen = { 0 };
	struct outfile out;
	pcap_dumper_t *dumper;
	uint64_t bytes;

	if (read_recipe(opt, &gen, &log) < 0) {
		complain_log(&log);
		return STATUS_USAGE;
	}
	if (outfile_open_pcap(&out, is_standard_output(opt) ? "/dev/stdout" : opt->args[0], NULL,
		    false, SNAPLEN, &dumper, &log) < 0) {
		complain_log(&log);
		return STATUS_RUNTIME;
	}
	bytes = write_packets(&gen, count, dumper);
	if (outfile_commit(&out, &log) < 0) {
		complain_log(&log);
		return STATUS_RUNTIME;
	}
	report(opt, count, bytes);
	return STATUS_DONE;
}
