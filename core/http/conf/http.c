/* SPDX-License-Identifier: BSD-2-Clause */
/* What a configuration says about HTTP as a whole, and how serving by it begins. */
#include "http/conf/http.h"

#include <unistd.h>

#include "http/request/phases.h"

static const char http_key;

static struct str own_hostname(struct pool *pool)
{
	char name[256] = "";

	gethostname(name, sizeof(name) - 1);
	for (char *c = name; *c; c++)
		*c = ascii_lower(*c);
	return pool_strdup(pool, str_from(name));
}

struct http *http_of(struct conf *conf)
{
	struct http *http = conf_shared(conf, &http_key, sizeof(struct http));

	if (http->common.conf)
		return http;
	http->common = (struct http_common){
		.conf = conf,
		.prefix = conf_get_options(conf)->prefix,
		.hostname = own_hostname(conf_pool(conf)),
	};
	http->addresses_by_bytes.pool = conf_pool(conf);
	return http;
}

struct listeners *http_listeners(struct conf *conf)
{
	return &http_of(conf)->listeners;
}

void http_prepare(struct conf *conf)
{
	struct http *http = http_of(conf);

	pipelines_create(conf, http->locations);
}

void http_start(struct conf *conf, const struct protocol *protocol)
{
	struct listeners *listeners = http_listeners(conf);

	for (size_t i = 0; i < listeners->count; i++)
		for (struct listener *at = &listeners->items[i]; at; at = at->also)
			at->protocol = protocol;
}
