/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ssi. What is expected is what nginx does; `-` in what is expected stands for the text that a
 * command with a mistake shows.
 */
#include "harness/memory.h"
#include "harness/test.h"
#include "http/decode.h"
#include "http/inproc.h"

#include <stdlib.h>
#include <string.h>

#define MISTAKE "[an error occurred while processing the directive]"

/* The text with "-" in place of each MISTAKE. */
static const char *shorten(const char *text)
{
	char *copy = memory_printf("%s", text), *at;

	while ((at = strstr(copy, MISTAKE)) != NULL) {
		*at = '-';
		memmove(at + 1, at + strlen(MISTAKE), strlen(at + strlen(MISTAKE)) + 1);
	}
	return copy;
}

struct document {
	const char *text, *shown;
};

static struct server *start(const char *directives)
{
	struct server *server = inproc_with(memory_printf(
		"ssi on;"
		"location /r { return 301 /a.html; } location = /e { return 404 text; }"
		"location /nc { return 204; } location /int { internal; return 200 int; }"
		"location /denied/ { deny all; }"
		"location /closed { return 444; }"
		"location /args { return 200 \"$uri|$args\"; } %s",
		directives));

	put_file(server, "in.html", "[<!--#echo var=\"uri\" -->|<!--#echo var=\"x\" -->]");
	put_file(server, "set.html", "<!--#set var=\"x\" value=\"inner\" -->");
	put_file(server, "dir/in.html", "(<!--#include virtual=\"sub.html\" -->)");
	put_file(server, "dir/sub.html", "<!--#echo var=\"document_uri\" -->");
	put_file(server, "empty.html", "");
	put_file(server, "plain.txt", "<!--#echo var=\"uri\" -->");
	put_file(server, "none/nothing.txt", "");
	return server;
}

static void check_documents(const char *directives, const struct document *documents, size_t count)
{
	struct server *server = start(directives);

	for (size_t i = 0; i < count; i++) {
		put_file(server, "a.html", documents[i].text);

		const char *shown = shorten(get(server, "/a.html?q=1&p=%3Cb%3E").body);

		ck_assert_msg(strcmp(shown, documents[i].shown) == 0, "%s: \"%s\"",
			      documents[i].text, shown);
	}
	server_stop(server);
}

#define check(directives, ...)                                                                  \
	do {                                                                                    \
		static const struct document documents[] = { __VA_ARGS__ };                     \
		check_documents(directives, documents, sizeof(documents) / sizeof(*documents)); \
	} while (0)

#define SET(name, value) "<!--#set var=\"" name "\" value=\"" value "\" -->"
#define ECHO(name)	 "<!--#echo var=\"" name "\" -->"
#define IF(expression)	 "<!--#if expr=\"" expression "\" -->"
#define ELIF(expression) "<!--#elif expr=\"" expression "\" -->"
#define ELSE		 "<!--#else -->"
#define ENDIF		 "<!--#endif -->"
#define INCLUDE(rest)	 "<!--#include " rest " -->"
#define BLOCK(name)	 "<!--#block name=\"" name "\" -->"
#define ENDBLOCK	 "<!--#endblock -->"

START_TEST(text_stays_as_it_is)
{
	check("", { "a<b<!c<!-d<!--e<!-- f --><<!--#endif", "a<b<!c<!-d<!--e<!-- f --><" },
	      { "<<!--#echo var=\"uri\" --><", "</a.html<" },
	      { "<!<!-<!--" ECHO("uri"), "<!<!-<!--/a.html" }, { "a<!--#", "a" },
	      { "a<!--#echo var=\"uri\" --", "a" },
	      { "<!--# \t\r\necho\nvar = 'uri'\t-->.", "/a.html." },
	      { "<!--#echo var=\"uri\"-->.", "/a.html." });
}
END_TEST

START_TEST(malformed_commands_show_a_message)
{
	check("", { "<!--#foo -->.", "-." }, { "<!--#-->.-->!", "-!" }, { "<!--#echo -->.", "-." },
	      { "<!--#Echo var=\"uri\" -->.", "-." }, { "<!--#echo Var=\"uri\" -->.", "-." },
	      { "<!--#echo var=uri -->.", "-." }, { "<!--#echo var uri -->.", "-." },
	      { "<!--#echo va-r=\"uri\" -->.", "-." },
	      { "<!--#echo var=\"uri\"default=\"a\" -->.", "-." },
	      { "<!--#echo var=\"uri\" var=\"uri\" -->.", "-." },
	      { "<!--#echo var=\"uri\" -x -->.", "-." }, { "<!--#echo var=\"uri\" --x -->.", "-." },
	      { "<!--#echo x --->.-->!", "-!" },
	      { "<!--#echo a1=\"\" a2=\"\" a3=\"\" a4=\"\" a5=\"\" a6=\"\" a7=\"\" a8=\"\" a9=\"\""
		" b1=\"\" b2=\"\" b3=\"\" b4=\"\" b5=\"\" b6=\"\" b7=\"\" b8=\"\" b9=\"\" -->.",
		"-." },
	      { "<!--#config errmsg=\"E\" --><!--#foo -->.", "E." },
	      { "<!--#config errmsg=\"\" --><!--#foo -->.", "." });
	check("ssi_silent_errors on;", { "<!--#foo -->.<!--#echo -->.", ".." });
}
END_TEST

START_TEST(lengths_are_limited)
{
	const char *name = memory_printf("%0300d", 0);
	struct server *server = start("location /b.html { ssi_value_length 9; }");

	for (int len = 250; len <= 300; len++) {
		put_file(server, "a.html",
			 memory_printf("<!--#set var=\"x\" value=\"%.*s\" -->" ECHO("x"), len,
				       name));

		const char *body = shorten(get(server, "/a.html").body);

		if (len <= 255)
			ck_assert_uint_eq(strlen(body), (size_t)len);
		else
			ck_assert_str_eq(body, "-(none)");
	}
	for (int len = 31; len <= 40; len++) {
		put_file(server, "a.html", memory_printf("<!--#%.*s -->.", len, name));
		ck_assert_str_eq(shorten(get(server, "/a.html").body), "-.");
		put_file(server, "a.html", memory_printf("<!--#echo %.*s=\"a\" -->.", len, name));
		ck_assert_str_eq(shorten(get(server, "/a.html").body), "-.");
	}
	ck_assert(log_has(server, "its name is too long"));
	ck_assert(log_has(server, "the name of a parameter is too long"));
	put_file(server, "b.html", SET("x", "123456789") ECHO("x") SET("x", "1234567890"));
	ck_assert_str_eq(shorten(get(server, "/b.html").body), "123456789-");
	server_stop(server);
}
END_TEST

START_TEST(echo_shows_values)
{
	check("set $v 1; set $empty \"\";",
	      { ECHO("uri") ECHO("URI") ECHO("args"), "/a.html/a.htmlq=1&amp;p=%3Cb%3E" },
	      { ECHO("arg_q") ECHO("v") ECHO("empty"), "11" },
	      { ECHO("nothing") ECHO("arg_z") ECHO("1"), "(none)(none)(none)" },
	      { "<!--#echo var=\"nothing\" default=\"d<\" -->", "d&lt;" },
	      { "<!--#echo var=\"nothing\" default=\"\" -->.", "." },
	      { "<!--#echo var=\"nothing\" default=\"$uri\" -->", "$uri" },
	      { SET("x", "<&>'\\\"") "<!--#echo encoding=\"none\" var=\"x\" -->", "<&>'\"" },
	      { SET("x", "<&>'\\\"") ECHO("x"), "&lt;&amp;&gt;'&quot;" },
	      { SET("x", " <&>'\\\"%#?/\x7f\xc3") "<!--#echo encoding=\"url\" var=\"x\" -->",
		"%20%3C&%3E%27%22%25%23?/%7F%C3" },
	      /* An encoding stays until there is another one. */
	      { SET("x", "<") "<!--#echo var=\"x\" encoding=\"none\" -->" ECHO("x"), "<<" },
	      { SET("x", "<") "<!--#echo var=\"x\" encoding=\"none\" -->"
			      "<!--#echo var=\"x\" encoding=\"any\" -->"
			      "<!--#echo var=\"x\" encoding=\"entity\" -->",
		"<<&lt;" });
}
END_TEST

/* Neither from the request, nor from a document, whatever the encoding is. */
START_TEST(what_echo_shows_is_never_a_command)
{
	struct server *server = start("location /b.html { set $c \"<!--#echo var='uri' -->\"; }");

	put_file(server, "b.html",
		 "<!--#echo var=\"c\" encoding=\"none\" -->|"
		 "<!--#set var=\"y\" value=\"<!-\" --><!--#echo var=\"y\" -->-#echo var='uri' -->|"
		 "<!--#echo var=\"http_x\" -->|" INCLUDE("virtual=\"/plain.txt\" set=\"z\"")
			 ECHO("z"));
	ck_assert_str_eq(ask(server, "/b.html",
			     .fields = "X: <!--#include virtual=\"/denied\" -->\r\n")
				 .body,
			 "<!--#echo var='uri' -->|<!--#echo var='uri' -->|"
			 "<!--#include virtual=\"/denied\" -->|<!--#echo var=\"uri\" -->");
	server_stop(server);
}
END_TEST

START_TEST(values_are_expanded)
{
	check("", { SET("x", "a") SET("y", "$x${x}b$xb") ECHO("y"), "aab" },
	      { SET("X", "a") ECHO("x") ECHO("X"), "aa" },
	      { SET("x", "a") SET("x", "$x$x") SET("x", "$x$x") ECHO("x"), "aaaa" },
	      { SET("uri", "mine") ECHO("uri") ECHO("document_uri"), "mine/a.html" },
	      { SET("x", "\\$uri\\'\\\\\\n") ECHO("x"), "$uri'\\\\n" }, { SET("x", "$") ".", "-." },
	      { SET("x", "a$-") ".", "-." }, { SET("x", "${uri") ".", "-." },
	      { SET("x", "${uri-}") ".", "-." }, { SET("x", "${}") ".", "-." },
	      { SET("", "a") ECHO(""), "a" }, { "<!--#set var=\"x\" -->", "-" });
}
END_TEST

START_TEST(conditions_choose)
{
	check("", { IF("a") "1" ELSE "2" ENDIF "3", "13" }, { IF("") "1" ELSE "2" ENDIF "3", "23" },
	      { IF("$no") "1" ELIF("$no") "2" ELIF("$uri") "3" ELIF("a") "4" ELSE "5" ENDIF, "3" },
	      { IF("$arg_q = 1") "1" ENDIF IF("$arg_q != 1") "2" ENDIF, "1" },
	      { IF("$arg_q=1") "1" ENDIF IF("$arg_q  =  2") "2" ENDIF, "1" },
	      { IF("$no = $nor") "1" ENDIF, "1" },
	      /* Only the left side is turned into lower case. */
	      { IF("ABC = abc") "1" ENDIF IF("abc = ABC") "2" ENDIF, "1" },
	      { IF("$uri = /^.a(.)/") ECHO("1") ECHO("0") ECHO("2") ENDIF, "./a.(none)" },
	      { IF("$uri = /(?<n>h.*)/") ECHO("n") ENDIF, "html" },
	      { IF("$uri != /b/") "1" ENDIF, "1" }, { IF("$uri = \\/a.html") "1" ENDIF, "1" },
	      { SET("p", "h.") IF("$uri = /($p)/") ECHO("1") ENDIF, "ht" },
	      { IF("$uri = /(/") "1" ELSE "2" ENDIF, "-1-2-" },
	      { IF("$uri = /a") "1" ENDIF, "-1-" }, { IF("a-b") "1" ENDIF, "-1-" },
	      { IF("a b") "1" ENDIF, "-1-" }, { IF("/a/") "1" ENDIF, "-1-" },
	      { IF("a") "1" IF("b") "2" ENDIF "3" ENDIF, "1-23-" },
	      { IF("") "1" IF("b") "2" ENDIF "3" ENDIF, "3-" },
	      { IF("a") "1" ELSE "2" ELSE "3" ENDIF, "1-" },
	      { IF("a") ELSE ELIF("b") "3" ENDIF, "-" }, { ELSE "1" ENDIF "2" ELIF("a"), "-1-2-" },
	      { IF("") ECHO("uri") SET("x", "1") "<!--#foo --><!--#echo -->" ENDIF ECHO("x"),
		"(none)" },
	      { IF("") "<!--#echo x -->" ENDIF, "-" }, { IF("a = $"), "-" },
	      { "<!--#if -->", "-" });
}
END_TEST

START_TEST(dates_have_a_format)
{
	check("",
	      { "<!--#config timefmt=\"x%%y\" -->" ECHO("date_gmt") ECHO("date_local"), "x%yx%y" },
	      { "<!--#config timefmt=\"\" -->" ECHO("date_gmt"), "(none)" });

	struct server *server = start("location = /d { return 200 $date_gmt; }");

	put_file(server, "a.html", ECHO("date_gmt"));
	ck_assert_ptr_nonnull(strstr(get(server, "/a.html").body, " GMT"));
	ck_assert_ptr_nonnull(strstr(get(server, "/d").body, " GMT"));
	put_file(server, "a.html", "<!--#config timefmt=\"%s\" -->" ECHO("date_gmt"));
	ck_assert_int_gt(atoll(get(server, "/a.html").body), 1500000000);
	server_stop(server);
}
END_TEST

/* --- include ------------------------------------------------------------------------ */

START_TEST(documents_are_included)
{
	check("", { INCLUDE("virtual=\"/in.html\""), "[/in.html|(none)]" },
	      { INCLUDE("virtual=\"in.html\""), "[/in.html|(none)]" },
	      { INCLUDE("file=\"in.html\""), "[/in.html|(none)]" },
	      { INCLUDE("virtual=\"dir/in.html\""), "(/dir/sub.html)" },
	      { SET("x", "in") INCLUDE("virtual=\"/$x.html\""), "[/in.html|in]" },
	      { INCLUDE("virtual=\"/%69n.html\""), "[/in.html|(none)]" },
	      { INCLUDE("virtual=\"/args?a=$arg_q\""), "/args|a=1" },
	      { INCLUDE("virtual=\"/args\""), "/args|" },
	      { INCLUDE("virtual=\"/plain.txt\""), "<!--#echo var=\"uri\" -->" },
	      { INCLUDE("virtual=\"/int\""), "int" },
	      { INCLUDE("virtual=\"/empty.html\"") INCLUDE("virtual=\"/nc\"") ".", "." },
	      { INCLUDE("virtual=\"/closed\"") ".", "." }, { INCLUDE("virtual=\"/e\""), "text" },
	      { INCLUDE("virtual=\"/../in.html\""), "-" }, { INCLUDE("virtual=\"/dir/..\""), "-" },
	      { INCLUDE("virtual=\"/dir/%2e%2e/in.html\""), "-" },
	      { INCLUDE("virtual=\"/%00\""), "-" }, { INCLUDE("virtual=\"/%zz\""), "-" },
	      { INCLUDE("virtual=\"$no\""), "-" },
	      { INCLUDE("virtual=\"/in.html\" file=\"in.html\""), "-" },
	      { INCLUDE("wait=\"yes\""), "-" }, { INCLUDE("file=\"in.html\" wait=\"yes\""), "-" },
	      { INCLUDE("virtual=\"in.html\" wait=\"maybe\""), "-" },
	      { INCLUDE("virtual=\"in.html\" set=\"a\" stub=\"b\""), "-" });
}
END_TEST

START_TEST(an_error_is_shown_as_a_page)
{
	struct server *server = start("");

	put_file(server, "a.html", "a" INCLUDE("virtual=\"/missing\"") "b");

	struct reply reply = get(server, "/a.html");

	ck_assert_int_eq(reply.status, 200);
	ck_assert_ptr_nonnull(strstr(reply.body, "404 Not Found"));
	ck_assert_int_eq(reply.body[0], 'a');
	ck_assert_int_eq(reply.body[reply.body_len - 1], 'b');
	server_stop(server);
}
END_TEST

START_TEST(wait_says_when_the_next_command_runs)
{
	check("", { INCLUDE("virtual=\"/set.html\"") ECHO("x"), "(none)" },
	      { INCLUDE("virtual=\"/set.html\" wait=\"no\"") ECHO("x"), "(none)" },
	      { INCLUDE("virtual=\"/set.html\" wait=\"yes\"") ECHO("x"), "inner" },
	      { INCLUDE("virtual=\"/set.html\" wait=\"YES\"") ECHO("x"), "inner" },
	      { INCLUDE("file=\"set.html\"") ECHO("x"), "inner" },
	      { SET("x", "1") INCLUDE("virtual=\"/in.html\" wait=\"yes\"") SET("x", "2"),
		"[/in.html|1]" },
	      { SET("x", "1") INCLUDE("virtual=\"/in.html\"") SET("x", "2"), "[/in.html|2]" });
}
END_TEST

START_TEST(a_response_becomes_a_value)
{
	check("", { INCLUDE("virtual=\"/in.html\" set=\"y\"") "." ECHO("y"), ".[/in.html|(none)]" },
	      { INCLUDE("virtual=\"/empty.html\" set=\"y\"") "." ECHO("y"), "." },
	      { INCLUDE("virtual=\"/missing\" set=\"y\"") "." ECHO("y"), "." },
	      { INCLUDE("virtual=\"/e\" set=\"y\"") "." ECHO("y"), "." },
	      { SET("y", "old") INCLUDE("virtual=\"/missing\" set=\"y\"") ECHO("y"), "old" });
}
END_TEST

START_TEST(a_block_stands_in_for_nothing)
{
	check("", { BLOCK("b") "stub" ENDBLOCK ".", "." },
	      { BLOCK("b") "stub" ENDBLOCK INCLUDE("virtual=\"/in.html\" stub=\"b\""),
		"[/in.html|(none)]" },
	      { BLOCK("b") "stub" ENDBLOCK INCLUDE("virtual=\"/empty.html\" stub=\"b\""), "stub" },
	      { BLOCK("b") "stub" ENDBLOCK INCLUDE("virtual=\"/missing\" stub=\"b\""), "stub" },
	      { BLOCK("b") "stub" ENDBLOCK INCLUDE("virtual=\"/nc\" stub=\"b\""), "stub" },
	      { BLOCK("b") "stub" ENDBLOCK INCLUDE("virtual=\"/r\" stub=\"b\""), "stub" },
	      { BLOCK("b") "stub" ENDBLOCK INCLUDE("virtual=\"/e\" stub=\"b\""), "text" },
	      { BLOCK("b") ENDBLOCK INCLUDE("virtual=\"/missing\" stub=\"b\"") ".", "." },
	      { BLOCK("b") "stub" ENDBLOCK INCLUDE("virtual=\"/missing\" stub=\"c\""), "-" },
	      { INCLUDE("virtual=\"/missing\" stub=\"b\""), "-" },
	      /* The first of a name. */
	      { BLOCK("b") "1" ENDBLOCK BLOCK("b") "2" ENDBLOCK INCLUDE(
			"virtual=\"/missing\" stub=\"b\""),
		"1" },
	      /* Commands in it run in the place of the response, if it is a document. */
	      { BLOCK("b") ECHO("uri") SET("x", "$uri")
			ENDBLOCK INCLUDE("virtual=\"/missing\" stub=\"b\" wait=\"yes\"") ECHO("x"),
		"/missing/missing" },
	      { BLOCK("b") ECHO("uri") ENDBLOCK INCLUDE("virtual=\"/empty.html\" stub=\"b\""),
		ECHO("uri") },
	      { BLOCK("b") IF("$no") "1" ELSE "2" ENDIF ENDBLOCK
				     "." INCLUDE("virtual=\"/missing\" stub=\"b\""),
		".2" },
	      { BLOCK("b") "1<!--#foo -->2" ENDBLOCK INCLUDE("virtual=\"/missing\" stub=\"b\""),
		"12" },
	      { BLOCK("b") "1" BLOCK("c") "2" ENDBLOCK
					  "3" ENDBLOCK INCLUDE("virtual=\"/missing\" stub=\"b\""),
		"31" },
	      { BLOCK("b") INCLUDE("virtual=\"/in.html\"")
			ENDBLOCK INCLUDE("virtual=\"/missing\" stub=\"b\""),
		"[/in.html|(none)]" },
	      { BLOCK("b") "never ends", "" }, { "<!--#block -->1" ENDBLOCK, "-1" });
}
END_TEST

/* As in nginx, ACCESS is skipped in subrequests: `deny` does not guard against include. */
START_TEST(access_is_skipped_in_includes)
{
	struct server *server = start("");

	put_file(server, "denied/a.txt", "denied");
	put_file(server, "a.html", INCLUDE("virtual=\"/denied/a.txt\""));
	ck_assert_str_eq(get(server, "/a.html").body, "denied");
	ck_assert_int_eq(get(server, "/denied/a.txt").status, 403);
	server_stop(server);
}
END_TEST

START_TEST(subrequests_share_variables)
{
	check("", { SET("x", "mine") INCLUDE("virtual=\"/in.html\""), "[/in.html|mine]" },
	      { IF("$uri = /(a)/") ENDIF INCLUDE("virtual=\"/args?$1\""), "/args|a" });
}
END_TEST

#define WAIT(uri) INCLUDE("virtual=\"" uri "\" wait=\"yes\"")

/* A subrequest that has ended leaves what `set`, a capture or a map has given. */
START_TEST(subrequests_leave_their_values)
{
	check("location /v/ { set $v $uri; return 200 \"\"; }"
	      "location ~ ^/named/(?<part>.*) { return 200 $part; }",
	      { WAIT("/v/1") ECHO("v") "," WAIT("/v/2") ECHO("v"), "/v/1,/v/2" },
	      { WAIT("/named/a") WAIT("/named/") "," ECHO("part"), "a," },
	      { WAIT("/v/1") WAIT("/v/1") ECHO("v"), "/v/1" });
}
END_TEST

/* When there is no room for what a subrequest assigns, the request keeps what it had. */
START_TEST(what_subrequests_leave_is_limited)
{
	const char *mine = memory_printf("%0500d", 1);
	struct server *server = start(memory_printf(
		"set $k %s; location /other { set $k %0500d; return 200 +; }"
		"location /v/ { set $a $uri$uri$uri$uri$uri$uri$uri$uri;"
		"set $b $a$a$a$a$a$a$a$a; set $v $b$b$b$b$b$b$b$b; set $w $v$v$v$v$v$v;"
		"return 200 -; }",
		mine, 2));
	const char *text = "";

	for (int i = 0; i < 70; i++)
		text = memory_printf("%s" INCLUDE("virtual=\"/v/%046d\" wait=\"yes\""), text, i);
	put_file(server, "a.html", memory_printf("%s" WAIT("/other") ECHO("k"), text));

	const char *body = get(server, "/a.html").body;

	ck_assert_uint_eq(strspn(body, "-"), 70);
	ck_assert_str_eq(body + 70, memory_printf("+%s", mine));
	ck_assert(log_has(server, "the variables of subrequests have more than 4194304 bytes: "
				  "$w keeps its value, or has none"));
	ck_assert_uint_eq(file_count(server, "/error.log", "$k keeps its value"), 1);
	server_stop(server);
}
END_TEST

/* --- the response ------------------------------------------------------------------- */

START_TEST(what_describes_the_bytes_is_gone)
{
	struct server *server = start("location /kept/ { ssi_last_modified on; }"
				      "location /off/ { ssi off; }");
	struct reply reply;

	put_file(server, "a.html", ECHO("uri"));
	put_file(server, "kept/a.html", ECHO("uri"));
	put_file(server, "off/a.html", ECHO("uri"));
	reply = ask(server, "/a.html", .fields = "Range: bytes=0-1\r\n");
	ck_assert_int_eq(reply.status, 200);
	ck_assert_str_eq(reply.body, "/a.html");
	ck_assert_ptr_null(reply_header(&reply, "ETag"));
	ck_assert_ptr_null(reply_header(&reply, "Last-Modified"));
	ck_assert_ptr_null(reply_header(&reply, "Accept-Ranges"));
	ck_assert_ptr_null(reply_header(&reply, "Content-Length"));
	reply = get(server, "/kept/a.html");
	ck_assert_ptr_nonnull(reply_header(&reply, "Last-Modified"));
	ck_assert_int_eq(strncmp(reply_header(&reply, "ETag"), "W/", 2), 0);
	ck_assert_int_eq(
		ask(server, "/kept/a.html",
		    .fields = memory_printf("If-None-Match: %s\r\n", reply_header(&reply, "ETag")))
			.status,
		304);
	reply = ask(server, "/a.html", .method = "HEAD");
	ck_assert_int_eq(reply.status, 200);
	ck_assert_uint_eq(reply.body_len, 0);
	ck_assert_ptr_null(reply_header(&reply, "Content-Length"));
	reply = get(server, "/off/a.html");
	ck_assert_str_eq(reply.body, ECHO("uri"));
	ck_assert_ptr_nonnull(reply_header(&reply, "Content-Length"));
	server_stop(server);
}
END_TEST

START_TEST(types_and_places_are_chosen)
{
	struct server *server = start("location /t/ { ssi_types text/plain; }"
				      "location /any/ { ssi_types *; }"
				      "location /if/ { ssi off; if ($arg_on) { ssi on; } }");

	put_file(server, "t/a.txt", ECHO("uri"));
	put_file(server, "t/a.html", ECHO("uri"));
	put_file(server, "t/a.css", ECHO("uri"));
	put_file(server, "any/a.css", ECHO("uri"));
	put_file(server, "if/a.html", ECHO("uri"));
	ck_assert_str_eq(get(server, "/t/a.txt").body, "/t/a.txt");
	ck_assert_str_eq(get(server, "/t/a.html").body, "/t/a.html");
	ck_assert_str_eq(get(server, "/t/a.css").body, ECHO("uri"));
	ck_assert_str_eq(get(server, "/any/a.css").body, "/any/a.css");
	ck_assert_str_eq(get(server, "/if/a.html").body, ECHO("uri"));
	ck_assert_str_eq(get(server, "/if/a.html?on=1").body, "/if/a.html");
	server_stop(server);
}
END_TEST

/* sub_filter works on each document, addition around it, charset and gzip on the whole. */
START_TEST(other_filters_have_their_turn)
{
	struct server *server =
		start("location /s/ { sub_filter PART in; sub_filter_once off; }"
		      "location /add/ { add_before_body /in.html; add_after_body /plain.txt; }"
		      "location /gz/ { gzip on; gzip_min_length 1; ssi_last_modified on; }"
		      "location /cs/ { charset utf-8; }");
	struct reply reply;

	put_file(server, "s/a.html", INCLUDE("virtual=\"/PART.html\"") "PART");
	put_file(server, "add/a.html", ECHO("uri"));
	put_file(server, "gz/a.html", ECHO("uri") INCLUDE("virtual=\"b.html\""));
	put_file(server, "gz/b.html", ECHO("uri"));
	put_file(server, "cs/a.html", "<!--#echo var=\"uri\" --> \xc3\xa4");
	ck_assert_str_eq(get(server, "/s/a.html").body, "[/in.html|(none)]in");
	ck_assert_str_eq(get(server, "/add/a.html").body,
			 "[/in.html|(none)]/add/a.html<!--#echo var=\"uri\" -->");
	reply = ask(server, "/gz/a.html", .fields = "Accept-Encoding: gzip\r\n");
	ck_assert_str_eq(reply_header(&reply, "Content-Encoding"), "gzip");
	ck_assert_str_eq(decode(&reply), "/gz/a.html/gz/b.html");
	ck_assert_int_eq(strncmp(reply_header(&reply, "ETag"), "W/", 2), 0);
	reply = get(server, "/cs/a.html");
	ck_assert_str_eq(reply_header(&reply, "Content-Type"), "text/html; charset=utf-8");
	ck_assert_str_eq(reply.body, "/cs/a.html \xc3\xa4");
	server_stop(server);
}
END_TEST

START_TEST(error_pages_are_documents)
{
	struct server *server = start("error_page 404 /404.html;");

	put_file(server, "404.html", "no " ECHO("request_uri"));

	struct reply reply = get(server, "/missing?<");

	ck_assert_int_eq(reply.status, 404);
	ck_assert_str_eq(reply.body, "no /missing?&lt;");
	server_stop(server);
}
END_TEST

/* --- bounds ------------------------------------------------------------------------- */

static size_t count_of(const char *text, char c)
{
	size_t count = 0;

	for (; (text = strchr(text, c)) != NULL; text++)
		count++;
	return count;
}

START_TEST(includes_end_at_a_depth)
{
	struct server *server = start("");

	put_file(server, "a.html", "S" INCLUDE("virtual=\"a.html\""));

	const char *body = shorten(get(server, "/a.html").body);

	ck_assert_uint_eq(count_of(body, 'S'), 51);
	ck_assert_uint_eq(count_of(body, '-'), 1);
	ck_assert(log_has(server, "subrequests are nested deeper than 50"));
	server_stop(server);
}
END_TEST

/* Without a limit of their number there would be 2^51. */
START_TEST(includes_of_a_request_are_counted)
{
	struct server *server = start("");

	put_file(server, "a.html", "S" INCLUDE("virtual=\"a.html\"") INCLUDE("virtual=\"a.html\""));
	ck_assert_uint_eq(count_of(get(server, "/a.html").body, 'S'), 10001);
	ck_assert(log_has(server, "SSI has included 10000 documents for this request"));
	/* They are counted for each request. */
	put_file(server, "a.html", "S" INCLUDE("virtual=\"in.html\""));
	ck_assert_str_eq(get(server, "/a.html").body, "S[/in.html|(none)]");
	server_stop(server);
}
END_TEST

START_TEST(values_are_limited_in_size)
{
	struct server *server = start("location /b.html { }");
	char *text = memory_alloc(100001);

	memset(text, 't', 100000);
	text[100000] = '\0';
	put_file(server, "large.txt", text);
	text[65536] = '\0';
	put_file(server, "fits.txt", text);

	put_file(server, "a.html",
		 INCLUDE("virtual=\"/fits.txt\" set=\"x\"") ECHO("x")
			 INCLUDE("virtual=\"/large.txt\" set=\"y\"") ECHO("y"));
	ck_assert_uint_eq(get(server, "/a.html").body_len, 65536);
	ck_assert(log_has(server, "is larger than 65536 bytes"));

	/* A value that doubles. */
	put_file(server, "a.html",
		 "<!--#config errmsg=\"!\" -->" INCLUDE("virtual=\"/fits.txt\" set=\"x\"")
			 SET("x", "$x$x") SET("x", "$x$x") SET("x", "$x$x") SET("x", "$x$x")
				 SET("x", "$x$x") SET("x", "$x$x") "<!--#echo var=\"x\" -->");
	text = (char *)get(server, "/a.html").body;
	ck_assert_uint_le(strlen(text), (1 << 20) + 10);
	ck_assert_int_eq(text[0], '!');
	server_stop(server);
}
END_TEST

/* A document whose lines are each twenty bytes or more. */
static const char *repeat(const char *text, size_t times)
{
	size_t len = strlen(text);
	char *all = memory_alloc(len * times + 1);

	for (size_t i = 0; i < times; i++)
		memcpy(all + i * len, text, len);
	all[len * times] = '\0';
	return all;
}

START_TEST(blocks_are_limited_in_size_and_number)
{
	struct server *server = start("");
	const char *body;

	put_file(server, "a.html",
		 memory_printf("%s%s%s.", BLOCK("b"), repeat("0123456789abcdef", 70000), ENDBLOCK));
	ck_assert_str_eq(get(server, "/a.html").body, ".");
	ck_assert(log_has(server, "the block \"b\" of SSI was cut off"));
	put_file(server, "a.html", repeat(BLOCK("b") ENDBLOCK, 2000));
	body = shorten(get(server, "/a.html").body);
	ck_assert_uint_ge(strlen(body), 900);
	ck_assert_uint_eq(count_of(body, '-'), strlen(body));
	/* A block within the stub of a block, and so on. */
	put_file(server, "a.html",
		 memory_printf("%s%s.", repeat(BLOCK("b"), 1000),
			       INCLUDE("virtual=\"/missing\" stub=\"b\"")));
	ck_assert_str_eq(get(server, "/a.html").body, "");
	server_stop(server);
}
END_TEST

START_TEST(an_expression_that_explodes_is_a_mistake)
{
	struct server *server = start("");

	put_file(server, "a.html",
		 IF("$arg_a = /^(a|aa|b+)+\\$/") "1" ELSE "2" ENDIF "<!--#foo -->");

	const char *body = get(server, memory_printf("/a.html?a=%sc", repeat("a", 2000))).body;

	ck_assert_str_eq(shorten(body), "-1-2--");
	ck_assert(log_has(server, "was given up"));
	server_stop(server);
}
END_TEST

START_TEST(large_documents_pass)
{
	struct server *server = start("");
	const char *line = ECHO("arg_q") "0123456789<p>" INCLUDE("virtual=\"/in.html\"");

	put_file(server, "a.html", repeat(line, 3000));
	ck_assert_uint_eq(get(server, "/a.html?q=1").body_len, 3000 * (1 + 13 + 17));
	put_file(server, "a.html", memory_printf("%s%s", repeat("0123456789<!-", 20000), line));
	ck_assert_uint_eq(get(server, "/a.html?q=1").body_len, 20000 * 13 + 1 + 13 + 17);
	server_stop(server);
}
END_TEST

TESTS("ssi", text_stays_as_it_is, malformed_commands_show_a_message, lengths_are_limited,
      echo_shows_values, what_echo_shows_is_never_a_command, values_are_expanded, conditions_choose,
      dates_have_a_format, documents_are_included, an_error_is_shown_as_a_page,
      wait_says_when_the_next_command_runs, a_response_becomes_a_value,
      a_block_stands_in_for_nothing, access_is_skipped_in_includes, subrequests_share_variables,
      subrequests_leave_their_values, what_subrequests_leave_is_limited,
      what_describes_the_bytes_is_gone, types_and_places_are_chosen, other_filters_have_their_turn,
      error_pages_are_documents, includes_end_at_a_depth, includes_of_a_request_are_counted,
      values_are_limited_in_size, blocks_are_limited_in_size_and_number,
      an_expression_that_explodes_is_a_mistake, large_documents_pass)
