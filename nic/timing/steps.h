/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a packet costs, as steps: some cycles of issue, then a command to a memory or another unit,
 * and whether the context swaps out for its answer. The timing model knows programs, helpers and
 * the firmware around them in no other way.
 *
 * In card files steps are text, blanks between:
 *
 *	6 nbi:32! 19 cls:64! 42 ctm:128!
 *
 *	12        cycles of issue, those of the command behind them and the slots a swap or a branch
 *	          loses included; with up to three decimals
 *	53+4n     and 4 more for each word of the key; +2k for each word compared
 *	ctm:128   a command: which unit (NIC_TIMED_LIST), how many bytes. Nobody waits for it
 *	ctm:8+    the next wait is for this one, too
 *	ctm:4!    the context swaps out until the answer is there
 *	none!     it swaps out and is ready at once
 *	( ... )   only where the packet lets others go that wait for it, behind a `remote` command
 */
#ifndef NIC_TIMING_STEPS_H
#define NIC_TIMING_STEPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * What is asked, of whom; read to ring are the EMEM's. The latency is known by a key of the card,
 * 4 bytes more by another.
 *	X(id, name, latency, word)
 */
#define NIC_TIMED_LIST(X)                                                                          \
	X(NBI, nbi, nbi_latency, ctm_word)                                                         \
	X(CLS, cls, cls_latency, cls_word)                                                         \
	X(CTM, ctm, ctm_latency, ctm_word)                                                         \
	X(IMEM, imem, imem_latency, imem_word)                                                     \
	X(STATS, stats, stats_latency, imem_word)                                                  \
	X(EMEM_READ, read, emem_latency, emem_word)                                                \
	X(EMEM_WRITE, write, emem_write_latency, emem_word)                                        \
	X(EMEM_ATOMIC, atomic, emem_atomic_latency, emem_word)                                     \
	X(EMEM_CAM, cam, emem_cam_latency, emem_word)                                              \
	X(EMEM_RING, ring, emem_ring_latency, emem_word)                                           \
	X(REMOTE, remote, remote_latency, ctm_word)
enum nic_timed {
	NIC_TIMED_NONE, /* no command: cycles only, or a swap */
#define X(id, ...) NIC_TIMED_##id,
	NIC_TIMED_LIST(X)
#undef X
		NIC_TIMED_CNT
};

enum nic_wait {
	NIC_WAIT_NO,   /* posted */
	NIC_WAIT_NEXT, /* the next swap waits for it */
	NIC_WAIT_SWAP, /* swaps out until this and those before are answered */
};

#define NIC_STEP_BYTES_MAX 128u /* of one command (nfp-isa.md 15) */
#define NIC_PLACES 32u

struct nic_step {
	uint32_t millicycles; /* of issue, before the command and with it */
	uint8_t timed, wait;  /* enum nic_timed, enum nic_wait */
	uint8_t bytes;
	bool is_on_release;
	uint32_t pc; /* of the program's instruction whose command it is; else 0 */
	/* Where in the EMEM packets of this class went, as samples: a line's address / its size.
	 * The same again and again is a hot location; none: anywhere. */
	uint8_t place_cnt;
	uint32_t places[NIC_PLACES];
};

/* "read"; "none". Never NULL. */
const char *nic_timed_name(enum nic_timed timed);

/* Grows by steps. Zero it to begin; err is the first -ENOMEM, after which nothing is added. */
struct nic_steps {
	struct nic_step *step;
	uint32_t cnt, room;
	int err;
};
void nic_steps_add(struct nic_steps *steps, const struct nic_step *step);
void nic_steps_clear(struct nic_steps *steps); /* frees */
/* Adds those of a text, which may be NULL to look only; n, k: see above. NULL, or what is wrong
 * with the text. */
const char *nic_steps_read(struct nic_steps *steps, const char *text, uint32_t n, uint32_t k);
/* Cycles of issue of all, without those on release. */
double nic_steps_cycles(const struct nic_steps *steps);

#endif
