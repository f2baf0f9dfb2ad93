/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Random tc programs in the running kernel and in both builds of our engine: every field of struct
 * __sk_buff loaded in every width and stored where a program may, legacy loads, reads and writes of
 * the packet. The same verdict, the same packet, the same context.
 *
 *	skb_random_test [SEED [COUNT]]
 *
 * The list of fields is written here anew, not taken from bpf/verifier/ctx.def: this is a test of
 * that table too.
 */
#include "tests/diff/emit.h"
#include "tests/diff/oracle.h"
#include "tests/diff/skb_kernel.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

#define COUNT_DEFAULT 3000
#define ITEMS_MAX 40
#define PACKET_BYTES 128
#define MEMSX 0x80

/* r6: context; r7: see emit_see(); r8: a number that was made up or seen. */

/* ---- fields ---- */

#define FIELD(name, bytes, writable)                                                               \
	{                                                                                          \
		offsetof(struct __sk_buff, name), bytes, writable                                  \
	}
#define CB_BYTES 20

static const struct {
	int off, bytes;
	bool writable;
} fields[] = {
	FIELD(len, 4, false),
	FIELD(pkt_type, 4, false),
	FIELD(mark, 4, true),
	FIELD(queue_mapping, 4, true),
	FIELD(protocol, 4, false),
	FIELD(vlan_present, 4, false),
	FIELD(vlan_tci, 4, false),
	FIELD(vlan_proto, 4, false),
	FIELD(priority, 4, true),
	FIELD(ingress_ifindex, 4, false),
	FIELD(ifindex, 4, false),
	FIELD(tc_index, 4, true),
	FIELD(cb[0], CB_BYTES, true),
	FIELD(cb[0], CB_BYTES, true),
	FIELD(hash, 4, false),
	FIELD(tc_classid, 4, true),
	FIELD(napi_id, 4, false),
	FIELD(tstamp, 8, true),
	FIELD(wire_len, 4, false),
	FIELD(gso_segs, 4, false),
	FIELD(gso_size, 4, false),
	FIELD(hwtstamp, 8, false),
};

static const uint8_t sizes[] = { BPF_B, BPF_H, BPF_W, BPF_DW };
static const int32_t values[] = { 0, 1, -1, 0x7fff, 0xfffe, 0xffff, 0x10000, 0x12345678,
	INT32_MIN };

#define ONE_OF(list, seed) (list)[draw(seed, ARRAY_SIZE(list))]

/* An access of field f that the verifier lets through: its width, and where. */
static void
draw_access(size_t f, bool is_store, uint64_t *seed, uint8_t *size, int *off)
{
	int log = (int)draw(seed, 4), bytes;

	if (fields[f].bytes == 4)
		log = is_store ? 2 : log % 3;
	else if (fields[f].bytes == 8)
		log = 3;
	bytes = 1 << log;
	*size = sizes[log];
	*off = fields[f].off + (int)draw(seed, (uint32_t)(fields[f].bytes / bytes)) * bytes;
}

static void
emit_load(struct program *p, uint64_t *seed)
{
	size_t f = draw(seed, ARRAY_SIZE(fields));
	uint8_t size;
	int off;

	draw_access(f, false, seed, &size, &off);
	if (size != BPF_DW && draw(seed, 4) == 0)
		emit(p, BPF_LDX | MEMSX | size, 8, 6, off, 0);
	else
		emit(p, BPF_LDX | BPF_MEM | size, 8, 6, off, 0);
	emit_see(p, 8);
}

static void
emit_store(struct program *p, uint64_t *seed)
{
	size_t f;
	uint8_t size;
	int off;

	do
		f = draw(seed, ARRAY_SIZE(fields));
	while (!fields[f].writable);
	draw_access(f, true, seed, &size, &off);
	if (draw(seed, 2))
		emit(p, BPF_STX | BPF_MEM | size, 6, 8, off, 0);
	else
		emit(p, BPF_ST | BPF_MEM | size, 6, 0, off, ONE_OF(values, seed));
}

/* ---- the packet ---- */

/* From inside, from its end, from the network and the link layer; elsewhere only now and then,
 * since that ends the program. */
static void
emit_legacy(struct program *p, uint64_t *seed)
{
	static const int32_t bases[] = { 0, 0, 0, -0x100000, -0x200000 };
	static const int32_t odd[] = { -1, INT32_MIN, INT32_MAX, -0x100001, -0x200001,
		PACKET_BYTES };
	int32_t offset = ONE_OF(bases, seed) + (int32_t)draw(seed, PACKET_BYTES - 20);
	uint8_t size = sizes[draw(seed, 3)];

	if (draw(seed, 40) == 0)
		offset = ONE_OF(odd, seed);
	if (draw(seed, 2)) {
		emit(p, BPF_LD | BPF_ABS | size, 0, 0, 0, offset);
	} else {
		emit(p, BPF_ALU64 | BPF_AND | BPF_K, 8, 0, 0, 7);
		emit(p, BPF_LD | BPF_IND | size, 0, 8, 0, offset);
	}
	emit_see(p, 0);
}

/* r2 = data, after the comparison with data_end; bytes of it are read or written. */
static void
emit_packet(struct program *p, uint64_t *seed)
{
	bool is_store = draw(seed, 2);
	uint8_t size = ONE_OF(sizes, seed);
	int off = (int)draw(seed, PACKET_BYTES - 8);

	emit(p, BPF_LDX | BPF_MEM | BPF_W, 2, 6, offsetof(struct __sk_buff, data), 0);
	emit(p, BPF_LDX | BPF_MEM | BPF_W, 3, 6, offsetof(struct __sk_buff, data_end), 0);
	emit(p, BPF_ALU64 | BPF_MOV | BPF_X, 4, 2, 0, 0);
	emit(p, BPF_ALU64 | BPF_ADD | BPF_K, 4, 0, 0, PACKET_BYTES);
	emit(p, BPF_JMP | BPF_JGT | BPF_X, 4, 3, is_store ? 1 : 3, 0);
	if (is_store) {
		emit(p, BPF_STX | BPF_MEM | size, 2, 8, off, 0);
		return;
	}
	emit(p, BPF_LDX | BPF_MEM | size, 8, 2, off, 0);
	emit_see(p, 8);
}

static void
make(struct program *p, uint64_t *seed)
{
	uint32_t items = 1 + draw(seed, ITEMS_MAX);

	p->cnt = 0;
	emit(p, BPF_ALU64 | BPF_MOV | BPF_X, 6, 1, 0, 0);
	emit(p, BPF_ALU64 | BPF_MOV | BPF_K, 7, 0, 0, 0);
	emit(p, BPF_ALU64 | BPF_MOV | BPF_K, 8, 0, 0, ONE_OF(values, seed));
	while (items--)
		switch (draw(seed, 6)) {
		case 0:
		case 1: emit_load(p, seed); break;
		case 2: emit_store(p, seed); break;
		case 3: emit_legacy(p, seed); break;
		case 4: emit_packet(p, seed); break;
		default: emit(p, BPF_ALU64 | BPF_MOV | BPF_K, 8, 0, 0, ONE_OF(values, seed));
		}
	emit(p, BPF_ALU64 | BPF_MOV | BPF_X, 0, 7, 0, 0);
	emit(p, BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
}

/* ---- the test ---- */

static void
draw_run(struct skb_run *run, uint64_t *seed)
{
	memset(run, 0, sizeof(*run));
	run->len = draw(seed, 4) ? PACKET_BYTES + draw(seed, 3) : 60;
	for (uint32_t i = 0; i < run->len; i++)
		run->data[i] = (uint8_t)draw(seed, 256);
	run->ctx.mark = draw(seed, UINT32_MAX);
	run->ctx.priority = draw(seed, UINT32_MAX);
	run->ctx.tstamp = draw(seed, UINT32_MAX);
	run->ctx.hwtstamp = draw(seed, UINT32_MAX);
	run->ctx.wire_len = run->len + draw(seed, 100);
	run->ctx.gso_segs = draw(seed, 0xffff);
	run->ctx.gso_size = draw(seed, 0xffff);
	for (int i = 0; i < 5; i++)
		run->ctx.cb[i] = draw(seed, UINT32_MAX);
}

static bool
differ(const struct program *p, struct xb_vm *vm, const struct skb_run *in, struct skb_run *kernel,
	struct skb_run *ours)
{
	struct skb_program loaded;
	bool is_different;

	if (skb_load(&loaded, p->insns, p->cnt))
		return false;
	is_different = skb_differs(&loaded, vm, in, kernel, ours) != NULL;
	skb_unload(&loaded);
	return is_different;
}

/* Instructions become `goto +0` while it still differs. */
static void
shrink(struct program *p, struct xb_vm *vm, const struct skb_run *in, struct skb_run *kernel,
	struct skb_run *ours)
{
	for (uint32_t i = 3; i + 2 < p->cnt; i++) {
		struct program smaller = *p;

		smaller.insns[i] = (struct bpf_insn){ .code = BPF_JMP | BPF_JA };
		if (differ(&smaller, vm, in, kernel, ours))
			*p = smaller;
	}
	differ(p, vm, in, kernel, ours);
}

static void
show(const struct program *p)
{
	char text[96];

	for (uint32_t i = 0; i < p->cnt; i++) {
		xb_insn_format(&p->insns[i], p->cnt - i, text, sizeof(text));
		if (p->insns[i].code != (BPF_JMP | BPF_JA))
			printf("%4u: %s\n", i, text);
	}
}

static unsigned int
test_one(struct xb_vm *vm, uint64_t *seed, unsigned long n)
{
	static struct skb_run in, kernel, ours;
	struct skb_program loaded;
	struct program p;
	unsigned int runs = 0;

	make(&p, seed);
	switch (skb_load(&loaded, p.insns, p.cnt)) {
	case 1: show(&p); die("program %lu: the kernel refuses: %s", n, skb_verifier_log);
	case -1: show(&p); die("program %lu", n);
	}
	for (int i = 0; i < 4; i++) {
		const char *who;

		draw_run(&in, seed);
		who = skb_differs(&loaded, vm, &in, &kernel, &ours);
		runs += !who;
		if (!who || who == skb_not_run)
			continue;
		shrink(&p, vm, &in, &kernel, &ours);
		show(&p);
		skb_print("before", &in);
		skb_print("kernel", &kernel);
		skb_print("ours", &ours);
		die("program %lu differs: %s", n, who);
	}
	skb_unload(&loaded);
	return runs;
}

int
main(int argc, char **argv)
{
	unsigned long count = argc > 2 ? strtoul(argv[2], NULL, 10) : COUNT_DEFAULT, runs = 0;
	const char *refusal = skb_refusal();
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
