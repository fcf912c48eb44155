/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Kept encoded forms of files. In each worker, a thread encodes each version of a file once, and
 * all requests get the same bytes. So these responses have a strong ETag, a length and ranges.
 */
#ifndef SKUA_HTTP_CODING_KEPT_H
#define SKUA_HTTP_CODING_KEPT_H

#include <module.h>

enum kept_state {
	KEPT_THERE, /* the form is in *out */
	KEPT_WAIT, /* it is being made: request_wait() was called for this request */
	KEPT_USELESS, /* it is hardly shorter than the plain file */
	KEPT_NONE, /* the file is too large, the queue is full, or an error has occurred */
};

/*
 * Finds the form of a file version with this coding and level, or makes it. For KEPT_WAIT the
 * handler returns WAIT, and calls this again when it is called again. For KEPT_THERE, *out is
 * valid as long as the file is held.
 */
enum kept_state kept_find(struct request *req, struct file *file, const struct coding *coding,
			  int level, struct str *out);

/* The length of a form that was made, and somebody has had; 0: there is none. */
size_t kept_length(const struct file *file, const struct coding *coding, int level);

/* Drops a form that was made. False: a request holds the file, and may use the form. */
bool kept_drop(struct file *file, const struct coding *coding, int level);

/* Drops the jobs that have not begun, at the end of the process. */
void kept_stop(void);

#endif
