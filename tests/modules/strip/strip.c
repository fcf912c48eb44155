/* SPDX-License-Identifier: BSD-2-Clause */
/* Takes the comments out of pages, without copying what stays: `strip on;` */
#include <module.h>

struct strip_conf {
	bool on;
};

struct strip {
	struct body_scanner scanner;
	bool in_comment;
	size_t matched; /* bytes of the next mark; they may have come with earlier input */
};

static const struct str marks[2] = { STR_INIT("<!--"), STR_INIT("-->") };

static struct slice literal(size_t len)
{
	return (struct slice){ .data = marks[0].data, .len = len, .fd = -1 };
}

/* Goes through the input up to the end of a mark. True: *out is text that stands before it. */
static bool scan(struct strip *strip, struct body_scanner *in, struct slice *out)
{
	size_t begin = in->at;
	bool was_comment = strip->in_comment;
	struct str mark = marks[was_comment];

	while (in->at < in->len && strip->matched < mark.len) {
		char c = in->bytes[in->at];

		if (c == mark.data[strip->matched]) {
			strip->matched++;
		} else if (was_comment) {
			strip->matched = c == '-' ? strip->matched : 0; /* "--->" ends one, too */
		} else if (strip->matched > in->at - begin) { /* earlier input: it was no mark */
			*out = literal(strip->matched - (in->at - begin));
			in->at = begin;
			strip->matched = 0;
			return true;
		} else {
			strip->matched = c == mark.data[0];
		}
		in->at++;
	}
	size_t end = in->at - begin > strip->matched ? in->at - strip->matched : begin;

	if (strip->matched == mark.len) {
		strip->in_comment = !was_comment;
		strip->matched = 0;
	}
	if (was_comment || end == begin)
		return false;
	*out = body_scanner_part(in, begin, end - begin);
	return true;
}

static int strip_read(struct body *body, size_t max, struct slice *out)
{
	struct strip *strip = (struct strip *)body;
	int result;

	while ((result = body_scanner_fill(&strip->scanner, max)) == 1)
		if (scan(strip, &strip->scanner, out))
			return 1;
	if (result < 0 || strip->matched == 0 || strip->in_comment)
		return result;
	*out = literal(strip->matched);
	strip->matched = 0;
	return 1;
}

static verdict strip_filter(struct request *req, const void *data)
{
	static const struct body_ops ops = { .read = strip_read, .close = body_scanner_close };
	const struct strip_conf *conf = data;

	if (!conf->on || !req->response.body ||
	    !str_eq(req->response.content_type, STR("text/html")))
		return PASS;

	struct strip *strip = pool_new(req->pool, struct strip);

	response_transform(req, false);
	body_wrap(req, &strip->scanner.filter, &ops, -1);
	return PASS;
}

const struct module strip_module = {
	.name = "strip",
	.summary = "takes the comments out of pages",
	.conf_size = sizeof(struct strip_conf),
	.directives = (const struct directive[]) {
		DIRECTIVE("strip", IN_ANY_HTTP, struct strip_conf, on, "on | off",
			  "Takes the comments out of responses of the type text/html."),
		{ 0 }
	},
	.on[PHASE_FILTER] = strip_filter,
	.if_configured = true,
};
