/* SPDX-License-Identifier: BSD-2-Clause */
/* The parser of *.vt: a line at a time, by the section it is in. */
#include "tests/verifier/cases.h"

#include "tests/diff/gen.h"
#include "tests/verifier/bpf_asm.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define CODE_MAX_BYTES (256u << 10)

enum section { HEADER, EARLIER, CODE, PRE, INSN, POST, TAKEN_POST, REFUSED, ACCEPTED, FINDINGS };

struct reader {
	const char *path;
	int line;
	bool has_case, is_bad;
	enum section section;
	struct test_case c;
	char code[CODE_MAX_BYTES];
	size_t code_len;
	bool is_jump; /* the one instruction is "if ... goto pc+2" */
	void (*visit)(const char *path, const struct test_case *c);
};

static void __attribute__((format(printf, 2, 3))) complain(struct reader *r, const char *fmt, ...)
{
	va_list ap;

	printf("%s:%d: ", r->path, r->line);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	printf("\n");
	r->is_bad = true;
}

/* ---- headers ---- */

static const struct {
	const char *name;
	enum bpf_map_type type;
} map_types[] = {
	{ "hash", BPF_MAP_TYPE_HASH },
	{ "array", BPF_MAP_TYPE_ARRAY },
	{ "percpu_hash", BPF_MAP_TYPE_PERCPU_HASH },
	{ "percpu_array", BPF_MAP_TYPE_PERCPU_ARRAY },
	{ "lru_hash", BPF_MAP_TYPE_LRU_HASH },
	{ "lpm_trie", BPF_MAP_TYPE_LPM_TRIE },
	{ "prog_array", BPF_MAP_TYPE_PROG_ARRAY },
	{ "perf_event_array", BPF_MAP_TYPE_PERF_EVENT_ARRAY },
	{ "devmap", BPF_MAP_TYPE_DEVMAP },
	{ "cpumap", BPF_MAP_TYPE_CPUMAP },
	{ "queue", BPF_MAP_TYPE_QUEUE },
	{ "ringbuf", BPF_MAP_TYPE_RINGBUF },
	{ "array_of_maps", BPF_MAP_TYPE_ARRAY_OF_MAPS },
	{ "hash_of_maps", BPF_MAP_TYPE_HASH_OF_MAPS },
};

static bool
find_map_type(const char *name, enum bpf_map_type *type)
{
	for (size_t i = 0; i < sizeof(map_types) / sizeof(map_types[0]); i++)
		if (!strcmp(map_types[i].name, name)) {
			*type = map_types[i].type;
			return true;
		}
	return false;
}

static const uint8_t zeros[4096]; /* what is in a map that nobody wrote */

/* One of "hash 4 8 16, array 4 64 1 rdonly frozen, array_of_maps 4 4 1 inner=1" */
static bool
parse_map(char *text, struct xb_map_def *def)
{
	char name[32], words[64] = "";

	*def = (struct xb_map_def){ .name = "m", .inner = -1 };
	if (sscanf(text, " %31s %u %u %u %63[^\n]", name, &def->key_size, &def->value_size,
		    &def->max_entries, words) < 4)
		return false;
	if (strstr(words, "rdonly"))
		def->flags |= BPF_F_RDONLY_PROG;
	if (strstr(words, "wronly"))
		def->flags |= BPF_F_WRONLY_PROG;
	if (strstr(words, "noprealloc"))
		def->flags |= BPF_F_NO_PREALLOC;
	def->frozen = strstr(words, "frozen");
	if (def->frozen && def->value_size <= sizeof(zeros))
		def->contents = zeros;
	if (strstr(words, "inner="))
		def->inner = atoi(strstr(words, "inner=") + strlen("inner="));
	return find_map_type(name, &def->type);
}

static void
parse_maps(struct reader *r, char *text)
{
	struct test_case *c = &r->c;
	char *save = NULL;

	if (!strcmp(text, "generator")) {
		c->maps = gen_maps;
		c->map_cnt = gen_map_cnt;
		return;
	}
	for (char *one = strtok_r(text, ",", &save); one; one = strtok_r(NULL, ",", &save)) {
		if (c->map_cnt == CASE_MAPS_MAX || !parse_map(one, &c->own_maps[c->map_cnt])) {
			complain(r, "map '%s' is not 'TYPE KEY VALUE ENTRIES [FLAGS]'", one);
			return;
		}
		c->map_cnt++;
	}
}

static void
parse_type(struct reader *r, const char *text)
{
	if (!strcmp(text, "xdp"))
		r->c.type = BPF_PROG_TYPE_XDP;
	else if (!strcmp(text, "tc"))
		r->c.type = BPF_PROG_TYPE_SCHED_CLS;
	else if (!strcmp(text, "tc action"))
		r->c.type = BPF_PROG_TYPE_SCHED_ACT;
	else
		complain(r, "type '%s' is none of xdp, tc, tc action", text);
}

static void
parse_header(struct reader *r, char *line)
{
	char *value = strchr(line, ':');

	if (!value) {
		complain(r, "not a 'key: value': '%s'", line);
		return;
	}
	*value++ = '\0';
	value += strspn(value, " ");
	if (!strcmp(line, "type"))
		parse_type(r, value);
	else if (!strcmp(line, "maps"))
		parse_maps(r, value);
	else if (!strcmp(line, "license"))
		snprintf(r->c.license, sizeof(r->c.license), "%s", value);
	else if (!strcmp(line, "differs"))
		snprintf(r->c.differs, sizeof(r->c.differs), "%s", value);
	else if (!strcmp(line, "card"))
		snprintf(r->c.card, sizeof(r->c.card), "%s", value);
	else if (!strcmp(line, "unsupported"))
		snprintf(r->c.unsupported, sizeof(r->c.unsupported), "%s", value);
	else
		complain(r, "key '%s' is none of type, maps, license, card, differs, unsupported",
			line);
}

/* ---- code and states ---- */

static void
add_code(struct reader *r, const char *line)
{
	size_t len = strlen(line);

	if (r->code_len + len + 2 > sizeof(r->code)) {
		complain(r, "too much code");
		return;
	}
	memcpy(r->code + r->code_len, line, len);
	r->code_len += len;
	r->code[r->code_len++] = '\n';
	r->code[r->code_len] = '\0';
}

/* "R1=...", "fp-8=...": not code. */
static bool
is_state(const char *line)
{
	return (*line == 'R' && strchr(line, '=')) || !strncmp(line, "fp-", 3);
}

static void
add_state(struct reader *r, const char *line)
{
	struct case_state *state = &r->c.states[r->c.state_cnt];

	if (r->c.state_cnt == CASE_STATES_MAX || strlen(line) >= sizeof(state->text)) {
		complain(r, "too many states, or too long a one");
		return;
	}
	state->when = r->section == PRE ? BEFORE : r->section == POST ? AFTER : TAKEN;
	snprintf(state->text, sizeof(state->text), "%s", line);
	r->c.state_cnt++;
}

static void
end_case(struct reader *r)
{
	char err[160];
	int cnt;

	if (!r->has_case)
		return;
	if (r->c.is_one_insn) /* the ways of a jump do not meet: the log shows both */
		add_code(r, r->is_jump ? "r0 = 0\nexit\nr0 = 0\nexit" : "r0 = 0\nexit");
	cnt = asm_parse(r->code, r->c.insns, CASE_INSNS_MAX, err, sizeof(err));
	if (cnt < 0)
		complain(r, "%s: code %s", r->c.name, err);
	else if (r->section < POST)
		complain(r, "%s has no '-- accepted', '-- refused' or '-- post'", r->c.name);
	else if (!r->is_bad) {
		if (!r->c.maps)
			r->c.maps = r->c.own_maps;
		r->c.cnt = (uint32_t)cnt;
		r->visit(r->path, &r->c);
	}
	r->has_case = false;
}

/* Slots that the code read so far takes. */
static uint32_t
count_slots(struct reader *r)
{
	char err[160];
	int cnt = asm_parse(r->code, r->c.insns, CASE_INSNS_MAX, err, sizeof(err));

	if (cnt < 0)
		complain(r, "%s: code %s (a label after the instruction?)", r->c.name, err);
	return cnt < 0 ? 0 : (uint32_t)cnt;
}

/* What was read so far is another program, which comes before. */
static void
end_earlier(struct reader *r)
{
	char err[160];
	int cnt = asm_parse(r->code, r->c.earlier, CASE_EARLIER_MAX, err, sizeof(err));

	if (cnt < 0)
		complain(r, "%s: code %s", r->c.name, err);
	r->c.earlier_cnt = cnt < 0 ? 0 : (uint32_t)cnt;
	r->code_len = 0;
	r->code[0] = '\0';
}

static void
add_finding(struct reader *r, const char *line)
{
	if (r->c.finding_cnt == CASE_FINDINGS_MAX)
		complain(r, "too many findings");
	else
		snprintf(r->c.findings[r->c.finding_cnt++], sizeof(r->c.findings[0]), "%.255s",
			line);
}

static void
begin_section(struct reader *r, const char *name)
{
	if (r->section == EARLIER)
		end_earlier(r);
	if (!strcmp(name, "code")) {
		r->section = CODE;
	} else if (!strcmp(name, "earlier")) {
		r->section = EARLIER;
	} else if (!strcmp(name, "findings")) {
		r->section = FINDINGS;
		r->c.has_findings = true;
	} else if (!strcmp(name, "pre")) {
		r->section = PRE;
		r->c.is_one_insn = true;
	} else if (!strcmp(name, "insn")) {
		r->section = INSN;
		r->c.is_one_insn = true;
		r->c.at = count_slots(r);
	} else if (!strcmp(name, "post")) {
		r->section = POST;
	} else if (!strcmp(name, "taken")) {
		r->section = TAKEN_POST;
	} else if (!strcmp(name, "accepted")) {
		r->section = ACCEPTED;
	} else if (sscanf(name, "refused %15s at %d", r->c.err, &r->c.refused_at) >= 1) {
		r->section = REFUSED;
		r->c.is_refused = true;
	} else {
		complain(r,
			"section '%s' is none of earlier, code, pre, insn, post, taken, accepted, "
			"refused ERRNO [at INSN], findings",
			name);
	}
}

static void
begin_case(struct reader *r, const char *name)
{
	end_case(r);
	r->c = (struct test_case){
		.line = r->line,
		.type = BPF_PROG_TYPE_XDP,
		.refused_at = -1,
	};
	snprintf(r->c.name, sizeof(r->c.name), "%.95s", name);
	snprintf(r->c.license, sizeof(r->c.license), "GPL");
	r->code_len = 0;
	r->is_jump = false;
	r->code[0] = '\0';
	r->has_case = true;
	r->section = HEADER;
}

static void
add_sentence(struct reader *r, const char *line)
{
	if (r->c.sentence[0])
		complain(r, "a refusal has one sentence, its last");
	else
		snprintf(r->c.sentence, sizeof(r->c.sentence), "%.255s", line);
}

static void
parse_line(struct reader *r, char *line)
{
	line[strcspn(line, "\n")] = '\0';
	if (line[0] == '\0' || line[0] == '#')
		return;
	if (!strncmp(line, "== ", 3)) {
		begin_case(r, line + 3);
		return;
	}
	if (!r->has_case) {
		complain(r, "a case begins with '== name'");
		return;
	}
	if (!strncmp(line, "-- ", 3)) {
		begin_section(r, line + 3);
		return;
	}
	switch (r->section) {
	case HEADER: parse_header(r, line); break;
	case INSN:
		r->is_jump = !strncmp(line, "if ", 3);
		add_code(r, line);
		break;
	case EARLIER:
	case CODE: add_code(r, line); break;
	case PRE:
		if (is_state(line))
			add_state(r, line);
		else
			add_code(r, line);
		break;
	case POST:
	case TAKEN_POST: add_state(r, line); break;
	case REFUSED: add_sentence(r, line); break;
	case FINDINGS: add_finding(r, line); break;
	case ACCEPTED: complain(r, "nothing follows '-- accepted'"); break;
	}
}

int
cases_read(const char *path, void (*visit)(const char *path, const struct test_case *c))
{
	struct reader *r = calloc(1, sizeof(*r));
	FILE *f = fopen(path, "r");
	char line[512];
	bool is_bad;

	if (!f || !r) {
		printf("%s: %s\n", path, strerror(errno));
		free(r);
		if (f)
			fclose(f);
		return -1;
	}
	r->path = path;
	r->visit = visit;
	while (fgets(line, sizeof(line), f)) {
		r->line++;
		parse_line(r, line);
	}
	end_case(r);
	is_bad = r->is_bad;
	fclose(f);
	free(r);
	return is_bad ? -1 : 0;
}
