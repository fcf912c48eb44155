/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The coding br: brotli (RFC 7932).
 *
 *     brotli on;
 *     brotli_types text/css text/javascript image/svg+xml;
 *     brotli_static on;
 */
#include <module.h>

#include <brotli/encode.h>
#include <stdio.h>

extern const struct module brotli_module;

struct brotli_conf {
	struct coding_conf coding; /* first */
};

/* --- the encoder ------------------------------------------------------------- */

enum {
	WINDOW_MIN = BROTLI_MIN_WINDOW_BITS,
	WINDOW_MAX = 18, /* of content whose length is known */
	WINDOW_OF_STREAM = 16, /* of content whose length is not */
};

/* The window need not be larger than the content. */
static int window_bits(int64_t length)
{
	int bits = WINDOW_MIN;

	if (length < 0)
		return WINDOW_OF_STREAM;
	while (bits < WINDOW_MAX && length > (INT64_C(1) << bits) - 16)
		bits++;
	return bits;
}

static void *begin(int level, int64_t length)
{
	BrotliEncoderState *encoder = BrotliEncoderCreateInstance(NULL, NULL, NULL);

	if (!encoder)
		return NULL;
	BrotliEncoderSetParameter(encoder, BROTLI_PARAM_QUALITY, (uint32_t)level);
	BrotliEncoderSetParameter(encoder, BROTLI_PARAM_LGWIN, (uint32_t)window_bits(length));
	if (length > 0 && length < UINT32_MAX)
		BrotliEncoderSetParameter(encoder, BROTLI_PARAM_SIZE_HINT, (uint32_t)length);
	return encoder;
}

static int encode(void *stream, enum coding_step step, struct str *in, char **to, char *limit)
{
	static const BrotliEncoderOperation operations[] = {
		[CODING_MORE] = BROTLI_OPERATION_PROCESS,
		[CODING_FLUSH] = BROTLI_OPERATION_FLUSH,
		[CODING_END] = BROTLI_OPERATION_FINISH,
	};
	const uint8_t *from = (const uint8_t *)in->data;
	uint8_t *out = (uint8_t *)*to;
	size_t room = (size_t)(limit - *to);
	bool is_good = BrotliEncoderCompressStream(stream, operations[step], &in->len, &from, &room,
						   &out, NULL);

	in->data = (const char *)from;
	*to = (char *)out;
	if (!is_good)
		return -EIO;
	if (step == CODING_END)
		return BrotliEncoderIsFinished(stream);
	return in->len == 0 && !BrotliEncoderHasMoreOutput(stream);
}

static void end(void *stream)
{
	BrotliEncoderDestroyInstance(stream);
}

/*
 * The memory of an encoder in KiB: measured with brotli 1.0.9 for text and for random bytes, and
 * rounded up.
 */
static size_t memory(int level, int64_t length)
{
	static const uint16_t in_16_bits[] = { 160,  320,  900,  900,  1800, 1800,
					       1800, 1800, 1800, 2600, 3500, 5800 };
	static const uint16_t in_18_bits[] = { 160,  320,   2100,  2100,  3000,	 3600,
					       4600, 10800, 19000, 38000, 12500, 22000 };

	return (size_t)(window_bits(length) <= 16 ? in_16_bits : in_18_bits)[level] << 10;
}

/* Level 11 needs about two seconds for 1 MiB; level 9 a tenth of that. */
static int best_level(uint64_t length)
{
	return length <= 1 << 20 ? 11 : 9;
}

static const struct coding brotli_coding = {
	.name = STR_INIT("br"),
	.suffix = STR_INIT(".br"),
	.tag = STR_INIT("br"),
	.preference = 3,
	.begin = begin,
	.encode = encode,
	.end = end,
	.memory = memory,
	.best_level = best_level,
};

static const char *library(void)
{
	static char text[32];
	uint32_t version = BrotliEncoderVersion();

	snprintf(text, sizeof(text), "brotli %u.%u.%u", version >> 24, version >> 12 & 0xfff,
		 version & 0xfff);
	return text;
}

/* --- the module -------------------------------------------------------------- */

static bool get_ratio(struct request *req, struct str rest, const void *data, struct str *out)
{
	(void)rest;
	(void)data;
	return coding_ratio(req, &brotli_coding, out);
}

const struct module brotli_module = {
	.name = "brotli",
	.summary = "compresses responses with brotli",
	.conf_size = sizeof(struct brotli_conf),
	.coding = &brotli_coding,
	.library = library,
	.directives = (const struct directive[]) {
		DIRECTIVE("brotli", IN_ANY_HTTP | IN_IF, struct brotli_conf, coding.on, "on | off",
			  "Encodes responses with brotli for clients that accept it (the coding "
			  "br). The rules of `gzip` say which responses are encoded, with "
			  "brotli_types and brotli_min_length. Text becomes about a fifth "
			  "shorter than with gzip.\n\n"
			  "    brotli on;",
			  .initial = "off"),
		DIRECTIVE("brotli_static", IN_ANY_HTTP, struct brotli_conf, coding.ready_made,
			  "on | off | always",
			  "Sends the file NAME.br in place of NAME if NAME.br exists; see "
			  "`gzip_static`.\n\n"
			  "    brotli_static on;",
			  .initial = "off", .keywords = ready_made_keywords),
		DIRECTIVE_SET("brotli_types", IN_ANY_HTTP, coding_set_types, "media-type ...",
			      "The types of responses that are encoded, in addition to "
			      "text/html. * stands for any type.\n\n"
			      "    brotli_types text/css application/javascript;",
			      .min_args = 1, .max_args = MANY_ARGS, .flags = LIST,
			      FIELD_AT(struct brotli_conf, coding.types)),
		DIRECTIVE("brotli_comp_level", IN_ANY_HTTP, struct brotli_conf, coding.level,
			  "level",
			  "The level of compression. 0 is the fastest; 11 gives the shortest "
			  "result and takes about fifty times as long as 6.\n\n"
			  "    brotli_comp_level 5;",
			  .initial = "6", .min = 0, .max = 11),
		DIRECTIVE("brotli_min_length", IN_ANY_HTTP, struct brotli_conf, coding.min_length,
			  "length",
			  "Responses that are known to be shorter than this are not encoded.\n\n"
			  "    brotli_min_length 256;",
			  .initial = "20"),
		DIRECTIVE_OBSOLETE("brotli_window", IN_ANY_HTTP, "size",
				   "The window is as large as the response, up to 256 KiB. It "
				   "has 64 KiB if the length of the response is not known."),
		DIRECTIVE_OBSOLETE("brotli_buffers", IN_ANY_HTTP, "number size",
				   "Buffers are as large as what can be sent."),
		{ 0 }
	},
	.variables = (const struct variable[]) {
		{ "brotli_ratio", get_ratio,
		  "The length of the response divided by its length when encoded with brotli.\n\n"
		  "    log_format ratios \"$brotli_ratio $request\";",
		  VARIABLE_VOLATILE | VARIABLE_PLAIN },
		{ 0 }
	},
	.on[PHASE_CONTENT] = coding_content,
	.on[PHASE_FILTER] = coding_filter,
	.filter_role = FILTER_ENCODING,
	.if_configured = true,
};
