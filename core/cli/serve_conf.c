/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Each option is a few lines of the configuration. What an option needs of a module that was
 * left out of the build is an error; what serve adds by itself is left out with the module.
 */
#include "cli/serve_conf.h"

#include <config.h>
#include <errno.h>
#include <field.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <text.h>
#include <unistd.h>

#include "config/modules.h"
#include "http/frames/hpack.h"

/* Prints what is wrong. Returns -EINVAL. */
static int __attribute__((format(printf, 1, 2))) complain(const char *format, ...)
{
	va_list args;

	fputs("skua serve: ", stderr);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputs("\n", stderr);
	return -EINVAL;
}

static bool has_directive(const char *name)
{
	for (size_t i = 0; i < module_count(); i++) {
		const struct directive *directive = module_at(i)->directives;

		for (; directive && directive->name; directive++)
			if (strcmp(directive->name, name) == 0)
				return true;
	}
	return false;
}

static bool has_coding(void)
{
	for (size_t i = 0; i < module_count(); i++)
		if (module_at(i)->coding)
			return true;
	return false;
}

/* 0, or -EINVAL after a message: the option needs this directive. */
static int needs(const char *option, const char *directive)
{
	if (has_directive(directive))
		return 0;
	for (const struct absent_directive *absent = absent_directives; absent->directive; absent++)
		if (strcmp(absent->directive, directive) == 0)
			return complain("%s needs the module %s, which was left out; run "
					"auto/configure with %s to get it",
					option, absent->module, absent->option);
	return complain("this build has no %s, which %s needs", directive, option);
}

/*
 * A word in quotes. A dollar would begin the name of a variable, so it is written as the
 * variable serve_dollar.
 */
static void add_quoted(struct text *text, struct str word)
{
	text_add_char(text, '"');
	for (size_t i = 0; i < word.len; i++) {
		char c = word.data[i];

		if (c == '$') {
			text_add(text, STR("${serve_dollar}"));
			continue;
		}
		if (c == '"' || c == '\\')
			text_add_char(text, '\\');
		text_add_char(text, c);
	}
	text_add_char(text, '"');
}

/* --- http ------------------------------------------------------------------------------- */

static const char log_lines[] =
	"    log_format serve '$time_iso8601  $remote_addr  $status  $request_method "
	"$request_uri  $body_bytes_sent bytes';\n"
	"    access_log /dev/stdout serve;\n";

/*
 * The page is for what a browser shows in its window: it says so itself in Sec-Fetch-Mode, or
 * older ones accept text/html. A name with an extension is a file, and missing.
 */
static const char spa_lines[] = "    map $uri $serve_page {\n"
				"        \"~\\.[^/]*$\" \"\";\n"
				"        default     /index.html;\n"
				"    }\n"
				"    map $http_accept $serve_page_if_accepted {\n"
				"        ~text/html $serve_page;\n"
				"        default    \"\";\n"
				"    }\n"
				"    map $http_sec_fetch_mode $serve_spa {\n"
				"        navigate $serve_page;\n"
				"        \"\"       $serve_page_if_accepted;\n"
				"        default  \"\";\n"
				"    }\n";

/* conf/mime.types of the installed tree or of the one it was built in: beside the program's. */
static struct str find_types(struct pool *pool)
{
	char program[PATH_MAX];
	ssize_t len = readlink("/proc/self/exe", program, sizeof(program));
	struct str path = { program, len > 0 ? (size_t)len : 0 };

	for (int i = 0; i < 2; i++) {
		ssize_t slash = str_rchr(path, '/');
		path.len = slash > 0 ? (size_t)slash : 0;
	}
	path = pool_printf(pool, "%.*s/conf/mime.types", STR_ARG(path));
	if (access(path.data, R_OK) == 0)
		return path;
	struct str conf = str_from(SKUA_CONF_PATH);
	conf.len = (size_t)str_rchr(conf, '/');
	path = pool_printf(pool, "%.*s/mime.types", STR_ARG(conf));
	return access(path.data, R_OK) == 0 ? path : STR("");
}

/* "1h30m" in seconds; -EINVAL. A number without a letter is in seconds. */
static int parse_time(const char *given, uint64_t *seconds)
{
	static const char letters[] = "smhdwMy";
	static const unsigned factors[] = {
		1, 60, 3600, 86400, 7 * 86400, 30 * 86400, 365 * 86400
	};
	const char *at = given;

	*seconds = 0;
	if (!*at)
		return -EINVAL;
	while (*at) {
		size_t digits = strspn(at, "0123456789");
		uint64_t number;
		if (str_to_u64((struct str){ at, digits }, 1000000000, &number) < 0)
			return -EINVAL;
		at += digits;
		const char *letter = *at ? strchr(letters, *at) : letters;
		if (!letter)
			return -EINVAL;
		*seconds += number * factors[letter - letters];
		at += *at != '\0';
	}
	return *seconds > 0xffffffff ? -EINVAL : 0;
}

static int add_cache_map(struct text *text, const char *given)
{
	uint64_t seconds;

	if (parse_time(given, &seconds) < 0)
		return complain(
			"--cache \"%s\" is no time; it is written as in 30s, 10m, 1h, 7d, 1y",
			given);
	text_printf(text,
		    "    map $sent_http_content_type $serve_cache {\n"
		    "        ~^text/html no-cache;\n"
		    "        default     max-age=%llu;\n"
		    "    }\n",
		    (unsigned long long)seconds);
	return needs("--cache", "map");
}

/* Whether a word that is given has a dollar in it: add_quoted(). */
static bool has_dollar(const struct serve_options *options)
{
	for (size_t i = 0; options->headers[i]; i++)
		if (strchr(options->headers[i], '$'))
			return true;
	return options->not_found && strchr(options->not_found, '$');
}

static int add_http(struct text *text, const struct serve_options *options)
{
	struct str types = has_directive("types") ? find_types(text->pool) : STR("");

	if (!str_empty(types)) {
		text_add(text, STR("    include "));
		add_quoted(text, types);
		text_add(text, STR(";\n"));
	}
	if (has_directive("access_log"))
		text_add(text, options->quiet ? STR("    access_log off;\n") : str_from(log_lines));
	if (has_directive("charset"))
		text_add(text, STR("    charset utf-8;\n"));
	if (has_coding())
		text_add(text, STR("    compress on;\n"));
	text_add(text, STR("    log_not_found off;\n"
			   "    dotfiles deny;\n"
			   "    symlinks in_root;\n"));
	if (has_dollar(options))
		text_add(text, STR("    geo $serve_dollar { default \"$\"; }\n"));
	if (options->spa)
		text_add(text, str_from(spa_lines));
	return options->cache ? add_cache_map(text, options->cache) : 0;
}

/* --- server ----------------------------------------------------------------------------- */

static const char listing_lines[] = "        autoindex on;\n"
				    "        autoindex_exact_size off;\n"
				    "        autoindex_localtime on;\n"
				    "        autoindex_query on;\n";

/* The preflight, an OPTIONS, comes without a password. */
static const char cors_lines[] =
	"        add_header Access-Control-Allow-Origin * always;\n"
	"        add_header Access-Control-Allow-Methods \"GET, HEAD\" always;\n"
	"        add_header Access-Control-Allow-Headers * always;\n"
	"        add_header Access-Control-Expose-Headers * always;\n"
	"        add_header Access-Control-Max-Age 86400 always;\n"
	"        if ($request_method = OPTIONS) {\n"
	"            return 204;\n"
	"        }\n";

/* A dollar in a word needs the variable that stands for it. */
static int check_dollar(const char *option, const char *value)
{
	return strchr(value, '$') ? needs(option, "geo") : 0;
}

/* Fields that say how the bytes are sent, which no directive adds. */
static bool is_own_field(struct str name)
{
	static const char *const names[] = { "Connection", "Content-Length", "Date", "Keep-Alive",
					     "Transfer-Encoding" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (str_eq_nocase(name, str_from(names[i])))
			return true;
	return false;
}

static int add_header(struct text *text, const char *given)
{
	struct str value = str_from(given), name = str_split(&value, ':');

	value = str_trim(value, " \t");
	if (!is_token(name) || !strchr(given, ':') || !is_field_value(value))
		return complain("--header \"%s\" is no field; it is written as in 'X-Name: value'",
				given);
	if (is_own_field(name))
		return complain("--header \"%s\": the server itself writes the field %.*s", given,
				STR_ARG(name));

	bool is_set = str_eq_nocase(name, STR("Server"));
	text_printf(text, "        %s %.*s ", is_set ? "set_header" : "add_header", STR_ARG(name));
	add_quoted(text, value);
	text_add(text, STR(" always;\n"));
	return check_dollar("--header", given);
}

static int add_headers(struct text *text, const struct serve_options *options)
{
	int error = 0;

	if (options->headers[0] || options->cors || options->cache)
		error = needs("--header, --cors or --cache", "add_header");
	if (options->cors && error == 0)
		error = needs("--cors", "if");
	for (size_t i = 0; options->headers[i] && error == 0; i++)
		error = add_header(text, options->headers[i]);
	if (options->cors)
		text_add(text, str_from(cors_lines));
	if (options->cache)
		text_add(text, STR("        add_header Cache-Control $serve_cache;\n"));
	return error;
}

/* A page of the folder; it may be given by its path, or as it lies in the folder. */
static int add_not_found(struct text *text, const char *folder, const char *given)
{
	struct str name = str_from(given);

	while (str_starts(name, STR("/")) || str_starts(name, STR("./")))
		name = str_skip(name, str_starts(name, STR("/")) ? 1 : 2);

	struct str path = pool_printf(text->pool, "%s/%.*s", folder, STR_ARG(name));

	struct stat status;

	if (str_empty(name) || stat(path.data, &status) < 0 || !S_ISREG(status.st_mode))
		return complain("--404 \"%s\" is no file in the folder \"%s\"; it names the page "
				"for what is not there, as in --404 404.html",
				given, folder);
	text_add(text, STR("        error_page 404 "));
	add_quoted(text, pool_printf(text->pool, "/%.*s", STR_ARG(name)));
	text_add(text, STR(";\n"));
	return check_dollar("--404", given);
}

static int add_spa(struct text *text, const char *folder)
{
	int error = needs("--spa", "map");

	if (error == 0)
		error = needs("--spa", "try_files");
	if (access(pool_printf(text->pool, "%s/index.html", folder).data, F_OK) < 0)
		fprintf(stderr, "skua serve: --spa: there is no index.html in \"%s\" yet\n",
			folder);
	text_add(text, STR("        location / {\n"
			   "            try_files $uri $uri/ $serve_spa =404;\n"
			   "        }\n"));
	return error;
}

static bool uses_tls(const struct serve_place *place)
{
	return place->cert.len || place->names.len;
}

/* Who types http:// for this port is sent to https://. */
static int add_tls(struct text *text, const struct serve_place *place)
{
	if (place->cert.len) {
		text_add(text, STR("        ssl_certificate "));
		add_quoted(text, place->cert);
		text_add(text, STR(";\n        ssl_certificate_key "));
		add_quoted(text, place->key);
		text_add(text, STR(";\n"));
	} else {
		text_printf(text, "        ssl_self_signed %.*s;\n", STR_ARG(place->names));
	}
	if (hpack_is_there())
		text_add(text, STR("        http2 on;\n"));
	text_add(text, STR("        error_page 497 https://$http_host$request_uri;\n"));
	return needs("--tls or --cert", "ssl_certificate");
}

static int add_server(struct text *text, const struct serve_options *options,
		      const struct serve_place *place)
{
	int error = 0;

	text_printf(text, "        listen %.*s%s;\n", STR_ARG(place->listen),
		    uses_tls(place) ? " ssl" : "");
	if (uses_tls(place))
		error = add_tls(text, place);
	text_add(text, STR("        root "));
	add_quoted(text, str_from(place->root));
	text_add(text, STR(";\n"));
	if (has_directive("index"))
		text_add(text, STR("        index index.html index.htm;\n"));
	if (has_directive("autoindex") && !options->spa)
		text_add(text, str_from(listing_lines));
	if (options->not_found && error == 0)
		error = add_not_found(text, place->folder, options->not_found);
	if (error == 0)
		error = add_headers(text, options);
	if (place->users) {
		text_add(text, STR("        auth_basic \"This folder\";\n"
				   "        auth_basic_user_file "));
		add_quoted(text, str_from(place->users));
		text_add(text, STR(";\n"));
	}
	if (options->password && error == 0)
		error = needs("--password", "auth_basic");
	if (options->spa && error == 0)
		error = add_spa(text, place->folder);
	return error;
}

int serve_conf_write(struct pool *pool, const struct serve_options *options,
		     const struct serve_place *place, struct str *out)
{
	struct text text = { .pool = pool };
	int error;

	text_add(&text, STR("daemon off;\npid off;\nworker_processes "));
	if (options->workers)
		text_printf(&text, "%d;\n", options->workers);
	else
		text_add(&text, STR("auto;\n"));
	text_add(&text, STR("error_log stderr warn;\n"
			    "events { worker_connections 1024; }\n"
			    "http {\n"));
	error = add_http(&text, options);
	text_add(&text, STR("    server {\n"));
	if (error == 0)
		error = add_server(&text, options, place);
	text_add(&text, STR("    }\n}\n"));
	*out = text_str(&text);
	return error;
}
