/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the setters of modules call, beside the parsers of field.c: messages, paths, further
 * files, and memory that several calls share (conf.h).
 */
#include <config.h>

#include "config/internal.h"

static struct conf_place place_of(const struct conf_call *call, const struct conf_word *word)
{
	if (!word && !call->node)
		return (struct conf_place){ 0 };
	return word ? word->place : call->node->name.place;
}

int conf_error(struct conf_call *call, const struct conf_word *word, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	message_vadd(&call->conf->source, MESSAGE_ERROR, place_of(call, word), format, args);
	va_end(args);
	return -EINVAL;
}

int conf_not_supported(struct conf_call *call, const struct conf_word *word, const char *format,
		       ...)
{
	va_list args;

	va_start(args, format);
	message_not_supported(&call->conf->source, word ? word : &call->node->name, format, args);
	va_end(args);
	return -EINVAL;
}

void conf_warn(struct conf_call *call, const struct conf_word *word, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	message_vadd(&call->conf->source, MESSAGE_WARNING, place_of(call, word), format, args);
	va_end(args);
}

struct str conf_place_text(struct pool *pool, const struct conf_place *place)
{
	return pool_printf(pool, "%.*s:%u", STR_ARG(place->file->name), place->line);
}

/* --- paths and files ------------------------------------------------------------ */

struct str conf_full_path(struct conf *conf, struct str path)
{
	return path_below(conf->pool, conf->options.prefix, path);
}

struct str conf_relative_to_file(struct conf *conf, struct str path)
{
	return path_beside_main(&conf->source, path);
}

struct str path_below_prefix(struct pool *pool, struct str prefix, const char *built_in)
{
	struct str path = str_from(built_in), old = str_from(SKUA_PREFIX);

	while (str_ends(old, STR("/")))
		old.len--;
	if (!str_starts(path, old) || path.len == old.len || path.data[old.len] != '/')
		return path;
	path = str_skip(path, old.len + 1);
	return pool_concat(pool, (const struct str[]){ prefix, path }, 2);
}

struct str conf_built_in_path(struct conf *conf, const char *path)
{
	return path_below_prefix(conf->pool, conf->options.prefix, path);
}

int conf_read_lines(struct conf_call *call, const struct conf_word *word,
		    const struct conf_node **out)
{
	struct conf_source *source = &call->conf->source;
	struct str path = path_beside_main(source, word->text);
	unsigned errors = source->errors;
	struct conf_file *file;
	int error = file_read(source, path, word->text, &file);

	*out = NULL;
	if (error < 0)
		return conf_error(call, word, "cannot read \"%.*s\" (%d: %s)", STR_ARG(path),
				  -error, strerror(-error));
	file->is_text = true;
	*out = lines_read(source, file);
	return source->errors == errors ? 0 : -EINVAL;
}

/* --- memory that calls share ------------------------------------------------------ */

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

/* --- paths that the workers open ----------------------------------------------- */

static const char paths_key, written_key;

struct paths {
	struct conf_path *first, *last;
};

static void add_path(struct conf_call *call, const void *key, struct str path)
{
	struct paths *paths = conf_shared(call->conf, key, sizeof(struct paths));
	struct conf_path *own = pool_new(call->pool, struct conf_path);

	own->path = pool_strdup(call->pool, path);
	if (paths->last)
		paths->last->next = own;
	else
		paths->first = own;
	paths->last = own;
}

void conf_opens(struct conf_call *call, struct str path)
{
	add_path(call, &paths_key, path);
}

void conf_writes(struct conf_call *call, struct str directory)
{
	add_path(call, &written_key, directory);
}

const struct conf_path *conf_paths(struct conf *conf)
{
	const struct paths *paths = conf_shared(conf, &paths_key, sizeof(struct paths));

	return paths->first;
}

const struct conf_path *conf_written_paths(struct conf *conf)
{
	const struct paths *paths = conf_shared(conf, &written_key, sizeof(struct paths));

	return paths->first;
}
