/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Files as the cache of entries knows them: descriptor, size, times, type,
 * ETag and the bytes of small ones. An entry is validated before it is used,
 * by one fstatat() at most in a round of the loop; misses are entries too.
 */
#ifndef SKUA_FILE_H
#define SKUA_FILE_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include <request.h>
#include <str.h>

enum file_kind {
	FILE_MISSING, /* error says why: ENOENT, EACCES, ELOOP … */
	FILE_REGULAR,
	FILE_DIRECTORY,
	FILE_OTHER, /* a device, a socket, a pipe: never served */
};

/* Read only. Stays as it is while it is held, also when the file changes meanwhile. */
struct file {
	enum file_kind kind;
	int error; /* of a missing one: an errno; EXDEV: a link left the root, see refusal */
	int fd; /* of a regular one that has no content here; otherwise -1 */
	uint64_t size;
	time_t mtime; /* of the last modification; -1: it is 0 or 1, which tells nothing */
	struct str path; /* NUL follows */
	struct str content; /* the bytes of a small one; data NULL: use fd */
	struct str etag; /* quoted; nginx's if modified at least 2 s ago; may be empty */
	struct str last_modified; /* mtime as an HTTP date; empty when that is -1 */
	struct str refusal; /* for the error log: which link was refused, and the remedy */
};

/*
 * Looks a path up under the symlink policy of the request's location. PASS: *file is an
 * entry, which is valid as long as the request. WAIT: another process opens the file, since
 * the sandbox keeps this one from it; the handler returns WAIT as well, is called again when
 * the file is there, and calls this again for the same path. The path has a NUL after it,
 * as request_path() makes it.
 */
verdict file_open(struct request *req, struct str path, struct file **file);

/* What stat(2) says of a path. */
struct file_status {
	enum file_kind kind;
	int error; /* of a missing one: an errno */
	bool is_executable; /* its owner may execute it, or search a directory */
};

/*
 * Looks at a path without opening it, under the symlink policy of the request's location. What
 * is there may lie outside of the roots, and nobody needs a right to read it. A dotfile that
 * the request itself names is not there where `dotfiles deny` holds. The path has a
 * NUL after it; a relative one begins at the directory in which the server was started. Errors
 * but ENOENT, ENOTDIR and ENAMETOOLONG are reported to the error log, as nginx does.
 */
struct file_status file_test(struct request *req, struct str path);

/*
 * The whole of a regular file as a body, in the request's pool: its content
 * where that is in memory, otherwise ranges of its descriptor.
 */
struct body *file_body(struct request *req, struct file *file);

/*
 * Answers with a regular file: sets the status 200, the body (file_body()), the validators
 * and allow_ranges of the response; the type follows from response.file. A modification
 * time in the future becomes a Last-Modified of now, as RFC 9110 section 8.8.2.1 wants.
 * Returns DONE.
 */
verdict respond_file(struct request *req, struct file *file);

/*
 * Tells the error log why the file is not served (a missing one only where
 * log_not_found is on) and returns the status to answer with.
 */
verdict file_refuse(struct request *req, const struct file *file);

/*
 * Attachments: what a module keeps with this version of a file, such as what it has parsed or
 * computed. A version has at most one for each module and key; it goes when the file has
 * changed, or when the cache needs the memory that `bytes` says it takes, but not while a
 * request holds the file. end(value) is called then, on the loop's thread.
 */
void file_attach(struct file *file, const struct module *module, uint64_t key, void *value,
		 size_t bytes, void (*end)(void *value));

/* The value, or NULL. */
void *file_attached(const struct file *file, const struct module *module, uint64_t key);

/* It takes that many bytes now. */
void file_attachment_resize(struct file *file, const struct module *module, uint64_t key,
			    size_t bytes);

#endif
