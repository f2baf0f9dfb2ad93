/* SPDX-License-Identifier: BSD-2-Clause */
/* Network devices: they come and go, move between namespaces, have an MTU and features. */
#include "offload/internal.h"

#include <errno.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>

#define MTU_DEFAULT 1500u
#define MTU_MIN 68u    /* ETH_MIN_MTU */
#define MTU_MAX 65535u /* ETH_MAX_MTU */

_Static_assert(OFF_NAME_BYTES == IFNAMSIZ, "a port's name is an object's");

struct off_netdev *
off_netdev_find(struct off_kernel *k, uint32_t netns, int ifindex)
{
	struct off_netdev *dev;

	TAILQ_FOREACH (dev, &k->netdevs, in_kernel)
		if (dev->netns == netns && dev->ifindex == ifindex)
			break;
	return dev;
}

/* ---- coming and going ---- */

static struct off_netdev *
netdev_new(struct off_kernel *k, const struct off_driver *driver, uint32_t netns)
{
	struct off_netdev *dev = calloc(1, sizeof(*dev));

	if (!dev)
		return NULL;
	dev->k = k;
	dev->driver = driver;
	dev->netns = netns;
	dev->ifindex = k->netns[netns].next_ifindex;
	dev->mtu = MTU_DEFAULT;
	dev->mtu_min = MTU_MIN;
	dev->mtu_max = MTU_MAX;
	/* Whether a queue is somebody's, and headers are split, is not the driver's in this model.
	 */
	dev->changeable = OFF_FEATURE_TCP_DATA_SPLIT | OFF_FEATURE_MEMORY_PROVIDER;
	return dev;
}

static int
become_port(struct off_netdev *dev, struct off_asic *asic, uint32_t port)
{
	int err;

	dev->asic = asic;
	dev->port = port;
	err = off_record_new(dev, asic);
	if (!err)
		err = dev->driver->port_init(dev);
	if (err)
		return err;
	TAILQ_INSERT_HEAD(&asic->ports, dev, in_asic);
	return 0;
}

struct off_netdev *
off_netdev_register(struct off_kernel *k, const struct off_driver *driver, struct off_asic *asic,
	uint32_t port, uint32_t netns, const char *name)
{
	struct off_netdev *dev = netdev_new(k, driver, netns);
	int err;

	if (!dev)
		return NULL;
	err = asic ? become_port(dev, asic, port) : 0;
	if (err) {
		free(dev->record);
		free(dev);
		errno = -err;
		return NULL;
	}
	if (name)
		snprintf(dev->name, sizeof(dev->name), "%s", name);
	dev->wanted = dev->features;
	k->netns[netns].next_ifindex++;
	TAILQ_INSERT_TAIL(&k->netdevs, dev, in_kernel);
	return dev;
}

/* The order is unregister_netdevice_many_notify()'s, then the driver's uninit (1.6). */
void
off_netdev_unregister(struct off_netdev *dev)
{
	struct off_netdev *other;

	off_sch_shutdown(dev);
	off_xdp_uninstall(dev);
	TAILQ_FOREACH (other, &dev->k->netdevs, in_kernel)
		if (other->upper == dev)
			other->upper = NULL;
	TAILQ_REMOVE(&dev->k->netdevs, dev, in_kernel);
	if (dev->asic)
		TAILQ_REMOVE(&dev->asic->ports, dev, in_asic);
	off_record_unregister(dev);
	if (dev->asic)
		dev->driver->port_fini(dev);
	free(dev);
}

int
off_netdev_add(const struct off_caller *who, enum off_netdev_kind kind, const char *name)
{
	struct off_netdev *dev;
	int ifindex;

	if (!off_has(who, OFF_CAP_NET_ADMIN))
		return -EPERM;
	if (!*name || strlen(name) >= OFF_NAME_BYTES)
		return -EINVAL;
	off_lock(who->k);
	TAILQ_FOREACH (dev, &who->k->netdevs, in_kernel)
		if (dev->netns == who->netns && !strcmp(dev->name, name))
			return off_unlock(who->k, -EEXIST);
	dev = off_netdev_register(who->k, kind == OFF_NETDEV_NATIVE ? &off_native_driver : NULL,
		NULL, 0, who->netns, name);
	ifindex = dev ? dev->ifindex : -ENOMEM;
	return off_unlock(who->k, ifindex);
}

/* ---- requests about one device: found, permitted, under the lock ---- */

static int
find_to_change(const struct off_caller *who, int ifindex, struct off_netdev **dev)
{
	if (!off_has(who, OFF_CAP_NET_ADMIN))
		return -EPERM;
	*dev = off_netdev_find(who->k, who->netns, ifindex);
	return *dev ? 0 : -ENODEV;
}

int
off_netdev_del(const struct off_caller *who, int ifindex)
{
	struct off_netdev *dev;
	int err;

	off_lock(who->k);
	err = find_to_change(who, ifindex, &dev);
	if (!err && dev->asic)
		err = -EOPNOTSUPP; /* a port goes with off_port_del() */
	if (!err)
		off_netdev_unregister(dev);
	return off_unlock(who->k, err);
}

int
off_netdev_move(const struct off_caller *who, int ifindex, uint32_t netns)
{
	struct off_netdev *dev;
	int err;

	off_lock(who->k);
	err = find_to_change(who, ifindex, &dev);
	if (!err && netns >= who->k->netns_cnt)
		err = -EINVAL;
	if (err)
		return off_unlock(who->k, err);
	if (dev->netns != netns)
		off_sch_shutdown(dev); /* XDP stays (kernel: dev_change_net_namespace) */
	if (dev->netns != netns && off_netdev_find(who->k, netns, ifindex))
		dev->ifindex = who->k->netns[netns].next_ifindex++;
	else if (dev->ifindex >= who->k->netns[netns].next_ifindex)
		who->k->netns[netns].next_ifindex = dev->ifindex + 1;
	dev->netns = netns;
	return off_unlock(who->k, dev->ifindex);
}

int
off_netdev_name(const struct off_caller *who, int ifindex, char *name)
{
	struct off_netdev *dev;

	off_lock(who->k);
	dev = off_netdev_find(who->k, who->netns, ifindex);
	if (dev)
		memcpy(name, dev->name, OFF_NAME_BYTES);
	return off_unlock(who->k, dev ? 0 : -ENODEV);
}

static int
check_mtu(const struct off_netdev *dev, uint32_t mtu, struct off_extack *extack)
{
	if (mtu < dev->mtu_min)
		return off_refuse(extack, OFF_RULE_MT_1);
	if (mtu > dev->mtu_max)
		return off_refuse(extack, OFF_RULE_MT_2);
	return 0;
}

int
off_netdev_set_mtu(
	const struct off_caller *who, int ifindex, uint32_t mtu, struct off_extack *extack)
{
	struct off_netdev *dev;
	int err;

	off_lock(who->k);
	off_extack_clear(extack);
	err = find_to_change(who, ifindex, &dev);
	if (err || mtu == dev->mtu)
		return off_unlock(who->k, err);
	err = check_mtu(dev, mtu, extack);
	if (!err && dev->driver && dev->driver->change_mtu)
		err = dev->driver->change_mtu(dev, mtu);
	if (!err)
		dev->mtu = mtu;
	return off_unlock(who->k, err);
}

int
off_netdev_set_upper(const struct off_caller *who, int ifindex, int upper)
{
	struct off_netdev *dev, *above = NULL;
	int err;

	off_lock(who->k);
	err = find_to_change(who, ifindex, &dev);
	if (!err && upper) {
		above = off_netdev_find(who->k, who->netns, upper);
		err = !above ? -ENODEV : above == dev || above->upper ? -EINVAL : 0;
	}
	if (!err)
		dev->upper = above;
	return off_unlock(who->k, err);
}

/* ---- features ---- */

static uint32_t
with(uint32_t features, enum off_feature feature, bool on)
{
	return on ? features | (uint32_t)feature : features & ~(uint32_t)feature;
}

/* The driver is asked when it was not wanted so before (kernel: ethnl_set_features). */
static int
want(struct off_netdev *dev, enum off_feature feature, bool on)
{
	uint32_t wanted = with(dev->wanted, feature, on);
	uint32_t features = with(dev->features, feature, on);
	bool is_new = wanted != dev->wanted;
	int err = 0;

	dev->wanted = wanted;
	if (features == dev->features)
		return 0;
	if (!is_new)
		return off_refuse(NULL, OFF_RULE_FE_1);
	if (dev->driver && dev->driver->set_features)
		err = dev->driver->set_features(dev, features);
	if (!err)
		dev->features = features;
	return err;
}

int
off_netdev_set_feature(const struct off_caller *who, int ifindex, enum off_feature feature, bool on)
{
	struct off_netdev *dev;
	int err;

	off_lock(who->k);
	err = find_to_change(who, ifindex, &dev);
	if (!err && !(dev->changeable & (uint32_t)feature))
		err = -EOPNOTSUPP;
	if (!err)
		err = want(dev, feature, on);
	return off_unlock(who->k, err);
}

int
off_netdev_features(const struct off_caller *who, int ifindex)
{
	struct off_netdev *dev;

	off_lock(who->k);
	dev = off_netdev_find(who->k, who->netns, ifindex);
	return off_unlock(who->k, dev ? (int)dev->features : -ENODEV);
}

int
off_netdev_wanted(const struct off_caller *who, int ifindex)
{
	struct off_netdev *dev;

	off_lock(who->k);
	dev = off_netdev_find(who->k, who->netns, ifindex);
	return off_unlock(who->k, dev ? (int)dev->wanted : -ENODEV);
}

/* ---- a driver with native XDP, metadata included, and nothing else ---- */

static int
native_bpf(struct off_netdev *dev, struct off_bpf *bpf)
{
	(void)dev;
	return bpf->command == OFF_BPF_SETUP_PROG ? 0 : off_refuse(bpf->extack, OFF_RULE_NV_1);
}

const struct off_driver off_native_driver = { .name = "native", .bpf = native_bpf };
