/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the setters of modules call, beside the parsers of field.c: messages, paths, further
 * files, and memory that several calls share (conf.h).
 */
#include <config.h>

#include "base/log_format.h"
#include "config/internal.h"
#include "config/lines.h"

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

/* --- options: NAME=VALUE ------------------------------------------------------------- */

struct conf_word conf_word_after(const struct conf_word *word, size_t len)
{
	struct conf_word rest = *word;

	rest.text = str_skip(word->text, len);
	rest.place.column += (uint32_t)len;
	rest.place.len -= rest.place.len > len ? (uint32_t)len : 0;
	return rest;
}

bool conf_option(const struct conf_word *word, struct str name, struct conf_word *value)
{
	if (!str_starts(word->text, name))
		return false;
	*value = conf_word_after(word, name.len);
	return true;
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

static struct conf_path *add_path(struct conf_call *call, const void *key, struct str path)
{
	struct paths *paths = conf_shared(call->conf, key, sizeof(struct paths));
	struct conf_path *own = pool_new(call->pool, struct conf_path);

	own->path = pool_strdup(call->pool, path);
	if (paths->last)
		paths->last->next = own;
	else
		paths->first = own;
	paths->last = own;
	return own;
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

/* --- files of lines that may change ------------------------------------------------- */

static int parse_lines(const struct conf_call *like, struct pool *pool,
		       const struct lines_kind *kind, const struct conf_node *first, void *form)
{
	struct conf_call call = *like;
	int error = 0;

	call.pool = pool;
	for (call.node = first; call.node; call.node = call.node->next)
		if (kind->line(&call, call.node, form) < 0)
			error = -EINVAL;
	return error;
}

int conf_lines(struct conf_call *call, const struct conf_word *word, const struct lines_kind *kind,
	       struct lines **out)
{
	struct conf *conf = call->conf;
	struct lines *lines = pool_new(call->pool, struct lines);
	const struct conf_node *first;
	int error = conf_read_lines(call, word, &first);

	lines->path = path_beside_main(&conf->source, word->text);
	lines->name = word->text;
	lines->kind = kind;
	lines->call = *call;
	lines->initial.refs = 1;
	lines->initial.form = pool_zalloc(call->pool, kind->size);
	lines->good = &lines->initial;
	*out = lines;
	if (parse_lines(call, call->pool, kind, first, lines->initial.form) < 0)
		error = -EINVAL;

	const struct conf_file *file = hash_get(&conf->source.files_by_path, lines->path);

	if (file)
		lines->initial.bytes = file->content;
	add_path(call, &paths_key, lines->path)->is_file = true;
	return error;
}

/* moved.txt:2:4: what is wrong: "/a ^b", with a caret in front of the place. */
static void show_first(const struct conf_source *source, char *why, size_t why_size)
{
	const struct conf_message *message = source->messages;

	while (message->kind == MESSAGE_WARNING)
		message++;

	const struct conf_place *place = &message->place;
	struct str rest = place->file ? place->file->content : STR(""), line = STR("");
	size_t before = place->column > 0 ? place->column - 1 : 0;

	for (uint32_t i = 0; place->file && i < place->line; i++)
		line = str_split(&rest, '\n');
	line = str_head(str_trim(line, "\r"), 200);
	before = before < line.len ? before : line.len;

	struct str left = printable(source->pool, str_head(line, before));
	struct str right = printable(source->pool, str_skip(line, before));

	log_format(why, why_size, "%.*s:%u:%u: %.*s: \"%.*s^%.*s\"%s",
		   STR_ARG(place->file ? place->file->name : source->name), place->line,
		   place->column, STR_ARG(message->text), STR_ARG(left), STR_ARG(right),
		   source->errors > 1 ? ", and further errors" : "");
}

int conf_lines_again(struct lines *lines, struct str bytes, struct pool *pool, void *form,
		     char *why, size_t why_size)
{
	struct conf *conf = lines->call.conf;
	struct conf_source before = conf->source;

	/* These messages are not about the configuration, which is in use. */
	conf->source = (struct conf_source){
		.pool = pool,
		.nodes = pool,
		.path = before.path,
		.name = before.name,
		.files_by_path.pool = pool,
	};

	struct conf_file *file = file_of_text(&conf->source, lines->name, bytes);
	const struct conf_node *first = lines_read(&conf->source, file);
	int error = parse_lines(&lines->call, pool, lines->kind, first, form);

	if (conf->source.errors)
		show_first(&conf->source, why, why_size);
	else if (error < 0)
		log_format(why, why_size, "%.*s has an error", STR_ARG(lines->name));
	if (conf->source.errors)
		error = -EINVAL;
	conf->source = before;
	return error;
}
