/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An entry: what was found under a path, as it was at one moment. Entries do not change;
 * when the file has changed, a new entry takes the place of the old one, which lives until
 * its last reference is dropped.
 *
 * How a look-up goes through the files of core/file/, from file_open() of a module on:
 *
 *     file_query_make()    policy.c  the path, its root, the policy for links
 *     file_lookup()        cache.c   returns an entry that was validated in this turn, or:
 *       file_look()        entry.c   calls fstatat() for the path
 *       entry_is_valid()   entry.c   compares the result with the entry
 *       entry_create()     entry.c   makes an entry if there is no valid one
 *         policy_open()    policy.c  opens the path as the policy allows
 *         etag_put()       validators.c
 *     file_ask()           waiter.c  if the sandbox refuses to open it: asks the opener
 *       ask()              process/sandbox/opening.c; opener.c opens it in its own process
 *       on_answer()        waiter.c, with the descriptor, later:
 *         entry_create_opened() entry.c
 */
#ifndef SKUA_FILE_ENTRY_H
#define SKUA_FILE_ENTRY_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#include "file/policy.h"
#include "file/stamp.h"
#include "file/validators.h"
#include <file.h>

/* A value that a module keeps with an entry (include/file.h). */
struct file_attachment {
	const struct module *module;
	uint64_t key;
	void *value;
	size_t bytes;
	void (*end)(void *value);
	struct file_attachment *next;
};

struct file_entry {
	struct file file; /* what others see of it; first */

	/* The key: the path (in file), what is known of its root, the policy. */
	uint64_t hash;
	size_t root_len, fixed_len;
	bool has_dots;
	bool is_hidden;
	enum symlinks symlinks;

	struct file_stamp stamp; /* of a file that is there */
	uint64_t round; /* the turn of the loop in which it was validated last */
	int64_t opened_ms; /* when the policy was last asked; monotonic clock */
	bool is_young; /* file_is_young() when it was read: its times may not show a change */
	int source; /* descriptor of a young file from the opener, to read it again; or -1 */
	bool is_forbidden; /* it exists, and open(2) was refused, perhaps by the sandbox */
	unsigned mounts; /* mounts_version when mounts_may_wait() was false for its path */
	bool is_slow; /* mounts_may_wait() was true: the opener has looked it up */
	bool is_refused; /* it exists and cannot be opened; stat(2) does not show when it can */

	struct file_attachment *attachments;

	struct str kept; /* file_kept_bytes() */
	uint64_t bytes_read; /* by bodies that need memory (TLS, HTTP/2); file_kept_bytes() */

	unsigned refs; /* of holders, and of the cache */
	size_t bytes; /* of memory, in total */

	/* The cache's. */
	struct file_entry *chain; /* in the slot of the table */
	struct file_entry *newer, *older; /* in the order of use */
	bool is_cached;

	char etag[ETAG_ROOM];
	char last_modified[32];
};

/* The result of stat(2) for the path: the status, or an errno. */
struct file_look {
	int error;
	const char *refusal; /* the reason why the path must not be looked up; NULL: it may */
	struct stat status;
};

struct file_look file_look(const struct file_query *query);

/* What is there, of something that is. */
enum file_kind entry_kind(mode_t mode);

/*
 * Reads the bytes of a regular file that is open into memory: entry->kept. False: the entry has not
 * changed, because the file is not the one any more that was opened, or cannot be read.
 */
bool entry_keep(struct file_entry *entry);

/* Of all entry->kept, also those of entries that the cache has dropped and a response holds. */
extern size_t entry_kept_total;

/* Whether the entry still agrees with the file system and, looked up once a second, the policy. */
bool entry_is_valid(struct file_entry *entry, const struct file_look *look);

/*
 * Opens and reads the file, and makes an entry; `look` is the result of file_look() a moment ago.
 * The caller gets one reference. If file.error is EMFILE or ENFILE, another call may succeed after
 * descriptors were closed.
 */
struct file_entry *entry_create(const struct file_query *query, uint64_t hash,
				const struct file_look *look);

/*
 * Makes an entry of a file that the opener has opened. Takes over `fd`; a negative `fd` is -errno,
 * with `why` for the log. NULL: it is not a regular file. The entry must be validated before
 * another request uses it.
 */
struct file_entry *entry_create_opened(const struct file_query *query, uint64_t hash, int fd,
				       const char *why);

/*
 * The descriptor of the file that the opener has opened for this entry, to read the file again if
 * the entry is out of date only because it is young. Returns a copy, the caller's, or -1: the file
 * must be opened again.
 */
int entry_source(const struct file_entry *entry, const struct file_look *look);

/* A query that finds this entry; its names were checked, and its location is not known. */
struct file_query entry_query(const struct file_entry *entry);

/*
 * Opens the file of this entry again, for reading. The caller's descriptor, or -errno; -ESTALE: the
 * file is another one now; -EAGAIN: it lies on a slow file system, which this process must not
 * touch.
 */
int entry_reopen(const struct file_entry *entry);

/*
 * Makes an entry of what the opener has found on a slow file system. `content`: a descriptor of
 * the bytes of a small regular file, which is taken over; -1: there is none. A large file has
 * neither content nor a descriptor: its bytes are read by the opener. The entry must be validated
 * before another request uses it.
 */
struct file_entry *entry_create_found(const struct file_query *query, uint64_t hash,
				      const struct file_stamp *stamp, int content);

/* Makes an entry that says only what stat(2) has said, for a caller that needs no content. */
struct file_entry *entry_create_status(const struct file_query *query, uint64_t hash,
				       const struct file_stamp *stamp);

/* Makes an entry of a file that could not be looked up. */
struct file_entry *entry_create_failed(const struct file_query *query, uint64_t hash, int error,
				       const char *why);

/* Drops a reference. The last one closes the descriptor and frees the entry. */
void entry_unref(struct file_entry *entry);

#endif
