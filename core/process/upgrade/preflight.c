/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The master's side of a trial. An empty answer is one, too: a configuration may
 * close connections without a word (444); the hello stands for the program then.
 */
#include "process/upgrade/preflight.h"

#include <errno.h>
#include <fcntl.h>
#include <log.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <str.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <timer.h>
#include <unistd.h>

#include "event/loop.h"
#include "process/upgrade/program.h"
#include "process/os/signals.h"

enum { PATIENCE_MS = 20000 };

static const char hello[] = "skua trial\n";
static const char answer[] = "HTTP/1.";
static const char request[] = "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";

/* What comes from it: the beginning is kept, the rest read and dropped. */
struct stream {
	struct event event; /* first; fd -1: closed */
	char bytes[8192];
	size_t len;
};

static struct stream talk = { .event.fd = -1 }, said = { .event.fd = -1 };
static struct timer patience;
static void (*on_over)(bool passed);
static pid_t child; /* 0: none */
static bool asked, took_too_long;

static void close_stream(struct stream *stream)
{
	if (stream->event.fd < 0)
		return;
	event_remove(&stream->event);
	close(stream->event.fd);
	stream->event.fd = -1;
}

static void read_stream(struct stream *stream)
{
	static char dropped[4096];

	while (stream->event.fd >= 0) {
		size_t room = sizeof(stream->bytes) - stream->len;
		ssize_t n = read(stream->event.fd, room ? stream->bytes + stream->len : dropped,
				 room ? room : sizeof(dropped));

		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return;
		if (n <= 0)
			close_stream(stream);
		else if (room)
			stream->len += (size_t)n;
	}
}

static struct str text_of(const struct stream *stream)
{
	return (struct str){ stream->bytes, stream->len };
}

static void on_talk(struct event *event, uint32_t events)
{
	(void)event;
	(void)events;
	read_stream(&talk);
	if (asked || talk.event.fd < 0 || !str_starts(text_of(&talk), str_from(hello)))
		return;
	asked = true;
	if (send(talk.event.fd, request, sizeof(request) - 1, MSG_NOSIGNAL) < 0)
		log_warn("the new program cannot be asked for an answer");
}

static void on_said(struct event *event, uint32_t events)
{
	(void)event;
	(void)events;
	read_stream(&said);
}

static void on_patience_over(void *data)
{
	(void)data;
	took_too_long = true;
	kill(child, SIGKILL);
}

static int watch(struct stream *stream, int fd, void (*ready)(struct event *, uint32_t))
{
	stream->len = 0;
	stream->event = (struct event){ .fd = fd, .ready = ready };
	fcntl(fd, F_SETFL, O_NONBLOCK);
	return event_add(&stream->event, EPOLLIN);
}

/* In the child. Its descriptors close themselves, but for these. */
static _Noreturn void become(int talk_fd, int said_fd)
{
	char number[16];
	sigset_t none;

	snprintf(number, sizeof(number), "%d", talk_fd);
	setenv("SKUA_TRIAL", number, 1);
	unsetenv("SKUA_STATE");
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	fcntl(talk_fd, F_SETFD, 0);
	dup2(said_fd, STDOUT_FILENO);
	dup2(said_fd, STDERR_FILENO);
	int error = program_exec();
	dprintf(STDERR_FILENO, "cannot execute %s: %s\n", program_path(), strerror(-error));
	_exit(127);
}

static int make_pipes(int talk_fds[2], int said_fds[2])
{
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, talk_fds) < 0)
		return -errno;
	if (pipe2(said_fds, O_CLOEXEC) == 0)
		return 0;
	int error = -errno;
	close(talk_fds[0]);
	close(talk_fds[1]);
	return error;
}

int trial_start(void (*over)(bool passed))
{
	int talk_fds[2], said_fds[2];
	int error = make_pipes(talk_fds, said_fds);

	if (error < 0)
		return error;
	child = fork();
	if (child == 0)
		become(talk_fds[1], said_fds[1]);
	error = child < 0 ? -errno : 0;
	close(talk_fds[1]);
	close(said_fds[1]);
	if (error < 0) {
		child = 0;
		close(talk_fds[0]);
		close(said_fds[0]);
		return error;
	}
	on_over = over;
	asked = took_too_long = false;
	patience = (struct timer){ .expired = on_patience_over };
	timer_start(&patience, PATIENCE_MS);
	/* Unheard it fails, by the timer at the latest. */
	watch(&talk, talk_fds[0], on_talk);
	watch(&said, said_fds[0], on_said);
	return 0;
}

static bool has_answered(void)
{
	struct str rest = str_skip(text_of(&talk), sizeof(hello) - 1);

	return str_starts(text_of(&talk), str_from(hello)) &&
	       (str_empty(rest) || str_starts(rest, str_from(answer)));
}

static void log_lines(struct str text)
{
	while (!str_empty(text)) {
		struct str line = str_split(&text, '\n');

		if (!str_empty(line))
			log_emergx("the new program says: %.*s", STR_ARG(line));
	}
}

static bool judge(int status)
{
	if (took_too_long)
		log_emergx("the new program %s was given %d s and did not answer", program_path(),
			   PATIENCE_MS / 1000);
	else if (WIFSIGNALED(status))
		log_emergx("the new program %s was ended by signal %d (%s)", program_path(),
			   WTERMSIG(status), signal_name(WTERMSIG(status)));
	else if (WEXITSTATUS(status))
		log_emergx("the new program %s ended with code %d", program_path(),
			   WEXITSTATUS(status));
	else if (!has_answered())
		log_emergx("the new program %s gave no answer to a request: it is another program, "
			   "or too old for this",
			   program_path());
	else
		return true;
	log_lines(text_of(&said));
	return false;
}

bool trial_reap(pid_t pid, int status)
{
	if (child == 0 || pid != child)
		return false;
	child = 0;
	timer_stop(&patience);
	read_stream(&talk);
	read_stream(&said);
	close_stream(&talk);
	close_stream(&said);
	on_over(judge(status));
	return true;
}
