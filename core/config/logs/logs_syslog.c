/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Parses the parameters of a log that goes to a syslog server:
 *
 *     syslog:server=192.0.2.1:514,facility=local7,tag=skua,severity=info
 *     syslog:server=unix:/dev/log,nohostname
 */
#include <module.h>
#include <unistd.h>

#include "base/syslog.h"
#include "config/config.h"
#include "config/logs/logs.h"

enum { TAG_MAX = 32, HOST_MAX = 256 };

/* RFC 3164 section 4.1.1, with nginx's names. The index is the number of the facility. */
static const char *const facilities[] = {
	"kern",	  "user",   "mail",   "daemon", "auth",	  "intern", "lpr",    "news",
	"uucp",	  "clock",  "authpriv", "ftp",	"ntp",	  "audit",  "alert",  "cron",
	"local0", "local1", "local2", "local3", "local4", "local5", "local6", "local7",
};

static const char *const severities[] = { "emerg", "alert",  "crit", "error",
					  "warn",  "notice", "info", "debug" };

static int find(struct str text, const char *const *names, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (str_eq_nocase(text, str_from(names[i])))
			return (int)i;
	return -1;
}

static bool is_tag(struct str tag)
{
	for (size_t i = 0; i < tag.len; i++) {
		char c = ascii_lower(tag.data[i]);

		if ((c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '_')
			return false;
	}
	return tag.len > 0 && tag.len <= TAG_MAX;
}

/* Parses one parameter. NULL, or the text of an error. */
static const char *take(struct pool *pool, struct log_syslog *out, struct str parameter)
{
	struct str value = parameter, name = str_split(&value, '=');

	if (str_eq(parameter, STR("nohostname"))) {
		out->host = STR("");
		return NULL;
	}
	if (str_eq(name, STR("server"))) {
		out->server = pool_strdup(pool, value);
		return value.len ? NULL : "the server is missing";
	}
	if (str_eq(name, STR("facility"))) {
		out->facility = find(value, facilities, 24);
		return out->facility < 0 ? "there is no such facility" : NULL;
	}
	if (str_eq(name, STR("severity"))) {
		out->severity = find(value, severities, 8);
		return out->severity < 0 ? "there is no such severity" : NULL;
	}
	if (!str_eq(name, STR("tag")))
		return "expected server=, facility=, severity=, tag= or nohostname";
	out->tag = pool_strdup(pool, value);
	return is_tag(value) ? NULL : "a tag has up to 32 letters, digits or underscores";
}

const struct log_syslog *syslog_parse(struct conf_call *call, const struct conf_word *word)
{
	struct log_syslog *out = pool_new(call->pool, struct log_syslog);
	struct str rest = str_skip(word->text, sizeof("syslog:") - 1);
	char host[HOST_MAX] = "";

	gethostname(host, sizeof(host) - 1);
	*out = (struct log_syslog){
		.host = pool_strdup(call->pool, str_from(host)),
		.tag = STR("skua"),
		.facility = 23,
		.severity = LEVEL_INFO,
	};
	while (!str_empty(rest)) {
		struct str parameter = str_split(&rest, ',');
		const char *mistake = take(call->pool, out, parameter);

		if (mistake) {
			conf_error(call, word, "invalid parameter \"%.*s\" of syslog: %s",
				   STR_ARG(parameter), mistake);
			return NULL;
		}
	}
	if (out->server.data)
		return out;
	conf_error(call, word, "the server of syslog is missing\n"
			       "expected syslog:server=ADDRESS or syslog:server=unix:PATH");
	return NULL;
}
