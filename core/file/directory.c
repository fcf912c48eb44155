/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The entries are an array that doubles, and their names lie in blocks. The memory of all lists
 * of the process is counted, because slow clients can hold many lists at once. A list that would
 * exceed the limit is dropped.
 *
 * The array is sorted here and not by qsort(3), which asks the kernel how much memory there is;
 * the sandbox of a worker does not allow that.
 */
#include "file/directory.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "file/entry.h"

enum { BLOCK_MIN = 512, BLOCK_MAX = 64 << 10, ENTRIES_MIN = 16 };

struct name_block {
	struct name_block *next;
	size_t used, size;
	char bytes[];
};

/* A directory that is being read. */
struct scan {
	const struct file_query *query;
	enum directory_order order;
	struct directory_list *list;
	DIR *dir;
	int fd; /* of dir */
	char path[PATH_MAX]; /* of the directory, then of an entry in it */
	size_t path_len; /* of the directory, with its slash */
};

static atomic_size_t bytes_of_all;

/* --- memory -------------------------------------------------------------------------- */

/* Counts bytes before they are allocated. 0; -EFBIG or -ENOMEM: a limit would be exceeded. */
static int reserve(struct directory_list *list, size_t bytes)
{
	if (list->bytes + bytes > DIRECTORY_BYTES)
		return -EFBIG;
	if (atomic_fetch_add(&bytes_of_all, bytes) + bytes > DIRECTORIES_BYTES) {
		atomic_fetch_sub(&bytes_of_all, bytes);
		return -ENOMEM;
	}
	list->bytes += bytes;
	return 0;
}

static void give_back(struct directory_list *list, size_t bytes)
{
	atomic_fetch_sub(&bytes_of_all, bytes);
	list->bytes -= bytes;
}

/* Allocates an array for free_array(). NULL: *error is set. */
static void *alloc_array(struct directory_list *list, size_t count, int *error)
{
	size_t bytes = count * sizeof(struct directory_entry);

	*error = reserve(list, bytes);
	if (*error < 0)
		return NULL;
	void *array = malloc(bytes);
	if (!array) {
		give_back(list, bytes);
		*error = -ENOMEM;
	}
	return array;
}

static void free_array(struct directory_list *list, const void *array, size_t count)
{
	if (array)
		give_back(list, count * sizeof(struct directory_entry));
	free((void *)array);
}

static int grow(struct directory_list *list)
{
	size_t capacity = list->capacity ? 2 * list->capacity : ENTRIES_MIN;
	int error;
	struct directory_entry *entries = alloc_array(list, capacity, &error);

	if (!entries)
		return error;
	if (list->pub.count)
		memcpy(entries, list->pub.entries, list->pub.count * sizeof(*entries));
	free_array(list, list->pub.entries, list->capacity);
	list->pub.entries = entries;
	list->capacity = capacity;
	return 0;
}

static int keep_name(struct directory_list *list, struct str *name)
{
	struct name_block *block = list->names;

	if (!block || block->size - block->used < name->len + 1) {
		size_t size = block ? 2 * block->size : BLOCK_MIN;
		size = size < BLOCK_MAX ? size : BLOCK_MAX;
		int error = reserve(list, sizeof(*block) + size);
		if (error < 0)
			return error;
		block = malloc(sizeof(*block) + size);
		if (!block) {
			give_back(list, sizeof(*block) + size);
			return -ENOMEM;
		}
		*block = (struct name_block){ .next = list->names, .size = size };
		list->names = block;
	}
	char *copy = block->bytes + block->used;

	*str_put(copy, *name) = '\0';
	block->used += name->len + 1;
	name->data = copy;
	return 0;
}

static void drop_entries(struct directory_list *list)
{
	free_array(list, list->pub.entries, list->capacity);
	list->pub.entries = NULL;
	list->pub.count = list->capacity = 0;
	while (list->names) {
		struct name_block *block = list->names;

		list->names = block->next;
		give_back(list, sizeof(*block) + block->size);
		free(block);
	}
}

void directory_list_free(struct directory_list *list)
{
	if (!list)
		return;
	drop_entries(list);
	free(list);
}

/* --- reading ------------------------------------------------------------------------- */

/* stat(2) of the target of a symbolic link, if the policy allows it. 0 or -errno. */
static int look_behind_link(struct scan *scan, struct str name, struct stat *status)
{
	struct file_query query = *scan->query;
	char why[1];

	if (scan->path_len + name.len >= sizeof(scan->path))
		return -ENAMETOOLONG;
	*str_put(scan->path + scan->path_len, name) = '\0';
	query.path = (struct str){ scan->path, scan->path_len + name.len };
	/* Where the directory is the root itself, its names lie below the whole of the root. */
	if (query.root_len < query.checked_len)
		query.root_len = query.checked_len;
	int fd = policy_open(&query, O_PATH, why, sizeof(why));
	if (fd < 0)
		return fd;
	int error = fstat(fd, status) < 0 ? -errno : 0;
	close(fd);
	return error;
}

/* stat(2) of a name. If it is a link without a target, *status is that of the link itself. */
static int look(struct scan *scan, struct str name, struct stat *status)
{
	bool follow = scan->query->symlinks == SYMLINKS_FOLLOW;
	int error;

	if (fstatat(scan->fd, name.data, status, follow ? 0 : AT_SYMLINK_NOFOLLOW) == 0) {
		if (follow || !S_ISLNK(status->st_mode))
			return 0;

		struct stat link = *status;

		error = look_behind_link(scan, name, status);
		if (error != -ENOENT && error != -ELOOP)
			return error;
		*status = link;
		return 0;
	}
	if (!follow || (errno != ENOENT && errno != ELOOP))
		return -errno;
	return fstatat(scan->fd, name.data, status, AT_SYMLINK_NOFOLLOW) < 0 ? -errno : 0;
}

/* 0, also if the entry is left out; -errno: reading the directory has failed. */
static int add(struct scan *scan, const struct dirent *found)
{
	struct directory_list *list = scan->list;
	struct directory_entry entry = { .name = str_from(found->d_name) };
	bool is_known = found->d_type != DT_UNKNOWN && found->d_type != DT_LNK;
	struct stat status;

	if (found->d_name[0] == '.')
		return 0;
	if (scan->order == DIRECTORY_UNORDERED && is_known) {
		entry.kind = entry_kind(DTTOIF(found->d_type));
	} else if (look(scan, entry.name, &status) < 0) {
		return 0;
	} else {
		entry.kind = entry_kind(status.st_mode);
		if (scan->order != DIRECTORY_UNORDERED) {
			entry.size = (uint64_t)status.st_size;
			entry.mtime = status.st_mtime;
		}
	}

	int error = list->pub.count == list->capacity ? grow(list) : 0;

	if (error == 0)
		error = keep_name(list, &entry.name);
	if (error == 0)
		((struct directory_entry *)list->pub.entries)[list->pub.count++] = entry;
	return error;
}

static int open_directory(struct scan *scan)
{
	const struct file_query *query = scan->query;
	struct stat status;
	char why[1];

	if (file_query_refusal(query))
		return -EACCES;
	if (scan->fd < 0)
		scan->fd = policy_open(query, O_RDONLY | O_DIRECTORY, why, sizeof(why));
	/* The opener, which may open it, needs its device. */
	if (scan->fd == -EACCES && fstatat(AT_FDCWD, query->path.data, &status, 0) == 0)
		scan->list->device = status.st_dev;
	if (scan->fd < 0)
		return scan->fd;
	scan->dir = fdopendir(scan->fd);
	if (!scan->dir) {
		int error = -errno;
		close(scan->fd);
		return error;
	}
	int len = snprintf(scan->path, sizeof(scan->path), "%.*s%s", STR_ARG(query->path),
			   str_ends(query->path, STR("/")) ? "" : "/");
	scan->path_len = (size_t)len;
	return 0;
}

static int read_entries(struct scan *scan, const atomic_bool *stop)
{
	for (;;) {
		errno = 0;
		const struct dirent *found = readdir(scan->dir);
		if (!found)
			return -errno;
		if (atomic_load_explicit(stop, memory_order_relaxed))
			return -ECANCELED;
		int error = add(scan, found);
		if (error < 0)
			return error;
	}
}

/* --- the order ----------------------------------------------------------------------- */

static bool comes_before(const struct directory_entry *a, const struct directory_entry *b,
			 enum directory_order order)
{
	bool a_is_directory = a->kind == FILE_DIRECTORY, b_is_directory = b->kind == FILE_DIRECTORY;

	if (a_is_directory != b_is_directory)
		return a_is_directory;
	if (order == DIRECTORY_NATURAL)
		return str_compare_natural(a->name, b->name) < 0;
	return strcmp(a->name.data, b->name.data) < 0;
}

/* Merges two sorted runs that follow each other, [from, middle) and [middle, end). */
static void merge(const struct directory_entry *entries, struct directory_entry *to, size_t from,
		  size_t middle, size_t end, enum directory_order order)
{
	size_t a = from, b = middle;

	for (size_t i = from; i < end; i++) {
		bool take_b = a == middle ||
			      (b < end && comes_before(&entries[b], &entries[a], order));

		to[i] = take_b ? entries[b++] : entries[a++];
	}
}

static int sort(struct directory_list *list, enum directory_order order, const atomic_bool *stop)
{
	size_t count = list->pub.count, capacity = list->capacity;
	struct directory_entry *entries = (struct directory_entry *)list->pub.entries;
	int error;

	if (order == DIRECTORY_UNORDERED || count < 2)
		return 0;
	struct directory_entry *spare = alloc_array(list, capacity, &error);
	if (!spare)
		return error;
	for (size_t run = 1; run < count && error == 0; run *= 2) {
		for (size_t from = 0; from < count; from += 2 * run) {
			size_t middle = from + run < count ? from + run : count;
			size_t end = middle + run < count ? middle + run : count;

			merge(entries, spare, from, middle, end, order);
		}
		struct directory_entry *sorted = spare;

		spare = entries;
		entries = sorted;
		if (atomic_load_explicit(stop, memory_order_relaxed))
			error = -ECANCELED;
	}
	list->pub.entries = entries;
	free_array(list, spare, capacity);
	return error;
}

static bool has_same_entries(const struct directory *a, const struct directory *b)
{
	if (a->count != b->count || a->error || b->error)
		return false;
	for (size_t i = 0; i < a->count; i++) {
		const struct directory_entry *x = &a->entries[i], *y = &b->entries[i];

		if (x->size != y->size || x->mtime != y->mtime || x->kind != y->kind ||
		    !str_eq(x->name, y->name))
			return false;
	}
	return true;
}

struct directory_list *directory_scan(const struct file_query *query, int fd,
				      enum directory_order order, const atomic_bool *stop,
				      const struct directory_list *previous, bool *same)
{
	struct directory_list *list = calloc(1, sizeof(*list));
	struct scan scan = { .query = query, .order = order, .list = list, .fd = fd };

	*same = false;
	if (!list) {
		if (fd >= 0)
			close(fd);
		return NULL;
	}
	int error = open_directory(&scan);
	if (error == 0) {
		error = read_entries(&scan, stop);
		closedir(scan.dir);
	}
	if (error == 0)
		error = sort(list, order, stop);
	list->pub.error = -error;
	*same = previous && has_same_entries(&list->pub, &previous->pub);
	if (error < 0 || *same)
		drop_entries(list);
	return list;
}
