/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Random programs, most of them valid, through the verifier: what it accepts is run on random
 * packets and map contents, and may not fault (tests/fuzz/sound.h).
 *
 *	fuzz_verify [-n COUNT] [-t SECONDS] [-s SEED]	a time wins over a count
 */
#include "tests/diff/gen.h"
#include "tests/diff/minimise.h"
#include "tests/fuzz/sound.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static const struct gen_opts *
opts_of(uint64_t seed)
{
	static struct gen_opts opts;

	opts = (struct gen_opts){
		.seed = seed,
		.type = BPF_PROG_TYPE_XDP,
		.insns = 8 + (uint32_t)(seed % 71),
		.mistakes = 60,
		.is_runnable = true,
	};
	return &opts;
}

static bool
is_still_broken(void *arg, const struct bpf_insn *insns, uint32_t cnt)
{
	char why[256];

	return sound_check(insns, cnt, *(const uint64_t *)arg, why, sizeof(why)) == SOUND_BROKEN;
}

static void
print_small(struct bpf_insn *insns, uint32_t cnt, uint64_t seed)
{
	struct minimise_goal goal = { .holds = is_still_broken, .arg = &seed, .tries = 3000 };
	char text[96], why[256] = "";

	cnt = minimise(insns, cnt, &goal);
	sound_check(insns, cnt, seed, why, sizeof(why));
	printf("%s\n", why);
	for (uint32_t i = 0; i < cnt;) {
		unsigned int slots = xb_insn_format(&insns[i], cnt - i, text, sizeof(text));

		printf("%u: (%02x) %s\n", i, insns[i].code, text);
		i += slots;
	}
}

int
main(int argc, char **argv)
{
	static struct bpf_insn insns[GEN_INSNS_MAX];
	unsigned long count = 20000, i, counts[SOUND_BROKEN + 1] = { 0 };
	uint64_t seed = (uint64_t)time(NULL) * 1000000;
	time_t end = 0;
	int opt;

	while ((opt = getopt(argc, argv, "n:t:s:")) != -1) {
		switch (opt) {
		case 'n': count = strtoul(optarg, NULL, 0); break;
		case 't': end = time(NULL) + strtol(optarg, NULL, 0); break;
		case 's': seed = strtoull(optarg, NULL, 0); break;
		default: return 2;
		}
	}
	printf("fuzz_verify: seed %llu\n", (unsigned long long)seed);
	for (i = 0; end ? time(NULL) < end : i < count; i++) {
		uint32_t cnt = gen_program(opts_of(seed + i), insns);
		char why[256] = "";
		enum sound sound = sound_check(insns, cnt, seed + i, why, sizeof(why));

		counts[sound]++;
		if (sound == SOUND_BROKEN) {
			printf("fuzz_verify -n 1 -s %llu: %s\n", (unsigned long long)(seed + i),
				why);
			print_small(insns, cnt, seed + i);
			return 1;
		}
	}
	printf("%lu programs: %lu ran, %lu refused, %lu need what the host engine has not\n", i,
		counts[SOUND_RAN], counts[SOUND_REFUSED], counts[SOUND_CANNOT_RUN]);
	return counts[SOUND_RAN] == 0 && i > 100;
}
