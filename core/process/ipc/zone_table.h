/* SPDX-License-Identifier: BSD-2-Clause */
/* The memory of a table of records in a zone (zone.h). Its user holds the zone's lock. */
#ifndef SKUA_PROCESS_IPC_ZONE_TABLE_H
#define SKUA_PROCESS_IPC_ZONE_TABLE_H

#include <stdbool.h>
#include <stddef.h>

#include <str.h>

/* Whether `size` bytes are enough for the least number of records. */
bool zone_table_fits(size_t size, size_t record_size);

/* Makes an empty table of memory that is aligned to 16 bytes. */
void zone_table_init(void *memory, size_t size, size_t record_size);

/* Was the memory made a table of such records, for memory of that size? */
bool zone_table_is(const void *memory, size_t size, size_t record_size);

/* What zone_lock_record() and zone_count_records() (zone.h) do once the zone is locked. */
void *zone_table_record(void *memory, struct str key, bool *is_new);
void zone_table_count(const void *memory, size_t *used, size_t *room);

#endif
