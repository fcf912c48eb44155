/* SPDX-License-Identifier: BSD-2-Clause */
/* Templates, and what the variables of the core say. */
#include "unit/http_test.h"

#include <sys/mman.h>
#include <unistd.h>

#include "config/template.h"
#include "http/variables/variables.h"

/* `text` as the root of a server, which is a template like any other. */
static struct request *request_with(const char *text)
{
	struct http *http =
		good_http(memory_printf("server { server_name site; root \"/%s\"; }", text));

	return request_for(http, "", "/path");
}

static const struct template *template_of(struct request *req)
{
	return req->location->core->root;
}

/* What the text becomes in this request. */
#define assert_becomes(req, expected) assert_str(template_text(req, template_of(req)), "/" expected)

static void add_field(struct request *req, const char *name, const char *value)
{
	struct header *field = pool_new(req->pool, struct header);
	const struct header **end = &req->headers;

	while (*end)
		end = (const struct header **)&(*end)->next;
	field->name = str_from(name);
	field->value = str_from(value);
	*end = field;
}

/* --- templates -------------------------------------------------------------- */

START_TEST(a_literal_is_not_copied)
{
	struct request *req = request_with("plain");
	struct str literal;

	ck_assert(template_is_literal(template_of(req), &literal));
	ck_assert_ptr_eq(template_text(req, template_of(req)).data, literal.data);
	end_request(req);
}
END_TEST

START_TEST(parts_are_joined)
{
	struct request *req = request_with("a${uri}b$request_method-$uri");

	assert_becomes(req, "a/pathbGET-/path");
	end_request(req);
}
END_TEST

START_TEST(many_parts_are_joined)
{
	char text[50 * 8 + 1] = "";

	for (int i = 0; i < 50; i++)
		strcat(text, "$scheme,");

	struct request *req = request_with(text);
	struct str joined = template_text(req, template_of(req));

	ck_assert_uint_eq(joined.len, 1 + 50 * 5);
	ck_assert(str_ends(joined, STR("http,http,")));
	end_request(req);
}
END_TEST

START_TEST(what_has_no_value_is_empty)
{
	struct request *req = request_with("[$http_x$1$arg_a]");

	assert_becomes(req, "[]");
	end_request(req);
}
END_TEST

static char *put_brackets(char *to, const char *limit, struct str value, bool found)
{
	if ((size_t)(limit - to) < value.len + 2)
		return NULL;
	return to + sprintf(to, found ? "<%.*s>" : "-", STR_ARG(value));
}

START_TEST(values_are_put_by_the_caller_literals_are_not)
{
	struct request *req = request_with("$request_method|$http_x|$https|$scheme|");
	char text[64], *end = template_put(req, template_of(req), put_brackets, text, text + 64);

	/* A scheme has nothing to escape: nobody is asked. */
	assert_str(str_range(text, end), "/<GET>|-|<>|http|");
	end_request(req);
}
END_TEST

START_TEST(nothing_is_put_beyond_the_limit)
{
	struct request *req = request_with("$request_method|$http_x|$https|$scheme|");
	char text[64];

	for (size_t room = 0; room < sizeof("/<GET>|-|<>|http|") - 1; room++)
		ck_assert_ptr_null(
			template_put(req, template_of(req), put_brackets, text, text + room));
	end_request(req);
}
END_TEST

/* ?a=A&b=B in a template; whether it is a good path, and a good URI. */
START_TEST(values_bring_no_dots_into_a_path)
{
	static const struct {
		const char *text, *args;
		bool path, uri;
	} cases[] = {
		{ "$arg_a", "a=a/b.c/..d/e../.../", true, true },
		{ "$arg_a/$arg_b", "a=&b=", true, true },
		{ "../x/./$arg_a/../y/..", "a=a", true, true },
		{ "$arg_a", "a=..", false, false },
		{ "$arg_a", "a=.", false, false },
		{ "$arg_a", "a=/../", false, false },
		{ "$arg_a", "a=b/./c", false, false },
		{ "$arg_a/x", "a=b/..", false, false },
		{ "x/$arg_a", "a=../b", false, false },
		{ "x/$arg_a", "a=./b", false, false },
		{ "x$arg_a/y", "a=/..", false, false },
		{ "$arg_a$arg_b", "a=.&b=.", false, false },
		{ ".$arg_a", "a=.", false, false },
		{ "$arg_a.", "a=.", false, false },
		{ "$arg_a.", "a=x/.", false, false },
		{ "..$arg_a", "a=", false, false },
		{ "$arg_a..", "a=", false, false },
		{ ".$arg_a.", "a=", false, false },
		{ ".$arg_a/x", "a=", false, false },
		{ "..$arg_a", "a=/x", false, false },
		{ "$arg_a../x", "a=y/", false, false },
		{ "x?$arg_a", "a=../b", true, true },
		{ "x?y=/$arg_a", "a=../b", false, true },
		{ "$arg_a?y=/../$arg_b", "a=x&b=..", false, true },
		{ "$arg_a/$arg_b", "a=x?y&b=..", false, true },
		{ "$arg_a?x", "a=..", true, false },
		{ "x/..?$arg_a", "a=y", true, true },
		{ "..$arg_a", "a=?x", true, false },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct request *req = request_with(cases[i].text);
		struct str text;

		req->args = str_from(cases[i].args);
		ck_assert_msg(template_path(req, template_of(req), &text) == cases[i].path,
			      "%zu: \"%.*s\"", i, STR_ARG(text));
		ck_assert_msg(template_uri(req, template_of(req), &text) == cases[i].uri,
			      "%zu: \"%.*s\" as a URI", i, STR_ARG(text));
		ck_assert(str_eq(text, template_text(req, template_of(req))));
		end_request(req);
	}
}
END_TEST

START_TEST(conditions)
{
	struct http *http = good_http("server { root $arg_a; }");
	struct request *req = request_for(http, "", "/");

	ck_assert(!template_is_true(req, template_of(req)));
	req->args = STR("a=0");
	ck_assert(!template_is_true(req, template_of(req)));
	req->args = STR("a=00");
	ck_assert(template_is_true(req, template_of(req)));
	end_request(req);
}
END_TEST

START_TEST(some_values_are_kept_others_are_asked_again)
{
	struct request *req = request_with("$uri $cookie_a");

	add_field(req, "Cookie", "a=1");
	assert_becomes(req, "/path 1");
	req->uri = STR("/other");
	req->headers = NULL;
	assert_becomes(req, "/other 1");
	end_request(req);
}
END_TEST

START_TEST(a_value_that_is_made_of_itself_is_empty)
{
	const struct log quiet = { .fd = -1 };
	struct request *req = request_with("$request_filename");

	log_process = &quiet;
	ck_assert(str_starts(template_text(req, template_of(req)), STR("/")));
	end_request(req);
}
END_TEST

/* Both halves of a value that is made of itself twice end with the first cycle that is met. */
START_TEST(a_value_that_is_made_of_itself_twice_is_empty)
{
	const struct log log = { .fd = memfd_create("log", 0), .level = LEVEL_ERROR };
	struct request *req = request_with("$request_filename$request_filename");
	char text[4096] = "";

	log_process = &log;
	ck_assert(str_starts(template_text(req, template_of(req)), STR("/")));
	/* A line for each part of the text. */
	ck_assert_int_gt(pread(log.fd, text, sizeof(text) - 1, 0), 0);
	ck_assert_uint_eq(strlen(text), 2 * (size_t)(strchr(text, '\n') + 1 - text));
	close(log.fd);
	end_request(req);
}
END_TEST

START_TEST(variables_by_name)
{
	struct request *req = request_with("");

	assert_str(variable_text(req, STR("server_name")), "site");
	assert_str(variable_text(req, STR("http_nothing")), "");
	assert_str(variable_text(req, STR("nothing")), "");
	end_request(req);
}
END_TEST

START_TEST(unknown_names_are_errors)
{
	ck_assert(!load_http("server { root /$nothing; }"));
	assert_says("unknown variable \"$nothing\"");
	ck_assert(!load_http("server { root /$document_root; }"));
	assert_says("the variable $document_root cannot be used");
}
END_TEST

/* --- what was asked --------------------------------------------------------- */

START_TEST(arguments)
{
	struct request *req = request_with("$args$is_args|$arg_a|$arg_B|$arg_c|$arg_d");

	assert_becomes(req, "||||");
	req->args = STR("ab=0&a=1&b=%20&C&a=2&D=");
	assert_becomes(req, "ab=0&a=1&b=%20&C&a=2&D=?|1|%20||");
	end_request(req);
}
END_TEST

START_TEST(fields_of_a_name_are_joined)
{
	struct request *req = request_with("$http_x_y|$http_cookie|$HTTP_Z");

	add_field(req, "X-Y", "1");
	add_field(req, "Cookie", "a=1");
	add_field(req, "x_y", "2");
	add_field(req, "cookie", "b=2");
	add_field(req, "x-y", "3");
	add_field(req, "X-YZ", "4");
	assert_becomes(req, "1, 2, 3|a=1; b=2|");
	end_request(req);
}
END_TEST

START_TEST(cookies)
{
	struct request *req = request_with("$cookie_a|$cookie_b|$cookie_c|$cookie_d");

	add_field(req, "Cookie", "aa=0; a=1;b=\"2\"; a=3");
	add_field(req, "Cookie", "C=4; d");
	assert_becomes(req, "1|\"2\"|4|");
	end_request(req);
	/* As nginx reads them: commas separate names, but do not end a value. */
	req = request_with("$cookie_a|$cookie_b|$cookie_c|$cookie_d|$cookie_e");
	add_field(req, "Cookie", "xa=0,a =  1 ;b=\"2, d=3\";,; e=;c");
	assert_becomes(req, "1 |\"2, d=3\"||3\"|");
	end_request(req);
}
END_TEST

START_TEST(the_host_or_the_name_of_the_server)
{
	struct request *req = request_with("$host");

	assert_becomes(req, "site");
	end_request(req);
	req = request_with("$host");
	req->host = STR("asked");
	assert_becomes(req, "asked");
	end_request(req);
}
END_TEST

static struct str user_of(const char *authorization)
{
	struct request *req = request_with("");

	req->known.authorization = str_from(authorization);

	struct str user = variable_text(req, STR("remote_user"));

	user = (struct str){ memory_printf("%.*s", STR_ARG(user)), user.len };
	end_request(req);
	return user;
}

START_TEST(the_user_of_basic_authorization)
{
	assert_str(user_of("Basic am9lOnNlY3JldA=="), "joe");
	assert_str(user_of("basic  am9lOnNlY3JldA=="), "joe");
	assert_str(user_of("Basic am9l"), "");
	assert_str(user_of("Basic OnNlY3JldA=="), "");
	assert_str(user_of("Basic ?"), "");
	assert_str(user_of("Basic am9lOnNlY3JldA"), "joe");
	assert_str(user_of("Basic am9lOnNlY3JldA==="), "joe");
	assert_str(user_of("Basic am9lOnNlY3JldA==!"), "");
	assert_str(user_of("Basic am9lOnNl!3JldA=="), "");
	assert_str(user_of("Basic am9lO"), "");
	assert_str(user_of("Basic"), "");
	assert_str(user_of("Digest am9lOnNlY3JldA=="), "");
}
END_TEST

/* --- where it came in ------------------------------------------------------- */

START_TEST(addresses)
{
	struct request *req =
		request_with("$remote_addr:$remote_port $server_addr:$server_port $connection");

	assert_becomes(req, "192.0.2.7:4321 127.0.0.1:8080 5");
	ck_assert(str_eq(variable_text(req, STR("binary_remote_addr")), STR("\xc0\0\x02\x07")));
	end_request(req);
}
END_TEST

START_TEST(addresses_of_ipv6_and_unix)
{
	struct request *req = request_with("");
	union address *peer = &req->conn->peer;

	*peer = (union address){ .in6 = { .sin6_family = AF_INET6, .sin6_port = htons(9) } };
	inet_pton(AF_INET6, "2001:db8::7", &peer->in6.sin6_addr);
	assert_str(variable_text(req, STR("remote_addr")), "2001:db8::7");
	ck_assert_uint_eq(variable_text(req, STR("binary_remote_addr")).len, 16);
	end_request(req);

	req = request_with("");
	req->conn->peer = (union address){ .un = { .sun_family = AF_UNIX } };
	assert_str(variable_text(req, STR("remote_addr")), "unix:");
	assert_str(variable_text(req, STR("remote_port")), "");
	end_request(req);
}
END_TEST

START_TEST(paths_of_root_and_alias)
{
	struct http *http =
		good_http("server { root /r/; location /a/ { alias /data/; location /a/b/ { } }"
			  "location ~ ^/c/(.*)$ { alias /cc/$1; } location /d { root $arg_r/; }"
			  "location /e { root .; } location /f { root ./html/./; }"
			  "location /g { root ./$arg_r/./x; } location /h/ { alias ./; } }");
	static const struct {
		const char *uri, *root, *path;
	} cases[] = {
		{ "/x", "/r", "/r/x" },
		{ "/a/x", "/data/", "/data/x" },
		{ "/a/b/x", "/data/", "/data/b/x" },
		{ "/c/x", "/cc/x", "/cc/x" },
		{ "/d/x", "/srv/dyn", "/srv/dyn/d/x" },
		{ "/e", "/srv", "/srv/e" },
		{ "/f", "/srv/html", "/srv/html/f" },
		{ "/g", "/srv/dyn/x", "/srv/dyn/x/g" },
		{ "/h/x", "/srv/", "/srv/x" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct request *req = request_for(http, "", cases[i].uri);

		req->args = STR("r=dyn");
		request_set_location(req, request_find_location(req, req->server));
		assert_str(variable_text(req, STR("document_root")), cases[i].root);
		assert_str(variable_text(req, STR("request_filename")), cases[i].path);
		end_request(req);
	}
}
END_TEST

/* --- what is answered ------------------------------------------------------- */

START_TEST(sizes_and_times)
{
	struct request *req = request_with("$bytes_sent $body_bytes_sent $request_length "
					   "$status|$request_completion|$pipe");
	struct request_core *core = request_core(req);

	core->bytes_sent = 150;
	core->response_head_bytes = 100;
	core->head_bytes = 40;
	core->body_bytes = 2;
	assert_becomes(req, "150 50 42 000||.");
	core->bytes_sent = 50;
	core->complete_ok = true;
	req->response.status = 206;
	assert_becomes(req, "50 0 42 206|OK|.");
	assert_str(milliseconds_text(req->pool, 5), "0.005");
	assert_str(milliseconds_text(req->pool, 61234), "61.234");
	assert_str(milliseconds_text(req->pool, -1), "0.000");
	end_request(req);
}
END_TEST

START_TEST(fields_of_the_answer)
{
	struct request *req =
		request_with("$sent_http_content_type|$sent_http_content_length|$sent_http_etag|"
			     "$sent_http_location|$sent_http_x_a|$sent_http_last_modified|"
			     "$sent_http_connection");
	struct response *response = &req->response;

	response->status = 200;
	response->content_type = STR("text/html");
	response->charset = STR("utf-8");
	response->etag = STR("\"e\"");
	response->location = STR("/l");
	response->last_modified = 784111777;
	response_add(req, STR("X-A"), STR("1"));
	response_add(req, STR("x-a"), STR("2"));
	assert_becomes(req, "text/html; charset=utf-8|0|\"e\"|http://127.0.0.1:8080/l|1, 2|"
			    "Sun, 06 Nov 1994 08:49:37 GMT|close");
	end_request(req);
}
END_TEST

START_TEST(an_id_is_kept_and_differs)
{
	struct request *one = request_with("$request_id $request_id");
	struct str ids = template_text(one, template_of(one));

	ck_assert_uint_eq(ids.len, 1 + 32 + 1 + 32);
	ck_assert(str_eq(str_head(str_skip(ids, 1), 32), str_skip(ids, 34)));
	for (size_t i = 1; i < 33; i++)
		ck_assert(strchr("0123456789abcdef", ids.data[i]));

	struct request *other = request_with("$request_id $request_id");

	ck_assert(!str_eq(ids, template_text(other, template_of(other))));
	end_request(one);
	end_request(other);
}
END_TEST

START_TEST(the_port_that_was_asked_for)
{
	static const struct {
		const char *host, *target, *port;
	} cases[] = {
		{ "site", "/", "[:]" },
		{ "site:8080", "/", "[8080::]" },
		{ "[2001:db8::1]", "/", "[:]" },
		{ "[2001:db8::1]:81", "/", "[81::]" },
		{ "site:8080", "http://other:82/a:b", "[82::]" },
		{ "site:8080", "http://other/a:83", "[:]" },
		{ "", "/a:84", "[:]" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct request *req = request_with("[$request_port:$is_request_port]");
		struct str text;

		req->known.host = str_from(cases[i].host);
		req->target = str_from(cases[i].target);
		text = template_text(req, template_of(req));
		ck_assert_msg(str_eq(str_skip(text, 1), str_from(cases[i].port)), "%s %s: %.*s",
			      cases[i].host, cases[i].target, STR_ARG(text));
		end_request(req);
	}
}
END_TEST

TESTS("variables", the_port_that_was_asked_for, a_literal_is_not_copied, parts_are_joined,
      many_parts_are_joined, what_has_no_value_is_empty,
      values_are_put_by_the_caller_literals_are_not, nothing_is_put_beyond_the_limit,
      values_bring_no_dots_into_a_path, conditions, some_values_are_kept_others_are_asked_again,
      a_value_that_is_made_of_itself_is_empty, a_value_that_is_made_of_itself_twice_is_empty,
      variables_by_name, unknown_names_are_errors, arguments, fields_of_a_name_are_joined, cookies,
      the_host_or_the_name_of_the_server, the_user_of_basic_authorization, addresses,
      addresses_of_ipv6_and_unix, paths_of_root_and_alias, sizes_and_times, fields_of_the_answer,
      an_id_is_kept_and_differs)
