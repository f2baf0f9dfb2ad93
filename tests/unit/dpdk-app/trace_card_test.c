/* SPDX-License-Identifier: BSD-2-Clause */
/* What a trace on the card says of microcode written here by hand. */
#include "dpdk-app/trace.h"

#include <stdlib.h>
#include <string.h>

#include "tests/_cmocka.h"

#define BYTES 64u
#define ROOM (NIC_FRAME_OFFSET + 256u)
#define PROGRAM_MAX 32u

static struct card card;
static struct nic_fw *fw;
static struct nic_engine *engine;
static uint64_t words[PROGRAM_MAX];
static uint32_t insns[PROGRAM_MAX];
static uint32_t cnt;
static const struct xb_prog prog = { .name = "by hand" };
static const struct xb_object obj = { .progs = NULL };
static struct check check;
static json_t *rows;
static struct trace_sum sum;
static struct nic_frame frame;

static int
begin(void **state)
{
	const struct words nothing = { 0 };

	(void)state;
	if (card_open(&card, NULL, NULL, &nothing) != STATUS_DONE)
		return -1;
	fw = nic_fw_new(&card.nic);
	engine = fw ? nic_engine_new(fw, 0, false) : NULL;
	cnt = 0;
	return engine ? 0 : -1;
}

static int
end(void **state)
{
	(void)state;
	json_decref(rows);
	rows = NULL;
	nic_engine_free(engine);
	nic_fw_free(fw);
	return 0;
}

static void
add(const char *text)
{
	struct nic_asm_error error;
	uint64_t word;

	assert_true(cnt < PROGRAM_MAX);
	if (nic_parse(text, &word, &error))
		fail_msg("%s: %u: %s", text, error.column, error.text);
	insns[cnt] = JIT_NO_INSN;
	words[cnt++] = nic_ecc_add(word);
}

static void
run(void)
{
	static uint8_t buffer[ROOM];
	struct trace trace = { .rows = rows = json_array() };

	check = (struct check){ .obj = &obj,
		.prog = &prog,
		.card = &card,
		.image = { .words = words, .insns = insns, .cnt = cnt } };
	frame = (struct nic_frame){ .data = buffer + NIC_FRAME_OFFSET,
		.bytes = BYTES,
		.tailroom = ROOM - NIC_FRAME_OFFSET - BYTES };
	memset(buffer, 0, sizeof(buffer));
	assert_int_equal(nic_fw_load(fw, 0, words, cnt), 0);
	assert_int_equal(trace_card(&trace, &check, NULL, engine, &frame, &sum), 0);
	assert_int_equal(json_array_size(rows), trace.row_cnt);
}

/* The program's end: dropped, first counter. */
static void
add_end(void)
{
	char text[64];

	snprintf(text, sizeof(text), "br[.%u], defer[2]", card.nic.done);
	add(text);
	add("alu[gprA_0, --, B, 0x0]");
	add("ld_field[gprA_0, 1100, 0x22, <<16]");
}

/* "gprA_0 = 1, taken" */
static void
assert_changes(size_t row, const char *expected)
{
	const json_t *changes = json_object_get(json_array_get(rows, row), "changes");
	char text[512] = "";
	const json_t *change;
	size_t i;

	json_array_foreach (changes, i, change) {
		const char *now = json_string_value(json_object_get(change, "now"));

		snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%s%s%s",
			i > 0 ? ", " : "", json_string_value(json_object_get(change, "what")),
			now[0] != '\0' ? " = " : "", now);
	}
	assert_string_equal(text, expected);
}

static const char *
kind_of(size_t row)
{
	return json_string_value(json_object_get(json_array_get(rows, row), "kind"));
}

static json_int_t
number_of(size_t row, const char *key)
{
	return json_integer_value(json_object_get(json_array_get(rows, row), key));
}

static void
what_is_written_is_told_and_what_changed(void **state)
{
	(void)state;
	add("immed[gprA_2, 0x0]");
	add("immed[gprB_2, 0x5]");
	add("immed[gprA_2, 0x1234], gpr_wrboth");
	add("alu[*l$index0[3], gprA_2, -, gprB_2]");
	add("alu[*l$index0[3], gprA_2, -, gprB_2]");
	add("alu[$xfer_7, --, B, gprA_2]");
	add_end();
	run();
	assert_changes(0, "gprA_2 = 0");
	assert_changes(1, "gprB_2 = 5");
	assert_changes(2, "gpr_2 = 0x1234 (4660)");
	assert_changes(3, "stack+12 = 0, flags = ZC");
	assert_changes(4, "stack+12 = 0");
	assert_changes(5, "$xfer_out_7 = 0x1234 (4660), flags = none");
	assert_int_equal(sum.words, 9);
	assert_int_equal(frame.verdict, NIC_VERDICT_DROP);
}

static void
branches_say_which_way_they_went(void **state)
{
	uint32_t to = card.nic.start + 6;
	char text[64];

	(void)state;
	add("alu[--, gprA_1, -, gprB_1]");
	snprintf(text, sizeof(text), "bne[.%u]", to);
	add(text);
	snprintf(text, sizeof(text), "beq[.%u], defer[1]", to);
	add(text);
	add("immed[gprA_1, 0x7]");
	add("immed[gprA_1, 0x8]");
	add("immed[gprA_1, 0x9]");
	add_end();
	run();
	assert_changes(1, "not taken");
	assert_changes(2, "taken");
	assert_changes(3, "gprA_1 = 7");
	assert_true(json_is_true(json_object_get(json_array_get(rows, 3), "deferred")));
	assert_false(json_is_true(json_object_get(json_array_get(rows, 2), "deferred")));
	assert_int_equal(number_of(4, "index"), 6);
	assert_int_equal(sum.words, 7);
}

static void
a_wait_is_a_step_with_what_it_brought(void **state)
{
	(void)state;
	add("alu[gprA_2, --, B, *l$index1[2]]");
	add("alu[$xfer_0, --, B, 0x2a]");
	add("mem[write8_swap, $xfer_0, gprA_2, 0x4, 1], ctx_swap[sig1]");
	add("mem[read32_swap, $xfer_0, gprA_2, 0x4, 2], ctx_swap[sig1], defer[1]");
	add("immed[gprA_1, 0x7]");
	add_end();
	run();
	assert_changes(0, "gprA_2 = 0x80000088 (pkt), flags = N");
	assert_string_equal(kind_of(3), "wait");
	assert_changes(3, "pkt+4 = 2a");
	assert_int_equal(number_of(3, "index"), 2);
	/* as long as the card takes, whatever the microengine's own clock says */
	assert_int_equal(number_of(3, "cycles"), (card.nic.ctm_latency + 500) / 1000);
	assert_int_equal(number_of(4, "cycle"), number_of(3, "cycle") + number_of(3, "cycles"));
	assert_changes(4, "");
	assert_changes(5, "gprA_1 = 7");
	assert_string_equal(kind_of(6), "wait");
	assert_changes(6, "$xfer_0 = 0x2a (42), $xfer_1 = 0");
	assert_string_equal(json_string_value(json_object_get(json_array_get(rows, 6), "what")),
		"read32_swap, 8 bytes at pkt+4");
	assert_int_equal(
		number_of(6, "cycles"), (card.nic.ctm_latency + card.nic.ctm_word + 500) / 1000);
	assert_int_equal(sum.waits, number_of(3, "cycles") + number_of(6, "cycles"));
}

static void
a_command_nobody_waits_for_is_told_where_it_is_sent(void **state)
{
	(void)state;
	add("alu[gprA_2, --, B, *l$index1[2]]");
	add("alu[$xfer_0, --, B, 0x2a]");
	add("mem[write8_swap, $xfer_0, gprA_2, 0x4, 1]");
	add_end();
	run();
	assert_changes(2, "sent = write8_swap, 1 byte at pkt+4, pkt+4 = 2a");
	assert_int_equal(sum.waits, 0);
}

static void
pointers_are_told_when_they_count(void **state)
{
	(void)state;
	add("immed[gprA_1, 0x40]");
	add("local_csr_wr[ActLMAddr3, gprA_1]");
	add("immed[gprA_1, 0x1]");
	add("immed[gprA_1, 0x2]");
	add("immed[gprA_1, 0x3]");
	add("local_csr_wr[XferIndex, gprA_1]");
	add("immed[gprA_1, 0x20]");
	add("local_csr_wr[XferIndex, gprA_1]");
	add_end();
	run();
	assert_changes(2, "gprA_1 = 1");
	assert_changes(4, "gprA_1 = 3, l$index3 = 0x40");
	assert_changes(5, "");
	assert_changes(7, "T_INDEX = 8");
}

static void
a_fault_is_the_last_step(void **state)
{
	(void)state;
	add("immed[gprA_1, 0x7fff, <<16]");
	add("mem[read32_swap, $xfer_0, gprA_1, 0x4, 1]");
	add_end();
	run();
	assert_int_equal(json_array_size(rows), 2);
	assert_changes(1, "fault = there is no memory at the address");
	assert_int_equal(frame.verdict, NIC_VERDICT_FAULT);
}

/* Nor does one that the deferred instructions hide. */
static void
a_fault_of_a_command_that_waited_is_told(void **state)
{
	(void)state;
	add("immed[gprA_1, 0x7fff, <<16]");
	add("mem[read32_swap, $xfer_0, gprA_1, 0x4, 1], ctx_swap[sig1], defer[1]");
	add("immed[gprA_1, 0x8]");
	add_end();
	run();
	assert_int_equal(json_array_size(rows), 3);
	assert_changes(2, "gprA_1 = 8, fault = there is no memory at the address");
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
	const struct CMUnitTest tests[] = {
		TEST(what_is_written_is_told_and_what_changed),
		TEST(branches_say_which_way_they_went),
		TEST(a_wait_is_a_step_with_what_it_brought),
		TEST(a_command_nobody_waits_for_is_told_where_it_is_sent),
		TEST(pointers_are_told_when_they_count),
		TEST(a_fault_is_the_last_step),
		TEST(a_fault_of_a_command_that_waited_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
