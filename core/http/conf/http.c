/* SPDX-License-Identifier: BSD-2-Clause */
/* What a configuration says about HTTP as a whole, and how serving by it begins. */
#include "http/conf/http.h"

#include <unistd.h>

#include "config/modules.h"
#include "http/conf/listen_conf.h"
#include "http/request/phases.h"

static const char http_key;

struct http *http_of(struct conf *conf)
{
	struct http *http = conf_shared(conf, &http_key, sizeof(struct http));
	char hostname[256] = "";

	if (http->common.conf)
		return http;
	gethostname(hostname, sizeof(hostname) - 1);
	http->common = (struct http_common){
		.conf = conf,
		.prefix = conf_get_options(conf)->prefix,
		.hostname = pool_lower(conf_pool(conf), str_from(hostname)),
	};
	http->addresses_by_bytes.pool = conf_pool(conf);
	return http;
}

struct listeners *http_listeners(struct conf *conf)
{
	return &http_of(conf)->listeners;
}

/* Which server is meant is not known before the first request, so the default server counts. */
static void fill_opening(struct http_address *address)
{
	const struct http_conf *conf = vhosts_default(address->vhosts)->top->core;
	struct opening *opening = &address->opening;

	opening->protocol = &preface_protocol;
	opening->timeout_ms = conf->client_header_timeout.ms;
	opening->log = conf->error_log;
}

/* Whether any server has HTTP/2. Only then workers take connections with HTTP/2 from others. */
static bool has_http2(const struct http *http)
{
	for (size_t i = 0; i < http->addresses_count; i++)
		if (http->addresses[i]->http2)
			return true;
	for (size_t i = 0; i < http->servers_count; i++)
		if (http->servers[i]->top->core->http2)
			return true;
	return false;
}

static bool has_parameter_of(const struct http_address *address, const struct module *module)
{
	const struct listen_parameter *p = module->listen_parameters;
	const struct opening *opening = &address->opening;

	for (; p->name; p++)
		if ((p->preface && p->preface == opening->preface) ||
		    (p->transport && p->transport == opening->transport))
			return true;
	return false;
}

static void note_module(struct pool *pool, struct http_server *server, const struct module *module)
{
	struct listened *listened;

	/* Modules come one after the other: if it is there, it is the first. */
	if (server->listened && server->listened->module == module)
		return;
	listened = pool_new(pool, struct listened);
	*listened = (struct listened){ module, server->listened };
	server->listened = listened;
}

/* Each server gets the modules with .if_listened of which its addresses have a parameter. */
static void note_modules(struct conf *conf, struct http *http)
{
	for (size_t m = 0; m < module_count(); m++) {
		const struct module *module = module_at(m);
		size_t count = module->if_listened ? http->addresses_count : 0;

		for (size_t i = 0; i < count; i++) {
			const struct http_address *address = http->addresses[i];

			if (!has_parameter_of(address, module))
				continue;
			for (size_t s = 0; s < address->servers_count; s++)
				note_module(conf_pool(conf), address->servers[s], module);
		}
	}
}

void http_prepare(struct conf *conf)
{
	struct http *http = http_of(conf);

	note_modules(conf, http);
	pipelines_create(conf, http->locations);
	for (size_t i = 0; i < http->servers_count; i++) {
		struct str name = http->servers[i]->name;

		/* Metrics show a server without a name as "_", and count it as one of that name. */
		http->servers[i]->name_hash = hash_public(str_empty(name) ? STR("_") : name) | 1;
	}
	for (size_t i = 0; i < http->addresses_count; i++)
		fill_opening(http->addresses[i]);
	for (size_t i = 0; i < http->listeners.count; i++)
		http->listeners.items[i].switched_state = has_http2(http) ? HTTP2_STATE : NULL;
	if (!http->locations)
		return;
	http->by_number = pool_array(conf_pool(conf), const struct http_location *,
				     http->locations->number + 1);
	for (struct http_location *at = http->locations; at; at = at->next)
		http->by_number[at->number] = at;
}

const struct http_location *http_location_by_number(struct conf *conf, uint32_t number)
{
	const struct http *http = http_of(conf);

	return http->locations && number <= http->locations->number ? http->by_number[number] :
								      NULL;
}

void http_start(struct conf *conf, const struct protocol *protocol,
		const struct protocol *switched)
{
	struct listeners *listeners = http_listeners(conf);

	for (size_t i = 0; i < listeners->count; i++)
		for (struct listener *at = &listeners->items[i]; at; at = at->also) {
			at->protocol = protocol;
			at->switched = switched;
		}
}
