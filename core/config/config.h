/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A configuration: read from files into a tree, applied to the tables of the
 * modules, checked, and constant from then on.
 */
#ifndef SKUA_CONFIG_CONFIG_H
#define SKUA_CONFIG_CONFIG_H

#include <stdbool.h>
#include <stdio.h>

#include <conf.h>
#include <module.h>

/* A block: one struct of each module, by the module's index (modules.h). */
struct conf_scope {
	enum conf_context context;
	struct conf *conf;
	struct conf_scope *parent; /* NULL in IN_MAIN */
	const struct conf_node *node; /* that opened it; NULL in IN_MAIN */
	const void **data;
	bool forwards; /* conf_forwards() was called for this location */
	struct conf_scope *next; /* in the order in which they were opened */
};

struct absent_directive;

/* The parameters of conf_create(). */
struct conf_options {
	struct str prefix; /* absolute, with a slash at the end */
	struct str path; /* of the main file, absolute */
	struct str name; /* of it in messages; empty: the path, seen from the current directory */
	struct str globals; /* of -g; may be empty */
	FILE *messages; /* errors and warnings go there; NULL: nowhere */
	bool json; /* as objects of JSON, with commas between them */

	/* For tests; NULL: those of this server. */
	const struct module *const *modules;
	size_t module_count;
	const struct absent_directive *absent;
};

/* An empty configuration with a pool of its own. */
struct conf *conf_create(const struct conf_options *options);

/*
 * Reads the file (or `text` as if it were the contents of it, when data is not
 * NULL; it must live as long as the configuration), applies and checks it. All
 * errors are printed, in the order of the file. 0, -EOPNOTSUPP if all errors are about what
 * is not supported, or -EINVAL.
 * Touches nothing but the files it reads. Once for each configuration.
 */
int conf_load(struct conf *conf, struct str text);

/*
 * Frees the nodes, after all messages about the configuration were printed. The texts of their
 * words, which modules keep, stay. A setter must not keep nodes or words.
 */
void conf_drop_nodes(struct conf *conf);

/* Ends the configuration and everything in its pool. NULL is fine. */
void conf_destroy(struct conf *conf);

/* Prints every file that was read, as -T does. */
void conf_dump(const struct conf *conf, FILE *to);

struct pool *conf_pool(struct conf *conf);
const struct conf_options *conf_get_options(const struct conf *conf);
unsigned conf_errors(const struct conf *conf);

/* "conf/skua.conf:12", for messages that point at a second place; in the pool. */
struct str conf_place_text(struct pool *pool, const struct conf_place *place);

/* conf_built_in_path() (conf.h) before there is a configuration. */
struct str path_below_prefix(struct pool *pool, struct str prefix, const char *built_in);

/* A path of conf_opens() or conf_writes(), in a list. */
struct conf_path {
	struct str path; /* NUL follows */
	bool is_file; /* it is the file of conf_lines(), wherever a link leads */
	struct conf_path *next;
};

/* The paths that conf_opens() was called with, in that order; NULL: none. */
const struct conf_path *conf_paths(struct conf *conf);

/* The directories that conf_writes() was called with. */
const struct conf_path *conf_written_paths(struct conf *conf);

/* The scope of the main level. */
struct conf_scope *conf_main(struct conf *conf);

/* A module's struct in a scope. */
const void *scope_data(const struct conf_scope *scope, const struct module *module);

/* Whether a struct of this module (its index) is other than by default. */
bool conf_says_something(const struct conf *conf, size_t module, const void *data);

/* Whether it has a LOCAL setting that is other than by default. NULL: it has none. */
bool conf_has_local(const struct conf *conf, size_t module, const void *data);

/*
 * For the setter of a directive with a block: opens a scope inside the one the
 * call stands in, and applies the nodes of the call's block to it: first simple
 * directives, then ORDERED ones, then those with blocks, each in the order of
 * the file. Each module's struct that nothing in the block sets is the parent's.
 * conf_scope_write() gives the scope's own struct of a module, to be changed
 * before a scope inside of it is opened.
 */
struct conf_scope *conf_scope_open(struct conf_call *call, enum conf_context context);
int conf_scope_apply(struct conf_call *call, struct conf_scope *scope);
void *conf_scope_write(struct conf_call *call, struct conf_scope *scope,
		       const struct module *module);

#endif
