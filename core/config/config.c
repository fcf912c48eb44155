/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The life of a configuration: created empty, loaded once, constant from then
 * on, destroyed with all that it holds.
 */
#include "config/config.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "config/internal.h"

static const struct module *const *server_modules(struct pool *pool)
{
	const struct module **list = pool_array(pool, const struct module *, module_count() + 1);

	for (size_t i = 0; i < module_count(); i++)
		list[i] = module_at(i);
	return list;
}

/* The path of a file below the current directory, seen from there; any other as it is. */
static struct str short_name(struct pool *pool, struct str path)
{
	char *here = getcwd(NULL, 0);
	struct str directory = pool_printf(pool, "%s/", here ? here : "");

	free(here);
	return directory.len > 1 && str_starts(path, directory) ? str_skip(path, directory.len) :
								  path;
}

struct conf *conf_create(const struct conf_options *options)
{
	struct pool *pool = pool_create(64 << 10);
	struct conf *conf = pool_new(pool, struct conf);
	struct conf_options *own = &conf->options;

	conf->pool = pool;
	*own = *options;
	own->prefix = pool_strdup(pool, options->prefix);
	own->path = pool_strdup(pool, options->path);
	own->name = str_empty(options->name) ? short_name(pool, own->path) :
					       pool_strdup(pool, options->name);
	own->globals = pool_strdup(pool, options->globals);
	conf->modules = options->modules ? options->modules : server_modules(pool);
	conf->module_count = options->modules ? options->module_count : module_count();
	conf->absent = options->modules ? options->absent : absent_directives;
	conf->files_by_path.pool = conf->slots.pool = conf->shared.pool = pool;
	conf->last_use = &conf->uses;
	names_init(conf);
	return conf;
}

void conf_destroy(struct conf *conf)
{
	if (conf)
		pool_destroy(conf->pool);
}

/*
 * A remedy for a main file that cannot be read. A relative path of -c begins at the prefix,
 * while many people expect it to begin at the current directory.
 */
static struct str help_find(struct conf *conf, int error)
{
	const struct conf_options *options = &conf->options;
	struct str name = str_skip(options->path, options->prefix.len);

	if (error != -ENOENT || !str_starts(options->path, options->prefix) ||
	    access(name.data, R_OK) < 0)
		return STR("another file is named with -c FILE, another prefix with -p DIR");
	return pool_printf(
		conf->pool,
		"\"%.*s\" is in this folder, but the path begins at the prefix \"%.*s\": "
		"write -p . to make this folder the prefix, or -c \"$PWD/%.*s\"",
		STR_ARG(name), STR_ARG(options->prefix), STR_ARG(name));
}

/* The main file, or the text that takes its place. NULL after a message. */
static struct conf_file *main_file(struct conf *conf, struct str text)
{
	const struct conf_options *options = &conf->options;
	struct conf_file *file;

	if (text.data)
		return file_of_text(conf, options->name, text);
	int error = file_read(conf, options->path, options->name, &file);
	if (error == 0)
		return file;
	struct str help = help_find(conf, error);
	message_add(conf, MESSAGE_ERROR, (struct conf_place){ 0 },
		    "cannot read the configuration (%d: %s)\n%.*s", -error, strerror(-error),
		    STR_ARG(help));
	return NULL;
}

/* Reads the directives of -g, then those of the file. */
static struct conf_node *read_main(struct conf *conf, struct conf_file *file)
{
	struct conf_node *globals = NULL, *nodes;

	if (!str_empty(conf->options.globals))
		globals = tree_read(conf, file_of_text(conf, STR("-g"), conf->options.globals));
	nodes = tree_read(conf, file);
	if (!globals)
		return nodes;

	struct conf_node *last = globals;

	while (last->next)
		last = (struct conf_node *)last->next;
	last->next = nodes;
	return globals;
}

int conf_load(struct conf *conf, struct str text)
{
	struct conf_file *file = tables_check(conf) ? main_file(conf, text) : NULL;

	if (file)
		apply_defaults(conf);
	if (file && !conf->errors) {
		apply_block(conf, conf->main, read_main(conf, file));
		apply_checks(conf);
		variables_settle(conf);
	}
	messages_print(conf);
	return conf->errors ? -EINVAL : 0;
}

struct pool *conf_pool(struct conf *conf)
{
	return conf->pool;
}

const struct conf_options *conf_get_options(const struct conf *conf)
{
	return &conf->options;
}

unsigned conf_errors(const struct conf *conf)
{
	return conf->errors;
}

struct conf_scope *conf_main(struct conf *conf)
{
	return conf->main;
}

void *conf_shared(struct conf *conf, const void *key, size_t size)
{
	struct str name = { (const char *)&key, sizeof(key) };
	void *memory = hash_get(&conf->shared, name);

	if (memory)
		return memory;
	memory = pool_zalloc(conf->pool, size);
	name.data = pool_memdup(conf->pool, &key, sizeof(key));
	hash_put(&conf->shared, name, memory);
	return memory;
}

size_t module_index(const struct module *module)
{
	size_t index = 0;

	while (index < module_count() && module_at(index) != module)
		index++;
	assert(index < module_count());
	return index;
}

/* --- paths that the workers open ----------------------------------------------- */

static const char paths_key;

struct paths {
	struct conf_path *first, *last;
};

void conf_opens(struct conf_call *call, struct str path)
{
	struct paths *paths = conf_shared(call->conf, &paths_key, sizeof(struct paths));
	struct conf_path *own = pool_new(call->pool, struct conf_path);

	own->path = pool_strdup(call->pool, path);
	if (paths->last)
		paths->last->next = own;
	else
		paths->first = own;
	paths->last = own;
}

const struct conf_path *conf_paths(struct conf *conf)
{
	const struct paths *paths = conf_shared(conf, &paths_key, sizeof(struct paths));

	return paths->first;
}
