/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How fast the card would be: packets are grouped by the path they took, and a steady state of the
 * mix is simulated. README.md has the model, its validation and its limits.
 *
 *	record (1) or build a path -> nic_mix_add() (2) -> nic_predict() (3)
 *
 * Whoever runs packets makes a path of each that is new to him; for others it is enough to count
 * (nic_mix_count()): instructions, cycles and outcomes of helpers tell paths apart. Nothing here is
 * random but by a seed: the same mix, card and seed give the same numbers.
 *
 * Errors: 0 or -errno. The library prints nothing.
 */
#ifndef NIC_TIMING_TIMING_H
#define NIC_TIMING_TIMING_H

#include "nic/card.h"
#include "nic/nic.h"
#include "nic/timing/steps.h"

/* ---- 1. record.c: a path, as it is run ---- */

/* What became of the packet. */
enum nic_fate { NIC_FATE_DROP, NIC_FATE_PASS, NIC_FATE_TX, NIC_FATE_CNT };

struct nic_path {
	struct nic_steps steps; /* the program's, helpers included; not the firmware's */
	uint32_t frame_bytes;	/* as it came, without its CRC */
	enum nic_fate fate;
	uint32_t events, event_bytes; /* for the host, of the packet; with their headers */
	bool is_guess;		      /* has costs that nobody has measured, those of helpers */
};

/* What each word of the code store took, added up. */
struct nic_profile {
	uint64_t runs[NIC_CODE_WORDS];
	uint64_t cycles[NIC_CODE_WORDS]; /* of issue; a helper's are its caller's */
};

/* Zero it to begin; nic_recorder_clear() frees. Cycles are nic_me_cycles() of a microengine on
 * which no other context runs. */
struct nic_recorder {
	struct nic_path path;
	uint64_t since;		     /* cycles up to there are in the steps */
	uint32_t pc;		     /* of the instruction that runs, or was the last */
	struct nic_profile *profile; /* NULL: nobody wants one */
};
void nic_recorder_clear(struct nic_recorder *rec);
/* A new path; what was recorded is forgotten. */
void nic_record_begin(struct nic_recorder *rec, uint64_t cycles);
/* An instruction begins, and has taken so many cycles. */
void nic_record_insn(struct nic_recorder *rec, uint32_t pc);
void nic_record_insn_end(struct nic_recorder *rec, uint64_t cycles);
/* A command has been issued. cycles: its own and, when it swaps, the slots lost included. */
void nic_record_command(struct nic_recorder *rec, uint64_t cycles,
	const struct nic_command *command, uint64_t address, uint32_t bytes, enum nic_wait wait);
/* A swap without a command. */
void nic_record_swap(struct nic_recorder *rec, uint64_t cycles);
/* Behind a swap: the context runs again. What passed since is waiting and no work. */
void nic_record_resume(struct nic_recorder *rec, uint64_t cycles);
/* A helper that is run as native code, and takes no cycles there: the steps of a key of the card
 * (lookup_hit ...). Of its commands to the EMEM the first goes to address[0], and so on; those past
 * address_cnt anywhere. NULL, or what is wrong with the text. */
const char *nic_record_helper(struct nic_recorder *rec, uint64_t cycles, const char *steps,
	uint32_t n, uint32_t k, const uint64_t *address, uint32_t address_cnt);
/* The path is whole: rec->path. 0 or -ENOMEM. */
int nic_record_end(
	struct nic_recorder *rec, uint64_t cycles, uint32_t frame_bytes, enum nic_fate fate);

/* What a command asks of whom. */
enum nic_timed nic_timed_of(const struct nic_command *command, uint64_t address);
/* How long the answer to a step's command takes with nobody else there, in thousandths of a cycle.
 */
uint32_t nic_step_latency(const struct nic_card *card, const struct nic_step *step);

/* ---- 2. mix.c: paths of packets ---- */

struct nic_class {
	struct nic_path path;
	uint64_t packets, bytes; /* of frames */
	uint64_t hash;
};

struct nic_mix;

/* Longest frame whose sum needs no other read than the first, and the bytes of each further
 * (firmware-facts.md 2.2 J). Frames of one size class need as many. */
#define NIC_SUMMED_BYTES 60u
#define NIC_REFILL_BYTES 128u
static inline uint32_t
nic_size_class(uint32_t frame_bytes)
{
	return frame_bytes <= NIC_SUMMED_BYTES
		       ? 0
		       : (frame_bytes - NIC_SUMMED_BYTES + NIC_REFILL_BYTES - 1) / NIC_REFILL_BYTES;
}

/* NULL and errno. */
struct nic_mix *nic_mix_new(void);
void nic_mix_free(struct nic_mix *mix);
/* That many packets took this path, which stays the caller's. Its class, or -ENOMEM; equal steps
 * and fate are one class, when frames are of one size class, too. A few of the places they went to
 * are kept. */
int nic_mix_add(struct nic_mix *mix, const struct nic_path *path, uint64_t packets);
/* More packets of a class, bytes of frames in all. */
void nic_mix_count(struct nic_mix *mix, uint32_t class, uint64_t packets, uint64_t bytes);
/* All of another mix; 0 or -ENOMEM. */
int nic_mix_merge(struct nic_mix *mix, const struct nic_mix *more);
uint32_t nic_mix_class_cnt(const struct nic_mix *mix);
/* NULL past the last. */
const struct nic_class *nic_mix_class(const struct nic_mix *mix, uint32_t class);

/* ---- 3. predict.c ---- */

/* What can bound a rate. X(id, name, what it is) */
#define NIC_BOUND_LIST(X)                                                                          \
	X(ME, "me", "microengines")                                                                \
	X(EMEM, "emem", "the EMEM: a part of it that every packet goes to")                        \
	X(CTM, "ctm", "packet buffers in CTM")                                                     \
	X(MAC, "mac", "the MACs' ceiling")                                                         \
	X(WIRE, "wire", "speed of the ports")                                                      \
	X(HOST, "host", "PCIe, for what is passed to the host")
enum nic_bound {
#define X(id, name, what) NIC_BOUND_##id,
	NIC_BOUND_LIST(X)
#undef X
		NIC_BOUND_CNT
};
const char *nic_bound_name(enum nic_bound bound);
const char *nic_bound_what(enum nic_bound bound);

/* Zero is the default of each. */
struct nic_predict_options {
	uint64_t seed;
	uint32_t events;  /* steps simulated; 0: NIC_PREDICT_EVENTS */
	bool has_anomaly; /* the overload bug of the measured firmware is shown */
	/* NIC_CODE_WORDS, or NULL: becomes the cycles that a context waits for what each word of
	 * the program asked for, of a packet; others run meanwhile. */
	double *waits;
};
#define NIC_PREDICT_EVENTS 400000u

struct nic_prediction {
	double mpps, gbps;	  /* gbps: of frames, as the ports carry them without their CRC */
	double cycles_per_packet; /* of one microengine, were there nothing else to bound the rate
				   */
	double busy_cycles;	  /* of these it issues instructions or loses slots */
	enum nic_bound bound;
	double gain;			  /* how much more without that bound: 0.1 is 10 % */
	double limit_mpps[NIC_BOUND_CNT]; /* what each would allow; HUGE_VAL: no bound */
	double me_use, emem_use; /* share of time, at mpps: all microengines, the busiest part */
	double latency_us;	 /* from microengine to reorder engine; not validated by anybody */
	bool is_validated;	 /* inside the range that measurements cover */
	const char *not_validated; /* why not; NULL: it is */
};

/* card must be whole (nic_card_check()). -EINVAL of a mix without packets, -ENOMEM. */
int nic_predict(const struct nic_card *card, const struct nic_mix *mix,
	const struct nic_predict_options *options, struct nic_prediction *prediction);
/* One class of the mix on its own. */
int nic_predict_class(const struct nic_card *card, const struct nic_mix *mix, uint32_t class,
	const struct nic_predict_options *options, struct nic_prediction *prediction);

#endif
