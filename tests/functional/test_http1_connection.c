/* SPDX-License-Identifier: BSD-2-Clause */
/* How long a connection lives, and in which order it is answered (RFC 9112 section 9). */
#include "harness/client.h"
#include "harness/memory.h"
#include "harness/test.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* Answers with the path that was asked for. */
static struct server *echo(const char *directives)
{
	return server_with(memory_printf("location / { return 200 $request_uri; } %s", directives));
}

/* What HTTP/1.1 takes for granted is not said. */
static void check_connection(const struct reply *reply, const char *expected)
{
	const char *value = reply_header(reply, "Connection");

	ck_assert_str_eq(value ? value : "", expected);
}

static void check_kept(struct server *server, const char *request, bool kept)
{
	bool is_old = strstr(request, "HTTP/1.0") != NULL;
	struct client *client = client_open(server);

	client_send(client, request);
	struct reply reply = client_reply(client);
	ck_assert_int_eq(reply.status, 200);
	check_connection(&reply, !kept ? "close" : is_old ? "keep-alive" : "");
	if (kept)
		ck_assert_str_eq(client_get(client, "/2").body, "/2");
	else
		ck_assert(client_is_closed(client));
	client_close(client);
}

START_TEST(is_kept_as_the_versions_say)
{
	struct server *server = echo("");

	check_kept(server, "GET /1 HTTP/1.1\r\nHost: a\r\n\r\n", true);
	check_kept(server, "GET /1 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", false);
	check_kept(server, "GET /1 HTTP/1.0\r\n\r\n", false);
	check_kept(server, "GET /1 HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", true);
	check_kept(server, "GET /1 HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n", true);
	server_stop(server);
}
END_TEST

START_TEST(the_tokens_of_connection_are_a_list)
{
	struct server *server = echo("");

	check_kept(server, "GET / HTTP/1.1\r\nHost: a\r\nConnection: te, Close\r\n\r\n", false);
	check_kept(server, "GET / HTTP/1.1\r\nHost: a\r\nConnection: te ,close , x\r\n\r\n", false);
	check_kept(server, "GET / HTTP/1.1\r\nHost: a\r\nConnection: closed\r\n\r\n", true);
	check_kept(server, "GET / HTTP/1.1\r\nHost: a\r\nConnection: \r\n\r\n", true);
	check_kept(server,
		   "GET / HTTP/1.1\r\nHost: a\r\nConnection: x\r\nConnection: close\r\n\r\n",
		   false);
	check_kept(server, "GET / HTTP/1.1\r\nHost: a\r\nConnection: close, keep-alive\r\n\r\n",
		   false);
	server_stop(server);
}
END_TEST

START_TEST(many_requests_one_after_the_other)
{
	struct server *server = echo("");
	struct client *client = client_open(server);

	for (int i = 0; i < 500; i++) {
		const char *path = memory_printf("/%d", i);
		ck_assert_str_eq(client_get(client, path).body, path);
	}
	server_stop(server);
}
END_TEST

/* Requests for /0, /1, … in one piece. */
static char *pipeline(int count)
{
	char *text = memory_alloc((size_t)count * 48);
	char *at = text;

	for (int i = 0; i < count; i++)
		at += sprintf(at, "GET /%d HTTP/1.1\r\nHost: localhost\r\n\r\n", i);
	return text;
}

static void expect_in_order(struct client *client, int count)
{
	for (int i = 0; i < count; i++)
		ck_assert_str_eq(client_reply(client).body, memory_printf("/%d", i));
}

START_TEST(a_hundred_pipelined_are_answered_in_order)
{
	struct server *server = echo("");
	struct client *client = client_open(server);

	client_send(client, pipeline(100));
	expect_in_order(client, 100);
	client_send(client, pipeline(100));
	expect_in_order(client, 100);
	server_stop(server);
}
END_TEST

START_TEST(thousands_pipelined_before_one_is_read)
{
	struct server *server = echo("keepalive_requests 10000;");
	struct client *client = client_open(server);
	int sent = 5000;

	client_send(client, pipeline(sent));
	expect_in_order(client, sent);
	server_stop(server);
}
END_TEST

START_TEST(a_pipeline_may_be_cut_at_every_byte)
{
	struct server *server = echo("");
	const char *text = pipeline(3);
	size_t len = strlen(text);

	for (size_t cut = 1; cut < len; cut++) {
		struct client *client = client_open(server);
		client_send_bytes(client, text, cut);
		usleep(500);
		client_send_bytes(client, text + cut, len - cut);
		expect_in_order(client, 3);
		client_close(client);
	}
	server_stop(server);
}
END_TEST

START_TEST(a_head_may_come_byte_by_byte)
{
	struct server *server = echo("");
	struct client *client = client_open(server);
	const char *text = pipeline(2);

	for (const char *at = text; *at; at++) {
		client_send_bytes(client, at, 1);
		usleep(100);
	}
	expect_in_order(client, 2);
	server_stop(server);
}
END_TEST

START_TEST(files_of_all_sizes_in_one_pipeline)
{
	static const int sizes[] = { 0, 1, 1000, 70000, 300000, 3, 2000000, 0, 5 };
	enum { COUNT = sizeof(sizes) / sizeof(sizes[0]) };
	struct server *server = server_with("");
	struct client *client = client_open(server);
	char *bytes = memory_alloc(2000000);

	for (int i = 0; i < 2000000; i++)
		bytes[i] = (char)(i * 31 >> 3);
	for (int i = 0; i < COUNT; i++)
		put_bytes(server, memory_printf("%d", i), bytes, (size_t)sizes[i]);
	client_send(client, pipeline(COUNT));
	for (int i = 0; i < COUNT; i++) {
		struct reply reply = client_reply(client);
		ck_assert_int_eq(reply.status, 200);
		ck_assert_uint_eq(reply.body_len, (size_t)sizes[i]);
		ck_assert_mem_eq(reply.body, bytes, (size_t)sizes[i]);
	}
	server_stop(server);
}
END_TEST

START_TEST(what_follows_a_close_is_not_answered)
{
	struct server *server = echo("");
	const char *all = raw_all(server, "GET /1 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
					  "GET /2 HTTP/1.1\r\nHost: a\r\n\r\n");

	ck_assert_ptr_nonnull(strstr(all, "\r\n\r\n/1"));
	ck_assert_ptr_null(strstr(all, "/2"));
	server_stop(server);
}
END_TEST

START_TEST(keepalive_requests_ends_it)
{
	struct server *server = echo("keepalive_requests 3;");
	struct client *client = client_open(server);

	client_send(client, pipeline(5));
	for (int i = 0; i < 3; i++) {
		struct reply reply = client_reply(client);
		ck_assert_str_eq(reply.body, memory_printf("/%d", i));
		check_connection(&reply, i < 2 ? "" : "close");
	}
	ck_assert(client_is_closed(client));
	server_stop(server);
}
END_TEST

START_TEST(keepalive_time_ends_it)
{
	struct server *server = echo("keepalive_time 1s;");
	struct deadline p = { 0 };
	struct client *client;
	struct reply reply;

	/* The first answer has to be within the second. */
	do {
		client = client_open(server);
		reply = client_get(client, "/");
	} while (reply_header(&reply, "Connection") && deadline_wait(&p, "a quick answer"));
	usleep(1050000);
	reply = client_get(client, "/");
	check_connection(&reply, "close");
	ck_assert(client_is_closed(client));
	server_stop(server);
}
END_TEST

START_TEST(keepalive_timeout_zero_keeps_none)
{
	struct server *server = echo("keepalive_timeout 0;");

	check_kept(server, "GET / HTTP/1.1\r\nHost: a\r\n\r\n", false);
	server_stop(server);
}
END_TEST

START_TEST(a_location_has_its_own_keepalive)
{
	struct server *server = echo("location /none { keepalive_timeout 0; return 200 none; }"
				     "location /one { keepalive_requests 1; return 200 one; }");

	check_kept(server, "GET /none HTTP/1.1\r\nHost: a\r\n\r\n", false);
	check_kept(server, "GET /one HTTP/1.1\r\nHost: a\r\n\r\n", false);
	check_kept(server, "GET / HTTP/1.1\r\nHost: a\r\n\r\n", true);
	server_stop(server);
}
END_TEST

static void check_browser(struct server *server, const char *line, const char *agent, bool kept)
{
	check_kept(server, memory_printf("%s HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n"
					 "User-Agent: %s\r\n\r\n", line, agent), kept);
}

START_TEST(keepalive_disable_names_browsers)
{
	const char *msie6 = "Mozilla/4.0 (compatible; MSIE 6.0; Windows NT 5.1)";
	const char *msie6_sp2 = "Mozilla/4.0 (compatible; MSIE 6.0; Windows NT 5.1; SV1)";
	const char *msie7 = "Mozilla/4.0 (compatible; MSIE 7.0; Windows NT 6.0)";
	const char *safari = "Mozilla/5.0 (Macintosh; Mac OS X 10) AppleWebKit/6 Safari/6";
	const char *chrome = "Mozilla/5.0 (Macintosh; Mac OS X 10) Chrome/9 Safari/6";
	struct server *server =
		echo("location /safari { keepalive_disable safari; return 200 $uri; }");

	check_browser(server, "POST /", msie6, false);
	check_browser(server, "GET /", msie6, true);
	check_browser(server, "POST /", msie6_sp2, true);
	check_browser(server, "POST /", msie7, true);
	check_browser(server, "GET /", safari, true);
	check_browser(server, "GET /safari", safari, false);
	check_browser(server, "GET /safari", chrome, true);
	check_browser(server, "POST /safari", msie6, true);
	server_stop(server);
}
END_TEST

START_TEST(keepalive_timeout_may_be_told_to_the_client)
{
	struct server *server = echo("keepalive_timeout 60s 20s;");
	struct client *client = client_open(server);
	struct reply reply = client_get(client, "/");

	ck_assert_str_eq(reply_header(&reply, "Keep-Alive"), "timeout=20");
	server_stop(server);
}
END_TEST

START_TEST(a_client_may_close_its_half_after_asking)
{
	struct server *server = server_with("");
	struct client *client = client_open(server);
	char *bytes = memory_alloc(3000000);

	memset(bytes, 'x', 3000000);
	put_bytes(server, "large", bytes, 3000000);
	client_send(client, "GET /large HTTP/1.1\r\nHost: a\r\n\r\n"
			    "GET /large HTTP/1.1\r\nHost: a\r\n\r\n");
	client_half_close(client);
	ck_assert_uint_eq(client_reply(client).body_len, 3000000);
	ck_assert_uint_eq(client_reply(client).body_len, 3000000);
	ck_assert(client_is_closed(client));
	server_stop(server);
}
END_TEST

/* One process: it is stopped and sees at once, when it goes on, what has come meanwhile. */
static struct server *one_process(const char *directives)
{
	return server_start(memory_printf("master_process off; http { access_log off; server {"
					  "listen 127.0.0.1:%%PORT%%; %s } }", directives));
}

/* The last bytes and the client's end, at once. */
static void end_with(struct server *server, struct client *client, const char *bytes)
{
	client_send(client, ""); /* the beginning of a transport, which the server answers */
	ck_assert_int_eq(kill(server->pid, SIGSTOP), 0);
	client_send(client, bytes);
	client_half_close(client);
	ck_assert_int_eq(kill(server->pid, SIGCONT), 0);
}

START_TEST(the_end_may_come_with_the_request)
{
	struct server *server = one_process("return 200 $request_uri;");
	struct client *client = client_open(server);

	ck_assert_str_eq(client_get(client, "/1").body, "/1");
	end_with(server, client, "GET /2 HTTP/1.1\r\nHost: a\r\n\r\n");
	ck_assert_str_eq(client_reply(client).body, "/2");
	ck_assert(client_is_closed(client));
	server_stop(server);
}
END_TEST

START_TEST(the_end_may_come_with_what_is_not_read_any_more)
{
	struct server *server = one_process("client_max_body_size 1; lingering_timeout 1h;"
					    "lingering_time 1h; location / { }");
	struct deadline p = { 0 };
	int before = server_descriptors(server);
	struct client *client = client_open(server);

	client_send(client, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\nab");
	ck_assert_int_eq(client_reply(client).status, 413);
	ck_assert_int_gt(server_descriptors(server), before);
	/* More than is read at once. */
	end_with(server, client, memory_printf("%50000d", 0));
	while (server_descriptors(server) > before)
		deadline_wait(&p, "the connection is closed");
	server_stop(server);
}
END_TEST

START_TEST(what_follows_an_urgent_byte_is_read)
{
	struct server *server = one_process("return 200 $request_uri;");
	struct client *client = client_open(server);

	for (int i = 0; i < 2; i++) {
		ck_assert_int_eq(kill(server->pid, SIGSTOP), 0);
		client_send(client, "GET /1 HTT");
		client_send_urgent(client);
		client_send(client, "P/1.1\r\nHost: a\r\n\r\n");
		ck_assert_int_eq(kill(server->pid, SIGCONT), 0);
		ck_assert_str_eq(client_reply(client).body, "/1");
	}
	server_stop(server);
}
END_TEST

static ssize_t send_with_descriptor(int fd, const char *text)
{
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(sizeof(int))];
	} control = { 0 };
	struct iovec iov = { (void *)text, strlen(text) };
	struct msghdr message = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control,
				  .msg_controllen = sizeof(control) };

	control.header = (struct cmsghdr){ .cmsg_len = CMSG_LEN(sizeof(int)),
					   .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS };
	memcpy(CMSG_DATA(&control.header), &fd, sizeof(fd));
	return sendmsg(fd, &message, 0);
}

/* A read ends behind a descriptor, although more may be there. */
START_TEST(what_follows_a_descriptor_is_read)
{
	static const char rest[] = "P/1.1\r\nHost: a\r\n\r\n";
	struct server *server = one_process("listen unix:%DIR%/s; return 200 $request_uri;");
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	struct timeval patience = { .tv_sec = test_seconds() };
	char answer[1000] = "";
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(to.sun_path, sizeof(to.sun_path), "%s", file_path(server, "/s"));
	ck_assert_int_ge(fd, 0);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	ck_assert_int_eq(connect(fd, (struct sockaddr *)&to, sizeof(to)), 0);
	for (int i = 0; i < 2; i++) {
		ck_assert_int_eq(kill(server->pid, SIGSTOP), 0);
		ck_assert_int_gt(send_with_descriptor(fd, "GET /1 HTT"), 0);
		ck_assert_int_eq(write(fd, rest, sizeof(rest) - 1), sizeof(rest) - 1);
		ck_assert_int_eq(kill(server->pid, SIGCONT), 0);
		ck_assert_int_gt(read(fd, answer, sizeof(answer) - 1), 0);
		ck_assert_ptr_nonnull(strstr(answer, " 200 OK"));
	}
	close(fd);
	server_stop(server);
}
END_TEST

START_TEST(answers_on_their_way_survive_what_is_not_read_any_more)
{
	struct server *server = one_process("client_max_body_size 1;");
	struct client *client = client_open_slow(server);
	char *bytes = memory_alloc(1000000);

	memset(bytes, 'x', 1000000);
	put_bytes(server, "large", bytes, 1000000);
	end_with(server, client,
		 memory_printf("GET /large HTTP/1.1\r\nHost: a\r\n\r\nPOST / HTTP/1.1\r\n"
			       "Host: a\r\nContent-Length: 200000\r\n\r\n%100000d", 0));
	ck_assert_uint_eq(client_reply(client).body_len, 1000000);
	ck_assert_int_eq(client_reply(client).status, 413);
	ck_assert(client_is_closed(client));
	server_stop(server);
}
END_TEST

START_TEST(clients_that_leave_are_forgotten)
{
	static const char *const requests[] = {
		"",
		"G",
		"GET /",
		"GET / HTTP/1.1\r\nHost: a\r\n",
		"GET / HTTP/1.1\r\nHost: a\r\n\r\n",
		"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nabc",
		"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
		"\r\n\r\n",
	};
	struct server *server = echo("");

	for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++)
		for (int way = 0; way < 3; way++) {
			struct client *client = client_open(server);
			client_send(client, requests[i]);
			if (way == 0)
				client_half_close(client);
			if (way == 0)
				client_drain(client);
			if (way == 1)
				client_reset(client);
			client_close(client);
		}
	ck_assert_int_eq(get(server, "/").status, 200);
	server_stop(server);
}
END_TEST

START_TEST(a_client_that_leaves_midway_is_logged_once)
{
	struct server *server =
		server_start("http { log_format f '$request_uri $status $request_completion;';"
			     "access_log %DIR%/access.log f;"
			     "server { listen 127.0.0.1:%PORT%; } }");
	struct client *client = client_open_slow(server);
	char *bytes = memory_alloc(9000000), some[100];
	struct deadline p = { 0 };

	memset(bytes, 'x', 9000000);
	put_bytes(server, "large", bytes, 9000000);
	client_send(client, "GET /large HTTP/1.1\r\nHost: a\r\n\r\n");
	client_read(client, some, sizeof(some));
	client_reset(client);
	while (file_count(server, "/access.log", "\n") == 0)
		deadline_wait(&p, "a line in the access log");
	ck_assert_str_eq(file_text(server, "/access.log"), "/large 200 ;\n");
	server_stop(server);
}
END_TEST

START_TEST(empty_lines_before_a_request_are_skipped)
{
	struct server *server = echo("");
	struct client *client = client_open(server);

	client_send(client, "\r\n\r\nGET /1 HTTP/1.1\r\nHost: a\r\n\r\n\r\nGET /2 HTTP/1.1\r\n"
			    "Host: a\r\n\r\n");
	ck_assert_str_eq(client_reply(client).body, "/1");
	ck_assert_str_eq(client_reply(client).body, "/2");
	server_stop(server);
}
END_TEST

TESTS("connections", is_kept_as_the_versions_say, the_tokens_of_connection_are_a_list,
      many_requests_one_after_the_other, a_hundred_pipelined_are_answered_in_order,
      thousands_pipelined_before_one_is_read, a_pipeline_may_be_cut_at_every_byte,
      a_head_may_come_byte_by_byte, files_of_all_sizes_in_one_pipeline,
      what_follows_a_close_is_not_answered, keepalive_requests_ends_it, keepalive_time_ends_it,
      keepalive_timeout_zero_keeps_none, a_location_has_its_own_keepalive,
      keepalive_disable_names_browsers, keepalive_timeout_may_be_told_to_the_client,
      a_client_may_close_its_half_after_asking, the_end_may_come_with_the_request,
      the_end_may_come_with_what_is_not_read_any_more, what_follows_an_urgent_byte_is_read,
      what_follows_a_descriptor_is_read, answers_on_their_way_survive_what_is_not_read_any_more,
      clients_that_leave_are_forgotten,
      a_client_that_leaves_midway_is_logged_once, empty_lines_before_a_request_are_skipped)
