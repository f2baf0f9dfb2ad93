/* SPDX-License-Identifier: BSD-2-Clause */
/* Helpers: the table, the check of arguments, each implementation. */
#include "bpf/internal.h"
#include "bpf/verifier/helper_proto.h"
#include "bpf/xb.h"
#include "tests/_cmocka.h"

#include <errno.h>
#include <linux/pkt_cls.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define HELPER_CNT 211 /* Linux 6.12 */

static uint64_t
call(struct xb_vm *vm, int32_t id, uint64_t r1, uint64_t r2, uint64_t r3, uint64_t r4, uint64_t r5)
{
	return xb_helper_by_id(id)->fn(vm, r1, r2, r3, r4, r5);
}

static uint64_t
addr(const void *p)
{
	return (uintptr_t)p;
}

/* ---- the table ---- */

static void
every_helper_of_the_uapi_is_there_once(void **state)
{
	(void)state;
	for (int32_t id = 1; id <= HELPER_CNT; id++) {
		const struct xb_helper *h = xb_helper_by_id(id);

		assert_non_null(h);
		assert_int_equal(h->id, id);
		assert_memory_equal(h->name, "bpf_", 4);
		for (int32_t other = 1; other < id; other++)
			assert_string_not_equal(h->name, xb_helper_by_id(other)->name);
	}
	assert_null(xb_helper_by_id(0));
	assert_null(xb_helper_by_id(-1));
	assert_null(xb_helper_by_id(INT32_MIN));
	assert_null(xb_helper_by_id(HELPER_CNT + 1));
}

#define NAME(x) "bpf_" #x
static const char *const uapi_names[] = { __BPF_FUNC_MAPPER(NAME) };

static void
names_are_those_of_the_uapi_header(void **state)
{
	(void)state;
	for (int32_t id = 1; id < (int32_t)ARRAY_SIZE(uapi_names) && id <= HELPER_CNT; id++)
		assert_string_equal(xb_helper_by_id(id)->name, uapi_names[id]);
	assert_string_equal(xb_helper_by_id(210)->name, "bpf_cgrp_storage_get");
	assert_string_equal(xb_helper_by_id(211)->name, "bpf_cgrp_storage_delete");
}

static bool
is_size(uint32_t arg)
{
	return arg == XV_ARG_SIZE || arg == XV_ARG_SIZE0;
}

/* An argument kind that names another argument must find it where it looks. */
static void
check_proto(const struct xv_proto *proto)
{
	bool map = false, end = false;

	for (unsigned int i = 0; i < 5; i++) {
		const uint32_t a = proto->arg[i], after = i < 4 ? proto->arg[i + 1] : XV_ARG_NONE;
		const uint32_t kind = a & XV_ARG_KIND;

		end |= kind == XV_ARG_NONE;
		assert_int_equal(end, kind == XV_ARG_NONE);
		map |= kind == XV_ARG_MAP;
		if (kind == XV_ARG_KEY || kind == XV_ARG_VALUE)
			assert_true(map);
		if (kind == XV_ARG_MEM && !(a & XV_ARG_FIXED))
			assert_true(a & XV_ARG_NULLABLE ? after == XV_ARG_SIZE0 : is_size(after));
	}
}

/* Those that no program of ours may call need none. */
static void
prototypes_are_sound(void **state)
{
	(void)state;
	for (int32_t id = 1; id <= HELPER_CNT; id++) {
		const struct xb_helper *h = xb_helper_by_id(id);
		const struct xv_proto *proto = xv_proto_of(id);

		assert_int_equal(proto != NULL, h->xdp || h->tc);
		if (h->fn)
			assert_true(proto && !proto->refused);
		if (proto)
			check_proto(proto);
	}
	assert_null(xv_proto_of(0));
	assert_null(xv_proto_of(-1));
	assert_null(xv_proto_of(HELPER_CNT + 1));
}

static void
the_helpers_that_are_implemented_are_these(void **state)
{
	const int32_t ids[] = { 1, 2, 3, 5, 6, 7, 8, 9, 10, 11, 12, 18, 19, 23, 25, 26, 28, 31, 32,
		34, 38, 39, 40, 41, 42, 43, 44, 48, 51, 54, 65, 68, 69, 125, 130, 131, 132, 133,
		134, 135, 152, 155, 160, 188, 189, 190, 208 };
	unsigned int n = 0;

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(ids); i++)
		assert_non_null(xb_helper_by_id(ids[i])->fn);
	for (int32_t id = 1; id <= HELPER_CNT; id++)
		n += xb_helper_by_id(id)->fn != NULL;
	assert_int_equal(n, ARRAY_SIZE(ids));
	assert_true(xb_helper_by_id(6)->gpl_only);
	assert_false(xb_helper_by_id(5)->gpl_only);
	assert_true(xb_helper_by_id(44)->changes_packet);
	assert_false(xb_helper_by_id(190)->changes_packet);
	assert_false(xb_helper_by_id(44)->tc);
	assert_true(xb_helper_by_id(9)->tc);
	assert_false(xb_helper_by_id(9)->xdp);
}

/* ---- arguments ---- */

static struct xb_map *
make_map(enum bpf_map_type type)
{
	bool fd = type == BPF_MAP_TYPE_PROG_ARRAY || type == BPF_MAP_TYPE_PERF_EVENT_ARRAY ||
		  type == BPF_MAP_TYPE_DEVMAP || type == BPF_MAP_TYPE_CPUMAP;
	const struct xb_map_def def = { .name = "m",
		.type = type,
		.key_size = 4,
		.value_size = fd ? 4 : 16,
		.max_entries = 4 };
	struct xb_map *map = xb_map_new(&def, 2, NULL);

	assert_non_null(map);
	return map;
}

struct wrong_args {
	int32_t id;
	int r[5]; /* see value_of_arg */
	const char *says;
};

enum { ZERO, MAP, PROGS, DEVS, EVENTS, STRAY, MEM, END4, N4, N16, N17, CTX };

static void
arguments_are_what_the_row_says(void **state)
{
	static const struct wrong_args rows[] = {
		{ 1, { MAP, MEM }, NULL },
		{ 1, { STRAY, MEM }, "bpf_map_lookup_elem: r1 = 0x1234 is not a map" },
		{ 1, { ZERO, MEM }, "r1 = 0 is not a map" },
		{ 1, { MEM, MEM }, "is not a map" },
		{ 1, { MAP, STRAY }, "r2 = 0x1234 is not memory the program may read" },
		{ 1, { MAP, END4 }, NULL },
		{ 2, { MAP, MEM, MEM, ZERO }, NULL },
		{ 2, { MAP, MEM, END4, ZERO }, "r3" },
		{ 12, { CTX, PROGS, STRAY }, NULL },
		{ 12, { CTX, MAP, STRAY }, "not a program array" },
		{ 12, { MEM, PROGS, STRAY }, "is not the context" },
		{ 6, { STRAY, ZERO }, "r1 = 0x1234 is not memory" },
		{ 6, { MEM, ZERO }, "r2 = 0 is a size and may not be 0" },
		{ 25, { CTX, EVENTS, ZERO, MEM, N16 }, NULL },
		{ 25, { CTX, EVENTS, ZERO, MEM, ZERO }, NULL },
		{ 25, { CTX, EVENTS, ZERO, MEM, N17 }, "r4" },
		{ 25, { CTX, PROGS, ZERO, MEM, N16 }, "r2 = 0x" },
		{ 25, { CTX, PROGS, ZERO, MEM, N16 }, "not one of events" },
		{ 51, { DEVS, STRAY, STRAY }, NULL },
		{ 51, { MAP, STRAY, STRAY }, "not one of targets" },
		{ 130, { MAP, MEM, N4, ZERO }, "not a ring buffer" },
		{ 131, { MAP, N4, ZERO }, "not a ring buffer" },
		{ 134, { DEVS, ZERO }, "not a ring buffer" },
		{ 28, { ZERO, ZERO, MEM, N16, STRAY }, NULL },
		{ 28, { STRAY, ZERO, MEM, N16, STRAY }, NULL },
		{ 28, { ZERO, N4, MEM, N16, ZERO }, "r1 = 0 is not memory" },
		{ 28, { MEM, N16, MEM, N17, ZERO }, "r3" },
		{ 189, { CTX, ZERO, MEM, N16 }, NULL },
		{ 189, { CTX, ZERO, MEM, N17 }, "may write" },
		{ 189, { CTX, ZERO, MEM, ZERO }, "r4 = 0 is a size and may not be 0" },
		{ 190, { CTX, ZERO, MEM, N17 }, "may read" },
	};
	struct xb_map *maps[] = { make_map(BPF_MAP_TYPE_HASH), make_map(BPF_MAP_TYPE_PROG_ARRAY),
		make_map(BPF_MAP_TYPE_DEVMAP), make_map(BPF_MAP_TYPE_PERF_EVENT_ARRAY) };
	struct xb_image image = { .maps = maps, .map_cnt = ARRAY_SIZE(maps) };
	struct xb_vm *vm = calloc(1, sizeof(*vm));
	uint8_t mem[16];
	struct xb_xdp pkt = { .data_meta = mem, .data = mem, .data_end = mem + sizeof(mem) };
	const uint64_t values[] = { [MAP] = addr(maps[0]),
		[PROGS] = addr(maps[1]),
		[DEVS] = addr(maps[2]),
		[EVENTS] = addr(maps[3]),
		[STRAY] = 0x1234,
		[MEM] = addr(mem),
		[END4] = addr(mem + 12),
		[N4] = 4,
		[N16] = 16,
		[N17] = 17,
		[CTX] = addr(&pkt) };

	(void)state;
	*vm = (struct xb_vm){ .image = &image, .pkt = &pkt };
	for (unsigned int i = 0; i < ARRAY_SIZE(rows); i++) {
		uint64_t r[5];
		bool ok;

		for (unsigned int k = 0; k < 5; k++)
			r[k] = values[rows[i].r[k]];
		vm->fault.text[0] = '\0';
		vm->fault.insn = 9;
		ok = xb_vm_check_args(vm, xb_helper_by_id(rows[i].id), r);
		if (ok != !rows[i].says || (!ok && !strstr(vm->fault.text, rows[i].says)))
			fail_msg("row %u: '%s'", i, vm->fault.text);
		assert_int_equal(vm->fault.insn, 9);
	}
	vm->pkt = &vm->plain;
	assert_false(xb_vm_check_args(vm, xb_helper_by_id(44), (uint64_t[5]){ addr(vm->pkt) }));
	assert_non_null(strstr(vm->fault.text, "plain memory"));
	for (unsigned int i = 0; i < ARRAY_SIZE(maps); i++)
		xb_map_free(maps[i]);
	free(vm);
}

/* ---- maps, surroundings ---- */

static void
map_helpers_act_for_the_vms_worker(void **state)
{
	struct xb_map *map = make_map(BPF_MAP_TYPE_PERCPU_ARRAY);
	struct xb_vm *vm = calloc(1, sizeof(*vm));
	uint32_t key = 2, far = 4;
	uint64_t value[2] = { 5, 6 };

	(void)state;
	vm->cpu = 1;
	assert_int_equal(call(vm, 2, addr(map), addr(&key), addr(value), BPF_ANY, 0), 0);
	assert_int_equal(
		call(vm, 2, addr(map), addr(&far), addr(value), BPF_ANY, 0), (uint64_t)-E2BIG);
	assert_ptr_equal((void *)(uintptr_t)call(vm, 1, addr(map), addr(&key), 0, 0, 0),
		xb_map_lookup(map, 1, &key));
	assert_memory_equal(xb_map_lookup(map, 1, &key), value, 16);
	assert_int_equal(*(uint64_t *)xb_map_lookup(map, 0, &key), 0);
	assert_int_equal(call(vm, 1, addr(map), addr(&far), 0, 0, 0), 0);
	assert_int_equal(call(vm, 3, addr(map), addr(&key), 0, 0, 0), (uint64_t)-EINVAL);
	assert_int_equal(call(vm, 8, 0, 0, 0, 0, 0), 1);
	xb_map_free(map);
	free(vm);
}

static void
random_numbers_follow_the_seed_and_time_goes_on(void **state)
{
	struct xb_vm *vm = calloc(1, sizeof(*vm));
	uint64_t first[100], ones = 0, t;

	(void)state;
	vm->prng = 42;
	for (unsigned int i = 0; i < 100; i++) {
		first[i] = call(vm, 7, 0, 0, 0, 0, 0);
		assert_true(first[i] <= UINT32_MAX);
		ones += (uint64_t)__builtin_popcountll(first[i]);
	}
	assert_in_range(ones, 1500, 1700);
	vm->prng = 42;
	for (unsigned int i = 0; i < 100; i++)
		assert_int_equal(call(vm, 7, 0, 0, 0, 0, 0), first[i]);
	vm->prng = 43;
	assert_int_not_equal(call(vm, 7, 0, 0, 0, 0, 0), first[0]);
	t = call(vm, 5, 0, 0, 0, 0, 0);
	assert_true(t > 0);
	while (call(vm, 5, 0, 0, 0, 0, 0) == t)
		;
	assert_true(call(vm, 5, 0, 0, 0, 0, 0) > t);
	assert_true(call(vm, 125, 0, 0, 0, 0, 0) >= t);
	t = call(vm, 160, 0, 0, 0, 0, 0);
	assert_true(t > 0 && t <= call(vm, 5, 0, 0, 0, 0, 0));
	assert_in_range(call(vm, 208, 0, 0, 0, 0, 0) / 1000000000, time(NULL) - 1, time(NULL) + 60);
	assert_int_equal(call(vm, 42, 0, 0, 0, 0, 0), 0);
	free(vm);
}

/* ---- csum_diff ---- */

/* The sum of 16-bit words, one after another, the carry brought back each time. */
static uint32_t
add16(uint32_t sum, uint32_t word)
{
	sum += word;
	return sum > 0xffff ? sum - 0xffff : sum;
}

/* RFC 1071 arithmetic: seed - from + to, all in 16 bits. */
static uint32_t
slow_csum_diff(const uint8_t *from, uint32_t n, const uint8_t *to, uint32_t m, uint32_t seed)
{
	uint32_t sum = add16(seed & 0xffff, seed >> 16);

	for (uint32_t i = 0; i < m; i += 2)
		sum = add16(sum, (uint32_t)(to[i] | to[i + 1] << 8));
	for (uint32_t i = 0; i < n; i += 2)
		sum = add16(sum, 0xffff & ~(uint32_t)(from[i] | from[i + 1] << 8));
	return sum;
}

static void
csum_diff_is_ones_complement_arithmetic(void **state)
{
	uint8_t a[512], b[512];
	unsigned int seed = 7;

	(void)state;
	for (unsigned int i = 0; i < 20000; i++) {
		uint32_t n = (uint32_t)rand_r(&seed) % 65 * 4, m = (uint32_t)rand_r(&seed) % 65 * 4;
		uint32_t start = (uint32_t)rand_r(&seed) * 2654435761u;
		/* Runs of ones and zeros are where carries hide. */
		uint8_t keep = (uint8_t[]){ 0xff, 0, 1, 0x80 }[i % 4], ones = i % 8 == 5 ? 0xff : 0;
		uint64_t got;

		for (unsigned int k = 0; k < 512; k++) {
			a[k] = (uint8_t)((rand_r(&seed) & keep) | ones);
			b[k] = (uint8_t)(rand_r(&seed) & keep);
		}
		got = call(NULL, 28, addr(a), n, addr(b), m, start);
		assert_true(got <= 0xffff);
		/* 0 and 0xffff are the same number. */
		assert_int_equal(got % 0xffff, slow_csum_diff(a, n, b, m, start) % 0xffff);
	}
}

/* Which of the two zeros it is; tests/diff/helper_kernel_test asks the kernel itself. */
static void
csum_diff_gives_the_kernels_zero(void **state)
{
	const uint8_t zeros[8] = { 0 }, ones[8] = { 255, 255, 255, 255, 255, 255, 255, 255 };
	const struct {
		const uint8_t *from;
		uint32_t n;
		const uint8_t *to;
		uint32_t m, seed, want;
	} rows[] = {
		{ zeros, 0, zeros, 0, 0, 0x0 },
		{ zeros, 0, zeros, 0, UINT32_MAX, 0xffff },
		{ zeros, 0, zeros, 0, 0xffff, 0xffff },
		{ zeros, 0, zeros, 4, 0, 0x0 },
		{ zeros, 0, zeros, 4, UINT32_MAX, 0xffff },
		{ zeros, 0, zeros, 4, 0xffff, 0xffff },
		{ zeros, 0, ones, 4, 0, 0xffff },
		{ zeros, 0, ones, 4, UINT32_MAX, 0xffff },
		{ zeros, 0, ones, 4, 0xffff, 0xffff },
		{ zeros, 4, zeros, 0, 0, 0x0 },
		{ zeros, 4, zeros, 0, UINT32_MAX, 0xffff },
		{ zeros, 4, zeros, 0, 0xffff, 0xffff },
		{ zeros, 4, zeros, 4, 0, 0xffff },
		{ zeros, 4, zeros, 4, UINT32_MAX, 0xffff },
		{ zeros, 4, zeros, 4, 0xffff, 0xffff },
		{ zeros, 4, ones, 4, 0, 0xffff },
		{ zeros, 4, ones, 4, UINT32_MAX, 0xffff },
		{ zeros, 4, ones, 4, 0xffff, 0xffff },
		{ ones, 4, zeros, 0, 0, 0x0 },
		{ ones, 4, zeros, 0, UINT32_MAX, 0x0 },
		{ ones, 4, zeros, 0, 0xffff, 0xffff },
		{ ones, 4, zeros, 4, 0, 0x0 },
		{ ones, 4, zeros, 4, UINT32_MAX, 0xffff },
		{ ones, 4, zeros, 4, 0xffff, 0xffff },
		{ ones, 4, ones, 4, 0, 0xffff },
		{ ones, 4, ones, 4, UINT32_MAX, 0xffff },
		{ ones, 4, ones, 4, 0xffff, 0xffff },
		{ ones, 8, zeros, 0, 0, 0x0 },
		{ ones, 8, zeros, 0, UINT32_MAX, 0x0 },
		{ ones, 8, zeros, 0, 0xffff, 0xffff },
		{ ones, 8, zeros, 4, 0, 0x0 },
		{ ones, 8, zeros, 4, UINT32_MAX, 0xffff },
		{ ones, 8, zeros, 4, 0xffff, 0xffff },
		{ ones, 8, ones, 4, 0, 0xffff },
		{ ones, 8, ones, 4, UINT32_MAX, 0xffff },
		{ ones, 8, ones, 4, 0xffff, 0xffff },
	};

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(rows); i++)
		assert_int_equal(call(NULL, 28, addr(rows[i].from), rows[i].n, addr(rows[i].to),
					 rows[i].m, rows[i].seed),
			rows[i].want);
}

static void
csum_diff_refuses_odd_and_large_sizes(void **state)
{
	const uint8_t mem[516] = { 0 };

	(void)state;
	assert_int_equal(call(NULL, 28, addr(mem), 512, 0, 0, 0), 0);
	assert_int_equal(call(NULL, 28, addr(mem), 2, 0, 0, 0), (uint64_t)-EINVAL);
	assert_int_equal(call(NULL, 28, 0, 0, addr(mem), 7, 0), (uint64_t)-EINVAL);
	assert_int_equal(call(NULL, 28, addr(mem), 516, 0, 0, 0), (uint64_t)-EINVAL);
	assert_int_equal(call(NULL, 28, addr(mem), 256, addr(mem), 260, 0), (uint64_t)-EINVAL);
	assert_int_equal(call(NULL, 28, addr(mem), 4, addr(mem), 0xfffffffc, 0), (uint64_t)-EINVAL);
}

/* ---- the packet ---- */

struct packet {
	struct xb_vm vm;
	struct xb_xdp xdp;
	uint8_t buf[1024];
};

/* 256 bytes of headroom, 60 of packet, 708 of tailroom, all different from zero. */
static struct packet *
packet(void)
{
	struct packet *p = calloc(1, sizeof(*p));

	assert_non_null(p);
	for (unsigned int i = 0; i < sizeof(p->buf); i++)
		p->buf[i] = (uint8_t)(i % 255 + 1);
	p->xdp = (struct xb_xdp){ .hard_start = p->buf,
		.data_meta = p->buf + 256,
		.data = p->buf + 256,
		.data_end = p->buf + 316,
		.hard_end = p->buf + 1024 };
	p->vm.pkt = &p->xdp;
	return p;
}

static int64_t
adjust(struct packet *p, int32_t id, int32_t by)
{
	/* As a program passes an int: the upper half may be anything. */
	return (int64_t)call(
		&p->vm, id, addr(&p->xdp), UINT64_C(0xdead000000000000) | (uint32_t)by, 0, 0, 0);
}

#define HEAD 44
#define META 54
#define TAIL 65

static void
adjust_head_stays_between_headroom_and_14_bytes(void **state)
{
	struct packet *p = packet();

	(void)state;
	assert_int_equal(adjust(p, HEAD, -257), -EINVAL);
	assert_int_equal(adjust(p, HEAD, 47), -EINVAL);
	assert_int_equal(adjust(p, HEAD, INT32_MIN), -EINVAL);
	assert_int_equal(adjust(p, HEAD, INT32_MAX), -EINVAL);
	assert_ptr_equal(p->xdp.data, p->buf + 256);
	assert_int_equal(adjust(p, HEAD, 46), 0);
	assert_ptr_equal(p->xdp.data, p->buf + 302);
	assert_ptr_equal(p->xdp.data_meta, p->xdp.data);
	assert_int_equal(adjust(p, HEAD, 1), -EINVAL);
	assert_int_equal(adjust(p, HEAD, -302), 0);
	assert_ptr_equal(p->xdp.data, p->buf);
	assert_int_equal(adjust(p, HEAD, 0), 0);
	assert_int_equal(adjust(p, HEAD, -1), -EINVAL);
	for (unsigned int i = 0; i < 1024; i++)
		assert_int_equal(p->buf[i], i % 255 + 1);
	free(p);
}

static void
adjust_head_takes_the_metadata_along(void **state)
{
	struct packet *p = packet();

	(void)state;
	assert_int_equal(adjust(p, META, -8), 0);
	memcpy(p->xdp.data_meta, "metadata", 8);
	assert_int_equal(adjust(p, HEAD, 3), 0);
	assert_ptr_equal(p->xdp.data, p->buf + 259);
	assert_ptr_equal(p->xdp.data_meta, p->buf + 251);
	assert_memory_equal(p->xdp.data_meta, "metadata", 8);
	assert_int_equal(adjust(p, HEAD, -259), -EINVAL);
	assert_int_equal(adjust(p, HEAD, -251), 0);
	assert_ptr_equal(p->xdp.data_meta, p->buf);
	assert_memory_equal(p->buf, "metadata", 8);
	free(p);
}

static void
adjust_meta_wants_multiples_of_4_up_to_252(void **state)
{
	struct packet *p = packet();

	(void)state;
	assert_int_equal(adjust(p, META, 4), -EINVAL);
	assert_int_equal(adjust(p, META, -260), -EINVAL);
	assert_int_equal(adjust(p, META, INT32_MIN), -EINVAL);
	assert_int_equal(adjust(p, META, -3), -EACCES);
	assert_int_equal(adjust(p, META, -256), -EACCES);
	assert_ptr_equal(p->xdp.data_meta, p->xdp.data);
	assert_int_equal(adjust(p, META, -252), 0);
	assert_ptr_equal(p->xdp.data_meta, p->buf + 4);
	assert_int_equal(adjust(p, META, 248), 0);
	assert_int_equal(adjust(p, META, -1), -EACCES);
	assert_int_equal(adjust(p, META, 4), 0);
	assert_ptr_equal(p->xdp.data_meta, p->xdp.data);
	free(p);
}

static void
adjust_tail_zeroes_what_it_adds_and_leaves_14_bytes(void **state)
{
	struct packet *p = packet();

	(void)state;
	assert_int_equal(adjust(p, TAIL, 709), -EINVAL);
	assert_int_equal(adjust(p, TAIL, -47), -EINVAL);
	assert_int_equal(adjust(p, TAIL, INT32_MIN), -EINVAL);
	assert_int_equal(adjust(p, TAIL, INT32_MAX), -EINVAL);
	assert_ptr_equal(p->xdp.data_end, p->buf + 316);
	assert_int_equal(adjust(p, TAIL, 10), 0);
	assert_int_equal(p->buf[315], 315 % 255 + 1);
	for (unsigned int i = 316; i < 326; i++)
		assert_int_equal(p->buf[i], 0);
	assert_int_equal(p->buf[326], 326 % 255 + 1);
	assert_int_equal(adjust(p, TAIL, -56), 0);
	assert_ptr_equal(p->xdp.data_end, p->xdp.data + 14);
	assert_int_equal(adjust(p, TAIL, -1), -EINVAL);
	assert_int_equal(p->buf[270], 270 % 255 + 1);
	assert_int_equal(adjust(p, TAIL, 754), 0);
	assert_ptr_equal(p->xdp.data_end, p->xdp.hard_end);
	assert_int_equal(p->buf[1023], 0);
	free(p);
}

/* Linux checks the head of a runt as of any packet; it can only grow. */
static void
a_packet_shorter_than_14_bytes_can_only_grow(void **state)
{
	struct packet *p = packet();

	(void)state;
	p->xdp.data_end = p->xdp.data + 5;
	assert_int_equal(adjust(p, HEAD, 0), -EINVAL);
	assert_int_equal(adjust(p, HEAD, -9), 0);
	p->xdp.data_end = p->xdp.data + 5;
	assert_int_equal(adjust(p, TAIL, 0), -EINVAL);
	assert_int_equal(adjust(p, TAIL, 8), -EINVAL);
	assert_int_equal(adjust(p, TAIL, 9), 0);
	free(p);
}

/* ---- elsewhere ---- */

static void
a_redirect_is_a_verdict_unless_its_flags_are_not_known(void **state)
{
	struct packet *p = packet();
	struct xb_skb skb = { 0 };

	(void)state;
	assert_int_equal(call(&p->vm, 23, 7, 0, 0, 0, 0), XDP_REDIRECT);
	assert_int_equal(call(&p->vm, 23, 7, BPF_F_INGRESS, 0, 0, 0), XDP_ABORTED);
	p->vm.skb = &skb;
	assert_int_equal(call(&p->vm, 23, 7, 0, 0, 0, 0), TC_ACT_REDIRECT);
	assert_int_equal(call(&p->vm, 23, 7, BPF_F_INGRESS, 0, 0, 0), TC_ACT_REDIRECT);
	assert_int_equal(call(&p->vm, 23, 7, 2, 0, 0, 0), TC_ACT_SHOT);
	assert_int_equal(call(&p->vm, 155, 7, 0, 0, 0, 0), TC_ACT_REDIRECT);
	assert_int_equal(call(&p->vm, 155, 7, 1, 0, 0, 0), TC_ACT_SHOT);
	assert_int_equal(call(&p->vm, 152, 7, 0, 0, 0, 0), TC_ACT_REDIRECT);
	assert_int_equal(call(&p->vm, 152, 7, addr(p), 20, 0, 0), TC_ACT_REDIRECT);
	assert_int_equal(call(&p->vm, 152, 7, addr(p), 19, 0, 0), TC_ACT_SHOT);
	assert_int_equal(call(&p->vm, 152, 7, 0, 0, 1, 0), TC_ACT_SHOT);
	free(p);
}

static void
without_a_target_redirect_map_returns_what_its_flags_say(void **state)
{
	struct xb_map *devs = make_map(BPF_MAP_TYPE_DEVMAP), *cpus = make_map(BPF_MAP_TYPE_CPUMAP);
	struct packet *p = packet();

	(void)state;
	assert_int_equal(call(&p->vm, 51, addr(devs), 0, 0, 0, 0), XDP_ABORTED);
	assert_int_equal(call(&p->vm, 51, addr(devs), 0, XDP_PASS, 0, 0), XDP_PASS);
	assert_int_equal(call(&p->vm, 51, addr(devs), 9, XDP_TX, 0, 0), XDP_TX);
	assert_int_equal(call(&p->vm, 51, addr(devs), 0, XDP_REDIRECT, 0, 0), XDP_ABORTED);
	assert_int_equal(
		call(&p->vm, 51, addr(devs), 0, BPF_F_BROADCAST | XDP_PASS, 0, 0), XDP_REDIRECT);
	assert_int_equal(call(&p->vm, 51, addr(cpus), 0, XDP_DROP, 0, 0), XDP_DROP);
	assert_int_equal(
		call(&p->vm, 51, addr(cpus), 0, BPF_F_BROADCAST | XDP_PASS, 0, 0), XDP_ABORTED);
	xb_map_free(devs);
	xb_map_free(cpus);
	free(p);
}

/* A record of n bytes takes 8 more, whole words; the last byte of the ring stays free. */
static void
a_ring_buffer_takes_records_until_it_is_full(void **state)
{
	const struct xb_map_def def = {
		.name = "ring", .type = BPF_MAP_TYPE_RINGBUF, .max_entries = 4096, .inner = -1
	};
	struct xb_map *ring = xb_map_new(&def, 1, NULL);
	struct packet *p = packet();
	uint64_t map = addr(ring), record, word = 0x1122334455667788;

	(void)state;
	assert_non_null(ring);
	assert_int_equal(call(&p->vm, 131, map, 8, 1, 0, 0), 0); /* no flags */
	assert_int_equal(call(&p->vm, 131, map, UINT64_C(1) << 32, 0, 0, 0), 0);
	record = call(&p->vm, 131, map, 2000, 0, 0, 0);
	assert_true(xb_map_owns(ring, (const void *)(uintptr_t)record, 2000, true));
	assert_int_equal(call(&p->vm, 134, map, BPF_RB_PROD_POS, 0, 0, 0), 2008);
	call(&p->vm, 132, record, 0, 0, 0, 0);
	assert_int_equal(call(&p->vm, 130, map, addr(&word), 5, 4, 0), (uint64_t)-EINVAL);
	assert_int_equal(call(&p->vm, 130, map, addr(&word), 5, BPF_RB_NO_WAKEUP, 0), 0);
	assert_int_equal(call(&p->vm, 134, map, BPF_RB_AVAIL_DATA, 0, 0, 0), 2024);
	assert_memory_equal((const uint8_t *)(uintptr_t)record + 2008, &word, 5);
	assert_int_equal(call(&p->vm, 131, map, 2064, 0, 0, 0), 0);
	record = call(&p->vm, 131, map, 2056, 0, 0, 0);
	assert_true(xb_map_owns(ring, (const void *)(uintptr_t)record, 2056, true));
	call(&p->vm, 133, record, 0, 0, 0, 0);
	assert_int_equal(call(&p->vm, 130, map, addr(&word), 0, 0, 0), (uint64_t)-EAGAIN);
	assert_int_equal(call(&p->vm, 134, map, BPF_RB_RING_SIZE, 0, 0, 0), 4096);
	assert_int_equal(call(&p->vm, 134, map, BPF_RB_CONS_POS, 0, 0, 0), 0);
	xb_map_free(ring);
	free(p);
}

static void
a_device_that_does_not_forward_has_no_way(void **state)
{
	struct packet *p = packet();
	struct bpf_fib_lookup way = { .family = 2 /* AF_INET */, .ifindex = 7 };
	uint64_t ctx = addr(&p->xdp), at = addr(&way);

	(void)state;
	p->xdp.ingress_ifindex = 7;
	assert_int_equal(
		call(&p->vm, 69, ctx, at, sizeof(way), 0, 0), BPF_FIB_LKUP_RET_FWD_DISABLED);
	assert_int_equal(call(&p->vm, 69, ctx, at, sizeof(way) - 1, 0, 0), (uint64_t)-EINVAL);
	assert_int_equal(call(&p->vm, 69, ctx, at, sizeof(way), 0x40, 0), (uint64_t)-EINVAL);
	way.ifindex = 8;
	assert_int_equal(call(&p->vm, 69, ctx, at, sizeof(way), 0x3f, 0), (uint64_t)-ENODEV);
	way.family = 1;
	assert_int_equal(call(&p->vm, 69, ctx, at, sizeof(way), 0, 0), (uint64_t)-EAFNOSUPPORT);
	free(p);
}

static void
an_event_nobody_reads_is_an_error_the_program_sees(void **state)
{
	struct xb_map *events = make_map(BPF_MAP_TYPE_PERF_EVENT_ARRAY);
	struct packet *p = packet();
	uint64_t ctx = addr(&p->xdp), map = addr(events), size = (uint64_t)60 << 32;
	uint32_t word = 1;

	(void)state;
	assert_int_equal(call(&p->vm, 188, ctx, 0, 0, 0, 0), 60);
	assert_int_equal(call(&p->vm, 25, ctx, map, 3, addr(&word), 4), (uint64_t)-ENOENT);
	assert_int_equal(call(&p->vm, 25, ctx, map, 4, addr(&word), 4), (uint64_t)-E2BIG);
	assert_int_equal(
		call(&p->vm, 25, ctx, map, BPF_F_CURRENT_CPU, addr(&word), 4), (uint64_t)-ENOENT);
	assert_int_equal(call(&p->vm, 25, ctx, map, size, addr(&word), 4), (uint64_t)-ENOENT);
	assert_int_equal(call(&p->vm, 25, ctx, map, size + (UINT64_C(1) << 32), addr(&word), 4),
		(uint64_t)-EFAULT);
	assert_int_equal(
		call(&p->vm, 25, ctx, map, UINT64_C(1) << 52, addr(&word), 4), (uint64_t)-EINVAL);
	xb_map_free(events);
	free(p);
}

static void
bytes_are_loaded_and_stored_inside_the_packet(void **state)
{
	struct packet *p = packet();
	uint8_t buf[64] = { 0 };

	(void)state;
	assert_int_equal(call(&p->vm, 189, addr(&p->xdp), 50, addr(buf), 10, 0), 0);
	assert_memory_equal(buf, p->buf + 306, 10);
	assert_int_equal(buf[10], 0);
	assert_int_equal(call(&p->vm, 189, addr(&p->xdp), 51, addr(buf), 10, 0), (uint64_t)-EINVAL);
	assert_int_equal(
		call(&p->vm, 189, addr(&p->xdp), 0x10000, addr(buf), 1, 0), (uint64_t)-EFAULT);
	assert_int_equal(
		call(&p->vm, 189, addr(&p->xdp), 0, addr(buf), 0x10000, 0), (uint64_t)-EFAULT);
	assert_int_equal(
		call(&p->vm, 189, addr(&p->xdp), 0xffff, addr(buf), 0xffff, 0), (uint64_t)-EINVAL);
	assert_int_equal(
		call(&p->vm, 189, addr(&p->xdp), UINT32_MAX, addr(buf), 1, 0), (uint64_t)-EFAULT);
	assert_int_equal(call(&p->vm, 190, addr(&p->xdp), 56, addr("tail"), 4, 0), 0);
	assert_memory_equal(p->buf + 312, "tail", 4);
	assert_int_equal(
		call(&p->vm, 190, addr(&p->xdp), 57, addr("tail"), 4, 0), (uint64_t)-EINVAL);
	assert_int_equal(p->buf[316], 316 % 255 + 1);
	free(p);
}

/* ---- trace_printk ---- */

static const struct {
	const char *fmt;
	uint64_t args[3];
	const char *out; /* NULL: refused */
} prints[] = {
	{ "plain", { 0 }, "plain\n" },
	{ "with newline\n", { 0 }, "with newline\n" },
	{ "", { 0 }, "\n" },
	{ "100%%", { 0 }, "100%\n" },
	{ "%d %i %u", { UINT64_MAX, 0xffffffff00000005, UINT64_MAX }, "-1 5 4294967295\n" },
	{ "%x %lx %llx", { UINT64_MAX, UINT64_MAX, 255 }, "ffffffff ffffffffffffffff ff\n" },
	{ "%ld %li %lu", { UINT64_MAX, 7, UINT64_MAX }, "-1 7 18446744073709551615\n" },
	{ "%lld %lli %llu", { (uint64_t)INT64_MIN, 1, 2 }, "-9223372036854775808 1 2\n" },
	{ "%5d|%-5d|%05d", { 42, 42, (uint64_t)-42 }, "   42|42   |-0042\n" },
	{ "%+d % d %c", { 1, 2, 'x' }, "+1  2 x\n" },
	{ "%p %px %pK", { 0xabc, 0xabc, 1 },
		"0000000000000abc 0000000000000abc 0000000000000001\n" },
	{ "%p", { 0 }, "0000000000000000\n" },
	{ "%d %d %d %d", { 0 }, NULL },
	{ "%", { 0 }, NULL },
	{ "%l", { 0 }, NULL },
	{ "%llld", { 0 }, NULL },
	{ "%f", { 0 }, NULL },
	{ "%hd", { 0 }, NULL },
	{ "%X", { 0 }, NULL },
	{ "%o", { 0 }, NULL },
	{ "%.3d", { 0 }, NULL },
	{ "%*d", { 0 }, NULL },
	{ "%n", { 0 }, NULL },
	{ "%ls", { 0 }, NULL },
	{ "%lp", { 0 }, NULL },
	{ "%pf", { 0 }, NULL },
	{ "%sa", { 0 }, NULL },
	{ "\x01", { 0 }, NULL },
	{ "caf\xc3\xa9", { 0 }, NULL },
};

static void
trace_printk_formats_as_the_kernel_does_or_refuses(void **state)
{
	struct xb_vm *vm = calloc(1, sizeof(*vm));

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(prints); i++) {
		const uint64_t *a = prints[i].args;
		size_t n = strlen(prints[i].fmt) + 1, len = 0;
		char *out = NULL;
		uint64_t ret;

		vm->trace = open_memstream(&out, &len);
		ret = call(vm, 6, addr(prints[i].fmt), n, a[0], a[1], a[2]);
		fclose(vm->trace);
		if (strcmp(out, prints[i].out ? prints[i].out : "") != 0)
			fail_msg("'%s' printed '%s'", prints[i].fmt, out);
		if (!prints[i].out)
			assert_int_equal(ret, (uint64_t)-EINVAL);
		else if (!strchr(prints[i].fmt, '\n'))
			assert_int_equal(ret, len - 1);
		free(out);
	}
	vm->trace = NULL;
	assert_int_equal(call(vm, 6, addr("no end"), 6, 0, 0, 0), (uint64_t)-EINVAL);
	assert_int_equal(call(vm, 6, addr("nobody reads"), 13, 0, 0, 0), 12);
	free(vm);
}

static void
trace_printk_reads_only_strings_it_may(void **state)
{
	struct xb_vm *vm = calloc(1, sizeof(*vm));
	const struct xb_image image = { 0 };
	char mem[2000], *out = NULL;
	size_t len = 0;

	(void)state;
	memset(mem, 'a', sizeof(mem));
	memcpy(mem, "hello", 6);
	vm->plain.data_meta = (uint8_t *)mem;
	vm->plain.data_end = (uint8_t *)mem + sizeof(mem);
	vm->pkt = &vm->plain;
	vm->image = &image;
	vm->trace = open_memstream(&out, &len);
	call(vm, 6, addr("<%s> <%7s> <%s>"), 16, addr(mem), addr(mem + 2), 0x1234);
	call(vm, 6, addr("<%s>"), 5, addr(mem + 1990), 0, 0);
	fflush(vm->trace);
	assert_string_equal(out, "<hello> <    llo> <>\n<>\n");
	/* Longer than the buffer: cut, and the length is what it would have been. */
	assert_int_equal(
		call(vm, 6, addr("%s%s%s"), 7, addr(mem + 6), addr(mem + 6), addr(mem + 6)),
		3 * 511);
	fclose(vm->trace);
	assert_int_equal(len, strlen("<hello> <    llo> <>\n<>\n") + 1024);
	free(out);
	free(vm);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_helper_of_the_uapi_is_there_once),
		cmocka_unit_test(names_are_those_of_the_uapi_header),
		cmocka_unit_test(prototypes_are_sound),
		cmocka_unit_test(the_helpers_that_are_implemented_are_these),
		cmocka_unit_test(arguments_are_what_the_row_says),
		cmocka_unit_test(map_helpers_act_for_the_vms_worker),
		cmocka_unit_test(random_numbers_follow_the_seed_and_time_goes_on),
		cmocka_unit_test(csum_diff_is_ones_complement_arithmetic),
		cmocka_unit_test(csum_diff_gives_the_kernels_zero),
		cmocka_unit_test(csum_diff_refuses_odd_and_large_sizes),
		cmocka_unit_test(adjust_head_stays_between_headroom_and_14_bytes),
		cmocka_unit_test(adjust_head_takes_the_metadata_along),
		cmocka_unit_test(adjust_meta_wants_multiples_of_4_up_to_252),
		cmocka_unit_test(adjust_tail_zeroes_what_it_adds_and_leaves_14_bytes),
		cmocka_unit_test(a_packet_shorter_than_14_bytes_can_only_grow),
		cmocka_unit_test(a_redirect_is_a_verdict_unless_its_flags_are_not_known),
		cmocka_unit_test(without_a_target_redirect_map_returns_what_its_flags_say),
		cmocka_unit_test(a_ring_buffer_takes_records_until_it_is_full),
		cmocka_unit_test(a_device_that_does_not_forward_has_no_way),
		cmocka_unit_test(an_event_nobody_reads_is_an_error_the_program_sees),
		cmocka_unit_test(bytes_are_loaded_and_stored_inside_the_packet),
		cmocka_unit_test(trace_printk_formats_as_the_kernel_does_or_refuses),
		cmocka_unit_test(trace_printk_reads_only_strings_it_may),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
