/* SPDX-License-Identifier: BSD-2-Clause */
/* What the firmware does around a program (firmware-facts.md 2), and what each step takes on the
 * card. predict.c makes a plan, sim.c runs it. */
#include "nic/timing/internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const struct {
	size_t latency, word; /* in struct nic_card */
} units[NIC_TIMED_CNT] = {
#define X(id, name, latency_, word_)                                                               \
	[NIC_TIMED_##                                                                              \
		id] = { offsetof(struct nic_card, latency_), offsetof(struct nic_card, word_) },
	NIC_TIMED_LIST(X)
#undef X
};

/* Time of one of so many thousands a second, in thousandths of a cycle. */
static uint32_t
time_of(const struct nic_card *card, uint32_t kilo_a_second)
{
	uint64_t millicycles = (uint64_t)card->mhz * 1000000u / kilo_a_second;

	return millicycles > UINT32_MAX ? UINT32_MAX : (uint32_t)millicycles;
}

uint32_t
nic_step_latency(const struct nic_card *card, const struct nic_step *step)
{
	const char *base = (const char *)card;
	uint32_t words = (step->bytes + 3u) / 4;
	uint64_t latency;

	if (step->timed == NIC_TIMED_NONE)
		return 0;
	latency = *(const uint32_t *)(base + units[step->timed].latency) +
		  (uint64_t)(words ? words - 1 : 0) *
			  *(const uint32_t *)(base + units[step->timed].word);
	return latency > UINT32_MAX ? UINT32_MAX : (uint32_t)latency;
}

static bool
is_emem(const struct nic_step *step)
{
	return step->timed >= NIC_TIMED_EMEM_READ && step->timed <= NIC_TIMED_EMEM_RING;
}

static void
add(struct nic_plan *plan, const struct nic_planned *step)
{
	if (plan->err == 0 && plan->cnt == plan->room) {
		uint32_t room = plan->room ? 2 * plan->room : 256;
		struct nic_planned *more = realloc(plan->step, room * sizeof(*more));

		if (more == NULL) {
			plan->err = -ENOMEM;
			return;
		}
		plan->step = more;
		plan->room = room;
	}
	if (plan->err == 0)
		plan->step[plan->cnt++] = *step;
}

static struct nic_planned
planned(const struct nic_card *card, const struct nic_step *step, bool is_firmware)
{
	struct nic_planned p = {
		.issue = step->millicycles,
		.latency = nic_step_latency(card, step),
		.wait = step->wait,
		.is_command = step->timed != NIC_TIMED_NONE,
		.is_on_release = is_firmware && step->is_on_release,
		.place_cnt = step->place_cnt,
		.places = step->places,
	};
	bool is_read = step->timed == NIC_TIMED_EMEM_READ || step->timed == NIC_TIMED_EMEM_CAM;
	uint64_t line;

	if (is_emem(step) && is_firmware)
		p.all = card->emem_firmware_cycles;
	if (!is_emem(step) || is_firmware)
		return p;
	line = (step->bytes + card->emem_line - 1) / card->emem_line *
	       (uint64_t)time_of(card, is_read ? card->emem_reads : card->emem_atomics);
	p.line = line > UINT32_MAX ? UINT32_MAX : (uint32_t)line;
	return p;
}

static void
add_program(struct nic_plan *plan, const struct nic_card *card, const struct nic_steps *steps)
{
	for (uint32_t i = 0; i < steps->cnt; i++) {
		struct nic_planned p = planned(card, &steps->step[i], false);

		p.pc = steps->step[i].pc;
		add(plan, &p);
	}
}

/* The texts of a card are right, as nic_card_set() saw to that. The first command of kind marks is
 * the event. Has it one? */
static bool
add_marked(struct nic_plan *plan, const struct nic_card *card, const char *text,
	enum nic_timed marks, enum nic_event event)
{
	struct nic_steps steps = { 0 };
	bool is_marked = false;

	nic_steps_read(&steps, text, 0, 0);
	if (steps.err != 0)
		plan->err = steps.err;
	for (uint32_t i = 0; i < steps.cnt; i++) {
		struct nic_planned p = planned(card, &steps.step[i], true);

		p.places = NULL;
		p.place_cnt = 0;
		if (event != NIC_EVENT_NONE && !is_marked && steps.step[i].timed == marks) {
			p.event = (uint8_t)event;
			is_marked = true;
		}
		add(plan, &p);
	}
	nic_steps_clear(&steps);
	return is_marked;
}

static void
add_firmware(struct nic_plan *plan, const struct nic_card *card, const char *text)
{
	add_marked(plan, card, text, NIC_TIMED_NONE, NIC_EVENT_NONE);
}

/* The sum over a packet takes longer the longer it is, where the firmware makes one. */
static void
add_checksum(struct nic_plan *plan, const struct nic_card *card, uint64_t bytes)
{
	struct nic_step refill = {
		.timed = NIC_TIMED_CTM,
		.wait = NIC_WAIT_SWAP,
		.bytes = NIC_STEP_BYTES_MAX,
	};

	if (strcmp(card->fw_checksum, "0") == 0)
		return;
	add_firmware(plan, card, card->fw_checksum);
	for (uint64_t at = NIC_SUMMED_BYTES; at < bytes; at += NIC_REFILL_BYTES) {
		uint64_t now = bytes - at < NIC_REFILL_BYTES ? bytes - at : NIC_REFILL_BYTES;
		struct nic_planned p;

		refill.millicycles = (uint32_t)now * card->fw_checksum_byte;
		p = planned(card, &refill, true);
		p.places = NULL;
		add(plan, &p);
	}
}

static void
add_class(struct nic_plan *plan, const struct nic_card *card, const struct nic_class *class)
{
	const char *const fates[NIC_FATE_CNT] = {
		[NIC_FATE_DROP] = card->fw_drop,
		[NIC_FATE_PASS] = card->fw_pass,
		[NIC_FATE_TX] = card->fw_tx,
	};
	const struct nic_planned always = { 0 }; /* a packet has one step that is not on release */
	bool arrives;

	add(plan, &always);
	arrives = add_marked(plan, card, card->fw_receive, NIC_TIMED_NBI, NIC_EVENT_ARRIVE);
	add_firmware(plan, card, card->fw_parse);
	add_firmware(plan, card, card->fw_match);
	add_checksum(plan, card, class->bytes / class->packets);
	add_firmware(plan, card, card->fw_enter);
	add_program(plan, card, &class->path.steps);
	add_firmware(plan, card, card->fw_done);
	add_firmware(plan, card, fates[class->path.fate]);
	/* what has no number cannot leave by it */
	add_marked(plan, card, card->fw_order, NIC_TIMED_REMOTE,
		arrives ? NIC_EVENT_ORDER : NIC_EVENT_NONE);
}

/* Cycles without a command are issued with the next step's: fewer events, the same time. */
static void
join_steps(struct nic_plan *plan, struct nic_planned_class *class)
{
	uint32_t to = class->from;

	for (uint32_t i = class->from; i < plan->cnt; i++) {
		struct nic_planned *last = to > class->from ? &plan->step[to - 1] : NULL;

		if (last != NULL && !last->is_command && last->wait == NIC_WAIT_NO &&
			last->is_on_release == plan->step[i].is_on_release &&
			last->issue <= UINT32_MAX - plan->step[i].issue) {
			plan->step[i].issue += last->issue;
			to--;
		}
		plan->step[to++] = plan->step[i];
	}
	plan->cnt = to;
	class->cnt = to - class->from;
}

static void
set_card(struct nic_plan *plan, const struct nic_card *card)
{
	plan->mes = card->mes;
	plan->contexts = card->threads;
	plan->sequencers = card->sequencers;
	plan->islands = card->islands;
	plan->buffers = card->island_packets;
	plan->window = card->order_window;
	plan->sleep = card->order_sleep;
	plan->queue = card->command_queue;
	plan->banks = card->emem_banks;
	plan->line_words = card->emem_line / 4;
	plan->swap = card->swap_cycles;
	plan->jitter = card->jitter;
}

static int
compare_classes(const void *a, const void *b)
{
	const struct nic_class *const *x = a, *const *y = b;

	if ((*x)->hash != (*y)->hash)
		return (*x)->hash < (*y)->hash ? -1 : 1;
	return *x < *y ? -1 : *x > *y;
}

/* Classes with packets, in an order that is not the packets'. How many; 0 also without memory. */
static uint32_t
sort_classes(const struct nic_mix *mix, uint32_t class, const struct nic_class ***sorted)
{
	uint32_t all = nic_mix_class_cnt(mix), cnt = 0;

	*sorted = calloc(all + 1, sizeof(const struct nic_class *));
	for (uint32_t i = 0; *sorted != NULL && i < all; i++)
		if (nic_mix_class(mix, i)->packets > 0 && (class >= all || class == i))
			(*sorted)[cnt++] = nic_mix_class(mix, i);
	if (cnt > 0)
		qsort(*sorted, cnt, sizeof(const struct nic_class *), compare_classes);
	return cnt;
}

int
nic_plan_make(struct nic_plan *plan, const struct nic_card *card, const struct nic_mix *mix,
	uint32_t class)
{
	const struct nic_class **sorted;
	uint32_t cnt = sort_classes(mix, class, &sorted);
	uint64_t packets = 0;

	*plan = (struct nic_plan){ 0 };
	set_card(plan, card);
	plan->class = calloc(cnt + 1, sizeof(*plan->class));
	if (sorted == NULL || plan->class == NULL)
		plan->err = -ENOMEM;
	for (uint32_t i = 0; plan->err == 0 && i < cnt; i++) {
		struct nic_planned_class *p = &plan->class[plan->class_cnt++];

		p->from = plan->cnt;
		add_class(plan, card, sorted[i]);
		join_steps(plan, p);
		packets += sorted[i]->packets;
		p->share = (double)packets;
	}
	free(sorted);
	for (uint32_t i = 0; i < plan->class_cnt; i++)
		plan->class[i].share /= (double)packets;
	return plan->err != 0 ? plan->err : packets == 0 ? -EINVAL : 0;
}

void
nic_plan_clear(struct nic_plan *plan)
{
	free(plan->step);
	free(plan->class);
	*plan = (struct nic_plan){ 0 };
}
