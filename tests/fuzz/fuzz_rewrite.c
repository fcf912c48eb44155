/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Fuzzes the directives of the module rewrite, while they are read and while requests run
 * through them. The first line of the input is the target of a request, the rest stands in a
 * server. Whatever both are, a response is bounded and its head stays one head.
 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "config/config.h"
#include "http/conf/http.h"
#include "http/field/uri.h"
#include "http/h1/response_head.h"
#include "http/files/files.h"
#include "http/request/phases.h"
#include "http/request/request_private.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct protocol fuzz_protocol = { .name = "fuzz" };

static void check_head(struct request *req)
{
	struct str head = response_head(req);

	assert(str_find(head, STR("\r\n\r\n")) == (ssize_t)head.len - 4);
	assert(str_chr(head, '\0') < 0);
	for (size_t i = 0; i < head.len; i++)
		assert(head.data[i] != '\n' || (i > 0 && head.data[i - 1] == '\r'));
}

static void respond(struct http *http, struct str text)
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
	struct request_core *core = request_create(&conn, sizeof(struct request_core));
	struct request *req = &core->pub;
	struct target target;

	req->method = METHOD_GET;
	req->method_name = STR("GET");
	req->version = HTTP_1_1;
	req->host = STR("site");
	req->server = vhosts_default(http_vhosts(&conn));
	request_set_location(req, req->server->top);
	req->target = text;
	if (target_split(METHOD_GET, text, &target) == 0 &&
	    uri_decode_path(req->pool, target.path, true, &req->uri)) {
		req->args = target.args;
		if (phases_run(req))
			check_head(req);
	}
	request_destroy(core);
}

/* Files of this machine, and directives that may take long or wait, are left out. */
static bool is_left_out(struct str text)
{
	return str_find(text, STR("include")) >= 0 || str_find(text, STR("types")) >= 0 ||
	       str_find(text, STR("magic")) >= 0 || str_find(text, STR("_log")) >= 0 ||
	       str_find(text, STR("listen")) >= 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct log quiet = { .fd = -1 };
	struct str text = { (const char *)data, size }, target = str_split(&text, '\n');
	FILE *messages = fopen("/dev/null", "w");
	char *server = NULL;
	size_t len = 0;

	if (is_left_out(text) || !messages)
		return messages ? fclose(messages) : 0;

	FILE *memory = open_memstream(&server, &len);

	fprintf(memory, "events { } http { default_type text/plain; server { %.*s } }",
		STR_ARG(text));
	fclose(memory);
	log_process = &quiet;

	struct conf_options options = {
		.prefix = STR("/no/where/"),
		.path = STR("/no/where/a.conf"),
		.messages = messages,
	};
	struct conf *conf = conf_create(&options);

	if (conf_load(conf, (struct str){ server, len }) == 0) {
		http_prepare(conf);
		http_start(conf, &fuzz_protocol, NULL);
		files_module.start(scope_data(conf_main(conf), &files_module));
		respond(http_of(conf), target);
	}
	conf_destroy(conf);
	fclose(messages);
	free(server);
	return 0;
}
