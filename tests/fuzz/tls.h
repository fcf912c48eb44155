/* SPDX-License-Identifier: BSD-2-Clause */
/* What the targets for TLS share: a server in the process, whose loop has to come to rest. */
#ifndef FUZZ_TLS_H
#define FUZZ_TLS_H

#include <assert.h>
#include <signal.h>

#include "config/config.h"
#include "config/modules.h"
#include "event/loop.h"
#include "http/conf/http.h"
#include "http/h1/http1.h"
#include "unit/tls_peer.h"

static const char configuration[] =
	"http { access_log off; client_max_body_size 10k; large_client_header_buffers 2 2k;\n"
	"  server { " TLS_PEER_SERVER " return 200 ok; } }\n";

static const struct listener *start(void)
{
	static const struct log quiet = { .fd = -1 };
	struct conf *conf = conf_create(&(struct conf_options){ .prefix = STR("/"),
								.path = STR("/none.conf"),
								.name = STR("none.conf") });

	assert(conf_load(conf, (struct str)STR_INIT(configuration)) == 0);
	assert(loop_start() == 0);
	signal(SIGPIPE, SIG_IGN);
	log_process = &quiet;
	http_prepare(conf);
	http_start(conf, &http1_protocol, NULL);
	assert(modules_start(conf) == 0);
	return http_listeners(conf)->items;
}

static void pass(int64_t ms)
{
	static int64_t now = 1000;

	now += ms;
	clock_stop_at(now);
}

static void settle(void)
{
	enum { TURNS = 200 };

	for (int turns = 0; loop_turn(0); turns++)
		assert(turns < TURNS);
}

/* Whatever has come: the connection ends by its deadline. */
static void finish(struct tls_peer *peer)
{
	settle();
	for (int i = 0; i < 10 && conns.active; i++) {
		pass(3600 * 1000);
		settle();
	}
	assert(conns.active == 0);
	close(peer->fd);
}

#endif
