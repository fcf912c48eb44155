/* SPDX-License-Identifier: BSD-2-Clause */
#include "http/frames/field_block.h"

#include <field.h>
#include <file.h>
#include <stdlib.h>

#include "http/files/files.h"
#include "http/frames/hpack.h"
#include "http/request/response_fields.h"

enum { USUAL_SIZE = 512 };

/* --- writing --- */

static struct field_block begin(struct pool *pool, size_t size)
{
	char *memory = pool_alloc(pool, size);

	return (struct field_block){ pool, memory, memory + FRAME_HEAD, memory + size };
}

struct field_block field_block_begin(struct pool *pool)
{
	return begin(pool, USUAL_SIZE);
}

static __attribute__((noinline)) void grow(struct field_block *block, size_t len)
{
	struct str written = str_range(block->begin, block->to);
	struct field_block larger = begin(block->pool, 2 * (written.len + len));

	larger.to = str_put(larger.begin, written);
	*block = larger;
}

static inline void need(struct field_block *block, size_t len)
{
	if ((size_t)(block->limit - block->to) < len)
		grow(block, len);
}

static bool is_of_connection(struct str name)
{
	return (name.len == 7 && str_eq_nocase(name, STR("upgrade"))) ||
	       (name.len == 16 && str_eq_nocase(name, STR("proxy-connection")));
}

__attribute__((noinline)) void field_block_put(struct field_block *block, struct str name,
						struct str value)
{
	if (is_of_connection(name))
		return;
	need(block, hpack_size(name, value));
	block->to = hpack_put(block->to, name, value);
}

/* field_visitor: where the name is a constant, so is its index. */
static inline __attribute__((always_inline)) void put_field(void *data, struct str name,
							    struct str value)
{
	struct field_block *block = data;
	unsigned index = __builtin_constant_p(name.len) ? hpack_index(name) : 0;

	if (!index) {
		field_block_put(block, name, value);
		return;
	}
	need(block, hpack_size(name, value));
	block->to = hpack_put_at(block->to, index, value);
}

/* --- what is kept with a file --- */

/*
 * The encoded fields that describe a file: Content-Type, Content-Length, Last-Modified, ETag,
 * X-Content-Type-Options and Accept-Ranges. Some of them depend on the location, too, so a response
 * that differs in these has its fields encoded anew; most files have the same in all responses.
 */
struct kept {
	struct str type, charset;
	bool has_etag, has_nosniff, has_ranges;
	struct str fields;
	char bytes[];
};

enum { KEY = 1 }; /* of the attachment; those of lines.c are pointers */

/* range.c adds it to each file before other modules add theirs. */
static bool begins_with_ranges(const struct response *response)
{
	const struct header *first = response->headers;

	return first && str_eq(first->name, STR("Accept-Ranges")) &&
	       str_eq(first->value, STR("bytes"));
}

static bool is_same(struct str a, struct str b)
{
	return a.data == b.data && a.len == b.len;
}

/* Whether the response is a whole file, and the fields are those of the file. */
static bool is_of_file(const struct response *response)
{
	const struct file *file = response->file;

	return file && response->status == 200 && response->body &&
	       response->body->length == (int64_t)file->size && str_empty(response->location) &&
	       !str_empty(file->last_modified) &&
	       is_same(response->last_modified_text, file->last_modified) &&
	       (str_empty(response->etag) || is_same(response->etag, file->etag));
}

static bool is_kept(const struct kept *kept, const struct response *response)
{
	return str_eq(kept->type, response->content_type) &&
	       str_eq(kept->charset, response->charset) &&
	       kept->has_etag == !str_empty(response->etag) &&
	       kept->has_nosniff == response->nosniff &&
	       kept->has_ranges == begins_with_ranges(response);
}

/* Keeps the fields, which have been encoded and checked, with the file of the response. */
static void keep(const struct response *response, struct str fields)
{
	struct str type = response->content_type, charset = response->charset;
	size_t size = sizeof(struct kept) + type.len + charset.len + fields.len;
	struct kept *kept = heap_alloc(size);

	*kept = (struct kept){
		.type = { kept->bytes, type.len },
		.charset = { kept->bytes + type.len, charset.len },
		.has_etag = !str_empty(response->etag),
		.has_nosniff = response->nosniff,
		.has_ranges = begins_with_ranges(response),
		.fields = { kept->bytes + type.len + charset.len, fields.len },
	};
	str_put(str_put(str_put(kept->bytes, type), charset), fields);
	file_attach(response->file, &files_module, KEY, kept, size, free);
}

/*
 * Adds the fields that describe the content. Returns the place in the list of the response from
 * which on its fields are left.
 */
static struct header **put_content(struct field_block *block, struct request *req)
{
	struct response *response = &req->response;
	bool is_file = is_of_file(response);
	const struct kept *kept = is_file ? file_attached(response->file, &files_module, KEY) :
					    NULL;
	size_t begin = (size_t)(block->to - block->begin);

	if (kept && is_kept(kept, response)) {
		need(block, kept->fields.len);
		block->to = str_put(block->to, kept->fields);
		return kept->has_ranges ? &response->headers->next : &response->headers;
	}
	response_check_content(req);
	response_each_of_content(req, put_field, block);
	if (!is_file || kept)
		return &response->headers;
	if (begins_with_ranges(response))
		field_block_put(block, response->headers->name, response->headers->value);
	keep(response, str_range(block->begin + begin, block->to));
	return begins_with_ranges(response) ? &response->headers->next : &response->headers;
}

void field_block_put_response(struct field_block *block, struct request *req)
{
	struct response *response = &req->response;
	struct header **rest;

	response_check_server(req);
	block->to = hpack_put_status(block->to, response->status);
	response_each_of_server(req, put_field, block);
	rest = put_content(block, req);
	response->headers_end = response_check_fields(req, rest);
	for (const struct header *at = *rest; at; at = at->next)
		field_block_put(block, at->name, at->value);
}

/* --- frames --- */

/* The bytes of a block with the heads of HEADERS and CONTINUATION in between. */
static struct str split(struct pool *pool, struct str block, uint32_t id, uint8_t flags)
{
	size_t frames = block.len / FRAME_MAX + 1;
	char *bytes = pool_alloc(pool, block.len + frames * FRAME_HEAD), *to = bytes;
	uint8_t type = FRAME_HEADERS;

	while (block.len) {
		struct str part = str_head(block, FRAME_MAX);

		block = str_skip(block, part.len);
		to = frame_put(to, (struct frame){ .len = (uint32_t)part.len,
						   .type = type,
						   .flags = (type == FRAME_HEADERS ? flags : 0) |
							    (block.len ? 0 : FLAG_END_HEADERS),
						   .stream = id });
		to = str_put(to, part);
		type = FRAME_CONTINUATION;
	}
	return str_range(bytes, to);
}

struct str field_block_frames(struct field_block *block, uint32_t stream, uint8_t flags)
{
	size_t len = field_block_len(block);

	if (len > FRAME_MAX)
		return split(block->pool, str_range(block->begin + FRAME_HEAD, block->to), stream,
			     flags);
	frame_put(block->begin, (struct frame){ .len = (uint32_t)len,
						.type = FRAME_HEADERS,
						.flags = flags | FLAG_END_HEADERS,
						.stream = stream });
	return str_range(block->begin, block->to);
}
