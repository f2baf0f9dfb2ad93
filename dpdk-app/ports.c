/* SPDX-License-Identifier: BSD-2-Clause */
/* Pools and ports. Used by run_setup.c after eal_start(). */
#include "dpdk-app/ports.h"

#include <errno.h>
#include <rte_dev.h>
#include <rte_errno.h>
#include <rte_eth_ring.h>
#include <rte_ethdev.h>
#include <string.h>

#define POOL_CACHE 256u
#define GIANTS 64u
#define DESCRIPTORS 512u /* of a queue of a live port */
#define ANY_SOCKET ((unsigned int)SOCKET_ID_ANY)

static int
make_pools(struct ports *p, const struct ports_opts *opts, struct xb_log *log)
{
	uint32_t n = 2 * BURST + opts->lcores * (RX_RING + 2 * BURST + 2 * POOL_CACHE);

	/* Every packet that may be on the way, and what lies in the lcores' caches meanwhile. */
	if (opts->in_order)
		n += WINDOW;
	if (p->live)
		n += 2 * opts->lcores * DESCRIPTORS;
	p->pool = rte_pktmbuf_pool_create(
		"packets", n, POOL_CACHE, sizeof(struct pkt_info), PKT_BUF_BYTES, SOCKET_ID_ANY);
	p->giants = rte_pktmbuf_pool_create(
		"giants", GIANTS, 0, sizeof(struct pkt_info), UINT16_MAX, SOCKET_ID_ANY);
	if (p->pool == NULL || p->giants == NULL) {
		xb_log_add(log, "no memory for %u packets: %s\n", n, rte_strerror(rte_errno));
		return -rte_errno;
	}
	return 0;
}

/* Rings of one kind, one a queue. Each has one writer and one reader. */
static int
make_rings(struct rte_ring **rings, const char *name, unsigned int queues, uint32_t size,
	struct xb_log *log)
{
	for (unsigned int q = 0; q < queues; q++) {
		char full[32];

		snprintf(full, sizeof(full), "%s%u", name, q);
		rings[q] = rte_ring_create(
			full, size, SOCKET_ID_ANY, RING_F_SP_ENQ | RING_F_SC_DEQ | RING_F_EXACT_SZ);
		if (rings[q] == NULL) {
			xb_log_add(log, "no memory for a ring of %u packets\n", size);
			return -rte_errno;
		}
	}
	return 0;
}

static int
setup_queues(uint16_t port, unsigned int queues, struct rte_mempool *pool)
{
	uint16_t rx_desc = DESCRIPTORS;
	uint16_t tx_desc = DESCRIPTORS;
	int ret = rte_eth_dev_adjust_nb_rx_tx_desc(port, &rx_desc, &tx_desc);

	for (uint16_t q = 0; ret == 0 && q < queues; q++) {
		ret = rte_eth_rx_queue_setup(port, q, rx_desc, ANY_SOCKET, NULL, pool);
		if (ret == 0)
			ret = rte_eth_tx_queue_setup(port, q, tx_desc, ANY_SOCKET, NULL);
	}
	return ret;
}

static int
start_port(uint16_t port, unsigned int queues, struct rte_mempool *pool, const char *name,
	struct xb_log *log)
{
	struct rte_eth_conf conf = { 0 };
	struct rte_eth_dev_info info;
	int ret = rte_eth_dev_info_get(port, &info);

	if (ret == 0 && (info.max_rx_queues < queues || info.max_tx_queues < queues)) {
		xb_log_add(log, "port %s has %u queues, --lcores %u needs one each\n", name,
			RTE_MIN(info.max_rx_queues, info.max_tx_queues), queues);
		return -EINVAL;
	}
	if (ret == 0 && queues > 1 && info.flow_type_rss_offloads != 0) {
		conf.rxmode.mq_mode = RTE_ETH_MQ_RX_RSS;
		conf.rx_adv_conf.rss_conf.rss_hf = info.flow_type_rss_offloads;
	}
	if (ret == 0)
		ret = rte_eth_dev_configure(port, (uint16_t)queues, (uint16_t)queues, &conf);
	if (ret == 0)
		ret = setup_queues(port, queues, pool);
	if (ret == 0)
		ret = rte_eth_dev_start(port);
	if (ret == 0)
		rte_eth_promiscuous_enable(port); /* not every driver can */
	else
		xb_log_add(log, "port %s cannot be started: %s\n", name, rte_strerror(-ret));
	return ret;
}

/* A port the user described: "net_tap0,iface=x". */
static int
open_vdev(const char *devargs, uint16_t *port, struct xb_log *log)
{
	char name[RTE_ETH_NAME_MAX_LEN];
	int ret = rte_dev_probe(devargs);

	snprintf(name, sizeof(name), "%.*s", (int)strcspn(devargs, ","), devargs);
	if (ret == 0)
		ret = rte_eth_dev_get_port_by_name(name, port);
	if (ret != 0)
		xb_log_add(log, "--vdev %s: no port comes of it: %s; --verbose shows DPDK's log\n",
			devargs, rte_strerror(-ret));
	return ret;
}

/*
 * A side of rings: rx rings of rx_size for whoever brings packets, tx rings that never fill up:
 * WINDOW when they are kept, else BURST and emptied after every burst. The port, or -errno.
 */
static int
open_rings(const char *name, struct rte_ring **rx, uint32_t rx_size, struct rte_ring **tx,
	uint32_t tx_size, unsigned int queues, struct xb_log *log)
{
	char ring[16];
	int ret;

	snprintf(ring, sizeof(ring), "%s_rx", name);
	ret = make_rings(rx, ring, queues, rx_size, log);
	snprintf(ring, sizeof(ring), "%s_tx", name);
	if (ret == 0)
		ret = make_rings(tx, ring, queues, tx_size, log);
	if (ret < 0)
		return ret;
	ret = rte_eth_from_rings(name, rx, queues, tx, queues, 0);
	if (ret < 0) {
		xb_log_add(log, "no net_ring for the %s port: %s\n", name, rte_strerror(rte_errno));
		return -rte_errno;
	}
	return ret;
}

static int
open_wire(struct ports *p, const struct ports_opts *opts, struct xb_log *log)
{
	uint32_t tx_size = opts->keep_tx ? WINDOW : BURST;
	int ret;

	if (p->live)
		return open_vdev(opts->vdevs->word[0], &p->wire, log);
	ret = open_rings("wire", p->wire_rx, RX_RING, p->wire_tx, tx_size, opts->lcores, log);
	if (ret < 0)
		return ret;
	p->wire = (uint16_t)ret;
	return 0;
}

static int
open_host(struct ports *p, const struct ports_opts *opts, struct xb_log *log)
{
	uint32_t tx_size = opts->keep_pass ? WINDOW : BURST;
	struct rte_ring *unused[LCORES_MAX]; /* nothing comes from the host */
	int ret;

	if (opts->vdevs->cnt > 1)
		return open_vdev(opts->vdevs->word[1], &p->host, log);
	ret = open_rings("host", unused, BURST, p->host_tx, tx_size, opts->lcores, log);
	if (ret < 0)
		return ret;
	p->host = (uint16_t)ret;
	return 0;
}

int
ports_open(struct ports *p, const struct ports_opts *opts, struct xb_log *log)
{
	const struct words *vdevs = opts->vdevs;
	int ret;

	*p = (struct ports){ .live = vdevs->cnt > 0 };
	ret = make_pools(p, opts, log);
	if (ret == 0)
		ret = open_wire(p, opts, log);
	if (ret == 0)
		ret = open_host(p, opts, log);
	if (ret == 0)
		ret = start_port(
			p->wire, opts->lcores, p->pool, p->live ? vdevs->word[0] : "wire", log);
	if (ret == 0)
		ret = start_port(p->host, opts->lcores, p->pool,
			vdevs->cnt > 1 ? vdevs->word[1] : "host", log);
	return ret;
}

void
ports_close(struct ports *p)
{
	for (uint16_t port = 0; port < RTE_MAX_ETHPORTS; port++) {
		if (!rte_eth_dev_is_valid_port(port))
			continue;
		rte_eth_dev_stop(port);
		rte_eth_dev_close(port);
	}
	rte_mempool_free(p->pool);
	rte_mempool_free(p->giants);
	p->pool = p->giants = NULL;
}
