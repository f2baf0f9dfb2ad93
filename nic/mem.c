/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The memories behind a microengine's commands: CTM with its packet buffers, CLS, IMEM, EMEM, and
 * the atomic engine (nfp-isa.md 6). Used by the simulator; maps and packets live here. Every
 * access is checked against the memory it names.
 */
#include "nic/internal.h"

#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

struct nic_mem *
nic_mem_new(uint64_t emem_bytes)
{
	struct nic_mem *mem;

	if (emem_bytes > UINT64_C(1) << NIC_ISLAND_SHIFT) {
		errno = EINVAL;
		return NULL;
	}
	mem = calloc(1, sizeof(*mem));
	if (!mem)
		return NULL;
	/* far more than most programs use: a page is there when it is written */
	mem->emem = mmap(NULL, emem_bytes ? emem_bytes : 1, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	mem->emem_bytes = emem_bytes;
	if (mem->emem != MAP_FAILED)
		return mem;
	free(mem);
	errno = ENOMEM;
	return NULL;
}

void
nic_mem_free(struct nic_mem *mem)
{
	if (mem)
		munmap(mem->emem, mem->emem_bytes ? mem->emem_bytes : 1);
	free(mem);
}

int
nic_mem_set_packet(struct nic_mem *mem, uint32_t number, void *data, uint32_t size)
{
	if (number >= NIC_PACKETS || size > NIC_PACKET_BYTES_MAX)
		return -EINVAL;
	mem->packets[number] = (struct nic_packet){ .data = data, .size = data ? size : 0 };
	return 0;
}

/* ---- addresses ---- */

/* [offset, offset + size) of what begins at base and has `bytes`. */
static uint8_t *
within(uint8_t *base, uint64_t bytes, uint64_t offset, uint64_t size)
{
	return base && offset <= bytes && size <= bytes - offset ? base + offset : NULL;
}

static uint8_t *
local_at(struct nic_mem *mem, uint32_t address, uint64_t size)
{
	if (address & NIC_PACKET_ADDRESS)
		return nic_mem_packet_at(mem, address, size);
	return within(mem->ctm, NIC_CTM_BYTES, address, size);
}

uint8_t *
nic_mem_at(struct nic_mem *mem, enum nic_target target, uint64_t address, uint64_t size)
{
	const uint64_t offset = address & UINT32_MAX;

	if (address >> NIC_ADDRESS_BITS)
		return NULL;
	if (target == NIC_TARGET_CLS)
		return within(mem->cls, NIC_CLS_BYTES, address, size);
	if (target != NIC_TARGET_MEM)
		return NULL;
	switch (address >> NIC_ISLAND_SHIFT & 0x3f) {
	case NIC_ISLAND_LOCAL: return local_at(mem, (uint32_t)offset, size);
	case NIC_ISLAND_EMEM: return within(mem->emem, mem->emem_bytes, offset, size);
	case NIC_ISLAND_IMEM: return within(mem->imem, NIC_IMEM_BYTES, offset, size);
	default: return NULL;
	}
}

/* ---- reads and writes ---- */

/* The register that holds word i: the words of 8 bytes may be the other way round. What a command
 * does with an odd last word then is not known: it stays where it is. */
static uint32_t
word_of(const struct nic_access *a, uint32_t i, uint32_t words)
{
	if (!(a->command->how & NIC_HOW_PAIRS) || (i | 1) >= words)
		return a->xfer + i;
	return a->xfer + (i ^ 1);
}

static uint32_t
get_word(const uint8_t *from, uint32_t bytes, bool is_little)
{
	uint8_t word[4] = { 0 };
	uint32_t value;

	memcpy(word, from, bytes < 4 ? bytes : 4);
	memcpy(&value, word, 4);
	return is_little ? le32toh(value) : be32toh(value);
}

static void
put_word(uint8_t *to, uint32_t value, uint32_t bytes, bool is_little)
{
	value = is_little ? htole32(value) : htobe32(value);
	memcpy(to, &value, bytes < 4 ? bytes : 4);
}

static void
move(const struct nic_access *a, uint8_t *at, uint32_t bytes)
{
	bool is_little = a->command->how & NIC_HOW_SWAP;
	uint32_t words = (bytes + 3) / 4;

	for (uint32_t i = 0; i < words; i++, at += 4, bytes -= 4) {
		if (a->command->does == NIC_DOES_READ)
			a->in[word_of(a, i, words)] = get_word(at, bytes, is_little);
		else
			put_word(at, a->out[word_of(a, i, words)], bytes, is_little);
	}
}

/* ---- the atomic engine ---- */

static uint64_t
result_of(enum nic_does does, uint64_t old, uint64_t data, uint64_t max)
{
	switch (does) {
	case NIC_DOES_ASSIGN: return data;
	case NIC_DOES_SET: return old | data;
	case NIC_DOES_CLR: return old & ~data;
	case NIC_DOES_XOR: return old ^ data;
	case NIC_DOES_ADD: return (old + data) & max;
	case NIC_DOES_ADDSAT: return data > max - old ? max : old + data;
	case NIC_DOES_SUB: return (old - data) & max;
	default: return data > old ? 0 : old - data; /* NIC_DOES_SUBSAT */
	}
}

/* Big endian words; returns the old value. */
static uint32_t
change_word(uint8_t *at, enum nic_does does, uint32_t data)
{
	uint32_t *word = (uint32_t *)(void *)at;
	uint32_t old = __atomic_load_n(word, __ATOMIC_RELAXED), new;

	do
		new = htobe32((uint32_t)result_of(does, be32toh(old), data, UINT32_MAX));
	while (!__atomic_compare_exchange_n(
		word, &old, new, true, __ATOMIC_RELAXED, __ATOMIC_RELAXED));
	return be32toh(old);
}

/* The low word comes first, each big endian (nfp-isa.md 6.4). The same swap takes a value from
 * memory and to it: the bytes of both words on a little endian host. */
static uint64_t
swap_words(uint64_t v)
{
	uint32_t words[2];

	memcpy(words, &v, sizeof(v));
	return (uint64_t)be32toh(words[1]) << 32 | be32toh(words[0]);
}

static uint64_t
unswap_words(uint64_t v)
{
	const uint32_t words[2] = { htobe32((uint32_t)v), htobe32((uint32_t)(v >> 32)) };

	memcpy(&v, words, sizeof(v));
	return v;
}

static uint64_t
change_wide(uint8_t *at, enum nic_does does, uint64_t data)
{
	uint64_t *word = (uint64_t *)(void *)at;
	uint64_t old = __atomic_load_n(word, __ATOMIC_RELAXED), new;

	do
		new = unswap_words(result_of(does, swap_words(old), data, UINT64_MAX));
	while (!__atomic_compare_exchange_n(
		word, &old, new, true, __ATOMIC_RELAXED, __ATOMIC_RELAXED));
	return swap_words(old);
}

static void
change(const struct nic_access *a, uint8_t *at, uint32_t bytes)
{
	const struct nic_command *c = a->command;
	bool returns = c->data == NIC_DATA_IN || c->data == NIC_DATA_BOTH;

	if (c->how & NIC_HOW_WIDE) {
		uint64_t data = c->how & NIC_HOW_DATA
					? a->data
					: (uint64_t)a->out[a->xfer + 1] << 32 | a->out[a->xfer];
		uint64_t old = change_wide(at, c->does, data);

		if (returns) {
			a->in[a->xfer] = (uint32_t)old;
			a->in[a->xfer + 1] = (uint32_t)(old >> 32);
		}
		return;
	}
	for (uint32_t i = 0; i < bytes / 4; i++) {
		uint32_t data = c->how & NIC_HOW_DATA ? a->data : a->out[a->xfer + i];
		uint32_t old = change_word(at + 4 * i, c->does, data);

		if (returns)
			a->in[a->xfer + i] = old;
	}
}

/* ---- a command ---- */

/* Bytes of memory it is about. */
static uint32_t
bytes_of(const struct nic_access *a)
{
	if (a->command->does < NIC_DOES_ASSIGN)
		return a->units * a->command->unit;
	return a->command->how & NIC_HOW_WIDE ? 8 : 4 * a->units;
}

static const char *
check(const struct nic_access *a, uint32_t bytes)
{
	const struct nic_command *c = a->command;
	bool is_atomic = c->does >= NIC_DOES_ASSIGN;

	if (c->does == NIC_DOES_NOTHING)
		return "the command is not modelled";
	if (a->units < 1 || a->units > NIC_UNITS_MAX)
		return "a command has 1 to 32 units";
	if (is_atomic && c->how & (NIC_HOW_WIDE | NIC_HOW_DATA) && a->units != 1)
		return "an atomic of 64 bits or with immediate data is about one word";
	if (a->xfer + (bytes + 3) / 4 > NIC_XFERS)
		return "the command needs transfer registers beyond the last";
	if (c->how & NIC_HOW_DATA && !a->has_data)
		return "the command takes immediate data and there is none";
	return NULL;
}

const char *
nic_mem_place(struct nic_mem *mem, const struct nic_access *a, uint8_t **at)
{
	const uint32_t bytes = bytes_of(a);
	const char *reason = check(a, bytes);

	if (reason)
		return reason;
	*at = nic_mem_at(mem, a->command->target, a->address, bytes);
	if (!*at)
		return "there is no memory at the address";
	if (a->command->does >= NIC_DOES_ASSIGN &&
		(uintptr_t)*at & (a->command->how & NIC_HOW_WIDE ? 7 : 3))
		return "the address of an atomic must be a multiple of its size";
	return NULL;
}

void
nic_mem_do(const struct nic_access *a, uint8_t *at)
{
	if (a->command->does < NIC_DOES_ASSIGN)
		move(a, at, bytes_of(a));
	else
		change(a, at, bytes_of(a));
}

const char *
nic_mem_access(struct nic_mem *mem, const struct nic_access *a)
{
	uint8_t *at;
	const char *reason = nic_mem_place(mem, a, &at);

	if (!reason)
		nic_mem_do(a, at);
	return reason;
}
