/* SPDX-License-Identifier: BSD-2-Clause */
/* The least a reader of captures can do: libpcap's loop and nothing else. Prints packets and Mpps.
 */
#include <pcap/pcap.h>
#include <stdio.h>
#include <time.h>

int
main(int argc, char **argv)
{
	char error[PCAP_ERRBUF_SIZE];
	pcap_t *pcap = argc == 2 ? pcap_open_offline(argv[1], error) : NULL;
	struct pcap_pkthdr *header;
	struct timespec from, to;
	const u_char *data;
	unsigned long n = 0;
	double seconds;

	if (!pcap) {
		fprintf(stderr, "usage: pcap_loop FILE: %s\n", argc == 2 ? error : "one file");
		return 1;
	}
	clock_gettime(CLOCK_MONOTONIC, &from);
	while (pcap_next_ex(pcap, &header, &data) == 1)
		n++;
	clock_gettime(CLOCK_MONOTONIC, &to);
	pcap_close(pcap);
	seconds = (double)(to.tv_sec - from.tv_sec) + (double)(to.tv_nsec - from.tv_nsec) * 1e-9;
	printf("%lu packets %.2f\n", n, (double)n / seconds / 1e6);
	return 0;
}
