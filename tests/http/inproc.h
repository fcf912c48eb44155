/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The server in the process of the test, for what needs no socket and no second process: which
 * status, which fields and which body a request gets. It reads a configuration, starts its
 * modules, and makes requests by a protocol of its own, which takes a request as parts and gives
 * the response as parts.
 *
 *     struct server *server = inproc_with("location /a { return 200 text; }");
 *     ck_assert_str_eq(get(server, "/a").body, "text");
 *     server_stop(server);
 *
 * It is a struct server: get(), ask(), put_file(), log_has(), server_stop() and the others are
 * those of harness/, and do the same. What needs a connection (client_open(), raw()), a process
 * or a port fails the test. So a test moves from one kind of server to the other by its first
 * line.
 *
 * Fields that only HTTP/1 writes (Connection, Keep-Alive, Transfer-Encoding) are not there.
 * The client's address is 127.0.0.1, a port is a number: nobody listens.
 *
 * A test may have one at a time.
 *
 * With TEST_SOCKETS=1 in the environment these functions start the server as a process, so that
 * the same tests show that HTTP/1 over a socket gives the same: `make check TEST_SOCKETS=1`.
 */
#ifndef HTTP_INPROC_H
#define HTTP_INPROC_H

#include "harness/client.h"

/* As server_start(), server_start_with() and server_with(). */
struct server *inproc_start(const char *conf);
struct server *inproc_start_with(const struct server_setup *setup);
struct server *inproc_with(const char *directives);

/*
 * Reads a configuration that is wrong, and returns the messages, until the test ends. Fails the
 * test if it is not wrong.
 */
const char *inproc_fails(const char *conf);

#endif
