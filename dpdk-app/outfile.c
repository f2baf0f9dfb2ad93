/* SPDX-License-Identifier: BSD-2-Clause */
/* Files that are whole or not there. Used by output.c and cmd_gen.c. */
#include "dpdk-app/outfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define BUFFER_BYTES (256u << 10)
#define NAMES_TRIED 100

static bool
is_same_file(const struct stat *a, FILE *b)
{
	struct stat st;

	return b != NULL && fstat(fileno(b), &st) == 0 && st.st_dev == a->st_dev &&
	       st.st_ino == a->st_ino && S_ISREG(st.st_mode);
}

/* path with its directory's links resolved, so that one file has one name; a file that is there is
 * what it points to. NULL and errno. */
static char *
canonical(const char *path, bool there)
{
	const char *slash = strrchr(path, '/');
	const char *base = slash != NULL ? slash + 1 : path;
	char *copy, *dir, *name = NULL;

	if (there)
		return realpath(path, NULL);
	if (*base == '\0') {
		errno = slash != NULL ? EISDIR : ENOENT;
		return NULL;
	}
	copy = slash != NULL ? strndup(path, (size_t)(slash - path) + 1) : strdup(".");
	dir = copy != NULL ? realpath(copy, NULL) : NULL;
	free(copy);
	if (dir != NULL && asprintf(&name, "%s/%s", strcmp(dir, "/") == 0 ? "" : dir, base) < 0)
		name = NULL;
	free(dir);
	return name;
}

/* A file of path's directory that has no name yet: whatever ends the process ends it. -1 where the
 * file system (or a /proc to give it a name by) has none. */
static int
open_nameless(const char *path)
{
	char *dir = strndup(path, (size_t)(strrchr(path, '/') - path) + 1);
	int fd = -1;

	if (dir != NULL && access("/proc/self/fd", X_OK) == 0)
		fd = open(dir, O_TMPFILE | O_WRONLY | O_CLOEXEC, 0666);
	free(dir);
	return fd;
}

static int
open_named(struct outfile *out)
{
	mode_t mask = umask(0);
	int fd;

	umask(mask);
	if (asprintf(&out->temp, "%s.XXXXXX", out->path) < 0) {
		out->temp = NULL;
		return -1;
	}
	fd = mkstemp(out->temp);
	if (fd >= 0)
		fchmod(fd, 0666 & ~mask);
	return fd;
}

/* The file that becomes out->path. */
static FILE *
open_beside(struct outfile *out)
{
	int fd = open_nameless(out->path);
	FILE *file;

	out->is_nameless = fd >= 0;
	if (fd < 0)
		fd = open_named(out);
	if (fd < 0)
		return NULL;
	file = fdopen(fd, "w");
	if (file == NULL) {
		close(fd);
		if (out->temp != NULL)
			unlink(out->temp);
	}
	return file;
}

static void
forget(struct outfile *out)
{
	free(out->buffer);
	free(out->temp);
	free(out->path);
	*out = (struct outfile){ 0 };
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
	out->in_place = there && (!S_ISREG(st.st_mode) || strncmp(path, "/dev/", 5) == 0);
	out->path = out->in_place ? strdup(path) : canonical(path, there);
	if (out->path != NULL)
		out->file = out->in_place ? fopen(path, "w") : open_beside(out);
	if (out->file == NULL) {
		err = errno;
		xb_log_add(log, "%s: cannot be written: %s\n", path, strerror(err));
		forget(out);
		return -err;
	}
	/* glibc takes a size only together with a buffer. */
	out->buffer = malloc(BUFFER_BYTES);
	if (out->buffer != NULL)
		setvbuf(out->file, out->buffer, _IOFBF, BUFFER_BYTES);
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

/* Why writing failed: stdio keeps that it did, and not why. Asked of the file once more. */
static int
write_error(FILE *file)
{
	return write(fileno(file), "", 1) < 0 ? errno : EIO;
}

/* Give a nameless file a name beside the one it shall have: link(2) does not replace. */
static int
name_it(struct outfile *out)
{
	char fd[32];
	int ret = -1;

	snprintf(fd, sizeof(fd), "/proc/self/fd/%d", fileno(out->file));
	for (int i = 0; ret < 0 && i < NAMES_TRIED; i++) {
		free(out->temp);
		if (asprintf(&out->temp, "%s.%d-%d", out->path, getpid(), i) < 0) {
			out->temp = NULL;
			return ENOMEM;
		}
		ret = linkat(AT_FDCWD, fd, AT_FDCWD, out->temp, AT_SYMLINK_FOLLOW);
		if (ret < 0 && errno != EEXIST)
			break;
	}
	if (ret == 0)
		return 0;
	free(out->temp); /* somebody else's, if it is there */
	out->temp = NULL;
	return errno;
}

int
outfile_commit(struct outfile *out, struct xb_log *log)
{
	int err = 0;

	if (out->file == NULL)
		return 0;
	if (fflush(out->file) != 0)
		err = errno;
	else if (ferror(out->file))
		err = write_error(out->file);
	if (err == 0 && out->is_nameless)
		err = name_it(out);
	if (fclose(out->file) != 0 && err == 0)
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

bool
outfile_is_same(const struct outfile *a, const struct outfile *b)
{
	return a->file != NULL && b->file != NULL && !a->in_place && strcmp(a->path, b->path) == 0;
}
