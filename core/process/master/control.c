/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A client has three states. It sends its request, with a time limit. It is held, and only the end
 * of its connection is watched. It receives its response, with a time limit.
 */
#include "process/master/control.h"

#include <errno.h>
#include <limits.h>
#include <log.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <timer.h>
#include <unistd.h>

#include "event/loop.h"
#include "process/master/control_socket.h"
#include "process/os/fork.h"
#include "process/server/control_address.h"
#include "process/upgrade/takeover.h"

#define ASIDE ".oldbin"

enum { CLIENTS_MAX = 8, LIMIT_MS = 5000, RETRY_MS = 1000, FREE_ATTEMPTS = 50, FREE_WAIT_MS = 20 };

struct control_client {
	struct event event; /* first: the event's owner */
	bool used;
	struct timer timer;
	char request[CONTROL_REQUEST_MAX];
	size_t received;
	unsigned held; /* the round it waits for; 0: none */
	char *reply; /* NULL: there is no response yet */
	size_t reply_len, sent;
};

struct control_socket {
	struct event event; /* first: the event's owner */
	struct timer retry; /* runs while there is no free descriptor for a client */
	char *path; /* NULL: there is no socket */
	dev_t device; /* of its file */
	ino_t inode;
};

static struct {
	struct control_client clients[CLIENTS_MAX];
	control_handler *handle;
	bool is_aside; /* another master listens at the path that is configured */
	struct control_socket by_path, by_address;
	char address[CONTROL_ADDRESS_SIZE]; /* the abstract one; "": none */
	int64_t refused_ms; /* when a client of another user was logged last */
} control;

int control_parse(struct str received, enum control_command *command)
{
	static const struct str names[] = {
		[CONTROL_RELOAD] = STR_INIT("reload"),
		[CONTROL_REOPEN] = STR_INIT("reopen"),
		[CONTROL_STATUS] = STR_INIT("status"),
		[CONTROL_STATUS_JSON] = STR_INIT("status json"),
		[CONTROL_STATUS_OPENMETRICS] = STR_INIT("status openmetrics"),
		[CONTROL_UPGRADE] = STR_INIT("upgrade"),
		[CONTROL_LOG] = STR_INIT("log"),
	};
	ssize_t end = str_chr(received, '\n');

	if (end < 0)
		return received.len < CONTROL_REQUEST_MAX ? 0 : -EMSGSIZE;
	if ((size_t)end + 1 != received.len)
		return -EBADMSG;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (!str_eq(str_head(received, (size_t)end), names[i]))
			continue;
		*command = (enum control_command)i;
		return 1;
	}
	return -EBADMSG;
}

/* --- clients ------------------------------------------------------------------- */

static void hang_up(struct control_client *client)
{
	timer_stop(&client->timer);
	event_remove(&client->event);
	close(client->event.fd);
	free(client->reply);
	client->reply = NULL;
	client->used = false;
}

static void send_reply(struct control_client *client)
{
	while (client->sent < client->reply_len) {
		ssize_t n = send(client->event.fd, client->reply + client->sent,
				 client->reply_len - client->sent, MSG_NOSIGNAL | MSG_DONTWAIT);

		if (n < 0 && errno == EAGAIN && event_modify(&client->event, EPOLLOUT) == 0)
			return;
		if (n < 0 && errno != EINTR)
			break;
		client->sent += n > 0 ? (size_t)n : 0;
	}
	hang_up(client);
}

void control_reply(struct control_client *client, bool ok, struct str text)
{
	struct str head = ok ? STR("ok\n") : STR("error\n");

	client->held = 0;
	client->reply = malloc(head.len + text.len);
	if (!client->reply) {
		hang_up(client);
		return;
	}
	str_put(str_put(client->reply, head), text);
	client->reply_len = head.len + text.len;
	timer_start(&client->timer, LIMIT_MS);
	send_reply(client);
}

void control_hold(struct control_client *client, unsigned round)
{
	client->held = round;
	timer_stop(&client->timer);
	event_modify(&client->event, 0);
}

void control_reply_held(unsigned round, bool ok, struct str text)
{
	for (size_t i = 0; i < CLIENTS_MAX; i++)
		if (control.clients[i].used && control.clients[i].held &&
		    control.clients[i].held <= round)
			control_reply(&control.clients[i], ok, text);
}

void control_reply_upgraded(bool ok, struct str text)
{
	for (size_t i = 0; i < CLIENTS_MAX; i++)
		if (control.clients[i].used && control.clients[i].held == CONTROL_UPGRADED)
			control_reply(&control.clients[i], ok, text);
}

bool control_for_each_upgraded(bool (*act)(void *data, int fd), void *data)
{
	for (size_t i = 0; i < CLIENTS_MAX; i++)
		if (control.clients[i].used && control.clients[i].held == CONTROL_UPGRADED &&
		    !act(data, control.clients[i].event.fd))
			return false;
	return true;
}

static void receive(struct control_client *client)
{
	enum control_command command;
	ssize_t n = recv(client->event.fd, client->request + client->received,
			 sizeof(client->request) - client->received, 0);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		hang_up(client);
		return;
	}
	client->received += (size_t)n;
	int result = control_parse((struct str){ client->request, client->received }, &command);
	if (result < 0) {
		log_warnx("control socket: a request that is %s was refused",
			  result == -EMSGSIZE ? "too long" : "no command");
		control_reply(client, false,
			      STR("no such command; there are reload, reopen, upgrade, status, "
				  "status json, status openmetrics, log\n"));
	} else if (result > 0) {
		control.handle(client, command);
	}
}

static void on_client(struct event *event, uint32_t events)
{
	struct control_client *client = (struct control_client *)event;

	if (events & EPOLLIN)
		receive(client);
	else if (events & EPOLLOUT)
		send_reply(client);
	else
		hang_up(client);
}

static void on_time_over(void *data)
{
	struct control_client *client = data;

	log_warnx("control socket: a client has %s for %d ms and is dropped",
		  client->reply ? "not taken its response" : "sent no request", LIMIT_MS);
	hang_up(client);
}

static void add_client(int fd)
{
	static const char busy[] = "error\nthe control socket has too many clients, try again\n";
	struct control_client *client = control.clients;

	while (client < control.clients + CLIENTS_MAX && client->used)
		client++;
	/* Anybody can connect to the second address. */
	if (!control_socket_trusts(fd)) {
		if (clock_is_due(&control.refused_ms, SHORTAGE_LOG_MS))
			log_warnx("control socket: a client of another user is refused");
		close(fd);
		return;
	}
	if (client == control.clients + CLIENTS_MAX) {
		send(fd, busy, sizeof(busy) - 1, MSG_NOSIGNAL | MSG_DONTWAIT);
		close(fd);
		return;
	}
	*client = (struct control_client){
		.event = { .fd = fd, .ready = on_client },
		.timer = { .expired = on_time_over, .data = client },
	};
	if (event_add(&client->event, EPOLLIN) < 0) {
		close(fd);
		return;
	}
	client->used = true;
	timer_start(&client->timer, LIMIT_MS);
}

/* --- the sockets --------------------------------------------------------------- */

static void on_connection(struct event *event, uint32_t events)
{
	struct control_socket *socket = (struct control_socket *)event;
	struct sockaddr_un peer; /* has no name */
	socklen_t len = sizeof(peer);
	int fd = accept4(event->fd, (struct sockaddr *)&peer, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);

	(void)events;
	if (fd >= 0) {
		add_client(fd);
	} else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
		log_crit("control socket: accept() failed, clients wait for %d ms", RETRY_MS);
		event_remove(event);
		timer_start(&socket->retry, RETRY_MS);
	}
}

static void on_retry(void *data)
{
	struct control_socket *socket = data;

	event_add(&socket->event, EPOLLIN);
}

static bool is_abstract(const char *path)
{
	return path[0] == '@';
}

static void close_socket(struct control_socket *socket)
{
	struct stat status;

	if (!socket->path)
		return;
	timer_stop(&socket->retry);
	event_remove(&socket->event);
	close(socket->event.fd);
	/* Another master may have taken the path since. */
	if (!is_abstract(socket->path) && lstat(socket->path, &status) == 0 &&
	    status.st_dev == socket->device && status.st_ino == socket->inode)
		unlink(socket->path);
	free(socket->path);
	socket->path = NULL;
}

static void log_failure(const char *path, int error)
{
	const char *remedy = "the directive control names another, or \"off\"";

	if (is_abstract(path))
		log_info("the control socket has no second address: %s",
			 error == -EADDRINUSE ? "another server of this configuration has it" :
						strerror(-error));
	else if (error == -EADDRINUSE)
		log_errorx("the control socket \"%s\" belongs to a server that runs; %s", path,
			   remedy);
	else
		log_errorc(error, "cannot make the control socket \"%s\"; %s", path, remedy);
}

/* Remembers which file it is, if there is one. */
static int note_file(struct control_socket *socket, const char *path)
{
	struct stat status = { .st_ino = 0 };

	if (!is_abstract(path) && lstat(path, &status) < 0)
		return -errno;
	socket->device = status.st_dev;
	socket->inode = status.st_ino;
	socket->path = strdup(path);
	return socket->path ? 0 : -ENOMEM;
}

/* 0 or -errno. */
static int open_socket(struct control_socket *socket, const char *path)
{
	int fd = control_socket_open(path);

	if (fd < 0)
		return fd;
	socket->event = (struct event){ .fd = fd, .ready = on_connection };
	socket->retry = (struct timer){ .expired = on_retry, .data = socket };
	int error = note_file(socket, path);
	if (error == 0)
		error = event_add(&socket->event, EPOLLIN);
	if (error == 0)
		return 0;
	close(fd);
	if (!is_abstract(path))
		unlink(path);
	free(socket->path);
	socket->path = NULL;
	return error;
}

/*
 * Opens the socket. After an upgrade in place, a child that this process has forked just before
 * still has the sockets of the old program open, until it closes what it does not need: then
 * this waits for it.
 */
static int open_when_free(struct control_socket *socket, const char *path)
{
	int error = open_socket(socket, path);

	for (int i = 0; error == -EADDRINUSE && takeover_is_instead() && i < FREE_ATTEMPTS; i++) {
		poll(NULL, 0, FREE_WAIT_MS);
		error = open_socket(socket, path);
	}
	return error;
}

/* Listens at this path; "": nowhere. `is_quiet`: a failure was logged already. */
static void listen_at(struct control_socket *socket, const char *path, bool is_quiet)
{
	if (socket->path && strcmp(socket->path, path) == 0)
		return;
	close_socket(socket);
	int error = path[0] ? open_when_free(socket, path) : 0;
	if (error < 0 && !is_quiet)
		log_failure(path, error);
}

/* In a child: closes the descriptors and leaves the rest to the master. */
static void forget(void)
{
	for (size_t i = 0; i < CLIENTS_MAX; i++)
		if (control.clients[i].used)
			close(control.clients[i].event.fd);
	if (control.by_path.path)
		close(control.by_path.event.fd);
	if (control.by_address.path)
		close(control.by_address.event.fd);
}

void control_listen(const char *path, const char *address, bool is_retry, control_handler *handler)
{
	char full[PATH_MAX];

	fork_cleanup_add(forget);
	control.handle = handler;
	snprintf(full, sizeof(full), "%s%s", path, path[0] && control.is_aside ? ASIDE : "");
	listen_at(&control.by_path, full, is_retry);
	snprintf(control.address, sizeof(control.address), "%s", path[0] ? address : "");
	listen_at(&control.by_address, control.is_aside ? "" : control.address, is_retry);
}

/* The file keeps its inode: clients that are waiting stay. */
static void move_file(const char *to)
{
	char *path = strdup(to);

	if (path && rename(control.by_path.path, path) == 0) {
		free(control.by_path.path);
		control.by_path.path = path;
		return;
	}
	log_warn("cannot rename the control socket \"%s\" to \"%s\"", control.by_path.path, to);
	free(path);
}

void control_set_aside(void)
{
	char path[PATH_MAX];

	if (control.is_aside)
		return;
	control.is_aside = true;
	listen_at(&control.by_address, "", false);
	if (control.by_path.path &&
	    snprintf(path, sizeof(path), "%s" ASIDE, control.by_path.path) < (int)sizeof(path))
		move_file(path);
}

void control_take_back(void)
{
	char path[PATH_MAX];

	if (!control.is_aside)
		return;
	control.is_aside = false;
	listen_at(&control.by_address, control.address, false);
	if (!control.by_path.path || !str_ends(str_from(control.by_path.path), STR(ASIDE)))
		return;
	snprintf(path, sizeof(path), "%.*s", (int)(strlen(control.by_path.path) - strlen(ASIDE)),
		 control.by_path.path);
	move_file(path);
}

void control_finish(void)
{
	control_reply_held(UINT_MAX, false, STR("the server has ended\n"));
	for (size_t i = 0; i < CLIENTS_MAX; i++)
		if (control.clients[i].used)
			hang_up(&control.clients[i]);
	close_socket(&control.by_path);
	close_socket(&control.by_address);
}
