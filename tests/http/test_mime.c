/* SPDX-License-Identifier: BSD-2-Clause */
/* The type of an answer: by extension, by default_type, by content. */
#include "http/inproc.h"
#include "harness/test.h"

#include <string.h>
#include <unistd.h>

static void has_type(struct server *server, const char *target, const char *type)
{
	struct reply reply = get(server, target);
	const char *found = reply_header(&reply, "Content-Type");

	ck_assert_msg(found && strcmp(found, type) == 0, "%s: %s", target, found);
}

START_TEST(extensions_come_first)
{
	struct server *server =
		inproc_with("location /own/ {"
			    " types { text/x-own own; } default_type text/x-other; }"
			    "location /text.css { return 200 text; }");
	put_file(server, "a.css", "<html>");
	put_file(server, "A.JS", "");
	put_file(server, "a.tar.zip", "x");
	put_file(server, "own/a.own", "x");
	put_file(server, "own/a.css", "x");
	has_type(server, "/a.css", "text/css");
	has_type(server, "/A.JS", "text/javascript");
	has_type(server, "/a.tar.zip", "application/zip");
	has_type(server, "/own/a.own", "text/x-own");
	has_type(server, "/own/a.css", "text/x-other");
	has_type(server, "/text.css", "text/css");
	struct reply reply = get(server, "/a.css");
	ck_assert_ptr_null(reply_header(&reply, "X-Content-Type-Options"));
	server_stop(server);
}
END_TEST

START_TEST(the_content_decides_where_nothing_else_does)
{
	struct server *server = inproc_with("location /text { return 200 \"<html>\"; }"
					    "location /none { return 204; }");
	put_file(server, "words", "just some words\n");
	put_file(server, "empty", "");
	put_file(server, "document", "%PDF-1.7\n");
	put_bytes(server, "image", "\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\1\0\0\0\1\10\6\0\0\0", 29);
	put_bytes(server, "bytes", "\0\1\2\3\4\377\376\375", 8);
	has_type(server, "/words", "text/plain");
	has_type(server, "/empty", "text/plain");
	has_type(server, "/document", "application/pdf");
	has_type(server, "/image", "image/png");
	has_type(server, "/bytes", "application/octet-stream");
	has_type(server, "/text", "text/plain");
	struct reply reply = get(server, "/words");
	ck_assert_str_eq(reply_header(&reply, "X-Content-Type-Options"), "nosniff");
	reply = get(server, "/none");
	ck_assert_ptr_null(reply_header(&reply, "Content-Type"));

	/* A new version is looked at anew, a large file through a descriptor. */
	put_file(server, "words", "%PDF-1.7\n");
	has_type(server, "/words", "application/pdf");
	ck_assert_int_eq(truncate(file_path(server, "words"), 1 << 20), 0);
	has_type(server, "/words", "application/pdf");
	server_stop(server);
}
END_TEST

START_TEST(nothing_that_is_executed_is_guessed)
{
	struct server *server = inproc_with("");
	put_file(server, "html", "<!DOCTYPE html><html><script>alert(1)</script></html>");
	put_file(server, "svg",
		 "<?xml version=\"1.0\"?><svg xmlns=\"http://www.w3.org/2000/svg\"/>");
	put_file(server, "xml", "<?xml version=\"1.0\"?><a/>");
	put_file(server, "script", "#!/usr/bin/env node\nconsole.log(1);\n");
	has_type(server, "/html", "text/plain");
	has_type(server, "/svg", "text/plain");
	has_type(server, "/xml", "text/plain");
	has_type(server, "/script", "text/plain");
	server_stop(server);
}
END_TEST

TESTS("types", extensions_come_first, the_content_decides_where_nothing_else_does,
      nothing_that_is_executed_is_guessed)
