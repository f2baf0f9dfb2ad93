/* SPDX-License-Identifier: BSD-2-Clause */
/* How fast the real card would be, for the packets that were replayed: nic/timing/ asked, and what
 * it says as text and JSON. Used by report.c and cmd_bench.c. */
#ifndef APP_FORECAST_H
#define APP_FORECAST_H

#include <jansson.h>
#include <stdio.h>

#include "dpdk-app/card.h"
#include "nic/timing/timing.h"

struct forecast {
	const struct card *card; /* NULL: there is none, as no packet came to its end on the card */
	uint32_t path_cnt;
	struct nic_prediction p;
};

/* 0 or -ENOMEM. card must live as long. */
int forecast_make(
	struct forecast *f, const struct card *card, const struct nic_mix *mix, bool has_anomaly);
/* Lines; nothing when there is none. */
void forecast_print(const struct forecast *f, FILE *out);
/* The key "card" of reports; null when there is none. */
json_t *forecast_json(const struct forecast *f);

#endif
