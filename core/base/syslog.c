/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/syslog.h"

#include <stdio.h>
#include <time.h>

size_t syslog_put_head(char *to, const struct log_syslog *syslog, int severity)
{
	static const char months[][4] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun",
					  "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
	time_t now = time(NULL);
	struct tm tm;

	localtime_r(&now, &tm);

	int len = snprintf(to, SYSLOG_HEAD_MAX, "<%d>%s %2d %02d:%02d:%02d %.*s%s%.*s: ",
			   syslog->facility * 8 + severity, months[tm.tm_mon], tm.tm_mday,
			   tm.tm_hour, tm.tm_min, tm.tm_sec, STR_ARG(syslog->host),
			   syslog->host.len ? " " : "", STR_ARG(syslog->tag));

	return len < SYSLOG_HEAD_MAX ? (size_t)len : SYSLOG_HEAD_MAX - 1;
}
