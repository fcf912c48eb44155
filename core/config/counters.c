/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The counters of all modules are one array, in which those of the first module come first. A
 * program with other modules has another array; at an upgrade the two programs compare a hash
 * of the counters' names, stats_declare_modules().
 */
#include "config/modules.h"

#include <pool.h>
#include <text.h>

#include "stats/stats.h"

size_t counters_of(const struct module *module)
{
	size_t count = 0;

	while (module->counters && module->counters[count].name)
		count++;
	return count;
}

void counters_declare(void)
{
	struct pool *pool = pool_create(0);
	struct text names = { .pool = pool };
	bool is_gauge[STATS_MODULES_MAX] = { false };
	size_t place = 0;

	for (size_t i = 0; i < module_count(); i++)
		for (size_t j = 0; j < counters_of(module_at(i)); j++, place++) {
			const struct counter *counter = &module_at(i)->counters[j];

			text_printf(&names, "%s.%s:%d\n", module_at(i)->name, counter->name,
				    counter->kind);
			if (place < STATS_MODULES_MAX)
				is_gauge[place] = counter->kind == GAUGE;
		}
	stats_declare_modules(hash_public(text_str(&names)), is_gauge);
	pool_destroy(pool);
}

_Atomic uint64_t *counter_place(const struct module *module, size_t index)
{
	static _Atomic uint64_t none; /* of counters that there is no room for */
	size_t place = index;

	assert(index < counters_of(module));
	for (size_t i = 0; module_at(i) != module; i++)
		place += counters_of(module_at(i));
	return place < STATS_MODULES_MAX ? &stats_modules_of(stats_mine)->values[place] : &none;
}

void counter_add(const struct module *module, size_t index, uint64_t n)
{
	stats_add(counter_place(module, index), n);
}

void gauge_add(const struct module *module, size_t index, int64_t n)
{
	counter_add(module, index, (uint64_t)n);
}
