/* SPDX-License-Identifier: BSD-2-Clause */
/* See skb_kernel.h. */
#include "tests/diff/skb_kernel.h"

#include "bpf/verifier/verifier.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define HEADROOM 64 /* less than some helpers want, so that packets move */
#define INSNS_MAX 4096

char skb_verifier_log[65536];
const char skb_not_run[] = "the kernel does not run it";

int
skb_run_kernel(int prog, struct skb_run *run)
{
	static uint8_t in[SKB_BYTES_MAX];
	struct __sk_buff ctx = run->ctx;
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = in, .data_size_in = run->len,
		.data_out = run->data, .data_size_out = sizeof(run->data), .ctx_in = &ctx,
		.ctx_size_in = sizeof(ctx), .ctx_out = &run->ctx, .ctx_size_out = sizeof(run->ctx),
		.repeat = 1);

	memcpy(in, run->data, run->len);
	if (bpf_prog_test_run_opts(prog, &opts))
		return -errno;
	run->len = opts.data_size_out;
	run->ret = opts.retval;
	return 0;
}

/* Of the context what the kernel tells; convert_skb_to___skb(). */
static void
tell_ctx(struct __sk_buff *out, const struct __sk_buff *md)
{
	*out = (struct __sk_buff){
		.mark = md->mark,
		.priority = md->priority,
		.ingress_ifindex = md->ingress_ifindex,
		.ifindex = md->ifindex,
		.tstamp = md->tstamp,
		.wire_len = md->wire_len,
		.gso_segs = md->gso_segs,
		.gso_size = md->gso_size,
		.hwtstamp = md->hwtstamp,
	};
	memcpy(out->cb, md->cb, sizeof(out->cb));
}

/* Seen from the loopback device, whose address is 0, and so is what it broadcasts to. */
static uint32_t
packet_type(const uint8_t *dst)
{
	static const uint8_t own[6];

	if (memcmp(dst, own, sizeof(own)) == 0)
		return PACKET_HOST;
	return dst[0] & 1 ? PACKET_MULTICAST : PACKET_OTHERHOST;
}

int
skb_run_engine(struct xb_vm *vm, const struct xb_image *image, struct skb_run *run)
{
	static uint8_t buf[SKB_BYTES_MAX + HEADROOM], spare[XB_SKB_SPARE_BYTES];
	const struct __sk_buff *ctx = &run->ctx;
	struct xb_skb skb;
	int err;

	memcpy(buf + HEADROOM, run->data, run->len);
	xb_skb_init(&skb, buf, buf + HEADROOM, buf + HEADROOM + run->len, buf + sizeof(buf));
	skb.spare = spare;
	skb.spare_bytes = sizeof(spare);
	skb.has_transport = false; /* the kernel does not set it for such a run */
	skb.md.pkt_type = packet_type(run->data);
	skb.md.mark = ctx->mark;
	skb.md.priority = ctx->priority;
	skb.md.ingress_ifindex = ctx->ingress_ifindex;
	skb.md.ifindex = ctx->ifindex ? ctx->ifindex : 1;
	skb.md.tstamp = ctx->tstamp;
	skb.md.hwtstamp = ctx->hwtstamp;
	skb.md.wire_len = ctx->wire_len ? ctx->wire_len : run->len;
	skb.md.gso_segs = ctx->gso_segs;
	skb.md.gso_size = ctx->gso_size;
	memcpy(skb.md.cb, ctx->cb, sizeof(skb.md.cb));
	err = xb_vm_run_skb(vm, image, &skb, &run->ret);
	run->len = (uint32_t)(skb.pkt.data_end - skb.pkt.data);
	memcpy(run->data, skb.pkt.data, run->len);
	tell_ctx(&run->ctx, &skb.md);
	if (skb.md.len != run->len)
		return -EPROTO; /* the field must be what the pointers say */
	return err;
}

const char *
skb_refusal(void)
{
	static const struct bpf_insn ok[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	static struct skb_run run;
	static char reason[128];
	int fd = bpf_prog_load(BPF_PROG_TYPE_SCHED_CLS, "diff", "GPL", ok, 2, NULL);
	int err = fd < 0 ? -errno : 0;

	run.len = 64;
	if (fd >= 0) {
		err = skb_run_kernel(fd, &run);
		close(fd);
	}
	if (!err)
		return NULL;
	snprintf(reason, sizeof(reason), "bpf(2) cannot %s a tc program here: %s",
		fd < 0 ? "load" : "test-run", strerror(-err));
	return reason;
}

/* ---- programs ---- */

static struct xb_image *
make_image(const struct bpf_insn *insns, uint32_t cnt, enum xb_engine engine, const bool *is_ctx)
{
	const struct xb_image_opts opts = {
		.type = BPF_PROG_TYPE_SCHED_CLS,
		.engine = engine,
		.gpl_compatible = true,
		.is_ctx_access = is_ctx,
	};
	struct xb_log log = { 0 };
	struct xb_image *image = xb_image_new(insns, cnt, &opts, &log);

	if (!image)
		printf("the kernel accepts it, we refuse: %s", xb_log_text(&log));
	xb_log_free(&log);
	return image;
}

/* What the fast engine wants to know comes from our verifier, as in the application. */
static int
load_engine(struct skb_program *p, const struct bpf_insn *insns, uint32_t cnt)
{
	const struct xb_verify_opts opts = {
		.type = BPF_PROG_TYPE_SCHED_CLS,
		.gpl_compatible = true,
	};
	static struct bpf_insn code[INSNS_MAX];
	static bool is_ctx[INSNS_MAX];
	struct xb_log log = { 0 };
	struct xb_facts facts;
	int err = xb_verify(insns, cnt, &opts, &facts, &log);

	if (err)
		printf("the kernel accepts it, our verifier refuses: %s", xb_log_text(&log));
	xb_log_free(&log);
	if (err)
		return -1;
	memcpy(code, insns, cnt * sizeof(*insns));
	for (uint32_t i = 0; i < cnt; i++)
		is_ctx[i] = facts.insns[i].is_ctx_access;
	xb_facts_bury_dead(&facts, code);
	xb_facts_free(&facts);
	p->checked = make_image(code, cnt, XB_ENGINE_CHECKED, NULL);
	p->fast = make_image(code, cnt, XB_ENGINE_FAST, is_ctx);
	return p->checked && p->fast ? 0 : -1;
}

int
skb_load(struct skb_program *p, const struct bpf_insn *insns, uint32_t cnt)
{
	LIBBPF_OPTS(bpf_prog_load_opts, opts, .log_buf = skb_verifier_log,
		.log_size = sizeof(skb_verifier_log));

	*p = (struct skb_program){ .kernel = -1 };
	p->kernel = bpf_prog_load(BPF_PROG_TYPE_SCHED_CLS, "diff", "GPL", insns, cnt, &opts);
	if (p->kernel < 0) { /* once more, for its words */
		opts.log_level = 1;
		bpf_prog_load(BPF_PROG_TYPE_SCHED_CLS, "diff", "GPL", insns, cnt, &opts);
		return 1;
	}
	if (cnt <= INSNS_MAX && load_engine(p, insns, cnt) == 0)
		return 0;
	skb_unload(p);
	return -1;
}

void
skb_unload(struct skb_program *p)
{
	if (p->kernel >= 0)
		close(p->kernel);
	xb_image_free(p->checked);
	xb_image_free(p->fast);
	*p = (struct skb_program){ .kernel = -1 };
}

/* ---- both ---- */

bool
skb_is_same(const struct skb_run *a, const struct skb_run *b)
{
	return (uint32_t)a->ret == (uint32_t)b->ret && a->len == b->len &&
	       memcmp(a->data, b->data, a->len) == 0 &&
	       memcmp(&a->ctx, &b->ctx, sizeof(a->ctx)) == 0;
}

const char *
skb_differs(const struct skb_program *p, struct xb_vm *vm, const struct skb_run *in,
	struct skb_run *kernel, struct skb_run *ours)
{
	*kernel = *in;
	switch (skb_run_kernel(p->kernel, kernel)) {
	case 0: break;
	case -EINVAL: return skb_not_run;
	default: return "the kernel fails";
	}
	*ours = *in;
	if (skb_run_engine(vm, p->checked, ours))
		return xb_vm_fault(vm)->text;
	if (!skb_is_same(kernel, ours))
		return "checked engine";
	*ours = *in;
	if (skb_run_engine(vm, p->fast, ours))
		return "fast engine: error";
	return skb_is_same(kernel, ours) ? NULL : "fast engine";
}

void
skb_print(const char *who, const struct skb_run *run)
{
	const struct __sk_buff *c = &run->ctx;

	printf("  %s: r0 %d, mark %u, priority %u, ifindex %u/%u, tstamp %llu, wire_len %u, gso "
	       "%u, "
	       "cb",
		who, (int)run->ret, c->mark, c->priority, c->ifindex, c->ingress_ifindex,
		(unsigned long long)c->tstamp, c->wire_len, c->gso_segs);
	for (int i = 0; i < 5; i++)
		printf(" %x", c->cb[i]);
	printf("\n    %u bytes:", run->len);
	for (uint32_t i = 0; i < run->len && i < 96; i++)
		printf(" %02x", run->data[i]);
	printf("\n");
}
