/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the driver reads when it finds a card: application, control BAR of a vNIC, capability TLVs
 * (nfp-offload-rules.md 1, 2). The bytes are hostile. A TLV longer than the symbol is refused
 * before it is looked at, as the driver does; its sum of offset and length has 32 bits and wraps,
 * ours does not.
 */
#include <errno.h>
#include <string.h>

#include "jit-nfp/jit.h"
#include "nic/vnic.h"

#define APP_EBPF 2u

#define SPLIT_RESERVED_BYTES 32u /* what the driver leaves free below the split */

#define SYMBOL "_abi_bpf_capabilities"
#define ABI_DEFAULT 2u
#define ABI_MAX 3u
#define OPERAND_MAX 255u /* what an instruction takes as an immediate operand */

static uint32_t
get16(const uint8_t *at)
{
	return (uint32_t)at[0] | (uint32_t)at[1] << 8;
}

static uint32_t
get32(const uint8_t *at)
{
	return get16(at) | get16(at + 2) << 16;
}

/* ---- one function a TLV; its value has at least the bytes of its row below ---- */

static int
take_func(struct jit_card *card, const uint8_t *value, struct xb_log *log)
{
	static const uint32_t numbers[JIT_FW_HELPER_CNT] = {
#define X(id, number, name) [JIT_FW_##id] = (number),
		JIT_FW_HELPER_LIST(X)
#undef X
	};

	(void)log;
	for (int i = 0; i < JIT_FW_HELPER_CNT; i++)
		if (numbers[i] == get32(value))
			card->helper[i] = get32(value + 4);
	return 0;
}

static int
take_adjust_head(struct jit_card *card, const uint8_t *value, struct xb_log *log)
{
	card->adjust_head.flags = get32(value);
	card->adjust_head.off_min = get32(value + 4);
	card->adjust_head.off_max = get32(value + 8);
	card->adjust_head.guaranteed_sub = get32(value + 12);
	card->adjust_head.guaranteed_add = get32(value + 16);
	if (card->adjust_head.off_min > card->adjust_head.off_max) {
		xb_log_add(log, "invalid adjust_head TLV: min > max\n");
		return -EINVAL;
	}
	/* Both bounds are then at most that. */
	if (card->adjust_head.off_max > OPERAND_MAX) {
		xb_log_add(log, "disabling adjust_head - driver expects min/max to fit in as "
				"immediates\n");
		memset(&card->adjust_head, 0, sizeof(card->adjust_head));
	}
	return 0;
}

static int
take_maps(struct jit_card *card, const uint8_t *value, struct xb_log *log)
{
	(void)log;
	card->maps.types = get32(value);
	card->maps.maps_max = get32(value + 4);
	card->maps.elems_max = get32(value + 8);
	card->maps.key_bytes_max = get32(value + 12);
	card->maps.value_bytes_max = get32(value + 16);
	card->maps.elem_bytes_max = get32(value + 20);
	return 0;
}

static int
take_random(struct jit_card *card, const uint8_t *value, struct xb_log *log)
{
	(void)value, (void)log;
	card->has_random = true;
	return 0;
}

static int
take_queue_select(struct jit_card *card, const uint8_t *value, struct xb_log *log)
{
	(void)value, (void)log;
	card->has_queue_select = true;
	return 0;
}

static int
take_adjust_tail(struct jit_card *card, const uint8_t *value, struct xb_log *log)
{
	(void)value, (void)log;
	card->has_adjust_tail = true;
	return 0;
}

/* An ABI the driver does not speak ends offload, not the probe. */
static int
take_abi_version(struct jit_card *card, const uint8_t *value, struct xb_log *log)
{
	card->abi_version = get32(value);
	if (card->abi_version < ABI_DEFAULT || card->abi_version > ABI_MAX) {
		xb_log_add(log, "unsupported BPF ABI version: %d\n", (int)card->abi_version);
		card->abi_version = 0;
	}
	return 0;
}

static int
take_multi_entry(struct jit_card *card, const uint8_t *value, struct xb_log *log)
{
	(void)value, (void)log;
	card->has_multi_entry = true;
	return 0;
}

/* By type. What has no row is ignored. */
static const struct {
	int (*take)(struct jit_card *card, const uint8_t *value, struct xb_log *log);
	uint32_t bytes;	  /* of the value, at least */
	const char *name; /* in messages */
} tlvs[] = {
	[NIC_TLV_FUNC] = { take_func, 8, "function" },
	[NIC_TLV_ADJUST_HEAD] = { take_adjust_head, 20, "adjust_head" },
	[NIC_TLV_MAPS] = { take_maps, 24, "maps" },
	[NIC_TLV_RANDOM] = { take_random, 0, "random" },
	[NIC_TLV_QUEUE_SELECT] = { take_queue_select, 0, "queue_select" },
	[NIC_TLV_ADJUST_TAIL] = { take_adjust_tail, 0, "adjust_tail" },
	[NIC_TLV_ABI_VERSION] = { take_abi_version, 4, "ABI version" },
	[NIC_TLV_MULTI_ENTRY] = { take_multi_entry, 0, "cmsg_multi_ent" },
};

static int
take_tlv(struct jit_card *card, uint32_t type, uint32_t bytes, const uint8_t *value,
	struct xb_log *log)
{
	if (type >= sizeof(tlvs) / sizeof(tlvs[0]) || tlvs[type].take == NULL)
		return 0;
	if (bytes < tlvs[type].bytes) {
		xb_log_add(log, "truncated %s TLV: %d\n", tlvs[type].name, (int)bytes);
		return -EINVAL;
	}
	return tlvs[type].take(card, value, log);
}

/* Offsets in messages are those behind the TLV in question. */
static int
read_tlvs(struct jit_card *card, const uint8_t *bytes, size_t size, struct xb_log *log)
{
	uint64_t at = 0;

	while (at + NIC_TLV_HEADER_BYTES <= size) {
		uint32_t type = get32(bytes + at), length = get32(bytes + at + 4);
		const uint8_t *value = bytes + at + NIC_TLV_HEADER_BYTES;

		at += (uint64_t)NIC_TLV_HEADER_BYTES + length;
		if (at > size || take_tlv(card, type, length, value, log) < 0)
			goto invalid;
	}
	if (at == size)
		return 0;
	xb_log_add(log, "BPF capabilities left after parsing, parsed:%llu total length:%zu\n",
		(unsigned long long)at, size);
invalid:
	xb_log_add(log, "invalid BPF capabilities at offset:%llu\n", (unsigned long long)at);
	return -EINVAL;
}

static int
read_capabilities(struct jit_card *card, const struct jit_firmware *fw, struct xb_log *log)
{
	card->abi_version = ABI_DEFAULT;
	if (fw->capabilities == NULL)
		return 0;
	if (fw->capability_bytes < NIC_TLV_HEADER_BYTES) {
		xb_log_add(log, "rtsym '" SYMBOL "': too small\n");
		return -EINVAL;
	}
	return read_tlvs(card, fw->capabilities, fw->capability_bytes, log);
}

static void
read_bar(struct jit_card *card, const uint8_t *bar)
{
	uint32_t split = bar[NIC_BAR_BPF_INL_MTU] * NIC_BAR_UNIT_BYTES;

	card->has_live_reload = bar[NIC_BAR_BPF_CAP] & NIC_BPF_CAP_RELO;
	card->insns_max = get16(bar + NIC_BAR_BPF_MAX_LEN);
	card->start = get16(bar + NIC_BAR_BPF_START);
	card->done = get16(bar + NIC_BAR_BPF_DONE);
	card->stack_bytes = bar[NIC_BAR_BPF_STACK_SZ] * NIC_BAR_UNIT_BYTES;
	/* The driver's is negative where there is no split at all. */
	card->packet_split_bytes = split > SPLIT_RESERVED_BYTES ? split - SPLIT_RESERVED_BYTES : 0;
}

static bool
is_capable(const struct jit_card *card, const struct jit_firmware *fw)
{
	return fw->app_id == APP_EBPF && get32(fw->bar + NIC_BAR_CAP) & NIC_CAP_BPF &&
	       card->abi_version != 0 && fw->bar[NIC_BAR_BPF_ABI] == card->abi_version;
}

int
jit_card_probe(struct jit_card *card, const struct jit_firmware *fw, struct xb_log *log)
{
	int ret;

	*card = (struct jit_card){ 0 };
	if (fw->bar_bytes < NIC_BAR_BPF_END) {
		xb_log_add(log, "the control BAR has %zu bytes, less than %u\n", fw->bar_bytes,
			NIC_BAR_BPF_END);
		return -EINVAL;
	}
	ret = read_capabilities(card, fw, log);
	if (ret < 0)
		return ret;
	read_bar(card, fw->bar);
	if (!is_capable(card, fw)) {
		xb_log_add(log, "NFP firmware does not support eBPF offload\n");
		return -EOPNOTSUPP;
	}
	return 0;
}
