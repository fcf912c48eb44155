/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The directive listen, and what follows from all of them: which sockets are
 * opened, and which servers answer behind each.
 *
 *     listen 80 default_server backlog=4096;
 *     listen [::]:80;
 *     listen unix:/run/skua.sock;
 *     listen 8000-8003;           four addresses
 *
 * As in nginx, an address of a port that is also listened on at all addresses
 * gets no socket of its own (the kernel would refuse it) but is told apart when
 * a connection is there.
 */
#include "http/conf/listen_conf.h"

#include <unistd.h>

#include "config/modules.h"
#include "http/conf/http_conf.h"
#include "http/conf/listen_options.h"
#include "http/request/request_private.h"
#include "net/conn.h"
#include "net/transport.h"

enum { DEFAULT_BACKLOG = 511 };

static struct http_address *address_find_or_add(struct conf_call *call, struct http *http,
						const struct listener *listener)
{
	struct str bytes = { (const char *)&listener->address, listener->address_len };
	struct http_address *address = hash_get(&http->addresses_by_bytes, bytes);

	if (address)
		return address;
	address = pool_new(call->pool, struct http_address);
	address->listener = *listener;
	bytes.data = (const char *)&address->listener.address;
	hash_put(&http->addresses_by_bytes, bytes, address);
	http->addresses = pool_grow(call->pool, http->addresses, http->addresses_count,
				    &http->addresses_capacity, sizeof(*http->addresses));
	http->addresses[http->addresses_count++] = address;
	return address;
}

static void address_add_server(struct conf_call *call, struct http_address *address,
			       struct http_server *server, bool is_quic)
{
	if (!is_quic && !address->first_by_tcp)
		address->first_by_tcp = server;
	address->servers = pool_grow(call->pool, address->servers, address->servers_count,
				     &address->servers_capacity, sizeof(*address->servers));
	address->servers[address->servers_count++] = server;
}

/* --- the directive ---------------------------------------------------------- */

static int parse_listener(struct conf_call *call, struct listener *out, unsigned *ports)
{
	const struct conf_word *word = &call->node->args[0];
	const char *why = "";

	*out = (struct listener){
		.place = word->place,
		.backlog = DEFAULT_BACKLOG,
		.fastopen = LISTENER_FASTOPEN_DEFAULT,
		.ipv6only = true,
	};
	if (listener_parse(call->pool, word->text, out, ports, &why) < 0)
		return conf_error(call, word, "invalid address \"%.*s\": %s",
				  STR_ARG(word->text), why);
	return 0;
}

/* The options of a socket may be written once, in any of the servers. */
static int take_options(struct conf_call *call, struct http_address *address,
			const struct listen_options *options)
{
	if (address->has_options) {
		struct str first = conf_place_text(call->pool, &address->options_place);

		return conf_error(call, options->first,
				  "duplicate options of %.*s\nthose at %.*s hold for all servers "
				  "of the address",
				  STR_ARG(address->listener.text), STR_ARG(first));
	}
	address->has_options = true;
	address->options_place = options->first->place;
	address->listener = *options->listener;
	return 0;
}

static int become_default(struct conf_call *call, struct http_address *address,
			  const struct http_server *server, bool is_quic)
{
	const struct http_server **role =
		is_quic ? &address->quic_default : &address->default_server;

	if (*role) {
		struct str first = conf_place_text(call->pool, &(*role)->place);

		return conf_error(call, &call->node->args[0],
				  "a duplicate default server for %.*s\nit is the server at %.*s",
				  STR_ARG(address->listener.text), STR_ARG(first));
	}
	*role = server;
	return 0;
}

/* The server answers at this address. */
static int add_address(struct conf_call *call, struct http_server *server,
		       const struct listen_options *options)
{
	const struct listener *listener = options->listener;
	struct http_address *address = address_find_or_add(call, http_of(call->conf), listener);

	/* Servers are read one after another, so if this one is in the list, it is the last. */
	if (address->servers_count && address->servers[address->servers_count - 1] == server)
		return conf_error(call, &call->node->args[0],
				  "a duplicate listen %.*s in this server",
				  STR_ARG(listener->text));
	address_add_server(call, address, server, options->quic);
	address->http2 |= options->http2;
	/* As in nginx, such a parameter holds for all servers of the address. */
	if (listen_join(call, &call->node->args[0], options->preface, options->transport,
		 &address->opening.preface, &address->opening.transport) < 0)
		return -EINVAL;
	if (options->first && take_options(call, address, options) < 0)
		return -EINVAL;
	return options->default_server ? become_default(call, address, server, options->quic) : 0;
}

/*
 * In nginx a listen with quic opens a socket by UDP, usually beside one by TCP in the same server,
 * which counts here. So it waits until the server is read, and its options of the socket are those
 * of the other socket, without a meaning here.
 */
static void keep_quic(struct conf_call *call, const struct listen_options *options)
{
	struct quic_listen *listen = pool_new(call->pool, struct quic_listen);
	struct http *http = http_of(call->conf);

	*listen = (struct quic_listen){ call->node, options->transport, options->default_server,
					http->quic };
	http->quic = listen;
}

/* An address of quic that the server does not listen on by TCP. */
static int add_quic(struct conf_call *call, struct http_server *server,
		    const struct quic_listen *quic)
{
	struct listener listener;
	const struct listen_options options = { .listener = &listener,
					 .default_server = quic->default_server,
					 .quic = true,
					 .transport = quic->transport };
	struct conf_call one = *call;
	unsigned ports;

	one.node = quic->node;
	if (parse_listener(&one, &listener, &ports) < 0)
		return -EINVAL;
	for (;;) {
		const struct http_address *address =
			address_find_or_add(call, http_of(call->conf), &listener);

		if ((!address->servers_count ||
		     address->servers[address->servers_count - 1] != server) &&
		    add_address(&one, server, &options) < 0)
			return -EINVAL;
		if (--ports == 0)
			return 0;
		listener_set_port(call->pool, &listener, address_port(&listener.address) + 1);
	}
}

int listen_set(struct conf_call *call)
{
	struct http_server *server = ((struct http_conf *)call->data)->server;
	struct listener listener;
	struct listen_options options = { .listener = &listener };
	unsigned ports;

	server->listens = true;
	if (parse_listener(call, &listener, &ports) < 0)
		return -EINVAL;
	for (size_t i = 1; i < call->node->nargs; i++)
		if (listen_option_parse(call, &call->node->args[i], &options) < 0)
			return -EINVAL;
	if (options.quic) {
		keep_quic(call, &options);
		return 0;
	}
	while (add_address(call, server, &options) == 0) {
		if (--ports == 0)
			return 0;
		listener_set_port(call->pool, &listener, address_port(&listener.address) + 1);
	}
	return -EINVAL;
}

int listen_complete(struct conf_call *call, struct http_server *server)
{
	struct http *http = http_of(call->conf);
	int result = 0;

	struct listener listener = {
		.place = server->place,
		.backlog = DEFAULT_BACKLOG,
		.fastopen = LISTENER_FASTOPEN_DEFAULT,
	};
	const char *why;
	unsigned ports;

	for (; http->quic; http->quic = http->quic->next)
		if (add_quic(call, server, http->quic) < 0)
			result = -EINVAL;
	if (server->listens)
		return result;
	listener_parse(call->pool, geteuid() == 0 ? STR("*:80") : STR("*:8000"), &listener, &ports,
		       &why);
	address_add_server(call, address_find_or_add(call, http, &listener), server, false);
	return result;
}

static int use_transport(struct conf_call *call, const struct http *http,
			 const struct http_server *server, const struct transport_type *type)
{
	int result = 0;

	for (size_t i = 0; i < http->addresses_count; i++) {
		struct http_address *address = http->addresses[i];
		size_t last = address->servers_count - 1; /* of an address: the one being read */

		if (address->servers[last] == server &&
		    listen_join_transport(call, NULL, type, &address->opening.transport) < 0)
			result = -EINVAL;
	}
	return result;
}

int listen_use_transports(struct conf_call *call, const struct http_server *server)
{
	int result = 0;

	for (size_t i = 0; i < module_count(); i++) {
		const struct listen_parameter *p = module_at(i)->listen_parameters;

		for (; p && p->name; p++) {
			const struct transport_type *type = p->transport;

			if (type && type->wants &&
			    type->wants(server->top->confs[module_index(type->module)]) &&
			    use_transport(call, http_of(call->conf), server, type) < 0)
				result = -EINVAL;
		}
	}
	return result;
}

/* --- when all servers are known --------------------------------------------- */

static void claim_names(struct conf_call *call, struct http_address *address,
			const struct http_server *server)
{
	for (size_t i = 0; i < server->names_count; i++) {
		struct server_name *name = &server->names[i];

		name->is_one_of_many |= address->servers_count > 1;
		if (!name->is_malformed && vhosts_add(address->vhosts, name, server))
			conf_warn(call, name->word,
				  "conflicting server name \"%.*s\" on %.*s, ignored",
				  STR_ARG(name->text), STR_ARG(address->listener.text));
	}
}

/* As in nginx, a server that has the address with quic alone is the default only without others. */
static const struct http_server *default_of(const struct http_address *address)
{
	if (address->default_server)
		return address->default_server;
	if (address->first_by_tcp)
		return address->first_by_tcp;
	return address->quic_default ? address->quic_default : address->servers[0];
}

/*
 * A server that is alone on its address responds for all hosts: its names are only entered if
 * one of them is an expression, which has captures.
 */
static void distribute_names(struct conf_call *call, struct http_address *address)
{
	const struct http_server *first = address->servers[0];
	bool has_pattern = false;

	for (size_t i = 0; i < first->names_count; i++)
		has_pattern = has_pattern || first->names[i].pattern;
	address->vhosts = vhosts_create(call->pool);
	vhosts_set_default(address->vhosts, default_of(address));
	if (address->servers_count == 1 && !has_pattern)
		return;
	for (size_t i = 0; i < address->servers_count; i++)
		claim_names(call, address, address->servers[i]);
}

/* The address for all of the same family and port: 0.0.0.0 or [::]. NULL: nobody listens there. */
static struct http_address *wildcard_of(const struct http *http,
					const struct http_address *address)
{
	union address any = address->listener.address;
	struct str bytes = { (const char *)&any, address->listener.address_len };

	if (any.any.sa_family == AF_UNIX)
		return NULL;
	memset((char *)address_bytes(&any).data, 0, address_bytes(&any).len);

	struct http_address *wildcard = hash_get(&http->addresses_by_bytes, bytes);

	return wildcard == address ? NULL : wildcard;
}

/* It shares the socket of the wildcard address, unless it wants options of its own. */
static struct http_address *shares_with(const struct http *http,
					const struct http_address *address)
{
	return address->has_options ? NULL : wildcard_of(http, address);
}

static const struct http_address *address_of(struct conn *conn)
{
	const struct http_port *port = conn->listener->data;
	const struct http_address *address = NULL;

	if (port->others.count)
		address = hash_get(&port->others, address_bytes(conn_local(conn)));
	return address ? address : port->own;
}

static const struct opening *opening_of(struct conn *conn)
{
	return &address_of(conn)->opening;
}

/* Adds the transport of the address, if it has one, to those of its socket. */
static void distribute_transport(struct conf_call *call, const struct http *http,
				 struct http_address *address)
{
	const struct transport_type *type = address->opening.transport;
	struct http_address *wildcard = shares_with(http, address);
	struct listener *listener = &(wildcard ? wildcard : address)->listener;
	size_t count = listener->transports_count, capacity = count;

	for (size_t i = 0; i < count; i++)
		if (listener->transports[i] == type)
			return;
	if (!type)
		return;
	listener->transports = pool_grow(call->pool, listener->transports, count, &capacity,
					 sizeof(*listener->transports));
	listener->transports[listener->transports_count++] = type;
}

void listen_distribute(struct conf_call *call, struct http *http)
{
	for (size_t i = 0; i < http->addresses_count; i++)
		distribute_transport(call, http, http->addresses[i]);
	http->listeners.items = pool_array(call->pool, struct listener, http->addresses_count);
	for (size_t i = 0; i < http->addresses_count; i++) {
		struct http_address *address = http->addresses[i];

		distribute_names(call, address);
		if (shares_with(http, address))
			continue;

		struct http_port *port = pool_new(call->pool, struct http_port);

		port->own = address;
		port->others.pool = call->pool;
		address->listener.data = port;
		address->listener.opening_of = opening_of;
		http->listeners.items[http->listeners.count++] = address->listener;
	}
	for (size_t i = 0; i < http->addresses_count; i++) {
		struct http_address *address = http->addresses[i];
		struct http_address *wildcard = shares_with(http, address);

		if (wildcard) {
			struct http_port *port = (struct http_port *)wildcard->listener.data;

			hash_put(&port->others, address_bytes(&address->listener.address), address);
		}
	}
}

int listen_check_transports(struct conf_call *call, const struct http *http)
{
	int result = 0;

	for (size_t i = 0; i < http->addresses_count; i++) {
		const struct http_address *address = http->addresses[i];
		const struct transport_type *type = address->opening.transport;

		if (!type || !type->lacks)
			continue;

		const struct http_server *server = vhosts_default(address->vhosts);
		const char *lacks = type->lacks(server->top->confs[module_index(type->module)]);
		const struct conf_word word = { .place = address->listener.place };

		if (lacks)
			result = conf_error(call, &word,
					    "the default server of this address has no \"%s\"",
					    lacks);
	}
	return result;
}

const struct vhosts *http_vhosts(struct conn *conn)
{
	return address_of(conn)->vhosts;
}

bool http_has_http2(struct conn *conn)
{
	const struct http_address *address = address_of(conn);

	return address->http2 || vhosts_default(address->vhosts)->top->core->http2;
}

/* The server of transport_conf(). */
static const struct http_server *server_of(const struct transport *transport, struct str name)
{
	char lower[256];
	struct captures none = { .pool = NULL };
	const struct vhosts *vhosts = http_vhosts(transport->conn);
	const struct http_server *server;

	if (name.len > sizeof(lower))
		name = STR("");
	str_put_lower(lower, name);
	server = str_empty(name) ? NULL :
				   vhosts_find(vhosts, (struct str){ lower, name.len }, &none);
	/* vhosts_find() also returns NULL if the match of a regular expression was given up. */
	return server ? server : vhosts_default(vhosts);
}

const void *transport_conf(const struct transport *transport, struct str name,
			   const struct module *module)
{
	return server_of(transport, name)->top->confs[module_index(module)];
}

struct request *transport_request(struct transport *transport, struct str name)
{
	struct request_core *core = request_create(transport->conn, sizeof(*core));
	struct request *req = &core->pub;

	req->server = server_of(transport, name);
	req->version = HTTP_1_0;
	request_set_location(req, req->server->top);
	return req;
}

void transport_request_end(struct request *req)
{
	request_destroy(request_core(req));
}

struct str transport_protocols(const struct transport *transport, struct str name)
{
	bool has_http2 = address_of(transport->conn)->http2 ||
			 server_of(transport, name)->top->core->http2;

	return has_http2 ? STR("\x02h2\x08http/1.1\x08http/1.0") : STR("\x08http/1.1\x08http/1.0");
}
