/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Accesses of the context in the fast engine. What programs know, struct xdp_md and struct
 * __sk_buff, is a view: a pointer takes the place of its 32-bit field whole, a number may be loaded
 * with its sign. image.c asks, for instructions the verifier says are such accesses.
 */
#include "bpf/internal.h"

#include "bpf/verifier/state.h"

static uint32_t
size_of(const struct bpf_insn *insn)
{
	static const uint8_t sizes[] = {
		[BPF_W >> 3] = 4, [BPF_H >> 3] = 2, [BPF_B >> 3] = 1, [BPF_DW >> 3] = 8
	};

	return sizes[BPF_SIZE(insn->code) >> 3];
}

/* kernel: xdp_convert_ctx_access */
static bool
rewrite_xdp(const struct bpf_insn *insn, const void *const *handlers, struct xb_dinsn *d)
{
#define FIELD(name, is_address)                                                                    \
	[offsetof(struct xdp_md, name) / 4] = { offsetof(struct xb_xdp, name), is_address }
	static const struct {
		int16_t at;
		bool is_pointer;
	} fields[] = {
		FIELD(data, true),
		FIELD(data_end, true),
		FIELD(data_meta, true),
		FIELD(ingress_ifindex, false),
		FIELD(rx_queue_index, false),
	};
#undef FIELD
	size_t field = (size_t)insn->off / 4;

	if (field >= ARRAY_SIZE(fields))
		return false;
	d->off = fields[field].at;
	if (fields[field].is_pointer)
		d->go = handlers[XB_X_LDXDW];
	return true;
}

/* A store to one of the fields that are narrower than they look. */
static void
narrow_store(const struct bpf_insn *insn, const void *const *handlers, struct xb_dinsn *d)
{
	bool is_queue = insn->off == offsetof(struct __sk_buff, queue_mapping);

	if (BPF_CLASS(insn->code) == BPF_STX) {
		d->go = handlers[is_queue ? XB_X_STX_QUEUE : XB_X_STXH];
	} else if (is_queue && insn->imm >= XB_NO_QUEUE_MAPPING) {
		d->go = handlers[XB_X_JA];
		d->off = 0;
	} else {
		d->go = handlers[XB_X_STH];
	}
}

/* kernel: tc_cls_act_convert_ctx_access, bpf_convert_ctx_access. Of struct xb_skb the first member
 * is the view itself: numbers stay where they are. */
static bool
rewrite_skb(
	const struct bpf_insn *insn, uint32_t type, const void *const *handlers, struct xb_dinsn *d)
{
	_Static_assert(offsetof(struct xb_skb, md) == 0, "r1 is the packet's address");

	switch (type) {
	case XB_PTR_PACKET: d->off = offsetof(struct xb_skb, pkt.data); break;
	case XB_PTR_PACKET_END: d->off = offsetof(struct xb_skb, pkt.data_end); break;
	case XB_PTR_PACKET_META: d->off = offsetof(struct xb_skb, pkt.data_meta); break;
	default:
		if (BPF_CLASS(insn->code) == BPF_LDX)
			d->off = (int16_t)xb_skb_load_off(insn->off, size_of(insn));
		else if (xb_skb_field_bytes(insn->off) == 2)
			narrow_store(insn, handlers, d);
		return true;
	}
	d->go = handlers[XB_X_LDXDW];
	return true;
}

bool
xb_image_rewrite_ctx(enum bpf_prog_type type, const struct bpf_insn *insn,
	const void *const *handlers, struct xb_dinsn *d)
{
	bool is_load = BPF_CLASS(insn->code) == BPF_LDX;
	bool is_signed = BPF_MODE(insn->code) == BPF_MEMSX;
	uint32_t kind;

	if (insn->off < 0 || BPF_CLASS(insn->code) < BPF_LDX || BPF_CLASS(insn->code) > BPF_STX ||
		(!is_signed && BPF_MODE(insn->code) != BPF_MEM) ||
		!xb_ctx_allows(
			type, false, insn->off, (int)size_of(insn), !is_load, is_signed, &kind))
		return false;
	if (type == BPF_PROG_TYPE_XDP)
		return rewrite_xdp(insn, handlers, d);
	return rewrite_skb(insn, kind, handlers, d);
}
