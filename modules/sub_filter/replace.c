/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The bytes read from the inner body are kept in a window. A text may begin in the window and end
 * in bytes that were not read yet. So the last bytes, fewer than the longest text has, stay in the
 * window until more was read. The bytes before them are copied to the result, with replacements,
 * and read() returns slices of the result.
 */
#include "replace.h"

#include <stdlib.h>

enum {
	READ = 16 * 1024, /* bytes that are read at a time */
	RESULT = 32 * 1024, /* bytes; a longer result is returned before more is searched */
};

struct search {
	struct str text; /* empty: it is no longer searched for */
	const struct template *replacement;
	struct str value; /* of the replacement; data NULL: not expanded yet */
};

struct replaced_body {
	struct body_filter filter;
	struct request *req;
	struct search *searches;
	size_t count, longest;
	size_t left; /* how many texts are still searched for */
	bool begins[256]; /* a text begins with this byte, in upper or lower case */
	bool once;

	char *window;
	size_t at, len; /* window[at] to window[len - 1] were not searched yet */
	bool has_ended; /* the inner body */

	struct shared_slice *result;
	size_t given, result_len;
};

struct growing {
	char *bytes;
	size_t len, capacity;
};

static void put(struct growing *to, struct str s)
{
	if (str_empty(s))
		return;
	if (s.len > to->capacity - to->len) {
		size_t capacity = 2 * (to->len + s.len);
		char *larger = heap_alloc(capacity);

		str_put(larger, (struct str){ to->bytes, to->len });
		free(to->bytes);
		to->bytes = larger;
		to->capacity = capacity;
	}
	str_put(to->bytes + to->len, s);
	to->len += s.len;
}

static void note_beginnings(struct replaced_body *body)
{
	memset(body->begins, 0, sizeof(body->begins));
	body->longest = 1;
	body->left = 0;
	for (size_t i = 0; i < body->count; i++) {
		struct str text = body->searches[i].text;

		if (str_empty(text))
			continue;
		body->left++;
		for (int c = 0; c < 256; c++)
			if (ascii_lower((char)c) == ascii_lower(text.data[0]))
				body->begins[c] = true;
		if (text.len > body->longest)
			body->longest = text.len;
	}
}

/* Returns the first of the texts that is at this position of the window. NULL: there is none. */
static struct search *found_at(struct replaced_body *body, size_t at)
{
	struct str rest = { body->window + at, body->len - at };

	for (size_t i = 0; i < body->count; i++) {
		struct str text = body->searches[i].text;

		if (!str_empty(text) && str_eq_nocase(str_head(rest, text.len), text))
			return &body->searches[i];
	}
	return NULL;
}

static struct str value_of(struct replaced_body *body, struct search *search)
{
	if (!search->value.data)
		search->value = template_text(body->req, search->replacement);
	if (!search->value.data)
		search->value = STR("");
	return search->value;
}

/*
 * Returns the position up to which the window can be searched: each text that begins before it is
 * complete in the window.
 */
static size_t scan_limit(const struct replaced_body *body)
{
	if (body->has_ended || body->left == 0)
		return body->len;
	return body->len - body->at < body->longest ? body->at : body->len - body->longest + 1;
}

/* Returns the next position at which one of the texts may begin, or the limit. */
static size_t next_beginning(const struct replaced_body *body, size_t limit)
{
	size_t at = body->at;

	if (body->left == 0)
		return limit;
	while (at < limit && !body->begins[(uint8_t)body->window[at]])
		at++;
	return at;
}

static void scan(struct replaced_body *body, struct growing *to)
{
	size_t begin = body->at, limit = scan_limit(body);

	if (begin == body->len)
		return;
	while (body->at < limit && to->len < RESULT) {
		body->at = next_beginning(body, limit);

		struct search *search = body->at < limit ? found_at(body, body->at) : NULL;

		if (!search) {
			body->at += body->at < limit;
			continue;
		}
		put(to, str_range(body->window + begin, body->window + body->at));
		put(to, value_of(body, search));
		body->at += search->text.len;
		begin = body->at;
		if (body->once) {
			search->text = STR("");
			note_beginnings(body);
		}
		limit = scan_limit(body);
	}
	put(to, str_range(body->window + begin, body->window + body->at));
}

/* Reads more into the window. 1, or -errno. */
static int fill(struct replaced_body *body)
{
	struct slice slice;
	size_t left = body->len - body->at;
	int result = body_read_memory(body->filter.inner, READ, &slice);

	if (result == 0)
		body->has_ended = true;
	if (result <= 0)
		return result == 0 ? 1 : result;
	if (!body->window)
		body->window = heap_alloc(READ + body->longest); /* less than the longest is left */
	memmove(body->window, body->window + body->at, left);
	memcpy(body->window + left, slice.data, slice.len);
	body->at = 0;
	body->len = left + slice.len;
	slice_release(&slice);
	return 1;
}

/* Makes the next result. 1: there is one; 0: the end; or -errno, possibly -EAGAIN. */
static int make_result(struct replaced_body *body)
{
	struct growing result = { 0 };
	int filled = 1;

	while (result.len == 0 && (body->at < body->len || !body->has_ended)) {
		if (!body->has_ended && body->len - body->at < body->longest &&
		    (filled = fill(body)) < 0)
			break;
		scan(body, &result);
	}
	if (result.len == 0) {
		free(result.bytes);
		return filled < 0 ? filled : 0;
	}
	slice_unshare(body->result);
	body->given = 0;
	body->result_len = result.len;
	body->result = slice_share((struct slice){
		.data = result.bytes,
		.len = result.len,
		.fd = -1,
		.release = free,
		.owner = result.bytes,
	});
	return 1;
}

static int replaced_read(struct body *inner, size_t max, struct slice *out)
{
	struct replaced_body *body = (struct replaced_body *)inner;
	int result = 1;

	/* No text is searched for any more, and the window and the result are empty. */
	if (body->left == 0 && body->given == body->result_len && body->at == body->len)
		return body->has_ended ? 0 : body_read(body->filter.inner, max, out);
	if (body->given == body->result_len)
		result = make_result(body);
	if (result <= 0)
		return result;

	size_t left = body->result_len - body->given, len = left < max ? left : max;

	*out = slice_part(body->result, body->given, len);
	body->given += len;
	return 1;
}

static void replaced_close(struct body *inner)
{
	struct replaced_body *body = (struct replaced_body *)inner;

	slice_unshare(body->result);
	body->result = NULL;
	free(body->window);
	body->window = NULL;
	body_filter_close(inner);
}

bool replace_in_body(struct request *req, const struct pairs *pairs, bool once)
{
	static const struct body_ops ops = { .read = replaced_read, .close = replaced_close };
	struct replaced_body *body = pool_new(req->pool, struct replaced_body);

	body->searches = pool_array(req->pool, struct search, pairs->count);
	for (size_t i = 0; i < pairs->count; i++) {
		struct str text = template_text(req, pairs->items[i].text);

		if (str_empty(text))
			continue;
		body->searches[body->count++] = (struct search){
			.text = text,
			.replacement = pairs->items[i].replacement,
		};
	}
	if (body->count == 0)
		return false;
	body->req = req;
	body->once = once;
	note_beginnings(body);
	body_wrap(req, &body->filter, &ops, -1);
	return true;
}
