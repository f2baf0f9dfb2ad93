/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The firmware of a card, as far as it deals with eBPF: maps, the control messages of the driver,
 * the helpers programs call, and the datapath around a program. A model in C of what runs on the
 * card beside the program's microcode; the microcode itself runs on microengines (nic.h).
 *
 * A nic_fw is the card: its memories and maps. Any number of nic_engine, each a microengine that
 * one thread drives, run its program on frames. Facts: firmware-facts.md; nfp-isa.md 8;
 * nfp-offload-rules.md 7, 8. What is not known is a named constant here and in docs/CAVEATS.md.
 */
#ifndef NIC_FIRMWARE_H
#define NIC_FIRMWARE_H

#include "nic/card.h"
#include "nic/nic.h"
#include "nic/timing/timing.h"

struct nic_fw;
struct nic_engine;

/* ---- the card ---- */

/* card must live as long. Memory is taken when it is used. NULL and errno. */
struct nic_fw *nic_fw_new(const struct nic_card *card);
/* All engines must be gone. */
void nic_fw_free(struct nic_fw *fw);
const struct nic_card *nic_fw_card(const struct nic_fw *fw);

/* Ports whose frames a program can be given: each has its place in the code store, one behind the
 * other (firmware-facts.md 4). */
#define NIC_FW_PORTS 2u
/* Where a port's program begins. */
uint32_t nic_fw_start(const struct nic_fw *fw, uint32_t port);
/*
 * A program for the frames of a port: words as they are loaded at nic_fw_start(), with ECC. Engines
 * take it up between two frames, so every frame sees one program whole. cnt 0: none, frames pass.
 * The words are copied. -E2BIG: longer than the firmware takes; -ENODEV: no such port; -ENOMEM. Any
 * thread.
 */
int nic_fw_load(struct nic_fw *fw, uint32_t port, const uint64_t *words, uint32_t cnt);

/*
 * A control message from the driver, and the reply, whose length is returned: 0 when there is none,
 * as to a message that is shorter than a header, of a type that is none, or when the reply would be
 * longer than size. Any thread.
 */
size_t nic_fw_control(
	struct nic_fw *fw, const uint8_t *message, size_t bytes, uint8_t *reply, size_t size);

/* The next message the firmware sends by itself (BPF_EVENT), 0: none; one longer than size is
 * lost. Any thread. */
size_t nic_fw_event(struct nic_fw *fw, uint8_t *message, size_t size);
/* Events that found the ring full. */
uint64_t nic_fw_events_lost(struct nic_fw *fw);

/* ---- frames ---- */

/* Where a frame begins in its buffer (nfp-isa.md 8.3, firmware-facts.md 3: 128 bytes and the MAC's
 * prepend). */
#define NIC_FRAME_OFFSET 136u
#define NIC_FRAME_BYTES_MAX                                                                        \
	0x3fffu /* the length has 14 bits; what is past the split no program reaches */
/* More instructions than this for one frame are a device fault. Not the hardware's, which has no
 * such limit. */
#define NIC_FRAME_INSNS_MAX 1000000u

/* Words of the packet vector in local memory (nfp-isa.md 8.3). */
enum {
	NIC_VECTOR_LENGTH = 0,
	NIC_VECTOR_POINTER = 2,
	NIC_VECTOR_FLAGS = 4,
	NIC_VECTOR_QUEUE = 6,
	NIC_VECTOR_WORDS = 8,
};

enum nic_verdict { NIC_VERDICT_PASS, NIC_VERDICT_DROP, NIC_VERDICT_TX, NIC_VERDICT_FAULT };

/* The frame is where the caller has it. Before it there are NIC_FRAME_OFFSET bytes, behind it
 * `tailroom`, that are the caller's too and may be written. */
struct nic_frame {
	uint8_t *data;
	uint32_t bytes;
	uint32_t tailroom;
	uint32_t port;
	/* what became of it; data and bytes are what the program made of them */
	enum nic_verdict verdict;
	int stat;	/* which of the four statistics counts it, -1: none */
	bool has_queue; /* the program chose */
	uint8_t queue;
	bool bpf_ran; /* the flag of the packet vector that the host's descriptor shows */
};

/* The four statistics of programs, named as the driver's ethtool strings. X(name, bit of the
 * result) */
#define NIC_STAT_LIST(X)                                                                           \
	X(bpf_pass)                                                                                \
	X(bpf_app1)                                                                                \
	X(bpf_app2)                                                                                \
	X(bpf_app3)
enum nic_stat {
#define X(name) NIC_STAT_##name,
	NIC_STAT_LIST(X)
#undef X
		NIC_STAT_CNT
};

/* What map helpers found (firmware-facts.md 1.3). */
enum nic_found {
	NIC_FOUND_PRIMARY,
	NIC_FOUND_OVERFLOW,
	NIC_FOUND_EMPTY, /* the bucket had nothing of this map */
	NIC_FOUND_OTHER, /* another key was there */
	NIC_FOUND_CNT
};

/* Sums over frames. */
struct nic_engine_stats {
	uint64_t frames[NIC_STAT_CNT], bytes[NIC_STAT_CNT]; /* length after the program */
	uint64_t uncounted;				    /* a verdict without a statistic */
	uint64_t faults;
	uint64_t insns; /* microcode instructions */
	/* what the helpers would have taken on the card: instructions and cycles of issue, without
	 * waits */
	uint64_t helper_calls, helper_insns, helper_cycles;
	uint64_t lookups[NIC_FOUND_CNT];
};

/* Faults, by what they say. */
#define NIC_FAULT_KINDS_MAX 32u
struct nic_fault_count {
	const char *reason;
	uint64_t cnt;
};

/* A microengine of the card, the number-th; numbers are different. NULL and errno. exact: run as
 * nic_me_run() does, else as nic_me_run_fast(). */
struct nic_engine *nic_engine_new(struct nic_fw *fw, uint32_t number, bool exact);
#define NIC_ENGINES_MAX (NIC_PACKETS / 4)
void nic_engine_free(struct nic_engine *engine);
/* Runs the program on the frame. A frame the hardware would not give a program (longer than
 * NIC_FRAME_BYTES_MAX) is -EINVAL; else 0. */
int nic_engine_run(struct nic_engine *engine, struct nic_frame *frame);
struct nic_engine_stats nic_engine_stats(const struct nic_engine *engine);
void nic_engine_stats_add(struct nic_engine_stats *sum, const struct nic_engine_stats *more);
/* The last device fault; NULL: there was none. */
const struct nic_fault *nic_engine_fault(const struct nic_engine *engine);
/* NIC_FAULT_KINDS_MAX rows; behind the last one reason is NULL. */
const struct nic_fault_count *nic_engine_faults(const struct nic_engine *engine);
/* The paths of the frames that come are kept from now on, for the timing model: some frames, or
 * every one, run exactly and are recorded, the others are counted. Results are the same. What words
 * took while frames were recorded is added to profile, which may be NULL. 0 or -ENOMEM. */
int nic_engine_watch(struct nic_engine *engine, bool every, struct nic_profile *profile);
/* Adds what was kept. 0 or -ENOMEM; at the end, and once. In a mix that was empty classes have the
 * numbers of nic_engine_class(). */
int nic_engine_paths(struct nic_engine *engine, struct nic_mix *mix);
/* Of the last frame, when it was recorded; else -1. */
int nic_engine_class(const struct nic_engine *engine);
/* The microengine, to look at: its context 0 runs the frames. */
struct nic_me *nic_engine_me(struct nic_engine *engine);

#endif
