/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A socket is made for each datagram, so that no child inherits one. A manager
 * that does not read holds the master up for SEND_SECONDS at most.
 */
#include "process/os/notify.h"

#include <errno.h>
#include <log.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <timer.h>
#include <unistd.h>

enum { SEND_SECONDS = 1, MESSAGE_MAX = 512 };

static struct {
	struct sockaddr_un address; /* of the service manager */
	socklen_t address_len; /* 0: there is no service manager */
	struct timer watchdog;
	int64_t watchdog_ms; /* between two signs of life */
	bool has_complained;
} manager;

/* Reads "/path", or "@name" for an abstract address; the length includes no NUL at the end. */
static void read_address(const char *name)
{
	size_t len = strlen(name);

	if (len < 2 || (name[0] != '/' && name[0] != '@') ||
	    len > sizeof(manager.address.sun_path)) {
		log_warnx("NOTIFY_SOCKET=%s is neither a path nor an abstract name: the service "
			  "manager gets no reports",
			  name);
		return;
	}
	manager.address = (struct sockaddr_un){ .sun_family = AF_UNIX };
	memcpy(manager.address.sun_path, name, len);
	if (name[0] == '@')
		manager.address.sun_path[0] = '\0';
	manager.address_len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len);
}

static void notify(const char *message)
{
	const struct timeval limit = { .tv_sec = SEND_SECONDS };
	size_t len = strlen(message);

	if (manager.address_len == 0)
		return;
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd >= 0)
		setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
	if ((fd < 0 || sendto(fd, message, len, MSG_NOSIGNAL, (struct sockaddr *)&manager.address,
			      manager.address_len) < 0) &&
	    !manager.has_complained) {
		manager.has_complained = true;
		log_warn(
			"cannot report to the service manager at NOTIFY_SOCKET; this is "
			 "logged once");
	}
	if (fd >= 0)
		close(fd);
}

static void on_watchdog(void *data)
{
	(void)data;
	notify("WATCHDOG=1");
	timer_start(&manager.watchdog, manager.watchdog_ms);
}

/* The variables may be inherited from a parent, so WATCHDOG_PID must name this process. */
static void start_watchdog(void)
{
	uint64_t pid, usec;

	if (manager.address_len == 0 ||
	    str_to_u64(str_from(getenv("WATCHDOG_USEC")), INT64_MAX, &usec) < 0 || usec == 0)
		return;
	if (getenv("WATCHDOG_PID") &&
	    (str_to_u64(str_from(getenv("WATCHDOG_PID")), INT32_MAX, &pid) < 0 ||
	     (pid_t)pid != getpid()))
		return;
	manager.watchdog_ms = (int64_t)(usec / 1000 / 2);
	if (manager.watchdog_ms == 0)
		manager.watchdog_ms = 1;
	manager.watchdog = (struct timer){ .expired = on_watchdog };
	on_watchdog(NULL);
}

void notify_start(void)
{
	const char *name = getenv("NOTIFY_SOCKET");

	if (name && name[0])
		read_address(name);
	start_watchdog();
}

void notify_ready(const char *format, ...)
{
	char message[MESSAGE_MAX];
	va_list args;
	int len = snprintf(message, sizeof(message), "READY=1\nMAINPID=%d\nSTATUS=", getpid());

	va_start(args, format);
	vsnprintf(message + len, sizeof(message) - (size_t)len, format, args);
	va_end(args);
	notify(message);
}

void notify_reloading(void)
{
	char message[MESSAGE_MAX];
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	snprintf(message, sizeof(message),
		 "RELOADING=1\nMONOTONIC_USEC=%lld\nSTATUS=reading the configuration",
		 (long long)now.tv_sec * 1000000 + now.tv_nsec / 1000);
	notify(message);
}

void notify_stopping(void)
{
	notify("STOPPING=1\nSTATUS=ending");
}
