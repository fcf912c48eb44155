/* SPDX-License-Identifier: BSD-2-Clause */
#include "recode.h"

#include <stdlib.h>

enum { PIECE = 16 * 1024 }; /* bytes of text that are converted at a time */

struct recoded_body {
	struct body_filter filter;
	const struct conversion *conversion;
	struct conversion_state state;
	struct shared_slice *result; /* the last converted piece */
	size_t at, len; /* the bytes of `result` that were returned, and its length */
	bool has_ended; /* the inner body */
};

static void free_result(void *result)
{
	free(result);
}

/* Converts the next piece. 1: there is a result; 0: the end; or -errno. */
static int convert(struct recoded_body *recoded)
{
	struct slice piece = { .fd = -1 };
	int result = recoded->has_ended ? 0 :
					  body_read_memory(recoded->filter.inner, PIECE, &piece);

	if (result < 0 || (result == 0 && recoded->has_ended))
		return result;

	char *begin = heap_alloc((piece.len + sizeof(recoded->state.bytes)) * CONVERSION_GROWS);
	struct str text = { piece.data, piece.len };
	char *end = conversion_run(recoded->conversion, &recoded->state, text, begin);

	recoded->has_ended = result == 0;
	if (recoded->has_ended)
		end = conversion_end(&recoded->state, end);
	slice_release(&piece);
	slice_unshare(recoded->result);
	recoded->len = (size_t)(end - begin);
	recoded->at = 0;
	recoded->result = slice_share((struct slice){
		.data = begin,
		.len = recoded->len,
		.fd = -1,
		.release = free_result,
		.owner = begin,
	});
	return 1;
}

static int recoded_read(struct body *body, size_t max, struct slice *out)
{
	struct recoded_body *recoded = (struct recoded_body *)body;

	/* A piece that ends within its first character has no result yet. */
	while (recoded->at == recoded->len) {
		int result = convert(recoded);

		if (result <= 0)
			return result;
	}

	size_t left = recoded->len - recoded->at, len = left < max ? left : max;

	*out = slice_part(recoded->result, recoded->at, len);
	recoded->at += len;
	return 1;
}

static void recoded_close(struct body *body)
{
	slice_unshare(((struct recoded_body *)body)->result);
	body_filter_close(body);
}

void recode_body(struct request *req, const struct conversion *conversion)
{
	static const struct body_ops ops = { .read = recoded_read, .close = recoded_close };
	const struct body *inner = req->response.body;

	response_transform(req, true);
	if (!inner)
		return;

	struct recoded_body *recoded = pool_new(req->pool, struct recoded_body);

	recoded->conversion = conversion;
	body_wrap(req, &recoded->filter, &ops,
		  conversion_keeps_length(conversion) ? inner->length : -1);
}
