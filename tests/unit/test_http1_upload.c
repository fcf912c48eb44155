/* SPDX-License-Identifier: BSD-2-Clause */
/* Modules that read the bodies of requests of HTTP/1, and clients that send them oddly. */
#include "unit/http1_test.h"

static const char uploads[] =
	"access_log off; client_body_timeout 20s; lingering_time 30s; lingering_timeout 5s;"
	"client_max_body_size 100; keepalive_requests 100000;"
	"server { listen 127.0.0.1:8080; location / { return 200 ok; }"
	"  location /count { upload count; } location /echo { upload echo; }"
	"  location /first { upload first; } location /trust { upload trust; }"
	"  location /endless { client_max_body_size 0; upload count; }"
	"  location /mirror { client_max_body_size 0; upload echo; } }";

static void prepare(void)
{
	setup();
	http = good_http(uploads);
}

#define HEAD(path, fields)   "POST " path " HTTP/1.1\r\nHost: a\r\n" fields "\r\n\r\n"
#define LENGTH(path, len)    HEAD(path, "Content-Length: " #len)
#define CHUNKED(path)	     HEAD(path, "Transfer-Encoding: chunked")
#define EXPECTING(path, len) HEAD(path, "Content-Length: " #len "\r\nExpect: 100-continue")

static void send_text(struct client *client, const char *text)
{
	say(client, text, strlen(text));
}

/* How often this text stands in what the client has got. */
static int count(const struct client *client, const char *text)
{
	int found = 0;

	for (const char *at = client->answers; (at = strstr(at, text)); at++)
		found++;
	return found;
}

static void has(const struct client *client, const char *text)
{
	ck_assert_msg(count(client, text) == 1, "\"%s\" is not there once in: %s", text,
		      client->answers);
}

/* Fails unless the connection lingers now, after this last response. */
static void lingers(struct client *client, int nth, int expected)
{
	ck_assert_msg(status(client, nth) == expected, "%d: %s", expected, client->answers);
	ck_assert(is_open());
	pass(client, 5 * SECOND);
	ck_assert(!is_open());
	close(client->fd);
}

/* --- time ----------------------------------------------------------------------- */

START_TEST(a_body_that_drips)
{
	struct client client = come();

	send_text(&client, LENGTH("/count", 5));
	for (int i = 0; i < 5; i++) {
		pass(&client, 20 * SECOND - 1);
		ck_assert_uint_eq(client.len, 0);
		send_text(&client, "x");
	}
	has(&client, "\r\n\r\n5 ");
	send_text(&client, GET("/"));
	ck_assert_int_eq(status(&client, 1), 200);
	leave(&client);
}
END_TEST

START_TEST(a_body_that_stops)
{
	static const char *const sent[] = { LENGTH("/count", 5),
					    LENGTH("/count", 5) "he",
					    CHUNKED("/count"),
					    CHUNKED("/count") "5\r\nhe",
					    CHUNKED("/count") "5\r\nhello\r",
					    CHUNKED("/count") "5\r\nhello\r\n0\r\n" };

	for (size_t i = 0; i < sizeof(sent) / sizeof(sent[0]); i++) {
		struct client client = come();

		send_text(&client, sent[i]);
		pass(&client, 20 * SECOND - 1);
		ck_assert_uint_eq(client.len, 0);
		pass(&client, 1);
		lingers(&client, 0, 408);
	}
}
END_TEST

/* What the module does then is its own affair, but the connection is not used again. */
START_TEST(a_module_that_minds_no_error)
{
	struct client client = come();

	send_text(&client, LENGTH("/trust", 5) "he");
	pass(&client, 20 * SECOND);
	has(&client, "\r\n\r\n2 ");
	has(&client, "Connection: close");
	lingers(&client, 0, 200);
}
END_TEST

START_TEST(an_echo_that_stops)
{
	struct client client = come();

	send_text(&client, LENGTH("/echo", 5) "he");
	has(&client, "\r\n\r\nhe");
	pass(&client, 20 * SECOND - 1);
	ck_assert(is_open());
	pass(&client, 1);
	ck_assert(!is_open());
	close(client.fd);
}
END_TEST

/* --- clients that end ----------------------------------------------------------- */

START_TEST(a_client_that_sends_its_end)
{
	static const char *const sent[] = { LENGTH("/count", 5), LENGTH("/count", 5) "hell",
					    CHUNKED("/count") "5\r\nhe",
					    CHUNKED("/count") "5\r\nhello\r\n0\r\n" };

	for (size_t i = 0; i < sizeof(sent) / sizeof(sent[0]); i++) {
		struct client client = come();

		send_text(&client, sent[i]);
		half_close(&client);
		ck_assert_int_eq(status(&client, 0), 400);
		ck_assert(!is_open());
		close(client.fd);
	}
}
END_TEST

START_TEST(a_client_that_ends_behind_its_body)
{
	struct client client = come();

	put(&client, LENGTH("/count", 5) "hello", strlen(LENGTH("/count", 5) "hello"));
	half_close(&client);
	has(&client, "\r\n\r\n5 ");
	ck_assert(!is_open());
	close(client.fd);
}
END_TEST

START_TEST(a_client_that_leaves)
{
	static const char *const sent[] = { LENGTH("/count", 5) "he", LENGTH("/echo", 5) "he",
					    CHUNKED("/count") "5\r\nhe", EXPECTING("/count", 5) };

	for (size_t i = 0; i < sizeof(sent) / sizeof(sent[0]); i++) {
		struct client client = come();

		send_text(&client, sent[i]);
		leave(&client);
	}
}
END_TEST

/* --- framing ---------------------------------------------------------------------- */

/* Read, echoed and unread bodies behind one another, cut at each byte. */
#define READ	 LENGTH("/count", 5) "hello"
#define READ_TOO CHUNKED("/count") "2\r\nhe\r\n3;x=y\r\nllo\r\n0\r\nT: t\r\n\r\n"
#define BEGUN	 LENGTH("/first", 5) "hello" CHUNKED("/first") "5\r\nhello\r\n0\r\n\r\n"
#define ECHOED	 LENGTH("/echo", 5) "HELLO" CHUNKED("/echo") "5\r\nhello\r\n0\r\n\r\n"
#define UNREAD	 LENGTH("/", 5) "hello" GET("/count")
#define LAST	 "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"

static const char conversation_of_bodies[] = READ READ_TOO BEGUN ECHOED UNREAD LAST;

START_TEST(bodies_in_two_pieces)
{
	const size_t len = sizeof(conversation_of_bodies) - 1;

	for (size_t cut = 1; cut <= len; cut++) {
		struct client client = come();

		say(&client, conversation_of_bodies, cut);
		say(&client, conversation_of_bodies + cut, len - cut);
		for (int i = 0; i < 9; i++)
			ck_assert_msg(status(&client, i) == 200, "cut at %zu, %d: %s", cut, i,
				      client.answers);
		ck_assert_int_ge(count(&client, "\r\n\r\n5 a430d84680aabd0b\n"), 2);
		has(&client, "\r\n\r\nHELLO");
		has(&client, "o\r\n0\r\n\r\n");
		ck_assert_msg(!is_open(), "cut at %zu: it does not end", cut);
		close(client.fd);
	}
}
END_TEST

START_TEST(bodies_byte_by_byte)
{
	struct client client = come();

	for (size_t i = 0; i < sizeof(conversation_of_bodies) - 1; i++)
		say(&client, conversation_of_bodies + i, 1);
	for (int i = 0; i < 9; i++)
		ck_assert_int_eq(status(&client, i), 200);
	ck_assert(!is_open());
	close(client.fd);
}
END_TEST

START_TEST(chunks_that_are_not_valid)
{
	static const char *const bad[] = { "x\r\n",
					   "5\r\nhellox",
					   "5\r\nhello\n",
					   "\r\n",
					   "ffffffffffffffffff\r\n",
					   "2\r\nhe\r\n-1\r\n",
					   "0\r\nT\x01: t\r\n\r\n" };

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		for (int pieces = 0; pieces < 2; pieces++) {
			struct client client = come();

			send_text(&client, CHUNKED("/count"));
			for (size_t j = 0; pieces && bad[i][j]; j++)
				say(&client, bad[i] + j, 1);
			if (!pieces)
				send_text(&client, bad[i]);
			lingers(&client, 0, 400);
		}
}
END_TEST

START_TEST(bodies_that_are_too_large)
{
	char hundred[101] = "", *chunks;
	struct client client = come();

	send_text(&client, LENGTH("/count", 101));
	lingers(&client, 0, 413);
	memset(hundred, 'x', 100);
	chunks = memory_printf("%s64\r\n%s\r\n", CHUNKED("/count"), hundred);
	client = come();
	send_text(&client, memory_printf("%s0\r\n\r\n", chunks));
	has(&client, "\r\n\r\n100 ");
	leave(&client);
	client = come();
	send_text(&client, chunks);
	send_text(&client, "1\r\ny");
	lingers(&client, 0, 413);
	/* An echo has promised nothing of a length: it breaks off. */
	client = come();
	send_text(&client, memory_printf("%s64\r\n%s\r\n1\r\ny", CHUNKED("/echo"), hundred));
	ck_assert_int_eq(count(&client, "0\r\n\r\n"), 0);
	ck_assert(!is_open());
	close(client.fd);
}
END_TEST

/* --- 100 (Continue) --------------------------------------------------------------- */

START_TEST(the_first_read_continues)
{
	static const char *const paths[] = { EXPECTING("/count", 5), EXPECTING("/first", 5),
					     EXPECTING("/echo", 5) };

	for (size_t i = 0; i < 3; i++) {
		struct client client = come();

		send_text(&client, paths[i]);
		ck_assert_int_eq(status(&client, 0), 100);
		send_text(&client, "he");
		send_text(&client, "llo");
		ck_assert_int_eq(count(&client, "HTTP/1.1 100 Continue\r\n\r\n"), 1);
		ck_assert_int_eq(count(&client, "HTTP/1.1 200 OK\r\n"), 1);
		send_text(&client, GET("/"));
		ck_assert_int_eq(count(&client, "HTTP/1.1 200 OK\r\n"), 2);
		leave(&client);
	}
}
END_TEST

/* In the middle of the response it would be part of that. */
START_TEST(nothing_continues_within_a_response)
{
	static const char *const fields[] = { "", "\r\nConnection: close" };

	for (size_t i = 0; i < 2; i++) {
		struct client client = come();

		send_text(&client, memory_printf("POST /echo HTTP/1.1\r\nHost: a\r\n"
						 "Content-Length: 5\r\nExpect: 100-continue%s"
						 "\r\n\r\n",
						 fields[i]));
		ck_assert_int_eq(status(&client, 0), 100);
		ck_assert_int_eq(status(&client, 1), 200);
		send_text(&client, "h");
		pass(&client, SECOND);
		send_text(&client, "ello");
		ck_assert_int_eq(count(&client, "100 Continue"), 1);
		has(&client, "\r\n\r\nhello");
		ck_assert_int_eq(is_open(), i == 0);
		leave(&client);
	}
}
END_TEST

START_TEST(a_client_that_does_not_wait)
{
	struct client client = come();

	send_text(&client, EXPECTING("/count", 5) "he");
	send_text(&client, "llo");
	ck_assert_int_eq(status(&client, 0), 200);
	send_text(&client, EXPECTING("/count", 101));
	ck_assert_int_eq(status(&client, 1), 413);
	leave(&client);
}
END_TEST

/* --- much ------------------------------------------------------------------------- */

static size_t buffered(void)
{
	const struct h1 *h = list_item(conns.busy_list.next, struct conn, link)->state;

	return h->busy->in ? h->busy->in->capacity : 0;
}

START_TEST(an_endless_body_takes_no_memory)
{
	struct client client = come();
	char bytes[0x800];

	memset(bytes, 'x', sizeof(bytes));
	send_text(&client, CHUNKED("/endless"));
	for (int i = 0; i < 1000; i++) {
		say(&client, "800\r\n", 5);
		say(&client, bytes, sizeof(bytes));
		say(&client, "\r\n", 2);
		ck_assert_uint_le(buffered(), 64 * 1024);
	}
	ck_assert_uint_eq(client.len, 0);
	send_text(&client, "0\r\n\r\n");
	has(&client, "\r\n\r\n2048000 ");
	leave(&client);
}
END_TEST

/* The response is held back as long as the client does not read, and the request with it. */
START_TEST(an_echo_to_a_client_that_does_not_read)
{
	struct client client = come();
	char piece[1000];
	int sent = 0;

	memset(piece, 'x', sizeof(piece));
	client.is_deaf = true;
	send_text(&client, LENGTH("/mirror", 100000000));
	while (put(&client, piece, sizeof(piece))) {
		settle(&client);
		ck_assert_int_lt(++sent, 10000);
	}
	ck_assert_uint_le(buffered(), 64 * 1024);
	client.is_deaf = false;
	settle(&client);
	ck_assert(is_open());
	leave(&client);
}
END_TEST

START_TEST(a_worker_that_ends_meanwhile)
{
	struct client client = come();

	send_text(&client, LENGTH("/count", 5) "he");
	conn_drain_all();
	settle(&client);
	ck_assert(is_open());
	send_text(&client, "llo");
	has(&client, "\r\n\r\n5 ");
	has(&client, "Connection: close");
	leave(&client);
}
END_TEST

TESTS_IN((&(struct test_suite){ .name = "HTTP/1 uploads", .setup = prepare }), a_body_that_drips,
	 a_body_that_stops, a_module_that_minds_no_error, an_echo_that_stops,
	 a_client_that_sends_its_end, a_client_that_ends_behind_its_body, a_client_that_leaves,
	 bodies_in_two_pieces, bodies_byte_by_byte, chunks_that_are_not_valid,
	 bodies_that_are_too_large, the_first_read_continues, nothing_continues_within_a_response,
	 a_client_that_does_not_wait, an_endless_body_takes_no_memory,
	 an_echo_to_a_client_that_does_not_read, a_worker_that_ends_meanwhile)
