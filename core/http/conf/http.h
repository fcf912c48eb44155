/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the configuration becomes for requests: servers, locations, and the
 * settings of the core that each location has its own of.
 */
#ifndef SKUA_HTTP_CONF_HTTP_H
#define SKUA_HTTP_CONF_HTTP_H

#include <module.h>

#include "config/config.h"
#include "net/listener.h"

/* disable keep-alive for these: bits of keepalive_disable */
enum { KEEPALIVE_NOT_MSIE6 = 1, KEEPALIVE_NOT_SAFARI = 2 };

enum { SATISFY_ALL, SATISFY_ANY };
enum { LINGER_OFF, LINGER_ON, LINGER_ALWAYS };
enum { TOKENS_OFF, TOKENS_ON, TOKENS_BUILD };

#define ALIAS_WHOLE SIZE_MAX /* in a regex location: the alias is the file's path */

/* error_page: codes, what they become, where to. */
struct error_page {
	int code;
	int becomes; /* 0: keeps its code; -1: the code of the answer from there (`=`) */
	const struct template *uri;
	struct error_page *next;
};

/* The directives of the core that stand in http, server and location. */
struct http_conf {
	/* The block, while it is read: NULL at http level; location is the innermost. */
	struct http_server *server;
	struct http_location *location;

	const struct template *root; /* without a slash at its end */
	const struct template *alias; /* instead of root, when not NULL */
	size_t alias_skip; /* bytes of the URI that alias stands for; ALIAS_WHOLE: all of it */
	const struct conf_scope *root_scope; /* the block that root or alias was written in */
	struct error_page *error_pages; /* the first that has the code counts */
	bool internal;
	int satisfy;

	struct duration keepalive_timeout, keepalive_header;
	struct duration keepalive_time, keepalive_min_timeout;
	int64_t keepalive_requests;
	unsigned keepalive_disable;

	struct duration client_header_timeout, client_body_timeout, send_timeout;
	struct size client_header_buffer_size, client_max_body_size;
	int64_t large_buffers_count;
	struct size large_buffers_size;
	int64_t max_headers;

	int lingering_close;
	struct duration lingering_time, lingering_timeout;
	bool reset_timedout_connection;

	bool sendfile, tcp_nopush, tcp_nodelay;
	int server_tokens;
	bool merge_slashes, ignore_invalid_headers, underscores_in_headers;
	bool log_not_found, server_name_in_redirect, port_in_redirect, absolute_redirect;
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
	struct location_tree *nested; /* NULL: nothing nested */
	const struct pipeline *pipeline; /* its handlers: http_prepare() */
	struct http_location *next; /* of all there are */
	struct conf_place place;
};

struct http_server {
	struct http *http;
	struct str name; /* the first server_name, "" if none */
	struct server_name *names;
	size_t names_count, names_capacity;
	struct http_location *top; /* LOCATION_SERVER */
	bool listens; /* it has a listen directive */
	struct conf_place place;
};

/* What is shared by a whole configuration: conf_shared() under http_key. */
struct http {
	struct conf *conf;
	struct str prefix; /* of relative paths; ends with a slash */
	struct str hostname; /* of this machine, lower case */
	struct listeners listeners;
	struct http_server **servers;
	size_t servers_count, servers_capacity;
	struct http_location *locations; /* of all servers */
	struct http_address **addresses; /* of the listen directives; listen_conf.h */
	size_t addresses_count, addresses_capacity;
	struct hash_table addresses_by_bytes;
};

extern const struct module http_module, obsolete_module;

struct http *http_of(struct conf *conf);

/*
 * The servers of the address that a connection came in by. When several
 * addresses share a socket (`listen 80` beside `listen 127.0.0.1:80`), the
 * connection's own end tells which.
 */
const struct vhosts *http_vhosts(struct conn *conn);

/* "PCRE2 10.42 2022-12-11", for `skua -V`. */
const char *pattern_library(void);

/* The addresses that the configuration's servers listen on; process/ opens them. */
struct listeners *http_listeners(struct conf *conf);

/* The configuration by which this process serves; set by http_start(). */
extern struct http *http_current;

/* A configuration was read: chooses the handlers of each location. */
void http_prepare(struct conf *conf);

/*
 * Makes a configuration the one that new connections are served by, and `protocol` what
 * is spoken at all of its addresses. Once in a worker's life, before its loop runs.
 */
void http_start(struct conf *conf, const struct protocol *protocol);

#endif
