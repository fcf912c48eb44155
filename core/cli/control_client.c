/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The response comes from a server that may be older or newer than this program, so its
 * text is printed and not parsed.
 */
#include "cli/control_client.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/commands.h"
#include "process/master/control.h"
#include "process/sandbox/privileges.h"
#include "process/server/control_address.h"
#include "process/server/generation.h"
#include "process/server/main_conf.h"

enum { STATUS_SECONDS = 10 };

/* --- connecting ------------------------------------------------------------------ */

static int connect_to(struct control_connection *connection, const char *address)
{
	connection->fd = control_socket_connect(address);
	if (connection->fd < 0)
		return connection->fd;
	int error = control_socket_peer(connection->fd, &connection->peer);
	if (error < 0)
		control_close(connection);
	return error;
}

/*
 * Connects to the abstract address, unless the server there belongs to another user, which
 * would refuse the client, or runs in another PID namespace: that is another server, which
 * happens to have the same file.
 */
static int connect_to_second(struct control_connection *connection, const struct startup *startup)
{
	char address[CONTROL_ADDRESS_SIZE];

	control_address(startup, address);
	int error = address[0] ? connect_to(connection, address) : -ENOENT;
	if (error < 0)
		return error;
	if (connection->peer.pid == 0)
		error = -ENOENT;
	else if (geteuid() != 0 && connection->peer.uid != geteuid())
		error = -EACCES;
	if (error < 0)
		control_close(connection);
	return error;
}

int control_connect(struct control_connection *connection, const struct startup *startup,
		    struct conf *conf)
{
	*connection = (struct control_connection){
		.fd = -1,
		.path = conf ? main_conf_control_path(conf).data : "",
		.has_conf = conf != NULL,
	};
	int error = connection->path[0] ? connect_to(connection, connection->path) : -ENOENT;

	/* At -EAGAIN the server is there and busy. */
	if (error == 0 || error == -EAGAIN)
		return error;
	const struct control_peer peer = connection->peer;
	int second_error = connect_to_second(connection, startup);
	if (second_error == 0 || second_error == -EACCES)
		return second_error;
	connection->peer = peer;
	return error;
}

void control_close(struct control_connection *connection)
{
	if (connection->fd >= 0)
		close(connection->fd);
	connection->fd = -1;
}

/* --- asking ------------------------------------------------------------------------ */

/* Reads to the end of the connection. 0 and *text, which the caller frees, or -errno. */
static int read_all(int fd, char **text)
{
	size_t size;
	FILE *to = open_memstream(text, &size);
	char buffer[4096];
	ssize_t n;

	if (!to)
		return -errno;
	do {
		n = recv(fd, buffer, sizeof(buffer), 0);
		if (n > 0)
			fwrite(buffer, 1, (size_t)n, to);
	} while (n > 0 || (n < 0 && errno == EINTR));
	int error = n == 0 ? 0 : errno == EAGAIN ? -ETIMEDOUT : -errno;
	if (fclose(to) != 0 && error == 0)
		error = -ENOMEM;
	if (error < 0)
		free(*text);
	return error;
}

/* Owns the text unless it fails: takes the first line off, which says whether it worked. */
static int parse_response(char *text, struct control_response *response)
{
	static const char ok[] = "ok\n", failed[] = "error\n";

	response->ok = strncmp(text, ok, strlen(ok)) == 0;
	if (!response->ok && strncmp(text, failed, strlen(failed)) != 0)
		return -EPROTO;
	char *rest = text + strlen(response->ok ? ok : failed);
	memmove(text, rest, strlen(rest) + 1);
	response->text = text;
	return 0;
}

int control_request(struct control_connection *connection, const char *command, int seconds,
		    struct control_response *response)
{
	const struct timeval limit = { .tv_sec = seconds };
	char line[CONTROL_REQUEST_MAX], *text = NULL;
	int len = snprintf(line, sizeof(line), "%s\n", command);
	int error = 0;

	setsockopt(connection->fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	if (send(connection->fd, line, (size_t)len, MSG_NOSIGNAL) != len)
		error = -errno;
	if (error == 0)
		error = read_all(connection->fd, &text);
	control_close(connection);
	if (error < 0)
		return error;
	error = parse_response(text, response);
	if (error < 0)
		free(text);
	return error;
}

/* --- printing ---------------------------------------------------------------------- */

static bool is_printable(struct str text, size_t len)
{
	unsigned char first = (unsigned char)text.data[0];

	if (len == 1)
		return (first >= 0x20 && first != 0x7f) || first == '\n' || first == '\t';
	/* U+0080 to U+009F are control characters, too. */
	return len && (first != 0xc2 || (unsigned char)text.data[1] >= 0xa0);
}

void control_print(FILE *to, const char *text)
{
	struct str rest = str_from(text);

	while (rest.len) {
		size_t len = str_utf8(rest);

		if (is_printable(rest, len)) {
			fwrite(rest.data, 1, len, to);
		} else {
			fprintf(to, "\\x%02X", (unsigned char)rest.data[0]);
			len = 1;
		}
		rest = str_skip(rest, len);
	}
}

/* Prints whose server it is, and so who may give it commands. */
static void complain_of_owner(const struct control_connection *connection)
{
	char name[PRIVILEGES_NAME_SIZE];
	struct stat status = { .st_uid = connection->peer.uid };

	if (connection->peer.pid == 0 && lstat(connection->path, &status) < 0) {
		fprintf(stderr,
			"skua: this user may not enter the folder of the control socket \"%s\": "
			"give the command as the user who has started the server, or as root\n",
			connection->path);
		return;
	}
	privileges_name_of(status.st_uid, name);
	fprintf(stderr,
		"skua: the server of this configuration belongs to %s: give the command as this "
		"user or as root\n",
		name);
}

int control_complain(const struct control_connection *connection, int error)
{
	const char *at = connection->path[0] ? connection->path : "its abstract address";
	char name[PRIVILEGES_NAME_SIZE];

	privileges_name_of(connection->peer.uid, name);
	if (error == -EACCES)
		complain_of_owner(connection);
	else if (!connection->has_conf && error == -ENOENT)
		fputs("skua: because of these errors the path of the control socket is not known, "
		      "and no server of this file was found without it: correct them, or find the "
		      "master process with ps and send it a signal, as in kill -QUIT PID\n",
		      stderr);
	else if (connection->has_conf && !connection->path[0])
		fputs("skua: this configuration has no control socket (\"control off\" or "
		      "\"master_process off\"), so the server cannot be asked\n",
		      stderr);
	else if (error == -ENOENT || error == -ECONNREFUSED)
		fprintf(stderr,
			"skua: no server answers at the control socket \"%s\": none runs with this "
			"configuration, or it was started with another -c or -p, or with "
			"\"control off\"\n",
			connection->path);
	else if (error == -EPROTO)
		fprintf(stderr,
			"skua: the server at \"%s\" hung up without a response: it may have ended, "
			"the error log says more\n",
			at);
	else if (error == -EPERM)
		fprintf(stderr,
			"skua: the process that listens at the control socket \"%s\" belongs to "
			"%s and is not known to be Skua: it was not asked for anything, and "
			"nothing was sent\n",
			connection->path, name);
	else
		fprintf(stderr, "skua: asking the server at \"%s\" failed: %s\n", at,
			strerror(-error));
	return connection->path[0] && (error == -ENOENT || error == -ECONNREFUSED) ?
		       STATUS_NO_SERVER :
		       STATUS_FAILED;
}

int control_ask(const struct startup *startup, const char *command)
{
	struct generation *generation;
	struct control_connection connection;
	struct control_response response;

	generation_read(startup, stderr, &generation);
	int error = control_connect(&connection, startup, generation ? generation->conf : NULL);
	if (error == 0)
		error = control_request(&connection, command, STATUS_SECONDS, &response);
	int status;
	if (error < 0) {
		status = control_complain(&connection, error);
	} else {
		control_print(response.ok ? stdout : stderr, response.text);
		status = !response.ok;
		free(response.text);
	}
	generation_destroy(generation);
	return status;
}
