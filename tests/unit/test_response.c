/* SPDX-License-Identifier: BSD-2-Clause */
/* Heads of answers, written without a socket: whatever handlers put in, a head stays one head. */
#include "unit/http_test.h"

#include "http/h1/response_head.h"

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
	struct str head = response_head(request_core(req), false);
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

TESTS("response", members_stay_in_their_lines, what_is_left_is_as_usual,
      added_fields_stay_in_their_lines, redirects_keep_their_target, redirects_name_a_host,
      trailers_stay_in_their_lines)
