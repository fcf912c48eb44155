/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reading a directory into memory. All of it may run on a thread; who holds the result is
 * counted by the caller.
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
	size_t bytes; /* of memory, all in all */
};

enum {
	DIRECTORY_BYTES = 64 << 20, /* a list needs at most */
	DIRECTORIES_BYTES = 128 << 20, /* all of a process need at most */
};

/*
 * Reads the directory that the query names, under its policy. Always gives a list, with one
 * reference; list->pub.error says what went wrong. When *stop becomes true it ends early with
 * ECANCELED. NULL: there is no memory for the list itself.
 *
 * *same becomes true if `previous` is not NULL and has the same entries. Then the new list has
 * none, and the caller uses `previous` instead.
 */
struct directory_list *directory_scan(const struct file_query *query, enum directory_order order,
				      const atomic_bool *stop,
				      const struct directory_list *previous, bool *same);

/* Frees the list; NULL is fine. */
void directory_list_free(struct directory_list *list);

#endif
