/* SPDX-License-Identifier: BSD-2-Clause */
/* Our verifier behind the same question as the kernel's. */
#include "bpf/verifier/verifier.h"
#include "tests/verifier/verdict.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

static struct xb_log our_log; /* of the last question */

static uint64_t
now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

void
our_verify(const struct question *q, struct verdict *v)
{
	const struct xb_verify_opts opts = {
		.type = q->type,
		.gpl_compatible = !q->license || !strcmp(q->license, "GPL"),
		.maps = q->maps,
		.map_cnt = q->map_cnt,
		.log_level = q->log_level,
	};
	struct xb_facts facts = { 0 };
	uint64_t start;

	*v = (struct verdict){ 0 };
	xb_log_free(&our_log);
	our_log = (struct xb_log){ 0 };
	start = now_ns();
	v->err = xb_verify(q->insns, q->cnt, &opts, &facts, &our_log);
	v->usec = (now_ns() - start + 500) / 1000;
	v->processed = facts.visited;
	v->log = xb_log_text(&our_log);
	if (v->err)
		verdict_copy_sentence(v->log, v->sentence, sizeof(v->sentence));
	else
		xb_facts_free(&facts);
}
