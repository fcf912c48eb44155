/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Answers a URI that ends in a slash with a file in that directory: the first name of
 * a list that exists. The request starts again with the URI of that file, so another
 * location may serve it.
 *
 *     index index.$lang.html index.html /empty.html;
 */
#include <module.h>

struct index_conf {
	struct template_list names;
};

static struct str join(struct request *req, struct str directory, struct str name)
{
	const struct str parts[] = { directory, name };

	return pool_concat(req->pool, parts, 2);
}

/* Called when no name was found: finds out whether the directory itself is missing. */
static verdict check_directory(struct request *req)
{
	struct file *file;

	if (file_open(req, request_path(req, req->uri), &file) == WAIT)
		return WAIT;
	return file->kind == FILE_DIRECTORY ? PASS : file_refuse(req, file);
}

/*
 * Looks for a name in the directory and stores its URI. 404: the name leads above the root,
 * or out of the alias. Otherwise as file_open().
 */
static verdict find(struct request *req, struct str directory, struct str name, struct str *uri,
		    struct file **file)
{
	struct str joined = join(req, req->uri, name);

	if (!request_resolve(req, joined, uri))
		return 404;
	if (uri->len == joined.len)
		return file_open(req, join(req, directory, name), file);
	if (!str_starts(*uri, request_uri_of(req, STR(""))))
		return 404;
	return file_open(req, request_path(req, *uri), file);
}

static verdict index_content(struct request *req, const void *data)
{
	const struct index_conf *conf = data;

	if (!str_ends(req->uri, STR("/")))
		return PASS;
	if (req->method != METHOD_GET && req->method != METHOD_HEAD && req->method != METHOD_POST)
		return PASS;

	struct str directory = request_path(req, req->uri);
	bool leads_out = false;
	verdict v;

	for (size_t i = 0; i < conf->names.count; i++) {
		struct str name, uri;
		if (!template_path(req, conf->names.items[i], &name) || str_empty(name))
			continue;
		if (name.data[0] == '/') {
			v = i > 0 ? check_directory(req) : PASS;
			return v == PASS ? request_redirect(req, name, req->args) : v;
		}

		struct file *file;
		v = find(req, directory, name, &uri, &file);
		if (v == WAIT)
			return WAIT;
		if (v == 404) {
			leads_out = true;
			continue;
		}
		if (file->kind == FILE_REGULAR)
			return request_redirect(req, uri, req->args);
		if (file->kind == FILE_MISSING && status_from_errno(file->error) != 404)
			return file_refuse(req, file);
	}
	v = check_directory(req);
	return v == PASS && leads_out ? 404 : v;
}

static int check_names(struct conf_call *call)
{
	const struct conf_node *node = call->node;

	for (size_t i = 0; i < node->nargs; i++) {
		const struct conf_word *name = &node->args[i];
		if (str_empty(name->text))
			return conf_error(call, name,
					  "an index needs a name\nexpected a file name");
		if (name->text.data[0] == '/' && i + 1 < node->nargs)
			conf_warn(call, name,
				  "an absolute path is not looked for, so what follows is never "
				  "used\nit should stand last");
	}
	return 0;
}

const struct module index_module = {
	.name = "index",
	.summary = "answers for a directory with a file in it",
	.conf_size = sizeof(struct index_conf),
	.directives = (const struct directive[]) {
		DIRECTIVE("index", IN_ANY_HTTP, struct index_conf, names,
			  "file ...",
			  "When a URI ends in a slash, these names are tried in this order in its "
			  "directory, and the first file that exists is served. Names may contain "
			  "variables. The last name may be an absolute path, which is used "
			  "without a check whether the file exists; if other names stand before "
			  "it, the directory has to exist.\n\n"
			  "A name that contains \"..\" is resolved: with ../a.html the URI /docs/ "
			  "leads to /a.html. A name that leads above the root counts as missing; "
			  "if no other name is found, the response is 404.\n\n"
			  "If none of the files exists, the response is 403, unless autoindex is "
			  "on.\n\n"
			  "    index index.html index.$lang.html /index.html;",
			  .initial = "index.html", .flags = LIST, .set = check_names),
		{ 0 }
	},
	.on[PHASE_CONTENT] = index_content,
};
