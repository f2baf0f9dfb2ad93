/* SPDX-License-Identifier: BSD-2-Clause */
/* A prediction of the card's speed, told. */
#include "dpdk-app/forecast.h"

#include <errno.h>
#include <math.h>

int
forecast_make(
	struct forecast *f, const struct card *card, const struct nic_mix *mix, bool has_anomaly)
{
	const struct nic_predict_options options = { .has_anomaly = has_anomaly };
	int err = nic_predict(&card->nic, mix, &options, &f->p);

	f->path_cnt = nic_mix_class_cnt(mix);
	f->card = err == 0 ? card : NULL;
	return err == -EINVAL ? 0 : err;
}

/* Share of what the bound would allow. Of microengines: of their time they issue. */
static double
use_of(const struct nic_prediction *p, enum nic_bound bound)
{
	if (bound == NIC_BOUND_ME)
		return p->me_use;
	if (bound == NIC_BOUND_EMEM)
		return p->emem_use;
	return p->mpps / p->limit_mpps[bound];
}

/* ---- text ---- */

static void
print_bound(const struct nic_prediction *p, FILE *out)
{
	fprintf(out, "           bound by %s (%s)", nic_bound_name(p->bound),
		nic_bound_what(p->bound));
	if (isinf(p->gain))
		fprintf(out, ", and by nothing else\n");
	else
		fprintf(out, "; without that %.2f Mpps, %.0f %% more\n", p->mpps * (1 + p->gain),
			100 * p->gain);
}

static void
print_uses(const struct nic_prediction *p, FILE *out)
{
	fprintf(out, "           in use:");
	for (int i = 0; i < NIC_BOUND_CNT; i++)
		fprintf(out, "%s %s %.0f %%", i > 0 ? "," : "", nic_bound_name((enum nic_bound)i),
			100 * use_of(p, (enum nic_bound)i));
	fprintf(out, "\n");
}

void
forecast_print(const struct forecast *f, FILE *out)
{
	const struct nic_prediction *p = &f->p;

	if (f->card == NULL)
		return;
	fprintf(out,
		"card       %.2f Mpps, %.2f Gbit/s predicted of %u microengines at %u MHz, "
		"firmware "
		"%s\n",
		p->mpps, p->gbps, f->card->nic.mes, f->card->nic.mhz, f->card->firmware);
	fprintf(out,
		"           %.1f cycles a packet of a microengine, %.1f of them busy; %u path%s\n",
		p->cycles_per_packet, p->busy_cycles, f->path_cnt, f->path_cnt == 1 ? "" : "s");
	print_bound(p, out);
	print_uses(p, out);
	fprintf(out, "           latency %.2f us, unvalidated\n", p->latency_us);
	if (p->is_validated)
		fprintf(out, "           validated: measurements cover this\n");
	else
		fprintf(out, "           not validated: %s\n", p->not_validated);
}

/* ---- JSON ---- */

/* What is without bound is null. */
static json_t *
json_number(double number)
{
	return isfinite(number) ? json_real(number) : json_null();
}

json_t *
forecast_json(const struct forecast *f)
{
	const struct nic_prediction *p = &f->p;
	json_t *limits, *uses;

	if (f->card == NULL)
		return json_null();
	limits = json_object();
	uses = json_object();
	for (int i = 0; i < NIC_BOUND_CNT; i++) {
		const char *name = nic_bound_name((enum nic_bound)i);

		json_object_set_new(limits, name, json_number(p->limit_mpps[i]));
		json_object_set_new(uses, name, json_number(use_of(p, (enum nic_bound)i)));
	}
	return json_pack(
		"{s:f, s:f, s:f, s:f, s:s, s:o, s:o, s:o, s:i, s:i, s:i, s:f, s:b, s:b, s:s?}",
		"mpps", p->mpps, "gbps", p->gbps, "cycles_per_packet", p->cycles_per_packet,
		"busy_cycles_per_packet", p->busy_cycles, "bottleneck", nic_bound_name(p->bound),
		"gain_without_bottleneck", json_number(p->gain), "limits_mpps", limits,
		"utilization", uses, "mes", (int)f->card->nic.mes, "mhz", (int)f->card->nic.mhz,
		"paths", (int)f->path_cnt, "latency_us", p->latency_us, "latency_validated", 0,
		"validated", p->is_validated, "not_validated", p->not_validated);
}
