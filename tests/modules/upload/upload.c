/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reads the body of a request.
 *
 *     upload count;    responds with its length and its FNV-1a hash
 *     upload echo;     responds with the body itself, as it comes
 *     upload first;    reads one piece, and responds with 200 without reading the rest
 *     upload trust;    as count, but responds with 200 whatever error there is
 *     upload wrong;    breaks the contract: waits without having read
 */
#include <module.h>

extern const struct module upload_module;

enum upload_mode {
	UPLOAD_OFF,
	UPLOAD_COUNT,
	UPLOAD_ECHO,
	UPLOAD_FIRST,
	UPLOAD_TRUST,
	UPLOAD_WRONG
};

struct upload_conf {
	int mode;
};

struct upload {
	uint64_t bytes, hash;
};

static void add(struct upload *upload, struct str piece)
{
	upload->bytes += piece.len;
	for (size_t i = 0; i < piece.len; i++)
		upload->hash = (upload->hash ^ (unsigned char)piece.data[i]) * 0x100000001b3;
}

/* 0: all of it, or as much as is wanted; or what body_read() has returned. */
static int read_pieces(struct request *req, struct upload *upload, bool one_is_enough)
{
	struct body *body = request_body(req);
	struct slice slice;
	int result = 0;

	while (body && (result = body_read(body, SIZE_MAX, &slice)) == 1) {
		add(upload, (struct str){ slice.data, slice.len });
		slice_release(&slice);
		if (one_is_enough)
			return 0;
	}
	return result;
}

static verdict echo_body(struct request *req)
{
	req->response.status = 200;
	req->response.content_type = STR("application/octet-stream");
	req->response.body = request_body(req);
	return DONE;
}

static verdict upload_content(struct request *req, const void *data)
{
	const struct upload_conf *conf = data;
	struct upload *upload = request_context(req, &upload_module);

	if (conf->mode == UPLOAD_OFF)
		return PASS;
	if (conf->mode == UPLOAD_ECHO)
		return echo_body(req);
	if (conf->mode == UPLOAD_WRONG)
		return request_body_verdict(req, -EAGAIN);
	if (upload->bytes == 0)
		upload->hash = 0xcbf29ce484222325;

	int result = read_pieces(req, upload, conf->mode == UPLOAD_FIRST);

	if (result == -EAGAIN || (result < 0 && conf->mode != UPLOAD_TRUST))
		return request_body_verdict(req, result);
	return respond_text(req, 200,
			    pool_printf(req->pool, "%llu %016llx\n",
					(unsigned long long)upload->bytes,
					(unsigned long long)upload->hash));
}

const struct module upload_module = {
	.name = "upload",
	.summary = "reads the body of a request",
	.conf_size = sizeof(struct upload_conf),
	.context_size = sizeof(struct upload),
	.directives =
		(const struct directive[]){
			DIRECTIVE("upload", IN_LOCATION, struct upload_conf, mode,
				  "count | echo | first | trust | wrong",
				  "What becomes of the body of a request.", .initial = "off",
				  .keywords = (const struct keyword[]){ { "off", UPLOAD_OFF },
									{ "count", UPLOAD_COUNT },
									{ "echo", UPLOAD_ECHO },
									{ "first", UPLOAD_FIRST },
									{ "trust", UPLOAD_TRUST },
									{ "wrong", UPLOAD_WRONG },
									{ 0 } }),
			{ 0 } },
	.on[PHASE_CONTENT] = upload_content,
	.if_configured = true,
};
