/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * jit: what the Linux nfp driver does between a verified eBPF program and the card. It looks at
 * every state of the verifier's walk (hook), says what the card refuses (findings), and translates
 * to the very words the driver emits (image).
 *
 *	jit_card_probe(&card, &fw, &log)      what the card is and can
 *	prog = jit_prog_new(&input)           a copy of the program, to be filled with facts
 *	hooks = jit_prog_hooks(prog)          into xb_verify_opts.hooks
 *	xb_verify(..., &opts, &facts, &log)   the walk; refusals are in the log and in the findings
 *	jit_translate(prog, &image)           words before relocation
 *	jit_image_load(&image, card, words)   words as the code store gets them
 *
 * Facts: reference/nfp-isa.md 8-14, reference/nfp-offload-rules.md 1-6. Errors: 0 or -errno,
 * constructors NULL and errno; why is a finding. The library prints nothing.
 */
#ifndef JIT_H
#define JIT_H

#include "bpf/verifier/verifier.h"
#include "bpf/xb.h"

#include <stdbool.h>
#include <stdint.h>

/* ---- 1. the card, as its firmware describes itself to the driver ---- */

/* Helpers that are code of the firmware. X(id, eBPF helper id, name in messages) */
#define JIT_FW_HELPER_LIST(X)                                                                      \
	X(LOOKUP, 1, "map_lookup")                                                                 \
	X(UPDATE, 2, "map_update")                                                                 \
	X(DELETE, 3, "map_delete")                                                                 \
	X(PERF_EVENT, 25, "event_output")
enum jit_fw_helper {
#define X(id, number, name) JIT_FW_##id,
	JIT_FW_HELPER_LIST(X)
#undef X
		JIT_FW_HELPER_CNT
};

#define JIT_ADJUST_HEAD_NO_META 1u /* of adjust_head.flags: metadata need not be shifted */

/* From the vNIC's control BAR and the capability TLVs (nfp-offload-rules.md 1, 2). A capability
 * that is absent is 0. */
struct jit_card {
	uint32_t abi_version;		    /* 2 or 3 */
	uint32_t insns_max;		    /* words of a program */
	uint32_t start, done;		    /* code-store addresses */
	uint32_t stack_bytes;		    /* of all frames together */
	uint32_t packet_split_bytes;	    /* packet bytes that a program can reach */
	uint32_t helper[JIT_FW_HELPER_CNT]; /* code-store addresses, 0: not there */
	struct {
		uint32_t flags, off_min, off_max; /* off_max 0: not supported */
		uint32_t guaranteed_sub, guaranteed_add;
	} adjust_head;
	struct {
		uint32_t types; /* bit n: enum bpf_map_type n */
		uint32_t maps_max, elems_max;
		uint32_t key_bytes_max, value_bytes_max, elem_bytes_max;
	} maps;
	bool has_live_reload, has_random, has_queue_select, has_adjust_tail, has_multi_entry;
};

/* What a driver finds on a card. */
struct jit_firmware {
	uint32_t app_id;    /* 2: the eBPF NIC */
	const uint8_t *bar; /* the vNIC's control BAR */
	size_t bar_bytes;
	const uint8_t *capabilities; /* symbol _abi_bpf_capabilities; NULL: there is none */
	size_t capability_bytes;
};

/*
 * caps.c. Reads it as the driver does. 0; -EINVAL where the driver's probe fails, so that there is
 * no device; -EOPNOTSUPP where there is a device that takes no program. log has the driver's
 * sentences, warnings too.
 */
int jit_card_probe(struct jit_card *card, const struct jit_firmware *fw, struct xb_log *log);

/* ---- 2. maps of the card ---- */

/* What programs do with each 4-byte word of a map's value, kept for the map's life. */
struct jit_map;

/* number: what the driver puts into the program for it, the card's table id (or the kernel's map
 * id when the map stays on the host). def must live as long. NULL and errno. */
struct jit_map *jit_map_new(const struct xb_map_def *def, uint32_t number);
void jit_map_free(struct jit_map *map);

enum jit_map_use { JIT_USE_UNUSED, JIT_USE_READ, JIT_USE_WRITE, JIT_USE_ATOMIC };
/* Of word `word` of the value. */
enum jit_map_use jit_map_word_use(const struct jit_map *map, uint32_t word);
/* Somebody put something into that word that a byte swap would change. */
void jit_map_word_set_nonzero(struct jit_map *map, uint32_t word);

/* What the maps on a card take together. Zero it to begin. */
struct jit_maps_used {
	uint32_t maps, elems;
};

/* ---- 3. findings: what is wrong, or doubtful, and where ---- */

#define JIT_MESSAGE_BYTES 256 /* with its NUL */

enum jit_severity { JIT_ERROR, JIT_WARNING, JIT_NOTE };

/* Rows of rules.def. */
enum jit_rule {
#define RULE(id, ...) JIT_RULE_##id,
#include "jit-nfp/rules.def"
#undef RULE
	JIT_RULE_CNT
};

struct jit_rule_info {
	const char *name; /* "STACK_TOO_LARGE" */
	enum jit_severity severity;
	const char *stage; /* "load", "map", "driver", "translate", "attach" */
	int err;	   /* errno, positive; 0 of what is no error */
	const char *text;  /* the driver's sentence, a printf format */
	const char *why;   /* why the card has this rule */
	const char *fix;   /* what to change */
};
const struct jit_rule_info *jit_rule_info(enum jit_rule rule);

/* map_create.c. Would the driver make this map, a hash or an array? It is then added to *used, and
 * the answer is JIT_RULE_CNT; else it is the first rule that says no, and its sentence. from: 0,
 * or, of a map that was refused, the rule to go on with; nothing is added then. */
enum jit_rule jit_map_create_check(const struct xb_map_def *def, const struct jit_card *card,
	struct jit_maps_used *used, enum jit_rule from, char message[JIT_MESSAGE_BYTES]);

struct jit_finding {
	enum jit_rule rule;
	int32_t insn;	       /* slot of the program as given; -1: of the whole program */
	bool is_unreached;     /* it is refused if the program comes there; the walk did not */
	const char *why, *fix; /* the rule's, or of just this helper or instruction */
	char message[JIT_MESSAGE_BYTES]; /* the driver's sentence, without its "[nfp] " */
};

/* ---- 4. a program on its way to the card ---- */

struct jit_prog;

struct jit_input {
	const struct bpf_insn *insns; /* copied; maps as BPF_PSEUDO_MAP_IDX */
	uint32_t insn_cnt;
	enum bpf_prog_type type;     /* XDP or SCHED_CLS */
	struct jit_map *const *maps; /* by that index; must live as long as the program */
	uint32_t map_cnt;
	const struct jit_card *card; /* must live as long */
	/* The driver ends at its first refusal; with this hook and translation go on, to find all.
	 */
	bool go_on;
};

/* NULL and errno. */
struct jit_prog *jit_prog_new(const struct jit_input *input);
void jit_prog_free(struct jit_prog *prog);
/* Lives as long as prog. */
const struct xb_verify_hooks *jit_prog_hooks(struct jit_prog *prog);

/* Where the walk did not come, since the core ended it: findings of what the driver refuses
 * whatever an instruction is given. Of an input with go_on. 0, or -ENOMEM: some are lost. */
int jit_prog_find_unreached(struct jit_prog *prog);
/* In the order found. A rule is told once an instruction. */
const struct jit_finding *jit_prog_findings(const struct jit_prog *prog, uint32_t *cnt);
/* Of the stack that the card must have; known once verified. */
uint32_t jit_prog_stack_bytes(const struct jit_prog *prog);

/* ---- 5. translation ---- */

#define JIT_NO_INSN                                                                                \
	UINT32_MAX /* of a word that comes from no instruction: intro, outro, padding              \
		    */

/* Why an instruction has no words. */
enum jit_skip {
	JIT_HAS_WORDS,
	JIT_SKIP_NOOP,	    /* it does nothing */
	JIT_SKIP_PRECEDING, /* an instruction before it does its work */
	JIT_SKIP_DEAD,	    /* it is never reached */
};

struct jit_image {
	uint64_t *words; /* relocation type in bits 63:56, no ECC (nfp-isa.md 13) */
	uint32_t *insns; /* of each word the slot it comes from, or JIT_NO_INSN */
	uint32_t cnt;
	uint8_t *skips;	     /* of each slot of the program: enum jit_skip */
	uint32_t out, abort; /* index of these targets */
	uint32_t push, pop;  /* of the routines that save registers, 0: not there */
	uint32_t stack_bytes;
	uint32_t max_packet_offset; /* bytes of the packet the program may reach */
	/* With go_on: hook or translation refused the program, these words cannot be loaded. Then
	 * is_stubbed: instead of what was refused there is a word each, so that there would be cnt
	 * or more; else the program is too long, and cnt is what it takes. */
	bool is_refused, is_stubbed;
};

/*
 * 0 and *image (jit_image_free() ends it). -EINVAL as the driver reports every failure of its
 * translation, the cause being a finding; -EINVAL too when the verifier refused the program or a
 * hook failed. With go_on what hook and translation refuse is in the image. Once a program: the
 * passes change it.
 */
int jit_translate(struct jit_prog *prog, struct jit_image *image);
void jit_image_free(struct jit_image *image);

/* The image as loaded at card->start: relocated, with ECC. words has room for image->cnt. -EINVAL
 * for a helper the card does not have, and of an image that is refused. */
int jit_image_load(const struct jit_image *image, const struct jit_card *card, uint64_t *words);

/* Would the vNIC of this card take the image, its MTU being mtu bytes? JIT_RULE_CNT: yes. */
enum jit_rule jit_image_attach_check(
	const struct jit_image *image, const struct jit_card *card, uint32_t mtu);
/* May the MTU become mtu while the image runs? JIT_RULE_CNT: yes. */
enum jit_rule jit_image_mtu_check(
	const struct jit_image *image, const struct jit_card *card, uint32_t mtu);

/* The passes over a program before it is translated, in their order (opt.c). X(letter, name) */
#define JIT_PASS_LIST(X)                                                                           \
	X("r", reg_init)                                                                           \
	X("n", neg_imm)                                                                            \
	X("m", ld_mask)                                                                            \
	X("s", ld_shift)                                                                           \
	X("g", gather)                                                                             \
	X("c", cache)

/* The program after each pass whose letter is there, printed to out as it is translated. */
struct jit_debug {
	const char *letters; /* NULL: none */
	FILE *out;
};
void jit_prog_set_debug(struct jit_prog *prog, struct jit_debug debug);

#endif
