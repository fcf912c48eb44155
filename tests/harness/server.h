/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The server under test: $SKUA (build/skua), started with a configuration that
 * stands in the test, in a folder of its own, on ports that were free.
 *
 *     struct server *server = server_start("http { server { listen 127.0.0.1:%PORT%; } }");
 *     put_file(server, "a.html", "hello");
 *     ck_assert_str_eq(get(server, "/a.html").body, "hello");
 *     server_stop(server);
 *
 * WRAPPER="valgrind -q --error-exitcode=99" runs it inside another program.
 */
#ifndef HARNESS_SERVER_H
#define HARNESS_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

enum { SERVER_PORTS = 4 };

struct ask;
struct reply;
struct server;

/* How a server that is no process of its own is asked and ended: tests/http/inproc.h. */
struct server_kind {
	struct reply (*respond)(struct server *server, const char *target, const struct ask *ask);
	void (*stop)(struct server *server);
};

struct server {
	const char *dir; /* its prefix; html/ in it is the document root */
	int ports[SERVER_PORTS]; /* %PORT%, %PORT2% … */
	pid_t pid; /* of the process that was started: the master */
	const char *name; /* "skua", or what else was started, for messages */
	bool forgiven; /* server_forgive() */
	const struct server_kind *kind; /* NULL: a process that is asked over sockets */
};

/* How a server is started; what is zero is as usual. */
struct server_setup {
	const char *conf; /* the text of the configuration */
	const char *conf_path; /* where it lies below the prefix: "conf/server.conf" */
	const char *program; /* instead of $SKUA */
	const char *globals; /* for -g */
	const char *const *files; /* names and texts in turn, for put_file() before the start */
	bool bare; /* nothing is added to the configuration; its pid is logs/server.pid */
};

/*
 * Starts it and returns when it serves; fails the test when it does not. In the
 * text %PORT% becomes a port of 127.0.0.1, %DIR% the prefix, %SCHEME% that of the port's URLs
 * (https over harness/wire.h). Added on top: daemon
 * off, pid, error_log at level info in error.log, and where the text has none an
 * empty events block and `sandbox strict`, which ends a worker that makes a system
 * call nobody has thought of.
 */
struct server *server_start(const char *conf);
struct server *server_start_with(const struct server_setup *setup);

/* `directives` within one server that listens on the first port; no access log. */
struct server *server_with(const char *directives);

/*
 * Directives of main and of http around a server whose /pid tells the worker. Its
 * workers serve when this returns: what happens to them is no failed start.
 */
struct server *server_serving(const char *main, const char *http);

/*
 * Tells it to end after the answers under way (QUIT), once all clients of the
 * harness have hung up, and fails the test if it doesn't end with status 0 or
 * if its log speaks of a defect. Its folder is removed.
 */
void server_stop(struct server *server);

/* The same, told by another signal. */
void server_stop_by(struct server *server, int signal);

/* For tests that give it reason to: its log may speak of an [alert] or [emerg]. */
void server_forgive(struct server *server);

/* For tests that broke it on purpose: ends it without a look at its log or status. */
void server_abandon(struct server *server);

/*
 * Starts it without waiting for it to listen, for configurations that are wrong.
 * Returns its exit status; what it printed is in *output, until the test ends.
 */
int server_fails(const char *conf, const char **output);

/* Writes html/NAME, or DIR/NAME for "/NAME". Folders on the way are made. */
void put_file(struct server *server, const char *name, const char *text);
void put_bytes(struct server *server, const char *name, const void *bytes, size_t len);

/* Writes html/large, 16 MiB: more than sockets hold, so that the worker waits for the reader. */
void put_large(struct server *server);

/* The full path of what put_file() writes under this name; valid until the test ends. */
const char *file_path(const struct server *server, const char *name);

/* What a file holds (put_file()'s names), "" if there is none; valid until the test ends. */
const char *file_text(const struct server *server, const char *name);

/* Waits until the file holds exactly this, and fails the test when it never does. */
void file_becomes(const struct server *server, const char *name, const char *text);

/* True when the error log holds the text. */
bool log_has(struct server *server, const char *text);

/* Waits until it does, and fails the test when it never does. */
void log_wait(struct server *server, const char *text);

/* Waits until it does, and fails the test when it does more than once. */
void log_once(struct server *server, const char *text);

/* How often the text stands in a file. */
size_t file_count(const struct server *server, const char *name, const char *text);

/*
 * Waits until a condition holds: `while (!it_is_there()) deadline_wait(&p, "it is there");`.
 * Begin with a zeroed struct; fails the test when time is over, otherwise true.
 */
struct deadline {
	long until_ms;
};
bool deadline_wait(struct deadline *deadline, const char *what);

/* The workers, children of the master: how many, at most max written to pids. */
int server_workers(const struct server *server, pid_t *pids, int max);

/* The helper of this name, "opener"; 0: none runs. */
pid_t server_helper(const struct server *server, const char *name);

/* How many connections its processes have given to each other, as `skua status` says. */
int server_handed_off(const struct server *server);

/* A counter of a module, all workers together. What they count is seen a moment later. */
long server_counter(const struct server *server, const char *module, const char *name);

/* The descriptors that the master has open. Some are there for a moment only. */
int server_descriptors(const struct server *server);

/* Its memory is not as usual: it was built with the address sanitizer, as the tests are. */
extern const bool server_is_sanitized;

/*
 * Resident memory of the server and its workers in KiB. Under a sanitizer or in
 * WRAPPER, where that says nothing about the server, the test is skipped.
 */
#define server_memory(server) server_memory_in(server, __func__)
long server_memory_in(const struct server *server, const char *test);

/* The text with %PORT%, %PORT2% …, %DIR% and %SCHEME% filled in; valid until the test ends. */
const char *server_text(const struct server *server, const char *text);

/* A port of 127.0.0.1 that no other test gets; a server can listen there. */
int port_reserve(void);

/* The first of so many ports in a row, all of them such. */
int ports_reserve(int count);

/* Another process listens at %PORT2% (index 1); the descriptor is the caller's. */
int occupy_port(const struct server *server, int index);

/*
 * The parts of a start, for another kind of server: a folder with the setup's files in it; the
 * text of the configuration as the server reads it; what the server has written so far; and a
 * failed test if that speaks of a defect.
 */
struct server *server_create(const struct server_setup *setup);
const char *server_conf(const struct server *server, const struct server_setup *setup);
const char *server_output(const struct server *server);
void server_check_output(const struct server *server);

/* Monotonic milliseconds. */
long now_ms(void);

/* Seconds that anything may take before it counts as hung. */
int test_seconds(void);

#endif
