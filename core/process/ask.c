/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The answer comes from a server that may be older or newer than this program:
 * its text is printed as it is.
 */
#include "process/ask.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "process/control.h"
#include "process/control_socket.h"
#include "process/generation.h"
#include "process/main_conf.h"

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

static int understand(char *text, struct answer *answer)
{
	static const char ok[] = "ok\n", error[] = "error\n";

	answer->ok = strncmp(text, ok, strlen(ok)) == 0;
	if (!answer->ok && strncmp(text, error, strlen(error)) != 0)
		return -EPROTO;
	char *rest = text + strlen(answer->ok ? ok : error);
	memmove(text, rest, strlen(rest) + 1);
	answer->text = text;
	return 0;
}

int ask_master(const char *path, const char *command, int seconds, struct answer *answer)
{
	const struct timeval limit = { .tv_sec = seconds };
	int fd = control_socket_connect(path);

	if (fd < 0)
		return fd;
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	int error = send_command(fd, command);
	char *text = error == 0 ? read_all(fd) : NULL;
	if (error == 0)
		error = text ? understand(text, answer) : -errno;
	if (error < 0)
		free(text);
	close(fd);
	return error;
}

int ask_complain(const char *path, int error)
{
	if (error == -ENOENT || error == -ECONNREFUSED)
		fprintf(stderr,
			"skua: no server answers at the control socket \"%s\": none runs with this "
			"configuration, or it was started with another -c or -p, or with "
			"\"control off\"\n",
			path);
	else if (error == -EPROTO)
		fprintf(stderr,
			"skua: the server at \"%s\" hung up without an answer: it may have ended, "
			"the error log tells\n",
			path);
	else
		fprintf(stderr, "skua: asking the server at \"%s\" failed: %s\n", path,
			strerror(-error));
	return 1;
}

static int print_status(const char *path, bool json)
{
	struct answer answer;
	int error = ask_master(path, json ? "status json" : "status", STATUS_SECONDS, &answer);

	if (error < 0)
		return ask_complain(path, error);
	fputs(answer.text, answer.ok ? stdout : stderr);
	free(answer.text);
	return !answer.ok;
}

int ask_status(const struct startup *startup, bool json)
{
	struct generation *generation = generation_read(startup, stderr);

	if (!generation)
		return 1;
	struct str path = main_conf_control_path(generation->conf);
	int status = 1;
	if (str_empty(path))
		fputs("skua: this configuration has no control socket (\"control off\" or "
		      "\"master_process off\"), so the server cannot be asked\n",
		      stderr);
	else
		status = print_status(path.data, json);
	generation_destroy(generation);
	return status;
}
