/* SPDX-License-Identifier: BSD-2-Clause */
/* Lines of logs as messages for syslog (RFC 3164, which nginx writes too). */
#ifndef SKUA_BASE_SYSLOG_H
#define SKUA_BASE_SYSLOG_H

#include <stddef.h>

#include <str.h>

/* "syslog:server=…": where messages go, and what they begin with. Strings have a NUL behind. */
struct log_syslog {
	struct str server; /* "host", "host:port" or "unix:path" */
	struct str host; /* the name of this machine; empty: it is left out */
	struct str tag;
	int facility; /* 0 … 23 */
	int severity; /* 0 … 7, of lines without a level */
};

enum { SYSLOG_HEAD_MAX = 384 };

/*
 * Writes "<187>Nov  6 09:49:37 host tag: " to `to`, which has SYSLOG_HEAD_MAX bytes. Returns its
 * length.
 */
size_t syslog_put_head(char *to, const struct log_syslog *syslog, int severity);

#endif
