/* SPDX-License-Identifier: BSD-2-Clause */
#include "process/server.h"

#include <errno.h>
#include <log.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "process/daemon.h"
#include "process/generation.h"
#include "process/listen.h"
#include "process/logfiles.h"
#include "process/main_conf.h"
#include "process/master.h"
#include "process/signals.h"
#include "process/worker.h"

/* The file of -e exists from the start, also when the configuration names another. */
static void touch_error_log(const struct startup *startup)
{
	int fd = logfile_open(startup->error_log.data);

	if (fd >= 0)
		close(fd);
	else
		fprintf(stderr, "skua: [alert] could not open error log file: open() \"%s\" failed (%d: %s)\n",
			startup->error_log.data, -fd, strerror(-fd));
}

/* Owns the generation. */
static int serve(const struct startup *startup, struct generation *generation)
{
	if (generation->main->daemon) {
		int error = daemon_start();
		if (error < 0) {
			errno = -error;
			log_emerg("cannot go to the background");
			return 1;
		}
	}
	generation_use_log(generation);
	if (generation->main->master_process)
		return master_run(startup, generation);
	int status = single_run(generation);
	generation_destroy(generation);
	return status;
}

int server_run(const struct startup *startup)
{
	signals_block();
	if (!startup->serve)
		touch_error_log(startup);
	listen_adopt_environment();
	struct generation *generation = generation_read(startup, stderr);
	if (!generation)
		return 1;
	if (generation_open(generation) < 0) {
		generation_destroy(generation);
		return 1;
	}
	int status = serve(startup, generation);
	listen_finish(true);
	return status;
}
