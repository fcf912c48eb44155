/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The client of the control socket: connects to the master that runs, gives it a command
 * and prints its response.
 */
#ifndef SKUA_CLI_CONTROL_CLIENT_H
#define SKUA_CLI_CONTROL_CLIENT_H

#include <stdbool.h>
#include <stdio.h>

#include "process/master/control_socket.h"

struct conf;
struct startup;

struct control_response {
	bool ok;
	char *text; /* the caller frees it */
};

/* A connection to the master of a configuration. */
struct control_connection {
	int fd; /* -1: not connected */
	const char *path; /* of the control socket; "" where the configuration has none */
	bool has_conf; /* false: the configuration has errors, the path is not known */
	struct control_peer peer; /* who listens there; all zeroes if nobody was reached */
};

/*
 * Connects to the control socket that the configuration names. If no Skua answers there, or if
 * `conf` is NULL because the file has an error, connects to the second address
 * (control_address.h) instead: the running server may have read another configuration. 0 or
 * -errno: -EACCES the server is another user's and does not serve this one; otherwise the error
 * of the first address, -ENOENT or -ECONNREFUSED nobody listens there, -EPERM the process that
 * listens is not trusted, -EAGAIN too many clients wait.
 */
int control_connect(struct control_connection *connection, const struct startup *startup,
		    struct conf *conf);

/*
 * Sends a command (control.h), waits for the response for at most `seconds` (0: without a
 * limit), and closes the connection. 0, or -errno: -EPROTO the server hung up without a
 * response, -ETIMEDOUT.
 */
int control_request(struct control_connection *connection, const char *command, int seconds,
		    struct control_response *response);

void control_close(struct control_connection *connection);

/*
 * Prints the text of a response. Bytes that would move a terminal's cursor and bytes that
 * are not UTF-8 are printed as \xNN; line feeds and tabs stay.
 */
void control_print(FILE *to, const char *text);

/*
 * Explains an error of control_connect() or control_request() on standard error. Returns
 * the exit status (commands.h): STATUS_NO_SERVER or STATUS_FAILED.
 */
int control_complain(const struct control_connection *connection, int error);

/*
 * `skua status`: sends a command that asks for something ("status", "log") and prints the text that
 * the master responds. Returns the exit status.
 */
int control_ask(const struct startup *startup, const char *command);

#endif
