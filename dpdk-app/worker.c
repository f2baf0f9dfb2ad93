/* SPDX-License-Identifier: BSD-2-Clause */
/* The burst loop. Started by cmd_run.c on every lcore; needs ports and a vm. */
#include "dpdk-app/worker.h"

#include <errno.h>
#include <rte_cycles.h>
#include <rte_ethdev.h>
#include <rte_pause.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "dpdk-app/arrival.h"

#define SEND_TRIES 64	/* of a live port, before packets count as unsent */
#define IDLE_POLLS 256u /* before the CPU is offered to somebody else */

static enum code
fault_code(struct worker *w, const struct pkt_info *info, int err)
{
	if (!w->host->has_fault) {
		w->host->has_fault = true;
		w->host->fault_index = info->index;
		w->host->fault = *xb_vm_fault(w->vm);
	}
	switch (err) {
	case -EFAULT: return CODE_fault_access;
	case -E2BIG: return CODE_fault_budget;
	case -ELOOP: return CODE_fault_frames;
	default: return CODE_fault_other;
	}
}

static enum code
verdict_code(struct worker *w, uint64_t r0)
{
	if (unlikely((uint32_t)r0 > CODE_XDP_REDIRECT) && w->host->unknown++ == 0)
		w->host->unknown_r0 = (uint32_t)r0;
	return code_of_xdp(r0);
}

/* An XDP program on one packet, whose mbuf then is what the program made of it. */
static enum code
run_xdp(struct worker *w, struct rte_mbuf *m)
{
	uint8_t *buf = m->buf_addr;
	struct xb_xdp xdp = {
		.hard_start = buf + PKT_FRAME_BYTES,
		.data_meta = buf + m->data_off,
		.data = buf + m->data_off,
		.data_end = buf + m->data_off + m->data_len,
		.hard_end = buf + m->buf_len,
		.ingress_ifindex = PKT_IFINDEX,
		.rx_queue_index = w->rx_queue,
	};
	uint64_t r0;
	int ret = xb_vm_run_xdp(w->vm, w->job->image, &xdp, &r0);

	m->data_off = (uint16_t)(xdp.data - buf);
	m->data_len = (uint16_t)(xdp.data_end - xdp.data);
	m->pkt_len = m->data_len;
	return likely(ret == 0) ? verdict_code(w, r0) : fault_code(w, pkt_info(m), ret);
}

static void
note_device_fault(struct worker *w, const struct pkt_info *info)
{
	if (w->stats.has_fault)
		return;
	w->stats.has_fault = true;
	w->stats.fault_index = info->index;
	w->stats.nic_fault = *nic_engine_fault(w->engine);
}

/* The same on the card: its buffer is the mbuf's. */
static enum code
run_on_card(struct worker *w, struct rte_mbuf *m)
{
	struct nic_frame frame = {
		.data = rte_pktmbuf_mtod(m, uint8_t *),
		.bytes = m->data_len,
		.tailroom = rte_pktmbuf_tailroom(m),
	};

	if (nic_engine_run(w->engine, &frame) < 0)
		return CODE_oversize;
	m->data_off = (uint16_t)(frame.data - (uint8_t *)m->buf_addr);
	m->data_len = (uint16_t)frame.bytes;
	m->pkt_len = m->data_len;
	if (unlikely(frame.verdict == NIC_VERDICT_FAULT))
		note_device_fault(w, pkt_info(m));
	w->rx_queue = frame.has_queue ? frame.queue : 0;
	return code_of_card(w->job->type, &frame);
}

static void
free_ext(void *addr, void *opaque)
{
	(void)addr;
	free(opaque);
}

/* Memory of its own for an mbuf whose buffer is too small. Not from a pool: the packets that wait
 * for one could hold all of them, and it be the one that others wait for in the output. */
static int
enlarge(struct rte_mbuf *m, uint32_t len)
{
	uint16_t bytes = (uint16_t)(len + PKT_HEADROOM + sizeof(struct rte_mbuf_ext_shared_info) +
				    sizeof(uintptr_t));
	void *ext = malloc(bytes);

	if (ext == NULL)
		return -ENOMEM;
	rte_pktmbuf_attach_extbuf(m, ext, RTE_BAD_IOVA, bytes,
		rte_pktmbuf_ext_shinfo_init_helper(ext, &bytes, free_ext, ext));
	return 0;
}

/* The packet is not in its mbuf any more: back with it. */
static int
bring_back(struct rte_mbuf *m, const uint8_t *data, uint32_t len)
{
	int err = len > m->buf_len ? enlarge(m, len) : 0;

	if (err)
		return err;
	m->data_off = (uint16_t)RTE_MIN(PKT_HEADROOM, m->buf_len - len);
	memcpy(rte_pktmbuf_mtod(m, uint8_t *), data, len);
	return 0;
}

/* The mbuf is what a tc program made of the packet. */
static int
store_skb(struct rte_mbuf *m, struct xb_skb *skb)
{
	uint8_t *buf = m->buf_addr;
	uint32_t len;
	int err = xb_skb_retag(skb);

	if (err)
		return err;
	len = (uint32_t)(skb->pkt.data_end - skb->pkt.data);
	if (likely(skb->pkt.hard_start == buf))
		m->data_off = (uint16_t)(skb->pkt.data - buf);
	else
		err = bring_back(m, skb->pkt.data, len);
	if (err)
		return err;
	m->data_len = (uint16_t)len;
	m->pkt_len = len;
	return 0;
}

static int
receive_skb(struct worker *w, struct rte_mbuf *m, struct xb_skb *skb)
{
	const struct pkt_info *info = pkt_info(m);
	const struct arrival arrival = {
		.buf = m->buf_addr,
		.data = rte_pktmbuf_mtod(m, uint8_t *),
		.buf_bytes = m->buf_len,
		.bytes = m->data_len,
		.rx_queue = w->rx_queue,
		.tstamp_ns = (uint64_t)info->sec * 1000000000u + info->nsec,
		.spare = w->spare,
	};

	return arrival_skb(&arrival, skb);
}

static enum code
tc_code(struct worker *w, uint64_t r0)
{
	enum code code;

	if (unlikely(!code_of_tc(w->job->host_type, (int32_t)r0, &code)) && w->host->unknown++ == 0)
		w->host->unknown_r0 = (uint32_t)r0;
	return code;
}

/* A tc program on one packet. */
static enum code
run_tc(struct worker *w, struct rte_mbuf *m)
{
	struct xb_skb skb;
	uint64_t r0;
	int ret;

	if (unlikely(receive_skb(w, m, &skb) < 0))
		return CODE_runt;
	ret = xb_vm_run_skb(w->vm, w->job->image, &skb, &r0);
	if (unlikely(ret < 0))
		return fault_code(w, pkt_info(m), ret);
	return likely(store_skb(m, &skb) == 0) ? tc_code(w, r0) : CODE_no_buffer;
}

static enum code
run_on_host(struct worker *w, struct rte_mbuf *m)
{
	return w->job->host_type == BPF_PROG_TYPE_XDP ? run_xdp(w, m) : run_tc(w, m);
}

/* A packet with XDP's headroom before it, if its buffer has the room. */
static void
align(struct rte_mbuf *m)
{
	if (m->data_off == PKT_HEADROOM || m->data_len + PKT_HEADROOM > m->buf_len)
		return;
	memmove((char *)m->buf_addr + PKT_HEADROOM, rte_pktmbuf_mtod(m, char *), m->data_len);
	m->data_off = PKT_HEADROOM;
}

/* What the card passed comes to the host in a buffer of the driver's, and to the host's program. */
static enum code
run_behind(struct worker *w, struct rte_mbuf *m)
{
	enum code code = CODE_runt;

	align(m);
	w->behind.packets++;
	w->behind.bytes += m->pkt_len;
	if (likely(m->pkt_len >= PKT_BYTES_MIN))
		code = run_on_host(w, m);
	w->behind.codes[code]++;
	return code;
}

/* Where the code sends a packet. */
static void
sort(struct worker *w, struct rte_mbuf *m, enum code code)
{
	switch (code_infos[code].way) {
	case WAY_HOST: w->to_host[w->host_cnt++] = m; break;
	case WAY_WIRE: w->to_wire[w->wire_cnt++] = m; break;
	default: w->to_free[w->free_cnt++] = m;
	}
}

static void
run_packet(struct worker *w, struct rte_mbuf *m)
{
	struct pkt_info *info = pkt_info(m);
	uint32_t received = info->oversize ? info->oversize : m->pkt_len;
	bool is_behind = false;
	enum code code;

	if (unlikely(info->oversize))
		code = CODE_oversize;
	else if (unlikely(received < PKT_BYTES_MIN))
		code = CODE_runt;
	else if (w->engine != NULL)
		code = run_on_card(w, m);
	else
		code = run_on_host(w, m);
	w->stats.packets++;
	w->stats.bytes += received;
	w->stats.codes[code]++;
	if (unlikely(w->job->has_host_program) && code_infos[code].way == WAY_HOST) {
		is_behind = true;
		code = run_behind(w, m);
	}
	if (w->job->out.slots != NULL)
		output_decide(&w->job->out, pkt_info(m), code,
			info->oversize ? received : m->pkt_len, is_behind);
	sort(w, m, code);
}

/* rte_pktmbuf_free_bulk(), cheaper for the reader's mbufs: one piece, nobody else's, one pool,
 * their own buffer. */
static void
free_packets(const struct ports *ports, struct rte_mbuf **pkts, unsigned int cnt)
{
	bool is_plain = !ports->live;

	for (unsigned int i = 0; i < cnt && is_plain; i++)
		is_plain = pkts[i]->pool == ports->pool && !RTE_MBUF_HAS_EXTBUF(pkts[i]);
	if (likely(is_plain))
		rte_mempool_put_bulk(ports->pool, (void **)pkts, cnt);
	else
		rte_pktmbuf_free_bulk(pkts, cnt);
}

static void
send_packets(struct worker *w, uint16_t port, struct rte_mbuf **pkts, uint16_t cnt)
{
	uint16_t sent = 0;

	for (int tries = 0; sent < cnt && tries < SEND_TRIES; tries++)
		sent += rte_eth_tx_burst(port, (uint16_t)w->id, pkts + sent, cnt - sent);
	if (unlikely(sent < cnt)) {
		w->stats.unsent += cnt - sent;
		rte_pktmbuf_free_bulk(pkts + sent, cnt - sent);
	}
}

/* The far end of a net_ring when nobody wants to see what was sent. */
static void
swallow(const struct ports *ports, struct rte_ring *ring)
{
	struct rte_mbuf *pkts[BURST];
	unsigned int n = rte_ring_sc_dequeue_burst(ring, (void **)pkts, BURST, NULL);

	free_packets(ports, pkts, n);
}

static void
flush(struct worker *w)
{
	const struct output *out = &w->job->out;
	const struct ports *ports = &w->job->ports;

	if (w->host_cnt > 0) {
		send_packets(w, ports->host, w->to_host, w->host_cnt);
		if (ports->host_tx[w->id] != NULL && out->pass_dumper == NULL)
			swallow(ports, ports->host_tx[w->id]);
	}
	if (w->wire_cnt > 0) {
		send_packets(w, ports->wire, w->to_wire, w->wire_cnt);
		if (ports->wire_tx[w->id] != NULL && out->tx_dumper == NULL)
			swallow(ports, ports->wire_tx[w->id]);
	}
	if (w->free_cnt > 0)
		free_packets(ports, w->to_free, w->free_cnt);
	w->host_cnt = w->wire_cnt = w->free_cnt = 0;
}

/* A driver's mbuf as the reader of captures would have made it: one piece, XDP's headroom. */
static void
adopt(struct rte_mbuf *m, uint64_t seq, const struct timespec *now)
{
	struct pkt_info *info = pkt_info(m);

	*info = (struct pkt_info){
		.seq = seq,
		.index = seq,
		.sec = now->tv_sec,
		.nsec = (uint32_t)now->tv_nsec,
	};
	if (rte_pktmbuf_linearize(m) < 0 || m->data_len + PKT_HEADROOM > m->buf_len) {
		info->oversize = m->pkt_len;
		return;
	}
	align(m);
}

/* Take n of the packets that may still be received; fewer when there are not so many. */
static uint16_t
take_left(struct job *job, uint16_t n)
{
	uint64_t left = __atomic_load_n(&job->left, __ATOMIC_RELAXED);
	uint64_t take;

	do
		take = left < n ? left : n;
	while (!__atomic_compare_exchange_n(
		&job->left, &left, left - take, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED));
	return (uint16_t)take;
}

/* Numbers for n packets; waits until their slots are free. */
static uint64_t
take_seqs(struct worker *w, uint16_t n)
{
	struct output *out = &w->job->out;
	uint64_t seq = __atomic_fetch_add(&out->next, n, __ATOMIC_RELAXED);

	while (out->slots != NULL &&
		seq + n - __atomic_load_n(&out->head, __ATOMIC_ACQUIRE) > WINDOW) {
		if (w->id == 0)
			output_write(out, &w->job->ports, w->job->lcores);
		rte_pause();
	}
	return seq;
}

/* A burst of a live port, noted as the reader of captures does it. */
static uint16_t
receive_live(struct worker *w, struct rte_mbuf **pkts)
{
	struct job *job = w->job;
	uint16_t want = take_left(job, BURST);
	uint16_t n = want ? rte_eth_rx_burst(job->ports.wire, (uint16_t)w->id, pkts, want) : 0;
	struct timespec now;
	uint64_t seq;

	__atomic_fetch_add(&job->left, want - n, __ATOMIC_RELAXED);
	if (n == 0)
		return 0;
	clock_gettime(CLOCK_REALTIME, &now);
	seq = take_seqs(w, n);
	for (uint16_t i = 0; i < n; i++)
		adopt(pkts[i], seq + i, &now);
	return n;
}

unsigned int
worker_poll(struct worker *w)
{
	struct rte_mbuf *pkts[BURST];
	const struct ports *ports = &w->job->ports;
	uint16_t n = ports->live ? receive_live(w, pkts)
				 : rte_eth_rx_burst(ports->wire, (uint16_t)w->id, pkts, BURST);

	for (uint16_t i = 0; i < n; i++)
		run_packet(w, pkts[i]);
	flush(w);
	xb_map_quiescent(w->id);
	return n;
}

static bool
is_over(const struct job *job)
{
	return job->ports.live ? __atomic_load_n(&job->stop, __ATOMIC_ACQUIRE)
			       : __atomic_load_n(&job->fed, __ATOMIC_ACQUIRE);
}

void
worker_idle(unsigned int *idle)
{
	if (++*idle >= IDLE_POLLS)
		sched_yield();
	else
		rte_pause();
}

int
worker_main(void *worker)
{
	struct worker *w = worker;
	unsigned int idle = 0;

	xb_map_thread_online(w->id);
	for (;;) {
		bool over = is_over(w->job); /* before the poll that finds nothing */

		if (over && w->job->ports.live)
			break; /* a live port may never run dry */
		if (worker_poll(w) > 0)
			idle = 0;
		else if (over)
			break;
		else
			worker_idle(&idle);
	}
	xb_map_thread_offline(w->id);
	return 0;
}

void
stats_add(struct stats *sum, const struct stats *more)
{
	sum->packets += more->packets;
	sum->bytes += more->bytes;
	for (int i = 0; i < CODE_CNT; i++)
		sum->codes[i] += more->codes[i];
	if (sum->unknown == 0)
		sum->unknown_r0 = more->unknown_r0;
	sum->unknown += more->unknown;
	sum->unsent += more->unsent;
	if (more->has_fault && (!sum->has_fault || more->fault_index < sum->fault_index)) {
		sum->has_fault = true;
		sum->fault_index = more->fault_index;
		sum->fault = more->fault;
		sum->nic_fault = more->nic_fault;
	}
}
