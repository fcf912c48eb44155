/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Shared zones: a mapping that the workers inherit, with a mutex at its front
 * that the kernel hands on when its holder dies. Configurations hold references;
 * a zone that the next configuration declares, too, goes over to it.
 */
#include <zone.h>

#include <conf.h>
#include <errno.h>
#include <log.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/* What stands in the mapping. */
struct shared {
	pthread_mutex_t lock;
	max_align_t memory[];
};

struct zone {
	struct str name;
	size_t size; /* of the memory behind the lock */
	const struct zone_ops *ops;
	struct shared *shared;
	unsigned references; /* one for each declaration of a configuration that lives */
	const struct conf *conf; /* that is being read and has declared it, or was */
	struct zone *next;
};

static struct zone *zones;

static void unmap(struct zone *zone)
{
	if (zone->shared)
		munmap(zone->shared, sizeof(struct shared) + zone->size);
	free((char *)zone->name.data);
	free(zone);
}

static void release(void *data)
{
	struct zone *zone = data, **link = &zones;

	zone->conf = NULL;
	if (--zone->references > 0)
		return;
	while (*link != zone)
		link = &(*link)->next;
	*link = zone->next;
	unmap(zone);
}

static struct shared *map(size_t size)
{
	struct shared *shared = mmap(NULL, sizeof(*shared) + size, PROT_READ | PROT_WRITE,
				     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pthread_mutexattr_t attributes;

	if (shared == MAP_FAILED)
		return NULL;
	pthread_mutexattr_init(&attributes);
	pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
	pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
	pthread_mutex_init(&shared->lock, &attributes);
	pthread_mutexattr_destroy(&attributes);
	return shared;
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
	*zone = (struct zone){ .name = { copy, name.len }, .size = size, .ops = ops };
	zone->shared = map(size);
	if (!zone->shared) {
		unmap(zone);
		return NULL;
	}
	ops->init(zone->shared->memory, size);
	zone->next = zones;
	zones = zone;
	return zone;
}

/* The zone of this name that this configuration has declared, or one like it. */
static struct zone *find(const struct conf *conf, struct str name, size_t size,
			 const struct zone_ops *ops)
{
	struct zone *alike = NULL;

	for (struct zone *zone = zones; zone; zone = zone->next) {
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

/* Its holder died. What it left is brought into order before anybody sees it. */
static void recover(struct zone *zone)
{
	log_warnx("a process ended while it held the zone \"%.*s\", which is brought into order",
		  STR_ARG(zone->name));
	if (zone->ops->recover) {
		zone->ops->recover(zone->shared->memory, zone->size);
	} else {
		memset(zone->shared->memory, 0, zone->size);
		zone->ops->init(zone->shared->memory, zone->size);
	}
	pthread_mutex_consistent(&zone->shared->lock);
}

void *zone_lock(struct zone *zone)
{
	int error = pthread_mutex_lock(&zone->shared->lock);

	if (error == EOWNERDEAD)
		recover(zone);
	else if (error)
		abort();
	return zone->shared->memory;
}

void zone_unlock(struct zone *zone)
{
	pthread_mutex_unlock(&zone->shared->lock);
}
