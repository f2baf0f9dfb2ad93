/* SPDX-License-Identifier: BSD-2-Clause */
/* Files that are whole or not there. Used by output.c and cmd_gen.c. */
#include "dpdk-app/outfile.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define BUFFER_BYTES (256u << 10)

static bool
is_same_file(const struct stat *a, FILE *b)
{
	struct stat st;

	return b != NULL && fstat(fileno(b), &st) == 0 && st.st_dev == a->st_dev &&
	       st.st_ino == a->st_ino && S_ISREG(st.st_mode);
}

/* The temporary file beside out->path. */
static FILE *
open_beside(struct outfile *out)
{
	mode_t mask = umask(0);
	FILE *file;
	int fd;

	umask(mask);
	if (asprintf(&out->temp, "%s.XXXXXX", out->path) < 0) {
		out->temp = NULL;
		return NULL;
	}
	fd = mkstemp(out->temp);
	if (fd < 0)
		return NULL;
	fchmod(fd, 0666 & ~mask);
	file = fdopen(fd, "w");
	if (file == NULL) {
		close(fd);
		unlink(out->temp);
	}
	return file;
}

int
outfile_open(struct outfile *out, const char *path, FILE *in, struct xb_log *log)
{
	struct stat st;
	bool there = stat(path, &st) == 0;
	int err;

	*out = (struct outfile){ 0 };
	if (there && is_same_file(&st, in)) {
		xb_log_add(log, "%s: is the input, and will not be overwritten\n", path);
		return -EINVAL;
	}
	/* /dev/stdout may well be a regular file, but it is open already. */
	if (there && (!S_ISREG(st.st_mode) || strncmp(path, "/dev/", 5) == 0)) {
		out->path = strdup(path);
		out->file = out->path ? fopen(path, "w") : NULL;
	} else {
		out->path = there ? realpath(path, NULL) : strdup(path);
		out->file = out->path ? open_beside(out) : NULL;
	}
	if (out->file == NULL) {
		err = errno;
		xb_log_add(log, "%s: cannot be written: %s\n", path, strerror(err));
		free(out->temp);
		free(out->path);
		*out = (struct outfile){ 0 };
		return -err;
	}
	setvbuf(out->file, NULL, _IOFBF, BUFFER_BYTES);
	return 0;
}

int
outfile_open_pcap(struct outfile *out, const char *path, FILE *in, bool nano, int snaplen,
	pcap_dumper_t **dumper, struct xb_log *log)
{
	int ret = outfile_open(out, path, in, log);
	pcap_t *format;

	*dumper = NULL;
	if (ret < 0)
		return ret;
	format = pcap_open_dead_with_tstamp_precision(DLT_EN10MB, snaplen,
		nano ? PCAP_TSTAMP_PRECISION_NANO : PCAP_TSTAMP_PRECISION_MICRO);
	if (format != NULL) {
		*dumper = pcap_dump_fopen(format, out->file);
		pcap_close(format);
	}
	if (*dumper == NULL) {
		xb_log_add(log, "%s: no capture could be begun\n", path);
		outfile_abandon(out);
		return -ENOMEM;
	}
	return 0;
}

static void
forget(struct outfile *out)
{
	free(out->temp);
	free(out->path);
	*out = (struct outfile){ 0 };
}

int
outfile_commit(struct outfile *out, struct xb_log *log)
{
	int err = 0;

	if (out->file == NULL)
		return 0;
	if (ferror(out->file))
		err = EIO;
	if (fclose(out->file) != 0)
		err = errno;
	if (err == 0 && out->temp != NULL && rename(out->temp, out->path) < 0)
		err = errno;
	if (err != 0) {
		xb_log_add(log, "%s: cannot be written: %s\n", out->path, strerror(err));
		if (out->temp != NULL)
			unlink(out->temp);
	}
	forget(out);
	return -err;
}

void
outfile_abandon(struct outfile *out)
{
	if (out->file == NULL)
		return;
	fclose(out->file);
	if (out->temp != NULL)
		unlink(out->temp);
	forget(out);
}
