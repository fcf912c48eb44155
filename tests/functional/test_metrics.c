/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * metrics and `skua status --openmetrics`: the formats, what is counted and whose, and that no
 * client makes them grow.
 */
#include "harness/client.h"
#include "harness/memory.h"
#include "harness/scratch.h"
#include "harness/test.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define OPEN "Accept: application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5\r\n"

static struct server *start(const char *main)
{
	return server_start(memory_printf(
		"%s http { access_log off; compress on;\n"
		"server { listen 127.0.0.1:%%PORT%%; server_name a.example; root %%DIR%%/html;"
		" location = /metrics { metrics; } location = /ok { return 200 ok; }"
		" location = /n { return 204; } location /pid { return 200 $pid; } }\n"
		"server { listen 127.0.0.1:%%PORT2%%; return 200 two; }\n"
		"server { listen 127.0.0.1:%%PORT3%%; server_name '~^(we\"i\\\\r.*|x)$';"
		" return 200 three; } }",
		main));
}

/* What is written is kept for a second: another text is there when the time has come. */
static const char *fresh(struct server *server)
{
	static int counter;
	struct deadline wait = { 0 };
	char count[64];

	/* A request that is counted shows that the text is newer than it. */
	ck_assert_int_eq(ask(server, "/n", .method = "PATCH").status, 204);
	counter++;
	for (;;) {
		const char *text = get(server, "/metrics").body;

		snprintf(count, sizeof(count),
			 "method=\"PATCH\",http_response_status_code=\"204\",");
		const char *at = strstr(text, count);

		at = at ? strstr(at, "_count{") : NULL;
		at = at ? strstr(at, "} ") : NULL;
		if (at && atoi(at + 2) >= counter)
			return text;
		deadline_wait(&wait, "a new text");
	}
}

/* The number of the sample whose line begins so; -1: there is none. */
static double number(const char *text, const char *sample)
{
	const char *line = memory_printf("\n%s ", sample), *at = strstr(text, line);

	return at ? strtod(at + strlen(line), NULL) : -1;
}

#define COUNT "http_server_request_duration_seconds_count"
#define LABELS(server, method, code)                                   \
	"{server_address=\"" server "\",http_request_method=\"" method \
	"\",http_response_status_code=\"" code "\",network_protocol_version=\"1.1\"}"

START_TEST(counts_requests_by_their_labels)
{
	struct server *server = start("worker_processes 3;");

	put_file(server, "a.txt", "0123456789");
	for (int i = 0; i < 6; i++) {
		get(server, "/ok");
		get(server, "/none");
		ask(server, "/", .port = 1);
		ask(server, "/", .port = 2);
		ask(server, "/n", .method = "POST", .body = "12345");
	}
	ask(server, "/a.txt", .method = "HEAD");
	ask(server, "/ok", .method = "BREW", .host = "evil\"} 1");
	ask(server, "/ok", .version = "1.0");

	const char *text = fresh(server);

	ck_assert(number(text, COUNT LABELS("a.example", "GET", "200")) >= 6);
	ck_assert(number(text, COUNT LABELS("a.example", "GET", "404")) == 6);
	ck_assert(number(text, COUNT LABELS("a.example", "POST", "204")) == 6);
	ck_assert(number(text, COUNT LABELS("a.example", "HEAD", "200")) == 1);
	ck_assert(number(text, COUNT LABELS("_", "GET", "200")) == 6);
	ck_assert(number(text, COUNT LABELS("~^(we\\\"i\\\\r.*|x)$", "GET", "200")) == 6);
	ck_assert_ptr_null(strstr(text, "BREW"));
	ck_assert_ptr_null(strstr(text, "evil"));
	ck_assert(number(text, "http_server_request_body_size_bytes_sum"
			       "{server_address=\"a.example\"}") >= 30);
	ck_assert(number(text, "http_server_request_body_size_bytes_count"
			       "{server_address=\"a.example\"}") >= 6);
	ck_assert(number(text, "http_server_response_body_size_bytes_sum{server_address=\"_\"}") ==
		  18);
	ck_assert(number(text, "skua_processes{kind=\"worker\",state=\"running\"}") == 3);
	ck_assert(number(text, "http_server_active_requests") >= 1);
	ck_assert(number(text, "skua_draining") == 0);
	ck_assert(number(text, "skua_files_cache_misses_total") >= 1);
	server_stop(server);
}
END_TEST

/* Two samples with the same labels would be an error for Prometheus. */
START_TEST(servers_without_a_name_are_one)
{
	struct server *server = server_start(
		"http { access_log off; server { listen 127.0.0.1:%PORT%; server_name _;"
		" location = /metrics { metrics; } location = /n { return 204; }"
		" location = / { return 200 one; } }"
		"server { listen 127.0.0.1:%PORT2%; return 200 two; } }");
	const char *sample = COUNT LABELS("_", "HEAD", "200");

	ask(server, "/", .method = "HEAD");
	ask(server, "/", .method = "HEAD", .port = 1);

	const char *text = fresh(server), *at = strstr(text, sample);

	ck_assert(number(text, sample) == 2);
	ck_assert_ptr_null(strstr(at + 1, sample));
	server_stop(server);
}
END_TEST

/* A value for each line that is a counter must not sink. */
static void has_not_sunk(const char *before, const char *after)
{
	for (const char *line = before; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		const char *space = strstr(line, " ");
		int len = space ? (int)(space - line) : 0;

		if (len < 7 || line[0] == '#')
			continue;
		bool counts = strncmp(space - 6, "_total", 6) == 0 ||
			      strstr(memory_printf("%.*s", len, line), "_count{") ||
			      strstr(memory_printf("%.*s", len, line), "_bucket{");

		if (!counts)
			continue;
		double now = number(after, memory_printf("%.*s", len, line));

		ck_assert_msg(now >= strtod(space, NULL), "%.*s: %f", len, line, now);
	}
}

START_TEST(counters_grow_over_reloads_and_deaths)
{
	struct server *server = start("worker_processes 2;");
	pid_t pids[8];

	for (int i = 0; i < 20; i++)
		get(server, "/ok");
	const char *before = fresh(server);

	kill(server->pid, SIGHUP);
	log_wait(server, "generation 2 of the configuration serves");
	const char *after = fresh(server);

	has_not_sunk(before, after);
	ck_assert(number(after, COUNT LABELS("a.example", "GET", "200")) >= 20);
	ck_assert(number(after, "skua_config_generation") == 2);
	ck_assert(number(after, "skua_config_reloads_total{result=\"success\"}") == 1);
	server_forgive(server);
	int count = server_workers(server, pids, 8);

	for (int i = 0; i < count; i++)
		kill(pids[i], SIGKILL);
	log_wait(server, "exited on signal 9");
	has_not_sunk(after, fresh(server));
	ck_assert(number(fresh(server), "skua_process_starts_total") >= 6);
	server_stop(server);
}
END_TEST

START_TEST(both_formats_by_accept)
{
	struct server *server = start("");
	struct reply text = get(server, "/metrics");
	struct reply open = ask(server, "/metrics", .fields = OPEN);
	struct reply refused = ask(server, "/metrics",
				   .fields = "Accept: application/openmetrics-text;q=0, */*\r\n");

	ck_assert_str_eq(reply_header(&text, "Content-Type"),
			 "text/plain; version=0.0.4; charset=utf-8");
	ck_assert_str_eq(reply_header(&open, "Content-Type"),
			 "application/openmetrics-text; version=1.0.0; charset=utf-8");
	ck_assert_str_eq(reply_header(&refused, "Content-Type"),
			 reply_header(&text, "Content-Type"));
	ck_assert_ptr_nonnull(strstr(text.body, "# TYPE skua_requests_total counter\n"));
	ck_assert_ptr_nonnull(strstr(open.body, "# TYPE skua_requests counter\n"));
	ck_assert_ptr_null(strstr(text.body, "# EOF"));
	ck_assert_str_eq(open.body + strlen(open.body) - 6, "# EOF\n");
	ck_assert_int_eq(ask(server, "/metrics", .method = "POST", .body = "x").status, 405);
	server_stop(server);
}
END_TEST

/* What the command prints, without numbers, is what a worker responds, without numbers. */
static const char *names_of(const char *text)
{
	char *names = memory_alloc(strlen(text) + 1), *to = names;

	for (const char *line = text; *line; line = strchr(line, '\n') + 1) {
		size_t len = line[0] == '#' ? strcspn(line, "\n") : strcspn(line, " ");

		to = (char *)memcpy(to, line, len) + len;
		*to++ = '\n';
	}
	*to = '\0';
	return names;
}

START_TEST(status_prints_the_same)
{
	struct server *server = start("");
	char *printed = memory_alloc(1 << 20);

	fresh(server);
	const char *program = getenv("SKUA") ? getenv("SKUA") : "build/skua";
	FILE *from = popen(memory_printf("%s status --openmetrics -p %s -c conf/server.conf",
					 program, server->dir),
			   "r");
	size_t len = fread(printed, 1, (1 << 20) - 1, from);

	printed[len] = '\0';
	ck_assert_int_eq(pclose(from), 0);

	struct deadline wait = { 0 };

	while (strcmp(names_of(printed), names_of(ask(server, "/metrics", .fields = OPEN).body)) !=
	       0)
		deadline_wait(&wait, "the same names");
	server_stop(server);
}
END_TEST

/* Each kind of request that a client can make up, twice: the second time adds nothing. */
static void flood(struct server *server)
{
	static const char *const methods[] = { "GET", "HEAD", "PUT", "DELETE", "OPTIONS", "TRACE" };

	get(server, "/ok");
	for (int i = 0; i < 100; i++)
		raw(server,
		    memory_printf("M%d /%d HTTP/1.%d\r\nHost: h%d\r\n\r\n", i, i, i % 2, i));
	for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++)
		ask(server, memory_printf("/%d", rand()), .method = methods[i]);
	raw(server, "nonsense\r\n\r\n");
	raw(server, "GET / HTTP/9.9\r\n\r\n");
}

START_TEST(clients_add_no_labels)
{
	struct server *server = start("");

	flood(server);
	const char *before = names_of(fresh(server));

	/* A rare method that is refused has no labels of its own. */
	ck_assert_ptr_null(strstr(before, "\"DELETE\""));
	ck_assert_ptr_nonnull(strstr(before, COUNT
				     "{server_address=\"a.example\",http_request_method=\"_OTHER\","
				     "http_response_status_code=\"405\""));
	flood(server);
	ck_assert(strcmp(names_of(fresh(server)), before) == 0);
	server_stop(server);
}
END_TEST

START_TEST(one_process_counts_itself)
{
	time_t before = time(NULL);
	struct server *server = start("master_process off;");

	get(server, "/ok");
	const char *text = fresh(server);

	ck_assert(number(text, COUNT LABELS("a.example", "GET", "200")) >= 1);
	ck_assert(number(text, "skua_start_time_seconds") >= (double)before);
	ck_assert(number(text, "skua_config_generation") == 1);
	ck_assert(number(text, "skua_config_generation_time_seconds") >= (double)before);
	ck_assert(number(text, "skua_processes{kind=\"worker\",state=\"running\"}") == 1);
	server_stop(server);
}
END_TEST

/* Each thing that a module counts happens here, as often as the number says. */
START_TEST(modules_count_what_they_do)
{
	struct server *server = server_start(
		"http { access_log off; compress on;"
		"limit_req_zone $server_port zone=r:64k rate=1r/m;"
		"limit_conn_zone $server_port zone=c:64k;\n"
		"server { listen 127.0.0.1:%PORT%; root %DIR%/html;"
		" location = /metrics { metrics; } location = /n { return 204; }"
		" location = /r { limit_req zone=r; hello r; }"
		" location = /d { limit_req zone=r burst=9; hello d; }"
		" location = /large { limit_conn c 1; }"
		" location = /p { auth_basic p; auth_basic_user_file %DIR%/html/users;"
		" hello p; } } }");

	put_large(server);
	put_file(server, "users", "me:{PLAIN}pass\n");
	put_file(server, "a.txt", memory_printf("%5000s", "a"));
	ck_assert_int_eq(get(server, "/r").status, 200);
	ck_assert_int_eq(get(server, "/r").status, 503);
	ck_assert_int_eq(get(server, "/r").status, 503);

	struct client *client = client_open_slow(server);
	char byte;

	client_send(client, "GET /large HTTP/1.1\r\nHost: a\r\n\r\n");
	ck_assert_uint_eq(client_read(client, &byte, 1), 1);
	ck_assert_int_eq(get(server, "/large").status, 503);
	client_close(client);

	/* It waits for a minute, if it is not told to go. */
	client = client_open(server);
	client_send(client, "GET /d HTTP/1.1\r\nHost: a\r\n\r\n");
	ck_assert_int_eq(
		ask(server, "/p", .fields = "Authorization: Basic bWU6cGFzcw==\r\n").status, 200);
	for (int i = 0; i < 2; i++)
		ask(server, "/a.txt", .fields = "Accept-Encoding: gzip\r\n");

	struct deadline wait = { 0 };
	const char *text = fresh(server);

	while (number(text, "skua_limit_req_delayed_total") != 1) {
		deadline_wait(&wait, "the delayed request is counted");
		text = fresh(server);
	}
	ck_assert(number(text, "skua_limit_req_rejected_total") == 2);
	ck_assert(number(text, "skua_limit_conn_rejected_total") == 1);
	ck_assert(number(text, "skua_auth_basic_checked_total") == 1);
	ck_assert(number(text, "skua_compress_forms_total") >= 1);
	ck_assert(number(text, "skua_files_cache_entries") >= 1);
	ck_assert(number(text, "skua_ssl_handshakes_total") <= 0);
	client_close(client);
	server_stop(server);
}
END_TEST

/* --- by other programs --- */

static bool has_program(const char *name)
{
	return system(memory_printf("command -v %s >/dev/null 2>&1", name)) == 0;
}

START_TEST(promtool_finds_no_fault)
{
	struct server *server = start("");

	if (!has_program("promtool"))
		test_skip("promtool (of the package prometheus) is not installed");
	get(server, "/ok");
	ask(server, "/n", .method = "POST", .body = "12345");
	put_file(server, "/text", fresh(server));
	ck_assert_int_eq(system(memory_printf("promtool check metrics <%s >%s 2>&1",
					      file_path(server, "/text"),
					      file_path(server, "/said"))),
			 0);
	ck_assert_str_eq(file_text(server, "/said"), "");
	server_stop(server);
}
END_TEST

/* Each name of a metric in the dashboard's queries is one that there is. */
START_TEST(the_dashboard_asks_for_what_there_is)
{
	struct server *server = start("");
	char *query;

	if (!has_program("jq"))
		test_skip("jq is not installed");
	ask(server, "/n", .method = "POST", .body = "12345");
	const char *text = fresh(server);
	char *queries = memory_alloc(1 << 16);
	FILE *from = popen("jq -er '.. | .expr? // empty' conf/grafana.json", "r");
	size_t len = fread(queries, 1, (1 << 16) - 1, from);
	int count = 0;

	queries[len] = '\0';
	ck_assert_int_eq(pclose(from), 0);
	for (query = queries; *query; query++) {
		size_t name = strspn(query, "abcdefghijklmnopqrstuvwxyz_");

		if (strncmp(query, "skua_", 5) != 0 && strncmp(query, "http_server_", 12) != 0)
			continue;
		ck_assert_msg(strstr(text, memory_printf("\n%.*s ", (int)name, query)) ||
				      strstr(text, memory_printf("\n%.*s{", (int)name, query)) ||
				      strstr(text, memory_printf("# TYPE %.*s ", (int)name, query)),
			      "%.*s", (int)name, query);
		query += name - 1;
		count++;
	}
	ck_assert_int_ge(count, 10);
	server_stop(server);
}
END_TEST

/* Whether the page has the name, or the beginning of it with "…" behind. */
static bool is_named(const char *page, const char *name, size_t len)
{
	if (strstr(page, memory_printf("<code>%.*s</code>", (int)len, name)))
		return true;
	for (; len > strlen("skua_"); len--)
		if (strstr(page, memory_printf("<code>%.*s…</code>", (int)len, name)))
			return true;
	return false;
}

START_TEST(the_page_names_all_metrics)
{
	struct server *server = start("");
	const char *text = fresh(server);
	char *page = memory_alloc(1 << 16);
	FILE *file = fopen("www/docs/metrics.html", "r");
	int count = 0;

	ck_assert_ptr_nonnull(file);
	page[fread(page, 1, (1 << 16) - 1, file)] = '\0';
	fclose(file);
	for (const char *at = text; (at = strstr(at, "# TYPE ")) != NULL; count++) {
		at += strlen("# TYPE ");
		size_t len = strcspn(at, " ");

		ck_assert_msg(is_named(page, at, len), "%.*s", (int)len, at);
	}
	ck_assert_int_ge(count, 20);
	server_stop(server);
}
END_TEST

/* It asks what Prometheus has got. */
START_TEST(prometheus_scrapes_it)
{
	struct server *server = start("");

	if (!has_program("prometheus") || !has_program("curl"))
		test_skip("prometheus or curl is not installed");
	get(server, "/ok");

	int port = port_reserve();

	put_file(server, "/prometheus.yml",
		 memory_printf("global: { scrape_interval: 1s }\nscrape_configs:\n"
			       "- job_name: skua\n  static_configs:\n"
			       "  - targets: ['127.0.0.1:%d']\n",
			       server->ports[0]));
	pid_t pid = fork();

	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL); /* the test may fail */
		if (!freopen(file_path(server, "/prometheus.log"), "w", stderr))
			_exit(127);
		execlp("prometheus", "prometheus",
		       memory_printf("--config.file=%s", file_path(server, "/prometheus.yml")),
		       memory_printf("--storage.tsdb.path=%s", file_path(server, "/tsdb")),
		       memory_printf("--web.listen-address=127.0.0.1:%d", port), (char *)NULL);
		_exit(127);
	}
	struct deadline wait = { 0 };
	const char *asked = memory_printf("curl -s 'http://127.0.0.1:%d/api/v1/query?query="
					  "skua_requests_total' | grep -q '\"value\":'",
					  port);

	while (system(asked) != 0)
		deadline_wait(&wait, "Prometheus has a number");
	kill(pid, SIGTERM);
	waitpid(pid, NULL, 0);
	server_stop(server);
}
END_TEST

TESTS("metrics", counts_requests_by_their_labels, servers_without_a_name_are_one,
      counters_grow_over_reloads_and_deaths, both_formats_by_accept, status_prints_the_same,
      clients_add_no_labels, one_process_counts_itself, modules_count_what_they_do,
      promtool_finds_no_fault, the_dashboard_asks_for_what_there_is, the_page_names_all_metrics,
      prometheus_scrapes_it)
