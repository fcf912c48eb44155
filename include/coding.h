/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Content codings (RFC 9110 section 8.4.1): forms in which a response is shorter on its way.
 * A module that brings a coding describes it by a struct coding in its table, begins its
 * configuration struct with a struct coding_conf, and has two handlers of the server:
 *
 *     const struct module gzip_module = {
 *             .coding = &gzip_coding,
 *             .on[PHASE_CONTENT] = coding_content,
 *             .on[PHASE_FILTER] = coding_filter,
 *             .filter_role = FILTER_ENCODING,
 *             .if_configured = true,
 *             …
 *
 * The server does the rest, for all codings together: it chooses by Accept-Encoding, looks for
 * ready-made files, sets Content-Encoding, Vary and ETag, and encodes the body while it is
 * sent. `compress` (skua help compress) turns on codings of all such modules.
 */
#ifndef SKUA_CODING_H
#define SKUA_CODING_H

#include <stdbool.h>
#include <stdint.h>

#include <conf.h>
#include <hash.h>
#include <request.h>
#include <str.h>

/* What is wanted of an encoder with the bytes that it is given. */
enum coding_step {
	CODING_MORE, /* more follow; it may keep bytes back */
	CODING_FLUSH, /* more may follow later: the client shall be able to decode these */
	CODING_END, /* they are the last ones */
};

struct coding {
	struct str name; /* in Content-Encoding and Accept-Encoding, lower case: "gzip" */
	struct str suffix; /* of ready-made files: ".gz" */
	struct str tag; /* in the ETag of an encoded form: "gz" */
	int preference; /* the coding with the greatest one is taken if a client has none */

	/*
	 * Whether this request may get the coding at all, though Accept-Encoding names it.
	 * Not asked for `compress`. NULL: it may.
	 */
	bool (*allows)(struct request *req, const void *conf);

	/*
	 * The encoder. begin() starts a stream: of `length` bytes, -1 if that is not known. It
	 * returns NULL if there is no memory.
	 *
	 * encode() takes bytes off *in, and writes to *to, which it moves on, not beyond
	 * `limit`. It returns 1 when it has taken all bytes and carried the step out; 0 when
	 * there was too little room, and it is to be called again with the same step; -EIO if
	 * the library reports an error.
	 *
	 * end() releases the stream at any moment. memory() says how many bytes a stream takes
	 * at most. All four may be called on any thread.
	 */
	void *(*begin)(int level, int64_t length);
	int (*encode)(void *stream, enum coding_step step, struct str *in, char **to, char *limit);
	void (*end)(void *stream);
	size_t (*memory)(int level, int64_t length);
};

/* Which responses are encoded by their media type. Zeroed: text/html alone. */
struct coding_types {
	struct hash_table *table; /* the other types, in lower case */
	bool any; /* "*" */
};

/* Values of the directives NAME_static. */
enum ready_made {
	READY_MADE_OFF,
	READY_MADE_ON, /* for clients that accept the coding */
	READY_MADE_ALWAYS, /* for all clients */
};
extern const struct keyword ready_made_keywords[];

/* The settings that all codings have. First in the configuration struct of their modules. */
struct coding_conf {
	bool on; /* responses are encoded while they are sent */
	int ready_made; /* enum ready_made */
	bool decodes; /* its forms are decoded for clients that do not accept them (gunzip) */
	struct coding_types types;
	int64_t level;
	struct size min_length; /* shorter responses are not encoded */
};

/* The setter of the directives NAME_types; flags LIST, FIELD_AT(struct …, coding.types). */
int coding_set_types(struct conf_call *call);

/* Handlers of CONTENT and FILTER (role ENCODING) for modules with a coding. */
verdict coding_content(struct request *req, const void *conf);
verdict coding_filter(struct request *req, const void *conf);

/*
 * Whether Accept-Encoding allows the coding (RFC 9110 section 12.5.3). A request without this
 * field accepts none.
 */
bool coding_is_accepted(struct request *req, const struct coding *coding);

/*
 * compress_memory: what all encoders and decoders of a worker may take together, since each lasts
 * as long as its client reads. The server counts encoders; a decoder takes its part by itself.
 * False, and a line in the error log now and then: there is too little left.
 */
bool coding_take_memory(size_t bytes);
void coding_give_memory_back(size_t bytes);

/*
 * For variables such as $gzip_ratio: the length of the content divided by that of its encoded
 * form, with two decimals. False if the response was not encoded by this coding.
 */
bool coding_ratio(struct request *req, const struct coding *coding, struct str *out);

#endif
