/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Responds to a URI that ends in a slash with a list of the directory, if index finds no file in
 * it.
 *
 *     location /files/ {
 *         autoindex on;
 *         autoindex_exact_size off;
 *         autoindex_readme README.md README;
 *     }
 *
 * directory_read() reads the directory on a thread. listing.c writes the response from the entries
 * while the client reads it.
 */
#include "listing.h"

enum { CALLBACK_MAX = 128 };

/* The argument `callback`, as in nginx, must be a JavaScript name, which may contain dots. */
static bool is_callback(struct str name)
{
	if (name.len > CALLBACK_MAX)
		return false;
	for (size_t i = 0; i < name.len; i++) {
		char c = ascii_lower(name.data[i]);

		if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && c != '_' && c != '.')
			return false;
	}
	return true;
}

/* PASS, or 400 if the callback is not a valid name. */
static verdict choose_format(struct request *req, struct listing *listing)
{
	static const struct format *const formats[] = {
		[FORMAT_HTML] = &format_html, [FORMAT_XML] = &format_xml,
		[FORMAT_JSON] = &format_json, [FORMAT_JSONP] = &format_jsonp,
		[FORMAT_TEXT] = &format_text,
	};
	struct str wanted = listing->conf->query ? variable_text(req, STR("arg_format")) : STR("");

	listing->format = formats[listing->conf->format];
	if (str_eq(wanted, STR("json")))
		listing->format = &format_json;
	else if (str_eq(wanted, STR("text")))
		listing->format = &format_text;
	if (listing->format != &format_jsonp)
		return PASS;
	listing->callback = variable_text(req, STR("arg_callback"));
	if (!is_callback(listing->callback)) {
		request_log(req, LEVEL_INFO, 0, "the argument callback is not a JavaScript name: "
						"\"%.*s\"",
			    STR_ARG(listing->callback));
		return 400;
	}
	if (str_empty(listing->callback))
		listing->format = &format_json;
	return PASS;
}

/*
 * Finds the first of the names that is a file, and whose URI belongs to the same location, so that
 * the same access rules apply to it. WAIT: as file_open().
 */
static verdict find_readme(struct request *req, struct listing *listing)
{
	const struct str_list *names = &listing->conf->readme;

	for (size_t i = 0; i < names->count && listing->format == &format_html; i++) {
		const struct str parts[] = { req->uri, names->items[i] };
		struct str uri = pool_concat(req->pool, parts, 2);
		struct file *file;

		if (!request_shares_location(req, uri))
			continue;
		if (file_open(req, request_path(req, uri), &file) == WAIT)
			return WAIT;
		if (file->kind == FILE_REGULAR) {
			listing->readme = file;
			return PASS;
		}
	}
	return PASS;
}

static verdict respond(struct request *req, struct listing *listing)
{
	struct response *response = &req->response;
	const struct format *format = listing->format;

	if (find_readme(req, listing) == WAIT)
		return WAIT;
	response->status = 200;
	response->content_type = str_from(format->content_type);
	response->charset = str_from(format->charset);
	response->nosniff = format == &format_html || format == &format_text;
	if (format == &format_html)
		response_add(req, STR("Content-Security-Policy"), html_policy());
	listing->req = req;
	listing->uri = req->uri;
	listing_respond(listing);
	return DONE;
}

static verdict autoindex_content(struct request *req, const void *data)
{
	const struct autoindex_conf *conf = data;

	if (!conf->is_on || !str_ends(req->uri, STR("/")) ||
	    (req->method != METHOD_GET && req->method != METHOD_HEAD))
		return PASS;

	struct listing *listing = pool_new(req->pool, struct listing);
	struct str path = request_path(req, req->uri);
	struct file *file;
	verdict v;

	listing->conf = conf;
	if (file_open(req, path, &file) == WAIT)
		return WAIT;
	if (file->kind != FILE_DIRECTORY)
		return file->kind == FILE_MISSING ? file_refuse(req, file) : PASS;
	v = choose_format(req, listing);
	if (v == PASS)
		v = directory_read(req, path, listing->format->order, &listing->directory);
	if (v != PASS)
		return v;
	if (listing->directory->error)
		return directory_refuse(req, path, listing->directory);
	return respond(req, listing);
}

/* "off" removes the names that an outer block has set. */
static int check_readme(struct conf_call *call)
{
	struct autoindex_conf *conf = call->data;
	const struct conf_node *node = call->node;

	if (node->nargs == 1 && conf_word_is(&node->args[0], "off")) {
		conf->readme = (struct str_list){ 0 };
		return 0;
	}
	for (size_t i = 0; i < node->nargs; i++)
		if (str_empty(node->args[i].text) || str_chr(node->args[i].text, '/') >= 0)
			return conf_error(call, &node->args[i],
					  "\"%.*s\" is no name of a file in the directory\n"
					  "expected a name without \"/\"",
					  STR_ARG(node->args[i].text));
	return 0;
}

const struct module autoindex_module = {
	.name = "autoindex",
	.summary = "lists directories",
	.conf_size = sizeof(struct autoindex_conf),
	.directives = (const struct directive[]) {
		DIRECTIVE("autoindex", IN_ANY_HTTP, struct autoindex_conf, is_on,
			  "on | off",
			  "Responds to a URI that ends in a slash with a listing of the directory, "
			  "if index finds no file in it. Names that begin with a dot are never "
			  "listed, and neither are symbolic links that `symlinks` does not "
			  "follow.\n\n"
			  "The HTML page is Skua's own: one document without external parts. Its "
			  "Content-Security-Policy allows only its own style and script. Folders "
			  "come first, and numbers in names are compared as numbers. The script "
			  "adds a field that filters by name, and sorting by columns; without "
			  "scripts the page is a plain table. Invisible characters in names, "
			  "characters that reorder others, and bytes that are not valid UTF-8 "
			  "are shown as escapes.\n\n"
			  "Directories are read on threads, two at a time in each worker. If the "
			  "names of a directory need more than 64 MiB (some 600 000 names), the "
			  "response is 500.\n\n"
			  "    location /pub/ {\n"
			  "        autoindex on;\n"
			  "    }",
			  .initial = "off"),
		DIRECTIVE("autoindex_exact_size", IN_ANY_HTTP, struct autoindex_conf, exact_size,
			  "on | off",
			  "With on, sizes are shown in bytes; with off they are rounded, as in "
			  "1.5 KiB. Only in HTML.\n\n"
			  "    autoindex_exact_size off;",
			  .initial = "on"),
		DIRECTIVE("autoindex_localtime", IN_ANY_HTTP, struct autoindex_conf, localtime,
			  "on | off",
			  "Shows times in the server's time zone instead of UTC. Only in HTML.\n\n"
			  "    autoindex_localtime on;",
			  .initial = "off"),
		DIRECTIVE("autoindex_format", IN_ANY_HTTP, struct autoindex_conf, format,
			  "html | xml | json | jsonp",
			  "The format of the list. XML, JSON and JSONP are byte for byte those of "
			  "nginx. The argument `callback` names the function of JSONP; without it "
			  "the response is JSON.\n\n"
			  "    autoindex_format json;",
			  .initial = "html",
			  .keywords = (const struct keyword[]) {
				  { "html", FORMAT_HTML },
				  { "xml", FORMAT_XML },
				  { "json", FORMAT_JSON },
				  { "jsonp", FORMAT_JSONP },
				  { 0 }
			  }),
		DIRECTIVE("autoindex_query", IN_ANY_HTTP, struct autoindex_conf, query,
			  "on | off",
			  "Lets clients choose another format with the argument `format`. "
			  "?format=json gives the JSON of autoindex_format. ?format=text gives "
			  "one name on each line, with a slash after folders. nginx has no such "
			  "directive.\n\n"
			  "    autoindex_query on;",
			  .initial = "off"),
		DIRECTIVE("autoindex_omit_compressed", IN_ANY_HTTP, struct autoindex_conf,
			  omit_compressed, "on | off",
			  "Leaves out NAME.gz, NAME.br and NAME.zst if NAME is in the same "
			  "directory. Such files are compressed versions that the server sends "
			  "in place of NAME. nginx has no such directive.\n\n"
			  "    autoindex_omit_compressed on;",
			  .initial = "off"),
		DIRECTIVE("autoindex_readme", IN_ANY_HTTP, struct autoindex_conf, readme,
			  "file ... | off",
			  "Shows, below the list, the text of the first of these files that "
			  "exists in the directory; at most 64 KiB of it. A file is not shown if "
			  "its URI belongs to another location, since other access rules may "
			  "apply there. Only in HTML. nginx has no such directive.\n\n"
			  "    autoindex_readme README.md README.txt README;",
			  .flags = LIST, .set = check_readme),
		{ 0 }
	},
	.on[PHASE_CONTENT] = autoindex_content,
	.if_configured = true,
};
