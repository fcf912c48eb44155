/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The program: reads its command line, and runs the server (process/master/server.h) or one of
 * the other commands (cli/).
 */
#include <config.h>
#include <errno.h>
#include <log.h>
#include <pool.h>
#include <stdio.h>
#include <stdlib.h>
#include <text.h>
#include <unistd.h>

#include "cli/commands.h"
#include "cli/control_client.h"
#include "cli/help/help.h"
#include "cli/help/usage.h"
#include "cli/options.h"
#include "cli/serve.h"
#include "cli/signal_command.h"
#include "config/config.h"
#include "config/modules.h"
#include "config/source/source.h"
#include "http/frames/hpack.h"
#include "process/master/server.h"
#include "process/os/proctitle.h"
#include "process/sandbox/sandbox.h"
#include "process/server/generation.h"
#include "process/server/main_conf.h"
#include "process/server/start_check.h"
#include "process/upgrade/program.h"
#include "process/upgrade/takeover.h"

#ifdef __clang__
#define COMPILER __VERSION__
#else
#define COMPILER "gcc " __VERSION__
#endif

static void print_version(void)
{
	fputs("skua version: skua/" SKUA_VERSION SKUA_BUILD "\n", stderr);
}

/* -V prints the compiler, libraries with their versions, modules and options of configure, too. */
static void print_build(void)
{
	print_version();
	fputs("built by " COMPILER "\n", stderr);
	for (size_t i = 0; i < module_count(); i++)
		if (module_at(i)->library)
			fprintf(stderr, "with %s (%s)\n", module_at(i)->library(),
				module_at(i)->name);
	if (hpack_library())
		fprintf(stderr, "with %s (HTTP/2)\n", hpack_library());
	else
		fputs("without HTTP/2\n", stderr);
	fputs("modules:", stderr);
	for (size_t i = 0; i < modules_count; i++)
		fprintf(stderr, " %s", modules[i]->name);
	fputs("\nconfigure arguments: " SKUA_CONFIGURE_ARGS "\n", stderr);
}

/* The path of -c or -e, which is relative to the prefix as in nginx; NULL: the built-in one. */
static struct str below_prefix(struct pool *pool, struct str prefix, const char *given,
			       const char *built_in)
{
	if (!given)
		return path_below_prefix(pool, prefix, built_in);
	return path_below(pool, prefix, str_from(given));
}

/* Makes the paths of the options absolute; a relative -p begins at the current directory. */
static struct startup startup_of(struct pool *pool, const struct options *options)
{
	struct startup startup = {
		.globals = str_from(options->globals),
		.json = options->json && options->command == COMMAND_TEST,
	};
	const char *prefix = options->prefix ? options->prefix : SKUA_PREFIX;
	char *here = prefix[0] == '/' ? NULL : getcwd(NULL, 0);
	struct str full = pool_printf(pool, "%s%s%s", here ? here : "", here ? "/" : "", prefix);

	free(here);
	if (!str_ends(full, STR("/")))
		full = pool_printf(pool, "%.*s/", STR_ARG(full));
	startup.prefix = path_clean(pool, full);
	startup.conf_path = below_prefix(pool, startup.prefix, options->conf, SKUA_CONF_PATH);
	if (options->error_log && str_eq(str_from(options->error_log), STR("stderr")))
		startup.error_log = STR("/dev/stderr");
	else
		startup.error_log = below_prefix(pool, startup.prefix, options->error_log,
						 SKUA_ERROR_LOG_PATH);
	return startup;
}

/* The exit status for an error of generation_read(). */
static int status_of(int error)
{
	return error == -EOPNOTSUPP ? STATUS_NOT_SUPPORTED : STATUS_FAILED;
}

/* -t and -T. Returns the exit status. */
static int test(const struct startup *startup, bool quiet, bool dump)
{
	struct generation *generation;
	const char *path = startup->conf_path.data;
	int error = generation_read(startup, stderr, &generation);

	if (error < 0) {
		fprintf(stderr, "skua: configuration file %s test failed\n", path);
		return status_of(error);
	}
	if (!quiet)
		fprintf(stderr, "skua: the configuration file %s syntax is ok\n", path);
	bool starts = start_check(generation);
	if (!starts || !quiet)
		fprintf(stderr, "skua: configuration file %s test %s\n", path,
			starts ? "is successful" : "failed");
	if (dump)
		conf_dump(generation->conf, stdout);
	generation_destroy(generation);
	return !starts;
}

/*
 * -t --json: {"messages":[…],"result":"ok"}; other results are "wrong" and "not supported".
 * Returns the exit status.
 */
static int test_json(const struct startup *startup)
{
	static const char *const results[] = { "ok", "wrong", "not supported" };
	struct generation *generation;

	fputs("{\"messages\":[", stdout);

	int error = generation_read(startup, stdout, &generation);
	int status = error < 0 ? status_of(error) : !start_check(generation);

	printf("],\"result\":\"%s\"}\n", results[status]);
	generation_destroy(generation);
	return status;
}

/* `skua help sandbox -c FILE`. Returns the exit status. */
static int show_sandbox(const struct startup *startup)
{
	struct generation *generation;

	if (generation_read(startup, stderr, &generation) < 0)
		return 1;
	sandbox_print(generation->conf, stdout);
	generation_destroy(generation);
	return 0;
}

/* `skua help [WORD ...]`. Returns the exit status. */
static int help(struct pool *pool, const struct options *options)
{
	struct text topic = { .pool = pool };

	for (int i = 0; options->words[i]; i++)
		text_printf(&topic, "%s%s", i ? " " : "", options->words[i]);

	const char *words = options->words[0] ? pool_cstr(pool, text_str(&topic)) : NULL;
	if (options->json)
		return help_json(stdout, words) < 0 ? STATUS_FAILED : STATUS_DONE;
	if (words)
		return help_print(stdout, words) < 0 ? STATUS_FAILED : STATUS_DONE;
	help_overview(stdout);
	return STATUS_DONE;
}

static int run(struct pool *pool, const struct options *options)
{
	const struct startup startup = startup_of(pool, options);

	switch (options->command) {
	case COMMAND_VERSION:
		print_version();
		return 0;
	case COMMAND_BUILD:
		print_build();
		return 0;
	case COMMAND_USAGE:
		usage_print(stdout, options->usage);
		return 0;
	case COMMAND_HELP:
		return help(pool, options);
	case COMMAND_HELP_ALL:
		help_all(stdout);
		return 0;
	case COMMAND_HELP_NAMES:
		help_names(stdout);
		return 0;
	case COMMAND_HELP_LISTING:
		usage_list(stdout);
		return 0;
	case COMMAND_SANDBOX:
		return show_sandbox(&startup);
	case COMMAND_SERVE:
		return serve_folder(pool, options);
	case COMMAND_SIGNAL:
		return signal_command(&startup, options->signal);
	case COMMAND_STATUS:
		return control_ask(&startup, options->log  ? "log" :
					     options->json ? "status json" :
					     options->openmetrics ? "status openmetrics" :
							     "status");
	case COMMAND_TEST:
		return options->json ? test_json(&startup) : test(&startup, options->quiet, false);
	case COMMAND_DUMP:
		return test(&startup, options->quiet, true);
	case COMMAND_RUN:
		break;
	}
	return server_run(&startup);
}

int main(int argc, char **argv)
{
	struct options options;

	program_note(argv);
	counters_declare();
	proctitle_start(argc, argv);
	if (options_read(&options, argc, argv) < 0)
		return 1;
	struct pool *pool = pool_create(0);
	int status = run(pool, &options);
	if (status)
		takeover_go_back();
	pool_destroy(pool);
	return status;
}
