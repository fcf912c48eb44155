/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Encoded forms of files that are kept: each version of a file is encoded once in a worker, by a
 * thread, and all requests get the same bytes, which therefore have a strong tag, a length and
 * ranges.
 */
#ifndef SKUA_HTTP_CODING_KEPT_H
#define SKUA_HTTP_CODING_KEPT_H

#include <module.h>

enum kept_state {
	KEPT_THERE, /* the form is in *out */
	KEPT_WAIT, /* it is being made: request_wait() was called for this request */
	KEPT_USELESS, /* it is hardly shorter than the plain file */
	KEPT_NONE, /* the file is too large, there is too much to do, or something has failed */
};

/*
 * The form of a version of a file by this coding at this level. Made if it is not there; the
 * caller returns WAIT for KEPT_WAIT, and calls this again when it goes on. *out lives as long as
 * the file is held.
 */
enum kept_state kept_find(struct request *req, struct file *file, const struct coding *coding,
			  int level, struct str *out);

/* The process ends: what no thread has begun is not made any more. */
void kept_stop(void);

/* Whether the form was made, and somebody has had it. */
bool kept_is_there(const struct file *file, const struct coding *coding, int level);

#endif
