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
	struct pool *pool = pool_create_mapped();
	struct conf *conf = pool_new(pool, struct conf);
	struct conf_options *own = &conf->options;

	conf->pool = pool;
	*own = *options;
	own->prefix = pool_strdup(pool, options->prefix);
	own->path = pool_strdup(pool, options->path);
	own->name = str_empty(options->name) ? short_name(pool, own->path) :
					       pool_strdup(pool, options->name);
	own->globals = pool_strdup(pool, options->globals);
	if (options->modules) {
		conf->modules = options->modules;
		conf->module_count = options->module_count;
		conf->absent = options->absent;
	} else {
		const struct module **list =
			pool_array(pool, const struct module *, module_count() + 1);

		for (size_t i = 0; i < module_count(); i++)
			list[i] = module_at(i);
		conf->modules = list;
		conf->module_count = module_count();
		conf->absent = absent_directives;
	}
	conf->source = (struct conf_source){
		.pool = pool,
		.nodes = pool_create_mapped(),
		.path = own->path,
		.name = own->name,
		.messages_to = own->messages,
		.is_json = own->json,
		.files_by_path.pool = pool,
	};
	conf->slots.pool = conf->shared.pool = conf->doubtful.pool = pool;
	conf->doubtful_words.pool = pool;
	conf->last_use = &conf->uses;
	names_init(conf);
	return conf;
}

void conf_drop_nodes(struct conf *conf)
{
	for (struct conf_scope *scope = conf->main; scope; scope = scope->next)
		scope->node = NULL;
	if (conf->source.nodes)
		pool_destroy(conf->source.nodes);
	conf->source.nodes = NULL;
}

void conf_destroy(struct conf *conf)
{
	if (!conf)
		return;
	conf_drop_nodes(conf);
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
		return file_of_text(&conf->source, options->name, text);
	int error = file_read(&conf->source, options->path, options->name, &file);
	if (error == 0)
		return file;
	struct str help = help_find(conf, error);
	message_add(&conf->source, MESSAGE_ERROR, (struct conf_place){ 0 },
		    "cannot read the configuration (%d: %s)\n%.*s", -error, strerror(-error),
		    STR_ARG(help));
	return NULL;
}

/* Reads the directives of -g and those of the file into one list. */
static struct conf_node *read_main(struct conf *conf, struct conf_file *file)
{
	struct conf_node *globals = NULL, *nodes;

	if (!str_empty(conf->options.globals))
		globals = tree_read(&conf->source,
				    file_of_text(&conf->source, STR("-g"), conf->options.globals));
	nodes = tree_read(&conf->source, file);
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
	if (file && !conf->source.errors) {
		apply_block(conf, conf->main, read_main(conf, file));
		apply_checks(conf);
		variables_settle(conf);
	}
	if (conf->source.unbalanced) /* which blocks forward is not known then */
		conf->forwarding = NULL;
	forwarding_count(conf);
	messages_print(&conf->source);
	forwarding_print(conf);
	if (conf->source.errors == 0)
		return 0;
	return conf->source.errors == conf->source.not_supported ? -EOPNOTSUPP : -EINVAL;
}

void conf_dump(const struct conf *conf, FILE *to)
{
	for (size_t i = 0; i < conf->source.file_count; i++) {
		const struct conf_file *file = conf->source.files[i];

		if (file->is_text)
			continue;
		fprintf(to, "# configuration file %.*s:\n", STR_ARG(file->path));
		fwrite(file->content.data, 1, file->content.len, to);
		fputc('\n', to);
	}
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
	return conf->source.errors;
}

struct conf_scope *conf_main(struct conf *conf)
{
	return conf->main;
}

size_t module_index(const struct module *module)
{
	/* A module that asks for its number in each request finds it here. */
	static _Thread_local size_t last;
	size_t index = 0;

	if (last < module_count() && module_at(last) == module)
		return last;
	while (index < module_count() && module_at(index) != module)
		index++;
	assert(index < module_count());
	return last = index;
}

/* The next module from this index on that has a helper; the number of modules: there is none. */
static size_t next_helper(size_t index)
{
	while (index < module_count() && !module_at(index)->helper)
		index++;
	return index;
}

uint32_t helper_count(void)
{
	uint32_t count = 0;

	for (size_t i = next_helper(0); i < module_count(); i = next_helper(i + 1))
		count++;
	return count;
}

const struct module *helper_module(uint32_t number)
{
	size_t index = next_helper(0);

	while (number--)
		index = next_helper(index + 1);
	return module_at(index);
}

uint32_t helper_number(const struct helper *helper)
{
	uint32_t number = 0;

	while (helper_module(number)->helper != helper)
		number++;
	return number;
}

int modules_start(struct conf *conf)
{
	for (size_t i = 0; i < module_count(); i++) {
		const struct module *module = module_at(i);
		int error = module->start ? module->start(scope_data(conf->main, module)) : 0;

		if (error < 0) {
			log_emergc(error, "the module %s cannot start in this worker",
				   module->name);
			return error;
		}
	}
	return 0;
}

void modules_stop(struct conf *conf, enum stop_reason reason)
{
	for (size_t i = module_count(); i-- > 0;) {
		const struct module *module = module_at(i);

		if (module->stop)
			module->stop(scope_data(conf->main, module), reason);
	}
}

/*
 * Only the documentation of `include`, which config/source/tree.c carries out. The name of the
 * variable leaves include_module to a module of that name.
 */
const struct module config_include_module = {
	.name = "config",
	.summary = "reads further files",
	.directives = (const struct directive[]) {
		DIRECTIVE_SET("include", IN_ANYWHERE, NULL, "file | mask",
			"Reads another file, or all files that match a mask such as sites/*.conf, "
			"in the order of their names, as if their text stood here. The path begins "
			"at the directory of the main configuration file. A file that is not there "
			"is an error, a mask that matches nothing is none. Blocks end in the file "
			"in which they begin.\n\n"
			"It may stand in every block, also in types and map.\n\n"
			"    include mime.types;\n"
			"    include sites/*.conf;",
			.flags = REPEAT, .min_args = 1),
		{ 0 }
	},
};
