/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Clients of HTTP/2 that ask for much and give nothing for it, or that wait: each state has an
 * end, and what a connection may hold or cause is bounded. A second client is served meanwhile.
 */
#include "unit/http2_test.h"

#include <time.h>

#define REQUEST ":method GET :scheme http :authority small :path /"
#define OK(id)	"headers " #id " 200 content-type=text/plain content-length=2; data " #id " 2 end; "
#define CALM	"11; "

/* The same commands many times, with odd numbers from 1 on in place of each "#". */
static const char *repeated(const char *commands, int count)
{
	size_t room = (strlen(commands) + 32) * (size_t)count + 1;
	char *text = memory_alloc(room), *to = text;

	for (int i = 0; i < count; i++)
		for (const char *at = commands; *at; at++)
			if (*at == '#')
				to += sprintf(to, "%d", 2 * i + 1);
			else
				*to++ = *at;
	*to = 0;
	return text;
}

static bool is_calmed(const struct client *client)
{
	const char *at = strstr(client->transcript, "goaway ");

	return at && strstr(at, " " CALM);
}

/* `count` repetitions are endured, and one more is not. */
static void check_bound(const char *name, const char *before, const char *commands, int count)
{
	struct client *other = come(), *client = come();
	clock_t began = clock();

	say(client, before);
	say(client, repeated(commands, count));
	ck_assert_msg(!strstr(client->transcript, "goaway"), "%s: ends too early: %s", name,
		      client->transcript);
	say(other, "get 1 /");
	hears(other, OK(1));
	say(client, repeated(commands, count + 1) + strlen(repeated(commands, count)));
	ck_assert_msg(is_calmed(client), "%s: goes on: %s", name, client->transcript);
	pass(client, 5 * SECOND);
	ck_assert_msg(clock() - began < 2 * CLOCKS_PER_SEC, "%s: takes too long", name);
	say(other, "get 3 /");
	hears(other, OK(3));
	ck_assert_int_eq((int)conns.active, 1);
	forget(client);
	leave(other);
}

START_TEST(too_many_resets)
{
	check_bound("RST_STREAM", "settings", "get # /wait; reset # 8;", 256);
}
END_TEST

START_TEST(too_many_resets_that_are_provoked)
{
	check_bound("WINDOW_UPDATE by 0", "settings", "get # /wait; window # 0;", 256);
}
END_TEST

START_TEST(too_many_malformed_requests)
{
	check_bound("no path", "settings", "headers # 5 :method GET;", 256);
}
END_TEST

START_TEST(too_many_pings)
{
	/* The settings at the beginning count as well, but not their acknowledgement. */
	check_bound("PING", "get 1 /", "ping 12345678;", 98);
}
END_TEST

START_TEST(too_many_settings)
{
	check_bound("SETTINGS", "get 1 /", "settings 4 70000;", 98);
}
END_TEST

START_TEST(too_many_empty_frames)
{
	check_bound("DATA", "post 1 /count", "data 1 0 0;", 16);
	check_bound("padding only", "post 1 /count", "frame 0 8 1 00;", 16);
	check_bound("CONTINUATION", "headers 1 1 " REQUEST, "frame 9 0 1;", 9);
}
END_TEST

START_TEST(too_many_window_updates)
{
	check_bound("without requests", "ping 12345678", "window 0 1;", 100);
	check_bound("of a stream", "get 1 /wait", "window 1 1;", 102);
}
END_TEST

START_TEST(too_long_a_block)
{
	/* Two buffers of 512 bytes fit into one frame; 8 more are permitted. */
	check_bound("CONTINUATION", "headers 1 1 " REQUEST, "frame 9 0 1 0001610162;", 9);
}
END_TEST

START_TEST(too_many_entries_of_settings)
{
	struct client *client = come();

	say(client, memory_printf("settings %s", repeated("77 # ", 32)));
	hears(client, "settings ack; ");
	say(client, memory_printf("settings %s", repeated("77 # ", 33)));
	ck_assert(is_calmed(client));
	leave(client);
}
END_TEST

/* 8 MiB of frames without content, and eight times what has content. */
static void check_proportion(const char *before, const char *frames, int bytes)
{
	struct client *client = come();
	int rounds = 0;

	say(client, before);
	while (!is_calmed(client) && rounds < 100) {
		say(client, frames);
		rounds++;
	}
	ck_assert_int_ge(rounds, 8 * 1024 * 1024 / bytes);
	ck_assert_int_le(rounds, 8 * 1024 * 1024 / bytes + 2);
	leave(client);
}

START_TEST(frames_without_content)
{
	check_proportion("get 1 /", repeated("frame 2 0 # 0000000010;", 10000), 140000);
	check_proportion("get 1 /", repeated("frame 77 0 1 00000000000000000000;", 8000), 152000);
	/* DATA that nobody wants: the stream has ended, since its body is too large. */
	check_proportion("post 1 / content-length 300000", repeated("data 1 0 1000;", 200), 201800);
}
END_TEST

/* One byte each, for a field of 400 bytes that is in the table of the decoder: 800 KB. */
static const char *bomb(void)
{
	return memory_printf("frame 1 5 1 8286844105736d616c6c4001617f9102%s%s",
			     repeated("62", 400), repeated("be", 2000));
}

/* Fields beyond the limits of a request are no content. */
START_TEST(fields_that_are_discarded)
{
	check_proportion(bomb(), repeated("frame 2 0 # 0000000010;", 10000), 140000);
}
END_TEST

START_TEST(frames_with_content)
{
	struct client *client = come();

	say(client, "post 1 /endless");
	for (int i = 0; i < 40; i++)
		say(client, repeated("data 1 0 16384;", 20));
	say(client, "data 1 1 0");
	hears_of(client, "headers 1 200 ");
	leave(client);

	client = come(); /* the same if nobody reads it */
	say(client, "post 1 /unread");
	for (int i = 0; i < 40; i++)
		say(client, repeated("data 1 0 16384;", 20));
	say(client, "data 1 1 0");
	hears_of(client, "data 1 2 end; ");
	leave(client);
}
END_TEST

START_TEST(priorities_of_streams_that_do_not_begin)
{
	struct client *client = come();

	for (int i = 0; i < 20; i++)
		say(client, repeated("update # u=1;", 1000));
	say(client, "get 2001 /");
	hears(client, OK(2001));
	leave(client);
}
END_TEST

START_TEST(too_many_streams)
{
	struct client *client = come();

	say(client, repeated("get # /wait;", 128));
	hears(client, "");
	say(client, "get 257 /");
	hears(client, "reset 257 7; ");
	say(client, "reset 1 8; get 259 /");
	hears(client, OK(259));
	leave(client);
}
END_TEST

/* A slot is free when the frames of its response have left, even if the stream was reset. */
START_TEST(slots_of_streams_that_were_reset)
{
	struct client *client = come();
	int refused;

	client->is_deaf = true;
	say(client, "settings 4 1000000; window 0 100000000");
	say(client, repeated("get # /large; reset # 8;", 200));
	client->is_deaf = false;
	settle(client);
	refused = strstr(client->transcript, " 7; ") != NULL;
	ck_assert_msg(!refused || !strstr(client->transcript, "goaway"), "%s", client->transcript);
	leave(client);
}
END_TEST

/* --- heads --- */

static void check_status(const char *name, const char *says, const char *status)
{
	struct client *client = come();

	say(client, says);
	ck_assert_msg(str_starts(str_from(client->transcript),
				 str_from(memory_printf("headers 1 %s ", status))),
		      "%s: %s", name, client->transcript);
	client->transcript_len = client->transcript[0] = 0;
	say(client, "get 3 /");
	hears(client, OK(3)); /* the table of the decoder is still the right one */
	leave(client);
}

static const char *of_length(int n)
{
	char *text = memory_alloc((size_t)n + 1);

	memset(text, 'a', (size_t)n);
	text[n] = 0;
	return text;
}

START_TEST(large_heads)
{
	check_status("a long path", memory_printf("get 1 /%s", of_length(600)), "414");
	check_status("a long field", memory_printf("get 1 / a %s", of_length(600)), "400");
	check_status("a long name", memory_printf("get 1 / %s a", of_length(600)), "400");
	check_status("many fields", memory_printf("get 1 / %s", repeated("abcdefg abcdefg ", 100)),
		     "400");
	check_status("within the limits",
		     memory_printf("get 1 / a %s b %s", of_length(400), of_length(400)), "200");
}
END_TEST

START_TEST(a_block_that_is_small_until_it_is_decoded)
{
	check_status("a bomb", bomb(), "400");
}
END_TEST

/* GET /wait of 8081, the beginning of its block. */
#define GET_WAIT "82860105736d616c6c04052f77616974"

/* A client that refers to the table of the decoder makes large fields of one byte each. */
START_TEST(fields_that_are_held)
{
	struct client *client = come_to(1);
	int held = 0;

	say_bytes(client, STR(H2_PREFACE));
	say(client, "settings; ack");
	/* A literal with indexing: name "a", value of 3900 bytes. */
	say(client, memory_printf("frame 1 5 1 " GET_WAIT "4001617fbd1d%s", repeated("62", 3900)));
	client->transcript_len = client->transcript[0] = 0;
	while (!client->transcript_len && held < 120) {
		held++;
		say(client, memory_printf("frame 1 5 %d " GET_WAIT "bebebebebebebe", 2 * held + 1));
	}
	/* At most 1 MiB, and the fields of one request more. */
	ck_assert_int_ge(held, 1024 * 1024 / (7 * 4000));
	ck_assert_int_le(held, 1024 * 1024 / (7 * 3900) + 2);
	hears(client, memory_printf("reset %d 7; ", 2 * held + 1));
	say(client, "reset 3 8; get 1001 /wait");
	hears(client, "");
	leave(client);
}
END_TEST

/* --- time --- */

/* Seconds after which a client that does nothing more hears this; then the connection ends. */
static const struct {
	const char *name, *says;
	int seconds;
	const char *hears;
	bool goes_on; /* the connection does, for keepalive_timeout */
} waits[] = {
	{ "idle", "get 1 /", 75, "goaway 1 0; end.", false },
	{ "the beginning of a frame", "frame 6 0 0 00", 60, "end.", false },
	{ "a field block", "headers 1 1 " REQUEST, 60, "end.", false },
	{ "the window of a stream", "settings 4 10; get 1 /large", 50, "reset 1 8; ", true },
	{ "a body that nobody sends", "post 1 /count", 20, "headers 1 408", true },
};

START_TEST(clients_that_wait)
{
	for (size_t i = 0; i < sizeof(waits) / sizeof(waits[0]); i++) {
		struct client *client = come();
		struct str bytes = bytes_of(waits[i].says);

		if (i == 1)
			bytes.len = 5;
		say_bytes(client, bytes);
		pass(client, waits[i].seconds * SECOND - 1);
		client->transcript_len = client->transcript[0] = 0;
		ck_assert_msg(is_open(), "%s: it ends too early", waits[i].name);
		pass(client, 1);
		ck_assert_msg(str_starts(str_from(client->transcript), str_from(waits[i].hears)),
			      "%s: %s", waits[i].name, client->transcript);
		if (waits[i].goes_on)
			pass(client, 75 * SECOND);
		pass(client, 5 * SECOND); /* lingering */
		ck_assert_msg(!is_open(), "%s: it does not end", waits[i].name);
		leave(client);
	}
}
END_TEST

START_TEST(a_client_without_settings)
{
	struct client *client = come_raw();

	say_bytes(client, STR(H2_PREFACE));
	pass(client, 60 * SECOND - 1);
	ck_assert(is_open());
	pass(client, 1);
	ck_assert(!is_open());
	leave(client);
}
END_TEST

/* The block has 60 seconds, however many frames come. */
START_TEST(a_block_that_drips)
{
	struct client *client = come();

	say(client, "headers 1 1 " REQUEST);
	for (int i = 0; i < 5; i++) {
		pass(client, 11 * SECOND);
		say(client, "frame 9 0 1 0001610162");
	}
	ck_assert(is_open());
	pass(client, 5 * SECOND);
	ck_assert(!is_open());
	leave(client);
}
END_TEST

START_TEST(a_client_that_does_not_read)
{
	struct client *client = come();

	say(client, "window 0 1000000; settings 4 1000000");
	client->is_deaf = true;
	say(client, "get 1 /large; get 3 /large; get 5 /large; get 7 /large; get 9 /large");
	pass(client, 50 * SECOND - 1);
	ck_assert(is_open());
	pass(client, 1);
	ck_assert(!is_open());
	leave(client);
}
END_TEST

/* Reads at most so many bytes. */
static void hear_some(struct client *client, size_t most)
{
	ssize_t n = recv(client->fd, client->in + client->len, most, 0);

	ck_assert_int_gt(n, 0);
	client->len += (size_t)n;
	note_frames(client);
	settle(client);
}

/*
 * Frames were not read, since the output was full. Then there is some room, and a stream that
 * ends by its deadline is one too many: the connection ends.
 */
START_TEST(a_reset_too_many_while_frames_wait)
{
	static const char resets[] = "get # /wait; reset # 8;";
	struct client *client = come();

	say(client, "settings 4 0; get 1 /large; get 3 /large; get 5 /large");
	pass(client, 50 * SECOND - 1);
	say(client, "get 7 /large");
	say(client, repeated(resets, 260) + strlen(repeated(resets, 4)));
	ck_assert_msg(!strstr(client->transcript, "goaway"), "%s", client->transcript);
	client->is_deaf = true;
	say(client, "window 7 40000");
	say(client, repeated("ping 12345678;", 80));
	for (int i = 0; i < 8; i++)
		hear_some(client, 3000);
	ck_assert_uint_lt(client->body, 40000);
	pass(client, 1);
	client->is_deaf = false;
	settle(client);
	ck_assert_msg(is_calmed(client), "%s", client->transcript);
	leave(client);
}
END_TEST

START_TEST(the_window_of_the_connection_stays_shut)
{
	struct client *client = come();

	say(client, "settings 4 1000000; get 1 /large; get 3 /large");
	ck_assert_uint_eq(client->body, 65535);
	pass(client, 50 * SECOND - 1);
	ck_assert(is_open());
	pass(client, 1);
	ck_assert(!is_open());
	leave(client);
}
END_TEST

/* A client may send its end early, and is served what it has asked for. */
START_TEST(a_client_that_sends_its_end)
{
	struct client *client = come();

	say(client, "get 1 /drip");
	shutdown(client->fd, SHUT_WR);
	settle(client);
	for (int i = 0; i < 5; i++)
		pass(client, SECOND);
	hears_of(client, "data 1 0 end; end.");
	ck_assert(!is_open());
	leave(client);

	client = come();
	say(client, "get 1 /wait");
	shutdown(client->fd, SHUT_WR);
	settle(client);
	ck_assert(is_open());
	pass(client, 5 * SECOND);
	ck_assert(!is_open());
	leave(client);
}
END_TEST

/* --- the end of the worker --- */

START_TEST(a_worker_that_ends)
{
	struct client *client = come();

	say(client, "get 1 /drip");
	client->transcript_len = client->transcript[0] = 0;
	conn_drain_all();
	settle(client);
	hears(client, "goaway 2147483647 0; ping draining; ");
	/* What was on its way is served. */
	say(client, "get 3 /; frame 6 1 0 647261696e696e67");
	hears(client, "goaway 3 0; " OK(3));
	/* What crosses the final GOAWAY is ignored. */
	say(client, "get 5 /; window 5 100; update 5 u=1; reset 5 8");
	say(client, "post 7 /; window 7 100; data 7 1 10");
	hears(client, "");
	for (int i = 0; i < 5; i++)
		pass(client, SECOND);
	hears_of(client, "data 1 0 end; end.");
	pass(client, 5 * SECOND);
	ck_assert(!is_open());
	leave(client);
}
END_TEST

START_TEST(a_worker_that_ends_and_a_client_that_says_nothing)
{
	struct client *client = come();

	conn_drain_all();
	settle(client);
	hears(client, "goaway 2147483647 0; ping draining; ");
	pass(client, SECOND);
	hears(client, "goaway 0 0; end.");
	leave(client);
}
END_TEST

/* Part of a frame, of which nothing would be served, does not keep the connection. */
START_TEST(a_worker_that_ends_and_a_client_amid_a_frame)
{
	struct client *client = come();

	say(client, "get 1 /wait");
	conn_drain_all();
	settle(client);
	pass(client, SECOND);
	hears(client, "goaway 2147483647 0; ping draining; goaway 1 0; ");
	say_bytes(client, str_head(bytes_of("headers 3 1 " REQUEST), 12));
	say(client, "");
	ck_assert(is_open());
	pass(client, 10 * SECOND);
	ck_assert(is_open());
	leave(client);

	client = come();
	say_bytes(client, str_head(bytes_of("ping 12345678"), 12));
	conn_drain_all();
	settle(client);
	pass(client, SECOND);
	hears(client, "goaway 2147483647 0; ping draining; goaway 0 0; end.");
	leave(client);
}
END_TEST

TESTS_IN((&(struct test_suite){ .name = "limits of HTTP/2", .setup = setup }), too_many_resets,
	 too_many_resets_that_are_provoked, too_many_malformed_requests, too_many_pings,
	 too_many_settings, too_many_empty_frames, too_many_window_updates, too_long_a_block,
	 too_many_entries_of_settings, frames_without_content, frames_with_content,
	 priorities_of_streams_that_do_not_begin, too_many_streams,
	 slots_of_streams_that_were_reset, large_heads, a_block_that_is_small_until_it_is_decoded,
	 fields_that_are_held, fields_that_are_discarded,
	 clients_that_wait, a_client_without_settings, a_block_that_drips,
	 a_client_that_does_not_read, a_reset_too_many_while_frames_wait,
	 the_window_of_the_connection_stays_shut, a_client_that_sends_its_end, a_worker_that_ends,
	 a_worker_that_ends_and_a_client_that_says_nothing,
	 a_worker_that_ends_and_a_client_amid_a_frame)
