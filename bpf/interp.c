/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The interpreter. One source, built three times, as XB_INTERP says: XB_CHECKED=1 tests every
 * access, counts instructions and may run anything xb_insns_check() let through; with XB_TRACED=1
 * it also shows every instruction before it is executed; XB_CHECKED=0 tests nothing and runs only
 * what a verifier accepted.
 *
 * Threaded code: image.c put the address of its handler into every instruction, a handler ends
 * by jumping to the next one's. Handlers are labels h_<name of opcodes.def>; one that is missing is
 * a compile error. RFC 9669 section 4 gives the semantics: 32-bit operations zero the upper half,
 * shifts are masked, division by zero gives 0, modulo by zero leaves the dividend.
 */
#include "bpf/internal.h"

#include <endian.h>
#include <errno.h>
#include <string.h>

#define likely(x) __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)

/* What a bpf-to-bpf call must bring back. */
struct frame {
	const struct xb_dinsn *back;
	const struct xb_image *image;
	uint64_t saved[4]; /* r6 - r9 */
};

#if XB_TRACED
#define DISPATCH()                                                                                 \
	do {                                                                                       \
		if (vm->step)                                                                      \
			vm->step(vm->step_arg,                                                     \
				&(struct xb_step){                                                 \
					vm->image, (uint32_t)(ip - vm->image->code), r, depth });  \
		goto * ip->go;                                                                     \
	} while (0)
#else
#define DISPATCH() goto * ip->go
#endif

#if XB_CHECKED

/* The two places nearly every access goes to; the rest is asked of vm.c. */
static inline bool
is_inside(uint64_t addr, uint64_t size, const uint8_t *from, const uint8_t *to)
{
	uint64_t lo = (uint64_t)(uintptr_t)from, hi = (uint64_t)(uintptr_t)to;

	return addr >= lo && addr <= hi && size <= hi - addr;
}

static inline bool
is_near(const struct xb_vm *vm, uint64_t addr, uint64_t size)
{
	return likely(is_inside(addr, size, vm->pkt->data_meta, vm->pkt->data_end)) ||
	       likely(is_inside(addr, size, vm->stack, vm->stack_end));
}

/* Instructions are counted where control leaves a straight run. */
#define TRANSFER(to)                                                                               \
	do {                                                                                       \
		left -= ip - run + 1;                                                              \
		ip = run = (to);                                                                   \
		if (unlikely(left < 0))                                                            \
			goto out_of_budget;                                                        \
		DISPATCH();                                                                        \
	} while (0)
#define CHECK(address, size, is_write)                                                             \
	do {                                                                                       \
		if (unlikely(!is_near(vm, address, size) &&                                        \
			     !xb_vm_may_access(vm, address, size, is_write))) {                    \
			access = (address), access_size = (size), access_write = (is_write);       \
			goto stray;                                                                \
		}                                                                                  \
	} while (0)
/* Atomics: alignment is the processor's rule, and the kernel's. */
#define CHECK_ATOMIC(address, size)                                                                \
	do {                                                                                       \
		if (unlikely((address) % (size)))                                                  \
			goto misaligned;                                                           \
		CHECK(address, size, true);                                                        \
	} while (0)
#else
#define TRANSFER(to)                                                                               \
	do {                                                                                       \
		ip = (to);                                                                         \
		DISPATCH();                                                                        \
	} while (0)
#define CHECK(address, size, is_write) ((void)0)
#define CHECK_ATOMIC(address, size) ((void)0)
#endif

#define NEXT()                                                                                     \
	do {                                                                                       \
		ip++;                                                                              \
		DISPATCH();                                                                        \
	} while (0)

#define DST r[ip->dst]
#define SRC r[ip->src]
#define IMM ((uint64_t)(int64_t)ip->imm)
#define DST32 ((uint32_t)DST)
#define SRC32 ((uint32_t)SRC)
#define IMM32 ((uint32_t)ip->imm)

/* An arithmetic instruction in its four forms, as expressions of a and b. */
#define ALU(id, expr64, expr32)                                                                    \
	h_##id##64_K:                                                                              \
	{                                                                                          \
		uint64_t a = DST, b = IMM;                                                         \
		(void)a;                                                                           \
		DST = (expr64);                                                                    \
	}                                                                                          \
	NEXT();                                                                                    \
	h_##id##64_X:                                                                              \
	{                                                                                          \
		uint64_t a = DST, b = SRC;                                                         \
		(void)a;                                                                           \
		DST = (expr64);                                                                    \
	}                                                                                          \
	NEXT();                                                                                    \
	h_##id##32_K:                                                                              \
	{                                                                                          \
		uint32_t a = DST32, b = IMM32;                                                     \
		(void)a;                                                                           \
		DST = (uint32_t)(expr32);                                                          \
	}                                                                                          \
	NEXT();                                                                                    \
	h_##id##32_X:                                                                              \
	{                                                                                          \
		uint32_t a = DST32, b = SRC32;                                                     \
		(void)a;                                                                           \
		DST = (uint32_t)(expr32);                                                          \
	}                                                                                          \
	NEXT();

#define JUMP_IF(cond)                                                                              \
	do {                                                                                       \
		if (cond)                                                                          \
			TRANSFER(ip + 1 + ip->off);                                                \
		NEXT();                                                                            \
	} while (0)
/* A conditional jump in its four forms; T64, T32 give the operands their sign. */
#define JMP(id, T64, T32, op)                                                                      \
	h_##id##64_K : JUMP_IF((T64)DST op(T64) IMM);                                              \
	h_##id##64_X : JUMP_IF((T64)DST op(T64) SRC);                                              \
	h_##id##32_K : JUMP_IF((T32)DST op(T32) ip->imm);                                          \
	h_##id##32_X : JUMP_IF((T32)DST op(T32) SRC);

#define ADDRESS(reg) ((reg) + (uint64_t)(int64_t)ip->off)

/* The context is not memory: its fields are looked up. */
#if XB_CHECKED
#define IS_SIGNED(type) ((type)-1 < (type)1)
#define LOAD_CTX(addr, type)                                                                       \
	{                                                                                          \
		uint64_t field;                                                                    \
                                                                                                   \
		if (unlikely(!is_near(vm, addr, sizeof(type))) &&                                  \
			xb_vm_read_ctx(vm, addr, sizeof(type), IS_SIGNED(type), &field)) {         \
			DST = field;                                                               \
			NEXT();                                                                    \
		}                                                                                  \
	}
#define STORE_CTX(addr, type, from, is_imm)                                                        \
	if (unlikely(!is_near(vm, addr, sizeof(type))) &&                                          \
		xb_vm_write_ctx(vm, addr, sizeof(type), (uint64_t)(from), is_imm))                 \
		NEXT();
#else
#define LOAD_CTX(addr, type)
#define STORE_CTX(addr, type, from, is_imm)
#endif

/* memcpy, since packets are not aligned. */
#define LOAD_AS(type, convert)                                                                     \
	{                                                                                          \
		uint64_t addr = ADDRESS(SRC);                                                      \
		type value;                                                                        \
                                                                                                   \
		LOAD_CTX(addr, type)                                                               \
		CHECK(addr, sizeof(type), false);                                                  \
		memcpy(&value, (const void *)(uintptr_t)addr, sizeof(type));                       \
		DST = (convert)value;                                                              \
		NEXT();                                                                            \
	}
#define STORE_AS(type, from, is_imm)                                                               \
	{                                                                                          \
		uint64_t addr = ADDRESS(DST);                                                      \
		type value = (type)(from);                                                         \
                                                                                                   \
		STORE_CTX(addr, type, from, is_imm)                                                \
		CHECK(addr, sizeof(type), true);                                                   \
		memcpy((void *)(uintptr_t)addr, &value, sizeof(type));                             \
		NEXT();                                                                            \
	}
#define MEM(width, type)                                                                           \
	h_LDX##width : LOAD_AS(type, uint64_t) h_STX##width                                        \
	    : STORE_AS(type, SRC, false) h_ST##width : STORE_AS(type, ip->imm, true)

/* Atomics are the compiler's, sequentially consistent: map values are shared by workers. */
#define ATOMIC_AS(type, before, builtin, after)                                                    \
	{                                                                                          \
		uint64_t addr = ADDRESS(DST);                                                      \
		type *p = (type *)(uintptr_t)addr;                                                 \
                                                                                                   \
		CHECK_ATOMIC(addr, sizeof(type));                                                  \
		before builtin(p, (type)SRC, __ATOMIC_SEQ_CST) after;                              \
		NEXT();                                                                            \
	}
#define ATOMIC(id, builtin)                                                                        \
	h_A##id##64 : ATOMIC_AS(uint64_t, , builtin, ) h_A##id##32                                 \
	    : ATOMIC_AS(uint32_t, , builtin, ) h_AF##id##64                                        \
	    : ATOMIC_AS(uint64_t, SRC =, builtin, ) h_AF##id##32                                   \
	    : ATOMIC_AS(uint32_t, SRC =, builtin, )
#define CMPXCHG_AS(type)                                                                           \
	{                                                                                          \
		uint64_t addr = ADDRESS(DST);                                                      \
		type expected = (type)r[0];                                                        \
                                                                                                   \
		CHECK_ATOMIC(addr, sizeof(type));                                                  \
		__atomic_compare_exchange_n((type *)(uintptr_t)addr, &expected, (type)SRC, false,  \
			__ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);                                       \
		r[0] = expected;                                                                   \
		NEXT();                                                                            \
	}

/* Packet byte offset, in network order; outside of the packet the function ends and returns 0, the
 * program when it is its own (bpf_gen_ld_abs() has an exit there). */
#define LD_PACKET(type, offset, convert)                                                           \
	{                                                                                          \
		int64_t at = (int64_t)(offset);                                                    \
		int64_t bytes = vm->pkt->data_end - vm->pkt->data;                                 \
		type value;                                                                        \
                                                                                                   \
		if (unlikely(at < 0))                                                              \
			at = xb_vm_legacy_offset(vm, at);                                          \
		if (at < 0 || at > bytes - (int64_t)sizeof(type)) {                                \
			r[0] = 0;                                                                  \
			goto h_EXIT;                                                               \
		}                                                                                  \
		memcpy(&value, vm->pkt->data + at, sizeof(type));                                  \
		r[0] = convert(value);                                                             \
		NEXT();                                                                            \
	}

/* Handlers of XB_FUSED_LIST: expr is the value of dst before the last instruction of the run, which
 * is at ip[last]. dst is written before anything else is read: that may be dst again. */
#define IMM_OF(n) ((uint64_t)(int64_t)ip[n].imm)
#define BYTE ((uint64_t) * (const uint8_t *)(uintptr_t)ADDRESS(SRC))
#define HALF ((uint64_t)load_half(ADDRESS(SRC)))
#define FUSED_VALUE(expr, slots)                                                                   \
	{                                                                                          \
		DST = (expr);                                                                      \
		ip += (slots);                                                                     \
		DISPATCH();                                                                        \
	}
#define FUSED_OR(expr, last)                                                                       \
	{                                                                                          \
		uint64_t value = (expr);                                                           \
                                                                                                   \
		DST = value;                                                                       \
		DST = value | r[ip[last].src];                                                     \
		ip += (last) + 1;                                                                  \
		DISPATCH();                                                                        \
	}
#define FUSED_JUMP(expr, op, other, last)                                                          \
	{                                                                                          \
		uint64_t value = (expr);                                                           \
                                                                                                   \
		DST = value;                                                                       \
		ip += (last) + 1 + (value op(other) ? (intptr_t)ip[last].off : 0);                 \
		DISPATCH();                                                                        \
	}

static inline uint16_t
load_half(uint64_t addr)
{
	uint16_t value;

	memcpy(&value, (const void *)(uintptr_t)addr, sizeof(value));
	return value;
}

static inline uint64_t
sdiv64(uint64_t a, uint64_t b)
{
	return b == 0 ? 0 : b == UINT64_MAX ? -a : (uint64_t)((int64_t)a / (int64_t)b);
}

static inline uint64_t
smod64(uint64_t a, uint64_t b)
{
	return b == 0 ? a : b == UINT64_MAX ? 0 : (uint64_t)((int64_t)a % (int64_t)b);
}

static inline uint32_t
sdiv32(uint32_t a, uint32_t b)
{
	return b == 0 ? 0 : b == UINT32_MAX ? -a : (uint32_t)((int32_t)a / (int32_t)b);
}

static inline uint32_t
smod32(uint32_t a, uint32_t b)
{
	return b == 0 ? a : b == UINT32_MAX ? 0 : (uint32_t)((int32_t)a % (int32_t)b);
}

int
XB_INTERP(struct xb_vm *vm, const struct xb_image *image, uint64_t r1, uint64_t r2, uint64_t *ret)
{
	static const void *const handlers[XB_X_CNT] = {
#define OP(id, ...) [XB_X_##id] = &&h_##id,
#include "bpf/opcodes.def"
#undef OP
		[XB_X_TAIL_CALL] = &&h_TAIL_CALL,
		[XB_X_STX_QUEUE] = &&h_STX_QUEUE,
#define FUSED(id, ...) [XB_X_##id] = &&h_##id,
		XB_FUSED_LIST(FUSED)
#undef FUSED
	};
	struct frame frames[XB_FRAMES_MAX];
	uint64_t r[11];
	const struct xb_dinsn *ip;
	unsigned int depth = 0, tail_calls = 0;
#if XB_CHECKED
	const struct xb_dinsn *run; /* where the straight run began */
	int64_t left;
	uint64_t access, access_size;
	bool access_write;
#endif

	if (!image) {
		*ret = (uint64_t)(uintptr_t)handlers;
		return 0;
	}
#if XB_CHECKED
	left = (int64_t)vm->budget;
	run = image->code;
	memset(r, 0, sizeof(r));
#endif
	vm->image = image;
	vm->stack_end = vm->stack + XB_STACK_BYTES;
	r[1] = r1;
	r[2] = r2;
	r[10] = (uint64_t)(uintptr_t)vm->stack_end;
	ip = image->code;
	DISPATCH();

	/* clang-format off */

	/* RFC 9669 section 4.1 */
	ALU(ADD, a + b, a + b)
	ALU(SUB, a - b, a - b)
	ALU(MUL, a * b, a * b)
	ALU(DIV, b ? a / b : 0, b ? a / b : 0)
	ALU(MOD, b ? a % b : a, b ? a % b : a)
	ALU(SDIV, sdiv64(a, b), sdiv32(a, b))
	ALU(SMOD, smod64(a, b), smod32(a, b))
	ALU(OR, a | b, a | b)
	ALU(AND, a & b, a & b)
	ALU(XOR, a ^ b, a ^ b)
	ALU(LSH, a << (b & 63), a << (b & 31))
	ALU(RSH, a >> (b & 63), a >> (b & 31))
	ALU(ARSH, (uint64_t)((int64_t)a >> (b & 63)), (int32_t)a >> (b & 31))
	ALU(MOV, b, b)
	h_NEG64: DST = -DST; NEXT();
	h_NEG32: DST = (uint32_t)-DST32; NEXT();
	h_MOVSX64_8: DST = (uint64_t)(int8_t)SRC; NEXT();
	h_MOVSX64_16: DST = (uint64_t)(int16_t)SRC; NEXT();
	h_MOVSX64_32: DST = (uint64_t)(int32_t)SRC; NEXT();
	h_MOVSX32_8: DST = (uint64_t)(uint32_t)(int8_t)SRC; NEXT();
	h_MOVSX32_16: DST = (uint64_t)(uint32_t)(int16_t)SRC; NEXT();

	/* section 4.2 */
	h_LE16: DST = htole16((uint16_t)DST); NEXT();
	h_LE32: DST = htole32(DST32); NEXT();
	h_LE64: DST = htole64(DST); NEXT();
	h_BE16: DST = htobe16((uint16_t)DST); NEXT();
	h_BE32: DST = htobe32(DST32); NEXT();
	h_BE64: DST = htobe64(DST); NEXT();
	h_BSWAP16: DST = __builtin_bswap16((uint16_t)DST); NEXT();
	h_BSWAP32: DST = __builtin_bswap32(DST32); NEXT();
	h_BSWAP64: DST = __builtin_bswap64(DST); NEXT();

	/* section 4.3 */
	JMP(JEQ, uint64_t, uint32_t, ==)
	JMP(JNE, uint64_t, uint32_t, !=)
	JMP(JGT, uint64_t, uint32_t, >)
	JMP(JGE, uint64_t, uint32_t, >=)
	JMP(JLT, uint64_t, uint32_t, <)
	JMP(JLE, uint64_t, uint32_t, <=)
	JMP(JSGT, int64_t, int32_t, >)
	JMP(JSGE, int64_t, int32_t, >=)
	JMP(JSLT, int64_t, int32_t, <)
	JMP(JSLE, int64_t, int32_t, <=)
	JMP(JSET, uint64_t, uint32_t, &)
	h_JA: TRANSFER(ip + 1 + ip->off);
	h_JAL: TRANSFER(ip + 1 + ip->imm);

	/* sections 5.1, 5.2 */
	MEM(B, uint8_t)
	MEM(H, uint16_t)
	MEM(W, uint32_t)
	MEM(DW, uint64_t)
	h_LDXSB: LOAD_AS(int8_t, uint64_t)
	h_LDXSH: LOAD_AS(int16_t, uint64_t)
	h_LDXSW: LOAD_AS(int32_t, uint64_t)
	h_STX_QUEUE: /* image_ctx.c; the kernel's jump around its store */
		if (SRC >= XB_NO_QUEUE_MAPPING)
			NEXT();
		goto h_STXH;

	/* section 5.3 */
	ATOMIC(ADD, __atomic_fetch_add)
	ATOMIC(OR, __atomic_fetch_or)
	ATOMIC(AND, __atomic_fetch_and)
	ATOMIC(XOR, __atomic_fetch_xor)
	h_AFXCHG64: ATOMIC_AS(uint64_t, SRC =, __atomic_exchange_n, )
	h_AFXCHG32: ATOMIC_AS(uint32_t, SRC =, __atomic_exchange_n, )
	h_ACMPXCHG64: CMPXCHG_AS(uint64_t)
	h_ACMPXCHG32: CMPXCHG_AS(uint32_t)

	/* section 5.5 */
	h_LD_ABSB: LD_PACKET(uint8_t, ip->imm, )
	h_LD_ABSH: LD_PACKET(uint16_t, ip->imm, be16toh)
	h_LD_ABSW: LD_PACKET(uint32_t, ip->imm, be32toh)
	h_LD_INDB: LD_PACKET(uint8_t, (int32_t)(SRC32 + IMM32), )
	h_LD_INDH: LD_PACKET(uint16_t, (int32_t)(SRC32 + IMM32), be16toh)
	h_LD_INDW: LD_PACKET(uint32_t, (int32_t)(SRC32 + IMM32), be32toh)

	/* runs of XB_FUSED_LIST: the value stays in a register; ip[n] are the operands of the n-th */
	h_MOV_ADD_JGT: FUSED_JUMP(SRC + IMM_OF(1), >, r[ip[2].src], 2)
	h_MOV_ADD: FUSED_VALUE(SRC + IMM_OF(1), 2)
	h_MOV_AND: FUSED_VALUE(SRC & IMM_OF(1), 2)
	h_ADD_JGT: FUSED_JUMP(DST + SRC, >, r[ip[1].src], 1)
	h_LDXB_LSH_OR: FUSED_OR(BYTE << (ip[1].imm & 63), 2)
	h_LDXB_LSH: FUSED_VALUE(BYTE << (ip[1].imm & 63), 2)
	h_LSH_OR: FUSED_OR(DST << (ip->imm & 63), 1)
	h_LSH_RSH: FUSED_VALUE(DST << (ip->imm & 63) >> (ip[1].imm & 63), 2)
	h_LDXB_JNE: FUSED_JUMP(BYTE, !=, IMM_OF(1), 1)
	h_LDXH_JNE: FUSED_JUMP(HALF, !=, IMM_OF(1), 1)
	h_AND_JNE: FUSED_JUMP(DST & IMM, !=, IMM_OF(1), 1)

	/* clang-format on */

	/* section 5.4: image.c put the value into the second slot */
h_LD_IMM64:
h_LD_MAP_FD:
h_LD_MAP_VALUE:
h_LD_VAR_ADDR:
h_LD_CODE_ADDR:
h_LD_MAP_IDX:
h_LD_MAP_IDX_VALUE:
	DST = ip[1].imm64;
	ip += 2;
	DISPATCH();

h_CALL_BTF: /* image.c lets none through */
h_CALL : {
	const struct xb_helper *helper = (const struct xb_helper *)(uintptr_t)ip->imm64;

#if XB_CHECKED
	if (unlikely(!xb_vm_check_args(vm, helper, &r[1])))
		goto bad_argument;
#endif
	r[0] = helper->fn(vm, r[1], r[2], r[3], r[4], r[5]);
	NEXT();
}

h_TAIL_CALL : { /* r1 context, r2 map, r3 index; falls through when there is nothing to call */
	const struct xb_image *target;

#if XB_CHECKED
	if (unlikely(!xb_vm_check_args(vm, xb_helper_by_id(BPF_FUNC_tail_call), &r[1])))
		goto bad_argument;
#endif
	target = xb_map_get_prog((const struct xb_map *)(uintptr_t)r[2], (uint32_t)r[3]);
	if (!target || tail_calls == XB_TAIL_CALLS_MAX)
		NEXT();
	tail_calls++;
	vm->image = target;
	TRANSFER(target->code);
}

h_CALL_LOCAL:
	if (unlikely(depth + 1 == XB_FRAMES_MAX))
		return xb_vm_faultf(vm, -ELOOP, (uint32_t)(ip - vm->image->code),
			"more than %u frames", XB_FRAMES_MAX);
	frames[depth].back = ip + 1;
	frames[depth].image = vm->image;
	memcpy(frames[depth].saved, &r[6], sizeof(frames[depth].saved));
	depth++;
	vm->stack_end += XB_STACK_BYTES;
	r[10] = (uint64_t)(uintptr_t)vm->stack_end;
	TRANSFER(ip + 1 + ip->imm);

h_EXIT:
	if (likely(depth == 0)) {
#if XB_CHECKED
		left -= ip - run + 1;
		if (unlikely(left < 0))
			goto out_of_budget;
#endif
		*ret = r[0];
		return 0;
	}
	depth--;
	memcpy(&r[6], frames[depth].saved, sizeof(frames[depth].saved));
	vm->image = frames[depth].image;
	vm->stack_end -= XB_STACK_BYTES;
	r[10] = (uint64_t)(uintptr_t)vm->stack_end;
	TRANSFER(frames[depth].back);

#if XB_CHECKED
bad_argument:
	vm->fault.insn = (uint32_t)(ip - vm->image->code);
	return -EFAULT;
stray:
	return xb_vm_fault_access(
		vm, (uint32_t)(ip - vm->image->code), access, access_size, access_write);
misaligned:
	return xb_vm_faultf(
		vm, -EFAULT, (uint32_t)(ip - vm->image->code), "atomic on a misaligned address");
out_of_budget:
	return xb_vm_faultf(vm, -E2BIG, (uint32_t)(ip - vm->image->code),
		"stopped after %llu instructions", (unsigned long long)vm->budget);
#endif
}
