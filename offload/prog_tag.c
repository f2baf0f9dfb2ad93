/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A program's tag: the beginning of a hash over its instructions as user space gave them, without
 * descriptors of maps (kernel: bpf_prog_calc_tag(); reference/kernel-offload.md 1.7).
 */
#include "offload/internal.h"

#include <sha1.h>
#include <sha2.h>
#include <string.h>

struct hash {
	bool is_sha256;
	SHA1_CTX sha1;
	SHA2_CTX sha2;
};

static void
begin(struct hash *h, const struct off_kernel *k)
{
	h->is_sha256 = k->opts.linux_version >= OFF_LINUX(6, 18);
	if (h->is_sha256)
		SHA256Init(&h->sha2);
	else
		SHA1Init(&h->sha1);
}

static void
add(struct hash *h, const struct bpf_insn *insn)
{
	uint8_t bytes[sizeof(*insn)];

	memcpy(bytes, insn, sizeof(bytes));
	if (h->is_sha256)
		SHA256Update(&h->sha2, bytes, sizeof(bytes));
	else
		SHA1Update(&h->sha1, bytes, sizeof(bytes));
}

static void
end(struct hash *h, uint8_t tag[8])
{
	uint8_t digest[SHA256_DIGEST_LENGTH];

	if (h->is_sha256)
		SHA256Final(digest, &h->sha2);
	else
		SHA1Final(digest, &h->sha1);
	memcpy(tag, digest, 8);
}

static bool
is_map_fd(const struct bpf_insn *insn)
{
	return xb_insn_is_wide(insn) &&
	       (insn->src_reg == BPF_PSEUDO_MAP_FD || insn->src_reg == BPF_PSEUDO_MAP_VALUE);
}

void
off_prog_set_tag(struct off_prog *prog, const struct bpf_insn *insns)
{
	bool is_second = false; /* the slot after one that names a map */
	struct hash h;

	begin(&h, prog->o.k);
	for (uint32_t i = 0; i < prog->insn_cnt; i++) {
		struct bpf_insn insn = insns[i];
		bool is_first = !is_second && is_map_fd(&insn);

		if (is_first || (is_second && insn.code == 0))
			insn.imm = 0;
		add(&h, &insn);
		is_second = is_first;
	}
	end(&h, prog->tag);
}
