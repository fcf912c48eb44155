/* SPDX-License-Identifier: BSD-2-Clause */
/* Takes the comments out of pages, without copying what stays: `strip on;` */
#include <module.h>

struct strip_conf {
	bool on;
	struct size pieces; /* what is read at most at once; 0: anything */
};

struct strip {
	struct body_filter filter;
	size_t pieces;
	struct shared_slice *input; /* what was read last, or NULL */
	const char *bytes;
	size_t at, len;
	bool in_comment;
	size_t matched; /* bytes of the next mark; they may have come with earlier input */
};

static const struct str marks[2] = { STR_INIT("<!--"), STR_INIT("-->") };

static struct slice literal(size_t len)
{
	return (struct slice){ .data = marks[0].data, .len = len, .fd = -1 };
}

/* Goes through the input. True: *out is a piece of text from it. */
static bool scan(struct strip *strip, struct slice *out)
{
	size_t begin = strip->at;
	bool was_comment = strip->in_comment;
	struct str mark = marks[was_comment];

	while (strip->at < strip->len && strip->matched < mark.len) {
		char c = strip->bytes[strip->at];

		if (c == mark.data[strip->matched]) {
			strip->matched++;
		} else if (was_comment) {
			strip->matched = c == '-' ? strip->matched : 0; /* "--->" ends one, too */
		} else if (strip->matched > strip->at - begin) { /* no mark: it was text */
			*out = literal(strip->matched - (strip->at - begin));
			strip->at = begin;
			strip->matched = 0;
			return true;
		} else {
			strip->matched = c == mark.data[0];
		}
		strip->at++;
	}
	size_t end = strip->at - begin > strip->matched ? strip->at - strip->matched : begin;

	if (strip->matched == mark.len) {
		strip->in_comment = !was_comment;
		strip->matched = 0;
	}
	if (was_comment || end == begin)
		return false;
	*out = slice_part(strip->input, begin, end - begin);
	return true;
}

static int strip_read(struct body *body, size_t max, struct slice *out)
{
	struct strip *strip = (struct strip *)body;
	struct slice input;

	for (;;) {
		while (strip->at < strip->len)
			if (scan(strip, out))
				return 1;
		slice_unshare(strip->input);
		strip->input = NULL;

		int result = body_read_memory(strip->filter.inner,
					      max < strip->pieces ? max : strip->pieces, &input);
		if (result == 0 && strip->matched > 0 && !strip->in_comment) {
			*out = literal(strip->matched);
			strip->matched = 0;
			return 1;
		}
		if (result != 1)
			return result;
		strip->input = slice_share(input);
		strip->bytes = input.data;
		strip->len = input.len;
		strip->at = 0;
	}
}

static void strip_close(struct body *body)
{
	slice_unshare(((struct strip *)body)->input);
	((struct strip *)body)->input = NULL;
	body_filter_close(body);
}

static verdict strip_filter(struct request *req, const void *data)
{
	static const struct body_ops ops = { .read = strip_read, .close = strip_close };
	const struct strip_conf *conf = data;

	if (!conf->on || !req->response.body ||
	    !str_eq(req->response.content_type, STR("text/html")))
		return PASS;

	struct strip *strip = pool_new(req->pool, struct strip);

	strip->pieces = conf->pieces.bytes ? (size_t)conf->pieces.bytes : SIZE_MAX;
	response_transform(req, false);
	body_wrap(req, &strip->filter, &ops, -1);
	return PASS;
}

const struct module strip_module = {
	.name = "strip",
	.summary = "takes the comments out of pages",
	.conf_size = sizeof(struct strip_conf),
	.directives = (const struct directive[]) {
		DIRECTIVE("strip", IN_ANY_HTTP, struct strip_conf, on, "on | off",
			  "Takes the comments out of responses of the type text/html."),
		DIRECTIVE("strip_pieces", IN_ANY_HTTP, struct strip_conf, pieces, "size",
			  "Reads no more than this at once."),
		{ 0 }
	},
	.on[PHASE_FILTER] = strip_filter,
	.if_configured = true,
};
