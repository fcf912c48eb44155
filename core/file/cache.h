/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The file cache of a process. An entry says what was found under a path, also if nothing was.
 *
 * An entry is validated by at most one fstatat() in a turn of the loop. This is as exact as one
 * for each request: all requests that run in a turn were received in step 2 of the turn, before
 * the first one runs in step 3. So a change that was complete before a client sent its request
 * is older than every validation of that turn. This holds for look-ups in step 3 and later,
 * where requests run; a completion (complete.h) only queues them.
 *
 * To be used on the loop's thread only.
 */
#ifndef SKUA_FILE_CACHE_H
#define SKUA_FILE_CACHE_H

#include <stdbool.h>

#include "file/opener.h"
#include "file/policy.h"
#include <file.h>

struct file_cache_limits {
	size_t entries; /* at most; misses may be a quarter of this number */
	size_t bytes; /* of memory, at most */
	size_t fds; /* descriptors of large files; 0: a quarter of RLIMIT_NOFILE */
};

/*
 * Sets the limits. Entries beyond them are dropped, the longest unused ones first. The defaults are
 * 8192 entries and 64 MiB.
 */
void file_cache_limit(struct file_cache_limits limits);

/* What the opener has to be asked, and for the file of which disk. */
struct file_need {
	enum file_question_kind kind;
	dev_t device;
};

/*
 * Looks up a file. Returns an entry, which the caller holds until file_release(). NULL: the sandbox
 * does not let this process open the file, or looking it up may wait for a slow file system. Then
 * the caller must ask the opener by file_ask() for what *need says.
 */
struct file *file_lookup(const struct file_query *query, struct file_need *need);

/* Whether stat(2) of the path may wait for a slow file system: then the opener has to be asked. */
bool file_status_may_wait(const struct file_query *query, struct file_need *need);

/*
 * As policy_stat() of the path, but uses an entry that was validated in this turn, if there is one.
 * A missing name becomes an entry.
 */
struct file_status file_lookup_status(const struct file_query *query, char *why, size_t why_size);

/* What stat(2) has said when this entry was made. */
struct file_status file_entry_status(const struct file *file);

/* The version of a file whose bytes only the opener can read (entry_create_found()). */
const struct file_stamp *file_stamp(const struct file *file);

/*
 * Makes an entry outside of the cache for a file that could not be looked up: file->error is
 * `error` (an errno), and `why` is for the log. The caller releases it.
 */
struct file *file_unavailable(const struct file_query *query, int error, const char *why);

/*
 * All bytes of a regular file that are not in file->content, for a connection that would have to
 * read `len` of them now. They are read into memory once such connections have asked for more bytes
 * of this version than it has, if those are at most 256 KiB and a sixteenth of the limit of the
 * cache, towards which they count. They are valid as long as the file is held. .data NULL: they are
 * not in memory, so the caller reads its `len` bytes.
 */
struct str file_kept_bytes(struct file *file, size_t len);

/* Ends an attachment (<file.h>). False: somebody holds the file, so the attachment stays. */
bool file_detach_idle(struct file *file, const struct module *module, uint64_t key);

void file_hold(struct file *file); /* adds a reference */
void file_release(struct file *file);

/*
 * Drops all entries that only the cache holds, to free memory and descriptors. Returns true if
 * there was any.
 */
bool file_cache_trim(void);

/* Drops all entries at the end of the process; those that are held live until their release. */
void file_cache_clear(void);

struct file_cache_counts {
	size_t entries, missing, bytes, fds; /* now */
	uint64_t hits, fills; /* so far */
};
extern struct file_cache_counts file_cache_counts;

#endif
