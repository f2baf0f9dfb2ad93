/* SPDX-License-Identifier: BSD-2-Clause */
/* XDP links (kernel: net/core/dev.c, bpf_xdp_link_attach() and around). */
#include "offload/internal.h"

#include <errno.h>
#include <stdlib.h>

static void
link_detach(struct off_link *link)
{
	if (!link->dev)
		return;
	off_xdp_tell_none(link->dev, link->mode);
	link->dev->slot[link->mode] = (struct off_slot){ 0 };
	link->dev = NULL;
}

void
off_link_free(struct off_link *link)
{
	link_detach(link);
	off_object_put(&link->prog->o);
	free(link);
}

static struct off_link *
link_new(struct off_prog *prog)
{
	struct off_link *link = calloc(1, sizeof(*link));

	if (!link)
		return NULL;
	off_object_init(&link->o, prog->o.k, OFF_KIND_LINK);
	off_object_get(&prog->o);
	link->prog = prog;
	return link;
}

static int
link_create(const struct off_caller *who, int prog_fd, int ifindex, uint32_t flags,
	struct off_extack *extack)
{
	struct off_prog *prog = off_fd_prog(who->k, prog_fd);
	struct off_netdev *dev;
	struct off_link *link;
	int err;

	if (!prog)
		return -errno;
	dev = off_netdev_find(who->k, who->netns, ifindex);
	if (prog->type != BPF_PROG_TYPE_XDP)
		return off_refuse(NULL, OFF_RULE_XA_0B);
	if (!dev)
		return -EINVAL;
	link = link_new(prog);
	if (!link)
		return -ENOMEM;
	err = off_xdp_attach(dev, link, prog, NULL, flags, extack);
	if (err) {
		off_object_put(&link->o);
		return err;
	}
	off_object_add_id(&link->o);
	return off_fd_new(&link->o);
}

int
off_link_create(const struct off_caller *who, int prog_fd, int ifindex, uint32_t flags,
	struct off_extack *extack)
{
	off_lock(who->k);
	off_extack_clear(extack);
	return off_unlock(who->k, link_create(who, prog_fd, ifindex, flags, extack));
}

/* A program in place of the link's, checked as when it is attached. */
static int
link_replace(struct off_link *link, struct off_prog *prog)
{
	int err;

	if (prog->type != link->prog->type ||
		prog->expected_attach_type != link->prog->expected_attach_type)
		return -EINVAL;
	if (prog == link->prog)
		return 0;
	/* XA-11 ... XA-13 hold for updates, too (6.12.117). */
	if (link->mode != OFF_SLOT_HW && off_prog_is_offloaded(prog))
		return off_refuse(NULL, OFF_RULE_XA_11);
	if (prog->dev_bound && !off_dev_match(prog, link->dev))
		return off_refuse(NULL, OFF_RULE_XA_12);
	if (prog->dev_bound && link->mode == OFF_SLOT_SKB)
		return off_refuse(NULL, OFF_RULE_XA_13);
	err = off_xdp_install(link->dev, link->mode, prog, 0, NULL);
	if (err)
		return err;
	off_object_get(&prog->o);
	off_object_put(&link->prog->o);
	link->prog = prog;
	link->dev->slot[link->mode].prog = prog;
	return 0;
}

static int
link_update(struct off_kernel *k, int link_fd, int prog_fd, uint32_t flags, int old_fd)
{
	struct off_prog *prog, *old = NULL;
	struct off_link *link;

	if (flags & ~(uint32_t)BPF_F_REPLACE)
		return -EINVAL;
	link = (struct off_link *)off_fd_object(k, link_fd, OFF_KIND_LINK);
	prog = link ? off_fd_prog(k, prog_fd) : NULL;
	if (!prog)
		return -errno;
	if (flags & BPF_F_REPLACE) {
		old = off_fd_prog(k, old_fd);
		if (!old)
			return -errno;
	}
	if (!link->dev)
		return -ENOLINK;
	if (old && old != link->prog)
		return -EPERM;
	return link_replace(link, prog);
}

int
off_link_update(const struct off_caller *who, int link_fd, int prog_fd, uint32_t flags, int old_fd)
{
	off_lock(who->k);
	return off_unlock(who->k, link_update(who->k, link_fd, prog_fd, flags, old_fd));
}

int
off_link_detach(const struct off_caller *who, int link_fd)
{
	struct off_link *link;

	off_lock(who->k);
	link = (struct off_link *)off_fd_object(who->k, link_fd, OFF_KIND_LINK);
	if (link)
		link_detach(link);
	return off_unlock(who->k, link ? 0 : -errno);
}
