/* SPDX-License-Identifier: BSD-2-Clause */
/* What a steady state means for the card: its ends, what bounds it, what is validated. */
#include "nic/timing/internal.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#define WIRE_BYTES 24u	     /* of a frame on the wire: preamble 8, CRC 4, gap 12 */
#define BLOCK_BYTES 1024u    /* frames past that take one of the island's large blocks ... */
#define BLOCK_HEADROOM 136u  /* ... with what lies before them (firmware-facts.md 3) */
#define EMEM_USE_LITTLE 0.02 /* of a part that is busy no more than that nothing is gained */
#define VALIDATED_MHZ 800u
#define VALIDATED_MES 50u
#define VALIDATED_BYTES 64u /* of frames, where the firmware's work depends on them */

static const struct {
	const char *name, *what;
} bounds[NIC_BOUND_CNT] = {
#define X(id, name_, what_) [NIC_BOUND_##id] = { .name = (name_), .what = (what_) },
	NIC_BOUND_LIST(X)
#undef X
};

const char *
nic_bound_name(enum nic_bound bound)
{
	return bounds[bound].name;
}

const char *
nic_bound_what(enum nic_bound bound)
{
	return bounds[bound].what;
}

/* ---- the mix ---- */

/* Sums over classes, as shares of packets. */
struct sums {
	double packets, bytes, large; /* large: need one of the large blocks */
	double host_bytes;	      /* over PCIe, with all around it */
};

/* What bytes for the host take of PCIe. */
static double
pcie_bytes(const struct nic_card *card, double bytes)
{
	return bytes + card->pcie_descriptor +
	       (ceil(bytes / card->pcie_payload) + 1) * card->pcie_header;
}

static struct sums
sum_up(const struct nic_card *card, const struct nic_mix *mix, uint32_t class)
{
	struct sums s = { 0 };
	uint32_t cnt = nic_mix_class_cnt(mix);

	for (uint32_t i = 0; i < cnt; i++) {
		const struct nic_class *c = nic_mix_class(mix, i);
		double packets = (double)c->packets, mean;

		if (c->packets == 0 || (class < cnt && class != i))
			continue;
		mean = (double)c->bytes / packets;
		s.packets += packets;
		s.bytes += (double)c->bytes;
		s.large += mean + BLOCK_HEADROOM > BLOCK_BYTES ? packets : 0;
		if (c->path.fate == NIC_FATE_PASS)
			s.host_bytes += packets * pcie_bytes(card, mean);
		if (c->path.events > 0)
			s.host_bytes +=
				packets * c->path.events *
				pcie_bytes(card, (double)c->path.event_bytes / c->path.events);
	}
	s.bytes /= s.packets;
	s.large /= s.packets;
	s.host_bytes /= s.packets;
	return s;
}

/* ---- bounds ---- */

/* Buffers are taken from arrival to the end: packets that are under way, by how long they are. */
static double
buffers_mpps(const struct nic_card *card, const struct sums *s, double latency_us)
{
	double blocks = s->large > 0 ? card->island_blocks / s->large : HUGE_VAL;

	return card->islands * fmin(card->island_packets, blocks) / latency_us;
}

static void
set_limits(const struct nic_card *card, const struct sums *s, const struct nic_steady *free,
	const struct nic_steady *now, struct nic_prediction *p)
{
	double *limit = p->limit_mpps;

	/* Where every context waits for the EMEM the microengines are not what bounds. */
	limit[NIC_BOUND_ME] = (double)card->mhz * card->mes / free->cycles;
	limit[NIC_BOUND_EMEM] = now->bank > 0 ? card->mhz / now->bank : HUGE_VAL;
	limit[NIC_BOUND_CTM] = buffers_mpps(card, s, now->latency / card->mhz);
	limit[NIC_BOUND_MAC] = card->mac_kpps / 1e3;
	limit[NIC_BOUND_WIRE] = card->ports * card->port_gbps * 1e3 / ((s->bytes + WIRE_BYTES) * 8);
	limit[NIC_BOUND_HOST] =
		s->host_bytes > 0 ? card->pcie_mbps / (s->host_bytes * 8) : HUGE_VAL;
}

/* The least but that one, of microengines and EMEM together as simulated. */
static double
least_without(const struct nic_prediction *p, double simulated, enum nic_bound without)
{
	double least = HUGE_VAL;

	for (int i = 0; i < NIC_BOUND_CNT; i++)
		if (i != (int)without && i != NIC_BOUND_ME && i != NIC_BOUND_EMEM)
			least = fmin(least, p->limit_mpps[i]);
	if (without == NIC_BOUND_ME)
		return fmin(least, p->limit_mpps[NIC_BOUND_EMEM]);
	if (without == NIC_BOUND_EMEM)
		return fmin(least, p->limit_mpps[NIC_BOUND_ME]);
	return fmin(least, simulated);
}

/* The bound is that without which the rate would be highest. */
static void
find_bound(struct nic_prediction *p, double simulated)
{
	double best = 0;

	p->mpps = least_without(p, simulated, NIC_BOUND_CNT);
	for (int i = 0; i < NIC_BOUND_CNT; i++) {
		double without = least_without(p, simulated, (enum nic_bound)i);

		if (without > best) {
			best = without;
			p->bound = (enum nic_bound)i;
		}
	}
	p->gain = best / p->mpps - 1;
}

/* A confirmed bug of the measured firmware (card-timing.md): what could do so much and is offered
 * more does less. */
static void
show_anomaly(const struct nic_card *card, struct nic_prediction *p)
{
	double kpps = p->mpps * 1e3;

	if (kpps > card->anomaly_from_kpps && kpps < card->anomaly_to_kpps &&
		p->bound != NIC_BOUND_WIRE && kpps > card->anomaly_kpps)
		p->mpps = card->anomaly_kpps / 1e3;
}

/* ---- what is validated ---- */

static bool
is_measured(const struct nic_step *step)
{
	return step->timed == NIC_TIMED_NONE || step->timed == NIC_TIMED_CTM ||
	       step->timed == NIC_TIMED_EMEM_READ || step->timed == NIC_TIMED_EMEM_ATOMIC;
}

static const char *
class_unmeasured(const struct nic_card *card, const struct nic_class *class)
{
	bool depends_on_length = strcmp(card->fw_checksum, "0") != 0;

	if (class->path.is_guess)
		return "it calls helpers, whose cost nobody has measured";
	if (class->path.fate != NIC_FATE_DROP && strcmp(card->fw_pass, card->fw_drop) != 0)
		return "only packets that are dropped have been measured";
	if (depends_on_length && class->bytes > class->packets * VALIDATED_BYTES)
		return "of this firmware only frames of 60 bytes have been measured";
	for (uint32_t i = 0; i < class->path.steps.cnt; i++)
		if (!is_measured(&class->path.steps.step[i]))
			return "it goes to a memory that has not been measured";
	return NULL;
}

static const char *
card_unmeasured(const struct nic_card *card)
{
	if (strcmp(card->chip, "NFP-4000") != 0 || card->mhz != VALIDATED_MHZ)
		return "only an NFP-4000 at 800 MHz has been measured";
	if (card->mes > VALIDATED_MES || card->threads != 4)
		return "only up to 50 microengines with 4 contexts have been measured";
	if (card->notes[NIC_KEY_fw_receive].known == NIC_KNOWN_INFERRED)
		return "the vendor's firmware is taken to be as fast as the open one";
	for (int i = 0; i < NIC_KEY_CNT; i++)
		if (card->notes[i].known == NIC_KNOWN_WHAT_IF && i != NIC_KEY_mes)
			return "a number of the card was changed";
	return NULL;
}

static const char *
unmeasured(const struct nic_card *card, const struct nic_mix *mix, uint32_t class)
{
	uint32_t cnt = nic_mix_class_cnt(mix);
	const char *why = card_unmeasured(card);

	for (uint32_t i = 0; i < cnt && why == NULL; i++)
		if (nic_mix_class(mix, i)->packets > 0 && (class >= cnt || class == i))
			why = class_unmeasured(card, nic_mix_class(mix, i));
	return why;
}

/* ---- all of it ---- */

static int
simulate(const struct nic_plan *plan, const struct nic_predict_options *o, struct nic_steady *now,
	struct nic_steady *free)
{
	uint32_t events = o->events != 0 ? o->events : NIC_PREDICT_EVENTS;
	int err = nic_simulate(plan, o->seed, events, false, now, o->waits);

	*free = *now;
	if (err == 0 && now->bank * plan->mes > EMEM_USE_LITTLE * now->cycles)
		err = nic_simulate(plan, o->seed, events, true, free, NULL);
	return err;
}

int
nic_predict_class(const struct nic_card *card, const struct nic_mix *mix, uint32_t class,
	const struct nic_predict_options *options, struct nic_prediction *prediction)
{
	struct nic_prediction p = { .not_validated = unmeasured(card, mix, class) };
	struct nic_steady now, free;
	struct nic_plan plan;
	struct sums sums;
	int err = nic_plan_make(&plan, card, mix, class);

	if (err == 0)
		err = simulate(&plan, options, &now, &free);
	nic_plan_clear(&plan);
	if (err != 0)
		return err;
	sums = sum_up(card, mix, class);
	set_limits(card, &sums, &free, &now, &p);
	find_bound(&p, (double)card->mhz * card->mes / now.cycles);
	if (options->has_anomaly)
		show_anomaly(card, &p);
	p.cycles_per_packet = now.cycles;
	p.busy_cycles = now.busy;
	p.gbps = p.mpps * sums.bytes * 8 / 1e3;
	p.me_use = p.mpps * now.busy / ((double)card->mhz * card->mes);
	p.emem_use = p.mpps * now.bank / card->mhz;
	p.latency_us = now.latency / card->mhz;
	p.is_validated = p.not_validated == NULL;
	*prediction = p;
	return 0;
}

int
nic_predict(const struct nic_card *card, const struct nic_mix *mix,
	const struct nic_predict_options *options, struct nic_prediction *prediction)
{
	return nic_predict_class(card, mix, UINT32_MAX, options, prediction);
}
