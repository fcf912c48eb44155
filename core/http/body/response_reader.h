/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How a protocol reads the body of a response. The reader compares the body with the length in
 * the head, and reports breaches of the contract in body.h, so the protocol only has to send the
 * slices.
 */
#ifndef SKUA_HTTP_BODY_RESPONSE_READER_H
#define SKUA_HTTP_BODY_RESPONSE_READER_H

#include <body.h>

struct response_reader {
	struct request *req;
	struct body *body; /* the body that is sent, even if a module replaces response.body */
	int64_t length; /* in bytes, as in the head; -1: not known before the end */
	uint64_t bytes; /* read so far */
	int in_vain; /* reads in a row that had nothing while the body said that it was ready */
	bool waits; /* the last read gave -EAGAIN: ready() will be called */
	void (*ready)(struct request *req);
};

/*
 * Begins to read the body, after the head of the response with its length is written. *reader must
 * be zeroed. ready() is called when a read that has returned -EAGAIN can be repeated; it may be
 * NULL.
 */
void response_reader_start(struct response_reader *reader, struct request *req,
			   void (*ready)(struct request *req));

/*
 * Reads the next slice, of at most max bytes. 1: *out is the slice, which the caller releases. 0:
 * the body has ended, with the right length. -EAGAIN: nothing is there yet. -EIO: the response
 * cannot be completed; the reason is logged, and the protocol must close the connection, or
 * in HTTP/2 reset the stream.
 */
int response_read(struct response_reader *reader, size_t max, struct slice *out);

#endif
