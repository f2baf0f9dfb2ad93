/* SPDX-License-Identifier: BSD-2-Clause */
/* Ordered output. Used by worker.c (output_decide) and cmd_run.c. */
#include "dpdk-app/output.h"

#include <errno.h>
#include <rte_pause.h>
#include <stdlib.h>
#include <string.h>

static int
open_files(struct output *out, const struct options *opt, const struct output_opts *opts,
	struct xb_log *log)
{
	int ret = 0;

	if (opt->verdicts != NULL)
		ret = outfile_open(&out->verdicts, opt->verdicts, opts->in, log);
	if (ret == 0 && opt->pass_out != NULL)
		ret = outfile_open_pcap(&out->pass, opt->pass_out, opts->in, opts->is_nano,
			opts->snaplen, &out->pass_dumper, log);
	if (ret == 0 && opt->tx_out != NULL)
		ret = outfile_open_pcap(&out->tx, opt->tx_out, opts->in, opts->is_nano,
			opts->snaplen, &out->tx_dumper, log);
	if (ret == 0 && (outfile_is_same(&out->verdicts, &out->pass) ||
				outfile_is_same(&out->verdicts, &out->tx) ||
				outfile_is_same(&out->pass, &out->tx))) {
		xb_log_add(
			log, "run: --verdicts, --pass-out and --tx-out: two name the same file\n");
		ret = -EINVAL;
	}
	return ret;
}

int
output_open(struct output *out, const struct options *opt, const struct output_opts *opts,
	struct xb_log *log)
{
	int ret;

	*out = (struct output){ .is_nano = opts->is_nano, .tells_place = opts->tells_place };
	ret = open_files(out, opt, opts, log);
	if (ret == 0 && (opt->verdicts || opt->pass_out || opt->tx_out)) {
		out->slots = calloc(WINDOW, sizeof(*out->slots));
		if (out->slots == NULL) {
			xb_log_add(log, "no memory for %u packets on the way\n", WINDOW);
			ret = -ENOMEM;
		}
	}
	if (ret < 0)
		output_abandon(out);
	return ret;
}

static struct slot *
slot_of(struct output *out, uint64_t seq)
{
	return &out->slots[seq % WINDOW];
}

/* Where packets of this code are written; NULL: nowhere. */
static pcap_dumper_t *
dumper_of(const struct output *out, enum code code)
{
	switch (code_infos[code].way) {
	case WAY_HOST: return out->pass_dumper;
	case WAY_WIRE: return out->tx_dumper;
	default: return NULL;
	}
}

void
output_decide(struct output *out, const struct pkt_info *info, enum code code, uint32_t len,
	bool is_behind)
{
	struct slot *slot = slot_of(out, info->seq);

	slot->index = info->index;
	slot->len = len;
	slot->code = (uint8_t)code;
	slot->is_behind = is_behind;
	slot->has_packet = dumper_of(out, code) != NULL;
	__atomic_store_n(&slot->decided, true, __ATOMIC_RELEASE);
}

static void
empty_ring(struct output *out, struct rte_ring *ring)
{
	struct rte_mbuf *pkts[BURST];
	unsigned int n;

	while ((n = rte_ring_dequeue_burst(ring, (void **)pkts, BURST, NULL)) > 0)
		for (unsigned int i = 0; i < n; i++)
			slot_of(out, pkt_info(pkts[i])->seq)->packet = pkts[i];
}

static void
write_packet(const struct output *out, pcap_dumper_t *dumper, struct rte_mbuf *m)
{
	const struct pkt_info *info = pkt_info(m);
	struct pcap_pkthdr header = {
		.ts = { info->sec, out->is_nano ? info->nsec : info->nsec / 1000 },
		.caplen = m->pkt_len,
		.len = m->pkt_len + info->missing,
	};

	pcap_dump((u_char *)dumper, &header, rte_pktmbuf_mtod(m, const u_char *));
	rte_pktmbuf_free(m);
}

/* Decimal, backwards from end; where it begins. printf() would cost more than the program. */
static char *
put_decimal(char *end, uint64_t value)
{
	do
		*--end = (char)('0' + value % 10);
	while (value /= 10);
	return end;
}

/* The same with text. */
static char *
put_text(char *end, const char *text)
{
	size_t len = strlen(text);

	return memcpy(end - len, text, len);
}

static void
write_verdict(const struct output *out, const struct slot *slot)
{
	FILE *file = out->verdicts.file;
	char line[80];
	char *end = line + sizeof(line);
	char *at = end;

	*--at = '\n';
	if (out->tells_place)
		at = put_text(at, slot->is_behind ? "\thost" : "\tcard");
	at = put_decimal(at, slot->len);
	*--at = '\t';
	at = put_text(at, code_infos[slot->code].name);
	*--at = '\t';
	at = put_decimal(at, slot->index);
	fwrite(at, 1, (size_t)(end - at), file);
}

static void
write_slot(struct output *out, struct slot *slot)
{
	if (out->verdicts.file != NULL)
		write_verdict(out, slot);
	if (slot->has_packet)
		write_packet(out, dumper_of(out, slot->code), slot->packet);
	slot->packet = NULL;
	slot->decided = false;
}

void
output_write(struct output *out, struct ports *p, unsigned int lcores)
{
	if (out->slots == NULL)
		return;
	for (unsigned int q = 0; q < lcores; q++) {
		if (out->tx_dumper != NULL)
			empty_ring(out, p->wire_tx[q]);
		if (out->pass_dumper != NULL)
			empty_ring(out, p->host_tx[q]);
	}
	for (;;) {
		struct slot *slot = slot_of(out, out->head);

		if (!__atomic_load_n(&slot->decided, __ATOMIC_ACQUIRE) ||
			(slot->has_packet && slot->packet == NULL))
			return;
		write_slot(out, slot);
		__atomic_store_n(&out->head, out->head + 1, __ATOMIC_RELEASE);
	}
}

int
output_commit(struct output *out, struct xb_log *log)
{
	int ret = outfile_commit(&out->verdicts, log);
	int pass = outfile_commit(&out->pass, log);
	int tx = outfile_commit(&out->tx, log);

	free(out->slots);
	out->slots = NULL;
	return ret < 0 ? ret : pass < 0 ? pass : tx;
}

void
output_abandon(struct output *out)
{
	outfile_abandon(&out->verdicts);
	outfile_abandon(&out->pass);
	outfile_abandon(&out->tx);
	free(out->slots);
	out->slots = NULL;
}
