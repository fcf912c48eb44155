/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reads the configuration for the paths of the control socket and of the pid file.
 * Every way in which that can fail has a message of its own.
 */
#include "cli/signal_command.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/log_format.h"
#include "cli/commands.h"
#include "cli/control_client.h"
#include "process/os/executable.h"
#include "process/os/pidfile.h"
#include "process/os/signals.h"
#include "process/sandbox/privileges.h"
#include "process/server/generation.h"
#include "process/server/main_conf.h"

static const struct {
	const char *name;
	int number;
} names[] = {
	{ "stop", SIGINT },    { "quit", SIGQUIT },    { "reload", SIGHUP },
	{ "reopen", SIGUSR1 }, { "upgrade", SIGUSR2 },
};

static int number_of(const char *name)
{
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(names[i].name, name) == 0)
			return names[i].number;
	return 0;
}

/* Names of files and programs may hold any bytes: log_vformat() makes them printable. */
static int complain(enum exit_status status, const char *name, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Returns the status. */
static int complain(enum exit_status status, const char *name, const char *format, ...)
{
	char text[4096];
	va_list args;

	va_start(args, format);
	log_vformat(text, sizeof(text), format, args);
	va_end(args);
	fprintf(stderr, "skua: cannot %s: %s\n", name, text);
	return status;
}

static int complain_about_file(const char *name, const char *path, int error)
{
	if (error == -ENOENT)
		return complain(STATUS_NO_SERVER, name,
				"there is no pid file \"%s\": no server runs with this "
				"configuration, or it was started with another -c or -p",
				path);
	if (error == -EINVAL)
		return complain(STATUS_FAILED, name,
				"the pid file \"%s\" holds no number; find the master process "
				"with ps and send it a signal with kill",
				path);
	return complain(STATUS_FAILED, name, "the pid file \"%s\" cannot be read: %s", path,
			strerror(-error));
}

static void owner_of(pid_t pid, char name[PRIVILEGES_NAME_SIZE])
{
	char path[32];
	struct stat status;

	snprintf(path, sizeof(path), "/proc/%d", pid);
	if (stat(path, &status) == 0)
		privileges_name_of(status.st_uid, name);
	else
		snprintf(name, PRIVILEGES_NAME_SIZE, "another user");
}

/* Checks the process that a pid file names: the file may be old, and only a Skua is signalled. */
static int check_process(const char *name, const char *path, pid_t pid)
{
	char program[PATH_MAX], owner[PRIVILEGES_NAME_SIZE];
	enum executable executable = executable_of(pid, program);

	if (kill(pid, 0) < 0 && errno == ESRCH)
		return complain(STATUS_NO_SERVER, name,
				"the server does not run: process %d, which \"%s\" names, has "
				"ended",
				pid, path);
	if (executable == EXECUTABLE_OTHER)
		return complain(STATUS_NO_SERVER, name,
				"process %d, which \"%s\" names, is not Skua but \"%s\": the "
				"server that wrote the file has ended; nothing was sent",
				pid, path, program);
	if (kill(pid, 0) < 0) {
		owner_of(pid, owner);
		return complain(STATUS_FAILED, name,
				"process %d, which \"%s\" names, belongs to %s: give the command "
				"as this user or as root",
				pid, path, owner);
	}
	if (executable == EXECUTABLE_UNKNOWN)
		return complain(STATUS_FAILED, name,
				"process %d, which \"%s\" names, is not known to be Skua, since "
				"/proc does not show its program: nothing was sent; if it is, kill "
				"-%s %d does it",
				pid, path, signal_name(number_of(name)), pid);
	return 0;
}

static int send_signal(const char *name, pid_t pid)
{
	if (pid == 0)
		return complain(STATUS_FAILED, name,
				"the server runs in another PID namespace, out of sight from here; "
				"give the command there");
	if (kill(pid, number_of(name)) == 0)
		return 0;
	return complain(STATUS_FAILED, name, "sending a signal to process %d failed: %s", pid,
			strerror(errno));
}

/* Whether the server reads the configuration at this command. */
static bool reads_conf(const char *name)
{
	return strcmp(name, "reload") == 0 || strcmp(name, "upgrade") == 0;
}

static bool has_outcome(const char *name)
{
	return reads_conf(name) || strcmp(name, "reopen") == 0;
}

/* Sends commands that have an outcome through the socket, and prints the outcome. */
static int signal_by_socket(const char *name, struct control_connection *connection)
{
	struct control_response response;

	if (!has_outcome(name)) {
		int status = send_signal(name, connection->peer.pid);
		control_close(connection);
		return status;
	}
	int error = control_request(connection, name, 0, &response);
	if (error < 0)
		return control_complain(connection, error);
	control_print(response.ok ? stdout : stderr, response.text);
	if (!response.ok)
		fprintf(stderr, "skua: %s failed\n", name);
	free(response.text);
	return !response.ok;
}

/* Sends a signal. Its outcome is not known here; the message gives the error of the socket. */
static int signal_by_file(const char *name, struct conf *conf,
			  const struct control_connection *connection, int connect_error)
{
	const char *path = main_conf_pid_path(conf).data;
	pid_t pid;

	if (!path[0] && connect_error == -EACCES)
		return control_complain(connection, connect_error);
	if (!path[0])
		return complain(STATUS_NO_SERVER, name,
				"this configuration has no pid file (\"pid off\"), and nobody "
				"answers at a control socket: no server runs with it, or it was "
				"started with another -c or -p");
	int error = pidfile_read(path, &pid);
	if (error < 0)
		return complain_about_file(name, path, error);
	int status = check_process(name, path, pid);
	if (status == STATUS_DONE)
		status = send_signal(name, pid);
	if (status != STATUS_DONE)
		return status;
	if (!has_outcome(name))
		return 0;
	if (!connection->path[0])
		fputs("skua: there is no control socket (\"control off\" or \"master_process "
		      "off\")",
		      stderr);
	else
		fprintf(stderr, "skua: nobody answers at the control socket \"%s\": %s",
			connection->path, strerror(-connect_error));
	fprintf(stderr, "; the signal %s was sent, the error log shows the outcome\n",
		signal_name(number_of(name)));
	return 0;
}

int signal_command(const struct startup *startup, const char *name)
{
	struct generation *generation;
	struct control_connection connection;

	/* With errors in the file, a server can be stopped, but not reloaded. */
	if (generation_read(startup, stderr, &generation) < 0 && reads_conf(name))
		return STATUS_FAILED;
	int error = control_connect(&connection, startup, generation ? generation->conf : NULL);
	int status;
	if (error == 0)
		status = signal_by_socket(name, &connection);
	else if (!generation || error == -EPERM || (error == -EACCES && connection.peer.pid))
		status = control_complain(&connection, error);
	else
		status = signal_by_file(name, generation->conf, &connection, error);
	generation_destroy(generation);
	return status;
}
