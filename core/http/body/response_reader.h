/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How a protocol reads the body of a response. The reader keeps to what the head has said, and
 * reports what the body does against its contract (body.h), so that the protocol only has to
 * send what it gets.
 */
#ifndef SKUA_HTTP_REQUEST_RESPONSE_READER_H
#define SKUA_HTTP_REQUEST_RESPONSE_READER_H

#include <body.h>

struct response_reader {
	struct request *req;
	struct body *body; /* that is sent, whatever modules make of response.body */
	int64_t length; /* as the head says; -1: its end shows it */
	uint64_t bytes; /* read so far */
	int in_vain; /* reads in a row that had nothing while the body said that it was ready */
	bool waits; /* the last read gave -EAGAIN: ready() will be called */
	void (*ready)(struct request *req);
};

/*
 * The head of the response is written, and says the length of the body. *reader is zeroed.
 * ready() is called when a read that gave -EAGAIN is to be repeated; NULL: nobody is told.
 */
void response_reader_start(struct response_reader *reader, struct request *req,
			   void (*ready)(struct request *req));

/*
 * Reads the next slice, of at most max bytes. 1: *out; 0: the end, at its length; -EAGAIN: not
 * yet; -EIO: the response cannot be completed. Then the error log says why, and that the
 * connection is closed, which the protocol has to do.
 */
int response_read(struct response_reader *reader, size_t max, struct slice *out);

#endif
