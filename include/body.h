/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Bodies are pulled. The connection asks the body of the response for the next
 * slice when the socket can take more; a filter is a body that holds another
 * one and reads from that one. So no body has to care how fast a client is.
 */
#ifndef SKUA_BODY_H
#define SKUA_BODY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <str.h>

struct body;
struct module;
struct request;

/*
 * A piece of a body: memory (data set) or a range of a file (data NULL). It is
 * valid until slice_release(); several may be held at once, and they may be
 * released after the body was closed.
 */
struct slice {
	const char *data;
	size_t len;
	int fd;
	bool is_copied; /* a range of a file: it is read and written, not sent by sendfile(2) */
	uint64_t offset;
	void (*release)(void *owner); /* NULL: nothing to release */
	void *owner;
};

static inline void slice_release(struct slice *slice)
{
	if (slice->release)
		slice->release(slice->owner);
	slice->release = NULL;
}

struct body_ops {
	/*
	 * Gives the next slice, of 1 to max bytes. 1: *out is one; 0: the end;
	 * -EAGAIN: not yet, body_ready() will be called; another -errno: the
	 * body is broken and the connection must be closed. A body that calls
	 * body_ready() in here, and has nothing, a thousand times in a row is broken, too.
	 */
	int (*read)(struct body *body, size_t max, struct slice *out);

	/*
	 * The next read starts `offset` bytes from the beginning. 0 or -errno.
	 * NULL: this body cannot, and no ranges are offered.
	 */
	int (*seek)(struct body *body, uint64_t offset);

	/* Releases what the body holds; at any moment, also while it waits. */
	void (*close)(struct body *body);
};

/*
 * The head of every body; put it first in a struct of your own, allocated from
 * the request's pool. Members that you do not set must be zero.
 */
struct body {
	const struct body_ops *ops;
	int64_t length; /* in bytes; -1: not known before the end. Settled when FILTER is over */
	void (*ready)(void *data); /* set by the reader; called by body_ready() */
	void *ready_data;
	const struct module *module; /* whose handler has made it the response's; set by the walk */
};

/* Results of body_ops.read that are no errors of errno(3) begin here. */
enum { BODY_ERRORS = 4096 };

/* For body_read(): names what is wrong with a result. -EIO. */
int body_breach(const struct body *body, int result, size_t max, struct slice *out);

/*
 * Reads by way of body_ops. What breaks its contract is -EIO, and an alert in the error log
 * names the module of the body: an empty slice, one of more than max bytes or of nothing,
 * and results that are none.
 */
static inline int body_read(struct body *body, size_t max, struct slice *out)
{
	*out = (struct slice){ .fd = -1 };

	int result = body->ops->read(body, max, out);
	bool is_sound = result == 1 ? out->len - 1 < max && (out->data || out->fd >= 0) :
				      result <= 0 && result > -BODY_ERRORS;

	return is_sound ? result : body_breach(body, result, max, out);
}

/*
 * Reads as body_read() does, but never gives a range of a file: reads the
 * range into memory of at most max bytes. For filters that look at bytes.
 */
int body_read_memory(struct body *body, size_t max, struct slice *out);

/* Calls ops->close(). NULL is fine. */
void body_close(struct body *body);

/* For a body whose read() has returned -EAGAIN: there is more now. On the loop's thread. */
static inline void body_ready(struct body *body)
{
	if (body->ready)
		body->ready(body->ready_data);
}

/*
 * From now on body_ready() of the inner body calls that of the outer one. Call it once, when
 * the outer body is made; body_wrap() does.
 */
void body_forward_ready(struct body *inner, struct body *outer);

/*
 * What the body of a filter begins with; put it first in a struct of your own. body_wrap()
 * stores the response's body in filter->inner and makes the filter the response's body, with
 * a length as in struct body. ops->close is body_filter_close(), or a function that calls it.
 */
struct body_filter {
	struct body body;
	struct body *inner;
};

void body_wrap(struct request *req, struct body_filter *filter, const struct body_ops *ops,
	       int64_t length);
void body_filter_close(struct body *body);

/*
 * Parts of a slice, for a filter that passes on pieces of what it has read without copying
 * them. slice_share() takes over the slice and returns it with one reference, which
 * slice_unshare() drops. slice_part() makes a slice of the len bytes at `offset`, which holds
 * a further reference until it is released. The last reference to be dropped releases the
 * slice.
 */
struct shared_slice;
struct shared_slice *slice_share(struct slice slice);
struct slice slice_part(struct shared_slice *shared, size_t offset, size_t len);
void slice_unshare(struct shared_slice *shared); /* NULL is fine */

/*
 * A filter that looks through the bytes of its inner body and passes on parts of them without
 * a copy; put it first in place of struct body_filter, and hand &scanner->filter to
 * body_wrap(). ops->close is body_scanner_close(), or a function that calls it. ops->read
 * calls body_scanner_fill(), looks at bytes[at] and further, and moves `at` on.
 */
struct body_scanner {
	struct body_filter filter;
	struct shared_slice *input;
	const char *bytes; /* what was read last */
	size_t at, len;    /* bytes[at] to bytes[len - 1] have not been looked at */
};

/* 1: at < len (reads up to max bytes if needed); 0: the inner body has ended; or -errno. */
int body_scanner_fill(struct body_scanner *scanner, size_t max);

/* The len bytes from bytes[begin], valid until they are released, as slice_part(). */
struct slice body_scanner_part(struct body_scanner *scanner, size_t begin, size_t len);
void body_scanner_close(struct body *body);

/* Bytes that outlive the request or lie in its pool. */
struct body *body_from_memory(struct request *req, struct str bytes);

/*
 * The bytes from offset 0 to length of an open file. `end` is called with
 * `owner` when neither the body nor a slice of it needs the descriptor any
 * longer; NULL: nothing is called. A file that has become shorter makes read fail
 * with -EIO.
 */
struct body *body_from_file(struct request *req, int fd, uint64_t length,
			    void (*end)(void *owner), void *owner);

#endif
