/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Files as the cache of entries knows them: descriptor, size, times, type,
 * ETag and the bytes of small ones. An entry is validated before it is used,
 * by at most one fstatat() in a turn of the loop; misses are entries too.
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

/* An entry of the cache. Read only. It does not change, even when the file on disk does. */
struct file {
	enum file_kind kind;
	int error; /* an errno if it is missing; EXDEV: a link leaves the root, see refusal */
	int fd; /* of a regular file whose content is not in memory; otherwise -1. Also -1 for a
		   file on a network or FUSE file system: only file_body() reads it */
	uint64_t size; /* in bytes */
	time_t mtime; /* last modification, seconds since the epoch; -1: it is 0 or 1, so unknown */
	struct str path; /* NUL follows */
	struct str content; /* the bytes of a small file; data NULL: read them by file_body() */
	struct str etag; /* quoted; as in nginx if modified at least 2 s ago; may be empty */
	struct str last_modified; /* mtime as an HTTP date; empty if mtime is -1 */
	struct str refusal; /* for the error log: which link was refused, and the remedy */
};

/*
 * Looks up a path under the symlink policy of the request's location. PASS: *file is an entry,
 * which is valid as long as the request; check file->kind. WAIT: the sandbox does not let this
 * process open the file, or the file lies on a network or FUSE file system, which may not answer
 * for a long time; so another process opens it. The handler must return WAIT, and when it
 * is called again, call this function again with the same path. A NUL must follow the path, as
 * request_path() makes it.
 */
verdict file_open(struct request *req, struct str path, struct file **file);

/* What stat(2) says of a path. */
struct file_status {
	enum file_kind kind;
	int error; /* an errno if it is missing */
	bool is_executable; /* the owner may execute the file, or search the directory */
};

/*
 * Looks at a path without opening it, under the symlink policy of the request's location. The
 * path may lie outside of the roots, and the worker needs no permission to read the file. With
 * `dotfiles deny`, a dotfile that the request itself names is FILE_MISSING. A NUL must follow the
 * path; a relative path begins at the directory in which the server was started. Errors other
 * than ENOENT, ENOTDIR and ENAMETOOLONG are written to the error log, as in nginx.
 *
 * PASS: *status is the result. WAIT: the path lies on a network or FUSE file system, so another
 * process looks at it. The handler must return WAIT, and when it is called again, call this
 * function again with the same path.
 */
verdict file_test(struct request *req, struct str path, struct file_status *status);

/*
 * A body with the whole of a regular file, in the request's pool. Its slices are the content
 * if that is in memory, otherwise ranges of the descriptor.
 */
struct body *file_body(struct request *req, struct file *file);

/*
 * Responds with a regular file: sets the status 200, the body (file_body()), the validators,
 * allow_ranges and response.file, from which the media type is found. If the modification time
 * is in the future, Last-Modified is the current time (RFC 9110 section 8.8.2.1). Returns DONE.
 */
verdict respond_file(struct request *req, struct file *file);

/*
 * Logs why the file is not served (for a missing file only if log_not_found is on), and returns
 * the status to respond with.
 */
verdict file_refuse(struct request *req, const struct file *file);

/*
 * The parsed form of a file of lines (conf_lines() in conf.h). PASS: *form is newer than the
 * request, and valid as long as the request. The file is looked at like any other, so a change is
 * seen by the next request, without a reload. If the changed file has an error, or cannot be read,
 * the form of before stays in use, and one line in the error log shows the place. WAIT: the handler
 * must return WAIT, and call this function again when it is called again.
 */
struct lines;
verdict lines_form(struct request *req, struct lines *lines, const void **form);

/*
 * Attachments: values that a module keeps with this version of a file, such as its parsed form.
 * A version has at most one attachment for each module and key. The cache owns the value: when
 * the file has changed, or when the cache needs memory, it calls end(value) on the loop's thread
 * to free the value, but not while a request holds the file. `bytes` is the memory of the value,
 * which counts towards the limit of the cache.
 */
void file_attach(struct file *file, const struct module *module, uint64_t key, void *value,
		 size_t bytes, void (*end)(void *value));

/* The attached value, which the cache still owns, or NULL if there is none. */
void *file_attached(const struct file *file, const struct module *module, uint64_t key);

/* Tells the cache that the value of this attachment takes `bytes` bytes of memory now. */
void file_attachment_resize(struct file *file, const struct module *module, uint64_t key,
			    size_t bytes);

#endif
