/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The start of the server, from the command line (main.c) to the loop:
 *
 *     server_run()     takes over sockets, reads the configuration, opens what it names
 *     serve()          goes to the background, then calls one of
 *     master_run()     master.c: starts the processes of the first generation
 *     single_run()     worker/single.c: master_process off
 *
 * Until a configuration says where errors go, they go to standard error and the file of -e.
 */
#include "process/master/server.h"

#include <errno.h>
#include <log.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "process/listen/activation.h"
#include "process/listen/listen.h"
#include "process/listen/listen_transfer.h"
#include "process/master/master.h"
#include "process/os/daemon.h"
#include "process/os/signals.h"
#include "process/sandbox/privileges.h"
#include "process/server/generation.h"
#include "process/server/logfiles.h"
#include "process/server/main_conf.h"
#include "process/upgrade/preflight.h"
#include "process/upgrade/takeover.h"
#include "process/worker/worker.h"

/* Until the configuration says where errors go: to the caller and to the file of -e. */
static struct log early_file = { .fd = -1, .level = LEVEL_NOTICE };
static const struct log early = { .fd = STDERR_FILENO, .level = LEVEL_NOTICE, .next = &early_file };

/*
 * The file of -e exists from the start, also when the configuration names another. If
 * its folder is missing and the file is needed in the end, generation_open() says so.
 */
static void open_error_log(const struct startup *startup)
{
	char why[1024];
	int fd = logfile_open(startup->error_log.data, why, sizeof(why));

	if (fd < 0 && fd != -ENOENT)
		fprintf(stderr,
			"skua: the error log \"%s\" cannot be opened: %s; -e names another\n",
			startup->error_log.data, why[0] ? why : strerror(-fd));
	else if (fd >= 0 && !str_eq(startup->error_log, STR("/dev/stderr")))
		early_file.fd = fd;
	log_process = &early;
}

/* Owns the generation. */
static int serve(const struct startup *startup, struct generation *generation)
{
	if (takeover_is_beside()) {
		daemon_stay();
	} else if (generation->main->daemon && !takeover_is_instead()) {
		int error = daemon_start();
		if (error < 0) {
			log_emergc(error, "cannot go to the background");
			return 1;
		}
	}
	generation_use_log(generation, true);
	if (generation->main->master_process)
		return master_run(startup, generation);
	int status = single_run(generation);
	generation_destroy(generation);
	return status;
}

/* The start has failed: lets the old program of an upgrade, or its processes, go on. */
static int give_up(const struct startup *startup)
{
	takeover_go_back();
	return takeover_is_instead() ? master_run(startup, NULL) : 1;
}

static int run_preflight(const struct startup *startup)
{
	log_process = &early;
	if (startup->serve)
		privileges_were_dropped();
	struct generation *generation;
	int status = 1;

	if (generation_read(startup, stderr, &generation) == 0)
		status = preflight_serve(startup, generation);
	generation_destroy(generation);
	return status;
}

int server_run(const struct startup *startup)
{
	signals_block();
	if (preflight_is_this())
		return run_preflight(startup);
	if (!startup->serve)
		open_error_log(startup);
	if (takeover_begin() < 0)
		return 1;
	if (startup->serve && takeover_is_instead())
		privileges_were_dropped();
	activation_adopt();
	struct generation *generation;
	if (generation_read(startup, stderr, &generation) < 0)
		return give_up(startup);
	listen_return(generation->listeners);
	int error = generation_open(generation);
	/* With `skua serve` there is no need of root once the sockets are open. */
	const struct identity owner = { .uid = startup->uid, .gid = startup->gid };
	if (error == 0 && startup->serve)
		error = privileges_drop(&owner);
	if (error < 0) {
		generation_destroy(generation);
		return give_up(startup);
	}
	int status = serve(startup, generation);
	listen_finish(true);
	return status;
}
