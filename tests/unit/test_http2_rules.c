/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where each rule of RFC 9113 that a server can break is tested, and the cases of those rules that
 * need bytes which the other programs cannot say. Names without a program are tests, or cases in
 * tables, of unit/test_http2.c; LIMITS is unit/test_http2_limits.c, MOVE unit/test_http2_move.c,
 * WIRE harness/http2_wire.c, whose client checks each frame of the runs with TEST_HTTP2=1.
 *
 *     3.2, 3.3     TLS and ALPN, prior knowledge     modules/ssl/tests/test_alpn.c, the_preface
 *     3.4          the preface, SETTINGS first       the_preface, come(), bytes_in_pieces
 *     4.1          unknown types and flags           what_is_accepted
 *     4.2          the longest frame                 errors_of_connections, WIRE
 *     4.3          blocks and their compression      errors_of_connections, a_smaller_table,
 *                                                    blocks_in_bytes
 *     5.1          states of streams                 errors_of_connections, errors_of_streams,
 *                                                    a_stream_that_has_ended, what_is_accepted,
 *                                                    streams_that_the_client_has_reset, WIRE
 *     5.1.1        numbers of streams                errors_of_connections
 *     5.1.2        how many at a time                LIMITS too_many_streams
 *     5.2, 6.9     flow control                      windows, windows_of_uploads, WIRE
 *     5.3          old priorities are ignored        what_is_accepted
 *     5.4          errors: GOAWAY, RST_STREAM        errors_of_connections, errors_of_streams
 *     5.5          what extends the protocol         what_is_accepted
 *     6.1, 6.2     DATA, HEADERS and their padding   errors_of_connections, what_is_accepted
 *     6.3, 6.4     PRIORITY, RST_STREAM              errors_of_connections, errors_of_streams
 *     6.5          SETTINGS, in order, acknowledged  errors_of_connections, the_order_of_settings
 *     6.6          PUSH_PROMISE: never sent, refused errors_of_connections, WIRE
 *     6.7          PING                              what_is_accepted, errors_of_connections
 *     6.8          GOAWAY, in two steps              LIMITS a_worker_that_ends…, MOVE
 *     6.10         CONTINUATION                      errors_of_connections, what_is_accepted
 *     7            unknown codes of errors           what_is_accepted
 *     8.1          one response, informational ones  uploads, requests, WIRE
 *     8.1.1        malformed requests                malformed_requests, errors_of_streams
 *     8.2.1        names and values                  malformed_requests, blocks_in_bytes, WIRE
 *     8.2.2        fields of connections             malformed_requests, WIRE
 *     8.2.3        cookies                           what_is_accepted
 *     8.3          pseudo-header fields              malformed_requests, WIRE
 *     8.3.1        Host and :authority               requests, requests_that_are_refused
 *     8.5          CONNECT                           malformed_requests, requests_that_are_refused
 *     8.7          a stream that is not served       LIMITS too_many_streams, fields_that_are_held
 *     9.1.1        421 (Misdirected Request)         modules/ssl/tests/test_http2_clients.c
 *     10.5         what clients may cost             LIMITS
 */
#include "unit/http2_test.h"

#define OK(id) "headers " #id " 200 content-type=text/plain content-length=2; data " #id " 2 end; "

/* The fields of GET http://small/ in a block. */
#define GET "8286844105736d616c6c"

START_TEST(blocks_in_bytes)
{
	static const struct {
		const char *name, *block, *hears;
	} cases[] = {
		{ "8.2.1 a name in upper case", GET "0001410162", "reset 1 1; " },
		{ "8.2.1 an empty name", GET "00000162", "reset 1 1; " },
		{ "8.2.1 a colon in a name", GET "0003613a620162", "reset 1 1; " },
		{ "8.2.1 NUL in a value", GET "0001610100", "reset 1 1; " },
		{ "8.2.1 NUL in a path",
		  "8286"
		  "4105736d616c6c"
		  "04022f00",
		  "reset 1 1; " },
		{ "4.3 a size of the table behind a field", GET "20", "goaway 1 9; end." },
		{ "4.3 Huffman code that is padded by more than 7 bits", GET "00016182ffff",
		  "goaway 1 9; end." },
		{ "4.3 a number that does not end", GET "ffffffffffffffffffffff",
		  "goaway 1 9; end." },
		{ "4.3 a size of the table in its place", "20" GET, OK(1) },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct client *client = come();

		say(client, memory_printf("frame 1 5 1 %s", cases[i].block));
		ck_assert_msg(strcmp(client->transcript, cases[i].hears) == 0, "%s: %s",
			      cases[i].name, client->transcript);
		leave(client);
	}
}
END_TEST

/* Nothing that was on its way does harm, and nothing more is heard of the stream. */
START_TEST(streams_that_the_client_has_reset)
{
	struct client *client = come();

	say(client, "post 1 /count; data 1 0 10; reset 1 8; get 3 /");
	hears(client, OK(3));
	say(client, "window 1 100; frame 2 0 1 0000000010; get 5 /");
	hears(client, OK(5));
	leave(client);
}
END_TEST

/* 6.5.3: they hold for what follows, in the order in which they came. */
START_TEST(the_order_of_settings)
{
	struct client *client = come();

	say(client, "settings 4 1; settings 4 70000 4 1; get 1 /");
	hears(client, "settings ack; settings ack; "
		      "headers 1 200 content-type=text/plain content-length=2; data 1 1; ");
	say(client, "settings 4 2");
	hears(client, "settings ack; data 1 1 end; ");
	leave(client);
}
END_TEST

TESTS_IN((&(struct test_suite){ .name = "rules of HTTP/2", .setup = setup }), blocks_in_bytes,
	 streams_that_the_client_has_reset, the_order_of_settings)
