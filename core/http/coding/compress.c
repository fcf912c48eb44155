/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The module with the directives that are not those of one coding.
 *
 *     compress on;
 *     compress br gzip;
 *     location /account/ { compress_private on; }
 */
#include "http/coding/best.h"
#include "http/coding/coding.h"
#include "http/coding/kept.h"

static int unknown_coding(struct conf_call *call, const struct conf_word *word)
{
	const struct coding_entry *list;
	size_t count = codings_list(&list);
	struct str names = STR("on or off");

	for (size_t i = 0; i < count; i++)
		names = pool_printf(call->pool, "%.*s, %.*s", STR_ARG(names),
				    STR_ARG(list[i].coding->name));
	return conf_error(call, word, "\"%.*s\" is no coding of this server\nexpected %.*s",
			  STR_ARG(word->text), STR_ARG(names));
}

static int set_compress(struct conf_call *call)
{
	struct compress_conf *conf = call->data;
	const struct coding_entry *list;
	size_t count = codings_list(&list);
	const struct conf_word *args = call->node->args;
	bool is_one = call->node->nargs == 1;

	conf->codings = 0;
	if (is_one && conf_word_is(&args[0], "off"))
		return 0;
	if (is_one && conf_word_is(&args[0], "on")) {
		conf->codings = (1u << count) - 1;
		if (count == 0)
			conf_warn(call, &args[0],
				  "nothing is compressed: no module with a coding "
				  "is built in\nconfigure with gzip, brotli or zstd");
		return 0;
	}
	for (size_t i = 0; i < call->node->nargs; i++) {
		size_t place = 0;

		while (place < count && !str_eq(list[place].coding->name, args[i].text))
			place++;
		if (place == count)
			return unknown_coding(call, &args[i]);
		conf->codings |= 1u << place;
	}
	return 0;
}

static int start(const void *data)
{
	const struct compress_conf *conf = data;

	encode_limit_memory((size_t)conf->memory.bytes);
	best_start(&conf->cache);
	return 0;
}

static void stop(const void *unused, enum stop_reason reason)
{
	(void)unused;
	(void)reason;
	best_stop();
	kept_stop();
}

const struct module compress_module = {
	.name = "compress",
	.summary = "chooses the coding in which a response is sent",
	.conf_size = sizeof(struct compress_conf),
	.context_size = sizeof(struct coding_context),
	.counters = (const struct counter[]) {
		[COMPRESS_MADE] = { "forms", COUNTER,
				    "Encoded forms of files that workers have made." },
		[COMPRESS_ASKED] = { "compressor_requests", COUNTER,
				     "Forms that workers have asked the compressor for." },
		[COMPRESS_GOT] = { "compressor_forms", COUNTER,
				   "Forms that the compressor has given to workers." },
		[COMPRESS_FAILED] = { "compressor_failures", COUNTER,
				      "Times that the compressor has not answered or was busy." },
		{ 0 }
	},
	.directives = (const struct directive[]) {
		DIRECTIVE_SET("compress", IN_ANY_HTTP | IN_IF, set_compress,
			      "on | off | coding ...",
			      "Encodes responses that become shorter by it, by the codings that "
			      "are built in (br, zstd, gzip) or by those that are named, as far "
			      "as a client accepts them:\n\n"
			      "    compress on;\n"
			      "    compress br gzip;\n\n"
			      "It encodes text, scripts, JSON, XML, SVG, WebAssembly and those "
			      "fonts that are not compressed, from 256 bytes on, at the levels of "
			      "gzip_comp_level, brotli_comp_level and zstd_comp_level. The "
			      "directives `gzip`, `brotli` and `zstd` have types, lengths and "
			      "conditions of their own; a response is encoded if one of these "
			      "directives says so. Ready-made files are looked for by "
			      "`gzip_static`, `brotli_static` and `zstd_static` only.\n\n"
			      "Each version of a file is encoded once, by a thread, and kept: see "
			      "`gzip`.\n\n"
			      "The weights in Accept-Encoding count first. Among codings of the "
			      "same weight, one with a ready-made file comes before one without, "
			      "and br comes before zstd and zstd before gzip.",
			      .min_args = 1, .max_args = MANY_ARGS),
		DIRECTIVE("compress_private", IN_ANY_HTTP, struct compress_conf, is_private_too,
			  "on | off",
			  "Whether responses that are made for one user are encoded, too: those to "
			  "requests with Authorization, and those with Set-Cookie. The length of "
			  "an encoded response tells how much of it repeats itself. If somebody "
			  "can make a user's browser ask for pages that show texts of his choice, "
			  "and sees how long the responses are, he can guess secrets in them "
			  "letter by letter (the attack BREACH). Files are the same for all users, "
			  "and are encoded in any case.\n\n"
			  "    compress_private on;",
			  .initial = "off"),
		DIRECTIVE("compress_memory", IN_MAIN, struct compress_conf, memory, "size",
			  "How much memory the encoders of a worker may take at the same time. "
			  "Each lasts until its client has read the response, and takes about "
			  "300 KiB for gzip, up to 6 MiB for zstd, and 2 to 5 MiB for br at its "
			  "usual level. Responses beyond that are sent as they are.\n\n"
			  "    compress_memory 64m;",
			  .initial = "64m"),
		DIRECTIVE_SET("compress_cache", IN_MAIN, compressor_set,
			      "on | off | [size=size] [results=number] [jobs=number] [file=size] "
			      "[cpu=percent]",
			      "Whether files are encoded a second time, at the best level (gzip 9, "
			      "zstd 19, br 11, or 9 beyond 1 MiB), and what this may take:\n\n"
			      "    compress_cache size=256m cpu=50;\n\n"
			      "The first requests for a file get what a worker has encoded at the "
			      "usual level. Another process, the compressor, then makes the best "
			      "form, once for all workers, and later requests get that; its ETag "
			      "names the other level. A file is encoded again if a form of it was "
			      "used twice and it has not changed for two seconds.\n\n"
			      "`size` limits the bytes of all results (64m), `results` their "
			      "number (4096, or less if the limit of open files is lower); beyond "
			      "that, results that were not used for the longest time are dropped. "
			      "At most `jobs` files wait to be encoded (256), files larger than "
			      "`file` are not encoded again (2m), and encoding takes at most this "
			      "percentage of one CPU (25), at the lowest priority.\n\n"
			      "Files on network and FUSE file systems are not encoded again, since "
			      "reading them may keep the compressor waiting.",
			      .initial = "on", .min_args = 1, .max_args = 5),
		{ 0 }
	},
	.start = start,
	.stop = stop,
	.helper = &compressor,
	.on[PHASE_FILTER] = coding_filter,
	.filter_role = FILTER_ENCODING,
	.if_configured = true,
};
