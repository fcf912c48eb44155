/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The policies for symbolic links. `follow` follows every link, as nginx does by default.
 * `in_root` follows a link only if its target is below the root. The kernel checks this while it
 * opens the file (openat2(2), RESOLVE_BENEATH), so there is no time between check and use. An
 * absolute link that points into the root is followed, too. If a root contains variables, the
 * root itself must stay below the literal part before the first variable. The two policies of
 * disable_symlinks judge each link by itself (policy_links.h).
 */
#ifndef SKUA_FILE_POLICY_H
#define SKUA_FILE_POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

#include <str.h>

enum symlinks {
	SYMLINKS_FOLLOW,
	SYMLINKS_IN_ROOT,
	SYMLINKS_NONE, /* disable_symlinks on */
	SYMLINKS_OF_OWNER, /* disable_symlinks if_not_owner */
};

/* The root of a request: the value of root or alias. */
struct file_root {
	struct str path; /* may end in slashes; empty: there is none */
	size_t fixed_len; /* bytes of its literal beginning: whole names, no variable */
	bool has_dots; /* the value of a variable has brought a name "." or ".." into it */
	bool has_dotfile; /* the value of a variable has brought a dotfile into it */
};

/* The length of the directory in which the last name of a path lies: 4 of "/srv/x", 1 of "/x". */
size_t directory_len(struct str path);

/* What is to be opened. */
struct file_query {
	struct str path; /* NUL follows */
	size_t root_len; /* how many bytes of path are the root */
	size_t fixed_len; /* in this beginning of the path, all symbolic links are followed */
	size_t checked_len; /* file_query_refusal() checks the names after this length */
	bool has_dots; /* as in the root */
	bool is_hidden; /* set by file_query_deny_dotfiles() */
	enum symlinks symlinks;
	uint32_t location; /* whose root it is: its number, for the opener (opener.h) */
};

/* Whether the name begins with a dot, and is none of ".", ".." and ".well-known" (RFC 8615). */
bool is_dotfile(struct str name);

/*
 * Makes the query for a path below a root. If the path does not continue with a name below the
 * root (an alias "/data/img" may make "/data/img.png"), the root of the query is the directory of
 * the root's last name. If the path is the root itself, it is the literal part of the root. If the
 * path does not begin with the root, it is the directory of the path.
 */
struct file_query file_query_make(struct str path, const struct file_root *root,
				  enum symlinks symlinks);

/*
 * For SYMLINKS_NONE and SYMLINKS_OF_OWNER: from here on, links are judged. `from` is a beginning of
 * the path, or with from_root the root takes its place. If the path does not begin with it, all
 * links are judged.
 */
void file_query_judge_from(struct file_query *query, struct str from, bool from_root);

/*
 * Makes the query refuse the path if a name after the root is a dotfile, or if a variable has
 * brought one into the root.
 */
void file_query_deny_dotfiles(struct file_query *query, const struct file_root *root);

/*
 * The reason why this path must not be looked up, for the error log (static text): a client
 * may have brought a name into it that leads out of the root. NULL: it may be looked up.
 */
const char *file_query_refusal(const struct file_query *query);

/*
 * Opens with flags of open(2). O_CLOEXEC, O_NOCTTY and O_NONBLOCK are added, so that a pipe or a
 * device cannot block the process. Returns a descriptor or -errno. -EXDEV: a link leaves the root;
 * then `why`, cut to why_size bytes, names the link, its target and the remedy.
 */
int policy_open(const struct file_query *query, int flags, char *why, size_t why_size);

/*
 * As policy_open(), but only if that needs no wait for a disk: the whole path is in the kernel's
 * memory, and its target lies on a device for which is_quick() is true. The target must be a
 * regular file or, with O_DIRECTORY, a directory. -EAGAIN: this is not so, or not known.
 */
int policy_open_cached(const struct file_query *query, int flags, bool (*is_quick)(dev_t device));

/*
 * stat(2) under the policy. The file is not opened, so neither its permissions nor the sandbox
 * matter. 0 or -errno; -EXDEV and `why` as for policy_open(). A name ".." after the root may leave
 * the root, so it must come from the configuration.
 */
int policy_stat(const struct file_query *query, struct stat *status, char *why, size_t why_size);

/*
 * Opens a path with O_PATH, following all links, if the kernel has all of it in memory. A
 * descriptor or -errno; -EAGAIN: it has not, or cannot tell.
 */
int policy_find_cached(const char *path);

/*
 * The device on which the part of the path ends that the kernel has in its memory. The rest of the
 * path must be read from this device. Does not wait for a disk. If the device is unknown, the
 * result is a number that belongs to the location alone.
 */
uint64_t policy_device_cached(const struct file_query *query);

#endif
