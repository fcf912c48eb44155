/* SPDX-License-Identifier: BSD-2-Clause */
/* What a configuration says about HTTP as a whole, and how serving by it begins. */
#include "http/conf/http.h"

#include <unistd.h>

#include "http/request/phases.h"

static const char http_key;

struct http *http_of(struct conf *conf)
{
	struct http *http = conf_shared(conf, &http_key, sizeof(struct http));
	char hostname[256] = "";

	if (http->common.conf)
		return http;
	gethostname(hostname, sizeof(hostname) - 1);
	for (char *c = hostname; *c; c++)
		*c = ascii_lower(*c);
	http->common = (struct http_common){
		.conf = conf,
		.prefix = conf_get_options(conf)->prefix,
		.hostname = pool_strdup(conf_pool(conf), str_from(hostname)),
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
