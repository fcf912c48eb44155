/* SPDX-License-Identifier: BSD-2-Clause */
/* modern_browser and ancient_browser. What is expected is what nginx does. */
#include "harness/memory.h"
#include "harness/test.h"
#include "http/inproc.h"

#include <string.h>

#define SHOWN "return 200 \"$modern_browser|$ancient_browser|$msie\";"

struct agent {
	const char *text, *shown; /* NULL: no field */
};

static void check_agents(const char *directives, const struct agent *agents, size_t count)
{
	struct server *server = inproc_with(memory_printf("%s " SHOWN, directives));

	for (size_t i = 0; i < count; i++) {
		const char *fields = "", *shown;

		if (agents[i].text)
			fields = memory_printf("User-Agent: %s\r\n", agents[i].text);
		shown = ask(server, "/", .fields = fields).body;
		ck_assert_msg(strcmp(shown, agents[i].shown) == 0, "%s: %s: \"%s\"", directives,
			      agents[i].text, shown);
	}
	server_stop(server);
}

#define check(directives, ...)                                                      \
	do {                                                                        \
		static const struct agent agents[] = { __VA_ARGS__ };               \
		check_agents(directives, agents, sizeof(agents) / sizeof(*agents)); \
	} while (0)

#define GECKO "Mozilla/5.0 (X11; U; Linux; rv:"
#define IE    "Mozilla/4.0 (compatible; MSIE "

START_TEST(versions_are_compared)
{
	check("modern_browser gecko 1.9.2; modern_browser msie 7; modern_browser opera 9.5;"
	      "modern_browser safari 3; modern_browser konqueror 3.1;",
	      { GECKO "1.9.2) Gecko/1", "1||" }, { GECKO "1.9.1) Gecko/1", "|1|" },
	      { GECKO "1.10) Gecko/1", "1||" }, { GECKO "1.9.2.3)", "1||" }, { GECKO "1.9", "|1|" },
	      { "Mozilla/5.0 (compatible; Konqueror/9 Opera/", "1||" }, { GECKO "2", "1||" },
	      { GECKO, "|1|" }, { GECKO "99999999999999999999999999", "1||" },
	      { IE "7.0)", "1||1" }, { IE "6.0)", "|1|1" }, { IE "6.0) Opera 9.50 [en]", "1||" },
	      { "Opera/9.50 (X11)", "1||" }, { "Opera/9.49 (X11)", "1||" },
	      { "Opera/9.04 (X11)", "|1|" },
	      { "Mozilla/5.0 (Mac; U) AppleWebKit/1 Safari/3.1", "1||" },
	      { "Mozilla/5.0 (Mac; U) AppleWebKit/1 Safari/2", "|1|" },
	      { "Mozilla/5.0 (compatible; Konqueror/3.1; Linux)", "1||" },
	      { "Mozilla/5.0 (compatible; Konqueror/3.0; Linux)", "|1|" },
	      /* What stands before the name counts as passed over. */
	      { "rv:2", "|1|" }, { "curl/7", "|1|" }, { NULL, "|1|" }, { "", "|1|" });
}
END_TEST

START_TEST(unlisted_browsers_are_what_is_said)
{
	check("", { "curl/7", "|1|" }, { NULL, "|1|" });
	check("modern_browser unlisted;", { "curl/7", "1||" }, { NULL, "1||" });
	check("modern_browser unlisted; ancient_browser Lynx netscape4;"
	      "ancient_browser \"MSIE 5\";",
	      { "curl/7", "1||" }, { "Lynx/2.8", "|1|" }, { "a Lynx", "|1|" },
	      { IE "5.0)", "|1|1" }, { "Mozilla/4.72 [en]", "|1|" }, { "Mozilla/4.72 ", "1||" },
	      { "Mozilla/5.00 [en]", "1||" }, { "Mozilla/0.00 [en]", "1||" });
	check("ancient_browser Lynx;", { "Lynx", "|1|" }, { "curl/7", "|1|" });
	/* A family that is named is never asked for the marks of ancient ones. */
	check("modern_browser gecko 1; modern_browser unlisted; ancient_browser rv:;",
	      { GECKO "1.0)", "1||" }, { GECKO "0.9)", "|1|" }, { "rv:", "|1|" });
}
END_TEST

START_TEST(values_are_chosen)
{
	check("modern_browser_value new; ancient_browser_value old; modern_browser gecko 1;",
	      { GECKO "1.0)", "new||" }, { "curl/7", "|old|" });
}
END_TEST

START_TEST(msie_is_not_opera)
{
	check("", { "MSIE 6.0", "|1|1" }, { "MSIE 6.", "|1|" }, { "x MSIE 10;", "|1|1" },
	      { "MSIE 6.0; Opera", "|1|" }, { "Trident/7.0; rv:11.0", "|1|" });
}
END_TEST

START_TEST(blocks_inherit_by_name)
{
	struct server *server = inproc_with("modern_browser gecko 1; ancient_browser Lynx;"
					    "location /a { " SHOWN " }"
					    "location /b { modern_browser unlisted; " SHOWN " }"
					    "location /c { ancient_browser x; " SHOWN " }");
	const char *lynx = "User-Agent: Lynx\r\n", *gecko = "User-Agent: " GECKO "1)\r\n";

	ck_assert_str_eq(ask(server, "/a", .fields = gecko).body, "1||");
	ck_assert_str_eq(ask(server, "/b", .fields = lynx).body, "|1|");
	ck_assert_str_eq(ask(server, "/b", .fields = gecko).body, "1||");
	ck_assert_str_eq(ask(server, "/b", .fields = "User-Agent: x\r\n").body, "1||");
	ck_assert_str_eq(ask(server, "/c", .fields = gecko).body, "1||");
	server_stop(server);
}
END_TEST

/* The block in which a variable is used first decides, as for all that is kept in a request. */
START_TEST(values_are_kept)
{
	struct server *server = inproc_with("modern_browser unlisted;"
					    "if ($modern_browser) { set $is_modern 1; }"
					    "location / { modern_browser_value here; " SHOWN " }"
					    "location /set { set $modern_browser x; " SHOWN " }");

	ck_assert_str_eq(ask(server, "/").body, "1||");
	ck_assert_str_eq(ask(server, "/set").body, "x||");
	server_stop(server);
}
END_TEST

START_TEST(mistakes_are_found)
{
	static const struct {
		const char *directive, *message;
	} cases[] = {
		{ "modern_browser gecko;", "\"gecko\" needs a version" },
		{ "modern_browser chrome 1;", "unknown browser \"chrome\"" },
		{ "modern_browser gecko 1.x;", "invalid version \"1.x\"" },
		{ "ancient_browser;", "ancient_browser" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		ck_assert_ptr_nonnull(
			strstr(inproc_fails(memory_printf("http { server { listen 8080; %s } }",
							  cases[i].directive)),
			       cases[i].message));
}
END_TEST

TESTS("browser", versions_are_compared, unlisted_browsers_are_what_is_said, values_are_chosen,
      msie_is_not_opera, blocks_inherit_by_name, values_are_kept, mistakes_are_found)
