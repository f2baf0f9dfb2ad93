/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * BPF_OBJ_GET_INFO_BY_FD (kernel: kernel/bpf/syscall.c; reference/kernel-offload.md 1.7, 2.3). The
 * structs are the UAPI's, which grow: a caller's may be shorter or longer than ours.
 */
#include "offload/internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static void *
user(uint64_t address)
{
	return (void *)(uintptr_t)address;
}

/* What the caller has beyond what we know must be 0 (bpf_check_uarg_tail_zero). */
static int
take(void *mine, size_t mine_bytes, const void *info, uint32_t *size)
{
	const uint8_t *byte = info;

	for (size_t i = mine_bytes; i < *size; i++)
		if (byte[i])
			return -E2BIG;
	if (*size > mine_bytes)
		*size = (uint32_t)mine_bytes;
	memcpy(mine, info, *size);
	return 0;
}

/* An array the caller may want: as much as fits, and the true length. */
static void
give(uint32_t *len, uint64_t address, const void *from, uint32_t bytes)
{
	uint32_t n = *len < bytes ? *len : bytes;

	if (n && address)
		memcpy(user(address), from, n);
	*len = bytes;
}

static void
netns_of(const struct off_netdev *dev, uint32_t *ifindex, uint64_t *ns_dev, uint64_t *ns_ino)
{
	*ifindex = (uint32_t)dev->ifindex;
	off_netns_name(dev->netns, ns_dev, ns_ino);
}

/* ---- programs ---- */

static void
give_map_ids(const struct off_prog *prog, struct bpf_prog_info *info)
{
	uint32_t n = info->nr_map_ids < prog->map_cnt ? info->nr_map_ids : prog->map_cnt;
	uint32_t *ids = user(info->map_ids);

	for (uint32_t i = 0; ids && i < n; i++)
		ids[i] = prog->maps[i]->o.id;
	info->nr_map_ids = prog->map_cnt;
}

/* A map is named by its id to user space (bpf_insn_prepare_dump). */
static int
give_xlated(const struct off_prog *prog, struct bpf_prog_info *info)
{
	uint32_t bytes = prog->xlated_cnt * (uint32_t)sizeof(struct bpf_insn);
	struct bpf_insn *insns = malloc(bytes);

	if (!insns)
		return -ENOMEM;
	memcpy(insns, prog->xlated, bytes);
	for (uint32_t i = 0; i < prog->xlated_cnt; i++) {
		struct bpf_insn *insn = &insns[i];

		if (!xb_insn_is_wide(insn))
			continue;
		i++;
		if (!xb_insn_names_map(insn))
			continue;
		insn->src_reg = insn->src_reg == BPF_PSEUDO_MAP_IDX ? BPF_PSEUDO_MAP_FD
								    : BPF_PSEUDO_MAP_VALUE;
		insn->imm = (int32_t)prog->maps[insn->imm]->o.id;
	}
	give(&info->xlated_prog_len, info->xlated_prog_insns, insns, bytes);
	free(insns);
	return 0;
}

static void
fill_common(const struct off_prog *prog, struct bpf_prog_info *info)
{
	info->type = prog->type;
	info->id = prog->o.id;
	info->load_time = prog->load_time_ns;
	info->created_by_uid = prog->uid;
	info->gpl_compatible = prog->gpl_compatible;
	info->verified_insns = prog->verified_insns;
	info->run_time_ns = info->run_cnt = info->recursion_misses = 0;
	info->btf_id = 0;
	memcpy(info->tag, prog->tag, sizeof(info->tag));
	memcpy(info->name, prog->name, sizeof(info->name));
	give_map_ids(prog, info);
}

static void
hide(struct bpf_prog_info *info)
{
	info->jited_prog_len = 0;
	info->xlated_prog_len = 0;
	info->nr_jited_ksyms = 0;
	info->nr_jited_func_lens = 0;
	info->nr_func_info = 0;
	info->nr_line_info = 0;
	info->nr_jited_line_info = 0;
}

static int
prog_info(const struct off_caller *who, const struct off_prog *prog, struct bpf_prog_info *info)
{
	bool is_offloaded = off_prog_is_offloaded(prog);
	int err;

	fill_common(prog, info);
	if (!off_has(who, OFF_CAP_BPF)) {
		hide(info);
		return 0;
	}
	if (is_offloaded && !prog->offload)
		return -ENODEV;
	err = give_xlated(prog, info);
	if (err)
		return err;
	if (!is_offloaded) {
		info->jited_prog_len = 0; /* our host has no JIT */
		return 0;
	}
	netns_of(prog->offload->dev, &info->ifindex, (uint64_t *)&info->netns_dev,
		(uint64_t *)&info->netns_ino);
	give(&info->jited_prog_len, info->jited_prog_insns, prog->offload->image,
		prog->offload->image_bytes);
	return 0;
}

static int
get_prog(const struct off_caller *who, const struct off_prog *prog, void *to, uint32_t *size)
{
	struct bpf_prog_info info = { 0 };
	int err = take(&info, sizeof(info), to, size);

	if (!err)
		err = prog_info(who, prog, &info);
	if (!err)
		memcpy(to, &info, *size);
	return err;
}

/* ---- maps and links ---- */

static int
get_map(const struct off_map *map, void *to, uint32_t *size)
{
	struct bpf_map_info info = { 0 };
	int err = take(&info, sizeof(info), to, size);

	if (err)
		return err;
	if (map->offloaded && !map->dev)
		return -ENODEV;
	info = (struct bpf_map_info){
		.type = map->def.type,
		.id = map->o.id,
		.key_size = map->def.key_size,
		.value_size = map->def.value_size,
		.max_entries = map->def.max_entries,
		.map_flags = map->def.flags,
	};
	memcpy(info.name, map->name, sizeof(info.name));
	if (map->offloaded)
		netns_of(map->dev, &info.ifindex, (uint64_t *)&info.netns_dev,
			(uint64_t *)&info.netns_ino);
	memcpy(to, &info, *size);
	return 0;
}

static int
get_link(const struct off_link *link, void *to, uint32_t *size)
{
	struct bpf_link_info info = { 0 };
	int err = take(&info, sizeof(info), to, size);

	if (err)
		return err;
	info = (struct bpf_link_info){
		.type = BPF_LINK_TYPE_XDP,
		.id = link->o.id,
		.prog_id = link->prog->o.id,
	};
	info.xdp.ifindex = link->dev ? (uint32_t)link->dev->ifindex : 0;
	memcpy(to, &info, *size);
	return 0;
}

int
off_obj_info(const struct off_caller *who, int fd, void *info, uint32_t *size)
{
	struct off_kernel *k = who->k;
	struct off_object *o;
	int err = -EBADF;

	off_lock(k);
	if ((o = off_fd_object(k, fd, OFF_KIND_PROG)))
		err = get_prog(who, (struct off_prog *)o, info, size);
	else if ((o = off_fd_object(k, fd, OFF_KIND_MAP)))
		err = get_map((struct off_map *)o, info, size);
	else if ((o = off_fd_object(k, fd, OFF_KIND_LINK)))
		err = get_link((struct off_link *)o, info, size);
	else if (off_fd_object(k, fd, OFF_KIND_PERF))
		err = off_refuse(NULL, OFF_RULE_PE_8);
	return off_unlock(k, err);
}
