/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The control socket: a unix socket of the master, for its owner and root, and an
 * abstract one beside it for commands that do not know the path. A client sends one
 * line and reads until the master closes:
 *
 *     reload           ok                    or    error
 *                      generation 2 serves …       the messages
 *
 * The commands are reload, reopen, upgrade, status, "status json",
 * "status openmetrics" and log. There are at most a
 * few clients at a time, each with a few seconds to send its request and to receive the
 * response; how long a client waits in between depends on the command.
 */
#ifndef SKUA_PROCESS_MASTER_CONTROL_H
#define SKUA_PROCESS_MASTER_CONTROL_H

#include <limits.h>
#include <stdbool.h>

#include <str.h>

/* The longest line, with its end. */
#define CONTROL_REQUEST_MAX 64

enum control_command {
	CONTROL_RELOAD,
	CONTROL_REOPEN,
	CONTROL_STATUS, /* for people */
	CONTROL_STATUS_JSON,
	CONTROL_STATUS_OPENMETRICS,
	CONTROL_UPGRADE,
	CONTROL_LOG, /* the lines of error_log memory:SIZE */
};

/*
 * Reads the command from what has come so far. 1 and *command; 0: the line isn't
 * complete; -EMSGSIZE: it is too long; -EBADMSG: there is no such command, or
 * something follows the line.
 */
int control_parse(struct str received, enum control_command *command);

struct control_client;

/* Called in the loop; responds by control_reply(), or later after control_hold(). */
typedef void control_handler(struct control_client *client, enum control_command command);

/*
 * Listens at this path and at this abstract address (control_address.h), and passes commands to
 * the handler; path "": listens at neither. The socket of an earlier path is closed. The server
 * can work without the socket, so a failure is only logged; is_retry: it was logged already.
 */
void control_listen(const char *path, const char *address, bool is_retry, control_handler *handler);

/*
 * Renames the socket to PATH.oldbin, and back. Meanwhile a second master listens at PATH and at
 * the address (upgrade.h), and control_listen() appends ".oldbin" to its path, too.
 */
void control_set_aside(void);
void control_take_back(void);

/* Sends the response, in the loop if the socket is full, and then closes the connection. */
void control_reply(struct control_client *client, bool ok, struct str text);

/* The client waits for the end of this round (of reloads), counted from 1. */
void control_hold(struct control_client *client, unsigned round);

/* Responds to all clients that wait for this round or an earlier one. */
void control_reply_held(unsigned round, bool ok, struct str text);

/* Instead of a round: the client waits for the end of an upgrade. */
#define CONTROL_UPGRADED UINT_MAX

/* Responds to the clients that wait for the end of an upgrade. */
void control_reply_upgraded(bool ok, struct str text);

/*
 * Calls act() with the descriptor of each of these clients, for the new program, which will respond
 * to them. Stops and returns false as soon as act() returns false.
 */
bool control_for_each_upgraded(bool (*act)(void *data, int fd), void *data);

/* Closes the socket and all clients, and removes the file of the socket. */
void control_finish(void);

#endif
