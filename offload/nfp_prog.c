/* SPDX-License-Identifier: BSD-2-Clause */
/* The nfp driver's programs: the verifier's hooks and the translation are jit-nfp's. */
#include "offload/nfp.h"

#include <errno.h>
#include <stdlib.h>

static struct off_nfp_prog *
nfp_prog(const struct off_prog *prog)
{
	return prog->offload->priv;
}

static const struct xb_verify_hooks *
hooks(const struct off_prog *prog)
{
	return jit_prog_hooks(nfp_prog(prog)->jit);
}

static void
free_prog(struct off_nfp_prog *p, uint32_t map_cnt)
{
	if (p->has_image)
		jit_image_free(&p->image);
	jit_prog_free(p->jit);
	for (uint32_t i = 0; p->maps && p->is_own && i < map_cnt; i++)
		if (p->is_own[i])
			jit_map_free(p->maps[i]);
	free(p->maps);
	free(p->is_own);
	free(p);
}

/* A map that stays on the host is named by the kernel's id. */
static int
take_maps(const struct off_prog *prog, struct off_nfp_prog *p)
{
	p->maps = calloc(prog->map_cnt + 1, sizeof(struct jit_map *));
	p->is_own = calloc(prog->map_cnt + 1, sizeof(*p->is_own));
	if (!p->maps || !p->is_own)
		return -ENOMEM;
	for (uint32_t i = 0; i < prog->map_cnt; i++) {
		const struct off_map *map = prog->maps[i];

		p->is_own[i] = !map->offloaded || map->is_refused;
		p->maps[i] = p->is_own[i] ? jit_map_new(&map->def, map->o.id)
					  : ((struct off_nfp_map *)map->priv)->jit;
		if (!p->maps[i])
			return -ENOMEM;
	}
	return 0;
}

int
off_nfp_prepare(struct off_prog *prog, const struct xb_verify_env *env)
{
	struct off_nfp_prog *p = calloc(1, sizeof(*p));
	struct jit_input input = {
		.insns = prog->insns,
		.insn_cnt = prog->insn_cnt,
		/* a tc action that goes on is looked at as the classifier it should be */
		.type = prog->type == BPF_PROG_TYPE_XDP ? prog->type : BPF_PROG_TYPE_SCHED_CLS,
		.map_cnt = prog->map_cnt,
		.card = &off_nfp(prog->offload->asic)->card,
		.go_on = prog->o.k->opts.findings != NULL,
	};
	int err = p ? take_maps(prog, p) : -ENOMEM;

	(void)env;
	if (err) {
		if (p)
			free_prog(p, prog->map_cnt);
		return err;
	}
	input.maps = p->maps;
	p->jit = jit_prog_new(&input);
	if (!p->jit) {
		err = -errno;
		free_prog(p, prog->map_cnt);
		return err;
	}
	prog->offload->priv = p;
	return 0;
}

static int
told(struct off_prog *prog, int err)
{
	off_nfp_tell(prog);
	return err;
}

int
off_nfp_insn_hook(struct off_prog *prog, struct xb_verify_env *env, int insn, int prev)
{
	return told(prog, hooks(prog)->insn(hooks(prog)->dev, env, insn, prev));
}

int
off_nfp_finalize(struct off_prog *prog, struct xb_verify_env *env)
{
	return told(prog, hooks(prog)->finalize(hooks(prog)->dev, env));
}

int
off_nfp_replace_insn(
	struct off_prog *prog, struct xb_verify_env *env, uint32_t off, const struct bpf_insn *insn)
{
	return told(prog, hooks(prog)->replace_insn(hooks(prog)->dev, env, off, insn));
}

int
off_nfp_remove_insns(struct off_prog *prog, struct xb_verify_env *env, uint32_t off, uint32_t cnt)
{
	return told(prog, hooks(prog)->remove_insns(hooks(prog)->dev, env, off, cnt));
}

int
off_nfp_translate(struct off_prog *prog, const struct xb_facts *facts)
{
	struct off_nfp_prog *p = nfp_prog(prog);
	int err;

	jit_prog_set_debug(p->jit, off_nfp(prog->offload->asic)->debug);
	err = told(prog, jit_translate(p->jit, &p->image));
	(void)facts;
	p->has_image = err == 0;
	if (err)
		return err;
	prog->offload->image = p->image.words;
	prog->offload->image_bytes = p->image.cnt * (uint32_t)sizeof(*p->image.words);
	return 0;
}

const struct jit_image *
off_nfp_image(struct off_kernel *k, int fd)
{
	const struct off_prog *prog;
	const struct jit_image *image = NULL;

	off_lock(k);
	prog = off_fd_prog(k, fd);
	if (prog && prog->offload && prog->offload->asic &&
		prog->offload->asic->driver == &off_nfp_driver && nfp_prog(prog)->has_image)
		image = &nfp_prog(prog)->image;
	off_unlock(k, 0);
	return image;
}

void
off_nfp_destroy(struct off_prog *prog)
{
	free_prog(nfp_prog(prog), prog->map_cnt);
}
