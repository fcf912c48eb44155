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

/* Nothing was found: because there is no such directory, or it has no index? */
static verdict check_directory(struct request *req)
{
	const struct file *file = file_open(req, request_path(req, req->uri));

	return file->kind == FILE_DIRECTORY ? PASS : file_refuse(req, file);
}

static verdict index_content(struct request *req, const void *data)
{
	const struct index_conf *conf = data;

	if (!str_ends(req->uri, STR("/")))
		return PASS;
	if (req->method != METHOD_GET && req->method != METHOD_HEAD && req->method != METHOD_POST)
		return PASS;

	struct str directory = request_path(req, req->uri);

	for (size_t i = 0; i < conf->names.count; i++) {
		struct str name = template_text(req, conf->names.items[i]);
		if (str_empty(name))
			continue;
		if (name.data[0] == '/')
			return request_redirect(req, name, req->args);

		const struct file *file = file_open(req, join(req, directory, name));
		if (file->kind == FILE_REGULAR)
			return request_redirect(req, join(req, req->uri, name), req->args);
		if (file->kind == FILE_MISSING && status_from_errno(file->error) != 404)
			return file_refuse(req, file);
	}
	return check_directory(req);
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
			  "path, which is taken without looking.\n\n"
			  "A directory in which none of them lies is answered with 403, unless "
			  "autoindex is on.",
			  .initial = "index.html", .flags = LIST, .set = check_names),
		{ 0 }
	},
	.on[PHASE_CONTENT] = index_content,
};
