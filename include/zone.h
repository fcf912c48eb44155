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

#include <stddef.h>

#include <str.h>

struct conf_call;
struct zone;

struct zone_ops {
	/*
	 * A word that names what lies in the memory, "hits-1"; change it whenever
	 * that changes: by it another build of the program knows that it
	 * understands the zone, which both may use at the same time then. NULL: no
	 * other program takes the zone over.
	 */
	const char *layout;

	/* Lays out fresh, zeroed memory. Once in the life of the zone. */
	void (*init)(void *memory, size_t size);

	/*
	 * A worker died while it held the lock: bring the memory into a good
	 * state. Runs with the lock held, in the next process that locks it.
	 * NULL: init is called on zeroed memory.
	 */
	void (*recover)(void *memory, size_t size);
};

/*
 * Declares a zone, or finds the one declared before under this name. NULL after
 * reporting that it was declared otherwise.
 */
struct zone *zone_declare(struct conf_call *call, struct str name, size_t size,
			  const struct zone_ops *ops);

/* Locks it and returns its memory. Keep it short: other workers wait. */
void *zone_lock(struct zone *zone);
void zone_unlock(struct zone *zone);

#endif
