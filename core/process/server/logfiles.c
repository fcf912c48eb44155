/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Opens with O_APPEND, so that processes do not overwrite each other's lines. Reopening puts
 * the new file behind the old number with dup3(2).
 */
#include "process/server/logfiles.h"

#include <errno.h>
#include <fcntl.h>
#include <log.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/log_ring.h"
#include "config/logs/logs.h"
#include "process/os/fork.h"
#include "process/os/place.h"
#include "process/server/syslog_relay.h"

/* Descriptors of logs are never 0, 1 or 2, which a daemon replaces by /dev/null. */
enum { FIRST_FD = 3, WHY_SIZE = 1024 };

/* The number of the inherited descriptor that a path stands for; -1: it is a file. */
static int inherited(const char *path)
{
	if (strcmp(path, "/dev/stderr") == 0)
		return STDERR_FILENO;
	if (strcmp(path, "/dev/stdout") == 0)
		return STDOUT_FILENO;
	return -1;
}

bool logfile_is_inherited(const char *path)
{
	return inherited(path) >= 0;
}

/* --- readers of pipes ------------------------------------------------------------ */

/*
 * A named pipe without a reader can neither be opened for writing nor keep lines. So
 * the master opens it for reading as well, and reads nothing. Its children, which
 * write, do not get that descriptor: one that was taken over could read, and so remove,
 * the lines of the others.
 */
static struct {
	struct log_entry *first; /* the pipes that the master has opened for reading */
} readers;

static void drop_reader(struct log_entry *entry)
{
	struct log_entry **link = &readers.first;

	if (entry->reader < 0)
		return;
	while (*link != entry)
		link = &(*link)->next_reader;
	*link = entry->next_reader;
	close(entry->reader);
	entry->reader = -1;
}

/* Called in a child: closes its copies of all readers. */
static void forget_readers(void)
{
	while (readers.first)
		drop_reader(readers.first);
}

/* Gives the entry a reader, which it owns; -1: none. */
static void set_reader(struct log_entry *entry, int reader)
{
	drop_reader(entry);
	if (reader < 0)
		return;
	fork_cleanup_add(forget_readers);
	entry->reader = reader;
	entry->next_reader = readers.first;
	readers.first = entry;
}

/* --- opening ----------------------------------------------------------------------- */

/*
 * Opens a pipe for writing, and for reading, which keeps its lines. If this user may not read
 * it, somebody else has to. A descriptor or -errno; then `why` may say more.
 */
static int open_pipe(const struct place *place, int flags, int *reader, char *why, size_t why_size)
{
	*reader = place_open(place, O_RDONLY | O_NOCTTY | O_NONBLOCK, 0, why, why_size);
	int fd = place_open(place, O_WRONLY | flags, 0, why, why_size);
	if (fd < 0 && *reader >= 0)
		close(*reader);
	if (fd < 0)
		*reader = -1;
	if (fd == -ENXIO)
		snprintf(why, why_size,
			 "nobody reads this pipe; start its reader first, or let this user read "
			 "it, so that lines wait in it");
	return fd;
}

/* A descriptor or -errno, as logfile_open(); *reader is -1 unless the file is a pipe. */
static int open_log(const char *path, int *reader, char *why, size_t why_size)
{
	const int flags = O_APPEND | O_NOCTTY | O_NONBLOCK;
	struct place place;
	int standard = inherited(path);

	why[0] = '\0';
	*reader = -1;
	if (standard >= 0) {
		int fd = fcntl(standard, F_DUPFD_CLOEXEC, FIRST_FD);
		return fd < 0 ? -errno : fd;
	}
	int fd = place_find(&place, path, why, why_size);
	if (fd < 0)
		return fd;
	if (place.exists && S_ISFIFO(place.status.st_mode) && !place.is_magic)
		fd = open_pipe(&place, flags, reader, why, why_size);
	else
		fd = place_open(&place, O_WRONLY | O_CREAT | flags, 0644, why, why_size);
	place_finish(&place);
	return fd;
}

int logfile_open(const char *path, char *why, size_t why_size)
{
	int reader;
	int fd = open_log(path, &reader, why, why_size);

	if (reader >= 0)
		close(reader);
	return fd;
}

static int open_ring(struct log_entry *entry)
{
	int error = log_ring_open(entry->ring_size, &entry->ring);

	if (error == 0)
		entry->file.fd = log_ring_fd(entry->ring);
	return error;
}

int logfiles_open(struct logs *logs)
{
	char why[WHY_SIZE];
	int result = 0, reader;

	for (struct log_entry *entry = logs->files; entry; entry = entry->next) {
		if (entry->file.syslog || entry->ring_size) {
			int error = entry->ring_size ? open_ring(entry) : syslog_relay_open(entry);

			if (error < 0)
				log_emergc(error, "cannot open the log \"%s\"",
					   entry->file.path.data);
			result = error < 0 ? error : result;
			continue;
		}

		int fd = open_log(entry->file.path.data, &reader, why, sizeof(why));

		if (fd < 0) {
			log_emergc(why[0] ? 0 : fd, "cannot open the log file \"%s\"%s%s",
				   entry->file.path.data, why[0] ? ": " : "", why);
			result = fd;
		}
		entry->file.fd = fd < 0 ? -1 : fd;
		set_reader(entry, reader);
	}
	if (result < 0)
		logfiles_close(logs);
	logs_connect(logs);
	return result;
}

void logfiles_reopen(struct logs *logs)
{
	char why[WHY_SIZE];
	int reader;

	for (struct log_entry *entry = logs->files; entry; entry = entry->next) {
		if (entry->relay)
			syslog_relay_reconnect(entry->relay);
		if (entry->relay || entry->ring || inherited(entry->file.path.data) >= 0)
			continue;
		int fd = open_log(entry->file.path.data, &reader, why, sizeof(why));
		if (fd < 0) {
			log_errorc(why[0] ? 0 : fd,
				   "cannot reopen the log file \"%s\", the old one is still "
				   "used%s%s",
				   entry->file.path.data, why[0] ? ": " : "", why);
			continue;
		}
		dup3(fd, entry->file.fd, O_CLOEXEC);
		close(fd);
		set_reader(entry, reader);
	}
}

void logfiles_watch(struct logs *logs)
{
	for (struct log_entry *entry = logs->files; entry; entry = entry->next)
		if (entry->relay)
			syslog_relay_watch(entry->relay);
}

void logfiles_close(struct logs *logs)
{
	for (struct log_entry *entry = logs->files; entry; entry = entry->next) {
		if (entry->ring)
			log_ring_close(entry->ring);
		else if (entry->file.fd >= 0)
			close(entry->file.fd);
		entry->ring = NULL;
		entry->file.fd = -1;
		syslog_relay_close(entry->relay);
		entry->relay = NULL;
		drop_reader(entry);
	}
	logs_connect(logs);
}
