/* SPDX-License-Identifier: BSD-2-Clause */
#include "stats/series.h"

#include <string.h>

#include "stats/stats.h"

enum {
	PLACES = 1024, /* of the index, a power of two greater than SERIES_MAX */
	RECENT = 64, /* a power of two */
	METHODS = 10,
};

const uint64_t series_bounds[SERIES_KINDS][SERIES_BUCKETS] = {
	[SERIES_DURATION] = { 500, 1000, 2500, 5000, 10000, 25000, 50000, 75000, 100000, 250000,
			      500000, 750000, 1000000, 2500000, 5000000, 7500000, 10000000,
			      UINT64_MAX },
	[SERIES_REQUEST_BODY] = { 100, 1000, 10000, 100000, 1000000, 10000000, 100000000,
				  1000000000, UINT64_MAX },
	[SERIES_RESPONSE_BODY] = { 100, 1000, 10000, 100000, 1000000, 10000000, 100000000,
				   1000000000, UINT64_MAX },
};

static struct {
	struct series_table *table;
	struct series *recent[RECENT]; /* by the hash of the labels: those used last */
	uint16_t places[PLACES]; /* an index: 1 + the number of a record; 0: free */
} own;

static uint64_t pack(const struct series_labels *labels)
{
	return series_pack(labels->kind, labels->status, labels->method, labels->version);
}

/* The number of the first record that stands for a status. */
static size_t rest_of(unsigned status)
{
	return status / 100 < SERIES_RESTS ? status / 100 : 0;
}

static bool is_possible(const struct series_labels *labels)
{
	bool is_plain = labels->method == 0 && labels->version == 0;

	if (!labels->server)
		return is_plain && labels->kind == SERIES_DURATION && labels->status < 1000 &&
		       labels->status % 100 == 0;
	if (labels->kind != SERIES_DURATION)
		return is_plain && labels->kind < SERIES_KINDS && labels->status == 0;
	return labels->status < 1000 && labels->method < METHODS &&
	       (labels->version == 10 || labels->version == 11 || labels->version == 20);
}

/* False: no request has such labels. */
static bool unpack(struct series_labels *labels, uint64_t server, uint64_t packed)
{
	*labels = (struct series_labels){
		.server = server,
		.kind = (enum series_kind)(packed >> 32 & 0xff),
		.status = packed & 0xffff,
		.method = packed >> 16 & 0xff,
		.version = packed >> 24 & 0xff,
	};
	return packed >> 40 == 1 && is_possible(labels);
}

static size_t hash_of(uint64_t server, uint64_t packed)
{
	return (size_t)(((server ^ packed) * 0x9e3779b97f4a7c15u) >> 32);
}

static bool is_for(const struct series *series, uint64_t server, uint64_t packed)
{
	return stats_get(&series->packed) == packed && stats_get(&series->server) == server;
}

/* The place in the index of these labels, or the free one where they belong. */
static uint16_t *place_of(uint64_t server, uint64_t packed)
{
	size_t at = hash_of(server, packed);

	while (own.places[at % PLACES] &&
	       !is_for(&own.table->items[own.places[at % PLACES] - 1], server, packed))
		at++;
	return &own.places[at % PLACES];
}

void series_use(struct series_table *table)
{
	size_t count = stats_get(&table->count);

	memset(&own, 0, sizeof(own));
	own.table = table;
	if (stats_get(&table->layout) != SERIES_LAYOUT || count < SERIES_RESTS ||
	    count > SERIES_MAX) {
		memset(table, 0, sizeof(*table));
		for (unsigned i = 0; i < SERIES_RESTS; i++)
			stats_set(&table->items[i].packed,
				  series_pack(SERIES_DURATION, i * 100, 0, 0));
		stats_set(&table->count, count = SERIES_RESTS);
		stats_set(&table->layout, SERIES_LAYOUT);
	}
	for (size_t i = 0; i < count; i++) {
		const struct series *series = &table->items[i];

		*place_of(stats_get(&series->server), stats_get(&series->packed)) =
			(uint16_t)(i + 1);
	}
}

/* The count grows last, so that readers see whole labels. */
static struct series *find(struct series_table *table, uint64_t server, uint64_t packed)
{
	uint16_t *place = place_of(server, packed);
	size_t count = stats_get(&table->count);

	if (*place)
		return &table->items[*place - 1];
	if (count >= SERIES_MAX)
		return &table->items[rest_of(packed & 0xffff)];

	struct series *series = &table->items[count];

	stats_set(&series->server, server);
	stats_set(&series->packed, packed);
	atomic_store_explicit(&table->count, count + 1, memory_order_release);
	*place = (uint16_t)(count + 1);
	return series;
}

static inline enum series_kind kind_of(uint64_t packed)
{
	return (enum series_kind)(packed >> 32 & 0xff);
}

static inline void add_value(struct series *series, enum series_kind kind, uint64_t value)
{
	const uint64_t *bound = series_bounds[kind];

	while (value > *bound)
		bound++;
	stats_add(&series->sum, value);
	stats_add(&series->buckets[bound - series_bounds[kind]], 1);
}

/* Out of the way of labels that were used before. */
static __attribute__((noinline)) void count_others(uint64_t server, uint64_t packed, uint64_t value)
{
	struct series *series;

	if (!own.table)
		return;
	series = find(own.table, server, packed);
	own.recent[hash_of(server, packed) % RECENT] = series;
	/* The values in the first records have one unit. */
	if (series >= &own.table->items[SERIES_RESTS] || kind_of(packed) == SERIES_DURATION)
		add_value(series, kind_of(packed), value);
}

void series_count(uint64_t server, uint64_t packed, uint64_t value)
{
	struct series *series = own.recent[hash_of(server, packed) % RECENT];

	if (series && is_for(series, server, packed))
		add_value(series, kind_of(packed), value);
	else
		count_others(server, packed, value);
}

static void add(struct series_sum *sum, const struct series *series)
{
	sum->sum += stats_get(&series->sum);
	for (size_t i = 0; i < SERIES_BUCKETS; i++)
		sum->buckets[i] += stats_get(&series->buckets[i]);
}

static size_t find_sum(const struct series_sums *sums, const struct series_labels *labels)
{
	size_t i = 0;

	while (i < sums->count && (sums->items[i].labels.server != labels->server ||
				   pack(&sums->items[i].labels) != pack(labels)))
		i++;
	return i;
}

/* The records of one worker mostly are those of the others, in nearly the same order. */
void series_add_to(struct series_sums *sums, const struct series_table *table)
{
	size_t count = atomic_load_explicit(&table->count, memory_order_acquire);

	if (stats_get(&table->layout) != SERIES_LAYOUT || count > SERIES_MAX)
		return;
	for (; sums->count < SERIES_RESTS; sums->count++)
		sums->items[sums->count] = (struct series_sum){
			.labels.kind = SERIES_DURATION,
			.labels.status = (unsigned)sums->count * 100,
		};
	for (size_t i = 0; i < count; i++) {
		const struct series *series = &table->items[i];
		struct series_labels labels;

		if (!unpack(&labels, stats_get(&series->server), stats_get(&series->packed)))
			continue;

		size_t at = i < sums->count && sums->items[i].labels.server == labels.server &&
					    pack(&sums->items[i].labels) == pack(&labels) ?
				    i :
				    find_sum(sums, &labels);

		if (at == SERIES_SUMS_MAX && labels.kind != SERIES_DURATION)
			continue;
		if (at == SERIES_SUMS_MAX)
			at = rest_of(labels.status);
		if (at == sums->count) {
			sums->items[at] = (struct series_sum){ .labels = labels };
			sums->count++;
		}
		add(&sums->items[at], series);
	}
}

bool series_fits(const struct series_table *into, const struct series_table *table)
{
	return stats_get(&into->count) + stats_get(&table->count) <= SERIES_MAX;
}

static bool has(const struct series_sums *sums, const struct series_labels *labels)
{
	return sums && find_sum(sums, labels) < sums->count;
}

/* The newest record before *end that is not among `others`; *end becomes its index. */
static struct series *newest_without(struct series_table *table, size_t *end,
				     const struct series_sums *others)
{
	while (*end > SERIES_RESTS) {
		struct series *series = &table->items[--*end];
		struct series_labels labels;

		if (!unpack(&labels, stats_get(&series->server), stats_get(&series->packed)) ||
		    !has(others, &labels))
			return series;
	}
	return NULL;
}

/* Moves its counts to the first records, and gives its place to other labels. */
static void replace(struct series_table *table, struct series *series, uint64_t server,
		    uint64_t packed)
{
	uint64_t before = stats_get(&series->packed);
	struct series *rest = &table->items[rest_of(before & 0xffff)];
	bool has_unit_of_rest = (before >> 32 & 0xff) == SERIES_DURATION;

	if (has_unit_of_rest)
		stats_add(&rest->sum, stats_get(&series->sum));
	stats_set(&series->sum, 0);
	for (size_t i = 0; i < SERIES_BUCKETS; i++) {
		if (has_unit_of_rest)
			stats_add(&rest->buckets[i], stats_get(&series->buckets[i]));
		stats_set(&series->buckets[i], 0);
	}
	stats_set(&series->server, server);
	stats_set(&series->packed, packed);
	series_use(table);
}

void series_fold(struct series_table *into, struct series_table *table,
		 const struct series_sums *others)
{
	static struct series_sums sums;
	size_t end = SERIES_MAX;

	sums.count = 0;
	series_add_to(&sums, table);
	series_use(into);
	for (size_t i = 0; i < sums.count; i++) {
		const struct series_sum *sum = &sums.items[i];
		uint64_t server = sum->labels.server, packed = pack(&sum->labels);
		struct series *series = find(into, server, packed);

		if (i >= SERIES_RESTS && series < &into->items[SERIES_RESTS] &&
		    has(others, &sum->labels)) {
			struct series *other = newest_without(into, &end, others);

			if (other)
				replace(into, series = other, server, packed);
		}
		if (series < &into->items[SERIES_RESTS] && sum->labels.kind != SERIES_DURATION)
			continue;
		stats_add(&series->sum, sum->sum);
		for (size_t j = 0; j < SERIES_BUCKETS; j++)
			stats_add(&series->buckets[j], sum->buckets[j]);
	}
	own.table = NULL;
	memset(table, 0, sizeof(*table));
}
