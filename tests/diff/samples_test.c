/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Every sample program over every capture, in the running kernel and in our engine: the same
 *verdict, the same packet afterwards, and in the end the same maps.
 *
 *	samples_test OBJECT-DIRECTORY CAPTURE...
 */
#include "tests/diff/kernel.h"
#include "tests/diff/pair.h"
#include "tests/diff/samples.h"
#include "tests/diff/skb_kernel.h"

#define PCAP_DONT_INCLUDE_PCAP_BPF_H /* its struct bpf_insn is classic BPF's, ours the kernel's */
#include <errno.h>
#include <linux/pkt_cls.h>
#include <pcap/pcap.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>

#define VERDICTS (SAMPLE_UNSPEC + 1)
#define ETHERNET_BYTES 14 /* the kernel refuses less */

static const char *const verdict_names[VERDICTS] = { "ABORTED", "DROP", "PASS", "TX", "REDIRECT" };
static const char *const tc_names[VERDICTS] = { "OK", "RECLASSIFY", "SHOT", "PIPE",
	"STOLEN", [SAMPLE_UNSPEC] = "UNSPEC" };

struct counts {
	uint32_t packets, too_short;
	uint32_t verdicts[VERDICTS];
};

static void
print_packet(const char *who, const struct run *run)
{
	printf("%s: verdict %llu, %u bytes:", who, (unsigned long long)run->ret, run->len);
	for (uint32_t i = 0; i < run->len; i++)
		printf(" %02x", run->data[i]);
	printf("\n");
}

static bool
same_packet(struct pair *p, struct xb_vm *vm, const struct run *in, struct counts *counts)
{
	struct run kernel = *in, ours = *in;
	int err = kernel_run_xdp(p->kernel_prog, &kernel);

	if (err) {
		printf("the kernel does not run it: %s\n", strerror(-err));
		return false;
	}
	if (engine_run_xdp(vm, p->image, &ours)) {
		printf("insn %u: %s\n", xb_vm_fault(vm)->insn, xb_vm_fault(vm)->text);
		return false;
	}
	xb_map_quiescent(0);
	if (kernel.ret > XDP_REDIRECT || kernel.ret != ours.ret || kernel.len != ours.len ||
		memcmp(kernel.data, ours.data, kernel.len) != 0) {
		print_packet("before", in);
		print_packet("kernel", &kernel);
		print_packet("ours", &ours);
		return false;
	}
	counts->verdicts[kernel.ret]++;
	return true;
}

/* The same of a tc program. */
static bool
same_skb(struct pair *p, struct xb_vm *vm, const struct run *in, struct counts *counts)
{
	static struct skb_run kernel, ours;
	bool unspec;
	int err;

	memset(&kernel, 0, sizeof(kernel));
	memcpy(kernel.data, in->data, in->len);
	kernel.len = in->len;
	ours = kernel;
	err = skb_run_kernel(p->kernel_prog, &kernel);
	if (err == -EINVAL) { /* it ends in its IP header */
		counts->too_short++;
		return true;
	}
	if (err || skb_run_engine(vm, p->image, &ours)) {
		printf("the kernel: %s; ours: %s\n", strerror(-err), xb_vm_fault(vm)->text);
		return false;
	}
	xb_map_quiescent(0);
	unspec = (uint32_t)kernel.ret == (uint32_t)TC_ACT_UNSPEC;
	if ((kernel.ret > TC_ACT_STOLEN && !unspec) || !skb_is_same(&kernel, &ours)) {
		print_packet("before", in);
		skb_print("kernel", &kernel);
		skb_print("ours", &ours);
		return false;
	}
	counts->verdicts[unspec ? SAMPLE_UNSPEC : kernel.ret]++;
	return true;
}

static bool
same_packets(struct pair *p, struct xb_vm *vm, pcap_t *capture, struct counts *counts)
{
	struct pcap_pkthdr *h;
	const u_char *data;

	while (pcap_next_ex(capture, &h, &data) == 1) {
		struct run in = { .len = h->caplen };

		counts->packets++;
		if (h->caplen < ETHERNET_BYTES) {
			counts->too_short++;
			continue;
		}
		memcpy(in.data, data, h->caplen < PAGE_BYTES ? h->caplen : PAGE_BYTES);
		if (!(p->object->progs[0].type == BPF_PROG_TYPE_XDP
				    ? same_packet(p, vm, &in, counts)
				    : same_skb(p, vm, &in, counts))) {
			printf("packet %u differs\n", counts->packets);
			return false;
		}
	}
	return true;
}

static void
print_counts(const struct counts *counts, const char *const *names)
{
	printf("%u packets", counts->packets);
	for (int v = 0; v < VERDICTS; v++)
		if (counts->verdicts[v])
			printf(", %s %u", names[v], counts->verdicts[v]);
	if (counts->too_short)
		printf(", too short for the kernel %u", counts->too_short);
	printf("\n");
}

static bool
test_capture(const struct sample *sample, const char *object, const char *path, struct xb_vm *vm,
	uint32_t *seen)
{
	char error[PCAP_ERRBUF_SIZE];
	pcap_t *capture = pcap_open_offline(path, error);
	struct counts counts = { 0 };
	struct pair pair;
	bool ok;

	if (!capture) {
		printf("%s\n", error);
		return false;
	}
	ok = pair_open(&pair, object, sample) == 0 && same_packets(&pair, vm, capture, &counts) &&
	     pair_same_maps(&pair);
	pair_close(&pair);
	pcap_close(capture);
	for (int v = 0; v < VERDICTS; v++)
		*seen |= (uint32_t)(counts.verdicts[v] > 0) << v;
	printf("%s %s over %s: ", ok ? "ok" : "FAILED", sample->name, strrchr(path, '/') + 1);
	print_counts(&counts, strncmp(sample->name, "tc_", 3) == 0 ? tc_names : verdict_names);
	return ok;
}

static bool
test_sample(const struct sample *sample, const char *directory, char **captures, struct xb_vm *vm)
{
	uint32_t seen = 0;
	char object[4096];
	bool ok = true;

	snprintf(object, sizeof(object), "%s/%s.o", directory, sample->name);
	for (; *captures; captures++)
		ok = test_capture(sample, object, *captures, vm, &seen) && ok;
	if (ok && seen != sample->verdicts) {
		printf("FAILED %s: verdicts seen 0x%x, expected 0x%x\n", sample->name, seen,
			sample->verdicts);
		return false;
	}
	return ok;
}

/* Per-cpu values: the kernel runs where we run, our worker is number 0. */
static void
stay_on_cpu0(void)
{
	cpu_set_t cpus;

	CPU_ZERO(&cpus);
	CPU_SET(0, &cpus);
	sched_setaffinity(0, sizeof(cpus), &cpus);
}

int
main(int argc, char **argv)
{
	const char *refusal = kernel_refusal();
	struct xb_vm *vm;
	bool ok = true;

	if (argc < 3) {
		fprintf(stderr, "usage: samples_test OBJECT-DIRECTORY CAPTURE...\n");
		return 2;
	}
	if (refusal) {
		printf("skipped: %s\n", refusal);
		return TEST_SKIPPED;
	}
	stay_on_cpu0();
	vm = xb_vm_new(0);
	if (!vm)
		return 1;
	xb_map_thread_online(0);
	for (size_t i = 0; i < sample_cnt; i++)
		ok = test_sample(&samples[i], argv[1], argv + 2, vm) && ok;
	xb_map_thread_offline(0);
	xb_vm_free(vm);
	return !ok;
}
