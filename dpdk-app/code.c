/* SPDX-License-Identifier: BSD-2-Clause */
/* Verdicts and errors as a table, and how what the card did, or a tc program's result, becomes one.
 */
#include "dpdk-app/code.h"

#include <linux/pkt_cls.h>

enum { XDP = 1, CLS = 2, ACT = 4, TC = CLS | ACT };

const struct code_info code_infos[CODE_CNT] = {
#define VERDICT(id, kinds, where, text)                                                            \
	[CODE_##id] = { .name = #id, .meaning = text, .programs = (kinds), .way = WAY_##where },
#define ERROR(id, text) [CODE_##id] = { .name = #id, .meaning = text },
#include "dpdk-app/verdicts.def"
#undef VERDICT
#undef ERROR
};

bool
code_is_of(enum code code, enum bpf_prog_type type)
{
	switch (type) {
	case BPF_PROG_TYPE_XDP: return code_infos[code].programs & XDP;
	case BPF_PROG_TYPE_SCHED_CLS: return code_infos[code].programs & CLS;
	default: return code_infos[code].programs & ACT;
	}
}

/* What is aborted is dropped and counted apart, what tc takes away is dropped and not counted
 * (nfp-isa.md 8.5). */
enum code
code_of_card(enum bpf_prog_type type, const struct nic_frame *frame)
{
	const bool is_xdp = type == BPF_PROG_TYPE_XDP;

	switch (frame->verdict) {
	case NIC_VERDICT_PASS: return is_xdp ? CODE_XDP_PASS : CODE_TC_ACT_UNSPEC;
	case NIC_VERDICT_TX: return is_xdp ? CODE_XDP_TX : CODE_TC_ACT_REDIRECT;
	case NIC_VERDICT_DROP: break;
	case NIC_VERDICT_FAULT: return CODE_fault_device;
	}
	if (is_xdp)
		return frame->stat == NIC_STAT_bpf_app3 ? CODE_XDP_ABORTED : CODE_XDP_DROP;
	return frame->stat < 0 ? CODE_TC_ACT_STOLEN : CODE_TC_ACT_SHOT;
}

bool
code_of_tc(enum bpf_prog_type type, int32_t r0, enum code *code)
{
	/* TC_ACT_UNSPEC is -1 */
	static const enum code codes[] = {
#define ROW(name) [name + 1] = CODE_##name
		ROW(TC_ACT_UNSPEC),
		ROW(TC_ACT_OK),
		ROW(TC_ACT_RECLASSIFY),
		ROW(TC_ACT_SHOT),
		ROW(TC_ACT_PIPE),
		ROW(TC_ACT_STOLEN),
		ROW(TC_ACT_REDIRECT),
		ROW(TC_ACT_TRAP),
#undef ROW
	};
	const int32_t cnt = sizeof(codes) / sizeof(codes[0]);

	*code = r0 >= -1 && r0 < cnt - 1 ? codes[r0 + 1] : CODE_TC_ACT_UNSPEC;
	if (code_is_of(*code, type)) /* a hole of the table is XDP's */
		return *code != CODE_TC_ACT_UNSPEC || r0 == TC_ACT_UNSPEC;
	*code = CODE_TC_ACT_UNSPEC;
	return false;
}
