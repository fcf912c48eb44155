/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Checks with stat(2) and access(2); for the roots, in a child with the rights of the
 * workers (privileges_try()).
 */
#include "process/server/start_check.h"

#include <errno.h>
#include <fcntl.h>
#include <hash.h>
#include <log.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/config.h"
#include "config/logs/logs.h"
#include "config/template.h"
#include "http/conf/http.h"
#include "net/address.h"
#include "process/listen/listen.h"
#include "process/listen/sockets.h"
#include "process/os/place.h"
#include "process/sandbox/privileges.h"
#include "process/server/generation.h"
#include "process/server/logfiles.h"
#include "process/server/main_conf.h"

/* --- messages ----------------------------------------------------------------- */

enum severity { WARNING, ERROR };

/* Reports a fault at a place of the configuration, if there is one. */
static void report(struct conf *conf, enum severity severity, const struct conf_place *place,
		 struct str what, struct str remedy)
{
	struct conf_call call = { .conf = conf, .pool = conf_pool(conf) };
	const struct conf_word at = { .place = *place };
	const struct conf_word *word = place->file ? &at : NULL;

	if (severity == ERROR)
		conf_error(&call, word, "%.*s\n%.*s", STR_ARG(what), STR_ARG(remedy));
	else
		conf_warn(&call, word, "%.*s\n%.*s", STR_ARG(what), STR_ARG(remedy));
}

/* A lack of permission is a warning unless this is root: root may start the server. */
static enum severity severity_of(int error)
{
	return error == -EACCES && geteuid() != 0 ? WARNING : ERROR;
}

/* --- folders of log files ------------------------------------------------------- */

static struct str folder_of(struct pool *pool, struct str path)
{
	ssize_t slash = str_rchr(path, '/');

	if (slash < 0)
		return STR(".");
	return slash > 0 ? pool_strdup(pool, str_head(path, (size_t)slash)) : STR("/");
}

static bool is_there(struct str path)
{
	return access(path.data, F_OK) == 0 || errno != ENOENT;
}

/* Whether a folder does not exist and was not reported yet; notes it in `missing`. */
static bool is_newly_missing(struct hash_table *missing, struct str folder)
{
	static char mark;

	return !is_there(folder) && !hash_put(missing, folder, &mark);
}

int start_check_log_folders(struct conf *conf)
{
	struct hash_table missing = { .pool = conf_pool(conf) };
	const struct log_entry *entry = logs_of(conf)->files;

	for (; entry; entry = entry->next) {
		struct str folder = folder_of(conf_pool(conf), entry->file.path);

		if (!entry->file.syslog && !entry->ring_size &&
		    is_newly_missing(&missing, folder))
			log_emergx("the folder of the log file \"%.*s\" is not there; this makes "
				   "it: mkdir -p %.*s",
				   STR_ARG(entry->file.path), STR_ARG(folder));
	}
	return missing.count ? -ENOENT : 0;
}

/* --- files ------------------------------------------------------------------------ */

static void check_folder(struct conf *conf, struct hash_table *missing, const char *of,
			 struct str path, const struct conf_place *place)
{
	struct str folder = folder_of(conf_pool(conf), path);

	if (is_newly_missing(missing, folder))
		report(conf, ERROR, place,
		     pool_printf(conf_pool(conf), "the folder of %s \"%.*s\" is not there", of,
				 STR_ARG(path)),
		     pool_printf(conf_pool(conf), "mkdir -p %.*s", STR_ARG(folder)));
}

/* 0 if a file may be made there, or -errno. */
static int try_folder(const struct place *place)
{
	return faccessat(place->dir, ".", W_OK | X_OK, AT_EACCESS) < 0 ? -errno : 0;
}

static int try_write(const struct place *place)
{
	return faccessat(place->dir, place->name, W_OK, AT_EACCESS) < 0 ? -errno : 0;
}

/* 0 if a log file at the path can be written, or -errno; `why` as of place_find(). */
static int try_log(const char *path, char *why, size_t why_size)
{
	struct place place;
	int error = place_find(&place, path, why, why_size);

	if (error < 0)
		return error;
	if (!place.exists)
		error = try_folder(&place);
	else if (S_ISDIR(place.status.st_mode))
		error = -EISDIR;
	else
		error = S_ISSOCK(place.status.st_mode) ? -ENXIO : try_write(&place);
	place_finish(&place);
	return error;
}

/* The same for a pid file; -EEXIST: what lies there is left alone (pidfile.h). */
static int try_pid_file(const char *path, char *why, size_t why_size)
{
	struct place place;
	int error = place_find(&place, path, why, why_size);

	if (error < 0)
		return error;
	if (place.exists && S_ISDIR(place.status.st_mode))
		error = -EISDIR;
	else if (place.exists && !S_ISREG(place.status.st_mode))
		error = -EEXIST;
	else
		error = try_folder(&place);
	if (error != -EISDIR && error != -EEXIST && place.exists && try_write(&place) == 0)
		error = 0;
	place_finish(&place);
	return error;
}

/* Reports that a file cannot be written; `of` is what the file is for. */
static void report_file(struct conf *conf, const struct conf_place *at, const char *of,
			struct str path, int error, const char *why)
{
	struct str remedy = str_from(why);

	/* check_folder() has reported a missing folder already. */
	if (error == -ENOENT && !is_there(folder_of(conf_pool(conf), path)))
		return;
	if (!why[0] && error == -ENOENT)
		remedy = STR("the symbolic link there leads to a folder that is not there");
	else if (!why[0] && error == -ENXIO)
		remedy = STR("what lies there is a socket; name a file, or a pipe that is read");
	report(conf, severity_of(error), at,
	       pool_printf(conf_pool(conf), "%s \"%.*s\" cannot be written (%d: %s)", of,
			   STR_ARG(path), -error, strerror(-error)),
	       remedy);
}

static void check_pid_file(struct conf *conf)
{
	const struct conf_place none = { 0 };
	struct str path = main_conf_pid_path(conf);
	char why[1024] = "";
	int error = str_empty(path) ? 0 : try_pid_file(path.data, why, sizeof(why));

	if (error == -EEXIST)
		report(conf, WARNING, &none,
		       pool_printf(conf_pool(conf), "the pid file \"%.*s\" is no regular file",
				   STR_ARG(path)),
		       STR("it is left alone, and there is no pid file: pid off; says the same"));
	else if (error < 0)
		report_file(conf, &none, "the pid file", path, error, why);
}

static void check_files(struct conf *conf)
{
	struct hash_table missing = { .pool = conf_pool(conf) };
	const struct conf_place none = { 0 };
	const struct log_entry *entry = logs_of(conf)->files;

	for (; entry; entry = entry->next) {
		struct str path = entry->file.path;
		char why[1024] = "";

		if (entry->file.syslog || entry->ring_size)
			continue;
		check_folder(conf, &missing, "the log file", path, &entry->place);
		if (logfile_is_inherited(path.data))
			continue;
		int error = try_log(path.data, why, sizeof(why));
		if (error < 0)
			report_file(conf, &entry->place, "the log file", path, error, why);
	}
	check_folder(conf, &missing, "the pid file", main_conf_pid_path(conf), &none);
	check_pid_file(conf);
}

/* --- addresses -------------------------------------------------------------------- */

/*
 * 0, or -errno if this machine does not have the address. It binds a UDP socket to a port
 * that the kernel chooses, so that no TCP port is taken.
 */
static int try_address(const struct listener *listener)
{
	union address address = listener->address;
	int fd = socket(address.any.sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -errno;
	address_set_port(&address, 0);
	int error = bind(fd, &address.any, listener->address_len) < 0 ? -errno : 0;
	close(fd);
	return error;
}

/* Ports below this one need the capability CAP_NET_BIND_SERVICE. */
static int first_free_port(void)
{
	int port = 1024;
	FILE *file = fopen("/proc/sys/net/ipv4/ip_unprivileged_port_start", "re");

	if (file && fscanf(file, "%d", &port) != 1)
		port = 1024;
	if (file)
		fclose(file);
	return port;
}

static void report_listener(struct conf *conf, const struct listener *listener, int error,
			    const char *remedy)
{
	report(conf, severity_of(error), &listener->place,
	       pool_printf(conf_pool(conf), "listening on %.*s will fail (%d: %s)",
			   STR_ARG(listener->text), -error, strerror(-error)),
	       str_from(remedy));
}

static void check_address(struct conf *conf, const struct listener *listener)
{
	int port = address_port(&listener->address);
	int error = try_address(listener);

	if (error == 0 && port && port < first_free_port() && !privileges_for_ports())
		error = -EACCES;
	if (error < 0)
		report_listener(conf, listener, error, socket_remedy(listener, error));
}

/* Reports each pair of addresses once, at the later listen directive. */
static void check_conflict(const struct generation *generation, const struct listener *listener)
{
	struct conf *conf = generation->conf;
	const struct listener *other = listen_conflict(generation->listeners, listener,
						       generation->workers,
						       generation->socket_each);

	if (other && other < listener)
		report(conf, ERROR, &listener->place,
		       pool_printf(conf_pool(conf), "%.*s and %.*s cannot both have sockets",
				   STR_ARG(listener->text), STR_ARG(other->text)),
		       str_from(listen_conflict_remedy(listener, other)));
}

/* 0 or -errno. check_folder() reports a missing folder. */
static int try_socket(struct pool *pool, const char *path)
{
	struct stat status;

	if (lstat(path, &status) == 0)
		return S_ISSOCK(status.st_mode) ? 0 : -EADDRINUSE;
	struct str folder = folder_of(pool, str_from(path));
	if (faccessat(AT_FDCWD, folder.data, W_OK | X_OK, AT_EACCESS) == 0 || errno == ENOENT)
		return 0;
	return -errno;
}

static void check_socket(struct conf *conf, struct hash_table *missing,
			 const struct listener *listener)
{
	const char *path = listener->address.un.sun_path;

	check_folder(conf, missing, "the socket", str_from(path), &listener->place);
	int error = path[0] ? try_socket(conf_pool(conf), path) : 0;

	if (error == -EADDRINUSE)
		report_listener(conf, listener, error,
				"something lies there, and it is no socket: remove it, or name "
				"another path");
	else if (error < 0)
		report_listener(conf, listener, error, socket_remedy(listener, error));
}

static void check_listeners(const struct generation *generation)
{
	struct hash_table missing = { .pool = conf_pool(generation->conf) };
	const struct listeners *listeners = generation->listeners;

	for (size_t i = 0; i < listeners->count; i++) {
		const struct listener *listener = &listeners->items[i];

		if (listener->address.any.sa_family == AF_UNIX) {
			check_socket(generation->conf, &missing, listener);
			continue;
		}
		check_address(generation->conf, listener);
		check_conflict(generation, listener);
	}
}

/* --- roots ------------------------------------------------------------------------ */

/* The directories of all root and alias directives. */
struct roots {
	const char **paths;
	struct conf_place *places;
	size_t count, paths_capacity, places_capacity;
};

/* The place of the word behind root or alias in this block. */
static struct conf_place place_in(const struct conf_scope *scope, const char *name)
{
	const struct conf_node *node = scope->node ? scope->node->first : NULL;

	while (node && !str_eq(node->name.text, str_from(name)))
		node = node->next;
	return node && node->nargs ? node->args[0].place : (struct conf_place){ 0 };
}

/*
 * The part of a path that has to be a directory: a root as a whole, with a slash, so that
 * a file there is an error; of an alias, or of a path with variables, the part before the
 * last slash that no variable changes.
 */
static struct str directory_in(struct pool *pool, const struct template *path, bool is_root)
{
	struct str known = path->count ? path->parts[0].literal : path->literal;
	ssize_t slash = str_rchr(known, '/');

	if (path->is_literal && is_root)
		return pool_printf(pool, "%.*s/", STR_ARG(path->literal));
	return pool_strdup(pool, str_head(known, (size_t)(slash + 1)));
}

static void add_root(struct roots *roots, struct conf *conf, const struct conf_scope *scope,
		     const struct http_conf *own)
{
	struct pool *pool = conf_pool(conf);
	struct str directory = directory_in(pool, own->alias ? own->alias : own->root, !own->alias);

	if (str_empty(directory))
		return;
	roots->paths = pool_grow(pool, roots->paths, roots->count, &roots->paths_capacity,
				 sizeof(*roots->paths));
	roots->places = pool_grow(pool, roots->places, roots->count, &roots->places_capacity,
				  sizeof(*roots->places));
	roots->paths[roots->count] = directory.data;
	roots->places[roots->count++] = place_in(scope, own->alias ? "alias" : "root");
}

static struct roots find_roots(struct conf *conf)
{
	struct roots roots = { 0 };

	for (const struct conf_scope *scope = conf_main(conf); scope; scope = scope->next) {
		const struct http_conf *own = scope_data(scope, &http_module);

		if (scope->context != IN_MAIN && own->root_scope == scope)
			add_root(&roots, conf, scope, own);
	}
	return roots;
}

static struct str remedy_of_root(struct conf *conf, int error)
{
	const struct main_conf *main = main_conf_of(conf);

	if (error == -ENOENT)
		return STR("until it is there, requests for what is in it get 404");
	if (error == -ENOTDIR)
		return STR("this is a file; name the folder that it lies in");
	if (error != -EACCES)
		return STR("");
	if (geteuid() != 0)
		return STR("the workers have the rights of this user");
	return pool_printf(conf_pool(conf), "the workers have the rights of the user \"%.*s\"",
			   STR_ARG(main->user));
}

static void check_roots(struct conf *conf)
{
	const struct main_conf *main = main_conf_of(conf);
	const struct identity worker = {
		.user = main->user.data,
		.uid = main->uid,
		.gid = main->gid,
	};
	struct roots roots = find_roots(conf);
	int *errors = pool_array(conf_pool(conf), int, roots.count + 1);

	if (privileges_try(&worker, roots.paths, roots.count, errors) < 0)
		return;
	for (size_t i = 0; i < roots.count; i++)
		if (errors[i] < 0)
			report(conf, WARNING, &roots.places[i],
			       pool_printf(conf_pool(conf), "\"%s\" cannot be served (%d: %s)",
					   roots.paths[i], -errors[i], strerror(-errors[i])),
			       remedy_of_root(conf, errors[i]));
}

bool start_check(const struct generation *generation)
{
	struct conf *conf = generation->conf;
	unsigned before = conf_errors(conf);

	check_files(conf);
	check_listeners(generation);
	check_roots(conf);
	return conf_errors(conf) == before;
}
