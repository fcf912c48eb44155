/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Shared zones: memory in a file without a name, mapped before the workers are forked. At its
 * front lies a lock, which the kernel unlocks when its holder dies. Configurations
 * hold references. A configuration that declares a zone which an earlier one has declared, or
 * which another program has offered, gets that zone.
 */
#include "process/ipc/zones.h"

#include <conf.h>
#include <errno.h>
#include <fcntl.h>
#include <log.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <timer.h>
#include <unistd.h>
#include <zone.h>

#include "base/memfile.h"
#include "process/ipc/shared_lock.h"
#include "process/ipc/zone_table.h"
#include "process/os/fork.h"

/* What stands in the memory. */
struct shared {
	struct shared_lock lock;
	max_align_t memory[];
};

struct zone {
	struct str name;
	size_t size; /* of the memory behind the lock */
	const struct zone_ops *ops;
	struct shared *shared;
	struct zone_table table; /* if ops->record_size is not 0 */
	int fd; /* of the memory; -1 in children, which do not pass it on */
	unsigned references; /* one for each declaration of a configuration that lives */
	const struct conf *conf; /* the last configuration that has declared it */
	struct zone *next;
};

/* A zone of another program. */
struct offer {
	struct zone_file file;
	bool adopted;
	struct offer *next;
	char texts[];
};

static struct {
	struct zone *first;
	struct offer *offers; /* in the order of their coming */
} zones;

static void unmap(struct zone *zone)
{
	if (zone->shared)
		munmap(zone->shared, sizeof(struct shared) + zone->size);
	if (zone->fd >= 0)
		close(zone->fd);
	free((char *)zone->name.data);
	free(zone);
}

static void release(void *data)
{
	struct zone *zone = data, **link = &zones.first;

	zone->conf = NULL;
	if (--zone->references > 0)
		return;
	while (*link != zone)
		link = &(*link)->next;
	*link = zone->next;
	unmap(zone);
}

/* In a process that was forked, which needs the memory and not its descriptors. */
static void forget(void)
{
	for (struct zone *zone = zones.first; zone; zone = zone->next) {
		if (zone->fd >= 0)
			close(zone->fd);
		zone->fd = -1;
	}
}

/* --- making one --------------------------------------------------------------- */

/* Maps the memory. NULL: that fails. */
static struct shared *map(int fd, size_t size)
{
	void *memory = NULL;

	if (fd >= 0)
		memfile_map(fd, sizeof(struct shared) + size, &memory);
	return memory;
}

static void set_table(struct zone *zone)
{
	if (zone->shared && zone->ops->record_size)
		zone->table =
			zone_table_at(zone->shared->memory, zone->size, zone->ops->record_size);
}

/* Takes the memory of another program's zone of the same name, size and layout, if any. */
static bool adopt(struct zone *zone)
{
	for (struct offer *offer = zones.offers; offer; offer = offer->next) {
		const struct zone_file *file = &offer->file;

		if (!str_eq(file->name, zone->name) || file->size != zone->size ||
		    file->head != sizeof(struct shared) || !zone->ops->layout ||
		    !str_eq(file->layout, str_from(zone->ops->layout)))
			continue;
		/* A descriptor of its own: the other program may need the one there is. */
		zone->fd = fcntl(file->fd, F_DUPFD_CLOEXEC, 0);
		zone->shared = map(zone->fd, zone->size);
		set_table(zone);
		if (zone->shared && (!zone->ops->record_size || zone_table_is(&zone->table))) {
			offer->adopted = true;
			return true;
		}
		if (zone->shared)
			munmap(zone->shared, sizeof(struct shared) + zone->size);
		zone->shared = NULL;
		close(zone->fd);
		zone->fd = -1;
	}
	return false;
}

static void lay_out(struct zone *zone)
{
	if (zone->ops->record_size)
		zone_table_init(&zone->table);
	else if (zone->ops->init)
		zone->ops->init(zone->shared->memory, zone->size);
}

static bool make(struct zone *zone)
{
	zone->fd = memfile_create("skua zone", sizeof(struct shared) + zone->size);
	zone->shared = map(zone->fd, zone->size);
	if (!zone->shared)
		return false;
	set_table(zone);
	lay_out(zone);
	return true;
}

static struct zone *create(struct str name, size_t size, const struct zone_ops *ops)
{
	struct zone *zone = calloc(1, sizeof(*zone));
	char *copy = malloc(name.len + 1);

	if (!zone || !copy) {
		free(zone);
		free(copy);
		return NULL;
	}
	str_put(copy, name);
	*zone = (struct zone){ .name = { copy, name.len }, .size = size, .ops = ops, .fd = -1 };
	if (!adopt(zone) && !make(zone)) {
		unmap(zone);
		return NULL;
	}
	fork_cleanup_add(forget);
	zone->next = zones.first;
	zones.first = zone;
	return zone;
}

/* The zone of this name that this configuration has declared, or one like it. */
static struct zone *find(const struct conf *conf, struct str name, size_t size,
			 const struct zone_ops *ops)
{
	struct zone *alike = NULL;

	for (struct zone *zone = zones.first; zone; zone = zone->next) {
		if (!str_eq(zone->name, name))
			continue;
		if (zone->conf == conf)
			return zone;
		if (zone->size == size && zone->ops == ops)
			alike = zone;
	}
	return alike;
}

struct zone *zone_declare(struct conf_call *call, struct str name, size_t size,
			  const struct zone_ops *ops)
{
	struct zone *zone = find(call->conf, name, size, ops);

	if (ops->record_size && !zone_table_fits(size, ops->record_size)) {
		conf_error(call, NULL, "the zone \"%.*s\" of %zu bytes is too small", STR_ARG(name),
			   size);
		return NULL;
	}
	if (!zone)
		zone = create(name, size, ops);
	if (!zone) {
		conf_error(call, NULL, "there is no memory for the zone \"%.*s\" of %zu bytes",
			   STR_ARG(name), size);
		return NULL;
	}
	if (zone->size != size || zone->ops != ops) {
		conf_error(call, NULL,
			   "the zone \"%.*s\" is declared before, with another size or for "
			   "something else\neach zone needs a name of its own",
			   STR_ARG(name));
		return NULL;
	}
	zone->conf = call->conf;
	zone->references++;
	pool_cleanup(call->pool, release, zone);
	return zone;
}

/* --- from one program to another ----------------------------------------------- */

bool zones_for_each(zones_visitor *act, void *data)
{
	for (const struct zone *zone = zones.first; zone; zone = zone->next) {
		const struct zone_file file = {
			.fd = zone->fd,
			.size = zone->size,
			.head = sizeof(struct shared),
			.layout = str_from(zone->ops->layout ? zone->ops->layout : ""),
			.name = zone->name,
		};

		if (zone->fd < 0 || str_empty(file.layout) || str_empty(file.name) ||
		    memchr(file.name.data, '\n', file.name.len))
			continue;
		if (!act(data, &file))
			return false;
	}
	return true;
}

int zones_offer(const struct zone_file *file)
{
	struct offer *offer = malloc(sizeof(*offer) + file->layout.len + file->name.len);
	struct offer **end = &zones.offers;

	if (!offer)
		return -ENOMEM;
	*offer = (struct offer){ .file = *file };
	char *name = str_put(offer->texts, file->layout);
	str_put(name, file->name);
	offer->file.layout.data = offer->texts;
	offer->file.name.data = name;
	while (*end)
		end = &(*end)->next;
	*end = offer;
	return 0;
}

void zones_settle(void)
{
	while (zones.offers) {
		struct offer *offer = zones.offers;

		zones.offers = offer->next;
		if (!offer->adopted)
			log_notice("the zone \"%.*s\" of the other program is not taken over: "
				   "none of this name, size and layout is declared here",
				   STR_ARG(offer->file.name));
		free(offer);
	}
}

/* --- in use --------------------------------------------------------------------- */

/* Not each time, since a process that was taken over can bring this about as often as it likes. */
static void report(const struct zone *zone, enum shared_lock_state state)
{
	static int64_t said_died_ms, said_kept_ms;

	if (state == LOCK_HOLDER_DIED && clock_is_due(&said_died_ms, SHORTAGE_LOG_MS))
		log_warnx("a process ended while it held the zone \"%.*s\", which is brought into "
			  "order",
			  STR_ARG(zone->name));
	if (state == LOCK_TAKEN_AWAY && clock_is_due(&said_kept_ms, SHORTAGE_LOG_MS))
		log_alertx("a process has kept the zone \"%.*s\" locked for too long, so it has a "
			   "defect or was taken over: the lock was taken from it, and the zone is "
			   "brought into order",
			   STR_ARG(zone->name));
}

/* The holder of the lock has left it, maybe in the middle of a change: repairs the contents. */
static void recover(struct zone *zone, enum shared_lock_state state)
{
	report(zone, state);
	if (zone->ops->record_size) {
		zone_table_repair(&zone->table);
	} else if (zone->ops->recover) {
		zone->ops->recover(zone->shared->memory, zone->size);
	} else {
		memset(zone->shared->memory, 0, zone->size);
		lay_out(zone);
	}
}

void *zone_lock(struct zone *zone)
{
	enum shared_lock_state state = shared_lock_take(&zone->shared->lock);

	if (state != LOCK_TAKEN)
		recover(zone, state);
	return zone->shared->memory;
}

void zone_unlock(struct zone *zone)
{
	shared_lock_release(&zone->shared->lock);
}

void *zone_lock_record(struct zone *zone, struct str key, bool *is_new)
{
	zone_lock(zone);
	return zone_table_record(&zone->table, key, is_new);
}

void zone_count_records(struct zone *zone, size_t *used, size_t *room)
{
	zone_lock(zone);
	zone_table_count(&zone->table, used, room);
	zone_unlock(zone);
}
