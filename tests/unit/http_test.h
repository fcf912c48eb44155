/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Requests without a socket: a configuration that stands in the test, and a
 * connection that is only a struct.
 */
#ifndef UNIT_HTTP_TEST_H
#define UNIT_HTTP_TEST_H

#include <arpa/inet.h>
#include <stdlib.h>

#include "config/config.h"
#include "harness/memory.h"
#include "harness/wire.h"
#include "harness/test.h"
#include "http/conf/http.h"
#include "http/h1/h1.h"
#include "http/h1/http1.h"
#include "http/h2/http2.h"
#include "http/request/request_private.h"
#include "http/routing/routing.h"
#include "net/conn.h"

static char *messages; /* of the last load_http() */

/*
 * Loads "events { } http { TEXT }". NULL when that is wrong. The configuration
 * lives as long as the test's process.
 */
static inline struct http *load_http(const char *text)
{
	size_t len;

	free(messages);

	struct conf_options options = {
		.prefix = STR("/srv/"),
		.path = STR("/srv/test.conf"),
		.messages = open_memstream(&messages, &len),
	};
	struct conf *conf = conf_create(&options);
	struct conf **kept = memory_alloc(sizeof(*kept));

	*kept = conf;

	const char *whole = memory_printf("events { } http { %s }", text);
	int result = conf_load(conf, str_from(wire_conf(whole)));

	fclose(options.messages);
	if (result < 0)
		return NULL;
	http_prepare(conf);
	http_start(conf, &http1_protocol, &http2_protocol);
	return http_of(conf);
}

/* What must be good, and gives no warning. */
static inline struct http *good_http(const char *text)
{
	struct http *http = load_http(text);

	ck_assert_msg(http && !*messages, "%s", messages);
	return http;
}

/* A GET that came from 192.0.2.7:4321 to 127.0.0.1:8080, by the first listener. */
static inline struct request *request_for(struct http *http, const char *host, const char *uri)
{
	struct conn *conn = memory_alloc(sizeof(*conn));

	*conn = (struct conn){ .listener = &http->listeners.items[0],
			       .protocol = &http1_protocol,
			       .number = 5 };
	conn->event.fd = -1;
	conn->peer.in = (struct sockaddr_in){ .sin_family = AF_INET, .sin_port = htons(4321) };
	inet_pton(AF_INET, "192.0.2.7", &conn->peer.in.sin_addr);
	conn->peer_len = sizeof(conn->peer.in);
	conn->local.in = (struct sockaddr_in){ .sin_family = AF_INET, .sin_port = htons(8080) };
	inet_pton(AF_INET, "127.0.0.1", &conn->local.in.sin_addr);
	conn->local_len = sizeof(conn->local.in);

	struct request *req = &request_create(conn, sizeof(struct h1_request))->pub;

	req->method = METHOD_GET;
	req->method_name = STR("GET");
	req->version = HTTP_1_1;
	req->host = str_from(host);
	req->uri = req->target = str_from(uri);
	req->server = vhosts_default(http_vhosts(conn));
	request_set_location(req, req->server->top);
	return req;
}

static inline void end_request(struct request *req)
{
	request_destroy(request_core(req));
}

#define assert_str(got, expected)                                                           \
	do {                                                                                \
		struct str got_ = (got);                                                    \
		ck_assert_msg(str_eq(got_, str_from(expected)), "got \"%.*s\", not \"%s\"", \
			      STR_ARG(got_), expected);                                     \
	} while (0)

#define assert_says(part) \
	ck_assert_msg(strstr(messages, part) != NULL, "\"%s\" is not in:\n%s", part, messages)

#endif
