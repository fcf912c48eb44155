/* SPDX-License-Identifier: BSD-2-Clause */
/* Heads of answers, written without a socket: whatever handlers put in, a head stays one head. */
#include "unit/http_test.h"

#include "http/h1/response_head.h"
#include "http/request/response_fields.h"

/* A line end, a NUL, and what would be a field of its own behind them. */
static const struct str breaks[] = {
	STR_INIT("a\r\nX-Injected: b"), STR_INIT("a\nX-Injected: b"), STR_INIT("a\rX-Injected: b"),
	STR_INIT("\r\n\r\nX-Injected: b"), STR_INIT("a\0X-Injected: b"), STR_INIT("a\r\n"),
	STR_INIT("12345678\n"), STR_INIT("1234567\n12345678"),
};

#define COUNT(array) (sizeof(array) / sizeof(array[0]))

static struct request *answered(void)
{
	struct http *http = good_http("server { listen 8080; server_name site; }");
	struct request *req = request_for(http, "site", "/");

	req->response.status = 200;
	return req;
}

/* The head of the answer, checked: each line is ended by CR LF, has no NUL, and is expected. */
static const char *head_of(struct request *req)
{
	struct str head = response_head(req);
	char *text = memory_printf("%.*s", STR_ARG(head));

	ck_assert_uint_eq(strlen(text), head.len);
	ck_assert(str_ends(head, STR("\r\n\r\n")));
	ck_assert_int_eq(str_find(head, STR("\r\n\r\n")), head.len - 4);
	for (const char *at = text; (at = strpbrk(at, "\r\n")); at += 2)
		ck_assert(strncmp(at, "\r\n", 2) == 0);
	ck_assert_ptr_null(strstr(text, "\nX-Injected"));
	return text;
}

static void check_member(struct str *(*member)(struct response *response), const char *name)
{
	for (size_t i = 0; i < COUNT(breaks); i++) {
		struct request *req = answered();

		*member(&req->response) = breaks[i];
		const char *head = head_of(req);
		ck_assert_msg(!strstr(head, name), "%zu: %s", i, head);
		ck_assert(str_empty(*member(&req->response)));
		end_request(req);
	}
}

static struct str *content_type(struct response *response)
{
	return &response->content_type;
}

static struct str *etag(struct response *response)
{
	return &response->etag;
}

static struct str *charset(struct response *response)
{
	response->content_type = STR("text/html");
	return &response->charset;
}

static struct str *last_modified(struct response *response)
{
	response->last_modified = 784111777;
	return &response->last_modified_text;
}

static struct str *reason(struct response *response)
{
	return &response->reason;
}

START_TEST(members_stay_in_their_lines)
{
	check_member(content_type, "Content-Type");
	check_member(etag, "ETag");
	check_member(charset, "charset");
	check_member(last_modified, "12345678");
	check_member(reason, "12345678");
}
END_TEST

START_TEST(what_is_left_is_as_usual)
{
	struct request *req = answered();

	req->response.content_type = STR("text/html");
	req->response.charset = req->response.reason = req->response.last_modified_text =
		STR("a\r\nX-Injected: b");
	req->response.last_modified = 784111777;
	const char *head = head_of(req);
	ck_assert(strncmp(head, "HTTP/1.1 200 OK\r\n", 17) == 0);
	ck_assert_ptr_nonnull(strstr(head, "\r\nContent-Type: text/html\r\n"));
	ck_assert_ptr_nonnull(strstr(head, "\r\nLast-Modified: Sun, 06 Nov 1994 08:49:37 GMT\r\n"));
	end_request(req);
}
END_TEST

START_TEST(added_fields_stay_in_their_lines)
{
	static const struct str names[] = {
		STR_INIT(""), STR_INIT("X A"), STR_INIT("X:A"), STR_INIT("X-A\r\nX-Injected"),
		STR_INIT("X-A\n"), STR_INIT("X\0A"), STR_INIT("\xc3\xa4"), STR_INIT("\"A\""),
	};
	struct request *req = answered();
	struct header by_hand = { STR("X-Hand"), breaks[0], NULL };

	response_add(req, STR("X-First"), STR("1"));
	for (size_t i = 0; i < COUNT(breaks); i++)
		response_add(req, STR("X-Value"), breaks[i]);
	for (size_t i = 0; i < COUNT(names); i++)
		response_add(req, names[i], STR("bad-name"));
	*req->response.headers_end = &by_hand;
	req->response.headers_end = &by_hand.next;
	response_set(req, STR("Allow"), breaks[1]);
	response_add(req, STR("X-Last"), STR("a\tb \xff"));

	const char *head = head_of(req);
	ck_assert_ptr_nonnull(strstr(head, "\r\nX-First: 1\r\nX-Last: a\tb \xff\r\n\r\n"));
	ck_assert_ptr_null(strstr(head, "bad-name"));
	response_add(req, STR("X-More"), STR("2"));
	ck_assert_ptr_nonnull(strstr(head_of(req), "\r\nX-Last: a\tb \xff\r\nX-More: 2\r\n\r\n"));
	end_request(req);
}
END_TEST

static const struct {
	struct str location;
	const char *sent;
} redirects[] = {
	{ STR_INIT("/a\r\nX-Injected: b"), "http://site:8080/a%0D%0AX-Injected: b" },
	{ STR_INIT("http://other/\n"), "http://other/%0A" },
	{ STR_INIT("/\t/\0\x7f\xc3\xa4?a b"), "http://site:8080/%09/%00%7F\xc3\xa4?a b" },
	{ STR_INIT("\r"), "%0D" },
};

START_TEST(redirects_keep_their_target)
{
	for (size_t i = 0; i < COUNT(redirects); i++) {
		struct request *req = answered();

		req->response.status = 301;
		req->response.location = redirects[i].location;
		assert_str(response_location(req), redirects[i].sent);
		ck_assert_ptr_nonnull(strstr(
			head_of(req), memory_printf("\r\nLocation: %s\r\n", redirects[i].sent)));
		end_request(req);
	}
}
END_TEST

/* The host of a redirect, where the client told none or is not believed, as in nginx. */
START_TEST(redirects_name_a_host)
{
	static const struct {
		const char *server, *host, *address, *sent;
	} cases[] = {
		{ "server_name site;", "a", "127.0.0.1", "http://a:8080/d/" },
		{ "server_name site;", "", "127.0.0.1", "http://127.0.0.1:8080/d/" },
		{ "server_name _;", "", "192.0.2.1", "http://192.0.2.1:8080/d/" },
		{ "server_name ~^a$;", "", "127.0.0.1", "http://127.0.0.1:8080/d/" },
		{ "server_name _;", "", "::1", "http://[::1]:8080/d/" },
		{ "server_name _;", "", "", "/d/" },
		{ "server_name _;", "a", "", "http://a/d/" },
		{ "server_name_in_redirect on; server_name site;", "a", "::1",
		  "http://site:8080/d/" },
		{ "server_name_in_redirect on; server_name ~^a$;", "a", "::1",
		  "http://a:8080/d/" },
		{ "server_name_in_redirect on; server_name *.b;", "", "127.0.0.1",
		  "http://127.0.0.1:8080/d/" },
		{ "server_name_in_redirect on;", "", "127.0.0.1", "http://127.0.0.1:8080/d/" },
		{ "absolute_redirect off; server_name site;", "", "127.0.0.1", "/d/" },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct http *http =
			good_http(memory_printf("server { listen 8080; %s }", cases[i].server));
		struct request *req = request_for(http, cases[i].host, "/d");
		union address *local = &req->conn->local;

		if (!*cases[i].address)
			local->any.sa_family = AF_UNIX;
		else if (inet_pton(AF_INET, cases[i].address, &local->in.sin_addr) != 1)
			local->in6 = (struct sockaddr_in6){ .sin6_family = AF_INET6,
							    .sin6_port = htons(8080) };
		if (local->any.sa_family == AF_INET6)
			inet_pton(AF_INET6, cases[i].address, &local->in6.sin6_addr);
		req->response.location = STR("/d/");
		assert_str(response_location(req), cases[i].sent);
		end_request(req);
	}
}
END_TEST

START_TEST(trailers_stay_in_their_lines)
{
	struct request *req = answered();
	struct header last = { STR("X-Last"), STR("2"), NULL };
	struct header bad_name = { STR("X A"), STR("1"), &last };
	struct header bad = { STR("X-Bad"), breaks[0], &bad_name };
	struct header first = { STR("X-First"), STR("1"), &bad };

	req->response.trailers = &first;
	assert_str(response_trailers(req), "X-First: 1\r\nX-Last: 2\r\n");
	req->response.trailers = NULL;
	assert_str(response_trailers(req), "");
	end_request(req);
}
END_TEST

/* --- the fields that are sent ------------------------------------------------------ */

struct listing {
	struct request *req;
	char *lines;
};

/* Lists a field, whose variable has to have the same value. */
static void list_field(void *data, struct str name, struct str value)
{
	struct listing *listing = data;
	char *variable = memory_printf("sent_http_%.*s", STR_ARG(name));

	for (char *c = variable; *c; c++)
		*c = *c == '-' ? '_' : ascii_lower(*c);
	assert_str(variable_text(listing->req, str_from(variable)),
		   memory_printf("%.*s", STR_ARG(value)));
	listing->lines = memory_printf("%s%.*s: %.*s\r\n", listing->lines, STR_ARG(name),
				       STR_ARG(value));
}

/* The lines of the head are those of the list. */
static const char *fields_of(struct request *req)
{
	struct listing listing = { req, "" };

	response_each_field(req, list_field, &listing);

	const char *head = head_of(req), *lines = strstr(head, "\r\n") + 2;

	ck_assert_str_eq(lines, memory_printf("%s\r\n", listing.lines));
	return strstr(lines, "Content-");
}

START_TEST(each_field_is_written_and_has_a_variable)
{
	struct request *req = answered();
	struct response *response = &req->response;

	ck_assert_str_eq(fields_of(req), "Content-Length: 0\r\nConnection: close\r\n\r\n");
	response->content_type = STR("text/html");
	response->charset = STR("utf-8");
	response->body = body_from_memory(req, STR("hello"));
	response->last_modified = 784111777;
	response->location = STR("/l");
	response->etag = STR("\"e\"");
	response->nosniff = true;
	response_add(req, STR("X-A"), STR("1"));
	response_add(req, STR("Vary"), STR("*"));
	request_core(req)->keepalive = true;
	req->version = HTTP_1_0;
	ck_assert_str_eq(fields_of(req), "Content-Type: text/html; charset=utf-8\r\n"
					 "Content-Length: 5\r\n"
					 "Last-Modified: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
					 "Location: http://site:8080/l\r\n"
					 "Connection: keep-alive\r\n"
					 "ETag: \"e\"\r\n"
					 "X-Content-Type-Options: nosniff\r\n"
					 "X-A: 1\r\nVary: *\r\n\r\n");
	response->last_modified_text = STR("some day");
	response->status = 304;
	response->charset = STR("");
	req->version = HTTP_1_1;
	response_remove(req, STR("Location"));
	response_remove(req, STR("X-A"));
	ck_assert_str_eq(fields_of(req), "Content-Type: text/html\r\n"
					 "Last-Modified: some day\r\n"
					 "ETag: \"e\"\r\n"
					 "X-Content-Type-Options: nosniff\r\n"
					 "Vary: *\r\n\r\n");
	end_request(req);
}
END_TEST

START_TEST(an_unknown_length_is_chunked)
{
	struct request *req = answered();

	req->response.body = body_from_memory(req, STR("hello"));
	req->response.body->length = -1;
	request_core(req)->keepalive = true;
	ck_assert_ptr_null(fields_of(req));
	h1_request(req)->is_chunked = true;
	ck_assert_ptr_nonnull(strstr(head_of(req), "\r\nTransfer-Encoding: chunked\r\n\r\n"));
	ck_assert_ptr_null(fields_of(req));
	end_request(req);
}
END_TEST

START_TEST(fields_of_any_length)
{
	for (int len = 0; len < 3000; len += len < 600 ? 1 : 97) {
		struct request *req = answered();
		char *value = memory_alloc((size_t)len + 1);

		memset(value, 'v', (size_t)len);
		value[len] = '\0';
		req->response.etag = str_from(value);
		req->response.reason = str_from(value);
		response_add(req, STR("X-A"), str_from(value));
		response_add(req, STR("X-A"), str_from(value));
		ck_assert_ptr_nonnull(strstr(head_of(req),
					     memory_printf("\r\nX-A: %s\r\nX-A: %s\r\n\r\n",
							   value, value)));
		req->response.trailers = req->response.headers;
		assert_str(response_trailers(req),
			   memory_printf("X-A: %s\r\nX-A: %s\r\n", value, value));
		end_request(req);
	}
}
END_TEST

TESTS("response", each_field_is_written_and_has_a_variable, an_unknown_length_is_chunked,
      fields_of_any_length, members_stay_in_their_lines, what_is_left_is_as_usual,
      added_fields_stay_in_their_lines, redirects_keep_their_target, redirects_name_a_host,
      trailers_stay_in_their_lines)
