/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A client's place goes through three states: it asks (its line is read, the
 * timer runs), it is held (only its hanging up is noticed), it takes its answer
 * (the timer runs again).
 */
#include "process/master/control.h"

#include <errno.h>
#include <limits.h>
#include <log.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <timer.h>
#include <unistd.h>

#include "event/loop.h"
#include "process/server/control_address.h"
#include "process/master/control_socket.h"
#include "process/os/fork.h"

#define ASIDE ".oldbin"

enum { CLIENTS_MAX = 8, LIMIT_MS = 5000, RETRY_MS = 1000 };

struct control_client {
	struct event event; /* first: the event's owner */
	bool used;
	struct timer timer;
	char request[CONTROL_REQUEST_MAX];
	size_t received;
	unsigned held; /* the round it waits for; 0: none */
	char *reply; /* NULL: it isn't answered yet */
	size_t reply_len, sent;
};

static struct control_client clients[CLIENTS_MAX];
static control_handler *handle;
static bool aside; /* another master listens at the path that is configured */

struct control_socket {
	struct event event; /* first: the event's owner */
	struct timer retry; /* the system had no descriptor for a client */
	char *path; /* NULL: there is no socket */
	dev_t device; /* of its file */
	ino_t inode;
};

static struct control_socket by_path, by_address;
static char second_address[CONTROL_ADDRESS_SIZE];

int control_parse(struct str received, enum control_command *command)
{
	static const struct str names[] = {
		[CONTROL_RELOAD] = STR_INIT("reload"),
		[CONTROL_REOPEN] = STR_INIT("reopen"),
		[CONTROL_STATUS] = STR_INIT("status"),
		[CONTROL_STATUS_JSON] = STR_INIT("status json"),
		[CONTROL_UPGRADE] = STR_INIT("upgrade"),
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
		if (clients[i].used && clients[i].held && clients[i].held <= round)
			control_reply(&clients[i], ok, text);
}

void control_reply_upgraded(bool ok, struct str text)
{
	for (size_t i = 0; i < CLIENTS_MAX; i++)
		if (clients[i].used && clients[i].held == CONTROL_UPGRADED)
			control_reply(&clients[i], ok, text);
}

bool control_for_each_upgraded(bool (*act)(void *data, int fd), void *data)
{
	for (size_t i = 0; i < CLIENTS_MAX; i++)
		if (clients[i].used && clients[i].held == CONTROL_UPGRADED &&
		    !act(data, clients[i].event.fd))
			return false;
	return true;
}

static void refuse(struct control_client *client, int error)
{
	log_warnx("control socket: a request that is %s was refused",
		  error == -EMSGSIZE ? "too long" : "no command");
	control_reply(client, false,
		      STR("no such command; there are reload, reopen, upgrade, status, "
			  "status json\n"));
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
	if (result < 0)
		refuse(client, result);
	else if (result > 0)
		handle(client, command);
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
		  client->reply ? "not taken its answer" : "not asked", LIMIT_MS);
	hang_up(client);
}

static struct control_client *free_place(void)
{
	for (size_t i = 0; i < CLIENTS_MAX; i++)
		if (!clients[i].used)
			return &clients[i];
	return NULL;
}

static void welcome(int fd)
{
	static int64_t refused_ms;
	static const char busy[] = "error\nthe control socket has too many clients, try again\n";
	struct control_client *client = free_place();

	/* Anybody can connect to the second address. */
	if (!control_socket_trusts(fd)) {
		if (clock_is_due(&refused_ms, SHORTAGE_LOG_MS))
			log_warnx("control socket: a client of another user is refused");
		close(fd);
		return;
	}
	if (!client) {
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
		welcome(fd);
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

static void complain(const char *path, int error)
{
	const char *remedy = "the directive control names another, or \"off\"";

	errno = -error;
	if (is_abstract(path))
		log_info("the control socket has no second address: %s",
			 error == -EADDRINUSE ? "another server of this configuration has it" :
						strerror(-error));
	else if (error == -EADDRINUSE)
		log_errorx("the control socket \"%s\" belongs to a server that runs; %s", path,
			   remedy);
	else
		log_error("cannot make the control socket \"%s\"; %s", path, remedy);
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

static void open_socket(struct control_socket *socket, const char *path)
{
	int fd = control_socket_open(path);

	if (fd < 0) {
		complain(path, fd);
		return;
	}
	socket->event = (struct event){ .fd = fd, .ready = on_connection };
	socket->retry = (struct timer){ .expired = on_retry, .data = socket };
	int error = note_file(socket, path);
	if (error == 0)
		error = event_add(&socket->event, EPOLLIN);
	if (error == 0)
		return;
	complain(path, error);
	close(fd);
	if (!is_abstract(path))
		unlink(path);
	free(socket->path);
	socket->path = NULL;
}

/* At this path from now on; "": nowhere. */
static void listen_at(struct control_socket *socket, const char *path)
{
	if (socket->path && strcmp(socket->path, path) == 0)
		return;
	close_socket(socket);
	if (path[0])
		open_socket(socket, path);
}

void control_listen(const char *path, const char *address, control_handler *handler)
{
	char full[PATH_MAX];

	fork_cleanup_add(control_forget);
	handle = handler;
	snprintf(full, sizeof(full), "%s%s", path, path[0] && aside ? ASIDE : "");
	listen_at(&by_path, full);
	snprintf(second_address, sizeof(second_address), "%s", path[0] ? address : "");
	listen_at(&by_address, aside ? "" : second_address);
}

/* The file keeps its inode: clients that are waiting stay. */
static void move_file(const char *to)
{
	char *path = strdup(to);

	if (path && rename(by_path.path, path) == 0) {
		free(by_path.path);
		by_path.path = path;
		return;
	}
	log_warn("cannot rename the control socket \"%s\" to \"%s\"", by_path.path, to);
	free(path);
}

void control_set_aside(void)
{
	char path[PATH_MAX];

	if (aside)
		return;
	aside = true;
	listen_at(&by_address, "");
	if (by_path.path &&
	    snprintf(path, sizeof(path), "%s" ASIDE, by_path.path) < (int)sizeof(path))
		move_file(path);
}

void control_take_back(void)
{
	char path[PATH_MAX];

	if (!aside)
		return;
	aside = false;
	listen_at(&by_address, second_address);
	if (!by_path.path || !str_ends(str_from(by_path.path), STR(ASIDE)))
		return;
	snprintf(path, sizeof(path), "%.*s", (int)(strlen(by_path.path) - strlen(ASIDE)),
		 by_path.path);
	move_file(path);
}

void control_finish(void)
{
	control_reply_held(UINT_MAX, false, STR("the server has ended\n"));
	for (size_t i = 0; i < CLIENTS_MAX; i++)
		if (clients[i].used)
			hang_up(&clients[i]);
	close_socket(&by_path);
	close_socket(&by_address);
}

void control_forget(void)
{
	for (size_t i = 0; i < CLIENTS_MAX; i++)
		if (clients[i].used)
			close(clients[i].event.fd);
	if (by_path.path)
		close(by_path.event.fd);
	if (by_address.path)
		close(by_address.event.fd);
}
