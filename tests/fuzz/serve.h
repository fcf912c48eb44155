/* SPDX-License-Identifier: BSD-2-Clause */
/* What the targets for connections share: a server in the process, and a clock that they set. */
#ifndef FUZZ_SERVE_H
#define FUZZ_SERVE_H

#include <assert.h>
#include <limits.h>
#include <signal.h>
#include <unistd.h>

#include "config/config.h"
#include "config/modules.h"
#include "event/loop.h"
#include "http/conf/http.h"
#include "http/h1/http1.h"
#include "net/conn.h"

/*
 * Starts a server, whose prefix is the current directory. `http2`: the protocol that connections
 * may change to, or NULL. Returns its first listener, which has no socket.
 */
static const struct listener *serve(const char *configuration, const struct protocol *http2)
{
	static const struct log quiet = { .fd = -1 };
	static char here[PATH_MAX + 1];

	assert(getcwd(here, PATH_MAX));
	strcat(here, "/");

	struct conf *conf = conf_create(&(struct conf_options){ .prefix = str_from(here),
								.path = STR("/none.conf"),
								.name = STR("none.conf") });

	assert(conf_load(conf, str_from(configuration)) == 0);
	assert(loop_start() == 0);
	signal(SIGPIPE, SIG_IGN);
	log_process = &quiet;
	http_prepare(conf);
	http_start(conf, &http1_protocol, http2);
	assert(modules_start(conf) == 0);
	return http_listeners(conf)->items;
}

/* From now on the clock shows so many milliseconds more. */
static void pass(int64_t ms)
{
	static int64_t now = 1000;

	now += ms;
	clock_stop_at(now);
}

#endif
