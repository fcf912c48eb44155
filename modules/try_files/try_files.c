/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Looks for several files in order and serves the first one that exists; if none does,
 * the last word says what happens.
 *
 *     try_files $uri $uri/ /index.html;
 *     try_files $uri.html $uri =404;
 *     try_files /maintenance.html @application;
 */
#include <module.h>

struct candidate {
	const struct template *uri;
	bool is_directory; /* written with a slash at the end */
	bool is_name; /* not of $uri: by alias, a name below it */
	bool has_dots; /* perhaps the configuration writes a name ".." */
};

struct try_files {
	struct candidate *candidates;
	size_t count;
	const struct template *last; /* a URI or "@name"; NULL: the status */
	int status;
};

struct try_files_conf {
	const struct try_files *files;
};

/*
 * PASS: the file exists, or something that has its name and is no directory; as in nginx it is
 * found also if it cannot be opened. 404: it does not. 503: it cannot be found out now, and to
 * serve another file would be wrong.
 */
static verdict look_for(struct request *req, struct str uri, bool is_directory)
{
	struct file_status found;

	if (file_test(req, request_path(req, uri), &found) == WAIT)
		return WAIT;
	if (found.kind == FILE_MISSING)
		return status_from_errno(found.error) == 503 ? 503 : 404;
	return (found.kind == FILE_DIRECTORY) == is_directory ? PASS : 404;
}

/* False: the URI leads above the root, or out of the alias. */
static bool resolve(struct request *req, struct str *uri)
{
	return request_resolve(req, *uri, uri) && str_starts(*uri, request_uri_of(req, STR("")));
}

static verdict go_to_last(struct request *req, const struct try_files *files)
{
	if (!files->last && files->status >= 300 && files->status <= 599)
		return files->status;
	if (!files->last)
		return respond_bytes(req, files->status, STR(""), STR(""));
	struct str args;
	if (!template_uri(req, files->last, &args)) {
		request_log(req, LEVEL_ERROR, 0,
			    "\"%.*s\" is not served: a variable has brought a name \".\" or \"..\" "
			    "into it", STR_ARG(args));
		return 404;
	}
	if (str_starts(args, STR("@")))
		return request_redirect_named(req, args);
	struct str uri = str_split(&args, '?');
	return request_redirect(req, uri, args);
}

static verdict try_files_precontent(struct request *req, const void *data)
{
	const struct try_files *files = ((const struct try_files_conf *)data)->files;

	for (size_t i = 0; i < files->count; i++) {
		const struct candidate *candidate = &files->candidates[i];
		struct str uri;

		if (!template_path(req, candidate->uri, &uri))
			continue;
		if (candidate->is_name)
			uri = request_uri_of(req, uri);
		/* "$uri/" names the directory $uri, even if $uri ends in a slash already. */
		if (candidate->is_directory && uri.len > 1)
			uri = str_head(uri, uri.len - 1);
		if (candidate->has_dots && !resolve(req, &uri))
			continue;
		verdict found = look_for(req, uri, candidate->is_directory);
		if (found == 404)
			continue;
		if (found == PASS)
			req->uri = uri;
		return found;
	}
	return go_to_last(req, files);
}

static int parse_last(struct conf_call *call, const struct conf_word *word,
		      struct try_files *files)
{
	uint64_t status;

	if (!str_starts(word->text, STR("=")))
		return conf_parse_template(call, word, &files->last);
	if (str_to_u64(str_skip(word->text, 1), 999, &status) < 0 || status < 200)
		return conf_error(call, word, "\"%.*s\" is not a status\nexpected =200 to =999",
				  STR_ARG(word->text));
	files->status = (int)status;
	return 0;
}

static int set_try_files(struct conf_call *call)
{
	const struct conf_node *node = call->node;
	struct try_files *files = pool_new(call->pool, struct try_files);

	files->count = node->nargs - 1;
	files->candidates = pool_array(call->pool, struct candidate, files->count);
	for (size_t i = 0; i < files->count; i++) {
		const struct conf_word *word = &node->args[i];
		if (str_starts(word->text, STR("=")) || str_starts(word->text, STR("@")))
			conf_warn(call, word,
				  "this is looked for as a file\na status or a named location "
				  "should stand last");
		if (conf_parse_template(call, word, &files->candidates[i].uri) < 0)
			return -EINVAL;
		files->candidates[i].is_name = !str_starts(word->text, STR("$uri")) &&
					       !str_starts(word->text, STR("${uri}"));
		files->candidates[i].has_dots = str_find(word->text, STR("..")) >= 0;
		files->candidates[i].is_directory = str_ends(word->text, STR("/"));
	}
	((struct try_files_conf *)call->data)->files = files;
	return parse_last(call, &node->args[files->count], files);
}

const struct module try_files_module = {
	.name = "try_files",
	.summary = "serves the first of several files that is there",
	.conf_size = sizeof(struct try_files_conf),
	.directives = (const struct directive[]) {
		DIRECTIVE_SET("try_files", IN_SERVER | IN_LOCATION, set_try_files,
			      "file ... uri | =code | @name",
			      "Looks for the files in this order, below root or alias, and "
			      "continues with the URI of the first one that exists. A word that "
			      "ends in a slash looks for a directory. In a location with alias, a "
			      "word that does not begin with $uri is the name of a file below the "
			      "alias. The last word is not looked for, but used if nothing was "
			      "found: as a URI, for which a location is chosen anew, as a status "
			      "(=404), or as a named location. A word into which a variable "
			      "brings a name \".\" or \"..\" counts as missing, and "
			      "so does one whose \"..\" leads above the root.\n\n"
			      "At server level it applies to requests that match no location.\n\n"
			      "In a single-page application (SPA) a last word /index.html would "
			      "also answer a missing script with HTML; "
			      "conf/examples/single-page-app.conf shows how it stays a 404.\n\n"
			      "    try_files $uri $uri/ /index.html;\n"
			      "    try_files $uri @fallback;\n"
			      "    try_files $uri =404;",
			      FIELD_AT(struct try_files_conf, files),
			      .flags = LOCAL, .min_args = 2, .max_args = MANY_ARGS),
		{ 0 }
	},
	.on[PHASE_PRECONTENT] = try_files_precontent,
	.if_configured = true,
};
