/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Connections that begin with a preface, the PROXY header: cut at each byte, moved to another
 * process there, left there by their client or by their worker.
 */
#include "unit/http1_test.h"

#define SIGNATURE "\r\n\r\n\0\r\nQUIT\n"

#define ASK "GET / HTTP/1.1\r\nHost: a\r\n\r\n"

static const struct str headers[] = {
	STR_INIT("PROXY TCP4 192.0.2.1 192.0.2.2 4321 80\r\n" ASK),
	STR_INIT(SIGNATURE "\x21\x11\0\x11\xC0\0\2\1\xC0\0\2\2\x10\xE1\0\x50\1\0\2h2" ASK),
};

enum { HEADERS = sizeof(headers) / sizeof(headers[0]), TIMEOUT = 60 * SECOND };

static void set_up(void)
{
	setup();
	http = good_http("access_log off; client_header_timeout 60s; keepalive_timeout 75s;"
			 "server { listen 127.0.0.1:8080 proxy_protocol; listen 127.0.0.1:8081;"
			 "  set_real_ip_from unix:; real_ip_header proxy_protocol;"
			 "  location / { return 200 \"client <$remote_addr> <$remote_port> "
			 "<$realip_remote_addr> <$proxy_protocol_server_addr> "
			 "<$proxy_protocol_server_port>\"; } }");
}

static void send_part(struct client *client, struct str bytes, size_t from, size_t to)
{
	if (to > from)
		say(client, bytes.data + from, to - from);
}

static void is_answered(const struct client *client)
{
	ck_assert_int_eq(status(client, 0), 200);
	ck_assert_msg(strstr(client->answers,
			     "client <192.0.2.1> <4321> <unix:> <192.0.2.2> <80>"),
		      "%s", client->answers);
}

START_TEST(in_two_pieces)
{
	for (int i = 0; i < HEADERS; i++)
		for (size_t cut = 0; cut <= headers[i].len; cut++) {
			struct client client = come();

			send_part(&client, headers[i], 0, cut);
			send_part(&client, headers[i], cut, headers[i].len);
			is_answered(&client);
			leave(&client);
		}
}
END_TEST

START_TEST(byte_by_byte)
{
	for (int i = 0; i < HEADERS; i++) {
		struct client client = come();

		for (size_t at = 0; at < headers[i].len; at++)
			send_part(&client, headers[i], at, at + 1);
		is_answered(&client);
		say(&client, ASK, strlen(ASK));
		ck_assert_int_eq(status(&client, 1), 200);
		leave(&client);
	}
}
END_TEST

/* --- moved --------------------------------------------------------------------------- */

static struct {
	int fd;
	const struct listener *listener;
	struct conn_past past;
	char bytes[4096], preface[4096];
} moved;

static bool move(struct conn *conn)
{
	if (!conn_pack(conn, &moved.past))
		return false;
	str_put(moved.bytes, moved.past.bytes);
	moved.past.bytes.data = moved.bytes;
	str_put(moved.preface, moved.past.preface);
	moved.past.preface.data = moved.preface;
	moved.listener = conn->listener;
	moved.fd = dup(conn->event.fd);
	conn_unwatch(conn);
	close(conn->event.fd);
	conn_forget(conn);
	return true;
}

static void move_any(struct conn *conn)
{
	ck_assert(move(conn));
}

static void take_at(struct client *client, const struct listener *listener)
{
	union address peer = { .any.sa_family = AF_UNIX };

	ck_assert(!is_open());
	conn_import(listener, moved.fd, &peer, sizeof(peer.any), &moved.past);
	settle(client);
}

START_TEST(moved_at_each_byte)
{
	for (int i = 0; i < HEADERS; i++)
		for (size_t cut = 0; cut < headers[i].len; cut++) {
			struct client client = come();

			send_part(&client, headers[i], 0, cut);
			conn_for_each(move_any);
			take_at(&client, moved.listener);
			send_part(&client, headers[i], cut, headers[i].len);
			is_answered(&client);
			conn_for_each(move_any);
			take_at(&client, moved.listener);
			client.len = 0;
			memset(client.answers, 0, sizeof(client.answers));
			say(&client, ASK, strlen(ASK));
			is_answered(&client);
			leave(&client);
		}
}
END_TEST

/* A worker that ends gives it away as soon as it may. */
START_TEST(moved_when_it_has_come)
{
	for (int i = 0; i < HEADERS; i++)
		for (size_t cut = 1; cut < headers[i].len; cut++) {
			struct client client = come();

			conns.export = move;
			send_part(&client, headers[i], 0, cut);
			conns.export = NULL;
			take_at(&client, moved.listener);
			send_part(&client, headers[i], cut, headers[i].len);
			is_answered(&client);
			leave(&client);
		}
}
END_TEST

START_TEST(moved_where_no_preface_is_expected)
{
	struct client client = come();

	/* The configuration has changed: what has come is a request, and none that is valid. */
	say(&client, headers[0].data, 10);
	conn_for_each(move_any);
	take_at(&client, &http->listeners.items[1]);
	say(&client, "\r\n", 2);
	ck_assert_int_eq(status(&client, 0), 400);
	leave(&client);
	/* Behind the preface it goes on; before it only if nothing was expected. */
	client = come_by(1);
	conn_for_each(move_any);
	take_at(&client, &http->listeners.items[0]);
	say(&client, ASK, strlen(ASK));
	ck_assert_int_eq(status(&client, 0), 200);
	ck_assert_ptr_nonnull(strstr(client.answers, "client <unix:> <> <unix:> <> <>"));
	leave(&client);
}
END_TEST

/* --- ends ---------------------------------------------------------------------------- */

START_TEST(it_has_one_deadline)
{
	for (int i = 0; i < HEADERS; i++)
		for (size_t cut = 0; cut < headers[i].len; cut++) {
			struct client client = come();

			pass(&client, 20 * SECOND);
			send_part(&client, headers[i], 0, cut);
			pass(&client, 20 * SECOND);
			if (cut % 2) {
				conn_for_each(move_any);
				take_at(&client, moved.listener);
			}
			pass(&client, TIMEOUT - 40 * SECOND - 1);
			ck_assert(is_open());
			pass(&client, 2);
			ck_assert_msg(!is_open(), "cut at %zu: it is still open", cut);
			close(client.fd);
		}
}
END_TEST

START_TEST(its_client_ends)
{
	for (int i = 0; i < HEADERS; i++)
		for (size_t cut = 0; cut < headers[i].len; cut++) {
			struct client client = come();

			send_part(&client, headers[i], 0, cut);
			half_close(&client);
			ck_assert(!is_open());
			close(client.fd);
			client = come();
			send_part(&client, headers[i], 0, cut);
			leave(&client);
		}
	/* The end comes together with all of it. */
	struct client client = come();

	ck_assert_int_gt(send(client.fd, headers[0].data, headers[0].len, 0), 0);
	half_close(&client);
	is_answered(&client);
	leave(&client);
}
END_TEST

START_TEST(its_worker_ends)
{
	for (int i = 0; i < HEADERS; i++)
		for (size_t cut = 0; cut < headers[i].len; cut++) {
			struct client client = come();

			send_part(&client, headers[i], 0, cut);
			conn_drain_all();
			settle(&client);
			if (is_open()) {
				ck_assert_uint_gt(cut, 0);
				send_part(&client, headers[i], cut, headers[i].len);
				/* Between the header and a request it is idle, and ends. */
				if (client.len)
					is_answered(&client);
				ck_assert(!is_open());
			}
			close(client.fd);
		}
	/* What has come but was not read yet is read. */
	struct client client = come();

	ck_assert_int_gt(send(client.fd, headers[0].data, headers[0].len, 0), 0);
	conn_drain_all();
	settle(&client);
	is_answered(&client);
	ck_assert(!is_open());
	close(client.fd);
}
END_TEST

START_TEST(what_is_none_is_closed)
{
	static const char long_header[5000] = SIGNATURE "\x21\x11\xFF\xFF";
	struct client client = come();

	say(&client, ASK, strlen(ASK));
	ck_assert(!is_open() && client.len == 0);
	close(client.fd);
	client = come();
	say(&client, long_header, sizeof(long_header));
	ck_assert(!is_open() && client.len == 0);
	close(client.fd);
}
END_TEST

START_TEST(each_byte_may_be_wrong)
{
	for (int i = 0; i < HEADERS; i++)
		for (size_t at = 0; at < headers[i].len - strlen(ASK); at++) {
			struct client client = come();
			char *bytes = memory_alloc(headers[i].len);

			str_put(bytes, headers[i]);
			bytes[at] ^= 0xFF;
			say(&client, bytes, headers[i].len);
			if (is_open())
				pass(&client, TIMEOUT + SECOND);
			leave(&client);
		}
}
END_TEST

/* As much as a preface may have, in one piece with a request behind it. */
START_TEST(the_longest_is_read)
{
	static char bytes[PREFACE_MAX] =
		SIGNATURE "\x21\x11\x0F\xF0\xC0\0\2\1\xC0\0\2\2\x10\xE1\0\x50\xEA\x0F\xE1";
	struct client client = come();

	for (size_t at = 0; at < sizeof(bytes); at += 1024)
		say(&client, bytes + at, 1024);
	say(&client, ASK, strlen(ASK));
	is_answered(&client);
	conn_for_each(move_any);
	take_at(&client, moved.listener);
	say(&client, ASK, strlen(ASK));
	ck_assert_int_eq(status(&client, 1), 200);
	leave(&client);
}
END_TEST

TESTS_IN((&(struct test_suite){ .name = "prefaces", .setup = set_up }), in_two_pieces,
	 byte_by_byte, moved_at_each_byte, moved_when_it_has_come,
	 moved_where_no_preface_is_expected, it_has_one_deadline, its_client_ends, its_worker_ends,
	 what_is_none_is_closed, each_byte_may_be_wrong, the_longest_is_read)
