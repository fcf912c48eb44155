/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Certificates whose paths have variables: ssl_certificate /etc/tls/$ssl_server_name.pem. Which
 * files they are is known only in a handshake, so neither the master nor a worker can read them
 * before. The part of a path before the first variable, up to its last slash, is the directory, and
 * what follows is the name below it.
 *
 *	worker				helper "certificates"
 *	named_set_create() ── names ──>	checks that the configuration can make these names,
 *					and reads the files
 *	parses it on a thread <────────	gives them back, one after the other in a file in memory
 *	ready()
 *
 * A worker keeps what was read for a while, as ssl_certificate_cache says.
 */
#ifndef SKUA_SSL_NAMED_H
#define SKUA_SSL_NAMED_H

#include <helper.h>
#include <module.h>

#include "certificate.h"
#include "settings.h"

enum {
	NAMED_NAME_MAX = 1024, /* bytes of a name below the directory */
	NAMED_FILE_MAX = 256 * 1024, /* bytes of a file */
};

/* A path of the configuration, or "data:" and a text. */
struct named_path {
	struct str text; /* as it is written, for messages */
	bool is_data;
	struct str directory; /* full; not of "data:" */
	const struct template *name; /* below the directory; or what follows "data:" */
};

/* A certificate and its key. Servers with the same paths share it. */
struct named_pair {
	uint32_t number; /* among all of the configuration */
	struct named_path certificate, key;
	const struct str_list *passwords;
	const struct named_pair *next;
};

/* All pairs of a configuration. */
struct named_pairs {
	const struct named_pair *first;
	uint32_t count;
};

/* ssl_certificate_cache, and what a worker keeps by it. */
struct named_cache {
	int64_t max; /* pairs; 0: none is kept */
	struct duration inactive, valid;
	struct named_entries *entries; /* NULL: the worker has read none yet */
};

/* --- the configuration --- */

/* The pairs of the configuration that is being read. */
struct named_pairs *named_pairs_of(struct conf *conf);

/* Whether a word of ssl_certificate or ssl_certificate_key has a variable. */
bool named_has_variable(struct str text);

/* For the setter of the directive. 0, or -EINVAL after an error was reported. */
int named_path_parse(struct conf_call *call, const struct conf_word *word,
		     struct named_path **out);

/*
 * The pair with this index, of which one path or both have variables. NULL after an error was
 * reported.
 */
const struct named_pair *named_pair_find(struct conf_call *call, const struct ssl_conf *conf,
					 size_t i);

/* The setter of ssl_certificate_cache; and the cache without this directive. */
int named_cache_set(struct conf_call *call);
struct named_cache *named_cache_default(struct conf_call *call);

/* --- in a worker --- */

/* The certificates of one handshake. */
struct named_set;

/*
 * Finds the certificates of settings->pairs for this request, or asks for them; the set keeps them
 * until it is destroyed. ready(data) is called later, on the loop's thread, if named_set_waits()
 * when this function has returned. NULL after an error was logged: the variables make no name of a
 * file, or too many handshakes wait.
 */
struct named_set *named_set_create(const struct ssl_settings *settings, struct request *req,
				   void (*ready)(void *data), void *data);
void named_set_destroy(struct named_set *set); /* NULL is fine */

bool named_set_waits(const struct named_set *set);

/*
 * The certificate of the pair with this index; NULL: it could not be read. May be called on any
 * thread while the set does not wait.
 */
struct ssl_certificate *named_set_get(const struct named_set *set, size_t i);

/* At the end of the worker. */
void named_finish(void);

/* --- questions --- */

/* What a question to the helper consists of. A hostile worker may have sent it. */
struct named_question {
	uint32_t number; /* of the pair */
	struct str certificate, key; /* names; NUL follows; empty for "data:" */
};

/* Writes the question; returns its length. It has room for NAMED_QUESTION_MAX bytes. */
enum { NAMED_QUESTION_MAX = 4 + 2 * (NAMED_NAME_MAX + 1) };
size_t named_question_write(char *to, const struct named_question *question);
bool named_question_read(struct str from, struct named_question *question);

/* The payload of an answer without an error; the bytes of the file are one after the other. */
struct named_answer {
	uint32_t certificate_len, key_len;
};

/* What has come of a certificate and its key. */
struct named_parsed {
	enum certificate_result result;
	struct ssl_certificate certificate; /* owned by done(); also in part, after a failure */
	const char *reason; /* of a failure; NULL: the worker ends */
};

/*
 * Parses a pair on a thread: the bytes of the file in an answer, and of what is "data:" the text
 * in texts[2], which must stay valid until done(data) is called, later and on the loop's thread.
 * The caller keeps `fd` (-1: both are "data:"). 0 or -errno: then done() is not called.
 */
int named_parse(const struct named_pair *pair, const struct str *texts, int fd,
		struct named_answer lens,
		void (*done)(void *data, const struct named_parsed *outcome), void *data);

/* The process that reads the files. An error's payload is "certificate" or "key". */
extern const struct helper named_helper;

#endif
