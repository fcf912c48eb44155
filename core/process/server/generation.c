/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reads a configuration and opens what it names: log files first, so that messages about the
 * rest are logged there.
 */
#include "process/server/generation.h"

#include <errno.h>
#include <log.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config/config.h"
#include "config/logs/logs.h"
#include "http/conf/http.h"
#include "process/listen/listen.h"
#include "process/server/logfiles.h"
#include "process/server/main_conf.h"
#include "process/server/report.h"
#include "process/server/start_check.h"

/* A configuration, in whose pool this lies, and how many generations read it. */
struct shared_conf {
	struct conf *conf;
	unsigned generations;
};

int generation_read(const struct startup *startup, FILE *messages, struct generation **out)
{
	const struct conf_options options = {
		.prefix = startup->prefix,
		.path = startup->conf_path,
		.globals = startup->globals,
		.messages = messages,
		.json = startup->json,
	};
	struct generation *generation = calloc(1, sizeof(*generation));

	*out = NULL;
	if (!generation) {
		fprintf(messages, "skua: no memory for the configuration\n");
		return -ENOMEM;
	}
	struct conf *conf = conf_create(&options);
	int error = conf_load(conf, startup->text);
	if (error < 0) {
		conf_destroy(conf);
		free(generation);
		return error;
	}
	http_prepare(conf);
	generation->conf = conf;
	generation->shared = pool_new(conf_pool(conf), struct shared_conf);
	*generation->shared = (struct shared_conf){ .conf = conf, .generations = 1 };
	generation->main = main_conf_of(conf);
	generation->events = events_conf_of(conf);
	generation->listeners = http_listeners(conf);
	generation->workers = (unsigned)generation->main->worker_processes;
	generation->socket_each = generation->main->master_process &&
				  generation->events->accept_mode == ACCEPT_REUSEPORT;
	if (!logs_main(conf))
		logs_set_main(conf, logs_add_error(conf, logs_note(conf, startup->error_log),
						   LEVEL_ERROR));
	*out = generation;
	return 0;
}

int generation_read_again(const struct startup *startup, struct generation **out)
{
	char *text = NULL, *rest = NULL;
	size_t size = 0;
	FILE *messages = open_memstream(&text, &size);

	*out = NULL;
	if (!messages) {
		int error = -errno;
		log_emergc(error, "cannot read the configuration");
		return error;
	}
	int error = generation_read(startup, messages, out);
	fclose(messages);
	report_put(str_from(text));
	for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
		log_emergx("%s", line);
	free(text);
	return error;
}

int generation_open(struct generation *generation)
{
	unsigned workers = generation->main->master_process ? generation->workers : 1;

	conf_drop_nodes(generation->conf);

	int error = start_check_log_folders(generation->conf);

	if (error == 0)
		error = logfiles_open(logs_of(generation->conf));
	if (error < 0)
		return error;
	error = listen_open(generation->listeners, workers, generation->socket_each);
	if (error < 0)
		logfiles_close(logs_of(generation->conf));
	return error;
}

/*
 * Where who has started or reloaded the server reads messages. While this log is used, messages go
 * to the log of the configuration, too (caller.next).
 */
static struct log caller = { .level = LEVEL_WARN };

/* At the end of the server the log in use may be closed before the last processes have ended. */
static void leave_log(const struct log *log)
{
	static const struct log nowhere = { .fd = -1 };

	if (log_process == log || (log_process == &caller && caller.next == log))
		log_process = &nowhere;
}

void generation_use_log(const struct generation *generation, bool starts)
{
	if (!generation->conf)
		return;
	log_process = logs_main(generation->conf);
	caller.fd = report_fd() >= 0 ? report_fd() : STDERR_FILENO;
	if (!starts || (caller.fd == STDERR_FILENO && logs_main_is_stderr(generation->conf)))
		return;
	caller.next = log_process;
	log_process = &caller;
}

static void release(struct shared_conf *shared)
{
	if (!shared || --shared->generations > 0)
		return;

	struct conf *conf = shared->conf;

	leave_log(logs_main(conf));
	logfiles_close(logs_of(conf));
	conf_destroy(conf);
}

void generation_pass(struct generation *from, struct generation *to)
{
	from->shared->generations++;
	release(to->shared);
	to->shared = from->shared;
	to->conf = from->conf;
	to->main = from->main;
	to->events = from->events;
	to->listeners = from->listeners;
	to->workers = from->workers;
	to->socket_each = from->socket_each;
	from->conf = NULL;
}

void generation_destroy(struct generation *generation)
{
	if (!generation)
		return;
	release(generation->shared);
	free(generation);
}
