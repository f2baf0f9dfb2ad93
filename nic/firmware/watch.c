/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which path each frame took, for the timing model (docs/timing.md). Called by datapath.c
 * around a frame and by helper.c, where nic_engine_watch() was asked for.
 *
 * A path is recorded while the exact microengine runs it, and a frame is run once only. So it is
 * decided before: the first frames, then one of SAMPLE, and some more after each that went a way
 * that was never recorded, within a budget. A frame that runs fast is known by its key: what it
 * took in instructions and cycles, helpers and what they found, its verdict and length. Where two
 * paths have one key, those recorded under it say how often it is which.
 *
 *	key ---> paths recorded under it, how often each; frames and bytes that were only counted
 */
#include "nic/firmware/table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define FIRST 1024u    /* frames that are recorded to begin with */
#define SAMPLE 512u    /* one of so many is recorded later on */
#define EAGER 32u      /* recorded after a way that is new */
#define BUDGET 128u    /* of so many frames no more than one is recorded for ways that are new */
#define KEYS 8192u     /* slots; a power of two */
#define KEYS_MAX 4096u /* what more there is, is taken together */
#define WAYS_MAX 4u

struct way {
	uint32_t class;
	uint32_t packets;
};

struct key {
	uint64_t key;		 /* 0: an empty slot */
	uint64_t packets, bytes; /* that were not recorded */
	uint64_t cycles;	 /* of one; of what is taken together, of all */
	uint8_t fate;
	uint8_t way_cnt;
	struct way ways[WAYS_MAX];
};

struct fw_watch {
	struct nic_mix *mix;
	struct nic_recorder rec;
	struct key keys[KEYS], rest;
	/* Most frames go where the one before went: there, with that. NULL: there was none. */
	struct key *last;
	uint64_t last_what, last_helpers;
	uint32_t key_cnt;
	uint32_t until; /* frames up to the next that is recorded */
	uint32_t eager; /* frames that are recorded without a sample's distance */
	uint64_t frames, recorded;
	int err;
	bool every; /* frame is recorded */
	int class;  /* of the last frame; -1: it was not recorded */
	/* of the frame that runs */
	bool is_recording;
	uint32_t bytes;
	uint64_t helpers;		       /* a hash */
	uint64_t cycles, insns, helper_cycles; /* before it */
};

int
nic_engine_watch(struct nic_engine *e, bool every, struct nic_profile *profile)
{
	struct fw_watch *w = calloc(1, sizeof(*w));

	if (w)
		w->mix = nic_mix_new();
	if (!w || !w->mix) {
		free(w);
		return -ENOMEM;
	}
	w->eager = FIRST;
	w->until = 1;
	w->every = every;
	w->class = -1;
	w->rec.profile = profile;
	w->cycles = e->me->cycles;
	w->insns = e->me->insns;
	w->helper_cycles = e->stats.helper_cycles;
	fw_watch_free(e->watch);
	e->watch = w;
	return 0;
}

void
fw_watch_free(struct fw_watch *w)
{
	if (!w)
		return;
	nic_mix_free(w->mix);
	nic_recorder_clear(&w->rec);
	free(w);
}

/* ---- before a frame ---- */

static void
begin_recording(struct nic_engine *e)
{
	struct fw_watch *w = e->watch;

	w->until = w->every || w->eager ? 1 : SAMPLE;
	w->eager -= w->eager > 0;
	w->is_recording = true;
	nic_me_set_recorder(e->me, &w->rec);
	nic_record_begin(&w->rec, w->cycles);
}

void
fw_watch_begin(struct nic_engine *e)
{
	struct fw_watch *w = e->watch;

	w->frames++;
	w->class = -1;
	w->bytes = e->frame->bytes;
	w->helpers = 0;
	if (--w->until == 0)
		begin_recording(e);
}

/* ---- helpers ---- */

static uint64_t
mix_in(uint64_t hash, uint64_t word)
{
	hash = (hash ^ word) * UINT64_C(0x9e3779b97f4a7c15);
	return hash ^ hash >> 29;
}

/* Where a helper's commands to the EMEM go, in the order of its steps in the card's file. */
enum place { NOWHERE, LOCK, BUCKET, TAGS, REF, ENTRY };
#define PLACES_MAX 6

static const uint8_t lookup_places[NIC_FOUND_CNT][PLACES_MAX] = {
	[NIC_FOUND_PRIMARY] = { LOCK, ENTRY, LOCK },
	[NIC_FOUND_OVERFLOW] = { LOCK, BUCKET, TAGS, REF, ENTRY, LOCK },
	[NIC_FOUND_EMPTY] = { LOCK, TAGS, LOCK },
	[NIC_FOUND_OTHER] = { LOCK, BUCKET, TAGS, LOCK },
};
static const uint8_t change_places[PLACES_MAX] = { LOCK, ENTRY, LOCK, ENTRY, LOCK };

static uint64_t
address_of(enum place place, uint32_t bucket, const struct fw_hit *hit)
{
	const uint64_t emem = (uint64_t)NIC_ISLAND_EMEM << NIC_ISLAND_SHIFT;
	const uint64_t at = BUCKETS_AT + (uint64_t)bucket * FW_BUCKET_BYTES;

	switch (place) {
	case LOCK: return emem + LOCKS_AT + (uint64_t)bucket * 8;
	case TAGS: return emem + at + TAGS_AT;
	case REF: return emem + at + REFS_AT;
	case ENTRY: return emem + hit->base + hit->offset;
	default: return emem + at;
	}
}

static const char *
steps_of(const struct nic_card *card, enum fw_change change, enum nic_found found)
{
	const char *const lookups[NIC_FOUND_CNT] = {
		[NIC_FOUND_PRIMARY] = card->lookup_hit,
		[NIC_FOUND_OVERFLOW] = card->lookup_overflow,
		[NIC_FOUND_EMPTY] = card->lookup_miss,
		[NIC_FOUND_OTHER] = card->lookup_collision,
	};

	if (change == FW_UPDATE)
		return card->update_found;
	if (change == FW_DELETE && found <= NIC_FOUND_OVERFLOW)
		return card->delete_found;
	return lookups[found];
}

static __attribute__((noinline)) void
record_helper(struct nic_engine *e, enum fw_change change, const struct fw_map *map, uint32_t id,
	const uint32_t *key, const struct fw_hit *hit)
{
	const uint8_t *places = change == FW_LOOKUP ? lookup_places[hit->found] : change_places;
	const uint32_t bucket = fw_place_of(map, id, key).bucket;
	struct fw_watch *w = e->watch;
	uint64_t address[PLACES_MAX];
	uint32_t cnt = 0;

	for (; cnt < PLACES_MAX && places[cnt] != NOWHERE; cnt++)
		address[cnt] = address_of((enum place)places[cnt], bucket, hit);
	/* the text was looked at when the card was read */
	nic_record_helper(&w->rec, nic_me_cycles(e->me), steps_of(e->fw->card, change, hit->found),
		map->key_words, hit->compared, address, cnt);
}

void
fw_watch_helper(struct nic_engine *e, enum fw_change change, const struct fw_map *map, uint32_t id,
	const uint32_t *key, const struct fw_hit *hit)
{
	struct fw_watch *w = e->watch;

	w->helpers = mix_in(
		w->helpers, hit->found | change << 8 | map->key_words << 16 | hit->compared << 24);
	if (w->is_recording)
		record_helper(e, change, map, id, key, hit);
}

/* Bytes are moved in pieces. */
#define PIECE_BYTES 64u

static uint32_t
pieces(uint32_t bytes)
{
	return (bytes + PIECE_BYTES - 1) / PIECE_BYTES;
}

static void
record_step(struct nic_engine *e, const char *steps, uint32_t words)
{
	nic_record_helper(&e->watch->rec, nic_me_cycles(e->me), steps, words, 0, NULL, 0);
}

static void
record_pieces(struct nic_engine *e, const char *steps, uint32_t bytes)
{
	for (uint32_t at = 0; at < bytes; at += PIECE_BYTES)
		record_step(
			e, steps, ((bytes - at < PIECE_BYTES ? bytes - at : PIECE_BYTES) + 3) / 4);
}

/* The open firmware has no events: steps of their own (nic/cards/timing/firmware.ini). */
void
fw_watch_event(struct nic_engine *e, const struct fw_event_parts *parts)
{
	const struct nic_card *card = e->fw->card;
	struct fw_watch *w = e->watch;
	const char *const data_steps = parts->data_type == FW_DATA_STACK    ? card->event_stack
				       : parts->data_type == FW_DATA_PACKET ? card->event_packet
									    : card->event_value;

	w->helpers = mix_in(w->helpers, UINT64_C(1) << 63 | (uint64_t)parts->data_type << 48 |
						(uint64_t)pieces(parts->packet_bytes) << 24 |
						pieces(parts->data_bytes));
	if (!w->is_recording)
		return;
	record_step(e, card->event_begin, 0);
	record_pieces(e, card->event_packet, parts->packet_bytes);
	record_pieces(e, data_steps, parts->data_bytes);
	record_step(e, card->event_end, 0);
	w->rec.path.is_guess = true;
	w->rec.path.events++;
	w->rec.path.event_bytes += NIC_CCM_EVENT_BYTES + parts->packet_bytes + parts->data_bytes;
}

/* ---- behind a frame ---- */

static enum nic_fate
fate_of(enum nic_verdict verdict)
{
	switch (verdict) {
	case NIC_VERDICT_PASS: return NIC_FATE_PASS;
	case NIC_VERDICT_TX: return NIC_FATE_TX;
	default: return NIC_FATE_DROP;
	}
}

/* The key's slot; a new one, or where what is too much goes. */
static struct key *
slot_of(struct fw_watch *w, uint64_t key)
{
	uint32_t i = (uint32_t)key & (KEYS - 1);

	while (w->keys[i].key != key) {
		if (w->keys[i].key == 0 && w->key_cnt == KEYS_MAX)
			return &w->rest;
		if (w->keys[i].key == 0) {
			w->key_cnt++;
			w->keys[i].key = key;
			break;
		}
		i = (i + 1) & (KEYS - 1);
	}
	return &w->keys[i];
}

/* A path has been recorded: of those under its key, this one. */
static void
add_way(struct fw_watch *w, struct key *k, int class)
{
	uint32_t i = 0;

	if (class < 0) {
		w->err = class;
		return;
	}
	while (i < k->way_cnt && k->ways[i].class != (uint32_t) class)
		i++;
	if (i == WAYS_MAX)
		return;
	if (i == k->way_cnt)
		k->ways[k->way_cnt++] = (struct way){ .class = (uint32_t) class };
	k->ways[i].packets++;
}

static void
end_recording(struct nic_engine *e, struct key *k, enum nic_fate fate)
{
	struct fw_watch *w = e->watch;
	int err = nic_record_end(&w->rec, nic_me_cycles(e->me), w->bytes, fate);

	w->recorded++;
	w->class = err ? err : nic_mix_add(w->mix, &w->rec.path, 1);
	add_way(w, k, w->class);
}

/* It ran fast. */
static void
count(struct fw_watch *w, struct key *k)
{
	k->packets++;
	k->bytes += w->bytes;
	if (k->way_cnt == 0 && !w->eager && w->recorded * BUDGET < w->frames + FIRST * BUDGET) {
		w->eager = EAGER;
		w->until = 1;
	}
}

/* What the frame took besides helpers. */
static uint64_t
what_of(const struct nic_engine *e)
{
	const struct fw_watch *w = e->watch;

	return (e->me->insns - w->insns) << 40 ^ (e->me->cycles - w->cycles) << 16 ^
	       (uint64_t)e->frame->verdict << 12 ^ nic_size_class(w->bytes);
}

/* The key of what took so much. */
static struct key *
find_key(struct nic_engine *e, uint64_t what)
{
	struct fw_watch *w = e->watch;
	struct key *k = slot_of(w, mix_in(w->helpers, what) | 1);
	const uint64_t cycles =
		e->me->cycles - w->cycles + e->stats.helper_cycles - w->helper_cycles;

	k->fate = (uint8_t)fate_of(e->frame->verdict);
	k->cycles = cycles + (k == &w->rest ? k->cycles : 0);
	w->last = k;
	w->last_what = what;
	w->last_helpers = w->helpers;
	return k;
}

/* A frame of which something is new, or which was recorded. One whose program ended in a fault has
 * no path. */
static __attribute__((noinline)) void
end_other(struct nic_engine *e, uint64_t what)
{
	struct fw_watch *w = e->watch;

	if (e->frame->verdict != NIC_VERDICT_FAULT) {
		struct key *k = find_key(e, what);

		if (w->is_recording)
			end_recording(e, k, (enum nic_fate)k->fate);
		else
			count(w, k);
	}
	if (w->is_recording)
		nic_me_set_recorder(e->me, NULL);
	w->is_recording = false;
}

void
fw_watch_end(struct nic_engine *e)
{
	struct fw_watch *w = e->watch;
	const uint64_t what = what_of(e);

	if (w->last && what == w->last_what && w->helpers == w->last_helpers && !w->is_recording)
		count(w, w->last);
	else
		end_other(e, what);
	w->insns = e->me->insns;
	w->cycles = e->me->cycles;
	w->helper_cycles = e->stats.helper_cycles;
}

/* ---- at the end ---- */

/* Frames that were only counted are of the ways that were recorded, each as often as it was. */
static void
settle_key(struct fw_watch *w, struct key *k)
{
	uint64_t packets = k->packets, bytes = k->bytes, recorded = 0;

	for (uint32_t i = 0; i < k->way_cnt; i++)
		recorded += k->ways[i].packets;
	for (uint32_t i = 0; i < k->way_cnt; i++) {
		const double share = (double)k->ways[i].packets / (double)recorded;
		const bool is_last = i + 1 == k->way_cnt;
		uint64_t some = is_last ? packets : (uint64_t)((double)k->packets * share);
		uint64_t long_ = is_last ? bytes : (uint64_t)((double)k->bytes * share);

		nic_mix_count(w->mix, k->ways[i].class, some, long_);
		packets -= some;
		bytes -= long_;
	}
	k->packets = k->bytes = 0;
}

static uint64_t
distance(const struct key *a, const struct key *b)
{
	const uint64_t cycles =
		a->cycles > b->cycles ? a->cycles - b->cycles : b->cycles - a->cycles;

	return cycles + (a->fate != b->fate ? UINT64_C(1) << 62 : 0);
}

/* The recorded path that is nearest in cycles, NULL: none was recorded. */
static const struct key *
nearest(const struct fw_watch *w, const struct key *k)
{
	const struct key *near = NULL;

	for (uint32_t i = 0; i < KEYS; i++)
		if (w->keys[i].way_cnt && (!near || distance(&w->keys[i], k) < distance(near, k)))
			near = &w->keys[i];
	return near;
}

/* A step with so many more cycles, or fewer. */
static struct nic_step
stretched(const struct nic_step *step, int64_t cycles)
{
	int64_t milli = (int64_t)step->millicycles + cycles * 1000;
	struct nic_step s = *step;

	milli = milli < 0 ? 0 : milli;
	s.millicycles = milli > UINT32_MAX ? UINT32_MAX : (uint32_t)milli;
	return s;
}

/* A way that never was recorded is taken to be as the nearest, but as long as it was. */
static void
settle_unrecorded(struct fw_watch *w, struct key *k)
{
	const struct key *near = nearest(w, k);
	struct nic_path path = { .fate = (enum nic_fate)k->fate };
	const struct nic_path *like;
	int64_t more;

	if (!near)
		return;
	k->cycles = k == &w->rest ? k->cycles / k->packets : k->cycles;
	more = (int64_t)(k->cycles - near->cycles);
	like = &nic_mix_class(w->mix, near->ways[0].class)->path;
	path.is_guess = like->is_guess;
	path.events = like->events;
	path.event_bytes = like->event_bytes;
	path.frame_bytes = (uint32_t)(k->bytes / k->packets);
	for (uint32_t i = 0; i < like->steps.cnt; i++) {
		struct nic_step step = stretched(&like->steps.step[i], i == 0 ? more : 0);

		nic_steps_add(&path.steps, &step);
	}
	if (path.steps.err || nic_mix_add(w->mix, &path, k->packets) < 0)
		w->err = -ENOMEM;
	nic_steps_clear(&path.steps);
	k->packets = k->bytes = 0;
}

static void
settle(struct fw_watch *w, struct key *k)
{
	if (k->packets && k->way_cnt)
		settle_key(w, k);
	else if (k->packets)
		settle_unrecorded(w, k);
}

int
nic_engine_paths(struct nic_engine *e, struct nic_mix *mix)
{
	struct fw_watch *w = e->watch;

	if (!w)
		return 0;
	for (uint32_t i = 0; i < KEYS; i++)
		settle(w, &w->keys[i]);
	settle(w, &w->rest);
	return w->err ? w->err : nic_mix_merge(mix, w->mix);
}

int
nic_engine_class(const struct nic_engine *e)
{
	return e->watch ? e->watch->class : -1;
}
