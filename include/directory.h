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
 * One name. Of a symbolic link that is followed, all but the name is about what it leads to;
 * one that leads to nothing is FILE_OTHER. Never FILE_MISSING.
 */
struct directory_entry {
	struct str name; /* NUL follows */
	enum file_kind kind;
	uint64_t size;
	time_t mtime;
};

/* Directories come first in both orders. */
enum directory_order {
	DIRECTORY_BY_BYTES, /* then by the values of the bytes, as nginx has them */
	DIRECTORY_NATURAL, /* then by str_compare_natural() */
	DIRECTORY_UNORDERED, /* as the disk has them; without size and mtime, which are 0 */
};

struct directory {
	/*
	 * An errno: it could not be read, and there are no entries. EFBIG: they need more than
	 * 64 MiB (some 600 000 names); ENOMEM: the directories that are being sent need 128 MiB
	 * together; ETIMEDOUT: the disk has not answered for 30 seconds.
	 */
	int error;
	const struct directory_entry *entries;
	size_t count;
};

/*
 * Reads a directory under the policies of the request's location. There are no names in it
 * that begin with a dot, as in nginx's listings; nor, under a policy for symbolic links,
 * links that file_open() would refuse. What cannot be looked at is left out.
 *
 * WAIT: the handler returns WAIT as well, is called again, and calls this again for the same
 * path and order. PASS: *out is there, not older than the request, and valid as long as that.
 * The path has a NUL after it, as request_path() makes it. Only for handlers.
 */
verdict directory_read(struct request *req, struct str path, enum directory_order order,
		       const struct directory **out);

/* Tells the error log why the directory was not read, and returns the status to answer with. */
verdict directory_refuse(struct request *req, struct str path, const struct directory *directory);

#endif
