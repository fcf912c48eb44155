/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a hostile worker asks the opener for: a question is read and resolved below the roots of
 * a configuration. Whatever is accepted lies below a root that this has, has no name "..", and
 * is named again by what a worker would ask for.
 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/config.h"
#include "http/conf/http.h"
#include "http/files/files.h"
#include "http/files/opener_path.h"
#include "process/sandbox/open_question.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char text[] =
	"sandbox_allow /allowed; events { } http { server { root /www;"
	"location /strict/ { root /www/strict; symlinks in_root; dotfiles deny; }"
	"location /img { alias /www/img; }"
	"location /dir/ { alias /www/dir/; dotfiles deny; }"
	"location /site/ { root /www/sites/$arg_site/.html; symlinks in_root; dotfiles deny; }"
	"location /any/ { root $arg_root; } } }";

static struct conf *load(void)
{
	const struct conf_options options = {
		.prefix = STR("/srv/"),
		.path = STR("/srv/test.conf"),
		.messages = stderr,
	};
	struct conf *conf = conf_create(&options);

	assert(conf_load(conf, str_from(text)) == 0);
	http_prepare(conf);
	files_module.start(scope_data(conf_main(conf), &files_module));
	return conf;
}

static bool has_dots(struct str path)
{
	while (path.len) {
		struct str name = str_split(&path, '/');
		if (str_eq(name, STR("..")) || str_eq(name, STR(".")))
			return true;
	}
	return false;
}

/* Of all roots the configuration has written the beginning; modules name paths, too. */
static bool is_known(struct conf *conf, struct str path)
{
	for (const struct conf_path *at = conf_paths(conf); at; at = at->next)
		if (str_starts(path, at->path))
			return true;
	return str_starts(path, STR("/www"));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct conf *conf;
	struct open_question question, again;
	struct file_query query;
	char path[PATH_MAX], written[OPEN_QUESTION_MAX];

	if (!conf)
		conf = load();
	if (open_question_read((struct str){ (const char *)data, size }, &question) < 0)
		return 0;
	int len = open_question_put(written, &question);
	assert(len == (int)size);
	assert(open_question_read((struct str){ written, size }, &again) == 0);

	const struct http_location *location = http_location_by_number(conf, question.location);
	if (!location ||
	    opener_path_resolve(conf, location, &question.path, path, &query) < 0)
		return 0;
	assert(query.path.data == path && path[query.path.len] == '\0');
	assert(is_known(conf, query.path));
	assert(!has_dots(str_skip(query.path, 1)) && !memchr(path, '\0', query.path.len));
	assert(query.root_len <= query.path.len && query.fixed_len <= query.root_len);
	assert(opener_path_make(conf, location, &query, &again.path));
	return 0;
}
