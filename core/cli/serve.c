/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Opens the socket, writes a configuration as text, and gives both to the server, which from
 * then on is a server like any other.
 */
#include "cli/serve.h"

#include <errno.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <ip.h>
#include <limits.h>
#include <net/if.h>
#include <pool.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <text.h>
#include <unistd.h>

#include "cli/options.h"
#include "cli/qr.h"
#include "cli/serve_conf.h"
#include "cli/serve_password.h"
#include "config/modules.h"
#include "net/address.h"
#include "net/listener.h"
#include "process/listen/listen_transfer.h"
#include "process/listen/sockets.h"
#include "process/master/server.h"
#include "process/sandbox/privileges.h"
#include "process/server/generation.h"
#include "process/server/main_conf.h"
#include "process/upgrade/preflight.h"
#include "process/upgrade/takeover.h"

enum { DEFAULT_PORT = 8080, BACKLOG = 511, PORTS_TRIED = 100 };

/* What serve has found out; announce() prints it when the server has started. */
static struct {
	const char *folder;
	const char *owner; /* whose rights the processes have; NULL: those they were started with */
	struct listener listener;
	bool opens_browser;
	bool uses_tls;
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
 * Listens at the port; where it is the default one and taken, at the next that is free. A
 * descriptor, or -errno after a message.
 */
static int listen_at(struct listener *listener, int port, bool is_default)
{
	unsigned flags = is_default ? SOCKET_PROBE : SOCKET_PROBE | SOCKET_WAIT;
	const char *call;
	int fd = socket_listen(listener, flags, &call);

	for (int i = 1; is_default && fd == -EADDRINUSE && i <= PORTS_TRIED; i++) {
		address_set_port(&listener->address, port + i);
		fd = socket_listen(listener, flags, &call);
		if (fd >= 0)
			fprintf(stderr, "skua serve: port %d is taken, so it is port %d\n", port,
				port + i);
	}
	if (fd < 0)
		complain(listener, port, fd, call);
	return fd;
}

/*
 * Opens the socket before there is a configuration, so that the port is known which the
 * kernel has chosen. port -1: the default one. 0, or -errno after a message.
 */
static int open_socket(struct listener *listener, int port)
{
	bool is_default = port < 0;

	if (is_default)
		port = DEFAULT_PORT;
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
	int fd = listen_at(listener, port, is_default);
	if (fd < 0)
		return fd;
	listener->address_len = sizeof(listener->address);
	getsockname(fd, &listener->address.any, &listener->address_len);
	error = listen_adopt(fd, 0);
	if (error < 0) {
		fprintf(stderr, "skua serve: cannot use the socket: %s\n", strerror(-error));
		close(fd);
	}
	return error;
}

/* --- what is printed when it serves --------------------------------------------------- */

static struct str url_of(struct pool *pool, const union address *address, int port)
{
	bool v6 = address->any.sa_family == AF_INET6;
	char text[IP_TEXT_SIZE];
	struct str host = str_range(text, ip_put(text, address_bytes(address)));

	return pool_printf(pool, v6 ? "%s://[%.*s]:%d/" : "%s://%.*s:%d/",
			   served.uses_tls ? "https" : "http", STR_ARG(host), port);
}

/* Whether only this machine reaches the address. */
static bool is_loopback(const union address *address)
{
	if (address->any.sa_family == AF_INET6)
		return IN6_IS_ADDR_LOOPBACK(&address->in6.sin6_addr);
	return ntohl(address->in.sin_addr.s_addr) >> 24 == 127;
}

/* Calls act() with each address of the machine at which others may reach the listener. */
static void each_address(const struct listener *listener,
			 void (*act)(void *data, const union address *address), void *data)
{
	struct ifaddrs *all = NULL;

	if (!address_is_any(&listener->address) || getifaddrs(&all) < 0) {
		act(data, &listener->address);
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
		act(data, address);
	}
	freeifaddrs(all);
}

struct urls {
	struct pool *pool;
	int port;
	struct str lan; /* the first that other machines reach; or empty */
};

static void print_url(void *data, const union address *address)
{
	struct urls *urls = data;
	struct str url = url_of(urls->pool, address, urls->port);

	printf("    %.*s\n", STR_ARG(url));
	if (str_empty(urls->lan) && !is_loopback(address))
		urls->lan = url;
}

/* For a telephone beside this machine; only people read it. */
static void print_qr(struct pool *pool, struct str url)
{
	struct text text = { .pool = pool };

	if (!str_empty(url) && isatty(STDOUT_FILENO) && qr_add(&text, url.data))
		printf("\n%.*s\n", STR_ARG(text_str(&text)));
}

static bool is_in_path(struct pool *pool, const char *program)
{
	const char *path = getenv("PATH");
	struct str rest = str_from(path ? path : "");

	while (!str_empty(rest)) {
		struct str folder = str_split(&rest, ':');
		struct str file = pool_printf(pool, "%.*s/%s", STR_ARG(folder), program);

		if (access(file.data, X_OK) == 0)
			return true;
	}
	return false;
}

/*
 * Opens the folder in the browser of the desktop. It is started by a child that ends at once, so
 * that this process does not become the parent of the browser.
 */
static void open_browser(struct pool *pool, const struct listener *listener)
{
	struct listener here = *listener;

	if (address_is_any(&here.address) && here.address.any.sa_family == AF_INET)
		here.address.in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	else if (address_is_any(&here.address))
		here.address.in6.sin6_addr = in6addr_loopback;

	struct str url = url_of(pool, &here.address, address_port(&here.address));
	pid_t pid = fork();

	if (pid > 0)
		waitpid(pid, NULL, 0);
	if (pid != 0)
		return;
	if (fork() != 0)
		_exit(0);
	setsid();
	sigset_t none;
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	for (int fd = 0; null >= 0 && fd <= STDERR_FILENO; fd++)
		dup2(null, fd);
	execlp("xdg-open", "xdg-open", url.data, (char *)NULL);
	_exit(127);
}

static void announce(const struct startup *startup)
{
	struct pool *pool = pool_create(0);
	struct urls urls = { .pool = pool, .port = address_port(&served.listener.address) };

	printf("%s is served at\n", served.folder);
	each_address(&served.listener, print_url, &urls);
	print_qr(pool, urls.lan);
	for (size_t i = 0; i < module_count(); i++) {
		struct str note = module_at(i)->serve_note ? module_at(i)->serve_note(pool) :
							     STR("");

		printf("%.*s", STR_ARG(note));
	}
	if (served.owner)
		printf("Its files are read with the rights of %s, who owns it%s.\n", served.owner,
		       startup->uid == 0 ? ", but without root's privileges" : "");
	printf("Ctrl-C ends it.\n");
	fflush(stdout);
	if (served.opens_browser && is_in_path(pool, "xdg-open"))
		open_browser(pool, &served.listener);
	else if (served.opens_browser)
		fprintf(stderr,
			"skua serve: --open needs the program xdg-open, which is not there; "
			"open the address above in a browser\n");
	pool_destroy(pool);
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

static struct str listen_text(struct pool *pool, const union address *address)
{
	bool v6 = address->any.sa_family == AF_INET6;
	struct str host = address_text(address, pool);

	return pool_printf(pool, "%s%.*s%s:%d", v6 ? "[" : "", STR_ARG(host), v6 ? "]" : "",
			   address_port(address));
}

/* --- TLS --------------------------------------------------------------------------------- */

static void add_address(void *data, const union address *address)
{
	char text[IP_TEXT_SIZE];

	if (is_loopback(address))
		return;
	text_printf(data, " %.*s", (int)(ip_put(text, address_bytes(address)) - text), text);
}

/* What people may type into a browser to get here. */
static struct str tls_names(struct pool *pool)
{
	struct text text = { .pool = pool };
	char host[HOST_NAME_MAX + 1] = "";

	text_add(&text, STR("localhost 127.0.0.1 ::1"));
	if (gethostname(host, sizeof(host) - 1) == 0 && host[0] &&
	    host[strspn(host, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
			      "0123456789-.")] == '\0' &&
	    strcmp(host, "localhost") != 0)
		text_printf(&text, " %s", host);
	if (!is_loopback(&served.listener.address))
		each_address(&served.listener, add_address, &text);
	return text_str(&text);
}

/* The full path of a file that must be there. 0, or -errno after a message. */
static int find_file(struct pool *pool, const char *option, const char *name, struct str *out)
{
	char *path = realpath(name, NULL);

	if (!path || access(path, R_OK) < 0) {
		int error = -errno;

		fprintf(stderr, "skua serve: %s \"%s\" cannot be read: %s\n", option, name,
			strerror(-error));
		free(path);
		return error;
	}
	*out = str_from(pool_cstr(pool, str_from(path)));
	free(path);
	return 0;
}

/* 0, or -errno after a message. */
static int find_certificate(struct pool *pool, const struct serve_options *options,
			    struct serve_place *place)
{
	served.uses_tls = options->tls || options->cert || options->key;
	if (!served.uses_tls)
		return 0;
	if (options->cert && options->tls)
		fprintf(stderr, "skua serve: --tls is superfluous beside --cert\n");
	if (!options->cert && options->key) {
		fprintf(stderr, "skua serve: --key belongs to a certificate: name it by --cert\n");
		return -EINVAL;
	}
	if (!options->cert) {
		place->names = tls_names(pool);
		return 0;
	}

	int error = find_file(pool, "--cert", options->cert, &place->cert);

	return error < 0 ? error :
			   find_file(pool, "--key", options->key ? options->key : options->cert,
				     &place->key);
}

/* Prints the configuration, with the full path of the folder, for a file that others can change. */
static int print_config(struct pool *pool, const struct serve_options *options)
{
	struct serve_place place = { .folder = served.folder, .root = served.folder };
	struct str text;

	address_set_port(&served.listener.address,
			 options->port > 0 ? options->port : DEFAULT_PORT);
	place.listen = listen_text(pool, &served.listener.address);
	if (options->password)
		place.users = "users.txt";
	if (find_certificate(pool, options, &place) < 0)
		return 1;
	if (serve_conf_write(pool, options, &place, &text) < 0)
		return 1;
	printf("# Written by skua serve --print-config. `skua -c \"$PWD/FILE\"` starts it, and\n"
	       "# `skua help NAME` explains a directive. The control socket, for `skua -s` and\n"
	       "# `skua status`, lies in the folder logs of the prefix, if there is one.\n");
	if (options->password)
		printf("# users.txt lies beside this file; `htpasswd -B -c users.txt NAME` makes "
		       "it.\n");
	printf("\n%.*s", STR_ARG(text));
	return 0;
}

static int serve(struct pool *pool, struct startup *startup, const struct serve_options *options)
{
	struct serve_place place = { .folder = served.folder, .root = "." };
	int result = 1;

	if (open_socket(&served.listener, options->port) < 0)
		return 1;
	place.listen = listen_text(pool, &served.listener.address);
	if (find_certificate(pool, options, &place) < 0)
		return 1;
	if (options->password && serve_password_write(pool, options->password, startup->uid,
						      startup->gid, &place.users) < 0)
		return 1;
	if (serve_conf_write(pool, options, &place, &startup->text) == 0)
		result = server_run(startup);
	serve_password_remove(place.users);
	return result;
}

int serve_folder(struct pool *pool, const struct options *options)
{
	const struct serve_options *serve_options = &options->serve;
	struct startup startup = {
		.conf_path = STR("/skua serve"),
		.error_log = STR("/dev/stderr"),
		.serve = true,
		.serving = announce,
	};

	served.opens_browser = serve_options->open;
	if (find_folder(&startup, pool, options->argument ? options->argument : ".") < 0 ||
	    parse_address(pool, serve_options->address ? serve_options->address : "127.0.0.1",
			  &served.listener) < 0)
		return 1;
	return serve_options->print_config ? print_config(pool, serve_options) :
					     serve(pool, &startup, serve_options);
}
