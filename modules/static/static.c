/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Answers with the file to which root (or alias) and the URI lead. A URI that names a
 * directory without a slash at its end is redirected to the URI with the slash. The
 * module mime decides on the type of the file.
 *
 *     location / { root /srv/www; }
 */
#include <module.h>

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

static verdict static_content(struct request *req, const void *unused)
{
	(void)unused;
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
	return respond_file(req, file);
}

const struct module static_module = {
	.name = "static",
	.summary = "answers with files",
	.on[PHASE_CONTENT] = static_content,
};
