/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Files as the cache of entries knows them: descriptor, size, times, type,
 * ETag and the bytes of small ones. An entry is validated before it is used,
 * by one fstatat() at most in a turn of the loop; misses are entries too.
 */
#ifndef SKUA_FILE_H
#define SKUA_FILE_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include <str.h>

struct request;

enum file_kind {
	FILE_MISSING, /* error says why: ENOENT, EACCES, ELOOP … */
	FILE_REGULAR,
	FILE_DIRECTORY,
	FILE_OTHER, /* a device, a socket, a pipe: never served */
};

/* Read only; valid until file_release(), even when the file changes meanwhile. */
struct file {
	enum file_kind kind;
	int error; /* of a missing one: an errno */
	int fd; /* of a regular one */
	uint64_t size;
	time_t mtime;
	struct str path; /* NUL follows */
	struct str content; /* the bytes of a small one; data NULL: use fd */
	struct str etag; /* "mtime-size" in hexadecimal, quoted, as nginx's */
	struct str last_modified; /* HTTP date */
	struct str guessed_type; /* by libmagic, once somebody asked; see file_set_type() */
};

/*
 * Looks a path up under the symlink policy of the request's location. Always
 * gives an entry, which the caller releases; a request's own references end
 * with it when file_release() is given to pool_cleanup().
 *
 * NULL: the answer must wait for a slow disk; return WAIT and call it again.
 */
struct file *file_open(struct request *req, struct str path);

void file_release(struct file *file);

/* Keeps the type that was found from the content with this version of the file. */
void file_set_type(struct file *file, struct str type);

#endif
