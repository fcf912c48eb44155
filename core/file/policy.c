/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Opens files below a root. openat2(2) does this with two exceptions: it refuses all absolute
 * links, even those that point into the root, and it does not tell which link it has refused. So
 * after a refusal the path is walked here, link by link. The walk yields either a path without
 * links, which is opened below the root again, or the link that leaves the root. Kernels without
 * openat2 use the walk at once, and open each name of the result with O_NOFOLLOW.
 */
#include "file/policy.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <log.h>

#include "base/log_format.h"
#include "file/policy_links.h"

enum {
	MAX_LINKS = 40, /* as the kernel, path_resolution(7) */
	MAX_RETRIES = 16, /* if openat2 fails with EAGAIN because a name was changed meanwhile */
};

/* A walk: `done` has no links and lies below the root, `todo` is the rest of the path. */
struct link_walk {
	const char *root;
	int root_fd;
	char done[PATH_MAX], way[PATH_MAX];
	size_t done_len;
	const char *todo; /* in way */
	int links;
	char link[PATH_MAX], target[PATH_MAX]; /* the last link that was followed */
};

size_t directory_len(struct str path)
{
	ssize_t slash = str_rchr(path, '/');

	return slash > 0 ? (size_t)slash : (size_t)(slash + 1);
}

static size_t smaller(size_t a, size_t b)
{
	return a < b ? a : b;
}

struct file_query file_query_make(struct str path, const struct file_root *root,
				  enum symlinks symlinks)
{
	struct file_query query = {
		.path = path,
		.symlinks = symlinks,
		.has_dots = root->has_dots,
	};
	struct str name = root->path;

	while (name.len > 1 && name.data[name.len - 1] == '/')
		name.len--;
	if (str_empty(name) || !str_starts(path, name)) {
		query.root_len = query.fixed_len = directory_len(path);
		return query;
	}
	if (path.len == name.len) {
		query.root_len = query.fixed_len = smaller(directory_len(name), root->fixed_len);
		query.checked_len = name.len;
		return query;
	}

	bool goes_on_below = path.data[name.len] == '/' || name.data[name.len - 1] == '/';

	query.root_len = query.checked_len = goes_on_below ? name.len : directory_len(name);
	query.fixed_len = smaller(query.root_len, root->fixed_len);
	return query;
}

bool is_dotfile(struct str name)
{
	return str_starts(name, STR(".")) && !str_eq(name, STR(".")) && !str_eq(name, STR("..")) &&
	       !str_eq(name, STR(".well-known"));
}

void file_query_judge_from(struct file_query *query, struct str from, bool from_root)
{
	size_t root_len = query->checked_len;

	if (root_len && root_len < query->root_len)
		root_len = query->root_len;
	while (from.len && from.data[from.len - 1] == '/')
		from.len--;
	query->fixed_len = from_root ? root_len : 0;
	if (!from_root && from.len && str_starts(query->path, from) &&
	    (from.len == query->path.len || query->path.data[from.len] == '/'))
		query->fixed_len = from.len;
}

void file_query_deny_dotfiles(struct file_query *query, const struct file_root *root)
{
	struct str rest = str_skip(query->path, query->checked_len);

	query->is_hidden = root->has_dotfile;
	while (rest.len && !query->is_hidden)
		query->is_hidden = is_dotfile(str_split(&rest, '/'));
}

const char *file_query_refusal(const struct file_query *query)
{
	struct str rest = str_skip(query->path, query->checked_len);

	if (query->has_dots)
		return "a variable has brought a name \".\" or \"..\" into the path of the root";
	if (query->is_hidden)
		return "its name, or the name of a directory on the way, begins with a dot; "
		       "\"dotfiles allow\" would serve it";
	while (rest.len)
		if (str_eq(str_split(&rest, '/'), STR("..")))
			return "there is a name \"..\" behind the root";
	return NULL;
}

static int openat2_below(int dir, const char *path, int flags)
{
	struct open_how how = {
		.flags = (unsigned)flags,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS,
	};
	long fd;

	for (int i = 0; i < MAX_RETRIES; i++) {
		fd = syscall(SYS_openat2, dir, path, &how, sizeof(how));
		if (fd >= 0)
			return (int)fd;
		if (errno != EAGAIN && errno != EINTR)
			break;
	}
	return -errno;
}

/* Old kernels lack the call; seccomp filters of containers refuse it with EPERM. */
static bool has_openat2(void)
{
	static enum { UNKNOWN, YES, NO } known;

	if (known == UNKNOWN) {
		int fd = openat2_below(AT_FDCWD, ".", O_PATH | O_CLOEXEC);
		known = fd == -ENOSYS || fd == -EPERM ? NO : YES;
		if (fd >= 0)
			close(fd);
		if (known == NO)
			log_write(log_process, LEVEL_NOTICE, -fd, 0,
				  "openat2() is not available: \"symlinks in_root\" opens "
				  "each directory of a path by itself, which is slower");
	}
	return known == YES;
}

/* Opens a path without links name by name; a link that appears meanwhile is refused. */
static int open_steps(int root_fd, const char *path, int flags)
{
	int dir = root_fd;

	for (const char *slash; (slash = strchr(path, '/')); path = slash + 1) {
		char name[NAME_MAX + 1];
		size_t len = (size_t)(slash - path);
		if (len > NAME_MAX) {
			if (dir != root_fd)
				close(dir);
			return -ENAMETOOLONG;
		}
		memcpy(name, path, len);
		name[len] = '\0';

		int next = openat(dir, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		int error = errno;
		if (dir != root_fd)
			close(dir);
		if (next < 0)
			return -error;
		dir = next;
	}
	int fd = openat(dir, *path ? path : ".", flags | O_NOFOLLOW);
	int error = errno;
	if (dir != root_fd)
		close(dir);
	return fd < 0 ? -error : fd;
}

static int append(struct link_walk *walk, const char *name, size_t len)
{
	if (walk->done_len + 1 + len >= sizeof(walk->done))
		return -ENAMETOOLONG;
	if (walk->done_len)
		walk->done[walk->done_len++] = '/';
	memcpy(walk->done + walk->done_len, name, len);
	walk->done_len += len;
	walk->done[walk->done_len] = '\0';
	return 0;
}

static void cut_last(struct link_walk *walk)
{
	while (walk->done_len && walk->done[walk->done_len - 1] != '/')
		walk->done_len--;
	if (walk->done_len)
		walk->done_len--;
	walk->done[walk->done_len] = '\0';
}

/* If `path` is `dir` or lies below it, returns what follows `dir`, otherwise NULL. */
static const char *below(const char *path, const char *dir)
{
	size_t len = strlen(dir);

	while (len && dir[len - 1] == '/')
		len--;
	if (strncmp(path, dir, len) != 0 || (path[len] != '/' && path[len] != '\0'))
		return NULL;
	return path + len;
}

/*
 * The target of an absolute link, relative to the root, or NULL if it lies outside. The path of
 * the root may contain links, so the paths are compared first as they are written and then with
 * all links resolved.
 */
static const char *target_in_root(const struct link_walk *walk, char real[PATH_MAX])
{
	char root[PATH_MAX];
	const char *rest = below(walk->target, walk->root);

	if (rest)
		return rest;
	if (!realpath(walk->target, real) || !realpath(walk->root, root))
		return NULL;
	return below(real, root);
}

/* Puts the target of the link before the rest of the path. */
static int follow_link(struct link_walk *walk)
{
	char real[PATH_MAX], way[PATH_MAX];
	const char *target = walk->target;

	if (++walk->links > MAX_LINKS)
		return -ELOOP;
	if (*target == '/') {
		target = target_in_root(walk, real);
		if (!target)
			return -EXDEV;
		walk->done_len = 0;
		walk->done[0] = '\0';
	} else {
		cut_last(walk);
	}
	if (snprintf(way, sizeof(way), "%s/%s", target, walk->todo) >= (int)sizeof(way))
		return -ENAMETOOLONG;
	walk->todo = strcpy(walk->way, way);
	return 0;
}

static int step(struct link_walk *walk, const char *name, size_t len)
{
	if (len == 0 || (len == 1 && *name == '.'))
		return 0;
	if (len == 2 && memcmp(name, "..", 2) == 0) {
		if (walk->done_len == 0)
			return -EXDEV;
		cut_last(walk);
		return 0;
	}
	int error = append(walk, name, len);
	if (error < 0)
		return error;

	char target[PATH_MAX];
	ssize_t got = readlinkat(walk->root_fd, walk->done, target, sizeof(target) - 1);
	if (got < 0)
		return errno == EINVAL ? 0 : -errno;
	memcpy(walk->target, target, (size_t)got);
	walk->target[got] = '\0';
	strcpy(walk->link, walk->done);
	return follow_link(walk);
}

/* 0: walk->done is the path without links; -EXDEV: walk->link leaves the root. */
static int walk_links(struct link_walk *walk)
{
	while (walk->todo[0]) {
		const char *name = walk->todo;
		size_t len = strcspn(name, "/");
		walk->todo += name[len] ? len + 1 : len;

		int error = step(walk, name, len);
		if (error < 0)
			return error;
	}
	return 0;
}

static int open_walked(struct link_walk *walk, int flags, char *why, size_t why_size)
{
	int error = walk_links(walk);

	if (error == -EXDEV)
		log_format(why, why_size,
			   "the symbolic link \"%s/%s\" points to \"%s\", which is outside of "
			   "\"%s\"; \"symlinks follow\" would follow it",
			   walk->root, walk->link, walk->target, walk->root);
	if (error < 0)
		return error;
	if (!has_openat2())
		return open_steps(walk->root_fd, walk->done, flags);
	return openat2_below(walk->root_fd, walk->done_len ? walk->done : ".", flags);
}

/* Opens a path below the open directory `dir`, whose path is `root`. Closes `dir`. */
static int open_below(int dir, const char *root, const char *way, int flags, char *why,
		      size_t why_size)
{
	struct link_walk walk = { .root = root, .root_fd = dir };

	while (*way == '/')
		way++;
	int fd = has_openat2() ? openat2_below(dir, *way ? way : ".", flags) : -EXDEV;
	if (fd == -EXDEV) {
		walk.todo = strcpy(walk.way, way);
		fd = open_walked(&walk, flags, why, why_size);
	}
	close(dir);
	return fd;
}

static int open_in_root(const struct file_query *query, int flags, char *why, size_t why_size)
{
	const char *path = query->path.data;
	char fixed[PATH_MAX], root[PATH_MAX];

	snprintf(fixed, sizeof(fixed), "%.*s", (int)query->fixed_len, path);
	snprintf(root, sizeof(root), "%.*s", (int)query->root_len, path);
	int dir = open(*fixed ? fixed : ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return -errno;
	if (query->fixed_len < query->root_len) {
		dir = open_below(dir, fixed, root + query->fixed_len,
				 O_PATH | O_DIRECTORY | O_CLOEXEC, why, why_size);
		if (dir < 0)
			return dir;
	}
	return open_below(dir, root, path + query->root_len, flags, why, why_size);
}

int policy_open(const struct file_query *query, int flags, char *why, size_t why_size)
{
	flags |= O_CLOEXEC;
	/* A path that ends in a slash must be a directory, also after a walk. */
	if (str_ends(query->path, STR("/")))
		flags |= O_DIRECTORY;
	/* openat2(2) wants no other flags beside O_PATH. */
	if (!(flags & O_PATH))
		flags |= O_NOCTTY | O_NONBLOCK;
	if (query->path.len >= PATH_MAX)
		return -ENAMETOOLONG;

	int fd;

	if (query->symlinks == SYMLINKS_IN_ROOT)
		fd = open_in_root(query, flags, why, why_size);
	else if (query->symlinks != SYMLINKS_FOLLOW)
		fd = open_without_links(query, flags, why, why_size);
	else if ((fd = open(query->path.data, flags)) < 0)
		fd = -errno;
	return fd;
}

/* --- paths that the kernel has in memory -------------------------------------------- */

static int openat2_cached(int dir, const char *path, int flags, uint64_t resolve)
{
	struct open_how how = {
		.flags = (unsigned)flags | O_CLOEXEC,
		.resolve = resolve | RESOLVE_CACHED,
	};
	long fd = syscall(SYS_openat2, dir, path, &how, sizeof(how));

	/* -EINVAL: a kernel before Linux 5.12 */
	return fd >= 0 ? (int)fd : errno == EINVAL ? -EAGAIN : -errno;
}

/* As open_in_root(): opens the directory below which the rest of the path is opened. */
static int root_cached(const struct file_query *query)
{
	const char *path = query->path.data;
	char fixed[PATH_MAX], rest[PATH_MAX];
	size_t begin = query->fixed_len;

	while (begin < query->root_len && path[begin] == '/')
		begin++;
	snprintf(fixed, sizeof(fixed), "%.*s", (int)query->fixed_len, path);
	snprintf(rest, sizeof(rest), "%.*s", (int)(query->root_len - begin), path + begin);
	int dir = openat2_cached(AT_FDCWD, *fixed ? fixed : ".", O_PATH | O_DIRECTORY, 0);
	if (dir < 0 || !*rest)
		return dir;
	int root = openat2_cached(dir, rest, O_PATH | O_DIRECTORY,
				  RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS);
	close(dir);
	return root;
}

static bool is_on_quick(int fd, mode_t type, bool (*is_quick)(dev_t device))
{
	struct statx status;

	return statx(fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_TYPE, &status) == 0 &&
	       (status.stx_mode & S_IFMT) == type &&
	       is_quick(makedev(status.stx_dev_major, status.stx_dev_minor));
}

/* The device is looked at first: a network file system asks its server to open a file. */
int policy_open_cached(const struct file_query *query, int flags, bool (*is_quick)(dev_t device))
{
	bool in_root = query->symlinks == SYMLINKS_IN_ROOT;
	uint64_t resolve = in_root ? RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS : 0;
	const char *way = query->path.data;
	mode_t type = flags & O_DIRECTORY ? S_IFDIR : S_IFREG;
	int dir = AT_FDCWD;

	if (!has_openat2() || query->path.len >= PATH_MAX ||
	    (query->symlinks != SYMLINKS_FOLLOW && !in_root))
		return -EAGAIN;
	if (in_root) {
		way += query->root_len;
		while (*way == '/')
			way++;
		dir = root_cached(query);
		if (dir < 0 || !*way) {
			if (dir >= 0)
				close(dir);
			return -EAGAIN;
		}
	}
	int found = openat2_cached(dir, way, O_PATH, resolve), fd = -EAGAIN;
	if (found >= 0 && is_on_quick(found, type, is_quick))
		fd = openat2_cached(dir, way, flags | O_NOCTTY | O_NONBLOCK, resolve);
	if (found >= 0)
		close(found);
	if (in_root)
		close(dir);
	return fd == -EXDEV ? -EAGAIN : fd;
}

/* Tries some times, because the call also fails if any name is changed at that moment. */
int policy_find_cached(const char *path)
{
	int fd = -EAGAIN;

	for (int i = 0; fd == -EAGAIN && has_openat2() && i < 4; i++)
		fd = openat2_cached(AT_FDCWD, path, O_PATH, 0);
	return fd;
}

uint64_t policy_device_cached(const struct file_query *query)
{
	char path[PATH_MAX];
	struct statx status;
	int fd = -1;

	snprintf(path, sizeof(path), "%.*s", (int)query->path.len, query->path.data);
	while (has_openat2() && (fd = policy_find_cached(path)) < 0) {
		char *slash = strrchr(path, '/');
		if (!slash || (slash == path && !slash[1]))
			break;
		slash[slash == path] = '\0';
	}
	int error = fd < 0 ? -1 : statx(fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, 0, &status);
	if (fd >= 0)
		close(fd);
	/* If the device is unknown, the number of the location takes its place. */
	return error < 0 ? UINT64_MAX - query->location :
			   makedev(status.stx_dev_major, status.stx_dev_minor);
}

/* fstatat(2) follows links by itself; below a root the path is walked first. */
int policy_stat(const struct file_query *query, struct stat *status, char *why, size_t why_size)
{
	struct file_query below = *query;

	if (query->path.len >= PATH_MAX)
		return -ENAMETOOLONG;
	if (query->symlinks == SYMLINKS_FOLLOW)
		return fstatat(AT_FDCWD, query->path.data, status, 0) < 0 ? -errno : 0;
	if (query->symlinks == SYMLINKS_IN_ROOT && file_query_refusal(query))
		below.root_len = below.fixed_len = directory_len(query->path);

	int flags = O_PATH | O_CLOEXEC | (str_ends(query->path, STR("/")) ? O_DIRECTORY : 0);
	int fd = query->symlinks == SYMLINKS_IN_ROOT ?
			 open_in_root(&below, flags, why, why_size) :
			 open_without_links(query, flags, why, why_size);

	if (fd < 0)
		return fd;
	int error = fstat(fd, status) < 0 ? -errno : 0;
	close(fd);
	return error;
}
