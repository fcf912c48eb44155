/* SPDX-License-Identifier: BSD-2-Clause */
/* Variables that tell of this machine, of the time, and of the connection. */
#include "harness/client.h"
#include "harness/memory.h"
#include "harness/test.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static struct server *server;

static void setup(void)
{
	server = server_start(
		"http { log_format trailers '$sent_trailer_x_sum|$sent_trailer_x_b';"
		"access_log a.log trailers; server { listen 127.0.0.1:%PORT%;"
		"location /machine { return 200 \"$hostname|$nginx_version|$skua_version|"
		"$pid|$server_addr:$server_port\"; }"
		"location /time { return 200 \"$msec|$time_iso8601|$time_local\"; }"
		"location /connection { return 200 \"$connection_time $tcpinfo_rtt "
		"$tcpinfo_rttvar $tcpinfo_snd_cwnd $tcpinfo_rcv_space\"; }"
		"location /client { return 200 \"$remote_port $realip_remote_port "
		"$realip_remote_addr $connections_active $connections_reading "
		"$connections_writing $connections_waiting\"; }"
		"location /trailers { add_trailer X-Sum \"a b\"; root html; }"
		"location /uri { error_page 404 /shown; return 404; }"
		"location /shown { return 200 \"$document_uri $uri $request_uri\"; } } }");
	put_file(server, "trailers", "text");
}

static void teardown(void)
{
	server_stop(server);
}

/* The part of a text that stands behind so many "|". */
static char *part(const char *text, int number)
{
	for (; number > 0; number--)
		text = strchr(text, '|') + 1;
	return memory_printf("%.*s", (int)strcspn(text, "|"), text);
}

START_TEST(of_the_machine)
{
	const char *body = get(server, "/machine").body;
	char name[256] = "";
	pid_t worker;

	ck_assert_int_eq(gethostname(name, sizeof(name) - 1), 0);
	for (char *at = name; *at; at++)
		*at = (char)tolower((unsigned char)*at);
	ck_assert_str_eq(part(body, 0), name);
	ck_assert_uint_eq(strspn(part(body, 1), "0123456789."), strlen(part(body, 1)));
	ck_assert(isdigit((unsigned char)part(body, 2)[0]));
	ck_assert_int_eq(server_workers(server, &worker, 1), 1);
	ck_assert_int_eq(atoi(part(body, 3)), worker);
	ck_assert_str_eq(part(body, 4), server_text(server, "127.0.0.1:%PORT%"));
}
END_TEST

/* All three are of the same second, or of two that follow each other. */
START_TEST(of_the_time)
{
	time_t before = time(NULL);
	const char *body = get(server, "/time").body;
	time_t after = time(NULL), found = (time_t)atol(part(body, 0));
	struct tm iso = { 0 }, local = { 0 };
	const char *end = strptime(part(body, 1), "%Y-%m-%dT%H:%M:%S%z", &iso);

	ck_assert_int_ge(found, before - 1);
	ck_assert_int_le(found, after + 1);
	ck_assert_int_eq(strspn(strchr(part(body, 0), '.') + 1, "0123456789"), 3);
	ck_assert(end && !*end);
	end = strptime(part(body, 2), "%d/%b/%Y:%H:%M:%S %z", &local);
	ck_assert(end && !*end);

	time_t offset = iso.tm_gmtoff;

	ck_assert_int_eq(local.tm_gmtoff, offset);
	ck_assert_int_le(labs(timegm(&iso) - offset - found), 1);
	ck_assert_int_le(labs(timegm(&local) - offset - found), 1);
}
END_TEST

START_TEST(of_the_connection)
{
	unsigned seconds, thousandths, rtt, rttvar, window, space;
	const char *body = get(server, "/connection").body;

	ck_assert_msg(sscanf(body, "%u.%3u %u %u %u %u", &seconds, &thousandths, &rtt, &rttvar,
			     &window, &space) == 6,
		      "%s", body);
	ck_assert_uint_gt(window, 0);
	ck_assert_uint_gt(space, 0);
	ck_assert_uint_lt(rtt, 60 * 1000 * 1000);
}
END_TEST

/* That of the harness, by which it finds that the server serves, may not be gone yet. */
START_TEST(of_the_client)
{
	unsigned port, peer, active, reading, writing, waiting;
	struct client *idle = client_open(server);
	struct deadline p = { 0 };
	const char *body;

	do {
		body = client_get(idle, "/client").body;
		ck_assert_msg(sscanf(body, "%u %u 127.0.0.1 %u %u %u %u", &port, &peer, &active,
				     &reading, &writing, &waiting) == 6,
			      "%s", body);
	} while (active > 1 && deadline_wait(&p, "one connection alone"));
	ck_assert_uint_gt(port, 0);
	ck_assert_uint_eq(peer, port);
	ck_assert_uint_eq(reading, 0);
	ck_assert_uint_eq(writing, 1);
	ck_assert_uint_eq(waiting, 0);
	body = get(server, "/client").body;
	ck_assert_msg(sscanf(body, "%*u %*u 127.0.0.1 %u %*u %u %u", &active, &writing,
			     &waiting) == 3,
		      "%s", body);
	ck_assert_uint_eq(active, 2);
	ck_assert_uint_eq(waiting, 1);
	client_close(idle);
}
END_TEST

START_TEST(of_trailers_and_paths)
{
	struct deadline p = { 0 };

	ck_assert_str_eq(get(server, "/trailers").body, "text");
	while (file_count(server, "/a.log", "\n") < 1)
		deadline_wait(&p, "a line in the access log");
	ck_assert_str_eq(file_text(server, "/a.log"), "a b|-\n");
	ck_assert_str_eq(get(server, "/uri").body, "/shown /shown /uri");
}
END_TEST

TESTS_IN((&(struct test_suite){ .name = "variables", .setup = setup, .teardown = teardown }),
	 of_the_machine, of_the_time, of_the_connection, of_the_client, of_trailers_and_paths)
