/* SPDX-License-Identifier: BSD-2-Clause */
/* Classes of packets that took the same path. */
#include "nic/timing/timing.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct nic_mix {
	struct nic_class *classes;
	uint32_t cnt, room;
	uint32_t *slots; /* by hash: class + 1, 0 empty; slot_cnt is a power of two */
	uint32_t slot_cnt;
	uint64_t random;
};

struct nic_mix *
nic_mix_new(void)
{
	struct nic_mix *mix = calloc(1, sizeof(*mix));

	if (mix != NULL)
		mix->random = 1;
	return mix;
}

void
nic_mix_free(struct nic_mix *mix)
{
	if (mix == NULL)
		return;
	for (uint32_t i = 0; i < mix->cnt; i++)
		nic_steps_clear(&mix->classes[i].path.steps);
	free(mix->classes);
	free(mix->slots);
	free(mix);
}

uint32_t
nic_mix_class_cnt(const struct nic_mix *mix)
{
	return mix->cnt;
}

const struct nic_class *
nic_mix_class(const struct nic_mix *mix, uint32_t class)
{
	return class < mix->cnt ? &mix->classes[class] : NULL;
}

/* ---- which class ---- */

static uint64_t
hash_word(uint64_t hash, uint64_t word)
{
	hash = (hash ^ word) * UINT64_C(0x9e3779b97f4a7c15);
	return hash ^ hash >> 29;
}

/* What of a step tells paths apart: all but where it went, and whose it is. */
static uint64_t
step_word(const struct nic_step *s)
{
	return s->millicycles | (uint64_t)s->timed << 32 | (uint64_t)s->wait << 40 |
	       (uint64_t)s->bytes << 48 | (uint64_t)s->is_on_release << 56;
}

static uint64_t
path_hash(const struct nic_path *path)
{
	uint64_t hash = hash_word(path->fate, path->steps.cnt);

	hash = hash_word(hash, nic_size_class(path->frame_bytes));
	for (uint32_t i = 0; i < path->steps.cnt; i++)
		hash = hash_word(
			hash_word(hash, step_word(&path->steps.step[i])), path->steps.step[i].pc);
	return hash;
}

static bool
is_same_path(const struct nic_path *a, const struct nic_path *b)
{
	if (a->fate != b->fate || a->steps.cnt != b->steps.cnt ||
		nic_size_class(a->frame_bytes) != nic_size_class(b->frame_bytes))
		return false;
	for (uint32_t i = 0; i < a->steps.cnt; i++)
		if (step_word(&a->steps.step[i]) != step_word(&b->steps.step[i]) ||
			a->steps.step[i].pc != b->steps.step[i].pc)
			return false;
	return true;
}

/* The slot of the path's class, or the empty one where it belongs. */
static uint32_t *
find_slot(const struct nic_mix *mix, const struct nic_path *path, uint64_t hash)
{
	uint32_t i = (uint32_t)hash & (mix->slot_cnt - 1);

	for (;; i = (i + 1) & (mix->slot_cnt - 1)) {
		const struct nic_class *class;

		if (mix->slots[i] == 0)
			return &mix->slots[i];
		class = &mix->classes[mix->slots[i] - 1];
		if (class->hash == hash && is_same_path(&class->path, path))
			return &mix->slots[i];
	}
}

static int
grow(struct nic_mix *mix)
{
	uint32_t room = mix->room ? 2 * mix->room : 16, slot_cnt = 4 * room;
	struct nic_class *classes = realloc(mix->classes, room * sizeof(*classes));
	uint32_t *slots = calloc(slot_cnt, sizeof(*slots));

	if (classes != NULL)
		mix->classes = classes;
	if (classes == NULL || slots == NULL) {
		free(slots);
		return -ENOMEM;
	}
	free(mix->slots);
	mix->slots = slots;
	mix->slot_cnt = slot_cnt;
	mix->room = room;
	for (uint32_t i = 0; i < mix->cnt; i++)
		*find_slot(mix, &mix->classes[i].path, mix->classes[i].hash) = i + 1;
	return 0;
}

static int
new_class(struct nic_mix *mix, const struct nic_path *path, uint64_t hash, uint32_t *slot)
{
	struct nic_class *class = &mix->classes[mix->cnt];

	*class = (struct nic_class){ .path = *path, .hash = hash };
	class->path.steps = (struct nic_steps){ 0 };
	for (uint32_t i = 0; i < path->steps.cnt; i++)
		nic_steps_add(&class->path.steps, &path->steps.step[i]);
	if (class->path.steps.err != 0) {
		nic_steps_clear(&class->path.steps);
		return -ENOMEM;
	}
	*slot = ++mix->cnt;
	return 0;
}

/* ---- places: a few, each as likely as any other that was seen ---- */

static uint64_t
draw(struct nic_mix *mix, uint64_t below)
{
	mix->random ^= mix->random << 13;
	mix->random ^= mix->random >> 7;
	mix->random ^= mix->random << 17;
	return mix->random % below;
}

static void
keep_places(struct nic_mix *mix, struct nic_class *class, const struct nic_path *path)
{
	for (uint32_t i = 0; i < path->steps.cnt; i++) {
		struct nic_step *to = &class->path.steps.step[i];
		const struct nic_step *from = &path->steps.step[i];
		uint64_t at;

		if (from->place_cnt == 0)
			continue;
		at = to->place_cnt < NIC_PLACES ? to->place_cnt++ : draw(mix, class->packets + 1);
		if (at < NIC_PLACES)
			to->places[at] = from->places[0];
	}
}

/* The path's class, a new one without packets where there was none. *is_new: which. NULL: -ENOMEM.
 */
static struct nic_class *
class_of(struct nic_mix *mix, const struct nic_path *path, bool *is_new)
{
	uint64_t hash = path_hash(path);
	uint32_t *slot;

	if (mix->cnt == mix->room && grow(mix) < 0)
		return NULL;
	slot = find_slot(mix, path, hash);
	*is_new = *slot == 0;
	if (*is_new && new_class(mix, path, hash, slot) < 0)
		return NULL;
	return &mix->classes[*slot - 1];
}

int
nic_mix_add(struct nic_mix *mix, const struct nic_path *path, uint64_t packets)
{
	bool is_new;
	struct nic_class *class = class_of(mix, path, &is_new);

	if (class == NULL)
		return -ENOMEM;
	if (!is_new)
		keep_places(mix, class, path);
	class->path.is_guess |= path->is_guess;
	class->packets += packets;
	class->bytes += packets * path->frame_bytes;
	return (int)(class - mix->classes);
}

/* Each place gives way to one of the others as often as those are more. */
static void
merge_places(struct nic_mix *mix, struct nic_class *class, const struct nic_class *more)
{
	for (uint32_t i = 0; i < class->path.steps.cnt; i++) {
		struct nic_step *to = &class->path.steps.step[i];
		const struct nic_step *from = &more->path.steps.step[i];

		for (uint32_t k = 0; k < from->place_cnt; k++)
			if (k >= to->place_cnt)
				to->places[to->place_cnt++] = from->places[k];
			else if (more->packets > 0 &&
				 draw(mix, class->packets + more->packets) < more->packets)
				to->places[k] = from->places[k];
	}
}

int
nic_mix_merge(struct nic_mix *mix, const struct nic_mix *more)
{
	for (uint32_t i = 0; i < more->cnt; i++) {
		const struct nic_class *from = &more->classes[i];
		bool is_new;
		struct nic_class *to = class_of(mix, &from->path, &is_new);

		if (to == NULL)
			return -ENOMEM;
		if (!is_new)
			merge_places(mix, to, from);
		to->path.is_guess |= from->path.is_guess;
		to->packets += from->packets;
		to->bytes += from->bytes;
	}
	return 0;
}

void
nic_mix_count(struct nic_mix *mix, uint32_t class, uint64_t packets, uint64_t bytes)
{
	if (class >= mix->cnt)
		return;
	mix->classes[class].packets += packets;
	mix->classes[class].bytes += bytes;
}
