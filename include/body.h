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
	 * Reads the next slice, of 1 to max bytes. 1: *out is the slice, which the caller
	 * releases. 0: the body has ended. -EAGAIN: nothing is there yet, and the body will call
	 * body_ready() later. Another -errno: the body is broken, and the connection is closed.
	 * A body that a thousand times in a row calls body_ready() in here and then returns
	 * -EAGAIN counts as broken, too.
	 */
	int (*read)(struct body *body, size_t max, struct slice *out);

	/*
	 * Makes the next read start `offset` bytes from the beginning. 0 or -errno. NULL: the
	 * body cannot seek, so the response offers no ranges.
	 */
	int (*seek)(struct body *body, uint64_t offset);

	/* Releases what the body holds. May be called at any moment, also while it waits. */
	void (*close)(struct body *body);
};

/*
 * The head of every body; put it first in a struct of your own, allocated from
 * the request's pool. Members that you do not set must be zero. A body that gives more or fewer
 * bytes than its length breaks the contract: HTTP/1 closes the connection, HTTP/2 resets the
 * stream, and a line in the error log names the module and the request.
 */
struct body {
	const struct body_ops *ops;
	int64_t length; /* in bytes; -1: unknown until the end. Must not change after FILTER */
	void (*ready)(void *data); /* set by the reader; called by body_ready() */
	void *ready_data;
	const struct module *module; /* the module that made it response.body; set by the core */
};

/* A result of body_ops.read is an errno only if it is greater than minus this number. */
enum { BODY_ERRORS = 4096 };

/* For body_read() alone: logs what is wrong with a result. Returns -EIO. */
int body_breach(const struct body *body, int result, size_t max, struct slice *out);

/*
 * Calls ops->read() and checks what it returns. The results are those of body_ops.read. If the
 * body breaks that contract, body_read() returns -EIO, and an alert in the error log names the
 * module of the body. Breaches are a slice that is empty, longer than max bytes or without memory
 * and file, and a result that the contract does not have.
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
 * As body_read(), but the slice is always memory: a range of a file is read into memory, at most
 * max bytes at a time. For filters that look at the bytes.
 */
int body_read_memory(struct body *body, size_t max, struct slice *out);

/* Calls ops->close(). NULL is fine. */
void body_close(struct body *body);

/* A body whose read() has returned -EAGAIN calls this on the loop's thread when it has more. */
static inline void body_ready(struct body *body)
{
	if (body->ready)
		body->ready(body->ready_data);
}

/*
 * From now on body_ready() of the inner body calls body_ready() of the outer one. Call this
 * function once, when the outer body is made. body_wrap() calls it by itself.
 */
void body_forward_ready(struct body *inner, struct body *outer);

/*
 * The head of a filter's body; put it first in a struct of your own. body_wrap() stores the body
 * of the response in filter->inner, which the filter owns from then on, and makes the filter the
 * body of the response. `length` is as in struct body. ops->close must be body_filter_close(), or
 * a function that calls it.
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
 * a copy. Put it first in your struct in place of struct body_filter, and pass &scanner->filter
 * to body_wrap(). ops->close must be body_scanner_close(), or a function that calls it. ops->read
 * calls body_scanner_fill(), looks at the bytes from bytes[at] on, and advances `at`.
 */
struct body_scanner {
	struct body_filter filter;
	struct shared_slice *input;
	const char *bytes; /* what was read last */
	size_t at, len;    /* bytes[at] to bytes[len - 1] have not been looked at */
};

/*
 * Reads up to max bytes if none are left to look at. 1: at < len; 0: the inner body has ended; or
 * -errno, among them -EAGAIN: return it from ops->read.
 */
int body_scanner_fill(struct body_scanner *scanner, size_t max);

/* A slice of the len bytes from bytes[begin] on, valid until it is released (slice_part()). */
struct slice body_scanner_part(struct body_scanner *scanner, size_t begin, size_t len);
void body_scanner_close(struct body *body);

/* A body of these bytes, which must lie in the request's pool or outlive the request. */
struct body *body_from_memory(struct request *req, struct str bytes);

/*
 * A body of the first `length` bytes of an open file. The caller keeps the descriptor open until
 * end(owner) is called, which happens when neither the body nor a slice of it needs the descriptor
 * any longer. If `end` is NULL, nothing is called. If the file has become shorter, reading fails
 * with -EIO.
 */
struct body *body_from_file(struct request *req, int fd, uint64_t length,
			    void (*end)(void *owner), void *owner);

#endif
