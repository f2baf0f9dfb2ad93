/* SPDX-License-Identifier: BSD-2-Clause */
/* The rows of verdicts.def. Used by whoever counts, sends or prints. */
#ifndef APP_CODE_H
#define APP_CODE_H

#include <linux/bpf.h>
#include <stdbool.h>
#include <stdint.h>

#include "nic/firmware/firmware.h"

enum code {
#define VERDICT(name, ...) CODE_##name,
#define ERROR(name, ...) CODE_##name,
#include "dpdk-app/verdicts.def"
#undef VERDICT
#undef ERROR
	CODE_CNT
};

/* Errors come behind the verdicts. */
#define VERDICT(...) +1
#define ERROR(...)
enum {
	VERDICT_CNT = 0
#include "dpdk-app/verdicts.def"
};
#undef VERDICT
#undef ERROR

enum way { WAY_OFF, WAY_HOST, WAY_WIRE };

struct code_info {
	const char *name;    /* "XDP_PASS", "runt" */
	const char *meaning; /* what becomes of the packet, or why it has no verdict */
	uint8_t programs;    /* bit n: of the n-th kind of program; 0: an error, of all */
	uint8_t way;	     /* enum way */
};
extern const struct code_info code_infos[CODE_CNT];

/* Can a program of this type give this verdict? */
bool code_is_of(enum code code, enum bpf_prog_type type);
/* What an XDP program's r0 counts as. The kernel takes it as 32 bits and what is no verdict as
 * XDP_ABORTED (bpf_warn_invalid_xdp_action). */
static inline enum code
code_of_xdp(uint64_t r0)
{
	uint32_t action = (uint32_t)r0;

	return action <= CODE_XDP_REDIRECT ? (enum code)action : CODE_XDP_ABORTED;
}
/* What the card did with a frame, as a verdict of a program of this type: it has fewer. */
enum code code_of_card(enum bpf_prog_type type, const struct nic_frame *frame);
/* What a tc program's r0 counts as; false: it is no verdict, and counts as TC_ACT_UNSPEC. */
bool code_of_tc(enum bpf_prog_type type, int32_t r0, enum code *code);

#endif
