/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The answer comes from a server that may be older or newer than this program:
 * its text is printed, not understood.
 */
#include "cli/control_client.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "process/master/control.h"
#include "process/server/control_address.h"
#include "process/server/generation.h"
#include "process/server/main_conf.h"

enum { STATUS_SECONDS = 10 };

static int send_command(int fd, const char *command)
{
	char line[CONTROL_REQUEST_MAX];
	int len = snprintf(line, sizeof(line), "%s\n", command);

	return send(fd, line, (size_t)len, MSG_NOSIGNAL) == len ? 0 : -errno;
}

/* All that comes until the end. NULL and errno. */
static char *read_all(int fd)
{
	char *text = NULL;
	size_t size;
	FILE *to = open_memstream(&text, &size);
	char buffer[4096];
	ssize_t n;

	if (!to)
		return NULL;
	do {
		n = recv(fd, buffer, sizeof(buffer), 0);
		if (n > 0)
			fwrite(buffer, 1, (size_t)n, to);
	} while (n > 0 || (n < 0 && errno == EINTR));
	int error = errno;
	fclose(to);
	if (n == 0)
		return text;
	free(text);
	errno = error == EAGAIN ? ETIMEDOUT : error;
	return NULL;
}

static int understand(char *text, struct control_response *response)
{
	static const char ok[] = "ok\n", error[] = "error\n";

	response->ok = strncmp(text, ok, strlen(ok)) == 0;
	if (!response->ok && strncmp(text, error, strlen(error)) != 0)
		return -EPROTO;
	char *rest = text + strlen(response->ok ? ok : error);
	memmove(text, rest, strlen(rest) + 1);
	response->text = text;
	return 0;
}

static int connect_to(struct control_connection *connection, const char *path)
{
	connection->fd = control_socket_connect(path);
	if (connection->fd < 0)
		return connection->fd;
	int error = control_socket_peer(connection->fd, &connection->peer);
	if (error < 0)
		control_close(connection);
	return error;
}

/* A server of another PID namespace may have the same file, and is another server. */
static int connect_to_second(struct control_connection *connection, const struct startup *startup)
{
	char address[CONTROL_ADDRESS_SIZE];

	control_address(startup, address);
	int error = address[0] ? connect_to(connection, address) : -ENOENT;
	if (error == 0 && connection->peer.pid == 0) {
		control_close(connection);
		error = -ENOENT;
	}
	return error;
}

int control_connect(struct control_connection *connection, const struct startup *startup,
		    struct conf *conf)
{
	*connection =
		(struct control_connection){ .fd = -1, .path = main_conf_control_path(conf).data };
	int error = connection->path[0] ? connect_to(connection, connection->path) : -ENOENT;

	if (error != -ENOENT && error != -ECONNREFUSED)
		return error;
	return connect_to_second(connection, startup) == 0 ? 0 : error;
}

int control_request(struct control_connection *connection, const char *command, int seconds,
		    struct control_response *response)
{
	const struct timeval limit = { .tv_sec = seconds };

	setsockopt(connection->fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	int error = send_command(connection->fd, command);
	char *text = error == 0 ? read_all(connection->fd) : NULL;
	if (error == 0)
		error = text ? understand(text, response) : -errno;
	if (error < 0)
		free(text);
	control_close(connection);
	return error;
}

void control_close(struct control_connection *connection)
{
	if (connection->fd >= 0)
		close(connection->fd);
	connection->fd = -1;
}

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

int control_complain(const struct control_connection *connection, int error)
{
	if (!connection->path[0])
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
			"skua: the server at \"%s\" hung up without an answer: it may have ended, "
			"the error log tells\n",
			connection->path);
	else if (error == -EPERM)
		fprintf(stderr,
			"skua: the process that listens at the control socket \"%s\" belongs to "
			"user %u and is not known to be Skua: it was not asked for anything, and "
			"nothing was sent\n",
			connection->path, (unsigned)connection->peer.uid);
	else
		fprintf(stderr, "skua: asking the server at \"%s\" failed: %s\n", connection->path,
			strerror(-error));
	return 1;
}

static int print_status(struct control_connection *connection, bool json)
{
	struct control_response response;
	int error = control_request(connection, json ? "status json" : "status", STATUS_SECONDS,
				    &response);

	if (error < 0)
		return control_complain(connection, error);
	control_print(response.ok ? stdout : stderr, response.text);
	free(response.text);
	return !response.ok;
}

int control_status(const struct startup *startup, bool json)
{
	struct generation *generation = generation_read(startup, stderr);
	struct control_connection connection;

	if (!generation)
		return 1;
	int error = control_connect(&connection, startup, generation->conf);
	int status = error < 0 ? control_complain(&connection, error) :
				 print_status(&connection, json);
	generation_destroy(generation);
	return status;
}
