/* SPDX-License-Identifier: BSD-2-Clause */
/* A handler that waits: what goes on meanwhile, and what happens when nobody waits any more. */
#include "harness/client.h"
#include "harness/memory.h"
#include "harness/test.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

static struct server *server;

static void setup(void)
{
	server = server_start(
		"http { log_format f '$request_uri $status;'; access_log %DIR%/access.log f;"
		"lingering_timeout 2s;"
		"server { listen 127.0.0.1:%PORT%; listen unix:%DIR%/socket;"
		"location /timer { wait 50ms; hello timer; }"
		"location /file { wait 20ms; }"
		"location /late { wait 300ms; hello late; }"
		"location /long { wait 1h; hello long; }"
		"location /limit/timer { wait 1h; wait_at_most 100ms; }"
		"location /limit/thread { wait_in_thread on; wait_at_most 10ms; }"
		"location /limit/never { wait 10ms; wait_at_most 1h; hello in_time; }"
		"location /limit/both { wait 20ms; wait_at_most 20ms; hello both; }"
		"location /thread { wait_in_thread on; }"
		"location /now { access_log off; return 200 $uri; } } }");
	put_file(server, "file/a", "file");
	put_file(server, "thread/a", "thread");
}

static void teardown(void)
{
	server_stop(server);
}

/* What was sent is there when a connection that came later is answered. */
static void has_arrived(void)
{
	ck_assert_int_eq(get(server, "/now").status, 200);
}

static void logged(const char *line)
{
	struct deadline p = { 0 };

	while (file_count(server, "/access.log", line) == 0)
		deadline_wait(&p, "a line in the access log");
	ck_assert_str_eq(file_text(server, "/access.log"), line);
}

START_TEST(a_timer_and_a_thread_wake_it)
{
	ck_assert_str_eq(get(server, "/file/a").body, "file");
	ck_assert_str_eq(get(server, "/thread/a").body, "thread");
	ck_assert_int_eq(get(server, "/thread/b").status, 404);
}
END_TEST

START_TEST(a_time_limit_ends_the_waiting)
{
	ck_assert_int_eq(get(server, "/limit/timer").status, 504);
	log_wait(server, "wait: cancelled");
	/* The thread fires its token when the request is gone. */
	ck_assert_int_eq(get(server, "/limit/thread").status, 504);
	ck_assert_str_eq(get(server, "/limit/never").body, "in_time");
	for (int i = 0; i < 20; i++) {
		int status = get(server, "/limit/both").status;

		ck_assert_msg(status == 200 || status == 504, "%d", status);
	}
	usleep(200000);
	ck_assert_int_eq(get(server, "/now").status, 200);
}
END_TEST

START_TEST(a_handler_learns_that_its_client_has_closed)
{
	struct client *client = client_open(server);

	client_send(client, "GET /limit/timer HTTP/1.1\r\nHost: a\r\n\r\n");
	client_half_close(client);
	ck_assert_int_eq(client_reply(client).status, 499);
}
END_TEST

START_TEST(others_are_answered_meanwhile)
{
	struct client *waiting = client_open(server);

	client_send(waiting, "GET /long HTTP/1.1\r\nHost: a\r\n\r\n");
	for (int i = 0; i < 20; i++)
		ck_assert_int_eq(get(server, "/now").status, 200);
	ck_assert(client_is_quiet(waiting, 0));
}
END_TEST

START_TEST(pipelined_requests_wait_for_their_turn)
{
	struct client *client = client_open(server);

	client_send(client, "GET /now1 HTTP/1.1\r\nHost: a\r\n\r\n"
			    "GET /thread/a HTTP/1.1\r\nHost: a\r\n\r\n"
			    "GET /now2 HTTP/1.1\r\nHost: a\r\n\r\n"
			    "GET /timer HTTP/1.1\r\nHost: a\r\n\r\n"
			    "GET /now3 HTTP/1.1\r\nHost: a\r\n\r\n");
	ck_assert_str_eq(client_reply(client).body, "/now1");
	ck_assert_str_eq(client_reply(client).body, "thread");
	ck_assert_str_eq(client_reply(client).body, "/now2");
	ck_assert_int_eq(client_reply(client).status, 200);
	ck_assert_str_eq(client_reply(client).body, "/now3");
}
END_TEST

START_TEST(a_client_that_resets_while_a_timer_runs)
{
	struct client *client = client_open(server);

	client_send(client, "GET /long HTTP/1.1\r\nHost: a\r\n\r\n");
	has_arrived();
	client_reset(client);
	log_wait(server, "wait: cancelled");
	logged("/long 499;\n");
}
END_TEST

START_TEST(a_client_that_hangs_up_while_a_timer_runs)
{
	struct client *client = client_open(server);

	client_send(client, "GET /long HTTP/1.1\r\nHost: a\r\n\r\n");
	client_close(client);
	log_wait(server, "wait: cancelled");
	logged("/long 499;\n");
}
END_TEST

START_TEST(a_client_that_resets_while_a_thread_works)
{
	for (int i = 0; i < 8; i++) {
		struct client *client = client_open(server);
		client_send(client, "GET /thread/a HTTP/1.1\r\nHost: a\r\n\r\n");
		has_arrived();
		client_reset(client);
	}
	ck_assert_str_eq(get(server, "/thread/a").body, "thread");
}
END_TEST

START_TEST(a_client_that_closes_its_half_gets_its_answer)
{
	struct client *client = client_open(server);

	client_send(client, "GET /file/a HTTP/1.1\r\nHost: a\r\n\r\n");
	client_half_close(client);
	ck_assert_str_eq(client_reply(client).body, "file");
	ck_assert(client_is_closed(client));
}
END_TEST

START_TEST(a_request_with_a_body_may_wait)
{
	struct client *client = client_open(server);

	client_send(client, "POST /timer HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhe");
	has_arrived();
	client_send(client, "lloGET /now HTTP/1.1\r\nHost: a\r\n\r\n");
	ck_assert_int_eq(client_reply(client).status, 200);
	ck_assert_str_eq(client_reply(client).body, "/now");
}
END_TEST

START_TEST(the_server_may_end_while_it_waits)
{
	struct server *other = server_with("location /long { wait 1h; }"
					   "location /thread { wait_in_thread on; }");

	for (int i = 0; i < 4; i++) {
		client_send(client_open(other), "GET /long HTTP/1.1\r\nHost: a\r\n\r\n");
		client_send(client_open(other), "GET /thread HTTP/1.1\r\nHost: a\r\n\r\n");
	}
	ck_assert(client_is_quiet(client_open(other), 20));
	server_stop_by(other, SIGTERM);
}
END_TEST

/* Asks for so many bytes, and for what is late. */
static int ask_for_both(int len)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	const char *text = memory_printf("GET /large HTTP/1.1\r\nHost: a\r\n"
					 "Range: bytes=0-%d\r\n\r\n"
					 "GET /late HTTP/1.1\r\nHost: a\r\n\r\n", len - 1);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(to.sun_path, sizeof(to.sun_path), "%s", file_path(server, "/socket"));
	ck_assert_int_eq(connect(fd, (struct sockaddr *)&to, sizeof(to)), 0);
	ck_assert_int_eq(send(fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
	return fd;
}

/*
 * One of these lengths fills the socket but for little. Some room comes, not enough
 * for epoll to speak of it, and when the second answer is there both are sent. Then
 * epoll speaks of the room that was asked for.
 */
START_TEST(room_may_come_when_nothing_is_left_to_send)
{
	enum { CLIENTS = 150, LEAST = 200 << 10, STEP = 2 << 10, SOME = 128 << 10 };
	static char bytes[1 << 20];
	int clients[CLIENTS];

	put_bytes(server, "large", bytes, sizeof(bytes));
	for (int i = 0; i < CLIENTS; i++)
		clients[i] = ask_for_both(LEAST + i * STEP);
	has_arrived();
	for (int i = 0; i < CLIENTS; i++)
		ck_assert_int_eq(recv(clients[i], bytes, SOME, MSG_WAITALL), SOME);
	usleep(600000); /* the late answers are there */
	for (int i = 0; i < CLIENTS; i++)
		while (recv(clients[i], bytes, sizeof(bytes), MSG_DONTWAIT) > 0)
			;
	has_arrived();
	for (int i = 0; i < CLIENTS; i++)
		close(clients[i]);
}
END_TEST

/* Milliseconds of the processor that the worker has taken. */
static long worker_ms(void)
{
	pid_t worker;
	clockid_t clock;
	struct timespec used;

	ck_assert_int_eq(server_workers(server, &worker, 1), 1);
	ck_assert_int_eq(clock_getcpuclockid(worker, &clock), 0);
	ck_assert_int_eq(clock_gettime(clock, &used), 0);
	return used.tv_sec * 1000 + used.tv_nsec / 1000000;
}

START_TEST(nothing_is_done_while_a_full_buffer_waits)
{
	struct client *client = client_open(server);
	char *many = memory_alloc(200001);

	memset(many, 0, 200001);
	for (int i = 0; i < 5000; i++)
		strcat(many + (ptrdiff_t)i * 40, "GET /now HTTP/1.1\r\nHost: abcdefghijk\r\n\r\n");
	client_send(client, "GET /long HTTP/1.1\r\nHost: a\r\n\r\n");
	client_send_some(client, many, 200000);
	has_arrived();

	long before = worker_ms();

	usleep(500000);
	ck_assert_int_lt(worker_ms() - before, 100);
	client_reset(client);
	logged("/long 499;\n");
}
END_TEST

/* What the line of this URI says behind the word, in milliseconds. */
static long ms_of(struct server *other, const char *uri, const char *word)
{
	const char *line = strstr(file_text(other, "/times.log"), memory_printf("%s head", uri));
	const char *end = line ? strchr(line, '\n') : NULL;
	const char *at = line ? strstr(line, memory_printf(" %s=", word)) : NULL;

	ck_assert_msg(at && end && at < end, "%s: %s", uri, word);
	return (long)(strtod(at + strlen(word) + 2, NULL) * 1000 + 0.5);
}

/* The clock of the loop stands still while a handler works. */
START_TEST(work_in_one_turn_is_slow)
{
	struct deadline p = { 0 };
	struct server *other = server_start(
		"http { access_log off; slow_log slow.log 200ms;"
		"log_format times '$uri $request_times'; slow_log times.log 0 times;"
		"server { listen 127.0.0.1:%PORT%;"
		"location = /work { work 250ms; hello ok; }"
		"location = /both { work 250ms; wait 1ms; hello ok; } } }");

	get(other, "/work");
	get(other, "/both");
	while (file_count(other, "/times.log", "\n") < 2)
		deadline_wait(&p, "lines of both requests");
	ck_assert_uint_eq(file_count(other, "/slow.log", "\n"), 2);
	ck_assert_int_ge(ms_of(other, "/work", "work"), 250);
	ck_assert_int_ge(ms_of(other, "/both", "work"), 250);
	ck_assert_int_lt(ms_of(other, "/both", "wait"), 250);
	ck_assert_int_eq(ms_of(other, "/work", "send"), 0);
	ck_assert_int_eq(ms_of(other, "/both", "send"), 0);
	server_stop(other);
}
END_TEST

/* A client that reads late does not make the work before it a part of "send". */
START_TEST(work_before_a_long_response_is_work)
{
	struct deadline p = { 0 };
	struct server *other = server_start(
		"http { access_log off; log_format times '$uri $request_times';"
		"slow_log times.log 0 times; server { listen 127.0.0.1:%PORT%; root %DIR%/html;"
		"location = /large { work 250ms; } location = /drip { drip 60ms; } } }");

	put_large(other);
	struct client *client = client_open_slow(other);

	client_send(client, "GET /large HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
	usleep(600000);
	client_drain(client);
	get(other, "/drip");
	while (file_count(other, "/times.log", "\n") < 2)
		deadline_wait(&p, "lines of both requests");
	ck_assert_int_ge(ms_of(other, "/large", "work"), 250);
	ck_assert_int_ge(ms_of(other, "/large", "send"), 250);
	ck_assert_int_ge(ms_of(other, "/drip", "drip"), 230);
	ck_assert_int_lt(ms_of(other, "/drip", "send"), ms_of(other, "/drip", "drip"));
	server_stop(other);
}
END_TEST

TESTS_IN((&(struct test_suite){ .name = "wait", .setup = setup, .teardown = teardown }),
	 a_timer_and_a_thread_wake_it, a_time_limit_ends_the_waiting,
	 a_handler_learns_that_its_client_has_closed, others_are_answered_meanwhile,
	 pipelined_requests_wait_for_their_turn, a_client_that_resets_while_a_timer_runs,
	 a_client_that_hangs_up_while_a_timer_runs, a_client_that_resets_while_a_thread_works,
	 a_client_that_closes_its_half_gets_its_answer, a_request_with_a_body_may_wait,
	 the_server_may_end_while_it_waits, room_may_come_when_nothing_is_left_to_send,
	 nothing_is_done_while_a_full_buffer_waits, work_in_one_turn_is_slow,
	 work_before_a_long_response_is_work)
