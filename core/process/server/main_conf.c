/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The tables of the two modules, and the few values that no field's type can
 * parse: users, "auto", the block events.
 */
#include "process/server/main_conf.h"

#include <config.h>
#include <grp.h>
#include <helper.h>
#include <module.h>
#include <pwd.h>
#include <unistd.h>

#include "config/config.h"
#include "process/os/cpus.h"

const struct main_conf *main_conf_of(struct conf *conf)
{
	return scope_data(conf_main(conf), &main_module);
}

const struct events_conf *events_conf_of(struct conf *conf)
{
	const struct main_conf *own = main_conf_of(conf);

	return own->events ? own->events : scope_data(conf_main(conf), &events_module);
}

/* Configurations for nginx, which has no "pid off", name /dev/null instead. */
static bool has_pid_file(struct conf *conf)
{
	struct str path = main_conf_of(conf)->pid;

	return !str_eq(path, STR("off")) && !str_eq(path, STR("/dev/null"));
}

struct str main_conf_pid_path(struct conf *conf)
{
	struct str path = main_conf_of(conf)->pid;

	if (!has_pid_file(conf))
		return STR("");
	return str_empty(path) ? conf_built_in_path(conf, SKUA_PID_PATH) :
				 conf_full_path(conf, path);
}

struct str main_conf_control_path(struct conf *conf)
{
	const struct main_conf *own = main_conf_of(conf);

	if (!own->master_process || str_eq(own->control, STR("off")))
		return STR("");
	if (!str_empty(own->control))
		return conf_full_path(conf, own->control);
	struct str path = has_pid_file(conf) ? main_conf_pid_path(conf) :
					       conf_built_in_path(conf, SKUA_PID_PATH);
	return pool_printf(conf_pool(conf), "%.*s.sock", STR_ARG(path));
}

bool helper_can_run(struct conf *conf)
{
	return main_conf_of(conf)->master_process;
}

static int set_user(struct conf_call *call)
{
	const struct conf_word *args = call->node->args;
	struct main_conf *own = call->data;
	const struct passwd *user = getpwnam(args[0].text.data);

	if (!user)
		return conf_error(call, &args[0], "there is no user \"%.*s\" on this system",
				  STR_ARG(args[0].text));
	own->user = args[0].text;
	own->uid = user->pw_uid;
	own->gid = user->pw_gid;

	const struct conf_word *name = &args[call->node->nargs - 1];
	const struct group *group = getgrnam(name->text.data);
	if (!group && call->node->nargs > 1)
		return conf_error(call, name, "there is no group \"%.*s\" on this system",
				  STR_ARG(name->text));
	if (group)
		own->gid = group->gr_gid;
	if (geteuid() != 0)
		conf_warn(call, NULL,
			  "has an effect only when root starts the server: only root can give "
			  "the workers to another user");
	return 0;
}

static int set_worker_processes(struct conf_call *call)
{
	struct main_conf *own = call->data;

	if (conf_word_is(&call->node->args[0], "auto")) {
		unsigned cpus = cpus_usable();
		own->worker_processes = cpus < WORKERS_MAX ? cpus : WORKERS_MAX;
		return 0;
	}
	return conf_parse_int(call, &call->node->args[0], 1, WORKERS_MAX, &own->worker_processes);
}

static int set_events(struct conf_call *call)
{
	struct main_conf *own = call->data;
	struct conf_scope *scope = conf_scope_open(call, IN_EVENTS);

	if (conf_scope_apply(call, scope) < 0)
		return -EINVAL;
	own->events = scope_data(scope, &events_module);
	return 0;
}

static int set_use(struct conf_call *call)
{
	const struct conf_word *method = &call->node->args[0];

	if (!conf_word_is(method, "epoll"))
		conf_warn(call, method, "is not used: this server waits with epoll");
	return 0;
}

/* Without the directive user the workers get the user that configure was given. */
static int check_main(struct conf_call *call, void *data)
{
	struct main_conf *own = data;

	worker_conf_check(call, &own->worker, own->worker_processes);
	if (!str_empty(own->user))
		return 0;
	const struct passwd *user = getpwnam(SKUA_USER);
	const struct group *group = getgrnam(SKUA_GROUP);
	own->user = str_from(SKUA_USER);
	own->uid = user ? user->pw_uid : 65534;
	own->gid = group ? group->gr_gid : user ? user->pw_gid : 65534;
	return 0;
}

const struct module main_module = {
	.name = "main",
	.summary = "processes and their rights",
	.conf_size = sizeof(struct main_conf),
	.directives = (const struct directive[]) {
		DIRECTIVE_SET("user", IN_MAIN, set_user, "name [group]",
			"The user and group whose rights the workers have when root starts the "
			"server. Without a group it is the group of the same name, or the primary "
			"group of the user if there is no such group.\n\n"
			"    user www-data;",
			.initial = NULL, .min_args = 1, .max_args = 2),
		DIRECTIVE_SET("worker_processes", IN_MAIN, set_worker_processes, "number | auto",
			"The number of workers. auto: one for each CPU that this process may use, "
			"by its affinity and by the quota of its control group.\n\n"
			"    worker_processes auto;",
			.initial = "1", .min_args = 1),
		DIRECTIVE("worker_rlimit_nofile", IN_MAIN, struct main_conf, worker_rlimit_nofile,
			"number",
			"The number of descriptors that a worker may have open (RLIMIT_NOFILE). A "
			"connection takes one, a file that is being sent another. Half of the "
			"descriptors that a worker does not need for itself, but at most 256, are "
			"kept for files.\n\n"
			"    worker_rlimit_nofile 65536;",
			.min = 1, .max = 1 << 30),
		DIRECTIVE_SET("worker_priority", IN_MAIN, worker_set_priority, "number",
			"The priority of the workers, from -20 (first) to 20 (last), as for "
			"nice(1). Only root can raise it above that of the server; where the "
			"system refuses, the log says so and the workers keep theirs.\n\n"
			"    worker_priority -5;",
			.min_args = 1),
		DIRECTIVE_SET("worker_cpu_affinity", IN_MAIN, worker_set_cpus,
			"cpumask ... | auto [cpumask]",
			"The CPUs that each worker may use: a mask for each of them, of which "
			"the last digit is the first CPU. Workers beyond the masks get the last "
			"one. auto: each worker gets one of the CPUs that the server may use, or "
			"of those in the mask, in turn.\n\n"
			"    worker_processes    4;\n"
			"    worker_cpu_affinity 0001 0010 0100 1000;",
			.min_args = 1, .max_args = MANY_ARGS),
		DIRECTIVE_SET("env", IN_MAIN, worker_set_env, "name[=value]",
			"Keeps a variable of the environment for the workers and helpers, or "
			"gives it a value there. They have no others but TZ; the master keeps "
			"all of them, for the next program of an upgrade.\n\n"
			"    env OPENSSL_CONF=/etc/skua/openssl.cnf;",
			.flags = REPEAT, .min_args = 1),
		DIRECTIVE("worker_shutdown_timeout", IN_MAIN, struct main_conf,
			worker_shutdown_timeout, "time",
			"A worker that was told to end closes the connections that it still has "
			"after this time. Without this directive it waits for the last response."
			"\n\n    worker_shutdown_timeout 1m;"),
		DIRECTIVE("drain_delay", IN_MAIN, struct main_conf, drain_delay, "time",
			"How long the server goes on to accept connections after it was told to "
			"quit (the signal QUIT, skua -s quit). During this time `readiness` "
			"answers 503, so that a balancer sends new connections elsewhere before "
			"the listening sockets close. Choose more than the time in which the "
			"balancer notices that. A second signal QUIT ends the wait. At a reload "
			"and at an upgrade the sockets stay open, so there is nothing to wait "
			"for.\n\n"
			"    drain_delay 10s;",
			.initial = "0"),
		DIRECTIVE("term_signal", IN_MAIN, struct main_conf, term_quits, "stop | quit",
			"What the signal TERM means. stop: the server ends at once, as nginx does. "
			"quit: it ends after drain_delay and the responses under way, as at the "
			"signal QUIT, for service managers and containers that send TERM and "
			"no other signal. INT always ends the server at once, and skua -s stop "
			"sends that.\n\n"
			"    term_signal quit;",
			.initial = "stop",
			.keywords = (const struct keyword[]) {
				{ "stop", 0 },
				{ "quit", 1 },
				{ NULL, 0 },
			}),
		DIRECTIVE("pid", IN_MAIN, struct main_conf, pid, "file | off",
			"The file that holds the number of the master process while it runs. While "
			"two programs serve during an upgrade, the file of the old one has .oldbin "
			"at its end. The default is the path that configure was given "
			"(--pid-path).\n\n"
			"off: there is no such file; /dev/null means the same. The control socket "
			"then has the path that it has without this directive, unless control "
			"names another path.\n\n"
			"Only a regular file is replaced or removed. If a device, a pipe or a "
			"socket lies at the path, it is left alone, and there is no pid file. A "
			"symbolic link is followed by the rule for log files (error_log). If no "
			"file can be created in the directory, but the file itself can be written, "
			"the number is written into the file.\n\n"
			"    pid /run/skua.pid;"),
		DIRECTIVE("control", IN_MAIN, struct main_conf, control, "file | off",
			"The unix socket through which skua -s reload, -s reopen, -s upgrade and "
			"skua status give commands to the master process; only its owner and root "
			"may do so. The default is the path of the pid file with .sock at its end; "
			"with \"pid off\" it is made from the path that configure was given "
			"(--pid-path). A second, abstract address is made from the names of the "
			"configuration file and the prefix, so that a command finds the server "
			"also after pid or control was changed in the file. off: there is neither "
			"socket nor address.\n\n"
			"    control /run/skua.control;"),
		DIRECTIVE("daemon", IN_MAIN, struct main_conf, daemon, "on | off",
			"Whether the server goes to the background. With off, an upgrade replaces "
			"the program in the same process.\n\n"
			"    daemon off;",
			.initial = "on"),
		DIRECTIVE("master_process", IN_MAIN, struct main_conf, master_process, "on | off",
			"off: no workers are started, and one process does all the work. For "
			"debugging.\n\n"
			"    master_process off;",
			.initial = "on"),
		DIRECTIVE_SET("events", IN_MAIN, set_events, "{ … }",
			"How connections are accepted and distributed.\n\n"
			"    events {\n"
			"        worker_connections 4096;\n"
			"    }", .flags = BLOCK),
		{ 0 }
	},
	.check = check_main,
};

const struct module events_module = {
	.name = "events",
	.summary = "how connections are accepted and distributed",
	.conf_size = sizeof(struct events_conf),
	.directives = (const struct directive[]) {
		DIRECTIVE("worker_connections", IN_EVENTS, struct events_conf, worker_connections,
			"number",
			"The largest number of connections of one worker, idle ones included.\n\n"
			"    worker_connections 4096;",
			.initial = "512", .min = 1, .max = 1 << 30),
		DIRECTIVE("multi_accept", IN_EVENTS, struct events_conf, multi_accept, "on | off",
			"Whether a worker takes all waiting connections at once, or one at a time."
			"\n\n    multi_accept on;",
			.initial = "off"),
		DIRECTIVE("accept_mode", IN_EVENTS, struct events_conf, accept_mode,
			"shared | reuseport | handoff",
			"How connections reach the workers. shared: all workers wait for the same "
			"sockets and take turns. reuseport: each worker has sockets of its own "
			"and the kernel distributes the connections; if a worker hangs, its "
			"connections wait for it. handoff: one process accepts each connection and "
			"passes it to the worker with the fewest connections, which costs more "
			"CPU time and distributes them most evenly.\n\n"
			"    accept_mode reuseport;",
			.initial = "shared",
			.keywords = (const struct keyword[]) {
				{ "shared", ACCEPT_SHARED },
				{ "reuseport", ACCEPT_REUSEPORT },
				{ "handoff", ACCEPT_HANDOFF },
				{ NULL, 0 },
			}),
		DIRECTIVE("balance", IN_EVENTS, struct events_conf, balance, "on | off",
			"Whether a worker that has far more connections than the one with the "
			"fewest passes idle connections on to it. It does so if it has at least "
			"twice as many, and at least 64 more, at most 128 times in a second.\n\n"
			"    balance off;",
			.initial = "on"),
		DIRECTIVE_SET("use", IN_EVENTS, set_use, "epoll",
			"The system call that waits for events. This server always uses epoll.\n\n"
			"    use epoll;",
			.min_args = 1),
		DIRECTIVE_OBSOLETE("accept_mutex", IN_EVENTS, "on | off",
			"The kernel wakes one worker for a connection; see accept_mode."),
		DIRECTIVE_OBSOLETE("accept_mutex_delay", IN_EVENTS, "time", "See accept_mode."),
		{ 0 }
	},
};
