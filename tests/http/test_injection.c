/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Every variable in every place of the head of a response, and in the access log: whatever a client
 * sends, it adds no line to the head, begins no body, and forges no line of the log.
 */
#include "http/inproc.h"
#include "harness/memory.h"
#include "harness/test.h"

#include <string.h>

#include "config/modules.h"

/* Where a value can reach the head; "$v" stands for the variable. */
static const struct place {
	const char *path, *directives;
} places[] = {
	{ "/add", "add_header X-V \"$v\" always; add_header X-W \"a $v\"; return 200 text;" },
	{ "/validators", "add_header ETag \"$v\"; add_header Last-Modified \"$v\"; return 200 t;" },
	{ "/set", "set_header Server \"$v\"; set_header Content-Type \"$v\"; return 200 text;" },
	{ "/cookie", "add_header Set-Cookie \"a=$v\"; add_header Link \"<$v>\"; return 204;" },
	{ "/trailer", "add_trailer X-V \"$v\"; return 200 text;" },
	{ "/moved", "return 302 http://h/$v;" },
	{ "/own", "return 302 $v;" },
	{ "/relative", "absolute_redirect off; return 301 /$v;" },
	{ "/rewrite", "rewrite ^ /$v? redirect;" },
	{ "/arguments", "rewrite ^ /x?$v permanent;" },
	{ "/other", "rewrite ^ https://h/$v?;" },
	{ "/page", "error_page 404 =302 http://h/$v; return 404;" },
	{ "/realm", "auth_basic \"$v\"; auth_basic_user_file users;" },
	{ "/tokens", "server_tokens \"$v\"; return 200 text;" },
	{ "/charset", "charset $v; add_header X-V a; return 200 text;" },
	{ "/expires", "expires $v; return 200 text;" },
	{ "/text", "return 200 $v;" },
	{ "/asked", "auth_request /auth; auth_request_set $asked $v; add_header X-V $asked;" },
};

#define INJECTED "X-Injected:%20b"

/* What follows the path of a place: such bytes in each part that a client can choose. */
static const struct {
	const char *target, *fields;
} requests[] = {
	/* The user is "a\r\nX-Injected: b". */
	{ "/%0d%0a" INJECTED "?x=%0d%0a" INJECTED,
	  "Authorization: Basic YQ0KWC1JbmplY3RlZDogYjpj\r\nX: \tb\tX-Injected: b\r\n"
	  "Cookie: x=%0d%0a" INJECTED "; uid=%0a\r\nX-Forwarded-For: %0d%0a" INJECTED "\r\n"
	  "Referer: http://%0a" INJECTED "\r\nUser-Agent: \x85\xe2\x80\xa8" INJECTED "\r\n"
	  "Range: bytes=0-%0a\r\n" },
	{ "/%0a" INJECTED "%0a%0abody%0d" INJECTED "%00?x=%0a" INJECTED "%00",
	  "X: %0a" INJECTED "\r\nCookie: x=a; y=b\r\n" },
};

static void check_head(const char *variable, const char *target, const struct reply *reply)
{
	const char *line = reply->head;

	ck_assert_msg(reply->status >= 200, "%s: %s: %d", variable, target, reply->status);
	ck_assert_msg(!strcasestr(reply->head, "\nX-Injected") &&
			      !strcasestr(reply->head, "\rX-Injected"),
		      "%s: %s: %s", variable, target, reply->head);
	/* Each line is a field, and there is nothing in it but what can be seen, and tabs. */
	while (*line) {
		size_t len = strcspn(line, "\r\n");

		for (size_t i = 0; i < len; i++)
			ck_assert_msg((unsigned char)line[i] >= ' ' || line[i] == '\t',
				      "%s: %s: %s", variable, target, line);
		if (line != reply->head && len)
			ck_assert_msg(memchr(line, ':', len) != NULL, "%s: %s: %s", variable,
				      target, line);
		line += len;
		if (*line) {
			ck_assert_msg(line[0] == '\r' && line[1] == '\n', "%s: %s: %s", variable,
				      target, reply->head);
			line += 2;
		}
	}
}

/* `definition` is what the block http needs so that there is such a variable. */
static void try_variable(const char *definition, const char *name)
{
	const char *variable = memory_printf("${%s}", name);
	char *conf =
		memory_printf("http { access_log off; %s server { listen 127.0.0.1:%%PORT%%;"
			      "location = /auth { internal; add_header X-A $uri; return 200; }",
			      definition);

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
		conf = memory_printf("%s location ~ (?s)^%s(?<rest>.*) { set $was_set $uri; %s }",
				     conf, places[i].path,
				     memory_replace(places[i].directives, "$v", variable));

	struct server *server = inproc_start(memory_printf("%s } }", conf));

	put_file(server, "../conf/users", "a:{PLAIN}b\n");
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
		for (size_t j = 0; j < sizeof(requests) / sizeof(requests[0]); j++) {
			const char *target =
				memory_printf("%s%s", places[i].path, requests[j].target);
			struct reply reply = ask(server, target, .fields = requests[j].fields);

			check_head(name, target, &reply);
		}
	server_forgive(server);
	server_stop(server);
}

/*
 * Calls act() with the name of each variable of each module; a prefix stands before an "x". Where
 * each server is a process, with each eighth of them, because one function writes all fields.
 */
static size_t for_each_variable(void (*act)(const char *name))
{
	size_t count = 0, step = inproc_has_sockets() ? 8 : 1;

	for (size_t i = 0; i < module_count(); i++)
		for (const struct variable *v = module_at(i)->variables; v && v->name; v++)
			if (count++ % step == 0)
				act(v->flags & VARIABLE_PREFIX ? memory_printf("%sx", v->name) :
								 v->name);
	return count;
}

static void try_built_in(const char *name)
{
	try_variable("", name);
}

START_TEST(each_variable_of_a_module)
{
	ck_assert_uint_ge(for_each_variable(try_built_in), 60);
}
END_TEST

START_TEST(each_variable_of_a_configuration)
{
	static const struct {
		const char *definition, *name;
	} cases[] = {
		{ "", "1" },
		{ "", "rest" },
		{ "", "was_set" },
		{ "", "sent_http_location" },
		{ "", "http_authorization" },
		{ "", "cookie_uid" },
		{ "map $uri $mapped { ~(?s)^(.*)$ $1; }", "mapped" },
		{ "map $uri $mapped { ~(?s)^(?<found>.*)$ $found; }", "found" },
		{ "map $remote_user $mapped { default $remote_user; }", "mapped" },
		{ "map $arg_x $mapped { volatile; default $uri$args; }", "mapped" },
		{ "geo $arg_x $place { default x; }", "place" },
		{ "split_clients $uri $half { 50% \"a\"; * \"b\"; }", "half" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		try_variable(cases[i].definition, cases[i].name);
}
END_TEST

/* --- the access log ------------------------------------------------------------------- */

enum { PART = 7800 }; /* bytes of the longest part of a request with the buffers that are usual */

/* As many bytes as go into the part of a request, each of which needs the longest escape. */
static const char *many(const char *of)
{
	char *text = memory_alloc(PART + 1), *end = text;

	while (end + strlen(of) <= text + PART)
		end = stpcpy(end, of);
	return text;
}

/* A line is one line, and whole, whatever its values and however long they are. */
static void check_log(struct server *server, const char *name, const char *variable, size_t count)
{
	struct deadline p = { 0 };
	size_t lines = 0;

	while (file_count(server, name, "]\n") < count)
		deadline_wait(&p, memory_printf("%zu lines of %s", count, variable));
	for (const char *line = file_text(server, name); *line; lines++) {
		size_t len = strcspn(line, "\n");

		ck_assert_msg(len >= 2 && line[0] == '[' && line[len - 1] == ']', "%s: %s: %.100s",
			      variable, name, line);
		for (size_t i = 0; i < len; i++)
			ck_assert_msg((unsigned char)line[i] >= ' ', "%s: %s: %.100s", variable,
				      name, line + i);
		line += len + 1;
	}
	ck_assert_msg(lines == count, "%s: %zu lines", variable, lines);
}

static void try_log(const char *name)
{
	struct server *server = inproc_start(memory_printf(
		"http { log_format d \"[${%s}]\"; log_format j escape=json \"[${%s}]\";"
		"access_log d.log d; access_log j.log j;"
		"server { listen 127.0.0.1:%%PORT%%; client_header_buffer_size 8k;"
		" add_header X \"$http_x\"; return 200 text; } }",
		name, name));

	get(server, memory_printf("/%s", many("%22")));
	get(server, memory_printf("/a?x=%s", many("\"")));
	ask(server, "/", .fields = memory_printf("X: %s\r\n", many("\xff")));
	ask(server, "/", .fields = memory_printf("Cookie: x=%s; uid=\r\n", many("\\")));
	ask(server, "/%0a%0d%00", .fields = "Authorization: Basic YQ0KWC1JbmplY3RlZDogYjpj\r\n");
	check_log(server, "/d.log", name, 5);
	check_log(server, "/j.log", name, 5);
	server_forgive(server);
	server_stop(server);
}

START_TEST(each_variable_in_a_log)
{
	for_each_variable(try_log);
	try_log("cookie_uid");
	try_log("http_authorization");
}
END_TEST

TESTS("injection", each_variable_of_a_module, each_variable_of_a_configuration,
      each_variable_in_a_log)
