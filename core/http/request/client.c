/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Who the client of a request is: the other end of the connection, unless a module has found
 * out better. Subrequests have the client of the request that they belong to.
 */
#include "http/request/request_private.h"
#include "net/transport.h"

struct client {
	struct ip ip;
	int port;
	char text[IP_TEXT_SIZE];
	size_t text_len;
};

static struct request_core *main_of(const struct request *req)
{
	while (req->parent)
		req = req->parent;
	return request_core(req);
}

void request_set_address(struct request *req, const struct ip *ip, int port)
{
	struct request_core *core = main_of(req);
	struct client *client = pool_alloc(core->pub.pool, sizeof(*client));

	client->ip = *ip;
	client->port = port;
	client->text_len = (size_t)(ip_put(client->text, ip_bytes(ip)) - client->text);
	core->client = client;
}

bool request_address_is_set(const struct request *req)
{
	return main_of(req)->client != NULL;
}

struct str request_peer_address(const struct request *req)
{
	return address_bytes(&req->conn->peer);
}

int request_peer_port(const struct request *req)
{
	return address_port(&req->conn->peer);
}

struct str request_address(const struct request *req)
{
	const struct client *client = main_of(req)->client;

	return client ? ip_bytes(&client->ip) : request_peer_address(req);
}

int request_port(const struct request *req)
{
	const struct client *client = main_of(req)->client;

	return client ? client->port : request_peer_port(req);
}

struct str request_address_text(const struct request *req)
{
	const struct client *client = main_of(req)->client;

	return client ? (struct str){ client->text, client->text_len } :
			conn_peer_text(req->conn);
}

struct str request_preface(const struct request *req)
{
	return conn_preface(req->conn);
}

struct transport *request_transport(const struct request *req, const struct transport_type *type)
{
	struct transport *transport = req->conn->transport;

	return transport && transport->type == type ? transport : NULL;
}
