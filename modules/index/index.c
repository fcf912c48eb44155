/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A URI that ends in a slash is answered with a file in that directory: the
 * first of a list that is there. The request starts again with the file's URI,
 * so another location may answer it.
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

/* Nothing was found so far: because there is no such directory? */
static verdict check_directory(struct request *req)
{
	const struct file *file = file_open(req, request_path(req, req->uri));

	return file->kind == FILE_DIRECTORY ? PASS : file_refuse(req, file);
}

/*
 * The file of a name, seen from the directory, and its URI. NULL: the name leads above the
 * root, or out of what alias stands for.
 */
static const struct file *find(struct request *req, struct str directory, struct str name,
			       struct str *uri)
{
	struct str joined = join(req, req->uri, name);

	if (!request_resolve(req, joined, uri))
		return NULL;
	if (uri->len == joined.len)
		return file_open(req, join(req, directory, name));
	if (!str_starts(*uri, request_uri_of(req, STR(""))))
		return NULL;
	return file_open(req, request_path(req, *uri));
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

		const struct file *file = find(req, directory, name, &uri);
		if (!file) {
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
			  "The names that are looked for when a URI ends in a slash, in this "
			  "order. They may have variables in them. The last may be an absolute "
			  "path, which is taken without looking; behind other names only where the "
			  "directory is there.\n\n"
			  "A name with \"..\" in it is resolved: with ../a.html the URI /docs/ is "
			  "answered with /a.html. Where such a name leads above the root it counts "
			  "as missing, and the response is 404 if no other is there.\n\n"
			  "A directory in which none of them lies is answered with 403, unless "
			  "autoindex is on.",
			  .initial = "index.html", .flags = LIST, .set = check_names),
		{ 0 }
	},
	.on[PHASE_CONTENT] = index_content,
};
