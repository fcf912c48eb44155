/* SPDX-License-Identifier: BSD-2-Clause */
#include "http/body/response_reader.h"

#include <module.h>

#include "http/request/request_private.h"

enum { READS_IN_VAIN = 1000 }; /* reads in a row without bytes, although the body was ready */

static const char *maker(const struct response_reader *reader)
{
	const struct module *module = reader->body->module;

	return module ? module->name : "(core)";
}

/* What the protocol does about a response that cannot be completed. */
static const char *outcome(const struct response_reader *reader)
{
	return reader->req->version == HTTP_2_0 ? "the stream is reset" :
						  "the connection is closed";
}

/* struct body, .ready */
static void body_is_ready(void *data)
{
	struct response_reader *reader = data;

	request_note_body(request_core(reader->req));
	reader->waits = false;
	if (reader->ready)
		reader->ready(reader->req);
}

void response_reader_start(struct response_reader *reader, struct request *req,
			   void (*ready)(struct request *req))
{
	struct body *body = req->response.body;

	reader->req = req;
	reader->body = body;
	reader->length = body->length;
	reader->ready = ready;
	body->ready = body_is_ready;
	body->ready_data = reader;
}

/* Closes the body that is sent, even if a module has replaced response.body meanwhile. */
static void keep_body(struct response_reader *reader)
{
	if (reader->req->response.body == reader->body)
		return;
	request_log(reader->req, LEVEL_ALERT, 0,
		    "the body that the module %s has made was replaced while it was sent: it stays",
		    maker(reader));
	reader->req->response.body = reader->body;
}

/* Reads again if the body calls body_ready() while it is read, at most READS_IN_VAIN times. */
static inline int read_until_it_waits(struct response_reader *reader, size_t max, struct slice *out)
{
	do {
		reader->waits = true; /* body_is_ready() may come before body_read() returns */

		int result = body_read(reader->body, max, out);

		keep_body(reader);
		if (result != -EAGAIN) {
			request_note_body(request_core(reader->req));
			reader->waits = false;
			reader->in_vain = 0;
			return result;
		}
		if (reader->waits) {
			request_note_no_body(request_core(reader->req), reader->body->module);
			return -EAGAIN;
		}
	} while (++reader->in_vain <= READS_IN_VAIN);
	request_log(
		reader->req, LEVEL_ALERT, 0,
		"the body that the module %s has made says without end that it is ready, and has "
		"nothing: %s",
		maker(reader), outcome(reader));
	return -EIO;
}

int response_read(struct response_reader *reader, size_t max, struct slice *out)
{
	uint64_t left = reader->length < 0 ? UINT64_MAX :
					     (uint64_t)reader->length - reader->bytes;
	int result = read_until_it_waits(reader, max, out);

	if (result == -EAGAIN || reader->in_vain) /* the latter was reported */
		return result;
	if (result == 1 && out->len <= left) {
		reader->bytes += out->len;
		return 1;
	}
	if (result == 1) {
		/* The client would take the bytes beyond the length for the next response. */
		request_log(reader->req, LEVEL_ALERT, 0,
			    "the body that the module %s has made is longer than its length of "
			    "%lld: %s",
			    maker(reader), (long long)reader->length, outcome(reader));
		slice_release(out);
		return -EIO;
	}
	if (result == 0 && (reader->length < 0 || left == 0))
		return 0;
	request_log(reader->req, LEVEL_ERROR, result < 0 ? -result : EIO,
		    "the body of the response, made by the module %s, broke off: %s",
		    maker(reader), outcome(reader));
	return -EIO;
}
