/* SPDX-License-Identifier: BSD-2-Clause */
/* Documents of ssi that come in pieces, and includes that are not there at once. */
#include "harness/client.h"
#include "harness/memory.h"
#include "harness/test.h"

#include <stdio.h>
#include <string.h>

/* Pieces of 1 to 40 bytes end at each place in each command. */
START_TEST(commands_come_in_pieces)
{
	static const char document[] =
		"a<<!--#set var=\"x\" value='v\\'<' --><!-<!--b<!--# echo var = \"x\" -->"
		"<!--#if expr=\"$x = /v(.)/\" --><p><!--#echo var=\"1\" --><!--#else -->no"
		"<!--#endif --><!--#block name=\"s\" -->s<!--#echo var=\"arg_a\" -->"
		"<!--#endblock -->"
		"<!--#include virtual=\"/in.html\" wait=\"yes\" --><!--#foo - -- -->"
		"<!--#include virtual=\"/none\" stub=\"s\" -->"
		"<!--#include file=\"in.html\" set=\"y\" --><!--#echo var=\"y\" --><";
	static const char shown[] = "a<<!-<!--bv'&lt;<p>'[/in.html]"
				    "[an error occurred while processing the directive]s(none)"
				    "[/in.html]<";
	char locations[4096] = "", *end = locations;

	for (int n = 1; n <= 40; n++)
		end += sprintf(end, "location /%d/ { pieces %d; }\n", n, n);

	struct server *server = server_with(memory_printf("ssi on; %s", locations));

	for (int n = 1; n <= 40; n++) {
		put_file(server, memory_printf("%d/a.html", n), document);
		put_file(server, memory_printf("%d/in.html", n), "[/in.html]");
	}
	put_file(server, "in.html", "[<!--#echo var=\"uri\" -->]");
	for (int n = 1; n <= 40; n++)
		ck_assert_str_eq(get(server, memory_printf("/%d/a.html", n)).body, shown);
	server_stop(server);
}
END_TEST

#define INCLUDE(rest) "<!--#include " rest " -->"

START_TEST(includes_that_wait)
{
	struct server *server =
		server_with("ssi on; default_type text/html; lingering_timeout 100ms;"
			    "location /late { wait 30ms; hello late; }"
			    "location /never { wait 1h; hello never; }"
			    "location /drip { drip 1ms; }");

	put_file(server, "a.html",
		 "a" INCLUDE("virtual=\"/late\"") "b" INCLUDE("virtual=\"/drip\" wait=\"yes\"")
			 INCLUDE("file=\"/late\" set=\"x\"") "<!--#echo var=\"x\" -->" INCLUDE(
				 "virtual=\"in.html\""));
	put_file(server, "in.html", "(" INCLUDE("virtual=\"/late\"") ")");
	put_file(server, "b.html",
		 "b" INCLUDE("virtual=\"/never\"") INCLUDE("virtual=\"/late\"")
			 INCLUDE("virtual=\"/never\" set=\"y\""));

	const char *drip = get(server, "/drip").body;

	ck_assert_str_eq(get(server, "/a.html").body, memory_printf("alateb%slate(late)", drip));

	/* A client that leaves meanwhile takes nobody along, and leaves nothing behind. */
	for (int i = 0; i < 3; i++) {
		struct client *client = client_open(server);
		char bytes[16];

		client_send(client, "GET /b.html HTTP/1.1\r\nHost: a\r\n\r\n");
		ck_assert_uint_gt(client_read(client, bytes, sizeof(bytes)), 0);
		if (i == 0)
			client_reset(client);
		else
			client_close(client);
	}
	ck_assert_str_eq(get(server, "/a.html").body, memory_printf("alateb%slate(late)", drip));
	server_stop(server);
}
END_TEST

/* Slices of an include are held by the connection when its subrequest has ended. */
START_TEST(a_slow_client_gets_all_includes)
{
	enum { TIMES = 40, LENGTH = 60000 };
	struct server *server = server_with("ssi on; location /text { return 200 "
					    "0123456789012345678901234567890123456789; }");
	char *text = memory_alloc(LENGTH + 1), *document = memory_alloc(TIMES * 100),
	     *end = document;

	memset(text, 't', LENGTH);
	text[LENGTH] = '\0';
	put_file(server, "t.html", text);
	for (int i = 0; i < TIMES; i++)
		end += sprintf(end, INCLUDE("virtual=\"t.html\"") INCLUDE("virtual=\"/text\""));
	put_file(server, "a.html", document);

	for (int i = 0; i < 2; i++) {
		struct client *client = client_open_slow(server);
		char bytes[1000];

		client_send(client, "GET /a.html HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
		ck_assert_uint_gt(client_read(client, bytes, sizeof(bytes)), 0);
		if (i == 0)
			client_reset(client);
		else
			ck_assert_uint_gt(client_drain(client), TIMES * (LENGTH + 40) - 1000);
	}
	ck_assert_uint_eq(get(server, "/a.html").body_len, TIMES * (LENGTH + 40));
	server_stop(server);
}
END_TEST

TESTS("ssi in pieces", commands_come_in_pieces, includes_that_wait, a_slow_client_gets_all_includes)
