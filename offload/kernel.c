/* SPDX-License-Identifier: BSD-2-Clause */
/* The machine: its lock, its network namespaces, its beginning and end. */
#include "offload/internal.h"

#include <errno.h>
#include <stdlib.h>

/* What nsfs gives on a usual machine: the device number, the first namespace's inode. */
#define NSFS_DEV 4u
#define NSFS_FIRST_INO UINT64_C(4026531840)

void
off_lock(struct off_kernel *k)
{
	struct off_lock *lock = &k->lock;
	uint64_t mine;

	pthread_mutex_lock(&lock->mutex);
	mine = lock->next++;
	while (lock->now != mine)
		pthread_cond_wait(&lock->turn, &lock->mutex);
	pthread_mutex_unlock(&lock->mutex);
}

int
off_unlock(struct off_kernel *k, int err)
{
	struct off_lock *lock = &k->lock;

	pthread_mutex_lock(&lock->mutex);
	lock->now++;
	if (lock->now != lock->next)
		pthread_cond_broadcast(&lock->turn);
	pthread_mutex_unlock(&lock->mutex);
	return err;
}

bool
off_has(const struct off_caller *who, enum off_cap cap)
{
	return who->caps & (uint32_t)cap || (cap == OFF_CAP_BPF && who->caps & OFF_CAP_SYS_ADMIN);
}

static int
netns_add(struct off_kernel *k)
{
	struct off_netns *more = reallocarray(k->netns, k->netns_cnt + 1, sizeof(*more));

	if (!more)
		return -ENOMEM;
	k->netns = more;
	more[k->netns_cnt].next_ifindex = 2; /* 1 is the loopback device */
	return (int)k->netns_cnt++;
}

struct off_kernel *
off_kernel_new(const struct off_kernel_opts *opts)
{
	struct off_kernel *k = calloc(1, sizeof(*k));

	if (!k)
		return NULL;
	if (opts)
		k->opts = *opts;
	if (!k->opts.linux_version)
		k->opts.linux_version = OFF_LINUX(6, 12);
	k->klog.clock = k->opts.clock;
	TAILQ_INIT(&k->netdevs);
	TAILQ_INIT(&k->asics);
	TAILQ_INIT(&k->blocks);
	TAILQ_INIT(&k->pins);
	for (uint32_t i = 0; i < ARRAY_SIZE(k->objects); i++)
		TAILQ_INIT(&k->objects[i]);
	if (netns_add(k) < 0) {
		free(k);
		errno = ENOMEM;
		return NULL;
	}
	pthread_mutex_init(&k->lock.mutex, NULL);
	pthread_cond_init(&k->lock.turn, NULL);
	return k;
}

/* Devices first: what is in use then is only held by descriptors and pins. */
void
off_kernel_free(struct off_kernel *k)
{
	if (!k)
		return;
	while (!TAILQ_EMPTY(&k->asics))
		off_asic_free(TAILQ_FIRST(&k->asics));
	while (!TAILQ_EMPTY(&k->netdevs))
		off_netdev_unregister(TAILQ_FIRST(&k->netdevs));
	for (uint32_t fd = 0; fd < k->fd_cnt; fd++)
		off_object_user_put(k->fds[fd]);
	while (!TAILQ_EMPTY(&k->pins))
		off_pin_free(k, TAILQ_FIRST(&k->pins));
	pthread_cond_destroy(&k->lock.turn);
	pthread_mutex_destroy(&k->lock.mutex);
	free(k->fds);
	free(k->netns);
	free(k);
}

int
off_netns_add(struct off_kernel *k)
{
	off_lock(k);
	return off_unlock(k, netns_add(k));
}

void
off_netns_name(uint32_t netns, uint64_t *dev, uint64_t *ino)
{
	*dev = NSFS_DEV;
	*ino = NSFS_FIRST_INO + netns;
}

int
off_netns_id(struct off_kernel *k, uint32_t netns, uint64_t *dev, uint64_t *ino)
{
	uint32_t cnt;

	off_lock(k);
	cnt = k->netns_cnt;
	off_unlock(k, 0);
	if (netns >= cnt)
		return -EINVAL;
	off_netns_name(netns, dev, ino);
	return 0;
}
