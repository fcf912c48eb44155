/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reads the configuration for the path of the pid file and sends a signal; every
 * way in which that can fail has a message of its own.
 */
#include "process/tell.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "process/ask.h"
#include "process/generation.h"
#include "process/main_conf.h"
#include "process/pidfile.h"

static const struct {
	const char *name;
	int number;
} names[] = {
	{ "stop", SIGTERM },
	{ "quit", SIGQUIT },
	{ "reload", SIGHUP },
	{ "reopen", SIGUSR1 },
	{ "upgrade", SIGUSR2 },
};

static int number_of(const char *name)
{
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(names[i].name, name) == 0)
			return names[i].number;
	return 0;
}

static int complain_about_file(const char *name, struct str path, int error)
{
	if (error == -ENOENT)
		fprintf(stderr,
			"skua: cannot %s: there is no pid file \"%.*s\": no server runs with this "
			"configuration, or it was started with another -c or -p\n",
			name, STR_ARG(path));
	else if (error == -EINVAL)
		fprintf(stderr,
			"skua: cannot %s: the pid file \"%.*s\" holds no number; find the master "
			"process with ps and send it a signal with kill\n",
			name, STR_ARG(path));
	else
		fprintf(stderr, "skua: cannot %s: the pid file \"%.*s\" cannot be read: %s\n", name,
			STR_ARG(path), strerror(-error));
	return 1;
}

static int send_signal(const char *name, struct str path, pid_t pid)
{
	if (kill(pid, number_of(name)) == 0)
		return 0;
	if (errno == ESRCH)
		fprintf(stderr,
			"skua: cannot %s: the server does not run: process %d, which \"%.*s\" "
			"names, has ended\n",
			name, pid, STR_ARG(path));
	else
		fprintf(stderr, "skua: cannot %s: process %d belongs to somebody else: %s\n", name,
			pid, strerror(errno));
	return 1;
}

static bool has_outcome(const char *name)
{
	return strcmp(name, "reload") == 0 || strcmp(name, "reopen") == 0 ||
	       strcmp(name, "upgrade") == 0;
}

static int print(const char *name, struct answer *answer)
{
	if (answer->ok)
		fputs(answer->text, stdout);
	else
		fprintf(stderr, "%sskua: %s failed\n", answer->text, name);
	free(answer->text);
	return !answer->ok;
}

static int say_signal_was_sent(const char *name, struct str control, int error)
{
	if (str_empty(control))
		fputs("skua: there is no control socket (\"control off\" or \"master_process "
		      "off\")",
		      stderr);
	else
		fprintf(stderr, "skua: nobody answers at the control socket \"%.*s\": %s",
			STR_ARG(control), strerror(-error));
	fprintf(stderr, "; %s was sent as a signal, the error log tells the outcome\n", name);
	return 0;
}

/* Those that have an outcome go through the socket, which tells it. */
static int tell(const char *name, const struct generation *generation)
{
	struct str control = main_conf_control_path(generation->conf);
	struct str path = main_conf_pid_path(generation->conf);
	struct answer answer;
	int error = 0;
	pid_t pid;

	if (has_outcome(name) && !str_empty(control)) {
		error = ask_master(control.data, name, 0, &answer);
		if (error == 0)
			return print(name, &answer);
		if (error == -EPROTO || error == -ETIMEDOUT)
			return ask_complain(control.data, error);
	}
	int failed = pidfile_read(path.data, &pid);
	if (failed < 0)
		return complain_about_file(name, path, failed);
	if (send_signal(name, path, pid) != 0)
		return 1;
	return has_outcome(name) ? say_signal_was_sent(name, control, error) : 0;
}

int tell_master(const struct startup *startup, const char *name)
{
	struct generation *generation = generation_read(startup, stderr);

	if (!generation)
		return 1;
	int status = tell(name, generation);
	generation_destroy(generation);
	return status;
}
