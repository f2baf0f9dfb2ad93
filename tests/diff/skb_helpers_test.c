/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Helpers of tc programs in the running kernel and in our engine: two or three calls with
 * arguments at which they change their mind, then every field of the context they may have
 * changed. The same results, the same packet, the same context.
 *
 *	skb_helpers_test [SEED [COUNT]]
 */
#include "tests/diff/emit.h"
#include "tests/diff/oracle.h"
#include "tests/diff/skb_kernel.h"

#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

#define COUNT_DEFAULT 3000
#define CALLS_MAX 3
#define BUFFER_BYTES 64 /* on the stack, below r10 */
/* In front of the kernel's packet. When that does not do, pskb_expand_head() makes a transport
 * header that was never set, as in a test run, look set (0xffff + more); on a packet from a device
 * it is set. Only bpf_skb_change_tail() looks. */
#define HEADROOM 64

/* Bytes that may have gone before the packet, in the program that is being made. */
static uint32_t pushed;

/* ---- arguments ---- */

/* Lengths and offsets near those of the packets and of the limits. */
static const int32_t lengths[] = { 0, 1, 2, 4, 10, 13, 14, 15, 16, 17, 18, 20, 24, 33, 34, 36, 40,
	50, 59, 60, 61, 62, 63, 64, 76, 80, 1514, 1515, 3519, 3520, 3521, 16063, 16064, 16065,
	65534, 65535, 65536, -1, -2, -4, -60, INT32_MAX, INT32_MIN };
static const int32_t sizes[] = { 1, 2, 4, 8, 14, 63, 64 };
static const int32_t flags[] = { 0, 1, 2, 3, 4, 0x10, 0x12, 0x14, 0x20, 0x22, 0x24, 0x32, 0x42,
	0x44, 0x54, 0x34, 0x62, 5, 8, 0x100, -1 };
static const int32_t values[] = { 0, 1, -1, 0xffff, 0x10000, 0x7fff, 0xff00, 0x12345678, 0x45000102,
	INT32_MIN };
static const int32_t protos[] = { 0, 0x0081, 0xa888, 0x0008, 0xdd86, 0x0608, -1, 0x10081 };
static const int32_t types[] = { 0, 1, 2, 3, 4, -1 };

/* What an argument is: one of a list, or memory. */
enum kind { NONE, LENGTH, SIZE, FLAGS, VALUE, PROTO, TYPE, MEM };

static const struct {
	int32_t id;
	uint8_t args[4]; /* behind the context */
} helpers[] = {
	{ BPF_FUNC_skb_store_bytes, { LENGTH, MEM, SIZE, FLAGS } },
	{ BPF_FUNC_l3_csum_replace, { LENGTH, VALUE, VALUE, FLAGS } },
	{ BPF_FUNC_l4_csum_replace, { LENGTH, VALUE, VALUE, FLAGS } },
	{ BPF_FUNC_l3_csum_replace, { LENGTH, VALUE, VALUE, FLAGS } },
	{ BPF_FUNC_l4_csum_replace, { LENGTH, VALUE, VALUE, FLAGS } },
	{ BPF_FUNC_skb_vlan_push, { PROTO, VALUE } },
	{ BPF_FUNC_skb_vlan_push, { PROTO, VALUE } },
	{ BPF_FUNC_skb_vlan_pop, { NONE } },
	{ BPF_FUNC_skb_vlan_pop, { NONE } },
	{ BPF_FUNC_skb_load_bytes, { LENGTH, MEM, SIZE } },
	{ BPF_FUNC_skb_change_proto, { PROTO, TYPE } },
	{ BPF_FUNC_skb_change_type, { TYPE } },
	{ BPF_FUNC_skb_change_tail, { LENGTH, TYPE } },
	{ BPF_FUNC_skb_pull_data, { LENGTH } },
	{ BPF_FUNC_csum_update, { VALUE } },
	{ BPF_FUNC_set_hash_invalid, { NONE } },
	{ BPF_FUNC_skb_change_head, { LENGTH, TYPE } },
	{ BPF_FUNC_set_hash, { VALUE } },
	{ BPF_FUNC_skb_load_bytes_relative, { LENGTH, MEM, SIZE, TYPE } },
	{ BPF_FUNC_csum_level, { TYPE } },
};

#define ONE_OF(list, seed) (list)[draw(seed, ARRAY_SIZE(list))]

static int32_t
draw_value(enum kind kind, uint64_t *seed)
{
	switch (kind) {
	case LENGTH: return ONE_OF(lengths, seed);
	case SIZE: return ONE_OF(sizes, seed);
	case FLAGS: return ONE_OF(flags, seed);
	case PROTO: return ONE_OF(protos, seed);
	/* mostly 0, which many helpers insist on */
	case TYPE: return draw(seed, 3) ? 0 : ONE_OF(types, seed);
	default: return ONE_OF(values, seed);
	}
}

static uint32_t
pushes(int32_t helper, int32_t arg)
{
	switch (helper) {
	case BPF_FUNC_skb_vlan_push: return 4;
	case BPF_FUNC_skb_change_proto: return 20;
	case BPF_FUNC_skb_change_head: return arg > 0 && arg < 1 << 16 ? (uint32_t)arg : 0;
	default: return 0;
	}
}

static void
emit_call(struct program *p, uint64_t *seed)
{
	size_t h = draw(seed, ARRAY_SIZE(helpers));

	if (helpers[h].id == BPF_FUNC_skb_change_tail && pushed > HEADROOM)
		return;
	emit(p, BPF_ALU64 | BPF_MOV | BPF_X, 1, 6, 0, 0);
	for (unsigned int i = 0; i < 4 && helpers[h].args[i] != NONE; i++) {
		if (helpers[h].args[i] == MEM) {
			emit(p, BPF_ALU64 | BPF_MOV | BPF_X, i + 2, 10, 0, 0);
			emit(p, BPF_ALU64 | BPF_ADD | BPF_K, i + 2, 0, 0, -BUFFER_BYTES);
			continue;
		}
		emit(p, BPF_ALU64 | BPF_MOV | BPF_K, i + 2, 0, 0,
			draw_value(helpers[h].args[i], seed));
	}
	pushed += pushes(helpers[h].id, p->insns[p->cnt - 2].imm);
	emit(p, BPF_JMP | BPF_CALL, 0, 0, 0, helpers[h].id);
	emit_see(p, 0);
}

/* ---- programs ---- */

static const int16_t fields[] = {
#define FIELD(name) offsetof(struct __sk_buff, name)
	FIELD(len), FIELD(pkt_type), FIELD(mark), FIELD(queue_mapping), FIELD(protocol),
	FIELD(vlan_present), FIELD(vlan_tci), FIELD(vlan_proto), FIELD(priority), FIELD(tc_index),
	FIELD(hash), FIELD(tc_classid)
#undef FIELD
};

/* After a call: the fields, what is on the stack, and legacy loads from three places. A load from
 * outside of the packet would end the program, so only the last one may. */
static void
emit_look(struct program *p, uint64_t *seed)
{
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
		emit(p, BPF_LDX | BPF_MEM | BPF_W, 2, 6, fields[i], 0);
		emit_see(p, 2);
	}
	for (int i = 8; i <= BUFFER_BYTES; i += 8) {
		emit(p, BPF_LDX | BPF_MEM | BPF_DW, 2, 10, -i, 0);
		emit_see(p, 2);
	}
	emit(p, BPF_LD | BPF_ABS | BPF_B, 0, 0, 0, (int32_t)draw(seed, 10));
	emit_see(p, 0);
}

static void
make(struct program *p, uint64_t *seed)
{
	uint32_t calls = 1 + draw(seed, CALLS_MAX);

	p->cnt = pushed = 0;
	emit(p, BPF_ALU64 | BPF_MOV | BPF_X, 6, 1, 0, 0);
	emit(p, BPF_ALU64 | BPF_MOV | BPF_K, 7, 0, 0, 0);
	for (int i = 4; i <= BUFFER_BYTES; i += 4)
		emit(p, BPF_ST | BPF_MEM | BPF_W, 10, 0, -i, i * 0x01020408);
	for (uint32_t i = 0; i < calls; i++) {
		emit_call(p, seed);
		emit_look(p, seed);
	}
	/* SKF_NET_OFF, SKF_LL_OFF */
	emit(p, BPF_LD | BPF_ABS | BPF_H, 0, 0, 0, -0x100000 + (int32_t)draw(seed, 30));
	emit_see(p, 0);
	emit(p, BPF_LD | BPF_ABS | BPF_W, 0, 0, 0, -0x200000 + (int32_t)draw(seed, 80));
	emit_see(p, 0);
	emit(p, BPF_ALU64 | BPF_MOV | BPF_X, 0, 7, 0, 0);
	emit(p, BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
}

/* IPv4, IPv6, tags of all kinds, lengths instead of types; to anybody. */
static void
draw_packet(struct skb_run *run, uint64_t *seed)
{
	static const uint32_t lens[] = { 14, 15, 16, 18, 19, 20, 22, 24, 34, 60, 61, 64, 76, 1514,
		3500 };
	static const uint16_t ethertypes[] = { ETH_P_IP, ETH_P_IP, ETH_P_IPV6, ETH_P_IPV6,
		ETH_P_8021Q, ETH_P_8021Q, ETH_P_8021AD, 46, 1535, 1536, ETH_P_ARP };
	static const uint8_t firsts[] = { 0, 0xff, 1, 2 };

	memset(run, 0, sizeof(*run));
	run->len = ONE_OF(lens, seed);
	if (draw(seed, 4) == 0) /* where sums are 0 in one of their two ways */
		memset(run->data, draw(seed, 2) ? 0xff : 0, run->len);
	else
		for (uint32_t i = 0; i < run->len; i++)
			run->data[i] = (uint8_t)draw(seed, 256);
	if (draw(seed, 2))
		memset(run->data, ONE_OF(firsts, seed), ETH_ALEN);
	for (uint32_t i = 12; i < 24; i += draw(seed, 3) ? 4 : 2) {
		uint16_t type = htons(ONE_OF(ethertypes, seed));

		memcpy(run->data + i, &type, sizeof(type));
	}
	if (draw(seed, 4) == 0)
		run->data[14] = run->data[15] = 0xff;
	run->ctx.mark = draw(seed, 100);
	run->ctx.priority = draw(seed, 100);
	run->ctx.cb[draw(seed, 5)] = draw(seed, UINT32_MAX);
}

static void
show(const struct program *p)
{
	char text[96];

	for (uint32_t i = 0; i < p->cnt; i++) {
		xb_insn_format(&p->insns[i], p->cnt - i, text, sizeof(text));
		if (p->insns[i].dst_reg != 7 && BPF_CLASS(p->insns[i].code) != BPF_ST)
			printf("%4u: %s\n", i, text);
	}
}

/* The program ends with the first thing it sees that differs. */
static void
explain(const struct program *p, struct xb_vm *vm, const struct skb_run *in)
{
	static struct skb_run kernel, ours;
	struct skb_program loaded;
	struct program shorter = *p;

	for (uint32_t i = 0; i + 1 < p->cnt; i++) {
		if (p->insns[i].code != (BPF_ALU64 | BPF_MUL | BPF_K))
			continue;
		shorter = *p;
		shorter.cnt = i;
		emit(&shorter, BPF_ALU64 | BPF_MOV | BPF_X, 0, p->insns[i + 1].src_reg, 0, 0);
		emit(&shorter, BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
		if (skb_load(&loaded, shorter.insns, shorter.cnt))
			break;
		if (skb_differs(&loaded, vm, in, &kernel, &ours))
			break;
		skb_unload(&loaded);
	}
	show(&shorter);
	skb_print("before", in);
	skb_print("kernel", &kernel);
	skb_print("ours", &ours);
}

/* How many packets were run; the kernel does not run those that end in the IP header. */
static unsigned int
test_one(struct xb_vm *vm, uint64_t *seed, unsigned long n)
{
	unsigned int runs = 0;

	static struct skb_run in, kernel, ours;
	static struct program p;
	struct skb_program loaded;
	const char *who;

	make(&p, seed);
	switch (skb_load(&loaded, p.insns, p.cnt)) {
	case 1: die("program %lu: the kernel refuses: %s", n, skb_verifier_log);
	case -1: die("program %lu", n);
	}
	for (int i = 0; i < 4; i++) {
		draw_packet(&in, seed);
		who = skb_differs(&loaded, vm, &in, &kernel, &ours);
		if (!who)
			runs++;
		if (!who || who == skb_not_run)
			continue;
		explain(&p, vm, &in);
		die("program %lu differs: %s", n, who);
	}
	skb_unload(&loaded);
	return runs;
}

int
main(int argc, char **argv)
{
	unsigned long count = argc > 2 ? strtoul(argv[2], NULL, 10) : COUNT_DEFAULT;
	const char *refusal = skb_refusal();
	unsigned long runs = 0;
	struct xb_vm *vm;
	uint64_t seed;

	if (refusal) {
		printf("skipped: %s\n", refusal);
		return EXIT_SKIP;
	}
	need_linux(6, 12);
	seed = seed_of(argc, argv);
	vm = xb_vm_new(0);
	for (unsigned long i = 0; vm && i < count; i++)
		runs += test_one(vm, &seed, i);
	printf("%lu programs, %lu runs\n", count, runs);
	xb_vm_free(vm);
	return runs < count;
}
