/* SPDX-License-Identifier: BSD-2-Clause */
/* A card as the bytes a driver finds on it: nfp-offload-rules.md 1 and 2. All little endian. */
#include "nic/card.h"
#include "nic/vnic.h"

#include <string.h>

/* Helpers as eBPF numbers them. */
enum { HELPER_LOOKUP = 1, HELPER_UPDATE = 2, HELPER_DELETE = 3, HELPER_PERF_EVENT = 25 };

static void
put16(uint8_t *at, uint32_t value)
{
	at[0] = (uint8_t)value;
	at[1] = (uint8_t)(value >> 8);
}

static void
put32(uint8_t *at, uint32_t value)
{
	put16(at, value);
	put16(at + 2, value >> 16);
}

void
nic_card_bar(const struct nic_card *card, uint8_t bar[NIC_BAR_BYTES])
{
	memset(bar, 0, NIC_BAR_BYTES);
	put32(bar + NIC_BAR_CAP, card->has_bpf ? NIC_CAP_BPF : 0);
	bar[NIC_BAR_BPF_ABI] = (uint8_t)card->abi;
	bar[NIC_BAR_BPF_CAP] = card->live_reload ? NIC_BPF_CAP_RELO : 0;
	put16(bar + NIC_BAR_BPF_MAX_LEN, card->max_len);
	put16(bar + NIC_BAR_BPF_START, card->start);
	put16(bar + NIC_BAR_BPF_DONE, card->done);
	bar[NIC_BAR_BPF_STACK_SZ] = (uint8_t)(card->stack_bytes / NIC_BAR_UNIT_BYTES);
	bar[NIC_BAR_BPF_INL_MTU] = (uint8_t)(card->split_bytes / NIC_BAR_UNIT_BYTES);
}

/* ---- capabilities ---- */

struct writer {
	uint8_t *at;
};

static void
add(struct writer *w, uint32_t type, const uint32_t *words, uint32_t cnt)
{
	put32(w->at, type);
	put32(w->at + 4, cnt * 4);
	w->at += NIC_TLV_HEADER_BYTES;
	for (uint32_t i = 0; i < cnt; i++, w->at += 4)
		put32(w->at, words[i]);
}

static void
add_flag(struct writer *w, uint32_t type, bool is_there)
{
	if (is_there)
		add(w, type, NULL, 0);
}

static void
add_helper(struct writer *w, uint32_t number, uint32_t address)
{
	if (address != 0)
		add(w, NIC_TLV_FUNC, (const uint32_t[]){ number, address }, 2);
}

static void
add_adjust_head(struct writer *w, const struct nic_card *card)
{
	const uint32_t words[] = {
		card->adjust_head_flags,
		card->adjust_head_off_min,
		card->adjust_head_off_max,
		card->adjust_head_guaranteed_sub,
		card->adjust_head_guaranteed_add,
	};

	if (card->adjust_head)
		add(w, NIC_TLV_ADJUST_HEAD, words, sizeof(words) / sizeof(words[0]));
}

static void
add_maps(struct writer *w, const struct nic_card *card)
{
	const uint32_t words[] = {
		card->map_types,
		card->map_cnt_max,
		card->map_entries_max,
		card->map_key_bytes_max,
		card->map_value_bytes_max,
		card->map_entry_bytes_max,
	};

	if (card->map_types != 0)
		add(w, NIC_TLV_MAPS, words, sizeof(words) / sizeof(words[0]));
}

size_t
nic_card_capabilities(const struct nic_card *card, uint8_t bytes[NIC_CAPABILITIES_MAX])
{
	struct writer w = { bytes };

	add_flag(&w, NIC_TLV_RANDOM, card->prandom);
	add_flag(&w, NIC_TLV_QUEUE_SELECT, card->queue_select);
	add_flag(&w, NIC_TLV_ADJUST_TAIL, card->adjust_tail);
	add_adjust_head(&w, card);
	add_maps(&w, card);
	add_helper(&w, HELPER_LOOKUP, card->map_lookup);
	add_helper(&w, HELPER_UPDATE, card->map_update);
	add_helper(&w, HELPER_DELETE, card->map_delete);
	add_helper(&w, HELPER_PERF_EVENT, card->perf_event_output);
	if (card->abi_version != 0)
		add(&w, NIC_TLV_ABI_VERSION, &card->abi_version, 1);
	add_flag(&w, NIC_TLV_MULTI_ENTRY, card->multi_entry);
	return (size_t)(w.at - bytes);
}
