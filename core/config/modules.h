/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * All modules of this server: those of the core (core/modules.c), then those
 * that configure was told to build in (build/modules.c), in the order in which
 * their handlers run within a phase.
 */
#ifndef SKUA_CONFIG_MODULES_H
#define SKUA_CONFIG_MODULES_H

#include <helper.h>
#include <module.h>

extern const struct module *const core_modules[];
extern const size_t core_modules_count;
extern const struct module *const modules[];
extern const size_t modules_count;

/* The documentation of `include`, which config/source/tree.c carries out. */
extern const struct module config_include_module;

/* A directive of a module that was left out; a row of NULLs ends the list. */
struct absent_directive {
	const char *directive, *module, *option; /* "autoindex", "autoindex", "--with-autoindex" */
};
extern const struct absent_directive absent_directives[];

static inline size_t module_count(void)
{
	return core_modules_count + modules_count;
}

static inline const struct module *module_at(size_t index)
{
	return index < core_modules_count ? core_modules[index] :
					    modules[index - core_modules_count];
}

/* The index of a module; it must be one of them. */
size_t module_index(const struct module *module);

/*
 * A process begins to serve by this configuration, and ends to: calls the hooks `start` of the
 * modules in their order, and `stop` in the reverse order (module.h). modules_start(): 0, or the
 * -errno of the first module that cannot start, after a message.
 */
struct conf;
int modules_start(struct conf *conf);
void modules_stop(struct conf *conf, enum stop_reason reason);

/* At most so many modules have helpers (<helper.h>). */
#define HELPERS_MAX 32

/*
 * Helpers have numbers, in the order of their modules. helper_module(): the module whose helper
 * has this number, which must be below helper_count().
 */
uint32_t helper_count(void);
const struct module *helper_module(uint32_t number);
uint32_t helper_number(const struct helper *helper);

/* How many counters a module has. */
size_t counters_of(const struct module *module);

/*
 * Where this process counts, for counters that are set often. Valid from stats_use() on, as
 * counter_add() is.
 */
_Atomic uint64_t *counter_place(const struct module *module, size_t index);

/* Tells stats.h which counters the modules have. Once, before anything is counted. */
void counters_declare(void);

#endif
