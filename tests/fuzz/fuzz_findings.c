/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Random programs for two cards, one whose machine ends at the first refusal, as the kernel does,
 * and one whose machine goes on to find all (offload.h 10): both take the same programs and make
 *the same words of them, and of what is refused the finding marked "first" is what the other ended
 *with.
 *
 *	fuzz_findings [-n COUNT | -t SECONDS] [-s SEED]
 */
#include "jit-nfp/jit.h"
#include "nic/firmware/firmware.h"
#include "offload/offload.h"
#include "tests/diff/gen.h"

#include <errno.h>
#include <linux/if_link.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define MAPS_MAX 32u

struct machine {
	struct off_findings findings;
	struct nic_fw *fw;
	struct off_kernel *k;
	struct off_caller root;
	int port, maps[MAPS_MAX], prog;
	struct xb_log log;
};

static struct nic_card card;

static void
open_machine(struct machine *m, bool finds_all)
{
	const struct off_kernel_opts opts = { .findings = finds_all ? &m->findings : NULL };

	*m = (struct machine){ 0 };
	m->fw = nic_fw_new(&card);
	m->k = off_kernel_new(&opts);
	m->root = OFF_ROOT(m->k);
	m->port = off_port_ifindex(off_nfp_new(m->k, 4, m->fw, NULL), 0);
}

static void
close_machine(struct machine *m)
{
	off_kernel_free(m->k);
	nic_fw_free(m->fw);
	off_findings_free(&m->findings);
	xb_log_free(&m->log);
}

static bool
is_named(const struct bpf_insn *insns, uint32_t cnt, uint32_t map)
{
	for (uint32_t i = 0; i < cnt; i++)
		if (xb_insn_names_map(&insns[i]) && (uint32_t)insns[i].imm == map)
			return true;
	return false;
}

static int
make_map(struct machine *m, uint32_t i)
{
	const struct xb_map_def *def = &gen_maps[i];
	const bool is_neutral = def->type == BPF_MAP_TYPE_PERF_EVENT_ARRAY;
	struct off_map_create attr = {
		.map_type = def->type,
		.key_size = def->key_size,
		.value_size = def->value_size,
		.max_entries = def->max_entries,
		.map_flags = def->flags,
		.map_name = "m",
		.map_ifindex = is_neutral ? 0 : (uint32_t)m->port,
	};

	if (def->inner >= 0 && (uint32_t)def->inner < gen_map_cnt) {
		if (m->maps[def->inner] <= 0 && make_map(m, (uint32_t)def->inner) < 0)
			return m->maps[def->inner];
		attr.inner_map_fd = m->maps[def->inner];
	}
	if (m->maps[i] <= 0)
		m->maps[i] = off_map_create(&m->root, &attr, NULL);
	return m->maps[i];
}

/* What a loader does; the first -errno. */
static int
bring(struct machine *m, const struct bpf_insn *insns, uint32_t cnt, enum bpf_prog_type type)
{
	const struct off_prog_load attr = {
		.prog_type = type,
		.insns = insns,
		.insn_cnt = cnt,
		.fd_array = m->maps,
		.fd_cnt = gen_map_cnt,
		.license = "GPL",
		.prog_ifindex = (uint32_t)m->port,
	};
	struct off_xdp xdp = { .ifindex = m->port, .flags = XDP_FLAGS_HW_MODE };

	for (uint32_t i = 0; i < gen_map_cnt && i < MAPS_MAX; i++) {
		int err = is_named(insns, cnt, i) ? make_map(m, i) : 0;

		if (err < 0)
			return err;
	}
	m->prog = off_prog_load(&m->root, &attr, &m->log);
	if (m->prog < 0 || type != BPF_PROG_TYPE_XDP)
		return m->prog < 0 ? m->prog : 0;
	xdp.fd = m->prog;
	return off_xdp_set(&m->root, &xdp, NULL);
}

static bool
is_same_image(const struct machine *a, const struct machine *b)
{
	const struct jit_image *x = off_nfp_image(a->k, a->prog), *y = off_nfp_image(b->k, b->prog);

	return x && y && x->cnt == y->cnt && !y->is_refused &&
	       memcmp(x->words, y->words, x->cnt * sizeof(*x->words)) == 0;
}

/* NULL, or what is wrong. */
static const char *
compare(const struct machine *kernels, int err, const struct machine *all, int all_err)
{
	const struct off_finding *first = off_findings_refusal(&all->findings);

	if (err == 0 && first)
		return "the kernel takes it, and there is a refusal";
	if (err == 0 && all_err)
		return "the kernel takes it, and the other machine fails";
	if (err == 0)
		return is_same_image(kernels, all) ? NULL : "the words differ";
	if (!first)
		return "the kernel refuses it, and nothing was found";
	if (first->err != -err)
		return "the errno of the first finding is another";
	if (strcmp(first->message, strerror(-err)) != 0 &&
		!strstr(xb_log_text(&kernels->log), first->message) &&
		strcmp(first->stage, "map") != 0 && strcmp(first->stage, "translate") != 0 &&
		strcmp(first->stage, "attach") != 0)
		return "the sentence of the first finding is not in the kernel's log";
	return NULL;
}

static const struct gen_opts *
opts_of(uint64_t seed)
{
	static struct gen_opts opts;

	opts = (struct gen_opts){
		.seed = seed,
		.type = seed % 3 ? BPF_PROG_TYPE_XDP : BPF_PROG_TYPE_SCHED_CLS,
		.insns = 8 + (uint32_t)(seed % 71),
		.mistakes = seed % 2 ? 0 : 60,
		.is_runnable = seed % 5 == 0,
	};
	return &opts;
}

static void
print_program(const struct bpf_insn *insns, uint32_t cnt)
{
	char text[96];

	for (uint32_t i = 0; i < cnt;) {
		unsigned int slots = xb_insn_format(&insns[i], cnt - i, text, sizeof(text));

		printf("%u: (%02x) %s\n", i, insns[i].code, text);
		i += slots;
	}
}

static bool
is_right(uint64_t seed, unsigned long *taken, unsigned long *found)
{
	static struct bpf_insn insns[GEN_INSNS_MAX];
	uint32_t cnt = gen_program(opts_of(seed), insns);
	enum bpf_prog_type type = opts_of(seed)->type;
	struct machine kernels, all;
	const char *wrong;
	int err, all_err;

	open_machine(&kernels, false);
	open_machine(&all, true);
	err = bring(&kernels, insns, cnt, type);
	all_err = bring(&all, insns, cnt, type);
	wrong = compare(&kernels, err, &all, all_err);
	*taken += err == 0;
	*found += all.findings.cnt;
	if (wrong) {
		printf("fuzz_findings -n 1 -s %llu: %s (errno %d)\n%s", (unsigned long long)seed,
			wrong, -err, xb_log_text(&kernels.log));
		for (uint32_t i = 0; i < all.findings.cnt; i++)
			printf("found at %d: %s\n", all.findings.list[i].insn,
				all.findings.list[i].message);
		print_program(insns, cnt);
	}
	close_machine(&kernels);
	close_machine(&all);
	return !wrong;
}

int
main(int argc, char **argv)
{
	const struct nic_card_file *files[] = { nic_card_find(NIC_CARD_DEFAULT, false),
		nic_card_find(NIC_FIRMWARE_DEFAULT, true) };
	unsigned long count = 1000, i, taken = 0, found = 0;
	uint64_t seed = (uint64_t)time(NULL) * 1000000;
	time_t end = 0;
	char message[256];
	int opt;

	while ((opt = getopt(argc, argv, "n:t:s:")) != -1) {
		switch (opt) {
		case 'n': count = strtoul(optarg, NULL, 0); break;
		case 't': end = time(NULL) + strtol(optarg, NULL, 0); break;
		case 's': seed = strtoull(optarg, NULL, 0); break;
		default: return 2;
		}
	}
	for (size_t k = 0; k < 2; k++)
		nic_card_read(&card, files[k]->name, files[k]->text, strlen(files[k]->text),
			message, sizeof(message));
	printf("fuzz_findings: seed %llu\n", (unsigned long long)seed);
	for (i = 0; end ? time(NULL) < end : i < count; i++)
		if (!is_right(seed + i, &taken, &found))
			return 1;
	printf("%lu programs: %lu taken, %lu findings\n", i, taken, found);
	return i > 100 && (taken == 0 || found == 0);
}
