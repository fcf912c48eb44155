/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Modules that break the contract of handlers. Whatever one does: the line in the error log
 * names it, the response is a 500 with nothing of what it has made, and the worker serves on.
 */
#include "harness/client.h"
#include "harness/memory.h"
#include "harness/test.h"

#include <string.h>
#include <unistd.h>

static const struct {
	const char *breach; /* the words of the directive */
	const char *says; /* the line in the error log */
} breaches[] = {
	/* No verdicts at all: what they guard must stay shut. */
	{ "ACCESS -1", "has returned -1 in the phase ACCESS, which is no verdict" },
	{ "ACCESS 6", "has returned 6 in the phase ACCESS, which is no verdict" },
	{ "ACCESS 200", "has returned 200 in the phase ACCESS, which is no verdict" },
	{ "ACCESS 600", "has returned 600 in the phase ACCESS, which is no verdict" },
	{ "REWRITE -1", "has returned -1 in the phase REWRITE, which is no verdict" },
	{ "FILTER -1", "has returned -1 in the phase FILTER, which is no verdict" },

	/* Verdicts of other phases. */
	{ "CONTENT ALLOW", "has returned ALLOW in the phase CONTENT, which allows nothing" },
	{ "PREACCESS ALLOW", "has returned ALLOW in the phase PREACCESS, which allows nothing" },
	{ "FILTER DONE", "has returned DONE in the phase FILTER, in which the response is there" },
	{ "FILTER ALLOW", "has returned ALLOW in the phase FILTER, in which" },
	{ "FILTER 302", "has returned 302 in the phase FILTER, in which a status has to be" },
	{ "FILTER RESTART redirect", "has returned RESTART in the phase FILTER, in which" },
	/* Its page meets the same filter. */
	{ "FILTER 404", "has returned 404 in the phase FILTER, for the page of an error" },

	/* Waiting. */
	{ "ACCESS WAIT", "has returned WAIT in the phase ACCESS, but has no token" },
	{ "CONTENT WAIT", "has returned WAIT in the phase CONTENT, but has no token" },
	{ "FILTER WAIT", "has returned WAIT in the phase FILTER, but has no token" },
	{ "ACCESS WAIT second_token", "has returned WAIT in the phase ACCESS, but has more than" },
	{ "ACCESS PASS token", "has returned PASS in the phase ACCESS, but has a token" },
	{ "ACCESS 403 token", "has returned 403 in the phase ACCESS, but has a token" },
	{ "CONTENT DONE respond_token", "has returned DONE in the phase CONTENT, but has a token" },
	{ "FILTER PASS token", "has returned PASS in the phase FILTER, but has a token" },

	/* Redirects. */
	{ "REWRITE RESTART", "has returned RESTART in the phase REWRITE, but has called none" },
	{ "CONTENT RESTART", "has returned RESTART in the phase CONTENT, but has called none" },
	{ "REWRITE PASS redirect", "has returned PASS in the phase REWRITE, but has redirected" },
	{ "CONTENT DONE respond_redirect",
	  "has returned DONE in the phase CONTENT, but has redirected" },

	/* Responses without a status of one. */
	{ "CONTENT DONE", "has returned DONE in the phase CONTENT, but has set no status" },
	{ "PREACCESS DONE", "has returned DONE in the phase PREACCESS, but has set no status" },
	{ "CONTENT DONE inform", "has returned DONE in the phase CONTENT, but has set no status" },
	/* An interim response would make the client take the body for the next head. */
	{ "FILTER PASS status", "has returned PASS in the phase FILTER, but has set no status" },

	/* Bodies that nobody would send or close. */
	{ "ACCESS PASS body", "has returned PASS in the phase ACCESS, but has made a body" },
	{ "CONTENT PASS body", "has returned PASS in the phase CONTENT, but has made a body" },
};

/* Kinds of bodies that do not keep their word, and the line in the error log. */
static const struct {
	const char *kind, *says;
} bodies[] = {
	{ "empty_slice", "module breach has made has given an empty slice (0)" },
	{ "long_slice", "module breach has made has given more bytes than were asked for" },
	{ "of_nothing", "module breach has made has given a slice without memory or file (5)" },
	{ "seven", "module breach has made has returned a number that means nothing (7)" },
	{ "far_below", "has made has returned a number that means nothing (-100000)" },
	{ "excess",
	  "module breach has made is longer than its length of 7: the connection is closed" },
	{ "excess_at_end",
	  "the body that the module breach has made is longer than its length of 5" },
	{ "excess_of_none",
	  "the body that the module breach has made is longer than its length of 0" },
	{ "excess_of_memory", "module breach has made is longer than its length of 5" },
	{ "short", "the response, made by the module breach, broke off" },
	{ "unset", "module breach has made has given an empty slice (0)" },
	{ "grows", "the body that the module breach has made is longer than its length of 7" },
	{ "ready", "the body that the module breach has made says without end that it is ready" },
	{ "vanishes", "that the module breach has made was replaced while it was sent: it stays" },
};

/* Fields that a module adds by name, and what is sent. */
static const struct {
	const char *field, *sent; /* NULL: the server's own value */
} fields[] = {
	{ "Content-Length", NULL },  { "content-length", NULL },   { "Transfer-Encoding", NULL },
	{ "Connection", NULL },	     { "Keep-Alive", NULL },	   { "Date", NULL },
	{ "Server", NULL },	     { "ETag", "\"7\"" },	   { "etag", "\"7\"" },
	{ "Content-Type", "\"7\"" }, { "Last-Modified", "\"7\"" }, { "Location", "\"7\"" },
};

/* What is borne: the response is right all the same. */
static const struct {
	const char *breach;
	const char *says; /* NULL: nothing */
} borne[] = {
	{ "FILTER PASS head_only", NULL },
	{ "FILTER PASS own_fields", "the field \"Transfer-Encoding\" is not sent" },
	{ "PREACCESS PASS zero", NULL },
	{ "PREACCESS PASS fire_twice", "a token of the module breach was fired twice" },
	{ "PREACCESS PASS redirect_late", "a redirect while no handler ran" },
	{ "LOG PASS redirect", "has returned PASS in the phase LOG, but has redirected" },
	{ "LOG PASS body", "has returned PASS in the phase LOG, but has made a body" },
};

enum { BREACHES = sizeof(breaches) / sizeof(breaches[0]) };

static struct server *server;

static void setup(void)
{
	const char *locations = "";

	for (int i = 0; i < BREACHES; i++)
		locations = memory_printf("%s location /%d/ { breach %s; }\n", locations, i,
					  breaches[i].breach);
	for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++)
		locations = memory_printf("%s location = /body/%s { breach_body %s; }\n", locations,
					  bodies[i].kind, bodies[i].kind);
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
		locations = memory_printf("%s location /field/%zu/ { breach_field %s '\"7\"'; }\n",
					  locations, i, fields[i].field);
	for (size_t i = 0; i < sizeof(borne) / sizeof(borne[0]); i++)
		locations = memory_printf("%s location /borne/%zu/ { breach %s; }\n", locations, i,
					  borne[i].breach);
	server = server_start(
		memory_printf("http { server { listen 127.0.0.1:%%PORT%%;\n"
			      "location / { return 200 fine; }\n"
			      "location /secret/ { return 200 secret; }\n"
			      "location /log/ { return 200 logged; breach LOG DONE; }\n"
			      "location = /closing/waits { breach_body waits_in_close; }\n"
			      "location = /closing/ready { breach_body ready_in_close; }\n"
			      "location = /long { breach PREACCESS PASS long_wait; }\n"
			      "location = /part/of { breach CONTENT WAIT; }\n"
			      "location /any/ { satisfy any; deny all; breach ACCESS 200; }\n"
			      "location /part/ { include_from /part/of; }\n%s } }",
			      locations));
	for (int i = 0; i < BREACHES; i++)
		put_file(server, memory_printf("%d/a", i), "secret");
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
		put_file(server, memory_printf("field/%zu/a", i), "field");
	for (size_t i = 0; i < sizeof(borne) / sizeof(borne[0]); i++)
		put_file(server, memory_printf("borne/%zu/a", i), "file");
	put_file(server, "any/a", "secret");
}

static void teardown(void)
{
	server_forgive(server);
	server_stop(server);
}

static void is_refused(struct reply reply, const char *what)
{
	ck_assert_msg(reply.status == 500, "%s: %d", what, reply.status);
	ck_assert_msg(reply.is_whole, "%s: the response is cut", what);
	ck_assert_msg(!strstr(reply.body, "secret"), "%s: \"%s\"", what, reply.body);
}

START_TEST(each_is_an_alert_and_a_500)
{
	for (int i = 0; i < BREACHES; i++) {
		const char *path = memory_printf("/%d/a", i);
		struct client *client = client_open(server);

		is_refused(client_get(client, path), breaches[i].breach);
		/* Nothing follows: no second head in or behind the body. */
		ck_assert_uint_eq(client_drain(client), 0);
		ck_assert_msg(log_has(server,
				      memory_printf("the module breach %s", breaches[i].says)),
			      "%s: no line has \"%s\"", breaches[i].breach, breaches[i].says);
		ck_assert_str_eq(get(server, "/b").body, "fine");
	}
	ck_assert_uint_eq(file_count(server, "/error.log", "[alert]"), BREACHES);
	ck_assert(!log_has(server, "exited on signal"));
}
END_TEST

START_TEST(head_is_answered_alike)
{
	struct reply reply = ask(server, "/1/a", .method = "HEAD");

	ck_assert_int_eq(reply.status, 500);
	ck_assert_int_eq(ask(server, "/13/a", .method = "HEAD").status, 500);
}
END_TEST

START_TEST(satisfy_any_does_not_open)
{
	is_refused(get(server, "/any/a"), "satisfy any");
}
END_TEST

START_TEST(a_log_handler_is_named_after_the_response)
{
	ck_assert_str_eq(get(server, "/log/a").body, "logged");
	log_wait(server,
		 "the module breach has returned DONE in the phase LOG, which can only pass");
	ck_assert_str_eq(get(server, "/b").body, "fine");
}
END_TEST

START_TEST(a_subrequest_gets_the_500)
{
	struct reply reply = get(server, "/part/");

	ck_assert_int_eq(reply.status, 502);
	ck_assert_str_eq(reply.body, "it says 500");
}
END_TEST

/* A response that is wrong must not look whole; it may not come at all. */
START_TEST(a_body_that_does_not_keep_its_word)
{
	for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
		const char *path = memory_printf("/body/%s", bodies[i].kind);
		struct reply reply = get(server, path);
		const char *all =
			raw_all(server, memory_printf("GET %s HTTP/1.1\r\nHost: a\r\n\r\n"
						      "GET /b HTTP/1.1\r\nHost: a\r\n\r\n",
						      path));

		ck_assert_msg(!reply.is_whole, "%s: \"%s\" looks whole", bodies[i].kind,
			      reply.body);
		ck_assert_msg(!strstr(all, "fine"), "%s: what follows is answered: %s",
			      bodies[i].kind, all);
		ck_assert_msg(log_has(server, bodies[i].says), "%s is not in the log",
			      bodies[i].says);
		ck_assert_str_eq(get(server, "/b").body, "fine");
	}
}
END_TEST

START_TEST(a_field_of_the_server_is_never_sent_twice)
{
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		struct client *client = client_open(server);
		struct reply reply = client_get(client, memory_printf("/field/%zu/a", i));
		const char *value = reply_header(&reply, fields[i].field);

		ck_assert_int_eq(reply.status, 200);
		ck_assert_str_eq(reply.body, "field");
		ck_assert_int_le(reply_headers(&reply, fields[i].field), 1);
		if (fields[i].sent)
			ck_assert_str_eq(value, fields[i].sent);
		else
			ck_assert(!value || strcmp(value, "\"7\"") != 0);
		ck_assert(
			!!fields[i].sent !=
			log_has(server, memory_printf("the module breach adds the field %s, which "
						      "the server writes itself: left out",
						      fields[i].field)));
		/* The next response is where it should be. */
		ck_assert_str_eq(client_get(client, "/b").body, "fine");
	}
}
END_TEST

START_TEST(what_is_borne)
{
	for (size_t i = 0; i < sizeof(borne) / sizeof(borne[0]); i++) {
		const char *what = borne[i].breach;
		struct client *client = client_open(server);
		struct reply reply = client_get(client, memory_printf("/borne/%zu/a", i));

		ck_assert_msg(reply.status == 200 && strcmp(reply.body, "file") == 0,
			      "%s: %d \"%s\"", what, reply.status, reply.body);
		ck_assert_msg(reply.is_whole && reply.framing == FRAMING_LENGTH, "%s: %s", what,
			      reply.head);
		ck_assert_str_eq(client_get(client, "/b").body, "fine");
		if (borne[i].says)
			log_wait(server, borne[i].says);
	}
}
END_TEST

START_TEST(a_body_that_does_something_while_it_is_closed)
{
	for (int i = 0; i < 3; i++) {
		ck_assert_str_eq(get(server, "/closing/waits").body, "good.");
		ck_assert_str_eq(get(server, "/closing/ready").body, "good.");
		usleep(5000);
		ck_assert_str_eq(get(server, "/b").body, "fine");
	}
	ck_assert(!log_has(server, "exited on signal"));
}
END_TEST

START_TEST(a_wait_for_longer_than_there_is_time)
{
	struct client *client = client_open(server);

	client_send(client, "GET /long HTTP/1.1\r\nHost: a\r\n\r\n");
	ck_assert(client_is_quiet(client, 50));
	ck_assert_str_eq(get(server, "/b").body, "fine");
}
END_TEST

/* What was complete before has to arrive. */
START_TEST(the_response_before_arrives)
{
	const char *all = raw_all(server, "GET /b HTTP/1.1\r\nHost: a\r\n\r\n"
					  "GET /body/seven HTTP/1.1\r\nHost: a\r\n\r\n");

	ck_assert_msg(strstr(all, "fine"), "%s", all);
}
END_TEST

static const struct test_suite suite = { .name = "breaches of the contract",
					 .setup = setup,
					 .teardown = teardown };

TESTS_IN(&suite, each_is_an_alert_and_a_500, head_is_answered_alike, satisfy_any_does_not_open,
	 a_log_handler_is_named_after_the_response, a_subrequest_gets_the_500,
	 a_body_that_does_not_keep_its_word, a_field_of_the_server_is_never_sent_twice,
	 what_is_borne, a_body_that_does_something_while_it_is_closed,
	 a_wait_for_longer_than_there_is_time, the_response_before_arrives)
