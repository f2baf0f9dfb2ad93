/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Suite verifier: every case of the files named, against our verifier or the running kernel's.
 *
 *	run_cases [--kernel] [--show] [--only NAME] FILE.vt...
 *
 * --kernel asks the running kernel instead (skipped where bpf(2) is refused); --show prints the
 * log of every case, --only takes the cases whose names contain NAME.
 */
#include "tests/verifier/cases.h"
#include "tests/verifier/verdict.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static struct {
	bool is_kernel, is_shown;
	const char *only;
	uint32_t passed, failed, differing;
} run;

/* ---- states in a log ---- */

/* The first character past a state: a blank outside of parentheses, or the end of the line. */
static const char *
end_of_state(const char *s)
{
	int depth = 0;

	for (; *s && *s != '\n' && (*s != ' ' || depth); s++)
		depth += (*s == '(') - (*s == ')');
	return s;
}

/*
 * Copy a state without what kernels of different age print differently: liveness marks after the
 * register's name (R1_w=), precision (P5, Pscalar), and ids, which count differently.
 */
static void
normalise(const char *s, size_t len, char *out, size_t size)
{
	const char *end = s + len, *name_end = memchr(s, '=', len);
	size_t n = 0;

	while (s < end && n + 1 < size) {
		if (*s == '_' && s < name_end) {
			s = name_end;
		} else if (*s == 'P' && n && out[n - 1] == '=') {
			s++;
		} else if (!strncmp(s, "id=", 3) && n && (out[n - 1] == '(' || out[n - 1] == ',')) {
			s += 3 + strspn(s + 3, "0123456789+-");
			s += *s == ',';
		} else {
			out[n++] = *s++;
		}
	}
	out[n] = '\0';
}

/* The state of the register named at the start of `want`, when this line tells it. */
static bool
state_on_line(const char *line, const char *want, char *out, size_t size)
{
	size_t name_len = strcspn(want, "=");
	const char *s = line, *eol = line + strcspn(line, "\n");

	while (s < eol) {
		const char *end = end_of_state(s);

		if (!strncmp(s, want, name_len) && (s[name_len] == '=' || s[name_len] == '_')) {
			normalise(s, (size_t)(end - s), out, size);
			return true;
		}
		s = end < eol ? end + 1 : end;
	}
	return false;
}

static bool
is_line_of(const char *line, uint32_t *insn)
{
	char *end;

	if (!isdigit((unsigned char)*line))
		return false;
	*insn = (uint32_t)strtoul(line, &end, 10);
	return *end == ':';
}

/* "12: (07) r2 += 4", not "12: R2=..." */
static bool
is_instruction(const char *line)
{
	return !strncmp(line + strspn(line, "0123456789"), ": (", 3);
}

/* What the log says of a register before, after or on the other side of instruction `at`. */
static void
find_state(const char *log, const struct test_case *c, const struct case_state *state, char *out,
	size_t size)
{
	bool is_past = false;

	snprintf(out, size, "nothing");
	for (const char *line = log; *line; line += strcspn(line, "\n"), line += *line == '\n') {
		uint32_t insn, from, to;

		if (sscanf(line, "from %u to %u:", &from, &to) == 2) {
			if (state->when == TAKEN && from == c->at) {
				state_on_line(line, state->text, out, size);
				return;
			}
			if (is_past)
				return;
			continue;
		}
		if (!is_line_of(line, &insn) || state->when == TAKEN)
			continue;
		if (is_instruction(line)) {
			if (insn > c->at || (insn == c->at && state->when == BEFORE))
				return;
			is_past |= insn == c->at;
		}
		state_on_line(line, state->text, out, size);
	}
}

static const char *
check_states(const struct test_case *c, const struct verdict *v)
{
	static char reason[4096];
	static const char *const when[] = { "before", "after", "where it jumps" };
	size_t n = 0;

	for (uint32_t i = 0; i < c->state_cnt && n < sizeof(reason); i++) {
		char want[200], got[256];

		normalise(c->states[i].text, strlen(c->states[i].text), want, sizeof(want));
		find_state(v->log, c, &c->states[i], got, sizeof(got));
		if (strcmp(want, got))
			n += (size_t)snprintf(reason + n, sizeof(reason) - n,
				"%s%s: expected %s, got %s", n ? " | " : "",
				when[c->states[i].when], want, got);
	}
	return n ? reason : NULL;
}

/* ---- cases ---- */

static bool
is_unsupported(const struct verdict *v)
{
	return v->err == -EOPNOTSUPP && strstr(v->sentence, "not supported by this verifier");
}

/* NULL, or how the answer is not what the case says. */
static const char *
check(const struct test_case *c, const struct verdict *v)
{
	static char reason[600];

	if (!c->is_refused && v->err)
		snprintf(reason, sizeof(reason), "expected accepted, got %s: %s", err_name(v->err),
			v->sentence);
	else if (c->is_refused && !v->err)
		snprintf(reason, sizeof(reason), "expected %s, got accepted", c->err);
	else if (c->is_refused && strcmp(c->err, err_name(v->err)))
		snprintf(reason, sizeof(reason), "expected %s, got %s: %s", c->err,
			err_name(v->err), v->sentence);
	else if (c->is_refused && strcmp(c->sentence, v->sentence))
		snprintf(reason, sizeof(reason), "expected '%s', got '%s'", c->sentence,
			v->sentence);
	else
		return check_states(c, v);
	if (!run.is_kernel && c->unsupported[0])
		return is_unsupported(v) ? NULL : "expected to be refused by name";
	return reason;
}

static void
ask(const struct test_case *c, struct verdict *v)
{
	int fds[64];
	const struct question q = {
		.type = c->type,
		.insns = c->insns,
		.cnt = c->cnt,
		.maps = c->maps,
		.map_cnt = c->map_cnt,
		.map_fds = fds,
		.license = c->license,
		.log_level = c->is_one_insn || run.is_shown ? 2 : 0,
	};

	*v = (struct verdict){ .log = "" };
	if (!run.is_kernel) {
		our_verify(&q, v);
		return;
	}
	v->err = kernel_make_maps(c->maps, c->map_cnt, fds);
	if (v->err) {
		snprintf(v->sentence, sizeof(v->sentence), "the kernel makes no such maps");
		return;
	}
	kernel_verify(&q, v);
	kernel_close_maps(fds, c->map_cnt);
}

static void
visit(const char *path, const struct test_case *c)
{
	struct verdict v;
	const char *reason;

	if (run.only && !strstr(c->name, run.only))
		return;
	ask(c, &v);
	if (run.is_shown)
		printf("== %s\n%s\n", c->name, v.log);
	reason = check(c, &v);
	if (reason && run.is_kernel && c->differs[0]) {
		run.differing++;
		return;
	}
	if (reason)
		printf("%s:%d: %s: %s\n", path, c->line, c->name, reason);
	run.passed += !reason;
	run.failed += !!reason;
}

static bool
take_option(char **argv, int *i)
{
	if (!strcmp(argv[*i], "--kernel"))
		run.is_kernel = true;
	else if (!strcmp(argv[*i], "--show"))
		run.is_shown = true;
	else if (!strcmp(argv[*i], "--only") && argv[*i + 1])
		run.only = argv[++*i];
	else
		return false;
	return true;
}

int
main(int argc, char **argv)
{
	bool is_bad = false;
	int first = 1;

	while (first < argc && take_option(argv, &first))
		first++;
	if (run.is_kernel && kernel_refuses_bpf()) {
		printf("skipped: this kernel refuses bpf(2): %s\n", kernel_refuses_bpf());
		return SKIPPED;
	}
	for (int i = first; i < argc; i++)
		is_bad |= cases_read(argv[i], visit) != 0;
	printf("%u cases passed, %u failed; %u differ in a newer kernel, as they say\n", run.passed,
		run.failed, run.differing);
	return is_bad || run.failed || run.passed == 0;
}
