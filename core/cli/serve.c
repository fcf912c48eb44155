/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Opens the socket, writes a configuration as text, and gives both to the server, which from
 * then on is a server like any other.
 */
#include "cli/serve.h"

#include <config.h>
#include <errno.h>
#include <ifaddrs.h>
#include <ip.h>
#include <limits.h>
#include <net/if.h>
#include <pool.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/modules.h"
#include "net/address.h"
#include "net/listener.h"
#include "process/server/generation.h"
#include "process/listen/listen_transfer.h"
#include "process/server/main_conf.h"
#include "cli/options.h"
#include "process/sandbox/privileges.h"
#include "process/master/server.h"
#include "process/listen/sockets.h"
#include "process/upgrade/takeover.h"
#include "process/upgrade/preflight.h"

enum { DEFAULT_PORT = 8080, BACKLOG = 511, PORTS_TRIED = 100 };

/* What serve has found out; announce() prints it when the server has started. */
static struct {
	const char *folder;
	const char *owner; /* whose rights the processes have; NULL: those they were started with */
	struct listener listener;
} served;

/* Explains how a port is given if the address has one: "9000", "127.0.0.1:9000", "[::]:9000". */
static bool complain_about_port(struct str address)
{
	ssize_t colon = str_rchr(address, ':');
	struct str host = colon < 0 ? STR("") : str_head(address, (size_t)colon);
	struct str port = str_skip(address, (size_t)(colon + 1));

	if (str_empty(port) || strspn(port.data, "0123456789") < port.len ||
	    (str_chr(host, ':') >= 0 && !str_ends(host, STR("]"))))
		return false;
	if (str_starts(host, STR("[")))
		host = str_skip(str_head(host, host.len - 1), 1);
	if (str_empty(host))
		fprintf(stderr,
			"skua serve: \"%.*s\" is no address; a port is given with "
			"--port %.*s\n",
			STR_ARG(address), STR_ARG(port));
	else
		fprintf(stderr,
			"skua serve: \"%.*s\" is an address and a port; they are given apart:\n"
			"    skua serve --address %.*s --port %.*s\n",
			STR_ARG(address), STR_ARG(host), STR_ARG(port));
	return true;
}

/*
 * Parses the address of --address; a bare IPv6 address gets the brackets that listen wants.
 * 0, or -EINVAL after a message.
 */
static int parse_address(struct pool *pool, const char *given, struct listener *listener)
{
	const char *address = strcmp(given, "all") == 0 ? "0.0.0.0" : given;
	bool bare = strchr(address, ':') && address[0] != '[';
	struct str text = pool_printf(pool, bare ? "[%s]:%d" : "%s:%d", address, DEFAULT_PORT);
	const char *why = "";
	unsigned ports;

	if (complain_about_port(str_from(address)))
		return -EINVAL;
	if (listener_parse(pool, text, listener, &ports, &why) == 0 &&
	    listener->address.any.sa_family != AF_UNIX)
		return 0;
	fprintf(stderr,
		"skua serve: \"%s\" is not an address (%s): give one of this machine with "
		"--address, 127.0.0.1 for this machine alone, all for all networks\n",
		given, why);
	return -EINVAL;
}

/* The next port that nobody listens on, or 0. */
static int free_port(struct listener listener, int port)
{
	for (int i = 1; i <= PORTS_TRIED && port + i <= 65535; i++) {
		int fd = socket(listener.address.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);

		address_set_port(&listener.address, port + i);
		bool is_free = fd >= 0 &&
			       bind(fd, &listener.address.any, listener.address_len) == 0;
		if (fd >= 0)
			close(fd);
		if (is_free)
			return port + i;
	}
	return 0;
}

static void complain(const struct listener *listener, int port, int error, const char *call)
{
	if (error == -EADDRINUSE) {
		fprintf(stderr,
			"skua serve: port %d is taken: another program listens there. Choose "
			"another one with --port, for example\n"
			"    skua serve --port %d\n",
			port, free_port(*listener, port));
	} else if (error == -EACCES) {
		fprintf(stderr,
			"skua serve: ports below 1024 are root's. Choose another one with --port, "
			"for example\n"
			"    skua serve --port %d\n",
			free_port(*listener, DEFAULT_PORT - 1));
	} else if (error == -EADDRNOTAVAIL) {
		fprintf(stderr,
			"skua serve: this machine does not have that address. Choose one with "
			"--address: 127.0.0.1 for this machine alone, all for all networks\n");
	} else {
		fprintf(stderr, "skua serve: cannot listen on port %d: %s: %s\n", port, call,
			strerror(-error));
	}
}

/*
 * Opens the socket before there is a configuration, so that the port is known which the
 * kernel has chosen. 0, or -errno after a message.
 */
static int open_socket(struct listener *listener, int port)
{
	const char *call;

	/* Nothing is bound in a preflight, so any port will do. */
	address_set_port(&listener->address,
			 preflight_is_this() && port == 0 ? DEFAULT_PORT : port);
	if (preflight_is_this())
		return 0;
	int error = takeover_begin();
	if (error < 0)
		return error;
	if (takeover_address(&listener->address, &listener->address_len))
		return 0;
	listener->backlog = BACKLOG;
	listener->fastopen = LISTENER_FASTOPEN_DEFAULT;
	listener->ipv6only = true;
	int fd = socket_listen(listener, SOCKET_PROBE | SOCKET_WAIT, &call);
	if (fd < 0) {
		complain(listener, port, fd, call);
		return fd;
	}
	listener->address_len = sizeof(listener->address);
	getsockname(fd, &listener->address.any, &listener->address_len);
	error = listen_adopt(fd, 0);
	if (error < 0) {
		fprintf(stderr, "skua serve: cannot use the socket: %s\n", strerror(-error));
		close(fd);
	}
	return error;
}

static bool has_directive(const char *name)
{
	for (size_t i = 0; i < module_count(); i++) {
		const struct directive *directive = module_at(i)->directives;

		for (; directive && directive->name; directive++)
			if (strcmp(directive->name, name) == 0)
				return true;
	}
	return false;
}

/* conf/mime.types of the installed tree or of the one it was built in: beside the program's. */
static struct str find_types(struct pool *pool)
{
	char program[PATH_MAX];
	ssize_t len = readlink("/proc/self/exe", program, sizeof(program));
	struct str path = { program, len > 0 ? (size_t)len : 0 };

	for (int i = 0; i < 2; i++) {
		ssize_t slash = str_rchr(path, '/');
		path.len = slash > 0 ? (size_t)slash : 0;
	}
	path = pool_printf(pool, "%.*s/conf/mime.types", STR_ARG(path));
	if (access(path.data, R_OK) == 0)
		return path;
	struct str conf = str_from(SKUA_CONF_PATH);
	conf.len = (size_t)str_rchr(conf, '/');
	path = pool_printf(pool, "%.*s/mime.types", STR_ARG(conf));
	return access(path.data, R_OK) == 0 ? path : STR("");
}

static bool has_coding(void)
{
	for (size_t i = 0; i < module_count(); i++)
		if (module_at(i)->coding)
			return true;
	return false;
}

static const char log_lines[] =
	"    log_format serve '$time_iso8601  $remote_addr  $status  $request_method "
	"$request_uri  $body_bytes_sent bytes';\n"
	"    access_log /dev/stdout serve;\n";

static const char listing_lines[] =
	"    autoindex on;\n"
	"    autoindex_exact_size off;\n"
	"    autoindex_localtime on;\n"
	"    autoindex_query on;\n";

/* The folder is the prefix: no name of it has to be quoted. */
static struct str write_conf(struct pool *pool, const struct options *options,
			     const struct listener *listener)
{
	struct str types = has_directive("types") ? find_types(pool) : STR("");
	struct str host = address_text(&listener->address, pool);
	bool v6 = listener->address.any.sa_family == AF_INET6;
	struct str workers = options->workers ? pool_printf(pool, "%d", options->workers) :
						STR("auto");
	struct str include = str_empty(types) ?
				     STR("") :
				     pool_printf(pool, "    include \"%.*s\";\n", STR_ARG(types));
	return pool_printf(pool,
			   "daemon off;\n"
			   "worker_processes %.*s;\n"
			   "error_log stderr warn;\n"
			   "events { worker_connections 1024; }\n"
			   "http {\n%.*s%s%s%s%s%s"
			   "    log_not_found off;\n"
			   "    dotfiles deny;\n"
			   "    server {\n"
			   "        listen %s%.*s%s:%d;\n"
			   "        root .;\n%s"
			   "    }\n"
			   "}\n",
			   STR_ARG(workers), STR_ARG(include),
			   has_directive("access_log") ? log_lines : "",
			   has_directive("symlinks") ? "    symlinks in_root;\n" : "",
			   has_directive("autoindex") ? listing_lines : "",
			   has_directive("charset") ? "    charset utf-8;\n" : "",
			   has_coding() ? "    compress on;\n" : "",
			   v6 ? "[" : "", STR_ARG(host), v6 ? "]" : "",
			   address_port(&listener->address),
			   has_directive("index") ? "        index index.html index.htm;\n" : "");
}

static void print_url(const union address *address, int port)
{
	const char *format = address->any.sa_family == AF_INET6 ? "    http://[%.*s]:%d/\n" :
								  "    http://%.*s:%d/\n";
	char text[IP_TEXT_SIZE];
	struct str host = str_range(text, ip_put(text, address_bytes(address)));

	printf(format, STR_ARG(host), port);
}

static void print_urls(const struct listener *listener)
{
	struct ifaddrs *all = NULL;
	int port = address_port(&listener->address);

	if (!address_is_any(&listener->address) || getifaddrs(&all) < 0) {
		print_url(&listener->address, port);
		return;
	}
	for (struct ifaddrs *one = all; one; one = one->ifa_next) {
		const union address *address = (const union address *)one->ifa_addr;

		if (!address || !(one->ifa_flags & IFF_UP) ||
		    address->any.sa_family != listener->address.any.sa_family)
			continue;
		/* Nobody types fe80::, which needs the name of an interface as well. */
		if (address->any.sa_family == AF_INET6 &&
		    IN6_IS_ADDR_LINKLOCAL(&address->in6.sin6_addr))
			continue;
		print_url(address, port);
	}
	freeifaddrs(all);
}

static void announce(const struct startup *startup)
{
	printf("%s is served at\n", served.folder);
	print_urls(&served.listener);
	if (served.owner)
		printf("Its files are read with the rights of %s, who owns it%s.\n", served.owner,
		       startup->uid == 0 ? ", but without root's privileges" : "");
	printf("Ctrl-C ends it.\n");
	fflush(stdout);
}

/* Whether the workers can enter the folder. 0, or -errno after a message. */
static int check_folder(const struct startup *startup)
{
	const struct identity owner = { .uid = startup->uid, .gid = startup->gid };
	int error = 0;

	if (privileges_try(&owner, &served.folder, 1, &error) < 0)
		error = -EPERM;
	if (error == 0)
		return 0;
	fprintf(stderr, "skua serve: the folder \"%s\" cannot be served: %s", served.folder,
		strerror(-error));
	if (served.owner)
		fprintf(stderr, "; it would be read with the rights of %s, who owns it",
			served.owner);
	fputs("\n", stderr);
	return error;
}

/* Finds the folder and whose rights it is served with. 0, or -errno after a message. */
static int find_folder(struct startup *startup, struct pool *pool, const char *name)
{
	char *path = realpath(name, NULL);
	struct stat status;

	if (!path || stat(path, &status) < 0) {
		int error = -errno;

		fprintf(stderr, "skua serve: the folder \"%s\" cannot be served: %s\n", name,
			strerror(-error));
		free(path);
		return error;
	}
	served.folder = pool_cstr(pool, str_from(path));
	free(path);
	if (!S_ISDIR(status.st_mode)) {
		fprintf(stderr, "skua serve: \"%s\" is not a folder; give the one it lies in\n",
			name);
		return -ENOTDIR;
	}
	startup->prefix = pool_printf(pool, "%s/", served.folder);
	startup->uid = status.st_uid;
	startup->gid = status.st_gid;
	if (geteuid() == 0) {
		char *owner = pool_alloc(pool, PRIVILEGES_NAME_SIZE);

		privileges_name_of(status.st_uid, owner);
		served.owner = owner;
	}
	return check_folder(startup);
}

int serve_folder(struct pool *pool, const struct options *options)
{
	struct startup startup = {
		.conf_path = STR("/skua serve"),
		.error_log = STR("/dev/stderr"),
		.serve = true,
		.serving = announce,
	};
	int port = options->port >= 0 ? options->port : DEFAULT_PORT;

	if (find_folder(&startup, pool, options->argument ? options->argument : ".") < 0 ||
	    parse_address(pool, options->address ? options->address : "127.0.0.1",
			  &served.listener) < 0 ||
	    open_socket(&served.listener, port) < 0)
		return 1;
	startup.text = write_conf(pool, options, &served.listener);
	return server_run(&startup);
}
