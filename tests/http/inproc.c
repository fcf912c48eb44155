/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From outside to inside:
 *
 *     inproc_start_with()   the configuration, the loop, the modules; no process, no listening
 *     ask_inproc()          a request from its beginning to its line in the log
 *       begin()             its parts into a struct request, as a protocol does; then it runs
 *       complete()          the request calls it when the response is there
 *       pull()              the body of the response, slice by slice
 *     stop()                everything is ended and freed, so that a leak checker sees leaks
 *
 * The loop is turned until what is waited for has come; a request that takes too long fails
 * the test.
 */
#include "http/inproc.h"

#include <check.h>
#include <module.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "stats/stats.h"
#include "config/config.h"
#include "config/logs/logs.h"
#include "config/modules.h"
#include "event/complete.h"
#include "event/loop.h"
#include "event/threads.h"
#include "file/permission.h"
#include "harness/memory.h"
#include "harness/wire.h"
#include "harness/scratch.h"
#include "http/conf/http.h"
#include "http/field/method.h"
#include "http/field/status.h"
#include "http/field/uri.h"
#include "http/request/phases.h"
#include "http/request/request_private.h"
#include "http/request/response_fields.h"
#include "http/body/response_reader.h"
#include "http/routing/routing.h"
#include "process/server/logfiles.h"

enum {
	FIRST_PORT = 8081,
	CLIENT_PORT = 54321,
	SLICE = 64 * 1024, /* of the response's body, at most */
	TURN_MS = 100,
};

static struct {
	struct conf *conf; /* NULL: there is no server */
	FILE *messages;
	const struct log *log_before;
	uint64_t connections; /* so far */
} inproc;

/* A request under way, with the connection that is made for it. */
struct exchange {
	struct conn conn; /* first: a pointer to it is one to the whole */
	struct request_core *core;
	bool is_complete; /* the response is there, or the request is closed without one */
	struct reply *reply;
	char *body; /* of the reply, growing */
	long until_ms; /* now_ms(): when the test has waited in vain */

	/* The body of the request. */
	struct str piece; /* what has arrived of it and was not read */
	const char *const *pieces; /* those that have not arrived; or NULL */
	bool is_cut; /* the client ends behind them */
	struct job arrival; /* of the next piece */
};

static void turn(const struct exchange *exchange)
{
	ck_assert_msg(now_ms() < exchange->until_ms, "waited in vain for the response to: %.*s",
		      STR_ARG(exchange->core->pub.line));
	loop_turn(TURN_MS);
}

/* --- the body of the request ------------------------------------------------------ */

static void piece_arrives(struct job *job)
{
	struct exchange *exchange =
		(struct exchange *)((char *)job - offsetof(struct exchange, arrival));

	exchange->piece = str_from(*exchange->pieces++);
	request_body_ready(exchange->core);
}

/* struct protocol, .read_body */
static int read_body(struct request *req, size_t max, struct slice *out)
{
	struct exchange *exchange = (struct exchange *)req->conn;
	struct str part = str_head(exchange->piece, max);

	if (part.len > 0) {
		*out = (struct slice){ .data = part.data, .len = part.len, .fd = -1 };
		exchange->piece = str_skip(exchange->piece, part.len);
		exchange->core->body_bytes += part.len;
		return 1;
	}
	if (exchange->pieces && *exchange->pieces) {
		job_queue(&exchange->arrival, STAGE_RESPOND);
		return -EAGAIN;
	}
	return exchange->is_cut ? -ECONNRESET : 0;
}

static void discard_body(struct exchange *exchange)
{
	job_cancel(&exchange->arrival);
	exchange->core->body_bytes += exchange->piece.len;
	for (; exchange->pieces && *exchange->pieces; exchange->pieces++)
		exchange->core->body_bytes += strlen(*exchange->pieces);
}

static const struct protocol inproc_protocol = {
	.name = "in-process",
	.read_body = read_body,
};

/* --- the request ------------------------------------------------------------------ */

static union address loopback(int port)
{
	return (union address){ .in = { .sin_family = AF_INET,
					.sin_port = htons((uint16_t)port),
					.sin_addr.s_addr = htonl(INADDR_LOOPBACK) } };
}

/* The listener that a client of 127.0.0.1 reaches: of this address, or else of all of the port. */
static const struct listener *find_listener(int port)
{
	const struct listeners *listeners = http_listeners(inproc.conf);
	const struct listener *found = NULL;

	for (size_t i = 0; i < listeners->count; i++) {
		const struct listener *listener = &listeners->items[i];
		const struct sockaddr_in *address = &listener->address.in;
		in_addr_t host = address->sin_family == AF_INET ? ntohl(address->sin_addr.s_addr) :
								  1;

		if (address_port(&listener->address) != port)
			continue;
		if (host == INADDR_LOOPBACK)
			return listener;
		if (host == INADDR_ANY)
			found = listener;
	}
	ck_assert_msg(found != NULL, "no server listens on port %d of 127.0.0.1", port);
	return found;
}

static void open_conn(struct conn *conn, int port)
{
	*conn = (struct conn){
		.event.fd = -1,
		.listener = find_listener(port),
		.protocol = &inproc_protocol,
		.peer = loopback(CLIENT_PORT),
		.peer_len = sizeof(struct sockaddr_in),
		.local = loopback(port),
		.local_len = sizeof(struct sockaddr_in),
		.number = ++inproc.connections,
		.requests = 1,
		.started_ms = clock_ms(),
	};
}

static int add_field(struct request_core *core, const char *name, const char *value)
{
	return request_add_field(core, str_from(name), str_from(value));
}

/* Lines "Name: value\r\n", as in struct ask. 0, or the status to refuse the request with. */
static int add_lines(struct request_core *core, const char *lines)
{
	int status = 0;

	while (*lines && !status) {
		size_t len = strcspn(lines, "\r"), name = strcspn(lines, ":"), begin, end = len;

		ck_assert_msg(name < len && strncmp(lines + len, "\r\n", 2) == 0,
			      "not a field line: %s", lines);
		begin = name + 1 + strspn(lines + name + 1, " \t");
		while (end > begin && strchr(" \t", lines[end - 1]))
			end--;
		status = add_field(core, memory_printf("%.*s", (int)name, lines),
				   memory_printf("%.*s", (int)(end - begin), lines + begin));
		lines += len + 2;
	}
	return status;
}

static int add_fields(struct request_core *core, const struct ask *ask)
{
	const char *host = ask->host ? ask->host : "localhost";
	int status = *host ? add_field(core, "Host", host) : 0;

	if (ask->pieces)
		core->body_expected = -1;
	if (!status && ask->body) {
		core->body_expected = (int64_t)strlen(ask->body);
		status = add_field(core, "Content-Length", memory_printf("%zu", strlen(ask->body)));
	}
	return status || !ask->fields ? status : add_lines(core, ask->fields);
}

/* What was asked. 0, or the status to refuse the request with. */
static int fill_in(struct request_core *core, const char *target, const struct ask *ask)
{
	struct request *req = &core->pub;
	struct target parts;

	req->method_name = str_from(ask->method ? ask->method : "GET");
	req->method = method_find(req->method_name);
	req->head_only = req->method == METHOD_HEAD;
	req->version = ask->version && strcmp(ask->version, "1.0") == 0 ? HTTP_1_0 : HTTP_1_1;
	req->line = str_from(memory_printf("%.*s %s HTTP/%s", STR_ARG(req->method_name), target,
					   ask->version ? ask->version : "1.1"));

	int status = target_split(req->method, str_from(memory_printf("%s", target)), &parts);

	if (status)
		return status;
	req->target = parts.path_and_args;
	req->args = parts.args;
	req->uri = parts.path;
	status = add_fields(core, ask);
	if (!status)
		status = request_find_authority(core, parts.authority, http_vhosts(req->conn));
	return status ? status : request_decode_target(core);
}

/* field_visitor */
static void add_line(void *data, struct str name, struct str value)
{
	struct reply *reply = data;

	reply->head = memory_printf("%s%.*s: %.*s\r\n", reply->head, STR_ARG(name),
				    STR_ARG(value));
}

static const char *status_line(const struct response *response)
{
	struct str reason = response->reason;

	if (str_empty(reason))
		reason = status_reason(response->status);
	return memory_printf("HTTP/1.1 %d %.*s\r\n", response->status, STR_ARG(reason));
}

/* struct request_core, .complete */
static void complete(struct request *req, void *data)
{
	struct exchange *exchange = data;
	struct request_core *core = request_core(req);

	struct reply *reply = exchange->reply;

	exchange->is_complete = true;
	if (core->closing)
		return;
	response_check(req);
	reply->status = req->response.status;
	reply->head = status_line(&req->response);
	response_each_field(req, add_line, reply);
	reply->head = memory_printf("%s\r\n", reply->head);
	reply->is_whole = true;
}

static void begin(struct exchange *exchange, const char *target, const struct ask *ask)
{
	struct request_core *core = request_create(&exchange->conn, sizeof(struct request_core));
	struct request *req = &core->pub;

	exchange->core = core;
	core->complete = complete;
	core->complete_data = exchange;
	core->number = 1;
	core->started_us = clock_us();
	core->keepalive = ask->keep;
	req->version = HTTP_1_0;
	req->server = vhosts_default(http_vhosts(&exchange->conn));
	request_set_location(req, req->server->top);
	stats_add(&stats_mine->requests, 1);

	exchange->piece = str_from(ask->body ? ask->body : "");
	exchange->pieces = ask->pieces;
	exchange->is_cut = ask->is_cut;
	exchange->arrival.run = piece_arrives;

	int status = fill_in(core, target, ask);

	if (status)
		request_refuse(core, status);
	else
		request_advance(core);
}

/* --- the response ------------------------------------------------------------------- */

static void take(struct exchange *exchange, struct slice *slice)
{
	size_t before = exchange->reply->body_len;
	char *body = realloc(exchange->body, before + slice->len + 1);

	ck_assert_ptr_nonnull(body);
	exchange->body = body;
	if (slice->data)
		memcpy(body + before, slice->data, slice->len);
	else
		ck_assert_int_eq(pread(slice->fd, body + before, slice->len, (off_t)slice->offset),
				 (ssize_t)slice->len);
	exchange->reply->body_len += slice->len;
	slice_release(slice);
}

/* The whole body, or what there is of it before it breaks off. */
static void pull(struct exchange *exchange)
{
	struct response_reader reader = { 0 };
	struct reply *reply = exchange->reply;
	struct slice slice;
	int result;

	response_reader_start(&reader, &exchange->core->pub, NULL);
	do {
		result = response_read(&reader, SLICE, &slice);
		if (result == 1)
			take(exchange, &slice);
		while (reader.waits)
			turn(exchange);
	} while (result == 1 || result == -EAGAIN);
	reply->is_whole = result == 0;
	reply->framing = reader.length < 0 ? FRAMING_CLOSE : FRAMING_LENGTH;
}

/* Logs and ends the request. */
static void finish(struct exchange *exchange)
{
	struct request_core *core = exchange->core;
	struct reply *reply = exchange->reply;
	char *body = memory_alloc(reply->body_len + 1);

	if (reply->body_len)
		memcpy(body, exchange->body, reply->body_len);
	body[reply->body_len] = '\0';
	reply->body = body;
	free(exchange->body);
	discard_body(exchange);
	core->response_head_bytes = strlen(reply->head);
	core->bytes_sent = core->response_head_bytes + reply->body_len;
	core->complete_ok = reply->is_whole;
	stats_count_response(reply->status, core->bytes_sent);
	phases_log(&core->pub);
	request_destroy(core);
	loop_turn(0); /* writes the lines of the access log */
}

static struct reply ask_inproc(struct server *server, const char *target, const struct ask *ask)
{
	struct reply reply = { .head = "", .body = "" };
	struct exchange exchange = {
		.reply = &reply,
		.until_ms = now_ms() + test_seconds() * 1000L,
	};

	clock_update(); /* as in a turn that has received something */
	open_conn(&exchange.conn, server->ports[ask->port]);
	begin(&exchange, target, ask);
	while (!exchange.is_complete)
		turn(&exchange);

	const struct response *response = &exchange.core->pub.response;

	if (reply.status && response->body && !exchange.core->pub.head_only &&
	    status_has_body(response->status))
		pull(&exchange);
	else if (reply.status && !exchange.core->pub.head_only && status_has_body(reply.status))
		reply.framing = FRAMING_LENGTH;
	finish(&exchange);
	return reply;
}

/* --- the server ----------------------------------------------------------------------- */

static struct conf *load(const struct server *server, const struct server_setup *setup)
{
	const struct conf_options options = {
		.prefix = str_from(memory_printf("%s/", server->dir)),
		.path = str_from(memory_printf("%s/conf/server.conf", server->dir)),
		.messages = inproc.messages,
	};
	struct conf *conf = conf_create(&options);

	if (conf_load(conf, str_from(server_conf(server, setup))) == 0)
		return conf;
	conf_destroy(conf);
	return NULL;
}

static struct server *create(const struct server_setup *setup)
{
	struct server *server = server_create(setup);

	ck_assert_msg(!inproc.conf, "a test has one server in its process at a time");
	for (int i = 0; i < SERVER_PORTS; i++)
		server->ports[i] = FIRST_PORT + i;
	inproc.messages = fopen(file_path(server, "/output.log"), "w");
	ck_assert_ptr_nonnull(inproc.messages);
	inproc.conf = load(server, setup);
	fflush(inproc.messages);
	return server;
}

static void stop(struct server *server)
{
	(void)server;
	threads_finish();
	modules_stop(inproc.conf, STOP_GRACEFUL);
	log_writer_flush_all();
	completion_finish();
	loop_finish();
	log_process = inproc.log_before;
	logfiles_close(logs_of(inproc.conf));
	conf_destroy(inproc.conf);
	fclose(inproc.messages);
	inproc.conf = NULL;
}

/* A transport needs a socket, too. */
bool inproc_has_sockets(void)
{
	return getenv("TEST_SOCKETS") || wire_type;
}

const char *inproc_protocol_name(void)
{
	return wire_type && wire_type->is_http2 ? "HTTP/2.0" : "HTTP/1.1";
}

struct server *inproc_start_with(const struct server_setup *setup)
{
	static const struct server_kind kind = { ask_inproc, stop };

	if (inproc_has_sockets())
		return server_start_with(setup);

	struct server *server = create(setup);

	server->kind = &kind;
	ck_assert_msg(inproc.conf != NULL, "%s", server_output(server));
	http_prepare(inproc.conf);
	ck_assert_int_eq(logfiles_open(logs_of(inproc.conf)), 0);
	inproc.log_before = log_process;
	log_process = logs_main(inproc.conf);
	permission_set_user("");
	ck_assert_int_eq(loop_start(), 0);
	ck_assert_int_eq(completion_start(), 0);
	http_start(inproc.conf, &inproc_protocol, NULL);
	ck_assert_int_eq(modules_start(inproc.conf), 0);
	return server;
}

struct server *inproc_start(const char *conf)
{
	return inproc_start_with(&(struct server_setup){ .conf = conf });
}

struct server *inproc_with(const char *directives)
{
	return inproc_start(memory_printf("http { access_log off;\n"
					  "server { listen 127.0.0.1:%%PORT%%;\n%s\n} }",
					  directives));
}

const char *inproc_fails(const char *conf)
{
	if (inproc_has_sockets()) {
		const char *output;

		ck_assert_int_eq(server_fails(conf, &output), 1);
		return output;
	}

	struct server *server = create(&(struct server_setup){ .conf = conf });
	const char *output = server_output(server);

	ck_assert_msg(!inproc.conf, "the configuration is not wrong: %s", conf);
	fclose(inproc.messages);
	scratch_remove(server->dir);
	return output;
}
