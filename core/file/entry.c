/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Makes an entry: stat(2) of the path shows what is there, the policy opens it, and small files
 * are read at once. Content and length belong to the same version of the file: stat(2) is called
 * before and after reading, and the file is read again if it has changed.
 */
#include "file/entry.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/exact.h"
#include "event/loop.h"
#include "file/mounts.h"
#include "file/stamp.h"
#include "file/validators.h"
#include <date.h>
#include <pool.h>

enum {
	CONTENT_MAX = 32 << 10, /* larger files are cheaper to send from their descriptor */
	READ_TRIES = 4, /* if a file is written to while it is read */
	OPEN_TRIES = 4, /* if a name is replaced while it is opened */

	/*
	 * A stat follows every link, so it cannot see that a directory on the
	 * way was moved out of the root and a link put in its place. After this
	 * time the path is looked up under the policy again.
	 */
	POLICY_MS = 1000,
};

struct file_look file_look(const struct file_query *query)
{
	struct file_look look = { 0 };

	if (str_empty(query->path))
		look.error = ENOENT;
	else if (query->path.len >= PATH_MAX || memchr(query->path.data, '\0', query->path.len))
		look.error = ENAMETOOLONG;
	else if ((look.refusal = file_query_refusal(query)))
		look.error = EACCES;
	else if (fstatat(AT_FDCWD, query->path.data, &look.status, 0) < 0)
		look.error = errno;
	return look;
}

static bool policy_is_due(const struct file_entry *entry)
{
	return entry->symlinks != SYMLINKS_FOLLOW && clock_ms() - entry->opened_ms > POLICY_MS;
}

/* Whether the policy leads to the file of the entry. */
static bool policy_leads_to(struct file_entry *entry)
{
	const struct file_query query = entry_query(entry);
	char why[1024];
	struct stat status;

	if (policy_stat(&query, &status, why, sizeof(why)) < 0)
		return false;
	struct file_stamp now = stamp_of(&status);
	if (!same_stamp(&now, &entry->stamp))
		return false;
	entry->opened_ms = clock_ms();
	return true;
}

bool entry_is_valid(struct file_entry *entry, const struct file_look *look)
{
	if (entry->is_refused || entry->is_young)
		return false;
	if (look->error || entry->file.kind == FILE_MISSING)
		return look->error == entry->file.error && !policy_is_due(entry);

	struct file_stamp now = stamp_of(&look->status);
	return same_stamp(&now, &entry->stamp) && (!policy_is_due(entry) || policy_leads_to(entry));
}

static struct file_entry *entry_alloc(const struct file_query *query, uint64_t hash)
{
	struct file_entry *entry = heap_alloc(sizeof(*entry) + query->path.len + 1);
	char *path = (char *)(entry + 1);

	*entry = (struct file_entry){
		.file = { .fd = -1, .path = { path, query->path.len } },
		.source = -1,
		.hash = hash,
		.root_len = query->root_len,
		.fixed_len = query->fixed_len,
		.has_dots = query->has_dots,
		.is_hidden = query->is_hidden,
		.symlinks = query->symlinks,
		.round = loop_round_number(),
		.mounts = mounts_version,
		.opened_ms = clock_ms(),
		.refs = 1,
		.bytes = sizeof(*entry) + query->path.len + 1,
	};
	memcpy(path, query->path.data, query->path.len);
	path[query->path.len] = '\0';
	return entry;
}

static void set_missing(struct file_entry *entry, int error)
{
	entry->file.kind = FILE_MISSING;
	entry->file.error = error;
}

static void set_refusal(struct file_entry *entry, const char *why)
{
	size_t len = strlen(why);
	char *text = len ? memcpy(heap_alloc(len), why, len) : NULL;

	entry->is_refused = true;
	entry->file.refusal = (struct str){ text, len };
	entry->bytes += len;
}

enum file_kind entry_kind(mode_t mode)
{
	return S_ISREG(mode) ? FILE_REGULAR : S_ISDIR(mode) ? FILE_DIRECTORY : FILE_OTHER;
}

static void set_status(struct file_entry *entry, const struct stat *status)
{
	struct file *file = &entry->file;

	entry->stamp = stamp_of(status);
	file->size = (uint64_t)status->st_size;
	file->mtime = modification_time(status);
	file->kind = entry_kind(status->st_mode);
}

static void set_validators(struct file_entry *entry, const struct stat *status, struct timespec now)
{
	struct file *file = &entry->file;

	entry->is_young = file_is_young(status, now);
	file->etag = etag_put(entry->etag, status, file->content, now);
	if (file->mtime < 0)
		return;
	char *end = date_put_http(entry->last_modified, file->mtime);
	file->last_modified = str_range(entry->last_modified, end);
}

/*
 * Reads a small file completely and closes its descriptor. If the file changes all the time, its
 * descriptor is kept instead, with the latest length.
 */
static void read_content(struct file_entry *entry, struct stat *status)
{
	for (int i = 0; i < READ_TRIES && status->st_size <= CONTENT_MAX; i++) {
		size_t size = (size_t)status->st_size;
		char *content = heap_alloc(size ? size : 1);
		bool is_whole = read_exactly(entry->file.fd, content, 0, size) == 0;
		struct file_stamp before = stamp_of(status);

		if (fstat(entry->file.fd, status) == 0) {
			struct file_stamp after = stamp_of(status);
			if (is_whole && same_stamp(&before, &after)) {
				entry->file.content = (struct str){ content, size };
				entry->bytes += size;
				close(entry->file.fd);
				entry->file.fd = -1;
				return;
			}
		}
		free(content);
	}
}

size_t entry_kept_total;

bool entry_keep(struct file_entry *entry)
{
	size_t size = (size_t)entry->file.size;
	char *bytes = malloc(size); /* without memory the descriptor serves as well */

	if (!bytes || read_exactly(entry->file.fd, bytes, 0, size) != 0 ||
	    !stamp_fits(&entry->stamp, entry->file.fd)) {
		free(bytes);
		return false;
	}
	entry->kept = (struct str){ bytes, size };
	entry_kept_total += size;
	return true;
}

/* Reads an open file. False: it is not a regular file (see *status), and was closed. */
static bool read_regular(struct file_entry *entry, int fd, struct stat *status)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME_COARSE, &now);
	if (fstat(fd, status) < 0 || !S_ISREG(status->st_mode)) {
		close(fd);
		return false;
	}
	entry->file.fd = fd;
	read_content(entry, status);
	set_status(entry, status);
	set_validators(entry, status, now);
	return true;
}

/* -EAGAIN: the name leads to something else than before (see *status). */
static int open_regular(struct file_entry *entry, const struct file_query *query,
			struct stat *status)
{
	char why[1024] = "";
	int fd = policy_open(query, O_RDONLY, why, sizeof(why));

	if (fd < 0) {
		set_missing(entry, -fd);
		set_refusal(entry, why);
		entry->is_forbidden = fd == -EACCES;
		return fd;
	}
	return read_regular(entry, fd, status) ? 0 : -EAGAIN;
}

/* Only checks the policy, because a directory is never read through its entry. */
static void open_directory(struct file_entry *entry, const struct file_query *query)
{
	char why[1024] = "";
	int fd = policy_open(query, O_PATH | O_DIRECTORY, why, sizeof(why));

	if (fd >= 0) {
		close(fd);
		return;
	}
	set_missing(entry, -fd);
	set_refusal(entry, why);
}

struct file_entry *entry_create(const struct file_query *query, uint64_t hash,
				const struct file_look *look)
{
	struct file_entry *entry = entry_alloc(query, hash);
	struct stat status = look->status;

	if (look->error) {
		set_missing(entry, look->error);
		if (look->refusal)
			set_refusal(entry, look->refusal);
		return entry;
	}
	for (int i = 0; S_ISREG(status.st_mode); i++) {
		if (i == OPEN_TRIES) {
			set_missing(entry, EAGAIN);
			set_refusal(entry, "");
			return entry;
		}
		if (open_regular(entry, query, &status) != -EAGAIN)
			return entry;
	}
	set_status(entry, &status);
	if (entry->file.kind == FILE_DIRECTORY)
		open_directory(entry, query);
	return entry;
}

struct file_entry *entry_create_failed(const struct file_query *query, uint64_t hash, int error,
				       const char *why)
{
	struct file_entry *entry = entry_alloc(query, hash);

	set_missing(entry, error);
	set_refusal(entry, why);
	return entry;
}

struct file_entry *entry_create_found(const struct file_query *query, uint64_t hash,
				      const struct file_stamp *stamp, int content)
{
	struct file_entry *entry = entry_alloc(query, hash);
	struct stat status = stamp_status(stamp);
	struct timespec now;
	size_t size = (size_t)stamp->size;
	bool is_small = S_ISREG(stamp->mode) && stamp->size <= CONTENT_MAX;

	clock_gettime(CLOCK_REALTIME_COARSE, &now);
	entry->round = 0;
	entry->is_slow = true;
	set_status(entry, &status);
	if (is_small) {
		char *bytes = heap_alloc(size ? size : 1);

		entry->file.content = (struct str){ bytes, size };
		entry->bytes += size;
		if (size && (content < 0 || read_exactly(content, bytes, 0, size) < 0))
			set_missing(entry, EIO);
	}
	if (content >= 0)
		close(content);
	set_validators(entry, &status, now);
	return entry;
}

struct file_entry *entry_create_status(const struct file_query *query, uint64_t hash,
				       const struct file_stamp *stamp)
{
	struct file_entry *entry = entry_alloc(query, hash);
	struct stat status = stamp_status(stamp);

	set_status(entry, &status);
	return entry;
}

int entry_source(const struct file_entry *entry, const struct file_look *look)
{
	struct file_stamp now = stamp_of(&look->status);

	if (look->error || entry->source < 0 || policy_is_due(entry) ||
	    !same_stamp(&now, &entry->stamp))
		return -1;
	return fcntl(entry->source, F_DUPFD_CLOEXEC, 0);
}

struct file_query entry_query(const struct file_entry *entry)
{
	return (struct file_query){
		.path = entry->file.path,
		.root_len = entry->root_len,
		.fixed_len = entry->fixed_len,
		.checked_len = entry->file.path.len,
		.has_dots = entry->has_dots,
		.is_hidden = entry->is_hidden,
		.symlinks = entry->symlinks,
	};
}

int entry_reopen(const struct file_entry *entry)
{
	const struct file_query query = entry_query(entry);
	char why[1024];

	if (entry->is_slow)
		return -EAGAIN;
	if (entry->file.fd >= 0) {
		int copy = fcntl(entry->file.fd, F_DUPFD_CLOEXEC, 0);
		return copy < 0 ? -errno : copy;
	}
	int fd = policy_open(&query, O_RDONLY, why, sizeof(why));
	if (fd < 0)
		return fd;
	if (stamp_fits(&entry->stamp, fd))
		return fd;
	close(fd);
	return -ESTALE;
}

struct file_entry *entry_create_opened(const struct file_query *query, uint64_t hash, int fd,
				       const char *why)
{
	if (fd < 0 && fd != -EAGAIN)
		return entry_create_failed(query, hash, -fd, why);

	struct file_entry *entry = entry_alloc(query, hash);
	struct stat status;

	int source = fd >= 0 ? fcntl(fd, F_DUPFD_CLOEXEC, 0) : -1;

	entry->round = 0;
	if (fd >= 0 && read_regular(entry, fd, &status)) {
		if (entry->is_young)
			entry->source = source;
		else if (source >= 0)
			close(source);
		return entry;
	}
	if (source >= 0)
		close(source);
	entry_unref(entry);
	return NULL;
}

void entry_unref(struct file_entry *entry)
{
	if (--entry->refs)
		return;
	if (entry->file.fd >= 0)
		close(entry->file.fd);
	if (entry->source >= 0)
		close(entry->source);
	while (entry->attachments) {
		struct file_attachment *attachment = entry->attachments;

		entry->attachments = attachment->next;
		attachment->end(attachment->value);
		free(attachment);
	}
	free((char *)entry->file.content.data);
	entry_kept_total -= entry->kept.len;
	free((char *)entry->kept.data);
	free((char *)entry->file.refusal.data);
	free(entry);
}
