/* SPDX-License-Identifier: BSD-2-Clause */
/* Each state of an HTTP/1 connection comes to rest, and ends by its deadline. */
#include "unit/http1_test.h"

#include <string.h>

#include "stats/series.h"
#include "stats/stats.h"

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
	{ "lingering, 400 for a whole head", "GET / HTTP/1.1\r\nHost : a\r\n\r\n", false, 5, 30,
	  AT_ONCE },
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

/* --- the end of the worker --- */

static const char conversation[] = CONVERSATION;

static struct {
	int fd;
	const struct listener *listener;
	struct conn_past past;
	char bytes[2 * HEAD_MAX_BYTES];
} moved;

/* Gives the connection away, as process/worker/handover.c does. */
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

		conns.export = move;
		say(&client, conversation, cut);
		conns.export = NULL;
		take(&client);
		say(&client, conversation + cut, sizeof(conversation) - 1 - cut);
		for (int i = 0; i < 5; i++)
			ck_assert_int_eq(status(&client, i), 200);
		ck_assert_msg(!is_open(), "moved at %zu: it does not end", cut);
		close(client.fd);
	}
}
END_TEST

/* Microseconds of all requests that were counted. */
static uint64_t durations(void)
{
	static struct series_sums sums;
	uint64_t total = 0;

	memset(&sums, 0, sizeof(sums));
	series_add_to(&sums, stats_series_of(stats_mine));
	for (size_t i = 0; i < sums.count; i++)
		if (sums.items[i].labels.kind == SERIES_DURATION)
			total += sums.items[i].sum;
	return total;
}

/* The worker that has read the beginning of a head may say anything of its time. */
START_TEST(the_age_of_a_head_that_moves)
{
	const int64_t began[] = { INT64_MAX / 4, clock_wall_ms() + 3600 * SECOND, 0,
				  clock_wall_ms() - 5 * SECOND };

	const char *request = GET("/");

	stats_use_alone();
	for (size_t i = 0; i < 4; i++) {
		struct client client = come();
		uint64_t before = durations();

		say(&client, request, 10);
		conn_for_each(move_any);
		moved.past.began_ms = began[i];
		ck_assert(take(&client));
		say(&client, request + 10, strlen(request) - 10);
		ck_assert_int_eq(status(&client, 0), 200);
		if (i < 3)
			ck_assert_uint_lt(durations() - before, 1000000);
		else
			ck_assert_uint_ge(durations() - before, 5000000);
		ck_assert_uint_lt(durations() - before, 60000000);
		leave(&client);
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

/* By keepalive_time, in whichever processes it is, and whatever the time of day does. */
START_TEST(an_old_connection_ends_after_its_next_response)
{
	struct client client = come();

	for (int minutes = 0; minutes < 120; minutes++) {
		say(&client, GET("/"), strlen(GET("/")));
		ck_assert_msg(is_open(), "it ends after %d minutes", minutes);
		if (minutes == 30) {
			conn_for_each(move_any);
			ck_assert(take(&client));
		}
		pass(&client, minutes < 119 ? 60 * SECOND : 59 * SECOND);
	}
	say(&client, GET("/"), strlen(GET("/")));
	ck_assert(is_open());
	pass(&client, SECOND);
	ck_assert(is_open());
	say(&client, GET("/"), strlen(GET("/")));
	ck_assert(!is_open());
	close(client.fd);
}
END_TEST

/* Else a server that is hardly loaded asks epoll twice for each request. */
START_TEST(a_request_takes_one_turn)
{
	struct client client = come();

	if (client.wire) /* it comes in pieces, each of which takes a turn */
		return;

	for (int i = 0; i < 3; i++) {
		ck_assert(put(&client, GET("/"), strlen(GET("/"))));
		ck_assert(loop_turn(0));
		ck_assert(hear(&client));
		ck_assert_int_eq(status(&client, i), 200);
		ck_assert_msg(!loop_turn(0), "something is left to do");
	}
	leave(&client);
}
END_TEST

TESTS_IN((&(struct test_suite){ .name = "HTTP/1 states", .setup = setup }),
	 a_client_that_does_nothing_more, a_client_that_drips, a_client_that_sends_its_end,
	 a_client_that_leaves, a_handler_that_takes_its_time, what_came_while_a_handler_waited,
	 a_deadline_of_what_was_before, a_connection_that_moves_keeps_its_deadline,
	 a_conversation_that_moves, the_age_of_a_head_that_moves, a_worker_that_ends,
	 an_old_connection_ends_after_its_next_response, a_request_takes_one_turn)
