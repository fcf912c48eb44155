/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An entry: what was found under a path, as it was at one moment. Entries do not change;
 * when the file has changed, a new entry takes the place of the old one, which lives until
 * its last reference is dropped.
 *
 * How a look-up goes through the files of core/file/, from file_open() of a module on:
 *
 *     file_query_make()    policy.c  the path, the root in it, the policy for links
 *     file_lookup()        cache.c   is there an entry? In this round validated, or then:
 *       file_look()        entry.c   one fstatat() of the path
 *       entry_is_valid()   entry.c   compares its result with the entry
 *       entry_create()     entry.c   if there is no valid entry: makes one
 *         policy_open()    policy.c  opens the path as the policy allows
 *         etag_put()       validators.c
 *     file_ask()           cache.c   if the sandbox refuses to open it: asks the opener
 *       ask()              process/sandbox/opening.c; opener.c opens it in its own process
 *       file_question_answer()  cache.c, with the descriptor, later:
 *         entry_create_opened() entry.c
 */
#ifndef SKUA_FILE_ENTRY_H
#define SKUA_FILE_ENTRY_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#include "file/policy.h"
#include "file/validators.h"
#include <file.h>

/* What tells two versions of a file apart. */
struct file_stamp {
	dev_t dev;
	ino_t ino;
	mode_t mode;
	off_t size;
	struct timespec mtime, ctime;
};

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
	uint64_t round; /* of the loop, in which it was validated last */
	int64_t opened_ms; /* when it was opened under the policy; monotonic clock */
	bool is_young; /* file_is_young() when it was read: its times may not show a change */
	int source; /* of a young file that the opener has opened: to read it again; or -1 */
	bool is_forbidden; /* it is there, and open(2) has refused it: the sandbox may be why */
	bool is_refused; /* it exists and cannot be opened: stat(2) does not show when that ends */

	struct file_attachment *attachments;

	unsigned refs; /* holders, and the cache */
	size_t bytes; /* of memory, all in all */

	/* The cache's. */
	struct file_entry *chain; /* in the slot of the table */
	struct file_entry *newer, *older; /* in the order of use */
	bool is_cached;

	char etag[ETAG_ROOM];
	char last_modified[32];
};

/* What stat(2) of the path says now: the status, or an errno. */
struct file_look {
	int error;
	const char *refusal; /* why the path is not looked up at all; NULL: it is */
	struct stat status;
};

struct file_look file_look(const struct file_query *query);

/* What is there, of something that is. */
enum file_kind entry_kind(const struct stat *status);

/* Whether the entry still says what is on the disk. */
bool entry_is_valid(const struct file_entry *entry, const struct file_look *look);

/*
 * Opens and reads what is there now; `look` is what was seen a moment ago. One
 * reference is the caller's. If file.error is EMFILE or ENFILE, another call may
 * succeed when descriptors have been closed.
 */
struct file_entry *entry_create(const struct file_query *query, uint64_t hash,
				const struct file_look *look);

/*
 * Reads what the opener has opened: `fd` is the entry's, or closed; a negative one is -errno,
 * with `why` for the log. NULL: it is no regular file. The entry is to be validated before
 * somebody else uses it.
 */
struct file_entry *entry_create_opened(const struct file_query *query, uint64_t hash, int fd,
				       const char *why);

/*
 * The file that the opener has opened for this entry, to read it again, if the entry is out of
 * date for no other reason than that it is young. A copy of the descriptor; -1: it is to be
 * opened anew.
 */
int entry_source(const struct file_entry *entry, const struct file_look *look);

/* An entry of a file that could not be looked for. */
struct file_entry *entry_create_failed(const struct file_query *query, uint64_t hash, int error,
				       const char *why);

/* Drops a reference; the last closes the descriptor and frees the memory. */
void entry_unref(struct file_entry *entry);

#endif
