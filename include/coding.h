/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Content codings (RFC 9110 section 8.4.1), which make a response shorter while it is sent.
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

/* What encode() is to do with the bytes that it is given. */
enum coding_step {
	CODING_MORE, /* more bytes follow; the encoder may keep bytes back */
	CODING_FLUSH, /* write out all that a client needs to decode them; more may follow later */
	CODING_END, /* these are the last bytes */
};

struct coding {
	struct str name; /* in Content-Encoding and Accept-Encoding, lower case: "gzip" */
	struct str suffix; /* of ready-made files: ".gz" */
	struct str tag; /* in the ETag of an encoded form: "gz" */
	int preference; /* among codings with equal weights in a request, the greatest is taken */

	/*
	 * Whether this request may get the coding at all, even if Accept-Encoding names it. Not
	 * called if the directive `compress` has turned on the coding. NULL: it may.
	 */
	bool (*allows)(struct request *req, const void *conf);

	/*
	 * The encoder. begin() starts a stream whose input has `length` bytes, or -1 if the
	 * length is not known. It returns the stream, which end() releases, or NULL if there is
	 * no memory.
	 *
	 * encode() consumes bytes from the front of *in and writes to *to, which it advances up
	 * to `limit`. It returns 1 when it has consumed all bytes and completed the step; 0 when
	 * there was too little room, so that it must be called again with the same step; or -EIO
	 * if the library reports an error.
	 *
	 * end() may be called at any moment after begin(). memory() returns how many bytes of
	 * memory a stream needs at most. All four may be called on any thread.
	 */
	void *(*begin)(int level, int64_t length);
	int (*encode)(void *stream, enum coding_step step, struct str *in, char **to, char *limit);
	void (*end)(void *stream);
	size_t (*memory)(int level, int64_t length);

	/*
	 * The level at which the compressor (`compress_cache`) encodes a file of this length in
	 * the background, once for all workers. It may take seconds. 0: such files stay at their
	 * first level. NULL: all of them do.
	 */
	int (*best_level)(uint64_t length);
};

/* The coding of this name among those that are built in, or NULL. */
const struct coding *coding_find(struct str name);

/* The media types of the responses that are encoded. Zeroed: text/html alone. */
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
	bool decodes; /* encoded forms are decoded for clients that do not accept them (gunzip) */
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
 * Reserves memory of the limit compress_memory, which holds for all encoders and decoders of a
 * worker together, because each of them lives until its client has read the response. The server
 * calls this for encoders. The module of a decoder calls it itself, and gives the same number of
 * bytes back afterwards. False: too little is left, and the error log says so from time to time.
 */
bool coding_take_memory(size_t bytes);
void coding_give_memory_back(size_t bytes);

/*
 * For variables such as $gzip_ratio: the length of the content divided by that of its encoded
 * form, with two decimals. False if the response was not encoded by this coding.
 */
bool coding_ratio(struct request *req, const struct coding *coding, struct str *out);

#endif
