/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The coding zstd: Zstandard (RFC 8878).
 *
 *     zstd on;
 *     zstd_types text/css text/javascript image/svg+xml;
 *     zstd_static on;
 */
#include <module.h>

#include <stdio.h>
#include <zstd.h>

extern const struct module zstd_module;

struct zstd_conf {
	struct coding_conf coding; /* first */
};

/* --- the encoder ------------------------------------------------------------- */

/*
 * The binary logarithms of the size of the window, and of the tables if they would be larger than
 * the window.
 */
enum {
	WINDOW_MAX = 19, /* of content whose length is known */
	WINDOW_OF_STREAM = 17, /* of content whose length is not */
	LEVEL_WITH_LARGE_TABLES = 3, /* higher levels have them, too */
};

static bool set(ZSTD_CCtx *encoder, ZSTD_cParameter parameter, int value)
{
	return !ZSTD_isError(ZSTD_CCtx_setParameter(encoder, parameter, value));
}

static bool prepare(ZSTD_CCtx *encoder, int level, int64_t length)
{
	int bits = length < 0 ? WINDOW_OF_STREAM : WINDOW_MAX;
	bool is_large = length < 0 || length > 256 << 10;

	if (!set(encoder, ZSTD_c_compressionLevel, level))
		return false;
	if (is_large && !set(encoder, ZSTD_c_windowLog, bits))
		return false;
	if (is_large && level >= LEVEL_WITH_LARGE_TABLES &&
	    (!set(encoder, ZSTD_c_hashLog, bits) || !set(encoder, ZSTD_c_chainLog, bits)))
		return false;
	return length < 0 ||
	       !ZSTD_isError(ZSTD_CCtx_setPledgedSrcSize(encoder, (unsigned long long)length));
}

static void *begin(int level, int64_t length)
{
	ZSTD_CCtx *encoder = ZSTD_createCCtx();

	if (encoder && prepare(encoder, level, length))
		return encoder;
	ZSTD_freeCCtx(encoder);
	return NULL;
}

static int encode(void *stream, enum coding_step step, struct str *in, char **to, char *limit)
{
	static const ZSTD_EndDirective directives[] = {
		[CODING_MORE] = ZSTD_e_continue,
		[CODING_FLUSH] = ZSTD_e_flush,
		[CODING_END] = ZSTD_e_end,
	};
	ZSTD_inBuffer input = { in->data, in->len, 0 };
	ZSTD_outBuffer output = { *to, (size_t)(limit - *to), 0 };
	size_t left = ZSTD_compressStream2(stream, &output, &input, directives[step]);

	*in = str_skip(*in, input.pos);
	*to += output.pos;
	if (ZSTD_isError(left))
		return -EIO;
	return in->len == 0 && (step == CODING_MORE || left == 0);
}

static void end(void *stream)
{
	ZSTD_freeCCtx(stream);
}

/* The memory of an encoder in bytes: measured with zstd 1.5.4, and rounded up. */
static size_t memory(int level, int64_t length)
{
	(void)level;
	if (length >= 0 && length <= 16 << 10)
		return 700 << 10;
	return length < 0 || length <= 64 << 10 ? 2800 << 10 : 6400 << 10;
}

static int best_level(uint64_t length)
{
	(void)length;
	return 19;
}

static const struct coding zstd_coding = {
	.name = STR_INIT("zstd"),
	.suffix = STR_INIT(".zst"),
	.tag = STR_INIT("zst"),
	.preference = 2,
	.begin = begin,
	.encode = encode,
	.end = end,
	.memory = memory,
	.best_level = best_level,
};

static const char *library(void)
{
	static char text[32];

	snprintf(text, sizeof(text), "zstd %s", ZSTD_versionString());
	return text;
}

/* --- the module -------------------------------------------------------------- */

static bool get_ratio(struct request *req, struct str rest, const void *data, struct str *out)
{
	(void)rest;
	(void)data;
	return coding_ratio(req, &zstd_coding, out);
}

const struct module zstd_module = {
	.name = "zstd",
	.summary = "compresses responses with Zstandard",
	.conf_size = sizeof(struct zstd_conf),
	.coding = &zstd_coding,
	.library = library,
	.directives = (const struct directive[]) {
		DIRECTIVE("zstd", IN_ANY_HTTP | IN_IF, struct zstd_conf, coding.on, "on | off",
			  "Encodes responses with Zstandard for clients that accept it (the "
			  "coding zstd). The rules of `gzip` say which responses are encoded, "
			  "with zstd_types and zstd_min_length. Zstandard is the fastest of the "
			  "codings.\n\n"
			  "    zstd on;",
			  .initial = "off"),
		DIRECTIVE("zstd_static", IN_ANY_HTTP, struct zstd_conf, coding.ready_made,
			  "on | off | always",
			  "Sends the file NAME.zst in place of NAME if NAME.zst exists; see "
			  "`gzip_static`.\n\n"
			  "    zstd_static on;",
			  .initial = "off", .keywords = ready_made_keywords),
		DIRECTIVE_SET("zstd_types", IN_ANY_HTTP, coding_set_types, "media-type ...",
			      "The types of responses that are encoded, in addition to "
			      "text/html. * stands for any type.\n\n"
			      "    zstd_types text/css application/javascript;",
			      .min_args = 1, .max_args = MANY_ARGS, .flags = LIST,
			      FIELD_AT(struct zstd_conf, coding.types)),
		DIRECTIVE("zstd_comp_level", IN_ANY_HTTP, struct zstd_conf, coding.level, "level",
			  "The level of compression. 1 is the fastest; 22 gives the shortest "
			  "result and takes about a hundred times as long.\n\n"
			  "    zstd_comp_level 3;",
			  .initial = "1", .min = 1, .max = 22),
		DIRECTIVE("zstd_min_length", IN_ANY_HTTP, struct zstd_conf, coding.min_length,
			  "length",
			  "Responses that are known to be shorter than this are not encoded.\n\n"
			  "    zstd_min_length 256;",
			  .initial = "20"),
		DIRECTIVE_OBSOLETE("zstd_buffers", IN_ANY_HTTP, "number size",
				   "Buffers are as large as what can be sent."),
		{ 0 }
	},
	.variables = (const struct variable[]) {
		{ "zstd_ratio", get_ratio,
		  "The length of the response divided by its length when encoded with Zstandard."
		  "\n\n    log_format ratios \"$zstd_ratio $request\";",
		  VARIABLE_VOLATILE | VARIABLE_PLAIN },
		{ 0 }
	},
	.on[PHASE_CONTENT] = coding_content,
	.on[PHASE_FILTER] = coding_filter,
	.filter_role = FILTER_ENCODING,
	.if_configured = true,
};
