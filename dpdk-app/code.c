/* SPDX-License-Identifier: BSD-2-Clause */
/* Verdicts and errors as a table, and how a tc program's result becomes one. */
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
