/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Shared zones: memory that all workers see, with a lock. A zone is declared
 * while the configuration is read; at a reload the new configuration adopts it
 * when name, size and ops are the same, and at an upgrade the new program does
 * when name, size and layout are. Pointers into a zone are only valid in one
 * process: store offsets.
 */
#ifndef SKUA_ZONE_H
#define SKUA_ZONE_H

#include <stdbool.h>
#include <stddef.h>

#include <str.h>

struct conf_call;
struct zone;

struct zone_ops {
	/*
	 * A word that names the layout of the memory, such as "hits-1"; change it whenever the
	 * layout changes. At an upgrade the new program takes the zone over only if the words
	 * are equal, and both programs may use it at the same time then. NULL: no other program
	 * takes it over.
	 */
	const char *layout;

	/*
	 * Not 0: the memory is a table of records of that many bytes, which the server lays
	 * out itself; leave `init` and `recover` NULL. When it is full, a new record takes the
	 * place of the one that was looked up longest ago.
	 * Records are aligned for any type.
	 */
	size_t record_size;

	/* Lays out fresh, zeroed memory. Once in the life of the zone. NULL: zeroes will do. */
	void (*init)(void *memory, size_t size);

	/*
	 * A worker died while it held the lock, or held it for more than a second: bring the
	 * memory into a good state. Runs with the lock held, in the next process that locks it.
	 * NULL: the memory is zeroed, and init is called. Records of a table stay; the one that
	 * the worker was about to change is as the worker has left it.
	 */
	void (*recover)(void *memory, size_t size);
};

/*
 * Declares a zone, or finds the one declared before under this name. NULL after reporting
 * that it was declared otherwise, or that it is too small for eight records of a table.
 */
struct zone *zone_declare(struct conf_call *call, struct str name, size_t size,
			  const struct zone_ops *ops);

/*
 * Locks it and returns its memory. Keep it short, without a call that may wait: other workers
 * wait, and after a second one of them takes the lock away. A thread may hold one zone at a time.
 */
void *zone_lock(struct zone *zone);
void zone_unlock(struct zone *zone);

/*
 * In a table (zone_ops.record_size): locks the zone and returns the record under the key;
 * zone_unlock() ends the access. A record that is new is zeroed, and *is_new (unless is_new
 * is NULL) says so. Of a key, which may have any length, the table keeps 16 bytes that are
 * made of it and of a secret of the zone, so that nobody can choose keys that collide.
 *
 * Another process that shares the zone may have been taken over, and write anything into a
 * record at any moment. The table itself bears that. Its user copies a value out of the record
 * once, and checks the copy before it is a number of a loop, an index or a size.
 */
void *zone_lock_record(struct zone *zone, struct str key, bool *is_new);

/* How many records a table has now, and how many there is room for. */
void zone_count_records(struct zone *zone, size_t *used, size_t *room);

#endif
