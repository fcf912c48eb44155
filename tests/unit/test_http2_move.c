/* SPDX-License-Identifier: BSD-2-Clause */
/* Connections of HTTP/2 that move to another process: here to this one, as if it were another. */
#include "unit/http2_test.h"

#define REQUEST ":method GET :scheme http :authority small :path"
#define OK(id)	"headers " #id " 200 content-type=text/plain content-length=2; data " #id " 2 end; "

static struct {
	int fd;
	int moves;
	struct conn_past past;
	char bytes[1 << 17];
} moved;

/* Gives the connection away, as process/worker/handover.c does. */
static bool give(struct conn *conn)
{
	if (!conn_pack(conn, &moved.past))
		return false;
	ck_assert(moved.past.is_switched);
	ck_assert(moved.past.bytes.len < sizeof(moved.bytes));
	str_put(moved.bytes, moved.past.bytes);
	moved.past.bytes.data = moved.bytes;
	moved.fd = dup(conn->event.fd);
	conn_unwatch(conn);
	close(conn->event.fd);
	conn_forget(conn);
	moved.moves++;
	return true;
}

static void give_any(struct conn *conn)
{
	give(conn);
}

static bool take(void)
{
	union address peer = { .any.sa_family = AF_UNIX };
	int fd = moved.fd;

	moved.fd = -1;
	return conn_import(&http->listeners.items[0], fd, &peer, sizeof(peer.any), &moved.past);
}

static bool move(struct client *client)
{
	conn_for_each(give_any);
	if (is_open())
		return false;
	ck_assert(take());
	settle(client);
	return true;
}

START_TEST(an_idle_connection)
{
	struct client *client = come();

	say(client, "get 1 /; settings 4 100 1 0");
	client->transcript_len = 0;
	ck_assert(move(client));
	say(client, "get 1 /"); /* the stream has ended in the other process */
	hears(client, "goaway 1 5; end.");
	leave(client);

	client = come();
	say(client, "settings 4 100 1 0; get 1 /large");
	ck_assert(!move(client)); /* a response is under way */
	say(client, "window 1 50000");
	client->transcript_len = client->body = 0;
	ck_assert(move(client));
	say(client, "get 3 /large"); /* the window of streams and of the connection */
	ck_assert_uint_eq(client->body, 100);
	say(client, "window 3 30000");
	ck_assert_uint_eq(client->body, 65535 - 40000);
	leave(client);
}
END_TEST

/* Fields that the client has put into the table of the first process. */
START_TEST(the_table)
{
	struct client *client = come();

	/* The authority, x: 1 and y: 2 are put into the table: 64, 63 and 62. */
	say(client, "frame 1 5 1 8286410573"
		    "6d616c6c04052f6563686f40017801314001790132");
	hears_of(client, "headers 1 200");
	client->transcript_len = client->transcript[0] = 0;
	ck_assert(move(client));
	ck_assert(move(client));
	say(client, "frame 1 5 3 8286c004052f6563686fbebf");
	hears_of(client, "headers 3 200 content-type=application/json content-length=");
	leave(client);
}
END_TEST

/* PRIORITY_UPDATE for streams that begin only when the connection has been idle, or has moved. */
START_TEST(priorities_of_the_future)
{
	for (int moves = 0; moves < 3; moves++) {
		struct client *client = come();
		const char *three, *five;

		say(client, "window 0 1000000; settings 4 0; update 3 u=5; update 5 u=1, i;"
			    "get 1 /empty");
		for (int i = 0; i < moves; i++)
			ck_assert(move(client));
		say(client, "get 3 /large; get 5 /large; settings 4 100000");
		three = strstr(client->transcript, "data 3 16384;");
		five = strstr(client->transcript, "data 5 7232 end");
		ck_assert_msg(three && five && five < three, "%d moves: %s", moves,
			      client->transcript);
		leave(client);
	}
}
END_TEST

/* Bytes between two requests, at each place of a conversation. */
START_TEST(a_conversation_that_moves)
{
	struct str bytes = bytes_of("get 1 /; ping 12345678; get 3 /; settings 4 70000; get 5 /;"
				    "post 7 /count; data 7 0 10; data 7 1 10; get 9 /");
	char *copy = memory_alloc(bytes.len);
	struct str whole = { memcpy(copy, bytes.data, bytes.len), bytes.len };

	for (size_t cut = 0; cut < whole.len; cut++) {
		struct client *client = come();

		conns.export = cut % 2 ? give : NULL; /* at once, or later */
		say_bytes(client, str_head(whole, cut));
		conns.export = NULL;
		if (moved.fd > 0)
			ck_assert(take());
		else
			conn_for_each(give_any);
		if (!is_open())
			ck_assert(take());
		settle(client);
		say_bytes(client, str_skip(whole, cut));
		hears_of(client, OK(1));
		hears_of(client, "ping ack 12345678");
		hears_of(client, OK(3));
		hears_of(client, OK(5));
		hears_of(client, "headers 7 200");
		hears_of(client, OK(9));
		ck_assert_ptr_null(strstr(client->transcript, "goaway"));
		leave(client);
	}
	ck_assert_int_gt(moved.moves, (int)whole.len / 2);
}
END_TEST

/* One that always has a request in progress is told to end, and moves no more. */
START_TEST(a_connection_that_is_never_idle)
{
	struct client *client = come();

	say(client, "get 1 /drip");
	conns.export = give;
	say(client, "ping 12345678");
	ck_assert_ptr_null(strstr(client->transcript, "goaway"));
	client->transcript_len = client->transcript[0] = 0;
	say(client, "get 3 /");
	hears(client, OK(3) "goaway 2147483647 0; ping draining; ");
	say(client, "get 5 /; frame 6 1 0 647261696e696e67");
	hears(client, "goaway 5 0; " OK(5));
	for (int i = 0; i < 5; i++)
		pass(client, SECOND);
	hears_of(client, "data 1 0 end; end.");
	conns.export = NULL;
	leave(client);

	/* One whose last request ends moves then. */
	client = come();
	say(client, "get 1 /drip");
	conns.export = give;
	for (int i = 0; i < 5; i++)
		pass(client, SECOND);
	conns.export = NULL;
	hears_of(client, "data 1 0 end; ");
	ck_assert(!is_open());
	ck_assert(take());
	say(client, "get 3 /");
	hears_of(client, OK(3));
	leave(client);
}
END_TEST

/* The time of an idle connection goes on. */
START_TEST(deadlines)
{
	struct client *client = come();

	say(client, "get 1 /");
	pass(client, 50 * SECOND);
	ck_assert(move(client));
	pass(client, 25 * SECOND - 1);
	ck_assert(is_open());
	client->transcript_len = 0;
	pass(client, 1);
	hears(client, "goaway 1 0; end.");
	leave(client);
}
END_TEST

/* Limits are those of the connection, whichever process it is in. */
START_TEST(limits)
{
	struct client *client = come();
	int pings = 0;

	while (!strstr(client->transcript, "goaway") && pings < 200) {
		client->transcript_len = 0;
		say(client, "ping 12345678");
		pings++;
		if (is_open() && !client->has_ended)
			move(client);
	}
	ck_assert_int_eq(pings, 99); /* settings and their acknowledgement count, too */
	leave(client);
}
END_TEST

/* Streams that were reset here are known there. */
START_TEST(data_of_a_stream_that_was_reset)
{
	struct client *client = come();

	say(client, "post 1 / content-length 300000");
	hears_of(client, "reset 1 0");
	client->transcript_len = client->transcript[0] = 0;
	ck_assert(move(client));
	say(client, "data 1 0 10; headers 1 5 a b; get 3 /");
	hears(client, OK(3));
	leave(client);
}
END_TEST

/* What another process sends is not trusted: nothing of it does harm. */
START_TEST(states_that_are_not_sound)
{
	struct client *client = come();
	struct conn_past past;
	static char good[1 << 16], bad[1 << 16];
	size_t len;

	say(client, "get 1 /");
	conn_for_each(give_any);
	len = moved.past.bytes.len;
	past = moved.past;
	memcpy(good, moved.past.bytes.data, len);
	close(moved.fd);
	forget(client);
	for (size_t i = 0; i < 2 * len; i++) {
		int ends[2];
		union address peer = { .any.sa_family = AF_UNIX };

		memcpy(bad, good, len);
		if (i < len)
			bad[i] ^= 0xff;
		past.bytes = (struct str){ bad, i < len ? len : i - len };
		ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends), 0);
		conn_import(&http->listeners.items[0], ends[0], &peer, sizeof(peer.any), &past);
		for (int turns = 0; loop_turn(0) && turns < 50; turns++)
			continue;
		shutdown(ends[1], SHUT_RDWR);
		close(ends[1]);
		for (int turns = 0; loop_turn(0) && turns < 50; turns++)
			continue;
		ck_assert_int_eq((int)conns.active, 0);
	}
}
END_TEST

TESTS_IN((&(struct test_suite){ .name = "HTTP/2 that moves", .setup = setup }), an_idle_connection,
	 the_table, priorities_of_the_future, a_conversation_that_moves,
	 a_connection_that_is_never_idle, deadlines, limits, data_of_a_stream_that_was_reset,
	 states_that_are_not_sound)
