/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Events that programs on the card output (bpf_perf_event_output): control messages that the
 * firmware sends by itself, into perf event arrays of the host (kernel: nfp/bpf/offload.c;
 * nfp-offload-rules.md 8). Such a map is named by its id, and only those that loaded programs use
 * are known here.
 */
#include "offload/nfp.h"

#include <errno.h>
#include <stdlib.h>

/* ---- maps of the host ---- */

static int
add_neutral(struct off_nfp *nfp, const struct off_prog *prog, struct off_map *map)
{
	struct off_nfp_neutral *neutral = malloc(sizeof(*neutral));

	if (!neutral)
		return -ENOMEM;
	*neutral = (struct off_nfp_neutral){ .prog = prog, .map = map };
	off_object_get(&map->o);
	LIST_INSERT_HEAD(&nfp->neutral, neutral, of_card);
	return 0;
}

int
off_nfp_neutral_add(struct off_prog *prog)
{
	struct off_nfp *nfp = off_nfp(prog->offload->asic);
	int err = 0;

	for (uint32_t i = 0; !err && i < prog->map_cnt; i++)
		if (!prog->maps[i]->offloaded)
			err = add_neutral(nfp, prog, prog->maps[i]);
	return err;
}

void
off_nfp_neutral_del(struct off_prog *prog)
{
	struct off_nfp_neutral *neutral = LIST_FIRST(&off_nfp(prog->offload->asic)->neutral);

	while (neutral) {
		struct off_nfp_neutral *next = LIST_NEXT(neutral, of_card);

		if (neutral->prog == prog) {
			LIST_REMOVE(neutral, of_card);
			off_object_put(&neutral->map->o);
			free(neutral);
		}
		neutral = next;
	}
}

static struct off_map *
find_neutral(const struct off_nfp *nfp, uint64_t id)
{
	const struct off_nfp_neutral *neutral;

	LIST_FOREACH (neutral, &nfp->neutral, of_card)
		if (neutral->map->o.id == id)
			return neutral->map;
	return NULL;
}

/* ---- events ---- */

/* dev_warn_once(), of the machine's life. */
void
off_nfp_note_events(const struct off_prog *prog, int insn)
{
	const struct bpf_insn *call = &prog->insns[insn];
	struct off_klog *log = &prog->o.k->klog;

	if (call->code != (BPF_JMP | BPF_CALL) || call->src_reg != 0 ||
		call->imm != BPF_FUNC_perf_event_output || log->has_event_note)
		return;
	log->has_event_note = true;
	off_klog_add(log, "%s: %s", off_nfp(prog->offload->asic)->device,
		off_rule_info(OFF_RULE_CM_20)->text);
}

int
off_nfp_event(struct off_nfp *nfp, const uint8_t *message, size_t bytes)
{
	uint64_t packet_bytes, data_bytes, id;
	struct off_perf_data data;
	struct off_map *map;

	if (bytes < NIC_CCM_EVENT_BYTES)
		return off_refuse(NULL, OFF_RULE_CM_13);
	packet_bytes = nic_ccm_get(message + NIC_CCM_EVENT_PACKET_BYTES);
	data_bytes = nic_ccm_get(message + NIC_CCM_EVENT_DATA_BYTES);
	/* the driver forgets the padding: the data's end may be behind the message's */
	if (bytes < NIC_CCM_EVENT_BYTES + (packet_bytes + 3) / 4 * 4 + data_bytes)
		return off_refuse(NULL, OFF_RULE_CM_13);
	if (message[NIC_CCM_VER] != NIC_CCM_VERSION)
		return off_refuse(NULL, OFF_RULE_CM_14);
	id = (uint64_t)nic_ccm_get(message + NIC_CCM_EVENT_MAP) << 32 |
	     nic_ccm_get(message + NIC_CCM_EVENT_MAP + 4);
	map = find_neutral(nfp, id);
	if (!map) {
		off_klog_warn(nfp->ccm.log, nfp->device, OFF_RULE_CM_12, (long long)id,
			(unsigned long long)id);
		return off_refuse(NULL, OFF_RULE_CM_12);
	}
	data = (struct off_perf_data){
		.data = message + NIC_CCM_EVENT_BYTES + (packet_bytes + 3) / 4 * 4,
		.data_bytes = (uint32_t)data_bytes,
		.packet = message + NIC_CCM_EVENT_BYTES,
		.packet_bytes = (uint32_t)packet_bytes,
	};
	off_perf_output(map, nic_ccm_get(message + NIC_CCM_EVENT_CPU), &data);
	return 0;
}

uint32_t
off_nfp_poll(struct off_asic *asic)
{
	struct off_nfp *nfp = off_nfp(asic);
	uint8_t message[NIC_CCM_BYTES_MAX];
	uint32_t cnt = 0;
	size_t bytes;

	off_lock(asic->k);
	while ((bytes = nic_fw_event(nfp->fw, message, sizeof(message))) > 0) {
		off_ccm_rx(&nfp->ccm, message, bytes);
		cnt++;
	}
	off_unlock(asic->k, 0);
	return cnt;
}
