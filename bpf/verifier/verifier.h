/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The verifier: would Linux 6.12 accept this program, and what does it know of every instruction?
 * For XDP, tc classifier and tc action programs. Sentences, errno and order of checks are the
 * kernel's (kernel/bpf/verifier.c); what we cannot verify whole is refused by name.
 */
#ifndef XB_VERIFIER_H
#define XB_VERIFIER_H

#include "bpf/xb.h"

#define XB_VERIFY_INSNS_MAX 1000000u /* visited; BPF_COMPLEXITY_LIMIT_INSNS */

struct xb_verify_env; /* the verification under way; hooks ask it for states */
struct xb_reg_state;  /* bpf/verifier/state.h */

/*
 * A device's part, shaped like the kernel's struct bpf_prog_offload_ops (kernel/bpf/offload.c); any
 * may be NULL. Each returns 0 or -errno, which ends the verification; text goes to the log.
 */
struct xb_verify_hooks {
	int (*prepare)(void *dev, const struct xb_verify_env *env);
	/* Before the core's own check, at every visit on every path; prev is -1 at the start. */
	int (*insn)(void *dev, struct xb_verify_env *env, int insn, int prev);
	int (*finalize)(void *dev, struct xb_verify_env *env);
	/* After finalize: a conditional jump with one dead side becomes `insn`; dead instructions
	 * go. off counts in the program as it has shrunk so far. A failure sticks, and is no
	 * refusal. */
	int (*replace_insn)(
		void *dev, struct xb_verify_env *env, uint32_t off, const struct bpf_insn *insn);
	int (*remove_insns)(void *dev, struct xb_verify_env *env, uint32_t off, uint32_t cnt);
	void *dev;
};

struct xb_verify_opts {
	/* BPF_PROG_TYPE_UNSPEC: no kernel type, but a program on plain memory, as xb_vm_run_mem()
	 * runs it: r1 is the address of mem_bytes bytes (0 when there are none), r2 is mem_bytes.
	 */
	enum bpf_prog_type type;
	uint32_t mem_bytes;
	bool gpl_compatible;
	bool offloaded; /* for a device: rx_queue_index may be written, loads keep their context
			   form */
	const struct xb_map_def *maps; /* what BPF_PSEUDO_MAP_IDX means */
	uint32_t map_cnt;
	const struct btf *btf; /* signatures of global functions; NULL: none */
	const struct xb_func
		*funcs; /* subprograms and their BTF types; NULL: found by calls alone */
	uint32_t func_cnt;
	const struct xb_line *lines; /* source lines for the log; NULL: none */
	uint32_t line_cnt;
	unsigned int log_level; /* 0: the refusal; 1: and its path; 2: every state of the walk */
	const struct xb_verify_hooks *hooks;
	/* May the program use this map, which it names for the first time? 0 or -errno, which ends
	 * the verification before hooks->prepare. NULL: every one. */
	int (*check_map)(void *arg, struct xb_verify_env *env, uint32_t index);
	void *check_map_arg;
	/* A map that is not the device's, or has no addresses there, refuses a program for a device
	 * and says nothing of the program itself: true, and the verification goes on as if it were
	 * the host's. NULL: never. */
	bool (*pass_over)(void *arg, uint32_t map, int32_t insn, const char *reason);
	void *pass_over_arg;
};

/* Those of a program of an object: what the object says. The rest is 0. */
struct xb_verify_opts xb_verify_opts_of(const struct xb_object *obj, const struct xb_prog *prog);

/* A register of an instruction, just before it, over all paths that reached it. */
struct xb_operand_facts {
	uint32_t kinds;		  /* bit n: it was an enum xb_reg_kind n (state.h) here */
	uint64_t umin, umax;	  /* when a number: its range */
	int64_t off_min, off_max; /* when a pointer: from the beginning of what it points into (of
				     the packet checked last, of the frame's end) */
};

/* What is known of one slot after the walk, over all paths that reached it. */
struct xb_insn_facts {
	bool seen;	    /* some path reaches it; a slot nobody sees is dead */
	bool is_ctx_access; /* a load or store of the context */
	bool zext;	    /* its 32-bit result's upper half is read: zero extension matters */
	struct xb_operand_facts dst, src; /* kinds is 0 of one it does not have, or nobody set */
};

struct xb_facts {
	struct xb_insn_facts *insns; /* one a slot */
	uint32_t insn_cnt;
	int32_t refused_insn;	    /* the instruction a refusal is about; -1: none */
	uint32_t visited;	    /* instructions walked */
	uint32_t max_packet_offset; /* bytes of the packet accesses may reach;
				       prog->aux->max_pkt_offset */
	uint32_t subprog_cnt;
	struct {
		uint32_t start;
		uint32_t stack_bytes; /* of its own frame, rounded as the kernel does */
		bool is_global;
	} * subprogs;
};

/*
 * Verify. 0 and *facts (xb_facts_free() ends it), or the kernel's -errno (EINVAL, EACCES, EPERM,
 * E2BIG, ENOMEM, EOPNOTSUPP for what this verifier does not know, ...) and the kernel's sentence as
 * the log's last line before "processed N insns ..."; of *facts only refused_insn and visited then
 * say anything, and nothing is to be freed.
 */
int xb_verify(const struct bpf_insn *insns, uint32_t cnt, const struct xb_verify_opts *opts,
	struct xb_facts *facts, struct xb_log *log);
void xb_facts_free(struct xb_facts *facts);
/* The refusal's sentence in a log of the verifier or a maker of maps: its last line, less the
 * verifier's sum ("processed N insns ..."). */
void xb_verify_sentence(const char *log, char *sentence, size_t size);
/* What no path reaches becomes "goto pc-1", as in the kernel (sanitize_dead_code): it need not be
 * anything that can be run. insns: the program that was verified. */
void xb_facts_bury_dead(const struct xb_facts *facts, struct bpf_insn *insns);

#endif
