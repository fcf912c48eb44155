/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the master does with the zones that modules declare (zone.h). At an upgrade the new
 * program gets the descriptors of their memory. It adopts zones of the same name, size and
 * layout as its own; both programs use these zones then, as two generations of one program do.
 */
#ifndef SKUA_PROCESS_IPC_ZONES_H
#define SKUA_PROCESS_IPC_ZONES_H

#include <stdbool.h>
#include <stddef.h>

#include <str.h>

/* A zone as another program needs to know it. The texts are borrowed. */
struct zone_file {
	int fd;
	size_t size; /* of the memory behind the lock */
	size_t head; /* of the lock in front of it */
	struct str layout; /* one word */
	struct str name; /* no line break in it */
};

/*
 * Calls act() with each zone that another program can adopt, the latest first. Stops and returns
 * false as soon as act() returns false.
 */
typedef bool zones_visitor(void *data, const struct zone_file *zone);
bool zones_for_each(zones_visitor *act, void *data);

/*
 * Offers a zone of another program to the configurations that are read from now
 * on. The descriptor stays the caller's, who keeps it open until zones_settle().
 * 0 or -ENOMEM.
 */
int zones_offer(const struct zone_file *zone);

/* This program serves: offers that no configuration has adopted are dropped and logged. */
void zones_settle(void);

#endif
