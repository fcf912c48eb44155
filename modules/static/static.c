/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Answers with a file: the one that root (or alias) and the URI lead to. The
 * name of a directory without a slash at its end is redirected to the one with
 * it. What the type of the file is, is not decided here (mime).
 *
 *     location / { root /srv/www; etag off; }
 */
#include <module.h>

struct static_conf {
	bool etag;
};

/*
 * To the same name with a slash. One slash at the front, and a backslash is
 * encoded: browsers take "//host/" and "/\host/" for the name of a host.
 */
static verdict redirect_to_directory(struct request *req)
{
	struct str uri = req->uri;

	while (uri.len > 1 && uri.data[1] == '/')
		uri = str_skip(uri, 1);
	const struct str parts[] = {
		uri_escape(req->pool, uri),
		STR("/"),
		str_empty(req->args) ? STR("") : STR("?"),
		req->args,
	};
	req->response.location = pool_concat(req->pool, parts, 4);
	return 301;
}

static verdict static_content(struct request *req, const void *data)
{
	const struct static_conf *conf = data;

	/* POST to what is not there is 404, to what is there 405, as in nginx. */
	if (req->method != METHOD_POST) {
		verdict refused = request_only_reads(req);
		if (refused != PASS)
			return refused;
	}
	struct file *file = file_open(req, request_path(req, req->uri));

	if (file->kind == FILE_DIRECTORY)
		return str_ends(req->uri, STR("/")) ? PASS : redirect_to_directory(req);
	if (file->kind != FILE_REGULAR)
		return file_refuse(req, file);
	if (req->method == METHOD_POST)
		return request_only_reads(req);
	verdict answered = respond_file(req, file);
	if (!conf->etag)
		req->response.etag = STR("");
	return answered;
}

const struct module static_module = {
	.name = "static",
	.summary = "answers with files",
	.conf_size = sizeof(struct static_conf),
	.directives = (const struct directive[]) {
		DIRECTIVE("etag", IN_ANY_HTTP, struct static_conf, etag,
			  "on | off",
			  "Sends an ETag with each file, made of the time of its last modification "
			  "and its length, so that a client can ask whether its copy is still "
			  "good. It is nginx's tag, but for two kinds of files. One that was "
			  "modified less than two seconds ago has a longer tag, since another "
			  "version of that second may have the same length; a client that holds it "
			  "gets the whole once more when it asks later. One whose modification "
			  "time is 0 or 1, as in images of containers, has no Last-Modified, and a "
			  "tag of the time at which it came onto this disk.",
			  .initial = "on"),
		{ 0 }
	},
	.on[PHASE_CONTENT] = static_content,
};
