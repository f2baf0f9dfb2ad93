/* SPDX-License-Identifier: BSD-2-Clause */
/* tc programs and their packet: what the running kernel is not asked (tests/diff/skb_*). */
#include "bpf/internal.h"
#include "tests/_cmocka.h"
#include "tests/unit/bpf/asm.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/pkt_cls.h>
#include <string.h>

static uint8_t buf[256], spare[512];
static struct xb_skb skb;

/* A packet of these bytes with 32 bytes in front of it. */
static void
receive(const void *bytes, size_t len)
{
	memset(buf, 0xee, sizeof(buf));
	memcpy(buf + 32, bytes, len);
	xb_skb_init(&skb, buf, buf + 32, buf + 32 + len, buf + sizeof(buf));
}

#define MACS 2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2
static const uint8_t tagged[] = { MACS, 0x81, 0, 0x20, 5, 0x88, 0xa8, 0, 6, 8, 0, 0x45, 0 };

static void
a_packet_arrives_with_its_protocol_and_who_it_is_for(void **state)
{
	static const uint8_t all[] = { 255, 255, 255, 255, 255, 255, 2, 0, 0, 0, 0, 2, 0, 46, 255,
		255 };
	static const uint8_t llc[] = { 1, 0, 94, 0, 0, 1, 2, 0, 0, 0, 0, 2, 5, 0xff, 0xaa };

	(void)state;
	receive(tagged, sizeof(tagged));
	assert_int_equal(skb.md.len, sizeof(tagged));
	assert_int_equal(skb.md.protocol, htons(ETH_P_8021Q));
	assert_int_equal(skb.md.pkt_type, PACKET_HOST);
	receive(all, sizeof(all));
	assert_int_equal(skb.md.protocol, htons(ETH_P_802_3));
	assert_int_equal(skb.md.pkt_type, PACKET_BROADCAST);
	receive(llc, sizeof(llc));
	assert_int_equal(skb.md.protocol, htons(ETH_P_802_2));
	assert_int_equal(skb.md.pkt_type, PACKET_MULTICAST);
}

static void
the_outermost_tag_goes_to_the_fields_and_back(void **state)
{
	(void)state;
	receive(tagged, sizeof(tagged));
	assert_int_equal(xb_skb_untag(&skb), 0);
	assert_int_equal(skb.md.vlan_present, 1);
	assert_int_equal(skb.md.vlan_tci, 0x2005);
	assert_int_equal(skb.md.vlan_proto, htons(ETH_P_8021Q));
	assert_int_equal(skb.md.protocol, htons(ETH_P_8021AD));
	assert_int_equal(skb.md.len, sizeof(tagged) - 4);
	assert_int_equal(skb.network, ETH_HLEN);
	assert_memory_equal(skb.pkt.data, tagged, 12);
	assert_memory_equal(skb.pkt.data + 12, tagged + 16, sizeof(tagged) - 16);
	assert_int_equal(xb_skb_retag(&skb), 0);
	assert_int_equal(skb.md.vlan_present, 0);
	assert_int_equal(skb.md.len, sizeof(tagged));
	assert_memory_equal(skb.pkt.data, tagged, sizeof(tagged));
}

static void
a_packet_that_ends_in_its_tag_is_refused(void **state)
{
	(void)state;
	receive(tagged, 19);
	assert_int_equal(xb_skb_untag(&skb), -EINVAL);
	receive(tagged, 20);
	assert_int_equal(xb_skb_untag(&skb), 0);
}

static void
a_packet_moves_to_the_spare_buffer_when_its_own_is_too_small(void **state)
{
	(void)state;
	receive(tagged, sizeof(tagged));
	assert_int_equal(xb_skb_make_room(&skb, 32, 100), 0);
	assert_ptr_equal(skb.pkt.hard_start, buf);
	assert_int_equal(xb_skb_make_room(&skb, 33, 0), -ENOMEM);
	skb.spare = spare;
	skb.spare_bytes = sizeof(spare);
	assert_int_equal(xb_skb_make_room(&skb, 33, 0), 0);
	assert_ptr_equal(skb.pkt.hard_start, spare);
	assert_memory_equal(skb.pkt.data, tagged, sizeof(tagged));
	/* all of it can be had, on either side, and not a byte more */
	assert_int_equal(xb_skb_make_room(&skb, sizeof(spare) - sizeof(tagged), 0), 0);
	assert_ptr_equal(skb.pkt.data_end, spare + sizeof(spare));
	assert_int_equal(xb_skb_make_room(&skb, 0, sizeof(spare) - sizeof(tagged)), 0);
	assert_ptr_equal(skb.pkt.data, spare);
	assert_memory_equal(skb.pkt.data, tagged, sizeof(tagged));
	assert_int_equal(xb_skb_make_room(&skb, 1, sizeof(spare) - sizeof(tagged)), -ENOMEM);
}

/* ---- the flow hash ---- */

static const uint8_t udp[] = { MACS, 8, 0, 0x45, 0, 0, 28, 0, 0, 0, 0, 64, 17, 0, 0, 10, 0, 0, 1,
	10, 0, 0, 2, 0x12, 0x34, 0, 53, 0, 8, 0, 0 };

static uint32_t
hash_of(const uint8_t *bytes, size_t len)
{
	receive(bytes, len);
	return xb_skb_flow_hash(&skb);
}

static uint32_t
hash_with(size_t at, uint8_t value)
{
	uint8_t other[sizeof(udp)];

	memcpy(other, udp, sizeof(udp));
	other[at] = value;
	return hash_of(other, sizeof(other));
}

static void
both_directions_of_a_flow_share_a_hash_and_other_flows_do_not(void **state)
{
	static const uint8_t back[] = { MACS, 8, 0, 0x45, 0, 0, 28, 0, 0, 0, 0, 64, 17, 0, 0, 10, 0,
		0, 2, 10, 0, 0, 1, 0, 53, 0x12, 0x34, 0, 8, 0, 0 };
	uint32_t hash = hash_of(udp, sizeof(udp));

	(void)state;
	assert_int_not_equal(hash, 0);
	assert_int_equal(hash, hash_of(back, sizeof(back)));
	assert_int_equal(hash, hash_with(22, 63));	 /* time to live */
	assert_int_not_equal(hash, hash_with(23, 6));	 /* protocol */
	assert_int_not_equal(hash, hash_with(29, 9));	 /* source */
	assert_int_not_equal(hash, hash_with(33, 9));	 /* destination */
	assert_int_not_equal(hash, hash_with(35, 9));	 /* its port */
	assert_int_not_equal(hash, hash_with(20, 0x20)); /* a fragment has no ports */
	assert_int_not_equal(hash, hash_of(udp, 34));	 /* nor has half a packet */
}

static void
a_hash_that_was_set_stays_until_it_is_invalid(void **state)
{
	struct xb_vm *vm = xb_vm_new(0);
	uint64_t own;

	(void)state;
	receive(udp, sizeof(udp));
	vm->pkt = &skb.pkt;
	vm->skb = &skb;
	own = xb_helper_by_id(BPF_FUNC_get_hash_recalc)->fn(vm, 0, 0, 0, 0, 0);
	assert_int_equal(own, skb.md.hash);
	xb_helper_by_id(BPF_FUNC_set_hash)->fn(vm, 0, 7, 0, 0, 0);
	assert_int_equal(xb_helper_by_id(BPF_FUNC_get_hash_recalc)->fn(vm, 0, 0, 0, 0, 0), 7);
	xb_helper_by_id(BPF_FUNC_set_hash_invalid)->fn(vm, 0, 0, 0, 0, 0);
	assert_int_equal(skb.md.hash, 0);
	assert_int_equal(xb_helper_by_id(BPF_FUNC_get_hash_recalc)->fn(vm, 0, 0, 0, 0, 0), own);
	xb_vm_free(vm);
}

/* Cutting the packet's own tag out leaves the transport header where it was, 10 bytes from the
 * packet's new beginning: that is the shortest it may then be. One that was never set counts for
 * nothing. */
static void
the_shortest_packet_ends_at_its_transport_header(void **state)
{
	const struct xb_helper *tail = xb_helper_by_id(BPF_FUNC_skb_change_tail);
	struct xb_vm *vm = xb_vm_new(0);

	(void)state;
	vm->skb = &skb;
	for (int has_transport = 0; has_transport < 2; has_transport++) {
		const uint32_t least = has_transport ? 10 : 14;

		receive(tagged, sizeof(tagged));
		skb.has_transport = has_transport;
		skb.md.protocol = htons(ETH_P_8021Q);
		skb.pkt.data[16] = 8; /* no other tag behind it */
		skb.pkt.data[17] = 0;
		assert_int_equal(xb_skb_vlan_pop(&skb), 0);
		assert_int_equal(tail->fn(vm, 0, least - 1, 0, 0, 0), -EINVAL);
		assert_int_equal(tail->fn(vm, 0, least, 0, 0, 0), 0);
		assert_int_equal(skb.md.len, least);
	}
	xb_vm_free(vm);
}

/* 0xffff less 0xffff plus 0: the two ways to count it differ, and 0 would say "no checksum". */
static void
a_checksum_that_becomes_0_is_written_as_ffff_when_asked(void **state)
{
	static const uint8_t ones[] = { MACS, 8, 0, 0xff, 0xff };
	const struct xb_helper *l3 = xb_helper_by_id(BPF_FUNC_l3_csum_replace);
	const struct xb_helper *l4 = xb_helper_by_id(BPF_FUNC_l4_csum_replace);
	struct xb_vm *vm = xb_vm_new(0);

	(void)state;
	vm->skb = &skb;
	receive(ones, sizeof(ones));
	assert_int_equal(l3->fn(vm, 0, 14, 0xffff, 0, 2), 0);
	assert_memory_equal(skb.pkt.data + 14, "\xff\xff", 2);
	assert_int_equal(l4->fn(vm, 0, 14, 0xffff, 0, 2), 0);
	assert_memory_equal(skb.pkt.data + 14, "\0\0", 2);
	receive(ones, sizeof(ones));
	assert_int_equal(l4->fn(vm, 0, 14, 0xffff, 0, 2 | BPF_F_MARK_MANGLED_0), 0);
	assert_memory_equal(skb.pkt.data + 14, "\xff\xff", 2);
	xb_vm_free(vm);
}

/* ---- programs ---- */

/* Run in the checked engine; the fault's sentence, "" when there is none, and r0. */
static const char *
run(const struct bpf_insn *insns, uint32_t cnt, uint64_t *ret)
{
	const struct xb_image_opts opts = { .type = BPF_PROG_TYPE_SCHED_CLS };
	static struct xb_fault fault;
	struct xb_image *image = xb_image_new(insns, cnt, &opts, NULL);
	struct xb_vm *vm = xb_vm_new(0);
	int err;

	assert_non_null(image);
	receive(udp, sizeof(udp));
	err = xb_vm_run_skb(vm, image, &skb, ret);
	fault = *xb_vm_fault(vm);
	xb_vm_free(vm);
	xb_image_free(image);
	return err ? fault.text : "";
}

#define EXPECT(sentence, value, ...)                                                               \
	do {                                                                                       \
		static const struct bpf_insn insns[] = { __VA_ARGS__ };                            \
		uint64_t ret;                                                                      \
                                                                                                   \
		assert_string_equal(run(insns, ARRAY_SIZE(insns), &ret), sentence);                \
		assert_int_equal(ret, value);                                                      \
	} while (0)
#define OFF(field) offsetof(struct __sk_buff, field)
#define ST_CTX(size, field, value) ST(size, 1, OFF(field), value)
#define LD_CTX(size, field) LDX(size, 0, 1, OFF(field))

static void
the_checked_engine_stops_what_the_context_has_not(void **state)
{
	(void)state;
	EXPECT("write of 4 bytes at the context (offset 0), which has no such field", TC_ACT_SHOT,
		ST_CTX(BPF_W, len, 1), EXIT());
	EXPECT("write of 2 bytes at the context (offset 8), which has no such field", TC_ACT_SHOT,
		ST_CTX(BPF_H, mark, 1), EXIT());
	EXPECT("read of 8 bytes at the context (offset 8), which has no such field", TC_ACT_SHOT,
		LD_CTX(BPF_DW, mark), EXIT());
	EXPECT("read of 8 bytes at the context (offset 144), which has no such field", TC_ACT_SHOT,
		LD_CTX(BPF_W, data_meta) /* there is one */, LD_CTX(BPF_DW, flow_keys), EXIT());
	EXPECT("", 7, ST_CTX(BPF_W, mark, 7), LD_CTX(BPF_W, mark), EXIT());
}

static void
a_stores_upper_half_is_lost_where_the_kernel_has_16_bits(void **state)
{
	(void)state;
	EXPECT("", 0x5678, ST_CTX(BPF_W, tc_index, 0x12345678), LD_CTX(BPF_W, tc_index), EXIT());
	/* no queue */
	EXPECT("", 0, ST_CTX(BPF_W, queue_mapping, 0xffff), LD_CTX(BPF_W, queue_mapping), EXIT());
	EXPECT("", 0xffff, ST_CTX(BPF_W, queue_mapping, -1), LD_CTX(BPF_W, queue_mapping), EXIT());
}

/* bpf_gen_ld_abs() puts an exit there, which in a function returns to its caller. */
static void
a_legacy_load_outside_ends_the_function_it_is_in(void **state)
{
	(void)state;
	EXPECT("", 5, CALL_LOCAL(2), ADD64_IMM(0, 5), EXIT(), MOV64_REG(6, 1),
		INSN(BPF_LD | BPF_ABS | BPF_W, 0, 0, 0, 4000), MOV64_IMM(0, 9), EXIT());
	EXPECT("", 0, MOV64_REG(6, 1), INSN(BPF_LD | BPF_ABS | BPF_B, 0, 0, 0, sizeof(udp)),
		MOV64_IMM(0, 9), EXIT());
}

static void
a_helper_of_the_other_kind_of_program_is_refused(void **state)
{
	static const struct bpf_insn adjust[] = { CALL(44), EXIT() };
	static const struct bpf_insn pull[] = { CALL(39), EXIT() };
	struct xb_image_opts opts = { .type = BPF_PROG_TYPE_SCHED_ACT };
	struct xb_log log = { 0 };

	(void)state;
	assert_null(xb_image_new(adjust, 2, &opts, &log));
	assert_string_equal(xb_log_text(&log),
		"insn 0: call bpf_xdp_adjust_head#44: programs of this type may not call this "
		"helper\n");
	opts.type = BPF_PROG_TYPE_XDP;
	assert_null(xb_image_new(pull, 2, &opts, NULL));
	assert_int_equal(errno, EACCES);
	xb_log_free(&log);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_packet_arrives_with_its_protocol_and_who_it_is_for),
		cmocka_unit_test(the_outermost_tag_goes_to_the_fields_and_back),
		cmocka_unit_test(a_packet_that_ends_in_its_tag_is_refused),
		cmocka_unit_test(a_packet_moves_to_the_spare_buffer_when_its_own_is_too_small),
		cmocka_unit_test(both_directions_of_a_flow_share_a_hash_and_other_flows_do_not),
		cmocka_unit_test(a_hash_that_was_set_stays_until_it_is_invalid),
		cmocka_unit_test(the_shortest_packet_ends_at_its_transport_header),
		cmocka_unit_test(a_checksum_that_becomes_0_is_written_as_ffff_when_asked),
		cmocka_unit_test(the_checked_engine_stops_what_the_context_has_not),
		cmocka_unit_test(a_stores_upper_half_is_lost_where_the_kernel_has_16_bits),
		cmocka_unit_test(a_legacy_load_outside_ends_the_function_it_is_in),
		cmocka_unit_test(a_helper_of_the_other_kind_of_program_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
