/* SPDX-License-Identifier: BSD-2-Clause */
/* What RFC 9113 demands of servers, case by case, named by section; and HPACK and priorities. */
#include "unit/http2_test.h"

#include <sys/mman.h>

/* What a client says after the preface and settings, and the transcript of what it hears. */
struct exchange {
	const char *name, *says, *hears;
};

#define REQUEST ":method GET :scheme http :authority small :path /"
#define OK(id)	"headers " #id " 200 content-type=text/plain content-length=2; data " #id " 2 end; "
#define OTHER(id) \
	"headers " #id " 200 content-type=text/plain content-length=5; data " #id " 5 end; "
#define LINGERS "end."

static void check(const struct exchange *cases, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct client *client = come();

		say(client, cases[i].says);
		ck_assert_msg(strcmp(client->transcript, cases[i].hears) == 0,
			      "%s: expected \"%s\", got \"%s\"", cases[i].name, cases[i].hears,
			      client->transcript);
		leave(client);
	}
}

#define CHECK(cases) check(cases, sizeof(cases) / sizeof(cases[0]))

START_TEST(requests)
{
	static const struct exchange cases[] = {
		{ "a GET", "get 1 /", OK(1) },
		{ "several", "get 1 /; get 3 /; get 7 /", OK(1) OK(3) OK(7) },
		{ "HEAD", "headers 1 5 :method HEAD :scheme http :authority small :path /",
		  "headers 1 200 content-type=text/plain content-length=2 end; " },
		{ "no body", "get 1 /empty", "headers 1 204 end; " },
		{ "OPTIONS *", "headers 1 5 :method OPTIONS :scheme http :authority small :path *",
		  "" },
		{ "the default port", "headers 1 5 " REQUEST " host SMALL:80", OK(1) },
		{ "TE", "headers 1 5 " REQUEST " te Trailers", OK(1) },
		{ "Host in place of an authority",
		  "headers 1 5 :method GET :scheme http :path / host small", OK(1) },
		{ "an unknown method",
		  "headers 1 5 :method FROB :scheme http :authority small :path /", OK(1) },
		{ "another host", "headers 1 5 :method GET :scheme http :authority other :path /",
		  "headers 1 200 content-type=text/plain content-length=5; data 1 5 end; " },
		{ "hosts in turn",
		  "headers 1 5 " REQUEST "; headers 3 5 " REQUEST "; "
		  "headers 5 5 :method GET :scheme http :authority other :path /; "
		  "headers 7 5 :method GET :scheme http :authority small:80 :path /; "
		  "headers 9 5 :method GET :scheme http :authority SMALL :path /; "
		  "headers 11 5 :method GET :scheme http :authority other:1 :path /",
		  OK(1) OK(3) OTHER(5) OK(7) OK(9) OTHER(11) },
		/* Each request needs what the name of its server captures. */
		{ "a host that is captured, twice",
		  "headers 1 5 :method GET :scheme http :authority name-ab :path /; "
		  "headers 3 5 :method GET :scheme http :authority name-ab :path /",
		  OK(1) OK(3) },
		{ "the connection is closed: 444", "get 1 /close", "reset 1 2; " },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (*cases[i].hears)
			check(&cases[i], 1);
}
END_TEST

/* 400 for what HTTP/1 answers with 400, too. */
#define REFUSED(id) "headers " #id " 400"

START_TEST(requests_that_are_refused)
{
	static const struct exchange cases[] = {
		{ "no host", "headers 1 5 :method GET :scheme http :path /", "400" },
		{ "8.3.1 Host differs", "headers 1 5 " REQUEST " host other", "400" },
		{ "its port differs", "headers 1 5 " REQUEST " host small:81", "400" },
		{ "user information",
		  "headers 1 5 :method GET :scheme http :authority a@small :path /", "400" },
		{ "a path that is a URL",
		  "headers 1 5 :method GET :scheme http :authority small :path http://a/", "400" },
		{ "a path above the root",
		  "headers 1 5 :method GET :scheme http :authority small :path /../a", "400" },
		{ "a path with a DEL",
		  "headers 1 5 :method GET :scheme http :authority small :path /\x7f", "400" },
		{ "a scheme", "headers 1 5 :method GET :scheme ftp :authority small :path /",
		  "400" },
		{ "two lengths", "headers 1 4 " REQUEST " content-length 1 content-length 1",
		  "400" },
		{ "no length", "headers 1 4 " REQUEST " content-length x", "400" },
		{ "CONNECT", "headers 1 5 :method CONNECT :authority small:80", "405" },
		{ "too large a body", "post 1 / content-length 300000", "413" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct client *client = come();
		const char *status;

		say(client, cases[i].says);
		status = memory_printf("headers 1 %s ", cases[i].hears);
		ck_assert_msg(str_starts(str_from(client->transcript), str_from(status)), "%s: %s",
			      cases[i].name, client->transcript);
		client->transcript_len = client->transcript[0] = 0;
		say(client, "get 3 /");
		ck_assert_str_eq(client->transcript, OK(3)); /* the connection goes on */
		leave(client);
	}
}
END_TEST

START_TEST(malformed_requests)
{
	static const char *const blocks[] = {
		"5 :method GET :scheme http :authority small", /* 8.3.1 */
		"5 :method GET :authority small :path /",
		"5 :scheme http :authority small :path /",
		"5 :method GET :scheme http :authority small :path _",
		"5 :method GET :method GET :scheme http :authority small :path /", /* 8.3 */
		"5 " REQUEST " :path /",
		"5 a b " REQUEST,
		"5 " REQUEST " a b :authority small",
		"5 " REQUEST " :status 200",
		"5 " REQUEST " :frob 1",
		"5 " REQUEST " connection close", /* 8.2.2 */
		"5 " REQUEST " proxy-connection close",
		"5 " REQUEST " keep-alive 1",
		"5 " REQUEST " transfer-encoding chunked",
		"5 " REQUEST " upgrade h2c",
		"5 " REQUEST " te gzip",
		"5 " REQUEST " a(b c", /* 8.2.1 */
		"5 " REQUEST " a \tb",
		"5 " REQUEST " a b\t",
		"5 " REQUEST " a b\rc",
		"5 " REQUEST " a b\nc",
		"5 " REQUEST " content-length 1", /* 8.1.1 */
		"5 :method CONNECT :scheme http :authority small :path /", /* 8.5 */
		"5 :method CONNECT",
		"5 :method G(T :scheme http :authority small :path /",
	};

	for (size_t i = 0; i < sizeof(blocks) / sizeof(blocks[0]); i++) {
		struct client *client = come();

		say(client, memory_printf("headers 1 %s; get 3 /", blocks[i]));
		ck_assert_msg(strcmp(client->transcript, "reset 1 1; " OK(3)) == 0, "%s: %s",
			      blocks[i], client->transcript);
		leave(client);
	}
}
END_TEST

/* Frames that end the connection. */
START_TEST(errors_of_connections)
{
	static const struct exchange cases[] = {
		{ "4.2 too long a frame", "frame 0 0 1; data 1 0 16385", "1" },
		{ "5.1 DATA before HEADERS", "data 1 0 1", "1" },
		{ "5.1 RST_STREAM before HEADERS", "reset 1 8", "1" },
		{ "5.1 WINDOW_UPDATE before HEADERS", "window 1 1", "1" },
		{ "5.1 CONTINUATION before HEADERS", "frame 9 4 1 00", "1" },
		{ "5.1.1 an even stream", "headers 2 5 " REQUEST, "1" },
		{ "5.1.1 a stream before the last one", "get 5 /; get 3 /", "1" },
		{ "6.1 DATA of no stream", "data 0 0 1", "1" },
		{ "6.1 too much padding", "post 1 /count; frame 0 8 1 0561", "1" },
		{ "6.1 no room for the padding", "post 1 /count; frame 0 8 1", "6" },
		{ "6.2 HEADERS of no stream", "headers 0 5 " REQUEST, "1" },
		{ "6.2 too much padding", "frame 1 d 1 0f82", "1" },
		{ "6.2 no room for a priority", "frame 1 25 1 00000000", "6" },
		{ "6.2 another frame within a block", "headers 1 1 " REQUEST "; ping 12345678",
		  "1" },
		{ "6.2 another stream within a block", "headers 1 1 " REQUEST "; get 3 /", "1" },
		{ "6.2 an unknown frame within a block", "headers 1 1 " REQUEST "; frame 77 0 0",
		  "1" },
		{ "6.2 PRIORITY of a wrong length within a block",
		  "headers 1 1 " REQUEST "; frame 2 0 1 00", "1" },
		{ "6.3 PRIORITY of no stream", "frame 2 0 0 0000000000", "1" },
		{ "6.4 RST_STREAM of no stream", "reset 0 8", "1" },
		{ "6.4 the length of RST_STREAM", "post 1 /count; frame 3 0 1 000000", "6" },
		{ "6.5 an acknowledgement with settings", "frame 4 1 0 000100000000", "6" },
		{ "6.5 settings of a stream", "frame 4 0 1", "1" },
		{ "6.5 the length of settings", "frame 4 0 0 0001000000", "6" },
		{ "6.5.2 ENABLE_PUSH", "settings 2 2", "1" },
		{ "6.5.2 INITIAL_WINDOW_SIZE", "settings 4 2147483648", "3" },
		{ "6.5.2 MAX_FRAME_SIZE is too small", "settings 5 16383", "1" },
		{ "6.5.2 MAX_FRAME_SIZE is too large", "settings 5 16777216", "1" },
		{ "RFC 9218, 2.1", "settings 9 2", "1" },
		{ "6.6 PUSH_PROMISE", "frame 5 4 1 00000002", "1" },
		{ "6.7 PING of a stream", "frame 6 0 1 0102030405060708", "1" },
		{ "6.7 the length of PING", "frame 6 0 0 01020304050607", "6" },
		{ "6.8 GOAWAY of a stream", "frame 7 0 1 0000000000000000", "1" },
		{ "6.8 the length of GOAWAY", "frame 7 0 0 00000000000000", "6" },
		{ "6.9 WINDOW_UPDATE by 0", "window 0 0", "1" },
		{ "6.9 the length of WINDOW_UPDATE", "frame 8 0 0 000001", "6" },
		{ "6.9.1 the window of the connection", "window 0 2147483647", "3" },
		{ "6.9.2 a change of the window that is too large",
		  "get 1 /wait; window 1 2147418112; settings 4 65536", "3" },
		{ "6.10 CONTINUATION of another stream", "headers 1 1 " REQUEST "; frame 9 4 3 00",
		  "1" },
		{ "6.10 CONTINUATION behind the end", "get 1 /wait; frame 9 4 1 00", "1" },
		{ "4.3 a block that cannot be decoded", "frame 1 5 1 80", "9" },
		{ "4.3 one that ends in a field", "frame 1 5 1 82848641", "9" },
		{ "4.3 HPACK: an index without an entry", "frame 1 5 1 ff00", "9" },
		{ "4.3 HPACK: a table that is too large", "frame 1 5 1 3fe21f", "9" },
		{ "RFC 9218, 7.1: PRIORITY_UPDATE of a stream", "frame 10 0 1 00000001", "1" },
		{ "RFC 9218, 7.1: for no stream", "update 0 u=1", "1" },
		{ "RFC 9218, 7.1: its length", "frame 10 0 0 000001", "6" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct client *client = come();
		const char *at;

		say(client, cases[i].says);
		at = strstr(client->transcript, "goaway ");
		ck_assert_msg(at && atoi(strchr(at + 7, ' ')) == atoi(cases[i].hears) &&
				      strstr(at, "end."),
			      "%s: %s", cases[i].name, client->transcript);
		pass(client, 5 * SECOND);
		ck_assert_msg(!is_open(), "%s: the connection does not end", cases[i].name);
		leave(client);
	}
}
END_TEST

/* 5.1: it is closed, which no client can be mistaken about. */
START_TEST(a_stream_that_has_ended)
{
	struct client *client = come();

	say(client, "get 1 /");
	say(client, "get 1 /");
	hears_of(client, "goaway 1 5; end.");
	leave(client);
}
END_TEST

/* Frames that end a stream, and the connection goes on. */
START_TEST(errors_of_streams)
{
	static const struct exchange cases[] = {
		{ "5.1 DATA after END_STREAM", "get 1 /wait; data 1 0 1", "reset 1 5; " },
		{ "5.1 HEADERS after END_STREAM", "get 1 /wait; headers 1 5 a b", "reset 1 5; " },
		{ "8.1 the rest of too large a body", "post 1 / content-length 300000; data 1 0 1",
		  "reset 1 0; " },
		{ "8.1 trailers that do not end the stream", "post 1 /count; headers 1 4 a b",
		  "reset 1 1; " },
		{ "8.1 a pseudo-header field in trailers", "post 1 /count; headers 1 5 :path /",
		  "reset 1 1; " },
		{ "8.1.1 more than Content-Length", "post 1 /count content-length 2; data 1 0 3",
		  "reset 1 1; " },
		{ "8.1.1 less than Content-Length", "post 1 /count content-length 2; data 1 1 1",
		  "reset 1 1; " },
		{ "8.1.1 less, with trailers",
		  "post 1 /count content-length 2; data 1 0 1; headers 1 5 a b", "reset 1 1; " },
		{ "6.3 the length of PRIORITY", "get 1 /wait; frame 2 0 1 00", "reset 1 6; " },
		{ "6.9 WINDOW_UPDATE by 0", "get 1 /wait; window 1 0", "reset 1 1; " },
		{ "6.9.1 the window of a stream", "get 1 /wait; window 1 2147483647",
		  "reset 1 3; " },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct client *client = come();

		say(client, cases[i].says);
		hears_of(client, cases[i].hears);
		ck_assert_msg(strstr(client->transcript, "goaway") == NULL, "%s: %s", cases[i].name,
			      client->transcript);
		client->transcript_len = client->transcript[0] = 0;
		say(client, "get 3 /");
		hears(client, OK(3));
		leave(client);
	}
}
END_TEST

/* What servers have to accept, or to ignore. */
START_TEST(what_is_accepted)
{
	static const struct exchange cases[] = {
		{ "4.1 an unknown frame", "frame 77 ff 5 0102; get 1 /", OK(1) },
		{ "4.1 unknown flags", "frame 6 fe 0 3132333435363738; get 1 /",
		  "ping ack 12345678; " OK(1) },
		{ "5.1 PRIORITY for an idle stream", "frame 2 0 1 0000000010; get 3 /", OK(3) },
		{ "5.1 WINDOW_UPDATE for a closed stream", "get 1 /; window 1 5; get 3 /",
		  OK(1) OK(3) },
		{ "5.1 RST_STREAM, twice", "get 1 /; reset 1 8; reset 1 8; get 3 /", OK(3) },
		{ "6.1 padding", "post 1 /count; frame 0 8 1 0261620000; data 1 1 0", NULL },
		{ "6.2 padding and a priority", "frame 1 2d 1 0100000000108286844105736d616c6c00",
		  NULL },
		{ "6.4 an unknown code", "get 1 /wait; reset 1 999; get 3 /", OK(3) },
		{ "6.5 unknown settings", "settings 77 5; get 1 /", "settings ack; " OK(1) },
		{ "6.7 PING", "ping abcdefgh", "ping ack abcdefgh; " },
		{ "6.8 GOAWAY of the client", "frame 7 0 0 0000000000000000616263; get 1 /",
		  OK(1) },
		{ "6.10 CONTINUATION",
		  "headers 1 1 :method GET; frame 9 0 1; frame 9 0 1 8684;"
		  "frame 9 4 1 4105736d616c6c",
		  OK(1) },
		{ "8.1 trailers", "post 1 /count content-length 1; data 1 0 1; headers 1 5 a b",
		  NULL },
		{ "8.2.3 cookies", "get 1 /echo cookie a=1 cookie b=2", NULL },
		{ "te", "get 1 / te trailers", OK(1) },
		{ "RFC 7540's priority in HEADERS", "frame 1 25 1 80000001ff8286844105736d616c6c",
		  OK(1) },
		{ "RFC 9218, 7.1: PRIORITY_UPDATE", "update 1 u=9,i=7; update 1 u=0; get 1 /",
		  OK(1) },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct client *client = come();

		say(client, cases[i].says);
		if (cases[i].hears)
			ck_assert_msg(strcmp(client->transcript, cases[i].hears) == 0, "%s: %s",
				      cases[i].name, client->transcript);
		else
			ck_assert_msg(strstr(client->transcript, "headers 1 200") != NULL, "%s: %s",
				      cases[i].name, client->transcript);
		ck_assert(is_open());
		leave(client);
	}
}
END_TEST

static int compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The frames of a transcript in the order of the alphabet. */
static const char *sorted(char *transcript)
{
	char *frames[64], *rest, *text = "";
	size_t count = 0;

	for (char *at = strtok_r(transcript, ";", &rest); at; at = strtok_r(NULL, ";", &rest))
		frames[count++] = at;
	qsort(frames, count, sizeof(frames[0]), compare);
	for (size_t i = 0; i < count; i++)
		text = (char *)memory_printf("%s%s;", text, frames[i]);
	return text;
}

/* Every cut of a conversation gives the same frames. */
START_TEST(bytes_in_pieces)
{
	static const char conversation[] =
		"settings; ack; get 1 /; post 3 /count; data 3 0 10; ping 12345678;"
		"frame 0 9 3 02616263640000;"
		"headers 5 1 :method GET; frame 9 4 5 86844105736d616c6c; window 0 1";
	struct str bytes = bytes_of(conversation);
	char *copy = memory_alloc(bytes.len);
	struct str whole = { memcpy(copy, bytes.data, bytes.len), bytes.len };
	const char *expected = NULL;

	for (size_t cut = 0; cut <= bytes.len; cut++) {
		struct client *client = come_raw();

		say_bytes(client, str_head(STR(H2_PREFACE), cut));
		say_bytes(client, str_skip(STR(H2_PREFACE), cut));
		say_bytes(client, str_head(whole, cut));
		say_bytes(client, str_skip(whole, cut));
		if (!expected)
			expected = memory_printf("%s", sorted(client->transcript));
		else
			ck_assert_str_eq(sorted(client->transcript), expected);
		leave(client);
	}
}
END_TEST

START_TEST(the_preface)
{
	struct client *client = come_raw();

	/* 3.4: what is not the preface ends the connection. */
	say_bytes(client, STR("PRI * HTTP/2.0\r\n\r\n"));
	say_bytes(client, STR("SN"));
	hears_of(client, "goaway 0 1; end.");
	leave(client);

	client = come_raw();
	say_bytes(client, STR(H2_PREFACE));
	say(client, "ping 12345678");
	hears_of(client, "goaway 0 1; end.");
	leave(client);

	/* Other methods with these letters are of HTTP/1. */
	client = come_raw();
	say_bytes(client, STR("PRINT / HTTP/1.1\r\nHost: small\r\n\r\n"));
	ck_assert_int_eq(memcmp(client->in, "HTTP/1.1 200", 12), 0);
	leave(client);
}
END_TEST

/* 6.9: no byte more than the windows allow. */
START_TEST(windows)
{
	struct client *client = come();

	say(client, "settings 4 100; get 1 /large");
	hears_of(client, "data 1 100; ");
	ck_assert_uint_eq(client->body, 100);
	say(client, "window 1 50");
	ck_assert_uint_eq(client->body, 150);
	say(client, "settings 4 0");
	say(client, "window 1 60"); /* the window was made 100 smaller */
	ck_assert_uint_eq(client->body, 150);
	say(client, "settings 4 200");
	ck_assert_uint_eq(client->body, 150 + 160);
	say(client, "window 1 100000");
	ck_assert_uint_eq(client->body, 40000);
	client->transcript_len = 0;

	/* The window of the connection has 25535 bytes left. */
	say(client, "settings 4 65535; get 3 /large");
	ck_assert_uint_eq(client->body, 65535);
	say(client, "get 5 /"); /* heads need no window */
	hears_of(client, "headers 5 200");
	say(client, "window 0 1");
	ck_assert_uint_eq(client->body, 65536);
	say(client, "window 0 100000");
	ck_assert_uint_eq(client->body, 80002);
	leave(client);
}
END_TEST

/* 6.9.2: a client that does not know the smaller windows of our settings yet. */
START_TEST(windows_before_settings_are_known)
{
	struct client *client = come_to(1);

	say_bytes(client, STR(H2_PREFACE));
	say(client, "settings; post 1 /wait; data 1 0 5000; post 3 /count; data 3 0 5000");
	hears(client, "settings; settings ack; window 0 5000; window 3 5000; ");
	say(client, "ack; data 1 0 1"); /* now its window is 3976 below 0 */
	hears(client, "reset 1 3; window 0 5001; ");
	say(client, "data 3 1 1024; post 5 /wait; data 5 0 1024");
	hears_of(client, "headers 3 200 ");
	ck_assert(!strstr(client->transcript, "reset"));
	say(client, "ack; data 5 0 1");
	hears_of(client, "reset 5 3; ");
	leave(client);
}
END_TEST

START_TEST(windows_of_uploads)
{
	struct client *client = come();
	size_t sent = 0;

	/* Nobody reads: what has no window ends the stream. */
	say(client, "post 1 /wait; data 1 0 16384; data 1 0 16384; data 1 0 16384; data 1 0 16384");
	hears(client, "");
	say(client, "data 1 0 1");
	hears_of(client, "reset 1 3; ");
	client->transcript_len = 0;
	/* The module reads: windows are opened again. */
	say(client, "post 3 /count");
	for (; sent < 10 * 16384; sent += 16384)
		say(client, "data 3 0 16384");
	hears_of(client, "window 3 32768; ");
	hears_of(client, "window 0 ");
	say(client, "data 3 1 1");
	hears_of(client, "headers 3 200");
	leave(client);
}
END_TEST

START_TEST(uploads)
{
	struct client *client = come();

	say(client, "post 1 /mirror; data 1 0 5");
	hears(client, "headers 1 200 content-type=application/octet-stream; data 1 5; ");
	say(client, "data 1 1 3");
	hears(client, "data 1 3; data 1 0 end; ");
	say(client, "post 3 /mirror content-length 8; data 3 0 5");
	hears_of(client, "content-length=8; data 3 5; ");
	client->transcript_len = client->transcript[0] = 0;
	say(client, "data 3 1 3");
	hears(client, "data 3 3 end; ");
	/* The response does not need the rest, which is discarded. */
	say(client, "post 7 /first; data 7 0 5");
	hears_of(client, "headers 7 200");
	client->transcript_len = client->transcript[0] = 0;
	for (int i = 0; i < 8; i++)
		say(client, "data 7 0 16384");
	hears_of(client, "window 7 ");
	say(client, "data 7 1 5");
	ck_assert_ptr_null(strstr(client->transcript, "reset"));
	/* Neither what is too large nor what does not come to an end. */
	client->transcript_len = client->transcript[0] = 0;
	say(client, "post 9 /");
	for (int i = 0; i < 13; i++)
		say(client, "data 9 0 16384");
	hears_of(client, "reset 9 0; ");
	client->transcript_len = client->transcript[0] = 0;
	say(client, "post 11 /; data 11 0 5");
	pass(client, 5 * SECOND - 1);
	ck_assert_ptr_null(strstr(client->transcript, "reset"));
	pass(client, 1);
	hears_of(client, "reset 11 0; ");
	client->transcript_len = client->transcript[0] = 0;
	say(client, "post 13 /; data 13 0 5; headers 13 5 a b; post 15 /; reset 15 8");
	hears_of(client, OK(13));
	ck_assert_ptr_null(strstr(client->transcript, "reset"));
	client->transcript_len = client->transcript[0] = 0;
	say(client, "post 17 /count expect 100-continue content-length 4");
	hears(client, "headers 17 100; ");
	say(client, "data 17 1 4");
	hears_of(client, "headers 17 200");
	client->transcript_len = client->transcript[0] = 0;
	say(client, "post 19 /count");
	pass(client, 20 * SECOND);
	hears_of(client, "headers 19 408");
	leave(client);
}
END_TEST

#define HEAD(id) "headers " #id " 200 content-type=text/plain content-length=2; "

/* Clients may stop to send when they have received all of a response: its end comes last. */
START_TEST(uploads_that_nobody_reads)
{
	struct client *client = come();

	say(client, "post 1 /; data 1 0 5");
	hears(client, HEAD(1));
	for (int i = 0; i < 10; i++)
		say(client, "data 1 0 16384; update 1 u=1; window 1 1");
	hears_of(client, "window 1 ");
	ck_assert_ptr_null(strstr(client->transcript, "data 1"));
	client->transcript_len = client->transcript[0] = 0;
	say(client, "data 1 1 5");
	hears(client, "data 1 2 end; ");
	say(client, "post 3 /");
	say(client, "headers 3 5 a b"); /* trailers end it, too */
	hears(client, HEAD(3) "data 3 2 end; ");
	say(client, "post 5 /empty");
	hears(client, "headers 5 204; ");
	say(client, "data 5 1 5");
	hears(client, "data 5 0 end; ");
	say(client, "post 7 /first"); /* this handler waits for the beginning alone */
	say(client, "data 7 0 5");
	hears(client, "headers 7 200 content-type=text/plain content-length=19; ");
	say(client, "data 7 1 5");
	hears(client, "data 7 19 end; ");
	say(client, "post 9 /; data 9 0 5");
	say(client, "reset 9 8; get 11 /");
	hears(client, HEAD(9) OK(11));
	/* This client waits for a status before it sends anything. */
	say(client, "post 13 / expect 100-continue");
	hears(client, OK(13));
	say(client, "data 13 1 5; get 15 /");
	hears(client, OK(15));
	leave(client);
}
END_TEST

START_TEST(a_client_that_ends_within_an_upload_gets_its_response)
{
	struct client *client = come();

	say(client, "post 1 /; data 1 0 5");
	hears(client, HEAD(1));
	ck_assert_int_eq(shutdown(client->fd, SHUT_WR), 0);
	settle(client);
	hears_of(client, "data 1 2 end; ");
	forget(client);
}
END_TEST

/* Too large, or not in time: the end of the response comes, and then nothing more is received. */
START_TEST(uploads_that_nobody_reads_to_their_end)
{
	struct client *client = come();

	say(client, "post 1 /");
	for (int i = 0; i < 13; i++)
		say(client, "data 1 0 16384");
	hears_of(client, "data 1 2 end; reset 1 0; ");
	client->transcript_len = client->transcript[0] = 0;
	say(client, "data 1 0 16384; post 3 /; data 3 0 5");
	hears_of(client, HEAD(3));
	client->transcript_len = client->transcript[0] = 0;
	for (int i = 0; i < 7; i++) { /* each of them within lingering_timeout */
		pass(client, 4 * SECOND);
		say(client, "data 3 0 5");
	}
	pass(client, 2 * SECOND - 1);
	hears(client, "");
	pass(client, 1); /* lingering_time */
	hears(client, "data 3 2 end; reset 3 0; ");
	say(client, "post 5 /");
	hears(client, HEAD(5));
	pass(client, 5 * SECOND - 1);
	hears(client, "");
	pass(client, 1); /* lingering_timeout */
	hears(client, "data 5 2 end; reset 5 0; ");
	say(client, "get 7 /");
	hears(client, OK(7));
	leave(client);
}
END_TEST

START_TEST(lingering_close_off_holds_nothing_back)
{
	struct client *client = come();

	say(client, "post 1 /abrupt; data 1 0 5");
	hears(client, OK(1) "reset 1 0; ");
	say(client, "post 3 /abrupt; data 3 0 16384; data 3 1 5; get 5 /");
	hears_of(client, OK(3) "reset 3 0; ");
	hears_of(client, OK(5));
	leave(client);
}
END_TEST

/* 6.9.1: what has no data needs no window. */
START_TEST(ends_without_a_window)
{
	struct client *client = come();

	say(client, "settings 4 2; get 1 /trailer; get 3 /");
	hears(client, "settings ack; " HEAD(1) "data 1 2; " OK(3) "headers 1 a=b end; ");
	say(client, "settings 4 0; post 5 /empty");
	say(client, "data 5 1 5");
	hears(client, "settings ack; headers 5 204; data 5 0 end; ");
	/* Those of the connection and of the stream, which is incremental. */
	say(client, "settings 4 100000; get 7 /large; get 9 /large");
	ck_assert_uint_eq(client->body, 65535);
	client->transcript_len = client->transcript[0] = 0;
	say(client, "post 11 /empty priority i");
	say(client, "data 11 1 5");
	hears(client, "headers 11 204; data 11 0 end; ");
	leave(client);
}
END_TEST

/*
 * A body with more bytes than its length says: where a slice crosses the length, where one ends
 * there, where the length is 0, and a body of the core. The client must not take it for whole.
 */
START_TEST(a_body_that_is_longer_than_its_length)
{
	static const char *const paths[] = { "/excess/", "/excess/end", "/excess/none",
					     "/excess/memory" };
	const struct log log = { .fd = memfd_create("log", MFD_CLOEXEC), .level = LEVEL_ALERT };
	const char *line;
	char *logged;

	log_process = &log;
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		struct client *client = come();

		say(client, memory_printf("get 1 %s; get 3 /", paths[i]));
		ck_assert_msg(!strstr(client->transcript, "1 5 end") &&
				      strstr(client->transcript, "reset 1 2; "),
			      "%s: %s", paths[i], client->transcript);
		hears_of(client, "data 3 2 end; "); /* the connection goes on */
		leave(client);
		logged = memory_alloc(4096);
		ssize_t len = pread(log.fd, logged, 1000, 0);
		ck_assert_int_ge(len, 0);
		logged[len] = '\0';
		ck_assert_int_eq(ftruncate(log.fd, 0), 0);
		ck_assert_int_eq(lseek(log.fd, 0, SEEK_SET), 0);
		line = strstr(logged, "is longer than its length of ");
		ck_assert_msg(line && strstr(line, ": the stream is reset") &&
				      strstr(line, memory_printf("request: \"GET %s", paths[i])),
			      "%s: %s", paths[i], logged);
	}
	close(log.fd);
}
END_TEST

static void has_order(struct client *client, const char *a, const char *b)
{
	const char *first = strstr(client->transcript, a), *second = strstr(client->transcript, b);

	ck_assert_msg(first && second && first < second, "not \"%s\", then \"%s\": %s", a, b,
		      client->transcript);
}

/* RFC 9218. */
START_TEST(priorities)
{
	struct client *client = come();

	say(client, "window 0 1000000; settings 4 0;"
		    "get 1 /large; get 3 /large priority u=1; get 5 /large; settings 4 100000");
	has_order(client, "data 3 7232 end", "data 1 16384;");
	has_order(client, "data 1 7232 end", "data 5 16384;");
	leave(client);

	client = come();
	say(client, "window 0 1000000; settings 4 0; get 1 /large priority i;"
		    "get 3 /large priority i; settings 4 100000");
	has_order(client, "data 1 16384; data 3 16384; data 1 7232 end;",
		  "data 3 16384; data 3 7232 end");
	leave(client);

	client = come();
	say(client, "window 0 1000000; settings 4 0; update 3 u=0; get 1 /large; get 3 /large;"
		    "get 5 /large; update 5 u=2; settings 4 100000");
	has_order(client, "data 3 7232 end", "data 5 16384;");
	has_order(client, "data 5 7232 end", "data 1 16384;");
	leave(client);
}
END_TEST

/* RFC 7541 section 4.2: a smaller table has to be acknowledged. */
START_TEST(a_smaller_table)
{
	struct client *client = come();

	say(client, "settings 1 0; get 1 /; get 3 /");
	hears(client, "settings ack; " OK(1) OK(3));
	leave(client);
}
END_TEST

TESTS_IN((&(struct test_suite){ .name = "HTTP/2", .setup = setup }), requests,
	 requests_that_are_refused, malformed_requests, errors_of_connections,
	 a_stream_that_has_ended, errors_of_streams, what_is_accepted, bytes_in_pieces, the_preface,
	 windows, windows_before_settings_are_known, windows_of_uploads, uploads,
	 uploads_that_nobody_reads, a_client_that_ends_within_an_upload_gets_its_response,
	 uploads_that_nobody_reads_to_their_end,
	 lingering_close_off_holds_nothing_back, ends_without_a_window,
	 a_body_that_is_longer_than_its_length, priorities, a_smaller_table)
