/* SPDX-License-Identifier: BSD-2-Clause */
/* From the command line to a program that can run: object, choice, maps, image. */
#ifndef APP_PROGRAM_H
#define APP_PROGRAM_H

#include "dpdk-app/finding.h"

struct program {
	struct xb_object *obj;
	const struct xb_prog *prog; /* the chosen one */
	struct xb_map **maps;	    /* as obj->maps; NULL for those no program names */
	bool *is_filled;	    /* as obj->maps: a program array has its programs */
	struct xb_image **images;   /* as obj->progs; NULL for those never run */
	struct xb_image *image;	    /* the chosen program's */
	struct finding refusal;	    /* of program_load(): why not; err 0: it was not refused */
};

/* Open the file with the options on which program to take. Notes and complaints go to stderr.
 * STATUS_DONE and *obj, or the status to exit with. Of `check`, what is left out because of its
 * type is no note, and an object that has nothing else is opened. */
int program_open_object(const struct options *opt, const char *path, struct xb_object **obj);
/* How many of obj->progs were asked for. They come first; behind them, what they may tail-call. */
uint32_t program_asked(const struct options *opt, const struct xb_object *obj);
/* Open the object, choose its one program. STATUS_DONE or the status to exit with. */
int program_open(struct program *p, const struct options *opt);
/* How a program is made ready. */
struct program_how {
	enum bpf_prog_type type; /* what it sees as its r1; UNSPEC: plain memory */
	uint32_t mem_bytes;	 /* of plain memory */
	unsigned int n_cpus;	 /* workers its maps are for */
	bool is_verified;	 /* by our verifier, before anything runs */
	bool is_checked;	 /* test every access all the same */
	bool is_traced;		 /* xb_vm_set_step() is called */
	bool verbose;		 /* the verifier's walk goes to stderr */
};

/* Verify, make maps and images, fill program arrays. STATUS_DONE or the status to exit with. */
int program_load(struct program *p, const struct program_how *how);
/* The same for raw instructions that name no maps: the image, or NULL and *status. */
struct xb_image *program_from_insns(
	const struct bpf_insn *insns, uint32_t cnt, const struct program_how *how, int *status);
/* Tolerates what is half made. */
void program_close(struct program *p);

#endif
