/* SPDX-License-Identifier: BSD-2-Clause */
/* Variables of the connection, of the server's own side, and of where files are. */
#include "http/variables/variables.h"

#include <limits.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <unistd.h>

#include <config.h>

#include "http/request/request_private.h"

/* Whose meanings of names and values are followed. */
#define NGINX_VERSION "1.28.0"

/* --- addresses -------------------------------------------------------------- */

bool variable_remote_addr(struct request *req, struct str rest, const void *data, struct str *out)
{
	(void)rest, (void)data;
	return text_found(request_address_text(req), out);
}

bool variable_remote_port(struct request *req, struct str rest, const void *data, struct str *out)
{
	(void)rest, (void)data;
	int port = request_port(req);

	return port ? number_found(req->pool, (uint64_t)port, out) : text_found(STR(""), out);
}

bool variable_binary_remote_addr(struct request *req, struct str rest, const void *data,
				 struct str *out)
{
	(void)rest, (void)data;
	return text_found(request_address(req), out);
}

bool variable_server_addr(struct request *req, struct str rest, const void *data, struct str *out)
{
	(void)rest, (void)data;
	return text_found(address_text(conn_local(req->conn), req->pool), out);
}

bool variable_server_port(struct request *req, struct str rest, const void *data, struct str *out)
{
	(void)rest, (void)data;
	const union address *address = conn_local(req->conn);

	if (address->any.sa_family == AF_UNIX)
		return text_found(STR(""), out);
	return number_found(req->pool, (uint64_t)address_port(address), out);
}

bool variable_server_name(struct request *req, struct str rest, const void *data, struct str *out)
{
	(void)rest, (void)data;
	return text_found(req->server->name, out);
}

/* --- the connection --------------------------------------------------------- */

bool variable_connection(struct request *req, struct str rest, const void *data, struct str *out)
{
	(void)rest, (void)data;
	return number_found(req->pool, req->conn->number, out);
}

bool variable_connection_requests(struct request *req, struct str rest, const void *data,
				  struct str *out)
{
	(void)rest, (void)data;
	return number_found(req->pool, request_core(req)->number, out);
}

bool variable_connection_time(struct request *req, struct str rest, const void *data,
			      struct str *out)
{
	(void)rest, (void)data;
	return text_found(milliseconds_text(req->pool, conn_age_ms(req->conn)), out);
}

bool variable_tcpinfo_rtt(struct request *req, struct str rest, const void *data, struct str *out)
{
	struct tcp_info info;

	(void)rest, (void)data;
	return conn_tcp_info(req->conn, &info) == 0 &&
	       number_found(req->pool, info.tcpi_rtt, out);
}

bool variable_tcpinfo_rttvar(struct request *req, struct str rest, const void *data,
			     struct str *out)
{
	struct tcp_info info;

	(void)rest, (void)data;
	return conn_tcp_info(req->conn, &info) == 0 &&
	       number_found(req->pool, info.tcpi_rttvar, out);
}

bool variable_tcpinfo_snd_cwnd(struct request *req, struct str rest, const void *data,
			       struct str *out)
{
	struct tcp_info info;

	(void)rest, (void)data;
	return conn_tcp_info(req->conn, &info) == 0 &&
	       number_found(req->pool, info.tcpi_snd_cwnd, out);
}

bool variable_tcpinfo_rcv_space(struct request *req, struct str rest, const void *data,
				struct str *out)
{
	struct tcp_info info;

	(void)rest, (void)data;
	return conn_tcp_info(req->conn, &info) == 0 &&
	       number_found(req->pool, info.tcpi_rcv_space, out);
}

bool variable_pipe(struct request *req, struct str rest, const void *data, struct str *out)
{
	(void)rest, (void)data;
	const struct protocol *protocol = req->conn->protocol;
	bool is_pipelined = protocol && protocol->is_pipelined && protocol->is_pipelined(req);

	return text_found(is_pipelined ? STR("p") : STR("."), out);
}

bool variable_scheme(struct request *req, struct str rest, const void *data, struct str *out)
{
	(void)rest, (void)data;
	return text_found(conn_scheme(req->conn), out);
}

bool variable_https(struct request *req, struct str rest, const void *data, struct str *out)
{
	bool is_secure = str_eq(conn_scheme(req->conn), STR("https"));

	(void)rest, (void)data;
	return text_found(is_secure ? STR("on") : STR(""), out);
}

/* --- files ------------------------------------------------------------------ */

bool variable_document_root(struct request *req, struct str rest, const void *data, struct str *out)
{
	(void)rest, (void)data;
	return text_found(request_root(req), out);
}

bool variable_realpath_root(struct request *req, struct str rest, const void *data, struct str *out)
{
	char real[PATH_MAX];
	struct file_root root = request_file_root(req);

	(void)rest, (void)data;
	if (root.has_dots || str_chr(root.path, '\0') >= 0 ||
	    !realpath(pool_cstr(req->pool, root.path), real))
		return false;
	return text_found(pool_strdup(req->pool, str_from(real)), out);
}

bool variable_request_filename(struct request *req, struct str rest, const void *data,
			       struct str *out)
{
	(void)rest, (void)data;
	return text_found(request_path(req, req->uri), out);
}

/* --- this server ------------------------------------------------------------ */

bool variable_pid(struct request *req, struct str rest, const void *data, struct str *out)
{
	(void)rest, (void)data;
	return number_found(req->pool, (uint64_t)getpid(), out);
}

bool variable_hostname(struct request *req, struct str rest, const void *data, struct str *out)
{
	(void)rest, (void)data;
	return text_found(req->server->common->hostname, out);
}

bool variable_nginx_version(struct request *req, struct str rest, const void *data, struct str *out)
{
	(void)req, (void)rest, (void)data;
	return text_found(STR(NGINX_VERSION), out);
}

bool variable_skua_version(struct request *req, struct str rest, const void *data, struct str *out)
{
	(void)req, (void)rest, (void)data;
	return text_found(STR(SKUA_VERSION), out);
}
