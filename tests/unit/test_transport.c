/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Connections with a transport (tests/modules/scramble), beside what test_http1_scrambled.c
 * shows: how they begin, how they end, and what a hostile client or process may send.
 */
#include "harness/scramble.h"

SCRAMBLED

#include "unit/http1_test.h"

#include <ctype.h>

#include "net/transport.h"
#include "modules/scramble/wire.h"

#define CLOSING "GET / HTTP/1.1\r\nHost: small\r\nConnection: close\r\n\r\n"

/* All that is sent for these bytes, the seed included; valid until more is sealed. */
static struct str sealed(struct client *client, const char *bytes)
{
	struct str out;

	wire_seal(client->wire, bytes, strlen(bytes));
	out.len = wire_unsent(client->wire, &out.data);
	return out;
}

static void say_raw(struct client *client, const char *bytes, size_t len)
{
	if (len)
		ck_assert_int_eq(send(client->fd, bytes, len, 0), (ssize_t)len);
	settle(client);
}

/* --- the beginning --- */

/* The first bytes of the transport may come with the last ones of the preface. */
START_TEST(begins_behind_a_preface)
{
	static const char proxy[] = "PROXY TCP4 192.0.2.1 192.0.2.2 4321 80\r\n";
	char all[512];

	http = good_http("access_log off; server { listen 127.0.0.1:8080 scrambled proxy_protocol;"
			 "  return 200 \"<$proxy_protocol_addr> <$scheme>\"; }");
	for (size_t cut = 1;; cut++) {
		struct client client = come();
		struct str request = sealed(&client, CLOSING);
		size_t len = sizeof(proxy) - 1 + request.len;

		str_put(str_put(all, STR(proxy)), request);
		wire_sent(client.wire, request.len);
		if (cut == len)
			break;
		say_raw(&client, all, cut);
		say_raw(&client, all + cut, len - cut);
		ck_assert_msg(strstr(client.answers, "<192.0.2.1> <https>"), "cut at %zu: %s", cut,
			      client.answers);
		ck_assert(!is_open());
		ck_assert(wire_has_ended(client.wire));
		close(client.fd);
	}
}
END_TEST

START_TEST(an_address_has_one)
{
	ck_assert(!load_http("server { listen 8080 scrambled scrambled_2; }"));
	assert_says(
		"connections to an address cannot be both \"scrambling 1\" and \"scrambling 2\"");
	ck_assert(!load_http("server { listen 8080 scrambled; }"
			     "server { listen 8080 scrambled_2; server_name b; }"));
	assert_says("cannot be both");

	/* It stands at one of the servers, and holds for all. Behind a socket there may be more. */
	struct http *all = good_http("server { listen 8080 scrambled; listen 127.0.0.1:8080; }"
				     "server { listen 8080; server_name b; }"
				     "server { listen 127.0.0.2:8080 scrambled_2; }"
				     "server { listen 127.0.0.3:8080 scrambled_2; }");
	uint32_t ids[8];

	ck_assert_uint_eq(all->listeners.count, 1);
	ck_assert_uint_eq(transport_listener_ids(&all->listeners.items[0], ids, 8), 3);
	ck_assert_uint_ne(ids[1], ids[2]);
	ck_assert_uint_eq(transport_listener_ids(&all->listeners.items[0], ids, 2), 2);
}
END_TEST

/* --- the end --- */

/* What the client gets after these bytes; the server has waited for an hour. */
static struct client after(const char *bytes, bool is_deaf)
{
	struct client client = come();

	client.is_deaf = is_deaf;
	say(&client, bytes, strlen(bytes));
	pass(&client, 3600 * SECOND);
	ck_assert(!is_open());
	client.is_deaf = false;
	while (hear(&client))
		continue;
	close(client.fd);
	return client;
}

START_TEST(ends_orderly)
{
	static const char *const said[] = {
		"",
		"GET",
		GET("/"),
		CLOSING,
		GET("/") "GET / HT",
		POST("Content-Length: 900") "ab",
		POST("Content-Length: 9000"),
		"G(T / HTTP/1.1\r\n\r\nrest",
		"GET / HTTP/1.0\r\n\r\n",
		"GET / HTTP/1.1\r\nHost: small\r\nHost: small\r\n\r\n",
	};

	for (size_t i = 0; i < sizeof(said) / sizeof(said[0]); i++) {
		struct client client = after(said[i], false);

		ck_assert_msg(wire_has_ended(client.wire), "no end after: %s", said[i]);
	}
}
END_TEST

/* The client must not take what it has got for the whole. */
START_TEST(a_response_that_is_cut_off_has_no_end)
{
	ck_assert(!wire_has_ended(after(LARGE_GETS, true).wire));

	/* The client has ended, and the body takes too long. */
	struct client client = come();

	say(&client, GET("/drip"), strlen(GET("/drip")));
	half_close(&client);
	pass(&client, 5 * SECOND);
	ck_assert(!is_open());
	ck_assert_int_eq(status(&client, 0), 200);
	ck_assert(!wire_has_ended(client.wire));
	close(client.fd);
}
END_TEST

START_TEST(ends_when_the_worker_does)
{
	struct client client = come();

	say(&client, GET("/"), strlen(GET("/")));
	pass(&client, SECOND);
	conn_drain_all();
	settle(&client);
	ck_assert(!is_open());
	ck_assert(wire_has_ended(client.wire));
	close(client.fd);
}
END_TEST

/* More than may be sent without a grant: what asks for it is written before it is awaited. */
START_TEST(goes_on_after_a_grant)
{
	struct client client = come();

	for (int i = 0; i < 3 * GRANT_BYTES / (10 * 1600); i++) {
		client.is_deaf = i % 2;
		say(&client, LARGE_GETS LARGE_GETS, strlen(LARGE_GETS LARGE_GETS));
	}
	say(&client, CLOSING, strlen(CLOSING));
	ck_assert(!is_open());
	ck_assert(wire_has_ended(client.wire));
	close(client.fd);
}
END_TEST

/* --- hostile clients --- */

static void is_borne(const char *bytes, size_t len)
{
	struct client client = come();

	wire_destroy(client.wire);
	client.wire = NULL; /* what comes cannot be read */
	say_raw(&client, bytes, len);
	shutdown(client.fd, SHUT_WR);
	settle(&client);
	pass(&client, 3600 * SECOND);
	ck_assert(!is_open());
	close(client.fd);
}

START_TEST(cut_and_changed_at_each_byte)
{
	char text[256];
	struct client client = come();
	struct str all = sealed(&client, GET("/") POST("Content-Length: 5") "hello" CLOSING);

	ck_assert_uint_le(all.len, sizeof(text));
	for (size_t i = 0; i < all.len; i++) {
		is_borne(all.data, i);
		for (int bit = 0; bit < 8; bit++) {
			str_put(text, all);
			text[i] ^= (char)(1 << bit);
			is_borne(text, all.len);
		}
	}
	leave(&client);
}
END_TEST

/* --- another protocol --- */

/* "Shouting" sends back what comes in upper case. */
static void shout(struct conn *conn, struct str bytes)
{
	char loud[64];
	const struct iovec iov = { loud, bytes.len };

	for (size_t i = 0; i < bytes.len; i++)
		loud[i] = (char)toupper(bytes.data[i]);
	if (bytes.len)
		ck_assert_int_eq(conn_send(conn, &iov, 1, false), (ssize_t)bytes.len);
	conn_want(conn, EPOLLIN | EPOLLRDHUP | (conn_unsent(conn) ? EPOLLOUT : 0));
}

static bool shouting_import(struct conn *conn, const struct conn_past *past)
{
	shout(conn, past->bytes);
	return true;
}

static void shouting_receive(struct conn *conn)
{
	char bytes[64];
	ssize_t n = conn_receive(conn, bytes, sizeof(bytes));

	if (n > 0)
		shout(conn, (struct str){ bytes, (size_t)n });
	else if (n != -EAGAIN)
		conn_close(conn);
}

static void shouting_send(struct conn *conn)
{
	if (conn_flush(conn) == -EAGAIN)
		conn_want(conn, EPOLLIN | EPOLLRDHUP | EPOLLOUT);
}

static void do_nothing(struct conn *conn)
{
	(void)conn;
}

static const struct protocol shouting = {
	.import = shouting_import,
	.receive = shouting_receive,
	.send = shouting_send,
	.close = do_nothing,
};

/* By the first byte it is shouting or HTTP/1. */
static void choose(struct conn *conn)
{
	char bytes[64];
	ssize_t n = conn_receive(conn, bytes, sizeof(bytes));
	struct conn_past past = { .bytes = { bytes, n > 0 ? (size_t)n : 0 } };

	if (n == -EAGAIN)
		return;
	if (n <= 0 || !conn_become(conn, *bytes == 's' ? &shouting : &http1_protocol, &past))
		conn_close(conn);
}

static const struct protocol choosing = {
	.open = do_nothing,
	.receive = choose,
	.close = do_nothing,
};

static void check_choice(const char *said, const char *expected)
{
	for (size_t cut = 0; cut <= strlen(said); cut++) {
		struct client client = come();

		say(&client, said, cut);
		say(&client, said + cut, strlen(said) - cut);
		ck_assert_msg(strstr(client.answers, expected), "cut at %zu: %s", cut,
			      client.answers);
		leave(&client);
	}
}

START_TEST(the_first_byte_chooses_the_protocol)
{
	for (int i = 0; i < 2; i++) {
		wire_type = i ? &scramble_wire : NULL;
		http = good_http("access_log off; server { listen 127.0.0.1:8080; return 200; }");
		http->listeners.items[0].protocol = &choosing;
		check_choice("say it", "SAY IT");
		check_choice(GET("/") GET("/"), "HTTP/1.1 200 OK");
	}
}
END_TEST

/* --- what another process gives --- */

static struct {
	int fd;
	struct conn_past past;
	char bytes[256], transport[TRANSPORT_EXPORTED_MAX];
} moved;

static bool move(struct conn *conn)
{
	if (!conn_pack(conn, &moved.past))
		return false;
	str_put(moved.bytes, moved.past.bytes);
	str_put(moved.transport, moved.past.transport);
	moved.past.bytes.data = moved.bytes;
	moved.past.transport.data = moved.transport;
	moved.fd = dup(conn->event.fd);
	conn_unwatch(conn);
	close(conn->event.fd);
	conn_forget(conn);
	return true;
}

/* A connection that has read a request and a half, and is on its way. */
static struct client moved_client(void)
{
	struct client client = come();

	say(&client, GET("/") "GET /", strlen(GET("/") "GET /"));
	conns.export = move;
	say(&client, " HTT", 4);
	conns.export = NULL;
	ck_assert(!is_open());
	return client;
}

static bool take(size_t listener)
{
	union address peer = { .any.sa_family = AF_UNIX };

	return conn_import(&http->listeners.items[listener], moved.fd, &peer, sizeof(peer.any),
			   &moved.past);
}

START_TEST(an_exported_state_that_is_cut_or_changed)
{
	struct client client = moved_client();
	size_t len = moved.past.transport.len;

	close(client.fd);
	close(moved.fd);
	ck_assert_uint_gt(len, 40);
	for (size_t i = 0; i < 2 * len; i++) {
		int ends[2];

		ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends), 0);
		moved.fd = ends[0];
		client = (struct client){ .fd = ends[1] };
		moved.past.transport.len = i < len ? i : len;
		if (i >= len)
			moved.transport[i - len] ^= 0x55;
		if (take(0))
			say_raw(&client, "some bytes", 10);
		pass(&client, 3600 * SECOND);
		ck_assert(!is_open());
		if (i >= len)
			moved.transport[i - len] ^= 0x55;
		close(client.fd);
	}
}
END_TEST

START_TEST(a_plain_one_at_an_address_with_a_transport)
{
	struct client client = moved_client();

	moved.past.transport = STR("");
	ck_assert(!take(0));
	ck_assert(!is_open());
	close(client.fd);
}
END_TEST

START_TEST(another_transport_than_here)
{
	struct client client = moved_client();

	http = good_http("access_log off; server { listen 127.0.0.2:8080; }");
	ck_assert(!take(0));
	ck_assert(!is_open());
	close(client.fd);
}
END_TEST

TESTS_IN((&(struct test_suite){ .name = "transports", .setup = setup }), begins_behind_a_preface,
	 an_address_has_one, ends_orderly, a_response_that_is_cut_off_has_no_end,
	 ends_when_the_worker_does, goes_on_after_a_grant, cut_and_changed_at_each_byte,
	 the_first_byte_chooses_the_protocol,
	 an_exported_state_that_is_cut_or_changed,
	 a_plain_one_at_an_address_with_a_transport, another_transport_than_here)
