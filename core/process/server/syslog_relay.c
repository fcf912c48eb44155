/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The pair of sockets keeps the bounds of messages (SOCK_SEQPACKET). While the syslog server cannot
 * be reached, messages are lost and counted; a connection is tried once in a second.
 */
#include "process/server/syslog_relay.h"

#include <errno.h>
#include <fcntl.h>
#include <log.h>
#include <netdb.h>
#include <pool.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/syslog.h"
#include "config/logs/logs.h"
#include "event/loop.h"
#include "process/os/fork.h"

enum {
	MESSAGE_MAX = 64 * 1024,
	AT_ONCE = 256, /* messages for one turn of the loop */
	FIRST_FD = 3, /* as of log files */
	RETRY_MS = 1000,
};

struct syslog_relay {
	struct event event; /* the end that messages come out of */
	struct log_entry *entry; /* whose relay it is */
	const struct log_syslog *syslog;
	struct sockaddr_storage address; /* of the server */
	socklen_t address_len;
	int out; /* connected to the server; -1: not now */
	int64_t retry_ms; /* not before that time */
	uint64_t lost; /* messages, since the last that got away */
	bool is_watched;
	struct syslog_relay *next, **link; /* among all of this process */
};

static struct syslog_relay *relays;

/* --- the server --------------------------------------------------------------- */

/* "192.0.2.1", "192.0.2.1:514", "[2001:db8::1]:514", "host:514", "2001:db8::1". */
static void split_server(struct str server, char host[256], char port[16])
{
	ssize_t colon = str_rchr(server, ':');
	bool has_port = colon >= 0 && (str_chr(server, ':') == colon ||
				       (colon > 0 && server.data[colon - 1] == ']'));
	struct str name = has_port ? str_head(server, (size_t)colon) : server;

	if (str_starts(name, STR("[")) && str_ends(name, STR("]")))
		name = str_skip(str_head(name, name.len - 1), 1);
	snprintf(host, 256, "%.*s", STR_ARG(name));
	snprintf(port, 16, "%.*s",
		 STR_ARG(has_port ? str_skip(server, (size_t)colon + 1) : STR("514")));
}

/* The address of the server; names are looked up here, once. 0 or -errno. */
static int find_server(struct syslog_relay *relay)
{
	const struct addrinfo hints = { .ai_socktype = SOCK_DGRAM };
	struct sockaddr_un *local = (struct sockaddr_un *)&relay->address;
	struct str server = relay->syslog->server, path = str_skip(server, 5);
	char host[256], port[16];
	struct addrinfo *found;

	if (str_starts(server, STR("unix:"))) {
		if (path.len >= sizeof(local->sun_path))
			return -ENAMETOOLONG;
		local->sun_family = AF_UNIX;
		memcpy(local->sun_path, path.data, path.len);
		relay->address_len = sizeof(*local);
		return 0;
	}
	split_server(server, host, port);
	if (getaddrinfo(host, port, &hints, &found) != 0)
		return -EHOSTUNREACH;
	memcpy(&relay->address, found->ai_addr, found->ai_addrlen);
	relay->address_len = found->ai_addrlen;
	freeaddrinfo(found);
	return 0;
}

void syslog_relay_reconnect(struct syslog_relay *relay)
{
	if (relay->out >= 0)
		close(relay->out);
	relay->out = -1;
	relay->retry_ms = 0;
}

static int try_connect(struct syslog_relay *relay)
{
	const struct sockaddr *address = (struct sockaddr *)&relay->address;

	if (clock_ms() < relay->retry_ms)
		return -EAGAIN;
	relay->retry_ms = clock_ms() + RETRY_MS;

	int fd = socket(address->sa_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0 || connect(fd, address, relay->address_len) < 0) {
		int error = -errno;

		if (fd >= 0)
			close(fd);
		return error;
	}
	relay->out = fd;
	return 0;
}

/* Says once that messages are lost, and once how many there were. */
static void note_result(struct syslog_relay *relay, int error)
{
	struct str server = relay->syslog->server;

	if (error && !relay->lost++)
		log_errorc(error, "lines are lost: syslog at \"%.*s\" takes none", STR_ARG(server));
	if (error || !relay->lost)
		return;
	log_warnx("%llu lines for syslog at \"%.*s\" were lost", (unsigned long long)relay->lost,
		  STR_ARG(server));
	relay->lost = 0;
}

/* That the server has gone shows in the error of the next call, so a message is tried twice. */
static void pass_on(struct syslog_relay *relay, const char *message, size_t len)
{
	int error = 0;

	for (int i = 0; i < 2; i++) {
		error = relay->out < 0 ? try_connect(relay) : 0;
		if (error == 0 && send(relay->out, message, len, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
			error = -errno;
		if (error == 0 || error == -EAGAIN || relay->out < 0)
			break;
		close(relay->out);
		relay->out = -1;
	}
	note_result(relay, error);
}

/* --- the way -------------------------------------------------------------------- */

/* Passes on some of what waits. False: nothing is left. */
static bool pass_some(struct syslog_relay *relay)
{
	static char message[MESSAGE_MAX];

	for (int i = 0; i < AT_ONCE; i++) {
		ssize_t len = recv(relay->event.fd, message, sizeof(message), MSG_DONTWAIT);

		if (len < 0 && errno == EINTR)
			continue;
		if (len <= 0)
			return false;
		pass_on(relay, message, (size_t)len);
	}
	return true;
}

static void on_message(struct event *event, uint32_t events)
{
	(void)events;
	pass_some((struct syslog_relay *)event);
}

/* In a child: it only writes. */
static void forget(void)
{
	while (relays) {
		struct syslog_relay *relay = relays;

		relays = relay->next;
		close(relay->event.fd);
		if (relay->out >= 0)
			close(relay->out);
		relay->entry->relay = NULL;
		free(relay);
	}
}

/* Makes the pair, whose writing end gets a number of FIRST_FD or more. 0 or -errno. */
static int make_pair(int ends[2])
{
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) < 0)
		return -errno;

	int fd = fcntl(ends[0], F_DUPFD_CLOEXEC, FIRST_FD), error = -errno;

	close(ends[0]);
	ends[0] = fd;
	if (fd >= 0)
		return 0;
	close(ends[1]);
	return error;
}

int syslog_relay_open(struct log_entry *entry)
{
	struct syslog_relay *relay = heap_alloc(sizeof(*relay));
	int ends[2], error;

	*relay = (struct syslog_relay){
		.entry = entry,
		.syslog = entry->file.syslog,
		.out = -1,
	};
	error = find_server(relay);
	if (error == 0)
		error = make_pair(ends);
	if (error < 0) {
		free(relay);
		return error;
	}
	relay->event = (struct event){ .fd = ends[1], .ready = on_message };
	relay->next = relays;
	relay->link = &relays;
	if (relays)
		relays->link = &relay->next;
	relays = relay;
	fork_cleanup_add(forget);
	entry->file.fd = ends[0];
	entry->relay = relay;
	return 0;
}

void syslog_relay_watch(struct syslog_relay *relay)
{
	if (!relay->is_watched)
		relay->is_watched = event_add(&relay->event, EPOLLIN) == 0;
}

void syslog_relay_close(struct syslog_relay *relay)
{
	if (!relay)
		return;
	pass_some(relay);
	if (relay->is_watched)
		event_remove(&relay->event);
	close(relay->event.fd);
	if (relay->out >= 0)
		close(relay->out);
	*relay->link = relay->next;
	if (relay->next)
		relay->next->link = relay->link;
	free(relay);
}
