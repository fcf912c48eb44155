/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The new program's side of a trial: a worker without listening sockets, whose
 * one connection is the pair of sockets that the master has made.
 */
#include "process/upgrade/preflight.h"

#include <errno.h>
#include <fcntl.h>
#include <log.h>
#include <stdlib.h>
#include <str.h>
#include <unistd.h>

#include "event/loop.h"
#include "http/conf/http.h"
#include "net/conn.h"
#include "process/server/generation.h"
#include "process/server/main_conf.h"
#include "process/sandbox/privileges.h"
#include "process/worker/worker.h"

bool trial_is_this(void)
{
	return getenv("SKUA_TRIAL") != NULL;
}

static int descriptor(void)
{
	uint64_t fd;

	if (str_to_u64(str_from(getenv("SKUA_TRIAL")), INT32_MAX, &fd) < 0)
		return -EBADF;
	if (fcntl((int)fd, F_SETFD, FD_CLOEXEC) < 0 || fcntl((int)fd, F_SETFL, O_NONBLOCK) < 0)
		return -errno;
	return (int)fd;
}

static int start(const struct startup *startup, struct generation *generation)
{
	const struct main_conf *main = generation->main;
	const struct identity worker = {
		.user = main->user.data,
		.uid = main->uid,
		.gid = main->gid,
	};
	const struct identity owner = { .uid = startup->uid, .gid = startup->gid };
	const struct worker_place place = { .generation = generation, .inbox = -1 };

	if (privileges_drop(startup->serve ? &owner : &worker) < 0)
		return -1;
	int error = loop_start();
	if (error == 0)
		return worker_start(&place);
	log_emergc(error, "cannot start the loop");
	return -1;
}

/* Without an http block there is nothing to ask for. */
static void serve(struct generation *generation, int fd)
{
	const union address peer = { .any.sa_family = AF_UNIX };

	conns.none_left = loop_stop;
	if (generation->listeners->count == 0)
		close(fd);
	else if (conn_open(&generation->listeners->items[0], fd, &peer, sizeof(peer.any.sa_family)))
		loop_run();
	worker_finish();
	loop_finish();
}

int trial_answer(const struct startup *startup, struct generation *generation)
{
	static const char hello[] = "skua trial\n";
	int fd = descriptor();

	if (fd < 0) {
		log_emergx("SKUA_TRIAL does not name a descriptor; it is set by a master process "
			   "that tries a new program");
		return 1;
	}
	if (start(startup, generation) < 0)
		return 1;
	if (write(fd, hello, sizeof(hello) - 1) < 0) {
		log_emerg("the master process does not listen any longer");
		return 1;
	}
	serve(generation, fd);
	return 0;
}
