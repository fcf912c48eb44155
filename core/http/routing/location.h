/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the configuration becomes for requests: servers, locations, and the settings of
 * the core that each location has its own of. http/conf/ fills them in; nothing changes
 * them while requests are served.
 */
#ifndef SKUA_HTTP_ROUTING_LOCATION_H
#define SKUA_HTTP_ROUTING_LOCATION_H

#include <module.h>

struct conf_scope;
struct error_page;
struct listened;
struct location_tree;
struct pipeline;
struct server_name;

/* disable keep-alive for these: bits of keepalive_disable */
enum { KEEPALIVE_NOT_MSIE6 = 1, KEEPALIVE_NOT_SAFARI = 2 };

enum { SATISFY_ALL, SATISFY_ANY };
enum { LINGER_OFF, LINGER_ON, LINGER_ALWAYS };
enum { TOKENS_OFF, TOKENS_ON, TOKENS_BUILD };

/* The directives of the core that stand in http, server and location. */
struct http_conf {
	/* For setters: the server and the innermost location of the block; NULL at http level. */
	struct http_server *server;
	struct http_location *location;

	const struct template *root; /* without a slash at its end */
	const struct template *alias; /* instead of root, when not NULL */
	struct str
		alias_for; /* the beginning of URIs that alias stands for; data NULL: all of it */
	const struct conf_scope *root_scope; /* the block that root or alias was written in */
	struct error_page *error_pages; /* http/request/error_page.h */
	bool recursive_error_pages, chunked_transfer_encoding;
	bool internal;
	int satisfy;
	struct duration auth_delay;

	struct duration keepalive_timeout, keepalive_header;
	struct duration keepalive_time, keepalive_min_timeout;
	int64_t keepalive_requests;
	unsigned keepalive_disable;

	struct duration client_header_timeout, client_body_timeout, send_timeout;
	struct size client_header_buffer_size, client_max_body_size;
	int64_t large_buffers_count;
	struct size large_buffers_size;
	int64_t max_headers;

	bool http2;
	int64_t http2_max_concurrent_streams;
	struct size http2_body_preread_size, http2_chunk_size;

	int lingering_close;
	struct duration lingering_time, lingering_timeout;
	bool reset_timedout_connection;

	bool sendfile, tcp_nopush, tcp_nodelay;
	int server_tokens;
	const struct template *server_text; /* the field Server; NULL: as server_tokens says */
	bool merge_slashes, ignore_invalid_headers, underscores_in_headers;
	bool log_not_found, log_subrequest;
	bool server_name_in_redirect, port_in_redirect, absolute_redirect;
	const struct log *error_log; /* NULL: that of the process */
};

enum location_kind {
	LOCATION_PREFIX, /* location /a/ */
	LOCATION_EXACT, /* location = /a */
	LOCATION_FINAL, /* location ^~ /a/: no expressions are tried */
	LOCATION_REGEX, /* location ~ \.php$ */
	LOCATION_NAMED, /* location @fallback */
	LOCATION_SERVER, /* the server's own level: when nothing matches */
};

struct http_location {
	struct str name; /* as written: "/a/", "\.php$", "@fallback" */
	enum location_kind kind;
	const struct pattern *pattern; /* of LOCATION_REGEX */
	const void *const *confs; /* struct of each module */
	const struct http_conf *core; /* confs[index of the http module] */
	const struct http_location *parent; /* NULL on the server's level */
	const struct http_location *block_of; /* of a block (block.h): what it stands in; or NULL */
	bool has_content; /* a LOCAL setting of it chooses what answers */
	struct location_tree *nested; /* NULL: nothing nested */
	const struct pipeline *pipeline; /* its handlers: http/request/phases.h */
	uint32_t number; /* among all there are, from 0 */
	struct http_location *next; /* of all there are, the highest number first */
	struct conf_place place;
};

struct http_server {
	const struct http_common *common;
	struct str name; /* the first server_name, "" if none */
	uint64_t name_hash; /* of it, for counters: hash_public(), never 0 */
	struct server_name *names;
	size_t names_count, names_capacity;
	struct http_location *top; /* LOCATION_SERVER */
	bool listens; /* it has a listen directive */
	const struct listened *listened; /* modules with .if_listened, by its addresses; or NULL */
	struct conf_place place;
};

/* A module of which an address of the server has a parameter. */
struct listened {
	const struct module *module;
	const struct listened *next;
};

/* What all servers of a configuration have in common. */
struct http_common {
	struct conf *conf;
	struct str prefix; /* of relative paths; ends with a slash */
	struct str hostname; /* of this machine, lower case */
};

#endif
