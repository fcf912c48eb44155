/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What lies in a directory. It is read on a thread, at most two directories of a process at
 * once, so that the loop waits for none, however large it is:
 *
 *     const struct directory *directory;
 *
 *     if (directory_read(req, path, DIRECTORY_NATURAL, &directory) == WAIT)
 *             return WAIT;
 *     if (directory->error)
 *             return directory_refuse(req, path, directory);
 *     for (size_t i = 0; i < directory->count; i++)
 *             … directory->entries[i] …
 */
#ifndef SKUA_DIRECTORY_H
#define SKUA_DIRECTORY_H

#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include <file.h>
#include <request.h>
#include <str.h>

/*
 * One name. If it is a symbolic link that is followed, the other members describe the target of
 * the link; a link without a target is FILE_OTHER. `kind` is never FILE_MISSING.
 */
struct directory_entry {
	struct str name; /* NUL follows */
	enum file_kind kind;
	uint64_t size;
	time_t mtime;
};

/* In the first two orders, directories come first. */
enum directory_order {
	DIRECTORY_BY_BYTES, /* then by the bytes of the names, as in nginx */
	DIRECTORY_NATURAL, /* then by str_compare_natural() */
	DIRECTORY_UNORDERED, /* in the order of the file system; size and mtime are 0 */
};

struct directory {
	/*
	 * 0, or an errno if the directory could not be read: then there are no entries. EFBIG:
	 * the entries need more than 64 MiB (some 600 000 names). ENOMEM: there is no memory, or
	 * all directories that are being sent would need more than 128 MiB together. ETIMEDOUT:
	 * the disk has not answered for 30 seconds.
	 */
	int error;
	struct str refusal; /* for the error log: why the sandbox refused it, and the remedy */
	const struct directory_entry *entries;
	size_t count;
};

/*
 * Reads a directory under the policies of the request's location. Names that begin with a dot
 * are left out, as in nginx's listings, and so are symbolic links that file_open() would refuse
 * and entries that stat(2) cannot read.
 *
 * WAIT: the handler must return WAIT, and when it is called again, call this function again with
 * the same path and order. PASS: *out was read after the request arrived, and is valid as long as
 * the request; check (*out)->error. A NUL must follow the path, as request_path() makes it. Only
 * handlers may call this function.
 */
verdict directory_read(struct request *req, struct str path, enum directory_order order,
		       const struct directory **out);

/* Logs why the directory was not read (its error), and returns the status to respond with. */
verdict directory_refuse(struct request *req, struct str path, const struct directory *directory);

#endif
