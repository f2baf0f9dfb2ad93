/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A file that appears under its name only when it is whole: written without a name, or where the
 * file system cannot, under another one, and then renamed. What is no regular file (/dev/null, a
 * pipe) is written in place.
 */
#ifndef APP_OUTFILE_H
#define APP_OUTFILE_H

#include "bpf/xb.h"
#include "dpdk-app/pcap.h"

struct outfile {
	FILE *file;
	char *path; /* symbolic links resolved */
	char *temp; /* its name until it is whole; NULL: none */
	char *buffer;
	bool in_place;
	bool is_nameless;
};

/* 0, or -errno and a sentence. `in` (may be NULL) is a file that must not be overwritten. */
int outfile_open(struct outfile *out, const char *path, FILE *in, struct xb_log *log);
/* The same, with a pcap header written; *dumper lives as long as out->file. */
int outfile_open_pcap(struct outfile *out, const char *path, FILE *in, bool nano, int snaplen,
	pcap_dumper_t **dumper, struct xb_log *log);
/* Close and give the file its name; 0, or -errno and a sentence (then there is no file). */
int outfile_commit(struct outfile *out, struct xb_log *log);
/* Close and remove; does nothing when already done or never opened. */
void outfile_abandon(struct outfile *out);
/* Would the one replace the other? */
bool outfile_is_same(const struct outfile *a, const struct outfile *b);

#endif
