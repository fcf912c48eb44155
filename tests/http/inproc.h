/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Runs the server in the process of the test, for tests that need no socket and no second process:
 * those of the status, the fields and the body that a request gets. It reads a configuration,
 * starts the modules, and makes requests by a protocol of its own, which takes the parts of a
 * request and returns the parts of the response.
 *
 *     struct server *server = inproc_with("location /a { return 200 text; }");
 *     ck_assert_str_eq(get(server, "/a").body, "text");
 *     server_stop(server);
 *
 * The result is a struct server, on which get(), ask(), put_file(), log_has(), server_stop() and
 * the other functions of harness/ work as usual. Functions that need a connection (client_open(),
 * raw()), a process or a port fail the test. To run a test over a socket, change only the call
 * that makes the server.
 *
 * The response lacks the fields that only HTTP/1 writes (Connection, Keep-Alive and
 * Transfer-Encoding). The client's address is 127.0.0.1. The port of the server is only a number:
 * nothing listens there.
 *
 * A test may have one such server at a time.
 *
 * With TEST_SOCKETS=1 in the environment these functions start the server as a process, so that
 * the same tests show that HTTP/1 over a socket gives the same: `make check TEST_SOCKETS=1`.
 */
#ifndef HTTP_INPROC_H
#define HTTP_INPROC_H

#include <stdbool.h>

#include "harness/client.h"

/* As server_start(), server_start_with() and server_with(). */
struct server *inproc_start(const char *conf);
struct server *inproc_start_with(const struct server_setup *setup);
struct server *inproc_with(const char *directives);

/* Whether the server is a process of its own, as TEST_SOCKETS says. */
bool inproc_has_sockets(void);

/* $server_protocol of requests: "HTTP/2.0" if they go over HTTP/2 (harness/http2_wire.c). */
const char *inproc_protocol_name(void);

/*
 * Reads an invalid configuration and returns the messages, which live until the test ends. Fails
 * the test if the configuration is valid.
 */
const char *inproc_fails(const char *conf);

#endif
