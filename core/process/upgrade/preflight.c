/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Both sides of a preflight. An empty response is accepted, too: a configuration may close
 * connections without one (return 444); the hello alone shows then that the program runs.
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
#include "net/conn.h"
#include "net/listener.h"
#include "process/os/signals.h"
#include "process/sandbox/privileges.h"
#include "process/server/generation.h"
#include "process/server/main_conf.h"
#include "process/upgrade/program.h"
#include "process/worker/worker.h"

enum { DEADLINE_MS = 20000 };

/* Old and new programs exchange these bytes: they must not change. */
static const char variable[] = "SKUA_TRIAL";
static const char hello[] = "skua trial\n";

/* Bytes that the new program has sent: the beginning is kept, the rest is read and dropped. */
struct stream {
	struct event event; /* first: the event's owner; fd -1: closed */
	char bytes[8192];
	size_t len;
};

static struct {
	struct stream talk; /* the hello and the response */
	struct stream output; /* its standard output and error */
	struct timer deadline;
	void (*on_over)(bool passed);
	pid_t child; /* 0: none */
	bool has_requested, took_too_long;
} preflight = { .talk.event.fd = -1, .output.event.fd = -1 };

/* --- in the master ---------------------------------------------------------------- */

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
	static const char request[] =
		"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
	struct stream *talk = (struct stream *)event;

	(void)events;
	read_stream(talk);
	if (preflight.has_requested || talk->event.fd < 0 ||
	    !str_starts(text_of(talk), str_from(hello)))
		return;
	preflight.has_requested = true;
	if (send(talk->event.fd, request, sizeof(request) - 1, MSG_NOSIGNAL) < 0)
		log_warn("the new program cannot be sent a request");
}

static void on_output(struct event *event, uint32_t events)
{
	(void)events;
	read_stream((struct stream *)event);
}

static void on_deadline(void *data)
{
	(void)data;
	preflight.took_too_long = true;
	kill(preflight.child, SIGKILL);
}

static int watch(struct stream *stream, int fd, void (*ready)(struct event *, uint32_t))
{
	stream->len = 0;
	stream->event = (struct event){ .fd = fd, .ready = ready };
	fcntl(fd, F_SETFL, O_NONBLOCK);
	return event_add(&stream->event, EPOLLIN);
}

/* In the child. All other descriptors are close-on-exec. */
static _Noreturn void exec_new(int talk_fd, int output_fd)
{
	char number[16];
	sigset_t none;

	snprintf(number, sizeof(number), "%d", talk_fd);
	setenv(variable, number, 1);
	unsetenv("SKUA_STATE");
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	fcntl(talk_fd, F_SETFD, 0);
	dup2(output_fd, STDOUT_FILENO);
	dup2(output_fd, STDERR_FILENO);
	int error = program_exec();
	dprintf(STDERR_FILENO, "cannot execute %s: %s\n", program_path(), strerror(-error));
	_exit(127);
}

static int make_pipes(int talk_fds[2], int output_fds[2])
{
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, talk_fds) < 0)
		return -errno;
	if (pipe2(output_fds, O_CLOEXEC) == 0)
		return 0;
	int error = -errno;
	close(talk_fds[0]);
	close(talk_fds[1]);
	return error;
}

int preflight_start(void (*over)(bool passed))
{
	int talk_fds[2], output_fds[2];
	int error = make_pipes(talk_fds, output_fds);

	if (error < 0)
		return error;
	preflight.child = fork();
	if (preflight.child == 0)
		exec_new(talk_fds[1], output_fds[1]);
	error = preflight.child < 0 ? -errno : 0;
	close(talk_fds[1]);
	close(output_fds[1]);
	if (error < 0) {
		preflight.child = 0;
		close(talk_fds[0]);
		close(output_fds[0]);
		return error;
	}
	preflight.on_over = over;
	preflight.has_requested = preflight.took_too_long = false;
	preflight.deadline = (struct timer){ .expired = on_deadline };
	timer_start(&preflight.deadline, DEADLINE_MS);
	/* If a stream cannot be watched, the timer ends the preflight, which has failed then. */
	watch(&preflight.talk, talk_fds[0], on_talk);
	watch(&preflight.output, output_fds[0], on_output);
	return 0;
}

/* Whether the hello has come, and after it nothing, or the beginning of a response. */
static bool has_responded(void)
{
	struct str text = text_of(&preflight.talk);
	struct str rest = str_skip(text, sizeof(hello) - 1);

	return str_starts(text, str_from(hello)) &&
	       (str_empty(rest) || str_starts(rest, STR("HTTP/1.")));
}

/* Whether the new program has passed; if not, the log says why. */
static bool has_passed(int status)
{
	struct str output = text_of(&preflight.output);

	if (preflight.took_too_long)
		log_emergx("the new program %s has not responded within %d s", program_path(),
			   DEADLINE_MS / 1000);
	else if (WIFSIGNALED(status))
		log_emergx("the new program %s was ended by signal %d (%s)", program_path(),
			   WTERMSIG(status), signal_name(WTERMSIG(status)));
	else if (WEXITSTATUS(status))
		log_emergx("the new program %s ended with code %d", program_path(),
			   WEXITSTATUS(status));
	else if (!has_responded())
		log_emergx("the new program %s has not responded to a request: it is another "
			   "program, or too old for this",
			   program_path());
	else
		return true;
	while (!str_empty(output)) {
		struct str line = str_split(&output, '\n');

		if (!str_empty(line))
			log_emergx("the new program says: %.*s", STR_ARG(line));
	}
	return false;
}

bool preflight_reap(pid_t pid, int status)
{
	if (preflight.child == 0 || pid != preflight.child)
		return false;
	preflight.child = 0;
	timer_stop(&preflight.deadline);
	read_stream(&preflight.talk);
	read_stream(&preflight.output);
	close_stream(&preflight.talk);
	close_stream(&preflight.output);
	preflight.on_over(has_passed(status));
	return true;
}

/* --- in the new program ----------------------------------------------------------- */

bool preflight_is_this(void)
{
	return getenv(variable) != NULL;
}

/* The descriptor that the master has given, or -errno. */
static int take_descriptor(void)
{
	uint64_t fd;

	if (str_to_u64(str_from(getenv(variable)), INT32_MAX, &fd) < 0)
		return -EBADF;
	if (fcntl((int)fd, F_SETFD, FD_CLOEXEC) < 0 || fcntl((int)fd, F_SETFL, O_NONBLOCK) < 0)
		return -errno;
	return (int)fd;
}

/* Makes this process a worker without listening sockets. 0, or -errno after a message. */
static int start_worker(const struct startup *startup, struct generation *generation)
{
	const struct main_conf *main = generation->main;
	const struct identity worker = {
		.user = main->user.data,
		.uid = main->uid,
		.gid = main->gid,
	};
	const struct identity owner = { .uid = startup->uid, .gid = startup->gid };
	const struct worker_place place = { .generation = generation, .inbox = -1 };
	int error = privileges_drop(startup->serve ? &owner : &worker);

	if (error < 0)
		return error;
	error = loop_start();
	if (error == 0)
		return worker_start(&place);
	log_emergc(error, "cannot start the loop");
	return error;
}

int preflight_serve(const struct startup *startup, struct generation *generation)
{
	const union address peer = { .any.sa_family = AF_UNIX };
	/* It is beyond any preface, and sends requests at once. */
	const struct conn_past past = { .number = 1, .is_local = true };
	int fd = take_descriptor();

	if (fd < 0) {
		log_emergx("%s does not name a descriptor; it is set by a master process that "
			   "examines a new program before an upgrade",
			   variable);
		return 1;
	}
	if (start_worker(startup, generation) < 0)
		return 1;
	if (write(fd, hello, sizeof(hello) - 1) < 0) {
		log_emerg("the master process does not listen any longer");
		return 1;
	}
	conns.none_left = loop_stop;
	/* A configuration without an http block has nothing to request. */
	if (generation->listeners->count == 0)
		close(fd);
	else if (conn_import(&generation->listeners->items[0], fd, &peer,
			     sizeof(peer.any.sa_family), &past))
		loop_run();
	worker_finish();
	loop_finish();
	return 0;
}
