/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The states of an HTTP/1 connection, on a pair of sockets and by a clock that the test
 * moves. Whatever a client sends and in whatever pieces, the loop comes to rest after
 * a few turns, and the connection ends by its deadline.
 */
#include "unit/http_test.h"

#include <errno.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include "event/loop.h"

enum {
	LINE_MAX_BYTES = 512,
	HEAD_MAX_BYTES = 256 + 2 * LINE_MAX_BYTES,
	SETTLED_AFTER = 12, /* turns, for what a client has sent at once */
	SECOND = 1000,
};

static const char configuration[] =
	"access_log off; client_header_timeout 60s; keepalive_timeout 75s; send_timeout 50s;"
	"client_body_timeout 20s; lingering_time 30s; lingering_timeout 5s;"
	"client_header_buffer_size 256; large_client_header_buffers 2 512;"
	"client_max_body_size 1k; keepalive_requests 100000;"
	"server { listen 127.0.0.1:8080; server_name small; location / { return 200 ok; }"
	"  location /wait { wait 1h; hello waited; } location /drip { drip 1h; }"
	"  location /large { return 200 $request_uri$request_uri$request_uri$request_uri; } }"
	"server { listen 127.0.0.1:8080; server_name large; client_header_timeout 500s;"
	"  large_client_header_buffers 4 8k; return 200 ok; }"
	"server { listen 127.0.0.1:8081; server_name large; client_header_timeout 500s;"
	"  large_client_header_buffers 4 8k; return 200 ok; }"
	"server { listen 127.0.0.1:8081; server_name small; return 200 ok; }";

#define GET(path)   "GET " path " HTTP/1.1\r\nHost: small\r\n\r\n"
#define POST(field) "POST / HTTP/1.1\r\nHost: small\r\n" field "\r\n\r\n"

/* Answers of four times 400 bytes, more of them than the socket holds. */
#define TEN(text)  text text text text text text text text text text
#define LARGE_GET  GET("/large?" TEN(TEN("abcd")))
#define LARGE_GETS TEN(LARGE_GET)

static struct http *http;
static int64_t now; /* what the clock says */

struct client {
	int fd;
	bool is_deaf; /* it does not read */
	char answers[8192]; /* their beginning */
	size_t len;
};

static void setup(void)
{
	static const struct log quiet = { .fd = -1 };

	signal(SIGPIPE, SIG_IGN);
	log_process = &quiet;
	ck_assert_int_eq(loop_start(), 0);
	now = 1000 * SECOND;
	clock_stop_at(now);
	http = good_http(configuration);
}

/* --- a client --- */

static struct client come_by(size_t listener)
{
	union address peer = { .any.sa_family = AF_UNIX };
	int ends[2];

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends), 0);
	setsockopt(ends[0], SOL_SOCKET, SO_SNDBUF, &(int){ 4096 }, sizeof(int));
	ck_assert(conn_open(&http->listeners.items[listener], ends[0], &peer,
			    sizeof(peer.any)));
	return (struct client){ .fd = ends[1] };
}

static struct client come(void)
{
	return come_by(0);
}

static bool hear(struct client *client)
{
	char more[65536];
	ssize_t n = client->is_deaf ? 0 : recv(client->fd, more, sizeof(more), 0);
	size_t room = sizeof(client->answers) - 1 - client->len;

	if (n <= 0)
		return false;
	if ((size_t)n < room)
		room = (size_t)n;
	memcpy(client->answers + client->len, more, room);
	client->len += room;
	return true;
}

/* Turns the loop until it comes to rest, as often as the client has read something. */
static void settle(struct client *client)
{
	do
		for (int turns = 0; loop_turn(0); turns++)
			ck_assert_msg(turns < SETTLED_AFTER, "the loop does not come to rest");
	while (hear(client));
}

static void say(struct client *client, const char *bytes, size_t len)
{
	ssize_t n = send(client->fd, bytes, len, 0);

	ck_assert_msg(n == (ssize_t)len || errno == EPIPE || errno == EAGAIN, "send() failed");
	settle(client);
}

static void half_close(struct client *client)
{
	shutdown(client->fd, SHUT_WR);
	settle(client);
}

static void pass(struct client *client, int64_t ms)
{
	now += ms;
	clock_stop_at(now);
	settle(client);
}

static bool is_open(void)
{
	return conn_counts.active > 0;
}

static void leave(struct client *client)
{
	close(client->fd);
	client->is_deaf = true;
	settle(client);
	ck_assert_msg(!is_open(), "the connection outlives its client");
}

/* The status of the nth answer, from 0; 0: there is none. */
static int status(const struct client *client, int nth)
{
	const char *at = client->answers;

	while ((at = strstr(at, "HTTP/1.1 ")) != NULL && nth-- > 0)
		at++;
	return at ? atoi(at + 9) : 0;
}

/* --- states and their deadlines --- */

/* Of the tables below: it ends as soon as that happens. */
enum { AT_ONCE = 0 };

/* Seconds after which the connection ends, when the client from then on … */
static const struct state {
	const char *name, *sends;
	bool is_deaf;
	int rests; /* … does nothing */
	int drips; /* … sends a byte each second */
	int half_closes; /* … sends its end */
} states[] = {
	{ "nothing was sent", "", false, 60, 60, AT_ONCE },
	{ "empty lines", "\r\n\r\n\n", false, 60, 60, AT_ONCE },
	{ "the first letter", "G", false, 60, 60, AT_ONCE },
	{ "a request line", "GET / HTTP/1.1\r\n", false, 60, 60, AT_ONCE },
	{ "a CR", "GET / HTTP/1.1\r\nHost: small\r\nA: \r\n", false, 60, 60, AT_ONCE },
	{ "idle", GET("/"), false, 75, 61, AT_ONCE },
	{ "the second head", GET("/") "G", false, 60, 60, AT_ONCE },
	{ "the third head", GET("/") GET("/") "GET / HTT", false, 60, 60, AT_ONCE },
	{ "no body yet", POST("Content-Length: 900"), false, 20, 30, AT_ONCE },
	{ "a body", POST("Content-Length: 900") "ab", false, 20, 30, AT_ONCE },
	{ "a chunk", POST("Transfer-Encoding: chunked") "200\r\nab", false, 20, 30, AT_ONCE },
	{ "100 was said", POST("Content-Length: 900\r\nExpect: 100-continue"), false, 20, 30,
	  AT_ONCE },
	{ "lingering, 413", POST("Content-Length: 9000"), false, 5, 30, AT_ONCE },
	{ "lingering, 400", "G(T / HTTP/1.1\r\n\r\nrest", false, 5, 30, AT_ONCE },
	{ "lingering, a TLS hello", "\x16\x03\x01\x02", false, 5, 30, AT_ONCE },
	{ "lingering, bad chunk", POST("Transfer-Encoding: chunked") "x\r\n", false, 5, 30,
	  AT_ONCE },
	{ "an answer nobody reads", LARGE_GETS, true, 50, 50, 50 },
	{ "the same, and a head behind them", LARGE_GETS "GET /", true, 50, 50, 50 },
};

enum { STATES = sizeof(states) / sizeof(states[0]) };

static struct client brought_to(const struct state *state)
{
	struct client client = come();

	client.is_deaf = state->is_deaf;
	say(&client, state->sends, strlen(state->sends));
	return client;
}

/* Open until `seconds` are over, and closed then. */
static void check_end(struct client *client, const struct state *state, int seconds)
{
	if (seconds) {
		ck_assert_msg(is_open(), "%s: it ends at once", state->name);
		pass(client, seconds * SECOND - 1);
		ck_assert_msg(is_open(), "%s: it ends too early", state->name);
		pass(client, 1);
	}
	ck_assert_msg(!is_open(), "%s: it does not end", state->name);
	close(client->fd);
}

START_TEST(a_client_that_does_nothing_more)
{
	for (size_t i = 0; i < STATES; i++) {
		struct client client = brought_to(&states[i]);

		check_end(&client, &states[i], states[i].rests);
	}
}
END_TEST

START_TEST(a_client_that_drips)
{
	for (size_t i = 0; i < STATES; i++) {
		struct client client = brought_to(&states[i]);

		for (int s = 0; s < states[i].drips; s++) {
			ck_assert_msg(is_open(), "%s: it ends after %d s", states[i].name, s);
			pass(&client, SECOND);
			say(&client, "x", 1);
		}
		check_end(&client, &states[i], 0);
	}
}
END_TEST

START_TEST(a_client_that_sends_its_end)
{
	for (size_t i = 0; i < STATES; i++) {
		struct client client = brought_to(&states[i]);

		half_close(&client);
		check_end(&client, &states[i], states[i].half_closes);
	}
}
END_TEST

START_TEST(a_client_that_leaves)
{
	for (size_t i = 0; i < STATES; i++) {
		struct client client = brought_to(&states[i]);

		leave(&client);
	}
}
END_TEST

/* --- what waits for us --- */

/* More than is read ahead of an answer. */
static void say_too_much(struct client *client)
{
	static char rest[4 * HEAD_MAX_BYTES];

	memset(rest, 'x', sizeof(rest));
	say(client, rest, sizeof(rest));
}

static void check_waits(const char *request, bool too_much, bool drips, bool half_closes)
{
	struct client client = come();

	say(&client, request, strlen(request));
	if (too_much)
		say_too_much(&client);
	if (half_closes)
		half_close(&client);
	for (int s = 1; s < (half_closes ? 5 : 500); s++) {
		pass(&client, SECOND);
		if (drips && !half_closes)
			say(&client, "x", 1);
		ck_assert(is_open());
	}
	if (half_closes) {
		pass(&client, SECOND);
		ck_assert_msg(!is_open(), "the client has gone, the connection does not end");
	}
	leave(&client);
}

START_TEST(a_handler_that_takes_its_time)
{
	for (int i = 0; i < 8; i++) {
		check_waits(GET("/wait"), i & 1, i & 2, i & 4);
		check_waits(GET("/drip"), i & 1, i & 2, i & 4);
		check_waits(GET("/") GET("/wait"), i & 1, i & 2, i & 4);
	}
}
END_TEST

START_TEST(what_came_while_a_handler_waited)
{
	struct client client = come();

	say(&client, GET("/wait") GET("/"), strlen(GET("/wait") GET("/")));
	ck_assert_int_eq(status(&client, 0), 0);
	pass(&client, 3600 * SECOND);
	ck_assert_int_eq(status(&client, 0), 200);
	ck_assert_int_eq(status(&client, 1), 200);
	pass(&client, 75 * SECOND);
	ck_assert(!is_open());
}
END_TEST

/* The time of the idle connection is over in the turn in which much work has come. */
START_TEST(a_deadline_of_what_was_before)
{
	struct client client = come();
	char *many = memory_alloc(100 * sizeof(GET("/")));

	*many = 0;
	for (int i = 0; i < 100; i++)
		strcat(many, GET("/"));
	say(&client, GET("/"), strlen(GET("/")));
	now += 75 * SECOND;
	clock_stop_at(now);
	say(&client, many, strlen(many));
	ck_assert(is_open());
	ck_assert_int_gt((int)client.len, 0);
	ck_assert_int_eq(status(&client, 20), 200);
	leave(&client);
}
END_TEST

/* --- heads of every length --- */

struct head {
	const char *begin; /* of the head */
	const char *line; /* of which the rest of it consists; "": it is one line */
	int longest; /* complete, in bytes, that is accepted */
};

static const struct head heads[] = {
	{ "GET /", "", LINE_MAX_BYTES },
	{ "\r\n\r\n\n\nGET /", "", LINE_MAX_BYTES },
	{ "GET / HTTP/1.1\r\nHost: small\r\nX: ", "", LINE_MAX_BYTES },
	{ "GET / HTTP/1.1\r\nHost: small\r\n", "X: 2345678901234567890\r\n", HEAD_MAX_BYTES },
	{ "\n\r\n\n\r\n\nGET / HTTP/1.1\nHost: small\n", "X: 2345678901234567890\n",
	  HEAD_MAX_BYTES },
};

enum { HEADS = sizeof(heads) / sizeof(heads[0]), MOST = 2 * HEAD_MAX_BYTES };

/* The first `len` bytes of a head that does not end. */
static void begin_head(const struct head *head, char *out, size_t len)
{
	size_t begin = strlen(head->begin), line = strlen(head->line);

	for (size_t i = 0; i < len; i++)
		out[i] = i < begin ? head->begin[i] :
			 line	   ? head->line[(i - begin) % line] :
				     'a';
}

START_TEST(heads_that_do_not_end)
{
	char text[MOST];

	for (int i = 0; i < HEADS; i++)
		for (size_t len = 1; len < HEAD_MAX_BYTES + 40; len++) {
			struct client client = come();

			begin_head(&heads[i], text, len + 1);
			say(&client, text, len);
			say(&client, text + len, 1);
			if (len % 2)
				half_close(&client);
			else
				pass(&client, 60 * SECOND);
			ck_assert_msg(!is_open(), "head %d of %zu bytes: it does not end", i, len);
			close(client.fd);
		}
}
END_TEST

/* Ends what begin_head() has begun; the length of the whole head. */
static size_t end_head(const struct head *head, char *text, size_t len)
{
	const char *end = *head->line			     ? "" :
			  strstr(head->begin, "X: ") ? "" :
						       " HTTP/1.1\r\nHost: small";

	return len + (size_t)sprintf(text + len, "%s\r\n\r\n", end);
}

/* What is answered to a head in two pieces. */
static int status_of(size_t listener, const char *text, size_t len, size_t cut)
{
	struct client client = come_by(listener);

	say(&client, text, cut);
	say(&client, text + cut, len - cut);

	int answer = status(&client, 0);

	ck_assert_int_eq(status(&client, 1), 0);
	leave(&client);
	return answer;
}

/* An answer does not depend on the pieces in which a head comes. */
START_TEST(heads_in_pieces)
{
	char text[MOST];

	for (int i = 0; i < HEADS; i++)
		for (size_t len = 460; len < HEAD_MAX_BYTES + 20; len++) {
			begin_head(&heads[i], text, len);

			size_t whole = end_head(&heads[i], text, len);
			int answer = status_of(0, text, whole, 0);

			ck_assert_msg(answer == 200 || answer == 400 || answer == 414,
				      "head %d of %zu bytes: %d", i, len, answer);
			for (size_t cut = whole - 6; cut < whole; cut++)
				ck_assert_msg(status_of(0, text, whole, cut) == answer,
					      "head %d of %zu bytes, cut at %zu", i, len, cut);
		}
}
END_TEST

/* The server that the last request was for has other limits than that of the next head. */
START_TEST(heads_behind_a_request_for_another_server)
{
	static const char first[] = "GET / HTTP/1.1\r\nHost: large\r\n\r\n";
	char text[MOST];

	for (size_t len = 1; len < HEAD_MAX_BYTES + 40; len++)
		for (size_t listener = 0; listener < 2; listener++) {
			struct client client = come_by(listener);

			say(&client, listener ? GET("/") : first, strlen(first));
			begin_head(&heads[3], text, len + 1);
			say(&client, text, len);
			say(&client, text + len, 1);
			if (listener == 0)
				ck_assert_int_eq(status(&client, 1),
						 len + 1 > HEAD_MAX_BYTES ? 400 : 0);
			else
				ck_assert_int_eq(status(&client, 1), 0);
			pass(&client, (listener ? 500 : 60) * SECOND - 1);
			ck_assert(is_open() || status(&client, 1));
			pass(&client, 1);
			ck_assert_msg(!is_open(), "a head of %zu bytes: it does not end", len);
			close(client.fd);
		}
}
END_TEST

/* --- conversations --- */

static const char conversation[] = GET("/") "\r\n" POST("Content-Length: 5") "hello"
	POST("Transfer-Encoding: chunked") "5\r\nhello\r\n0\r\nX: y\r\n\r\n" GET("/")
	"GET / HTTP/1.1\r\nHost: small\r\nConnection: close\r\n\r\n";

START_TEST(a_conversation_in_two_pieces)
{
	for (size_t cut = 0; cut < sizeof(conversation) - 1; cut++) {
		struct client client = come();

		say(&client, conversation, cut);
		ck_assert(is_open());
		say(&client, conversation + cut, sizeof(conversation) - 1 - cut);
		for (int i = 0; i < 5; i++)
			ck_assert_int_eq(status(&client, i), 200);
		ck_assert_msg(!is_open(), "cut at %zu: it does not end", cut);
		close(client.fd);
	}
}
END_TEST

START_TEST(a_conversation_that_ends_anywhere)
{
	for (size_t len = 0; len < sizeof(conversation) - 1; len++) {
		struct client client = come();

		say(&client, conversation, len);
		half_close(&client);
		ck_assert_msg(!is_open(), "%zu bytes: it does not end", len);
		close(client.fd);
	}
}
END_TEST

/* --- the end of the worker --- */

static struct {
	int fd;
	const struct listener *listener;
	struct conn_past past;
	char bytes[MOST];
} moved;

/* Gives the connection away, as process/passing.c does. */
static bool move(struct conn *conn)
{
	if (!conn_pack(conn, &moved.past))
		return false;
	str_put(moved.bytes, moved.past.bytes);
	moved.past.bytes.data = moved.bytes;
	moved.listener = conn->listener;
	moved.fd = dup(conn->event.fd);
	conn_unwatch(conn);
	close(conn->event.fd);
	conn_forget(conn);
	return true;
}

static void move_any(struct conn *conn)
{
	move(conn);
}

/* The connection goes on, as if in another process; false: it has stayed. */
static bool take(struct client *client)
{
	union address peer = { .any.sa_family = AF_UNIX };

	if (is_open())
		return false;
	ck_assert(conn_import(moved.listener, moved.fd, &peer, sizeof(peer.any), &moved.past));
	settle(client);
	return true;
}

START_TEST(a_connection_that_moves_keeps_its_deadline)
{
	int moves = 0;

	for (size_t i = 0; i < STATES; i++) {
		struct client client = brought_to(&states[i]);

		pass(&client, 3 * SECOND);
		conn_for_each(move_any);
		moves += take(&client);
		check_end(&client, &states[i], states[i].rests - 3);
	}
	/* Nothing is under way in those before "no body yet". */
	ck_assert_int_eq(moves, 8);
}
END_TEST

START_TEST(a_conversation_that_moves)
{
	for (size_t cut = 1; cut < sizeof(conversation) - 1; cut++) {
		struct client client = come();

		conn_export = move;
		say(&client, conversation, cut);
		conn_export = NULL;
		take(&client);
		say(&client, conversation + cut, sizeof(conversation) - 1 - cut);
		for (int i = 0; i < 5; i++)
			ck_assert_int_eq(status(&client, i), 200);
		ck_assert_msg(!is_open(), "moved at %zu: it does not end", cut);
		close(client.fd);
	}
}
END_TEST

START_TEST(a_worker_that_ends)
{
	for (size_t i = 0; i < STATES; i++) {
		struct client client = brought_to(&states[i]);

		pass(&client, SECOND);
		conn_drain_all();
		settle(&client);
		if (is_open())
			check_end(&client, &states[i], states[i].rests - 1);
		else
			close(client.fd);
	}
}
END_TEST

TESTS_IN((&(struct test_suite){ .name = "HTTP/1 connections", .setup = setup }),
	 a_client_that_does_nothing_more, a_client_that_drips, a_client_that_sends_its_end,
	 a_client_that_leaves, a_handler_that_takes_its_time, what_came_while_a_handler_waited,
	 a_deadline_of_what_was_before, heads_that_do_not_end, heads_in_pieces,
	 heads_behind_a_request_for_another_server, a_conversation_in_two_pieces,
	 a_conversation_that_ends_anywhere, a_connection_that_moves_keeps_its_deadline,
	 a_conversation_that_moves, a_worker_that_ends)
