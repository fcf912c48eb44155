/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Between the files of this folder. How a response is encoded:
 *
 *     coding_content()      choice.c      answers where only a ready-made file is there
 *     coding_filter()       choice.c      which forms there are, and which one is sent
 *       ready_made_find()   ready_made.c  a file beside the one that is sent
 *       accept_choose()     accept.c      the best form for this client
 *       kept_find()         kept.c        the form of a file, which is made once and kept
 *       encode_response()   encode.c      the body is encoded while it is sent
 *
 * settings.c tells what the configuration and the client say of a coding, and compress.c has the
 * directives that are not those of one coding.
 */
#ifndef SKUA_HTTP_CODING_CODING_H
#define SKUA_HTTP_CODING_CODING_H

#include <module.h>

enum { CODINGS_MAX = 8 };

extern const struct module compress_module;

struct compress_conf {
	unsigned codings; /* bits, by the places of codings_list() */
	bool is_private_too; /* compress_private */
	struct size memory; /* for streams of encoders, in each worker */
};

/* A coding and its module, and the module's index. */
struct coding_entry {
	const struct coding *coding;
	const struct module *module;
	size_t index;
	char version[5]; /* a number for the version of its library, in hexadecimal digits */
};

/* What has been decided in a request; zeroed at first. */
struct coding_context {
	const struct body *body; /* of the response, after the decision */
	bool has_looked; /* coding_content() has found nothing to answer with */
	struct str accepts; /* Accept-Encoding */
	const struct coding *coding; /* by which the body is encoded here, for coding_ratio() */
	uint64_t in, out; /* bytes so far */
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
 * The field Accept-Encoding; data NULL if there is none, and in subrequests, whose responses
 * become parts of others.
 */
struct str coding_accepts(struct request *req);

/* Whether the module of the coding lets the request have it. */
bool coding_allows(struct request *req, const struct coding_entry *entry);

/* Whether ready-made files of any coding are looked for. */
bool coding_wants_ready_made(const struct request *req);

/*
 * The ready-made file of this coding beside `path`: PASS, and *out, which is NULL if there is
 * none to be used; or WAIT. `plain` is the file at `path`; NULL: there is none.
 */
verdict ready_made_find(struct request *req, const struct coding *coding, struct str path,
			const struct file *plain, struct file **out);

/*
 * Replaces the body of the response by one that encodes it while it is sent. False: there is
 * no memory for a further stream now, and nothing has changed.
 */
bool encode_response(struct request *req, const struct coding *coding, int level);

/* The bytes that all streams of this process may take. */
void encode_limit_memory(size_t bytes);

#endif
