/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How a path is opened. `follow` follows every symbolic link, as nginx does by
 * default. `in_root` follows a link only while it stays below the root: the
 * kernel checks it while it opens (openat2(2), RESOLVE_BENEATH), so there is
 * no moment between check and use. An absolute link that points into the root
 * counts as below it. Where a root is made with variables, the same holds for the root
 * itself: it has to stay below what the configuration wrote in front of the first one.
 */
#ifndef SKUA_FILE_POLICY_H
#define SKUA_FILE_POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

#include <str.h>

enum symlinks { SYMLINKS_FOLLOW, SYMLINKS_IN_ROOT };

/* What files are looked for below, as root or alias give it for a request. */
struct file_root {
	struct str path; /* may end in slashes; empty: there is none */
	size_t fixed_len; /* how much of it the configuration wrote: whole names, no variable */
	bool has_dots; /* the value of a variable has brought a name "." or ".." into it */
	bool has_dotfile; /* the same for a name of is_dotfile() */
};

/* The length of the directory in which the last name of a path lies: 4 of "/srv/x", 1 of "/x". */
size_t directory_len(struct str path);

/* What is to be opened. */
struct file_query {
	struct str path; /* NUL follows */
	size_t root_len; /* how much of path is the root */
	size_t fixed_len; /* in this first part of the root all symbolic links are followed */
	size_t checked_len; /* file_query_refusal() looks at the names behind this length */
	bool has_dots; /* of the root */
	bool is_hidden; /* by file_query_deny_dotfiles() */
	enum symlinks symlinks;
	uint32_t location; /* whose root it is: its number, for the opener (opener.h) */
};

/* Whether the name begins with a dot, and is none of ".", ".." and ".well-known" (RFC 8615). */
bool is_dotfile(struct str name);

/*
 * The query for a path below a root. Where the path does not go on with a name below
 * the root (an alias "/data/img" may make "/data/img.png"), the root is the directory
 * that the root's last name lies in; where the root is the path already, what the
 * configuration wrote of that. Of a path that does not begin with the root it is the
 * path's own directory.
 */
struct file_query file_query_make(struct str path, const struct file_root *root,
				  enum symlinks symlinks);

/*
 * Refuses the path if one of the names behind the root is a dotfile, or if a variable has
 * brought one into the root.
 */
void file_query_deny_dotfiles(struct file_query *query, const struct file_root *root);

/*
 * The reason why this path must not be looked up, for the error log (static text): a client
 * may have brought a name into it that leads out of the root. NULL: it may be looked up.
 */
const char *file_query_refusal(const struct file_query *query);

/*
 * Opens with flags of open(2); O_CLOEXEC, O_NOCTTY and O_NONBLOCK are added, so
 * that a pipe or a device cannot hold the process up. A descriptor or -errno;
 * -EXDEV for a link that leaves the root: then `why` says which link, where it
 * points and what can be done (it is cut to why_size).
 */
int policy_open(const struct file_query *query, int flags, char *why, size_t why_size);

/*
 * The same if it can be done without waiting for a disk: all of the path is in the kernel's
 * memory, and what it leads to lies on a device for which is_quick() is true. -EAGAIN: it
 * cannot, or is not known to.
 */
int policy_open_cached(const struct file_query *query, int flags, bool (*is_quick)(dev_t device));

/*
 * stat(2) under the policy: without opening what is there, so that neither its permissions nor
 * the sandbox matter. 0 or -errno; -EXDEV and `why` as of policy_open(). A name ".." behind the
 * root has to be the configuration's own: it may leave the root.
 */
int policy_stat(const struct file_query *query, struct stat *status, char *why, size_t why_size);

/*
 * The device on which the part of the path lies that the kernel has in its memory: the one that
 * has to be asked for the rest. Does not wait for a disk. Where the kernel cannot tell, it is a
 * number that the location has for itself.
 */
uint64_t policy_device_cached(const struct file_query *query);

#endif
