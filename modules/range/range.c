/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Parts of a response (RFC 9110 section 14): one range becomes a 206 with that part of the
 * body, several become multipart/byteranges, and if none lies within the body the status is
 * 416. This works on any body that has a known length and can seek. Ranges are defined for
 * GET only (section 14.2), so HEAD gets the head of the whole response.
 *
 *     max_ranges 4;
 */
#include <module.h>
#include <sys/random.h>

/*
 * The largest number of ranges in a response, whatever max_ranges says. Each costs memory
 * for the head of its part, and no reasonable client asks for more.
 */
#define RANGES_MAX 256

struct range_conf {
	int64_t max_ranges;
};

/* A range of the body, and what is sent in front of it in a multipart body. */
struct part {
	struct str head;
	struct range range;
};

/* The body: head of part 0, bytes of part 0, head of part 1 … tail. */
struct range_body {
	struct body body;
	struct body *inner;
	const struct part *parts;
	size_t count, next;
	struct str text; /* what is left of a head, or of the tail */
	uint64_t left; /* bytes of the part behind it */
	struct str tail;
};

/* --- the body --------------------------------------------------------------- */

/* 1: there is something to read now; 0: that was the last part; -errno. */
static int next_part(struct range_body *body)
{
	if (body->next > body->count)
		return 0;
	if (body->next == body->count) {
		body->next++;
		body->text = body->tail;
		return body->tail.len > 0;
	}

	const struct part *part = &body->parts[body->next++];

	body->text = part->head;
	body->left = part->range.last - part->range.first + 1;
	int error = body->inner->ops->seek(body->inner, part->range.first);
	return error < 0 ? error : 1;
}

static int range_body_read(struct body *base, size_t max, struct slice *out)
{
	struct range_body *body = (struct range_body *)base;
	int result;

	if (body->text.len == 0 && body->left == 0) {
		result = next_part(body);
		if (result <= 0)
			return result;
	}
	if (body->text.len > 0) {
		struct str piece = str_head(body->text, max);

		*out = (struct slice){ .data = piece.data, .len = piece.len };
		body->text = str_skip(body->text, piece.len);
		return 1;
	}
	result = body_read(body->inner, body->left < max ? body->left : max, out);
	if (result == 1)
		body->left -= out->len;
	return result == 0 ? -EIO : result; /* 0: the body is shorter than its length */
}

static void range_body_close(struct body *base)
{
	struct range_body *body = (struct range_body *)base;

	body_close(body->inner);
	body->inner = NULL;
}

static const struct body_ops range_body_ops = {
	.read = range_body_read,
	.close = range_body_close,
};

static void wrap_body(struct request *req, const struct part *parts, size_t count, struct str tail)
{
	struct range_body *body = pool_new(req->pool, struct range_body);

	body->body.ops = &range_body_ops;
	body->body.length = (int64_t)tail.len;
	for (size_t i = 0; i < count; i++)
		body->body.length += (int64_t)(parts[i].head.len + parts[i].range.last -
					       parts[i].range.first + 1);
	body->inner = req->response.body;
	body->parts = parts;
	body->count = count;
	body->tail = tail;
	body_forward_ready(body->inner, &body->body);
	req->response.body = &body->body;
}

/* --- the responses ---------------------------------------------------------- */

/* "bytes 0-99/1000" */
static struct str content_range(struct request *req, struct range range, uint64_t length)
{
	return pool_printf(req->pool, "bytes %llu-%llu/%llu", (unsigned long long)range.first,
			   (unsigned long long)range.last, (unsigned long long)length);
}

/* So long and random that no file contains it, by accident or by design. */
static struct str make_boundary(struct request *req)
{
	uint64_t words[2];

	if (getrandom(words, sizeof(words), 0) != sizeof(words)) {
		words[0] = (uint64_t)clock_wall_ms();
		words[1] = (uint64_t)(uintptr_t)req;
	}
	return pool_printf(req->pool, "%016llx%016llx", (unsigned long long)words[0],
			   (unsigned long long)words[1]);
}

/* The line Content-Type of each part; empty if the response has no type or not a valid one. */
static struct str type_line(struct request *req)
{
	const struct response *response = &req->response;
	bool has_charset = response->charset.len > 0;
	const struct str parts[] = {
		STR("Content-Type: "),
		response->content_type,
		has_charset ? STR("; charset=") : STR(""),
		response->charset,
		STR("\r\n"),
	};

	if (response->content_type.len == 0 || !is_field_value(response->content_type) ||
	    !is_field_value(response->charset))
		return STR("");
	return pool_concat(req->pool, parts, 5);
}

static void make_multipart(struct request *req, const struct range *ranges, size_t count,
			   uint64_t length)
{
	struct part *parts = pool_array(req->pool, struct part, count);
	struct str boundary = make_boundary(req), type = type_line(req);

	for (size_t i = 0; i < count; i++) {
		struct str where = content_range(req, ranges[i], length);

		parts[i].range = ranges[i];
		parts[i].head = pool_printf(req->pool,
					    "\r\n--%.*s\r\n%.*sContent-Range: %.*s\r\n\r\n",
					    STR_ARG(boundary), STR_ARG(type), STR_ARG(where));
	}
	wrap_body(req, parts, count, pool_printf(req->pool, "\r\n--%.*s--\r\n", STR_ARG(boundary)));
	req->response.content_type =
		pool_printf(req->pool, "multipart/byteranges; boundary=%.*s", STR_ARG(boundary));
	req->response.charset = STR("");
}

/* --- the handler ------------------------------------------------------------ */

static bool can_have_ranges(const struct response *response)
{
	const struct body *body = response->body;

	return response->status == 200 && response->allow_ranges && body && body->length >= 0 &&
	       body->ops->seek;
}

static verdict send_whole(struct request *req)
{
	response_set(req, STR("Accept-Ranges"), STR("bytes"));
	return PASS;
}

/* Sends at most max ranges, which is at most RANGES_MAX. */
static verdict send_ranges(struct request *req, size_t max)
{
	uint64_t length = (uint64_t)req->response.body->length;
	struct range ranges[RANGES_MAX];
	struct part *part;
	size_t count;

	switch (range_parse(req->known.range, length, ranges, max, &count)) {
	case RANGE_UNSATISFIABLE:
		response_set(req, STR("Content-Range"),
			     pool_printf(req->pool, "bytes */%llu", (unsigned long long)length));
		return 416;
	case RANGE_IGNORED:
		return send_whole(req);
	case RANGE_PARTIAL:
		break;
	}
	req->response.status = 206;
	if (count > 1) {
		make_multipart(req, ranges, count, length);
		return PASS;
	}
	part = pool_new(req->pool, struct part);
	part->range = ranges[0];
	wrap_body(req, part, 1, STR(""));
	response_set(req, STR("Content-Range"), content_range(req, ranges[0], length));
	return PASS;
}

static verdict range_filter(struct request *req, const void *conf)
{
	const struct range_conf *range = conf;
	const struct response *response = &req->response;
	size_t max = range->max_ranges < RANGES_MAX ? (size_t)range->max_ranges : RANGES_MAX;

	if (max == 0 || req->parent || !can_have_ranges(response))
		return PASS;
	if (!req->known.range.data || req->method != METHOD_GET ||
	    !if_range_holds(req->known.if_range, response->etag,
			    response->date_is_weak ? -1 : response->last_modified,
			    clock_wall_ms() / 1000))
		return send_whole(req);
	return send_ranges(req, max);
}

const struct module range_module = {
	.name = "range",
	.summary = "sends parts of responses that the client asks for",
	.conf_size = sizeof(struct range_conf),
	.directives = (const struct directive[]) {
		DIRECTIVE("max_ranges", IN_ANY_HTTP, struct range_conf, max_ranges, "number",
			  "The largest number of ranges in a request. A request with more gets "
			  "the whole response. 0 turns ranges off. The limit is never more than "
			  "256, which is the default.\n\n"
			  "    max_ranges 1;",
			  .initial = "256"),
		{ 0 }
	},
	.on[PHASE_FILTER] = range_filter,
	.filter_role = FILTER_RANGES,
};
