/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The kernel log, as far as the card's driver writes into it, and the clock of the machine. Lines
 * are whole: what printk puts before the sentence is there, "<4>" is not.
 */
#include "offload/internal.h"

#include <errno.h>
#include <stdarg.h>
#include <time.h>

/* net_ratelimit(): kernel net/core/utils.c, lib/ratelimit.c */
#define RATELIMIT_NS UINT64_C(5000000000)
#define RATELIMIT_BURST 10u

uint64_t
off_now(const struct off_clock *clock)
{
	struct timespec t;

	if (clock->now_ns)
		return clock->now_ns(clock->arg);
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * UINT64_C(1000000000) + (uint64_t)t.tv_nsec;
}

static struct off_klog_line *
line_at(struct off_klog *log, uint64_t number)
{
	return &log->lines[number % OFF_KLOG_LINES];
}

static struct off_klog_line *
new_line(struct off_klog *log)
{
	struct off_klog_line *line = line_at(log, log->next);

	line->number = log->next++;
	line->time_ns = off_now(&log->clock);
	return line;
}

void
off_klog_add(struct off_klog *log, const char *fmt, ...)
{
	struct off_klog_line *line = new_line(log);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(line->text, sizeof(line->text), fmt, ap);
	va_end(ap);
}

/* May a line be written? */
static bool
ratelimit(struct off_klog *log)
{
	const uint64_t now = off_now(&log->clock);

	if (!log->has_window || now - log->window_start > RATELIMIT_NS) {
		if (log->missed)
			off_klog_add(log, "net_ratelimit: %u callbacks suppressed", log->missed);
		log->has_window = true;
		log->window_start = now;
		log->printed = 0;
		log->missed = 0;
	}
	if (log->printed == RATELIMIT_BURST) {
		log->missed++;
		return false;
	}
	log->printed++;
	return true;
}

void
off_klog_warn(struct off_klog *log, const char *device, enum off_rule rule, ...)
{
	struct off_klog_line *line;
	va_list ap;
	int len;

	if (!ratelimit(log))
		return;
	line = new_line(log);
	len = snprintf(line->text, sizeof(line->text), "%s: ", device);
	va_start(ap, rule);
	vsnprintf(
		line->text + len, sizeof(line->text) - (size_t)len, off_rule_info(rule)->text, ap);
	va_end(ap);
}

int
off_klog_read(struct off_kernel *k, uint64_t *number, struct off_klog_line *line)
{
	struct off_klog *log = &k->klog;
	int err = 0;

	off_lock(k);
	if (log->next > OFF_KLOG_LINES && *number < log->next - OFF_KLOG_LINES)
		*number = log->next - OFF_KLOG_LINES;
	if (*number < log->next)
		*line = *line_at(log, (*number)++);
	else
		err = -ENOENT;
	return off_unlock(k, err);
}
