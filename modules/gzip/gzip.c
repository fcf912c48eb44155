/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The coding gzip (RFC 1952), with the directives and meanings of nginx.
 *
 *     gzip on;
 *     gzip_types text/css text/javascript image/svg+xml;
 *     gzip_static on;
 *     location /archive/ { gzip_static always; gunzip on; }
 */
#include <module.h>

#include <stdio.h>
#include <stdlib.h>
#include <zlib.h>

#include "gunzip.h"

extern const struct module gzip_module;

/* gzip_proxied: which responses to requests with the field Via may be encoded. */
enum proxied {
	PROXIED_OFF = 1 << 0,
	PROXIED_EXPIRED = 1 << 1,
	PROXIED_NO_CACHE = 1 << 2,
	PROXIED_NO_STORE = 1 << 3,
	PROXIED_PRIVATE = 1 << 4,
	PROXIED_NO_LAST_MODIFIED = 1 << 5,
	PROXIED_NO_ETAG = 1 << 6,
	PROXIED_AUTH = 1 << 7,
	PROXIED_ANY = 1 << 8,
};

struct disabled {
	const struct pattern **patterns;
	size_t count, capacity;
	bool msie6; /* the word "msie6", which is tested without an expression */
};

struct gzip_conf {
	struct coding_conf coding; /* first */
	unsigned proxied;
	int http_version;
	struct disabled disabled; /* user agents */
};

/* --- the encoder ------------------------------------------------------------- */

enum {
	WINDOW_BITS = 15,
	WINDOW_UNUSED = 262, /* bytes of the window that deflate() never uses */
	MEMORY_LEVEL = 8,
	GZIP_FORMAT = 16, /* added to the window bits */
};

/* As nginx does, uses a smaller window for short content. */
static void choose_window(int64_t length, int *window_bits, int *memory_level)
{
	*window_bits = WINDOW_BITS;
	*memory_level = MEMORY_LEVEL;
	while (length >= 0 && *window_bits > 9 &&
	       length < (1 << (*window_bits - 1)) - WINDOW_UNUSED) {
		--*window_bits;
		*memory_level -= *memory_level > 1;
	}
}

static void *begin(int level, int64_t length)
{
	z_stream *stream = calloc(1, sizeof(*stream));
	int window_bits, memory_level;

	choose_window(length, &window_bits, &memory_level);
	if (stream && deflateInit2(stream, level, Z_DEFLATED, window_bits + GZIP_FORMAT,
				   memory_level, Z_DEFAULT_STRATEGY) == Z_OK)
		return stream;
	free(stream);
	return NULL;
}

static int encode(void *data, enum coding_step step, struct str *in, char **to, char *limit)
{
	static const int flushes[] = {
		[CODING_MORE] = Z_NO_FLUSH,
		[CODING_FLUSH] = Z_SYNC_FLUSH,
		[CODING_END] = Z_FINISH,
	};
	z_stream *stream = data;
	size_t len = in->len < UINT32_MAX ? in->len : UINT32_MAX;

	stream->next_in = (Bytef *)(uintptr_t)in->data;
	stream->avail_in = (uInt)len;
	stream->next_out = (Bytef *)*to;
	stream->avail_out = (uInt)(limit - *to);

	int result = deflate(stream, flushes[step]);

	*in = str_skip(*in, len - stream->avail_in);
	*to = (char *)stream->next_out;
	/* Z_BUF_ERROR only says that there was no room for output, or no input. */
	if (result != Z_OK && result != Z_STREAM_END && result != Z_BUF_ERROR)
		return -EIO;
	if (step == CODING_END)
		return result == Z_STREAM_END;
	return in->len == 0 && stream->avail_out > 0;
}

static void end(void *stream)
{
	deflateEnd(stream);
	free(stream);
}

/* The formula of zconf.h, plus the size of the struct and of its small tables. */
static size_t memory(int level, int64_t length)
{
	int window_bits, memory_level;

	(void)level;
	choose_window(length, &window_bits, &memory_level);
	return ((size_t)1 << (window_bits + 2)) + ((size_t)1 << (memory_level + 9)) + 8192;
}

static const char *library(void)
{
	static char text[32];

	snprintf(text, sizeof(text), "zlib %s", zlibVersion());
	return text;
}

/* --- which clients get it --------------------------------------------------------------- */

/* As in nginx: Internet Explorer 4 to 6, except version 6 with Service Pack 2. */
static bool is_msie6(struct str agent)
{
	ssize_t at = str_find(agent, STR("MSIE "));

	if (at < 0 || agent.len < (size_t)at + 7 || agent.data[at + 6] != '.')
		return false;

	char version = agent.data[at + 5];

	return version == '4' || version == '5' ||
	       (version == '6' && str_find(agent, STR("SV1")) < 0);
}

static bool is_disabled(const struct disabled *disabled, struct str agent)
{
	if (!agent.data)
		return false;
	if (disabled->msie6 && is_msie6(agent))
		return true;
	for (size_t i = 0; i < disabled->count; i++)
		if (pattern_match(NULL, disabled->patterns[i], agent) != MATCH_NO)
			return true;
	return false;
}

static bool has_directive(struct request *req, struct str name)
{
	for (struct header *field = req->response.headers; field; field = field->next)
		if (str_eq_nocase(field->name, STR("Cache-Control")) &&
		    list_has(field->value, name))
			return true;
	return false;
}

/* The rules and their order are those of nginx. */
static bool may_be_proxied(struct request *req, unsigned rules)
{
	const struct header *expires = response_find(req, STR("Expires"));
	const struct response *response = &req->response;
	time_t when;

	if (rules & (PROXIED_OFF | PROXIED_ANY))
		return rules & PROXIED_ANY && !(rules & PROXIED_OFF);
	if (rules & PROXIED_AUTH && req->known.authorization.data)
		return true;
	if (expires)
		return rules & PROXIED_EXPIRED && date_parse_http(expires->value, &when) == 0 &&
		       when < clock_wall_ms() / 1000;
	if (response_find(req, STR("Cache-Control")))
		return (rules & PROXIED_NO_CACHE && has_directive(req, STR("no-cache"))) ||
		       (rules & PROXIED_NO_STORE && has_directive(req, STR("no-store"))) ||
		       (rules & PROXIED_PRIVATE && has_directive(req, STR("private")));
	if (rules & PROXIED_NO_LAST_MODIFIED && response->last_modified >= 0)
		return false;
	return !(rules & PROXIED_NO_ETAG && !str_empty(response->etag));
}

static bool allows(struct request *req, const void *data)
{
	const struct gzip_conf *conf = data;

	if ((int)req->version < conf->http_version)
		return false;
	if (request_header(req, STR("Via")) && !may_be_proxied(req, conf->proxied))
		return false;
	return !is_disabled(&conf->disabled, req->known.user_agent);
}

/* Seconds for many megabytes, so the length does not matter. */
static int best_level(uint64_t length)
{
	(void)length;
	return 9;
}

static const struct coding gzip_coding = {
	.name = STR_INIT("gzip"),
	.suffix = STR_INIT(".gz"),
	.tag = STR_INIT("gz"),
	.preference = 1,
	.allows = allows,
	.begin = begin,
	.encode = encode,
	.end = end,
	.memory = memory,
	.best_level = best_level,
};

/* --- handlers ------------------------------------------------------------------ */

/* Decodes a response that is already encoded, if the client does not accept gzip. */
static verdict decode(struct request *req, const struct gzip_conf *conf)
{
	const struct header *encoding = response_find(req, STR("Content-Encoding"));

	if (!conf->coding.decodes || !req->response.body || !encoding ||
	    !str_eq_nocase(encoding->value, STR("gzip")))
		return PASS;
	response_vary(req, STR("Accept-Encoding"));
	if (coding_is_accepted(req, &gzip_coding) && allows(req, conf))
		return PASS;
	return gunzip_response(req);
}

static verdict gzip_filter(struct request *req, const void *conf)
{
	verdict v = coding_filter(req, conf);

	return v == PASS ? decode(req, conf) : v;
}

static bool get_ratio(struct request *req, struct str rest, const void *data, struct str *out)
{
	(void)rest;
	(void)data;
	return coding_ratio(req, &gzip_coding, out);
}

/* --- configuration --------------------------------------------------------------- */

static int set_disable(struct conf_call *call)
{
	struct gzip_conf *conf = call->data;
	struct disabled *disabled = &conf->disabled;

	for (size_t i = 0; i < call->node->nargs; i++) {
		const struct conf_word *word = &call->node->args[i];

		if (str_eq(word->text, STR("msie6"))) {
			disabled->msie6 = true;
			continue;
		}
		const struct pattern *pattern = pattern_compile(call, word, 0, true);
		if (!pattern)
			return -EINVAL;
		disabled->patterns = pool_grow(call->pool, disabled->patterns, disabled->count,
					       &disabled->capacity, sizeof(pattern));
		disabled->patterns[disabled->count++] = pattern;
	}
	return 0;
}

static const struct keyword proxied_keywords[] = {
	{ "off", PROXIED_OFF },		  { "expired", PROXIED_EXPIRED },
	{ "no-cache", PROXIED_NO_CACHE }, { "no-store", PROXIED_NO_STORE },
	{ "private", PROXIED_PRIVATE },	  { "no_last_modified", PROXIED_NO_LAST_MODIFIED },
	{ "no_etag", PROXIED_NO_ETAG },	  { "auth", PROXIED_AUTH },
	{ "any", PROXIED_ANY },		  { NULL, 0 },
};

static const struct keyword version_keywords[] = {
	{ "1.0", HTTP_1_0 },
	{ "1.1", HTTP_1_1 },
	{ NULL, 0 },
};

const struct module gzip_module = {
	.name = "gzip",
	.summary = "compresses responses with gzip: gzip, gzip_static, gunzip",
	.conf_size = sizeof(struct gzip_conf),
	.coding = &gzip_coding,
	.library = library,
	.directives = (const struct directive[]) {
		DIRECTIVE("gzip", IN_ANY_HTTP | IN_IF, struct gzip_conf, coding.on, "on | off",
			  "Encodes responses with gzip for clients that accept it "
			  "(Accept-Encoding). A response is encoded if its status is 200, 403 or "
			  "404, its type is in gzip_types, its length is at least "
			  "gzip_min_length, and it is not encoded already.\n\n"
			  "    gzip on;\n"
			  "    gzip_types text/css text/javascript image/svg+xml;\n\n"
			  "A file of up to 8 MiB is encoded once by a thread, when this version "
			  "of the file is first requested. If the result is at least 5 % shorter "
			  "than the file, it is kept in the file_cache, and has its own length, "
			  "ETag and ranges. Later a better form takes its place (compress_cache). "
			  "Larger files and other responses are encoded while they are sent.\n\n"
			  "Responses with the directive no-transform in Cache-Control are not "
			  "encoded, and neither are private responses (compress_private). "
			  "Responses that depend on Accept-Encoding have the field Vary: "
			  "Accept-Encoding, and a different ETag for each coding. See also "
			  "`compress`, which turns several codings on.",
			  .initial = "off"),
		DIRECTIVE("gzip_static", IN_ANY_HTTP, struct gzip_conf, coding.ready_made,
			  "on | off | always",
			  "Sends the file NAME.gz in place of NAME if NAME.gz exists. With `on` "
			  "it is sent to clients that accept gzip, with `always` to all clients. "
			  "NAME itself may be missing.\n\n"
			  "    gzip_static on;     # /a.css: the file a.css.gz\n\n"
			  "A ready-made file that is older than NAME (by its modification time "
			  "in seconds) is not sent, and the error log says so once. If several "
			  "codings are acceptable, one with a ready-made file is chosen.",
			  .initial = "off", .keywords = ready_made_keywords),
		DIRECTIVE("gunzip", IN_ANY_HTTP, struct gzip_conf, coding.decodes, "on | off",
			  "Decodes responses that are encoded with gzip for clients that do not "
			  "accept gzip. So a site can keep only the encoded files:\n\n"
			  "    gzip_static always;\n"
			  "    gunzip on;",
			  .initial = "off"),
		DIRECTIVE_SET("gzip_types", IN_ANY_HTTP, coding_set_types, "media-type ...",
			      "The types of responses that are encoded, in addition to "
			      "text/html. * stands for any type.\n\n"
			      "    gzip_types text/css application/javascript image/svg+xml;",
			      .min_args = 1, .max_args = MANY_ARGS, .flags = LIST,
			      FIELD_AT(struct gzip_conf, coding.types)),
		DIRECTIVE("gzip_comp_level", IN_ANY_HTTP, struct gzip_conf, coding.level, "level",
			  "The level of compression. 1 is the fastest; 9 gives the shortest "
			  "result and takes about five times as long.\n\n"
			  "    gzip_comp_level 6;",
			  .initial = "1", .min = 1, .max = 9),
		DIRECTIVE("gzip_min_length", IN_ANY_HTTP, struct gzip_conf, coding.min_length,
			  "length",
			  "Responses that are known to be shorter than this are not encoded.\n\n"
			  "    gzip_min_length 256;",
			  .initial = "20"),
		DIRECTIVE("gzip_proxied", IN_ANY_HTTP, struct gzip_conf, proxied,
			  "off | expired | no-cache | no-store | private | no_last_modified | "
			  "no_etag | auth | any ...",
			  "Which responses are encoded for requests that came through a proxy, "
			  "that is, requests with the field Via. off: none. expired: responses "
			  "with Expires in the past. no-cache, no-store, private: responses with "
			  "this directive in Cache-Control. no_last_modified, no_etag: responses "
			  "without this field. auth: responses to requests with Authorization. "
			  "any: all. If the response has Expires or Cache-Control, only the "
			  "words for these fields and auth are considered. The directive also "
			  "applies to gzip_static and gunzip.\n\n"
			  "    gzip_proxied no-cache no-store private;",
			  .initial = "off", .keywords = proxied_keywords),
		DIRECTIVE("gzip_http_version", IN_ANY_HTTP, struct gzip_conf, http_version,
			  "1.0 | 1.1",
			  "The lowest version of HTTP with which gzip is used.\n\n"
			  "    gzip_http_version 1.0;",
			  .initial = "1.1", .keywords = version_keywords),
		DIRECTIVE_SET("gzip_disable", IN_ANY_HTTP, set_disable, "regex ...",
			      "Turns gzip off for clients whose field User-Agent matches one of "
			      "the expressions. Upper and lower case are the same. The word "
			      "msie6 stands for Internet Explorer 4 to 6, except version 6 with "
			      "Service Pack 2.\n\n"
			      "    gzip_disable msie6;",
			      .min_args = 1, .max_args = MANY_ARGS, .flags = LIST,
			      FIELD_AT(struct gzip_conf, disabled)),
		DIRECTIVE_OBSOLETE("gzip_vary", IN_ANY_HTTP, "on | off",
				   "Vary: Accept-Encoding is sent with every response that "
				   "depends on that field: without it caches would give encoded "
				   "responses to clients that cannot read them."),
		DIRECTIVE_OBSOLETE("gzip_buffers", IN_ANY_HTTP, "number size",
				   "Buffers are as large as what can be sent."),
		DIRECTIVE_OBSOLETE("gunzip_buffers", IN_ANY_HTTP, "number size",
				   "Buffers are as large as what can be sent."),
		DIRECTIVE_OBSOLETE("gzip_window", IN_ANY_HTTP, "size",
				   "The window is as large as the response, up to 32 KiB."),
		DIRECTIVE_OBSOLETE("gzip_hash", IN_ANY_HTTP, "size",
				   "The memory of the encoder follows from the length of the "
				   "response."),
		{ 0 }
	},
	.variables = (const struct variable[]) {
		{ "gzip_ratio", get_ratio,
		  "The length of the response divided by its length when encoded with gzip.\n\n"
		  "    log_format ratios \"$gzip_ratio $request\";",
		  VARIABLE_VOLATILE | VARIABLE_PLAIN },
		{ 0 }
	},
	.on[PHASE_CONTENT] = coding_content,
	.on[PHASE_FILTER] = gzip_filter,
	.filter_role = FILTER_ENCODING,
	.if_configured = true,
};
