/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * skua help: the form of what it prints, and that every entry of every table has
 * something to print.
 */
#include "cli/help/help.h"

#include <errno.h>
#include <stdlib.h>

#include "config/modules.h"
#include "harness/memory.h"
#include "harness/test.h"

static const char *help(const char *topic)
{
	static struct {
		char *text;
		size_t len;
	} kept[2], *last = kept; /* two answers may be compared */

	last = last == kept ? kept + 1 : kept;
	free(last->text);
	FILE *stream = open_memstream(&last->text, &last->len);

	if (!topic)
		help_overview(stream);
	else if (strcmp(topic, "--all") == 0)
		help_all(stream);
	else
		help_print(stream, topic);
	fclose(stream);
	return last->text;
}

static unsigned columns_of(const char *line)
{
	unsigned columns = 0;

	for (; *line && *line != '\n'; line++)
		columns += ((unsigned char)*line & 0xC0) != 0x80;
	return columns;
}

static void check_width(const char *text)
{
	for (const char *line = text; line && *line; line = strchr(line, '\n') + 1)
		ck_assert_msg(columns_of(line) <= 79, "wider than 79 columns: %.90s", line);
}

START_TEST(a_directive)
{
	ck_assert_str_eq(help("tcp_nodelay"),
			 "tcp_nodelay\n"
			 "    Syntax:   tcp_nodelay on | off;\n"
			 "    Default:  on\n"
			 "    Context:  http, server, location\n"
			 "    Module:   http\n"
			 "\n"
			 "    The end of a response leaves without waiting for a full packet\n"
			 "    (TCP_NODELAY).\n"
			 "\n"
			 "        tcp_nodelay off;\n");
	ck_assert_ptr_nonnull(strstr(help("events"), "    Default:  —\n"));
	ck_assert_ptr_nonnull(strstr(help("root"), "Context:  http, server, location"));
	ck_assert_ptr_nonnull(strstr(help("include"), "Syntax:   include file | mask;\n"));
}
END_TEST

START_TEST(variables)
{
	const char *alone = memory_printf("%s", help("$host"));

	ck_assert_int_eq(strncmp(help("host"), alone, strlen(alone)), 0);
	ck_assert(strncmp(help("host"), "$host\n    Module:   http\n\n", 26) == 0);
	ck_assert(strncmp(help("$arg_page"), "$arg_NAME\n", 10) == 0);
}
END_TEST

START_TEST(modules_by_name)
{
	ck_assert(strncmp(help("index"), "index\n    Syntax:", 17) == 0);
	ck_assert_ptr_nonnull(strstr(help("index"), "\nindex: "));
	ck_assert_ptr_nonnull(strstr(help("main"), "worker_processes"));
}
END_TEST

START_TEST(the_list)
{
	const char *list = help(NULL);

	check_width(list);
	for (size_t i = 0; i < module_count(); i++)
		ck_assert_msg(strstr(list, module_at(i)->name), "%s", module_at(i)->name);
}
END_TEST

START_TEST(all)
{
	check_width(help("--all"));
}
END_TEST

START_TEST(nothing_is_undocumented)
{
	for (size_t i = 0; i < module_count(); i++) {
		const struct module *module = module_at(i);
		const struct directive *directive = module->directives;
		const struct variable *variable = module->variables;

		ck_assert_ptr_nonnull(module->summary);
		for (; directive && directive->name; directive++) {
			ck_assert_msg(directive->doc && *directive->doc, "%s", directive->name);
			ck_assert_msg(directive->syntax, "%s", directive->name);
			ck_assert_msg(directive->contexts, "%s", directive->name);
		}
		for (; variable && variable->name; variable++)
			ck_assert_msg(variable->doc && *variable->doc, "%s", variable->name);
	}
}
END_TEST

/* An example is a line that begins with four spaces and has the name in it. */
static bool has_example(const char *doc, const char *name)
{
	const char *line = doc;

	while ((line = strstr(line, "\n    "))) {
		size_t len = strcspn(++line, "\n");

		if (memmem(line, len, name, strlen(name)))
			return true;
	}
	return false;
}

START_TEST(everything_has_an_example)
{
	for (size_t i = 0; i < module_count(); i++) {
		const struct directive *directive = module_at(i)->directives;
		const struct variable *variable = module_at(i)->variables;

		for (; directive && directive->name; directive++)
			ck_assert_msg((directive->flags & OBSOLETE) ||
					      has_example(directive->doc, directive->name),
				      "%s has no example", directive->name);
		for (; variable && variable->name; variable++)
			ck_assert_msg(has_example(variable->doc, variable->name),
				      "$%s has no example", variable->name);
	}
}
END_TEST

START_TEST(unknown_names)
{
	FILE *nowhere = fopen("/dev/null", "w");

	ck_assert_int_lt(help_print(nowhere, "no_such_thing"), 0);
	ck_assert_int_lt(help_print(nowhere, "$daemon"), 0);
	ck_assert_int_lt(help_print(nowhere, ""), 0);
	ck_assert_int_lt(help_print(nowhere, "$"), 0);
	ck_assert_int_eq(help_print(nowhere, "daemon"), 0);
	fclose(nowhere);
}
END_TEST

/* The names that a search for the words shows, in this order, one a line. */
static const char *found(const char *words)
{
	static char names[4096];
	char name[256];

	names[0] = '\0';
	for (const char *line = help(words); *line; line = strchr(line, '\n') + 1)
		if (strncmp(line, "    ", 4) == 0 && line[4] != ' ' &&
		    sscanf(line + 4, "%255[^ \n]", name) == 1) {
			strcat(names, name);
			strcat(names, "\n");
		}
	return names;
}

START_TEST(names_by_their_parts)
{
	/* All of the word, its beginning, a part of it; then those with it in their texts. */
	ck_assert_int_eq(strncmp(found("keepal"), "keepalive_", 10), 0);
	ck_assert_int_eq(strncmp(found("autoindex_"), "autoindex_exact_size\n", 21), 0);
	ck_assert_ptr_nonnull(strstr(found("AUTOINDEX_"), "autoindex_format\n"));
	ck_assert_ptr_nonnull(strstr(found("spa"), "skua\n")); /* skua serve --spa */
	check_width(help("keepal"));
	check_width(help("a"));
	ck_assert_ptr_nonnull(strstr(help("a"), " more; further words leave fewer of them."));
}
END_TEST

START_TEST(all_words_have_to_be_there)
{
	const char *one = found("cache control");

	ck_assert_ptr_nonnull(strstr(one, "expires\n"));
	ck_assert_ptr_null(strstr(one, "file_cache\n"));
	ck_assert_str_eq(found("control  cache "), one);
	ck_assert_ptr_nonnull(strstr(help("cache control"), "These have the words in"));
	ck_assert_ptr_nonnull(strstr(help("cache"), "These have the word in"));
}
END_TEST

/* Words that people bring along from elsewhere, and what has to be among what is shown. */
START_TEST(words_of_newcomers)
{
	static const char *const words[][2] = {
		{ "redirect", "\n    return " },
		{ "redirect", "\n    rewrite " },
		{ "ssl", "ssl_certificate" },
		{ "https", "\n    ssl_certificate " },
		{ "https", "docs/tls.html" },
		{ "cache", "\n    expires " },
		{ "log", "access_log" },
		{ "log", "\n    error_log " },
		{ "upload", "\n    client_max_body_size " },
		{ "php", "\n    fastcgi_pass " },
		{ "php", "docs/nginx.html#missing" },
		{ "proxy", "\n    proxy_pass " },
		{ "rate limit", "\n    limit_req " },
		{ "password", "\n    auth_basic " },
		{ "cors", "\n    add_header " },
		{ "spa", "\n    try_files " },
		{ "404", "\n    error_page " },
		{ "directory listing", "\n    autoindex " },
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		ck_assert_msg(strstr(help(words[i][0]), words[i][1]) != NULL, "%s: no \"%s\" in %s",
			      words[i][0], words[i][1], help(words[i][0]));
	/* A name that is clear is explained alone; one of a module or variable is shown once. */
	ck_assert_ptr_null(strstr(help("root"), "These have"));
	ck_assert_ptr_null(strstr(help("$https"), "These have"));
	ck_assert_ptr_null(strstr(help("log"), "module log "));
}
END_TEST

/* What stands in a name comes before what stands in a text. */
START_TEST(names_before_texts)
{
	const char *list = found("password");
	const char *name = strstr(list, "skua\n"), *text = strstr(list, "auth_basic\n");

	ck_assert_ptr_nonnull(name);
	ck_assert_ptr_nonnull(text);
	ck_assert_ptr_eq(name, list);
	ck_assert(name < text);
}
END_TEST

/* "rsync" is the name of nothing here; a recipe is about it. */
START_TEST(pages_of_the_site)
{
	const char *text = help("rsync");

	ck_assert_ptr_nonnull(strstr(text, "Pages"));
	ck_assert_ptr_nonnull(strstr(text, "    docs/recipes/mirror.html"));
	ck_assert_ptr_nonnull(strstr(help("balancer"), "    docs/recipes/balancer.html  "));
	ck_assert_ptr_nonnull(strstr(help("hsts"), "    docs/tls.html#hsts"));
	/* Those that the words are in the title of come first. */
	text = strstr(help("systemd"), "Pages");
	ck_assert_ptr_nonnull(text);
	ck_assert_ptr_eq(strstr(text, "docs/"), strstr(text, "docs/recipes/systemd.html"));
	check_width(help("certificate"));
	ck_assert_ptr_null(strstr(help("--all"), "docs/tls.html"));
}
END_TEST

START_TEST(commands_by_their_names)
{
	const char *text = help("serve");

	ck_assert(strncmp(text, "Usage: skua serve ", 18) == 0);
	ck_assert_ptr_nonnull(strstr(text, "--print-config"));
	/* There is a variable of this name, too. */
	text = help("status");
	ck_assert_ptr_nonnull(strstr(text, "Usage: skua status "));
	ck_assert_ptr_nonnull(strstr(text, "$status\n    Module:   http\n"));
}
END_TEST

static char *json(const char *topic, int result)
{
	char *text = NULL;
	size_t len;
	FILE *stream = open_memstream(&text, &len);

	ck_assert_int_eq(help_json(stream, topic), result);
	fclose(stream);
	return text;
}

START_TEST(as_json)
{
	char *text = json("tcp_nodelay", 0);

	ck_assert_str_eq(
		text, "{\"topic\": \"tcp_nodelay\", \"found\": \"name\", \"entries\": [\n "
		      "{\"kind\": \"directive\", \"name\": \"tcp_nodelay\", \"module\": \"http\", "
		      "\"syntax\": \"tcp_nodelay on | off;\", \"default\": \"on\", "
		      "\"contexts\": [\"http\", \"server\", \"location\"], "
		      "\"obsolete\": false, \"text\": \"The end of a response leaves without "
		      "waiting for a full packet (TCP_NODELAY).\\n\\n    tcp_nodelay off;\"}]}\n");
	free(text);
	text = json("mp4", 0);
	ck_assert_ptr_nonnull(strstr(text, "\"found\": \"nginx\""));
	ck_assert_ptr_nonnull(strstr(text, "\"name\": \"mp4\""));
	ck_assert_ptr_nonnull(strstr(text, "\"accepted\": false"));
	free(text);
	text = json("no_\"such\n", -ENOENT);
	ck_assert_str_eq(text, "{\"topic\": \"no_\\\"such\\n\", \"found\": \"nothing\", "
			       "\"entries\": []}\n");
	free(text);
	text = json("rsync", 0);
	ck_assert_ptr_nonnull(strstr(text, "{\"kind\": \"page\", \"name\": \"Mirror"));
	ck_assert_ptr_nonnull(strstr(text, "\"address\": \"docs/recipes/mirror.html"));
	free(text);
	text = json(NULL, 0);
	ck_assert_ptr_nonnull(strstr(text, "{\"topic\": null, \"found\": \"all\""));
	ck_assert_ptr_nonnull(
		strstr(text, "{\"kind\": \"option\", \"name\": \"skua serve --spa\""));
	free(text);
}
END_TEST

TESTS("help", a_directive, variables, modules_by_name, the_list, all, nothing_is_undocumented,
      everything_has_an_example, unknown_names, names_by_their_parts, all_words_have_to_be_there,
      words_of_newcomers, names_before_texts, pages_of_the_site, commands_by_their_names, as_json)
