/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The sites of conf/examples, which are written for nginx, start unchanged (but
 * for the port) and answer as the tables say. Where nginx is installed it is
 * asked the same and has to say the same: status, the fields that matter, body.
 */
#include "harness/client.h"
#include "harness/memory.h"
#include "harness/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <utime.h>

#define NGINX "/usr/sbin/nginx"

/* A request and what its answer is like: status, and texts that head or body hold. */
struct row {
	const char *target;
	int status;
	const char *holds, *holds_too; /* NULL: nothing in particular */
	const char *host, *fields;
};

struct site {
	const char *name;
	const char *const *files; /* names and texts in turn */
	const struct row *rows;
};

/* --- the sites --------------------------------------------------------------- */

static const struct site single = {
	"single-site",
	(const char *const[]){ "/site/index.html",
			       "home",
			       "/site/404.html",
			       "no such page",
			       "/site/page.html",
			       "a page",
			       "/site/assets/app-1a2b.js",
			       "script",
			       "/site/assets/style.css",
			       "body { }",
			       "/site/notes.txt",
			       "notes",
			       "/site/folder/index.htm",
			       "in a folder",
			       "/site/image.avif",
			       "image",
			       "/site/feed.xml",
			       "<feed/>",
			       "/site/data.unknown",
			       "data",
			       "/site/with space.html",
			       "space",
			       NULL },
	(const struct row[]){
		{ "/", 200, "home", "Content-Type: text/html" },
		{ "/index.html", 200, "home", "Cache-Control: no-cache" },
		{ "/page.html", 200, "X-Content-Type-Options: nosniff", "Referrer-Policy: strict" },
		{ "/missing", 404, "no such page", "nosniff" },
		{ "/assets/app-1a2b.js", 200, "max-age=31536000", "immutable" },
		{ "/assets/style.css", 200, "Content-Type: text/css" },
		{ "/assets/none", 404, "no such page" },
		{ "/assets", 301, "/assets/" },
		{ "/folder/", 200, "in a folder" },
		{ "/folder?a=b", 301, "/folder/?a=b" },
		{ "/favicon.ico", 404 },
		{ "/health", 200, "ok\n", "Content-Type: text/plain" },
		{ "/health", 200, "ok\n", NULL, NULL, "Range: bytes=0-0\r\n" },
		{ "/notes.txt", 206, "Content-Range: bytes 1-2/5", "ot", NULL,
		  "Range: bytes=1-2\r\n" },
		{ "/notes.txt", 416, "Content-Range: bytes */5", NULL, NULL,
		  "Range: bytes=9-\r\n" },
		{ "/notes.txt", 304, NULL, NULL, NULL,
		  "If-None-Match: *\r\n" },
		{ "/notes.txt", 412, NULL, NULL, NULL, "If-Match: \"other\"\r\n" },
		{ "/feed.xml", 200, "Content-Type: application/xml" },
		{ "/data.unknown", 200, "application/octet-stream" },
		{ "/with%20space.html", 200, "space" },
		{ "/page.html/", 404 },
		{ "/%2e%2e/etc/passwd", 400 },
		{ NULL } }
};

static const struct site virtual_hosts = {
	"virtual-hosts",
	(const char *const[]){ "/sites/fallback/index.html", "fallback",
			       "/sites/example.test/index.html", "example",
			       "/sites/example.test/a.txt", "a text", "/users/ann/index.html",
			       "ann", "/releases/next/index.html", "next release", NULL },
	(const struct row[]){
		{ "/", 200, "fallback", "X-Site: fallback", "unknown.test" },
		{ "/", 200, "fallback", NULL, "127.0.0.1" },
		{ "/", 200, "example", "X-Site: exact example.test", "example.test" },
		{ "/", 200, "example", "X-Site: exact", "EXAMPLE.test:8080" },
		{ "/a.txt?b", 301, "http://example.test:", "/a.txt?b", "www.example.test" },
		{ "/a.txt", 200, "X-Site: leading a.b.example.test", NULL, "a.b.example.test" },
		{ "/", 200, "mail\n", "X-Site: trailing mail.example.org", "mail.example.org" },
		{ "/", 200, "ann", "X-Site: user ann", "ann.users.test" },
		{ "/whoami", 200, "ann\n", NULL, "ann.users.test" },
		{ "/", 404, "X-Site: user bob", NULL, "bob.users.test" },
		{ "/", 200, "next release", "noindex", "next-preview.test" },
		{ "/none", 404, "X-Site: branch next", NULL, "next-preview.test" },
		{ NULL } }
};

static const struct site application = {
	"single-page-app",
	(const char *const[]){ "/app/index.html", "the app", "/app/assets/app.1a2b.js", "script",
			       "/app/pages/about.html", "about", "/app/service-worker.js", "worker",
			       "/app/folder/index.html", "a folder", "/app/site.webmanifest", "{}",
			       NULL },
	(const struct row[]){
		{ "/", 200, "the app", "Cache-Control: no-cache" },
		{ "/some/path", 200, "the app", "no-cache", NULL,
		  "Accept: text/html,*/*\r\n" },
		{ "/some/path", 200, "the app", "no-cache", NULL,
		  "Sec-Fetch-Mode: navigate\r\n" },
		{ "/some/path", 404, NULL, NULL, NULL,
		  "Sec-Fetch-Mode: cors\r\nAccept: text/html\r\n" },
		{ "/missing.js", 404, NULL, NULL, NULL,
		  "Sec-Fetch-Mode: navigate\r\n" },
		{ "/folder/", 200, "a folder" },
		{ "/folder", 301, "/folder/" },
		{ "/assets/app.1a2b.js", 200, "max-age=315360000", "script" },
		{ "/assets/none.js", 404 },
		{ "/pages/about", 200, "about" },
		{ "/pages/about.html", 200, "about" },
		{ "/pages/none", 404, "No such page", "text/html" },
		{ "/service-worker.js", 200, "no-store", "Service-Worker-Allowed: /" },
		{ "/api/users", 404, "{\"error\":\"not here\"}", "application/json" },
		{ "/assets/app.1a2b.js", 304, NULL, NULL, NULL,
		  "If-None-Match: *\r\n" },
		{ NULL } }
};

static const struct site errors = { "errors-and-access",
				    (const char *const[]){ "/site/index.html",
							   "home",
							   "/site/errors/404.html",
							   "page 404",
							   "/site/errors/50x.html",
							   "page 50x",
							   "/site/errors/403.html",
							   "page 403",
							   "/site/private/secret.html",
							   "secret",
							   "/site/staff/index.html",
							   "staff",
							   "/site/docs/index.html",
							   "docs",
							   "/site/docs/slug.html",
							   "slug",
							   "/site/.hidden",
							   "hidden",
							   "/site/d/.git/config",
							   "git",
							   NULL },
				    (const struct row[]){
					    { "/", 200, "home" },
					    { "/missing", 404, "page 404" },
					    { "/errors/404.html", 404, "page 404" },
					    { "/home", 301 },
					    { "/moved", 302, "/docs/?from=/moved" },
					    { "/permanent", 308 },
					    { "/away", 302, "Location: http://example.test/" },
					    { "/gone", 404, "page 404" },
					    { "/pay", 302, "http://example.test/pay" },
					    { "/broken", 503, "page 50x" },
					    { "/silent", 0 },
					    { "/teapot", 418, "short and stout\n" },
					    { "/see", 303, "/docs/" },
					    { "/blog/12/a-title", 301, "/docs/a-title.html?id=12" },
					    { "/private/secret.html", 403, "page 403" },
					    { "/staff/", 200, "staff" },
					    { "/docs/none", 302, "/docs/" },
					    { "/docs/slug.html", 200, "slug" },
					    { "/.hidden", 403, "page 403" },
					    { "/d/.git/config", 403, "page 403" },
					    { NULL } } };

static const struct site downloads = {
	"downloads",
	(const char *const[]){ "/site/index.html", "home", "/site/old.bak", "backup",
			       "/store/releases/LATEST.txt", "2.1", "/store/releases/a-1.0.tar.gz",
			       "archive", "/store/releases/a-1.0.tar.gz.sha256", "sum",
			       "/store/releases/old/x", "x", "/store/releases/2.1/notes.txt",
			       "notes", "/store/nightly/n.zip", "nightly", "/store/docs/manual.pdf",
			       "manual", NULL },
	(const struct row[]){
		{ "/", 200, "home" },
		{ "/get/", 200, "2.1", "nosniff" },
		{ "/get/LATEST.txt", 200, "2.1", "max-age=604800" },
		{ "/get/a-1.0.tar.gz", 200, "Content-Disposition: attachment", "archive" },
		{ "/get/a-1.0.tar.gz", 206, "Content-Range: bytes 2-3/7", "ch", NULL,
		  "Range: bytes=2-3\r\n" },
		{ "/get/a-1.0.tar.gz.sha256", 200, "Content-Type: text/plain", "sum" },
		{ "/get/none", 404 },
		{ "/get/old/x", 410 },
		{ "/v2.1/notes.txt", 200, "notes", "X-Version: 2.1" },
		{ "/v2.2/notes.txt", 404 },
		{ "/nightly/n.zip", 200, "nightly", "Expires: Thu, 01 Jan 1970 00:00:01 GMT" },
		{ "/manual", 200, "application/pdf", "manual" },
		{ "/old.bak", 404 },
		{ "/a.SWP", 404 },
		{ "/get", 404 },
		{ NULL } }
};

/* --- how they are asked ------------------------------------------------------- */

static struct server *start(const struct site *site, const char *program)
{
	const char *name = memory_printf("conf/examples/%s.conf", site->name);
	int count = 0;

	while (site->files[count])
		count++;
	const char **files = memory_alloc(sizeof(*files) * (size_t)(count + 3));
	memcpy(files, site->files, sizeof(*files) * (size_t)count);
	files[count] = "/conf/mime.types";
	files[count + 1] = memory_read("conf/mime.types");
	files[count + 2] = NULL;
	/* The example, listening where nobody else does. */
	const char *conf = memory_replace(memory_read(name), "127.0.0.1:8080", "127.0.0.1:%PORT%");

	return server_start_with(&(struct server_setup){ .conf = conf,
							 .conf_path = name,
							 .program = program,
							 .globals = "daemon off;",
							 .files = files,
							 .bare = true });
}

static struct reply ask_row(struct server *server, const struct row *row)
{
	return ask(server, row->target, .host = row->host, .fields = row->fields);
}

/* The text without the port, which differs from server to server. */
static const char *without_port(const struct server *server, const char *text)
{
	const char *port = memory_printf(":%d", server->ports[0]);
	const char *found = text ? strstr(text, port) : NULL;

	return found ? memory_printf("%.*s%s", (int)(found - text), text, found + strlen(port)) :
		       text;
}

static void check_row(const struct site *site, struct server *server, const struct row *row)
{
	struct reply reply = ask_row(server, row);
	const char *all = memory_printf("%s%s", reply.head, reply.body);

	ck_assert_msg(reply.status == row->status, "%s: %s is %d, not %d, by %s", site->name,
		      row->target, reply.status, row->status, server->name);
	ck_assert_msg(!row->holds || strstr(all, row->holds), "%s: %s lacks \"%s\" by %s:\n%s",
		      site->name, row->target, row->holds, server->name, all);
	ck_assert_msg(!row->holds_too || strstr(all, row->holds_too),
		      "%s: %s lacks \"%s\" by %s:\n%s", site->name, row->target, row->holds_too,
		      server->name, all);
}

static void answers_as_said(const struct site *site)
{
	struct server *server = start(site, NULL);

	for (const struct row *row = site->rows; row->target; row++)
		check_row(site, server, row);
	server_stop(server);
}

/* Both have to send the field, or neither; the value is the same. */
static void compare_field(const char *field, const struct row *row, struct server *a,
			  const struct reply *of_a, struct server *b, const struct reply *of_b)
{
	const char *x = without_port(a, reply_header(of_a, field));
	const char *y = without_port(b, reply_header(of_b, field));

	ck_assert_msg((!x && !y) || (x && y && strcmp(x, y) == 0),
		      "%s: %s differs: %s by %s, %s by %s", row->target, field, x ? x : "none",
		      a->name, y ? y : "none", b->name);
}

static void compare(const struct row *row, struct server *a, struct server *b)
{
	static const char *const fields[] = {
		"Content-Type",
		"Last-Modified",
		"ETag",
		"Cache-Control",
		"Location",
		"Accept-Ranges",
		"Content-Range",
		"Content-Disposition",
		"X-Site",
		"X-Version",
		"X-Content-Type-Options",
		"Referrer-Policy",
		"Service-Worker-Allowed",
		"X-Robots-Tag",
	};
	struct reply of_a = ask_row(a, row), of_b = ask_row(b, row);
	bool is_own_page = strstr(of_b.body, "<hr><center>nginx") != NULL;

	ck_assert_msg(of_a.status == of_b.status, "%s: %d and %d", row->target, of_a.status,
		      of_b.status);
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
		compare_field(fields[i], row, a, &of_a, b, &of_b);
	ck_assert_msg(!reply_header(&of_a, "Expires") == !reply_header(&of_b, "Expires"),
		      "%s: only one sends Expires", row->target);
	ck_assert_msg(is_own_page || strcmp(of_a.body, of_b.body) == 0, "%s: \"%s\" and \"%s\"",
		      row->target, of_a.body, of_b.body);
}

/*
 * The second server serves the very files of the first, so that their times are the same; and
 * old enough for the tags of both to be, too.
 */
static void share_files(const struct site *site, struct server *from, struct server *to)
{
	for (const char *const *file = site->files; *file; file += 2) {
		const char *path = file_path(to, *file);
		utime(file_path(from, *file), &(struct utimbuf){ 784111777, 784111777 });
		ck_assert_int_eq(unlink(path), 0);
		ck_assert_int_eq(link(file_path(from, *file), path), 0);
	}
}

static void answers_as_nginx(const struct site *site)
{
	if (access(NGINX, X_OK) < 0)
		test_skip_in(site->name, "nginx is not installed, so nothing is compared with it");
	struct server *nginx = start(site, NGINX);
	struct server *skua = start(site, NULL);

	share_files(site, nginx, skua);
	for (const struct row *row = site->rows; row->target; row++) {
		check_row(site, nginx, row);
		compare(row, skua, nginx);
	}
	server_stop(skua);
	server_stop(nginx);
}

#define SITE(name)                          \
	START_TEST(name##_answers_as_said)  \
	{                                   \
		answers_as_said(&name);     \
	}                                   \
	END_TEST                            \
	START_TEST(name##_answers_as_nginx) \
	{                                   \
		answers_as_nginx(&name);    \
	}                                   \
	END_TEST

SITE(single)
SITE(virtual_hosts)
SITE(application)
SITE(errors)
SITE(downloads)

TESTS("examples", single_answers_as_said, single_answers_as_nginx, virtual_hosts_answers_as_said,
      virtual_hosts_answers_as_nginx, application_answers_as_said, application_answers_as_nginx,
      errors_answers_as_said, errors_answers_as_nginx, downloads_answers_as_said,
      downloads_answers_as_nginx)
