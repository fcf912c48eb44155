/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Answers with the file to which root (or alias) and the URI lead. A URI that names a
 * directory without a slash at its end is redirected to the URI with the slash. The
 * module mime decides on the type of the file.
 *
 *     location / { root /srv/www; etag off; }
 */
#include <module.h>

struct static_conf {
	bool etag;
};

/*
 * Redirects to the same URI with a slash at its end. The target begins with one slash only,
 * and backslashes are encoded, because browsers read "//host/" and "/\host/" as a host.
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

	/* As in nginx, POST to a missing file is a 404, to an existing one a 405. */
	if (req->method != METHOD_POST) {
		verdict refused = request_only_reads(req);
		if (refused != PASS)
			return refused;
	}
	struct file *file;

	if (file_open(req, request_path(req, req->uri), &file) == WAIT)
		return WAIT;
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
			  "Sends an ETag with each file, so that a client can ask whether its "
			  "copy is still current. The ETag is made of the file's modification "
			  "time and length, as in nginx, with two exceptions. A file that was "
			  "modified less than two seconds ago has a longer ETag, because another "
			  "version from the same second may have the same length; a client that "
			  "holds the longer one downloads the file once more when it asks later. "
			  "A file whose modification time is 0 or 1, as in container images, is "
			  "sent without Last-Modified, and its ETag is made of the time at which "
			  "the file was created on this disk.",
			  .initial = "on"),
		{ 0 }
	},
	.on[PHASE_CONTENT] = static_content,
};
