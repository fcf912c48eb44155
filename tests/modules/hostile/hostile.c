/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A worker that was taken over: a request for /NAME tries an attack with all that a
 * worker holds, and the answer lists what was not refused.
 *
 *     location / { hostile %PORT2%; }       a port that it tries to connect to
 */
#include "hostile.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>

struct hostile_conf {
	int64_t port;
};

void note(struct report *report, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	int len = vsnprintf(report->text + report->len, sizeof(report->text) - report->len, format,
			    args);
	va_end(args);
	if (len > 0 && (size_t)len < sizeof(report->text) - report->len)
		report->len += (size_t)len;
}

void tried(struct report *report, const char *what, long result)
{
	if (result >= 0)
		note(report, "%s: done\n", what);
	else if (errno != EPERM && errno != EACCES && errno != ENOSYS)
		note(report, "%s: error %d\n", what, errno);
}

bool is_listening(int fd)
{
	union {
		struct sockaddr any;
		struct sockaddr_storage room;
	} address;
	socklen_t len = sizeof(address);

	if (getsockname(fd, &address.any, &len) < 0 || len <= sizeof(sa_family_t))
		return false;
	len = sizeof(address);
	return getpeername(fd, &address.any, &len) < 0 && errno == ENOTCONN;
}

bool is_message_socket(int fd)
{
	union {
		struct sockaddr any;
		struct sockaddr_un un;
	} address = { .any.sa_family = AF_UNSPEC };
	socklen_t len = sizeof(address);

	return getsockname(fd, &address.any, &len) == 0 && address.any.sa_family == AF_UNIX &&
	       len == sizeof(sa_family_t) && getpeername(fd, &address.any, &len) == 0;
}

static const struct {
	const char *name;
	void (*act)(struct report *report);
} attacks[] = {
	{ "/connect", attack_connect },	    { "/shutdown", attack_shutdown },
	{ "/options", attack_options },	    { "/flags", attack_flags },
	{ "/logs", attack_logs },	    { "/processes", attack_processes },
	{ "/proc", attack_proc },	    { "/counters", attack_counters },
	{ "/inherited", attack_inherited }, { "/silence", attack_silence },
	{ "/linger", attack_linger },	    { "/flood", attack_flood },
	{ "/read", attack_read },	    { "/before", attack_before },
	{ "/opener", attack_opener },	    { "/opener-flood", attack_opener_flood },
	{ "/compressor", attack_compressor },
	{ "/form", attack_form },	    { "/compressor-flood", attack_compressor_flood },
	{ "/channels", attack_channels },   { "/certificates", attack_certificates },
	{ "/log-opener", attack_log_opener }, { "/log-opener-flood", attack_log_opener_flood },
	{ "/moved", attack_moved },	    { "/junk", attack_junk },
	{ "/connections", attack_connections }, { "/descriptors", attack_descriptors },
};

static verdict hostile_content(struct request *req, const void *data)
{
	const struct hostile_conf *conf = data;
	static struct report report;

	if (!conf->port)
		return PASS;
	for (size_t i = 0; i < sizeof(attacks) / sizeof(attacks[0]); i++) {
		if (!str_eq(req->uri, str_from(attacks[i].name)))
			continue;
		report = (struct report){ .req = req, .port = (int)conf->port };
		attacks[i].act(&report);
		return respond_text(req, 200, pool_strdup(req->pool, (struct str){ report.text,
										report.len }));
	}
	return 404;
}

const struct module hostile_module = {
	.name = "hostile",
	.summary = "does what a worker does that was taken over",
	.conf_size = sizeof(struct hostile_conf),
	.directives = (const struct directive[]) {
		DIRECTIVE("hostile", IN_LOCATION, struct hostile_conf, port, "port",
			"Attacks by the names of its URIs.", .min = 1, .max = 65535),
		{ 0 }
	},
	.on[PHASE_CONTENT] = hostile_content,
};
