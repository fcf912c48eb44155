/* SPDX-License-Identifier: BSD-2-Clause */
/* Writes heads into the pool of the request. Which fields there are is response_fields.h's. */
#include "http/h1/response_head.h"

#include "http/field/status.h"
#include "http/request/response_fields.h"

enum { USUAL_SIZE = 512 };

struct writer {
	struct pool *pool;
	char *begin, *to, *limit;
};

static struct writer begin(struct pool *pool, size_t size)
{
	char *memory = pool_alloc(pool, size);

	return (struct writer){ pool, memory, memory, memory + size };
}

static __attribute__((noinline)) void grow(struct writer *writer, size_t len)
{
	struct str written = str_range(writer->begin, writer->to);
	struct writer larger = begin(writer->pool, 2 * (written.len + len));

	larger.to = str_put(larger.to, written);
	*writer = larger;
}

static inline void need(struct writer *writer, size_t len)
{
	if ((size_t)(writer->limit - writer->to) < len)
		grow(writer, len);
}

/* field_visitor */
static inline void put_field(void *data, struct str name, struct str value)
{
	struct writer *writer = data;

	need(writer, name.len + value.len + strlen(": \r\n"));
	writer->to = str_put(writer->to, name);
	writer->to = str_put(writer->to, STR(": "));
	writer->to = str_put_short(writer->to, value);
	writer->to = str_put(writer->to, STR("\r\n"));
}

static void put_status_line(struct writer *writer, const struct response *response)
{
	struct str reason = response->reason;

	if (response->status == 200 && str_empty(reason)) {
		writer->to = str_put(writer->to, STR("HTTP/1.1 200 OK\r\n"));
		return;
	}
	if (str_empty(reason))
		reason = status_reason(response->status);
	need(writer, strlen("HTTP/1.1 999 \r\n") + reason.len);
	writer->to = str_put(writer->to, STR("HTTP/1.1 "));
	writer->to = str_put_u64(writer->to, (uint64_t)response->status);
	*writer->to++ = ' ';
	writer->to = str_put(writer->to, reason);
	writer->to = str_put(writer->to, STR("\r\n"));
}

struct str response_head(struct request *req)
{
	struct writer writer = begin(req->pool, USUAL_SIZE);

	response_check(req);
	put_status_line(&writer, &req->response);
	response_each_field(req, put_field, &writer);
	need(&writer, 2);
	writer.to = str_put(writer.to, STR("\r\n"));
	return str_range(writer.begin, writer.to);
}

struct str response_trailers(struct request *req)
{
	struct writer writer = begin(req->pool, USUAL_SIZE);

	response_check_fields(req, &req->response.trailers);
	for (const struct header *field = req->response.trailers; field; field = field->next)
		put_field(&writer, field->name, field->value);
	return str_range(writer.begin, writer.to);
}
