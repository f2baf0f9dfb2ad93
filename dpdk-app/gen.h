/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Packets for `xoffload gen`. Packet i is a pure function of the recipe and i, the same on every
 * machine.
 */
#ifndef APP_GEN_H
#define APP_GEN_H

#include "bpf/xb.h"

enum gen_proto {
#define PROTO(name, ...) GEN_##name,
#include "dpdk-app/gen_protos.def"
#undef PROTO
	GEN_PROTO_CNT
};

#define GEN_PROTOS_MAX 32
#define GEN_BYTES_MAX 16384

/* The recipe. */
struct gen {
	uint64_t seed;
	uint32_t flows; /* at least proto_cnt */
	uint32_t bytes; /* of a frame without FCS; 0: IMIX */
	uint32_t proto_cnt;
	enum gen_proto protos[GEN_PROTOS_MAX];
};

/* IMIX: so many frames of so many bytes, without FCS, in every GEN_IMIX_FRAMES. */
#define GEN_IMIX_SIZES 3u
#define GEN_IMIX_FRAMES 12u
extern const struct gen_imix {
	uint16_t bytes, frames;
} gen_imix[GEN_IMIX_SIZES];

/* Read "udp,tcp6" or "imix" / "60" into the recipe. 0, or -EINVAL and a sentence. */
int gen_parse_protos(struct gen *gen, const char *list, struct xb_log *log);
int gen_parse_size(struct gen *gen, const char *size, struct xb_log *log);
/* Packet i into buf (GEN_BYTES_MAX bytes); its length. */
uint32_t gen_packet(const struct gen *gen, uint64_t i, uint8_t *buf);

#endif
