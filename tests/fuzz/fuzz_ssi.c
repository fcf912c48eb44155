/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Documents with commands of ssi. The first byte says in how large pieces they come; the rest is
 * a document, and behind a NUL one that it can include as "/in". The scanner finds the same in
 * pieces and in the whole; what it leaves as text and what it takes for commands is all there is.
 * The document is executed with its includes until a number of slices was read.
 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "../../modules/ssi/scan.h"
#include "config/config.h"
#include "event/complete.h"
#include "event/loop.h"
#include "http/conf/http.h"
#include "http/files/files.h"
#include "http/request/phases.h"
#include "http/request/request_private.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { VALUE_MAX = 20, SLICES = 200, WAITS = 100 };

/* --- the scanner ------------------------------------------------------------------- */

static void note(struct text *found, enum scanned what, const struct scan *scan)
{
	const struct command *command = &scan->command;

	assert(command->name.len <= WORD_MAX && command->count <= PARAMETERS_MAX + 1);
	text_printf(found, "%s(%.*s", what == SCAN_COMMAND ? "command" : scan->problem,
		    STR_ARG(command->name));
	for (size_t i = 0; i < command->count; i++) {
		const struct parameter *parameter = &command->parameters[i];

		assert(parameter->name.len <= WORD_MAX && parameter->value.len <= VALUE_MAX);
		text_printf(found, " %.*s=", STR_ARG(parameter->name));
		text_add(found, parameter->value);
	}
	text_add_char(found, ')');
}

static struct str scan_all(struct pool *pool, struct str document, size_t piece)
{
	struct scan scanner = { .value_max = VALUE_MAX };
	struct text found = { .pool = pool };

	while (!str_empty(document)) {
		/* A copy of its own, so that a read beyond the piece is found. */
		struct str part = str_head(document, piece), text;
		char *copy = malloc(part.len);
		enum scanned what;

		assert(copy != NULL);
		memcpy(copy, part.data, part.len);
		part.data = copy;
		while ((what = scan(&scanner, &part, &text)) != SCAN_END) {
			if (what == SCAN_TEXT) {
				assert(!str_empty(text));
				text_add(&found, text);
			} else {
				note(&found, what, &scanner);
			}
		}
		assert(str_empty(part));
		free(copy);
		document = str_skip(document, piece);
	}
	text_add(&found, scan_rest(&scanner));
	scan_finish(&scanner);
	return text_str(&found);
}

static void check_scanner(struct str document, size_t piece)
{
	struct pool *pool = pool_create(0);

	assert(str_eq(scan_all(pool, document, piece), scan_all(pool, document, SIZE_MAX)));
	pool_destroy(pool);
}

/* --- a request ---------------------------------------------------------------------- */

static const struct protocol fuzz_protocol = { .name = "fuzz" };

static void read_response(struct request *req, size_t max)
{
	struct body *body = req->response.body;
	int result = 1;

	for (int i = 0, waits = 0; body && i < SLICES && waits < WAITS; i++) {
		struct slice slice;

		result = body_read(body, max, &slice);
		if (result == 1)
			slice_release(&slice);
		else if (result != -EAGAIN)
			break;
		else
			waits += loop_turn(0) ? 0 : 1;
	}
}

static struct request_core *begin(struct conn *conn, struct header *fields)
{
	struct request_core *core = request_create(conn, sizeof(struct request_core));
	struct request *req = &core->pub;

	req->method = METHOD_GET;
	req->method_name = STR("GET");
	req->version = HTTP_1_1;
	req->host = STR("site");
	req->headers = fields;
	req->server = vhosts_default(http_vhosts(conn));
	request_set_location(req, req->server->top);
	req->target = req->uri = STR("/a/b");
	return core;
}

static void respond(struct http *http, struct str document, struct str included, size_t max)
{
	struct conn conn = {
		.event.fd = -1,
		.listener = &http->listeners.items[0],
		.protocol = &fuzz_protocol,
		.local.in = { .sin_family = AF_INET, .sin_port = htons(80) },
		.local_len = sizeof(struct sockaddr_in),
		.peer.in = { .sin_family = AF_INET },
		.peer_len = sizeof(struct sockaddr_in),
	};
	struct header in = { .name = STR("In"), .value = included };
	struct header doc = { .name = STR("Document"), .value = document, .next = &in };
	struct request_core *core = begin(&conn, &doc);

	if (phases_run(&core->pub))
		read_response(&core->pub, max);
	request_destroy(core);
	while (loop_turn(0))
		;
}

static struct conf *load(void)
{
	static const char text[] =
		"events { } http { default_type text/html; ssi on; ssi_value_length 100; server {"
		"location / { return 200 $http_document; } location = /in { return 200 $http_in; }"
		"location = /none { return 404; } location = /r { rewrite ^ /in last; } } }";
	static const struct log quiet = { .fd = -1 };
	struct conf_options options = {
		.prefix = STR("/no/where/"),
		.path = STR("/no/where/a.conf"),
		.messages = stderr,
	};
	struct conf *conf = conf_create(&options);
	int error = conf_load(conf, STR(text));

	assert(error == 0);
	(void)error;
	log_process = &quiet;
	http_prepare(conf);
	error = loop_start();
	assert(error == 0);
	error = completion_start();
	assert(error == 0);
	http_start(conf, &fuzz_protocol, NULL);
	files_module.start(scope_data(conf_main(conf), &files_module));
	return conf;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct conf *conf;

	if (size == 0)
		return 0;
	if (!conf)
		conf = load();

	struct str rest = { (const char *)data + 1, size - 1 };
	struct str document = str_split(&rest, '\0');
	size_t piece = data[0] ? data[0] : 65536;

	check_scanner(document, piece);
	respond(http_of(conf), document, rest, piece);
	return 0;
}
