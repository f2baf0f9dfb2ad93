/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Microengines whose contexts take turns, never preempted, until what they do in a while does not
 * change: there is always a packet to have. One event is one step of one context: its command goes
 * out. Events are handled in order of time over all microengines, so memories that they share serve
 * in that order; between two commands a microengine needs nobody else.
 */
#include "nic/timing/internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define SEQUENCERS_MAX 8u
#define WINDOW 16384u /* packets of a sequencer under way; more than all contexts */
#define BANKS_MAX 64u
#define WARM_UP 5u	     /* one in so many events is before the steady state */
#define PACKETS_MIN 64u	     /* counted at least */
#define STAGGER_CYCLES 1000u /* contexts start within */

/* A packet's place in the order they leave by. */
struct ticket {
	uint32_t number, sequencer;
};

struct context {
	const struct nic_planned *step, *end;
	uint64_t ready;	  /* when it can go on */
	uint64_t pending; /* when what the next swap waits for is answered */
	uint64_t arrived;
	struct ticket ticket;
	bool is_releasing;
	const struct nic_planned *waits_for; /* it swapped out with that, */
	uint64_t since;			     /* then */
};

struct engine {
	uint64_t time; /* of its next event */
	uint32_t active, island;
	uint32_t posted;	       /* commands, of which the last are queued */
	uint64_t taken[NIC_QUEUE_MAX]; /* when the memory takes each */
	struct context *context;
};

/* Packets of a sequencer that are done, and the first that is not. */
struct sequencer {
	uint32_t next, head;
	bool *is_done; /* plan->window */
};

/* Packets in an island's buffers that no context has yet, a ring of plan->buffers. There is one
 * more on the wire for each that ends: this is a card that is offered all it can take. */
struct island {
	uint32_t first, cnt;
	struct ticket *ticket;
};

struct sim {
	const struct nic_plan *plan;
	struct island *island;
	struct ticket *tickets; /* of all islands */
	struct engine *engine;
	struct context *context;
	uint32_t *heap; /* engines, the one with the first event on top */
	struct sequencer *sequencer;
	bool *is_done;
	uint64_t bank_free[BANKS_MAX], bank_busy[BANKS_MAX];
	bool is_emem_free;
	uint64_t random;
	uint64_t now, busy, packets, latency;
	uint64_t *waits; /* of each step of the plan; NULL: nobody asks */
};

/* ---- chance ---- */

static uint32_t
draw(struct sim *sim)
{
	sim->random ^= sim->random << 13;
	sim->random ^= sim->random >> 7;
	sim->random ^= sim->random << 17;
	return (uint32_t)(sim->random >> 32);
}

static uint32_t
draw_below(struct sim *sim, uint32_t below)
{
	return (uint32_t)((uint64_t)draw(sim) * below >> 32);
}

/* How long something takes that now and then takes much longer: exponential, but uniform within
 * each halving of what is left. Whole numbers only, so that it is the same on every machine. */
static uint64_t
draw_long(struct sim *sim, uint32_t mean)
{
	const uint32_t bits = draw(sim) | 1, halvings = (uint32_t)__builtin_clz(bits);
	const uint32_t within = (uint32_t)((uint64_t)bits << (halvings + 1));
	/* in thirds of twice the mean, of which the mean is 1.5 */
	const uint64_t times = ((uint64_t)halvings << 32 | within) >> 16;

	return times * 2 * mean / 3 >> 16;
}

/* ---- packets ---- */

/* A context that is through takes a packet of any class, each as often as its share. */
static void
next_packet(struct sim *sim, struct context *ctx)
{
	const struct nic_plan *plan = sim->plan;
	double chance = (draw(sim) + 0.5) / 4294967296.0;
	uint32_t low = 0, high = plan->class_cnt - 1;

	while (low < high) {
		uint32_t middle = (low + high) / 2;

		if (plan->class[middle].share < chance)
			low = middle + 1;
		else
			high = middle;
	}
	ctx->step = plan->step + plan->class[low].from;
	ctx->end = ctx->step + plan->class[low].cnt;
	ctx->is_releasing = false;
	ctx->arrived = sim->now;
}

/* The next packet of the wire is put into a buffer of that island; it is numbered in that order. */
static void
fill(struct sim *sim, struct island *island)
{
	uint32_t sequencer = draw_below(sim, sim->plan->sequencers);

	if (island->cnt == sim->plan->buffers) /* steps that take no packet */
		return;
	island->ticket[(island->first + island->cnt++) % sim->plan->buffers] = (struct ticket){
		.sequencer = sequencer,
		.number = sim->sequencer[sequencer].next++,
	};
}

/* A context gets the packet that has waited longest in its island; there is always one (start()).
 */
static void
arrive(struct sim *sim, struct island *island, struct context *ctx)
{
	ctx->arrived = sim->now;
	if (island->cnt == 0)
		fill(sim, island);
	ctx->ticket = island->ticket[island->first];
	island->first = (island->first + 1) % sim->plan->buffers;
	island->cnt--;
}

/* The first of its sequencer lets all go that are done behind it. False: there is no place for it
 * yet. */
static bool
order(struct sim *sim, struct context *ctx)
{
	struct sequencer *s = &sim->sequencer[ctx->ticket.sequencer];
	uint32_t window = sim->plan->window;

	if (ctx->ticket.number - s->head >= window)
		return false;
	s->is_done[ctx->ticket.number % window] = true;
	ctx->is_releasing = ctx->ticket.number == s->head;
	while (s->is_done[s->head % window])
		s->is_done[s->head++ % window] = false;
	return true;
}

/* On to the next step that is for this packet. */
static void
advance(struct sim *sim, struct engine *engine, struct context *ctx)
{
	do {
		if (++ctx->step < ctx->end)
			continue;
		sim->packets++;
		sim->latency += sim->now - ctx->arrived;
		fill(sim, &sim->island[engine->island]);
		next_packet(sim, ctx);
	} while (ctx->step->is_on_release && !ctx->is_releasing);
}

/* ---- memories ---- */

static uint32_t
bank_of(struct sim *sim, const struct nic_planned *step)
{
	uint64_t line;

	if (step->place_cnt == 0)
		return draw_below(sim, sim->plan->banks);
	line = step->places[step->place_cnt > 1 ? draw_below(sim, step->place_cnt) : 0] /
	       sim->plan->line_words;
	return (uint32_t)((line * UINT64_C(0x9e3779b97f4a7c15)) >> 32) % sim->plan->banks;
}

static uint64_t
use_bank(struct sim *sim, uint32_t bank, uint32_t busy)
{
	uint64_t *is_free = &sim->bank_free[bank];
	uint64_t wait = *is_free > sim->now ? *is_free - sim->now : 0;

	*is_free = sim->now + wait + busy;
	sim->bank_busy[bank] += busy;
	return wait;
}

/* A command that nobody waits for is in the engine's queue until the memory takes it. When all
 * places are taken the engine, with all its contexts, stands still until the first is free: false.
 */
static bool
has_place(const struct sim *sim, struct engine *engine, const struct nic_planned *step)
{
	uint64_t is_free = engine->taken[engine->posted % sim->plan->queue];

	if (step->line == 0 || step->wait == NIC_WAIT_SWAP || is_free <= engine->time)
		return true;
	engine->time = is_free;
	return false;
}

/* Time until the answer. */
static uint64_t
serve(struct sim *sim, struct engine *engine, const struct nic_planned *step)
{
	uint32_t vary = step->latency / 100 * sim->plan->jitter;
	uint64_t wait = 0;

	if (!sim->is_emem_free && step->all > 0) {
		for (uint32_t i = 0; i < sim->plan->banks; i++)
			use_bank(sim, i, step->all);
	} else if (!sim->is_emem_free && step->line > 0) {
		wait = use_bank(sim, bank_of(sim, step), step->line);
		if (step->wait != NIC_WAIT_SWAP)
			engine->taken[engine->posted++ % sim->plan->queue] = sim->now + wait;
	}
	return wait + step->latency - vary + (vary ? draw_long(sim, vary) : 0);
}

/* ---- contexts ---- */

/* The next after the active one that is ready, or else will be first; and then it is that time. */
static void
arbitrate(struct sim *sim, struct engine *engine)
{
	uint32_t cnt = sim->plan->contexts, first = engine->active;
	uint64_t when = UINT64_MAX;

	for (uint32_t i = 1; i <= cnt; i++) {
		uint32_t ctx = (engine->active + i) % cnt;
		uint64_t ready = engine->context[ctx].ready;

		if (ready < when) {
			first = ctx;
			when = ready;
		}
		if (ready <= engine->time)
			break;
	}
	engine->active = first;
	if (when > engine->time)
		engine->time = when;
	if (sim->waits != NULL && engine->context[first].waits_for != NULL)
		sim->waits[engine->context[first].waits_for - sim->plan->step] +=
			engine->time - engine->context[first].since;
}

/* The active context issues up to its next command. */
static void
issue(struct sim *sim, struct engine *engine, uint32_t swap)
{
	uint64_t cycles = (uint64_t)engine->context[engine->active].step->issue + swap;

	engine->time += cycles;
	sim->busy += cycles;
}

/* Packets have numbers, and leave by them. False: the context tries again later. */
static bool
keep_order(struct sim *sim, struct engine *engine, struct context *ctx)
{
	if (ctx->step->event == NIC_EVENT_ARRIVE)
		arrive(sim, &sim->island[engine->island], ctx);
	if (ctx->step->event != NIC_EVENT_ORDER || order(sim, ctx))
		return true;
	ctx->ready = sim->now + sim->plan->sleep;
	arbitrate(sim, engine);
	issue(sim, engine, sim->plan->swap);
	return false;
}

/* The event of an engine: the active context's command goes out. */
static void
handle(struct sim *sim, struct engine *engine)
{
	struct context *ctx = &engine->context[engine->active];
	const struct nic_planned *step = ctx->step;
	uint64_t answered;

	if (!has_place(sim, engine, step))
		return;
	sim->now = engine->time;
	if (!keep_order(sim, engine, ctx))
		return;
	answered = sim->now + (step->is_command ? serve(sim, engine, step) : 0);
	if (step->wait != NIC_WAIT_NO && answered > ctx->pending)
		ctx->pending = answered;
	if (step->wait == NIC_WAIT_SWAP) {
		ctx->ready = ctx->pending > sim->now ? ctx->pending : sim->now;
		ctx->pending = 0;
		ctx->waits_for = step;
		ctx->since = sim->now;
	}
	advance(sim, engine, ctx);
	if (step->wait == NIC_WAIT_SWAP)
		arbitrate(sim, engine);
	issue(sim, engine, step->wait == NIC_WAIT_SWAP ? sim->plan->swap : 0);
}

/* ---- engines, in order of time ---- */

static bool
is_before(const struct sim *sim, uint32_t a, uint32_t b)
{
	uint64_t at = sim->engine[a].time, bt = sim->engine[b].time;

	return at < bt || (at == bt && a < b);
}

static void
sift(struct sim *sim, uint32_t at)
{
	uint32_t moved = sim->heap[at], cnt = sim->plan->mes;

	for (uint32_t child = 2 * at + 1; child < cnt; child = 2 * at + 1) {
		if (child + 1 < cnt && is_before(sim, sim->heap[child + 1], sim->heap[child]))
			child++;
		if (!is_before(sim, sim->heap[child], moved))
			break;
		sim->heap[at] = sim->heap[child];
		at = child;
	}
	sim->heap[at] = moved;
}

/* Islands that have microengines, with as many packets waiting as their contexts leave room for. */
static void
fill_islands(struct sim *sim)
{
	const struct nic_plan *plan = sim->plan;
	uint32_t islands = plan->islands < plan->mes ? plan->islands : plan->mes;
	uint32_t contexts = (plan->mes + islands - 1) / islands * plan->contexts;
	uint32_t cnt = plan->buffers > contexts ? plan->buffers - contexts : 0;

	for (uint32_t i = 0; i < plan->islands; i++)
		sim->island[i].ticket = sim->tickets + (size_t)i * plan->buffers;
	for (uint32_t k = 0; k < cnt; k++)
		for (uint32_t i = 0; i < islands; i++)
			fill(sim, &sim->island[i]);
}

static void
start(struct sim *sim)
{
	const struct nic_plan *plan = sim->plan;

	fill_islands(sim);
	for (uint32_t i = 0; i < plan->mes; i++) {
		struct engine *engine = &sim->engine[i];

		engine->context = sim->context + i * plan->contexts;
		engine->island = i % plan->islands;
		for (uint32_t c = 0; c < plan->contexts; c++) {
			next_packet(sim, &engine->context[c]);
			engine->context[c].ready = draw_below(sim, STAGGER_CYCLES * NIC_MILLI);
		}
		arbitrate(sim, engine);
		issue(sim, engine, 0);
		sim->heap[i] = i;
	}
	for (uint32_t i = plan->mes; i-- > 0;)
		sift(sim, i);
}

static void
run(struct sim *sim, uint32_t events)
{
	for (uint32_t i = 0; i < events; i++) {
		handle(sim, &sim->engine[sim->heap[0]]);
		sift(sim, 0);
	}
}

static int
begin(struct sim *sim, const struct nic_plan *plan, uint64_t seed)
{
	sim->plan = plan;
	sim->random = seed * UINT64_C(0x9e3779b97f4a7c15) + UINT64_C(88172645463325252);
	sim->random += sim->random == 0;
	sim->engine = calloc(plan->mes, sizeof(*sim->engine));
	sim->context = calloc((size_t)plan->mes * plan->contexts, sizeof(*sim->context));
	sim->heap = calloc(plan->mes, sizeof(*sim->heap));
	sim->sequencer = calloc(plan->sequencers, sizeof(*sim->sequencer));
	sim->is_done = calloc((size_t)plan->sequencers * plan->window, sizeof(*sim->is_done));
	sim->island = calloc(plan->islands, sizeof(*sim->island));
	sim->tickets = calloc((size_t)plan->islands * plan->buffers, sizeof(*sim->tickets));
	if (!sim->engine || !sim->context || !sim->heap || !sim->sequencer || !sim->is_done ||
		!sim->island || !sim->tickets)
		return -ENOMEM;
	for (uint32_t i = 0; i < plan->sequencers; i++)
		sim->sequencer[i].is_done = sim->is_done + (size_t)i * plan->window;
	return 0;
}

static void
end(struct sim *sim)
{
	free(sim->engine);
	free(sim->context);
	free(sim->heap);
	free(sim->sequencer);
	free(sim->is_done);
	free(sim->island);
	free(sim->tickets);
	free(sim->waits);
}

/* What has been counted since mark. */
static struct nic_steady
steady_since(const struct sim *sim, const struct sim *mark)
{
	double packets = (double)(sim->packets - mark->packets);
	double time = (double)(sim->now - mark->now) / NIC_MILLI;
	uint64_t bank = 0;

	for (uint32_t i = 0; i < sim->plan->banks; i++) {
		uint64_t busy = sim->bank_busy[i] - mark->bank_busy[i];

		bank = busy > bank ? busy : bank;
	}
	return (struct nic_steady){
		.cycles = time * sim->plan->mes / packets,
		.busy = (double)(sim->busy - mark->busy) / NIC_MILLI / packets,
		.latency = (double)(sim->latency - mark->latency) / NIC_MILLI / packets,
		.bank = (double)bank / NIC_MILLI / packets,
	};
}

/* Cycles a packet that contexts waited, by the program's words. */
static void
add_waits(const struct sim *sim, uint64_t packets, double *waits)
{
	memset(waits, 0, NIC_CODE_WORDS * sizeof(*waits));
	for (uint32_t i = 0; i < sim->plan->cnt; i++)
		if (sim->plan->step[i].pc != 0)
			waits[sim->plan->step[i].pc] +=
				(double)sim->waits[i] / NIC_MILLI / (double)packets;
}

int
nic_simulate(const struct nic_plan *plan, uint64_t seed, uint32_t events, bool is_emem_free,
	struct nic_steady *steady, double *waits)
{
	struct sim sim = { .is_emem_free = is_emem_free };
	int err = begin(&sim, plan, seed);

	sim.waits = waits != NULL && err == 0 ? calloc(plan->cnt, sizeof(*sim.waits)) : NULL;
	if (waits != NULL && sim.waits == NULL)
		err = -ENOMEM;

	if (err == 0) {
		struct sim mark;

		start(&sim);
		run(&sim, events / WARM_UP);
		mark = sim;
		if (waits != NULL)
			memset(sim.waits, 0, plan->cnt * sizeof(*sim.waits));
		/* a mix of very long paths: there must be packets to count */
		do
			run(&sim, events - events / WARM_UP);
		while (sim.packets - mark.packets < PACKETS_MIN);
		*steady = steady_since(&sim, &mark);
		if (waits != NULL)
			add_waits(&sim, sim.packets - mark.packets, waits);
	}
	end(&sim);
	return err;
}
