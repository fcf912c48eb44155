/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The memory of a table of records in a zone (zone.h). Its user holds the zone's lock.
 *
 * Processes that share the memory do not trust each other: an attacker who controls one may write
 * anything into it, at any moment. So every address or size that is read from it is checked, and
 * each process has the parameters of the table in its own struct zone_table.
 */
#ifndef SKUA_PROCESS_IPC_ZONE_TABLE_H
#define SKUA_PROCESS_IPC_ZONE_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <str.h>

struct zone_table {
	void *memory; /* aligned to 16 bytes */
	size_t record_size;
	uint32_t room; /* records */
};

/* Whether `size` bytes are enough for the least number of records. */
bool zone_table_fits(size_t size, size_t record_size);

/* A table in `size` bytes of memory, which zone_table_init() or another process makes one. */
struct zone_table zone_table_at(void *memory, size_t size, size_t record_size);

/* Makes an empty table of the memory. */
void zone_table_init(const struct zone_table *table);

/* Whether the memory is a table of such records for memory of that size. */
bool zone_table_is(const struct zone_table *table);

/*
 * Repairs the table after a process has died while it changed the table. All records stay, except
 * for one that was being added.
 */
void zone_table_repair(const struct zone_table *table);

/* What zone_lock_record() and zone_count_records() (zone.h) do once the zone is locked. */
void *zone_table_record(const struct zone_table *table, struct str key, bool *is_new);
void zone_table_count(const struct zone_table *table, size_t *used, size_t *room);

#endif
