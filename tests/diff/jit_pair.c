/* SPDX-License-Identifier: BSD-2-Clause */
/* See jit_pair.h. */
#include "tests/diff/jit_pair.h"

#include "bpf/internal.h"
#include "tests/diff/defined.h"
#include "tests/diff/gen.h"
#include "tests/diff/jit_maps.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct pair {
	struct card *card;
	struct xb_vm *vm, *random;
	struct pair_maps maps;
	struct jit_prog *prog;
	struct jit_image words;
	struct xb_image *image;
	bool executed[GEN_INSNS_MAX], ran[GEN_INSNS_MAX]; /* ever; in the last run */
	bool has_words[GEN_INSNS_MAX];			  /* by slot */
	uint8_t garbage;				  /* on the host's stack */
	struct xb_log log;
	char text[400];
	/* of the host's last run */
	uint8_t buffer[CARD_BUFFER_BYTES];
	uint32_t r0;
};

static void
unload(struct pair *pair)
{
	jit_image_free(&pair->words);
	jit_prog_free(pair->prog);
	xb_image_free(pair->image);
	pair->prog = NULL;
	pair->image = NULL;
	pair_maps_free(&pair->maps);
	xb_log_free(&pair->log);
	pair->log = (struct xb_log){ 0 };
	pair->text[0] = '\0';
	memset(pair->executed, 0, sizeof(pair->executed));
}

void
pair_free(struct pair *pair)
{
	if (pair == NULL)
		return;
	unload(pair);
	card_free(pair->card);
	xb_vm_free(pair->vm);
	xb_vm_free(pair->random);
	free(pair);
}

struct pair *
pair_new(void)
{
	static uint8_t garbage = 0x5a;
	struct pair *pair = calloc(1, sizeof(*pair));

	if (pair == NULL)
		return NULL;
	pair->garbage = garbage++;
	pair->card = card_new();
	pair->vm = xb_vm_new(0);
	pair->random = xb_vm_new(0);
	if (pair->card && pair->vm && pair->random)
		return pair;
	pair_free(pair);
	errno = ENOMEM;
	return NULL;
}

const char *
pair_text(const struct pair *pair)
{
	return pair->text[0] ? pair->text : xb_log_text(&pair->log);
}

const struct jit_prog *
pair_prog(const struct pair *pair)
{
	return pair->prog;
}

uint32_t
pair_words(const struct pair *pair)
{
	return pair->words.cnt;
}

const bool *
pair_executed(const struct pair *pair)
{
	return pair->executed;
}

/* ---- loading ---- */

/* The driver's hook, and before it: no result that may differ between two machines. */
static int
visit(void *dev, struct xb_verify_env *env, int insn, int prev)
{
	const struct pair *pair = dev;
	const struct xb_verify_hooks *hooks = jit_prog_hooks(pair->prog);
	uint32_t cnt;
	const char *why = undefined_at(env, &xb_verify_insns(env, &cnt)[insn]);

	if (why) {
		xb_verify_say(env, "[test] %d: %s", insn, why);
		return -EACCES;
	}
	return hooks->insn(hooks->dev, env, insn, prev);
}

static int
finalize(void *dev, struct xb_verify_env *env)
{
	const struct xb_verify_hooks *hooks = jit_prog_hooks(((struct pair *)dev)->prog);

	return hooks->finalize(hooks->dev, env);
}

static int
replace_insn(void *dev, struct xb_verify_env *env, uint32_t off, const struct bpf_insn *to)
{
	const struct xb_verify_hooks *hooks = jit_prog_hooks(((struct pair *)dev)->prog);

	return hooks->replace_insn(hooks->dev, env, off, to);
}

static int
remove_insns(void *dev, struct xb_verify_env *env, uint32_t off, uint32_t cnt)
{
	const struct xb_verify_hooks *hooks = jit_prog_hooks(((struct pair *)dev)->prog);

	return hooks->remove_insns(hooks->dev, env, off, cnt);
}

static int
verify(struct pair *pair, struct bpf_insn *insns, uint32_t cnt)
{
	struct jit_input input = {
		.insns = insns,
		.insn_cnt = cnt,
		.type = BPF_PROG_TYPE_XDP,
		.maps = pair->maps.facts,
		.map_cnt = CARD_MAPS,
		.card = &card_facts,
	};
	struct xb_verify_opts opts = {
		.type = BPF_PROG_TYPE_XDP,
		.gpl_compatible = true,
		.offloaded = true,
		.maps = gen_card_maps,
		.map_cnt = CARD_MAPS,
	};
	const struct xb_verify_hooks hooks = {
		.insn = visit,
		.finalize = finalize,
		.replace_insn = replace_insn,
		.remove_insns = remove_insns,
		.dev = pair,
	};
	struct xb_facts facts;
	int err;

	pair->prog = jit_prog_new(&input);
	if (pair->prog == NULL)
		return -ENOMEM;
	opts.hooks = &hooks;
	err = xb_verify(insns, cnt, &opts, &facts, &pair->log);
	if (err)
		return err;
	xb_facts_bury_dead(&facts, insns);
	xb_facts_free(&facts);
	return 0;
}

static enum pair_loaded
load_host(struct pair *pair, const struct bpf_insn *insns, uint32_t cnt)
{
	const struct xb_image_opts opts = {
		.type = BPF_PROG_TYPE_XDP,
		.engine = XB_ENGINE_CHECKED,
		.gpl_compatible = true,
		.maps = pair->maps.host,
		.map_cnt = CARD_MAPS,
	};

	pair->image = xb_image_new(insns, cnt, &opts, &pair->log);
	return pair->image ? PAIR_LOADED : PAIR_FAILED;
}

/* The first error found is the reason of the others. */
static void
say_error(struct pair *pair)
{
	uint32_t cnt;
	const struct jit_finding *findings = jit_prog_findings(pair->prog, &cnt);

	for (uint32_t i = 0; i < cnt; i++)
		if (jit_rule_info(findings[i].rule)->severity == JIT_ERROR && pair->text[0] == '\0')
			snprintf(pair->text, sizeof(pair->text), "%d: %s", findings[i].insn,
				findings[i].message);
}

enum pair_loaded
pair_load(struct pair *pair, const struct bpf_insn *insns, uint32_t cnt, uint64_t seed)
{
	static struct bpf_insn copy[GEN_INSNS_MAX];
	enum pair_loaded loaded;

	unload(pair);
	memcpy(copy, insns, cnt * sizeof(*insns));
	if (pair_maps_make(&pair->maps) != 0)
		return PAIR_FAILED;
	if (verify(pair, copy, cnt) != 0)
		return PAIR_REFUSED;
	if (jit_translate(pair->prog, &pair->words) != 0) {
		say_error(pair);
		return PAIR_NO_CODE;
	}
	loaded = load_host(pair, copy, cnt);
	if (loaded == PAIR_LOADED &&
		card_load(pair->card, pair->prog, &pair->words, pair->maps.card) != 0)
		loaded = PAIR_FAILED;
	memset(pair->has_words, 0, sizeof(pair->has_words));
	for (uint32_t i = 0; i < pair->words.cnt; i++)
		if (pair->words.insns[i] != JIT_NO_INSN)
			pair->has_words[pair->words.insns[i]] = true;
	pair_maps_fill(&pair->maps, seed);
	return loaded;
}

/* ---- running ---- */

/* nfp-isa.md 8.5 */
static uint32_t
result_of(uint32_t r0)
{
	static const uint32_t bytes[] = { 0x82, 0x22, 0x11, 0x44 };

	return (r0 < 4 ? bytes[r0] : 0x82) << 16;
}

static bool
differs(struct pair *pair, const char *what, uint64_t card, uint64_t host)
{
	if (card != host)
		snprintf(pair->text, sizeof(pair->text), "%s: card %#llx, host %#llx", what,
			(unsigned long long)card, (unsigned long long)host);
	return card != host;
}

static bool
is_same(struct pair *pair, const struct card_run *card, const struct xb_xdp *host)
{
	const uint8_t *buffer = pair->buffer;

	if (differs(pair, "r0", card->r0, pair->r0) ||
		differs(pair, "result", card->result, result_of(pair->r0)) ||
		differs(pair, "packet at", card->at, (uint64_t)(host->data - buffer)) ||
		differs(pair, "length", card->len, (uint64_t)(host->data_end - host->data)))
		return false;
	for (uint32_t i = 0; i < CARD_BUFFER_BYTES; i++)
		if (card->buffer[i] != buffer[i]) {
			snprintf(pair->text, sizeof(pair->text),
				"byte %u of the packet: card %02x, host %02x", i - CARD_PACKET_AT,
				card->buffer[i], buffer[i]);
			return false;
		}
	return pair_maps_are_same(&pair->maps, pair->text, sizeof(pair->text));
}

static int
run_host(struct pair *pair, struct xb_xdp *packet, uint32_t len)
{
	uint8_t *buffer = pair->buffer;
	uint64_t ret = 0;
	int err;

	*packet = (struct xb_xdp){
		.hard_start = buffer + card_facts.adjust_head.off_min,
		.data_meta = buffer + CARD_PACKET_AT,
		.data = buffer + CARD_PACKET_AT,
		.data_end = buffer + CARD_PACKET_AT + len,
		.hard_end = buffer + CARD_BUFFER_BYTES,
	};
	memset(pair->vm->stack, pair->garbage, sizeof(pair->vm->stack));
	err = xb_vm_run_xdp(pair->vm, pair->image, packet, &ret);
	if (err)
		snprintf(pair->text, sizeof(pair->text), "host: %s", xb_vm_fault(pair->vm)->text);
	pair->r0 = (uint32_t)ret;
	return err;
}

bool
pair_hosts_agree(const struct pair *a, const struct pair *b)
{
	return a->r0 == b->r0 && memcmp(a->buffer, b->buffer, CARD_BUFFER_BYTES) == 0;
}

bool
pair_explains(const struct pair *pair, const struct jit_finding *finding)
{
	const char *name = jit_rule_info(finding->rule)->name;

	switch (finding->rule) {
	/* Here numbers are the same, results are what the card makes of them, maps are Linux's. */
	case JIT_RULE_QUIRK_RANDOM:
	case JIT_RULE_QUIRK_REDIRECT:
	case JIT_RULE_QUIRK_VALUE_HELD: return false;
	default:
		return strncmp(name, "QUIRK_", 6) == 0 && finding->insn >= 0 &&
		       pair->ran[finding->insn];
	}
}

static bool
is_explained(const struct pair *pair)
{
	uint32_t cnt;
	const struct jit_finding *findings = jit_prog_findings(pair->prog, &cnt);

	for (uint32_t i = 0; i < cnt; i++)
		if (pair_explains(pair, &findings[i]))
			return true;
	return false;
}

/* A slot without words ran when the one behind it did. */
static void
note_executed(struct pair *pair)
{
	const struct jit_prog *prog = pair->prog;

	for (uint32_t i = prog->insn_cnt; i-- > 1;)
		if (!pair->has_words[i - 1] && pair->ran[i])
			pair->ran[i - 1] = true;
	for (uint32_t i = 0; i < prog->insn_cnt; i++)
		pair->executed[i] |= pair->ran[i];
}

enum pair_answer
pair_run(struct pair *pair, const struct pair_packet *packet, uint64_t seed)
{
	static struct card_run card;
	struct xb_xdp host;
	bool same;

	pair->text[0] = '\0';
	card.at = CARD_PACKET_AT;
	card.len = packet->len;
	card.garbage = seed;
	card.random = pair->random;
	card.executed = pair->ran;
	card.r0 = UINT32_MAX;
	memset(pair->ran, 0, sizeof(pair->ran));
	memcpy(card.buffer, packet->bytes, CARD_BUFFER_BYTES);
	memcpy(pair->buffer, packet->bytes, CARD_BUFFER_BYTES);
	xb_vm_set_seed(pair->vm, seed);
	xb_vm_set_seed(pair->random, seed);
	if (run_host(pair, &host, packet->len) != 0)
		return PAIR_DIFFERENT;
	same = card_run(pair->card, &card) == 0;
	note_executed(pair);
	if (!same)
		snprintf(pair->text, sizeof(pair->text), "card: %s", card.fault);
	else if (is_same(pair, &card, &host))
		return PAIR_SAME;
	if (!is_explained(pair))
		return PAIR_DIFFERENT;
	pair_maps_repair(&pair->maps);
	return PAIR_QUIRK;
}

/* ---- shown ---- */

void
pair_print(const struct pair *pair, FILE *out)
{
	const struct jit_prog *prog = pair->prog;
	const struct jit_finding *findings;
	char text[NIC_TEXT_MAX];
	uint32_t cnt, word = 0;

	for (uint32_t i = 0; i < prog->insn_cnt; i = jit_next(prog, i)) {
		xb_insn_format(&prog->input.insns[i], prog->insn_cnt - i, text, sizeof(text));
		fprintf(out, "%c %3u: %s\n", pair->ran[i] ? '*' : ' ', i, text);
		while (word < pair->words.cnt && pair->words.insns[word] == JIT_NO_INSN && i == 0)
			word++;
		for (; word < pair->words.cnt && pair->words.insns[word] == i; word++) {
			nic_format(pair->words.words[word], text);
			fprintf(out, "\t\t%4u %s\n", word, text);
		}
	}
	findings = jit_prog_findings(prog, &cnt);
	for (uint32_t i = 0; i < cnt; i++)
		fprintf(out, "%s at %d: %s\n", jit_rule_info(findings[i].rule)->name,
			findings[i].insn, findings[i].message);
}
