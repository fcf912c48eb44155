/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Declarations that the files of this folder share. How a response is encoded:
 *
 *     coding_content()      choice.c      responds if only a ready-made file exists
 *     coding_filter()       choice.c      finds the possible forms, and chooses one
 *       ready_made_find()   ready_made.c  finds a ready-made file beside the plain one
 *       accept_choose()     accept.c      chooses the best form for this client
 *       best_find()         best.c        finds the form of a file that the compressor has made
 *       kept_find()         kept.c        finds the encoded form of a file, made here and kept
 *       encode_response()   encode.c      encodes the body while it is sent
 *
 * compressor.c is the helper that makes the best forms, and form_key.c has what workers and it send
 * to each other. settings.c reads the settings of a coding and Accept-Encoding. compress.c has the
 * directives that apply to all codings.
 */
#ifndef SKUA_HTTP_CODING_CODING_H
#define SKUA_HTTP_CODING_CODING_H

#include <module.h>

#include "http/coding/compressor.h"

enum { CODINGS_MAX = 8 };

extern const struct module compress_module;

struct compress_conf {
	unsigned codings; /* bits, by the places of codings_list() */
	bool is_private_too; /* compress_private */
	struct size memory; /* compress_memory: limit for the encoders of each worker */
	struct compress_cache cache; /* compress_cache */
};

/* A coding and its module, and the module's index. */
struct coding_entry {
	const struct coding *coding;
	const struct module *module;
	size_t index;
	char version[5]; /* a number for the version of its library, in hexadecimal digits */
};

/* The decisions for one request; zeroed at first. */
struct coding_context {
	const struct body *body; /* of the response, after the decision */
	bool has_looked; /* coding_content() has found no ready-made file to respond with */
	struct str accepts; /* Accept-Encoding */
	const struct coding *coding; /* that encodes the body, for coding_ratio() */
	uint64_t in, out; /* bytes so far, before and after encoding */
};

/* The codings of this server; returns their number. */
size_t codings_list(const struct coding_entry **list);

/* The settings of a coding in the location of the request. */
const struct coding_conf *coding_settings(const struct request *req,
					  const struct coding_entry *entry);

struct coding_context *coding_context(struct request *req);

/* Whether a media type, which may have parameters, is one of them. */
bool coding_types_have(const struct coding_types *types, struct str type);

/* Whether `compress` encodes responses of this type. */
bool compress_has_type(struct str type);

/*
 * The field Accept-Encoding. data NULL: there is none, or this is a subrequest, whose response
 * becomes a part of another one and is not encoded.
 */
struct str coding_accepts(struct request *req);

/* Whether the module of the coding allows it for this request (coding->allows). */
bool coding_allows(struct request *req, const struct coding_entry *entry);

/* Whether ready-made files of any coding are looked for. */
bool coding_wants_ready_made(const struct request *req);

/*
 * Finds the ready-made file of this coding beside `path`. PASS: *out is the file, or NULL if there
 * is none that can be used. WAIT: the handler returns WAIT. `plain` is the file at `path`, or NULL.
 */
verdict ready_made_find(struct request *req, const struct coding *coding, struct str path,
			const struct file *plain, struct file **out);

/*
 * Replaces the body of the response by one that encodes it while it is sent. False: compress_memory
 * allows no further encoder now; then the response is unchanged.
 */
bool encode_response(struct request *req, const struct coding *coding, int level);

/* How many bytes the encoders of this process may use together. */
void encode_limit_memory(size_t bytes);

/* The counters of compress_module. */
enum compress_counter { COMPRESS_MADE, COMPRESS_ASKED, COMPRESS_GOT, COMPRESS_FAILED };

#endif
