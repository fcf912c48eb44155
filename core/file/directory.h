/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reads a directory into memory. These functions may run on any thread; the caller counts the
 * references to the result.
 */
#ifndef SKUA_FILE_DIRECTORY_H
#define SKUA_FILE_DIRECTORY_H

#include <directory.h>
#include <stdatomic.h>

#include "file/policy.h"

struct name_block;

/* A directory and the memory that it needs. */
struct directory_list {
	struct directory pub; /* first */
	struct name_block *names;
	size_t capacity; /* of the entries */
	size_t bytes; /* of memory, in total */
	dev_t device; /* if error is EACCES: the disk of the directory, for the opener */
};

enum {
	DIRECTORY_BYTES = 64 << 20, /* limit for one list */
	DIRECTORIES_BYTES = 128 << 20, /* limit for all lists of a process together */
};

/*
 * Reads the directory that the query names, under its policy. `fd` is its descriptor if another
 * process has opened it, which is taken over; -1: it is opened here. Returns a list, which the
 * caller owns; list->pub.error is 0 or an errno, ENOTDIR if the descriptor is no directory. If
 * *stop becomes true, reading ends early with ECANCELED. NULL: there is no memory for the list
 * itself.
 *
 * If `previous` is not NULL and has the same entries, *same becomes true. Then the new list has no
 * entries, and the caller uses `previous` instead.
 */
struct directory_list *directory_scan(const struct file_query *query, int fd,
				      enum directory_order order, const atomic_bool *stop,
				      const struct directory_list *previous, bool *same);

/* Frees the list; NULL is fine. */
void directory_list_free(struct directory_list *list);

#endif
