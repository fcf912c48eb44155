/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A body that encodes another one while it is sent. It has an encoder only from the first read
 * until the last bytes, so the response to a HEAD and a response that is complete have none.
 *
 * The memory of all encoders of a process is limited. Each encoder lives until its client has
 * read the response, so thousands of slow clients would use up all memory. Beyond the limit
 * responses are sent without encoding.
 */
#include "http/coding/coding.h"

#include <stdlib.h>

enum {
	READ = 32 * 1024, /* bytes to read at most at once */
	PIECE = 16 * 1024, /* bytes of a slice at most */
	SMALL_PIECE = PIECE / 4, /* smaller slices give back the memory that they do not need */
	/*
	 * Bytes to encode at most in one call that produces no output. Otherwise input that
	 * becomes nearly nothing would keep all other connections waiting.
	 */
	TAKEN_AT_ONCE = 256 * 1024,
};

struct encoded_body {
	struct body_filter filter;
	const struct coding *coding;
	struct coding_context *context;
	int level;
	int64_t length; /* of the inner body */
	size_t reserved; /* bytes that coding_take_memory() has reserved */
	void *stream; /* of coding->begin(); NULL: not begun, or ended */
	enum coding_step step;
	bool has_begun, is_over;
	bool keeps_bytes; /* the encoder may hold bytes that it has not written yet */
	struct slice input; /* the slice that was read last */
	struct str left; /* the bytes of `input` that are not encoded yet */
};

static struct {
	size_t used, limit;
} memory = { .limit = 64 << 20 };

void encode_limit_memory(size_t bytes)
{
	memory.limit = bytes;
}

bool coding_take_memory(size_t bytes)
{
	static int64_t said_ms;

	if (memory.used + bytes <= memory.limit) {
		memory.used += bytes;
		return true;
	}
	if (clock_is_due(&said_ms, SHORTAGE_LOG_MS))
		log_warnx("%zu KiB of memory are in use for encoding responses, and "
			  "compress_memory allows %zu: until others have ended, further responses "
			  "are sent as they are, and those that gunzip has to decode are 503",
			  memory.used >> 10, memory.limit >> 10);
	return false;
}

void coding_give_memory_back(size_t bytes)
{
	memory.used -= bytes;
}

static void end_stream(struct encoded_body *body)
{
	if (body->stream)
		body->coding->end(body->stream);
	body->stream = NULL;
	coding_give_memory_back(body->reserved);
	body->reserved = 0;
	slice_release(&body->input);
}

/*
 * Reads more bytes to encode. If the inner body has none yet, the encoder is flushed, so that the
 * client gets all bytes so far; -EAGAIN if that was done already.
 */
static int read_more(struct encoded_body *body)
{
	slice_release(&body->input);

	int result = body_read_memory(body->filter.inner, READ, &body->input);

	if (result == 1) {
		body->left = (struct str){ body->input.data, body->input.len };
		body->keeps_bytes = true;
		body->context->in += body->input.len;
	} else if (result == 0) {
		body->step = CODING_END;
	} else if (result == -EAGAIN && body->keeps_bytes) {
		body->step = CODING_FLUSH;
	} else {
		return result;
	}
	return 0;
}

/* Encodes to *to until the room is full. 0: bytes were written, or the end; or -errno. */
static int encode(struct encoded_body *body, char **to, char *limit)
{
	const char *begin = *to;
	size_t taken = 0;

	while (*to < limit && !body->is_over) {
		size_t left = body->left.len;

		if (left == 0 && body->step == CODING_MORE) {
			int error = read_more(body);

			if (error < 0)
				return *to > begin ? 0 : error;
			left = body->left.len;
		}
		if (taken > TAKEN_AT_ONCE && *to == begin && body->step == CODING_MORE)
			body->step = CODING_FLUSH;

		int result = body->coding->encode(body->stream, body->step, &body->left, to, limit);

		if (result < 0)
			return result;
		taken += left - body->left.len;
		if (result == 0)
			continue;
		body->is_over = body->step == CODING_END;
		if (body->step == CODING_FLUSH) {
			body->step = CODING_MORE;
			body->keeps_bytes = false;
		}
	}
	return 0;
}

static int encoded_read(struct body *base, size_t max, struct slice *out)
{
	struct encoded_body *body = (struct encoded_body *)base;
	size_t room = max < PIECE ? max : PIECE;

	if (body->is_over)
		return 0;
	if (!body->has_begun)
		body->stream = body->coding->begin(body->level, body->length);
	body->has_begun = true;

	char *piece = body->stream ? malloc(room) : NULL, *to = piece;
	int result = piece ? encode(body, &to, piece + room) : -ENOMEM;
	size_t len = (size_t)(to - piece);

	if (body->is_over)
		end_stream(body);
	if (result < 0 || len == 0) {
		free(piece);
		return result;
	}
	if (len < SMALL_PIECE) {
		char *smaller = realloc(piece, len);

		if (smaller)
			piece = smaller;
	}
	body->context->out += len;
	*out = (struct slice){ .data = piece, .len = len, .fd = -1, .release = free,
			       .owner = piece };
	return 1;
}

static void encoded_close(struct body *base)
{
	struct encoded_body *body = (struct encoded_body *)base;

	end_stream(body);
	body->is_over = true;
	body_filter_close(base);
}

bool encode_response(struct request *req, const struct coding *coding, int level)
{
	static const struct body_ops ops = { .read = encoded_read, .close = encoded_close };
	struct encoded_body *body = pool_new(req->pool, struct encoded_body);

	body->coding = coding;
	body->level = level;
	body->length = req->response.body->length;
	if (req->method != METHOD_HEAD)
		body->reserved = coding->memory(level, body->length) + READ + PIECE;
	if (!coding_take_memory(body->reserved))
		return false;
	body->context = coding_context(req);
	body->context->coding = coding;
	response_transform(req, true);
	response_add(req, STR("Content-Encoding"), coding->name);
	body_wrap(req, &body->filter, &ops, -1);
	return true;
}

bool coding_ratio(struct request *req, const struct coding *coding, struct str *out)
{
	const struct coding_context *context = coding_context(req);
	uint64_t in = context->in, encoded = context->out;

	if (context->coding != coding || encoded == 0)
		return false;

	uint64_t hundredths = (in * 1000 / encoded + 5) / 10;

	*out = pool_printf(req->pool, "%llu.%02llu", (unsigned long long)(hundredths / 100),
			   (unsigned long long)(hundredths % 100));
	return true;
}
