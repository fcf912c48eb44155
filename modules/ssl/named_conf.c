/* SPDX-License-Identifier: BSD-2-Clause */
/* The paths of certificates with variables, as the configuration names them. */
#include <hash.h>
#include <stdio.h>
#include <string.h>

#include "named.h"

enum { CACHE_MAX = 100 * 1000 };

struct named_pairs *named_pairs_of(struct conf *conf)
{
	static const char key;

	return conf_shared(conf, &key, sizeof(struct named_pairs));
}

bool named_has_variable(struct str text)
{
	return str_chr(text, '$') >= 0;
}

/* The bytes before the first variable, up to and with the last slash among them. */
static size_t directory_len(struct str path)
{
	ssize_t variable = str_chr(path, '$');

	if (variable >= 0)
		path = str_head(path, (size_t)variable);
	return (size_t)(str_rchr(path, '/') + 1);
}

int named_path_parse(struct conf_call *call, const struct conf_word *word,
		     struct named_path **out)
{
	struct named_path *path = pool_new(call->pool, struct named_path);
	size_t len = directory_len(word->text);

	path->text = word->text;
	path->is_data = str_starts(word->text, STR("data:"));
	*out = path;
	if (path->is_data)
		len = strlen("data:");
	else if (len == 1 && named_has_variable(word->text))
		return conf_error(call, word,
				  "the directory of the file is missing\n"
				  "write a directory before the variable: "
				  "/etc/tls/$ssl_server_name.pem");

	struct conf_word name = conf_word_after(word, len);

	if (conf_parse_template(call, &name, &path->name) < 0)
		return -EINVAL;
	if (path->is_data)
		return 0;

	struct str directory = str_head(word->text, len > 1 ? len - 1 : len);

	if (len == 0) { /* that of the configuration file */
		struct str full = conf_relative_to_file(call->conf, STR("x"));

		directory = str_head(full, full.len - 2);
	}
	path->directory = conf_relative_to_file(call->conf, pool_strdup(call->pool, directory));
	return 0;
}

/* The path of a file of which only the other one of the pair may have a variable. */
static const struct named_path *path_of(struct conf_call *call, const struct ssl_file *file)
{
	struct named_path *path;

	if (file->path)
		return file->path;
	return named_path_parse(call, &file->word, &path) < 0 ? NULL : path;
}

const struct named_pair *named_pair_find(struct conf_call *call, const struct ssl_conf *conf,
					 size_t i)
{
	static const char key_of_table;
	struct hash_table *table = conf_shared(call->conf, &key_of_table, sizeof(*table));
	const struct ssl_file *certificate = &conf->certificates.items[i];
	const struct ssl_file *key = &conf->keys.items[i];
	struct str name = pool_printf(call->pool, "%.*s\n%.*s\n%p",
				      STR_ARG(certificate->word.text), STR_ARG(key->word.text),
				      (void *)conf->passwords.items);
	struct named_pair *pair;

	table->pool = call->pool;
	pair = hash_get(table, name);
	if (pair)
		return pair;

	const struct named_path *certificate_path = path_of(call, certificate);
	const struct named_path *key_path = path_of(call, key);

	if (!certificate_path || !key_path)
		return NULL;

	struct named_pairs *pairs = named_pairs_of(call->conf);

	if (!(certificate_path->is_data && key_path->is_data) && !helper_can_run(call->conf))
		conf_warn(call, &certificate->word,
			  "with \"master_process off\" no process reads certificates whose paths "
			  "have variables: their handshakes fail\n"
			  "write \"master_process on\", or paths without variables");

	pair = pool_new(call->pool, struct named_pair);
	*pair = (struct named_pair){
		.number = pairs->count++,
		.certificate = *certificate_path,
		.key = *key_path,
		.passwords = &conf->passwords,
		.next = pairs->first,
	};
	pairs->first = pair;
	hash_put(table, name, pair);
	return pair;
}

/* --- ssl_certificate_cache --- */

static int parse_option(struct conf_call *call, const struct conf_word *word,
			struct named_cache *cache)
{
	struct conf_word value;

	if (conf_option(word, STR("max="), &value))
		return conf_parse_int(call, &value, 1, CACHE_MAX, &cache->max);
	if (conf_option(word, STR("inactive="), &value))
		return conf_parse_duration(call, &value, &cache->inactive);
	if (conf_option(word, STR("valid="), &value))
		return conf_parse_duration(call, &value, &cache->valid);
	return conf_error(call, word, "expected max=N, inactive=TIME, valid=TIME or off");
}

static struct named_cache *new_cache(struct pool *pool, int64_t max, int64_t valid_ms)
{
	struct named_cache *cache = pool_new(pool, struct named_cache);

	*cache = (struct named_cache){ .max = max };
	cache->inactive.ms = 10 * 1000;
	cache->valid.ms = valid_ms;
	return cache;
}

int named_cache_set(struct conf_call *call)
{
	struct ssl_conf *conf = call->data;
	const struct conf_node *node = call->node;

	conf->cache = new_cache(call->pool, 0, 60 * 1000);
	if (node->nargs == 1 && conf_word_is(&node->args[0], "off"))
		return 0;
	for (size_t i = 0; i < node->nargs; i++)
		if (parse_option(call, &node->args[i], conf->cache) < 0)
			return -EINVAL;
	if (!conf->cache->max)
		return conf_error(call, NULL,
				  "max= is missing\n"
				  "write how many certificates may be kept: max=100");
	if (conf->cache->inactive.ms < 1)
		conf->cache->inactive.ms = 1;
	return 0;
}

struct named_cache *named_cache_default(struct conf_call *call)
{
	static const char key;
	struct named_cache **cache = conf_shared(call->conf, &key, sizeof(*cache));

	if (!*cache)
		*cache = new_cache(call->pool, 100, 10 * 1000);
	return *cache;
}
