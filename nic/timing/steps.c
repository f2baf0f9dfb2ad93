/* SPDX-License-Identifier: BSD-2-Clause */
/* Steps, and their text in card files. */
#include "nic/timing/steps.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define MILLI 1000u
#define CYCLES_MAX 100000u /* of a number in a text */

static const char *const names[NIC_TIMED_CNT] = { [NIC_TIMED_NONE] = "none",
#define X(id, name, ...) [NIC_TIMED_##id] = #name,
	NIC_TIMED_LIST(X)
#undef X
};

const char *
nic_timed_name(enum nic_timed timed)
{
	return timed < NIC_TIMED_CNT ? names[timed] : names[NIC_TIMED_NONE];
}

void
nic_steps_add(struct nic_steps *steps, const struct nic_step *step)
{
	if (steps->err == 0 && steps->cnt == steps->room) {
		uint32_t room = steps->room ? 2 * steps->room : 16;
		struct nic_step *more = realloc(steps->step, room * sizeof(*more));

		if (more == NULL) {
			steps->err = -ENOMEM;
			return;
		}
		steps->step = more;
		steps->room = room;
	}
	if (steps->err == 0)
		steps->step[steps->cnt++] = *step;
}

void
nic_steps_clear(struct nic_steps *steps)
{
	free(steps->step);
	*steps = (struct nic_steps){ 0 };
}

double
nic_steps_cycles(const struct nic_steps *steps)
{
	uint64_t sum = 0;

	for (uint32_t i = 0; i < steps->cnt; i++)
		sum += steps->step[i].is_on_release ? 0 : steps->step[i].millicycles;
	return (double)sum / MILLI;
}

/* ---- text ---- */

struct reading {
	const char *p;
	uint32_t n, k;
	struct nic_step step; /* begun: cycles that wait for their command */
	bool is_begun, is_on_release;
	struct nic_steps *steps;
};

static void
flush(struct reading *r)
{
	r->step.is_on_release = r->is_on_release;
	if (r->is_begun && r->steps != NULL)
		nic_steps_add(r->steps, &r->step);
	r->step = (struct nic_step){ 0 };
	r->is_begun = false;
}

/* "12", "0.5", and with is_whole 12 only; in thousandths. False: none, or too large. */
static bool
read_number(struct reading *r, bool is_whole, uint32_t *milli)
{
	uint32_t value = 0, unit = MILLI;
	const char *from = r->p;

	for (; *r->p >= '0' && *r->p <= '9' && value <= CYCLES_MAX; r->p++)
		value = value * 10 + (uint32_t)(*r->p - '0');
	if (r->p == from || value > CYCLES_MAX)
		return false;
	*milli = value * MILLI;
	if (*r->p != '.' || is_whole)
		return true;
	for (r->p++; *r->p >= '0' && *r->p <= '9'; r->p++) {
		unit /= 10;
		if (unit == 0)
			return false;
		*milli += unit * (uint32_t)(*r->p - '0');
	}
	return unit != MILLI;
}

static const char *
read_cycles(struct reading *r)
{
	uint64_t sum;
	uint32_t milli;

	if (!read_number(r, false, &milli))
		return "a number of cycles up to 100000, with up to three decimals, is wanted";
	for (sum = milli; *r->p == '+'; r->p++) {
		r->p++;
		if (!read_number(r, false, &milli) || (*r->p != 'n' && *r->p != 'k'))
			return "behind '+' stands a number and n or k";
		sum += (uint64_t)milli * (*r->p == 'n' ? r->n : r->k);
	}
	if (r->is_begun)
		flush(r);
	if (sum > UINT32_MAX)
		return "too many cycles";
	r->step.millicycles = (uint32_t)sum;
	r->is_begun = true;
	return NULL;
}

static const char *
read_command(struct reading *r)
{
	size_t len = strcspn(r->p, ":!+ ");
	uint32_t timed = 0, milli = 0;

	while (timed < NIC_TIMED_CNT &&
		(strlen(names[timed]) != len || memcmp(names[timed], r->p, len) != 0))
		timed++;
	if (timed == NIC_TIMED_CNT)
		return "neither a number, a parenthesis nor the name of a unit";
	r->p += len;
	if (timed != NIC_TIMED_NONE) {
		if (*r->p++ != ':' || !read_number(r, true, &milli) || milli == 0 ||
			milli > NIC_STEP_BYTES_MAX * MILLI)
			return "behind a unit stands ':' and 1 to 128 bytes";
	}
	r->step.timed = (uint8_t)timed;
	r->step.bytes = (uint8_t)(milli / MILLI);
	r->step.wait = *r->p == '!' ? NIC_WAIT_SWAP : *r->p == '+' ? NIC_WAIT_NEXT : NIC_WAIT_NO;
	r->p += r->step.wait != NIC_WAIT_NO;
	r->is_begun = true;
	flush(r);
	return NULL;
}

static const char *
read_word(struct reading *r)
{
	if (*r->p == '(' || *r->p == ')') {
		if ((*r->p == '(') == r->is_on_release)
			return "a parenthesis in another, or without its other half";
		flush(r);
		r->is_on_release = *r->p++ == '(';
		return NULL;
	}
	return *r->p >= '0' && *r->p <= '9' ? read_cycles(r) : read_command(r);
}

const char *
nic_steps_read(struct nic_steps *steps, const char *text, uint32_t n, uint32_t k)
{
	struct reading r = { .p = text, .n = n, .k = k, .steps = steps };

	while (*(r.p += strspn(r.p, " ")) != '\0') {
		const char *reason = read_word(&r);

		if (reason != NULL)
			return reason;
		if (*r.p != '\0' && *r.p != ' ')
			return "a blank is wanted between steps";
	}
	flush(&r);
	return r.is_on_release ? "a parenthesis is not closed" : NULL;
}
