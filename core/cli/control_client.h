/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The other end of the control socket: asks the master that runs.
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

/* The master of a configuration, at the other end of its control socket. */
struct control_connection {
	int fd; /* -1: not connected */
	const char *path; /* of the socket; "" where the configuration has none */
	struct control_peer peer; /* who listens there */
};

/*
 * Connects to the control socket that the configuration names, or else to its second
 * address (control_address.h): the running server may have read another
 * configuration. 0 or -errno: -ENOENT or -ECONNREFUSED nobody listens, -EPERM it is
 * somebody whom this command does not believe, -EAGAIN too many clients wait.
 */
int control_connect(struct control_connection *connection, const struct startup *startup,
		    struct conf *conf);

/*
 * Sends a command (control.h), waits for the answer, at most `seconds` (0: as long as
 * it takes), and closes the connection. 0, or -errno: -EPROTO it hung up without an
 * answer, -ETIMEDOUT.
 */
int control_request(struct control_connection *connection, const char *command, int seconds,
		    struct control_response *response);

void control_close(struct control_connection *connection);

/*
 * Prints the text of an answer, with \xNN in place of what moves a terminal's cursor
 * and of what is no UTF-8; lines and tabs stay.
 */
void control_print(FILE *to, const char *text);

/* Says on standard error what an error of these means; returns exit status 1. */
int control_complain(const struct control_connection *connection, int error);

/* `skua status`: prints what the master says. Returns the exit status. */
int control_status(const struct startup *startup, bool json);

#endif
